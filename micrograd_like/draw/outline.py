"""What of a graph is shown, and what is shown as one: the outline of a picture.

Every value is a node of its own while they are few.  Past that, in this order and only as far as
needed: values that are made in the same way from the same ones are one node (the rows of a data
set, the terms of a sum); a neuron is one node; a layer is one node; and what is farthest from the
root is hidden behind one node that says how much it hides.

Neurons and layers are known by their names.  A value called ``layer0.neuron2`` is the output of
what ``layer0.neuron2.w0`` is a parameter of, and everything between the two belongs to it.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from micrograd_like.arguments import several, short
from micrograd_like.engine import Value
from micrograd_like.graph import edges, topological_order
from micrograd_like.notation import listed

__all__ = ["Link", "Node", "Outline", "check_groups", "groups_of", "names_to_open", "prefixes"]

DEEPEST = 8  # groups within groups
FEW = 50  # values that a picture shows one by one
HIDDEN = ("hidden",)
Keys = dict[int, Any]  # for each value, by its id, the key of the node that shows it


class Node(NamedTuple):
    """One or more values that are shown as one."""

    kind: str  # "leaf", "parameter", "value", "root", "group" or "hidden"
    name: str  # a label, the name of a group, or ""
    members: list[Value]
    group: str  # the innermost open group that it is in, or ""
    outputs: list[Value]  # of a group its neurons' outputs, else the members

    @property
    def first(self) -> Value:
        """The first of its values."""
        return self.members[0]

    @property
    def value(self) -> Value | None:
        """The value that the node stands for alone; None where it stands for several."""
        alone = len(self.members) == 1 and self.kind not in ("group", "hidden")
        return self.first if alone else None

    @property
    def has_operation(self) -> bool:
        """Whether the operation that makes its values is drawn in front of it."""
        return self.kind in ("value", "root") and self.first.rule is not None


class Link(NamedTuple):
    """The edges from one node to an input of another: one, or many alike."""

    source: int  # places of nodes in the outline
    target: int
    position: int
    edges: list[tuple[Value, int]]  # the value that each leads to, and the position there


class Outline:
    """The nodes of a picture, inputs first, and the links between them.

    ``expand`` names groups to keep open, or is ``"all"``; ``depth`` is how many operations away
    from a root values are still shown.  ``clusters`` has the open groups by the one that they are
    in, "" for the picture itself, and ``parents`` the other way round.
    """

    def __init__(
        self,
        roots: Sequence[Value],
        expand: Iterable[str] | None = (),
        depth: int | None = None,
        where: str = "draw_dot",
    ) -> None:
        self.roots = list(roots)
        self.order = topological_order(*roots)
        self.groups = groups_of(self.order)
        names = names_to_open(expand, where)
        check_groups(names, where, self.groups)
        everything = "all" in names
        opened = {prefix for name in names for prefix in prefixes(name)}
        keys: Keys = {}
        for keys in self._levels(opened):
            if everything or _count(keys, self.groups, opened) <= FEW:
                break
        else:
            depth = min(depth or len(self.order), self._depth_that_fits(keys))
        if depth is not None:
            keys = self._cut(keys, depth)
        self.nodes, places = self._nodes(keys)
        self.links = self._links(places)
        self.clusters: dict[str, list[str]] = {}
        for node in self.nodes:
            around = prefixes(node.group)
            for parent, name in zip(["", *around], around, strict=False):
                if name not in self.clusters.setdefault(parent, []):
                    self.clusters[parent].append(name)
        self.parents = {name: parent for parent, names in self.clusters.items() for name in names}

    def _levels(self, opened: set[str]) -> Iterator[Keys]:
        """Ever fewer nodes: one a value; one for values alike; groups as one, the inner first."""
        yield {id(v): k for k, v in enumerate(self.order)}
        alike = self._alike()
        yield alike
        deepest = max((len(prefixes(group)) for group in self.groups.values()), default=0)
        for level in range(deepest, 0, -1):
            keys = dict(alike)
            for place, group in self.groups.items():
                closed = next((g for g in prefixes(group)[level - 1 :] if g not in opened), None)
                if closed:
                    keys[place] = ("group", closed)
            yield keys

    def _alike(self) -> Keys:
        """Keys by how values are made: by the same rule, of operands with the same keys.

        A running sum of terms alike has one key, however many it adds; so has a rule that is
        applied to its own result again and again.
        """
        roots = {id(root) for root in self.roots}
        known: dict[Any, int] = {}
        made: list[Any] = []  # for each key, what its values are made of
        keys: Keys = {}
        for k, v in enumerate(self.order):
            inputs = tuple(keys[id(x)] if isinstance(x, Value) else None for x in v.inputs)
            kind = (v.rule, v.label, self.groups.get(id(v), ""), k if id(v) in roots else None)
            again = (
                key
                for place, key in enumerate(inputs)
                if key is not None and _same_but(made[key], (kind, inputs), place)
            )
            key = next(again, None)
            if key is None:
                key = known.setdefault((kind, inputs), len(made))
                made += [(kind, inputs)] if key == len(made) else []
            keys[id(v)] = key
        return keys

    def _distances(self, keys: Keys) -> dict[Any, int]:
        """How many operations each key is away from a root's."""
        inputs: dict[Any, list[Any]] = {}
        for v in self.order:
            inputs.setdefault(keys[id(v)], []).extend(keys[id(x)] for _, x, _ in edges(v))
        distances = {keys[id(root)]: 0 for root in self.roots}
        queue = list(distances)
        for key in queue:
            for other in inputs[key]:
                if other not in distances:
                    distances[other] = distances[key] + 1
                    queue.append(other)
        return distances

    def _depth_that_fits(self, keys: Keys) -> int:
        near = sorted(self._distances(keys).values())
        return max(1, near[FEW] - 1) if len(near) > FEW else len(near)

    def _cut(self, keys: Keys, depth: int) -> Keys:
        distances = self._distances(keys)
        far = {key for key, distance in distances.items() if distance > depth}
        return {place: HIDDEN if key in far else key for place, key in keys.items()}

    def _nodes(self, keys: Keys) -> tuple[list[Node], dict[int, int]]:
        """The nodes, and for each value, by its id, the place of its node."""
        members: dict[Any, list[Value]] = {}
        for v in self.order:
            members.setdefault(keys[id(v)], []).append(v)
        nodes = [self._node(key, values) for key, values in members.items()]
        places = {key: place for place, key in enumerate(members)}
        return nodes, {id(v): places[keys[id(v)]] for v in self.order}

    def _node(self, key: Any, values: list[Value]) -> Node:
        if key == HIDDEN:
            return Node("hidden", "", values, "", values)
        group = self.groups.get(id(values[0]), "")
        if isinstance(key, tuple) and key[0] == "group":
            around = prefixes(group)[: prefixes(group).index(key[1])]
            outputs = [v for v in values if v.rule and v.label == self.groups[id(v)]]
            return Node("group", key[1], values, around[-1] if around else "", outputs or values)
        kind = "value" if values[0].rule else "parameter" if group else "leaf"
        if any(v is root for root in self.roots for v in values):
            kind = "root"
        return Node(kind, values[0].label, values, group, values)

    def _links(self, places: Mapping[int, int]) -> list[Link]:
        links: dict[tuple[int, int, int], Link] = {}
        for v in self.order:
            target = places[id(v)]
            whole = self.nodes[target].kind in ("group", "hidden")
            for position, x, _ in edges(v):
                if places[id(x)] == target:
                    continue
                place = (places[id(x)], target, 0 if whole else position)
                links.setdefault(place, Link(*place, [])).edges.append((v, position))
        return list(links.values())


def groups_of(order: Sequence[Value]) -> dict[int, str]:
    """For each value of a neuron, by its id, the neuron's name, as in ``layer0.neuron2``.

    The neuron's output has the name as its label, its parameters have it before a dot, and the
    values between depend on its parameters and on no other group's but through an output.
    """
    labels = {v.label for v in order if v.rule}
    tags: dict[int, str | None] = {}  # "" for no group, None for several
    outputs = []
    for v in order:
        if v.rule is None:
            prefix = v.label.rpartition(".")[0]
            tags[id(v)] = prefix if prefix.strip(".") and prefix in labels else ""
            continue
        found = {tags[id(x)] for _, x, _ in edges(v)} - {""}
        tag = found.pop() if len(found) == 1 else None if found else ""
        if tag and v.label == tag:
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


def prefixes(group: str) -> list[str]:
    """The groups that a group is in, from the outermost to itself."""
    parts = group.split(".", DEEPEST - 1)
    return [name for k in range(len(parts)) if (name := ".".join(parts[: k + 1]))]


def names_to_open(expand: Any, where: str) -> list[Any]:
    """The names that ``expand`` has, for the function ``where``."""
    if expand is None:
        return []
    given = [expand] if isinstance(expand, str) else expand
    return several(given, f"{where}: expand", 'names of groups, or the word "all"')


def check_groups(names: Iterable[Any], where: str, groups: Mapping[int, str]) -> None:
    """A ValueError for a name of no group."""
    there = sorted({prefix for group in set(groups.values()) for prefix in prefixes(group)})
    for name in names:
        if name != "all" and name not in there:
            raise ValueError(
                f"{where}: expand has no group {short(name)} to open; there are {listed(there)}"
            )


def _count(keys: Keys, groups: Mapping[int, str], opened: set[str]) -> float:
    """How many nodes there are beside those in groups that the user has opened."""
    if not keys:
        return math.inf
    return len({key for place, key in keys.items() if groups.get(place) not in opened})


def _same_but(made: Any, own: Any, place: int) -> bool:
    """Whether two keys' values are made alike but for the operand at one place."""
    if made[0] != own[0] or len(made[1]) != len(own[1]):
        return False
    return all(a == b for k, (a, b) in enumerate(zip(made[1], own[1], strict=True)) if k != place)
