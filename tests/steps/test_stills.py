"""Pictures of steps: still ones, and moving ones in every size, speed, theme and format."""

import copy
import io
import os
import pickle
import re
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from conftest import recorded
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageFilter
from playing import played
from test_player import network, reused

from micrograd_like import Backprop, Descent, Value
from micrograd_like.draw import THEMES, picture_bytes
from micrograd_like.steps.film import Box, Film, joined
from micrograd_like.steps.sequence import ORDERS, Step
from micrograd_like.strategies import Graph, graphs

LIT = THEMES["light"].lit
CELL = re.compile(r'<g id="a_([dg]\d+)">.*?<text[^>]*>([^<]*)</text>', re.DOTALL)
PART = re.compile(
    r'<g id="([ne]\d+)" class="(?:node|edge).*?(?=<g id="[nec]\d+" class|$)', re.DOTALL
)


def still(steps: Backprop, at: int) -> str:
    """The SVG of a step."""
    return steps[at : at + 1].still(".svg").decode()


def looks_at(steps: Backprop, at: int) -> dict[str, str]:
    """The texts of all cells of the page at a step."""
    data = played(steps)
    changes = [data["start"], *(step["set"] for step in data["steps"][: at + 1])]
    looks: dict[str, Any] = {}
    for change in changes:
        looks |= change
    return {name: look["text"] for name, look in looks.items() if "text" in look}


@pytest.mark.parametrize("order", ORDERS)
@given(graph=graphs(max_nodes=8), data=st.data())
@settings(deadline=None, max_examples=8)
def test_a_still_shows_what_the_page_shows_at_that_step(
    order: str, graph: Graph, data: st.DataObject
) -> None:
    """Every number in every cell, what is lit, and the line of the board."""
    *_, root = recorded(graph)
    steps = Backprop(root, order)
    at = data.draw(st.integers(0, len(steps) - 1))
    svg = still(steps, at)
    assert {name: unescape(text) for name, text in CELL.findall(svg)} == looks_at(steps, at)
    lit = {part[1] for part in PART.finditer(svg) if LIT in part[0]}
    wanted = set(played(steps)["steps"][at]["lit"])
    assert lit == {name for name in wanted if name[0] in "ne"}
    words = " ".join(
        unescape(t).replace("\xa0", " ") for t in re.findall(r"<text[^>]*>(.*?)<", svg)
    )
    line = f"{at + 1}/{len(steps)}  {steps[at].line}"
    assert "".join(line.split()) in "".join(words.split())


def test_a_step_within_what_is_shown_as_one_has_its_own_still() -> None:
    """In a large graph the board has the step's own line, where the page has one for many."""
    steps = Backprop(network([6, 6, 1], 2, 2))
    numbers = {step["number"] for step in played(steps)["steps"]}
    at = next(k for k in range(len(steps)) if k + 1 not in numbers)
    words = "".join(re.findall(r"<text[^>]*>(.*?)<", still(steps, at)))
    assert f"{at + 1}/{len(steps)}" in words
    assert steps[at].line.split()[0] in unescape(words)


def test_a_step_is_plain_data_that_can_be_drawn() -> None:
    """It equals the tuple that it is; copies and pickles are of no graph, and say so."""
    steps = Backprop(reused())
    step = steps[6]
    plain = Step(*step)
    assert step == plain == tuple(step)
    assert {step, plain} == {plain}
    assert repr(step) == repr(plain)
    assert str(step) == str(plain)
    assert (step.number, step.phase) == (7, "backward")
    assert copy.copy(step) == step
    leaf = Backprop(Value(2.0, "x"))[0]
    for twin in (copy.copy(step), pickle.loads(pickle.dumps(leaf)), step._replace(number=1)):
        with pytest.raises(ValueError, match=r"save: this step is a copy.* Backprop\(loss\)\[7\]"):
            twin.save("x.svg")
        assert twin._repr_mimebundle_() == {"text/plain": str(twin)}
    assert [each.number for each in steps.at("a")] == [9]


def test_a_step_is_saved_by_its_ending_in_its_theme(tmp_path: Path) -> None:
    """SVG that follows its reader, PNG of the width that is asked for, PDF of one page."""
    step = Backprop(reused())[6]
    for ending, start in ((".svg", b"<?xml"), (".png", b"\x89PNG"), (".pdf", b"%PDF")):
        path = tmp_path / f"step7{ending}"
        assert step.save(path) == str(path)
        assert path.read_bytes().startswith(start)
    auto = (tmp_path / "step7.svg").read_text("utf-8")
    assert "color-scheme:light dark" in auto
    step.save(tmp_path / "dark.svg", theme="dark")
    dark = (tmp_path / "dark.svg").read_text("utf-8")
    assert THEMES["dark"].background in dark
    assert "color-scheme:light dark" not in dark
    for width in (300, 841, 2000):
        step.save(tmp_path / "step7.png", theme="dark", width=width)
        with Image.open(tmp_path / "step7.png") as picture:
            assert picture.width == width
            ground = picture.convert("RGB").getpixel((0, 0))
        assert ground == tuple(bytes.fromhex(THEMES["dark"].background[1:]))
    assert Backprop(reused(), theme="dark")[6]._repr_mimebundle_()[0]["image/png"]


def test_all_stills_of_a_graph_have_one_size() -> None:
    """Slides with one step after the other do not jump."""
    steps = Backprop(reused())
    sizes = {re.findall(r"viewBox=.*", still(steps, k))[0][:60] for k in range(len(steps))}
    assert len(sizes) == 1


def test_a_board_with_long_names_is_wrapped() -> None:
    """A name of 10,000 characters makes no picture as wide; what is left out is marked."""
    x, y = Value(2.0, "x" * 10_000), Value(3.0, "word " * 60)
    svg = still(Backprop(x * y), 0)
    assert float(re.findall(r'viewBox="\S+ \S+ (\S+)', svg)[0]) < 1400
    assert "…" in svg


def test_a_notebook_shows_a_step_as_its_picture() -> None:
    """SVG in HTML, PNG for LaTeX, and the line where there is text alone; what is asked for."""
    step = Backprop(reused())[6]
    data, sizes = step._repr_mimebundle_()
    assert data["text/plain"] == str(step)
    assert data["image/png"].startswith(b"\x89PNG")
    assert "data:image/svg+xml" in data["text/html"]
    assert sizes["image/png"]["width"] > 300
    assert step._replace(number=1)._repr_mimebundle_() == {
        "text/plain": str(step._replace(number=1))
    }


def test_a_player_has_a_picture_of_the_last_step_beside_it() -> None:
    """For LaTeX, PDF and readers that run nothing: a slice's is that of its own last step."""
    steps = Backprop(reused())
    for player, last in ((steps, steps[8]), (steps[3:7], steps[6])):
        data, _ = player._repr_mimebundle_()
        assert data["image/png"] == last._repr_mimebundle_()[0]["image/png"]
        assert data["text/html"].startswith("<iframe sandbox='allow-scripts'")
        assert last._repr_mimebundle_()[0]["text/html"] in data["text/html"]
        assert player._repr_html_() == data["text/html"]
        assert list(player._repr_mimebundle_(include=["image/png"])[0]) == ["image/png"]
    descent, sizes = Descent(lambda w: w**2, 2.0, steps=3)._repr_mimebundle_()
    assert descent["image/png"].startswith(b"\x89PNG")
    assert sizes["image/png"] == {"width": 518, "height": 302}


# --- moving pictures


def reel_images(player: Backprop | Descent, **options: Any) -> list[Any]:
    """The frames of a moving picture."""
    return list(player.reel(**options).images())


def differing(a: Any, b: Any) -> int:
    """How many pixels two images show in clearly different colours."""
    difference = ImageChops.difference(a, b).convert("L").point(lambda x: 255 * (x > 60))
    return int(difference.histogram()[255])


def strange(a: Any, b: Any) -> int:
    """How many pixels of an image are clearly unlike those of another there and next to there."""
    assert a.size == b.size
    count = 0
    for one, other in ((a, b), (b, a)):
        darkest, lightest = (
            other.filter(kind(3)) for kind in (ImageFilter.MinFilter, ImageFilter.MaxFilter)
        )
        outside = ImageChops.add(
            ImageChops.subtract(one, lightest), ImageChops.subtract(darkest, one)
        )
        count += differing(outside, Image.new("RGB", a.size))
    return count


def used_twice() -> Value:
    """L = a·(a + 3)."""
    a = Value(2.0, "a")
    root = a * (a + 3)
    root.label = "L"
    return root


def used_again() -> Value:
    """tanh(a·b + c)·a / (b + 2): values that are used near and far from where they stand."""
    a, b, c = Value(2.0, "a"), Value(-1.5, "b"), Value(2.4, "c")
    return (a * b + c).tanh() * a / (b + 2)


STAGES: list[Any] = [  # a graph, its part, and how it is drawn
    (used_twice, slice(None), {}, {}),
    (used_again, slice(-3, None), {"theme": "dark"}, {"width": 600}),
    *(
        pytest.param(*stage, marks=pytest.mark.slow)
        for stage in (
            (used_again, slice(None), {"order": "depth-first"}, {"width": 333}),
            (reused, slice(None), {"rankdir": "TB"}, {"width": 1500}),
            (lambda: used_again().tanh() * 2, slice(2, 14, 3), {"rankdir": "RL"}, {}),
            (lambda: network([2, 1], 2, 1), slice(None), {}, {"width": 841}),
            (lambda: network([3, 1], 2, 1), slice(None), {"rankdir": "BT"}, {}),
        )
    ),
]


@pytest.mark.parametrize(("graph", "part", "looks", "options"), STAGES)
def test_each_frame_is_the_still_of_its_step(
    graph: Any, part: slice, looks: dict[str, Any], options: dict[str, Any]
) -> None:
    """All of it, wherever it changed last: pixel by pixel, but for the edges of lines.

    Of a long moving picture it is every second one, or fewer: a still takes long.
    """
    steps = Backprop(graph(), **looks)[part]
    images = reel_images(steps, **options)
    assert len(images) == len(steps) + 1
    assert {image.width for image in images} == {options.get("width", images[0].width)}
    for k, image in list(enumerate(images))[:: 1 + len(images) // 45]:
        if k or part == slice(None):  # the first frame of a later part is no step
            still = Image.open(io.BytesIO(steps[:k].still(width=image.width)))
            assert strange(image, still.convert("RGB")) == 0, f"frame {k}"
    assert all(differing(a, b) for a, b in pairwise(images))


def test_a_file_has_the_frames_of_its_moving_picture(tmp_path: Path) -> None:
    """A GIF, which keeps of each frame what is new: what is shown is the whole of it."""
    steps = Backprop(used_again(), theme="dark")[-3:]
    path = steps.save(tmp_path / "x.gif", width=600)
    with Image.open(path) as picture:
        for k, image in enumerate(reel_images(steps, width=600)):
            picture.seek(k)
            assert strange(picture.convert("RGB"), image) == 0


def drawn_looks(svg: str) -> dict[str, list[str]]:
    """For each node and edge its colours, dashes, widths and words, without the places."""
    look = re.compile(
        r'(?:fill|stroke(?:-\w+)?|font-style)="[^"]*"|<(?:text|path|polygon)|>[^<\s]+<'
    )
    return {part[1]: look.findall(part[0]) for part in PART.finditer(svg)}


@pytest.mark.parametrize("order", ORDERS)
def test_a_frame_looks_as_it_does_when_it_is_laid_out_alone(order: str) -> None:
    """Colours, dashes and arrowheads are the frame's own, not those of the one laid out."""
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    root = (a * b + a) * (b - a) + b * 0
    for steps in (Backprop(root, order), Backprop(root, order)[9:]):
        sources = list(steps._animation().sources())
        film = Film(sources)
        for k, source in enumerate(sources):
            alone, shown = picture_bytes(source, "svg"), picture_bytes(film.source(k), "svg")
            assert drawn_looks(alone.decode()) == drawn_looks(shown.decode())


def test_a_frame_has_the_numbers_of_its_step() -> None:
    """The layout of one frame with the words of another shows this one's numbers."""
    steps = Backprop(reused())
    film = Film(list(steps._animation().sources()))
    for k in range(1, len(steps) + 1):
        svg = picture_bytes(film.source(k), "svg").decode()
        assert {name: unescape(text) for name, text in CELL.findall(svg)} == looks_at(steps, k - 1)


@given(
    st.lists(
        st.tuples(*[st.integers(0, 3000)] * 4).map(
            lambda t: Box(*map(min, t[:2], t[2:]), *map(max, t[:2], t[2:]))
        )
    ),
    st.integers(0, 3000),
    st.integers(0, 3000),
)
def test_boxes_that_are_joined_cover_the_same(boxes: list[Box], x: int, y: int) -> None:
    """No pixel of any box is lost."""

    def inside(box: Box) -> bool:
        return box.left <= x < box.right and box.top <= y < box.bottom

    together = joined(boxes)
    assert len(together) <= len(boxes)
    assert any(map(inside, together)) or not any(map(inside, boxes))


def test_a_moving_picture_has_the_size_speed_and_theme_that_are_asked_for(tmp_path: Path) -> None:
    """Of a slice, as GIF: pixels across, hundredths of a second, a dark ground, its own frames."""
    steps = Backprop(reused())
    for player, count in ((steps[3:9], 7), (steps, 10), (steps[50:], 1), (steps[::-2], 6)):
        path = tmp_path / "steps.gif"
        player.save(path, width=841, speed=0.25, theme="dark")
        with Image.open(path) as picture:
            assert (picture.width, picture.n_frames) == (841, count)
            assert picture.info["duration"] == (250 if count > 1 else 3000)
            assert picture.info["loop"] == 0
            ground = picture.convert("RGB").getpixel((1, picture.height - 1))
            assert ground == tuple(bytes.fromhex(THEMES["dark"].background[1:]))


def test_a_descent_takes_the_same_options(tmp_path: Path) -> None:
    """Stills, sizes, speeds, themes; a page in the dark."""
    descent = Descent(lambda w: (w - 1) ** 2, 3.0, lr=0.2, steps=3)
    descent.save(tmp_path / "way.gif", width=600, speed=0.1, theme="dark")
    with Image.open(tmp_path / "way.gif") as picture:
        assert (picture.width, picture.n_frames, picture.info["duration"]) == (600, 4, 100)
        assert picture.convert("RGB").getpixel((0, 0)) == (15, 23, 42)
    descent.save(tmp_path / "way.gif")
    with Image.open(tmp_path / "way.gif") as picture:
        for k in range(4):
            picture.seek(k)
            assert picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    for ending in (".svg", ".png", ".pdf"):
        once, again = (descent.save(tmp_path / f"{k}{ending}") for k in "ab")
        assert Path(once).read_bytes()
        if ending != ".svg":
            assert Path(once).read_bytes() == Path(again).read_bytes()
    descent.save(tmp_path / "way.html", theme="dark")
    assert "prefers-color-scheme" not in (tmp_path / "way.html").read_text("utf-8")
    assert descent.theme == "auto"


def test_an_mp4_has_a_length_and_even_sides(tmp_path: Path) -> None:
    """H.264, as slides show it, each step as long as was said, the last for three seconds."""
    av = pytest.importorskip("av")
    Backprop(reused())[3:9].save(tmp_path / "steps.mp4", width=641, speed=0.5)
    with av.open(str(tmp_path / "steps.mp4")) as container:
        (stream,) = container.streams.video
        frames = [frame.to_image() for frame in container.decode(stream)]
        assert (stream.codec_context.name, stream.width) == ("h264", 642)
        assert stream.height % 2 == 0
        assert float(stream.duration * stream.time_base) == pytest.approx(6 * 0.5 + 3, abs=0.3)
    assert differing(frames[0], frames[-1]) > 100
    wanted = reel_images(Backprop(reused())[3:9], width=641)[-1]
    shown = frames[-1].crop((0, 0, *wanted.size))
    assert differing(shown, wanted) < 0.01 * wanted.width * wanted.height


BAD: list[tuple[str, dict[str, Any], type[Exception], str]] = [
    (
        "x.bmp",
        {},
        ValueError,
        r"the ending of .* is '.bmp'; .* one of .html, .svg, .png, .pdf, .gif",
    ),
    ("x", {}, ValueError, "the ending of .* is ''"),
    ("x.gif", {"theme": "blue"}, ValueError, "save: theme is 'blue'; .* auto, light, dark"),
    ("x.gif", {"theme": 3}, TypeError, "save: theme is 3"),
    (
        "x.gif",
        {"width": "wide"},
        TypeError,
        "save: width is 'wide'; .* number from 16 to 4,000",
    ),
    ("x.gif", {"width": 840.0}, TypeError, "save: width is 840.0; .* whole number"),
    ("x.gif", {"width": 0}, ValueError, "save: width is 0"),
    ("x.gif", {"width": 10**9}, ValueError, "save: width is 1000000000"),
    ("x.gif", {"speed": "fast"}, TypeError, "save: speed: takes a number"),
    ("x.gif", {"speed": 0}, ValueError, "save: speed is 0; .* seconds of a step, from 0.02 to 60"),
    ("x.gif", {"speed": float("nan")}, ValueError, "save: speed is nan"),
    ("x.svg", {"width": 840}, ValueError, "save: width is for .png, .gif, .mp4, not for .svg"),
    ("x.html", {"width": 840}, ValueError, "save: width is for .png, .gif, .mp4, not for .html"),
    ("x.png", {"speed": 1}, ValueError, "save: speed is for .gif, .mp4, not for .png"),
    ("none/x.gif", {}, FileNotFoundError, "there is no folder"),
]


@pytest.mark.parametrize(("name", "options", "error", "message"), BAD)
def test_mistakes_are_told_and_nothing_is_written(
    tmp_path: Path, name: str, options: Any, error: type[Exception], message: str
) -> None:
    """One line that names the argument, its value and what there is, of both players."""
    for player in (Backprop(reused()), Descent(lambda w: w**2, 1.0, steps=2)):
        with pytest.raises(error, match=message) as told:
            player.save(tmp_path / name, **options)
        assert "\n" not in str(told.value)
        assert type(player).__name__ in str(told.value) or error is FileNotFoundError
    assert list(tmp_path.iterdir()) == []


def test_a_drawing_that_fails_leaves_the_file_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dot that ends with an error: one line, and nothing half-written beside it."""
    (tmp_path / "dot").write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    (tmp_path / "dot").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    for name in ("x.gif", "x.svg", "x.png"):
        (tmp_path / name).write_bytes(b"before")
        with pytest.raises(RuntimeError, match="dot failed: no"):
            Backprop(reused())[2:4].save(tmp_path / name)
        assert (tmp_path / name).read_bytes() == b"before"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dot", "x.gif", "x.png", "x.svg"]
    assert "dot failed: no" in Backprop(reused())._repr_html_()


def test_a_graph_that_changes_in_between_shows_its_numbers_of_then() -> None:
    """Steps are of the recorded pass: a number that is set later is not in their pictures."""
    root = reused()
    steps = Backprop(root)
    earlier = still(steps, 8)
    root.backward()
    assert still(steps, 8) == earlier


def test_without_dot_a_package_draws_the_same_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Graphviz inside pygraphviz draws one graph at a time; the frames are as many."""
    pytest.importorskip("pygraphviz")
    steps = Backprop(Value(3.0, "x") * 2)
    monkeypatch.setattr("micrograd_like.draw.render.which", lambda name: None)
    images = reel_images(steps)
    assert len(images) == len(steps) + 1
    assert all(differing(a, b) for a, b in pairwise(images))
