"""The ladder of steps: a function's values at them, and the slopes that they give.

>>> import math
>>> samples = samples_of(math.sin, 0.0)
>>> best = plateau_of(estimates_of(samples, 0.0, 0.0, side=0)).best
>>> abs(best.value - 1) <= best.bar
True
"""

import math
from collections.abc import Callable
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from micrograd_like.arguments import short
from micrograd_like.notation import one_line

__all__ = [
    "CLOSE",
    "EPSILON",
    "RATIO",
    "SAFETY",
    "SMALLEST",
    "TINY",
    "Calls",
    "Estimate",
    "Function",
    "Ladder",
    "OutOfCallsError",
    "Plateau",
    "complaint_at",
    "estimates_of",
    "noise_of",
    "plateau_of",
    "quotient",
    "samples_of",
    "scatter_of",
    "steps_of",
    "value_at",
]

EPSILON = 2.0**-52
RATIO = 4.0  # of neighbouring steps
ORDERS = 6  # of Richardson extrapolation
SAFETY = 8.0  # error bars that two estimates may be apart and still agree
CLOSE = 61  # last places between the points that tell the noise: odd, for all bits to move
TINY = 1e-305  # where underflow begins
SMALLEST = 2.0**-1074  # what rounding takes below it
Function = Callable[[float], float]


class OutOfCallsError(Exception):
    """The function was called as often as its user allows."""


class Calls:
    """How often a function may be called, and was."""

    def __init__(self, most: float = math.inf) -> None:
        self.most, self.made = most, 0

    @property
    def left(self) -> float:
        """How many calls are left."""
        return max(0.0, self.most - self.made)

    def take(self) -> None:
        """Count a call that is about to be made; an OutOfCallsError if none is left."""
        if self.made >= self.most:
            raise OutOfCallsError
        self.made += 1


class Sample(NamedTuple):
    """The function at one step to the right and to the left; None where it is undefined."""

    step: float
    right: float | None
    left: float | None
    to_right: float  # the step as the rounding of x + step left it
    to_left: float


class Ladder(NamedTuple):
    """A function at a point and at the steps around it."""

    f: Function
    x: float
    center: float  # the function's value at x
    samples: list[Sample]  # from the largest step down


class Estimate(NamedTuple):
    """A slope with its error bar, from the quotients down to one step."""

    bar: float
    value: float
    step: float
    change: float  # how fast the function changes over that step, in either direction


class Plateau(NamedTuple):
    """The best estimate among those that agree, and the first larger step that does not."""

    best: Estimate
    departs: float


def value_at(f: Function, x: float) -> float | None:
    """The function's value nearby; None where it raises, overflows, or is no real number."""
    try:
        return _finite(f(x))
    except (OutOfCallsError, MemoryError):
        raise
    except Exception:
        return None


def _finite(value: float) -> float | None:
    return value if not isinstance(value, complex) and math.isfinite(value) else None


def complaint_at(f: Function, x: float) -> str:
    """Why the function has no value nearby, in a few words; "" where it has one.

    >>> complaint_at(math.log, -1.0), complaint_at(lambda x: None, 0.0)
    ('f raises ValueError: math domain error', 'f returns None')
    """
    try:
        value = f(x)
    except (OutOfCallsError, MemoryError):
        raise
    except Exception as error:
        return f"f raises {type(error).__name__}: {one_line(str(error), 80)}"
    number_like = hasattr(value, "__float__") and not isinstance(value, complex)
    return "" if number_like else f"f returns {short(value)}"


def steps_of(x: float) -> list[float]:
    """From the size of x, and of 1, down to where x + step hardly differs from x."""
    size = abs(x)
    top, bottom = max(1.0, size), max(size, 1e-9) * 2.0**-50 if size else 1e-24
    steps = [top * RATIO**-k for k in range(math.ceil(math.log(top / bottom, RATIO)) + 1)]
    if 0 < size < 1e-9:  # a second ladder, as far above the size of x as below it
        steps = [h for h in steps if h > size * RATIO**7]
        steps += [size * RATIO**k for k in range(6, -23, -1)]
    return steps


def samples_of(f: Function, x: float, steps: list[float] | None = None) -> list[Sample]:
    """The function at all steps, or at those that are given, from the largest down."""
    places = [(h, x - h, x + h) for h in (steps_of(x) if steps is None else steps)]
    return [
        Sample(h, value_at(f, right), value_at(f, left), right - x, x - left)
        for h, left, right in places
        if left < x < right
    ]


def noise_of(f: Function, x: float, center: float) -> float:
    """The rounding noise of the function next to x.

    From fifth differences of close points, in which a smooth function leaves nothing but noise:
    Hamming's table.
    """
    noise = max(EPSILON * abs(center) / 2, SMALLEST)
    if x == 0:
        return noise
    ulp = math.ulp(x)
    close = [value_at(f, x + k * CLOSE * ulp) for k in range(-4, 5)]
    if None not in close:
        row: list[Any] = close
        for _ in range(5):
            row = [after - before for before, after in pairwise(row)]
        noise = max(noise, math.hypot(*row) / math.sqrt(len(row) * math.comb(10, 5)))
    return noise


def scatter_of(samples: list[Sample], center: float) -> float:
    """The rounding noise, by how much the quotients of the smallest steps differ."""
    scatter = [0.0]
    for side in (1, -1):
        pairs = [(s.step, quotient(s, center, side)) for s in samples[-7:]]
        scatter += [
            abs(after - before) * step / 2
            for (_, before), (step, after) in pairwise(pairs)
            if before is not None and after is not None
        ]
    return median(scatter)


def quotient(s: Sample, center: float, side: int) -> float | None:
    """The difference quotient to the right (1), to the left (-1), or across (0)."""
    if side == 0:
        if s.right is None or s.left is None:
            return None
        return (s.right - s.left) / (s.to_right + s.to_left)
    value, step = (s.right, s.to_right) if side > 0 else (s.left, -s.to_left)
    return None if value is None else (value - center) / step


def estimates_of(samples: list[Sample], center: float, noise: float, side: int) -> list[Estimate]:
    """For each step the best slope that Richardson extrapolation makes of the steps down to it.

    Beyond a gap in which the function is undefined lies another part of it, which tells nothing.
    """
    power = 1 if side else 2  # of the step in the error that each column removes
    estimates, above = list[Estimate](), list[float]()
    for s in samples:
        raw = quotient(s, center, side)
        if raw is None or not math.isfinite(raw):
            above = []
            continue
        values = [abs(v - center) / s.step for v in (s.right, s.left) if v is not None]
        size = max(abs(v) for v in (s.right, s.left, center) if v is not None)
        rounding = 2 * max(noise, EPSILON * size / 2) / s.step + 2 * EPSILON * abs(raw)
        row = [raw]
        for j, before in enumerate(above[:ORDERS], 1):
            row.append(row[-1] + (row[-1] - before) / (RATIO ** (power * j) - 1))
        if above:
            errors = [
                abs(v - above[min(j, len(above) - 1)]) + (abs(v - row[j - 1]) if j else 0.0)
                for j, v in enumerate(row)
            ]
            if len(above) == 1:
                estimates = []
            error, value = min(zip(errors, row, strict=True))
            estimates.append(Estimate(error + rounding, value, s.step, max(values)))
        above = row
    return estimates


def plateau_of(estimates: list[Estimate]) -> Plateau | None:
    """The most precise of the estimates that agree, from the smallest step up."""
    best = None
    for e in reversed(estimates):
        if best is None:
            best = e
        elif abs(e.value - best.value) <= SAFETY * (best.bar + e.bar * (e.bar > best.bar)):
            best = min(best, e)  # a better one lies within the bars of the one before
        elif e.bar < SAFETY * best.bar or abs(e.value - best.value) > SAFETY**2 * (
            e.bar + best.bar
        ):
            return Plateau(best, e.step)
    return best and Plateau(best, math.inf)
