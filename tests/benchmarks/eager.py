"""One scalar at a time: what a step and a graph cost in each engine.

Each function takes the name of an engine, and is called in a process that imports that one alone:
the objects of another engine, PyTorch's above all, would fill the garbage collector of all.
"""

import gc
import math
import random
import time
import tracemalloc
from collections.abc import Callable
from functools import cache, partial
from importlib import import_module
from typing import Any, NamedTuple

SEED = 1337
Leaf = Callable[[float], Any]


class Engine(NamedTuple):
    """What the workloads need of an engine: how a leaf is made, and a network."""

    leaf: Leaf
    mlp: Callable[[int, list[int]], Any]


class ScalarMLP:
    """micrograd's MLP on any engine's scalars: the same draws, the same order of additions."""

    def __init__(self, leaf: Leaf, no_grad: Any, nin: int, nouts: list[int]) -> None:
        sizes = [nin, *nouts]
        self.no_grad = no_grad
        self.layers = [
            [([leaf(random.uniform(-1, 1)) for _ in range(n)], leaf(0.0)) for _ in range(nout)]
            for n, nout in zip(sizes, nouts, strict=False)
        ]

    def __call__(self, x: list[Any]) -> Any:
        """The network's answer."""
        for layer in self.layers:
            x = [sum((wi * xi for wi, xi in zip(w, x, strict=True)), b) for w, b in layer]
            if layer is not self.layers[-1]:
                x = [v.relu() for v in x]
        return x[0]

    def parameters(self) -> list[Any]:
        """The leaves that learning changes, in micrograd's order."""
        return [p for layer in self.layers for w, b in layer for p in (*w, b)]

    def zero_grad(self) -> None:
        """Forget the gradient of every parameter."""
        for p in self.parameters():
            p.grad = self.no_grad


def of_package(package: str) -> Engine:
    """The engine of a package with micrograd's modules: ``engine`` and ``nn``."""
    value = import_module(f"{package}.engine").Value
    return Engine(value, import_module(f"{package}.nn").MLP)


def of_microgpt() -> Engine:
    """The form of microgpt's Value."""
    value = import_module("microgpt").Value
    return Engine(value, partial(ScalarMLP, value, 0.0))


def of_torch() -> Engine:
    """PyTorch with one thread and a 0-d float64 tensor for each number."""
    torch = import_module("torch")
    torch.set_num_threads(1)

    def leaf(number: float) -> Any:
        return torch.tensor(number, dtype=torch.float64, requires_grad=True)

    return Engine(leaf, partial(ScalarMLP, leaf, None))


ENGINES: dict[str, Callable[[], Engine]] = {
    "micrograd_like": lambda: of_package("micrograd_like"),
    "micrograd": lambda: of_package("micrograd"),
    "microgpt's Value": of_microgpt,
    "PyTorch scalars": of_torch,
}


@cache
def engine(name: str) -> Engine:
    """The engine; an ImportError tells that it is not installed."""
    return ENGINES[name]()


def is_installed(name: str) -> bool:
    """Whether the engine can be imported."""
    try:
        engine(name)
    except ImportError:
        return False
    return True


def moons(n: int = 100, noise: float = 0.1) -> tuple[list[list[float]], list[int]]:
    """Points on two interleaved half circles with Gaussian noise, and labels -1 and 1."""
    rng = random.Random(SEED)
    points, labels = [], [-1, 1] * (n // 2)
    for label in labels:
        t = rng.uniform(0, math.pi)
        x, y = (math.cos(t), math.sin(t)) if label < 0 else (1 - math.cos(t), 0.5 - math.sin(t))
        points.append([x + rng.gauss(0, noise), y + rng.gauss(0, noise)])
    return points, labels


POINTS, LABELS = moons()


@cache
def model(name: str) -> Any:
    """The network of micrograd's demo, with the same parameters in every engine."""
    random.seed(SEED)
    return engine(name).mlp(2, [16, 16, 1])


def inputs(name: str, points: list[list[float]] = POINTS) -> list[list[Any]]:
    """The points as leaves of an engine, as micrograd's demo makes them."""
    return [list(map(engine(name).leaf, row)) for row in points]


def moons_loss(network: Any, rows: list[list[Any]], labels: list[int] = LABELS) -> Any:
    """The max-margin loss of micrograd's demo, with its regularization."""
    scores = list(map(network, rows))
    losses = [(1 + -label * score).relu() for label, score in zip(labels, scores, strict=True)]
    data_loss = sum(losses) * (1.0 / len(losses))
    return data_loss + 1e-4 * sum(p * p for p in network.parameters())


def moons_step(name: str) -> float:
    """One step, all but the update: build, backward, and free on return; the loss."""
    network = model(name)
    network.zero_grad()
    loss = moons_loss(network, inputs(name))
    loss.backward()
    return float(loss.data)


def moons_seconds(name: str, collecting: bool, enough: float) -> float:
    """The seconds of a step, with or without the collector.

    It is an average over as many steps as take ``enough`` seconds: a few steps may be lucky, and
    meet none of the long collections.
    """
    gc.collect()
    if not collecting:
        gc.disable()
    moons_step(name)
    count, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < enough:
        moons_step(name)
        count += 1
    gc.enable()
    return elapsed / count


def count_nodes(root: Any) -> int:
    """The number of Values in a graph, by micrograd's ``_prev``, without recursion."""
    seen, stack = {root}, [root]
    while stack:
        new = set(stack.pop()._prev) - seen
        seen |= new
        stack.extend(new)
    return len(seen)


def memory(name: str) -> tuple[int, int, int]:
    """Nodes of the moons graph, its bytes after building, and after backward too.

    Parameters and inputs are made before, and neither measured nor counted.
    """
    network, rows = model(name), inputs(name)
    tracemalloc.start()
    loss = moons_loss(network, rows)
    built = tracemalloc.get_traced_memory()[0]
    loss.backward()
    gc.collect()  # micrograd's backward leaves its order of nodes to the collector
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    leaves = len(network.parameters()) + sum(map(len, rows))
    return count_nodes(loss) - leaves, built, after


def chain(leaf: Leaf, n: int) -> Any:
    """A chain of n operations."""
    y = leaf(1.0)
    for _ in range(n // 2):
        y = y * 1.0001 + 0.5
    return y


def fan_in(leaf: Leaf, n: int) -> Any:
    """The sum of n leaves."""
    return sum([leaf(float(i)) for i in range(n)])


def fan_out(leaf: Leaf, n: int) -> Any:
    """A sum of n products, one leaf in all of them."""
    x = leaf(0.5)
    return sum(x * float(i) for i in range(n))


GRAPHS = {"chain": chain, "fan-in": fan_in, "fan-out": fan_out}


def graph_seconds(name: str, graph: str, n: int, times: int) -> float:
    """The seconds to build, differentiate and free a graph, per unit of its size."""
    build, leaf = GRAPHS[graph], engine(name).leaf
    start = time.perf_counter()
    for _ in range(times):
        build(leaf, n).backward()
    return (time.perf_counter() - start) / (times * n)
