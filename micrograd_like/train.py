"""Training: :func:`fit` shows a network the data, epoch after epoch, and moves its weights."""

import math
import random
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from micrograd_like.engine import Value
from micrograd_like.losses import Loss, mse
from micrograd_like.nn import Module
from micrograd_like.optim import SGD, check_rate

__all__ = ["History", "fit", "top_gradients"]


class History(NamedTuple):
    """What happened in each epoch, as lists of the same length."""

    loss: list[float]  # the mean of the loss over the epoch's batches
    gradient_norm: list[float]  # the length of the gradient at its last batch


def fit(
    model: Any,
    X: Sequence[Sequence[float]],
    y: Sequence[Any],
    loss: Loss = mse,
    *,
    epochs: int = 10,
    lr: float = 0.01,
    momentum: float = 0.0,
    batch_size: int = 1,
    seed: int | None = 0,
    progress: bool = True,
) -> History:
    """Train the model in place by stochastic gradient descent.

    ``X`` is a list of rows, one data point each, ``y`` the targets; an epoch shows each of them
    once, ``batch_size`` at a time, in an order drawn from ``seed`` (None keeps the order given).
    Stops with an ArithmeticError at the first loss or gradient that is not finite, before the
    parameters take it up.  The bar needs tqdm (the ``demo`` extra); without it there is none.

    >>> from micrograd_like.nn import Neuron
    >>> line = Neuron(1, nonlin=False)
    >>> history = fit(line, [[0.0], [1.0]], [1.0, 3.0], epochs=200, lr=0.1, progress=False)
    >>> f"{line.w[0]:.2f} x + {line.b:.2f}"
    '2.00 x + 1.00'
    """
    rows, targets = check_data(X, y)
    for name, count in (("epochs", epochs), ("batch_size", batch_size)):
        if not isinstance(count, int) or count < 1:
            raise ValueError(f"fit: {name} is a whole number from 1 up, not {count!r}")
    check_rate("fit: lr", lr)
    parameters = model.parameters()
    optimizer = SGD(parameters, lr, momentum)
    model(rows[0])  # a wrong number of inputs shows before anything changes
    shuffle = random.Random(seed)
    history = History([], [])
    order = list(range(len(rows)))
    bar = _bar(range(1, epochs + 1), progress)
    for epoch in bar:
        if seed is not None:
            shuffle.shuffle(order)
        batches = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
        total = 0.0
        for batch in batches:
            optimizer.zero_grad()
            error = loss([model(rows[i]) for i in batch], [targets[i] for i in batch])
            error.backward()
            norm = math.hypot(*(p.grad for p in parameters))
            _check_finite(error.data, norm, f"in epoch {epoch}, at data point {batch[0]}", lr)
            optimizer.step()
            total += error.data * len(batch)
        history.loss.append(total / len(rows))
        history.gradient_norm.append(norm)
        if hasattr(bar, "set_postfix_str"):
            bar.set_postfix_str(f"loss {history.loss[-1]:.4f}")
    return history


def _check_finite(error: float, norm: float, where: str, lr: float) -> None:
    if not (math.isfinite(error) and math.isfinite(norm)):
        raise ArithmeticError(
            f"fit: {where}, the loss is {error:.6g} and the gradient's norm {norm:.6g}; "
            f"try a learning rate below {lr:g}"
        )


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
    number = Value(value).data if not isinstance(value, str) else math.nan
    if not math.isfinite(number):
        raise ValueError(f"fit: {where} is {value!r}; drop the row or fill in a finite number")
    return number


def top_gradients(model: Module, k: int = 5) -> list[tuple[str, float]]:
    """The k parameters whose gradients are largest in size, by name, with those gradients.

    These contribute most to the error, and learning moves each against the sign of its gradient.
    """
    named = [(name, float(p.grad)) for name, p in model.named_parameters()]
    return sorted(named, key=lambda pair: -abs(pair[1]))[:k]
