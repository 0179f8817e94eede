"""How large a picture will be, near enough to choose a view before anything is laid out.

Graphviz puts nodes in columns: each as far from the root as the longest way there.
"""

from collections.abc import Mapping

from micrograd_like.draw.outline import Node, Outline
from micrograd_like.draw.units import rows_of
from micrograd_like.draw.words import Words
from micrograd_like.notation import number

__all__ = ["HIGH", "PAGE", "extent"]

PAGE, HIGH = 1100.0, 800.0  # pixels: as wide as a notebook's cell, as high as a window
DIGIT, ROW, ROUND = 5.9, 18.0, 10.0  # pixels: a letter's width, a row's height, what is around it
NUMBER = 7  # digits, at least
LABEL = 57.0  # between two columns: an edge with its local derivative
APART = 9.0  # between two tables in a column
AROUND = 40.0  # the tables of an open group: its name and its frame

Block = tuple[int, int, float]  # the first and the last of its columns, its height


def extent(outline: Outline, words: Words) -> tuple[float, float]:
    """The length of a picture in the direction of the calculation, and across it, in pixels.

    >>> from micrograd_like import Value
    >>> from micrograd_like.draw.names import Expressions
    >>> outline = Outline([Value(2.0, "a") * Value(3.0, "b")])
    >>> long, high = extent(outline, Words(outline, Expressions(outline.order)))
    >>> 200 < long < 300, 100 < high < 150
    (True, True)
    """
    columns = outline.columns()
    tables = [_table(node, words) for node in outline.nodes]
    widths: dict[int, float] = {}
    blocks: dict[str, list[Block]] = {}  # by the open group that they are in
    for column, node, (wide, high) in zip(columns, outline.nodes, tables, strict=True):
        widths[column] = max(widths.get(column, 0.0), wide)
        blocks.setdefault(node.group, []).append((column, column, high + APART))
    long = sum(widths.values()) + LABEL * (len(widths) - 1)
    return long, _stacked(blocks, outline, "")[2]


def _stacked(blocks: Mapping[str, list[Block]], outline: Outline, group: str) -> Block:
    """The block of an open group: what it has in one column stands one above the other."""
    inside = blocks.get(group, [])
    inside = inside + [_stacked(blocks, outline, name) for name in outline.clusters.get(group, [])]
    first, last = min(block[0] for block in inside), max(block[1] for block in inside)
    heights = [0.0] * (last + 1 - first)
    for start, end, high in inside:
        for column in range(start, end + 1):
            heights[column - first] += high
    return first, last, max(heights) + (AROUND if group else 0.0)


def _table(node: Node, words: Words) -> tuple[float, float]:
    head = 0 if node.terms and not node.name else len(words.title(node)) + 3
    rows = rows_of(node.terms)
    names = (str(words.titles.get(id(row[0].operand), "")) for row in rows)
    first = max([4, *map(len, names)])
    lines = 3 + len(rows) + (node.kind == "group")
    digits = max(NUMBER, len(number(node.value.data)) if node.value else 0)
    return DIGIT * max(head, first + digits) + ROUND, ROW * lines
