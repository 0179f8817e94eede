"""A page for a picture: an HTML file that needs nothing else, to zoom, move and find names in.

Every page begins with `head.html` (``document``).  The parts of this one are `page.html` and
`page.css`; and `look.css` and the scripts of `look/`, which work on any SVG in an element that
scrolls.  Another page uses these two in this way:

1.  It has ``look_style()`` in a ``<style>``, ``look_script()`` in a ``<script>`` before its own
    script, in one function with it (``in_function``), and the variables of ``page_colours(theme)``.
2.  The SVG lies in an element with the class ``look-stage``, as its child.
3.  Its script says ``const view = look(stage, options)``.  The options, all of which may be left
    out: ``keys``, such as ``{ whole: "z" }``, for other keys than ``smaller: "−"``, ``larger:
    "+"``, ``whole: "0"``, ``full: "1"``, ``screen: "f"`` and ``find: "/"``; ``tell``, a function
    that tells about an element that was found, or ends that (null), in place of the line below the
    picture; ``least``, the scale down to which a picture is shown whole at the start; ``frame``,
    what a full screen shows.
4.  ``view.controls`` is the element with the buttons and the search, before the stage unless the
    page moves it; in a ``<details>``, the key for finding opens that.  The page may call
    ``view.zoom(scale)``, ``view.whole()``, ``view.full()`` (100 %), ``view.show([element, ...])``
    (scrolls there if that is out of sight), ``view.find(words)``, ``view.next(1)`` or ``(-1)``, and
    ``view.scale()``.
"""

import os
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from micrograd_like.draw.svg import markup, size_of
from micrograd_like.draw.theme import page_colours
from micrograd_like.notation import readable

__all__ = [
    "compact", "document", "filled", "image_of", "in_function", "look_script", "look_style",
    "page_of", "script_hash", "scripts_of",
]  # fmt: skip

FOLDER = Path(os.path.dirname(__file__))
START = 'look(document.querySelector(".look-stage"));\n'


def look_style() -> str:
    """The style sheet of zoom, controls and marks."""
    return (FOLDER / "look.css").read_text("utf-8")


def look_script() -> str:
    """The script that defines ``look(stage, options)``."""
    return scripts_of(FOLDER / "look")


def scripts_of(folder: Path) -> str:
    """The scripts of a folder as one, by their names: what each declares, all of them see."""
    return "\n".join(path.read_text("utf-8") for path in sorted(folder.glob("*.js")))


def in_function(*scripts: str) -> str:
    """Scripts as a page has them: in one function, so that what they declare is theirs, and short.

    >>> print(in_function("const x = 1;", "f(x);"), end="")
    (() => {
    "use strict";
    const x = 1;
    f(x);
    })();
    """
    return compact("\n".join(["(() => {", '"use strict";', *scripts, "})();"]))


def compact(script: str) -> str:
    r"""A script without what its readers need: indentation, blank lines, and lines of comments.

    It reads lines, so no text in the script may go over several.  A comment after code stays.

    >>> print(compact("// Twice.\nfunction twice(x) {\n  return 2 * x; // or x + x\n}"), end="")
    function twice(x) {
    return 2 * x; // or x + x
    }
    """
    lines = re.sub(r"^\s*/\*.*?\*/", "", script, flags=re.DOTALL | re.MULTILINE)
    kept = (line.strip() for line in lines.split("\n"))
    return "".join(f"{line}\n" for line in kept if line and not line.startswith("//"))


def filled(template: str, parts: Mapping[str, str]) -> str:
    """A template with its parts in their places.

    >>> filled("<b>{{title}}</b>", {"title": "x"})
    '<b>x</b>'
    """
    return readable(re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], template))


def script_hash(script: str) -> str:
    """What a page's policy calls a script, so that it runs this one and no other.

    >>> script_hash("f()")
    'sha256-GcEEE0IkDzIP5EQ6DXZaDPORqT5RTBELX8Fyzyg9yvo='
    """
    return f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}"


def document(
    body: Path, title: str, style: Sequence[str], scripts: Sequence[str], **parts: str
) -> str:
    """A page: the head of all pages, and the body of a file, with its parts in their places.

    ``scripts`` are those that the page's policy lets run; the first stands in the body.
    """
    template = (FOLDER / "head.html").read_text("utf-8") + body.read_text("utf-8")
    given = {
        "title": markup(title),
        "style": "\n".join(style),
        "hashes": " ".join(f"'{script_hash(script)}'" for script in scripts),
        "script": scripts[0],
    }
    return filled(template, given | parts)


def page_of(svg: str, title: str, theme: str) -> str:
    """An HTML page for a picture, in a theme or as its reader likes ("auto")."""
    width, height = size_of(svg)
    script = in_function(look_script(), START)
    paper = "landscape" if width > height else "portrait"
    style = [
        page_colours(theme),
        look_style(),
        (FOLDER / "page.css").read_text("utf-8"),
        f"@page {{ size: {paper}; margin: 1cm; }}",
    ]
    body = FOLDER / "page.html"
    return document(body, title, style, [script], svg=svg[svg.index("<svg") :])


def image_of(svg: str, title: str) -> str:
    """An SVG as an image in HTML: of its own size, or of the width that there is.

    >>> image_of('<svg width="8" height="6" xmlns="http://www.w3.org/2000/svg"/>', "x")[:47]
    '<img alt="x" style="max-width:100%;height:auto"'
    """
    width, height = size_of(svg)
    return (
        f'<img alt="{markup(title)}" style="max-width:100%;height:auto" '
        f'width="{width}" height="{height}" src="{_address(svg)}">'
    )


def _address(svg: str) -> str:
    """An SVG as an address for an attribute of HTML: as text, a third shorter than in base64."""
    svg = re.sub(r'<[^<>"\']*"[^<>\']*>', lambda tag: tag[0].replace('"', "'"), svg)
    for sign in ("%", "#", '"', "\n", "\r", "\t"):  # % first; what addresses take for their own
        svg = svg.replace(sign, f"%{ord(sign):02X}")
    return "data:image/svg+xml," + svg.replace("&", "&amp;").replace("%0A<", "<")
