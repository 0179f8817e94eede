"""Rendering: a Graphviz picture that finds a Graphviz, shows in notebooks, and saves to files.

The system's ``dot`` draws; where there is none, the Graphviz inside pygraphviz's wheel does (extra
``render``).  Either runs as a process of its own, with a time limit: a layout that fails or hangs
gives an error, and leaves no half-written file.
"""

import math
import os
import re
import struct
import sys
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any

import graphviz

from micrograd_like.arguments import choice, file_name, missing
from micrograd_like.browser import IN_BROWSER
from micrograd_like.draw.heads import HEADS, MENDED, PLACED, as_placed, drawn_back
from micrograd_like.draw.in_browser import draw
from micrograd_like.draw.page import image_of, page_of
from micrograd_like.draw.process import ended_by, run
from micrograd_like.draw.svg import check, fitted, size_of
from micrograd_like.files import check_place, write
from micrograd_like.notation import listed, one_line, readable

__all__ = ["DRAWN", "FORMATS", "Picture", "are_over_borders", "in_threads", "picture_bytes"]

AT_ONCE = 2  # layouts
DRAWN = ("svg", "png", "pdf", "dot", "json")  # by Graphviz
FORMATS = (*DRAWN, "html")
DPI = 144  # of a PNG: two of its pixels for a pixel of the picture, sharp on screens and slides
MOST_SHOWN = 3_000_000  # pixels of a PNG in a notebook, which it makes large
SHOWN = ("text/html",) if IN_BROWSER else ("text/html", "image/png")  # in a notebook
AFTER_HEADER = 33  # bytes of a PNG
WHOLE: dict[str, tuple[tuple[bytes, ...], bytes]] = {  # how a picture begins and ends
    "svg": ((b"<?xml",), b"</svg>"),
    "png": ((b"\x89PNG\r\n\x1a\n",), b"IEND\xaeB`\x82"),
    "pdf": ((b"%PDF",), b"%%EOF"),
    "dot": ((b"digraph", b"graph", b"strict"), b"}"),
    "json": ((b"{",), b"}"),
}
LACKING = "ayout was not done"  # what Graphviz says without a plugin of its own, neato's first
LONGEST = 200  # characters of a title
MOST_QUOTED = 200  # characters of what a program complains of
WITHOUT_DOT = """
import sys, pygraphviz
graph = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode())
if sys.argv[3]:
    graph.graph_attr["dpi"] = sys.argv[3]
sys.stdout.buffer.write(graph.draw(format=sys.argv[1], prog=sys.argv[2]))
"""


def picture_bytes(
    source: str,
    format: str,  # noqa: A002 - Graphviz's word
    engine: str = "dot",
    dpi: int | None = None,
    heads: bool = True,
) -> bytes:
    """A picture of DOT text, as whichever Graphviz there is draws it.

    Arrowheads end at the borders of cells; not ``heads`` leaves those of a page, which has its own.
    A Graphviz without a layout that the picture needs gives way to pygraphviz's, if it is there.
    Raises an ImportError where there is none, and a RuntimeError where it fails, takes longer than
    a minute, or draws no whole picture.
    """
    kind = choice(format.partition(":")[0], "Picture: format", DRAWN)
    if IN_BROWSER:
        return draw(source, kind, engine)
    if heads and kind in ("svg", "png", "pdf") and are_over_borders(source, engine):
        placed = as_placed(drawn_back(picture_bytes(source, "dot", engine).decode()), source)
        with suppress(ImportError):  # a Graphviz that draws nothing but what it lays out itself
            return picture_bytes(placed, format, engine, dpi)
    own = [sys.executable, "-c", WITHOUT_DOT, format, engine, f"{dpi or ''}"]
    commands = [[engine, f"-T{format}", *([f"-Gdpi={dpi}"] if dpi else [])]] * bool(which(engine))
    commands += [own] * bool(find_spec("pygraphviz"))
    if not commands:
        raise missing(
            "render",
            f"there is no {engine!r} to draw with; the DOT text is there, as .source; "
            "install Graphviz, or an extra that brings one",
        )
    code, drawn, told = 0, b"", ""
    for command in commands:
        code, drawn, complaints = run(command, source.encode())
        told = complaints.decode(errors="replace").strip()
        if not (code and LACKING in told):
            break
    if code and LACKING in told:
        raise missing(
            "render",
            f"{engine} failed: its Graphviz lacks a layout of this picture; install its plugin "
            "neato_layout, or an extra that brings a whole one",
        )
    if code or not drawn:
        silent = ended_by(code) if code else "it printed nothing"
        problem = readable(told.splitlines()[-1][:MOST_QUOTED]) if told else silent
        raise RuntimeError(f"{engine} failed: {problem}")
    try:
        return whole(drawn, kind)
    except ValueError as error:
        raise RuntimeError(f"{engine} failed: {error}") from None


def are_over_borders(source: str, engine: str = "dot") -> bool:
    """Whether arrowheads would end inside of cells: those that an old Graphviz lays out."""
    path = which(engine) if HEADS in source and PLACED not in source else None
    return path is not None and _version(path, engine) < MENDED


@cache
def _version(_path: str, engine: str) -> float:
    """The first number of the version of the Graphviz that is there; infinite if it tells none."""
    told = run([engine, "-V"], b"")[2].decode(errors="replace")
    found = re.search(r"graphviz version (\d+)", told)
    return int(found[1]) if found else math.inf


def whole(drawn: bytes, kind: str) -> bytes:
    """What was drawn; a ValueError tells that it is no whole picture of its kind, or another's."""
    start, end = WHOLE[kind]
    if not (drawn.startswith(start) and drawn[-99:].rstrip().endswith(end)):
        raise ValueError(f"it printed no whole {kind.upper()}")
    if kind == "svg":
        check(drawn)
    return drawn


def in_threads(one: Callable[[Any], Any], things: Iterable[Any]) -> Iterator[Any]:
    """What is drawn of each thing, in their order; two at once, where there are threads."""
    if IN_BROWSER:
        yield from map(one, things)
        return
    with ThreadPoolExecutor(AT_ONCE) as several:
        yield from several.map(one, things)


def without_margin(source: str) -> str:
    """DOT text whose PDF is of the picture's size; Graphviz leaves half an inch around it.

    What a graph says at its end is for itself, what it says at its beginning for its clusters,
    too: they keep the margin that they have.
    """
    start, end = source.index("{\n") + 2, source.rindex("}")
    return f"{source[:start]}\tgraph [margin=8]\n{source[start:end]}\tmargin=0\n}}\n"


def sized_png(png: bytes, dpi: int) -> bytes:
    """A PNG that says how large it is meant to be, to programs that ask, such as LaTeX."""
    content = b"pHYs" + struct.pack(">IIB", *(2 * [round(dpi / 0.0254)]), 1)  # pixels a metre
    chunk = struct.pack(">I", 9) + content + struct.pack(">I", zlib.crc32(content))
    return png[:AFTER_HEADER] + chunk + png[AFTER_HEADER:]


class Picture(graphviz.Digraph):  # type: ignore[misc]
    """A ``graphviz.Digraph`` that is drawn without a ``dot`` on the machine, too, and that fits.

    ``save("graph.svg")`` draws a file by its ending: .svg, .png, .pdf, .html (a page of its own, to
    zoom and to find names in), or .dot and .gv for the DOT text.  What Graphviz calls a point is a
    pixel of the SVG, which scales down to the width that it has; a PNG has two pixels for it, and
    says so; a PDF is one page of the picture's size.  In a notebook it shows as SVG, with a PNG
    beside it for exports to paper.

    ``theme`` is "light", "dark" or "auto": what it was drawn in, or, where that was the light one,
    that SVG and HTML follow their reader's choice.

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
        theme: str = "light",
        drawing: Any = None,
        frame: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.title, self.theme = one_line(title, LONGEST), theme
        self.drawing, self.frame = drawing, frame  # of `dot.py`: what draw_difference compares

    def __repr__(self) -> str:
        return f"<Picture of {self.title}>"

    def pipe(self, format: str | None = None, *args: Any, **options: Any) -> Any:  # noqa: A002
        """The picture as bytes, or as text with ``encoding``; as in graphviz.

        Raises an ImportError where there is no Graphviz, and a RuntimeError where it fails.
        """
        engine, encoding = options.pop("engine", None), options.pop("encoding", None)
        heads = options.pop("heads", True)
        for part in ("renderer", "formatter"):
            if options.get(part):
                format = f"{format or self.format}:{options[part]}"  # noqa: A001
        content = self._drawn(format or self.format, engine or self.engine, heads=heads)
        return content.decode(encoding) if encoding else content

    def _drawn(
        self,
        format: str,  # noqa: A002
        engine: str,
        dpi: int = DPI,
        heads: bool = True,
    ) -> bytes:
        kind = format.partition(":")[0]
        source = without_margin(self.source) if kind == "pdf" else self.source
        drawn = picture_bytes(source, format, engine, dpi if kind == "png" else None, heads)
        if kind == "png":
            return sized_png(drawn, dpi)
        if format != "svg":
            return drawn
        try:
            return fitted(drawn.decode(), self.title, self.theme).encode()
        except ValueError as error:
            raise RuntimeError(f"{engine} failed: {error}") from None

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
        ending = path.name.rpartition(".")[2].lower() if "." in path.name else ""  # of ".svg", too
        if filename is None or ending in ("", "dot", "gv"):
            return self._save_text(filename, directory, **options)
        choice(ending, f"Picture.save: the ending of {path}", FORMATS)
        if options:
            raise TypeError(
                f"Picture.save: takes no {listed(sorted(options))}; a picture keeps the theme that "
                "it was drawn in, as in draw_dot(loss, theme='dark')"
            )
        path = Path(directory or "") / path
        check_place(path)
        write(path, self.page().encode() if ending == "html" else self.pipe(ending))
        return str(path)

    def _save_text(self, filename: Any, directory: Any, skip_existing: bool = False) -> str:
        """The DOT text, as graphviz saves it, but whole or not at all."""
        if filename is not None:
            self.filename = os.fspath(filename)
        if directory is not None:
            self.directory = os.fspath(directory)
        path = Path(self.filepath)
        if directory is not None:  # which graphviz makes
            path.parent.mkdir(parents=True, exist_ok=True)
        if not (skip_existing and path.exists()):
            write(path, self.source.encode(self.encoding))
        return str(path)

    def page(self) -> str:
        """The picture as an HTML page that needs nothing else: to zoom, to move, to find names."""
        return page_of(self.pipe("svg", encoding="utf-8"), self.title, self.theme)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> Any:
        """What a notebook shows: the SVG as an image in HTML, which fits into its cell.

        As an output of its own, an SVG is cut off at the cell's edge, missing where the notebook
        was not run, and ends an export to LaTeX.  The PNG is for readers that show no HTML.
        """
        try:
            return self.shown(set(include or SHOWN) - set(exclude or ()))
        except ImportError as error:
            return {"text/plain": str(error)}

    def shown(self, kinds: Collection[str] = SHOWN) -> tuple[dict[str, Any], dict[str, Any]]:
        """What a notebook shows of some kinds, and the size; an ImportError where nothing draws."""
        svg = self.pipe("svg", encoding="utf-8")
        width, height = size_of(svg)
        data: dict[str, Any] = {}
        if "text/html" in kinds:
            data["text/html"] = image_of(svg, self.title)
        if "image/svg+xml" in kinds:
            data["image/svg+xml"] = svg
        if "image/png" in kinds:
            dpi = min(DPI, max(1, int(72 * (MOST_SHOWN / (width * height)) ** 0.5)))
            data["image/png"] = self._drawn("png", self.engine, dpi)
        size = {"width": width, "height": height}
        return data, {"image/png": size} if "image/png" in data else {}
