"""Recordings that may be replayed at other numbers, as far as that can be seen.

Python may branch on numbers while a graph is recorded, and a tape takes that branch for all: so
does `logsumexp` where the largest number is infinite.  A graph in which a number is not finite is
thus no recording for others, and graphs that differ between rows have none for all of them.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from micrograd_like.arguments import is_list
from micrograd_like.engine import Value
from micrograd_like.graph import operands_by, topological_order
from micrograd_like.notation import plural

__all__ = ["NoRecordingError", "graph_of", "recording"]

TRIED = 10  # rows to record at until all numbers are finite, and to compare


class NoRecordingError(ValueError):
    """At none of the rows tried all numbers are finite."""


class _Leaf:
    """A leaf of a graph; one that is not kept may be made anew in each call."""

    def __init__(self, leaf: Value, is_kept: bool) -> None:
        self.leaf, self.is_kept, self.number = leaf, is_kept, repr(leaf.data)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Leaf) or self.leaf is other.leaf:
            return isinstance(other, _Leaf)
        return not (self.is_kept or other.is_kept) and self.number == other.number

    __hash__ = None  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]


def graph_of(roots: Any, kept: Iterable[Value]) -> list[Any]:
    """What a graph is made of: its leaves, its operations on what is before, and constants.

    Of leaves that are not ``kept``, such as the parameters are, only the number counts.

    >>> x = Value(2.0)
    >>> graph_of(x * Value(0.5), [x]) == graph_of(x * Value(0.5), [x])
    True
    >>> graph_of(x * Value(0.5), [x]) == graph_of(x * Value(0.7), [x])
    False
    """
    listed, ids = _listed(roots), {id(v) for v in kept}
    order = topological_order(*listed)
    places = {id(v): k for k, v in enumerate(order)}
    found = [
        (v.rule, *operands_by(v, places, repr)) if v.rule else _Leaf(v, id(v) in ids) for v in order
    ]
    return [*found, *(places[id(v)] for v in listed)]


def recording(
    caller: str,
    record: Callable[[], Any],
    inputs: Sequence[Value],
    rows: Sequence[Sequence[float]],
    kept: Iterable[Value] | None = None,
    numbers: Sequence[int] = (),
) -> Any:
    """What ``record`` returns, roots or a root, at the first row at which all numbers are finite.

    The inputs have the numbers of that row then.  With ``kept``, as of `graph_of`, the graph is
    compared with those of some other rows, where Python may branch on the data: a ValueError tells
    that they differ, by the ``numbers`` of the rows, if they have some; a `NoRecordingError` that
    there are infinite numbers, or NaN, at each row.

    >>> x = Value(0.0)
    >>> print(recording("fit", lambda: x * 1e300, [x], [[1e9], [2.0], [3.0]]))
    Value(data=2e+300, grad=0)
    """
    place, roots = _first_finite(caller, record, inputs, rows)
    if kept is None:
        return roots
    kept = list(kept)
    graph, step = graph_of(roots, kept), max(1, len(rows) // TRIED)
    for k in {*range(0, len(rows), step), len(rows) - 1} - {place}:
        _put(inputs, rows[k])
        try:
            other = record()
        except (ValueError, ArithmeticError):  # the pass over this row tells
            continue
        if _is_finite(other) and graph_of(other, kept) != graph:
            one, another = (numbers[n] if numbers else n for n in (place, k))
            raise ValueError(
                f"{caller}: the graphs of rows {one} and {another} differ, as Python branches on "
                "the data, or on chance; a tape replays one graph for all; take tape=False"
            )
    _put(inputs, rows[place])
    return roots


def _first_finite(
    caller: str,
    record: Callable[[], Any],
    inputs: Sequence[Value],
    rows: Sequence[Sequence[float]],
) -> tuple[int, Any]:
    for k, row in enumerate(rows[:TRIED]):
        _put(inputs, row)
        roots = record()
        if _is_finite(roots):
            return k, roots
    raise NoRecordingError(
        f"{caller}: a tape needs a graph of finite numbers to record, and the first "
        f"{plural(min(TRIED, len(rows)), 'row')} tried had none; look for infinite parameters, or "
        "take tape=False"
    )


def _put(inputs: Sequence[Value], row: Sequence[float]) -> None:
    for v, x in zip(inputs, row, strict=True):
        v._data = x


def _is_finite(roots: Any) -> bool:
    return all(math.isfinite(v._data) for v in topological_order(*_listed(roots)))


def _listed(roots: Any) -> list[Any]:
    return list(roots) if is_list(roots) else [roots]
