"""Files that are not what they seem: whatever is read, memory is bounded and the error one line."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import micrograd_like
from micrograd_like import MLP, files
from micrograd_like.learn import csv_lines, read_csv

READERS: dict[str, Callable[[Path], Any]] = {
    "csv": lambda path: read_csv(path, "price"),
    "model": MLP.load,
    "weights": MLP(1, [1]).load_weights,
}
CSV = "size,price\n" + "1,2\n" * 9
PIPES = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes that are files")


def told(read: Callable[[Path], Any], path: Path) -> str:
    """The one line of the error of reading a file, which begins with its name."""
    with pytest.raises((ValueError, TypeError, OSError)) as caught:
        read(path)
    line = str(caught.value)
    assert line.startswith(f"{path}: ")
    assert line.isprintable()
    assert len(line) < len(str(path)) + 400
    return line.removeprefix(f"{path}: ")


@pytest.fixture(name="odd")
def fixture_odd(tmp_path: Path) -> Callable[[str], Path]:
    """Makes what has the name of a file and is none."""

    def make(kind: str) -> Path:
        path = tmp_path / "odd"
        if kind == "folder":
            path.mkdir()
        elif kind in ("nowhere", "odd"):
            path.symlink_to(kind)
        elif kind == "socket":
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(str(path))
        elif kind == "pipe":
            os.mkfifo(path)
        return path

    return make


@PIPES
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("nothing", "there is no such file; check its name and its folder"),
        ("folder", "is a folder; give the name of a file"),
        ("nowhere", "leads to 'nowhere', which is not there; check its name and its folder"),
        ("odd", "leads to 'odd', which is not there; check its name and its folder"),
        ("socket", "is a socket; give the name of a file"),
        ("pipe", "is a pipe, and nobody writes to it; start what does, then this again"),
    ],
)
def test_what_is_no_file_is_told(
    odd: Callable[[str], Path],
    kind: str,
    message: str,
    reader: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A folder, a link that leads nowhere or to itself, a socket; no pipe keeps it waiting."""
    monkeypatch.setattr(files, "PATIENCE", 0.05)
    assert told(READERS[reader], odd(kind)) == message


CONTENTS = {
    "empty": (b"", "is empty"),
    "blank": (b" \n\n \r\n", "is empty"),
    "utf-16": (CSV.encode("utf-16"), "is not UTF-8 text: line 1 has the byte 0xff; save it as"),
    "utf-16-le": (CSV.encode("utf-16-le"), "is not UTF-8 text: line 1 has the byte 0x00"),
    "latin-1": (CSV.encode() + b"\xe9,3\n", "is not UTF-8 text: line 11 has the byte 0xe9"),
    "zero byte": (CSV.encode() + b"1,\0\n", "is not UTF-8 text: line 11 has the byte 0x00"),
    "cut character": (CSV.encode() + "学".encode()[:2], "is not UTF-8 text: line 11 has the byte"),
    "half character": (CSV.encode() + b"\xed\xa0\x80", "is not UTF-8 text: line 11 has the byte"),
    "program": (b"\x7fELF\x02\x01\x01" + bytes(9), "is not UTF-8 text: line 1 has the byte 0x00"),
    "late": (b"a" * 300_000 + b"\n\xff", "is not UTF-8 text: line 2 has the byte 0xff"),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("content", CONTENTS)
def test_what_is_no_text_is_told(tmp_path: Path, content: str, reader: str) -> None:
    """With the line and the byte, and what to do; an empty file is told to be that."""
    path = tmp_path / "a.file"
    data, message = CONTENTS[content]
    path.write_bytes(data)
    assert message in told(READERS[reader], path)


def test_a_mark_of_utf_8_is_no_part_of_the_text(tmp_path: Path) -> None:
    """Spreadsheets and editors put it before a table and a model."""
    table, model = tmp_path / "a.csv", Path(MLP(1, [1]).save(tmp_path / "a.json"))
    table.write_text(CSV, encoding="utf-8-sig")
    assert read_csv(table, "price").columns == ["size"]
    model.write_text(model.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert len(MLP.load(model).parameters()) == 2


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_any_system_ends_them(
    tmp_path: Path, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a piece that is read ends between the two characters."""
    path = tmp_path / "a.csv"
    text = 'size,"pr\nice"\n' + "1,2\n" * 9 + "3,4"
    path.write_bytes(text.replace("\n", end).encode())
    for size in range(1, 20):
        monkeypatch.setattr(files, "PIECE", size)
        table = read_csv(path, "pr\nice")
        assert table.targets == [2.0] * 9 + [4.0]


@pytest.mark.parametrize("reader", READERS)
def test_a_file_that_may_not_be_read_is_told(
    tmp_path: Path, reader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When it is opened, and when it is read: with the system's reason, in one line."""
    path = tmp_path / "a.csv"
    path.write_text(CSV)

    def refuses(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "open", refuses)
        assert told(READERS[reader], path).startswith("cannot be read: Permission denied; check")
    long = tmp_path / ("n" * 5000)
    assert told(READERS[reader], long).startswith("cannot be read: File name too long; check")
    if Path("/proc/self/mem").exists():  # whose beginning nobody can read
        assert "cannot be read: " in told(READERS[reader], Path("/proc/self/mem"))


@PIPES
def test_a_pipe_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes to it may come late, and be slow; then it is read as a file is."""
    monkeypatch.setattr(files, "PATIENCE", 10.0)
    path = tmp_path / "pipe"
    os.mkfifo(path)

    def write() -> None:
        time.sleep(0.1)
        with path.open("w") as pipe:
            time.sleep(0.1)  # there is nothing in it yet
            for line in CSV.splitlines(keepends=True):
                pipe.write(line)
                pipe.flush()
                time.sleep(0.01)

    writer = threading.Thread(target=write)
    writer.start()
    assert len(read_csv(path, "price").rows) == 9
    writer.join()


@PIPES
def test_a_pipe_that_nobody_reads_is_not_written_to(tmp_path: Path) -> None:
    """It would wait for ever; with somebody who reads, it is written."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(OSError, match="pipe: is a pipe, and nobody reads it; start what does"):
        MLP(1, [1]).save(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    MLP(1, [1]).save(path)
    assert b'"format": "micrograd_like MLP"' in os.read(reader, 10_000)
    os.close(reader)


def test_what_cannot_be_written_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk, a folder that may not be written to: one line, and what is there is kept."""
    path = tmp_path / "model.json"
    path.write_text("before")

    def refuses(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied", str(tmp_path / ".micrograd_like-0123"))

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", refuses)
        with pytest.raises(PermissionError) as caught:
            MLP(1, [1]).save(path)
    assert str(caught.value) == (
        f"{path}: cannot be written: Permission denied; check the disk and the permissions, or "
        "give another name"
    )
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
    if Path("/dev/full").exists():
        (tmp_path / "full.json").symlink_to("/dev/full")
        with pytest.raises(OSError, match=r"full.json: cannot be written: No space left on device"):
            MLP(1, [1]).save(tmp_path / "full.json")


@PIPES
def test_a_table_without_an_end_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After as many cells, or as many bytes, as are read at most."""
    monkeypatch.setattr(csv_lines, "MOST_CELLS", 10_000)
    monkeypatch.setattr(files, "LARGEST", 2**20)
    endless = "while echo {}; do :; done"
    path = tmp_path / "pipe"
    os.mkfifo(path)
    for row, message in (
        ("1,2", "row 5000 is beyond 10,000 cells, the most that are read; give fewer rows"),
        ("1," + "2" * 10_000, "row 1, column 'price': '2222"),
        ("x,y", "has no column 'price'; there are x, y"),
        (" ", "has too many bytes; at most 1,048,576 are read"),
    ):
        header = "" if row[0] in "x " else "echo size,price; "
        with subprocess.Popen(
            ["bash", "-c", f"exec > {path} 2> /dev/null; {header}{endless.format(repr(row))}"]
        ) as writer:
            assert told(READERS["csv"], path).startswith(message)
        assert writer.returncode is not None


# In a process that may have no more memory than this; most of these would take more.
LIMIT = 1000 * 2**20
HUGE = {
    "a line": ("csv", b"", b"a", 10**8, "the header line: is longer than 1,000,000 characters"),
    "cells": ("csv", b"", b"1,", 5 * 10**7, "the header line: is longer than 1,000,000 characters"),
    "quoted lines": ("csv", b"", b'"\n",', 25_000_000, "the header line: is longer than"),
    "a quotation": ("csv", b'size,price\n1,"', b"1,2\n", 10**6, "row 1: field larger than field"),
    "rows": ("csv", b"size,price\n", b"1,2\n", 25_000_000, "row 5000000 is beyond 10,000,000"),
    "zeros": ("model", b"", b"\0", 10**8, "has the byte 0x00"),
    "lists": ("model", b"", b"[],", 33_000_000, "has more than 5,000,000 parts"),
    "depth": ("model", b"", b"[", 10**8, "has more than 5,000,000 parts"),
    "less depth": ("model", b"", b"[", 4_000_000, "is not JSON, or cut short"),
    "spaces": ("model", b"", b" ", 10**8, "is empty"),
    "a text": ("model", b"", b'"', 10**8, "is not JSON, or cut short"),
    "digits": ("model", b"", b"1", 10**8, "is not JSON, or cut short"),
}
PROGRAM = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit}))
from micrograd_like.learn import read_csv
from micrograd_like.nn import MLP
try:
    read_csv({path!r}, "price") if {reader!r} == "csv" else MLP.load({path!r})
except (ValueError, OSError) as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", HUGE)
def test_memory_is_bounded(tmp_path: Path, name: str) -> None:
    """A hundred million characters of anything; Python itself is stopped beyond the limit."""
    pytest.importorskip("resource")
    reader, start, unit, times, message = HUGE[name]
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.write(start)
        for _ in range(100):
            file.write(unit * (times // 100))
    program = PROGRAM.format(limit=LIMIT, path=str(path), reader=reader)
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(micrograd_like.__file__).parents[1])},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert message in done.stdout
    assert done.stdout.count("\n") == 1
