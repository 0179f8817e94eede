"""Time and memory of micrograd_like beside its peers, as two markdown tables.

``python tests/benchmarks/compare.py [--quick] [--pictures FOLDER]``.  The first has engines that
compute one scalar at a time, the second ways to compute many rows of data at once.  All run the
same program in one process, in turns; each number is a median, in the second table the least.
Nothing is asserted: machines differ, ratios tell.  ``--pictures`` draws the tape's cost by batch
and by length of the graph.
"""

import argparse
import gc
import math
import os
import platform
import random
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

SEED = 1337
SMALL = 10**4  # the size to which the cost per node of larger graphs is compared
RECURSION = "RecursionError"
TORCH = "PyTorch scalars"
Cells = dict[str, str]
Costs = dict[str, float]
Task = Callable[[], float]  # does some work and returns what it cost
Leaf = Callable[[float], Any]


@dataclass(frozen=True)
class Engine:
    """What the workloads need of an engine."""

    name: str
    package: str
    imports: str
    leaf: Leaf
    mlp: Callable[[int, list[int]], Any]


class TorchMLP:
    """micrograd's MLP on 0-d tensors: the same draws, the same order of additions."""

    def __init__(self, leaf: Leaf, nin: int, nouts: list[int]) -> None:
        sizes = [nin, *nouts]
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
            p.grad = None


def micrograd_engine(package: str) -> Engine:
    """The engine of a package with micrograd's modules: ``engine`` and ``nn``."""
    value, nn = import_module(f"{package}.engine").Value, import_module(f"{package}.nn")
    return Engine(package, package, f"from {package}.engine import Value", value, nn.MLP)


def torch_engine() -> Engine:
    """PyTorch with one thread and a 0-d float64 tensor for each number."""
    torch = import_module("torch")
    torch.set_num_threads(1)

    def leaf(number: float) -> Any:
        """A 0-d tensor that gets a gradient."""
        return torch.tensor(number, dtype=torch.float64, requires_grad=True)

    return Engine(TORCH, "torch", "import torch", leaf, partial(TorchMLP, leaf))


def load_engines() -> tuple[list[Engine], list[str]]:
    """The engines, ours first, and the names of the peers that are not installed."""
    engines, missing = [micrograd_engine("micrograd_like")], []
    for name, load in (
        ("micrograd", partial(micrograd_engine, "micrograd")),
        (TORCH, torch_engine),
    ):
        try:
            engines.append(load())
        except ImportError:
            missing.append(name)
    return engines, missing


def alternate(tasks: dict[str, Task], rounds: int) -> Costs:
    """The median costs of tasks that take turns; PyTorch's only in every third round."""
    costs: dict[str, list[float]] = {name: [] for name in tasks}
    for i in range(rounds):
        for name, task in tasks.items():
            if i % 3 == 0 or not name.startswith(TORCH):
                costs[name].append(task())
    return {name: statistics.median(measured) for name, measured in costs.items()}


def cells(costs: Costs, show: Callable[[float], str]) -> Cells:
    """Each cost as text, those of the peers with their ratio to ours."""
    ours = costs["micrograd_like"]
    return {
        name: show(cost) if name == "micrograd_like" else f"{show(cost)} ({ratio(cost / ours)}×)"
        for name, cost in costs.items()
    }


def ratio(times: float) -> str:
    """A ratio with two digits, or all before the point."""
    return f"{float(f'{times:.2g}'):,.7g}"


def milliseconds(seconds: float) -> str:
    """A time in milliseconds with three digits or all before the point."""
    return f"{seconds * 1e3:,.0f} ms" if seconds >= 0.1 else f"{seconds * 1e3:.3g} ms"


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


def moons_model(engine: Engine) -> Any:
    """The network of micrograd's demo, with the same parameters in every engine."""
    random.seed(SEED)
    return engine.mlp(2, [16, 16, 1])


def moons_inputs(engine: Engine) -> list[list[Any]]:
    """The points as leaves of an engine, as micrograd's demo makes them."""
    return [list(map(engine.leaf, row)) for row in POINTS]


def moons_loss(model: Any, inputs: list[list[Any]]) -> Any:
    """The max-margin loss of micrograd's demo, with its regularization."""
    scores = list(map(model, inputs))
    losses = [(1 + -label * score).relu() for label, score in zip(LABELS, scores, strict=True)]
    data_loss = sum(losses) * (1.0 / len(losses))
    return data_loss + 1e-4 * sum(p * p for p in model.parameters())


def moons_step(engine: Engine, model: Any) -> float:
    """One step, all but the update: build, backward, and free on return; the loss."""
    model.zero_grad()
    loss = moons_loss(model, moons_inputs(engine))
    loss.backward()
    return float(loss.data)


def moons_task(engine: Engine) -> Task:
    """A task: the seconds of a step, averaged over consecutive steps.

    As many come before, untimed, in which the garbage collector meets what others left to it.
    """
    model, steps = moons_model(engine), 1 if engine.name == TORCH else 5

    def task() -> float:
        """One turn."""
        for i in range(2 * steps):
            if i == steps:
                start = time.perf_counter()
            moons_step(engine, model)
        return (time.perf_counter() - start) / steps

    return task


def moons_costs(engines: list[Engine], rounds: int) -> tuple[Costs, str]:
    """The seconds of the moons step, and a note on how far the losses agree."""
    losses = [moons_step(engine, moons_model(engine)) for engine in engines]
    apart = max(abs(loss / losses[0] - 1) for loss in losses)
    note = f"Losses of the moons step: {losses[0]:.12f}, relative difference at most {apart:.1g}."
    tasks = {engine.name: moons_task(engine) for engine in engines}
    return alternate(tasks, rounds), note


def count_nodes(root: Any) -> int:
    """The number of Values in a graph, by micrograd's ``_prev``, without recursion."""
    seen, stack = {root}, [root]
    while stack:
        new = set(stack.pop()._prev) - seen
        seen |= new
        stack.extend(new)
    return len(seen)


def memory(engine: Engine) -> tuple[int, int, int]:
    """Nodes of the moons graph, its bytes after building, and after backward too.

    Parameters and inputs are made before, and neither measured nor counted.
    """
    model, inputs = moons_model(engine), moons_inputs(engine)
    tracemalloc.start()
    loss = moons_loss(model, inputs)
    built = tracemalloc.get_traced_memory()[0]
    loss.backward()
    gc.collect()  # micrograd's backward leaves its order of nodes to the collector
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    leaves = len(model.parameters()) + sum(map(len, inputs))
    return count_nodes(loss) - leaves, built, after


def memory_rows(engines: list[Engine]) -> tuple[Cells, Cells, str]:
    """The cells of bytes per node, before and after backward, and a note on the whole graph."""
    measured = {e.name: memory(e) for e in engines if e.package != "torch"}
    rows = [
        cells({name: m[i] / m[0] for name, m in measured.items()}, lambda b: f"{b:.0f} B")
        for i in (1, 2)
    ]
    graphs = (f"{name} {m[0]:,} nodes, {m[2] / 1e6:.1f} MB" for name, m in measured.items())
    return rows[0], rows[1], f"The moons graph with its gradients: {'; '.join(graphs)}."


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


Build = Callable[[Leaf, int], Any]


def graph_task(engine: Engine, build: Build, n: int, times: int = 1) -> Task:
    """A task: the seconds to build, differentiate and free a graph, per unit of its size."""

    def task() -> float:
        """One turn."""
        start = time.perf_counter()
        for _ in range(times):
            build(engine.leaf, n).backward()
        return (time.perf_counter() - start) / (times * n)

    return task


def graph_rows(engines: list[Engine], build: Build, n: int, rounds: int) -> tuple[Cells, Cells]:
    """The cells of a graph of size n, and of its cost per node relative to a small graph's."""
    tasks: dict[str, Task] = {}
    failed: Cells = {}
    for engine in engines:
        try:
            graph_task(engine, build, SMALL // 4)()
        except RecursionError:
            failed[engine.name] = RECURSION
            continue
        size = min(n, 10**5) if engine.name == TORCH else n
        tasks[engine.name] = graph_task(engine, build, size)
        tasks[f"{engine.name} small"] = graph_task(engine, build, SMALL, size // SMALL)
    costs = alternate(tasks, rounds)
    names = [engine.name for engine in engines if engine.name in costs]
    mark = {TORCH: " †"} if n > 10**5 else {}
    large = cells({name: costs[name] * n for name in names}, milliseconds)
    large = {name: cell + mark.get(name, "") for name, cell in large.items()}
    relative = {
        name: f"{costs[name] / costs[f'{name} small']:.2f}{mark.get(name, '')}" for name in names
    }
    return large | failed, relative | failed


def picture_rows(engine: Engine, rounds: int) -> dict[str, Cells]:
    """Our picture and our player's page of networks at one point, every value shown."""
    from micrograd_like import Backprop, draw_dot

    def seconds(show: Callable[[], Any]) -> float:
        start = time.perf_counter()
        show()
        return time.perf_counter() - start

    def row(show: Callable[[], Any]) -> str:
        return milliseconds(alternate({"": partial(seconds, show)}, rounds)[""])

    rows: dict[str, Cells] = {}
    for model in (engine.mlp(2, [8, 7, 1]), moons_model(engine)):
        root = model(moons_inputs(engine)[0])
        root.backward()
        picture, steps = draw_dot(root, expand="all"), Backprop(root, expand="all")
        drawn = row(partial(picture.pipe, "svg"))
        page = f"{row(steps.page)}, {len(steps.page().encode()) / 1e6:.2f} MB"
        count = f"of {count_nodes(root)} values"
        rows[f"draw_dot {count}, rendered"] = {engine.name: drawn}
        rows[f"player {count}, its page"] = {engine.name: page}
    return rows


def import_task(engine: Engine) -> Task:
    """A task: the seconds of a Python that imports the engine, less those of one that does not."""

    def seconds(code: str) -> float:
        """The time of a new Python that runs the code."""
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, env=environment)
        return time.perf_counter() - start

    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

    seconds(engine.imports)  # compiles, and fills the disk cache
    return lambda: seconds(engine.imports) - seconds("pass")


def machine(engines: Iterable[Engine]) -> str:
    """A line with processor, cores, and the versions of Python and of the engines."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    cpu = models[0] if models else platform.processor() or platform.machine()
    versions = ", ".join(f"{e.package} {version(e.package)}" for e in engines)
    return f"{cpu}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}"


def tape_rows(micrograd: Costs, rounds: int) -> tuple[dict[str, Cells], str]:
    """The cells of what the tape computes and other ways to do so, and a note.

    ``micrograd`` has the seconds that it takes for the moons step, if it is installed.
    """
    import tapes

    costs, apart = tapes.moons_step(rounds)
    first = {tapes.OURS: costs[tapes.OURS]}
    rows = {"moons step, a batch of 100": first | micrograd | costs}
    rows["moons step, a batch of 10⁴"], _ = tapes.moons_step(rounds, 10**4)
    for batch in (32, 1797):
        costs = tapes.digits_epoch(rounds, batch)
        rows[f"digits, an epoch in batches of {batch:,}"] = costs
    note = (
        f"Losses and gradients of the moons step: relative difference at most {apart:.1g}.  "
        f"A digits epoch is 1,797 rows of MLP(64, [16, 10]), its updates included."
    )
    return {title: cells(costs, milliseconds) for title, costs in rows.items()}, note


def draw(folder: Path, eager: Costs, rounds: int) -> None:
    """Measure the tape's cost by batch and by length; draw it, and ``eager``'s for a row."""
    import tapes

    batches, lengths = tapes.by_batch(rounds), tapes.by_length(rounds)
    for name, values in (batches | lengths).items():
        print(f"{name:22}", *(f"{1e9 * value:12,.2f} ns" for value in values))
    for theme, end in (("light", ""), ("dark", "_dark")):
        tapes.picture(folder / f"tape{end}.svg", theme, batches, lengths, eager)


def table(rows: dict[str, Cells], names: Iterable[str]) -> str:
    """The rows as a markdown table, a column for each name."""
    names = list(names)
    lines = [["", *names], ["---", *["---:"] * len(names)]]
    lines += [[title, *(row.get(name, "–") for name in names)] for title, row in rows.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


NOTES = f"""\
In brackets: the ratio to ours.  Times are of build, backward and free, with Python's default
garbage collection and no call of the collector; bytes are counted after one, because micrograd's
backward leaves its order of nodes to it.  The inputs of the moons step are leaves with gradients in
every engine.  {RECURSION}: already at a quarter of 10⁴.  † Measured at 10⁵, and scaled."""


def main() -> None:
    """Measure everything and print the table with its notes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repeats")
    parser.add_argument("--pictures", type=Path, help="a folder for tape.svg and tape_dark.svg")
    arguments = parser.parse_args()
    rounds = 2 if arguments.quick else 7
    engines, missing = load_engines()
    graphs: dict[str, Cells] = {}  # first, while the collector has little of others' to look at
    for title, build, n in (
        ("chain of 10⁶", chain, 10**6),
        ("fan-in 10⁵", fan_in, 10**5),
        ("fan-out 10⁵", fan_out, 10**5),
    ):
        large, relative = graph_rows(engines, build, n, rounds)
        graphs |= {title: large, f"{title}, cost per node relative to 10⁴": relative}
    imports = {engine.name: import_task(engine) for engine in engines}
    imported = cells(alternate(imports, 2 * rounds), milliseconds)
    built, after, nodes = memory_rows(engines)
    step, losses = moons_costs(engines, rounds)
    rows = {"moons step": cells(step, milliseconds), "bytes per node": built}
    rows |= {"bytes per node, gradients included": after, **graphs, "import of Value": imported}
    rows |= picture_rows(engines[0], rounds)
    eager = {name: step[name] for name in ("micrograd",) if name in step}
    taped, agreed = tape_rows(eager, rounds)
    ways = next(iter(taped.values()))
    print(machine(engines), table(rows, [e.name for e in engines]), sep="\n\n")
    print("", table(taped, ways), NOTES, losses, agreed, nodes, sep="\n\n")
    if arguments.pictures:
        draw(arguments.pictures, {name: cost / len(LABELS) for name, cost in eager.items()}, rounds)
    if missing:
        print(f"\nNot installed, and left out: {', '.join(missing)}.")


if __name__ == "__main__":
    main()
