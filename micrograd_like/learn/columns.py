"""Columns of a CSV file: numbers, texts, and gaps, as the cells say by themselves.

>>> column = Column("data.csv", "island", Reading())
>>> for row, cell in enumerate(["Dream", "NA", "Biscoe", "Dream"], 1):
...     column.add(cell, row)
>>> column.texts, list(column.numbers)
(['Dream', 'Biscoe'], [0.0, nan, 1.0, 0.0])
"""

import math
import re
from array import array
from collections.abc import Iterable
from typing import NamedTuple

from micrograd_like.arguments import short

__all__ = [
    "GAPS",
    "MOST_TEXTS",
    "UNCLOSED",
    "WRITE",
    "Column",
    "Reading",
    "check_commas",
    "is_number",
]

# What a cell without a value holds, in small letters: that of pandas, R, Excel and UCI's files.
GAPS = frozenset(["", "na", "n/a", "#n/a", "<na>", "nan", "-nan", "null", "?"])
MOST_TEXTS = 50  # of one column, each of which becomes a column
UNCLOSED = "is a quotation mark not closed?"
WRITE = "write it with digits and a point alone, as in 1234.5"
# A number as people write it: $7, 12 %, 1,5 and 1,000, 5 000 with any space, a typographic minus.
LOOSE = re.compile(
    r"[-+\u2212\u2013]?[$\u20ac\u00a3\u00a5]?[-+\u2212\u2013]?"
    r"(?:\d{1,3}(?:[.,' \u00a0\u2009\u202f]\d{3})+|\d+)(?:[.,]\d+)? ?[%$\u20ac\u00a3\u00a5]?"
)
COMMA = re.compile(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?")  # a number with a decimal comma


class Reading(NamedTuple):
    """How cells are read: whether gaps may be, and commas in numbers."""

    gaps: bool = True
    commas: bool = False
    hint: str = ""  # of what to do with a text among numbers


class Column:
    """The cells of a column, as they come: a float each, NaN for a gap.

    ``is_text`` is None as long as there are gaps alone.  Texts are told by their places among
    ``texts``, in the order in which they are met.
    """

    def __init__(
        self, file: object, name: str, reading: Reading, *, is_text: bool | None = None,
        most: int | None = MOST_TEXTS,
    ) -> None:  # fmt: skip
        self.file, self.name, self.reading, self.most = file, name, reading, most
        self.numbers, self.places = array("d"), dict[str, int]()
        self.is_text, self.is_told = is_text, is_text is not None
        self.gaps, self.comma, self.point, self.first_text = 0, 0, 0, 0  # the last three are rows

    @property
    def texts(self) -> list[str]:
        """The different texts."""
        return [*self.places]

    def where(self, row: int) -> str:
        """The file, row and column, for an error."""
        return f"{self.file}: row {row}, column {short(self.name)}"

    def add(self, cell: str, row: int) -> None:
        """Take the cell of a row; a ValueError tells that it does not fit the others."""
        if not self.is_text:
            try:
                x = float(cell)
            except ValueError:
                x = math.nan
            if math.isfinite(x) and "_" not in cell:
                self.is_text = False
                self.numbers.append(x)
                if self.reading.commas and "." in cell:
                    self.point = self.point or row
                return
        self.numbers.append(self._other(cell.strip(), row))

    def _other(self, cell: str, row: int) -> float:
        """The number for a cell that is no plain number."""
        if cell.lower() in GAPS:
            if not self.reading.gaps:
                raise self._no_number(cell, row)
            self.gaps += 1
            return math.nan
        if not self.is_text:
            if self.reading.commas and COMMA.fullmatch(cell):
                self.is_text, self.comma = False, self.comma or row
                return float(cell.replace(",", "."))
            if self.is_text is False or is_number(cell):  # which is infinite, then
                raise self._no_number(cell, row)
            self.is_text, self.first_text = True, row
        place = self.places.setdefault(cell, len(self.places))
        if self.most is not None and place >= self.most:
            self.check()
            remedy = f"{WRITE}, or " if self.is_loose() else ""
            raise ValueError(
                f"{self.file}: column {short(self.name)} has more than {self.most} different "
                f"texts, as {short(cell)} in row {row}; {remedy}leave it out with --drop"
            )
        return float(place)

    def _no_number(self, cell: str, row: int) -> ValueError:
        hint = self.reading.hint or "fill it in or drop the row"
        if LOOSE.fullmatch(cell) and not is_number(cell):
            hint = WRITE
        elif "\n" in cell:
            hint = UNCLOSED
        what = "a gap" if cell.lower() in GAPS else "no finite number"
        if not self.is_told:
            hint += " (or take the column for one of texts, with --text)"
        return ValueError(f"{self.where(row)}: {short(cell)} is {what}; {hint}")

    def check(self) -> None:
        """Tell numbers among which one text stood first."""
        numbers = sum(map(is_number, self.places))
        if self.is_text and not self.is_told and 2 * numbers > len(self.places):
            first = next(text for text in self.places if not is_number(text))
            raise ValueError(
                f"{self.where(self.first_text)}: {short(first)} is no number, as the others are; "
                f"{WRITE if LOOSE.fullmatch(first) else 'correct it or empty the cell'}, or take "
                "all of them for texts, with --text"
            )

    def is_loose(self) -> bool:
        """Whether most of the texts are numbers, as people write them."""
        return 2 * sum(bool(LOOSE.fullmatch(text)) for text in self.places) > len(self.places)


def check_commas(columns: Iterable[Column]) -> None:
    """Tell decimal commas in a file that has points in numbers, which may part thousands there."""
    used = [*columns]
    comma = next((c for c in used if c.comma), None)
    point = next((c for c in used if c.point), None)
    if comma and point:
        raise ValueError(
            f"{comma.where(comma.comma)}: the number has a decimal comma, and that of row "
            f"{point.point}, column {short(point.name)}, a point; write all of them in one way"
        )


def is_number(text: str) -> bool:
    """Whether a cell holds a number, infinite ones too.

    >>> is_number("-1e3"), is_number("1 apple"), is_number("nan")
    (True, False, False)
    """
    try:
        return not math.isnan(float(text)) and "_" not in text  # which Python has in numbers
    except ValueError:
        return False
