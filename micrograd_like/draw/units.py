"""What a picture draws of each operation: every value, or sums with what is in them.

A unit is a value and, folded into it, results in between that have no name and no other use: a sum
takes in the sums, products and expressions of one value that are its terms.

>>> from micrograd_like.graph import topological_order
>>> w, x, b = Value(2.0, "w"), Value(3.0, "x"), Value(1.0, "b")
>>> *_, unit = units_of(topological_order(w * x + b), [], {}, fold=True)
>>> [(edge.node.op, edge.position, edge.local) for _, edge in unit.edges]
[('×', 0, 3.0), ('×', 1, 2.0), ('+', 1, 1.0)]
>>> [(term.sign, term.operand.op or term.operand.label) for term in unit.terms]
[(1, '×'), (1, 'b')]
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from micrograd_like.engine import Value
from micrograd_like.graph import chain_product, labels_of, recorded
from micrograd_like.rules import RULES, SUMS, Rule

__all__ = [
    "MUL", "POW", "SUB", "Edge", "Place", "Term", "Unit", "rows_of", "units_of",
]  # fmt: skip

ADD, SUB, NEG = SUMS
MUL, DIV, POW = (RULES[name] for name in ("mul", "div", "pow"))
MANY = 6  # terms, of which not each has a row of its own
ARITHMETIC: tuple[Rule, ...] = (*SUMS, MUL, DIV, POW)


Place = tuple[int, int]  # of an edge: the id of the operation, and the operand's position
Operands = Mapping[int, list[tuple[Any, float | None]]]  # as `recorded`, by values' ids


class Edge(NamedTuple):
    """An operand of an operation, drawn into the operation's unit."""

    node: Value  # the operation, and the operand's place there
    position: int
    local: float  # the derivative of the unit's value with respect to the operand

    @property
    def place(self) -> Place:
        """What the chain rule's product along it is known by."""
        return id(self.node), self.position


class Term(NamedTuple):
    """One of a sum."""

    sign: int
    operand: Value | float
    places: frozenset[Place]  # of the edges that lead to it
    pattern: Any  # the same for terms that differ in constants alone


class Unit(NamedTuple):
    """A value with what is folded into it."""

    value: Value
    members: list[Value]  # the value last
    edges: list[tuple[Value, Edge]]  # from the values outside
    terms: list[Term]  # of a sum of more than two
    made: Any  # the same for units that are computed alike


def units_of(
    order: Sequence[Value],
    roots: Iterable[Value],
    groups: Mapping[int, str],
    fold: bool,
    labels: Mapping[int, str] | None = None,
) -> list[Unit]:
    """The units of a graph in topological order; without ``fold`` every value is one.

    ``labels`` are what its values are called, by their ids, if not by their own labels.
    """
    operands = {id(v): recorded(v) for v in order}
    known = labels_of(order) if labels is None else labels
    whole = {id(v) for v in roots} | {place for place, label in known.items() if label}
    into = _folded(order, operands, whole, groups) if fold else {}
    home: dict[int, int] = {}  # the id of the value whose unit a value is in
    slope: dict[int, float] = {}  # the derivative of that value
    for v in reversed(order):
        user, local = into.get(id(v), (v, 1.0))
        home[id(v)] = home.get(id(user), id(v))
        slope[id(v)] = slope.get(id(user), 1.0) * local
    members: dict[int, list[Value]] = {}
    for v in order:
        members.setdefault(home[id(v)], []).append(v)
    return [_unit(members[id(v)], operands, home, slope) for v in order if home[id(v)] == id(v)]


def _folded(
    order: Sequence[Value], operands: Operands, whole: set[int], groups: Mapping[int, str]
) -> dict[int, tuple[Value, float]]:
    """For each value that is folded, by its id, the operation it is folded into, and its slope.

    ``whole`` are the ids of those that are not: roots, and what has a name.
    """
    uses = Counter(id(x) for of in operands.values() for x, local in of if local is not None)
    into = {}
    for v in order:
        if v.rule not in ARITHMETIC:
            continue
        for x, local in operands[id(v)]:
            if local is None or x.rule not in ARITHMETIC:
                continue
            if uses[id(x)] > 1 or id(x) in whole:
                continue
            # A term of a sum, or an expression of one value in an operation.
            alone = sum(slope is not None for _, slope in operands[id(x)]) == 1
            belongs = alone or (v.rule in SUMS and x.rule in (*SUMS, MUL))
            if belongs and groups.get(id(x)) == groups.get(id(v)):
                into[id(x)] = v, local
    return into


def _unit(
    members: list[Value], operands: Operands, home: Mapping[int, int], slope: Mapping[int, float]
) -> Unit:
    value, own = members[-1], id(members[-1])
    outside = [
        (x, Edge(v, position, chain_product(slope[id(v)], local)))
        for v in members
        for position, (x, local) in enumerate(operands[id(v)])
        if local is not None and home[id(x)] != own
    ]
    if len(members) == 1:
        return Unit(value, members, outside, [], value.rule)
    terms = _terms(value, operands, home) if value.rule in SUMS else []
    made = tuple(
        (v.rule, *(None if local is None else x.rule or "leaf" for x, local in operands[id(v)]))
        for v in members
    )
    return Unit(value, members, outside, terms if len(terms) > 1 else [], made)


def rows_of(terms: list[Term]) -> list[list[Term]]:
    """The terms that have a row of a sum's table together.

    Each has its own while they are few; else those that differ in constants alone have one, or
    all but the first ones.

    >>> from micrograd_like.graph import topological_order
    >>> x = [Value(1.0, f"x{k}") for k in range(3)]
    >>> squares = sum((x[k % 3] - k) ** 2 for k in range(12))
    >>> *_, unit = units_of(topological_order(squares), [], {}, fold=True)
    >>> [len(row) for row in rows_of(unit.terms)]
    [4, 4, 4]
    """
    if len(terms) <= MANY:
        return [[term] for term in terms]
    alike: dict[Any, list[Term]] = {}
    for term in terms:
        alike.setdefault((term.sign, term.pattern), []).append(term)
    if len(alike) <= MANY:
        return list(alike.values())
    return [*([term] for term in terms[: MANY - 1]), terms[MANY - 1 :]]


def _terms(value: Value, operands: Operands, home: Mapping[int, int]) -> list[Term]:
    """The terms of a sum in their order, without the zero that `sum` begins with."""
    terms = []
    stack: list[tuple[int, Value | float, Place]] = [(1, value, (id(value), 0))]
    while stack:
        sign, x, place = stack.pop()
        inside = isinstance(x, Value) and home[id(x)] == id(value)
        if isinstance(x, Value) and inside and x.rule in SUMS:
            signs = {ADD: (1, 1), SUB: (1, -1), NEG: (-1,)}[x.rule]
            parts = enumerate(zip(signs, operands[id(x)], strict=True))
            stack += reversed([(sign * own, y, (id(x), k)) for k, (own, (y, _)) in parts])
        elif isinstance(x, Value) and inside:
            terms.append(Term(sign, x, *_expression(x, operands, home, id(value))))
        elif isinstance(x, Value):
            terms.append(Term(sign, x, frozenset([place]), id(x)))
        elif x:
            terms.append(Term(sign, x, frozenset([place]), None))
    return terms


def _expression(
    x: Value, operands: Operands, home: Mapping[int, int], unit: int
) -> tuple[frozenset[Place], Any]:
    """Where edges from outside lead to in a folded expression, and what it is made of."""
    places, pattern = set(), list[Any]()
    stack: list[Value] = [x]
    while stack:
        v = stack.pop()
        pattern.append(v.rule)
        for position, (operand, local) in enumerate(operands[id(v)]):
            if local is None:
                pattern.append(None)
            elif home[id(operand)] == unit:
                stack.append(operand)
            else:
                places.add((id(v), position))
                pattern.append(id(operand))
    return frozenset(places), tuple(pattern)
