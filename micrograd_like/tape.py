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
from functools import cache
from typing import Any

from micrograd_like.engine import Value, apply, replay, topological_order
from micrograd_like.kernel import kernel, kinds
from micrograd_like.source import source

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
        self._forth = self._program.forth()
        self._scratch: list[Any] = []
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

    def gradient(self, X: Any, reduction: str = "mean", *, upstream: Any = None) -> Any:
        """`forward` and `backward` in one pass over the rows; returns what `forward` does."""
        rows = self._batch(X)
        numbers = self._program.numbers()
        seeds = self._seeds(rows, reduction, upstream)
        outputs, sums, _ = self._run(rows, numbers, seeds, False)
        self._rows, self._numbers = rows, numbers
        self._add(sums)
        return outputs[:, 0] if self.single else outputs

    def source(self) -> str:
        """The tape as Python text, forward and backward, for one row: see `source`."""
        return source(self.roots, self.inputs)

    def _add(self, sums: Any) -> None:
        import numpy as np

        grads = np.array([*[v.grad for v in self.parameters], 0.0])[
            :-1
        ]  # objects, if some are Values
        for v, grad in zip(self.parameters, (grads + sums[: len(grads)]).tolist(), strict=True):
            v.grad = grad

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
            self._back[input_gradients] = program.back(input_gradients)
        back = self._back.get(input_gradients)
        outputs = np.empty((count, len(self.roots)))
        slopes = np.empty((count, len(self.inputs) if input_gradients else 0))
        sums, wrong = np.zeros(program.scalars), np.zeros(count, dtype=np.uint8)
        scratch = self._memory(size, wave)

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

    def _memory(self, size: int, wave: int) -> Any:
        """Room for the values and gradients of blocks; kept, as getting it costs as much as use."""
        import numpy as np

        program = self._program
        if len(self._scratch) < wave or self._scratch[0][0].shape[1] < size:
            self._scratch = [
                (
                    np.empty((program.values, size)),
                    np.empty((program.gradients, size)),
                    np.zeros(program.scalars),
                    np.empty(size),
                )
                for _ in range(wave)
            ]
        return self._scratch

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
def _threads() -> Any:
    """One thread for each processor; the kernel lets go of Python's lock."""
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(os.cpu_count())


def _checked(roots: Sequence[Value], inputs: Sequence[Value]) -> list[Value]:
    """The graph's values, inputs of operations first, if they can be those of a tape."""
    for name, values in (("root", roots), ("input", inputs)):
        for v in values:
            if not isinstance(v, Value):
                raise TypeError(f"Tape: each {name} is a Value, not {v!r}")
    if not roots:
        raise ValueError("Tape: there is no root to compute")
    order = topological_order(*roots)
    leaves = {id(v) for v in order if v.rule is None}
    seen: set[int] = set()
    for k, v in enumerate(inputs):
        if id(v) not in leaves:
            what = "is no leaf" if v.rule else "is not in the graph"
            raise ValueError(f"Tape: input {k}, {v!r}, {what}; inputs are leaves of the graph")
        if id(v) in seen:
            raise ValueError(f"Tape: input {k}, {v!r}, is given twice")
        seen.add(id(v))
    return order


class _Program:
    """A graph as arrays: for each operation its code, and the places of its operands and result.

    Values are rows of a block, first the inputs; parameters and constants are single numbers, first
    the parameters.  A single number that meets an operation which takes rows only is spread over a
    row first.  Where an operation is done on the same operands a second time, its value has the
    place of the first; gradients have places of their own, and are summed as the engine sums them.
    """

    def __init__(
        self, roots: Sequence[Value], inputs: Sequence[Value], order: Sequence[Value]
    ) -> None:
        import numpy as np

        self.codes = kernel({v.rule.name for v in order if v.rule is not None}).codes
        inside = {id(v) for v in inputs}
        self.parameters = [v for v in order if v.rule is None and id(v) not in inside]
        self.operations = [v for v in order if v.rule is not None]
        self.constants: list[float] = []
        # Everything has a number: inputs, parameters, operations, constants.
        self.start = len(inputs) + len(self.parameters)  # of the operations
        numbered = [*inputs, *self.parameters, *self.operations]
        self.number = {id(v): k for k, v in enumerate(numbered)}
        self.roots_at = [self.number[id(v)] for v in roots]
        self._read(len(inputs), len(numbered))
        for k, root in enumerate(roots):
            if not self.moving[self.roots_at[k]]:
                raise ValueError(f"Tape: root {k}, {root!r}, depends on none of the inputs")
        self._place(len(inputs), len(numbered))
        self.roots = np.array(
            [[self.place[k], self.into[k]] for k in self.roots_at], dtype=np.int32
        ).reshape(-1, 2)

    def _read(self, inputs: int, count: int) -> None:
        """Operations and their operands by number, and what depends on what."""
        number, constants = self.number, dict[str, int]()
        self.moving = [k < inputs for k in range(self.start)]  # depends on an input
        self.learning = [k >= inputs for k in range(self.start)]  # depends on a parameter
        self.same = list(range(count))  # the first that does the same
        done: dict[Any, int] = {}
        self.rules: list[Any] = []
        self.operands: list[tuple[int, int]] = []

        def numbered(x: Any) -> int:
            if isinstance(x, Value):
                return number[id(x)]
            key = float(x).hex()
            if key not in constants:
                constants[key] = count + len(constants)
                self.constants.append(float(x))
                self.same.append(constants[key])
            return constants[key]

        moving, learning, same = self.moving, self.learning, self.same
        for k, v in enumerate(self.operations, self.start):
            places = [numbered(x) for x in v.inputs]
            a, b = places[0], places[-1]
            moving.append((a < count and moving[a]) or (b < count and moving[b]))
            learning.append((a < count and learning[a]) or (b < count and learning[b]))
            same[k] = done.setdefault((v.rule, same[a], same[b]), k)
            self.rules.append(v.rule)
            self.operands.append((a, b))

    def _place(self, inputs: int, count: int) -> None:
        """The places of everything in a block, or among the single numbers."""
        import numpy as np

        total = count + len(self.constants)
        operands = np.array(self.operands, dtype=np.int64).reshape(-1, 2)
        rules = {rule: k for k, rule in enumerate(dict.fromkeys(self.rules))}
        of = np.array([rules[rule] for rule in self.rules], dtype=np.int64)
        short = np.array([len(kinds(rule)) > 1 for rule in rules], dtype=bool)
        row = np.zeros(total, dtype=bool)
        row[:inputs] = row[self.start : count] = True
        alone = ~row[operands]
        wanted = alone.copy()
        wanted[short[of]] = False
        both = short[of] & alone.all(axis=1)
        wanted[both, 0] = True
        self.spread = np.unique(operands[wanted])
        row[self.spread] = True
        # The places: of rows, in two countings for values and gradients, and of single numbers.
        self.place = np.zeros(total, dtype=np.int64)
        self.into = np.zeros(total, dtype=np.int64)
        first = np.array(self.same[self.start : count]) == np.arange(self.start, count)
        fresh = np.flatnonzero(first) + self.start
        single = np.r_[inputs : self.start, count:total]
        self.single = np.zeros(total, dtype=np.int64)
        self.single[single] = np.arange(len(single))
        rows = np.r_[0:inputs, self.spread]
        self.place[single], self.into[single] = self.single[single], self.single[single]
        self.place[rows] = self.into[rows] = np.arange(len(rows))
        self.place[fresh] = len(rows) + np.arange(len(fresh))
        self.place[self.start : count] = self.place[self.same[self.start : count]]
        self.into[self.start : count] = len(rows) + np.arange(count - self.start)
        self.values = len(rows) + len(fresh)
        self.gradients = len(rows) + count - self.start + 1  # into the last goes what nobody reads
        self.scalars = len(single) + 1
        by_kind = [
            [self.codes.get((rule.name, kind), -1) for kind in ("ss", "sv", "vs", "vv")]
            if rule.arity == 2
            else [-1, self.codes[rule.name, "v"], -1, self.codes[rule.name, "v"]]
            for rule in rules
        ]
        kind = 2 * row[operands[:, 0]] + row[operands[:, 1]]
        code = np.array(by_kind, dtype=np.int64).reshape(-1, 4)[of, kind]
        unary = np.array([rule.arity == 1 for rule in rules], dtype=bool)[of]
        self.first, self.operand_numbers, self.unary = first, operands, unary
        left, right = self.place[operands[:, 0]], self.place[operands[:, 1]]
        self.table = np.stack([code, left, right, self.place[self.start : count]])
        self.count = count

    def numbers(self) -> Any:
        """The single numbers, as they are now."""
        import numpy as np

        return np.array([*[v._data for v in self.parameters], *self.constants, 0.0])

    def forth(self) -> Any:
        """The way forward: codes, the operands' places, the results'."""
        import numpy as np

        spread = np.zeros((4, len(self.spread)), dtype=np.int64)
        spread[1], spread[3] = self.single[self.spread], self.place[self.spread]
        return _array(spread, self.table[:, self.first])

    def back(self, input_gradients: bool) -> Any:
        """The way back, in forward order: the same, with the places of the operands' gradients."""
        import numpy as np

        needed = np.zeros(len(self.place), dtype=bool)
        needed[: self.count] = self.learning
        if input_gradients:
            needed[: self.count] |= np.array(self.moving, dtype=bool)
        mine = needed[self.start : self.count]
        operands = self.operand_numbers
        into = np.where(needed[operands], self.into[operands], -1)
        into[self.unary, 1] = -1
        code, left, right, _ = self.table
        table = np.stack(
            [code, left, right, self.into[self.start : self.count], into[:, 0], into[:, 1]]
        )
        learned = self.spread[needed[self.spread]]
        spread = np.zeros((6, len(learned)), dtype=np.int64)
        spread[3], spread[4] = self.into[learned], self.single[learned]
        return _array(spread, table[:, mine])


def _array(spread: Any, table: Any) -> Any:
    """The program for the kernel, in which every column lies in one piece."""
    import numpy as np

    return np.ascontiguousarray(np.concatenate([spread, table], axis=1), dtype=np.int32)
