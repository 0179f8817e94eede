"""The lines of a CSV file, one after the other: what separates their cells is found by itself.

The cells of a whole file may need more memory than its numbers, so that no more than one row is
kept.  ``sep=;``, which Excel writes into the first line, is read, too.

>>> separator_of("size;price")
';'
"""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import chain, repeat
from pathlib import Path
from typing import NamedTuple

from micrograd_like.arguments import short
from micrograd_like.files import read_text
from micrograd_like.learn.columns import UNCLOSED, is_number
from micrograd_like.notation import plural

__all__ = ["Progress", "Sheet", "separator_of", "sheet"]

Progress = Callable[[int], object]  # is called with how many rows are read
SEPARATORS = ",;\t|"
MOST_CELLS = 10_000_000  # whose numbers take some 700 MB of memory
LONGEST_ROW = 1_000_000  # characters
OFTEN = 10_000  # rows between two calls of the progress
LINE_END = "\r?\r\n|\r"  # two \r are of Python's csv on Windows, in a file without newline=""
KINDS = {
    b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture", b"GIF8": "a picture", b"%PDF": "a PDF",
    b"PK\3\4": "a ZIP archive, such as a workbook of Excel,", b"\xd0\xcf\x11\xe0": "a workbook",
    b"\x1f\x8b": "compressed",
}  # fmt: skip


class Sheet(NamedTuple):
    """The header of a CSV file, the rows below it, and what separates their cells."""

    header: list[str]
    rows: Iterator[list[str]]
    separator: str


def separator_of(line: str, row: str = "") -> str:
    r"""The sign that stands most often in a header line, and as often in the row below it.

    Those in quotation marks do not count.

    >>> separator_of('"a;b",c'), separator_of("a\tb"), separator_of("a;b,c", "1,5")
    (',', '\t', ',')
    """
    bare, below = (re.sub('"[^"]*"?', "", text) for text in (line, row))
    return max(SEPARATORS, key=lambda c: (0 < bare.count(c) == below.count(c), bare.count(c)))


@contextmanager
def sheet(path: Path, progress: Progress | None = None) -> Iterator[Sheet]:
    """The sheet of a file, which is open as long as rows are read."""
    _check_kind(path)
    with closing(read_text(path)) as pieces:
        lines = _Lines(pieces)
        rows = _rows(path, lines, progress or (lambda _: None))
        header = next(rows)
        yield Sheet(header, rows, lines.separator)


def _check_kind(path: Path) -> None:
    """Tell what is no text at all, by its first bytes."""
    start = b""
    with suppress(OSError):  # which is told when it is read
        if path.is_file():  # of a pipe nobody could read them again
            with path.open("rb") as file:
                start = file.read(8)
    for first, kind in KINDS.items():
        if start.startswith(first):
            raise ValueError(f"{path}: is {kind} and no text; save the table as CSV")


def _rows(path: Path, lines: "_Lines", progress: Progress) -> Iterator[list[str]]:
    """The cells of the header, then of each row, as many in each."""
    header: list[str] = []
    row = cells = 0
    try:
        for line in _without_blank_ends(lines.cells()):
            header = header or _header(path, line)
            line = line or [""] * len(header)  # noqa: PLW2901
            cells += len(line)
            if len(line) != len(header):
                open_quote = any("\n" in cell for cell in line)
                remedy = UNCLOSED if open_quote else "give each row one for each column"
                raise ValueError(
                    f"{path}: row {row} has {plural(len(line), 'cell')}, not {len(header)}; "
                    f"{remedy}"
                )
            if cells > MOST_CELLS:
                raise ValueError(
                    f"{path}: row {row} is beyond {MOST_CELLS:,} cells, the most that are "
                    "read; give fewer rows or columns"
                )
            yield line if row else header
            if row % OFTEN == 0:
                progress(row)
            row += 1
    except csv.Error as error:
        where = f"row {row}" if row else "the header line"
        raise ValueError(f"{path}: {where}: {error}; {UNCLOSED}") from None
    if not row:
        raise ValueError(f"{path}: is empty; it needs a header line and rows of numbers")


def _without_blank_ends(lines: Iterable[list[str]]) -> Iterator[list[str]]:
    """The lines from the header on; those without text are empty, and left out at the end.

    One of no text but quotation marks is a cell that somebody wrote, where a row has one.
    """
    width = blank = 0
    for line in lines:
        if any(map(str.strip, line)) or (line, width) == ([""], 1):
            yield from repeat([], blank)
            yield line
            width, blank = width or len(line), 0
        elif width:
            blank += 1


class _Lines:
    """The lines of a text that comes in pieces, whatever ends them; a csv.Error if a row is long.

    ``size`` is that of the row which is read, of one line or of several.
    """

    def __init__(self, pieces: Iterable[str]) -> None:
        self.pieces, self.size, self.separator = pieces, 0, ","

    def cells(self) -> Iterator[list[str]]:
        """The cells of each row."""
        lines = iter(self)
        first = ""
        while not first.strip():
            self.size = 0
            first = next(lines, None) or ""
            if not first:
                return
        told, second = re.fullmatch(r"sep=(.)\n?", first, re.IGNORECASE), next(lines, "")
        self.separator = told[1] if told else separator_of(first, second)
        rest = chain([second] if told else [first, second], lines)
        for row in csv.reader(rest, delimiter=self.separator, skipinitialspace=True):
            self.size = 0
            yield row

    def __iter__(self) -> Iterator[str]:
        held = rest = ""
        for piece in self.pieces:
            text = held + piece
            end = len(text) - (text.endswith("\r") + text.endswith("\r\r")) * bool(piece)
            held = text[end:]  # the next piece may go on with the line's end
            *lines, rest = (rest + re.sub(LINE_END, "\n", text[:end])).split("\n")
            for line in lines:
                yield self.counted(f"{line}\n")
            if len(rest) > LONGEST_ROW:
                break
        if rest:
            yield self.counted(rest)

    def counted(self, line: str) -> str:
        """The line, which is not too long."""
        self.size += len(line)
        if self.size > LONGEST_ROW:
            raise csv.Error(f"is longer than {LONGEST_ROW:,} characters")
        return line


def _header(path: Path, line: list[str]) -> list[str]:
    header = [name.strip() for name in line]
    if line and all(map(is_number, header)):
        raise ValueError(
            f"{path}: the first line has numbers alone; put the columns' names into a line above it"
        )
    named = Counter(filter(None, header)) or Counter([""])
    ((name, times),) = named.most_common(1)
    if times > 1:
        raise ValueError(f"{path}: two columns have the same name, {short(name)}; rename one")
    return header
