"""Values and edges of the live page in a browser: every way to choose, to turn and to undo."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from live_page import (
    PHONE,
    as_float,
    cell,
    data,
    drag,
    network,
    place,
    seen,
    shown,
    tanh_of_line,
    title,
    until,
)

from micrograd_like import MLP, Backprop, Value


def test_a_value_is_chosen_by_pointer_keys_and_name(opened: Callable[..., Any]) -> None:
    """Each way opens the panel; it closes by Esc and ×; space on a value plays nothing."""
    page = opened(Backprop(tanh_of_line()[1]()))
    page.click("#n0 text >> nth=0")
    assert title(page) == "a"
    assert page.get_attribute("#n0", "aria-pressed") == "true"
    page.keyboard.press("Escape")
    assert title(page) == ""
    assert page.get_attribute("#n0", "aria-pressed") == "false"
    page.locator("#n0").focus()
    page.keyboard.press("Space")
    assert (title(page), place(page)) == ("a", 0)
    assert page.get_attribute("#play", "aria-label") == "play"
    page.keyboard.press("ArrowDown")
    assert title(page) == "b"
    assert page.evaluate("document.activeElement.id") == "n1"
    page.keyboard.press("ArrowRight")  # a step, as everywhere
    assert (title(page), place(page)) == ("b", 1)
    page.click("#tools .close")
    assert title(page) == ""
    assert page.evaluate("document.activeElement.textContent") == "value"
    page.locator("#n2").focus()
    page.keyboard.press("ArrowUp")  # where nothing is open, nothing opens
    assert title(page) == ""
    page.keyboard.press("Enter")
    assert title(page) == "b"
    page.keyboard.press("/")
    page.keyboard.type("v2")
    assert title(page) == "v2"
    page.keyboard.press("Escape")
    assert page.locator("[aria-pressed=true].node").count() == 0
    page.locator("#stage").click(position={"x": 3, "y": 3})
    assert title(page) == ""  # nothing is chosen; the leaves are listed
    page.locator("#value table button", has_text="c").click()
    assert title(page) == "c"


def test_the_panel_has_the_engines_numbers_to_the_last_digit(opened: Callable[..., Any]) -> None:
    """Data and gradient of every value, at any step; what is not there yet is told."""
    steps = Backprop(network()[1](), expand="all")
    page = opened(steps)
    page.keyboard.press("End")
    steps.root.backward()
    for v in [*steps.order[::7], steps.root]:
        page.evaluate("name => backprop.select(name)", steps.name(v))
        assert title(page) == steps.name(v)
        assert shown(page, "gradient") == v.grad
        shown_data = (
            as_float(page.input_value(".knob [type=text]")) if not v.rule else shown(page, "data")
        )
        assert shown_data == v.data
        assert page.locator("#value dt", has_text="so far").count() == 0
    page.keyboard.press("Home")
    assert page.inner_text("#value dt:text-is('so far') + dd") == "not computed"


def test_a_values_steps_are_lines_that_go_there(opened: Callable[..., Any]) -> None:
    """Those that were, those to come counted; the line that was pressed keeps the focus."""
    a = Value(2.0, "a")
    b = a * 3
    root = b * b + b
    b.label, root.label = "b", "L"
    page = opened(Backprop(root))
    page.keyboard.press("End")
    page.click("#n1 text >> nth=0")
    lines = page.locator("#value .lines").last.locator("button")
    assert [line.split()[0] for line in lines.all_inner_texts()] == ["1", "6", "7", "8"]
    assert "now 7 + 6 = 13" in lines.last.inner_text()
    assert "nothing more to come" in page.inner_text("#value")
    lines.nth(1).focus()
    page.keyboard.press("Enter")
    assert place(page) == 6
    assert lines.count() == 2
    assert "2 more steps to come" in page.inner_text("#value")
    assert page.evaluate("document.activeElement.textContent").startswith("6 ")
    far = page.inner_text("#value dt:text-is('so far') + dd")
    assert far == "gradient 1.0, 1 of 3 products"


def test_an_operation_tells_its_chain_rule(opened: Callable[..., Any]) -> None:
    """Its local derivatives, as formula and number, and the products that it passes back."""
    page = opened(Backprop(tanh_of_line()[1]()))
    page.keyboard.press("End")
    page.click("#n2 text >> nth=0")
    assert page.inner_text("#value .made") == "a · b"
    locals_ = page.locator("#value .locals li").all_inner_texts()
    assert locals_ == ["∂v1/∂a = b = −1.5", "∂v1/∂b = a = 2"]
    passed = page.locator("#value .lines").first.locator("button").all_inner_texts()
    assert [line.split()[:2] for line in passed] == [["8", "a.grad"], ["9", "b.grad"]]
    page.locator("#value .lines button").first.click()
    assert place(page) == 8
    page.evaluate("backprop.set('a', 7)")
    assert page.locator("#value .locals li").last.inner_text() == "∂v1/∂b = a = 7"


def test_an_edge_tells_its_product(opened: Callable[..., Any]) -> None:
    """Local derivative, gradient from above and their product; of several edges their sum."""
    leaves, record = tanh_of_line()
    root = record()
    page = opened(Backprop(root))
    page.keyboard.press("End")
    root.backward()
    middle = """() => {
        const path = document.querySelector("#e0 path"), half = path.getTotalLength() / 2;
        const { x, y } = path.getPointAtLength(half).matrixTransform(path.getScreenCTM());
        return [x, y + 4];  // a little beside it
    }"""
    page.mouse.click(*page.evaluate(middle))
    assert title(page) == "a → v1"
    a, b, _ = leaves
    assert shown(page, "local derivative") == b.data
    assert shown(page, "local derivative") * shown(page, "gradient from above") == a.grad
    assert shown(page, "product") == a.grad
    page.locator("#value .lines button").click()
    assert page.inner_text("#count") == "step 8 of 9"
    page.keyboard.press("Escape")
    assert page.locator("[data-chosen]").count() == 0


def test_no_panel_tells_what_the_picture_does_not_show_yet(opened: Callable[..., Any]) -> None:
    """Data, gradients and products are "·" until their step, in leaves, edges and lines."""
    page = opened(Backprop(tanh_of_line()[1]()))
    page.keyboard.press("v")
    gradients = page.locator("#value td:nth-child(3)")
    assert gradients.all_inner_texts() == ["·"] * 3
    for step in range(10):
        picture = [page.text_content(f"#g{k} text") for k in (0, 1, 3)]
        assert gradients.all_inner_texts() == picture
        page.keyboard.press("ArrowRight")
        assert place(page) == min(step + 1, 9)
    assert "·" not in gradients.all_inner_texts()
    page.locator(".edge[id=e0] .hit").dispatch_event("click")
    rows = page.locator("#value .digits dd")
    for step, known in {0: 1, 3: 1, 6: 2, 8: 3}.items():
        page.evaluate("step => backprop.step(step)", step)
        texts = rows.all_inner_texts()
        assert [text != "·" for text in texts] == [k < known for k in range(3)]
        assert page.locator("#value .lines button").count() == (step == 8)
    page.evaluate("backprop.select('v1'); backprop.step(3)")
    assert page.locator("#value dt").all_inner_texts()[1] == "gradient at the end"
    assert page.locator("#value .lines").first.locator("button").count() == 0
    assert "2 more steps to come" in page.inner_text("#value")


def test_a_knob_turns_its_leaf(opened: Callable[..., Any]) -> None:
    """By slider, field and keys; the whole page follows, as Python computes it."""
    (a, *_), record = tanh_of_line()
    page = opened(Backprop(record()))
    page.keyboard.press("End")
    page.click("#n0 text >> nth=0")
    slider, field = page.locator(".knob [type=range]"), page.locator(".knob [type=text]")

    def agrees(x: float) -> None:
        a.data, a.grad = x, 0.0
        root = record()
        root.backward()
        assert data(page, "a") == x
        assert as_float(field.input_value()) == x
        assert float(slider.input_value()) == pytest.approx(x, abs=0.05)
        assert shown(page, "gradient") == a.grad
        assert as_float(page.inner_text(".outcome").removeprefix("L = ")) == root.data
        assert abs(x) <= float(slider.get_attribute("max"))

    agrees(2.0)
    slider.fill("1.5")
    agrees(1.5)
    slider.focus()
    page.keyboard.press("ArrowRight")  # a tick of the slider, and no step
    assert place(page) == 9
    assert 1.5 < data(page, "a") < 1.6
    for text, x in {"-2.25": -2.25, "−3": -3.0, " 1_000 ": 1000.0, "1e-9": 1e-9, ".5": 0.5}.items():
        field.fill(text)
        page.keyboard.press("Enter")
        agrees(x)
    page.locator("#n0").focus()
    page.keyboard.press("Shift+ArrowRight")
    agrees(0.51)
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    agrees(0.49)
    assert place(page) == 9


@pytest.mark.parametrize(
    ("text", "number", "told"),
    [
        ("two", None, "“two” is no number; 2.0 stays"),
        ("1,5", None, "“1,5” is no number; 2.0 stays (write 1.5)"),
        ("−1/4", None, "“−1/4” is no number; 2.0 stays (write −0.25)"),
        ("1/0", None, "“1/0” is no number; 2.0 stays"),
        ("1,000", None, "“1,000” is no number; 2.0 stays"),
        ("", None, "a number is missing; 2.0 stays"),
        ("0x10", None, "“0x10” is no number"),
        ("<img src=x onerror=alert(1)>", None, "“<img src=x onerror=alert(1)>” is no number"),
        ("1e400", math.inf, "too large for a float: ∞"),
        ("1e-400", 0.0, "too small for a float: 0"),
        ("nan", math.nan, ""),
        ("-inf", -math.inf, ""),
        ("1e308", 1e308, ""),
        ("-0", -0.0, ""),
    ],
)
def test_what_is_typed_is_a_number_or_told(
    opened: Callable[..., Any], text: str, number: float | None, told: str
) -> None:
    """Nothing breaks, whatever it is; afterwards a number is a number again."""
    page = opened(Backprop(tanh_of_line()[1]()))
    page.keyboard.press("End")
    page.click("#n0 text >> nth=0")
    field = page.locator(".knob [type=text]")
    field.fill(text)
    page.keyboard.press("Enter")
    now = page.evaluate("String(backprop.get('a').data)").replace("Infinity", "inf")
    assert repr(float(now)) == repr(
        2.0 if number is None else abs(number) if text == "-0" else number
    )
    assert told in page.inner_text(".knob .trouble")
    assert ("(write" in page.inner_text(".knob .trouble")) == ("(write" in told)
    assert bool(page.inner_text(".knob .trouble")) == bool(told)
    assert (field.get_attribute("aria-invalid") == "true") == (number is None)
    page.keyboard.press("ArrowLeft")  # of the field, and no step
    assert place(page) == 9
    if number is None:
        page.keyboard.press("Escape")  # takes back what was typed, and then closes
        assert field.input_value() == "2.0"
        field.fill(text)
        field.blur()  # who goes on finds the number that is used, and still why
        assert field.input_value() == "2.0"
        assert field.get_attribute("aria-invalid") is None
        assert told in page.inner_text(".knob .trouble")
    field.fill("1.25")
    page.keyboard.press("Enter")
    assert data(page, "a") == 1.25
    assert page.text_content("#d0 text") == "1.25"


def test_a_leaf_is_dragged_in_the_picture(opened: Callable[..., Any]) -> None:
    """Its number turns, the picture stays; a drag is one edit, and no click."""
    page = opened(Backprop(tanh_of_line()[1]()))
    page.keyboard.press("End")
    before = page.locator("#n0").bounding_box()
    drag(page, cell(page, 0).bounding_box(), 40)
    assert data(page, "a") == 3.0  # 40 of 200 ticks, from 0 to 5
    assert title(page) == ""
    assert page.locator("#n0").bounding_box() == before
    drag(page, cell(page, 0).bounding_box(), -160)
    assert data(page, "a") < 0
    page.keyboard.press("u")
    assert data(page, "a") == 3.0
    page.keyboard.press("u")
    assert data(page, "a") == 2.0
    drag(page, cell(page, 0, "g").bounding_box(), 40)  # a gradient can't be turned
    drag(page, cell(page, 2).bounding_box(), 40)
    assert data(page, "a") == 2.0
    cell(page, 0).click()
    assert title(page) == "a"
    drag(page, cell(page, 1).bounding_box(), 10)
    assert title(page) == "b"  # an open panel goes along
    assert (
        page.evaluate("getComputedStyle(document.querySelector('#d0 rect')).cursor") == "ew-resize"
    )


def test_a_finger_turns_a_leaf(opened: Callable[..., Any]) -> None:
    """Over its number a finger drags that, and does not scroll."""
    page = opened(Backprop(tanh_of_line()[1]()), **PHONE, has_touch=True)
    touch = page.context.new_cdp_session(page)
    box = cell(page, 0).bounding_box()
    x, y = box["x"] + 20, box["y"] + 8

    def send(kind: str, far: int) -> None:
        points = [] if kind == "touchEnd" else [{"x": x + far, "y": y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", 0)
    for far in (5, 10, 20, 40):
        send("touchMove", far)
    send("touchEnd", 40)
    until(lambda: data(page, "a") == 3.0)
    assert page.evaluate("document.getElementById('stage').scrollLeft") == 0


def test_every_edit_can_be_undone(opened: Callable[..., Any]) -> None:
    """By button and both keys; a slide is one edit; reset goes back to the start."""
    page = opened(Backprop(tanh_of_line()[1]()))
    undo, reset = (page.locator(f"#toolbar [aria-label={name}]") for name in ("undo", "reset"))
    assert undo.is_disabled()
    assert reset.is_disabled()
    page.click("#n0 text >> nth=0")
    slider = page.locator(".knob [type=range]")
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2)
    page.mouse.down()
    for part in (0.6, 0.5, 0.3):
        page.mouse.move(box["x"] + box["width"] * part, box["y"] + box["height"] / 2)
    page.mouse.up()
    slid = data(page, "a")
    assert slid < 0
    page.evaluate("backprop.set({ b: 5, c: 6 })")
    page.evaluate("backprop.set('c', 7)")
    undo.click()
    assert data(page, "c") == 6
    page.locator("#n0").focus()
    page.keyboard.press("Control+z")
    assert (data(page, "b"), data(page, "c")) == (-1.5, 2.4)
    assert data(page, "a") == slid
    page.keyboard.press("u")
    assert data(page, "a") == 2.0
    assert undo.is_disabled()
    page.evaluate("backprop.set({ a: 1, b: 5, c: 6 })")
    page.keyboard.press("r")
    assert [data(page, name) for name in "abc"] == [2.0, -1.5, 2.4]
    assert reset.is_disabled()
    page.keyboard.press("u")  # the reset, too
    assert data(page, "b") == 5
    reset.click()
    assert data(page, "b") == -1.5


def test_what_is_not_defined_is_told_and_comes_back(opened: Callable[..., Any]) -> None:
    """The board names operation, value and domain, the cell has a "?"; then it is over."""
    x, y = Value(2.0, "x"), Value(0.5, "y")
    root = (x - 1).log() * y
    root.label = "L"
    page = opened(Backprop(root))
    page.keyboard.press("End")
    page.click("#n0 text >> nth=0")
    before = seen(page)
    field = page.locator(".knob [type=text]")
    for text in ("0.5", "-inf", "1"):
        field.fill(text)
        page.keyboard.press("Enter")
        problem = page.inner_text("#equation")
        assert problem.startswith("log(v1) is not defined at v1 = ")
        assert problem.endswith("; it needs v1 > 0")
        assert page.get_attribute("#equation [role=alert]", "role") == "alert"
        assert page.text_content(".undefined text") == "?"
        assert page.inner_text("#value .outcome") == problem
        page.keyboard.press("Escape")
        page.locator("#n0").focus()
        for key in ("b", "Home", "End"):
            page.keyboard.press(key)
            assert page.inner_text("#equation") == problem
        page.keyboard.press("Home")
        page.keyboard.press("ArrowRight")  # what is defined before it is a step as ever
        assert page.inner_text("#equation").startswith("v1")
        assert page.locator(".undefined").count() == 0
        page.keyboard.press("End")
        page.keyboard.press("Enter")
    page.keyboard.press("End")
    field.fill("2")
    page.keyboard.press("Enter")
    page.locator("#n0").focus()
    assert seen(page) == before
    assert page.locator(".undefined").count() == 0


def test_a_page_that_cannot_compute_says_why(opened: Callable[..., Any]) -> None:
    """It plays, and has no knob; drags and keys change nothing."""
    a = Value(2.0, "a")
    twice = Value(4.0, (a,), "twice")
    page = opened(Backprop(twice * a))
    page.click("#n0 text >> nth=0")
    assert "rule 'twice' has no JavaScript" in page.inner_text("#value")
    assert page.locator(".knob").count() == 0
    page.locator("#n0").focus()
    page.keyboard.press("Shift+ArrowRight")
    drag(page, cell(page, 0).bounding_box(), 40)
    assert data(page, "a") == 2.0
    page.keyboard.press("End")
    assert page.inner_text("#count") == "step 6 of 6"


def test_the_panel_says_that_branches_stay(opened: Callable[..., Any]) -> None:
    """What Python decided while it recorded is not decided again: above all leaves, not at each."""
    page = opened(Backprop(tanh_of_line()[1]()))
    page.keyboard.press("v")
    told = "in an if or a loop, stays as it was"
    assert told in page.inner_text("#value")
    page.click("#n0 text >> nth=0")
    assert told not in page.inner_text("#value")


def test_what_is_copied_gives_python_the_same_numbers(opened: Callable[..., Any]) -> None:
    """Run, it gives the leaves their numbers, and the loss that the page has."""
    leaves, record = tanh_of_line()
    page = opened(Backprop(record()))
    page.evaluate("backprop.set({ a: 0.1 + 0.2, b: -1e-7, c: 12345678901234567000 })")
    loss = data(page, "L")
    page.keyboard.press("c")
    text = page.input_value("#python textarea")
    assert text.splitlines()[0] == "a.data = 0.30000000000000004"
    selected = "document.activeElement.selectionEnd - document.activeElement.selectionStart"
    assert page.evaluate(selected) == len(text)
    assert page.inner_text("#python [role=status]")
    exec(text, dict(zip("abc", leaves, strict=True)))
    assert record().data == loss
    page.keyboard.press("ArrowLeft")  # of the text, and no step
    assert place(page) == 0
    model, again = network()
    page = opened(Backprop(again()))
    page.evaluate("backprop.learn(0.1, 3)")
    loss = data(page, "L")
    page.keyboard.press("c")
    exec(page.input_value("#python textarea"), {"model": model})
    assert again().data == pytest.approx(loss, rel=1e-15)


def test_unnamed_leaves_are_comments(opened: Callable[..., Any]) -> None:
    """No line of the program names what has no name; inf and nan are floats of Python."""
    root = Value(1.5) * Value(2.0, "b") + Value(3.0, 'not a name\n"')
    page = opened(Backprop(root))
    page.evaluate("backprop.set('b', NaN)")
    page.keyboard.press("c")
    text = page.input_value("#python textarea")
    scope: dict[str, Any] = {"b": Value(0.0), "model": MLP(1, [1])}
    exec(text, scope)
    assert math.isnan(scope["b"].data)
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        "# v1, which has no name: 1.5"
    ]
    assert len(scope["numbers"]) == 1
