r"""Arrowheads of an old Graphviz, drawn back to the borders of the cells that they point at.

Graphviz draws the outline of an arrowhead as wide as its line.  Up to its version 6 the tip is
where the edge ends, and the corner of the outline reaches into the cell there, the farther, the
wider the line: over the last digit of a gradient.  In a picture that has been laid out each end can
be moved back by that much, and then it is drawn as it stands.

>>> drawn_back('a -> b [dir=back, penwidth=4, pos="s,10,5 16,5 25,5 40,9"];\n')
'a -> b [dir=back, penwidth=4, pos="s,16.05,5.00 22.05,5.00 25,5 40,9"];\n'
"""

import math
import re
from html import unescape

from micrograd_like.draw.legend import text_width
from micrograd_like.draw.theme import EDGE_FONT

__all__ = ["HEADS", "MENDED", "PLACED", "as_placed", "drawn_back", "edge_drawn_back"]

HEADS, PLACED = "dir=back", "layout=nop2"  # in DOT text with arrowheads, and in one laid out
MENDED = 7  # the version of Graphviz from which on tips are where they should be
EDGE = re.compile(r"\[[^\[]*?\bdir=back,(?:.*\n)*?.*?\];\n")
NODE = re.compile(r"^\s*(n\d+) \[", re.MULTILINE)
DEFAULTS = re.compile(r"^\tedge \[(?:.*\n)*?.*\];\n", re.MULTILINE)  # of the whole graph: the last
START = re.compile(r'\bpos="s,([-+.\de]+),([-+.\de]+) ([-+.\de]+),([-+.\de]+)')
LABEL = re.compile(r'\blp="([-+.\de]+),([-+.\de]+)"')
SLOPE = 0.35  # half of a head's width, by its length; more for a line of more than 4 points


def reach(width: float) -> float:
    """How far the corner of an arrowhead's outline reaches beyond the tip, in points.

    >>> round(reach(1.0), 2), round(reach(4.5), 2)
    (1.51, 6.14)
    """
    slope = SLOPE * max(1.0, width / 4)
    return width / 2 * math.hypot(1.0, slope) / slope


def drawn_back(laid: str) -> str:
    """Laid-out DOT text whose arrowheads end where their edges did."""
    return EDGE.sub(lambda edge: edge_drawn_back(edge[0]), laid)


def as_placed(laid: str, source: str) -> str:
    r"""Laid-out DOT text that Graphviz draws as it stands, in the size that it has.

    What is drawn first is behind the rest: nodes come in the order that their source has.

    >>> print(as_placed('graph [bb="0,0,9,5"];\n\tedge [width=1];\n', "n1 []\nn0 []\n"))
    graph [layout=nop2 notranslate=true viewport="9.0,5.0,1.0,4.5,2.5" bb="0,0,9,5"];
        edge [width=1];
    n1 n0;
    <BLANKLINE>
    """
    text = laid.replace("graph [", f"graph [{_view(laid)} ", 1)
    names = " ".join(NODE.findall(source))
    return DEFAULTS.sub(lambda found: f"{found[0]}{names};\n", text, count=1)


def edge_drawn_back(edge: str) -> str:
    """One edge with its place, whose arrowhead ends where the edge did."""
    start, width = START.search(edge), re.search(r"\bpenwidth=([\d.]+)", edge)
    if not start:
        return edge
    line = float(width[1]) if width else 1.0
    back = reach(line)
    x, y, u, v = map(float, start.groups())
    far = math.hypot(u - x, v - y) or 1.0
    right, up = back * (u - x) / far, back * (v - y) / far
    place = f'pos="s,{x + right:.2f},{y + up:.2f} {u + right:.2f},{v + up:.2f}'
    edge = edge.replace(start[0], place)
    # Beside the end there may be the edge's label, which makes room where it can.
    about = max(SLOPE * 6, line / 2) + line / 2

    def beside(label: re.Match[str]) -> str:
        middle, height = float(label[1]), float(label[2])
        side = math.copysign(1.0, middle - u - right)
        over = 1 + about * abs(v - y) / far + _width(edge) / 2 - abs(middle - u - right)
        if abs(height - v - up) > EDGE_FONT / 2 + about or not 0 < over < 2 * back:
            return label[0]
        return f'lp="{middle + side * min(over, back):.2f},{label[2]}"'

    return LABEL.sub(beside, edge)


def _width(edge: str) -> float:
    """How wide an edge's label is, about, in points."""
    label = re.search(r"\blabel=<(.*?)>(?:,\n| \w+=)", edge)
    return text_width(unescape(re.sub("<[^>]*>", "", label[1])), EDGE_FONT) if label else 0.0


def _view(laid: str) -> str:
    left, low, right, high = _numbers(laid, "bb")
    (pad,) = _numbers(laid, "pad") or [0.0]
    width, height = right - left + 144 * pad, high - low + 144 * pad
    most = _numbers(laid, "size")
    zoom = min([1.0, *(72 * a / b for a, b in zip(most, (width, height), strict=False))])
    middle = f"{(left + right) / 2},{(low + high) / 2}"
    view = f"{width * zoom},{height * zoom},{zoom},{middle}"
    return f'{PLACED} notranslate=true viewport="{view}"'


def _numbers(laid: str, name: str) -> list[float]:
    found = re.search(rf'(?:^\s*|\[){name}="?([-+.\de,]+)', laid, re.MULTILINE)
    return [float(x) for x in found[1].rstrip(",").split(",")] if found else []
