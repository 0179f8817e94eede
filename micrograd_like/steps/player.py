"""Playing steps: a page to go through them, in a notebook too; a moving picture; a still one.

A page needs nothing else: no server, no kernel, no network.  Its parts are `player.html`,
`player.css` and `player.js`, with draw's, which zoom, move and find names.  All numbers and words
are written here, in Python: the page shows and hides what it was given.  This file knows no graphs:
`backprop.py` and `descent.py` say what their steps look like.
"""

import copy
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from micrograd_like.arguments import choice, file_name, whole
from micrograd_like.draw import (
    AUTO,
    CELL_ID,
    EDGE_FONT,
    FONT,
    THEMES,
    drawn_theme,
    filled,
    in_function,
    look_script,
    look_style,
    page_colours,
    script_hash,
)
from micrograd_like.files import check_place, write
from micrograd_like.notation import TIMES, listed
from micrograd_like.steps.movie import MOVIES, Reel, seconds_each
from micrograd_like.steps.sequence import one_line

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "Attributes", "PageData", "PageStep", "Player", "page_svg", "svg_size",
]  # fmt: skip

FOLDER = os.path.dirname(__file__)
STILLS = (".svg", ".png", ".pdf")
ENDINGS = (".html", *STILLS, *MOVIES)
WIDTHS = 16, 4000  # pixels
HEIGHTS = 330, 720  # pixels, the least and the most that a page has in a notebook
Attributes = Mapping[str, str]  # of an element: "text", "class", CSS variables ("--…"), others


class PageStep(NamedTuple):
    """A step as the page shows it."""

    number: int
    total: int
    phase: str
    equation: Sequence[str | tuple[str, str]]
    relation: str = "="  # after the equation's first side
    sum: str = ""
    remark: str = ""
    lit: Sequence[str] = ()  # ids of elements that the step is about
    way: Sequence[Sequence[tuple[str, str]]] = ()  # ids of edges to travel, leg by leg, with words
    back: bool = False  # whether they are travelled from their heads to their tails
    set: Mapping[str, Attributes] = {}  # of elements from this step on, by their ids

    @property
    def which(self) -> str:
        """Which step it is, of how many."""
        return f"{self.number}/{self.total}"

    @property
    def line(self) -> str:
        """The equation as one line."""
        return one_line(self.equation, self.relation, self.sum)


class PageData(NamedTuple):
    """All that a page is made of."""

    title: str
    svg: str
    start: Mapping[str, Attributes]  # of elements before the first step
    steps: Sequence[PageStep]
    phases: Sequence[str] = ()  # to go to
    # What can be asked about, by its element's id: its name, and the ids of its numbers' cells.
    nodes: Mapping[str, Mapping[str, str]] = {}
    theme: str = AUTO


class Player(ABC):
    """Steps that play: in a notebook, as a page of their own, as a moving picture."""

    theme: str = AUTO

    @abstractmethod
    def page_data(self) -> PageData:
        """The picture and the steps on it."""

    @abstractmethod
    def reel(self, width: int | None = None, speed: float | None = None) -> Reel:
        """The picture before the first step and after each, for a moving picture.

        Raises a ValueError if it would be too long or too large to look at.
        """

    @abstractmethod
    def still(self, ending: str = ".png", width: int | None = None) -> bytes:
        """The picture at the last step, as a file of one of the endings in `STILLS`."""

    @abstractmethod
    def shown(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """That picture for a notebook, for readers in which nothing plays, and its size."""

    def page(self) -> str:
        """An HTML page that plays the steps and needs nothing else, as text.

        Raises an ImportError where what draws is missing.
        """
        return _page(self.page_data())

    def save(
        self,
        path: "str | Path",
        *,
        theme: str | None = None,
        width: int | None = None,
        speed: float | None = None,
    ) -> str:
        """Save the steps as a file, by its ending; returns the path.

        ``.html`` is the page; ``.gif`` or ``.mp4`` a moving picture; ``.svg``, ``.png`` or ``.pdf``
        the picture at the last step.  ``theme`` is another one, ``width`` that of a moving picture
        or a PNG in pixels, ``speed`` the seconds that each step of a moving picture is shown.

        Raises a ValueError for another ending or theme, for a size or a speed that the file cannot
        have, and for a moving picture that would be too long or too large to look at; a TypeError
        for what is no number; an OSError where the file cannot be written; and an ImportError where
        what draws is missing.  A file that was there before is then as it was.
        """
        from pathlib import Path

        where = f"{type(self).__name__}.save"
        path = Path(file_name(path, where))
        ending = choice(path.suffix.lower(), f"{where}: the ending of {path}", ENDINGS)
        player = self if theme is None else copy.copy(self)
        if theme is not None:
            player.theme = choice(theme, f"{where}: theme", (AUTO, *THEMES))
        if width is not None:
            _only_for(ending, (".png", *MOVIES), f"{where}: width")
            whole(width, f"{where}: width", *WIDTHS)
        if speed is not None:
            _only_for(ending, tuple(MOVIES), f"{where}: speed")
            seconds_each(speed, 1, where)
        check_place(path)
        write(path, player._file(ending, width, speed))
        return str(path)

    def _file(self, ending: str, width: int | None, speed: float | None) -> bytes:
        if ending in STILLS:
            return self.still(ending, width)
        if ending in MOVIES:
            return MOVIES[ending](self.reel(width, speed))
        return self.page().encode()

    def _repr_html_(self) -> str:
        html: str = self._bundle()[0]["text/html"]
        return html

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> Any:
        data, sizes = self._bundle()
        shown = set(include or data) - set(exclude or ())
        return {mime: content for mime, content in data.items() if mime in shown}, sizes

    def _bundle(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The player, with the picture in it, and the picture beside it, as LaTeX wants it."""
        try:
            data, (still, sizes) = self.page_data(), self.shown()
        except (ImportError, RuntimeError) as error:  # no Graphviz, or a graph too large for it
            return {"text/html": f"<p>{escape(str(error))}</p>"}, {}
        return still | {"text/html": _frame(data, still["text/html"])}, sizes


def _only_for(ending: str, endings: Sequence[str], where: str) -> None:
    if ending not in endings:
        raise ValueError(f"{where} is for {listed(endings)}, not for {ending}; leave it out")


def _frame(data: PageData, still: str) -> str:
    """The page in a frame of a notebook, and beside it a picture where nothing plays."""
    width, height = svg_size(data.svg)
    tall = height * min(1, 900 / width) + 210
    tall = round(max(HEIGHTS[0], min(HEIGHTS[1], tall)))
    # In apostrophes, so that the page's many quotation marks can stay as they are.
    inside = _page(data).replace("&", "&amp;").replace("'", "&#39;")
    return (
        f"<iframe sandbox='allow-scripts' allowfullscreen title='{escape(data.title)}' "
        f"width='100%' height='{tall}' style='border: 0' srcdoc='{inside}'></iframe>"
        f"<noscript>{still}</noscript>"
    )


def svg_size(svg: str) -> tuple[float, float]:
    """The width and height of a picture, in its own units.

    >>> svg_size('<svg width="8pt" height="6pt" viewBox="0.00 0.00 7.60 5.80">')
    (7.6, 5.8)
    """
    found = re.search(r'viewBox="\S+ \S+ (\S+) (\S+)"', svg)
    assert found is not None
    return float(found[1]), float(found[2])


def page_svg(svg: str, theme: str = "light") -> str:
    """A picture's SVG for a page: without what the page's style sheet says."""
    colours = THEMES[theme]
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<!--.*?-->\n?|<title>.*?</title>\n?|</?a\b[^>]*>\n?", "", svg, flags=re.DOTALL)
    svg = re.sub(r' (?:font-family="[^"]*"|xml:space="[^"]*"|text-anchor="start")', "", svg)
    svg = re.sub(rf' (?:font-size="(?:{FONT}|{EDGE_FONT}).00"|fill="{colours.text}")', "", svg)
    svg = svg.replace(f'<rect fill="none" stroke="{colours.faint}"', "<rect")
    return re.sub(rf'<g id="{CELL_ID}">', r'<g id="\1" class="cell">', svg)


def _page(data: PageData) -> str:
    import json
    from pathlib import Path

    content = {
        "title": data.title,
        "total": max((step.total for step in data.steps), default=0),
        "times": TIMES,
        "phases": data.phases,
        "start": data.start,
        "steps": [_short(step) for step in data.steps],
        "nodes": data.nodes,
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    template, style, own = (
        (Path(FOLDER) / f"player.{kind}").read_text("utf-8") for kind in ("html", "css", "js")
    )
    script = in_function(look_script(), own)
    parts = {
        "title": escape(data.title),
        "svg": data.svg,
        "steps": text.replace("<", "\\u003c"),
        "colours": page_colours(data.theme) + "\n" + _drawn_style(data.theme),
        "style": look_style() + style,
        "script": script,
        "hash": script_hash(script),
    }
    return filled(template, parts)


def _short(step: PageStep) -> dict[str, Any]:
    """A step without what the page takes for granted."""
    usual = PageStep._field_defaults | {"total": step.total}
    return {k: v for k, v in step._asdict().items() if k not in usual or v != usual[k]}


def _drawn_style(theme: str) -> str:
    """Style rules for the picture: its sizes, and names for the colours that it is drawn in."""
    names = THEMES[drawn_theme(theme)].drawn()
    rules = [f":root {{ --font: {FONT}px; --edge-font: {EDGE_FONT}px; }}"]
    rules += [
        f':where(#stage) [{place}="{colour}"] {{ {place}: var(--{name}); }}'
        for colour, name in names.items()
        for place in ("fill", "stroke")
    ]
    return "\n".join(rules)
