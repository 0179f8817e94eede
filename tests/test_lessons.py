"""What 02_step_through_backprop.ipynb promises is what its pages show, part by part."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from lessons import Lesson, shown_by
from live_page import kept_page

from micrograd_like import Backprop, Value

LESSON = Lesson("02_step_through_backprop")


def parts() -> dict[int, list[dict[str, Any]]]:
    """The cells of each part, by its number."""
    found: dict[int, list[dict[str, Any]]] = {}
    number = 0
    for cell in LESSON.cells:
        # The text before a cell ends with the title of the next part, if there is one.
        for title in re.findall(r"^## (\d+)?", "".join(cell["source"]), re.MULTILINE):
            number = int(title or 0)  # 0 for what stands before the parts and after them
        found.setdefault(number, []).append(cell)
    return found


PARTS = parts()


def shown(number: int, kind: str = "") -> str:
    """What a part has printed, or shown of a kind."""
    return "".join(shown_by(cell, kind) for cell in PARTS[number])


def pages(number: int) -> int:
    """How many pages a part has."""
    return shown(number, "text/html").count("srcdoc='")


class Part:
    """What a part prints, and pages of it and of other parts, opened one by one."""

    def __init__(self, number: int, opened: Callable[[str], Any]) -> None:
        self.number = number
        self.printed = shown(number)
        self.opened = opened

    def open(self, number: int = 0) -> Any:
        """The page of a part, of this one if no other is named."""
        return self.opened(shown(number or self.number, "text/html"))


@pytest.fixture
def part(request: pytest.FixtureRequest, browser: Any, tmp_path: Path) -> Iterator[Part]:
    with ExitStack() as stack:
        yield Part(
            request.param,
            lambda content: stack.enter_context(kept_page(browser, tmp_path, content)),
        )


def of(number: int) -> Any:
    return pytest.mark.parametrize("part", [number], indirect=True)


def gradients(page: Any, *names: str) -> list[float]:
    return [page.evaluate("name => backprop.get(name).grad", name) for name in names]


def remarks(page: Any) -> list[str]:
    """What the page says of each step."""
    count = page.evaluate("backprop.count()")
    return [page.evaluate("k => backprop.scene(k).remark", k) for k in range(count)]


def test_every_part_has_something_to_turn() -> None:
    """Each of the ten asks to turn its own page, if it has one, and else that of one before it."""
    assert [*PARTS] == [*range(11)]
    for number, cells in PARTS.items():
        text = "\n".join("".join(cell["source"]) for cell in cells)
        turn = r"^> \*\*Turn\.\*\* (?:On the \[page of part (\d+)\]\(#\1\.)?"
        turns = re.findall(turn, text, re.MULTILINE)
        assert bool(turns) == (number > 0), number
        assert turns.count("") == pages(number) <= 1, number
        for other in filter(None, turns):
            assert pages(int(other)) == 1, number
            assert int(other) < number


def test_links_to_parts_lead_to_their_headings() -> None:
    """A link is a heading with - for each space, which is what JupyterLab and nbconvert know."""
    headings = {title.replace(" ", "-") for title in re.findall(r"^## (.*)$", LESSON.text, re.M)}
    links = re.findall(r"\]\(#(.*?)\)", LESSON.text)
    assert len(links) > 5
    assert {*links} <= headings


def test_the_picture_beside_a_page_is_small() -> None:
    """Where nothing plays, each page is an SVG."""
    still = r'<noscript><img [^>]*src="data:image/(.*?),(.*?)"'
    for number in range(1, 11):
        stills = re.findall(still, shown(number, "text/html"))
        assert [kind for kind, _ in stills] == ["svg+xml"] * pages(number)
        assert all(len(content) < 30_000 for _, content in stills), number


@of(1)
def test_the_right_prediction_has_no_gradient(part: Part) -> None:
    """At b = 1 all is 0, beyond it the signs turn, and w's gradient is twice b's."""
    page = part.open()
    for b, gradient in (0.5, -1), (1, 0), (1.5, 1), (2.5, 3):
        page.evaluate("b => backprop.set('b', b)", b)
        assert gradients(page, "w", "b") == [2 * gradient, gradient]


@of(2)
def test_the_slope_is_off_by_four_steps(part: Part) -> None:
    """The page's differences are those that Python prints; the best step is near 10⁻⁸."""
    page = part.open(1)
    printed = dict(re.findall(r"h = (\S+) .* = (\S+)", part.printed))
    assert len(printed) == 6
    off = {}
    for h, slope in printed.items():
        nudged = page.evaluate("h => backprop.nudge('w', h)", float(h))
        assert nudged["forward"] == float(slope)
        off[float(h)] = abs(nudged["forward"] - nudged["gradient"])
    assert off[0.1] == pytest.approx(0.4)
    for k in range(4, 13):
        off[10.0**-k] = abs(page.evaluate("h => backprop.nudge('w', h).forward", 10.0**-k) + 2)
    assert 1e-9 <= min(off, key=off.__getitem__) <= 1e-7


@of(2)
def test_from_both_sides_only_rounding_is_off(part: Part) -> None:
    """Nothing is off at h = 1; the smaller the step, the more."""
    page = part.open(1)
    central = "h => Math.abs(backprop.nudge('w', h).central + 2)"
    off = [page.evaluate(central, h) for h in (1, 1e-4, 1e-5, 1e-8, 1e-11)]
    assert off[0] == 0
    assert off == sorted(off)
    assert off[3] == pytest.approx(1e-8, rel=0.5)


@of(3)
def test_the_sign_says_which_way(part: Part) -> None:
    """Too low at w = 1, too high at w = 2: a step against -2 and against 6 lowers the error."""
    page = part.open(1)
    page.evaluate("backprop.learners(['w'])")
    for w, prediction, gradient in (1, 2.5, -2), (2, 4.5, 6):
        page.evaluate("w => backprop.set('w', w)", w)
        assert page.evaluate("backprop.get('p').data") == prediction
        assert gradients(page, "w") == [gradient]
        before = page.evaluate("backprop.get('E').data")
        assert page.evaluate("backprop.learn(0.01)") < before
        assert (page.evaluate("backprop.get('w').data") > w) == (gradient < 0)


@of(4)
def test_learning_has_the_digits_of_python(part: Part) -> None:
    """Three steps are those that are printed."""
    page = part.open(1)
    rows = re.findall(r"step \d:  w = (\S+)  b = (\S+)  E = (\S+)", part.printed)
    assert len(rows) == 3
    for row in rows:
        page.evaluate("backprop.learn(0.05)")
        learned = page.evaluate("['w', 'b', 'E'].map(name => backprop.get(name).data)")
        assert learned == [float(x) for x in row]


@of(4)
def test_rates_do_what_the_text_says(part: Part) -> None:
    """Shorter and shorter, there at once, nearer from the other side, to and fro, higher up."""
    page = part.open(1)
    missed = {}
    for rate in 0.05, 0.1, 0.15, 0.2, 0.21:
        page.evaluate("backprop.reset()")
        missed[rate] = [page.evaluate("backprop.get('d').data")]
        for _ in range(5):
            page.evaluate("rate => backprop.learn(rate)", rate)
            missed[rate].append(page.evaluate("backprop.get('d').data"))
    assert all(0 > y > x for x, y in pairwise(missed[0.05]))
    assert missed[0.1][1:] == pytest.approx([0] * 5, abs=1e-15)
    assert all(x * y < 0 and abs(y) < abs(x) for x, y in pairwise(missed[0.15]))
    assert missed[0.2] == pytest.approx([-0.5, 0.5] * 3)
    assert all(x * y < 0 and abs(y) > abs(x) for x, y in pairwise(missed[0.21]))


@of(5)
def test_three_products_are_added(part: Part) -> None:
    """1, 4 and 4 arrive at steps 5, 7 and 8; at a = -0.25 the three cancel, and none is 0."""
    page = part.open()
    assert gradients(page, "b", "a") == [9, 18]
    page.evaluate("backprop.step(5)")
    style = "getComputedStyle([...document.querySelectorAll('#stage text')]"
    assert page.evaluate(f"{style}.find(it => it.textContent === '1')).fontStyle") == "italic"
    sums = [page.evaluate("k => backprop.scene(k - 1).sum", k) for k in (5, 7, 8)]
    assert sums == ["", "1 + 4 = 5", "5 + 4 = 9"]
    page.evaluate("backprop.set('a', -0.25)")
    assert gradients(page, "b", "c", "L") == [0, 1, 1]
    assert page.evaluate("backprop.get('b').data") == -0.5
    sums = [page.evaluate("k => backprop.scene(k - 1).sum", k) for k in (7, 8)]
    assert sums == ["1 + (−0.5) = 0.5", "0.5 + (−0.5) = 0"]


@of(6)
def test_wrong_orders_are_wrong(part: Part) -> None:
    """b is complete at step 8 of 9; too early gives 2 where 18 is right, and again 8 where 4 is."""
    page = part.open(5)
    assert page.evaluate("backprop.count()") == 9
    assert [page.evaluate("k => backprop.scene(k).sum", k) for k in (7, 8)] == ["5 + 4 = 9", ""]
    page = part.open()
    assert gradients(page, "a") == [2]
    assert page.evaluate("backprop.nudge('a', 1e-6).central") == pytest.approx(18)
    assert sum("too early" in remark for remark in remarks(page)) == 1
    lines = part.printed.splitlines()
    assert sum("again" in line for line in lines) == 2
    assert "in the end a.grad is 8, and should be 4" in lines[-1]
    for number in 1.0, 2.0, -7.5:
        a = Value(number)
        b = a + a
        assert Backprop(b + b, order="depth-first")[-1].after == 8


@of(7)
def test_a_neuron_saturates(part: Part) -> None:
    """The gradients by hand are the page's; at b = 4 they are a hundred times smaller."""
    page = part.open()
    by_hand = [float(x) for x in re.findall(r"= (\S+)", part.printed)]
    assert gradients(page, "b", "w1", "w2") == pytest.approx(by_hand, abs=5e-5)
    page.evaluate("backprop.set('b', 4)")
    assert gradients(page, "s") == pytest.approx([0.0066], abs=5e-5)


@of(7)
def test_a_weight_without_input_has_no_part(part: Part) -> None:
    """The gradient of a weight is its input times that of the sum, and 0 where the input is."""
    page = part.open()
    page.evaluate("backprop.set('x2', 0)")
    of_sum, *others = gradients(page, "s", "w1", "w2", "x1", "x2")
    assert others == pytest.approx([2 * of_sum, 0, -0.6 * of_sum, 0.8 * of_sum])
    assert others[1] == 0


@of(8)
def test_an_epoch_has_the_digits_of_python(part: Part) -> None:
    """Two epochs are those that are printed; at first all houses agree, and then they do not."""
    page = part.open()
    pulls = "['p1', 'p2', 'p3'].map(name => backprop.get(name).grad)"  # at the products with w
    assert all(x < 0 for x in page.evaluate(pulls))
    rows = re.findall(r"epoch \d:  w = (\S+)", part.printed)
    assert len(rows) == 2
    for w in rows:
        page.evaluate("backprop.epoch(0.05)")
        assert page.evaluate("backprop.get('w').data") == float(w)
    assert sorted(x > 0 for x in page.evaluate(pulls)) == [False, True, True]


@of(9)
def test_a_network_learns(part: Part) -> None:
    """157 values; a hundred steps bring the loss from 1.04 to 0.0009."""
    page = part.open()
    assert len(page.evaluate("backprop.names()")) == 157
    assert page.evaluate("backprop.get('loss').data") == pytest.approx(1.04, abs=0.005)
    assert page.evaluate("backprop.learn(0.2, 100)") == pytest.approx(9e-4, abs=5e-5)
    assert {"", "layer0.neuron0", "layer1.neuron0"} <= {*page.evaluate("backprop.views()")}


@of(10)
def test_a_step_leaves_the_domain_and_comes_back(part: Part) -> None:
    """The step lands at -1, where log is not defined; undo takes it back."""
    page = part.open()
    page.evaluate("backprop.learn(10)")
    assert page.evaluate("backprop.get('r').data") == -1
    page.keyboard.press("l")
    assert "L = nan" in page.inner_text("body")
    assert page.evaluate("backprop.problem()") == "log(r) is not defined at r = −1; it needs r > 0"
    page.evaluate("backprop.undo()")
    assert page.evaluate("[backprop.get('r').data, backprop.problem()]") == [5, ""]


@of(0)
def test_the_answers_are_what_the_pages_show(part: Part) -> None:
    """Each of the six answers to the questions at the end is found by turning a page."""
    page = part.open(1)
    for h in 0.5, 0.25:
        off = [
            page.evaluate("([name, h]) => backprop.nudge(name, h).forward", [name, h])
            - gradients(page, name)[0]
            for name in ("b", "w")
        ]
        assert off == [h, 4 * h]
    page.evaluate("backprop.set('b', 2.5)")
    assert gradients(page, "w") == [6]
    page.evaluate("backprop.reset()")
    assert page.evaluate("backprop.learn(0.1)") == pytest.approx(0, abs=1e-30)
    b = Value(4.0, label="b")
    cube = Backprop(b * b * b)
    assert [step.contribution for step in cube if step.input is b] == [16, 16, 16]
    assert cube.gradients[id(b)] == 48
    assert gradients(part.open(6), "L", "c", "b", "a") == [1, 1, 9, 2]
    page = part.open(7)
    slopes = {
        b: page.evaluate("b => (backprop.set('b', b), backprop.get('b').grad)", b)
        for b in (0.7, 0.8, 0.9)
    }
    assert slopes[0.8] == 1 == max(slopes.values())
