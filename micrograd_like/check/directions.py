"""Many inputs: a few random directions decide, and where they do not, find the inputs to check.

The slope along a direction is the sum of the inputs' slopes, each times the direction's part.  A
wrong one among a thousand shows in the sum, but for one next to nothing of the others.  If it is
the only one, the errors along two directions are as their parts of that input are, which tells
which input it is; else the inputs are halved.  Once many are known to be wrong, as where all are,
the others are only told from those that are right.

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

from micrograd_like.check.differences import EPSILON, LOST, Tolerance, check_slope
from micrograd_like.check.inputs import Claims, Subject, check_inputs, quietly, taken_again
from micrograd_like.check.ladder import OutOfCallsError
from micrograd_like.check.report import NOT_CHECKED, Check

__all__ = ["FEW", "check_by_directions", "evening"]

FEW = 12  # inputs, of which each is checked by itself
GROUP = 3  # inputs that are not halved any more
DIRECTIONS = 2
ENOUGH = 20  # inputs that failed, after which no more are looked for
EVENED = 100.0  # times that a small slope's part of a direction is larger
PASSED = f"along {DIRECTIONS} directions"
IN_SINGLE = f"{LOST}; compute in float64, or give rtol"
LEFT = f"{NOT_CHECKED}: {ENOUGH} inputs failed before; every=True checks each"


def check_by_directions(subject: Subject, claims: Claims, reference: str) -> list[Check]:
    """The verdict on each input's slope, of many inputs by directions."""
    n = len(subject.names)
    if n <= FEW or reference == "mpmath":
        return check_inputs(subject, claims, reference)
    directions = _directions(subject.point, [slope for slope, _, _ in claims])
    found: dict[int, Check] = {}
    groups = [[i for i in range(n) if all(map(math.isfinite, claims[i]))]]
    groups += [[i] for i in sorted({*range(n)} - {*groups[0]}, reverse=True)]
    left: list[int] = []
    tolerance = subject.limits.tolerance
    is_hopeless = tolerance.unit > EPSILON and not tolerance.of_user(1.0)
    while groups:
        group = groups.pop()
        along = _along(subject, claims, directions, group) if len(group) > GROUP else []
        if along and all(check.outcome == "pass" for check in along):
            found |= {i: _told(subject, i, claims[i][0], "pass", PASSED) for i in group}
        elif sum(check.outcome == "fail" for check in found.values()) >= ENOUGH:
            left += group
        elif along and is_hopeless and all(map(_is_lost, along)):
            found |= {i: _told(subject, i, claims[i][0], "inconclusive", IN_SINGLE) for i in group}
        elif along:
            groups += _parts(subject, claims, directions, group, along, found)
        else:
            found |= zip(group, check_inputs(subject, claims, "differences", group), strict=True)
    found |= {i: _told(subject, i, claims[i][0], "inconclusive", LEFT) for i in left}
    checks = [found[i] for i in range(n)]
    return taken_again(subject, claims, checks) if reference == "auto" and not left else checks


def _is_lost(check: Check) -> bool:
    """Whether rounding hides the change along a direction."""
    return check.outcome == "inconclusive" and check.reason == LOST


def _parts(
    subject: Subject, claims: Claims, directions: Sequence[Sequence[float]], group: Sequence[int],
    along: Sequence[Check], found: dict[int, Check],
) -> list[list[int]]:  # fmt: skip
    """Of a group along which directions do not pass: all but the one input that is to blame.

    Or else its halves.  An input that is checked by itself is added to those found.
    """
    one, other = (check.numeric - check.gradient for check in along)
    if math.isfinite(one * other) and one * other != 0:
        first, second = directions
        suspect = min(
            group,
            key=lambda i: abs(second[i] * one - first[i] * other) / math.hypot(first[i], second[i]),
        )
        (check,) = check_inputs(subject, claims, "differences", [suspect])
        if check.outcome != "pass":
            found[suspect] = check
            return [[i for i in group if i != suspect]]
    middle = len(group) // 2
    return [list(group[middle:]), list(group[:middle])]


def _told(subject: Subject, i: int, slope: float, outcome: str, reason: str) -> Check:
    """The verdict on an input that is not checked by itself."""
    name, x = subject.names[i], subject.point[i]
    return Check(name, x, slope, math.nan, math.inf, outcome, reason, 0.0, math.inf)


def _directions(point: Sequence[float], slopes: Sequence[float]) -> list[list[float]]:
    """Random directions of the size of the point: one of the inputs, one of their slopes as well.

    They are drawn anew for each number of inputs, and are the same in every run.
    """
    rng = random.Random(len(point))
    sizes = [abs(x) or 1.0 for x in point]
    evened = [size * weight for size, weight in zip(sizes, evening(slopes), strict=True)]
    return [
        [size * rng.choice((-1, 1)) * rng.uniform(0.5, 1) for size in of_kind]
        for of_kind in (sizes, evened)
    ]


def evening(sizes: Sequence[float]) -> list[float]:
    """Weights that make what is small among several as large as is usual, and what is large small.

    >>> evening([1.0, -4.0, 2.0])
    [2.0, 0.5, 1.0]
    """
    known = [abs(s) for s in sizes if s and math.isfinite(s)]
    usual = median(known) if known else 1.0
    return [
        min(EVENED, max(1 / EVENED, usual / abs(s))) if s and math.isfinite(s) else 1.0
        for s in sizes
    ]


def _along(
    subject: Subject, claims: Claims, directions: Sequence[Sequence[float]], group: Sequence[int]
) -> list[Check]:
    """The verdicts on a group's slopes along all directions; none if there are no calls left."""
    checks, tolerance = [], subject.limits.tolerance
    for whole in directions:
        direction = [0.0] * len(whole)
        for i in group:
            direction[i] = whole[i]
        slope = math.fsum(claims[i][0] * direction[i] for i in group)
        rounding = math.fsum(claims[i][1] * abs(direction[i]) for i in group)
        terms = math.fsum(abs(claims[i][0] * direction[i]) for i in group)
        rounding += 2.0**-50 * terms  # of the sum, and of the inputs next to the point
        # What one input may be off, so that no other's share hides it.
        allowed = min(tolerance.of_user(claims[i][0]) * abs(direction[i]) for i in group)
        try:
            with quietly():
                check = check_slope(
                    "", subject.toward(direction), 1.0, slope, rounding, claims[group[0]][2],
                    Tolerance(allowed, 0.0, tolerance.unit), subject.limits.calls.left / 4,
                )  # fmt: skip
        except OutOfCallsError:
            return []
        checks.append(check)
    return checks
