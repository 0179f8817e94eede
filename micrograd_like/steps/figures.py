"""Figures of matplotlib as files, which are the same at each time."""

import io
import re
from typing import Any

from micrograd_like.draw import THEMES

__all__ = ["figure_file", "figure_svg", "points_of"]

SALT = "micrograd_like"  # of an SVG's ids, which else were others each time
# What files say about when they were made, which would make each another one.
STEADY: dict[str, Any] = {
    "png": {},
    "svg": {"metadata": {"Date": None}},
    "pdf": {"metadata": {"CreationDate": None}},
}


def points_of(size: tuple[float, float]) -> tuple[float, float]:
    """A figure's size in points, of that in inches.

    >>> points_of((2.0, 1.0))
    (144.0, 72.0)
    """
    return size[0] * 72, size[1] * 72


def figure_file(figure: Any, theme: str, kind: str, scale: float) -> bytes:
    """A figure as a file of a kind, such as "png", with so many pixels for a point."""
    import matplotlib as mpl

    file = io.BytesIO()
    ground = THEMES[theme].background
    with mpl.rc_context({"svg.hashsalt": SALT, "svg.fonttype": "path"}):
        figure.savefig(file, format=kind, dpi=72 * scale, facecolor=ground, **STEADY[kind])
    return file.getvalue()


def figure_svg(figure: Any, ground: str = "none", **options: Any) -> str:
    """A figure as SVG, with its texts as texts."""
    import matplotlib as mpl

    file = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": SALT, "svg.fonttype": "none"}):
        figure.savefig(file, format="svg", facecolor=ground, **STEADY["svg"], **options)
    return re.sub(r"<metadata>.*?</metadata>\n?", "", file.getvalue(), flags=re.DOTALL)
