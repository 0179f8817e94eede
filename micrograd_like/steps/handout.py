r"""A handout of backprop's steps, for paper: LaTeX source, or a PDF with the picture of the graph.

A form with blanks leaves out the numbers, for students to fill in; the solution is on a new page.

>>> from micrograd_like.engine import Value
>>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
>>> for part, rows in parts(Steps(a * b)):
...     print(part, *rows, sep="\n")
Forward
(1, 'v1 = a · b', '2 · (−3) = −6')
Backward
(2, 'v1.grad = ∂v1/∂v1', '1')
(3, 'a.grad += ∂v1/∂a · ∂v1/∂v1', 'b · 1 = −3 · 1 = −3')
(4, 'b.grad += ∂v1/∂b · ∂v1/∂v1', 'a · 1 = 2 · 1 = 2')
>>> print(latex("a.grad += ∂v1/∂a · b₂²"))
{a}.\textit{grad} \mathrel{+{=}} \dfrac{\partial {v_{1}}}{\partial {a}} \cdot {b}_{2}{}^{2}{}
"""

import io
import re
import unicodedata
from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import Any

from micrograd_like.arguments import extra
from micrograd_like.draw import FONT, Expressions, Picture, picture_bytes
from micrograd_like.notation import PARTIAL, TIMES, number, one_line
from micrograd_like.steps.pages import svg_size
from micrograd_like.steps.sequence import Steps

__all__ = ["latex", "parts", "pdf", "tex"]

LONGEST = 200  # characters of a step's formula, and of a name
WHOLE = 600  # characters of the formula of all; LaTeX has no more than 255 powers of powers
Size = tuple[float, float]  # a width and a height
Row = tuple[int, str, str]  # a step's number, its formula, and the same with numbers

# LaTeX has letters of its own for these.
SIGNS = {
    "·": r"\cdot", "×": r"\times", "−": "-", "∂": r"\partial", "∞": r"\infty", "…": r"\dots",
    "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "Σ": r"\Sigma", "+=": r"\mathrel{+{=}}",
    "′": r"{}^{\prime}{}", "%": r"\mathbin{\%}",
} | {
    chr(code): "\\" + unicodedata.name(chr(code)).split()[-1].lower().replace("lamda", "lambda")
    for code in range(ord("α"), ord("ω") + 1) if chr(code) not in "ος"
} | {
    "Γ": r"\Gamma", "Δ": r"\Delta", "Θ": r"\Theta", "Λ": r"\Lambda", "Ξ": r"\Xi", "Π": r"\Pi",
    "Υ": r"\Upsilon", "Φ": r"\Phi", "Ψ": r"\Psi", "Ω": r"\Omega", " ": r"\ ",
}  # fmt: skip
ESCAPES = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    **{sign: f"\\{sign}" for sign in "#$%&_{}"},
}  # fmt: skip
PLAIN = re.compile(r"[0-9()\[\]+=/<>|*,.:;!?]")  # mean in a formula what they are
DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹−", "01234567890123456789-")
PIECE = re.compile(
    rf"(?P<partial>{PARTIAL})"
    r"|(?P<number>[0-9][0-9.]*)e(?P<exponent>−?[0-9]+)"
    r"|(?P<function>[A-Za-z][A-Za-z0-9_]*)(?=\()"
    r"|(?P<name>[A-Za-zÀ-ÖØ-öø-ž][A-Za-zÀ-ÖØ-öø-ž0-9_]*)"
    r"|(?P<lower>[₀-₉]+)|(?P<upper>[⁰¹²³⁴-⁹]+)|(?P<sign> ?\+= ?| ?[^\s\w] ?|\S|\s)"
)
# What an exponent begins with: a number, a name, a function's name, a variable's places.
RAISED = re.compile(r"−?[\w.′'…∞]*(?:\[\d+\])*")
BRACKET = re.compile(r"[()]")
ACCENTS = "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0327"
LETTERS = 0x180  # the first letter that LaTeX has none of
WHOLE_LETTERS = "ßæøœłıÆØŒŁ"  # that have no accents
UNKNOWN = r"\DeclareUnicodeCharacter{%04X}{\texttt{[U+%04X]}}"
DOCUMENT = r"""\documentclass{article}
\usepackage[margin=22mm]{geometry}
\usepackage{amsmath, array, booktabs, longtable}
%s\setlength{\parindent}{0pt}
\pagestyle{empty}
\begin{document}
%s
\end{document}
"""
TABLE = r"""\begin{longtable}{@{}r>{\raggedright\arraybackslash}p{%s\textwidth}%%
>{\raggedright\arraybackslash}p{%s\textwidth}@{}}
\multicolumn{3}{@{}l}{\large\bfseries %s} \\[1ex] \toprule
& formula & numbers \\ \midrule \endfirsthead
\toprule
& formula & numbers \\ \midrule \endhead
%s
\bottomrule
\end{longtable}"""

GIVEN = "Given: "
A4 = 8.27, 11.69  # inches
LEFT, TOP, LOWEST = 0.75, 0.85, 0.85  # inches that are left free: Letter has all of the rest, too
WIDE, HIGH = 6.77, 4.5  # inches that texts have, and a picture at most if that is not too small
READABLE = 7.0  # points of a picture's text, at least
TURNED = {"LR": "TB", "RL": "BT", "TB": "LR", "BT": "RL"}
COLUMNS = 0.0, 0.35, 2.9  # inches, where a step's number, formula and numbers begin
SIZE, LETTER = 8.5, 0.602  # points of a letter, and how wide it is, as a part of that
SPARE = 0.1  # inches around a picture
ROW = 0.6  # inches of a row with its line
ROOM, DOTS = 0.2, "." * 53  # inches above a line to write on, and the line
DPI = 300


def parts(steps: Steps) -> Iterator[tuple[str, list[Row]]]:
    """The forward and the backward steps, those that there are."""
    rows: dict[str, list[Row]] = {"Forward": [], "Backward": []}
    for step in steps:
        sides = [side if isinstance(side, str) else TIMES.join(side) for side in step.equation]
        first = f"{sides[0]} {step.relation} {sides[1]}"
        others = " = ".join(sides[2:]) + (f", now {step.sum}" if step.sum else "")
        row = step.number, one_line(first, LONGEST), one_line(others, LONGEST)
        rows["Forward" if step.phase == "forward" else "Backward"].append(row)
    return ((part, found) for part, found in rows.items() if found)


def expression(steps: Steps) -> str:
    """What is computed, from the leaves alone."""
    names = {id(v): one_line(steps.name(v), LONGEST) for v in steps.order}
    labels = {id(v): "" if v.inputs else names[id(v)] for v in steps.order}
    whole = Expressions(steps.order, longest=WHOLE, labels=labels)[id(steps.root)]
    return one_line(f"{names[id(steps.root)]} = {whole}", WHOLE)


def given(steps: Steps) -> list[str]:
    """The numbers that the leaves have."""
    leaves = (v for v in steps.order if not v.inputs)
    return [one_line(f"{steps.name(v)} = {number(v.data)}", LONGEST) for v in leaves]


def sheets(blanks: bool) -> list[tuple[str, bool]]:
    """The title of each sheet, and whether its numbers are left out."""
    return [("Exercise", True), ("Solution", False)] if blanks else [("Backprop", False)]


def latex(text: str) -> str:
    """What notation writes, for a formula of LaTeX; what has no meaning there stands as it is."""
    written, at = [], 0
    while at < len(text):
        end = _exponent_end(text, at + 1) if text[at] == "^" else 0
        if end > at + 1:
            raised = text[at + 1 : end]
            raised = raised[1:-1] if raised[0] == "(" else raised
            written.append(f"^{{{latex(raised)}}}{{}}")
        else:
            match = PIECE.match(text, at)
            assert match is not None
            written.append(_latex(match))
            end = match.end()
        at = end
    return "".join(written).strip()


def _exponent_end(text: str, start: int) -> int:
    """Where an exponent ends: a number, a name, a function's call, or what is in brackets."""
    match = RAISED.match(text, start)
    assert match is not None
    if text[match.end() : match.end() + 1] != "(":
        return match.end()
    depth = 0
    for bracket in BRACKET.finditer(text, match.end()):
        depth += 1 if bracket[0] == "(" else -1
        if not depth:
            return bracket.end()
    return start  # none that is whole


def _latex(match: re.Match[str]) -> str:
    kind, text = match.lastgroup, match[0]
    if kind == "partial":
        above, below = text.split("/")
        return rf"\dfrac{{{latex(above)}}}{{{latex(below)}}}"
    if kind == "exponent":
        exponent = match["exponent"].translate(DIGITS)
        return rf"{match['number']} \cdot 10^{{{exponent}}}{{}}"
    if kind == "function":
        return rf"\operatorname{{{escaped(text)}}}"
    if kind == "name":
        return f"{{{text}}}" if len(text) == 1 and text.isascii() else _name(text)
    if kind in ("lower", "upper"):
        return f"{'_' if kind == 'lower' else '^'}{{{text.translate(DIGITS)}}}{{}}"
    sign = text.strip() or " "
    if text == " −":  # behind a word: a number's own, nothing is taken off
        return r"\ {-}"
    if sign in SIGNS:
        word = SIGNS[sign] + " " * SIGNS[sign][-1].isalpha()
        return f" {word.strip()} " if len(text) > len(sign) else word
    return text if PLAIN.fullmatch(sign) else rf"\text{{{escaped(text)}}}"


def _name(name: str) -> str:
    numbered = re.fullmatch("([A-Za-z])([0-9]+)", name)
    return f"{{{numbered[1]}_{{{numbered[2]}}}}}" if numbered else rf"\textit{{{escaped(name)}}}"


def escaped(text: str) -> str:
    """Text that LaTeX shows as it is."""
    return "".join(ESCAPES.get(sign, sign) for sign in text)


def tex(steps: Steps, blanks: bool = False) -> bytes:
    """The handout as LaTeX source, which needs packages alone that every LaTeX has."""
    about = [rf"{{\large\raggedright ${latex(expression(steps))}$\par\medskip}}"]
    about += [GIVEN + ", ".join(f"${latex(each)}$" for each in given(steps))]
    pages = []
    for title, empty in sheets(blanks):
        tables = [
            TABLE % (0.38, 0.54, part, "\n".join(_row(*row, empty) for row in rows))
            for part, rows in parts(steps)
        ]
        pages.append("\n\n".join([rf"\section*{{{title}}}", *about, *tables]))
    body = "\n\n\\newpage\n".join(pages)
    return (DOCUMENT % (declared(body), body)).encode()


def _row(place: int, formula: str, numbers: str, empty: bool) -> str:
    strut = r"\rule[-4mm]{0pt}{11mm}" if empty or "∂" in formula else r"\rule[-2mm]{0pt}{6mm}"
    filled = r"\dotfill" if empty else f"${latex(numbers)}$"
    return rf"{place} & {strut}${latex(formula)}$ & {filled} \\"


def declared(body: str) -> str:
    """What pdfLaTeX is told of characters that it has no letters for: it would stop at them."""
    unknown = {x for x in body if x > "\x7f" and not _has_letter(x)}
    lines = [UNKNOWN % (ord(x), ord(x)) for x in sorted(unknown)]
    return "\n".join([r"\ifdefined\DeclareUnicodeCharacter", *lines, "\\fi\n"]) if lines else ""


def _has_letter(sign: str) -> bool:
    if sign in WHOLE_LETTERS:
        return True
    parted = unicodedata.normalize("NFD", sign)
    return ord(sign) < LETTERS and len(parted) == 2 and parted[0].isascii() and parted[1] in ACCENTS


class Paper:
    """Pages of a PDF, written from the top, a new one where there is no room."""

    def __init__(self, pages: Any) -> None:
        self.pages = pages
        self.page: Any = None
        self.at = 0.0  # inches from the page's bottom, above which all is written
        self.size = A4

    def turn(self) -> None:
        """Finish the page."""
        if self.page is not None:
            self.pages.savefig(self.page)
        self.page = None

    def take(self, height: float, below: float = 0.0, size: Size = A4) -> float:
        """So much of the height of a page of a size, which has this room below it, too.

        Returns where its bottom is.
        """
        from matplotlib.figure import Figure

        if self.page is None or self.size != size or self.at - height - below < LOWEST:
            self.turn()
            self.page, self.at, self.size = Figure(figsize=size), size[1] - TOP, size
        self.at -= height
        return self.at

    def write(self, *cells: str, size: float = SIZE, room: float = 0.0, below: float = 0.0) -> None:
        """A row of texts, each in its column; what is too long goes on below."""
        starts = COLUMNS[: len(cells)]
        ends = [*COLUMNS[1 : len(cells)], WIDE]
        columns = [
            wrap(text, int((end - start) * 72 / (size * LETTER)) - 1)
            for text, start, end in zip(cells, starts, ends, strict=True)
        ]
        high = size * 1.4 / 72 * max(map(len, columns))
        top = self.take(high + size * 0.5 / 72 + room, below) + high
        for start, column in zip(starts, columns, strict=True):
            self.page.text(
                (LEFT + start) / A4[0], top / A4[1], "\n".join(column), size=size, va="top",
                family="DejaVu Sans Mono", linespacing=1.2, parse_math=False,
            )  # fmt: skip

    def draw(self, picture: Picture) -> None:
        """A picture, turned where else its text would be small, and smaller where it must be."""
        from matplotlib.image import imread

        drawn, room, page = self.arranged(picture)
        drawn.attr(size=f"{room[0]},{room[1]}")  # at most
        image = imread(io.BytesIO(picture_bytes(drawn.source, "png", dpi=DPI)), format="png")
        high, wide = (pixels / DPI for pixels in image.shape[:2])
        bottom = self.take(high + SPARE, size=page) + SPARE / 2
        axes = self.page.add_axes(
            (LEFT / page[0], bottom / page[1], wide / page[0], high / page[1])
        )
        axes.imshow(image, aspect="auto", interpolation="none")
        axes.axis("off")

    def arranged(self, picture: Picture) -> tuple[Picture, Size, Size]:
        """A picture, its room and its page: the first way to place it in which it can be read.

        It stands as it is or turned, on this page or one of its own, upright or not; where all of
        these are too small, it is as large as can be.
        """
        style = picture.drawing.style
        across = style._replace(rankdir=TURNED[style.rankdir])
        turned = picture.drawing._replace(style=across).picture(picture.frame)
        drawn = [
            (each, svg_size(picture_bytes(each.source, "svg").decode()))
            for each in (picture, turned)
        ]
        heights = HIGH, self.at - LOWEST - SPARE, A4[1] - TOP - LOWEST - SPARE
        places: list[tuple[Size, Size]] = [((WIDE, height), A4) for height in heights]
        places.append(((A4[1] - 2 * LEFT, A4[0] - TOP - LOWEST - SPARE), (A4[1], A4[0])))

        def letter(way: tuple[Picture, Size, Size, Size]) -> float:
            _, (wide, high), room, _ = way
            return min(READABLE, FONT * 72 * min(room[0] / wide, room[1] / high))

        ways = [(each, size, room, page) for room, page in places for each, size in drawn]
        best, _, room, page = max(ways, key=letter)
        return best, room, page


def pdf(steps: Steps, pictures: Iterable[Picture], blanks: bool = False) -> bytes:
    """The handout as PDF, with a picture on each sheet."""
    what = "a handout as .pdf needs matplotlib, and one as .tex does not"
    module = extra("matplotlib.backends.backend_pdf", "demo", what)
    file = io.BytesIO()
    with module.PdfPages(file, metadata={"CreationDate": None}) as pages:
        paper = Paper(pages)
        for (title, empty), picture in zip(sheets(blanks), pictures, strict=True):
            paper.write(title, size=15)
            paper.write(expression(steps), size=11)
            paper.write(GIVEN + ", ".join(given(steps)))
            paper.draw(picture)
            for part, rows in parts(steps):
                paper.write(part, size=11, room=0.1, below=ROW)
                for place, formula, numbers in rows:
                    paper.write(f"{place}", formula, DOTS if empty else numbers, room=ROOM * empty)
            paper.turn()
    return file.getvalue()
