"""A network, found again in a recorded graph: neurons, what connects them, and what is around.

What the calls of a neuron are given at one weight is one input over a batch, or one operation
between neurons.  What is made of the outputs last, such as a loss, is a result.

>>> from micrograd_like.nn import Neuron
>>> y = Neuron(2, activation="tanh", name="n")([Value(3.0, "x"), 5.0])
>>> network = Network.of([y * y])
>>> [(unit.kind, unit.name, unit.column) for unit in network.units]
[('input', 'x', 0), ('input', 'x1', 0), ('neuron', 'n', 1), ('result', 'result', 2)]
>>> [link.weight.name for link in network.connections if link.weight]
['n.w0', 'n.w1']
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from micrograd_like.arguments import several, text
from micrograd_like.draw.neurons import Graph, NeuronCalls, natural, neurons_of, parameters_of
from micrograd_like.draw.numbers import Numbers, total
from micrograd_like.draw.sources import Source, Sources
from micrograd_like.engine import Value
from micrograd_like.graph import labels_of
from micrograd_like.groups import prefixes
from micrograd_like.notation import OPERATORS, SUBSCRIPTS, apart, plural, symbol

__all__ = ["Connection", "Network", "Unit", "Weight", "mean"]

WHERE = "network view"
ROUNDING = 1e-14  # of the largest term: a sum that is not more has lost all its digits
MOST_RESULTS = 6  # that are drawn one by one
KINDS = ("input", "operation", "neuron", "result")
NO_WEIGHT = 0
Key = tuple[Any, ...]


class Weight(NamedTuple):
    """A parameter with its numbers; the gradient is None where none has been computed."""

    name: str
    data: float
    grad: float | None
    parameter: Value


class Unit(NamedTuple):
    """What is drawn as one circle, or of a result as one box."""

    kind: str  # "input", "neuron", "operation" or "result"
    name: str
    data: list[float]  # one number a row, or a call
    column: int = 0
    block: str = ""  # the name of a neuron's layer, or of an operation's group
    symbol: str = ""  # of an operation or an activation, or the group of a result
    parameters: tuple[Weight, ...] = ()  # of a neuron, those that no input is multiplied with
    values: tuple[Value, ...] = ()  # that the data are of; an input of constants has none


class Connection(NamedTuple):
    """What goes from one unit into another, over all calls: by a weight, or without one."""

    source: int  # places in the network's units
    target: int
    weight: Weight | None
    given: float  # what comes along, the mean over these calls
    calls: int  # of the target, in which something does

    @property
    def product(self) -> float | None:
        """What it adds to the target's sum, the mean over the calls; None without a weight."""
        return None if self.weight is None else self.weight.data * self.given


class Network(NamedTuple):
    """Units column by column, from the top of each, and their connections."""

    units: list[Unit]
    connections: list[Connection]
    leaves: int  # further ones, such as targets in a loss
    elsewhere: int  # parameters that are used outside of neurons, such as by a penalty

    @classmethod
    def of(
        cls,
        roots: Sequence[Value],
        inputs: Iterable[str | Value] = (),
        labels: Mapping[int, str] | None = None,
    ) -> "Network":
        """The network of the graph that led to roots.

        ``inputs`` are names for the inputs that have no label, in the order of the weights, or
        leaves with such labels.  ``labels`` are what values are called, if not by their own labels;
        ``inputs`` come first.  A ValueError tells that there is no neuron, or that there are not as
        many names as inputs.
        """
        return _Reader(roots, inputs, labels).network()


def mean(numbers: Sequence[float]) -> float:
    """The mean of one or more numbers, of any size; 0 where what is left of them is rounding.

    >>> mean([1.0, 2.0]), mean([1e308, 1e308]), mean([0.3, -0.1, -0.2])
    (1.5, 1e+308, 0.0)
    """
    terms = [x / len(numbers) for x in numbers]
    found = total(terms)
    return 0.0 if abs(found) < ROUNDING * max(map(abs, terms)) else found


class _Reader:
    """A graph being read: units are added, then linked, then brought into columns."""

    def __init__(
        self,
        roots: Sequence[Value],
        inputs: Iterable[str | Value],
        labels: Mapping[int, str] | None,
    ) -> None:
        self.graph = Graph.of(roots, labels)
        self.neurons = neurons_of(self.graph)
        if not self.neurons:
            raise ValueError(
                f"{WHERE}: needs neurons, such as those of MLP(2, [3, 1]); this graph has none: "
                'take view="values" or view="sums"'
            )
        self.sources = Sources(self.graph, self.neurons)
        given = several([inputs] if isinstance(inputs, str) else inputs, f"{WHERE}: inputs")
        names = (x.label or f"x{k}" if isinstance(x, Value) else x for k, x in enumerate(given))
        self.names = [text(name, f"{WHERE}: inputs") for name in names]
        self.weights = _weights(self.neurons)
        self.units: list[Unit] = []
        self.cells: list[Key] = []  # for each unit, what stands in one column with it
        self.unit_of: dict[int, int] = {}  # of values, by their ids
        self.uses: dict[tuple[int, int, int], list[float]] = defaultdict(list)
        self.first: dict[int, set[int]] = {}  # what each unit is given first

    def network(self) -> Network:
        """All that is found, in the order of the picture."""
        self.add_sources()
        for neuron in self.neurons:
            self.add_neuron(neuron)
        self.add_results()
        for k, neuron in enumerate(self.neurons):
            self.link_neuron(k, neuron)
        self.link_the_rest()
        columns = self.columns()
        units = [unit._replace(column=columns[k]) for k, unit in enumerate(self.units)]
        order = sorted(range(len(units)), key=lambda k: (*_place(units[k]), k))
        places = {k: place for place, k in enumerate(order)}
        links = [
            Connection(places[a], places[b], self.weights.get(weight), mean(given), len(given))
            for (a, b, weight), given in self.uses.items()
        ]
        known = {*self.unit_of, *self.sources.parameters}
        leaves = sum(v.rule is None and id(v) not in known for v in self.graph.order)
        used = {
            id(x)
            for v in self.graph.order
            if id(v) not in self.sources.within
            for x in self.graph.operands.get(id(v), ())
        }
        return Network(
            [units[k] for k in order], links, leaves, len(used & self.sources.parameters)
        )

    def add(self, unit: Unit, members: Iterable[Value] = (), cell: Key = ()) -> None:
        """One more unit, of these values."""
        k = len(self.units)
        self.units.append(unit)
        self.cells.append(cell or (k,))
        self.unit_of.update((id(v), k) for v in members)

    # --- units

    def add_sources(self) -> None:
        """The inputs in the order in which neurons take them, and the operations on the way."""
        names = self.input_names([s for s in self.sources.found if _is_input(s)])
        for source in self.sources.found:
            if _is_input(source):
                self.add(
                    Unit("input", next(names), source.numbers, values=tuple(source.values)),
                    source.values,
                )
            else:
                self.add(self.operation(source), source.values)

    def operation(self, source: Source) -> Unit:
        """The unit of what is computed between neurons, in the words of its first value."""
        first = source.values[0]
        assert first.rule is not None
        constants = [(k, x) for k, x in enumerate(first.inputs) if not isinstance(x, Value)]
        return Unit(
            "operation", self.graph.labels[id(first)], source.numbers,
            block=self.graph.groups.get(id(first), ""), symbol=symbol(first.rule, constants),
            values=tuple(source.values),
        )  # fmt: skip

    def input_names(self, inputs: Sequence[Source]) -> Iterator[str]:
        """Labels, or else names by the places among the weights."""
        known = labels_of(self.graph.order) if self.names else self.graph.labels
        labels = [{known[id(v)] for v in source.values} for source in inputs]
        named = [len(of) == 1 and "" not in of for of in labels]
        windows = iter(range(len(inputs)))
        places = [
            next(windows) if source.place is None else source.place
            for source, has_name in zip(inputs, named, strict=True)
            if not has_name
        ]
        count = max(places, default=-1) + 1
        if self.names and count and len(self.names) != count:
            raise ValueError(
                f"{WHERE}: inputs has {plural(len(self.names), 'name')}, and there are "
                f"{count:,} without a label; give one for each"
            )
        given = iter(self.names[k] if self.names else f"x{k}" for k in places)
        pairs = zip(labels, named, strict=True)
        return iter(apart(of.pop() if has_name else next(given) for of, has_name in pairs))

    def add_neuron(self, neuron: NeuronCalls) -> None:
        """The unit of a neuron."""
        rule = neuron.calls[0].output.rule
        assert rule is not None
        bent = rule.arity == 1 and rule.name not in OPERATORS
        again = str(neuron.version + 1).translate(SUBSCRIPTS) if neuron.version else ""
        others = {id(p): self.weights[id(p)] for call in neuron.calls for p in call.others}
        unit = Unit(
            "neuron", neuron.name + again, [call.output.data for call in neuron.calls],
            block=neuron.name.rpartition(".")[0] + again, symbol=rule.symbol if bent else "",
            parameters=tuple(others.values()), values=tuple(c.output for c in neuron.calls),
        )  # fmt: skip
        self.add(unit, (v for call in neuron.calls for v in call.inside), neuron.layer or ())

    def add_results(self) -> None:
        """A box for each group of what comes last, and for each root beside."""
        groups = self.graph.groups
        rest = self.sources.within | {*self.sources.needed}
        tops = {
            id(v): prefixes(groups[id(v)])[0]
            for v in self.graph.order
            if v.rule and id(v) not in rest and id(v) in groups
        }
        if len({*tops.values()}) > MOST_RESULTS:
            tops = {}
        ends = {id(v) for v in self.graph.roots}
        for v in self.graph.order:
            for x in self.graph.operands.get(id(v), ()):
                if id(x) in tops and tops.get(id(v)) != tops[id(x)]:
                    ends.add(id(x))
        found: dict[Key, list[Value]] = {}
        alone = len(self.graph.roots) <= MOST_RESULTS
        for v in self.graph.order:
            if id(v) in ends and id(v) not in self.unit_of:
                top = tops.get(id(v), "")
                found.setdefault((top, "" if top or not alone else id(v)), []).append(v)
        for (top, _), values in found.items():
            labels = {self.graph.labels[id(v)] for v in values}
            name = (labels.pop() if len(labels) == 1 else "") or top or "result"
            data = [v.data for v in values]
            self.add(Unit("result", name, data, symbol=top, values=tuple(values)), values)

    # --- links

    def link_neuron(self, k: int, neuron: NeuronCalls) -> None:
        """What a neuron's calls are given."""
        target = self.unit_of[id(neuron.calls[0].output)]
        for call in neuron.calls:
            sources = set()
            for place, use in enumerate(call.uses):
                x = use.source
                if isinstance(x, Value):
                    source, number = self.unit_of[id(x)], x.data
                else:
                    source, number = self.sources.of_constant[k, place], x
                weight = NO_WEIGHT if use.weight is None else id(use.weight)
                self.uses[source, target, weight].append(number)
                sources.add(source)
            self.first.setdefault(target, sources)

    def link_the_rest(self) -> None:
        """What operations and results are made of, back to units: sets of these as bits."""
        made_of: dict[int, int] = {}
        for v in self.graph.order:
            unit = self.unit_of.get(id(v))
            bits = 0
            for x in self.graph.operands.get(id(v), ()):
                bits |= made_of.get(id(x), 0)
            if unit is not None and id(v) not in self.sources.within:
                sources = {k for k, bit in enumerate(reversed(f"{bits:b}")) if bit == "1"}
                for source in sources:
                    self.uses[source, unit, NO_WEIGHT].append(mean(self.units[source].data))
                self.first.setdefault(unit, sources)
            made_of[id(v)] = bits if unit is None else 1 << unit

    # --- columns

    def columns(self) -> list[int]:
        """For each unit its column: one after those of what it is given first.

        A layer is in one column.  Results are behind all neurons.
        """
        before: dict[Key, set[Key]] = {cell: set() for cell in self.cells}
        for k, sources in self.first.items():
            before[self.cells[k]] |= {self.cells[source] for source in sources}
        depths: dict[Key, int] = {}
        opened: set[Key] = set()
        for start in before:
            stack = [start]
            while stack:
                cell = stack[-1]
                new = [c for c in before[cell] if c not in depths and c not in opened]
                if cell not in opened and cell not in depths:
                    opened.add(cell)
                    stack += new
                    continue
                stack.pop()
                if cell in opened:
                    opened.remove(cell)
                    depths[cell] = 1 + max((depths.get(c, -1) for c in before[cell]), default=-1)
        columns = [depths[cell] for cell in self.cells]
        pairs = list(zip(columns, self.units, strict=True))
        last = max(column for column, unit in pairs if unit.kind == "neuron")
        columns = [max(c, last + 1) if unit.kind == "result" else c for c, unit in pairs]
        dense = {column: k for k, column in enumerate(sorted({*columns}))}
        return [dense[column] for column in columns]


def _is_input(source: Source) -> bool:
    return not source.values or source.values[0].rule is None


def _weights(neurons: Sequence[NeuronCalls]) -> dict[int, Weight]:
    """The parameters of neurons with their numbers, by their ids."""
    found = {
        id(p): (p, neuron.name)
        for neuron in reversed(neurons)
        for call in neuron.calls
        for p in parameters_of(call)
    }
    numbers = Numbers.of(p for p, _ in found.values())
    return {
        place: Weight(
            p.label if p.label.count(".") else f"{name}.{p.label}",
            numbers.data[place],
            numbers.grads.get(place),
            p,
        )
        for place, (p, name) in found.items()
    }


def _place(unit: Unit) -> tuple[Any, ...]:
    """Where a unit stands in the order of the picture."""
    return unit.column, KINDS.index(unit.kind), natural(unit.block)
