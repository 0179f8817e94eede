"""Backprop as a sequence of steps: plain data, and the line that a teacher writes on the board.

>>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
>>> d = a * b
>>> d.label = "d"
>>> for step in Steps(d):
...     print(step)
1/4  d = a · b = 2 · (−3) = −6
2/4  d.grad = ∂d/∂d = 1
3/4  a.grad += ∂d/∂a · ∂d/∂d = b · 1 = −3 · 1 = −3                     (d = a · b)
4/4  b.grad += ∂d/∂b · ∂d/∂d = a · 1 = 2 · 1 = 2                       (d = a · b)
"""

import math
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple, Self, overload

from micrograd_like.arguments import choice, expect, graph, short
from micrograd_like.draw import TERMINAL, sign_name
from micrograd_like.engine import Value, apply
from micrograd_like.graph import (
    backward_edges,
    chain_product,
    edges,
    labels_of,
    names_of,
    operands_by,
    operands_of,
    topological_order,
)
from micrograd_like.notation import (
    TIMES,
    factors,
    formula,
    gradient,
    listed,
    number,
    operation,
    partial,
    readable,
)
from micrograd_like.steps.words import WORDS, ordinal

__all__ = ["Edge", "Step", "Steps", "equation_line", "has_changed", "which_use"]

BY_ID = ("labels", "_names", "gradients", "_right")  # what `Steps` knows of each value, by its id
ORDERS = ("topological", "naive", "depth-first")
MOST = 10_000  # products of the depth-first order, of which there can be exponentially many

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
    # What is equal on the board, part by part; a product as its local derivative and the gradient
    # that comes from above.
    equation: tuple[str | tuple[str, str], ...] = ()
    remark: str = ""  # going forward, the local derivatives; going backward, the operation

    def __str__(self) -> str:
        count = f"{self.number:>{len(str(self.total))}}/{self.total}"
        if self.phase != "backward":
            return f"{count}  {self.line}"
        remark = _printable(self.remark)
        return f"{count}  {self.line:<{WIDTH}}  ({remark})"

    @property
    def line(self) -> str:
        """The equation as one line."""
        return equation_line(self.equation, self.relation, self.sum)

    @property
    def relation(self) -> str:
        """What stands after the equation's first side: a gradient is added to what is there."""
        return "+=" if self.phase == "backward" else "="

    @property
    def sum(self) -> str:
        """How the contribution adds to what is there, where something is."""
        if self.phase != "backward" or not self.before:
            return ""
        return f"{formula('x + y', self.before, self.contribution)} = {number(self.after)}"

    def __rich__(self) -> Any:
        """The line for a terminal: its result in the colours of the picture, by its sign."""
        from rich.text import Text

        line, result = str(self), str(self.equation[-1])
        end = line.index(self.line) + len(equation_line(self.equation, self.relation))
        sign = self.contribution if self.phase == "backward" else 0.0
        text = Text(line)
        text.stylize("dim", 0, line.index("  "))
        colour = f" {TERMINAL[sign_name(sign)]}" if sign else ""
        text.stylize(f"bold{colour}", end - len(result), end)
        if self.phase == "backward":
            text.stylize("dim", len(line) - len(self.remark) - 2)
        return text


class Steps(Sequence[Step]):
    """The forward steps of a graph, one an operation, then the backward steps, one a product.

    The steps are made when they are asked for.  A slice is a sequence of those steps alone, each
    with the number that it has in the whole.

    ``order`` is how the backward steps go.  "topological" is right.  "naive" takes the values as
    they are met on the way from the root, each once, which can be wrong where a value is used
    twice: it passes its gradient on before all of it is there.  "depth-first" is a recursion
    without sorting: ``backward`` is ``self._backward()``, and then ``operand.backward()`` for each
    operand in turn, so for b twice in ``b + b``.  It is wrong where it comes to an operation's
    value more than once: gradients that were passed on before are passed on again.  (Where the
    operands are a set, as in micrograd, it comes to b once in ``b + b``, but still once for each
    operation that uses b.)

    >>> a = Value(1.0, label="a")
    >>> b = a + a
    >>> c = b + b
    >>> [Steps(c, order).gradients[id(a)] for order in ("topological", "naive", "depth-first")]
    [4.0, 4.0, 8.0]

    ``names`` are variables that name values without a label, as in ``names=locals()``.

    Raises a ValueError for an order that is none of these, and where the depth-first order has more
    than 10,000 products; a TypeError where the root is no Value.
    """

    def __init__(
        self,
        root: Value,
        order: str = "topological",
        names: Mapping[str, Any] | None = None,
    ) -> None:
        self.root: Value = graph(root, "Backprop")
        choice(order, "Backprop: order", ORDERS)
        self.order = topological_order(root)
        self.labels = labels_of(self.order, names, "Backprop")
        self._names = names_of(self.order, self.labels)
        self.operations = [node for node in self.order if node.inputs]
        self.gradients, self.edges = _backward_pass(self.order, root)
        self._right = self.gradients
        if order != "topological":
            wrong = (_naive_order if order == "naive" else _depth_first_order)(self.order)
            self.gradients, self.edges = _backward_pass(wrong, root)
        self.places = range(len(self.operations) + 1 + len(self.edges))

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...

    def __getitem__(self, index: int | slice) -> Step | Self:
        if isinstance(index, slice):
            return self._part(self.places[index])
        try:
            k = self.places[index]
        except IndexError:
            last = len(self) - 1
            raise IndexError(f"Backprop: there are steps 0 to {last}, not {index}") from None
        return self.step(k)

    def _part(self, places: range) -> Self:
        part = object.__new__(type(self))
        vars(part).update(vars(self), places=places)
        return part

    def __getstate__(self) -> dict[str, Any]:
        """Without ids, which a copy and a pickle have others of: in the order of the values."""
        tables = {name: vars(self)[name] for name in BY_ID}
        in_order = {name: [table[id(v)] for v in self.order] for name, table in tables.items()}
        return vars(self) | in_order

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        ids = [id(v) for v in self.order]
        vars(self).update({name: dict(zip(ids, state[name], strict=True)) for name in BY_ID})

    def step(self, k: int) -> Step:
        """The step at a place of the whole, whatever of it this slice shows."""
        if k < len(self.operations):
            return self._forward(k)
        return self._start(k) if k == len(self.operations) else self._backward(k)

    def at(self, value: str | Value) -> "list[Step]":
        """The steps of a value: the one that computes it, and all that its gradient is in.

        >>> a = Value(3.0, label="a")
        >>> [step.number for step in Steps(a * a + 1).at("a")]
        [5, 6]
        """
        found = self._called(value, "at")
        return [s for s in self if id(s.node) in found or id(s.input) in found]

    def until(self, value: str | Value) -> Self:
        """The steps up to the one at which a value's gradient is complete: its last product.

        The value is told by its label, by the name that the steps call it by, or is given itself.
        Of several with one label it is the last one's step.

        >>> a, b = Value(3.0, label="a"), Value(2.0, label="b")
        >>> print(Steps(a * b + a).until("a")[-1].line)
        a.grad += ∂v1/∂a · ∂v2/∂v1 = b · 1 = 2 · 1 = 2, now 1 + 2 = 3

        Raises a LookupError for a name that no value has, for a Value outside the graph, and where
        the step is not in this slice; a TypeError for what is neither text nor a Value.
        """
        found, start = self._called(value, "until"), len(self.operations)
        products = (k for k, e in enumerate(self.edges, start + 1) if id(e.input) in found)
        last = max(products, default=start)  # no product goes to the root
        if last not in self.places:
            raise LookupError(
                f"Backprop.until: the gradient of {short(value)} is complete at step {last + 1}, "
                "which is not in this slice; take the whole, as in Backprop(loss).until(...)"
            )
        return self[: self.places.index(last) + 1]

    def _called(self, value: str | Value, where: str) -> set[int]:
        """The ids of the values that have a label or a name, or of the one that is given."""
        if isinstance(value, Value):
            if all(v is not value for v in self.order):
                raise LookupError(
                    f"Backprop.{where}: {short(value)} is not in the graph, so no gradient reaches "
                    f"it; take a value that {self.name(self.root)} depends on"
                )
            return {id(value)}
        expect(isinstance(value, str), value, f"Backprop.{where}: value", "a label, or a Value")
        called = ((id(v), self.labels[id(v)], self._names[id(v)]) for v in self.order)
        found = {place for place, *names in called if value and value in names}
        if not found:
            there = listed(self._names.values())
            raise LookupError(f"Backprop: no value is called {short(value)}; there are {there}")
        return found

    def name(self, operand: Value | float) -> str:
        """What the steps call a value: its label, or v1, v2, …; a constant by its number."""
        return self._names[id(operand)] if isinstance(operand, Value) else number(operand)

    def beside(self, other: "Steps") -> str:
        """Two ways back through one graph, side by side, and where their gradients differ.

        >>> a = Value(2.0, label="a")
        >>> b = a * 3
        >>> b.label = "b"
        >>> loss = b * b + b
        >>> print(Steps(loss).beside(Steps(loss, order="naive")).splitlines()[-1])
        a.grad: 39 and 3, off by −36
        """
        if not isinstance(other, Steps) or len(other.order) != len(self.order):
            raise ValueError(
                f"beside: takes another way through the same graph, not {short(other)}"
            )
        columns = [[s.line for s in each if s.input] for each in (self, other)]
        width = max(map(len, columns[0]), default=0)
        lines = [f"{a:<{width}}  |  {b}".rstrip() for a, b in zip_longest(*columns, fillvalue="")]
        differing = [
            f"{self._gradient(v)}: {number(one)} and {number(two)}, off by {number(two - one)}"
            for v, w in zip(self.order, other.order, strict=True)
            for one, two in [(self.gradients[id(v)], other.gradients[id(w)])]
            if one != two
        ]
        return "\n".join([*lines, *(differing or ["the gradients are the same"])])

    def _gradient(self, v: Value) -> str:
        return gradient(self.name(v))

    def _forward(self, k: int) -> Step:
        node = self.operations[k]
        assert node.rule is not None
        names, changed = operands_by(node, self._names), has_changed(node)
        # The operation with names, what it stands for, and the same with numbers.
        equation = [str(operation(node.rule, *names))]
        if node.rule.formula:  # an operation that was made by hand has none
            equation.append(str(formula(node.rule.formula, *names)))
            if not changed:  # the numbers there are others then
                equation.append(str(formula(node.rule.formula, *operands_of(node))))
        made = self.name(node)
        equation = [made, *dict.fromkeys((*equation, number(node.data)))]
        local_grads = {
            f"{partial(made, self.name(v))} = {number(local)}": None  # of x·x it is one line
            for _, v, local in edges(node)
        }
        remark = WORDS["records"].format(derivatives=", ".join(local_grads))
        remark += WORDS["changed"] * changed
        return Step(k + 1, self._total, "forward", node, equation=tuple(equation), remark=remark)

    def _start(self, k: int) -> Step:
        name = self.name(self.root)
        equation = (gradient(name), partial(name, name), "1")
        return Step(k + 1, self._total, "start", self.root, equation=equation)

    def _backward(self, k: int) -> Step:
        edge = self.edges[k - len(self.operations) - 1]
        node, position, v, local = edge.node, edge.position, edge.input, edge.local
        rule, contribution = node.rule, edge.product
        assert rule is not None
        names = operands_by(node, self._names)
        root, made, given = self.name(self.root), self.name(node), self.name(v)
        products = [factors(local, edge.upstream)]
        if rule.derivatives[position]:
            symbols = formula(rule.derivatives[position], *names)
            products.insert(0, factors(symbols, edge.upstream))
        final = self.gradients[id(node)]
        remark = WORDS["made"].format(name=made, operation=operation(rule, *names))
        if use := which_use(node, position):
            remark += WORDS["use"].format(use=use, name=given)
        remark += WORDS["changed"] * has_changed(node)
        if edge.again:
            remark += WORDS["again"].format(gradient=gradient(made))
        if not _same(edge.upstream, final):
            remark += WORDS["early"].format(gradient=gradient(made), number=number(final))
        if k + 1 == self._total:
            remark += self._in_the_end()
        return Step(
            k + 1, self._total, "backward", node, v, position,
            edge.upstream, local, contribution, edge.before, edge.after,
            (gradient(given), (partial(made, given), partial(root, made)),
             *dict.fromkeys((a, b) for a, b in products), number(contribution)),
            remark,
        )  # fmt: skip

    def _in_the_end(self) -> str:
        """After a wrong order: which gradients are wrong, the inputs' first."""
        wrong = [v for v in self.order if not _same(self.gradients[id(v)], self._right[id(v)])]
        return "".join(
            WORDS["end"].format(
                gradient=self._gradient(v),
                number=number(self.gradients[id(v)]),
                right=number(self._right[id(v)]),
            )
            for v in wrong[:1]
        )

    @property
    def _total(self) -> int:
        return len(self.operations) + 1 + len(self.edges)


def has_changed(node: Value) -> bool:
    """Whether the inputs' numbers are others now than when the operation was recorded."""
    rule, data = node.rule, operands_of(node)
    assert rule is not None
    if not rule.formula:  # made by hand, and nobody can tell
        return False
    try:
        now = rule.function(*data)
    except OverflowError:  # which recording takes for an infinity
        now = (apply(rule, *data), *node.local_grads)
    except (ArithmeticError, ValueError):
        return True
    recorded = (node.data, *node.local_grads)
    return any(
        one != other and not (math.isnan(one) and math.isnan(other))
        for one, other in zip(recorded, now, strict=False)
        if one is not None and other is not None
    )


def which_use(node: Value, position: int) -> str:
    """Which use of an input it is, where an operation has it in several positions.

    >>> a = Value(3.0)
    >>> which_use(a * a, 1), which_use(a * 2, 0)
    ('second', '')
    """
    inputs = node.inputs
    places = [k for k, v in enumerate(inputs) if v is inputs[position]]
    count = places.index(position)
    if len(places) == 1:
        return ""
    return ordinal(count)


class Edge(NamedTuple):
    """One product of the chain rule: where it comes from, and the gradient that it finds."""

    node: Value
    position: int
    input: Value  # where the product goes
    local: float
    upstream: float
    before: float
    after: float
    again: bool = False  # whether a product went along here before, in the depth-first order

    @property
    def product(self) -> float:
        """The chain rule's product."""
        return chain_product(self.upstream, self.local)


def _backward_pass(order: Sequence[Value], root: Value) -> tuple[dict[int, float], list[Edge]]:
    """The gradients, and the edges in the order in which their products were added."""
    gradients = {id(v): 0.0 for v in order}
    gradients[id(root)] = 1.0
    steps: list[Edge] = []
    passed: set[tuple[int, int]] = set()
    for each in backward_edges(order, gradients):
        place = id(each[0]), each[1]
        steps.append(Edge(*each, again=place in passed))
        passed.add(place)
    return gradients, steps


def _naive_order(order: Sequence[Value]) -> list[Value]:
    """Every value, the root last: back from it as a walk from the root first comes to them.

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
            inputs = [v for _, v, _ in edges(node)]
            stack.extend(sorted(inputs, key=lambda v: -places[id(v)]))
    return list(met.values())[::-1]


def _depth_first_order(order: Sequence[Value]) -> list[Value]:
    """Every value as often as a recursion without sorting comes to it, the root last.

    Going back, a value passes its gradient on to all its operands, and then the first operand does
    the same with all that comes before it, and then the second: once for each path from the root.
    """
    reached: list[Value] = []
    products = 0
    stack = [order[-1]]
    while stack:
        node = stack.pop()
        reached.append(node)
        inputs = [v for _, v, _ in edges(node)]
        stack.extend(reversed(inputs))
        products += len(inputs)
        if products > MOST:
            raise ValueError(
                f"Backprop: order='depth-first' has more than {MOST:,} products on this graph, as "
                "it takes every path from the root; take a smaller graph, or order='topological'"
            )
    return reached[::-1]


def equation_line(equation: Sequence[str | tuple[str, str]], relation: str, total: str = "") -> str:
    """What is equal, in one line."""
    first, *others = (side if isinstance(side, str) else TIMES.join(side) for side in equation)
    line = f"{first} {relation} {' = '.join(others)}" + (f", now {total}" if total else "")
    return _printable(line)


def _printable(words: str) -> str:
    """Words in one line, without what a terminal would obey."""
    return readable(words).replace("\n", " ")


def _same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))
