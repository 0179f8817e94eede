"""CSV files as tables: whatever separates cells and decimals, with texts and gaps."""

import csv
import io
import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd_like.learn import Encoding, Table, read_csv, read_rows
from micrograd_like.learn.columns import GAPS
from micrograd_like.learn.csv_lines import _Lines, separator_of

TEXTS = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=5).map(
    lambda text: "t" + " ".join(text.split())
)
NUMBERS = st.floats(-1e6, 1e6).map(lambda x: round(x, 3) + 0.0)
ROWS = st.lists(st.tuples(NUMBERS, st.sampled_from(["a", "b", "c d"]), NUMBERS), min_size=5)


@pytest.fixture(name="path", scope="module")
def fixture_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file to write again and again."""
    return tmp_path_factory.mktemp("csv") / "data.csv"


def written(path: Path, rows: list[list[str]], separator: str = ",", start: str = "") -> Path:
    """These cells as a CSV file."""
    file = io.StringIO()
    csv.writer(file, delimiter=separator).writerows(rows)
    path.write_text(start + file.getvalue(), encoding="utf-8")
    return path


@given(ROWS, st.sampled_from(",;\t|"), st.booleans(), st.sampled_from(["", "\ufeff", "sep"]))
def test_the_same_table_in_any_country(
    path: Path, rows: list[tuple[float, str, float]], separator: str, commas: bool, start: str
) -> None:
    """Separators, decimal commas where they cannot be those, a mark and Excel's line before."""

    def cell(x: float) -> str:
        text = f"{x:.3f}"
        return text.replace(".", ",") if commas and separator != "," else text

    lines = [["x", "kind", "y"], *([cell(x), kind, cell(y)] for x, kind, y in rows)]
    begin = f"sep={separator}\n" if start == "sep" else start
    table = read_csv(written(path, lines, separator, begin), "y")
    kinds = sorted({kind for _, kind, _ in rows})
    assert table.columns == ["x", *(f"kind={kind}" for kind in kinds)]
    assert table.targets == [y for _, _, y in rows]
    assert table.rows == [[x, *(float(kind == k) for k in kinds)] for x, kind, _ in rows]
    told = any("decimal commas" in note for note in table.notes)
    assert told == (commas and separator != ",")


@given(st.lists(st.booleans(), min_size=5), st.sampled_from(sorted(GAPS)))
def test_gaps_are_dropped_filled_or_refused(path: Path, gaps: list[bool], gap: str) -> None:
    """Dropped rows keep their numbers; filled ones become the mean of the rows that are learned."""
    full = [[str(k), "yes", str(k)] for k in range(5)]
    lines = [*full, *([gap if is_gap else "7", "no", "7"] for is_gap in gaps)]
    written(path, [["x", "kind", "y"], *lines])
    table = read_csv(path, "y", gaps="drop")
    kept = [k + 1 for k, line in enumerate(lines) if line[0] != gap]
    assert len(table.rows) == len(kept)
    assert not table.numbers or table.numbers == kept
    assert bool(table.numbers) == any(gaps)
    table = read_csv(path, "y", gaps="fill")
    assert [math.isnan(row[0]) for row in table.rows] == [False] * 5 + gaps
    for standardized in (True, False):
        encoding = Encoding.of(table, range(5), standardized)
        for row in table.rows:
            expected = [encoding.scales[0].mean if math.isnan(row[0]) else row[0], *row[1:]]
            assert encoding.inputs(row) == pytest.approx(encoding.inputs(expected))
    if any(gaps):
        with pytest.raises(ValueError, match=r"row \d+, column 'x': .* is a gap; fill it in or"):
            read_csv(path, "y")


@given(st.lists(TEXTS, min_size=5, max_size=40))
def test_a_model_reads_new_rows_as_it_learned(path: Path, texts: list[str]) -> None:
    """Columns in another order and others beside them; texts it does not know count as none."""
    lines = [["name", "x", "y"], *([text, str(k), str(k)] for k, text in enumerate(texts))]
    table = read_csv(written(path, lines), "y")
    encoding = Encoding.from_about(Encoding.of(table, range(5)).about(), path)
    assert encoding.sources == ["name", "x"]
    assert encoding.columns == table.columns
    new = [["z", "x", "name"], *(["-", str(k), text] for k, text in enumerate(texts))]
    read = read_rows(written(path, [*new, ["-", "9", "unknown"]]), encoding)
    assert read.rows == [*table.rows, [0.0] * (len(table.columns) - 1) + [9.0]]
    assert read.actual is None
    (note,) = read.notes
    assert f"row {len(texts) + 1}, column 'name': 'unknown' was not learned" in note


def test_a_column_without_a_name_or_a_value_is_left_out(path: Path) -> None:
    """As pandas' index, and what a comma at the end of each line makes."""
    lines = [["", "x", "empty", "y", ""], *([str(k), str(k), "", str(k), ""] for k in range(6))]
    table = read_csv(written(path, lines), "y", gaps="drop")
    assert table.columns == ["x"]
    notes = ["without a name, left out: column 1, column 5", "without a value, left out: empty"]
    assert table.notes == notes


def test_what_python_alone_takes_for_a_number_is_a_text(path: Path) -> None:
    """1_000 is one; quotation marks in a header hide what they separate."""
    lines = [["a;b;c", "y"], *(["1_000", "1"], ["1_001", "2"]), *([["1_000", "3"]] * 4)]
    table = read_csv(written(path, lines), "y")
    assert table.columns == ["a;b;c=1_000", "a;b;c=1_001"]
    assert separator_of('"a;b;c",y') == ","


def test_what_a_model_file_tells_of_texts_is_checked() -> None:
    """Names that are there twice, what is no list, no number of scales."""
    table = Table(
        ["k=a", "k=b"], [[0.0, 1.0], [1.0, 0.0]], "y", [1.0, 2.0], texts={"k": ["a", "b"]}
    )
    about = Encoding.of(table, [0, 1]).about()
    assert Encoding.from_about(about, Path("m.json")).columns == ["k=a", "k=b"]
    for wrong in (
        {"texts": {"k": ["a", "a"]}},
        {"texts": {"k": ["a"]}},
        {"texts": {"k": "ab"}},
        {"texts": {"k": [1, 2]}},
        {"texts": ["k"]},
        {"texts": {}},
        {"standardized": 1},
    ):
        with pytest.raises(ValueError, match="tells no columns; save it with"):
            Encoding.from_about({**about, **wrong}, Path("m.json"))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ('x\n1\n2\n""\n4\n5\n', [1, 2, None, 4, 5]),
        ("x\n\n2\n\n\n5\n6\n7\n\n\n", [None, 2, None, None, 5, 6, 7]),
        ('x\n1\n2\n3\n4\n5\n""\n\n', [1, 2, 3, 4, 5, None]),
        ("\n\nx,z\n1,0\n,\n3,0\n\n5,0\n6,0\n7,0\n,\n \n", [1, None, 3, None, 5, 6, 7]),
        ("x\r\r\n1\r\r\n2\r\r\n3\r\r\n4\r\r\n5\r\r\n", [1, 2, 3, 4, 5]),
    ],
)
def test_an_empty_line_between_rows_is_a_row_of_gaps(
    path: Path, text: str, numbers: list[float | None]
) -> None:
    """Its answer stands where it stands; those at the end, and Windows' double ends, are none."""
    table = Table(["x"], [[1.0], [2.0]], "y", [1.0, 2.0])
    path.write_bytes(text.encode())
    rows = read_rows(path, Encoding.of(table, [0, 1])).rows
    assert [None if math.isnan(x) else x for (x,) in rows] == numbers


def test_rows_are_counted_as_in_the_file(path: Path) -> None:
    """Empty ones, too: in a table's numbers, its notes, and in errors."""
    rows = "1,1\n\n3,3\n,\n5,5\n6,6\n7,7\n"
    path.write_text(f"x,y\n{rows}\n,\n")
    table = read_csv(path, "y", gaps="drop")
    assert table.numbers == [1, 3, 5, 6, 7]
    assert table.notes == ["2 rows without y, left out"]
    path.write_text(f"x,y\n{rows}eight,8\n")
    for gaps, message in (("drop", "row 8, column 'x': 'eight'"), ("refuse", "row 2, column 'x'")):
        with pytest.raises(ValueError, match=message):
            read_csv(path, "y", gaps=gaps)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_lines_end_wherever_the_pieces_of_a_file_do(end: str) -> None:
    """Of any length, from one character up."""
    text = end.join(["a,b", "1,2", "3,4", ""])
    for size in range(1, len(text) + 1):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        assert [*_Lines([*pieces, ""]).cells()] == [["a", "b"], ["1", "2"], ["3", "4"]]


@pytest.mark.parametrize(
    "cell", ["1,5", "$7", "-$7", "12%", "12 %", "1,000", "−3", "5 000", "5\u202f000,25", "7 €"]
)
def test_texts_that_look_like_numbers_are_told(path: Path, cell: str) -> None:
    """In the notes, and in the error of too many of them, or of one among numbers."""
    lines = [["x", "y"], *([cell if k % 2 else f"{k}%", str(k)] for k in range(8))]
    (_, note) = read_csv(written(path, lines), "y").notes
    assert "x looks like numbers, as " in note
    assert "write it with digits and a point alone, as in 1234.5; or say --text x" in note
    with pytest.raises(ValueError, match=r"is no finite number; write it with digits and a point"):
        read_csv(written(path, [["x", "y"], ["1", "1"], [cell, "2"]]), "y")
    with pytest.raises(ValueError, match=r"is no number, as the others are; write it with digits"):
        read_csv(written(path, [["x", "y"], [cell, "1"], *([str(k), "2"] for k in range(9))]), "y")


def test_too_many_texts_that_look_like_numbers_are_told(path: Path) -> None:
    """To leave them out is not the first remedy."""
    written(path, [["x", "y"], *([f"{k}%", "1"] for k in range(60))])
    with pytest.raises(ValueError, match=r"as '50%' in row 51; write it with .*, or leave it out"):
        read_csv(path, "y")


@pytest.mark.parametrize("cell", ["1.2.3", "2020-01-05", "12:30", "A4", "3rd", "555-1234", "1e3x"])
def test_names_with_digits_do_not_look_like_numbers(path: Path, cell: str) -> None:
    """Versions, days, times, telephones."""
    lines = [["x", "y"], *([cell + "ab"[k % 2] * (k < 2), str(k)] for k in range(8))]
    (note,) = read_csv(written(path, lines), "y").notes
    assert note.startswith("texts, one input for each")


def test_points_beside_decimal_commas_are_refused(path: Path) -> None:
    """In another column they may part thousands; so they may where a model is to answer."""
    lines = [["sales", "price", "y"], *([f"{k}.771", f"{k},8", str(k)] for k in range(8))]
    message = (
        r"row 1, column 'price': the number has a decimal comma, and that of row 1, column "
        r"'sales', a point; write all of them in one way"
    )
    with pytest.raises(ValueError, match=message):
        read_csv(written(path, lines, ";"), "y")
    assert read_csv(path, "y", drop=["sales"]).rows[1] == [1.8]
    table = Table(["sales", "price"], [[1.0, 2.0], [2.0, 3.0]], "y", [1.0, 2.0])
    with pytest.raises(ValueError, match=message):
        read_rows(path, Encoding.of(table, [0, 1]))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "is a picture and no text; save the table as CSV"),
        (b"PK\x03\x04\x14\0", "is a ZIP archive, such as a workbook of Excel, and no text"),
        (b'x,y\n1,1\n2,2\n"3,3\n4,4\n', "row 3 has 1 cell, not 2; is a quotation mark not closed"),
        (b'x,y\n1,1\n2,2\n3,"3\n4,4\n', "'3\\n4,4' is no finite number; is a quotation mark not"),
        (b"x,y\n1,1\n2\n", "row 2 has 1 cell, not 2; give each row one for each column"),
    ],
)
def test_what_is_no_table_is_told(path: Path, content: bytes, message: str) -> None:
    """A picture, a workbook, and an open quotation mark near the end of the file."""
    path.write_bytes(content)
    with pytest.raises(ValueError, match=re.escape(message)):
        read_csv(path, "y")


def test_columns_that_are_dropped_again_are_named(path: Path) -> None:
    """Where none is left."""
    written(path, [["x", "z", "y"], *([str(k)] * 3 for k in range(8))])
    with pytest.raises(ValueError, match="'x' is to be a column and to be dropped"):
        read_csv(path, "y", columns=["x"], drop=["x"])
    assert read_csv(path, "y", columns=["x", "z"], drop=["x"]).columns == ["z"]
