"""A small engine of another design, and the mistakes that people make in one, each in a few lines.

``Scalar`` keeps each value's parents with the local slopes; a mistake is a subclass.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any


class Scalar:
    """A right engine."""

    def __init__(self, data: float, parents: Sequence[tuple["Scalar", float]] = ()) -> None:
        self.data, self.grad, self.parents = data, 0.0, list(parents)
        self.visited = False

    def new(self, data: float, *parents: tuple["Scalar", float]) -> "Scalar":
        return type(self)(data, parents)

    def wrap(self, other: Any) -> "Scalar":
        return other if isinstance(other, Scalar) else type(self)(other)

    def __add__(self, other: Any) -> "Scalar":
        other = self.wrap(other)
        return self.new(self.data + other.data, (self, 1), (other, 1))

    def __mul__(self, other: Any) -> "Scalar":
        other = self.wrap(other)
        return self.new(self.data * other.data, (self, other.data), (other, self.data))

    def __sub__(self, other: Any) -> "Scalar":
        other = self.wrap(other)
        return self.new(self.data - other.data, (self, 1), (other, -1))

    def __truediv__(self, other: Any) -> "Scalar":
        y = self.wrap(other)
        return self.new(self.data / y.data, (self, 1 / y.data), (y, -self.data / y.data**2))

    def __pow__(self, n: float) -> "Scalar":
        assert isinstance(n, int | float), "a plain exponent"
        return self.new(self.data**n, (self, n * self.data ** (n - 1) if n else 0))

    def __neg__(self) -> "Scalar":
        return self.new(-self.data, (self, -1))

    def __radd__(self, other: Any) -> "Scalar":
        return self.wrap(other) + self

    def __rmul__(self, other: Any) -> "Scalar":
        return self.wrap(other) * self

    def __rsub__(self, other: Any) -> "Scalar":
        return self.wrap(other) - self

    def __rtruediv__(self, other: Any) -> "Scalar":
        return self.wrap(other) / self

    def __abs__(self) -> "Scalar":
        return self.new(abs(self.data), (self, int(self.data > 0) - int(self.data < 0)))

    def exp(self) -> "Scalar":
        return self.new(math.exp(self.data), (self, math.exp(self.data)))

    def log(self) -> "Scalar":
        return self.new(math.log(self.data), (self, 1 / self.data))

    def tanh(self) -> "Scalar":
        t = (math.exp(2 * self.data) - 1) / (math.exp(2 * self.data) + 1)
        return self.new(t, (self, 1 - t * t))

    def sigmoid(self) -> "Scalar":
        s = 1 / (1 + math.exp(-self.data))
        return self.new(s, (self, s * (1 - s)))

    def relu(self) -> "Scalar":
        return self.new(max(self.data, 0), (self, self.data > 0))

    def sin(self) -> "Scalar":
        return self.new(math.sin(self.data), (self, math.cos(self.data)))

    def maximum(self, other: "Scalar") -> "Scalar":
        larger = self.data > other.data
        return self.new(max(self.data, other.data), (self, larger), (other, not larger))

    def order(self) -> list["Scalar"]:
        order, visited = list[Scalar](), set[int]()

        def visit(v: Scalar) -> None:
            if id(v) not in visited:
                visited.add(id(v))
                for parent, _ in v.parents:
                    visit(parent)
                order.append(v)

        visit(self)
        return order

    def backward(self) -> None:
        order = self.order()
        self.start(order)
        for v in reversed(order):
            for parent, slope in v.parents:
                self.pass_on(parent, slope * v.grad)

    def start(self, order: list["Scalar"]) -> None:
        for v in order:
            if v.parents:
                v.grad = 0.0
        self.grad = 1.0

    def pass_on(self, parent: "Scalar", gradient: float) -> None:
        parent.grad += gradient


class BegunAnew(Scalar):
    """A right engine whose every pass begins with zeros."""

    def start(self, order: list[Scalar]) -> None:
        for v in order:
            v.grad = 0.0
        self.grad = 1.0


def overwriting(self: Any, parent: Scalar, gradient: float) -> None:
    parent.grad = gradient


def first_kept(self: Any, parent: Scalar, gradient: float) -> None:
    parent.grad = parent.grad or gradient


def kept_between(self: Any, order: list[Scalar]) -> None:
    self.grad = 1.0


def root_added(self: Any, order: list[Scalar]) -> None:
    for v in order:
        if v.parents and v is not self:
            v.grad = 0.0
    self.grad += 1.0


def as_met(self: Any) -> list[Scalar]:
    met, queue = dict[int, Scalar](), [self]
    while queue:
        v = queue.pop(0)
        if id(v) not in met:
            met[id(v)] = v
            queue += [parent for parent, _ in v.parents]
    return list(met.values())[::-1]


def visited_twice(self: Any) -> list[Scalar]:
    return [v for parent, _ in self.parents for v in parent.order()] + [self]


def merged_by_number(self: Any) -> list[Scalar]:
    met = dict[float, Scalar]()
    for v in Scalar.order(self):
        met.setdefault(v.data if v.parents else id(v), v)
    return [v for v in met.values() if v is not self] + [self]


def parents_once(self: Any, data: float, *parents: tuple[Scalar, float]) -> Scalar:
    return type(self)(data, list({id(p): (p, slope) for p, slope in parents}.values()))


def never_again(self: Any) -> list[Scalar]:
    order = [v for v in Scalar.order(self) if not v.visited]
    for v in order:
        v.visited = True
    return order


def one_tape(self: Any) -> list[Scalar]:
    self.tape.extend(v for v in Scalar.order(self) if v not in self.tape)
    del self.tape[:-200]
    tape: list[Scalar] = self.tape
    return tape


def changing_itself(self: Any, other: Any) -> Scalar:
    result = Scalar.__mul__(self, other)
    if not isinstance(other, Scalar):
        self.data *= other
    return result


def doubled_once(self: Any, other: Any) -> Scalar:
    if other is not self:
        return Scalar.__mul__(self, other)
    return Scalar.new(self, self.data**2, (self, self.data))


def clearing_itself(self: Any) -> None:
    Scalar.backward(self)
    if not self.parents:
        self.grad = 0.0


def unary(f: Callable[[float], float], slope: Callable[[float, float], float]) -> Any:
    return lambda self: self.new(f(self.data), (self, slope(self.data, f(self.data))))


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def binary(
    f: Callable[[float, float], float],
    by_x: Callable[[float, float], float],
    by_y: Callable[[float, float], float],
) -> Any:
    def operate(self: Any, other: Any) -> Scalar:
        x, y = self.data, self.wrap(other).data
        made: Scalar = self.new(f(x, y), (self, by_x(x, y)), (self.wrap(other), by_y(x, y)))
        return made

    return operate


def power(slope: Callable[[float, float], float]) -> Any:
    return lambda self, n: self.new(self.data**n, (self, slope(self.data, n)))


# What is to stand in the first line of the report, and what is wrong.
MISTAKES: dict[str, tuple[str, dict[str, Any]]] = {
    "= in place of +=": ("x + x", {"pass_on": overwriting}),
    "the first gradient is kept": ("x + x", {"pass_on": first_kept}),
    "no topological order": ("", {"order": as_met}),
    "shared values are visited twice": ("", {"order": visited_twice}),
    "values with the same number are merged": ("", {"order": merged_by_number}),
    "an operand that is there twice counts once": ("x + x", {"new": parents_once}),
    "gradients between are kept": ("second backward", {"start": kept_between}),
    "the root's gradient is added to": ("second backward", {"start": root_added}),
    "visited values are remembered for ever": ("again", {"order": never_again}),
    "one tape for all graphs": ("", {"order": one_tape, "start": kept_between}),
    "no __radd__": ("2 + x", {"__radd__": None}),
    "no __rsub__": ("2 - x", {"__rsub__": None}),
    "no __rtruediv__": ("2 / x", {"__rtruediv__": None}),
    "no plain numbers": ("x + 2", {"wrap": lambda self, other: other}),
    "zero is taken for nothing": ("0", {"wrap": lambda self, c: Scalar.wrap(self, c or 1.0)}),
    "whole numbers are no numbers": (
        "2",
        {"wrap": lambda self, c: type(self)(c) if isinstance(c, float) else c},
    ),
    "2 - x is x - 2": ("2 - x", {"__rsub__": Scalar.__sub__}),
    "2 / x is x / 2": ("2 / x", {"__rtruediv__": Scalar.__truediv__}),
    "2 - x has the gradient of x - 2": (
        "2 - x",
        {"__rsub__": lambda self, c: self.new(c - self.data, (self, 1))},
    ),
    "- passes its gradient on with +": (
        "x - y",
        {"__sub__": binary(lambda x, y: x - y, lambda x, y: 1, lambda x, y: 1)},
    ),
    "* gives each its own number": (
        "x * y",
        {"__mul__": binary(lambda x, y: x * y, lambda x, y: x, lambda x, y: y)},
    ),
    "/ forgets a minus sign": (
        "x / y",
        {"__truediv__": binary(lambda x, y: x / y, lambda x, y: 1 / y, lambda x, y: x / y**2)},
    ),
    "/ rounds down": (
        "x / y",
        {"__truediv__": binary(lambda x, y: x // y, lambda x, y: 1 / y, lambda x, y: -x / y**2)},
    ),
    "* by a number changes the Value": ("x * 2", {"__mul__": changing_itself}),
    "neg passes its gradient on with +": ("-x", {"__neg__": unary(lambda x: -x, lambda x, y: 1)}),
    "pow has the exponent n in its slope": ("x ** 2", {"__pow__": power(lambda x, n: n * x**n)}),
    "pow forgets the factor": ("x ** 2", {"__pow__": power(lambda x, n: x ** (n - 1))}),
    "pow forgets the sign of a negative base": (
        "x ** 2 at x = -1.5",
        {"__pow__": power(lambda x, n: n * abs(x) ** (n - 1))},
    ),
    "pow has no slope at a negative base": (
        "x ** 2 at x = -1.5",
        {"__pow__": power(lambda x, n: n * x ** (n - 1) if x > 0 else 0)},
    ),
    "pow is the exponential of a logarithm": (
        "x ** 2 at x = -1.5: raises",
        {"__pow__": lambda self, n: (self.log() * n).exp()},
    ),
    "pow of the absolute value": (
        "x ** 3 at x = -1.5: value",
        {
            "__pow__": lambda self, n: self.new(
                abs(self.data) ** n, (self, n * self.data ** (n - 1))
            )
        },
    ),
    "x * x has half of its slope": ("x * x", {"__mul__": doubled_once}),
    "a leaf's backward() sets its gradient to 0": ("x at x = 2", {"backward": clearing_itself}),
    "pow rounds its exponent": (
        "x ** 0.5",
        {"__pow__": lambda self, n: Scalar.__pow__(self, int(n) or 1)},
    ),
    "tanh' is 1 - t": ("tanh", {"tanh": unary(math.tanh, lambda x, t: 1 - t)}),
    "tanh' is 1 - x²": ("tanh", {"tanh": unary(math.tanh, lambda x, t: 1 - x * x)}),
    "sigmoid' is s": ("sigmoid", {"sigmoid": unary(sigmoid, lambda x, s: s)}),
    "exp' is x": ("exp", {"exp": unary(math.exp, lambda x, e: x)}),
    "log' is 1 / log(x)": ("log", {"log": unary(math.log, lambda x, y: 1 / y if y else 0.0)}),
    "log has a little added": (
        "log",
        {"log": unary(lambda x: math.log(x + 1e-8), lambda x, y: 1 / x)},
    ),
    "sin' is -cos": ("sin", {"sin": unary(math.sin, lambda x, y: -math.cos(x))}),
    "relu' is 1 below 0": ("relu", {"relu": unary(lambda x: max(x, 0), lambda x, y: y >= 0)}),
    "relu' is 2 at 0": (
        "relu",
        {"relu": unary(lambda x: max(x, 0), lambda x, y: (x > 0) + 2 * (x == 0))},
    ),
    "relu does not cut": ("relu", {"relu": unary(lambda x: x, lambda x, y: x > 0)}),
    "abs' is 1": ("abs(x)", {"__abs__": unary(abs, lambda x, y: 1)}),
    "max gives both of equals all": (
        "maximum",
        {"maximum": binary(max, lambda x, y: x >= y, lambda x, y: y >= x)},
    ),
    "max gives neither of equals any": (
        "maximum",
        {"maximum": binary(max, lambda x, y: x > y, lambda x, y: y > x)},
    ),
}  # fmt: skip


def engine_with(mistake: str) -> type[Scalar]:
    """The engine with one of the mistakes."""
    parts = MISTAKES[mistake][1]
    wrong = type("Wrong", (Scalar,), {**parts, "tape": []})
    for name, part in parts.items():
        if part is None:
            setattr(wrong, name, lambda self, other: NotImplemented)
    return wrong
