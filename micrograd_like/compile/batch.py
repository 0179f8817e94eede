"""What the passes of a tape take: rows of numbers, and the gradients of the outputs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from micrograd_like.arguments import choice, expect, number, short
from micrograd_like.engine import Value
from micrograd_like.notation import one_line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["batch", "seeds"]


def batch(X: Any, inputs: Sequence[Value]) -> "NDArray[np.float64]":
    """The rows as a contiguous array of floats, a copy; an error tells what is no batch.

    >>> batch([[1, 2], [3, 4]], [Value(0.0), Value(0.0)])
    array([[1., 2.],
           [3., 4.]])
    """
    import numpy as np

    try:
        array = _array(X)
    except ValueError:
        raise ValueError("Tape: a batch has rows of one length; these differ") from None
    if not len(np.atleast_1d(array)):
        raise ValueError("Tape: the batch is empty; it needs at least one row")
    if array.dtype.kind not in "biufO":
        raise TypeError(f"Tape: a batch holds numbers, not {array.dtype}; convert it with float()")
    if array.ndim != 2 or array.shape[1] != len(inputs):
        raise ValueError(
            f"Tape: a batch has a row for each data point and {len(inputs)} columns, "
            f"not the shape {array.shape}"
        )
    rows = _floats(array, "Tape: row {}, column {}")
    if np.isnan(rows).any():
        i, j = (int(k) for k in np.argwhere(np.isnan(rows))[0])
        name = one_line(inputs[j].label) or f"column {j}"
        raise ValueError(f"Tape: row {i}, {name}, is nan; drop the row or fill in a number")
    return rows


def seeds(
    caller: str, shape: tuple[int, ...], reduction: str, upstream: Any
) -> "NDArray[np.float64]":
    """The gradient of each output, by which the way back begins: ``upstream``, or those of a mean.

    >>> seeds("Tape.backward", (4,), "mean", None)
    array([0.25, 0.25, 0.25, 0.25])
    """
    import numpy as np

    choice(reduction, f"{caller}: reduction", ("mean", "sum"))
    if upstream is None:
        return np.full(shape, 1.0 / shape[0] if reduction == "mean" else 1.0)
    try:
        given = _array(upstream)
        expect(given.dtype.kind in "biufO", upstream, caller, "numbers")
        given = _floats(given, f"{caller}: upstream")
    except (TypeError, ValueError):
        raise TypeError(
            f"{caller}: upstream holds a number for each output, not {short(upstream)}"
        ) from None
    if given.shape != shape:
        raise ValueError(f"{caller}: upstream has the shape {given.shape}, the outputs {shape}")
    return given


def _array(numbers: Any) -> "NDArray[Any]":
    """An array of what was given, with NaN for what is masked; a ValueError tells ragged rows."""
    import numpy as np

    if isinstance(numbers, list | tuple):
        if not any(isinstance(row, np.ma.MaskedArray) for row in numbers):
            return np.asarray(numbers)
        numbers = np.ma.array(numbers)
    if np.ma.is_masked(numbers):
        numbers = np.ma.filled(numbers.astype(np.float64), np.nan)
    return np.asarray(numbers)


def _floats(array: "NDArray[Any]", where: str) -> "NDArray[np.float64]":
    """A contiguous copy as floats; of objects each is to be a number, as everywhere else."""
    import numpy as np

    if array.dtype.kind != "O":
        with np.errstate(over="ignore"):  # of longer floats: infinite, as with float()
            return np.array(array, dtype=np.float64, order="C")
    floats = np.empty(array.shape)
    for place in np.ndindex(array.shape):
        floats[place] = number(array[place], where.format(*place))
    return floats
