"""The notebook 08_deep_networks.ipynb: what its words and answers promise is so."""

import math
import random
import re
from pathlib import Path
from typing import Any

import pytest
from lessons import Lesson
from live_page import kept_page

from micrograd_like import MLP, Layer, binary_cross_entropy, fit, mse

LESSON = Lesson("08_deep_networks")


def defined(text: str, end: str = "") -> dict[str, Any]:
    """The names of the cell with a text, run up to another text."""
    names = {"math": math, "random": random, "MLP": MLP, "Layer": Layer, "fit": fit, "mse": mse}
    exec(LESSON.source(text, end), names)
    return names


def epochs(text: str) -> list[tuple[int, float, int]]:
    """The printed epochs: the number, the error, and how many neurons are silent."""
    found = re.findall(r"epoch +(\d+): error +(\S+), \w+ (\d)", text)
    return [(int(epoch), float(error), int(count)) for epoch, error, count in found]


def sizes(text: str) -> dict[str, list[float]]:
    """The gradients by depth of a printed table."""
    lines = [re.split(r"  +", line.strip()) for line in text.splitlines()]
    return {name: [float(x) for x in numbers] for name, *numbers in lines}


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Any:
    """The live page of the notebook."""
    with kept_page(browser, tmp_path, LESSON.shown("Backprop(error)", "text/html")) as opened:
        yield opened


def test_the_gradient_dies_on_the_page(page: Any) -> None:
    """At x = 5 the gradient is 3000 times smaller than at 0.5, and the error nearly 4."""

    def of(name: str, what: str = "grad") -> float:
        found: float = page.evaluate(f"backprop.get('{name}').{what}")
        return found

    assert of("h", "data") == pytest.approx(0.46, abs=0.005)
    assert min(of("w"), of("x"), of("b")) > 0
    start = of("b")
    assert start == pytest.approx(2.30, abs=0.005)
    assert of("error", "data") == pytest.approx(2.1, abs=0.05)
    page.evaluate("backprop.set('x', 5)")
    assert of("b") == pytest.approx(0.0007, abs=5e-5)
    assert start / of("b") > 3000
    assert 3.99 < of("error", "data") < 4
    page.evaluate("backprop.reset(); backprop.set('b', 5)")
    assert (of("b") < 0.001, of("error", "data") > 3.99) == (True, True)
    page.evaluate("backprop.set('b', -5)")
    assert (of("b") < 0.001, of("error", "data") < 0.001) == (True, True)


def test_tanh_is_flat_from_19_07_on() -> None:
    """There the computer finds exactly 0, as it does at 20 in the table."""
    assert LESSON.shown("import math").endswith("1 - tanh² = 0\n")
    flat = [k / 100 for k in range(2100) if 1 - math.tanh(k / 100) ** 2 == 0]
    assert flat[0] == pytest.approx(19.07, abs=0.02)


def test_large_weights_and_many_inputs_saturate() -> None:
    """The printed shares rise with the factor; uniform weights do not fit 100 inputs."""
    shares = [float(x) for x in re.findall(r"([\d.]+)%", LESSON.shown("def saturated"))]
    assert shares == [2.6, 39.9, 78.3, 93.3, 15.0]
    saturated = defined("def saturated", "chance =")["saturated"]
    chance = random.Random(0)
    rows = [[chance.gauss(0, 1) for _ in range(100)] for _ in range(50)]
    found = {}
    for init in "uniform", "xavier":
        random.seed(0)
        found[init] = saturated(Layer(100, 20, activation="tanh", init=init), rows)
    assert found == pytest.approx({"uniform": 0.67, "xavier": 0.03}, abs=0.005)


@pytest.mark.slow
def test_saturated_layers_hardly_move() -> None:
    """Times 30 the hidden weights change by less than 1 % of their size, and the error stays."""
    last = [float(line.split()[-1]) for line in LESSON.shown("make_moons").splitlines()]
    assert last == [0.013, 0.133, 0.369]
    names = defined("make_moons", "for factor")
    random.seed(0)
    model = MLP(2, [8, 8, 1], activation="tanh", init="xavier")
    for layer in model.layers[:-1]:
        for p in layer.parameters():
            p.data *= 30
    before = [[p.data for p in layer.parameters()] for layer in model.layers]
    fit(model, names["X"], names["y"], binary_cross_entropy, epochs=40, lr=0.1, progress=False)
    after = [[p.data for p in layer.parameters()] for layer in model.layers]
    moved = [math.dist(a, b) / math.hypot(*b) for a, b in zip(after, before, strict=True)]
    assert max(moved[:2]) < 0.01
    assert moved[2] > 1


def test_houses_as_they_are_saturate_every_neuron() -> None:
    """And standardized ones few."""
    printed = LESSON.shown("house_prices()")
    assert "as it is: 100.0%" in printed
    assert "standardized: 1.9%" in printed


def test_a_large_step_kills_relu_neurons() -> None:
    """Five of six, for ever: their gradients are 0, and the error stays near 0.37."""
    printed = epochs(LESSON.shown("for first_rate"))
    careful, large = printed[:7], printed[7:]
    assert [count for *_, count in careful] == [0] * 7
    assert careful[-1][1] < 0.001
    assert [round(error, 1) for _, error, _ in large[:2]] == [4.4, 47.9]
    assert [count for *_, count in large] == [1, 1, 3, 4, 5, 5, 5]
    assert large[-1][1] == pytest.approx(0.37, abs=0.005)
    lines = LESSON.shown('"dead" if').splitlines()
    assert sorted(line.split()[0] for line in lines) == ["dead"] * 5 + ["live"]
    assert {line for line in lines if "dead" in line} == {"dead ['0.0000', '0.0000']"}


def test_a_leak_brings_a_neuron_back() -> None:
    """After 100 epochs five neurons are silent, after 200 four, and the error falls."""
    printed = epochs(LESSON.shown('learn("leaky_relu"'))
    found = {epoch: (error, count) for epoch, error, count in printed}
    assert [found[epoch][1] for epoch in (100, 200, 300)] == [5, 4, 4]
    errors = [found[epoch][0] for epoch in (100, 200, 300)]
    assert errors == pytest.approx([0.37, 0.09, 0.02], abs=0.005)


def test_gradients_vanish_and_explode_with_depth() -> None:
    """The numbers of the text are those of the table."""
    table = sizes(LESSON.shown("starts ="))
    assert table["layers"] == [2, 5, 10, 15, 20]
    last = {name: numbers[-1] for name, numbers in table.items()}
    assert (last["tanh xavier × 0.3"], last["sigmoid xavier"]) == (3e-11, 3e-13)
    assert last["relu he × 3"] == 1e15
    for name in "tanh xavier", "relu he":
        assert 1 < max(table[name]) / last[name] < 100
    falling = [name for name, x in table.items() if x == sorted(x, reverse=True)]
    assert {"tanh xavier × 0.3", "sigmoid xavier", "relu xavier"} <= {*falling}


def test_shortcuts_keep_the_gradient() -> None:
    """At 20 layers it is within a factor of 2 of that at 5."""
    lines = LESSON.shown("class Shortcut").splitlines()
    kept = [[*map(float, line.split()[2:])] for line in lines if "shortcuts" in line]
    assert len(kept) == 2
    assert all(0.5 < numbers[4] / numbers[1] < 2 for numbers in kept)


@pytest.mark.slow
def test_the_answers_about_depth_are_right() -> None:
    """he against xavier, larger weights for sigmoid, and shortcuts around relu."""
    names = defined("def first_gradient")
    names["DEPTHS"] = (20,)
    by_depth = names["by_depth"]
    (he,), (xavier,) = by_depth("relu", "he"), by_depth("relu", "xavier")
    assert he / xavier == pytest.approx(700, rel=0.1)
    assert by_depth("sigmoid", "xavier", 4) == pytest.approx([6e-7], rel=0.1)
    assert by_depth("sigmoid", "xavier", 8) == pytest.approx([4e-5], rel=0.15)
    shortcut = defined("class Shortcut", "kept =")["Shortcut"]
    assert by_depth("relu", "he", 1, shortcut) == pytest.approx([3e6], rel=0.2)
    assert by_depth("relu", "he", 0.3, shortcut) == pytest.approx([1.3], rel=0.1)
