"""Functions of numbers and Values alike: a Value in, a Value out; numbers in, a float out.

One for every rule (``exp(x)``, ``tanh(x)``, ``maximum(x, y)``, …), and a few made of several.

>>> exp(0.0)
1.0
>>> tanh(Value(0.5))
Value(data=0.46211715726000974, grad=0.0)
"""

import math
from collections.abc import Iterable
from functools import reduce
from operator import add
from typing import Any, overload

from micrograd_like._functions import *  # noqa: F403 - one function for every rule
from micrograd_like._functions import FUNCTIONS, exp, log, maximum
from micrograd_like.arguments import number, several
from micrograd_like.engine import Value
from micrograd_like.groups import group


@overload
def mean(values: Iterable[float]) -> float: ...
@overload
def mean(values: Iterable[Value]) -> Value: ...
@overload
def mean(values: Iterable[Value | float]) -> Value | float: ...
def mean(values: Iterable[Any]) -> Any:
    """The arithmetic mean of one or more numbers or Values.

    A ValueError tells an empty list, a TypeError what is no number.

    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    listed = _listed(values, "mean")
    return reduce(add, listed) * (1.0 / len(listed))


@overload
def logsumexp(values: Iterable[float]) -> float: ...
@overload
def logsumexp(values: Iterable[Value]) -> Value: ...
@overload
def logsumexp(values: Iterable[Value | float]) -> Value | float: ...
@group("logsumexp")
def logsumexp(values: Iterable[Any]) -> Any:
    """log(Σ exp(v)) of one or more numbers or Values, without overflow.

    A ValueError tells an empty list, and one in which all numbers are -inf.

    >>> logsumexp([1000.0, 1000.0])
    1000.6931471805599
    """
    listed = _listed(values, "logsumexp")
    largest = _largest(listed)
    if _number(largest) == math.inf:
        return mean(v for v in listed if _number(v) == math.inf)
    if _number(largest) == -math.inf:
        raise ValueError("logsumexp: needs a value above -inf, the sum of exponentials is 0")
    return log(reduce(add, _exponentials(listed, largest))) + largest


@overload
def softmax(values: Iterable[float]) -> list[float]: ...
@overload
def softmax(values: Iterable[Value]) -> list[Value]: ...
@overload
def softmax(values: Iterable[Value | float]) -> list[Any]: ...
@group("softmax")
def softmax(values: Iterable[Any]) -> list[Any]:
    """exp(v) / Σ exp(v) for each of one or more numbers or Values; they sum to 1.

    A ValueError tells an empty list, and a largest number that is infinite.

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
    return reduce(maximum, listed)


def _exponentials(listed: list[Any], largest: Any) -> list[Any]:
    return [exp(v - largest) for v in listed]


def _listed(values: Iterable[Any], name: str) -> list[Any]:
    listed = [
        v if isinstance(v, Value) else number(v, f"{name}: value {k}")
        for k, v in enumerate(several(values, name))
    ]
    if not listed:
        raise ValueError(f"{name}: needs at least one value, the list is empty")
    return listed


def _number(value: Any) -> float:
    return value.data if isinstance(value, Value) else value


__all__ = [*FUNCTIONS, "logsumexp", "mean", "softmax"]  # noqa: PLE0604 - names from the table
