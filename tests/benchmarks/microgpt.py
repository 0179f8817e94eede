"""A Value with its local derivatives beside its operands: the form of microgpt (Karpathy, 2026).

One class with four slots, an operation a line, and a recursive order.  It is written anew here,
with the operations that the benchmarks need, to measure what this form costs.
"""

from collections.abc import Iterator
from typing import Self


class Value:
    """A number, what it was computed from, and the derivative with respect to each of those."""

    __slots__ = ("data", "grad", "inputs", "slopes")

    def __init__(
        self, data: float, inputs: tuple["Value", ...] = (), slopes: tuple[float, ...] = ()
    ) -> None:
        self.data = data
        self.grad = 0.0
        self.inputs = inputs
        self.slopes = slopes

    @property
    def _prev(self) -> Iterator["Value"]:
        """The operands, under micrograd's name."""
        return iter(self.inputs)

    def __add__(self, other: Self | float) -> "Value":
        v = other if isinstance(other, Value) else Value(other)
        return Value(self.data + v.data, (self, v), (1.0, 1.0))

    def __mul__(self, other: Self | float) -> "Value":
        v = other if isinstance(other, Value) else Value(other)
        return Value(self.data * v.data, (self, v), (v.data, self.data))

    def relu(self) -> "Value":
        """The number if it is above 0, else 0."""
        return Value(max(0.0, self.data), (self,), (float(self.data > 0),))

    def __neg__(self) -> "Value":
        return self * -1.0

    __radd__ = __add__
    __rmul__ = __mul__

    def backward(self) -> None:
        """Add the gradient of this value to that of each value it depends on."""
        order: list[Value] = []
        seen: set[Value] = set()

        def visit(v: Value) -> None:
            if v not in seen:
                seen.add(v)
                for operand in v.inputs:
                    visit(operand)
                order.append(v)

        visit(self)
        self.grad = 1.0
        for v in reversed(order):
            for operand, slope in zip(v.inputs, v.slopes, strict=True):
                operand.grad += slope * v.grad
