"""Pictures in a real browser: they fit where they are shown, can be read, and follow their reader.

It needs Chromium and Playwright's package; without them these tests are skipped, but under CI=true.
"""

import math
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import Watched

from micrograd_like import MLP, Neuron, Value, cross_entropy, draw_dot, mse
from micrograd_like.draw import THEMES

PLACES = (1100, 840, 390)  # pixels: a notebook's cell, a README, a telephone
SMALLEST = 9.0  # pixels, of text
MEASURE = """(picture) => {
    const box = picture.getBoundingClientRect(), scale = box.width / picture.viewBox.baseVal.width;
    const texts = [...picture.querySelectorAll("text")].map((text) => getComputedStyle(text));
    const smallest = Math.min(...texts.map((style) => parseFloat(style.fontSize)));
    return { width: box.width, height: box.height, text: smallest * scale };
}"""


def expression() -> Value:
    """tanh(a·b + c)."""
    a, b, c = Value(2.0, "a"), Value(-1.5, "b"), Value(2.4, "c")
    loss = (a * b + c).tanh()
    loss.label = "L"
    loss.backward()
    return loss


def large() -> Value:
    """A network's error on some rows: wider than a telephone, in any view."""
    random.seed(1)
    model = MLP(2, [3, 1])
    rows = [[random.gauss(0, 1) for _ in range(2)] for _ in range(4)]
    loss = mse([model(row) for row in rows], [1.0] * len(rows))
    loss.label = "loss"
    loss.backward()
    return loss


def neuron() -> Value:
    """One neuron and its error."""
    random.seed(3)
    n, x = Neuron(2, activation="tanh", name="neuron"), [Value(1.0, "x0"), Value(-0.6, "x1")]
    error = (n(x) - 1) ** 2
    error.label = "error"
    error.backward()
    return error


def flowers(count: int) -> Value:
    """The cross entropy of a network on some of the 150 flowers of iris."""
    data, kinds = pytest.importorskip("sklearn.datasets").load_iris(return_X_y=True)
    random.seed(0)
    model, every = MLP(4, [8, 3], activation="tanh"), 150 // count
    rows = [[float(x) for x in row] for row in data[::every]]
    loss = cross_entropy([model(row) for row in rows], [int(k) for k in kinds[::every]])
    loss.label = "loss"
    loss.backward()
    return loss


def summed_by_hand() -> Value:
    """The squares of a network's two outputs over 24 points, added one after the other."""
    random.seed(2)
    model, loss = MLP(2, [4, 2], activation="tanh"), Value(0.0)
    for k in range(24):
        first, second = model([math.sin(k), math.cos(k)])
        loss = loss + (first - 1) ** 2 + (second + 1) ** 2
    loss.label = "loss"
    loss.backward()
    return loss


def digit() -> Value:
    """The cross entropy of a network with 64 inputs on one digit."""
    data, kinds = pytest.importorskip("sklearn.datasets").load_digits(return_X_y=True)
    random.seed(0)
    model = MLP(64, [16, 10])
    loss = cross_entropy([model([float(x) / 16 for x in data[0]])], [int(kinds[0])])
    loss.label = "loss"
    loss.backward()
    return loss


def tangle(count: int) -> list[Value]:
    """Values in no order, three of which are shown."""
    random.seed(4)
    values = [Value(random.gauss(0, 1), f"x{k}") for k in range(20)]
    while len(values) < count:
        a, b = random.choices(values[-60:], k=2)
        values.append(random.choice([a * b * 0.5, a + b, a.tanh(), a - b]))
    roots = values[-3:]
    roots[-1].backward()
    return roots


# What is drawn, and how many pixels wide it may be at 100 %.
CASES: dict[str, tuple[Callable[[], Value | list[Value]], int]] = {
    "expression": (expression, 1100),
    "neuron": (neuron, 1100),
    "iris, a row": (lambda: flowers(1), 1100),
    "iris, all rows": (lambda: flowers(150), 1100),
    "a sum by hand": (summed_by_hand, 1100),
    "digits": (digit, 1100),
    "a tangle": (lambda: tangle(3000), 1600),
}
LARGE = ("iris, all rows", "a tangle")  # a second each


@pytest.fixture
def watched(browser: Any) -> Iterator[Watched]:
    """A page of usual size."""
    page = Watched(browser)
    yield page
    page.close()


def shown(page: Any, picture: str, width: int) -> dict[str, float]:
    """How large a picture and its smallest text are in an element of a width."""
    page.set_content(f'<!doctype html><div style="width:{width}px">{picture}</div>')
    measured: dict[str, float] = page.eval_on_selector("svg", MEASURE)
    return measured


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in LARGE else [], id=name)
        for name in CASES
    ],
)
def test_a_picture_can_be_read_at_its_own_size(watched: Watched, name: str) -> None:
    """It is no wider than its limit, and no text in it is smaller than 9 pixels."""
    build, most = CASES[name]
    measured = shown(watched.page, draw_dot(build()).pipe("svg", encoding="utf-8"), 100_000)
    assert measured["width"] <= most
    assert measured["text"] >= SMALLEST


@pytest.mark.parametrize("build", [expression, large])
def test_a_picture_scales_down_to_its_place_and_never_up(
    watched: Watched, build: Callable[[], Value]
) -> None:
    """In a page, in a cell of a notebook and as an image: with its proportions."""
    picture = draw_dot(build())
    bundle, metadata = picture._repr_mimebundle_()
    own = metadata["image/png"]
    assert own["width"] > 390
    for place in PLACES:
        inside = shown(watched.page, picture.pipe("svg", encoding="utf-8"), place)
        html = f'<!doctype html><div style="width:{place}px">{bundle["text/html"]}</div>'
        watched.page.set_content(html)
        size = "it => it.decode().then(() => it.getBoundingClientRect().toJSON())"
        image = watched.page.eval_on_selector("img", size)
        for seen in (inside, image):
            assert seen["width"] == pytest.approx(min(place, own["width"]), abs=1)
            ratio = seen["width"] / seen["height"]
            assert ratio == pytest.approx(own["width"] / own["height"], rel=0.02)


def colours(page: Any, path: Path, where: str) -> tuple[str, str]:
    """The ground and the first text's colour of a picture, as an image or for itself."""
    if where == "file":
        page.goto(path.as_uri())
    else:
        page.set_content(f"<!doctype html><style>{where}</style>{path.read_text('utf-8')}")
    ground, text = page.evaluate(
        "[document.querySelector('.graph > *'), document.querySelector('.node.root text')]"
        ".map((it) => getComputedStyle(it).fill)"
    )
    return hexadecimal(ground), hexadecimal(text)


def hexadecimal(colour: str) -> str:
    """A colour as the theme writes it."""
    return "#" + bytes(map(int, re.findall(r"\d+", colour)[:3])).hex()


@pytest.mark.parametrize(
    ("scheme", "where", "theme"),
    [
        ("light", "file", "light"),
        ("dark", "file", "dark"),
        ("dark", "", "light"),  # a page that knows no dark
        ("dark", ":root { color-scheme: light dark }", "dark"),
        ("light", ":root { color-scheme: dark }", "dark"),
    ],
)
def test_one_file_is_light_or_dark(
    browser: Any, tmp_path: Path, scheme: str, where: str, theme: str
) -> None:
    """By itself as its reader likes, within a page as the page is."""
    path = Path(draw_dot(expression()).save(tmp_path / "a.svg"))
    watched = Watched(browser, color_scheme=scheme)
    colour = THEMES[theme]
    assert colours(watched.page, path, where) == (colour.background, colour.text)
    watched.close()


@pytest.mark.parametrize("build", [expression, neuron, pytest.param(large, marks=pytest.mark.slow)])
def test_the_dark_colours_are_those_of_a_dark_picture(
    browser: Any, build: Callable[[], Value]
) -> None:
    """Every part that is drawn: but for a rounding, one file in the dark is the dark file."""
    watched, root = Watched(browser, color_scheme="dark"), build()
    fills = (
        "[...document.querySelectorAll('svg .graph *')].map((it) => getComputedStyle(it))"
        ".map((style) => [style.fill, style.stroke])"
    )
    seen = []
    for theme in ("auto", "dark"):
        svg = draw_dot(root, theme=theme).pipe("svg", encoding="utf-8")
        watched.page.set_content(
            f"<!doctype html><style>:root {{ color-scheme: dark }}</style>{svg}"
        )
        seen.append(
            [re.findall(r"\d+", words) for pair in watched.page.evaluate(fills) for words in pair]
        )
    assert len(seen[0]) == len(seen[1])
    for ours, theirs in zip(*seen, strict=True):
        assert len(ours) == len(theirs)
        assert all(abs(int(a) - int(b)) <= 2 for a, b in zip(ours, theirs, strict=True))
    watched.close()


# --- the page


def scale(page: Any) -> float:
    """How large the page shows its picture, of 1."""
    measured: float = page.eval_on_selector(
        "main > svg", "it => it.getBoundingClientRect().width / it.viewBox.baseVal.width"
    )
    return measured


@pytest.fixture
def page(watched: Watched, tmp_path: Path) -> Any:
    """The page of a picture that is larger than the window."""
    return watched.open(Path(draw_dot(large(), expand="all").save(tmp_path / "a.html")))


def test_the_page_zooms(page: Any) -> None:
    """By buttons, by keys, and by the wheel around the pointer; to the whole, and to 100 %."""
    assert scale(page) == pytest.approx(1, abs=0.01)  # too large for the window: it can be read
    page.click("text=whole")
    whole = scale(page)
    assert whole < 0.8
    inside = (
        "main => main.scrollWidth <= main.clientWidth && main.scrollHeight <= main.clientHeight"
    )
    assert page.eval_on_selector("main", inside)
    page.click("button[title^=larger]")
    assert scale(page) == pytest.approx(1.25 * whole, rel=0.01)
    page.keyboard.press("-")
    assert scale(page) == pytest.approx(whole, rel=0.01)
    page.keyboard.press("1")
    assert scale(page) == pytest.approx(1, abs=0.01)
    assert page.get_attribute("text=100 % >> nth=-1", "aria-pressed") == "true"
    spot = "() => { const box = document.querySelector('main > svg').getBoundingClientRect();"
    spot += " return [(500 - box.left) / box.width, (400 - box.top) / box.height]; }"
    before = page.evaluate(spot)
    page.mouse.move(500, 400)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -50)
    page.keyboard.up("Control")
    page.wait_for_function("document.querySelector('.look-scale').textContent === '165 %'")
    assert page.evaluate(spot) == pytest.approx(before, abs=0.01)


def test_the_page_moves_by_dragging(page: Any) -> None:
    """What is under the pointer stays there; a text can be marked instead."""
    top = "document.querySelector('main').scrollTop"
    ground = page.evaluate(
        "(() => { for (let x = 300; x < 900; x += 7) {"
        " const it = document.elementFromPoint(x, 400);"
        " if (it.closest('svg') && !it.closest('text')) return [x, 400]; } })()"
    )
    before = page.evaluate(top)
    page.mouse.move(*ground)
    page.mouse.down()
    page.mouse.move(ground[0], ground[1] - 30)
    page.mouse.move(ground[0], ground[1] - 120)
    page.mouse.up()
    assert page.evaluate(top) == before + 120


def test_the_page_finds_names(page: Any) -> None:
    """A name is searched from the keyboard, marked, scrolled to, and told with all its digits."""
    page.keyboard.press("/")
    page.keyboard.type("loss")
    assert page.inner_text(".look-count").startswith("1 of ")
    box = page.locator(".look-mark.here").bounding_box()
    assert 0 < box["x"] < 1100 - box["width"]
    assert "loss" in page.inner_text(".look-about")
    page.keyboard.press("Escape")
    assert page.locator(".look-mark").count() == 0
    assert page.locator(".look-about").is_hidden()
    page.keyboard.press("/")
    page.keyboard.press("Enter")  # nothing is wanted: all, one after the other
    page.keyboard.press("Enter")
    assert re.fullmatch(r"2 of \d+", page.inner_text(".look-count"))
    page.keyboard.type("<b>nothing</b>")
    assert page.inner_text(".look-count") == "not found"


def test_the_page_tells_about_what_is_clicked(page: Any) -> None:
    """For readers without a mouse that hovers: what the tooltip says."""
    node = page.locator(".node:has(> title)").first
    node.locator("text").first.click()
    assert page.inner_text(".look-about") == node.locator("> title").text_content()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_telephone(browser: Any, tmp_path: Path, scheme: str) -> None:
    """Its controls are within the width, in both themes, and all of them have names."""
    watched = Watched(browser, 390, 700, color_scheme=scheme)
    page = watched.open(Path(draw_dot(expression()).save(tmp_path / "a.html")))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for control in page.locator(".look-controls button, .look-controls input").all():
        box = control.bounding_box()
        assert box is None or (box["x"] >= 0 and box["x"] + box["width"] <= 390)
        assert control.evaluate("it => (it.ariaLabel || it.textContent).trim()")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert hexadecimal(ground) == THEMES[scheme].background
    watched.close()


def test_two_fingers_zoom(browser: Any, tmp_path: Path) -> None:
    """Moved apart on a telephone, they make the picture larger."""
    watched = Watched(browser, 390, 700, has_touch=True)
    page = watched.open(Path(draw_dot(expression()).save(tmp_path / "a.html")))
    before, session = scale(page), watched.context.new_cdp_session(page)
    for kind, apart in [
        ("touchStart", 100),
        ("touchMove", 150),
        ("touchMove", 200),
        ("touchEnd", 0),
    ]:
        points = [{"x": 195 - apart / 2, "y": 400}, {"x": 195 + apart / 2, "y": 400}]
        touches = points if apart else []
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
    assert scale(page) == pytest.approx(2 * before, rel=0.05)
    watched.close()


@pytest.mark.parametrize("script", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_the_whole_picture_is_printed(browser: Any, tmp_path: Path, script: bool) -> None:
    """On one sheet, however the reader has zoomed, with or without scripts."""
    watched = Watched(browser, java_script_enabled=script)
    page = watched.open(Path(draw_dot(large(), expand="all").save(tmp_path / "a.html")))
    if script:
        page.keyboard.press("+")
    pdf = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    page.set_viewport_size({"width": 1000, "height": 700})
    page.emulate_media(media="print")
    box = page.locator("main > svg").bounding_box()
    assert (box["x"] >= 0, box["x"] + box["width"] <= 1000) == (True, True)
    assert (box["y"] >= 0, box["y"] + box["height"] <= 700) == (True, True)
    watched.close()


def test_no_script_of_a_label_runs(watched: Watched, tmp_path: Path) -> None:
    """Markup in labels and titles is text; the page's policy admits its own script alone."""
    a = Value(2.0, "<script>alert(1)</script><img src=x onerror=alert(1)>")
    root = a * Value(3.0, "</title></svg><script>alert(2)</script>")
    root.label = "--></style>{{script}}<script>alert(3)</script>"
    page = watched.open(Path(draw_dot(root).save(tmp_path / "a.html")))
    assert page.locator("script").count() == 1
    assert page.title() == root.label
    assert page.get_attribute("main > svg", "aria-label") == root.label
