"""SVG: Graphviz's, made to fit, to name its parts, and to follow the reader's light or dark.

Graphviz counts in points.  Here a unit of the picture is a CSS pixel: a text of 9 is shown 9 pixels
high.  The picture scales down to the width that it is given, and never up.  All of this is in the
file, so that it works in a page, in a notebook, as an ``<img>``, and by itself.
"""

import re
from collections.abc import Sequence
from hashlib import sha256
from html import escape

from micrograd_like.draw.theme import AUTO, THEMES, in_dark
from micrograd_like.notation import one_line, readable

__all__ = ["check", "fitted", "framed", "markup", "size_of"]

CLASS = "micrograd-like"  # of every picture, so that its style meets nothing else on a page
FONTS = "Arial,Helvetica,sans-serif"
ELEMENTS = {  # that Graphviz writes
    "svg", "g", "a", "title", "desc", "style", "defs", "linearGradient", "radialGradient", "stop",
    "clipPath", "symbol", "use", "image", "path", "polygon", "polyline", "rect", "circle",
    "ellipse", "line", "text", "tspan", "textPath",
}  # fmt: skip
LINKED = re.compile(r"#|https?:|mailto:|data:image/|[a-z]:[\\/]|[^:]*$", re.IGNORECASE)
SIZES = re.compile(r'<svg width="(\d+)pt" height="(\d+)pt"\s+viewBox="0.00 0.00 ([\d.]+) ([\d.]+)"')
COLOURED = re.compile(r'\b(fill|stroke|stop-color)="(#[0-9a-f]{6}|black)"')
TITLED = re.compile(  # a part of the graph, with Graphviz's name for it, and perhaps a tooltip
    r'(<g id="[^"]*" class="(?:node|edge|cluster)[^"]*">)\s*<title>.*?</title>'
    r'(?:(\s*<g id="[^"]*"><a) xlink:title="([^"]*)">)?',
    re.DOTALL,
)
NOWHERE, TABLE = 'href="#"', "&lt;TABLE&gt;"  # of cells that a page can press; Graphviz's tooltip
RECTANGLE = re.compile(  # as Graphviz writes one: left and bottom, top, right, and back
    r'<polygon ((?:(?:fill|stroke)="[^"]*" ?)*)points='
    r'"([-.\d]+),([-.\d]+) \2,([-.\d]+) ([-.\d]+),\4 \5,\3 \2,\3"/>'
)
# A notebook, an editor and a dark page say what they are; by itself, a picture asks its reader.
DARK_PAGES = "[data-jp-theme-light=false],.vscode-dark,.dark"


def markup(text: str) -> str:
    r"""A text in SVG or HTML, as an attribute too, with nothing in it that is markup.

    >>> markup("<b> & \x1b")
    '&lt;b&gt; &amp; �'
    """
    return escape(readable(text))


def check(svg: bytes) -> None:
    """A ValueError tells where a picture is not whole, or has what Graphviz never writes.

    A program that is called dot may be another one, and pictures are passed on, as files that
    browsers open: there is no script in them.

    >>> check(b'<svg><script>alert(1)</script></svg>')
    Traceback (most recent call last):
    ValueError: its SVG has a 'script' in it, which Graphviz never writes
    """
    from xml.parsers import expat

    def element(name: str, attributes: dict[str, str]) -> None:
        if name not in ELEMENTS:
            refuse(name)
        for key, x in attributes.items():
            own = key.rpartition(":")[2].lower()
            if own.startswith("on") or (own == "href" and not LINKED.match(x)):
                refuse(f"{key}={x}")

    def refuse(what: str, *_: object) -> None:  # an entity, too
        raise ValueError(f"its SVG has a {one_line(what)!r} in it, which Graphviz never writes")

    reader = expat.ParserCreate()
    reader.StartElementHandler, reader.EntityDeclHandler = element, refuse
    try:
        reader.Parse(svg, True)
    except expat.ExpatError:
        raise ValueError("it printed no whole SVG") from None


def size_of(svg: str) -> tuple[int, int]:
    """The width and the height of a picture, in pixels.

    >>> size_of('<svg width="8" height="6" viewBox="0 0 8 6">')
    (8, 6)
    """
    width, height = re.findall(r'<svg width="(\d+)" height="(\d+)"', svg)[0]
    return int(width), int(height)


def fitted(svg: str, title: str, theme: str = "light") -> str:
    """Graphviz's SVG as a picture that fits; with theme "auto", light or dark as its reader likes.

    Colours stay as attributes, for readers of SVG that know no style; the style has the dark ones.
    Raises a ValueError for what is no whole SVG of Graphviz.
    """
    head = SIZES.search(svg)
    if not head or "</svg>" not in svg:
        raise ValueError("it is no whole SVG")
    width, height, *box = (int(float(x)) for x in head.groups())
    if abs(width - box[0]) <= 1 and abs(height - box[1]) <= 1:  # usually; Graphviz rounds them
        width, height = box  # so that one is one, exactly
    svg = _titled(re.sub(r"<!--.*?-->\n?", "", svg[head.end() :], flags=re.DOTALL))
    svg = re.sub(
        r' (?:font-family="(?:Arial|Helvetica)[^"]*"|xml:space="[^"]*"|text-anchor="start")',
        "",
        svg,
    )
    svg = _own_ids(RECTANGLE.sub(_rectangle, svg.replace('"transparent"', '"none"')))
    svg = _said_once(svg, theme)
    return framed(svg, (width, height), title, theme, box)


def framed(
    svg: str,
    size: tuple[int, int],
    title: str,
    theme: str = "light",
    box: Sequence[int] = (),
) -> str:
    """An SVG with its size, its words and its style, from what follows these in its root's tag.

    Its content is in a ``<g class="graph">``, which begins with the ground.

    >>> framed(' xmlns="http://www.w3.org/2000/svg"></svg>', (8, 6), "none")[39:104]
    '<svg width="8" height="6" viewBox="0 0 8 6" class="micrograd-like'
    """
    width, height = box or size
    at = svg.index(">") + 1  # of the root's tag, whose attributes are addresses
    classes = f"{CLASS} {AUTO}" if theme == AUTO else CLASS
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<svg width="{size[0]}" height="{size[1]}" viewBox="0 0 {width} {height}" '
        f'class="{classes}" role="img" aria-label="{markup(title)}" '
        f'font-family="{FONTS}"{svg[:at]}\n'
        f"<style>{_style(svg, theme)}</style>{svg[at:]}"
    )


def _titled(svg: str) -> str:
    """Tooltips as titles, which are shown everywhere and found by name; Graphviz's names gone."""

    def part(match: re.Match[str]) -> str:
        group, link, tooltip = match.groups()
        title = f"<title>{tooltip}</title>" if tooltip else ""
        return group + title + (f"{link}>" if link else "")

    of_graph = re.compile(r'(class="graph"[^>]*>)\s*<title>.*?</title>', re.DOTALL)
    svg = TITLED.sub(part, of_graph.sub(r"\1", svg, count=1))
    links: list[bool] = []  # whether the links that are open here lead anywhere

    def link(match: re.Match[str]) -> str:
        if match[0] == "</a>":
            return match[0] if links.pop() else ""
        links.append("href=" in match[0] and NOWHERE not in match[0])
        if links[-1]:
            return match[0]
        tooltip = re.search(r'xlink:title="([^"]*)"', match[0])
        return f"<title>{tooltip[1]}</title>" if tooltip and tooltip[1] != TABLE else ""

    return re.sub(r"<a\b[^>]*>|</a>", link, svg)


def _rectangle(match: re.Match[str]) -> str:
    looks, *corners = match.groups()
    left, bottom, top, right = map(float, corners)
    looks = looks.replace('stroke="none" ', "")
    size = f'width="{right - left:g}" height="{round(bottom - top, 2):g}"'
    return f'<rect {looks}x="{left:g}" y="{top:g}" {size}/>'


def _said_once(svg: str, theme: str) -> str:
    """The size of most texts on their group, and no colour where the style has it.

    Notebooks keep many pictures, and these are a tenth of them.
    """
    sizes = re.findall(r' font-size="[^"]*"', svg)
    if sizes:
        usual = max(set(sizes), key=sizes.count)
        svg = svg.replace(usual, "").replace(' class="graph"', f' class="graph"{usual}', 1)
    if theme == AUTO:
        svg = re.sub(rf'(<text[^>]*) fill="{THEMES["light"].text}"', r"\1", svg)
    return svg


def _own_ids(svg: str) -> str:
    """Colours that run into each other are found by ids: on a page, no other picture has these."""
    own = sha256(svg.encode()).hexdigest()[:8]
    for name in set(re.findall(r'="url\(#([^)"]+)\)"', svg)):  # not in texts, which have no "
        svg = svg.replace(f'id="{name}"', f'id="{own}_{name}"')
        svg = svg.replace(f'="url(#{name})"', f'="url(#{own}_{name})"')
    return svg


def _style(svg: str, theme: str) -> str:
    """The rules that a picture brings along."""
    here, light, dark = f".{CLASS}", THEMES["light"], THEMES["dark"]
    rules = [
        f"{here}{{max-width:100%;height:auto}}",
        f"@media print{{{here}{{max-height:95vh;color-scheme:light!important}}}}",
    ]
    if theme != AUTO:
        return "".join(rules)

    def both(what: str, place: str, was: str, becomes: str) -> str:
        return f"{here}.{AUTO} {what}{{{place}:light-dark({was},{becomes})}}"

    asks = f"{here}.{AUTO}:root{{color-scheme:light dark}}"
    told = f":is({DARK_PAGES}) {here}.{AUTO}{{color-scheme:dark}}"
    ground = light.background
    rules = [asks, told, *rules, both("text:not([fill])", "fill", light.text, dark.text)]
    for place, colour in sorted(set(COLOURED.findall(svg))):
        becomes = dark.text if colour == "black" else in_dark(colour)
        if becomes:
            rules.append(both(f'[{place}="{colour}"]', place, colour, becomes))
    rules.append(both(f'.graph>[fill="{ground}"]:first-child', "fill", ground, dark.background))
    return "".join(rules)
