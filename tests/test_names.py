"""Values without a label, named by the variables that hold them."""

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playing import played

from micrograd_like import MLP, Backprop, Neuron, Value, draw_dot, mse, topological_order
from micrograd_like.graph import labels_of
from micrograd_like.strategies import Graph, graphs


def names(order: list[Value], variables: dict[str, Any]) -> list[str]:
    """What the values are called."""
    return list(labels_of(order, variables, "test").values())


@given(graphs(max_nodes=25), st.data())
@settings(deadline=None, max_examples=40)
def test_variables_name_values_as_labels_would(graph: Graph, data: st.DataObject) -> None:
    """Steps, pages and pictures of every view are the same to the last character."""
    named, labelled = (graph.values([Value(x) for x in graph.leaves]) for _ in range(2))
    chosen = data.draw(st.sets(st.sampled_from(range(len(named)))))
    for k in chosen:
        labelled[k].label = f"n{k}"
    variables = {f"n{k}": named[k] for k in chosen}
    one, two = Backprop(named[-1], names=variables), Backprop(labelled[-1])
    assert [*map(str, one)] == [*map(str, two)]
    assert repr(one) == repr(two)
    assert played(one) == played(two)
    for view in ("values", "sums"):
        assert str(draw_dot(named[-1], view=view, names=variables)) == str(
            draw_dot(labelled[-1], view=view)
        )
    assert all(v.label == "" for v in named)


@pytest.mark.parametrize("view", ["values", "sums", "network"])
def test_a_networks_inputs_and_results_are_named(view: str) -> None:
    """As labels would name them; a list's values by their places in it."""
    x = [Value(2.0), Value(3.0)]
    target = Value(1.0)
    loss = mse([Neuron(2, name="n")(x)], [target])
    drawn = str(draw_dot(loss, view=view, names=locals()))
    x[0].label, x[1].label, target.label, loss.label = "x[0]", "x[1]", "target", "loss"
    assert drawn == str(draw_dot(loss, view=view))
    assert all(name in drawn for name in ("x[0", "x[1", "loss"))


def test_given_names_of_inputs_come_before_variables() -> None:
    """Two inputs that variables hold are still to be named by two names."""
    size, rooms = Value(2.0), Value(3.0)
    root = MLP(2, [3, 1])([size, rooms])
    assert "rooms" in str(draw_dot(root, view="network", names=locals()))
    drawn = str(draw_dot(root, view="network", names=locals(), inputs=["a", "b"]))
    assert drawn == str(draw_dot(root, view="network", inputs=["a", "b"]))


def test_the_first_variable_names_a_value() -> None:
    """Not the second; not one with an underscore, as `_` and `_12` of a notebook are."""
    a, b = Value(1.0), Value(2.0)
    assert names([a, b], {"_": a, "_a": a, "first": a, "second": a, "__": b}) == ["first", ""]


def test_lists_name_what_is_in_them_by_its_place() -> None:
    """Lists, tuples, and lists of lists; what is deeper, or in a dict, has no name."""
    v = [Value(float(k)) for k in range(6)]
    held = {"w": v[:2], "rows": ([v[2]], [v[3], 4.0]), "deep": [[[v[4]]]], "d": {"k": v[5]}}
    assert names(v, held) == ["w[0]", "w[1]", "rows[0][0]", "rows[1][0]", "", ""]
    assert names(v[:1], {"w": [], "x": [None, v[0]], "y": v[0]}) == ["x[1]"]
    assert Backprop(v[0] * v[1], names=held)[0].line == "v1 = w[0] · w[1] = 0 · 1 = 0"


def test_labels_come_first() -> None:
    """A label stays; a variable that has another's label names nothing, as it would be two."""
    x, b = Value(1.0, "x"), Value(2.0, "B")
    order = topological_order(b * x)
    assert names(order, {"x": order[-1], "b": b, "y": x}) == ["B", "x", ""]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (["a"], "names is .*; it is to be a dict of variables, such as locals"),
        ("a", "names is 'a'"),
        (True, "names is True"),
        ({Value(1.0): "a"}, "a key of names is Value.*; it is to be a variable's name"),
    ],
)
@pytest.mark.parametrize("make", [Backprop, draw_dot])
def test_what_has_no_variables_is_told(make: Any, variables: Any, message: str) -> None:
    """A list, a text, a truth, and a dict the other way round; in one line."""
    with pytest.raises(TypeError, match=f"^{make.__name__}: {message}"):
        make(Value(1.0) * 2, names=variables)


def test_anything_may_be_in_a_namespace() -> None:
    """Objects that raise at every question, arrays, modules, the namespace itself, no name."""

    class Hostile:
        def __getattribute__(self, name: str) -> Any:
            raise RuntimeError(name)

        def __bool__(self) -> bool:
            raise RuntimeError

    import numpy as np

    v = Value(1.0)
    held: dict[str, Any] = {"h": Hostile(), "n": np.ones(3), "m": np, "": v, "e": [Hostile(), v]}
    held["self"] = held
    held["v"] = v
    assert names([v], held) == ["e[1]"]


def test_steps_keep_their_names_in_copies() -> None:
    """A copy and a pickle have the names of the variables that were there."""
    a = Value(2.0)
    steps = Backprop(a * a, names={"a": a})
    for same in (copy.copy(steps), copy.deepcopy(steps), pickle.loads(pickle.dumps(steps))):
        assert [*map(str, same.at("a"))] == [*map(str, steps.at("a"))]
        assert same.until("a")[-1].line == steps[-1].line


def test_values_with_names_keep_a_node_of_their_own() -> None:
    """Where thousands of values alike are one node, that of a variable is not among them."""
    rows = [Value(float(k)) * 2 + 1 for k in range(300)]
    total, seventh = sum(rows), rows[7]
    del rows
    assert ">seventh<" in str(draw_dot(total, names=locals()))
