"""Functions of several outputs: their Jacobian by rows, or by random sums of its rows.

>>> from micrograd_like.check.points import Point
>>> output_of(lambda x: [x, x * x], Point(lambda x: x, [3.0]), of_floats=True)
[3.0, 9.0]
"""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from micrograd_like.arguments import is_array, number, short
from micrograd_like.check.directions import evening
from micrograd_like.check.inputs import quietly
from micrograd_like.check.points import (
    Point,
    dense,
    flat,
    is_plain,
    is_sequence,
    leaves,
    shape_of,
)
from micrograd_like.check.report import Report
from micrograd_like.engine import Value
from micrograd_like.notation import one_line

__all__ = ["ALL", "check_rows", "check_vector", "output_of"]

ROWS = 12  # outputs, of which each has its row checked by itself
GROUP = 2  # rows that are not halved any more
ALL = -1  # rows
Function = Callable[..., Any]
OfOne = Callable[[Function, Any, bool], Report]


def output_of(f: Function, place: Point, of_floats: bool) -> Any:
    """What f returns, if that is several numbers; None if it is one, or undefined here.

    A ValueError tells an f that changes its argument, returns no number at all, or is undefined at
    a point of several numbers, for all of them in one line.
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
        except (ValueError, ArithmeticError) as error:
            if not of_floats or (len(numbers) == 1 and is_plain(place.arguments)):
                return None
            why = f"{type(error).__name__}: {one_line(str(error), 200)}".removesuffix(": ")
            raise ValueError(f"gradcheck: f is undefined at the point: it raises {why}") from error
        after = flat(arguments)
        for x, before, name in zip(after, place.numbers, place.names, strict=False):
            if x != before:
                raise ValueError(f"gradcheck: f changes its argument {name}; let it take a copy")
        if len(after) != len(place.numbers):
            raise ValueError("gradcheck: f changes the length of its argument; let it take a copy")
        if not is_sequence(output):
            return None
        if not flat(output):
            raise ValueError(f"gradcheck: f returned {short(output)}; needs at least one output")
        return output
    return None


def check_vector(
    f: Function, place: Point, output: Any, gradient: Any, of_one: OfOne, every: bool
) -> Report:
    """The Jacobian's rows; of many outputs random sums of them first.

    ``of_one`` checks a function of one output.
    """
    rows = None if gradient is None else _rows(place, output, gradient)
    names = [name for name, _ in leaves(output, "f")]
    with quietly():  # f has printed what it prints at the point
        reports = check_rows(f, place, rows, len(names), of_one, every)
    checks = [
        c if k == ALL else c._replace(input=f"{names[k]}: {c.input}")
        for k, report in reports.items()
        for c in report.checks
    ]
    return Report(checks, strict=any(report.strict for report in reports.values()))


def check_rows(
    f: Function,
    place: Point,
    rows: list[list[float]] | None,
    count: int,
    of_one: OfOne,
    every: bool,
) -> dict[int, Report]:
    """The reports on rows of a Jacobian, by their numbers.

    Of many rows random sums are checked: if they pass, there is the report on `ALL` of them.  If
    not, halving finds the rows that do not pass, and those that do are left out.
    """

    def by_itself(k: int) -> Report:
        return of_one(*_sum(f, place, rows, {k: 1.0}), every)

    if every or count <= ROWS:
        return {k: by_itself(k) for k in range(count)}
    rng = random.Random(count)
    plain = [rng.choice((-1, 1)) * rng.uniform(0.5, 1) for _ in range(count)]
    sizes = [max(map(abs, row), default=0.0) for row in rows or [[1.0]] * count]
    evened = [w * weight for w, weight in zip(reversed(plain), evening(sizes), strict=True)]
    found: dict[int, Report] = {}
    groups = [range(count)]
    while groups:
        group = groups.pop()
        if len(group) <= GROUP:
            found |= {k: by_itself(k) for k in group}
            continue
        sums = [_sum(f, place, rows, {k: w[k] for k in group}) for w in (plain, evened)]
        reports = [of_one(*one, False) for one in sums]
        if any(c.outcome != "pass" for report in reports for c in report.checks):
            middle = len(group) // 2
            groups += [group[middle:], group[:middle]]
        elif len(group) == count:
            return {ALL: reports[0]}
    return found


def _sum(
    f: Function, place: Point, rows: list[list[float]] | None, weights: Mapping[int, float]
) -> tuple[Function, Any]:
    """A sum of outputs with weights, and of their rows of the Jacobian in the point's shape."""
    terms = list(weights.items())

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
    """The Jacobian's rows, each as a list of the slopes of one output.

    They are given as such, or as an array of all axes of the output and then of the point, or as a
    Jacobian for each argument, and for each array and number within lists and dicts.
    """
    where = "gradcheck: gradient"
    count, inputs = len(flat(output)), len(place.numbers)
    arguments, gradient = place.arguments, dense(gradient)
    parts = [flat(x) for x in gradient] if is_sequence(gradient) else []
    slopes = [x for part in parts for x in part]
    alone = len(arguments) == 1
    holder = arguments if not alone else arguments[0]
    of_trees = not alone or (isinstance(gradient, (list, tuple)) and _holds_arrays(holder))
    of_axes = len(slopes) == count * inputs and _begins_with(gradient, count)
    of_rows = [len(part) for part in parts] == [inputs] * count
    if not of_rows and (of_trees or not of_axes):
        fits = isinstance(holder, (Mapping, list, tuple))
        of_parts = list(_parts(holder, gradient, count)) if fits else [None]
        if None not in of_parts:
            slopes = [x for k in range(count) for rows in of_parts if rows for x in rows[k]]
        elif not of_axes:
            wanted = [shape_of(x) for x in arguments]
            raise ValueError(
                f"{where} has {shape_of(gradient)}; f gives {shape_of(output)} of a point of "
                f"{', '.join(wanted)}: give a row of slopes for each output"
            )
    numbers = [number(x, where) for x in slopes]
    return [numbers[k * inputs : (k + 1) * inputs] for k in range(count)]


def _parts(part: Any, tree: Any, count: int) -> Iterator[list[list[Any]] | None]:
    """The rows of a Jacobian for each array and number within a part of the point.

    None stands for those that have other shapes.
    """
    if isinstance(part, Mapping):
        fits = isinstance(tree, Mapping) and set(tree) == set(part)
        pairs = [(inner, tree[key]) for key, inner in part.items()] if fits else []
    elif isinstance(part, (list, tuple)):
        fits = is_sequence(tree) and len(tree) == len(part)
        pairs = list(zip(part, tree, strict=True)) if fits else []
    else:
        size, slopes = len(flat(part)), flat(tree)
        known = not isinstance(tree, Mapping)
        fits = known and len(slopes) == count * size and _begins_with(dense(tree), count)
        yield [slopes[k * size : (k + 1) * size] for k in range(count)] if fits else None
        return
    if not fits:
        yield None
    for inner, other in pairs:
        yield from _parts(inner, other, count)


def _holds_arrays(part: Any) -> bool:
    """Whether a list holds arrays or dicts, which have a Jacobian each."""
    known = isinstance(part, (list, tuple))
    return known and any(is_array(x) or isinstance(x, Mapping) for x in part)


def _begins_with(gradient: Any, count: int) -> bool:
    """Whether the first axes of an array are those of so many outputs."""
    product = 1
    while product < count and is_sequence(gradient) and len(gradient):
        product *= len(gradient)
        gradient = dense(gradient[0])
    return product == count
