"""Many inputs: a few random directions decide, and halving finds the inputs where they do not.

The slope along a direction is the sum of the inputs' slopes, each times the direction's part.  A
wrong one among a thousand shows in the sum, but for one next to nothing of the others.

>>> from micrograd_like.check.inputs import PythonFunction
>>> square = PythonFunction(lambda *xs: sum(x * x for x in xs), [float(k) for k in range(20)])
>>> claims = [(2.0 * k + (k == 7), 0.0, 0.0) for k in range(20)]
>>> [c.input for c in check_by_directions(square, claims, "differences") if c.outcome == "fail"]
['x7']
"""

import math
import random
from collections.abc import Sequence
from statistics import median

from micrograd_like.check.differences import check_slope
from micrograd_like.check.inputs import Claims, Subject, check_inputs, quietly, taken_again
from micrograd_like.check.ladder import OutOfCallsError
from micrograd_like.check.report import Check

__all__ = ["FEW", "check_by_directions"]

FEW = 12  # inputs, of which each is checked by itself
GROUP = 3  # inputs that are not halved any more
DIRECTIONS = 2
EVENED = 100.0  # times that a small slope's part of a direction is larger


def check_by_directions(subject: Subject, claims: Claims, reference: str) -> list[Check]:
    """The verdict on each input's slope, of many inputs by directions."""
    n = len(subject.names)
    if n <= FEW or reference == "mpmath":
        return check_inputs(subject, claims, reference)
    directions = _directions(subject.point, [slope for slope, _, _ in claims])
    found: dict[int, Check] = {}
    with quietly():
        groups = [[i for i in range(n) if all(map(math.isfinite, claims[i]))]]
        alone = sorted({*range(n)} - {*groups[0]})
        while groups:
            group = groups.pop()
            if len(group) <= GROUP:
                alone += group
            elif _passes(subject, claims, directions, group):
                found |= {i: _passed(subject, i, claims[i][0]) for i in group}
            else:
                middle = len(group) // 2
                groups += [group[middle:], group[:middle]]
    found |= zip(alone, check_inputs(subject, claims, "differences", alone), strict=True)
    checks = [found[i] for i in range(n)]
    return taken_again(subject, claims, checks) if reference == "auto" else checks


def _passed(subject: Subject, i: int, slope: float) -> Check:
    reason = f"along {DIRECTIONS} directions"
    name, x = subject.names[i], subject.point[i]
    return Check(name, x, slope, math.nan, math.inf, "pass", reason, 0.0, math.inf)


def _directions(point: Sequence[float], slopes: Sequence[float]) -> list[list[float]]:
    """Random directions of the size of the point: one of the inputs, one of their slopes as well.

    They are drawn anew for each number of inputs, and are the same in every run.
    """
    rng = random.Random(len(point))
    sizes = [abs(x) or 1.0 for x in point]
    known = [abs(s) for s in slopes if s and math.isfinite(s)]
    usual = median(known) if known else 1.0
    evened = [
        size * min(EVENED, max(1 / EVENED, usual / abs(s))) if s and math.isfinite(s) else size
        for size, s in zip(sizes, slopes, strict=True)
    ]
    return [
        [size * rng.choice((-1, 1)) * rng.uniform(0.5, 1) for size in of_kind]
        for of_kind in (sizes, evened)
    ]


def _passes(
    subject: Subject, claims: Claims, directions: list[list[float]], group: list[int]
) -> bool:
    """Whether the slopes of a group of inputs are right along all directions."""
    for whole in directions:
        direction = [0.0] * len(whole)
        for i in group:
            direction[i] = whole[i]
        slope = math.fsum(claims[i][0] * direction[i] for i in group)
        rounding = math.fsum(claims[i][1] * abs(direction[i]) for i in group)
        terms = math.fsum(abs(claims[i][0] * direction[i]) for i in group)
        rounding += 2.0**-50 * terms  # of the sum, and of the inputs next to the point
        try:
            check = check_slope(
                "", subject.toward(direction), 1.0, slope, rounding, claims[group[0]][2],
                subject.limits.tolerance,
            )  # fmt: skip
        except OutOfCallsError:
            return False
        if check.outcome != "pass":
            return False
    return True
