"""The notebook 07_why_a_network.ipynb: what its words and answers promise is so."""

import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lessons import Lesson, changed, shown_by
from live_page import kept_page

from micrograd_like import MLP, Neuron, Value, fit, mean, mse

LESSON = Lesson("07_why_a_network")
XOR = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]


def rows_of(printed: str) -> dict[str, tuple[float, float, float, float]]:
    """A table of weights: the weight, |gradient|, |w · input|, and the error without it."""
    lines = [line.split() for line in printed.splitlines()[1:]]
    return {name: (float(w), float(g), float(p), float(e)) for name, w, g, p, e in lines}


def learned(model: Any, epochs: int = 300, lr: float = 0.3) -> float:
    """The last error of a network on XOR."""
    return fit(model, *XOR, epochs=epochs, lr=lr, batch_size=4, progress=False).loss[-1]


def alike(model: MLP) -> bool:
    """Whether all hidden neurons have the same numbers, and not only zeros."""
    first, *others = [[p.data for p in n.parameters()] for n in model.layers[0].neurons]
    return any(first) and all(other == first for other in others)


def test_a_bias_shifts_the_line() -> None:
    """Without it the best slope is Σxy / Σx², and that of points around 0 is right."""
    assert "without a bias  learned [1.206], error 0.8235" in LESSON.shown("class ThroughZero")
    assert "with a bias     learned [0.5, 2.0], error 0.0000" in LESSON.shown("class ThroughZero")
    for points, slope, error in ((range(1, 9), 1.2059, 0.8235), (range(-4, 5), 0.5, 4)):
        xs = [k / 2 for k in points]
        best = sum(x * (0.5 * x + 2) for x in xs) / sum(x * x for x in xs)
        assert best == pytest.approx(slope, abs=1e-4)
        assert mean((best * x - 0.5 * x - 2) ** 2 for x in xs) == pytest.approx(error, abs=1e-4)


def test_the_slope_is_right_for_points_on_both_sides_of_0() -> None:
    """The first answer, by the cell as the question changes it."""
    names: dict[str, Any] = {}
    exec(changed(LESSON.source("class ThroughZero"), ("range(1, 9)", "range(-4, 5)")), names)
    assert names["without"].w.data == pytest.approx(0.5)
    assert mse(names["without"].predict(names["X"]), names["y"]) == pytest.approx(4)


def test_the_gradient_of_the_bias_is_the_mean_of_the_slopes() -> None:
    """And that of the weight is the mean of the slopes times x, as printed."""
    numbers = re.findall(r"mean of the slopes.*?(-[\d.]+) .*?(-[\d.]+)", LESSON.shown("slopes ="))
    assert numbers == [("-6.2500", "-6.2500"), ("-15.3750", "-15.3750")]


def test_two_linear_layers_are_one() -> None:
    """The product answers as the two layers do, at the printed points and at others."""
    names: dict[str, Any] = {"Neuron": Neuron}
    exec(LESSON.source("two = MLP"), names)
    printed = re.findall(r"two layers (\S+), one neuron (\S+)", LESSON.shown("two = MLP"))
    assert len(printed) == 4
    assert all(a == b for a, b in printed)
    for x in [-3.0, 8.0], [1e6, -1e6], [0.1, 0.2]:
        assert names["two"](x).data == pytest.approx(names["one"](x).data, rel=1e-14)
    assert [len(names[name].parameters()) for name in ("two", "one")] == [13, 3]


def test_a_linear_network_does_not_learn_xor() -> None:
    """Its error stays at 0.25, with 4 or 20 hidden neurons; that of tanh comes to 0."""
    printed = LESSON.shown("def learn(model")
    assert re.findall(r"(\w+): error \S+ at first, (\S+)", printed) == [
        ("linear", "0.2500"),
        ("tanh", "0.0000"),
    ]
    random.seed(0)
    wide = MLP(2, [20, 1], activation="linear", init="xavier")
    assert learned(wide, lr=0.1) == pytest.approx(0.25)


def test_zeros_learn_only_the_bias() -> None:
    """All other gradients are 0; with sigmoid the output's weights have some, and XOR none."""
    printed = LESSON.shown('init="zeros")\nmse(')
    assert "hidden layer: {0.0}" in printed
    assert "output neuron: [0.0, 0.0, 0.0, 0.0, -1.0]" in printed
    assert "0.2500 at the end" in printed
    model = MLP(2, [4, 1], activation="sigmoid", init="zeros")
    mse([model(x) for x in XOR[0]], XOR[1]).backward()
    assert [w.grad for w in model.layers[1].neurons[0].w] == [-0.5] * 4
    assert learned(model) == pytest.approx(0.25, abs=1e-4)
    assert alike(model)


def test_neurons_that_begin_alike_stay_alike() -> None:
    """To the last digit after 1000 epochs, and XOR is not learned; from random starts it is."""
    printed = LESSON.shown("w.data = 0.5")
    neurons = re.findall(r"hidden neuron: (.*)", printed)
    assert (len(neurons), len(set(neurons))) == (4, 1)
    assert "0.1818 at the end" in printed
    model = MLP(2, [4, 1], activation="tanh", init="zeros")
    for neuron in [*model.layers[0].neurons, *model.layers[1].neurons]:
        for w in neuron.w:
            w.data = 0.5
    learned(model)
    assert alike(model)
    assert LESSON.shown("for seed in range(5)").count("0.0000 at the end") == 5


@pytest.mark.slow
def test_two_tanh_neurons_are_enough_for_xor() -> None:
    """One is not, from ten starts each; two fail from one start, and three from none."""
    found: dict[int, list[float]] = {}
    for count in 1, 2, 3:
        for seed in range(10):
            random.seed(seed)
            model = MLP(2, [count, 1], activation="tanh", init="xavier")
            found.setdefault(count, []).append(learned(model, 500))
    assert min(found[1]) == pytest.approx(0.17, abs=0.001)
    assert [seed for seed in range(10) if found[2][seed] > 1e-3] == [3]
    assert found[2][3] == pytest.approx(0.13, abs=0.005)
    assert max(found[3]) < 1e-3


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Any:
    """The live page of the notebook."""
    with kept_page(browser, tmp_path, LESSON.shown("Backprop(error)", "text/html")) as opened:
        yield opened


def test_the_page_shows_two_neurons_that_stay_alike(page: Any) -> None:
    """Until one of them is dragged; a neuron that the output does not use has no gradient."""

    def of(name: str, what: str = "grad") -> float:
        found: float = page.evaluate(f"backprop.get('{name}').{what}")
        return found

    for _ in range(5):
        page.evaluate("backprop.learn(0.1, 1)")
        assert (of("u"), of("p")) == (of("v"), of("q"))
        assert of("u", "data") == of("v", "data") != 0.5
    page.evaluate("backprop.reset(); backprop.set('v', 0.8)")
    page.evaluate("backprop.learn(0.1, 20)")
    assert of("u") != of("v")
    assert of("p") != of("q")
    page.evaluate("backprop.set('p', 0)")
    assert of("u") == 0
    assert of("p") != 0


def test_slopes_are_as_the_text_says() -> None:
    """Of tanh at most 1, of sigmoid 1/4, of relu 1 or 0, of gelu a little beyond both."""
    names: dict[str, Any] = {"Value": Value}
    exec(LESSON.source("def slope", end="xs ="), names)
    slope: Callable[[Any, float], float] = names["slope"]
    found = {
        name: [slope(f, k / 100) for k in range(-800, 801)]
        for name, f in names["activations"].items()
    }
    assert (max(found["tanh"]), max(found["sigmoid"])) == (1, 0.25)
    assert {*found["relu"]} == {0, 1}
    assert slope(names["activations"]["relu"], 0.0) == 0
    assert 1 < max(found["gelu"]) < 1.2
    assert -0.2 < min(found["gelu"]) < 0


def test_gradients_and_ablation_disagree() -> None:
    """Before and after learning, as the text reads the two tables."""
    printed = map(shown_by, LESSON.cells)
    before, after = [rows_of(text) for text in printed if "|gradient|" in text]
    largest = max(before, key=lambda name: before[name][1])
    assert largest == "layer1.neuron0.w0"
    assert before["layer1.neuron0.w1"][3] == 0.0432
    biases = [row for name, row in before.items() if name.endswith(".b")]
    assert all(w == 0 and gradient > 0 and error == 0.1039 for w, gradient, _, error in biases)
    assert max(row[1] for row in after.values()) == 0.0006
    assert after["layer0.neuron0.w1"][1:] == (0.0, 1.793, 0.1635)
    assert [after[f"layer0.neuron{k}.w2"][3] for k in (0, 1)] == [0.0029, 0.0029]
    assert after["layer1.neuron0.b"][2:] == (0.35, 0.1257)
    assert after["layer0.neuron1.w0"][2:] == (0.653, 0.0297)
    told = re.findall(r"(\S+): gradient", LESSON.shown("top_gradients"))
    assert told == sorted(before, key=lambda name: -before[name][1])[:3]


def test_another_unit_changes_gradients_and_no_answer() -> None:
    """An input times 100 with its weights divided by 100: their gradients are 100 times larger."""
    names: dict[str, Any] = {"random": random, "MLP": MLP, "mse": mse, "mean": mean}
    exec(LESSON.source("def table"), names)
    model, X, y = names["model"], names["X"], names["y"]
    weights = [neuron.w[0] for neuron in model.layers[0].neurons]
    mse([model(x) for x in X], y).backward()
    answers, gradients = model.predict(X), [w.grad for w in weights]
    for w in weights:
        w.data /= 100
    X = [[100 * x[0], *x[1:]] for x in X]
    model.zero_grad()
    mse([model(x) for x in X], y).backward()
    assert model.predict(X) == pytest.approx(answers)
    assert [w.grad for w in weights] == pytest.approx([100 * g for g in gradients])
