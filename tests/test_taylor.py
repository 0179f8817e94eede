"""Derivatives of high order: Taylor arithmetic over the rules."""

import math
import random
from collections.abc import Callable
from typing import Any

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

import micrograd_like as mg
from micrograd_like import Value, derivative, rule, taylor
from micrograd_like.check.reference import exactly
from micrograd_like.custom import forget
from micrograd_like.engine import apply
from micrograd_like.rules import RULES, m
from micrograd_like.taylor import nth_derivative

INNER = 0.3, 0.4  # what every rule is defined at
SMOOTH = (
    mg.exp, mg.sin, mg.cos, mg.tanh, mg.sigmoid, mg.softplus, mg.silu, mg.gelu, mg.normal_cdf,
    mg.atan, mg.expm1, lambda x: 1 / (x * x + 1), lambda x: mg.log(x * x + 2),
    lambda x: mg.sqrt(x * x + 1), lambda x: (x * x + 1) ** 0.3, lambda x: (x * x + 1) ** x,
)  # fmt: skip


def by_graphs(f: Callable[[Any], Any], order: int, x: float) -> float:
    """The derivative as of a Value: by differentiating gradients' graphs."""
    found = derivative(f, order)(Value(x))
    assert isinstance(found, Value)
    return found.data


@pytest.mark.parametrize("name", RULES)
def test_every_rule_has_the_derivatives_of_its_formula(name: str) -> None:
    """Up to order 8, of operands that are functions themselves, against hundreds of digits."""
    of = RULES[name]
    x, shift = INNER

    def f(x: Any) -> Any:
        return apply(of, *(x * x + 0.5, x + shift)[: of.arity])

    def exact(x: Any) -> Any:
        half = mpmath.mpf(1) / 2
        return exactly(of, *(x * x + half, x + mpmath.mpf(shift))[: of.arity])

    with mpmath.workdps(400):
        right = list(mpmath.diffs(exact, mpmath.mpf(x), 8, h=mpmath.mpf(10) ** -35))
    for order in range(2, 9):
        scale = float(max(map(abs, right[: order + 1])))  # of what cancels on the way
        found = derivative(f, order)(x)
        assert found == pytest.approx(float(right[order]), rel=1e-12, abs=1e-14 * scale), order


@given(
    st.lists(st.sampled_from(SMOOTH), min_size=1, max_size=3),
    st.lists(st.sampled_from(SMOOTH), min_size=1, max_size=2),
    st.floats(-1.5, 1.5),
    st.integers(2, 4),
)
def test_it_agrees_with_differentiating_graphs(
    one: list[Any], other: list[Any], x: float, order: int
) -> None:
    """Random compositions and products: of a number as of a Value."""

    def f(x: Any) -> Any:
        a, b = x, x * 0.5
        for g in one:
            a = mg.tanh(g(a))
        for g in other:
            b = mg.sin(g(b))
        return a * b + a / (b * b + 1)

    found = derivative(f, order)(x)
    assert found == pytest.approx(by_graphs(f, order, x), rel=1e-8, abs=1e-8)


@pytest.mark.parametrize(
    ("f", "x", "right"),
    [
        (mg.exp, 1.0, math.e),
        (lambda x: 1 / x, 2.0, math.factorial(50) / 2.0**51),
        (mg.log, 2.0, -math.factorial(49) / 2.0**50),
        (mg.sin, 0.5, -math.sin(0.5)),
        (mg.cosh, 0.5, math.cosh(0.5)),
        (lambda x: x**50, 0.0, float(math.factorial(50))),
        (lambda x: x**49, 3.0, 0.0),
        (lambda x: x * x * mg.exp(x), 0.0, 50.0 * 49.0),
        (lambda x: mg.exp(-x * x), 0.0, -float(math.factorial(50) // math.factorial(25))),
        (mg.atan, 0.0, 0.0),
    ],
)
def test_order_fifty(f: Callable[[Any], Any], x: float, right: float) -> None:
    """Where the fiftieth derivative is known."""
    assert derivative(f, 50)(x) == pytest.approx(right, rel=1e-12, abs=1e-9)


@pytest.mark.parametrize("name", RULES)
def test_the_cost_is_a_power_of_the_order(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the order reads rules at most five times as often: no tree of derivatives grows."""
    of, count = RULES[name], 0

    def counted(*operands: Any, to: Any = taylor.apply) -> Any:
        nonlocal count
        count += 1
        return to(*operands)

    monkeypatch.setattr(taylor, "apply", counted)
    counts = []
    for order in (12, 24):
        count, x = 0, Value(0.7)
        nth_derivative(apply(of, *(x, x * 0.5 + 1.0)[: of.arity]), x, order)
        counts.append(count)
    assert counts[1] <= 5 * counts[0] < 5 * 600


def test_a_perceptron_with_one_input() -> None:
    """The weights are Values, constants here, whose gradients stay."""
    random.seed(1)
    model = mg.MLP(1, [4, 4, 1], activation="tanh")
    model.zero_grad()
    found = derivative(lambda x: model([x]), 3)(0.3)
    assert found == pytest.approx(by_graphs(lambda x: model([x]), 3, 0.3), rel=1e-11)
    assert not any(p.grad for p in model.parameters())


def test_at_kinks_the_pieces_of_the_rules_count() -> None:
    """As of the first derivative: 0 for abs and relu, the mean of two that are equal."""
    for f in (abs, mg.relu, lambda x: x * abs(x), lambda x: mg.maximum(x, -x)):
        assert [derivative(f, n)(0.0) for n in (2, 3, 4)] == [0.0, 0.0, 0.0]
    assert derivative(lambda x: mg.maximum(x**2, x**4), 2)(1.0) == 7.0
    assert derivative(lambda x: mg.relu(x) ** 3, 3)(2.0) == 6.0


@pytest.mark.parametrize(
    ("f", "order", "words"),
    [
        (mg.sqrt, 2, "sqrt(0.0)"),
        (mg.sqrt, 12, "sqrt(0.0)"),
        (lambda x: mg.sqrt(x * x), 3, "sqrt(0.0)"),
        (lambda x: mg.asin(x + 1), 2, "asin(1.0)"),
        (lambda x: x**1.5, 3, "0.0 ** 0.5"),
        (lambda x: x**x, 2, "0.0 ** 0.0"),
        (lambda x: x * mg.sqrt(x), 2, "sqrt(0.0)"),
        (lambda x: mg.sqrt(x) ** 3, 2, "sqrt(0.0)"),
    ],
)
def test_an_infinite_derivative_on_the_way_is_refused(
    f: Callable[[Any], Any], order: int, words: str
) -> None:
    """In the same words as of a Value; zero times infinity may be anything one order on."""
    said = []
    for x in (0.0, Value(0.0)):
        with pytest.raises(ZeroDivisionError) as caught:
            derivative(f, order)(x)
        said.append(str(caught.value))
    assert said[0] == said[1]
    assert (
        said[0] == f"{words}: its derivative is infinite here, and cannot be differentiated again"
    )


def test_what_is_infinite_may_not_matter() -> None:
    """The last derivative may be infinite, and nothing of a factor that is constantly 0 counts."""
    assert derivative(lambda x: x**1.5, 2)(0.0) == math.inf
    assert derivative(lambda x: x**2.5, 3)(0.0) == math.inf
    for f in (
        lambda x: mg.sqrt(x) * 0 + x**4,
        lambda x: mg.relu(x - 1) * 3 * mg.sqrt(x) + x**4,
        lambda x: mg.maximum(mg.sqrt(x), x + 1) * x**3 - x**3,
    ):
        assert derivative(f, 4)(0.0) == 24.0
        assert by_graphs(f, 4, 0.0) == 24.0


def test_numbers_at_the_ends_of_the_range() -> None:
    """Overflow is infinite, underflow 0, NaN goes through; outside the domain is an error."""
    assert derivative(mg.exp, 7)(1000.0) == math.inf
    assert derivative(mg.exp, 7)(-1000.0) == 0.0
    assert derivative(mg.tanh, 5)(1000.0) == derivative(mg.tanh, 5)(math.inf) == 0.0
    assert derivative(lambda x: x**-50, 6)(1e200) == 0.0
    assert derivative(lambda x: 1 / x, 3)(1e-100) == -math.inf
    assert math.isnan(derivative(lambda x: x * mg.exp(x), 4)(math.nan))
    with pytest.raises(ValueError, match=r"log\(-1.0\): needs x > 0"):
        derivative(mg.log, 5)(-1.0)
    assert derivative(lambda x: Value(2.0) * 3, 9)(1.0) == 0.0


def sinc(x: Any) -> Any:
    """A quotient whose derivatives lose a factor 1/x with each order."""
    return mg.sin(x) / x


@pytest.mark.parametrize(
    ("f", "order", "x"),
    [
        (sinc, 9, 0.1),
        (sinc, 12, 0.1),
        (sinc, 20, 1.0),
        (lambda x: mg.expm1(x) / x, 5, 1e-3),
        (lambda x: mg.exp(mg.log1p(x) / x), 12, 0.1),
        (lambda x: (x * x - 1) / (x - 1), 5, 1.001),
    ],
)
def test_what_rounding_hides_is_told(f: Callable[[Any], Any], order: int, x: float) -> None:
    """Of a number that is off by a hundredth and more, with the order and the place."""
    words = rf"^derivative: order {order} at x = {x}: rounding hides the result; take a lower order"
    with pytest.raises(ArithmeticError, match=words):
        derivative(f, order)(x)


def test_what_is_left_of_terms_that_cancel_is_not_refused() -> None:
    """Nor a zero, nor what is known well enough: both come as they are computed."""
    assert derivative(sinc, 6)(0.1) == pytest.approx(-0.142302, rel=1e-4)
    for order in (2, 5, 9):
        left = derivative(lambda x: mg.sin(x) ** 2 + mg.cos(x) ** 2 - 1, order)(0.3)
        assert abs(left) < 1e-12
        assert abs(derivative(lambda x: (x * x - 1) / (x - 1), order)(3.0)) < 1e-9
    assert derivative(lambda x: (x * x - 1) / (x - 1), 30)(3.0) == 0.0
    assert abs(derivative(mg.cos, 3)(math.pi)) < 1e-15


def test_deep_graphs() -> None:
    """A graph may be of any depth."""

    def deep(x: Value) -> Value:
        y = x
        for _ in range(3000):
            y = mg.sin(y) * 0.5 + x
        return y

    assert math.isfinite(derivative(deep, 4)(0.5))


def test_an_order_that_is_too_high_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each derivative is the rule at another number, Series are made of Series of Series."""

    @rule("ahead", "sin(x)", "cos(x)")
    def ahead(x: Any) -> Any:
        return m.sin(x), m.ahead(x + math.pi / 2) if isinstance(x, taylor.Series) else m.cos(x)

    def too_deep(*_: Any) -> float:
        raise RecursionError

    try:
        assert derivative(ahead, 30)(0.5) == pytest.approx(-math.sin(0.5), rel=1e-11)
        monkeypatch.setattr("micrograd_like.derivatives.nth_derivative", too_deep)
        with pytest.raises(RecursionError, match="order 900 needs more depth than Python allows"):
            derivative(ahead, 900)(0.5)
    finally:
        forget("ahead")


POWERS: list[tuple[Callable[[Any], Any], Callable[[Any], Any]]] = [
    (lambda x: x + 1 / x, lambda x: -2.5),
    (lambda x: x + 1 / x, lambda x: 8),
    (lambda x: x + 1 / x, lambda x: 40),
    (lambda x: x * x + 1, lambda x: x),
    (lambda x: x * x + 0.5, lambda x: mg.sin(x)),
]


@pytest.mark.parametrize(("base", "exponent"), POWERS)
def test_powers_keep_their_digits(
    base: Callable[[Any], Any], exponent: Callable[[Any], Any]
) -> None:
    """At order 20, where one power made of the next, and so on, would lose half of them."""
    for order in (8, 20):
        found = derivative(lambda x: base(x) ** exponent(x), order)(0.3)
        again = derivative(lambda x: mg.exp(mg.log(base(x)) * exponent(x)), order)(0.3)
        assert found == pytest.approx(again, rel=1e-10)


@given(st.floats(0.01, 3), st.integers(0, 12), st.integers(1, 14))
def test_polynomials_end_in_zero(x: float, exponent: int, order: int) -> None:
    """Exactly: no rounding is left of what a power's derivatives come to."""
    found = derivative(lambda x: x**exponent, order)(x)
    assert found == pytest.approx(math.perm(exponent, order) * x ** (exponent - order), rel=1e-13)


def test_values_and_derivatives_within_a_derivative_have_graphs() -> None:
    """What may be differentiated again is a Value: an argument, or what a function captured."""
    x = Value(0.5)
    third = derivative(mg.sin, 3)(x)
    third.backward()
    assert (third.data, x.grad) == (pytest.approx(-math.cos(0.5)), pytest.approx(math.sin(0.5)))
    twice = derivative(lambda x: derivative(lambda y: mg.exp(x * y), 2)(1.0), 2)  # of x² exp(x)
    assert twice(0.5) == pytest.approx((0.25 + 2 + 2) * math.exp(0.5), rel=1e-13)


def test_numbers_changed_since_are_told() -> None:
    """A function that changes the data of what it computed has no derivative."""

    def f(x: Value) -> Value:
        y = mg.exp(x)
        z = y * y
        y.data = 5.0
        return z

    with pytest.raises(RuntimeError, match=r"the data of exp\(0\.5\) changed"):
        derivative(f, 3)(0.5)


def test_a_rule_of_ones_own_has_series_or_goes_by_graphs() -> None:
    """By ``m`` it works on Series; one that tells Values from floats goes by graphs."""

    @rule("logit", "log(x / (1 - x))", "1 / (x * (1 - x))", domain="0 < x < 1")
    def logit(x: Any) -> Any:
        return m.log(x / (1 - x)), 1 / (x * (1 - x))

    @rule("2^", "2**x", "2**x * log(2)")
    def power_of_two(x: Any) -> Any:
        value = (x * math.log(2)).exp() if isinstance(x, Value) else math.exp(x * math.log(2))
        return value, value * math.log(2)

    try:
        right = 720 * (0.4**-7 + 0.6**-7) / 1
        assert derivative(logit, 7)(0.4) == pytest.approx(right, rel=1e-13)
        assert derivative(power_of_two, 4)(1.0) == pytest.approx(2 * math.log(2) ** 4)
    finally:
        forget("logit")
        forget("power_of_two")


def test_an_operation_by_hand_has_no_second_derivative() -> None:
    """The error is that of a Value."""

    def by_hand(x: Value) -> Value:
        return Value(x.data**2, (x,), (2 * x.data,))  # type: ignore[arg-type]

    with pytest.raises(TypeError, match="made by hand, it is known at these numbers alone"):
        derivative(by_hand, 2)(3.0)
