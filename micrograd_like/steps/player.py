"""Playing steps: a page to go through them, forward and back; the same in a notebook; a GIF.

A page needs nothing else: no server, no kernel, no network.  Its parts are `player.html`,
`player.css` and `player.js`.  All numbers and words are written here, in Python: the page shows and
hides what it was given.  This file knows no graphs: `backprop.py` and `descent.py` say what their
steps look like.
"""

import io
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from micrograd_like.arguments import choice, extra, file_name
from micrograd_like.draw import CELL_ID, EDGE_FONT, FONT, THEMES
from micrograd_like.files import write
from micrograd_like.notation import TIMES, readable
from micrograd_like.steps.sequence import one_line

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Attributes", "PageData", "PageStep", "Player", "page_svg"]

FOLDER = os.path.dirname(__file__)
MOST_FRAMES = 400  # of a GIF
LARGEST = 2000  # pixels of a GIF's longer side
SMALLEST = 0.5  # part to which a picture may be shrunk for that
MOST_PIXELS = 400_000_000  # of all frames together, a byte each
LASTING = 3000  # milliseconds, of a GIF's last frame
POINT = 4 / 3  # pixels
HEIGHTS = 330, 720  # pixels, the least and the most that a page has in a notebook
AUTO = "auto"  # the theme that its reader prefers
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

    @abstractmethod
    def page_data(self) -> PageData:
        """The picture and the steps on it."""

    @abstractmethod
    def frames(self) -> tuple[int, Iterator[bytes]]:
        """PNG pictures of all the same size, before the first step and after each; how many."""

    @abstractmethod
    def still(self) -> bytes:
        """A PNG picture of the end, for readers in which nothing plays."""

    def check_frames(self, count: int, remedy: str) -> None:
        """Raise a ValueError if a moving picture of so many steps is too long to look at."""
        if count > MOST_FRAMES:
            raise ValueError(
                f"{type(self).__name__}: a moving picture of {count:,} steps is too long, it may "
                f"have {MOST_FRAMES}; {remedy}"
            )

    def page(self) -> str:
        """An HTML page that plays the steps and needs nothing else, as text.

        Raises an ImportError where what draws is missing.
        """
        return _page(self.page_data())

    def save(self, path: "str | Path") -> str:
        """Save as a page, ``.html``, or as a moving picture, ``.gif``; returns the path.

        Raises a ValueError for another ending, and for a moving picture that would be too long or
        too large to look at; an OSError where the file cannot be written; and an ImportError where
        what draws is missing.
        """
        from pathlib import Path

        path = Path(file_name(path, f"{type(self).__name__}.save"))
        ending = path.suffix.lower()
        choice(ending, f"{type(self).__name__}.save: the ending of {path}", (".html", ".gif"))
        if not path.parent.is_dir() or path.is_dir():
            write(path, b"")  # which says what is wrong, before any work is done
        write(path, self.page().encode() if ending == ".html" else self._gif())
        return str(path)

    def _gif(self) -> bytes:
        image = extra("PIL.Image", "demo", "a moving picture needs Pillow")
        count, pictures = self.frames()
        frames = [next(pictures)]  # still compressed
        size = image.open(io.BytesIO(frames[0])).size
        part = min(1.0, LARGEST / max(size))
        if part < SMALLEST or size[0] * size[1] * part**2 * count > MOST_PIXELS:
            raise ValueError(
                f"{type(self).__name__}.save: a moving picture of {count} frames of "
                f"{size[0]:,}×{size[1]:,} pixels is too large to look at; save a page, .html, or "
                "take a slice"
            )
        frames += pictures
        size = (max(1, round(size[0] * part)), max(1, round(size[1] * part)))

        def picture(frame: bytes) -> Any:
            full = image.open(io.BytesIO(frame)).convert("RGB")
            return full.resize(size, image.Resampling.LANCZOS) if part < 1 else full

        # One set of colours for all: what does not change does not flicker.
        colours = picture(frames[-1]).quantize(colors=256)
        first, *rest = (
            picture(frame).quantize(palette=colours, dither=image.Dither.NONE) for frame in frames
        )
        each = max(120, min(1200, 40_000 // len(frames)))
        lasting = [each] * len(rest) + [LASTING]
        file = io.BytesIO()
        first.save(file, "GIF", save_all=True, append_images=rest, duration=lasting, loop=0)
        return file.getvalue()

    def _repr_html_(self) -> str:
        import base64

        try:
            data, still = self.page_data(), self.still()
        except (ImportError, RuntimeError) as error:  # no Graphviz, or a graph too large for it
            return f"<p>{escape(str(error))}</p>"
        width, height = (float(x) for x in re.findall(r'(?:width|height)="([\d.]+)', data.svg)[:2])
        tall = height * min(1.5 * POINT, 900 / width) + 220
        tall = round(max(HEIGHTS[0], min(HEIGHTS[1], tall)))
        # In apostrophes, so that the page's many quotation marks can stay as they are.
        inside = _page(data).replace("&", "&amp;").replace("'", "&#39;")
        png = base64.b64encode(still).decode()
        title = escape(data.title)
        return (
            f"<iframe sandbox='allow-scripts' title='{title}' width='100%' height='{tall}' "
            f"style='border: 0' srcdoc='{inside}'></iframe>"
            f"<noscript><img alt='{title}' src='data:image/png;base64,{png}'></noscript>"
        )


RECTANGLE = re.compile(  # as Graphviz writes one: left and bottom, top, right, and back
    r'<polygon (fill="[^"]*" )(?:stroke="([^"]*)" )points='
    r'"([-.\d]+),([-.\d]+) \3,([-.\d]+) ([-.\d]+),\5 \6,\4 \3,\4"/>'
)


def page_svg(svg: str, theme: str = "light") -> str:
    """Graphviz's SVG for a page: without what the style sheet says, and a third of the size."""

    def rectangle(match: re.Match[str]) -> str:
        fill, _, *corners = match.groups()
        left, bottom, top, right = map(float, corners)
        fill = "" if fill == 'fill="none" ' else fill
        size = f'width="{right - left:g}" height="{round(bottom - top, 2):g}"'
        return f'<rect {fill}x="{left:g}" y="{top:g}" {size}/>'

    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<!--.*?-->\n?|<title>.*?</title>\n?|</?a\b[^>]*>\n?", "", svg, flags=re.DOTALL)
    svg = re.sub(r' (?:font-family="[^"]*"|xml:space="[^"]*"|text-anchor="start")', "", svg)
    svg = re.sub(
        rf' (?:font-size="(?:{FONT}|{EDGE_FONT}).00"|fill="{THEMES[theme].text}")', "", svg
    )
    svg = RECTANGLE.sub(rectangle, svg)
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
    parts = {
        "title": escape(data.title),
        "svg": data.svg,
        "steps": text.replace("<", "\\u003c"),
        "variables": _variables(data.theme),
        "style": (Path(FOLDER) / "player.css").read_text("utf-8"),
        "script": (Path(FOLDER) / "player.js").read_text("utf-8"),
    }
    template = (Path(FOLDER) / "player.html").read_text("utf-8")
    return readable(re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], template))


def _short(step: PageStep) -> dict[str, Any]:
    """A step without what the page takes for granted."""
    usual = PageStep._field_defaults | {"total": step.total}
    return {k: v for k, v in step._asdict().items() if k not in usual or v != usual[k]}


def _variables(theme: str) -> str:
    """Sizes and colours, by name: of one theme, or of the one that the reader prefers.

    A picture for the reader's choice is drawn in the light one, and its colours stand for names.
    """
    drawn = THEMES[drawn_theme(theme)]
    scheme = "light dark" if theme == AUTO else theme
    sizes = f"--font:{FONT}px;--edge-font:{EDGE_FONT}px;"
    rules = [f":root {{ color-scheme: {scheme}; {sizes}{drawn.variables()} }}"]
    if theme == AUTO:
        dark = THEMES["dark"].variables()
        rules.append(f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}")
    rules += [
        f':where(#stage) [{place}="{colour}"] {{ {place}: var(--{name}); }}'
        for colour, name in drawn.drawn().items()
        for place in ("fill", "stroke")
    ]
    return "\n".join(rules)


def drawn_theme(theme: str) -> str:
    """The theme in which pictures are drawn, for a page in the reader's as for files."""
    return "light" if theme == AUTO else theme
