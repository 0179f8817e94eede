"""The loss and its gradient over a batch of data points: recorded anew, or replayed by a tape."""

import math
from collections.abc import Sequence
from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING, Any

from micrograd_like.classes import class_of, is_right, place_of
from micrograd_like.compile import Tape, is_worth_a_tape
from micrograd_like.derivatives import checked
from micrograd_like.engine import Value
from micrograd_like.graph import operands_by, topological_order
from micrograd_like.learn.data import Point
from micrograd_like.learn.losses import (
    CLASSIFYING,
    LOSSES,
    PER_CLASS,
    Loss,
    binary_cross_entropy,
)
from micrograd_like.learn.weights import ArrayWeights, Weights
from micrograd_like.modules import can_replay, neurons_of
from micrograd_like.notation import number as number_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Recorded", "Replayed", "has_classes", "passes", "plain"]

Batch = Sequence[int]  # the places of its data points: a list, or an array for a tape


def plain(loss: Loss) -> Loss:
    """A loss without its options: of a `partial`, the function."""
    function: Loss = getattr(loss, "func", loss)
    return function


class Recorded:
    """One graph for each batch, recorded number by number."""

    how = "a graph recorded for each batch"

    def __init__(self, model: Any, loss: Loss, points: list[Point], optimizer: Any) -> None:
        self.model, self.loss, self.points = model, loss, points
        self.weights = Weights(model, optimizer)

    def batch(self, places: list[int]) -> Batch:
        """The places of data points, for the other methods; a part of them is a batch, too."""
        return places

    def gradient(self, batch: Batch) -> tuple[float, Any]:
        """The loss, whose gradient the weights have then, and the outputs."""
        points = [self.points[k] for k in batch]
        outputs = [self.model(point.row) for point in points]
        loss = self._loss(outputs, [point.target for point in points])
        loss.backward()
        return loss.data, outputs

    def evaluate(self, batch: Batch) -> tuple[list[float], Any]:
        """The loss of each point, and the outputs."""
        points = [self.points[k] for k in batch]
        outputs = [self.model(point.row) for point in points]
        pairs = zip(outputs, points, strict=True)
        return [self._loss([out], [p.target]).data for out, p in pairs], outputs

    def right(self, outputs: Any, batch: Batch) -> int:
        """How many outputs tell the right class."""
        pairs = zip(outputs, batch, strict=True)
        return sum(is_right(out, self.points[k].target) for out, k in pairs)

    def is_stale(self) -> bool:
        """Whether the graph has become another one, so that passes are to be chosen again."""
        return False

    def _loss(self, outputs: list[Any], targets: list[Any]) -> Value:
        return checked(self.loss(outputs, targets), "fit", "the loss")


class Replayed:
    """One graph for all points: the first one's, with its target's numbers for inputs, too."""

    how = "one graph, compiled"

    def __init__(self, model: Any, loss: Loss, points: list[Point], optimizer: Any) -> None:
        self.model, self.loss = model, loss
        first = points[0]
        self._x = [Value(number, f"x{j}") for j, number in enumerate(first.row)]
        outputs = model(self._x)
        self.several = isinstance(outputs, list)
        numbers = [v.data for v in (outputs if self.several else [outputs])]
        answer = numbers if self.several else numbers[0]
        _check_targets(loss, answer, points)
        per_class = plain(loss) in PER_CLASS
        self.table = _table(points, len(numbers) if per_class else 0)
        self._classes = _classes(answer, points if has_classes(loss, points) else [])
        t = [Value(number, "target") for number in self.table[0, len(self._x) :].tolist()]
        single = not per_class and not isinstance(first.target, list)
        self._target = t[0] if single else t
        roots = self._recorded(outputs)
        self.tape = Tape(roots, [*self._x, *t])
        self._is_sure = _is_sure(model, loss)
        self._shape = _shape(model) if self._is_sure else _graph(roots)
        self.weights = ArrayWeights(model, optimizer, self.tape.parameters)
        self._seeds: dict[int, NDArray[np.float64]] = {}  # by the size of a batch

    def _recorded(self, outputs: Any) -> list[Value]:
        """The loss of the first point, and the outputs."""
        root = checked(self.loss([outputs], [self._target]), "fit", "the loss")
        return [root, *(outputs if isinstance(outputs, list) else [outputs])]

    def batch(self, places: list[int]) -> Any:
        """The places of data points, for the other methods; a part of them is a batch, too."""
        import numpy as np

        return np.array(places)

    def gradient(self, batch: Any) -> tuple[float, Any]:
        """The loss, whose gradient the weights have then, and the outputs."""
        rows, seeds = self.table.take(batch, axis=0), self._means(len(batch))
        numbers = self.weights.numbers()
        if numbers is None:
            outputs = self.tape.gradient(rows, upstream=seeds)
        else:
            outputs, gradients = self.tape.outputs_and_gradients(rows, numbers, seeds)
            self.weights.add(gradients)
        return float(outputs[:, 0].sum()) / len(batch), outputs[:, 1:]

    def evaluate(self, batch: Any) -> tuple[list[float], Any]:
        """The loss of each point, and the outputs."""
        import numpy as np

        rows, numbers = self.table.take(batch, axis=0), self.weights.numbers()
        if numbers is None:
            outputs = self.tape.forward(rows)
        else:
            outputs, _ = self.tape.outputs_and_gradients(rows, numbers)
        if len(self._classes) and np.isnan(outputs).any():
            class_of(math.nan)  # raises
        return outputs[:, 0].tolist(), outputs[:, 1:]

    def right(self, outputs: Any, batch: Any) -> int:
        """How many outputs tell the right class."""
        import numpy as np

        told = outputs.argmax(axis=1) if self.several else outputs[:, 0] > 0
        return int(np.count_nonzero(told == self._classes[batch]))

    def is_stale(self) -> bool:
        """Whether the graph has become another one, so that passes are to be chosen again.

        That of a model of a user's own is recorded for it.
        """
        if self._is_sure:
            return not _is_sure(self.model, self.loss) or _shape(self.model) != self._shape
        return _graph(self._recorded(self.model(self._x))) != self._shape

    def _means(self, count: int) -> "NDArray[np.float64]":
        """The gradients of the outputs, for that of the mean loss."""
        import numpy as np

        if count not in self._seeds:
            self._seeds[count] = np.zeros((count, len(self.tape.roots)))
            self._seeds[count][:, 0] = 1.0 / count
        return self._seeds[count]


def passes(
    model: Any, loss: Loss, points: list[Point], optimizer: Any, epochs: int, tape: bool | None
) -> Recorded | Replayed:
    """A tape's passes if that is wanted, or if nobody said and it is safe, there and worth it."""
    if tape is None:
        met = len(points) * epochs * len(Weights(model, optimizer).moving())
        tape = is_worth_a_tape(met) and _is_sure(model, loss)
    return (Replayed if tape else Recorded)(model, loss, points, optimizer)


def _is_sure(model: Any, loss: Any) -> bool:
    """Whether nothing in the model or the loss can branch on the data, and the loss is a mean."""
    if type(loss) is partial and not loss.args and "reduction" not in loss.keywords:
        loss = loss.func
    return can_replay(model) and type(loss) is FunctionType and loss in LOSSES


def _shape(model: Any) -> list[Any]:
    """What the graph of a model is made of that is sure: its neurons and their weights."""
    return [(n.activation, n.nonlin, *n.w, n.b) for n in neurons_of(model) or ()]


def _graph(roots: list[Value]) -> list[Any]:
    """What a graph is made of: its leaves, its operations on what is before, and constants."""
    order = topological_order(*roots)
    places = {id(v): k for k, v in enumerate(order)}
    found = [(v.rule, *operands_by(v, places, repr)) if v.rule else v for v in order]
    return [*found, *(places[id(v)] for v in roots)]


def has_classes(loss: Loss, points: list[Point]) -> bool:
    """Whether each target is a class: binary_cross_entropy takes probabilities between, too."""
    kind = plain(loss)
    if kind is binary_cross_entropy:
        return not any(0 < p.target < 1 for p in points if not isinstance(p.target, list))
    return kind in CLASSIFYING


def _check_targets(loss: Loss, answer: Any, points: list[Point]) -> None:
    """Try the targets' numbers: with Values for them it would not be seen that one is no target.

    A loss of a user's own is also tried on two points, whose mean it is to be.
    """
    own = plain(loss) not in LOSSES
    if own:  # it may call methods of Values
        answer = [Value(x) for x in answer] if isinstance(answer, list) else Value(answer)
    met = set()
    for point in points:
        if not isinstance(point.target, list):
            if point.target in met:
                continue
            met.add(point.target)
        try:
            loss([answer], [point.target])
        except (TypeError, ValueError) as problem:
            raise type(problem)(f"fit: data point {point.number}: {problem}") from None
        except ArithmeticError:  # of numbers that are too large: the pass tells where
            return
    one, other = points[0].target, points[-1].target
    pairs: list[list[Any]] = [[one, other], [one], [other]]
    losses = [loss([answer] * len(pair), pair) for pair in pairs]
    both, *each = [
        v if isinstance(v, float) else checked(v, "fit", "the loss").data for v in losses
    ]
    if abs(both - sum(each) / 2) > 1e-9 * abs(both):
        raise ValueError(
            f"fit: the loss of two data points is {number_text(both)}, and the mean of theirs is "
            f"{number_text(sum(each) / 2)}; a tape needs a loss that is a mean; take tape=False"
        )


def _classes(answer: Any, points: list[Point]) -> "NDArray[np.int64]":
    """The place of each point's class."""
    import numpy as np

    places = []
    for point in points:
        try:
            places.append(place_of(point.target, answer, "accuracy"))
        except ValueError as problem:
            raise ValueError(f"fit: data point {point.number}: {problem}") from None
    return np.array(places)


def _table(points: list[Point], classes: int) -> "NDArray[np.float64]":
    """Rows and targets side by side; of a class, of so many, the target is 1 in a row of zeros."""
    import numpy as np

    def several(target: Any) -> list[float]:
        if isinstance(target, list):
            return target
        return [float(k == target) for k in range(classes)] if classes else [target]

    targets = [several(point.target) for point in points]
    if len({*map(len, targets)}) > 1:
        raise ValueError("fit: a tape needs targets of one length; these differ; take tape=False")
    return np.hstack([np.array([point.row for point in points]), np.array(targets)])
