"""The notebook 14_from_scalars_to_speed.ipynb: what it gives to read and to answer is so."""

import re
from typing import Any

import pytest
from lessons import Lesson

LESSON = Lesson("14_from_scalars_to_speed")
BLOCKS = re.findall(r"```python\n(.*?)```", LESSON.text, re.DOTALL)


def run(*changes: tuple[str, str]) -> dict[str, Any]:
    """The names of the cells as far as the gradient by hand, with some words replaced."""
    return LESSON.run(*changes, end="def learn(")


@pytest.mark.parametrize("library", ["jax", "torch"])
def test_the_steps_of_other_libraries_agree_with_the_engine(library: str) -> None:
    """JAX's and PyTorch's, which are only read in the lesson, where they are installed."""
    pytest.importorskip(library)
    [block] = [block for block in BLOCKS if f"import {library}\n" in block]
    names = run()
    exec(block, names)
    assert names["agrees"](*names["step"](names["rows"], names["weights"]))


def test_the_network_with_tanh_is_what_the_answer_says() -> None:
    """With the four changes that it names, loss and gradients are the engine's."""
    names = run(
        ("MLP(2, [16, 16, 1])", 'MLP(2, [16, 16, 1], activation="tanh")'),
        ("h0 = relu(", "h0 = np.tanh("),
        ("h1 = relu(", "h1 = np.tanh("),
        ("(h1 > 0)", "(1 - h1**2)"),
        ("(h0 > 0)", "(1 - h0**2)"),
    )
    assert "layer1_neuron = xp.tanh(v3)" in names["f"].source
    assert names["agrees"](*names["gradient_by_hand"](names["rows"], names["weights"]))


def test_a_layer_without_a_weight_has_two_lines() -> None:
    """Three neurons are a matrix product, and the fourth has two weights of its own."""
    names = run()
    found = str(names["structure"](*names["layer_without"]({(1, 2)}))).splitlines()
    assert found[:2] == [
        "v1[n×3] = tanh(x[n×3] · w[3×3] + b[3])",
        "v2[n] = tanh(x[[0,2]] · w_2[2] + b2)",
    ]
