"""What the arrays view shows: the arrays of a graph as boxes of plain data.

They are those that :func:`micrograd_like.structure` finds, in the names that it prints.

>>> x, w = [Value(1.0, "x0"), Value(-2.0, "x1")], [Value(0.5, "w0"), Value(3.0, "w1")]
>>> boxes, rest = boxes_of([w[0] * x[0] + w[1] * x[1]])
>>> print(*boxes, rest, sep="; ")
x[2]; w[2]; v1 = x · w; Rest(operations=3, repeated='', arrays=0, values=0)
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from micrograd_like.arguments import extra
from micrograd_like.compile import (
    CONSTANTS,
    Array,
    ArrayText,
    Layout,
    regular_structure,
    roots_and_inputs,
)
from micrograd_like.engine import Value
from micrograd_like.graph import NOT_COMPUTED
from micrograd_like.groups import groups_of
from micrograd_like.guard import ONE_PASS
from micrograd_like.notation import plural
from micrograd_like.parameters import learned
from micrograd_like.rules import RULES, SUMS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Places = NDArray[np.int64]

__all__ = ["Box", "Rest", "boxes_of"]

MOST = 40  # boxes, up to which all are shown
NEAREST = 24  # to the roots, of more
TERMS = (*SUMS, RULES["mul"])
IRREGULAR = 2000  # arrays, from which on a graph has none to show
Key = tuple[int, Any]  # an array's number, and a block of it, or places in the constants


class Box(NamedTuple):
    """An array as the picture shows it."""

    kind: str  # "leaf", "parameter", "constants", "value" or "root"
    name: str
    formula: str  # "" of what nothing computes
    shape: tuple[int, ...]
    moves: bool  # whether there is one for each row of data
    data: "Numbers"  # in two dimensions
    grads: "Numbers | None"  # likewise, 0 where one is not known; None if none is
    known: int  # how many gradients are
    roots: int  # how many of the values are roots
    sources: list[int]  # places of the boxes that it is computed from
    reads_hidden: bool  # whether it is computed from what is not shown, too

    def __str__(self) -> str:
        if self.formula:
            return f"{self.name} = {self.formula}"
        return f"{self.name}[{self.sizes}]" if self.sizes else self.name

    @property
    def sizes(self) -> str:
        """The shape as people write it, with n for the rows of data."""
        return "×".join([*["n"] * self.moves, *map(str, self.shape)])


class Rest(NamedTuple):
    """What the boxes do not say: how large the graph is, and what is not shown of it."""

    operations: int
    repeated: str  # what is computed again from the same operands, in words
    arrays: int  # that are too far from the roots
    values: int  # in these


def boxes_of(
    roots: Value | Sequence[Value], inputs: Sequence[Value] = ()
) -> tuple[list[Box], Rest]:
    """The arrays of a graph that are nearest to its roots, in the order of computation.

    A ValueError tells a graph that has no arrays to show; TypeErrors and ValueErrors tell wrong
    arguments as in :func:`micrograd_like.structure`; an ImportError that there is no NumPy.
    """
    extra("numpy", "tape", "the arrays view computes with NumPy")
    roots, inputs, order = roots_and_inputs("draw_dot", roots, inputs)
    found = regular_structure(roots, inputs, order, share=IRREGULAR / len(order))
    if found is None:
        raise ValueError(
            f"draw_dot: view 'arrays' needs values that are computed alike; this graph has more "
            f"than {IRREGULAR:,} that are not; take another view"
        )
    return _Boxes(found, order).boxes()


class _Boxes:
    """The boxes of a structure, by their keys."""

    def __init__(self, found: Layout, order: Sequence[Value]) -> None:
        import numpy as np

        self.found, self.order = found, order
        self.learned = learned().union(groups_of(order))
        self.program = ArrayText(found)
        list(self.program.lines())  # which gives the names
        self.formulas: dict[Key, str] = {}
        self.sources: dict[Key, list[Key]] = {}
        self.columns: set[Key] = set()  # the lists that stand upright
        self.parts: dict[Key, Places] = {}  # of leaves and constants: which
        for k, array in enumerate(found.arrays):
            if array.parts:
                self._read(k, array)
        self.roots: dict[Key, int] = {}  # and how many each has
        for source, row in found.roots:
            for key in self._keys(source, np.array(row)):
                self.roots[key] = self.roots.get(key, 0) + 1

    def _read(self, k: int, array: Array) -> None:
        """The formula of an array, and what it is computed from."""
        own = k, None
        if len(self.program.shapes[k]) == 1 and self._is_column(array):
            self.columns.add(own)
        if k in self.program.within:
            return
        self.program.reads.clear()
        self.formulas[own] = self.program.expression(k)
        sources: dict[Key, None] = {}
        for source, places, is_upright in self.program.reads:
            keys = list(self._keys(source, places))
            sources |= dict.fromkeys(keys)
            if is_upright or own in self.columns:
                self.columns.update(key for key in keys if key in self.parts)
        self.sources[own] = list(sources)

    def _is_column(self, array: Array) -> bool:
        """Whether a list has a value for each row of something, and so stands upright."""
        for part in array.parts:
            if part.product:
                return len(part.product.left) > 1
            sources = [part.left] if part.right is None else [part.left, part.right]
            if part.rows.shape[1] > 1 or any((k, None) in self.columns for k in sources):
                return True
        return False

    def _keys(self, source: int, places: "Places") -> Iterator[Key]:
        """The boxes that some places of an array are in; a number in a formula has none."""
        import numpy as np

        if source > CONSTANTS:
            yield source, None
        elif source == CONSTANTS:
            if places.ndim:
                key = source, (places.shape, places.tobytes())
                self.parts[key] = places
                yield key
        else:
            blocks = self.program.blocks[source]
            for block in np.unique(blocks.block_of[places]).tolist():
                self.parts[source, block] = blocks.places[block]
                yield source, block

    def boxes(self) -> tuple[list[Box], Rest]:
        """Those nearest to the roots, and what is not shown."""
        near = dict.fromkeys(self.roots)
        queue = list(near)
        for key in queue:
            new = [source for source in self.sources.get(key, []) if source not in near]
            near |= dict.fromkeys(new)
            queue += new
        count = len(queue) if len(queue) <= MOST else NEAREST
        computed = sorted(queue[:count], key=lambda key: key[0])
        shown = {key: place for place, key in enumerate(computed)}
        values = sum(self._places(key).size for key in queue[count:])
        rest = Rest(self.found.operations, self.repeated(), len(queue) - count, values)
        return [self._box(key, shown) for key in shown], rest

    def repeated(self) -> str:
        """How many rows of data repeat others; of a graph without rows, how many values do."""
        again = _repeated(self.order)
        values, rows = 0, set[tuple[int, int]]()  # these: of each array, repeated and shown
        for k, array in enumerate(self.found.arrays):
            here = sum(again.get(id(v), 0) for v in array.members)
            if here:
                shape, values = self.program.shapes[k], values + here
                width = shape[1] if len(shape) == 2 else 1
                is_even = here % width == 0 and (len(shape) == 2 or (k, None) in self.columns)
                rows.add((here // width, array.size // width) if is_even else (0, 0))
        if not values:
            return ""
        few, shown = rows.pop() if len(rows) == 1 else (0, 0)
        many = f"{few:,} of {few + shown:,} rows" if few else plural(values, "value")
        is_one = (few or values) == 1
        verbs = "repeats another, and is" if is_one else "repeat others, and are"
        return f"{many} {verbs} not shown again"

    def _places(self, key: Key) -> "Places":
        """Where a box's values are in their array, in the box's shape."""
        import numpy as np

        if key in self.parts:
            return self.parts[key]
        return np.arange(self.found.arrays[key[0]].size).reshape(self.program.shapes[key[0]])

    def _box(self, key: Key, shown: dict[Key, int]) -> Box:
        import numpy as np

        places, array = self._places(key), self.found.arrays[key[0]]
        members = [array.members[k] for k in places.ravel().tolist()]
        sources = self.sources.get(key, [])
        upright = (-1, 1) if key in self.columns else (1, -1)
        flat = places.shape if places.ndim == 2 else upright
        data, grads, known = members, None, 0
        if key[0] != CONSTANTS:
            data = [v.data for v in members]
            with ONE_PASS:  # the gradients of whole passes
                found = [v.grad for v in members]
            known = sum(grad is not NOT_COMPUTED for grad in found)
            numbers = [grad.data if isinstance(grad, Value) else float(grad) for grad in found]
            grads = np.array(numbers).reshape(flat) if known else None
        return Box(
            kind=self._kind(key, members),
            name=self._name(key),
            formula=self.formulas.get(key, ""),
            shape=places.shape,
            moves=array.moves,
            data=np.array(data, dtype=float).reshape(flat),
            grads=grads,
            known=known,
            roots=self.roots.get(key, 0),
            sources=[shown[k] for k in sources if k in shown],
            reads_hidden=any(k not in shown for k in sources),
        )

    def _kind(self, key: Key, members: list[Any]) -> str:
        if key in self.roots:
            return "root"
        if key[0] >= CONSTANTS:
            return "constants" if key[0] == CONSTANTS else "value"
        return "parameter" if all(id(v) in self.learned for v in members) else "leaf"

    def _name(self, key: Key) -> str:
        """The name in the printed program."""
        source, block = key
        if source >= CONSTANTS:
            return "constants" if source == CONSTANTS else self.program.name(source)
        if key not in self.program.names:  # where the program has … in its place
            self.program.in_block(source, block, self.parts[key])
        return str(self.program.names[key])


def _repeated(order: Sequence[Value]) -> dict[int, int]:
    """Of operations by ids, how many later ones are on the same operands.

    Sums and products do not count: most are terms of a longer sum, which are not shown anyway.
    """
    first: dict[Any, int] = {}  # the values' numbers, by what computes them
    number: dict[int, int] = {}
    again: dict[int, int] = {}
    for k, v in enumerate(order):  # in few steps each, as there may be many
        rule, x, y = v._rule, v._x, v._y
        if rule is None:
            number[id(v)] = k
            continue
        key = rule, number[id(x)] if isinstance(x, Value) else x, number.get(id(y), y)
        number[id(v)] = found = first.setdefault(key, k)
        if found != k and rule not in TERMS:
            again[id(order[found])] = again.get(id(order[found]), 0) + 1
    return again
