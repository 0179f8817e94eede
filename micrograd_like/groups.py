"""Named parts of a calculation, which pictures and pages show as one node until they are opened.

>>> from micrograd_like import Value
>>> from micrograd_like.graph import topological_order
>>> x, y = Value(3.0, "x"), Value(4.0, "y")
>>> with group("length"):
...     r = (x * x + y * y).sqrt()
>>> set(groups_of(topological_order(r * 2)).values())
{'length'}

What is computed in a group has a mark that tells its name.  Neurons need none: their names tell.
"""

import inspect
import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from functools import wraps
from itertools import takewhile
from typing import Any, NamedTuple, ParamSpec, TypeVar

from micrograd_like import engine
from micrograd_like.arguments import function, short, text
from micrograd_like.engine import Value
from micrograd_like.graph import GROUPS, edges
from micrograd_like.guard import open_in_child
from micrograd_like.notation import SUBSCRIPTS

__all__ = ["OF_LAYER", "PRODUCTS", "WEIGHT", "group", "groups_of", "mark", "prefixes"]

DEEPEST = 8  # groups within groups that are told apart
OF_LAYER = re.compile(r"neuron\d+")  # what a Layer calls its neurons
WEIGHT = re.compile(r"w\d+")  # and a Neuron its weights, behind its own name and a dot
BIAS = "b"
PRODUCTS = ("mul", "*")  # rules' names; the second is that of an operation by hand
LATER = (inspect.isgeneratorfunction, inspect.iscoroutinefunction, inspect.isasyncgenfunction)
P = ParamSpec("P")
R = TypeVar("R")


class Mark(NamedTuple):
    """The group of a value; of a neuron, all from its output back to the values outside."""

    path: tuple[str, ...]  # the names of the groups around it, and its own
    outside: tuple[Value, ...] = ()  # operations that a neuron begins with and that are not in it
    parameters: tuple[Value, ...] = ()  # leaves that are


OPEN: ContextVar[tuple[Mark, ...]] = ContextVar("group", default=())  # of each thread, each task


class _Recorder:
    """Marks what is recorded in open groups; without any it is not there."""

    def __init__(self) -> None:
        self.lock = open_in_child(threading.RLock())  # Ctrl-C may come while it is held
        self.count = 0  # of open groups, in all threads

    def open(self, name: str) -> None:
        marks = (Mark((*_open_path(), name)),)
        with self.lock:
            self.count += 1
        self.install()
        OPEN.set(marks)

    def close(self, name: str) -> None:
        """Close the innermost group of a name: of generators an outer one may end first."""
        path = list(_open_path())
        if name in path:
            del path[-1 - path[::-1].index(name)]
        OPEN.set((Mark(tuple(path)),) if path else ())
        with self.lock:
            self.count -= 1
        self.install()

    def install(self) -> None:
        """Have new nodes marked as long as there are groups."""
        with self.lock:
            engine.on_record(_made if self.count else None)


def _open_path() -> tuple[str, ...]:
    marks = OPEN.get()
    return marks[0].path if marks else ()


def _made(node: Value) -> None:
    """Called by the engine for each new node."""
    marks = OPEN.get()
    if marks:
        setattr(node, GROUPS, marks)


RECORDER = _Recorder()


class group:  # noqa: N801 - it reads like a word of the language
    """Name a part of a calculation: ``with group("loss"):``, or ``@group("loss")`` on a function.

    The operations recorded in it are one node of pictures until it is opened, as in
    ``draw_dot(loss, expand="loss")``, or is small.  A group within another has both names, as in
    ``"loss.softmax"``; groups of one name are shown as one.  Leaves are outside.  Threads and tasks
    have groups of their own, generators have not: with a ``yield`` in the block, what the caller
    computes until it goes on is in the group, too.

    A TypeError tells a name that is no text, or a function that runs later than it is called; a
    ValueError tells a name that is empty.

    >>> from micrograd_like import Value
    >>> @group("square")
    ... def square(x):
    ...     return x * x
    >>> square(Value(3.0)).data
    9.0
    """

    def __init__(self, name: str) -> None:
        if not text(name, "group: name").strip(". "):
            raise ValueError(f"group: the name {name!r} is empty; give a word, such as 'loss'")
        self.name = name

    def __enter__(self) -> None:
        RECORDER.open(self.name)

    def __exit__(self, *_: object) -> None:
        RECORDER.close(self.name)

    def __call__(self, f: Callable[P, R]) -> Callable[P, R]:
        """The function, whose operations are in the group."""
        function(f, f"group({self.name!r})", "anything; write it above a def")
        if any(runs(of) for of in (f, getattr(f, "__call__", f)) for runs in LATER):  # noqa: B004
            raise TypeError(
                f"group({self.name!r}): {getattr(f, '__name__', short(f))} is a generator or async "
                "and runs later; write `with group(...):` in it, around lines without a yield"
            )

        @wraps(f)
        def within(*args: P.args, **options: P.kwargs) -> R:
            # Not by `with self`: Ctrl-C may come before __exit__ has begun, and leave it open.
            before, marks, is_counted = OPEN.get(), (Mark((*_open_path(), self.name)),), False
            try:
                with RECORDER.lock:
                    RECORDER.count += 1
                    is_counted = True
                RECORDER.install()
                OPEN.set(marks)
                return f(*args, **options)
            finally:
                try:
                    OPEN.set(before)
                finally:
                    with RECORDER.lock:
                        RECORDER.count -= is_counted
                    RECORDER.install()

        return within


def mark(result: Value, name: str, outside: Iterable[Any], parameters: Sequence[Value]) -> None:
    """Make a value the result of a group that is known without recording: a neuron's."""
    begins = tuple(v for v in outside if isinstance(v, Value) and v._rule is not None)
    found = Mark((name,), begins, tuple(parameters))
    setattr(result, GROUPS, (*getattr(result, GROUPS, ()), found))


def groups_of(order: Sequence[Value]) -> dict[int, str]:
    """For each value that is in a group, by its id, the group's name, as in ``layer0.neuron2``.

    The innermost group of each, with the names of those around it before it.
    """
    marks = [(v, found) for v in order for found in getattr(v, GROUPS, ())]
    neurons = _neurons(order)
    if not marks:
        return neurons
    neurons |= _nameless([(v, found) for v, found in marks if found.parameters])
    opened = {id(v): found.path for v, found in marks if not found.parameters}
    around = _around(order, neurons, opened)
    found = {}
    for v in order:
        neuron, path = neurons.get(id(v)), opened.get(id(v), ())
        if neuron:
            before = around[neuron]
            path = (*before, neuron, *path[len(before) :])
        if path:
            found[id(v)] = ".".join(path)
    return found


def _around(
    order: Sequence[Value], neurons: Mapping[int, str], opened: Mapping[int, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """For each neuron the groups that were open for all of it."""
    paths: dict[str, list[tuple[str, ...]]] = {}
    for v in order:
        neuron = neurons.get(id(v))
        if neuron:
            paths.setdefault(neuron, [])
            if v._rule is not None:
                paths[neuron].append(opened.get(id(v), ()))
    return {neuron: _in_common(found) for neuron, found in paths.items()}


def _in_common(paths: list[tuple[str, ...]]) -> tuple[str, ...]:
    """What all paths begin with: that of the first and the last in their order."""
    first, last = min(paths, default=()), max(paths, default=())
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return tuple(name for name, _ in same)


def _nameless(outputs: Sequence[tuple[Value, Mark]]) -> dict[int, str]:
    """The names that values of neurons without a name get, by their ids."""
    results: dict[int, tuple[Mark, list[Value]]] = {}
    for v, found in outputs:
        results.setdefault(id(found), (found, []))[1].append(v)
    names = _told_apart([found for found, _ in results.values()])
    neurons: dict[int, str] = {}
    for found, values in results.values():
        for v in [*_inside(found, values), *found.parameters]:
            neurons.setdefault(id(v), names[id(found)])
    return neurons


def _told_apart(marks: list[Mark]) -> dict[int, str]:
    """The names of groups; of groups with other parameters the second has a ₂ after it."""
    owners: dict[tuple[str, ...], dict[tuple[int, ...], int]] = {}
    names = {}
    for found in marks:
        same = owners.setdefault(found.path, {})
        place = same.setdefault(tuple(map(id, found.parameters)), len(same) + 1)
        names[id(found)] = found.path[-1] + (str(place).translate(SUBSCRIPTS) if place > 1 else "")
    return names


def _inside(found: Mark, results: Iterable[Value]) -> list[Value]:
    """The operations from a group's results back to where it begins."""
    met = {id(v) for v in found.outside}
    inside, stack = [], list(results)
    while stack:
        node = stack.pop()
        if id(node) not in met and node._rule is not None:
            met.add(id(node))
            inside.append(node)
            stack += (v for _, v, _ in edges(node))
    return inside


def _neurons(order: Sequence[Value]) -> dict[int, str]:
    """For each value of a named neuron, by its id, the neuron's name.

    The neuron's output has the name as its label, or another if it was given one afterwards; its
    parameters have it before a dot, but those that it shares with another neuron.  The values
    between depend on parameters, and on outputs' only through these.
    """
    names, renamed = _names(order)
    tags: dict[int, str | None] = {}  # whose parameters lead to it: "" for none's, None for several
    outputs = []
    for v in order:
        if v.rule is None:
            prefix = v.label.rpartition(".")[0]
            tags[id(v)] = prefix if prefix in names else ""
            continue
        found = {tags[id(x)] for _, x, _ in edges(v)} - {""}
        tag = found.pop() if len(found) == 1 else None if found else ""
        name = v.label if v.label in names else tag if v.label and tag in renamed else ""
        if name and tag != "":
            outputs.append((v, name))
            tag = ""
        tags[id(v)] = tag
    groups: dict[int, str] = {}
    for output, name in outputs:
        groups[id(output)] = name
        stack = [output]
        while stack:
            for _, x, _ in edges(stack.pop()):
                known, tag = groups.get(id(x)), tags[id(x)]
                if tag == "" or known == name or (known and (x.rule or tag != name)):
                    continue  # a leaf that is shared is in the group that it is named after
                groups[id(x)] = name
                if x.rule:
                    stack.append(x)
    return groups


def _names(order: Sequence[Value]) -> tuple[set[str], set[str]]:
    """The names of neurons, and those that no output has as its label.

    Weights tell, and what a layer calls its neurons.  A bias alone does for one with another's
    weights, if it is no factor: an input may have any name, such as ``"petal.length"``.
    """
    labels = {v.label for v in order if v.rule}
    parts = [(v, *v.label.rpartition(".")[::2]) for v in order if "." in v.label and not v.rule]
    names = {name for _, name, own in parts if name and WEIGHT.fullmatch(own)}
    renamed = names - labels
    biases = [(v, name) for v, name, own in parts if own == BIAS and name in labels - names]
    if biases:
        factors = {id(x) for v in order if v.rule and v.rule.name in PRODUCTS for x in v.inputs}
        names |= {name for v, name in biases if id(v) not in factors}
    names |= {label for label in labels if OF_LAYER.fullmatch(label.rpartition(".")[2])}
    return names, renamed


def prefixes(path: str) -> list[str]:
    """The groups that a group is in, from the outermost to itself.

    >>> prefixes("layer0.neuron2")
    ['layer0', 'layer0.neuron2']
    """
    parts = path.split(".", DEEPEST - 1)
    return [name for k in range(len(parts)) if (name := ".".join(parts[: k + 1]))]
