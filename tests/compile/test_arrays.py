"""Graphs replayed by their arrays: the numbers of scalars, and scalars where rounding decides."""

import random
from collections.abc import Callable, Sequence
from functools import reduce
from operator import add
from typing import Any

import pytest

from micrograd_like import MLP, Value, cross_entropy, maximum, topological_order
from micrograd_like.compile.tape import Tape

np = pytest.importorskip("numpy")
pytest.importorskip("numba")

Made = tuple[Value, list[Value]]  # a root, and the inputs


def leaves(count: int, name: str = "x") -> list[Value]:
    """So many leaves with numbers from -1 to 1."""
    return [Value(random.uniform(-1, 1), f"{name}{k}") for k in range(count)]


def total(values: Sequence[Any]) -> Any:
    """The sum, without a zero to begin with."""
    return reduce(add, values)


def network() -> Made:
    """A classifier's loss."""
    x, t = leaves(5), [Value(float(k == 1), f"t{k}") for k in range(3)]
    return cross_entropy([MLP(5, [8, 6, 3])(x)], [t]), [*x, *t]


def pruned() -> Made:
    """A network that lacks most weights, each neuron others."""
    x = leaves(8)
    layer = x
    for _ in range(2):
        layer = [
            total([w * v for w, v in zip(leaves(8, "w"), layer, strict=True) if chance()]).tanh()
            for _ in range(8)
        ]
    return total(layer), [v for v in x if v in topological_order(total(layer))]


def chance() -> bool:
    """Whether a weight is left."""
    return random.random() < 0.6


def shuffled() -> Made:
    """A network whose sums are each in an order of their own."""
    x = leaves(6)

    def neuron(w: list[Value], layer: list[Value]) -> Value:
        terms = [*(a * b for a, b in zip(w, layer, strict=True)), Value(0.1, "b")]
        return total(random.sample(terms, len(terms))).relu()

    hidden = [neuron(leaves(6, "w"), x) for _ in range(7)]
    return neuron(leaves(7, "v"), hidden) - hidden[3], x


def convolutional() -> Made:
    """One kernel at each place of a picture, and the largest of four next to each other."""
    x = [leaves(6, f"x{i}_") for i in range(6)]
    kernel, b = [leaves(3, f"k{i}_") for i in range(3)], Value(0.2, "b")

    def at(i: int, j: int) -> Value:
        found = [kernel[p][q] * x[i + p][j + q] for p in range(3) for q in range(3)]
        return (total(found) + b).relu()

    seen = [[at(i, j) for j in range(4)] for i in range(4)]
    pooled = [
        maximum(maximum(seen[i][j], seen[i][j + 1]), maximum(seen[i + 1][j], seen[i + 1][j + 1]))
        for i in (0, 2)
        for j in (0, 2)
    ]
    return total([a * w for a, w in zip(pooled, leaves(4, "w"), strict=True)]), [
        v for row in x for v in row
    ]


def recurrent() -> Made:
    """One cell, step after step."""
    x, h = leaves(5), [Value(0.1, "h0"), Value(-0.2, "h1")]
    u, w = leaves(2, "u"), [leaves(2, f"w{i}_") for i in range(2)]
    for v in x:
        h = [(total([w[i][j] * h[j] for j in range(2)]) + u[i] * v).tanh() for i in range(2)]
    return h[0] - h[1], x


def attention() -> Made:
    """Each place's mean of all places' values, weighted by what its query makes of their keys."""
    x = [leaves(3, f"x{i}_") for i in range(4)]
    matrices = [[leaves(3, f"{name}{i}_") for i in range(3)] for name in "qkv"]

    def apply(matrix: list[list[Value]], row: list[Value]) -> list[Value]:
        return [total([a * b for a, b in zip(w, row, strict=True)]) for w in matrix]

    q, k, v = ([apply(matrix, row) for row in x] for matrix in matrices)
    out = []
    for i in range(4):
        s = [total([a * b for a, b in zip(q[i], k[j], strict=True)]).exp() for j in range(4)]
        out += [total([s[j] * v[j][c] for j in range(4)]) / total(s) for c in range(3)]
    return total([o * o for o in out]), [v for row in x for v in row]


MADE: list[Callable[[], Made]] = [network, pruned, shuffled, convolutional, recurrent, attention]


@pytest.mark.parametrize("make", MADE)
@pytest.mark.parametrize("count", [1, 5, 64, 200])
def test_graphs_of_all_kinds_have_the_numbers_of_scalars(
    make: Callable[[], Made], count: int
) -> None:
    """Outputs, the gradients of parameters and of inputs, over rows and blocks of rows."""
    random.seed(make.__name__)
    root, inputs = make()
    rows = np.random.default_rng(3).normal(0, 1, (count, len(inputs)))
    found = []
    for by in ("arrays", "scalars"):
        tape = Tape(root, inputs, by=by)
        assert tape.plan(count) == by
        if tape._arrays:
            tape._arrays._size = 64
        outputs = tape.forward(rows)
        slopes = tape.backward("sum", input_gradients=True)
        found.append((outputs, slopes, np.array([v.grad for v in tape.parameters])))
        for v in tape.parameters:
            v.grad = 0.0
    for a, b in zip(*found, strict=True):
        assert abs(a - b).max() <= 1e-12 * max(1.0, abs(b).max())
