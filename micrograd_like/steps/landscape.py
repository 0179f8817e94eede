"""The error's landscape and the way down on it, drawn on matplotlib's axes.

Of one weight the landscape is the error's curve, of two its surface, as lines of equal error.
"""

import math
from itertools import pairwise
from typing import Any, NamedTuple

from micrograd_like.draw import Theme
from micrograd_like.engine import Value
from micrograd_like.learn import SIZE, between
from micrograd_like.steps.trajectory import Trajectory
from micrograd_like.steps.words import literal

__all__ = ["Landscape"]

AROUND = 0.35  # of the way's extent, that the picture shows beside it
HIGHEST = 4.0  # of a descent that climbs, times the fall or the first step's rise, to be shown
SAMPLES = 241, 101  # of the error, on its curve and on each side of its surface
Point = tuple[float, float]  # of the axes


class Landscape(NamedTuple):
    """What a trajectory is drawn on."""

    trajectory: Trajectory

    def draw(self, ax: Any, colours: Theme) -> None:
        """The curve or the surface, with its axes."""
        ax.set_xlabel(literal(self.trajectory.names[0]), color=colours.text)
        (self._curve if self.is_curve else self._surface)(ax, colours)

    def draw_way(self, ax: Any, colours: Theme, upto: int | None = None) -> None:
        """The way down, all of it or the first steps; the axes stay as they are."""
        limits = ax.get_xlim(), ax.get_ylim()
        last = self.trajectory[-1]
        points = [self.at(step.point, step.error) for step in self.trajectory]
        points.append(self.at(last.moved, last.then))
        points = points[: None if upto is None else upto + 1]
        way = [xy for xy in points if all(map(math.isfinite, xy))]
        line = [way[0], *(xy for a, b in pairwise(way) for xy in self.hop(a, b)[1:])]
        ax.plot(*zip(*line, strict=True), color=colours.lit, linewidth=1.6)
        ax.plot(*zip(*way, strict=True), "o", color=colours.lit, markersize=4)
        ax.plot(*way[-1], "o", color=colours.positive, markersize=8)
        ax.set_xlim(*limits[0])
        ax.set_ylim(*limits[1])

    @property
    def is_curve(self) -> bool:
        """Whether there is one weight."""
        return len(self.trajectory.start) == 1

    def at(self, point: tuple[float, ...], error: float) -> Point:
        """Where a point is in the picture: on the curve, or on the surface from above."""
        return (point[0], error) if len(point) == 1 else (point[0], point[1])

    def hop(self, a: Point, b: Point) -> list[Point]:
        """A step in the picture: of one weight first along its axis, then down to the curve."""
        return [a, (b[0], a[1]), b] if self.is_curve else [a, b]

    def _window(self, axis: int) -> tuple[float, float]:
        """What of a weight's axis is shown: the way, as far as it does not run off."""
        first, least = self.trajectory[0], min(step.error for step in self.trajectory)
        rise = max(first.error - least, abs(first.then - first.error), 1e-300)
        highest = first.error + HIGHEST * (rise if math.isfinite(rise) else 1.0)
        places = [s.point[axis] for s in self.trajectory if s.error <= highest]
        places += [s.moved[axis] for s in self.trajectory if s.then <= highest]
        low, high = min(places), max(places)
        side = AROUND * (high - low) or max(1.0, abs(low) / 2)
        return low - side, high + side

    def _curve(self, ax: Any, colours: Theme) -> None:
        low, high = self._window(0)
        xs = between(low, high, SAMPLES[0])
        ys = [self._height(x) for x in xs]
        ax.plot(xs, ys, color=colours.text, linewidth=1.8)
        ax.set_xlim(low, high)
        bottom = min((y for y in ys if math.isfinite(y)), default=0.0)
        points = [step.error for step in self.trajectory if low <= step.point[0] <= high]
        room = (max(points) - bottom) or 1.0
        ax.set_ylim(bottom - 0.1 * room, max(points) + 0.2 * room)
        ax.set_ylabel("error", color=colours.text)

    def _surface(self, ax: Any, colours: Theme) -> None:
        ax.set_aspect("equal", adjustable="box")
        (left, right), (low, high) = self._window(0), self._window(1)
        # Of one scale on both axes, so that the gradient stands upright on the lines.
        wide, tall = right - left, high - low
        share = SIZE[0] / SIZE[1]
        more = (max(0.0, tall * share - wide) / 2, max(0.0, wide / share - tall) / 2)
        left, right, low, high = left - more[0], right + more[0], low - more[1], high + more[1]
        xs, ys = between(left, right, SAMPLES[1]), between(low, high, SAMPLES[1])
        heights = [[self._height(x, y) for x in xs] for y in ys]
        known = sorted(z for row in heights for z in row if math.isfinite(z))
        if known and known[0] < known[-1]:
            # As many values between two lines as between any others: near the bottom, too.
            levels = sorted({known[(len(known) - 1) * k // 14] for k in range(1, 14)})
            ax.contour(xs, ys, heights, levels=levels, colors=[colours.faint], linewidths=0.9)
        ax.set_xlim(left, right)
        ax.set_ylim(low, high)
        ax.set_ylabel(literal(self.trajectory.names[1]), color=colours.text)

    def _height(self, *point: float) -> float:
        try:
            return self.trajectory.error(*map(Value, point)).data
        except (ArithmeticError, ValueError):
            return math.nan
