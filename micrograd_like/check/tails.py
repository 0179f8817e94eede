"""The slope in a tail: where a function is so close to its limit that rounding hides the rest.

>>> import math
>>> from micrograd_like.check.ladder import Ladder, samples_of
>>> ladder = Ladder(math.tanh, 20.0, 1.0, samples_of(math.tanh, 20.0))
>>> print(f"{tail_of(ladder):.4g}", f"{1 / math.cosh(20) ** 2:.4g}")
1.699e-17 1.699e-17
"""

import math
from collections.abc import Callable

from micrograd_like.check.ladder import Ladder, value_at

__all__ = ["tail_of"]

FAR, NEAR = 1e-6, 1e-10  # parts of the limit, between which a tail is measured
STRAIGHT = 1e-4  # how well its logarithm is a straight line
PLACES = 8  # at which the tail must explain the function to its last places


def tail_of(ladder: Ladder) -> float | None:
    """The slope of a function that goes to a limit as exp(-k x) does; None if it does not."""
    found = _tail(ladder, 1)
    return _tail(ladder, -1) if found is None else found


def _tail(ladder: Ladder, side: int) -> float | None:
    """The same, of a tail that grows to one side of the point."""
    f, x, _, samples = ladder
    beyond = [s.left if side > 0 else s.right for s in samples]
    limit = beyond[0] if beyond else None
    if not limit or any(v is None or abs(v - limit) > 2 * math.ulp(limit) for v in beyond):
        return None

    def rest(distance: float) -> float:
        value = value_at(f, x + side * distance)
        return math.nan if value is None else value - limit

    far, near = (_where(rest, samples[0].step, part * abs(limit)) for part in (FAR, NEAR))
    ends = rest(far), rest((far + near) / 2), rest(near)
    if not far > near or not ends[0] * ends[2] > 0:
        return None
    if not abs(ends[1] ** 2 / (ends[0] * ends[2]) - 1) < STRAIGHT:
        return None
    rate = math.log(ends[0] / ends[2]) / (far - near)
    for k in range(PLACES):
        distance = near * k / PLACES
        explained = ends[2] * math.exp(rate * (distance - near))
        if not abs(rest(distance) - explained) <= 2 * math.ulp(limit):
            return None
    return side * rate * ends[2] * math.exp(-rate * near)


def _where(rest: Callable[[float], float], end: float, height: float) -> float:
    """The distance at which a tail has a height, found by halving."""
    low, high = 0.0, end
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if not abs(rest(middle)) < height else (middle, high)
    return high
