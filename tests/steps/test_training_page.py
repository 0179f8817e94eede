"""The page of a training in a real browser: what it computes, and every way through the epochs.

It needs Chromium and Playwright's package; without them these tests are skipped, but under CI=true.
"""

import json
import math
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import Watched
from test_browser import until
from test_training_steps import ACTIVATIONS, LOSSES, data_of, model_of, trained

from micrograd_like import (
    MLP,
    Adam,
    Module,
    Neuron,
    Training,
    Value,
    binary_cross_entropy,
    cross_entropy,
    hinge,
    mse,
    rule,
)
from micrograd_like.custom import forget
from micrograd_like.parameters import name_parts
from micrograd_like.steps.training_page import FOLDER, GIVEN_SIDE

MOONS = json.loads((Path(__file__).parents[1] / "moons.json").read_text())
HOSTILE = "</script><script>alert(1)</script><b onmouseover=alert(2)>'\"&"
NEAR = 1e-9
CORNER = [(0.01, 0.99)]
PIXELS = """(places) => {
  const canvas = document.querySelector("canvas.field");
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const brush = copy.getContext("2d", { willReadFrequently: true });
  brush.drawImage(canvas, 0, 0);
  return places.map(([right, up]) => {
    const [x, y] = [right * canvas.width, (1 - up) * canvas.height].map(Math.floor);
    return [...brush.getImageData(x, y, 1, 1).data];
  });
}"""


@pytest.fixture
def watched(browser: Any) -> Iterator[Watched]:
    """A page that may complain about nothing and ask for nothing."""
    page = Watched(browser, 1100, 800)
    yield page
    page.close()


@pytest.fixture(scope="module")
def moons() -> Training:
    """A training on two moons, with points held back."""
    random.seed(4)
    labels = [int(label > 0) for label in MOONS["labels"]]
    return Training(
        MLP(2, [8, 8, 1], activation="tanh"), MOONS["points"], labels, binary_cross_entropy,
        epochs=30, lr=0.02, batch_size=10, optimizer=Adam, validation=0.2,
    )  # fmt: skip


def opened(watched: Watched, training: Training, folder: Path) -> Any:
    path = folder / "training.html"
    training.save(path)
    page = watched.open(path)
    page.locator("html.running").wait_for()
    return page


def shown(page: Any) -> dict[str, str]:
    """The numbers that are shown, by their names."""
    pairs = page.evaluate(
        "[...document.querySelectorAll('#numbers div')].map((of) => [...of.children].map("
        "(cell) => cell.textContent))"
    )
    return dict(pairs)


def pixels(page: Any, places: list[tuple[float, float]]) -> list[list[int]]:
    """The map's colours at places, which are shares of its width and its height."""
    found: list[list[int]] = page.evaluate(PIXELS, places)
    return found


def go(page: Any, epoch: int) -> None:
    page.evaluate("training.go(arguments[0])".replace("arguments[0]", str(epoch)))


def at(page: Any) -> int:
    """The epoch that is shown, once it is drawn."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    epoch: int = page.evaluate("training.epoch()")
    return epoch


# --- the page and Python agree


@pytest.mark.parametrize("nin", [1, 2, 4])
def test_predictions_and_numbers_are_those_of_python(
    watched: Watched, tmp_path: Path, nin: int
) -> None:
    """At each epoch: predictions to 1e-9, weights to the last bit, numbers to the last digit."""
    chance = random.Random(nin)
    rows = [[chance.uniform(-2, 2) for _ in range(nin)] for _ in range(6)]
    for loss in LOSSES:
        training = trained(loss, nin, validation=0.25, epochs=3)
        page = opened(watched, training, tmp_path)
        names = [name for name, _ in training.at(0).named_parameters()]
        for epoch in training:
            go(page, epoch.number)
            agrees(page, training.at(epoch.number), rows)
            weights = page.evaluate("(names) => names.map((name) => training.weight(name))", names)
            assert tuple(weights) == epoch.weights
            assert shown(page) == {"epoch": f"{epoch.number} / 3"} | epoch.words()


def agrees(page: Any, model: Any, rows: list[list[float]]) -> None:
    """The page predicts what the model does."""
    found = page.evaluate("(rows) => rows.map((row) => training.predict(row))", rows)
    expected = model.predict(rows, tape=False)
    for one, other in zip(found, expected, strict=True):
        outputs = other if isinstance(other, list) else [other]
        assert one == pytest.approx(outputs, rel=NEAR, abs=NEAR)


class Each(Module):
    """A neuron of each activation."""

    def __init__(self) -> None:
        random.seed(1)
        self.neurons = [Neuron(2, activation=name) for name in ACTIVATIONS]
        name_parts("neuron", self.neurons)

    def __call__(self, x: Any) -> list[Value]:
        return [neuron(x) for neuron in self.neurons]


def test_every_rule_is_computed_in_the_page(watched: Watched, tmp_path: Path) -> None:
    """Neurons of each activation answer as in Python."""
    rows, targets = data_of(mse, 2, 5)
    training = Training(Each(), rows, [[t] * len(ACTIVATIONS) for t in targets], epochs=2, lr=1e-3)
    page = opened(watched, training, tmp_path)
    agrees(page, training.at(2), [[0.3, -0.8], [-1.0, 0.9], [5.0, 2.0]])


def test_the_map_has_the_colours_of_the_answers(
    watched: Watched, moons: Training, tmp_path: Path
) -> None:
    """At random places the ground is red where the output is above 0, and blue below."""
    page = opened(watched, moons, tmp_path)
    chance = random.Random(0)
    (left, right), (low, high) = moons._answers.window
    for epoch in (0, 7, 30):
        go(page, epoch)
        places = [(chance.random(), chance.random()) for _ in range(60)]
        colours = pixels(page, places)
        rows = [[left + x * (right - left), low + y * (high - low)] for x, y in places]
        outputs = moons.at(epoch).predict(rows)
        assert min(outputs) < 0 < max(outputs)
        for output, (red, _, blue, opacity) in zip(outputs, colours, strict=True):
            assert opacity == 255
            if abs(output) > 0.3:
                assert (red > blue) == (output > 0)


def test_points_that_are_answered_wrong_are_ringed(
    watched: Watched, moons: Training, tmp_path: Path
) -> None:
    """As many as the accuracy says, those held back included."""
    page = opened(watched, moons, tmp_path)
    for epoch in (0, 3, 30):
        go(page, epoch)
        of = moons[epoch]
        assert of.accuracy is not None
        assert of.validation_accuracy is not None
        wrong = round(80 * (1 - of.accuracy)) + round(20 * (1 - of.validation_accuracy))
        assert page.locator(".points .wrong").count() == wrong
        assert f"{100 - wrong} of 100 points right" in page.get_attribute("#picture", "aria-label")
    assert page.locator(".points .held").count() == 20


def test_lines_are_as_wide_as_their_weights(
    watched: Watched, moons: Training, tmp_path: Path
) -> None:
    """The larger the wider, red and solid above 0, blue and dashed below; at each epoch."""
    page = opened(watched, moons, tmp_path)
    for epoch in (0, 30):
        go(page, epoch)
        lines = page.evaluate(
            "[...document.querySelectorAll('.weight')].map((line) => [Number(line.dataset.weight), "
            "parseFloat(line.style.strokeWidth), line.classList.contains('negative')])"
        )
        assert len(lines) == 2 * 8 + 8 * 8 + 8
        sizes = [(abs(moons[epoch].weights[k]), width) for k, width, _ in lines]
        assert [width for _, width in sorted(sizes)] == sorted(width for _, width in sizes)
        assert all((moons[epoch].weights[k] < 0) == negative for k, _, negative in lines)


# --- going through the epochs


def test_every_control_and_key_goes_where_it_says(
    watched: Watched, moons: Training, tmp_path: Path
) -> None:
    """Buttons, slider, keys and the loss curve, from both ends and beyond them."""
    page = opened(watched, moons, tmp_path)
    assert at(page) == 30
    for control, expected in [
        ("next", 30), ("previous", 29), ("first", 0), ("previous", 0), ("next", 1), ("last", 30),
    ]:  # fmt: skip
        page.click(f"#{control}")
        assert (control, at(page)) == (control, expected)
    page.locator("h1").click()
    for key, expected in [
        ("ArrowLeft", 29), ("Home", 0), ("ArrowRight", 1), ("PageUp", 11), ("PageDown", 1),
        ("End", 30), ("ArrowRight", 30),
    ]:  # fmt: skip
        page.keyboard.press(key)
        assert (key, at(page)) == (key, expected)
    page.locator("#slider").fill("6")
    assert at(page) == 6
    page.locator("#slider").focus()
    page.keyboard.press("ArrowRight")  # of the slider and of the page: one epoch, not two
    assert at(page) == 7
    box = page.locator("#losses svg").bounding_box()
    for share, expected in ((0.5, 15), (1.0, 30), (0.0, 0)):
        across = box["x"] + 38 + share * (box["width"] - 38 - 8)
        page.mouse.click(across, box["y"] + box["height"] / 2)
        assert at(page) == expected
    for key, speed in (("+", "2"), ("+", "4"), ("+", "4"), ("-", "2"), ("=", "4")):
        page.keyboard.press(key)
        assert page.locator("#speed").input_value() == speed


def test_it_plays_to_the_end_and_pauses(watched: Watched, moons: Training, tmp_path: Path) -> None:
    """From the start if it is at the end; a key pauses it, and it is read aloud only then."""
    page = opened(watched, moons, tmp_path)
    page.select_option("#speed", "4")
    page.locator("h1").click()
    page.keyboard.press("Space")
    assert page.get_attribute("#play", "aria-label") == "pause"
    until(lambda: 2 <= page.evaluate("training.epoch()") < 30)
    page.keyboard.press("Space")
    paused = at(page)
    page.wait_for_timeout(400)
    assert at(page) == paused
    until(lambda: f"epoch {paused} / 30, loss " in page.inner_text("#told"))
    page.click("#play")
    until(lambda: page.get_attribute("#play", "aria-label") == "play")
    assert at(page) == 30


def test_an_address_leads_to_an_epoch(watched: Watched, moons: Training, tmp_path: Path) -> None:
    """As in training.html#12; one that is not there leads to the nearest."""
    path = moons.save(tmp_path / "moons.html")
    page = watched.page
    for asked, expected in (("#12", 12), ("#999", 30), ("#x", 30)):
        page.goto("about:blank")
        page.goto(Path(path).as_uri() + asked)
        page.locator("html.running").wait_for()
        assert at(page) == expected
    page.evaluate("location.hash = '#3'")
    until(lambda: at(page) == 3)


# --- looking at weights and neurons


def test_a_line_and_a_neuron_tell_about_themselves(
    watched: Watched, moons: Training, tmp_path: Path
) -> None:
    """By mouse: name, number, where it began, and a curve; they follow the epoch."""
    page = opened(watched, moons, tmp_path)
    story = page.locator("#story")
    names = [name for name, _ in moons.at(0).named_parameters()]
    line = page.locator(".weight").nth(40)
    k = int(line.get_attribute("data-weight"))
    page.locator(".hit").nth(40).dispatch_event("pointerenter")
    for epoch in (30, 4):
        go(page, epoch)
        text = story.inner_text()
        assert text.startswith(f"{names[k]} = ")
        parts = re.findall(r"[−\d.e]+\d", text.replace(names[k], ""))
        numbers = [float(x.replace("−", "-")) for x in parts]
        expected = [moons[epoch].weights[k], moons[0].weights[k]]
        assert numbers == pytest.approx(expected, rel=1e-3)
    assert story.locator("polyline").count() == 1
    page.locator(".unit").nth(4).hover()
    assert story.inner_text().startswith("layer0.neuron2 bias ")
    assert story.locator("polyline").count() == 3
    assert page.locator(".weight.lit").count() == 2


def test_the_keyboard_goes_along_the_lines(
    watched: Watched, moons: Training, tmp_path: Path
) -> None:
    """To a neuron, along a line, to the next line, and to its other end; the epoch stays."""
    page = opened(watched, moons, tmp_path)
    page.locator(".unit").first.focus()
    name = "document.activeElement.getAttribute('aria-label')"
    assert page.evaluate(name) == "input x0"
    for key, expected in [
        ("ArrowDown", "input x1"), ("ArrowUp", "input x0"), ("ArrowUp", "input x0"),
        ("ArrowRight", "layer0.neuron0.w0"), ("ArrowDown", "layer0.neuron1.w0"),
        ("ArrowRight", "neuron layer0.neuron1"), ("ArrowLeft", "layer0.neuron1.w0"),
        ("ArrowDown", "layer0.neuron1.w1"), ("ArrowLeft", "input x1"),
    ]:  # fmt: skip
        page.keyboard.press(key)
        assert (key, page.evaluate(name)) == (key, expected)
    assert at(page) == 30


def test_the_map_shows_what_a_neuron_answers(
    watched: Watched, moons: Training, tmp_path: Path
) -> None:
    """Once it is clicked, or chosen by Enter; Escape leads back."""
    page = opened(watched, moons, tmp_path)
    image = "document.querySelector('canvas.field').toDataURL()"
    answer = page.evaluate(image)
    page.locator(".unit").nth(3).click()
    assert page.inner_text("#looking-at") == "what layer0.neuron1 answers"
    assert page.locator("[aria-pressed=true]").count() == 1
    assert page.evaluate(image) != answer
    page.keyboard.press("Escape")
    assert page.inner_text("#looking-at") == "what the model answers"
    assert page.evaluate(image) == answer
    page.keyboard.press("Enter")
    assert page.inner_text("#looking-at") == "what layer0.neuron1 answers"


def test_the_pointer_tells_the_answer(watched: Watched, moons: Training, tmp_path: Path) -> None:
    """Inputs, output and class where it is; nothing outside of the map."""
    page = opened(watched, moons, tmp_path)
    box = page.locator("canvas.field").bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    text = page.inner_text("#pointed")
    assert text.startswith("x0 = −1.3, x1 = 1.3: ")
    assert text.endswith("class 0")
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] + 60)
    assert page.inner_text("#pointed") == ""


# --- all sizes, themes and kinds


class Parabola(Module):
    """A model without neurons."""

    def __init__(self) -> None:
        self.a, self.b = Value(0.1, label="a"), Value(-1.0, label="b")

    def __call__(self, x: Any) -> Value:
        return self.a * x[0] ** 2 + self.b


KINDS = {
    "map": lambda: trained(hinge, validation=0.25),
    "map of classes": lambda: trained(cross_entropy),
    "map of a regression": lambda: trained(mse),
    "curve": lambda: trained(mse, 1),
    "curve of classes": lambda: trained(cross_entropy, 1),
    "by targets": lambda: trained(mse, 5, validation=0.25),
    "table": lambda: trained(cross_entropy, 4),
    "table of two": lambda: trained(hinge, 3),
    "no neurons": lambda: Training(Parabola(), [[1.0], [2.0]], [1.0, 4.0], epochs=3, lr=0.01),
    "wide": lambda: Training(MLP(30, [40, 1]), [[0.1] * 30], [1.0], epochs=2, lr=0.001),
    "one epoch": lambda: Training(MLP(2, [1]), [[1e200, 1e200]], [-1e200], epochs=1, lr=1.0),
}


@pytest.mark.parametrize(("width", "scheme"), [(1100, "light"), (390, "dark")])
def test_each_kind_fits_its_window(browser: Any, tmp_path: Path, width: int, scheme: str) -> None:
    """Nothing is beyond the window's sides, nothing is complained about, all epochs are drawn."""
    watched = Watched(browser, width, 800, color_scheme=scheme)
    for kind, make in KINDS.items():
        training = make()
        page = opened(watched, training, tmp_path)
        for epoch in training:
            go(page, epoch.number)
            assert shown(page)["loss"] == epoch.words()["loss"]
        assert page.evaluate("document.documentElement.scrollWidth") <= width, kind
        for name in ("#picture", "#network", "#losses", "#slider"):
            box = page.locator(name).bounding_box()
            assert box["width"] > 60, (kind, name)
            assert box["height"] > 10, (kind, name)
        if width == 1100:  # all of it in sight
            assert page.evaluate("document.documentElement.scrollHeight") <= 800, kind
    watched.close()


def test_a_theme_is_kept(browser: Any, tmp_path: Path) -> None:
    """The reader's with "auto", and another if the page says so; the map's colours, too."""
    ground = "getComputedStyle(document.body).backgroundColor"
    seen = {}
    for theme in ("auto", "light", "dark"):
        for scheme in ("light", "dark"):
            watched = Watched(browser, color_scheme=scheme)
            page = opened(watched, trained(hinge, theme=theme), tmp_path)
            seen[theme, scheme] = page.evaluate(ground), pixels(page, CORNER)
            watched.close()
    assert seen["auto", "light"] == seen["light", "light"] == seen["light", "dark"]
    assert seen["auto", "dark"] == seen["dark", "light"] == seen["dark", "dark"]
    assert seen["auto", "light"][0] != seen["auto", "dark"][0]
    assert seen["auto", "light"][1] != seen["auto", "dark"][1]


def test_on_paper_the_epoch_is_light(browser: Any, moons: Training, tmp_path: Path) -> None:
    """What is shown is printed, in light colours and without controls."""
    watched = Watched(browser, color_scheme="dark")
    page = opened(watched, moons, tmp_path)
    go(page, 12)
    on_screen = pixels(page, CORNER)
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert sum(pixels(page, CORNER)[0]) > sum(on_screen[0])
    assert not page.locator("#controls").is_visible()
    assert shown(page)["epoch"] == "12 / 30"
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(255, 255, 255)"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen", color_scheme="dark")
    assert pixels(page, CORNER) == on_screen
    watched.close()


# --- what the page cannot compute, and what it must not run


def test_what_has_no_javascript_is_sent_and_told(watched: Watched, tmp_path: Path) -> None:
    """The map is Python's, coarser; the page says which rule is in the way."""

    @rule("untranslatable", "x", "1")
    def untranslatable(x: Any) -> Any:
        return [x * 1][0], 1.0

    try:
        random.seed(2)
        rows, targets = data_of(hinge, 2, 20)
        model = MLP(2, [3, 1], activation="untranslatable")
        training = Training(model, rows, targets, hinge, epochs=60, lr=0.02)
        page = opened(watched, training, tmp_path)
        notes = page.inner_text("#notes")
        assert "computed in Python, for 25 epochs" in notes
        assert "rule 'untranslatable' has no JavaScript" in notes
        wrong = round(20 * (1 - (training[60].accuracy or 0)))
        assert page.locator(".points .wrong").count() == wrong
        content = json.loads(page.locator("#training").text_content())
        assert content["given"]["side"] == GIVEN_SIDE
        assert content["graph"] is None
        go(page, 31)
        assert shown(page)["loss"] == training[31].words()["loss"]
        page.locator(".unit").nth(2).click()  # which has no map to show
        assert page.inner_text("#looking-at") == "what the model answers"
    finally:
        forget("untranslatable")


def test_no_script_of_a_name_runs(watched: Watched, tmp_path: Path) -> None:
    """Labels, names of inputs and of classes are words, and nothing else."""

    class Hostile(Module):
        def __init__(self) -> None:
            self.w = Value(1.0, label=HOSTILE)

        def __call__(self, x: Any) -> Value:
            return self.w * x[0] * x[1]

    Hostile.__name__ = HOSTILE
    training = Training(Hostile(), [[1.0, 2.0], [2.0, 1.0]], [1.0, 0.0], names=[HOSTILE, "b"])
    training.ended = HOSTILE
    page = opened(watched, training, tmp_path)
    assert HOSTILE in page.inner_text("h1")
    assert HOSTILE in page.inner_text("#network")
    assert page.evaluate("typeof window.alerted") == "undefined"


def test_a_training_that_diverged_says_so(watched: Watched, tmp_path: Path) -> None:
    """Up to there it can be watched, and the reason stands below."""
    rows, targets = data_of(mse, 2, 8)
    training = Training(
        model_of(2, 1, activation="relu"), [[9 * x for x in row] for row in rows], targets,
        epochs=500, lr=0.5,
    )  # fmt: skip
    assert training.ended
    page = opened(watched, training, tmp_path)
    assert f"The training ended early: {training.ended}." in page.inner_text("#notes")
    assert at(page) == training[-1].number
    for epoch in training:
        go(page, epoch.number)
        assert shown(page)["loss"] == epoch.words()["loss"]


def test_it_plays_in_a_notebooks_frame(watched: Watched, tmp_path: Path) -> None:
    """In a sandbox, where it has no address: by its buttons and keys."""
    path = tmp_path / "cell.html"
    path.write_text(f"<!doctype html><title>cell</title>{trained(hinge)._repr_html_()}")
    page = watched.open(path)
    frame = page.frame_locator("iframe")
    for press, expected in (("#first", "0 / 4"), ("#next", "1 / 4"), ("#last", "4 / 4")):
        frame.locator(press).click()
        frame.locator("#epoch", has_text=expected).wait_for()
    frame.locator("#slider").press("ArrowLeft")
    frame.locator("#epoch", has_text="3 / 4").wait_for()


def test_a_page_is_small() -> None:
    """Weights, graph, words and scripts of a network of 105 weights over a hundred epochs."""
    training = trained(hinge, epochs=100)
    count = len(training[0].weights)
    assert len(training.page().encode()) < 90_000 + 101 * count * 11
    assert all(path.stat().st_size < 16_000 for path in FOLDER.iterdir())


def test_an_epoch_is_computed_in_time_for_the_slider(
    watched: Watched, moons: Training, tmp_path: Path
) -> None:
    """As many numbers as a finer map would take; the page tells how long that was."""
    page = opened(watched, moons, tmp_path)
    times = page.evaluate(
        """() => Array.from({ length: 31 }, (_, k) => {
          const start = performance.now();
          training.go(k);
          return performance.now() - start;
        })"""
    )
    print(f"an epoch of the page takes {sorted(times)[15]:.1f} ms, the first {times[0]:.1f} ms")
    assert math.isfinite(sum(times))
