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

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from micrograd_like.arguments import choice, function, number, whole
from micrograd_like.check.blame import first_failures, hint, local_checks, open_at_kinks
from micrograd_like.check.inputs import PythonFunction, RecordedGraph, Subject, check_inputs
from micrograd_like.check.report import Check, Report
from micrograd_like.derivatives import grad, hessian
from micrograd_like.engine import Value

__all__ = ["assert_gradients", "gradcheck"]

Function = Callable[..., Any]


def gradcheck(
    f: Function | Value,
    *point: float,
    gradient: Sequence[float] | float | None = None,
    order: int = 1,
    reference: str = "auto",
) -> Report:
    """Check the gradient of f at a point, or that of a recorded Value at the data of its leaves.

    ``f`` takes as many Values as there are numbers in ``point`` and returns one Value.  With
    ``gradient``, the slopes to check (one for each number), f may be any function of floats.
    ``order=2`` checks second derivatives against differences of first ones.

    ``reference="differences"`` asks f at steps from the size of x down to its last places, and
    makes the quotients better by Richardson extrapolation (L. F. Richardson and J. A. Gaunt, "The
    deferred approach to the limit", 1927).  ``reference="mpmath"`` records the graph of f and
    computes it at 120 digits and more: the rows tell how many units in the last place each gradient
    is off, and the last row the same of the value, which fails when half of its digits are lost.
    ``"auto"`` takes differences, and what they leave open again with digits, where mpmath is there
    and f takes Values.

    A TypeError or a ValueError tells a wrong argument, an f that returns no number, and one that
    is random; a RuntimeError, that data was changed after a graph was recorded.

    >>> gradcheck(lambda x, y: x * y, 2.0, 3.0).ok
    True
    >>> gradcheck(lambda x: x.tanh(), 20.0, reference="mpmath").checks[0].ulps < 4
    True
    """
    choice(reference, "gradcheck: reference", ("auto", "differences", "mpmath"))
    if whole(order, "gradcheck: order", 1, 2) == 2 and gradient is not None:
        raise ValueError("gradcheck: order is 2; a gradient to check needs order 1")
    subject = _subject(f, point, gradient is not None)
    if order == 2:
        first = gradcheck(f, *point, reference=reference)
        return _second_derivatives(subject, reference) if first.ok else first
    slopes = _slopes(subject, gradient)
    graph = subject.recorded() if gradient is None or isinstance(f, Value) else None
    rounding, noise = graph.rounding() if graph else ([0.0] * len(slopes), 0.0)
    claims = [(slope, r, noise) for slope, r in zip(slopes, rounding, strict=True)]
    checks = check_inputs(subject, claims, reference)
    if graph is None or Report(checks).ok:
        return Report(checks)
    local = local_checks(graph, reference)
    blame = first_failures(local)
    if blame:
        return Report(checks, blame)
    if graph.gives(slopes):
        checks = open_at_kinks(checks, graph, local)
    return Report(checks, [], "" if Report(checks).ok else hint(subject, graph, checks))


def assert_gradients(
    f: Function | Value,
    *point: float,
    gradient: Sequence[float] | float | None = None,
    order: int = 1,
    reference: str = "auto",
) -> Report:
    """Raise AssertionError with the table of :func:`gradcheck` if a gradient is wrong.

    It takes what gradcheck takes, raises what it raises, and returns its report.

    >>> assert_gradients(lambda x: x * x, 3.0, gradient=[7.0])
    Traceback (most recent call last):
    AssertionError: wrong gradient
    input  point  gradient  numeric ± bar  outcome         step  kink at
    x      3      7         6 ± ...
    """
    report = gradcheck(f, *point, gradient=gradient, order=order, reference=reference)
    if not report.ok:
        failed = [c.input for c in report.checks if c.outcome == "fail"]
        wrong = {"value" if name == "value" else "gradient" for name in failed}
        raise AssertionError(f"wrong {' and '.join(sorted(wrong))}\n{report}")
    return report


def _subject(f: Function | Value, point: Sequence[float], of_floats: bool) -> Subject:
    """What is to be checked."""
    if not isinstance(f, Value):
        function(f, "gradcheck: f", "as many Values as there are numbers in the point, to one")
        return PythonFunction(f, point, of_floats)
    if point:
        raise TypeError("gradcheck: a recorded Value has its point; give no numbers with it")
    graph = RecordedGraph(f)
    graph.check_data()
    return graph


def _slopes(subject: Subject, gradient: Sequence[float] | float | None) -> list[float]:
    """The slopes to check: the engine's own, unless others are given."""
    if gradient is None:
        found = grad(subject.on_values)(*subject.point)
        return list(found) if isinstance(found, tuple) else [found]
    several = gradient if isinstance(gradient, Iterable) else [gradient]
    slopes = [number(slope, "gradcheck: gradient") for slope in several]
    if len(slopes) != len(subject.point):
        raise ValueError(
            f"gradcheck: gradient has {len(slopes)} slopes for {len(subject.point)} inputs; "
            "give one for each"
        )
    return slopes


def _second_derivatives(subject: Subject, reference: str) -> Report:
    """Each row of the hessian as the gradient of a first derivative."""
    rows: list[list[Check]] = []
    for i, row in enumerate(hessian(subject.on_values)(*subject.point)):

        def first(*xs: Any, i: int = i) -> Any:
            found = grad(subject.on_values)(*xs)
            return found[i] if isinstance(found, tuple) else found

        report = gradcheck(first, *subject.point, gradient=row, reference=reference)
        rows.append(
            [
                check._replace(input=f"∂/∂{other} of ∂f/∂{subject.names[i]}")
                for check, other in zip(report.checks, subject.names, strict=False)
            ]
        )
    checks = [check for row in rows for check in row]
    if not Report(checks).ok:
        graph = subject.recorded()
        local = local_checks(graph, reference)
        checks = [check for row in rows for check in open_at_kinks(row, graph, local)]
    return Report(checks)
