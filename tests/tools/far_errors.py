"""Derivatives that are wrong in a far region only: past saturation, next to an end, tiny or huge.

``python tests/tools/far_errors.py [RULE ...]`` prints after how many random graphs each is found,
for five seeds, among graphs of addition, multiplication and the rule, and among all graphs.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from hypothesis import HealthCheck, Phase, given, seed, settings
from tools.planted_bugs import corrupted

from micrograd_like import assert_gradients
from micrograd_like.rules import RULES
from micrograd_like.strategies import Graph, graphs

EXAMPLES = 600  # 200 find some 97 of 100, by what Hypothesis draws in a process
SEEDS = range(1, 6)


class FarError(NamedTuple):
    """A rule, which of its derivatives is wrong, and where."""

    rule: str
    position: int
    where: str  # a condition on x and y
    factor: float = 1.001

    @property
    def is_there(self) -> Callable[..., bool]:
        """Whether the derivative is wrong at a point."""
        found: Callable[..., bool] = eval(f"lambda x, y=0.0: {self.where}")
        return found

    def __str__(self) -> str:
        return f"{self.rule}: ∂/∂{'xy'[self.position]} where {self.where}"


FAR_ERRORS = [
    FarError("sigmoid", 0, "x > 37"),
    FarError("softplus", 0, "x > 20"),
    FarError("sqrt", 0, "x < 1e-4"),
    FarError("sigmoid", 0, "x < -37"),
    FarError("tanh", 0, "abs(x) > 19"),
    FarError("log", 0, "x < 1e-4"),
    FarError("log1p", 0, "x < -0.999"),
    FarError("exp", 0, "x < -35"),
    FarError("div", 1, "abs(y) < 1e-3"),
    FarError("pow", 0, "0 < x < 1e-4"),
    FarError("gelu", 0, "abs(x) > 8"),
    FarError("silu", 0, "x < -30"),
    FarError("asin", 0, "abs(x) > 1 - 1e-6"),
    FarError("acos", 0, "abs(x) > 1 - 1e-6"),  # of one side alone 200 graphs may be too few
    FarError("atan", 0, "abs(x) > 1e4"),
    FarError("sin", 0, "abs(x) > 1e5"),
    FarError("normal_cdf", 0, "x < -9"),
    FarError("expm1", 0, "abs(x) < 1e-4"),
    FarError("maximum", 0, "0 < abs(x - y) < 1e-4 * abs(y)"),
    FarError("relu", 0, "x > 1e4"),
]


def found_after(error: FarError, number: int, rules: Sequence[str] | None) -> int:
    """How many random graphs it takes for one to fail with the error; 0 if none does."""
    tried = 0

    @seed(number)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(graphs(rules))
    def gradients_are_right(graph: Graph) -> None:
        nonlocal tried
        tried += 1
        assert_gradients(graph.record())

    with corrupted(RULES[error.rule], error.position, error.is_there, error.factor):
        try:
            gradients_are_right()
        except AssertionError:
            return tried
    return 0


if __name__ == "__main__":
    for error in FAR_ERRORS:
        if sys.argv[1:] and error.rule not in sys.argv[1:]:
            continue
        few = [found_after(error, number, ["add", "mul", error.rule]) for number in SEEDS]
        print(f"{error!s:<60} few rules {few}", end="", flush=True)
        print(f"  all rules {[found_after(error, number, None) for number in SEEDS]}", flush=True)
