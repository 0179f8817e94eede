"""A graph replayed by its arrays and matrix products: plans over blocks of rows."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from micrograd_like.compile.array_plan import Plan
from micrograd_like.compile.layout import INPUTS, LEAVES, Layout
from micrograd_like.engine import Value

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ArrayRunner", "Blocks"]

CACHED = 2**20  # bytes of values that a block of rows should have
ROWS = 64, 2**14  # of a block, at least, and what they are a multiple of, and at most
KEPT = 4  # plans: of whole blocks, and of the rows that are left
# Microseconds of forward and backward, as measured: a call of NumPy's, and for each row a number
# that is written and read, and an operation of a matrix product.
CALL, NUMBER, PRODUCT = 1.5, 0.0013, 0.00002


class Blocks(NamedTuple):
    """What a run over arrays gives; the rows of ``left`` blocks are for scalars."""

    outputs: "NDArray[np.float64]"  # (rows, roots)
    leaves: "NDArray[np.float64]"  # the gradients of the parameters, over all rows
    inputs: "NDArray[np.float64]"  # (rows, inputs)
    left: list[slice]


class ArrayRunner:
    """Runs the arrays of a graph.  Its memory serves one run at a time."""

    def __init__(self, found: Layout, parameters: Sequence[Value]) -> None:
        self.found = found
        place = {id(v): k for k, v in enumerate(parameters)}
        order = [place[id(v)] for v in found.arrays[LEAVES].members]
        self._order = np.array(order, dtype=np.int64)  # the parameters, as the arrays need them
        self._plans: OrderedDict[tuple[int, bool], Plan] = OrderedDict()
        floats = sum(array.size for array in found.arrays if array.moves)
        few, many = ROWS
        self._size = min(many, max(few, CACHED // (8 * max(1, floats)) // few * few))

    def cost(self, rows: int) -> float:
        """About how many microseconds forward and backward take."""
        parts = [(array, part) for array in self.found.arrays for part in array.parts]
        calls = 10 + len(self.found.arrays) + 2 * len(parts)
        each = once = 0.0
        for array, part in parts:
            taken = part.rows.size if part.product is None else 0
            products = part.product or ()
            terms = len(products[0]) * len(products[1]) * part.rows.shape[1] if products else 0
            cost = NUMBER * (array.size + taken) + PRODUCT * 6 * terms
            each, once = (each + cost, once) if array.moves else (each, once + cost)
        blocks = -(-rows // self._size)
        return blocks * CALL * calls + once + rows * each

    def run(
        self,
        rows: "NDArray[np.float64]",
        numbers: "NDArray[np.float64]",
        upstream: "NDArray[np.float64] | None" = None,
        *,
        input_gradients: bool = False,
    ) -> Blocks:
        """The roots over rows, by these parameters' numbers; with upstream the way back."""
        count, leaves = len(rows), numbers[self._order]
        outputs = np.empty((count, len(self.found.roots)))
        slopes = np.zeros((count, rows.shape[1] if input_gradients else 0))
        sums, left = np.zeros(len(leaves)), []
        with np.errstate(all="ignore"):  # what is not finite is looked for
            for start in range(0, count, self._size):
                part = slice(start, min(count, start + self._size))
                plan = self._plan(part.stop - start, input_gradients)
                fit = plan.run(rows[part], leaves, outputs[part])
                if fit and upstream is not None and (fit := plan.back(upstream[part])):
                    sums += plan.gradients[LEAVES][:, 0]
                    if input_gradients:
                        slopes[part] = plan.gradients[INPUTS].T
                if not fit:
                    left.append(part)
        gradients = np.empty(len(sums))
        gradients[self._order] = sums
        return Blocks(outputs, gradients, slopes, left)

    def _plan(self, rows: int, to_inputs: bool) -> Plan:
        key = rows, to_inputs
        plan = self._plans.pop(key, None) or Plan(self.found, rows, to_inputs=to_inputs)
        self._plans[key] = plan  # the latest is the last
        if len(self._plans) > KEPT:
            self._plans.popitem(last=False)
        return plan
