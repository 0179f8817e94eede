"""The reference at many digits."""

import mpmath
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from micrograd_like import Value, gradcheck
from micrograd_like.check.reference import exactly
from micrograd_like.rules import RULES

numbers = st.floats() | st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.0, float("inf"), float("-inf")])


@pytest.mark.parametrize("name", [name for name, rule in RULES.items() if rule.domain])
@given(x=numbers, y=numbers)
@example(x=-1.0, y=float("inf"))
@example(x=0.0, y=float("-inf"))
@example(x=float("nan"), y=0.0)
def test_the_reference_has_the_domains_of_the_rules(name: str, x: float, y: float) -> None:
    """Where `Rule.is_defined` says no, and nowhere else, it raises a ValueError of the domain."""
    rule = RULES[name]
    message = ""
    try:
        exactly(rule, *(x, y)[: rule.arity])
    except (ValueError, ArithmeticError) as error:
        message = str(error)
    assert ("needs" in message) == (not rule.is_defined(x, y))


def test_whole_numbers_in_formulas_have_all_digits() -> None:
    """A third in a formula is a third to 120 digits, not the float next to it."""
    with mpmath.workdps(120):
        root = exactly(RULES["sqrt"], 2.0)
        assert abs(root * root - 2) < mpmath.mpf(10) ** -115
        slope = exactly(RULES["sqrt"], 2.0, output=1)
        assert abs(slope * 2 * root - 1) < mpmath.mpf(10) ** -115


def test_a_function_without_digits_is_no_kink() -> None:
    """Rounding takes tanh(-100) to -1, and what is left to one end of the other tanh."""
    x = Value(2.0, "x")
    lost = (((x * -50).tanh() + 1.0) * (x * 1e18) - 0.001).tanh()
    assert gradcheck(lost).ok
    kink = gradcheck(lambda x: (3 * x - 3).relu(), 1.0, gradient=[20.0], reference="mpmath")
    assert kink.checks[0].outcome == "fail"
