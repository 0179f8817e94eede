"""What programs written for micrograd use besides: ``_prev``, ``_op``, ``_backward``.

The engine and all readers know a node by its rule, its ``inputs`` and its ``local_grads``.  Here
are micrograd's names for these, and operations made by hand: a number, the Values that it was made
of, and a closure that adds to their gradients.  The closure is run when it is assigned, with 1 and
with -2 for the gradient of the result; what it adds is the local derivative, which is recorded like
any other.  `Value.backward` does not run it again.  Copies of a node have its local derivatives,
and no closure.

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
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

from micrograd_like.arguments import expect, function, is_list, is_value, number, short, text
from micrograd_like.graph import NOT_COMPUTED, chain_product, check_assigned, connect, edges
from micrograd_like.guard import ONE_PASS
from micrograd_like.notation import SIGNS, code, one_line, plural
from micrograd_like.table import RULES, Rule

TYPE_CHECKING = False  # typing itself would take most of the time of the import
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Micrograd", "by_hand"]

# Attributes of a node that belong to how it was made, and go when it is made otherwise.
STATE = ("_closure", "_operands", "_word")
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
        known = {WORDS.get(name, name): f"x.{name}()" for name in RULES}
        known |= {"+": "x + y", "*": "x * y", "-": "x - y", "/": "x / y", "**": "x ** y"}
        name = self.op if self.op.isidentifier() else "f"
        operands, slopes = ("x", '"derivative"') if self.arity == 1 else ("x, y", '"by x", "by y"')
        remedy = f'such as @rule("{name}", "formula", {slopes}) above def {name}({operands}): ...'
        if self.arity > 2:
            remedy = "which have one or two operands; make it of several"
        elif self.op in known and self.arity == known[self.op].count("y") + 1:
            remedy = f"such as {known[self.op]}"
        raise TypeError(
            f"{one_line(self.name)}: made by hand, it is known at these numbers alone; second "
            f"derivatives, tapes, exports and exact references need rules, {remedy}"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByHand) and (self.op, self.arity) == (other.op, other.arity)

    def __hash__(self) -> int:
        return hash((self.op, self.arity))

    def __reduce__(self) -> tuple[Any, ...]:
        return ByHand, (self.op, self.arity)


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
        _closure: Any
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
            self._rule = ByHand(op, self._rule.arity)
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
        of = list(dict.fromkeys(_children(children, "Value._prev = ...")))
        if self._prev == frozenset(of):
            return
        check_assigned(self, of)
        closure = getattr(self, "_closure", None) if of else None
        if closure:
            known = _local_gradients(self, of, closure)
        else:  # operands that stay keep their derivatives
            before: dict[int, float] = {}
            for _, v, local in edges(self):
                before[id(v)] = before.get(id(v), 0.0) + local
            known = [before.get(id(v), 0.0) for v in of]
        _record(self, self._op, of, known)
        if closure:
            self._closure = closure

    @property
    def _backward(self) -> Callable[[], None]:
        """The node's part of the chain rule, to be called when its gradient is known."""

        def _backward() -> None:
            with ONE_PASS:
                for _, v, local in edges(self):
                    v.grad = v.grad + chain_product(self.grad, local)

        return getattr(self, "_closure", None) or _backward

    @_backward.setter
    def _backward(self, closure: Callable[[], None]) -> None:
        function(closure, "Value._backward = ...", "nothing that adds to the operands' gradients")
        op, inputs = self._op, self.inputs
        if self._rule is RULES["pow"] and not is_value(inputs[1]):
            inputs = inputs[:1]  # the exponent stands in the word
        children = list(dict.fromkeys(x for x in inputs if is_value(x)))
        found = dict(zip(children, _local_gradients(self, children, closure), strict=True))
        if children:  # of an operand that stands twice the first has all
            slopes = [found.pop(x, 0.0) if is_value(x) else None for x in inputs]
            _record(self, op, inputs, slopes)
        self._closure = closure


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
        of = list(dict.fromkeys(of))
        _record(node, op, of, [0.0] * len(of))  # until a closure is assigned
        return
    expect(is_list(op), op, "Value(...): _op", "a text, or a local gradient for each child")
    local_grads = [number(d, "Value(...): a local gradient") for d in op]
    if len(local_grads) != len(of):
        raise ValueError(
            f"Value(...): {plural(len(local_grads), 'local gradient')} for {len(of)} children; "
            "give one for each"
        )
    _record(node, "", of, local_grads)


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


def _record(node: Any, op: str, inputs: Iterable[Any], local_grads: Iterable[Any]) -> None:
    """Make a node the result of an operation by hand; without inputs it stays a leaf."""
    inputs = tuple(inputs)
    for name in STATE:
        if hasattr(node, name):
            delattr(node, name)
    connect(node, ByHand(op, len(inputs)) if inputs else None, inputs, local_grads)
    if op and not inputs:
        node._word = op


def _local_gradients(node: Any, children: list[Any], closure: Any) -> list[float]:
    """What a closure adds to each child's gradient when that of its node is 1.

    It is run with 1 and with -2, as what it adds has to be in proportion.  Gradients are then what
    they were.  A RuntimeError tells that it fails, and that it changes a gradient that is no
    child's.  Another thread's pass is waited for.
    """
    there = {id(v) for v in (node, *children)}
    others = [v for v in _reached(closure, children) if id(v) not in there]
    added, problem, cause, wrong = [], "", None, None
    with ONE_PASS:
        before = [(v, v.grad) for v in (node, *children, *others)]
        try:
            for grad in (1.0, -2.0):
                for v in (*children, *others):
                    v.grad = 0.0
                node.grad = grad
                closure()
                added.append([v.grad for v in children])
                if node.grad != grad:
                    problem = "it changes the gradient of its own node, which is to be done outside"
                wrong = wrong or next((v for v in others if v.grad != 0), None)
                if wrong is not None:
                    problem = "it adds to the gradient of {}, which is to be one of the children"
        except Exception as error:
            problem, cause = f"{type(error).__name__}: {error}", error
        finally:
            for v, grad in before:
                v.grad = grad
    if problem:
        told = problem.format(short(wrong)) if cause is None else problem
        raise RuntimeError(f"{_where(node)}: {told}") from cause
    once, twice = [[number(x, f"{_where(node)}: what it adds") for x in each] for each in added]
    for a, b in zip(once, twice, strict=True):
        if not math.isclose(-2 * a, b, rel_tol=1e-9, abs_tol=1e-300) and not math.isnan(a):
            problem = (
                f"{_where(node)}: adds {a!r} where out.grad is 1, and {b!r} where it is -2; "
                "it is to add the local derivative times out.grad"
            )
            if a != b:
                raise RuntimeError(problem)
            import warnings  # out.grad was forgotten, which is common, and right at a root

            warnings.warn(problem + ", as is done now", stacklevel=3)
    return once


def _where(node: Any) -> str:
    return f"{one_line(node.label or node._op or 'Value')}._backward"


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
    if hasattr(thing, "__func__"):  # a method
        return [thing.__self__, thing.__func__]
    code = getattr(thing, "__code__", None)
    if code is None:
        return (
            list(getattr(thing, "__dict__", {}).values()) if not hasattr(thing, "__spec__") else []
        )
    found = [*(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values()]
    for cell in thing.__closure__ or ():
        with suppress(ValueError):  # a variable that has no value yet
            found.append(cell.cell_contents)
    names = [thing.__globals__.get(name) for name in code.co_names]
    return found + [x for x in names if is_value(x) or isinstance(x, list | tuple | dict)]
