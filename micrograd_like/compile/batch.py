"""What the passes of a tape take: rows of numbers, and the gradients of the outputs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from micrograd_like.arguments import choice, short
from micrograd_like.engine import Value

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
        array = np.asarray(X)
    except ValueError:
        raise ValueError("Tape: a batch has rows of one length; these differ") from None
    if not len(np.atleast_1d(array)):
        raise ValueError("Tape: the batch is empty; it needs at least one row")
    if array.dtype.kind not in "biuf":
        kind = "objects of other kinds" if array.dtype.kind == "O" else array.dtype
        raise TypeError(f"Tape: a batch holds numbers, not {kind}; convert it with float()")
    if array.ndim != 2 or array.shape[1] != len(inputs):
        raise ValueError(
            f"Tape: a batch has a row for each data point and {len(inputs)} columns, "
            f"not the shape {array.shape}"
        )
    rows = np.array(array, dtype=np.float64, order="C")
    if np.isnan(rows).any():
        i, j = (int(k) for k in np.argwhere(np.isnan(rows))[0])
        name = inputs[j].label or f"column {j}"
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

    if upstream is None:
        choice(reduction, f"{caller}: reduction", ("mean", "sum"))
        return np.full(shape, 1.0 / shape[0] if reduction == "mean" else 1.0)
    try:
        given = np.ascontiguousarray(upstream, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(
            f"{caller}: upstream holds a number for each output, not {short(upstream)}"
        ) from None
    if given.shape != shape:
        raise ValueError(f"{caller}: upstream has the shape {given.shape}, the outputs {shape}")
    return given
