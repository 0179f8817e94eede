"""The arrays in a graph of scalars: values that are computed alike, and matrix products.

A network is recorded as thousands of ``×`` and ``+``.  One walk through the graph finds what they
were made from:

1. ``+``, ``−`` and their signs become sums of many terms, a term being a value or a product of two;
   what such a sum alone uses is a part of it.  A chain of maxima becomes one of many, too.
2. Values that are computed by the same operation from the same arrays are members of one array.  An
   array is opened by its first member, and its operands are in arrays that were there before: done
   in this order, the arrays give the numbers of every graph.
3. Members of a sum of products whose factors are all pairs of some rows on the left and some on the
   right are a matrix product.

>>> from micrograd_like.nn import Layer
>>> x = [Value(0.0, "x0"), Value(0.0, "x1")]
>>> print(structure(Layer(2, 16)(x), x))
neuron[n×16] = relu(x[n×2] · w[2×16] + b[16])
return neuron
"""

from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from micrograd_like.compile.array_text import text
from micrograd_like.compile.graph_arrays import roots_and_inputs
from micrograd_like.compile.layout import (
    CONSTANTS,
    LEAVES,
    Array,
    Layout,
    Part,
    Product,
)
from micrograd_like.engine import Value
from micrograd_like.notation import plural
from micrograd_like.rules import RULES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Places = NDArray[np.int64]

__all__ = ["Structure", "regular_structure", "structure"]

MANY = 64  # arrays, up to which no graph is irregular
SHIFT = 40  # a scalar's place is one integer: its array, and below these bits its row there
ROW = (1 << SHIFT) - 1
Key = tuple[Any, ...]
Terms = list[tuple[int, int, int]]  # sign, place, and the place of another factor or -1
SIGNED = (RULES["add"], RULES["sub"], RULES["neg"])
MUL, MAXIMUM = RULES["mul"], RULES["maximum"]


class Structure(Layout):
    """The arrays of a graph; ``print`` shows them as a short program."""

    __slots__ = ()

    def __str__(self) -> str:
        return text(self)

    def __repr__(self) -> str:
        arrays = plural(len(self.arrays) - 3, "array")
        return f"<Structure of {plural(self.operations, 'operation')} in {arrays}>"


def structure(roots: Value | Sequence[Value], inputs: Sequence[Value] = ()) -> Structure:
    """Find the arrays of a recorded graph; ``print`` shows them as a short program.

    ``inputs`` are the leaves whose numbers change from row to row when the graph is replayed: what
    depends on them has n rows in the program.

    A TypeError or a ValueError tells a root that is no Value, and an input that is no leaf.

    >>> a, b = Value(2.0, "a"), Value(3.0, "b")
    >>> print(structure((a * b + a * a).tanh()))
    v1 = tanh(a² + b · a)
    """
    found = regular_structure(*roots_and_inputs("structure", roots, inputs))
    assert found is not None
    return found


def regular_structure(
    roots: Sequence[Value], inputs: Sequence[Value], order: Sequence[Value], share: float = 1.0
) -> Structure | None:
    """The arrays of a graph; None as soon as there are more than a share of its operations.

    >>> from micrograd_like.graph import topological_order
    >>> v = Value(2.0)
    >>> for k in range(100):
    ...     v = v.tanh() if k % 2 else v.sin()
    >>> regular_structure([v], [], topological_order(v), share=0.25) is None
    True
    """
    walk = _Arrays(order, roots, inputs, max(MANY, share * len(order)))
    return None if walk.is_irregular else walk.found()


class _Kind:
    """An array that is being found: how its members are computed, and their operands' rows."""

    __slots__ = ("key", "left", "members", "moves", "number_of", "right")

    def __init__(self, key: Key, moves: bool) -> None:
        self.key, self.moves = key, moves
        self.left: list[Sequence[int]] = []
        self.right: list[Sequence[int]] = []
        self.members: list[Value] = []
        self.number_of: dict[Key, int] | None = None  # of several members, by their operands' rows

    def add(self, v: Value, left: Sequence[int], right: Sequence[int]) -> int:
        """The row of a member: a new one, or one that is computed from the same operands."""
        row = len(self.members)
        if row:
            known = self.number_of
            if known is None:
                known = self.number_of = {(*self.left[0], *self.right[0]): 0}
            found = known.setdefault((*left, *right), row)
            if found != row:
                return found
        self.members.append(v)
        self.left.append(left)
        self.right.append(right)
        return row


class _Arrays:
    """The walk: every value gets its place, and what a sum alone uses waits for it."""

    def __init__(
        self,
        order: Sequence[Value],
        roots: Sequence[Value],
        inputs: Sequence[Value],
        most: float,
    ) -> None:
        self.inputs, self.leaves = list(inputs), list[Value]()
        self.constants: dict[str, int] = {}  # one bit pattern has one place
        self.kinds: list[_Kind] = []
        self.moves = [True, False, False]  # of each array
        self.number_of: dict[Key, int] = {}  # of the kinds
        self.place = {id(v): k for k, v in enumerate(inputs)}
        self.sums: dict[int, tuple[int, Terms]] = {}  # with the sign of the whole
        self.products: dict[int, tuple[int, int]] = {}
        self.maxima: dict[int, tuple[list[int], list[Value]]] = {}  # of places, and on the way
        self.uses = _uses(order, roots)
        self.operations = 0
        self.is_irregular = False
        self.ends: list[int] = []
        for v in order:
            if v._rule is not None:
                self.operations += 1
                self._meet(v)
                if len(self.kinds) > most:
                    self.is_irregular = True
                    return
        self.ends = [self._place(v) for v in roots]

    def _meet(self, v: Value) -> None:
        rule: Any = v._rule
        x, y = v._x, v._y
        if rule in SIGNED:
            if rule.arity == 1:
                self.sums[id(v)] = self._terms(x, -1)
                return
            one, other = self._terms(x, 1), self._terms(y, -1 if rule.name == "sub" else 1)
            if len(one[1]) < len(other[1]):  # the longer list grows
                one, other = other, one
            one[1].extend(_with_sign(one[0] * other[0], other[1]))
            self.sums[id(v)] = one
        elif rule is MUL:
            self.products[id(v)] = self._place(x), self._place(y)
        elif rule is MAXIMUM:
            found = self.maxima.pop(id(x), None) if self.uses.get(id(x)) == 1 else None
            places, nodes = self.maxima[id(v)] = found or ([self._place(x)], [])
            places.append(self._place(y))
            nodes.append(v)
        else:
            places = [self._place(x)] if rule.arity == 1 else [self._place(x), self._place(y)]
            key = (rule, *(place >> SHIFT for place in places))
            rows = [place & ROW for place in places]
            self._add(v, key, key[1:], rows[:1], rows[1:])

    def _terms(self, x: Any, sign: int) -> tuple[int, Terms]:
        """The terms of an operand of a sum, and their sign: its own, if nothing else uses it."""
        i = id(x)
        if self.uses.get(i) == 1:
            if i in self.products:
                return 1, [(sign, *self.products.pop(i))]
            if i in self.sums:
                own, terms = self.sums.pop(i)
                return sign * own, terms
        return 1, [(sign, self._place(x), -1)]

    def _place(self, x: Any) -> int:
        """Where a value is; one that waits gets its array now, a leaf its row."""
        if not isinstance(x, Value):
            row = self.constants.setdefault(float(x).hex(), len(self.constants))
            return CONSTANTS << SHIFT | row
        found = self.place.get(id(x))
        if found is not None:
            return found
        if id(x) in self.products:
            return self._add_sum(x, [(1, *self.products.pop(id(x)))])
        if id(x) in self.sums:
            return self._add_sum(x, _with_sign(*self.sums.pop(id(x))))
        if id(x) in self.maxima:
            return self._add_maximum(*self.maxima.pop(id(x)))
        place = self.place[id(x)] = LEAVES << SHIFT | len(self.leaves)
        self.leaves.append(x)
        return place

    def _add_sum(self, v: Value, terms: Terms) -> int:
        """Terms by the arrays that they are from; within these by the rows on the moving side."""
        by: dict[tuple[int, int, int], list[tuple[int, int]]] = {}
        for sign, *places in terms:
            a, b = places
            if b >= 0 and a >> SHIFT > b >> SHIFT:
                a, b = b, a
            of = (sign, a >> SHIFT, b >> SHIFT)  # -1 >> SHIFT is -1
            by.setdefault(of, []).append((a & ROW, b & ROW if b >= 0 else 0))
        kinds = sorted(by, key=lambda of: (of[2] < 0, of[1:], -of[0]))
        left: list[int] = []
        right: list[int] = []
        for of in kinds:
            pairs = by[of]
            if len(pairs) > 1:
                moving_left = self.moves[of[1]] and not self.moves[of[2]]
                by_left = of[2] < 0 or of[2] == CONSTANTS or moving_left
                pairs.sort(key=itemgetter(0 if by_left else 1))
            left += map(itemgetter(0), pairs)
            right += map(itemgetter(1), pairs)
        key = (None, *((*of, len(by[of])) for of in kinds))
        sources = [source for of in kinds for source in of[1:] if source >= 0]
        return self._add(v, key, sources, left, right)

    def _add_maximum(self, places: list[int], nodes: list[Value]) -> int:
        source = places[0] >> SHIFT
        if all(place >> SHIFT == source for place in places):
            rows = [place & ROW for place in places]
            return self._add(nodes[-1], (MAXIMUM, source, len(places)), (source,), rows, ())
        at = places[0]
        for node, place in zip(nodes, places[1:], strict=True):  # one operation after the other
            of = at >> SHIFT, place >> SHIFT
            at = self._add(node, (MAXIMUM, *of, 0), of, (at & ROW,), (place & ROW,))
        return at

    def _add(
        self, v: Value, key: Key, sources: Iterable[int], left: Sequence[int], right: Sequence[int]
    ) -> int:
        """The place of a new member, or of one that is computed from the same operands."""
        number = self.number_of.get(key)
        if number is None:
            number = self.number_of[key] = len(self.kinds)
            self.kinds.append(_Kind(key, any(self.moves[source] for source in sources)))
            self.moves.append(self.kinds[-1].moves)
        row = self.kinds[number].add(v, left, right)
        place = self.place[id(v)] = (number + 3) << SHIFT | row
        return place

    def found(self) -> Structure:
        """The arrays, members in the order of matrix products, leaves in that of their use."""
        import numpy as np

        constants = [float.fromhex(key) for key in self.constants]
        arrays = [
            Array(None, [], self.inputs, True),
            Array(None, [], self.leaves, False),
            Array(None, [], constants, False),
        ]
        moved: dict[int, Places] = {}  # where the members of an array have gone

        def rows(source: int, of: "NDArray[np.int64]") -> "Places":
            return moved[source][of] if source in moved else of

        for number, kind in enumerate(self.kinds, 3):
            parts, order = _with_products(_parts(kind, rows), self.moves)
            members = kind.members
            if order is not None:
                members = [members[k] for k in order.tolist()]
                moved[number] = np.argsort(order)
            arrays.append(Array(kind.key[0], parts, members, kind.moves))
        places = [(end >> SHIFT, np.array(end & ROW)) for end in self.ends]
        ends = [(source, int(rows(source, row))) for source, row in places]
        return _with_leaves_in_order(Structure(arrays, ends, self.operations))


def _with_sign(sign: int, terms: Terms) -> Terms:
    return terms if sign > 0 else [(-s, a, b) for s, a, b in terms]


def _uses(order: Sequence[Value], roots: Sequence[Value]) -> dict[int, int]:
    """How often each value is an operand; a root counts as used by somebody else, too."""
    uses: dict[int, int] = {}
    for v in order:
        if v._rule is not None:
            for x in (v._x, v._y):
                if isinstance(x, Value):
                    uses[id(x)] = uses.get(id(x), 0) + 1
    for v in roots:
        uses[id(v)] = uses.get(id(v), 0) + 2
    return uses


def _parts(kind: _Kind, rows: Callable[[int, Any], "Places"]) -> list[Part]:
    """The parts of an array, as index arrays of a row for each member."""
    import numpy as np

    rule, *of = kind.key
    left, right = (
        np.array(side, dtype=np.int64).reshape(len(kind.members), -1)
        for side in (kind.left, kind.right)
    )
    if rule is MAXIMUM and len(of) == 2:  # of many values of one array
        return [Part(1, of[0], rows(of[0], left))]
    if rule is not None:
        sides = zip(of, (left, right), strict=False)
        return [Part(1, source, rows(source, side)) for source, side in sides]
    parts, at = [], 0
    for sign, source, other, count in of:
        a, b = left[:, at : at + count], right[:, at : at + count]
        if other < 0:
            parts.append(Part(sign, source, rows(source, a)))
        else:
            parts.append(Part(sign, source, rows(source, a), other, rows(other, b)))
        at += count
    return parts


def _with_products(parts: list[Part], moves: Sequence[bool]) -> tuple[list[Part], "Places | None"]:
    """The parts with their matrix products, and the order of members that these need, if any do."""
    import numpy as np

    order: Any = None
    products = []
    sides = [_data_first(part, moves) for part in parts]
    for part in sides:
        found, places = _product(part)
        if found and order is None:
            order = np.argsort(places)
        elif found and not np.array_equal(order, np.argsort(places)):
            found = None  # an array has one order
        products.append(found)
    if order is None:
        return parts, None
    return [
        part._replace(
            rows=part.rows[order],
            others=None if part.others is None else part.others[order],
            product=product,
        )
        for part, product in zip(sides, products, strict=True)
    ], order


def _data_first(part: Part, moves: Sequence[bool]) -> Part:
    """Products of data and weights: what moves is data, or what was computed, or a constant.

    Of two leaves the second is: in w * x it is x.  Members are then in the order of the data.
    """
    if part.right is None or part.others is None:
        return part
    left, right = ((moves[k], k > CONSTANTS, k != LEAVES) for k in (part.left, part.right))
    if left > right or (left == right and part.left != part.right):
        return part
    return part._replace(left=part.right, rows=part.others, right=part.left, others=part.rows)


def _product(part: Part) -> tuple[Product | None, Any]:
    """The matrix product that a part is, and each member's place in it."""
    import numpy as np

    a, b = part.rows, part.others
    if b is None or a.shape[1] == 1:
        return None, None
    (lefts, i), (rights, j) = _distinct(a), _distinct(b)
    if len(lefts) * len(rights) != len(a):
        return None, None
    places = i * len(rights) + j
    if len(np.unique(places)) < len(places):
        return None, None
    return Product(lefts, rights), places


def _distinct(lists: "Places") -> tuple["Places", "Places"]:
    """The different rows in the order of their first appearance, and which one each is."""
    import numpy as np

    seen: dict[bytes, int] = {}
    which = [seen.setdefault(row.tobytes(), len(seen)) for row in np.ascontiguousarray(lists)]
    numbers = np.array(which, dtype=np.int64)
    firsts = np.unique(numbers, return_index=True)[1]
    return lists[firsts], numbers


def _with_leaves_in_order(found: Structure) -> Structure:
    """Leaves in the order in which arrays need them, so that matrices lie side by side."""
    import numpy as np

    leaves = found.arrays[LEAVES]
    needed = [
        side.ravel()
        for array in found.arrays
        for part in array.parts
        for source, side in _sides(part)
        if source == LEAVES
    ]
    order = dict.fromkeys(np.concatenate(needed).tolist() if needed else [])
    order |= dict.fromkeys(range(leaves.size))
    numbers = np.empty(leaves.size, dtype=np.int64)
    numbers[list(order)] = np.arange(leaves.size)

    def new(source: int | None, rows: Any) -> Any:
        return numbers[rows] if source == LEAVES and rows is not None else rows

    arrays = list(found.arrays)
    arrays[LEAVES] = leaves._replace(members=[leaves.members[k] for k in order])
    for k, array in enumerate(arrays):
        parts = []
        for part in array.parts:
            a, b = new(part.left, part.rows), new(part.right, part.others)
            product = part.product
            if product:
                product = Product(new(part.left, product.left), new(part.right, product.right))
            if array.size == 1 and array.rule is None:  # the order of one sum is free
                by = np.lexsort((a[0],) if b is None else (b[0], a[0]))
                a, b = a[:, by], None if b is None else b[:, by]
                product = Product(a, b) if product and b is not None else None
            parts.append(part._replace(rows=a, others=b, product=product))
        arrays[k] = array._replace(parts=parts)
    ends = [(source, int(new(source, np.array(row)))) for source, row in found.roots]
    return found._replace(arrays=arrays, roots=ends)


def _sides(part: Part) -> list[tuple[int, Any]]:
    """The arrays of a part, with the rows that it takes of each, a matrix's in its order."""
    left, right = part.product or (part.rows, part.others)
    return [(part.left, left)] if part.right is None else [(part.left, left), (part.right, right)]
