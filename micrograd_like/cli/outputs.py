"""What the commands leave behind: no file is lost to another, and no text to a plain terminal.

Library functions, such as ``Picture.save``, write over what is there, as programs expect; a person
who types a command is asked first.
"""

import argparse
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from itertools import count
from pathlib import Path
from typing import Any

from micrograd_like.files import check_place
from micrograd_like.notation import RAISED, SUBSCRIPTS, SUPERSCRIPTS

__all__ = ["check_outputs", "free_name", "readable_output"]

OUTPUTS = ("output", "save", "draw", "plot")  # the options that name a file to write
# What stands for the signs of the board where there is ASCII alone.
ASCII = {
    "−": "-", "·": "*", "×": "*", "÷": "/", "∂": "d", "Σ": "sum", "∞": "inf", "±": "+-", "–": "-",
    "≠": "!=", "≤": "<=", "≥": ">=", "→": "->", "←": "<-", "…": "...",
}  # fmt: skip
DIGITS = {chr(sign): chr(digit) for table in (SUBSCRIPTS, RAISED) for digit, sign in table.items()}
PLAIN = str.maketrans(ASCII | DIGITS)


def check_outputs(options: argparse.Namespace) -> None:
    """Refuse, before any work is done, to write over a file, or two things to one.

    A FileExistsError tells a file that is there, unless the ``--force`` option is given, a
    ValueError one that is named twice, and :func:`check_place` what cannot be written.
    """
    given = {f"--{name}": getattr(options, name, None) for name in OUTPUTS}
    outputs = {option: Path(name) for option, name in given.items() if name is not None}
    data = {"DATA.csv": options.data} if "data" in options else {}
    named: dict[Path, str] = {}
    for option, path in (data | outputs).items():
        first = named.setdefault(path.resolve(), option)
        if first != option:
            raise ValueError(
                f"{options.command}: {first} and {option} are one file, {path}; "
                "give each a name of its own"
            )
    for path in outputs.values():
        check_place(path)
        if os.path.lexists(path) and not options.force:  # a link that leads nowhere is one, too
            raise FileExistsError(
                f"{path}: is there already; give another name, or --force to replace it"
            )


def free_name(name: str) -> str:
    """The name, or the first of page_2.html, page_3.html … that no file has.

    >>> free_name("a_page_that_is_not_there.html")
    'a_page_that_is_not_there.html'
    """
    path, free = Path(name), Path(name)
    numbers = count(2)
    while os.path.lexists(free):
        free = path.with_stem(f"{path.stem}_{next(numbers)}")
    return str(free)


class _Plain:
    """A stream whose encoding lacks the signs of the board: it gets what stands for them."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        plain = re.sub(f"([{SUPERSCRIPTS}]+)", r"^\1", text).translate(PLAIN)
        encoding = self.stream.encoding
        self.stream.write(plain.encode(encoding, "backslashreplace").decode(encoding))
        return len(text)


@contextmanager
def readable_output() -> Iterator[None]:
    """What is printed meanwhile reaches any terminal, as ``d`` and ``*`` where it has no ∂ and ·.

    >>> with readable_output():
    ...     print("∂L/∂a")
    ∂L/∂a
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        "".join([*ASCII, *DIGITS]).encode(encoding)
        stream: Any = sys.stdout
    except UnicodeEncodeError:
        stream = _Plain(sys.stdout)
    with redirect_stdout(stream):
        yield
