"""What neurons are given that no neuron makes: which values are one input, or one operation.

Over a batch the same input is another value in every row.  Values are one that have the same label,
or that come in at the same place: of a neuron, or of an operation whose results are one.  If a call
is given two of them, as windows that slide over a row are, then they are one by the label alone, or
else not at all.  Constants at one weight are one input; neurons share it that are given the same.

>>> from micrograd_like.draw.neurons import neurons_of
>>> from micrograd_like.nn import Neuron
>>> n = Neuron(2, name="n")
>>> graph = Graph.of([n([Value(3.0), 5.0]) * n([Value(4.0), 5.0])])
>>> sources = Sources(graph, neurons_of(graph))
>>> [source.numbers for source in sources.found]
[[3.0, 4.0], [5.0, 5.0]]
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from micrograd_like.draw.neurons import Call, Graph, NeuronCalls, parameters_of
from micrograd_like.engine import Value

__all__ = ["Source", "Sources"]

Key = tuple[Any, ...]


class Source(NamedTuple):
    """An input, or an operation between neurons."""

    values: list[Value]  # none if it is of constants
    numbers: list[float]
    place: int | None  # among the weights of the first neuron that takes it; None for a window's


class Sources:
    """The sources of a graph, in the order in which its neurons take them."""

    def __init__(self, graph: Graph, neurons: Sequence[NeuronCalls]) -> None:
        self.graph, self.neurons = graph, neurons
        self.within = {id(v) for n in neurons for call in n.calls for v in call.inside}
        self.parameters = {id(p) for n in neurons for call in n.calls for p in parameters_of(call)}
        self.direct = {id(x): x for n in neurons for c in n.calls for x in self.given(c).values()}
        self.needed = dict(self.direct)  # all that these are made of, too
        for v in reversed(self.graph.order):
            if id(v) in self.needed:
                self.needed.update((id(x), x) for _, x in self.outside(v))
        self.found: list[Source] = []
        self.of_constant: dict[tuple[int, int], int] = {}  # by a neuron's and a weight's place
        self._find()

    def outside(self, v: Value) -> Iterator[tuple[int, Value]]:
        """The operands of a value that are neither a neuron's nor its parameters, with places."""
        for k, x in enumerate(self.graph.operands.get(id(v), ())):
            if isinstance(x, Value) and id(x) not in self.within and id(x) not in self.parameters:
                yield k, x

    def given(self, call: Call) -> dict[Key, Value]:
        """What a call is given from outside of neurons, by the weights' ids, or by places.

        A weight may be there again, and then counts as another.
        """
        found: dict[Key, Value] = {}
        again: Counter[int] = Counter()
        for k, use in enumerate(call.uses):
            again[id(use.weight)] += 1
            if isinstance(use.source, Value) and id(use.source) not in self.within:
                place = ("place", k) if use.weight is None else ("weight", id(use.weight))
                found[*place, again[id(use.weight)]] = use.source
        return found

    def _find(self) -> None:
        """The sources, first those that neurons are given, then the leaves behind operations."""
        keys, frames = self._keys(), self._frames()
        members: dict[Key, list[Value]] = {}
        for v in self.graph.order:
            if id(v) in self.direct or (id(v) in self.needed and v.rule is None):
                members.setdefault(keys[id(v)], []).append(v)
        places: dict[Key, int] = {}
        constants: dict[Key, list[float]] = {}
        of_constant: dict[tuple[int, int], Key] = {}
        for k, neuron in enumerate(self.neurons):
            for place in range(max(len(call.uses) for call in neuron.calls)):
                given = [call.uses[place].source for call in neuron.calls if len(call.uses) > place]
                for x in given:
                    if id(x) in keys:
                        places.setdefault(keys[id(x)], place)
                fixed = [x for x in given if not isinstance(x, Value)]
                if fixed:
                    of_constant[k, place] = key = ("constant", frames[k], place)
                    places.setdefault(key, place)
                    longest: list[float] = constants.get(key, [])
                    constants[key] = longest if len(longest) >= len(fixed) else [*fixed]
        at = {key: k for k, key in enumerate(places | dict.fromkeys(members))}
        for key in at:
            values = members.get(key, [])
            numbers = [v.data for v in values] or constants[key]
            self.found.append(Source(values, numbers, None if key[0] == "id" else places.get(key)))
        self.of_constant = {place: at[key] for place, key in of_constant.items()}

    def _frames(self) -> list[int]:
        """For each neuron the number of its row of constants: a layer's neurons have the same."""
        by_constants: dict[Key, int] = {}
        by_layer: dict[Key, int] = {}
        frames = []
        for k, neuron in enumerate(self.neurons):
            fixed = tuple(
                (place, use.source)
                for call in neuron.calls
                for place, use in enumerate(call.uses)
                if not isinstance(use.source, Value)
            )
            layer = neuron.layer or (k,)
            frame = by_layer.setdefault(layer, by_constants.setdefault(fixed, k))
            frames.append(frame)
        return frames

    def _keys(self) -> dict[int, Key]:
        """For each value that is needed, by its id, what those share that are one with it."""
        joined = _Joined()
        for k, neuron in enumerate(self.neurons):
            for call in neuron.calls:
                for slot, x in self.given(call).items():
                    joined.put(x, (k, *slot))
        for v in reversed(self.graph.order):
            if id(v) in self.needed:
                if v.label and v.rule is None:
                    joined.put(v, ("label", v.label))
                for place, x in self.outside(v):
                    joined.put(x, ("operand", joined.find(id(v)), place))
        keys: dict[int, Key] = {place: ("joined", joined.find(place)) for place in self.needed}
        for by_label in (True, False):
            mixed = self._mixed(keys)
            for place, v in self.needed.items():
                if keys[place] in mixed:
                    keys[place] = ("label", v.label) if by_label and v.label else ("id", place)
        return keys

    def _mixed(self, keys: Mapping[int, Key]) -> set[Key]:
        """The keys of which a call or an operation is given two values."""
        together: list[Iterable[Value]] = [
            self.given(call).values() for neuron in self.neurons for call in neuron.calls
        ]
        together += [[x for _, x in self.outside(v)] for v in self.needed.values()]
        mixed = set()
        for values in together:
            met: dict[Key, int] = {}
            for x in values:
                if met.setdefault(keys[id(x)], id(x)) != id(x):
                    mixed.add(keys[id(x)])
        return mixed


class _Joined:
    """Values found to be one, step by step: a union-find of their ids."""

    def __init__(self) -> None:
        self.parents: dict[int, int] = {}
        self.slots: dict[Key, int] = {}

    def find(self, place: int) -> int:
        """The id that stands for all that are one with this."""
        while (parent := self.parents.setdefault(place, place)) != place:
            self.parents[place] = place = self.parents[parent]
        return place

    def put(self, v: Value, slot: Key) -> None:
        """What is put into one slot is one."""
        self.parents[self.find(id(v))] = self.find(self.slots.setdefault(slot, id(v)))
