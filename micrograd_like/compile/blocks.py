"""A program run over many rows, block by block, in memory that is kept from run to run."""

import os
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from micrograd_like.compile.kernel import Kernel
from micrograd_like.compile.program import Program

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Outcome", "Runner"]

CACHED = 2**22  # bytes of values that a block of rows should have
ROWS = 16, 256  # of a block, at least, and what they are a multiple of, and at most
WAVE = 16  # blocks at a time, on several threads


class Outcome(NamedTuple):
    """What a run gives.  Without a way back the gradients are 0, or have no columns."""

    outputs: "NDArray[np.float64]"  # (rows, roots)
    leaves: "NDArray[np.float64]"  # the gradients of the leaves among the scalars, over all rows
    invariants: "NDArray[np.float64]"  # and of the operations among them
    inputs: "NDArray[np.float64]"  # (rows, inputs)
    suspects: list[int]  # rows at which an operation may be undefined


class Runner:
    """Runs one program.  Its memory serves one run at a time."""

    def __init__(self, program: Program, kernel: Kernel) -> None:
        import numpy as np

        self.program, self._kernel = program, kernel
        scalars = program.graph.scalars
        self._constants = np.zeros(scalars.count)
        self._constants[list(scalars.constants)] = list(scalars.constants.values())
        self._leaves = np.array(list(scalars.leaves), dtype=np.int64)
        self._invariants = np.array(list(scalars.operations), dtype=np.int64)
        self._values: list[Any] = []
        self._gradients: list[Any] = []

    def scalars(self, leaves: Any = (), invariants: Any = ()) -> "NDArray[np.float64]":
        """The scalars' numbers: those of leaves and of operations are given, each in its order."""
        numbers = self._constants.copy()
        numbers[self._leaves], numbers[self._invariants] = leaves, invariants
        return numbers

    def run(
        self,
        rows: "NDArray[np.float64]",
        scalars: "NDArray[np.float64]",
        seeds: "NDArray[np.float64] | None" = None,
        *,
        input_gradients: bool = False,
        parallel: bool = False,
        kept: bool = False,
    ) -> Outcome:
        """The program over rows, an array with a column for each input.

        With ``seeds``, the gradients of the outputs in their shape, there is a way back.  With
        ``kept`` the values of the run before are still there: so they are after rows that made one
        block.
        """
        import numpy as np

        kernel, forward, count = self._kernel, self.program.forward, len(rows)
        back = None if seeds is None else self.program.backward(input_gradients)
        size, wave = _sizes(count, self.program.values, parallel)
        values, gradients = self._memory(size, wave)
        outputs = np.empty((count, len(forward.roots)))
        slopes = np.empty((count, rows.shape[1] if input_gradients else 0))
        sums, bad = np.zeros(len(scalars)), np.zeros(count, dtype=np.uint8)

        def compute(start: int, place: int) -> None:
            part, V = slice(start, start + size), values[place]
            if not kept:
                kernel.forward(rows[part], *forward, scalars, outputs[part], V, bad[part])
            if back and seeds is not None:
                kernel.backward(seeds[part], *back, scalars, slopes[part], V, *gradients[place])

        try:
            for first in range(0, count, size * wave):
                starts = range(first, min(count, first + size * wave), size)
                _for_each_block(compute, starts, parallel=wave > 1)
                for _, H, _ in gradients[: len(starts)] if back else ():
                    sums += H  # in the order of the rows, whichever thread was first
        except BaseException:  # after an interrupt threads may still be writing there
            self._values, self._gradients = [], []
            raise
        learned = sums[self._leaves], sums[self._invariants]
        return Outcome(outputs, *learned, slopes, np.flatnonzero(bad).tolist())

    def _memory(self, size: int, wave: int) -> tuple[list[Any], list[Any]]:
        """Room for the values and gradients of blocks; kept, as getting it costs as much as use."""
        import numpy as np

        program, shape = self.program, (self.program.gradients, size)
        if len(self._values) < wave or self._values[0].shape[1] < size:
            self._values = [np.empty((program.values, size)) for _ in range(wave)]
        there = self._gradients[0][0].shape if self._gradients else (0, 0)
        if len(self._gradients) < wave or there[0] < shape[0] or there[1] < shape[1]:
            self._gradients = [
                (np.zeros(shape), np.zeros(program.graph.scalars.count), np.empty(size))
                for _ in range(wave)
            ]
        return self._values, self._gradients


def _sizes(count: int, values: int, parallel: bool) -> tuple[int, int]:
    """The rows of a block, and how many blocks are computed at a time."""
    few, many = ROWS
    size = min(count, many, max(few, CACHED // (8 * values) // few * few))
    return size, WAVE if parallel and count > size else 1


def _for_each_block(
    compute: Callable[[int, int], None], starts: Sequence[int], *, parallel: bool
) -> None:
    """Compute the block that begins at each row, each in a place of its own."""
    if not parallel:
        for place, start in enumerate(starts):
            compute(start, place)
        return
    tasks = [_threads().submit(compute, start, place) for place, start in enumerate(starts)]
    for task in tasks:
        task.exception()  # waits: none works on when an error is raised
    for task in tasks:
        task.result()


@cache
def _threads() -> Any:
    """One thread for each processor; the kernel lets go of Python's lock."""
    from concurrent.futures import ThreadPoolExecutor

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_threads.cache_clear)  # there they are not
    return ThreadPoolExecutor(os.cpu_count())
