"""The page of a descent: the picture once, and the steps on it, which the page computes itself.

Where it cannot, the steps are written as scenes, which it plays.  They say the same: the words are
in `words.py`, and the scripts in page/descent write what `scenes` does.
"""

import math
from typing import Any, NamedTuple

from micrograd_like.draw import (
    FRAME_ID,
    HEAD_ID,
    HERE_ID,
    SLOPE_ID,
    THEMES,
    hop_id,
    markup,
    sign_name,
)
from micrograd_like.learn import SIZE, figure_axes, styled
from micrograd_like.notation import number, plural, template
from micrograd_like.steps.error_graph import error_graph
from micrograd_like.steps.figures import figure_svg, points_of
from micrograd_like.steps.graph_data import as_json
from micrograd_like.steps.landscape import Landscape, Point
from micrograd_like.steps.pages import (
    PLAYING,
    Attributes,
    PageData,
    PageStep,
    frames,
    page_svg,
    scripts,
)
from micrograd_like.steps.trajectory import MOST, DescentStep, Trajectory, slopes_of, vector
from micrograd_like.steps.words import DESCENT_WORDS, WORDS

__all__ = ["POINTS", "DescentPage", "descent_page"]

HIDDEN: Attributes = {"visibility": "hidden"}
LENGTH = 46.0  # of the slope on the page, in points
FURTHEST = 1e4  # points from the picture's corner, which browsers can draw
POINTS = points_of(SIZE)  # the size of the picture
STYLES = "tools", "learning", "value", "descent"
COMPUTING = "numbers", "shared/values", "graph", "board", "log_field", "frames"
PARTS = "place", "walk", "scenes", "fields", "handle", "panel", "start"


def descent_page(steps: Trajectory, title: str, theme: str) -> PageData:
    """The page of a descent, that computes if it can."""
    page = DescentPage.of(steps)
    try:
        graph, rules = error_graph(steps, page.place.windows[: len(steps.start)])
    except ValueError as error:
        data = frames(title, page.drawn(), page.start(), page.scenes(), theme)
        why = " ".join(str(error).split())
        return data._replace(controls=_told(f"The start and the learning rate stay: {why}."))
    content = {
        "title": title, "graph": graph, "start": [as_json(x) for x in steps.start],
        "names": steps.names, "slopes": slopes_of(steps.names), "rate": steps.lr,
        "steps": steps.most, "most": MOST, "place": page.place._asdict(),
        "length": LENGTH, "words": {**WORDS, **DESCENT_WORDS}, "sum": template("x + y"),
        "difference": template("x - y"), "product": template("x * y"),
    }  # fmt: skip
    parts = (f"descent/{name}" for name in PARTS)
    written = [rules, *scripts(*COMPUTING, *PLAYING, *parts)]
    return PageData(title, page.drawn(False), content, written, theme, _told(page.told()), STYLES)


def _told(words: str) -> str:
    return f'<p id="told" class="words" role="status">{markup(words)}</p>'


class Placement(NamedTuple):
    """Where points of the axes are on the page's picture, in points from its top left corner."""

    left: float
    top: float
    width: float
    height: float
    across: tuple[float, float]
    up: tuple[float, float]

    @classmethod
    def of(cls, ax: Any) -> "Placement":
        """That of matplotlib's axes, once they are drawn."""
        frame = ax.get_window_extent()
        (x0, x1), (y0, y1) = (map(float, of) for of in (ax.get_xlim(), ax.get_ylim()))
        left, top = float(frame.x0), POINTS[1] - float(frame.y1)
        return cls(left, top, float(frame.width), float(frame.height), (x0, x1), (y0, y1))

    @property
    def windows(self) -> tuple[Point, Point]:
        """What is shown of each axis."""
        return self.across, self.up

    def __call__(self, xy: Point) -> Point:
        (low, high), (bottom, top) = self.across, self.up
        x = self.left + self.width * ((xy[0] - low) / (high - low))
        y = self.top + self.height * (1 - (xy[1] - bottom) / (top - bottom))
        return _near(x), _near(y)

    def direction(self, gradient: tuple[float, ...]) -> Point | None:
        """A tangent's direction, or of two weights the gradient's; None where it has none."""
        right, up = (1.0, gradient[0]) if len(gradient) == 1 else (gradient[0], gradient[1])
        dx = self.width * (right / (self.across[1] - self.across[0]))
        dy = self.height * (up / (self.up[1] - self.up[0]))
        most = max(abs(dx), abs(dy))
        if not most or not (math.isfinite(dx) and math.isfinite(dy)):
            return None
        dx, dy = dx / most, dy / most
        size = math.sqrt(dx * dx + dy * dy)
        return LENGTH * (dx / size), -LENGTH * (dy / size)


def _near(x: float) -> float:
    return min(max(x, -FURTHEST), FURTHEST)


class DescentPage(NamedTuple):
    """The steps of a descent on a picture, which need not be their own."""

    steps: Trajectory
    landscape: Landscape
    place: Placement
    svg: str

    @classmethod
    def of(cls, steps: Trajectory) -> "DescentPage":
        """The steps on their own picture."""
        landscape = Landscape(steps)
        ax, colours = styled(figure_axes(), "light")
        ax.set_facecolor("none")  # which is the page's
        landscape.draw(ax, colours)
        svg = _svg(ax)  # which settles where the axes are
        return cls(steps, landscape, Placement.of(ax), svg)

    def drawn(self, ways: bool = True) -> str:
        """The picture with all that moves on it, and the ways of the steps if they are told to."""
        return self.svg.replace("</svg>", self._shapes(ways) + "</svg>")

    def start(self) -> dict[str, Attributes]:
        """How elements look before the first step."""
        first = self.steps[0]
        here = self._circle(first.point, first.error)
        return {HERE_ID: here or HIDDEN, SLOPE_ID: HIDDEN}

    def scenes(self) -> list[PageStep]:
        """Two for each step."""
        return [scene for step in self.steps for scene in (self._slope(step), self._hop(step))]

    def told(self) -> str:
        """The whole way in words."""
        first, last = self.steps[0], self.steps[-1]
        told = DESCENT_WORDS["whole"].format(
            count=plural(len(self.steps), "step"), at=_at(first), error=number(first.error),
            after=last.arrived,
        )  # fmt: skip
        ended = self.steps.ended
        return told + (DESCENT_WORDS["early"].format(why=ended) if ended else "")

    def way(self, step: DescentStep) -> str:
        """The way of a step, as the path of SVG."""
        at, hop = self.landscape.at, self.landscape.hop
        ends = at(step.point, step.error), at(step.moved, step.then)
        points = [self.place(xy) for xy in hop(*ends) if all(map(math.isfinite, xy))]
        return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points) if points else ""

    def _shapes(self, ways: bool) -> str:
        """What moves or shows as the steps go on, as SVG, cut to the frame of the axes."""
        place = self.place
        hops = (
            f'<path id="{hop_id(step.number)}" class="hop" fill="none" d="{self.way(step)}"/>'
            for step in self.steps
            if ways
        )
        return (
            f'<clipPath id="{FRAME_ID}"><rect fill="none" x="{place.left:.1f}" '
            f'y="{place.top:.1f}" width="{place.width:.1f}" '
            f'height="{place.height:.1f}"/></clipPath>'
            f'<g class="descent" clip-path="url(#{FRAME_ID})">'
            f"{''.join(hops)}"
            f'<marker id="{HEAD_ID}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="3.4" '
            'markerHeight="3.4" orient="auto"><path d="M0 0 10 5 0 10z"/></marker>'
            f'<line id="{SLOPE_ID}" class="slope" visibility="hidden"/>'
            f'<circle id="{HERE_ID}" class="here" r="6"/></g>'
        )

    def _circle(self, point: tuple[float, ...], error: float) -> Attributes:
        """Where the weights are; nothing if that is nowhere."""
        xy = self.landscape.at(point, error)
        if not all(map(math.isfinite, xy)):
            return {}
        x, y = self.place(xy)
        return {"cx": f"{x:.1f}", "cy": f"{y:.1f}"}

    def _slope(self, step: DescentStep) -> PageStep:
        """The slope where the weights are, and which way it tells them to go."""
        ways = ", ".join(
            DESCENT_WORDS["down" if slope > 0 else "up" if slope < 0 else "stays"].format(name=name)
            for name, slope in zip(step.names, step.gradient, strict=True)
        )
        equation = (vector(slopes_of(step.names)), vector([number(d) for d in step.gradient]))
        remark = DESCENT_WORDS["slope"].format(at=_at(step), error=number(step.error), ways=ways)
        looks = self._arrow(step)
        return PageStep(step.number, step.total, "slope", equation, remark=remark, set=looks)

    def _hop(self, step: DescentStep) -> PageStep:
        """The step against the slope, as the page shows it."""
        name = hop_id(step.number)
        changes: dict[str, Attributes] = {name: {"class": "gone"}, SLOPE_ID: HIDDEN}
        if here := self._circle(step.moved, step.then):
            changes[HERE_ID] = here
        remark = step.remark + DESCENT_WORDS["rate"].format(rate=number(step.lr))
        if step.number == step.total and self.steps.ended:
            remark += DESCENT_WORDS["ends"].format(why=self.steps.ended)
        return PageStep(
            step.number, step.total, "step", step.equation, "←", "", remark, [name], set=changes
        )

    def _arrow(self, step: DescentStep) -> dict[str, Attributes]:
        """The tangent of a curve, which goes both ways, or of a surface the gradient, uphill."""
        towards = self.place.direction(step.gradient)
        xy = self.landscape.at(step.point, step.error)
        if towards is None or not all(map(math.isfinite, xy)):
            return {}
        (x, y), (dx, dy) = self.place(xy), towards
        is_curve = self.landscape.is_curve
        back = 1 if is_curve else 0
        ends = {"x1": x - back * dx, "y1": y - back * dy, "x2": x + dx, "y2": y + dy}
        shape = {"marker-end": f"url(#{HEAD_ID})"}
        if is_curve:
            shape = {"class": sign_name(step.gradient[0])}
        return {SLOPE_ID: {k: f"{v:.1f}" for k, v in ends.items()} | shape}


def _at(step: DescentStep) -> str:
    """Where the weights are, in words."""
    return ", ".join(
        DESCENT_WORDS["number"].format(name=name, number=number(x))
        for name, x in zip(step.names, step.point, strict=True)
    )


def _svg(ax: Any) -> str:
    """A figure as SVG in the colours of the page."""
    svg = page_svg(figure_svg(ax.figure))
    for name in ("text", "faint"):
        svg = svg.replace(getattr(THEMES["light"], name), f"var(--{name})")
    return svg
