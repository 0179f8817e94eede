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

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from micrograd_like.arguments import choice
from micrograd_like.compile.kernel import kernel
from micrograd_like.compile.program import Program, checked
from micrograd_like.compile.source import source
from micrograd_like.engine import Value, apply, replay

__all__ = ["Tape", "is_worth_a_tape"]

MUCH = 2 * 10**7  # parameters met, with which the engine takes longer than the kernel to compile


class Tape:
    """A graph, recorded at one data point, that is replayed at others.

    ``roots`` is a Value, or several; ``inputs`` are the leaves that a row of data has the numbers
    for.  All other leaves are parameters: they are read at every `forward`, and `backward` adds to
    their ``grad``, so that any optimizer can go on from there.

    A branch that Python took while the graph was recorded, as in ``if x.data > 0``, is taken for
    every row.  Values and gradients are those of the engine: in every bit where a graph has only
    ``+ - * /``, maximum, minimum, abs and relu, to a few units in the last place where the compiled
    exp, say, rounds differently.  (Sums over rows are taken block by block, and what depends on no
    input is computed once for all rows and comes last in a sum: these round as they do.)

    Needs Numba, the ``tape`` extra.  With ``parallel`` blocks of rows are computed on several
    threads; the results are the same in every bit.  A tape serves one thread at a time.
    """

    def __init__(
        self, roots: Value | Sequence[Value], inputs: Sequence[Value], *, parallel: bool = False
    ) -> None:
        self.single = isinstance(roots, Value)
        self.roots, self.inputs, order = checked("Tape", roots, inputs)
        self.parallel = parallel
        compiled = kernel({v._rule for v in order if v._rule is not None})
        self._each = Program(self.roots, self.inputs, order, compiled)
        self.parameters = list(self._each.leaves.values())
        # What depends on no input, such as a penalty for large weights, is computed once.
        still = list(self._each.still.values())
        self._once = Program(still, self.parameters, still, compiled) if still else None
        self._count = len(order) - len(self.inputs) - len(self.parameters)
        self._latest: Any = None  # the rows of the latest forward, and the parameters' numbers

    def __repr__(self) -> str:
        return f"<Tape of {self._count:,} operations, {len(self.inputs)} inputs>"

    def forward(self, X: Any) -> Any:
        """The roots' data for every row of ``X``: an array of them, or with a column for each.

        ``X`` has a column for each of the inputs.  A row at which an operation is undefined raises
        what the engine would.
        """
        self._latest = None
        rows, numbers = self._batch(X), self._numbers()
        outputs, _, _ = self._pass(rows, numbers)
        self._latest = rows, numbers
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
        if self._latest is None:
            raise RuntimeError("Tape.backward: there was no forward pass; call forward(X) first")
        rows, numbers = self._latest
        seeds = self._seeds(len(rows), reduction, upstream)
        _, sums, slopes = self._pass(rows, numbers, seeds, input_gradients)
        self._add(sums)
        return slopes if input_gradients else None

    def gradient(self, X: Any, reduction: str = "mean", *, upstream: Any = None) -> Any:
        """`forward` and `backward` in one pass over the rows; returns what `forward` does."""
        self._latest = None
        rows, numbers = self._batch(X), self._numbers()
        outputs, sums, _ = self._pass(rows, numbers, self._seeds(len(rows), reduction, upstream))
        self._latest = rows, numbers
        self._add(sums)
        return outputs[:, 0] if self.single else outputs

    def source(self) -> str:
        """The tape as Python text, forward and backward, for one row: see `source`."""
        return source(self.roots, self.inputs)

    def _numbers(self) -> Any:
        """The parameters' data, as they are now."""
        import numpy as np

        return np.fromiter([v._data for v in self.parameters], np.float64, len(self.parameters))

    def _add(self, sums: Any) -> None:
        for v, gradient in zip(self.parameters, sums.tolist(), strict=True):
            v.grad += gradient

    def _pass(
        self, rows: Any, numbers: Any, seeds: Any = None, input_gradients: bool = False
    ) -> Any:
        """Outputs, the parameters' gradients and the inputs', of all rows."""
        import numpy as np

        each, once = self._each, self._once
        known, wrong = np.empty((1, 0)), ()
        options = {"input_gradients": input_gradients, "parallel": self.parallel}
        try:
            if once:
                known, _, _, wrong = once.run(numbers[None])
            outputs, sums, slopes, suspicious = each.run(rows, numbers, known[0], seeds, **options)
        except (ValueError, ArithmeticError):  # a rule of one's own raised it, in some row
            self._explain(rows, numbers, range(len(rows)))
            raise
        if len(wrong) or len(suspicious):
            self._explain(rows, numbers, [*([0] * len(wrong)), *suspicious.tolist()])
        found = sums[each.leaf_places]
        if once and seeds is not None:
            upstream = sums[None, each.still_places]
            _, _, more, _ = once.run(numbers[None], seeds=upstream, input_gradients=True, kept=True)
            found += more[0]
        return outputs, found, slopes

    def _batch(self, X: Any) -> Any:
        """The rows as a contiguous array of floats, or an error that says what is wrong."""
        import numpy as np

        try:
            array = np.asarray(X)
        except ValueError:
            raise ValueError("Tape: a batch has rows of one length; these differ") from None
        if not len(np.atleast_1d(array)):
            raise ValueError("Tape: the batch is empty; it needs at least one row")
        if array.dtype.kind not in "biuf":
            kind = "objects of other kinds" if array.dtype.kind == "O" else array.dtype
            raise TypeError(f"Tape: a batch holds numbers, not {kind}; convert it with float()")
        if array.ndim != 2 or array.shape[1] != len(self.inputs):
            raise ValueError(
                f"Tape: a batch has a row for each data point and {len(self.inputs)} columns, "
                f"not the shape {array.shape}"
            )
        rows = np.array(array, dtype=np.float64, order="C")  # a copy, which backward will read
        if np.isnan(rows).any():
            i, j = (int(k) for k in np.argwhere(np.isnan(rows))[0])
            name = self.inputs[j].label or f"column {j}"
            raise ValueError(f"Tape: row {i}, {name}, is nan; drop the row or fill in a number")
        return rows

    def _seeds(self, count: int, reduction: str, upstream: Any) -> Any:
        """The gradient of each output, by which the way back begins."""
        import numpy as np

        shape = (count, len(self.roots))
        if upstream is not None:
            try:
                seeds = np.ascontiguousarray(upstream, dtype=np.float64)
            except (TypeError, ValueError):
                raise TypeError(
                    f"Tape.backward: upstream holds a number for each output, not {upstream!r}"
                ) from None
            expected = shape[:1] if self.single else shape
            if seeds.shape != expected:
                raise ValueError(
                    f"Tape.backward: upstream has the shape {seeds.shape}, the outputs {expected}"
                )
            return seeds.reshape(shape)
        choice(reduction, "Tape.backward: reduction", ("mean", "sum"))
        return np.full(shape, 1.0 / count if reduction == "mean" else 1.0)

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


def is_worth_a_tape(count: int) -> bool:
    """Whether so many parameters to meet, over all rows and epochs, take time, and Numba is there.

    >>> is_worth_a_tape(1000)
    False
    """
    return count > MUCH and find_spec("numba") is not None
