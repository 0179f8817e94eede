"""From groups of alike values to arrays: index arrays, matrix products, leaves in order.

What `structure` has gathered in lists, member by member, becomes `Layout`'s index arrays here.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from micrograd_like.compile.array_names import name_of
from micrograd_like.compile.layout import CONSTANTS, LEAVES, Array, Layout, Part, Product
from micrograd_like.engine import Value
from micrograd_like.rules import RULES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Places = NDArray[np.int64]

__all__ = ["Group", "Signature", "arrays_of", "layers_in_sums", "with_leaves_in_order"]

MOST_LAYERS = 8  # in one array of sums, up to which each gets an array of its own
PRODUCTS = 16  # in a layer without a name, from which that is worth it
Signature = tuple[Any, ...]
Found = TypeVar("Found", bound=Layout)


class Group:
    """The members of one array, gathered one by one.

    They have one ``signature``, which names an operation and the arrays of its operands:

    - of a sum ``(None, (sign, left, right, count), …)``: count terms, each a value of the array
      left (right is -1), or a product of values of left and right;
    - of a maximum of many ``(maximum, source, count)``;
    - of another operation ``(rule, source)`` or ``(rule, left, right)``, of a maximum of two with
      one element more.

    ``left`` and ``right`` have a list for each member: the rows of its operands in these arrays.
    """

    __slots__ = ("left", "members", "moves", "right", "row_of", "signature")

    def __init__(self, signature: Signature, moves: bool) -> None:
        self.signature, self.moves = signature, moves  # moves: as an Array's
        self.left: list[Sequence[int]] = []
        self.right: list[Sequence[int]] = []
        self.members: list[Value] = []
        self.row_of: dict[tuple[int, ...], int] | None = None  # by operands, from the second on

    def add(self, v: Value, left: Sequence[int], right: Sequence[int]) -> int:
        """The row of a value: a new one, or that of a member computed from the same operands."""
        row = len(self.members)
        if row:
            row_of = self.row_of
            if row_of is None:  # of one member alone a dict would cost too much
                row_of = self.row_of = {(*self.left[0], *self.right[0]): 0}
            known = row_of.setdefault((*left, *right), row)
            if known != row:
                return known
        self.members.append(v)
        self.left.append(left)
        self.right.append(right)
        return row


def arrays_of(groups: Sequence[Group], sources: Sequence[Array]) -> tuple[list[Array], Any]:
    """The arrays of the groups behind those that nothing computes.

    Where there is a matrix product, members are put into its order; the second result is a
    function of an array's number and of rows as the groups count them: where these are now.
    """
    import numpy as np

    arrays = list(sources)
    moves = [*(array.moves for array in sources), *(group.moves for group in groups)]
    new_row: dict[int, Places] = {}  # of the arrays whose members are in another order

    def rows_now(source: int, rows: "Places") -> "Places":
        return new_row[source][rows] if source in new_row else rows

    for number, group in enumerate(groups, len(sources)):
        parts, order = _with_products(_parts(group, rows_now), moves)
        members = group.members
        if order is not None:
            members = [members[k] for k in order.tolist()]
            new_row[number] = np.argsort(order)
        arrays.append(Array(group.signature[0], parts, members, group.moves))
    return arrays, rows_now


def _parts(group: Group, rows_now: Callable[[int, Any], "Places"]) -> list[Part]:
    """The parts of an array, as index arrays that have a row for each member."""
    import numpy as np

    rule, *operands = group.signature
    left, right = (
        np.array(side, dtype=np.int64).reshape(len(group.members), -1)
        for side in (group.left, group.right)
    )
    if rule is RULES["maximum"] and len(operands) == 2:  # of many values of one array
        return [Part(1, operands[0], rows_now(operands[0], left))]
    if rule is not None:
        sides = zip(operands, (left, right), strict=False)
        return [Part(1, source, rows_now(source, rows)) for source, rows in sides]
    parts, start = [], 0
    for sign, source, other, count in operands:
        a, b = left[:, start : start + count], right[:, start : start + count]
        if other < 0:
            parts.append(Part(sign, source, rows_now(source, a)))
        else:
            parts.append(Part(sign, source, rows_now(source, a), other, rows_now(other, b)))
        start += count
    return parts


# --- matrix products ---------------------------------------------------------------------------


def _with_products(parts: list[Part], moves: Sequence[bool]) -> tuple[list[Part], "Places | None"]:
    """The parts with their matrix products, and the order of members that these need, if any do."""
    import numpy as np

    order: Any = None
    products = []
    parts_by_side = [_data_left(part, moves) for part in parts]
    for part in parts_by_side:
        product, places = _product(part)
        if product and order is None:
            order = np.argsort(places)
        elif product and not np.array_equal(order, np.argsort(places)):
            product = None  # an array has one order
        products.append(product)
    if order is None:
        return parts, None
    return [
        part._replace(
            rows=part.rows[order],
            others=None if part.others is None else part.others[order],
            product=product,
        )
        for part, product in zip(parts_by_side, products, strict=True)
    ], order


def _data_left(part: Part, moves: Sequence[bool]) -> Part:
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
    """The matrix product that a part is, and each member's place in it, counted row by row.

    A member is a list of rows on the left with one on the right.  There is a matrix product if
    each different list on the left meets each different one on the right, once.
    """
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


# --- layers in one array -----------------------------------------------------------------------


def layers_in_sums(layout: Layout) -> dict[int, dict[int, int]]:
    """Of each array of sums in which there are several layers: the layers of its members, by ids.

    The neurons of two layers of one size are alike, and so they are members of one array.  On
    different data the layers are several matrix products, and none as a whole; on the same data
    they are one, in which their labels tell them apart.
    """
    found = {}
    moves = [array.moves for array in layout.arrays]
    labels = [v.label for v in layout.arrays[LEAVES].members]
    for number, array in enumerate(layout.arrays):
        parts = array.parts if array.rule is None and array.size > 1 else []
        if not any(part.product for part in parts):
            parts = [_data_left(part, moves) for part in parts]
        of_parts = (_layers(part, labels) for part in parts if part.right == LEAVES)
        layers = next((layers for layers in of_parts if layers), None)
        if layers:
            found[number] = dict(zip(map(id, array.members), layers, strict=True))
    return found


def _layers(part: Part, labels: Sequence[str]) -> list[int] | None:
    """The layer of each member of a sum's part, 0 if of none; None if all are of one.

    A layer is a matrix product of several columns.  By labels, or else by data alone.
    """
    import numpy as np

    if part.others is None or part.rows.shape[1] == 1:
        return None
    (_, i), (rights, j) = _distinct(part.rows), _distinct(part.others)
    owner_of: dict[str, int] = {}
    first: list[int] = rights[:, 0].tolist()
    owners = [_owner(labels[row]) for row in first]
    names = np.array([owner_of.setdefault(owner, len(owner_of)) for owner in owners])[j]
    data = _data_met(i, j)
    for kinds, least in ((data * len(owner_of) + names, 1), (data, PRODUCTS)):
        layers = np.zeros(len(i), dtype=np.int64)
        order = np.argsort(kinds, kind="stable")
        found = [
            members
            for members in np.split(order, np.flatnonzero(np.diff(kinds[order])) + 1)
            if members.size * part.rows.shape[1] >= least and _is_layer(i[members], j[members])
        ]
        for k, members in enumerate(found, 1):
            layers[members] = k
        if len(found) <= MOST_LAYERS and (layers != layers[0]).any():
            return list(layers.tolist())
    return None


def _owner(label: str) -> str:
    """What labels of one layer's weights have in common: ``layer0.neuron.w``.

    >>> _owner("q1.layer0.neuron3.w5"), _owner("Wq[0][1]")
    ('q1.layer0.neuron.w', 'Wq')
    """
    *path, near, last = ["", *label.split(".")]
    return ".".join([*path, name_of(near), name_of(last)]).lstrip(".")


def _data_met(i: "Places", j: "Places") -> "Places":
    """Of each pair of a list on the left and one on the right, a list on the left.

    It is the same for all pairs of a matrix product that meets none of the others' lists.
    """
    import numpy as np

    of_right = np.full(j.max() + 1, i.max())
    np.minimum.at(of_right, j, i)
    of_left = np.full(i.max() + 1, i.max())
    np.minimum.at(of_left, i, of_right[j])
    return of_left[i]


def _is_layer(i: "Places", j: "Places") -> bool:
    """Whether each list on the left meets each one on the right, of which there are several."""
    import numpy as np

    pairs = len(np.unique(i * (j.max() + 1) + j))
    width = len(np.unique(j))
    return width > 1 and len(np.unique(i)) * width == pairs == len(i)


# --- the order of leaves -----------------------------------------------------------------------


def with_leaves_in_order(layout: Found) -> Found:
    """Leaves in the order in which arrays need them, so that a matrix is a slice of them."""
    import numpy as np

    leaves = layout.arrays[LEAVES]
    needed = list(_leaves_needed(layout))
    order = dict.fromkeys(np.concatenate(needed).tolist() if needed else [])
    order |= dict.fromkeys(range(leaves.size))
    new_row = np.empty(leaves.size, dtype=np.int64)
    new_row[list(order)] = np.arange(leaves.size)

    def rows_now(source: int | None, rows: Any) -> Any:
        return new_row[rows] if source == LEAVES and rows is not None else rows

    arrays = [
        array._replace(parts=[_renumbered(part, array, rows_now) for part in array.parts])
        for array in layout.arrays
    ]
    arrays[LEAVES] = leaves._replace(members=[leaves.members[k] for k in order])
    roots = [(source, int(rows_now(source, np.array(row)))) for source, row in layout.roots]
    return layout._replace(arrays=arrays, roots=roots)


def _leaves_needed(layout: Layout) -> Iterator["Places"]:
    """The rows of leaves that parts take, a matrix's in its order."""
    for array in layout.arrays:
        for part in array.parts:
            left, right = part.product or (part.rows, part.others)
            if part.left == LEAVES:
                yield left.ravel()
            if part.right == LEAVES and right is not None:
                yield right.ravel()


def _renumbered(part: Part, array: Array, rows_now: Callable[[int | None, Any], Any]) -> Part:
    """A part with the new rows; the terms of a single sum in the order of these, as it is free."""
    import numpy as np

    a, b = rows_now(part.left, part.rows), rows_now(part.right, part.others)
    product = part.product
    if product:
        product = Product(rows_now(part.left, product.left), rows_now(part.right, product.right))
    if array.size == 1 and array.rule is None:
        order = np.lexsort((a[0],) if b is None else (b[0], a[0]))
        a, b = a[:, order], None if b is None else b[:, order]
        product = Product(a, b) if product and b is not None else None
    return part._replace(rows=a, others=b, product=product)
