"""The arrays of a graph computed for a fixed number of rows, in memory that is kept.

Values of an array that depends on an input have the shape (members, rows), others (members, 1).  A
plan is the code of the way forward and of the way back, on arrays and views that were made with it:
a run copies numbers in, and goes through the code.

Where a number is not finite, an operation is not defined, or maxima tie, a run says so: these rows
are for scalars to compute, by the engine's rules.  So it is where rounding may decide: `loops.py`
tells how that is seen.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from micrograd_like.compile.array_code import Code
from micrograd_like.compile.layout import (
    CONSTANTS,
    GIVEN,
    INPUTS,
    LEAVES,
    Array,
    Layout,
    Part,
    step_of,
)
from micrograd_like.compile.loops import has_edges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Places = NDArray[np.int64]

__all__ = ["Plan"]

MANY = 20_000  # products, from which a matrix product is NumPy's
A_ROW = 12  # numbers, whose time it takes to begin a row

Emit = Callable[["Numbers", bool], None]  # code that adds to an array, or writes what is first


class Rows:
    """Some rows of an array.

    ``places`` has a row for each member, or a list of rows for each: (members, terms).
    """

    def __init__(self, source: int, places: "Places") -> None:
        self.source, self.places = source, places
        flat = np.ascontiguousarray(places.ravel())
        first, step = int(flat[0]), step_of(flat)
        self.index: Any = flat
        self.is_view = True
        if step == 0 and places.ndim == 1:
            self.index = slice(first, first + 1)  # one for all members
        elif step == 1:
            self.index = slice(first, first + len(flat))
        else:
            self.is_view = False
        self.is_one = self.is_view and self.index.stop - self.index.start < len(flat)

    def shape(self, width: int) -> tuple[int, ...]:
        """The shape of the rows: with lists of them (members, terms, width)."""
        return (1, width) if self.is_one else (*self.places.shape, width)

    def of(self, values: "Numbers", code: Code) -> "Numbers":
        """The rows of an array's values: a view, or memory that code fills."""
        shape = self.shape(values.shape[1])
        if self.is_view:
            view: Numbers = values[self.index].reshape(shape)
            return view
        room = np.empty((self.places.size, values.shape[1]))
        code.take(values, self.index, room)
        return room.reshape(shape)


class Plan:
    """The code for a structure and a number of rows.

    Gradients go back to the leaves, and with ``to_inputs`` to the inputs.
    """

    def __init__(self, found: Layout, rows: int, *, to_inputs: bool = False) -> None:
        self.found, self.rows = found, rows
        self.learns = [to_inputs, True, False]  # of each array, whether it needs gradients
        for array in found.arrays[GIVEN:]:
            self.learns.append(any(self.learns[k] for k in _sources(array)))
        shapes = [(a.size, rows if a.moves else 1) for a in found.arrays]
        self.values = [np.zeros(shape) for shape in shapes]
        self.gradients = [
            np.zeros(shape if learns else 0)
            for shape, learns in zip(shapes, self.learns, strict=True)
        ]
        self.values[CONSTANTS][:, 0] = found.arrays[CONSTANTS].members
        self._tracked = _tracked(found, _exact(found))
        self._sizes = np.zeros((len(found.arrays), 2))  # how large numbers are, and how far off
        self.forward, self.backward = Code(), Code()
        self._undo: list[Callable[[], None]] = []  # the way back of each array, in their order
        self._reached = [np.zeros(size, dtype=np.bool_) for size, _ in shapes]  # by gradients
        self._zero: set[int] = set()  # arrays whose gradients begin at 0
        self._outputs, self._seeds = np.empty((2, len(found.roots), rows))
        self._all_forward()
        self._all_backward()

    def _all_forward(self) -> None:
        for number, array in enumerate(self.found.arrays):
            if array.parts:
                self._array(number, array)
            elif number in self._tracked and array.size:
                self.forward.measure(self.values[number], self._sizes, number)
        for output, (source, row) in zip(self._outputs, self.found.roots, strict=True):
            self.forward.multiply(output, self.values[source][row], sign=1, first=True)
        self.forward.check(self._outputs)

    def _all_backward(self) -> None:
        for source, row in self.found.roots:
            self._reached[source][row] = True
            self._zero.add(source)
        for undo in reversed(self._undo):
            undo()
        start = Code()
        for number, reached in enumerate(self._reached):
            if self.learns[number] and (number in self._zero or not reached.all()):
                start.multiply(self.gradients[number], np.zeros(1), sign=1, first=True)
        for seeds, (source, row) in zip(self._seeds, self.found.roots, strict=True):
            if self.learns[source]:
                start.multiply(self.gradients[source][row], seeds, sign=1, first=False)
        self.backward.begin_with(start)
        for number in (INPUTS, LEAVES):
            if self.learns[number]:
                self.backward.check(self.gradients[number])

    # --- a run --------------------------------------------------------------------------------

    def run(self, inputs: "Numbers", leaves: "Numbers", outputs: "Numbers") -> bool:
        """Forward; whether every number is fit to go on with."""
        self.values[INPUTS][...] = inputs.T
        self.values[LEAVES].reshape(-1)[...] = leaves
        bad = self.forward.run()
        outputs[...] = self._outputs.T
        return not bad

    def back(self, seeds: "Numbers") -> bool:
        """Backward from the gradients of the outputs, after `run`; whether all are finite."""
        self._seeds[...] = seeds.T
        return not self.backward.run()

    # --- arrays -------------------------------------------------------------------------------

    def _array(self, number: int, array: Array) -> None:
        if array.rule is None:
            self._sum(number, array)
        elif len(array.parts) == 1 and array.parts[0].rows.shape[1] > 1:
            self._largest(number, array.parts[0])
        else:
            self._operation(number, array)

    def _take(self, source: int, places: "Places") -> tuple[Rows, "Numbers"]:
        rows = Rows(source, places)
        return rows, rows.of(self.values[source], self.forward)

    def _send(self, rows: Rows, emit: Emit) -> None:
        """Pass on a gradient that code adds to the rows."""
        source = rows.source
        if not self.learns[source]:
            return
        target, reached = self.gradients[source], self._reached[source]
        shape = rows.shape(target.shape[1])
        before = reached[rows.index]
        if not rows.is_view or (before.any() and not before.all()):
            self._zero.add(source)
        is_first = not before.any()
        reached[rows.index] = True
        if rows.is_view:
            emit(target[rows.index].reshape(shape), is_first)
            return
        room = np.empty(shape)
        emit(room, True)
        self.backward.add_at(target, rows.index, room.reshape(-1, target.shape[1]))

    def _operation(self, number: int, array: Array) -> None:
        """One operand or two: the rule's own function, in a compiled loop."""
        assert array.rule is not None
        taken = [self._take(part.left, part.rows[:, 0]) for part in array.parts]
        out, operands = self.values[number], []
        for _, x in taken:
            if x.shape == out.shape or x.size == 1:  # loops take single numbers as they are
                operands.append(x)
                continue
            operands.append(np.empty(out.shape))
            self.forward.multiply(operands[-1], x, sign=1, first=True)
        lines = [number, *(rows.source for rows, _ in taken)]
        slopes = [np.empty(out.shape) if self.learns[k] else None for k in lines[1:]]
        sizes = self._sizes if number in self._tracked else None
        self.forward.rule(array.rule, operands, out, slopes, sizes, lines)

        def undo() -> None:
            for (rows, _), slope in zip(taken, slopes, strict=True):
                self._send(rows, self._times(self.gradients[number], slope))

        self._way_back(number, undo)

    def _largest(self, number: int, part: Part) -> None:
        """The largest of several values; where two are, it is for scalars."""
        rows, x = self._take(part.left, part.rows)
        out, mask = self.values[number], np.empty(x.shape)
        self.forward.maximum(x, out, mask, self._sizes, (number, part.left))

        def undo() -> None:
            self._send(rows, self._times(self.gradients[number][:, None], mask))

        self._way_back(number, undo)

    def _times(self, gradient: "Numbers", factor: "Numbers | None", sign: int = 1) -> Emit:
        """Code that adds the product of a gradient and a factor."""
        multiply = self.backward.multiply
        return lambda room, first: multiply(room, gradient, factor, sign=sign, first=first)

    def _way_back(self, number: int, *undo: Callable[[], None]) -> None:
        if self.learns[number]:
            self._undo += reversed(undo)  # they are gone through from the last to the first

    # --- sums ---------------------------------------------------------------------------------

    def _sum(self, number: int, array: Array) -> None:
        if number in self._tracked:
            exact = _adds_in_one_order(array)
            for k, part in enumerate(array.parts):
                right = -1 if part.right is None else part.right
                self.forward.grow(self._sizes, number, part.left, right, not k, exact)
        undo = [self._part(number, part, not k) for k, part in enumerate(array.parts)]
        self._way_back(number, *undo)

    def _part(self, number: int, part: Part, first: bool) -> Callable[[], None]:
        """Code that adds a part to a sum; and what makes its way back."""
        if part.right is None:
            return self._values(number, part, first)
        if part.product is not None:
            return self._product(number, part, first)
        return self._pairs(number, part, first)

    def _values(self, number: int, part: Part, first: bool) -> Callable[[], None]:
        single = part.rows.shape[1] == 1
        rows, x = self._take(part.left, part.rows[:, 0] if single else part.rows)
        out = self.values[number] if single else self.values[number][:, None]
        self.forward.multiply(out, x, sign=part.sign, first=first)

        def undo() -> None:
            gradient = self.gradients[number]
            g = gradient if single else gradient[:, None]
            self._send(rows, self._times(g, None, part.sign))

        return undo

    def _pairs(self, number: int, part: Part, first: bool) -> Callable[[], None]:
        """Products of pairs that are no matrix product, added up."""
        assert part.right is not None
        assert part.others is not None
        single = part.rows.shape[1] == 1
        a, x = self._take(part.left, part.rows[:, 0] if single else part.rows)
        b, y = self._take(part.right, part.others[:, 0] if single else part.others)
        out = self.values[number] if single else self.values[number][:, None]
        self.forward.multiply(out, x, y, sign=part.sign, first=first)

        def undo() -> None:
            gradient = self.gradients[number]
            g = gradient if single else gradient[:, None]
            self._send(a, self._times(g, y, part.sign))
            self._send(b, self._times(g, x, part.sign))

        return undo

    def _product(self, number: int, part: Part, first: bool) -> Callable[[], None]:
        """A matrix product: of (i, k, n) and (j, k, n), of which either may be the same for all n.

        The axes are i, j, k, n.
        """
        assert part.right is not None
        assert part.product is not None
        (a, x), (b, y) = (
            self._take(source, places)
            for source, places in zip((part.left, part.right), part.product, strict=True)
        )
        n = max(x.shape[2], y.shape[2])
        out = self.values[number]
        once = n == 1 < out.shape[1]  # a product that does not move, in a sum that does
        result = np.empty((len(out), 1)) if once else out
        shape = len(x), len(y), n
        _contract(
            self.forward, result.reshape(shape), x, y, sign=1 if once else part.sign,
            first=once or first,
        )  # fmt: skip
        if once:
            self.forward.multiply(out, result, sign=part.sign, first=first)

        def undo() -> None:
            g = self.gradients[number]
            if once:
                total = np.empty((len(out), 1))
                self.backward.multiply(total, g, sign=1, first=True)
                g = total
            g = g.reshape(shape)
            self._send(
                b, lambda room, first: _to_right(self.backward, room, g, x, part.sign, first)
            )
            self._send(
                a,
                lambda room, first: _contract(
                    self.backward, room, g, y.swapaxes(0, 1), sign=part.sign, first=first
                ),
            )

        return undo


def _contract(
    code: Code, out: "Numbers", x: "Numbers", y: "Numbers", *, sign: int, first: bool
) -> None:
    """The product of (i, k, n) and (j, k, n) to (i, j, n); either may be the same for all n."""
    (i, k, m), (j, n) = x.shape, out.shape[1:]
    if not _is_large(i * j, k, m) or y.shape[2] > 1 or n != m:
        code.multiply(out[:, :, None], x[:, None], y[None], sign=sign, first=first)
    elif m > 1:
        _matmul(code, out, y[None, :, :, 0], x, sign, first)
    else:
        _matmul(code, out[..., 0], x[..., 0], y[..., 0].T, sign, first)


def _to_right(
    code: Code, out: "Numbers", g: "Numbers", x: "Numbers", sign: int, first: bool
) -> None:
    """From the gradient (i, j, n) to that of (j, k, n)."""
    i, j, n = g.shape
    k = x.shape[1]
    if i == 1 and _is_large(j * k, n, 1) and out.shape[2] == 1:
        _matmul(code, out[..., 0], g[0], x[0].T, sign, first)
    elif _is_large(j * k, n, 1) and out.shape[2] == 1:
        each = np.empty((i, j, k))
        code.matmul(g, x.swapaxes(1, 2), each)
        code.multiply(out[None, ..., 0], each, sign=sign, first=first)
    else:
        code.multiply(out[None], g[:, :, None], x[:, None], sign=sign, first=first)


def _is_large(results: int, terms: int, n: int) -> bool:
    """Whether a matrix product is worth a call of NumPy's."""
    return terms > 2 and results * (terms * (n + A_ROW) if n > 1 else terms + A_ROW) > MANY


def _matmul(code: Code, out: "Numbers", a: "Numbers", b: "Numbers", sign: int, first: bool) -> None:
    if first and sign > 0:
        code.matmul(a, b, out)
        return
    room = np.empty(out.shape)
    code.matmul(a, b, room)
    code.multiply(out, room, sign=sign, first=first)


def _sources(array: Array) -> set[int]:
    """The arrays that an array is computed from."""
    sides = [k for part in array.parts for k in (part.left, part.right)]
    return {k for k in sides if k is not None}


def _exact(found: Layout) -> list[bool]:
    """Of each array, whether its numbers are those of scalars, in every bit."""
    exact = list[bool]()
    for array in found.arrays:
        exact.append(all(exact[k] for k in _sources(array)) and _adds_in_one_order(array))
    return exact


def _adds_in_one_order(array: Array) -> bool:
    """Whether there is one order of adding up only: of one or two terms, but for fused products."""
    if array.rule is not None:
        return True
    terms = sum(part.rows.shape[1] for part in array.parts)
    return terms <= 2 and not any(part.product for part in array.parts)


def _tracked(found: Layout, exact: Sequence[bool]) -> set[int]:
    """The arrays whose sizes are to be known, as rounding may decide something after them."""
    tracked = set[int]()
    for number in range(len(found.arrays) - 1, CONSTANTS, -1):
        array = found.arrays[number]
        sources = _sources(array)
        decides = array.rule is not None and has_edges(array.rule)
        if number in tracked or (decides and not all(exact[k] for k in sources)):
            tracked |= {number, *sources}
    return tracked
