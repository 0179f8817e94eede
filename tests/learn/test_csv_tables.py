"""CSV files as tables: whatever separates cells and decimals, with texts and gaps."""

import csv
import io
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd_like.learn import Encoding, Table, read_csv, read_rows
from micrograd_like.learn.columns import GAPS
from micrograd_like.learn.csv_lines import separator_of

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
    assert table.notes == ["without a value, left out: empty"]


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
