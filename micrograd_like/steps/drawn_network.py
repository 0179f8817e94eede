"""The network after an epoch, on matplotlib's axes: weights as lines, and what neurons answer."""

from collections.abc import Mapping, Sequence
from math import isqrt
from typing import Any

from micrograd_like.draw import Theme
from micrograd_like.steps.drawn_answers import signed_colours
from micrograd_like.steps.epochs import Epochs
from micrograd_like.steps.forward import Forward
from micrograd_like.steps.words import literal

__all__ = ["DrawnNetwork"]

THICKEST = 3.2  # points, of a line
HALF = 0.36  # of a circle's size, of the distance to the next


class DrawnNetwork:
    """A network on axes."""

    def __init__(
        self,
        training: Epochs,
        forward: Forward,
        network: Mapping[str, Any],
        rows: list[list[float]],
        ax: Any,
        colours: Theme,
    ) -> None:
        self.forward, self.network, self.ax, self.colours = forward, network, ax, colours
        self.largest = max(abs(x) for epoch in training for x in epoch.weights) or 1.0
        self.rows = rows  # where what is inside of the circles is computed
        self.columns: dict[int, list[int]] = {}
        for k, unit in enumerate(network["units"]):
            self.columns.setdefault(unit["column"], []).append(k)
        self.tall = max(len(of) + bool(network["hidden"][c]) for c, of in self.columns.items())
        self.places = self._places()
        ax.set_axis_off()
        ax.set_xlim(-0.5, len(self.columns) - 0.5)
        ax.set_ylim(-self.tall / 2, self.tall / 2 + 0.5)
        box = ax.get_position()
        wide = box.width * ax.figure.get_figwidth() / len(self.columns)
        tall = box.height * ax.figure.get_figheight() / (self.tall + 0.5)
        size = min(tall * 0.8, wide * 0.6, 0.42)  # inches
        self.half = size / wide / 2, size / tall / 2
        self._draw_words()

    def at(self, weights: Sequence[float]) -> list[Any]:
        """Draw what the weights change; returns the artists, which can be removed."""
        return [self._lines(weights), *self._insides(weights)]

    def _places(self) -> dict[int, tuple[float, float]]:
        found = {}
        for c, units in self.columns.items():
            hidden, half = self.network["hidden"][c], (len(units) + 1) // 2
            top = (len(units) + bool(hidden)) / 2
            for row, k in enumerate(units):
                found[k] = float(c), top - row - (bool(hidden) and row >= half) - 0.5
        return found

    def _draw_words(self) -> None:
        look = {"color": self.colours.faint, "fontsize": 8, "ha": "center"}
        for c, units in self.columns.items():
            first, hidden = self.network["units"][units[0]], self.network["hidden"][c]
            top = self.places[units[0]][1] + 0.5
            words = f"{first['block']}  {first['symbol']}".strip() or f"{first['kind']}s"
            self.ax.text(c, top + 0.05, literal(words), **look)
            if hidden:
                half = (len(units) + 1) // 2
                self.ax.text(c, top - half - 0.5, f"… {hidden} more", va="center", **look)
            for k in units:
                unit = self.network["units"][k]
                if unit["kind"] == "input":
                    x, y = self.places[k]
                    at = x - 1.25 * self.half[0], y
                    self.ax.text(
                        *at, literal(unit["name"]), **{**look, "ha": "right", "va": "center"}
                    )

    def _lines(self, weights: Sequence[float]) -> Any:
        from matplotlib.collections import LineCollection
        from matplotlib.colors import to_rgba

        ways, widths, colours, dashes = [], [], [], []
        for source, target, weight in self.network["links"]:
            x = weights[weight]
            size = min(1.0, abs(x) / self.largest)
            ways.append(_bend(self.places[source], self.places[target], self.half[0]))
            widths.append(0.4 + THICKEST * size)
            colours.append(to_rgba(self.colours.signed(x), 0.3 + 0.7 * size**0.5))
            dashes.append("-" if x > 0 else (0, (4, 2)))
        lines = LineCollection(
            ways, linewidths=widths, colors=colours, linestyles=dashes, zorder=1
        )  # fmt: skip
        return self.ax.add_collection(lines, autolim=False)

    # --- what is inside of the circles

    def _insides(self, weights: Sequence[float]) -> list[Any]:
        known = {} if self.forward.problem else self.forward.compute(weights, self.rows)
        drawn: list[Any] = []
        for k, unit in enumerate(self.network["units"]):
            x, y = self.places[k]
            extent = (x - self.half[0], x + self.half[0], y - self.half[1], y + self.half[1])
            numbers = known.get(id(self.forward.order[unit["value"]])) if known else None
            drawn += self._inside(numbers if unit["value"] >= 0 else None, extent)
        return drawn

    def _inside(self, numbers: Sequence[float] | None, extent: tuple[float, ...]) -> list[Any]:
        from matplotlib.patches import Rectangle

        left, right, low, high = extent
        most = max(1.0, *map(abs, numbers)) if numbers else 1.0
        width = len(self.rows[0])
        image: Any = [[0.0]]
        if numbers and width == 2:
            side = isqrt(len(numbers))
            image = [numbers[at : at + side] for at in range(0, len(numbers), side)]
        elif numbers and width > 2:
            image = [[sum(numbers) / len(numbers)]]
        frame = Rectangle(
            (left, low), right - left, high - low, fill=False, edgecolor=self.colours.faint,
            linewidth=0.9, zorder=3,
        )  # fmt: skip
        drawn = [
            self.ax.imshow(
                image, cmap=signed_colours(self.colours), vmin=-most, vmax=most, origin="lower",
                extent=extent, aspect="auto", interpolation="bilinear", zorder=2,
            ),
            self.ax.add_patch(frame),
        ]  # fmt: skip
        if numbers and width == 1:
            xs = [left + (right - left) * k / (len(numbers) - 1) for k in range(len(numbers))]
            ys = [(low + high) / 2 + 0.44 * (high - low) * v / most for v in numbers]
            drawn += self.ax.plot(xs, ys, color=self.colours.text, linewidth=1, zorder=3)
        self.ax.set_xlim(-0.5, len(self.columns) - 0.5)
        self.ax.set_ylim(-self.tall / 2, self.tall / 2 + 0.5)
        return drawn


def _bend(
    start: tuple[float, float], end: tuple[float, float], half: float
) -> list[tuple[float, float]]:
    """A line from the right side of a circle to the left side of another, bent as on the page."""
    x, u = start[0] + half, end[0] - half
    found = []
    for k in range(17):
        t = k / 16
        a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
        middle = (x + u) / 2
        across = a * x + (b + c) * middle + d * u
        found.append((across, (a + b) * start[1] + (c + d) * end[1]))
    return found
