"""Training: :func:`fit` shows a network the data, epoch after epoch, and moves its weights."""

import math
import random
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from types import FunctionType
from typing import Any, NamedTuple

from micrograd_like.arguments import above_zero, function, whole
from micrograd_like.compile import Tape, is_worth_a_tape
from micrograd_like.engine import Value
from micrograd_like.learn.losses import CLASSIFYING, LOSSES, PER_CLASS, Loss, mse
from micrograd_like.learn.optim import SGD, Optimizer
from micrograd_like.learn.plots import plot_history
from micrograd_like.nn import Module, can_replay, is_right

__all__ = ["DivergenceError", "History", "TopGradient", "fit", "top_gradients"]

Rate = float | Callable[[int], float]  # a learning rate, or that of each epoch, from 1
Callback = Callable[[int, Any, "History"], Any]  # of an epoch, the model, and what happened so far


class History:
    """What happened in each epoch, as lists; those of what was not asked for are empty."""

    def __init__(
        self,
        loss: Iterable[float] = (),
        gradient_norm: Iterable[float] = (),
        accuracy: Iterable[float] = (),
        validation_loss: Iterable[float] = (),
        validation_accuracy: Iterable[float] = (),
    ) -> None:
        self.loss = list(loss)  # the mean over the data points, as met
        self.gradient_norm = list(gradient_norm)  # the gradient's length, at the last batch
        self.accuracy = list(accuracy)  # of a classification, as met
        self.validation_loss = list(validation_loss)  # after the epoch
        self.validation_accuracy = list(validation_accuracy)
        self.ended = ""  # why the training ended before its last epoch, if it did

    def __repr__(self) -> str:
        if not self.loss:
            return "<History of 0 epochs>"
        count = f"{len(self.loss)} epoch" + ("s" if len(self.loss) > 1 else "")
        return f"<History of {count}: loss from {self.loss[0]:.4g} to {self.loss[-1]:.4g}>"

    def plot(self, ax: Any = None, theme: str = "light") -> Any:
        """The losses of the epochs, and the accuracies; on matplotlib's axes, which it returns."""
        return plot_history(self, ax, theme)


class DivergenceError(ArithmeticError):
    """The loss, its gradient or a step left the finite numbers; ``history`` is what was before."""

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history


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
    there has found no new minimum, and the weights of the minimum come back.  ``callbacks`` are
    called after each epoch with its number, the model and the history; one that returns True ends
    the training.  Ctrl-C ends it, too: the model stays as it is, and the history is returned.

    With ``tape`` the model and the loss are recorded at one data point and replayed, compiled, at
    the others (`Tape`, which needs Numba): a thousand times faster, with sums that round in another
    order, and wrong for a model or a loss in which Python branches on the data, or a loss that is
    no mean over the data points.  None takes it where it is sure to apply (an `MLP`, `Layer` or
    `Neuron`, and a loss of this package), saves minutes, and is there.

    Where the loss, its gradient or a step is not finite, a DivergenceError says so before the
    parameters take it up.  The bar needs tqdm (the ``demo`` extra); without it there is none.

    >>> from micrograd_like.nn import Neuron
    >>> line = Neuron(1, nonlin=False)
    >>> history = fit(line, [[0.0], [1.0]], [1.0, 3.0], epochs=200, lr=0.1, progress=False)
    >>> f"{line.w[0]:.2f} x + {line.b:.2f}"
    '2.00 x + 1.00'
    """
    rows, targets = check_data(X, y)
    function(loss, "fit: loss", "predictions and targets; other settings have names, as epochs=10")
    for name, count in (("epochs", epochs), ("batch_size", batch_size), ("patience", patience)):
        if count is not None or name != "patience":
            whole(count, f"fit: {name}")
    shuffle = random.Random(seed)
    training, held_back = _parted(rows, targets, validation, shuffle)
    if patience and not held_back:
        raise ValueError("fit: patience needs a validation part, as in validation=0.2")
    rate = lr if callable(lr) else lambda epoch: lr
    learner = optimizer(model.parameters(), lr=above_zero(rate(1), "fit: lr"))
    run = _Run(model, loss, learner, History())
    run.check(training[0])
    run.compile(tape, [*training, *held_back], epochs)
    bar = _bar(range(1, epochs + 1), progress)
    epoch = 0
    try:
        for epoch in bar:
            learner.lr = above_zero(rate(epoch), f"fit: lr in epoch {epoch}")
            if seed is not None:
                shuffle.shuffle(training)
            run.epoch(epoch, training, batch_size)
            if held_back:
                run.validate(held_back)
            if hasattr(bar, "set_postfix_str"):
                bar.set_postfix_str(f"loss {run.history.loss[-1]:.4f}")
            asked = [callback(epoch, model, run.history) is True for callback in callbacks]
            if any(asked) or run.is_over(patience):
                run.history.ended = f"in epoch {epoch}, by " + (
                    "a callback" if any(asked) else "patience"
                )
                break
    except KeyboardInterrupt:
        run.history.ended = f"in epoch {epoch}, by an interrupt"
    finally:
        if hasattr(bar, "close"):
            bar.close()
    return run.history


class Point(NamedTuple):
    """A row of data, with its number and its target."""

    number: int
    row: list[float]
    target: Any


class _Run:
    """A training: what it learns on, and what happened so far."""

    def __init__(self, model: Any, loss: Loss, optimizer: Optimizer, history: History) -> None:
        self.model, self.loss, self.optimizer, self.history = model, loss, optimizer, history
        self.engine: _Eager | _Taped = _Eager(model, loss)
        kind = getattr(loss, "func", loss)  # of a partial, the function
        self.classifying, self.per_class = kind in CLASSIFYING, kind in PER_CLASS
        self.name = getattr(kind, "__name__", repr(kind))
        self.best: tuple[int, list[float]] = 0, []  # the epoch of least validation loss, and data

    def check(self, point: Point) -> None:
        """What does not fit the model shows before anything changes."""
        outputs = self.model(point.row)
        several = isinstance(outputs, list)
        if self.per_class and not several:
            raise ValueError(
                f"fit: {self.name} needs an output neuron for each class, and the model "
                "has one; binary_cross_entropy and hinge are for one"
            )
        if self.classifying and several and not self.per_class:
            raise ValueError(
                f"fit: {self.name} is for one output neuron, and the model has "
                f"{len(outputs)}; cross_entropy and max_margin are for several"
            )

    def compile(self, tape: bool | None, points: list[Point], epochs: int) -> None:
        """Take a tape if that is wanted, or if nobody said and it is safe, there and worth it."""
        if tape is None:
            work = len(points) * epochs * len(self.optimizer.parameters)
            tape = is_worth_a_tape(work) and _sure(self.model, self.loss)
        if tape:
            self.engine = _Taped(self.model, self.loss, points, self.per_class)

    def epoch(self, number: int, points: list[Point], batch_size: int) -> None:
        """Show each point once."""
        total = right = 0.0
        for start in range(0, len(points), batch_size):
            batch = points[start : start + batch_size]
            where = f"fit: in epoch {number}, at data point {batch[0].number}"
            try:
                error, norm, hits = self.learn(batch, where)
            except DivergenceError:
                raise
            except (ValueError, ArithmeticError) as problem:
                raise type(problem)(f"{where}: {problem}") from problem
            total += error * len(batch)
            right += hits
        self.history.loss.append(total / len(points))
        self.history.gradient_norm.append(norm)
        if self.classifying:
            self.history.accuracy.append(right / len(points))

    def learn(self, batch: list[Point], where: str) -> tuple[float, float, int]:
        """Forward, backward, a step: the loss before it, the gradient's length, right answers."""
        self.optimizer.zero_grad()
        error, outputs = self.engine.gradient(batch)
        norm = math.hypot(*(p.grad for p in self.optimizer.parameters))
        if not (math.isfinite(error) and math.isfinite(norm)):
            raise DivergenceError(
                f"{where}, the loss is {error:.6g} and the gradient's norm {norm:.6g}; "
                f"try a learning rate below {self.optimizer.lr:g}",
                self.history,
            )
        hits = self._right(outputs, batch)
        try:
            self.optimizer.step()
        except ArithmeticError as problem:
            raise DivergenceError(
                f"{where}, the gradient's norm is {norm:.6g}: {problem}; "
                f"try a learning rate below {self.optimizer.lr:g}",
                self.history,
            ) from problem
        return error, norm, hits

    def validate(self, points: list[Point]) -> None:
        """Measure the loss on points that are not learned from."""
        losses, outputs = self.engine.evaluate(points)
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


class _Eager:
    """One graph for each batch, recorded number by number."""

    def __init__(self, model: Any, loss: Loss) -> None:
        self.model, self.loss = model, loss

    def gradient(self, batch: list[Point]) -> tuple[float, list[Any]]:
        """The loss, with its gradient left in the parameters, and the outputs."""
        outputs = [self.model(point.row) for point in batch]
        error = self.loss(outputs, [point.target for point in batch])
        error.backward()
        return error.data, outputs

    def evaluate(self, points: list[Point]) -> tuple[list[float], list[Any]]:
        """The loss and the outputs of each point."""
        outputs = [self.model(point.row) for point in points]
        pairs = zip(outputs, points, strict=True)
        return [self.loss([out], [p.target]).data for out, p in pairs], outputs


class _Taped:
    """One graph for all points: the first one's, with its target's numbers for inputs, too."""

    def __init__(self, model: Any, loss: Loss, points: list[Point], per_class: bool) -> None:
        first = points[0]
        x = [Value(number, f"x{j}") for j, number in enumerate(first.row)]
        outputs = model(x)
        self.several = isinstance(outputs, list)
        listed = outputs if self.several else [outputs]
        numbers = [v.data for v in listed]
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
        error = loss([outputs], [t[0] if single else t])
        self.tape = Tape([error, *listed], [*x, *t])

    def gradient(self, batch: list[Point]) -> tuple[float, list[Any]]:
        """The loss, with its gradient left in the parameters, and the outputs."""
        seeds = [[1.0 / len(batch), *[0.0] * (len(self.tape.roots) - 1)]] * len(batch)
        table = self.tape.gradient(self._rows(batch), upstream=seeds)
        return float(table[:, 0].mean()), self._outputs(table)

    def evaluate(self, points: list[Point]) -> tuple[list[float], list[Any]]:
        """The loss and the outputs of each point."""
        table = self.tape.forward(self._rows(points))
        return table[:, 0].tolist(), self._outputs(table)

    def _rows(self, points: list[Point]) -> list[list[float]]:
        return [self.rows[self.places[id(point)]] for point in points]

    def _outputs(self, table: Any) -> list[Any]:
        outputs: list[Any] = table[:, 1:].tolist()
        return outputs if self.several else [row[0] for row in outputs]


def _sure(model: Any, loss: Loss) -> bool:
    """Whether nothing in the model or the loss can branch on the data, and the loss is a mean."""
    if type(loss) is partial and not loss.args and "reduction" not in loss.keywords:
        loss = loss.func
    return can_replay(model) and type(loss) is FunctionType and loss in LOSSES


def _parted(
    rows: list[list[float]], targets: list[Any], validation: Any, shuffle: random.Random
) -> tuple[list[Point], list[Point]]:
    """The points to learn from, and those that are held back."""
    points = [Point(i, row, t) for i, (row, t) in enumerate(zip(rows, targets, strict=True))]
    if not isinstance(validation, int | float):
        X, y = validation
        pairs = zip(*check_data(X, y), strict=True)
        return points, [Point(i, row, t) for i, (row, t) in enumerate(pairs)]
    count = round(validation * len(points)) if 0 <= validation < 1 else -1
    if count < 0 or (validation and not 0 < count < len(points)):
        raise ValueError(
            f"fit: validation is a share of the {len(points)} rows, as in 0.2; not {validation!r}"
        )
    if not count:
        return points, []
    mixed = shuffle.sample(points, len(points))
    held_back = {point.number for point in mixed[:count]}
    return [p for p in points if p.number not in held_back], mixed[:count]


def _bar(epochs: Iterable[int], progress: bool) -> Any:
    if not progress:
        return epochs
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return epochs
    return tqdm(epochs, desc="training", unit="epoch")


def check_data(
    X: Sequence[Sequence[float]], y: Sequence[Any]
) -> tuple[list[list[float]], list[Any]]:
    """The data as rows of floats and a list of targets, or an error that names row and column."""
    if len(X) == 0:
        raise ValueError("fit: the data is empty; it needs at least one row")
    if len(X) != len(y):
        raise ValueError(f"fit: {len(X)} rows and {len(y)} targets do not pair up")
    rows: list[list[float]] = []
    for i, row in enumerate(X):
        if not hasattr(row, "__len__"):
            raise ValueError(
                f"fit: row {i} is {row!r}; each row is a list of numbers, as in [[1.0]]"
            )
        if rows and len(row) != len(rows[0]):
            raise ValueError(f"fit: row {i} has {len(row)} numbers and row 0 has {len(rows[0])}")
        rows.append([_finite(x, f"row {i}, column {j}") for j, x in enumerate(row)])
    targets = [
        [_finite(t, f"target {i}, output {j}") for j, t in enumerate(target)]
        if hasattr(target, "__len__") and not isinstance(target, str)
        else _finite(target, f"target {i}")
        for i, target in enumerate(y)
    ]
    return rows, targets


def _finite(value: Any, where: str) -> float:
    if isinstance(value, str):
        raise ValueError(
            f"fit: {where} is {value!r}; give each text a number, as in {{{value!r}: 0}}[text]"
        )
    number = Value(value).data
    if not math.isfinite(number):
        raise ValueError(f"fit: {where} is {value!r}; drop the row or fill in a finite number")
    return number


class TopGradient(NamedTuple):
    """A parameter's name and its gradient."""

    name: str
    gradient: float

    @property
    def direction(self) -> str:
        """Where learning moves the parameter: against the sign of its gradient."""
        return "down" if self.gradient > 0 else "up" if self.gradient < 0 else "stays"


def top_gradients(model: Module, k: int = 5) -> list[TopGradient]:
    """The k parameters whose gradients are largest in size: these contribute most to the error.

    >>> from micrograd_like.nn import Neuron
    >>> neuron = Neuron(2, init="zeros")
    >>> mse(neuron([3.0, 0.5]) + 1, 0.0).backward()
    >>> [(name, gradient) for name, gradient in top_gradients(neuron, 1)]
    [('w0', 0.0)]
    """
    named = [TopGradient(name, float(p.grad)) for name, p in model.named_parameters()]
    return sorted(named, key=lambda top: -abs(top.gradient))[:k]
