"""What is checked, a recorded graph or a Python function, and the check of its inputs one by one.

>>> from micrograd_like import Value
>>> a = Value(3.0, "a")
>>> graph = RecordedGraph(a * a)
>>> graph.along(0)(5.0)                 # the root as a function of its first leaf
25.0
"""

import io
import math
import sys
import warnings
from _thread import get_ident
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from importlib.util import find_spec
from itertools import islice
from typing import Any, NamedTuple

from micrograd_like.arguments import finite
from micrograd_like.check.differences import EPSILON, EXACT, Tolerance, check_slope, is_rough
from micrograd_like.check.few import FEWEST
from micrograd_like.check.ladder import SMALLEST, Calls, OutOfCallsError
from micrograd_like.check.report import Check
from micrograd_like.derivatives import checked
from micrograd_like.engine import Value
from micrograd_like.graph import (
    as_function_of,
    data_changed,
    edges,
    evaluated,
    gradients_of,
    operands_by,
    operands_of,
    replay,
    topological_order,
)
from micrograd_like.guard import ONE_OUTPUT
from micrograd_like.notation import plural

__all__ = [
    "Claims",
    "Limits",
    "PythonFunction",
    "RecordedGraph",
    "Subject",
    "check_inputs",
    "follows",
    "out_of_calls",
    "quietly",
    "taken_again",
]

MOST_AGAIN = 20_000  # values that are computed at many digits for the inputs left open
Claims = Sequence[tuple[float, float, float]]  # slopes, the rounding of each, the value's noise


class Limits(NamedTuple):
    """Where a function is asked, how often, and what its gradient may be off."""

    lower: Sequence[float] = ()
    upper: Sequence[float] = ()
    calls: Calls = Calls()  # of one check: all its functions share them
    tolerance: Tolerance = EXACT


ANYWHERE = Limits()


class RecordedGraph:
    """A recorded graph as a function of its leaves."""

    def __init__(self, root: Value, leaves: list[Value] | None = None) -> None:
        self.root = root
        self.limits = ANYWHERE
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

    def toward(self, direction: Sequence[float]) -> Callable[[float], float]:
        """The root's number on the line through the point, which is at 1."""
        places = {id(v): i for i, v in enumerate(self.leaves)}
        inner = [v for v in self.order if v.rule is not None]
        places |= {id(v): len(self.leaves) + i for i, v in enumerate(inner)}
        constants: list[float] = []

        def place(constant: float) -> int:
            constants.append(float(constant))
            return -len(constants)  # counted from the end

        program = [(v.rule.function, operands_by(v, places, place)) for v in inner if v.rule]
        pairs = list(zip(self.point, direction, strict=True))
        root, blank = places[id(self.root)], [0.0] * len(inner)

        def at(t: float) -> float:
            numbers = [x + (t - 1) * d for x, d in pairs] + blank + constants[::-1]
            for here, (function, operands) in enumerate(program, len(pairs)):
                numbers[here] = function(*[numbers[i] for i in operands])[0]
            return numbers[root]

        return at

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
        lost = dict.fromkeys(sizes, 0.0)  # by underflow
        sizes[id(self.root)] = 1.0
        noise = 0.0
        for node in reversed(self.order):
            size, below = sizes[id(node)], lost[id(node)]
            if node.rule and math.isfinite(size * node.data):
                noise += size * (EPSILON / 2 * abs(node.data) + SMALLEST)
            for _, v, local in edges(node):
                if math.isfinite(size * local + below * local):
                    sizes[id(v)] += size * abs(local)
                    lost[id(v)] += below * abs(local) + (size + 1) * SMALLEST
        unit = EPSILON * (16 + 4 * math.sqrt(len(self.order)))
        return [unit * sizes[id(leaf)] + lost[id(leaf)] for leaf in self.leaves], noise

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

    def gives(self, claims: Claims) -> bool:
        """Whether the chain rule gives these gradients: summed up here, not by the engine."""
        found = gradients_of([*self.leaves, *self.order], self.root)
        return all(
            math.isclose(slope, found[id(leaf)], rel_tol=1e-9, abs_tol=rounding)
            for (slope, rounding, _), leaf in zip(claims, self.leaves, strict=True)
        )


class PythonFunction:
    """A Python function, which may do other things elsewhere than at the point."""

    def __init__(
        self,
        f: Callable[..., Any],
        point: Sequence[float],
        of_floats: bool = False,
        names: Sequence[str] = (),
        limits: Limits = ANYWHERE,
    ) -> None:
        self.on_values = f
        of_count = ["x"] if len(point) == 1 else [f"x{i}" for i in range(len(point))]
        self.names = list(names) or of_count
        self.point = _finite_point(point, self.names)
        self.limits = limits
        self.arrays: tuple[Callable[..., Any], Sequence[Any]] | None = None  # f as it is, its point
        self.of_floats = of_floats and self._takes_floats()

    def _takes_floats(self) -> bool:
        try:
            self.limits.calls.take()
            with quietly():  # it was called at the point before
                self.on_values(*self.point)
        except (TypeError, AttributeError):
            return False
        except Exception:
            return True
        return True

    def at(self, numbers: Sequence[float]) -> Any:
        """The function's number; a ValueError outside its bounds."""
        bounds = zip(numbers, self.limits.lower, self.limits.upper, strict=False)
        if any(not low <= x <= high for x, low, high in bounds):
            raise ValueError("out of the bounds that are given")
        self.limits.calls.take()
        if self.of_floats:
            return _plain(self.on_values(*numbers))
        output = self.on_values(*map(Value, numbers))
        return output.data if isinstance(output, Value) else output

    def along(self, i: int) -> Callable[[float], float]:
        """The function's number as a function of one input."""
        if self.arrays is not None and not self.limits.lower:
            return self._in_arrays(partial(_with_one, self.arrays[1], i))
        before, after = self.point[:i], self.point[i + 1 :]
        return lambda x: self.at([*before, x, *after])

    def toward(self, direction: Sequence[float]) -> Callable[[float], float]:
        """The function's number on the line through the point, which is at 1."""
        if self.arrays is not None and not self.limits.lower:
            starts, rest = self.arrays[1], iter(direction)
            parts = [start.copy() for start in starts]
            for part in parts:
                part.flat = list(islice(rest, part.size))
            return self._in_arrays(
                lambda t: [x + (t - 1) * d for x, d in zip(starts, parts, strict=True)]
            )
        pairs = list(zip(self.point, direction, strict=True))
        return lambda t: self.at([x + (t - 1) * d for x, d in pairs])

    def _in_arrays(self, moved: Callable[[float], Sequence[Any]]) -> Callable[[float], float]:
        """The function of a point of NumPy arrays, all of whose numbers are moved at once."""
        assert self.arrays is not None
        f, _ = self.arrays

        def at(t: float) -> Any:
            self.limits.calls.take()
            return _plain(f(*moved(t)))

        return at

    def recorded(self) -> RecordedGraph:
        """The graph that the function records at the point."""
        self.limits.calls.made += 1
        leaves = [Value(x, name) for x, name in zip(self.point, self.names, strict=True)]
        return RecordedGraph(checked(self.on_values(*leaves), "gradcheck"), leaves)


def _plain(output: Any) -> Any:
    """A float for an array of no dimension, and for a Decimal, which goes with no float."""
    if isinstance(output, Decimal):
        return float(output)
    return output.item() if getattr(output, "shape", None) == () else output


Subject = RecordedGraph | PythonFunction


def _finite_point(point: Sequence[float], names: Sequence[str]) -> list[float]:
    return [finite(x, f"gradcheck: {name}") for x, name in zip(point, names, strict=True)]


def _with_one(starts: Sequence[Any], i: int, x: float) -> list[Any]:
    """Arrays with another number in one place, counted through all of them."""
    parts = [start.copy() for start in starts]
    for part in parts:
        if 0 <= i < part.size:
            part.flat[i] = x
        i -= part.size
    return parts


def check_inputs(
    subject: Subject, claims: Claims, reference: str, which: Sequence[int] | None = None
) -> list[Check]:
    """The verdict on each input's slope; with an exact reference a last one on the value.

    ``which`` are the numbers of the inputs to check by differences, if not all.

    >>> square = PythonFunction(lambda x: x * x, [3.0])
    >>> [c.outcome for c in check_inputs(square, [(6.0, 0.0, 0.0)], "differences")]
    ['pass']
    """
    if reference == "mpmath":
        return _check_exactly(subject, claims)
    which = range(len(claims)) if which is None else which
    with quietly():
        checks = [
            _check_by_differences(subject, i, claims[i], len(which) - k)
            for k, i in enumerate(which)
        ]
    return taken_again(subject, claims, checks) if reference == "auto" else checks


@contextmanager
def quietly() -> Iterator[None]:
    """Without what a function prints and warns of at points that its user never asked for."""
    with ONE_OUTPUT:
        before = sys.stdout
        try:
            sys.stdout = _Muted(before)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            sys.stdout = before


class _Muted(io.TextIOBase):
    """Takes what this thread prints to nowhere; that of others goes where it went."""

    def __init__(self, stream: Any) -> None:
        self.stream, self.thread = stream, get_ident()

    def write(self, text: str) -> int:
        return len(text) if get_ident() == self.thread else int(self.stream.write(text))


def _check_by_differences(
    subject: Subject, i: int, claim: tuple[float, float, float], left: int = 1
) -> Check:
    """The verdict on one of so many inputs that are left, with its share of the calls."""
    name, x = subject.names[i], subject.point[i]
    calls = max(FEWEST, subject.limits.calls.left / left)
    try:
        check = check_slope(name, subject.along(i), x, *claim, subject.limits.tolerance, calls)
    except OutOfCallsError:
        return out_of_calls(subject, name, x, claim[0])
    lower, upper = subject.limits.lower, subject.limits.upper
    if check.outcome == "inconclusive" and lower and lower[i] == upper[i]:
        return check._replace(reason="its bounds leave no room beside the point")
    return check


def out_of_calls(subject: Subject, name: str, x: float, slope: float) -> Check:
    """The verdict on an input for which no calls were left."""
    reason = f"the limit of {plural(int(subject.limits.calls.most), 'call')} is reached"
    return Check(name, x, slope, math.nan, math.inf, "inconclusive", reason, 0.0, math.inf)


def taken_again(subject: Subject, claims: Claims, checks: list[Check]) -> list[Check]:
    """The checks, the open and the rough ones with digits if mpmath is there and f records."""
    left_open = [
        i for i, check in enumerate(checks) if check.outcome == "inconclusive" or is_rough(check)
    ]
    limited = math.isfinite(subject.limits.calls.most)
    if not left_open or limited or find_spec("mpmath") is None:
        return checks
    from micrograd_like.check.reference import Exact

    try:
        graph = subject.recorded()
        exact = Exact(graph.root)
    except MemoryError:
        raise
    except Exception:  # it takes no Values, or is undefined
        return checks
    checks = list(checks)
    for i in left_open[: max(1, MOST_AGAIN // len(graph.order))]:
        if follows(subject, graph, i):
            again = exact.check_slope(
                checks[i].input, graph.leaves[i], *claims[i][:2], subject.limits.tolerance
            )
            value = exact.check_value([again])
            is_told = again.outcome != "inconclusive" and not math.isnan(again.numeric)
            if is_told and value.outcome != "fail":
                checks[i] = again._replace(asked=checks[i].asked)
            elif is_rough(checks[i]):
                reason = value.reason or again.reason
                checks[i] = checks[i]._replace(outcome="inconclusive", reason=reason)
    return checks


def _check_exactly(subject: Subject, claims: Claims) -> list[Check]:
    from micrograd_like.check.reference import Exact

    try:
        graph = subject.recorded()
    except (ValueError, ArithmeticError):  # undefined here, in one way or the other
        return [_check_by_differences(subject, i, claim) for i, claim in enumerate(claims)]
    exact = Exact(graph.root)
    checks, tolerance = [], subject.limits.tolerance
    for i, name in enumerate(subject.names):
        if follows(subject, graph, i):
            checks.append(exact.check_slope(name, graph.leaves[i], *claims[i][:2], tolerance))
        else:  # the graph is not all of the function; differences see the rest, too
            checks.append(_check_by_differences(subject, i, claims[i]))
    return [*checks, exact.check_value(checks)]


def follows(subject: Subject, graph: RecordedGraph, i: int) -> bool:
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
