"""Gradient descent as steps."""

import math
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from micrograd_like import Descent, Value
from micrograd_like.learn.plots import figure_axes
from micrograd_like.steps.descent_page import DescentPage
from micrograd_like.steps.pages import short


def bowl(w1: Value, w2: Value) -> Value:
    """An error with its least value at (1, 0)."""
    return (w1 - 1) ** 2 + 3 * w2**2


def scenes(steps: Descent) -> list[dict[str, Any]]:
    """What each step of the page says and shows, as Python writes it."""
    return [short(scene) for scene in DescentPage.of(steps).scenes()]


def test_each_step_goes_against_the_slope() -> None:
    """The numbers are those of the rule w − lr · ∂E/∂w, one step after the other."""
    w, steps = 5.0, Descent(lambda w: (w - 2) ** 2, 5.0, lr=0.3, steps=10)
    for step in steps:
        assert (step.point, step.gradient) == ((w,), (2 * (w - 2),))
        assert step.error == (w - 2) ** 2
        w = w - 0.3 * (2 * (w - 2))
        assert step.moved == (w,)
        assert step.then == (w - 2) ** 2
    assert len(steps) == 10
    assert [step.number for step in steps[2:4]] == [3, 4]
    assert repr(steps) == "<Descent of 10 steps: E from 9 to 9.896e−8>"


def test_two_weights_move_together() -> None:
    """Both gradients are taken at the same point."""
    (step,) = Descent(bowl, 3.0, -1.0, lr=0.1, steps=1)
    assert step.gradient == (4.0, -6.0)
    assert step.moved == pytest.approx((2.6, -0.4))
    assert str(step) == (
        "1/1  (w1, w2) ← (w1, w2) − 0.1 · (∂E/∂w1, ∂E/∂w2) = (3, −1) − 0.1 · (4, −6) = "
        "(2.6, −0.4)  (E = 7, then 3.04)"
    )


def test_a_learning_rate_that_is_too_large_diverges_until_the_numbers_end() -> None:
    """The descent stops there and says why; its picture shows the beginning."""
    steps = Descent(lambda w: w**4, 2.0, lr=1.0, steps=100)
    assert len(steps) < 20
    assert "w" in steps.ended or "finite" in steps.ended or "error" in steps.ended
    assert steps[-1].number == steps[-1].total == len(steps)
    assert "it ends here" in scenes(steps)[-1]["remark"]
    assert all(
        abs(float(x)) < 2e4 for s in scenes(steps) for x in s["set"].get("here", {}).values()
    )


def test_leaving_the_domain_ends_the_descent() -> None:
    """The last step leads to where the error is undefined."""
    steps = Descent(lambda w: -w.log() + w * 3, 0.9, lr=0.9, steps=5)
    assert len(steps) == 1
    assert math.isnan(steps[-1].then)
    assert steps.ended.startswith("log(-")
    assert "then undefined" in str(steps[-1])
    assert "undefined" in scenes(steps)[-1]["remark"]


def test_the_page_shows_the_slope_and_then_the_step() -> None:
    """Two scenes a step, with a tangent, a way and the place; the same page each time."""
    steps = Descent(lambda w: (w - 2) ** 2, 5.0, lr=0.3, steps=3)
    shown, start = scenes(steps), DescentPage.of(steps).start()
    assert [scene["phase"] for scene in shown] == ["slope", "step"] * 3
    assert shown[0]["equation"] == ("∂E/∂w", "6")
    assert "w goes down" in shown[0]["remark"]
    places = [start["here"]] + [s["set"]["here"] for s in shown[1::2]]
    across = [float(place["cx"]) for place in places]
    assert across == sorted(across, reverse=True)
    assert shown[1]["set"]["t1"] == {"class": "gone"}
    assert steps.page() == steps.page()


def test_a_flat_place_is_told() -> None:
    """At the least error the slope is 0 and the weight stays."""
    steps = Descent(lambda w: w**2, 0.0, steps=2)
    assert "w stays" in scenes(steps)[0]["remark"]
    assert steps[-1].moved == (0.0,)
    assert Descent(lambda w: w * 0 + 1, 1.0, steps=1).page()


def test_the_weights_have_the_names_of_the_arguments() -> None:
    """Or w, w1 and w2 where there are none to read."""
    assert Descent(lambda slope: slope**2, 1.0).names == ("slope",)
    assert Descent(lambda *w: w[0] * w[1], 1.0, 2.0).names == ("w1", "w2")
    assert Descent(Value.exp, 1.0).names


def test_pictures_are_drawn_on_any_axes(tmp_path: Path) -> None:
    """A still, a moving picture with a frame a step, and the axes that one gives."""
    from matplotlib.figure import Figure

    steps = Descent(bowl, 3.0, -1.0, lr=0.1, steps=4)
    ax = Figure().add_subplot()
    assert steps.plot(ax) is ax
    path = tmp_path / "descent.gif"
    steps.save(path)
    with Image.open(path) as picture:
        assert picture.n_frames == 5
    assert steps._repr_html_().startswith("<iframe sandbox='allow-scripts'")


def test_mistakes_are_told() -> None:
    """Three weights, no steps, a rate of zero, an error that is no Value or is undefined."""
    with pytest.raises(ValueError, match="draws an error of 1 or 2 weights, not of 3"):
        Descent(lambda a, b, c: a, 1.0, 2.0, 3.0)
    with pytest.raises(ValueError, match="steps is 0; it is to be a whole number from 1 to 1,000"):
        Descent(lambda w: w, 1.0, steps=0)
    with pytest.raises(ValueError, match="lr is -1; it is to be a finite number above 0"):
        Descent(lambda w: w, 1.0, lr=-1)
    with pytest.raises(TypeError, match="a weight: takes a number, not the str"):
        Descent(lambda w: w, "1")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="the error is to return a Value, not 3"):
        Descent(lambda w: 3, 1.0)  # type: ignore[arg-type,return-value]
    with pytest.raises(ValueError, match=r"log\(-1\.0\): needs x > 0"):
        Descent(lambda w: w.log(), -1.0)


def test_a_long_way_is_shown_to_its_end() -> None:
    """A descent that begins slowly: its picture reaches the lowest point."""
    steps = Descent(lambda w: (w.tanh() - 0.9) ** 2, -3.0, lr=1.0, steps=200)
    low, high = steps.plot(figure_axes()).get_xlim()
    assert low < -3.0
    assert steps[-1].moved[0] < high


def test_what_is_no_error_of_the_weights_is_told() -> None:
    """A learning rate by position, a text, and a function of too many weights."""
    for arguments in (((lambda w: w * w), 1.0, 0.1), ((lambda a, b: a * b), 1.0)):
        with pytest.raises(TypeError, match=r"Descent: starts from .*as in lr=0.1"):
            Descent(*arguments)
    with pytest.raises(TypeError, match=r"error is 'w\*\*2'; .* a function of the weights"):
        Descent("w**2", 1.0)  # type: ignore[arg-type]


def test_the_slope_is_shown_while_it_is_spoken_of() -> None:
    """Its colour is its sign, of two weights it has a head; it goes when the step is made."""
    shown = scenes(Descent(lambda w: w**2, -1.0, lr=0.1, steps=1))
    assert shown[0]["set"]["slope"]["class"] == "negative"
    assert shown[1]["set"]["slope"] == {"visibility": "hidden"}
    shown = scenes(Descent(bowl, 3.0, -1.0, lr=0.1, steps=1))
    assert shown[0]["set"]["slope"]["marker-end"] == "url(#head)"


def test_all_steps_are_one_line_of_the_picture() -> None:
    """However many there are, so that a picture of many steps stays small."""
    ways = [Descent(bowl, 3.0, -1.0, lr=0.1, steps=steps).plot(figure_axes()) for steps in (2, 60)]
    assert len(ways[0].lines) == len(ways[1].lines)
