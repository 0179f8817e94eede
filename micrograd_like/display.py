"""Tables for people: as text, and as HTML at the end of a notebook's cell.

The HTML has no colours, fonts or scripts of its own, so that it looks like the notebook around it,
light or dark, and a notebook that is not trusted shows it too.  LaTeX and PDF show the text, which
``_repr_pretty_`` gives: IPython would print a named tuple as a tuple.

>>> print(Table([["x", "3"], ["weight", "−0.5"]], ["input", "point"], ["2 inputs"]))
input   point
x       3
weight  −0.5
2 inputs
"""

import re
from collections.abc import Sequence
from html import escape
from itertools import zip_longest
from typing import NamedTuple
from unicodedata import bidirectional

from micrograd_like.notation import one_line, readable

__all__ = ["Table", "shown"]

LONGEST_NAME = 40
LONGEST_NOTE = 600
UNBROKEN = 20  # characters of a word that go into one line on a narrow page
DIRECTIONS = "[\u202a-\u202e\u2066-\u2069]"  # characters that turn round the text after them
CELL = 'style="text-align:left;vertical-align:top;padding:2px 10px 2px 0"'
NOTE = 'style="margin:4px 0"'


class Table(NamedTuple):
    """Rows of text, with words above the columns and lines below."""

    rows: Sequence[Sequence[str]]
    head: Sequence[str] = ()
    notes: Sequence[str] = ()
    gap: int = 2  # spaces between columns

    def __str__(self) -> str:
        rows = [self.head, *self.rows] if self.head else self.rows
        widths = [max(map(len, column)) for column in zip_longest(*rows, fillvalue="")]
        lines = [
            (" " * self.gap).join(cell.ljust(w) for cell, w in zip(row, widths, strict=False))
            for row in rows
        ]
        return "\n".join(line.rstrip() for line in [*lines, *self.notes])

    def html(self, title: str = "", picture: str = "") -> str:
        """The table as HTML, with a title and a picture, which is HTML, above it.

        >>> Table([["<b>"]]).html()[-41:]
        '&lt;b&gt;</td></tr></tbody></table></div>'
        """
        head = f"<thead>{_row(self.head, 'th')}</thead>" if self.head else ""
        body = "".join(_row(row, "td") for row in self.rows)
        above = f"<p {NOTE}><strong>{_words(title)}</strong></p>" if title else ""
        below = "".join(f"<p {NOTE}>{_words(note)}</p>" for note in self.notes)
        return (
            f'<div dir="ltr" style="overflow-x:auto">{above}{picture}'
            f'<table style="margin:0;border-collapse:collapse">{head}<tbody>{body}</tbody></table>'
            f"{below}</div>"
        )


def shown(name: str, most: int = LONGEST_NAME) -> str:
    """A name of a user's beside others: in one line, not too long, in the direction of its script.

    Names that are written from right to left are between the characters that keep them apart, as
    without these ``א → ב`` would be shown the other way round.

    >>> shown("a  b"), shown("x" * 50)[-5:], len(shown("א"))
    ('a b', 'xx...', 3)
    """
    line = re.sub(DIRECTIONS, "�", one_line(name, most))
    from_right = any(bidirectional(c) in ("R", "AL", "AN") for c in line)
    return f"\u2068{line}\u2069" if from_right else line


def _row(cells: Sequence[str], tag: str) -> str:
    return f"<tr>{''.join(f'<{tag} {CELL}>{_words(cell)}</{tag}>' for cell in cells)}</tr>"


def _words(text: str) -> str:
    """Text as HTML; long words can be broken, and so does none make a page wider."""
    text = readable(text).replace("± ", "±\xa0")
    text = text if len(text) <= LONGEST_NOTE else text[: LONGEST_NOTE - 1] + "…"
    pieces = re.findall(rf"\S{{1,{UNBROKEN}}}|\s+", text)
    joined = ""
    for piece, after in zip_longest(pieces, pieces[1:], fillvalue=" "):
        joined += escape(piece) + ("" if piece.isspace() or after.isspace() else "<wbr>")
    return joined
