"""A recorded graph as a plain function over arrays: NumPy's, JAX's, PyTorch's.

>>> import numpy
>>> x, w, b = Value(0.0, "x"), Value(2.0, "w"), Value(1.0, "b")
>>> line = to_function((w * x + b).relu(), [x], numpy)
>>> line(numpy.array([[1.0], [-2.0]]), [2.0, 1.0])
array([3., 0.])
>>> print(line.source)
import numpy as xp
<BLANKLINE>
<BLANKLINE>
def program(X, parameters):
    x = X[..., 0]
    w, b = parameters
    v1 = w * x
    v2 = v1 + b
    v3 = xp.where(v2 <= 0, 0.0, v2)
    return v3
"""

import ast
import math
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from itertools import pairwise
from typing import Any

from micrograd_like.arguments import extra
from micrograd_like.compile.graph_arrays import roots_and_inputs
from micrograd_like.compile.source import identifiers
from micrograd_like.engine import Value
from micrograd_like.graph import edges
from micrograd_like.notation import syntax
from micrograd_like.rules import RULES, m

__all__ = ["to_function"]

NAMES = {"max": "maximum", "min": "minimum"}
ON_ARRAYS = ("maximum", "minimum", "logaddexp")  # of two arrays, never of a number
# Where a namespace has the functions that are not in the Array API, such as erf.
SPECIAL = {"numpy": "scipy.special", "jax.numpy": "jax.scipy.special", "torch": "torch.special"}
OURS = ("xp", "X", "parameters", "program", "inf", "nan", "pi", "special")


def to_function(roots: Value | Sequence[Value], inputs: Sequence[Value], xp: Any) -> Any:
    """The graph as a function ``f(X, parameters)`` over the arrays of the namespace ``xp``.

    ``xp`` is one of the Array API's kind: ``numpy`` (2 or later), ``jax.numpy``, ``torch``, …;
    ``X`` has a column for each of the inputs, its last axis; ``parameters`` are the other leaves'
    numbers, an array or a list in the order of ``f.parameters``, which holds the leaves.  The
    result is an array with a number for each row, or, of several roots, with a column for each.
    ``f.source`` is the program as text, which runs without this package.

    Nothing of it is ours from there on: derivatives, compilers, processors are the namespace's, as
    are precision, what happens where an operation is undefined (NaN, as a rule), and the
    derivative of abs, maximum and minimum at a tie.  As in a `Tape`, Python's branches are those
    taken when the graph was recorded.  A compiler gets a line for every operation: `jax.jit` takes
    seconds for hundreds of them, minutes for thousands.
    """
    single = isinstance(roots, Value)
    if not isinstance(getattr(xp, "__name__", None), str):
        raise TypeError(f"to_function: xp is a module of arrays, such as numpy, not {xp!r}")
    ends, inputs, order = roots_and_inputs("to_function", roots, inputs)
    names = identifiers(order, OURS)
    inside = {id(v) for v in inputs}
    parameters = [v for v in order if v.rule is None and id(v) not in inside]
    lines = [f"{names[id(v)]} = X[..., {k}]" for k, v in enumerate(inputs)]
    if parameters:
        lines.append(f"{''.join(names[id(v)] + ', ' for v in parameters)[:-1]} = parameters")
        lines[-1] = lines[-1].replace(", =", " =") if len(parameters) > 1 else lines[-1]
    library = _Library(xp)
    moving = set(inside)
    for v in order:
        if v.rule is not None:
            if any(id(x) in moving for _, x, _ in edges(v)):
                moving.add(id(v))
            lines.append(f"{names[id(v)]} = {_expression(v, names, library)}")
    for k, root in enumerate(ends):
        if id(root) not in moving:
            raise ValueError(f"to_function: root {k}, {root!r}, depends on none of the inputs")
    results = ", ".join(names[id(v)] for v in ends)
    lines.append(f"return {results}" if single else f"return xp.stack([{results}], axis=-1)")
    return _Function(inputs, parameters, lines, library)


class _Library:
    """Where a namespace has its functions: in itself, or in a module of special functions."""

    def __init__(self, xp: Any) -> None:
        self.xp, self.home = xp, SPECIAL.get(xp.__name__, "")
        self.special: Any = None

    def place(self, name: str) -> str:
        """What stands before a function's name in the written program."""
        if hasattr(self.xp, name):
            return "xp"
        if self.home and self.special is None:
            self.special = extra(self.home, "demo", f"to_function: {name} is in {self.home}")
        if hasattr(self.special, name):
            return "special"
        raise ValueError(
            f"to_function: {self.xp.__name__} has no {name}; take a namespace of the Array API, "
            "such as that of NumPy 2"
        )


class _Function:
    """The function that `to_function` returns."""

    def __init__(
        self, inputs: Sequence[Value], parameters: list[Value], lines: list[str], library: _Library
    ) -> None:
        self.inputs, self.parameters = list(inputs), parameters
        self._asarray = library.xp.asarray
        constants = {"inf": math.inf, "nan": math.nan}
        scope = {"xp": library.xp, "special": library.special, **constants}
        head = [f"import {library.xp.__name__} as xp"]
        if library.special:
            head.append(f"import {library.home} as special")
        body = "\n".join(f"    {line}" for line in lines)
        self.source = "\n".join([*head, "", "", "def program(X, parameters):", body])
        exec(compile(f"def program(X, parameters):\n{body}", "to_function", "exec"), scope)
        self._program: Callable[..., Any] = scope["program"]

    def __call__(self, X: Any, parameters: Any = ()) -> Any:
        if not hasattr(X, "shape"):
            raise TypeError(f"to_function: X is an array, not {X!r}")
        if not X.shape or X.shape[-1] != len(self.inputs):
            raise ValueError(
                f"to_function: X has a column for each of {len(self.inputs)} inputs, "
                f"not the shape {tuple(X.shape)}"
            )
        if len(parameters) != len(self.parameters):
            raise ValueError(
                f"to_function: {len(parameters)} parameters, and there are {len(self.parameters)}; "
                "start with [v.data for v in f.parameters]"
            )
        if "float" not in str(X.dtype):
            X = X * 1.0
        if all(isinstance(p, int | float) for p in parameters):
            parameters = self._asarray(parameters, dtype=X.dtype)
        return self._program(X, parameters)

    def __repr__(self) -> str:
        return (
            f"<function of {len(self.inputs)} inputs and {len(self.parameters)} parameters: "
            "f(X, parameters)>"
        )


def _expression(v: Value, names: dict[int, str], library: _Library) -> str:
    """The operation as a Python expression of the operands' names."""
    assert v.rule is not None
    operands: list[ast.expr] = [
        _array(names[id(x)]) if isinstance(x, Value) else ast.Constant(float(x)) for x in v.inputs
    ]
    tree = _OnArrays(library).rebuilt(
        syntax(v.rule.arrays), dict(zip("xy", operands, strict=False))
    )
    return ast.unparse(_Signed().visit(tree))


def _array(name: str) -> ast.expr:
    """The name of an array, known as one."""
    node = ast.Name(name)
    node.is_array = True  # type: ignore[attr-defined]
    return node


def _is_constant(tree: ast.expr) -> bool:
    return not any(hasattr(part, "is_array") for part in ast.walk(tree))


class _Signed(ast.NodeTransformer):
    """Negative constants as Python writes them, so that ``(-2) ** x`` keeps its parentheses."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        """Minus a positive one."""
        if isinstance(node.value, int | float) and math.copysign(1.0, node.value) < 0:
            return ast.UnaryOp(ast.USub(), ast.Constant(-node.value))
        return node


class _OnArrays:
    """Rebuilds a formula with operands in the places of x and y, and arrays' functions."""

    def __init__(self, library: _Library) -> None:
        self.library = library

    def rebuilt(self, node: ast.expr, operands: dict[str, ast.expr]) -> ast.expr:
        """The tree of the same expression; what holds no array is computed here and now."""
        new = self._rebuilt(node, operands)
        if isinstance(new, ast.Constant) or not _is_constant(new):
            return new
        return ast.Constant(
            eval(ast.unparse(_Signed().visit(new)), {"inf": math.inf, "nan": math.nan})
        )

    def _rebuilt(self, node: ast.expr, operands: dict[str, ast.expr]) -> ast.expr:
        def again(part: ast.expr) -> ast.expr:
            return self.rebuilt(part, operands)

        match node:
            case ast.Constant():
                return node
            case ast.Name(id=name):
                return operands[name] if name in operands else ast.Constant(getattr(math, name))
            case ast.UnaryOp(op=ast.Not(), operand=part):
                return ast.UnaryOp(ast.Invert(), again(part))
            case ast.UnaryOp(op=op, operand=part):
                return ast.UnaryOp(op, again(part))
            case ast.BinOp(left=left, op=op, right=right):
                return ast.BinOp(again(left), op, again(right))
            case ast.BoolOp(op=op, values=parts):
                return _joined(
                    ast.BitAnd() if isinstance(op, ast.And) else ast.BitOr(), map(again, parts)
                )
            case ast.Compare(left=left, ops=ops, comparators=others):
                terms = list(map(again, [left, *others]))
                pairs = zip(pairwise(terms), ops, strict=True)
                return _joined(ast.BitAnd(), (ast.Compare(a, [op], [b]) for (a, b), op in pairs))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                condition, *parts = map(again, [test, body, orelse])
                if isinstance(condition, ast.Constant):
                    return parts[0] if condition.value else parts[1]
                if all(isinstance(part, ast.Constant) for part in parts):
                    like = next(x for x in operands.values() if not isinstance(x, ast.Constant))
                    parts[0] = self._call("full_like", [like, parts[0]])
                return self._call("where", [condition, *parts])
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._called(NAMES.get(name, name), list(map(again, arguments)))
        raise ValueError(f"to_function: {ast.unparse(node)!r} in a formula is not for arrays")

    def _called(self, name: str, arguments: list[ast.expr]) -> ast.expr:
        constant = [isinstance(x, ast.Constant) for x in arguments]
        rule = RULES.get(name)
        if rule and name not in (rule.arrays.partition("(")[0], *ON_ARRAYS):  # by its formula
            return self.rebuilt(syntax(rule.arrays), dict(zip("xy", arguments, strict=False)))
        if all(constant):
            function = {"maximum": max, "minimum": min}.get(name) or getattr(m, name)
            return ast.Constant(function(*(x.value for x in arguments)))  # type: ignore[attr-defined]
        if name in ON_ARRAYS and len(arguments) > 2:
            return reduce(lambda a, b: self._called(name, [a, b]), arguments)
        if name in ON_ARRAYS and any(constant):
            like = arguments[constant.index(False)]
            arguments = [
                self._call("full_like", [like, x]) if isinstance(x, ast.Constant) else x
                for x in arguments
            ]
        return self._call(name, arguments)

    def _call(self, name: str, arguments: list[ast.expr]) -> ast.expr:
        place = self.library.place(name)
        return ast.Call(ast.Attribute(ast.Name(place), name), arguments, [])


def _joined(op: ast.operator, parts: Iterable[ast.expr]) -> ast.expr:
    return reduce(lambda a, b: ast.BinOp(a, op, b), parts)
