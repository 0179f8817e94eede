"""A graph replayed by its arrays and matrix products: plans over blocks of rows."""

import math
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from micrograd_like.compile.array_plan import Plan
from micrograd_like.compile.kernel import BUILT_IN
from micrograd_like.compile.layout import INPUTS, LEAVES, Layout, Part
from micrograd_like.compile.loops import Kind, address_of
from micrograd_like.engine import Value
from micrograd_like.rules import Rule

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ArrayRunner", "Blocks"]

# Of a block of rows: numbers of values, slopes and gradients that should stay in the cache; how
# many rows at least; and products of matrices up to which OpenBLAS takes one thread, as several
# wait long for each other where other programs run.
CACHED, ROWS, PRODUCTS = 2**18, 64, 2**18
ROOM = 2**26  # numbers of a block at most, of a graph so large that 64 rows have more
KEPT = 4  # plans: of whole blocks, and of the rows that are left
# Microseconds of forward and backward, as measured: of any pass, of a part of an array; for each
# row of a number, and of a product within a matrix product.
PASS, PART, NUMBER, PRODUCT = 9.0, 0.055, 0.0003, 0.0001


class Blocks(NamedTuple):
    """What a run over arrays gives; the rows of ``left`` blocks are for scalars."""

    outputs: "NDArray[np.float64]"  # (rows, roots)
    leaves: "NDArray[np.float64]"  # the gradients of the parameters, over all rows
    inputs: "NDArray[np.float64]"  # (rows, inputs)
    left: list[slice]
    size: int  # rows of a block


class ArrayRunner:
    """Runs the arrays of a graph.  Its memory serves one run at a time."""

    def __init__(self, found: Layout, parameters: Sequence[Value]) -> None:
        self.found = found
        place = {id(v): k for k, v in enumerate(parameters)}
        order = [place[id(v)] for v in found.arrays[LEAVES].members]
        self._order = np.array(order, dtype=np.int64)  # the parameters, as the arrays need them
        self._back = np.argsort(self._order)
        self._plans: OrderedDict[tuple[int, bool], Plan] = OrderedDict()
        arrays = [array for array in found.arrays if array.parts]
        moving = [array for array in arrays if array.moves]
        products = [_products(part) for array in moving for part in array.parts]
        floats = sum(a.size * (2 + (len(a.parts) if a.rule else 0)) for a in moving)
        floats = max(1, floats + found.arrays[INPUTS].size)
        self._floats = floats
        self._size = _block(floats, max([0, *products]))
        taken = sum(p.rows.size for a in moving for p in a.parts if p.product is None)
        self._each = NUMBER * (taken + floats) + PRODUCT * sum(products)
        self._parts = sum(len(array.parts) for array in arrays)
        self.has_invariants = len(moving) < len(arrays)
        self.functions = sum(a.size for a in moving if a.rule and _is_function(a.rule))

    def compile_rules(self) -> None:
        """Compile the rules of one's own; a TypeError tells one that Numba cannot."""
        for rule in {array.rule for array in self.found.arrays} - BUILT_IN:
            if rule:
                address_of(rule, Kind((True,) * rule.arity, (True,) * rule.arity, False))

    def cost(self, rows: int) -> float:
        """About how many microseconds forward and backward take."""
        blocks = -(-rows // self._size)
        return PASS + blocks * PART * self._parts + rows * self._each

    def run(
        self,
        rows: "NDArray[np.float64]",
        numbers: "NDArray[np.float64]",
        upstream: "NDArray[np.float64] | None" = None,
        *,
        input_gradients: bool = False,
    ) -> Blocks:
        """The roots over rows, by these parameters' numbers; with upstream the way back."""
        count, leaves = len(rows), numbers.take(self._order)
        outputs = np.empty((count, len(self.found.roots)))
        slopes = np.zeros((count, rows.shape[1] if input_gradients else 0))
        sums, left = np.zeros(len(leaves)), []
        blocks = -(-count // self._size)
        size = -(-count // blocks)  # of blocks that are about equal
        with np.errstate(all="ignore"):  # what is not finite is looked for
            for start in range(0, count, size):
                part = slice(start, min(count, start + size))
                plan = self._plan(part.stop - start, input_gradients)
                fit = plan.run(rows[part], leaves, outputs[part])
                if fit and upstream is not None and (fit := plan.back(upstream[part])):
                    sums += plan.gradients[LEAVES].reshape(-1)
                    if input_gradients:
                        slopes[part] = plan.gradients[INPUTS].T
                if not fit:
                    left.append(part)
        return Blocks(outputs, sums.take(self._back), slopes, left, size)

    def _new_plan(self, rows: int, to_inputs: bool) -> Plan:
        try:
            return Plan(self.found, rows, to_inputs=to_inputs)
        except MemoryError:
            megabytes = math.ceil(8 * self._floats * rows / 1e6)
            raise MemoryError(
                f"Tape: the arrays need about {megabytes} MB of memory; take by='scalars'"
            ) from None

    def _plan(self, rows: int, to_inputs: bool) -> Plan:
        key = rows, to_inputs
        plan = self._plans.pop(key, None) or self._new_plan(rows, to_inputs)
        self._plans[key] = plan  # the latest is the last
        if len(self._plans) > KEPT:
            self._plans.popitem(last=False)
        return plan


def _block(floats: int, products: int) -> int:
    """The rows of a block, for a row of so many numbers, and the largest matrix product's."""
    size = max(ROWS, min(CACHED // floats, PRODUCTS // max(1, products)) // 8 * 8)
    return max(1, min(size, ROOM // floats))


def _products(part: Part) -> int:
    """How many numbers a matrix product multiplies for each row."""
    if part.product is None:
        return 0
    left, right = part.product
    return int(len(left) * len(right) * left.shape[1])


def _is_function(rule: Rule) -> bool:
    """Whether a rule calls elementary functions, and takes time."""
    return "m" in rule.function.__code__.co_names
