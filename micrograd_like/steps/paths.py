"""Why a gradient is what it is: the paths whose products it is the sum of.

>>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
>>> loss = a * b + a
>>> loss.label = "L"
>>> print(paths(loss, a))
a → v1 → L   −3 · 1 = −3
a → L        1
∂L/∂a is the sum of 2 paths: −2
"""

import math
from collections.abc import Sequence
from heapq import nlargest
from typing import Any, NamedTuple, TypeVar

from micrograd_like.arguments import graph, whole
from micrograd_like.display import Table, shown
from micrograd_like.engine import Value
from micrograd_like.graph import chain_product, edges, gradients_of, names_of, topological_order
from micrograd_like.notation import TIMES, factors, number, partial, plural
from micrograd_like.steps.sequence import which_use

__all__ = ["Path", "Paths", "paths"]

LONGEST = 8  # values and factors that a line of text shows
T = TypeVar("T")


class Path(NamedTuple):
    """One way from a value to the root."""

    values: list[Value]  # the value first, the root last
    local_grads: list[float]  # of each step on the way
    product: float
    positions: list[int]  # of each value among the inputs of the next


class Paths(NamedTuple):
    """The paths with the largest products, and what there is beside them."""

    listed: list[Path]
    total: int  # how many paths there are
    gradient: float  # the sum over all of them
    names: dict[int, str]

    @property
    def rest(self) -> float:
        """The sum over the paths that are not listed."""
        if len(self.listed) == self.total:
            return 0.0
        rest = self.gradient - math.fsum(path.product for path in self.listed)
        noise = 1e-15 * max(abs(path.product) for path in self.listed)
        return 0.0 if abs(rest) <= noise else rest

    def __repr__(self) -> str:
        return f"<Paths: {self._sum}>"

    def __str__(self) -> str:
        return str(self._table())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        return self._table().html()

    def _table(self) -> Table:
        """A row for each path that is listed: the way, and its product."""
        rows = []
        for path in self.listed:
            names = [self._name(path, k) for k in _ends(range(len(path.values)))]
            way = _joined(" → ", names, len(path.values))
            local_grads = factors(*_ends(path.local_grads))
            product = _joined(TIMES, local_grads, len(path.local_grads)) or "1"
            total = number(path.product)
            rows.append([way, product + (f" = {total}" if product != total else "")])
        notes = [self._sum]
        if left := self.total - len(self.listed):
            end = ", together" if left > 1 else ":"
            notes.insert(0, f"and {plural(left, 'more path')}{end} {number(self.rest)}")
        return Table(rows, notes=notes, gap=3)

    @property
    def _sum(self) -> str:
        """The last line: what the paths sum to."""
        values = self.listed[0].values
        first, last = (shown(self.names[id(v)]) for v in (values[0], values[-1]))
        several = self.total > 1
        many = f"the sum of {plural(self.total, 'path')}" if several else "the product on one path"
        return f"{partial(last, first)} is {many}: {number(self.gradient)}"

    def _name(self, path: Path, k: int) -> str:
        """The name of a value on the way; of a·a, which of the two it goes through."""
        name = shown(self.names[id(path.values[k])])
        last = k == len(path.values) - 1
        use = "" if last else which_use(path.values[k + 1], path.positions[k])
        return f"{use} {name}" if use else name


def paths(root: Value, leaf: Value, most: int = 10) -> Paths:
    """The paths from a value to the root whose products sum to its gradient, the largest first.

    A path's product is that of the local derivatives on it.  Only ``most`` paths are listed, and
    no others on the way: a graph may have more than could ever be listed.

    >>> a = Value(2.0, label="a")
    >>> found = paths(a * a * 3, a)
    >>> found.total, found.gradient, found.listed[0].product
    (2, 12.0, 6.0)

    Raises a TypeError for what is no Value, and a ValueError where no path leads from ``leaf`` to
    ``root``.
    """
    graph(root, "paths: root")
    graph(leaf, "paths: leaf")
    whole(most, "paths: most")
    order = topological_order(root)
    if not any(v is leaf for v in order):
        known = names_of(order)
        first, last = shown(leaf.label) or "the leaf", shown(known[id(root)])
        turned = any(v is root for v in topological_order(leaf))
        remedy = "it is the other way round" if turned else "take a value that it depends on"
        raise ValueError(f"paths: there is no path from {first} to {last}; {remedy}")
    # For each value the best ways down to the leaf, as (product, position, place among the
    # input's ways), and how many ways there are in all.
    best: dict[int, list[tuple[float, int, int]]] = {id(leaf): [(1.0, -1, -1)]}
    total = {id(leaf): 1}
    for v in order:
        inputs = edges(v)
        if v is leaf or not any(id(x) in total for _, x, _ in inputs):
            continue
        ways = [
            (chain_product(product, d), k, place)
            for k, x, d in inputs
            for place, (product, _, _) in enumerate(best.get(id(x), []))
        ]
        best[id(v)] = nlargest(most, ways, key=lambda way: _size(way[0]))
        total[id(v)] = sum(total.get(id(x), 0) for _, x, _ in inputs)
    listed = [_path(root, leaf, place, best) for place in range(len(best[id(root)]))]
    gradient = gradients_of(order, root)[id(leaf)]
    return Paths(listed, total[id(root)], gradient, names_of(order))


def _path(
    root: Value, leaf: Value, place: int, best: dict[int, list[tuple[float, int, int]]]
) -> Path:
    values, local_grads, positions = [root], [], []
    product, position, place = best[id(root)][place]
    while values[-1] is not leaf:
        below, local = next((x, d) for k, x, d in edges(values[-1]) if k == position)
        local_grads.append(local)
        positions.append(position)
        values.append(below)
        _, position, place = best[id(values[-1])][place]
    return Path(values[::-1], local_grads[::-1], product, positions[::-1])


def _size(product: float) -> float:
    return -1.0 if math.isnan(product) else abs(product)


def _ends(items: Sequence[T]) -> list[T]:
    """The first and the last items of many."""
    half = LONGEST // 2
    return [*items] if len(items) <= LONGEST else [*items[:half], *items[-half:]]


def _joined(sign: str, words: list[str], count: int) -> str:
    """Words with a sign between them; where there were more, the middle is left out."""
    half = LONGEST // 2
    return sign.join(words if count <= LONGEST else [*words[:half], "…", *words[half:]])
