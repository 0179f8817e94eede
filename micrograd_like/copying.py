"""Copies of a graph: ``copy``, ``deepcopy`` and ``pickle``, of any depth and without recursion.

A pickler that meets a node would pickle its inputs first, and theirs, and so on, as deep as the
graph is.  It is given all nodes in topological order instead: each then finds its inputs in the
pickler's memory.  While that goes on, the nodes are known by their ids to a token, which is pickled
last and, if the pickler fails before that, is forgotten with it.  Each thread has its own tokens.
"""

from __future__ import annotations

import operator
from _thread import _local

from micrograd_like.graph import NOT_COMPUTED, topological_order

TYPE_CHECKING = False  # typing itself would take most of the time of the import
if TYPE_CHECKING:
    from typing import Any

__all__ = ["copied", "deepcopied", "reduced"]

_THREAD = _local()


def copied(self: Any) -> Any:
    """A node of the same state, with the same inputs."""
    return _restored(*_state(self))


def deepcopied(self: Any, memo: dict[int, Any]) -> Any:
    """A node of the same state, with copies of all that it depends on."""
    for v in topological_order(self):
        if id(v) not in memo:
            new = memo[id(v)] = copied(v)
            new._x, new._y = memo.get(id(v._x), v._x), memo.get(id(v._y), v._y)
    return memo[id(self)]


def reduced(self: Any) -> tuple[Any, ...]:
    """What a pickler keeps of a node: its state; of a graph's first that it meets, all nodes."""
    from weakref import WeakSet

    tokens = _THREAD.__dict__.setdefault("tokens", WeakSet())
    if self._rule is None or any(id(self) in token.ids for token in tokens):
        return _restored, _state(self)
    order = topological_order(self)
    token = _Token({id(v) for v in order})
    tokens.add(token)
    return operator.itemgetter(-2), ([*order, token],)


class _Token:
    """The ids of nodes that are being pickled; pickled itself behind them, it ends that."""

    def __init__(self, ids: set[int]) -> None:
        self.ids = ids

    def __reduce__(self) -> tuple[Any, ...]:
        self.ids.clear()
        return int, ()


def _state(node: Any) -> tuple[Any, ...]:
    grad = node.grad
    if type(grad) is not float:  # a Value's number, or None for a gradient not computed
        grad = None if grad is NOT_COMPUTED else float(getattr(grad, "_data", grad))
    kind, inputs = type(node), (node._x, node._y, node._dx, node._dy)
    return (kind, node._data, node.label, node._rule, *inputs, grad)


def _restored(
    kind: Any, data: float, label: str, rule: Any, x: Any, y: Any, dx: Any, dy: Any, grad: Any
) -> Any:
    node = object.__new__(kind)
    node._data, node.label, node._rule = data, label, rule
    node._x, node._y, node._dx, node._dy = x, y, dx, dy
    node.grad = NOT_COMPUTED if grad is None else grad
    return node
