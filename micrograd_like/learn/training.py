"""Training: :func:`fit` shows a network the data, epoch after epoch, and moves its weights."""

import math
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from micrograd_like.arguments import above_zero, flag, function, methods, several, whole
from micrograd_like.classes import is_right
from micrograd_like.learn.data import Point, points_of, split
from micrograd_like.learn.history import DivergenceError, History
from micrograd_like.learn.losses import CLASSIFYING, PER_CLASS, Loss, mse
from micrograd_like.learn.optim import SGD, Optimizer
from micrograd_like.learn.passes import passes, plain
from micrograd_like.notation import number as number_text

__all__ = ["fit"]

Rate = float | Callable[[int], float]  # a learning rate, or that of each epoch, from 1
Callback = Callable[[int, Any, History], Any]  # of an epoch, the model, and what happened so far


def fit(
    model: Any,
    X: Sequence[Sequence[float]],
    y: Sequence[Any],
    loss: Loss = mse,
    *,
    epochs: int = 10,
    lr: Rate = 0.01,
    batch_size: int = 1,
    optimizer: Callable[..., Optimizer] = SGD,
    validation: float | tuple[Any, Any] = 0.0,
    patience: int | None = None,
    callbacks: Iterable[Callback] = (),
    tape: bool | None = None,
    seed: int | None = 0,
    progress: bool = True,
) -> History:
    """Train the model in place, one batch after the other.

    ``X`` is a list of rows, one data point each, ``y`` the targets; an epoch shows each of them
    once, ``batch_size`` at a time, in an order drawn from ``seed`` (None keeps the order given).
    ``lr`` is the learning rate, or a function that gives that of each epoch, which count from 1.
    ``optimizer`` is called with the parameters and ``lr=``: `SGD`, `Adam`, or a ``partial`` of one.

    ``validation`` is held back to measure the loss after each epoch: a share of the rows, or rows
    and targets of their own.  With ``patience``, training ends when for so many epochs the loss
    there has found no new minimum, and the weights of the minimum come back (early stopping,
    Prechelt, 1998).  ``callbacks`` are called after each epoch with its number, the model and the
    history; one that returns True ends the training.  Ctrl-C ends it, too: the model stays as it
    is, and the history is returned.

    With ``tape`` the model and the loss are recorded at one data point and replayed, compiled, at
    the others (`Tape`, which needs Numba): a thousand times faster, with sums that round in another
    order, and wrong for a model or a loss in which Python branches on the data, or a loss that is
    no mean over the data points.  None takes it where it is sure to apply (an `MLP`, `Layer` or
    `Neuron`, and a loss of this package), saves minutes, and is there.

    Where the loss, its gradient or a step is not finite, a DivergenceError says so before the
    parameters take it up.  A ValueError or a TypeError tells what in the data or the settings is
    wrong, before anything changes.  The bar needs tqdm (the ``demo`` extra); without it there is
    none.

    >>> from micrograd_like.nn import Neuron
    >>> line = Neuron(1, nonlin=False)
    >>> history = fit(line, [[0.0], [1.0]], [1.0, 3.0], epochs=200, lr=0.1, progress=False)
    >>> f"{line.w[0]:.2f} x + {line.b:.2f}"
    '2.00 x + 1.00'
    """
    points = points_of(X, y, "fit")
    hooks = _check_settings(model, loss, epochs, batch_size, optimizer, patience, callbacks)
    chance = random.Random(seed if seed is None else whole(seed, "fit: seed", least=0))
    training, held_back = split(points, validation, chance)
    if patience and not held_back:
        raise ValueError("fit: patience needs a validation part, as in validation=0.2")
    rate = lr if callable(lr) else lambda epoch: lr
    learner = optimizer(model.parameters(), lr=above_zero(rate(1), "fit: lr"))
    methods(learner, "fit: what optimizer gives", ["step", "zero_grad"], "an optimizer, as SGD")
    if tape is not None:
        flag(tape, "fit: tape")
    run = _Run(model, loss, learner, training, held_back)
    run.prepare(epochs, tape)
    bar = _bar(range(1, epochs + 1), flag(progress, "fit: progress"))
    try:
        run.train(bar, rate, batch_size, None if seed is None else chance, hooks, patience)
    except KeyboardInterrupt:
        run.end("an interrupt")
    finally:
        if hasattr(bar, "close"):
            bar.close()
    return run.history


def _check_settings(
    model: Any,
    loss: Any,
    epochs: Any,
    batch_size: Any,
    optimizer: Any,
    patience: Any,
    callbacks: Any,
) -> list[Callback]:
    """Tell a setting of `fit` that is none; returns the callbacks."""
    methods(model, "fit: model", ["parameters", "__call__"], "a model, as MLP(2, [4, 1])")
    function(loss, "fit: loss", "predictions and targets; other settings have names, as epochs=10")
    function(optimizer, "fit: optimizer", "parameters and lr, as SGD or partial(SGD, momentum=0.9)")
    whole(epochs, "fit: epochs")
    whole(batch_size, "fit: batch_size")
    if patience is not None:
        whole(patience, "fit: patience")
    return [
        function(callback, "fit: a callback", "the epoch, the model and the history")
        for callback in several(callbacks, "fit: callbacks", "functions")
    ]


class _Run:
    """A training: what it learns on, and what happened so far."""

    def __init__(
        self,
        model: Any,
        loss: Loss,
        optimizer: Optimizer,
        training: list[Point],
        held_back: list[Point],
    ) -> None:
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.training, self.held_back = training, held_back
        self.history = History()
        self.classifying = plain(loss) in CLASSIFYING
        self.number = 0  # of the epoch
        self.best: tuple[int, list[float]] = 0, []  # the epoch of least validation loss, and data

    def prepare(self, epochs: int, tape: bool | None) -> None:
        """Choose how batches pass; what does not fit the model shows before anything changes."""
        outputs = self.model(self.training[0].row)
        several, kind = isinstance(outputs, list), plain(self.loss)
        name = getattr(kind, "__name__", "")
        if kind in PER_CLASS and not several:
            raise ValueError(
                f"fit: {name} needs an output neuron for each class, and the model "
                "has one; binary_cross_entropy and hinge are for one"
            )
        if self.classifying and several and kind not in PER_CLASS:
            raise ValueError(
                f"fit: {name} is for one output neuron, and the model has "
                f"{len(outputs)}; cross_entropy and max_margin are for several"
            )
        points = [*self.training, *self.held_back]
        met = len(points) * epochs * len(self.optimizer.parameters)
        self.passes = passes(self.model, self.loss, points, met, tape)

    def train(
        self,
        epochs: Any,
        rate: Callable[[int], float],
        batch_size: int,
        chance: random.Random | None,
        callbacks: Iterable[Callback],
        patience: int | None,
    ) -> None:
        """One epoch after the other, until they are over, a callback ends it, or patience does."""
        for self.number in epochs:
            self.optimizer.lr = above_zero(rate(self.number), f"fit: lr in epoch {self.number}")
            if chance:
                chance.shuffle(self.training)
            self.epoch(batch_size)
            if hasattr(epochs, "set_postfix_str"):
                epochs.set_postfix_str(f"loss {number_text(self.history.loss[-1])}")
            answers = [call(self.number, self.model, self.history) is True for call in callbacks]
            if any(answers) or self.is_over(patience):
                self.end("a callback" if any(answers) else "patience")
                break

    def end(self, reason: str) -> None:
        """Note why the training ends before its last epoch."""
        self.history.ended = f"in epoch {self.number}, by {reason}"

    def epoch(self, batch_size: int) -> None:
        """Show each point once, and measure the loss on those held back."""
        total = norm = right = 0.0
        points = self.training
        for start in range(0, len(points), batch_size):
            batch = points[start : start + batch_size]
            where = f"fit: in epoch {self.number}, at data point {batch[0].number}"
            try:
                loss, norm, hits = self.learn(batch, where)
            except DivergenceError:
                raise
            except (ValueError, ArithmeticError) as problem:
                raise type(problem)(f"{where}: {problem}") from problem
            total += loss * len(batch)
            right += hits
        self.history.loss.append(total / len(points))
        self.history.gradient_norm.append(norm)
        if self.classifying:
            self.history.accuracy.append(right / len(points))
        if self.held_back:
            self.validate(self.held_back)

    def learn(self, batch: list[Point], where: str) -> tuple[float, float, int]:
        """Forward, backward, a step: the loss before it, the gradient's length, right answers."""
        self.optimizer.zero_grad()
        loss, outputs = self.passes.gradient(batch)
        norm = math.hypot(*(p.grad for p in self.optimizer.parameters))
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise self._divergence(where, f"the loss is {number_text(loss)}", norm)
        hits = self._right(outputs, batch)
        try:
            self.optimizer.step()
        except ArithmeticError as problem:
            raise self._divergence(where, str(problem), norm) from problem
        return loss, norm, hits

    def _divergence(self, where: str, what: str, norm: float) -> DivergenceError:
        return DivergenceError(
            f"{where}: {what}, the gradient's norm is {number_text(norm)}; "
            f"try a learning rate below {number_text(self.optimizer.lr)}",
            self.history,
        )

    def validate(self, points: list[Point]) -> None:
        """Measure the loss on points that are not learned from."""
        losses, outputs = self.passes.evaluate(points)
        history = self.history
        history.validation_loss.append(math.fsum(losses) / len(points))
        if self.classifying:
            history.validation_accuracy.append(self._right(outputs, points) / len(points))
        if history.validation_loss[-1] == min(history.validation_loss):
            data = [p.data for p in self.optimizer.parameters]
            self.best = len(history.validation_loss), data

    def is_over(self, patience: int | None) -> bool:
        """Whether patience ends; the weights of the least validation loss then come back."""
        epoch, data = self.best
        if not patience or len(self.history.validation_loss) - epoch < patience:
            return False
        for p, number in zip(self.optimizer.parameters, data, strict=True):
            p.data = number
        return True

    def _right(self, outputs: list[Any], points: list[Point]) -> int:
        if not self.classifying:
            return 0
        return sum(is_right(out, p.target) for out, p in zip(outputs, points, strict=True))


def _bar(epochs: Iterable[int], progress: bool) -> Any:
    """The epochs, with a bar if it is wanted and tqdm is there."""
    if not progress:
        return epochs
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return epochs
    return tqdm(epochs, desc="training", unit="epoch")
