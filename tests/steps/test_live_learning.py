"""Learn, nudge and predict on the live page: Python's numbers, and every control and key."""

import math
import re
from collections.abc import Callable, Iterator
from itertools import groupby, pairwise, product
from pathlib import Path
from typing import Any

import pytest
from live_page import PHONE, network, openings, tanh_of_line, until

from micrograd_like import MLP, SGD, Backprop, Value, mse
from micrograd_like.custom import forget, rule
from micrograd_like.rules import RULES

ROWS, TARGETS = [[0.5, -0.2], [1.0, 0.3], [-0.4, 0.8]], [1.0, -1.0, 0.5]
# Of erfc: within 4 ulp of Python's, as test_javascript.py proves.
INEXACT = {"normal_cdf", "log_ndtr", "gelu"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pages")


@pytest.fixture
def opened(browser: Any, folder: Path) -> Iterator[Callable[..., Any]]:
    """Opens the page of some steps; at the end nobody may have complained."""
    with openings(browser, folder) as opening:

        def open_page(steps: Backprop | str, **options: Any) -> Any:
            if not isinstance(steps, str):
                return opening(steps, **options)
            path = folder / f"{steps}.html"
            if not path.exists():
                record = {"tanh": tanh_of_line, "network": small_network}[steps]()[1]
                Backprop(record()).save(path)
            return opening(path, **options)

        yield open_page


def steps_taken(page: Any) -> int:
    count: int = page.evaluate("backprop.losses().length - 1")
    return count


def small_network() -> tuple[MLP, Callable[[], Value]]:
    """The error of a small network over three data points, and what records it again."""
    return network([3, 1], ROWS, TARGETS, "error")


def data(page: Any, names: list[str]) -> list[float]:
    """The numbers of values on the page."""
    found: list[float] = page.evaluate("names => names.map(n => backprop.get(n).data)", names)
    return found


def trained(record: Callable[[], Value], parameters: list[Value], rate: float) -> list[float]:
    """The losses of 50 steps of SGD in Python, before the first and after each."""
    optimizer, losses = SGD(parameters, rate), [record().data]
    for _ in range(50):
        record().backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(record().data)
    return losses


def text(page: Any, selector: str) -> str:
    found: str = page.locator(selector).inner_text()
    return found


def button(page: Any, words: str) -> Any:
    return page.get_by_role("button", name=words, exact=True)


# --- learn: the same numbers


def test_fifty_steps_are_those_of_sgd_for_one_operation_after_the_other(
    opened: Callable[..., Any],
) -> None:
    """tanh(a·b + c): all leaves, and the loss after each step, to the last digit."""
    leaves, record = tanh_of_line()
    page = opened("tanh")
    page.evaluate("backprop.learn(0.1, 50)")
    losses = trained(record, leaves, 0.1)
    assert data(page, ["a", "b", "c"]) == [leaf.data for leaf in leaves]
    assert page.evaluate("backprop.losses()") == losses


def test_fifty_steps_are_those_of_sgd_for_a_network(opened: Callable[..., Any]) -> None:
    """The parameters of an MLP over three data points, to the last digit."""
    model, record = small_network()
    steps = Backprop(record(), learn=model)
    parameters = model.parameters()
    names = [steps.name(p) for p in parameters]
    page = opened(steps)
    assert sorted(page.evaluate("backprop.learners()")) == sorted(names)
    page.evaluate("backprop.learn(0.05, 50)")
    losses = trained(record, parameters, 0.05)
    assert data(page, names) == [p.data for p in parameters]
    assert page.evaluate("backprop.losses()") == losses


def test_an_epoch_point_by_point_is_that_of_sgd(opened: Callable[..., Any]) -> None:
    """A step for each data point by its own loss, for 15 epochs, to the last digit."""
    model, record = small_network()
    steps = Backprop(record())
    parameters = model.parameters()
    names = [steps.name(p) for p in parameters]
    page = opened(steps)
    optimizer, losses = SGD(parameters, 0.05), [record().data]
    for _ in range(15):
        page.evaluate("backprop.epoch(0.05)")
        for row, target in zip(ROWS, TARGETS, strict=True):
            ((model(row) - target) ** 2).backward()
            optimizer.step()
            optimizer.zero_grad()
            losses.append(record().data)
        assert data(page, names) == [p.data for p in parameters]
    assert page.evaluate("backprop.losses()") == losses


def test_every_rule_learns_as_in_python(opened: Callable[..., Any]) -> None:
    """Fifty steps through all of them; to the last digit, but for those that take erfc."""
    leaves = {name: Value(1.5 if name in ("log", "sqrt") else 0.3, name) for name in RULES}
    seconds = {name: Value(0.9, f"{name}2") for name, of in RULES.items() if of.arity == 2}

    def record() -> Value:
        loss = Value(0.0, "zero")
        for name, w in leaves.items():
            y = getattr(w, name)(*([seconds[name]] if name in seconds else []))
            loss = loss + (y - 0.4) ** 2 + y * w * 0.01
        return loss

    parameters = [*leaves.values(), *seconds.values()]
    page = opened(Backprop(record(), learn=parameters, expand=None))
    page.evaluate("backprop.learn(0.05, 50)")
    trained(record, parameters, 0.05)
    names = [p.label for p in parameters]
    found = dict(zip(names, data(page, names), strict=True))
    expected = {p.label: p.data for p in parameters}
    for name in INEXACT:
        assert found.pop(name) == pytest.approx(expected.pop(name), rel=1e-14)
    assert found == expected


def test_only_chosen_leaves_learn(opened: Callable[..., Any]) -> None:
    """Data stays, by the argument, by the hook, and by the boxes."""
    leaves, record = tanh_of_line()
    page = opened(Backprop(record(), learn=["a", "c"]))
    assert page.evaluate("backprop.learners()") == ["a", "c"]
    page.evaluate("backprop.learn(0.1, 3)")
    trained_, again = SGD([leaves[0], leaves[2]], 0.1), record
    for _ in range(3):
        again().backward()
        trained_.step()
        for leaf in leaves:
            leaf.grad = 0.0
    assert data(page, ["a", "b", "c"]) == [leaf.data for leaf in leaves]
    page.keyboard.press("l")
    page.get_by_text("2 of 3 leaves learn").click()
    page.get_by_label("a", exact=True).uncheck()
    page.get_by_label("b", exact=True).check()
    assert page.evaluate("backprop.learners()") == ["c", "b"]
    button(page, "all").click()
    assert sorted(page.evaluate("backprop.learners()")) == ["a", "b", "c"]
    button(page, "none").click()
    assert text(page, "#learn summary") == "0 of 3 leaves learn"
    assert "no leaf learns: choose one" in text(page, "#learn")
    assert button(page, "one step").is_disabled()
    page.evaluate("backprop.learners(['a'])")
    assert text(page, "#learn summary") == "1 of 3 leaves learn"
    assert page.get_by_label("a", exact=True).is_checked()


def test_many_leaves_are_chosen_by_groups(opened: Callable[..., Any]) -> None:
    """With more than 40 leaves there is a box for each neuron, half set where some learn."""
    model = MLP(2, [10, 4, 1], activation="tanh")
    page = opened(Backprop(mse([model([0.5, -0.2])], [1.0])))
    page.keyboard.press("l")
    page.locator("#learn summary").click()
    assert text(page, "#learn summary") == "79 of 79 leaves learn"
    boxes = page.locator("#learn .boxes label")
    assert boxes.count() == 15
    page.get_by_label("layer0.neuron3 (3)").uncheck()
    assert text(page, "#learn summary") == "76 of 79 leaves learn"
    page.evaluate("backprop.learners(['layer0.neuron3.b'])")
    box = page.get_by_label("layer0.neuron3 (3)")
    assert box.evaluate("it => it.indeterminate")


# --- learn: the controls


def test_buttons_take_a_step_run_stop_and_go_back(opened: Callable[..., Any]) -> None:
    """One step is the hook's; running goes on until it is stopped; back is the start's numbers."""
    leaves, _ = tanh_of_line()
    page = opened("tanh")
    assert not page.locator("#learn").is_visible()
    page.keyboard.press("l")
    button(page, "one step").click()
    assert page.evaluate("backprop.losses().length") == 2
    assert re.fullmatch(r"step 1: L = −0\.\d+, at the start −0\.537", text(page, "#learn .status"))
    button(page, "run").click()
    assert page.locator("#board").get_attribute("aria-live") == "off"
    until(lambda: steps_taken(page) > 4)
    button(page, "stop").click()
    count = page.evaluate("backprop.losses().length")
    assert page.locator("#board").get_attribute("aria-live") == "polite"
    page.wait_for_timeout(300)
    assert page.evaluate("backprop.losses().length") == count
    button(page, "back to the start").click()
    assert data(page, ["a", "b", "c"]) == [leaf.data for leaf in leaves]
    assert text(page, "#learn .status") == "L = −0.537"


def test_undo_takes_steps_back_one_by_one(opened: Callable[..., Any]) -> None:
    """Numbers and curve go back together, and a hand's edit in between begins a new curve."""
    page = opened("tanh")
    page.keyboard.press("l")
    first = data(page, ["a", "b", "c"])
    page.evaluate("backprop.learn(0.1, 2)")
    second = data(page, ["a", "b", "c"])
    page.evaluate("backprop.learn(0.1)")
    page.evaluate("backprop.undo()")
    assert data(page, ["a", "b", "c"]) == second
    assert page.evaluate("backprop.losses().length") == 3
    page.evaluate("backprop.set('a', 1.0)")
    assert text(page, "#learn .status").startswith("L = ")
    page.evaluate("backprop.learn(0.1)")
    assert page.evaluate("backprop.losses().length") == 2
    assert page.locator("#learn .chart .before").count() == 1
    for _ in range(4):
        page.evaluate("backprop.undo()")
    assert data(page, ["a", "b", "c"]) == first


def test_a_run_is_one_to_undo(opened: Callable[..., Any]) -> None:
    """However many steps it took; one step is one of its own, and so is the next run."""
    page = opened("tanh")
    page.keyboard.press("l")
    start = data(page, ["a", "b", "c"])
    stops = []
    for _ in range(2):
        button(page, "one step").click()
        stops.append(data(page, ["a", "b", "c"]))
        before = steps_taken(page)
        button(page, "run").click()
        until(lambda: steps_taken(page) > before + 2)  # noqa: B023
        button(page, "stop").click()
        stops.append(data(page, ["a", "b", "c"]))
    taken = steps_taken(page)
    assert taken >= 8
    for stop in [*stops[-2::-1], start]:
        page.evaluate("backprop.undo()")
        assert data(page, ["a", "b", "c"]) == stop
        assert steps_taken(page) < taken
        taken = steps_taken(page)
    assert taken == 0
    assert page.locator("#toolbar [aria-label=undo]").is_disabled()


def test_a_run_that_diverged_does_not_flatten_the_next(opened: Callable[..., Any]) -> None:
    """The axis is that of the new curve; the old one leaves it."""
    w = Value(3.0, "w")
    loss = w**2
    loss.label = "L"
    page = opened(Backprop(loss))
    page.keyboard.press("l")
    page.evaluate("backprop.learn(10, 30)")
    assert page.evaluate("backprop.losses().at(-1)") > 1e60
    page.evaluate("backprop.reset()")
    for _ in range(2):  # before the first step, and after some
        ticks = page.locator("#learn .chart .axes text").all_text_contents()
        assert not any("e" in text for text in ticks)
        page.evaluate("backprop.learn(0.1, 5)")
    assert page.locator("#learn .chart .before").count() == 1


def test_an_epoch_has_a_button_where_there_are_points(opened: Callable[..., Any]) -> None:
    """Three steps on the curve for three points, and one to undo."""
    page = opened("network")
    page.keyboard.press("l")
    start = page.evaluate("backprop.names().map(n => backprop.get(n).data)")
    button(page, "one epoch").click()
    assert page.evaluate("backprop.losses().length") == 4
    page.evaluate("backprop.undo()")
    assert page.evaluate("backprop.names().map(n => backprop.get(n).data)") == start
    _, single = tanh_of_line()
    other = opened(Backprop(single()))
    other.keyboard.press("l")
    assert not button(other, "one epoch").is_visible()


def test_a_rate_that_is_none_is_told_and_not_taken(opened: Callable[..., Any]) -> None:
    """The last right one stays, and a step goes by it."""
    leaves, record = tanh_of_line()
    page = opened("tanh")
    page.keyboard.press("l")
    field = page.get_by_label("learning rate", exact=True)
    for typed in ("", "fast", "0", "-1", "nan", "inf", "1e999", "<b>1</b>", "0x1", "1,5", "1e-999"):
        field.fill("0.25")
        assert field.get_attribute("aria-invalid") is None
        field.fill(typed)
        assert field.get_attribute("aria-invalid") == "true"
        assert "the learning rate is a finite number above 0; 0.25 stays" in text(page, "#learn")
    button(page, "one step").click()
    record().backward()
    SGD(leaves, 0.25).step()
    assert data(page, ["a", "b", "c"]) == [leaf.data for leaf in leaves]
    for typed, value in (("1_0", "10"), ("−0.5", "0.25"), (" .5 ", "0.5"), ("1e-3", "0.001")):
        field.fill("0.25")
        field.fill(typed)
        field.blur()
        assert field.input_value() == value
    assert field.get_attribute("aria-invalid") is None
    field.fill("1,5")
    page.keyboard.press("Enter")
    assert field.input_value() == "1,5"  # to be mended
    assert text(page, "#learn .log-field .trouble").endswith("0.001 stays (write 1.5)")
    button(page, "one step").click()
    assert field.input_value() == "0.001"
    assert "0.001 stays" in text(page, "#learn .log-field .trouble")


def test_the_rate_is_typed_or_slid_and_both_agree(opened: Callable[..., Any]) -> None:
    """The slider goes by 1, 2, 5 from 10⁻⁴ to 10, by the arrow keys too."""
    page = opened("tanh")
    page.keyboard.press("l")
    field = page.get_by_label("learning rate", exact=True)
    slider = page.get_by_label("learning rate, slider")
    slider.focus()
    seen = []
    for _ in range(4):
        page.keyboard.press("ArrowRight")
        seen.append(field.input_value())
    assert seen == ["0.2", "0.5", "1", "2"]
    assert slider.get_attribute("aria-valuetext") == "2"
    page.keyboard.press("Home")
    assert field.input_value() == "0.0001"
    page.keyboard.press("End")
    assert field.input_value() == "10"
    field.fill("0.013")
    assert slider.input_value() == "6"
    assert page.evaluate("document.querySelector('#slider').value") == "0"


def test_running_stops_where_the_finite_numbers_end(opened: Callable[..., Any]) -> None:
    """A rate that is far too large: it says so, and the last finite numbers stay."""
    w = Value(3.0, "w")
    loss = w**4
    loss.label = "L"
    page = opened(Backprop(loss))
    page.keyboard.press("l")
    page.get_by_label("learning rate", exact=True).fill("10")
    button(page, "run").click()
    page.wait_for_selector("#learn .trouble:not(:empty)")
    told = text(page, "#learn .trouble >> nth=-1")
    assert "finite numbers" in told or "∞" in told
    assert button(page, "run").is_visible()
    assert math.isfinite(data(page, ["w"])[0])
    page.evaluate("backprop.undo()")
    assert button(page, "one step").is_enabled()


def test_a_step_out_of_a_domain_is_told_and_can_be_undone(opened: Callable[..., Any]) -> None:
    """log w goes down to where it is not defined: the page names the operation."""
    w = Value(0.5, "w")
    loss = w.log()
    loss.label = "L"
    page = opened(Backprop(loss))
    page.keyboard.press("l")
    page.get_by_label("learning rate", exact=True).fill("1")
    button(page, "one step").click()
    assert "log(w) is not defined at w = −1.5" in text(page, "#learn")
    assert button(page, "one step").is_disabled()
    page.evaluate("backprop.undo()")
    assert data(page, ["w"]) == [0.5]
    assert button(page, "one step").is_enabled()
    assert "not defined" not in text(page, "#learn")


def test_where_nothing_moves_running_stops(opened: Callable[..., Any]) -> None:
    """A dead relu has no gradient."""
    w = Value(-1.0, "w")
    page = opened(Backprop(w.relu()))
    page.keyboard.press("l")
    button(page, "run").click()
    page.wait_for_selector("#learn .trouble:not(:empty)")
    assert "no leaf moves any more" in text(page, "#learn")
    assert button(page, "run").is_visible()


def test_an_undo_stops_what_runs_and_closing_too(opened: Callable[..., Any]) -> None:
    """Nobody has to fight with steps that come by themselves."""
    page = opened("tanh")
    page.keyboard.press("l")
    for end in ("backprop.undo()", "document.querySelector('#tools .close').click()"):
        page.evaluate("document.querySelector('#tools').hidden") and page.keyboard.press("l")
        button(page, "run").click()
        count = steps_taken(page)
        until(lambda: steps_taken(page) > count + 1)  # noqa: B023
        page.evaluate(end)
        now = page.evaluate("backprop.losses().length")
        page.wait_for_timeout(300)
        assert page.evaluate("backprop.losses().length") == now


def test_the_loss_is_a_curve_that_readers_hear_of(opened: Callable[..., Any]) -> None:
    """As many points as steps, falling; on a logarithmic axis where the loss is above 0."""
    page = opened("network")
    page.keyboard.press("l")
    page.evaluate("backprop.learn(0.1, 20)")
    path = page.locator("#learn .chart svg .curve").get_attribute("d")
    heights = [float(y) for y in re.findall(r"[ML]\S+ (\S+?)(?=[ML]|$)", path)]
    losses = page.evaluate("backprop.losses()")
    assert len(heights) == len(losses) == 21
    falls = [b < a for a, b in pairwise(losses)]
    assert [b > a for a, b in pairwise(heights)] == falls
    words = page.locator("#learn .chart.losses").get_attribute("aria-label")
    assert words.startswith("the loss, step by step. step 20: error = ")
    page.get_by_label("logarithmic").check()
    assert page.locator("#learn .chart svg .curve").get_attribute("d") != path
    _, other = tanh_of_line()
    below = opened(Backprop(other()))
    below.keyboard.press("l")
    assert below.get_by_label("logarithmic").is_disabled()


def test_losses_that_differ_in_their_last_digits_are_drawn(opened: Callable[..., Any]) -> None:
    """A rate that throws the loss to and fro gives a level line: rounding alone moves it."""
    w, b = Value(1.0, "w"), Value(0.5, "b")
    page = opened(Backprop((w * 2 + b - 3) ** 2))
    page.keyboard.press("l")
    page.evaluate("backprop.learn(0.2, 20)")
    losses = page.evaluate("backprop.losses()")
    assert 0.25 <= min(losses) < max(losses) < 0.25 + 1e-12
    ticks = page.locator("#learn svg text").all_text_contents()
    assert len({*ticks}) == len(ticks) > 4


def test_learning_with_the_keyboard_alone(opened: Callable[..., Any]) -> None:
    """l opens, Tab goes through all of it, space presses, Esc closes and gives the focus back."""
    page = opened("tanh")
    page.keyboard.press("l")
    seen = []
    for _ in range(9):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.innerText?.trim() || "
                                  "document.activeElement.getAttribute('aria-label')"))  # fmt: skip
        if seen[-1] == "one step":
            page.keyboard.press(" ")
            page.keyboard.press("Enter")
    assert [word for word in seen if word in ("learning rate", "one step", "run")]
    assert page.evaluate("backprop.losses().length") == 3
    button(page, "run").focus()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.innerText") == "learn"
    assert not page.locator("#learn").is_visible()


# --- nudge


def loss_at(record: Callable[[], Value], leaf: Value, x: float) -> float:
    """The loss with another number for a leaf."""
    before, leaf.data = leaf.data, x
    found = record().data
    leaf.data = before
    return found


def test_differences_are_those_of_python(opened: Callable[..., Any]) -> None:
    """Forward and from both sides, for each leaf, steps of all sizes, to the last digit."""
    leaves, record = tanh_of_line()
    page = opened("tanh")
    loss = record()
    loss.backward()
    for leaf, h in product(leaves, (1.0, 0.5, 0.02, 1e-4, 5e-8, 1e-12)):
        there, back = (loss_at(record, leaf, x) for x in (leaf.data + h, leaf.data - h))
        found = page.evaluate("([name, h]) => backprop.nudge(name, h)", [leaf.label, h])
        assert found["gradient"] == leaf.grad
        assert (found["there"], found["back"]) == (there, back)
        assert found["forward"] == (there - loss.data) / h
        assert found["central"] == (there - back) / (2 * h)


def shown(x: float) -> str:
    """A number as the panel shows it."""
    digits = repr(x).replace("-", "−")
    return re.sub(r"e(−?)\+?0*", r"e\1", digits)


def test_the_panel_shows_all_digits_and_the_gap(opened: Callable[..., Any]) -> None:
    """Both slopes side by side, for the step that the arrows chose."""
    page = opened("tanh")
    page.keyboard.press("n")
    field, slider = page.get_by_label("step h", exact=True), page.get_by_label("step h, slider")
    slider.focus()
    steps = []
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
        steps.append(field.input_value())
    assert steps == ["0.2", "0.1", "0.05", "0.02", "0.01"]
    expected = page.evaluate("backprop.nudge('a', 0.01)")
    page.wait_for_timeout(60)
    numbers = page.locator("#nudge dd").all_inner_texts()
    assert numbers[0] == shown(expected["gradient"])
    assert numbers[1] == shown(expected["forward"])
    assert numbers[3] == shown(expected["central"])
    assert numbers[2].startswith("off by 0.0086")
    page.keyboard.press("Home")
    assert field.input_value() == "1e−12"
    page.keyboard.press("End")
    assert field.input_value() == "1"


def test_the_chosen_leaf_is_nudged(opened: Callable[..., Any]) -> None:
    """By the picture, by the list, and what is no leaf changes nothing."""
    page = opened("tanh")
    page.keyboard.press("n")
    choice = page.locator("#nudge select")
    assert choice.locator("option").all_inner_texts() == ["a", "b", "c"]
    page.locator(".node", has_text="b").first.click()
    assert choice.locator("option:checked").inner_text() == "b"
    assert page.locator("#nudge").is_visible()
    page.locator(".node", has_text="tanh").click()
    assert choice.locator("option:checked").inner_text() == "b"
    choice.select_option(label="c")
    page.wait_for_timeout(60)
    assert text(page, "#nudge dt >> nth=0") == "∂L/∂c"
    page.evaluate("backprop.set('c', 0.5)")
    page.wait_for_timeout(60)
    assert "= 0.5" in text(page, "#nudge .leaf")


def nudged(page: Any, h: str) -> str:
    """What the panel says of a step."""
    if not page.locator("#nudge").is_visible():
        page.keyboard.press("n")
    page.get_by_label("step h", exact=True).fill(h)
    page.wait_for_timeout(80)
    return text(page, "#nudge .sentence")


def test_the_sentence_says_what_is_seen(opened: Callable[..., Any]) -> None:
    """Curvature on the right, rounding on the left, and the best step between."""
    page = opened("tanh")
    assert nudged(page, "0.5").startswith("Curvature:")
    assert nudged(page, "1e-8").startswith("The best step is about here")
    assert nudged(page, "1e-12").startswith("Rounding: L at a + h and at a are the same in their")
    page.evaluate("backprop.set('a', 1e9)")
    assert nudged(page, "1e-12") == "a + h is a: so small a step is lost in the rounding of a."


def special(build: Callable[[Value], Value], x: float, order: str = "topological") -> Backprop:
    """The steps of a function of x alone."""
    loss = build(Value(x, "x"))
    loss.label = "L"
    return Backprop(loss, order)


def test_hard_points_are_told_right(opened: Callable[..., Any]) -> None:
    """Kinks, flat and straight losses, vertical tangents, and the end of a domain, in one sum."""
    functions: dict[str, tuple[Callable[[Value], Value], float, str, str]] = {
        "ramp": (lambda x: x.relu() * 3, 0.0, "0.1",
            "L has a kink here: its slope is 0 on the left and 3 on the right. Backprop takes 0."),
        "corner": (lambda x: abs(x - 1), 1.0, "1e-9",
            "L has a kink here: its slope is −1 on the left and 1 on"),
        "dead": (lambda x: x.relu() * 3, -2.0, "0.1", "L does not change with dead: both are 0."),
        "line": (lambda x: x * 3 + 1, 2.0, "0.1", "The curve is a straight line:"),
        "root": (lambda x: x.sqrt(), 0.0, "0.1",
            "∂L/∂root is ∞: the curve is vertical here, and has no slope."),
        "half": (lambda x: x.log(), 0.5, "1", "Curvature:"),
        "end": (lambda x: (1 - x).log(), 0.5, "1", "L at end + h is not defined, or not finite:"),
    }  # fmt: skip
    loss = Value(0.0, "zero")
    for name, (build, x, _, _) in functions.items():
        loss = loss + build(Value(x, name))
    loss.label = "L"
    page = opened(Backprop(loss))
    page.keyboard.press("n")
    for name, (_, _, h, words) in functions.items():
        page.locator("#nudge select").select_option(label=name)
        assert nudged(page, h).startswith(words)
        assert "NaN" not in page.locator("#nudge").inner_html()


def test_a_wrong_gradient_is_found(opened: Callable[..., Any]) -> None:
    """In the naive order, and of a rule whose derivative is wrong: no step comes near."""
    page = opened(special(lambda x: (x * 3) * (x * 3) + x * 3, 2.0))
    assert "wrong" not in nudged(page, "0.01")

    def reused(x: Value) -> Value:
        b = x * 3
        return b * b + b

    page = opened(special(reused, 2.0, "naive"))
    assert "This gradient is wrong: its steps come in the wrong order." in nudged(page, "0.01")

    @rule("w", "x * x", "2.5 * x")
    def own_square(x):  # type: ignore[no-untyped-def]
        return x * x, 2.5 * x

    try:
        page = opened(special(lambda x: x.own_square() * 2, 2.0))  # type: ignore[attr-defined]
    finally:
        forget("own_square")
    assert nudged(page, "0.01").endswith("This gradient is wrong.")


def test_the_curve_has_gaps_where_the_loss_is_not_defined(opened: Callable[..., Any]) -> None:
    """A curve that begins and ends within the axes, and one with a pole."""
    page = opened(special(lambda x: (x - 0.5).sqrt() + (0.9 - x).sqrt(), 0.7))
    assert nudged(page, "0.1").startswith("Curvature")
    path = page.locator("#nudge .along .curve").get_attribute("d")
    places = [float(x) for x in re.findall(r"[ML](\S+) ", path)]
    width = float(page.locator("#nudge .along > svg").get_attribute("width"))
    assert path.count("M") == 1
    assert max(places) == pytest.approx(0.8 * width, abs=width / 50)  # it ends at 0.9 of 0.5 to 1
    page = opened(special(lambda x: 1 / x, 0.25))
    nudged(page, "0.2")
    assert "NaN" not in page.locator("#nudge").inner_html()


def test_the_pictures_have_point_tangent_and_secant(opened: Callable[..., Any]) -> None:
    """The tangent has the gradient's slope and the secant goes through both points."""
    page = opened("tanh")
    nudged(page, "1")
    lines = {
        name: [float(z) for z in re.findall(r"-?[\d.]+", page.locator(
            f"#nudge .along path.{name}").get_attribute("d"))]
        for name in ("tangent", "secant")
    }  # fmt: skip
    dots = [
        [
            float(page.locator(f"#nudge .along circle.{name}").get_attribute(at))
            for at in ("cx", "cy")
        ]
        for name in ("here", "there")
    ]

    def height(line: list[float], x: float) -> float:
        return line[1] + (line[3] - line[1]) * (x - line[0]) / (line[2] - line[0])

    (x, y), (to, up) = dots
    assert height(lines["tangent"], x) == pytest.approx(y, abs=0.1)
    assert height(lines["secant"], x) == pytest.approx(y, abs=0.1)
    assert height(lines["secant"], to) == pytest.approx(up, abs=0.1)
    assert abs(height(lines["tangent"], to) - up) > 3
    words = page.locator("#nudge .chart.along").get_attribute("aria-label")
    assert words.startswith("L along a: at 2 it is −0.537, at 3 it is ")


def test_the_errors_fall_and_rise_again(opened: Callable[..., Any]) -> None:
    """On the log-log curve the best step is inside: about 10⁻⁸, and larger from both sides."""
    page = opened("tanh")
    nudged(page, "0.1")
    width = float(page.locator("#nudge .off > svg").get_attribute("width"))
    best = {}
    for name in ("forward", "central"):
        path = page.locator(f"#nudge .off path.{name}").get_attribute("d")
        points = [(float(x), float(y)) for x, y in re.findall(r"[ML](\S+) (\S+?)(?=[ML]|$)", path)]
        assert len(points) == 37
        lowest = max(points, key=lambda point: point[1])
        best[name] = 12 * lowest[0] / width - 12
    assert -10 < best["forward"] < -6.5
    assert -7.5 < best["central"] < -3.5
    mark = page.locator("#nudge .off .mark").get_attribute("d")
    assert float(re.findall(r"M(\S+) ", mark)[0]) == pytest.approx(width * 11 / 12, abs=0.5)


def test_of_a_dotted_name_the_last_part_is_said(opened: Callable[..., Any]) -> None:
    """A formula with a path of names in it could not be read; but a name that is whole is whole."""
    page = opened("network")
    page.keyboard.press("n")
    for own in ("b", "w1"):
        page.locator("#nudge select").select_option(label=f"layer0.neuron2.{own}")
        page.wait_for_timeout(80)
        assert text(page, "#nudge dt >> nth=1") == f"Δerror/Δ{own}"
        assert f" {own} = " in text(page, "#nudge .leaf")
    a = Value(1.0, "a_long_name") * Value(2.0, "learning.rate_of_all")
    a.label = "loss"
    page = opened(Backprop(a))
    page.keyboard.press("n")
    for name in ("a_long_name", "learning.rate_of_all"):
        page.locator("#nudge select").select_option(label=name)
        page.wait_for_timeout(80)
        assert text(page, "#nudge dt >> nth=0") == f"∂loss/∂{name}"
        assert page.eval_on_selector("#tools", "it => it.scrollWidth <= it.clientWidth")


def test_without_numbers_there_is_nothing_to_nudge(opened: Callable[..., Any]) -> None:
    """Where the graph is not defined the panel names the operation, and comes back with it."""
    page = opened(special(lambda x: x.log(), 0.5))
    page.keyboard.press("n")
    page.evaluate("backprop.set('x', -1)")
    page.wait_for_timeout(80)
    assert "log(x) is not defined at x = −1" in text(page, "#nudge .sentence")
    assert not page.locator("#nudge .chart").first.is_visible()
    page.evaluate("backprop.undo()")
    page.wait_for_timeout(80)
    assert page.locator("#nudge .chart").first.is_visible()


# --- predict


def turned(is_up: bool) -> Backprop:
    """Two graphs of one layout, with the same numbers at x = 3 but for the gradients."""
    if is_up:

        @rule("t", "x", "1")
        def turn(x):  # type: ignore[no-untyped-def]
            return x, 1.0
    else:

        @rule("t", "2 * x - x * x / 2 + 1.5", "2 - x")
        def turn(x):  # type: ignore[no-untyped-def]
            return 2 * x - x * x / 2 + 1.5, 2 - x

    try:
        return special(lambda x: x.turn() * 1, 1.0)  # type: ignore[attr-defined]
    finally:
        forget("turn")


@pytest.mark.parametrize("size", [{}, PHONE])
def test_nothing_gives_the_answer_away(size: Any, opened: Callable[..., Any]) -> None:
    """Two graphs with the same numbers and opposite gradients look and sound the same.

    Pixel by pixel, until the reader answers: at all steps, and whatever else was tried.
    """
    pages = [opened(turned(is_up), **size) for is_up in (True, False)]
    for page in pages:
        page.evaluate("backprop.set('x', 3)")
    for keys in (["p"], ["End"], ["b"], ["ArrowLeft"], ["Home", "f"], ["Shift+ArrowRight", "u"]):
        for page in pages:
            for key in keys:
                page.keyboard.press(key)
        one, other = (page.locator("body").aria_snapshot() for page in pages)
        assert one == other
        until(lambda: pages[0].screenshot() == pages[1].screenshot())  # once both are painted
    for page in pages:
        button(page, "↑ up").click()
    assert "Right." in text(pages[0], "#predict")
    assert "No. L goes down." in text(pages[1], "#predict")


def test_numbers_stay_while_it_asks(opened: Callable[..., Any]) -> None:
    """Who turns the leaf, or learns, would see which way the loss goes."""
    page = opened("tanh")
    page.evaluate("backprop.set('a', 1.5)")
    page.keyboard.press("p")
    before = data(page, ["a", "b", "c", "L"])
    page.evaluate("backprop.set('a', 3); backprop.undo(); backprop.reset(); backprop.learn(0.1)")
    for key in ("u", "r", "Shift+ArrowRight"):
        page.keyboard.press(key)
    assert data(page, ["a", "b", "c", "L"]) == before
    button(page, "↑ up").click()
    page.evaluate("backprop.set('a', 3)")
    assert data(page, ["a"]) == [3]


def asked(page: Any) -> str:
    """Which leaf the question is about."""
    return text(page, "#predict .question").split(" goes up a little")[0]


def right_answer(page: Any, leaf: str) -> str:
    gradient = page.evaluate("name => backprop.get(name).grad", leaf)
    return "↑ up" if gradient > 0 else "↓ down" if gradient < 0 else "= stays"


def test_answers_are_counted_and_explained(opened: Callable[..., Any]) -> None:
    """Each leaf once, then other numbers; right and wrong, with the reason and the real change."""
    page = opened("tanh")
    page.keyboard.press("p")
    leaves, right = [], 0
    for k in range(6):
        leaf = asked(page)
        leaves.append(leaf)
        words = text(page, "#predict .question")
        assert re.fullmatch(
            rf"{leaf} goes up a little, from (\S+) to (\S+)\. Which way does L go\?", words
        )
        answer = right_answer(page, leaf)
        wrong = next(word for word in ("↑ up", "↓ down") if word != answer)
        button(page, answer if k % 3 else wrong).click()
        right += bool(k % 3)
        assert text(page, "#predict .verdict").startswith("Right." if k % 3 else "No.")
        told = text(page, "#predict .why")
        found = page.evaluate("name => backprop.get(name).grad", leaf)
        assert f"∂L/∂{leaf} = " in told
        assert ("is above 0" in told) == (found > 0)
        assert "the product along the path" in told
        assert " → L " in told
        assert f"Measured: with {leaf} + 0.01, ΔL = " in told
        assert text(page, "#predict .score") == f"{right} of {k + 1} right"
        button(page, "next question").click()
    assert sorted(leaves[:3]) == sorted(leaves[3:6]) == ["a", "b", "c"]
    assert page.evaluate("backprop.problem()") == ""


def test_one_answer_is_not_right_all_the_time(opened: Callable[..., Any]) -> None:
    """Of a parabola, whose leaves have slopes of one sign, no answer is right three times in a row.

    Of an exponential only one ever is, and the questions go on.
    """
    parabola = (Value(2.0, "w") * Value(3.0, "x") - 5.0) ** 2
    streaks = []
    for loss in (parabola, Value(0.5, "r").exp()):
        page = opened(Backprop(loss))
        page.keyboard.press("p")
        answers = []
        for _ in range(12):
            answers.append(right_answer(page, asked(page)))
            button(page, answers[-1]).click()
            button(page, "next question").click()
        streaks.append(max(len(list(same)) for _, same in groupby(answers)))
    assert streaks == [2, 12]


def test_a_new_rounds_numbers_are_told_and_go(opened: Callable[..., Any]) -> None:
    """They come when all leaves were asked about, and go on leaving; undo knows none of them."""
    page = opened("tanh")
    page.evaluate("backprop.set('a', 1.25)")
    names = ["a", "b", "c"]
    before = data(page, names)
    page.keyboard.press("p")
    note = "yours come back when this closes"
    for k in range(8):
        assert (note in text(page, "#predict")) == (k > 2)
        assert (data(page, names) != before) == (k > 2)
        button(page, "= stays").click()
        button(page, "next question").click()
    page.keyboard.press("Escape")
    assert data(page, names) == before
    page.keyboard.press("p")
    page.keyboard.press("n")  # another tool instead, in the midst of a question
    assert data(page, names) == before
    page.evaluate("backprop.undo()")
    assert data(page, names) == [2.0, -1.5, 2.4]
    assert page.locator("#toolbar [aria-label=undo]").is_disabled()


def test_the_real_change_is_measured(opened: Callable[..., Any]) -> None:
    """ΔL is that of Python for the step that is told."""
    leaves, record = tanh_of_line()
    page = opened("tanh")
    page.keyboard.press("p")
    [leaf] = [leaf for leaf in leaves if leaf.label == asked(page)]
    button(page, "= stays").click()
    change = loss_at(record, leaf, leaf.data + 0.01) - record().data
    told = re.search(r"ΔL = (\S+)\.", text(page, "#predict .why"))
    assert told is not None
    assert float(told[1].replace("−", "-")) == pytest.approx(change, rel=1e-3)


def test_several_paths_are_summed(opened: Callable[..., Any]) -> None:
    """The reason lists the largest products, and counts the rest."""

    def build(x: Value) -> Value:
        return x * x * x * x

    page = opened(special(build, 0.5))
    page.keyboard.press("p")
    button(page, "↑ up").click()
    told = text(page, "#predict .why")
    assert "∂L/∂x = 0.5 is above 0: the sum over 4 paths" in told
    assert page.locator("#predict .ways li").count() == 4
    assert "… and 1 more path" in told


def test_stays_is_right_where_the_gradient_is_zero(opened: Callable[..., Any]) -> None:
    """A dead relu: nothing flows, and nothing changes."""
    x, y = Value(-3.0, "x"), Value(2.0, "y")
    loss = x.relu() * y
    loss.label = "L"
    page = opened(Backprop(loss))
    page.keyboard.press("p")
    for _ in range(2):
        leaf = asked(page)
        assert leaf in ("x", "y")
        button(page, "= stays").click()
        assert text(page, "#predict .verdict").startswith("Right. L stays.")
        assert f"∂L/∂{leaf} = 0" in text(page, "#predict .why")
        button(page, "next question").click()


def test_what_the_gradient_does_not_tell_is_not_asked(opened: Callable[..., Any]) -> None:
    """At a kink and in a valley the gradient is 0 and the loss goes up: those are passed over."""
    for build, at in ((lambda x: x * x, 0.0), (lambda x: x.relu(), 0.0)):
        page = opened(special(build, at))
        page.locator(".node").first.click()
        page.keyboard.press("p")
        assert "x is at a kink or in a valley" in text(page, "#predict .question")
        assert not button(page, "↑ up").is_visible()
        assert page.evaluate("backprop.get('x').data") == 0
        page.keyboard.press("Escape")
        page.keyboard.press("p")  # with nothing chosen it finds numbers to ask about
        assert asked(page) == "x"


def test_a_chosen_leaf_is_asked_about(opened: Callable[..., Any]) -> None:
    """Before it opens, and while it is open; a question that was answered is over."""
    page = opened("tanh")
    page.locator(".node", has_text="c").last.click()
    page.keyboard.press("p")
    chosen = asked(page)
    assert chosen in ("a", "b", "c")
    page.locator(".node", has_text="b").first.click()
    assert asked(page) == "b"
    button(page, "↑ up").click()
    assert page.locator("#predict .verdict .right").count() == 1
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    assert text(page, "#predict .verdict") == text(page, "#predict .why") == ""


def test_a_question_is_over_when_the_panel_closes(opened: Callable[..., Any]) -> None:
    """Gradients come back as they were, and the next question is about another leaf."""
    page = opened("tanh")
    page.keyboard.press("End")
    before = page.locator("#stage > svg").inner_html()
    page.keyboard.press("p")
    first = asked(page)
    assert page.locator("#g0 text").text_content() == "·"
    page.keyboard.press("Escape")
    assert page.locator("#stage > svg").inner_html() == before
    page.keyboard.press("p")
    assert asked(page) != first
    page.keyboard.press("n")
    assert page.locator("#nudge").is_visible()
    page.evaluate("backprop.set('a', 1)")
    assert data(page, ["a"]) == [1]


def test_another_view_asks_the_same(opened: Callable[..., Any]) -> None:
    """Groups can be opened and closed while it asks, and show no gradient then."""
    page = opened("network")
    page.keyboard.press("End")
    page.keyboard.press("p")
    question = text(page, "#predict .question")
    for view in page.evaluate("backprop.views()"):
        page.evaluate("name => backprop.open(name)", view)
        assert text(page, "#predict .question") == question
        assert text(page, "#equation") == question
        gradients = page.locator("#stage .cell[id^=g] text").all_text_contents()
        assert set(gradients) == {"·"}
        assert page.locator("#stage .edge:is(.positive, .negative)").count() == 0


def test_predicting_with_the_keyboard_alone(opened: Callable[..., Any]) -> None:
    """p opens; Tab and Enter answer; the focus follows to the next question and back."""
    page = opened("tanh")
    page.keyboard.press("p")
    for k in range(1, 4):
        for _ in range(3):
            if page.evaluate("document.activeElement.textContent") == "↑ up":
                break
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.textContent") == "next question"
        assert text(page, "#predict .score").endswith(f"of {k} right")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.textContent") == "↑ up"


# --- all three


def test_a_page_that_cannot_compute_says_why(opened: Callable[..., Any]) -> None:
    """An operation that was made by hand has no rule: the tools say so, and nothing breaks."""
    a = Value(2.0, "a")
    page = opened(Backprop(Value(a.data * 2, (a,), "twice")))
    for key, panel in (("l", "#learn"), ("n", "#nudge"), ("p", "#predict")):
        page.keyboard.press(key)
        until(lambda: "made by hand" in text(page, panel))  # noqa: B023
    assert not button(page, "↑ up").is_visible()
    assert not button(page, "next question").is_visible()


def test_hostile_labels_are_text(opened: Callable[..., Any]) -> None:
    """Markup in labels stays text in all three panels."""
    hostile = "</script><img src=x onerror=alert(1)>"
    a = Value(2.0, hostile)
    loss = a * a
    loss.label = "<b>L</b>"
    page = opened(Backprop(loss))
    for key in ("l", "n", "p"):
        page.keyboard.press(key)
        page.wait_for_timeout(60)
    assert asked(page) == hostile
    button(page, "↑ up").click()
    assert page.locator("img, #tools b b").count() == 0


def test_on_a_phone_nothing_is_cut_off(opened: Callable[..., Any]) -> None:
    """At 390 pixels the page does not scroll sideways, and all controls can be pressed."""
    page = opened("network", **PHONE)
    for key in "lnp":
        page.keyboard.press(key)
        page.wait_for_timeout(80)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        overflow = page.evaluate("""() =>
            [...document.querySelectorAll("#tools .panel:not([hidden]) *")]
                .filter(it => it.getClientRects().length && !it.closest("svg svg"))
                .filter(it => it.getBoundingClientRect().right > 391)
                .map(it => it.outerHTML.slice(0, 80))""")
        assert overflow == []
        if key == "l":
            page.locator("#learn summary").click()
        presses = {
            "l": ("all", "none", "all", "one step", "one epoch", "back to the start"),
            "n": (),
            "p": ("↓ down", "next question"),
        }
        for words in presses[key]:
            button(page, words).click()


def test_an_epoch_goes_over_points_without_a_gradient(opened: Callable[..., Any]) -> None:
    """A point whose loss is flat moves nothing, and the points after it move the leaves as ever."""
    w, b = Value(1.0, "w"), Value(0.0, "b")
    rows = [(2.0, 1.0), (0.1, 1.0), (-1.0, -1.0), (0.2, -1.0)]
    first, *others = ((1 - y * (w * x + b)).relu() for x, y in rows)
    page = opened(Backprop(sum(others, start=first), learn=["w", "b"]))
    page.evaluate("backprop.epoch(0.1)")
    for x, y in rows:
        w.grad = b.grad = 0.0
        (1 - y * (w * x + b)).relu().backward()
        w.data -= 0.1 * w.grad
        b.data -= 0.1 * b.grad
    assert page.evaluate("[backprop.get('w').data, backprop.get('b').data]") == [w.data, b.data]
