"""What programs written for micrograd use besides: ``_prev``, ``_op``, ``_backward``.

The engine and all readers know a node by its rule, its ``inputs`` and its ``local_grads``.  Here
are micrograd's names for these, and operations made by hand: a number, the Values that it was made
of, and a closure that adds to their gradients.  The closure is run when it is assigned, with 1 for
the gradient of the result; what it adds is the local derivative, and is recorded like any other.

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
from micrograd_like.graph import chain_product, connect, edges, topological_order
from micrograd_like.guard import ONE_PASS
from micrograd_like.notation import SIGNS, code, plural
from micrograd_like.table import RULES, Rule

TYPE_CHECKING = False  # typing itself would take most of the time of the import
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Micrograd", "by_hand"]

OWN = ("_closure", "_operands", "_word")  # attributes of a node that belong to how it was made
WORDS = {"relu": "ReLU", "neg": "*"}  # where micrograd's word is neither Python's sign nor the name


class ByHand(Rule):
    """An operation of which only a result is known: no formula, and no function to run again."""

    def __init__(self, op: str, arity: int) -> None:
        super().__init__(self.not_known, op or "f", "", ("",) * arity)
        self.name, self.op = op or "f", op

    def not_known(self, *_: Any) -> Any:
        """The error of all who would compute the operation at other numbers."""
        name = self.op if self.op.isidentifier() else "f"
        operands = "x" if self.arity == 1 else "x, y"
        slopes = ", ".join(f'"derivative by {x}"' for x in operands.split(", "))
        remedy = (
            f'@rule("{name}", "formula", {slopes}) above def {name}({operands}): return value, ...'
        )
        if name in RULES:
            remedy = f"x.{name}()"
        raise TypeError(
            f"{self.name}: made by hand, as Value(data, children, {self.op!r}), it is known at "
            "these numbers alone; second derivatives, tapes, exports and exact references need a "
            f"rule, such as {remedy}"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByHand) and (self.op, self.arity) == (other.op, other.arity)

    def __hash__(self) -> int:
        return hash((self.op, self.arity))

    def __reduce__(self) -> tuple[Any, ...]:
        return ByHand, (self.op, self.arity)


class Operands(frozenset):  # type: ignore[type-arg]
    """What a node was made of: a set as in micrograd, which goes through them in their order."""

    def __new__(cls, values: Iterable[Any]) -> Operands:
        """The set of the values."""
        values = dict.fromkeys(values)
        operands = super().__new__(cls, values)
        operands.values = tuple(values)
        return operands

    values: tuple[Any, ...]

    def __iter__(self) -> Any:
        return iter(self.values)

    def __repr__(self) -> str:
        return f"{{{', '.join(map(repr, self.values))}}}" if self.values else "set()"

    def __reduce__(self) -> tuple[Any, ...]:
        return Operands, (self.values,)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"_prev.{name}: a node's operands cannot be changed in place; assign v._prev = {{...}}"
        )


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
        if rule.formula and self.grad != 0:  # a constant's gradient, for those who ask
            with suppress(ArithmeticError, ValueError):  # other data since, not defined there
                _, *slopes = rule.function(*(v.data for v in found))
                for v, x, slope in zip(found, of, slopes, strict=True):
                    if not is_value(x):
                        v.grad = chain_product(self.grad, slope)
        return found

    @_prev.setter
    def _prev(self, children: Iterable[Any]) -> None:
        of = list(dict.fromkeys(_children(children, "Value._prev = ...")))
        if any(v is self for v in topological_order(*of)):
            raise ValueError(
                f"Value._prev = ...: {short(self)} would be among the values that it is made of; "
                "a graph has no cycles"
            )
        closure = getattr(self, "_closure", None) if of else None
        record(self, self._op, of, _local_gradients(self, of, closure) if closure else 0.0)
        if closure:
            self._closure = closure

    @property
    def _backward(self) -> Callable[[], None]:
        """The node's part of the chain rule, to be called when its gradient is known."""

        def _backward() -> None:
            for _, v, local in edges(self):
                v.grad = v.grad + chain_product(self.grad, local)

        return getattr(self, "_closure", None) or _backward

    @_backward.setter
    def _backward(self, closure: Callable[[], None]) -> None:
        function(closure, "Value._backward = ...", "nothing that adds to the operands' gradients")
        children = list(dict.fromkeys(v for _, v, _ in edges(self)))
        found = _local_gradients(self, children, closure)
        if children:
            constants = [x for x in self.inputs if not is_value(x)]
            inputs = [*children, *constants]
            record(self, self._op, inputs, [*found, *(None for _ in constants)])
        self._closure = closure


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
        record(node, op, list(dict.fromkeys(of)), 0.0)  # until a closure is assigned
        return
    expect(is_list(op), op, "Value(...): _op", "a text, or a local gradient for each child")
    local_grads = [number(d, "Value(...): a local gradient") for d in op]
    if len(local_grads) != len(of):
        raise ValueError(
            f"Value(...): {plural(len(local_grads), 'local gradient')} for {len(of)} children; "
            "give one for each"
        )
    record(node, "", of, local_grads)


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
            raise TypeError(f"{where}: child {k} is {short(v)}, no Value; wrap it: Value({v!r})")
    return of


def record(node: Any, op: str, inputs: list[Any], local_grads: list[Any] | float) -> None:
    """Make a node the result of an operation by hand; without inputs it stays a leaf."""
    for name in OWN:
        vars(node).pop(name, None)
    slopes = local_grads if isinstance(local_grads, list) else [local_grads] * len(inputs)
    connect(node, ByHand(op, len(inputs)) if inputs else None, inputs, slopes)
    if op and not inputs:
        node._word = op


def _local_gradients(node: Any, children: list[Any], closure: Any) -> list[float]:
    """What a closure adds to each child's gradient when that of its node is 1.

    It is run with 1 and with 2, as what it adds has to be in proportion.  Gradients are then what
    they were.  A RuntimeError tells that it fails, or adds to a gradient that is no child's.
    """
    where, added = f"{node.label or node._op or 'Value'}._backward", []
    others = [v for v in _reached(closure) if not any(v is w for w in (node, *children))]
    with ONE_PASS:
        before = [(v, v.grad) for v in (node, *children, *others)]
        try:
            for grad in (1.0, 2.0):
                for v in (*children, *others):
                    v.grad = 0.0
                node.grad = grad
                closure()
                added.append([number(v.grad, f"{where}: what it adds") for v in children])
                for v in others:
                    if v.grad != 0:
                        raise ValueError(
                            f"it adds to the gradient of {short(v)}, which is none of the children"
                        )
        except Exception as error:
            what = "" if type(error) is ValueError else f"{type(error).__name__}: "
            raise RuntimeError(f"{where}: {what}{error}") from error
        finally:
            for v, grad in before:
                v.grad = grad
    for once, twice in zip(*added, strict=True):
        if math.isclose(2 * once, twice, rel_tol=1e-9) or math.isnan(once):
            continue
        problem = (
            f"{where}: adds {once!r} where out.grad is 1, and {twice!r} where it is 2; "
            "it is to add the local derivative times out.grad"
        )
        if once != twice:
            raise RuntimeError(problem)
        import warnings  # out.grad was forgotten, which is common, and right at a root

        warnings.warn(problem + ", as is done now", stacklevel=3)
    return added[0]


def _reached(closure: Any) -> list[Any]:
    """The Values that a function names, alone or in a list: its own variables, and global ones."""
    code, named = getattr(closure, "__code__", None), []
    for cell in getattr(closure, "__closure__", None) or ():
        with suppress(ValueError):  # a variable that has no value yet
            named.append(cell.cell_contents)
    if code is not None:
        named += [closure.__globals__.get(name) for name in code.co_names]
    found = [x for each in named for x in (each if isinstance(each, list | tuple) else [each])]
    return list(dict.fromkeys(x for x in found if is_value(x)))
