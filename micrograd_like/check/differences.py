"""A slope against a ladder of finite differences, with error bars.

A function is a black box that can be asked for its value at other points.  A ladder of steps gives
difference quotients, Richardson extrapolation makes each of them better, and what rounding does to
them is estimated from the function's own noise.  Going from the smallest step up, the estimates
that agree form a plateau; the most precise of them, with its error bar, is the numeric derivative.
Where the ladders to the left and to the right settle on different slopes, there is a kink, and any
slope between the two is right.

The methods are those of L. F. Richardson and J. A. Gaunt ("The deferred approach to the limit",
Philosophical Transactions A 226, 1927), of C. J. F. Ridders for the error of an extrapolation
("Accurate computation of F'(x) and F'(x) F''(x)", Advances in Engineering Software 4, 1982), and
of R. W. Hamming for the noise (*Numerical Methods for Scientists and Engineers*, 1962, the chapter
on difference tables), as in J. J. Moré and S. M. Wild, "Estimating computational noise", SIAM
Journal on Scientific Computing 33, 2011.

>>> import math
>>> check_slope("x", math.sin, 0.0, 1.0).outcome, check_slope("x", abs, 0.0, 0.5).outcome
('pass', 'kink')
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

from micrograd_like.check.report import Check
from micrograd_like.notation import number

__all__ = ["EPSILON", "UNCERTAIN", "UNSETTLED", "VERTICAL", "check_slope", "off_by", "slopes_apart"]

EPSILON = 2.0**-52
RATIO = 4.0  # of neighbouring steps
ORDERS = 6  # of Richardson extrapolation
SAFETY = 8.0  # error bars that two estimates may be apart and still agree
UNCERTAIN = 1e-3  # an error bar above this part of the slope tells nothing
TINY = 1e-305  # where underflow begins
VERTICAL = "vertical tangent"
UNSETTLED = "the differences do not settle"
Function = Callable[[float], float]
Verdict = tuple[str, str, "Plateau | None"]


class Sample(NamedTuple):
    """The function at one step to the right and to the left; None where it is undefined."""

    step: float
    right: float | None
    left: float | None
    to_right: float  # the step as the rounding of x + step left it
    to_left: float


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


def slopes_apart(low: float, high: float) -> str:
    """The reason of a kink.

    >>> slopes_apart(-1.0, 0.5)
    'slopes −1 and 0.5'
    """
    return f"slopes {number(low, 6)} and {number(high, 6)}"


def off_by(error: float) -> str:
    """The reason of a failure.

    >>> off_by(-0.00123)
    'off by 0.0012'
    """
    return f"off by {number(abs(error), 2)}"


def check_slope(
    name: str, f: Function, x: float, slope: float, rounding: float = 0.0, noise: float = 0.0
) -> Check:
    """The verdict on a slope that is claimed for f at x.

    ``rounding`` is how far it may be off by the rounding of what it is the sum of, and ``noise``
    what is known of the rounding of f itself; more of it may be found.  A TypeError tells an f that
    returns no number, a ValueError one that is random.

    >>> check_slope("x", math.exp, 0.0, 1.5).reason
    'off by 0.5'
    """
    try:
        center = f(x)
        again = f(x)
    except (ValueError, ArithmeticError):
        undefined = (math.nan, math.inf, "fail", "the function is undefined here", 0.0, math.inf)
        return Check(name, x, slope, *undefined)
    if isinstance(center, complex) or not hasattr(center, "__float__"):
        raise TypeError(f"gradcheck: f returned {center!r}, not a number or a Value")
    if math.isfinite(center) and again != center:
        raise ValueError(f"gradcheck: f gives different values for {name} = {x!r}: is it random?")
    outcome, reason, plateau = _verdict(f, x, center, slope, rounding, noise)
    if plateau is None:
        return Check(name, x, slope, math.nan, math.inf, outcome, reason, 0.0, math.inf)
    best = plateau.best
    return Check(
        name, x, slope, best.value, best.bar, outcome, reason, best.step, plateau.departs
    )  # fmt: skip


def _verdict(
    f: Function, x: float, center: float, slope: float, rounding: float, noise: float
) -> Verdict:
    """The outcome, its reason, and the plateau that tells."""
    if not math.isfinite(center):
        return "inconclusive", f"the function is {number(center)} here", None
    samples = _samples(f, x)
    if any(_jumps(f, x, center, samples, side) for side in (1, -1)):
        return "inconclusive", "the function jumps here", None
    width, height = _stair(f, x, center, samples)
    known, noise = noise, max(noise, _noise(f, x, center), height)
    moving = _keeps_moving(samples, center, noise)
    if not known:
        noise = max(noise, _scatter(samples, center))
    both, right, left = (_plateau(_estimates(samples, center, noise, s)) for s in (0, 1, -1))
    steep = [_diverges(f, x, center, samples, side) for side in (1, -1)]
    if any(steep):
        return _at_vertical_tangent(steep, left if steep[0] else right, slope, rounding)
    plateau = both or right or left
    if plateau is None:
        return "inconclusive", "undefined on both sides", None
    if right and left and _broken(right.best, left.best):
        outcome, reason = _at_kink(right.best, left.best, slope, rounding)
    else:
        outcome, reason = _compare(f, x, center, slope, rounding, plateau, samples, noise)
    if outcome == "fail" and moving:
        return "inconclusive", UNSETTLED, plateau
    if outcome == "pass" and 0 < abs(x) <= width:
        return "inconclusive", f"rounding hides changes of {number(width, 2)}, more than x", plateau
    return outcome, reason, plateau


def _at_vertical_tangent(
    steep: list[float], ends: Plateau | None, slope: float, rounding: float
) -> Verdict:
    """Where the slope is infinite on one side or both; ``ends`` is what is finite on the other."""
    ways = [way for way in steep if way]
    if ends is None or len(ways) == 2:
        low, high, bar = min(ways), max(ways), 0.0
    else:
        low, high = sorted((ends.best.value + 0.0, *ways))
        bar = SAFETY * ends.best.bar + rounding
    fits = low - bar <= slope <= high + bar
    if low == high or not fits:
        return "pass" if fits else "fail", VERTICAL, ends if low < high else None
    return "kink", slopes_apart(low, high), ends


def _at_kink(right: Estimate, left: Estimate, slope: float, rounding: float) -> tuple[str, str]:
    """Where the slopes to the two sides differ: any between them is right."""
    low, high = sorted((right.value + 0.0, left.value + 0.0))  # -0 is 0 here
    bar = SAFETY * max(right.bar, left.bar) + rounding
    if low - bar <= slope <= high + bar:
        return "kink", slopes_apart(low, high)
    if not (_settled(right, slope) and _settled(left, slope)):
        return "inconclusive", UNSETTLED
    return "fail", slopes_apart(low, high)


def _compare(
    f: Function,
    x: float,
    center: float,
    slope: float,
    rounding: float,
    plateau: Plateau,
    samples: list[Sample],
    noise: float,
) -> tuple[str, str]:
    """The outcome, and its reason, where the function is smooth."""
    best = plateau.best
    margin = SAFETY * best.bar + 16 * EPSILON * abs(best.value) + rounding
    if not abs(slope - best.value) <= margin:
        if not _settled(best, slope):
            return "inconclusive", UNSETTLED
        for side in (plateau.departs, -plateau.departs):
            place = _discontinuity(f, x, x + side, best.value) if math.isfinite(side) else None
            if place is not None:  # rounding made a staircase, which fits the slope of its stairs
                return (
                    "inconclusive",
                    f"the function jumps at a distance of {number(abs(place - x), 2)}",
                )
        return "fail", off_by(slope - best.value)
    if slope == 0 and all(s.right == s.left == center for s in samples):
        return "pass", ""  # constant, as far as the ladder reaches
    if margin > max(UNCERTAIN * max(abs(slope), abs(best.value), best.change), TINY):
        return "inconclusive", "the change of the function is lost in its rounding"
    jump = _jump(f, x, center, samples, noise)
    if jump:
        return "inconclusive", f"the function jumps at a distance of {number(jump, 2)}"
    return "pass", ""


def _settled(best: Estimate, slope: float) -> bool:
    """Whether an estimate is good enough to call a slope wrong."""
    if best.bar <= UNCERTAIN * max(abs(best.value), abs(slope)):
        return True
    flat = abs(best.value) < 0.1 * best.change  # at a minimum, say
    return flat and 100 * best.bar <= best.change and abs(slope - best.value) > SAFETY**2 * best.bar


def _keeps_moving(samples: list[Sample], center: float, noise: float) -> bool:
    """Whether the quotients of the smallest steps do not settle, and not for their noise."""
    for side in (1, -1):
        quotients = [(s.step, _quotient(s, center, side)) for s in samples[-8:]]
        changes = [
            (abs(b - a) - 100 * noise / step, abs(b))
            for (_, a), (step, b) in pairwise(quotients)
            if a is not None and b is not None
        ]
        if not changes or min(change for change, _ in changes) <= 0:
            continue
        shrinking = any(b < 0.4 * a for (a, _), (b, _) in pairwise(changes))
        if changes[-1][0] > 0.01 * changes[-1][1] or not shrinking:
            return True
    return False


def _value(f: Function, x: float) -> float | None:
    """The function's value nearby; None where it raises, overflows, or is no real number."""
    try:
        return _finite(f(x))
    except Exception:
        return None


def _finite(value: float) -> float | None:
    return value if not isinstance(value, complex) and math.isfinite(value) else None


def _steps(x: float) -> list[float]:
    """From the size of x, and of 1, down to where x + step hardly differs from x."""
    size = abs(x)
    top, bottom = max(1.0, size), max(size, 1e-9) * 2.0**-50 if size else 1e-24
    steps = [top * RATIO**-k for k in range(math.ceil(math.log(top / bottom, RATIO)) + 1)]
    if 0 < size < 1e-9:  # a second ladder, as far above the size of x as below it
        steps = [h for h in steps if h > size * RATIO**7]
        steps += [size * RATIO**k for k in range(6, -23, -1)]
    return steps


def _samples(f: Function, x: float) -> list[Sample]:
    places = [(h, x - h, x + h) for h in _steps(x)]
    return [
        Sample(h, _value(f, right), _value(f, left), right - x, x - left)
        for h, left, right in places
        if left < x < right
    ]


def _noise(f: Function, x: float, center: float) -> float:
    """The rounding noise of the function next to x.

    From fifth differences of close points, in which a smooth function leaves nothing but noise
    (Hamming's table), and from the smallest change that the function shows at all.
    """
    noise = EPSILON * abs(center) / 2
    if x == 0:
        return noise
    ulp = math.ulp(x)
    close = [_value(f, x + k * 61 * ulp) for k in range(-4, 5)]  # odd, for all bits to move
    if None not in close:
        row: list[Any] = close
        for _ in range(5):
            row = [after - before for before, after in pairwise(row)]
        noise = max(noise, math.hypot(*row) / math.sqrt(len(row) * math.comb(10, 5)))
    for k in range(30):
        nearby = [_value(f, x + sign * ulp * 2**k) for sign in (1, -1)]
        changes = [abs(v - center) for v in nearby if v is not None and v != center]
        if changes:
            return max(noise, min(changes) / 2) if k else noise
    return noise


def _scatter(samples: list[Sample], center: float) -> float:
    """The rounding noise, by how much the quotients of the smallest steps differ."""
    scatter = [0.0]
    for side in (1, -1):
        pairs = [(s.step, _quotient(s, center, side)) for s in samples[-7:]]
        scatter += [
            abs(after - before) * step / 2
            for (_, before), (step, after) in pairwise(pairs)
            if before is not None and after is not None
        ]
    from statistics import median

    return median(scatter)


def _stair(f: Function, x: float, center: float, samples: list[Sample]) -> tuple[float, float]:
    """The width and height of the first stair, where rounding makes a staircase of f; else 0, 0.

    Next to the point such a function does not change at all; then all at once it does.
    """
    for k, s in enumerate(reversed(samples)):
        for value, step in ((s.right, s.to_right), (s.left, -s.to_left)):
            if value is None or value == center:
                continue
            if k == 0:
                return 0.0, 0.0
            flat, risen, top = x, x + step, value
            while (middle := (flat + risen) / 2) not in (flat, risen):
                at_middle = _value(f, middle)
                if at_middle == center or at_middle is None:
                    flat = middle
                else:
                    risen, top = middle, at_middle
            rise = abs(value - center) / abs(step) * abs(risen - flat)  # of a function that bends
            height = abs(top - center)
            underflow = abs(top) < TINY < 1e-10 * abs(risen)
            stair = height > 100 * rise or underflow
            return (abs(risen - x), height) if stair else (0.0, 0.0)
    return 0.0, 0.0


def _quotient(s: Sample, center: float, side: int) -> float | None:
    if side == 0:
        if s.right is None or s.left is None:
            return None
        return (s.right - s.left) / (s.to_right + s.to_left)
    value, step = (s.right, s.to_right) if side > 0 else (s.left, -s.to_left)
    return None if value is None else (value - center) / step


def _estimates(samples: list[Sample], center: float, noise: float, side: int) -> list[Estimate]:
    """For each step the best slope that Richardson extrapolation makes of the steps down to it."""
    power = 1 if side else 2  # of the step in the error that each column removes
    estimates, above = [], list[float]()
    for s in samples:
        quotient = _quotient(s, center, side)
        if quotient is None or not math.isfinite(quotient):
            above = []
            continue
        values = [abs(v - center) / s.step for v in (s.right, s.left) if v is not None]
        size = max(abs(v) for v in (s.right, s.left, center) if v is not None)
        rounding = 2 * max(noise, EPSILON * size / 2) / s.step + 2 * EPSILON * abs(quotient)
        row = [quotient]
        for j, before in enumerate(above[:ORDERS], 1):
            row.append(row[-1] + (row[-1] - before) / (RATIO ** (power * j) - 1))
        if above:
            errors = [
                abs(v - above[min(j, len(above) - 1)]) + (abs(v - row[j - 1]) if j else 0.0)
                for j, v in enumerate(row)
            ]
            error, value = min(zip(errors, row, strict=True))
            estimates.append(Estimate(error + rounding, value, s.step, max(values)))
        above = row
    return estimates


def _plateau(estimates: list[Estimate]) -> Plateau | None:
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


def _broken(right: Estimate, left: Estimate) -> bool:
    """Whether two one-sided slopes differ by more than their bars allow."""
    return abs(right.value - left.value) > SAFETY * (right.bar + left.bar)


def _diverges(f: Function, x: float, center: float, samples: list[Sample], side: int) -> float:
    """Where the quotients on a side grow as a power of the step does: to ±inf; else 0.

    Next to a pole they grow as well, but ever less from step to step, down to one unit in the last
    place of x; at a jump they grow as fast as the step shrinks.
    """
    sizes = [_quotient(s, center, side) for s in samples[-12:]]
    known = [q for q in sizes if q]
    if len(known) < 12:
        return 0.0
    ratios = [abs(b / a) for a, b in pairwise(known)]
    if not 1.1 < min(ratios) <= max(ratios) < min(3.9, 1.2 * min(ratios)):
        return 0.0
    if x:
        ulp = math.ulp(x)
        far, near = (_value(f, x + side * steps * ulp) for steps in (16, 1))
        if far is None or near is None:
            return 0.0
        if abs(near - center) * 16 < 0.8 * ratios[-1] ** 2 * abs(far - center):
            return 0.0
    return math.copysign(math.inf, known[-1])


def _jumps(f: Function, x: float, center: float, samples: list[Sample], side: int) -> bool:
    """Whether the function jumps at the point itself: its change does not shrink with the step."""
    changes = [s.right if side > 0 else s.left for s in samples[-12:]]
    next_to_x = _value(f, math.nextafter(x, side * math.inf))
    if len(changes) < 12 or next_to_x is None or None in changes:
        return False
    height = abs(next_to_x - center)
    return height > 0 and all(
        abs(abs(v - center) - height) < 0.1 * height for v in changes if v is not None
    )


def _jump(f: Function, x: float, center: float, samples: list[Sample], noise: float) -> float:
    """The distance of a discontinuity within the ladder; 0 if there is none.

    Quotients of a smooth function settle step by step.  Where they settle all at once, the function
    is searched, by halving, for a place where its value jumps.
    """
    quotients = [_quotient(s, center, 0) for s in samples]
    for k in range(len(samples) - 2):
        a, b, c = quotients[k : k + 3]
        if a is None or b is None or c is None:
            continue
        floor = 100 * (noise + EPSILON * abs(center)) / samples[k + 1].step
        if abs(a - b) > floor and abs(b - c) < abs(a - b) / 1000:
            for sign in (1, -1):
                ends = x + sign * samples[k + 1].step, x + sign * samples[k].step
                place = _discontinuity(f, *ends, slope=c)
                if place is not None:
                    return abs(place - x)
    return 0.0


def _discontinuity(f: Function, start: float, end: float, slope: float) -> float | None:
    low, high = _value(f, start), _value(f, end)
    steep = abs(slope)
    if low is not None and high is not None:
        steep = max(steep, abs(high - low) / abs(end - start))
    while low is not None and high is not None:
        middle = (start + end) / 2
        if middle in (start, end):
            size = max(abs(low), abs(high))
            expected = steep * abs(end - start) + 4 * EPSILON * size
            return middle if abs(high - low) > 8 * expected else None
        value = _value(f, middle)
        if value is None:
            return None
        rise = slope * (middle - start)
        if abs(value - low - rise) >= abs(high - value - rise):
            end, high = middle, value
        else:
            start, low = middle, value
    return None
