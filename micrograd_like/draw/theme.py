"""Colours: every one that a picture, a page or a plot has, in a light and a dark theme.

>>> THEMES["light"].signed(-0.5), THEMES["dark"].signed(0.5)
('#2166ac', '#f4777f')
>>> THEMES["light"].variables()[:36]
'--background:#ffffff;--text:#111827;'
"""

from typing import NamedTuple

__all__ = ["EDGE_FONT", "FONT", "TERMINAL", "THEMES", "Theme", "sign_name"]

FONT = 11  # the size of a picture's text, in points
EDGE_FONT = 9  # beside edges
TERMINAL = {"positive": "red", "negative": "blue"}  # the nearest that a terminal has


def sign_name(x: float) -> str:
    """What the colour of a number's sign is called: a theme's field, a class of the page.

    >>> sign_name(2.0), sign_name(-0.5)
    ('positive', 'negative')
    """
    return "positive" if x > 0 else "negative"


class Theme(NamedTuple):
    """The colours of a picture, of the page that it is on, and of plots."""

    background: str
    text: str
    faint: str  # words beside numbers, borders, edges without a gradient
    box: str
    leaf: str
    parameter: str
    root: str
    operation: str
    cluster: str
    positive: str
    negative: str
    lit: str  # where a step is
    lit_text: str  # on that
    local: str  # a page's mark of the local derivative
    focus: str  # around what the keyboard is at
    shadow: str  # of what lies on the page
    classes: tuple[str, ...]  # of data; of two, red is the first, or -1, and green the second

    def signed(self, x: float) -> str:
        """The colour of a number's sign."""
        colour: str = getattr(self, sign_name(x))
        return colour

    def tint(self, strength: float) -> str:
        """A box coloured so strongly, from -1 to 1, by the sign; "" for 0.

        >>> THEMES["light"].tint(0.5)
        '#d88c95'
        """
        return mix(self.box, self.signed(strength), abs(strength)) if strength else ""

    def variables(self) -> str:
        """The colours as variables of a style sheet, by their names, as in ``--lit-text``."""
        names = (name for name in self._fields if name != "classes")
        return "".join(f"--{name.replace('_', '-')}:{getattr(self, name)};" for name in names)

    def drawn(self) -> dict[str, str]:
        """What an SVG has been drawn in: each colour, and the name of the page's variable for it.

        >>> THEMES["dark"].drawn()["#f1f5f9"]
        'text'
        """
        of_page = ("background", "lit_text", "local", "focus", "shadow", "classes")
        return {getattr(self, name): name for name in self._fields if name not in of_page}


THEMES = {
    "light": Theme(
        *("#ffffff", "#111827", "#6b7280", "#ffffff", "#e8eff7", "#fdf0cd", "#dff2dd"),
        *("#e5e7eb", "#f8fafc", "#b2182b", "#2166ac", "#f59e0b", "#111827"),
        *("#0d9488", "#2563eb", "#00000040"),
        classes=("#b2182b", "#1a7f37", "#2166ac", "#9a6700", "#8250df"),
    ),
    "dark": Theme(
        *("#0f172a", "#f1f5f9", "#94a3b8", "#1e293b", "#22344f", "#4a3d17", "#1c4532"),
        *("#334155", "#151f35", "#f4777f", "#6cb4ee", "#fbbf24", "#111827"),
        *("#2dd4bf", "#93c5fd", "#00000040"),
        classes=("#f4777f", "#4ac26b", "#6cb4ee", "#e3b341", "#c297ff"),
    ),
}


def mix(ground: str, colour: str, part: float) -> str:
    """A colour laid over a ground."""
    pairs = zip(bytes.fromhex(ground[1:]), bytes.fromhex(colour[1:]), strict=True)
    return "#" + bytes(round(a + (b - a) * part) for a, b in pairs).hex()
