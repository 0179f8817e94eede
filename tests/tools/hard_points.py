"""Hard points for gradient checkers: 29 right gradients and 26 wrong ones, each with its function.

The functions take floats, for any checker to be asked about them, and Values, for their graphs.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from conftest import unlisted

import micrograd_like as mg
from micrograd_like import rule
from micrograd_like.rules import m


class HardPoint(NamedTuple):
    """A function, a point, and a gradient that is right or wrong there."""

    right: bool
    name: str
    f: Callable[[float], float]
    x: float
    gradient: float


@unlisted
@rule("softplus", "log(1 + exp(x))", "sigmoid(x)")
def thresholded_softplus(x: Any) -> Any:
    """A softplus that jumps to x at 20."""
    if x > 20:
        return x, 1.0
    return m.log1p(m.exp(x)), m.sigmoid(x)


def square(x: float) -> float:
    """x²."""
    return x * x


NEAR_ONE = 1 - 1e-9
COS = math.cos(1)
RIGHT = [
    ("x² at 1", square, 1.0, 2.0),
    ("x² at 0", square, 0.0, 0.0),
    ("x² at 1e8", square, 1e8, 2e8),
    ("x² at 1e-150", square, 1e-150, 2e-150),
    ("x³ at 1e5", lambda x: x * x * x, 1e5, 3e10),
    ("exp at 20", mg.exp, 20.0, math.exp(20)),
    ("exp at 700", mg.exp, 700.0, math.exp(700)),
    ("sin at 1e6", mg.sin, 1e6, math.cos(1e6)),
    ("sin(1e4 x)", lambda x: mg.sin(1e4 * x), 1.0, 1e4 * math.cos(1e4)),
    ("sin(1e7 x)", lambda x: mg.sin(1e7 * x), 1.0, 1e7 * math.cos(1e7)),
    ("log at 1e-3", mg.log, 1e-3, 1 / 1e-3),
    ("log at 1e-5", mg.log, 1e-5, 1 / 1e-5),
    ("log at 1e-8", mg.log, 1e-8, 1 / 1e-8),
    ("sqrt at 1e-9", mg.sqrt, 1e-9, 0.5 / math.sqrt(1e-9)),
    ("1/x at 1e-4", lambda x: 1 / x, 1e-4, -1 / 1e-4 / 1e-4),
    ("asin next to 1", mg.asin, NEAR_ONE, 1 / math.sqrt((1 - NEAR_ONE) * (1 + NEAR_ONE))),
    ("1e12 sin", lambda x: 1e12 * mg.sin(x), 1.0, 1e12 * COS),
    ("1e-12 sin", lambda x: 1e-12 * mg.sin(x), 1.0, 1e-12 * COS),
    ("(x+1e8)²-1e16", lambda x: (x + 1e8) * (x + 1e8) - 1e16, 1.0, 2 * (1 + 1e8)),
    ("relu at 1e-9", mg.relu, 1e-9, 1.0),
    ("relu at -1e-9", mg.relu, -1e-9, 0.0),
    ("abs at 1e-7", abs, 1e-7, 1.0),
    ("relu at 0, 0", mg.relu, 0.0, 0.0),
    ("relu at 0, 1", mg.relu, 0.0, 1.0),
    ("relu at 0, ½", mg.relu, 0.0, 0.5),
    ("abs at 0, 0", abs, 0.0, 0.0),
    ("abs at 0, 1", abs, 0.0, 1.0),
    ("tanh at 20", mg.tanh, 20.0, 1.6993417021166355e-17),
    ("expm1 at 1e-12", mg.expm1, 1e-12, math.exp(1e-12)),
]
WRONG = [
    *(
        (f"sin, off by {error:g}", mg.sin, 1.0, COS * (1 + error))
        for error in (0.01, 5e-4, 1e-4, 1e-5, 1e-6, 1e-7, 1e-9, 1e-11)
    ),
    ("exp at 20, off by 5e-4", mg.exp, 20.0, math.exp(20) * 1.0005),
    ("1e-6 sin, 0", lambda x: 1e-6 * mg.sin(x), 1.0, 0.0),
    ("1e-6 sin, sign", lambda x: 1e-6 * mg.sin(x), 1.0, -1e-6 * COS),
    ("1e-3 sin, off by 1 %", lambda x: 1e-3 * mg.sin(x), 1.0, 1.01e-3 * COS),
    ("sigmoid at -12, 0", mg.sigmoid, -12.0, 0.0),
    ("sigmoid at 40, s(1-s) = 0", mg.sigmoid, 40.0, 0.0),
    ("expm1 at -40, value + 1 = 0", mg.expm1, -40.0, 0.0),
    ("tanh at 20, 1-t² = 0", mg.tanh, 20.0, 0.0),
    ("relu at 0, 1.5", mg.relu, 0.0, 1.5),
    ("relu at 0, -0.2", mg.relu, 0.0, -0.2),
    ("abs at 0, 2", abs, 0.0, 2.0),
    ("log at -1, -1", mg.log, -1.0, -1.0),
    ("asin at 1.2, NaN", mg.asin, 1.2, math.nan),
    ("log(1 + x) for log1p at 1e-17", lambda x: mg.log(1 + x), 1e-17, 1.0),
    ("softplus with a threshold at 20.5", thresholded_softplus, 20.5, 1.0),
    ("sqrt at 0, 0", mg.sqrt, 0.0, 0.0),
    ("x² at 1e-6, half", square, 1e-6, 1e-6),
    ("x² at 1e8, off by 1e-3", square, 1e8, 2e8 * 1.001),
]
HARD_POINTS = [HardPoint(True, *row) for row in RIGHT] + [HardPoint(False, *row) for row in WRONG]
