"""The lessons of 02_step_through_backprop.ipynb: what they promise is what their pages show."""

import html
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from browsing import Watched
from conftest import cells_of

CELLS = cells_of("02_step_through_backprop")


def outputs(cell: dict[str, Any], kind: str) -> str:
    """What a cell has shown of a kind."""
    return "".join(
        line for o in cell.get("outputs", []) for line in o.get("data", {}).get(kind, "")
    )


def lessons() -> dict[int, list[dict[str, Any]]]:
    """The cells of each lesson, by its number."""
    found: dict[int, list[dict[str, Any]]] = {}
    number = 0
    for cell in CELLS:
        # The text before a cell ends with the title of the next lesson, if there is one.
        for title in re.findall(r"^## (\d+)?", "".join(cell["source"]), re.MULTILINE):
            number = int(title or 0)
        found.setdefault(number, []).append(cell)
    return found


LESSONS = lessons()


class Lesson:
    """The pages of a lesson, opened one by one."""

    def __init__(self, browser: Any, folder: Path, number: int) -> None:
        self.watched = Watched(browser, reduced_motion="reduce")
        self.folder = folder
        shown = [outputs(cell, "text/html") for cell in LESSONS[number]]
        found = [re.search(r"srcdoc='([^']*)'", text) for text in shown]
        self.pages = [html.unescape(match[1]) for match in found if match]
        self.printed = "".join(
            line
            for cell in LESSONS[number]
            for o in cell.get("outputs", [])
            for line in o.get("text", "")
        )

    def open(self, k: int = 0) -> Any:
        path = self.folder / "page.html"
        path.write_text(self.pages[k], "utf-8")
        page = self.watched.open(path)
        page.wait_for_function("window.backprop || window.descent")
        return page


@pytest.fixture
def lesson(request: pytest.FixtureRequest, browser: Any, tmp_path: Path) -> Iterator[Lesson]:
    made = Lesson(browser, tmp_path, request.param)
    yield made
    made.watched.close()


def of(number: int) -> Any:
    return pytest.mark.parametrize("lesson", [number], indirect=True)


def gradients(page: Any, *names: str) -> list[float]:
    return [page.evaluate("name => backprop.get(name).grad", name) for name in names]


def test_every_lesson_has_something_to_turn() -> None:
    """Each of the ten asks to turn something, as often as it shows a page."""
    assert [*LESSONS] == [*range(1, 11), 0]  # at the end the questions
    for number, cells in LESSONS.items():
        turns = sum("".join(cell["source"]).count("> **Turn.**") for cell in cells)
        pages = sum("srcdoc=" in outputs(cell, "text/html") for cell in cells)
        assert turns == pages >= (number > 0), number


@of(1)
def test_the_right_prediction_has_no_gradient(lesson: Lesson) -> None:
    """At b = 1 all is 0, beyond it the signs turn, and w's gradient is twice b's."""
    page = lesson.open()
    for b, gradient in (0.5, -1), (1, 0), (1.5, 1), (2.5, 3):
        page.evaluate("b => backprop.set('b', b)", b)
        assert gradients(page, "w", "b") == [2 * gradient, gradient]


@of(2)
def test_the_slope_is_off_by_four_steps(lesson: Lesson) -> None:
    """The page's differences are those that Python prints; the best step is near 10⁻⁸."""
    page = lesson.open()
    printed = dict(re.findall(r"h = (\S+) .* = (\S+)", lesson.printed))
    assert len(printed) == 5
    off = {}
    for h, slope in printed.items():
        nudged = page.evaluate("h => backprop.nudge('w', h)", float(h))
        assert nudged["forward"] == float(slope)
        off[float(h)] = abs(nudged["forward"] - nudged["gradient"])
    assert off[0.1] == pytest.approx(0.4)
    for k in range(4, 13):
        off[10.0**-k] = abs(page.evaluate("h => backprop.nudge('w', h).forward", 10.0**-k) + 2)
    assert 1e-9 <= min(off, key=off.__getitem__) <= 1e-7


@of(3)
def test_a_weight_without_input_has_no_part(lesson: Lesson) -> None:
    """The gradient of a weight is its input, 0 where that is 0."""
    page = lesson.open()
    assert gradients(page, "w1", "w2") == [3, -2]
    page.evaluate("backprop.set('x2', 0)")
    assert gradients(page, "w1", "w2", "x1", "x2") == [3, 0, 0.5, 1.5]


@of(4)
def test_two_products_cancel(lesson: Lesson) -> None:
    """5 and 2 are added at steps 4 and 6; at a = -1.5 the sum is 0, and L is at its lowest."""
    page = lesson.open()
    assert page.evaluate("backprop.count()") == 6
    assert gradients(page, "a") == [7]
    page.evaluate("backprop.step(4)")
    style = "getComputedStyle([...document.querySelectorAll('#stage text')]"
    assert page.evaluate(f"{style}.find(it => it.textContent === '5')).fontStyle") == "italic"
    page.evaluate("backprop.set('a', -1.5)")
    assert gradients(page, "a", "b") == [0, -1.5]


@of(5)
def test_wrong_orders_are_wrong(lesson: Lesson) -> None:
    """The steps end where b is complete; 3 is told where 39 is right, and 8 where 4 is."""
    page = lesson.open(0)
    last = page.evaluate("backprop.scene(backprop.count() - 1)")
    assert (page.evaluate("backprop.count()"), last["sum"]) == (8, "7 + 6 = 13")
    page = lesson.open(1)
    assert gradients(page, "a") == [3]
    assert page.evaluate("backprop.nudge('a', 1e-6).central") == pytest.approx(39)
    said = page.evaluate("[...Array(9).keys()].map(k => backprop.scene(k).remark)")
    assert sum("too early" in remark for remark in said) == 1
    page = lesson.open(2)
    said = page.evaluate("[...Array(9).keys()].map(k => backprop.scene(k).remark)")
    assert sum("again" in remark for remark in said) == 2
    for a in 1.0, 2.0, -7.5:
        page.evaluate("a => backprop.set('a', a)", a)
        assert gradients(page, "a") == [8]
        assert page.evaluate("backprop.nudge('a', 1e-3).central") == pytest.approx(4)


@of(6)
def test_a_neuron_saturates(lesson: Lesson) -> None:
    """The gradients by hand are the page's; at b = 4 they are a hundred times smaller."""
    page = lesson.open()
    by_hand = [float(x) for x in re.findall(r"= (\S+)", lesson.printed)]
    assert gradients(page, "b", "w1", "w2") == pytest.approx(by_hand, abs=5e-5)
    page.evaluate("backprop.set('b', 4)")
    assert gradients(page, "s") == pytest.approx([0.0066], abs=5e-5)


@of(7)
def test_learning_has_the_digits_of_python(lesson: Lesson) -> None:
    """Three steps are those that are printed."""
    page = lesson.open()
    rows = re.findall(r"step \d:  w = (\S+)  b = (\S+)  E = (\S+)", lesson.printed)
    assert len(rows) == 3
    for row in rows:
        page.evaluate("backprop.learn(0.05)")
        learned = page.evaluate("['w', 'b', 'E'].map(name => backprop.get(name).data)")
        assert learned == [float(x) for x in row]


@of(7)
def test_rates_do_what_the_text_says(lesson: Lesson) -> None:
    """Higher up, to and fro, closer, there at once, shorter and shorter, wherever it starts."""
    page = lesson.open(1)
    for start in 0.8, 2.0:
        errors = {}
        for rate in 0.26, 0.25, 0.24, 0.125, 0.05:
            page.evaluate("to => descent.set(to)", {"start": [start], "rate": rate})
            steps = page.evaluate("descent.get().steps")
            errors[rate] = [steps[0]["error"], *(step["after"] for step in steps)]
        assert all(x < y for x, y in pairwise(errors[0.26]))
        assert errors[0.25] == pytest.approx([errors[0.25][0]] * 9)
        assert all(x > y > 0.5 * x for x, y in pairwise(errors[0.24]))
        assert errors[0.125][1:] == pytest.approx([0] * 8, abs=1e-30)
        moves = [abs(step["moved"][0] - step["point"][0]) for step in steps]
        assert all(x > y for x, y in pairwise(moves))


@of(8)
def test_an_epoch_has_the_digits_of_python(lesson: Lesson) -> None:
    """Two epochs are those that are printed; at first all houses agree, and then they do not."""
    page = lesson.open()
    pulls = "['v1', 'v4', 'v8'].map(name => backprop.get(name).grad)"  # at the products with w
    assert all(x < 0 for x in page.evaluate(pulls))
    rows = re.findall(r"epoch \d:  w = (\S+)  b = (\S+)", lesson.printed)
    assert len(rows) == 2
    for row in rows:
        page.evaluate("backprop.epoch(0.05)")
        assert page.evaluate("['w', 'b'].map(name => backprop.get(name).data)") == [
            *map(float, row)
        ]
    assert sorted(x > 0 for x in page.evaluate(pulls)) == [False, True, True]


@of(9)
def test_a_network_learns(lesson: Lesson) -> None:
    """173 values; a hundred steps bring the loss from 1.3 to a millionth."""
    page = lesson.open()
    assert len(page.evaluate("backprop.names()")) == 173
    assert page.evaluate("backprop.get('loss').data") == pytest.approx(1.3, abs=0.05)
    assert page.evaluate("backprop.learn(0.1, 100)") == pytest.approx(1e-6, rel=0.1)
    assert {"", "layer0.neuron0", "layer1.neuron0"} <= {*page.evaluate("backprop.views()")}


@of(10)
def test_a_step_leaves_the_domain_and_comes_back(lesson: Lesson) -> None:
    """The step lands at -1, where log is not defined; undo takes it back."""
    page = lesson.open()
    page.evaluate("backprop.learn(10)")
    assert page.evaluate("backprop.get('r').data") == -1
    assert page.evaluate("backprop.problem()") == "log(r) is not defined at r = −1; it needs r > 0"
    page.evaluate("backprop.undo()")
    assert page.evaluate("[backprop.get('r').data, backprop.problem()]") == [5, ""]
