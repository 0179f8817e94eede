"""Colours and ids: each is known in one place."""

import re
from pathlib import Path

import micrograd_like
from micrograd_like import Backprop, Value, draw_dot
from micrograd_like.draw import THEMES, node_ids

PACKAGE = Path(micrograd_like.__file__).parent
COLOUR = re.compile(r"""#[0-9a-fA-F]{6,8}\b|(?<=["': ])#[0-9a-fA-F]{3}\b|\brgba?\(|\bhsl""")


def test_no_colour_is_written_outside_the_theme() -> None:
    """Neither in a module nor in the page's files; what a style sheet needs are variables."""
    files = [path for path in PACKAGE.rglob("*") if path.suffix in (".py", ".css", ".js", ".html")]
    written = {path.name for path in files if COLOUR.search(path.read_text("utf-8"))}
    assert written == {"theme.py"}


def test_every_variable_of_the_style_sheet_is_a_colour_of_the_theme() -> None:
    """All but those that steps set on elements; and every theme has all of them."""
    style = (PACKAGE / "steps" / "player.css").read_text("utf-8")
    used = set(re.findall(r"var\((--[\w-]+)", style)) - {"--tint", "--strength", "--width"}
    for theme in THEMES.values():
        assert used <= set(re.findall(r"--[\w-]+", theme.variables()))


def test_colours_that_a_page_takes_back_are_told_apart() -> None:
    """In what an SVG is drawn in, no two colours are the same, so that each has one name."""
    for theme in THEMES.values():
        drawn = theme.drawn()
        assert len(set(drawn.values())) == len(drawn) == 11


def test_ids_in_the_picture_are_those_that_the_page_asks_for() -> None:
    """Nodes, operations, edges and cells: the page's data name no element that is not there."""
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    root = (a * b + a).tanh()
    picture = draw_dot(root)
    source = picture.source
    outline = draw_dot(root).drawing
    assert outline is not None
    for k, node in enumerate(picture.drawing.outline.nodes):
        names = node_ids(k)
        assert f"id={names.node} " in source
        assert (f"id={names.operation} " in source) == node.has_operation
        assert (f"id={names.result} " in source) == node.has_operation
    data = Backprop(root).page_data()
    there = set(re.findall(r'<g id="(\w+)"', data.svg))
    asked = {name for step in data.steps for name in (*step.set, *step.lit)}
    asked |= {name for step in data.steps for leg in step.way for name, _ in leg}
    asked |= {name for node in data.nodes.values() for name in (node["data"], node["gradient"])}
    assert asked | set(data.start) | set(data.nodes) <= there
