"""How long gradients of many inputs take to check, beside PyTorch's slow check of one of them.

``python tests/benchmarks/checkers.py --times`` prints them: medians of five runs, of which those of
two checkers take turns.
"""

import random
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np

import micrograd_like as mg
from micrograd_like import Value, gradcheck

__all__ = ["time_lines"]

RUNS = 5
ROWS = 30  # of data that a neuron's error is summed over


def neuron(size: int) -> tuple[Callable[[Any], float], Callable[[Any], Any], Any]:
    """A neuron's error on some rows as a NumPy function, its gradient by hand, and weights."""
    rng = np.random.default_rng(size)
    rows, targets = rng.normal(size=(ROWS, size)) / size**0.5, rng.normal(size=ROWS)

    def loss(w: Any) -> float:
        return float(np.mean((np.tanh(rows @ w) - targets) ** 2))

    def gradient(w: Any) -> Any:
        t = np.tanh(rows @ w)
        return rows.T @ ((t - targets) * (1 - t * t) * 2 / ROWS)

    return loss, gradient, rng.normal(size=size)


def of_numpy(size: int, wrong: int) -> Callable[[], bool]:
    """The check of a NumPy function, of whose slopes some are wrong."""
    loss, gradient, point = neuron(size)
    slopes = gradient(point)
    slopes[: 7 * wrong : 7] *= 1.001
    return lambda: gradcheck(loss, point, gradient=slopes).ok == (not wrong)


def pytorch(size: int) -> Callable[[], bool]:
    """The same function and gradient, put to torch.autograd.gradcheck's slow mode."""
    import torch

    loss, gradient, point = neuron(size)

    class Neuron(torch.autograd.Function):
        @staticmethod
        def forward(ctx, w):
            ctx.save_for_backward(w)
            return torch.tensor(loss(w.detach().numpy()), dtype=torch.float64)

        @staticmethod
        def backward(ctx, upstream):
            (w,) = ctx.saved_tensors
            return upstream * torch.from_numpy(gradient(w.detach().numpy()))

    w = torch.tensor(point, requires_grad=True)
    return lambda: torch.autograd.gradcheck(Neuron.apply, (w,), fast_mode=False)


def of_graph(size: int) -> Callable[[], bool]:
    """The check of a recorded graph of many leaves."""
    rng = random.Random(size)
    leaves = [Value(rng.gauss(0, 1), f"w{k}") for k in range(size)]
    root = sum(((a * b).tanh() for a, b in pairwise(leaves)), Value(0.0, "start"))
    return lambda: gradcheck(root).ok


def of_second_order(hidden: int, inputs: int) -> Callable[[], bool]:
    """The check of all second derivatives of a small network's error on four rows."""
    rng = random.Random(hidden)
    rows = [[rng.gauss(0, 1) for _ in range(inputs)] for _ in range(4)]
    weights = [rng.gauss(0, 0.5) for _ in range(hidden * (inputs + 1) + inputs)]

    def loss(*w: Value) -> Value:
        biases, outward = w[:inputs], w[inputs : inputs + hidden]
        inward = w[inputs + hidden :]
        total = Value(0.0, "start")
        for row in rows:
            out = Value(0.0, "start")
            for k in range(hidden):
                terms = zip(inward[k * inputs : (k + 1) * inputs], row, strict=True)
                out += outward[k] * mg.tanh(sum((a * x for a, x in terms), biases[k % inputs]))
            total += (out - 1) ** 2
        return total

    return lambda: gradcheck(loss, *weights, order=2).ok


def seconds(*checks: Callable[[], bool]) -> list[float]:
    """The medians of the times that checks take, one after the other."""
    taken: list[list[float]] = [[] for _ in checks]
    for _ in range(RUNS):
        for check, times in zip(checks, taken, strict=True):
            start = time.perf_counter()
            if not check():
                raise AssertionError("a check gives a wrong verdict")
            times.append(time.perf_counter() - start)
    return [median(times) for times in taken]


def time_lines() -> Iterator[str]:
    """The lines of a table."""
    yield "| check | seconds | PyTorch's slow check |\n| --- | ---: | ---: |"
    try:
        ours, theirs = seconds(of_numpy(1000, 0), pytorch(1000))
        yield f"| NumPy function, 1,000 inputs | {ours:.3f} | {theirs:.3f} |"
    except ImportError:
        print("PyTorch is not installed", file=sys.stderr)
    for name, check in {
        "NumPy function, 1,000 inputs, one slope wrong": of_numpy(1000, 1),
        "NumPy function, 10,000 inputs": of_numpy(10_000, 0),
        "NumPy function, 10,000 inputs, one slope wrong": of_numpy(10_000, 1),
        "NumPy function, 10,000 inputs, three slopes wrong": of_numpy(10_000, 3),
        "recorded graph, 1,000 leaves": of_graph(1000),
        "recorded graph, 10,000 leaves": of_graph(10_000),
        "second derivatives of 65 weights": of_second_order(10, 5),
    }.items():
        yield f"| {name} | {seconds(check)[0]:.3f} | |"
