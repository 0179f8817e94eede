"""Where a function breaks next to a point: jumps, stairs, edges, and slopes that do not settle.

>>> import math
>>> f = lambda x: x + math.floor(x)
>>> discontinuity(f, 0.5, 1.5, slope=1.0)
(1.0, 1.0)
"""

import math
from itertools import pairwise
from typing import NamedTuple

from micrograd_like.check.ladder import (
    EPSILON,
    RATIO,
    SMALLEST,
    TINY,
    Function,
    Ladder,
    quotient,
    value_at,
)

__all__ = [
    "Limit",
    "Stair",
    "constant",
    "discontinuity",
    "diverges",
    "jump_beyond",
    "jumps_at",
    "keeps_moving",
    "limit_of",
    "stair_at",
    "starts_sharply",
]

NEIGHBOURS = 8  # floats beyond a jump, over which a steep function changes as much
SEAM = 1e-4  # of a function's size: a smaller jump is where two formulas do not quite meet
STEP = 0.12  # of a function's size: more than any rounding takes
FINE = 1e-9  # of a function's size, that rounding takes
DIGIT = 1e-6  # how close to a digit a decimal is
NARROW = 1e-7  # of x: no stair that is meant


class Stair(NamedTuple):
    """The first stair of a staircase, from a point on: its distance and its height; else 0, 0."""

    width: float
    height: float
    kind: str  # "rounding", "steps", or "unclear"


class Limit(NamedTuple):
    """What quotients tend to that come closer by a constant factor, and how far there is to go."""

    value: float
    to_go: float


def keeps_moving(ladder: Ladder, noise: float, side: int) -> bool:
    """Whether the quotients of the smallest steps do not settle, and not for their noise."""
    quotients = [(s.step, quotient(s, ladder.center, side)) for s in ladder.samples[-8:]]
    changes = [
        (abs(b - a) - 100 * noise / step, abs(b))
        for (_, a), (step, b) in pairwise(quotients)
        if a is not None and b is not None
    ]
    if not changes or min(change for change, _ in changes) <= 0:
        return False
    shrinking = any(b < 0.4 * a for (a, _), (b, _) in pairwise(changes))
    return changes[-1][0] > 0.01 * changes[-1][1] or not shrinking


def limit_of(ladder: Ladder, side: int) -> Limit | None:
    """The limit of quotients whose changes shrink by one factor, as a power of the step does.

    A factor close to 1 is no power but a logarithm, or a scale below all steps.
    """
    found = [quotient(s, ladder.center, side) for s in ladder.samples[-8:]]
    known = [q for q in found if q is not None]
    changes = [b - a for a, b in pairwise(known)]
    if len(changes) < 7 or 0 in changes:
        return None
    ratios = [b / a for a, b in pairwise(changes)]
    low, high = min(ratios), max(ratios)
    if not 0 < low <= high < min(0.93, 1.02 * low):
        return None
    left = changes[-1] * ratios[-1] / (1 - ratios[-1])
    return Limit(known[-1] + left, abs(left))


def stair_at(ladder: Ladder, known: float = 0.0) -> Stair:
    """The first stair, where f is a staircase, and whether rounding made it.

    Next to the point such a function does not change at all; then all at once it does.  ``known``
    is the rounding that is known of f.
    """
    for k, s in enumerate(reversed(ladder.samples)):
        for value, step in ((s.right, s.to_right), (s.left, -s.to_left)):
            if value == ladder.center:
                continue
            if k == 0:
                return Stair(0.0, 0.0, "rounding")
            place, top = _edge(ladder, ladder.x + step, value)
            if top is None:
                continue
            width, height = abs(place - ladder.x), abs(top - ladder.center)
            rise = height / width if value is None else abs(value - ladder.center) / abs(step)
            rise *= math.ulp(place)  # of a function that bends
            underflow = abs(top) < TINY < 1e-10 * abs(place)
            if not (height > 100 * rise or underflow) or _bends(ladder, place, top):
                return Stair(0.0, 0.0, "rounding")
            return Stair(width, height, _kind(ladder, width, height, known))
    return Stair(0.0, 0.0, "rounding")


def _edge(ladder: Ladder, end: float, value: float | None) -> tuple[float, float | None]:
    """The first place between x and ``end`` where f is not what it is at x, and its value there.

    Where f is defined at ``end``, places where it is not are passed over.
    """
    flat, risen, top = ladder.x, end, value
    passed = (ladder.center,) if value is None else (ladder.center, None)
    while (middle := (flat + risen) / 2) not in (flat, risen):
        at_middle = value_at(ladder.f, middle)
        if at_middle in passed:
            flat = middle
        else:
            risen, top = middle, at_middle
    return risen, top


def _bends(ladder: Ladder, place: float, top: float) -> bool:
    """Whether f goes on changing beyond an edge, with every float: there is a kink, no stair."""
    further = value_at(ladder.f, place + math.copysign(16 * math.ulp(place), place - ladder.x))
    return further is not None and abs(further - top) > 4 * abs(top - ladder.center)


def _kind(ladder: Ladder, width: float, height: float, known: float) -> str:
    """Whether a stair is rounding's: it is small, or a power of two with few bits, or known.

    One that is a decimal of one digit, as 0.001, is made by rounding to decimals.
    """
    size = _size(ladder)
    few_bits = (math.frexp(height)[0] * 64).is_integer()
    if height < max(FINE * size, 64 * SMALLEST) or height <= 64 * known:
        return "rounding"
    if height >= STEP * size or _is_decimal(height, size):
        return "steps"
    whole = height.is_integer() and width > NARROW * abs(ladder.x)  # as of a floor
    return "rounding" if few_bits and not whole else "unclear"


def _is_decimal(height: float, size: float) -> bool:
    """Whether a height is one digit times a power of ten, as far as the rounding of f tells."""
    digit = height / 10.0 ** math.floor(math.log10(height) + DIGIT)
    return height < 0.1 and abs(digit - round(digit)) <= min(DIGIT, 8 * EPSILON * size / height)


def _size(ladder: Ladder) -> float:
    """How large the function is, at the point and at a quarter of its size away."""
    top = max(1.0, abs(ladder.x)) / 4
    near = next((s for s in ladder.samples if s.step <= top), None)
    values: list[float | None] = [ladder.center]
    values += [near.right, near.left] if near else []
    return max(abs(v) for v in values if v is not None)


def constant(ladder: Ladder, rounding: float) -> bool:
    """Whether the function is the same over the whole ladder, as far as rounding lets it.

    At an end of its domain that is one side of the ladder.
    """
    sides = [[s.right for s in ladder.samples], [s.left for s in ladder.samples]]
    there = [v for side in sides if any(v is not None for v in side) for v in side]
    return bool(there) and all(v is not None and abs(v - ladder.center) <= rounding for v in there)


def starts_sharply(ladder: Ladder, rounding: float) -> bool:
    """Whether a function that is constant next to x begins to change as a power does, at an edge.

    That is a kink, or the like, and x is on its flat side.  One that only rounding makes constant
    grows out of its rounding without an edge.
    """
    for s in reversed(ladder.samples):
        for value, step in ((s.right, s.to_right), (s.left, -s.to_left)):
            if value is None or abs(value - ladder.center) <= rounding:
                continue
            edge, _ = _edge(ladder, ladder.x + step, value)
            width = edge - ladder.x
            scales = width, math.copysign(edge, width)  # x may be far from all that f has beyond
            return any(_is_power(ladder, edge, scale, rounding) for scale in scales)
    return False


def _is_power(ladder: Ladder, edge: float, scale: float, rounding: float) -> bool:
    """Whether f grows from an edge on as a power of the distance, at parts of a scale."""
    values = [value_at(ladder.f, edge + scale / RATIO**k) for k in (2, 3, 4)]
    rises = [abs(v - ladder.center) for v in values if v is not None]
    if len(rises) < 3 or min(rises) <= 100 * rounding:
        return False
    one, other = rises[0] / rises[1], rises[1] / rises[2]
    return one > 2 and abs(one - other) < 0.05 * one


def diverges(ladder: Ladder, side: int) -> float:
    """Where the quotients on a side grow as a power of the step does: to ±inf; else 0.

    Next to a pole they grow as well, but ever less from step to step, down to one unit in the last
    place of x; at a jump they grow as fast as the step shrinks.
    """
    f, x, center, samples = ladder
    sizes = [quotient(s, center, side) for s in samples[-12:]]
    known = [q for q in sizes if q]
    if len(known) < 12:
        return 0.0
    ratios = [abs(b / a) for a, b in pairwise(known)]
    if not 1.1 < min(ratios) <= max(ratios) < min(3.9, 1.2 * min(ratios)):
        return 0.0
    if x:
        ulp = math.ulp(x)
        far, near = (value_at(f, x + side * steps * ulp) for steps in (16, 1))
        if far is None or near is None:
            return 0.0
        if abs(near - center) * 16 < 0.8 * ratios[-1] ** 2 * abs(far - center):
            return 0.0
    return math.copysign(math.inf, known[-1])


def jumps_at(ladder: Ladder, side: int) -> bool:
    """Whether the function jumps at the point itself: its change does not shrink with the step.

    A kink between x and the next float is none: there the change is no more than on the other side.
    """
    f, x, center, samples = ladder
    changes = [s.right if side > 0 else s.left for s in samples[-12:]]
    beside, opposite = (value_at(f, math.nextafter(x, s * math.inf)) for s in (side, -side))
    if len(changes) < 12 or beside is None or None in changes:
        return False
    height = abs(beside - center)
    if opposite is not None and 0 < height <= 2 * abs(opposite - center):
        return False
    return height > 0 and all(
        abs(abs(v - center) - height) < 0.1 * height for v in changes if v is not None
    )


def jump_beyond(ladder: Ladder, noise: float) -> float:
    """The distance of a seam within the ladder, a jump that hardly shows; 0 if there is none.

    Quotients of a smooth function settle step by step.  Where they settle all at once, the function
    is searched, by halving, for a place where its value jumps.
    """
    f, x, center, samples = ladder
    quotients = [quotient(s, center, 0) for s in samples]
    for k in range(len(samples) - 2):
        a, b, c = quotients[k : k + 3]
        if a is None or b is None or c is None:
            continue
        floor = 100 * (noise + EPSILON * abs(center)) / samples[k + 1].step
        if abs(a - b) > floor and abs(b - c) < abs(a - b) / 1000:
            for sign in (1, -1):
                ends = x + sign * samples[k + 1].step, x + sign * samples[k].step
                found = discontinuity(f, *ends, slope=c)
                if found and found[1] < SEAM * _size(ladder):
                    return abs(found[0] - x)
    return 0.0


def discontinuity(
    f: Function, start: float, end: float, slope: float
) -> tuple[float, float] | None:
    """The place and the height of a jump between two points, found by halving; None without one."""
    low, high = value_at(f, start), value_at(f, end)
    steep = abs(slope)
    if low is not None and high is not None:
        steep = max(steep, abs(high - low) / abs(end - start))
    while low is not None and high is not None:
        middle = (start + end) / 2
        if middle in (start, end):
            expected = steep * abs(end - start) + 4 * EPSILON * max(abs(low), abs(high))
            height = abs(high - low)
            jumps = height > 8 * expected and height > 2 * _beyond(f, start, end, low, high)
            return (middle, height) if jumps else None
        value = value_at(f, middle)
        if value is None:
            return None
        rise = slope * (middle - start)
        if abs(value - low - rise) >= abs(high - value - rise):
            end, high = middle, value
        else:
            start, low = middle, value
    return None


def _beyond(f: Function, start: float, end: float, low: float, high: float) -> float:
    """How much a function changes over a few floats on either side of two that are neighbours."""
    away = NEIGHBOURS * (end - start)
    before, after = value_at(f, start - away), value_at(f, end + away)
    return max(
        0.0 if before is None else abs(low - before), 0.0 if after is None else abs(after - high)
    )
