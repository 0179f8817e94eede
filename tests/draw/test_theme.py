"""Colours and ids: each is known in one place."""

import math
import re
from pathlib import Path

from playing import played

import micrograd_like
from micrograd_like import Backprop, Descent, Value, draw_dot
from micrograd_like.draw import EDGE_FONT, FONT, THEMES, node_ids, sign_name
from micrograd_like.draw.theme import in_dark, page_colours
from micrograd_like.steps.descent_page import DescentPage

PACKAGE = Path(micrograd_like.__file__).parent
COLOUR = re.compile(r"""#[0-9a-fA-F]{6,8}\b|(?<=["': ])#[0-9a-fA-F]{3}\b|\brgba?\(|\bhsl""")


def test_no_colour_is_written_outside_the_theme() -> None:
    """Neither in a module nor in the page's files; what a style sheet needs are variables."""
    files = [path for path in PACKAGE.rglob("*") if path.suffix in (".py", ".css", ".js", ".html")]
    written = {path.name for path in files if COLOUR.search(path.read_text("utf-8"))}
    assert written == {"theme.py"}


def test_every_variable_of_the_style_sheets_is_a_colour_of_the_theme() -> None:
    """All but sizes, and those that steps set on elements; and every theme has all of them."""
    styles = "".join(path.read_text("utf-8") for path in PACKAGE.rglob("*.css"))
    scripts = "".join(path.read_text("utf-8") for path in PACKAGE.rglob("*.js"))
    used = set(re.findall(r"var\((--[\w-]+)", styles)) - {"--font", "--edge-font"}
    used -= set(re.findall(r"--[\w-]+", scripts))
    for theme in THEMES.values():
        assert used <= set(re.findall(r"--[\w-]+", theme.variables()))


def test_the_page_writes_in_the_sizes_of_the_picture() -> None:
    """What an SVG leaves out because the style sheet says it is what the picture was drawn in."""
    root = Value(2.0, "a") * Value(-3.0, "b")
    sizes = re.findall(r"fontsize=(\d+)", draw_dot(root).source)
    assert {str(FONT), str(EDGE_FONT)} <= set(sizes)
    page = Backprop(root).page()
    assert f"--font: {FONT}px; --edge-font: {EDGE_FONT}px;" in page
    svg = page[page.index("<svg width") :]
    assert not re.search(rf'font-size="(?:{FONT}|{EDGE_FONT})\.', svg)


def test_a_sign_has_one_colour() -> None:
    """Name, colour and the class on the page agree, for what is no number, too."""
    for theme in THEMES.values():
        for x in (2.0, -2.0, math.inf, -math.inf, math.nan):
            assert theme.signed(x) == getattr(theme, sign_name(x))
    a = Value(2.0, "a")
    steps = played(Backprop(a * math.nan + a))["steps"]
    flows = {
        looks["class"] for step in steps for looks in step["set"].values() if "--width" in looks
    }
    assert flows == {f"known {sign_name(1.0)}", f"known {sign_name(math.nan)}"}


def test_colours_that_a_page_takes_back_are_told_apart() -> None:
    """In what an SVG is drawn in, no two colours are the same, so that each has one name."""
    for theme in THEMES.values():
        drawn = theme.drawn()
        assert len(set(drawn.values())) == len(drawn) == 11


def test_a_colour_of_day_has_one_in_the_dark() -> None:
    """Names and tints are found again from what was drawn, and nothing else is taken for one."""
    light, dark = THEMES["light"], THEMES["dark"]
    for colour, name in light.drawn().items():
        assert in_dark(colour) == getattr(dark, name)
    for k in range(-100, 101):
        found, wanted = in_dark(light.tint(k / 100) or light.box), dark.tint(k / 100) or dark.box
        assert found is not None
        pairs = zip(bytes.fromhex(found[1:]), bytes.fromhex(wanted[1:]), strict=True)
        assert all(abs(a - b) <= 2 for a, b in pairs)
    assert in_dark("#123456") is in_dark("#00ff00") is in_dark("#fffffe") is None


def test_a_page_has_the_colours_of_its_theme_or_of_both() -> None:
    """The reader's choice is the light theme's variables, and the dark ones where that is liked."""
    light, dark = THEMES["light"].variables(), THEMES["dark"].variables()
    for name, there, missing in (("light", light, dark), ("dark", dark, light)):
        assert there in page_colours(name)
        assert missing not in page_colours(name)
    assert "color-scheme: light dark" in page_colours("auto")
    assert page_colours("auto").index(light) < page_colours("auto").index(dark)


def test_ids_in_the_picture_are_those_that_the_page_asks_for() -> None:
    """Nodes, edges and cells: the page's data name no element that is not there."""
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    root = (a * b + a).tanh()
    picture = draw_dot(root)
    source = picture.source
    for k in range(len(picture.drawing.outline.nodes)):
        assert f"id={node_ids(k).node} " in source
    data, svg = played(Backprop(root)), Backprop(root).page_data().svg
    there = set(re.findall(r'<g id="(\w+)"', svg))
    asked = {name for step in data["steps"] for name in (*step["set"], *step["lit"])}
    asked |= {name for step in data["steps"] for leg in step.get("way", ()) for name, _ in leg}
    asked |= {name for node in data["nodes"].values() for name in (node["data"], node["gradient"])}
    assert asked | set(data["start"]) | set(data["nodes"]) <= there


def test_ids_of_a_descent_are_those_that_its_steps_change() -> None:
    """Both with a curve and with a surface, each step finds its elements in the picture, once."""
    for steps in (
        Descent(lambda w: (w - 2) ** 2, 5.0, lr=0.3, steps=3),
        Descent(lambda w1, w2: w1**2 + 3 * w2**2, 2.0, 1.0, steps=3),
    ):
        page = DescentPage.of(steps)
        svg, scenes = page.drawn(), page.scenes()
        there = re.findall(r' id="(\w+)"', svg)
        changed = {name for step in scenes for name in (*step.set, *step.lit)}
        for name in {*page.start(), *changed}:
            assert there.count(name) == 1
        for name in re.findall(r"url\(#(\w+)\)", svg + str(scenes)):
            assert there.count(name) == 1
