"""What programs written for micrograd, and along the lecture about it, do with a Value."""

import copy
import gc
import math
import pickle
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd_like import (
    Tape,
    Value,
    draw_dot,
    gradcheck,
    hessian,
    replay,
    rule,
    to_function,
    topological_order,
)
from micrograd_like.custom import forget
from micrograd_like.graph import CLOSURES
from micrograd_like.steps.sequence import Steps
from micrograd_like.strategies import Graph, graphs

# --- a program's own words for what the engine does: micrograd's way, and the lecture's --------


def my_tanh(x: Any) -> Any:
    """The operation that the lecture adds, with a name of its own for the closure."""
    t = math.tanh(x.data)
    out = Value(t, (x,), "tanh")

    def pass_on() -> None:
        x.grad += (1 - t**2) * out.grad

    out._backward = pass_on
    return out


def my_product(*factors: Any) -> Any:
    """An operation on any number of Values."""
    out = Value(math.prod(v.data for v in factors), factors, "product")

    def _backward() -> None:
        for k, v in enumerate(factors):
            others = [w.data for i, w in enumerate(factors) if i != k]
            v.grad += math.prod(others) * out.grad

    out._backward = _backward
    return out


def lines(root: Value) -> str:
    """The steps of a graph, each in one line."""
    steps = [step.line for step in Steps(root)]
    assert not any("\n" in line for line in steps)
    return "\n".join(steps)


def walk(root: Value) -> list[Value]:
    """A program's own depth-first order over ``_prev``."""
    order: list[Value] = []
    seen: set[Value] = set()

    def visit(v: Value) -> None:
        if v not in seen:
            seen.add(v)
            for child in v._prev:
                visit(child)
            order.append(v)

    visit(root)
    return order


def by_words(root: Value) -> dict[Value, float]:
    """A backward pass of a program's own, over ``_op`` and ``_prev`` alone."""
    order = walk(root)
    found = dict.fromkeys(order, 0.0)
    found[root] = 1.0
    for v in reversed(order):
        of, g = list(v._prev), found[v]
        if v._op == "+":
            for w in of if len(of) == 2 else of * 2:
                found[w] += g
        elif v._op == "*":
            a, b = of if len(of) == 2 else of * 2
            found[a] += g * b.data
            found[b] += g * a.data
        elif v._op.startswith("**"):
            n = float(v._op[2:])
            found[of[0]] += g * n * of[0].data ** (n - 1)
        elif v._op == "ReLU":
            found[of[0]] += g * (v.data > 0)
        elif v._op == "tanh":
            found[of[0]] += g * (1 - v.data**2)
        elif v._op == "exp":
            found[of[0]] += g * v.data
        else:
            assert not v._op, v._op
    return found


# --- attributes, weak references, subclasses ---------------------------------------------------


class Weight(Value):
    """A class of a program's own: a constructor of its own, a slot, an attribute."""

    __slots__ = ("bounds",)

    def __init__(self, data: float, low: float, high: float) -> None:
        super().__init__(data, label="w")
        self.bounds = (low, high)


def copies(v: Any) -> list[Any]:
    """All ways to another Value of the same kind."""
    return [copy.copy(v), copy.deepcopy(v), pickle.loads(pickle.dumps(v)), v.detach()]


def test_a_value_takes_attributes_as_any_object_does() -> None:
    """Optimizers keep moments there, courses colours; `vars` has what was put there."""
    v: Any = Value(1.0)
    assert vars(v) == {}
    v.m, v._vis_color = 0.5, (1, 2)
    assert vars(v) == {"m": 0.5, "_vis_color": (1, 2)}
    inner: Any = v * 2
    inner.note = "inside"
    assert [vars(c) for c in (*copies(v), *copies(inner))] == [vars(v)] * 4 + [vars(inner)] * 4
    del v.m
    assert not hasattr(v, "m")


def test_copies_keep_the_class_and_what_it_has() -> None:
    """A subclass with a constructor and a slot of its own, alone and within a graph."""
    w: Any = Weight(2.0, -1.0, 1.0)
    w.age = [3]
    for twin in copies(w):
        assert (type(twin), twin.data, twin.label) == (Weight, 2.0, "w")
        assert (twin.bounds, twin.age) == ((-1.0, 1.0), [3])
    assert copy.copy(w).age is w.age
    assert copy.deepcopy(w).age is not w.age
    loss = w * w + 1
    for twin in (copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        twin.backward()
        leaf = next(v for v in topological_order(twin) if isinstance(v, Weight))
        assert (leaf.bounds, leaf.grad, w.grad) == ((-1.0, 1.0), 4.0, 0.0)
    assert type(w * 2) is Value


def test_attributes_may_lead_to_other_values_and_back() -> None:
    """Two Values that know each other are copied as two Values that know each other."""
    a: Any = Value(1.0, label="a")
    b: Any = a * 2
    a.partner, b.partner = b, a
    for twin in (copy.deepcopy(a), pickle.loads(pickle.dumps(a))):
        assert twin is not a
        assert twin.partner.partner is twin
        assert twin.partner.inputs[0] is twin


def test_a_weak_reference_ends_with_its_value() -> None:
    """A cache that holds Values weakly lets go of them."""
    v = Value(1.0)
    cache = weakref.WeakKeyDictionary({v: "kept"})
    assert list(cache.values()) == ["kept"]
    del v
    gc.collect()
    assert not cache


# --- operations made by hand -------------------------------------------------------------------


@given(graphs(max_nodes=20), st.data())
@settings(max_examples=examples(60))
def test_an_operation_by_hand_mixes_with_the_others(graph: Graph, data: st.DataObject) -> None:
    """Gradients through closures are those of the rules, wherever closures are."""
    plain, by_hand = graph.record(), graph.record()
    a, b = (data.draw(st.integers(0, 3)) for _ in range(2))
    of = [
        [v for v in topological_order(root) if math.isfinite(v.data)] for root in (plain, by_hand)
    ]
    if not of[0]:
        return
    ends = []
    for values, tanh, product in zip(
        of, (Value.tanh, my_tanh), (lambda x, y, z: x * y * z, my_product), strict=True
    ):
        t = tanh(values[a % len(values)])
        p = product(t, values[b % len(values)], t + 1) if a % 2 else t * t
        ends.append(p * 3 + t)
    for end in ends:
        end.backward()
    for v, w in zip(*of, strict=True):
        assert v.grad == pytest.approx(w.grad, rel=1e-9, abs=1e-12, nan_ok=True)


def test_a_closure_runs_once_in_a_pass_however_often_its_value_is_used() -> None:
    """With the whole gradient of its node; readers of local derivatives run it apart from that."""
    runs: list[float] = []
    x = Value(3.0)
    out = Value(9.0, (x,), "square")

    def _backward() -> None:
        runs.append(out.grad)
        x.grad += 2 * x.data * out.grad

    out._backward = _backward
    assert out._backward is _backward
    (out + out * out).backward()
    assert runs == [19.0]
    assert x.grad == 19 * 6
    assert (out.local_grads, out._op, out.op, out.inputs) == ((6.0,), "square", "square", (x,))
    assert runs == [19.0, 1.0, -2.0, 1.0]
    assert (out.grad, x.grad) == (19.0, 114.0)


def test_an_operation_by_hand_is_drawn_and_stepped_through() -> None:
    """With its word, its operands and its local derivatives."""
    a, b, c = (Value(x, label=n) for x, n in ((2.0, "a"), (3.0, "b"), (4.0, "c")))
    p = my_product(a, b, c)
    p.label = "p"
    loss = p + my_tanh(a)
    loss.backward()
    dot = draw_dot(loss).source
    assert "product" in dot
    assert "tanh" in dot
    assert dot.count("->") == sum(len(v.inputs) for v in topological_order(loss))
    lines = [step.line for step in Steps(loss)]
    assert "p = product(a, b, c) = 24" in lines[0]
    for name, slope in (("a", 12), ("b", 8), ("c", 6)):
        assert any(f"{name}.grad += ∂p/∂{name} · ∂v2/∂p = {slope} · 1" in line for line in lines)


def test_names_of_operations_may_be_any_text() -> None:
    """Signs, markup, line breaks, nothing at all: pictures and steps take them."""
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    for word in ("+", "**2", "", "<b>&\"'\\", "two\nlines", "λ", "x" * 300, "\x00"):
        for of in ((a,), (a, b), (a, b, a * b)):
            out = Value(1.0, of, word)
            out._backward = lambda: None
            out.backward()
            assert out._op == word
            assert draw_dot(out).pipe(format="svg", encoding="utf-8").startswith("<?xml")
            assert lines(out)
    assert str(Steps(Value(5.0, (a, b), "+"))[0]).startswith("1/4  v1 = a + b = 5")


def test_local_gradients_may_be_given_as_numbers() -> None:
    """The form of a Value in pure-Python language models: data, children, local gradients."""
    x, y = Value(2.0), Value(5.0)
    for _ in range(2):
        out = Value(x.data * y.data + x.data, (x, y, x), (y.data, x.data, 1.0))
        x.grad = y.grad = 0.0
        (out * out).backward()
        assert (x.grad, y.grad) == (2 * 12 * 6, 2 * 12 * 2)
    assert out.local_grads == (5.0, 2.0, 1.0)
    assert out._prev == {x, y}
    assert Value(3.0, (), ()).inputs == ()
    assert ((x * 2)._children, (x * 2)._local_grads) == ((x,), (2.0,))


@given(st.lists(st.floats(-2, 2), min_size=3, max_size=40))
@settings(max_examples=30)
def test_any_number_of_children_is_copied_and_walked(numbers: list[float]) -> None:
    """deepcopy, pickle, order, names: no reader meets how the children are kept."""
    leaves = [Value(x) for x in numbers]
    total = Value(sum(numbers), leaves, [float(k) for k in range(len(leaves))])
    loss = total * 2
    for each in (loss, copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        order = topological_order(each)
        assert len(order) == len(leaves) + 2
        assert all(isinstance(v, Value) for v in order)
        each.backward()
        assert [v.grad for v in order[:-2]] == [2.0 * k for k in range(len(leaves))]
    shallow = copy.copy(total)
    assert shallow.inputs == total.inputs


def test_what_is_set_later_counts() -> None:
    """Children, word and closure in any order; a closure in the place of a rule's derivative."""
    x: Any = Value(3.0, label="x")
    out: Any = Value(9.0)
    out._op = "square"
    out._prev = {x}

    def _backward() -> None:
        x.grad += 2 * x.data * out.grad

    out._backward = _backward
    assert out._backward is _backward
    out.backward()
    assert (x.grad, out._op, out._prev) == (6.0, "square", {x})
    straight: Any = x.relu()

    def through() -> None:  # a straight-through estimate
        x.grad += 10 * straight.grad

    straight._backward = through
    x.grad = 0.0
    straight.backward()
    assert (x.grad, straight._op) == (10.0, "ReLU")
    out._prev = ()
    assert out.inputs == ()
    out._backward = None
    scaled: Any = x * 3
    scaled._backward = lambda: None
    scaled.backward()
    assert (scaled._op, [v.data for v in scaled._prev]) == ("*", [3.0, 3.0])
    assert copy.copy(straight)._backward is not through


def test_what_cannot_follow_a_closure_says_so_and_changes_nothing() -> None:
    """Second derivatives, tape, export, many digits, replay: one error, with the remedy."""
    x = Value(0.5, label="x")
    y = my_product(x, x + 1)
    y.backward()
    before = [(v.grad, v.data) for v in topological_order(y)]
    import numpy

    for attempt in (
        lambda: y.backward(create_graph=True),
        lambda: Tape(y, [x]),
        lambda: to_function(y, [x], numpy),
        lambda: replay(y, {x: 2.0}),
        lambda: gradcheck(lambda x: my_product(x, x + 1), 0.5, reference="mpmath"),
        lambda: hessian(lambda x: my_product(x, x + 1))(0.5),
        lambda: gradcheck(y),
    ):
        with pytest.raises(
            TypeError, match=r'product: made by hand.*@rule\("product", "formula", '
        ):
            attempt()
        assert [(v.grad, v.data) for v in topological_order(y)] == before
    with pytest.raises(TypeError, match=r"such as micrograd_like\.tanh\(x\)$"):
        my_tanh(x).backward(create_graph=True)


def test_a_closure_does_in_a_pass_what_it_does_in_micrograd() -> None:
    """Right or wrong: it forgets out.grad, assigns, clips, reads what came later, keeps a count."""
    x: Any = Value(0.5)

    def run(pass_on: Callable[[Any], None], factor: float = 3.0, **late: float) -> float:
        out: Any = Value(1.0, (x,), "f")
        out._backward = lambda: pass_on(out)
        vars(out).update(late)
        x.grad = 0.0
        (out * factor + out).backward()
        found: float = x.grad
        return found

    def add(x: Any, d: float) -> None:
        x.grad += d

    assert run(lambda out: add(x, 2.0)) == 2.0
    assert run(lambda out: setattr(x, "grad", 2.0 * out.grad)) == 8.0
    assert run(lambda out: add(x, max(-1.0, min(1.0, out.grad)))) == 1.0
    assert run(lambda out: add(x, max(out.grad, 0.0)), -3.0) == 0.0
    assert run(lambda out: add(x, out.cache * out.grad), cache=7.0) == 28.0


def test_what_has_no_local_derivative_is_no_picture() -> None:
    """A closure that is not in proportion: readers say so, and backward is as before."""
    x = Value(0.5)
    for pass_on, words in (
        (lambda out: 2.0, "f._backward: adds 2.0 where out.grad is 1, and 2.0 where it is -2"),
        (lambda out: max(out.grad, 0.0), "adds 1.0 where out.grad is 1, and 0.0 where it is -2"),
        (lambda out: out.grad**2, "adds 1.0 where out.grad is 1, and 4.0 where it is -2"),
    ):
        out = Value(1.0, (x,), "f")

        def _backward(out: Any = out, pass_on: Any = pass_on) -> None:
            x.grad += pass_on(out)

        out._backward = _backward
        for read in (draw_dot, Steps, copy.deepcopy, lambda v: v.local_grads):
            with pytest.raises(RuntimeError, match=words) as error:
                str(read(out))
            assert "\n" not in str(error.value)
            assert (x.grad, out.grad) == (0.0, 0.0)


def test_the_remedy_of_that_error_works() -> None:
    """A rule of the same operation is differentiated twice."""

    @rule("cube", "x**3", "3 * x**2")
    def cube_of_a_program(x: Any) -> Any:
        return x * x * x, 3 * x * x

    try:
        assert hessian(cube_of_a_program)(2.0) == [[12.0]]
    finally:
        forget("cube_of_a_program")


def test_gradcheck_finds_a_wrong_closure() -> None:
    """The gradient fails, and what is made by hand is named."""

    def wrong(x: Any) -> Any:
        out = Value(math.tanh(x.data), (x,), "my_tanh")

        def _backward() -> None:
            x.grad += (1 - x.data**2) * out.grad

        out._backward = _backward
        return out

    report = gradcheck(lambda x: wrong(x * x) + x, 0.5)
    assert not report.ok
    assert "what is made by hand is left: my_tanh(v1)" in str(report)
    assert gradcheck(lambda x: my_tanh(x * x) + x, 0.5).ok


def refused() -> list[tuple[Callable[[Any, Any], Any], type[Exception], str]]:
    """Bad input: what is done with two Values, the error, and its words."""

    def closure(f: Callable[[Any, Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def attempt(a: Any, b: Any) -> None:
            out = Value(1.0, (a,), "f")
            out._backward = lambda: f(a, b, out)
            (out * a * b).backward()

        return attempt

    def add(v: Any, x: Any) -> None:
        v.grad += x

    def cycle(a: Any, b: Any) -> None:
        a._prev = (a * b,)

    return [
        (closure(lambda a, b, out: 1 / 0), RuntimeError, "f._backward: ZeroDivisionError: div"),
        (
            closure(lambda a, b, out: add(b, out.grad)),
            RuntimeError,
            "none of its children; give it as one",
        ),
        (
            closure(lambda a, b, out: add(a, out.grad * b)),
            TypeError,
            "takes a number, not",
        ),
        (lambda a, b: Value(1.0, (a, 2.0), "f"), TypeError, "child 1 is 2.0, no Value; wrap it"),
        (
            lambda a, b: Value(1.0, a, "f"),
            TypeError,
            "are one Value; put it in a tuple",
        ),
        (
            lambda a, b: Value(1.0, 3, "f"),
            TypeError,
            "the children is 3; it is to be a",
        ),
        (
            lambda a, b: Value(1.0, (a, b), (1, 2, 3)),
            ValueError,
            "3 local gradients for 2",
        ),
        (lambda a, b: Value(1.0, (a,), ("1",)), TypeError, "a local gradient: takes a number, not"),
        (lambda a, b: Value(1.0, (a,), 3), TypeError, "_op is 3; it is to be a text, or a local"),
        (
            lambda a, b: Value(1.0, "a", "f"),
            TypeError,
            "'a' is no children; give a tuple",
        ),
        (cycle, ValueError, "a graph has no"),
        (
            lambda a, b: (a * b)._prev.add(a),
            AttributeError,
            r"_prev.add: operands cannot be changed",
        ),
        (
            lambda a, b: setattr(a * b, "_backward", 3),
            TypeError,
            "Value._backward = ... is 3; it",
        ),
        (
            lambda a, b: setattr(a * b, "_op", 3),
            TypeError,
            "Value._op = ... is 3; it is to",
        ),
    ]


@pytest.mark.parametrize(("attempt", "kind", "words"), refused())
def test_bad_input_is_told_and_changes_nothing(
    attempt: Callable[[Any, Any], Any], kind: type[Exception], words: str
) -> None:
    """The error names the operation and the remedy; data, gradients and graph stay."""
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    (a * b).backward()
    with pytest.raises(kind, match=words.replace("(", r"\(")) as error:
        attempt(a, b)
    assert "\n" not in str(error.value)
    assert (a.grad, b.grad, a.inputs, b.inputs) == (3.0, 2.0, (), ())
    (a * b).backward()
    assert (a.grad, b.grad) == (6.0, 4.0)


class Weighted:
    """A model that keeps its weight in an attribute, and forgets it among the children."""

    def __init__(self) -> None:
        self.w, self.deep = Value(3.0), {"all": [[Value(4.0)]]}

    def __call__(self, x: Any, w: Any) -> Any:
        out = Value(x.data * w.data, (x,), "lin")
        hidden = {"w": w}

        def _backward() -> None:
            x.grad += hidden["w"].data * out.grad
            hidden["w"].grad += x.data * out.grad

        out._backward = _backward
        return out


def test_weights_that_are_no_children_get_their_gradients_all_the_same() -> None:
    """A closure that reaches them through an object: as in micrograd, however they are kept."""
    x, model = Value(2.0), Weighted()
    for w in (model.w, model.deep["all"][0][0]):
        (model(x, w) * 5).backward()
        assert w.grad == 10.0
    before = (model.w.grad, x.grad)
    assert model(x, model.w).local_grads == (3.0,)  # asking changes nothing
    assert (model.w.grad, x.grad) == before


def test_hooks_are_run_as_in_micrograd() -> None:
    """Around what was there, on leaves at the end of a pass, replaced while a pass is under way."""
    x: Any = Value(3.0)
    seen: list[float] = []
    y: Any = x * 2
    inner = y._backward

    def hook() -> None:
        seen.append(y.grad)
        inner()

    y._backward = hook
    (y * y).backward()
    assert (x.grad, seen) == (24.0, [12.0])
    assert y.local_grads == (2.0, None)
    x._backward = lambda: setattr(x, "grad", 0.0)  # frozen
    (x * 5).backward()
    assert x.grad == 0.0
    x._backward = None
    (x * 5).backward()
    assert x.grad == 5.0

    a: Any = Value(6.0, (x,), "f")

    def new() -> None:
        x.grad += 2 * a.grad

    b: Any = Value(1.0, (a,), "g")

    def replace() -> None:
        a.grad += 2 * b.grad
        a._backward = new

    a._backward = new
    b._backward = replace
    x.grad = 0.0
    b.backward()
    assert x.grad == 4.0


def test_children_that_were_forgotten_are_told_and_private_graphs_are_not() -> None:
    """A node without children whose closure reaches others; a closure with a graph of its own."""
    w: Any = Value(2.0, label="w")
    y: Any = Value(4.0)

    def forgotten() -> None:
        w.grad += 2 * y.grad

    y._backward = forgotten
    with pytest.raises(RuntimeError, match=r"Value._backward: it adds to the gradient of .*'w'"):
        (y * 5).backward()
    assert (w.grad, y.data) == (0.0, 4.0)
    y._prev = {w}
    (y * 5).backward()
    assert w.grad == 10.0

    square = w * w
    cube = square * w
    out: Any = Value(cube.data, (w,), "cube")

    def own_graph() -> None:
        cube.grad = out.grad
        cube._backward()
        square._backward()

    def another_pass() -> None:
        inside = Value(w.data)
        (inside * inside).backward()
        w.grad += inside.grad * out.grad

    for closure, expected in ((own_graph, 24.0), (another_pass, 8.0)):
        w.grad = square.grad = 0.0
        out._backward = closure
        (out * 2).backward()
        assert w.grad == expected


def test_closures_and_graphs_of_gradients_stand_side_by_side() -> None:
    """A leaf with a gradient that is a Value; nothing is kept alive; new data, new derivatives."""
    x: Any = Value(3.0)
    out: Any = Value(9.0, (x,), "square")

    def _backward() -> None:
        x.grad += 2 * x.data * out.grad

    out._backward = _backward
    (x * x).backward(create_graph=True)
    out.backward()
    assert x.grad.data == 12.0
    with pytest.raises(TypeError, match="made by hand"):
        (out * x).backward(create_graph=True)
    assert not CLOSURES
    assert out.local_grads == (6.0,)
    x.data = 10.0
    assert out.local_grads == (20.0,)
    assert out.detach().data == 9.0


def test_an_error_in_a_closure_leaves_leaves_as_they_were() -> None:
    """Also those that had their part already; the next pass is whole."""
    a, b = Value(2.0), Value(3.0)
    fails = [True]
    out = Value(2.0, (a,), "f")

    def _backward() -> None:
        a.grad += out.grad
        if fails:
            fails.pop()
            raise KeyError("no such thing")

    out._backward = _backward
    loss = (b * b) * out + b
    with pytest.raises(RuntimeError, match=r"f._backward: KeyError: 'no such thing'"):
        loss.backward()
    assert (a.grad, b.grad) == (0.0, 0.0)
    loss.backward()
    assert (a.grad, b.grad) == (9.0, 13.0)
    with pytest.raises(TypeError, match="made by hand"):
        loss.backward(create_graph=True)
    loss.backward()
    assert (a.grad, b.grad) == (18.0, 26.0)


def test_assigned_operands_keep_their_derivatives() -> None:
    """The same set, a part of it, a larger one, and one in another order."""
    a, b = Value(2.0), Value(3.0)
    for assigned, expected in (({a, b}, (3.0, 2.0)), ([b, a], (3.0, 2.0)), ((a,), (3.0, 0.0))):
        a.grad = b.grad = 0.0
        c: Any = a * b
        c._prev = assigned
        c.backward()
        assert (a.grad, b.grad) == expected
    assert isinstance((a * b).rule, type((a + b).rule))


def test_a_long_cycle_is_told_by_the_next_walk() -> None:
    """Not each assignment goes through all of a graph; the operands are taken back then."""
    a = Value(1.0)
    y = a
    for _ in range(1000):
        y = y + 1.0
    a._prev = {y}  # type: ignore[assignment]
    with pytest.raises(ValueError, match="a graph has no cycles"):
        y.backward()
    y.backward()
    assert (a.grad, a._prev) == (1.0, set())


def test_an_operation_whose_closure_is_replaced_keeps_its_operands_places() -> None:
    """Constants, powers and repeated operands stand where they stood."""
    a: Any = Value(2.0, label="a")
    for node, words in (
        (3 - a, "3 - a"), (6 / a, "6 / a"), (a**2, "a**2"), (a * a, "a * a"),
    ):  # fmt: skip
        node._backward = lambda: None
        assert words in lines(node)
    node = a * a

    def _backward() -> None:
        a.grad += 4.0 * node.grad

    node._backward = _backward
    node.backward()
    assert (a.grad, node.local_grads) == (4.0, (4.0, 0.0))


def test_a_subclass_may_set_everything_itself() -> None:
    """The constructor of micrograd, copied, without a call of ours."""

    class Own(Value):
        def __init__(self, data: float, _children: Any = (), _op: str = "") -> None:
            self.data = data
            self.grad = 0
            self._backward = lambda: None
            self._prev = set(_children)  # type: ignore[assignment]
            self._op = _op

        def double(self) -> "Own":
            out = Own(self.data * 2, (self,), "double")

            def _backward() -> None:
                self.grad += 2 * out.grad

            out._backward = _backward
            return out

    x = Own(3.0)
    (x.double().double() * 5).backward()
    assert (x.grad, x.label, x.inputs) == (20.0, "", ())
    with pytest.raises(AttributeError, match="'Own' object has no attribute 'm'"):
        x.m  # type: ignore[attr-defined]  # noqa: B018


def test_a_subclass_has_its_own_words_and_operators_everywhere() -> None:
    """print asks its __repr__; operators that micrograd makes of + * ** ask its own of these."""

    class Rounded(Value):
        def __repr__(self) -> str:
            return f"about {self.data:.1f}"

        def __mul__(self, other: Any) -> "Rounded":
            return Rounded(round(self.data * getattr(other, "data", other), 1))

        def __add__(self, other: Any) -> "Rounded":
            return Rounded(round(self.data + getattr(other, "data", other), 1))

    v = Rounded(0.26)
    assert (f"{v}", str(v), repr(v), f"{v:.2f}") == ("about 0.3",) * 3 + ("0.26",)
    for x, expected in (
        (v * 0.5, 0.1), (0.5 * v, 0.1), (-v, -0.3), (v - 1, -0.7), (1 - v, 0.7), (v / 2, 0.1),
        (1 + v, 1.3), (sum([v, v]), 0.6),
    ):  # fmt: skip
        assert (type(x), x.data) == (Rounded, pytest.approx(expected))


def test_children_may_be_an_array() -> None:
    """An array of objects, empty too."""
    numpy = pytest.importorskip("numpy")
    a, b = Value(2.0), Value(3.0)
    assert Value(5.0, numpy.array([a, b], dtype=object), "+").inputs == (a, b)
    assert Value(5.0, numpy.array([], dtype=object), "+").inputs == ()


def test_copies_ask_a_subclass_for_its_state() -> None:
    """What is not to be copied, such as a lock, is left away by __getstate__."""

    class Locked(Value):
        lock: Any

        def __getstate__(self) -> Any:
            own, slots = super().__getstate__() or ({}, {})
            return {**own, "lock": None}, slots

    v = Locked(2.0)
    v.lock = object()
    v.more = 1  # type: ignore[attr-defined]
    for twin in (copy.copy(v), copy.deepcopy(v), v.detach()):
        assert (twin.lock, twin.more) == (None, 1)  # type: ignore[attr-defined]


# --- stepping by hand --------------------------------------------------------------------------


@given(graphs(max_nodes=25))
@settings(max_examples=examples(60))
def test_stepping_by_hand_gives_the_gradients_of_backward(graph: Graph) -> None:
    """`_backward()` on every node, in a program's own order over ``_prev``."""
    root, other = graph.record(), graph.record()
    root.backward()
    other.grad = 1.0
    order = walk(other)
    for v in reversed(order):
        v._backward()
    mine = {id(v): v.grad for v in order}
    for v, w in zip(topological_order(root), topological_order(other), strict=True):
        assert v.grad == pytest.approx(mine[id(w)], rel=1e-9, abs=1e-9, nan_ok=True)


def test_the_wrong_order_by_hand_goes_wrong_as_it_does_there() -> None:
    """A node that steps before its gradient is whole passes on the part that it has."""
    a = Value(3.0)
    b = a + a
    c = b + b * b
    c.grad = 1.0
    c._backward()
    b._backward()
    assert (b.grad, a.grad) == (1.0, 2.0)
    assert Value(1.0)._backward() is None


# --- _prev and _op -----------------------------------------------------------------------------


def test_words_and_operands_are_micrograds() -> None:
    """Constants are Values among the operands, each the same object whenever it is asked for."""
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    words = {
        "+": a + 1, "*": 3 * a, "**2": a**2, "**-1": a**-1, "**0.5": a**0.5, "**": a**b,
        "-": a - b, "/": a / b, "ReLU": a.relu(), "tanh": a.tanh(), "exp": a.exp(), "log": a.log(),
    }  # fmt: skip
    assert {v._op: v for v in words.values()} == words
    assert ((-a)._op, a._op, a._prev) == ("*", "", set())
    left, right = (a * 3)._prev
    assert (left, right.data, right._prev) == (a, 3.0, set())
    assert [v.data for v in (3 - a)._prev] == [3.0, 2.0]
    assert [v.data for v in (-a)._prev] == [2.0, -1.0]
    assert (a**2)._prev == (a + a)._prev == {a}
    product = a * 3
    (product - 1).backward()
    assert [v.grad for v in product._prev] == [3.0, 2.0]  # a constant's gradient, too
    assert [v.grad for v in (-a)._prev] == [3.0, 0.0]
    assert product._prev == product._prev
    assert product._prev | {b} == {*product._prev, b}
    assert repr((a + b)._prev) == f"{{{a!r}, {b!r}}}"
    assert repr(a._prev) == "set()"
    assert pickle.loads(pickle.dumps((a + b)._prev)) != {a, b}
    assert product.inputs == (a, 3.0)
    assert (product.op, (a - b).op) == ("×", "−") or product.op == "×"


@given(
    st.lists(
        st.tuples(st.sampled_from("+*prtn"), st.integers(0, 9), st.integers(0, 9)), max_size=15
    )
)
@settings(max_examples=examples(80))
def test_a_backward_pass_over_words_finds_the_gradients(
    program: list[tuple[str, int, int]],
) -> None:
    """A program that knows +, *, **n, ReLU, tanh and exp needs nothing else of a graph."""
    values = [Value(0.5), Value(-0.25), Value(2.0)]
    for op, i, j in program:
        x, y = values[i % len(values)], values[j % len(values)]
        values.append(
            {
                "+": lambda x=x, y=y: x + y, "*": lambda x=x, y=y: x * y,
                "p": lambda x=x: x**2, "r": lambda x=x: x.relu(), "t": lambda x=x: x.tanh() + 1,
                "n": lambda x=x: -x * 0.5,
            }[op]()
        )  # fmt: skip
    root = values[-1]
    found = by_words(root)
    root.backward()
    for v in topological_order(root):
        if v is not root and v._op == "":
            assert v.grad == pytest.approx(found[v], rel=1e-9, nan_ok=True)


# --- numbers -----------------------------------------------------------------------------------


def test_arrays_and_values_mix_element_by_element() -> None:
    """In both orders, of any shape, with the gradients of each element."""
    numpy = pytest.importorskip("numpy")
    w = Value(2.0)
    row = numpy.array([1.0, -3.0])
    cases = [
        (row * w, [2, -6]), (w * row, [2, -6]), (row - w, [-1, -5]), (w - row, [1, 5]),
        (w / row, [2, -2 / 3]), (row / w, [0.5, -1.5]), (w**row, [2, 0.125]), (row + w, [3, -1]),
        (abs(row) ** w, [1, 9]), (w * row.astype(int), [2, -6]),
    ]  # fmt: skip
    for array, expected in cases:
        assert array.shape == (2,)
        assert [v.data for v in array] == pytest.approx(expected)
    sum(row * w).backward()
    assert w.grad == -2.0
    assert (w * numpy.ones((2, 3))).shape == (2, 3)
    assert (w * numpy.array([w, w * 3], dtype=object))[1].data == 12.0
    assert (w > row).tolist() == [True, True]
    assert (row < w).tolist() == [True, True]
    assert w.maximum(row)[0].data == 2.0
    assert numpy.exp(w).data == math.exp(2.0)  # NumPy asks for the method of this name
    assert (numpy.tanh(row * w)[0].data, (row @ (row * w)).data) == (math.tanh(2.0), 20.0)
    with pytest.raises(TypeError, match="not a masked element"):
        Value(numpy.ma.masked)
    with pytest.raises(TypeError, match="takes a number, not the str"):
        w * numpy.array(["a", "b"])


def test_arrays_and_tensors_of_no_dimension_are_numbers() -> None:
    """As data, as operands on both sides, in comparisons, and for the data of a parameter."""
    numpy = pytest.importorskip("numpy")
    for scalar in (numpy.array(3.0), numpy.array(3), numpy.float32(3)):
        v = Value(scalar)
        assert type(v.data) is float
        assert [x.data for x in (v * scalar, scalar * v, scalar - v, v**scalar)] == [9, 9, 0, 27]
        assert (v >= scalar, v < scalar) == (True, False)
        v.data = scalar
        assert v.data == 3.0
    for wrong in (
        numpy.array(1j),
        numpy.array("a"),
        numpy.datetime64("2020-01-01"),
        numpy.array([1.0]),
    ):
        with pytest.raises(TypeError, match="takes a number"):
            Value(wrong)


@pytest.mark.slow
def test_tensors_of_pytorch_are_numbers() -> None:
    """A tensor of no dimension, with or without a gradient; others go element by element."""
    torch = pytest.importorskip("torch")
    w = Value(2.0)
    for scalar in (torch.tensor(3.0), torch.tensor(3), torch.tensor(3.0, requires_grad=True)):
        assert Value(scalar).data == 3.0
        assert (w * scalar).data == (scalar * w).data == 6.0
    both = [w * torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0]) * w]
    assert [[v.data for v in array] for array in both] == [[2.0, 4.0]] * 2


def test_a_leaf_whose_closure_was_taken_away_goes_on_a_tape() -> None:
    """A closure on a leaf is run by the engine alone; None, or another without effect, ends it."""
    pytest.importorskip("numba")
    x, w = Value(1.0, "x"), Value(2.0, "w")
    product = w * x
    for nothing in (None, lambda: None):
        w._backward = lambda: print("a gradient")
        with pytest.raises(TypeError, match="has a _backward of its own"):
            Tape(product, [x])
        w._backward = nothing
        assert Tape(product, [x]).gradient([[3.0]]).tolist() == [6.0]
