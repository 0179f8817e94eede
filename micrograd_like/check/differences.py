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
from typing import NamedTuple

from micrograd_like.arguments import short
from micrograd_like.check.breaks import (
    Limit,
    Stair,
    constant,
    discontinuity,
    diverges,
    jump_beyond,
    jumps_at,
    keeps_moving,
    limit_of,
    stair_at,
    starts_sharply,
)
from micrograd_like.check.few import ENOUGH, UNCERTAIN, decided, steps_for
from micrograd_like.check.ladder import (
    CLOSE,
    EPSILON,
    SAFETY,
    SMALLEST,
    TINY,
    Estimate,
    Function,
    Ladder,
    OutOfCallsError,
    Plateau,
    complaint_at,
    estimates_of,
    noise_of,
    plateau_of,
    samples_of,
    scatter_of,
)
from micrograd_like.check.report import SLOPES, Asked, Check
from micrograd_like.check.tails import tail_of
from micrograd_like.notation import number, one_line

__all__ = [
    "EPSILON", "EXACT", "LOST", "UNCERTAIN", "UNSETTLED", "VERTICAL", "Tolerance", "check_slope",
    "is_rough", "off_by", "slopes_apart",
]  # fmt: skip

FAR = 30.0  # times what quotients have to go to their limit, where no slope is
VERTICAL = "vertical tangent"
UNSETTLED = "the differences do not settle"
LOST = "the change of the function is lost in its rounding"
Verdict = tuple[str, str, Plateau | None]


class Tolerance(NamedTuple):
    """What a claim may be off by its user's word, and how precise the function is."""

    absolute: float = 0.0
    relative: float = 0.0  # to what the differences say, never to the claim
    unit: float = EPSILON  # of the function's precision

    def at(self, size: float) -> float:
        """How far a claim may be off a slope of this size."""
        rounding = max(self.relative, 16 * self.unit) * abs(size) + 16 * SMALLEST
        return self.absolute + rounding

    def of_user(self, size: float) -> float:
        """The part of it that its user allows."""
        return self.absolute + self.relative * abs(size)


EXACT = Tolerance()


class Claim(NamedTuple):
    """A slope that is claimed, and what rounding may do to it and to the function."""

    slope: float
    rounding: float
    noise: float  # that is known of the function
    tolerance: Tolerance


def slopes_apart(low: float, high: float) -> str:
    """The reason of a kink.

    >>> slopes_apart(-1.0, 0.5)
    'slopes −1 and 0.5'
    """
    return f"{SLOPES}{number(low, 6)} and {number(high, 6)}"


def off_by(error: float) -> str:
    """The reason of a failure.

    >>> off_by(-0.00123)
    'off by 0.0012'
    """
    return f"off by {number(abs(error), 2)}"


def is_rough(check: Check) -> bool:
    """Whether a failure is by differences that know the slope badly: digits may know it better.

    >>> is_rough(check_slope("x", math.exp, 0.0, 1.5)), is_rough(check_slope("x", abs, 1e16, 1.5))
    (False, False)
    >>> is_rough(check_slope("x", lambda x: 1.0, 0.0, 1.5))
    True
    """
    known = math.isnan(check.gradient) or check.bar <= UNCERTAIN * abs(check.numeric)
    return check.outcome == "fail" and not known


def check_slope(
    name: str,
    f: Function,
    x: float,
    slope: float,
    rounding: float = 0.0,
    noise: float = 0.0,
    tolerance: Tolerance = EXACT,
    calls: float = math.inf,
) -> Check:
    """The verdict on a slope that is claimed for f at x.

    ``rounding`` is how far it may be off by the rounding of what it is the sum of, and ``noise``
    what is known of the rounding of f itself; more of it may be found.  A TypeError tells an f that
    returns no number, a ValueError one that is random; an OutOfCallsError, that so few ``calls``
    do not tell.

    >>> check_slope("x", math.exp, 0.0, 1.5).reason
    'off by 0.5'
    """
    try:
        center = f(x)
        again = f(x)
    except (ValueError, ArithmeticError) as error:
        why = f"{type(error).__name__}: {one_line(str(error), 80)}".removesuffix(": ")
        reason = f"the function is undefined here: it raises {why}"
        undefined = (math.nan, math.inf, "fail", reason, 0.0, math.inf)
        return Check(name, x, slope, *undefined)
    if isinstance(center, complex) or not hasattr(center, "__float__"):
        what = f"{'the dict ' if isinstance(center, dict) else ''}{short(center)}"
        raise TypeError(
            f"gradcheck: f returned {what}, not a number or a Value; let it return one, or a list"
        )
    if math.isfinite(center) and again != center:
        at = f"{name} = {x!r}" if name else "the same point"  # along a direction
        raise ValueError(f"gradcheck: f gives different values for {at}: is it random?")
    steps = steps_for(x, calls) if calls < ENOUGH else None
    ladder = Ladder(f, x, center, samples_of(f, x, steps) if math.isfinite(center) else [])
    by = _verdict if steps is None else _verdict_of_few
    claim = Claim(slope, rounding, noise, tolerance)
    outcome, reason, plateau = by(ladder, claim)
    if outcome == "fail" and noise and by(ladder, claim._replace(noise=0.0))[0] != "fail":
        outcome, reason = "inconclusive", UNSETTLED  # rounding may be far below what bounds it
    asked = None if outcome == "pass" else Asked(ladder.samples, center)
    value, bar, step, departs = math.nan, math.inf, 0.0, math.inf
    if plateau is not None:
        (bar, value, step, _), departs = plateau
    return Check(name, x, slope, value, bar, outcome, reason, step, departs, asked=asked)


def _verdict(ladder: Ladder, claim: Claim) -> Verdict:
    """The outcome, its reason, and the plateau that tells."""
    f, x, center, _ = ladder
    if not math.isfinite(center):
        return "inconclusive", f"the function is {number(center)} here", None
    if any(jumps_at(ladder, side) for side in (1, -1)):
        return "inconclusive", "the function jumps here", None
    own = claim.tolerance.unit * abs(center) / 2
    stair = stair_at(ladder, max(claim.noise, own if own > EPSILON * abs(center) else 0.0))
    if stair.kind == "steps":
        return _on_a_step(stair, claim, center)
    noise = max(claim.noise, noise_of(f, x, center), own, stair.height / 2)
    moving = [side for side in (1, -1) if keeps_moving(ladder, noise, side)]
    if not claim.noise:
        noise = max(noise, scatter_of(ladder.samples, center))
    both, right, left = (
        plateau_of(estimates_of(ladder.samples, center, noise, side)) for side in (0, 1, -1)
    )
    steep = [diverges(ladder, side) for side in (1, -1)]
    if any(steep):
        return _at_vertical_tangent(steep, left if steep[0] else right, claim)
    plateau = both or right or left
    if plateau is None:
        why = complaint_at(f, math.nextafter(x, math.inf))
        return "inconclusive", ": ".join(filter(None, ["undefined on both sides", why])), None
    if right and left and _broken(right.best, left.best):
        outcome, reason = _at_kink(right.best, left.best, ladder, noise, claim)
    else:
        outcome, reason, plateau = _compare(ladder, claim, plateau, noise)
        if outcome == "fail" and right and left and _between(right.best, left.best, claim.slope):
            outcome, reason = "inconclusive", UNSETTLED  # across, two steep slopes cancel
    if moving and outcome in ("fail", "inconclusive"):
        outcome, reason = _tends(ladder, claim, moving, right, left)
    return *_doubted(outcome, reason, x, stair, claim), plateau


def _verdict_of_few(ladder: Ladder, claim: Claim) -> Verdict:
    """The same of a short ladder; an OutOfCallsError if that does not tell."""
    noise = max(claim.noise, claim.tolerance.unit * abs(ladder.center) / 2, SMALLEST)
    outcome, plateau = decided(
        ladder, claim.slope, lambda slope: claim.tolerance.at(slope) + claim.rounding, noise
    )
    if outcome == "inconclusive" or plateau is None:
        raise OutOfCallsError
    return outcome, off_by(claim.slope - plateau.best.value) if outcome == "fail" else "", plateau


def _on_a_step(stair: Stair, claim: Claim, center: float) -> Verdict:
    """Where the function does not change but in jumps that no rounding makes: its slope is 0.

    It may be as much as rounding hides over the width of a step.
    """
    if abs(claim.slope) <= claim.rounding + claim.tolerance.absolute:
        return "pass", "", None
    if abs(claim.slope) * stair.width <= EPSILON * abs(center):
        return "inconclusive", LOST, None
    return "fail", off_by(claim.slope), None


def _doubted(outcome: str, reason: str, x: float, stair: Stair, claim: Claim) -> tuple[str, str]:
    """The outcome, unless it is that of a staircase that may be another one."""
    right = outcome in ("pass", "kink")
    if right and 0 < abs(x) <= stair.width:
        width = number(stair.width, 2)
        return "inconclusive", f"rounding hides changes of {width}, more than x"
    if stair.kind == "unclear" and (right or abs(claim.slope) <= claim.rounding):
        return "inconclusive", "the function is a staircase: of rounding, or of steps?"
    return outcome, reason


def _tends(
    ladder: Ladder, claim: Claim, moving: list[int], right: Plateau | None, left: Plateau | None
) -> tuple[str, str]:
    """The outcome where quotients still move at the smallest steps: by what they tend to."""
    limits = []
    for side, plateau in ((1, right), (-1, left)):
        limit = limit_of(ladder, side) if side in moving else None
        if limit is None and side in moving:
            return "inconclusive", UNSETTLED
        if limit is None and plateau is not None:
            limit = Limit(plateau.best.value, SAFETY * plateau.best.bar)
        limits += [limit] if limit else []
    low, high = min(limits).value, max(limits).value
    to_go = max(limit.to_go for limit in limits)
    if not low - FAR * to_go <= claim.slope <= high + FAR * to_go:
        return "fail", off_by(claim.slope - (high if claim.slope > high else low))
    near = low - to_go / 50 <= claim.slope <= high + to_go / 50
    if near and to_go < 1e-6 * _fastest(ladder):
        return "pass", ""
    return "inconclusive", UNSETTLED


def _fastest(ladder: Ladder) -> float:
    """The largest change of the function by the step, over its ladder."""
    return max(
        abs(v - ladder.center) / s.step
        for s in ladder.samples
        for v in (s.right, s.left, ladder.center)
        if v is not None
    )


def _broken(right: Estimate, left: Estimate) -> bool:
    """Whether two one-sided slopes differ by more than their bars allow."""
    return abs(right.value - left.value) > SAFETY * (right.bar + left.bar)


def _between(right: Estimate, left: Estimate, slope: float) -> bool:
    """Whether a slope lies between two one-sided ones or as near, whatever their bars are."""
    return abs(slope - (right.value + left.value) / 2) < abs(right.value - left.value)


def _at_vertical_tangent(steep: list[float], ends: Plateau | None, claim: Claim) -> Verdict:
    """Where the slope is infinite on one side or both; ``ends`` is what is finite on the other."""
    slope, rounding = claim.slope, claim.rounding
    ways = [way for way in steep if way]
    if ends is None or len(ways) == 2:
        low, high, bar = min(ways), max(ways), 0.0
    else:
        low, high = sorted((ends.best.value + 0.0, *ways))
        bar = SAFETY * ends.best.bar + rounding + claim.tolerance.at(ends.best.value)
    fits = low - bar <= slope <= high + bar
    if low == high or not fits:
        return "pass" if fits else "fail", VERTICAL, ends if low < high else None
    return "kink", slopes_apart(low, high), ends


def _at_kink(
    right: Estimate, left: Estimate, ladder: Ladder, noise: float, claim: Claim
) -> tuple[str, str]:
    """Where the slopes to the two sides differ: any between them is right."""
    slope, rounding = claim.slope, claim.rounding
    low, high = sorted((right.value + 0.0, left.value + 0.0))  # -0 is 0 here
    bar = SAFETY * max(right.bar, left.bar) + rounding + claim.tolerance.at(max(-low, high))
    if low - bar <= slope <= high + bar:
        return "kink", slopes_apart(low, high)
    if not all(_settled(side, claim, ladder, noise) for side in (right, left)):
        return "inconclusive", UNSETTLED
    return "fail", slopes_apart(low, high)


def _compare(ladder: Ladder, claim: Claim, plateau: Plateau, noise: float) -> Verdict:
    """The outcome where the function is smooth."""
    f, x, center, _ = ladder
    slope, best = claim.slope, plateau.best
    allowed = claim.tolerance.at(best.value) + claim.rounding
    margin = SAFETY * best.bar + allowed
    if not abs(slope - best.value) <= margin:
        if not _settled(best, claim, ladder, noise):
            return "inconclusive", UNSETTLED, plateau
        for side in (plateau.departs, -plateau.departs):
            jump = discontinuity(f, x, x + side, best.value) if math.isfinite(side) else None
            if jump is not None and not _off_beyond(ladder, claim, max(noise, jump[1])):
                # rounding made a staircase, which fits the slope of its stairs
                away = number(abs(jump[0] - x), 2)
                return "inconclusive", f"the function jumps at a distance of {away}", plateau
        return "fail", off_by(slope - best.value), plateau
    rounding = 8 * max(claim.noise, EPSILON * abs(center))
    if abs(slope) <= claim.rounding + claim.tolerance.absolute and (
        constant(ladder, rounding) or (best.change == 0 and starts_sharply(ladder, rounding))
    ):
        return "pass", "", plateau
    at_minimum = abs(best.value) <= SAFETY**2 * best.bar
    size = max(abs(slope), abs(best.value), best.change if at_minimum else 0.0)
    known = max(UNCERTAIN * size, TINY)
    off = abs(slope - best.value) + 2 * best.bar + claim.rounding
    if off > known + claim.tolerance.at(best.value):
        return _in_tail(ladder, claim, plateau)
    seam = jump_beyond(ladder, noise)
    if seam:
        return "inconclusive", f"the function jumps at a distance of {number(seam, 2)}", plateau
    return "pass", "", plateau


def _in_tail(ladder: Ladder, claim: Claim, plateau: Plateau) -> Verdict:
    """The outcome where the change is lost in rounding: by the slope of a tail, if it is in one."""
    tail = tail_of(ladder)
    if tail is None:
        return "inconclusive", LOST, plateau
    off, allowed = abs(claim.slope - tail), claim.rounding + claim.tolerance.at(tail)
    near, far = UNCERTAIN / 4 * abs(tail) + allowed, abs(tail) / 10 + allowed
    if off <= near:
        return "pass", "", Plateau(Estimate(near, tail, 0.0, 0.0), math.inf)
    if off > far:
        return "fail", off_by(off), Plateau(Estimate(far, tail, 0.0, 0.0), math.inf)
    return "inconclusive", LOST, plateau


def _settled(best: Estimate, claim: Claim, ladder: Ladder, noise: float) -> bool:
    """Whether an estimate is good enough to call a slope wrong.

    It is if it knows the slope well.  Less will do for a claim that is far away: where noise is all
    of the error, and comes from rounding or is more than a function of the claimed slope changes by
    between the points where it was found, so that it is no oscillation of such a slope; at a
    minimum; and where the function is flat but for little of its digits.
    """
    slope, size = claim.slope, abs(ladder.center)
    if best.bar <= UNCERTAIN * abs(best.value) or math.isnan(slope):
        return True
    rounding = noise <= 2 * EPSILON * size and 4 * best.bar <= abs(best.value)
    unexplained = noise > SAFETY**2 * abs(slope) * CLOSE * math.ulp(ladder.x)
    noisy = 16 * noise >= best.bar * best.step and (rounding or unexplained)
    minimum = abs(best.value) < 0.1 * best.change and 100 * best.bar <= best.change
    little = UNCERTAIN**2 * size + 8 * SMALLEST
    flat = best.change <= SAFETY * best.bar and best.bar * best.step <= little
    return (noisy or minimum or flat) and abs(slope - best.value) > SAFETY**2 * best.bar


def _off_beyond(ladder: Ladder, claim: Claim, noise: float) -> bool:
    """Whether a slope is far from what the function does over many of its jumps, too."""
    best = plateau_of(estimates_of(ladder.samples, ladder.center, noise, side=0))
    return best is not None and abs(claim.slope - best.best.value) > SAFETY**2 * best.best.bar
