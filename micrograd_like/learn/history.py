"""What happened in a training, epoch by epoch, and the error of one that went astray."""

from collections.abc import Iterable
from typing import Any

from micrograd_like.arguments import number, several
from micrograd_like.learn.plots import plot_history
from micrograd_like.notation import number as number_text
from micrograd_like.notation import plural

__all__ = ["DivergenceError", "History"]


class History:
    """What happened in each epoch, as lists; those of what was not asked for are empty.

    ``loss`` is the mean over the data points, as they were met, ``gradient_norm`` the gradient's
    length at the last batch; ``accuracy``, the share of right answers as they were met, is that of
    a classification; of targets between 0 and 1, which name no class, there is none.
    ``validation_loss`` and ``validation_accuracy`` are measured after the epoch.
    ``ended`` says why the training ended before its last epoch, if it did, and ``how`` what
    computed it: one graph, compiled, or a graph recorded for each batch.

    A TypeError tells what is no list of numbers.

    >>> History(loss=[2.0, 0.5])
    <History of 2 epochs: loss from 2 to 0.5>
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
        losses = [number_text(loss) for loss in self.loss]
        change = f": loss from {losses[0]} to {losses[-1]}" if losses else ""
        return f"<History of {plural(len(losses), 'epoch')}{change}>"

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
