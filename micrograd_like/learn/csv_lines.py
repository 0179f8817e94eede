"""The lines of a CSV file, one after the other: what separates their cells is found by itself.

The cells of a whole file may need more memory than its numbers, so that no more than one row is
kept.  ``sep=;``, which Excel writes into the first line, is read, too.

>>> separator_of("size;price")
';'
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from micrograd_like.arguments import short
from micrograd_like.files import read_text
from micrograd_like.learn.columns import is_number
from micrograd_like.notation import plural

__all__ = ["Progress", "Sheet", "separator_of", "sheet"]

Progress = Callable[[int], object]  # is called with how many rows are read
SEPARATORS = ",;\t|"
MOST_CELLS = 10_000_000  # whose numbers take some 700 MB of memory
LONGEST_ROW = 1_000_000  # characters
OFTEN = 10_000  # rows between two calls of the progress


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
    with closing(read_text(path)) as pieces:
        lines = _Lines(pieces)
        rows = _rows(path, lines, progress or (lambda _: None))
        header = next(rows)
        yield Sheet(header, rows, lines.separator)


def _rows(path: Path, lines: "_Lines", progress: Progress) -> Iterator[list[str]]:
    """The cells of the header, then of each row, as many in each; of lines without text none."""
    header: list[str] = []
    row = cells = 0
    try:
        for line in lines.cells():
            if not any(cell.strip() for cell in line):
                continue
            header = header or _header(path, line)
            cells += len(line)
            if len(line) != len(header):
                raise ValueError(
                    f"{path}: row {row} has {plural(len(line), 'cell')}, not {len(header)}; "
                    "give each row one for each column"
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
        raise ValueError(f"{path}: {where}: {error}; is a quotation mark not closed?") from None
    if not row:
        raise ValueError(f"{path}: is empty; it needs a header line and rows of numbers")


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
        ends, rest = io.IncrementalNewlineDecoder(None, translate=True), ""
        for piece in self.pieces:
            *lines, rest = (rest + ends.decode(piece, final=not piece)).split("\n")
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
