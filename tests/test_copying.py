"""Copies and pickles of graphs: whole, of any depth, under failures and threads."""

import copy
import gc
import io
import pickle
import sys
import threading
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings

from micrograd_like import Value, copying, topological_order
from micrograd_like.strategies import Graph, graphs

# From Python 3.14 on a pickler that failed, with its buffer, complains when it is collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def chain(length: int) -> Value:
    """A deep graph."""
    v = Value(1.0)
    for _ in range(length):
        v = v + 1.0
    return v


def left_behind() -> int:
    """How many tokens of this thread still expect a node."""
    gc.collect()  # what an exception and its frame hold in a circle
    tokens = copying._THREAD.__dict__.get("tokens", ())
    return sum(token.block >= 0 for token in tokens)


def test_copies_have_a_graph_of_their_own_and_keep_what_is_shared() -> None:
    """After deepcopy or pickle, backward reaches the copy's leaves, and only those."""
    x = Value(3.0, label="x")
    y = x * x
    y.backward()
    for twin_x, twin_y in (copy.deepcopy((x, y)), pickle.loads(pickle.dumps((x, y)))):
        assert (twin_y.inputs[0] is twin_x, twin_x.label, twin_x.grad) == (True, "x", 6.0)
        twin_y.backward()
        assert (twin_x.grad, x.grad) == (12.0, 6.0)
    a = x * 2
    again_a, again_b = pickle.loads(pickle.dumps([a, a + 1]))
    assert again_b.inputs[0] is again_a


def test_a_shallow_copy_is_a_node_of_its_own_on_the_same_inputs() -> None:
    """copy.copy shares the inputs, and leaves pickling of deep graphs as it was."""
    y = chain(5000)
    twin = copy.copy(y)
    assert twin is not y
    assert twin.inputs == y.inputs
    assert pickle.loads(pickle.dumps(y)).data == y.data


@given(graphs(max_nodes=40))
@settings(max_examples=30)
def test_a_pickled_graph_is_the_same_graph(graph: Graph) -> None:
    """Data, operations, slopes and gradients survive."""
    root = graph.record()
    root.backward()
    again = pickle.loads(pickle.dumps(root))
    for v, w in zip(topological_order(root), topological_order(again), strict=True):
        assert repr((v.data, v.op, v.local_grads, v.grad, v.label)) == repr(
            (w.data, w.op, w.local_grads, w.grad, w.label)
        )


DEEP = 3000  # deeper than the stack


class Full(io.BytesIO):
    """A disk with room for some bytes."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def write(self, data: Any) -> int:
        self.room -= len(data)
        if self.room < 0:
            raise OSError("no space left on device")
        return super().write(data)


@pytest.mark.parametrize("pickler", [pickle.Pickler, pickle._Pickler])  # type: ignore[attr-defined]
def test_a_pickle_that_fails_leaves_nothing_behind(pickler: Any) -> None:
    """After a full disk the same graph, deeper than the stack, is pickled as before."""
    y = chain(DEEP)
    for _ in range(3):
        with pytest.raises(OSError, match="no space"):
            pickler(Full(60_000)).dump(y)
    assert left_behind() == 0
    assert pickle.loads(pickle.dumps(y)).data == y.data


@pytest.mark.parametrize("room", [0, 3_000, 60_000])
@pytest.mark.parametrize("pickler", [pickle.Pickler, pickle._Pickler])  # type: ignore[attr-defined]
def test_a_failed_pickler_that_lives_on_does_not_matter(pickler: Any, room: int) -> None:
    """With the pickler and its exception kept, the graph and its parts are pickled by others."""
    y = chain(DEEP)
    inner = topological_order(y)[DEEP // 2]
    failing = pickler(Full(room))
    kept = None
    try:
        failing.dump(y)
    except OSError as error:
        kept = error
    assert kept is not None
    for node in (y, inner, y):
        again = pickle.loads(pickle.dumps(node))
        assert (again.data, len(topological_order(again))) == (
            node.data,
            len(topological_order(node)),
        )
    assert str(kept) == "no space left on device"


def test_nodes_of_one_graph_are_pickled_in_any_order_and_keep_what_they_share() -> None:
    """A list of inner nodes, last first, comes back as one graph."""
    y = chain(200)
    nodes = topological_order(y)[::-1]
    again = pickle.loads(pickle.dumps(nodes))
    assert [v.data for v in again] == [v.data for v in nodes]
    assert all(v.inputs[0] is below for v, below in pairwise(again))


def test_a_pickle_that_is_done_leaves_nothing_behind() -> None:
    """Also when the pickler, with its memory, lives on."""
    y = chain(50)
    pickler = pickle.Pickler(io.BytesIO())
    pickler.dump(y)
    assert left_behind() == 0
    pickler.clear_memo()
    pickler.dump(y)
    assert left_behind() == 0


@pytest.mark.parametrize("deep", [600, pytest.param(3000, marks=pytest.mark.slow)])
def test_threads_pickle_one_graph_at_once(deep: int) -> None:
    """Ninety pickles by three threads that are switched all the time are all whole."""
    y = chain(deep)
    outcomes: list[Any] = []

    def work() -> None:
        for _ in range(30):
            try:
                outcomes.append(pickle.loads(pickle.dumps(y)).data)
            except Exception as error:
                outcomes.append(repr(error))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert outcomes == [y.data] * 90


def test_a_gradient_that_is_a_value_is_kept_as_its_number() -> None:
    """After backward(create_graph=True) a copy has numbers for gradients."""
    x = Value(3.0)
    (x * x).backward(create_graph=True)
    assert type(copy.copy(x).grad) is float
    assert pickle.loads(pickle.dumps(x)).grad == 6.0
