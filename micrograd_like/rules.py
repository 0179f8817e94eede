"""The mathematics: every operation once, as a plain function on numbers.

A rule takes one or two numbers and returns its value followed by its local derivatives, one per
input.  Nothing else in the package knows any calculus: recording, ``backward``, higher derivatives,
checks and pictures all read the functions below.

A rule works on any kind of number, because ``m`` stands for the elementary functions of that kind:
floats here, Values in the engine, mpmath numbers in a check (`elementary.py`).  Two things follow
for whoever writes one.  Conditions compare with ``< <= > >=``, never with ``==``, which tells
whether two Values are the same object; NaN then falls through to the last branch.  And a branch
must not change the derivative of a derivative: a formula through ``|x|`` is wrong at 0 there.

Beside the function stands what people read: a symbol, the formula, the derivatives' formulas, and
the domain (`table.py`).

>>> mul(3.0, 4.0)
(12.0, 4.0, 3.0)
"""

from math import inf, nan

from micrograd_like.elementary import SMALLEST_NORMAL, bind, elementary, m
from micrograd_like.table import RULES, Rule, rule

__all__ = ["RULES", "SUMS", "Rule", "bind", "elementary", "m"]

# --- arithmetic ------------------------------------------------------------------------------


@rule("+", "x + y", "1", "1")
def add(x, y):
    """The sum."""
    return x + y, 1.0, 1.0


@rule("−", "x - y", "1", "-1")
def sub(x, y):
    """The difference."""
    return x - y, 1.0, -1.0


@rule("×", "x * y", "y", "x")
def mul(x, y):
    """The product."""
    return x * y, y, x


@rule("÷", "x / y", "1 / y", "-x / y**2", domain="y != 0")
def div(x, y):
    """The quotient."""
    quotient = x / y
    if -1 < y < 1 and -SMALLEST_NORMAL < quotient < SMALLEST_NORMAL:
        return quotient, 1.0 / y, -(x * 2.0**64 / y) / y / 2.0**64  # keeps the digits that x/y lost
    return quotient, 1.0 / y, -quotient / y  # x / y² would overflow where this does not


@rule("−", "-x", "-1")
def neg(x):
    """The opposite number."""
    return -x, -1.0


@rule(
    "^",
    "x**y",
    "y * x**(y - 1)",
    "x**y * log(x)",
    domain="x > 0 or x == 0 and y >= 0 or x < 0 and y % 1 == 0",
)
def pow(x, y):
    """x to the power y, over the real numbers; 0 to the power 0 is 1."""
    value = m.pow(x, y)
    if x > 0:
        if SMALLEST_NORMAL <= value < inf:
            return value, m.power_slope(x, y), value * m.log(x)
        half = m.pow(x, 0.5 * y)  # value·log(x) may be in range where value is not
        return value, m.power_slope(x, y), 0.0 if half <= 0 else half * m.log(x) * half
    if x < 0:
        # x^y is defined at whole y only; a bare NaN would have the derivative 0
        return value, m.power_slope(x, y), x * y * nan
    if x >= 0:  # x is 0
        if y >= 1:  # x·log(x) is 0 here, and falls as steeply as -√x
            return value, m.power_slope(x, y), 0.0 if y > 1 else 0.0 - m.sqrt(x)
        if y > 0:
            return value, inf, 0.0
        return value, 0.0, -inf  # y is 0
    return value, 0.0 if y <= 0 <= y else x, x  # x is NaN, and NaN^0 is 1


@rule("%", "x % y", "1", "-floor(x / y)", domain="y != 0")
def mod(x, y):
    """The remainder of a division, of the sign of y; it jumps where y divides x."""
    return x % y, 1.0, -m.times(x, y)


# --- exponentials and logarithms -------------------------------------------------------------


@rule("exp", "exp(x)", "exp(x)")
def exp(x):
    """The exponential, e to the power x."""
    value = m.exp(x)
    return value, value


@rule("expm1", "expm1(x)", "exp(x)")
def expm1(x):
    """exp(x) - 1, with all its digits next to 0."""
    return m.expm1(x), m.exp(x)


@rule("log", "log(x)", "1 / x", domain="x > 0")
def log(x):
    """The natural logarithm."""
    return m.log(x), 1.0 / x


@rule("log1p", "log1p(x)", "1 / (1 + x)", domain="x > -1")
def log1p(x):
    """log(1 + x), with all its digits next to 0."""
    return m.log1p(x), 1.0 / (1.0 + x)


@rule(
    "xlogy",
    "x * log(y) if y > 0 else 0",
    "log(y)",
    "x / y",
    domain="y > 0 or x == 0 and y == 0",
    arrays="xlogy(x, y)",
)
def xlogy(x, y):
    """x times the logarithm of y, and 0 where both are 0: a term of an entropy."""
    if x <= 0 <= x and y <= 0 <= y:
        return 0.0, -inf, 0.0
    if y > 0 or x < 0 or x >= 0:
        logarithm = m.log(y)
        return 0.0 if x <= 0 <= x and y >= inf else x * logarithm, logarithm, x / y
    return x, x, x  # NaN


@rule(
    "logaddexp",
    "log(exp(x) + exp(y))",
    "sigmoid(x - y)",
    "sigmoid(y - x)",
    arrays="logaddexp(x, y)",
)
def logaddexp(x, y):
    """log(exp(x) + exp(y)) without overflow: a sum of numbers given by their logarithms."""
    if x >= y >= inf or x <= y <= -inf:
        return x, 0.5, 0.5
    value = y + m.log1p(m.exp(x - y)) if x < y else x + m.log1p(m.exp(y - x))
    return value, m.share(x, y), m.share(y, x)


@rule("√", "sqrt(x)", "1 / (2 * sqrt(x))", domain="x >= 0")
def sqrt(x):
    """The square root."""
    root = m.sqrt(x)
    return root, m.divide(0.5, root)


# --- trigonometric and hyperbolic functions --------------------------------------------------


@rule("sin", "sin(x)", "cos(x)", domain="-inf < x < inf")
def sin(x):
    """The sine of an angle in radians."""
    return m.sin(x), m.cos(x)


@rule("cos", "cos(x)", "-sin(x)", domain="-inf < x < inf")
def cos(x):
    """The cosine of an angle in radians."""
    return m.cos(x), -m.sin(x)


@rule("tan", "tan(x)", "1 + tan(x)**2", domain="-inf < x < inf")
def tan(x):
    """The tangent of an angle in radians."""
    tangent = m.tan(x)
    return tangent, 1.0 + tangent * tangent


@rule("asin", "asin(x)", "1 / sqrt(1 - x**2)", domain="-1 <= x <= 1")
def asin(x):
    """The inverse of the sine, in radians from -π/2 to π/2."""
    return m.asin(x), m.asin_slope(x)


@rule("acos", "acos(x)", "-1 / sqrt(1 - x**2)", domain="-1 <= x <= 1")
def acos(x):
    """The inverse of the cosine, in radians from 0 to π."""
    return m.acos(x), -m.asin_slope(x)


@rule("atan", "atan(x)", "1 / (1 + x**2)")
def atan(x):
    """The inverse of the tangent, in radians from -π/2 to π/2."""
    if -1 < x < 1:
        return m.atan(x), 1.0 / (1.0 + x * x)
    inverse = 1.0 / x  # x² would overflow long before 1/x² underflows
    return m.atan(x), inverse / (x + inverse)


@rule("sinh", "sinh(x)", "cosh(x)")
def sinh(x):
    """The hyperbolic sine."""
    return m.sinh(x), m.cosh(x)


@rule("cosh", "cosh(x)", "sinh(x)")
def cosh(x):
    """The hyperbolic cosine."""
    return m.cosh(x), m.sinh(x)


@rule("tanh", "tanh(x)", "1 - tanh(x)**2")
def tanh(x):
    """The hyperbolic tangent, an activation between -1 and 1."""
    value = m.tanh(x)
    if -0.5 < x < 0.5:
        return value, 1.0 - value * value
    return value, 4.0 * m.sigmoid(2.0 * x) * m.sigmoid(-2.0 * x)  # 1 - tanh² is 0 from x = 20 on


# --- activations -----------------------------------------------------------------------------


@rule(
    "σ",
    "1 / (1 + exp(-x))",
    "sigmoid(x) * (1 - sigmoid(x))",
    arrays="exp(-logaddexp(0.0, -x))",
)
def sigmoid(x):
    """The logistic function, an activation between 0 and 1."""
    value = m.sigmoid(x)
    if -1 < x < 1:
        tangent = m.tanh(0.5 * x)
        return value, 0.25 * (1.0 - tangent * tangent)
    return value, value * m.sigmoid(-x)  # 1 - σ is 0 from x = 37 on; at 0 the derivative cancels


@rule("ReLU", "max(x, 0)", "1 if x > 0 else 0", arrays="0.0 if x <= 0 else x")
def relu(x):
    """Rectified linear unit: x where it is positive, else 0 (Nair and Hinton, 2010)."""
    if x > 0:
        return x, 1.0
    if x <= 0:
        return 0.0, 0.0
    return x, x  # NaN


@rule(
    "LeakyReLU",
    "x if x > 0 else y * x",
    "1 if x > 0 else y if x < 0 else min(max(y, 0), 1)",
    "0 if x > 0 else x",
)
def leaky_relu(x, y=0.01):
    """A ReLU with the slope y below 0 (Maas, Hannun and Ng, 2013)."""
    if x > 0:
        return x, 1.0, 0.0
    if x < 0:
        return y * x, y, x
    if x >= 0:  # x is 0, the kink: of the slopes between y and 1, the one nearest to 0
        return x, 0.0 if y < 0 else 1.0 if y > 1 else y, 0.0
    return x, x, x  # NaN


@rule("softplus", "log(1 + exp(x))", "sigmoid(x)", arrays="logaddexp(x, 0.0)")
def softplus(x):
    """A smooth ReLU (Dugas and others, 2001)."""
    if x > 0:
        return x + m.log1p(m.exp(-x)), m.sigmoid(x)
    return m.log1p(m.exp(x)), m.sigmoid(x)


@rule("SiLU", "x * sigmoid(x)", "sigmoid(x) * (1 + x * sigmoid(-x))")
def silu(x):
    """Sigmoid linear unit, also called swish (Elfwing, Uchibe and Doya, 2017)."""
    if x < -1500:  # exp(x) is 0, also at -inf, where x · exp(x) would be NaN
        return 0.0, 0.0
    if x > 1500:
        return x, 1.0
    if x < 0:  # σ(x) = half·rest, so that x·σ(x) loses nothing where σ(x) underflows
        half = m.exp(0.5 * x)
        rest = half / (1.0 + half * half)
        return x * half * rest, half * (1.0 + x * m.sigmoid(-x)) * rest
    value = m.sigmoid(x)
    return x * value, value * (1.0 + x * m.sigmoid(-x))


@rule("Φ", "erfc(-x / sqrt(2)) / 2", "exp(-x**2 / 2) / sqrt(2 * pi)")
def normal_cdf(x):
    """How probable it is that a standard normal variable is below x."""
    return m.normal_cdf(x), m.normal_pdf(x)


@rule(
    "log Φ",
    "log(normal_cdf(x))",
    "exp(-x**2 / 2) / sqrt(2 * pi) / normal_cdf(x)",
    arrays="log_ndtr(x)",
)
def log_ndtr(x):
    """The logarithm of normal_cdf(x), also where that underflows."""
    if x < -36:
        tail = m.normal_tail(x)
        return -0.5 * x * x - m.log(m.sqrt(2.0 * m.pi) * -x / tail), -x / tail
    slope = m.normal_pdf(x) / m.normal_cdf(x)
    if x > 0:
        return m.log1p(-m.normal_cdf(-x)), slope
    return m.log(m.normal_cdf(x)), slope


@rule("GELU", "x * normal_cdf(x)", "normal_cdf(x) + x * exp(-x**2 / 2) / sqrt(2 * pi)")
def gelu(x):
    """Gaussian error linear unit: x times normal_cdf(x) (Hendrycks and Gimpel, 2016)."""
    if x < -1500:
        return 0.0, 0.0
    if x > 1500:
        return x, 1.0
    density = m.normal_pdf(x)
    if x < -36:  # Φ(x) and φ(x) underflow before their products with x do: Φ's tail, and
        # x·φ(x) as (x·φ(x+1))·exp(x+½)
        tail = m.normal_tail(x)
        slope = x * m.normal_pdf(x + 1.0) * m.exp(x + 0.5)
        return -density * tail, slope * (1.0 - tail / (x * x))
    probability = m.normal_cdf(x)
    return x * probability, probability + x * density


# --- kinks: the subgradient of least norm, ties shared ---------------------------------------


@rule("abs", "abs(x)", "1 if x > 0 else -1 if x < 0 else 0")
def abs(x):
    """The absolute value."""
    if x > 0:
        return x, 1.0
    if x < 0:
        return -x, -1.0
    if x >= 0:
        return 0.0, 0.0
    return x, x  # NaN


@rule(
    "max", "max(x, y)", "1 if x > y else 0 if x < y else 1/2", "1 if y > x else 0 if y < x else 1/2"
)
def maximum(x, y):
    """The larger of two numbers; of equal ones each has half the slope."""
    if x > y:
        return x, 1.0, 0.0
    if x < y:
        return y, 0.0, 1.0
    if x <= y:
        return x, 0.5, 0.5
    return x + y, nan, nan


@rule(
    "min", "min(x, y)", "1 if x < y else 0 if x > y else 1/2", "1 if y < x else 0 if y > x else 1/2"
)
def minimum(x, y):
    """The smaller of two numbers; of equal ones each has half the slope."""
    if x < y:
        return x, 1.0, 0.0
    if x > y:
        return y, 0.0, 1.0
    if x <= y:
        return x, 0.5, 0.5
    return x + y, nan, nan


# What a sum of many terms is made of: where terms are taken together, these are.
SUMS: tuple[Rule, ...] = (RULES["add"], RULES["sub"], RULES["neg"])
