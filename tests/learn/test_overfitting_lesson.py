"""The notebook 10_overfitting.ipynb: what its words and answers promise is so."""

import math
import re
from typing import Any

import pytest
from lessons import Lesson, changed

pytest.importorskip("matplotlib")
pytest.importorskip("numba")

LESSON = Lesson("10_overfitting")
ENDS = {"def points": "figure, ax", "def learn": "\nmodel, history", "def show": "stopped,"}


def numbers(text: str, before: str) -> list[float]:
    """The numbers of a text that stand behind some words."""
    return [float(x) for x in re.findall(rf"{before} +([\d.]+\d)", text)]


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """What the notebook defines before its live page, without the pictures and the first run."""
    found: dict[str, Any] = {}
    for text, end in ENDS.items():
        exec(LESSON.source(text, end), found)
    return found


def lowest(history: Any) -> tuple[float, int]:
    """The least validation error, and its epoch."""
    errors = history.validation_loss
    return min(errors), 1 + errors.index(min(errors))


def test_the_validation_error_falls_and_then_rises() -> None:
    """While the training error falls below the noise's 0.09, as the text under the curve says."""
    told = LESSON.shown("model, history = learn(training)")
    first, best, *_, last = numbers(told, "validation error")
    assert first > 3 * best
    assert 2.8 * best < last < 3.2 * best
    training = numbers(told, "training error")
    assert training == sorted(training, reverse=True)
    assert training[-1] < 0.09 / 4
    assert numbers(told, "epoch")[0] == 173


def test_the_curve_rises_at_all_times_after_its_lowest_point(names: dict[str, Any]) -> None:
    """But for short wobbles: the mean of each hundred epochs is above that of the one before."""
    _, history = names["learn"](names["training"])
    errors = history.validation_loss[200:]
    means = [math.fsum(errors[k : k + 100]) / 100 for k in range(0, len(errors), 100)]
    assert means == sorted(means)


def test_early_stopping_brings_the_best_weights_back() -> None:
    """Fifty epochs after the lowest error, with a third of the last one and smaller weights."""
    told = LESSON.shown("patience=50")
    assert "ended in epoch 223, by patience" in told
    whole, stopped = numbers(told, "validation")
    assert stopped == pytest.approx(whole / 3, rel=0.05)
    large, small = numbers(told, "largest weight")
    assert small < large / 3


def test_the_middle_strength_is_the_best() -> None:
    """The weakest and the strongest are worse, and only the training error rises all along."""
    told = LESSON.shown("weight_decay=decay")
    none, weak, right, strong = numbers(told, "validation")
    assert right < weak < none
    assert right < strong < none
    assert numbers(told, "training") == sorted(numbers(told, "training"))
    weights = numbers(told, "largest weight")
    assert weights == sorted(weights, reverse=True)


def test_the_page_has_no_gradient_at_the_strength_that_is_told() -> None:
    """0.2 at w = 2.5, and 0.5 at w = 2, as the text and an answer say; -0.5 at the start."""
    names: dict[str, Any] = {}
    exec(LESSON.source("Backprop(L)", end="Backprop(L)"), names)
    for weight, strength, gradient in ((2.5, 0.1, -0.5), (2.5, 0.2, 0.0), (2.0, 0.5, 0.0)):
        w = names["Value"](weight)
        ((w - 3.0) ** 2 + strength * w**2).backward()
        assert w.grad == pytest.approx(gradient)
    names["L"].backward()
    assert names["w"].grad == pytest.approx(-0.5)


def test_more_data_come_near_the_noise() -> None:
    """Without any other remedy, and the test says so as well as the validation."""
    few, many = numbers(LESSON.shown("many = points"), "points:")
    assert many < few / 3
    all_epochs, stopped, many = numbers(LESSON.shown("chosen, test"), "test error")
    assert 0.09 < many < 0.1 < stopped < all_epochs / 4


def test_an_error_that_has_chosen_is_too_low() -> None:
    """On average by about a quarter of the true one."""
    told = LESSON.shown("true_errors[chosen]")
    reported, true = (float(line.split()[-3]) for line in told.splitlines())
    assert 0.2 < 1 - reported / true < 0.3


def test_the_answer_on_noise_is_right(names: dict[str, Any]) -> None:
    """Without noise both errors fall to almost nothing, and stay there."""
    points = names["points"]
    _, history = names["learn"](points(14, 1, 0.0), validation=points(20, 6, 0.0))
    assert max(history.validation_loss[200:] + history.loss[200:]) < 0.005
    assert lowest(history)[0] < 0.0001
    assert lowest(history)[1] == pytest.approx(950, abs=20)


@pytest.mark.parametrize(
    ("count", "least", "epoch", "last"), [(2, 0.151, 1500, 0.151), (64, 0.141, 137, 0.37)]
)
def test_the_answer_on_the_number_of_neurons_is_right(
    count: int, least: float, epoch: int, last: float
) -> None:
    """Two cannot learn the points by heart, and sixty-four do."""
    found: dict[str, Any] = {}
    points, learn = (LESSON.source(text, ENDS[text]) for text in ("def points", "def learn"))
    exec(points + changed(learn, ("[16, 1]", f"[{count}, 1]")), found)
    _, history = found["learn"](found["training"])
    assert lowest(history)[0] == pytest.approx(least, abs=0.001)
    assert lowest(history)[1] == pytest.approx(epoch, abs=5)
    assert history.validation_loss[-1] == pytest.approx(last, abs=0.01)


def test_the_answer_on_patience_is_right(names: dict[str, Any]) -> None:
    """Five epochs are too few, ten are enough."""
    _, hasty = names["learn"](names["training"], patience=5)
    assert hasty.ended == "in epoch 7, by patience"
    assert lowest(hasty)[0] == pytest.approx(0.336, abs=0.001)
    _, enough = names["learn"](names["training"], patience=10)
    assert enough.ended == "in epoch 183, by patience"
    assert lowest(enough)[1] == 173


def test_the_answer_on_reporting_is_right(names: dict[str, Any]) -> None:
    """Of four strengths 0.003 has the lowest validation error, and its test error is higher."""
    from functools import partial

    found = {}
    for decay in (0.0003, 0.001, 0.003, 0.01):
        optimizer = partial(names["Adam"], weight_decay=decay)
        model, _ = names["learn"](names["training"], optimizer=optimizer)
        found[decay] = [names["mean_error"](model, names[rows]) for rows in ("validation", "test")]
    assert min(found, key=found.__getitem__) == 0.003
    assert found[0.003] == pytest.approx([0.146, 0.161], abs=0.001)


def test_the_answer_on_many_epochs_is_right(names: dict[str, Any]) -> None:
    """With 140 points the validation error has not risen after 5,000 epochs."""
    _, history = names["learn"](names["points"](140, 4), epochs=5000)
    assert history.validation_loss[-1] < history.validation_loss[1499]
    assert history.validation_loss[-1] == pytest.approx(0.095, abs=0.005)
    assert history.loss[-1] == pytest.approx(0.08, abs=0.005)
