"""What a model answers after an epoch, on matplotlib's axes: as a map, a curve, or by targets."""

import math
from collections.abc import Sequence
from typing import Any

from micrograd_like.draw import Theme, mix
from micrograd_like.learn import lead
from micrograd_like.steps.answers import Answers, around
from micrograd_like.steps.epochs import Epochs
from micrograd_like.steps.forward import Forward
from micrograd_like.steps.words import literal

__all__ = ["FIELD", "drawn_answers", "signed_colours"]

CALLS = 400_000  # of rules, for a picture
FIELD = 0.55  # of a colour, at most, on the map: points are to stand out
MARKS = "o^sD"  # of classes
Weights = Sequence[float]


def signed_colours(colours: Theme, part: float = FIELD) -> Any:
    """matplotlib's scale from negative to positive, with so much of the strongest colours."""
    from matplotlib.colors import LinearSegmentedColormap

    ends = [mix(colours.box, end, part) for end in (colours.negative, colours.positive)]
    return LinearSegmentedColormap.from_list("signed", [ends[0], colours.box, ends[1]])


class _Drawn:
    """The answers on axes: the points, which stay, and what an epoch changes."""

    def __init__(
        self, training: Epochs, forward: Forward, answers: Answers, ax: Any, colours: Theme
    ) -> None:
        self.training, self.forward, self.answers = training, forward, answers
        self.ax, self.colours = ax, colours
        points = [*training.points, *training.held_back]
        self.rows, self.learned = [p.row for p in points], len(training.points)
        self.names = [v.label for v in forward.x]
        self.side = answers.side(len(forward.order), CALLS)
        self.grid = answers.grid(self.side)  # where the answers are computed
        self.begin()

    def begin(self) -> None:
        """Draw what stays."""

    def at(self, weights: Weights) -> list[Any]:
        """Draw what the weights change; returns the artists, which can be removed."""
        raise NotImplementedError

    def colour(self, place: int) -> str:
        """The colour of a class."""
        if self.training.outputs == 1:
            return self.colours.positive if place else self.colours.negative
        return self.colours.classes[place % len(self.colours.classes)]

    def scatter(self, xs: Sequence[float], ys: Sequence[float]) -> None:
        """Draw the points: classes by shape and colour, others by the colour of their target."""
        places = self.answers.places or [0] * len(xs)
        scale = signed_colours(self.colours, 1.0)
        for place in sorted({*places}):
            for held in (False, True):
                of = [
                    k
                    for k, each in enumerate(places)
                    if each == place and (k >= self.learned) == held
                ]
                if not of:
                    continue
                ink: Any = [self.colours.negative] * len(of)
                if self.answers.classes:
                    ink = [self.colour(place)] * len(of)
                elif self.answers.kind == "map":
                    strengths = (self.answers.strength(self.answers.targets[k]) for k in of)
                    ink = [scale(0.5 + x / 2) for x in strengths]
                ground = self.colours.background
                self.ax.scatter(
                    [xs[k] for k in of], [ys[k] for k in of], s=30, zorder=3,
                    marker=MARKS[place % len(MARKS)], color=ground if held else ink,
                    edgecolors=ink if held else ground, linewidths=1.2 if held else 0.8,
                )  # fmt: skip


class _Map(_Drawn):
    def begin(self) -> None:
        (left, right), (low, high) = self.answers.window
        self.extent = left, right, low, high
        self.axes = self.answers.axes(self.side)
        self.scale = signed_colours(self.colours)
        self.scatter([row[0] for row in self.rows], [row[1] for row in self.rows])
        self.ax.set_xlabel(literal(self.names[0]), color=self.colours.text, labelpad=1)
        self.ax.set_ylabel(literal(self.names[1]), color=self.colours.text, labelpad=1)

    def at(self, weights: Weights) -> list[Any]:
        outputs = self.forward.predict(weights, self.grid)
        several = bool(self.answers.classes) and self.training.outputs > 1
        leads = [[lead(of, k) for of in outputs] for k in range(self.training.outputs)]
        levels = [(numbers, 0.0) for numbers in leads]
        if several:
            image: list[Any] = [self._class_colour(of) for of in outputs]
        else:
            first = [of[0] for of in outputs]
            image = [self.answers.strength(x) for x in first]
            levels = [] if self.answers.level is None else [(first, self.answers.level)]
        drawn = [
            self.ax.imshow(
                self.square(image), origin="lower", extent=self.extent, aspect="auto",
                interpolation="bicubic", zorder=0, cmap=self.scale, vmin=-1, vmax=1,
            )
        ]  # fmt: skip
        for numbers, level in levels:
            if min(numbers) < level < max(numbers):
                border = self.ax.contour(
                    *self.axes, self.square(numbers), levels=[level], colors=[self.colours.text],
                    linewidths=1.6,
                )  # fmt: skip
                drawn.append(border)
        self.ax.set_xlim(*self.extent[:2])
        self.ax.set_ylim(*self.extent[2:])
        return drawn

    def square(self, numbers: Sequence[Any]) -> list[Any]:
        """Numbers on the grid, row by row."""
        return [numbers[at : at + self.side] for at in range(0, len(numbers), self.side)]

    def _class_colour(self, outputs: list[float]) -> tuple[float, ...]:
        place = max(range(len(outputs)), key=outputs.__getitem__)
        strength = math.tanh(lead(outputs, place) / 2)
        code = mix(self.colours.box, self.colour(place), 0.08 + 0.42 * strength)
        return tuple(byte / 255 for byte in bytes.fromhex(code[1:]))


class _Curve(_Drawn):
    def begin(self) -> None:
        low, high = self.answers.window[0]
        self.scatter([row[0] for row in self.rows], self.answers.targets)
        last = self.forward.predict(self.training[-1].weights, self.grid)
        known = [x for of in last for x in of if math.isfinite(x)]
        self.ax.set_ylim(*around([*known, *self.answers.targets]))
        self.ax.set_xlim(low, high)
        self.ax.set_xlabel(literal(self.names[0]), color=self.colours.text, labelpad=1)

    def at(self, weights: Weights) -> list[Any]:
        outputs = self.forward.predict(weights, self.grid)
        drawn = []
        for k, ys in enumerate(zip(*outputs, strict=True)):
            colour = self.colour(k) if len(outputs[0]) > 1 else self.colours.positive
            drawn += self.ax.plot([row[0] for row in self.grid], ys, color=colour, linewidth=2.2)
        return drawn


class _ByTarget(_Drawn):
    def begin(self) -> None:
        self.limits = around(self.answers.targets)
        self.ax.plot(self.limits, self.limits, color=self.colours.faint, linewidth=1)
        self.ax.set_xlabel("target", color=self.colours.text, labelpad=1)
        self.ax.set_ylabel("predicted", color=self.colours.text, labelpad=1)

    def at(self, weights: Weights) -> list[Any]:
        low, high = self.limits
        predicted = [min(max(of[0], low), high) for of in self.forward.predict(weights, self.rows)]
        drawn = self.ax.plot(
            self.answers.targets, predicted, "o", color=self.colours.negative, markersize=5
        )
        self.ax.set_xlim(low, high)
        self.ax.set_ylim(low, high)
        return [*drawn]


class _Table(_Drawn):
    def begin(self) -> None:
        ticks = range(self.answers.classes)
        self.ax.set_xticks(ticks, self.answers.labels)
        self.ax.set_yticks(ticks, self.answers.labels)
        self.ax.set_xlabel("answer", color=self.colours.text, labelpad=1)
        self.ax.set_ylabel("class", color=self.colours.text, labelpad=1)
        self.scale = signed_colours(self.colours)

    def at(self, weights: Weights) -> list[Any]:
        count = self.answers.classes
        counts = [[0] * count for _ in range(count)]
        for place, of in zip(
            self.answers.places, self.forward.predict(weights, self.rows), strict=True
        ):
            told = int(of[0] > 0) if len(of) == 1 else max(range(count), key=of.__getitem__)
            counts[place][told] += 1
        shares = [
            [(1 if i == j else -1) * x / (sum(row) or 1) for j, x in enumerate(row)]
            for i, row in enumerate(counts)
        ]
        drawn = [self.ax.imshow(shares, cmap=self.scale, vmin=-1, vmax=1, aspect="auto")]
        for i, row in enumerate(counts):
            for j, x in enumerate(row):
                if x:
                    words = self.ax.text(j, i, x, ha="center", va="center", color=self.colours.text)
                    drawn.append(words)
        return drawn


KINDS: dict[str, type[_Drawn]] = {"map": _Map, "fit": _Curve, "scatter": _ByTarget, "table": _Table}


def drawn_answers(
    training: Epochs, forward: Forward, answers: Answers, ax: Any, colours: Theme
) -> _Drawn:
    """The answers on axes, in the way that fits the number of inputs."""
    return KINDS[answers.kind](training, forward, answers, ax, colours)
