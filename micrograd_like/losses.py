"""Error functions: one number that tells how wrong a network's answers are.

Each takes the predictions and the targets, a number or Value each, a list of them, or a list of
lists for networks with several outputs, and returns the mean over all of them.
"""

from collections.abc import Callable
from typing import Any

from micrograd_like.functions import mean, relu

__all__ = ["hinge", "mse"]


def mse(predictions: Any, targets: Any) -> Any:
    """Mean squared error, for regression: mean of (prediction - target)².

    >>> mse([1.0, 2.0], [1.0, 4.0])
    2.0
    """
    return mean((p - t) ** 2 for p, t in _pairs(predictions, targets, "mse"))


def hinge(scores: Any, labels: Any) -> Any:
    """Max-margin loss for two classes: mean of max(0, 1 - label·score), each label -1 or 1.

    >>> hinge([0.5, -3.0], [1, -1])
    0.25
    """
    pairs = _pairs(scores, labels, "hinge")
    for _, label in pairs:
        if label not in (-1, 1):
            raise ValueError(f"hinge: each label is -1 or 1, not {label!r}")
    return mean(relu(1 - label * score) for score, label in pairs)


Loss = Callable[[Any, Any], Any]


def _pairs(predictions: Any, targets: Any, name: str) -> list[tuple[Any, Any]]:
    first, second = _listed(predictions), _listed(targets)
    if len(first) != len(second):
        raise ValueError(
            f"{name}: {len(first)} predictions and {len(second)} targets do not pair up"
        )
    return list(zip(first, second, strict=True))


def _listed(numbers: Any) -> list[Any]:
    """The numbers of a network's answers in one flat list: one, a list, or a list for each row."""
    if isinstance(numbers, str) or not hasattr(numbers, "__len__"):
        return [numbers]
    return [number for several in numbers for number in _listed(several)]
