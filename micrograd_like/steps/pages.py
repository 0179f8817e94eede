"""The page that plays steps: an HTML file that needs nothing else, no server, no network.

Its parts are in the folder ``page``: `player.html`, `player.css` for the picture that is there even
if nothing plays, and scripts and styles, each with one duty, of which a page carries those that it
needs, with draw's scripts, which zoom, move and find names.  They are deflated, as they would be
most of the page; its policy lets no other scripts run.
"""

import json
import re
import zlib
from base64 import b85decode, b85encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from micrograd_like.draw import (
    AUTO,
    CELL_ID,
    EDGE_FONT,
    FONT,
    THEMES,
    document,
    drawn_theme,
    in_function,
    look_script,
    look_style,
    markup,
    page_colours,
)
from micrograd_like.notation import readable
from micrograd_like.steps.sequence import equation_line

__all__ = [
    "Attributes", "PageData", "PageStep", "framed", "frames", "in_notebook", "packed", "page",
    "page_svg", "scripts", "short", "svg_size", "unpacked",
]  # fmt: skip

FOLDER = Path(__file__).parent / "page"
HEIGHTS = 400, 720  # pixels, the least and the most that a page has in a notebook
PLAYING = (
    "shared/elements", "picture", "styles", "formulas", "looking", "stage", "writing", "travel",
    "keys", "play", "tools",
)  # fmt: skip
FOR_HTML, FROM_HTML = bytes.maketrans(b"&<>`", b",./:"), bytes.maketrans(b",./:", b"&<>`")
Attributes = Mapping[str, str]  # of an element: "text", "class", CSS variables ("--…"), others


class PageData(NamedTuple):
    """All that a page is made of."""

    title: str
    svg: str  # the picture
    content: Mapping[str, Any]  # what its scripts get, as JSON
    scripts: Sequence[str]  # JavaScript
    theme: str = AUTO
    controls: str = ""  # HTML, above those of the steps
    styles: Sequence[str] = ()  # names of style sheets for what the scripts make, after playing.css


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
        return equation_line(self.equation, self.relation, self.sum)


def frames(
    title: str,
    svg: str,
    start: Mapping[str, Attributes],
    steps: Sequence[PageStep],
    theme: str = AUTO,
) -> PageData:
    """A page of steps that are written beforehand, from how elements look before the first."""
    content = {
        "title": title,
        "total": max((step.total for step in steps), default=0),
        "start": start,
        "steps": [short(step) for step in steps],
    }
    written = scripts(*PLAYING, "frames", "start_frames")
    return PageData(title, svg, content, written, theme, styles=("tools", "descent"))


def scripts(*names: str) -> list[str]:
    """Scripts of a page, by their names."""
    return [(FOLDER / f"{name}.js").read_text("utf-8") for name in names]


def page(data: PageData, is_packed: bool = False) -> str:
    """The page as text; its picture may lie packed with its scripts, where they are sure to run."""
    own, *sheets = (
        (FOLDER / f"{name}.css").read_text("utf-8") for name in ("player", "playing", *data.styles)
    )
    given = {**data.content, "style": "".join(sheets)}
    if is_packed:
        given["svg"] = data.svg
    content = readable(json.dumps(given, ensure_ascii=False, allow_nan=False))
    script = in_function(look_script(), f"const CONTENT = {content};", *data.scripts)
    loader = in_function(*scripts("inflate", "load"))
    style = [page_colours(data.theme), _drawn_style(data.theme), look_style() + own]
    parts = {
        "svg": "" if is_packed else data.svg,
        "controls": data.controls,
        "packed": packed(script),
    }
    return document(FOLDER / "player.html", data.title, style, [loader, script], **parts)


def packed(text: str) -> str:
    """A text deflated, in base 85: what a page unpacks when it is wanted.

    >>> packed("f();")
    'c-l+T(6j~s0-*r,'
    """
    return b85encode(zlib.compress(text.encode(), 9)).translate(FOR_HTML).decode()


def unpacked(text: str) -> str:
    """What `packed` has packed.

    >>> unpacked(packed("f();"))
    'f();'
    """
    return zlib.decompress(b85decode(text.encode().translate(FROM_HTML))).decode()


def in_notebook(data: PageData, still: str) -> str:
    """The page in a frame of a notebook, and beside it a picture where nothing plays."""
    width, height = svg_size(data.svg)
    tall = height * min(1, 900 / width) + 225
    tall = round(max(HEIGHTS[0], min(HEIGHTS[1], tall)))
    return framed(page(data, is_packed=True), data.title, tall, still)


def framed(html: str, title: str, height: int, still: str) -> str:
    """A page as text in a frame of so many pixels, and beside it a picture where nothing plays."""
    # In apostrophes, so that the page's many quotation marks can stay as they are.
    inside = html.replace("&", "&amp;").replace("'", "&#39;")
    return (
        f"<iframe sandbox='allow-scripts' allowfullscreen title='{markup(title)}' "
        f"width='100%' height='{height}' style='border: 0' srcdoc='{inside}'></iframe>"
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


def short(step: PageStep) -> dict[str, Any]:
    """A step without what the page takes for granted."""
    usual = PageStep._field_defaults
    shown = step._asdict().items()
    return {k: v for k, v in shown if k != "total" and (k not in usual or v != usual[k])}


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
