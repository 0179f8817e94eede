"""Where the ends of a ladder mislead: below underflow, far from all edges, beside the undefined."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd_like import gradcheck

SIGNS = st.sampled_from([1.0, -1.0])


def outcome(f: Callable[[float], float], x: float, slope: float) -> str:
    """The verdict of differences alone."""
    return gradcheck(f, x, gradient=[slope], reference="differences").checks[0].outcome


def hard_tanh(x: float) -> float:
    """x between -1 and 1."""
    return max(min(x, 1.0), -1.0)


def remainder(y: float) -> float:
    """What y leaves of 0.18, with NaN for 0 as arrays have it."""
    return math.fmod(0.18, y) if y else math.nan


def saturated(x: float) -> float:
    """A tanh that rounding makes constant, down to where it is undefined."""
    return math.tanh(40 + math.log(x))


@given(st.floats(0.1, 100), st.floats(5e-324, 1e-300), SIGNS)
def test_what_is_lost_below_underflow_is_no_kink(slope: float, x: float, sign: float) -> None:
    """There rounding takes a constant, not a part of the value: a line stays a line."""
    assert outcome(lambda v: slope * v, sign * x, slope) in ("pass", "inconclusive")
    assert outcome(lambda v: slope * v, sign * x, 1.001 * slope) in ("fail", "inconclusive")


@given(st.floats(5e-324, 1e-300), st.floats(0.1, 10))
def test_a_slope_below_underflow_raises_nothing(slope: float, x: float) -> None:
    """Values that are hardly a float keep few digits: right or open, and never wrong."""
    assert outcome(lambda v: slope * v, x, slope) in ("pass", "inconclusive")


def test_a_tail_shows_the_number_and_the_bar_that_decided() -> None:
    """The claim is off by more than the bar of its row; differences alone knew 0 ± 8e-16."""
    check = gradcheck(math.tanh, 20.0, gradient=1 - math.tanh(20.0) ** 2).checks[0]
    assert check.outcome == "fail"
    assert check.bar < abs(check.gradient - check.numeric) < 1e-16
    right = gradcheck(math.tanh, 20.0, gradient=1 / math.cosh(20.0) ** 2).checks[0]
    assert (right.outcome, right.bar < 1e-3 * right.numeric) == ("pass", True)


@given(st.floats(1.5, 1e12), SIGNS)
def test_a_flat_side_is_known_from_any_distance(x: float, sign: float) -> None:
    """A kink is as sharp from far away as from beside it."""
    assert outcome(hard_tanh, sign * x, 0.0) == "pass"
    assert outcome(hard_tanh, sign * x, 1e-3 / x) == "fail"


@given(st.floats(1e-300, 1e-3), st.floats(1e-2, 1e9))
def test_a_flat_side_is_known_by_a_kink_at_almost_0(y: float, x: float) -> None:
    """There a float is so narrow that the first change beyond the kink looks like rounding."""
    assert outcome(lambda v: max(v, -y), -x, 0.0) == "pass"
    assert outcome(lambda v: max(v, -y), -x, y / x) != "pass"


@pytest.mark.parametrize(
    ("f", "x", "right"),
    [
        (math.tanh, 30.0, "fail"),
        (math.tanh, 1e3, "pass"),  # its slope is below all floats
        (math.erf, 7.0, "inconclusive"),
        (lambda x: x / math.sqrt(1 + x * x), 1e9, "inconclusive"),
    ],
)
def test_rounding_makes_no_flat_side(f: Callable[[float], float], x: float, right: str) -> None:
    """What is saturated has a slope: that of an exponential tail is known, others digits tell."""
    assert outcome(f, x, 0.0) == right


def test_a_step_is_seen_before_an_undefined_place() -> None:
    """Where the ladder only meets the place behind the step; without a step nothing is known."""
    assert outcome(remainder, 1.54, 0.0) == "pass"
    assert outcome(remainder, 1.54, 0.1) == "fail"
    assert outcome(saturated, 1.0, 0.0) == "inconclusive"


def test_a_far_jump_hides_no_slope_that_rounding_does() -> None:
    """x to a tiny power is 1 but for rounding, and jumps at 0: its slope need not be 0."""
    power = 1.6e-41
    assert outcome(lambda x: x**power, 7e8, power / 7e8) == "inconclusive"
    assert outcome(lambda x: x**power, 7e8, 1e-10) == "fail"
