r"""What the commands print: in characters that the terminal has, and harmless to it.

A character that the stream cannot encode is written as a word, such as ``d`` for ∂; what is left,
names in a script that it lacks, is escaped as in Python.  Names of columns and classes come from
files of other people: what would move the cursor, turn text around or hide it is escaped, too.

>>> in_one_line("\x1b[2J"), encodable("∂L/∂a = x¹² · σ", "ascii")
('\\x1b[2J', 'dL/da = x^12 * sigma')
"""

import io
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import Any

from micrograd_like.notation import RAISED, SUBSCRIPTS, SUPERSCRIPTS

__all__ = [
    "LONGEST_NAME",
    "counting",
    "encodable",
    "escaped",
    "flush",
    "in_one_line",
    "readable_output",
    "safe_name",
    "unguarded",
]

LONGEST_LINE, LONGEST_NAME = 1000, 40  # characters of an error, and of a name
ISOLATES = "\u2068", "\u2069"  # around a name that is written from right to left
# What stands for the characters of the package where a stream has none of them.
WORDS = {
    "−": "-", "–": "-", "·": "*", "×": "*", "⊙": "*", "÷": "/", "∂": "d", "∇": "grad ", "Σ": "sum",
    "√": "sqrt", "σ": "sigma", "Φ": "Phi", "∞": "inf", "±": "+-", "′": "'", "≠": "!=", "≤": "<=",
    "≥": ">=", "→": "->", "←": "<-", "…": "...", "\xa0": " ", "�": "?",
    **dict.fromkeys(ISOLATES, ""),
    **{chr(sign): chr(digit) for table in (SUBSCRIPTS, RAISED) for digit, sign in table.items()},
}  # fmt: skip
# An exponent is one sign: of x¹⁴ it may be that a stream has ¹ and not ⁴.
SIGN = re.compile(f"[{SUPERSCRIPTS}]+|[^\x00-\x7f]")
# A name between isolates, which `display.shown` puts there, cannot turn round what is beside it.
ISOLATED = re.compile("(\u2068[^\n\u202a-\u202e\u2066-\u2069]*\u2069)")


def encodable(text: str, encoding: str) -> str:
    r"""The text with words in place of the signs that an encoding lacks; the others stay.

    >>> print(encodable("2 · (−3) → 學", "latin-1"))
    2 · (-3) -> \u5b78
    """
    if _has(encoding, text):
        return text
    return SIGN.sub(lambda match: match[0] if _has(encoding, match[0]) else _word(match[0]), text)


def escaped(text: str) -> str:
    r"""The text with what is not to be printed, newlines too, written as in Python.

    >>> print(escaped("a\tb\x1b[2J\u202e学"))
    a\tb\x1b[2J\u202e学
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _python(c) for c in text)


def in_one_line(text: str) -> str:
    r"""An error in one line, with what a terminal would obey, or hide, escaped as in Python.

    >>> print(in_one_line("two\nlines \x1b[2J \u202e and"))
    two lines \x1b[2J \u202e and
    """
    return _cut(" ".join(text[: LONGEST_LINE + 1].split()), LONGEST_LINE)


def safe_name(name: str, most: int = LONGEST_NAME) -> str:
    r"""A name of a user's: in one line, escaped, and not too long.

    >>> print(safe_name("wine\n2"), len(safe_name("x" * 1000)))
    wine\n2 40
    """
    return _cut(name, most)


class Stream:
    """A stream of text that any terminal can show; ``guards`` escapes what one would obey."""

    def __init__(self, stream: Any, guards: bool) -> None:
        self.stream = io.StringIO() if stream is None else stream  # closed, or of no terminal
        self.guards = guards

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        if self.guards and not text.isprintable():
            text = "\n".join(map(_guarded, text.split("\n")))
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        self.stream.write(encodable(text, encoding))
        return len(text)


def unguarded(stream: Any) -> Any:
    """A stream for text that is escaped already and has colours, which are escapes."""
    return Stream(stream.stream, guards=False) if isinstance(stream, Stream) else stream


@contextmanager
def readable_output() -> Iterator[None]:
    """What is printed meanwhile reaches any terminal, and moves no cursor of it.

    Errors, too; but a bar of progress, which is printed there, moves the cursor.

    >>> with readable_output():
    ...     print("∂L/∂a")
    ∂L/∂a
    """
    out: Any = Stream(sys.stdout, guards=True)
    errors: Any = Stream(sys.stderr, guards=False)
    with redirect_stdout(out), redirect_stderr(errors):
        yield


@contextmanager
def counting(what: str) -> Iterator[Callable[[int], None] | None]:
    """What to call with a count of rows, which is shown if somebody looks, in a line that goes.

    >>> with counting("reading a.csv") as progress:
    ...     progress is None
    True
    """
    if not sys.stderr.isatty():
        yield None
        return
    line = in_one_line(what)
    try:
        yield lambda rows: print(f"\r{line}: {rows:,} rows", end="", file=sys.stderr, flush=True)
    finally:
        print("\r" + " " * (len(line) + 24), end="\r", file=sys.stderr, flush=True)


def flush() -> None:
    """Write what is printed; an OSError that it cannot be written, once and not again at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError):  # a stream without a file
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


def _cut(text: str, most: int) -> str:
    shown = escaped(text[: most + 1])  # of 10⁸ characters no more are looked at
    return shown if len(shown) <= most else shown[: most - 3] + "..."


def _has(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _word(sign: str) -> str:
    if sign[0] in SUPERSCRIPTS:
        return "^" + "".join(map(WORDS.__getitem__, sign))
    return WORDS[sign] if sign in WORDS else _python(sign)


def _guarded(line: str) -> str:
    parts = ISOLATED.split(line)  # every second one is a name between isolates
    for k, part in enumerate(parts):
        parts[k] = part[0] + escaped(part[1:-1]) + part[-1] if k % 2 else escaped(part)
    return "".join(parts)


def _python(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
