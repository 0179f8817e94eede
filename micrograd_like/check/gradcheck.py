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
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

from micrograd_like.arguments import (
    choice,
    expect,
    flag,
    function,
    is_array,
    is_list,
    is_value,
    number,
    share,
    whole,
)
from micrograd_like.check.blame import (
    by_operations,
    first_failures,
    hint,
    local_checks,
    open_at_kinks,
)
from micrograd_like.check.differences import EPSILON, Tolerance
from micrograd_like.check.directions import check_by_directions
from micrograd_like.check.inputs import (
    Claims,
    Limits,
    PythonFunction,
    RecordedGraph,
    Subject,
    check_inputs,
)
from micrograd_like.check.ladder import Calls
from micrograd_like.check.points import Point, dense, is_plain, is_sequence, leaves, shape_of
from micrograd_like.check.report import Check, Report
from micrograd_like.check.vectors import ALL, check_rows, check_vector, output_of
from micrograd_like.derivatives import grad, hessian
from micrograd_like.engine import Value
from micrograd_like.notation import one_line, plural

__all__ = ["assert_gradients", "gradcheck"]

Function = Callable[..., Any]
MOST_KEPT = 1_000_000  # numbers of gradients, for other rows of a Hessian
MOST_ALONE = 2_000  # values of a graph whose operations are checked for inputs that are left open
UNITS = {"float64": EPSILON, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}


class Options(NamedTuple):
    """How a gradient is checked, as :func:`gradcheck` tells."""

    reference: str
    every: bool
    strict: bool
    limits: Limits
    of_engine: bool = False  # whether the slopes to check are the engine's, of its own recording


def gradcheck(
    f: Function | Value,
    *point: Any,
    gradient: Any = None,
    order: int = 1,
    reference: str = "auto",
    rtol: float = 0.0,
    atol: float = 0.0,
    dtype: Any = "",
    lower: Any = None,
    upper: Any = None,
    calls: int | None = None,
    every: bool = False,
    strict: bool = False,
) -> Report:
    """Check the gradient of f at a point, or that of a recorded Value at the data of its leaves.

    ``f`` takes what ``point`` holds: numbers, lists, arrays of NumPy, PyTorch or JAX, dicts, and
    what holds these.  It returns a number or several of them.  Without ``gradient`` the numbers are
    Values, and the engine's gradient is checked.  With ``gradient``, of the point's shape or a
    function of the point that gives it, f is any function; of several outputs it is the Jacobian.
    ``order=2`` checks second derivatives against differences of first ones; with a gradient it
    takes a pair, a function that gives the gradient and what gives the Hessian.

    ``reference="differences"`` asks f at steps from the size of x down to its last places, and
    makes the quotients better by Richardson extrapolation (L. F. Richardson and J. A. Gaunt, "The
    deferred approach to the limit", 1927).  ``reference="mpmath"`` records the graph of f and
    computes it at 120 digits and more: the rows tell how many units in the last place each gradient
    is off, and the last row the same of the value, which fails when half of its digits are lost.
    ``"auto"`` takes differences, and what they leave open again with digits, where mpmath is there
    and f takes Values.  Of the engine's own gradient, what is open still is decided by the
    operations from the input to the output, each checked by itself.

    Many inputs are checked along a few random directions, and one by one where those disagree,
    until 20 have failed; ``every`` checks each.  ``rtol`` and ``atol`` are what a gradient may be
    off beyond rounding.  ``dtype`` is the precision in which f computes, that of the point's arrays
    unless given.  ``lower`` and ``upper``, numbers or of the point's shape, are bounds that f is
    not asked beyond; ``calls`` is how often it is asked at most: few decide what a short ladder
    tells.  ``strict`` counts what is left open as failed.

    A TypeError or a ValueError tells a wrong argument, an f that returns no number, that is random,
    or that changes its argument; a RuntimeError, that data was changed after a graph was recorded.

    >>> gradcheck(lambda x, y: x * y, 2.0, 3.0).ok
    True
    >>> gradcheck(lambda w: w["a"] * w["b"][0], {"a": 2.0, "b": [3.0]}).checks[1].input
    "w['b'][0]"
    >>> gradcheck(lambda x: sum(v * v for v in x), [1.0, 2.0], gradient=[2.0, 5.0]).ok
    False
    >>> gradcheck(lambda x: x.tanh(), 20.0, reference="mpmath").checks[0].ulps < 4
    True
    """
    choice(reference, "gradcheck: reference", ("auto", "differences", "mpmath"))
    whole(order, "gradcheck: order", 1, 2)
    flag(every, "gradcheck: every")
    tolerance = _tolerance(rtol, atol, dtype, point)
    most = Calls() if calls is None else Calls(whole(calls, "gradcheck: calls"))
    limits = Limits(calls=most, tolerance=tolerance)
    options = Options(reference, every, flag(strict, "gradcheck: strict"), limits)
    if isinstance(f, Value):
        if point:
            raise TypeError("gradcheck: a recorded Value has its point; give no numbers with it")
        graph = RecordedGraph(f)
        graph.check_data()
        return _of_subject(graph, gradient, order, options)
    function(f, "gradcheck: f", "as many Values as there are numbers in the point, to one")
    place = Point(f, point)
    if not place.numbers:
        raise ValueError("gradcheck: needs at least one input; the point is empty")
    if lower is not None or upper is not None:
        limits = limits._replace(
            lower=_bounds(place, lower, "lower", -float("inf")),
            upper=_bounds(place, upper, "upper", float("inf")),
        )
        options = options._replace(limits=limits)
    if order == 2 and gradient is not None:
        return _hessian_by_hand(f, point, gradient, options)
    return _of_function(f, place, gradient, order, options)


def _of_function(f: Function, place: Point, gradient: Any, order: int, options: Options) -> Report:
    """The check of a Python function at a point that is taken apart."""
    of_floats = gradient is not None
    options.limits.calls.made += 1
    outputs = output_of(f, place, of_floats)
    if callable(gradient):
        gradient = gradient(*place.again())
        if gradient is None:
            raise ValueError("gradcheck: the function for the gradient returned None, no slopes")
    if outputs is not None:
        if order == 2:
            raise ValueError("gradcheck: order is 2; f is to return one number, not several")

        def of_one(g: Function, slopes: Any, every: bool) -> Report:
            one = options._replace(every=every)
            return _of_number(g, place, slopes, 1, one)

        return check_vector(f, place, outputs, gradient, of_one, options.every)
    return _of_number(f, place, gradient, order, options)


def _of_number(f: Function, place: Point, gradient: Any, order: int, options: Options) -> Report:
    """The same of a function that gives one number."""
    of_floats = gradient is not None
    plain = is_plain(place.arguments)
    inner = f if plain else lambda *numbers: f(*place.rebuild(numbers))
    subject = PythonFunction(inner, place.numbers, of_floats, place.names, options.limits)
    slopes = None
    if of_floats:
        slopes = _given(place, gradient)
    if subject.of_floats and place.of_arrays:
        subject.arrays = f, place.arguments
    return _of_subject(subject, slopes, order, options)


def _of_subject(subject: Subject, gradient: Any, order: int, options: Options) -> Report:
    """The check of a function of numbers."""
    if order == 2:
        if gradient is not None:
            raise ValueError("gradcheck: order is 2; a graph's gradient to check needs order 1")
        first = _of_subject(subject, None, 1, options)
        return _second_derivatives(subject, options) if first.ok else first
    slopes = _slopes(subject, gradient)
    of_graph = gradient is None or options.of_engine or isinstance(subject, RecordedGraph)
    graph = subject.recorded() if of_graph else None
    rounding, noise = graph.rounding() if graph else ([0.0] * len(slopes), 0.0)
    claims = [(slope, r, noise) for slope, r in zip(slopes, rounding, strict=True)]
    check = check_inputs if options.every else check_by_directions
    checks = check(subject, claims, options.reference)
    if graph is None or Report(checks, strict=True).ok:
        return Report(checks, strict=options.strict)
    return _by_its_operations(subject, graph, claims, checks, options)


def _by_its_operations(
    subject: Subject,
    graph: RecordedGraph,
    claims: Claims,
    checks: list[Check],
    options: Options,
) -> Report:
    """What the operations of a graph, each by itself, tell of what failed and of what is open."""
    of_rules = graph.gives(claims)  # and not slopes of another's
    value_fails = any(c.outcome == "fail" and c.input == "value" for c in checks)
    is_small = len(graph.order) <= MOST_ALONE
    is_told = (of_rules or value_fails) and (is_small or not Report(checks).ok)
    local = local_checks(graph, options.reference) if is_told else []
    if of_rules:
        checks = by_operations(checks, subject, graph, local)
    if Report(checks).ok:
        return Report(checks, strict=options.strict)
    blame = first_failures(local)
    if blame:
        return Report(checks, blame, strict=options.strict)
    if of_rules:
        checks = open_at_kinks(checks, graph, local)
    told = "" if Report(checks).ok else hint(subject, graph, checks)
    return Report(checks, [], told, options.strict)


def assert_gradients(f: Function | Value, *point: Any, **options: Any) -> Report:
    """Raise AssertionError with a line and the table of :func:`gradcheck` if a gradient is wrong.

    It takes what gradcheck takes, raises what it raises, and returns its report.

    >>> assert_gradients(lambda x: x * x, 3.0, gradient=[7.0])
    Traceback (most recent call last):
    AssertionError: gradcheck failed: gradient of x is 7, should be 6 ± ...
    input  point  gradient  numeric ± bar  outcome         step  kink at
    x      3      7         6 ± ...
    """
    __tracebackhide__ = True  # in pytest, whose user's own line comes last
    report = gradcheck(f, *point, **options)
    if not report.ok:
        raise AssertionError(report.message)
    return report


def _tolerance(rtol: Any, atol: Any, dtype: Any, point: Sequence[Any]) -> Tolerance:
    """What a claim may be off, and the precision of f: that of the point's arrays unless given."""
    for value, name in ((rtol, "rtol"), (atol, "atol")):
        share(value, f"gradcheck: {name}", math.inf)
    kinds = [str(getattr(part, "dtype", "")).rpartition(".")[2] for part in point]
    if not isinstance(dtype, str) or dtype:
        kinds = [_precision(dtype)]
    unit = max((UNITS.get(kind, EPSILON) for kind in kinds), default=EPSILON)
    return Tolerance(float(atol), float(rtol), unit)


def _precision(dtype: Any) -> str:
    """The name of a precision that is given by name, as "f4", or as a type of NumPy or PyTorch."""
    of_array = is_array(dtype) and not isinstance(dtype, type)
    expect(not of_array, dtype, "gradcheck: dtype", "a precision, such as the array's .dtype")
    name = dtype if isinstance(dtype, str) else str(getattr(dtype, "__name__", dtype))
    name = name.rpartition(".")[2]
    if name not in UNITS:
        with suppress(ImportError, TypeError):
            import numpy as np

            name = str(np.dtype(name).name)
    return choice(name, "gradcheck: dtype", UNITS)


def _bounds(place: Point, bound: Any, name: str, default: float) -> list[float]:
    """A bound for each input."""
    if bound is None or is_plain([bound]):
        one = default if bound is None else number(bound, f"gradcheck: {name}")
        found = [one] * len(place.numbers)
    else:
        found = place.numbers_of(bound, f"gradcheck: {name}")
    for x, end, of in zip(place.numbers, found, place.names, strict=True):
        if math.isnan(end):
            raise ValueError(
                f"gradcheck: {name} of {of} is nan; give a number, or None for no bound"
            )
        if (x < end) if name == "lower" else (x > end):
            raise ValueError(f"gradcheck: {of} is {x!r}, beyond its {name} bound {end!r}")
    return found


def _given(place: Point, gradient: Any) -> list[float]:
    """The numbers of a gradient that has the shape of the point."""
    if is_plain(place.arguments):
        return _listed(gradient, len(place.numbers))
    return place.numbers_of(gradient, "gradcheck: gradient")


def _listed(gradient: Any, count: int) -> list[float]:
    """The slopes for plain numbers: a list of them, or one."""
    gradient = dense(gradient)
    is_dict = isinstance(gradient, Mapping)
    slopes = [*gradient] if is_dict or is_list(gradient) else [gradient]
    if is_dict or len(slopes) != count or any(map(is_sequence, slopes)):
        raise ValueError(
            f"gradcheck: gradient has {shape_of(gradient)} for a point of "
            f"{plural(count, 'number')}; give one slope for each"
        )
    return [number(x.data if is_value(x) else x, "gradcheck: gradient") for x in slopes]


def _slopes(subject: Subject, gradient: Any) -> list[float]:
    """The slopes to check: the engine's own, unless others are given."""
    if gradient is not None:
        return _listed(gradient, len(subject.point))
    subject.limits.calls.made += 1
    found = grad(subject.on_values)(*subject.point)
    return list(found) if isinstance(found, tuple) else [found]


def _hessian_by_hand(f: Function, point: Sequence[Any], gradient: Any, options: Options) -> Report:
    """A gradient written by hand against f, and a Hessian against that gradient."""
    if not isinstance(gradient, (tuple, list)) or len(gradient) != 2 or not callable(gradient[0]):
        raise ValueError(
            "gradcheck: with order=2 gradient is to be a pair: a function that gives the gradient, "
            "and the Hessian or a function that gives it"
        )
    slopes, second = gradient
    first = _of_function(f, Point(f, point), slopes, 1, options)
    if not first.ok:
        return first
    place = Point(slopes, point)
    if any(isinstance(part, Mapping) for part in point):
        raise ValueError(
            "gradcheck: with order=2 the point is to hold no dict; let f take its arrays, and give "
            "a row of the Hessian for each number"
        )
    report = _of_function(slopes, place, second, 1, options)
    rows = {f"f[{k}]": name for k, name in enumerate(place.names)}
    tree = place.arguments[0] if len(point) == 1 else place.arguments
    rows |= zip((name for name, _ in leaves(tree, "f")), place.names, strict=True)
    renamed = [c._replace(input=_of_second(c.input, rows)) for c in report.checks]
    return report._replace(checks=renamed)


def _of_second(name: str, rows: Mapping[str, str]) -> str:
    """What a slope of the gradient is called, by the row's name: a second derivative of f.

    >>> rows = {"f[0]": "a", "f[1]": "b"}
    >>> _of_second("f[1]: b", rows), _of_second("b", rows)
    ('∂²f/∂b∂b', '∂/∂b of ∇f')
    """
    row = re.fullmatch(r"(f(?:\[[\d, ]+\])+): (.*)", name, re.DOTALL)
    if row is None and "f[1]" in rows:  # of a sum of all rows
        return f"∂/∂{name} of ∇f"
    return f"∂²f/∂{rows.get(row[1], row[1])}∂{row[2]}" if row else f"∂²f/∂{name}∂{name}"


def _second_derivatives(subject: Subject, options: Options) -> Report:
    """Each row of the hessian as the gradient of a first derivative; of many, sums of them first.

    First derivatives at a point are computed once for all rows.
    """
    names = subject.names

    def gradient(*xs: Any) -> list[Any]:
        found = grad(subject.on_values)(*xs)
        return list(found) if isinstance(found, tuple) else [found]

    kept = lru_cache(max(1, MOST_KEPT // len(names)))(gradient)

    def first(*xs: Any) -> list[Any]:
        return (gradient if any(map(is_value, xs)) else kept)(*xs)

    def of_one(f: Function, slopes: Any, every: bool) -> Report:
        one = PythonFunction(f, subject.point, True, names, options.limits)
        return _of_subject(one, slopes, 1, options._replace(every=every, of_engine=True))

    options.limits.calls.made += 1
    try:
        rows = hessian(subject.on_values)(*subject.point)
    except (ValueError, ArithmeticError) as error:  # it does not exist here
        why = f"the engine refuses it: {one_line(str(error), 160)}"
        none = (math.nan, math.nan, math.nan, math.inf, "inconclusive", why, 0.0, math.inf)
        return Report([Check("∇∇f", *none)], strict=options.strict)
    place = Point(first, subject.point)
    reports = check_rows(first, place, rows, len(names), of_one, options.every)
    checks = {k: report.checks for k, report in reports.items()}
    if any(not report.ok for report in reports.values()):
        graph = subject.recorded()
        local = local_checks(graph, options.reference)
        checks = {k: open_at_kinks(row, graph, local) for k, row in checks.items()}
    of_row = {k: "∇f" if k == ALL else f"∂f/∂{names[k]}" for k in checks}
    renamed = [
        check._replace(input=f"∂/∂{other} of {of_row[k]}")
        for k, row in checks.items()
        for check, other in zip(row, names, strict=False)
    ]
    return Report(renamed, strict=options.strict)
