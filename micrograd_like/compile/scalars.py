"""A graph replayed operation by operation: the kernel over blocks of rows.

What depends on no input, such as a penalty for large weights, is computed once for all rows.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from micrograd_like.compile.blocks import Outcome, Runner
from micrograd_like.compile.graph_arrays import graph_arrays
from micrograd_like.compile.kernel import kernel
from micrograd_like.compile.program import Program
from micrograd_like.engine import Value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["ScalarRunner"]


class ScalarRunner:
    """Runs the scalars of a graph.  Its memory serves one run at a time."""

    def __init__(
        self,
        roots: Sequence[Value],
        inputs: Sequence[Value],
        parameters: Sequence[Value],
        order: Sequence[Value],
    ) -> None:
        compiled = kernel()
        self._whole = not inputs  # one row, of the parameters
        graph = graph_arrays(roots, inputs or parameters, order)
        self._each = Runner(Program(graph), compiled)
        self._once: Runner | None = None
        if invariants := list(graph.scalars.operations.values()):
            graph = graph_arrays(invariants, parameters, invariants)
            self._once = Runner(Program(graph), compiled)

    def run(
        self,
        rows: "NDArray[np.float64]",
        numbers: "NDArray[np.float64]",
        upstream: Any = None,
        *,
        input_gradients: bool = False,
        parallel: bool = False,
    ) -> Outcome:
        """The roots over rows, by these parameters' numbers; with upstream the way back."""
        import numpy as np

        each, once = self._each, self._once
        if self._whole:
            outcome = each.run(numbers[None], each.scalars(), upstream, input_gradients=True)
            return outcome._replace(leaves=outcome.inputs[0], inputs=rows)
        if once is None:
            scalars = each.scalars(numbers)
            return each.run(
                rows, scalars, upstream, input_gradients=input_gradients, parallel=parallel
            )
        row, constants = numbers[None], once.scalars()
        known = once.run(row, constants, input_gradients=True, keep=upstream is not None)
        scalars = each.scalars(numbers, known.outputs[0])
        outcome = each.run(
            rows, scalars, upstream, input_gradients=input_gradients, parallel=parallel
        )
        if known.suspects:  # it is the row 0
            outcome = outcome._replace(suspects=known.suspects + outcome.suspects)
        if upstream is None:
            return outcome
        back = once.run(row, constants, outcome.invariants[None], input_gradients=True, kept=True)
        with np.errstate(all="ignore"):  # what is infinite may meet its opposite
            return outcome._replace(leaves=outcome.leaves + back.inputs[0])
