"""How a printed program names leaves, and writes a part of an array as NumPy does.

>>> import numpy as np
>>> view("W", (2, 3), np.array([0, 3])), view("W", (2, 3), np.array([[0, 3], [1, 4], [2, 5]]))
('W[:, 0]', 'W.mT')
"""

import re
from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from micrograd_like.notation import one_line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Places = NDArray[np.int64]

__all__ = ["FEW", "Blocks", "grid", "name_of", "stem", "view"]

FEW = 4  # leaves with no name in common that keep their own names; twice as many are listed
NUMBERS = r"[_\[(]*\d+(?:[_,\[\]() ]+\d+)*[\])]*$"  # behind a word: 3, _3, 3_4, [3, 4], [3][4]


def stem(labels: Sequence[str]) -> str:
    """What labels have in common: all of one, or of several the parts without their numbers.

    >>> stem(["layer0.neuron0.w0", "layer0.neuron0.w1", "layer0.neuron1.w0"]), stem(["x0", "x1"])
    ('layer0.w', 'x')
    >>> stem(["Wq[0,0]", "Wq[0,1]"]), stem(["W1_0_0", "W1_0_1", "W1_1_0"])
    ('Wq', 'W1')
    >>> stem(["a", "b"]), stem(["loss"])
    ('', 'loss')
    """
    labels = [one_line(label) for label in dict.fromkeys(labels)]
    if len(set(labels)) == 1:
        return labels[0]
    labels = [re.sub(r"(\.\d+)+$", lambda end: end[0].replace(".", "_"), label) for label in labels]
    columns = list(zip(*(label.split(".") for label in labels), strict=False))
    if len({label.count(".") for label in labels}) != 1:
        return ""
    kept = []
    for k, column in enumerate(columns):
        words = dict.fromkeys(column)
        if len(set(map(name_of, words))) != 1:
            return ""
        if len(words) == 1:
            kept.append(column[0])
        elif k == len(columns) - 1:
            kept.append(_common(list(words)))
    return ".".join(kept)


def name_of(word: str) -> str:
    """A word without the numbers behind it.

    >>> [name_of(word) for word in ("w12", "Wq0_1", "Wq_0_1", "Wq[0][1]", "Wq(0, 1)", "w_")]
    ['w', 'Wq', 'Wq', 'Wq', 'Wq', 'w_']
    """
    return re.sub(NUMBERS, "", word)


def _common(words: Sequence[str]) -> str:
    """The name that words with numbers have, and the first of these where all have the same.

    Not in brackets, as they would be read as an index.
    """
    pieces = zip(*(re.findall(r"\d+|\D", word) for word in words), strict=False)
    same = "".join(column[0] for column in takewhile(lambda c: len(set(c)) == 1, pieces))
    return max(name_of(words[0]), re.sub(r"[\[(].*|_$", "", same), key=len)


class Blocks:
    """The leaves in matrices, vectors and scalars, each leaf in one of them.

    ``uses`` are the rows of leaves that a program reads, in the shapes in which it reads them; all
    other uses are views of the blocks.  A matrix is a block before a list is, as a list may be a
    row of a matrix, and so is the larger of two matrices.  Lists with one name are one block.
    Those with no name are taken from the longest on where ``is_data``, as the shorter are parts
    of it; of parameters from the shortest on, as the longest are penalties on all of them.
    """

    def __init__(self, uses: Sequence["Places"], labels: Sequence[str], is_data: bool) -> None:
        import numpy as np

        self.labels = labels
        self.places: list[Places] = []  # of each block: its leaves, in its shape
        self.block_of = np.full(len(labels), -1)  # of each leaf
        self.position = np.zeros(len(labels), dtype=np.int64)  # of each leaf, in its block
        matrices = [use for use in uses if use.ndim == 2 and len(np.unique(use)) == use.size]
        for use in sorted(matrices, key=lambda use: -use.size):
            self._add_matrix(use)
        lists = [use for use in map(np.unique, uses) if len(use) > 1]
        unnamed = self._add_named(lists)
        for use in sorted(unnamed, key=len, reverse=is_data):
            new = self._new(use)
            if len(new) > FEW or not all(labels[k] for k in new):
                self._add(new)
        self._add_single(np.flatnonzero(self.block_of < 0))

    def _new(self, use: "Places") -> "Places":
        """Those leaves of a list that are in no block yet."""
        return use[self.block_of[use] < 0]

    def _add(self, places: "Places") -> None:
        import numpy as np

        if places.size:
            places = places.squeeze()
            self.block_of[places] = len(self.places)
            self.position[places] = np.arange(places.size).reshape(places.shape)
            self.places.append(places)

    def _add_matrix(self, use: "Places") -> None:
        """A matrix, or what is left of it without the rows or columns that are there already."""
        import numpy as np

        new = self.block_of[use] < 0
        rest = use[np.ix_(new.any(1), new.any(0))]
        if (self.block_of[rest] < 0).all():
            self._add(rest)

    def _add_single(self, places: "Places") -> None:
        """Leaves that are used one by one: each by itself, but many of one name together."""
        import numpy as np

        named: dict[str, list[int]] = {}
        rows: list[int] = places.tolist()
        for k in rows:
            path, dot, word = self.labels[k].rpartition(".")
            named.setdefault(path + dot + name_of(word), []).append(k)
        for group in named.values():
            for use in [group] if len(group) > 2 * FEW else group:
                self._add(np.array(use))

    def _add_named(self, lists: list["Places"]) -> list["Places"]:
        """Lists by their names; those without one are returned."""
        import numpy as np

        unnamed = []
        named: dict[str, list[Places]] = {}
        for use in lists:
            rows: list[int] = use.tolist()
            name = stem([self.labels[k] for k in rows]) if len(self._new(use)) else ""
            if name:
                named.setdefault(name, []).append(use)
            else:
                unnamed.append(use)
        for group in named.values():
            whole = np.unique(np.concatenate(group))
            is_one = len({self.labels[k] for k in whole.tolist()}) == len(whole)
            for use in [whole] if is_one else group:
                self._add(self._new(use))
        return unnamed


def view(name: str, shape: tuple[int, ...], places: "Places") -> str:
    """The elements at some places of an array of this shape, counted row by row.

    What NumPy would make of the text has the shape of the places.  An index that would be long is
    written as ``…``.

    >>> import numpy as np
    >>> [view("v", (4,), np.array(rows)) for rows in (2, [1, 2], [3, 1, 2])]
    ['v[2]', 'v[1:3]', 'v[[3,1,2]]']
    >>> view("v", (8,), np.array([[0, 1, 2], [1, 2, 3], [2, 3, 4]]))
    'windows(v[0:5], 3)'
    """
    import numpy as np

    size = int(np.prod(shape, dtype=np.int64))
    flat = places.ravel()
    if np.array_equal(flat, np.arange(size)):  # all of them, in their order
        if places.shape == shape:
            return name
        whole = ", ".join(map(str, places.shape))
        return f"{name}.ravel()" if places.ndim == 1 else f"{name}.reshape({whole})"
    found = (_of_matrix if len(shape) == 2 else _of_vector)(name, shape, places)
    if not found and places.ndim == 2 and len(places) <= FEW:
        return f"stack({', '.join(view(name, shape, row) for row in places)})"
    return found or f"{name}[…]"


def _of_matrix(name: str, shape: tuple[int, ...], places: "Places") -> str:
    """A part of a matrix, or of what is transposed, or its elements in a list."""
    import numpy as np

    row, column = np.divmod(places, shape[1])
    if places.ndim == 0:
        return f"{name}[{row}, {column}]"
    if places.ndim == 2:
        if _varies_along_one(row, 0) and _varies_along_one(column, 1):
            return name + _brackets([row[:, 0], column[0]], shape, is_grid=True)
        if _varies_along_one(row, 1) and _varies_along_one(column, 0):
            across = _brackets([column[:, 0], row[0]], shape[::-1], is_grid=True)
            return f"{name}.mT{across}"
        return _of_vector(f"{name}.ravel()", (shape[0] * shape[1],), places)
    if places.ndim > 2:
        return ""
    if not _is_constant(places) and (_is_constant(row) or _is_constant(column)):
        return name + _brackets([row, column], shape)
    found = grid(shape, places)
    if found:
        return f"{view(name, shape, places.reshape(found))}.ravel()"
    listed = f"{_listed(row)},{_listed(column)}"
    return "" if "…" in listed else f"{name}[{listed}]"


def _of_vector(name: str, shape: tuple[int, ...], places: "Places") -> str:
    """A part of a vector, another shape of it, or windows that move along it."""
    import numpy as np

    if places.ndim == 1 and _is_constant(places):
        return f"{name}[{_listed(places)}]"
    if places.ndim < 2:
        return name + _brackets([places], shape)
    for matrix, after in ((places, ""), (places.T, ".mT")) if places.ndim == 2 else ():
        width, first = matrix.shape[1], matrix[0, 0]
        steps = np.unique(np.diff(matrix[:, 0]))
        if (np.diff(matrix) == 1).all() and len(steps) == 1 and steps[0] > 0:
            part = name + _brackets([np.arange(first, matrix[-1, -1] + 1)], shape)
            if steps[0] == width:
                return f"{part}.reshape({len(matrix)}, {width}){after}"
            stride = f"[::{steps[0]}]" if steps[0] > 1 else ""
            return f"windows({part}, {width}){stride}{after}"
    return ""


def _brackets(axes: list["Places"], shape: Sequence[int], is_grid: bool = False) -> str:
    """An index for each axis of an array; none if it takes all.

    In a list of elements an axis that stays the same has one number; a grid keeps its two axes.
    """
    written = [
        _listed(places) if is_grid and _is_constant(places) else _index(places, size)
        for places, size in zip(axes, shape, strict=True)
    ]
    if written[-1] == ":":
        written.pop()  # of the last axis all is taken, unless told
    if written == ["[…]"]:
        return "[…]"
    lists = [text.startswith("[") for text in written]
    if all(lists) and len(lists) == 2:  # NumPy would take pairs of the two
        return f"[{written[0]}][:, {written[1]}]"
    return f"[{', '.join(written)}]" if any(text != ":" for text in written) else ""


def _index(places: "Places", size: int) -> str:
    """The index for one axis."""
    flat = places.ravel().tolist()
    if _is_constant(places):
        return str(flat[0])
    step = flat[1] - flat[0]
    is_even = flat == list(range(flat[0], flat[0] + step * len(flat), step or 1))
    if not is_even or (step != 1 and len(flat) == 2):
        return _listed(places)
    if abs(step) == 1 and len(flat) == size:
        return ":" if step == 1 else "::-1"
    last = flat[-1] + (1 if step > 0 else -1)
    ends = f"{flat[0]}:{last}" if last >= 0 else f"{flat[0]}:"
    return ends if step == 1 else f"{ends}:{step}"


def _listed(places: "Places") -> str:
    few = places.size <= 2 * FEW
    return f"[{','.join(map(str, places.ravel().tolist()))}]" if few else "[…]"


def _is_constant(places: "Places") -> bool:
    return bool((places == places.ravel()[0]).all())


def _varies_along_one(index: "Places", axis: int) -> bool:
    """Whether an axis's index is the same along the other axis."""
    return bool((index == index.take([0], axis=1 - axis)).all())


def grid(shape: tuple[int, ...], places: "Places") -> tuple[int, ...] | None:
    """The shape of a list that takes a matrix, or some of its rows and columns, one by one.

    >>> import numpy as np
    >>> grid((2, 3), np.arange(6)), grid((2, 3), np.array([0, 3, 1, 4])), grid((2, 3), np.arange(3))
    ((2, 3), (2, 2), None)
    """
    import numpy as np

    if len(shape) < 2:
        return None
    for slow, quick in (np.divmod(places, shape[1]), np.divmod(places, shape[1])[::-1]):
        changes = np.flatnonzero(np.diff(slow))
        width = int(changes[0]) + 1 if len(changes) else 1
        if width > 1 and places.size % width == 0:
            found = places.size // width, width
            if _varies_along_one(slow.reshape(found), 0) and _varies_along_one(
                quick.reshape(found), 1
            ):
                return found
    return None
