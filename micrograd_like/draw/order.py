"""Neurons in their order: what makes Graphviz draw those of a layer as 0, 1, 2, …, open or closed.

Graphviz puts nodes where few edges cross; for the neurons of a layer that may be anywhere.  So each
is a cluster, declared in order, and all are in one column.  Behind them is an invisible node with a
port for each neuron, and edges that would cross in any other order.

>>> from micrograd_like import MLP
>>> outline = Outline(MLP(1, [3], activation="tanh")([2.0]))
>>> [[name for name, _ in row.groups] for row in rows_in_order(outline)]
[['layer0.neuron0', 'layer0.neuron1', 'layer0.neuron2']]
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from micrograd_like.draw.ids import node_ids
from micrograd_like.draw.outline import Outline

__all__ = ["Row", "keep_in_column", "keep_in_order", "rows_in_order"]

DIGITS = "0123456789"
FEW, MANY = 4, 40  # edges to a port: fewer lose to a large layer's edges, or an open neuron's


class Row(NamedTuple):
    """Groups in a column, in the order of their numbers."""

    groups: list[tuple[str, int]]  # names, and the places of their nodes; of an open one, its last
    deep: int  # columns before it that the open ones reach


def rows_in_order(outline: Outline) -> list[Row]:
    """The groups that differ in their numbers alone, as ``layer0.neuron0`` and ``…1`` do.

    Those are left out of which one depends on another, be it by way of another row.
    """
    after: dict[int, list[int]] = {k: [] for k in range(len(outline.nodes))}
    for link in outline.links:
        after[link.source].append(link.target)
    row_of: dict[int, list[int]] = {}
    columns, rows = outline.columns(), []
    for numbered in _numbered(outline).values():
        groups = [numbered[number] for number in sorted(numbered)]
        places = [k for _, k in groups]
        if len(groups) > 1 and not _leads_back(places, after, row_of):
            row_of.update(dict.fromkeys(places, places))
            results = dict(groups)
            reached = [
                column - columns[results[node.group]]
                for node, column in zip(outline.nodes, columns, strict=True)
                if node.group in results
            ]
            rows.append(Row(groups, max(reached, default=0)))
    return rows


def _numbered(outline: Outline) -> dict[str, dict[tuple[int, str], tuple[str, int]]]:
    """For each name of groups without its number: names and nodes, by the numbers."""
    results = {
        node.name if node.kind == "group" else node.group: k for k, node in enumerate(outline.nodes)
    }
    found: dict[str, dict[tuple[int, str], tuple[str, int]]] = {}
    for name, k in results.items():
        stem = name.rstrip(DIGITS)
        number = name[len(stem) :]
        if number:
            found.setdefault(stem, {})[len(number), number] = name, k
    return found


def _leads_back(
    row: Sequence[int], after: Mapping[int, Sequence[int]], row_of: Mapping[int, Sequence[int]]
) -> bool:
    """Whether edges lead from a row to itself, where those of a row lead on from all of it."""
    met: set[int] = set()
    stack = [target for k in row for target in after[k]]
    while stack:
        k = stack.pop()
        if k in row:
            return True
        if k not in met:
            together = row_of.get(k, [k])
            met.update(together)
            stack += (target for j in together for target in after[j])
    return False


def keep_in_column(cluster: Any, place: int, row: Row) -> None:
    """Have a closed group's cluster reach as far as the open ones of its row, or it moves aside."""
    cluster.attr(peripheries="0", label="", margin="0", id=f"around{place}")
    if row.deep:
        before, name = f"before{place}", node_ids(place).node
        cluster.node(before, shape="point", width="0.01", style="invis")
        cluster.edge(before, name, style="invis", minlen=f"{row.deep}", weight="10")


def keep_in_order(picture: Any, row: Row, sideways: bool, side: str) -> None:
    """Add what keeps a row in order: ``sideways`` if it is no column, entered at a ``side``."""
    names = [node_ids(k).node for _, k in row.groups]
    cells = [f'<td port="{k}" width="2" height="2"></td>' for k in range(len(names))]
    lines = ("" if sideways else "</tr><tr>").join(cells)
    table = f'<table border="0" cellborder="0" cellspacing="0" cellpadding="0"><tr>{lines}</tr>'
    behind = f"behind_{names[0]}"
    picture.node(behind, shape="plain", style="invis", label=f"<{table}</table>>")
    with picture.subgraph() as column:
        column.attr(rank="same")
        for name in names:
            column.node(name)
    for k, name in enumerate(names):
        for _ in range(MANY if row.deep else FEW):
            picture.edge(name, f"{behind}:{k}:{side}", style="invis")
