"""Data points: rows of numbers with their targets, checked, and some of them held back."""

import math
import random
from typing import Any, NamedTuple

from micrograd_like.arguments import (
    expect,
    is_list,
    number,
    one_for_each,
    rows,
    several,
    share,
    short,
)
from micrograd_like.notation import plural

__all__ = ["Point", "check_data", "points_of", "split"]


class Point(NamedTuple):
    """A row of data, with its number and its target."""

    number: int
    row: list[float]
    target: Any


def check_data(X: Any, y: Any, where: str) -> tuple[list[list[float]], list[Any]]:
    """The data as rows of floats and a list of targets, or an error that names row and column.

    >>> check_data([[1, 2], [3, 4]], [0, [1, 0]], "fit")
    ([[1.0, 2.0], [3.0, 4.0]], [0.0, [1.0, 0.0]])
    """
    inputs, targets = rows(X, where), several(y, f"{where}: y", "targets, one for each row")
    one_for_each(len(inputs), len(targets), where)
    width = len(inputs[0])
    for i, row in enumerate(inputs):
        if len(row) != width:
            raise ValueError(
                f"{where}: row {i} has {plural(len(row), 'number')} and row 0 has {width}; "
                "give all rows the same columns"
            )
    numbers = [
        [
            x if type(x) is float and math.isfinite(x) else _finite(x, f"{at}, column {j}")
            for j, x in enumerate(row)
        ]
        for at, row in ((f"{where}: row {i}", row) for i, row in enumerate(inputs))
    ]
    return numbers, [_target(t, f"{where}: target {i}") for i, t in enumerate(targets)]


def points_of(X: Any, y: Any, where: str) -> list[Point]:
    """Rows and targets as points, numbered from 0, after `check_data`."""
    pairs = zip(*check_data(X, y, where), strict=True)
    return [Point(i, row, target) for i, (row, target) in enumerate(pairs)]


def split(
    points: list[Point], validation: Any, chance: random.Random
) -> tuple[list[Point], list[Point]]:
    """The points to learn from, and those that are held back: a share, or others of their own."""
    if isinstance(validation, tuple | list):
        what = "a share of the rows, as in 0.2, or rows and targets, as in (X, y)"
        expect(len(validation) == 2, validation, "fit: validation", what)
        X, y = validation
        return points, points_of(X, y, "fit: validation")
    part = share(validation, "fit: validation")
    count = round(part * len(points))
    if part and not 0 < count < len(points):
        raise ValueError(
            f"fit: validation is {short(validation)} of {plural(len(points), 'row')}, which leaves "
            "none to learn from or to validate on; take another share"
        )
    if not count:
        return points, []
    mixed = chance.sample(points, len(points))
    held_back = {point.number for point in mixed[:count]}
    return [p for p in points if p.number not in held_back], mixed[:count]


def _target(target: Any, where: str) -> Any:
    """A number, or a list of them: of outputs, or of the probabilities of classes."""
    if not is_list(target):
        return _finite(target, where)
    return [_finite(t, f"{where}, output {j}") for j, t in enumerate(target)]


def _finite(value: Any, where: str) -> float:
    if isinstance(value, str):
        text = short(value)
        raise ValueError(f"{where} is {text}; give each text a number, as in {{{text}: 0}}[text]")
    x = number(value, where)
    if not math.isfinite(x):
        raise ValueError(f"{where} is {x}; drop the row or fill in a finite number")
    return x
