"""The tape: a recorded graph, compiled once and replayed over many rows of data.

>>> x, target = Value(0.0, "x"), Value(0.0, "target")
>>> w, b = Value(2.0, "w"), Value(1.0, "b")
>>> tape = Tape((w * x + b - target) ** 2, inputs=[x, target])
>>> tape.forward([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])
array([4., 0., 4.])
>>> tape.backward()                     # of the mean of the three
>>> w.grad, b.grad
(2.666666666666667, 0.0)
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from micrograd_like.engine import Value, apply, replay, topological_order
from micrograd_like.kernel import SPREAD, kernel, kinds

__all__ = ["Tape"]

CACHED = 2**20  # bytes of values, and as many of gradients, that a block of rows should have
ROWS = 8, 256  # of a block, at least and at most
WAVE = 16  # blocks at a time, on several threads


class Tape:
    """A graph, recorded at one data point, that is replayed at others.

    ``roots`` is a Value, or several; ``inputs`` are the leaves that a row of data has the numbers
    for.  All other leaves are parameters: they are read at every `forward`, and `backward` adds to
    their ``grad``, so that any optimizer can go on from there.

    A branch that Python took while the graph was recorded, as in ``if x.data > 0``, is taken for
    every row.  Values and gradients are those of the engine: in every bit where a graph has only
    ``+ - * /``, maximum, minimum, abs and relu, to a few units in the last place where the compiled
    exp, say, rounds differently.  (Sums over rows are taken block by block, and round as they do.)

    Needs Numba, the ``tape`` extra.  With ``parallel`` blocks of rows are computed on several
    threads; the results are the same in every bit.
    """

    def __init__(
        self, roots: Value | Sequence[Value], inputs: Sequence[Value], *, parallel: bool = False
    ) -> None:
        self.roots = [roots] if isinstance(roots, Value) else list(roots)
        self.single = isinstance(roots, Value)
        self.inputs = list(inputs)
        self.parallel = parallel
        order = _checked(self.roots, self.inputs)
        self._program = _Program(self.roots, self.inputs, order)
        self.parameters = self._program.parameters
        self._kernel = kernel({v.rule.name for v in order if v.rule is not None})
        self._forth = self._program.forth(self._kernel.codes)
        self._back: dict[bool, Any] = {}  # with and without the inputs' gradients
        self._rows: Any = None  # of the latest forward, and the parameters then
        self._numbers: Any = None

    def __repr__(self) -> str:
        count = len(self._program.operations)
        return f"<Tape of {count:,} operations, {len(self.inputs)} inputs>"

    def forward(self, X: Any) -> Any:
        """The roots' data for every row of ``X``: an array of them, or with a column for each.

        ``X`` has a column for each of the inputs.  A row at which an operation is undefined raises
        what the engine would.
        """
        rows = self._batch(X)
        numbers = self._program.numbers()
        outputs, _, _ = self._run(rows, numbers, None, False)
        self._rows, self._numbers = rows, numbers
        return outputs[:, 0] if self.single else outputs

    def backward(
        self, reduction: str = "mean", *, upstream: Any = None, input_gradients: bool = False
    ) -> Any:
        """Add to the parameters' ``grad`` the gradient of the mean, or ``"sum"``, over the rows.

        The rows are those of the latest `forward`, with the parameters as they were then.  Of
        several roots it is the gradient of the sum of their means.  ``upstream`` gives the gradient
        of each output instead, in the shape that `forward` returned.  With ``input_gradients`` the
        gradients for the inputs are returned, in the shape of the batch.
        """
        if self._rows is None:
            raise RuntimeError("Tape.backward: there was no forward pass; call forward(X) first")
        seeds = self._seeds(self._rows, reduction, upstream)
        _, sums, slopes = self._run(self._rows, self._numbers, seeds, input_gradients)
        self._add(sums)
        return slopes

    def gradient(self, X: Any, reduction: str = "mean") -> Any:
        """`forward` and `backward` in one pass over the rows; returns what `forward` does."""
        rows = self._batch(X)
        numbers = self._program.numbers()
        seeds = self._seeds(rows, reduction, None)
        outputs, sums, _ = self._run(rows, numbers, seeds, False)
        self._rows, self._numbers = rows, numbers
        self._add(sums)
        return outputs[:, 0] if self.single else outputs

    def _add(self, sums: Any) -> None:
        for v, gradient in zip(self.parameters, sums[: len(self.parameters)].tolist(), strict=True):
            v.grad = v.grad + gradient

    def _batch(self, X: Any) -> Any:
        """The rows as a contiguous array of floats, or an error that says what is wrong."""
        import numpy as np

        array = np.asarray(X)
        if array.dtype.kind not in "biuf":
            kind = "numbers of several kinds" if array.dtype.kind == "O" else array.dtype
            raise TypeError(f"Tape: a batch holds numbers, not {kind}; convert it with float()")
        if array.ndim != 2 or array.shape[1] != len(self.inputs):
            raise ValueError(
                f"Tape: a batch has a row for each data point and {len(self.inputs)} columns, "
                f"not the shape {array.shape}"
            )
        if not len(array):
            raise ValueError("Tape: the batch is empty; it needs at least one row")
        rows = np.ascontiguousarray(array, dtype=np.float64)
        if np.isnan(rows).any():
            i, j = (int(k) for k in np.argwhere(np.isnan(rows))[0])
            name = self.inputs[j].label or f"column {j}"
            raise ValueError(f"Tape: row {i}, {name}, is nan; drop the row or fill in a number")
        return rows

    def _seeds(self, rows: Any, reduction: str, upstream: Any) -> Any:
        """The gradient of each output, by which the way back begins."""
        import numpy as np

        shape = (len(rows), len(self.roots))
        if upstream is not None:
            seeds = np.ascontiguousarray(upstream, dtype=np.float64)
            expected = shape[:1] if self.single else shape
            if seeds.shape != expected:
                raise ValueError(
                    f"Tape.backward: upstream has the shape {seeds.shape}, the outputs {expected}"
                )
            return seeds.reshape(shape)
        if reduction not in ("mean", "sum"):
            raise ValueError(f'Tape.backward: reduction is "mean" or "sum", not {reduction!r}')
        return np.full(shape, 1.0 / len(rows) if reduction == "mean" else 1.0)

    def _run(self, rows: Any, numbers: Any, seeds: Any, input_gradients: bool) -> Any:
        """Outputs, the parameters' gradients and the inputs', of all rows."""
        import numpy as np

        program, count = self._program, len(rows)
        size = max(ROWS[0], min(ROWS[1], CACHED // (8 * program.values), count))
        wave = WAVE if self.parallel and count > size else 1
        seeds = np.empty((0, 0)) if seeds is None else seeds
        if len(seeds) and input_gradients not in self._back:
            self._back[input_gradients] = program.back(self._kernel.codes, input_gradients)
        back = self._back.get(input_gradients)
        outputs = np.empty((count, len(self.roots)))
        slopes = np.empty((count, len(self.inputs) if input_gradients else 0))
        sums, wrong = np.zeros(program.scalars), np.zeros(count, dtype=np.uint8)
        scratch = [
            (
                np.empty((program.values, size)),
                np.empty((program.gradients if len(seeds) else 0, size)),
                np.zeros(program.scalars),
                np.empty(size),
            )
            for _ in range(wave)
        ]

        def compute(start: int, place: int) -> None:
            part = slice(start, start + size)
            V, G, H, T = scratch[place]
            self._kernel.forward(
                rows[part], self._forth, program.roots, numbers, outputs[part], V, wrong[part]
            )
            if len(seeds):
                self._kernel.backward(
                    seeds[part], back, program.roots, numbers, slopes[part], V, G, H, T
                )

        for first in range(0, count, size * wave):
            starts = range(first, min(count, first + size * wave), size)
            if wave > 1:
                list(_threads().map(compute, starts, range(wave)))
            else:
                compute(first, 0)
            for place in range(len(starts)):  # in the order of the rows, whoever was first
                sums += scratch[place][2]
        if wrong.any():
            self._explain(rows, numbers, [int(k) for k in np.flatnonzero(wrong)])
        return outputs, sums, slopes if input_gradients else None

    def _explain(self, rows: Any, numbers: Any, suspicious: Sequence[int]) -> None:
        """Raise what the engine raises at the first row at which an operation is undefined."""
        parameters = dict(zip(self.parameters, numbers.tolist(), strict=False))
        for row in suspicious:
            point = parameters | dict(zip(self.inputs, rows[row].tolist(), strict=True))
            leaves = {v: Value(number, v.label) for v, number in point.items()}
            for root in self.roots:
                try:
                    replay(root, leaves, apply)
                except (ValueError, ArithmeticError) as error:
                    raise type(error)(f"Tape: row {row}: {error}") from None


@cache
def _threads() -> ThreadPoolExecutor:
    """One thread for each processor; the kernel lets go of Python's lock."""
    return ThreadPoolExecutor(os.cpu_count())


def _checked(roots: Sequence[Value], inputs: Sequence[Value]) -> list[Value]:
    """The graph's values, inputs of operations first, if it is one that a tape can be made of."""
    for name, values in (("root", roots), ("input", inputs)):
        for v in values:
            if not isinstance(v, Value):
                raise TypeError(f"Tape: each {name} is a Value, not {v!r}")
    if not roots:
        raise ValueError("Tape: there is no root to compute")
    order = topological_order(*roots)
    leaves = {id(v) for v in order if v.rule is None}
    for k, v in enumerate(inputs):
        if id(v) not in leaves:
            what = "is no leaf" if v.rule else "is not in the graph"
            raise ValueError(f"Tape: input {k}, {v!r}, {what}; inputs are leaves of the graph")
        if any(v is other for other in inputs[:k]):
            raise ValueError(f"Tape: input {k}, {v!r}, is given twice")
    moving = {id(v) for v in inputs}
    for v in order:
        if any(id(x) in moving for x in v.inputs):
            moving.add(id(v))
    for k, root in enumerate(roots):
        if id(root) not in moving:
            raise ValueError(f"Tape: root {k}, {root!r}, depends on none of the inputs")
    return order


class _Program:
    """A graph as arrays: for each operation what it is, and the places of its operands and result.

    Values are rows of a block, first the inputs; parameters and constants are single numbers, first
    the parameters.  A single number that meets an operation which takes rows only is spread over a
    row first.  Where an operation is done on the same operands a second time, its value has the
    place of the first; gradients have places of their own, and are summed as the engine sums them.
    """

    def __init__(
        self, roots: Sequence[Value], inputs: Sequence[Value], order: Sequence[Value]
    ) -> None:
        self.inputs = {id(v) for v in inputs}
        self.parameters = [v for v in order if v.rule is None and id(v) not in self.inputs]
        self.operations = [v for v in order if v.rule is not None]
        self.single: dict[Any, int] = {id(v): k for k, v in enumerate(self.parameters)}
        self.constants: list[float] = []
        self.place: dict[Any, int] = {id(v): k for k, v in enumerate(inputs)}  # of values
        self.into: dict[Any, int] = dict(self.place)  # of gradients
        self.values = self.gradients = len(inputs)
        self.spread: list[Any] = []
        self.lines: list[tuple[Value, str, tuple[Any, ...], bool]] = []
        for v in self.operations:
            self._choose(v)
        self._place()
        self.scalars = len(self.single) + 1  # into the last one goes what nobody reads
        self.gradients += 1  # and into the last row
        self.roots = _array([[self.place[id(v)], self.into[id(v)]] for v in roots], 2)

    def numbers(self) -> Any:
        """The single numbers, as they are now."""
        import numpy as np

        return np.array([*(v.data for v in self.parameters), *self.constants, 0.0])

    def _choose(self, v: Value) -> None:
        """Which of the operands have to be spread, for there to be a loop for them."""
        assert v.rule is not None
        keys = [self._key(x) for x in v.inputs]
        if len(kinds(v.rule)) > 1:
            keys = keys[:1] if all(key in self.single for key in keys) else []
        for key in keys:
            if key in self.single and key not in self.into:
                self.spread.append(key)
                self.into[key] = -1

    def _key(self, x: Any) -> Any:
        """What an operand is known by; a constant by its digits, and it gets a place at once."""
        if isinstance(x, Value):
            return id(x)
        key = float(x).hex()
        if key not in self.single:
            self.single[key] = len(self.single)
            self.constants.append(float(x))
        return key

    def _place(self) -> None:
        """Give every row its place, for its value and for its gradient."""
        for key in self.spread:
            self.place[key], self.into[key] = self.values, self.gradients
            self.values += 1
            self.gradients += 1
        done: dict[Any, int] = {}
        for v in self.operations:
            assert v.rule is not None
            keys = tuple(self._key(x) for x in v.inputs)
            kind = "".join("v" if key in self.place else "s" for key in keys)
            places = [self.place[k] if k in self.place else self.single[k] for k in keys]
            known = (v.rule.name, kind, *places)
            first = known not in done
            if first:
                done[known] = self.values
                self.values += 1
            self.place[id(v)], self.into[id(v)] = done[known], self.gradients
            self.gradients += 1
            self.lines.append((v, kind, keys, first))

    def forth(self, codes: dict[tuple[str, str], int]) -> Any:
        """The way forward: codes, the operands' places, the results'."""
        rows = [[codes[SPREAD], self.single[k], 0, self.place[k]] for k in self.spread]
        for v, kind, keys, first in self.lines:
            if first:
                assert v.rule is not None
                left, *others = (self._read(key) for key in keys)
                right = others[0] if others else 0
                rows.append([codes[v.rule.name, kind], left, right, self.place[id(v)]])
        return _array(rows, 4)

    def _read(self, key: Any) -> int:
        return self.place[key] if key in self.place else self.single[key]

    def back(self, codes: dict[tuple[str, str], int], input_gradients: bool) -> Any:
        """The way back, in forward order: the same, with the places of the operands' gradients."""
        needed = {id(v) for v in self.parameters} | (self.inputs if input_gradients else set())
        rows = [
            [codes[SPREAD], 0, 0, self.into[k], self.single[k], 0]
            for k in self.spread
            if k in needed
        ]
        for v, kind, keys, _ in self.lines:
            into = [self._into(key) if key in needed else -1 for key in keys]
            if max(into) >= 0:
                assert v.rule is not None
                needed.add(id(v))
                places = [self._read(key) for key in keys]
                code = codes[v.rule.name, kind]
                rows.append([code, *(*places, 0)[:2], self.into[id(v)], *(*into, -1)[:2]])
        return _array(rows, 6)

    def _into(self, key: Any) -> int:
        return self.into[key] if key in self.place else self.single[key]


def _array(rows: Sequence[Sequence[int]], width: int) -> Any:
    """Columns that lie each in one piece."""
    import numpy as np

    table = np.array(rows, dtype=np.int32).reshape(-1, width)
    return table if width == 2 else np.ascontiguousarray(table.T)
