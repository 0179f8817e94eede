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

import math
import numbers
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, Union

from micrograd_like.rules import (
    COMPOSED,
    PRIMITIVES,
    RULES,
    SUBSCRIPTS,
    Rule,
    bind,
    elementary,
)

__all__ = ["Value", "apply", "replay", "topological_order"]

Operand = Union["Value", float]


class _NotComputed(float):
    """The zero of a gradient that no backward pass has computed: equal to 0.0, drawn as a dot."""

    __slots__ = ()


NOT_COMPUTED = _NotComputed()


def to_number(value: Any, where: str) -> float:
    """The one door for numbers: a float, or a TypeError that says what to do instead."""
    if (
        type(value) in (float, int)
        or isinstance(value, numbers.Real)
        or type(value).__name__ in ("bool", "bool_")
    ):
        try:
            return float(value)
        except OverflowError:
            raise OverflowError(f"{where}: {_short(value)} is larger than any float") from None
    kind = type(value).__name__
    if isinstance(value, Value):
        remedy = "detach() gives a new Value with its number, .data the number itself"
    elif isinstance(value, str):
        remedy = "convert it with float() first"
    elif isinstance(value, complex):
        remedy = "Values are real; take .real or .imag"
    elif hasattr(value, "__len__") or hasattr(value, "__array__"):
        remedy = "a Value holds one number; make a list of Values"
    else:
        remedy = "convert it with float() first" if value is not None else "give a number"
    raise TypeError(f"{where}: takes a number, not the {kind} {_short(value)}: {remedy}")


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 40 else text[:37] + "..."


class Value:
    """A number that remembers how it was computed.

    ``Value(data, label="")`` makes a leaf; operators and functions make the other nodes.  ``label``
    is its name in pictures, steps and error messages.  ``==`` and ``hash`` tell nodes apart by
    identity; ``<`` and its kin compare data; a Value is always true.

    >>> x = Value(0.5, label="x")
    >>> x
    Value(data=0.5, grad=0, label='x')
    >>> (2 * x).tanh()
    Value(data=0.761594, grad=0)
    >>> f"{x:.3f}"
    '0.500'
    """

    __slots__ = ("_data", "_dx", "_dy", "_rule", "_x", "_y", "grad", "label")
    __array_ufunc__ = None  # NumPy then leaves `np.float64(2) * v` to this class

    _data: float
    _rule: Rule | None
    _x: Any  # the inputs: Values, plain numbers, or None where there is no such input
    _y: Any
    _dx: Any  # the local derivatives: None where the input is no Value
    _dy: Any
    grad: Any  # a float; after backward(create_graph=True) a Value
    label: str

    if TYPE_CHECKING:  # every rule of one or two inputs is a method, by the table

        def __getattr__(self, name: str) -> Callable[..., "Value"]: ...

    def __init__(self, data: float, label: str = "") -> None:
        self._data = to_number(data, "Value(...)")
        if not isinstance(label, str):
            raise TypeError(f"Value(...): a label is text, not {_short(label)}")
        self.label = label
        self.grad = NOT_COMPUTED
        self._rule = self._x = self._y = self._dx = self._dy = None

    @property
    def data(self) -> float:
        """The number.  Assigning another changes no gradient of what was recorded before."""
        return self._data

    @data.setter
    def data(self, data: float) -> None:
        if type(data) is not float:  # not even the label is looked up in a step of learning
            data = to_number(data, f"{self.label or 'Value'}.data = ...")
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
        return (self._x, self._y)[: self._rule.arity] if self._rule else ()

    @property
    def local_grads(self) -> tuple[float | None, ...]:
        """The local derivative for each of the inputs; None for a constant."""
        return (self._dx, self._dy)[: self._rule.arity] if self._rule else ()

    @property
    def _prev(self) -> tuple["Value", ...]:
        """micrograd's name for the inputs that are Values."""
        return tuple(v for v in self.inputs if isinstance(v, Value))

    @property
    def _op(self) -> str:
        """micrograd's name for the operation."""
        return self.op

    def backward(self, create_graph: bool = False) -> None:
        """Compute the gradient of this value with respect to every value it depends on.

        Leaves add it to their ``grad``; the other nodes show the latest pass.  With
        ``create_graph`` the gradients are Values with a graph of their own, which can be
        differentiated again.  One thread at a time: a pass leaves its marks in the nodes.

        >>> x = Value(3.0)
        >>> (x * x).backward(create_graph=True)
        >>> x.grad.data
        6.0
        """
        order = _start_pass(self)
        if create_graph:
            _accumulate(self, Value(1.0))
            _chain_rule_on_values(order)
        else:
            self.grad += 1.0
            _chain_rule(order)

    def detach(self) -> "Value":
        """A new leaf with the same number and label, outside the graph."""
        return Value(self._data, self.label)

    def __float__(self) -> float:
        raise TypeError(
            "float(Value) would lose the gradient: use v.exp() or micrograd_like.exp(v) in place "
            "of math.exp(v), and v.data for the number alone"
        )

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        grad = self.grad.data if isinstance(self.grad, Value) else self.grad
        return f"Value(data={self._data:.6g}, grad={grad:.6g}{label})"

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

    def __pos__(self) -> "Value":
        return self

    if TYPE_CHECKING:  # Python's operators are the rules of OPERATORS below

        def __add__(self, other: Operand) -> "Value": ...
        def __radd__(self, other: Operand) -> "Value": ...
        def __sub__(self, other: Operand) -> "Value": ...
        def __rsub__(self, other: Operand) -> "Value": ...
        def __mul__(self, other: Operand) -> "Value": ...
        def __rmul__(self, other: Operand) -> "Value": ...
        def __truediv__(self, other: Operand) -> "Value": ...
        def __rtruediv__(self, other: Operand) -> "Value": ...
        def __pow__(self, other: Operand) -> "Value": ...
        def __rpow__(self, other: Operand) -> "Value": ...
        def __neg__(self) -> "Value": ...
        def __abs__(self) -> "Value": ...

    def __deepcopy__(self, memo: dict[int, Any]) -> "Value":
        for node in topological_order(self):
            if id(node) not in memo:
                inputs = (memo.get(id(node._x), node._x), memo.get(id(node._y), node._y))
                memo[id(node)] = _restore(*node._state(inputs))
        copied: Value = memo[id(self)]
        return copied

    def __copy__(self) -> "Value":
        return _restore(*self._state((self._x, self._y)))

    def __reduce__(self) -> tuple[Any, ...]:
        if self._rule is None or id(self) in _being_pickled:
            return _restore, self._state((self._x, self._y))
        # All nodes in topological order, so that a node's inputs are pickled before it is: the
        # pickler, which remembers what it has seen, then never recurses.
        order = topological_order(self)
        ids = {id(node) for node in order} - _being_pickled
        _being_pickled.update(ids)
        return operator.itemgetter(-2), ([*order, _Done(ids)],)

    def _state(self, inputs: tuple[Any, Any]) -> tuple[Any, ...]:
        grad = self.grad.data if isinstance(self.grad, Value) else self.grad
        computed = None if grad is NOT_COMPUTED else float(grad)
        return (self._data, self.label, self._rule, *inputs, self._dx, self._dy, computed)


def _data_of(other: Any, symbol: str) -> float:
    return other._data if isinstance(other, Value) else to_number(other, f"Value {symbol} ...")


# --- recording -------------------------------------------------------------------------------

_new = object.__new__


def _record(rule: Rule, x: Any, y: Any, data: float, dx: float | None, dy: float | None) -> Value:
    node = _new(Value)
    node._data, node._rule, node.grad, node.label = data, rule, NOT_COMPUTED, ""
    node._x, node._y, node._dx, node._dy = x, y, dx, dy
    return node


def _unary(rule: Rule) -> Callable[[Value], Value]:
    """The method of a rule with one input."""
    function = rule.function

    def method(self: Value) -> Value:
        try:
            data, dx = function(self._data)
        except (ValueError, ZeroDivisionError) as error:
            raise _explained(error, rule, self) from None
        return _record(rule, self, None, data, dx, None)

    return method


def _binary(rule: Rule) -> Callable[[Value, Any], Value]:
    """The method of a rule with two inputs: Values, or a plain number for the second."""
    function = rule.function

    def method(self: Value, other: Any) -> Value:
        try:
            if isinstance(other, Value):
                data, dx, dy = function(self._data, other._data)
                return _record(rule, self, other, data, dx, dy)
            if type(other) is not float:
                other = to_number(other, _as_code(rule, "Value", "..."))
            data, dx, _ = function(self._data, other)
        except (ValueError, ZeroDivisionError) as error:
            raise _explained(error, rule, self, other) from None
        return _record(rule, self, other, data, dx, None)

    return method


def _reflected(rule: Rule) -> Callable[[Value, Any], Value]:
    """The method for a plain number on the left of the operator."""
    function = rule.function

    def method(self: Value, other: Any) -> Value:
        if type(other) is not float:
            other = to_number(other, _as_code(rule, "...", "Value"))
        try:
            data, _, dy = function(other, self._data)
        except (ValueError, ZeroDivisionError) as error:
            raise _explained(error, rule, other, self) from None
        return _record(rule, other, self, data, None, dy)

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
        return METHODS[rule](first, *operands[1:])
    if rule.arity == 2 and isinstance(operands[1], Value):
        return REFLECTED[rule](operands[1], first)
    plain = [to_number(operand, f"{rule.name}(...)") for operand in operands]
    try:
        return rule.function(*plain)[0]
    except (ValueError, ZeroDivisionError) as error:
        raise _explained(error, rule, *plain) from None


SYMBOLS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}
OPERATORS = {"add": "add", "sub": "sub", "mul": "mul", "div": "truediv", "pow": "pow"}


def _as_code(rule: Rule, *operands: str) -> str:
    """The operation on operands as the user wrote it."""
    if rule.name in SYMBOLS:
        return f" {SYMBOLS[rule.name]} ".join(operands)
    return f"{rule.name}({', '.join(operands)})"


def _explained(error: Exception, rule: Rule, *operands: Operand) -> Exception:
    """The error of an operation in the user's words: operation, value, remedy, label."""
    data = [v._data if isinstance(v, Value) else v for v in operands]
    words = {"y % 1 == 0": "a whole y", " == ": " = ", " != ": " ≠ ", " >= ": " ≥ ", " <= ": " ≤ "}
    needs = f"needs {rule.domain}" if rule.domain else str(error)
    for code, word in words.items():
        needs = needs.replace(code, word)
    named = [
        f"{name} is {v.label!r} = {v._data!r}"
        for name, v in zip("xy", operands, strict=False)
        if isinstance(v, Value) and v.label
    ]
    text = f"{_as_code(rule, *map(repr, data))}: {needs}"
    return type(error)(f"{text} ({', '.join(named)})" if named else text)


METHODS: dict[Rule, Any] = {}
REFLECTED: dict[Rule, Callable[[Value, Any], Value]] = {}
ON_VALUES: dict[Rule, Callable[..., Any]] = {}  # the rules with Values for numbers


def add_method(rule: Rule) -> None:
    """Make a rule a method of Value, and an operator where Python has one for it."""
    METHODS[rule] = method = _unary(rule) if rule.arity == 1 else _binary(rule)
    method.__name__, method.__doc__ = rule.name, f"{rule.formula}, of this value as x."
    method.__defaults__ = rule.function.__defaults__
    setattr(Value, rule.name, method)
    if rule.arity == 2:
        REFLECTED[rule] = _reflected(rule)
    if rule.name in OPERATORS:
        setattr(Value, f"__{OPERATORS[rule.name]}__", method)
        setattr(Value, f"__r{OPERATORS[rule.name]}__", REFLECTED[rule])
    if rule.name in ("neg", "abs"):
        setattr(Value, f"__{rule.name}__", method)
    if rule.name in PRIMITIVES or rule.name in COMPOSED:
        setattr(on_values, rule.name, lambda *operands: apply(rule, *operands))
    ON_VALUES[rule] = bind(rule.function, on_values)


def _divide(x: Any, y: Any) -> Any:
    return x / y if y > 0 or y < 0 else math.inf


on_values: ModuleType = elementary({"divide": _divide})  # the m of Values
for _rule in RULES.values():
    add_method(_rule)


# --- the chain rule --------------------------------------------------------------------------


def _start_pass(root: Value) -> list[Value]:
    """The nodes that rules made, inputs first, each gradient 0: the start of a backward pass.

    No recursion, and no set of visited nodes either: each pass has zeros of its own, and a node
    that holds one has been visited.
    """
    opened, zero = _NotComputed(), _NotComputed()
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


def _chain_rule_on_values(order: list[Value]) -> None:
    """The same with Values for gradients, so that the gradients have a graph.

    A finite zero is multiplied here: its own derivative need not be zero.
    """
    for node in reversed(order):
        grad = node.grad
        if not isinstance(grad, Value):  # nothing reached this node
            node.grad = Value(0.0)
            continue
        for v, recorded, derivative in _derivatives_as_values(node):
            if math.isnan(grad._data * recorded) and 0 in (grad._data, recorded):
                continue  # zero times infinity
            if isinstance(derivative, Value):
                _accumulate(v, grad * derivative)
            elif math.isinf(derivative):
                raise ZeroDivisionError(
                    f"{_described(node)}: its derivative is infinite here, "
                    "and cannot be differentiated again"
                )
            elif derivative != 0:
                _accumulate(v, grad if derivative == 1 else grad * derivative)


def _derivatives_as_values(node: Value) -> list[tuple[Value, float, Operand]]:
    """The inputs of a node, with the derivatives recorded and those with a graph of their own."""
    assert node._rule is not None
    data, *derivatives = ON_VALUES[node._rule](*node.inputs)
    if _differs(data, node._data):
        raise RuntimeError(
            f"{_described(node)}: its inputs' data changed after it was computed; "
            "compute it again before backward(create_graph=True)"
        )
    triples = zip(node.inputs, node.local_grads, derivatives, strict=True)
    return [
        (v, d, derivative) for v, d, derivative in triples if isinstance(v, Value) and d is not None
    ]


def _accumulate(v: Value, contribution: Value) -> None:
    v.grad = v.grad + contribution if isinstance(v.grad, Value) or v.grad else contribution


def _differs(data: Operand, recorded: float) -> bool:
    number = data._data if isinstance(data, Value) else data
    if math.isnan(number) or math.isnan(recorded):
        return math.isnan(number) != math.isnan(recorded)
    # Floats have forms of some functions that are more careful with the last digits.
    return not math.isclose(number, recorded, rel_tol=1e-9, abs_tol=1e-300)


def _described(node: Value) -> str:
    """A node in an error message: the operation on the numbers of its inputs."""
    assert node._rule is not None
    data = [repr(v._data if isinstance(v, Value) else v) for v in node.inputs]
    return _as_code(node._rule, *data) + (f" (in {node.label!r})" if node.label else "")


# --- walking a recorded graph ----------------------------------------------------------------


def topological_order(*roots: Value) -> list[Value]:
    """Every value that the roots depend on, each once, inputs before what is made of them.

    >>> a = Value(2.0, label="a")
    >>> [v.op or v.label for v in topological_order((a * a).exp())]
    ['a', '×', 'exp']
    """
    order: list[Value] = []
    met: set[int] = set()
    stack: list[Value | None] = list(reversed(roots))
    while stack:
        node = stack.pop()
        if node is None:  # the inputs of the next one are in the order
            node = stack.pop()
            assert node is not None
            order.append(node)
        elif id(node) not in met:
            met.add(id(node))
            stack += (node, None)
            for v in (node._y, node._x):
                if isinstance(v, Value) and id(v) not in met:
                    stack.append(v)
    return order


def names_of(order: Iterable[Value]) -> dict[int, str]:
    """What steps and reports call each value, by its id: its label, or v1, v2, … in their order.

    Of several values with one label the second has a ₂ after it, and so on.
    """
    nodes = list(order)
    labels = {node.label for node in nodes}
    used: dict[str, int] = {}
    given: set[str] = set()
    names = {}
    for node in nodes:
        label = name = node.label
        while not name or name in given:
            used[label] = n = used.get(label, 0) + 1
            name = label + str(n + 1).translate(SUBSCRIPTS) if label else f"v{n}"
            if name in labels:
                name = ""
        given.add(name)
        names[id(node)] = name
    return names


def replay(root: Value, numbers: Mapping[Value, Any], call: Callable[..., Any] = apply) -> Any:
    """Run a recorded graph again with other numbers for some of its values.

    ``numbers`` maps Values of the graph to floats or Values; the other leaves keep their data.
    ``call(rule, *operands)`` computes an operation; another one takes any kind of number.

    >>> x = Value(3.0)
    >>> replay(x * x + 1, {x: 5.0})
    26.0
    """
    known = {id(v): number for v, number in numbers.items()}
    return evaluated(topological_order(root), known, lambda v, *of: call(v.rule, *of))[id(root)]


def evaluated(
    order: Iterable[Value], known: dict[int, Any], call: Callable[..., Any]
) -> dict[int, Any]:
    """The numbers of nodes by their ids: those known, and the others by ``call(node, *operands)``.

    A leaf that is not known has its data; ``order`` leads from inputs to what is made of them.
    """
    for node in order:
        if id(node) not in known:
            operands = [known[id(v)] if isinstance(v, Value) else v for v in node.inputs]
            known[id(node)] = call(node, *operands) if node._rule else node._data
    return known


def as_function_of(
    leaf: Value, order: Sequence[Value], base: Mapping[int, Any], call: Callable[..., Any]
) -> Callable[[Any], Any]:
    """The last node of an order as a function of one leaf: only what depends on it is computed.

    ``base`` has every node's number by its id, at the point from which the leaf moves.
    """
    moving = {id(leaf)}
    nodes = []
    for node in order:
        if any(id(v) in moving for v in node._prev):
            moving.add(id(node))
            nodes.append(node)
    root = id(order[-1])

    def at(x: Any) -> Any:
        moved = {id(leaf): x}
        for node in nodes:
            operands = [
                (moved[id(v)] if id(v) in moving else base[id(v)]) if isinstance(v, Value) else v
                for v in node.inputs
            ]
            moved[id(node)] = call(node, *operands)
        return moved[root] if root in moved else base[root]

    return at


# --- copies ----------------------------------------------------------------------------------

_being_pickled: set[int] = set()


class _Done:
    """Pickled behind a graph's nodes, when all of them are in the pickler's memory."""

    def __init__(self, ids: set[int]) -> None:
        self.ids = ids

    def __reduce__(self) -> tuple[Any, ...]:
        _being_pickled.difference_update(self.ids)
        return int, ()


def _restore(
    data: float, label: str, rule: Rule | None, x: Any, y: Any, dx: Any, dy: Any, grad: Any
) -> Value:
    node = Value(data, label)
    node._rule, node._x, node._y, node._dx, node._dy = rule, x, y, dx, dy
    node.grad = NOT_COMPUTED if grad is None else grad
    return node
