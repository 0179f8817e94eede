"""Walking a recorded graph: edges, the chain product, names, running it again."""

import math
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

import micrograd_like as mg
from micrograd_like import MLP, Value, derivative, hessian, replay, topological_order
from micrograd_like.compile.source import source
from micrograd_like.graph import chain_product, edges, gradients_of, names_of, operands_of
from micrograd_like.guard import ONE_PASS
from micrograd_like.steps.sequence import Steps
from micrograd_like.strategies import Graph, graphs


def test_edges_are_the_inputs_that_are_values() -> None:
    """Each with its place and its local derivative; constants have none; x·x has two."""
    x = Value(3.0)
    assert edges(2 * x) == [(1, x, 2.0)]
    assert edges(x * x) == [(0, x, 3.0), (1, x, 3.0)]
    assert edges(x) == []
    assert operands_of(2 * x) == (2.0, 3.0)


SPECIAL = [0.0, -0.0, 1.5, -2.0, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("local", SPECIAL)
@pytest.mark.parametrize("upstream", SPECIAL)
def test_every_reader_multiplies_the_chain_rule_alike(upstream: float, local: float) -> None:
    """Engine, steps, gradients_of and the written program give chain_product's number."""
    x = Value(1.0, "x")
    inner = x * local
    root = inner * upstream
    right = repr(chain_product(chain_product(1.0, upstream), local) + 0.0)
    root.backward()
    assert repr(x.grad + 0.0) == right
    order = topological_order(root)
    assert repr(gradients_of(order, root)[id(x)] + 0.0) == right
    assert repr(Steps(root).gradients[id(x)] + 0.0) == right
    scope: dict[str, Any] = {}
    exec(source([root], [x]), scope)
    assert repr(scope["program"](1.0)[1]["x"] + 0.0) == right


@given(graphs(max_nodes=60))
def test_the_chain_rule_written_apart_gives_the_engines_gradients(graph: Graph) -> None:
    """gradients_of agrees with backward at every node."""
    root = graph.record()
    root.backward()
    order = topological_order(root)
    found = gradients_of(order, root)
    assert all(
        math.isclose(found[id(v)], v.grad, rel_tol=1e-12, abs_tol=1e-300) or v.grad != v.grad
        for v in order
    )


def test_names_are_labels_and_numbers_and_none_comes_twice() -> None:
    """Values without a label are v1, v2, …; a label that comes again has a ₂."""
    a, b = Value(1.0, "a"), Value(2.0, "a")
    c = a + b
    c.label = "v1"
    order = topological_order(c * 2)
    assert list(names_of(order).values()) == ["a", "a₂", "v1", "v2"]


def test_a_replay_takes_numbers_of_any_kind() -> None:
    """Floats, Values and mpmath numbers run through a recorded graph."""
    mpmath = pytest.importorskip("mpmath")
    from micrograd_like.check.reference import exactly

    x = Value(0.5)
    y = x.tanh() * x + x**2
    assert replay(y, {x: 0.5}) == y.data
    inner = Value(0.5)
    outcome = replay(y, {x: inner})
    outcome.backward()
    y.backward()
    assert inner.grad == x.grad
    exact = replay(y, {x: mpmath.mpf(0.5)}, exactly)
    assert float(exact) == pytest.approx(y.data, rel=1e-15)


def test_a_replay_knows_the_values_of_its_graph_only() -> None:
    """A number for a value that is not in the graph is a mistake, and told."""
    x, z = Value(2.0, "x"), Value(3.0, "z")
    with pytest.raises(ValueError, match=r"replay: Value\(data=3, .* is not in the graph"):
        replay(x * x, {z: 7.0})
    with pytest.raises(TypeError, match="replay: takes a dict from Values to numbers, not 3"):
        replay(x * x, 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="replay: takes a Value, such as the loss, not 4"):
        replay(4, {})


def together(work: Callable[[int], Any], threads: int, times: int) -> list[Any]:
    """What several threads get, switched as often as can be."""
    outcomes: list[Any] = []

    def several(thread: int) -> None:
        for _ in range(times):
            try:
                outcomes.append(work(thread))
            except Exception as error:
                outcomes.append(repr(error))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        started = [threading.Thread(target=several, args=(k,)) for k in range(threads)]
        for thread in started:
            thread.start()
        for thread in started:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    return outcomes


def test_threads_go_backward_through_nodes_that_they_share() -> None:
    """A thousand passes of two losses on one network add up as if they had come one by one."""
    model = MLP(2, [3, 1])
    x = [Value(0.5), Value(-1.0)]
    shared = model(x)
    losses = [(shared * 2.0 + 1.0).tanh(), (shared - 3.0) ** 2]
    right = [0.0] * len(model.parameters())
    for loss in losses:
        model.zero_grad()
        loss.backward()
        right = [r + 500 * p.grad for r, p in zip(right, model.parameters(), strict=True)]
    model.zero_grad()
    assert together(lambda thread: losses[thread].backward(), 2, 500) == [None] * 1000
    found = [p.grad for p in model.parameters()]
    assert found == pytest.approx(right, rel=1e-9)


def test_threads_differentiate_functions_that_share_values() -> None:
    """The gradients of captured values stay, and every derivative is right."""
    w = Value(3.0, "w")
    (w * 5.0).backward()
    outcomes = together(lambda thread: derivative(lambda x: (w * x).tanh() * w)(0.1), 3, 60)
    assert set(outcomes) == {derivative(lambda x: (w * x).tanh() * w)(0.1)}
    assert w.grad == 5.0
    matrices = together(lambda thread: hessian(lambda x, y: mg.exp(x * y) * w)(0.1, 0.2), 2, 30)
    assert all(matrix == matrices[0] for matrix in matrices)
    assert w.grad == 5.0


def test_gradients_read_under_the_guard_are_those_of_whole_passes() -> None:
    """While others go backward, what pictures and optimizers read is never half of a pass."""
    x = Value(2.0, "x")
    root = x
    for _ in range(200):
        root = root * 1.0
    root.backward()

    def work(thread: int) -> Any:
        if thread == 0:
            root.backward()
            return 1.0
        with ONE_PASS:
            return root.inputs[0].grad  # type: ignore[union-attr]

    assert set(together(work, 2, 300)) == {1.0}


def test_a_pass_within_a_pass_is_refused() -> None:
    """A __del__ that goes backward in the middle of a pass is told; the pass itself is right."""
    x = Value(2.0)
    loss = x * x
    refused = []

    class Late:
        def __del__(self) -> None:
            try:
                loss.backward()
            except RuntimeError as error:
                refused.append(str(error))

    class Grad(float):
        late: Any = None

        def __add__(self, other: float) -> Any:
            self.late = None  # the last reference goes in the middle of the pass
            return float(self) + other

    x.grad = Grad(0.0)
    x.grad.late = Late()
    loss.backward()
    assert x.grad == 4.0
    assert "this thread is going backward already" in refused[0]
    loss.backward()
    assert x.grad == 8.0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_child_process_is_not_stopped_by_a_pass_in_a_thread_of_its_parent() -> None:
    """After fork the child goes backward, whatever the parent's threads were doing."""
    busy = Value(1.0)
    for _ in range(20_000):
        busy = busy * 1.0
    go_on = [True]

    def work() -> None:
        while go_on:
            busy.backward()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(5):
            child = os.fork()
            if child == 0:
                signal.alarm(20)  # a child that hangs is ended
                x = Value(3.0)
                (x * x).backward()
                os._exit(0 if x.grad == 6.0 else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        go_on.clear()
        thread.join()


def test_threads_with_graphs_of_their_own_are_right() -> None:
    """Recording and going backward in several threads gives each its own numbers."""

    def work(thread: int) -> float:
        x = Value(0.1 * (thread + 1))
        y = x
        for _ in range(40):
            y = (y * 1.1 + x).tanh()
        y.backward()
        gradient: float = x.grad
        return gradient

    right = [work(thread) for thread in range(4)]
    assert sorted(together(work, 4, 50)) == sorted(right * 50)
