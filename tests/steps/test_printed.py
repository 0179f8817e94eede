"""Pages on paper: printed by Chromium from their files, from a notebook's frame, beside text."""

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from browsing import Watched
from nbconvert import HTMLExporter

from micrograd_like import MLP, Backprop, Training, Value, mse

A4 = {"width": 794, "height": 1123}  # pixels
SEEN = "addEventListener('beforeprint', () => { window.seen = count.innerText; })"


def chain(rankdir: str) -> Backprop:
    """A long, thin graph."""
    root = Value(1.0, label="x")
    for _ in range(25):
        root = (root * 1.1).tanh()
    return Backprop(root, rankdir=rankdir)


def network() -> Backprop:
    """A graph of two hundred values, all shown."""
    model = MLP(3, [4, 1])
    return Backprop(mse([model(x) for x in ([1, 2, 3], [0, 1, 2])], [1, 0]), expand="all")


DRAWN = """() => ["picture", "network", "losses"].flatMap((id) => {
  const root = document.getElementById(id);
  return [root, ...root.querySelectorAll("svg.plot, svg.lines, canvas.field")];
}).map((part) => {
  const { left, top, right, bottom } = part.getBoundingClientRect();
  return [part.id, left, top, right, bottom];
})"""

STEPS = {"wide": lambda: chain("LR"), "tall": lambda: chain("TB"), "network": network}


@pytest.mark.parametrize("kind", STEPS)
def test_a_page_that_was_not_played_is_printed_at_its_last_step(
    browser: Any, tmp_path: Path, kind: str
) -> None:
    """On one sheet of A4, with the whole picture; after that it is at its beginning again."""
    steps = STEPS[kind]()
    watched = Watched(browser)
    page = watched.open(Path(steps.save(tmp_path / "page.html")))
    page.evaluate(SEEN)
    before = page.inner_text("#count")
    pdf = page.pdf(format="A4", margin=dict.fromkeys(("top", "bottom", "left", "right"), "10mm"))
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    assert page.evaluate("seen") == f"step {len(steps)} of {len(steps)}"
    assert page.inner_text("#count") == before
    page.set_viewport_size(A4)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    box = page.locator("#stage > svg").bounding_box()
    assert 0 <= box["x"] <= box["x"] + box["width"] <= A4["width"]
    assert 0 <= box["y"] <= box["y"] + box["height"] <= A4["height"]
    watched.close()


@pytest.mark.parametrize("nin", [1, 2])
@pytest.mark.parametrize("width", [1280, 800, 400])
def test_a_training_is_drawn_for_paper_before_it_is_printed(
    browser: Any, tmp_path: Path, width: int, nin: int
) -> None:
    """Nothing lies over anything else, with no later event, and it fits A4; then all is as before.

    Whatever listens before printing after the page's own listeners sees what will be printed.
    """
    rows, targets = [[0.1 * k] * nin for k in range(6)], [0.5, 1, 0, 1, 0, 1]
    training = Training(MLP(nin, [4, 1]), rows, targets, mse, epochs=3, lr=0.1)
    watched = Watched(browser, width, 800)
    page = watched.open(Path(training.save(tmp_path / "training.html")))
    page.locator("html.running").wait_for()
    before = page.evaluate(DRAWN)
    page.evaluate(
        "() => addEventListener('beforeprint', () => { window.seen = [(" + DRAWN + ")(), "
        "[...document.querySelectorAll('#picture svg, #network svg, #losses svg')].map("
        "(svg) => [svg.width.baseVal.value, svg.height.baseVal.value])]; })"
    )
    pdf = page.pdf(format="A4", margin=dict.fromkeys(("top", "bottom", "left", "right"), "10mm"))
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    boxes, sizes = page.evaluate("seen")
    assert sizes == [[608, 320], [608, 320], [608, 144]]
    places = [k for k, box in enumerate(boxes) if box[0]]
    roots = [boxes[k][1:] for k in places]
    for (_, *inside), k in ((box, k) for k, box in enumerate(boxes) if not box[0]):
        left, top, right, bottom = roots[sum(place < k for place in places) - 1]
        assert left <= inside[0] <= inside[2] <= right
        assert top <= inside[1] <= inside[3] <= bottom
    page.wait_for_function(
        "before => JSON.stringify((" + DRAWN + ")()) === before",
        arg=json.dumps(before, separators=(",", ":")),
    )
    watched.close()


def test_a_notebook_is_printed_with_its_pages_at_their_last_steps(
    browser: Any, tmp_path: Path
) -> None:
    """nbconvert's HTML, as its `webpdf` prints it: the frame has the picture of the end."""
    a = Value(2.0, label="a")
    steps = Backprop((a * a + 1).tanh())
    html = {"text/html": steps._repr_html_(), "text/plain": ""}
    output = nbformat.v4.new_output("execute_result", html)
    cell = nbformat.v4.new_code_cell("Backprop(loss)", outputs=[output])
    text, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    path = tmp_path / "notebook.html"
    path.write_text(text, "utf-8")
    page = browser.new_page()
    page.route("http*://**", lambda route: route.abort())
    page.goto(path.as_uri(), wait_until="domcontentloaded")
    page.frame_locator("iframe").locator("#last").wait_for()
    page.frames[-1].evaluate(SEEN)
    page.pdf(format="A4")
    assert page.frames[-1].evaluate("seen") == f"step {len(steps)} of {len(steps)}"
    page.close()


def test_a_link_leads_to_a_step_in_a_frame_too(browser: Any, tmp_path: Path) -> None:
    """`page.html#7`, opened as a file or framed by a course's page beside it."""
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    steps = Backprop((a * b).tanh())
    path = Path(steps.save(tmp_path / "page.html"))
    course = tmp_path / "course.html"
    course.write_text('<!doctype html><iframe src="page.html#3" width="900"></iframe>', "utf-8")
    watched = Watched(browser)
    page = watched.open(course)
    line = page.frame_locator("iframe").locator("#count")
    line.get_by_text(f"step 3 of {len(steps)}").wait_for()
    page.goto(f"{path.as_uri()}#4")
    page.get_by_text(f"step 4 of {len(steps)}").wait_for()
    watched.close()
