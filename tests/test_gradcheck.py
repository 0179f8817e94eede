"""The checker: what it must pass, fail, call a kink, or leave open."""

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hard_points import HARD_POINTS, HardPoint

import micrograd_like as mg
from micrograd_like import Value, assert_gradients, gradcheck


def outcome(f: Callable[[float], float], x: float, slope: float) -> str:
    """The checker's word on one slope of one function."""
    return gradcheck(f, x, gradient=[slope]).checks[0].outcome


@pytest.mark.parametrize("point", HARD_POINTS, ids=lambda point: point.name)
def test_no_right_gradient_fails_and_no_wrong_one_passes(point: HardPoint) -> None:
    """At each hard point the verdict is right or left open."""
    verdict = outcome(point.f, point.x, point.gradient)
    assert verdict in (("pass", "kink") if point.right else ("fail",)) + ("inconclusive",)


def test_few_hard_points_are_left_open() -> None:
    """Of the 55 at most 6 are inconclusive."""
    verdicts = Counter(outcome(p.f, p.x, p.gradient) for p in HARD_POINTS)
    assert len(HARD_POINTS) == 55
    assert verdicts["inconclusive"] <= 6, verdicts


ONE_STEP_AWAY: list[tuple[str, Callable[[float], float], float, float, str]] = [
    ("smooth", math.cos, 0.0, 0.0, "pass"),
    ("smooth, off in the ninth digit", math.cos, 0.0, 1e-9, "fail"),
    ("between the slopes of a kink", abs, 0.0, 0.999, "kink"),
    ("outside them", abs, 0.0, 1.001, "fail"),
    ("next to the kink", abs, 1e-3, 0.999, "fail"),
    ("vertical tangent", math.sqrt, 0.0, math.inf, "pass"),
    ("vertical tangent, finite slope", math.sqrt, 0.0, 1e9, "fail"),
    ("end of a domain", lambda x: math.sqrt(x) ** 4, 0.0, 0.0, "pass"),
    ("end of a domain, wrong", lambda x: math.sqrt(x) ** 4 + x, 0.0, 0.0, "fail"),
    ("undefined", math.log, -1.0, 0.0, "fail"),
    ("constant everywhere", lambda x: 5.0, 1.0, 0.0, "pass"),
    ("lost in rounding", math.tanh, 30.0, 0.0, "inconclusive"),
    ("not lost yet", math.tanh, 3.0, 0.0, "fail"),
    ("NaN is no gradient", math.sin, 1.0, math.nan, "fail"),
]


@pytest.mark.parametrize(
    ("f", "x", "slope", "right"),
    [row[1:] for row in ONE_STEP_AWAY],
    ids=[row[0] for row in ONE_STEP_AWAY],
)
def test_each_outcome_and_a_case_one_step_away(
    f: Callable[[float], float], x: float, slope: float, right: str
) -> None:
    """Every outcome has a case that must give it, and a neighbour that must not."""
    assert outcome(f, x, slope) == right


def network(*w: Any) -> Any:
    """A smooth function of ten inputs through a thousand nodes."""
    total = w[0]
    for k in range(330):
        total = mg.tanh(total * w[k % 10]) + w[(3 * k) % 10]
    return total


def test_ten_inputs_through_a_thousand_nodes() -> None:
    """All ten gradients of a deep graph pass."""
    point = [0.1 * k - 0.45 for k in range(10)]
    report = gradcheck(network, *point)
    assert report.ok
    assert {check.outcome for check in report.checks} == {"pass"}


def test_a_recorded_value_is_checked_at_its_leaves() -> None:
    """The graph itself is the function; labels name the rows."""
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    report = gradcheck((a * b + a).tanh() + a)
    assert [(c.input, c.point, c.outcome) for c in report.checks] == [
        ("a", 2.0, "pass"),
        ("b", -3.0, "pass"),
    ]
    assert a.grad == 0.0


def test_second_derivatives_are_checked_against_first_ones() -> None:
    """Each entry of the hessian has its row."""
    report = gradcheck(lambda x, y: mg.exp(x) * y * y, 0.5, 1.5, order=2)
    assert [c.outcome for c in report.checks] == ["pass"] * 4
    assert report.checks[1].input == "∂/∂x1 of ∂f/∂x0"


def test_assert_gradients_raises_with_the_table() -> None:
    """The error holds the report: input, point, both slopes, outcome."""
    with pytest.raises(AssertionError, match=r"(?s)wrong gradient\ninput +point .*x +3 +7 +6 ±"):
        assert_gradients(lambda x: x * x, 3.0, gradient=[7.0])
    assert assert_gradients(mg.sin, 1.0).ok


def test_the_nearest_kink_is_reported() -> None:
    """A ladder that stops agreeing says how far away."""
    check = gradcheck(mg.relu, 1e-3).checks[0]
    assert check.outcome == "pass"
    assert 1e-3 <= check.kink <= 1.0


def test_mistakes_are_told() -> None:
    """A lost graph, a random function, a point that is none."""
    numbers = iter(range(1000))
    with pytest.raises(TypeError, match="its graph was lost"):
        gradcheck(lambda x: x.data, 1.0)
    with pytest.raises(ValueError, match="is it random"):
        gradcheck(lambda x: float(next(numbers)), 1.0, gradient=[0.0])
    with pytest.raises(ValueError, match="x is nan; differences need a finite point"):
        gradcheck(mg.sin, math.nan)
    with pytest.raises(ValueError, match="needs at least one input"):
        gradcheck(lambda: Value(1.0))
    with pytest.raises(ValueError, match="2 slopes for 1 inputs"):
        gradcheck(mg.sin, 1.0, gradient=[1.0, 2.0])
    with pytest.raises(TypeError, match="has its point"):
        gradcheck(Value(1.0), 1.0)
    with pytest.raises(ValueError, match="order is 1 or"):
        gradcheck(mg.sin, 1.0, order=3)
