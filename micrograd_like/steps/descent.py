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
from textwrap import wrap
from typing import Any

from micrograd_like.arguments import extra
from micrograd_like.draw import (
    FRAME_ID,
    HEAD_ID,
    HERE_ID,
    SLOPE_ID,
    THEMES,
    drawn_theme,
    hop_id,
    sign_name,
)
from micrograd_like.learn import SIZE, figure_axes, styled
from micrograd_like.notation import number
from micrograd_like.steps.landscape import Landscape, Point
from micrograd_like.steps.movie import (
    MOST_FRAMES,
    SHARP,
    Part,
    Reel,
    check_count,
    scale_of,
    seconds_each,
)
from micrograd_like.steps.pages import Attributes, PageData, PageStep, frames, page_svg
from micrograd_like.steps.player import Player, png_shown
from micrograd_like.steps.trajectory import DescentStep, Error, Trajectory, slopes_of, vector

__all__ = ["Descent"]

HIDDEN: Attributes = {"visibility": "hidden"}
LENGTH = 46.0  # of the slope on the page, in points
LINE = 84  # characters above a frame of a moving picture
POINTS = SIZE[0] * 72, SIZE[1] * 72  # the size of the picture
# What files say about when they were made, which would make each another one.
STEADY: dict[str, Any] = {
    "png": {},
    "svg": {"metadata": {"Date": None}},
    "pdf": {"metadata": {"CreationDate": None}},
}


class Descent(Trajectory, Player):
    """The steps of gradient descent from a start, and their player.

    ``error`` takes one Value or two, the weights, and returns one; ``start`` are their numbers, and
    ``lr`` the learning rate.  The weights have the names of the function's arguments.  The descent
    ends early where the error or its gradient is no finite number.  In a notebook it shows as a
    page that plays the steps, and `save` writes that page, a picture, or a moving picture; all need
    matplotlib.

    >>> steps = Descent(lambda w1, w2: w1**2 + 3 * w2**2, 2.0, 1.0, lr=0.1)
    >>> len(steps), steps[0].gradient
    (20, (4.0, 6.0))

    Raises a TypeError where ``error`` is no function of so many weights or returns no Value, and a
    ValueError for other than one or two weights, for a rate that is not above 0, for other than 1
    to 1,000 steps, and where the error is not defined at the start.
    """

    def __init__(self, error: Error, *start: float, lr: float = 0.1, steps: int = 20) -> None:
        super().__init__(error, *start, lr=lr, steps=steps)

    def __repr__(self) -> str:
        last = self._steps[-1]
        return f"<Descent of {len(self)} steps: E from {number(self[0].error)} to {last.arrived}>"

    def plot(self, ax: Any = None, theme: str = "light", *, upto: int | None = None) -> Any:
        """The way down, drawn on matplotlib's axes, all of it or the first steps; returns the axes.

        Of one weight it is on the error's curve, of two on its surface, as lines of equal error.
        Raises an ImportError without matplotlib, and a ValueError for an unknown theme.
        """
        ax, colours = styled(ax, theme)
        landscape = Landscape(self)
        landscape.draw(ax, colours)
        landscape.draw_way(ax, colours, upto)
        return ax

    def still(self, ending: str = ".png", width: int | None = None) -> bytes:
        """The whole way, as a file of an ending: .svg, .png or .pdf."""
        theme = drawn_theme(self.theme)
        scale = width / POINTS[0] if width else SHARP
        return _file(self.plot(figure_axes(), theme), theme, ending[1:], scale)

    def shown(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The whole way, for a notebook."""
        return png_shown(self.still(), self.title, POINTS)

    def reel(self, width: int | None = None, speed: float | None = None) -> Reel:
        """The way up to each step, as a moving picture's frames.

        Raises a ValueError if there are more than 400 steps, or if they are too large.
        """
        image = extra("PIL.Image", "demo", "a moving picture needs Pillow")
        where, count = "Descent.save", len(self) + 1
        check_count(len(self), where, f"give fewer, as in steps={MOST_FRAMES}")
        scale = scale_of(POINTS, count, width, where)

        theme = drawn_theme(self.theme)
        ax, colours = styled(figure_axes(), theme)
        landscape = Landscape(self)
        landscape.draw(ax, colours)
        ground = len(ax.lines)  # what stays as it is

        def frame(upto: int) -> Any:
            for line in ax.lines[ground:]:
                line.remove()
            landscape.draw_way(ax, colours, upto)
            lines = wrap(str(self[upto - 1]), LINE, max_lines=2, placeholder=" …") if upto else []
            title = "\n".join([*lines, " ", " "][:2])  # of one height in all frames
            ax.set_title(title, loc="left", fontsize=9, color=colours.text)
            png = _file(ax, theme, "png", scale)
            return image.open(io.BytesIO(png)).convert("RGB")

        last = frame(len(self))
        each = seconds_each(speed, count, where)
        return Reel(count, ([Part((0, 0), frame(k))] for k in range(count)), last, each)

    @property
    def title(self) -> str:
        """What is shown."""
        return f"Gradient descent, learning rate {number(self.lr)}"

    def page_data(self) -> PageData:
        """Two steps of the page for each: the slope, and the step against it."""
        return _Page(self).data()


class _Page:
    """The page of a descent: the landscape once, and what each step moves on it."""

    def __init__(self, steps: Descent) -> None:
        self.steps, self.landscape = steps, Landscape(steps)
        ax, colours = styled(figure_axes(), "light")
        ax.set_facecolor("none")  # which is the page's
        self.landscape.draw(ax, colours)
        self.svg = _svg(ax)  # which settles where the axes are
        self.frame, self.place = ax.get_window_extent(), _Placement(ax)

    def data(self) -> PageData:
        """The picture with all that moves on it, and the page's steps."""
        first = self.steps[0]
        start = {HERE_ID: self._circle(first.point, first.error), SLOPE_ID: HIDDEN}
        svg = self.svg.replace("</svg>", self._shapes() + "</svg>")
        scenes = [scene for step in self.steps for scene in (self._slope(step), self._hop(step))]
        return frames(self.steps.title, svg, start, scenes, self.steps.theme)

    def _shapes(self) -> str:
        """What moves or shows as the steps go on, as SVG, cut to the frame of the axes."""
        frame = self.frame
        return (
            f'<clipPath id="{FRAME_ID}"><rect fill="none" x="{frame.x0:.1f}" '
            f'y="{self.place.height - frame.y1:.1f}" width="{frame.width:.1f}" '
            f'height="{frame.height:.1f}"/></clipPath>'
            f'<g class="descent" clip-path="url(#{FRAME_ID})">'
            f"{''.join(map(self._path, self.steps))}"
            f'<marker id="{HEAD_ID}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="3.4" '
            'markerHeight="3.4" orient="auto"><path d="M0 0 10 5 0 10z"/></marker>'
            f'<line id="{SLOPE_ID}" class="slope" visibility="hidden"/>'
            f'<circle id="{HERE_ID}" class="here" r="6"/></g>'
        )

    def _path(self, step: DescentStep) -> str:
        """The way of a step, as SVG."""
        at, hop = self.landscape.at, self.landscape.hop
        ends = at(step.point, step.error), at(step.moved, step.then)
        points = [self.place(xy) for xy in hop(*ends) if all(map(math.isfinite, xy))]
        way = " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        return f'<path id="{hop_id(step.number)}" class="hop" fill="none" d="M{way}"/>'

    def _circle(self, point: tuple[float, ...], error: float) -> Attributes:
        """Where the weights are."""
        x, y = self.place(self.landscape.at(point, error))
        return {"cx": f"{x:.1f}", "cy": f"{y:.1f}"}

    def _hop(self, step: DescentStep) -> PageStep:
        """The step against the slope, as the page shows it."""
        name = hop_id(step.number)
        changes: dict[str, Attributes] = {name: {"class": "gone"}, SLOPE_ID: HIDDEN}
        if all(map(math.isfinite, self.landscape.at(step.moved, step.then))):
            changes[HERE_ID] = self._circle(step.moved, step.then)
        ended = self.steps.ended if step.number == step.total else ""
        remark = f"{step.remark}; the learning rate is {number(step.lr)}"
        remark += f"; it ends here: {ended}" if ended else ""
        return PageStep(
            step.number, step.total, "step", step.equation, "←", "", remark, [name], set=changes
        )

    def _slope(self, step: DescentStep) -> PageStep:
        """The slope where the weights are, and which way it tells them to go."""
        ways = ", ".join(
            f"{name} {'goes down' if slope > 0 else 'goes up' if slope < 0 else 'stays'}"
            for name, slope in zip(step.names, step.gradient, strict=True)
        )
        at = ", ".join(f"{n} = {number(x)}" for n, x in zip(step.names, step.point, strict=True))
        equation = (vector(slopes_of(step.names)), vector([number(d) for d in step.gradient]))
        remark = f"at {at}, where E = {number(step.error)}; against the slope: {ways}"
        looks = self._arrow(step)
        return PageStep(step.number, step.total, "slope", equation, remark=remark, set=looks)

    def _arrow(self, step: DescentStep) -> dict[str, Attributes]:
        """The tangent of a curve, which goes both ways, or of a surface the gradient, uphill."""
        x, y = self.place(self.landscape.at(step.point, step.error))
        towards = self.place.direction(step.gradient)
        if towards is None:
            return {}
        dx, dy = towards
        back = 1 if self.landscape.is_curve else 0
        ends = {"x1": x - back * dx, "y1": y - back * dy, "x2": x + dx, "y2": y + dy}
        shape = {"marker-end": f"url(#{HEAD_ID})"}
        if self.landscape.is_curve:
            shape = {"class": sign_name(step.gradient[0])}
        return {SLOPE_ID: {k: f"{v:.1f}" for k, v in ends.items()} | shape}


class _Placement:
    """Where points of the axes are on the page's picture, in points from its top left corner."""

    def __init__(self, ax: Any) -> None:
        self.transform = ax.transData
        self.height = SIZE[1] * 72

    def __call__(self, xy: Point) -> Point:
        x, y = (min(max(float(each), -1e4), 1e4) for each in self.transform.transform(xy))
        return x, self.height - y

    def direction(self, gradient: tuple[float, ...]) -> Point | None:
        """A tangent's direction, or of two weights the gradient's; None where it has none."""
        by = (1.0, gradient[0]) if len(gradient) == 1 else (gradient[0], gradient[1])
        (x0, y0), (x1, y1) = self.transform.transform([(0.0, 0.0), by])
        size = math.hypot(x1 - x0, y1 - y0)
        if not size or not math.isfinite(size):
            return None
        return LENGTH * (x1 - x0) / size, -LENGTH * (y1 - y0) / size


def _file(ax: Any, theme: str, format: str, scale: float) -> bytes:  # noqa: A002
    """A figure as a file, with so many pixels for a point."""
    file = io.BytesIO()
    ground = THEMES[theme].background
    ax.figure.savefig(file, format=format, dpi=72 * scale, facecolor=ground, **STEADY[format])
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
