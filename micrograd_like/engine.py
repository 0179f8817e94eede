"""The engine: a :class:`Value` records the computation graph, ``backward`` applies the chain rule.

A node of the graph holds its number, the rule that made it, that rule's one or two inputs, and the
local derivative on each of those edges, evaluated when the node was recorded.  ``backward`` then
needs no calculus: it walks the nodes in reverse topological order and multiplies.

>>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
>>> loss = a * b + a
>>> loss.backward()
>>> a.grad, b.grad                      # ∂loss/∂a = b + 1: a is used twice, the paths add up
(-2.0, 2.0)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import ModuleType

from micrograd_like.arguments import elementwise, flag, is_array, number, text
from micrograd_like.browser import IN_BROWSER, let_go
from micrograd_like.closures import with_closures
from micrograd_like.copying import SLOTS, attributes, copied, deepcopied, detached, reduced
from micrograd_like.elementary import bind, elementary
from micrograd_like.graph import (
    NOT_COMPUTED,
    NotComputed,
    begin_pass,
    inputs_of,
    recorded,
    replay,
    topological_order,
)
from micrograd_like.guard import BACKWARD, ONE_PASS
from micrograd_like.higher_order import ON_VALUES, backward_on_values
from micrograd_like.micrograd import Micrograd, by_hand
from micrograd_like.notation import OPERATORS, Written, undefined
from micrograd_like.rules import RULES, Rule
from micrograd_like.table import CONSTANTS

TYPE_CHECKING = False  # typing itself would take most of the time of the import
if TYPE_CHECKING:
    from typing import Any, Union

    from micrograd_like._methods import Methods  # every rule is a method: types from the table

    Operand = Union["Value", float]  # noqa: UP007 - a string is no type to |
else:
    Methods = object

__all__ = ["Value", "apply", "replay", "topological_order"]


class Value(Micrograd, Methods):
    """A number that remembers how it was computed.

    ``Value(data, label="")`` makes a leaf; operators and functions make the other nodes.  ``label``
    is its name in pictures, steps and error messages.  ``==`` and ``hash`` tell nodes apart by
    identity; ``<`` and its kin compare data; a Value is always true.  It takes attributes of one's
    own.  With arrays it is combined element by element.  Nodes may be made by hand, as in
    micrograd: ``Value(data, _children, _op)``, see `micrograd_like.micrograd`.  A TypeError tells
    what is no number, a ValueError or a ZeroDivisionError where an operation is not defined.

    >>> x = Value(0.5, label="x")
    >>> x
    Value(data=0.5, grad=0.0, label='x')
    >>> print((2 * x).tanh())
    Value(data=0.761594, grad=0)
    >>> f"{x:.3f}"
    '0.500'
    """

    __slots__ = ("__dict__", "__weakref__", *SLOTS)

    _data: float
    _rule: Rule | None
    _x: Any  # the inputs: Values, plain numbers, or None where there is no such input
    _y: Any
    _dx: Any  # the local derivatives: None where the input is no Value
    _dy: Any
    grad: Any  # a float; after backward(create_graph=True) a Value
    label: str

    def __init__(
        self,
        data: float,
        _children: Iterable[Value] | str = (),
        _op: str | Sequence[float] = "",
        label: str = "",
    ) -> None:
        self._data = number(data, "Value(...)")
        self.label = label if type(label) is str else text(label, "Value(...): label")
        self.grad = NOT_COMPUTED
        self._rule = self._x = self._y = self._dx = self._dy = None
        if type(_children) is not tuple or _children or _op:  # an array has no truth
            by_hand(self, _children, _op)
            if _hook:
                _hook(self)

    @property
    def data(self) -> float:
        """The number.  Assigning another changes no gradient of what was recorded before."""
        return self._data

    @data.setter
    def data(self, data: float) -> None:
        if type(data) is not float:  # not even the label is looked up in a step of learning
            data = number(data, f"{self.label or 'Value'}.data = ...")
        self._data = data

    @property
    def op(self) -> str:
        """The symbol of the operation that made this value; empty for a leaf."""
        return self._rule.symbol if self._rule else ""

    @property
    def rule(self) -> Rule | None:
        """The rule that made this value; None for a leaf."""
        return self._rule

    @property
    def inputs(self) -> tuple[Operand, ...]:
        """The operands in order: Values, and plain numbers for constants."""
        return tuple(inputs_of(self))

    @property
    def local_grads(self) -> tuple[float | None, ...]:
        """The local derivative for each of the inputs; None for a constant."""
        return tuple(local for _, local in recorded(self))

    def backward(self, create_graph: bool = False) -> None:
        """Compute the gradient of this value with respect to every value it depends on.

        Leaves add it to their ``grad``; the other nodes show the latest pass.  With
        ``create_graph`` the gradients are Values with a graph of their own, which can be
        differentiated again.  Of several threads one at a time goes backward.

        >>> x = Value(3.0)
        >>> (x * x).backward(create_graph=True)
        >>> x.grad.data
        6.0
        """
        flag(create_graph, "backward: create_graph")
        with ONE_PASS:
            BACKWARD.refuse_second()
            BACKWARD.under_way = True
            try:
                begin_pass()
                if create_graph:
                    backward_on_values(self, _start_pass)
                else:
                    order = _start_pass(self)
                    self.grad += 1.0
                    with_closures(order, _chain_rule)
            finally:
                BACKWARD.under_way = False

    def detach(self) -> Value:
        """A new leaf with the same number, label and attributes, outside the graph."""
        leaf: Value = detached(self)
        return leaf

    def __float__(self) -> float:
        raise TypeError(
            "float(Value) would lose the gradient: use v.exp() or micrograd_like.exp(v) in place "
            "of math.exp(v), and v.data for the number alone"
        )

    def __repr__(self) -> str:
        return self._text(repr)

    def __str__(self) -> str:
        if type(self).__repr__ is not _REPR:  # a program's own
            return repr(self)
        return self._text("{:.6g}".format)

    def _text(self, numbers: Callable[[float], str]) -> str:
        grad = self.grad.data if isinstance(self.grad, Value) else self.grad
        label = f", label={self.label!r}" if self.label else ""
        if isinstance(grad, int | float):  # a program may have put anything there
            grad = numbers(float(grad))
        return f"Value(data={numbers(self._data)}, grad={grad}{label})"

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else str(self)

    def __lt__(self, other: Operand) -> bool:
        return self._data < _data_of(other, "<")

    def __le__(self, other: Operand) -> bool:
        return self._data <= _data_of(other, "<=")

    def __gt__(self, other: Operand) -> bool:
        return self._data > _data_of(other, ">")

    def __ge__(self, other: Operand) -> bool:
        return self._data >= _data_of(other, ">=")

    def __pos__(self) -> Value:
        return self

    __copy__, __deepcopy__, __reduce__, __getstate__ = copied, deepcopied, reduced, attributes
    if IN_BROWSER:
        __del__ = let_go

    @staticmethod
    def _apply(rule: Rule, *operands: Any) -> Any:
        return apply(rule, *operands)

    @staticmethod
    def _of(data: float) -> Value:
        return Value(data)


_REPR = Value.__repr__


def _data_of(other: Any, symbol: str) -> float:
    if is_array(other):
        numbers: float = elementwise(lambda x: _data_of(x, symbol), other)
        return numbers
    return other._data if isinstance(other, Value) else number(other, f"Value {symbol} ...")


# --- recording -------------------------------------------------------------------------------

_new = object.__new__


def _new_node(rule: Rule, x: Any, y: Any, data: float, dx: Any, dy: Any) -> Value:
    node = _new(Value)
    node._data, node._rule, node.grad, node.label = data, rule, NOT_COMPUTED, ""
    node._x, node._y, node._dx, node._dy = x, y, dx, dy
    return node


_record: Callable[..., Value] = _new_node  # looked up for each operation
_hook: Callable[[Value], None] | None = None


def on_record(hook: Callable[[Value], None] | None) -> None:
    """Have every new node shown to a function from now on; without one that costs nothing."""
    global _hook, _record

    def record(*of: Any) -> Value:
        node = _new_node(*of)
        assert hook
        hook(node)
        return node

    _hook, _record = hook, record if hook else _new_node


def _unary(rule: Rule) -> Callable[[Value], Value]:
    """The method of a rule with one input."""
    function = rule.function

    def method(self: Value) -> Value:
        try:
            data, dx = function(self._data)
        except (ValueError, ZeroDivisionError) as error:
            raise undefined(error, rule, self) from None
        return _record(rule, self, None, data, dx, None)

    return method


def _binary(rule: Rule) -> Callable[[Value, Any], Any]:
    """The method of a rule with two inputs: Values, or a number or an array for the second."""
    function, where = rule.function, Written(rule, "Value", "...")

    def method(self: Value, y: Any) -> Any:
        try:
            if isinstance(y, Value):
                data, dx, dy = function(self._data, y._data)
                return _record(rule, self, y, data, dx, dy)
            if type(y) is not float:
                if is_array(y):
                    return elementwise(lambda each: method(self, each), y)
                y = number(y, where)
            data, dx, _ = function(self._data, y)
        except (ValueError, ZeroDivisionError) as error:
            raise undefined(error, rule, self, y) from None
        return _record(rule, self, y, data, dx, None)

    return method


def _reflected(rule: Rule) -> Callable[[Value, Any], Any]:
    """The method for a number or an array on the left of the operator."""
    function, where = rule.function, Written(rule, "...", "Value")

    def method(self: Value, x: Any) -> Any:
        if type(x) is not float:
            if is_array(x):
                return elementwise(lambda each: apply(rule, each, self), x)
            x = number(x, where)
        try:
            data, _, dy = function(x, self._data)
        except (ValueError, ZeroDivisionError) as error:
            raise undefined(error, rule, x, self) from None
        return _record(rule, x, self, data, None, dy)

    return method


def apply(rule: Rule, *operands: Any) -> Any:
    """An operation on numbers and Values alike: a Value if any operand is one, else a float.

    >>> apply(RULES["exp"], 0.0)
    1.0
    """
    operands += (rule.function.__defaults__ or ())[len(operands) - 1 :]
    if len(operands) != rule.arity:
        raise TypeError(f"{rule.name}: takes {rule.arity} inputs, not {len(operands)}")
    first = operands[0]
    if isinstance(first, Value):
        return METHODS.get(rule, rule.function)(first, *operands[1:])
    if rule.arity == 2 and isinstance(operands[1], Value):
        return REFLECTED[rule](operands[1], first)
    plain = [number(operand, f"{rule.name}(...)") for operand in operands]
    try:
        return rule.function(*plain)[0]
    except (ValueError, ZeroDivisionError) as error:
        raise undefined(error, rule, *plain) from None


METHODS: dict[Rule, Any] = {}
REFLECTED: dict[Rule, Callable[[Value, Any], Any]] = {}


def add_method(rule: Rule) -> None:
    """Make a rule a method of Value, and an operator where Python has one for it."""
    METHODS[rule] = method = _named(_unary(rule) if rule.arity == 1 else _binary(rule), rule.name)
    method.__defaults__ = rule.function.__defaults__
    method.__doc__ = f"{rule.function.__doc__ or rule.symbol}\n\n{rule.formula}, of this value x."
    setattr(Value, rule.name, method)
    if rule.arity == 2:
        REFLECTED[rule] = _named(_reflected(rule), f"__r{rule.name}__")
    if rule.name in OPERATORS:
        special = OPERATORS[rule.name]
        setattr(Value, special, method)
        if rule.arity == 2:
            setattr(Value, f"__r{special[2:]}", REFLECTED[rule])
    setattr(on_values, rule.name, lambda *operands: apply(rule, *operands))
    ON_VALUES[rule] = bind(rule.function, on_values)


def _named(method: Any, name: str) -> Any:
    """The method, which Python's errors call by this name."""
    method.__name__, method.__qualname__ = name, f"Value.{name}"
    return method


# The m of Values: the rules themselves, as add_method enters them, and constants.
on_values: ModuleType = elementary(CONSTANTS.get)
for _rule in RULES.values():
    add_method(_rule)


# --- the chain rule --------------------------------------------------------------------------


def _start_pass(root: Value) -> list[Value]:
    """The nodes that rules made, inputs first, each gradient 0: the start of a backward pass.

    No recursion, and no set of visited nodes either: each pass has zeros of its own, and a node
    that holds one has been visited.
    """
    opened, zero = NotComputed(), NotComputed()
    order: list[Value] = []
    if root._rule is None:
        return order
    stack = [root]
    while stack:
        node = stack[-1]
        if node.grad is opened:  # its inputs are in the order now
            node.grad = zero
            order.append(stack.pop())
        elif node.grad is zero:
            stack.pop()
        else:
            node.grad = opened
            for v, d in ((node._y, node._dy), (node._x, node._dx)):
                if d is None:
                    continue
                if v._rule is not None:
                    stack.append(v)
                elif v.grad is NOT_COMPUTED:
                    v.grad = 0.0
    return order


def _chain_rule(order: list[Value]) -> None:
    """Add each node's gradient times its local derivatives to its inputs, in reverse order.

    A zero gradient passes nothing on, and a zero derivative passes nothing of any gradient: zero
    times infinity is zero here, which the loop gets by not multiplying at all.
    """
    for node in reversed(order):
        grad = node.grad
        if grad:
            dx, dy = node._dx, node._dy
            if dx:
                node._x.grad += grad * dx
            if dy:
                node._y.grad += grad * dy
        else:
            node.grad = 0.0
