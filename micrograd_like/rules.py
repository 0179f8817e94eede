"""The mathematics: every operation once, as a plain function on numbers.

A rule takes one or two numbers and returns its value followed by its local derivatives, one per
input.  Nothing else in the package knows any calculus: recording, ``backward``, higher derivatives,
checks and pictures all read the functions below.

A rule works on any kind of number, because ``m`` stands for the elementary functions of that kind:
floats here, Values in the engine, mpmath numbers in a check (:func:`bind`, :func:`elementary`).
Two things follow for whoever writes one.  Conditions use ``<`` and ``>`` only, since ``==`` tells
whether two Values are the same object; NaN then falls through to the last branch.  And a branch
must not change the derivative of a derivative: a formula through ``|x|`` is wrong at 0 there.

>>> mul(3.0, 4.0)
(12.0, 4.0, 3.0)
>>> RULES["tanh"].derivatives
('1 - tanh(x)**2',)
"""

import math
import re
from collections.abc import Callable, Mapping
from types import CellType, FunctionType, ModuleType
from typing import Any

__all__ = ["RULES", "Rule", "bind", "elementary", "m", "written"]

Function = Callable[..., Any]
Functions = Mapping[str, Function]

inf, nan = math.inf, math.nan
SMALLEST_NORMAL = 2.2250738585072014e-308
SPLIT = 1.5 * 2.0**36  # adding it leaves multiples of 2^-16
SCALE = 2.0**64
SQRT_HALF = math.sqrt(0.5)
# √½ in two parts, of which the first is short enough for products with it to be exact
SQRT_HALF_HIGH = SQRT_HALF - math.fmod(SQRT_HALF, 2.0**-30)
SQRT_HALF_LOW = (SQRT_HALF - SQRT_HALF_HIGH) - 4.833646656726457e-17


class Rule:
    """An operation: its function on numbers, and the words that people read.

    ``formula`` and ``derivatives`` are Python expressions in x and y; ``domain`` is a condition on
    x and y, or empty where the operation is defined everywhere; ``symbol`` is what pictures show.
    ``arity`` is the number of inputs, one or two.
    """

    __slots__ = ("arity", "derivatives", "domain", "formula", "function", "name", "symbol")

    def __init__(
        self,
        function: Function,
        symbol: str,
        formula: str,
        derivatives: tuple[str, ...],
        domain: str = "",
    ) -> None:
        self.name = function.__name__
        self.function = function
        self.symbol = symbol
        self.formula = formula
        self.derivatives = derivatives
        self.domain = domain
        self.arity = len(derivatives)

    def __repr__(self) -> str:
        return f"Rule({self.name})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rule_named, (self.name,)


RULES: dict[str, Rule] = {}
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def written(formula: str, *operands: str) -> str:
    """A rule's formula on named operands, as on a blackboard.

    >>> written("-x / y**2", "a", "b")
    '-a / b²'
    """
    named = dict(zip("xy", operands, strict=False))

    def exponent(text: str) -> str:
        if text == "1":
            return ""
        return text.translate(SUPERSCRIPTS) if text.isdecimal() and text.isascii() else f"^{text}"

    def replaced(match: re.Match[str]) -> str:
        token, before, after = match[0], formula[: match.start()], formula[match.end() :]
        if token in named:
            operand = named[token]
            starts = (before == "" or before.endswith("(")) and not after.startswith("**")
            return f"({operand})" if operand.startswith("-") and not starts else operand
        if token == " * ":
            return " · "
        if token[2:].isdecimal():
            return exponent(token[2:])
        power = named.get("y", "y")
        constant = re.fullmatch(r"-?[\d.]+", power)
        if token == "**y":
            return exponent(f"({power})" if power.startswith("-") else power)
        return exponent(f"{float(power) - 1:g}" if constant else f"({power} - 1)")

    return re.sub(r"\*\*(?:\(y - 1\)|y|\d+)|\b[xy]\b| \* ", replaced, formula)


def _rule_named(name: str) -> Rule:
    """The rule of a name, for pickles."""
    if name not in RULES:
        raise LookupError(f"unknown operation {name!r}: define its rule before loading")
    return RULES[name]


def rule(
    symbol: str, formula: str, *derivatives: str, domain: str = ""
) -> Callable[[Function], Function]:
    """Enter the decorated function into the table of rules, under its own name."""

    def enter(function: Function) -> Function:
        name, old = function.__name__, RULES.get(function.__name__)
        if old and old.function.__module__ + old.function.__qualname__ != (
            function.__module__ + function.__qualname__  # the same cell of a notebook, run again
        ):
            raise ValueError(f"rule {name!r}: the table has one already; choose another name")
        RULES[name] = Rule(function, symbol, formula, derivatives, domain)
        return function

    return enter


def bind(function: Function, functions: ModuleType) -> Function:
    """The same function, reading its ``m`` from other elementary functions."""
    if not isinstance(function, FunctionType):
        raise TypeError(f"bind: {function!r} is no plain Python function")
    scope = {**function.__globals__, "m": functions}
    free = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    cells = tuple(CellType(functions) if name == "m" else cell for name, cell in free)
    name, defaults = function.__name__, function.__defaults__
    return FunctionType(function.__code__, scope, name, defaults, cells)


# --- elementary functions --------------------------------------------------------------------

# These are the bodies of m's composed functions, for any numbers whose primitives m has.


def _sigmoid(x):
    if x >= 0:
        return 1.0 / (1.0 + m.exp(-x))
    e = m.exp(x)
    return e / (1.0 + e)


def _normal_pdf(x):
    return m.exp(-0.5 * (x * x)) / m.sqrt(8.0 * m.atan(1.0))  # √(2π)


def _normal_cdf(x):
    return 0.5 * m.erfc(-x * m.sqrt(0.5))


def _power_slope(x, y):
    return y * m.pow(x, y - 1.0)


def _asin_slope(x):
    if -0.5 < x < 0.5:
        return 1.0 / m.sqrt(1.0 - x * x)
    return m.divide(1.0, m.sqrt((1.0 - x) * (1.0 + x)))  # 1 - x² loses digits next to 1


def _divide(x, y):
    return x / y if y > 0 or y < 0 else inf


# These take their place on floats, where the last digits and the ends of the range matter.


def _overflowing(function: Callable[[float], float]) -> Callable[[float], float]:
    """The function with IEEE's infinity in place of an OverflowError."""

    def ieee(x: float) -> float:
        try:
            return function(x)
        except OverflowError:
            return math.copysign(inf, x)

    return ieee


def _float_cosh(x: float) -> float:
    try:
        return math.cosh(x)
    except OverflowError:
        return inf


def _float_pow(x: float, y: float) -> float:
    if x < 0 and -inf < y < inf and y % 1 != 0:  # math.pow(-inf, 0.5) is inf
        raise ValueError("a negative base needs a whole exponent")
    try:
        return math.pow(x, y)
    except OverflowError:
        return -inf if x < 0 and y % 2 == 1 else inf
    except ValueError:
        raise ZeroDivisionError("0 to a negative power") from None


def _float_power_slope(x, y):
    """y·x^(y-1) to 3 ulp, where x^(y-1) is out of range or y-1 is rounded, too."""
    exponent = y - 1.0
    power = m.pow(x, exponent)
    size = -power if power < 0 else power
    base = -x if x < 0 else x
    if SMALLEST_NORMAL <= size < inf:
        slope = y * power
    else:  # two halves, of which neither leaves the range unless the product does
        half = m.pow(base, 0.5 * exponent)
        slope = y * half * half
        if x < 0 and exponent % 2 == 1:
            slope = -slope
    step = exponent - y  # -1, but for rounding
    lost = (y - (exponent - step)) - (1.0 + step)  # what rounding took from the exponent
    if (lost < 0 or lost > 0) and 0 < base < inf:
        slope *= m.exp(lost * m.log(base))
    return slope


def _float_normal_pdf(x):
    """exp(-x²/2)/√(2π), with x² split so that its rounding is not multiplied by x²."""
    if x > 40 or x < -40:
        return 0.0
    high = (x + SPLIT) - SPLIT  # rounded, to few enough bits for its square to be exact
    low = x - high
    return m.exp(-0.5 * (high * high)) * m.exp(-0.5 * low * (x + high)) * 0.3989422804014327


def _float_normal_cdf(x):
    """erfc(-x/√2)/2, corrected to first order for the rounding of x/√2."""
    if x > 40 or x < -40:
        return 1.0 if x > 0 else 0.0
    high = (x + SPLIT) - SPLIT
    low = x - high
    scaled = x * SQRT_HALF
    lost = (high * SQRT_HALF_HIGH - scaled) + (high * SQRT_HALF_LOW + low * SQRT_HALF)
    return 0.5 * m.erfc(-scaled) + m.normal_pdf(x) * lost / SQRT_HALF


def _float_divide(x, y):
    return x / y if y > 0 or y < 0 else math.copysign(inf, x) if y <= 0 else nan


PRIMITIVES = [
    *("abs", "exp", "log", "log1p", "expm1", "sqrt", "erfc", "pow", "sin", "cos", "tan"),
    *("asin", "acos", "atan", "sinh", "cosh", "tanh"),
]
COMPOSED: Functions = {
    "sigmoid": _sigmoid,
    "normal_pdf": _normal_pdf,
    "normal_cdf": _normal_cdf,
    "power_slope": _power_slope,
    "asin_slope": _asin_slope,
    "divide": _divide,
}
FLOAT_COMPOSED: Functions = {
    "sigmoid": _sigmoid,
    "normal_pdf": _float_normal_pdf,
    "normal_cdf": _float_normal_cdf,
    "power_slope": _float_power_slope,
    "asin_slope": _asin_slope,
    "divide": _float_divide,
}
FLOAT_PRIMITIVES = {name: getattr(math, name) for name in PRIMITIVES if name != "abs"} | {
    "abs": math.fabs,
    "exp": _overflowing(math.exp),
    "expm1": _overflowing(math.expm1),
    "sinh": _overflowing(math.sinh),
    "cosh": _float_cosh,
    "pow": _float_pow,
}


def elementary(
    primitives: Mapping[str, Any],
    composed: Functions = COMPOSED,
    compiled: Callable[[Function], Any] = lambda function: function,
) -> ModuleType:
    """The ``m`` of a kind of number: its primitive functions, and those composed of them.

    A primitive of a composed function's name takes its place.  The result is a module because
    Numba reads constants and compiled functions from modules; ``compiled`` is there for it.
    """
    functions = ModuleType("m")
    for name, function in composed.items():
        setattr(functions, name, compiled(bind(function, functions)))
    for name, value in primitives.items():
        setattr(functions, name, value)
    return functions


m = elementary(FLOAT_PRIMITIVES, FLOAT_COMPOSED)

# --- arithmetic ------------------------------------------------------------------------------


@rule("+", "x + y", "1", "1")
def add(x, y):
    return x + y, 1.0, 1.0


@rule("−", "x - y", "1", "-1")
def sub(x, y):
    return x - y, 1.0, -1.0


@rule("×", "x * y", "y", "x")
def mul(x, y):
    return x * y, y, x


@rule("÷", "x / y", "1 / y", "-x / y**2", domain="y != 0")
def div(x, y):
    quotient = x / y
    if -1 < y < 1 and -SMALLEST_NORMAL < quotient < SMALLEST_NORMAL:
        return quotient, 1.0 / y, -(x * SCALE / y) / y / SCALE  # keeps the digits that x/y lost
    return quotient, 1.0 / y, -quotient / y  # x / y² would overflow where this does not


@rule("−", "-x", "-1")
def neg(x):
    return -x, -1.0


@rule(
    "^",
    "x**y",
    "y * x**(y - 1)",
    "x**y * log(x)",
    domain="x > 0 or x == 0 and y >= 0 or x < 0 and y % 1 == 0",
)
def pow(x, y):
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
        if y >= 1:
            return value, m.power_slope(x, y), 0.0
        if y > 0:
            return value, inf, 0.0
        return value, 0.0, -inf  # y is 0
    return value, 0.0 if y <= 0 <= y else x, x  # x is NaN, and NaN^0 is 1


# --- exponentials and logarithms -------------------------------------------------------------


@rule("exp", "exp(x)", "exp(x)")
def exp(x):
    value = m.exp(x)
    return value, value


@rule("expm1", "expm1(x)", "exp(x)")
def expm1(x):
    return m.expm1(x), m.exp(x)


@rule("log", "log(x)", "1 / x", domain="x > 0")
def log(x):
    return m.log(x), 1.0 / x


@rule("log1p", "log1p(x)", "1 / (1 + x)", domain="x > -1")
def log1p(x):
    return m.log1p(x), 1.0 / (1.0 + x)


@rule("√", "sqrt(x)", "1 / (2 * sqrt(x))", domain="x >= 0")
def sqrt(x):
    root = m.sqrt(x)
    return root, m.divide(0.5, root)


# --- trigonometric and hyperbolic functions --------------------------------------------------


@rule("sin", "sin(x)", "cos(x)", domain="-inf < x < inf")
def sin(x):
    return m.sin(x), m.cos(x)


@rule("cos", "cos(x)", "-sin(x)", domain="-inf < x < inf")
def cos(x):
    return m.cos(x), -m.sin(x)


@rule("tan", "tan(x)", "1 + tan(x)**2", domain="-inf < x < inf")
def tan(x):
    tangent = m.tan(x)
    return tangent, 1.0 + tangent * tangent


@rule("asin", "asin(x)", "1 / sqrt(1 - x**2)", domain="-1 <= x <= 1")
def asin(x):
    return m.asin(x), m.asin_slope(x)


@rule("acos", "acos(x)", "-1 / sqrt(1 - x**2)", domain="-1 <= x <= 1")
def acos(x):
    return m.acos(x), -m.asin_slope(x)


@rule("atan", "atan(x)", "1 / (1 + x**2)")
def atan(x):
    if -1 < x < 1:
        return m.atan(x), 1.0 / (1.0 + x * x)
    inverse = 1.0 / x  # x² would overflow long before 1/x² underflows
    return m.atan(x), inverse / (x + inverse)


@rule("sinh", "sinh(x)", "cosh(x)")
def sinh(x):
    return m.sinh(x), m.cosh(x)


@rule("cosh", "cosh(x)", "sinh(x)")
def cosh(x):
    return m.cosh(x), m.sinh(x)


@rule("tanh", "tanh(x)", "1 - tanh(x)**2")
def tanh(x):
    value = m.tanh(x)
    if -0.5 < x < 0.5:
        return value, 1.0 - value * value
    return value, 4.0 * m.sigmoid(2.0 * x) * m.sigmoid(-2.0 * x)  # 1 - tanh² is 0 from x = 20 on


# --- activations -----------------------------------------------------------------------------


@rule("σ", "1 / (1 + exp(-x))", "sigmoid(x) * (1 - sigmoid(x))")
def sigmoid(x):
    value = m.sigmoid(x)
    if -1 < x < 1:
        tangent = m.tanh(0.5 * x)
        return value, 0.25 * (1.0 - tangent * tangent)
    return value, value * m.sigmoid(-x)  # 1 - σ is 0 from x = 37 on; at 0 the derivative cancels


@rule("ReLU", "max(x, 0)", "1 if x > 0 else 0")
def relu(x):
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
    if x > 0:
        return x, 1.0, 0.0
    if x < 0:
        return y * x, y, x
    if x >= 0:  # x is 0, the kink: of the slopes between y and 1, the one nearest to 0
        return x, 0.0 if y < 0 else 1.0 if y > 1 else y, 0.0
    return x, x, x  # NaN


@rule("softplus", "log(1 + exp(x))", "sigmoid(x)")
def softplus(x):
    if x > 0:
        return x + m.log1p(m.exp(-x)), m.sigmoid(x)
    return m.log1p(m.exp(x)), m.sigmoid(x)


@rule("SiLU", "x * sigmoid(x)", "sigmoid(x) * (1 + x * sigmoid(-x))")
def silu(x):
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
    return m.normal_cdf(x), m.normal_pdf(x)


@rule("GELU", "x * normal_cdf(x)", "normal_cdf(x) + x * exp(-x**2 / 2) / sqrt(2 * pi)")
def gelu(x):
    if x < -1500:
        return 0.0, 0.0
    if x > 1500:
        return x, 1.0
    density = m.normal_pdf(x)
    if x < -36:  # Φ(x) and φ(x) underflow before their products with x do: Φ's tail, and
        # x·φ(x) as (x·φ(x+1))·exp(x+½)
        u = 1.0 / (x * x)
        tail = 1.0 - 7.0 * u * (1.0 - 9.0 * u * (1.0 - 11.0 * u))
        tail = 1.0 - u * (1.0 - 3.0 * u * (1.0 - 5.0 * u * tail))
        slope = x * m.normal_pdf(x + 1.0) * m.exp(x + 0.5)
        return -density * tail, slope * (1.0 - u * tail)
    probability = m.normal_cdf(x)
    return x * probability, probability + x * density


# --- kinks: the subgradient of least norm, ties shared ---------------------------------------


@rule("abs", "abs(x)", "1 if x > 0 else -1 if x < 0 else 0")
def abs(x):
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
    if x < y:
        return x, 1.0, 0.0
    if x > y:
        return y, 0.0, 1.0
    if x <= y:
        return x, 0.5, 0.5
    return x + y, nan, nan
