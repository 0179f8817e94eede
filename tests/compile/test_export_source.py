"""The text of exported functions: lines that Python compiles and people read, for every graph."""

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd_like import MLP, Layer, Value, replay, softmax
from micrograd_like.compile.array_source import NamedBlocks
from micrograd_like.compile.export import ArrayFunction, to_function
from micrograd_like.compile.layout import INPUTS, LEAVES, Array, Layout, Part, Product
from micrograd_like.compile.structure import structure

np = pytest.importorskip("numpy")

Made = tuple[list[Value], list[Value]]  # roots and inputs
UNARY = ("tanh", "sin", "cos", "atan", "sigmoid")


def leaves(name: str, *shape: int) -> Any:
    """A vector or a matrix of leaves, with labels and without."""
    if len(shape) > 1:
        return [leaves(f"{name}{i}." if name else "", *shape[1:]) for i in range(shape[0])]
    return [Value(random.uniform(-1, 1), f"{name}{k}" if name else "") for k in range(shape[0])]


def dot(a: list[Value], b: list[Value]) -> Value:
    """The sum of products."""
    return sum((x * y for x, y in zip(a[1:], b[1:], strict=True)), a[0] * b[0])


def columns(matrix: list[list[Value]]) -> list[list[Value]]:
    """The matrix transposed."""
    return [list(column) for column in zip(*matrix, strict=True)]


def times(a: list[list[Value]], b: list[list[Value]]) -> list[list[Value]]:
    """The matrix product."""
    return [[dot(row, column) for column in columns(b)] for row in a]


def flat(matrix: list[list[Value]]) -> list[Value]:
    """All of a matrix's values, row by row."""
    return [v for row in matrix for v in row]


def body(function: ArrayFunction) -> list[str]:
    """The program's lines after the parameters."""
    lines = [line.strip() for line in function.source.splitlines()]
    start = next((k for k, line in enumerate(lines) if line.endswith("= parameters")), 3)
    return lines[start + 1 :]


# --- large graphs ----------------------------------------------------------------------------


def of_many_kinds(count: int) -> tuple[list[Value], Value]:
    """Values of which no two are computed by the same operations, and their input."""
    x = Value(0.3, "x")
    found, k = list[Value](), 1
    while len(found) < count:
        v, k = x, k + 1
        for digit in np.base_repr(k, 5):
            v = getattr(v, UNARY[int(digit)])()
        found.append(v)
    return found, x


def long_sum(count: int) -> Made:
    """Terms of many kinds, every second one with a minus sign and a leaf."""
    terms, x = of_many_kinds(count)
    total = terms[0]
    for k, v in enumerate(terms):
        total = total - v * Value(k / count).sin() if k % 2 else total + v
    return [total], [x]


def long_product(count: int) -> Made:
    """Factors of many kinds."""
    terms, x = of_many_kinds(count)
    total = terms[0]
    for v in terms[1:]:
        total = total * (v + 0.5)
    return [total], [x]


def long_maximum(count: int) -> Made:
    """The largest of values of many kinds."""
    terms, x = of_many_kinds(count)
    total = terms[0]
    for v in terms[1:]:
        total = total.maximum(v)
    return [total], [x]


def many_roots(count: int) -> Made:
    """Roots of many kinds."""
    terms, x = of_many_kinds(count)
    return terms, [x]


def long_chain(count: int) -> Made:
    """Each value used once, by the next, all with one label."""
    x = Value(0.3, "h")
    v = x
    for k in range(count):
        v = getattr(v, UNARY[k % 5])() * Value(0.9, "h") + 0.01 * (k % 7)
        v.label = "h"
    return [v], [x]


def many_rows(count: int) -> Made:
    """Long lists of rows and of constants."""
    x, w = leaves("x", 10), leaves("w", count)
    pairs = [(w[k * 7 % count] * x[k % 10] * random.random()).tanh() for k in range(count)]
    return [*pairs, sum(pairs, Value(0.0))], x


LARGE = [long_sum, long_product, long_maximum, many_roots, long_chain, many_rows]


@pytest.mark.parametrize("count", [1000, pytest.param(4000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("make", LARGE)
def test_large_graphs_are_compiled(make: Callable[[int], Made], count: int) -> None:
    """Python's compiler takes the text of thousands of operations, and it gives their numbers."""
    roots, inputs = make(count)
    function = to_function(roots, inputs, np)
    found = function(np.array([[v.data for v in inputs]]), function.weights())
    assert found[0].tolist() == pytest.approx([v.data for v in roots], rel=1e-9, abs=1e-300)


def test_a_long_sum_has_lines_of_some_terms_each() -> None:
    """The first has its name, and the others add to it."""
    roots, inputs = long_sum(200)
    lines = [line for line in body(to_function(roots, inputs, np)) if line.startswith("v203 = ")]
    assert [line.startswith("v203 = v203 ") for line in lines] == [False, True, True, True]
    assert all(line.count(" + ") + line.count(" - ") <= 50 for line in lines)


# --- parts of arrays -------------------------------------------------------------------------


def test_parts_of_weights_are_written_as_slices() -> None:
    """Transposed, a row, a column, some rows, all in a list; no line has them by their numbers."""
    x, w = leaves("x", 3), leaves("w", 4, 3)
    h = [dot(row, x).tanh() for row in w]
    roots = [
        *(dot(column, h) for column in columns(w)),
        dot(w[1], w[1]) * h[0].sin(),
        *(v.exp() * h[0] for v in columns(w)[2]),
        *(v.cos() * h[0] for v in w[2][1:]),
        *((p * q).sin() for p, q in zip(w[0], x, strict=True)),
    ]
    function = to_function(roots, x, np)
    lines = body(function)
    assert "v9 = v2 @ w.mT" in lines
    assert "v4 = xp.sum(w[:, 1]**2, axis=-1, keepdims=True)" in lines
    assert "v5 = xp.exp(w[2, :])" in lines
    assert "v6 = xp.cos(w[1:3, 2])" in lines
    assert "v7 = X * w[:, 0]" in lines
    assert "asarray" not in function.source
    checked(roots, x)


def test_weight_decay_takes_all_parameters_as_one_vector() -> None:
    """The matrices and vectors stay what they are to the layers."""
    x, model = leaves("x", 2), MLP(2, [3, 1])
    root = model(x) + 0.5 * sum(p * p for p in model.parameters())
    function = to_function(root, x, np)
    assert list(function.shapes.values()) == [(2, 3), (3,), (3,), ()]
    assert "xp.sum(p**2, axis=-1, keepdims=True)" in function.source
    checked([root], x)


def test_a_factor_of_one_is_not_written() -> None:
    """Of any number of values; minus one is a sign."""
    x, w = leaves("x", 4), leaves("w", 2)
    y = x[0].tanh()
    roots = [1.0 * y, (x[1] * -1.0 - 1.0 * x[2]).sin(), 1.0 * x[0] + 1.0 * x[1] + x[2] * 1.0]
    roots += [(w[0] * 1.0).exp() * y, (1.0 * x[3]).cos()]
    function = to_function(roots, x, np)
    assert "1.0" not in function.source
    assert "asarray" not in function.source
    checked(roots, x)
    named = 1.0 * y
    named.label = "loss"
    assert body(to_function(named, x[:1], np))[-2:] == ["loss = v1", "return loss[..., 0]"]


def test_a_long_list_of_rows_is_written_once() -> None:
    """It has a name, and a line of its own before it is used."""
    x = leaves("x", 6)
    some = [x[k] for k in (0, 1, 3, 4, 5)]
    roots = [v.relu() for v in some] + [v.sigmoid() for v in some]
    lines = body(to_function([*roots, x[2].sin()], x, np))
    assert lines[0] == "rows = xp.asarray([0, 1, 3, 4, 5])"
    assert lines[1] == "v1 = xp.where(X[..., rows] <= 0, 0.0, X[..., rows])"
    assert sum("asarray" in line for line in lines) == 1


@given(st.data())
def test_a_part_of_a_block_is_what_its_text_says(data: st.DataObject) -> None:
    """Rows and columns of a matrix, by any step, either way round; one of them; all in a list."""
    width, height = (data.draw(st.integers(2, 5)) for _ in range(2))
    matrix = np.random.default_rng(0).permutation(height * width).reshape(height, width)
    weights = Array(None, [], [Value(0.0) for _ in range(matrix.size)], False)
    use = Part(1, INPUTS, matrix, LEAVES, matrix, Product(matrix, matrix))
    blocks = NamedBlocks(Layout([weights, weights, weights, Array(None, [use], [], True)], [], 0))
    (block,) = blocks.places
    assert block.shape == (width, height)
    part = block[axis_part(data, width)][:, axis_part(data, height)]
    for places in (part, part.T, part[0], part[:, -1], block.ravel(), block.T.ravel()):
        text = blocks.part(places, ["w"])
        assert text
        assert np.array_equal(eval(text, {"w": block, "xp": np}), places)


def axis_part(data: st.DataObject, size: int) -> slice:
    """Some of an axis's rows, one at least."""
    start = data.draw(st.integers(0, size - 1))
    return slice(start, data.draw(st.integers(start + 1, size)), data.draw(st.integers(1, size)))


def test_names_and_shapes_are_those_of_the_printed_program() -> None:
    """Of one output there is a vector and a number; many numbers of one name are a vector."""
    x = leaves("x", 4)
    singles = [Value(0.1 * k, f"s{k}") for k in range(9)]
    a = Value(0.5, "a")
    for root, shapes in (
        (MLP(4, [3, 1])(x), {"layer0.w": (4, 3), "layer0.b": (3,)}
         | {"layer1.neuron0.w": (3,), "layer1.neuron0.b": ()}),
        (dot([v.sin() for v in x], [v.tanh() for v in x]) * a + singles[0], {"a": (), "s0": ()}),
    ):  # fmt: skip
        function, printed = to_function(root, x, np), str(structure(root, x))
        for name, shape in function.shapes.items():
            assert f"{name}[{'×'.join(map(str, shape))}]" in printed or not shape
        checked([root], x)
        assert function.shapes == shapes
    chain = x[0]
    for k, v in enumerate(singles):
        chain = (chain * v).tanh() if k % 2 else (chain + v).sin()
    assert to_function(chain, x[:1], np).shapes == {"s": (9,)}
    checked([chain], x[:1])


def test_what_is_computed_from_single_parameters_has_the_shape_of_an_array() -> None:
    """Sums and functions of numbers, in what depends on the data and in what does not."""
    x, (a, b, c) = leaves("x", 2), (Value(0.1 * k, name) for k, name in enumerate("abc", 1))
    half = a + b
    both = [(half + half).sin(), (half - c).sin(), a.exp()]
    roots = [dot(both[:2], x), both[2] * x[0] + a, (x[0] + b).tanh() + (x[1] + b).tanh()]
    assert to_function(roots, x, np).shapes == {"a": (), "b": (), "c": ()}
    checked(roots, x)


def test_biases_of_each_place_are_repeated() -> None:
    """No list of rows says so."""
    x = leaves("x", 3, 4)
    layer = Layer(4, 5)
    roots = [v for row in x for v in layer(row)]
    source = to_function(roots, flat(x), np).source
    assert "+ xp.tile(b, (3,))" in source
    assert "asarray" not in source
    checked(roots, flat(x))


# --- graphs of every kind --------------------------------------------------------------------


def attention() -> Made:
    """Three words of four numbers that look at each other, scores scaled and soft."""
    x, query, key, value = (leaves(name, 4, 4) for name in ("", "q", "k", "v"))
    x = x[:3]
    scores = times(times(x, query), columns(times(x, key)))
    shares = [softmax([0.5 * score for score in row]) for row in scores]
    return flat(times(shares, times(x, value))), flat(x)


def convolution() -> Made:
    """Two filters over a row of eight, the larger of each pair, and a layer."""
    x, w, b, o = leaves("x", 8), leaves("w", 2, 3), leaves("", 2), leaves("o", 6)
    rows = [[(dot(w[j], x[i : i + 3]) + b[j]).relu() for i in range(6)] for j in range(2)]
    return [dot([row[i].maximum(row[i + 1]) for row in rows for i in (0, 2, 4)], o)], x


def recurrent() -> Made:
    """Gates over three steps, with one state at the start for all of them."""
    x = leaves("x", 3, 2)
    gates = [(leaves("W", 2, 2), leaves("U", 2, 2), leaves("b", 2)) for _ in range(3)]
    hidden = [Value(0.1, "h")] * 2
    for row in x:
        keep, new, out = (
            [dot(W[j], row) + dot(U[j], hidden) + b[j] for j in range(2)] for W, U, b in gates
        )
        pairs = zip(keep, new, hidden, out, strict=True)
        hidden = [k.sigmoid() * h + n.tanh() * o.silu() for k, n, h, o in pairs]
    return hidden, flat(x)


def pruned() -> Made:
    """Some of the weights are gone, and some of the neurons."""
    x, model = leaves("x", 6), MLP(6, [8, 3])
    hidden = []
    for neuron in model.layers[0].neurons:
        kept = random.sample(range(6), random.randint(1, 6))
        hidden.append((dot([neuron.w[k] for k in kept], [x[k] for k in kept]) + neuron.b).relu())
    return model.layers[1](hidden), x


def shuffled() -> Made:
    """Terms, factors and neurons in any order."""
    x = leaves("x", 4)
    hidden = x
    for layer in MLP(4, [5, 3]).layers:
        out = {}
        for j in random.sample(range(len(layer.neurons)), len(layer.neurons)):
            neuron, terms = layer.neurons[j], [layer.neurons[j].b * 1.0]
            for k in random.sample(range(len(hidden)), len(hidden)):
                pair = random.sample([neuron.w[k], hidden[k]], 2)
                terms.insert(random.randrange(len(terms) + 1), pair[0] * pair[1])
            out[j] = sum(terms[1:], terms[0]).tanh()
        hidden = [out[j] for j in range(len(out))]
    return hidden, x


def shared_and_frozen() -> Made:
    """A layer twice, then one whose weights are numbers, and a sum of pairs."""
    x, layer = leaves("x", 3), Layer(3, 3)
    hidden = layer(layer(x))
    frozen = [
        sum((h * w.data for h, w in zip(hidden, neuron.w, strict=True)), neuron.b)
        for neuron in Layer(3, 2).neurons
    ]
    pairs = dot(x, [dot(neuron.w, hidden) for neuron in layer.neurons])
    return [*frozen, dot(frozen, x[:2]), pairs], x


def towers() -> Made:
    """Layers of one size on different data and on the same, with names and without."""
    x, z = leaves("x", 5), leaves("z", 5)
    queries, keys = (Layer(5, 4, activation="tanh", name=name) for name in ("query", "key"))
    twice = [MLP(5, [4, 4, 1])(x) for _ in range(2)]
    gates = [v for layer in (queries, keys) for v in layer(z)]
    return [dot(list(queries(x)), list(keys(z))), *gates, dot(twice, gates[:2])], x + z


GRAPHS = [attention, convolution, recurrent, pruned, shuffled, shared_and_frozen, towers]


def weighted(roots: list[Value]) -> Value:
    """A sum in which each root counts another number of times."""
    return sum((k * v for k, v in enumerate(roots[1:], 2)), roots[0] * 1.0)


def engine(
    roots: list[Value], inputs: list[Value], rows: Any, parameters: list[Value]
) -> tuple[float, Any, list[float]]:
    """The weighted sum over all rows, and its gradients by these and by the parameters."""
    X = [[Value(x) for x in row] for row in rows.tolist()]
    p = [Value(v.data) for v in parameters]
    root, total = weighted(roots), Value(0.0)
    for row in X:
        numbers = dict(zip([*inputs, *parameters], [*row, *p], strict=True))
        total = total + replay(root, numbers)
    total.backward()
    return total.data, [[x.grad for x in row] for row in X], [v.grad for v in p]


def checked(roots: list[Value], inputs: list[Value]) -> None:
    """NumPy gives the engine's numbers, for rows on any number of axes, or for none."""
    function = to_function(roots, inputs, np)
    weights, data = function.weights(), np.array([v.data for v in inputs])
    assert function(data, weights).tolist() == pytest.approx([v.data for v in roots], rel=1e-11)
    rows = np.random.default_rng(0).normal(size=(2, 3, len(inputs)))
    found = function(rows, weights)
    assert found.shape == (2, 3, len(roots))
    total, _, _ = engine(roots, inputs, rows.reshape(6, -1), function.parameters)
    assert (found @ np.arange(1, len(roots) + 1)).sum() == pytest.approx(total, rel=1e-11)
    assert function(rows[:, :0], weights).shape == (2, 0, len(roots))


@pytest.mark.parametrize("make", GRAPHS)
@given(seed=st.integers(0, 10**6))
@settings(deadline=None, max_examples=5)
def test_numpy_gives_the_engines_numbers(make: Callable[[], Made], seed: int) -> None:
    """Of graphs that people build by hand, at the recorded row and at others."""
    random.seed(seed)
    checked(*make())


@pytest.mark.parametrize("make", GRAPHS)
def test_pytorch_gives_the_engines_numbers(make: Callable[[], Made]) -> None:
    """Values and gradients, by the inputs and by the parameters, these as one flat array."""
    torch = pytest.importorskip("torch")
    random.seed(3)
    roots, inputs = make()
    function = to_function(roots, inputs, torch)
    rows = torch.randn(3, len(inputs), dtype=torch.float64, requires_grad=True)
    numbers = [v.data for v in function.parameters]
    p = torch.tensor(numbers, dtype=torch.float64, requires_grad=True)
    weights = torch.arange(1.0, len(roots) + 1, dtype=torch.float64)
    total = (function(rows, p) * weights).sum()
    total.backward()
    expected, by_rows, by_p = engine(roots, inputs, rows, function.parameters)
    assert total.item() == pytest.approx(expected, rel=1e-11)
    assert rows.grad.numpy() == pytest.approx(np.array(by_rows), rel=1e-9, abs=1e-12)
    assert p.grad.tolist() == pytest.approx(by_p, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("make", GRAPHS)
def test_pytorch_keeps_to_the_device_of_the_data(make: Callable[[], Made]) -> None:
    """Constants, indices, and weights of NumPy's go where the rows are."""
    torch = pytest.importorskip("torch")
    roots, inputs = make()
    function = to_function(roots, inputs, torch)
    rows = torch.empty(2, len(inputs), device="meta")
    assert function(rows, function.weights()).device.type == "meta"


IN_JAX = """
import sys
sys.path[:0] = {folders!r}
import random
import jax, jax.numpy as jnp
import numpy as np
jax.config.update("jax_enable_x64", True)
from test_export_source import GRAPHS, engine, to_function

for make in GRAPHS:
    random.seed(3)
    roots, inputs = make()
    f = to_function(roots, inputs, jnp)
    rows = np.random.default_rng(0).normal(size=(3, len(inputs)))
    p = jnp.array([v.data for v in f.parameters])
    weights = np.arange(1.0, len(roots) + 1)
    step = jax.value_and_grad(lambda X, p: (f(X, p) * weights).sum(), argnums=(0, 1))
    total, (by_rows, by_p) = jax.jit(step)(jnp.array(rows), p)
    expected, rows_grad, p_grad = engine(roots, inputs, rows, f.parameters)
    for found, number in ((total, expected), (by_rows, rows_grad), (by_p, p_grad)):
        assert np.allclose(found, number, rtol=1e-9, atol=1e-12), make
print("the same")
"""


@pytest.mark.slow
def test_jax_gives_the_engines_numbers() -> None:
    """Jitted: values and gradients, by the inputs and by the parameters."""
    pytest.importorskip("jax")
    folders = [str(folder) for folder in Path(__file__).parents[:2]]
    done = subprocess.run(
        [sys.executable, "-c", IN_JAX.format(folders=folders)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "the same\n", done.stderr[-2000:]


# --- names -----------------------------------------------------------------------------------

LABELS = [
    *("class", "None", "__debug__", "_", "", "é", "ﬁ", "ℌ", "日本", "x y", "a-b", "1", "µ", "μ"),
    *(
        "\n",
        "\x00",
        "\ud800",
        "'",
        '"""',
        "#",
        "\\",
        "·",
        "٣",
        "match",
        "w.mT",
        "w[0]",
        "x" * 10000,
    ),
    *("xp", "X", "parameters", "p", "m", "rows", "v1", "v2", "program", "special", "float", "exp"),
    *("inf", "nan", "pi", "relu", "grad_x", "e", "print", "a" * 41 + "1", "a" * 41 + "2"),
]


def test_labels_of_any_kind_are_names() -> None:
    """Of inputs, weights and values, each label three times: the text runs, weights come home."""
    x = [Value(0.1, label) for label in LABELS]
    v, w = x[0], [Value(0.5, label) for label in LABELS * 2]
    for k, weight in enumerate(w):
        v = (v * weight).tanh() if k % 2 else (v + weight).sin() * x[k // 2]
        v.label = LABELS[k // 2]
    function = to_function(v, x, np)
    assert max(map(len, (name for line in body(function) for name in line.split()))) < 100
    scope: dict[str, Any] = {}
    exec(function.source, scope)
    rows, weights = np.full((1, len(x)), 0.1), function.weights()
    assert scope["program"](rows, list(weights.values())).tolist() == pytest.approx([v.data])
    assert len(weights) == len(w)
    function.load({name: array + 1.0 for name, array in weights.items()})
    assert [weight.data for weight in w] == [1.5] * len(w)


def test_labels_of_a_matrix_have_a_name_in_common() -> None:
    """With a number if the inputs have it: it is the one that the printed program has."""
    x = [Value(0.0, f"w{k}") for k in range(3)]
    w = [[Value(0.0, f"w{j}.w{k}") for k in range(3)] for j in range(2)]
    function = to_function([dot(row, x).tanh() for row in w], x, np)
    assert list(function.shapes) == ["w_2"]
