"""Which leaves learn on the live page: a model's parameters, a choice, or the usual ones."""

import pickle
from typing import Any

import pytest

from micrograd_like import MLP, SGD, Backprop, Neuron, Value, mse


def learning(steps: Backprop) -> list[str]:
    """The names of the leaves that learn, as the page gets them."""
    graph = steps.page_data().content["graph"]
    return [graph["names"][place] for place in graph["learn"]]


def line() -> tuple[Value, Value, Value, Value]:
    """The error of a line w·x + b at one point."""
    w, x, b = Value(0.5, "w"), Value(3.0, "x"), Value(0.25, "b")
    loss = (w * x + b - 1) ** 2
    loss.label = "L"
    return w, x, b, loss


def test_without_a_model_all_leaves_learn() -> None:
    """Where nothing says what is data and what is a parameter, every leaf can move."""
    *_, loss = line()
    assert learning(Backprop(loss)) == ["w", "x", "b"]


def test_parameters_of_living_models_and_optimizers_learn_and_data_does_not() -> None:
    """The inputs of a model are leaves too, and stay."""
    model = Neuron(2)
    inputs = [Value(1.0, "x0"), Value(2.0, "x1")]
    assert learning(Backprop(model(inputs))) == ["b", "w0", "w1"]
    w, _, b, loss = line()
    optimizer = SGD([b, w])
    assert learning(Backprop(loss)) == ["w", "b"]
    assert len(optimizer.parameters) == 2


@pytest.mark.parametrize("choose", [
    lambda w, b: ["w", "b"],
    lambda w, b: [b, "w", w],
    lambda w, b: (v for v in (w, b)),
    lambda w, b: {w, b},
])  # fmt: skip
def test_leaves_are_chosen_by_label_or_value(choose: Any) -> None:
    """In the order of the graph, each once, however they are told."""
    w, _, b, loss = line()
    assert learning(Backprop(loss, learn=choose(w, b))) == ["w", "b"]


def test_one_leaf_or_none_is_chosen() -> None:
    """A single leaf needs no list; an empty list is no choice of all."""
    _, x, _, loss = line()
    assert learning(Backprop(loss, learn="b")) == ["b"]
    assert learning(Backprop(loss, learn=x)) == ["x"]
    assert learning(Backprop(loss, learn=[])) == []


def test_a_name_that_the_steps_give_is_a_choice_too() -> None:
    """Leaves without labels are called v1, v2, …, and by the caller's variables."""
    a, b = Value(1.0), Value(2.0)
    assert learning(Backprop(a * b, learn="v2")) == ["v2"]
    assert learning(Backprop(a * b, names={"a": a, "b": b}, learn="a")) == ["a"]


def test_a_label_that_several_leaves_have_chooses_all_of_them() -> None:
    """Neurons have weights of the same label."""
    model = MLP(2, [2, 1], activation="tanh")
    for p in model.parameters():
        p.label = p.label.rpartition(".")[2]
    loss = mse([model([1.0, 2.0])], [1.0])
    assert len(learning(Backprop(loss, learn="b"))) == 3


def test_a_model_is_chosen_among_several() -> None:
    """Of two models in one graph only one learns; parameters that the graph lacks are left out."""
    first, second, unused = Neuron(1), Neuron(1), Neuron(1)
    first.extra = unused
    loss = second([first([1.0])])
    assert len(learning(Backprop(loss))) == 4
    chosen = Backprop(loss, learn=first).learn
    assert chosen is not None
    assert {id(v) for v in chosen} == {id(first.w[0]), id(first.b)}


def test_the_choice_outlives_slices_copies_and_pickles() -> None:
    """A part of the steps, and a copy, learn by the same leaves."""
    *_, loss = line()
    steps = Backprop(loss, learn="w")
    assert learning(steps[3:]) == ["w"]
    assert learning(pickle.loads(pickle.dumps(steps))) == ["w"]


def test_data_points_are_those_that_share_a_leaf_that_learns() -> None:
    """With only one point's own leaf to learn there is no going through points."""
    w, a, b = Value(0.5, "w"), Value(1.0, "a"), Value(2.0, "b")
    loss = (w * a - 1) ** 2 + (w * b - 1) ** 2
    assert len(Backprop(loss, learn=w).page_data().content["graph"]["points"]) == 2
    assert Backprop(loss, learn=a).page_data().content["graph"]["points"] == []


@pytest.mark.parametrize(("choose", "error", "words"), [
    (lambda loss: loss, ValueError,
     "Backprop: learn: L is computed, and only leaves learn; there are w, x, b"),
    (lambda loss: ["w", "L"], ValueError,
     "Backprop: learn: L is computed, and only leaves learn; there are w, x, b"),
    (lambda loss: "q", LookupError,
     "Backprop: no value is called 'q'; there are w, x, v1, b, v2, v3, L"),
    (lambda loss: "", LookupError,
     "Backprop: no value is called ''; there are w, x, v1, b, v2, v3, L"),
    (lambda loss: Value(1.0, "u"), LookupError,
     "Backprop.learn: Value(data=1, grad=0, label='u') is not in the graph, so no gradient reaches "
     "it; take a value that L depends on"),
    (lambda loss: 3, TypeError,
     "Backprop: learn: takes a list of leaves or a model, not 3"),
    (lambda loss: [3], TypeError,
     "Backprop.learn: value is 3; it is to be a label, or a Value"),
    (lambda loss: Neuron(1), LookupError,
     "Backprop: learn: no parameter of ReLUNeuron(1) is in the graph; "
     "take a model that L depends on"),
])  # fmt: skip
def test_what_cannot_learn_is_told_in_one_line(
    choose: Any, error: type[Exception], words: str
) -> None:
    """A computed value, a stranger, a wrong name, a wrong type."""
    *_, loss = line()
    with pytest.raises(error) as told:
        Backprop(loss, learn=choose(loss))
    assert str(told.value) == words
