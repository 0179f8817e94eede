"""The notebook 13_gradients_you_can_trust.ipynb: what its words and answers promise is so."""

import html
import math
from typing import Any

import pytest
from lessons import Lesson, changed

from micrograd_like import gradcheck

LESSON = Lesson("13_gradients_you_can_trust")


def shown(text: str) -> str:
    """What the cell with a text has shown."""
    return html.unescape(LESSON.shown(text, "text/html"))


def network() -> dict[str, Any]:
    """The names of the cell with the network."""
    names: dict[str, Any] = {}
    exec(LESSON.source("def backprop(p)"), names)
    return names


def test_each_planted_mistake_is_shown_with_its_picture() -> None:
    """In NumPy, in the ninth decimal, in an engine; and what is open."""
    pictures = {
        "gradcheck(loss, weights": "p['b1'][0]: differences agree on 0.1701802557 ±",
        "+ 1e-9": "off by 1e−9",
    }
    for text, words in pictures.items():
        assert 'alt="' in shown(text)
        assert words in shown(text).partition('alt="')[2].partition('"')[0]
    assert "x + x at x = 2: x.grad is 1, should be 2" in shown("check_engine(MyValue)")
    assert "± 0.003  inconclusive" in LESSON.shown("gradcheck(math.sin, 1e12")


def test_the_gradient_is_off_by_20_000_bars() -> None:
    """As the text about the error bar says."""
    check = gradcheck(lambda x: x * math.tanh(x), 0.5, gradient=0.8553410237429735 + 1e-9).checks[0]
    assert 1e4 < abs(check.gradient - check.numeric) / check.bar < 3e4


def test_the_mended_bias_is_eight_times_as_large() -> None:
    """The rows of data are eight."""
    names = network()
    report = gradcheck(names["loss"], names["weights"], gradient=names["backprop"])
    wrong = [check for check in report.checks if check.outcome == "fail"]
    assert [check.input for check in wrong] == ["p['b1'][0]", "p['b1'][1]"]
    assert [check.numeric / check.gradient for check in wrong] == pytest.approx([8, 8])


def test_the_answers_are_right() -> None:
    """Of all questions but the last, which has no number."""

    def cut(x: float) -> float:
        return max(x**3 - 1, 0)

    off = {h: abs((cut(1.5 + h) - cut(1.5 - h)) / (2 * h) - 6.75) for h in (1e-3, 1e-5, 1e-8)}
    assert off[1e-5] < 1e-9 < min(off[1e-3], off[1e-8])
    names = network()
    code = LESSON.source("def backprop(p)")
    exec(changed(code, ("(1 - h**2)", "(1 - h)"), ("d_h.mean", "d_h.sum")), names)
    report = gradcheck(names["loss"], names["weights"], gradient=names["backprop"])
    assert [c.outcome for c in report.checks] == ["fail"] * 6 + ["pass"] * 3

    def difference(f: Any, x: float) -> float:
        found: float = (f(x + 1e-7) - f(x - 1e-7)) / 2e-7
        return found

    def fast(x: float) -> float:
        return math.sin(1e5 * x)

    assert abs(difference(lambda x: x * math.tanh(x), 1e8) - 1) > 1e-5
    assert abs(difference(fast, 1.0) - 1e5 * math.cos(1e5)) > 1
    assert gradcheck(fast, 1.0, gradient=1e5 * math.cos(1e5)).ok
    assert gradcheck(abs, 0.0, gradient=0.5).checks[0].reason == "slopes −1 and 1"
    assert not gradcheck(abs, 0.0, gradient=1.5).ok
    assert "has left it (.data" in gradcheck(lambda x: x * x.data, 3.0).hint


def test_the_mistake_in_the_pytorch_function_is_found() -> None:
    """Where PyTorch is installed: in the first three rows and the last, as the text says."""
    pytest.importorskip("torch")
    block = LESSON.text.partition("```python\n")[2].partition("```")[0]
    assert block.rstrip().endswith("gradcheck(total, point, gradient=gradient)")
    names: dict[str, Any] = {"gradcheck": gradcheck}
    exec(block.replace("gradcheck(total", "report = gradcheck(total"), names)
    found = [check.outcome for check in names["report"].checks]
    assert found == ["fail", "fail", "fail", "pass", "fail"]


def test_a_layer_of_ten_thousand_weights_is_asked_few_times() -> None:
    """And its wrong weight is named."""
    assert "called about 100 times" in LESSON.shown("wrong_at_one_place")
    assert "gradient of W[17, 42] is" in LESSON.shown("wrong_at_one_place")
