"""Gradient descent as steps: on an error of one weight, or of two, with its picture.

>>> for step in Descent(lambda w: (w - 2)**2, 5.0, lr=0.4, steps=3):
...     print(step)
1/3  w ← w − 0.4 · ∂E/∂w = 5 − 0.4 · 6 = 2.6  (E = 9, then 0.36)
2/3  w ← w − 0.4 · ∂E/∂w = 2.6 − 0.4 · 1.2 = 2.12  (E = 0.36, then 0.0144)
3/3  w ← w − 0.4 · ∂E/∂w = 2.12 − 0.4 · 0.24 = 2.024  (E = 0.0144, then 0.000576)
"""

import io
import math
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, overload

from micrograd_like import arguments
from micrograd_like.draw import THEMES, Theme
from micrograd_like.engine import Value
from micrograd_like.learn import SGD, SIZE, figure_axes, styled
from micrograd_like.notation import formula, number, partial
from micrograd_like.steps.player import (
    MOST_FRAMES,
    Attributes,
    PageData,
    PageStep,
    Player,
    page_svg,
)
from micrograd_like.steps.sequence import one_line

__all__ = ["Descent", "DescentStep"]

MOST = 1000  # steps
AROUND = 0.35  # of the way's extent, that the picture shows beside it
HIGHEST = 4.0  # of a descent that climbs, times the fall or the first step's rise, to be shown
SAMPLES = 241, 101  # of the error, on its curve and on each side of its surface
HIDDEN: Attributes = {"visibility": "hidden"}
Error = Callable[..., Value]


class DescentStep(NamedTuple):
    """One step: the slope where the weights are, and where they are after going against it."""

    number: int  # from 1
    total: int
    names: tuple[str, ...]
    point: tuple[float, ...]
    error: float
    gradient: tuple[float, ...]
    lr: float
    moved: tuple[float, ...]  # point - lr · gradient
    then: float  # the error there; NaN where it has none

    @property
    def equation(self) -> tuple[str, ...]:
        """What is equal on the board."""
        slopes = [partial("E", name) for name in self.names]
        numbers = [tuple(map(number, each)) for each in (self.point, self.gradient, self.moved)]
        rows = [(self.names, slopes), (numbers[0], numbers[1])]
        return (
            _vector(self.names),
            *(_rule(_vector(at), self.lr, _vector(slope)) for at, slope in rows),
            _vector(numbers[2]),
        )

    @property
    def remark(self) -> str:
        """What became of the error."""
        return f"E = {number(self.error)}, then {self.arrived}"

    @property
    def arrived(self) -> str:
        """The error after the step, if it is defined there."""
        return "undefined" if math.isnan(self.then) else number(self.then)

    @property
    def line(self) -> str:
        """The equation as one line."""
        return one_line(self.equation, "←")

    def __str__(self) -> str:
        return f"{self.number:>{len(str(self.total))}}/{self.total}  {self.line}  ({self.remark})"


class Descent(Sequence[DescentStep], Player):
    """The steps of gradient descent from a start, and their player.

    ``error`` takes one Value or two, the weights, and returns one; ``start`` are their numbers, and
    ``lr`` the learning rate.  The weights have the names of the function's arguments.  The descent
    ends early where the error or its gradient is no finite number.  In a notebook it shows as a
    page that plays the steps, and `save` writes that page, or a GIF; both need matplotlib.

    >>> steps = Descent(lambda w1, w2: w1**2 + 3 * w2**2, 2.0, 1.0, lr=0.1)
    >>> len(steps), steps[0].gradient
    (20, (4.0, 6.0))

    Raises a TypeError where ``error`` is no function of so many weights or returns no Value, and a
    ValueError for other than one or two weights, for a rate that is not above 0, for other than 1
    to 1,000 steps, and where the error is not defined at the start.
    """

    def __init__(self, error: Error, *start: float, lr: float = 0.1, steps: int = 20) -> None:
        if len(start) not in (1, 2):
            raise ValueError(
                f"Descent: draws an error of 1 or 2 weights, not of {len(start)}: "
                "give a number for each"
            )
        arguments.whole(steps, "Descent: steps", most=MOST)
        _check_function(error, len(start))
        self.error, self.lr = error, arguments.above_zero(lr, "Descent: lr")
        self.start = tuple(arguments.number(x, "Descent: a weight") for x in start)
        self.names = _names(error, len(start))
        self.ended = ""  # why, if it ended early
        self._steps: list[DescentStep] = []
        self._walk(steps)

    def _walk(self, most: int) -> None:
        weights = [Value(x, name) for x, name in zip(self.start, self.names, strict=True)]
        optimizer = SGD(weights, self.lr)
        error = self._error_at(weights)  # an error at the start is the caller's
        for k in range(1, most + 1):
            optimizer.zero_grad()
            error.backward()
            gradient = tuple(arguments.number(w.grad, "Descent: a gradient") for w in weights)
            point = tuple(w.data for w in weights)
            then = math.nan
            try:
                optimizer.step()
                error, before = self._error_at(weights), error
                then = error.data
            except (ArithmeticError, ValueError) as problem:
                self.ended, before = str(problem), error
            moved = tuple(w.data for w in weights)
            self._steps.append(
                DescentStep(k, most, self.names, point, before.data, gradient, self.lr, moved, then)
            )
            if not math.isfinite(then):
                self.ended = self.ended or f"the error is {then}"
                break
        self._steps = [step._replace(total=len(self._steps)) for step in self._steps]

    def _error_at(self, weights: Sequence[Value]) -> Value:
        error = self.error(*weights)
        if not isinstance(error, Value):
            raise TypeError(
                f"Descent: the error is to return a Value, not {arguments.short(error)}; "
                "calculate with the weights that it is given"
            )
        return error

    def __len__(self) -> int:
        return len(self._steps)

    @overload
    def __getitem__(self, index: int) -> DescentStep: ...
    @overload
    def __getitem__(self, index: slice) -> list[DescentStep]: ...

    def __getitem__(self, index: int | slice) -> DescentStep | list[DescentStep]:
        return self._steps[index]

    def __repr__(self) -> str:
        last = self._steps[-1]
        return f"<Descent of {len(self)} steps: E from {number(self[0].error)} to {last.arrived}>"

    # --- pictures

    def plot(self, ax: Any = None, theme: str = "light", *, upto: int | None = None) -> Any:
        """The way down, drawn on matplotlib's axes, all of it or the first steps; returns the axes.

        Of one weight it is on the error's curve, of two on its surface, as lines of equal error.
        Raises an ImportError without matplotlib, and a ValueError for an unknown theme.
        """
        ax, colours = styled(ax, theme)
        self._ground(ax, colours)
        limits = ax.get_xlim(), ax.get_ylim()
        points = [self._at(step.point, step.error) for step in self._steps]
        points.append(self._at(self._steps[-1].moved, self._steps[-1].then))
        points = points[: None if upto is None else upto + 1]
        way = [xy for xy in points if all(map(math.isfinite, xy))]
        for a, b in pairwise(way):
            ax.plot(*zip(*self._hop(a, b), strict=True), color=colours.lit, linewidth=1.6)
        ax.plot(*zip(*way, strict=True), "o", color=colours.lit, markersize=4)
        ax.plot(*way[-1], "o", color=colours.positive, markersize=8)
        ax.set_xlim(*limits[0])
        ax.set_ylim(*limits[1])
        return ax

    def _at(self, point: tuple[float, ...], error: float) -> tuple[float, float]:
        """Where a point is in the picture: on the curve, or on the surface from above."""
        return (point[0], error) if len(point) == 1 else (point[0], point[1])

    def _hop(self, a: tuple[float, float], b: tuple[float, float]) -> list[tuple[float, float]]:
        """A step in the picture: of one weight first along its axis, then down to the curve."""
        return [a, (b[0], a[1]), b] if len(self.start) == 1 else [a, b]

    def _window(self, axis: int) -> tuple[float, float]:
        """What of a weight's axis is shown: the way, as far as it does not run off."""
        first, least = self._steps[0], min(step.error for step in self._steps)
        rise = max(first.error - least, abs(first.then - first.error), 1e-300)
        highest = first.error + HIGHEST * (rise if math.isfinite(rise) else 1.0)
        places = [s.point[axis] for s in self._steps if s.error <= highest]
        places += [s.moved[axis] for s in self._steps if s.then <= highest]
        low, high = min(places), max(places)
        side = AROUND * (high - low) or max(1.0, abs(low) / 2)
        return low - side, high + side

    def _ground(self, ax: Any, colours: Theme) -> None:
        """What the descent is on, and its axes."""
        ax.set_xlabel(self.names[0], color=colours.text)
        (self._curve if len(self.start) == 1 else self._surface)(ax, colours)

    def _curve(self, ax: Any, colours: Theme) -> None:
        low, high = self._window(0)
        xs = [low + (high - low) * k / (SAMPLES[0] - 1) for k in range(SAMPLES[0])]
        ys = [self._height(x) for x in xs]
        ax.plot(xs, ys, color=colours.text, linewidth=1.8)
        ax.set_xlim(low, high)
        bottom = min((y for y in ys if math.isfinite(y)), default=0.0)
        points = [step.error for step in self._steps if low <= step.point[0] <= high]
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
        count = SAMPLES[1]
        xs = [left + (right - left) * k / (count - 1) for k in range(count)]
        ys = [low + (high - low) * k / (count - 1) for k in range(count)]
        heights = [[self._height(x, y) for x in xs] for y in ys]
        known = sorted(z for row in heights for z in row if math.isfinite(z))
        if known and known[0] < known[-1]:
            # As many values between two lines as between any others: near the bottom, too.
            levels = sorted({known[(len(known) - 1) * k // 14] for k in range(1, 14)})
            ax.contour(xs, ys, heights, levels=levels, colors=[colours.faint], linewidths=0.9)
        ax.set_xlim(left, right)
        ax.set_ylim(low, high)
        ax.set_ylabel(self.names[1], color=colours.text)

    def _height(self, *point: float) -> float:
        try:
            return self.error(*map(Value, point)).data
        except (ArithmeticError, ValueError):
            return math.nan

    def still(self) -> bytes:
        """The whole way, as PNG."""
        return _png(self.plot(figure_axes()))

    def frames(self) -> tuple[int, Iterator[bytes]]:
        """The way up to each step, as PNG, and how many pictures they are.

        Raises a ValueError if there are more than 400 steps.
        """
        if len(self) > MOST_FRAMES:
            raise ValueError(
                f"Descent: a moving picture of {len(self):,} steps is too long, it may have "
                f"{MOST_FRAMES}; give fewer, as in steps={MOST_FRAMES}"
            )

        def frame(upto: int) -> bytes:
            ax = self.plot(figure_axes(), upto=upto)
            ax.set_title(str(self[upto - 1]) if upto else " ", loc="left", fontsize=9)
            return _png(ax)

        return len(self) + 1, map(frame, range(len(self) + 1))

    # --- the player

    def page_data(self) -> PageData:
        """Two steps of the page for each: the slope, and the step against it."""
        ax, colours = styled(figure_axes(), "light")
        ax.set_facecolor("none")  # which is the page's
        self._ground(ax, colours)
        svg = _svg(ax)
        frame = ax.get_window_extent()
        place = _Placement(ax)
        shapes = [
            f'<clipPath id="frame"><rect fill="none" x="{frame.x0:.1f}" '
            f'y="{place.height - frame.y1:.1f}" width="{frame.width:.1f}" '
            f'height="{frame.height:.1f}"/></clipPath><g class="descent" clip-path="url(#frame)">'
        ]
        steps = []
        for step in self._steps:
            shapes.append(self._path(step, place))
            steps += [self._slope(step, place), self._hop_step(step, place)]
        shapes += [
            '<marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="3.4" '
            'markerHeight="3.4" orient="auto"><path d="M0 0 10 5 0 10z"/></marker>',
            '<line id="slope" class="slope" visibility="hidden"/>',
            '<circle id="here" class="here" r="6"/></g>',
        ]
        title = f"Gradient descent, learning rate {number(self.lr)}"
        start = place(self._at(self.start, self[0].error))
        attributes = {"here": _circle(start), "slope": HIDDEN}
        svg = svg.replace("</svg>", "".join(shapes) + "</svg>")
        return PageData(title, svg, attributes, steps)

    def _path(self, step: DescentStep, place: "_Placement") -> str:
        """The way of a step, as SVG."""
        a, b = self._at(step.point, step.error), self._at(step.moved, step.then)
        hop = [place(xy) for xy in self._hop(a, b) if all(map(math.isfinite, xy))]
        way = " L".join(f"{x:.1f} {y:.1f}" for x, y in hop)
        return f'<path id="{_path_id(step)}" class="hop" fill="none" d="M{way}"/>'

    def _hop_step(self, step: DescentStep, place: "_Placement") -> PageStep:
        """The step against the slope, as the page shows it."""
        end, name = self._at(step.moved, step.then), _path_id(step)
        changes: dict[str, Attributes] = {name: {"class": "gone"}, "slope": HIDDEN}
        if all(map(math.isfinite, end)):
            changes["here"] = _circle(place(end))
        return PageStep(
            step.number, step.total, "step", step.equation, "←", "",
            self._remark(step), [name], set=changes,
        )  # fmt: skip

    def _slope(self, step: DescentStep, place: "_Placement") -> PageStep:
        x, y = place(self._at(step.point, step.error))
        looks: dict[str, Attributes] = {}
        towards = place.direction(step.gradient)
        if towards:
            dx, dy = towards
            back = 1 if len(step.names) == 1 else 0  # a tangent goes both ways, a gradient uphill
            ends = {"x1": x - back * dx, "y1": y - back * dy, "x2": x + dx, "y2": y + dy}
            sign = "positive" if step.gradient[0] > 0 else "negative"
            shape = {"class": sign} if back else {"marker-end": "url(#head)"}
            looks["slope"] = {k: f"{v:.1f}" for k, v in ends.items()} | shape
        slopes = [partial("E", name) for name in step.names]
        ways = ", ".join(
            f"{name} {'goes down' if slope > 0 else 'goes up' if slope < 0 else 'stays'}"
            for name, slope in zip(step.names, step.gradient, strict=True)
        )
        at = ", ".join(f"{n} = {number(x)}" for n, x in zip(step.names, step.point, strict=True))
        equation = (_vector(slopes), _vector([number(d) for d in step.gradient]))
        remark = f"at {at}, where E = {number(step.error)}; against the slope: {ways}"
        return PageStep(step.number, step.total, "slope", equation, remark=remark, set=looks)

    def _remark(self, step: DescentStep) -> str:
        ended = f"; it ends here: {self.ended}" if self.ended and step.number == step.total else ""
        return f"{step.remark}; the learning rate is {number(step.lr)}{ended}"


class _Placement:
    """Where points of the axes are on the page's picture, in points from its top left corner."""

    def __init__(self, ax: Any) -> None:
        self.transform = ax.transData
        self.height = SIZE[1] * 72

    def __call__(self, xy: tuple[float, float]) -> tuple[float, float]:
        x, y = (min(max(float(each), -1e4), 1e4) for each in self.transform.transform(xy))
        return x, self.height - y

    def direction(self, gradient: tuple[float, ...], length: float = 46.0) -> Any:
        """A tangent's direction, or of two weights the gradient's; None where it has none."""
        by = (1.0, gradient[0]) if len(gradient) == 1 else (gradient[0], gradient[1])
        (x0, y0), (x1, y1) = self.transform.transform([(0.0, 0.0), by])
        size = math.hypot(x1 - x0, y1 - y0)
        if not size or not math.isfinite(size):
            return None
        return length * (x1 - x0) / size, -length * (y1 - y0) / size


def _path_id(step: DescentStep) -> str:
    return f"t{step.number}"


def _circle(at: tuple[float, float]) -> Attributes:
    return {"cx": f"{at[0]:.1f}", "cy": f"{at[1]:.1f}"}


def _check_function(error: Error, count: int) -> None:
    arguments.function(error, "Descent: error", "the weights that returns a Value")
    import inspect

    try:
        inspect.signature(error).bind(*range(count))
    except TypeError:
        raise TypeError(
            f"Descent: starts from {count} numbers, and the error does not take so many weights; "
            "the learning rate is given by name, as in lr=0.1"
        ) from None
    except ValueError:  # of a function that tells no signature
        pass


def _names(error: Error, count: int) -> tuple[str, ...]:
    """The names of the function's arguments, or w and w1, w2 where it has none to tell."""
    import inspect

    usual = ("w",) if count == 1 else ("w1", "w2")
    try:
        given = list(inspect.signature(error).parameters.values())[:count]
    except (TypeError, ValueError):
        return usual
    if len(given) < count or any(each.kind > each.POSITIONAL_OR_KEYWORD for each in given):
        return usual
    return tuple(each.name for each in given)


def _vector(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


def _rule(at: str, lr: float, slope: str) -> str:
    return str(formula("x - y", at, formula("x * y", lr, slope)))


def _png(ax: Any) -> bytes:
    file = io.BytesIO()
    ax.figure.savefig(file, format="png", dpi=144, facecolor=THEMES["light"].background)
    return file.getvalue()


def _svg(ax: Any) -> str:
    """A figure as SVG, the same at each time, in the colours of the page."""
    import matplotlib as mpl

    file = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "micrograd_like", "svg.fonttype": "none"}):
        ax.figure.savefig(file, format="svg", facecolor="none", metadata={"Date": None})
    svg = page_svg(file.getvalue())
    for name in ("text", "faint"):
        svg = svg.replace(getattr(THEMES["light"], name), f"var(--{name})")
    return re.sub(r"<metadata>.*?</metadata>\n?", "", svg, flags=re.DOTALL)
