"""Exact derivatives of Python functions, to any order.

Each takes a function of one or more numbers and returns a function of the same numbers, which takes
Values as well, so that they nest.

>>> derivative(lambda x: x**4, order=3)(2.0)
48.0
>>> hessian(lambda x, y: x * x * y)(3.0, 5.0)
[[10.0, 6.0], [6.0, 0.0]]
"""

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from functools import cache
from itertools import combinations
from typing import Any

from micrograd_like.arguments import function, number, short, whole
from micrograd_like.engine import Value, topological_order
from micrograd_like.graph import chain_product, edges
from micrograd_like.guard import ONE_PASS
from micrograd_like.taylor import nth_derivative

__all__ = ["derivative", "grad", "hessian", "jacobian"]

HIGHEST = 1000  # order of a derivative: binomials are floats
ROUNDING = 1e-9  # of second derivatives, relative to what they are summed from

# Whether a function is being differentiated now: a derivative that it takes in turn may depend on
# values that it captured, and is then a Value itself.
_differentiating = ContextVar("_differentiating", default=False)


def grad(f: Callable[..., Any]) -> Callable[..., Any]:
    """The gradient of f: its partial derivative for the one input, or a tuple for several.

    ``f`` takes Values and returns one.  Numbers in give floats, Values in give Values, which can be
    differentiated again.  A TypeError tells what f returned if it is no Value.

    >>> grad(lambda x, y: x * y)(3.0, 4.0)
    (4.0, 3.0)
    >>> grad(grad(lambda x: x**3))(2.0)
    12.0
    """

    def gradient(*point: Any) -> Any:
        variables = _variables(point, "grad")
        partials = _partials(_value(f, variables, "grad"), variables, _differentiable(point))
        return partials[0] if len(partials) == 1 else tuple(partials)

    return _named(gradient, "grad", f)


def derivative(f: Callable[[Any], Any], order: int = 1) -> Callable[[Any], Any]:
    """The derivative of a function of one variable, taken ``order`` times.

    Of a number all orders are computed in one walk of the graph, by Taylor arithmetic, in a time
    that grows as a power of the order.  Of a Value, and within another derivative, the gradient's
    graph is differentiated again: it grows about three times with each order.

    A ZeroDivisionError tells where a derivative on the way is infinite, an ArithmeticError a result
    that rounding hides, a ValueError an order out of range, and a RecursionError one that is too
    high for Python's stack.

    >>> derivative(lambda x: 1 / x)(2.0)
    -0.25
    >>> derivative(lambda x: 1 / x, order=20)(1.0)
    2.43290200817664e+18
    """
    whole(order, "derivative: order", most=HIGHEST)

    def nth(x: Any) -> Any:
        (variable,) = _variables((x,), "derivative")
        value = _value(f, [variable], "derivative")
        if order > 1 and not _differentiable((x,)):
            with suppress(AttributeError, TypeError):  # of a rule for floats and Values alone
                return _by_taylor(value, variable, order)
        for _ in range(order - 1):
            (value,) = _partials(value, [variable], create_graph=True)
        return _partials(value, [variable], _differentiable((x,)))[0]

    return _named(nth, "derivative", f)


def _by_taylor(value: Value, variable: Value, order: int) -> float:
    try:
        return nth_derivative(value, variable, order)
    except RecursionError:
        raise RecursionError(
            f"derivative: order {order} needs more depth than Python allows; allow more, as in "
            "sys.setrecursionlimit(10_000)"
        ) from None


def jacobian(f: Callable[..., Sequence[Any]]) -> Callable[..., list[list[Any]]]:
    """The matrix of partial derivatives of a function with several outputs: a row an output.

    ``f`` returns a list of Values; of m outputs and n inputs the matrix has m rows of n numbers.

    A TypeError tells that f returns no list of Values.

    >>> jacobian(lambda x, y: [x + y, x * y])(3.0, 4.0)
    [[1.0, 1.0], [4.0, 3.0]]
    """

    def matrix(*point: Any) -> list[list[Any]]:
        variables = _variables(point, "jacobian")
        outputs = _call(f, variables)
        if isinstance(outputs, Value) or not isinstance(outputs, Sequence):
            raise TypeError(f"jacobian: f returns a list of Values, not {short(outputs)}; use grad")
        rows = [checked(output, "jacobian") for output in outputs]
        return [_partials(row, variables, _differentiable(point)) for row in rows]

    return _named(matrix, "jacobian", f)


def hessian(f: Callable[..., Any]) -> Callable[..., list[list[Any]]]:
    """The matrix of second derivatives of a function with one output: a row an input.

    It is the jacobian of the gradient, computed backward over backward.  An entry may be infinite.
    At a kink the rule's own piece counts: the second derivative of a relu at 0 is 0.

    A TypeError tells that f returns no Value, a ZeroDivisionError an infinite first derivative.  A
    ValueError tells an entry that depends on the order of the two derivatives, by more than their
    rounding: across a kink there is no second derivative.

    >>> hessian(lambda x, y: x**2 * y)(3.0, 5.0)
    [[10.0, 6.0], [6.0, 0.0]]
    >>> hessian(lambda x, y: x**y)(0.0, 1.0)
    [[0.0, -inf], [-inf, 0.0]]
    """

    def matrix(*point: Any) -> list[list[Any]]:
        variables = _variables(point, "hessian")
        first = _partials(_value(f, variables, "hessian"), variables, create_graph=True)
        rows = [_partials(row, variables, _differentiable(point)) for row in first]
        _check_symmetric(rows, first, variables)
        return rows

    return _named(matrix, "hessian", f)


def _check_symmetric(
    rows: Sequence[Sequence[Any]], first: Sequence[Value], variables: Sequence[Value]
) -> None:
    """A ValueError if two entries that are to be equal differ by more than rounding."""
    sizes = cache(lambda i: _sizes(first[i], variables))
    for i, j in combinations(range(len(rows)), 2):
        there, back = (x.data if isinstance(x, Value) else x for x in (rows[i][j], rows[j][i]))
        if there == back or (math.isnan(there) and math.isnan(back)):
            continue
        if not abs(there - back) <= ROUNDING * (sizes(i)[j] + sizes(j)[i]) < math.inf:
            point = ", ".join(repr(v.data) for v in variables)
            raise ValueError(
                f"hessian: at ({point}) entry [{i}][{j}] is {there!r} and [{j}][{i}] is {back!r}: "
                "there is no second derivative here, as across a kink; take another point"
            )


def _sizes(root: Value, variables: Sequence[Value]) -> list[float]:
    """The sums of the magnitudes of all paths' products: what the rounding of gradients is of."""
    order = topological_order(root)
    sizes = dict.fromkeys(map(id, order), 0.0) | {id(root): 1.0}
    for node in reversed(order):
        for _, v, local in edges(node):
            sizes[id(v)] += chain_product(sizes[id(node)], abs(local))
    return [sizes.get(id(v), 0.0) for v in variables]


def _named(derived: Callable[..., Any], name: str, f: Any) -> Callable[..., Any]:
    """The function, which Python's errors call as in ``grad(sin)``; f must be one, too."""
    function(f, f"{name}: f", "Values, to a Value")
    derived.__name__ = derived.__qualname__ = f"{name}({getattr(f, '__name__', 'f')})"
    return derived


def _variables(point: Sequence[Any], name: str) -> list[Value]:
    """A value of its own for each input, still joined to what it was computed from.

    Were it the input itself, a function that also captures that input from outside would be
    differentiated for both uses of it.
    """
    if not point:
        raise TypeError(f"{name}: needs at least one number to differentiate at")
    return [x * 1.0 if isinstance(x, Value) else Value(number(x, f"{name}(f)(...)")) for x in point]


def _differentiable(point: Sequence[Any]) -> bool:
    return _differentiating.get() or any(isinstance(x, Value) for x in point)


def _call(f: Callable[..., Any], variables: Sequence[Value]) -> Any:
    token = _differentiating.set(True)
    try:
        return f(*variables)
    finally:
        _differentiating.reset(token)


def _value(f: Callable[..., Any], variables: Sequence[Value], name: str) -> Value:
    return checked(_call(f, variables), name)


def checked(output: Any, name: str, of: str = "f") -> Value:
    """What a function returned, if it is a Value, or a TypeError that says where it was lost."""
    if isinstance(output, Value):
        return output
    raise TypeError(
        f"{name}: {of} returned {short(output)}, not a Value: its graph was lost where it left "
        "Values (math.exp in place of micrograd_like.exp, or .data); a constant is Value(...)"
    )


def _partials(root: Value, variables: Sequence[Value], create_graph: bool) -> list[Any]:
    """The derivatives of the root for the variables; the gradients kept in the graph stay."""
    touched = {id(v): v for v in (*topological_order(root), *variables)}.values()
    with ONE_PASS:
        kept = [(v, v.grad) for v in touched]
        for v in touched:
            v.grad = 0.0
        try:
            root.backward(create_graph)
            zero: Any = Value(0.0) if create_graph else 0.0
            return [v.grad if v.grad else zero for v in variables]
        finally:
            for v, gradient in kept:
                v.grad = gradient
