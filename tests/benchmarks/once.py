"""What is done once: a first compiled step, a long graph recorded, an export, a training.

Each function is called in a process of its own.
"""

import math
import random
import time
from importlib import import_module
from typing import Any


def first_use(graph: str) -> float:
    """The seconds from a recorded graph to its first gradient by a tape, imports included.

    ``graph`` is a network of `networks`, or ``"irregular"``: ten thousand operations of ten kinds.
    """
    rng = random.Random(0)
    root, inputs = scalars(graph)
    rows = [[rng.random() for _ in inputs] for _ in range(100)]
    start = time.perf_counter()
    from micrograd_like import Tape

    Tape(root, inputs).gradient(rows)
    return time.perf_counter() - start


def scalars(graph: str) -> tuple[Any, list[Any]]:
    """A graph for one row, and its inputs."""
    if graph == "irregular":
        root, leaves = import_module("compiled").irregular_graph(10**4)
        return root, leaves[:3]
    networks = import_module("networks")
    network = networks.NETWORKS[graph]
    root, x, target = networks.recorded(network, networks.model_of(network))
    return root, [*x, *target]


def long_graph(graph: str) -> dict[str, float | None]:
    """A graph of about 10⁶ operations: their number, the seconds to record it, to find structure.

    ``"moons"`` is the loss of micrograd's demo over 1,540 points.  Where the package finds no
    structure yet, there is None.
    """
    if graph == "moons":
        import eager

        points, labels = eager.moons(1540)
        network, rows = eager.model("micrograd_like"), eager.inputs("micrograd_like", points)
        start = time.perf_counter()
        root = eager.moons_loss(network, rows, labels)
    else:
        build = import_module("compiled").GRAPHS[graph]
        start = time.perf_counter()
        root, _ = build(10**6)
    seconds: dict[str, float | None] = {"recorded": time.perf_counter() - start}
    from micrograd_like import topological_order

    seconds["operations"] = sum(v.rule is not None for v in topological_order(root))
    try:
        find = import_module("micrograd_like.compile.structure").structure
    except (ImportError, AttributeError):
        return seconds | {"structure": None}
    import numpy  # noqa: F401 - its import is not the search

    start = time.perf_counter()
    find(root)
    return seconds | {"structure": time.perf_counter() - start}


def jitted_export(network: str, rows: int = 100) -> float:
    """The seconds that `jax.jit` takes for the exported loss and its gradient."""
    jax = import_module("jax")
    jax.config.update("jax_enable_x64", True)
    from micrograd_like import to_function

    root, inputs = scalars(network)
    f = to_function(root, inputs, jax.numpy)
    X = jax.numpy.full((rows, len(inputs)), 0.1)
    numbers = jax.numpy.asarray([p.data for p in f.parameters])
    loss = jax.jit(jax.value_and_grad(lambda p: f(X, p).mean()))
    start = time.perf_counter()
    loss.lower(numbers).compile()
    return time.perf_counter() - start


def training(epochs: int) -> float:
    """The seconds of `fit` as it is, on the 569 rows of breast cancer in batches of 32."""
    from micrograd_like import MLP, cross_entropy, fit

    data = import_module("sklearn.datasets").load_breast_cancer()
    X = ((data.data - data.data.mean(axis=0)) / data.data.std(axis=0)).tolist()
    random.seed(1)
    model = MLP(30, [8, 2])
    start = time.perf_counter()
    fit(
        model, X, data.target.tolist(), cross_entropy, epochs=epochs, lr=0.05, batch_size=32,
        progress=False,
    )  # fmt: skip
    return time.perf_counter() - start


def whole_graph(rounds: int) -> dict[str, float] | None:
    """The seconds of the moons step: recorded anew by the engine, and its one graph replayed.

    None where a graph without inputs cannot be replayed.
    """
    import eager
    import numpy as np

    from micrograd_like import Tape

    name = "micrograd_like"
    root = eager.moons_loss(eager.model(name), eager.inputs(name))
    try:
        tape = Tape(root, [])
    except ValueError:
        return None
    numbers = np.array([p.data for p in tape.parameters])
    row, upstream = np.empty((1, 0)), np.ones((1, 1))
    replayed = recorded = math.inf
    for _ in range(rounds + 1):
        recorded = min(recorded, eager.moons_seconds(name, True, 1))
        start = time.perf_counter()
        for _ in range(20):
            tape.outputs_and_gradients(row, numbers, upstream)
        replayed = min(replayed, (time.perf_counter() - start) / 20)
    return {"tape": replayed, "engine": recorded}
