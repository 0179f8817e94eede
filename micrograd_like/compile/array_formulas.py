"""A rule's formula as an expression over arrays: NumPy's, JAX's, PyTorch's.

>>> import numpy
>>> library = Library(numpy)
>>> array_formula(RULES["relu"], ["a"], library), array_formula(RULES["pow"], [-2.0, "a"], library)
('xp.where(a <= 0, 0.0, a)', '(-2.0) ** a')
"""

import ast
import math
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from itertools import pairwise
from typing import Any

from micrograd_like.arguments import extra
from micrograd_like.notation import syntax
from micrograd_like.rules import RULES, Rule, m
from micrograd_like.table import CONSTANTS, MATH, ON_ARRAYS

__all__ = ["Library", "array_formula"]

# Where a namespace has the functions that are not in the Array API, such as erf.
SPECIAL = {"numpy": "scipy.special", "jax.numpy": "jax.scipy.special", "torch": "torch.special"}
NAMES = {"max": "maximum", "min": "minimum", "fabs": "abs"}  # in the Array API
OTHERS = ("isclose", "remainder")  # something else there than in Python's math
TAKE_NUMBERS = ("numpy", "jax.numpy")  # in functions of two arrays
OF_TWO = ("maximum", "minimum")  # there; Python's max takes more


class Library:
    """Where a namespace has its functions: in itself, or in a module of special functions.

    >>> import numpy
    >>> library = Library(numpy)
    >>> library.place("exp"), library.place("erf"), library.special.__name__
    ('xp', 'special', 'scipy.special')
    """

    def __init__(self, xp: Any) -> None:
        self.xp, self.home = xp, SPECIAL.get(xp.__name__, "")
        self.special: Any = None  # the module, once a function of it is needed

    def place(self, name: str) -> str:
        """What stands before a function's name in a program; a ValueError if it is nowhere."""
        if hasattr(self.xp, name) and name not in OTHERS:
            return "xp"
        if self.home and self.special is None:
            self.special = extra(self.home, "demo", f"to_function: {name} is in {self.home}")
        if hasattr(self.special, name) and name not in OTHERS:
            return "special"
        raise ValueError(
            f"to_function: {self.xp.__name__} has no {name}; take a namespace of the Array API, "
            "such as that of NumPy 2"
        )


def array_formula(rule: Rule, operands: Sequence[str | float], library: Library) -> str:
    """An operation on arrays, known by their names, and numbers, as Python text.

    The text calls functions of the library as ``xp.exp`` and ``special.erf``.  A ValueError tells
    a function that it does not have.
    """
    nodes = [ast.Name(x) if isinstance(x, str) else ast.Constant(x) for x in operands]
    tree = _OnArrays(library).operation(rule, nodes)
    return ast.unparse(_Signed().visit(tree))


class _OnArrays:
    """Rebuilds formulas with operands in the places of x and y, and the arrays' functions.

    What holds no array is computed at once: an expression of constants is a constant.
    """

    def __init__(self, library: Library) -> None:
        self.library = library
        self.within: list[Rule] = []  # whose formulas are being rebuilt

    def operation(self, rule: Rule, operands: Sequence[ast.expr]) -> ast.expr:
        """A rule's formula; in it the rule's own name is the function of the library."""
        own = rule.arrays == rule.formula and rule.is_its_own_formula
        if own and rule.name not in (*MATH, *ON_ARRAYS):
            raise ValueError(
                f"to_function: the formula of {rule.name} is its name alone; define it with "
                "arrays=, a formula for arrays"
            )
        self.within.append(rule)
        tree = self._rebuilt(syntax(rule.arrays), dict(zip("xy", operands, strict=False)))
        self.within.pop()
        return tree

    def _rebuilt(self, node: ast.expr, operands: dict[str, ast.expr]) -> ast.expr:
        def again(part: ast.expr) -> ast.expr:
            return self._rebuilt(part, operands)

        match node:
            case ast.Constant():
                return node
            case ast.Name(id=name):
                return operands[name] if name in operands else ast.Constant(CONSTANTS[name])
            case ast.UnaryOp(op=ast.Not(), operand=part):
                return _negation(again(part))
            case ast.UnaryOp(op=op, operand=part):
                return _folded(ast.UnaryOp(op, again(part)))
            case ast.BinOp(left=left, op=op, right=right):
                return _folded(ast.BinOp(again(left), op, again(right)))
            case ast.BoolOp(op=op, values=parts):
                bit = ast.BitAnd() if isinstance(op, ast.And) else ast.BitOr()
                return _joined(bit, map(again, parts))
            case ast.Compare(left=left, ops=ops, comparators=others):
                terms = pairwise(map(again, [left, *others]))
                pairs = [
                    _folded(ast.Compare(a, [op], [b]))
                    for (a, b), op in zip(terms, ops, strict=True)
                ]
                return _joined(ast.BitAnd(), pairs)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._choice(again(test), again(body), again(orelse), operands.values())
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._function(NAMES.get(name, name), list(map(again, arguments)))
        raise ValueError(f"to_function: {ast.unparse(node)!r} in a formula is not for arrays")

    def _choice(
        self, test: ast.expr, body: ast.expr, orelse: ast.expr, like: Iterable[ast.expr]
    ) -> ast.expr:
        if isinstance(test, ast.Constant):
            return body if test.value else orelse
        if isinstance(body, ast.Constant) and isinstance(orelse, ast.Constant):
            body = self._full_like(next(x for x in like if not isinstance(x, ast.Constant)), body)
        return self._call("where", [test, body, orelse])

    def _function(self, name: str, arguments: list[ast.expr]) -> ast.expr:
        """A function of the formula: a rule's, or else one of the library."""
        if name in OF_TWO and len(arguments) > 2:
            return reduce(lambda a, b: self._function(name, [a, b]), arguments)
        rule = RULES.get(name)
        numbers = [x.value for x in arguments if isinstance(x, ast.Constant)]
        if len(numbers) == len(arguments):
            return _number(_on_numbers(name, rule), numbers)
        if rule and rule.name not in [r.name for r in self.within]:
            defaults = rule.function.__defaults__ or ()
            rest = map(ast.Constant, defaults[len(arguments) - 1 :])
            return self.operation(rule, [*arguments, *rest])
        if self.library.xp.__name__ not in TAKE_NUMBERS:
            array = next(x for x in arguments if not isinstance(x, ast.Constant))
            arguments = [
                self._full_like(array, x) if isinstance(x, ast.Constant) else x for x in arguments
            ]
        return self._call(name, arguments)

    def _full_like(self, array: ast.expr, number: ast.Constant) -> ast.expr:
        while isinstance(array, ast.UnaryOp) and isinstance(array.op, ast.USub):
            array = array.operand
        return self._call("full_like", [array, number])

    def _call(self, name: str, arguments: list[ast.expr]) -> ast.expr:
        place = self.library.place(name)
        return ast.Call(ast.Attribute(ast.Name(place), name), arguments, [])


class _Signed(ast.NodeTransformer):
    """Constants as people write them: ``(-2) ** x`` keeps its brackets, infinity is a word."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        """Minus a positive one, or ``float("inf")``."""
        x = node.value
        if isinstance(x, bool) or not isinstance(x, int | float):
            return node
        size: ast.expr = ast.Constant(abs(x))
        if not math.isfinite(x):
            size = ast.Call(ast.Name("float"), [ast.Constant(str(abs(x)))], [])
        return ast.UnaryOp(ast.USub(), size) if math.copysign(1.0, x) < 0 else size


def _folded(tree: ast.expr) -> ast.expr:
    """The tree, or the constant that it is if all its parts are."""
    parts = [part for part in ast.iter_child_nodes(tree) if isinstance(part, ast.expr)]
    if not all(isinstance(part, ast.Constant) for part in parts):
        return tree
    return _number(lambda: eval(ast.unparse(_Signed().visit(tree))), [])


def _number(function: Callable[..., Any], numbers: Sequence[Any]) -> ast.expr:
    """What a function of numbers gives; where it is not defined, NaN, as arrays have it."""
    try:
        x = function(*numbers)
    except (ArithmeticError, ValueError):
        x = math.nan
    return ast.Constant(math.nan if isinstance(x, complex) else x)


def _on_numbers(name: str, rule: Rule | None) -> Callable[..., Any]:
    if rule:
        function = rule.function
        return lambda *numbers: function(*numbers)[0]
    found: Callable[..., Any] = getattr(m, name)
    return found


def _negation(tree: ast.expr) -> ast.expr:
    if isinstance(tree, ast.Constant):
        return ast.Constant(not tree.value)
    return ast.UnaryOp(ast.Invert(), tree)


def _joined(op: ast.operator, parts: Iterable[ast.expr]) -> ast.expr:
    return reduce(lambda a, b: _folded(ast.BinOp(a, op, b)), parts)
