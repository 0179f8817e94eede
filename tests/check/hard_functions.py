"""Functions on which gradient checkers go wrong, by kinds: each with a right slope and a wrong one.

They take floats and Values.  A kind is a way in which a ladder of differences is misled.
"""

import math
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
