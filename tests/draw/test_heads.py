"""Arrowheads: the points of their outlines end at the borders of cells, and cover no digit."""

import math
import re
import sys
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from micrograd_like import Backprop, Value, draw_dot
from micrograd_like.draw import picture_bytes, render
from micrograd_like.draw.heads import HEADS
from micrograd_like.steps.film import Film

EDGE = re.compile(r'<g id="e\d+" class="edge.*?</g>', re.DOTALL)
HEAD = re.compile(r'<polygon[^>]*?(?: stroke-width="([\d.]+)")?[^>]*? points="([^"]*)"')
CELL = re.compile(r'<rect[^>]* x="([^"]+)" y="([^"]+)" width="([^"]+)" height="([^"]+)"')
OUTLINE = re.compile(r'<polygon[^>]* points="([^"]*)"')
NEAR = 1.0  # pixels


def neuron() -> Value:
    """Of lines of many widths, positive and negative."""
    w, v, b, x, y = (Value(0.7 * k - 1.3, name) for k, name in enumerate("wvbxy"))
    loss = ((w * x + v * y + b).tanh() - 1) ** 2 + w * 0.001
    loss.label = "loss"
    loss.backward()
    return loss


def product() -> Value:
    """Of a few lines, as wide as any."""
    a, b, c = (Value(x, name) for x, name in zip((2.0, -3.0, 4.0), "abc", strict=True))
    root = a * b + c
    root.backward()
    return root


def points_of(text: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in text.split())]


def corners(svg: str) -> list[tuple[float, float]]:
    """The outermost points of all arrowheads: their tips, and the outlines' corners beyond."""
    found = []
    for edge in EDGE.findall(svg):
        for width, points in HEAD.findall(edge):
            one, tip, other = points_of(points)[:3]
            sides = [math.dist(tip, one), math.dist(tip, other)]
            half = math.asin(math.dist(one, other) / sum(sides))
            middle = (one[0] + other[0]) / 2, (one[1] + other[1]) / 2
            reach = float(width or 1) / 2 / math.sin(half) / math.dist(middle, tip)
            found.append(tuple(t + reach * (t - m) for t, m in zip(tip, middle, strict=True)))
    return found


def cells(svg: str) -> list[tuple[float, float, float, float]]:
    """The boxes of all cells and tables: left, top, right and bottom."""
    boxes = [tuple(map(float, box)) for box in CELL.findall(EDGE.sub("", svg))]
    found = [(x, y, x + wide, y + high) for x, y, wide, high in boxes[1:]]  # without the ground
    for outline in OUTLINE.findall(EDGE.sub("", svg))[not boxes :]:
        xs, ys = zip(*points_of(outline), strict=True)
        found.append((min(xs), min(ys), max(xs), max(ys)))
    return found


def inside(svg: str) -> list[float]:
    """How far each arrowhead reaches into a cell, where it does."""
    boxes = cells(svg)
    assert boxes
    depths = [
        min(x - left, right - x, y - top, bottom - y)
        for x, y in corners(svg)
        for left, top, right, bottom in boxes
    ]
    return [depth for depth in depths if depth > NEAR]


@pytest.mark.parametrize("graph", [neuron, product])
@pytest.mark.parametrize("rankdir", ["LR", "RL", "TB", "BT"])
@pytest.mark.parametrize("view", ["values", "sums"])
@pytest.mark.parametrize("own", [False, True])
def test_no_arrowhead_reaches_into_a_cell_of_a_saved_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, graph: Any, rankdir: str, view: str, own: bool
) -> None:
    """However wide a line is, in the SVG of the system's Graphviz, and of a Python package's."""
    if own:
        pytest.importorskip("pygraphviz")
        monkeypatch.setattr(render, "which", lambda _: None)
    picture = draw_dot(graph(), view=view, rankdir=rankdir)
    svg = Path(picture.save(tmp_path / "a.svg")).read_text("utf-8")
    assert len(corners(svg)) == picture.source.count(HEADS) >= 3
    assert inside(svg) == []


@pytest.mark.parametrize("graph", [neuron, product])
def test_no_arrowhead_reaches_into_a_cell_of_a_still_or_a_film(tmp_path: Path, graph: Any) -> None:
    """At each backward step, in a picture of it alone, and in a frame of a moving picture."""
    steps = Backprop(graph())
    frames = Film(list(steps._animation().sources()))
    for k in range(len(steps) // 2 + 1, len(steps)):
        path = steps[k].save(tmp_path / "step.svg")
        frame = picture_bytes(frames.source(k + 1), "svg").decode()
        for svg in (Path(path).read_text("utf-8"), frame):
            assert corners(svg)
            assert inside(svg) == []


def test_a_picture_keeps_its_size_and_all_but_its_arrowheads() -> None:
    """What is drawn around them is drawn where and when it was, on a ground of the same size."""
    source = draw_dot(neuron(), view="values", legend=True).source
    moved, plain = (picture_bytes(source, "svg", heads=way).decode() for way in (True, False))
    order = [re.findall(r'<g id="([^"]*)" class', svg) for svg in (moved, plain)]
    assert order[0] == order[1]
    kept = [
        sorted(re.findall(r"<svg[^>]*>|<g id=.graph.*|<polygon.*|<text.*", EDGE.sub("", svg)))
        for svg in (moved, plain)
    ]
    labels = [re.sub(r' x="[^"]*"', "", "\n".join(lines)) for lines in kept]
    assert sorted(labels[0].split("\n")) == sorted(labels[1].split("\n"))
    images = (picture_bytes(source, "png", dpi=144, heads=way) for way in (True, False))
    assert len({image[16:24] for image in images}) == 1  # its width and height


def test_a_picture_that_is_scaled_down_is_so_with_its_arrowheads() -> None:
    """`size` is the most that a picture takes, as on paper."""
    picture = draw_dot(neuron(), view="values")
    picture.attr(size="3,9")
    sizes = {picture_bytes(picture.source, "png", dpi=300, heads=way)[16:24] for way in (1, 0)}
    assert len(sizes) == 1
    assert int.from_bytes(sizes.pop()[:4], "big") == pytest.approx(900, abs=3)


def test_a_graphviz_that_only_lays_out_draws_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without neato's plugin a picture is drawn as it is laid out, with its arrowheads there."""
    if not which("dot"):
        pytest.skip("there is no dot")
    source = draw_dot(product(), view="values").source
    plain = picture_bytes(source, "svg", heads=False)
    program = tmp_path / "dot"
    program.write_text(
        f"#!{sys.executable}\n"
        "import subprocess, sys\n"
        "text = sys.stdin.buffer.read()\n"
        "if b'nop2' in text: sys.exit('Error: Layout was not done.  Missing layout plugins?')\n"
        f"sys.exit(subprocess.run([{which('dot')!r}, *sys.argv[1:]], input=text).returncode)\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(render, "find_spec", lambda _: None)
    assert picture_bytes(source, "svg") == plain
