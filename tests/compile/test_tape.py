"""The tape: the same numbers as the engine's, row by row, in blocks, on threads, and its errors."""

import copy
import math
import os
import pickle
import random
import re
import signal
import subprocess
import sys
import tracemalloc
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from conftest import BUILT_IN, examples, of, unlisted
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd_like import MLP, Value, hinge, mse, replay, rule, topological_order
from micrograd_like.compile import blocks
from micrograd_like.compile.scalars import ScalarRunner
from micrograd_like.compile.tape import Tape
from micrograd_like.strategies import Graph, graphs

np = pytest.importorskip("numpy")
pytest.importorskip("numba")

EXACT = ["add", "sub", "mul", "div", "neg", "relu", "leaky_relu", "abs", "maximum", "minimum"]
numbers = st.floats(-3, 3, width=32) | st.sampled_from([0.0, 1e200, -1e200, 1e-200, math.inf])


def eager(graph: Graph, row: list[float], leaves: list[float]) -> tuple[float, list[float]]:
    """Value and gradients of all leaves by the engine, with the first ones from the row."""
    recorded = [Value(x) for x in leaves]
    values = [Value(x) for x in [*row, *leaves[len(row) :]]]
    root = graph.values(recorded)[-1]
    below = set(topological_order(root))
    numbers = {v: x for v, x in zip(recorded, values, strict=True) if v in below}
    root = replay(root, numbers)
    root.backward()
    return root.data, [v.grad for v in values]


def replayed(graph: Graph, rows: list[list[float]], **options: Any) -> tuple[Any, Any, Any]:
    """Values, the inputs' gradients and the parameters' gradients' sum, by a tape."""
    values = [Value(x) for x in graph.leaves]
    root = graph.values(values)[-1]
    inputs = values[: len(rows[0])]
    tape = Tape(root, inputs, by="scalars", **options)
    outputs = tape.forward(rows)
    slopes = tape.backward("sum", input_gradients=True)
    return outputs, slopes, [v.grad for v in values[len(rows[0]) :]]


def same(a: Any, b: Any) -> bool:
    """Whether two numbers have the same bits, or are both NaN."""
    return float(a).hex() == float(b).hex() or (math.isnan(a) and math.isnan(b))


def used(graph: Graph, count: int) -> bool:
    """Whether the root depends on each of the first leaves."""
    values = [Value(x) for x in graph.leaves]
    root = graph.values(values)[-1]
    try:
        Tape(root, values[:count])
    except ValueError:
        return False
    return True


def scalars(tape: Tape) -> ScalarRunner:
    """What a tape computes scalars with."""
    assert tape._scalars
    return tape._scalars


def meet(graph: Graph, count: int) -> bool:
    """Whether some operation depends on none of the first leaves."""
    values = [Value(x) for x in graph.leaves]
    return bool(scalars(Tape(graph.values(values)[-1], values[:count], by="scalars"))._once)


@given(graphs(EXACT, max_nodes=15, max_leaves=3), st.data())
@settings(max_examples=examples(150))
def test_arithmetic_is_the_engines_in_every_bit(graph: Graph, data: st.DataObject) -> None:
    """Value and every gradient at each row, overflowing rows included; poles raise on both.

    Where parameters meet before any input, their gradients are sums in another order.
    """
    count = data.draw(st.integers(1, len(graph.leaves)))
    if not used(graph, count):
        return
    rows = data.draw(st.lists(st.lists(numbers, min_size=count, max_size=count), min_size=1))
    for row in rows:
        try:
            value, grads = eager(graph, row, graph.leaves)
        except (ValueError, ArithmeticError) as error:
            with pytest.raises(type(error), match=r"^Tape: row 0: "):
                replayed(graph, [row])
            continue
        outputs, slopes, sums = replayed(graph, [row])
        assert same(outputs[0], value)
        assert all(map(same, slopes[0], grads))
        assert meet(graph, count) or all(map(same, sums, grads[count:]))


@given(graphs(max_nodes=15, max_leaves=3), st.data())
@settings(max_examples=examples(150))
def test_every_rule_is_the_engines_to_a_few_ulp(graph: Graph, data: st.DataObject) -> None:
    """Random graphs of all rules on batches: values, gradients of each row, and their sums."""
    count = data.draw(st.integers(1, len(graph.leaves)))
    if not used(graph, count):
        return
    moves = st.floats(-0.01, 0.01)
    rows = [
        [x + data.draw(moves) for x in graph.leaves[:count]]
        for _ in range(data.draw(st.integers(1, 5)))
    ]
    try:
        expected = [eager(graph, row, graph.leaves) for row in rows]
    except (ValueError, ArithmeticError) as error:
        with pytest.raises(type(error), match=r"^Tape: row \d: "):
            replayed(graph, rows)
        return
    outputs, slopes, sums = replayed(graph, rows)
    for k, (value, grads) in enumerate(expected):
        assert outputs[k] == near(value, 1e-9)
        assert [*slopes[k]] == near(grads[:count], 1e-7, *grads)
    for j, total in enumerate(sums, count):
        found = [grads[j] for _, grads in expected]
        assert total == near(sum(found), 1e-7, sum(map(abs, found)))


@given(graphs(EXACT, max_nodes=40, max_leaves=4), st.data())
@settings(max_examples=examples(100))
def test_places_are_used_again_and_no_bit_changes(graph: Graph, data: st.DataObject) -> None:
    """Long graphs, whose values share places, at the borders of blocks and of lines of the cache.

    Three different rows in turns have the engine's values and gradients.
    """
    count = data.draw(st.integers(1, len(graph.leaves)))
    if not used(graph, count):
        return
    moves = st.floats(-1, 1, width=16)
    rows = [[x + data.draw(moves) for x in graph.leaves[:count]] for _ in range(3)]
    try:
        expected = [eager(graph, row, graph.leaves) for row in rows]
    except ArithmeticError:
        return
    number = data.draw(st.sampled_from([1, 2, 7, 8, 9, 63, 64, 65, 1000]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "ROWS", (64, 64))
        outputs, slopes, _ = replayed(graph, (rows * 334)[:number])
    for k in range(number):
        value, grads = expected[k % 3]
        assert same(outputs[k], value)
        assert all(map(same, slopes[k], grads))


@given(graphs(max_nodes=25, max_leaves=4), st.data())
@settings(max_examples=examples(100))
def test_several_roots_of_any_graph_are_the_engines(graph: Graph, data: st.DataObject) -> None:
    """Values, the inputs' gradients and the parameters', with an upstream gradient for each."""
    leaves = [Value(x) for x in graph.leaves]
    inputs, parameters = leaves[:-1], leaves[-1:]
    values = graph.values(leaves)[len(leaves) :]
    roots = [v for v in values if {*inputs} & {*topological_order(v)}]
    if not inputs or not roots:
        return
    roots = data.draw(st.lists(st.sampled_from(roots), min_size=1, max_size=4))
    weights = data.draw(st.lists(st.integers(-2, 2), min_size=len(roots), max_size=len(roots)))
    present = {*topological_order(*roots)}
    inputs = [v for v in inputs if v in present]
    tape = Tape(roots, inputs)
    number = data.draw(st.sampled_from([1, 65]))
    outputs = tape.forward([[v.data for v in inputs]] * number)
    assert (outputs == [near(v.data, 1e-9) for v in roots]).all()
    slopes = tape.backward(upstream=[weights] * number, input_gradients=True)
    found = [v.grad for v in parameters]
    for v in leaves:
        v.grad = 0.0
    sum(weight * v for weight, v in zip(weights, roots, strict=True)).backward()
    grads = [v.grad for v in inputs]
    assert [*slopes[0]] == near(grads, 1e-7, *grads)
    assert (slopes == slopes[0]).all() or np.isnan(slopes).any()
    assert found == near([number * v.grad for v in parameters], 1e-7, *grads)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_derivative_reads_what_its_formula_names(name: str) -> None:
    """No other operand changes it, whatever is in its place by then."""
    rule = BUILT_IN[name]
    points = [-2.0, -0.5, 0.5, 2.0]
    for place, formula in enumerate(rule.derivatives, 1):
        names = compile(formula, "derivative", "eval").co_names
        for x in points:
            for y in points[: 4 if rule.arity == 2 else 1]:
                operands = (x, y)[: rule.arity]
                if not rule.is_defined(*operands):
                    continue
                expected = rule.function(*operands)[place]
                for garbage in (1e-310, 0.0, 1e300, math.inf, math.nan):
                    others = [
                        v if k in names else garbage for k, v in zip("xy", operands, strict=False)
                    ]
                    if rule.is_defined(*others):  # machine code gives NaN where Python raises
                        assert same(rule.function(*others)[place], expected)


def near(expected: Any, share: float, *sizes: float) -> Any:
    """What is equal to a share, and to 1e-9 of the largest finite size; NaN is equal to NaN."""
    size = 1 + max([0.0, *(abs(x) for x in sizes if math.isfinite(x))])
    return pytest.approx(expected, rel=share, abs=1e-9 * size, nan_ok=True)


def moons_tape(**options: Any) -> tuple[MLP, Tape, Any]:
    """The tape of a small network's loss, and a batch for it."""
    random.seed(2)
    model = MLP(2, [8, 4, 1], activation="tanh")
    x, label = [Value(0.0, "x0"), Value(0.0, "x1")], Value(1.0, "label")
    tape = Tape(hinge([model(x)], [label]), [*x, label], **{"by": "scalars"} | options)
    chance = random.Random(5)
    rows = [
        [chance.uniform(-1, 1), chance.uniform(-1, 1), chance.choice([-1, 1])] for _ in range(997)
    ]
    return model, tape, np.array(rows)


@pytest.mark.parametrize("by", ["arrays", "scalars"])
def test_a_batch_is_what_its_rows_are(by: str) -> None:
    """A network's outputs and gradients over 997 rows, in several blocks, against the engine."""
    model, tape, rows = moons_tape(by=by)
    outputs = tape.gradient(rows)
    found = [p.grad for p in model.parameters()]
    model.zero_grad()
    losses = [hinge([model(row[:2])], [row[2]]) for row in rows.tolist()]
    loss = sum(losses) * (1 / len(losses))
    loss.backward()
    assert [*outputs] == pytest.approx([v.data for v in losses], rel=1e-12, abs=1e-12)
    assert found == pytest.approx([p.grad for p in model.parameters()], rel=1e-9, abs=1e-12)


def test_threads_change_no_bit() -> None:
    """One thread or several, forward and backward or both in one: the same outputs and sums."""
    results = []
    for parallel in (False, True):
        model, tape, rows = moons_tape(parallel=parallel)
        outputs = tape.forward(rows)
        tape.backward()
        results.append((outputs.tolist(), [p.grad for p in model.parameters()]))
        model.zero_grad()
        outputs = tape.gradient(rows)
        results.append((outputs.tolist(), [p.grad for p in model.parameters()]))
    assert results[0] == results[1] == results[2] == results[3]


def test_each_thread_has_memory_of_its_own_whatever_the_blocks() -> None:
    """Of 100 blocks on several threads no more memory is left than there are threads."""
    _, tape, rows = moons_tape(parallel=True)
    tape.gradient(np.tile(rows, (26, 1)))
    assert 1 <= len(scalars(tape)._each._memory) <= (os.cpu_count() or 1)


def test_long_sums_need_few_places() -> None:
    """A neuron of 1,000 weights: on the way back, too, no product and no sum is kept."""
    x = [Value(0.1, f"x{k}") for k in range(1000)]
    w = [Value(0.2, f"w{k}") for k in range(1000)]
    tape = Tape(sum(a * b for a, b in zip(x, w, strict=True)).tanh(), x, by="scalars")
    for input_gradients in (None, False, True):
        passes = scalars(tape)._each.program.passes(input_gradients)
        assert passes.values <= 1000 + 3
        assert passes.gradients <= 1000 + 2
    tape.gradient([[0.5] * 1000])
    assert w[7].grad == pytest.approx(0.5 * (1 - math.tanh(100.0) ** 2))


@pytest.mark.parametrize("by", ["arrays", "scalars"])
def test_infinite_gradients_of_opposite_signs_are_nan_in_silence(by: str) -> None:
    """Of what is computed once and of each row, and of several blocks; as the engine does."""
    x, w = Value(0.0, "x"), Value(1.0, "w")
    product = (w + w) * (x / w)
    tape = Tape(product * product, [x], by=by)
    tape.gradient([[1e200]])
    assert math.isnan(w.grad)
    w.grad, tape = 0.0, Tape(w * x, [x], by=by)
    tape.forward([[1e308]] * 256 + [[-1e308]] * 256)
    tape.backward(upstream=[1e200] * 512)
    assert math.isnan(w.grad)


def test_memory_is_bounded_by_the_block_not_by_the_batch() -> None:
    """20,000 rows of a network, whose values and gradients are 300 MB, take a few MB."""
    _, tape, rows = moons_tape()
    rows = np.tile(rows, (20, 1))
    tape.gradient(rows[:1])
    tracemalloc.start()  # NumPy tells it what it takes
    tape.gradient(rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    whole = 16 * len(rows) * 970  # bytes, with 970 values and gradients for each row
    assert 2**10 < peak < whole / 100


@pytest.mark.parametrize("half", [10_000, pytest.param(50_000, marks=pytest.mark.slow)])
def test_a_long_graph_is_replayed(half: int) -> None:
    """A chain of up to 100,000 operations, in two halves, one of which no input reaches."""
    x, w = Value(1.5, "x"), Value(1.0, "w")
    root, still = x, w
    for k in range(half):
        root = root * w if k % 2 else root + w / 2
        still = still - w * 1e-5
    root = root * still
    root.backward()
    expected, slopes = root.data, (x.grad, w.grad)
    x.grad = w.grad = 0.0
    tape = Tape(root, [x])
    assert tape.forward([[1.5], [1.5]]).tolist() == [expected, expected]
    slope = tape.backward(input_gradients=True)[0, 0] * 2
    assert (slope, w.grad) == pytest.approx(slopes, rel=1e-12)


PROGRAM = """
from micrograd_like import Tape, Value
from micrograd_like.compile import kernel
x, w = Value(2.0), Value(3.0)
tape = Tape(w * x, [x])
print(*(name for _, name in kernel._LOOPS))
print(*tape.gradient([[4.0]]), w.grad)
print(*(name for _, name in kernel._LOOPS))
for function in kernel.kernel():
    print(sum(function.stats.cache_hits.values()))
"""


def start(cache: Path) -> "subprocess.Popen[str]":
    """The program in a Python of its own, which keeps what it compiles in a folder."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=os.environ | {"XDG_CACHE_HOME": str(cache)},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.slow
def test_processes_share_on_disk_what_they_compile(tmp_path: Path) -> None:
    """Two at once each compile what the graph needs, not more; the next one loads it."""
    first = [start(tmp_path) for _ in range(2)]
    expected = ["forward_sv", "12.0 4.0", "forward_sv backward_sv_x"]
    for process in first:
        assert process.communicate()[0].splitlines()[:3] == expected
        assert process.returncode == 0
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nb[ci]")}
    assert kept
    assert start(tmp_path).communicate()[0].splitlines() == [*expected, "1", "1"]
    assert kept == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nb[ci]")}


@pytest.mark.slow
def test_without_a_folder_to_keep_it_the_kernel_is_compiled(tmp_path: Path) -> None:
    """Where the cache would be there is a file."""
    (tmp_path / "file").write_text("")
    lines = start(tmp_path / "file").communicate()[0].splitlines()
    assert lines[1:] == ["12.0 4.0", "forward_sv backward_sv_x", "0", "0"]


@pytest.mark.parametrize("by", ["arrays", "scalars"])
def test_parameters_are_read_at_forward_and_gradients_accumulate(by: str) -> None:
    """A step between two passes shows; one between forward and backward changes no gradient."""
    x, w = Value(0.0, "x"), Value(2.0, "w")
    tape = Tape(w * x * w, [x], by=by)
    assert tape.parameters == [w]
    assert [*tape.forward([[3.0], [1.0]])] == [12.0, 4.0]
    w.data = 5.0
    tape.backward("sum")
    assert w.grad == 2 * 2 * 3 + 2 * 2 * 1
    tape.backward("mean")
    assert w.grad == 16 + 8
    assert [*tape.forward([[3.0]])] == [75.0]


@pytest.mark.parametrize("by", ["arrays", "scalars"])
def test_several_roots_and_upstream_gradients(by: str) -> None:
    """A column for each root; without upstream it is the gradient of the sum of their means."""
    x, w = Value(1.0, "x"), Value(3.0, "w")
    tape = Tape([w * x, x * x, x], [x], by=by)
    assert tape.forward([[2.0], [4.0]]).tolist() == [[6.0, 4.0, 2.0], [12.0, 16.0, 4.0]]
    slopes = tape.backward(upstream=[[1.0, 0.0, 0.0], [0.0, 2.0, 1.0]], input_gradients=True)
    assert slopes.tolist() == [[3.0], [2 * 8 + 1.0]]
    assert w.grad == 2.0
    w.grad = 0.0
    tape.backward()
    assert w.grad == 3.0


@pytest.mark.parametrize("by", ["arrays", "scalars"])
def test_passes_leave_nothing_behind(by: str) -> None:
    """Roots that are an input, need no parameter, or need each other, passed back in turns."""
    x, y, w = Value(0.5, "x"), Value(2.0, "y"), Value(3.0, "w")
    product = w * x
    roots = [x, x * y, product, product.tanh(), x]
    tape = Tape(roots, [x, y], by=by)
    upstream = [1.0, 10.0, 100.0, 0.0, 1000.0]
    row = [[0.5, 2.0]]
    for rows in (row, row * 1000, row):  # more than a block, and one again
        tape.forward(rows)
        for with_inputs in (False, True, False, True):
            w.grad = 0.0
            slopes = tape.backward(upstream=[upstream] * len(rows), input_gradients=with_inputs)
            assert w.grad == len(rows) * 50.0
            if with_inputs:
                assert slopes.tolist() == [[1321.0, 5.0]] * len(rows)


def test_what_is_done_twice_is_done_once_and_its_gradients_are_the_engines() -> None:
    """A repeated subexpression has one place for its value, and no bit of a gradient changes."""
    x, y, w = Value(0.3, "x"), Value(0.7, "y"), Value(1.1, "w")

    def program() -> Value:
        return (w * x + y) * 0.1 + (w * x + y) * (w * x)

    tape = Tape(program(), [x, y], by="scalars")
    assert (
        len(scalars(tape)._each.program.passes(None).forward.table) == 5 + 1
    )  # of the eight operations
    tape.forward([[0.3, 0.7]])
    slopes = tape.backward(input_gradients=True)
    found, w.grad = w.grad, 0.0
    root = program()
    root.backward()
    assert (found, slopes.tolist()) == (w.grad, [[x.grad, y.grad]])


def test_what_depends_on_no_input_is_computed_once() -> None:
    """A penalty for large weights, a shared one, and one outside its domain, as the engine does."""
    random.seed(4)
    model, x, t = MLP(1, [3, 1]), Value(0.5, "x"), Value(2.0, "t")
    weights = model.parameters()

    def program(x: Any, t: Any) -> Value:
        size = sum(w * w for w in weights)
        return mse(model([x]) * size, t) + 0.1 * size.log()

    tape = Tape(program(x, t), [x, t], by="scalars")
    assert len(scalars(tape)._each.program.graph.scalars.operations) == 2 * len(weights) + 2
    rows = [[0.1 * k, 2.0 - k] for k in range(40)]
    outputs = tape.gradient(rows, "sum")
    found = [w.grad for w in weights]
    model.zero_grad()
    values = [program(*row) for row in rows]
    sum(values).backward()
    assert [*outputs] == [v.data for v in values]
    assert found == pytest.approx([w.grad for w in weights], rel=1e-12)
    model.zero_grad()
    for w in weights:
        w.data = 0.0
    with pytest.raises(ValueError, match=r"^Tape: row 0: log\(0.0\): needs x > 0"):
        tape.gradient(rows)
    assert not any(w.grad for w in weights)


def test_a_rule_of_ones_own_is_compiled_too() -> None:
    """With a domain of its own, at which a row is stopped."""

    @unlisted
    @rule("half", "x / 2 + 1", "1 / 2", domain="x > -2")
    def halved(x: Any) -> Any:
        if x <= -2:
            raise ValueError("below -2")
        return x / 2 + 1, 0.5

    x, w = Value(1.0, "x"), Value(2.0, "w")
    tape = Tape(halved(w * x), [x])
    for parallel in (False, True):
        w.grad, tape.parallel = 0.0, parallel
        assert tape.gradient([[1.0], [3.0]]).tolist() == [2.0, 4.0]
        assert w.grad == 0.5 * 2.0
        with pytest.raises(ValueError, match=r"^Tape: row 999: halved\(-4.0\): needs x > −2"):
            tape.gradient([[1.0]] * 999 + [[-2.0]] * 999)
        assert w.grad == 0.5 * 2.0


def test_the_formula_of_a_rule_of_ones_own_is_for_people_only() -> None:
    """What its derivative reads is kept, though the formula does not name it."""

    @unlisted
    @rule("sq", "x * x", "2 * x")
    def squared(x: Any) -> Any:
        return x * x, 2 * x

    x, w = Value(3.0, "x"), Value(2.0, "w")
    tape = Tape((squared(w * x) + 1) * (x - 1) + x, [x])
    tape.gradient([[5.0]])
    assert w.grad == 2 * 10.0 * 5.0 * 4.0


def test_an_error_in_machine_code_alone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a rule of one's own raises that does not in the engine there is no number."""
    x, w = Value(1.0, "x"), Value(2.0, "w")
    tape = Tape(w * x, [x])
    runner = scalars(tape)._each
    failing = runner._kernel._replace(forward=lambda *arguments: False)
    monkeypatch.setattr(runner, "_kernel", failing)
    with pytest.raises(ArithmeticError, match="a rule raised an error that it does not in the"):
        tape.gradient([[1.0]])
    assert w.grad == 0.0


def test_a_rule_is_what_it_was_when_it_was_recorded() -> None:
    """Defined again it is another; so it is when a number that it reads has changed."""
    x, y = Value(3.0, "x"), Value(4.0, "y")
    outputs = []

    def define(factor: float) -> Any:
        @rule("twice", f"{factor} * x", f"{factor}")
        def total(x: Any) -> Any:  # as a function of the kernel is called
            return factor * x, factor

        return total

    for factor in (2.0, 10.0):
        outputs.append(define(factor)(x * y))
    assert [Tape(out, [x]).forward([[0.5]])[0] for out in outputs] == [4.0, 20.0]
    assert Tape(outputs, [x]).forward([[0.5]]).tolist() == [[4.0, 20.0]]
    read = unlisted(define(7.0))
    (cell,) = of(read).function.__closure__
    for factor in (3.0, 5.0):
        cell.cell_contents = factor
        assert Tape(read(x), [x]).forward([[1.0]]).tolist() == [factor]


def test_a_rule_that_numba_does_not_know_is_named() -> None:
    """Each time it is tried, and other tapes go on."""
    factors = {"two": 2.0}

    @unlisted
    @rule("twice", "2 * x", "2")
    def by_table(x: Any) -> Any:
        return x * factors["two"], 2.0

    x = Value(1.0, "x")
    for _ in range(2):
        with pytest.raises(TypeError, match="the rule by_table takes more than numbers and m"):
            Tape(by_table(x), [x])
    assert Tape(x * 2, [x]).forward([[3.0]]).tolist() == [6.0]


def test_an_undefined_row_raises_what_the_engine_would() -> None:
    """It names the row, the operation and the labels; parameters and gradients stay."""
    x, w = Value(1.0, "x"), Value(1.0, "w")
    tape = Tape((w * x).log() / x, [x])
    rows = [[float(k)] for k in range(1, 500)]
    with pytest.raises(ValueError, match=r"^Tape: row 300: log\(-3.0\): needs x > 0"):
        tape.gradient([*rows[:300], [-3.0], [0.0], *rows])
    assert w.grad == 0.0
    tape = Tape(1 / x, [x])
    with pytest.raises(ZeroDivisionError, match=r"Tape: row 1: 1.0 / 0.0: .*'x' = 0.0"):
        tape.forward([[1.0], [0.0]])
    tape = Tape((x - w) / x, [x, w])
    assert math.isnan(tape.forward([[math.inf, math.inf]])[0])
    tape = Tape((x - x) / w, [x, w])
    with pytest.raises(ZeroDivisionError, match=r"row 0: nan / 0.0"):
        tape.forward([[math.inf, 0.0]])


x0, x1, w0 = Value(1.0, "x0"), Value(2.0, "x1"), Value(3.0, "w0")
ROOT = w0 * x0 + x1
THIRD = Value(1.0, "of two\nlines")
WRONG: list[tuple[Any, Any, Any, str]] = [
    (ROOT, [x0, ROOT], [[1.0, 1.0]], "is no leaf; inputs are leaves of the graph"),
    (ROOT, [x0, Value(5.0)], [[1.0, 1.0]], "is not in the graph"),
    (
        ROOT,
        [x0, x0],
        [[1.0, 1.0]],
        "Tape: input 1, Value(data=1, grad=0, label='x0'), is given twice",
    ),
    ([w0 * 2, ROOT], [x0], [[1.0]], "depends on none of the inputs"),
    (w0 * 2, [], [[]], "there are no inputs, and so no rows; leave X out"),
    ([], [], [[]], "there is no root"),
    (ROOT, [x0, 1.0], [[1.0, 1.0]], "Tape: input 1: takes a Value, not 1.0"),
    ("root", [x0], [[1.0]], "Tape: roots: takes a list of Values, not 'root'"),
    (ROOT, [x0, x1], [[1.0]], "2 columns, not the shape (1, 1)"),
    (ROOT, [x0, x1], [1.0, 2.0], "2 columns, not the shape (2,)"),
    (ROOT, [x0, x1], np.empty((0, 2)), "the batch is empty"),
    (ROOT, [x0, x1], [], "the batch is empty"),
    (ROOT, [x0, x1], [[1.0, 2.0], [1.0]], "a batch has rows of one length"),
    (ROOT, x0, [[1.0]], "Tape: inputs: takes a list of Values, not Value(data=1"),
    (1.0, [x0], [[1.0]], "Tape: roots: takes a list of Values, not 1.0"),
    (ROOT, [x0, x1], [["a", "b"]], "a batch holds numbers, not <U1"),
    (ROOT, [x0, x1], [[1.0, x0]], "Tape: row 0, column 1: takes a number, not the Value"),
    (ROOT, [x0, x1], [[1.0, None]], "Tape: row 0, column 1: takes a number, not the NoneType"),
    (ROOT, [x0, x1], [[10**400, 1.0]], "Tape: row 0, column 0: 1000"),
    (ROOT, [x0, x1], None, "Tape: give X, rows of 2 numbers, one for each input"),
    (ROOT, [x0, x1], np.ma.array([[1.0, 2.0]], mask=[[0, 1]]), "row 0, x1, is nan; drop the row"),
    (ROOT, [x0, x1], [np.ma.array([1, 2], mask=[0, 1])], "row 0, x1, is nan; drop the row"),
    (THIRD.log() + x0, [THIRD, x0], [[math.nan, 1.0]], "row 0, of two lines, is nan; drop the"),
    (ROOT, [x0, x1], [[1j, 1.0]], "not complex128"),
    (ROOT, [x0, x1], [[1.0, 2.0], [1.0, math.nan]], "row 1, x1, is nan; drop the row"),
]


@pytest.mark.parametrize(("root", "inputs", "rows", "message"), WRONG, ids=[w[3] for w in WRONG])
def test_mistakes_are_told(root: Any, inputs: Any, rows: Any, message: str) -> None:
    """In one line; no gradient is changed."""
    with pytest.raises((TypeError, ValueError, OverflowError)) as caught:
        Tape(root, inputs).gradient(rows)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert w0.grad == 0.0


@pytest.mark.parametrize("by", ["arrays", "scalars"])
def test_backward_is_of_the_rows_as_they_were(by: str) -> None:
    """An array that is written to after forward changes nothing."""
    x, w = Value(1.0, "x"), Value(2.0, "w")
    tape, rows = Tape(w * x, [x], by=by), np.array([[3.0]])
    tape.forward(rows)
    rows[:] = 100.0
    tape.backward()
    assert w.grad == 3.0


def test_threads_are_made_anew_in_a_child_process() -> None:
    """A process that was forked has none of its parent's threads, and does not wait for them."""
    program = (
        "import os\nfrom micrograd_like import Tape, Value\n"
        "x = Value(2.0)\ntape, rows = Tape(x * x, [x], parallel=True), [[3.0]] * 1000\n"
        "tape.forward(rows)\n"
        "child = os.fork()\n"
        "if not child: os._exit(int(tape.forward(rows).sum()) // 1000)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "9\n"


HELD = """
import os, signal, threading
from numba.core.compiler_lock import global_compiler_lock
from micrograd_like import Tape, Value
from micrograd_like.compile import kernel
x = Value(2.0)
tape = Tape(x * x, [x])
tape.gradient([[3.0]])
held, go_on = threading.Event(), threading.Event()
def hold():
    with {lock}:
        held.set()
        go_on.wait({seconds})
other = threading.Thread(target=hold)
other.start()
held.wait()
child = os.fork()
if not child:
    signal.alarm(30)  # a child that hangs is ended
    tape.gradient([[3.0]])
    y = Value(3.0)
    os._exit(int(Tape(y * y, [y], parallel=True).gradient([[3.0]])[0]))
go_on.set()
other.join()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.parametrize(
    ("lock", "seconds"),
    [
        ("tape._lock", 60),
        pytest.param("kernel.LOCK", 0.5, marks=pytest.mark.slow),
        pytest.param("global_compiler_lock", 0.5, marks=pytest.mark.slow),
    ],
)
def test_a_child_process_does_not_wait_for_its_parents_threads(lock: str, seconds: float) -> None:
    """While another thread computes on the tape it is forked; while one compiles, it is not."""
    program = HELD.format(lock=lock, seconds=seconds)
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=90)
    assert done.stdout == "9\n"


def test_numbers_of_other_kinds_are_converted() -> None:
    """Integers, single precision, booleans, and arrays that lie crosswise are the same numbers."""
    tape = Tape(ROOT, [x0, x1])
    table = np.arange(12.0).reshape(2, 6).T
    expected = [3 * a + b for a, b in table.tolist()]
    for rows in (
        table,
        table.astype(int),
        table.astype("float32"),
        table[::-1][::-1],
        table.tolist(),
    ):
        assert tape.forward(rows).tolist() == expected
    assert tape.forward(np.array([[True, False]])).tolist() == [3.0]
    assert tape.forward(np.array([[2**70, Fraction(1, 2)]])).tolist() == [3.0 * 2**70 + 0.5]
    assert tape.forward(np.array([[1, 2.5]], dtype=object)).tolist() == [5.5]
    assert tape.forward(np.ma.array([[1.0, 2.0]], mask=False)).tolist() == [5.0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tape.forward([[np.longdouble("1e400"), 0.0]]).tolist() == [math.inf]


def test_backward_needs_a_forward_and_gradients_of_the_right_shape() -> None:
    """Each is told."""
    tape = Tape(ROOT, [x0, x1])
    with pytest.raises(RuntimeError, match=r"call forward\(X\) first"):
        tape.backward()
    tape.forward([[1.0, 2.0]])
    with pytest.raises(ValueError, match=r"upstream has the shape \(2,\), the outputs \(1,\)"):
        tape.backward(upstream=[1.0, 2.0])
    with pytest.raises(TypeError, match=r"upstream holds a number for each output, not \['a'\]"):
        tape.backward(upstream=["a"])
    with pytest.raises(ValueError, match="reduction is 'max'; it is to be one of mean, sum"):
        tape.backward("max")
    with pytest.raises(ValueError, match="reduction is 'max'; it is to be one of mean, sum"):
        tape.backward("max", upstream=[1.0])
    with pytest.raises(TypeError, match="upstream holds a number for each output, not array"):
        tape.backward(upstream=np.array([1j]))
    with pytest.raises(OverflowError, match=r"Tape.backward: upstream: 1000\S* is larger than any"):
        tape.backward(upstream=[10**400])
    masked = tape.backward(upstream=np.ma.array([1.0], mask=[True]), input_gradients=True)
    assert np.isnan(masked).all()  # as where it is masked there is no number
    w0.grad = 0.0
    with pytest.raises(ValueError, match="is nan"):
        tape.forward([[1.0, math.nan]])
    with pytest.raises(RuntimeError, match="no forward pass"):
        tape.backward()  # of the rows before, it would be a surprise
    assert repr(tape) == "<Tape of 2 operations, 2 inputs>"


def test_without_numba_the_remedy_is_named() -> None:
    """An ImportError with the pip install line."""
    program = (
        "import sys; sys.modules['numba'] = None\n"
        "from micrograd_like import Value\nfrom micrograd_like.compile.tape import Tape\n"
        "x = Value(1.0)\n"
        "try: Tape(x * x, [x])\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "the tape is compiled by Numba: pip install 'micrograd_like[tape]'" in done.stdout


def test_numba_that_does_not_compile_is_told_or_not_taken() -> None:
    """A tape tells how it would; fit and predict, which nobody told to take one, take none."""
    program = (
        "from micrograd_like import MLP, Tape, Value, fit\n"
        "from micrograd_like.compile import tape\n"
        "tape.MUCH = 10\n"
        "model, x = MLP(1, [2, 1]), Value(1.0)\n"
        "print(fit(model, [[1.0]] * 9, [2.0] * 9, progress=False).how)\n"
        "assert model.predict([[1.0]] * 9) == [model([1.0]).data] * 9\n"
        "for use in (lambda: Tape(x * x, [x]), lambda: model.predict([[1.0]], tape=True)):\n"
        "    try: use()\n"
        "    except RuntimeError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
    )  # fmt: skip
    first, *others = done.stdout.splitlines()
    assert first == "a graph recorded for each batch"
    assert (
        others
        == [
            "Tape: NUMBA_DISABLE_JIT is set, and a tape is compiled by Numba; unset it, or take "
            "tape=False"
        ]
        * 2
    )


@pytest.mark.parametrize("by", ["arrays", "scalars"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_hook_on_a_leaf_is_told(by: str, when: str) -> None:
    """The engine runs it at the end of a pass; a tape has no pass of one row, and refuses it."""
    x, w = Value(2.0, "x"), Value(3.0, "w")
    root = w * x

    def clip() -> None:
        w.grad = min(w.grad, 1.0)

    said = "Tape: Value(data=3, grad=0, label='w') has a _backward of its own"
    if when == "before":
        w._backward = clip
        with pytest.raises(TypeError, match=re.escape(said)):
            Tape(root, [x], by=by)
        return
    tape = Tape(root, [x], by=by)
    tape.gradient([[2.0]])
    w._backward = lambda: None  # as micrograd's leaves have
    tape.gradient([[2.0]])
    w.grad, w._backward = 0.0, clip
    for use in (tape.backward, lambda: tape.gradient([[2.0]])):
        with pytest.raises(TypeError, match=re.escape(said)) as caught:
            use()
        assert "\n" not in str(caught.value)
    assert w.grad == 0.0
    assert tape.forward([[5.0]]).tolist() == [15.0]


def test_a_leaf_that_takes_gradients_its_own_way_is_told() -> None:
    """A property in a subclass sees every term of a sum; a tape would give it the sum."""

    class Clipped(Value):
        @property
        def grad(self) -> Any:
            return self.total

        @grad.setter
        def grad(self, grad: float) -> None:
            self.total = min(grad, 1.0)

    class Watched(Value):
        def __setattr__(self, name: str, x: Any) -> None:
            super().__setattr__(name, x)

    for kind, name in ((Clipped, "grad"), (Watched, "__setattr__")):
        x, w = Value(2.0, "x"), kind(3.0, "w")
        with pytest.raises(TypeError, match=f"^Tape: .* has a {name} of its own, which a tape"):
            Tape(w * x, [x])


@pytest.mark.parametrize("by", ["arrays", "scalars"])
def test_regression_through_the_tape_learns(by: str) -> None:
    """Steps by hand on the tape's gradients find the line."""
    x, t, w, b = (Value(0.0, name) for name in ("x", "t", "w", "b"))
    tape = Tape(mse(w * x + b, t), [x, t], by=by)
    rows = [[k / 10, 2 * k / 10 - 1] for k in range(-10, 11)]
    for _ in range(200):
        w.grad = b.grad = 0.0
        tape.gradient(rows)
        for p in (w, b):
            p.data -= 0.5 * p.grad
    assert (w.data, b.data) == pytest.approx((2.0, -1.0), abs=1e-6)


class Slow(float):
    """A sum that Python computes step by step, so that another thread can come in between."""

    def __add__(self, x: float) -> "Slow":
        return Slow(float(self) + x)


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads take turns after each microsecond."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    ("by", "parallel"), [("scalars", False), ("scalars", True), ("arrays", False)]
)
def test_threads_share_a_tape(by: str, parallel: bool) -> None:
    """In 1,000 tries each of three threads has its own rows' outputs and gradients, no sum is lost.

    The numbers are whole, so that sums are the same in any order.
    """
    x, w = Value(1.0, "x"), Value(3.0, "w")
    w.grad = Slow()
    tape = Tape(x * w + x * x * (w * w), [x], parallel=parallel, by=by)
    counts = [1, 300, 2] if parallel else [1, 3, 40]  # 300 rows make two blocks

    def share(k: int) -> None:
        column = np.arange(1.0, counts[k] + 1)
        outputs, slopes = 3 * column + 9 * column**2, 3 + 18 * column
        for _ in range(1000 // len(counts) + 1):
            assert (tape.forward(column[:, None]) == outputs).all()
            found = tape.backward("sum", input_gradients=True)
            assert (found[:, 0] == slopes).all()
            assert (tape.gradient(column[:, None], "sum") == outputs).all()
            (w * 2.0).backward()

    with ThreadPoolExecutor(len(counts)) as threads:
        for task in [threads.submit(share, k) for k in range(len(counts))]:
            task.result()
    once = [2 * sum(k + 6 * k * k for k in range(1, n + 1)) + 2 for n in counts]
    assert w.grad == 334 * sum(once)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no such signals here")
@pytest.mark.parametrize("by", ["arrays", "scalars"])
def test_a_signal_handler_within_a_pass_is_refused(by: str) -> None:
    """A pass of its own on the same tape would wait for ever for the one that it interrupts."""
    x, w = Value(1.0, "x"), Value(2.0, "w")
    tape = Tape((w * x).tanh(), [x], by=by)
    refused: list[str] = []

    def handler(*_: Any) -> None:
        try:
            tape.forward([[1.0]])
        except RuntimeError as error:
            refused.append(str(error))

    rows = np.ones((10**5, 1))
    before = signal.signal(signal.SIGALRM, handler)
    try:
        for k in range(1000):
            signal.setitimer(signal.ITIMER_REAL, 0.0005 + 0.0001 * (k % 20))
            tape.gradient(rows)
            if refused:
                break
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert refused
    assert refused[0].startswith("Tape: this thread is computing with the tape already")
    assert tape.forward([[1.0]]).tolist() == [math.tanh(2.0)]


@pytest.mark.parametrize("by", ["arrays", "scalars"])
def test_each_thread_goes_back_from_its_own_forward_pass(by: str) -> None:
    """Whatever other threads did since; a thread that made none is told so."""
    x, w = Value(1.0, "x"), Value(2.0, "w")
    tape = Tape(w * x, [x], by=by)
    tape.forward([[1.0], [2.0]])
    with ThreadPoolExecutor(1) as other:
        with pytest.raises(RuntimeError, match="no forward pass in this thread; call forward"):
            other.submit(tape.backward).result()
        assert other.submit(tape.gradient, [[10.0]]).result().tolist() == [20.0]
        w.grad = 0.0
        tape.backward("sum")
        assert w.grad == 3.0
        other.submit(tape.backward).result()
        assert w.grad == 13.0


def test_an_interrupted_run_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gradients of half a pass, and threads that still write them, meet no later run."""
    x, w = Value(1.0, "x"), Value(2.0, "w")
    tape = Tape((w * x).tanh(), [x])
    tape.gradient([[0.5]])
    expected, w.grad = w.grad, 0.0
    runner = scalars(tape)._each
    whole = runner._kernel

    def interrupted(*arguments: Any) -> bool:
        arguments[7][:] = 1.0  # the gradients
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "_kernel", whole._replace(backward=interrupted))
    with pytest.raises(KeyboardInterrupt):
        tape.gradient([[0.5]])
    assert w.grad == 0.0
    monkeypatch.setattr(runner, "_kernel", whole)
    tape.gradient([[0.5]])
    assert w.grad == expected


def test_a_copy_is_another_tape_of_the_same_graph() -> None:
    """By copy with the same Values, by deepcopy and pickle with copies of them."""
    x, w = Value(1.0, "x"), Value(2.0, "w")
    for roots in (w * x, [w * x, x]):
        tape = Tape(roots, [x], parallel=True)
        expected = tape.forward([[3.0]]).tolist()
        for other in (copy.copy(tape), copy.deepcopy(tape), pickle.loads(pickle.dumps(tape))):
            assert other.parallel
            with pytest.raises(RuntimeError, match="no forward pass"):
                other.backward()
            assert other.gradient([[3.0]]).tolist() == expected
            assert w.grad == (3.0 if other.parameters[0] is w else 0.0)
            w.grad = 0.0
