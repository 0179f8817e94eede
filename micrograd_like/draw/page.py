"""A page for a picture: an HTML file that needs nothing else, to zoom, move and find names in.

Its parts are `page.html`, and `look.css` and `look.js`, which work on any SVG in an element that
scrolls.  Another page uses these two in this way:

1.  It has ``look_style()`` in a ``<style>``, ``look_script()`` in a ``<script>`` before its own
    script, and the variables of ``page_colours(theme)``.
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
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from pathlib import Path

from micrograd_like.draw.svg import size_of
from micrograd_like.draw.theme import page_colours
from micrograd_like.notation import readable

__all__ = ["filled", "image_of", "look_script", "look_style", "page_of", "script_hash"]

FOLDER = Path(os.path.dirname(__file__))
START = 'look(document.querySelector(".look-stage"));'


def look_style() -> str:
    """The style sheet of zoom, controls and marks."""
    return (FOLDER / "look.css").read_text("utf-8")


def look_script() -> str:
    """The script that defines ``look(stage, options)``."""
    return (FOLDER / "look.js").read_text("utf-8")


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


def page_of(svg: str, title: str, theme: str) -> str:
    """An HTML page for a picture, in a theme or as its reader likes ("auto")."""
    width, height = size_of(svg)
    script = f"{look_script()}{START}\n"
    parts = {
        "title": escape(title),
        "paper": "landscape" if width > height else "portrait",
        "colours": page_colours(theme),
        "style": look_style(),
        "svg": svg[svg.index("<svg") :],
        "script": script,
        "hash": script_hash(script),
    }
    return filled((FOLDER / "page.html").read_text("utf-8"), parts)


def image_of(svg: str, title: str) -> str:
    """An SVG as an image in HTML: of its own size, or of the width that there is.

    >>> image_of('<svg width="8" height="6" xmlns="http://www.w3.org/2000/svg"/>', "x")[:47]
    '<img alt="x" style="max-width:100%;height:auto"'
    """
    width, height = size_of(svg)
    content = b64encode(svg.encode()).decode()
    return (
        f'<img alt="{escape(readable(title))}" style="max-width:100%;height:auto" '
        f'width="{width}" height="{height}" src="data:image/svg+xml;base64,{content}">'
    )
