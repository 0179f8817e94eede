"""What is checked, a recorded graph or a Python function, and the check of its inputs one by one.

>>> from micrograd_like import Value
>>> a = Value(3.0, "a")
>>> graph = RecordedGraph(a * a)
>>> graph.along(0)(5.0)                 # the root as a function of its first leaf
25.0
"""

import math
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

from micrograd_like.arguments import finite
from micrograd_like.check.differences import EPSILON, check_slope
from micrograd_like.check.report import Check
from micrograd_like.derivatives import checked
from micrograd_like.engine import Value
from micrograd_like.graph import (
    as_function_of,
    data_changed,
    edges,
    evaluated,
    gradients_of,
    operands_of,
    replay,
    topological_order,
)

__all__ = ["Claims", "PythonFunction", "RecordedGraph", "Subject", "check_inputs"]

SMALLEST = 5e-324  # what underflow rounds to
MOST_AGAIN = 20_000  # values that are computed at many digits for the inputs left open
Claims = Sequence[tuple[float, float, float]]  # slopes, the rounding of each, the value's noise


class RecordedGraph:
    """A recorded graph as a function of its leaves."""

    def __init__(self, root: Value, leaves: list[Value] | None = None) -> None:
        self.root = root
        self.order = topological_order(root)
        self.leaves = leaves or [v for v in self.order if v.rule is None]
        self.names = [v.label or f"leaf {i}" for i, v in enumerate(self.leaves)]
        self._base: dict[int, float] | None = None
        self.point = _finite_point([v.data for v in self.leaves], self.names)

    def on_values(self, *numbers: Any) -> Any:
        """The graph recorded again on Values."""
        return replay(self.root, dict(zip(self.leaves, numbers, strict=True)))

    def along(self, i: int) -> Callable[[float], float]:
        """The root's number as a function of one leaf's."""

        def call(node: Value, *operands: float) -> Any:
            assert node.rule is not None
            return node.rule.function(*operands)[0]

        if self._base is None:
            self._base = evaluated(self.order, {}, call)
        return as_function_of(self.leaves[i], self.order, self._base, call)

    def recorded(self) -> "RecordedGraph":
        """The graph itself."""
        return self

    def rounding(self) -> tuple[list[float], float]:
        """How far rounding may take the gradient of each leaf, and the root's value.

        By the sizes of all their terms: of the gradients, the products along all paths; of the
        value, what the rounding of each node does to it, to first order.  That is the running
        error analysis of N. J. Higham, *Accuracy and Stability of Numerical Algorithms*, 2002,
        section 3.3.
        """
        sizes = {id(v): 0.0 for v in (*self.order, *self.leaves)}
        sizes[id(self.root)] = 1.0
        noise = 0.0
        for node in reversed(self.order):
            size = sizes[id(node)]
            if node.rule and math.isfinite(size * node.data):
                noise += size * (EPSILON / 2 * abs(node.data) + SMALLEST)
            for _, v, local in edges(node):
                if math.isfinite(size * local):
                    sizes[id(v)] += size * abs(local)
        unit = EPSILON * (16 + 4 * math.sqrt(len(self.order)))
        return [unit * sizes[id(leaf)] for leaf in self.leaves], noise

    def check_data(self) -> None:
        """A RuntimeError if data was changed after the graph was recorded."""
        for node in self.order:
            if node.rule:
                try:
                    now = node.rule.function(*operands_of(node))[0]
                except (ValueError, ArithmeticError):  # not defined there
                    raise data_changed("gradcheck", node) from None
                if not math.isclose(now, node.data, rel_tol=1e-12) and repr(now) != repr(node.data):
                    raise data_changed("gradcheck", node)

    def gives(self, slopes: list[float]) -> bool:
        """Whether the chain rule gives these gradients: summed up here, not by the engine."""
        found = gradients_of([*self.leaves, *self.order], self.root)
        pairs = zip(slopes, (found[id(leaf)] for leaf in self.leaves), strict=True)
        return all(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) for a, b in pairs)


class PythonFunction:
    """A Python function, which may do other things elsewhere than at the point."""

    def __init__(
        self,
        f: Callable[..., Any],
        point: Sequence[float],
        of_floats: bool = False,
        names: Sequence[str] = (),
    ) -> None:
        self.on_values = f
        of_count = ["x"] if len(point) == 1 else [f"x{i}" for i in range(len(point))]
        self.names = list(names) or of_count
        self.point = _finite_point(point, self.names)
        if not self.point:
            raise ValueError("gradcheck: needs at least one input; the point is empty")
        self.of_floats = of_floats and self._takes_floats()

    def _takes_floats(self) -> bool:
        try:
            self.on_values(*self.point)
        except (TypeError, AttributeError):
            return False
        except Exception:
            return True
        return True

    def along(self, i: int) -> Callable[[float], float]:
        """The function's number as a function of one input."""
        before, after, f = self.point[:i], self.point[i + 1 :], self.on_values
        if self.of_floats:
            return lambda x: f(*before, x, *after)

        def through_values(x: float) -> float:
            output = f(*map(Value, (*before, x, *after)))
            return output.data if isinstance(output, Value) else output

        return through_values

    def recorded(self) -> RecordedGraph:
        """The graph that the function records at the point."""
        leaves = [Value(x, name) for x, name in zip(self.point, self.names, strict=True)]
        return RecordedGraph(checked(self.on_values(*leaves), "gradcheck"), leaves)


Subject = RecordedGraph | PythonFunction


def _finite_point(point: Sequence[float], names: Sequence[str]) -> list[float]:
    return [finite(x, f"gradcheck: {name}") for x, name in zip(point, names, strict=True)]


def check_inputs(subject: Subject, claims: Claims, reference: str) -> list[Check]:
    """The verdict on each input's slope; with an exact reference a last one on the value.

    >>> square = PythonFunction(lambda x: x * x, [3.0])
    >>> [c.outcome for c in check_inputs(square, [(6.0, 0.0, 0.0)], "differences")]
    ['pass']
    """
    if reference == "mpmath":
        return _check_exactly(subject, claims)
    checks = [_check_by_differences(subject, i, claim) for i, claim in enumerate(claims)]
    return _taken_again(subject, claims, checks) if reference == "auto" else checks


def _check_by_differences(subject: Subject, i: int, claim: tuple[float, float, float]) -> Check:
    return check_slope(subject.names[i], subject.along(i), subject.point[i], *claim)


def _taken_again(subject: Subject, claims: Claims, checks: list[Check]) -> list[Check]:
    """The checks, the open ones with digits if mpmath is there and the function records."""
    left_open = [i for i, check in enumerate(checks) if check.outcome == "inconclusive"]
    if not left_open or find_spec("mpmath") is None:
        return checks
    from micrograd_like.check.reference import Exact

    try:
        graph = subject.recorded()
        exact = Exact(graph.root)
    except Exception:  # it takes no Values, or is undefined
        return checks
    checks = list(checks)
    for i in left_open[: max(1, MOST_AGAIN // len(graph.order))]:
        if _follows(subject, graph, i):
            again = exact.check_slope(checks[i].input, graph.leaves[i], *claims[i][:2])
            if exact.check_value([again]).outcome != "fail" and again.outcome != "inconclusive":
                checks[i] = again
    return checks


def _check_exactly(subject: Subject, claims: Claims) -> list[Check]:
    from micrograd_like.check.reference import Exact

    try:
        graph = subject.recorded()
    except (ValueError, ArithmeticError):  # undefined here, in one way or the other
        return [_check_by_differences(subject, i, claim) for i, claim in enumerate(claims)]
    exact = Exact(graph.root)
    checks = []
    for i, name in enumerate(subject.names):
        if _follows(subject, graph, i):
            checks.append(exact.check_slope(name, graph.leaves[i], *claims[i][:2]))
        else:  # the graph is not all of the function; differences see the rest, too
            checks.append(_check_by_differences(subject, i, claims[i]))
    return [*checks, exact.check_value(checks)]


def _follows(subject: Subject, graph: RecordedGraph, i: int) -> bool:
    """Whether a function does next to the point what its graph does: the same numbers exactly."""
    if subject is graph:
        return True
    x, f, g = graph.point[i], subject.along(i), graph.along(i)
    step = (abs(x) or 1.0) * 2.0**-20
    return all(_result(f, place) == _result(g, place) for place in (x, x - step, x + step))


def _result(f: Callable[[float], float], x: float) -> str:
    try:
        return repr(f(x))
    except (ValueError, ArithmeticError):
        return "undefined"
