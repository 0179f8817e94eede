"""The engine: recording, the chain rule, the door for numbers, copies, any depth."""

import copy
import gc
import math
import pickle
import weakref
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from conftest import SMOOTH, examples, recorded
from hypothesis import given, settings

import micrograd_like as mg
from micrograd_like import Value, derivative, replay, topological_order
from micrograd_like.engine import NOT_COMPUTED, _start_pass, apply
from micrograd_like.rules import RULES, Rule
from micrograd_like.strategies import Graph, graphs


class Dual:
    """Forward-mode differentiation, the naive way: a value and its slope in one direction."""

    def __init__(self, value: float, slope: float) -> None:
        self.value, self.slope = value, slope


def dual(x: Dual | float) -> Dual:
    """A dual number; a plain number moves in no direction."""
    return x if isinstance(x, Dual) else Dual(x, 0.0)


def call_on_duals(rule: Rule, *operands: Dual | float) -> Dual:
    """A rule on dual numbers."""
    duals = list(map(dual, operands))
    value, *slopes = rule.function(*(d.value for d in duals))
    terms = [s * d.slope for s, d in zip(slopes, duals, strict=True) if s and d.slope]
    return Dual(value, sum(terms))


def slopes_by_duals(graph: Graph) -> list[float]:
    """The derivative of a graph's last value for each leaf, one forward pass a leaf."""
    slopes = []
    for k in range(len(graph.leaves)):
        leaves = [Dual(x, float(i == k)) for i, x in enumerate(graph.leaves)]
        slopes.append(graph.values(leaves, call_on_duals)[-1].slope)
    return slopes


def sizes_by_paths(graph: Graph) -> list[float]:
    """The same sum over all paths with every product positive: what rounding is relative to."""

    def call(rule: Rule, *operands: Dual | float) -> Dual:
        duals = list(map(dual, operands))
        value, *slopes = rule.function(*(d.value for d in duals))
        terms = (abs(s) * d.slope for s, d in zip(slopes, duals, strict=True) if s and d.slope)
        return Dual(value, sum(terms))

    return [
        graph.values([Dual(x, float(i == k)) for i, x in enumerate(graph.leaves)], call)[-1].slope
        for k in range(len(graph.leaves))
    ]


@given(graphs(max_nodes=200))
def test_gradients_of_random_graphs_agree_with_forward_mode(graph: Graph) -> None:
    """Reverse order over shared nodes sums the same paths as forward mode does, for every rule."""
    values = recorded(graph)
    assert [v.data for v in values] == graph.values(graph.leaves, lambda r, *xs: r.function(*xs)[0])
    values[-1].backward()
    checks = zip(values, slopes_by_duals(graph), sizes_by_paths(graph), strict=False)
    for leaf, slope, size in checks:
        if math.isfinite(size):
            assert leaf.grad == pytest.approx(slope, rel=1e-9, abs=1e-12 * size + 1e-290)


@given(graphs(SMOOTH, max_nodes=25))
@settings(max_examples=examples(50))
def test_create_graph_gives_the_same_gradients_as_plain_backward(graph: Graph) -> None:
    """Gradients that are Values have the data of gradients that are floats."""
    plain, again = recorded(graph), recorded(graph)
    plain[-1].backward()
    slopes = [d for v in plain for d in v.local_grads if d is not None]
    if not all(map(math.isfinite, slopes)):
        return
    again[-1].backward(create_graph=True)
    for v, w in zip(plain, again, strict=True):
        got = w.grad.data if isinstance(w.grad, Value) else w.grad
        assert got == pytest.approx(v.grad, rel=1e-9, abs=1e-290)


TWICE: list[tuple[Callable[[Any], Any], Callable[[Any], Any]]] = [
    (lambda x: x * x * x, lambda x: x**3),
    (mg.tanh, lambda x: (mg.exp(x) - mg.exp(-x)) / (mg.exp(x) + mg.exp(-x))),
    (mg.tanh, lambda x: 2 * mg.sigmoid(2 * x) - 1),
    (mg.sigmoid, lambda x: 1 / (1 + mg.exp(-x))),
    (mg.softplus, lambda x: mg.log1p(mg.exp(x))),
    (mg.silu, lambda x: x / (1 + mg.exp(-x))),
    (mg.gelu, lambda x: x * mg.normal_cdf(x)),
    (mg.sinh, lambda x: (mg.exp(x) - mg.exp(-x)) / 2),
    (mg.cosh, lambda x: (mg.exp(x) + mg.exp(-x)) / 2),
    (mg.tan, lambda x: mg.sin(x) / mg.cos(x)),
    (lambda x: mg.sqrt(x * x + 1), lambda x: (x * x + 1) ** 0.5),
    (lambda x: 2**x, lambda x: mg.exp(x * math.log(2))),
    (lambda x: mg.log(x * x + 1), lambda x: mg.log1p(x * x)),
    (mg.expm1, lambda x: mg.exp(x) - 1),
    (lambda x: mg.asin(x / 4), lambda x: mg.atan((x / 4) / mg.sqrt(1 - x * x / 16))),
    (lambda x: mg.acos(x / 4), lambda x: math.pi / 2 - mg.asin(x / 4)),
    (lambda x: (x - 3) / (x + 4), lambda x: 1 - 7 * (x + 4) ** -1),
]


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("x", [-1.9, -0.5, 1e-3, 0.7, 2.1])
@pytest.mark.parametrize(("f", "g"), TWICE)
def test_an_expression_in_two_forms_has_one_derivative_of_each_order(
    f: Callable[[Any], Any], g: Callable[[Any], Any], x: float, order: int
) -> None:
    """First to third derivatives do not depend on how the expression was written."""
    assert derivative(f, order)(x) == pytest.approx(derivative(g, order)(x), rel=1e-9, abs=1e-9)


def test_all_operators_in_all_reflected_forms() -> None:
    """Values, ints, floats and bools meet in any order, and plain numbers become no node."""
    v = Value(3.0)
    assert [(v + 2).data, (2 + v).data, (v - 2).data, (2 - v).data] == [5, 5, 1, -1]
    assert [(v * 2).data, (2 * v).data, (v / 2).data, (6 / v).data] == [6, 6, 1.5, 2]
    assert [(v**2).data, (2**v).data, (-v).data, abs(-v).data] == [9, 8, -3, 3]
    assert (v**v).data == 27
    assert (v * True).data == 3
    assert (+v) is v
    assert (2 * v).inputs == (2.0, v)
    assert (2 * v).local_grads == (None, 2.0)
    assert len(topological_order(2 * v + 1)) == 3


def test_other_kinds_of_numbers_come_in_by_one_conversion() -> None:
    """Fractions and NumPy scalars are numbers, on either side."""
    numpy = pytest.importorskip("numpy")
    v = Value(2.0)
    assert (v * Fraction(1, 4)).data == (Fraction(1, 4) * v).data == 0.5
    for number in (numpy.float64(3), numpy.float32(3), numpy.int64(3)):
        assert isinstance(number * v, Value)
        assert (number * v).data == (v * number).data == 6.0
        assert (v**number).data == 8.0
        assert (number - v).data == 1.0
        assert type(Value(number).data) is float
    assert Value(numpy.bool_(True)).data == 1.0
    with pytest.raises(TypeError, match="make a list of Values"):
        Value(numpy.array([1.0, 2.0]))


REFUSED: list[tuple[Callable[[Value], Any], str]] = [
    (lambda v: Value("1"), "Value(...): takes a number, not the str '1': convert it with float()"),
    (lambda v: Value(None), "Value(...): takes a number, not the NoneType None: give a number"),
    (lambda v: Value(1j), "not the complex 1j: Values are real; take .real or .imag"),
    (lambda v: Value([1]), "not the list [1]: a Value holds one number; make a list of Values"),
    (lambda v: Value(Value(1)), "detach() gives a new Value with its number"),
    (lambda v: Value(Decimal("0.1")), "not the Decimal Decimal('0.1'): convert it with float()"),
    (lambda v: v + "a", "Value + ...: takes a number, not the str 'a'"),
    (lambda v: "a" + v, "... + Value: takes a number, not the str 'a'"),
    (lambda v: v * [1, 2], "Value * ...: takes a number, not the list [1, 2]"),
    (lambda v: [1, 2] * v, "... * Value: takes a number, not the list [1, 2]"),
    (lambda v: v**None, "Value ** ...: takes a number"),
    (lambda v: v * 1j, "not the complex 1j"),
    (lambda v: v < "a", "Value < ...: takes a number"),
    (lambda v: mg.exp("a"), "exp(...): takes a number, not the str 'a'"),
    (lambda v: mg.maximum(v), "maximum() missing 1 required positional argument: 'y'"),
    (lambda v: math.exp(v), "use v.exp() or micrograd_like.exp(v)"),
    (lambda v: float(v), "would lose the gradient"),
    (lambda v: setattr(v, "data", "1"), "v.data = ...: takes a number, not the str '1'"),
    (lambda v: Value(1, label=3), "Value(...): label is 3; it is to be a text"),
]


@pytest.mark.parametrize(("mistake", "message"), REFUSED)
def test_what_is_no_number_is_refused_with_the_remedy(
    mistake: Callable[[Value], Any], message: str
) -> None:
    """Each mistake is one TypeError of one line that says what to do instead."""
    with pytest.raises(TypeError) as caught:
        mistake(Value(2.0, label="v"))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_number_too_large_for_a_float_is_an_overflow() -> None:
    """An int beyond the range of floats is refused, not made infinite."""
    with pytest.raises(OverflowError):
        Value(1.0) + 10**400


def test_domain_errors_name_the_operation_the_number_and_the_label() -> None:
    """An undefined point is told in the words of the user."""
    p = Value(-1.0, label="p")
    with pytest.raises(ValueError, match=r"log\(-1.0\): needs x > 0 \(x is 'p' = -1.0\)$"):
        p.log()
    with pytest.raises(ValueError, match=r"\(-8.0\) \*\* 0.333\d+: needs x > 0 or x = 0 and y ≥ 0"):
        Value(-8.0) ** (1 / 3)
    with pytest.raises(ZeroDivisionError, match=r"1.0 / 0.0: needs y ≠ 0 \(y is 'z' = 0.0\)$"):
        1 / Value(0, label="z")
    with pytest.raises(ZeroDivisionError, match=r"0.0 \*\* -1.0: needs"):
        Value(0.0) ** -1
    with pytest.raises(ValueError, match=r"sqrt\(-4.0\): needs x ≥ 0$"):
        mg.sqrt(-4)


def test_backward_twice_accumulates_in_leaves_only() -> None:
    """Interior gradients show the latest pass, so that a second pass adds the same again."""
    x = Value(1.0)
    a = x * 2
    y = a * 3
    y.backward()
    y.backward()
    assert (x.grad, a.grad, y.grad) == (12.0, 3.0, 1.0)


def test_two_losses_on_a_shared_node() -> None:
    """The second loss does not push the first one's gradient through again."""
    x = Value(1.0)
    a = 2 * x
    (3 * a).backward()
    (5 * a).backward()
    assert x.grad == 16.0


def test_backward_of_a_leaf_is_one() -> None:
    """A leaf depends on itself."""
    x = Value(2.0)
    x.backward()
    assert x.grad == 1.0


def test_the_gradient_belongs_to_the_forward_pass_that_was_recorded() -> None:
    """Changing data after recording changes no gradient; create_graph, which needs it, says so."""
    x, w = Value(2.0), Value(3.0)
    y = x * w
    w.data = 100.0
    y.backward()
    assert x.grad == 3.0
    with pytest.raises(RuntimeError, match="changed after it was computed"):
        y.backward(create_graph=True)


def test_a_gradient_that_was_not_computed_is_told_from_zero() -> None:
    """Before backward a gradient is 0.0 and marked; a computed 0 is not."""
    x, other = Value(-1.0), Value(1.0)
    assert x.grad == 0.0
    assert x.grad is NOT_COMPUTED
    x.relu().backward()
    assert x.grad == 0.0
    assert x.grad is not NOT_COMPUTED
    assert other.grad is NOT_COMPUTED


def test_zero_times_infinity_is_zero_in_the_chain_rule() -> None:
    """A zero gradient stops at an infinite slope, an infinite gradient at a zero slope."""
    x = Value(0.0)
    (0 * x.sqrt()).backward()
    assert x.grad == 0.0
    y = Value(0.0)
    (y * y).sqrt().backward()
    assert y.grad == 0.0


def test_equality_is_identity_and_order_is_by_data() -> None:
    """Values with equal data stay apart in sets; < and its kin, max and sorted compare data."""
    a, b = Value(1.0), Value(1.0)
    assert a != b
    assert len({a, b}) == 2
    assert a <= b
    assert a >= 1
    assert not a < b
    assert Value(2.0) > a > 0.5
    assert max([a, Value(3.0), b]).data == 3.0
    assert bool(Value(0.0))


def test_nodes_with_equal_data_are_not_merged_even_by_a_subclass() -> None:
    """The walk goes by identity, whatever a subclass makes of equality."""

    class Equal(Value):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 1

    a, b = Equal(1.0), Equal(1.0)
    (a * 2 + b * 2).backward()
    assert (a.grad, b.grad) == (2.0, 2.0)


def test_plus_assignment_rebinds() -> None:
    """`a += 1` makes a new Value and leaves the old one as it was."""
    a = Value(1.0)
    b = a
    a += 1
    assert (a.data, b.data) == (2.0, 1.0)


def test_repr_has_all_digits_and_format_is_short() -> None:
    """A cell shows the exact number; print, and formatted text, the first six digits."""
    v = Value(1 / 3, label="v")
    assert repr(v) == "Value(data=0.3333333333333333, grad=0.0, label='v')"
    assert repr(Value(0.1) + 0.2) == "Value(data=0.30000000000000004, grad=0.0)"
    assert str(v) == f"{v}" == "Value(data=0.333333, grad=0, label='v')"
    assert f"{v:.3f}" == "0.333"


def test_detach_is_a_leaf_outside_the_graph() -> None:
    """No gradient flows through detach()."""
    x = Value(3.0, label="x")
    y = x * x.detach()
    y.backward()
    assert x.grad == 3.0
    assert x.detach().label == "x"


def test_micrograd_names_for_walking_the_graph() -> None:
    """A program that draws by v._prev and v._op finds the graph."""
    a, b = Value(1.0), Value(2.0)
    c = a * b + 1
    assert c._op == "+"
    assert next(iter(c._prev))._prev == {a, b}
    assert (a._op, a._prev) == ("", set())


def chain(length: int) -> tuple[Value, Value]:
    """A chain of additions and its leaf."""
    x = Value(1.0)
    y = x
    for _ in range(length):
        y = y + x
    return x, y


@pytest.mark.parametrize("deep", [30_000, pytest.param(200_000, marks=pytest.mark.slow)])
def test_no_depth_is_too_deep(deep: int) -> None:
    """Building, walking, backward, copying, pickling and freeing need no recursion."""
    x, y = chain(deep)
    y.backward()
    assert x.grad == deep + 1
    assert len(topological_order(y)) == deep + 1
    assert replay(y, {x: 2.0}) == 2.0 * (deep + 1)
    twin = copy.deepcopy(y)
    loaded = pickle.loads(pickle.dumps(y))
    del x, y
    assert twin.data == loaded.data == deep + 1


def test_a_graph_is_freed_without_the_garbage_collector() -> None:
    """Nodes are in no cycle: the last reference frees them."""
    x = Value(1.0)
    watch = weakref.ref(x)
    y = (x * x).tanh() + x
    y.backward()
    gc.disable()
    try:
        del x, y
        assert watch() is None
    finally:
        gc.enable()


@given(graphs(max_nodes=200))
@settings(max_examples=examples(50))
def test_the_backward_pass_visits_the_nodes_in_topological_order(graph: Graph) -> None:
    """The walk that marks nodes by their gradients is the plain one, without leaves."""
    root = graph.record()
    made = [v for v in topological_order(root) if v.rule is not None]
    assert list(map(id, _start_pass(root))) == list(map(id, made))


@given(graphs(max_nodes=200))
@settings(max_examples=30)
def test_the_same_program_gives_the_same_bits(graph: Graph) -> None:
    """Two runs agree in every digit of every gradient."""
    first, second = recorded(graph), recorded(graph)
    first[-1].backward()
    second[-1].backward()
    assert repr([v.grad for v in first]) == repr([v.grad for v in second])


def test_second_gradients_of_infinite_slopes_are_refused() -> None:
    """Where the slope is infinite there is no second derivative, and the error says where."""
    with pytest.raises(ZeroDivisionError, match=r"sqrt\(0.0\): its derivative is infinite here"):
        derivative(mg.sqrt, 2)(0.0)


def test_apply_needs_the_right_number_of_operands() -> None:
    """A function called with too few operands says how many it takes."""
    with pytest.raises(TypeError, match="tanh: takes 1 inputs, not 2"):
        apply(RULES["tanh"], 1.0, 2.0)
