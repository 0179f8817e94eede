"""Pictures of learning, with matplotlib: losses, boundaries, fits, weights.

Each function takes axes to draw on, or makes a figure of its own with pyplot, and returns the axes.
``theme`` is "light" or "dark", for the page that the picture is on.  A ValueError or a TypeError
tells what does not fit: a model, the data, axes or a theme; an ImportError that matplotlib is
missing.

>>> from micrograd_like.nn import MLP
>>> ax = plot_weights(MLP(3, [4, 1]).layers[0], figure_axes())
>>> ax.get_title(loc="left")
'weights'
"""

import math
import warnings
from collections.abc import Sequence
from typing import Any, Protocol

from micrograd_like.arguments import choice, expect, extra, methods, number, whole
from micrograd_like.classes import place_of
from micrograd_like.draw import THEMES, Theme
from micrograd_like.learn.data import check_data
from micrograd_like.nn import Layer, Neuron

__all__ = [
    "MARGIN",
    "along_epochs",
    "between",
    "figure_axes",
    "is_wide",
    "lead",
    "plot_boundary",
    "plot_fit",
    "plot_history",
    "plot_weights",
    "styled",
]


class Predictor(Protocol):
    """A `Module`, or anything else that predicts."""

    def predict(self, X: Sequence[Sequence[float]], /) -> list[Any]:
        """The output, or list of outputs, for each row."""
        ...


SIZE = 7.2, 4.2  # inches
SAMPLES = 50  # of a model's plane, on each side; of its curve, four times as many
MOST_NUMBERS = 80  # cells of a heat map that have their numbers written in
MARGIN = 0.12  # of the data's extent, that is shown around them
SHAPES = "o^sDvPX*<>"  # of classes


def plot_history(history: Any, ax: Any = None, theme: str = "light") -> Any:
    """The losses of the epochs, and on the right the accuracies of a classification."""
    ax, colours = styled(ax, theme, "History.plot")
    epochs = range(1, len(history.loss) + 1)
    lines = [(history.loss, "-", "loss"), (history.validation_loss, "--", "validation loss")]
    drawn = []
    for losses, dashes, name in lines:
        if losses:
            drawn += ax.plot(epochs, losses, dashes, color=colours.negative, label=name)
    known = [x for x in history.loss + history.validation_loss if math.isfinite(x)]
    if is_wide(known):
        ax.set_yscale("log")
    along_epochs(ax, colours)
    ax.set_ylabel("loss", color=colours.negative)
    if history.accuracy:
        right, _ = styled(ax.twinx(), theme, "History.plot")
        right.spines["right"].set_visible(True)
        right.set_ylabel("accuracy", color=colours.positive)
        right.set_ylim(0.0, 1.02)
        right.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        for shares, dashes, name in (
            (history.accuracy, "-", "accuracy"),
            (history.validation_accuracy, "--", "validation accuracy"),
        ):
            if shares:
                drawn += right.plot(epochs, shares, dashes, color=colours.positive, label=name)
    if len(drawn) > 1:
        _legend(ax, colours, handles=drawn)
    return ax


def is_wide(losses: Sequence[float]) -> bool:
    """Whether losses are so far from each other that their scale is logarithmic.

    >>> is_wide([0.01, 2.0]), is_wide([0.0, 2.0]), is_wide([])
    (True, False, False)
    """
    return bool(losses) and 0 < 50 * min(losses) < max(losses)


def plot_boundary(
    model: Predictor,
    X: Sequence[Sequence[float]],
    y: Sequence[Any],
    ax: Any = None,
    theme: str = "light",
) -> Any:
    """Where on the plane a classifier with two inputs answers what, and the data points.

    Of two classes the first is red and the second green; each class has its own shape, too.

    A ValueError tells rows that have not 2 numbers, an ImportError that matplotlib is missing.

    >>> from micrograd_like.nn import Neuron
    >>> ax = plot_boundary(Neuron(2), [[0.0, 1.0], [2.0, 3.0]], [0, 1], figure_axes())
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['0', '1']
    """
    rows, targets = _data(model, X, y, "plot_boundary")
    if len(rows[0]) != 2:
        width = len(rows[0])
        raise ValueError(f"plot_boundary: draws rows of 2 numbers, not of {width}; choose columns")
    ax, colours = styled(ax, theme, "plot_boundary")
    (left, right), (low, high) = (_around([row[axis] for row in rows]) for axis in (0, 1))
    xs, ys = between(left, right, SAMPLES), between(low, high, SAMPLES)
    outputs = model.predict([[x, y] for y in ys for x in xs])
    places = [place_of(target, outputs[0], "plot_boundary") for target in targets]
    labels = [k if isinstance(t, list) else t for k, t in zip(places, targets, strict=True)]
    count = len(outputs[0]) if isinstance(outputs[0], list) else 2
    palette = [colours.classes[k % len(colours.classes)] for k in range(count)]
    for k in range(count):
        leads = _leads(outputs, k)
        if max(max(row) for row in leads) > 0:
            ax.contourf(xs, ys, leads, levels=[0, math.inf], colors=[palette[k]], alpha=0.16)
        if min(min(row) for row in leads) < 0 < max(max(row) for row in leads):
            ax.contour(xs, ys, leads, levels=[0], colors=[colours.text], linewidths=1.2)
    for label, k in sorted(set(zip(labels, places, strict=True))):
        points = [row for row, t in zip(rows, labels, strict=True) if t == label]
        ax.scatter(
            *zip(*points, strict=True), s=30, color=palette[k], label=f"{label:g}",
            marker=SHAPES[k % len(SHAPES)], edgecolors=colours.background, linewidths=0.8,
        )  # fmt: skip
    ax.set_xlim(left, right)
    ax.set_ylim(low, high)
    ax.set_xlabel("x0", color=colours.text)
    ax.set_ylabel("x1", color=colours.text)
    _legend(ax, colours)
    return ax


def lead(outputs: list[float], k: int) -> float:
    """By how much an output exceeds the largest other one.

    >>> lead([1.0, 4.0, 2.5], 1)
    1.5
    """
    return outputs[k] - max((x for j, x in enumerate(outputs) if j != k), default=0.0)


def _leads(outputs: list[Any], k: int) -> list[list[float]]:
    """By how much a class's output exceeds the largest other one, at each sample of the plane."""
    leads = [lead(x, k) if isinstance(x, list) else (x if k else -x) for x in outputs]
    return [leads[at : at + SAMPLES] for at in range(0, len(leads), SAMPLES)]


def plot_fit(
    model: Predictor,
    X: Sequence[Sequence[float]],
    y: Sequence[float],
    ax: Any = None,
    theme: str = "light",
) -> Any:
    """How a regression fits: of one input its curve through the data, else predicted by actual.

    A ValueError tells rows and targets that do not pair up, an ImportError that matplotlib is
    missing.

    >>> from micrograd_like.nn import Neuron
    >>> ax = plot_fit(Neuron(1), [[0.0], [1.0]], [1.0, 3.0], figure_axes())
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('x0', 'target')
    """
    rows, targets = _data(model, X, y, "plot_fit")
    is_curve = len(rows[0]) == 1
    low, high = _around([row[0] for row in rows])
    xs = between(low, high, 4 * SAMPLES)
    predicted = model.predict([[x] for x in xs] if is_curve else rows)
    for name, numbers in (("the model's output", predicted), ("a target", targets)):
        right = not any(isinstance(x, list) for x in numbers)
        expect(right, numbers[0], f"plot_fit: {name}", "one number; choose one of several")
    ax, colours = styled(ax, theme, "plot_fit")
    if is_curve:
        ax.plot(xs, predicted, color=colours.positive, label="predicted")
        given = [row[0] for row in rows]
        ax.plot(given, targets, "o", color=colours.negative, markersize=5, label="data")
        ax.set_xlim(low, high)
        ax.set_xlabel("x0", color=colours.text)
        ax.set_ylabel("target", color=colours.text)
    else:
        ends = _around([*targets, *predicted])
        ax.plot(ends, ends, color=colours.faint, linewidth=1, label="predicted = actual")
        ax.plot(targets, predicted, "o", color=colours.negative, markersize=5, label="data")
        ax.set_xlabel("actual", color=colours.text)
        ax.set_ylabel("predicted", color=colours.text)
    _legend(ax, colours)
    return ax


def plot_weights(
    layer: Layer | Neuron, ax: Any = None, theme: str = "light", *, of: str = "data"
) -> Any:
    """The weights of a layer as a map: a row for each neuron, a column for each input, and biases.

    ``of="grad"`` shows the gradients instead.  Red is positive, blue negative, white 0.

    A TypeError tells what is no layer, an ImportError that matplotlib is missing.

    >>> ax = plot_weights(Neuron(2))                                # doctest: +SKIP
    """
    choice(of, "plot_weights: of", ("data", "grad"))
    neurons = layer.neurons if isinstance(layer, Layer) else [layer]
    right = all(isinstance(n, Neuron) for n in neurons)
    expect(right, layer, "plot_weights: layer", "a Layer or a Neuron, as in model.layers[0]")
    ax, colours = styled(ax, theme, "plot_weights")
    from matplotlib.colors import LinearSegmentedColormap

    cells = [
        [number(getattr(p, of), f"plot_weights: the {of} of {p.label}") for p in n.parameters()]
        for n in neurons
    ]
    limit = max((abs(x) for row in cells for x in row if math.isfinite(x)), default=0.0) or 1.0
    signed = [colours.negative, colours.background, colours.positive]
    scale = LinearSegmentedColormap.from_list("signed", signed)
    image = ax.imshow(cells, cmap=scale, vmin=-limit, vmax=limit, aspect="auto")
    inputs = len(cells[0]) - 1
    ticks = [*range(0, inputs, 1 + inputs // 20), inputs]
    ax.set_xticks(ticks, [*(f"w{k}" for k in ticks[:-1]), "b"])
    ax.set_yticks(range(len(cells)), [f"neuron{k}" for k in range(len(cells))])
    ax.tick_params(length=0)
    if len(cells) * len(cells[0]) <= MOST_NUMBERS:
        _write_numbers(ax, cells, limit, colours)
    bar = ax.figure.colorbar(image, ax=ax, pad=0.02)
    bar.ax.tick_params(colors=colours.faint)
    bar.outline.set_visible(False)
    ax.set_title("gradients" if of == "grad" else "weights", color=colours.text, loc="left")
    return ax


def _write_numbers(ax: Any, cells: list[list[float]], limit: float, colours: Theme) -> None:
    """The numbers in the cells of a heat map, in a colour that stands out from the cell's."""
    for i, row in enumerate(cells):
        for j, x in enumerate(row):
            colour = colours.background if abs(x) > 0.6 * limit else colours.text
            ax.text(j, i, f"{x:.2g}", ha="center", va="center", color=colour, fontsize=8)


def _data(model: Any, X: Any, y: Any, where: str) -> tuple[list[list[float]], list[Any]]:
    """The rows and targets, of a model that predicts."""
    methods(model, f"{where}: model", ["predict"], "a model that predicts, as MLP(2, [4, 1])")
    return check_data(X, y, where)


def styled(ax: Any, theme: str, where: str = "plot") -> tuple[Any, Theme]:
    """Axes, of a new figure if there are none, in the colours of a theme."""
    choice(theme, f"{where}: theme", THEMES)
    if ax is None:
        _needed()
        from matplotlib import pyplot

        ax = pyplot.subplots(figsize=SIZE, layout="constrained")[1]
    expect(hasattr(ax, "spines"), ax, f"{where}: ax", "matplotlib's axes, or None for new ones")
    colours = THEMES[theme]
    ax.figure.set_facecolor(colours.background)
    ax.set_facecolor(colours.background)
    ax.tick_params(colors=colours.faint, which="both")
    for name, spine in ax.spines.items():
        spine.set_color(colours.faint)
        spine.set_visible(name in ("left", "bottom"))
    return ax, colours


def along_epochs(ax: Any, colours: Theme, **options: Any) -> None:
    """Axes whose x is an epoch, of which there are whole numbers."""
    ax.set_xlabel("epoch", color=colours.text, **options)
    ax.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)


def figure_axes(count: int = 1) -> Any:
    """Axes, or several beside each other, of a figure that only this package knows of.

    >>> len(figure_axes(2))
    2
    """
    whole(count, "figure_axes: count")
    _needed()
    from matplotlib.figure import Figure

    width, height = SIZE
    return Figure(figsize=(width * count, height), dpi=72, layout="constrained").subplots(1, count)


def _legend(ax: Any, colours: Theme, **options: Any) -> None:
    """What is what, above the picture, where it hides nothing."""
    ax.legend(
        loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, borderaxespad=0.2,
        frameon=False, labelcolor=colours.text, **options,
    )  # fmt: skip


def _needed() -> None:
    with warnings.catch_warnings():  # of matplotlib, as it first lists the fonts
        warnings.simplefilter("ignore", EncodingWarning)
        extra("matplotlib.figure", "demo", "this picture needs matplotlib")


def _around(numbers: Sequence[float]) -> tuple[float, float]:
    low, high = min(numbers), max(numbers)
    side = MARGIN * (high - low) or 1.0
    return low - side, high + side


def between(low: float, high: float, count: int) -> list[float]:
    """So many numbers from one to another, both among them, of equal distances.

    >>> between(1.0, 2.0, 5)
    [1.0, 1.25, 1.5, 1.75, 2.0]
    """
    return [low + (high - low) * k / (count - 1) for k in range(count)]
