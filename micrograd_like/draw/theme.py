"""Colours: every one that a picture, a page or a plot has, in a light and a dark theme.

A file that follows its reader's choice, ``theme="auto"``, is drawn in the light theme; `in_dark`
knows the dark colour for each of the light ones.

>>> THEMES["light"].signed(-0.5), THEMES["dark"].signed(0.5)
('#2166ac', '#f4777f')
>>> THEMES["light"].variables()[:36]
'--background:#ffffff;--text:#111827;'
"""

from typing import NamedTuple

__all__ = [
    "AUTO", "EDGE_FONT", "FONT", "FONT_NAME", "TERMINAL", "THEMES", "Theme", "drawn_theme",
    "in_dark", "mix", "page_colours", "sign_name",
]  # fmt: skip

AUTO = "auto"  # the theme that the reader prefers
FONT_NAME = "Arial"  # what Graphviz measures is what browsers show; its Helvetica may be wider
FONT = 11  # the size of a picture's text, in pixels
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
        """The colours as variables of a style sheet, by their names, as in ``--parameter``."""
        names = (name for name in self._fields if name != "classes")
        return "".join(f"--{name.replace('_', '-')}:{getattr(self, name)};" for name in names)

    def drawn(self) -> dict[str, str]:
        """What an SVG has been drawn in: each colour, and the name of the page's variable for it.

        >>> THEMES["dark"].drawn()["#f1f5f9"]
        'text'
        """
        of_page = ("background", "local", "focus", "shadow", "classes")
        return {getattr(self, name): name for name in self._fields if name not in of_page}


THEMES = {
    "light": Theme(
        *("#ffffff", "#111827", "#6b7280", "#ffffff", "#e8eff7", "#fdf0cd", "#dff2dd"),
        *("#e5e7eb", "#f8fafc", "#b2182b", "#2166ac", "#f59e0b"),
        *("#0d9488", "#2563eb", "#00000040"),
        classes=("#b2182b", "#1a7f37", "#2166ac", "#9a6700", "#8250df"),
    ),
    "dark": Theme(
        *("#0f172a", "#f1f5f9", "#94a3b8", "#1e293b", "#22344f", "#4a3d17", "#1c4532"),
        *("#334155", "#151f35", "#f4777f", "#6cb4ee", "#fbbf24"),
        *("#2dd4bf", "#93c5fd", "#00000040"),
        classes=("#f4777f", "#4ac26b", "#6cb4ee", "#e3b341", "#c297ff"),
    ),
}


def drawn_theme(theme: str) -> str:
    """The theme that a picture is drawn in: for the reader's choice, the light one."""
    return "light" if theme == AUTO else theme


def in_dark(colour: str) -> str | None:
    """The dark theme's colour for a colour of the light one, or for a tint; None for any other.

    >>> in_dark("#2166ac"), in_dark(THEMES["light"].tint(0.5)), in_dark("#123456")
    ('#6cb4ee', '#89505d', None)
    """
    light, dark = THEMES["light"], THEMES["dark"]
    if name := light.drawn().get(colour):
        found: str = getattr(dark, name)
        return found
    for sign in (1.0, -1.0):
        if part := part_of(light.box, light.signed(sign), colour):
            return dark.tint(sign * part)
    return None


def page_colours(theme: str) -> str:
    """Style rules that give a page the colours of a theme as variables, or the reader's choice.

    >>> page_colours("dark")[:55]
    ':root { color-scheme: dark; --background:#0f172a;--text'
    """
    colours = THEMES[drawn_theme(theme)].variables()
    if theme != AUTO:
        return f":root {{ color-scheme: {theme}; {colours} }}"
    dark = THEMES["dark"].variables()
    return (
        f":root {{ color-scheme: light dark; {colours} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"
    )


def mix(ground: str, colour: str, part: float) -> str:
    """A colour laid over a ground."""
    pairs = zip(bytes.fromhex(ground[1:]), bytes.fromhex(colour[1:]), strict=True)
    return "#" + bytes(round(a + (b - a) * part) for a, b in pairs).hex()


def part_of(ground: str, colour: str, mixed: str) -> float:
    """How much of a colour was laid over a ground to give a mixture; 0 if nothing gives it."""
    a, b, c = (bytes.fromhex(code[1:]) for code in (ground, colour, mixed))
    k = max(range(3), key=lambda k: abs(b[k] - a[k]))  # where it can be told most exactly
    part = (c[k] - a[k]) / (b[k] - a[k])
    if not 0 <= part <= 1:
        return 0.0
    again = bytes.fromhex(mix(ground, colour, part)[1:])
    return part if all(abs(x - y) <= 1 for x, y in zip(again, c, strict=True)) else 0.0
