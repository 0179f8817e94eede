"""The arrays of a graph as a short program for people, with names and shapes.

>>> from micrograd_like import MLP, Value
>>> from micrograd_like.compile.structure import structure
>>> x = [Value(0.0, "x0"), Value(0.0, "x1")]
>>> print(structure(MLP(2, [16, 1])(x), x))
layer0.neuron[n×16] = relu(x[n×2] · layer0.w[2×16] + layer0.b[16])
layer1.neuron0[n] = layer0.neuron · layer1.neuron0.w[16] + layer1.neuron0.b
"""

import math
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from micrograd_like.compile.array_names import FEW, Blocks, grid, stem, view
from micrograd_like.compile.layout import CONSTANTS, INPUTS, LEAVES, Array, Layout, Part
from micrograd_like.notation import MINUS, TIMES, Term, number, operation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Places = NDArray[np.int64]
    Shape = tuple[int, ...]
    Side = tuple[int, Places]  # an array's number, and which of its rows, in some shape

__all__ = ["text"]

EACH = " ⊙ "  # between two arrays whose elements are multiplied one by one
HERE = "\0"  # a name that is not known yet
NAME = (  # with what is taken of it; a power is no name
    r"(?:[^\W⁰¹²³⁴-⁹]|\.)(?:[^\W⁰¹²³⁴-⁹]|\.|\([^()]*\)|\[[^\[\]]*\]|\[\[[^\[\]]*\]\])*"
)


def text(found: Layout) -> str:
    """A line for each array that has a name, and one for the roots if there are several.

    A sum that one operation uses is written in it.  Each leaf has one name, which has its shape
    behind it where it is read first; parts of arrays are written as in NumPy, but for the rows of
    data: n stands in shapes, and in no index.  ``·`` is the product of matrices, vectors and
    numbers; ``⊙`` multiplies arrays element by element.  ``Σ`` and ``max`` go over the last axis,
    and over all where a line computes one number.
    """
    return "\n".join(ArrayText(found).lines())


class ArrayText:
    """Names for arrays and for blocks of leaves, and the program's lines.

    ``reads`` has what formulas have read: the array, which rows of it, and whether a list of them
    stands upright.
    """

    def __init__(self, found: Layout) -> None:
        import numpy as np

        self.found = found
        self.reads: list[tuple[int, Places, bool]] = []
        self.within = _used_in_one_place(found)
        self.shapes = _shapes(found)
        self.names: dict[Any, str] = {}  # of computed arrays and of blocks
        self.taken: set[str] = set()
        self.counts: dict[str, int] = {}  # of names with a number
        self.uses = _uses(found)
        self.blocks = {source: self.blocks_of(source) for source in (INPUTS, LEAVES)}
        self.weights = {  # the blocks that stand on the right of a product
            (LEAVES, block)
            for array in found.arrays
            for part in array.parts
            if part.product and part.right == LEAVES and not _are_same(*part.product)
            for block in np.unique(self.blocks[LEAVES].block_of[part.product.right]).tolist()
        }

    def named_leaves(self) -> "list[tuple[str, Places]]":
        """The blocks of leaves, with their names, in the order in which the lines read them."""
        self.lines()
        for block, places in enumerate(self.blocks[LEAVES].places):
            self.in_block(LEAVES, block, places)  # if … stands in their place
        keys = [key for key in self.names if isinstance(key, tuple) and key[0] == LEAVES]
        return [(self.names[key], self.blocks[LEAVES].places[key[1]]) for key in keys]

    def blocks_of(self, source: int) -> Blocks:
        """The blocks of the inputs, or of the other leaves."""
        uses = [
            places
            for array, shape in zip(self.found.arrays, self.shapes, strict=True)
            for part in array.parts
            for k, places in _sides(part, shape)
            if k == source
        ]
        labels = [v.label for v in self.found.arrays[source].members]
        return Blocks(uses, labels, is_data=source == INPUTS)

    def lines(self) -> list[str]:
        """The program."""
        lines = []
        for k, array in enumerate(self.found.arrays):
            if array.parts and k not in self.within:
                expression = self.expression(k)
                sizes = _sizes(self.shapes[k], array.moves)
                lines.append(f"{self.name(k)}{sizes} = {expression}")
        roots = list(self.roots())
        if len(self.found.roots) > 1:
            lines.append(f"return {', '.join(roots)}")
        elif not lines:  # a root that nothing computes
            lines = roots
        return lines

    def roots(self) -> Iterator[str]:
        """The roots, those from one array together."""
        import numpy as np

        for source, run in groupby(self.found.roots, key=itemgetter(0)):
            places = np.array([row for _, row in run])
            if source in self.blocks or _is_repeated(places):
                yield from (self.values(source, row.reshape(())) for row in places)
            elif np.array_equal(places, np.arange(self.found.arrays[source].size)):
                yield self.name(source)  # in its shape
            else:
                yield self.values(source, places)

    def name(self, k: int) -> str:
        """The name of a computed array."""
        if k not in self.names:
            labels = [v.label for v in self.found.arrays[k].members]
            self.names[k] = self.unique(stem(labels), "v")
        return self.names[k]

    def unique(self, name: str, otherwise: str) -> str:
        """The name, or one with a number behind it, that nothing else has."""
        base, first = (f"{name}_", 2) if name else (otherwise, 1)
        while not name or name in self.taken:
            self.counts[base] = self.counts.get(base, first - 1) + 1
            name = f"{base}{self.counts[base]}"
        self.taken.add(name)
        return name

    def expression(self, k: int) -> str:
        """What an array is computed from."""
        array, shape = self.found.arrays[k], self.shapes[k]
        if array.rule is None:
            return self.sum(array, shape)
        sides = [side for part in array.parts for side in _sides(part, shape)]
        if array.parts[0].rows.shape[1] > 1:
            source, places = sides[0]
            if _is_repeated(places):
                return self.values(source, places[..., 0])
            return f"max {self.values(source, places).removesuffix('.ravel()')}"
        operands = [self.values(*side) for side in sides]
        known = [Term(text) if re.fullmatch(NAME, text) else text for text in operands]
        return str(operation(array.rule, *known))

    def sum(self, array: Array, shape: "Shape") -> str:
        """The terms of a sum: products first, by what like sums have in common, + before −."""
        terms = [term for part in array.parts for term in self.terms(part, shape)]
        terms.sort(key=lambda term: (term[0] < 0, len(term[1]) == 1, self.shared_leaf(term[1])))
        text = ""
        for sign, sides, is_sum, is_dot in terms:
            before = (" + " if sign > 0 else f" {MINUS} ") if text else MINUS * (sign < 0)
            term = self.term(sides, is_sum, is_dot)
            text += before + (_enclosed(term) if before else term)
        return text

    def shared_leaf(self, sides: "list[Side]") -> float:
        """The leaf of a product that most have, as a weight is in the steps of a recurrence."""
        leaves = [int(at.flat[0]) for k, at in sides if k == LEAVES and len(sides) > 1]
        return max(leaves, key=lambda leaf: (self.uses[leaf], -leaf), default=math.inf)

    def terms(self, part: Part, shape: "Shape") -> "Iterator[tuple[int, list[Side], bool, bool]]":
        """The terms of a part of a sum: of one sum, a term for each block.

        Each has its sign, what it reads, and whether it is a sum over the last axis, or a matrix
        product.
        """
        sides, is_sum = _sides(part, shape), part.rows.shape[1] > 1
        if len(part.rows) > 1 or not is_sum:
            is_dot = part.product is not None
            yield part.sign, sides, is_sum and not is_dot, is_dot
            return
        for split in self.split(sides):
            is_sum = split[0][1].ndim > 0
            yield part.sign, split, is_sum, is_sum

    def split(self, sides: "list[Side]") -> "list[list[Side]]":
        """The sides of one sum, whose order is free, apart by the blocks that they are from."""
        import numpy as np

        of = np.array([self.blocks[k].block_of[at] for k, at in sides if k in self.blocks])
        of = of if len(of) else np.zeros((1, sides[0][1].size), dtype=np.int64)
        groups = [of[:, k] for k in np.sort(np.unique(of, axis=1, return_index=True)[1])]
        if len(groups) > 2 * FEW:
            return [sides]
        chosen = [np.flatnonzero((of == group[:, None]).all(0)) for group in groups]
        return [
            [(source, at[rows[0] if len(rows) == 1 else rows]) for source, at in sides]
            for rows in chosen
        ]

    def term(self, sides: "list[Side]", is_sum: bool, is_dot: bool) -> str:
        """A value, or a product of two, or a sum of these over the last axis."""
        (source, rows), *others = sides
        count = rows.shape[-1] if is_sum else 1
        if is_sum and all(_is_repeated(at) for _, at in sides):  # one and the same several times
            once = [(k, at[..., 0]) for k, at in sides]
            return f"{count}{TIMES}{_enclosed(self.term(once, is_sum=False, is_dot=False))}"
        many = "Σ " if is_sum else ""
        if not others or (others[0][0] == source and _are_same(rows, others[0][1])):
            is_total = is_sum and rows.ndim == 1
            if is_total and source in self.blocks:  # of all in a block, in whatever order
                rows = rows[self.blocks[source].position[rows].argsort(kind="stable")]
            value = self.values(source, rows)
            value = value.removesuffix(".ravel()") if is_total else value
            return f"{many}{value}{'²' if others else ''}"
        if is_dot and not any(at.ndim == 1 and _is_repeated(at) for _, at in sides):
            return TIMES.join(self.values(*side, is_whole=True) for side in sides)
        a, b = (self.values(*side) for side in sorted(sides, key=self.rank))
        is_scaled = any(_once(at)[0].ndim == 0 for _, at in sides)
        return f"{many}{a}{TIMES if is_scaled else EACH}{_enclosed(b)}"

    def rank(self, side: "Side") -> int:
        """Where a factor stands: leaves that are shared first, as weights are, then numbers."""
        source, rows = side
        uses = int(self.uses[rows.flat[0]]) if source == LEAVES else 0
        return -uses if uses > 1 else -(source == CONSTANTS)

    def values(self, source: int, places: "Places", is_whole: bool = False) -> str:
        """Rows of an array, in the shape of the places, or one that NumPy broadcasts to it."""
        if source in self.within:
            return self.expression(source)
        places, after = (places, "") if is_whole else _once(places)
        self.reads.append((source, places, bool(after)))
        if source == CONSTANTS:
            members = self.found.arrays[source].members
            numbers = {number(members[k]) for k in places.ravel().tolist()}
            written = f"constants{_sizes(places.shape)}{after}"
            return numbers.pop() if len(numbers) == 1 and not places.ndim else written
        return self.viewed(source, places) + after

    def viewed(self, source: int, places: "Places") -> str:
        """Rows of an array that has a name, or of leaves, as a view of it."""
        if source not in self.blocks:
            return view(self.name(source), self.shapes[source], places)
        of = self.blocks[source].block_of[places]
        if (of == of.flat[0]).all():
            return self.in_block(source, int(of.flat[0]), places)
        return self.of_blocks(source, places, of)

    def in_block(self, source: int, block: int, places: "Places") -> str:
        """Leaves of one block: by its labels, or X, W, w, b or p."""
        blocks, moves = self.blocks[source], self.found.arrays[source].moves
        own, key = blocks.places[block], (source, block)
        written = view(HERE, own.shape, blocks.position[places])
        if key not in self.names:
            kinds = "pwW" if key in self.weights else "pbX"
            common = stem([blocks.labels[k] for k in own.ravel().tolist()])
            self.names[key] = self.unique(common, "X" if moves else kinds[own.ndim])
            written = written.replace(HERE, HERE + _sizes(own.shape, moves), 1)
        return written.replace(HERE, self.names[key])

    def of_blocks(self, source: int, places: "Places", of: "Places") -> str:
        """Leaves of several blocks, one after the other along an axis."""
        import numpy as np

        for axis in range(places.ndim):
            along: Places = np.array(of.take(0, axis=1 - axis)) if of.ndim == 2 else of
            if of.ndim == 2 and not (of == np.expand_dims(along, 1 - axis)).all():
                continue
            starts = [0, *(np.flatnonzero(np.diff(along)) + 1).tolist(), len(along)]
            if len(starts) <= 2 * FEW + 1:
                pieces = np.split(places, starts[1:-1], axis=axis)
                written = [self.values(source, piece.squeeze()) for piece in pieces]
                return f"concat({', '.join(written)}{', axis=1' if axis else ''})"
        if places.ndim == 2 and len(places) <= FEW and not any(map(_is_repeated, places)):
            rows = [self.values(source, row, is_whole=True) for row in places]
            return f"stack({', '.join(rows)})"
        names = []
        for block in dict.fromkeys(of.ravel().tolist()):
            names.append(self.in_block(source, block, self.blocks[source].places[block]))
        return f"concat({', '.join(names[: 2 * FEW] + ['…'] * (len(names) > 2 * FEW))})[…]"


def _are_same(a: "Places", b: "Places") -> bool:
    """Whether places have one shape and are the same."""
    return a.shape == b.shape and bool((a == b).all())


def _is_repeated(places: "Places") -> bool:
    """Whether places are the same along the last axis."""
    return bool((places == places[..., :1]).all())


def _once(places: "Places") -> tuple["Places", str]:
    """Places without the axes along which they are the same, and the index that this takes."""
    if places.ndim and (places == places[:1]).all():
        return _once(places[0])
    if places.ndim == 2 and (places == places[:, :1]).all():
        return places[:, 0], "[:, None]"
    return places, ""


def _enclosed(term: str) -> str:
    """A term behind a sign: a number that it begins with is in brackets if it is negative."""
    number, times, rest = term.partition(TIMES)
    return f"({number}){times}{rest}" if term.startswith(MINUS) else term


def _uses(found: Layout) -> "Places":
    """Of each leaf, how many parts of arrays multiply it."""
    import numpy as np

    uses = np.zeros(found.arrays[LEAVES].size, dtype=np.int64)
    for array in found.arrays:
        for part in array.parts:
            for source, rows in ((part.left, part.rows), (part.right, part.others)):
                if source == LEAVES and part.right is not None and rows is not None:
                    uses[np.unique(rows)] += 1
    return uses


def _sizes(shape: Sequence[int], moves: bool = False) -> str:
    """A shape as people write it: n for the rows of data, and then the members."""
    sizes = ["n"] * moves + [str(size) for size in shape]
    return f"[{'×'.join(sizes)}]" if sizes else ""


def _sides(part: Part, shape: "Shape") -> "list[Side]":
    """What a part reads, in the shape in which it is written: the weights of a product across."""
    if part.product and part.right is not None:
        left, right = part.product
        return [(part.left, left.squeeze()), (part.right, right.T.squeeze())]
    count = part.rows.shape[1]
    own = shape if count == 1 else (*shape, count)
    sides = [(part.left, part.rows.reshape(own))]
    if part.right is not None and part.others is not None:
        sides.append((part.right, part.others.reshape(own)))
    return sides


def _shapes(found: Layout) -> "list[Shape]":
    """Of each array, the shape of its members.

    It is that of its matrix product, or of a matrix that it is computed from, or else of that
    which it is used as.
    """
    arrays = found.arrays
    used = _shapes_in_use(found)
    shapes: list[Shape] = []
    for k, array in enumerate(arrays):
        candidates = [tuple(map(len, part.product)) for part in array.parts if part.product]
        for part in array.parts:
            for source, rows in ((part.left, part.rows), (part.right, part.others)):
                if source is not None and rows is not None and rows.shape[1] == 1:
                    candidates.append(grid(shapes[source], rows[:, 0]) or ())
        own = next((shape for shape in candidates if shape and min(shape) > 1), None)
        own = own or used.get(k)
        shapes.append(own or ((array.size,) if array.size > 1 else ()))
    return shapes


def _shapes_in_use(found: Layout) -> "dict[int, Shape]":
    """Of arrays that are used as a matrix, in their order, the shape of that."""
    import numpy as np

    used: dict[int, Shape] = {}
    for k in range(len(found.arrays) - 1, CONSTANTS, -1):
        array = found.arrays[k]
        for part in array.parts:
            left, right = part.product or (part.rows, part.others)
            for source, rows in ((part.left, left), (part.right, right)):
                if source is None or rows is None or rows.size != found.arrays[source].size:
                    continue
                shape = used.get(k, ()) if rows.shape[1] == 1 else rows.shape
                is_whole = np.array_equal(rows.ravel(), np.arange(rows.size))
                if len(shape) == 2 and min(shape) > 1 and is_whole:
                    used.setdefault(source, shape)
    return used


def _used_in_one_place(found: Layout) -> set[int]:
    """The sums that one operation alone uses, as a whole and in their order."""
    import numpy as np

    uses: dict[int, list[tuple[int, Places]]] = {}
    for k, array in enumerate(found.arrays):
        for part in array.parts:
            for source, rows in ((part.left, part.rows), (part.right, part.others)):
                if source is not None and rows is not None:
                    uses.setdefault(source, []).append((k, rows))
    roots = {source for source, _ in found.roots}
    return {
        source
        for source, places in uses.items()
        if len(places) == 1
        and source not in roots
        and found.arrays[source].rule is None
        and found.arrays[source].parts
        and found.arrays[places[0][0]].rule is not None
        and np.array_equal(places[0][1], np.arange(found.arrays[source].size)[:, None])
    }
