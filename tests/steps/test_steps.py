"""Backprop as a sequence of steps."""

import copy
import pickle

import pytest
from conftest import recorded, reused
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd_like import Backprop, Value, paths
from micrograd_like.graph import chain_product, edges, topological_order
from micrograd_like.steps.sequence import ORDERS
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
    assert str(steps[2]) == "3/9  L = tanh(e) = tanh(−0.6) = −0.537"
    assert str(steps[3]) == "4/9  L.grad = ∂L/∂L = 1"
    assert " ".join(str(steps[7]).split()) == (
        "8/9 a.grad += ∂d/∂a · ∂L/∂d = b · 0.7116 = −1.5 · 0.7116 = −1.0674 (d = a · b)"
    )
    assert str(steps[-1]) == str(steps[8])
    assert [step.number for step in steps[2:4]] == [3, 4]


def test_a_local_derivative_of_several_parts_stands_in_brackets() -> None:
    """Products and sums before the sign, negative numbers after it; functions and names do not."""
    a, b = Value(3.0, "a"), Value(-2.0, "b")
    for root, product in [
        (a**2, "(2 · a) · 1 = 6 · 1 = 6"),
        (a.tanh(), "(1 − tanh(a)²) · 1 = 0.009866 · 1 = 0.009866"),
        (a.exp(), "exp(a) · 1 = 20.0855 · 1 = 20.0855"),
        (-(a * b), "b · (−1) = −2 · (−1) = 2"),
        (b / a, "(−b / a²) · 1 = 0.2222 · 1 = 0.2222"),
    ]:
        (line,) = [s.line for s in Backprop(root) if s.input is a]
        assert line.endswith(product)


def test_labels_that_are_formulas_stand_in_brackets() -> None:
    """On every side of the equation and in the remarks."""
    x = Value(2.0, "x+y")
    steps = Backprop(x * 3)
    assert steps[0].line == "v1 = (x+y) · 3 = 2 · 3 = 6"
    assert steps[0].remark == "records ∂v1/∂(x+y) = 3"
    assert steps[-1].line == "(x+y).grad += ∂v1/∂(x+y) · ∂v1/∂v1 = 3 · 1 = 3"


def test_a_reused_value_shows_its_gradient_adding_up() -> None:
    """The second contribution says what the gradient is now."""
    a = Value(3.0, "a")
    lines = [str(step) for step in Backprop(a * a)]
    assert "= 3, now 3 + 3 = 6" in lines[-1]
    assert lines[-2].endswith("(v1 = a · a, first a)")
    assert lines[-1].endswith("(v1 = a · a, second a)")
    assert "now" not in lines[-2]


def test_unnamed_values_get_names_that_are_free() -> None:
    """v1, v2, … leave out what the user has called so; constants go by their number."""
    v1 = Value(1.0, "v1")
    names = [str(step).split()[1] for step in Backprop((v1 * 2 + 1) ** 2)][:3]
    assert names == ["v2", "v3", "v4"]


def test_values_of_one_label_are_told_apart() -> None:
    """The second has a ₂ after it, unless something else is called so; the label finds them all."""
    x, again, other = Value(1.0, "x"), Value(2.0, "x"), Value(3.0, "x₂")
    steps = Backprop(x * again * other)
    assert [steps.name(v) for v in (x, again, other)] == ["x", "x₃", "x₂"]
    assert [step.number for step in steps.at("x")] == [6, 7]
    assert [step.number for step in steps.at("x₃")] == [7]


def test_a_leaf_has_one_step() -> None:
    """Its gradient is 1, and nothing flows."""
    assert [str(step) for step in Backprop(Value(2.0, "x"))] == ["1/1  x.grad = ∂x/∂x = 1"]


def test_wrong_roots_and_indices_are_told() -> None:
    """A list for a root, an index beyond the end."""
    with pytest.raises(TypeError, match="Backprop: takes a Value, such as the loss, not"):
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


def test_a_slice_is_a_backprop_of_its_steps() -> None:
    """Steps keep their numbers; slices of slices, negative steps and bounds work as in lists."""
    steps = Backprop(reused())
    part = steps[3:7]
    assert isinstance(part, Backprop)
    assert [step.number for step in part] == [4, 5, 6, 7]
    assert [step.number for step in part[1:][::-1]] == [7, 6, 5]
    assert (part[-1], len(steps[50:]), list(steps[:])) == (steps[6], 0, list(steps))
    with pytest.raises(IndexError, match="there are steps 0 to 3, not 4"):
        part[4]


def test_slices_equal_lists_of_their_steps() -> None:
    """Two ways to the same steps."""
    steps = Backprop(reused())
    assert list(steps[2:5]) == [steps[2], steps[3], steps[4]]


def test_the_steps_of_a_value_are_found_by_its_name() -> None:
    """Its operation, and every product that comes in or goes out."""
    steps = Backprop(reused())
    assert [step.number for step in steps.at("b")] == [1, 6, 7, 8, 9]
    assert [step.number for step in steps.at("v1")] == [2, 5, 7, 8]
    with pytest.raises(LookupError, match="no value is called 'c'; there are a, b, v1, L"):
        steps.at("c")


def test_the_naive_order_passes_a_gradient_on_too_early() -> None:
    """It says so at that step, and is off by the part that came too late."""
    naive = Backprop(reused(), order="naive")
    early = [str(step) for step in naive if "too early" in step.remark]
    assert len(early) == 1
    assert early[0].endswith("; too early: b.grad will be 13)")
    assert naive.beside(naive).endswith("the gradients are the same")
    lines = Backprop(reused()).beside(naive).splitlines()
    assert lines[-1] == "a.grad: 39 and 3, off by −36"
    assert all("  |  " in line for line in lines[:-1])
    with pytest.raises(ValueError, match=r"order is 'random'; .* topological, naive"):
        Backprop(reused(), order="random")


@given(graphs(max_nodes=40))
@settings(deadline=None, max_examples=60)
def test_the_naive_order_is_right_where_no_value_between_is_used_twice(graph: Graph) -> None:
    """It is wrong only at what lies before a value with several uses."""
    root = graph.record()
    right, naive = Backprop(root), Backprop(root, order="naive")
    uses = [id(v) for node in right.order for v in node.inputs if isinstance(v, Value) and v.rule]
    assert len(right) == len(naive)
    if len(uses) == len(set(uses)):
        assert right.gradients == pytest.approx(
            {id(v): naive.gradients[id(v)] for v in right.order}, nan_ok=True
        )


def test_an_operation_made_by_hand_is_stepped_through_with_its_local_derivatives() -> None:
    """It has no formula, and any number of operands, of which the same may be several."""
    a, b = Value(2.0, "a"), Value(5.0, "b")
    root = Value(a.data * a.data * b.data, (a, a, b), (10.0, 10.0, 4.0))
    root.label = "L"
    steps = Backprop(root)
    assert steps[0].line == "L = f(a, a, b) = 20"
    assert steps[0].remark == "records ∂L/∂a = 10, ∂L/∂b = 4"
    assert [(step.line, step.remark) for step in steps[2:]] == [
        ("a.grad += ∂L/∂a · ∂L/∂L = 10 · 1 = 10", "L = f(a, a, b), first a"),
        ("a.grad += ∂L/∂a · ∂L/∂L = 10 · 1 = 10, now 10 + 10 = 20", "L = f(a, a, b), second a"),
        ("b.grad += ∂L/∂b · ∂L/∂L = 4 · 1 = 4", "L = f(a, a, b)"),
    ]
    assert steps.page() == Backprop(root, order="depth-first").page()
    assert str(paths(root, a)).splitlines()[1].split() == ["second", "a", "→", "L", "10"]
    a.data = 3.0
    assert steps[0].remark == "records ∂L/∂a = 10, ∂L/∂b = 4"


class Written:
    """A value of an engine of one's own, whose backward goes down by itself and sorts nothing."""

    def __init__(self, operands: "list[tuple[Written, float]]", left: list[int]) -> None:
        self.grad = 0.0
        self.operands = operands
        self.left = left  # of the products that there is patience for

    def _backward(self) -> None:
        for operand, local in self.operands:
            self.left[0] -= 1
            if self.left[0] < 0:
                raise TimeoutError
            operand.grad += chain_product(self.grad, local)

    def backward(self, once: bool = False) -> None:
        """``once`` is for operands that are a set, but in the order in which they are written."""
        self._backward()
        operands = [operand for operand, _ in self.operands]
        for operand in dict.fromkeys(operands) if once else operands:
            operand.backward(once)


def by_recursion(root: Value, once: bool = False) -> dict[int, float] | None:
    """The gradients that a recursive backward finds, None if it has too many products."""
    made: dict[int, Written] = {}
    left = [10_000]
    for v in topological_order(root):
        made[id(v)] = Written([(made[id(x)], local) for _, x, local in edges(v)], left)
    made[id(root)].grad = 1.0
    try:
        made[id(root)].backward(once)
    except TimeoutError:
        return None
    return {place: v.grad for place, v in made.items()}


@st.composite
def shared(draw: st.DrawFn) -> Value:
    """A graph in which most values are used again and again: each is made of two of the last."""
    values = [Value(0.5), Value(-1.25)]
    for _ in range(draw(st.integers(1, 40))):
        a, b = (values[-1 - draw(st.integers(0, min(3, len(values) - 1)))] for _ in "ab")
        values.append(a * b if draw(st.booleans()) else a - b)
    return values[-1]


@given(graphs(max_nodes=40).map(Graph.record) | shared())
@settings(max_examples=150)
def test_the_depth_first_order_is_the_recursion_that_sorts_nothing(root: Value) -> None:
    """Bit for bit the gradients of a recursive backward, or an error where that takes for ever."""
    expected = by_recursion(root)
    if expected is None:
        with pytest.raises(ValueError, match=r"more than 10,000 products .*; take a smaller graph"):
            Backprop(root, order="depth-first")
        return
    steps = Backprop(root, order="depth-first")
    assert {k: repr(x) for k, x in steps.gradients.items()} == {
        k: repr(x) for k, x in expected.items()
    }
    last = {id(step.input): step.after for step in steps if step.input is not None}
    assert all(repr(steps.gradients[place]) == repr(after) for place, after in last.items())


def doubled() -> tuple[Value, Value]:
    """a, and c = b + b with b = a + a."""
    a = Value(1.0, "a")
    b = a + a
    c = b + b
    b.label, c.label = "b", "c"
    return a, c


def test_the_depth_first_order_passes_on_again_what_was_passed_on_before() -> None:
    """On b = a + a; c = b + b, where the naive order happens to be right, it doubles a.grad."""
    _, c = doubled()
    steps = Backprop(c, order="depth-first")
    lines = ["; ".join((step.line, *step.remark.split("; ")[1:])) for step in steps[5:]]
    assert lines == [
        "a.grad += ∂b/∂a · ∂c/∂b = 1 · 2 = 2",
        "a.grad += ∂b/∂a · ∂c/∂b = 1 · 2 = 2, now 2 + 2 = 4",
        "a.grad += ∂b/∂a · ∂c/∂b = 1 · 2 = 2, now 4 + 2 = 6; again: b.grad was passed on before",
        "a.grad += ∂b/∂a · ∂c/∂b = 1 · 2 = 2, now 6 + 2 = 8; again: b.grad was passed on before; "
        "in the end a.grad is 8, and should be 4",
    ]
    assert [step.number for step in steps.at("a")] == [6, 7, 8, 9]
    beside = Backprop(c).beside(steps).splitlines()
    assert (len(beside), beside[-1]) == (7, "a.grad: 4 and 8, off by 4")
    assert beside[-2].split("|") == [" " * beside[0].index("|"), f"  {steps[-1].line}"]
    assert Backprop(c).beside(Backprop(c, order="naive")).endswith("the gradients are the same")


def test_the_depth_first_order_can_be_too_early_as_well() -> None:
    """b goes on with what it has, and later with all that it has: 3, then 39, then 39 again."""
    root = reused()
    early = [step for step in Backprop(root, order="depth-first") if step.node.label == "b"]
    assert [(step.upstream, step.after) for step in early[1:]] == [(13, 39), (13, 78), (13, 117)]
    b = root.inputs[1]
    assert isinstance(b, Value)
    root = b + b * b
    steps = Backprop(root, order="depth-first")
    passed = [(s.after, "too early" in s.remark, "again" in s.remark) for s in steps if s.node is b]
    assert passed[1:] == [(3, True, False), (42, False, True), (81, False, True)]


def test_the_depth_first_order_is_right_where_inputs_alone_are_used_twice() -> None:
    """A leaf passes nothing on, so that coming to it again does no harm."""
    a, b = Value(-2.0, "a"), Value(3.0, "b")
    f = (a * b) * (a + b)
    steps = Backprop(f, order="depth-first")
    assert [str(step) for step in steps] == [str(step) for step in Backprop(f, order="naive")]
    assert steps.beside(Backprop(f)).endswith("the gradients are the same")
    assert "in the end" not in steps[-1].remark


def test_over_a_set_of_operands_the_recursion_is_wrong_later() -> None:
    """Right where one operation uses a value twice, and wrong where two operations use it."""
    a, c = doubled()
    wrong, right = by_recursion(c), by_recursion(c, once=True)
    assert wrong is not None
    assert right is not None
    assert (wrong[id(a)], right[id(a)]) == (8, 4)
    d = a + a
    two = by_recursion(d * 3 + d * 5, once=True)
    assert two is not None
    assert two[id(a)] == 2 * 3 + 2 * (3 + 5) != 2 * (3 + 5)


def test_the_depth_first_order_ends_with_an_error_where_it_would_take_for_ever() -> None:
    """Forty values, each used twice, have a million million paths; depth alone is no trouble."""
    v = Value(1.0)
    for _ in range(5000):
        v = v.tanh()
    assert len(Backprop(v, order="depth-first")) == 10_001
    for _ in range(40):
        v = v + v
    with pytest.raises(ValueError, match="Backprop: order='depth-first' has more than") as told:
        Backprop(v, order="depth-first")
    assert str(told.value).endswith("take a smaller graph, or order='topological'")


def test_both_orders_take_every_edge_once() -> None:
    """A hundred thousand nodes, without recursion."""
    x = Value(1.0, "x")
    y = x
    for _ in range(100_000):
        y = y + x
    assert len(Backprop(y, order="naive")) == 300_001


@given(graphs())
def test_no_step_of_an_unchanged_graph_says_that_numbers_changed(graph: Graph) -> None:
    """What is recorded is what the rules give for the inputs, however odd the numbers."""
    assert not any("have changed" in step.remark for step in Backprop(graph.record()))


def test_numbers_that_have_changed_since_are_not_passed_off_as_the_steps() -> None:
    """After a step of learning the old lines show their own numbers, and say what happened."""
    a, b = Value(2.0, "a"), Value(3.0, "b")
    loss = a * b
    loss.label = "L"
    a.data = 10.0
    assert [" ".join(str(step).split()[1:]) for step in Backprop(loss)] == [
        "L = a · b = 6",
        "L.grad = ∂L/∂L = 1",
        "a.grad += ∂L/∂a · ∂L/∂L = b · 1 = 3 · 1 = 3 "
        "(L = a · b; the inputs' numbers have changed since then)",
        "b.grad += ∂L/∂b · ∂L/∂L = a · 1 = 2 · 1 = 2 "
        "(L = a · b; the inputs' numbers have changed since then)",
    ]
    root = Value(4.0, "x").sqrt()
    root.inputs[0].data = -1.0  # where it is not even defined
    assert "have changed" in Backprop(root)[0].remark


def test_the_naive_order_ends_with_what_is_wrong() -> None:
    """Its last step names the gradient and what it should be; the right order says nothing."""
    a = Value(2.0, "a")
    b = a * 3
    loss = b * b + b
    assert "in the end a.grad is 3, and should be 39" in Backprop(loss, order="naive")[-1].remark
    assert "in the end" not in Backprop(loss)[-1].remark
    assert "in the end" not in Backprop(a * 3, order="naive")[-1].remark


def test_sides_of_an_equation_that_are_the_same_are_written_once() -> None:
    """−a at 2 is −2, not −2 = −2."""
    assert Backprop(-Value(2.0, "a"))[0].line == "v1 = −a = −2"


def test_beside_takes_the_same_graph() -> None:
    """Anything else is refused in one line."""
    x = Value(1.0)
    with pytest.raises(ValueError, match="beside: takes another way through the same graph"):
        Backprop(x * x).beside(Backprop(x * 2 + x))


@pytest.mark.parametrize("order", ORDERS)
@given(graphs(max_nodes=12))
@settings(deadline=None, max_examples=20)
def test_copies_and_pickles_have_the_same_steps_on_a_graph_of_their_own(
    order: str, graph: Graph
) -> None:
    """Every line is the same, of a slice, too, and gradients are those of the copy's values."""
    steps = Backprop(recorded(graph)[-1], order)
    part = steps[1:]
    for kept in (steps, part):
        for twin in (copy.copy(kept), copy.deepcopy(kept), pickle.loads(pickle.dumps(kept))):
            assert [str(step) for step in twin] == [str(step) for step in kept]
            found, wanted = ([s.gradients[id(v)] for v in s.order] for s in (twin, kept))
            assert repr(found) == repr(wanted)
    assert copy.deepcopy(steps).root is not steps.root
    assert copy.copy(steps).root is steps.root


def test_a_copy_can_be_drawn() -> None:
    """Its picture is that of the steps that it is a copy of."""
    x = Value(3.0, "x")
    steps = Backprop(x * x + x)
    wanted = steps.only(4).still(".svg")
    for twin in (copy.deepcopy(steps), pickle.loads(pickle.dumps(steps))):
        assert twin.only(4).still(".svg") == wanted
        assert twin.page_data() == steps.page_data()
