"""The network view: what is found in a graph and what is drawn, against the engine's numbers."""

import html
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import reduce
from operator import add
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd_like import (
    MLP,
    Layer,
    Module,
    Neuron,
    Value,
    cross_entropy,
    group,
    mse,
    softmax,
)
from micrograd_like.draw.layout import Layout
from micrograd_like.draw.legend import cells, legend, local_derivatives, parameters, signs
from micrograd_like.draw.network import Network, Unit, mean
from micrograd_like.draw.network_dot import picture
from micrograd_like.draw.theme import THEMES
from micrograd_like.notation import exact

LIGHT = THEMES["light"]
HOSTILE = ['<b>&"\\', "</table><script>", "\\N \\G", "two\nlines", "مرحبا", "x" * 10_000, "\x00"]


def rows_of(count: int, width: int, seed: int = 0) -> list[list[float]]:
    """Rows of random numbers."""
    numbers = random.Random(seed)
    return [[numbers.gauss(0, 1) for _ in range(width)] for _ in range(count)]


def names_of(count: int) -> list[str]:
    """What inputs without a name are called."""
    return [f"x{k}" for k in range(count)]


def roots_of(output: Any) -> list[Value]:
    """The outputs of a model as a list."""
    return list(output) if isinstance(output, list) else [output]


def linked(network: Network) -> list[tuple[str, str, str]]:
    """The connections: from where, to where, by which weight."""
    units = network.units
    return [
        (units[link.source].name, units[link.target].name, link.weight.name if link.weight else "")
        for link in network.connections
    ]


def named(network: Network, kind: str) -> dict[str, Unit]:
    """The units of a kind by their names."""
    return {unit.name: unit for unit in network.units if unit.kind == kind}


class Drawn:
    """A picture as Graphviz reads it."""

    def __init__(self, drawn: Any) -> None:
        graph = json.loads(drawn.pipe("json"))
        objects = {o["_gvid"]: o for o in graph.get("objects", [])}
        self.units = {o["name"]: o for o in objects.values() if o["name"].startswith("u")}
        self.edges = [
            {**e, "ends": (objects[e["tail"]]["name"], objects[e["head"]]["name"])}
            for e in graph.get("edges", [])
        ]
        cells = (re.split(r"<[^>]*>", o.get("label", "")) for o in objects.values())
        self.words = [html.unescape(word).strip() for of in cells for word in of if word.strip()]


Case = tuple[MLP, list[list[Any]], Value]  # a network, rows, and the root of the graph on them
CASES = st.fixed_dictionaries(
    {
        "nin": st.integers(1, 5),
        "sizes": st.lists(st.integers(1, 12), min_size=1, max_size=3),
        "count": st.integers(1, 4),
        "seed": st.integers(0, 99),
        "leaves": st.booleans(),
        "activation": st.sampled_from(["tanh", "relu", "linear"]),
        "name": st.sampled_from(["", "m"]),
    }
)


def trained(case: dict[str, Any]) -> Case:
    """A network of any sizes, on rows of constants or of leaves, after a backward pass."""
    random.seed(case["seed"])
    model = MLP(case["nin"], case["sizes"], activation=case["activation"], name=case["name"])
    rows: list[list[Any]] = [*rows_of(case["count"], case["nin"], case["seed"])]
    if case["leaves"]:
        rows = [[Value(x) for x in row] for row in rows]
    outputs: list[Any] = [model(row) for row in rows]
    flat = [v for out in outputs for v in (out if isinstance(out, list) else [out])]
    root = mse(flat, [0.5] * len(flat))
    root.backward()
    return model, rows, root


@given(CASES)
def test_random_networks_are_found_as_they_are(case: dict[str, Any]) -> None:
    """Every weight is one connection between its ends, with its numbers; data are each call's."""
    model, rows, root = trained(case)
    network = Network.of([root])
    names = names_of(len(rows[0]))
    known: list[Any] = rows
    expected = []
    for layer in model.layers:
        known = [[n(row) for n in layer.neurons] for row in known]
        for i, neuron in enumerate(layer.neurons):
            unit = named(network, "neuron")[neuron.name]
            assert unit.data == [row[i].data for row in known]
            own = (neuron.b.data, neuron.b.grad, neuron.b)
            assert [p[1:] for p in unit.parameters] == [own]
            assert [v.data for v in unit.values] == unit.data
            expected += [
                (source, neuron.name, (w.label, w.data, w.grad, w))
                for source, w in zip(names, neuron.w, strict=True)
            ]
        names = [neuron.name for neuron in layer.neurons]
    units = network.units
    found = [
        (units[link.source].name, units[link.target].name, tuple(link.weight))
        for link in network.connections
        if link.weight
    ]
    assert sorted(found) == sorted(expected)
    assert {link.calls for link in network.connections if link.weight} == {len(rows)}
    assert [unit.data for unit in units if unit.kind == "result"] == [[root.data]]
    assert [unit.name for unit in units if unit.column == 0] == [
        f"x{k}" for k in range(len(rows[0]))
    ]


@given(CASES, st.booleans())
def test_random_networks_are_drawn_as_they_are(case: dict[str, Any], backward: bool) -> None:
    """Colour and dashes are the sign, width the size; what is not drawn is counted."""
    root = trained(case)[2]
    network = Network.of([root])
    drawn = Drawn(picture(root, flow="backward" if backward else "forward"))
    hidden = len(network.connections) - len(drawn.edges)
    told = [word for word in drawn.words if "connections are not drawn" in word]
    assert told == [] if not hidden else f"{hidden:,} of {len(network.connections):,}" in told[0]
    assert len(drawn.units) == len(network.units) - sum(
        int(word.split()[1]) for word in drawn.words if word.startswith("… ")
    )
    sizes = []
    by_ends = {(f"u{link.source}", f"u{link.target}"): link for link in network.connections}
    for edge in drawn.edges:
        link = by_ends[edge["ends"]]
        if link.weight is None:
            continue
        x = link.weight.grad if backward else link.weight.data
        assert x is not None
        assert edge["tooltip"].startswith(f"{link.weight.name} = {exact(link.weight.data)}, ")
        assert edge["tooltip"].endswith(f" is {exact(link.product or 0.0)}")
        if x:
            assert edge["color"][:7] == (LIGHT.positive if x > 0 else LIGHT.negative)
            assert edge["style"] == ("solid" if x > 0 else "dashed")
        else:
            assert edge["style"] == "dotted"
        sizes.append((abs(x), float(edge["penwidth"])))
    assert [width for _, width in sorted(sizes)] == sorted(width for _, width in sizes)
    for name, unit in drawn.units.items():
        found = network.units[int(name[1:])]
        assert exact(mean(found.data)) in unit["tooltip"]
        if found.kind != "result" and not mean(found.data):
            assert unit["fillcolor"] == LIGHT.box


def test_neurons_stand_in_their_order() -> None:
    """From the top to the bottom, neuron2 before neuron10, and columns from left to right."""
    roots = roots_of(MLP(3, [12, 2])([1.0, 2.0, 3.0]))
    drawn, units = Drawn(picture(roots)), Network.of(roots).units
    at = [tuple(map(float, drawn.units[f"u{k}"]["pos"].split(","))) for k in range(17)]
    order = sorted(range(17), key=lambda k: (at[k][0], -at[k][1]))
    assert [units[k].name for k in order] == [
        *names_of(3),
        *(f"layer0.neuron{k}" for k in range(12)),
        *(f"layer1.neuron{k}" for k in range(2)),
    ]


def test_a_batch_is_one_network_and_says_so() -> None:
    """Over rows neurons are one each; numbers are means, and the picture says of how many rows."""
    model, rows = MLP(4, [8, 3]), rows_of(150, 4)
    loss = cross_entropy([model(row) for row in rows], [k % 3 for k in range(150)])
    names = ["sepal length", "sepal width", "petal length", "petal width"]
    network = Network.of([loss], names)
    assert Counter(unit.kind for unit in network.units) == {"input": 4, "neuron": 11, "result": 1}
    for k, name in enumerate(names):
        assert named(network, "input")[name].data == [row[k] for row in rows]
    words = Drawn(picture(loss, names)).words
    assert "Means over 150 rows" in " ".join(words)
    assert "sepal length" in words
    one = Drawn(picture(cross_entropy(model(rows[0]), 1))).words
    assert not any("eans over" in word for word in one)


def test_inputs_are_called_by_labels_then_by_given_names() -> None:
    """A label counts over rows; names are for the others, and there must be one for each."""
    neuron = Neuron(3, name="n")
    rows = [[Value(x, "age"), x + 1, Value(x + 2)] for x in (1.0, 4.0)]
    root = neuron(rows[0]) + neuron(rows[1])
    inputs = [unit for unit in Network.of([root]).units if unit.kind == "input"]
    assert [(unit.name, unit.data) for unit in inputs] == [
        ("age", [1.0, 4.0]), ("x1", [2.0, 5.0]), ("x2", [3.0, 6.0]),
    ]  # fmt: skip
    network = Network.of([root], ["a", "b", "c"])
    assert [*named(network, "input")] == ["age", "b", "c"]
    assert [*named(Network.of([root], [Value(0.0), Value(0.0, "u"), Value(0.0)]), "input")] == [
        "age", "u", "x2",
    ]  # fmt: skip
    with pytest.raises(ValueError, match=r"inputs has 1 name, and there are 3 .*give one for each"):
        Network.of([root], ["a"])
    with pytest.raises(TypeError, match="network view: inputs"):
        Network.of([root], [3.0])  # type: ignore[list-item]


def test_a_preprocessed_batch_has_its_inputs() -> None:
    """Leaves behind operations are one input over the rows, and so are the operations."""
    model, rows = MLP(2, [3]), rows_of(5, 2)
    roots = [v for row in rows for v in model([(Value(x) - 0.5) / 2 for x in row])]
    network = Network.of(roots)
    assert Counter(unit.kind for unit in network.units) == {"input": 2, "operation": 2, "neuron": 3}
    assert [unit.symbol for unit in network.units if unit.kind == "operation"] == ["÷ 2"] * 2
    assert {unit.kind: unit.column for unit in network.units} == {
        "input": 0, "operation": 1, "neuron": 2,
    }  # fmt: skip


def test_operations_between_neurons() -> None:
    """What a layer of one's own computes stands between the layers, with what it is made of."""
    half: Any = lambda h: [v / 2 for v in h]  # noqa: E731
    model = MLP(layers=[Layer(2, 3), half, Layer(3, 2), softmax, Layer(2, 1)])
    network = Network.of([model([1.0, 2.0])])
    between = [unit for unit in network.units if unit.kind == "operation"]
    assert [(unit.column, unit.block, unit.symbol) for unit in between] == [
        *[(2, "", "÷ 2")] * 3, *[(4, "softmax", "÷")] * 2,
    ]  # fmt: skip
    into = Counter(link.target for link in network.connections if link.weight is None)
    assert [into[network.units.index(unit)] for unit in between] == [1, 1, 1, 2, 2]


def test_skip_connections_lead_from_the_columns_where_they_begin() -> None:
    """An input that goes into a later layer, too, is one input with edges to both."""
    first, second = Layer(2, 3, name="first"), Layer(5, 1, name="second")
    x = [Value(1.0, "a"), Value(2.0, "b")]
    found = linked(Network.of([second([*first(x), *x])]))
    assert ("a", "second.neuron0", "second.neuron0.w3") in found
    assert ("a", "first.neuron0", "first.neuron0.w0") in found
    assert len(found) == 6 + 5


def test_a_neuron_that_is_given_its_own_output() -> None:
    """One circle with an edge to itself, which counts the calls in which there is one."""
    cell, h = Neuron(2, activation="tanh", name="cell"), Value(0.0, "h0")
    for x in (0.3, 0.2, 0.1):
        h = cell([x, h])
    network = Network.of([h * 2])
    assert {(*ends, network.connections[k].calls) for k, ends in enumerate(linked(network))} == {
        ("x0", "cell", "cell.w0", 3), ("h0", "cell", "cell.w1", 1),
        ("cell", "cell", "cell.w1", 2), ("cell", "result", "", 1),
    }  # fmt: skip
    assert [unit.column for unit in network.units] == [0, 0, 1, 2]
    words = " ".join(Drawn(picture(h * 2)).words)
    assert "Means over the calls of each neuron, 3" in words


def test_a_layer_that_is_given_its_own_outputs() -> None:
    """It is one column, whichever way edges lead inside of it."""
    layer, h = Layer(3, 2, name="h"), [0.0, 0.0]
    for x in (0.3, 0.2):
        h = layer([x, *h])  # type: ignore[assignment]
    network = Network.of(roots_of(h))
    assert {unit.column for unit in network.units if unit.kind == "neuron"} == {1}
    inside = [ends for ends in linked(network) if ends[0].startswith("h.")]
    assert len(inside) == 4
    assert len(Drawn(picture(roots_of(h))).edges) == 4 + 6


def test_windows_over_a_row() -> None:
    """A neuron that slides over a row is one; each number of the row is an input by itself."""
    filter_, x = Neuron(2, name="filter"), [Value(float(k)) for k in range(4)]
    network = Network.of([Neuron(3, name="out")([filter_(x[k : k + 2]) for k in range(3)])])
    assert [(unit.name, unit.data) for unit in network.units[:4]] == [
        (f"x{k}", [float(k)]) for k in range(4)
    ]
    assert set(linked(network)) == {
        *((f"x{k + w}", "filter", f"filter.w{w}") for k in range(3) for w in range(2)),
        *(("filter", "out", f"out.w{w}") for w in range(3)),
    }


def test_two_models_in_a_graph() -> None:
    """Models of the same names are two; the row that both are given is one."""
    random.seed(1)
    first, second = MLP(2, [2, 1]), MLP(2, [2, 1])
    network = Network.of([first([1.0, 2.0]) * second([1.0, 2.0])])
    assert Counter(unit.kind for unit in network.units) == {"input": 2, "neuron": 6, "result": 1}
    assert {unit.block for unit in network.units if unit.kind == "neuron"} == {
        "layer0", "layer1", "layer0₂", "layer1₂",
    }  # fmt: skip
    weights = sorted(link.weight.data for link in network.connections if link.weight)
    assert weights == sorted(
        w.data for m in (first, second) for layer in m.layers for n in layer.neurons for w in n.w
    )
    other = Network.of([first([1.0, 2.0]) * second([1.0, 3.0])])
    assert Counter(unit.kind for unit in other.units)["input"] == 4


def test_neurons_without_names_and_shared_weights() -> None:
    """Neurons are told apart by their parameters; one that has another's weights is drawn, too."""
    first, second = Neuron(2), Neuron(2)
    network = Network.of([first([1.0, 2.0]) + second([first([3.0, 4.0]), 5.0])])
    assert sorted(named(network, "neuron")) == ["neuron", "neuron₂"]
    second.w = first.w
    found = linked(Network.of([second([first([3.0, 4.0]), 5.0])]))
    assert sorted(ends[1] for ends in found) == ["neuron", "neuron", "neuron₂", "neuron₂"]
    assert len({weight for _, _, weight in found}) == 2


def neurons_and_weights(*roots: Value) -> tuple[list[str], int]:
    """The names of neurons, and how many connections have a weight."""
    network = Network.of(roots)
    return [*named(network, "neuron")], sum(link.weight is not None for link in network.connections)


def test_named_neurons_that_share_parameters() -> None:
    """A bias, weights, or all of them: each neuron is a circle with all its connections."""
    x = [Value(1.0, "x"), Value(2.0, "y")]
    layer = Layer(2, 3, name="L")
    names = [neuron.name for neuron in layer.neurons]
    for neuron in layer.neurons:
        neuron.b = layer.neurons[0].b
    assert neurons_and_weights(*layer(x)) == (names, 6)
    for neuron in layer.neurons:
        neuron.w = layer.neurons[0].w
    assert neurons_and_weights(*layer(x)) == (names, 6)
    a, b = Neuron(1, name="a"), Neuron(1, name="b")
    b.w = a.w
    assert neurons_and_weights(b([a([1.0])])) == (["a", "b"], 2)


@pytest.mark.parametrize("names", [("", ""), ("encoder", "decoder")])
def test_a_tied_autoencoder(names: tuple[str, str]) -> None:
    """The decoder's neurons have one weight of each of the encoder's, and these keep theirs."""
    encoder, decoder = Layer(4, 2, name=names[0]), Layer(2, 4, name=names[1])
    for k, neuron in enumerate(decoder.neurons):
        neuron.w = [other.w[k] for other in encoder.neurons]
    found, weights = neurons_and_weights(*decoder(encoder([1.0, 2.0, 3.0, 4.0])))
    assert (len(found), weights) == (6, 16)


def test_a_weight_twice_in_a_neuron() -> None:
    """Each of its two inputs has a connection."""
    neuron = Neuron(2, name="c")
    neuron.w[1] = neuron.w[0]
    ends = [("x", "c", "c.w0"), ("y", "c", "c.w0")]
    assert linked(Network.of([neuron([Value(1.0, "x"), Value(2.0, "y")])])) == ends
    root = neuron([Value(1.0, "x"), 2.0]) + neuron([Value(3.0, "x"), 4.0])
    assert len(linked(Network.of([root]))) == 3


@pytest.mark.parametrize("name", ["", "n", "out", "...", "."])
def test_inputs_with_dots_in_their_names(name: str) -> None:
    """They are inputs, whatever operation or neuron has the name before the dot."""
    x = [Value(1.0, "out.a"), Value(2.0, "out.b")]
    output = Neuron(2, name=name)(x)
    for label in (output.label, "out"):
        output.label = label
        network = Network.of([output])
        assert [*named(network, "input")] == ["out.a", "out.b"]
        assert neurons_and_weights(output) == ([name or "neuron"], 2)


def test_an_operation_with_the_name_before_the_dots_of_inputs() -> None:
    """It is an operation between these and the neuron."""
    x = [Value(1.0, "petal.length"), Value(2.0, "petal.width")]
    product = x[0] * x[1]
    product.label = "petal"
    for name in ("", "n"):
        output = Neuron(3, name=name)([*x, product])
        assert neurons_and_weights(output) == ([name or "neuron"], 3)
        assert [*named(Network.of([output]), "operation")] == ["petal"]


def test_groups_in_neurons_and_around_models() -> None:
    """A neuron is a neuron, whatever its activation is made of and whatever it is in."""

    def swish(v: Value) -> Value:
        return v * v.sigmoid()

    layer = Layer(2, 2, name="hidden")
    for neuron in layer.neurons:
        neuron.activation = group("swish")(swish)
    with group("model"):
        out = layer([1.0, 2.0])
    network = Network.of([mse(out, [1.0, 2.0])])
    assert [unit.data for unit in named(network, "neuron").values()] == [[v.data] for v in out]
    assert len(network.connections) == 4 + 2


class Gated(Module):
    """A neuron of one's own: tanh(w·x + b) · (g·x), beside its last input as it is."""

    def __init__(self) -> None:
        self.w, self.g = ([Value(0.5, f"own.{name}{k}") for k in range(2)] for name in "wg")
        self.b = Value(0.1, "own.b")

    def __call__(self, x: Sequence[Any]) -> Value:
        """The output for a row of Values."""
        inner = [w * v + self.b for w, v in zip(self.w, x, strict=True)]
        gate = [g * v for g, v in zip(self.g, x, strict=True)]
        out: Value = (inner[0] + inner[1]).tanh() * (gate[0] + gate[1]) + x[1]
        out.label = "own"
        return out


def test_a_neuron_of_ones_own() -> None:
    """All weights on inputs are edges; what goes in without a weight is one without a sign."""
    network = Network.of([Gated()([Value(1.0, "a"), Value(2.0, "b")]) * 2])
    assert sorted(linked(network)) == [
        ("a", "own", "own.g0"), ("a", "own", "own.w0"), ("b", "own", ""), ("b", "own", "own.g1"),
        ("b", "own", "own.w1"), ("own", "result", ""),
    ]  # fmt: skip
    assert [p.name for p in named(network, "neuron")["own"].parameters] == ["own.b"]


def test_what_comes_last_is_boxes() -> None:
    """A loss has its name and number; a penalty and targets are counted, not drawn."""
    model = MLP(2, [3, 1])
    error = mse([model([1.0, 2.0])], [Value(1.0)])
    with group("penalty"):
        penalty = reduce(add, [p * p for p in model.parameters()]) * 0.1
    loss = error + penalty
    loss.label = "loss"
    network = Network.of([loss])
    results = named(network, "result")
    assert {name: unit.data for name, unit in results.items()} == {
        "mse": [error.data], "penalty": [penalty.data], "loss": [loss.data],
    }  # fmt: skip
    assert (network.leaves, network.elsewhere) == (1, len(model.parameters()))
    assert max(unit.column for unit in network.units) == results["loss"].column
    words = " ".join(Drawn(picture(loss)).words)
    assert "13 parameters used outside of neurons, too" in words
    assert "1 further leaf not drawn" in words


def test_several_roots() -> None:
    """Outputs that are roots need no box; many results without a group are one."""
    model = MLP(2, [3, 2])
    assert not named(Network.of(roots_of(model([1.0, 2.0]))), "result")
    roots = [model([float(k), 1.0])[0] * 2 for k in range(9)]
    network = Network.of(roots)
    assert [(unit.name, len(unit.data)) for unit in network.units[-1:]] == [("result", 9)]
    few = Network.of(roots[:2])
    assert sorted(named(few, "result")) == ["result"]
    assert [len(unit.data) for unit in few.units if unit.kind == "result"] == [1, 1]


def test_wide_and_deep_networks_are_cut_in_the_middle() -> None:
    """With counts for what is left out, and never wider than a page."""
    wide = Drawn(picture(MLP(64, [16, 10])([0.5] * 64)))
    assert [word for word in wide.words if word.startswith("…")] == ["… 50 more"]
    assert len(wide.edges) == 14 * 16 + 160
    told = f"{50 * 16:,} of {64 * 16 + 160:,} connections are not drawn"
    assert any(told in word for word in wide.words)
    deep = Network.of([MLP(2, [3] * 60)([1.0, 2.0])[0]])
    layout = Layout.of(deep)
    left_out = [note for note in layout.notes if "more" in note.words]
    columns = {deep.units[k].column for k in layout.spots}
    assert [note.words for note in left_out] == [f"… {61 - len(columns)} more"]
    assert layout.right - layout.left <= 1060


def iris(count: int) -> Value:
    """Cross entropy on rows like those of iris."""
    model, rows = MLP(4, [8, 3], activation="tanh"), rows_of(count, 4)
    loss = cross_entropy([model(row) for row in rows], [k % 3 for k in range(count)])
    loss.backward()
    return loss


@pytest.mark.parametrize(
    "make",
    [
        lambda: Neuron(2, name="n")([1.0, 2.0]),
        lambda: mse([MLP(2, [3, 1])([1.0, 2.0])], [1.0]),
        lambda: iris(1),
        lambda: iris(150),
        lambda: cross_entropy(MLP(64, [16, 10])([0.5] * 64), 1),
        lambda: MLP(1, [1] * 80)([1.0]),
    ],
)
def test_pictures_fit_a_page(make: Callable[[], Value]) -> None:
    """At most 1,100 pixels wide, with texts of at least 9 pixels."""
    for flow in ("forward", "backward"):
        svg = picture(make(), flow=flow).pipe("svg").decode()
        assert float(re.findall(r'<svg width="([\d.]+)', svg)[0]) <= 1100
        assert min(map(float, re.findall(r'font-size="([\d.]+)"', svg))) >= 9


def test_gradients_that_are_not_there() -> None:
    """Without a backward pass the edges have no sign, and the picture says why."""
    root = MLP(2, [2, 1])([1.0, 2.0]) * 2
    before, weights = Drawn(picture(root)), Drawn(picture(root, flow="forward"))
    assert "No gradients yet: call backward() on the root, then draw again" in before.words
    assert {edge["color"] for edge in before.edges} == {LIGHT.faint}
    assert not any("gradients yet" in word for word in weights.words)
    root.backward(create_graph=True)
    assert "No gradients yet" not in " ".join(Drawn(picture(root)).words)


def test_a_network_that_was_called_with_nothing_has_blank_circles() -> None:
    """Weights and biases are shown, and no number that nobody computed."""
    drawn = picture(MLP(2, [2, 1])([Value(float("nan")), Value(float("nan"))]), flow="forward")
    assert "nan" not in drawn.source
    assert "activation" not in drawn.source


def test_means_that_are_rounding_are_zero() -> None:
    """A standardized column has no sign, and no colour."""
    neuron = Neuron(1, name="n")
    network = Network.of([reduce(add, [neuron([x]) for x in (0.3, -0.1, -0.2)])])
    assert mean(network.units[0].data) == 0.0
    assert sum(network.units[0].data) != 0.0


def test_graphs_without_neurons() -> None:
    """One line that says what is needed."""
    for root in (Value(2.0, "x") * 3, Value(1.0), mse([Value(1.0)], [2.0])):
        with pytest.raises(ValueError, match=r"^network view: needs neurons, .*take view=.*$"):
            picture(root)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_labels(name: str) -> None:
    """Labels are text, whatever is in them; what is cut short stands in the tooltip."""
    layer = Layer(1, 2, name=name)
    root = mse(layer([Value(1.0, name)]), [1.0, 2.0])
    root.label = name
    drawn = picture(root, flow="forward")
    svg = drawn.pipe("svg").decode()
    assert "<script" not in svg
    assert len(Drawn(drawn).units) == 4
    assert float(re.findall(r'<svg width="([\d.]+)', svg)[0]) <= 1100


@pytest.mark.parametrize("x", [float("inf"), float("-inf"), float("nan"), 1e308, 5e-324])
def test_numbers_of_any_size(x: float) -> None:
    """Infinite, undefined, huge and tiny weights and inputs are drawn as what they are."""
    neuron = Neuron(2, activation="linear", name="n")
    neuron.w[0].data = x
    drawn = Drawn(picture(neuron([1.0, x]), flow="forward"))
    assert exact(x) in drawn.units["u1"]["tooltip"]
    assert len(drawn.edges) == 2


def test_pictures_are_the_same_again_and_without_a_dot() -> None:
    """Nothing in the text is by chance; pygraphviz puts everything where Graphviz does."""
    random.seed(3)
    first = picture(iris(3), theme=THEMES["dark"])
    random.seed(3)
    assert picture(iris(3), theme=THEMES["dark"]).source == first.source
    pygraphviz = pytest.importorskip("pygraphviz")
    plain = pygraphviz.AGraph(string=first.source).draw(format="json", prog="dot")
    places = {o["name"]: o["pos"] for o in json.loads(plain)["objects"]}
    corner = None
    for name, unit in Drawn(first).units.items():
        here, there = (tuple(map(float, pos.split(","))) for pos in (unit["pos"], places[name]))
        shift = here[0] - there[0], here[1] - there[1]
        corner = corner or shift
        assert shift == pytest.approx(corner, abs=0.1)


def test_legends_have_lines_enough() -> None:
    """An entry is a sample and words; they go on in another line where there is no room."""
    entries = [*signs(LIGHT, "weight"), parameters(LIGHT, "<b>"), local_derivatives(LIGHT)]
    entries += cells(LIGHT)
    wide, narrow = legend(LIGHT, entries, 2000), legend(LIGHT, entries, 200)
    top = r"</tr><tr><td align"
    assert (len(re.findall(top, wide)), len(re.findall(top, narrow))) == (0, 2)
    for _, words in entries:
        assert words in html.unescape(narrow)
    assert "&lt;b&gt;" in narrow


def test_the_legend_can_be_left_out() -> None:
    """What the picture leaves out is said all the same."""
    root = MLP(64, [2])([0.5] * 64)
    words = Drawn(picture(root, legend=False)).words
    assert not any("width: size" in word for word in words)
    assert any("not drawn" in word for word in words)
