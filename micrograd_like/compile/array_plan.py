"""The arrays of a graph computed by NumPy, for a fixed number of rows, in memory that is kept.

Values of an array that depends on an input have the shape (members, rows), others (members, 1).  A
plan is a list of calls forward and a list of calls back, each on arrays and views that were made
with the plan: a run copies numbers in, and goes through the lists.

Where a number is not finite, an operation is not defined, or maxima tie, a run says so: these rows
are for scalars to compute, by the engine's rules.  So it is where rounding may decide: `loops.py`
tells how that is seen.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from micrograd_like.compile.layout import CONSTANTS, INPUTS, LEAVES, Array, Layout, Part
from micrograd_like.compile.loops import Loop, grow, has_edges, largest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Places = NDArray[np.int64]

__all__ = ["Plan"]

Call = Callable[[], Any]


class Rows:
    """Some rows of an array: where they are, and how a gradient goes back to them.

    ``places`` has a row for each member, or a list of rows for each: (members, terms).
    """

    def __init__(self, source: int, places: "Places", size: int) -> None:
        self.source, self.places = source, places
        flat = places.ravel()
        first, last = int(flat[0]), int(flat[-1])
        self.index: Any = flat
        self.is_view = True
        if (flat == first).all() and places.ndim == 1 and len(flat) > 1:
            self.index = slice(first, first + 1)  # one for all members
        elif last - first == len(flat) - 1 and (np.diff(flat) == 1).all():
            self.index = slice(first, last + 1)
        else:
            self.is_view = False
        self.is_one = self.is_view and self.index.stop - self.index.start < len(flat)
        self.is_whole = self.is_view and not self.is_one and len(flat) == size
        self._sorted: Any = None  # of places that occur several times: how their sums are taken
        if not self.is_view and len(np.unique(flat)) < len(flat):
            by = np.argsort(flat, kind="stable")
            starts = np.flatnonzero(np.diff(flat[by], prepend=-1))
            self._sorted = by, starts, flat[by][starts]

    def shape(self, width: int) -> tuple[int, ...]:
        """The shape of the rows: with lists of them (members, terms, width)."""
        return (1, width) if self.is_one else (*self.places.shape, width)

    def of(self, values: "Numbers", calls: list[Call]) -> "Numbers":
        """The rows of an array's values: a view, or memory that a call fills."""
        shape = self.shape(values.shape[1])
        if self.is_view:
            view: Numbers = values[self.index].reshape(shape)
            return view
        room = np.empty((self.places.size, values.shape[1]))
        calls.append(partial(np.take, values, self.index, 0, room, "clip"))
        return room.reshape(shape)

    def add(
        self, target: "Numbers", gradient: "Numbers", calls: list[Call], *, first: bool
    ) -> None:
        """Calls that add a gradient to the rows of a target; the ``first`` is written there."""
        if self.is_view:
            rows = target[self.index].reshape(gradient.shape)
            add = partial(np.add, rows, gradient, rows)
            calls.append(partial(np.copyto, rows, gradient) if first else add)
            return
        if not gradient.flags.c_contiguous:  # one for several: reshaped, it would be a copy of now
            room = np.empty(gradient.shape)
            calls.append(partial(np.copyto, room, gradient))
            gradient = room
        flat, where = gradient.reshape(-1, target.shape[1]), self.index
        if self._sorted is None:
            calls.append(partial(_put if first else _add, target, where, flat))
        else:
            calls.append(partial(_add_sorted, target, flat, *self._sorted))


def _put(target: Any, where: Any, gradient: Any) -> None:
    target[where] = gradient


def _add(target: Any, where: Any, gradient: Any) -> None:
    target[where] += gradient


def _add_sorted(target: Any, gradient: Any, by: Any, starts: Any, places: Any) -> None:
    target[places] += np.add.reduceat(gradient[by], starts, axis=0)


class Plan:
    """The calls for a structure and a number of rows.

    Gradients go back to the leaves, and with ``to_inputs`` to the inputs.
    """

    def __init__(self, found: Layout, rows: int, *, to_inputs: bool = False) -> None:
        self.found, self.rows = found, rows
        self.learns = [to_inputs, True, False]  # of each array, whether it needs gradients
        for array in found.arrays[3:]:
            sources = {part.left for part in array.parts} | {part.right for part in array.parts}
            self.learns.append(any(self.learns[k] for k in sources if k is not None))
        sizes = [(a.size, rows if a.moves else 1) for a in found.arrays]
        self.values = [np.zeros(shape) for shape in sizes]
        self.gradients = [np.zeros(shape) for shape in sizes]
        self.values[CONSTANTS][:, 0] = found.arrays[CONSTANTS].members
        self._exact = _exact(found)
        self._tracked = _tracked(found, self._exact)
        self.sizes = np.zeros((len(found.arrays), 2))  # how large numbers are, and how far off
        self._steps: list[tuple[int, int, int, int, int]] = []  # of sums, that are still to be told
        self.loops: list[Loop | _Ties] = []  # whose `bad` says whether a number was not fit
        self.forward: list[Call] = []
        self.backward: list[Call] = []
        self.undo: list[Callable[[], None]] = []  # the way back of each array, in their order
        self._written = [np.zeros(size, dtype=np.bool_) for size, _ in sizes]
        self._zero: set[int] = set()  # arrays whose gradients begin at 0
        self._measured = [
            (k, self.values[k].reshape(-1)) for k in self._tracked if not found.arrays[k].parts
        ]
        for number, array in enumerate(found.arrays):
            if array.parts:
                self._array(number, array)
        self.outputs = [
            (column, self.values[source][row], self.gradients[source][row])
            for column, (source, row) in enumerate(found.roots)
        ]
        for source, row in found.roots:
            self._written[source][row] = True
            self._zero.add(source)
        for undo in reversed(self.undo):
            undo()
        for number, written in enumerate(self._written):
            if not written.all():
                self._zero.add(number)

    # --- a run --------------------------------------------------------------------------------

    def run(self, inputs: "Numbers", leaves: "Numbers", outputs: "Numbers") -> bool:
        """Forward; whether every number is fit to go on with."""
        self.values[INPUTS][...] = inputs.T
        self.values[LEAVES][:, 0] = leaves
        for number, numbers in self._measured:
            self.sizes[number, 0] = largest(numbers)
        for call in self.forward:
            call()
        for column, values, _ in self.outputs:
            outputs[:, column] = values
        return not any(loop.bad() for loop in self.loops) and bool(np.isfinite(outputs).all())

    def back(self, seeds: "Numbers") -> bool:
        """Backward from the gradients of the outputs, after `run`; whether all are finite."""
        for number in self._zero:
            self.gradients[number].fill(0.0)
        for column, _, gradient in self.outputs:
            seed = seeds[:, column] if len(gradient) > 1 else seeds[:, column].sum()
            np.add(gradient, seed, out=gradient)
        for call in self.backward:
            call()
        wanted = [g for g, learns in zip(self.gradients[:2], self.learns, strict=False) if learns]
        return all(bool(np.isfinite(gradient).all()) for gradient in wanted)

    # --- arrays -------------------------------------------------------------------------------

    def _array(self, number: int, array: Array) -> None:
        if array.rule is None:
            self._sum(number, array)
        elif len(array.parts) == 1 and array.parts[0].rows.shape[1] > 1:
            self._largest(number, array.parts[0])
        else:
            self._operation(number, array)

    def _take(self, source: int, places: "Places") -> tuple[Rows, "Numbers"]:
        rows = Rows(source, places, self.found.arrays[source].size)
        return rows, rows.of(self.values[source], self.forward)

    def _give(self, rows: Rows, gradient: "Numbers") -> None:
        """Pass a gradient of the shape of an operand, or one to be summed up to it, on to it."""
        source = rows.source
        if not self.learns[source]:
            return
        target, calls = self.gradients[source], self.backward
        for axis, size in enumerate(rows.shape(target.shape[1])):
            if gradient.shape[axis] != size:
                summed = np.empty((*gradient.shape[:axis], 1, *gradient.shape[axis + 1 :]))
                calls.append(partial(np.sum, gradient, axis, None, summed, keepdims=True))
                gradient = summed
        written = self._written[source]
        places = rows.places.ravel()
        first = not written[places].any() and rows._sorted is None
        if not first and not written[places].all():
            self._zero.add(source)
        if rows._sorted is not None:
            self._zero.add(source)
        written[places] = True
        rows.add(target, gradient, calls, first=first)

    def _send(self, rows: Rows, shape: tuple[int, ...], make: Callable[["Numbers"], Call]) -> None:
        """Pass on the gradient that a call makes: straight into the rows, if they have none yet."""
        if not self.learns[rows.source]:
            return
        target, written = self.gradients[rows.source], self._written[rows.source]
        wanted = rows.shape(target.shape[1])
        same = np.prod(shape) == np.prod(wanted)
        if same and rows.is_view and not written[rows.index].any():
            written[rows.index] = True
            self.backward.append(make(target[rows.index].reshape(shape)))
            return
        room = np.empty(shape)
        self.backward.append(make(room))
        self._give(rows, room.reshape(wanted) if same else room)

    def _operation(self, number: int, array: Array) -> None:
        """One operand or two: the rule's own function, in a compiled loop."""
        taken = [self._take(part.left, part.rows[:, 0]) for part in array.parts]
        out = self.values[number]
        operands = []
        for _, x in taken:
            operands.append(x)
            if x.shape != out.shape and x.size > 1:  # the loop takes single numbers as they are
                operands[-1] = np.empty(out.shape)
                self.forward.append(partial(np.copyto, operands[-1], x))
        assert array.rule is not None
        lines = [number, *(rows.source for rows, _ in taken)]
        careful = number in self._tracked
        self._grow(careful)
        sizes = self.sizes if careful else None
        loop = Loop(array.rule, operands, out, sizes, lines)
        self.loops.append(loop)
        self.forward.append(loop.run)

        def undo() -> None:
            for (rows, _), slope in zip(taken, loop.slopes, strict=True):
                self._send(rows, out.shape, _into(np.multiply, self.gradients[number], slope))

        self._way_back(number, undo)

    def _largest(self, number: int, part: Part) -> None:
        """The largest of several values; where two are, the gradient is the kernel's matter."""
        rows, x = self._take(part.left, part.rows)
        out = self.values[number]
        self.forward.append(partial(np.max, x, 1, out))
        self._grow(number in self._tracked)
        loop = _Ties(x, out, self.sizes, number, part.left)
        mask = loop.mask
        self.forward.append(loop.run)
        self.loops.append(loop)

        def undo() -> None:
            gradient = self.gradients[number][:, None]
            self._send(rows, x.shape, _into(np.multiply, gradient, mask))

        self._way_back(number, undo)

    def _grow(self, careful: bool) -> None:
        """Before what is careful, tell how large the sums are."""
        if careful and self._steps:
            steps, self._steps = np.array(self._steps, dtype=np.int64), []
            self.forward.append(partial(grow, steps, self.sizes))

    def _sum(self, number: int, array: Array) -> None:
        if number in self._tracked:
            exact = _adds_in_one_order(array)
            for k, part in enumerate(array.parts):
                right = -1 if part.right is None else part.right
                self._steps.append((number, part.left, right, not k, exact))
        out = self.values[number]
        total: Numbers | None = None
        undo: list[Callable[[], None]] = []
        for part in array.parts:
            term, back = self._part(number, part, out if total is None and part.sign > 0 else None)
            undo.append(back)
            if total is None and part.sign > 0:
                total = term
            elif total is None:
                self.forward.append(partial(np.negative, term, out))
                total = out
            else:
                function = np.add if part.sign > 0 else np.subtract
                self.forward.append(partial(function, total, term, out))
                total = out
        if total is not None and total is not out:
            self.forward.append(partial(np.copyto, out, total))
        self._way_back(number, *undo)

    def _way_back(self, number: int, *undo: Callable[[], None]) -> None:
        if self.learns[number]:
            self.undo += reversed(undo)  # they are gone through from the last to the first

    def _part(
        self, number: int, part: Part, out: "Numbers | None"
    ) -> tuple["Numbers", Callable[[], None]]:
        """What a part adds to a sum, in ``out`` if it may be there, and its way back."""
        gradient = self._signed(number, part.sign)
        if part.right is None:
            return self._values(part, gradient)
        if part.product is not None:
            return self._product(part, gradient, out)
        return self._pairs(part, gradient)

    def _signed(self, number: int, sign: int) -> Callable[[], "Numbers"]:
        """The gradient of an array, with the sign of a part, as a call of the way back makes it."""

        def gradient() -> "Numbers":
            if sign > 0:
                return self.gradients[number]
            room = np.empty_like(self.gradients[number])
            self.backward.append(partial(np.negative, self.gradients[number], room))
            return room

        return gradient

    def _values(
        self, part: Part, gradient: Callable[[], "Numbers"]
    ) -> tuple["Numbers", Callable[[], None]]:
        if part.rows.shape[1] == 1:
            rows, x = self._take(part.left, part.rows[:, 0])
            return x, lambda: self._give(rows, gradient())
        rows, x = self._take(part.left, part.rows)
        total = np.empty((len(part.rows), x.shape[2]))
        self.forward.append(partial(np.sum, x, 1, None, total))

        def back() -> None:
            g = gradient()[:, None]
            self._give(rows, np.broadcast_to(g, (*x.shape[:2], g.shape[2])))

        return total, back

    def _pairs(
        self, part: Part, gradient: Callable[[], "Numbers"]
    ) -> tuple["Numbers", Callable[[], None]]:
        """Products of pairs that are no matrix product, added up."""
        assert part.right is not None
        assert part.others is not None
        single = part.rows.shape[1] == 1
        a, x = self._take(part.left, part.rows[:, 0] if single else part.rows)
        b, y = self._take(part.right, part.others[:, 0] if single else part.others)
        shape: tuple[int, ...] = np.broadcast_shapes(x.shape, y.shape)
        products: Numbers = np.empty(shape)
        self.forward.append(partial(np.multiply, x, y, products))
        total = products
        if not single:
            total = np.empty((len(part.rows), shape[-1]))
            self.forward.append(partial(np.sum, products, 1, None, total))

        def back() -> None:
            g = gradient() if single else gradient()[:, None]
            for rows, other in ((a, y), (b, x)):
                shape = np.broadcast_shapes(g.shape, other.shape)
                self._send(rows, shape, _into(np.multiply, g, other))

        return total, back

    def _product(
        self, part: Part, gradient: Callable[[], "Numbers"], out: "Numbers | None"
    ) -> tuple["Numbers", Callable[[], None]]:
        """A matrix product: of (i, k) and (j, k), of which either may have rows of data."""
        assert part.right is not None
        assert part.product is not None
        (a, x), (b, y) = (
            self._take(source, places)
            for source, places in zip((part.left, part.right), part.product, strict=True)
        )
        moves = [self.found.arrays[source].moves for source in (part.left, part.right)]
        i, j, k = len(x), len(y), x.shape[1]
        width = self.rows if any(moves) else 1
        room = np.empty((i * j, width)) if out is None or out.shape[1] != width else out
        if not any(moves):
            x, y = x[..., 0], y[..., 0]
            self.forward.append(partial(np.matmul, x, y.T, room.reshape(i, j)))

            def back() -> None:
                g = self._once(gradient()).reshape(i, j)
                self._matmul(a, g, y)
                self._matmul(b, g.T, x)

        elif not all(moves):  # weights that do not move, and i times k values for each row of data
            W = y[..., 0]
            self.forward.append(partial(np.matmul, W, x, room.reshape(i, j, width)))

            def back() -> None:
                g = gradient().reshape(i, j, width)
                if i == 1:
                    self._matmul(b, g[0], x[0].T)
                else:
                    each = np.empty((i, j, k))
                    self.backward.append(partial(np.matmul, g, x.swapaxes(1, 2), each))
                    self._send(b, (j, k), lambda room: partial(np.sum, each, 0, None, room))
                self._matmul(a, W.T, g)

        else:
            result = room.reshape(i, j, width)
            self.forward.append(partial(_einsum, "ikn,jkn->ijn", x, y, result))

            def back() -> None:
                g = gradient().reshape(i, j, width)
                for rows, other, text, n in ((a, y, "ijn,jkn->ikn", i), (b, x, "ijn,ikn->jkn", j)):
                    self._send(rows, (n, k, width), _into(_einsum, text, g, other))

        return room, back

    def _once(self, gradient: "Numbers") -> "Numbers":
        """The gradient of what is the same for all rows."""
        if gradient.shape[-1] == 1:
            return gradient
        total = np.empty((*gradient.shape[:-1], 1))
        self.backward.append(partial(np.add.reduce, gradient, -1, None, total, keepdims=True))
        return total

    def _matmul(self, rows: Rows, g: "Numbers", other: "Numbers") -> None:
        """Pass the product of two matrices on to rows."""
        shape = (*np.broadcast_shapes(g.shape[:-2], other.shape[:-2]), g.shape[-2], other.shape[-1])
        self._send(rows, shape, _into(np.matmul, g, other))


def _into(function: Callable[..., Any], *operands: Any) -> Callable[["Numbers"], Call]:
    """What makes the call of a function on operands, into the memory that it is given."""
    return lambda room: partial(function, *operands, room)


def _einsum(text: str, a: Any, b: Any, out: Any) -> None:
    np.einsum(text, a, b, out=out)


class _Ties:
    """The largest values in a mask, and whether two of those that are compared are the largest."""

    def __init__(self, x: Any, out: Any, sizes: Any, number: int, source: int) -> None:
        self.mask = np.empty(x.shape, dtype=np.bool_)
        self._x, self._out, self._lines = x, out[:, None], (sizes, number, source)
        self._floor = np.empty(self._out.shape)

    def run(self) -> None:
        """Compare; what is off by rounding counts as equal."""
        sizes, number, source = self._lines
        sizes[number] = sizes[source]
        np.subtract(self._out, sizes[source, 1], self._floor)
        np.greater_equal(self._x, self._floor, self.mask)

    def bad(self) -> bool:
        """Whether there are more in the mask than largest values."""
        return int(np.count_nonzero(self.mask)) != int(self._out.size)


def _exact(found: Layout) -> list[bool]:
    """Of each array, whether its numbers are those of scalars, in every bit."""
    exact = list[bool]()
    for array in found.arrays:
        sources = [k for part in array.parts for k in (part.left, part.right) if k is not None]
        exact.append(all(exact[k] for k in sources) and _adds_in_one_order(array))
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
        sources = {part.left for part in array.parts} | {part.right for part in array.parts}
        sources.discard(None)
        decides = array.rule is not None and has_edges(array.rule)
        if number in tracked or (decides and not all(exact[k] for k in sources if k is not None)):
            tracked |= {number, *(k for k in sources if k is not None)}
    return tracked
