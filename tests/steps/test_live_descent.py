"""The live page of a descent: Python's numbers and words at any start, every control and key."""

import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from micrograd_like import Descent, Value
from micrograd_like.custom import forget, rule
from micrograd_like.steps.descent import HEIGHT
from micrograd_like.steps.descent_page import DescentPage
from micrograd_like.steps.pages import short
from micrograd_like.steps.words import DESCENT_WORDS

PHONE = {"width": 390, "height": 800}
ENDS = DESCENT_WORDS["ends"].partition("{")[0]
EARLY = DESCENT_WORDS["early"].partition("{")[0]


def valley(w: Value) -> Value:
    """A curve with two lowest places, off which large rates run."""
    return (w - 1) * (w + 2) * w * (w - 2) / 4 + 3


def root(w: Value) -> Value:
    """Not defined below 0."""
    return w.sqrt() + 1 / (w + 0.5)


def bowl(w1: Value, w2: Value) -> Value:
    """A surface with its least value at (1, 0)."""
    return (w1 - 1) * (w1 - 1) + 3 * w2 * w2 + w1 * w2 / 2


def edge(a: Value, b: Value) -> Value:
    """Not defined where a + b is below 0; a kink at b = 0."""
    return (a + b).sqrt() * a - b.relu() + a * a


def one_sided(w1: Value, w2: Value) -> Value:
    """An error that does not depend on its second weight."""
    return w1 * w1 * w1 + w2.data


ERRORS: dict[Callable[..., Value], tuple[float, ...]] = {
    valley: (2.5,), root: (2.0,), bowl: (3.0, -1.0), edge: (1.0, 0.5),
}  # fmt: skip


def asked(page: Any, **given: Any) -> Any:
    """The page's numbers and scenes with another start, rate or number of steps."""
    return json.loads(
        page.evaluate(
            """(given) => {
              descent.set(given);
              const text = (_, x) => typeof x === "number" && !Number.isFinite(x) ? String(x) : x;
              return JSON.stringify({ ...descent.get(), frames: descent.frames() }, text);
            }""",
            given,
        )
    )


def same(shown: Any, expected: float) -> bool:
    found = float(shown)
    return found == expected or (math.isnan(found) and math.isnan(expected))


def check_numbers(shown: Any, steps: Descent) -> None:
    """To the last digit: a number that is another is shown as another text in JSON."""
    assert len(shown["steps"]) == len(steps)
    for its, step in zip(shown["steps"], steps, strict=True):
        assert its["number"] == step.number
        for name in ("point", "gradient", "moved"):
            numbers = getattr(step, name)
            assert all(map(same, its[name], numbers)), (name, its, step)
        assert same(its["error"], step.error)
        assert same(its["after"], step.then)
    assert bool(shown["ended"]) == bool(steps.ended)


def check_scenes(shown: Any, page: DescentPage) -> None:
    """What each step says and shows; of an operation that is not defined, the page says its own."""
    frames, steps = shown["frames"], page.steps
    python = json.loads(json.dumps([short(scene) for scene in page.scenes()]))
    written = [{k: x for k, x in scene.items() if x != {}} for scene in frames["steps"]]
    if steps.ended:
        assert written[-1]["remark"].endswith(ENDS + shown["ended"])
        is_undefined = "not defined" in shown["ended"]
        assert is_undefined or shown["ended"] == steps.ended
        assert frames["told"].partition(EARLY)[2].startswith(shown["ended"])
        for last in (written[-1], python[-1]):
            last["remark"] = last["remark"].partition(ENDS)[0]
    assert written == python
    assert frames["start"] == page.start()
    assert frames["ways"] == [page.way(step) for step in steps]
    assert (
        frames["told"].partition(EARLY)[0].removesuffix(DESCENT_WORDS["outside"])
        == (page.told().partition(EARLY)[0])
    )


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_any_start_and_rate_has_pythons_numbers_and_words(
    error: Callable[..., Value], opened: Callable[..., Any]
) -> None:
    """20 random ones, among them such that diverge, and that leave where the error is defined."""
    steps = Descent(error, *ERRORS[error], lr=0.05, steps=12)
    page, picture = opened(steps), DescentPage.of(steps)
    chance, ends = random.Random(7), set()
    for k in range(20):
        start = [round(chance.uniform(-4, 4), chance.choice((1, 3, 16))) for _ in steps.start]
        rate, count = 10 ** chance.uniform(-3, 1 if k % 2 else -0.5), chance.randint(1, 25)
        if k % 5 == 0:  # enough to leave the floats
            rate, count = 10.0, 400
        shown = asked(page, start=start, rate=rate, steps=count)
        try:
            other = Descent(error, *start, lr=rate, steps=count)
        except ValueError:  # at the start
            assert "it needs" in shown["problem"]
            assert page.inner_text("#equation [role=alert]") == shown["problem"]
            assert shown["steps"] == []
            ends.add("nowhere")
            continue
        assert shown["problem"] == ""
        check_numbers(shown, other)
        check_scenes(shown, picture._replace(steps=other))
        ends.add("early" if other.ended else "end")
    assert "end" in ends
    assert len(ends) > 1  # some diverge or are not defined


def test_hard_starts_have_pythons_numbers(opened: Callable[..., Any]) -> None:
    """Huge ones, tiny rates, a flat place, and a step that leaves the finite numbers."""
    steps = Descent(lambda w: w * w * w, 2.0, lr=0.1, steps=4)
    page, picture = opened(steps), DescentPage.of(steps)
    for start, rate in ((1e200, 1.0), (-1e60, 1e-300), (0.0, 5.0), (1e150, 1e300), (-0.0, 1e-9)):
        other = Descent(steps.error, start, lr=rate, steps=4)
        shown = asked(page, start=[start], rate=rate)
        check_numbers(shown, other)
        check_scenes(shown, picture._replace(steps=other))


def test_an_error_need_not_depend_on_all_weights(opened: Callable[..., Any]) -> None:
    """The other's gradient is 0; a constant that follows a weight is a branch of Python's."""

    def first_only(w1: Value, _w2: Value) -> Value:
        return w1 * w1

    page = opened(Descent(first_only, 2.0, 1.0, steps=3))
    shown = asked(page, start=[1.5, -0.5])
    check_numbers(shown, Descent(first_only, 1.5, -0.5, steps=3))
    page = opened(Descent(one_sided, 2.0, 1.0, steps=3))
    assert "Python branches on the weights" in page.inner_text("#told")


def test_the_ring_is_dragged(opened: Callable[..., Any]) -> None:
    """The way, its words and the fields follow at once; reset brings the start back."""
    page = opened(Descent(valley, 2.5, lr=0.05, steps=12))
    told = page.inner_text("#told")
    box = page.locator("#ring").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 90, y + 40, steps=3)
    (start,) = page.evaluate("descent.get().start")
    page.mouse.up()
    page.mouse.move(x, y)
    assert page.evaluate("descent.get().start") == [start]
    assert 0 < start < 2.4
    assert page.inner_text("#told") != told
    assert page.input_value("[aria-label=w]") == str(start)
    box = page.locator("#ring").bounding_box()
    assert abs(box["x"] + box["width"] / 2 - (x - 90)) < 2
    assert page.locator(".hop.ahead").count() == len(page.evaluate("descent.get().steps"))
    page.click("#reset")
    assert page.inner_text("#told") == told
    assert page.evaluate("descent.get().start") == [2.5]


def test_a_finger_drags_over_a_surface(opened: Callable[..., Any]) -> None:
    """At 390 pixels all of the picture is in sight, and nothing is beyond the edge."""
    page = opened(Descent(bowl, 3.0, -1.0, lr=0.1, steps=8), **PHONE, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for selector in ("#ring", "#stage > svg", "#reset"):
        box = page.locator(selector).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    box = page.locator("#ring").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = page.context.new_cdp_session(page)
    for kind, at in (("touchStart", (x, y)), ("touchMove", (x - 50, y - 20)), ("touchEnd", ())):
        points = [{"x": at[0], "y": at[1]}] if at else []
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    w1, w2 = page.evaluate("descent.get().start")
    assert w1 < 2.9
    assert w2 > -0.95
    page.click("text=start and rate")
    assert page.locator("#way").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_start_rate_and_steps_are_typed_and_turned(opened: Callable[..., Any]) -> None:
    """What is no such number is told, and the old one stays."""
    page = opened(Descent(valley, 2.5, lr=0.05, steps=12))

    def typed(label: str, text: str) -> Any:
        page.fill(f"[aria-label='{label}']", text)
        page.keyboard.press("Enter")
        return page.evaluate(
            "[descent.get().start[0], descent.get().rate, descent.get().steps.length]"
        )

    assert typed("w", "−1.25") == [-1.25, 0.05, 12]
    assert typed("learning rate", "0.01") == [-1.25, 0.01, 12]
    assert typed("steps", "30") == [-1.25, 0.01, 30]
    for label, text in (("w", "one"), ("w", "inf"), ("steps", "2.5"), ("steps", "1001")):
        assert typed(label, text) == [-1.25, 0.01, 30]
        assert "stays" in page.inner_text("#way .trouble:not(:empty)")
        assert typed(label, "-1.25" if label == "w" else "30") == [-1.25, 0.01, 30]
        assert page.locator("#way .trouble:not(:empty)").count() == 0
    for label in ("w", "learning rate", "steps"):
        before = page.inner_text("#told")
        page.focus(f"[aria-label='{label}, slider']")
        page.keyboard.press("ArrowRight")
        assert page.inner_text("#told") != before


def test_a_start_outside_the_picture_is_told(opened: Callable[..., Any]) -> None:
    """Its steps are computed all the same, and the ring waits where it would come in."""
    page = opened(Descent(valley, 2.5, lr=0.05, steps=12))
    outside = DESCENT_WORDS["outside"]
    assert not page.inner_text("#told").endswith(outside)
    for start in ([40.0], [-40.0], [3.9]):
        assert asked(page, start=start)["frames"]["told"].endswith(outside)
        assert page.inner_text("#told").endswith(outside)
        ring, picture = (page.locator(of).bounding_box() for of in ("#ring", "#stage > svg"))
        assert picture["x"] <= ring["x"] <= picture["x"] + picture["width"]
        assert picture["y"] - 13 <= ring["y"] <= picture["y"] + picture["height"]
    asked(page, start=[2.0])
    assert not page.inner_text("#told").endswith(outside)


def test_where_the_start_is_not_defined_the_board_says_so(opened: Callable[..., Any]) -> None:
    """And the page comes back when the start does."""
    page = opened(Descent(root, 2.0, lr=0.05, steps=3))
    asked(page, start=[-1.0])
    told = page.inner_text("#equation [role=alert]")
    assert told == "sqrt(w) is not defined at w = −1; it needs w ≥ 0"
    assert page.get_attribute("#slider", "max") == "0"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("r")
    assert page.locator("#equation [role=alert]").count() == 0
    assert page.get_attribute("#slider", "max") == "6"


def test_keys(opened: Callable[..., Any]) -> None:
    """The ring's arrows move the start, elsewhere they step; d opens the panel, r resets."""
    page = opened(Descent(bowl, 3.0, -1.0, lr=0.1, steps=8), **PHONE)
    page.focus("#ring")
    for key in ("ArrowLeft", "ArrowUp", "Shift+ArrowUp"):
        page.keyboard.press(key)
    w1, w2 = page.evaluate("descent.get().start")
    assert w1 < 3.0
    assert w2 > -1.0
    assert page.input_value("#slider") == "0"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowRight")
    assert page.input_value("#slider") == "1"
    assert page.evaluate("descent.get().start") == [w1, w2]
    page.keyboard.press("d")
    assert page.locator("#way").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("#way").is_hidden()
    page.keyboard.press("r")
    assert page.evaluate("descent.get().start") == [3.0, -1.0]
    page.keyboard.press("End")
    assert page.input_value("#slider") == "16"
    asked(page, steps=3)
    assert page.input_value("#slider") == "6"
    assert page.locator(".hop.gone").count() == 3


def test_the_hook_refuses_what_python_would(opened: Callable[..., Any]) -> None:
    """A start of another length or no number, a rate of 0, half a step: an error, and all stays."""
    page = opened(Descent(valley, 2.5, lr=0.05, steps=12))
    for given in ("start: [1, 2]", "start: [NaN]", "rate: 0", "rate: Infinity", "steps: 1.5"):
        told = page.evaluate(
            f"(() => {{ try {{ descent.set({{ {given} }}) }} catch (e) {{ return e.message }} }})()"
        )
        assert given.partition(":")[0] in told
    shown = page.evaluate("[descent.get().start, descent.get().rate, descent.get().steps.length]")
    assert shown == [[2.5], 0.05, 12]


def test_where_the_page_cannot_compute_it_plays_and_says_why(opened: Callable[..., Any]) -> None:
    """Python branches on the weight, somewhere in the picture; a rule has no JavaScript."""

    def branching(w: Value) -> Value:
        return w * w if w.data > 0.3 else -w

    @rule("untranslatable", "x", "1")
    def untranslatable(x: Any) -> Any:
        return [x][0], 1.0

    try:
        for error, why in (
            (branching, "Python branches on the weights"),
            (lambda w: untranslatable(w) * w, "rule 'untranslatable' has no JavaScript"),
        ):
            page = opened(Descent(error, 2.0, lr=0.1, steps=3))
            assert why in page.inner_text("#told")
            assert page.locator("#ring").count() == 0
            page.keyboard.press("End")
            assert page.input_value("#slider") == "6"
            assert page.locator(".hop.gone").count() == 3
    finally:
        forget("untranslatable")


def test_at_200_percent_the_start_is_in_sight(opened: Callable[..., Any]) -> None:
    """Where the whole picture would be too small, it has its own size, and shows the start."""
    page = opened(Descent(bowl, 3.0, -1.0, lr=0.1, steps=8), width=550, height=350)
    ring, stage = (page.locator(of).bounding_box() for of in ("#ring", "#stage"))
    for side, size in (("x", "width"), ("y", "height")):
        middle = ring[side] + ring[size] / 2
        assert stage[side] < middle < stage[side] + stage[size]
    assert page.evaluate("document.documentElement.scrollWidth") <= 550


def test_a_label_is_text(opened: Callable[..., Any]) -> None:
    """Markup in a captured Value's label is shown, and does nothing."""
    bad = Value(2.0, "</script><img src=x onerror=alert(1)>")
    page = opened(Descent(lambda w: bad / w + w, 5.0, lr=0.1, steps=2))
    asked(page, start=[0.0])
    assert "<img" in page.inner_text("#equation [role=alert]")


def test_without_a_script_the_way_is_told(tmp_path: Path) -> None:
    """The sentence of the whole way stands in the page itself."""
    steps = Descent(valley, 2.5, lr=0.05, steps=12)
    html = steps.page()
    assert "12 steps from w = 2.5: E from" in html
    assert html == steps.page()


def test_a_notebook_shows_the_whole_picture_in_its_own_size(opened: Callable[..., Any]) -> None:
    """In a frame as wide as that of a page by nbconvert nothing is to be scrolled."""
    page = opened(Descent(bowl, 3.0, -1.0, lr=0.1), width=858, height=HEIGHT)
    page.wait_for_function("window.descent")
    over = "(() => { const it = document.querySelector('#stage');"
    over += " return [it.scrollHeight - it.clientHeight, it.scrollWidth - it.clientWidth]; })()"
    assert page.evaluate(over) == [0, 0]
    assert page.get_by_text("100 %").count() == 2  # the scale, and the button for it
