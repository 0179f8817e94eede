"""The printed program of a graph's arrays, which computes what the graph does."""

import ast
import random
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pytest
from conftest import examples
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from micrograd_like import MLP, Layer, Value, cross_entropy, logsumexp, topological_order
from micrograd_like.compile import array_text
from micrograd_like.compile.array_names import Blocks, grid, view
from micrograd_like.compile.array_text import ArrayText
from micrograd_like.compile.structure import structure
from micrograd_like.rules import RULES
from micrograd_like.strategies import Graph, graphs

Matrix = list[list[Value]]


def vector(size: int, name: str = "") -> list[Value]:
    """Leaves of different numbers, with labels if there is a name."""
    return [Value(random.uniform(-1, 1), f"{name}{k}" if name else "") for k in range(size)]


def matrix(rows: int, columns: int, name: str = "") -> Matrix:
    """The same as a matrix."""
    flat = vector(rows * columns, name)
    return [flat[k * columns : (k + 1) * columns] for k in range(rows)]


def times(w: Iterable[Sequence[Value]], x: Sequence[Value]) -> list[Any]:
    """A matrix times a vector, without the 0 that sum starts with."""
    rows = [[a * b for a, b in zip(row, x, strict=True)] for row in w]
    return [sum(row[1:], row[0]) for row in rows]


def tanh(values: Iterable[Value]) -> list[Value]:
    return [v.tanh() for v in values]


def squares(values: Sequence[Value]) -> Value:
    return sum((v * v for v in values[1:]), values[0] * values[0])


# --- the program computes what the graph does ------------------------------------------------


class _Products(ast.NodeTransformer):
    def visit_BinOp(self, node: ast.BinOp) -> Any:
        self.generic_visit(node)
        if isinstance(node.op, ast.MatMult):
            return ast.Call(ast.Name("dot", ast.Load()), [node.left, node.right], [])
        return node


def dot(a: Any, b: Any) -> Any:
    return a * b if np.ndim(a) == 0 or np.ndim(b) == 0 else a @ b


def concat(*parts: Any, axis: int = 0) -> Any:
    return np.concatenate([np.atleast_1d(part) for part in parts], axis=axis)


def reduced(function: Any, axis: int | None) -> Any:
    """Σ or max, which are never of a single number."""

    def reduce(x: Any) -> Any:
        assert np.ndim(x) > 0
        return function(x, axis=axis)

    return reduce


def windows(x: Any, width: int) -> Any:
    return np.lib.stride_tricks.sliding_window_view(x, width)


FUNCTIONS = {
    name: np.vectorize(lambda *args, rule=rule: float(rule.function(*args)[0]), otypes=[float])
    for name, rule in RULES.items()
} | {
    "dot": dot,
    "concat": concat,
    "windows": windows,
    "stack": lambda *rows: np.stack(rows),
}


def python(line: str, names: dict[str, str]) -> str:
    """A line of a program as Python, with its names as identifiers."""
    longest_first = sorted(names, key=len, reverse=True)
    known = "|".join(map(re.escape, longest_first))
    line = re.sub(rf"(?<![\w.])(?:{known})(?![A-Za-z0-9_])", lambda found: names[found[0]], line)
    line = re.sub(r"\[n?×?\d*(?:×\d+)+\]|\[n\]", "", line)  # shapes, but for those of vectors
    line = re.sub(r"^max (.*)$", r"largest(\1)", line)
    for sign, code in (("−", "-"), (" · ", "@"), (" ⊙ ", "*"), ("²", "**2"), ("^", "**")):
        line = line.replace(sign, code)
    while "Σ" in line:  # up to the end of the term
        before, after = line.rsplit("Σ ", 1)
        depth = end = 0
        for end, c in enumerate(after + ")"):
            depth += (c in "([") - (c in ")]")
            if depth < 0 or (depth == 0 and re.match(r", | [+-] ", after[end:])):
                break
        line = f"{before}total({after[:end]}){after[end:]}"
    return line


def computed(roots: Sequence[Value], inputs: Sequence[Value]) -> list[float] | None:
    """The roots by the printed program; None if it does not tell all numbers and indices."""
    found = structure(roots, inputs)
    writer = ArrayText(found)
    lines = writer.lines()
    names = {name: f"_{k}_" for k, name in enumerate(writer.names.values())}
    known: dict[str, Any] = dict(FUNCTIONS)
    for key, name in writer.names.items():
        if isinstance(key, tuple):
            source, block = key
            own = writer.blocks[source].places[block]
            numbers = np.array([v.data for v in found.arrays[source].members])
            known[names[name]] = numbers[own]
            if own.ndim == 1:  # the shape of a vector looks like an index
                k = next(k for k, line in enumerate(lines) if f"{name}[" in line)
                lines[k] = re.sub(
                    rf"(?<![\w.]){re.escape(name)}\[(n×)?{own.size}\]", name, lines[k], count=1
                )
    for line in lines:
        if "constants" in line or "…" in line:
            print(*lines, sep="\n")
            return None
        to, equals, expression = line.partition(" = ")
        if not equals:
            expression = f"{line.removeprefix('return ')}"
        tree = _Products().visit(ast.parse(python(expression, names).strip(), mode="eval"))
        axis = -1 if "×" in to or re.search(r"\[\d", to) else None
        known |= {"total": reduced(np.sum, axis), "largest": reduced(np.max, axis)}
        made = eval(compile(ast.fix_missing_locations(tree), "line", "eval"), known)
        if equals:
            array, _, shape = to.partition("[")
            known[names[array]] = made
            sizes = [int(size) for size in shape.rstrip("]").split("×") if size.isdigit()]
            assert list(np.shape(made)) == sizes, line
    parts = made if isinstance(made, tuple) else (made,)
    return [float(x) for part in parts for x in np.ravel(part)]


def autoencoder(name: str) -> tuple[list[Value], list[Value]]:
    """Encoder and decoder have one matrix."""
    w, x = matrix(3, 6, name and "W"), vector(6, name and "x")
    h = tanh(a + b for a, b in zip(times(w, x), vector(3, name and "b"), strict=True))
    y = times(zip(*w, strict=True), h)
    return [squares([a - b for a, b in zip(y, x, strict=True)])], x


def tied(name: str) -> tuple[list[Value], list[Value]]:
    """One matrix in two layers, and its rows and columns by themselves."""
    w, x = matrix(4, 4, name and "W"), vector(4, name and "x")
    h = tanh(times(w, tanh(times(w, x))))
    column, row = squares([row[0] for row in w]), squares(w[1])
    return [*h, column, row.exp(), w[2][3] * 3], x


def permuted(name: str) -> tuple[list[Value], list[Value]]:
    """Inputs in other orders, and some of them."""
    x = vector(5, name and "x")
    t = tanh(x) + [v.exp() for v in (x[2], x[0], x[1])] + [v.sin() for v in x[1:4]]
    return [*t, *times(matrix(2, 2, name and "U"), x[3:]), *(v.cos() for v in x[::-1])], x


def recurrent(name: str) -> tuple[list[Value], list[Value]]:
    """The same weights in each step."""
    w, u = matrix(3, 3, name and "W"), matrix(3, 2, name and "U")
    x = [vector(2, name and f"x{k}_") for k in range(4)]
    h = vector(3, name and "h")
    for step in x:
        h = tanh(a + b for a, b in zip(times(w, h), times(u, step), strict=True))
    return h, [v for step in x for v in step]


def gated(name: str) -> tuple[list[Value], list[Value]]:
    """A gate, element by element."""
    w, u, x = matrix(4, 3, name and "W"), matrix(4, 3, name and "U"), vector(3, name and "x")
    gate = [v.exp() for v in times(u, x)]
    return [a * b for a, b in zip(tanh(times(w, x)), gate, strict=True)], x


def attention(name: str) -> tuple[list[Value], list[Value]]:
    """Queries, keys and values of four rows."""
    x = [vector(3, name and f"x{k}_") for k in range(4)]
    weights = [matrix(3, 3, name and s) for s in "QKV"]
    q, k, v = ([times(w, row) for row in x] for w in weights)
    out = []
    for query in q:
        scores = [s.exp() for s in times(k, query)]
        normal = sum(scores[1:], scores[0])
        out += times(zip(*v, strict=True), [s / normal for s in scores])
    return out, [a for row in x for a in row]


def convolution(name: str) -> tuple[list[Value], list[Value]]:
    """A filter at all places, and one of another step."""
    w, u, x = matrix(2, 3, name and "W"), matrix(2, 3, name and "U"), vector(9, name and "x")
    near = [v for k in range(7) for v in times(w, x[k : k + 3])]
    far = [v.sin() for k in range(0, 7, 2) for v in times(u, tanh(x)[k : k + 3])]
    far += [v.exp() for k in range(0, 7, 3) for v in times(u, [a.cos() for a in x][k : k + 3])]
    return [*tanh(near), *far], x


def batch(name: str) -> tuple[list[Value], list[Value]]:
    """Points that are parts of the graph, an error of each, and a penalty."""
    w, b, x = matrix(3, 2, name and "W"), vector(3, name and "b"), matrix(5, 2, name and "x")
    h = [tanh(a + c for a, c in zip(times(w, row), b, strict=True)) for row in x]
    losses = [logsumexp(row) - row[1] for row in h]
    penalty = squares([v for row in w for v in row] + b)
    return [sum(losses[1:], losses[0]) + 0.5 * penalty], []


def penalty_first(name: str) -> tuple[list[Value], list[Value]]:
    """A penalty of all parameters before they are used."""
    w, b, x = matrix(5, 2, name and "W"), vector(5, name and "b"), vector(2, name and "x")
    penalty = squares([v for row in w for v in row] + b)
    y = tanh(a + c for a, c in zip(times(w, x), b, strict=True))
    return [penalty * 0.5, *y, sum(y[1:], y[0])], x


def repeated(name: str) -> tuple[list[Value], list[Value]]:
    """One value in many terms and places."""
    a, x, w = Value(0.3, name and "a"), vector(3, name and "x"), vector(3, name and "w")
    scaled = sum((a * v for v in x[1:]), a * x[0])
    twice = a * x[0] + a * x[0]
    mixed = a + a + x[0] + x[0] + x[1]
    squared = a * a + a * a + w[0] * w[0]
    power = (w[1].exp() * w[1].exp()) ** (w[1] + 1.0)
    return [
        power,
        (a * a) ** x[2],
        scaled,
        twice.tanh(),
        mixed.exp(),
        squared.sin(),
        *(v + a for v in x),
    ], x


def orders(name: str) -> tuple[list[Value], list[Value]]:
    """Members of one array as roots in another order, a leaf, and a root twice."""
    w, x = matrix(3, 2, name and "W"), vector(2, name and "x")
    t = tanh(times(w, x))
    return [t[2], x[0], t[0], t[1].exp(), t[0], w[0][1]], x


def columns_first(name: str) -> tuple[list[Value], list[Value]]:
    """A matrix product recorded column by column."""
    w, x = matrix(3, 2, name and "W"), matrix(4, 2, name and "x")
    y = tanh(v for row in w for v in times(x, row))
    return [*y, squares([v.sin() for v in y])], []


def towers(name: str) -> tuple[list[Value], list[Value]]:
    """Two layers of one size on different data, and two on the same, of which one is named."""
    x, z = vector(5, name and "x"), vector(5, name and "z")
    one, other = matrix(4, 5, name and "V"), matrix(4, 5, name and "U")
    scores = [a * b for a, b in zip(tanh(times(one, x)), tanh(times(other, z)), strict=True)]
    gates = [v.sigmoid() for layer in (Layer(5, 3, name=name), Layer(5, 3)) for v in layer(z)]
    return [sum(scores[1:], scores[0]), *gates, sum(gates[1:5], gates[0])], x + z


CASES = (
    autoencoder, tied, permuted, recurrent, gated, attention, convolution, batch, penalty_first,
    repeated, orders, columns_first, towers,
)  # fmt: skip


@pytest.mark.parametrize("name", ["", "named"])
@pytest.mark.parametrize("case", CASES)
def test_the_program_computes_the_roots(
    case: Callable[[str], tuple[list[Value], list[Value]]],
    name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Read as NumPy, with its shapes, a program gives the numbers of the graph, in their order."""
    random.seed(0)
    monkeypatch.setattr(array_text, "number", repr)
    roots, inputs = case(name)
    assert computed(roots, inputs) == pytest.approx([v.data for v in roots], rel=1e-12)


@given(graphs(max_nodes=60), st.data())
@settings(max_examples=examples(150), suppress_health_check=list(HealthCheck))
def test_programs_of_any_graph_compute_its_roots(graph: Graph, data: st.DataObject) -> None:
    """So do those of random graphs, with several roots."""
    order = topological_order(graph.record())
    leaves = [v for v in order if v.rule is None]
    roots = [order[-1], *data.draw(st.lists(st.sampled_from(order), max_size=3))]
    inputs = leaves[: data.draw(st.integers(0, len(leaves)))]
    with pytest.MonkeyPatch.context() as patch, np.errstate(all="ignore"):
        patch.setattr(array_text, "number", repr)
        found = computed(roots, inputs)
    assume(found is not None)
    assert found == pytest.approx([v.data for v in roots], rel=1e-9, abs=1e-12, nan_ok=True)


# --- views ---------------------------------------------------------------------------------------


@given(st.data())
@settings(max_examples=examples(400))
def test_views_are_what_numpy_makes_of_them(data: st.DataObject) -> None:
    """Slices, rows, columns, transposes, orders, in any combination, are read back as they were."""
    shape = data.draw(st.sampled_from([(2,), (7,), (2, 2), (3, 4), (5, 2)]))
    size = int(np.prod(shape))
    whole = np.arange(size).reshape(shape)
    axes = [data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=5)) for n in shape]
    cut = data.draw(st.slices(shape[0]))
    sliced = whole[cut] if len(whole[cut]) else whole
    ways = [whole, whole.T, sliced, whole.ravel(), whole.T.ravel(), whole[np.ix_(*axes)]]
    ways += [whole[np.ix_(*axes)].T, np.array(axes[0]), whole[0], whole[..., -1]]
    if whole.ndim == 1 and size > 3:
        ways += [windows(whole, 3), windows(whole, 2)[::2], windows(whole, 3).T]
    places = np.squeeze(data.draw(st.sampled_from(ways)))
    written = view("whole", shape, places)
    assume("…" not in written)
    made = eval(written, {"whole": whole, "windows": windows, "stack": lambda *a: np.stack(a)})
    assert np.broadcast_to(made, places.shape).tolist() == places.tolist()


@given(st.data())
@settings(max_examples=examples(200))
def test_each_leaf_is_in_one_block(data: st.DataObject) -> None:
    """Whatever uses there are, overlapping or not, matrices or lists."""
    count = data.draw(st.integers(1, 30))
    labels = data.draw(
        st.lists(st.sampled_from(["", "a", "w0", "w1", "b.x"]), min_size=count, max_size=count)
    )
    uses = []
    for _ in range(data.draw(st.integers(0, 6))):
        rows = data.draw(st.integers(1, 4))
        flat = data.draw(st.lists(st.integers(0, count - 1), min_size=rows, max_size=12))
        use = np.array(flat[: len(flat) // rows * rows]).reshape(rows, -1)
        uses.append(use.squeeze())
    blocks = Blocks(uses, labels, data.draw(st.booleans()))
    assert sorted(k for places in blocks.places for k in places.ravel().tolist()) == list(
        range(count)
    )
    for k in range(count):
        assert blocks.places[blocks.block_of[k]].ravel()[blocks.position[k]] == k


def test_a_list_of_a_matrix_has_its_shape() -> None:
    """Rows and columns one after the other, either way; not what is no such list."""
    whole = np.arange(12)
    assert grid((3, 4), whole) == (3, 4)
    assert grid((3, 4), whole.reshape(3, 4)[:, 1:3].T.ravel()) == (2, 3)
    assert grid((12,), whole) is grid((3, 4), whole[:4]) is grid((3, 4), whole[1:9]) is None


# --- what people read ------------------------------------------------------------------------


def test_each_leaf_has_one_name() -> None:
    """A matrix and its transpose, a penalty, a column, a slice: all are views of one name."""
    random.seed(0)
    roots, x = autoencoder("named")
    assert str(structure(roots, x)).splitlines()[:2] == [
        "v1[n×3] = tanh(x[n×6] · W[6×3] + b[3])",
        "v2[n×6] = v1 · W.mT − x",
    ]
    w, b = matrix(4, 2), vector(4)
    y = tanh(a + c for a, c in zip(times(w, vector(2)), b, strict=True))
    parameters = [v for row in w for v in row] + b
    lines = str(structure([*y, squares(parameters), squares([row[0] for row in w])])).splitlines()
    assert lines == [
        "v1[4] = tanh(b1[2] · W1[2×4] + b2[4])",
        "v2 = Σ W1² + Σ b2²",
        "v3 = Σ W1[0]²",
        "return v1, v2, v3",
    ]


def test_a_penalty_before_the_layers_gives_no_other_names() -> None:
    """The matrix is named where it is read first, for what it is."""
    roots, x = penalty_first("named")
    assert str(structure(roots, x)).splitlines() == [
        "v1 = Σ W[2×5]² + Σ b[5]²",
        "v2[n×5] = tanh(x[n×2] · W + b)",
        "v3 = 0.5 · v1",
        "v4[n] = Σ v2",
        "return v3, v2, v4",
    ]


def test_the_roots_are_returned_in_their_order() -> None:
    """Members of one array, leaves, one root twice; one root alone is the last line."""
    x = vector(3, "x")
    t = tanh(x)
    for roots, expected in (
        ([t[2], t[0], t[1].exp()], "return v1[0:2], v2"),
        ([*t, x[1], t[0], t[0]], "return v1, x[1], v1[0], v1[0]"),
        ([x[0], x[0]], "return x0, x0"),
        ([t[0]], "v1 = tanh(x0)"),
    ):
        assert str(structure(roots)).splitlines()[-1] == expected


def test_what_would_have_the_same_name_gets_a_number() -> None:
    """A cell's weights for its inputs and for its state, and the state of each step."""
    random.seed(0)
    cell, x, h = Layer(5, 3, activation="tanh"), vector(4, "x"), vector(3, "h")
    for k in range(3):
        h = list(cell([x[k], x[k + 1], *h]))
    assert str(structure(h, x)).splitlines() == [
        "neuron[n×3] = tanh(x[n×4][0:2] · w[2×3] + h[3] · w_2[3×3] + b[3])",
        "neuron_2[n×3] = tanh(x[1:3] · w + neuron · w_2 + b)",
        "neuron_3[n×3] = tanh(x[2:4] · w + neuron_2 · w_2 + b)",
        "return neuron_3",
    ]


def test_numbers_are_told_from_vectors() -> None:
    """``·`` of two vectors is a sum, ``⊙`` is none; a loss by classes keeps the shape of layers."""
    roots, x = gated("named")
    assert str(structure(roots, x)).splitlines()[-2:] == ["v3[n×4] = v1 ⊙ v2", "return v3"]
    points, targets = matrix(5, 3, "x"), [k % 2 for k in range(5)]
    model = MLP(3, [4, 2])
    loss = cross_entropy([model(point) for point in points], targets)
    lines = str(structure(loss)).splitlines()
    assert lines[2:4] == ["v1[5] = max layer1.neuron", "v2[5×2] = exp(layer1.neuron − v1[:, None])"]


@pytest.mark.parametrize("is_leaf", [False, True])
@given(st.lists(st.sampled_from([-2.0, -1.0, 0.5, 1.0]), min_size=2, max_size=6), st.data())
@settings(max_examples=20)
def test_like_steps_are_written_alike(
    is_leaf: bool, data: list[float], draw: st.DataObject
) -> None:
    """A recurrence's steps have their terms, and the factors of these, in one order."""
    turn, swap, more = (draw.draw(st.booleans()) for _ in range(3))
    wx, wh, b, h = Value(0.5, "wx"), Value(0.9, "wh"), Value(0.1, "b"), Value(0.2, "h0")
    for k, number in enumerate(data):
        x = Value(number, f"x{k + 1}") if is_leaf else number
        of_x, of_h = (x * wx, h * wh) if turn else (wx * x, wh * h)
        total = of_x + of_h if swap else of_h + of_x
        h = (total + b if more else total).tanh()
        h.label = f"h{k + 1}"
    lines = str(structure(h)).splitlines()
    assert len(lines) == len(data)
    for line, number in zip(lines, data, strict=True):
        written = f"({number:g})".replace("-", "−") if number < 0 else f"{number:g}"
        assert is_leaf or f"wx · {written}" in line
    alike = {re.sub(r"[hx]\d+|(?<=wx · )(\(−\d\)|[\d.]+)", "_", line) for line in lines}
    assert len(alike) == 1


def test_negative_numbers_are_in_brackets_behind_a_sign() -> None:
    """Also where they are first in a term, and not where the formula begins with one."""
    a, b = Value(2.0, "a"), Value(3.0, "b")
    s, t = a.sin(), b.tanh()
    assert str(structure(s * -3.0 + t * -2.0)).splitlines()[-1] in (
        "v3 = −3 · v1 + (−2) · v2",
        "v3 = −2 · v2 + (−3) · v1",
    )
    assert str(structure(a * -3.0)) == "v1 = −3 · a"
    assert str(structure(s + -3.0)).splitlines()[-1] == "v2 = −3 + v1"
    assert str(structure(a + -3.0)).splitlines()[-1] == "v1 = a + (−3)"


@pytest.mark.parametrize("moves", [False, True])
def test_a_number_stands_before_what_it_scales(moves: bool) -> None:
    """Before a leaf as before what is computed: the first step of a map is as the others are."""
    x = Value(0.3, "x")
    h: Any = x
    for _ in range(4):
        h = 3.7 * h * (1 - h) + h.tanh() * 0.5
    lines = str(structure(h, [x] if moves else [])).replace("[n]", "").splitlines()
    scaled = [re.sub(r"x|v\d+", "_", line) for line in lines if "3.7" in line]
    assert scaled == ["_ = 3.7 · _"] * 4
