"""The arrays in a graph of scalars: values that are computed alike, and matrix products.

A network is recorded as thousands of ``×`` and ``+``.  One walk through the graph finds what they
were made from:

1. **Sums.**  ``+``, ``−`` and their signs become sums of many terms, a term being a value or a
   product of two.  A sum that only another sum uses is a part of that one.  A chain of maxima
   becomes a maximum of many.
2. **Alike values.**  Values that are computed by the same operation from the same arrays are
   members of one array.  As an array's operands are in arrays that were there before it, computing
   the arrays in their order gives the numbers of any graph.
3. **Matrix products** (products.py).  Each member of an array of sums takes some values on the left
   and some on the right.  Where all of the left meet all of the right, it is a matrix product.
4. **Layers.**  Two layers of one size are alike, too.  Where an array of sums holds several, a
   second walk gives each an array of its own.

>>> from micrograd_like.nn import Layer
>>> x = [Value(0.0, "x0"), Value(0.0, "x1")]
>>> print(structure(Layer(2, 16)(x), x))
neuron[n×16] = relu(x[n×2] · w[2×16] + b[16])
return neuron
"""

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from micrograd_like.arguments import extra
from micrograd_like.compile.array_text import text
from micrograd_like.compile.graph_arrays import roots_and_inputs
from micrograd_like.compile.layout import CONSTANTS, GIVEN, LEAVES, Array, Layout
from micrograd_like.compile.products import (
    Group,
    Signature,
    arrays_of,
    layers_in_sums,
    with_leaves_in_order,
)
from micrograd_like.display import Table
from micrograd_like.engine import Value
from micrograd_like.notation import plural
from micrograd_like.rules import RULES, SUMS

__all__ = ["Structure", "regular_structure", "structure"]

MOST_LINES = 40  # of a program in a notebook
FEW_ARRAYS = 64  # up to which no graph is irregular
# A value's place is one integer, which is quicker than a pair: its array, and below these bits its
# row in that.
BITS = 40
ROW = (1 << BITS) - 1
Terms = list[tuple[int, int, int]]  # sign, place, and the place of another factor or -1
MUL, MAXIMUM = RULES["mul"], RULES["maximum"]


class Structure(Layout):
    """The arrays of a graph; ``print`` shows them as a short program."""

    __slots__ = ()

    def __str__(self) -> str:
        return text(self)

    def __repr__(self) -> str:
        return f"<Structure of {self._counts()}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text("\n".join(self._few_lines()))

    def _repr_html_(self) -> str:
        rows = []
        for line in self._few_lines():
            name, equals, formula = line.partition(" = ")
            rows.append([name, equals.lstrip() + formula])
        return Table(rows).html(self._counts())

    def _counts(self) -> str:
        arrays = plural(len(self.arrays) - GIVEN, "array")
        return f"{plural(self.operations, 'operation')} in {arrays}"

    def _few_lines(self) -> list[str]:
        """The program's lines, as many as a notebook shows: a graph without structure has many."""
        lines = str(self).splitlines()
        left = len(lines) - MOST_LINES
        return lines if left <= 0 else [*lines[:MOST_LINES], f"… {plural(left, 'more line')}"]


def structure(roots: Value | Sequence[Value], inputs: Sequence[Value] = ()) -> Structure:
    """Find the arrays of a recorded graph; ``print`` shows them as a short program.

    ``roots`` are the results, one Value or several.  ``inputs`` are the leaves whose numbers
    change from row to row when the graph is replayed: what depends on them has n rows in the
    program's shapes.

    An array is called as its members' labels are without the numbers in which these differ:
    ``layer0.neuron3.w2`` and its like give ``layer0.w``; ``W1_0_2``, ``W1[0,2]``, ``W1[0][2]`` or
    ``W1.0.2`` give ``W1``.  Where labels have nothing in common, or there are none, it is X, W, b
    or p for leaves and v for what is computed, with a number.  Layers of one size on the same data
    are apart if their labels are, and else one matrix.

    The result's ``arrays`` begin with the inputs, the other leaves and the constants; each array
    after these has ``members``, the Values, and ``parts``, index arrays of the shape (members,
    terms) into arrays before it; ``roots`` has the array and the row of each root.

    A TypeError tells a root or an input that is no Value, and an operation made by hand; a
    ValueError no root at all, and an input that is no leaf of the graph or is given twice; an
    ImportError that there is no NumPy.

    >>> x, w, b = ([Value(0.5, f"{name}{k}") for k in range(2)] for name in "xwb")
    >>> h = [(w[0] * x[0] + b[0]).tanh(), (w[1] * x[1] + b[1]).tanh()]
    >>> print(structure([*h, h[0] - h[1]], x))
    v1[n×2] = tanh(x[n×2] ⊙ w[2] + b[2])
    v2[n] = v1[0] − v1[1]
    return v1, v2
    >>> found = structure(h, x)
    >>> found, found.arrays[-1].members == h, found.roots
    (<Structure of 6 operations in 2 arrays>, True, [(4, 0), (4, 1)])
    """
    extra("numpy", "tape", "structure computes with NumPy")
    found = regular_structure(*roots_and_inputs("structure", roots, inputs))
    assert found is not None
    return found


def regular_structure(
    roots: Sequence[Value], inputs: Sequence[Value], order: Sequence[Value], share: float = 1.0
) -> Structure | None:
    """The arrays of a graph; None as soon as there are more than a share of its operations.

    ``order`` has the graph's values in topological order.

    >>> from micrograd_like.graph import topological_order
    >>> v = Value(2.0)
    >>> for k in range(100):
    ...     v = v.tanh() if k % 2 else v.sin()
    >>> regular_structure([v], [], topological_order(v), share=0.25) is None
    True
    """
    most = max(FEW_ARRAYS, share * len(order))
    walk = _Walk(order, roots, inputs, {})
    if not walk.run(order, most):
        return None
    found = walk.result()
    layers = walk.layers(found)
    again = _Walk(order, roots, inputs, layers)
    return again.result() if layers and again.run(order, most) else found


class _Walk:
    """One walk through a graph in topological order, in which every value gets its place.

    A sum, a product and a maximum get none at first.  They are pending: if only one other sum
    uses them, they become some of its terms.  Whoever else asks for their place makes them members
    of an array.  ``layer_of`` has the layers of sums by ids: one array has those of one layer.
    """

    def __init__(
        self,
        order: Sequence[Value],
        roots: Sequence[Value],
        inputs: Sequence[Value],
        layer_of: dict[int, int],
    ) -> None:
        self.layer_of = layer_of
        self.roots, self.inputs, self.leaves = roots, list(inputs), list[Value]()
        self.constants: dict[str, int] = {}  # the rows, by bit patterns: 0.0 is not −0.0
        self.groups: list[Group] = []
        self.number_of: dict[tuple[int, Signature], int] = {}  # of the groups, by layers
        self.moves = [True, False, False]  # of each array: inputs, leaves, constants, groups
        self.place = {id(v): k for k, v in enumerate(inputs)}
        self.pending_sums: dict[int, tuple[int, Terms]] = {}  # the sign of the whole, and terms
        self.pending_products: dict[int, tuple[int, int]] = {}  # the places of the factors
        # The places of all operands, and the values of the chain.
        self.pending_maxima: dict[int, tuple[list[int], list[Value]]] = {}
        self.uses = _count_uses(order, roots)
        self.operations = 0

    def run(self, order: Sequence[Value], most: float) -> bool:
        """Visit the operations; False as soon as there are more than so many groups."""
        for v in order:
            if v._rule is not None:
                self.operations += 1
                self._visit(v)
                if len(self.groups) > most:
                    return False
        return True

    def result(self) -> Structure:
        """The arrays, after the walk."""
        import numpy as np

        root_places = [self._place(v) for v in self.roots]
        constants = [float.fromhex(key) for key in self.constants]
        sources = [
            Array(None, [], self.inputs, True),
            Array(None, [], self.leaves, False),
            Array(None, [], constants, False),
        ]
        arrays, rows_now = arrays_of(self.groups, sources)
        pairs = [(place >> BITS, np.array(place & ROW)) for place in root_places]
        roots = [(source, int(rows_now(source, row))) for source, row in pairs]
        return with_leaves_in_order(Structure(arrays, roots, self.operations))

    def layers(self, found: Structure) -> dict[int, int]:
        """The layers of values by their ids, if an array of the result holds several layers."""
        split = layers_in_sums(found)
        if not split:
            return {}
        return {
            key: split[place >> BITS][id(self.groups[(place >> BITS) - GIVEN].members[place & ROW])]
            for key, place in self.place.items()
            if place >> BITS in split
        }

    def _visit(self, v: Value) -> None:
        """Make a sum, a product or a maximum pending; any other operation is a member at once."""
        rule: Any = v._rule
        x, y = v._x, v._y
        if rule in SUMS:
            if rule.arity == 1:
                self.pending_sums[id(v)] = self._terms(x, -1)
                return
            long, short = self._terms(x, 1), self._terms(y, -1 if rule.name == "sub" else 1)
            if len(long[1]) < len(short[1]):  # the longer list grows: time in proportion
                long, short = short, long
            long[1].extend(_with_sign(long[0] * short[0], short[1]))
            self.pending_sums[id(v)] = long
        elif rule is MUL:
            self.pending_products[id(v)] = self._place(x), self._place(y)
        elif rule is MAXIMUM:
            chain = self.pending_maxima.pop(id(x), None) if self.uses.get(id(x)) == 1 else None
            places, nodes = self.pending_maxima[id(v)] = chain or ([self._place(x)], [])
            places.append(self._place(y))
            nodes.append(v)
        else:
            places = [self._place(x)] if rule.arity == 1 else [self._place(x), self._place(y)]
            sources = [place >> BITS for place in places]
            rows = [place & ROW for place in places]
            self._add(v, (rule, *sources), sources, rows[:1], rows[1:])

    def _terms(self, x: Any, sign: int) -> tuple[int, Terms]:
        """The terms of a sum's operand, and a sign for all of them.

        They are those of a pending sum or product that nothing else uses, or the operand itself;
        none of the zero that Python's ``sum`` starts with.
        """
        i = id(x)
        if self.uses.get(i) == 1:
            if i in self.pending_products:
                return 1, [(sign, *self.pending_products.pop(i))]
            if i in self.pending_sums:
                own, terms = self.pending_sums.pop(i)
                return sign * own, terms  # the list itself, as a copy would take time
        if not isinstance(x, Value) and x == 0.0:
            return 1, []
        return 1, [(sign, self._place(x), -1)]

    def _place(self, x: Any) -> int:
        """Where an operand is: what is pending becomes a member now, a leaf gets its row."""
        if not isinstance(x, Value):
            row = self.constants.setdefault(float(x).hex(), len(self.constants))
            return CONSTANTS << BITS | row
        place = self.place.get(id(x))
        if place is not None:
            return place
        if id(x) in self.pending_products:
            return self._add_sum(x, [(1, *self.pending_products.pop(id(x)))])
        if id(x) in self.pending_sums:
            return self._add_sum(x, _with_sign(*self.pending_sums.pop(id(x))))
        if id(x) in self.pending_maxima:
            return self._add_maximum(*self.pending_maxima.pop(id(x)))
        place = self.place[id(x)] = LEAVES << BITS | len(self.leaves)
        self.leaves.append(x)
        return place

    def _add_sum(self, v: Value, terms: Terms) -> int:
        """The place of a sum, its terms in an order that does not depend on how it was written.

        Terms are put together by sign and arrays; within these they are sorted by the rows on one
        side, that of the data, so that members with the same data have it in the same order.
        """
        pairs_of: dict[tuple[int, int, int], list[tuple[int, int]]] = {}  # by sign and arrays
        for sign, one, other in terms:
            swap = other >= 0 and one >> BITS > other >> BITS
            a, b = (other, one) if swap else (one, other)
            kind = (sign, a >> BITS, b >> BITS)  # -1 >> BITS is -1
            pairs_of.setdefault(kind, []).append((a & ROW, b & ROW if b >= 0 else 0))
        # Products first, then by arrays, + before −.
        kinds = sorted(pairs_of, key=lambda kind: (kind[2] < 0, kind[1:], -kind[0]))
        left_rows: list[int] = []
        right_rows: list[int] = []
        for kind in kinds:
            _, left, right = kind
            pairs = pairs_of[kind]
            if len(pairs) > 1:
                data_is_left = self.moves[left] and not self.moves[right]
                by_left = right < 0 or right == CONSTANTS or data_is_left
                pairs.sort(key=itemgetter(0 if by_left else 1))
            left_rows += map(itemgetter(0), pairs)
            right_rows += map(itemgetter(1), pairs)
        signature = (None, *((*kind, len(pairs_of[kind])) for kind in kinds))
        sources = [source for kind in kinds for source in kind[1:] if source >= 0]
        return self._add(v, signature, sources, left_rows, right_rows)

    def _add_maximum(self, places: list[int], nodes: list[Value]) -> int:
        """The place of a chain of maxima: one of many, if all operands are from one array."""
        source = places[0] >> BITS
        if all(place >> BITS == source for place in places):
            rows = [place & ROW for place in places]
            return self._add(nodes[-1], (MAXIMUM, source, len(places)), (source,), rows, ())
        at = places[0]
        for node, place in zip(nodes, places[1:], strict=True):  # one operation after the other
            sources = at >> BITS, place >> BITS
            signature = (MAXIMUM, *sources, 0)  # of two, not of many
            at = self._add(node, signature, sources, (at & ROW,), (place & ROW,))
        return at

    def _add(
        self,
        v: Value,
        signature: Signature,
        sources: Iterable[int],
        left: Sequence[int],
        right: Sequence[int],
    ) -> int:
        """The place of a new member, or of one that is computed from the same operands."""
        key = self.layer_of.get(id(v), 0), signature
        number = self.number_of.get(key)
        if number is None:
            number = self.number_of[key] = len(self.groups)
            moves = any(self.moves[source] for source in sources)
            self.groups.append(Group(signature, moves))
            self.moves.append(moves)
        row = self.groups[number].add(v, left, right)
        place = self.place[id(v)] = (number + GIVEN) << BITS | row
        return place


def _with_sign(sign: int, terms: Terms) -> Terms:
    return terms if sign > 0 else [(-s, a, b) for s, a, b in terms]


def _count_uses(order: Sequence[Value], roots: Sequence[Value]) -> dict[int, int]:
    """How often each value is an operand; a root is used from outside, too, so never once."""
    uses: dict[int, int] = {}
    for v in order:
        if v._rule is not None:
            for x in (v._x, v._y):
                if isinstance(x, Value):
                    uses[id(x)] = uses.get(id(x), 0) + 1
    for v in roots:
        uses[id(v)] = uses.get(id(v), 0) + 2
    return uses
