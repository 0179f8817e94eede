"""The views of values and of sums, read back from Graphviz: numbers, names, counts, order."""

import html
import math
import random
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from test_dot import HOSTILE, Read, house_loss, words
from test_notation import read

from micrograd_like import (
    MLP,
    SGD,
    Layer,
    Module,
    Neuron,
    Value,
    cross_entropy,
    draw_dot,
    group,
    mse,
    topological_order,
)  # fmt: skip
from micrograd_like.draw import THEMES
from micrograd_like.draw.order import rows_in_order
from micrograd_like.notation import number, python
from micrograd_like.strategies import Graph, graphs

VIEWS = ("values", "sums", "network", "arrays")
OUTLINES = VIEWS[:2]
SUMS = ["add", "sub", "neg", "mul", "div", "pow", "tanh"]


def shown(text: str) -> float:
    """A number that a picture shows."""
    return float(python(text))


def near(a: float, b: float, size: float = 0.0) -> bool:
    """Equal but for the digits that a picture leaves out."""
    return math.isclose(a, b, rel_tol=2e-3, abs_tol=1e-4 * (1 + size))


def rows(cells: list[str]) -> Iterator[tuple[str, str]]:
    """The rows of a sum's table before its data: terms and their numbers."""
    before = cells[: cells.index("data")]
    before = before[len(before) % 2 :]  # the sign, and a name if there is one
    yield from ((a, b) for a, b in zip(before[::2], before[1::2], strict=True))


# --- sums


@given(graphs(SUMS, max_nodes=30))
@settings(max_examples=examples(40))
def test_sums_read_back_are_the_engines_numbers(graph: Graph) -> None:
    """A sum's terms add up to its data; a label times the gradient is what the engine adds."""
    root = graph.record()
    root.backward()
    drawn = draw_dot(root, view="sums")
    picture, outline = Read(drawn), drawn.drawing.outline
    tables = picture.values()
    for k, node in enumerate(outline.nodes):
        cells = tables[f"n{k}"]
        if node.value is None:
            continue
        assert cells[-4:] == ["data", number(node.value.data), "grad", number(node.value.grad)]
        if node.terms:
            terms = [shown(amount) for _, amount in rows([c for c in cells if c != "Σ"])]
            assert near(math.fsum(terms), node.value.data, math.fsum(map(abs, terms)))
    for link, (tail, head, drawn_edge) in zip(outline.links, picture.edges, strict=True):
        assert (tail, head) == (f"n{link.source}", f"n{link.target}")
        own = [edge.node.grad * (edge.node.local_grads[edge.position] or 0) for edge in link.edges]
        label = words(drawn_edge["label"])[-1].strip()
        if len(link.edges) == 1:
            gradient = shown(tables[head][-1])
            size = abs(gradient) + abs(shown(label))
            assert near(shown(label) * gradient, own[0], size)


@given(graphs(["add", "sub", "neg", "mul", "div"], max_nodes=16))
@settings(max_examples=examples(60))
def test_the_terms_of_sums_evaluate_to_their_numbers(graph: Graph) -> None:
    """Signs and brackets are right, in the rows that are written whole."""
    root = graph.record()
    drawn = draw_dot(root, view="sums")
    words_, numbers = drawn.drawing.words, drawn.frame.numbers
    known = {v.label: v.data for v in topological_order(root) if v.rule is None}
    for node in drawn.drawing.outline.nodes:
        for term, amount in words_.terms(node, numbers):
            pattern, _, times = term.partition(" × ")
            if "…" not in term and not re.search(r"\d\.\d|e", pattern):  # a rounded constant
                value = read(pattern, known) * (int(times) if times else 1)
                assert near(value, shown(amount), abs(value)), term


def test_a_difference_keeps_its_brackets() -> None:
    """A sum with a node of its own that is taken away, and several terms alike."""
    a, b = Value(2.0, "a"), Value(3.0, "b")
    s = a + b
    root = a - s + s * s
    assert [term for term, _ in terms_of(root)] == ["a", "− (a + b)", "(a + b) · (a + b)"]
    alike = a + sum((b + k) ** 2 - 1 for k in range(7))
    assert ("(b + …)² × 7", number(sum((3.0 + k) ** 2 for k in range(7)))) in terms_of(alike)
    minus = a - (b * -1) - (a * b - 2)
    assert [term for term, _ in terms_of(minus)] == ["a", "− b · (−1)", "− a · b", "2"]


def terms_of(root: Value) -> list[tuple[str, str]]:
    """The rows of a root's sum."""
    drawn = draw_dot(root, view="sums")
    *_, node = drawn.drawing.outline.nodes
    return drawn.drawing.words.terms(node, drawn.frame.numbers)


# --- what is left out is counted


def tangle(count: int) -> Value:
    """Values in no order, half of them without a name."""
    rng = random.Random(count)
    values = [Value(rng.gauss(0, 1), f"x{k}") for k in range(9)]
    while len(values) < count:
        a, b = rng.choice(values[-4:]), rng.choice(values[-60:])
        values.append(rng.choice([a * b, a + b * 2, (a - b).tanh()]))
    values[-1].backward()
    return values[-1]


def network_error(rows_: int) -> Value:
    """The cross entropy of a network with two layers."""
    random.seed(rows_)
    model = MLP(4, [8, 3], activation="tanh")
    data = [[random.gauss(0, 1) for _ in range(4)] for _ in range(rows_)]
    loss = cross_entropy([model(row) for row in data], [k % 3 for k in range(rows_)])
    loss.backward()
    return loss


GRAPHS: dict[str, Callable[[], Value]] = {
    "tangle of 40": lambda: tangle(40),
    "tangle of 200": lambda: tangle(200),
    "tangle of 2,000": lambda: tangle(2000),
    "house": lambda: house_loss()[0],
    "iris": lambda: network_error(3),
}


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("view", [*OUTLINES, None])
def test_what_a_view_leaves_out_is_counted(name: str, view: str | None) -> None:
    """Every value is in one node; what is hidden, and how many have no table, is written."""
    root = GRAPHS[name]()
    drawn = draw_dot(root, view=view)
    if not hasattr(drawn.drawing, "outline"):
        pytest.skip("the network or the arrays, which have tests of their own")
    outline, order = drawn.drawing.outline, topological_order(root)
    members = [id(v) for node in outline.nodes for v in node.members]
    assert sorted(members) == sorted(map(id, order))
    alone = sum(node.value is not None for node in outline.nodes)
    told = re.findall(r"([\d,]+) of ([\d,]+)", drawn.source)
    assert told == ([(f"{alone:,}", f"{len(order):,}")] if alone < len(order) else [])
    hidden = [node for node in outline.nodes if node.kind == "hidden"]
    for node in hidden:
        assert f"{len(node.members):,} values hidden" in drawn.source


@pytest.mark.parametrize("depth", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("view", OUTLINES)
def test_no_edge_leads_from_what_is_shown_to_what_is_hidden(depth: int, view: str) -> None:
    """All that is left out is before all that is shown, but for leaves."""
    drawn = draw_dot(tangle(150), view=view, depth=depth)
    nodes, links = drawn.drawing.outline.nodes, drawn.drawing.outline.links
    for link in links:
        source, target = nodes[link.source], nodes[link.target]
        assert target.kind != "hidden" or source.kind in ("leaf", "parameter")
    pairs = [(link.source, link.target) for link in links if nodes[link.source].kind == "hidden"]
    assert len(pairs) == len(set(pairs))  # one edge, with their number


# --- neurons


def order_of(picture: Any) -> list[list[str]]:
    """The groups that stand in order, as they were drawn."""
    nodes = Read(picture).nodes
    upright = re.search(r"rankdir=(TB|BT)", picture.source)

    def place(pair: tuple[str, int]) -> float:
        x, y = map(float, nodes[f"n{pair[1]}"]["pos"].split(","))
        return x if upright else -y

    rows_ = rows_in_order(picture.drawing.outline)
    return [[name for name, _ in sorted(row.groups, key=place)] for row in rows_]


LAYERS = [[f"layer0.neuron{k}" for k in range(8)], [f"layer1.neuron{k}" for k in range(3)]]


@pytest.mark.parametrize("rankdir", ["LR", "RL", "TB", "BT"])
@pytest.mark.parametrize("expand", [[], ["layer0.neuron3", "layer0.neuron6"], ["layer1"]])
@pytest.mark.parametrize("view", OUTLINES)
def test_neurons_stand_in_their_order(rankdir: str, expand: list[str], view: str) -> None:
    """All closed, or some of them open, in all directions."""
    picture = draw_dot(network_error(1), view=view, rankdir=rankdir, expand=expand)
    assert sorted(order_of(picture)) == LAYERS


def test_the_tenth_neuron_is_after_the_ninth() -> None:
    """By number, not by letters; with other parts of a calculation beside them."""
    random.seed(0)
    model = MLP(1, [12, 1], activation="tanh")
    loss = (model([Value(0.5, "x")]) - 1) ** 2
    ((*names, last),) = order_of(draw_dot(loss, view="sums"))
    assert last == "layer0.neuron11"
    assert names == [f"layer0.neuron{k}" for k in range(11)]


@given(st.integers(0, 10**6))
@settings(max_examples=25)
def test_neurons_in_any_network_can_be_drawn(seed: int) -> None:
    """Such as feed each other, themselves, or later layers, with some of them open."""
    rng = random.Random(seed)
    random.seed(seed)
    units = [Neuron(2, activation="tanh", name=f"{rng.choice('ab')}{k}") for k in range(6)]
    values = [Value(rng.random(), "x"), Value(rng.random(), "y")]
    for _ in range(rng.randint(2, 14)):
        values.append(rng.choice(units)([rng.choice(values[-5:]), rng.choice(values)]))
    loss = sum((v * v for v in values[2:]), Value(0.0))
    outline = draw_dot(loss, view="values").drawing.outline
    names = sorted(set(outline.groups.values()))
    expand = rng.sample(names, min(len(names), rng.randint(0, 3)))
    picture = draw_dot(loss, view="sums", expand=expand, rankdir=rng.choice(["LR", "TB"]))
    assert picture.pipe("svg").startswith(b"<?xml")


def test_what_depends_on_another_is_in_no_row() -> None:
    """Neurons one after the other, and two rows of which each feeds the other."""
    random.seed(0)
    a, b = (Layer(1, 2, activation="tanh").neurons for _ in "ab")
    for name, layer in (("a", a), ("b", b)):
        for k, neuron in enumerate(layer):
            neuron.name = f"{name}{k}"
    chain = a[1]([a[0]([1.0])])
    assert rows_in_order(draw_dot(chain, view="sums", expand="all").drawing.outline) == []
    crossed = b[0]([a[0]([1.0])]) + a[1]([b[1]([1.0])])
    outline = draw_dot(crossed, view="sums", expand="all").drawing.outline
    assert len(rows_in_order(outline)) <= 1


# --- parameters


class Line(Module):
    """A model of one's own, made of values, with an input among its attributes that is none."""

    def __init__(self) -> None:
        self.slope, self.shift = Value(0.5), Value(0.25, "shift")
        self._offset = Value(1.0, "offset")

    def __call__(self, x: Any) -> Value:
        return self.slope * (x[0] + self._offset) + self.shift


def kinds(root: Value, **options: Any) -> dict[str, str]:
    """The kinds of the leaves in a picture, by their titles."""
    drawn = draw_dot(root, **options)
    read_back = Read(drawn)
    leaves = [k for k, node in enumerate(drawn.drawing.outline.nodes) if node.first.rule is None]
    return {read_back.values()[f"n{k}"][0]: read_back.nodes[f"n{k}"]["class"] for k in leaves}


@pytest.mark.parametrize("view", OUTLINES)
def test_parameters_are_those_of_neurons_models_and_optimizers(view: str) -> None:
    """Named or not, used by two, or by nobody but an optimizer; inputs are none."""
    x = Value(2.0, "x")
    expected = {"x": "leaf", "w0": "parameter", "b": "parameter"}
    for neuron in (Neuron(1), Neuron(1, name="n")):
        assert kinds(neuron([x]), view=view) == expected
    line = Line()
    expected = {"x": "leaf", "offset": "leaf", "0.5": "parameter", "shift": "parameter"}
    assert kinds(line([x]), view=view) == expected
    w = Value(3.0, "w")
    assert kinds(w * x, view=view) == {"x": "leaf", "w": "leaf"}
    learner = SGD([w])
    assert kinds(w * x, view=view) == {"x": "leaf", "w": "parameter"}
    del learner
    first, second = Neuron(1, name="first"), Neuron(1, name="second")
    second.w = first.w
    found = kinds(first([x]) + second([x]), view=view)
    assert {title for title, kind in found.items() if kind == "leaf"} == {"x"}


def test_models_that_cannot_say_what_they_learn_are_passed_over() -> None:
    """One that raises, that is not made yet, or that has nonsense in its place."""

    class Broken(Module):
        def parameters(self) -> list[Value]:
            raise RuntimeError("not yet")

    class Odd(Module):
        parameters = 3  # type: ignore[assignment]

    models = [Broken(), Odd(), Line.__new__(Line)]
    x = Value(1.0, "x")
    assert kinds(x * 2) == {"x": "leaf"}
    assert len(models) == 3


def test_a_model_that_is_gone_keeps_nothing() -> None:
    """Pictures know a model only as long as the program does."""
    x, line = Value(2.0, "x"), Line()
    root = line([x])
    assert kinds(root)["shift"] == "parameter"
    del line
    assert kinds(root)["shift"] == "leaf"


# --- titles


def test_a_title_says_more_than_the_sign() -> None:
    """Where operands are left open, the sign is enough."""
    v = Value(0.5, "x")
    for _ in range(10):
        v = (v * 1.1).tanh()
    picture = Read(draw_dot(v, view="values", depth=3))
    assert [cells[0] for cells in picture.values().values()][-2:] == ["data", "tanh"]
    assert list(picture.operations().values())[-1] == "× 1.1"


@pytest.mark.parametrize(
    ("build", "title"),
    [
        (lambda x: (x * 2).tanh(), "tanh(x · 2)"),
        (lambda x: mse([x * k + 1 for k in range(9)], [0.0] * 9), "mse"),
        (lambda x: tangle(300), "graph of 300 values"),
    ],
)
def test_a_picture_is_called_after_its_roots(build: Any, title: str) -> None:
    """By an expression, by the group, or by how large it is."""
    found = re.sub(r"\d+", "300", draw_dot(build(Value(1.0, "x")), view="sums").title)
    assert found == re.sub(r"\d+", "300", title)


def test_nan_is_written_once_and_has_no_sign() -> None:
    """Of one value, of several, and on edges."""
    x, nan = Value(2.0, "x"), Value(float("nan"), "nan")
    root = x * nan
    root.backward()
    picture = Read(draw_dot(root, view="values"))
    assert picture.values()["n2"][-3] == "nan"
    styles = [(a["color"], a["penwidth"]) for _, _, a in picture.edges]
    assert styles[0] == (THEMES["light"].faint, "1.2")
    several = sum(((x * k).tanh() * nan for k in range(60)), Value(0.0))
    assert "nan …" not in draw_dot(several, view="values").source


@pytest.mark.parametrize("build", [lambda x: x * 2 + 1, lambda x: (x * 2 + 1) ** 2 * x])
def test_the_legend_is_no_wider_than_it_must_be(build: Any) -> None:
    """A narrow picture has its legend in more lines."""
    root = build(Value(1.0, "x"))
    widths = []
    for legend in (True, False):
        svg = draw_dot(root, view="values", legend=legend).pipe("svg", encoding="utf-8")
        found = re.search(r'<svg width="(\d+)"', svg)
        assert found
        widths.append(int(found[1]))
    assert widths[0] <= max(widths[1] + 100, 420)


# --- bad input


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("label", [*HOSTILE, "y" * 10_000, "\u202eabc", "a..b", "🙂" * 300])
def test_every_view_takes_every_label(view: str, label: str) -> None:
    """Of leaves, results, neurons and groups; what is drawn is still one picture."""
    random.seed(0)
    x = Value(0.5, label)
    with group("g" + label):
        y = x * x + 1
    loss = (Neuron(2, activation="tanh", name="n" + label)([x, y]) - y) ** 2
    loss.label = label
    loss.backward()
    svg = draw_dot(loss, view=view).pipe("svg", encoding="utf-8")
    assert svg.count("<svg") == 1
    assert "<script" not in svg
    assert html.unescape(svg)


BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"view": "graph"}, ValueError, "view is 'graph'; .* values, sums, network, arrays"),
    ({"view": 3}, TypeError, "view is 3; .* values, sums, network, arrays"),
    ({"view": "network"}, ValueError, r"needs neurons, such as those of MLP\(2, \[3, 1\]\)"),
    ({"view": "network", "depth": 2}, ValueError, "depth are of values and sums, .* 'network'"),
    ({"view": "arrays", "expand": "all"}, ValueError, "expand and depth are of .* 'arrays'"),
    ({"view": "sums", "inputs": ["x"]}, ValueError, "inputs are of networks and arrays; .* labels"),
    ({"inputs": ["x"], "depth": 3}, ValueError, "inputs are of networks and arrays"),
    ({"inputs": 3, "view": "network"}, TypeError, "draw_dot: inputs"),
    ({"legend": "yes"}, TypeError, "draw_dot: legend"),
]


@pytest.mark.parametrize(("options", "error", "message"), BAD)
def test_views_that_cannot_be_are_told(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    """In one line, with what to do."""
    with pytest.raises(error, match=message) as told:
        draw_dot(Value(2.0, "x") * 3, **options)
    assert "\n" not in str(told.value)


def test_columns_choose_the_network_where_there_is_one() -> None:
    """A small network is drawn by its values, unless its columns have been named."""
    random.seed(0)
    loss = (MLP(2, [1])([1.0, 2.0]) - 1) ** 2
    assert hasattr(draw_dot(loss).drawing, "outline")
    assert {"height", "width"} <= set(
        re.findall(r"\w+", draw_dot(loss, inputs=["height", "width"]).source)
    )


def test_views_are_ever_coarser() -> None:
    """The larger a graph, the coarser the view that is chosen, and it fits a page."""
    chosen = []
    for count in (6, 40, 400, 4000):
        drawn = draw_dot(tangle(count))
        svg = drawn.pipe("svg", encoding="utf-8")
        found = re.search(r'<svg width="(\d+)"', svg)
        assert found
        assert int(found[1]) <= 1100
        outline = drawn.drawing.outline
        chosen.append(len(outline.nodes) / len(outline.order))
    assert all(a >= b for a, b in pairwise(chosen))
