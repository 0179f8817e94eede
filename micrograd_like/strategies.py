"""Hypothesis strategies: values and random computation graphs, for property tests.

>>> from hypothesis import given, settings
>>> from micrograd_like import assert_gradients
>>> @settings(deadline=None)             # a check may take longer than Hypothesis allows a test
... @given(graphs(["add", "mul", "tanh"]))
... def test_gradients(graph):
...     assert_gradients(graph.record())
>>> test_gradients()

A graph that fails is shrunk to few nodes that still fail, and prints as a program to run.
A graph is a function, too, of any numbers that have Python's operators and methods such as
``x.tanh()``: ``graph(*map(MyValue, graph.leaves))`` runs it on another engine.
"""

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING

from micrograd_like.arguments import choice, extra, finite, text, whole
from micrograd_like.engine import Value
from micrograd_like.random_graphs import KINDS, Choice, Graph, grow
from micrograd_like.rules import RULES

if TYPE_CHECKING:
    from hypothesis import strategies as st
else:
    st = extra("hypothesis.strategies", "check", "the strategies draw with Hypothesis")

__all__ = ["Graph", "finite_values", "graphs"]

JUMPING = ("mod",)  # drawn if named: a saw with fine teeth has other differences than slopes


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
    """Random graphs with sharing and plain numbers, of these rules, all but % unless told.

    Every leaf and every operation leads to the root.  Many operands are where a rule's derivative
    turns: past saturation, next to the end of its domain or a kink, tiny or huge
    (:func:`micrograd_like.turns.turns`).  Nothing is undefined, or at the end of a domain, and no
    number beyond 10⁹ but for leaves: an operation that does not fit its operands gives way to the
    next of the rules that does, and is left out if none does.  ``leaves`` draws the numbers of all
    leaves; they are between -3 and 3, or where a rule turns, unless told.

    A ValueError tells an unknown rule, and sizes that leave nothing to draw.

    >>> from hypothesis import find
    >>> find(graphs(["mul", "add"]), lambda graph: graph.record().data > 3)
    from micrograd_like import Value
    x0 = Value(2.0, 'x0')
    v1 = x0 * x0
    v1.backward()
    """
    if rules is None:
        rules = [name for name in RULES if name not in JUMPING]
    names = (rules,) if isinstance(rules, str) else tuple(rules)
    for name in names:
        choice(name, "graphs: rule", RULES)
    if not names:
        raise ValueError("graphs: rules is empty; name one rule at least")
    whole(max_nodes, "graphs: max_nodes")
    whole(max_leaves, "graphs: max_leaves")
    numbers = _numbers(-3.0, 3.0) if leaves is None else leaves
    pairs = [name for name in names if RULES[name].arity == 2]  # more of these: they join paths
    drawn = st.sampled_from([*names, *names, *(pairs * len(names))[: len(names)]])
    kinds = st.sampled_from(KINDS)
    chosen = st.builds(Choice, drawn, kinds, kinds, st.integers(0, 999))
    most = min(max_leaves, max_nodes)

    def grown(start: list[float], chosen: list[Choice]) -> Graph:
        return grow(names, start, chosen, max_nodes, most, fixed=leaves is not None)

    return st.builds(
        grown,
        st.lists(numbers, min_size=1, max_size=most),
        # The second kind is longer than what Hypothesis makes of the first by itself.
        st.lists(chosen, max_size=max_nodes)
        | st.lists(chosen, min_size=min(8, max_nodes), max_size=max_nodes),
    )


st.register_type_strategy(Graph, graphs())
