"""micrograd's classic experiment: two moons, learned with the losses of micrograd."""

import json
from itertools import islice

import pytest
from tools.moons import FILE, STEPS, moons, training, with_micrograd, without_collector

import micrograd_like.engine
import micrograd_like.nn

RECORD = json.loads(FILE.read_text("utf-8"))
X, Y = RECORD["points"], RECORD["labels"]
THEIRS = [tuple(step) for step in RECORD["steps"]]  # micrograd's losses and accuracies


def assert_alike(found: list[tuple[float, float]], right: list[tuple[float, float]]) -> None:
    """Losses and accuracies agree to 9 digits at every step."""
    for step, pair in enumerate(zip(found, right, strict=True)):
        assert pair[0] == pytest.approx(pair[1], rel=1e-9), step


@pytest.mark.parametrize("steps", [20, pytest.param(STEPS, marks=pytest.mark.slow)])
def test_the_moons_are_told_apart_with_the_losses_of_micrograd(steps: int) -> None:
    """All steps give micrograd's losses to 9 digits, and after 100 every point is right."""
    assert (len(THEIRS), THEIRS[-1][1]) == (STEPS, 1.0)
    with without_collector():
        ours = list(islice(training(micrograd_like.engine, micrograd_like.nn, X, Y), steps))
    assert_alike(ours, THEIRS[:steps])


def test_the_stored_losses_are_those_of_micrograd() -> None:
    """The first steps, trained with micrograd now, are those of the file.

    But for the last digits: micrograd keeps children in sets, whose order is a matter of addresses.
    """
    pytest.importorskip("micrograd")
    assert_alike(with_micrograd(X, Y, 3), THEIRS[:3])


@pytest.mark.slow
def test_all_stored_losses_are_those_of_micrograd() -> None:
    """The points and every step of the file are what its script writes."""
    pytest.importorskip("micrograd")
    pytest.importorskip("sklearn")
    assert moons() == (X, Y)
    assert_alike(with_micrograd(X, Y), THEIRS)
