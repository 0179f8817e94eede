"""Backprop as a sequence of steps: plain data, and the line that a teacher writes on the board.

>>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
>>> d = a * b
>>> d.label = "d"
>>> for step in Backprop(d):
...     print(step)
1/4  d = a · b = 2 · (-3) = -6
2/4  d.grad = ∂d/∂d = 1
3/4  a.grad += ∂d/∂a · ∂d/∂d = b · 1 = -3 · 1 = -3                     (d = a · b)
4/4  b.grad += ∂d/∂b · ∂d/∂d = a · 1 = 2 · 1 = 2                       (d = a · b)
"""

from collections.abc import Sequence
from typing import NamedTuple

from micrograd_like.engine import Value, names_of, topological_order
from micrograd_like.rules import written

__all__ = ["Backprop", "Step"]

WIDTH = 64  # of a line, before the remark that says which operation it is about


class Step(NamedTuple):
    """One step: an operation going forward, the start, or one chain-rule product going backward."""

    number: int  # from 1
    total: int
    phase: str  # "forward", "start" or "backward"
    node: Value  # the operation's value; going backward, where the gradient comes from
    input: Value | None = None  # going backward, where the gradient goes
    position: int = 0  # of that input among the operation's inputs
    upstream: float = 1.0  # the gradient of the node
    local: float = 1.0  # the local derivative
    contribution: float = 1.0  # their product
    before: float = 0.0  # the input's gradient before this step, in this backward pass
    after: float = 1.0
    text: str = ""

    def __str__(self) -> str:
        return f"{self.number:>{len(str(self.total))}}/{self.total}  {self.text}"


class Backprop(Sequence[Step]):
    """The forward steps of a graph, one an operation, then the backward steps, one an edge."""

    def __init__(self, root: Value) -> None:
        if not isinstance(root, Value):
            raise TypeError(f"Backprop: takes the Value to differentiate, not {root!r}")
        self.root = root
        self.order = topological_order(root)
        self._names = names_of(self.order)
        self._operations = [node for node in self.order if node.inputs]
        self._gradients, self._edges = self._differentiate()

    def _differentiate(self) -> tuple[dict[int, float], list[tuple[Value, int, float, float]]]:
        """The engine's backward pass, kept: each edge with the gradient it found and left."""
        gradients = {id(node): 0.0 for node in self.order}
        gradients[id(self.root)] = 1.0
        edges = []
        for node in reversed(self.order):
            upstream = gradients[id(node)]
            pairs = zip(node.inputs, node.local_grads, strict=True)
            for position, (v, local) in enumerate(pairs):
                if local is None:
                    continue
                before = gradients[id(v)]
                after = before + upstream * local if upstream and local else before
                gradients[id(v)] = after
                edges.append((node, position, before, after))
        return gradients, edges

    def __len__(self) -> int:
        return len(self._operations) + 1 + len(self._edges)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        k = index + len(self) if index < 0 else index
        if not 0 <= k < len(self):
            raise IndexError(f"Backprop: there are steps 0 to {len(self) - 1}, not {index}")
        if k < len(self._operations):
            return self._forward(k)
        if k == len(self._operations):
            name = self.name(self.root)
            text = f"{name}.grad = ∂{name}/∂{name} = 1"
            return Step(k + 1, len(self), "start", self.root, text=text)
        return self._backward(k)

    def name(self, operand: Value | float) -> str:
        """What the steps call a value: its label, or v1, v2, …; a constant by its number."""
        return self._names[id(operand)] if isinstance(operand, Value) else _number(operand)

    def _forward(self, k: int) -> Step:
        node = self._operations[k]
        assert node.rule is not None
        formula = node.rule.formula
        symbols = written(formula, *map(self.name, node.inputs))
        data = [_number(v.data if isinstance(v, Value) else v) for v in node.inputs]
        text = f"{self.name(node)} = {symbols} = {written(formula, *data)} = {_number(node.data)}"
        return Step(k + 1, len(self), "forward", node, text=text)

    def _backward(self, k: int) -> Step:
        node, position, before, after = self._edges[k - len(self._operations) - 1]
        rule, v = node.rule, node.inputs[position]
        assert rule is not None
        assert isinstance(v, Value)
        upstream = self._gradients[id(node)]
        local = node.local_grads[position]
        assert local is not None
        contribution = upstream * local if upstream and local else 0.0
        names = [self.name(operand) for operand in node.inputs]
        root, made, given = self.name(self.root), self.name(node), names[position]
        symbols = written(rule.derivatives[position], *names)
        if " " in symbols:
            symbols = f"({symbols})"
        products = [
            written("x * y", factor, _number(upstream)) for factor in (symbols, _number(local))
        ]
        text = f"{given}.grad += ∂{made}/∂{given} · ∂{root}/∂{made} = "
        text += " = ".join([*dict.fromkeys(products), _number(contribution)])
        if before:
            text += f", now {_number(after)}"
        text = f"{text:<{WIDTH}}  ({made} = {written(rule.formula, *names)})"
        return Step(
            k + 1, len(self), "backward", node, v, position,
            upstream, local, contribution, before, after, text,
        )  # fmt: skip


def _number(number: float) -> str:
    return f"{number:.4f}".rstrip("0").rstrip(".") if 1e-3 <= abs(number) < 1e5 else f"{number:.4g}"
