"""Hypothesis strategies: values and random computation graphs, for property tests.

>>> from hypothesis import given
>>> from micrograd_like import assert_gradients
>>> @given(graphs(["add", "mul", "tanh"]))
... def test_gradients(graph):
...     assert_gradients(graph.record())
>>> test_gradients()

A graph that fails is shrunk to the fewest nodes that still fail, and prints as a program to run.
A graph is a function, too, of any numbers that have Python's operators and methods such as
``x.tanh()``: ``graph(*map(MyValue, graph.leaves))`` runs it on another engine.
"""

import math
import operator
import struct
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from micrograd_like.arguments import choice, extra, finite, text, whole
from micrograd_like.engine import Value, apply
from micrograd_like.notation import OPERATORS, code
from micrograd_like.rules import RULES, Rule

if TYPE_CHECKING:
    from hypothesis import strategies as st
else:
    st = extra("hypothesis.strategies", "check", "the strategies draw with Hypothesis")

__all__ = ["Graph", "finite_values", "graphs"]

LARGEST = 1e4  # of the values and derivatives in a graph, so that sums of products stay precise


class Graph(NamedTuple):
    """A computation graph as a program: its leaves, then an operation a value.

    An operation is (rule's name, place of x, place of y), the places among the values before it; y
    means nothing to a rule of one input.  The last value is the root.

    >>> graph = Graph([2.0], [("mul", 0, 0), ("tanh", 1, 1)])
    >>> graph
    from micrograd_like import Value
    x0 = Value(2.0, 'x0')
    v1 = x0 * x0
    v2 = v1.tanh()
    v2.backward()
    >>> graph.record()
    Value(data=0.999329299739067, grad=0.0)
    """

    leaves: list[float]
    operations: list[tuple[str, int, int]]

    def __call__(self, *leaves: Any) -> Any:
        """The root computed from other leaves, of any kind that has operators and methods.

        >>> Graph([2.0], [("mul", 0, 0)])(5.0)
        25.0
        """
        return self.values(leaves, _python)[-1]

    def record(self) -> Value:
        """The root as this engine records it, with leaves labelled x0, x1 and so on."""
        root: Value = self.values([Value(x, f"x{i}") for i, x in enumerate(self.leaves)])[-1]
        return root

    def values(self, leaves: Sequence[Any], call: Callable[..., Any] = apply) -> list[Any]:
        """All values, the leaves first, each operation computed by ``call(rule, *operands)``."""
        values = list(leaves)
        for name, i, j in self.operations:
            rule = RULES[name]
            values.append(call(rule, *(values[i], values[j])[: rule.arity]))
        return values

    def __repr__(self) -> str:
        """The graph as a short program."""
        lines = ["from micrograd_like import Value"]
        lines += [f"x{i} = Value({_number(x)}, 'x{i}')" for i, x in enumerate(self.leaves)]
        names = [f"x{i}" for i in range(len(self.leaves))]
        for k, (name, i, j) in enumerate(self.operations, 1):
            rule = RULES[name]
            operands = (names[i], names[j])[: rule.arity]
            lines.append(f"v{k} = {code(rule, *operands, methods=True)}")
            names.append(f"v{k}")
        return "\n".join([*lines, f"{names[-1]}.backward()"])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """For Hypothesis and IPython: the program, indented below the name it has there."""
        with printer.group(indent=4):
            for line in repr(self).splitlines():
                printer.break_()
                printer.text(line)


def _number(x: float) -> str:
    return repr(x) if math.isfinite(x) else f"float('{x}')"


def _python(rule: Rule, *operands: Any) -> Any:
    """An operation as Python writes it: an operator, a method, or a function of plain numbers."""
    if rule.name in OPERATORS:
        return getattr(operator, OPERATORS[rule.name])(*operands)
    method = getattr(operands[0], rule.name, None)
    return method(*operands[1:]) if method else apply(rule, *operands)


def finite_values(
    min_value: float = -3.0, max_value: float = 3.0, label: str = ""
) -> st.SearchStrategy[Value]:
    """Leaves with finite data between two bounds, simple numbers first.

    A TypeError or a ValueError tells a bound that is not a finite number, and bounds out of order.

    >>> from hypothesis import find
    >>> find(finite_values(), lambda value: value > 1)
    Value(data=2.0, grad=0.0)
    """
    low = finite(min_value, "finite_values: min_value")
    high = finite(max_value, "finite_values: max_value")
    if low > high:
        raise ValueError(f"finite_values: min_value is {low}, above max_value, {high}; swap them")
    text(label, "finite_values: label")
    return _numbers(low, high).map(lambda data: Value(data, label))


def _numbers(low: float, high: float) -> st.SearchStrategy[float]:
    exact = all(struct.unpack("f", struct.pack("f", bound))[0] == bound for bound in (low, high))
    return st.floats(low, high, width=32 if exact else 64)  # few digits are easier to read


def graphs(
    rules: Sequence[str] | None = None,
    max_nodes: int = 30,
    max_leaves: int = 4,
    leaves: st.SearchStrategy[float] | None = None,
) -> st.SearchStrategy[Graph]:
    """Random graphs with sharing, of these rules (all there are, if None), by their names.

    They hold no operation that is undefined or at the end of its domain, and no number beyond 10⁴
    but for leaves: an operation that does not fit its operands gives way to the next of the rules
    that does, and is left out if none does.  ``leaves`` draws the numbers of the leaves, between -3
    and 3 unless told.

    A ValueError tells an unknown rule, and sizes that leave nothing to draw.

    >>> from hypothesis import find
    >>> find(graphs(["mul", "add"]), lambda graph: graph.record().data > 3)
    from micrograd_like import Value
    x0 = Value(2.0, 'x0')
    v1 = x0 * x0
    v1.backward()
    """
    names = tuple(RULES) if rules is None else (rules,) if isinstance(rules, str) else tuple(rules)
    for name in names:
        choice(name, "graphs: rule", RULES)
    if not names:
        raise ValueError("graphs: rules is empty; name one rule at least")
    whole(max_nodes, "graphs: max_nodes")
    whole(max_leaves, "graphs: max_leaves")
    numbers = _numbers(-3.0, 3.0) if leaves is None else leaves
    pairs = [name for name in names if RULES[name].arity == 2]  # half of all: they join paths
    drawn = st.sampled_from([*names, *(pairs * len(names))[: len(names)]])
    chosen = st.tuples(drawn, st.integers(0, 5), st.integers(0, 5))
    return st.builds(
        _repair,
        st.just(names),
        st.lists(numbers, min_size=1, max_size=min(max_leaves, max_nodes)),
        # The second kind is longer than what Hypothesis makes of the first by itself.
        st.lists(chosen, max_size=max_nodes)
        | st.lists(chosen, min_size=min(8, max_nodes), max_size=max_nodes),
        st.just(max_nodes),
    )


def _repair(
    names: tuple[str, ...], leaves: list[float], chosen: list[tuple[str, int, int]], most: int
) -> Graph:
    """The graph of what was drawn: operands counted back from the newest value, domains kept.

    Counted from the newest, an operand keeps its meaning when the shrinker removes others.
    """
    values, operations = [float(x) for x in leaves], list[tuple[str, int, int]]()
    for name, back, further in chosen[: most - len(leaves)]:
        i, j = (len(values) - 1 - k % len(values) for k in (back, further))
        start = names.index(name)
        for candidate in (*names[start:], *names[:start]):
            value = _value_of(RULES[candidate], values[i], values[j])
            if value is not None:
                operations.append((candidate, i, j))
                values.append(value)
                break
    return Graph(leaves, operations)


def _value_of(rule: Rule, *operands: float) -> float | None:
    """The operation's value; None where it, or a derivative, is undefined or large.

    None at the end of its domain, too: what a slope is there is for tests of their own.
    """
    if rule.domain:
        x, y = operands
        h, k = 1e-6 * (1 + abs(x)), 1e-6 * (1 + abs(y)) * (rule.arity == 2)
        for point in ((x, y), (x + h, y), (x - h, y), (x, y + k), (x, y - k)):
            if not rule.is_defined(*point):
                return None
    try:
        outcome = rule.function(*operands[: rule.arity])
    except (ValueError, ArithmeticError):
        return None
    return outcome[0] if all(abs(number) < LARGEST for number in outcome) else None


st.register_type_strategy(Graph, graphs())
