"""The plot of a training: losses of the epochs, and beside them how it does on the test rows."""

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from micrograd_like.arguments import choice
from micrograd_like.cli.answers import Answering
from micrograd_like.cli.terminal import safe_name
from micrograd_like.files import write
from micrograd_like.learn import (
    History,
    Table,
    figure_axes,
    plot_boundary,
    plot_fit,
    plot_weights,
)

__all__ = ["check_plot", "plot"]


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
    names = [safe_name(name).replace("$", r"\$") for name in table.columns]
    if not table.classes:
        plot_fit(answering, rows, targets, right)
        _rename(right, {"data": "test rows"})
        if len(names) == 1:
            right.set(xlabel=names[0], ylabel=safe_name(table.target))
    elif len(names) == 2:
        plot_boundary(answering, rows, [int(t) for t in targets], right)
        right.set(xlabel=names[0], ylabel=names[1])
        _rename(right, {str(k): safe_name(name) for k, name in enumerate(table.classes)})
    else:
        plot_weights(answering.model.layers[0], right)
        ticks = [int(x) for x in right.get_xticks()]
        right.set_xticks(ticks, [names[k] if k < len(names) else "b" for k in ticks], rotation=90)
    file = io.BytesIO()
    left.figure.savefig(file, format=kind, dpi=144)
    write(Path(path), file.getvalue())
    return path


def _rename(ax: Any, names: dict[str, str]) -> None:
    """Other words in a legend."""
    legend = ax.get_legend()
    for text in legend.get_texts() if legend else []:
        text.set_text(names.get(text.get_text(), text.get_text()))
