"""The live page's tools in a browser: groups, the address, windows of any size, readers, paper."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browsing import Watched
from live_page import (
    PHONE,
    apart,
    as_float,
    data,
    network,
    place,
    shown,
    tanh_of_line,
    title,
    until,
)

from micrograd_like import Backprop, Value, group

HOSTILE = "</script><script>alert(1)</script>"
ZOOMED = {"width": 640, "height": 400}  # a window of 1280×800 at 200 %
SIZES = [{"width": 1100, "height": 700}, PHONE, ZOOMED, {"width": 320, "height": 640}]


def test_tools_have_buttons_and_keys_and_one_is_open(opened: Callable[..., Any]) -> None:
    """Each is opened and closed by both, and says so; the key goes there and back."""
    page = opened(Backprop(tanh_of_line()[1]()))
    for key, name in {
        "v": "value",
        "l": "learn",
        "n": "nudge",
        "p": "predict",
        "c": "Python",
        "?": "keys",
    }.items():
        button = page.locator("#toolbar button", has_text=name)
        panel = f"#{button.get_attribute('aria-controls')}"
        page.locator("#n0").focus()
        page.keyboard.press(key)
        assert button.get_attribute("aria-expanded") == "true"
        assert page.locator("#tools .panel:visible").count() == 1
        assert page.locator(panel).is_visible()
        assert page.evaluate("document.getElementById('tools').contains(document.activeElement)")
        page.keyboard.press("Escape")
        assert page.locator("#tools").is_hidden()
        assert page.evaluate("document.activeElement.textContent") == name
        button.click()
        assert page.locator(panel).is_visible()
        button.click()
        assert page.locator("#tools").is_hidden()
        assert button.get_attribute("aria-expanded") == "false"


def test_a_text_that_nobody_types_in_leaves_letters_to_the_page(
    opened: Callable[..., Any],
) -> None:
    """c opens the program and closes it, though its text has the focus; arrows stay in the text."""
    page = opened(Backprop(tanh_of_line()[1]()))
    page.keyboard.press("c")
    assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+c")
    assert place(page) == 0
    assert page.locator("#python").is_visible()
    page.keyboard.press("c")
    assert page.locator("#tools").is_hidden()
    assert page.evaluate("document.activeElement.textContent") == "Python"
    page.keyboard.press("c")
    page.keyboard.press("l")
    assert page.locator("#learn").is_visible()


def test_the_keys_have_the_pictures_signs_with_them(opened: Callable[..., Any]) -> None:
    """What colours, dashes, widths, numbers at edges, |grad| and "x₂" are."""
    page = opened(Backprop(tanh_of_line()[1]()))
    page.keyboard.press("?")
    told = page.inner_text("#keys")
    for words in ("red", "blue and dashed", "width", "local derivative", "|grad|", "x₂"):
        assert words in told


def test_groups_open_and_close(opened: Callable[..., Any]) -> None:
    """By double click, Enter, button, title and list; step, numbers and choice are kept."""
    page = opened(Backprop(network()[1]()))
    choice = page.locator("#toolbar select")
    assert choice.input_value() == ""
    page.keyboard.press("b")
    step = page.inner_text("#count").split(",")[0]  # and where it stands in this picture
    page.evaluate("backprop.set('layer0.neuron2.b', 0.125)")
    node = page.locator(".node[aria-label^='layer0.neuron2,']")
    node.locator("text").first.dblclick()
    until(lambda: choice.input_value() == "layer0.neuron2")
    assert page.inner_text("#count").split(",")[0] == step
    assert title(page) == "layer0.neuron2"
    assert node.count() == 0 or node.get_attribute("class") != "node group"
    page.locator(".node[aria-label^='layer0.neuron2.b,'] text").first.click()
    assert title(page) == "layer0.neuron2.b"
    assert page.input_value(".knob [type=text]") == "0.125"
    page.locator("#value .about button", has_text="layer0.neuron2").click()
    assert title(page) == "layer0.neuron2"
    page.locator("#value .about button", has_text="close").click()
    until(lambda: choice.input_value() == "")
    assert title(page) == "layer0.neuron2"
    assert node.get_attribute("aria-pressed") == "true"
    page.locator("#value .about button", has_text="open").click()
    until(lambda: choice.input_value() == "layer0.neuron2")
    page.locator(".cluster[role=button] text", has_text="neuron2").click()
    until(lambda: choice.input_value() == "")
    node.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    until(lambda: choice.input_value() == "layer0.neuron2")
    page.locator(".cluster[aria-label^='layer0.neuron2 is open']").focus()
    page.keyboard.press("Space")
    until(lambda: choice.input_value() == "")
    until(
        lambda: page.evaluate("document.activeElement.getAttribute('aria-label')").startswith(
            "layer0.neuron2,"
        )
    )
    choice.select_option("layer0.neuron5")
    until(lambda: page.locator(".node[aria-label^='layer0.neuron5.b,']").count() == 1)
    assert page.inner_text("#count").split(",")[0] == step
    assert page.evaluate("backprop.get('layer0.neuron2.b').data") == 0.125
    page.locator(".cluster[role=button] text", has_text="neuron5").click()
    until(lambda: choice.input_value() == "")
    assert page.inner_text("#count").split(",")[0] == step
    with pytest.raises(Exception, match="no view nothing; there are "):
        page.evaluate("backprop.open('nothing')")
    assert choice.input_value() == ""


def test_a_group_tells_what_is_in_it(opened: Callable[..., Any]) -> None:
    """Parameters and outputs with their numbers; a parameter is turned from there."""
    model, record = network()
    root = record()
    page = opened(Backprop(root))
    page.keyboard.press("End")
    page.locator(".node[aria-label^='layer0.neuron2,'] text").first.click()
    assert "3 parameters, 2 outputs" in page.inner_text("#value")
    root.backward()
    rows = page.locator("#value table").first.locator("tr")
    assert [row.split()[0] for row in rows.all_inner_texts()] == ["parameters", "b", "w0", "w1"]
    cells = page.locator("#value table").first.locator("td:nth-child(3)")
    named = {p.label: p for p in model.parameters()}
    exact = [as_float(cell.get_attribute("title")) for cell in cells.all()]
    assert exact == [named[f"layer0.neuron2.{own}"].grad for own in ("b", "w0", "w1")]
    rows.nth(2).locator("button").click()
    assert title(page) == "layer0.neuron2.w0"
    page.locator(".knob [type=text]").fill("0.75")
    page.keyboard.press("Enter")
    assert data(page, "layer0.neuron2.w0") == 0.75
    page.locator("#value .about button").click()
    assert rows.nth(2).inner_text().split()[1] == "0.75"


def test_an_edge_of_a_group_counts_its_products(opened: Callable[..., Any]) -> None:
    """How many they are, their sum, and each of them."""
    page = opened(Backprop(network()[1]()))
    page.keyboard.press("End")
    links = page.locator(".edge")
    found = []
    for k in range(links.count()):
        links.nth(k).locator(".hit").dispatch_event("click")
        if page.locator("#value dt", has_text="their sum").count():
            found.append(int(shown(page, "products")))
            assert page.locator("#value .lines button").count() == min(found[-1], 50)
    assert found
    assert min(found) > 1


def test_a_group_within_a_group_opens(opened: Callable[..., Any]) -> None:
    """And closes to the one around it."""
    x = Value(0.5, "x")
    with group("outer"):
        y = x
        for k in range(14):
            with group(f"inner{k % 2}"):
                y = (y * x + k).tanh()
            y = y + x
    root = y * 2
    root.label = "L"
    page = opened(Backprop(root))
    choice = page.locator("#toolbar select")
    names = page.evaluate("backprop.views()")
    assert {"", "outer", "outer.inner0"} <= {*names}
    page.evaluate("backprop.open('outer.inner0')")
    until(lambda: choice.input_value() == "outer.inner0")
    page.locator(".cluster[aria-label^='outer.inner0 is open'] text").click()
    until(lambda: choice.input_value() == "outer")


def test_the_address_has_the_step(opened: Callable[..., Any]) -> None:
    """It begins there, follows, and goes there when it is changed."""
    page = opened(Backprop(tanh_of_line()[1]()), "#7")
    assert page.inner_text("#count") == "step 7 of 9"
    page.keyboard.press("ArrowRight")
    until(lambda: page.evaluate("location.hash") == "#8")
    page.evaluate("location.hash = '#3'")
    until(lambda: place(page) == 3)
    page.keyboard.press("Home")
    until(lambda: page.evaluate("location.hash") == "")
    page.evaluate("location.hash = '#nothing'")
    page.wait_for_timeout(100)
    assert place(page) == 0


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size['width']}x{size['height']}")
@pytest.mark.parametrize("make", [tanh_of_line, network])
def test_nothing_covers_the_picture(opened: Callable[..., Any], size: Any, make: Any) -> None:
    """Whatever is open: the picture has its room, and what is chosen is in sight."""
    page = opened(Backprop(make()[1]()), **size)
    stage = page.locator("#stage")
    rest = size["height"] - stage.bounding_box()["height"]
    assert rest <= size["height"] / 2 or size["height"] < 500
    if size == ZOOMED:
        assert stage.bounding_box()["height"] >= 250
    for key in "vlnpc?":
        page.keyboard.press(key)
        frame = page.locator("#tools").bounding_box()
        for other in ("#stage", "#board", "#controls", "#toolbar"):
            assert apart(frame, page.locator(other).bounding_box()), (key, other)
        assert stage.bounding_box()["height"] >= 0.2 * size["height"]
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert page.evaluate("document.documentElement.scrollHeight") <= size["height"]
        wide = "it => it.scrollWidth <= it.clientWidth"
        assert page.eval_on_selector("#tools", wide), key
        page.keyboard.press("Escape")
    for k in (0, 2):
        page.locator(f"#n{k}").dispatch_event("click")
        page.wait_for_timeout(50)
        frame, node = stage.bounding_box(), page.locator(f"#n{k}").bounding_box()
        assert frame["x"] <= node["x"] + 1
        assert node["x"] + 10 <= frame["x"] + frame["width"]
        assert frame["y"] <= node["y"] + 1
    page.keyboard.press("Escape")
    for button in page.locator("#toolbar button").all():
        assert button.bounding_box()["height"] >= 24


@pytest.mark.parametrize("size", [PHONE, ZOOMED], ids=["phone", "zoomed"])
def test_the_boards_last_line_is_not_cut(opened: Callable[..., Any], size: Any) -> None:
    """At every step, however small the window; what the step is about is in sight."""
    page = opened(Backprop(tanh_of_line()[1]()), **size)
    whole = "it => it.scrollHeight <= it.clientHeight"
    for _ in range(9):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(40)
        assert page.eval_on_selector("#board", whole)
        frame = page.locator("#stage").bounding_box()
        node = page.locator(".node.lit").first.bounding_box()
        assert frame["x"] <= node["x"] <= node["x"] + node["width"] <= frame["x"] + frame["width"]
    page.set_viewport_size({"width": 320, "height": 640})
    page.wait_for_timeout(100)
    assert page.eval_on_selector("#board", whole)


def test_readers_who_hear_the_panel_are_told(opened: Callable[..., Any]) -> None:
    """Everything in it has a name and a role; what an edit does is announced."""
    page = opened(Backprop(tanh_of_line()[1]()))
    page.keyboard.press("End")
    page.click("#n0 text >> nth=0")
    assert page.get_attribute("#toolbar", "role") == "toolbar"
    tree = page.locator("#tools").aria_snapshot()
    for line in (
        "complementary",
        'heading "a"',
        'textbox "data of a"',
        'slider "turn a"',
        "status",
    ):
        assert line in tree
    assert page.get_attribute(".knob .trouble", "role") == "alert"
    assert page.get_attribute(".knob [type=range]", "aria-valuetext") == "2"
    for control in page.locator("button:visible, input:visible, select:visible").all():
        named = control.evaluate(
            "it => it.ariaLabel || it.textContent || it.labels[0]?.textContent"
        )
        assert named.strip()
    reached = set()
    page.locator("#n0").focus()
    for _ in range(25):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("document.activeElement.ariaLabel || document.activeElement.textContent")
        )
    assert {"close", "data of a", "turn a", "value", "undo", "play"} - reached == {
        "undo"
    }  # disabled


def test_labels_are_text_wherever_they_stand(opened: Callable[..., Any]) -> None:
    """Markup, quotes, a very long label: in panels, lists, the program; no script runs."""
    labels = [HOSTILE, "\"'><img src=x onerror=alert(1)>", "x" * 10_000, "{{script}} &lt;"]
    values = [Value(1.0 + k, label) for k, label in enumerate(labels)]
    with group("<i>group</i>"):
        root = (values[0] * values[1] + values[2]) * values[3]
    root.label = "<b>root</b>"
    page = opened(Backprop(root))
    page.keyboard.press("End")
    for k in range(page.locator(".node").count()):
        page.locator(".node").nth(k).dispatch_event("click")
        assert title(page)
    for k in range(page.locator(".edge").count()):
        page.locator(".edge").nth(k).dispatch_event("click")
    for key in "vlnpc?":
        page.keyboard.press(key)
    page.keyboard.press("Escape")
    page.keyboard.press("v")
    page.locator("#stage").click(position={"x": 3, "y": 3})
    assert page.locator("#value table button").count() == 4
    assert page.evaluate("document.documentElement.scrollWidth") <= 1100
    for unwanted in ("img", "#stage script", "#tools script", "b b", "#tools table i"):
        assert page.locator(unwanted).count() == 0


def test_on_paper_are_board_and_picture_alone(opened: Callable[..., Any]) -> None:
    """Whatever is open, at the step that is shown."""
    page = opened(Backprop(tanh_of_line()[1]()))
    for _ in range(7):
        page.keyboard.press("ArrowRight")
    page.click("#n0 text >> nth=0")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    for hidden in ("#tools", "#toolbar", "#controls"):
        assert page.locator(hidden).is_hidden()
    assert page.inner_text("#count") == "step 7 of 9"


def test_in_a_notebooks_frame_nothing_is_refused_aloud(browser: Any, tmp_path: Path) -> None:
    """A frame without an address or a clipboard of its own: edits, steps and copying all work."""
    watched = Watched(browser, reduced_motion="reduce")
    path = tmp_path / "notebook.html"
    path.write_text(f"<!doctype html>{Backprop(tanh_of_line()[1]())._repr_html_()}", "utf-8")
    frame = watched.open(path).frame_locator("iframe")
    frame.locator("#last").click()
    frame.locator("#n0 text").first.click()
    frame.locator(".knob [type=text]").fill("1.25")
    frame.locator(".knob [type=text]").press("Enter")
    assert frame.locator("#d0 text").text_content() == "1.25"
    frame.locator("#toolbar button", has_text="Python").click()
    told = frame.locator("#python [role=status]")
    until(lambda: bool(told.inner_text()))
    assert frame.locator("#python textarea").input_value().startswith("a.data = 1.25\n")
    watched.page.wait_for_timeout(500)  # the address is written a little later
    watched.close()


def test_a_group_closes_at_the_last_step(opened: Callable[..., Any]) -> None:
    """The folded picture has fewer steps: its last one is shown, and learning goes on."""
    page = opened(Backprop(network()[1]()))
    choice = page.locator("#toolbar select")
    page.locator(".node[aria-label^='layer0.neuron2,'] text").first.dblclick()
    until(lambda: choice.input_value() == "layer0.neuron2")
    page.keyboard.press("End")
    page.locator(".cluster[role=button] text", has_text="neuron2").click()
    until(lambda: choice.input_value() == "")
    assert title(page) == "layer0.neuron2"
    slider = page.locator("#slider")
    assert slider.input_value() == slider.get_attribute("max")
    before = page.evaluate("backprop.learn(0.001)")
    assert page.evaluate("backprop.learn(0.001)") < before


def test_a_group_is_found_by_name_open_or_closed(opened: Callable[..., Any]) -> None:
    """Both tell what is in it; what has no name is passed over."""
    page = opened(Backprop(network()[1]()))
    page.keyboard.press("/")
    page.keyboard.type("neuron3")
    assert title(page) == "layer0.neuron3"
    page.locator("#value .about button", has_text="open").click()
    until(lambda: page.locator("#toolbar select").input_value() == "layer0.neuron3")
    page.keyboard.press("/")
    page.keyboard.type("layer0")
    assert title(page) == "layer0"
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    for _ in range(12):
        page.keyboard.press("Enter")  # one after the other
    assert title(page)
