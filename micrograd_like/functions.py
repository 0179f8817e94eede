"""Functions of numbers and Values alike: a Value in, a Value out; numbers in, a float out.

One for every rule (``exp(x)``, ``tanh(x)``, ``maximum(x, y)``, …), and a few made of several.

>>> exp(0.0)
1.0
>>> tanh(Value(0.5))
Value(data=0.462117, grad=0)
"""

import math
from collections.abc import Callable, Iterable
from functools import partial, reduce
from operator import add
from typing import TYPE_CHECKING, Any

from micrograd_like.engine import OPERATORS, Value, apply
from micrograd_like.rules import RULES, Rule

if TYPE_CHECKING:

    def __getattr__(name: str) -> Callable[..., Any]: ...


def function_of(rule: Rule) -> Callable[..., Any]:
    """A rule as a function of numbers and Values alike."""
    function = partial(apply, rule)
    function.__doc__ = f"{rule.formula}, for numbers and Values alike."
    return function


FUNCTIONS = [name for name in RULES if name not in OPERATORS and name != "neg"]
globals().update({name: function_of(RULES[name]) for name in FUNCTIONS})


def mean(values: Iterable[Any]) -> Any:
    """The arithmetic mean of one or more numbers or Values.

    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    listed = _listed(values, "mean")
    return reduce(add, listed) * (1.0 / len(listed))


def logsumexp(values: Iterable[Any]) -> Any:
    """log(Σ exp(v)) of one or more numbers or Values, without overflow.

    >>> logsumexp([1000.0, 1000.0])
    1000.6931471805599
    """
    listed = _listed(values, "logsumexp")
    largest = _largest(listed)
    if _number(largest) == math.inf:
        return mean(v for v in listed if _number(v) == math.inf)
    if _number(largest) == -math.inf:
        raise ValueError("logsumexp: needs a value above -inf, the sum of exponentials is 0")
    return apply(RULES["log"], reduce(add, _exponentials(listed, largest))) + largest


def softmax(values: Iterable[Any]) -> list[Any]:
    """exp(v) / Σ exp(v) for each of one or more numbers or Values; they sum to 1.

    >>> softmax([0.0, 0.0])
    [0.5, 0.5]
    """
    listed = _listed(values, "softmax")
    largest = _largest(listed)
    if math.isinf(_number(largest)):
        raise ValueError(f"softmax: needs finite values, the largest is {_number(largest)}")
    exponentials = _exponentials(listed, largest)
    total = reduce(add, exponentials)
    return [exponential / total for exponential in exponentials]


def _largest(listed: list[Any]) -> Any:
    """The largest as a Value of the graph: it stays the largest when the graph is replayed."""
    return reduce(partial(apply, RULES["maximum"]), listed)


def _exponentials(listed: list[Any], largest: Any) -> list[Any]:
    return [apply(RULES["exp"], v - largest) for v in listed]


def _listed(values: Iterable[Any], name: str) -> list[Any]:
    if isinstance(values, Value) or not isinstance(values, Iterable):
        raise TypeError(f"{name}: takes a list of Values, not the single {values!r}")
    listed = list(values)
    if not listed:
        raise ValueError(f"{name}: needs at least one value, the list is empty")
    return listed


def _number(value: Any) -> float:
    return value.data if isinstance(value, Value) else value


__all__ = [*FUNCTIONS, "logsumexp", "mean", "softmax"]  # noqa: PLE0604 - names from the table
