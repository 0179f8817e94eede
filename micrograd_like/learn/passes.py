"""The loss and its gradient over a batch of data points: recorded anew, or replayed by a tape."""

import math
from collections.abc import Sequence
from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING, Any

from micrograd_like.arguments import extra
from micrograd_like.classes import class_of, is_right, place_of
from micrograd_like.compile import (
    NoRecordingError,
    Tape,
    graph_of,
    is_worth_a_tape,
    recording,
)
from micrograd_like.derivatives import checked
from micrograd_like.engine import Value
from micrograd_like.learn.data import Point
from micrograd_like.learn.losses import (
    CLASSIFYING,
    LOSSES,
    PER_CLASS,
    Loss,
    binary_cross_entropy,
)
from micrograd_like.learn.weights import ArrayWeights, Weights
from micrograd_like.modules import PARTS, can_replay
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

    def is_changed(self) -> bool:
        """Whether a graph that is replayed is of other parts: there is none."""
        return False

    is_stale = is_changed

    def _loss(self, outputs: list[Any], targets: list[Any]) -> Value:
        return checked(self.loss(outputs, targets), "fit", "the loss")


class Replayed:
    """One graph for all points, that of one of them, with its target's numbers for inputs, too.

    Where the loss or its gradient is not finite, the engine has its say: it finds what is still a
    number, as without a class of a logit of -inf, and what an error is to tell.
    """

    def __init__(
        self, model: Any, loss: Loss, points: list[Point], optimizer: Any, batch_size: int
    ) -> None:
        extra("numba", "tape", "the tape is compiled by Numba")
        self.model, self.loss = model, loss
        self.engine = Recorded(model, loss, points, optimizer)
        first = points[0]
        self._x = [Value(number, f"x{j}") for j, number in enumerate(first.row)]
        outputs = model(self._x)
        self.several = isinstance(outputs, list)
        answer = _finite_numbers(outputs)
        _check_targets(loss, answer, points)
        per_class = plain(loss) in PER_CLASS
        self.table = _table(points, len(answer) if per_class else 0)
        self._classes = _classes(answer, points if has_classes(loss, points) else [])
        t = [Value(number, "target") for number in self.table[0, len(self._x) :].tolist()]
        single = not per_class and not isinstance(first.target, list)
        self._target = t[0] if single else t
        self._is_sure = _is_sure(model, loss)
        moving = [*model.parameters(), *self.engine.weights.moving()]
        self._kept = [*self._x, *t, *moving]
        kept = None if self._is_sure else self._kept
        numbers = [point.number for point in points]
        roots = recording("fit", self._record, [*self._x, *t], self.table.tolist(), kept, numbers)
        self.tape = Tape(roots, [*self._x, *t])
        self._shape = self._parts()
        self._graph = [] if self._is_sure else graph_of(roots, self._kept)
        self.how = f"a tape, by {self.tape.plan(min(batch_size, len(points)))}"
        self.weights = ArrayWeights(model, optimizer, self.tape.parameters)
        self._seeds: dict[int, NDArray[np.float64]] = {}  # by the size of a batch

    def _record(self) -> list[Value]:
        """The loss of the point whose numbers the inputs have, and the outputs."""
        outputs = self.model(self._x)
        root = checked(self.loss([outputs], [self._target]), "fit", "the loss")
        return [root, *(outputs if isinstance(outputs, list) else [outputs])]

    def batch(self, places: list[int]) -> Any:
        """The places of data points, for the other methods; a part of them is a batch, too."""
        import numpy as np

        return np.array(places)

    def gradient(self, batch: Any) -> tuple[float, Any]:
        """The loss, whose gradient the weights have then, and the outputs."""
        rows, seeds = self.table.take(batch, axis=0), self._means(len(batch))
        outputs, gradients = self.tape.outputs_and_gradients(rows, self.weights.numbers(), seeds)
        loss = float(outputs[:, 0].sum()) / len(batch)
        if math.isfinite(loss) and math.isfinite(gradients.sum()):
            self.weights.add(gradients)
            return loss, outputs[:, 1:]
        self.weights.write()
        return self.engine.gradient(batch)

    def evaluate(self, batch: Any) -> tuple[list[float], Any]:
        """The loss of each point, and the outputs."""
        import numpy as np

        rows = self.table.take(batch, axis=0)
        outputs, _ = self.tape.outputs_and_gradients(rows, self.weights.numbers())
        left = np.flatnonzero(~np.isfinite(outputs).all(axis=1))
        if len(left):
            self.weights.write()
            losses, found = self.engine.evaluate(batch[left])
            for k, loss, out in zip(left, losses, found, strict=True):
                numbers = [v.data for v in (out if isinstance(out, list) else [out])]
                outputs[k] = [loss, *numbers]
            if len(self._classes) and np.isnan(outputs[left]).any():
                class_of(math.nan)  # raises
        return outputs[:, 0].tolist(), outputs[:, 1:]

    def right(self, outputs: Any, batch: Any) -> int:
        """How many outputs tell the right class."""
        import numpy as np

        if isinstance(outputs, list):
            return self.engine.right(outputs, batch)
        told = outputs.argmax(axis=1) if self.several else outputs[:, 0] > 0
        return int(np.count_nonzero(told == self._classes[batch]))

    def is_changed(self) -> bool:
        """Whether the model is made of other weights or parts, as far as that is seen fast."""
        return bool(self._parts() != self._shape)

    def is_stale(self) -> bool:
        """Whether the graph has become another one, so that passes are to be chosen again.

        That of a model of a user's own is recorded for it.
        """
        if self._is_sure:
            return not _is_sure(self.model, self.loss) or self.is_changed()
        return graph_of(self._record(), self._kept) != self._graph

    def _parts(self) -> Any:
        return _shape(self.model) if self._is_sure else list(self.model.parameters())

    def _means(self, count: int) -> "NDArray[np.float64]":
        """The gradients of the outputs, for that of the mean loss."""
        import numpy as np

        if count not in self._seeds:
            self._seeds[count] = np.zeros((count, len(self.tape.roots)))
            self._seeds[count][:, 0] = 1.0 / count
        return self._seeds[count]


def passes(
    model: Any,
    loss: Loss,
    points: list[Point],
    optimizer: Any,
    *,
    epochs: int,
    batch_size: int,
    tape: bool | None,
) -> Recorded | Replayed:
    """A tape's passes if that is wanted, or if nobody said and it is safe, there and worth it."""
    wanted = tape
    if tape is None:
        met = len(points) * epochs * len(Weights(model, optimizer).moving())
        wanted = is_worth_a_tape(met) and _is_sure(model, loss)
    try:
        if wanted:
            return Replayed(model, loss, points, optimizer, batch_size)
    except NoRecordingError:
        if tape:
            raise
    return Recorded(model, loss, points, optimizer)


def _is_sure(model: Any, loss: Any) -> bool:
    """Whether nothing in the model or the loss can branch on the data, and the loss is a mean."""
    if type(loss) is partial and not loss.args and "reduction" not in loss.keywords:
        loss = loss.func
    return can_replay(model) and type(loss) is FunctionType and loss in LOSSES


def _shape(model: Any) -> Any:
    """What the graph of a model is made of that is sure: its neurons, layer by layer."""
    parts = PARTS.get(type(model).__call__) if callable(model) else None
    part: Any = model
    if parts is None:
        return model
    if not parts:
        return part.activation, part.nonlin, *part.w, part.b
    return [_shape(part) for part in getattr(model, parts)]


def _finite_numbers(outputs: Any) -> Any:
    """The numbers of outputs, for targets to be tried on; 0 for those that are not finite."""
    if isinstance(outputs, list):
        return [_finite_numbers(v) for v in outputs]
    return outputs.data if math.isfinite(outputs.data) else 0.0


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
