"""CSV files as tables: for `fit` to learn from, and for a model to answer.

What a cell separator is, and which columns are texts, is seen in the file.  What was done with it
stands in the table's notes.
"""

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from micrograd_like.arguments import choice, expect, file_name, several, short, text
from micrograd_like.learn.columns import WRITE, Column, Reading, check_commas
from micrograd_like.learn.csv_lines import Progress, Sheet, sheet
from micrograd_like.learn.tables import Encoding, Table, inputs_of
from micrograd_like.notation import listed, one_line, plural

__all__ = ["GAPS_ARE", "NewRows", "read_csv", "read_rows"]

FEWEST = 5  # rows to learn from and to test on
MOST_CLASSES = 100
MOST_NUMBERS = 10_000_000  # of all inputs in all rows
GAPS_ARE = ("refuse", "drop", "fill")
ZERO, ONE = 0.0, 1.0  # of one-hot columns: one object each, however many rows there are


class NewRows(NamedTuple):
    """What a model is to answer: rows, the target's cells if the file has them, and notes."""

    rows: list[list[float]]
    actual: list[str] | None
    notes: list[str]


def read_csv(
    path: str | Path, target: str, classify: bool = False, *,
    columns: Sequence[str] | None = None, drop: Sequence[str] = (), texts: Sequence[str] = (),
    gaps: str = "refuse", progress: Progress | None = None,
) -> Table:  # fmt: skip
    r"""A CSV file with a header line, to predict one column of it from others.

    Those are ``columns``, or all but those to ``drop``.  A column whose first cell is a text is
    one of texts, as those are that ``texts`` names; each text becomes a column of 0 and 1.  With
    ``classify`` the target's cells are names of classes; their order is the alphabet's.

    Rows with ``gaps``, such as empty cells, NA or an empty line between rows, are refused, dropped,
    or kept as NaN, which `Encoding.inputs` fills.  ``progress`` is called with the count of rows
    read, now and then.

    A ValueError names the row and the column of what does not fit, an OSError what is wrong with
    the path.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "houses.csv"
    ...     written = path.write_text("size;style;price" + 5 * "\n50,5;old;200" + "\n60;NA;200")
    ...     table = read_csv(path, "price", gaps="drop")
    >>> table.columns, table.rows[0], len(table.rows)
    (['size', 'style=old'], [50.5, 1.0], 5)
    """
    path = Path(file_name(path, "read_csv: path"))
    text(target, "read_csv: target")
    choice(gaps, "read_csv: gaps", GAPS_ARE)
    for name, given in (("columns", columns or ()), ("drop", drop), ("texts", texts)):
        several(given, f"read_csv: {name}", "names of columns")
    with sheet(path, progress) as csv:
        chosen = _chosen(path, csv.header, target, columns, drop)
        _known(path, csv.header, texts)
        found = _read(path, csv, chosen, (target, classify), texts, gaps)
    table = _table(path, found, (target, classify), gaps)
    unnamed = [f"column {k}" for k, name in enumerate(csv.header, 1) if not name]
    if unnamed and columns is None:
        return table._replace(notes=[f"without a name, left out: {listed(unnamed)}", *table.notes])
    return table


def read_rows(path: str | Path, encoding: Encoding, progress: Progress | None = None) -> NewRows:
    """The columns that a model takes, and the target's cells if the file has them.

    Gaps are NaN, and a text that the model has not learned is none of those it has.  Errors are
    those of `read_csv`; a ValueError also names a column that is missing.
    """
    path = Path(file_name(path, "read_rows: path"))
    expect(isinstance(encoding, Encoding), encoding, "read_rows: encoding", "an Encoding")
    with sheet(path, progress) as csv:
        missing = [name for name in encoding.sources if name not in csv.header]
        if missing:
            raise ValueError(
                f"{path}: has no column {short(missing[0])}; the model was trained on "
                f"{_names(encoding.sources)}; add it, or rename what it is called here"
            )
        reading = Reading(commas=csv.separator != ",")
        columns = {
            name: Column(path, name, reading, is_text=name in encoding.texts, most=None)
            for name in encoding.sources
        }
        at = csv.header.index(encoding.target) if encoding.target in csv.header else None
        actual = _fill(csv, columns, at)
        check_commas(columns.values())
    used = [*columns.values()]
    if not used or not used[0].numbers:
        raise ValueError(f"{path}: has no rows of data; give at least one below the header line")
    notes = _news(used, encoding)
    inputs = [i for c in used for i in _inputs(c, encoding.texts.get(c.name, ()))]
    return NewRows([*map(list, zip(*inputs, strict=True))], None if at is None else actual, notes)


def _chosen(
    path: Path, header: list[str], target: str, columns: Sequence[str] | None, drop: Sequence[str]
) -> list[str]:
    """The columns to predict from, which have names, in the order of the file."""
    if target not in header:
        raise ValueError(f"{path}: has no column {short(target)}; there are {_names(header)}")
    _known(path, header, [*(columns or ()), *drop])
    wanted = {*(header if columns is None else columns)} - {*drop, target, ""}
    chosen = [name for name in header if name in wanted]
    if target in drop:
        raise ValueError(f"{path}: column {short(target)} is the target; do not drop it")
    if not chosen:
        both = [name for name in columns or () if name in drop]
        left = f"; {short(both[0])} is to be a column and to be dropped" if both else ""
        raise ValueError(f"{path}: has no column beside {short(target)} to predict it from{left}")
    return chosen


def _known(path: Path, header: list[str], names: Sequence[str]) -> None:
    for name in names:
        if name not in header:
            raise ValueError(f"{path}: has no column {short(name)}; there are {_names(header)}")


def _read(
    path: Path, csv: Sheet, chosen: list[str], target: tuple[str, bool], texts: Sequence[str],
    gaps: str,
) -> list[Column]:  # fmt: skip
    """The chosen columns, and the target as the last one."""
    name, classify = target
    reading = Reading(gaps != "refuse", csv.separator != ",")
    columns = {
        column: Column(path, column, reading, is_text=True if column in texts else None)
        for column in chosen
    }
    remedy = "fill it in or drop the row (or learn classes, with --task classify)"
    reading = reading._replace(hint="" if classify else remedy)
    columns[name] = Column(path, name, reading, is_text=classify, most=None)
    _fill(csv, columns)
    for column in columns.values():
        column.check()
    check_commas(columns.values())
    return [*columns.values()]


def _fill(csv: Sheet, columns: dict[str, Column], at: int | None = None) -> list[str]:
    """Read all rows into the columns; the cells at a place are returned as they are."""
    cells: list[str] = []
    adding = [(csv.header.index(name), column.add) for name, column in columns.items()]
    for row, line in enumerate(csv.rows, 1):
        for i, add in adding:
            add(line[i], row)
        if at is not None:
            cells.append(line[at].strip())
    return cells


def _table(path: Path, found: list[Column], target: tuple[str, bool], gaps: str) -> Table:
    """The columns as a table, without rows and columns that have nothing to say, and with notes."""
    *columns, answer = found
    count = len(answer.numbers)
    if count < FEWEST:
        raise ValueError(f"{path}: has {plural(count, 'row')} of data; it needs at least {FEWEST}")
    used = [c for c in columns if c.gaps < count]
    if not used:
        raise ValueError(f"{path}: has no cell beside {short(target[0])} to predict it from")
    needed = [answer, *(used if gaps == "drop" else [])]
    kept = _whole_rows([c for c in needed if c.gaps], count)
    if len(kept) < FEWEST:
        raise ValueError(
            f"{path}: has {plural(len(kept), 'row')} without a gap; it needs at least {FEWEST}: "
            "fill gaps (--gaps fill), or leave columns out (--drop)"
        )
    texts = {c.name: _texts(c, kept) for c in used if c.is_text}
    inputs = inputs_of([c.name for c in used], texts)
    _check_inputs(path, inputs, len(kept))
    cells = [column for c in used for column in _inputs(c, texts.get(c.name, ()), kept)]
    targets, classes = _targets(path, answer, kept, classify=target[1])
    return Table(
        inputs, [*map(list, zip(*cells, strict=True))], target[0], targets, classes=classes,
        texts=texts, notes=_notes(found, used, kept, gaps),
        numbers=[k + 1 for k in kept] if len(kept) < count else (),
    )  # fmt: skip


def _check_inputs(path: Path, inputs: list[str], rows: int) -> None:
    """There are not too many, and no two of one name, as of a column named island=Dream."""
    if len(inputs) * rows > MOST_NUMBERS:
        raise ValueError(
            f"{path}: {plural(len(inputs), 'input')} in {plural(rows, 'row')} are beyond "
            f"{MOST_NUMBERS:,} numbers; give fewer rows, or leave out columns of texts (--drop)"
        )
    ((name, times),) = Counter(inputs).most_common(1)
    if times > 1:
        raise ValueError(f"{path}: two inputs have the same name, {short(name)}; rename a column")


def _whole_rows(columns: list[Column], count: int) -> Sequence[int]:
    """The places of the rows in which none of these columns has a gap."""
    if not columns:
        return range(count)
    cells = zip(*(c.numbers for c in columns), strict=True)
    return [k for k, row in enumerate(cells) if not any(map(math.isnan, row))]


def _texts(column: Column, kept: Sequence[int]) -> list[str]:
    """The different texts in these rows, numbers first."""
    places = {column.numbers[k] for k in kept}
    return sorted((c for c, place in column.places.items() if place in places), key=_numbers_first)


def _inputs(
    column: Column, texts: Sequence[str], kept: Sequence[int] | None = None
) -> list[list[float]]:
    """A column as numbers; one of texts as a column for each of those, 1 where it stands."""
    numbers = column.numbers if kept is None else [column.numbers[k] for k in kept]
    if not column.is_text:
        return [[*numbers]]
    places = [float(column.places.get(text, -1)) for text in texts]
    return [[ONE if x == place else ZERO for x in numbers] for place in places]


def _targets(
    path: Path, answer: Column, kept: Sequence[int], *, classify: bool
) -> tuple[list[float], list[str]]:
    """The targets; of classes the place of each among the names of all, and these names."""
    numbers = [answer.numbers[k] for k in kept]
    if not classify:
        return numbers, []
    classes = _texts(answer, kept)
    if not 2 <= len(classes) <= MOST_CLASSES:
        raise ValueError(
            f"{path}: column {short(answer.name)} has {len(classes):,} "
            f"class{'es' * (len(classes) != 1)}; it needs 2 to {MOST_CLASSES}"
        )
    places = {answer.places[name]: float(k) for k, name in enumerate(classes)}
    return [places[int(x)] for x in numbers], classes


def _notes(found: list[Column], used: list[Column], kept: Sequence[int], gaps: str) -> list[str]:
    """What was done with the file: one line each, of what was done alone."""
    *columns, answer = found
    count, notes = len(answer.numbers), []
    empty = [c.name for c in columns if c not in used]
    if empty:
        notes.append(f"without a value, left out: {_names(empty)}")
    if answer.gaps:
        rows = plural(answer.gaps, "row")
        notes.append(f"{rows} without {one_line(answer.name)}, left out")
    left = count - len(kept) - answer.gaps
    if left:
        notes.append(
            f"{plural(left, 'row')} with gaps, left out: {_gaps(used)} (--gaps fill keeps them)"
        )
    elif gaps == "fill" and any(c.gaps for c in used):
        notes.append(f"gaps filled with the column's mean, in texts with none: {_gaps(used)}")
    one_hot = [f"{one_line(c.name)} ({len(c.texts)})" for c in used if c.is_text]
    if one_hot:
        notes.append(f"texts, one input for each (one-hot): {listed(one_hot)}")
    for column in used:
        if column.is_text and not column.is_told and column.is_loose():
            name, cell = one_line(column.name), short(column.texts[0])
            notes.append(f"{name} looks like numbers, as {cell}: {WRITE}; or say --text {name}")
    commas = [c.name for c in found if c.comma]
    if commas:
        notes.append(f"read with decimal commas: {_names(commas)}")
    return notes


def _gaps(columns: list[Column]) -> str:
    return listed(f"{one_line(c.name)} {c.gaps:,}" for c in columns if c.gaps)


def _news(columns: list[Column], encoding: Encoding) -> list[str]:
    """What in new rows a model has not learned from: gaps and texts."""
    notes = []
    if any(c.gaps for c in columns):
        notes.append(f"gaps filled with the mean of learning, in texts with none: {_gaps(columns)}")
    for column in columns:
        learned = encoding.texts.get(column.name, ())
        new = next((cell for cell in column.places if cell not in learned), None)
        if new is not None:
            row = column.numbers.index(column.places[new]) + 1
            notes.append(
                f"{column.where(row)}: {short(new)} was not learned, and counts as none of "
                f"{_names(learned)}"
            )
    return notes


def _names(columns: Sequence[str]) -> str:
    return listed(map(one_line, columns))


def _numbers_first(name: str) -> tuple[float, str]:
    try:
        return float(name), name
    except ValueError:
        return math.inf, name
