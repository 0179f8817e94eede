"""Heat maps: an array's numbers as small cells, red and blue; of a large array, means of blocks.

>>> import numpy as np
>>> means, block = cells(np.arange(40.0).reshape(1, 40))
>>> means.shape, block, means[0, :2].tolist()
((1, 14), (1, 3), [1.0, 4.0])
"""

import math
from typing import TYPE_CHECKING

from micrograd_like.draw.theme import Theme

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

__all__ = ["MOST", "cells", "colour", "heat_map", "largest", "scale_bar"]

MOST = 16  # cells along an axis: a hidden layer of usual demonstrations is shown as it is
LONGEST = 96  # pixels of a map
WIDEST = 14  # pixels of a cell, where there are few
WEAKEST = 0.15  # colour of a number that is not zero, from 0 to 1
STEPS = 7  # colours of a scale


def cells(numbers: "Numbers") -> tuple["Numbers", tuple[int, int]]:
    """The means of a matrix's blocks, as many as a map has cells, and a block's rows and columns.

    Blocks at the ends have what is left.  A mean with NaN in it is NaN.
    """
    import numpy as np

    down, across = (-(-size // MOST) for size in numbers.shape)
    if down == across == 1:
        return numbers, (1, 1)
    means = numbers
    with np.errstate(invalid="ignore"):  # of ∞ and −∞
        for axis, step in enumerate((down, across)):
            starts = np.arange(0, numbers.shape[axis], step)
            counts = np.diff(starts, append=numbers.shape[axis])
            shares = np.expand_dims(1 / np.repeat(counts, counts), 1 - axis)
            means = np.add.reduceat(means * shares, starts, axis)  # so that no sum overflows
    return means, (down, across)


def largest(numbers: "Numbers") -> float:
    """The largest size of a number that is finite."""
    import numpy as np

    return float(np.max(np.abs(numbers), initial=0.0, where=np.isfinite(numbers)))


def colour(x: float, most: float, theme: Theme) -> str:
    """The colour of a number: red or blue, and strongest at a size of ``most``; "" for zero.

    It grows with the square root of the size, so that small numbers can be told from zero.

    >>> from micrograd_like.draw.theme import THEMES
    >>> light = THEMES["light"]
    >>> colour(2.0, 2.0, light) == light.positive, colour(0.0, 2.0, light)
    (True, '')
    """
    if math.isnan(x):
        return theme.lit
    size = min(abs(x) / most, 1.0) if most else 1.0
    return theme.tint(math.copysign(WEAKEST + (1 - WEAKEST) * math.sqrt(size), x)) if x else ""


def heat_map(means: "Numbers", most: float, theme: Theme) -> str:
    """A map as a table of an HTML-like label."""
    height, width = (min(WIDEST, LONGEST // size) for size in means.shape)
    size = f'fixedsize="true" height="{height}" width="{width}"'

    def cell(x: float) -> str:
        filled = colour(x, most, theme)
        return f'<td {size} bgcolor="{filled}"></td>' if filled else f"<td {size}></td>"

    rows = ("".join(map(cell, row)) for row in means.tolist())
    down, across = means.shape
    return (
        f'<table border="1" cellborder="0" cellspacing="0" cellpadding="0" color="{theme.faint}" '
        f'fixedsize="true" height="{down * height + 2}" width="{across * width + 2}">'
        f"{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"
    )


def scale_bar(theme: Theme) -> str:
    """The colours of a map, from the smallest number to the largest in even steps."""
    import numpy as np

    return heat_map(np.linspace(-1.0, 1.0, STEPS)[None, :], 1.0, theme)
