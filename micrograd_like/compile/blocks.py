"""A program run over many rows, block by block, in memory that is kept from run to run."""

import os
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from micrograd_like.compile.kernel import Kernel
from micrograd_like.compile.program import Passes, Program

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Outcome", "Runner"]

CACHED = 2**22  # bytes of values and gradients that a block of rows should have
ROWS = 64, 256  # of a block, at least and at most
LINE = 8  # numbers of a line of the cache
WAVE = 16  # blocks whose gradients are kept apart, until they are summed in the order of the rows


class Outcome(NamedTuple):
    """What a run gives.  Without a way back the gradients are 0, or have no columns."""

    outputs: "NDArray[np.float64]"  # (rows, roots)
    leaves: "NDArray[np.float64]"  # the gradients of the leaves among the scalars, over all rows
    invariants: "NDArray[np.float64]"  # and of the operations among them
    inputs: "NDArray[np.float64]"  # (rows, inputs)
    suspects: list[int]  # rows at which an operation may be undefined


class Memory(NamedTuple):
    """Room for one block."""

    values: "NDArray[np.float64]"
    gradients: "NDArray[np.float64]"  # all zero


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
        self._memory: list[Memory] = []  # of each thread, while it computes nothing

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
        keep: bool = False,
        kept: bool = False,
    ) -> Outcome:
        """The program over rows, an array with a column for each input.

        With ``seeds``, the gradients of the outputs in their shape, there is a way back.  With
        ``kept`` the values of the run before are still there: so they are after rows that made one
        block, if they were told to ``keep`` for a way back to the inputs.
        """
        import numpy as np

        count = len(rows)
        passes = self.program.passes(input_gradients if keep or seeds is not None else None)
        size = _size(count, passes)
        outputs = np.empty((count, len(passes.forward.roots)))
        slopes = np.empty((count, rows.shape[1] if input_gradients else 0))
        bad = np.zeros(count)

        def compute(start: int, H: "NDArray[np.float64]") -> None:
            part = slice(start, start + size)
            V, G = memory = self._room(passes, size)
            done = kept or self._kernel.forward(
                rows[part], *passes.forward, scalars, outputs[part], V, bad[part], size
            )
            if done and passes.backward and seeds is not None:
                done = self._kernel.backward(
                    seeds[part], *passes.backward, scalars, slopes[part], V, G, H, size
                )
            if not done:  # gradients of half a pass are in the memory: it is given up
                raise ArithmeticError("Tape: a rule raised an error that it does not in the engine")
            self._memory.append(memory)

        sums = _in_blocks(compute, range(0, count, size), len(scalars), parallel)
        learned = sums[self._leaves], sums[self._invariants]
        return Outcome(outputs, *learned, slopes, bad.nonzero()[0].tolist())

    def _room(self, passes: Passes, size: int) -> Memory:
        """Memory for a block; kept from run to run, as getting it costs as much as use."""
        import numpy as np

        try:
            values, gradients = self._memory.pop()
        except IndexError:
            values, gradients = np.empty(0), np.empty(0)
        if len(values) < passes.values * size:
            values = _aligned(np.empty(passes.values * size + LINE))
        if len(gradients) < passes.gradients * size:
            gradients = _aligned(np.zeros(passes.gradients * size + LINE))
        return Memory(values, gradients)


def _size(count: int, passes: Passes) -> int:
    """The rows of a block: whole lines of the cache, but for few rows, which lie close together."""
    if count < LINE:
        return count
    few, many = ROWS
    fit = CACHED // (8 * (passes.values + passes.gradients))
    return min(-(-count // LINE) * LINE, many, max(few, fit // LINE * LINE))


def _aligned(numbers: "NDArray[np.float64]") -> "NDArray[np.float64]":
    """From the first number on that begins a line of the cache: machine code reads whole lines."""
    return numbers[-(numbers.ctypes.data // 8) % LINE :]


def _in_blocks(
    compute: Callable[[int, "NDArray[np.float64]"], None],
    starts: Sequence[int],
    width: int,
    parallel: bool,
) -> "NDArray[np.float64]":
    """Compute the block that begins at each row; the sums of the gradients that blocks add up."""
    import numpy as np

    sums = np.zeros(width)
    if len(starts) == 1:
        compute(starts[0], sums)
        return sums
    for first in range(0, len(starts), WAVE):
        wave = starts[first : first + WAVE]
        parts = np.zeros((len(wave), width))
        if parallel:
            tasks = [_threads().submit(compute, *block) for block in zip(wave, parts, strict=True)]
            for task in tasks:
                task.exception()  # waits: none works on when an error is raised
            for task in tasks:
                task.result()
        else:
            for block in zip(wave, parts, strict=True):
                compute(*block)
        with np.errstate(all="ignore"):
            for part in parts:
                sums += part  # in the order of the rows, whichever thread was first
    return sums


@cache
def _threads() -> Any:
    """One thread for each processor; the kernel lets go of Python's lock."""
    from concurrent.futures import ThreadPoolExecutor

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_threads.cache_clear)  # there they are not
    return ThreadPoolExecutor(os.cpu_count())
