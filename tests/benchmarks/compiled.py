"""Many rows at once: what a step costs in each way, and what learning and long graphs do.

Called in a process of one processor, on which every way has one thread.
"""

import gc
import math
import os
import random
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from importlib import import_module

import numpy as np
from networks import NETWORKS, Data, data_of, model_of
from ways import BY_HAND, OURS, WAYS, ByHand, On

from micrograd_like import Tape, Value, cross_entropy, fit, maximum

if hasattr(os, "sched_setaffinity"):  # before any library counts the processors
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

LEAVES = 10  # of a long graph


@cache
def way(name: str, network: str) -> On:
    """A way to compute a network's steps; an ImportError tells that it is not installed."""
    return WAYS[name](NETWORKS[network])


def installed() -> tuple[list[str], list[str]]:
    """The ways whose packages are there, and the others."""
    found, absent = [], []
    for name in WAYS:
        try:
            way(name, "moons")
            found.append(name)
        except ImportError:
            absent.append(name)
    return found, absent


def seconds_of(step: Callable[[], object], enough: float = 0.02) -> float:
    """The time of one call, averaged over as many as take a moment."""
    start = time.perf_counter()
    step()
    once = time.perf_counter() - start
    if once > enough:
        return once
    count = min(1000, int(enough / (once + 1e-9)))
    start = time.perf_counter()
    for _ in range(count):
        step()
    return (time.perf_counter() - start) / count


def in_turns(steps: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The least time of each: what others do on the machine only adds to such short ones."""
    times = dict.fromkeys(steps, math.inf)
    for _ in range(rounds):
        for name, step in steps.items():
            gc.collect()
            times[name] = min(times[name], seconds_of(step))
    return times


def steps(
    network: str, count: int, names: list[str], rounds: int
) -> tuple[dict[str, float], float]:
    """The seconds of a step for so many rows, and how far losses and gradients are apart.

    Ways that would need too much memory are left out.
    """
    data = data_of(NETWORKS[network], count)
    ready = {}
    for name in names:
        with suppress(MemoryError):
            ready[name] = way(name, network)(data)
    outcomes = []
    for step, in_order in ready.values():
        loss, gradient = step()
        outcomes.append(np.array([float(loss), *in_order(gradient)]))
    scale = np.abs(outcomes[0]).max()
    apart = max(float(np.abs(other - outcomes[0]).max() / scale) for other in outcomes)
    return in_turns({name: step for name, (step, _) in ready.items()}, rounds), apart


def epoch(rounds: int, batch: int = 32, epochs: int = 20) -> dict[str, float]:
    """The seconds of an epoch of `fit` on the 1,797 digits, and of the same loop by hand.

    Of `fit` it is what more epochs take longer.
    """
    digits, network = import_module("sklearn.datasets").load_digits(), NETWORKS["digits"]
    data = Data(
        network.sizes, data_of(network, 1).parameters, digits.data / 16,
        np.eye(10)[digits.target], digits.target,
    )  # fmt: skip
    few, more, written = math.inf, math.inf, math.inf
    fitted(data, batch, 2)  # compiles, too
    for _ in range(rounds):
        few = min(few, fitted(data, batch, 2)[0])
        seconds, loss = fitted(data, batch, 2 + epochs)
        more = min(more, seconds)
        start = time.perf_counter()
        expected = learned_by_hand(data, batch, 2 + epochs)
        written = min(written, (time.perf_counter() - start) / (2 + epochs))
        if abs(loss / expected - 1) > 1e-6:
            raise ValueError(f"the losses are apart: {loss} and {expected}")
    return {OURS: (more - few) / epochs, BY_HAND: written}


def fitted(data: Data, batch: int, epochs: int) -> tuple[float, float]:
    """The seconds of `fit`, and the mean loss of the last epoch."""
    model = model_of(NETWORKS["digits"])
    start = time.perf_counter()
    history = fit(
        model, data.X.tolist(), data.classes.tolist(), cross_entropy, epochs=epochs, lr=0.05,
        batch_size=batch, seed=None, tape=True, progress=False,
    )  # fmt: skip
    return time.perf_counter() - start, history.loss[-1]


def learned_by_hand(data: Data, batch: int, epochs: int) -> float:
    """Epochs of gradient descent on matrices; the mean loss of the last."""
    written, X, T = ByHand(data), np.column_stack([data.X, np.ones(len(data.X))]), data.T
    total = 0.0
    for _ in range(epochs):
        total = 0.0
        for start in range(0, len(X), batch):
            part = X[start : start + batch]
            loss, _ = written.step(part, T[start : start + batch])
            written.numbers -= 0.05 * written.gradient
            total += loss * len(part)
    return total / len(X)


def mixed_graph(length: int) -> tuple[Value, list[Value]]:
    """A graph of so many operations on ten leaves, of products and sums in turns."""
    leaves = [Value(0.1 * k) for k in range(LEAVES)]
    root = leaves[0]
    for k in range(length):
        root = root * leaves[k % LEAVES] if k % 2 else root + leaves[7 * k % LEAVES]
    return root, leaves


def irregular_graph(length: int) -> tuple[Value, list[Value]]:
    """A graph of so many operations without a pattern: each on the latest value and another."""
    rng, leaves = random.Random(0), [Value(0.1 * k) for k in range(LEAVES)]
    operations: list[Callable[[Value, Value], Value]] = [
        lambda a, b: a + b, lambda a, b: b - a, lambda a, b: a * b, maximum,
        lambda a, b: a.tanh(), lambda a, b: a.sin(), lambda a, b: a.sigmoid(),
        lambda a, b: a.relu(),
    ]  # fmt: skip
    values = list(leaves)
    for _ in range(length):
        a, b = values[-1], rng.choice([*leaves, *values[-30:]])
        made = rng.choice(operations)(a, b)
        values.append(made if abs(made.data) < 3 else a.tanh())
    return values[-1], leaves


GRAPHS = {"mixed": mixed_graph, "irregular": irregular_graph}


def replayed(graph: str, length: int, rounds: int) -> dict[str, float]:
    """The seconds per operation and row: by the engine, to make a tape, and by the tape."""
    recorded, (root, leaves) = math.inf, GRAPHS[graph](length)
    for _ in range(min(rounds, 3)):
        start = time.perf_counter()
        root, leaves = GRAPHS[graph](length)
        root.backward()
        recorded = min(recorded, time.perf_counter() - start)
    inputs = leaves[:3]
    Tape(root, inputs).gradient([[0.3] * 3])  # compiles what it needs
    start = time.perf_counter()
    tape = Tape(root, inputs)
    made = time.perf_counter() - start
    found = {"Values": recorded / length, "making the tape, once": made / length}
    for rows in (1, 128):
        X = np.random.default_rng(0).random((rows, 3))
        seconds = in_turns({"": partial(tape.gradient, X)}, rounds)[""]
        name = "tape, 1 row" if rows == 1 else f"tape, each of {rows} rows"
        found[name] = seconds / length / rows
    return found
