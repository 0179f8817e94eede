"""The arrays that are found in graphs of scalars."""

import random
from typing import Any

import numpy as np
import pytest
from conftest import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from micrograd_like import (
    MLP,
    Layer,
    Value,
    cross_entropy,
    logsumexp,
    mse,
    topological_order,
)
from micrograd_like.compile.array_names import stem
from micrograd_like.compile.layout import CONSTANTS, INPUTS, LEAVES, Array, Layout
from micrograd_like.compile.structure import structure
from micrograd_like.strategies import Graph, graphs


def recomputed(found: Layout) -> list[list[float]]:
    """The numbers of all arrays, computed from the parts as their definitions say."""
    numbers: list[list[float]] = []
    for k, array in enumerate(found.arrays):
        if k in (INPUTS, LEAVES):
            numbers.append([v.data for v in array.members])
        elif k == CONSTANTS:
            numbers.append(list(array.members))
        else:
            numbers.append([_member(array, row, numbers) for row in range(array.size)])
    return numbers


def _member(array: Array, row: int, numbers: list[list[float]]) -> float:
    sides = [[numbers[part.left][k] for k in part.rows[row]] for part in array.parts]
    if array.rule is not None:
        if len(sides) == 1 and len(sides[0]) > 1:
            return max(sides[0])
        with np.errstate(all="ignore"):
            return float(array.rule.function(*(side[0] for side in sides))[0])
    total = 0.0
    for part, left in zip(array.parts, sides, strict=True):
        right = [1.0] * len(left)
        if part.right is not None and part.others is not None:
            right = [numbers[part.right][k] for k in part.others[row]]
        total += part.sign * sum(a * b for a, b in zip(left, right, strict=True))
    return total


@given(graphs(max_nodes=80), st.data())
@settings(max_examples=examples(150), suppress_health_check=list(HealthCheck))
def test_the_arrays_hold_the_numbers_of_the_graph(graph: Graph, data: st.DataObject) -> None:
    """Computed by their definition, in their order, members have the data of their Values."""
    root = graph.record()
    order = topological_order(root)
    leaves = [v for v in order if v.rule is None]
    inputs = leaves[: data.draw(st.integers(0, len(leaves)))]
    if root.rule is None:
        return
    found = structure(root, inputs)
    numbers = recomputed(found)
    for array, own in zip(found.arrays[3:], numbers[3:], strict=True):
        for v, x in zip(array.members, own, strict=True):
            assert x == pytest.approx(v.data, rel=1e-9, abs=1e-12, nan_ok=True)
    source, row = found.roots[0]
    assert numbers[source][row] == pytest.approx(root.data, rel=1e-9, abs=1e-12, nan_ok=True)


@given(graphs(max_nodes=80))
@settings(max_examples=examples(60), suppress_health_check=list(HealthCheck))
def test_every_array_needs_only_those_before_it(graph: Graph) -> None:
    """Also the rows are there; a matrix product has its members in the order of left and right."""
    root = graph.record()
    found = structure(root)
    assert found.operations == sum(v.rule is not None for v in topological_order(root))
    for k, array in enumerate(found.arrays):
        for part in array.parts:
            for source, rows in ((part.left, part.rows), (part.right, part.others)):
                if source is not None and rows is not None:
                    assert source < k
                    assert 0 <= rows.min() <= rows.max() < found.arrays[source].size
            if part.product:
                lefts, rights = part.product
                assert (np.repeat(lefts, len(rights), 0) == part.rows).all()
                assert (np.tile(rights, (len(lefts), 1)) == part.others).all()


def test_a_network_is_found_as_people_write_it() -> None:
    """An MLP and its loss are a few lines, with names and shapes."""
    x = [Value(0.0, f"x{k}") for k in range(64)]
    t = [Value(0.0, f"t{k}") for k in range(10)]
    loss = cross_entropy([MLP(64, [16, 10])(x)], [t])
    loss.label = "loss"
    assert str(structure(loss, [*x, *t])).splitlines() == [
        "layer0.neuron[n×16] = relu(x[n×64] · layer0.w[64×16] + layer0.b[16])",
        "layer1.neuron[n×10] = layer0.neuron · layer1.w[16×10] + layer1.b[10]",
        "v1[n] = max layer1.neuron",
        "v2[n×10] = exp(layer1.neuron − v1)",
        "v3[n] = log(Σ v2)",
        "v4[n] = v1 + v3 − layer1.neuron · t[n×10]",
        "loss[n] = 1 · v4",
    ]


def test_a_batch_recorded_as_one_graph_is_found_too() -> None:
    """micrograd's way: each data point is a part of the graph, and its numbers are leaves."""
    random.seed(0)
    model = MLP(2, [16, 16, 1])
    points = [[Value(random.gauss(0, 1)) for _ in range(2)] for _ in range(100)]
    losses = [(1 + -((-1) ** k) * model(point)).relu() for k, point in enumerate(points)]
    loss = sum(losses) * 0.01 + 1e-4 * sum(p * p for p in model.parameters())
    loss.label = "loss"
    found = structure(loss)
    assert len(found.arrays) == 3 + 10
    assert repr(found) == "<Structure of 65,077 operations in 10 arrays>"
    assert str(found).splitlines()[:3] == [
        "layer0.neuron[100×16] = relu(X1[100×2] · layer0.w[2×16] + layer0.b[16])",
        "layer1.neuron[100×16] = relu(layer0.neuron · layer1.w[16×16] + layer1.b[16])",
        "layer2.neuron0[100] = layer1.neuron · layer2.neuron0.w[16] + layer2.neuron0.b",
    ]


def test_a_structure_shows_itself() -> None:
    """A notebook has the program as a table, and as text; of a long one the first lines."""
    from IPython.lib.pretty import pretty

    x = [Value(0.5, "x0"), Value(0.5, "x1")]
    found = structure(MLP(2, [3, 1])(x), x)
    assert pretty(found) == str(found)
    html = found._repr_html_()
    assert "<strong>21 operations in 3 arrays</strong>" in html
    assert html.count("<tr>") == len(str(found).splitlines())
    assert ">= relu(x[n×2] · layer0.w[2×3] + layer0.b[3])<" in html.replace("<wbr>", "")
    v = x[0]
    for k in range(100):
        v = v.tanh() * v if k % 2 else v.sin()
    found = structure(v)
    count = len(str(found).splitlines())
    assert pretty(found).splitlines()[-1] == f"… {count - 40} more lines"
    assert found._repr_html_().count("<tr>") == 41


def test_points_of_plain_numbers_are_a_matrix() -> None:
    """Numbers that occur again, and stand in another order, are data all the same."""
    model = MLP(2, [4, 1], activation="tanh")
    loss = mse([model(x) for x in ([0, 0], [0, 1], [1, 0], [1, 1])], [0, 1, 1, 0])
    first = str(structure(loss)).splitlines()[0]
    assert first == "layer0.neuron[4×4] = tanh(constants[4×2] · layer0.w[2×4] + layer0.b[4])"


@pytest.mark.parametrize("sign", [1, -1])
def test_however_a_sum_is_written_it_is_one_array(sign: int) -> None:
    """Order of terms, brackets, signs, and factors in the other order make no difference."""
    w = [Value(float(k + 1), f"w{k}") for k in range(6)]
    x = [Value(float(k), f"x{k}") for k in range(3)]
    one = w[0] * x[0] + (w[1] * x[1] + x[2] * w[2])
    other = x[2] * w[5] - (-(w[3] * x[0]) - w[4] * x[1])
    found = structure([one * sign, other * sign], x)
    sums = [array for array in found.arrays if array.rule is None and array.parts]
    assert sums[0].size == 2
    assert sums[0].parts[0].product is not None


def test_weights_are_matrices_side_by_side() -> None:
    """Leaves are numbered anew, in the order in which arrays need them."""
    x = [Value(0.0) for _ in range(5)]
    found = structure(MLP(5, [4, 3])(x), x)
    blocks = [part.product.right for array in found.arrays for part in array.parts if part.product]
    assert [block.shape for block in blocks] == [(4, 5), (3, 4)]
    for block in blocks:
        assert (block.ravel() == np.arange(block.min(), block.max() + 1)).all()


def test_shared_weights_are_one_product() -> None:
    """A filter over places, and a step repeated in time, use one matrix again and again."""
    random.seed(0)
    filters = Layer(3, 2, activation="tanh")
    x = [Value(0.1 * k, f"x{k}") for k in range(8)]
    outputs = [v for k in range(6) for v in filters(x[k : k + 3])]
    found = structure(sum(outputs), x)
    product = next(part.product for a in found.arrays for part in a.parts if part.product)
    assert list(map(len, product)) == [6, 2]
    cell = Layer(4, 3, activation="tanh")
    h = [Value(0.0) for _ in range(3)]
    for k in range(5):
        h = cell([x[k], *h])
    assert len(structure(logsumexp(h), x[:5]).arrays) < 20


def test_what_is_computed_twice_has_one_row() -> None:
    """The same operation on the same values, written in two places of a program."""
    a, b = Value(2.0), Value(3.0)
    found = structure((a * b).tanh() + (a * b).tanh() * 2)
    assert [array.size for array in found.arrays if array.rule] == [1]


def test_names_have_what_labels_have_in_common() -> None:
    """Numbers that differ are left out; labels that have nothing in common give no name."""
    assert stem(["x0", "x1"]) == "x"
    assert stem(["layer0.neuron0.w0", "layer0.neuron1.w0", "layer0.neuron1.w1"]) == "layer0.w"
    assert stem(["loss", "loss"]) == "loss"
    assert stem(["a", "b"]) == stem(["a", "b.c"]) == stem(["", ""]) == ""
    assert stem(["W10", "W11"]) == stem(["W1", "W10"]) == "W"
    assert stem(["v0.Wq[0]", "v1.Wq[0]"]) == "Wq[0]"


@pytest.mark.parametrize(
    "label", ["Wq{}_{}", "Wq_{}_{}", "Wq[{},{}]", "Wq[{}][{}]", "Wq({}, {})", "Wq.{}.{}"]
)
def test_a_matrix_labelled_by_hand_has_its_name(label: str) -> None:
    """However the numbers of rows and columns are written; a row has its own where it can."""
    rows = [[label.format(j, k) for k in range(12)] for j in range(12)]
    assert stem([name for row in rows for name in row]) == "Wq"
    assert stem(rows[3]) in ("Wq", "Wq3", "Wq_3", "Wq.3")
    layers = [[f"{name}_{k}" for k in range(3)] for name in ("W1", "W1_2", "x_0")]
    assert [stem(labels) for labels in layers] == ["W1", "W1_2", "x_0"]


def test_zeros_in_a_sum_are_left_out() -> None:
    """Those that Python's ``sum`` starts with; another number, and a factor of zero, stay."""
    x, w = ([Value(0.1 * k, f"{name}{k}") for k in range(3)] for name in "xw")
    total = sum(sum([a * b, 0.0, -0.0]) for a, b in zip(w, x, strict=True))
    for root, expected in (
        (total, "v1[n] = x[n×3] · w[3]"),
        (0 - total, "v1[n] = −x[n×3] · w[3]"),
        (total + 1, "v1[n] = x[n×3] · w[3] + 1"),
        (0 + x[0], "v1[n] = x0[n]"),
        (0 * x[0] + x[0], "v1[n] = 0 · x0[n] + x0"),
    ):
        inputs = [v for v in x if v in topological_order(root)]
        assert str(structure(root, inputs)) == expected


# --- layers of one size ------------------------------------------------------------------------


def test_alike_layers_on_different_data_are_a_matrix_product_each() -> None:
    """Two towers, and an ensemble whose layers have the same labels."""
    x, z = ([Value(0.1 * k, f"{name}{k}") for k in range(8)] for name in "xz")
    queries, keys = (Layer(8, 8, activation="tanh", name=name) for name in ("query", "key"))
    score = sum(a * b for a, b in zip(queries(x), keys(z), strict=True))
    assert str(structure(score, [*x, *z])).splitlines() == [
        "query.neuron[n×8] = tanh(x[n×8] · query.w[8×8] + query.b[8])",
        "key.neuron[n×8] = tanh(z[n×8] · key.w[8×8] + key.b[8])",
        "v1[n] = query.neuron · key.neuron",
    ]
    found = structure(MLP(8, [16, 16, 1])(x) + MLP(8, [16, 16, 1])(x), x)
    products = [part.product for array in found.arrays for part in array.parts if part.product]
    assert [len(product.right) for product in products] == [32, 16, 16, 1, 1]


def test_layers_on_the_same_data_are_known_by_their_names() -> None:
    """Of any size; not neurons, and not the same layer again."""
    x = [[Value(0.1 * k, f"x{j}_{k}") for k in range(3)] for j in range(4)]
    layers = [Layer(3, 2, name=name, activation="linear") for name in ("query", "key", "value")]
    roots = [v for layer in layers for row in x for v in layer(row)]
    assert str(structure(roots, [v for row in x for v in row])).splitlines() == [
        "query.neuron[n×4×2] = x[n×4×3] · query.w[3×2] + query.b[2]",
        "key.neuron[n×4×2] = x · key.w[3×2] + key.b[2]",
        "value.neuron[n×4×2] = x · value.w[3×2] + value.b[2]",
        "return query.neuron, key.neuron, value.neuron",
    ]
    w = [[Value(0.1, f"{name}.in.w{k}") for k in range(3)] for name in ("one", "two")]
    neurons = [sum(a * b for a, b in zip(row, x[0], strict=True)) for row in w]
    assert len(structure(neurons, x[0]).arrays) == 4


def test_what_is_computed_twice_in_a_layer_has_one_row() -> None:
    """A layer that is recorded again on the same data has no other array."""
    x, z = ([Value(0.1 * k, f"{name}{k}") for k in range(8)] for name in "xz")
    one, other = Layer(8, 8), Layer(8, 8)
    twice = [v for layer in (one, other) for _ in range(2) for v in layer(x if layer is one else z)]
    found = structure(twice, [*x, *z])
    assert [array.size for array in found.arrays[3:]] == [8, 8, 8, 8]
    assert found.roots[:8] == found.roots[8:16]


def test_irregular_neurons_stay_in_one_array() -> None:
    """Each with inputs of its own, and many small layers."""
    random.seed(0)
    x = [Value(0.1 * k, f"x{k}") for k in range(20)]
    pruned = [sum(Value(0.1) * v for v in random.sample(x, 16)) for _ in range(12)]
    assert len(structure(pruned, x).arrays) == 4
    local = [v for k in range(17) for v in Layer(4, 4, activation="linear")(x[k : k + 4])]
    assert len(structure(local, x).arrays) == 4


def test_mistakes_are_told() -> None:
    """Inputs that are no leaves, and operations that were made by hand."""
    x = Value(1.0, "x")
    with pytest.raises(ValueError, match=r"structure: input 0, .* is no leaf"):
        structure(x * 2 + 1, [x * 2])
    with pytest.raises(TypeError, match="structure: root 0: takes a Value, not 'x'"):
        structure(["x"])  # type: ignore[list-item]
    by_hand = Value(1.0, (x,), "f")
    with pytest.raises(TypeError, match="f: made by hand"):
        structure(by_hand)
    mse_of_one = mse([x * 2], [1.0])
    assert str(structure(mse_of_one)).splitlines()[-1].startswith("v2 = 1 · v1")


def test_the_program_says_what_is_computed() -> None:
    """Signs, members, rows and repeated terms are those of the graph."""
    a, b, c, d, e = (Value(0.1 * k, name) for k, name in enumerate("abcde", 1))
    x = [Value(0.5, f"x{k}") for k in range(4)]
    t = [v.tanh() for v in x]
    for roots, expected in (
        ((e - a * b - c * d).tanh(), "v1 = tanh(e − a · b − c · d)"),
        (a + a + a, "v1 = 3 · a"),
        ([t[k] ** t[(k + 1) % 4] for k in range(4)], "v2[4] = v1^v1[[1,2,3,0]]"),
        ([t[0] ** v for v in x], "v2[4] = v1^x"),
        (a, "a"),
    ):
        lines = str(structure(roots)).removesuffix("\nreturn v2").splitlines()
        assert lines[-1].replace("b · a", "a · b").replace("d · c", "c · d") == expected


@pytest.mark.parametrize("grow", [lambda v, a: a - v, lambda v, a: -(v + a), Value.maximum])
def test_long_chains_take_time_in_proportion(grow: Any) -> None:
    """A sum whose sign changes at each term, and a chain of maxima, are one array."""
    leaves = [Value(float(k % 7)) for k in range(20_000)]
    v: Any = leaves[0]
    for leaf in leaves[1:]:
        v = grow(v, leaf)
    assert len(structure(v).arrays) == 4
