"""What programs written for micrograd use besides: ``_prev``, ``_op``, ``_backward``.

The engine and all readers know a node by its rule, its ``inputs`` and its ``local_grads``.  Here
are micrograd's names for these, and operations made by hand: a number, the Values that it was made
of, and a closure that adds to their gradients, which `closures.py` runs.  Copies of a node have
its local derivatives, and no closure.

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

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from keyword import iskeyword

from micrograd_like.arguments import expect, function, is_list, is_value, number, short, text
from micrograd_like.closures import Run, different, reached
from micrograd_like.copying import DERIVED, SLOTS
from micrograd_like.graph import (
    NOT_COMPUTED,
    ON_LEAVES,
    Closure,
    chain_product,
    check_assigned,
    closure_of,
    connect,
    connect_closure,
    edges,
)
from micrograd_like.guard import ONE_PASS
from micrograd_like.notation import SIGNS, code, one_line, plural
from micrograd_like.table import RULES, Rule

TYPE_CHECKING = False  # typing itself would take most of the time of the import
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Micrograd", "by_hand"]

# Attributes of a node that belong to how it was made, and go when it is made otherwise.
STATE = (*DERIVED, "_word")
WORDS = {"relu": "ReLU", "neg": "*"}  # where micrograd's word is neither Python's sign nor the name
# What a leaf has before anything is set: a subclass may not call the constructor of Value.
UNSET = {name: None for name in SLOTS if name != "_data"} | {"grad": NOT_COMPUTED, "label": ""}
# The operators that micrograd makes of + * **: so it is where a subclass has its own of these.
COMPOSED: dict[str, Callable[..., Any]] = {
    "__neg__": lambda self: self * -1,
    "__radd__": lambda self, other: self + other,
    "__sub__": lambda self, other: self + (-other),
    "__rsub__": lambda self, other: other + (-self),
    "__rmul__": lambda self, other: self * other,
    "__truediv__": lambda self, other: self * other**-1,
    "__rtruediv__": lambda self, other: other * self**-1,
}
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
        known = {WORDS.get(name, name): f"micrograd_like.{name}(x)" for name in list(RULES)}
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
                for name in COMPOSED.keys() - own.keys():
                    setattr(cls, name, COMPOSED[name])

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
        of = different(_children(children, "Value._prev = ..."))
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
        if inputs or any(v is not self for v in reached(closure, [])):
            self._set(inputs, closure)
        elif closure is not _pass_nothing_on:
            _set_on_leaf(self, closure)

    def _set(self, inputs: Sequence[Any], closure: Callable[[], None]) -> None:
        op, run, before = self._op, Run(self, inputs, closure), closure_of(self)
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
        of = different(of)
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
