"""Files: written whole or not at all, and JSON that is read with care.

What handles files is imported where it is used: it brings much of the standard library along.
"""

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator
    from io import FileIO
    from pathlib import Path

__all__ = ["check_file", "check_place", "read_json", "read_text", "write"]

LARGEST = 100 * 2**20  # bytes of a file: some two million weights
MOST_PARTS = 5_000_000  # of JSON, each of which may take a hundred bytes of memory
PIECE = 2**18  # bytes that are read at once
PATIENCE = 3.0  # seconds for somebody to come who writes to a pipe, or reads it
WITHOUT_WAITING = getattr(os, "O_NONBLOCK", 0)  # not on Windows, where no pipe is a file


def write(path: "Path", content: bytes) -> None:
    """Write a file whole, or leave what is there as it is.

    As Python's ``open`` does, it keeps the permissions of a file that is there, gives a new one
    those that the user's umask says, and writes where a link points to.  Ctrl-C leaves the old file
    or the new one, and nothing else.  A process that is killed may leave a part of the new one
    beside it, ``.micrograd_like-`` and 16 digits, which nobody reads: it is yours to delete, as
    another process may be writing it.

    An OSError tells that it cannot be written, as :func:`check_place` does.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.json"
    ...     write(path, b'{"weights": 17}')
    ...     read_json(path)
    {'weights': 17}
    """
    check_place(path)
    is_device = path.exists() and not path.is_file()  # such as /dev/stdout, or a pipe
    try:
        (_write_to_device if is_device else _replace)(path, content)
    except OSError as error:
        if error.strerror is None:  # it is told already
            raise
        raise type(error)(
            f"{path}: cannot be written: {error.strerror}; check the disk and the permissions, or "
            "give another name"
        ) from None


def _replace(path: "Path", content: bytes) -> None:
    from pathlib import Path

    path = Path(os.path.realpath(path))
    check_place(path)  # where a link points to
    part = path.with_name(f".micrograd_like-{os.urandom(8).hex()}")
    try:
        with part.open("xb") as file:
            if path.exists():  # before there is anything to read in it
                part.chmod(path.stat().st_mode & 0o777)
            file.write(content)
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def check_place(path: "Path") -> None:
    """Tell that a file to write has no folder, or a folder in its place, before any work is done.

    >>> from pathlib import Path
    >>> check_place(Path("missing/flow.svg"))
    Traceback (most recent call last):
    FileNotFoundError: missing/flow.svg: there is no folder 'missing'; make it first
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path}: there is no folder {str(path.parent)!r}; make it first")
    if path.is_dir():
        raise IsADirectoryError(f"{path}: is a folder; give the name of a file")


def check_file(path: "Path") -> None:
    """Tell a file that is not there, or that is a folder, in one line with what to do."""
    import stat

    if not path.exists():
        link = f"leads to {os.readlink(path)!r}, which is" if path.is_symlink() else "there is"
        no = "not there" if path.is_symlink() else "no such file"
        raise FileNotFoundError(f"{path}: {link} {no}; check its name and its folder")
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(f"{path}: is a folder; give the name of a file")
    if stat.S_ISSOCK(mode):
        raise OSError(f"{path}: is a socket; give the name of a file")


def read_text(path: "Path") -> "Generator[str, None, None]":
    """The text of a file, in pieces: of a file without an end no more than `LARGEST` bytes.

    A mark at the beginning that the text is UTF-8 is left out.  A ValueError tells another
    encoding, what is no text, and a file that is too large; an OSError what cannot be read.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.csv"
    ...     write(path, b"a,b")
    ...     "".join(read_text(path))
    'a,b'
    """
    import codecs

    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    line, size, piece = 1, 0, b"-"
    with _opened(path) as file:
        known = os.fstat(file.fileno()).st_size  # of a pipe or a device it is 0
        while piece:
            if max(size, known) > LARGEST:
                told = f"{known:,}" if known else "too many"
                raise ValueError(f"{path}: has {told} bytes; at most {LARGEST:,} are read")
            piece = _piece(file, path) if size else _first_piece(file, path)
            size += len(piece)
            text, bad, at = "", piece, piece.find(0)
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                bad, at = error.object, error.start
            if at >= 0:
                raise ValueError(
                    f"{path}: is not UTF-8 text: line {line + bad.count(10, 0, at)} has the byte "
                    f"0x{bad[at]:02x}; save it as UTF-8 text"
                )
            line += piece.count(10)
            yield text


def read_json(path: "Path") -> dict[str, Any]:
    """A JSON file with an object; a ValueError tells in one line what is wrong with it."""
    import json

    text = "".join(read_text(path))
    if not text.strip():
        raise ValueError(f"{path}: is empty: it is not JSON, or cut short")
    if sum(map(text.count, "[{,")) > MOST_PARTS:  # each takes up to a hundred bytes
        raise ValueError(f"{path}: has more than {MOST_PARTS:,} parts, the most that are read")
    try:
        document = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        problem = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ValueError(f"{path}: is not JSON, or cut short: {problem}") from None
    if not isinstance(document, dict):
        raise ValueError(f"{path}: holds a {type(document).__name__}, not an object")
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        from collections import Counter

        ((name, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"it has {name[:40]!r} twice; take one of them out")
    return found


def _opened(path: "Path") -> "FileIO":
    """A file to read, whatever it is; opening waits for nobody."""
    from io import FileIO

    try:
        check_file(path)
        return FileIO(os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | WITHOUT_WAITING))
    except OSError as error:
        raise _unreadable(error, path) from None


def _first_piece(file: "FileIO", path: "Path") -> bytes:
    """What a file begins with; of a pipe, when somebody has come who writes to it."""
    import stat
    import time

    end = time.monotonic() + PATIENCE
    is_pipe = stat.S_ISFIFO(os.fstat(file.fileno()).st_mode)
    piece = _piece(file, path) if is_pipe else None
    while piece == b"":
        if time.monotonic() > end:
            raise OSError(
                f"{path}: is a pipe, and nobody writes to it; start what does, then this again"
            )
        time.sleep(0.01)
        piece = _piece(file, path)
    if WITHOUT_WAITING:
        os.set_blocking(file.fileno(), True)
    first: bytes = piece or _piece(file, path)
    return first


def _piece(file: "FileIO", path: "Path") -> Any:
    """What comes next, no bytes at the end, and None of a pipe that somebody is going to fill."""
    try:
        return file.read(PIECE)
    except OSError as error:
        raise _unreadable(error, path) from None


def _write_to_device(path: "Path", content: bytes) -> None:
    """Write to what is no file: all that can be said before is that nobody reads a pipe."""
    import errno

    try:
        number = os.open(path, os.O_WRONLY | getattr(os, "O_BINARY", 0) | WITHOUT_WAITING)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        raise OSError(
            f"{path}: is a pipe, and nobody reads it; start what does, then this again"
        ) from None
    if WITHOUT_WAITING:
        os.set_blocking(number, True)
    with os.fdopen(number, "wb") as file:
        file.write(content)


def _unreadable(error: OSError, path: "Path") -> OSError:
    if error.strerror is None:  # it is told already
        return error
    return type(error)(
        f"{path}: cannot be read: {error.strerror}; check what it is, and its permissions"
    )
