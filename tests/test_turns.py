"""Where derivatives turn: next to ends and kinks, past saturation, and nowhere undefined."""

import math

import pytest
from conftest import BUILT_IN

from micrograd_like.rules import RULES, Rule
from micrograd_like.turns import LARGEST, is_straight, turns


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("other", [2.0, -0.5, 1e5])
def test_a_rule_has_a_slope_where_it_turns(name: str, other: float) -> None:
    """Each number is in the domain, with a value and a slope that are not too large."""
    rule = RULES[name]
    for place in range(rule.arity):
        for x in turns(rule, place, other):
            operands = [x, other] if place == 0 else [other, x]
            assert rule.is_defined(*operands[: rule.arity])
            outcome = rule.function(*operands[: rule.arity])
            assert max(abs(outcome[0]), abs(outcome[1 + place])) <= LARGEST


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("sigmoid", 37, 745), ("sigmoid", -745, -37), ("softplus", 20, 1e3), ("tanh", 19, 370),
        ("exp", -745, -90), ("log", 0, 1e-4), ("sqrt", 0, 1e-4), ("log1p", -1, -0.9999),
        ("asin", 1 - 1e-6, 1), ("acos", -1, -1 + 1e-6), ("gelu", -36, -8), ("sin", 1e5, 1e9),
        ("atan", 1e4, 1e9), ("normal_cdf", -38, -9), ("relu", -1e-4, 0), ("abs", 0, 1e-4),
    ],
)  # fmt: skip
def test_the_regions_of_known_rules_are_met(name: str, low: float, high: float) -> None:
    """The places where mistakes in these derivatives are known to hide."""
    assert any(low < x < high for x in turns(RULES[name], 0))


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_both_sides_of_a_tie_are_met(name: str) -> None:
    """A kink that the other operand makes is found, wherever it is."""
    for other in (math.pi, -77.0):
        near = [x - other for x in turns(RULES[name], 1, other) if abs(x - other) < 1e-3]
        assert min(near) < 0 < max(near)


def test_a_rule_of_ones_own_tells_by_itself_where_it_turns() -> None:
    """A jump of the derivative at 7.3, which no table has."""

    def hinge(x: float) -> tuple[float, float]:
        return (x - 7.3, 1.0) if x > 7.3 else (0.0, 0.0)

    rule = Rule(hinge, "h", "max(x - 7.3, 0)", ("1 if x > 7.3 else 0",))
    found = turns(rule, 0)
    assert any(0 < x - 7.3 < 1e-6 for x in found)
    assert not is_straight(rule, 0)
