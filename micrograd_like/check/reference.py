"""A recorded graph at hundreds of digits: what its value and its gradients should be.

Every operation is computed by the formula that people read, not by the rule's code, in mpmath's
numbers; differences with steps of 10⁻⁴⁰ and less are then as good as exact.  The precision starts
at 120 digits and is doubled, up to 960, where a function is so flat that its change is lost there.
Rounding is given its due: the same graph with every node's value moved by half a unit in the last
place of a float, up or down by chance, shows by how much a right gradient may be off (the method of
J. Vignes, "New methods for evaluating the validity of the results of mathematical computations",
Mathematics and Computers in Simulation 20, 1978).

>>> from micrograd_like import Value
>>> x = Value(20.0)
>>> exact = Exact(x.tanh())
>>> exact.check_slope("x", x, 0.0).reason      # 1 - tanh² is 0 here, the slope is not
'off by 1.7e−17'
"""

import ast
import math
import random
import sys
from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import pairwise
from types import CodeType
from typing import Any, NamedTuple

from micrograd_like.arguments import extra
from micrograd_like.check.differences import (
    EXACT,
    UNCERTAIN,
    UNSETTLED,
    VERTICAL,
    Tolerance,
    off_by,
    slopes_apart,
)
from micrograd_like.check.report import Check
from micrograd_like.engine import Value
from micrograd_like.graph import as_function_of, evaluated, topological_order
from micrograd_like.guard import ONE_DIGITS
from micrograd_like.notation import undefined
from micrograd_like.rules import RULES, Rule, elementary
from micrograd_like.table import BUILTINS

mpmath = extra("mpmath", "check", "the reference at many digits computes with mpmath")

__all__ = ["FUNCTIONS", "Exact", "exactly", "ulps"]

DIGITS = (120, 240, 480, 960)
SETTLED = 1e-20  # two quotients with steps a thousand times apart, relative
DRAWS = 8  # of rounding errors: of four, all may cancel
ENOUGH = 16  # units in the last place that no float is blamed for
HALF = 2.0**-26  # of a float's digits
LARGEST = sys.float_info.max
LOST = "rounding alone moves the gradient as far"
Exactly = Any  # mpmath's numbers; it has no types


def _erfc(x: Exactly) -> Exactly:
    """erfc far out, too, where mpmath's own fails: by its asymptotic series."""
    if -1e4 < x < 1e4:
        return mpmath.erfc(x)
    if x < 0:
        return mpmath.mpf(2)
    total, term, k = mpmath.mpf(1), mpmath.mpf(1), 1
    while abs(term) > mpmath.eps:
        term *= -(2 * k - 1) / (2 * x * x)
        total, k = total + term, k + 1
    return mpmath.exp(-x * x) / (x * mpmath.sqrt(mpmath.pi)) * total


SPECIAL = {"abs": mpmath.fabs, "pow": mpmath.power, "erfc": _erfc}
FUNCTIONS = elementary(lambda name: SPECIAL.get(name) or getattr(mpmath, name, None))


class _Scope(dict[str, Any]):
    """What a formula's names mean: x and y, Python's own, mpmath's functions, other rules."""

    def __missing__(self, name: str) -> Any:
        if name in BUILTINS:
            return BUILTINS[name]
        found = getattr(FUNCTIONS, name, None)
        if found is None and name in RULES and not RULES[name].is_its_own_formula:
            found = partial(exactly, RULES[name])
        if found is None:
            raise AttributeError(f"mpmath has no {name}, which a formula needs; write it otherwise")
        return found


class _Whole(ast.NodeTransformer):
    """Makes whole numbers mpmath's, so that 1/3 in a formula is a third."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if not isinstance(node.value, int):
            return node
        return ast.Call(ast.Name("mpf", ast.Load()), [node], [])


@cache
def _compiled(formula: str) -> CodeType:
    tree = _Whole().visit(ast.parse(formula, mode="eval"))
    return compile(ast.fix_missing_locations(tree), formula, "eval")


def exactly(rule: Rule, *operands: Any, output: int = 0) -> Exactly:
    """The value of an operation, or its derivative number ``output``, by the written formula.

    Operands are floats or mpmath's numbers.  A ValueError outside the operation's domain.

    >>> print(exactly(RULES["sqrt"], 2.0), exactly(RULES["sqrt"], 2.0, output=1))
    1.4142135623731 0.353553390593274
    """
    if not rule.formula:  # made by hand: the function tells that it is not known
        rule.function(*operands)
    scope = _Scope(zip("xy", map(mpmath.mpf, operands), strict=False), mpf=mpmath.mpf)
    # The condition of Rule.is_defined, with all digits; a NaN is allowed there, too.
    known = rule.domain and not any(mpmath.isnan(scope[name]) for name in rule.asked)
    if known and not eval(_compiled(rule.domain), {}, scope):
        raise undefined(ValueError(), rule, *map(float, operands))
    result = eval(_compiled((rule.formula, *rule.derivatives)[output]), {}, scope)
    if isinstance(result, (mpmath.mpc, complex)):
        raise ValueError(f"{rule.name}: {rule.formula} is complex")
    return result


def ulps(got: float, right: Exactly, scale: Exactly = 0) -> float:
    """The distance in units of the last place of the right number, or of a larger scale.

    >>> ulps(0.1 + 0.2, mpmath.mpf(0.3))
    1.0
    """
    if abs(right) > LARGEST:
        return 0.0 if abs(got) >= LARGEST and (got > 0) == (right > 0) else math.inf
    if not math.isfinite(got) or mpmath.isnan(right):
        return 0.0 if abs(right) > LARGEST * (1 - 2**-50) else math.inf
    unit = math.ulp(min(float(max(abs(right), scale)), LARGEST))
    return float(abs(mpmath.mpf(got) - right) / unit)


class Slope(NamedTuple):
    """A one-sided slope, how far a rounding of every node moves it, and to where across a kink."""

    value: Exactly
    spread: Exactly
    step: Exactly
    across: tuple[Exactly, ...] = ()
    is_lost: bool = False  # whether what is across is so far away that the function has lost digits


class Exact:
    """The exact numbers of a recorded graph, and the verdicts that they give."""

    def __init__(self, root: Value) -> None:
        self.root = root
        self.order = topological_order(root)
        self._bases: dict[tuple[int, int], dict[int, Exactly]] = {}

    def check_value(self, checks: Sequence[Check]) -> Check:
        """The verdict on the root's float: wrong where half of its digits, or more, are lost.

        Unless rounding the inputs explains it, by the slopes that ``checks`` of them found.
        """
        got = self.root.data
        try:
            with ONE_DIGITS, mpmath.workdps(DIGITS[-1]):
                exact = self._base(DIGITS[-1], 0)[id(self.root)]
                error, off = abs(got - exact), ulps(got, exact)
        except (ValueError, ArithmeticError):
            exact, error, off = math.nan, math.inf, math.inf
        terms = [abs(c.numeric) * math.ulp(c.point) for c in checks if math.isfinite(c.numeric)]
        due = 8 * math.fsum(terms)
        lost = off > ENOUGH and not error <= max(abs(exact) * HALF, due)
        outcome = ("fail", "half of its digits are lost") if lost else ("pass", "")
        if mpmath.isnan(exact) and not math.isnan(got):  # ∞ - ∞ in a formula, where rules know more
            outcome = ("inconclusive", "its formula gives no number here")
        return Check("value", math.nan, got, float(exact), due, *outcome, 0.0, math.inf, off)

    def check_slope(
        self,
        name: str,
        leaf: Value,
        slope: float,
        rounding: float = 0.0,
        tolerance: Tolerance = EXACT,
    ) -> Check:
        """The verdict on a gradient that is claimed for a leaf.

        ``rounding`` is how far it may be off by the rounding of what it is the sum of.

        >>> x = Value(0.0)
        >>> Exact(x.relu()).check_slope("x", x, 2.0).reason
        'slopes 0 and 1'
        """
        try:
            with ONE_DIGITS:
                sides = [s for s in (self._slope(leaf, side) for side in (1, -1)) if s is not None]
        except (ValueError, ArithmeticError):
            sides, outcome, reason = [], "fail", "the function is undefined here"
        else:
            finite = [abs(s.value) for s in sides if mpmath.isfinite(s.value)]
            allowed = tolerance.at(float(max(finite, default=0))) if tolerance != EXACT else 0.0
            outcome, reason = _judge(sides, slope, rounding, allowed)
        exact, step, bar, off = math.nan, 0.0, math.inf, math.nan
        if sides and not any(mpmath.isnan(s.value) for s in sides):
            exact, step = float(sides[0].value), float(sides[0].step)
            bar = float(max(map(_tolerance, sides)) + rounding)
            if outcome in ("pass", "fail"):
                off = ulps(slope, sides[0].value)
        return Check(name, leaf.data, slope, exact, bar, outcome, reason, step, math.inf, off)

    def _slope(self, leaf: Value, side: int) -> Slope | None:
        """The slope to one side; NaN if it does not settle, None if the function ends there."""
        found: list[Exactly] = []
        step = far = mpmath.mpf(0)
        for digits in DIGITS:
            with mpmath.workdps(digits):
                step = side * (abs(mpmath.mpf(leaf.data)) or 1) * mpmath.mpf(10) ** -(digits // 3)
                try:
                    near = self._quotient(leaf, step / 1000, digits)
                    far = self._quotient(leaf, step, digits)
                except (ValueError, ArithmeticError):
                    self._base(digits, 0)  # which raises if it is the point that is undefined
                    return None
                found.append(near)
                if near != 0 and abs(near - far) <= SETTLED * abs(near):
                    return self._moved(Slope(near, mpmath.mpf(0), step), leaf, digits, near)
        limit = self._limit(found)
        if limit != 0:
            return Slope(limit, mpmath.mpf(0), step)
        with mpmath.workdps(DIGITS[-1]):  # a slope of 0 that rounding may move
            return self._moved(Slope(limit, mpmath.mpf(0), step), leaf, DIGITS[-1], far)

    def _limit(self, found: list[Exactly]) -> Exactly:
        """What quotients tend to that have not settled: 0, ±inf, or nothing (NaN)."""
        with mpmath.workdps(DIGITS[-1]):
            size = max(map(abs, self._base(DIGITS[-1], 0).values()))
            if abs(found[-1]) < size * mpmath.mpf(10) ** (-DIGITS[-1] // 2):
                return mpmath.mpf(0)  # what is left of digits that cancel
        return _limit(found)

    def _moved(self, slope: Slope, leaf: Value, digits: int, right: Exactly) -> Slope:
        """A slope with what rounding every node's value, and the leaf's, does to it.

        ``right`` is its quotient, of which it may be the limit.  Half of the rounding moves a
        smooth function's slope by half; over a kink as far as all of it, or not at all.
        """
        spread, across, is_lost = mpmath.mpf(0), list[Exactly](), False
        half_ulp = mpmath.mpf(math.ulp(leaf.data)) / 2 * (1 if slope.step > 0 else -1)
        for draw in range(DRAWS + 1):
            shift = half_ulp if draw == 0 and leaf.data else 0
            try:
                there = self._quotient(leaf, slope.step, digits, draw, shift)
                move = abs(there - right)
                if move > UNCERTAIN * max(abs(there), abs(right)):
                    half = self._quotient(leaf, slope.step, digits, -draw, shift / 2)
                    if min(abs(half - right), abs(half - there)) < UNCERTAIN**2 * move:
                        across.append(there)
                        is_lost |= self._has_moved(
                            draw, digits, leaf.data * max(abs(there), abs(right))
                        )
                        continue
            except (ValueError, ArithmeticError):
                continue  # rounded out of a domain
            spread = max(spread, move)
        return slope._replace(spread=spread, across=tuple(across), is_lost=is_lost)

    def _has_moved(self, draw: int, digits: int, size: Exactly) -> bool:
        """Whether rounding every node's value takes half of the root's digits, or more."""
        exact, rounded = (self._base(digits, k)[id(self.root)] for k in (0, draw))
        return bool(abs(rounded - exact) > HALF * max(abs(exact), abs(size)))

    def _quotient(
        self, leaf: Value, step: Exactly, digits: int, draw: int = 0, shift: Exactly = 0
    ) -> Exactly:
        base = self._base(digits, draw)
        f = as_function_of(leaf, self.order, base, self._call(draw))
        start = f(leaf.data + shift) if shift else base[id(self.root)]
        return (f(leaf.data + shift + step) - start) / step

    def _base(self, digits: int, draw: int) -> dict[int, Exactly]:
        """Every node's number at a precision, with one draw of rounding errors; 0 is none."""
        if (digits, draw) not in self._bases:
            known = {id(v): mpmath.mpf(v.data) for v in self.order if v.rule is None}
            self._bases[digits, draw] = evaluated(self.order, known, self._call(draw))
        return self._bases[digits, draw]

    def _call(self, draw: int) -> Callable[..., Exactly]:
        if not draw:
            return lambda node, *operands: exactly(node.rule, *operands)
        rng = random.Random(abs(draw))  # of the same draw, halved, where it is negative
        unit = mpmath.mpf(2) ** (-53 if draw > 0 else -54)
        factors = {
            id(node): 1 + rng.choice((-1, 1)) * rng.uniform(0.5, 1) * unit for node in self.order
        }
        return lambda node, *operands: exactly(node.rule, *operands) * factors[id(node)]


def _judge(
    sides: Sequence[Slope], slope: float, rounding: float, allowed: float
) -> tuple[str, str]:
    """The outcome, and its reason, by the slopes to the sides on which there are any."""
    if not sides:
        return "inconclusive", "undefined on both sides"
    if any(mpmath.isnan(s.value) for s in sides):
        return "inconclusive", UNSETTLED
    reached = [value for s in sides for value in (s.value, *s.across)]
    low, high = min(reached), max(reached)
    bar = max(map(_tolerance, sides)) + rounding + allowed
    width = high - low
    if low != high and (mpmath.isinf(width) or width > SETTLED**0.5 * max(-low, high)):
        inside = low - bar <= slope <= high + bar
        if not inside and any(s.is_lost for s in sides):
            return "inconclusive", LOST
        return "kink" if inside else "fail", slopes_apart(float(low), float(high))
    reason = VERTICAL if math.isinf(high) else ""
    if slope == high or ulps(slope, high) <= ENOUGH:
        return "pass", reason
    if abs(slope - high) <= bar:
        if bar > UNCERTAIN * max(abs(high), abs(slope)) + allowed:
            return "inconclusive", LOST
        return "pass", reason
    return "fail", reason or off_by(float(slope - high))


def _tolerance(side: Slope) -> Exactly:
    if mpmath.isinf(side.value) or mpmath.isnan(side.value):
        return mpmath.mpf(0)
    return ENOUGH * (math.ulp(min(float(abs(side.value)), LARGEST)) + side.spread)


def _limit(found: list[Exactly]) -> Exactly:
    """What quotients tend to that have not settled: 0, ±inf, or nothing (NaN)."""
    sizes = [abs(q) for q in found]
    pairs = list(pairwise(sizes))
    if all(b <= a / 2 for a, b in pairs):
        return mpmath.mpf(0)
    if all(b > 1.1 * a for a, b in pairs):
        return mpmath.sign(found[-1]) * mpmath.inf
    return mpmath.nan
