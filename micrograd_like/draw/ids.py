"""Ids of a picture's elements: they tie the DOT text to the page that plays it.

>>> node_ids(3).data, edge_id(4)
('d3', 'e4')
"""

from typing import NamedTuple

__all__ = [
    "CELL_ID",
    "FRAME_ID",
    "HEAD_ID",
    "HERE_ID",
    "SLOPE_ID",
    "NodeIds",
    "cluster_id",
    "edge_id",
    "hop_id",
    "node_ids",
]

# Of a descent: what its picture is cut to, an arrow's head, where the weights are, the slope there.
FRAME_ID, HEAD_ID, HERE_ID, SLOPE_ID = "frame", "head", "here", "slope"


class NodeIds(NamedTuple):
    """The ids of what is drawn of a node."""

    node: str  # its table
    data: str  # the table's cells with its numbers
    gradient: str
    parameters: str  # of a group: the cell with the length of its parameters' gradients


def node_ids(place: int) -> NodeIds:
    """The ids of a node by its place in the outline."""
    return NodeIds(*(f"{letter}{place}" for letter in "ndgp"))


def edge_id(place: int) -> str:
    """The id of a link's edge by its place in the outline."""
    return f"e{place}"


def hop_id(number: int) -> str:
    """The id of the way of a descent's step, counted from 1."""
    return f"t{number}"


def cluster_id(place: int) -> str:
    """The id of an open group's cluster by its place among the outline's, counted from 1."""
    return f"c{place}"


# A cell's id as Graphviz writes it: of the link around a cell that has an id.
CELL_ID = r"a_([dgp]\d+)"
