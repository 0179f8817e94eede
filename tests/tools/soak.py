"""Everything at once, for an hour: hostile input and random programs, with faults in between.

``nice python tests/tools/soak.py --minutes 60 --seed 1`` tries formulas, tables, models, labels,
programs of operations, trainings, files and rules, each with a fault that is chosen by chance:
none, Ctrl-C at some moment, an allocation that fails, a disk that is full, threads that are
switched all the time.  A round depends on the seed and on its number alone; what is found is
printed with the command that does that round again.  Rounds are done in a process of their own,
which may crash, and which is begun again after some of them.
"""

import argparse
import copy
import gc
import json
import os
import pickle
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from queue import Empty, Queue
from typing import Any
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))
sys.path.insert(0, str(Path(__file__).parents[1] / "draw"))
sys.path.insert(0, str(Path(__file__).parents[1] / "steps"))

import test_damaged_files as damaged
import test_dot
import test_player
import test_terminal
from interrupting import interrupted, moments
from test_interrupts import free

from micrograd_like import (
    MLP,
    SGD,
    Adam,
    Backprop,
    Value,
    draw_dot,
    fit,
    gradcheck,
    group,
    mse,
    replay,
    topological_order,
)
from micrograd_like.custom import forget, rule
from micrograd_like.graph import gradients_of
from micrograd_like.groups import OPEN, RECORDER
from micrograd_like.random_graphs import KINDS, Choice, Graph, grow
from micrograd_like.rules import RULES

BATCH = 200  # rounds of one process
PATIENCE = 300.0  # seconds for a round
PROGRESS = 60.0  # seconds from one line of counts to the next
NAMES = [name for name in RULES if name != "mod"]
PIECES = [
    *"abcxyzeπ()+-*/%^·−²³=;,. 0123456789", "**", "pi", "tanh(", "log(", "maximum(", "pow(",
    "1e308", "1e-320", "a*b", "inf", "nan", "import", "lambda", "\0", "\ud800", "é", "((((", "a₂",
]  # fmt: skip
NAMES_OF_OTHERS = [*test_dot.HOSTILE, *test_terminal.HOSTILE, test_player.HOSTILE, *damaged.PIECES]
LABELS = ["", "w0", "layer0.neuron0.w0", *(name for name in NAMES_OF_OTHERS if len(name) < 3000)]

Action = Callable[[], Any]


def folder_of(process: int) -> Path:
    """Where a process has its files."""
    return Path(tempfile.gettempdir()) / f"soak-{process}"


FOLDER = folder_of(os.getpid())


# --- what is done: each makes an action, which gives the same at each call ------------------------


def random_graph(rng: random.Random) -> Graph:
    """A random program of operations."""
    leaves = [rng.choice([rng.uniform(-3, 3), float(rng.randrange(-3, 4))]) for _ in range(3)]
    choices = [
        Choice(rng.choice(NAMES), rng.choice(KINDS), rng.choice(KINDS), rng.randrange(1000))
        for _ in range(rng.randrange(1, 20))
    ]
    return grow(NAMES, leaves, choices, 25, 4)


def program(rng: random.Random) -> Action:
    """A program by several readers: all find the same gradients."""
    graph = random_graph(rng)

    def act() -> Any:
        root = graph.record()
        order = topological_order(root)
        chain = gradients_of(order, root)
        root.backward()
        leaves = [v for v in order if v.rule is None]
        found = [v.grad for v in leaves]
        same(found, [chain[id(v)] for v in leaves])
        for other in (copy.deepcopy(root), pickle.loads(pickle.dumps(root))):
            again = [v for v in topological_order(other) if v.rule is None]
            for v in again:
                v.grad = 0.0
            other.backward()
            same([v.grad for v in again], found)
        same(replay(root, {}), root.data)
        return root.data, found

    return act


def checked(rng: random.Random) -> Action:
    """The gradient check of a program, its steps and its picture."""
    graph = random_graph(rng)

    def act() -> Any:
        root = graph.record()
        report = gradcheck(root)
        assert report.ok, report
        return str(report), [str(step) for step in Backprop(root)], draw_dot(root).source

    return act


def formula(rng: random.Random) -> Action:
    """A command with a formula of random pieces: status 2 and one line, or what it is."""
    text = "".join(rng.choice(PIECES) for _ in range(rng.randrange(1, 12)))
    numbers = [f"{name}={rng.choice(['2', '-3', '0', '1e200', 'nan'])}" for name in "abc"]
    used = [number for number in numbers if number[0] in text]
    command = rng.choice(["step", "check"])
    words = [command, "--", text] if text.startswith("-") else [command, text]
    return lambda: damaged.status(*words, *used)


def edits(rng: random.Random) -> list[tuple[int, int, str]]:
    """Changes of a text, as the tests of damaged files make them."""
    return [
        (rng.randrange(10**6), rng.randrange(31), rng.choice(damaged.PIECES))
        for _ in range(rng.randrange(4))
    ]


def table(rng: random.Random) -> Action:
    """A table with changes anywhere, by functions and by commands."""
    test: Any = damaged.test_any_table_is_read_or_told
    return partial(test.hypothesis.inner_test, FOLDER, edits(rng), rng.random() < 0.5)


def model(rng: random.Random) -> Action:
    """A model's file with changes anywhere, in its text or in its content."""
    if rng.random() < 0.5:
        text: Any = damaged.test_any_text_of_a_model_is_read_or_told
        return partial(text.hypothesis.inner_test, FOLDER, edits(rng))
    content: Any = damaged.test_any_content_of_a_model_is_read_or_told
    values = [(rng.randrange(10**6), rng.choice(damaged.VALUES)) for _ in range(rng.randrange(4))]
    return partial(content.hypothesis.inner_test, FOLDER, values)


class Scripts(HTMLParser):
    """Counts the scripts of a page, and the attributes that would run one."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.scripts = self.handlers = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.handlers += sum(name.startswith("on") for name, _ in attrs)


def labels(rng: random.Random) -> Action:
    """Hostile names in DOT, SVG, on a page and in a terminal: they are text everywhere."""
    words = ["".join(rng.choices(LABELS, k=rng.randrange(1, 3))) for _ in range(5)]

    def act() -> Any:
        a, b = Value(2.0, words[0]), Value(-3.0, words[1])
        with group(words[2] if words[2].strip(". ") else "group"):
            root = (a * b).tanh() + a
        root.label = words[3]
        svg = draw_dot(root).pipe("svg").decode()
        ElementTree.fromstring(svg)  # which takes no other text for XML
        steps = Backprop(root)
        page = steps.page()
        page.encode()
        found, plain = Scripts(page), Scripts(Backprop(Value(1.0) * 2).page())
        assert (found.scripts, found.handlers) == (plain.scripts, plain.handlers), words
        assert Scripts(svg).scripts == Scripts(svg).handlers == 0, words
        told = [str(step) for step in steps]
        return svg, page, told

    return act


def learning(rng: random.Random) -> Action:
    """A short training: after whatever comes in between, weights are those of some whole step."""
    seed, optimizer = rng.randrange(10**6), rng.choice([SGD, Adam])
    size, batch = rng.randrange(1, 4), rng.randrange(1, 4)
    X = [[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(4)]
    y = [rng.uniform(-1, 1) for _ in X]
    tape = rng.random() < 0.2

    def new() -> MLP:
        made = MLP(2, [size, 1], activation="tanh")
        chance = random.Random(seed)
        for p in made.parameters():
            p.data = chance.uniform(-1, 1)
        return made

    def train(of: MLP, kind: Any) -> Any:
        return fit(
            of, X, y, epochs=2, batch_size=batch, lr=0.1, optimizer=kind, progress=False, tape=tape
        ).loss

    states = [[p.data for p in new().parameters()]]

    class Watched(optimizer):  # type: ignore[misc,valid-type]
        def step(self) -> None:
            super().step()
            states.append([p.data for p in self.parameters])

    train(new(), Watched)

    def act() -> Any:
        made = new()
        try:
            return train(made, optimizer)
        finally:
            found = [p.data for p in made.parameters()]
            near = [all(abs(a - b) < 1e-9 for a, b in zip(found, s, strict=True)) for s in states]
            assert any(near), f"torn weights {found}, of {states}"

    return act


def saving(rng: random.Random) -> Action:
    """Files that are written: the old one or the new one, and nothing beside it."""
    kind = rng.choice(["model.json", "graph.svg", "graph.dot", "page.html"])
    folder, data = FOLDER / "saved", rng.uniform(-1, 1)
    folder.mkdir(exist_ok=True)
    path = folder / f"{rng.randrange(10**6)}-{kind}"

    def save(number: float) -> None:
        made = MLP(2, [1])
        for p in made.parameters():
            p.data = number
        root = mse(made([Value(1.0, "x"), Value(2.0, "y")]), 0.5)
        if kind == "model.json":
            made.save(path)
        else:
            (Backprop(root) if kind == "page.html" else draw_dot(root)).save(path)

    save(data)
    old = path.read_bytes()
    save(2 * data)
    new = path.read_bytes()
    path.write_bytes(old)

    def act() -> Any:
        try:
            save(2 * data)
        finally:
            assert path.read_bytes() in (old, new), f"{path.name} is half written"
            parts = [p.name for p in folder.iterdir() if p.name.startswith(".")]
            alone = threading.active_count() == 1  # other threads write, too
            assert not (alone and parts), f"{parts} is left behind"
        return path.read_bytes() == new

    return act


def rules(rng: random.Random) -> Action:
    """A rule that is defined, used, pickled by name and taken back."""
    factor = float(rng.randrange(2, 9))
    base = f"soak{rng.randrange(10**6)}"

    def act() -> Any:
        name = f"{base}_{threading.get_ident()}"
        source = f"def {name}(x):\n    return {factor} * x, {factor}"
        space: dict[str, Any] = {}
        exec(source, space)  # a function of that name
        try:
            function = rule("k", f"{factor} * x", str(factor))(space[name])
            x = Value(3.0)
            out = function(x).tanh() * getattr(x, name)()
            out.backward()
            return out.data, x.grad
        finally:
            assert (name in RULES) == hasattr(Value, name), "half a rule"
            if name in RULES:
                forget(name)

    return act


DONE = {
    f.__name__: f
    for f in (program, checked, formula, table, model, labels, learning, saving, rules)
}
ALONE = ("formula", "table", "model")  # they replace the process's output


# --- faults ---------------------------------------------------------------------------------------


def nothing(act: Action, rng: random.Random) -> None:
    """Done twice, with the same result."""
    same(act(), act())


def ctrl_c(act: Action, rng: random.Random) -> None:
    """At some moment; then all is free, and it is done as ever."""
    right = act()
    at = rng.randrange(moments(act) or 1)
    try:
        _, where = interrupted(act, at)
    except AssertionError as error:
        if "micrograd-like: stopped" not in str(error):  # what a command says
            raise
        where = "a command"
    assert free(), f"a lock is shut after Ctrl-C in {where}"
    same(act(), right)


def no_memory(act: Action, rng: random.Random) -> None:
    """Some allocations fail: a MemoryError, or the right result."""
    import _testcapi

    right = act()
    start, count = int(10 ** rng.uniform(0, 5)), rng.randrange(1, 4)
    gc.collect()
    try:
        _testcapi.set_nomemory(start, start + count)
        try:
            found = act()
        finally:
            _testcapi.remove_mem_hooks()
        same(found, right)
    except BaseException as error:
        if not came_of((MemoryError, SystemError), error):  # the latter where Python forgets it
            raise
    OPEN.set(())  # closing a group takes memory, too
    RECORDER.count = 0
    RECORDER.install()
    assert free(), "a lock is shut after a MemoryError"
    same(act(), right)


def full_disk(act: Action, rng: random.Random) -> None:
    """Files may have some bytes only."""
    import resource

    right, limits = act(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(10 ** rng.uniform(0, 5)), limits[1]))
    try:
        with suppress(OSError):
            act()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    same(act(), right)


def threads(act: Action, rng: random.Random) -> None:
    """Several at once, switched after each microsecond: each has the right result."""
    right = act()
    found: list[Any] = []

    def work() -> None:
        try:
            found.append(act())
        except Exception as error:
            error.add_note("in one of several threads")
            found.append(error)

    with hasty():
        several = [threading.Thread(target=work) for _ in range(rng.randrange(2, 5))]
        for thread in several:
            thread.start()
        for thread in several:
            thread.join()
    for each in found:
        if isinstance(each, Exception):
            raise each
        same(each, right)


def came_of(kind: tuple[type[BaseException], ...], error: BaseException | None) -> bool:
    """Whether an error is of some kinds, or came of one that is."""
    if error is None:
        return False
    return isinstance(error, kind) or any(
        came_of(kind, e) for e in (error.__cause__, error.__context__)
    )


@contextmanager
def hasty() -> Iterator[None]:
    """Threads take turns all the time."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


FAULTS = {f.__name__: f for f in (nothing, ctrl_c, no_memory, full_disk, threads)}


def same(found: Any, right: Any) -> None:
    """An AssertionError if two results differ, with the place; a NaN is itself here."""
    one, other = repr(found), repr(right)
    if one != other:
        differ = (k for k, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
        at = max(0, next(differ, 0) - 100)
        raise AssertionError(f"... {one[at : at + 300]} ..., not {other[at : at + 300]} ...")


# --- the run --------------------------------------------------------------------------------------


def chosen(seed: int, number: int) -> tuple[str, str, random.Random]:
    """What a round does, with which fault."""
    rng = random.Random(f"{seed}:{number}")
    what = rng.choice([*DONE])
    fault = rng.choice([*FAULTS])
    if (fault == "threads" and what in ALONE) or (fault == "full_disk" and what != "saving"):
        fault = "nothing" if rng.random() < 0.5 else "ctrl_c"
    return what, fault, rng


def do_rounds(seed: int, first: int, last: int) -> None:
    """Some rounds, in this process: a line before each, and one for what is found."""
    FOLDER.mkdir()
    try:
        damaged.model_file(FOLDER / "good.json")
        (FOLDER / "good.csv").write_text(damaged.CSV)
        for number in range(first, last):
            what, fault, rng = chosen(seed, number)
            say(round=number, what=what, fault=fault)
            try:
                FAULTS[fault](DONE[what](rng), rng)
            except BaseException as error:
                text = "".join(traceback.format_exception(error))
                say(found=f"{type(error).__name__}: {str(error)[:300]}", trace=text)
    finally:
        shutil.rmtree(FOLDER)
    say(done=True)


def say(**what: Any) -> None:
    """A line for the process that watches."""
    os.write(OUT, (json.dumps(what) + "\n").encode())


OUT = 1


class Watch:
    """Starts processes for rounds, and counts."""

    def __init__(self, seed: int, minutes: float) -> None:
        self.seed, self.start = seed, time.monotonic()
        self.end, self.told = self.start + 60 * minutes, self.start
        self.counts: Counter[str] = Counter()
        self.found = 0

    def run(self, first: int, last: int) -> int:
        """Do rounds from one number to before another; returns that of the next."""
        command = [
            sys.executable,
            __file__,
            "--seed",
            str(self.seed),
            "--rounds",
            f"{first}:{last}",
        ]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace"
        ) as process:
            lines: Queue[str] = Queue()
            errors: list[str] = []
            readers = [
                threading.Thread(
                    target=lambda: [*map(lines.put, process.stdout or ()), lines.put("")]
                ),
                threading.Thread(target=lambda: errors.extend(process.stderr or ())),
            ]
            for reader in readers:
                reader.start()
            current: dict[str, Any] = {}
            while True:
                try:
                    line = lines.get(timeout=PATIENCE)
                except Empty:
                    process.kill()
                    self.show(current, f"hangs for {PATIENCE:.0f} s")
                    break
                said = json.loads(line) if line.startswith("{") else {}
                if "round" in said:
                    current = said
                    self.counts[f"{said['what']} {said['fault']}"] += 1
                elif "found" in said:
                    self.show(current, said["trace"])
                elif "done" in said:
                    current = {}
                elif not line:
                    problem = f"status {process.wait()}\n{''.join(errors[-20:])}"
                    if not current and process.returncode:
                        raise SystemExit(problem)
                    if current:
                        self.show(current, problem)
                    break
                if time.monotonic() > self.told + PROGRESS:
                    self.told = time.monotonic()
                    print(self, flush=True)
                if time.monotonic() > self.end:
                    process.kill()
                    break
            for reader in readers:
                reader.join()
        shutil.rmtree(folder_of(process.pid), ignore_errors=True)  # of one that was ended
        return current["round"] + 1 if current else last

    def show(self, current: dict[str, Any], problem: str) -> None:
        """What was found, and how to do it again."""
        self.found += 1
        number = current.get("round", 0)
        print(f"\n# round {number}: {current.get('what')}, with {current.get('fault')}")
        print(f"python tests/tools/soak.py --seed {self.seed} --rounds {number}:{number + 1}")
        print(problem, flush=True)

    def __str__(self) -> str:
        what, faults = Counter[str](), Counter[str]()
        for key, count in self.counts.items():
            for part, of in zip(key.split(), (what, faults), strict=True):
                of[part] += count
        listed = ", ".join(f"{name} {count:,}" for name, count in (what + faults).most_common())
        took = (time.monotonic() - self.start) / 60
        return f"{self.counts.total():,} rounds in {took:.1f} min, {self.found} found: {listed}"


def main() -> None:
    """Run until the minutes are over, or do the rounds that are given, in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--rounds", help="of one process, as 17:18")
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if options.seed is None else options.seed
    if options.rounds:
        do_rounds(seed, *map(int, options.rounds.split(":")))
        return
    print(f"seed {seed}", flush=True)
    watch, number = Watch(seed, options.minutes), 0
    while time.monotonic() < watch.end:
        number = watch.run(number, number - number % BATCH + BATCH)
    print(watch)
    raise SystemExit(watch.found > 0)


if __name__ == "__main__":
    main()
