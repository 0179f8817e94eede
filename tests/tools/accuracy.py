"""How many units in the last place each rule is off, against mpmath.

``python tests/tools/accuracy.py 10000`` draws that many points for each rule over the whole
exponent range of its domain and prints the worst errors; the tests do the same with fewer points.
"""

import math
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import mpmath

from micrograd_like import derivative, hessian
from micrograd_like.check.reference import FUNCTIONS, exactly, ulps
from micrograd_like.rules import RULES, Rule

LARGEST, INFINITE = sys.float_info.max, float("inf")
TINY = 1e-290  # second derivatives below this are compared absolutely
Point = tuple[float, ...]
BITS = 4000  # so many that the formulas may cancel as they like


def reference(rule: Rule, point: list[Any]) -> list[Any]:
    """The value and the derivatives by the formulas that people read: not by the rule's code."""
    outputs = range(rule.arity + 1)
    return [
        mpmath.nan if undefined(rule, point, k) else exactly(rule, *point, output=k)
        for k in outputs
    ]


def undefined(rule: Rule, point: Sequence[Any], output: int) -> bool:
    """Whether an output has no right number: the exponent's derivative for a negative base."""
    return rule.name == "pow" and output == 2 and point[0] < 0


def anywhere(rng: random.Random, low: int = -1074, high: int = 1024) -> float:
    """A number of any size, all exponents being equally likely."""
    return rng.choice((-1, 1)) * math.ldexp(rng.uniform(0.5, 1), rng.randint(low, high))


def point_of(rule: Rule, rng: random.Random) -> Point:
    """A random point of the rule's domain: half of them where the function is neither 0 nor inf."""
    x, lively = anywhere(rng), rng.random() < 0.5
    if rule.name in ("asin", "acos"):
        x = anywhere(rng, -1074, -1)
        return (math.copysign(1 - max(abs(x), 2**-53), x) if lively else x,)
    if rule.name in ("exp", "expm1", "sigmoid", "tanh", "sinh", "cosh", "softplus", "silu"):
        return (rng.uniform(-750, 750) if lively else x,)
    if rule.name in ("gelu", "normal_cdf", "log_ndtr"):
        return (rng.uniform(-40, 40) if lively else x,)
    if rule.name == "logaddexp" and lively:
        return rng.uniform(-750, 750), rng.uniform(-750, 750)
    if rule.name == "mod" and lively:
        return x, min(x * math.ldexp(rng.uniform(0.5, 1), rng.randint(-60, 5)), 1e308) or 1.0
    if rule.name == "xlogy":
        return x, abs(1 + anywhere(rng, -40, 0)) if lively else abs(anywhere(rng))
    if rule.name in ("log", "sqrt"):
        return (abs(1 + anywhere(rng, -40, 0)) if lively else abs(x),)
    if rule.name == "log1p":
        return (-min(abs(x), 1 - 2**-53) if lively else abs(x),)
    if rule.name == "pow":
        return power_point(abs(x) or 1.0, rng)
    return (x, anywhere(rng))[: rule.arity]


def power_point(x: float, rng: random.Random) -> Point:
    """A base and an exponent whose power is mostly in range; whole exponents for negative bases."""
    if rng.random() < 0.3:
        x = abs(1 + anywhere(rng, -40, 0))
    if x == 1 or rng.random() < 0.2:
        return x, anywhere(rng, -1074, 20)
    y = rng.uniform(-750, 750) / math.log(x)
    if rng.random() < 0.3:
        return rng.choice((-x, x)), float(round(y))
    return x, y


CHOSEN: dict[str, list[Point]] = {  # for branches that chance would hardly find
    "div": [(1e-320, 0.25), (3e-310, -0.03), (-2.5e-309, 0.7)],
    "pow": [(2.0, -1074.0), (1e-200, 1.54), (1e-200, 1.7), (1e150, 2.2), (-2.0, -3.0), (-0.5, 4.0)],
    "gelu": [(-36.5,), (-37.6,), (-38.3,), (-1600.0,), (1600.0,), (-0.3,), (0.3,)],
    "silu": [(-1600.0,), (1600.0,), (-744.0,), (-0.3,), (0.3,)],
    "log_ndtr": [(-36.5,), (-37.6,), (-1600.0,), (-1e154,), (-1e200,), (-36.0,), (0.3,), (8.5,)],
    "xlogy": [(0.0, 0.5), (0.3, 5e-324), (-1e308, 1e-308)],
    "logaddexp": [(0.5, 0.5), (-0.7, -0.7), (-700.123, 0.456), (1e308, -1e308)],
    "mod": [(1.0, 0.1), (-1.0, 0.1), (1.7e308, -1e308), (7.5, -2.0), (-5e-324, 3.0)],
    "atan": [(0.3,), (-1e200,), (3.0,)],
    "relu": [(-1.5,), (1.5,)],
    "abs": [(-1.5,), (1.5,)],
}


def points_of(rule: Rule, count: int, seed: int = 7) -> Iterator[Point]:
    """The points at which the rule is measured, the same ones each time."""
    yield from CHOSEN.get(rule.name, [])
    rng = random.Random(f"{rule.name}{seed}")
    for _ in range(count):
        yield point_of(rule, rng)


def largest_term(rule: Rule, position: int, point: list[Any]) -> Any:
    """The largest term of an output that is a sum with zeros; 0 for the others."""
    if rule.name == "gelu":
        return abs(FUNCTIONS.normal_cdf(point[0])) * (position > 0)
    if rule.name == "silu":
        return abs(FUNCTIONS.sigmoid(point[0])) * (position > 0)
    if rule.name == "logaddexp":
        return max(map(abs, point)) * (position == 0)
    return 0


def errors_at(rule: Rule, point: Point) -> list[float]:
    """The errors of the value and of each derivative at a point, in ulp."""
    with mpmath.workprec(BITS):
        exact = [mpmath.mpf(x) for x in point]
        return [
            0.0 if undefined(rule, point, k) else ulps(got, right, largest_term(rule, k, exact))
            for k, (got, right) in enumerate(
                zip(rule.function(*point), reference(rule, exact), strict=True)
            )
        ]


def second_derivatives(rule: Rule, point: Point) -> list[tuple[float, Any]]:
    """Pairs of each second derivative by the engine and by differences at thousands of bits."""
    if any(map(math.isinf, rule.function(*point))):
        return []  # overflow, or the end of a domain: there is no second derivative to compare
    if rule.name == "pow" and not powers_in_range(*point):
        return []
    if rule.name == "mod" and abs(point[0]) > abs(point[1]) * 2.0**300:
        return []  # the steps taken here are longer than it is to the next jump
    function: Callable[..., Any] = lambda *xs: apply_rule(rule, *xs)  # noqa: E731
    second = derivative(function, 2)
    ours = hessian(function)(*point) if rule.arity == 2 else [[second(*point)]]
    pairs = []
    with mpmath.workprec(BITS):
        for j, x in enumerate(point):
            if j == 1 and rule.name == "pow" and point[0] < 0:
                continue  # defined at whole exponents only
            step = mpmath.mpf(min(abs(x), 1.0) or 1.0) * mpmath.mpf(2) ** -400
            sides = []
            for sign in (1, -1):
                moved = [mpmath.mpf(v) for v in point]
                moved[j] += sign * step
                sides.append(reference(rule, moved))
            pairs += [
                (ours[i][j], (sides[0][1 + i] - sides[1][1 + i]) / (2 * step))
                for i in range(rule.arity)
                if not undefined(rule, point, 1 + i)
            ]
    return pairs


def powers_in_range(x: float, y: float) -> bool:
    """Whether 1/x, x^y, x^(y-1) and x^(y-2), of which the second derivatives are products, are."""
    size = abs(mpmath.mpf(x))
    return all(1e-300 < size**power < 1e300 for power in (-1, y, y - 1, y - 2))


def apply_rule(rule: Rule, *operands: Any) -> Any:
    """The rule on Values."""
    from micrograd_like.engine import apply

    return apply(rule, *operands)


def relative_error(got: float, right: Any, scale: float = 0.0) -> float:
    """The error relative to the right number; overflow and underflow count as right."""
    if abs(right) > LARGEST / 4:
        return 0.0 if abs(got) > LARGEST / 8 else INFINITE
    if not math.isfinite(got):
        return INFINITE
    return float(abs(got - right) / max(abs(right), scale, TINY))


def main(count: int) -> None:
    """Print the worst errors of every rule."""
    print(f"worst error in ulp at {count} points: value, derivatives; relative: second derivatives")
    for rule in RULES.values():
        worst = [0.0] * (rule.arity + 1)
        for point in points_of(rule, count):
            for k, error in enumerate(errors_at(rule, point)):
                worst[k] = max(worst[k], error)
        second = max(
            relative_error(*pair)
            for point in points_of(rule, max(1, count // 20))
            for pair in second_derivatives(rule, point)
        )
        print(f"{rule.name:<12}", *(f"{w:6.2f}" for w in worst), f"{second:10.1e}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
