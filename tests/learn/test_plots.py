"""Pictures of learning: what is drawn, on which axes, in which colours."""

import math
import random
import re
import subprocess
import sys
from typing import Any

import pytest

from micrograd_like import (
    MLP,
    History,
    Neuron,
    cross_entropy,
    fit,
    plot_boundary,
    plot_fit,
    plot_weights,
)
from micrograd_like.draw import THEMES
from micrograd_like.learn.plots import figure_axes

pytest.importorskip("matplotlib")
POINTS = [[-1.0, -1.0], [-1.0, -0.5], [1.0, 1.0], [0.5, 1.0]]
SIDES = [-1, -1, 1, 1]


def divider() -> Neuron:
    """It says 1 where x0 + x1 is above 0."""
    neuron = Neuron(2, nonlin=False)
    neuron.load_state_dict({"w0": 1.0, "w1": 1.0, "b": 0.0})
    return neuron


def labels(ax: Any) -> list[str]:
    """What the legend says."""
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize("theme", THEMES)
def test_every_picture_takes_axes_and_returns_them(theme: str) -> None:
    """In the colours of the theme: ground, words and all."""
    from matplotlib.colors import to_hex

    history = History(loss=[2.0, 1.0], gradient_norm=[1.0, 1.0], accuracy=[0.5, 1.0])
    line = Neuron(1, nonlin=False)
    for draw in (
        lambda ax: history.plot(ax, theme),
        lambda ax: plot_boundary(divider(), POINTS, SIDES, ax, theme),
        lambda ax: plot_fit(line, [[0.0], [1.0]], [0.0, 1.0], ax, theme),
        lambda ax: plot_weights(MLP(2, [3, 1]).layers[0], ax, theme),
    ):
        ax = figure_axes()
        assert draw(ax) is ax
        assert to_hex(ax.get_facecolor()) == THEMES[theme].background
        assert to_hex(ax.figure.get_facecolor()) == THEMES[theme].background
        ax.figure.canvas.draw()


def test_without_axes_a_figure_is_made() -> None:
    """One of pyplot's, which notebooks show."""
    from matplotlib import pyplot

    ax = History(loss=[1.0], gradient_norm=[1.0]).plot()
    assert ax.figure.number in pyplot.get_fignums()
    pyplot.close(ax.figure)


def test_losses_and_accuracies_are_told_apart() -> None:
    """All four curves, named; a loss alone needs no legend; a long fall has a logarithmic axis."""
    history = History(
        loss=[2.0, 1.0],
        gradient_norm=[1.0, 1.0],
        accuracy=[0.5, 1.0],
        validation_loss=[3.0, 2.0],
        validation_accuracy=[0.25, 0.5],
    )
    ax = history.plot(figure_axes())
    assert labels(ax) == ["loss", "validation loss", "accuracy", "validation accuracy"]
    assert ax.get_yscale() == "linear"
    ax = History(loss=[100.0, 1.0], gradient_norm=[1.0, 1.0]).plot(figure_axes())
    assert ax.get_legend() is None
    assert ax.get_yscale() == "log"
    assert [*ax.lines[0].get_ydata()] == [100.0, 1.0]


@pytest.mark.parametrize("epochs", [1, 2, 3, 20])
def test_epochs_are_numbered_whole(epochs: int) -> None:
    """No tick of a curve of losses stands between two epochs."""
    ax = History(loss=[1.0 / (k + 1) for k in range(epochs)]).plot(figure_axes())
    assert all(tick == int(tick) for tick in ax.get_xticks())


def test_the_boundary_is_where_the_score_is_zero() -> None:
    """Between red and green, on x0 + x1 = 0; each class has its own shape."""
    ax = plot_boundary(divider(), POINTS, SIDES, figure_axes())
    line = next(c for c in ax.collections if c.get_paths() and not c.get_fill())
    vertices = [v for path in line.get_paths() for v in path.vertices]
    assert vertices
    assert all(abs(x + y) < 1e-9 for x, y in vertices)
    assert labels(ax) == ["-1", "1"]


def test_the_boundaries_of_several_classes() -> None:
    """One area for each class that is answered somewhere."""
    random.seed(3)
    model = MLP(2, [6, 3], activation="tanh")
    X = [[math.cos(t), math.sin(t)] for t in (0, 0.2, 2, 2.2, 4, 4.2)]
    y = [0, 0, 1, 1, 2, 2]
    fit(model, X, y, cross_entropy, epochs=100, lr=0.1, progress=False)
    assert labels(plot_boundary(model, X, y, figure_axes())) == ["0", "1", "2"]


def test_a_fit_of_one_input_is_a_curve_and_of_several_a_comparison() -> None:
    """The curve is what the model predicts; the comparison has predicted above actual."""
    line = Neuron(1, nonlin=False)
    line.load_state_dict({"w0": 2.0, "b": -1.0})
    ax = plot_fit(line, [[0.0], [1.0]], [0.0, 1.0], figure_axes())
    xs, ys = ax.lines[0].get_data()
    assert [*ys] == pytest.approx([2 * x - 1 for x in xs])
    ax = plot_fit(divider(), POINTS, [0.0, 1.0, 2.0, 3.0], figure_axes())
    assert [*ax.lines[1].get_ydata()] == divider().predict(POINTS)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("actual", "predicted")


def test_weights_and_gradients_are_on_a_symmetric_scale() -> None:
    """Rows are neurons, columns inputs and the bias; 0 is in the middle of the colours."""
    layer = MLP(2, [2]).layers[0]
    for p, (data, grad) in zip(layer.parameters(), enumerate([5, -1, 0, 0, 2, 3]), strict=True):
        p.data, p.grad = float(data), float(grad)
    for of, limit, first in (("data", 5.0, [0, 1, 2]), ("grad", 5.0, [5, -1, 0])):
        ax = plot_weights(layer, figure_axes(), of=of)
        assert ax.images[0].get_clim() == (-limit, limit)
        assert [*ax.images[0].get_array()[0]] == first
        assert [t.get_text() for t in ax.get_xticklabels()] == ["w0", "w1", "b"]


def test_mistakes_are_told() -> None:
    """Data of other sizes, a network for a layer, a word that is none."""
    model: Any = divider()
    mistakes: list[tuple[Any, str]] = [
        (lambda: plot_boundary(divider(), [[1.0]], [1]), "draws rows of 2 numbers"),
        (
            lambda: plot_fit(divider(), POINTS, [1.0]),
            "plot_fit: 4 rows and 1 target do not pair up",
        ),
        (
            lambda: plot_weights(divider(), of="size"),
            "plot_weights: of is 'size'; it is to be one of data, grad",
        ),
        (
            lambda: History().plot(theme="blue"),
            "History.plot: theme is 'blue'; it is to be one of light, dark",
        ),
        (lambda: plot_boundary(model, 3, 4), "plot_boundary: takes a list of rows, as in [[1.0, 2"),
        (lambda: plot_boundary(3, POINTS, SIDES), "plot_boundary: model is 3; it is to be a model"),
        (lambda: plot_boundary(model, POINTS, ["red"] * 4), "target 0 is 'red'; give each text a"),
        (lambda: plot_boundary(model, POINTS, [0, 1, 2, 1]), "plot_boundary: class 2.0; there are"),
        (lambda: plot_boundary(model, POINTS, SIDES, "dark"), "plot_boundary: ax is 'dark'; it is"),
        (lambda: plot_fit(model, None, None), "plot_fit: takes a list of rows, as in [[1.0, 2.0]]"),
        (lambda: plot_fit(model, [], []), "plot_fit: the data is empty; it needs at least one row"),
        (
            lambda: plot_fit(model, POINTS, [1, 2, 3, None]),
            "target 3: takes a number, not the NoneT",
        ),
        (lambda: plot_fit(MLP(2, [2]), POINTS, SIDES), "plot_fit: the model's output is ["),
        (
            lambda: plot_fit(model, POINTS, POINTS),
            "plot_fit: a target is [-1.0, -1.0]; it is to be",
        ),
        (
            lambda: plot_weights(3),
            "plot_weights: layer is 3; it is to be a Layer or a Neuron, as in",
        ),
        (lambda: plot_weights(MLP(2, [1])), "a Layer or a Neuron, as in model.layers[0]"),
        (lambda: plot_weights(model, of=3), "plot_weights: of is 3; it is to be one of data, grad"),
        (
            lambda: History().plot(3),
            "History.plot: ax is 3; it is to be matplotlib's axes, or None",
        ),
        (lambda: figure_axes(0), "figure_axes: count is 0; it is to be a whole number from 1 up"),
    ]
    for mistake, message in mistakes:
        with pytest.raises((TypeError, ValueError), match=re.escape(message)) as caught:
            mistake()
        assert "\n" not in str(caught.value)


def test_classes_may_be_lists_with_one_for_the_right_one() -> None:
    """As cross_entropy takes them."""
    ax = plot_boundary(MLP(2, [2]), POINTS, [[1, 0], [1, 0], [0, 1], [0, 1]], figure_axes())
    assert labels(ax) == ["0", "1"]


def test_without_matplotlib_the_remedy_is_named() -> None:
    """An ImportError with the pip install line."""
    program = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from micrograd_like import History\n"
        "try: History(loss=[1.0], gradient_norm=[1.0]).plot()\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "needs matplotlib: pip install 'micrograd_like[demo]'" in done.stdout
