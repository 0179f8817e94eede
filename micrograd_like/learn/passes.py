"""The loss and its gradient over a batch of data points: recorded anew, or replayed by a tape."""

from collections.abc import Iterable
from functools import partial
from types import FunctionType
from typing import Any

from micrograd_like.compile import Tape, is_worth_a_tape
from micrograd_like.derivatives import checked
from micrograd_like.engine import Value
from micrograd_like.learn.data import Point
from micrograd_like.learn.losses import LOSSES, PER_CLASS, Loss
from micrograd_like.modules import can_replay

__all__ = ["Recorded", "Replayed", "passes", "plain"]


def plain(loss: Loss) -> Loss:
    """A loss without its options: of a `partial`, the function."""
    function: Loss = getattr(loss, "func", loss)
    return function


class Recorded:
    """One graph for each batch, recorded number by number."""

    def __init__(self, model: Any, loss: Loss) -> None:
        self.model, self.loss = model, loss

    def gradient(self, batch: list[Point]) -> tuple[float, list[Any]]:
        """The loss, with its gradient left in the parameters, and the outputs."""
        outputs = [self.model(point.row) for point in batch]
        loss = self._loss(outputs, [point.target for point in batch])
        loss.backward()
        return loss.data, outputs

    def evaluate(self, points: list[Point]) -> tuple[list[float], list[Any]]:
        """The loss and the outputs of each point."""
        outputs = [self.model(point.row) for point in points]
        pairs = zip(outputs, points, strict=True)
        return [self._loss([out], [p.target]).data for out, p in pairs], outputs

    def _loss(self, outputs: list[Any], targets: list[Any]) -> Value:
        return checked(self.loss(outputs, targets), "fit", "the loss")


class Replayed:
    """One graph for all points: the first one's, with its target's numbers for inputs, too."""

    def __init__(self, model: Any, loss: Loss, points: list[Point]) -> None:
        first = points[0]
        x = [Value(number, f"x{j}") for j, number in enumerate(first.row)]
        outputs = model(x)
        self.several = isinstance(outputs, list)
        listed = outputs if self.several else [outputs]
        numbers = [v.data for v in listed]
        per_class = plain(loss) in PER_CLASS
        self.rows = []
        for point in points:
            try:  # with Values for targets it would not be seen that one is no target
                loss([numbers if self.several else numbers[0]], [point.target])
            except (TypeError, ValueError) as problem:
                raise type(problem)(f"fit: data point {point.number}: {problem}") from None
            target = point.target
            if per_class and not isinstance(target, list):
                target = [float(k == target) for k in range(len(listed))]
            self.rows.append([*point.row, *(target if isinstance(target, list) else [target])])
        self.places = {id(point): k for k, point in enumerate(points)}
        t = [Value(number, "target") for number in self.rows[0][len(x) :]]
        single = not per_class and not isinstance(first.target, list)
        root = checked(loss([outputs], [t[0] if single else t]), "fit", "the loss")
        self.tape = Tape([root, *listed], [*x, *t])

    def gradient(self, batch: list[Point]) -> tuple[float, list[Any]]:
        """The loss, with its gradient left in the parameters, and the outputs."""
        seeds = [[1.0 / len(batch), *[0.0] * (len(self.tape.roots) - 1)]] * len(batch)
        table = self.tape.gradient(self._rows(batch), upstream=seeds)
        return float(table[:, 0].mean()), self._outputs(table)

    def evaluate(self, points: list[Point]) -> tuple[list[float], list[Any]]:
        """The loss and the outputs of each point."""
        table = self.tape.forward(self._rows(points))
        return table[:, 0].tolist(), self._outputs(table)

    def _rows(self, points: Iterable[Point]) -> list[list[float]]:
        return [self.rows[self.places[id(point)]] for point in points]

    def _outputs(self, table: Any) -> list[Any]:
        outputs: list[Any] = table[:, 1:].tolist()
        return outputs if self.several else [row[0] for row in outputs]


def passes(
    model: Any, loss: Loss, points: list[Point], met: int, tape: bool | None
) -> Recorded | Replayed:
    """A tape's passes if that is wanted, or if nobody said and it is safe, there and worth it.

    ``met`` is how often a parameter meets a data point in the whole training.
    """
    if tape is None:
        tape = is_worth_a_tape(met) and _is_sure(model, loss)
    return Replayed(model, loss, points) if tape else Recorded(model, loss)


def _is_sure(model: Any, loss: Any) -> bool:
    """Whether nothing in the model or the loss can branch on the data, and the loss is a mean."""
    if type(loss) is partial and not loss.args and "reduction" not in loss.keywords:
        loss = loss.func
    return can_replay(model) and type(loss) is FunctionType and loss in LOSSES
