"""Graphs replayed by their arrays: the numbers of scalars, and scalars where rounding decides."""

import copy
import math
import pickle
import random
from collections.abc import Callable, Sequence
from functools import reduce
from operator import add
from typing import Any

import pytest
from conftest import examples, unlisted
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd_like import MLP, Value, cross_entropy, hinge, maximum, rule, topological_order
from micrograd_like.compile import array_code, arrays
from micrograd_like.compile.tape import Tape
from micrograd_like.engine import apply
from micrograd_like.strategies import Graph, graphs

np = pytest.importorskip("numpy")
pytest.importorskip("numba")

Made = tuple[Value, list[Value]]  # a root, and the inputs


@pytest.fixture(autouse=True)
def seeded() -> None:
    """The same leaves in each run of a test."""
    random.seed(11)


def leaves(count: int, name: str = "x") -> list[Value]:
    """So many leaves with numbers from -1 to 1."""
    return [Value(random.uniform(-1, 1), f"{name}{k}") for k in range(count)]


def total(values: Sequence[Any]) -> Any:
    """The sum, without a zero to begin with."""
    return reduce(add, values)


def network() -> Made:
    """A classifier's loss."""
    x, t = leaves(5), [Value(float(k == 1), f"t{k}") for k in range(3)]
    return cross_entropy([MLP(5, [8, 6, 3])(x)], [t]), [*x, *t]


def pruned() -> Made:
    """A network that lacks most weights, each neuron others."""
    x = leaves(8)
    layer = x
    for _ in range(2):
        layer = [
            total([w * v for w, v in zip(leaves(8, "w"), layer, strict=True) if chance()]).tanh()
            for _ in range(8)
        ]
    return total(layer), [v for v in x if v in topological_order(total(layer))]


def chance() -> bool:
    """Whether a weight is left."""
    return random.random() < 0.6


def shuffled() -> Made:
    """A network whose sums are each in an order of their own."""
    x = leaves(6)

    def neuron(w: list[Value], layer: list[Value]) -> Value:
        terms = [*(a * b for a, b in zip(w, layer, strict=True)), Value(0.1, "b")]
        return total(random.sample(terms, len(terms))).relu()

    hidden = [neuron(leaves(6, "w"), x) for _ in range(7)]
    return neuron(leaves(7, "v"), hidden) - hidden[3], x


def convolutional() -> Made:
    """One kernel at each place of a picture, and the largest of four next to each other."""
    x = [leaves(6, f"x{i}_") for i in range(6)]
    kernel, b = [leaves(3, f"k{i}_") for i in range(3)], Value(0.2, "b")

    def at(i: int, j: int) -> Value:
        found = [kernel[p][q] * x[i + p][j + q] for p in range(3) for q in range(3)]
        return (total(found) + b).relu()

    seen = [[at(i, j) for j in range(4)] for i in range(4)]
    pooled = [
        maximum(maximum(seen[i][j], seen[i][j + 1]), maximum(seen[i + 1][j], seen[i + 1][j + 1]))
        for i in (0, 2)
        for j in (0, 2)
    ]
    return total([a * w for a, w in zip(pooled, leaves(4, "w"), strict=True)]), [
        v for row in x for v in row
    ]


def recurrent() -> Made:
    """One cell, step after step."""
    x, h = leaves(5), [Value(0.1, "h0"), Value(-0.2, "h1")]
    u, w = leaves(2, "u"), [leaves(2, f"w{i}_") for i in range(2)]
    for v in x:
        h = [(total([w[i][j] * h[j] for j in range(2)]) + u[i] * v).tanh() for i in range(2)]
    return h[0] - h[1], x


def attention() -> Made:
    """Each place's mean of all places' values, weighted by what its query makes of their keys."""
    x = [leaves(3, f"x{i}_") for i in range(4)]
    matrices = [[leaves(3, f"{name}{i}_") for i in range(3)] for name in "qkv"]

    def apply(matrix: list[list[Value]], row: list[Value]) -> list[Value]:
        return [total([a * b for a, b in zip(w, row, strict=True)]) for w in matrix]

    q, k, v = ([apply(matrix, row) for row in x] for matrix in matrices)
    out = []
    for i in range(4):
        s = [total([a * b for a, b in zip(q[i], k[j], strict=True)]).exp() for j in range(4)]
        out += [total([s[j] * v[j][c] for j in range(4)]) / total(s) for c in range(3)]
    return total([o * o for o in out]), [v for row in x for v in row]


MADE: list[Callable[[], Made]] = [network, pruned, shuffled, convolutional, recurrent, attention]


@pytest.mark.parametrize("make", MADE)
@pytest.mark.parametrize("count", [1, 5, 64, 200])
def test_graphs_of_all_kinds_have_the_numbers_of_scalars(
    make: Callable[[], Made], count: int
) -> None:
    """Outputs, the gradients of parameters and of inputs, over rows and blocks of rows."""
    root, inputs = make()
    rows = np.random.default_rng(3).normal(0, 1, (count, len(inputs)))
    found = []
    for by in ("arrays", "scalars"):
        tape = Tape(root, inputs, by=by)
        assert tape.plan(count) == by
        if tape._arrays:
            tape._arrays._size = 64
        outputs = tape.forward(rows)
        slopes = tape.backward("sum", input_gradients=True)
        found.append((outputs, slopes, np.array([v.grad for v in tape.parameters])))
        for v in tape.parameters:
            v.grad = 0.0
    for a, b in zip(*found, strict=True):
        assert abs(a - b).max() <= 1e-12 * max(1.0, abs(b).max())


def passes(tape: Tape, rows: Any, upstream: Any) -> Any:
    """Outputs and the gradients of inputs and parameters, or what is raised."""
    try:
        outputs = tape.forward(rows) if tape.inputs else tape.forward()
        slopes = tape.backward(upstream=upstream, input_gradients=True)
    except (ValueError, ArithmeticError) as error:
        return type(error), str(error)
    found = np.array([v.grad for v in tape.parameters])
    for v in tape.parameters:
        v.grad = 0.0
    return outputs, slopes, found


def assert_alike(found: Any, expected: Any, size: float = 0.0) -> None:
    """Arrays, or errors, are the same: to 1e-9 of the largest, infinity and NaN in their places."""
    if isinstance(expected[0], type) or isinstance(found[0], type):
        assert found == expected
        return
    for a, b in zip(found, expected, strict=True):
        finite = np.isfinite(b)
        assert np.array_equal(a[~finite], b[~finite], equal_nan=True)
        largest = max([size, *abs(b[finite])])
        assert (abs(a[finite] - b[finite]) <= 1e-9 * largest).all()


numbers = st.floats(-3, 3, width=32) | st.sampled_from([0.0, 1e200, -1e200, 1e-200, math.inf])


@given(graphs(max_nodes=40), st.data())
@settings(max_examples=examples(200))
def test_random_graphs_have_the_numbers_and_errors_of_scalars(
    graph: Graph, data: st.DataObject
) -> None:
    """Of none, some or all leaves as inputs, several roots, rows beyond all bounds, in blocks."""
    values = [Value(x) for x in graph.leaves]
    operations = graph.values(values)[len(values) :]
    if not operations:
        return
    roots = data.draw(st.lists(st.sampled_from(operations), min_size=1, max_size=3))
    inputs = values[: data.draw(st.integers(0, len(values)))]
    if inputs:
        roots = [v for v in roots if {*inputs} & {*topological_order(v)}]
    if not roots:
        return
    met = {*topological_order(*roots)}
    inputs = [v for v in inputs if v in met]
    count = data.draw(st.integers(1, 5)) if inputs else 1
    near = [numbers if data.draw(st.booleans()) else st.just(v.data) for v in inputs]
    rows = [[data.draw(number) for number in near] for _ in range(count)]
    weights = st.sampled_from([0.0, 1.0, -2.0, 0.5])
    upstream = [[data.draw(weights) for _ in roots] for _ in range(count)]
    tape = Tape(roots, inputs, by="arrays")
    if tape._arrays:
        tape._arrays._size = data.draw(st.sampled_from([1, 2, 64]))
    found = passes(tape, rows, upstream)
    expected = passes(Tape(roots, inputs, by="scalars"), rows, upstream)
    sizes: list[float] = []
    if not isinstance(expected[0], type):
        sizes = [
            terms(roots, dict(zip(map(id, inputs), row, strict=True)), seeds)
            for row, seeds in zip(rows, upstream, strict=True)
        ]
    assert_alike(found, expected, sum(sizes))


def terms(roots: list[Value], row: dict[int, float], seeds: list[float]) -> float:
    """The largest finite number on the row's way forward and backward: what a sum may cancel."""
    made: dict[int, Value] = {}
    for v in topological_order(*roots):
        operands = [made[id(x)] if isinstance(x, Value) else x for x in v.inputs]
        made[id(v)] = apply(v.rule, *operands) if v.rule else Value(row.get(id(v), v.data))
    sizes = [abs(v.data) for v in made.values()]
    for root, seed in zip(roots, seeds, strict=True):
        made[id(root)].backward()
        sizes += [abs(seed * x) for v in made.values() for x in (v.grad, v.data * v.grad)]
        for v in made.values():
            v.grad = 0.0
    return max(x for x in [0.0, *sizes] if math.isfinite(x))


@given(graphs(max_nodes=25), st.data())
@settings(max_examples=examples(100))
def test_random_graphs_have_the_numbers_of_the_engine(graph: Graph, data: st.DataObject) -> None:
    """At the point where they were recorded, with and without inputs."""
    values = [Value(x) for x in graph.leaves]
    root = graph.values(values)[-1]
    if root.rule is None:
        return
    met = {*topological_order(root)}
    inputs = [v for v in values[: data.draw(st.integers(0, len(values)))] if v in met]
    tape = Tape(root, inputs, by="arrays")
    outputs, slopes, found = passes(tape, [[v.data for v in inputs]], [1.0])
    root.backward()
    expected = [[root.data], [[v.grad for v in inputs]], [v.grad for v in tape.parameters]]
    sizes = [abs(v.data * v.grad) for v in met if math.isfinite(v.data * v.grad)]
    expected_arrays = [
        np.array(x, dtype=np.float64).reshape(y.shape)
        for x, y in zip(expected, (outputs, slopes, found), strict=True)
    ]
    grads = [abs(v.grad) for v in met if math.isfinite(v.grad)]
    assert_alike((outputs, slopes, found), expected_arrays, max([1e-300, *sizes, *grads]))


def left(tape: Tape) -> bool:
    """Whether rows were left to scalars."""
    return tape._scalars is not None


@pytest.mark.parametrize("name", ["relu", "abs", "log", "sqrt"])
def test_where_rounding_decides_scalars_do(name: str) -> None:
    """A sum that cancels, in another order, is on the other side of a kink or of a domain."""
    x = [Value(1.0), Value(2.0), Value(3.0)]
    small = x[0] + x[1] + x[2]  # 0 in one order, 5.6e-17 in another
    root = getattr(small, name)() + small
    row = [[0.1, 0.2, -0.3]]
    tape = Tape(root, x, by="arrays")
    assert_alike(passes(tape, row, [1.0]), passes(Tape(root, x, by="scalars"), row, [1.0]))
    assert left(tape)
    tape = Tape(root, x, by="arrays")
    tape.gradient([[0.1, 0.2, 0.3]])
    assert not left(tape)


def test_ties_are_shared_as_the_engine_shares_them() -> None:
    """Of maxima, two neurons with the same weights tie but for rounding, and get half each."""
    x, w = leaves(9), leaves(9, "w")
    same = [Value(v.data, "s") for v in w]
    scores = [total([a * b for a, b in zip(ws, x, strict=True)]) for ws in (w, same, leaves(9))]
    root = maximum(maximum(scores[0], scores[1]), scores[2] - 100)
    rows = np.random.default_rng(1).normal(0, 1, (70, 9))
    tape = Tape(root, x, by="arrays")
    found = passes(tape, rows, np.ones(70))
    assert_alike(found, passes(Tape(root, x, by="scalars"), rows, np.ones(70)))
    assert left(tape)
    half = dict(zip(tape.parameters, found[2], strict=True))
    assert [half[v] for v in w] == pytest.approx([half[v] for v in same])


def test_an_undefined_row_is_told_by_its_number() -> None:
    """In a later block, with the engine's words, and no gradient is changed."""
    x, w = leaves(3), leaves(3, "w")
    x[0].data = 1.0
    root = (total([a * b for a, b in zip(w, x, strict=True)]) * 0 + x[0]).log()
    tape = Tape(root, x, by="arrays")
    assert tape._arrays
    tape._arrays._size = 64
    rows = np.ones((300, 3))
    rows[200, 0] = -1.0
    with pytest.raises(ValueError, match=r"^Tape: row 200: log\(-1.0\): needs x > 0"):
        tape.gradient(rows)
    assert not any(v.grad for v in w)
    rows[200, 0] = 1.0
    assert tape.gradient(rows).tolist() == [0.0] * 300


def test_overflow_and_its_gradients_are_those_of_scalars() -> None:
    """Rows that overflow, forward or only back, among others; nothing is warned of."""
    x, w = leaves(2), leaves(2, "w")
    inner = total([a * b for a, b in zip(w, x, strict=True)])
    for root in (inner.exp() * inner, inner.exp().minimum(3.0), (inner * 1e-300).tanh() * 1e300):
        rows = np.random.default_rng(2).normal(0, 1, (100, 2))
        rows[40] = 1e5, -1e5
        rows[70] = math.inf, 1.0
        up = np.where(np.arange(100) % 7, 1.0, 1e300)
        found = passes(Tape(root, x, by="arrays"), rows, up)
        assert_alike(found, passes(Tape(root, x, by="scalars"), rows, up))


def moons_loss(count: int) -> tuple[MLP, Value]:
    """The hinge loss of a network over so many points, recorded in one graph."""
    chance = random.Random(7)
    model = MLP(2, [16, 16, 1])
    points = [[chance.uniform(-1, 1), chance.uniform(-1, 1)] for _ in range(count)]
    labels = [1 if a * b > 0 else -1 for a, b in points]
    penalty = 1e-4 * total([p * p for p in model.parameters()])
    return model, hinge([model(point) for point in points], labels) + penalty


def test_a_loss_over_a_whole_batch_is_replayed_without_inputs() -> None:
    """As a few arrays; after each step of descent the loss is the engine's."""
    random.seed(1)
    model, loss = moons_loss(30)
    tape = Tape(loss)
    assert tape.plan() == "arrays"
    assert tape._arrays
    assert len(tape._arrays.found.arrays) <= 15
    for _ in range(3):
        model.zero_grad()
        (value,) = tape.gradient()
        random.seed(1)
        other, expected = moons_loss(30)
        for p, q in zip(model.parameters(), other.parameters(), strict=True):
            q.data = p.data
        expected = Tape(expected, by="scalars")
        assert value == pytest.approx(expected.gradient()[0], rel=1e-12)
        grads = [q.grad for q in other.parameters()]
        assert [p.grad for p in model.parameters()] == pytest.approx(grads, rel=1e-9, abs=1e-15)
        for p in model.parameters():
            p.data -= 0.1 * p.grad
    with pytest.raises(ValueError, match="there are no inputs, and so no rows; leave X out"):
        tape.forward([[1.0]])
    assert tape.forward() == tape.gradient()
    assert tape.backward(input_gradients=True).shape == (1, 0)


def test_a_plan_is_told_and_chosen() -> None:
    """A network by arrays, two operations by scalars, and each by the other if it is wanted."""
    x = leaves(64)
    network, product = MLP(64, [64, 10])(x), x[0] * x[1]
    assert Tape(network, x).plan(32) == "arrays"
    assert Tape(product, x[:2]).plan(32) == "scalars"
    assert Tape(network, x, by="scalars").plan(32) == "scalars"
    assert Tape(product, x[:2], by="arrays").plan(32) == "arrays"
    with pytest.raises(ValueError, match="Tape: by is 'rows'; it is to be one of auto, arrays"):
        Tape(product, x[:2], by="rows")
    for rows, found in ((0, ValueError), (-3, ValueError), (1.5, TypeError), ("a", TypeError)):
        with pytest.raises(
            found, match=r"Tape.plan: rows is .*; it is to be a whole number from 1"
        ):
            Tape(product, x[:2]).plan(rows)  # type: ignore[arg-type]


def test_rows_that_are_always_left_to_scalars_go_there_at_once() -> None:
    """After a pass in vain the next is not tried, after two the next three, and so on."""
    x = leaves(64)
    scores = MLP(64, [8, 4])(x)
    root = maximum(maximum(scores[0], scores[1]), maximum(scores[2], scores[3]))
    tape = Tape(root, x)
    assert tape.plan(8) == "arrays"
    assert tape._arrays
    tried = []
    run = tape._arrays.run
    tape._arrays.run = lambda *a, **k: tried.append(1) or run(*a, **k)  # type: ignore[assignment]
    for v in tape.parameters:
        v.data = 0.0  # all scores are the same
    counts = []
    for _ in range(6):
        tape.gradient(np.ones((8, 64)))
        counts.append(len(tried))
    assert counts == [1, 1, 2, 2, 2, 2]


def test_copies_and_pickles_take_the_same_way() -> None:
    """They are asked for the same way, and give the same numbers."""
    x, w = leaves(3), leaves(3, "w")
    root = total([a * b for a, b in zip(w, x, strict=True)]).tanh()
    tape = Tape(root, x, by="arrays")
    expected = tape.forward(np.ones((2, 3))).tolist()
    for other in (copy.copy(tape), copy.deepcopy(tape), pickle.loads(pickle.dumps(tape))):
        assert other.by == other.plan(2) == "arrays"
        assert other.forward(np.ones((2, 3))).tolist() == expected


def test_an_interrupt_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two operations of the way back; the next pass is a whole one."""
    root, inputs = network()
    tape = Tape(root, inputs, by="arrays")
    rows = np.ones((40, len(inputs)))
    tape.gradient(rows)
    expected = [v.grad for v in tape.parameters]
    whole = array_code.Code.run
    done = []

    def interrupted(code: array_code.Code) -> int:
        done.append(1)
        if len(done) == 2:
            code._calls[0]()  # type: ignore[index]
            raise KeyboardInterrupt
        return whole(code)

    monkeypatch.setattr(array_code.Code, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tape.gradient(rows)
    assert [v.grad for v in tape.parameters] == expected
    monkeypatch.undo()
    tape.gradient(rows)
    assert [v.grad for v in tape.parameters] == [2 * g for g in expected]


def test_a_rule_of_ones_own_is_one_of_arrays_too() -> None:
    """With its domain, its kink and its errors; one that Numba cannot compile is told at once."""

    @unlisted
    @rule("bend", "x / 2 if x > 0 else x", "0.5 if x > 0 else 1", domain="x > -2")
    def kinked(x: Any) -> Any:
        if x <= -2:
            raise ValueError("not above -2")
        return (x / 2, 0.5) if x > 0 else (x, 1.0)

    x, w = leaves(4), leaves(4, "w")
    for v in w:
        v.data = 1.0
    root = total([kinked(a * b) for a, b in zip(w, x, strict=True)])
    tape = Tape(root, x, by="arrays")
    assert tape.gradient([[1.0, 2.0, 4.0, -1.0]]).tolist() == [2.5]
    assert [v.grad for v in w] == [0.5, 1.0, 2.0, -1.0]
    with pytest.raises(ValueError, match=r"^Tape: row 1: kinked\(-3"):
        tape.gradient([[1.0] * 4, [1.0, -3.0, 1.0, 1.0]])


def test_memory_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """How much it would be, and what to do; a graph of very many values has smaller blocks."""
    root, inputs = network()
    tape = Tape(root, inputs, by="arrays")

    def plan(*arguments: Any, **options: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(arrays, "Plan", plan)
    with pytest.raises(MemoryError, match=r"need about 1 MB of memory; take by='scalars'"):
        tape.forward(np.ones((200, len(inputs))))
    assert arrays._block(100, 50) == 2616
    assert arrays._block(1000, 64 * 64) == 256 - 192
    assert arrays._block(10**7, 0) == 6


def test_a_rule_that_numba_does_not_know_is_told_at_once() -> None:
    """When the tape is made, whichever way it takes."""
    factors = {"two": 2.0}

    @unlisted
    @rule("twice", "2 * x", "2")
    def doubled(x: Any) -> Any:
        return x * factors["two"], 2.0

    x = leaves(64)
    root = doubled(total(MLP(64, [8, 4])(x)))
    with pytest.raises(TypeError, match="the rule doubled takes more than numbers and m"):
        Tape(root, x)
