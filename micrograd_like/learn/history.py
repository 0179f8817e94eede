"""What happened in a training, epoch by epoch, and the error of one that went astray."""

import math
from collections.abc import Iterable
from typing import Any

from micrograd_like.arguments import number, several
from micrograd_like.display import Table
from micrograd_like.learn.plots import is_wide, plot_history
from micrograd_like.notation import number as number_text
from micrograd_like.notation import plural

__all__ = ["DivergenceError", "History", "percent", "spread"]

MOST_ROWS = 10  # epochs of the table
MOST_POINTS = 200  # of a curve
CURVE = 240, 60  # pixels


class History:
    """What happened in each epoch, as lists; those of what was not asked for are empty.

    ``loss`` is the mean over the data points, as they were met, ``gradient_norm`` the gradient's
    length at the last batch; ``accuracy``, the share of right answers as they were met, is that of
    a classification; of targets between 0 and 1, which name no class, there is none.
    ``validation_loss`` and ``validation_accuracy`` are measured after the epoch.
    ``ended`` says why the training ended before its last epoch, if it did, and ``how`` what
    computed it: a tape, by arrays or by scalars (`Tape`), or a graph recorded for each batch.

    A TypeError tells what is no list of numbers.

    >>> history = History(loss=[2.0, 0.5], accuracy=[0.5, 0.75])
    >>> history
    <History of 2 epochs: loss from 2 to 0.5>
    >>> print(history)
    epoch  loss  accuracy
    1      2     50 %
    2      0.5   75 %
    """

    def __init__(
        self,
        loss: Iterable[float] = (),
        gradient_norm: Iterable[float] = (),
        accuracy: Iterable[float] = (),
        validation_loss: Iterable[float] = (),
        validation_accuracy: Iterable[float] = (),
    ) -> None:
        self.loss = _numbers(loss, "loss")
        self.gradient_norm = _numbers(gradient_norm, "gradient_norm")
        self.accuracy = _numbers(accuracy, "accuracy")
        self.validation_loss = _numbers(validation_loss, "validation_loss")
        self.validation_accuracy = _numbers(validation_accuracy, "validation_accuracy")
        self.ended = self.how = ""

    def __repr__(self) -> str:
        return f"<History of {self._summary()}>"

    def __str__(self) -> str:
        return str(self._table()) if self.loss else repr(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        """In a notebook as a curve and a table."""
        curves = [(self.loss, ""), (self.validation_loss, 'stroke-dasharray="4 3"')]
        title = self._summary() + (" (dashes: validation loss)" if self.validation_loss else "")
        return self._table().html(title, _curves(curves))

    def _summary(self) -> str:
        losses = [number_text(loss) for loss in self.loss]
        change = f": loss from {losses[0]} to {losses[-1]}" if losses else ""
        return f"{plural(len(losses), 'epoch')}{change}"

    def _table(self) -> Table:
        """A row for each epoch, or for some of many; a column for each list that has numbers."""
        columns = {
            name.replace("_", " "): (numbers, percent if "accuracy" in name else number_text)
            for name, numbers in vars(self).items()
            if isinstance(numbers, list) and numbers
        }
        rows = [
            [f"{k + 1:,}", *(write(of[k]) if k < len(of) else "" for of, write in columns.values())]
            for k in spread(len(self.loss), MOST_ROWS)
        ]
        notes = [note for note in (self.ended, self.how) if note]
        return Table(rows, ["epoch", *columns] if rows else [], notes)

    def plot(self, ax: Any = None, theme: str = "light") -> Any:
        """The losses of the epochs, and the accuracies; on matplotlib's axes, which it returns.

        Without ``ax`` a figure is made; ``theme`` is "light" or "dark".  An ImportError tells that
        matplotlib is missing, a ValueError a theme that there is not.

        >>> from micrograd_like.learn import figure_axes
        >>> ax = History(loss=[2.0, 0.5]).plot(figure_axes())
        >>> ax.lines[0].get_ydata().tolist()
        [2.0, 0.5]
        """
        return plot_history(self, ax, theme)


class DivergenceError(ArithmeticError):
    """The loss, its gradient or a step left the finite numbers; ``history`` is what was before.

    >>> from micrograd_like import Neuron, fit
    >>> try:
    ...     fit(Neuron(1, nonlin=False), [[9.0]], [1.0], epochs=400, lr=1.0, progress=False)
    ... except DivergenceError as error:
    ...     len(error.history.loss) > 1
    True
    """

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history


def _numbers(given: Iterable[float], name: str) -> list[float]:
    return [number(x, f"History: {name}") for x in several(given, f"History: {name}", "numbers")]


def percent(share: float) -> str:
    """A share in words.

    >>> percent(0.975)
    '97.5 %'
    """
    return f"{number_text(100 * share, 1)} %"


def spread(count: int, most: int) -> list[int]:
    """The places of so many things at most, evenly, with the first and the last.

    >>> spread(5, 3), spread(2, 3)
    ([0, 2, 4], [0, 1])
    """
    few = min(count, most)
    return [round(k * (count - 1) / max(few - 1, 1)) for k in range(few)]


def _curves(curves: list[tuple[list[float], str]]) -> str:
    """Curves over the epochs as SVG, in the colour of the text; "" if there is nothing to see.

    The scale is logarithmic where the largest is much larger than the least, as in `plot_history`.
    """
    known = [x for numbers, _ in curves for x in numbers if math.isfinite(x)]
    scale = math.log if is_wide(known) else float
    low, high = (scale(f(known)) if known else 0.0 for f in (min, max))
    if len(curves[0][0]) < 2 or not 0 < high - low < math.inf:
        return ""
    width, height = CURVE
    lines = ""
    for numbers, look in curves:
        across = width / max(1, len(numbers) - 1)
        points = " ".join(
            f"{k * across:.1f},{height * (high - scale(numbers[k])) / (high - low):.1f}"
            for k in spread(len(numbers), MOST_POINTS)
            if math.isfinite(numbers[k])
        )
        lines += f'<polyline points="{points}" {look}/>' if points else ""
    return (
        f'<svg viewBox="-2 -2 {width + 4} {height + 4}" width="{width + 4}" height="{height + 4}" '
        'style="display:block;max-width:100%" fill="none" stroke="currentColor" '
        f'stroke-width="1.5" aria-hidden="true">{lines}</svg>'
    )
