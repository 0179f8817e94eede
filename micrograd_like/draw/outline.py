"""What of a graph is shown, and what is shown as one: the outline of a picture.

Every value, or every sum (`units`), is a node of its own while they are few; a large group is one
node.  Past that, in this order and only as far as needed: values that are made in the same way from
the same ones are one node (the rows of a data set, the terms of a sum); every group is one node,
the inner ones first (neurons, then layers); and what is farthest from the root is hidden behind one
node that says how much it hides.
"""

import copy
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from micrograd_like.arguments import several, short
from micrograd_like.draw.units import Edge, Term, Unit, rows_of, units_of
from micrograd_like.engine import Value
from micrograd_like.graph import labels_of, topological_order
from micrograd_like.groups import groups_of, prefixes
from micrograd_like.notation import listed
from micrograd_like.parameters import learned

__all__ = ["FEW", "Link", "Node", "Outline", "check_groups", "names_to_open"]

FEW = 50  # nodes that a picture shows one by one
FEWEST = 8  # that remain of them, however large they are
SMALL = 12  # nodes of a group that is open by itself
HIDDEN = ("hidden",)
Keys = list[Any]  # for each unit the key of the node that shows it


class Node(NamedTuple):
    """One or more values that are shown as one."""

    kind: str  # "leaf", "parameter", "value", "root", "group" or "hidden"
    name: str  # a label, the name of a group, or ""
    members: list[Value]  # all that it stands for
    group: str  # the innermost open group that it is in, or ""
    outputs: list[Value]  # of these the ones whose numbers it shows; a group's results
    terms: list[Term]  # of a sum that is drawn with its terms

    @property
    def first(self) -> Value:
        """The first of its values."""
        return self.outputs[0]

    @property
    def value(self) -> Value | None:
        """The value whose number and gradient it shows; None where they are several."""
        alone = len(self.outputs) == 1 and self.kind not in ("group", "hidden")
        return self.first if alone else None

    @property
    def output(self) -> Value | None:
        """The value whose gradient it shows, a group's result; None where they are several."""
        return self.first if len(self.outputs) == 1 and self.kind != "hidden" else None

    @property
    def parameters(self) -> list[Value]:
        """The leaves inside a group, which are what it learns."""
        return [v for v in self.members if v.rule is None] if self.kind == "group" else []

    @property
    def folds(self) -> bool:
        """Whether there are operations in it that have no node of their own."""
        return len(self.members) > len(self.outputs) and self.kind not in ("group", "hidden")


class Link(NamedTuple):
    """The edges from one node to an input of another: one, or many alike."""

    source: int  # places of nodes in the outline
    target: int
    position: int  # of an operand, or of a sum's term
    edges: list[Edge]


class Outline:
    """The nodes of a picture, inputs first, and the links between them.

    ``expand`` names groups to keep open, or is ``"all"``; ``depth`` is how many operations away
    from a root values are still shown.  With ``sums``, sums are shown with their terms.  ``fits``
    says whether an outline is small enough; one of more than 50 nodes is not.  ``labels`` are what
    values are called, if not by their own labels.  ``clusters`` has the open groups by the one that
    they are in, "" for the picture itself, and ``parents`` the other way round.
    """

    def __init__(
        self,
        roots: Sequence[Value],
        expand: Iterable[str] | None = (),
        depth: int | None = None,
        where: str = "draw_dot",
        sums: bool = False,
        fits: Callable[["Outline"], bool] = lambda outline: True,
        labels: Mapping[int, str] | None = None,
    ) -> None:
        self.roots = list(roots)
        self._roots = {id(root) for root in roots}
        self.order = topological_order(*roots)
        self.groups, self._learned = groups_of(self.order), learned()
        names = names_to_open(expand, where)
        check_groups(names, where, self.groups)
        self.labels = labels_of(self.order) if labels is None else labels
        self.units = units_of(self.order, roots, self.groups, sums, self.labels)
        self._unit_of = {id(v): k for k, unit in enumerate(self.units) for v in unit.members}
        self._group = [self.groups.get(id(unit.value), "") for unit in self.units]
        self._choose(names, depth, fits)

    def opened(self, expand: Iterable[str], fits: Callable[["Outline"], bool]) -> "Outline":
        """Another outline of the same graph, with these groups open: what both need is there."""
        other = copy.copy(self)
        other._alike = self._alike
        other._choose(list(expand), None, fits)
        return other

    def _choose(
        self, names: list[Any], depth: int | None, fits: Callable[["Outline"], bool]
    ) -> None:
        """Show as much as fits."""
        opened = {prefix for name in names for prefix in prefixes(name)}
        keys: Keys = []
        for keys in self._levels(opened, "all" in names):
            if "all" in names or self._count(keys, opened) <= FEW:
                self._show(
                    keys if depth is None else self._cut(keys, depth, self._sources(keys), FEW)
                )
                if "all" in names or fits(self):
                    break
        else:
            sources = self._sources(keys)
            near = min(depth or FEW, self._depth_that_fits(keys, sources))
            most = len(self.units) if opened else FEW
            self._show(self._cut(keys, near, sources, most))
            while not fits(self) and (near > 1 or most > FEWEST):
                near, most = (near * 4 // 5, most) if near > 1 else (near, most * 4 // 5)
                self._show(self._cut(keys, near, sources, most))

    def _show(self, keys: Keys) -> None:
        """Have the nodes and links that the units' keys make."""
        self.nodes, places = self._nodes(keys)
        self.links = self._links(places)
        self.clusters: dict[str, list[str]] = {}
        for node in self.nodes:
            around = prefixes(node.group)
            for parent, name in zip(["", *around], around, strict=False):
                if name not in self.clusters.setdefault(parent, []):
                    self.clusters[parent].append(name)
        self.parents = {name: parent for parent, names in self.clusters.items() for name in names}

    def _levels(self, opened: set[str], everything: bool) -> Iterator[Keys]:
        """Ever fewer nodes: large groups as one; values alike as one; groups, the inner first."""
        single: Keys = list(range(len(self.units)))
        if everything:
            yield single
        paths = {path: len(prefixes(path)) for group in {*self._group} for path in prefixes(group)}
        large = {path for path, count in Counter(self._group).items() if count > SMALL}
        yield self._closed(single, large - opened)
        alike = self._alike
        yield alike
        for level in range(max(paths.values(), default=0), 0, -1):
            yield self._closed(alike, {p for p, depth in paths.items() if depth >= level} - opened)

    def _closed(self, keys: Keys, closed: set[str]) -> Keys:
        """The keys, but for units that are in one of the groups."""
        first = {
            group: next((path for path in prefixes(group) if path in closed), None)
            for group in {*self._group}
        }
        return [
            ("group", path) if (path := first[group]) else key
            for key, group in zip(keys, self._group, strict=True)
        ]

    @cached_property
    def _alike(self) -> Keys:
        """Keys by how values are made: by the same rule, of operands with the same keys.

        A running sum of terms alike has one key, however many it adds; so has a rule that is
        applied to its own result again and again.
        """
        known: dict[Any, int] = {}
        made: list[Any] = []  # for each key, what its values are made of
        keys: Keys = []
        for k, unit in enumerate(self.units):
            v = unit.value
            inputs = self._inputs(unit, keys)
            own = k if id(v) in self._roots else None
            kind = (unit.made, self.labels[id(v)], self._group[k], own)
            again = (
                key
                for place, key in enumerate(inputs)
                if key is not None and _same_but(made[key], (kind, inputs), place)
            )
            key = next(again, None)
            if key is None:
                key = known.setdefault((kind, inputs), len(made))
                made += [(kind, inputs)] if key == len(made) else []
            keys.append(key)
        return keys

    def _inputs(self, unit: Unit, keys: Keys) -> tuple[Any, ...]:
        """The keys of what a unit is made of; None for the constant of an operation."""
        if len(unit.members) > 1:
            return tuple(keys[self._unit_of[id(x)]] for x, _ in unit.edges)
        return tuple(
            keys[self._unit_of[id(x)]] if isinstance(x, Value) else None for x in unit.value.inputs
        )

    def _sources(self, keys: Keys) -> dict[Any, set[Any]]:
        """For each key those of what is used there."""
        sources: dict[Any, set[Any]] = {}
        for key, unit in zip(keys, self.units, strict=True):
            found = sources.setdefault(key, set())
            found.update([keys[self._unit_of[id(x)]] for x, _ in unit.edges])
        return sources

    def _distances(self, keys: Keys, sources: Mapping[Any, set[Any]]) -> dict[Any, int]:
        """How many operations each key is away from a root's."""
        distances = {keys[self._unit_of[id(root)]]: 0 for root in self.roots}
        queue = list(distances)
        for key in queue:
            for other in sources[key]:
                if other not in distances:
                    distances[other] = distances[key] + 1
                    queue.append(other)
        return distances

    def _depth_that_fits(self, keys: Keys, sources: Mapping[Any, set[Any]]) -> int:
        near = sorted(self._distances(keys, sources).values())
        return max(1, near[FEW] - 1) if len(near) > FEW else len(near)

    def _cut(self, keys: Keys, depth: int, sources: Mapping[Any, set[Any]], most: int) -> Keys:
        """The keys without those that are too far, nor those between them: no edge leads back."""
        distances = self._distances(keys, sources)
        nearest = sorted(distances, key=lambda key: distances[key])  # and as they are met
        hidden = {key for key in nearest if distances[key] > depth} | set(nearest[most:])
        users: dict[Any, set[Any]] = {key: set() for key in sources}
        for key, found in sources.items():
            for source in found:
                users[source].add(key)
        roots = {key for key, distance in distances.items() if not distance}
        hidden |= (_reached(hidden, sources) & _reached(hidden, users)) - roots
        return [HIDDEN if key in hidden else key for key in keys]

    def _nodes(self, keys: Keys) -> tuple[list[Node], dict[int, int]]:
        """The nodes, and for each value, by its id, the place of its node."""
        units: dict[Any, list[Unit]] = {}
        for key, unit in zip(keys, self.units, strict=True):
            units.setdefault(key, []).append(unit)
        numbers = {key: place for place, key in enumerate(units)}
        places = {
            id(v): numbers[key]
            for key, unit in zip(keys, self.units, strict=True)
            for v in unit.members
        }
        used = {
            id(x) for unit in self.units for x, edge in unit.edges
            if places[id(x)] != places[id(edge.node)]
        } | self._roots  # fmt: skip
        return [self._node(key, of, used) for key, of in units.items()], places

    def _node(self, key: Any, units: list[Unit], used: set[int]) -> Node:
        """One node, of units with one key; ``used`` has what other nodes take from it."""
        members = [v for unit in units for v in unit.members]
        values = [unit.value for unit in units]
        if key == HIDDEN:
            return Node("hidden", "", members, "", members, [])
        group = self.groups.get(id(values[0]), "")
        if isinstance(key, tuple) and key[0] == "group":
            around = prefixes(group)[: prefixes(group).index(key[1])]
            outputs = [v for v in values if id(v) in used and v.rule]
            inside = around[-1] if around else ""
            return Node("group", key[1], members, inside, outputs or values, [])
        kind = "value" if values[0].rule else "leaf"
        if kind == "leaf" and (group or all(id(v) in self._learned for v in values)):
            kind = "parameter"
        if any(id(v) in self._roots for v in values):
            kind = "root"
        terms = units[0].terms if len(units) == 1 else []
        return Node(kind, self.labels[id(values[0])], members, group, values, terms)

    def _links(self, places: Mapping[int, int]) -> list[Link]:
        links: dict[tuple[int, int, int], Link] = {}
        for unit in self.units:
            target = places[id(unit.value)]
            node = self.nodes[target]
            positions = _positions(node, unit)
            for place, (x, edge) in enumerate(unit.edges):
                if places[id(x)] == target:
                    continue
                source = places[id(x)]
                position = 0 if self.nodes[source].kind == "hidden" else positions[place]
                at = (source, target, position)
                links.setdefault(at, Link(*at, [])).edges.append(edge)
        return list(links.values())

    @property
    def hides(self) -> bool:
        """Whether there are values that no node but one for what is far away stands for."""
        return any(node.kind == "hidden" for node in self.nodes)

    @property
    def is_whole(self) -> bool:
        """Whether every unit is a node."""
        return len(self.nodes) == len(self.units)

    def is_root(self, node: Node) -> bool:
        """Whether a node shows a root, or is a group with one among its results."""
        return node.kind != "hidden" and any(id(v) in self._roots for v in node.outputs)

    @property
    def shown(self) -> int:
        """How many values have a node of their own, with their number and gradient."""
        return sum(node.value is not None for node in self.nodes)

    def columns(self) -> list[int]:
        """How many columns each node is away from a root: as many as the longest way has edges."""
        columns = [0] * len(self.nodes)
        backward = sorted(self.links, key=lambda link: link.target, reverse=True)
        for link in backward * 2:  # again for what leads to the hidden ones, which stand first
            columns[link.source] = max(columns[link.source], columns[link.target] + 1)
        return columns

    def _count(self, keys: Keys, opened: set[str]) -> float:
        """How many nodes there are beside those in groups that the user has opened."""
        pairs = zip(keys, self._group, strict=True)
        return len({key for key, group in pairs if group not in opened}) if keys else math.inf


def _positions(node: Node, unit: Unit) -> list[int]:
    """Where each edge into a unit leads to: its operand's place, a term, or one place for all."""
    if node.kind in ("group", "hidden"):
        return [0] * len(unit.edges)
    if not node.folds:
        return [edge.position for _, edge in unit.edges]
    if not node.terms:
        return list(range(len(unit.edges))) if node.value else [0] * len(unit.edges)
    rows = enumerate(rows_of(node.terms))
    row_of = {place: k for k, row in rows for term in row for place in term.places}
    return [row_of[edge.place] for _, edge in unit.edges]


def _reached(start: Iterable[Any], after: Mapping[Any, Iterable[Any]]) -> set[Any]:
    """What can be reached from a start, without the start unless a way leads back to it."""
    reached: set[Any] = set()
    stack = list(start)
    while stack:
        new = [key for key in after[stack.pop()] if key not in reached]
        reached.update(new)
        stack += new
    return reached


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


def _same_but(made: Any, own: Any, place: int) -> bool:
    """Whether two keys' values are made alike but for the operand at one place."""
    if made[0] != own[0] or len(made[1]) != len(own[1]):
        return False
    return all(a == b for k, (a, b) in enumerate(zip(made[1], own[1], strict=True)) if k != place)
