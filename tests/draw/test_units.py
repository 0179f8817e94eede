"""Sums folded into one node each: their terms and derivatives against the engine's numbers."""

import math
from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest
from hypothesis import given

from micrograd_like import Value, topological_order
from micrograd_like.draw import units
from micrograd_like.draw.units import Unit, rows_of, units_of
from micrograd_like.graph import chain_product
from micrograd_like.strategies import Graph, graphs

SUMS = ["add", "sub", "neg", "mul", "div", "pow", "tanh"]


def close(a: float, b: float, size: float = 0.0) -> bool:
    """Equal but for the rounding of numbers of a size."""
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12 * (1 + size))


def check(order: list[Value], found: list[Unit]) -> None:
    """An AssertionError unless a graph's units are all of its values, and their numbers are so."""
    members = list(chain.from_iterable(unit.members for unit in found))
    assert sorted(map(id, members)) == sorted(map(id, order))
    arrived = {id(v): 0.0 for v in order}
    sizes = dict.fromkeys(arrived, 0.0)
    for unit in found:
        for x, edge in unit.edges:
            product = chain_product(unit.value.grad, edge.local)
            own = edge.node.local_grads[edge.position] or 0.0
            assert close(product, chain_product(edge.node.grad, own), abs(product))
            assert edge.node.inputs[edge.position] is x
            arrived[id(x)] += product
            sizes[id(x)] += abs(product)
        if unit.terms:
            of = [t.sign * getattr(t.operand, "data", t.operand) for t in unit.terms]
            assert close(math.fsum(of), unit.value.data, math.fsum(map(abs, of)))
            in_rows = chain.from_iterable(rows_of(unit.terms))
            assert sorted(map(id, in_rows)) == sorted(map(id, unit.terms))
            places = frozenset(edge.place for _, edge in unit.edges)
            variable = [t.places for t in unit.terms if isinstance(t.operand, Value)]
            assert frozenset().union(*variable) == places
    for unit in found:
        if unit.value.grad != 1.0 or unit.value is not order[-1]:
            assert close(arrived[id(unit.value)], unit.value.grad, sizes[id(unit.value)])


def example() -> Value:
    """A sum with products, a difference in brackets, and a square."""
    a, b, c = (Value(x, name) for x, name in ((2.0, "a"), (-3.0, "b"), (0.5, "c")))
    return a * b - (c - a * 2) + (b - 1) ** 2 * 3


@given(graphs(SUMS, max_nodes=40))
def test_terms_add_up_and_gradients_are_the_engines(graph: Graph) -> None:
    """Folded or not, each value is in one unit, and each product is the engine's contribution."""
    root = graph.record()
    root.backward()
    order = topological_order(root)
    for fold in (False, True):
        found = units_of(order, [root], {}, fold=fold)
        check(order, found)
        assert fold or len(found) == len(order)


def test_only_what_is_used_once_and_has_no_name_is_folded() -> None:
    """Labels, roots, and results that are used twice keep a node of their own."""
    a, b = Value(2.0, "a"), Value(3.0, "b")
    named, twice, root = a * b, a - b, b + 1
    named.label = "ab"
    total = named + twice + twice * root + a * a
    found = units_of(topological_order(total, root), [total, root], {}, fold=True)
    assert [unit.value for unit in found if unit.value.rule] == [named, twice, root, total]


def test_a_group_keeps_its_results() -> None:
    """A sum outside of a group takes nothing out of it."""
    a = Value(2.0, "a")
    inside = a * 3
    root = inside + a
    found = units_of(topological_order(root), [root], {id(inside): "g"}, fold=True)
    assert [unit.value for unit in found] == [a, inside, root]


def swapped(of: Callable[..., Any]) -> Callable[..., Any]:
    """Terms of which the last has the wrong sign."""
    return lambda *given: [*(t := of(*given))[:-1], t[-1]._replace(sign=-t[-1].sign)]


def turned(of: Callable[..., Any]) -> Callable[..., Any]:
    """Slopes with the wrong sign."""
    return lambda *given: {key: (v, -slope) for key, (v, slope) in of(*given).items()}


def greedy(of: Callable[..., Any]) -> Callable[..., Any]:
    """Units that have lost a value."""
    return lambda members, *given: of(members[1:] or members, *given)


@pytest.mark.parametrize(
    ("function", "corrupt"), [("_terms", swapped), ("_folded", turned), ("_unit", greedy)]
)
def test_wrong_rules_of_folding_are_found(
    function: str, corrupt: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What these tests check fails for a wrong sign of a term or a slope, and for a lost value."""
    root = example()
    root.backward()
    order = topological_order(root)
    check(order, units_of(order, [root], {}, fold=True))
    monkeypatch.setattr(units, function, corrupt(getattr(units, function)))
    with pytest.raises(AssertionError):
        check(order, units_of(order, [root], {}, fold=True))
