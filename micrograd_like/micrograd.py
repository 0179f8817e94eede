"""What programs written for micrograd use besides: ``_prev``, ``_op``, ``_backward``.

The engine and all readers know a node by its rule, its ``inputs`` and its ``local_grads``.  Here
are micrograd's names for these, and operations made by hand: a number, the Values that it was made
of, and a closure that adds to their gradients.  `Value.backward` runs the closure when the gradient
of its node is complete.  Pictures, steps and checks need the local derivatives: for them it is run
with 1, -2 and 1 for that gradient, and what it adds with 1 is the local derivative.  Copies of a
node have its local derivatives, and no closure.

>>> import math
>>> from micrograd_like import Value
>>> def tanh(x):
...     t = math.tanh(x.data)
...     out = Value(t, (x,), "tanh")
...     def _backward():
...         x.grad += (1 - t**2) * out.grad
...     out._backward = _backward
...     return out
>>> x = Value(0.5, label="x")
>>> y = tanh(x) * 2
>>> y.backward()
>>> round(x.grad, 6), [v._op for v in y._prev], len(y._prev)
(1.572895, ['tanh', ''], 2)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from keyword import iskeyword

from micrograd_like.arguments import expect, function, is_list, is_value, number, short, text
from micrograd_like.graph import (
    CLOSURES,
    NOT_COMPUTED,
    ON_LEAVES,
    Closure,
    chain_product,
    check_assigned,
    closure_of,
    connect,
    connect_closure,
    edges,
    put_back,
)
from micrograd_like.guard import ONE_PASS
from micrograd_like.notation import SIGNS, code, one_line, plural
from micrograd_like.table import RULES, Rule

TYPE_CHECKING = False  # typing itself would take most of the time of the import
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Micrograd", "by_hand", "with_closures"]

# Attributes of a node that belong to how it was made, and go when it is made otherwise.
STATE = ("_leafs", "_operands", "_word")
WORDS = {"relu": "ReLU", "neg": "*"}  # where micrograd's word is neither Python's sign nor the name
# What a leaf has before anything is set: a subclass may not call the constructor of Value.
UNSET = dict.fromkeys(("_rule", "_x", "_y", "_dx", "_dy")) | {"grad": NOT_COMPUTED, "label": ""}
# The operators that micrograd makes of + * **: so it is where a subclass has its own of these.
DERIVED: dict[str, Callable[..., Any]] = {
    "__neg__": lambda self: self * -1,
    "__radd__": lambda self, other: self + other,
    "__sub__": lambda self, other: self + (-other),
    "__rsub__": lambda self, other: other + (-self),
    "__rmul__": lambda self, other: self * other,
    "__truediv__": lambda self, other: self * other**-1,
    "__rtruediv__": lambda self, other: other * self**-1,
}
MANY = 200  # objects among which a closure's Values are looked for
MUTATORS = (
    "add", "clear", "difference_update", "discard", "intersection_update", "pop", "remove",
    "symmetric_difference_update", "update",
)  # fmt: skip


class ByHand(Rule):
    """An operation of which only a result is known: no formula, and no function to run again."""

    def __init__(self, op: str, arity: int) -> None:
        super().__init__(self.not_known, one_line(op) or "f", "", ("",) * arity)
        self.name, self.op = op or "f", op

    def not_known(self, *_: Any) -> Any:
        """The error of all who would compute the operation at other numbers."""
        known = {WORDS.get(name, name): f"micrograd_like.{name}(x)" for name in RULES}
        known |= {"+": "x + y", "*": "x * y", "-": "x - y", "/": "x / y", "**": "x ** y"}
        op = "**" if self.op.startswith("**") else self.op
        name = op if op.isidentifier() and not iskeyword(op) else "f"
        operands, slopes = ("x", '"derivative"') if self.arity == 1 else ("x, y", '"by x", "by y"')
        remedy = f'as in @rule("{name}", "formula", {slopes}) above def {name}({operands}): ...'
        if op in known and (op == "**" or self.arity == known[op].count("y") + 1 or op in "+*-/"):
            remedy = f"such as {known[op]}"
        elif self.arity > 2:
            remedy = "of one or two operands each"
        raise TypeError(
            f"{one_line(self.op) or 'an operation without a word'}: made by hand, it is known at "
            "these numbers alone; second derivatives, tapes, exports and exact references need "
            f"rules, {remedy}"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return rule_by_hand, (self.op, self.arity)


@lru_cache(1000)
def rule_by_hand(op: str, arity: int) -> ByHand:
    """The operation of a word and a number of operands: nodes of the same have the same."""
    return ByHand(op, arity)


class Operands(frozenset):  # type: ignore[type-arg]
    """What a node was made of: a set as in micrograd, which goes through them in their order."""

    _values: tuple[Any, ...]

    def __new__(cls, values: Iterable[Any]) -> Operands:
        """The set of the values."""
        different = dict.fromkeys(values)
        operands = super().__new__(cls, different)
        operands._values = tuple(different)
        return operands

    def __iter__(self) -> Any:
        return iter(self._values)

    def __repr__(self) -> str:
        return f"{{{', '.join(map(repr, self._values))}}}" if self._values else "set()"

    def __reduce__(self) -> tuple[Any, ...]:
        return Operands, (self._values,)

    def __getattr__(self, name: str) -> Any:
        what = f"'Operands' object has no attribute {name!r}"
        if name in MUTATORS:
            what = f"_prev.{name}: operands cannot be changed in place; assign v._prev = {{...}}"
        raise AttributeError(what)


class Micrograd:
    """What Value has for programs that were written for micrograd."""

    if TYPE_CHECKING:
        _leafs: Any
        _of: Any
        _operands: Any
        _rule: Any
        _word: str
        data: Any
        grad: Any
        label: str
        inputs: Any
        local_grads: Any
    else:
        __slots__ = ()

        def __init_subclass__(cls, **options):
            super().__init_subclass__(**options)
            own = vars(cls)
            if Micrograd in cls.__bases__:  # Value
                return
            if "__init__" in own:
                cls.__new__ = own.get("__new__", _new_leaf)
            if not own.keys().isdisjoint(("__add__", "__mul__", "__pow__")):
                for name in DERIVED.keys() - own.keys():
                    setattr(cls, name, DERIVED[name])

    @property
    def _op(self) -> str:
        """micrograd's word for the operation: ``+``, ``*``, ``**2``, ``ReLU``, or the name."""
        rule: Rule | None = self._rule
        if isinstance(rule, ByHand):
            return rule.op
        word = str(getattr(self, "_word", ""))
        if rule is None or word:
            return word
        word = WORDS.get(rule.name, rule.name)
        if word in SIGNS:
            word = code(rule, "", "").strip()
        exponent = self.inputs[1] if rule.name == "pow" else None
        if isinstance(exponent, float):
            word += str(int(exponent) if exponent.is_integer() else exponent)
        return word

    @_op.setter
    def _op(self, op: str) -> None:
        text(op, "Value._op = ...")
        if isinstance(self._rule, ByHand):
            self._rule = rule_by_hand(op, self._rule.arity)
        else:
            self._word = op

    @property
    def _prev(self) -> Operands:
        """micrograd's name for the operands: a set of Values, with those of constants.

        A constant exponent is none of them, as it stands in ``_op``.
        """
        rule, of = self._rule, self.inputs
        if rule is None or (all(map(is_value, of)) and rule.name != "neg"):
            return Operands(of)
        if rule.name == "pow" and not is_value(of[1]):
            return Operands(of[:1])
        if rule.name == "neg":  # micrograd's -a is a * -1
            rule, of = RULES["mul"], (*of, -1.0)
        found: Operands | None = getattr(self, "_operands", None)
        if found is None:  # the next to ask finds the same Values
            found = self._operands = Operands(x if is_value(x) else self._of(x) for x in of)
        if rule.formula and self.grad != 0:
            _constants_gradients(rule, found, of, self.grad)
        return found

    @_prev.setter
    def _prev(self, children: Iterable[Any]) -> None:
        of = _different(_children(children, "Value._prev = ..."))
        if self._prev == frozenset(of):
            return
        check_assigned(self, of)
        closure = closure_of(self)
        if closure and of:
            self._set(of, closure.run.closure)
            return
        # Operands that stay keep their derivatives.
        before: dict[int, float] = {}
        for _, v, local in edges(self) if of else ():
            before[id(v)] = before.get(id(v), 0.0) + local
        op, closure_of_leaf = self._op, getattr(self, "_leafs", None)
        _forget(self)
        _connect_by_hand(self, op, of, [before.get(id(v), 0.0) for v in of])
        if closure_of_leaf and of:
            self._backward = closure_of_leaf

    @property
    def _children(self) -> tuple[Any, ...]:
        """microgpt's name for the operands that are Values."""
        return tuple(x for x in self.inputs if is_value(x))

    @property
    def _local_grads(self) -> tuple[float, ...]:
        """microgpt's name for the local derivatives, one for each of `_children`."""
        return tuple(local for local in self.local_grads if local is not None)

    @property
    def _backward(self) -> Callable[[], None]:
        """The node's part of the chain rule, to be called when its gradient is known."""
        closure = closure_of(self)
        if closure or hasattr(self, "_leafs"):
            own: Callable[[], None] = closure.run.closure if closure else self._leafs
            return own
        of = edges(self)  # as they are now, whatever is assigned later

        def _backward() -> None:
            with ONE_PASS:
                for _, v, local in of:
                    v.grad = v.grad + chain_product(self.grad, local)

        return _backward

    @_backward.setter
    def _backward(self, closure: Callable[[], None]) -> None:
        if closure is None:  # as programs do that go backward no more
            _take_off_leaf(self)
            closure = _pass_nothing_on
        function(closure, "Value._backward = ...", "no arguments, which passes the gradient on")
        inputs = self.inputs
        if self._rule is RULES["pow"] and not is_value(inputs[1]):
            inputs = inputs[:1]  # the exponent stands in the word
        if inputs or any(v is not self for v in _reached(closure, [])):
            self._set(inputs, closure)
        elif closure is not _pass_nothing_on:
            _set_on_leaf(self, closure)

    def _set(self, inputs: Sequence[Any], closure: Callable[[], None]) -> None:
        op, run, before = self._op, _Run(self, inputs, closure), closure_of(self)
        if before and list(map(id, before.inputs)) == list(map(id, inputs)):
            before.run, before.local_grads = run, run.local_grads  # a pass may be under way
            return
        if not isinstance(self._rule, ByHand):
            _forget(self)
        rule = rule_by_hand(op, len(inputs))
        connect_closure(self, rule, Closure(inputs, run, run.local_grads))


def _set_on_leaf(leaf: Any, closure: Callable[[], None]) -> None:
    """A closure that reaches no other Value: it is run at the end of a pass, as a hook is."""
    from _weakref import ref

    _take_off_leaf(leaf)
    leaf._leafs = closure
    code = getattr(closure, "__code__", None)
    if code is None or code.co_names or closure.__closure__:  # it may do something
        ON_LEAVES.append(ref(leaf))


def _take_off_leaf(leaf: Any) -> None:
    """The leaf has no closure any more: a tape, which would not run it, takes the leaf again."""
    if hasattr(leaf, "_leafs"):
        del leaf._leafs
        ON_LEAVES[:] = [ref for ref in ON_LEAVES if ref() is not leaf]


def _pass_nothing_on() -> None:
    pass


def _new_leaf(cls: Any, *_: Any, **__: Any) -> Any:
    leaf = object.__new__(cls)
    for name, x in UNSET.items():
        setattr(leaf, name, x)
    return leaf


def _constants_gradients(rule: Rule, found: Operands, of: Iterable[Any], grad: Any) -> None:
    """Give the Values of constants their gradients, as micrograd's have them."""
    with suppress(ArithmeticError, ValueError):  # other data since, not defined there
        _, *slopes = rule.function(*(v.data for v in found))
        for v, x, slope in zip(found, of, slopes, strict=True):
            if not is_value(x):
                v.grad = chain_product(grad, slope)


# --- operations made by hand -------------------------------------------------------------------


def by_hand(node: Any, children: Any, op: Any) -> None:
    """Make a leaf what a program says that it is: its label, or its children and operation.

    In the place of the operation's word may stand a number for each child: its local gradient.
    """
    if isinstance(children, str):  # Value(2.0, "a"): the label
        if op or node.label:
            raise TypeError(f"Value(...): {short(children)} is no children; give a tuple of Values")
        node.label = children
        return
    of = _children(children, "Value(...)")
    if isinstance(op, str):
        of = _different(of)
        _connect_by_hand(node, op, of, [0.0] * len(of))  # until a closure is assigned
        return
    expect(is_list(op), op, "Value(...): _op", "a text, or a local gradient for each child")
    local_grads = [number(d, "Value(...): a local gradient") for d in op]
    if len(local_grads) != len(of):
        raise ValueError(
            f"Value(...): {plural(len(local_grads), 'local gradient')} for {len(of)} children; "
            "give one for each"
        )
    _connect_by_hand(node, "", of, local_grads)


def _children(children: Any, where: str) -> list[Any]:
    """The Values that a node is said to be made of."""
    if is_value(children):
        raise TypeError(f"{where}: the children are one Value; put it in a tuple: (x,)")
    expect(
        isinstance(children, Iterable) and not isinstance(children, str | Mapping),
        children, f"{where}: the children", "a tuple of Values",
    )  # fmt: skip
    of = list(children)
    for k, v in enumerate(of):
        if not is_value(v):
            raise TypeError(f"{where}: child {k} is {short(v)}, no Value; wrap it, as in Value(2)")
    return of


def _connect_by_hand(node: Any, op: str, of: list[Any], local_grads: list[float]) -> None:
    """Make a node the result of an operation by hand; without inputs it stays a leaf."""
    connect(node, rule_by_hand(op, len(of)) if of else None, of, local_grads)
    if op and not of:
        node._word = op


def _forget(node: Any) -> None:
    for name in STATE:
        if hasattr(node, name):
            delattr(node, name)


def _different(values: Iterable[Any]) -> list[Any]:
    return list({id(v): v for v in values}.values())


# --- closures ------------------------------------------------------------------------------------


class _Run:
    """Runs a closure of a program, in a pass or for its local derivatives."""

    def __init__(self, node: Any, inputs: Sequence[Any], closure: Callable[[], None]) -> None:
        self.node, self.closure = node, closure
        self.children = _different(x for x in inputs if is_value(x))
        self.inputs = inputs
        self._known: tuple[list[float], list[float | None]] | None = None
        self._asked = False

    def __call__(self) -> None:
        """In a pass: the node's gradient is there, and the closure passes it on.

        A RuntimeError tells that it fails, or that it adds to the gradient of a Value that it names
        and that is none of the children.
        """
        node = self.node
        there = {id(v) for v in (node, *self.children)}
        others = [(v, v.grad) for v in _named(self.closure) if id(v) not in there]
        graphs = {id(v) for v in self.children if is_value(v.grad)}  # of create_graph, before
        _call(node, self.closure, others)
        for v, grad in others:
            if v._rule is None and v.grad is not grad and v.grad != grad:
                put_back(others)
                raise _no_child(node, v)
        for v in self.children:
            if type(v.grad) is not float and id(v) not in graphs:
                v.grad = number(v.grad, f"{_where(node)}: a gradient")

    def local_grads(self) -> list[float | None]:
        """The derivative for each input; None for a constant, and all at the first of the same."""
        data = [v.data for v in self.children]
        if self._known is None or self._known[0] != data:
            if self._asked:
                raise RuntimeError("it asks for the local derivatives that it is run for")
            self._asked = True
            try:
                slopes = _probed(self.node, self.children, self.closure)
            finally:
                self._asked = False
            found = dict(zip(map(id, self.children), slopes, strict=True))
            of = [found.pop(id(x), 0.0) if is_value(x) else None for x in self.inputs]
            self._known = data, of
        return self._known[1]


def _call(node: Any, closure: Callable[[], None], others: Iterable[tuple[Any, Any]] = ()) -> None:
    try:
        ONE_PASS.backward.call(closure)
    except Exception as error:
        put_back(others)
        raise _failed(node, error) from error


def with_closures(order: list[Any], chain_rule: Callable[[list[Any]], None]) -> None:
    """The chain rule, in which nodes may have closures; after an error leaves are as before."""
    if not (CLOSURES or ON_LEAVES):
        chain_rule(order)
        return
    leaves = {
        id(v): v
        for node in order
        for v, d in ((node._x, node._dx), (node._y, node._dy))
        if d is not None and v._rule is None
    }
    before = [(v, v.grad) for v in leaves.values()]
    try:
        chain_rule(order)
        for v in filter(None, [ref() for ref in ON_LEAVES]):
            if id(v) in leaves and hasattr(v, "_leafs"):
                _call(v, v._leafs)
    except BaseException:
        put_back(before)
        for node in order:
            node.grad = NOT_COMPUTED
        raise
    finally:
        CLOSURES.clear()
        ON_LEAVES[:] = [ref for ref in ON_LEAVES if hasattr(ref(), "_leafs")]


def _probed(node: Any, children: list[Any], closure: Callable[[], None]) -> list[float]:
    """What a closure adds to each child's gradient when that of its node is 1.

    It is run with 1, -2 and 1, as what it adds has to be in proportion; in all that is nothing for
    a gradient that nobody looks at.  Gradients are then what they were.
    """
    there = {id(v) for v in (node, *children)}
    others = [v for v in _reached(closure, children) if id(v) not in there]
    added: list[list[Any]] = []
    changed = False
    with ONE_PASS:
        before = [(v, v.grad) for v in (node, *children, *others)]
        try:
            for grad in (1.0, -2.0, 1.0):
                for v in children:
                    v.grad = 0.0
                node.grad = grad
                closure()
                added.append([v.grad for v in children])
                changed = changed or node.grad != grad
        except Exception as error:
            raise _failed(node, error) from error
        finally:
            put_back(before)
    if changed:
        raise RuntimeError(f"{_where(node)}: it changes the gradient of its own node")
    once, twice, _ = [[number(x, f"{_where(node)}: what it adds") for x in e] for e in added]
    for a, b in zip(once, twice, strict=True):
        if not math.isclose(-2 * a, b, rel_tol=1e-9, abs_tol=1e-300) and not math.isnan(a):
            raise RuntimeError(
                f"{_where(node)}: adds {a!r} where out.grad is 1, and {b!r} where it is -2; what "
                "has no local derivative cannot be drawn, stepped through, checked or copied"
            )
    return once


def _failed(node: Any, error: Exception) -> RuntimeError:
    what = one_line(f"{type(error).__name__}: {error}", 200)
    return RuntimeError(f"{_where(node)}: {what}")


def _no_child(node: Any, v: Any) -> RuntimeError:
    return RuntimeError(
        f"{_where(node)}: it adds to the gradient of {short(v)}, which is none of its children; "
        "give it as one, as in Value(data, (x, w), 'op')"
    )


def _where(node: Any) -> str:
    return f"{one_line(node.label or node._op or 'Value')}._backward"


def _named(closure: Any) -> list[Any]:
    """The Values that a function names, alone or in a list or a tuple."""
    found: list[Any] = []
    for each in _parts(closure):
        if isinstance(each, list | tuple):  # a long one is some store of Values
            found += each if len(each) < MANY else []
        else:
            found.append(each)
    return [x for x in found if is_value(x)]


def _reached(closure: Any, children: list[Any]) -> list[Any]:
    """The Values that a closure can change: what it names, what is in that, the children's inputs.

    Not all of a large model is gone through.
    """
    found = {id(x): x for v in children for x in v.inputs if is_value(x)}
    stack, met = [closure], {id(closure)}
    while stack and len(met) < MANY:
        thing = stack.pop()
        if is_value(thing):
            found[id(thing)] = thing
            continue
        for x in _parts(thing):
            if id(x) not in met and not isinstance(x, float | int | str | type):
                met.add(id(x))
                stack.append(x)
    return list(found.values())


def _parts(thing: Any) -> list[Any]:
    """What a function, a list or an object refers to."""
    if isinstance(thing, list | tuple | set):
        return list(thing)
    if isinstance(thing, dict):
        return list(thing.values())
    if isinstance(thing, partial):
        return [thing.func, *thing.args, *thing.keywords.values()]
    if hasattr(thing, "__func__"):  # a method
        return [thing.__self__, thing.__func__]
    code = getattr(thing, "__code__", None)
    if code is None:  # an object, and no module
        return [] if hasattr(thing, "__spec__") else list(getattr(thing, "__dict__", {}).values())
    found = [*(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values()]
    for cell in thing.__closure__ or ():
        with suppress(ValueError):  # a variable that has no value yet
            found.append(cell.cell_contents)
    names = [thing.__globals__.get(name) for name in code.co_names]
    return found + [x for x in names if is_value(x) or isinstance(x, list | tuple | dict)]
