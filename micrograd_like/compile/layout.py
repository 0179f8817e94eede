"""What the arrays of a graph are, as plain data: members, and the rows they are computed from."""

from typing import TYPE_CHECKING, Any, NamedTuple

from micrograd_like.rules import Rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Places = NDArray[np.int64]

__all__ = [
    "CONSTANTS", "GIVEN", "INPUTS", "LEAVES", "Array", "Layout", "Part", "Product", "step_of",
]  # fmt: skip

GIVEN = 3  # arrays that nothing computes come first
INPUTS, LEAVES, CONSTANTS = range(GIVEN)


class Product(NamedTuple):
    """A matrix product: each row of data with each row of weights, the order of the members."""

    left: "Places"  # rows of the left array, the data: (i, k)
    right: "Places"  # rows of the right array, the weights: (j, k)


class Part(NamedTuple):
    """What a member of an array is computed from: values of another array, or pairs of two.

    Of a sum, all of a member's values or products are added up, with the sign; of an operation
    there is one value, and a part for each operand.
    """

    sign: int
    left: int  # an array's number
    rows: "Places"  # in the left array, of each member: (members, terms)
    right: int | None = None
    others: "Places | None" = None  # the rows in the right array that they are multiplied with
    product: Product | None = None


class Array(NamedTuple):
    """Values that are computed alike: ``rule`` is None for leaves and constants, and for sums."""

    rule: Rule | None
    parts: list[Part]
    members: list[Any]  # the Values; of constants, their numbers
    moves: bool  # whether it depends on an input

    @property
    def size(self) -> int:
        """How many members there are."""
        return len(self.members)


class Layout(NamedTuple):
    """The arrays of a graph in the order in which they can be computed.

    The first three are the inputs, the other leaves and the constants.  ``roots`` has the array
    and the row of each root.
    """

    arrays: list[Array]
    roots: list[tuple[int, int]]
    operations: int


def step_of(rows: "Places") -> int | None:
    """By how much rows go up, one after the other: 1 of a slice, 0 of one row; None if by neither.

    >>> import numpy as np
    >>> [step_of(np.array(rows)) for rows in ([2, 3, 4], [3, 3], [5], [2, 4])]
    [1, 0, 1, None]
    """
    flat = rows.ravel()
    steps = flat[1:] - flat[:-1]
    return next((step for step in (1, 0) if (steps == step).all()), None)
