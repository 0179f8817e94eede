"""The legend of a picture: what its colours, dashes, widths, fills and signs mean.

An entry is a sample, as HTML-like text of Graphviz, and the words for it; `legend` makes a table of
several, in as many lines as they need.

>>> from micrograd_like.draw.theme import THEMES
>>> theme = THEMES["light"]
>>> [words for _, words in signs(theme, "weight")]
['positive weight', 'negative']
>>> table = legend(theme, [*signs(theme, "gradient"), parameters(theme)], width=400)
>>> table.count("positive gradient"), table.count("parameter")
(1, 1)
"""

import math
from collections.abc import Sequence

from micrograd_like.draw.numbers import strength
from micrograd_like.draw.svg import markup
from micrograd_like.draw.theme import EDGE_FONT, Theme

__all__ = [
    "Entry", "cells", "fills", "legend", "local_derivatives", "parameters", "signs", "text_width",
    "widths",
]  # fmt: skip

Entry = tuple[str, str]  # a sample, as HTML-like text; the words for it
SAMPLE = 40.0  # pixels, about, with what is between an entry and the next
LINE, CELL = 24, 12  # pixels: the length of a line, the side of a cell
SHARES = (-1.0, -0.25, 0.0, 0.25, 1.0)  # of the largest size, in the sample of fills


def signs(theme: Theme, of: str) -> list[Entry]:
    """The colour and the dashes of edges, for each of the signs."""
    return [
        (_lines((theme.positive, 3, "solid", LINE)), f"positive {of}"),
        (_lines((theme.negative, 3, "dashed", LINE)), "negative"),
    ]


def widths(theme: Theme, of: str) -> Entry:
    """The width of edges."""
    thin, wide = ((theme.faint, size, "solid", LINE * 2 // 3) for size in (1, 4))
    return _lines(thin, wide), f"width: size of the {of}"


def fills(theme: Theme, of: str) -> Entry:
    """The fill of circles or cells."""
    colours = [theme.tint(strength(share, 1.0)) or theme.box for share in SHARES]
    return _cells(theme, colours), f"fill: {of}, − to +"


def parameters(theme: Theme, sign: str = "", words: str = "parameter") -> Entry:
    """The colour of parameters, behind a sign where they have one, such as b."""
    return _cells(theme, [theme.parameter], sign), words


def local_derivatives(theme: Theme) -> Entry:
    """The number beside an edge."""
    return f'<font color="{theme.faint}">∂</font>', "local derivative"


def cells(theme: Theme, backward: bool = True) -> list[Entry]:
    """The numbers in a value's table."""
    rows = [("data", "value"), ("grad", "gradient of the root")][: 1 + backward]
    return [(f'<font color="{theme.faint}">{row}</font>', words) for row, words in rows]


def legend(theme: Theme, entries: Sequence[Entry], width: float = 800.0) -> str:
    """A table of entries, as HTML-like text, in as many lines as this width in pixels needs."""
    drawn = [
        f'<td align="left">{sample}</td><td align="left"><font color="{theme.faint}">'
        f"&#160;{markup(words)}&#160;&#160;&#160;</font></td>"
        for sample, words in entries
    ]
    needed = sum(SAMPLE + text_width(words, EDGE_FONT) for _, words in entries)
    in_line = math.ceil(len(drawn) / math.ceil(needed / width))
    lines = (drawn[k : k + in_line] for k in range(0, len(drawn), in_line))
    start = '<table border="0" cellborder="0" cellspacing="0" cellpadding="1">'
    # A table for each line, or an entry would be as wide as the one above it; what a line is
    # shorter than the longest is spread over all its columns, most of which are behind the entries.
    rows = (f'{start}<tr>{"".join(line)}<td colspan="99"></td></tr></table>' for line in lines)
    return start + "".join(f'<tr><td align="left">{row}</td></tr>' for row in rows) + "</table>"


def text_width(words: str, size: float) -> float:
    """How wide a text is, in pixels, about: letters are half as wide as high, or as wide.

    >>> text_width("mean", 10.0)
    22.0
    """
    return sum(1.0 if ord(letter) > 0x2E7F else 0.55 for letter in words) * size


def _sample(row: str, width: int) -> str:
    """A table that does not grow with what is around it."""
    return (
        '<table border="0" cellborder="0" cellspacing="0" cellpadding="0" fixedsize="true" '
        f'width="{width}" height="{CELL}">{row}</table>'
    )


def _lines(*lines: tuple[str, int, str, int]) -> str:
    """Lines, each of a colour, a size, a style and a length: borders of cells with nothing in."""
    drawn = "".join(
        f'<td sides="B" border="{size}" color="{colour}" style="{style}" width="{length}"></td>'
        for colour, size, style, length in lines
    )
    return _sample(f"<tr>{drawn}</tr><tr><td></td></tr>", sum(length for *_, length in lines))


def _cells(theme: Theme, colours: Sequence[str], sign: str = "") -> str:
    """Cells of colours, with a sign in each."""
    side = f'width="{CELL}" height="{CELL}" border="1" color="{theme.faint}"'
    drawn = "".join(
        f'<td {side} style="solid" bgcolor="{colour}">{markup(sign)}</td>' for colour in colours
    )
    return _sample(f"<tr>{drawn}</tr>", CELL * len(colours))
