"""Wrong engines: five mistakes that are easy to make in a backward pass, each in a few lines.

Each is a function that takes the place of the engine's own, with the name of what it replaces.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from micrograd_like import engine
from micrograd_like.engine import Value
from micrograd_like.rules import Rule


def overwriting(order: list[Value]) -> None:
    """A gradient replaces the one that is there, in place of being added."""
    for node in reversed(order):
        for v, d in zip(node.inputs, node.local_grads, strict=True):
            if d is not None:
                v.grad = node.grad * d


def repeated_operand_once(order: list[Value]) -> None:
    """An operand that is both inputs of an operation gets one of its two gradients."""
    for node in reversed(order):
        pairs = {id(v): (v, d) for v, d in zip(node.inputs, node.local_grads, strict=True)}
        for v, d in pairs.values():
            if d is not None:
                v.grad += node.grad * d


def depth_first(root: Value) -> list[Value]:
    """Nodes in the order in which they are met, which is no topological order."""
    met, stack = dict[int, Value](), [root]
    while stack:
        node = stack.pop()
        if id(node) not in met and node.rule:
            met[id(node)] = node
            node.grad = 0.0
            stack.extend(node._prev)
    return list(met.values())[::-1]


def merged_by_value(root: Value) -> list[Value]:
    """A node whose number has been met is taken for visited."""
    order, met = [], set()
    for node in ORIGINAL(root):
        if node.data not in met:
            met.add(node.data)
            order.append(node)
    return order


def interior_kept(root: Value) -> list[Value]:
    """Gradients of the nodes between stay from the pass before."""
    nodes = [v for v in engine.topological_order(root) if v.rule]
    kept = [(v, v.grad) for v in nodes]
    order = ORIGINAL(root)
    for v, grad in kept:
        v.grad = grad
    return order


ORIGINAL = engine._start_pass
BUGS = {
    "overwriting": ("_chain_rule", overwriting),
    "repeated operand once": ("_chain_rule", repeated_operand_once),
    "depth-first order": ("_start_pass", depth_first),
    "merged by value": ("_start_pass", merged_by_value),
    "interior gradients kept": ("_start_pass", interior_kept),
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """The engine with one of these bugs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, *BUGS[name])
        yield


@contextmanager
def corrupted(
    rule: Rule,
    position: int,
    is_there: Callable[..., bool] = lambda *point: True,
    factor: float = 1.001,
) -> Iterator[None]:
    """The engine with one derivative of one rule a thousandth too large, where it is said."""
    original = rule.function

    def wrong(*operands: Any) -> Any:
        outcome = list(original(*operands))
        if is_there(*(getattr(x, "data", x) for x in operands)):
            outcome[1 + position] *= factor
        return tuple(outcome)

    wrong.__defaults__ = original.__defaults__
    rule.function = wrong
    engine.add_method(rule)
    try:
        yield
    finally:
        rule.function = original
        engine.add_method(rule)
