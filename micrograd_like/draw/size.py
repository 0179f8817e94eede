"""How large a picture will be, near enough to choose a view before anything is laid out.

Graphviz puts nodes in columns: each as far from the root as the longest way there.
"""

from micrograd_like.draw.outline import Node, Outline
from micrograd_like.draw.units import rows_of
from micrograd_like.draw.words import Words

__all__ = ["PAGE", "extent"]

PAGE = 1100.0  # pixels, as wide as a notebook's cell
DIGIT, ROW, ROUND = 6.4, 18.0, 12.0  # pixels: a letter's width, a row's height, what is around it
NUMBER = 7  # digits
LABEL = 62.0  # between two columns: an edge with its local derivative
APART = 9.0  # between two tables in a column


def extent(outline: Outline, words: Words) -> tuple[float, float]:
    """The length of a picture in the direction of the calculation, and across it, in pixels.

    >>> from micrograd_like import Value
    >>> from micrograd_like.draw.names import Expressions
    >>> outline = Outline([Value(2.0, "a") * Value(3.0, "b")])
    >>> long, high = extent(outline, Words(outline, Expressions(outline.order)))
    >>> 200 < long < 300, 100 < high < 150
    (True, True)
    """
    widths: dict[int, float] = {}
    heights: dict[int, float] = {}
    for column, node in zip(outline.columns(), outline.nodes, strict=True):
        wide, high = _table(node, words)
        widths[column] = max(widths.get(column, 0.0), wide)
        heights[column] = heights.get(column, 0.0) + high + APART
    return sum(widths.values()) + LABEL * (len(widths) - 1), max(heights.values())


def _table(node: Node, words: Words) -> tuple[float, float]:
    head = 0 if node.terms and not node.name else len(words.title(node)) + 3
    rows = rows_of(node.terms)
    names = (str(words.titles.get(id(row[0].operand), "")) for row in rows)
    first = max([4, *map(len, names)])
    lines = 3 + len(rows) + (node.kind == "group")
    return DIGIT * max(head, first + NUMBER) + ROUND, ROW * lines
