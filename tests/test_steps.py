"""Backprop as a sequence of steps."""

import pytest
from conftest import recorded
from hypothesis import given, settings

from micrograd_like import Backprop, Value
from micrograd_like.strategies import Graph, graphs


@given(graphs(max_nodes=60))
@settings(deadline=None, max_examples=60)
def test_the_steps_end_in_the_engines_gradients_bit_for_bit(graph: Graph) -> None:
    """The last step that reaches a leaf leaves the gradient that backward() finds."""
    values = recorded(graph)
    values[-1].backward()
    after: dict[int, float] = {}
    for step in Backprop(values[-1]):
        if step.phase == "backward":
            assert step.input is not None
            assert repr(step.before) == repr(after.get(id(step.input), 0.0))
            after[id(step.input)] = step.after
    for v in values[:-1]:
        if id(v) in after:
            assert repr(after[id(v)]) == repr(v.grad)


def test_a_step_is_the_line_for_the_board() -> None:
    """Chain rule, formula with names, formula with numbers, product, operation."""
    a, b, c = Value(2.0, "a"), Value(-1.5, "b"), Value(2.4, "c")
    d = a * b
    e = d + c
    root = e.tanh()
    d.label, e.label, root.label = "d", "e", "L"
    steps = Backprop(root)
    assert len(steps) == 9
    assert str(steps[2]) == "3/9  L = tanh(e) = tanh(-0.6) = -0.537"
    assert str(steps[3]) == "4/9  L.grad = ∂L/∂L = 1"
    assert " ".join(str(steps[7]).split()) == (
        "8/9 a.grad += ∂d/∂a · ∂L/∂d = b · 0.7116 = -1.5 · 0.7116 = -1.0674 (d = a · b)"
    )
    assert str(steps[-1]) == str(steps[8])
    assert [step.number for step in steps[2:4]] == [3, 4]


def test_a_reused_value_shows_its_gradient_adding_up() -> None:
    """The second contribution says what the gradient is now."""
    a = Value(3.0, "a")
    lines = [str(step) for step in Backprop(a * a)]
    assert "= 3, now 6" in lines[-1]
    assert "now" not in lines[-2]


def test_unnamed_values_get_names_that_are_free() -> None:
    """v1, v2, … leave out what the user has called so; constants go by their number."""
    v1 = Value(1.0, "v1")
    names = [str(step).split()[1] for step in Backprop((v1 * 2 + 1) ** 2)][:3]
    assert names == ["v2", "v3", "v4"]


def test_a_leaf_has_one_step() -> None:
    """Its gradient is 1, and nothing flows."""
    assert [str(step) for step in Backprop(Value(2.0, "x"))] == ["1/1  x.grad = ∂x/∂x = 1"]


def test_wrong_roots_and_indices_are_told() -> None:
    """A list for a root, an index beyond the end."""
    with pytest.raises(TypeError, match="takes the Value to differentiate"):
        Backprop([Value(1.0)])  # type: ignore[arg-type]
    with pytest.raises(IndexError, match="there are steps 0 to 0, not 5"):
        Backprop(Value(1.0))[5]


def test_steps_of_a_large_graph_are_made_one_at_a_time() -> None:
    """A hundred thousand nodes: the first and the last step are there at once."""
    x = Value(1.0, "x")
    y = x
    for _ in range(100_000):
        y = y + x
    steps = Backprop(y)
    assert len(steps) == 300_001
    assert steps[-1].after == 100_001
