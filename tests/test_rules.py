"""The rules against mpmath, against their own formulas, and compiled by Numba."""

import math
import random
from typing import Any

import mpmath
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tools.accuracy import (
    errors_at,
    points_of,
    reference,
    relative_error,
    second_derivatives,
    undefined,
)

from micrograd_like.check.reference import FUNCTIONS
from micrograd_like.elementary import FLOAT_COMPOSED, of_math
from micrograd_like.rules import RULES, Rule, bind, elementary, m
from micrograd_like.table import rule
from micrograd_like.taylor import Series, on_series

every_rule = pytest.mark.parametrize("name", RULES)
ORDINARY = [-3.5, -1.0, -0.75, -0.25, 0.25, 0.5, 0.75, 1.0, 2.0, 3.0]
SEAMS = [-1500.5, -37.0, -36.0, -30.0, -1.0, -0.5, -1e-9, 0.0, 1e-9, 0.5, 1.0, 30.0, 37.0, 800.0]
KINKS = ("relu", "leaky_relu", "abs", "maximum", "minimum")


def ordinary_points(of: Rule) -> list[tuple[float, ...]]:
    """Points of the rule's domain where a formula can be evaluated without loss."""
    pairs = [(x, y) for x in ORDINARY for y in ORDINARY]
    points = {pair[: of.arity] for pair in pairs}
    return sorted(point for point in points if of.is_defined(*point) and abs(point[0]) != 1)


@every_rule
@pytest.mark.parametrize("count", [15, pytest.param(150, marks=pytest.mark.slow)])
def test_every_rule_is_within_4_ulp_of_mpmath_over_the_whole_exponent_range(
    name: str, count: int
) -> None:
    """Values and local derivatives are right to 4 ulp, saturated, tiny or huge as they may be."""
    for point in points_of(RULES[name], count):
        for k, error in enumerate(errors_at(RULES[name], point)):
            assert error <= 4, f"{name}{point}: output {k} is {error:.1f} ulp off"


@every_rule
@pytest.mark.parametrize("count", [8, pytest.param(25, marks=pytest.mark.slow)])
def test_every_second_derivative_is_right_to_nine_digits(name: str, count: int) -> None:
    """The derivative of each local derivative, taken by the engine, agrees with mpmath."""
    for point in points_of(RULES[name], count):
        for got, right in second_derivatives(RULES[name], point):
            assert relative_error(got, right) < 1e-9, f"{name}{point}: {got} for {right}"


@pytest.mark.parametrize(
    ("name", "x"),
    [
        (name, x)
        for name, of in RULES.items()
        if of.arity == 1 and name not in KINKS
        for x in SEAMS
        if of.is_defined(x)
    ],
)
def test_second_derivatives_are_right_at_zero_and_at_the_seams_of_branches(
    name: str, x: float
) -> None:
    """A branch in a rule leaves no seam in the derivative of its derivative."""
    for got, right in second_derivatives(RULES[name], (x,)):
        assert relative_error(got, right, scale=1e-12) < 1e-9


@every_rule
def test_the_formulas_that_people_read_are_the_numbers_that_the_rule_returns(name: str) -> None:
    """Formula and derivative formulas, evaluated at 60 digits, equal the rule's outputs."""
    of = RULES[name]
    with mpmath.workdps(60):
        for point in ordinary_points(of):
            numbers = list(map(mpmath.mpf, point))
            computed = bind(of.function, FUNCTIONS)(*numbers)
            outputs = zip(computed, reference(of, numbers), strict=True)
            for k, (got, right) in enumerate(outputs):
                if undefined(of, point, k):
                    assert mpmath.isnan(got), f"{name}{point}, output {k}"
                else:
                    assert mpmath.almosteq(got, right, 1e-50), f"{name}{point}, output {k}"


EXTREME = [
    *(-math.inf, -1e308, -3.0, -2.5, -1.0, -0.5, -5e-324, -0.0),
    *(0.0, 5e-324, 0.5, 1.0, 2.5, 3.0, 2.0**53, 1e308, math.inf),
]


def raises(of: Rule, operands: tuple[float, ...]) -> bool:
    """Whether the rule's function refuses these numbers."""
    try:
        of.function(*operands)
    except (ValueError, ZeroDivisionError):
        return True
    return False


@every_rule
def test_a_rule_raises_exactly_where_its_domain_says(name: str) -> None:
    """At every pair of ordinary and extreme numbers, both ways."""
    of = RULES[name]
    for x in EXTREME:
        for y in EXTREME if of.arity == 2 else [0.0]:
            operands = (x, y)[: of.arity]
            assert raises(of, operands) != of.is_defined(*operands), operands


@every_rule
def test_the_domain_is_right_at_random_points(name: str) -> None:
    """Hypothesis finds no number, nor a pair, at which function and domain disagree."""
    of = RULES[name]
    numbers = st.floats() | st.integers(-5, 5).map(float)  # NaN included

    @given(st.tuples(*[numbers] * of.arity))
    @example((-1.0, math.inf)[: of.arity])
    @example((0.0, -math.inf)[: of.arity])
    def agree(operands: tuple[float, ...]) -> None:
        assert raises(of, operands) != of.is_defined(*operands)

    agree()


def test_nan_is_no_excuse_for_the_other_operand() -> None:
    """NaN / 0 is not defined; a NaN that the domain asks of is allowed."""
    assert not RULES["div"].is_defined(math.nan, 0.0)
    assert RULES["div"].is_defined(0.0, math.nan)
    assert RULES["pow"].is_defined(-2.0, math.nan)


@every_rule
def test_nan_goes_in_and_comes_out(name: str) -> None:
    """A NaN operand gives a NaN value with NaN gradients, never a finite slope."""
    of = RULES[name]
    for place in range(1 if name == "leaky_relu" else of.arity):  # whose y counts where x < 0
        operands = [0.5] * of.arity
        operands[place] = math.nan
        value, *slopes = of.function(*operands)
        assert math.isnan(value)
        if name not in ("add", "sub", "neg"):  # whose slopes do not depend on the operands
            assert any(map(math.isnan, slopes))


def test_kinks_take_the_subgradient_of_least_norm() -> None:
    """At a kink the slope is the one nearest to 0, and ties do not depend on the order."""
    assert RULES["relu"].function(0.0) == (0.0, 0.0)
    assert RULES["abs"].function(-0.0) == (0.0, 0.0)
    assert RULES["leaky_relu"].function(0.0, 0.01)[1] == 0.01
    assert RULES["leaky_relu"].function(0.0, -0.5)[1] == 0.0
    assert RULES["leaky_relu"].function(0.0, 3.0)[1] == 1.0
    for name in ("maximum", "minimum"):
        assert RULES[name].function(2.0, 2.0) == (2.0, 0.5, 0.5)
        assert RULES[name].function(0.0, -0.0)[1:] == (0.5, 0.5)


def test_a_power_of_zero_has_the_slopes_of_its_limits() -> None:
    """x**y next to x = 0: no slope, slope 1, an infinite one, and none for exponent 0."""
    power = RULES["pow"].function
    assert power(0.0, 2.5) == (0.0, 0.0, 0.0)
    assert power(0.0, 1.0) == (0.0, 1.0, 0.0)
    assert power(0.0, 0.5) == (0.0, math.inf, 0.0)
    assert power(0.0, 0.0) == (1.0, 0.0, -math.inf)
    assert power(math.nan, 0.0)[:2] == (1.0, 0.0)
    x = Series(0.0, lambda order: float(order == 1), {})
    slope = bind(power, on_series)(x, 1.0)[2]
    assert isinstance(slope, Series)
    assert slope[1] == -math.inf  # of x·log(x)


def test_ends_of_domains_have_infinite_slopes_of_the_right_sign() -> None:
    """The one-sided limit, also where 1/sqrt(x) would divide by a negative zero."""
    assert RULES["sqrt"].function(-0.0)[1] == math.inf
    for x in (-1.0, 1.0):
        assert RULES["asin"].function(x)[1] == math.inf
        assert RULES["acos"].function(x)[1] == -math.inf


def test_a_remainder_has_the_sign_of_the_divisor_and_the_slope_of_its_whole_quotient() -> None:
    """As of Python: also where x / y is rounded to the next whole number, or is out of range."""
    remainder = RULES["mod"].function
    assert remainder(7.5, 2.0) == (1.5, 1.0, -3.0)
    assert remainder(-7.5, 2.0) == (0.5, 1.0, 4.0)
    assert remainder(7.5, -2.0) == (-0.5, 1.0, 4.0)
    assert remainder(6.0, 2.0) == (0.0, 1.0, -3.0)  # a jump: the slopes from the right
    assert remainder(1.0, 0.1) == (1.0 % 0.1, 1.0, -9.0)  # 1.0 / 0.1 is 10.0
    assert remainder(1.7e308, -1e308)[2] == 2.0
    assert remainder(1e308, 1e-308)[2] == -math.inf
    assert remainder(5.0, math.inf) == (5.0, 1.0, 0.0)
    assert remainder(-5.0, math.inf) == (math.inf, 1.0, 1.0)


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(1e-9, 1e9), st.booleans())
def test_the_slope_of_a_remainder_is_pythons_whole_quotient(
    x: float, y: float, below: bool
) -> None:
    """x // y, in float64 to the last place."""
    y = -y if below else y
    slope, quotient = RULES["mod"].function(x, y)[2], x // y
    assert slope == -quotient or abs(slope + quotient) <= math.ulp(slope)  # both may be infinite


def test_xlogy_is_0_where_both_are() -> None:
    """A term of an entropy: 0 times the logarithm of 0, with the slopes of its limits."""
    assert RULES["xlogy"].function(0.0, 0.0) == (0.0, -math.inf, 0.0)
    assert RULES["xlogy"].function(-0.0, 0.5) == (0.0, math.log(0.5), 0.0)
    assert RULES["xlogy"].function(0.0, math.inf) == (0.0, math.inf, 0.0)
    for x, y in ((1.0, 0.0), (0.0, -1.0), (-2.0, 0.0)):
        with pytest.raises(ValueError, match="math domain error"):
            RULES["xlogy"].function(x, y)


def test_logaddexp_is_stable_and_takes_infinities() -> None:
    """No overflow; of infinities of one sign each has half the slope."""
    add, inf = RULES["logaddexp"].function, math.inf
    assert add(1000.0, 1000.0) == (1000 + math.log(2), 0.5, 0.5)
    assert add(-1000.0, -1000.0) == (-1000 + math.log(2), 0.5, 0.5)
    assert add(-inf, 3.0) == (3.0, 0.0, 1.0)
    assert add(inf, -inf) == (inf, 1.0, 0.0)
    assert add(inf, inf) == (inf, 0.5, 0.5)
    assert add(-inf, -inf) == (-inf, 0.5, 0.5)


def test_the_logarithm_of_the_normal_cdf_does_not_underflow() -> None:
    """Far to the left it is -x²/2 and its slope -x, up to the end of the range."""
    assert RULES["normal_cdf"].function(-40.0)[0] == 0.0
    assert RULES["log_ndtr"].function(-40.0)[0] == pytest.approx(-804.6084420137538, rel=1e-15)
    assert RULES["log_ndtr"].function(-1e100) == (-5e199, 1e100)
    assert RULES["log_ndtr"].function(-1e200) == (-math.inf, 1e200)
    assert RULES["log_ndtr"].function(-math.inf) == (-math.inf, math.inf)
    assert RULES["log_ndtr"].function(math.inf) == (0.0, 0.0)


def test_overflow_goes_to_infinity_in_every_operation() -> None:
    """No operation raises OverflowError: each gives the infinity of the right sign."""
    cases: dict[str, tuple[Any, float]] = {
        "exp": ((1000.0,), math.inf),
        "expm1": ((1000.0,), math.inf),
        "sinh": ((-1000.0,), -math.inf),
        "cosh": ((-1000.0,), math.inf),
        "mul": ((1e200, -1e200), -math.inf),
        "div": ((1e200, -1e-200), -math.inf),
        "pow": ((-1e200, 3.0), -math.inf),
        "add": ((1.7e308, 1.7e308), math.inf),
    }
    for name, (operands, value) in cases.items():
        assert RULES[name].function(*operands)[0] == value


@pytest.mark.slow
def test_numba_compiles_every_rule_as_it_stands() -> None:
    """The same functions, compiled, give the same numbers to a few ulp."""
    numba = pytest.importorskip("numba")

    def compiled(function: Any) -> Any:
        return numba.njit(function, error_model="numpy")

    functions = elementary(of_math, FLOAT_COMPOSED, compiled)
    rng = random.Random(3)
    for of in RULES.values():
        function = compiled(bind(of.function, functions))
        for _ in range(20):
            point = tuple(rng.uniform(0.05, 0.95) for _ in range(of.arity))
            assert function(*point) == pytest.approx(of.function(*point), rel=1e-14), of.name


def test_a_rule_of_a_name_that_is_taken_is_refused() -> None:
    """Defining an operation twice is an error, not a silent replacement."""
    with pytest.raises(ValueError, match="'tanh': the table has one already"):

        @rule("tanh", "x", "1")
        def tanh(x: Any) -> Any:
            return x, 1.0

    assert RULES["tanh"].function(0.0) == (0.0, 1.0)


def test_only_plain_functions_can_be_bound() -> None:
    """A builtin has no body to read again with other elementary functions."""
    with pytest.raises(TypeError, match="plain Python function"):
        bind(math.exp, m)
