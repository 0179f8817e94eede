"""Stopping where a gradient is complete."""

import copy
import pickle
from typing import Any

import pytest
from conftest import recorded
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd_like import Backprop, Value
from micrograd_like.steps.sequence import ORDERS
from micrograd_like.strategies import Graph, graphs


@pytest.fixture
def steps() -> Backprop:
    """Of L = a · (a + 3), whose a gets two products, and of which nothing but a has a label."""
    a = Value(2.0, "a")
    return Backprop(a * (a + 3))


@given(graphs(max_nodes=20), st.sampled_from(ORDERS), st.data())
@settings(deadline=None, max_examples=60)
def test_the_last_step_is_the_last_that_changes_the_gradient(
    graph: Graph, order: str, data: st.DataObject
) -> None:
    """For every value of any graph, in every order: the gradient there is the one in the end."""
    root = recorded(graph)[-1]
    steps = Backprop(root, order)
    v = data.draw(st.sampled_from(steps.order))
    part = steps.until(v)
    assert isinstance(part, Backprop)
    assert [s.number for s in part] == [*range(1, len(part) + 1)]
    assert part[-1].input is v or (v is root and part[-1].phase == "start")
    assert repr(part[-1].after) == repr(steps.gradients[id(v)])
    assert all(s.input is not v for s in steps[len(part) :])
    assert str(steps.until(steps.name(v))[-1]) == str(part[-1])


def test_a_value_is_told_by_its_label_its_name_or_itself(steps: Backprop) -> None:
    """`"a"`, `"v1"`, and the Value; the root's gradient is complete at the start."""
    assert [len(steps.until(name)) for name in ("a", "v1", "v2")] == [6, 5, 3]
    assert [len(steps.until(v)) for v in steps.order] == [6, 5, 3]
    assert steps.until("a")[-1].line.endswith("now 5 + 2 = 7")
    assert [s.number for s in steps.at(steps.order[0])] == [s.number for s in steps.at("a")]


def test_of_several_with_one_label_it_is_the_last() -> None:
    """The label stops at the last of them, a name with a number at its own."""
    x, again = Value(1.0, "x"), Value(2.0, "x")
    steps = Backprop((x * 3) * again)
    assert len(steps.until("x")) == len(steps)
    assert [len(steps.until(name)) for name in ("x₂", "v1", "x")] == [5, 4, 6]


def test_slices_keep_what_they_have_before_it(steps: Backprop) -> None:
    """From where the slice begins; a slice without the step says so."""
    assert [s.number for s in steps[3:].until("v1")] == [4, 5]
    assert [s.number for s in steps.until("a").until("v1")] == [1, 2, 3, 4, 5]
    assert [s.number for s in steps[::-1].until("v1")] == [6, 5]
    for part in (steps[:5], steps[6:], steps[::2]):
        with pytest.raises(LookupError, match="of 'a' is complete at step 6, which is not in this"):
            part.until("a")


def test_a_part_is_copied_and_drawn_as_any_slice(steps: Backprop) -> None:
    """The picture is that of the step, where the gradient is there; copies know the names."""
    part = steps.until("a")
    for same in (copy.copy(part), copy.deepcopy(part), pickle.loads(pickle.dumps(part))):
        assert [str(s) for s in same.until("v1")] == [str(s) for s in part[:5]]
    assert "step 6/6 of v2" in part.shown()[0]["text/html"]


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ("c", LookupError, "Backprop: no value is called 'c'; there are a, v1, v2"),
        ("", LookupError, "no value is called ''"),
        (Value(4.0, "c"), LookupError, "label='c'.* is not in the graph, so no gradient .* v2 dep"),
        (3.0, TypeError, "Backprop.until: value is 3.0; it is to be a label, or a Value"),
        (None, TypeError, "Backprop.until: value is None"),
    ],
)
def test_what_gets_no_gradient_is_told_in_one_line(
    steps: Backprop, value: Any, error: type[Exception], message: str
) -> None:
    """A name of nothing, a Value that the root does not depend on, a constant, no name at all."""
    with pytest.raises(error, match=message) as told:
        steps.until(value)
    assert "\n" not in str(told.value)
