"""Rendering: a Graphviz picture that finds a Graphviz, shows in notebooks, and saves to files.

The system's ``dot`` draws; where there is none, the Graphviz inside pygraphviz's wheel does (extra
``render``).  Either runs as a process of its own, with a time limit: a layout that fails or hangs
gives an error, and leaves no half-written file.
"""

import subprocess
import sys
from html import escape
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any

import graphviz

from micrograd_like.arguments import choice, file_name, missing
from micrograd_like.draw.theme import THEMES
from micrograd_like.files import write

__all__ = ["DRAWN", "FORMATS", "Picture", "picture_bytes"]

TIME_LIMIT = 60.0  # seconds, for one picture
DRAWN = ("svg", "png", "pdf", "dot", "json")  # by Graphviz
FORMATS = (*DRAWN, "html")
WITHOUT_DOT = """
import sys, pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode())
sys.stdout.buffer.write(graph.draw(format=sys.argv[1], prog=sys.argv[2]))
"""
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 0; background: {background}; }}
main {{ box-sizing: border-box; min-height: 100vh; display: flex; padding: 1rem; }}
svg {{ margin: auto; max-width: 100%; height: auto; }}
</style>
<main>
{svg}
</main>
</html>
"""


def picture_bytes(source: str, format: str, engine: str = "dot") -> bytes:  # noqa: A002 - Graphviz's word
    """A picture of DOT text, drawn by whichever Graphviz there is.

    Raises an ImportError where there is none, and a RuntimeError where it fails, or takes longer
    than a minute.
    """
    choice(format.partition(":")[0], "Picture: format", DRAWN)
    if which(engine):
        command = [engine, f"-T{format}"]
    elif find_spec("pygraphviz"):
        command = [sys.executable, "-c", WITHOUT_DOT, format, engine]
    else:
        raise missing(
            "render",
            f"there is no {engine!r} to draw with; the DOT text is there, as .source; "
            "install Graphviz, or an extra that brings one",
        )
    try:
        done = subprocess.run(
            command, input=source.encode(), capture_output=True, timeout=TIME_LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(
            f"{engine} took longer than {TIME_LIMIT:g} s; draw less, with depth= or without expand="
        ) from None
    if done.returncode or not done.stdout:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise RuntimeError(f"{engine} failed: {lines[-1] if lines else 'it printed nothing'}")
    return done.stdout


class Picture(graphviz.Digraph):  # type: ignore[misc]
    """A ``graphviz.Digraph`` that is drawn without a ``dot`` on the machine, too.

    ``save("graph.svg")`` draws a file by its ending: .svg, .png, .pdf, .html (a page of its own),
    or .dot and .gv for the DOT text.  In a notebook it shows as SVG, with a PNG beside it for
    readers that show no SVG.

    >>> from micrograd_like import Value, draw_dot
    >>> picture = draw_dot(Value(2.0, "x") * 3)
    >>> picture
    <Picture of x · 3>
    >>> picture.save("x.svg")                                     # doctest: +SKIP
    'x.svg'
    """

    def __init__(
        self,
        *args: Any,
        title: str = "computation graph",
        background: str = THEMES["light"].background,
        drawing: Any = None,
        frame: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.title, self.background = title, background
        self.drawing, self.frame = drawing, frame  # of `dot.py`: what draw_difference compares

    def __repr__(self) -> str:
        return f"<Picture of {self.title}>"

    def pipe(self, format: str | None = None, *args: Any, **options: Any) -> Any:  # noqa: A002
        """The picture as bytes, or as text with ``encoding``; as in graphviz.

        Raises an ImportError where there is no Graphviz, and a RuntimeError where it fails.
        """
        engine, encoding = options.pop("engine", None), options.pop("encoding", None)
        for part in ("renderer", "formatter"):
            if options.get(part):
                format = f"{format or self.format}:{options[part]}"  # noqa: A001
        content = picture_bytes(self.source, format or self.format, engine or self.engine)
        return content.decode(encoding) if encoding else content

    def render(
        self,
        filename: Any = None,
        directory: Any = None,
        view: bool = False,
        cleanup: bool = False,
        format: str | None = None,  # noqa: A002
        *others: Any,
        outfile: Any = None,
        engine: str | None = None,
        **options: Any,
    ) -> str:
        """Save the DOT text and the picture beside it; returns the picture's path.

        As in graphviz: ``cleanup`` removes the text again, ``view`` opens the picture.  Raises what
        :meth:`pipe` raises, and an OSError where the file cannot be written.
        """
        format = format or self.format  # noqa: A001
        content = self.pipe(format, engine=engine)
        if outfile and filename is None:
            filename = Path(outfile).with_suffix(".gv")
        source = self.save(filename, directory=directory)
        path = Path(outfile or f"{source}.{format}")
        write(path, content)
        if cleanup:
            Path(source).unlink()
        if view:
            self._view(str(path), format=format, quiet=bool(options.get("quiet_view")))
        return str(path)

    def save(self, filename: Any = None, directory: Any = None, **options: Any) -> str:
        """Save by the name's ending, DOT text or a picture; returns the path.

        Raises a ValueError for an unknown ending, an OSError where the file cannot be written, and
        what :meth:`pipe` raises.  A file that was there before is then as it was.
        """
        path = Path(self.filepath if filename is None else file_name(filename, "Picture.save"))
        ending = path.suffix[1:].lower()
        if filename is None or ending in ("", "dot", "gv"):
            if directory is None and (path.is_dir() or not path.parent.is_dir()):
                write(path, b"")  # which says what is wrong
            return str(super().save(filename, directory=directory, **options))
        choice(ending, f"Picture.save: the ending of {path}", FORMATS)
        path = Path(directory or "") / path
        write(path, self.page().encode() if ending == "html" else self.pipe(ending))
        return str(path)

    def page(self) -> str:
        """The picture as an HTML page that needs nothing else."""
        svg = self.pipe("svg").decode()
        return PAGE.format(
            title=escape(self.title), background=self.background, svg=svg[svg.index("<svg") :]
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> Any:
        shown = {"image/svg+xml", "image/png"} if include is None else set(include)
        shown -= set(exclude or ())
        formats = {"image/svg+xml": ("svg", "utf-8"), "image/png": ("png", None)}
        try:
            return {
                mime: self.pipe(ending, encoding=encoding)
                for mime, (ending, encoding) in formats.items()
                if mime in shown
            }
        except ImportError as error:
            return {"text/plain": str(error)}
