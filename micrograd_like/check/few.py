"""What a few calls tell of a slope: the middle of a ladder, where they are limited.

It sees no kink beyond its steps, and no tail: what it does not know well is left open.

>>> import math
>>> from micrograd_like.check.ladder import Ladder, samples_of
>>> steps = steps_for(1.0, calls=16)
>>> ladder = Ladder(math.sin, 1.0, math.sin(1.0), samples_of(math.sin, 1.0, steps))
>>> [decided(ladder, slope, lambda _: 1e-15, 1e-16)[0] for slope in (math.cos(1.0), 0.5)]
['pass', 'fail']
"""

import math
from collections.abc import Callable

from micrograd_like.check.ladder import (
    SAFETY,
    Ladder,
    Plateau,
    estimates_of,
    plateau_of,
    quotient,
    steps_of,
)

__all__ = ["ENOUGH", "FEWEST", "UNCERTAIN", "decided", "steps_for"]

ENOUGH = 80  # calls for a whole ladder and what is looked at beside it
FEWEST = 16  # calls for seven steps, the last a ten-millionth of the size of x
FIRST = 5  # step to take: the larger ones leave a domain more often
MOST = 10  # steps: smaller ones tell little where no call is spent on the noise of f
UNCERTAIN = 1e-3  # an error bar above this part of the slope tells nothing


def steps_for(x: float, calls: float) -> list[float]:
    """The steps of a ladder that so many calls can ask at, two more being for the point itself."""
    steps = steps_of(x)
    count = min(MOST, len(steps), max(0, int(calls) - 2) // 2)
    first = min(FIRST, len(steps) - count)
    return steps[first : first + count]


def decided(
    ladder: Ladder, slope: float, allowed: Callable[[float], float], noise: float
) -> tuple[str, Plateau | None]:
    """The outcome by a short ladder, and the plateau that tells; "inconclusive" if it does not.

    ``allowed`` is how far a claim may be off a slope, and ``noise`` what is known of f's rounding.
    """
    across, right, left = (
        plateau_of(estimates_of(ladder.samples, ladder.center, noise, side)) for side in (0, 1, -1)
    )
    if across is None or right is None or left is None:
        return "inconclusive", None
    bars = right.best.bar + left.best.bar
    bent = abs(right.best.value - left.best.value) > SAFETY * bars
    best = across.best
    if bent or not best.bar <= UNCERTAIN * max(abs(best.value), abs(slope)):
        return "inconclusive", across
    off = abs(slope - best.value)
    if off <= SAFETY * best.bar + allowed(best.value):
        return "pass", across
    alike = abs(best.value) if math.isnan(off) else min(off, abs(best.value))
    sure = best.value != 0 and _is_line(ladder, best.value, alike / 8)
    sure = sure and not off <= SAFETY**2 * best.bar + allowed(best.value)
    return "fail" if sure else "inconclusive", across


def _is_line(ladder: Ladder, slope: float, bar: float) -> bool:
    """Whether f changes at all steps, to both sides, as at the best one: it has no other slope."""
    quotients = [quotient(s, ladder.center, side) for s in ladder.samples for side in (1, -1)]
    return all(q is not None and abs(q - slope) <= bar for q in quotients)
