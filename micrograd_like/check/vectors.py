"""Functions of several outputs: their Jacobian by rows, or by random sums of its rows.

>>> from micrograd_like.check.points import Point
>>> output_of(lambda x: [x, x * x], Point(lambda x: x, [3.0]), of_floats=True)
[3.0, 9.0]
"""

import random
from collections.abc import Callable, Sequence
from typing import Any

from micrograd_like.arguments import number
from micrograd_like.check.points import Point, flat, is_sequence, shape_of
from micrograd_like.check.report import Report
from micrograd_like.engine import Value

__all__ = ["check_vector", "output_of"]

ROWS = 12  # outputs, of which each has its row checked by itself
SUMS = 2  # of rows, at random
Function = Callable[..., Any]


def output_of(f: Function, place: Point, of_floats: bool) -> Any:
    """What f returns, if that is several numbers; None if it is one, or undefined here.

    A ValueError tells an f that changes its argument.
    """
    for of_values in (False, True) if of_floats else (True,):
        numbers = [Value(x) for x in place.numbers] if of_values else place.numbers
        arguments = place.rebuild(numbers)
        try:
            output = f(*arguments)
        except (TypeError, AttributeError):
            if of_floats and not of_values:
                continue
            raise
        except (ValueError, ArithmeticError):
            return None
        after = flat(arguments)
        for x, before, name in zip(after, place.numbers, place.names, strict=False):
            if x != before:
                raise ValueError(f"gradcheck: f changes its argument {name}; let it take a copy")
        if len(after) != len(place.numbers):
            raise ValueError("gradcheck: f changes the length of its argument; let it take a copy")
        return output if is_sequence(output) else None
    return None


def check_vector(
    f: Function,
    place: Point,
    output: Any,
    gradient: Any,
    of_one: Callable[[Function, Any, bool], Report],
    every: bool,
) -> Report:
    """The Jacobian's rows; of many outputs random sums of them first.

    ``of_one`` checks a function of one output.
    """
    count = len(flat(output))
    rows = None if gradient is None else _rows(place, output, gradient)
    if not every and count > ROWS:
        rng = random.Random(count)
        weights = [
            [rng.choice((-1, 1)) * rng.uniform(0.5, 1) for _ in range(count)] for _ in range(SUMS)
        ]
        reports = [of_one(*_sum(f, place, rows, w), False) for w in weights]
        if all(c.outcome == "pass" for report in reports for c in report.checks):
            return reports[0]
    units = [[0.0] * k + [1.0] for k in range(count)]
    reports = [of_one(*_sum(f, place, rows, unit), every) for unit in units]
    checks = [
        c._replace(input=f"f[{k}]: {c.input}")
        for k, report in enumerate(reports)
        for c in report.checks
    ]
    return Report(checks, strict=bool(reports) and reports[0].strict)


def _sum(
    f: Function, place: Point, rows: list[list[float]] | None, weights: Sequence[float]
) -> tuple[Function, Any]:
    """A sum of outputs with weights, and of their rows of the Jacobian in the point's shape."""
    terms = [(k, w) for k, w in enumerate(weights) if w]

    def total(*arguments: Any) -> Any:
        outputs = flat(f(*arguments), keep=True)
        first, *others = [outputs[k] if w == 1 else outputs[k] * w for k, w in terms]
        return sum(others, first)

    if rows is None:
        return total, None
    columns = range(len(place.numbers))
    slopes = [sum(w * rows[k][j] for k, w in terms) for j in columns]
    shaped = place.rebuild(slopes, exactly=True)
    return total, shaped[0] if len(shaped) == 1 else shaped


def _rows(place: Point, output: Any, gradient: Any) -> list[list[float]]:
    """The Jacobian's rows, each as a list of the slopes of one output."""
    where = "gradcheck: gradient"
    numbers = [number(x, where) for x in flat(gradient)]
    count, inputs = len(flat(output)), len(place.numbers)
    if len(numbers) != count * inputs or not _begins_with(gradient, count):
        wanted = [shape_of(x) for x in place.arguments]
        raise ValueError(
            f"{where} has {shape_of(gradient)}; f gives {shape_of(output)} of a point of "
            f"{', '.join(wanted)}: give a row of slopes for each output"
        )
    parts = list(gradient) if is_sequence(gradient) and len(gradient) == count else None
    if parts is None:
        return [numbers[k * inputs : (k + 1) * inputs] for k in range(count)]
    return [[number(x, where) for x in flat(part)] for part in parts]


def _begins_with(gradient: Any, count: int) -> bool:
    """Whether the first axes of a gradient are those of so many outputs."""
    product = 1
    while product < count and is_sequence(gradient) and len(gradient):
        product *= len(gradient)
        gradient = gradient[0]
    return product == count
