"""Time and memory of micrograd_like beside its peers, as three markdown tables.

``python tests/benchmarks/compare.py [--quick] [--only ROW ...] [--pictures FOLDER]``.  The first
table has engines that compute one scalar at a time, each in a Python of its own; the second, ways
to compute many rows of data at once, on one processor; the third, what ours does once.  All take
turns, and each number is the least of its repeats.  Nothing is asserted: machines differ, ratios
tell.
``--pictures`` draws the cost by batch and by length of the graph.
"""

import argparse
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from processes import Worker, WorkerError

OURS, VALUES = "micrograd_like", "micrograd_like, into Values"
MICROGRAD, MICROGPT, TORCH = "micrograd", "microgpt's Value", "PyTorch scalars"
ENGINES = (OURS, MICROGRAD, MICROGPT, TORCH)
IMPORTS = {
    OURS: "from micrograd_like import Value",
    MICROGRAD: "from micrograd.engine import Value",
    TORCH: "import torch",
}
SMALL = 10**4  # the size to which the cost per node of larger graphs is compared
BATCHES = (1, 10, 32, 100, 1000, 10**4, 10**5)
PATIENCE = 10.0  # seconds of one step, from which a larger batch is left out
ONE_THREAD: dict[str, str] = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"
)
Cells = dict[str, str]
Costs = dict[str, float]


class Options(NamedTuple):
    """How much is measured."""

    rounds: int
    turn: float  # seconds of an engine's steps in a row
    batches: tuple[int, ...]
    limit: float  # seconds, after which one that is done once is left


FULL = Options(5, 2, BATCHES, 60)
QUICK = Options(2, 1, (1, 32, 1000, 10**4), 12)


class Report:
    """What was measured so far: the tables' rows, the notes, and numbers for the pictures."""

    def __init__(self) -> None:
        self.scalars: dict[str, Cells] = {}
        self.arrays: dict[str, Cells] = {}
        self.once: dict[str, Cells] = {}
        self.notes: list[str] = []
        self.missing: set[str] = set()
        self.step: Costs = {}  # the moons step of each engine
        self.batches: dict[str, dict[int, float]] = {}  # by way, the moons step of each batch

    def note(self, text: str) -> None:
        """Add a note, once."""
        if text not in self.notes:
            self.notes.append(text)


def ratio(times: float) -> str:
    """A ratio with two digits, or all before the point."""
    return f"{float(f'{times:.2g}'):,.7g}"


def duration(seconds: float) -> str:
    """A time in milliseconds with three digits, or all before the point."""
    return f"{seconds * 1e3:,.0f} ms" if seconds >= 0.1 else f"{seconds * 1e3:.3g} ms"


def cells(costs: Costs, show: Callable[[float], str] = duration) -> Cells:
    """Each cost as text, those of the peers with their ratio to ours, if ours is there."""
    ours = costs.get(OURS)
    return {
        name: f"{show(cost)} ({ratio(cost / ours)}×)" if ours and name != OURS else show(cost)
        for name, cost in costs.items()
    }


def size(n: int) -> str:
    """A number as a power of ten, if it is a large one."""
    return {10**4: "10⁴", 10**5: "10⁵", 10**6: "10⁶"}.get(n, f"{n:,}")


def table(rows: dict[str, Cells]) -> str:
    """The rows as a markdown table, a column for each name that any row has."""
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    lines = [["", *names], ["---", *["---:"] * len(names)]]
    lines += [[title, *(row.get(name, "–") for name in names)] for title, row in rows.items()]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def engines(stack: ExitStack, report: Report) -> dict[str, Worker]:
    """A new Python for each engine that is installed, which imports that one alone."""
    workers = {name: stack.enter_context(Worker("eager")) for name in ENGINES}
    for name in ENGINES:
        if not workers[name].ask("is_installed", name):
            report.missing.add(name)
            del workers[name]
    return workers


def least(workers: dict[str, Worker], rounds: int, function: str, *arguments: Any) -> Costs:
    """The least cost of each engine; they take turns.

    Engines that recurse too deep are taken out of ``workers``.
    """
    costs: Costs = {}
    for _ in range(rounds):
        for name, worker in list(workers.items()):
            try:
                cost = worker.ask(function, name, *arguments)
            except WorkerError as error:
                if error.kind != "RecursionError":
                    raise
                del workers[name]
                continue
            costs[name] = min(cost, costs.get(name, math.inf))
    return costs


def moons_eager(report: Report, options: Options) -> None:
    """The step of micrograd's demo, with the collector and without."""
    for title, collecting in (("moons step", True), ("moons step, gc off", False)):
        with ExitStack() as stack:
            workers = engines(stack, report)
            losses = [worker.ask("moons_step", name) for name, worker in workers.items()]
            costs = least(workers, options.rounds, "moons_seconds", collecting, options.turn)
        report.scalars[title] = cells(costs)
        report.step = report.step or costs
    apart = max(abs(loss / losses[0] - 1) for loss in losses)
    report.note(f"Losses of the engines' moons steps: relative difference at most {apart:.1g}.")


def memory(report: Report, options: Options) -> None:
    """Bytes per node, before and after backward."""
    with ExitStack() as stack:
        workers = engines(stack, report)
        measured = {n: w.ask("memory", n) for n, w in workers.items() if n != TORCH}
    for title, k in (("bytes per node", 1), ("bytes per node, gradients included", 2)):
        costs = {name: m[k] / m[0] for name, m in measured.items()}
        report.scalars[title] = cells(costs, lambda b: f"{b:.0f} B")
    graphs = (f"{name} {m[0]:,} nodes, {m[2] / 1e6:.1f} MB" for name, m in measured.items())
    report.note(f"The moons graph with its gradients: {'; '.join(graphs)}.")


def graph(name: str, n: int) -> Callable[[Report, Options], None]:
    """A graph of size n, and its cost per node relative to a small graph's."""

    def measure(report: Report, options: Options) -> None:
        title, failed = f"{name} of {size(n)}", {}
        with ExitStack() as stack:
            workers = engines(stack, report)
            asked = list(workers)
            least(workers, 1, "graph_seconds", name, SMALL // 4, 1)
            failed = dict.fromkeys((e for e in asked if e not in workers), "RecursionError")
            costs, small = dict[str, float](), dict[str, float]()
            for _ in range(options.rounds):  # both sizes in turns, too
                for engine, worker in workers.items():
                    much = min(n, 10**5) if engine == TORCH else n
                    for found, m, times in ((costs, much, 1), (small, SMALL, much // SMALL)):
                        cost = worker.ask("graph_seconds", engine, name, m, times)
                        found[engine] = min(cost, found.get(engine, math.inf))
        mark = {TORCH: " †"} if n > 10**5 else {}
        whole = cells({engine: cost * n for engine, cost in costs.items()})
        report.scalars[title] = {e: c + mark.get(e, "") for e, c in whole.items()} | failed
        relative = {e: f"{c / small[e]:.2f}{mark.get(e, '')}" for e, c in costs.items()}
        report.scalars[f"{title}, per node relative to 10⁴"] = relative | failed
        if mark:
            report.note("† Measured at 10⁵, and scaled.")

    return measure


def imports(report: Report, options: Options) -> None:
    """A Python that imports a Value, less one that does nothing."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    costs: Costs = {}
    codes = {"": "pass"} | {n: c for n, c in IMPORTS.items() if n not in report.missing}
    for k in range(4 * options.rounds + 1):
        for name, code in list(codes.items()):
            if k > 2 and name == TORCH:
                continue
            start = time.perf_counter()
            command = [sys.executable, "-c", code]
            done = subprocess.run(command, env=environment, check=False, capture_output=True)
            seconds = time.perf_counter() - start
            if done.returncode:
                del codes[name]
            elif k:  # the first fills the disk's cache
                costs[name] = min(seconds, costs.get(name, math.inf))
    empty = costs.pop("")
    report.scalars["import of Value"] = cells({n: cost - empty for n, cost in costs.items()})


def pages(report: Report, options: Options) -> None:
    """Our picture and our player's page, every value open."""
    for name in ("small", "moons"):
        with Worker("pages") as worker:
            found = worker.ask("of_network", name, options.rounds)
        count = f"of {found['values']} values"
        if found["picture"] is None:
            report.missing.add("Graphviz")
        else:
            report.scalars[f"draw_dot {count}, rendered"] = {OURS: duration(found["picture"])}
        page = f"{duration(found['page'])}, {found['bytes'] / 1e6:.2f} MB"
        report.scalars[f"player {count}, its page"] = {OURS: page}


def compiled(report: Report) -> tuple[Worker, list[str]]:
    """A Python on one processor, and the ways that it can compute by."""
    worker = Worker("compiled", ONE_THREAD)
    names, absent = worker.ask("installed")
    report.missing |= set(absent)
    return worker, names


def steps(network: str, title: str) -> Callable[[Report, Options], None]:
    """A step of a network at each size of a batch."""

    def measure(report: Report, options: Options) -> None:
        worker, names = compiled(report)
        worst, before, previous = 0.0, dict[str, float](), 1
        with worker:
            for count in options.batches:
                asked = [
                    n for n in names if before.get(n, 0) * count / previous < PATIENCE
                ]  # what took long took long for its rows
                rounds = 3 * options.rounds if count <= 1000 else min(options.rounds, 3)
                before, apart = worker.ask("steps", network, count, asked, rounds)
                names, previous, worst = list(before), count, max(worst, apart)
                report.arrays[f"{title}, a batch of {size(count)}"] = cells(before)
                if network == "moons":
                    for name, seconds in before.items():
                        report.batches.setdefault(name, {})[count] = seconds / count
        report.note(f"{title}: losses and gradients are at most {worst:.1g} apart.")

    return measure


def epoch(report: Report, options: Options) -> None:
    """An epoch of digits, with its updates."""
    worker, _ = compiled(report)
    with worker:
        for batch in (32,) if options is QUICK else (32, 1797):
            costs = worker.ask("epoch", options.rounds, batch)
            report.arrays[f"fit: digits, an epoch in batches of {batch:,}"] = cells(costs)
    report.note(
        "A digits epoch is 1,797 rows of MLP(64, [16, 10]) and its updates.  Of fit it is what "
        "further epochs take: its preparations are not in it, its history is."
    )


def irregular(report: Report, options: Options) -> None:
    """A graph without a pattern, replayed."""
    worker, _ = compiled(report)
    with worker:
        found = worker.ask("replayed", "irregular", 10**4, options.rounds)
    text = ", ".join(f"{name} {1e9 * seconds:,.4g} ns" for name, seconds in found.items())
    report.once["irregular graph of 10⁴ operations, per operation"] = {OURS: text}


def alone(function: str, *arguments: Any, limit: float, **environment: str) -> Any:
    """The result of a function of `once` in a new Python; after the limit the name of an error."""
    with Worker("once", environment) as worker:
        try:
            return worker.ask(function, *arguments, limit=limit)
        except WorkerError as error:
            if error.kind not in ("TimeoutError", "ImportError", "ModuleNotFoundError"):
                raise
            return f"> {limit:.0f} s" if error.kind == "TimeoutError" else "not installed"


def seconds_text(cost: float | str) -> str:
    """The time in seconds, or the text there is in its place."""
    return cost if isinstance(cost, str) else f"{cost:.2f} s"


def first_use(report: Report, options: Options) -> None:
    """The first compiled step of a process, with nothing on disk, and with all there."""
    graphs = {"moons": "moons", "digits": "digits", "irregular": "an irregular graph of ten rules"}
    for name, text in graphs.items():
        if options is QUICK and name == "digits":
            continue
        with tempfile.TemporaryDirectory() as folder:
            cache = {"XDG_CACHE_HOME": folder, "NUMBA_CACHE_DIR": folder}
            found = [alone("first_use", name, limit=options.limit, **cache) for _ in range(3)]
        cold, *warm = found
        last = min((w for w in warm if not isinstance(w, str)), default="–")
        cell = f"{seconds_text(cold)}, kept on disk {seconds_text(last)}"
        report.once[f"first compiled step in a process, {text}"] = {OURS: cell}


def long_graph(report: Report, options: Options) -> None:
    """A graph of 10⁶ operations recorded, and its structure found."""
    for name, text in (("moons", "the moons loss over 1,540 points"), ("irregular", "irregular")):
        found = alone("long_graph", name, limit=options.limit)
        if isinstance(found, str):
            report.once[f"a graph of 10⁶ operations, {text}"] = {OURS: found}
            continue
        title = f"a graph of {found['operations']:,} operations, {text}"
        cell = f"recorded {seconds_text(found['recorded'])}"
        if found["structure"] is not None:
            cell += f", structure found {seconds_text(found['structure'])}"
        report.once[title] = {OURS: cell}


def whole_graph(report: Report, options: Options) -> None:
    """The demo's loss over its hundred points, recorded as one graph and replayed as it is."""
    found = alone("whole_graph", options.rounds, limit=options.limit)
    if found is None:
        report.note("A graph without inputs is not replayed; its row is left out.")
    elif isinstance(found, str):
        report.missing.add(f"whole-graph ({found})")
    else:
        cell = f"{duration(found['tape'])}, by the engine {duration(found['engine'])}"
        report.once["the moons step of 100 points, one graph replayed"] = {OURS: cell}


def export(report: Report, options: Options) -> None:
    """`jax.jit` of what `to_function` gives."""
    for name, text in (("digits", "MLP(64, [16, 10])"), ("deep", "MLP(64, [64, 64, 10])")):
        if options is QUICK and name == "digits":
            continue
        found = alone("jitted_export", name, limit=options.limit)
        report.once[f"jax.jit of the export of {text}"] = {OURS: seconds_text(found)}


def training(report: Report, options: Options) -> None:
    """A training that chooses by itself whether to compile."""
    found = alone("training", 100, limit=options.limit)
    title = "fit by itself: MLP(30, [8, 2]), 569 rows in batches of 32, 100 epochs"
    report.once[title] = {OURS: seconds_text(found)}


ROWS: dict[str, Callable[[Report, Options], None]] = {
    "moons-eager": moons_eager,
    "bytes": memory,
    "chain": graph("chain", 10**6),
    "fan-in": graph("fan-in", 10**5),
    "fan-out": graph("fan-out", 10**5),
    "import": imports,
    "pages": pages,
    "moons": steps("moons", "moons step"),
    "digits": steps("digits", "MLP(64, [16, 10])"),
    "deep": steps("deep", "MLP(64, [64, 64, 10])"),
    "epoch": epoch,
    "irregular": irregular,
    "first-use": first_use,
    "long-graph": long_graph,
    "whole-graph": whole_graph,
    "export": export,
    "training": training,
}


def machine() -> str:
    """A line with processor, cores, and the versions of Python and of the peers."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    cpu = models[0] if models else platform.processor() or platform.machine()
    versions = []
    for package in (OURS, "micrograd", "numpy", "numba", "torch", "jax", "casadi"):
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    python = platform.python_version()
    return f"{cpu}, {os.cpu_count()} cores, Python {python}, {', '.join(versions)}"


def draw(folder: Path, report: Report, options: Options) -> None:
    """Measure an operation's cost by length, and draw it beside the step's by batch."""
    import pictures

    lengths: pictures.Lines = {}
    worker, _ = compiled(report)
    with worker:
        for length in pictures.LENGTHS:
            for name, cost in worker.ask("replayed", "mixed", length, options.rounds).items():
                lengths.setdefault(name, {})[length] = cost
    batches = dict(report.batches)
    if cost := report.step.get(MICROGRAD):
        batches[MICROGRAD] = dict.fromkeys(options.batches, cost / 100)  # of its 100 points
    for name, line in (batches | lengths).items():
        print(f"{name:28}", *(f"{1e9 * seconds:12,.2f} ns" for seconds in line.values()))
    for theme, end in (("light", ""), ("dark", "_dark")):
        pictures.draw(folder / f"tape{end}.svg", theme, batches, lengths)


NOTES = """\
In brackets: the ratio to ours.  Each number is the least of its repeats.  One scalar at a time:
build, backward and free, each engine in a process that imports nothing else, with Python's default
garbage collection and no call of it meanwhile; the inputs of the moons step are leaves with
gradients in every engine; bytes are counted after a collection, because micrograd's backward leaves
its order of nodes to it, and have the room for attributes of one's own, where an engine has it.
RecursionError: already at a quarter of 10⁴.  Many rows at once: forward and backward in float64, on
one processor and one thread, parameters and gradients in arrays; "into Values" reads and writes
Values.  Batches for which a way would take more than 10 s are left out, and those for which CasADi,
which holds the gradients of all rows, would hold more than 1.5 · 10⁷ numbers."""


def main() -> None:
    """Measure the rows, and print the tables with their notes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repeats and batches")
    parser.add_argument("--only", nargs="+", choices=ROWS, metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--pictures", type=Path, help="a folder for tape.svg and tape_dark.svg")
    arguments = parser.parse_args()
    options, report = QUICK if arguments.quick else FULL, Report()
    pictured = ["moons-eager", "moons"] if arguments.pictures else []
    for name in dict.fromkeys([*arguments.only, *pictured] if arguments.only else ROWS):
        start = time.perf_counter()
        try:
            ROWS[name](report, options)
        except WorkerError as error:
            report.note(f"The row {name} is left out.  {error}")
        print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr)
    print(machine())
    for rows in (report.scalars, report.arrays, report.once):
        if rows:
            print("", table(rows), sep="\n")
    print("", NOTES, *report.notes, sep="\n")
    if report.missing:
        print(f"Not installed, and left out: {', '.join(sorted(report.missing))}.")
    if arguments.pictures:
        draw(arguments.pictures, report, options)


if __name__ == "__main__":
    main()
