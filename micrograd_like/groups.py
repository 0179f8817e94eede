"""Named parts of a calculation, which pictures and pages show as one node until they are opened.

>>> from micrograd_like import Value
>>> from micrograd_like.graph import topological_order
>>> x, y = Value(3.0, "x"), Value(4.0, "y")
>>> with group("length"):
...     r = (x * x + y * y).sqrt()
>>> set(groups_of(topological_order(r * 2)).values())
{'length'}

What is computed in a group leaves a mark on its results alone, the values that nothing else in the
group is made of; it says where the group begins.  Neurons need none: their names tell.
"""

import inspect
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from itertools import takewhile
from typing import Any, NamedTuple, ParamSpec, TypeVar

from micrograd_like import engine
from micrograd_like.arguments import function, text
from micrograd_like.engine import Value
from micrograd_like.graph import GROUPS, edges
from micrograd_like.guard import open_in_child
from micrograd_like.notation import SUBSCRIPTS

__all__ = ["group", "groups_of", "mark", "prefixes"]

DEEPEST = 8  # groups within groups that are told apart
WEIGHT = ".w0"  # behind a neuron's name
P = ParamSpec("P")
R = TypeVar("R")


class Mark(NamedTuple):
    """A group that a value is a result of: everything from it back to the values outside."""

    path: tuple[str, ...]  # the names of the groups around it, and its own
    outside: tuple[Value, ...]  # operations that it begins with and that are not in it
    parameters: tuple[Value, ...] = ()  # leaves that are


class _Recorder:
    """Keeps what is recorded in open groups, each thread's apart; without any it is not there."""

    def __init__(self) -> None:
        self.lock = open_in_child(threading.Lock())
        self.count = 0  # of open groups, in all threads
        self.own = threading.local()

    def open(self, name: str) -> None:
        stack = self.own.__dict__.setdefault("stack", [])
        stack.append((name, []))
        with self.lock:
            self.count += 1
            engine.on_record(self.made)

    def made(self, node: Value) -> None:
        """Called by the engine for each new node."""
        stack = getattr(self.own, "stack", None)
        if stack:
            stack[-1][1].append(node)

    def close(self) -> tuple[tuple[str, ...], list[Value]]:
        """The path of the innermost group, and what was made in it."""
        stack = self.own.stack
        path = tuple(name for name, _ in stack)
        made: list[Value] = stack.pop()[1]
        with self.lock:
            self.count -= 1
            if not self.count:
                engine.on_record(None)
        if stack:
            stack[-1][1].extend(made)
        return path, made


RECORDER = _Recorder()


class group:  # noqa: N801 - it reads like a word of the language
    """Name a part of a calculation: ``with group("loss"):``, or ``@group("loss")`` on a function.

    The operations recorded in it are one node of pictures until it is opened, as in
    ``draw_dot(loss, expand="loss")``, or is small.  A group within another has both names, as in
    ``"loss.softmax"``; groups of one name are shown as one.  Leaves are outside.

    A TypeError tells a name that is no text, a ValueError one that is empty.

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

    def __exit__(self, kind: object, *_: object) -> None:
        path, made = RECORDER.close()
        if kind is None and made:
            _mark_results(path, made)

    def __call__(self, f: Callable[P, R]) -> Callable[P, R]:
        """The function, whose operations are in the group."""
        function(f, f"group({self.name!r})", "anything; write it above a def")
        if inspect.isgeneratorfunction(f) or inspect.iscoroutinefunction(f):
            raise TypeError(
                f"group({self.name!r}): {f.__name__} is a generator, which runs outside of it; "
                "write `with group(...):` in it"
            )

        @wraps(f)
        def within(*args: P.args, **options: P.kwargs) -> R:
            with self:
                return f(*args, **options)

        return within


def mark(result: Value, name: str, outside: Iterable[Any], parameters: Sequence[Value]) -> None:
    """Make a value the result of a group that is known without recording: a neuron's."""
    begins = tuple(v for v in outside if isinstance(v, Value) and v._rule is not None)
    _add(result, Mark((name,), begins, tuple(parameters)))


def _mark_results(path: tuple[str, ...], made: list[Value]) -> None:
    inside = {id(v) for v in made}
    used: set[int] = set()
    outside: dict[int, Value] = {}
    for node in made:
        for _, v, _ in edges(node):
            if id(v) in inside:
                used.add(id(v))
            elif v._rule is not None:
                outside[id(v)] = v
    found = Mark(path, tuple(outside.values()))
    for node in made:
        if id(node) not in used:
            _add(node, found)


def _add(node: Value, found: Mark) -> None:
    setattr(node, GROUPS, (*getattr(node, GROUPS, ()), found))


def groups_of(order: Sequence[Value]) -> dict[int, str]:
    """For each value that is in a group, by its id, the group's name, as in ``layer0.neuron2``.

    The innermost group of each, with the names of those around it before it.
    """
    neurons, marked = _neurons(order), _marked(order)
    if not marked:
        return neurons
    around = _around(order, neurons, marked)
    found = {}
    for v in order:
        neuron, path = neurons.get(id(v)), marked.get(id(v), ())
        if neuron:
            before = around[neuron]
            path = (*before, neuron, *path[len(before) :])
        if path:
            found[id(v)] = ".".join(path)
    return found


def _around(
    order: Sequence[Value], neurons: Mapping[int, str], marked: Mapping[int, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """For each neuron the marked groups that all of it is in."""
    paths: dict[str, list[tuple[str, ...]]] = {}
    for v in order:
        neuron = neurons.get(id(v))
        if neuron:
            paths.setdefault(neuron, [])
            if v._rule is not None:
                paths[neuron].append(marked.get(id(v), ()))
    return {neuron: _in_common(found) for neuron, found in paths.items()}


def _in_common(paths: list[tuple[str, ...]]) -> tuple[str, ...]:
    """What all paths begin with: that of the first and the last in their order."""
    first, last = min(paths, default=()), max(paths, default=())
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return tuple(name for name, _ in same)


def _marked(order: Sequence[Value]) -> dict[int, tuple[str, ...]]:
    """The paths of marked groups, by the ids of values: the innermost of each."""
    results: dict[int, tuple[Mark, list[Value]]] = {}
    for v in order:
        for found in getattr(v, GROUPS, ()):
            results.setdefault(id(found), (found, []))[1].append(v)
    names = _told_apart([found for found, _ in results.values()])
    paths: dict[int, tuple[str, ...]] = {}
    for found, values in results.values():
        path = (*found.path[:-1], names[id(found)])
        for v in [*_inside(found, values), *found.parameters]:
            if len(path) > len(paths.get(id(v), ())):
                paths[id(v)] = path
    return paths


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
    parameters have it before a dot, and the values between depend on its parameters and on no other
    group's but through an output.
    """
    named = {v.label for v in order if v.rule}
    renamed = {v.label.removesuffix(WEIGHT) for v in order if v.label.endswith(WEIGHT)} - named
    tags: dict[int, str | None] = {}  # "" for no group, None for several
    outputs = []
    for v in order:
        if v.rule is None:
            prefix = v.label.rpartition(".")[0]
            tags[id(v)] = prefix if prefix.strip(".") and prefix in named | renamed else ""
            continue
        found = {tags[id(x)] for _, x, _ in edges(v)} - {""}
        tag = found.pop() if len(found) == 1 else None if found else ""
        if tag and (v.label == tag or (tag in renamed and v.label)):
            outputs.append((v, tag))
            tag = ""
        tags[id(v)] = tag
    groups: dict[int, str] = {}
    for output, name in outputs:
        groups[id(output)] = name
        stack = [output]
        while stack:
            for _, x, _ in edges(stack.pop()):
                if tags[id(x)] == name and id(x) not in groups:
                    groups[id(x)] = name
                    stack.append(x)
    return groups


def prefixes(path: str) -> list[str]:
    """The groups that a group is in, from the outermost to itself.

    >>> prefixes("layer0.neuron2")
    ['layer0', 'layer0.neuron2']
    """
    parts = path.split(".", DEEPEST - 1)
    return [name for k in range(len(parts)) if (name := ".".join(parts[: k + 1]))]
