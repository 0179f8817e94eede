"""How operations made by hand go backward: a program's closures are run in a pass, and probed.

A closure is whatever a program has set as ``_backward``.  In a pass it is run once, when the
gradient of its node is whole, and may do what it does in micrograd.  Pictures, steps and checks ask
for local derivatives: what it adds to its children's gradients where that of its node is 1.  It is
run with 1, -2 and 1 for them, as that has to be in proportion.

>>> from micrograd_like import Value
>>> x = Value(3.0)
>>> y = Value(9.0, (x,), "square")
>>> def _backward():
...     x.grad += 6.0 * y.grad
>>> y._backward = _backward
>>> y.local_grads, x.grad               # it was run for them, and nothing is left of that
((6.0,), 0.0)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial

from micrograd_like.arguments import is_value, number, short
from micrograd_like.graph import CLOSURES, NOT_COMPUTED, ON_LEAVES, put_back
from micrograd_like.guard import BACKWARD, ONE_PASS
from micrograd_like.notation import one_line

TYPE_CHECKING = False  # typing itself would take most of the time of the import
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Run", "different", "reached", "with_closures"]

MANY = 200  # objects among which a closure's Values are looked for


def different(values: Iterable[Any]) -> list[Any]:
    """The Values, each once, in their order."""
    return list({id(v): v for v in values}.values())


class Run:
    """Runs a closure of a program, in a pass or for its local derivatives."""

    def __init__(self, node: Any, inputs: Sequence[Any], closure: Callable[[], None]) -> None:
        self.node, self.closure = node, closure
        self.children = different(x for x in inputs if is_value(x))
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
        BACKWARD.call(closure)
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
    others = [v for v in reached(closure, children) if id(v) not in there]
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


def reached(closure: Any, children: list[Any]) -> list[Any]:
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
