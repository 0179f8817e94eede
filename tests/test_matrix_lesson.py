"""The notebook 12_layers_as_matrices.ipynb: what its words and answers promise is so."""

import re
from typing import Any

import numpy as np
import pytest
from lessons import Lesson

from micrograd_like import Value

LESSON = Lesson("12_layers_as_matrices")
SAME = "the engine's, to 12 digits: True"


def run(*changes: tuple[str, str]) -> dict[str, Any]:
    """The names after all cells but those that draw or count, with some text replaced."""
    return LESSON.run(*changes, without=("Backprop", "counts("))


def page() -> dict[str, Any]:
    """The values of the live page, by name."""
    names: dict[str, Any] = {"Value": Value}
    exec(LESSON.source("Backprop(E", end="Backprop(E"), names)
    names["E"].backward()
    return {name: v for name, v in names.items() if type(v) is Value}


def test_all_four_equations_agree_with_the_engine() -> None:
    """Eight arrays are compared in the kept outputs, and all are the engine's."""
    text = LESSON.printed
    assert text.count(SAME) == text.count("to 12 digits") == 8


def test_backward_is_less_than_two_forwards() -> None:
    """The ratios grow to 1.99, while nudging takes a pass for each weight and one more."""
    rows = re.findall(r"^ *([\d,]+) +([\d,]+) +([\d,]+) +(\d\.\d\d)$", LESSON.printed, re.MULTILINE)
    ratios = [float(row[3]) for row in rows]
    assert len(rows) == 6
    assert ratios == sorted(ratios)
    assert ratios[-1] == 1.99
    weights, forward, backward = (float(x.replace(",", "")) for x in rows[-1][:3])
    assert round((weights + 1) / (1 + backward / forward), -2) == 2800


def test_the_page_starts_as_told() -> None:
    """δ, the rows of the weights' gradient, and the answer to the first question."""
    of = page()
    names = "a1", "a2", "w11", "w12", "w21", "w22", "x1", "x2"
    assert [of[n].grad for n in names] == [1, -2.5, 2, -1, -5, 2.5, 3.5, -0.25]


@pytest.mark.parametrize(
    ("turned", "value", "zero"), [("x2", "0.0", {"w12", "w22"}), ("w12", "2.0", {"w11", "w12"})]
)
def test_turned_to_zero(turned: str, value: str, zero: set[str]) -> None:
    """An input of 0 clears a column of the weights' gradient, a right neuron clears its row."""
    of = page()
    numbers = {name: of[name].data for name in ("x1", "x2", "w11", "w12", "w21", "w22")}
    numbers[turned] = float(value)
    v = {name: Value(x) for name, x in numbers.items()}
    first = v["w11"] * v["x1"] + v["w12"] * v["x2"]
    second = v["w21"] * v["x1"] + v["w22"] * v["x2"]
    ((first**2 + second**2) / 2).backward()
    assert {name for name in v if name[0] == "w" and v[name].grad == 0} == zero


def test_a_larger_network_needs_no_change(capsys: pytest.CaptureFixture[str]) -> None:
    """With two hidden layers all comparisons hold, and the structure has three lines."""
    run(("sizes = [2, 3, 2]", "sizes = [2, 8, 8, 2]"))
    text = capsys.readouterr().out
    assert text.count(SAME) == text.count("to 12 digits") == 12
    assert text.count(" = tanh(") == 3


def test_sigmoid_needs_its_activations_and_its_slope(capsys: pytest.CaptureFixture[str]) -> None:
    """With them all equations agree with the engine; without any of them some do not."""
    engine = ('tanh"]', 'sigmoid"]')
    ours = [
        ("1 - np.tanh(z) ** 2", "(s := 1 / (1 + np.exp(-z))) * (1 - s)"),
        ("np.tanh(z[layer])", "1 / (1 + np.exp(-z[layer]))"),
        ("np.tanh(Z[layer])", "1 / (1 + np.exp(-Z[layer]))"),
    ]
    names = run(engine, *ours)
    text = capsys.readouterr().out
    assert text.count(SAME) == text.count("to 12 digits") == 8
    assert (text.count(" = sigmoid("), text.count("tanh(")) == (2, 0)
    assert names["slope"](0.0) == 0.25
    for left_out in ours:
        run(engine, *(change for change in ours if change != left_out))
        text = capsys.readouterr().out
        assert text.count(SAME) < text.count("to 12 digits") == 8


def test_the_rank_is_that_of_the_rows() -> None:
    """1 for a row of data, 5 for five."""
    names = run(
        ("sizes = [2, 3, 2]", "sizes = [8, 8, 8]"),
        ("[0.5, -1.0], [1.0, -0.5]", "[k / 8 for k in range(8)], [k / 9 for k in range(8)]"),
    )
    for layer in (1, 2):
        one = np.outer(names["delta"][layer], names["a"][layer - 1])
        five = names["D"][layer].T @ names["A"][layer - 1]
        assert np.linalg.matrix_rank(one) == 1
        assert np.linalg.matrix_rank(five) == 5


def test_sigmoid_with_cross_entropy_leaves_the_difference() -> None:
    """BP1 becomes a − y."""
    z = Value(-1.3)
    a = z.sigmoid()
    (-(0.2 * a.log()) - 0.8 * (1 - a).log()).backward()
    assert z.grad == pytest.approx(a.data - 0.2, rel=1e-12)
