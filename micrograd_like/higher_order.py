"""A backward pass whose gradients are Values: they have a graph, and are differentiated again.

The rules give the derivatives: read with Values for numbers they are Values themselves.

>>> from micrograd_like import Value
>>> x = Value(3.0)
>>> (x * x * x).backward(create_graph=True)
>>> slope = x.grad                      # 3x², recorded as x·x·x was
>>> x.grad = 0.0
>>> slope.backward()
>>> slope.data, x.grad
(27.0, 18.0)
"""

from __future__ import annotations

import math
from collections.abc import Callable

from micrograd_like.arguments import is_value
from micrograd_like.graph import (
    CLOSURES,
    data_changed,
    described,
    edges,
    put_back,
    topological_order,
)

TYPE_CHECKING = False  # typing itself would take most of the time of the import
if TYPE_CHECKING:
    from typing import Any

    from micrograd_like.table import Rule

__all__ = ["ON_VALUES", "backward_on_values", "differs", "infinite"]

ON_VALUES: dict[Rule, Callable[..., Any]] = {}  # the rules with Values for numbers


def backward_on_values(root: Any, start_pass: Callable[[Any], list[Any]]) -> None:
    """A pass with Values for gradients, all of them or, after an error, none."""
    before = [(v, v.grad) for v in topological_order(root)]
    try:
        order = start_pass(root)
        _accumulate(root, root._of(1.0))
        _chain_rule(order)
    except BaseException:
        put_back(before)
        raise
    finally:
        CLOSURES.clear()


def _chain_rule(order: list[Any]) -> None:
    """The chain rule with Values for gradients, so that the gradients have a graph.

    A finite zero is multiplied here: its own derivative need not be zero.  Of zero times infinity
    that derivative is not known, unless the zero is a constant: of a relu's dead side, say.
    """
    for node in reversed(order):
        grad = node.grad
        if not is_value(grad):  # nothing reached this node
            node.grad = node._of(0.0)
            continue
        for v, local, derivative in _derivatives(node):
            if math.isnan(grad.data * local) and 0 in (grad.data, local):
                if not is_value(derivative) and math.isinf(derivative) and _varies(grad, order[-1]):
                    raise infinite(described(node))
                continue  # zero times infinity
            if is_value(derivative):
                _accumulate(v, grad * derivative)
            elif math.isinf(derivative):
                raise infinite(described(node))
            elif derivative != 0:
                _accumulate(v, grad if derivative == 1 else grad * derivative)


def _derivatives(node: Any) -> list[tuple[Any, float, Any]]:
    """The inputs of a node, with the derivatives recorded and those with a graph of their own."""
    rule: Rule = node.rule
    data, *derivatives = ON_VALUES.get(rule, rule.function)(*node.inputs)
    if differs(data, node.data):
        raise data_changed("backward(create_graph=True)", node)
    return [(v, local, derivatives[position]) for position, v, local in edges(node)]


def _varies(gradient: Any, root: Any) -> bool:
    """Whether a gradient may change with an input of the graph, whatever its derivative now."""
    leaves = {id(v) for v in topological_order(root) if v.rule is None}
    reached = {id(gradient)}
    for node in reversed(topological_order(gradient)):
        if id(node) in reached and node.rule is not None:
            for v, _, derivative in _derivatives(node):
                if is_value(derivative) or derivative != 0:
                    reached.add(id(v))
    return not leaves.isdisjoint(reached)


def _accumulate(v: Any, contribution: Any) -> None:
    v.grad = v.grad + contribution if is_value(v.grad) or v.grad else contribution


def infinite(operation: str) -> ZeroDivisionError:
    """The error of an infinite derivative on the way to a higher one.

    >>> print(infinite("sqrt(0.0)"))
    sqrt(0.0): its derivative is infinite here, and cannot be differentiated again
    """
    return ZeroDivisionError(
        f"{operation}: its derivative is infinite here, and cannot be differentiated again"
    )


def differs(data: Any, recorded: float) -> bool:
    """Whether the value of an operation is another than that which was recorded."""
    number = data.data if is_value(data) else data
    if math.isnan(number) or math.isnan(recorded):
        return math.isnan(number) != math.isnan(recorded)
    # Floats have forms of some functions that are more careful with the last digits.
    return not math.isclose(number, recorded, rel_tol=1e-9, abs_tol=1e-300)
