"""Derivatives of any order of a recorded graph in one walk: Taylor arithmetic.

A :class:`Series` is a quantity that depends on one variable: its value, its first derivative, its
second, …, each computed when it is asked for, and kept.  Products and quotients are those of power
series.  Every other operation is its rule, read with Series for numbers: y = φ(u) has the slope
φ'(u)·u', so that y up to order k needs φ'(u), which the rule gives, up to order k - 1 (A. Griewank
and A. Walther, "Evaluating Derivatives", 2nd edition, 2008, chapter 13).  A rule whose derivative
is made of its own value, such as exp's, gets the very Series that is being computed: as far as it
asks, its numbers are there.

>>> from micrograd_like import Value
>>> x = Value(1.0)
>>> [nth_derivative(x**4 + x, x, order) for order in (1, 2, 3, 4, 5)]
[5.0, 12.0, 24.0, 24.0, 0.0]
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache, partialmethod
from random import Random
from typing import Any

from micrograd_like.elementary import COMPOSED, SMALLEST_NORMAL, bind, elementary, m
from micrograd_like.engine import Value
from micrograd_like.graph import data_changed, dependents, operands_by, topological_order
from micrograd_like.higher_order import differs, infinite
from micrograd_like.notation import OPERATORS, code, undefined
from micrograd_like.rules import RULES, Rule
from micrograd_like.table import CONSTANTS, rule_named

__all__ = ["Series", "nth_derivative", "on_series"]

FEW = 30  # factors of a power that are taken off one by one
SHAKEN = 2.0**-52  # of a number, by which it is changed to see what rounding does
LOST = 2.0**-10  # of a derivative, which rounding may change
NOTHING = 2.0**-20  # of the largest number on the way: what is left of terms that cancel
Following = Callable[[int], float]  # the derivative of an order, when those before are known
Results = dict[tuple[Any, ...], Any]  # of operations, by their rule and operands


class Series:
    """A quantity's derivatives for one variable by their order; that of order 0 is its value.

    Series are compared by their values, as Values are.  ``results`` are those of all operations on
    Series of the one variable: the same operation gives the same Series.

    >>> x = Series(3.0, lambda k: float(k == 1), {})
    >>> y = x * x
    >>> [y[k] for k in range(4)], y > x, x * x is y
    ([9.0, 6.0, 2.0, 0.0], True, True)
    """

    __slots__ = ("_following", "numbers", "results")

    __add__: Any  # these and the other operators are their rules
    __sub__: Any

    def __init__(self, value: float, following: Following, results: Results) -> None:
        self.numbers = [value]
        self._following = following
        self.results = results

    def __getitem__(self, order: int) -> float:
        known = self.numbers
        while len(known) <= order:
            known.append(self._following(len(known)))
        return known[order]

    def known(self, order: int) -> list[float]:
        """The derivatives up to an order."""
        known = self.numbers
        while len(known) <= order:
            known.append(self._following(len(known)))
        return known[: order + 1]

    def __lt__(self, other: Any) -> bool:
        return self.numbers[0] < _at(other, 0)

    def __le__(self, other: Any) -> bool:
        return self.numbers[0] <= _at(other, 0)

    def __gt__(self, other: Any) -> bool:
        return self.numbers[0] > _at(other, 0)

    def __ge__(self, other: Any) -> bool:
        return self.numbers[0] >= _at(other, 0)

    def __pos__(self) -> Series:
        return self


class _Shaken(Series):
    """A Series whose derivatives are off by a unit in the last place, the same in each run."""

    __slots__ = ()

    def __init__(self, value: float, following: Following, results: Results) -> None:
        sign = Random(len(results)).choice
        super().__init__(value, lambda k: following(k) * (1 + SHAKEN * sign((-1, 1))), results)


def _at(x: Any, order: int) -> float:
    """The derivative of an order of a Series or a constant."""
    if isinstance(x, Series):
        return x[order]
    return 0.0 if order else x


def nth_derivative(root: Value, variable: Value, order: int) -> float:
    """The derivative of a recorded Value for another, taken ``order`` times.

    It is computed twice, with other roundings, as J. Vignes' CESTAC does ("A stochastic arithmetic
    for reliable scientific computation", Mathematics and Computers in Simulation 35, 1993): where
    they hide it, as after division by a small number, an ArithmeticError tells.  A
    ZeroDivisionError tells a derivative on the way that is infinite, an AttributeError or a
    TypeError a rule that does not work on Series.

    >>> x = Value(0.0)
    >>> nth_derivative(x.exp(), x, 50)
    1.0
    >>> x = Value(0.1)
    >>> nth_derivative(x.sin() / x, x, 12)
    Traceback (most recent call last):
    ArithmeticError: derivative: order 12 at x = 0.1: rounding hides the result; ...
    """
    found, largest = _computed(root, variable, order, Series)
    again, _ = _computed(root, variable, order, _Shaken)
    if found and abs(found - again) > max(LOST * abs(found), NOTHING * largest):
        raise ArithmeticError(
            f"derivative: order {order} at x = {variable.data!r}: rounding hides the result; take "
            "a lower order, or another form of the function, such as the first terms of its series"
        )
    return found


def _computed(root: Value, variable: Value, order: int, kind: type[Series]) -> tuple[float, float]:
    """The derivative, and the largest of all nodes' derivatives up to its order."""
    nodes = topological_order(root)
    known: dict[int, Any] = {id(node): node.data for node in nodes}
    known[id(variable)] = kind(variable.data, lambda k: float(k == 1), {})
    depending = list(dependents([variable], nodes))
    for node in depending:
        known[id(node)] = _replayed(node, operands_by(node, known))
    for k in range(1, order + 1):  # inputs first: what a node asks for is there, at any depth
        for node in depending:
            with suppress(ZeroDivisionError):  # which counts only if the root asks again
                _at(known[id(node)], k)
    found = _at(known[id(root)], order) or 0.0
    series = [x for x in (known[id(node)] for node in depending) if isinstance(x, Series)]
    return found, max((size for x in series for size in map(abs, x.numbers[1:])), default=0.0)


def _replayed(node: Any, operands: list[Any]) -> Any:
    """A node of the graph as a Series, or as a number if its rule has the constant 0 for slope."""
    y = apply(node.rule, *operands)
    if differs(_at(y, 0), node.data):
        raise data_changed("derivative", node)
    if not any(node.local_grads) and not _terms(node.rule, operands, node.local_grads):
        return node.data
    return y


# --- operations -------------------------------------------------------------------------------


def apply(rule: Rule, *operands: Any) -> Any:
    """An operation on numbers and Series: a Series if any operand is one.

    >>> x = Series(2.0, lambda k: float(k == 1), {})
    >>> y = apply(RULES["log"], x)
    >>> y[1], y[2], y[3]
    (0.5, -0.25, 0.25)
    """
    operands += (rule.function.__defaults__ or ())[len(operands) - 1 :]
    point = [_at(x, 0) for x in operands]
    try:
        value, *slopes = rule.function(*point)
    except (ValueError, ZeroDivisionError) as error:
        raise undefined(error, rule, *point) from None
    series = [x for x in operands if isinstance(x, Series)]
    if not series:
        return value
    results = series[0].results
    key = (rule, *(x if isinstance(x, Series) else repr(x) for x in operands))
    if key not in results:
        following = ARITHMETIC.get(rule, _by_rule)(rule, operands, slopes)
        results[key] = type(series[0])(value, following, results)
        if rule is RULES["neg"]:
            results[rule, results[key]] = operands[0]  # -(-x) is x: σ(x) is made of σ(-x), too
    return results[key]


def _product(_rule: Rule, operands: Sequence[Any], _slopes: Sequence[float]) -> Following:
    x, y = operands
    if not (isinstance(x, Series) and isinstance(y, Series)):
        return lambda k: _times(_at(x, 0), _at(y, k)) + _times(_at(x, k), _at(y, 0))
    return lambda k: _convolved(k, x.known(k), y.known(k)[::-1])


def _quotient(_rule: Rule, operands: Sequence[Any], slopes: Sequence[float]) -> Following:
    """q = x / y from x = q·y, where that of order k is known but for q's last derivative."""
    x, y = operands
    bottom = _at(y, 0)
    if not isinstance(y, Series):
        return lambda k: x[k] / bottom
    found = [0.0]  # the value is in the slope for y

    def following(k: int) -> float:
        known = _convolved(k, found, y.known(k)[::-1])
        found.append(_times(slopes[1], y[k]) + (_at(x, k) - known) / bottom)
        return found[k]

    return following


def _by_rule(rule: Rule, operands: Sequence[Any], slopes: Sequence[float]) -> Following:
    """y = φ(u): the derivative of order k is that of order k - 1 of φ'(u)·u'.

    φ' at the point itself is that of floats, which take more care than the rule on Series.
    """
    terms: list[tuple[Any, float, Series]] = []

    def following(k: int) -> float:
        if k == 1:
            firsts = [_at(u, 1) for u in operands]
            return sum(map(_times, slopes, firsts), 0.0)
        if k == 2:
            terms[:] = _terms(rule, operands, slopes)
        total = 0.0
        for derivative, slope, u in terms:
            total += _times(slope, u[k])
            if isinstance(derivative, Series):
                known = [0.0, *derivative.known(k - 1)[1:]]
                total += _convolved(k - 1, known, u.known(k)[:0:-1])
            elif math.isinf(derivative):
                raise infinite(code(rule, *(repr(_at(x, 0)) for x in operands)))
        return total

    return following


def _terms(
    rule: Rule, operands: Sequence[Any], slopes: Sequence[Any]
) -> list[tuple[Any, float, Series]]:
    """The Series of the operands with their derivatives, other than the constant 0, and slopes."""
    _, *derivatives = _on_series(rule)(*operands)
    return [
        (derivative, slope, u)
        for derivative, slope, u in zip(derivatives, slopes, operands, strict=True)
        if isinstance(u, Series) and (isinstance(derivative, Series) or derivative != 0)
    ]


ARITHMETIC = {RULES["mul"]: _product, RULES["div"]: _quotient}


def _times(x: float, y: float) -> float:
    """A product of the chain rule: zero times infinity is zero."""
    return x * y if x and y else 0.0


def _convolved(order: int, xs: Sequence[float], ys: Sequence[float]) -> float:
    """What Leibniz' rule sums: the products of the pairs, times the binomials of an order."""
    pairs = zip(_binomials(order), xs, ys, strict=False)
    return sum((binomial * (x * y) for binomial, x, y in pairs if x and y), 0.0)


@lru_cache(None)
def _binomials(order: int) -> list[float]:
    return [float(math.comb(order, k)) for k in range(order + 1)]


# --- the rules on Series ----------------------------------------------------------------------


@lru_cache(256)
def _on_series(rule: Rule) -> Callable[..., Any]:
    return bind(rule.function, on_series)


def _library(name: str) -> Any:
    """A function of the m of Series: a rule, looked up when it is called, or a constant."""
    if name in RULES:
        return lambda *operands: apply(rule_named(name), *operands)
    return CONSTANTS.get(name)


def _power_slope(x: Any, y: Any) -> Any:
    """y·x^y/x, of which all is known, but y·x^(y-1) where that loses digits or a derivative's 0.

    A power made of the next, and that of the next, loses a digit with every other order.
    """
    value = m.pow(x, y)
    polynomial = not isinstance(y, Series) and 0 <= y < FEW and y % 1 == 0
    if polynomial or not SMALLEST_NORMAL <= abs(_at(value, 0)) < math.inf:
        return y * m.pow(x, y - 1.0)
    return y * value / x


on_series = elementary(_library, COMPOSED | {"power_slope": _power_slope})
for _name, _special in OPERATORS.items():
    setattr(Series, _special, partialmethod(lambda x, of, *y: apply(of, x, *y), RULES[_name]))
    if RULES[_name].arity == 2:
        _reflected = partialmethod(lambda y, of, x: apply(of, x, y), RULES[_name])
        setattr(Series, f"__r{_special[2:]}", _reflected)
