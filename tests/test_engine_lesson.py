"""The notebook 04_your_own_engine.ipynb: what its words and answers promise is so."""

import math
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from lessons import Lesson, changed
from live_page import kept_page

from micrograd_like import check_engine

LESSON = Lesson("04_your_own_engine")


def run(*left_out: str) -> dict[str, Any]:
    """The names after all cells but those that have a text; checks and pictures are left out."""
    quick = ("range(1000)", "range(9)"), ("\nprint(check_engine(", "\n# print(check_engine(")
    told = "str(check_engine(MyValue))", "''"
    return LESSON.run(*quick, told, without=("pyplot", "Backprop(", *left_out))


@pytest.fixture
def names() -> dict[str, Any]:
    """The names of the whole lesson, with the mended engine."""
    return run()


def gradient(names: dict[str, Any], backward: Callable[[Any], None]) -> float:
    """That of the lesson's calculation at 2, by a way back."""
    x = names["MyValue"](2.0)
    backward(names["calculation"](x))
    found: float = x.grad
    return found


def test_the_engine_has_about_thirty_lines() -> None:
    """Those of the class, its operations, the order and the way back, without the examples."""
    engine = r"^(?:class|def (?!calculation)).*\n(?:(?:    .*)?\n)*?(?=\S)|^MyValue.*\n"
    found = "".join(re.findall(engine, "\n".join(LESSON.code[:4]) + "\n", re.MULTILINE))
    assert 28 <= sum(map(bool, found.splitlines())) <= 34


def test_each_wrong_way_back_gives_its_wrong_number(names: dict[str, Any]) -> None:
    """44 is right; 28 without order, 8 with `=`; at 0 the missing order does not show."""
    assert gradient(names, names["backward"]) == 44
    assert gradient(names, names["backward_as_met"]) == 28
    assert gradient(names, names["backward_overwriting"]) == 8
    for start, agree in (0.0, True), (1.0, False), (-1.0, False), (-0.5, False):
        found = []
        for way in names["backward"], names["backward_as_met"]:
            x = names["MyValue"](start)
            way(names["calculation"](x))
            found.append(x.grad)
        assert (found[0] == found[1]) == agree


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Any:
    """The live page of the notebook."""
    shown = LESSON.shown('Backprop(L, order="naive")', "text/html")
    with kept_page(browser, tmp_path, shown) as opened:
        yield opened


def test_the_live_page_goes_wrong_as_the_engine_does(page: Any) -> None:
    """The kept page: two steps are too early, x is given 28, a small nudge measures 44."""
    count = page.evaluate("backprop.count()")
    said = page.evaluate("n => [...Array(n).keys()].map(k => backprop.scene(k).remark)", count)
    assert sum("too early" in remark for remark in said) == 2
    assert page.evaluate("backprop.get('x').grad") == 28
    first, small = (page.evaluate("h => backprop.nudge('x', h)", h) for h in (0.5, 1e-6))
    assert (first["forward"], first["central"]) == (61.375, 46.25)
    assert small["forward"] == pytest.approx(44, rel=1e-5)
    page.evaluate("backprop.set('x', 0)")
    assert page.evaluate("backprop.get('x').grad") == 0
    assert page.evaluate("backprop.nudge('x', 1e-3).central") == pytest.approx(0, abs=1e-5)


def test_without_zero_grad_the_loss_grows_again(names: dict[str, Any]) -> None:
    """With it the loss falls at each step; without it, it is better at the third, then worse."""
    cleared, kept = names["cleared"], names["kept"]
    assert all(after < before for before, after in pairwise(cleared))
    assert kept[:2] == cleared[:2]
    assert kept[2] < cleared[2]
    assert max(kept[3:]) > kept[0]


def test_the_checker_finds_what_the_lesson_says(names: dict[str, Any]) -> None:
    """The second pass of the first engine and both planted mistakes; no fault is in the mended one.

    Nor in one that sets all gradients to 0 before each pass.
    """
    engine = names["MyValue"]
    assert check_engine(engine).ok
    assert "a + (a + x)" in str(check_engine(engine, backward=names["backward_as_met"]).faults[0])
    assert "x + x at" in str(check_engine(engine, backward=names["backward_overwriting"]).faults[0])
    first = run("order = ordered(self")
    assert "second backward()" in str(check_engine(first["MyValue"]).faults[0])

    def anew(root: Any) -> None:
        for value in names["ordered"](root, [], set()):
            value.grad = 0.0
        names["backward"](root)

    assert check_engine(engine, backward=anew).ok


def test_subtraction_is_made_of_what_is_there(names: dict[str, Any]) -> None:
    """The first answer: one fault without __rsub__, none with it."""
    engine = names["MyValue"]
    for name in "__neg__", "__sub__", "__rsub__":
        found = re.search(rf"`MyValue\.{name} = (lambda [^`]*)`", LESSON.text)
        assert found
        if name == "__rsub__":
            (fault,) = check_engine(engine).faults
            assert str(fault).startswith("2 - x at x = 2: raises TypeError")
        setattr(engine, name, eval(found[1]))
    assert check_engine(engine).ok


def test_a_value_in_the_order_twice_passes_on_twice(names: dict[str, Any]) -> None:
    """The second answer: 84."""
    code = LESSON.source("def ordered")
    exec(changed(code, ("    if value not in met:\n", "    if True:\n")), names)
    assert gradient(names, names["backward"]) == 84


def test_a_smaller_rate_does_not_replace_zero_grad(names: dict[str, Any]) -> None:
    """The third answer: 0.09 at step 8, 11.8 at step 15."""
    losses = names["train"](zero_grad=False, lr=0.01, steps=30)
    assert losses[7] == min(losses[:15]) == pytest.approx(0.09, abs=0.005)
    assert losses[14] == pytest.approx(11.8, abs=0.05)


def test_a_wrong_slope_of_exp_is_named(names: dict[str, Any]) -> None:
    """The fourth answer: the number that the gradient should have."""
    engine = names["MyValue"]

    def exp(slope: float | None) -> Callable[[Any], Any]:
        def method(self: Any) -> Any:
            e = math.exp(self.data)
            return engine(e, (self,), (e if slope is None else slope,))

        return method

    engine.exp = exp(1.0)
    (fault,) = check_engine(engine).faults
    assert str(fault).startswith("x.exp() at x = 2: x.grad is 1, should be 7.389")
    engine.exp = exp(None)
    assert check_engine(engine).ok


def test_the_slope_of_tanh_far_out_is_that_of_the_library() -> None:
    """1.699e-17 at 20, which is 4 · exp(-40); it moves no weight near 1."""
    assert 4 * math.exp(-40) == pytest.approx(1.699e-17, rel=1e-3)
    assert 1 - 0.1 * 1.699e-17 == 1
    assert "Value: 1.699e-17" in LESSON.shown("kind(20.0)")
