"""The plot of a training: losses of the epochs, and beside them how it does on the test rows."""

import io
import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from micrograd_like.arguments import choice
from micrograd_like.cli.answers import Answering
from micrograd_like.cli.terminal import LONGEST_NAME, safe_name
from micrograd_like.draw import THEMES
from micrograd_like.files import write
from micrograd_like.learn import (
    History,
    Table,
    figure_axes,
    plot_boundary,
    plot_fit,
    plot_weights,
)
from micrograd_like.notation import apart

__all__ = ["check_plot", "plot"]

MOST_CLASSES = 20  # of a legend


def check_plot(path: str) -> str:
    """The kind of file of a plot; a ValueError tells an ending that there is no plot for."""
    kinds = figure_axes().figure.canvas.get_supported_filetypes()
    return choice(Path(path).suffix[1:].lower(), f"train: the ending of {path}", sorted(kinds))


def plot(
    history: History, answering: Answering, table: Table, testing: Sequence[int], path: str,
    held_back: str = "test",
) -> str:  # fmt: skip
    """Write the losses of the epochs, and beside them how it does on rows it has not seen."""
    kind = check_plot(path)
    left, right = figure_axes(2)
    history.plot(left)
    _rename(left, {"loss": "training loss", "accuracy": "training accuracy"})
    _rename(left, {f"validation {name}": f"{held_back} {name}" for name in ("loss", "accuracy")})
    scales, targets = answering.encoding.scales, [table.targets[i] for i in testing]
    rows = [  # without gaps, as they are answered
        [s.mean if math.isnan(x) else x for s, x in zip(scales, table.rows[i], strict=True)]
        for i in testing
    ]
    names = _labels(table.columns)
    if not table.classes:
        plot_fit(answering, rows, targets, right)
        _rename(right, {"data": "test rows"})
        if len(names) == 1:
            right.set(xlabel=names[0], ylabel=_labels([table.target])[0])
    elif len(names) == 2:
        plot_boundary(answering, rows, [int(t) for t in targets], right)
        colours, count = len(THEMES["light"].classes), len(table.classes)
        again = f"\n(colours repeat after {colours} classes)" if count > colours else ""
        right.set(xlabel=names[0] + again, ylabel=names[1])
        if count > MOST_CLASSES:
            right.get_legend().remove()
        else:
            _rename(right, {str(k): name for k, name in enumerate(_labels(table.classes, 12))})
    else:
        plot_weights(answering.model.layers[0], right)
        ticks = [int(x) for x in right.get_xticks()]
        short = [*_labels(table.columns, 24), "b"]
        right.set_xticks(ticks, [short[k] for k in ticks], rotation=90)
    file = io.BytesIO()
    with warnings.catch_warnings():  # of signs that a font has not, of names without room
        warnings.simplefilter("ignore", UserWarning)
        left.figure.savefig(file, format=kind, dpi=144)
    write(Path(path), file.getvalue())
    return path


def _labels(names: Sequence[str], most: int = LONGEST_NAME) -> list[str]:
    """Names as a figure takes them, where a dollar begins a formula; no two are the same."""
    return apart(safe_name(name, most).replace("$", r"\$") for name in names)


def _rename(ax: Any, names: dict[str, str]) -> None:
    """Other words in a legend."""
    legend = ax.get_legend()
    for text in legend.get_texts() if legend else []:
        text.set_text(names.get(text.get_text(), text.get_text()))
