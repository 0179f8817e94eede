"""Gradients against finite differences, or against hundreds of digits.

>>> from micrograd_like import tanh
>>> report = gradcheck(lambda x: tanh(x) * x, 0.5)
>>> report.ok, report.checks[0].outcome
(True, 'pass')
>>> gradcheck(lambda x: x * x, 3.0, gradient=[7.0]).checks[0].outcome
'fail'

Where the gradient is the engine's own and wrong, the report goes on to name the operation whose
local derivative is: each node of the graph is checked by itself, at the numbers it had.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from micrograd_like import notation
from micrograd_like.arguments import choice, finite, number
from micrograd_like.check.differences import EPSILON, VERTICAL, Check, check_slope
from micrograd_like.derivatives import checked, grad, hessian
from micrograd_like.engine import Value, apply
from micrograd_like.graph import (
    as_function_of,
    edges,
    evaluated,
    gradients_of,
    names_of,
    operands_of,
    replay,
    topological_order,
)
from micrograd_like.rules import Rule

__all__ = ["Check", "LocalCheck", "Report", "assert_gradients", "gradcheck"]

SMALLEST = 5e-324  # what underflow rounds to
Function = Callable[..., Any]
Claims = Sequence[tuple[float, float, float]]  # slopes, the rounding of each, the value's noise


class LocalCheck(NamedTuple):
    """The verdict on one derivative of one operation of a graph, or on its value, by itself."""

    rule: Rule
    operands: tuple[str, ...]  # as the graph names them
    point: tuple[float, ...]
    check: Check

    @property
    def call(self) -> str:
        """The operation on its operands' names."""
        return str(notation.operation(self.rule, *self.operands))

    def __str__(self) -> str:
        code = self.rule.function.__code__
        at = ", ".join(
            name if name == notation.exact(x) else f"{name} = {notation.exact(x)}"
            for name, x in zip(self.operands, self.point, strict=True)
        )
        c = self.check
        what = f"∂/∂{c.input}" if c.input else "the value"
        formula = self.rule.derivatives["xy".index(c.input)] if c.input else self.rule.formula
        return (
            f"wrong operation: {self.call} at {at}: {what} is {notation.number(c.gradient, 10)}, "
            f"should be {_with_bar(c)}; its formula is {formula}, its code "
            f"{code.co_filename}:{code.co_firstlineno}"
        )


class Report(NamedTuple):
    """The verdicts on all inputs; its ``str`` is a table, and below it what is to blame."""

    checks: list[Check]
    blame: Sequence[LocalCheck] = ()
    hint: str = ""  # where a gradient is wrong and no operation is

    @property
    def ok(self) -> bool:
        """Whether nothing failed; what is inconclusive has not."""
        return all(check.outcome != "fail" for check in self.checks)

    def __str__(self) -> str:
        columns = ["input", "point", "gradient", "numeric ± bar", "outcome"]
        exact = any(not math.isnan(c.ulps) for c in self.checks)
        columns += ["off by"] if exact else ["step", "kink at"]
        rows = [columns, *(_row(c, exact) for c in self.checks)]
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        lines = ["  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) for r in rows]
        lines += [*map(str, self.blame), *([self.hint] if self.hint else [])]
        return "\n".join(line.rstrip() for line in lines)


def _row(c: Check, exact: bool) -> list[str]:
    row = [
        c.input,
        _known(c.point, notation.number),
        notation.number(c.gradient, 10),
        "–" if math.isnan(c.numeric) else _with_bar(c),
        f"{c.outcome}: {c.reason}" if c.reason else c.outcome,
    ]
    if exact:
        return [*row, _known(c.ulps, lambda ulps: f"{notation.number(ulps, 2)} ulp")]
    kink = "–" if math.isinf(c.kink) else f"± {notation.number(c.kink, 2)}"
    return [*row, notation.number(c.step, 1) if c.step else "–", kink]


def _with_bar(c: Check) -> str:
    return f"{notation.number(c.numeric, 10)} ± {notation.number(c.bar, 1)}"


def _known(x: float, write: Callable[[float], str]) -> str:
    return "–" if math.isnan(x) else write(x)


def gradcheck(
    f: Function | Value,
    *point: float,
    gradient: Sequence[float] | None = None,
    order: int = 1,
    reference: str = "differences",
) -> Report:
    """Check the gradient of f at a point, or that of a recorded Value at the data of its leaves.

    ``f`` takes as many Values as there are numbers in ``point`` and returns one Value.  With
    ``gradient``, the slopes to check, f may be any function of floats.  ``order=2`` checks second
    derivatives against differences of first ones.

    ``reference="mpmath"`` records the graph of f and computes it at 120 digits and more: the rows
    tell how many units in the last place each gradient is off, and the last row the same of the
    value, which fails when half of its digits are lost.

    >>> gradcheck(lambda x: x.tanh(), 20.0, reference="mpmath").checks[0].ulps < 4
    True
    """
    choice(reference, "gradcheck: reference", ("differences", "mpmath"))
    if isinstance(f, Value) and point:
        raise TypeError("gradcheck: a recorded Value has its point; give no numbers with it")
    if order not in (1, 2) or (order == 2 and gradient is not None):
        raise ValueError(f"gradcheck: order is 1 or, without a gradient to check, 2; not {order!r}")
    subject: _Graph | _Function
    if isinstance(f, Value):
        subject = _Graph(f)
        subject.check_recorded()
    else:
        subject = _Function(f, point, gradient is not None)
    if order == 2:
        first = gradcheck(f, *point, reference=reference)
        return _second_derivatives(subject, reference) if first.ok else first
    if gradient is None:
        found = grad(subject.on_values)(*subject.point)
        slopes = list(found) if isinstance(found, tuple) else [found]
    else:
        listed = list(gradient) if isinstance(gradient, Iterable) else [gradient]
        slopes = [number(slope, "gradcheck: gradient") for slope in listed]
    if len(slopes) != len(subject.point):
        raise ValueError(f"gradcheck: {len(slopes)} slopes for {len(subject.point)} inputs")
    graph = subject.recorded() if gradient is None or isinstance(f, Value) else None
    rounding, noise = graph.rounding() if graph else ([0.0] * len(slopes), 0.0)
    claims = [(slope, r, noise) for slope, r in zip(slopes, rounding, strict=True)]
    checks = (_checked_exactly if reference == "mpmath" else _checked)(subject, claims)
    if graph is None or Report(checks).ok:
        return Report(checks)
    local = _local_checks(graph, reference)
    blame = [found for found in local if found.check.outcome == "fail"]
    if blame:
        firsts = {(b.rule, b.check.input): b for b in reversed(blame)}.values()
        return Report(checks, [b for b in blame if b in firsts])
    if graph.gives(slopes):
        checks = _excused(checks, graph, local)
    hint = "" if Report(checks).ok else _hint(subject, graph, checks)
    return Report(checks, [], hint)


def assert_gradients(f: Function | Value, *point: float, **options: Any) -> Report:
    """Raise AssertionError with the table of :func:`gradcheck` if a gradient is wrong."""
    report = gradcheck(f, *point, **options)
    if not report.ok:
        wrong = {
            "value" if c.input == "value" else "gradient"
            for c in report.checks
            if c.outcome == "fail"
        }
        raise AssertionError(f"wrong {' and '.join(sorted(wrong))}\n{report}")
    return report


# --- what is checked -------------------------------------------------------------------------


class _Graph:
    """A recorded graph as a function of its leaves."""

    def __init__(self, root: Value, leaves: list[Value] | None = None) -> None:
        self.root = root
        self.order = topological_order(root)
        self.leaves = leaves or [v for v in self.order if v.rule is None]
        self.names = [v.label or f"leaf {i}" for i, v in enumerate(self.leaves)]
        self._base: dict[int, float] | None = None
        self.point = [
            finite(v.data, f"gradcheck: {name}")
            for v, name in zip(self.leaves, self.names, strict=True)
        ]

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

    def recorded(self) -> "_Graph":
        """The graph itself."""
        return self

    def rounding(self) -> tuple[list[float], float]:
        """How far rounding may take the gradient of each leaf, and the root's value.

        By the sizes of all their terms: of the gradients, the products along all paths; of the
        value, what the rounding of each node does to it.
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

    def check_recorded(self) -> None:
        """A RuntimeError if data was changed after the graph was recorded."""
        for node in self.order:
            if node.rule:
                now = node.rule.function(*operands_of(node))[0]
                if not math.isclose(now, node.data, rel_tol=1e-12) and repr(now) != repr(node.data):
                    raise RuntimeError(
                        "gradcheck: data was changed after the graph was recorded; compute it again"
                    )

    def gives(self, slopes: list[float]) -> bool:
        """Whether the chain rule gives these gradients: summed up here, not by the engine."""
        found = gradients_of([*self.leaves, *self.order], self.root)
        pairs = zip(slopes, (found[id(leaf)] for leaf in self.leaves), strict=True)
        return all(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) for a, b in pairs)


class _Function:
    """A Python function, which may do other things elsewhere than at the point."""

    def __init__(self, f: Function, point: Sequence[float], of_floats: bool) -> None:
        self.on_values = f
        self.names = ["x"] if len(point) == 1 else [f"x{i}" for i in range(len(point))]
        self.point = [
            finite(x, f"gradcheck: {name}") for x, name in zip(point, self.names, strict=True)
        ]
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

        def number(x: float) -> float:
            output = f(*map(Value, (*before, x, *after)))
            return output.data if isinstance(output, Value) else output

        return number

    def recorded(self) -> _Graph:
        """The graph that the function records at the point."""
        leaves = [Value(x, name) for x, name in zip(self.point, self.names, strict=True)]
        return _Graph(checked(self.on_values(*leaves), "gradcheck"), leaves)


# --- the checks ------------------------------------------------------------------------------


def _checked(subject: _Graph | _Function, claims: Claims) -> list[Check]:
    return [
        check_slope(name, subject.along(i), subject.point[i], *claims[i])
        for i, name in enumerate(subject.names)
    ]


def _checked_exactly(subject: _Graph | _Function, claims: Claims) -> list[Check]:
    from micrograd_like.check.reference import Exact

    try:
        graph = subject.recorded()
    except (ValueError, ArithmeticError):
        return _checked(subject, claims)  # undefined here, in one way or the other
    exact = Exact(graph.root)
    checks = []
    for i, name in enumerate(subject.names):
        if _follows(subject, graph, i):
            checks.append(exact.check_slope(name, graph.leaves[i], *claims[i][:2]))
        else:  # the graph is not all of the function; differences see the rest, too
            checks.append(check_slope(name, subject.along(i), subject.point[i], *claims[i]))
    return [*checks, exact.check_value(checks)]


def _follows(subject: _Graph | _Function, graph: _Graph, i: int) -> bool:
    """Whether a function does next to the point what its graph does: the same numbers exactly."""
    if subject is graph:
        return True
    x, f, g = graph.point[i], subject.along(i), graph.along(i)
    step = (abs(x) or 1.0) * 2.0**-20
    return all(_outcome(f, place) == _outcome(g, place) for place in (x, x - step, x + step))


def _outcome(f: Callable[[float], float], x: float) -> str:
    try:
        return repr(f(x))
    except (ValueError, ArithmeticError):
        return "undefined"


def _second_derivatives(subject: _Graph | _Function, reference: str) -> Report:
    """Each row of the hessian as the gradient of a first derivative."""
    checks = []
    for i, row in enumerate(hessian(subject.on_values)(*subject.point)):

        def first(*xs: Any, i: int = i) -> Any:
            found = grad(subject.on_values)(*xs)
            return found[i] if isinstance(found, tuple) else found

        report = gradcheck(first, *subject.point, gradient=row, reference=reference)
        checks += [
            check._replace(input=f"∂/∂{other} of ∂f/∂{subject.names[i]}")
            for check, other in zip(report.checks, subject.names, strict=False)
        ]
    if not Report(checks).ok:
        graph = subject.recorded()
        local = _local_checks(graph, reference)
        count = len(subject.names)
        rows = [checks[k : k + count] for k in range(0, len(checks), count)]
        checks = [check for row in rows for check in _excused(row, graph, local)]
    return Report(checks)


# --- what is to blame ------------------------------------------------------------------------


def _local_checks(graph: _Graph, reference: str) -> list[LocalCheck]:
    """Every operation of a graph by itself, at the numbers that it had."""
    names = names_of(graph.order)
    found: dict[tuple[Any, ...], list[LocalCheck]] = {}
    for node in graph.order:
        point = operands_of(node)
        if node.rule is None or (node.rule, *point) in found or not all(map(math.isfinite, point)):
            continue
        operands = tuple(
            names[id(v)] if isinstance(v, Value) else notation.exact(v) for v in node.inputs
        )
        found[(node.rule, *point)] = [
            LocalCheck(node.rule, operands, point, check)
            for check in _checked_alone(node, point, reference)
        ]
    return [check for checks in found.values() for check in checks]


def _checked_alone(node: Value, point: tuple[float, ...], reference: str) -> list[Check]:
    """Each derivative of an operation, and with an exact reference its value, as input ``""``."""
    assert node.rule is not None
    subject = _Function(partial(apply, node.rule), point, of_floats=False)
    subject.names = ["x", "y"][: node.rule.arity]
    claims = [(0.0 if slope is None else slope, 0.0, 0.0) for slope in node.local_grads]
    check = _checked_exactly if reference == "mpmath" else _checked
    constant = [n for n, slope in zip("xy", node.local_grads, strict=False) if slope is None]
    return [
        found._replace(input="") if found.input == "value" else found
        for found in check(subject, claims)
        if found.input not in constant
    ]


def _excused(checks: list[Check], graph: _Graph, local: list[LocalCheck]) -> list[Check]:
    """Failures that the chain rule itself may be to blame for, which needs smooth operations.

    They become inconclusive: those of inputs that lead to an operation which is at a kink.
    """
    bends = {
        (b.rule, *b.point): b
        for b in reversed(local)
        if b.check.outcome == "kink" or b.check.reason == VERTICAL
    }
    excused = list(checks)
    for i, leaf in enumerate(graph.leaves):
        if checks[i].outcome != "fail":
            continue
        reached = {id(leaf)}
        for node in graph.order:
            if not any(id(v) in reached for _, v, _ in edges(node)):
                continue
            reached.add(id(node))
            bend = bends.get((node.rule, *operands_of(node)))
            if bend:
                what = (
                    "has an infinite slope" if bend.check.reason == VERTICAL else "is at its kink"
                )
                reason = f"{bend.call} {what}, where the chain rule need not hold"
                excused[i] = checks[i]._replace(outcome="inconclusive", reason=reason)
                break
    return excused


def _hint(subject: _Graph | _Function, graph: _Graph, checks: list[Check]) -> str:
    """What is wrong where no operation is."""
    wrong = [i for i, c in enumerate(checks) if c.outcome == "fail" and c.input != "value"]
    if not wrong:
        return "every operation is right by itself: digits cancel between them"
    again = check_slope("", graph.along(wrong[0]), graph.point[wrong[0]], checks[wrong[0]].gradient)
    if again.outcome == "fail" or subject is graph:
        return "every operation is right by itself: digits cancel, or products are added up wrongly"
    return (
        "every operation is right, and so is the gradient of the recorded graph: a part of f has "
        "left it (.data, detach(), or a plain number made of a Value)"
    )
