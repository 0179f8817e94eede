"""How a model's answers are looked at: as a map, a curve, or beside the targets; and their colours.

>>> from micrograd_like.nn import MLP
>>> from micrograd_like.learn import hinge
>>> from micrograd_like.steps.epochs import Epochs
>>> model = MLP(2, [3, 1])
>>> answers = Answers.of(Epochs(model, [[0.0, 1.0], [1.0, 0.0]], [1, -1], hinge, epochs=1))
>>> answers.kind, answers.labels, answers.level, answers.strength(20.0)
('map', ['-1', '1'], 0.0, 1.0)
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from micrograd_like.classes import place_of
from micrograd_like.learn import MARGIN, Point, between, binary_cross_entropy, hinge
from micrograd_like.steps.epochs import Epochs

__all__ = ["Answers", "around"]

KINDS = {1: "fit", 2: "map"}  # by the number of inputs
SIDES, SAMPLES = (21, 49), (41, 201)  # of a map, of a curve: the least and the most
FURTHEST = 8e307  # so that both ends of an axis are no further from each other than floats are


class Answers(NamedTuple):
    """What of the outputs is shown, and on which scale their colours are."""

    kind: str  # "map", "fit", "table" (of classes) or "scatter" (predicted by target)
    classes: int  # 0 of a regression
    labels: list[str]  # of the classes
    places: list[int]  # of the class of each point, those held back at the end
    targets: list[float]  # of the first output
    squashed: bool  # whether outputs are logits, which have no end
    level: float | None  # of one output, where the border is
    centre: float  # what has no colour
    half: float  # from there to the strongest colour
    window: list[tuple[float, float]]  # of each input, what is shown of its axis

    @classmethod
    def of(cls, training: Epochs) -> "Answers":
        """The answers of a training."""
        points = [*training.points, *training.held_back]
        outputs = training.outputs
        loss = getattr(training.loss, "func", training.loss)
        squashed = outputs == 1 and loss in (binary_cross_entropy, hinge)
        classes = max(outputs, 2) if training.classifies else 0
        firsts = [t[0] if isinstance(t := p.target, list) else t for p in points]
        targets = [float(t) for t in firsts]
        known = sorted({*targets})
        level, centre, half = None, (known[0] + known[-1]) / 2, (known[-1] - known[0]) / 2 or 1.0
        if squashed:
            level, centre, half = 0.0, 0.0, 1.0
        elif not classes and len(known) == 2:
            level = centre
        kind = KINDS.get(len(points[0].row), "table" if classes else "scatter")
        places = [_place(p, outputs) for p in points] if classes else []
        return cls(
            kind, classes, _labels(points, places, classes), places, targets, squashed, level,
            centre, half, [around([p.row[k] for p in points]) for k in range(len(points[0].row))],
        )  # fmt: skip

    def strength(self, output: float) -> float:
        """How strongly an output is coloured, from -1 to 1: of logits soon, as they have no end."""
        x = (output - self.centre) / self.half
        if math.isnan(x):
            return x
        return math.tanh(x) if self.squashed else max(-1.0, min(1.0, x))

    def side(self, operations: int, calls: int) -> int:
        """How many places of each axis are computed, of a model with so many operations.

        ``calls`` is about how many operations there is time for; fewer places look alike, as what
        is between them is smooth.
        """
        points = max(1, calls // max(1, operations))
        if self.kind == "map":
            return min(SIDES[1], max(SIDES[0], math.isqrt(points)))
        return min(SAMPLES[1], max(SAMPLES[0], points)) if self.kind == "fit" else 0

    def axes(self, count: int) -> list[list[float]]:
        """So many places on the axis of each input."""
        return [between(low, high, count) for low, high in self.window]

    def grid(self, count: int) -> list[list[float]]:
        """Inputs on so many places of each axis, row by row from below; of one, or of two."""
        axes = self.axes(count)
        if self.kind == "map":
            return [[x, y] for y in axes[1] for x in axes[0]]
        return [[x] for x in axes[0]] if self.kind == "fit" else []


def around(numbers: Sequence[float]) -> tuple[float, float]:
    """The extent of numbers, and a little more.

    >>> around([0.0, 100.0]), around([3.0]), around([1e200])
    ((-12.0, 112.0), (1.5, 4.5), (5e+199, 1.5e+200))
    """
    low, high = min(numbers), max(numbers)
    side = MARGIN * high - MARGIN * low or max(1.0, abs(low) / 2)
    return max(low - side, -FURTHEST), min(high + side, FURTHEST)


def _place(point: Point, outputs: int) -> int:
    answer: Any = 0.0 if outputs == 1 else [0.0] * outputs
    return place_of(point.target, answer, "Training")


def _labels(points: list[Point], places: list[int], classes: int) -> list[str]:
    """What classes are called: as the targets are, if these are numbers."""
    found = [str(k) for k in range(classes)]
    for point, place in zip(points, places, strict=False):
        if not isinstance(point.target, list):
            found[place] = f"{point.target:g}"
    return found
