"""Training: :func:`fit` shows a network the data, epoch after epoch, and moves its weights."""

import math
import os
import random
from _thread import RLock, get_ident
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from weakref import WeakValueDictionary

from micrograd_like.arguments import above_zero, flag, function, methods, several, whole
from micrograd_like.guard import open_in_child
from micrograd_like.learn.data import Point, points_of, split
from micrograd_like.learn.history import DivergenceError, History
from micrograd_like.learn.losses import CLASSIFYING, PER_CLASS, Loss, mse
from micrograd_like.learn.optim import SGD, moves_arrays
from micrograd_like.learn.passes import Batch, has_classes, passes, plain
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
    optimizer: Callable[..., Any] = SGD,
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
    ``optimizer`` is called with the parameters and ``lr=``: `SGD`, `Adam`, a ``partial`` of one, or
    something of your own that has ``step`` and ``zero_grad``.

    ``validation`` is held back to measure the loss after each epoch: a share of the rows, or rows
    and targets of their own.  With ``patience``, training ends when for so many epochs the loss
    there has found no new minimum, and the weights of the minimum come back (early stopping,
    Prechelt, 1998).  ``callbacks`` are called after each epoch with its number, the model and the
    history; one that returns True ends the training.  Ctrl-C ends it, too: the model is as its last
    whole step left it, and the history is returned.

    With ``tape`` the model and the loss are recorded at one data point and replayed, compiled, at
    the others (`Tape`, which needs Numba): a thousand times faster, with sums that round in another
    order, and wrong for a model or a loss in which Python branches on the data.  A ValueError tells
    that the graphs of data points differ, as far as a few are compared, a loss that is no mean over
    the data points, and that numbers are infinite where it would be recorded.  A batch whose loss
    or gradient is not finite is recorded by itself: the engine has its say.  None takes it where it
    is sure to apply (an `MLP`, `Layer` or `Neuron`, and a loss of this package), saves more than
    the second it takes to begin, and is there; ``history.how`` says so.  `SGD` and `Adam` then move
    all parameters as one array.

    The Values have the numbers again whenever ``lr`` or a callback is called, and at the end; what
    these change, in parameters, gradients or the optimizer, is what training goes on with.  Other
    optimizers move the Values; weights and layers that they replace count from the next batch on,
    and what else they change in a model of one's own from the next epoch on.

    Where the loss, its gradient or a step is not finite, a DivergenceError says so before the
    parameters take it up.  A ValueError or a TypeError tells what in the data or the settings is
    wrong, before anything changes, a RuntimeError that another thread trains these parameters.  The
    bar needs tqdm (the ``demo`` extra); without it there is none.

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
    learner = optimizer(model.parameters(), lr=above_zero(lr(1) if callable(lr) else lr, "fit: lr"))
    methods(learner, "fit: what optimizer gives", ["step", "zero_grad"], "an optimizer, as SGD")
    if tape is not None:
        flag(tape, "fit: tape")
    run = _Run(model, loss, learner, training, held_back)
    run.prepare(epochs=epochs, batch_size=batch_size, tape=tape)
    bar = _bar(range(1, epochs + 1), flag(progress, "fit: progress"))
    claim = _Claim()
    try:
        claim.take(run.passes.weights.moving())
        run.train(bar, lr, batch_size, None if seed is None else chance, hooks, patience)
    except KeyboardInterrupt:
        run.end("an interrupt")
    finally:
        try:  # not by `finished`: Ctrl-C may come before that has begun
            run.passes.weights.write()
        except KeyboardInterrupt:
            run.passes.weights.write()
            raise
        finally:
            claim.is_over = True
        if hasattr(bar, "close"):
            bar.close()
    return run.history


class _Claim:
    """Parameters that one training moves: another thread's is told so, and changes none of them."""

    is_over = False

    def __init__(self) -> None:
        self.thread = get_ident()

    def take(self, parameters: Iterable[Any]) -> None:
        """Have them, but for those that a training around this one has, of the same thread."""
        with _CLAIMS:
            keys = {(os.getpid(), id(p)): p for p in parameters}
            taken = {key: of for key in keys if (of := _CLAIMED.get(key)) and not of.is_over}
            for key, of in taken.items():
                if of.thread != self.thread:
                    raise RuntimeError(
                        f"fit: another thread is training {keys[key].label!r} already; wait for "
                        "it, or train a copy"
                    )
            _CLAIMED.update(dict.fromkeys(keys.keys() - taken.keys(), self))


_CLAIMS = open_in_child(RLock())
_CLAIMED: WeakValueDictionary[tuple[int, int], _Claim] = WeakValueDictionary()  # by process and id


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
        optimizer: Any,
        training: list[Point],
        held_back: list[Point],
    ) -> None:
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.points = [*training, *held_back]
        places = range(len(self.points))
        self.training, self.held_back = [*places[: len(training)]], [*places[len(training) :]]
        self.history = History()
        self.classifying = has_classes(loss, self.points)
        self.number = 0  # of the epoch
        # The least validation loss, its epoch, and the weights, each with its number.
        self.least, self.best = math.inf, (0, list[tuple[Any, float]]())

    def prepare(self, **options: Any) -> None:
        """Choose how batches pass; what does not fit the model shows before anything changes."""
        outputs = self.model(self.points[0].row)
        several, kind = isinstance(outputs, list), plain(self.loss)
        name = getattr(kind, "__name__", "")
        if kind in PER_CLASS and not several:
            raise ValueError(
                f"fit: {name} needs an output neuron for each class, and the model "
                "has one; binary_cross_entropy and hinge are for one"
            )
        if kind in CLASSIFYING and several and kind not in PER_CLASS:
            raise ValueError(
                f"fit: {name} is for one output neuron, and the model has "
                f"{len(outputs)}; cross_entropy and max_margin are for several"
            )
        self.options = options
        self.choose()

    def choose(self) -> None:
        """Choose how batches pass, for the model as it is."""
        self.passes = passes(self.model, self.loss, self.points, self.optimizer, **self.options)
        self.history.how = self.passes.how

    def train(
        self,
        epochs: Any,
        rate: Rate,
        batch_size: int,
        chance: random.Random | None,
        callbacks: list[Callback],
        patience: int | None,
    ) -> None:
        """One epoch after the other, until they are over, a callback ends it, or patience does."""
        # by functions that may look at the Values, and change them
        watched = bool(callbacks) or callable(rate) or not moves_arrays(self.optimizer)
        for self.number in epochs:
            if self.number == 1 or callable(rate):
                number = rate(self.number) if callable(rate) else rate
                self.optimizer.lr = above_zero(number, f"fit: lr in epoch {self.number}")
            if watched and self.passes.is_stale():
                self.choose()
            if chance:
                chance.shuffle(self.training)
            self.epoch(batch_size)
            if hasattr(epochs, "set_postfix_str"):
                loss = number_text(self.history.loss[-1])
                epochs.set_postfix_str(f"loss {loss}, {self.passes.how}")
            if watched:
                self.passes.weights.write()
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
        places = self.passes.batch(self.training)
        with self.passes.weights.quiet():
            for start in range(0, len(places), batch_size):
                batch = places[start : start + batch_size]
                loss, norm, hits = self.learn(batch)
                total += loss * len(batch)
                right += hits
        self.history.loss.append(total / len(places))
        self.history.gradient_norm.append(norm)
        if self.classifying:
            self.history.accuracy.append(right / len(places))
        if self.held_back:
            self.validate(self.held_back)

    def learn(self, batch: Batch) -> tuple[float, float, int]:
        """Forward, backward, a step: the loss before it, the gradient's length, right answers."""
        if not self.passes.weights.read() and self.passes.is_changed():
            self.choose()  # an optimizer of a user's own has changed the model
        weights = self.passes.weights
        try:
            weights.zero_grad()
            loss, outputs = self.passes.gradient(batch)
            norm = weights.norm()
            if not (math.isfinite(loss) and math.isfinite(norm)):
                raise self._divergence(batch, f"the loss is {number_text(loss)}", norm)
            hits = self.passes.right(outputs, batch) if self.classifying else 0
            try:
                weights.step()
            except ArithmeticError as problem:
                raise self._divergence(batch, str(problem), norm) from problem
        except DivergenceError:
            raise
        except (ValueError, ArithmeticError) as problem:
            raise type(problem)(f"{self._where(batch)}: {problem}") from problem
        return loss, norm, hits

    def _where(self, batch: Batch) -> str:
        number = self.points[batch[0]].number
        return f"fit: in epoch {self.number}, at data point {number}"

    def _divergence(self, batch: Batch, what: str, norm: float) -> DivergenceError:
        return DivergenceError(
            f"{self._where(batch)}: {what}, the gradient's norm is {number_text(norm)}; "
            f"try a learning rate below {number_text(self.optimizer.lr)}",
            self.history,
        )

    def validate(self, places: list[int]) -> None:
        """Measure the loss on points that are not learned from."""
        batch = self.passes.batch(places)
        losses, outputs = self.passes.evaluate(batch)
        history = self.history
        history.validation_loss.append(math.fsum(losses) / len(places))
        if self.classifying:
            right = self.passes.right(outputs, batch)
            history.validation_accuracy.append(right / len(places))
        if history.validation_loss[-1] <= self.least:
            self.least = history.validation_loss[-1]
            self.best = len(history.validation_loss), self.passes.weights.data()

    def is_over(self, patience: int | None) -> bool:
        """Whether patience ends; the weights of the least validation loss then come back."""
        epoch, data = self.best
        if not patience or len(self.history.validation_loss) - epoch < patience:
            return False
        self.passes.weights.restore(data)
        return True


def _bar(epochs: Iterable[int], progress: bool) -> Any:
    """The epochs, with a bar if it is wanted and tqdm is there."""
    if not progress:
        return epochs
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return epochs
    return tqdm(epochs, desc="training", unit="epoch")
