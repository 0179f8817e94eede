"""The lessons 01 and 03, which have few numbers: those that their texts and answers name are so."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from lessons import Lesson, shown_by
from live_page import kept_page

FIRST, FLOW = Lesson("01_first_steps"), Lesson("03_gradient_flow")
LESSONS = [
    FIRST,
    Lesson("02_step_through_backprop"),
    FLOW,
    Lesson("04_your_own_engine"),
    Lesson("05_learning_house_prices"),
]


@pytest.mark.parametrize("lesson", LESSONS, ids=range(1, 6))
def test_printed_lines_fit_on_a_small_screen(lesson: Lesson) -> None:
    """A hundred characters, which is what JupyterLab has on one 1,100 pixels wide."""
    lines = [line for cell in lesson.cells for line in shown_by(cell).splitlines()]
    assert max(map(len, lines)) <= 100


def test_a_rate_of_a_half_wavers_and_a_larger_one_runs_away() -> None:
    """The last answer of 01: 0.02 to 2.5, and a loss that grows in 16 of 19 epochs."""

    def losses(rate: float) -> list[float]:
        names = FIRST.run(("lr=0.05", f"lr={rate}"), without=["Backprop(L)"])
        found: list[float] = names["history"].loss
        return found

    wavering = losses(0.5)[2:]
    assert (min(wavering), max(wavering)) == pytest.approx((0.02, 2.5), abs=0.05)
    growing = losses(0.6)
    assert sum(after > before for before, after in pairwise(growing)) == 16
    assert growing[4] > 1000
    assert growing[-1] == pytest.approx(2e12, rel=0.01)


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Any:
    """The live page of 03."""
    with kept_page(browser, tmp_path, FLOW.shown("Backprop(y)", "text/html")) as opened:
        yield opened


def test_a_relu_that_gives_0_stops_its_parameters_and_the_weight_after_it(page: Any) -> None:
    """At b = -1, `w`, `x` and `b` get nothing, and `v` neither, though `h` does."""
    page.evaluate("backprop.set('b', -1)")
    grads = page.evaluate("['w', 'x', 'b', 'v', 'h'].map(name => backprop.get(name).grad)")
    assert grads == [0, 0, 0, 0, 0.5]


def test_another_target_turns_all_gradients() -> None:
    """The last answer of 03: from -3.04 to +0.96; what is computed by hand goes along."""
    slopes, gradients = [], []
    for target in (1, -1):
        change = "target = 1\n", f"target = {target}\n"
        names = FLOW.run(change, end="from micrograd_like import draw_difference")
        out, neuron = names["out"], names["neuron"]
        assert names["by_hand"] == pytest.approx(neuron.w[1].grad)
        slopes.append(2 * (out - target))
        gradients.append([v.grad for v in (*neuron.parameters(), *names["x"])])
    assert slopes == pytest.approx([-3.04, 0.96], abs=0.005)
    assert all(before * after < 0 for before, after in zip(*gradients, strict=True))
