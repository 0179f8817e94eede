"""Where a rule's derivative begins to behave in another way: the numbers that tests should reach.

A mistake hides past saturation, next to the end of a domain or a kink, at tiny and at huge numbers.
No table says where that is: the rule is asked at numbers of all sizes, and its derivative tells.

>>> from micrograd_like.rules import RULES
>>> [x for x in turns(RULES["sigmoid"], 0) if 37 < x < 1000]
[40.0, 100.0, 300.0]
>>> [x for x in turns(RULES["asin"], 0) if x > 0.999]
[0.99999, 0.9999999, 0.999999999]
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from micrograd_like.rules import Rule

__all__ = ["LARGEST", "is_straight", "turns"]

LARGEST = 1e9  # of the values and derivatives in a graph, so that sums of products stay precise
SIZES = [float(f"{digit}e{power}") for power in range(-8, 9) for digit in (1, 3)]
GRID = sorted([*SIZES, *(-x for x in SIZES)])
MANY, HUGE = 40.0, 1e8  # of the sizes between, those where the slope is 0 are alike
USUAL = [s * x for x in (1e-8, 1e-5, 1e-3, MANY, 800.0, 1e5, HUGE) for s in (1.0, -1.0)]
BESIDE = (1e-3, 1e-5, 1e-7, 1e-9)  # of an end's size: the distances from it
ORDINARY = 0.005, 2.0  # sizes that are drawn anyway
PART = 0.4375  # of an interval, so that no round number is met
SMALLEST_END = 1e-3  # nearer to 0 the grid is close enough
BEND = 0.01  # a change of d log f' / d log x from one number of the grid to the next
Slope = Callable[[float], float | None]
Point = tuple[float, float | None]  # a number, and the slope there


def turns(rule: Rule, place: int, other: float = 0.0) -> Sequence[float]:
    """Numbers for one operand of a rule where its derivative turns, ``other`` being the other one.

    Those between which the derivative follows another power law than before, and one on either
    side; those next to where it jumps, or the rule ends; tiny and huge ones.  Simple ones first.
    """
    return _turns(rule, rule.function, place, other)[1]


def is_straight(rule: Rule, place: int, other: float = 0.0) -> bool:
    """Whether the derivative for one operand is the same everywhere, but for its sign.

    >>> from micrograd_like.rules import RULES
    >>> is_straight(RULES["mul"], 0, 3.0), is_straight(RULES["div"], 1, 3.0)
    (True, False)
    """
    return _turns(rule, rule.function, place, other)[0]


@lru_cache(maxsize=1 << 12)
def _turns(
    rule: Rule, _function: Callable[..., object], place: int, other: float
) -> tuple[bool, tuple[float, ...]]:
    """Whether it is straight, and where it turns; a rule may get another function."""

    def slope(x: float) -> float | None:
        operands = ((x, other) if place == 0 else (other, x))[: rule.arity]
        if not rule.is_defined(*operands):
            return None
        try:
            outcome = rule.function(*operands)
        except (ValueError, ArithmeticError):
            return None
        value, found = outcome[0], outcome[1 + place]
        return found if abs(value) <= LARGEST and abs(found) <= LARGEST else math.nan

    slopes = [slope(x) for x in GRID]
    powers = _powers(slopes)
    bends = _bends(powers)
    found = {x for k, x in enumerate(GRID) if any(bends[max(0, k - 1) : k + 2])}
    found = {x for x in found if abs(x) < ORDINARY[0] or abs(x) > ORDINARY[1]}.union(USUAL)
    found = {x for x in found if not MANY < abs(x) < HUGE or slope(x)}
    ends = list(_ends(slope, slopes))
    for end in ends:
        found.update(end + side * size * abs(end) for size in BESIDE for side in (1, -1))
    allowed = [x for x in found if _is_number(slope(x))]
    straight = not ends and all(power in (0.0, None) for power in powers)
    return straight, tuple(sorted(allowed, key=lambda x: (len(repr(x)), abs(x), -x)))


def _is_number(slope: float | None) -> bool:
    """Whether there is a slope that is not too large."""
    return slope is not None and not math.isnan(slope)


def _powers(slopes: Sequence[float | None]) -> list[float | None]:
    """The power law that the slope follows from each number of the grid to the next."""
    powers: list[float | None] = []
    for (x, p), (y, q) in pairwise(zip(GRID, slopes, strict=True)):
        if p is None or q is None or x * y < 0:
            powers.append(None)
        elif p == q:
            powers.append(0.0)
        else:
            powers.append(math.log(q / p) / math.log(y / x) if p * q > 0 else math.inf)
    return powers


def _bends(powers: Sequence[float | None]) -> list[bool]:
    """For each number of the grid whether the slope follows another power law after it."""
    changes = [
        before is not None and after is not None and not abs(after - before) <= BEND
        for before, after in pairwise(powers)
    ]
    return [False, *changes, False]


def _ends(slope: Slope, slopes: Sequence[float | None]) -> Iterator[float]:
    """Where the slope jumps, and where there begins to be none."""
    for (a, p), (b, q) in pairwise(zip(GRID, slopes, strict=True)):
        if min(abs(a), abs(b)) >= SMALLEST_END and _may_jump(p, q):
            end = _narrowed(slope, (a, p), (b, q))
            if end is not None:
                yield end


def _may_jump(p: float | None, q: float | None) -> bool:
    if p is None or q is None:
        return p is not q
    return abs(q - p) > 0.1 * (abs(p) + abs(q))


def _narrowed(slope: Slope, low: Point, high: Point) -> float | None:
    """The place between two points where the slope jumps, found by halving; None without one."""
    whole = _apart(low[1], high[1])
    while low[0] < (x := low[0] + PART * (high[0] - low[0])) < high[0]:
        middle = x, slope(x)
        if _apart(low[1], middle[1]) > _apart(middle[1], high[1]):
            high = middle
        else:
            low = middle
        if not _apart(low[1], high[1]) >= 0.4 * whole:
            return None
    return high[0] if low[1] is None else low[0]


def _apart(p: float | None, q: float | None) -> float:
    """How far two slopes are apart: infinitely if there is but one; 0 if one is too large."""
    if p is None or q is None:
        return 0.0 if p is q else math.inf
    return 0.0 if math.isnan(q - p) else abs(q - p)
