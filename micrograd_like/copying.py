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

from micrograd_like.graph import GROUPS, NOT_COMPUTED, connect, topological_order

TYPE_CHECKING = False  # typing itself would take most of the time of the import
if TYPE_CHECKING:
    from typing import Any

__all__ = ["DERIVED", "SLOTS", "attributes", "copied", "deepcopied", "detached", "reduced"]

_THREAD = _local()
SLOTS = ("_data", "_dx", "_dy", "_rule", "_x", "_y", "grad", "label")  # of a Value
DERIVED = ("_leafs", "_operands")  # a closure would go to the first node's operands
BLOCK = 50  # nodes, as deep as a pickler may go where a token is another's


def copied(self: Any) -> Any:
    """A node of the same state, with the same inputs and attributes."""
    return _with(_restored(*_state(self)), self.__getstate__())


def detached(self: Any) -> Any:
    """A leaf of the same class, number, label and attributes."""
    leaf = _restored(type(self), self._data, self.label, None, (), (), None)
    leaf = _with(leaf, self.__getstate__())
    vars(leaf).pop(GROUPS, None)
    return leaf


def deepcopied(self: Any, memo: dict[int, Any]) -> Any:
    """A node of the same state, with copies of all that it depends on."""
    from copy import deepcopy

    new = [v for v in topological_order(self) if id(v) not in memo]
    for v in new:
        kind, data, label, rule, inputs, *rest = _state(v)
        inputs = tuple(memo.get(id(x), x) for x in inputs)
        memo[id(v)] = _restored(kind, data, label, rule, inputs, *rest)
    for v in new:  # attributes may lead to nodes, which are all there now
        _with(memo[id(v)], deepcopy(v.__getstate__(), memo))
    return memo[id(self)]


def reduced(self: Any) -> tuple[Any, ...]:
    """What a pickler keeps of a node: its state; of a graph's first that it meets, all nodes."""
    from weakref import WeakSet

    tokens = _THREAD.__dict__.setdefault("tokens", WeakSet())  # a token lives with its pickler
    if self._rule is None or any(token.expects(self) for token in tokens):
        return _restored, _state(self), self.__getstate__()
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
    of = node.inputs, node.local_grads
    return (type(node), node._data, node.label, node._rule, *of, grad)


def _restored(
    kind: Any, data: float, label: str, rule: Any, inputs: Any, local_grads: Any, grad: Any
) -> Any:
    node = object.__new__(kind)
    node._data, node.label = data, label
    connect(node, rule, inputs, local_grads)
    node.grad = NOT_COMPUTED if grad is None else grad
    return node


def attributes(self: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """What a user has put on a node, in its ``__dict__`` and in a subclass's slots, if anything.

    It is the node's ``__getstate__``: copies of all kinds have what a subclass gives there, by its
    ``__setstate__`` if it has one.
    """
    state: Any = object.__getstate__(self)
    own = {name: x for name, x in (state[0] or {}).items() if name not in DERIVED}
    slots = {name: x for name, x in state[1].items() if name not in SLOTS}
    return (own, slots) if own or slots else None


def _with(node: Any, state: Any) -> Any:
    if state is not None and hasattr(node, "__setstate__"):
        node.__setstate__(state)
    elif state is not None:
        own, slots = state if isinstance(state, tuple) else (state, {})
        for name, x in ((own or {}) | slots).items():
            setattr(node, name, x)
    return node
