"""The arrays of a graph as the text of a function: a line for each, over NumPy, JAX or PyTorch.

In the text an array that depends on the inputs has the shape (..., members): rows of data on any
number of axes, its members on the last one.  What depends on no input has the shape (members,).
"""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from micrograd_like.compile.array_formulas import Library, array_formula
from micrograd_like.compile.array_names import stem
from micrograd_like.compile.array_text import ArrayText
from micrograd_like.compile.layout import CONSTANTS, GIVEN, INPUTS, LEAVES, Array, Layout, Part
from micrograd_like.compile.source import constant, identifier

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Places = NDArray[np.int64]

__all__ = ["ArraySource", "NamedBlocks"]

# What a program calls by these names, and what a reader takes for a number.
OURS = ("xp", "special", "X", "parameters", "program", "float", "inf", "nan", "pi")
TERMS = 50  # of a sum in one line: Python's compiler takes some thousands, a reader fewer
FEW = 4  # rows that are written where they are used


class NamedBlocks:
    """The leaves in named matrices and vectors: the parameters of a program.

    They are those of the printed program, in the order in which it reads them.
    """

    def __init__(self, found: Layout) -> None:
        import numpy as np

        count = found.arrays[LEAVES].size
        named = ArrayText(found).named_leaves()
        self.names = [name for name, _ in named]
        self.places = [places for _, places in named]  # of each block: the leaves in its shape
        self.number_of = np.empty(count, dtype=np.int64)  # of each leaf: its block
        self.row_of = np.empty(count, dtype=np.int64)  # and where it is in the block, flat
        for k, places in enumerate(self.places):
            self.number_of[places] = k
            self.row_of[places] = np.arange(places.size).reshape(places.shape)

    def number(self, places: "Places") -> int | None:
        """The block in which the leaves are; None if they are in several."""
        numbers = self.number_of[places]
        return int(numbers.flat[0]) if (numbers == numbers.flat[0]).all() else None

    def part(self, places: "Places", names: Sequence[str]) -> str | None:
        """Leaves in the shape of their places as a part of a block: ``w``, ``w.mT``, ``w[:, 0]``.

        None if they are in several blocks, or are no slices, or a list from a vector.
        """
        k = self.number(places)
        if k is None:
            return None
        if self.places[k].ndim == 0:
            return f"xp.reshape({names[k]}, (1,))" if places.shape == (1,) else None
        if self.places[k].ndim == 1:
            index = _slice(self.row_of[places].ravel(), self.places[k].size)
            is_column = places.ndim == 2 and places.shape[1] == 1
            return f"{names[k]}[{index}, None]" if is_column and index else None
        (height, width), rows, name = self.places[k].shape, self.row_of[places], names[k]
        i, j = rows // width, rows % width
        if places.ndim > 1:
            if (i == i[:, :1]).all() and (j == j[:1]).all():
                return _slices(name, (i[:, 0], height), (j[0], width))
            if (i == i[:1]).all() and (j == j[:, :1]).all():
                found = _slices(name, (i[0], height), (j[:, 0], width))
                return found and f"{found}.mT"
            return None
        if len(rows) == height * width > 1:
            for text, order in ((name, rows), (f"{name}.mT", j * height + i)):
                if _slice(order, len(rows)):
                    return f"xp.reshape({text}, (-1,))"
        down, across = _slice(i, height), _slice(j, width)
        if across and (i == i[0]).all():
            return f"{name}[{i[0]}, {across}]"
        return f"{name}[{down}, {j[0]}]" if down and (j == j[0]).all() else None


def _once(rows: "Places") -> "Places":
    """The rows, or the first alone if it is the same for all members: it is broadcast."""
    return rows[:1] if (rows == rows[0]).all() else rows


class ArraySource:
    """The lines of a program, and the names in it.

    Texts of operands are made by five functions, each for a shape: `operand` (..., members) or what
    is broadcast to it, `vector` exactly (..., members), `lists` (..., members, terms), `weights`
    (terms, members), and `constants` any shape of numbers.
    """

    def __init__(self, found: Layout, library: Library) -> None:
        import numpy as np

        self.found, self.library = found, library
        self.blocks, self.lines = NamedBlocks(found), list[str]()
        self.taken: dict[str, int] = dict.fromkeys(OURS, 1)
        self.block_names = [self.free(name) for name in self.blocks.names]
        self.names = {INPUTS: "X"}
        labels = [[v.label for v in array.members] for array in found.arrays[GIVEN:]]
        stems = [stem(of) for of in labels]
        for k, name in enumerate(stems, GIVEN):
            self.names[k] = self.free(name or f"v{k - CONSTANTS}")
        self.nameless = {k for k, name in enumerate(stems, GIVEN) if not name}
        self.flat = self.free("p")  # all parameters in the order of the leaves' use
        of = [places.T.ravel() for places in self.blocks.places]
        self.row_in_flat = np.argsort(np.concatenate(of)) if of else np.empty(0, dtype=np.int64)
        self.uses_flat = self.has_rows = False
        self.indices: dict[bytes, str] = {}  # names of long lists of rows
        is_torch = library.xp.__name__ == "torch"
        self.largest = "amax" if is_torch else "max"  # torch.max gives the places, too
        self.like_data = "dtype=X.dtype" + ", device=X.device" * is_torch
        for k, array in enumerate(found.arrays[GIVEN:], GIVEN):
            self.array(k, array)

    def text(self, single: bool) -> str:
        """The function as text, which needs ``xp`` and ``special``."""
        result = self.result(single)  # which may need a line before it
        lines = [*self.head(), *self.lines, result]
        return "\n".join(["def program(X, parameters):", *(f"    {line}" for line in lines)])

    def free(self, name: str) -> str:
        """A name that nothing else has in the program."""
        return identifier(name, self.taken)

    def head(self) -> list[str]:
        """The lines that take the parameters apart."""
        if not self.block_names:
            return []
        shapes = ", ".join(str(places.shape) for places in self.blocks.places)
        comma = "," if len(self.block_names) == 1 else ""
        lines = [f"# parameters: of the shapes {shapes}"]
        lines.append(f"{', '.join(self.block_names)}{comma} = parameters")
        if self.uses_flat:
            blocks = zip(self.block_names, self.blocks.places, strict=True)
            flat = [
                name
                if places.ndim == 1
                else f"xp.reshape({name}{'.mT' if places.ndim else ''}, (-1,))"
                for name, places in blocks
            ]
            lines.append(f"{self.flat} = xp.concat([{', '.join(flat)}])")
        return lines

    def array(self, k: int, array: Array) -> None:
        """The lines of one array."""
        self.has_rows = array.moves  # to which a number is broadcast
        if array.rule is None:
            self.sum(k, array)
        elif array.parts[0].rows.shape[1] > 1:
            part = array.parts[0]
            largest = self.over(self.largest, part.left, part.rows)
            self.lines.append(f"{self.names[k]} = {largest}")
        else:
            operands = [self.operand(part.left, part.rows[:, 0]) for part in array.parts]
            formula = array_formula(array.rule, operands, self.library)
            self.lines.append(f"{self.names[k]} = {formula}")

    def sum(self, k: int, array: Array) -> None:
        """A sum in lines of some terms each; one that is another array is known by its name."""
        parts = [self.without_ones(part) for part in array.parts]
        terms = [(part.sign, self.part(part)) for part in parts]
        terms.sort(key=lambda term: -term[0])  # what is taken off stands behind
        (sign, first), *rest = terms
        if not rest and sign > 0 and first.isidentifier() and k in self.nameless:
            self.names[k] = first
            return
        name, text = self.names[k], ("-" if sign < 0 else "") + first
        for at in range(0, max(1, len(rest)), TERMS):
            more = (f" {'+' if s > 0 else '-'} {term}" for s, term in rest[at : at + TERMS])
            self.lines.append(f"{name} = {name if at else text}{''.join(more)}")

    def without_ones(self, part: Part) -> Part:
        """A term of a sum, 1.0 · v as v and -1.0 · v as -v."""
        if part.right is None or part.others is None:
            return part
        sides = [(part.left, part.rows), (part.right, part.others)]
        for (source, rows), other in (sides, sides[::-1]):
            if source == CONSTANTS:
                factors = set(map(self.found.arrays[CONSTANTS].members.__getitem__, rows.flat))
                if factors in ({1.0}, {-1.0}):
                    return Part(part.sign * int(factors.pop()), *other)
        return part

    def part(self, part: Part) -> str:
        """A term of a sum, without its sign: (..., members)."""
        if part.right is None or part.others is None:
            if part.rows.shape[1] == 1:
                return _text(self.operand(part.left, part.rows[:, 0]))
            return self.over("sum", part.left, part.rows)
        if part.product is not None:
            return self.product(part)
        if part.rows.shape[1] == 1:
            sides = ((part.left, part.rows), (part.right, part.others))
            return _times(*(_text(self.operand(source, rows[:, 0])) for source, rows in sides))
        a, b = self.lists(part.left, part.rows), self.lists(part.right, part.others)
        return f"xp.sum({_times(a, b)}, axis=-1)"

    def product(self, part: Part) -> str:
        """A matrix product; its members are laid out in one axis again: (..., members)."""
        assert part.right is not None
        assert part.product is not None
        left, right = part.product
        moves = [self.found.arrays[source].moves for source in (part.left, part.right)]
        if len(left) == len(right) == 1 and moves[0] == moves[1]:  # of one vector and another
            lists = left[0], right[0]
            if part.left == LEAVES:  # a penalty on weights: as these lie in one vector
                order = self.row_in_flat[left[0]].argsort()
                lists = left[0][order], right[0][order]
            a, b = self.vector(part.left, lists[0]), self.vector(part.right, lists[1])
            return f"xp.sum({_times(a, b)}, axis=-1, keepdims=True)"
        if len(left) == 1 and not moves[1]:
            return f"{self.vector(part.left, left[0])} @ {self.weights(part.right, right)}"
        made = self.free("m")
        product = f"{self.lists(part.left, left)} @ {self.weights(part.right, right)}"
        self.lines.append(f"{made} = {product}")
        return f"xp.reshape({made}, (*{made}.shape[:-2], {len(left) * len(right)}))"

    def over(self, function: str, source: int, rows: "Places") -> str:
        """A function of each member's values, in rows of the shape (members, terms)."""
        if len(rows) == 1:
            return f"xp.{function}({self.vector(source, rows[0])}, axis=-1, keepdims=True)"
        return f"xp.{function}({self.lists(source, rows)}, axis=-1)"

    def operand(self, source: int, rows: "Places") -> str | float:
        """Rows of an array, one for each member: (..., members).

        What is the same for all members is broadcast to them: (..., 1), or a number.
        """
        rows = _once(rows)
        if source == CONSTANTS:
            numbers = self.found.arrays[CONSTANTS].members
            return float(numbers[rows[0]]) if len(rows) == 1 else self.constants(rows)
        if source == LEAVES and len(rows) == 1 and self.has_rows:
            k = int(self.blocks.number_of[rows[0]])
            if self.blocks.places[k].ndim == 0:
                return self.block_names[k]
        return self.vector(source, rows)

    def known(self, source: int, rows: "Places") -> str | None:
        """Constants, or a part of a block of leaves, in the shape of the rows; None for others."""
        if source == CONSTANTS:
            return self.constants(rows)
        return self.blocks.part(rows, self.block_names) if source == LEAVES else None

    def vector(self, source: int, rows: "Places") -> str:
        """Rows of an array, with each as often as it is there: (..., members)."""
        import numpy as np

        if known := self.known(source, rows):
            return known
        name, rows, size = self.place(source, rows)
        times = len(rows) // size
        if size > 1 < times and np.array_equal(rows, np.tile(np.arange(size), times)):
            return f"xp.tile({name}, ({times},))"
        return _indexed(name, self.dots(source) + (_slice(rows, size) or self.index(rows)))

    def lists(self, source: int, rows: "Places") -> str:
        """Rows of the shape (members, terms), a list for each member: (..., members, terms)."""
        if known := self.known(source, rows):
            return known
        name, rows, size = self.place(source, rows)
        for turned, end in ((rows, ""), (rows.T, ".mT")):
            index = _slice(turned.ravel(), size)
            if index and turned.flat[-1] - turned.flat[0] == turned.size - 1:
                dots = self.dots(source)
                rest = f"*{name}.shape[:-1], " if dots else ""
                shape = f"({rest}{turned.shape[0]}, {turned.shape[1]})"
                return f"xp.reshape({_indexed(name, dots + index)}, {shape}){end}"
        return f"{name}[{self.dots(source)}{self.index(rows)}]"

    def weights(self, source: int, rows: "Places") -> str:
        """Rows of the shape (members, terms) as the right side of a product: (terms, members)."""
        if source == CONSTANTS:
            return self.constants(rows.T)
        found = self.blocks.part(rows.T, self.block_names) if source == LEAVES else None
        lists = self.lists(source, rows)
        return found or (lists.removesuffix(".mT") if lists.endswith(".mT") else f"{lists}.mT")

    def constants(self, rows: "Places") -> str:
        """Constants in the shape of their rows, of the data's type: JAX and PyTorch keep it so."""
        import numpy as np

        numbers = np.array(self.found.arrays[CONSTANTS].members)[rows].tolist()
        text = repr(numbers).replace("inf", "float('inf')").replace("nan", "float('nan')")
        return f"xp.asarray({text}, {self.like_data})"

    def place(self, source: int, rows: "Places") -> tuple[str, "Places", int]:
        """The name of an array of one axis of members, where rows are in it, and its size.

        Of leaves this is a vector that has all of them, or all parameters in one.
        """
        if source != LEAVES:
            return self.names[source], rows, self.found.arrays[source].size
        k = self.blocks.number(rows)
        if k is not None and self.blocks.places[k].ndim == 1:
            return self.block_names[k], self.blocks.row_of[rows], self.blocks.places[k].size
        self.uses_flat = True
        return self.flat, self.row_in_flat[rows], len(self.row_in_flat)

    def dots(self, source: int) -> str:
        """What an index begins with: the rows of data, if the array has any."""
        return "..., " if self.found.arrays[source].moves else ""

    def index(self, rows: "Places") -> str:
        """Rows as an array; many of them get a line of their own, and a name."""
        text = f"xp.asarray({rows.tolist()})"
        if rows.size <= FEW:
            return text
        key = repr(rows.shape).encode() + rows.tobytes()
        if key not in self.indices:
            self.indices[key] = self.free("rows")
            self.lines.append(f"{self.indices[key]} = {text}")
        return self.indices[key]

    def result(self, single: bool) -> str:
        """The line that returns the roots: (...) of a single one, (..., roots) of several."""
        import numpy as np

        if single:
            source, row = self.found.roots[0]
            return f"return {self.names[source]}[..., {row}]"
        columns = [
            self.vector(source, np.array([row for _, row in roots]))
            for source, roots in groupby(self.found.roots, key=lambda root: root[0])
        ]
        if len(columns) == 1:
            return f"return {columns[0]}"
        return f"return xp.concat([{', '.join(columns)}], axis=-1)"


def _slice(rows: "Places", size: int) -> str | None:
    """Rows that go up by one step, as an index of an axis: ``:``, ``2:5``, ``2:9:3``."""
    steps = rows[1:] - rows[:-1]
    step = int(steps[0]) if len(steps) else 1
    if step < 1 or (steps != step).any():  # PyTorch has no step backwards
        return None
    if len(rows) == size:
        return ":"
    return f"{rows[0]}:{rows[-1] + 1}" + (f":{step}" if step > 1 else "")


def _slices(name: str, *axes: tuple["Places", int]) -> str | None:
    """A part of a matrix: of each axis some rows, if they go up by one step."""
    slices = [_slice(rows, size) for rows, size in axes]
    return None if None in slices else _indexed(name, ", ".join(map(str, slices)))


def _indexed(name: str, index: str) -> str:
    """A part of an array, or its name for all of it."""
    return name if not index.strip(".:, ") else f"{name}[{index}]"


def _text(x: str | float) -> str:
    return x if isinstance(x, str) else constant(x)


def _times(a: str, b: str) -> str:
    return f"{a}**2" if a == b else f"{a} * {b}"
