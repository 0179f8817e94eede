"""micrograd's classic experiment, two moons: the same training with either engine.

``python tests/tools/moons.py`` trains with micrograd, which takes a minute, and writes the points
and the loss and accuracy of each step into ``tests/moons.json``, for the tests to compare with.
"""

import gc
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

STEPS = 100
FILE = Path(__file__).parents[1] / "moons.json"


def moons() -> tuple[list[list[float]], list[int]]:
    """A hundred points on two half circles, and labels -1 and 1; with the demo's seed."""
    import numpy as np
    from sklearn.datasets import make_moons

    np.random.seed(1337)
    X, y = make_moons(n_samples=100, noise=0.1)
    return X.tolist(), [int(2 * label - 1) for label in y]


def training(
    engine: Any, nn: Any, X: list[list[float]], y: list[int], steps: int = STEPS
) -> Iterator[tuple[float, float]]:
    """Loss and accuracy of each step: hinge, a little weight decay, a falling learning rate."""
    random.seed(1337)
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


@contextmanager
def without_collector() -> Iterator[None]:
    """No collection of cycles, which takes most of the time of either engine here."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def with_micrograd(
    X: list[list[float]], y: list[int], steps: int = STEPS
) -> list[tuple[float, float]]:
    """The training with micrograd."""
    import micrograd.engine
    import micrograd.nn

    found = []
    with without_collector():
        for step in training(micrograd.engine, micrograd.nn, X, y, steps):
            found.append(step)
            if len(found) % 10 == 0:
                gc.collect()  # each of its nodes is part of a cycle
    return found


if __name__ == "__main__":
    X, y = moons()
    record = {"points": X, "labels": y, "steps": with_micrograd(X, y)}
    FILE.write_text(json.dumps(record, separators=(",", ":")) + "\n", encoding="utf-8")
    print(FILE)
