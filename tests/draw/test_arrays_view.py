"""The arrays view: what its boxes say, read back, against the engine's numbers."""

import html
import json
import math
import random
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd_like import MLP, Value, cross_entropy, structure, topological_order
from micrograd_like.draw import THEMES
from micrograd_like.draw import array_boxes as boxes_module
from micrograd_like.draw.array_boxes import boxes_of
from micrograd_like.draw.arrays import picture
from micrograd_like.draw.heat_map import MOST, cells, colour, largest
from micrograd_like.notation import exact, number, readable
from micrograd_like.strategies import Graph, graphs

LIGHT = THEMES["light"]
HOSTILE = [
    '<b>&"\\',
    "</table><script>",
    "مرحبا",
    "two\nlines",
    "\\N \\G",
    "&lt;",
    "\x00\x07",
    "a" * 10_000,
]


class Read:
    """A picture read back by Graphviz: texts of boxes, cell by cell, colours of maps, tooltips."""

    def __init__(self, picture: Any) -> None:
        graph = json.loads(picture.pipe("json"))
        self.size = [float(x) for x in graph["bb"].split(",")[2:]]
        self.legend = texts(graph.get("label", ""))
        objects = graph["objects"]
        name_of = {o["_gvid"]: o["name"] for o in objects}
        self.label = {o["name"]: o["label"] for o in objects}
        self.texts = {name: texts(label) for name, label in self.label.items()}
        self.kind = {o["name"]: o["class"] for o in objects}
        self.tooltip = {o["name"]: html.unescape(o["tooltip"]) for o in objects}
        self.edges = {(name_of[e["tail"]], name_of[e["head"]]) for e in graph.get("edges", [])}

    def box(self, title: str) -> str:
        """The node whose table has this title."""
        (found,) = [name for name, words in self.texts.items() if words[0].split("  ")[0] == title]
        return found

    def maps(self, title: str) -> list[list[list[str]]]:
        """The colours of a box's maps, row by row, "" where there is none."""
        return self.maps_in(self.box(title))

    def maps_in(self, node: str) -> list[list[list[str]]]:
        """The same of a node."""
        return [
            [
                [colour_of(cell) for cell in row.split("</td>")[:-1]]
                for row in table.split("</tr>")[:-1]
            ]
            for table in re.findall(r"<table [^>]*fixedsize[^>]*>(.*?)</table>", self.label[node])
        ]


def colour_of(cell: str) -> str:
    """The colour of a table's cell, "" where it has none."""
    found = re.search(r'bgcolor="([^"]*)"', cell)
    return found[1] if found else ""


def texts(label: str) -> list[str]:
    """The texts of a table's cells, without the empty ones."""
    cells = (re.sub(r"<br/?>", " ", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", label))
    found = (html.unescape(re.sub(r"<[^>]*>", "", cell)).replace("\xa0", " ") for cell in cells)
    return [text.strip().replace("\\\\", "\\") for text in found if text.strip()]


def network(sizes: list[int], rows: int, seed: int = 0) -> Value:
    """The mean square of a network's outputs on some rows, after a backward pass."""
    random.seed(seed)
    model = MLP(2, sizes)
    X = [[random.uniform(-1, 1), random.uniform(-1, 1)] for _ in range(rows)]
    outputs = [model([Value(x) for x in row]) for row in X]
    loss = sum(out * out for out in outputs) / rows
    loss.label = "loss"
    loss.backward()
    return loss


@settings(max_examples=examples(40))
@given(graphs(), st.booleans())
def test_what_the_boxes_say_is_what_the_engine_has(graph: Graph, passed: bool) -> None:
    """Each value that is told alone is one of the graph's, and the root's numbers are its own."""
    root = graph.record()
    if passed:
        root.backward()
    order = topological_order(root)
    there = {(exact(v.data), exact(v.grad)) for v in order}
    read = Read(picture(root))
    for name, kind in read.kind.items():
        told = re.search(r"; data (\S+)(?:; grad (\S+))?$", read.tooltip[name])
        if told and kind != "constants":  # of one value
            data, grad = told.groups(default="0.0")
            assert (data, grad) in there
            assert ("grad" in read.texts[name]) is passed
            if kind == "root":
                assert (data, grad) == (exact(root.data), exact(root.grad))
                assert number(root.data) in read.texts[name]


@settings(max_examples=examples(60))
@given(graphs())
def test_the_boxes_are_the_printed_program(graph: Graph) -> None:
    """Boxes have the names, shapes and formulas that the structure prints, and every leaf once."""
    root = graph.record()
    boxes, rest = boxes_of(root)
    program = str(structure(root))
    leaves = [box for box in boxes if not box.formula and box.kind != "constants"]
    for box in leaves:
        assert not box.shape or f"{box.name}[{box.sizes}]" in program
        program = program.replace(f"{box.name}[{box.sizes}]", box.name)
    lines = [line for line in program.splitlines() if " = " in line]
    sizes = {box.name: f"[{box.sizes}]" * bool(box.sizes) for box in boxes}
    assert lines == [f"{box.name}{sizes[box.name]} = {box.formula}" for box in boxes if box.formula]
    assert sum(box.data.size for box in leaves) == sum(
        v.rule is None for v in topological_order(root)
    )
    assert rest.operations == sum(v.rule is not None for v in topological_order(root))


def exponentials(rows: int, columns: int) -> Value:
    """A sum over rows of constants, each with the same weights."""
    w = [Value(random.uniform(-1, 1), f"w{k}") for k in range(columns)]
    data = [[random.uniform(-1, 1) for _ in w] for _ in range(rows)]
    return sum((-sum(a * x for a, x in zip(w, row, strict=True))).exp() for row in data)


def attention(rows: int, columns: int) -> Value:
    """Queries, keys and values, each a matrix of leaves."""
    q, k, v = (
        [[Value(random.uniform(-1, 1), f"{s}{i}_{j}") for j in range(columns)] for i in range(rows)]
        for s in "qkv"
    )
    out = []
    for query in q:
        scores = [sum(a * b for a, b in zip(query, key, strict=True)).exp() for key in k]
        total = sum(scores)
        out += [
            sum(s / total * row[j] for s, row in zip(scores, v, strict=True))
            for j in range(columns)
        ]
    return sum(v * v for v in out)


def regression(rows: int, columns: int) -> Value:
    """The error of a line for columns of data, which stand upright in what is computed."""
    w = [Value(random.uniform(-1, 1), f"w{k}") for k in range(columns)]
    x = [[Value(random.uniform(-1, 1), f"x{i}_{k}") for k in range(columns)] for i in range(rows)]
    y = [Value(random.uniform(-1, 1), f"y{i}") for i in range(rows)]
    scale = [Value(random.uniform(-1, 1), f"s{i}") for i in range(rows)]
    return sum(
        (a * sum(p * q for p, q in zip(row, w, strict=True)) - b).tanh()
        for row, a, b in zip(x, scale, y, strict=True)
    )


STRUCTURES = [exponentials, attention, regression, lambda m, n: network([n, 1], m)]


def check_shapes(root: Value) -> None:
    """Every map has the rows and columns of its box's shape, or as many as that has means."""
    read = Read(picture(root))
    for node, words in read.texts.items():
        sizes = [int(size) for size in words[0].partition("  ")[2].split("×") if size]
        means = next((word for word in words if word.startswith("cells: means of")), "1×1")
        down, across = map(int, means.split()[-1].split("×"))
        for shown in read.maps_in(node):
            (columns,) = {len(row) for row in shown}
            if len(sizes) == 2:
                assert (len(shown), columns) == (-(-sizes[0] // down), -(-sizes[1] // across))
            else:
                assert min(len(shown), columns) == 1
                assert max(len(shown), columns) == -(-sizes[0] // (down * across))


@pytest.mark.parametrize("make", STRUCTURES)
@given(st.integers(1, 7), st.integers(1, 5))
@settings(max_examples=15)
def test_maps_have_the_shapes_that_boxes_say(
    make: Callable[[int, int], Value], rows: int, columns: int
) -> None:
    """A map is as high and as wide as its box says, whatever the array is used for."""
    random.seed(0)
    root = make(rows, columns)
    root.backward()
    check_shapes(root)


@given(graphs(max_nodes=60))
@settings(max_examples=examples(40))
def test_maps_of_any_graph_have_the_shapes_that_boxes_say(graph: Graph) -> None:
    """So they are in random graphs."""
    check_shapes(graph.record())


@pytest.mark.parametrize("make", [exponentials, regression])
def test_large_maps_have_the_shapes_that_boxes_say(make: Callable[[int, int], Value]) -> None:
    """Of more rows than a map has, there is one for each mean that the box tells of."""
    for rows, columns in ((16, 17), (17, 16), (40, 35)):
        check_shapes(make(rows, columns))


def test_a_matrix_of_constants_is_no_list() -> None:
    """Four rows of two numbers that a list of results is computed from are 4×2 cells."""
    random.seed(0)
    (shown,) = Read(picture(exponentials(4, 2))).maps("constants")
    assert [len(row) for row in shown] == [2, 2, 2, 2]


def test_a_network_is_matrices() -> None:
    """A network over rows is its layers' matrices; boxes lead to what is computed from them."""
    read = Read(picture(network([16, 16, 1], rows=100)))
    shapes = {words[0].split("  ")[0]: words[0].partition("  ")[2] for words in read.texts.values()}
    data = next(name for name in shapes if name.startswith("X"))
    assert shapes[data] == "100×2"
    assert (shapes["layer0.w"], shapes["layer1.w"]) == ("2×16", "16×16")
    assert shapes["layer0.neuron"] == shapes["layer1.neuron"] == "100×16"
    hidden = read.box("layer1.neuron")
    sources = {source for source, target in read.edges if target == hidden}
    assert sources == {read.box(name) for name in ("layer0.neuron", "layer1.w", "layer1.b")}
    assert read.kind[read.box("layer1.w")] == "parameter"
    assert read.kind[read.box(data)] == "leaf"
    assert read.kind[read.box("loss")] == "root"


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_a_map_has_the_colours_of_its_numbers(theme: Any) -> None:
    """Every cell has the colour of its number, on one scale for data and another for gradients."""
    loss = network([3, 4, 1], rows=5)
    boxes, _ = boxes_of(loss)
    maps = [box for box in boxes if box.data.size > 1]
    most = [largest(np.concatenate([of.ravel() for of in all_of])) for all_of in (
        [box.data for box in maps], [box.grads for box in maps if box.grads is not None],
    )]  # fmt: skip
    read, strongest = Read(picture(loss, theme=theme)), set()
    for box in maps:
        shown = iter(read.maps(box.name))
        for numbers, scale in zip((box.data, box.grads), most, strict=True):
            if numbers is not None and numbers.any():
                colours = [[colour(x, scale, theme) for x in row] for row in numbers.tolist()]
                assert next(shown) == colours
                strongest |= {c for row in colours for c in row} & {theme.positive, theme.negative}
    assert strongest  # the largest number has the colour itself


def test_the_numbers_of_a_matrix_are_in_its_order() -> None:
    """A layer's matrix has a column for each neuron and a row for each input."""
    random.seed(0)
    model = MLP(3, [4, 2])
    out = model([1.0, -2.0, 0.5])
    boxes = {box.name: box for box in boxes_of(out)[0]}
    for k, layer in enumerate(model.layers):
        weights = np.array([[w.data for w in neuron.w] for neuron in layer.neurons]).T
        assert np.array_equal(boxes[f"layer{k}.w"].data, weights)
    assert np.array_equal(boxes["layer1.neuron"].data, [[v.data for v in out]])


@given(st.lists(st.floats(-1e308, 1e308), min_size=1, max_size=100), st.integers(1, 40))
def test_cells_are_means_of_blocks(numbers: list[float], across: int) -> None:
    """However large a matrix is, its cells are few, and each is the mean of its block."""
    array = np.resize(np.array(numbers), (len(numbers), across))
    means, (down, wide) = cells(array)
    assert max(means.shape) <= MOST
    for i, row in enumerate(means.tolist()):
        for j, mean in enumerate(row):
            block = array[i * down : (i + 1) * down, j * wide : (j + 1) * wide]
            expected = math.fsum(x / block.size for x in block.ravel().tolist())
            assert math.isclose(mean, expected, rel_tol=1e-9, abs_tol=1e-9 * np.abs(block).max())


def test_a_large_array_says_that_it_is_averaged() -> None:
    """Where cells are means of several numbers, the box says of how many; a small one does not."""
    read = Read(picture(network([20, 1], rows=3)))
    assert "cells: means of 1×2" in read.texts[read.box("layer0.w")]
    assert not any("means" in text for text in read.texts[read.box("loss")])


def test_gradients_are_shown_when_they_are_known() -> None:
    """Before a backward pass the picture says that there are none; forward it is silent of them."""
    loss = network([3, 1], rows=4)
    assert any("grad ±" in text for text in Read(picture(loss)).legend)
    forward = Read(picture(loss, flow="forward"))
    assert not any(
        "grad" in text for words in [*forward.texts.values(), forward.legend] for text in words
    )
    fresh = Value(2.0, "a") * 3
    read = Read(picture(fresh))
    assert "no gradient yet" in read.legend[-1]
    assert "grad" not in read.texts[read.box("v1")]


def test_gradients_that_some_values_lack_are_counted() -> None:
    """After a pass from one of two roots, a box says how many of its gradients are known."""
    x = [Value(float(k), f"x{k}") for k in range(4)]
    y = [v.tanh() for v in x]
    (y[0] + y[1]).backward()
    read = Read(picture(y))
    assert "2 gradients known" in read.texts[read.box("x")]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_any_label_is_shown_as_it_is(name: str) -> None:
    """Markup, control characters and long names are text in titles, formulas and tooltips."""
    a, b = Value(2.0, name), Value(3.0, "b")
    read = Read(picture((a * b).tanh()))
    title = readable(name).replace("\n", " ")
    assert title.strip()[:20] in {
        words[0][: len(title.strip()[:20])] for words in read.texts.values()
    }
    assert max(read.size) < 600


def test_a_leaf_alone_is_a_box() -> None:
    """A leaf is its own picture, with its number."""
    read = Read(picture(Value(2.5, "a")))
    assert read.texts == {"a0": ["a", "data", "2.5"]}


def test_several_roots_are_marked() -> None:
    """Roots in one array are one box, which says how many of its values they are if not all."""
    x = [Value(float(k), f"x{k}") for k in range(4)]
    y = [v.tanh() for v in x]
    assert "root among them" not in str(Read(picture(y)).texts)
    read = Read(picture([y[0], y[2], sum(y)]))
    marked = [words for words in read.texts.values() if "2 roots among them" in words]
    assert len(marked) == 1
    assert list(read.kind.values()).count("root") == 2


def test_a_row_of_inputs_stands_for_n() -> None:
    """With inputs shapes have n rows, and the numbers are those of the row that was recorded."""
    random.seed(0)
    x = [Value(0.5, "x0"), Value(-1.0, "x1")]
    read = Read(picture(MLP(2, [3, 1])(x), x))
    assert read.texts[read.box("x")][0] == "x  n×2"
    assert "n rows" in read.legend[-1]


def test_numbers_that_are_none_have_a_colour_of_their_own() -> None:
    """NaN is lit, infinities are as strong as the largest number, which is the scale's end."""
    x = [Value(x, f"x{k}") for k, x in enumerate((math.nan, math.inf, -math.inf, 2.0))]
    read = Read(picture([v * 1.0 for v in x]))
    ((row,),) = read.maps("x")
    assert row == [LIGHT.lit, LIGHT.positive, LIGHT.negative, LIGHT.positive]
    assert "negative to positive; at the ends data ±2" in read.legend


def test_arrays_far_from_the_root_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of hundreds of arrays those nearest to the root are shown, and the others counted."""
    v = Value(0.5, "x")
    for k in range(150):
        v = (v * Value(1.0 + k, f"w{k}") + 1).tanh() if k % 2 else v.sin()
    shown, rest = boxes_of(v)
    read = Read(picture(v))
    assert read.label["rest"] == f"… {rest.arrays} more arrays"
    assert any(source == "rest" for source, _ in read.edges)
    assert all(not box.name.startswith("x") for box in shown)
    monkeypatch.setattr(boxes_module, "MOST", 10_000)
    everything, none = boxes_of(v)
    assert none.arrays == 0
    assert len(everything) == len(shown) + rest.arrays
    assert sum(box.data.size for box in everything) == rest.values + sum(b.data.size for b in shown)


def test_a_graph_without_arrays_says_so() -> None:
    """Thousands of values of which none are alike are refused, with what to do instead."""
    v = Value(0.5)
    for k in range(2100):
        v = v.sin() if k % 2 else v.tanh()
    with pytest.raises(ValueError, match=r"^draw_dot: view 'arrays' needs .* another view$"):
        picture(v)


def test_repeated_values_are_counted() -> None:
    """What is computed twice of the same is shown once, and the legend counts the others."""
    x = Value(2.0, "x")
    legend = Read(picture(x.sin() * x.sin() + x.tanh())).legend
    repeated = "1 value repeats another, and is not shown again"
    assert f"5 operations; {repeated}; no gradient yet" in legend


@given(st.integers(2, 9), st.integers(0, 3), st.sampled_from([[3, 1], [2, 2], [1]]))
@settings(max_examples=20)
def test_repeated_rows_are_counted(count: int, again: int, sizes: list[int]) -> None:
    """Rows of data that are there twice are shown once, and the legend says how many are not."""
    random.seed(0)
    model = MLP(2, sizes, activation="tanh")
    data = [(0.5 + k, 1.5 - k * k) for k in range(count)]
    data += random.choices(data, k=again)
    outputs = [model(row) for row in data]
    loss: Any = sum(
        (v - 0.5) ** 2 for out in outputs for v in (out if isinstance(out, list) else [out])
    )
    (boxes, rest), read = boxes_of(loss), Read(picture(loss))
    assert next(box.shape for box in boxes if box.name == "constants") == (count, 2)
    verbs = "repeats another, and is" if again == 1 else "repeat others, and are"
    said = f"{again} of {count + again} rows {verbs} not shown again"
    assert rest.repeated == (said if again else "")
    assert (said in read.legend[-1]) is (again > 0)


def test_arguments_that_are_wrong_are_told() -> None:
    """Roots and inputs are checked as everywhere."""
    a = Value(2.0, "a")
    with pytest.raises(TypeError, match="draw_dot: root 0"):
        picture([1.0])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="draw_dot: input 0"):
        picture(a * 2, [Value(1.0)])


@pytest.mark.parametrize("sizes", [[16, 16, 1], [8] * 10 + [1]], ids=["usual", "deep"])
def test_a_network_fits_a_page(sizes: list[int]) -> None:
    """Networks are at most as wide as a notebook's cell, with no text below 9 pixels."""
    drawn = picture(network(sizes, rows=20))
    assert Read(drawn).size[0] <= 1100
    assert min(map(float, re.findall(r'(?:point-size|fontsize)="?([\d.]+)', drawn.source))) >= 9


def test_digits_fit_a_page() -> None:
    """A network of 64 inputs with cross entropy over 32 rows is at most 1,100 pixels wide."""
    random.seed(0)
    model = MLP(64, [16, 10])
    rows = [[random.choice([0.0, 0.25, 0.5, 1.0]) for _ in range(64)] for _ in range(32)]
    loss = cross_entropy([model(row) for row in rows], [k % 10 for k in range(32)])
    loss.backward()
    assert Read(picture(loss)).size[0] <= 1100


def test_a_picture_is_the_same_twice() -> None:
    """Two pictures of one graph have the same text."""
    loss = network([3, 1], rows=4)
    assert picture(loss).source == picture(loss).source
