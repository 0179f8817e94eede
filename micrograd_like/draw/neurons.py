"""The neurons of a recorded graph: which there are, and each of their calls.

A neuron is a group with parameters that are multiplied with what the group is given.  It is told
apart by its parameters: over the rows of a batch it is one neuron that is called once a row, and
two models whose neurons have the same names are two all the same.

>>> from micrograd_like.nn import Neuron
>>> n = Neuron(2, name="n")
>>> [neuron] = neurons_of(Graph.of([n([1.0, 2.0]) + n([3.0, 4.0])]))
>>> [[(use.weight.label, use.source) for use in call.uses] for call in neuron.calls]
[[('n.w0', 1.0), ('n.w1', 2.0)], [('n.w0', 3.0), ('n.w1', 4.0)]]
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from micrograd_like.engine import Value
from micrograd_like.graph import GROUPS, labels_of, topological_order
from micrograd_like.groups import OF_LAYER, PRODUCTS, WEIGHT, groups_of

__all__ = ["Call", "Graph", "NeuronCalls", "Use", "natural", "neurons_of", "parameters_of"]


class Graph(NamedTuple):
    """A recorded graph, and what is asked of it again and again."""

    roots: list[Value]
    order: list[Value]
    operands: dict[int, tuple[Value | float, ...]]  # of operations, by their ids
    groups: dict[int, str]  # the innermost group of each value that is in one, by its id
    labels: Mapping[int, str]  # what values are called, by their ids

    @classmethod
    def of(cls, roots: Iterable[Value], labels: Mapping[int, str] | None = None) -> "Graph":
        """The graph that led to roots; ``labels`` are others than the values' own."""
        given = list(roots)
        order = topological_order(*given)
        operands = {id(v): v.inputs for v in order if v.rule}
        return cls(
            given, order, operands, groups_of(order), labels_of(order) if labels is None else labels
        )


class Use(NamedTuple):
    """What a call is given, a Value or a constant, and the weight it is multiplied with, if any."""

    weight: Value | None
    source: Value | float


class Call(NamedTuple):
    """One output of a neuron, with what it was made of."""

    name: str
    output: Value
    uses: list[Use]  # in the order of the weights' names
    others: list[Value]  # parameters that nothing given is multiplied with, such as a bias
    inside: list[Value]  # the output, and operations that were for it


class NeuronCalls(NamedTuple):
    """All calls with the same parameters; of several neurons with one name this is a version."""

    name: str
    version: int  # from 0
    calls: list[Call]

    @property
    def layer(self) -> tuple[str, int] | None:
        """The layer that it is in, with its version; None for a neuron by itself."""
        parent = self.name.rpartition(".")[0]
        return (parent, self.version) if _of_layer(self.name) else None


def neurons_of(graph: Graph) -> list[NeuronCalls]:
    """The neurons of a graph in their natural order, their calls in the order of the graph."""
    versions: dict[str, list[tuple[set[int], NeuronCalls]]] = {}  # by names, with parameters' ids
    for call in _calls(graph):
        own, same = set(map(id, parameters_of(call))), versions.setdefault(call.name, [])
        for known, neuron in same:
            if known <= own or own <= known:  # a call may be without some; others share only some
                known.update(own)
                neuron.calls.append(call)
                break
        else:
            same.append((own, NeuronCalls(call.name, len(same), [call])))
    found = [neuron for same in versions.values() for _, neuron in same]
    return sorted(found, key=lambda neuron: (neuron.version, natural(neuron.name)))


def parameters_of(call: Call) -> list[Value]:
    """The parameters that a call uses."""
    return [*(use.weight for use in call.uses if use.weight is not None), *call.others]


def natural(name: str) -> list[tuple[int, str]]:
    """A key by which neuron2 comes before neuron10.

    >>> sorted(["neuron10", "neuron2"], key=natural)
    ['neuron2', 'neuron10']
    """
    parts = re.split(r"([0-9]{1,9})", name)
    return [(int(part) if k % 2 else 0, part) for k, part in enumerate(parts)]


def _homes(graph: Graph) -> dict[int, str]:
    """For each value of a group with parameters, by its id, the name of that group.

    The innermost group with parameters counts: groups inside of it are the neuron's own business.
    """
    groups = graph.groups
    names = {
        groups[id(v)]
        for v in graph.order
        if id(v) in groups
        and (v.rule is None or (_is_output(v, groups[id(v)]) and _of_layer(groups[id(v)])))
    }  # that of a layer's neuron may have no parameter which it does not share
    homes = {}
    for group in set(groups.values()):
        around = accumulate(group.split("."), "{}.{}".format)
        homes[group] = next((name for name in reversed([*around]) if name in names), "")
    return {place: homes[group] for place, group in groups.items() if homes[group]}


def _calls(graph: Graph) -> Iterator[Call]:
    """Every output of a group whose parameters are multiplied with what it is given.

    An output has the name of its neuron, or the mark of one without a name.  A group without such
    outputs has those that are used outside of it, and roots.
    """
    homes = _homes(graph)
    inner = [(v, homes[id(v)]) for v in graph.order if v.rule and id(v) in homes]
    ends = {id(v): name for v, name in inner if _is_output(v, name)}
    known = set(ends.values())
    unknown = {id(v): name for v, name in inner if name not in known}
    if unknown:
        used = {id(v) for v in graph.roots} | {
            id(x)
            for place, operands in graph.operands.items()
            for x in operands
            if id(x) in unknown and homes.get(place) != unknown[id(x)]
        }
        ends |= {place: name for place, name in unknown.items() if place in used}
    for v, _ in inner:
        if id(v) in ends:
            call = _call(v, ends, graph.operands, homes)
            if any(use.weight is not None for use in call.uses):
                yield call


def _of_layer(name: str) -> bool:
    return bool(OF_LAYER.fullmatch(name.rpartition(".")[2]))


def _is_output(v: Value, name: str) -> bool:
    if v.label:
        return f".{name}".endswith(f".{v.label}")
    return any(mark.parameters for mark in getattr(v, GROUPS, ()))


def _is_weight(p: Value, name: str, homes: Mapping[int, str]) -> bool:
    return homes[id(p)] == name and bool(WEIGHT.fullmatch(p.label.rpartition(".")[2]))


def _call(
    output: Value,
    ends: Mapping[int, str],
    operands: Mapping[int, Sequence[Value | float]],
    homes: Mapping[int, str],
) -> Call:
    """What an output was made of, back to what its group was given."""
    name = ends[id(output)]
    uses: list[Use] = []
    others: dict[int, Value] = {}
    inside = {id(output): output}
    stack = [output]
    while stack:
        v = stack.pop()
        own: list[Value] = []
        given: list[Value | float] = []
        for x in operands[id(v)]:
            if isinstance(x, Value) and x.rule is None and id(x) in homes:
                own.append(x)  # of another neuron, too, where weights are shared
            elif not isinstance(x, Value) or id(x) in ends or homes.get(id(x)) != name:
                given.append(x)
            elif id(x) not in inside:
                inside[id(x)] = x
                stack.append(x)
        if v.rule and v.rule.name in PRODUCTS:
            weights = own if len(own) == 1 else [p for p in own if _is_weight(p, name, homes)]
            if len(weights) == 1 and len(own) + len(given) == 2:
                given += (p for p in own if p is not weights[0])  # another's as an input
                uses.append(Use(weights[0], given[0]))
                continue
        if own:
            others.update((id(p), p) for p in own)
        uses += [Use(None, x) for x in given if isinstance(x, Value)]
    uses.reverse()  # for uses of one weight: a sum is walked from its last term
    uses.sort(key=lambda use: (use.weight is None, natural(use.weight.label if use.weight else "")))
    return Call(name, output, uses, list(others.values()), list(inside.values()))
