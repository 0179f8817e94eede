"""Hard points of scalar automatic differentiation, with the right answers from mpmath.

Each case is an expression, a point, and the right value and gradients; None where any answer of a
kind counts (a kink has its interval instead).  An expression that is undefined at its point raises.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

import micrograd_like as mg
from micrograd_like import Value, derivative

inf, nan = math.inf, math.nan


class Case(NamedTuple):
    """One expression at one point."""

    name: str
    f: Callable[..., Any]
    point: tuple[float, ...]
    value: float
    gradients: tuple[Any, ...]  # a number, or an interval (low, high) at a kink


def naive_sigmoid(x: Any) -> Any:
    return 1 / (1 + mg.exp(-x))


def norm(a: Any, b: Any) -> Any:
    return mg.sqrt(a * a + b * b)


LN2 = math.log(2)
CASES = [
    Case("x**0", lambda x: x**0, (0.0,), 1, (0,)),
    Case("x**0.0", lambda x: x**0.0, (0.0,), 1, (0,)),
    Case("x**1", lambda x: x**1, (0.0,), 0, (1,)),
    Case("x**1.0", lambda x: x**1.0, (0.0,), 0, (1,)),
    Case("x**2", lambda x: x**2, (0.0,), 0, (0,)),
    Case("x**2.0", lambda x: x**2.0, (0.0,), 0, (0,)),
    Case("x**2.5", lambda x: x**2.5, (0.0,), 0, (0,)),
    Case("x**1.5", lambda x: x**1.5, (0.0,), 0, (0,)),
    Case("x**0.5", lambda x: x**0.5, (0.0,), 0, (inf,)),
    Case("x**-2 overflow", lambda x: x**-2, (1e-200,), inf, (-inf,)),
    Case("1/x**2 overflow", lambda x: 1 / x**2, (1e-160,), inf, (-inf,)),
    Case("x**y at 0, 0", lambda x, y: x**y, (0.0, 0.0), 1, (0, -inf)),
    Case("x**y at 0, 2", lambda x, y: x**y, (0.0, 2.0), 0, (0, 0)),
    Case("x**y at 0, 1", lambda x, y: x**y, (0.0, 1.0), 0, (1, 0)),
    Case("x**y at 0, 0.5", lambda x, y: x**y, (0.0, 0.5), 0, (inf, 0)),
    Case("x**y at -2, 3", lambda x, y: x**y, (-2.0, 3.0), -8, (12, nan)),
    Case("x**y at -2, 0", lambda x, y: x**y, (-2.0, 0.0), 1, (0, nan)),
    Case("x**3 negative base", lambda x: x**3, (-2.0,), -8, (12,)),
    Case("2**x", lambda x: 2**x, (3.0,), 8, (8 * LN2,)),
    Case("(-2)**x", lambda x: (-2) ** x, (3.0,), -8, (nan,)),
    Case("0**x", lambda x: 0**x, (2.0,), 0, (0,)),
    Case("x**x", lambda x: x**x, (0.0,), 1, (-inf,)),
    Case("1**y at inf", lambda x, y: x**y, (1.0, inf), 1, (inf, 0)),
    Case(
        "x**y near 1",
        lambda x, y: x**y,
        (1.0000001, 1e7),
        2.71828169413208157,
        (27182814.2230393918, 2.71828155980512122e-7),
    ),
    Case("sqrt(0)", mg.sqrt, (0.0,), 0, (inf,)),
    Case("sqrt(-0.0)", mg.sqrt, (-0.0,), 0, (inf,)),
    Case("sqrt(x*x)", lambda x: mg.sqrt(x * x), (0.0,), 0, ((-1, 1),)),
    Case("norm at 0", norm, (0.0, 0.0), 0, ((-1, 1), (-1, 1))),
    Case("abs", abs, (0.0,), 0, ((-1, 1),)),
    Case("relu", mg.relu, (0.0,), 0, ((0, 1),)),
    Case("maximum(x, 0)", lambda x: mg.maximum(x, 0), (0.0,), 0, ((0, 1),)),
    Case("maximum(0, x)", lambda x: mg.maximum(0, x), (0.0,), 0, ((0, 1),)),
    Case("relu(x) + relu(-x)", lambda x: mg.relu(x) + mg.relu(-x), (0.0,), 0, ((-1, 1),)),
    Case("relu(x) * relu(-x)", lambda x: mg.relu(x) * mg.relu(-x), (0.0,), 0, (0,)),
    Case("x * relu(x)", lambda x: x * mg.relu(x), (0.0,), 0, (0,)),
    Case("x * abs(x)", lambda x: x * abs(x), (0.0,), 0, (0,)),
    Case("maximum tie", mg.maximum, (1.0, 1.0), 1, (0.5, 0.5)),
    Case("minimum tie", mg.minimum, (1.0, 1.0), 1, (0.5, 0.5)),
    Case("maximum(x, x)", lambda x: mg.maximum(x, x), (1.0,), 1, (1,)),
    Case("maximum(nan, 1)", mg.maximum, (nan, 1.0), nan, (nan, nan)),
    Case("maximum(1, nan)", mg.maximum, (1.0, nan), nan, (nan, nan)),
    Case(
        "maximum of three",
        lambda a, b, c: mg.maximum(mg.maximum(a, b), c),
        (1.0, 1.0, 1.0),
        1,
        (0.25, 0.25, 0.5),
    ),
    Case("maximum(0.0, -0.0)", mg.maximum, (0.0, -0.0), 0, (0.5, 0.5)),
    Case("log1p(1e-20)", mg.log1p, (1e-20,), 1e-20, (1,)),
    Case("expm1(1e-20)", mg.expm1, (1e-20,), 1e-20, (1,)),
    Case("expm1(-40)", mg.expm1, (-40.0,), -1, (4.2483542552915890e-18,)),
    Case("exp(1000)", mg.exp, (1000.0,), inf, (inf,)),
    Case("exp(-1000)", mg.exp, (-1000.0,), 0, (0,)),
    Case("exp(-exp(x))", lambda x: mg.exp(-mg.exp(x)), (1000.0,), 0, (0,)),
    Case("naive sigmoid", naive_sigmoid, (-1000.0,), 0, (0,)),
    Case("sigmoid(-1000)", mg.sigmoid, (-1000.0,), 0, (0,)),
    Case("sigmoid(-700)", mg.sigmoid, (-700.0,), 9.85967654375977e-305, (9.85967654375977e-305,)),
    Case("sigmoid(40)", mg.sigmoid, (40.0,), 1, (4.2483542552915890e-18,)),
    Case("sigmoid(-40)", mg.sigmoid, (-40.0,), 4.248354255291589e-18, (4.248354255291589e-18,)),
    Case("tanh(1000)", mg.tanh, (1000.0,), 1, (0,)),
    Case("tanh(-1000)", mg.tanh, (-1000.0,), -1, (0,)),
    Case("tanh(20)", mg.tanh, (20.0,), 1, (1.6993417021166356e-17,)),
    Case("tanh(10)", mg.tanh, (10.0,), 0.9999999958776928, (8.2446144557673975e-9,)),
    Case("softplus(1000)", mg.softplus, (1000.0,), 1000, (1,)),
    Case("softplus(-1000)", mg.softplus, (-1000.0,), 0, (0,)),
    Case("softplus(-40)", mg.softplus, (-40.0,), 4.248354255291589e-18, (4.248354255291589e-18,)),
    Case("softplus(20.5)", mg.softplus, (20.5,), 20.500000001250153, (0.9999999987498471,)),
    Case(
        "logsumexp of large",
        lambda a, b: mg.logsumexp([a, b]),
        (1000.0, 1000.0),
        1000.69314718056,
        (0.5, 0.5),
    ),
    Case("logsumexp(-inf, 0)", lambda a, b: mg.logsumexp([a, b]), (-inf, 0.0), 0, (0, 1)),
    Case("logsumexp(inf, 0)", lambda a, b: mg.logsumexp([a, b]), (inf, 0.0), inf, (1, 0)),
    Case("cosh(1000)", mg.cosh, (1000.0,), inf, (inf,)),
    Case("x/x", lambda x: x / x, (3.0,), 1, (0,)),
    Case("x/y tiny", lambda x, y: x / y, (1e-200, 1e-170), 1e-30, (1e170, -1e140)),
    Case("x/y huge", lambda x, y: x / y, (1e200, 1e200), 1, (1e-200, -1e-200)),
    Case("x - x", lambda x: x - x, (3.0,), 0, (0,)),
    Case("inf - inf", lambda x: x - x, (inf,), nan, (0,)),
    Case("x * x", lambda x: x * x, (3.0,), 9, (6,)),
    Case("asin(1)", mg.asin, (1.0,), math.pi / 2, (inf,)),
    Case("asin next to 1", mg.asin, (0.9999999999,), 1.5707821846586878, (70710.6751951088304,)),
    Case(
        "acos next to 1", mg.acos, (0.9999999999,), 1.4142136208911564e-05, (-70710.6751951088304,)
    ),
    Case("acos(-1)", mg.acos, (-1.0,), math.pi, (-inf,)),
    Case(
        "tan(pi/2)", mg.tan, (1.5707963267948966,), 1.633123935319537e16, (2.6670937881135712e32,)
    ),
    Case("atan(1e200)", mg.atan, (1e200,), math.pi / 2, (0,)),
    Case("sin(1e22)", mg.sin, (1e22,), -0.852200849767188802, (0.523214785395138946,)),
    Case("where sqrt", lambda x: mg.sqrt(x) if x > 0 else 0 * x, (0.0,), 0, (0,)),
    Case("where log", lambda x: mg.log(x) if x > 0 else 0 * x, (-1.0,), 0, (0,)),
    Case("where log at 0", lambda x: mg.log(x) if x > 0 else 0 * x, (0.0,), 0, (0,)),
    Case("where sin(x)/x", lambda x: mg.sin(x) / x if x.data else 0 * x + 1, (0.0,), 1, (0,)),
    Case("0 * sqrt(x)", lambda x: 0 * mg.sqrt(x), (0.0,), 0, (0,)),
    Case("relu(nan)", mg.relu, (nan,), nan, (nan,)),
    Case("abs(nan)", abs, (nan,), nan, (nan,)),
    Case("sigmoid(nan)", mg.sigmoid, (nan,), nan, (nan,)),
    Case("x * nan", lambda x: x * nan, (1.0,), nan, (nan,)),
    Case("x**0 at nan", lambda x: x**0, (nan,), 1, (0,)),
    Case("relu(inf)", mg.relu, (inf,), inf, (1,)),
    Case("relu(-0.0)", mg.relu, (-0.0,), 0, ((0, 1),)),
    Case("tanh(inf)", mg.tanh, (inf,), 1, (0,)),
    Case("exp(-inf)", mg.exp, (-inf,), 0, (0,)),
    Case("large and small", lambda x: x * 1e200 * 1e200 * 1e-300, (1e-100,), 1, (1e100,)),
]

# Undefined points and poles: no finite answer exists, and the operation says so.
UNDEFINED: list[tuple[str, Callable[..., Any], tuple[float, ...], type[Exception]]] = [
    ("x**-1", lambda x: x**-1, (0.0,), ZeroDivisionError),
    ("1/x**2 underflow", lambda x: 1 / x**2, (1e-170,), ZeroDivisionError),
    ("x**y at 0, -1", lambda x, y: x**y, (0.0, -1.0), ZeroDivisionError),
    ("x**0.5 of a negative", lambda x: x**0.5, (-2.0,), ValueError),
    ("sqrt(-1)", mg.sqrt, (-1.0,), ValueError),
    ("log(0)", mg.log, (0.0,), ValueError),
    ("log(-0.0)", mg.log, (-0.0,), ValueError),
    ("log(-1)", mg.log, (-1.0,), ValueError),
    ("log1p(-1)", mg.log1p, (-1.0,), ValueError),
    ("log1p(-2)", mg.log1p, (-2.0,), ValueError),
    ("x * log(x)", lambda x: x * mg.log(x), (0.0,), ValueError),
    ("log(x) / log(x)", lambda x: mg.log(x) / mg.log(x), (1.0,), ZeroDivisionError),
    ("logsumexp(-inf, -inf)", lambda a, b: mg.logsumexp([a, b]), (-inf, -inf), ValueError),
    ("1 / 0", lambda x, y: x / y, (1.0, 0.0), ZeroDivisionError),
    ("0 / 0", lambda x, y: x / y, (0.0, 0.0), ZeroDivisionError),
    ("x / x at 0", lambda x: x / x, (0.0,), ZeroDivisionError),
    ("asin(2)", mg.asin, (2.0,), ValueError),
    ("sin(inf)", mg.sin, (inf,), ValueError),
    ("0 * (1/x)", lambda x: 0 * (1 / x), (0.0,), ZeroDivisionError),
]

# No product of local derivatives can give these: the right answer, and what the chain rule gives.
BEYOND_THE_CHAIN_RULE = [
    # ∂(1/u)/∂u = -1e400 overflows before it meets 2x = 2e-100
    Case("1/x**2 tiny", lambda x: 1 / x**2, (1e-100,), 1e200, (-2e300,)),
    # the slope of √ is infinite at 0, that of the square 0: their product is not the limit 1
    Case("sqrt(x)**2", lambda x: mg.sqrt(x) ** 2, (0.0,), 0, (1,)),
    # relu'(0) = 0 on both sides of the difference; any fixed value but ½ fails here
    Case("relu(x) - relu(-x)", lambda x: mg.relu(x) - mg.relu(-x), (0.0,), 0, (1,)),
    # 1/x and x/x² overflow to infinities that ought to cancel
    Case("x/x subnormal", lambda x: x / x, (1e-320,), 1, (0,)),
    # ∂(1/u)/∂u = -3.7e-348 underflows before it meets exp(400)
    Case(
        "naive sigmoid at -400",
        naive_sigmoid,
        (-400.0,),
        1.915169596714006e-174,
        (1.915169596714006e-174,),
    ),
]


# The program as written loses the value in its forward pass: the gradient is that of the floats.
LOST_IN_THE_FORWARD_PASS = [
    Case("norm overflow", norm, (3e200, 4e200), inf, (0, 0)),
    Case("log(1 + x)", lambda x: mg.log(1 + x), (1e-20,), 0, (1,)),
    Case("exp(x) - 1", lambda x: mg.exp(x) - 1, (1e-20,), 0, (1,)),
    Case("log(1 + exp(x))", lambda x: mg.log(1 + mg.exp(x)), (1000.0,), inf, (0,)),
    Case("1e16x + x - 1e16x", lambda x: 1e16 * x + x - 1e16 * x, (1.0,), 0, (0,)),
    Case("x/10 ten thousand times", lambda x: sum([0.1 * x] * 10_000), (1.0,), 1000, (1000,)),
    Case(
        "product underflow",
        lambda x, y: (x * 1e-200) * (y * 1e-200) * 1e300,
        (1.0, 1.0),
        0,
        (1e-100, 1e-100),
    ),
]


def close(got: float, right: Any) -> bool:
    """Whether an answer is right: to 2e-14 relative, NaN for NaN, in the interval of a kink."""
    if isinstance(right, tuple):
        return bool(right[0] <= got <= right[1])
    if math.isnan(right):
        return math.isnan(got)
    return got == right or math.isclose(got, right, rel_tol=2e-14)


def gradients_at(case: Case) -> tuple[float, list[float]]:
    """The value and the gradients that the engine finds."""
    leaves = [Value(x) for x in case.point]
    root = case.f(*leaves)
    root.backward()
    return root.data, [leaf.grad for leaf in leaves]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_value_and_gradients_are_right(case: Case) -> None:
    """The engine gives the right answer at a point where others are known to fail."""
    value, gradients = gradients_at(case)
    assert close(value, case.value)
    assert all(map(close, gradients, case.gradients)), gradients


@pytest.mark.parametrize(
    ("f", "point", "error"), [row[1:] for row in UNDEFINED], ids=[row[0] for row in UNDEFINED]
)
def test_undefined_points_raise(
    f: Callable[..., Any], point: tuple[float, ...], error: type[Exception]
) -> None:
    """Where no finite answer exists the operation raises, and says what it needs."""
    with pytest.raises(error, match="needs"):
        f(*map(Value, point))


@pytest.mark.parametrize("case", BEYOND_THE_CHAIN_RULE, ids=lambda case: case.name)
def test_what_no_product_of_local_derivatives_can_give(case: Case) -> None:
    """The value is right; the gradient is not, for the reason given beside the case."""
    value, gradients = gradients_at(case)
    assert close(value, case.value)
    assert not all(map(close, gradients, case.gradients))


@pytest.mark.parametrize("case", LOST_IN_THE_FORWARD_PASS, ids=lambda case: case.name)
def test_what_is_lost_in_the_forward_pass_stays_lost_quietly(case: Case) -> None:
    """No reverse rule brings back what rounding or overflow took; nothing raises or turns NaN."""
    value, gradients = gradients_at(case)
    assert value == pytest.approx(case.value, rel=1e-12)
    assert gradients == pytest.approx(case.gradients, rel=1e-12)


SECOND = [
    ("x**0", lambda x: x**0, 0.0, 0),
    ("x**0.0", lambda x: x**0.0, 0.0, 0),
    ("x**1.0", lambda x: x**1.0, 0.0, 0),
    ("x**2", lambda x: x**2, 0.0, 2),
    ("x**1.5", lambda x: x**1.5, 0.0, inf),
    ("0**y", lambda y: 0.0**y, 2.0, 0),
    ("tanh(1000)", mg.tanh, 1000.0, 0),
    ("tanh(inf)", mg.tanh, inf, 0),
    ("softplus(20.5)", mg.softplus, 20.5, 1.2501528632609783e-9),
    ("relu(x)*relu(-x)", lambda x: mg.relu(x) * mg.relu(-x), 0.0, 0),
    ("x * relu(x)", lambda x: x * mg.relu(x), 0.0, (0, 2)),
    ("x * abs(x)", lambda x: x * abs(x), 0.0, (-2, 2)),
    ("x * x", lambda x: x * x, 3.0, 2),
]


@pytest.mark.parametrize(
    ("f", "x", "right"), [row[1:] for row in SECOND], ids=[row[0] for row in SECOND]
)
def test_second_derivatives_at_hard_points(f: Callable[[Any], Any], x: float, right: Any) -> None:
    """Differentiating the gradient again is right where others give NaN."""
    assert close(derivative(f, 2)(x), right)
