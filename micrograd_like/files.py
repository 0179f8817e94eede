"""Files: written whole or not at all, and JSON that is read with care.

What handles files is imported where it is used: it brings much of the standard library along.
"""

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["check_file", "check_place", "read_json", "write"]

LARGEST = 100 * 2**20  # bytes of a JSON file: some two million weights


def write(path: "Path", content: bytes) -> None:
    """Write a file whole, or leave what is there as it is.

    As Python's ``open`` does, it keeps the permissions of a file that is there, gives a new one
    those that the user's umask says, and writes where a link points to.

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
    if path.exists() and not path.is_file():  # a device, such as /dev/stdout
        path.write_bytes(content)
        return
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
    if not path.exists():
        raise FileNotFoundError(f"{path}: there is no such file; check its name and its folder")
    if path.is_dir():
        raise IsADirectoryError(f"{path}: is a folder; give the name of a file")


def read_json(path: "Path") -> dict[str, Any]:
    """A JSON file with an object; a ValueError tells in one line what is wrong with it."""
    import json

    check_file(path)
    size = path.stat().st_size
    if size > LARGEST:
        raise ValueError(f"{path}: has {size:,} bytes; at most {LARGEST:,} are read")
    try:
        document = json.loads(path.read_text("utf-8"))
    except UnicodeDecodeError:
        raise ValueError(f"{path}: is not UTF-8 text; it is no file of ours") from None
    except (ValueError, RecursionError) as error:
        problem = str(error) or "nested too deeply"
        raise ValueError(f"{path}: is not JSON, or cut short: {problem}") from None
    if not isinstance(document, dict):
        raise ValueError(f"{path}: holds a {type(document).__name__}, not an object")
    return document
