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

import copy
from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple, overload

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
    """The forward steps of a graph, one an operation, then the backward steps, one an edge.

    The steps are made when they are asked for.  A slice is a Backprop of those steps alone, each
    with the number that it has in the whole.  ``order="naive"`` goes backward in the order in which
    values are met on the way from the root, which is wrong where a value is used twice: it passes
    its gradient on before all of it is there.
    """

    def __init__(self, root: Value, order: str = "topological") -> None:
        if not isinstance(root, Value):
            raise TypeError(f"Backprop: takes the Value to differentiate, not {root!r}")
        if order not in ("topological", "naive"):
            raise ValueError(f'Backprop: order is "topological" or "naive", not {order!r}')
        self.root = root
        self.order = topological_order(root)
        self._names = names_of(self.order)
        self._operations = [node for node in self.order if node.inputs]
        backward = self.order[::-1] if order == "topological" else _as_met(self.order)
        self.gradients, self._edges = _differentiated(backward)
        self._shown = range(len(self._operations) + 1 + len(self._edges))

    def __len__(self) -> int:
        return len(self._shown)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> "Backprop": ...

    def __getitem__(self, index: int | slice) -> "Step | Backprop":
        if isinstance(index, slice):
            part = copy.copy(self)
            part._shown = self._shown[index]
            return part
        try:
            k = self._shown[index]
        except IndexError:
            last = len(self) - 1
            raise IndexError(f"Backprop: there are steps 0 to {last}, not {index}") from None
        if k < len(self._operations):
            return self._forward(k)
        return self._start(k) if k == len(self._operations) else self._backward(k)

    def at(self, label: str) -> "list[Step]":
        """The steps of a value: the one that computes it, and all that its gradient is in.

        >>> a = Value(3.0, label="a")
        >>> [step.number for step in Backprop(a * a + 1).at("a")]
        [5, 6]
        """
        places = {id(v) for v in self.order if self._names[id(v)] == label}
        if not places:
            named = ", ".join(list(self._names.values())[:20])
            raise LookupError(f"Backprop: no value is called {label!r}; there are {named}")
        return [s for s in self if id(s.node) in places or id(s.input) in places]

    def name(self, operand: Value | float) -> str:
        """What the steps call a value: its label, or v1, v2, …; a constant by its number."""
        return self._names[id(operand)] if isinstance(operand, Value) else shown(operand)

    def beside(self, other: "Backprop") -> str:
        """Two ways back through one graph, side by side, and where their gradients differ.

        >>> a = Value(2.0, label="a")
        >>> b = a * 3
        >>> b.label = "b"
        >>> loss = b * b + b
        >>> print(Backprop(loss).beside(Backprop(loss, order="naive")).splitlines()[-1])
        a.grad: 39 and 3, off by -36
        """
        columns = [[s.text.partition("  (")[0] for s in each if s.input] for each in (self, other)]
        width = max(map(len, columns[0]), default=0)
        lines = [f"{a:<{width}}  |  {b}".rstrip() for a, b in zip_longest(*columns, fillvalue="")]
        differing = [
            f"{self.name(v)}.grad: {shown(one)} and {shown(two)}, off by {shown(two - one)}"
            for v, w in zip(self.order, other.order, strict=True)
            for one, two in [(self.gradients[id(v)], other.gradients[id(w)])]
            if one != two
        ]
        return "\n".join([*lines, *(differing or ["the gradients are the same"])])

    def _forward(self, k: int) -> Step:
        node = self._operations[k]
        assert node.rule is not None
        formula = node.rule.formula
        symbols = written(formula, *map(self.name, node.inputs))
        data = [shown(v.data if isinstance(v, Value) else v) for v in node.inputs]
        text = f"{self.name(node)} = {symbols} = {written(formula, *data)} = {shown(node.data)}"
        return Step(k + 1, self._total, "forward", node, text=text)

    def _start(self, k: int) -> Step:
        name = self.name(self.root)
        text = f"{name}.grad = ∂{name}/∂{name} = 1"
        return Step(k + 1, self._total, "start", self.root, text=text)

    def _backward(self, k: int) -> Step:
        edge = self._edges[k - len(self._operations) - 1]
        node, position = edge.node, edge.position
        rule, v, local = node.rule, node.inputs[position], node.local_grads[position]
        assert rule is not None
        assert isinstance(v, Value)
        assert local is not None
        names = [self.name(operand) for operand in node.inputs]
        root, made, given = self.name(self.root), self.name(node), names[position]
        symbols = written(rule.derivatives[position], *names)
        if " " in symbols:
            symbols = f"({symbols})"
        upstream, contribution = shown(edge.upstream), chain_product(edge.upstream, local)
        products = [written("x * y", factor, upstream) for factor in (symbols, shown(local))]
        text = f"{given}.grad += ∂{made}/∂{given} · ∂{root}/∂{made} = "
        text += " = ".join([*dict.fromkeys(products), shown(contribution)])
        if edge.before:
            text += f", now {shown(edge.after)}"
        text = f"{text:<{WIDTH}}  ({made} = {written(rule.formula, *names)})"
        if edge.upstream != self.gradients[id(node)]:
            text += f"  too early: {made}.grad will be {shown(self.gradients[id(node)])}"
        return Step(
            k + 1, self._total, "backward", node, v, position,
            edge.upstream, local, contribution, edge.before, edge.after, text,
        )  # fmt: skip

    @property
    def _total(self) -> int:
        return len(self._operations) + 1 + len(self._edges)


class _Edge(NamedTuple):
    """One product of the chain rule: where it comes from, and the gradient that it finds."""

    node: Value
    position: int
    upstream: float
    before: float
    after: float


def chain_product(upstream: float, local: float | None) -> float:
    """A product of the chain rule, where zero times infinity is zero."""
    return upstream * local if upstream and local else 0.0


def _differentiated(backward: Sequence[Value]) -> tuple[dict[int, float], list[_Edge]]:
    """The engine's backward pass, kept: the gradients, and each edge in its order."""
    gradients = {id(node): 0.0 for node in backward}
    gradients[id(backward[0])] = 1.0
    edges = []
    for node in backward:
        upstream = gradients[id(node)]
        for position, (v, local) in enumerate(zip(node.inputs, node.local_grads, strict=True)):
            if local is not None:
                before = gradients[id(v)]
                product = chain_product(upstream, local)
                after = before + product if product else before
                gradients[id(v)] = after
                edges.append(_Edge(node, position, upstream, before, after))
    return gradients, edges


def _as_met(order: Sequence[Value]) -> list[Value]:
    """Every value in the order in which a walk from the root first comes to it, depth first.

    Of two inputs the walk takes the one that was computed first, which goes wrong wherever an
    order of this kind can.
    """
    places = {id(v): place for place, v in enumerate(order)}
    met: dict[int, Value] = {}
    stack = [order[-1]]
    while stack:
        node = stack.pop()
        if id(node) not in met:
            met[id(node)] = node
            inputs = [v for v in node.inputs if isinstance(v, Value)]
            stack.extend(sorted(inputs, key=lambda v: -places[id(v)]))
    return list(met.values())


def shown(number: float) -> str:
    """A number as on the board: four decimals at most, or a power of ten."""
    return f"{number:.4f}".rstrip("0").rstrip(".") if 1e-3 <= abs(number) < 1e5 else f"{number:.4g}"
