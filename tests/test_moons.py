"""micrograd's classic experiment: two moons, learned with either engine."""

import gc
import random
from collections.abc import Iterator
from typing import Any

import pytest

import micrograd_like.engine
import micrograd_like.nn

STEPS = 100


def moons() -> tuple[list[list[float]], list[int]]:
    """A hundred points on two half circles, and labels -1 and 1; with the demo's seeds."""
    datasets = pytest.importorskip("sklearn.datasets")
    numpy = pytest.importorskip("numpy")
    numpy.random.seed(1337)
    random.seed(1337)
    X, y = datasets.make_moons(n_samples=100, noise=0.1)
    return X.tolist(), [int(2 * label - 1) for label in y]


def training(engine: Any, nn: Any, steps: int) -> Iterator[tuple[float, float]]:
    """Loss and accuracy of each step: hinge, a little weight decay, a falling learning rate."""
    X, y = moons()
    model = nn.MLP(2, [16, 16, 1])
    for k in range(steps):
        scores = [model([engine.Value(x) for x in row]) for row in X]
        losses = [(1 + -label * score).relu() for label, score in zip(y, scores, strict=True)]
        decay = 1e-4 * sum(p * p for p in model.parameters())
        loss = sum(losses) * (1.0 / len(losses)) + decay
        right = [(label > 0) == (score.data > 0) for label, score in zip(y, scores, strict=True)]
        model.zero_grad()
        loss.backward()
        for p in model.parameters():
            p.data -= (1.0 - 0.9 * k / 100) * p.grad
        yield loss.data, sum(right) / len(right)


def test_the_moons_are_told_apart_with_the_losses_of_micrograd() -> None:
    """All 100 steps give micrograd's losses to 9 digits, and in the end every point is right."""
    theirs_engine = pytest.importorskip("micrograd.engine")
    theirs_nn = pytest.importorskip("micrograd.nn")
    ours = list(training(micrograd_like.engine, micrograd_like.nn, STEPS))
    assert ours[-1][1] == 1.0
    gc.disable()  # for its many cycles it takes most of micrograd's time
    try:
        for step, theirs in enumerate(training(theirs_engine, theirs_nn, STEPS)):
            assert ours[step] == pytest.approx(theirs, rel=1e-9), step
            if step % 10 == 9:
                gc.collect()
    finally:
        gc.enable()
