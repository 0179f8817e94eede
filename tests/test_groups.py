"""Groups: what is in them, their names, copies, threads, and their cost where there are none."""

import asyncio
import copy
import gc
import pickle
import sys
import threading
import weakref
from collections import Counter
from collections.abc import AsyncIterator, Generator, Iterator
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd_like import (
    MLP,
    Layer,
    Neuron,
    Value,
    cross_entropy,
    engine,
    group,
    mse,
    softmax,
    topological_order,
)
from micrograd_like.groups import groups_of, prefixes
from micrograd_like.strategies import Graph, graphs


def sizes(*roots: Value) -> dict[str, int]:
    """How many values there are in each group."""
    return dict(Counter(groups_of(topological_order(*roots)).values()))


def test_a_group_has_what_was_computed_in_it() -> None:
    """Operations in the block, and none before or after it; leaves are outside."""
    x, y = Value(3.0, "x"), Value(4.0, "y")
    before = x * x
    with group("length"):
        squares = before + y * y
        r = squares.sqrt()
    after = r * squares
    found = groups_of(topological_order(after))
    assert {id(v) for v in (squares, squares.inputs[1], r)} == {*found}
    assert set(found.values()) == {"length"}


@given(graphs(max_nodes=30), st.data())
def test_groups_of_random_graphs(graph: Graph, data: st.DataObject) -> None:
    """Whatever part of a graph is recorded in a group, of that part is the group."""
    leaves = [Value(x) for x in graph.leaves]
    inside: list[Value] = []
    # A second graph on the first one's values, in a group; a third on both.
    first = graph.values(leaves)
    chosen = data.draw(st.lists(st.sampled_from(first), min_size=1, max_size=4))
    with group("part"):
        for v in chosen:
            inside.append(v + 1.0)
            inside.append(inside[-1] * v)
    total = inside[0] * 0.0
    for v in [*first, *inside]:
        total = total + v
    found = groups_of(topological_order(total))
    assert {*found} == {id(v) for v in inside}


def test_a_decorated_function() -> None:
    """Its name, documentation and results are the function's; numbers pass through it."""

    @group("square")
    def square(x: Any, *, twice: bool = False) -> Any:
        """x²."""
        return x * x * (2 if twice else 1)

    assert square(3.0) == 9.0
    assert square.__name__ == "square"
    assert square.__doc__ == "x²."
    assert sizes(square(Value(3.0), twice=True) + 1) == {"square": 2}


def test_groups_within_groups() -> None:
    """The inner has the name of the outer before it, for functions that call themselves, too."""

    @group("f")
    def f(x: Value, n: int) -> Value:
        return f(x.tanh(), n - 1) * 2 if n else x.exp()

    assert sizes(f(Value(1.0), 2)) == {"f": 2, "f.f": 2, "f.f.f": 1}
    with group("loss"):
        p = softmax([Value(1.0), Value(2.0)])
        loss = -p[0].log()
    assert sizes(loss) == {"loss.softmax": 7, "loss": 2}


def test_neurons_in_groups_and_groups_in_neurons() -> None:
    """A neuron's values have its name after that of the group around it, and before one inside."""
    swish = group("swish")(lambda v: v * v.sigmoid())
    layer = Layer(2, 2, name="hidden")
    for neuron in layer.neurons:
        neuron.activation = swish
    with group("model"):
        out = layer([1.0, 2.0])
    found = sizes(mse(out, [1.0, 2.0]))
    assert found == {
        "mse": 6,
        **{f"model.hidden.neuron{k}": 7 for k in range(2)},
        **{f"model.hidden.neuron{k}.swish": 2 for k in range(2)},
    }
    assert prefixes("model.hidden.neuron0") == ["model", "model.hidden", "model.hidden.neuron0"]


def test_losses_layers_and_lone_neurons_are_groups() -> None:
    """Without anything asked for; two neurons without names are told apart."""
    x = [Value(1.0, "x0"), Value(2.0, "x1")]
    first, second = Neuron(2), Neuron(2)
    assert sizes(first([first(x), second(x)])) == {"neuron": 13, "neuron₂": 8}
    found = sizes(cross_entropy([MLP(2, [3, 2])([1.0, 2.0])], [0]))
    assert {*found} >= {"cross_entropy", "cross_entropy.logsumexp", "layer0.neuron2"}


def test_an_output_may_get_another_label() -> None:
    """A neuron is one still, whatever its output is called."""
    layer = Layer(2, 2, name="hidden")
    out = layer([1.0, 2.0])
    out[0].label = "y"
    assert sizes(out[0] * out[1]) == {"hidden.neuron0": 8, "hidden.neuron1": 8}


def test_a_penalty_is_outside_the_neuron() -> None:
    """What is made of a neuron's weights apart from its output is not in it."""
    neuron = Neuron(2, name="n")
    with group("model"):
        out = neuron([1.0, 2.0])
    loss = (out - 1) ** 2 + 0.1 * sum(w * w for w in neuron.parameters())
    loss.label = "L"
    assert sizes(loss) == {"model.n": 8}


def test_operations_made_by_hand() -> None:
    """As micrograd makes them, in a group they are in it."""
    x = Value(3.0)
    with group("own"):
        out = Value(9.0, (x,), "square")
        out._backward = lambda: None
        root = out + 1
    assert sizes(root * 2) == {"own": 2}


def test_an_error_leaves_no_group_open() -> None:
    """What is recorded afterwards is in none, and the engine is as it was."""
    x = Value(-1.0)
    with pytest.raises(ValueError, match="log"), group("a"), group("b"):
        (x * 2).log()
    assert sizes(x * 3) == {}
    assert engine._record is engine._new_node


def test_threads_have_groups_of_their_own() -> None:
    """While one thread is in a group, what another records is not in it."""
    inside, done = threading.Event(), threading.Event()
    found: list[Value] = []

    def other() -> None:
        inside.wait()
        found.append((Value(1.0) * 2).tanh())
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    with group("here"):
        x = Value(1.0) * 2
        inside.set()
        done.wait()
        y = x + found[0]
    thread.join()
    assert sizes(y) == {"here": 2}


def test_a_further_result_takes_nothing_away() -> None:
    """What is made of a result in the group, and dropped or kept, leaves it in the group."""
    x = Value(3.0, "x")
    with group("loss"):
        loss = (x * 2 - 1) ** 2
        assert (loss * 100).data == 2500.0
        kept = loss * 10
    assert sizes(loss * 1) == {"loss": 3}
    assert sizes(kept * 1) == {"loss": 4}


def test_tasks_have_groups_of_their_own() -> None:
    """Two tasks that wait in groups: what each computes is in its own."""

    async def task(name: str) -> Value:
        v = Value(1.0)
        with group(name):
            for _ in range(3):
                v = v * 2
                await asyncio.sleep(0)
        return v + 1

    async def both() -> tuple[Value, Value]:
        return await asyncio.gather(task("A"), task("B"))

    a, b = asyncio.run(both())
    assert (sizes(a), sizes(b)) == ({"A": 3}, {"B": 3})
    assert engine._record is engine._new_node


def test_a_group_that_ends_before_one_inside_of_it() -> None:
    """As a generator's may: the other goes on, and none is left open."""

    def steps() -> Generator[Value, None, None]:
        with group("first"):
            yield Value(1.0) * 2

    generator = steps()
    next(generator)
    with group("second"):
        generator.close()
        v = Value(1.0) * 3
    assert sizes(v, v * 2) == {"second": 1}
    assert engine._record is engine._new_node


def test_an_open_group_keeps_no_value_alive() -> None:
    """A loop of training in a group needs no more memory from round to round."""
    with group("training"):
        node = Value(1.0) * 2
        gone = weakref.ref(node)
        del node
        gc.collect()
        assert gone() is None


def test_neurons_that_share_parameters_keep_their_own() -> None:
    """What is shared is in the group that it is named after, or in one that has it."""
    a, b = Neuron(2, name="a"), Neuron(2, name="b")
    b.w[0] = a.w[0]
    assert sizes(a([1.0, 2.0]) + b([1.0, 2.0])) == {"a": 8, "b": 7}
    assert sizes(b([1.0, 2.0])) == {"b": 8}
    layer = Layer(2, 3, name="L")
    for neuron in layer.neurons:
        neuron.w, neuron.b = layer.neurons[0].w, layer.neurons[0].b
    assert sizes(*layer([1.0, 2.0])) == {"L.neuron0": 8, "L.neuron1": 5, "L.neuron2": 5}


@pytest.mark.parametrize("name", ["", "n", "out", "...", "."])
def test_dotted_labels_of_inputs_are_no_neurons(name: str) -> None:
    """An operation may have the name before the dot."""
    x = [Value(1.0, "out.a"), Value(2.0, "out.b")]
    product = x[0] * x[1]
    product.label = "out"
    expected = {} if name == "out" else {name or "neuron": 8}
    if expected:
        assert sizes(Neuron(2, name=name)([product, x[1]])) == expected
    assert sizes(product * 2) == {}


def test_copies_keep_groups_and_detached_values_do_not() -> None:
    """By deepcopy and pickle, of a deep graph with results that share a group, too."""
    values = [Value(0.1), Value(0.2)]
    for _ in range(500):
        values = softmax([v * 2 for v in values])
    expected = sizes(*values)
    assert sizes(*copy.deepcopy(values)) == expected
    assert sizes(*pickle.loads(pickle.dumps(values))) == expected
    assert not vars(values[0].detach())


def test_a_graph_without_groups_costs_nothing() -> None:
    """A node has neither a dictionary nor a further byte, and the engine asks no one."""
    with group("a"):
        Value(1.0) * 2
    v = Value(1.0) * 2
    groups_of(topological_order(v))
    assert sys.getsizeof(v) == sys.getsizeof(Value(1.0))
    assert engine._record is engine._new_node


class Late:
    """A call gives a generator."""

    def __call__(self) -> Iterator[int]:
        """The generator."""
        yield 1


async def later() -> AsyncIterator[int]:
    """An async generator."""
    yield 1


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: group(3), TypeError, "group: name is 3; it is to be a text"),  # type: ignore[arg-type]
        (lambda: group(" . "), ValueError, "is empty; give a word"),
        (lambda: group("a")(3), TypeError, "function"),  # type: ignore[arg-type]
        (lambda: group("a")(lambda: (yield)), TypeError, "write `with group"),
        (lambda: group("a")(Late()), TypeError, "write `with group"),
        (lambda: group("a")(later), TypeError, "later is a generator or async"),
        (lambda: group("a")(partial(Late().__call__)), TypeError, "write `with group"),
    ],
)
def test_bad_groups(make: Any, error: type[Exception], words: str) -> None:
    """One line that says what to give."""
    with pytest.raises(error, match=words) as raised:
        make()
    assert "\n" not in str(raised.value)
