"""Copies of a graph: ``copy``, ``deepcopy`` and ``pickle``, of any depth and without recursion.

A pickler that meets a node would pickle its inputs first, and theirs, and so on, as deep as the
graph is.  It is given all nodes in topological order instead: each then finds its inputs in the
pickler's memory.  A token knows how far that has come, by marks that are pickled among the nodes.
A node that is asked for where the token does not expect it belongs to another pickler: the token is
that of one which has failed, and the node begins a list of its own.
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
BLOCK = 50  # nodes, as deep as a pickler may go where a token is another's


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

    tokens = _THREAD.__dict__.setdefault("tokens", WeakSet())  # a token lives with its pickler
    if self._rule is None or any(token.expects(self) for token in tokens):
        return _restored, _state(self)
    token = _Token(topological_order(self))
    tokens.add(token)
    return operator.itemgetter(-2), (token.listed(),)


class _Token:
    """The nodes that a pickler is given, and the block of them that it has come to."""

    def __init__(self, order: list[Any]) -> None:
        self.order = order
        self.blocks = {id(v): k // BLOCK for k, v in enumerate(order)}
        self.block = 0

    def expects(self, node: Any) -> bool:
        """Whether the node is in the block that is being pickled."""
        return self.blocks.get(id(node)) == self.block

    def listed(self) -> list[Any]:
        """The nodes, with a mark after each block."""
        parts = [self.order[k : k + BLOCK] for k in range(0, len(self.order), BLOCK)]
        marks = [*(_Mark(self, k) for k in range(1, len(parts))), _Mark(self, -1)]
        return [x for part, mark in zip(parts, marks, strict=True) for x in (*part, mark)]


class _Mark:
    """Pickled behind a block of nodes: the next block is expected now, or nothing more."""

    def __init__(self, token: _Token, block: int) -> None:
        self.token, self.block = token, block

    def __reduce__(self) -> tuple[Any, ...]:
        self.token.block = self.block
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
