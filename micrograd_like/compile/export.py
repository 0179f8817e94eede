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

from collections.abc import Callable, Sequence
from typing import Any

from micrograd_like.arguments import expect
from micrograd_like.compile.array_formulas import Library, array_formula
from micrograd_like.compile.graph_arrays import independent, roots_and_inputs
from micrograd_like.compile.source import identifiers
from micrograd_like.engine import Value
from micrograd_like.graph import dependents, operands_by
from micrograd_like.notation import plural

__all__ = ["ArrayFunction", "to_function"]

# What a program calls by these names, and what a reader takes for a number.
OURS = ("xp", "special", "X", "parameters", "program", "float", "inf", "nan", "pi")


def to_function(
    roots: Value | Sequence[Value], inputs: Sequence[Value], xp: Any
) -> "ArrayFunction":
    """The graph as a function ``f(X, parameters)`` over the arrays of the namespace ``xp``.

    ``xp`` is one of the Array API's kind: ``numpy`` (2 or later), ``jax.numpy``, ``torch``, …;
    ``X`` has a column for each of the inputs, its last axis; ``parameters`` are the other leaves'
    numbers, an array or a list in the order of ``f.parameters``, which holds the leaves.  The
    result has the shape of ``X`` without its last axis, or, of several roots, with a column for
    each in that axis's place.  ``f.source`` is the program as text, which runs without this
    package.

    Nothing of it is ours from there on: derivatives, compilers, processors are the namespace's, as
    are precision, what happens where an operation is undefined (NaN, as a rule), and the
    derivative of abs, maximum and minimum at a tie.  As in a `Tape`, Python's branches are those
    taken when the graph was recorded.  A compiler gets a line for every operation: `jax.jit` takes
    seconds for hundreds of them, minutes for thousands.

    A TypeError or a ValueError tells an input that is no leaf of the graph, a root that depends on
    none of the inputs, and a function that the namespace does not have.

    >>> import numpy
    >>> x, w = Value(0.0, "x"), Value(3.0, "w")
    >>> f = to_function([w * x, x * x], [x], numpy)
    >>> f(numpy.array([[2.0], [4.0]]), [v.data for v in f.parameters])
    array([[ 6.,  4.],
           [12., 16.]])
    """
    single = isinstance(roots, Value)
    is_module = isinstance(getattr(xp, "__name__", None), str) and hasattr(xp, "asarray")
    expect(is_module, xp, "to_function: xp", "a module of arrays, such as numpy")
    ends, inputs, order = roots_and_inputs("to_function", roots, inputs)
    _check_roots(ends, inputs, order)
    inside = {id(v) for v in inputs}
    parameters = [v for v in order if v.rule is None and id(v) not in inside]
    names, library = identifiers(order, OURS), Library(xp)
    lines = _operands(inputs, parameters, names) + _operations(order, names, library)
    results = ", ".join(names[id(v)] for v in ends)
    lines.append(f"return {results}" if single else f"return xp.stack([{results}], axis=-1)")
    return ArrayFunction(inputs, parameters, lines, library)


def _check_roots(roots: Sequence[Value], inputs: Sequence[Value], order: Sequence[Value]) -> None:
    moving = {*map(id, inputs), *map(id, dependents(inputs, order))}
    for k, root in enumerate(roots):
        if id(root) not in moving:
            raise independent("to_function", k, root)


def _operands(
    inputs: Sequence[Value], parameters: Sequence[Value], names: dict[int, str]
) -> list[str]:
    """The lines that take the arguments apart."""
    lines = [f"{names[id(v)]} = X[..., {k}]" for k, v in enumerate(inputs)]
    if parameters:
        listed = ", ".join(names[id(v)] for v in parameters)
        lines.append(f"{listed}{',' if len(parameters) == 1 else ''} = parameters")
    return lines


def _operations(order: Sequence[Value], names: dict[int, str], library: Library) -> list[str]:
    """A line for each operation."""
    lines = []
    for v in order:
        if v.rule is not None:
            text = array_formula(v.rule, operands_by(v, names), library)
            lines.append(f"{names[id(v)]} = {text}")
    return lines


class ArrayFunction:
    """The function that `to_function` returns.

    ``inputs`` and ``parameters`` are the leaves, ``source`` is the program as text.
    """

    def __init__(
        self, inputs: Sequence[Value], parameters: list[Value], lines: list[str], library: Library
    ) -> None:
        self.inputs, self.parameters = list(inputs), parameters
        self._asarray = library.xp.asarray
        head = [f"import {library.xp.__name__} as xp"]
        if library.special:
            head.append(f"import {library.home} as special")
        body = ["def program(X, parameters):", *(f"    {line}" for line in lines)]
        self.source = "\n".join([*head, "", "", *body])
        scope: dict[str, Any] = {"xp": library.xp, "special": library.special}
        exec(compile("\n".join(body), "to_function", "exec"), scope)
        self._program: Callable[..., Any] = scope["program"]

    def __call__(self, X: Any, parameters: Any = ()) -> Any:
        """The roots' numbers for an array of rows; a TypeError or a ValueError tells other shapes.

        >>> import numpy
        >>> x = Value(2.0, "x")
        >>> to_function(x * x, [x], numpy)(numpy.array([[3.0]]))
        array([9.])
        """
        expect(hasattr(X, "shape"), X, "to_function: X", "an array with a column for each input")
        if not X.shape or X.shape[-1] != len(self.inputs):
            raise ValueError(
                f"to_function: X has a column for each of {len(self.inputs)} inputs, "
                f"not the shape {tuple(X.shape)}"
            )
        is_list = hasattr(parameters, "__len__") and getattr(parameters, "shape", (0,)) != ()
        expect(is_list, parameters, "to_function: parameters", "a list or an array of numbers")
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
            f"<function of {plural(len(self.inputs), 'input')} and "
            f"{plural(len(self.parameters), 'parameter')}: f(X, parameters)>"
        )
