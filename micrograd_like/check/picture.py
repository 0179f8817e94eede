"""A picture of a check: the error of differences against the step, and the claim beside it.

Both scales are logarithmic.  Large steps err as the function bends, small ones as its last digits
are rounded; between the two lie the steps at which differences agree.  A right claim is as near to
their slope as its bar, a wrong one is not.

>>> import math
>>> from micrograd_like.check.ladder import samples_of
>>> scene = scene_of(samples_of(math.sin, 0.5), math.sin(0.5), math.cos(0.5), 1e-14, 0.9)
>>> scene.first < 1e-3 < scene.last                     # the steps that tell 0.8776 from 0.9
True
>>> words("x", scene)
'x: differences agree on 0.8775825619 ± 1e−14; the claim is 0.9, off by 0.022'
"""

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, NamedTuple

from micrograd_like.check.ladder import RATIO, SAFETY, estimates_of, plateau_of, quotient
from micrograd_like.display import shown
from micrograd_like.draw import THEMES, framed
from micrograd_like.notation import number

__all__ = ["drawn", "scene_of", "words"]

WIDTH, HEIGHT = 440, 320  # narrow, so that its text is large enough on a phone
LEFT, RIGHT, TOP, BOTTOM = 58, 428, 76, 272  # of the plot
MARKS = 14  # of the legend
FONT = 12
LINE = 18  # from one line of the legend to the next
AROUND = 1e3  # how far the scale goes beyond the claim and the bar
LABELS = 6  # of an axis
EDGE = 0.1  # powers of ten that are left free at a scale's end
LIGHT = THEMES["light"]  # the colours that `framed` knows the dark ones of
DIFFERENCES = {
    0: "(f(x + h) − f(x − h)) / 2h",
    1: "(f(x + h) − f(x)) / h",
    -1: "(f(x) − f(x − h)) / h",
}


class Scene(NamedTuple):
    """What a picture shows."""

    errors: Sequence[tuple[float, float]]  # each step with the error of its difference
    side: int  # of the differences: 1 is to the right, -1 to the left, 0 is across
    slope: float  # what the differences agree on
    bar: float
    claim: float
    first: float  # below the steps at which they agree; 0 if there are none
    last: float  # above these

    @property
    def off(self) -> float:
        """How far the claim is off."""
        return abs(self.claim - self.slope)


def scene_of(
    samples: Sequence[Any],
    center: float,
    slope: float,
    bar: float,
    claim: float,
    kink: bool = False,
) -> Scene:
    """The errors of the differences at all steps, and at which of them the differences agree.

    At a ``kink`` they are those of the side whose slope is nearer to the claim.
    """
    side = 0
    if kink:
        sides = [
            (abs(plateau.best.value - claim), way, plateau.best)
            for way in (1, -1)
            if (plateau := plateau_of(estimates_of(list(samples), center, 0.0, way)))
        ]
        if sides:
            _, side, (bar, slope, _, _) = min(sides)
    elif samples and not any(quotient(s, center, 0) is not None for s in samples):
        side = 1 if any(s.right is not None for s in samples) else -1  # at the end of a domain
    pairs = [(s.step, quotient(s, center, side)) for s in samples]
    errors = [(h, abs(q - slope)) for h, q in pairs if q is not None and math.isfinite(q - slope)]
    off = abs(claim - slope)
    enough = max(SAFETY * bar, off / 10 if math.isfinite(off) else 0.0)
    first, last = _agreeing(errors, enough)
    return Scene(errors, side, slope, bar, claim, first, last)


def _agreeing(errors: Sequence[tuple[float, float]], enough: float) -> tuple[float, float]:
    """What is around the steps next to the best one whose errors are small enough."""
    best = min(range(len(errors)), key=lambda k: errors[k][1], default=0)
    if not errors or errors[best][1] > enough:
        return 0.0, 0.0
    low = high = best
    while low + 1 < len(errors) and errors[low + 1][1] <= enough:  # steps become smaller
        low += 1
    while high > 0 and errors[high - 1][1] <= enough:
        high -= 1
    between = math.sqrt(RATIO)  # of a step and its neighbour
    return errors[low][0] / between, errors[high][0] * between


def words(name: str, scene: Scene) -> str:
    """What the picture shows, in a line."""
    return f"{shown(name)}: differences {_agree(scene)}; {_claim(scene)}"


def _agree(scene: Scene) -> str:
    ways = {0: "", 1: "to the right ", -1: "to the left "}
    return f"{ways[scene.side]}agree on {number(scene.slope, 10)} ± {number(scene.bar, 1)}"


def _claim(scene: Scene) -> str:
    off = f", off by {number(scene.off, 2)}" if math.isfinite(scene.off) else ""
    return f"the claim is {number(scene.claim, 10)}{off}"


def drawn(name: str, scene: Scene) -> str:
    """The picture as SVG, light or dark as its reader likes."""
    across = _Scale([h for h, _ in scene.errors] or [1.0], LEFT, RIGHT)
    heights = [y for y in (scene.bar, scene.off) if 0 < y < math.inf]
    near = [e for _, e in scene.errors if e > 0]
    if heights:
        low, high = min(heights) / AROUND, max(heights) * AROUND
        near = [e for e in near if low <= e <= high]
    up = _Scale([*heights, *near] or [1.0], BOTTOM, TOP)
    parts = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{LIGHT.background}"/>',
        _band(scene, across),
        *_axes(across, up),
        *_curve(scene, across, up),
        *_lines(scene, up),
        *_legend(name, scene),
    ]
    body = f'<g class="graph" font-size="{FONT}">{"".join(parts)}</g>'
    address = ' xmlns="http://www.w3.org/2000/svg">'
    return framed(f"{address}{body}</svg>\n", (WIDTH, HEIGHT), words(name, scene), "auto")


class _Scale:
    """A logarithmic scale between two places of the picture, of whole powers of ten."""

    def __init__(self, numbers: Sequence[float], start: int, end: int) -> None:
        logs = [math.log10(x) for x in numbers]
        self.low, self.high = math.floor(min(logs)), math.ceil(max(logs) + EDGE)
        self.start, self.end = start, end

    def __call__(self, x: float) -> float:
        """The place of a number, at the scale's start or end if it is beyond."""
        part = (math.log10(x) - self.low) / (self.high - self.low) if x > 0 else 0.0
        return self.start + min(max(0.0, part), 1.0) * (self.end - self.start)

    def labels(self) -> Iterator[tuple[float, str]]:
        """The places of some powers of ten, with their numbers."""
        apart = -(-(self.high - self.low) // LABELS)
        for power in range(-(-self.low // apart) * apart, self.high + 1, apart):
            part = (power - self.low) / (self.high - self.low)
            text = f"1e{power}".replace("-", "−") if abs(power) > 2 else f"{10.0**power:g}"
            yield self.start + part * (self.end - self.start), text


def _band(scene: Scene, across: _Scale) -> str:
    """Where the differences agree."""
    if not scene.first:
        return ""
    left, right = across(scene.first), across(scene.last)
    return _box(left, TOP, right - left, BOTTOM - TOP)


def _box(x: float, y: float, width: float, height: float) -> str:
    size = f'width="{width:.1f}" height="{height:.1f}"'
    return f'<rect x="{x:.1f}" y="{y:.1f}" {size} fill="{LIGHT.leaf}"/>'


def _axes(across: _Scale, up: _Scale) -> Iterator[str]:
    for x, text in across.labels():
        yield _line(x, BOTTOM, x, BOTTOM + 4, LIGHT.faint)
        yield _text(x, BOTTOM + 18, text, 'text-anchor="middle"')
    for y, text in up.labels():
        yield _line(LEFT - 4, y, LEFT, y, LIGHT.faint)
        yield _text(LEFT - 8, y + 4, text, 'text-anchor="end"')
    yield _line(LEFT, BOTTOM, RIGHT, BOTTOM, LIGHT.faint)
    yield _line(LEFT, TOP, LEFT, BOTTOM, LIGHT.faint)
    yield _text((LEFT + RIGHT) / 2, HEIGHT - 10, "step h", 'text-anchor="middle"')


def _curve(scene: Scene, across: _Scale, up: _Scale) -> Iterator[str]:
    """The errors, as far as they are not above the plot; those below it are at its edge."""
    places = [
        (across(h), up(e)) for h, e in scene.errors if e == 0 or math.log10(e) <= up.high + 1e-9
    ]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    yield f'<polyline points="{points}" fill="none" stroke="{LIGHT.negative}"/>'
    for x, y in places:
        yield _dot(x, y)


def _dot(x: float, y: float) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{LIGHT.negative}"/>'


def _lines(scene: Scene, up: _Scale) -> Iterator[str]:
    """The claim's error, and the bar."""
    if 0 < scene.bar < math.inf:
        y = up(scene.bar)
        yield _line(LEFT, y, RIGHT, y, LIGHT.faint, "2 3")
        yield _text(RIGHT, y - 4, "bar", 'text-anchor="end"')
    if 0 < scene.off < math.inf:
        yield _line(LEFT, up(scene.off), RIGHT, up(scene.off), LIGHT.positive, "6 3")


def _legend(name: str, scene: Scene) -> Iterator[str]:
    """What is what, above the plot."""
    one, two, three = (TOP - 58 + k * LINE for k in range(3))
    yield _dot(MARKS + 8, one - 4)
    yield _text(MARKS + 24, one, f"error of the difference {DIFFERENCES[scene.side]}")
    if scene.first:
        yield _box(MARKS, two - 10, 16, 12)
    yield _text(MARKS + 24, two, f"here the differences {_agree(scene)}")
    if 0 < scene.off < math.inf:
        yield _line(MARKS, three - 4, MARKS + 16, three - 4, LIGHT.positive, "6 3")
    yield _text(MARKS + 24, three, f"{shown(name, 12)}: {_claim(scene)}")


def _line(x: float, y: float, to_x: float, to_y: float, colour: str, dashes: str = "") -> str:
    ends = f'x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}"'
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<line {ends} stroke="{colour}"{dashed}/>'


def _text(x: float, y: float, text: str, look: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {look}>{escape(text)}</text>'
