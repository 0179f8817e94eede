"""Pictures of learning, with matplotlib: losses, boundaries, fits, weights.

Each function takes axes to draw on, or makes a figure of its own with pyplot, and returns the axes.
``theme`` is "light" or "dark", for the page that the picture is on.

>>> from micrograd_like.nn import MLP
>>> ax = plot_weights(MLP(3, [4, 1]).layers[0])                 # doctest: +SKIP
>>> ax.figure.savefig("weights.png")                            # doctest: +SKIP
"""

import math
from collections.abc import Sequence
from typing import Any, Protocol

from micrograd_like.arguments import choice, extra
from micrograd_like.draw import THEMES, Theme
from micrograd_like.nn import Layer, Neuron

__all__ = [
    "figure_axes",
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


SIZE = 7.2, 4.2  # inches
SAMPLES = 50  # of a model's plane, on each side; of its curve, four times as many
MOST_NUMBERS = 80  # cells of a heat map that have their numbers written in
CLASSES = {  # colours and shapes; of two classes red is the first, or -1, and green the second
    "light": ("#b2182b", "#1a7f37", "#2166ac", "#9a6700", "#8250df"),
    "dark": ("#f4777f", "#4ac26b", "#6cb4ee", "#e3b341", "#c297ff"),
}
SHAPES = "o^sDvPX*<>"


def plot_history(history: Any, ax: Any = None, theme: str = "light") -> Any:
    """The losses of the epochs, and on the right the accuracies of a classification."""
    ax, colours = styled(ax, theme)
    epochs = range(1, len(history.loss) + 1)
    lines = [(history.loss, "-", "loss"), (history.validation_loss, "--", "validation loss")]
    drawn = []
    for losses, dashes, name in lines:
        if losses:
            drawn += ax.plot(epochs, losses, dashes, color=colours.negative, label=name)
    known = [x for x in history.loss + history.validation_loss if math.isfinite(x)]
    if known and min(known) > 0 and max(known) > 50 * min(known):
        ax.set_yscale("log")
    ax.set_xlabel("epoch", color=colours.text)
    ax.set_ylabel("loss", color=colours.negative)
    if history.accuracy:
        right, _ = styled(ax.twinx(), theme)
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
    ax.xaxis.get_major_locator().set_params(integer=True)
    if len(drawn) > 1:
        _legend(ax, colours, handles=drawn)
    return ax


def plot_boundary(
    model: Predictor,
    X: Sequence[Sequence[float]],
    y: Sequence[Any],
    ax: Any = None,
    theme: str = "light",
) -> Any:
    """Where on the plane a classifier with two inputs answers what, and the data points.

    Of two classes the first is red and the second green; each class has its own shape, too.
    """
    if len(X) == 0 or any(len(row) != 2 for row in X):
        raise ValueError("plot_boundary: draws rows of 2 numbers; the data has others")
    ax, colours = styled(ax, theme)
    (left, right), (low, high) = (_around([row[axis] for row in X]) for axis in (0, 1))
    xs, ys = _between(left, right, SAMPLES), _between(low, high, SAMPLES)
    outputs = model.predict([[x, y] for y in ys for x in xs])
    several = isinstance(outputs[0], list)
    labels = sorted(set(y))
    count = len(outputs[0]) if several else 2
    palette = [CLASSES[theme][k % len(CLASSES[theme])] for k in range(count)]

    def rows(numbers: list[float]) -> list[list[float]]:
        return [numbers[k : k + SAMPLES] for k in range(0, len(numbers), SAMPLES)]

    for k in range(count):  # by how much a class's output exceeds the largest other one
        lead = [
            out[k] - max(out[:k] + out[k + 1 :]) if several else (out if k else -out)
            for out in outputs
        ]
        if max(lead) > 0:
            ax.contourf(xs, ys, rows(lead), levels=[0, math.inf], colors=[palette[k]], alpha=0.16)
        if min(lead) < 0 < max(lead):
            ax.contour(xs, ys, rows(lead), levels=[0], colors=[colours.text], linewidths=1.2)
    for label in labels:
        k = max(int(label), 0)
        points = [row for row, t in zip(X, y, strict=True) if t == label]
        ax.scatter(
            *zip(*points, strict=True), s=30, color=palette[k % count], label=f"{label:g}",
            marker=SHAPES[k % len(SHAPES)], edgecolors=colours.background, linewidths=0.8,
        )  # fmt: skip
    ax.set_xlim(left, right)
    ax.set_ylim(low, high)
    ax.set_xlabel("x0", color=colours.text)
    ax.set_ylabel("x1", color=colours.text)
    _legend(ax, colours)
    return ax


def plot_fit(
    model: Predictor,
    X: Sequence[Sequence[float]],
    y: Sequence[float],
    ax: Any = None,
    theme: str = "light",
) -> Any:
    """How a regression fits: of one input its curve through the data, else predicted by actual."""
    if len(X) == 0 or len(X) != len(y):
        raise ValueError(f"plot_fit: {len(X)} rows and {len(y)} targets do not pair up")
    ax, colours = styled(ax, theme)
    if len(X[0]) == 1:
        low, high = _around([row[0] for row in X])
        xs = _between(low, high, 4 * SAMPLES)
        ax.plot(xs, model.predict([[x] for x in xs]), color=colours.positive, label="predicted")
        ax.plot([row[0] for row in X], y, "o", color=colours.negative, markersize=5, label="data")
        ax.set_xlim(low, high)
        ax.set_xlabel("x0", color=colours.text)
        ax.set_ylabel("target", color=colours.text)
    else:
        predicted = model.predict(X)
        ends = _around([*y, *predicted])
        ax.plot(ends, ends, color=colours.faint, linewidth=1, label="predicted = actual")
        ax.plot(y, predicted, "o", color=colours.negative, markersize=5, label="data")
        ax.set_xlabel("actual", color=colours.text)
        ax.set_ylabel("predicted", color=colours.text)
    _legend(ax, colours)
    return ax


def plot_weights(
    layer: Layer | Neuron, ax: Any = None, theme: str = "light", *, of: str = "data"
) -> Any:
    """The weights of a layer as a map: a row for each neuron, a column for each input, and biases.

    ``of="grad"`` shows the gradients instead.  Red is positive, blue negative, white 0.
    """
    from matplotlib.colors import LinearSegmentedColormap

    choice(of, "plot_weights: of", ("data", "grad"))
    neurons = layer.neurons if isinstance(layer, Layer) else [layer]
    if not all(isinstance(n, Neuron) for n in neurons):
        raise TypeError(f"plot_weights: draws a Layer, as in model.layers[0], not {layer!r}")
    ax, colours = styled(ax, theme)
    cells = [[float(getattr(p, of)) for p in neuron.parameters()] for neuron in neurons]
    limit = max(abs(x) for row in cells for x in row if math.isfinite(x)) or 1.0
    scale = LinearSegmentedColormap.from_list(
        "signed", [colours.negative, colours.background, colours.positive]
    )
    shown = ax.imshow(cells, cmap=scale, vmin=-limit, vmax=limit, aspect="auto")
    inputs = len(cells[0]) - 1
    step = 1 + inputs // 20
    ticks = [*range(0, inputs, step), inputs]
    ax.set_xticks(ticks, [*(f"w{k}" for k in ticks[:-1]), "b"])
    ax.set_yticks(range(len(cells)), [f"neuron{k}" for k in range(len(cells))])
    ax.tick_params(length=0)
    if len(cells) * len(cells[0]) <= MOST_NUMBERS:
        for i, row in enumerate(cells):
            for j, x in enumerate(row):
                colour = colours.background if abs(x) > 0.6 * limit else colours.text
                ax.text(j, i, f"{x:.2g}", ha="center", va="center", color=colour, fontsize=8)
    bar = ax.figure.colorbar(shown, ax=ax, pad=0.02)
    bar.ax.tick_params(colors=colours.faint)
    bar.outline.set_visible(False)
    ax.set_title("gradients" if of == "grad" else "weights", color=colours.text, loc="left")
    return ax


def styled(ax: Any, theme: str) -> tuple[Any, Theme]:
    """Axes, of a new figure if there are none, in the colours of a theme."""
    choice(theme, "plot: theme", THEMES)
    if ax is None:
        _needed()
        from matplotlib import pyplot

        ax = pyplot.subplots(figsize=SIZE, layout="constrained")[1]
    colours = THEMES[theme]
    ax.figure.set_facecolor(colours.background)
    ax.set_facecolor(colours.background)
    ax.tick_params(colors=colours.faint, which="both")
    for name, spine in ax.spines.items():
        spine.set_color(colours.faint)
        spine.set_visible(name in ("left", "bottom"))
    return ax, colours


def figure_axes(count: int = 1) -> Any:
    """Axes, or several beside each other, of a figure that only this package knows of."""
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
    extra("matplotlib", "demo", "this picture needs matplotlib")


def _around(numbers: Sequence[float]) -> tuple[float, float]:
    low, high = min(numbers), max(numbers)
    side = 0.12 * (high - low) or 1.0
    return low - side, high + side


def _between(low: float, high: float, count: int) -> list[float]:
    return [low + (high - low) * k / (count - 1) for k in range(count)]
