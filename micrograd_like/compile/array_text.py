"""The arrays of a graph as a short program for people, with names and shapes.

>>> from micrograd_like import MLP, Value
>>> from micrograd_like.compile.structure import structure
>>> x = [Value(0.0, "x0"), Value(0.0, "x1")]
>>> print(structure(MLP(2, [16, 1])(x), x))
layer0.neuron[n×16] = relu(x[n×2] · layer0.w[2×16] + layer0.b[16])
layer1.neuron0[n] = layer0.neuron · layer1.neuron0.w[16] + layer1.neuron0.b
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from micrograd_like.compile.layout import CONSTANTS, INPUTS, LEAVES, Array, Layout, Part, step_of
from micrograd_like.notation import MINUS, TIMES, number, one_line, operation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Places = NDArray[np.int64]

__all__ = ["stem", "text"]

FEW = 4  # products that are written one by one, if their leaves have no name in common


def text(found: Layout) -> str:
    """A line for each array that has a name: a sum that one operation uses is written in it."""
    return "\n".join(_Writer(found).lines())


def stem(labels: Sequence[str]) -> str:
    """What labels have in common: all of one, or of several the parts without their numbers.

    >>> stem(["layer0.neuron0.w0", "layer0.neuron0.w1", "layer0.neuron1.w0"]), stem(["x0", "x1"])
    ('layer0.w', 'x')
    >>> stem(["a", "b"]), stem(["loss"])
    ('', 'loss')
    """
    labels = [one_line(label) for label in labels]
    if len(set(labels)) == 1:
        return labels[0]
    columns = list(zip(*(label.split(".") for label in labels), strict=False))
    if len({label.count(".") for label in labels}) != 1:
        return ""
    kept = []
    for k, column in enumerate(columns):
        words = {re.sub(r"\d+$", "", word) for word in column}
        if len(words) != 1:
            return ""
        if len(set(column)) == 1:
            kept.append(column[0])
        elif k == len(columns) - 1:
            kept.append(words.pop())
    return ".".join(kept)


class _Writer:
    """Names for arrays and for blocks of leaves, and the program's lines."""

    def __init__(self, found: Layout) -> None:
        self.found = found
        self.names: dict[Any, str] = {}
        self.taken: set[str] = set()
        self.counts: dict[str, int] = {}  # of names with a number
        self.met: set[Any] = set()  # blocks whose shapes have been told
        self.within = _used_in_one_place(found)

    def lines(self) -> list[str]:
        """The program."""
        lines = []
        for k, array in enumerate(self.found.arrays):
            if array.parts and k not in self.within:
                expression = self.expression(array)
                lines.append(f"{self.name(k)}{_shape(self.shape(array))} = {expression}")
        for source, row in self.found.roots:
            if source in (INPUTS, LEAVES):  # a root that nothing computes
                lines.append(self.found.arrays[source].members[row].label or "a leaf")
        return lines

    def name(self, k: int) -> str:
        """The name of a computed array."""
        if k not in self.names:
            labels = [v.label for v in self.found.arrays[k].members]
            self.names[k] = self.unique(stem(labels), "v")
        return self.names[k]

    def unique(self, name: str, otherwise: str) -> str:
        """The name, or one with a number, that nothing else has."""
        while not name or name in self.taken:
            self.counts[otherwise] = self.counts.get(otherwise, 0) + 1
            name = f"{otherwise}{self.counts[otherwise]}"
        self.taken.add(name)
        return name

    def shape(self, array: Array) -> list[Any]:
        """The shape as people write it: n for the rows of data, and then the members."""
        inner = [self.found.arrays[part.left] for part in array.parts if part.left in self.within]
        product = next((p.product for a in (array, *inner) for p in a.parts if p.product), None)
        sizes: list[Any] = [array.size]
        if product and min(map(len, product)) > 1:
            sizes = [len(product.left), len(product.right)]
        return ["n"] * array.moves + [size for size in sizes if size > 1]

    def expression(self, array: Array) -> str:
        """What an array is computed from."""
        if array.rule is None:
            terms = [(part.sign, self.part(part)) for part in array.parts]
            terms.sort(key=lambda term: -term[0])  # what is taken off stands behind
            first = (MINUS if terms[0][0] < 0 else "") + terms[0][1]
            return first + "".join(f" {'+' if s > 0 else MINUS} {t}" for s, t in terms[1:])
        if array.parts[0].rows.shape[1] > 1:
            return f"max {self.values(array.parts[0].left, array.parts[0].rows)}"
        operands = [self.values(part.left, part.rows) for part in array.parts]
        return str(operation(array.rule, *operands))

    def part(self, part: Part) -> str:
        """A term of a sum."""
        if part.right is None or part.others is None:
            count = part.rows.shape[1]
            if count > 1 and (part.rows == part.rows[:, :1]).all():  # one value several times
                return f"{count}{TIMES}{self.values(part.left, part.rows[:, 0])}"
            return ("Σ " if count > 1 else "") + self.values(part.left, part.rows)
        left, right = part.product or (part.rows, part.others)
        common = self.common(part.left, left) and self.common(part.right, right)
        if len(part.rows) == 1 and left.shape == right.shape and left.size <= FEW and not common:
            pairs = zip(left.reshape(-1, 1), right.reshape(-1, 1), strict=True)
            both = ((self.values(part.left, a), self.values(part.right, b)) for a, b in pairs)
            # The sign of the whole stands before the first.
            return (" + " if part.sign > 0 else f" {MINUS} ").join(map(TIMES.join, both))
        if part.left == part.right and left.shape == right.shape and (left == right).all():
            many = "Σ " if left.shape[1] > 1 else ""
            return f"{many}{self.values(part.left, left)}²"
        sides = [(part.left, left), (part.right, right)]
        if part.product is None:
            many = "Σ " if part.rows.shape[1] > 1 else ""
            return many + TIMES.join(self.values(*side) for side in sides)
        return TIMES.join(
            self.values(source, places, across=k > 0) for k, (source, places) in enumerate(sides)
        )

    def common(self, source: int, places: "Places") -> str:
        """What the labels of some rows have in common."""
        members = self.found.arrays[source].members
        return "x" if source == CONSTANTS else stem([members[k].label for k in places.ravel()])

    def values(self, source: int, places: "Places", across: bool = False) -> str:
        """Rows of an array: a name, with its shape where leaves are met for the first time."""
        array, flat = self.found.arrays[source], places.ravel()
        if source in self.within:
            return self.expression(array)
        if source == CONSTANTS:
            numbers = {number(array.members[k]) for k in flat.tolist()}
            return numbers.pop() if len(numbers) == 1 else f"constants{_sizes(places, across)}"
        if source in (INPUTS, LEAVES):
            return self.leaves(source, places, across)
        name, rows = self.name(source), flat.tolist()
        step = step_of(flat)
        if step == 0 or len(rows) == 1:
            return name if array.size == 1 else f"{name}[{rows[0]}]"
        if step == 1:
            return name if len(rows) == array.size else f"{name}[{rows[0]}:{rows[-1] + 1}]"
        return f"{name}[{','.join(map(str, rows)) if len(rows) <= 2 * FEW else '…'}]"

    def leaves(self, source: int, places: "Places", across: bool) -> str:
        """A block of leaves: by its labels, or X, W or b."""
        members = self.found.arrays[source].members
        different = list(dict.fromkeys(places.ravel().tolist()))
        key = source, *different
        moves = self.found.arrays[source].moves
        if len(different) < places.size:  # one for all, or some of them several times
            places = places.ravel()[: len(different)]
        if key not in self.names:
            is_matrix = places.ndim == 2 and min(places.shape) > 1
            kind = (
                "X" if moves else "XW"[across] if is_matrix else "b" if len(different) > 1 else "p"
            )
            self.names[key] = self.unique(stem([members[k].label for k in different]), kind)
        if key in self.met:
            return self.names[key]
        self.met.add(key)
        return self.names[key] + _sizes(places, across, ["n"] * moves)


def _sizes(places: "Places", across: bool = False, before: list[Any] | None = None) -> str:
    """The shape of rows: a matrix that stands on the right of a product is written across."""
    sizes = [size for size in places.shape if size > 1]
    return _shape((before or []) + (sizes[::-1] if across else sizes))


def _shape(sizes: list[Any]) -> str:
    return f"[{'×'.join(map(str, sizes))}]" if sizes else ""


def _used_in_one_place(found: Layout) -> set[int]:
    """The sums that one operation alone uses, as a whole."""
    uses: dict[int, list[int]] = {}
    for k, array in enumerate(found.arrays):
        for part in array.parts:
            for source in (part.left, part.right):
                if source is not None:
                    uses.setdefault(source, []).append(k)
    roots = {source for source, _ in found.roots}
    return {
        source
        for source, places in uses.items()
        if len(places) == 1
        and source not in roots
        and found.arrays[source].rule is None
        and found.arrays[source].parts
        and found.arrays[places[0]].rule is not None
        and found.arrays[places[0]].size == found.arrays[source].size
    }
