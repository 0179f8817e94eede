"""What the commands leave behind: no file is lost to another.

Library functions, such as ``Picture.save``, write over what is there, as programs expect; a person
who types a command is asked first.
"""

import argparse
import os
from itertools import count
from pathlib import Path

from micrograd_like.files import check_place

__all__ = ["check_outputs", "free_name"]

OUTPUTS = ("output", "save", "draw", "plot")  # the options that name a file to write


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
        first = named.setdefault(Path(os.path.realpath(path)), option)
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
