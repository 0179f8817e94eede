"""What is told of a network that was trained on a table: answers, errors, gradients, a picture."""

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from micrograd_like.arguments import choice
from micrograd_like.classes import class_of
from micrograd_like.cli.terminal import safe_name
from micrograd_like.files import write
from micrograd_like.learn import (
    Encoding,
    History,
    Table,
    figure_axes,
    plot_boundary,
    plot_fit,
    plot_weights,
    top_gradients,
)
from micrograd_like.nn import MLP
from micrograd_like.notation import number

__all__ = [
    "Answering", "check_plot", "plot", "print_classes", "print_gradients", "print_predictions",
]  # fmt: skip


class Answering(NamedTuple):
    """A network that takes and gives numbers in the units of the table."""

    model: MLP
    encoding: Encoding

    def predict(self, rows: Sequence[Sequence[float]]) -> list[Any]:
        """For each row the answer in its unit, or the outputs for all classes."""
        outputs = self.model.predict([self.encoding.inputs(row) for row in rows])
        if self.encoding.classes:
            return outputs
        return [self.encoding.target_scale.restore(output) for output in outputs]

    def answers(self, rows: Sequence[Sequence[float]]) -> list[Any]:
        """For each row the number, or the place of the class."""
        return [class_of(x) if self.encoding.classes else x for x in self.predict(rows)]


def check_plot(path: str) -> str:
    """The kind of file of a plot; a ValueError tells an ending that there is no plot for."""
    kinds = figure_axes().figure.canvas.get_supported_filetypes()
    return choice(Path(path).suffix[1:].lower(), f"train: the ending of {path}", sorted(kinds))


def plot(
    history: History, answering: Answering, table: Table, testing: Sequence[int], path: str
) -> str:
    """Write the losses of the epochs, and beside them how it does on rows it has not seen."""
    kind = check_plot(path)
    left, right = figure_axes(2)
    history.plot(left)
    rows, targets = [table.rows[i] for i in testing], [table.targets[i] for i in testing]
    if not table.classes:
        plot_fit(answering, rows, targets, right)
    elif len(table.columns) == 2:
        plot_boundary(answering, rows, [int(t) for t in targets], right)
    else:
        plot_weights(answering.model.layers[0], right)
    file = io.BytesIO()
    left.figure.savefig(file, format=kind, dpi=144)
    write(Path(path), file.getvalue())
    return path


def print_predictions(table: Table, predicted: dict[int, float], training: Sequence[int]) -> None:
    """Answers beside the actual numbers, and the error beside that of the mean of all."""

    def in_unit(x: float) -> str:
        return f"{table.unit}{x * table.scale:,.0f}" if table.unit else number(x)

    print(f"{'row':>5} {'actual':>12} {'predicted':>12}   of rows it has never seen")
    for i in list(predicted)[:6]:
        print(f"{i + 1:>5} {in_unit(table.targets[i]):>12} {in_unit(predicted[i]):>12}")
    mean = math.fsum(table.targets[i] for i in training) / len(training)
    errors = [abs(predicted[i] - table.targets[i]) for i in predicted]
    baseline = [abs(mean - table.targets[i]) for i in predicted]
    print(f"\ntest error, on average: {in_unit(sum(errors) / len(errors))}", end=" ")
    print(f"(always predicting the mean: {in_unit(sum(baseline) / len(baseline))})")


def print_classes(table: Table, predicted: dict[int, float], training: Sequence[int]) -> None:
    """Answers beside the actual classes, and the share of right ones beside the commonest's."""
    names = [safe_name(name) for name in table.classes]
    width = max(9, *map(len, names))
    print(f"{'row':>5} {'actual':>{width}} {'predicted':>{width}}   of rows it has never seen")
    for i in list(predicted)[:6]:
        actual, answer = (names[int(k)] for k in (table.targets[i], predicted[i]))
        print(f"{i + 1:>5} {actual:>{width}} {answer:>{width}}")
    learned = [table.targets[i] for i in training]
    usual = max(set(learned), key=learned.count)
    right = [predicted[i] == table.targets[i] for i in predicted]
    baseline = [usual == table.targets[i] for i in predicted]
    print(f"\nright answers on test rows: {sum(right) / len(right):.0%}", end=" ")
    print(f"(always answering {names[int(usual)]}: {sum(baseline) / len(baseline):.0%})")


def print_gradients(model: MLP, over: str) -> None:
    """The largest gradients of the weights, and over which rows they are."""
    print(f"\nlargest gradients over {over}, and which way learning moves these weights:")
    for top in top_gradients(model):
        gradient = number(top.gradient, sign=True)
        print(f"  {top.name:<20} gradient {gradient:<9} {top.direction}")
