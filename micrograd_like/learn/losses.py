"""Losses: one number that tells how wrong a network's answers are.

For regression `mse`, `mae` and `huber`; for two classes `binary_cross_entropy` and `hinge`; for
more `cross_entropy` and `max_margin`.  Each takes predictions and targets, of one data point or a
list with one entry for each.  ``reduction`` says what becomes of the losses: their ``"mean"``,
their ``"sum"``, or ``"none"``, the list of them.  Definitions are those of PyTorch's functions of
like names.  Where predictions and targets do not pair up, or a target is none of the classes, a
ValueError tells which, and a TypeError what is no number.

The losses for classes take logits: outputs of a linear last layer, any numbers, of which the larger
one is the likelier class.  Predictions and targets are numbers or Values.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from operator import add
from typing import Any, Literal, Protocol, cast, overload

from micrograd_like.arguments import (
    above_zero,
    choice,
    expect,
    finite,
    is_list,
    one_for_each,
    operand,
    row,
    short,
)
from micrograd_like.engine import Value
from micrograd_like.functions import logsumexp, mean, minimum, relu, softplus
from micrograd_like.groups import group
from micrograd_like.notation import plural

__all__ = [
    "binary_cross_entropy",
    "cross_entropy",
    "hinge",
    "huber",
    "mae",
    "max_margin",
    "mse",
]

Loss = Callable[[Any, Any], Any]
DEEPEST = 32  # lists within lists, of predictions
Graphs = Value | Sequence[Value] | Sequence[Sequence[Value]]
Numbers = float | Sequence[float] | Sequence[Sequence[float]]


class LossFunction(Protocol):
    """The types of a loss: of Values a Value, of numbers a float, without a reduction lists."""

    __name__: str

    @overload
    def __call__(
        self,
        predictions: Graphs,
        targets: Any,
        /,
        *,
        reduction: Literal["mean", "sum"] = ...,
        **options: float,
    ) -> Value: ...
    @overload
    def __call__(
        self, predictions: Graphs, targets: Any, /, *, reduction: Literal["none"], **options: float
    ) -> list[Value]: ...
    @overload
    def __call__(
        self,
        predictions: Numbers,
        targets: Numbers,
        /,
        *,
        reduction: Literal["mean", "sum"] = ...,
        **options: float,
    ) -> float: ...
    @overload
    def __call__(
        self,
        predictions: Numbers,
        targets: Numbers,
        /,
        *,
        reduction: Literal["none"],
        **options: float,
    ) -> list[float]: ...


def _as_loss(function: Callable[..., Any]) -> LossFunction:
    return cast(LossFunction, function)


@_as_loss
@group("mse")
def mse(predictions: Any, targets: Any, *, reduction: str = "mean") -> Any:
    """Mean squared error, for regression: (prediction - target)² (Legendre, 1805).

    A ValueError tells predictions and targets that do not pair up, a TypeError what is no number.

    >>> mse([1.0, 2.0], [1.0, 4.0])
    2.0
    """
    pairs = _pairs(predictions, targets, "mse")
    return _reduce("mse", [(p - t) ** 2 for p, t in pairs], reduction)


@_as_loss
@group("mae")
def mae(predictions: Any, targets: Any, *, reduction: str = "mean") -> Any:
    """Mean absolute error, for regression: abs(prediction - target).  Far-off targets count less.

    A ValueError tells predictions and targets that do not pair up, a TypeError what is no number.

    >>> mae([1.0, 2.0], [1.0, 4.0])
    1.0
    """
    pairs = _pairs(predictions, targets, "mae")
    return _reduce("mae", [abs(p - t) for p, t in pairs], reduction)


@_as_loss
@group("huber")
def huber(predictions: Any, targets: Any, *, delta: float = 1.0, reduction: str = "mean") -> Any:
    """Half the square of a difference up to ``delta``, and from there on a straight line.

    Far-off targets count less, and small differences have small gradients (Huber, 1964).
    ``delta`` is in the unit of the targets.

    A ValueError tells predictions and targets that do not pair up, and a delta not above 0.

    >>> huber([0.5, 4.0], [0.0, 1.0], reduction="none")
    [0.125, 2.5]
    """
    above_zero(delta, "huber: delta")
    losses = []
    for p, t in _pairs(predictions, targets, "huber"):
        distance = abs(p - t)
        near = minimum(distance, delta)
        losses.append(near * (distance - near * 0.5))
    return _reduce("huber", losses, reduction)


@_as_loss
@group("binary_cross_entropy")
def binary_cross_entropy(logits: Any, targets: Any, *, reduction: str = "mean") -> Any:
    """Minus the logarithm of the probability that the model gives to the right one of two classes.

    The probability of class 1 is sigmoid(logit), as in logistic regression (Cox, 1958).  A target
    is 0 or 1, or a probability of class 1.

    A ValueError tells a target that is not from 0 to 1, and what does not pair up.

    >>> binary_cross_entropy([0.0, 10_000.0], [1, 0], reduction="none")
    [0.6931471805599453, 10000.0]
    """
    losses = []
    for k, (z, t) in enumerate(_pairs(logits, targets, "binary_cross_entropy")):
        if not isinstance(t, Value) and not 0 <= t <= 1:
            raise ValueError(f"binary_cross_entropy: target {k} is {t!r}; it is to be from 0 to 1")
        # -log sigmoid(z) = softplus(-z), and -log(1 - sigmoid(z)) = softplus(z)
        losses.append(_weighted_sum((t, 1 - t), (softplus(-z), softplus(z))))
    return _reduce("binary_cross_entropy", losses, reduction)


@_as_loss
@group("hinge")
def hinge(scores: Any, labels: Any, *, reduction: str = "mean") -> Any:
    """Max-margin loss for two classes: max(0, 1 - label·score), each label -1 or 1.

    It is that of support vector machines (Cortes and Vapnik, 1995).

    A ValueError tells a label that is neither -1 nor 1, and what does not pair up.

    >>> hinge([0.5, -3.0], [1, -1])
    0.25
    """
    pairs = _pairs(scores, labels, "hinge")
    for _, label in pairs:
        if not isinstance(label, Value) and label not in (-1, 1):
            raise ValueError(f"hinge: each label is -1 or 1, not {label!r}")
    return _reduce("hinge", [relu(1 - label * score) for score, label in pairs], reduction)


@_as_loss
@group("cross_entropy")
def cross_entropy(logits: Any, targets: Any, *, reduction: str = "mean") -> Any:
    """Minus the logarithm of the probability that the model gives to the right class.

    For each data point there are as many logits as classes; the probabilities are their softmax
    (Bridle, 1990).  A target is the number of a class, from 0, or a list with a probability for
    each class.

    A ValueError tells a target that is none of the classes, and what does not pair up.

    >>> cross_entropy([[1.0, 1.0], [0.0, 1e4]], [0, 1], reduction="none")
    [0.6931471805599454, 0.0]
    """
    losses = [
        logsumexp(outputs) - _right(outputs, target)
        for outputs, target in _classes(logits, targets, "cross_entropy")
    ]
    return _reduce("cross_entropy", losses, reduction)


@_as_loss
@group("max_margin")
def max_margin(scores: Any, targets: Any, *, margin: float = 1.0, reduction: str = "mean") -> Any:
    """By how much the other classes' scores come too near to that of the right class.

    For each data point there are as many scores as classes: the sum over the other ones of
    max(0, margin + score - right score), divided by the number of classes (Weston and Watkins,
    1999).  A target is the number of a class, from 0, or a list with 1 for the right class and 0
    for the others.  ``margin`` is in the unit of the scores.

    A ValueError tells a target that is none of the classes, and what does not pair up.

    >>> max_margin([[0.5, 0.0, 3.0], [0.5, 0.0, 3.0]], [2, 0], reduction="none")
    [0.0, 1.3333333333333333]
    """
    finite(margin, "max_margin: margin")
    losses = []
    for outputs, target in _classes(scores, targets, "max_margin"):
        right = _right(outputs, target)
        terms = [relu(s - right + margin) for k, s in enumerate(outputs) if k != target]
        total = reduce(add, terms)
        if not isinstance(target, int):
            total = total - margin  # the right class's own term
        losses.append(total * (1.0 / len(outputs)))
    return _reduce("max_margin", losses, reduction)


PER_CLASS: tuple[Loss, ...] = (cross_entropy, max_margin)  # with an output neuron for each class
CLASSIFYING: tuple[Loss, ...] = (binary_cross_entropy, hinge, *PER_CLASS)
LOSSES: tuple[Loss, ...] = (mse, mae, huber, *CLASSIFYING)


def _right(outputs: list[Any], target: Any) -> Any:
    """The output for the right class, or the mean output by the classes' probabilities."""
    if isinstance(target, int):
        return outputs[target]
    return _weighted_sum(target, outputs)


def _weighted_sum(weights: Iterable[Any], values: Iterable[Any]) -> Any:
    """The sum of weight times value, without what the numbers 0 and 1 make needless."""
    return reduce(
        add,
        [
            v if not isinstance(w, Value) and w == 1 else v * w
            for w, v in zip(weights, values, strict=True)
            if isinstance(w, Value) or w
        ],
    )


def _classes(outputs: Any, targets: Any, name: str) -> list[tuple[list[Any], Any]]:
    """For each data point its outputs, and the right class or the weights of the classes."""
    if not is_list(outputs) or not len(outputs):
        what = short(outputs)
        raise ValueError(f"{name}: takes a list with an output for each class, not {what}")
    if not is_list(outputs[0]):
        outputs, targets = [outputs], [targets]
    what = "a list with a target for each row of outputs"
    expect(is_list(targets), targets, f"{name}: targets", what)
    one_for_each(len(outputs), len(targets), name, "prediction")
    found = []
    for k, (scores, target) in enumerate(zip(outputs, targets, strict=True)):
        numbers = _operands(row(scores, f"{name}: prediction {k}"), f"{name}: prediction {k}")
        if len(numbers) < 2:
            raise ValueError(
                f"{name}: needs an output for each class; binary_cross_entropy needs one"
            )
        found.append((numbers, _class(target, len(numbers), f"{name}: target {k}")))
    return found


def _class(target: Any, count: int, where: str) -> Any:
    """The number of a class, or the weights of all of them."""
    if is_list(target):
        weights = _operands(target, where)
        if len(weights) != count:
            raise ValueError(f"{where} has {plural(len(weights), 'number')}, for {count} outputs")
        numbers = [t for t in weights if not isinstance(t, Value)]
        whole = len(numbers) == count
        if any(not 0 <= t <= 1 for t in numbers) or (whole and abs(sum(numbers) - 1) > 1e-9):
            raise ValueError(
                f"{where} is {short(target)}; its numbers are to be from 0 to 1, of sum 1"
            )
        return weights
    if target not in range(count):
        raise ValueError(
            f"{where} is {short(target)}; the classes of {count} outputs are 0 to {count - 1}"
        )
    return int(target)


def _reduce(name: str, losses: list[Any], reduction: str) -> Any:
    return REDUCTIONS[choice(reduction, f"{name}: reduction", REDUCTIONS)](losses)


REDUCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "mean": mean,
    "sum": lambda losses: reduce(add, losses),
    "none": list,
}


def _pairs(predictions: Any, targets: Any, name: str) -> list[tuple[Any, Any]]:
    """Each prediction with its target, Values or floats."""
    first, second = _flatten(predictions, name), _flatten(targets, name)
    one_for_each(len(first), len(second), name, "prediction")
    answers, right = _operands(first, f"{name}: prediction"), _operands(second, f"{name}: target")
    return list(zip(answers, right, strict=True))


def _operands(numbers: Iterable[Any], where: str) -> list[Any]:
    """Values as they are, and numbers as floats."""
    return [
        x if type(x) is Value or type(x) is float else operand(x, f"{where} {k}")
        for k, x in enumerate(numbers)
    ]


def _flatten(numbers: Any, name: str, depth: int = 0) -> list[Any]:
    """The numbers of a network's answers in one flat list: one, a list, or a list for each row."""
    if not is_list(numbers):
        return [numbers]
    if depth == DEEPEST:
        raise ValueError(f"{name}: lists within lists go {DEEPEST} deep, or one holds itself")
    return [number for part in numbers for number in _flatten(part, name, depth + 1)]
