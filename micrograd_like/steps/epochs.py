"""A training as data: the weights after each epoch, and what they are worth.

>>> from micrograd_like.nn import Neuron
>>> line = Neuron(1, nonlin=False, init="zeros")
>>> for epoch in Epochs(line, [[0.0], [1.0]], [1.0, 3.0], epochs=3, lr=0.2):
...     print(epoch)
0/3  loss 5, gradient 5
1/3  loss 0.232, gradient 0.5261
2/3  loss 0.1568, gradient 0.4266
3/3  loss 0.1, gradient 0.2824
"""

import math
import random
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import cached_property
from typing import Any, NamedTuple, overload

from micrograd_like import arguments
from micrograd_like.learn import (
    SGD,
    DivergenceError,
    History,
    Point,
    fit,
    has_classes,
    mse,
    passes,
    percent,
    points_of,
    split,
)
from micrograd_like.notation import number, plural

__all__ = ["Epoch", "Epochs", "put"]

MOST = 200  # epochs whose weights are kept, besides the start
MOST_NUMBERS = 120_000  # of all the weights that are kept: a page of some two megabytes
MOST_WEIGHTS = 20_000  # of a model


class Epoch(NamedTuple):
    """A model after an epoch, measured on all the points that it learns from, or on those not."""

    number: int  # 0 is the start
    total: int
    weights: tuple[float, ...]
    loss: float
    gradient_norm: float
    accuracy: float | None = None  # of a classification
    validation_loss: float | None = None  # where points are held back
    validation_accuracy: float | None = None

    def words(self) -> dict[str, str]:
        """The numbers as they are shown, by their names."""
        losses = {"loss": self.loss, "validation loss": self.validation_loss}
        shares = {"accuracy": self.accuracy, "validation accuracy": self.validation_accuracy}
        found = {name: number(x) for name, x in losses.items() if x is not None}
        found |= {name: percent(x) for name, x in shares.items() if x is not None}
        return found | {"gradient": number(self.gradient_norm)}

    def __str__(self) -> str:
        numbers = ", ".join(f"{name} {text}" for name, text in self.words().items())
        return f"{self.number:>{len(str(self.total))}}/{self.total}  {numbers}"


class Epochs(Sequence[Epoch]):
    """A training that was kept: the model at the start and after each epoch, or after some."""

    def __init__(
        self,
        model: Any,
        X: Sequence[Sequence[float]],
        y: Sequence[Any],
        loss: Any = mse,
        *,
        epochs: int = 100,
        lr: float | Callable[[int], float] = 0.1,
        validation: float | tuple[Any, Any] = 0.0,
        seed: int | None = 0,
        tape: bool | None = None,
        **settings: Any,
    ) -> None:
        where = type(self).__name__
        self.points, self.held_back = _parts(X, y, validation, seed, where)
        start = _weights(model, where)
        stride = -(-arguments.whole(epochs, f"{where}: epochs") // _most(len(start), where))
        self.model, self.loss, self.ended = model, loss, ""
        self._copy = _copy(model, where)
        kept, latest = {0: start}, (0, start)

        def keep(epoch: int, model: Any, _: History) -> None:
            nonlocal latest
            latest = epoch, _weights(model, where, len(start))
            if epoch % stride == 0:
                kept[epoch] = latest[1]

        # Without a seed the points that are held back are drawn here, once.
        held: Any = validation
        if seed is None and self.held_back:
            held = [p.row for p in self.held_back], [p.target for p in self.held_back]
        try:
            self.history = fit(
                model, X, y, loss, epochs=epochs, lr=lr, validation=held, seed=seed, tape=tape,
                callbacks=[keep], progress=False, **settings,
            )  # fmt: skip
            self.ended = self.history.ended
        except DivergenceError as error:
            self.history, self.ended = error.history, str(error).removeprefix("fit: ")
        kept[latest[0]] = latest[1]
        self._epochs = _Measure(self, len(kept), tape).all(kept)

    @cached_property  # as the model has to run to tell, and pictures ask for each of their places
    def outputs(self) -> int:
        """How many outputs the model has."""
        found = self._copy(self.points[0].row)
        return len(found) if arguments.is_list(found) else 1

    @property
    def classifies(self) -> bool:
        """Whether each target is a class."""
        return has_classes(self.loss, [*self.points, *self.held_back])

    def __len__(self) -> int:
        return len(self._epochs)

    @overload
    def __getitem__(self, index: int) -> Epoch: ...
    @overload
    def __getitem__(self, index: slice) -> list[Epoch]: ...

    def __getitem__(self, index: int | slice) -> Epoch | list[Epoch]:
        return self._epochs[index]

    def at(self, epoch: int) -> Any:
        """A copy of the model with the weights that it had after an epoch, 0 for the start.

        Of many epochs some are kept, and the last; a ValueError tells one that is not.
        """
        where = f"{type(self).__name__}.at: epoch"
        arguments.whole(epoch, where, 0)
        found = {each.number: each for each in self}
        if epoch not in found:
            nearest = min(found, key=lambda number: abs(number - epoch))
            raise ValueError(f"{where} {epoch} is not kept; the nearest that is, is {nearest}")
        model = deepcopy(self._copy)
        put(model, found[epoch].weights)
        return model


def put(model: Any, weights: Sequence[float]) -> None:
    """Give a model its weights."""
    for p, x in zip(model.parameters(), weights, strict=True):
        p.data = x


class _Measure:
    """What weights are worth: the loss, its gradient and the accuracy, on a copy of the model."""

    def __init__(self, of: Epochs, times: int, tape: bool | None) -> None:
        self.model, self.classifies = of._copy, of.classifies
        points = [*of.points, *of.held_back]
        places, count = range(len(points)), len(of.points)
        self.passes = passes(
            self.model, of.loss, points, SGD(self.model.parameters(), lr=1.0),
            epochs=times, batch_size=count, tape=tape,
        )  # fmt: skip
        self.learned = self.passes.batch([*places[:count]])
        self.held_back = self.passes.batch([*places[count:]]) if of.held_back else None

    def all(self, kept: dict[int, tuple[float, ...]]) -> list[Epoch]:
        """The epochs whose weights are kept."""
        last = max(kept)
        with self.passes.weights.quiet():
            return [Epoch(k, last, weights, *self._worth(weights)) for k, weights in kept.items()]

    def _worth(self, weights: tuple[float, ...]) -> tuple[Any, ...]:
        put(self.model, weights)
        self.passes.weights.zero_grad()
        try:
            loss, outputs = self.passes.gradient(self.learned)
        except (ValueError, ArithmeticError):  # weights with which a loss has no number
            return math.nan, math.nan
        norm = self.passes.weights.norm()
        return (loss, norm, self._accuracy(outputs, self.learned), *self._validation())

    def _validation(self) -> tuple[float | None, float | None]:
        if self.held_back is None:
            return None, None
        losses, outputs = self.passes.evaluate(self.held_back)
        return math.fsum(losses) / len(losses), self._accuracy(outputs, self.held_back)

    def _accuracy(self, outputs: Any, batch: Any) -> float | None:
        return self.passes.right(outputs, batch) / len(batch) if self.classifies else None


def _parts(
    X: Any, y: Any, validation: Any, seed: int | None, where: str
) -> tuple[list[Point], list[Point]]:
    """The points to learn from and those held back, as `fit` will draw them."""
    least = seed if seed is None else arguments.whole(seed, f"{where}: seed", least=0)
    return split(points_of(X, y, where), validation, random.Random(least))


def _weights(model: Any, where: str, count: int | None = None) -> tuple[float, ...]:
    """The numbers of a model's parameters, of which there are as many as before."""
    arguments.methods(
        model, f"{where}: model", ["parameters", "__call__"], "a model, as MLP(2, [4, 1])"
    )
    found = tuple(p.data for p in model.parameters())
    if not found:
        raise ValueError(f"{where}: the model has no parameters to learn; give it some, as MLP has")
    if count not in (None, len(found)):
        raise ValueError(
            f"{where}: the model had {plural(count or 0, 'parameter')}, and now has {len(found)}; "
            "train it with fit"
        )
    return found


def _most(weights: int, where: str) -> int:
    """How many epochs of a model of so many weights are kept."""
    if weights > MOST_WEIGHTS:
        raise ValueError(
            f"{where}: the model has {weights:,} parameters, and up to {MOST_WEIGHTS:,} can be "
            "looked at; train it with fit"
        )
    return min(MOST, MOST_NUMBERS // weights)


def _copy(model: Any, where: str) -> Any:
    try:
        return deepcopy(model)
    except Exception as error:  # what a model of one's own holds may raise anything
        what = f"the model cannot be copied: {error}"
        raise ValueError(f"{where}: {what}; train it with fit") from None
