"""Pictures: what the DOT text says, read back, against the engine's numbers."""

import copy
import html
import json
import os
import pickle
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import examples
from hypothesis import given, settings
from tools.draw_pictures import tanh_expression

import micrograd_like as mg
from micrograd_like import MLP, Neuron, Value, draw_difference, draw_dot, mse
from micrograd_like.draw import THEMES
from micrograd_like.draw.outline import FEW
from micrograd_like.graph import chain_product
from micrograd_like.notation import exact, number
from micrograd_like.strategies import Graph, graphs

HOSTILE = [
    '<b>&"\\',
    "</table><script>",
    "🙂",
    "مرحبا",
    "two\nlines",
    "\\N \\G",
    "&lt;",
    "<x>",
    "\x00\x07",
    "]]",
]
SIGN = re.compile(rf'<td[^>]*bgcolor="{THEMES["light"].operation}">([^<]*)</td>')


class Read:
    """A picture read back by Graphviz: nodes, edges, and clusters with what is in them."""

    def __init__(self, picture: Any) -> None:
        graph = json.loads(picture.pipe("json"))
        objects = graph.get("objects", [])
        names = {o["_gvid"]: o["name"] for o in objects}
        self.nodes: dict[str, dict[str, str]] = {
            o["name"]: o for o in objects if re.fullmatch(r"n\d+", o["name"])
        }
        self.clusters = {
            words(o["label"])[0]: {names[n] for n in o["nodes"]}
            for o in objects
            if o["name"].startswith("cluster") and o["label"]
        }
        edges = [
            (names[e["tail"]], names[e["head"]], e)
            for e in graph.get("edges", [])
            if e.get("style") != "invis"
        ]
        self.edges = sorted(edges, key=lambda edge: (edge[2]["id"][0], int(edge[2]["id"][1:])))

    def values(self) -> dict[str, list[str]]:
        """The cells of every table, by the node's name, without the operation's sign."""
        return {n: words(SIGN.sub("", a["label"])) for n, a in self.nodes.items()}

    def operations(self) -> dict[str, str]:
        """The operation's sign in each table that has one."""
        found = {n: SIGN.search(a["label"]) for n, a in self.nodes.items()}
        return {n: html.unescape(sign[1]) for n, sign in found.items() if sign}


def words(label: str) -> list[str]:
    """The texts of an HTML-like label, cell by cell."""
    return [html.unescape(t) for t in re.split(r"<[^>]*>", label) if t.strip()]


def test_a_small_graph_is_drawn_in_full() -> None:
    """Tables with signs, names, data and gradients; an edge an operand, labelled ∂."""
    picture = Read(draw_dot(tanh_expression()))
    assert picture.values()["n0"] == ["a", "data", "2", "grad", "−1.0674"]
    assert picture.values()["n5"] == ["L", "data", "−0.537", "grad", "1"]
    assert picture.operations() == {"n2": "×", "n4": "+", "n5": "tanh"}
    labels = {(tail, head): words(a["label"])[-1].strip() for tail, head, a in picture.edges}
    assert labels == {
        ("n0", "n2"): "−1.5",
        ("n1", "n2"): "2",
        ("n2", "n4"): "1",
        ("n3", "n4"): "1",
        ("n4", "n5"): "0.7116",
    }


@given(graphs(max_nodes=FEW))
@settings(max_examples=examples(60))
def test_pictures_of_random_graphs_are_the_engines_numbers(graph: Graph) -> None:
    """Every value, every operand's edge, with its product's size as width and sign as colour."""
    root = graph.record()
    root.backward()
    drawn = draw_dot(root, view="values")
    picture, outline = Read(drawn), drawn.drawing.outline
    order = mg.topological_order(root)
    assert [node.value for node in outline.nodes] == order
    for k, v in enumerate(order):
        cells = picture.values()[f"n{k}"]
        assert cells[-4:] == ["data", number(v.data), "grad", number(v.grad)]
    flows = [a for _, _, a in picture.edges]
    assert len(flows) == sum(isinstance(x, Value) for v in order for x in v.inputs)
    products = []
    for link, flow in zip(outline.links, flows, strict=True):
        ((v, position, local),) = link.edges
        assert local == v.local_grads[position]
        product = chain_product(v.grad, v.local_grads[position])
        products.append((abs(product), float(flow["penwidth"])))
        theme = THEMES["light"]
        expected = theme.positive if product > 0 else theme.negative if product < 0 else theme.faint
        assert flow["color"] == expected
        assert flow["style"] == ("solid" if product > 0 else "dashed" if product < 0 else "dotted")
        assert exact(product) in flow["tooltip"]
    widths = [width for _, width in sorted(products)]
    assert widths == sorted(widths)


def test_both_operands_of_one_value_are_drawn() -> None:
    """a + a and x * x have two edges each."""
    x = Value(3.0, "x")
    for root in (x + x, x * x):
        edges = [(t, h) for t, h, _ in Read(draw_dot(root)).edges]
        assert edges == [("n0", "n1"), ("n0", "n1")]


@pytest.mark.parametrize(
    ("root", "sign"),
    [
        (lambda x: x * 2, "× 2"),
        (lambda x: 2 * x, "2 ×"),
        (lambda x: 1 - x, "1 −"),
        (lambda x: x**2, "x²"),
        (lambda x: x**-0.5, "x^(−0.5)"),
        (lambda x: 2**x, "2^x"),
        (lambda x: -x, "−"),
        (lambda x: x.relu(), "ReLU"),
    ],
)
def test_constants_stand_with_the_sign(root: Any, sign: str) -> None:
    """A plain number is no table of its own."""
    picture = Read(draw_dot(root(Value(3.0, "x"))))
    assert picture.operations() == {"n1": sign}
    assert len(picture.values()) == 2


def test_unnamed_values_show_their_expressions() -> None:
    """In short, in italics; the operands in brackets where they must be."""
    a, b = Value(2.0, "a"), Value(3.0, "b")
    for v, name in [
        (a * b, "a · b"),
        ((a + b) * a, "(a + b) · a"),
        ((a - 1) ** 2, "(a − 1)²"),
        ((a * b).tanh(), "tanh(a · b)"),
        (-(a / b), "−(a / b)"),
        (Value(0.5) * a, "0.5 · a"),
        (mg.maximum(a, 0), "maximum(a, 0)"),
        ((a * b + a / b) * (a * b - a * b), "(a · b + a / b) · …"),
        ((a * b + a / b) * (a * b - a * b) + a * b, "… + a · b"),
    ]:
        nodes = Read(draw_dot(v)).nodes
        label = nodes[max((n for n in nodes if n[0] == "n"), key=lambda n: int(n[1:]))]["label"]
        assert words(SIGN.sub("", label))[0] == name
        assert "<i>" in label


def test_labels_that_are_formulas_keep_their_brackets() -> None:
    """In titles, in tooltips and in the chain rule's derivatives."""
    a, b = Value(2.0, "x+y"), Value(-3.0, "b")
    root = a * b
    root.backward()
    picture = Read(draw_dot(root))
    assert picture.values()["n2"][0] == "(x+y) · b"
    tooltips = [a["tooltip"] for _, _, a in picture.edges]
    assert tooltips[0] == "∂((x+y) · b)/∂(x+y) = −3.0; times the gradient 1.0 = −3.0"


def test_a_picture_writes_numbers_in_one_way_and_tooltips_have_all_digits() -> None:
    """Small, large and infinite ones, in data, gradients, local derivatives and constants."""
    x, y = Value(0.00123456, "x"), Value(123456.0, "y")
    root = (x * y * 1e-7) / Value(float("inf"), "z")
    root.backward()
    picture = draw_dot(root)
    drawn = {cell for cells in Read(picture).values().values() for cell in cells}
    assert {"0.001235", "1.235e5", "∞"} <= drawn
    shown = "".join(re.findall(r">([^<]*)<", picture.source))
    assert not re.search(r"\binf|e[+-]0?\d|0\.0012\b", shown + picture.source)
    tooltips = [a["tooltip"] for n, a in Read(picture).nodes.items() if n[0] == "n"]
    assert any("0.00123456" in words for words in tooltips)


def test_kinds_of_values_are_told_apart() -> None:
    """Leaves, parameters, values between and the root have different heads."""
    neuron = Neuron(1, name="n")
    loss = neuron([Value(1.0, "x")]) * 2
    picture = draw_dot(loss)
    read = Read(picture)
    kinds = {read.values()[n][0]: a["class"] for n, a in read.nodes.items()}
    assert (kinds["x"], kinds["w0"], kinds["n"], kinds["n · 2"]) == (
        "leaf",
        "parameter",
        "value",
        "root",
    )


def test_gradients_that_were_not_computed_are_dots() -> None:
    """No zero that nobody computed, and no colour on the edges."""
    x = Value(3.0, "x")
    picture = Read(draw_dot((x * x).tanh()))
    assert all(cells[-1] == "·" for cells in picture.values().values())
    assert {a["color"] for _, _, a in picture.edges} == {THEMES["light"].faint}


def test_the_forward_view_has_no_gradients() -> None:
    """Arrows point forward, edges have no labels."""
    picture = Read(draw_dot(tanh_expression(), flow="forward"))
    assert "grad" not in picture.values()["n0"]
    assert all("dir" not in a and not a.get("label") for _, _, a in picture.edges)


@pytest.mark.parametrize("rankdir", ["LR", "RL", "TB", "BT"])
def test_all_directions_are_drawn(rankdir: str) -> None:
    """micrograd's argument, and the two that it has not."""
    picture = draw_dot(tanh_expression(), format="svg", rankdir=rankdir)
    assert f"rankdir={rankdir}" in picture.source
    assert picture.pipe().startswith(b"<?xml")


@pytest.mark.parametrize("label", HOSTILE)
def test_labels_come_through_as_text(label: str) -> None:
    """In the drawn picture, markup, backslashes, entities and other scripts are what they were."""
    v = Value(1.0, label) * Value(2.0, "w")
    svg = draw_dot(v).pipe("svg", encoding="utf-8")
    assert "<script" not in svg
    shown = html.unescape("".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg))).replace(
        "\xa0", " "
    )
    wanted = re.sub("[\x00\x07]", "�", label).replace("\n", " ")
    assert wanted in shown


@pytest.mark.parametrize("name", ["..", ".", "a..", ".a", "a.b.c.d.e.f.g.h.i.j", "x." * 3000 + "x"])
def test_odd_names_of_groups_are_drawn(name: str) -> None:
    """Dots at odd places, and more of them than clusters may be nested."""
    v = Value(1.0, f"{name}.w0") * Value(2.0, "a")
    v.label = name
    assert b"<svg" in draw_dot(v).pipe("svg")


def test_neurons_that_feed_themselves_are_drawn() -> None:
    """A recurrent neuron's calls are one node, however often it was called."""
    cell, h = Neuron(2, activation="tanh", name="cell"), Value(0.0, "h0")
    for k in range(20):
        h = cell([0.1 * k, h])
    nodes = draw_dot(h, view="values").drawing.outline.nodes
    assert [node.kind for node in nodes].count("group") == 1
    assert len(nodes) <= FEW


def test_pictures_can_be_copied_and_pickled() -> None:
    """Like any Digraph; what is added afterwards is drawn, too."""
    picture = draw_dot(tanh_expression())
    assert pickle.loads(pickle.dumps(picture)).source == copy.deepcopy(picture).source
    picture.node("extra", "hello")
    assert "hello" in picture.pipe("svg", encoding="utf-8")


def test_long_labels_are_cut_and_told_whole_in_the_tooltip() -> None:
    """A name of 200 characters does not widen the picture, one of 10,000 breaks nothing."""
    assert b"<svg" in draw_dot(Value(1.0, "y" * 10_000) * 2).pipe("svg")
    picture = Read(draw_dot(Value(1.0, "x" * 200) * 2))
    assert picture.values()["n0"][0] == "x" * 23 + "…"
    assert "x" * 200 in picture.nodes["n0"]["tooltip"]


def test_neurons_and_layers_are_clusters_by_name() -> None:
    """Nested; everything between a neuron's parameters and its output is in its cluster."""
    random.seed(1)
    model = MLP(2, [2, 1])
    loss = (model([Value(1.0, "p"), Value(2.0, "q")]) - 1) ** 2
    picture = Read(draw_dot(loss, view="values"))
    assert set(picture.clusters) == {"layer0", "layer1", "neuron0", "neuron1"}
    inside = {picture.values()[n][0] for n in picture.clusters["neuron1"] if n[0] == "n"}
    assert {"w0", "w1", "b", "neuron1", "b + w0 · p"} < inside
    assert not {"p", "q"} & inside


def house_loss(rows: int = 20) -> tuple[Value, MLP]:
    """The error of a network over several rows, after a backward pass."""
    random.seed(2)
    model = MLP(3, [6, 1], activation="tanh")
    data = [[random.uniform(-1, 1) for _ in range(3)] for _ in range(rows)]
    loss = mse([model(row) for row in data], [row[0] for row in data])
    loss.label = "error"
    loss.backward()
    return loss, model


def test_a_large_graph_collapses_and_says_what_it_hides() -> None:
    """Neurons are one node each, with parameters, calls and values counted."""
    loss, _ = house_loss()
    drawn = draw_dot(loss, view="values")
    picture = Read(drawn)
    assert len(drawn.drawing.outline.nodes) <= FEW
    cells = next(c for c in picture.values().values() if c[0] == "neuron0" and c[2] == "4")
    assert cells[:7] == ["neuron0", "parameters", "4", "calls", "20", "values inside", "144"]
    hidden = sum(len(node.members) for node in drawn.drawing.outline.nodes)
    assert hidden == len(mg.topological_order(loss))


def test_expand_opens_by_name() -> None:
    """One neuron open, the others closed; a layer; everything."""
    loss, _ = house_loss()
    outline = draw_dot(loss, expand="layer0.neuron2").drawing.outline
    names = {(node.kind, node.name) for node in outline.nodes}
    assert ("parameter", "layer0.neuron2.w1") in names
    assert ("group", "layer0.neuron1") in names
    assert len(draw_dot(loss, expand="all").drawing.outline.nodes) == len(
        mg.topological_order(loss)
    )


def test_depth_leaves_out_what_is_farther_and_says_so() -> None:
    """The cut is a node that counts."""
    x = Value(0.5, "x")
    v = x
    for _ in range(10):
        v = (v * 1.1).tanh()
    picture = Read(draw_dot(v, depth=3))
    assert any("17 values hidden" in cells[0] for cells in picture.values().values())
    assert len(picture.values()) == 5


@pytest.mark.slow
def test_fifty_thousand_values_give_a_small_picture() -> None:
    """A chain without names, and a random graph; nothing recurses."""
    chain = Value(0.5, "x")
    for k in range(50_000):
        chain = chain.tanh() if k % 2 else chain * 1.1
    chain.backward()
    rng = random.Random(0)
    values = [Value(rng.random(), f"p{k}") for k in range(50)]
    for _ in range(50_000):
        values.append(
            rng.choice((Value.add, Value.mul, Value.sub))(
                rng.choice(values[-9:]), rng.choice(values[-40:])
            )
        )
    for root in (chain, values[-1]):
        drawn = draw_dot(root)
        assert len(drawn.drawing.outline.nodes) <= FEW + 1
        assert "values hidden" in drawn.source


def test_several_roots_are_in_one_picture() -> None:
    """Shared values are drawn once, each root as a root."""
    x = Value(2.0, "x")
    picture = Read(draw_dot([x * 3, x.exp()]))
    kinds = [a["class"] for n, a in picture.nodes.items() if n[0] == "n"]
    assert sorted(kinds) == ["leaf", "root", "root"]


def test_the_difference_of_two_pictures_is_what_moved() -> None:
    """Before and after a step of learning: each value's move, signed, and the strongest tint."""
    w, x = Value(1.0, "w"), Value(3.0, "x")

    def calculate() -> Value:
        loss = (w * x - 1) ** 2
        loss.label = "L"
        return loss

    loss = calculate()
    before = draw_dot(loss, view="values")
    loss.backward()
    w.data -= 0.01 * w.grad
    moved = Read(draw_difference(before, draw_dot(calculate(), view="values")))
    cells = {c[0]: c for c in moved.values().values()}
    assert cells["w"] == ["w", "data", "0.88", "before", "1", "moved", "−0.12"]
    assert cells["x"][-1] == "0"
    assert cells["L"][-2:] == ["moved", number((0.88 * 3 - 1) ** 2 - 4.0)]
    with pytest.raises(ValueError, match="different graphs"):
        draw_difference(before, draw_dot(w * x))
    x, y = Value(2.0, "x"), Value(3.0, "y")
    for one, other in [(x * y, x + y), (x * 2, x * 3), (x - y, y - x)]:
        with pytest.raises(ValueError, match="different graphs"):
            draw_difference(draw_dot(one), draw_dot(other))
    with pytest.raises(
        TypeError, match=r"after is Value.*; it is to be a picture of values or sums"
    ):
        draw_difference(before, loss)  # type: ignore[arg-type]


def test_copies_of_pictures_have_no_difference() -> None:
    """A deep copy and a pickle draw as before, and are told where their numbers are needed."""
    picture = draw_dot(tanh_expression())
    assert "moved" in draw_difference(copy.copy(picture), picture).source
    for copied in (copy.deepcopy(picture), pickle.loads(pickle.dumps(picture))):
        assert copied.source == picture.source
        with pytest.raises(ValueError, match="draw_difference: before is a copy"):
            draw_difference(copied, picture)


def test_the_difference_of_collapsed_pictures_is_a_length() -> None:
    """Groups of many values tell how far they moved together."""
    loss, model = house_loss()
    before = draw_dot(loss, view="values")
    for p in model.parameters():
        p.data -= 0.1 * p.grad
    other = mse([model([0.1, 0.2, 0.3]) for _ in range(19)], [0.0] * 19)
    after = draw_dot(other, view="values")
    with pytest.raises(ValueError, match="different graphs"):
        draw_difference(before, after)
    same, _ = house_loss()
    cells = Read(draw_difference(before, draw_dot(same, view="values"))).values()
    assert any("|moved|" in c for c in cells.values())


def test_the_same_graph_gives_the_same_text_under_every_hash_seed() -> None:
    """Ids and order come from the graph alone."""
    program = (
        "import random; random.seed(1); from micrograd_like import *\n"
        "m = MLP(2, [9, 9, 1]); l = m([1.0, 2.0]); l.backward(); print(draw_dot(l).source)"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1", "12345")
    }
    assert len(texts) == 1


def test_a_picture_is_of_its_time() -> None:
    """Drawing first and changing the graph afterwards changes no picture."""
    loss = tanh_expression()
    picture = draw_dot(loss)
    source = picture.source
    loss.backward()
    assert picture.source == source


def test_micrograds_own_notebook_function_draws_our_graphs() -> None:
    """The function of micrograd's notebook walks `_prev` and `_op`."""
    import graphviz

    def trace(root: Any) -> tuple[set[Any], set[Any]]:
        nodes, edges = set(), set()

        def build(v: Any) -> None:
            if v not in nodes:
                nodes.add(v)
                for child in v._prev:
                    edges.add((child, v))
                    build(child)

        build(root)
        return nodes, edges

    nodes, edges = trace(tanh_expression())
    dot = graphviz.Digraph(format="svg", graph_attr={"rankdir": "LR"})
    for n in nodes:
        dot.node(
            name=str(id(n)), label=f"{{ data {n.data:.4f} | grad {n.grad:.4f} }}", shape="record"
        )
        if n._op:
            dot.node(name=str(id(n)) + n._op, label=n._op)
            dot.edge(str(id(n)) + n._op, str(id(n)))
    for n1, n2 in edges:
        dot.edge(str(id(n1)), str(id(n2)) + n2._op)
    assert (len(nodes), len(edges)) == (6, 5)


BAD: list[tuple[Any, type[Exception], str]] = [
    (lambda v: draw_dot(3.0), TypeError, "draw_dot: takes a Value, such as the loss, not 3.0"),
    (lambda v: draw_dot([v, "x"]), TypeError, "draw_dot: takes a Value, .*, not 'x'"),
    (lambda v: draw_dot([]), ValueError, "draw_dot: the list of roots is empty; give a Value"),
    (lambda v: draw_dot(v, rankdir="XY"), ValueError, "rankdir is 'XY'; .* LR, RL, TB, BT"),
    (lambda v: draw_dot(v, rankdir=None), TypeError, "rankdir is None; .* LR, RL, TB, BT"),
    (lambda v: draw_dot(v, flow="up"), ValueError, "flow is 'up'; .* backward, forward"),
    (lambda v: draw_dot(v, theme="blue"), ValueError, "theme is 'blue'; .* light, dark"),
    (lambda v: draw_dot(v, theme={}), TypeError, "theme is {}; .* light, dark"),
    (lambda v: draw_dot(v, depth=0), ValueError, "depth is 0; .* a whole number from 1 up"),
    (lambda v: draw_dot(v, depth=True), TypeError, "depth is True; .* a whole number from 1 up"),
    (lambda v: draw_dot(v, format="gif"), ValueError, "format is 'gif'; .* svg, png"),
    (lambda v: draw_dot(v, expand="layer9"), ValueError, "no group 'layer9' to open; there are no"),
    (lambda v: draw_dot(v, expand=[3]), ValueError, "no group 3 to open; there are none"),
    (lambda v: draw_dot(v, expand=True), TypeError, "expand: takes a list of names .*, not True"),
    (lambda v: draw_dot(v, expand=3), TypeError, "expand: takes a list of names .*, not 3"),
    (lambda v: draw_dot(v).save("/"), IsADirectoryError, "/: is a folder; give the name of a file"),
    (lambda v: draw_dot(v).save(3), TypeError, "Picture.save is 3; it is to be a file's name"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_mistakes_are_told(call: Any, error: type[Exception], message: str) -> None:
    """One line that says what there is to choose from."""
    with pytest.raises(error, match=message):
        call(tanh_expression())


def test_an_unknown_group_lists_those_there_are() -> None:
    """The names that could be opened."""
    with pytest.raises(ValueError, match=r"there are layer0, layer0.neuron0, layer0.neuron1, "):
        draw_dot(house_loss()[0], expand="layer0.neuron9")


def test_infinite_and_nan_numbers_are_drawn() -> None:
    """A gradient that exploded can be looked at."""
    x = Value(0.0, "x")
    root = x.sqrt() * float("nan")
    root.backward()
    assert "∞" in draw_dot(x.sqrt()).source
    draw_dot(root).pipe("svg")


def test_gradients_that_are_values_are_drawn_by_their_numbers() -> None:
    """After backward(create_graph=True), too."""
    x = Value(3.0, "x")
    y = x * x
    y.backward(create_graph=True)
    assert Read(draw_dot(y)).values()["n0"][-1] == "6"


def test_a_picture_lands_in_the_readers_folder(tmp_path: Path) -> None:
    """By its ending: picture, page or text."""
    picture = draw_dot(tanh_expression(), theme="dark")
    for name, start in [
        ("a.svg", b"<?xml"),
        ("a.png", b"\x89PNG"),
        ("a.html", b"<!doctype html>"),
        ("a.dot", b"digraph"),
        ("a.gv", b"digraph"),
    ]:
        assert picture.save(tmp_path / name) == str(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(start)
    assert {p.name for p in tmp_path.iterdir()} == {"a.svg", "a.png", "a.html", "a.dot", "a.gv"}
    assert b"#0f172a" in (tmp_path / "a.html").read_bytes()
