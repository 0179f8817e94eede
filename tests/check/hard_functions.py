"""Functions on which gradient checkers go wrong, by kinds: each with a right slope and a wrong one.

They take floats and Values.  A kind is a way in which a ladder of differences is misled.
"""

import math
import struct
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import micrograd_like as mg

__all__ = ["HARD_FUNCTIONS", "HardFunction"]

Function = Callable[[Any], Any]
Row = tuple[str, Function, float, float, float]


class HardFunction(NamedTuple):
    """A function at a point, with a slope that is right there and one that is not."""

    kind: str
    name: str
    f: Function
    x: float
    right: float
    wrong: float


def floor(x: Any) -> float:
    """A step at every whole number; of a Value it loses the graph."""
    return float(math.floor(x.data if isinstance(x, mg.Value) else x))


def rounded(x: Any, places: int) -> float:
    """A staircase of a decimal's width."""
    return round(x.data if isinstance(x, mg.Value) else x, places)


def sign(x: Any) -> float:
    """-1, 0 or 1."""
    x = x.data if isinstance(x, mg.Value) else x
    return float((x > 0) - (x < 0))


def size(x: Any, power: float) -> Any:
    """|x| to a power."""
    return abs(x) ** power


def neuron(x: Any) -> Any:
    """Three hidden units, none of which is alive at 1."""
    return mg.relu(x - 3) + 2 * mg.relu(0.5 * x - 2) - mg.relu(-x - 4)


def clipped(x: Any, low: float, high: float) -> Any:
    """x between two bounds."""
    return mg.minimum(mg.maximum(x, low), high)


def noisy(x: Any, noise: float) -> Any:
    """sin(x) with a deterministic error that looks like chance."""
    if isinstance(x, mg.Value):
        x = x.data
    return math.sin(x) + noise * math.sin(1e9 * x + 1e15 * x * x)


def plain(x: Any) -> float:
    """The number of a Value, which loses its graph."""
    return x.data if isinstance(x, mg.Value) else x


def bump(x: Any) -> Any:
    """exp(−1/x) to the right of 0, where all of its derivatives are 0."""
    return mg.exp(-1 / x) if plain(x) > 0 else 0 * x


def cantor(x: Any) -> float:
    """The devil's staircase."""
    x, total, part = min(max(plain(x), 0.0), 1.0), 0.0, 0.5
    for _ in range(50):
        x *= 3
        if 1 <= x <= 2:
            return total + part
        if x > 2:
            total, x = total + part, x - 2
        part /= 2
    return total


def single(x: float) -> float:
    """A number rounded to single precision."""
    return float(struct.unpack("f", struct.pack("f", x))[0])


def newton(x: Any) -> float:
    """A square root by Newton's method."""
    x = plain(x)
    root = 1.0
    while abs(root * root - x) > 1e-12 * x:
        root = (root + x / root) / 2
    return root


def bisected(x: Any) -> float:
    """A square root by bisection, to 1e-10."""
    low, high = 0.0, 4.0
    while high - low > 1e-10:
        middle = (low + high) / 2
        low, high = (middle, high) if middle * middle < plain(x) else (low, middle)
    return (low + high) / 2


def hashed(x: float) -> float:
    """A number between 0 and 1 that looks like chance, the same for the same x."""
    return zlib.crc32(struct.pack("d", x)) / 2**32


def roots_and_squares(x: Any) -> Any:
    """x, but for the rounding of thirty square roots and as many squares (W. Kahan's example)."""
    for _ in range(30):
        x = mg.sqrt(x)
    for _ in range(30):
        x = x * x
    return x


def wilkinson(x: Any) -> Any:
    """(x − 1)(x − 2)…(x − 10) by Horner's rule on its coefficients."""
    coefficients = [1]
    for root in range(1, 11):
        pairs = zip([*coefficients, 0], [0, *coefficients], strict=True)
        coefficients = [high - root * low for high, low in pairs]
    total = 0 * x
    for coefficient in coefficients:
        total = total * x + coefficient
    return total


WILKINSON_SLOPE = sum(
    math.prod(5.5 - root for root in range(1, 11) if root != left) for left in range(1, 11)
)


def expanded(x: Any) -> Any:
    """(x − 1)⁷ by Horner's rule on its coefficients."""
    total = 0 * x
    for k in range(8):
        total = total * x + math.comb(7, k) * (-1) ** k
    return total


EDGE = 1 - 1e-8
FLAT_NEXT_TO_A_KINK: list[Row] = [
    ("relu(x − 1) below 1", lambda x: mg.relu(x - 1), 1 - 1e-8, 0.0, 1.0),
    ("the same, halfway", lambda x: mg.relu(x - 1), 1 - 1e-8, 0.0, 0.5),
    ("relu(x − 1) farther", lambda x: mg.relu(x - 1), 1 - 1e-5, 0.0, 0.5),
    ("relu(x − 1) nearer", lambda x: mg.relu(x - 1), 1 - 1e-12, 0.0, 1.0),
    ("relu(x − 1) above 1", lambda x: mg.relu(x - 1), 1 + 1e-8, 1.0, 0.5),
    ("relu(1 − x)", lambda x: mg.relu(1 - x), 1 + 1e-8, 0.0, -1.0),
    ("relu(x − 1)²", lambda x: mg.relu(x - 1) ** 2, 1 - 1e-6, 0.0, 1e-6),
    ("relu next to 100", lambda x: mg.relu(x - 100), 100 - 1e-6, 0.0, 1.0),
    ("relu next to 1e-3", lambda x: mg.relu(x - 1e-3), 1e-3 - 1e-11, 0.0, 1.0),
    ("maximum(x, 2)", lambda x: mg.maximum(x, 2.0), 2 - 1e-8, 0.0, 1.0),
    ("minimum(x, 2)", lambda x: mg.minimum(x, 2.0), 2 + 1e-8, 0.0, 0.5),
    ("clip at its end", lambda x: clipped(x, -1.0, 1.0), 1 + 1e-9, 0.0, 1.0),
    ("leaky, slope 0.01", lambda x: mg.leaky_relu(x - 1), 1 - 1e-8, 0.01, 1.0),
    ("3 + relu(x − 1)", lambda x: 3 + mg.relu(x - 1), 1 - 1e-7, 0.0, 1.0),
    ("relu6 above 6", lambda x: mg.minimum(mg.relu(x), 6.0), 6 + 1e-8, 0.0, 1.0),
    ("a hinge", lambda x: mg.maximum(1 - 0.5 * x, 0.0), 2 + 1e-9, 0.0, -0.5),
    ("|x − 1| + x", lambda x: abs(x - 1) + x, 1 - 1e-8, 0.0, 2.0),
    ("soft threshold", lambda x: mg.relu(x - 0.5) - mg.relu(-x - 0.5), 0.5 - 1e-9, 0.0, 1.0),
    ("relu(x³ − 1)", lambda x: mg.relu(x**3 - 1), 1 - 1e-7, 0.0, 3.0),
    ("relu(exp x − e)", lambda x: mg.relu(mg.exp(x) - math.e), 1 - 1e-8, 0.0, math.e),
    ("relu(x − 1)·exp x", lambda x: mg.relu(x - 1) * mg.exp(x), 1 - 1e-8, 0.0, math.e),
    ("relu(x − 1)^1.5", lambda x: mg.relu(x - 1) ** 1.5, 1 - 1e-6, 0.0, 1.5e-3),
    (
        "sin x + relu(x − 1)",
        lambda x: mg.sin(x) + mg.relu(x - 1),
        1 - 1e-7,
        math.cos(1 - 1e-7),
        math.cos(1) + 1,
    ),
    ("a narrow ramp, below", lambda x: clipped(x, 1.0, 1 + 1e-8), 1 - 1e-9, 0.0, 1.0),
    ("a narrow ramp, on it", lambda x: clipped(x, 1.0, 1 + 1e-8), 1 + 5e-9, 1.0, 0.0),
    ("a low slope and a bias", lambda x: 1e-3 * mg.relu(x - 1) + 5, 1 - 1e-9, 0.0, 1e-3),
    ("a leak of 1e-8", lambda x: mg.maximum(x, 1e-8 * x), -1e-9, 1e-8, 1.0),
    ("relu at −1e-300", mg.relu, -1e-300, 0.0, 1.0),
    ("hard sigmoid", lambda x: clipped(0.2 * x + 0.5, 0.0, 1.0), 2.5 + 1e-8, 0.0, 0.2),
    ("hard swish", lambda x: x * clipped(x / 6 + 0.5, 0.0, 1.0), -3 - 1e-8, 0.0, -0.5),
    ("two kinks", lambda x: mg.relu(x - 1) - mg.relu(x - 1 - 1e-6), 1 - 1e-9, 0.0, 1.0),
    ("relu(log x)", lambda x: mg.relu(mg.log(x)), 1 - 1e-9, 0.0, 1.0),
    ("a kink at 0, x = −1e-12", lambda x: 2 + mg.relu(x), -1e-12, 0.0, 1.0),
]
ROUNDED_KINK: list[Row] = [
    ("relu(3x − 3)", lambda x: mg.relu(3 * x - 3), 1.0, 0.0, 20.0),
    ("the same, below", lambda x: mg.relu(3 * x - 3), 1.0, 3.0, -1.0),
    ("relu(10x − 1) at 0.1", lambda x: mg.relu(10 * x - 1), 0.1, 5.0, 11.0),
    ("|7x − 0.7| at 0.1", lambda x: abs(7 * x - 0.7), 0.1, 7.0, 8.0),
    ("|x² − 2| at √2", lambda x: abs(x * x - 2), math.sqrt(2), 2 * math.sqrt(2), 3.0),
    ("relu(sin x) at π", lambda x: mg.relu(mg.sin(x)), math.pi, -1.0, 1.0),
    ("relu(exp x − e)", lambda x: mg.relu(mg.exp(x) - math.e), 1.0, math.e, 3.0),
    ("maximum(x, 2x − 1)", lambda x: mg.maximum(x, 2 * x - 1), 1.0, 1.5, 2.5),
    ("maximum(x², x)", lambda x: mg.maximum(x * x, x), 1.0, 2.0, 0.5),
    ("|log x|", lambda x: abs(mg.log(x)), 1.0, 0.0, 1.5),
    ("|x − 1/3| at 1/3", lambda x: abs(3 * x - 1), 1 / 3, 3.0, -3.5),
    ("relu(x·x − x)", lambda x: mg.relu(x * x - x), 1.0, 0.5, -0.5),
    ("relu(0.1x − 0.3)", lambda x: mg.relu(0.1 * x - 0.3), 3.0, 0.05, -0.1),
    ("|sin x| at π", lambda x: abs(mg.sin(x)), math.pi, 0.5, 2.0),
    ("|cos x| at π/2", lambda x: abs(mg.cos(x)), math.pi / 2, 0.3, 1.5),
    ("relu(√x − 1.1)", lambda x: mg.relu(mg.sqrt(x) - 1.1), 1.21, 1 / 2.2, 0.6),
    ("maximum(sin, cos)", lambda x: mg.maximum(mg.sin(x), mg.cos(x)), math.pi / 4, 0.0, 0.9),
    ("|x/3 − 1/3|", lambda x: abs(x / 3 - 1 / 3), 1.0, 0.0, 0.5),
    ("relu(log x − 1)", lambda x: mg.relu(mg.log(x) - 1), math.e, 1 / math.e, 1.0),
    ("minimum(x/7, 1/7)", lambda x: mg.minimum(x / 7, 1 / 7), 1.0, 1 / 7, 0.2),
    ("|exp 3x − exp 0.9|", lambda x: abs(mg.exp(3 * x) - math.exp(0.9)), 0.3, 2.0, 9.0),
    ("relu(x³ − 0.001)", lambda x: mg.relu(x**3 - 0.001), 0.1, 0.03, 0.04),
    ("|x + 0.1 − 0.3|", lambda x: abs(x + 0.1 - 0.3), 0.2, 1.0, 1.2),
    ("leaky(7x − 0.7)", lambda x: mg.leaky_relu(7 * x - 0.7), 0.1, 3.0, 8.0),
    ("5 + |6x − 0.6|", lambda x: 5 + abs(6 * x - 0.6), 0.1, -6.0, -8.0),
]
FLAT: list[Row] = [
    ("a dead neuron", mg.relu, -2.0, 0.0, 0.1),
    ("three dead neurons", neuron, 1.0, 0.0, 0.5),
    ("dead, next to a bias", lambda x: mg.relu(x - 3) + 0.1, 1.0, 0.0, 1e-9),
    ("dead, next to a large bias", lambda x: mg.relu(x - 3) + 1e8, 1.0, 0.0, 1.0),
    ("dead, inside a tanh", lambda x: mg.tanh(mg.relu(-x) + 0.3), 1.0, 0.0, -0.9),
    ("dead at −1e-3", mg.relu, -1e-3, 0.0, 1.0),
    ("dead at −1e3", mg.relu, -1e3, 0.0, 1e-3),
    ("relu(relu(x) − 2)", lambda x: mg.relu(mg.relu(x) - 2), 1.5, 0.0, 1.0),
    ("x · 0", lambda x: x * 0, 3.0, 0.0, 1e-12),
    ("x − x", lambda x: x - x, 3.0, 0.0, 1e-9),
    ("sin² + cos²", lambda x: mg.sin(x) ** 2 + mg.cos(x) ** 2, 0.7, 0.0, 1e-4),
    ("a clipped constant", lambda x: clipped(x, 0.0, 1.0) * 5, 2.0, 0.0, 5.0),
    ("a saturated relu6", lambda x: mg.minimum(mg.relu(x), 6.0), 7.5, 0.0, 1.0),
    ("bounds far away", lambda x: mg.relu(x - 1e6) + 2, 1.0, 0.0, 1e-6),
    ("relu(x)·relu(−x)", lambda x: mg.relu(x) * mg.relu(-x), 2.0, 0.0, 1.0),
    ("maximum(x, 5)", lambda x: mg.maximum(x, 5.0), 1.0, 0.0, 1.0),
    ("x / x", lambda x: x / x, 3.0, 0.0, 0.3),
    ("x⁰", lambda x: x**0, 2.0, 0.0, 1.0),
    ("cosh² − sinh²", lambda x: mg.cosh(x) ** 2 - mg.sinh(x) ** 2, 1.5, 0.0, 1e-3),
    ("log(exp x) − x", lambda x: mg.log(mg.exp(x)) - x, 2.0, 0.0, 1e-3),
    ("tanh(relu(x − 5))", lambda x: 7 * mg.tanh(mg.relu(x - 5)), 0.5, 0.0, 7.0),
    ("relu(−x)·sin x", lambda x: mg.relu(-x) * mg.sin(x), 1.0, 0.0, 0.5),
    ("a maximum of three", lambda x: mg.maximum(mg.maximum(x - 4, 2 * x - 9), 0.5), 1.0, 0.0, 2.0),
    ("√(x²) − x", lambda x: mg.sqrt(x * x) - x, 2.0, 0.0, 2.0),
    ("(x + 1)² − x² − 2x", lambda x: (x + 1) ** 2 - x**2 - 2 * x, 3.0, 0.0, 1e-3),
    ("exp(−1/x), left of it", bump, -0.01, 0.0, 1.0),
    ("the same, farther", bump, -1.0, 0.0, 1e-3),
    ("tanh, cut off at 10", lambda x: mg.tanh(x) if plain(x) < 10 else 0 * x + 1, 12.0, 0.0, 1e-9),
    ("0·x − 7", lambda x: 0 * x - 7, 0.3, 0.0, 1e-6),
]
OWN_ROUNDING: list[Row] = [
    ("exp at −700", mg.exp, -700.0, math.exp(-700), 1.01 * math.exp(-700)),
    ("exp at −300", mg.exp, -300.0, math.exp(-300), 1.01 * math.exp(-300)),
    ("exp at 600", mg.exp, 600.0, math.exp(600), 0.9 * math.exp(600)),
    ("(1 + x)^1e6 at 1e-6", lambda x: (1 + x) ** 1e6, 1e-6,
     1e6 * (1 + 1e-6) ** 999_999, 3e6),
    ("(1 + x)^1e6 at 0", lambda x: (1 + x) ** 1e6, 0.0, 1e6, 1.1e6),
    ("(1 + x)^1e4", lambda x: (1 + x) ** 1e4, 1e-4, 1e4 * 1.0001**9999, 27300.0),
    ("exp(1e3 x)", lambda x: mg.exp(1000 * x), 0.5, 1e3 * math.exp(500), 0.0),
    ("exp(−x²) at 20", lambda x: mg.exp(-x * x), 20.0, -40 * math.exp(-400), 0.0),
    ("x^50 at 3", lambda x: x**50, 3.0, 50 * 3.0**49, 51 * 3.0**49),
    ("x^300 at 1.1", lambda x: x**300, 1.1, 300 * 1.1**299, 0.0),
    ("sigmoid at −300", mg.sigmoid, -300.0, math.exp(-300), 1.1 * math.exp(-300)),
    ("sin at 1e12", mg.sin, 1e12, math.cos(1e12), -math.cos(1e12)),
    ("exp(−x) at 600", lambda x: mg.exp(-x), 600.0, -math.exp(-600), -1.5 * math.exp(-600)),
    ("2^x at 1000", lambda x: mg.exp(x * math.log(2)), 1000.0, 2.0**1000 * math.log(2), 2.0**1000),
    ("x^1000 at 0.5", lambda x: x**1000, 0.5, 1000 * 0.5**999, 1010 * 0.5**999),
    ("log at 1e300", mg.log, 1e300, 1e-300, 1.1e-300),
    ("(1 + 1/x)^x", lambda x: (1 + 1 / x) ** x, 1e8, math.e / 2e16, 1.0),
    ("cos at 1e10", mg.cos, 1e10, -math.sin(1e10), 0.0),
    ("tan at 1e6", mg.tan, 1e6, 1 + math.tan(1e6) ** 2, 1.0),
    ("sinh at 500", mg.sinh, 500.0, math.cosh(500), 0.9 * math.cosh(500)),
    ("exp(x²) at 20", lambda x: mg.exp(x * x), 20.0, 40 * math.exp(400), 40.4 * math.exp(400)),
    ("softplus at −500", mg.softplus, -500.0, math.exp(-500), 0.0),
    ("x^−50 at 1e-3", lambda x: x**-50, 1e-3, -50 * 1e-3**-51, -51 * 1e-3**-51),
    ("1/(1 + exp x) at 100", lambda x: 1 / (1 + mg.exp(x)), 100.0, -math.exp(-100), 0.0),
    ("sin(x)/x at 1e9", lambda x: mg.sin(x) / x, 1e9, math.cos(1e9) / 1e9, -math.cos(1e9) / 1e9),
    ("x² at 1e150", lambda x: x * x, 1e150, 2e150, 2.002e150),
]  # fmt: skip
POLES_AND_JUMPS: list[Row] = [
    ("1/x, pole 1e-3 away", lambda x: 1 / x, 1e-3, -1e6, -1.01e6),
    ("1/(x − 1)", lambda x: 1 / (x - 1), 0.9, -100.0, -101.0),
    ("1/(x − 1)²", lambda x: 1 / (x - 1) ** 2, 0.99, 2e6, 2.02e6),
    ("tan near π/2", mg.tan, 1.5, 1 / math.cos(1.5) ** 2, 190.0),
    ("tan past π/2", mg.tan, 1.6, 1 / math.cos(1.6) ** 2, -1170.0),
    ("log near 0", mg.log, 1e-4, 1e4, 9.9e3),
    ("x + floor", lambda x: x + floor(x), 0.5, 1.0, 2.0),
    ("x² + floor(x), jump near", lambda x: x * x + floor(x), 1 - 1e-4, 2 * (1 - 1e-4), 0.0),
    ("x + sign", lambda x: x + sign(x), 0.01, 1.0, 100.0),
    ("a small jump", lambda x: mg.sin(x) + 1e-3 * sign(x - 0.6), 0.5, math.cos(0.5), 0.0),
    ("exp(1/x)", lambda x: mg.exp(1 / x), 0.5, -4 * math.exp(2), 4 * math.exp(2)),
    ("1/x + 1/(x − 1)", lambda x: 1 / x + 1 / (x - 1), 0.5, -8.0, 0.0),
    ("sqrt near its end", mg.sqrt, 1e-6, 500.0, 505.0),
    ("asin near its end", mg.asin, 0.9999, 1 / math.sqrt(1 - 0.9999**2), 70.0),
    ("1/sin near π", lambda x: 1 / mg.sin(x), 3.1, -math.cos(3.1) / math.sin(3.1) ** 2, 580.0),
    ("x/(x² − 1)", lambda x: x / (x * x - 1), 0.99, -(0.99**2 + 1) / (0.99**2 - 1) ** 2, -5050.0),
    ("log|x|", lambda x: mg.log(abs(x)), -1e-3, -1e3, -990.0),
    (
        "atan(1e3 (x − ½))",
        lambda x: mg.atan(1e3 * (x - 0.5)),
        0.4,
        1e3 / (1 + 1e6 * (0.4 - 0.5) ** 2),
        0.1,
    ),
    ("x + a steep tanh", lambda x: x + mg.tanh(1e4 * (x - 0.5)), 0.4, 1.0, 2.0),
    ("three poles", lambda x: 1 / (x * (x - 1) * (x - 2)), 1.5, 0.25 / 0.375**2, 1.7),
    ("exp(1/(x − 1))", lambda x: mg.exp(1 / (x - 1)), 0.9, -100 * math.exp(-10), 0.0),
    ("the fractional part", lambda x: x - floor(x), 0.999, 1.0, 0.0),
    ("x² + a square wave", lambda x: x * x + sign(math.sin(10 * plain(x))), 0.25, 0.5, 0.0),
    ("a far jump of 5", lambda x: x + 5 * (plain(x) >= 1), 1 - 1e-6, 1.0, 5e6),
    ("two formulas", lambda x: x * x if plain(x) < 0.3 else mg.sin(x), 0.31, math.cos(0.31), 0.62),
    ("sqrt(x − 1)", lambda x: mg.sqrt(x - 1), 1 + 2.0**-30, 2.0**14, 0.9 * 2.0**14),
    ("log(1 − x)", lambda x: mg.log(1 - x), 1 - 2.0**-26, -(2.0**26), -0.9 * 2.0**26),
    ("x·floor(x)", lambda x: x * floor(x), 2.5, 2.0, 2.5),
    ("1/x at −1e-9", lambda x: 1 / x, -1e-9, -1e18, 1e18),
]
STEPS: list[Row] = [
    ("floor at 2.5", floor, 2.5, 0.0, 1.0),
    ("floor at 0.1", floor, 0.1, 0.0, 10.0),
    ("floor at −3.7", floor, -3.7, 0.0, 1.0),
    ("floor at 1e6 + ½", floor, 1e6 + 0.5, 0.0, 1.0),
    ("floor at 1 − 1e-4", floor, 1 - 1e-4, 0.0, 1e4),
    ("sign at 2", sign, 2.0, 0.0, 1.0),
    ("sign at −1e-3", sign, -1e-3, 0.0, 1e3),
    ("rounded to 0.1", lambda x: rounded(x, 1), 0.32, 0.0, 1.0),
    ("rounded to 1e-3", lambda x: rounded(x, 3), 0.3212, 0.0, 1.0),
    ("rounded to 1e-6", lambda x: rounded(x, 6), 0.3212342, 0.0, 1.0),
    ("3·floor(4x)", lambda x: 3 * floor(4 * x), 0.3, 0.0, 12.0),
    ("1[x > 0.5]", lambda x: floor(x + 0.5), 0.7, 0.0, 1.0),
    ("floor(x²)", lambda x: floor(x * x), 1.5, 0.0, 3.0),
    ("floor(exp x)", lambda x: floor(mg.exp(x)), 1.0, 0.0, math.e),
    ("sin to two places", lambda x: rounded(mg.sin(x), 2), 1.0, 0.0, math.cos(1)),
    ("5 + a step of 1e-3", lambda x: 5 + 1e-3 * sign(x), 1.0, 0.0, 1e-3),
    ("a step next to x", lambda x: 2.0 + 3 * (plain(x) > 0.5), 0.5001, 0.0, 1.0),
    ("8 bits", lambda x: round(plain(x) * 127) / 127, 0.3, 0.0, 1.0),
    ("tanh in 8 bits", lambda x: round(math.tanh(plain(x)) * 127) / 127, 0.3, 0.0, 0.9),
    ("floor(log₂ x)", lambda x: floor(math.log2(plain(x)) if plain(x) > 0 else 0), 5.0, 0.0, 0.3),
    ("floor(x) + floor(2x)", lambda x: floor(x) + floor(2 * x), 0.3, 0.0, 3.0),
    ("Cantor's function", cantor, 0.5, 0.0, 1.0),
    ("ceil", lambda x: float(math.ceil(plain(x))), 2.25, 0.0, 1.0),
    ("trunc of 10x", lambda x: float(math.trunc(10 * plain(x))), -0.55, 0.0, 10.0),
    ("1e6·floor", lambda x: 1e6 * floor(x), 0.7, 0.0, 1e6),
    ("1e-9·floor", lambda x: 1e-9 * floor(x), 0.7, 0.0, 1e-9),
]
POWERS: list[Row] = [
    ("|x|^0.5", lambda x: size(x, 0.5), 0.0, 0.0, math.nan),
    ("|x|^1.5", lambda x: size(x, 1.5), 0.0, 0.0, 1.0),
    ("|x|^1.5, small", lambda x: size(x, 1.5), 0.0, 0.0, 1e-3),
    ("|x|^1.1", lambda x: size(x, 1.1), 0.0, 0.0, 1.0),
    ("|x|^1.2", lambda x: size(x, 1.2), 0.0, 0.0, 0.1),
    ("|x|^1.01", lambda x: size(x, 1.01), 0.0, 0.0, 2.0),
    ("|x|^2.5", lambda x: size(x, 2.5), 0.0, 0.0, 1e-3),
    ("|x|^3", lambda x: size(x, 3.0), 0.0, 0.0, 1.0),
    ("x·|x|^0.5", lambda x: x * size(x, 0.5), 0.0, 0.0, 1.0),
    ("3x + |x|^1.5", lambda x: 3 * x + size(x, 1.5), 0.0, 3.0, 3.1),
    ("3x + |x|^1.1", lambda x: 3 * x + size(x, 1.1), 0.0, 3.0, 4.0),
    ("5 + |x|^1.5", lambda x: 5 + size(x, 1.5), 0.0, 0.0, 1.0),
    ("|x − 1|^1.5", lambda x: size(x - 1, 1.5), 1.0, 0.0, 1.0),
    ("x^(4/3)", lambda x: size(x, 4 / 3), 0.0, 0.0, -1.0),
    ("|x|^1.25", lambda x: size(x, 1.25), 0.0, 0.0, 0.5),
    ("|x|^0.9", lambda x: size(x, 0.9), 0.0, 1.0, math.nan),
    ("|x|^1.5 + |x|", lambda x: size(x, 1.5) + abs(x), 0.0, 0.5, 2.0),
    ("x² log|x|", lambda x: x * x * math.log(abs(plain(x)) or 1), 0.0, 0.0, 1.0),
    ("|sin x|^1.5", lambda x: size(mg.sin(x), 1.5), 0.0, 0.0, 1.0),
    ("√(x² + x⁴)", lambda x: mg.sqrt(x * x + x**4), 0.0, 0.0, 1.5),
    ("sin x + |x|^1.5", lambda x: mg.sin(x) + size(x, 1.5), 0.0, 1.0, 1.1),
    ("exp(|x|^1.5)", lambda x: mg.exp(size(x, 1.5)), 0.0, 0.0, 1.0),
    ("(x²)^0.75", lambda x: (x * x) ** 0.75, 0.0, 0.0, 0.5),
    ("|x − 2|^1.3", lambda x: size(x - 2, 1.3), 2.0, 0.0, 0.5),
    ("log(1 + |x|^1.5)", lambda x: mg.log(1 + size(x, 1.5)), 0.0, 0.0, 1.0),
    ("relu(x)^1.5", lambda x: mg.relu(x) ** 1.5, 0.0, 0.0, 1.0),
    ("relu(x)^0.5", lambda x: mg.relu(x) ** 0.5, 0.0, 5.0, -1.0),
    ("1 − |x|^1.4", lambda x: 1 - size(x, 1.4), 0.0, 0.0, -1.0),
]
NOISE: list[Row] = [
    ("1e-6 of noise", lambda x: noisy(x, 1e-6), 1.0, math.cos(1), 2.0),
    ("1e-8 of noise", lambda x: noisy(x, 1e-8), 1.0, math.cos(1), 0.6),
    ("1e-4 of noise", lambda x: noisy(x, 1e-4), 1.0, math.cos(1), 5.0),
    ("1e-10 of noise", lambda x: noisy(x, 1e-10), 1.0, math.cos(1), 0.541),
    ("1e-3 of noise", lambda x: noisy(x, 1e-3), 1.0, math.cos(1), 50.0),
    ("(x + 1e10) − 1e10", lambda x: (x + 1e10) - 1e10, 1.0, 1.0, 1.1),
    ("(x + 1e12) − 1e12", lambda x: (x + 1e12) - 1e12, 1.0, 1.0, 3.0),
    ("(x + 1e14) − 1e14", lambda x: (x + 1e14) - 1e14, 1.0, 1.0, 60.0),
    ("(1 − cos x)/x²", lambda x: (1 - mg.cos(x)) / (x * x), 1e-4, -1e-4 / 12, 10.0),
    ("1e8 + sin", lambda x: 1e8 + mg.sin(x), 1.0, math.cos(1), 0.6),
    ("1e12 + sin", lambda x: 1e12 + mg.sin(x), 1.0, math.cos(1), 2.0),
    ("tanh at 19", mg.tanh, 19.0, 4 * math.exp(-38), 1e-3),
    ("sin in single precision", lambda x: single(math.sin(plain(x))), 1.0, math.cos(1), 2.0),
    ("√ by Newton's method", newton, 2.0, 0.5 / math.sqrt(2), 0.5),
    ("√ by bisection", bisected, 2.0, 0.5 / math.sqrt(2), 0.5),
    ("√(1 + x²) − 1", lambda x: mg.sqrt(1 + x * x) - 1, 1e-5, 1e-5, 1.0),
    ("(exp x − 1)/x", lambda x: (mg.exp(x) - 1) / x, 1e-7, 0.5, 50.0),
    (
        "1e-7 of hashed noise",
        lambda x: math.sin(plain(x)) + 1e-7 * hashed(plain(x)),
        1.0,
        math.cos(1),
        0.7,
    ),
    (
        "a difference quotient",
        lambda x: (mg.sin(x + 1e-5) - mg.sin(x - 1e-5)) * 5e4,
        1.0,
        -math.sin(1),
        -0.9,
    ),
    (
        "a variance",
        lambda x: ((x + 1e6) ** 2 + (x + 1e6 + 1) ** 2) / 2 - (x + 1e6 + 0.5) ** 2,
        1.0,
        0.0,
        1.0,
    ),
    ("(x − 1)⁷, expanded", expanded, 1.0, 0.0, 0.01),
    ("1e6 + noise of 1e-6", lambda x: 1e6 + noisy(x, 1e-6), 1.0, math.cos(1), 2.0),
    ("a long product", lambda x: math.prod([1 + x * 1e-3] * 200), 1.0, 0.2 * 1.001**199, 0.25),
    ("Kahan's roots and squares", roots_and_squares, 2.0, 1.0, 2.0),
    ("Wilkinson's polynomial", wilkinson, 5.5, WILKINSON_SLOPE, 1e6),
    ("(exp(1e3 log x))^1e-3", lambda x: mg.exp(1e3 * mg.log(x)) ** 1e-3, 1.5, 1.0, 1.1),
    ("x through 1e5", lambda x: sum([x + 1e5 - 1e5] * 20) / 20, 1.0, 1.0, 1.01),
    (
        "a mean of a hundred",
        lambda x: sum(mg.sin(x + k) for k in range(100)) / 100,
        1.0,
        sum(math.cos(1 + k) for k in range(100)) / 100,
        0.0,
    ),
    ("exp(log x + 300)/e³⁰⁰", lambda x: mg.exp(mg.log(x) + 300) / math.exp(300), 2.0, 1.0, 1.01),
    ("log(1 + x) at 1e-9", lambda x: mg.log(1 + x), 1e-9, 1 / (1 + 1e-9), 1.1),
    ("1e-6·noise + x³", lambda x: plain(x) ** 3 + 1e-6 * hashed(plain(x)), 2.0, 12.0, 20.0),
]
FAST: list[Row] = [
    ("sin(1e14 x)", lambda x: mg.sin(1e14 * x), 1.0, 1e14 * math.cos(1e14), 1e16),
    ("sin(1e12 x)", lambda x: mg.sin(1e12 * x), 1.0, 1e12 * math.cos(1e12), 1e14),
    ("sin(1e10 x)", lambda x: mg.sin(1e10 * x), 1.0, 1e10 * math.cos(1e10), -1e10),
    ("sin(1e7 x)", lambda x: mg.sin(1e7 * x), 1.0, 1e7 * math.cos(1e7), 1e9),
    ("cos(1e5 x)", lambda x: mg.cos(1e5 * x), 2.0, -1e5 * math.sin(2e5), 1e5),
    ("sin(1e15 x)", lambda x: mg.sin(1e15 * x), 0.5, 1e15 * math.cos(5e14), math.nan),
    ("sin x + sin(1e6 x)/1e6", lambda x: mg.sin(x) + mg.sin(1e6 * x) / 1e6, 1.0,
     math.cos(1) + math.cos(1e6), 0.5),
    ("x + sin(1e8 x)", lambda x: x + mg.sin(1e8 * x), 1.0, 1 + 1e8 * math.cos(1e8), 1.0),
    ("exp(sin(1e3 x))", lambda x: mg.exp(mg.sin(1e3 * x)), 1.0,
     1e3 * math.cos(1e3) * math.exp(math.sin(1e3)), 1e6),
    ("tanh(1e6 (x − 1))", lambda x: mg.tanh(1e6 * (x - 1)), 1.0, 1e6, 1.0),
    ("sigmoid(1e9 x)", lambda x: mg.sigmoid(1e9 * x), 0.0, 2.5e8, 0.0),
    ("tanh, claim 1e20", mg.tanh, 0.5, 1 - math.tanh(0.5) ** 2, 1e20),
    ("x², claim 1e30", lambda x: x * x, 3.0, 6.0, 1e30),
    ("exp(−x), claim 1e10", lambda x: mg.exp(-x), 1.0, -math.exp(-1), 1e10),
    ("cos(1e9 x)", lambda x: mg.cos(1e9 * x), 0.25, -1e9 * math.sin(2.5e8), 1e10),
    ("1e6 sin(1e3 x)", lambda x: 1e6 * mg.sin(1e3 * x), 1.0, 1e9 * math.cos(1e3), 1e12),
    ("sin(1e5 x²)", lambda x: mg.sin(1e5 * x * x), 1.0, 2e5 * math.cos(1e5), 2e5),
    ("Φ(1e5 x)", lambda x: mg.normal_cdf(1e5 * x), 0.0, 1e5 / math.sqrt(2 * math.pi), 1e5),
    ("atan(1e8 x)", lambda x: mg.atan(1e8 * x), 0.0, 1e8, 1e7),
    ("1e10 √x", lambda x: 1e10 * mg.sqrt(x), 4.0, 2.5e9, 1e16),
    ("log(1e12 x)", lambda x: mg.log(1e12 * x), 1.0, 1.0, 1e12),
    ("1e300 x", lambda x: 1e300 * x, 1.0, 1e300, 1e305),
    ("1e-300 x", lambda x: 1e-300 * x, 1.0, 1e-300, 1e-200),
    ("sin(1/x)", lambda x: mg.sin(1 / x), 1e-3, -1e6 * math.cos(1e3), 1e7),
    ("sin(1/x) nearer", lambda x: mg.sin(1 / x), 2.0**-20, -(2.0**40) * math.cos(2.0**20), 1e15),
    ("relu, claim 1e17", mg.relu, 1.0, 1.0, 1e17),
    ("tanh, claim ∞", mg.tanh, 0.5, 1 - math.tanh(0.5) ** 2, math.inf),
    ("softplus(50x)", lambda x: mg.softplus(50 * x), 0.01, 50 / (1 + math.exp(-0.5)), 1e5),
]  # fmt: skip
KINDS = {
    "the flat side next to a kink": FLAT_NEXT_TO_A_KINK,
    "a kink behind a rounded node": ROUNDED_KINK,
    "flat": FLAT,
    "the input's own rounding": OWN_ROUNDING,
    "poles and jumps beyond the plateau": POLES_AND_JUMPS,
    "steps": STEPS,
    "powers of |x| at 0": POWERS,
    "noise": NOISE,
    "fast": FAST,
}
HARD_FUNCTIONS = [HardFunction(kind, *row) for kind, rows in KINDS.items() for row in rows]
