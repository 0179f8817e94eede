"""The arrays view: a graph as the few arrays that it is made of, each a box with heat maps.

What :func:`micrograd_like.structure` finds is drawn in the names and formulas that it prints.  A
box has an array's name, shape and formula, and its data and gradients as small maps: red where they
are positive, blue where negative, on one scale for all data and on one for all gradients.
"""

import re
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from micrograd_like.draw.array_boxes import Box, Rest, boxes_of
from micrograd_like.draw.dot import DIRECTIONS, html, quote
from micrograd_like.draw.heat_map import cells, heat_map, largest, scale_bar
from micrograd_like.draw.legend import Entry, parameters
from micrograd_like.draw.legend import legend as legend_table
from micrograd_like.draw.names import cut
from micrograd_like.draw.render import Picture
from micrograd_like.draw.theme import EDGE_FONT, FONT, FONT_NAME, THEMES, Theme
from micrograd_like.draw.words import NO_GRADIENT, NOTHING
from micrograd_like.engine import Value
from micrograd_like.notation import MINUS, exact, number, plural

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

__all__ = ["picture"]

LINE, LINES = 22, 4  # characters of a formula in one line, and lines
NARROW = 4  # columns of maps that stand side by side
RANKS = 8  # of boxes, one after the other, that have room beside each other
HEADS = {  # the theme's colours of kinds of boxes
    "leaf": "leaf", "constants": "leaf", "parameter": "parameter", "root": "root",
    "value": "operation",
}  # fmt: skip
PREFIX = f"(Σ|max|[+·⊙/{MINUS}]) "  # what stays with the word behind it
ACROSS = 560.0  # pixels of the legend, about: no wider than most pictures


def picture(
    roots: Value | Sequence[Value],
    inputs: Sequence[Value] = (),
    *,
    flow: str = "backward",
    theme: Theme = THEMES["light"],
    format: str = "svg",  # noqa: A002 - Graphviz's word
    rankdir: str = "LR",
    legend: bool = True,
) -> Picture:
    """The picture of a graph's arrays, those nearest to the roots.

    ``inputs`` are leaves that have one number for each row of data.  Where more than eight boxes
    follow each other, they go from the top to the bottom, as they would be wider than a page.

    >>> from micrograd_like import MLP
    >>> "layer0.neuron" in picture(MLP(2, [4, 1])([1.0, -2.0])).source
    True

    Raises a ValueError for a graph that has no arrays to show, an ImportError where there is no
    NumPy, and what :func:`micrograd_like.structure` raises.
    """
    boxes, rest = boxes_of(roots, inputs)
    if rankdir in ("LR", "RL") and _ranks(boxes) > RANKS:
        rankdir = "TB"
    return _Writer(boxes, rest, theme, flow, rankdir).picture(format, legend)


def _ranks(boxes: Sequence[Box]) -> int:
    """How many boxes follow each other at most."""
    ranks: list[int] = []
    for box in boxes:
        ranks.append(max((ranks[k] for k in box.sources), default=int(box.reads_hidden)) + 1)
    return max(ranks)


class _Writer:
    """A picture being written."""

    def __init__(self, boxes: list[Box], rest: Rest, theme: Theme, flow: str, rankdir: str) -> None:
        self.boxes, self.rest, self.theme, self.rankdir = boxes, rest, theme, rankdir
        has_gradients = any(box.known for box in boxes)
        self.backward = flow == "backward" and has_gradients
        self.waits = flow == "backward" and not has_gradients
        maps = [box for box in boxes if box.data.size > 1]
        grads = [box.grads for box in maps if self.backward and box.grads is not None]
        self.scales = {  # the largest number of the maps of each kind
            word: max(largest(cells(of)[0]) for of in numbers)
            for word, numbers in (("data", [box.data for box in maps]), ("grad", grads))
            if numbers
        }

    def picture(self, format: str, legend: bool) -> Picture:  # noqa: A002
        t = self.theme
        roots = ", ".join(cut(box.name) for box in self.boxes if box.roots)
        picture = Picture(
            format=format,
            graph_attr={
                "rankdir": self.rankdir, "bgcolor": t.background, "nodesep": "0.14",
                "ranksep": "0.25", "pad": "0.15", "fontname": FONT_NAME,
                "fontsize": f"{EDGE_FONT}",
            },
            node_attr={
                "fontname": FONT_NAME, "fontsize": f"{FONT}", "fontcolor": t.text,
                "shape": "plain",
            },
            edge_attr={"color": t.faint, "arrowsize": "0.6", "penwidth": "1.2"},
            title=f"the arrays of {roots}",
        )  # fmt: skip
        if legend:
            table = legend_table(t, list(self.legend()), width=ACROSS)
            picture.attr(label=f"<{table}>", labelloc="b", labeljust="l")
        for k, box in enumerate(self.boxes):
            picture.node(
                f"a{k}", f"<{self.table(box)}>", id=f"a{k}", tooltip=quote(self.about(box)),
                **{"class": box.kind},
            )  # fmt: skip
        if self.rest.arrays:
            picture.node(
                "rest", f"… {plural(self.rest.arrays, 'more array')}", id="rest", shape="box",
                style="dashed", color=t.faint, fontcolor=t.faint,
                tooltip=f"{plural(self.rest.values, 'value')} in them", **{"class": "hidden"},
            )  # fmt: skip
        self.add_edges(picture)
        return picture

    def add_edges(self, picture: Picture) -> None:
        """From each box to those that are computed from it."""
        leave, enter = DIRECTIONS[self.rankdir]
        for k, box in enumerate(self.boxes):
            for source in box.sources:
                # What is computed goes straight through the picture, with leaves at its sides.
                look = {"weight": "9"} if self.boxes[source].formula else {"penwidth": "0.8"}
                picture.edge(f"a{source}:{leave}", f"a{k}:{enter}", **look)
            if box.reads_hidden:
                picture.edge("rest", f"a{k}:{enter}", style="dashed")

    # --- a box

    def table(self, box: Box) -> str:
        """The box: its name and shape, its formula, its numbers."""
        t = self.theme
        head: str = getattr(t, HEADS[box.kind])
        name = f"<b>{html(cut(box.name))}</b>"
        name += f"  {self.small(box.sizes)}" if box.sizes else ""
        rows = [f'<td colspan="2" bgcolor="{head}">{name}</td>']
        if box.formula:
            lines = "<br/>".join(map(html, _lines(box.formula)))
            rows.append(f'<td colspan="2">{lines}</td>')
        if box.roots and box.roots < box.data.size:
            rows.append(self.note(plural(box.roots, "root") + " among them"))
        rows += self.value(box) if box.data.size == 1 else self.maps(box)
        return (
            f'<table border="1" cellborder="0" cellspacing="0" cellpadding="3" color="{t.faint}" '
            f'bgcolor="{t.box}">{"".join(f"<tr>{row}</tr>" for row in rows)}</table>'
        )

    def value(self, box: Box) -> Iterator[str]:
        """The rows of one value: its numbers."""
        yield self.row("data", number(box.data.item()))
        if self.backward:
            yield self.row("grad", NOTHING if box.grads is None else number(box.grads.item()))

    def maps(self, box: Box) -> Iterator[str]:
        """The rows of several values: maps, side by side unless they are wide."""
        maps = [self.map("data", box.data)]
        if self.backward and box.grads is not None:
            maps.append(self.map("grad", box.grads))
        across = self.rankdir in ("TB", "BT") or box.data.shape[1] <= NARROW
        if across and len(maps) > 1:
            yield "".join(f"<td>{of}</td>" for of in maps)
        else:
            yield from (f'<td colspan="2">{of}</td>' for of in maps)
        if self.backward and box.kind != "constants" and box.known < box.data.size:
            yield self.note(f"{plural(box.known, 'gradient')} known" if box.known else NO_GRADIENT)
        _, block = cells(box.data)
        if block != (1, 1):
            yield self.note(f"cells: means of {block[0]}×{block[1]}")

    def map(self, word: str, numbers: "Numbers") -> str:
        """A map with a word above it."""
        shown = self.small("all 0")
        if numbers.any():
            shown = heat_map(cells(numbers)[0], self.scales[word], self.theme)
        return (
            '<table border="0" cellborder="0" cellspacing="0" cellpadding="1">'
            f"<tr><td>{self.small(word)}</td></tr><tr><td>{shown}</td></tr></table>"
        )

    def row(self, word: str, content: str) -> str:
        return f'<td align="left">{self.small(word)}</td><td align="right">{content}</td>'

    def note(self, words: str) -> str:
        return f'<td colspan="2">{self.small(words)}</td>'

    def small(self, words: str) -> str:
        return f'<font color="{self.theme.faint}" point-size="{EDGE_FONT}">{words}</font>'

    def about(self, box: Box) -> str:
        """The tooltip: the whole formula, and all digits."""
        words = [str(box) if box.formula else box.name]
        if box.data.size > 1:
            words.append(f"{box.sizes}: {box.data.size:,} values")
        words.append(f"data {_spread(box.data)}")
        if self.backward and box.kind != "constants":
            words.append(NO_GRADIENT if box.grads is None else f"grad {_spread(box.grads)}")
        return "; ".join(words)

    # --- the legend

    def legend(self) -> Iterator[Entry]:
        """What the colours mean, and how large the graph is."""
        if self.scales:
            ends = ", ".join(f"{word} ±{number(most)}" for word, most in self.scales.items())
            yield scale_bar(self.theme), f"negative to positive; at the ends {ends}"
        if any(box.kind == "parameter" for box in self.boxes):
            yield parameters(self.theme)
        yield "", "; ".join(self.counts())

    def counts(self) -> Iterator[str]:
        """What there is to say of the whole graph."""
        yield plural(self.rest.operations, "operation")
        if self.rest.repeated:
            yield self.rest.repeated
        if any(box.moves for box in self.boxes):
            yield "n rows: numbers of the one recorded"
        if self.waits:
            yield NO_GRADIENT


def _lines(formula: str) -> list[str]:
    """A formula in lines that begin with an operator, terms in one line where they are short."""
    terms = re.split(f" (?=[+{MINUS}] )", formula)
    bound = (
        term.replace(" ", "\xa0") if len(term) <= LINE else re.sub(PREFIX, "\\1\xa0", term)
        for term in terms
    )
    return wrap(" ".join(bound), LINE, max_lines=LINES, placeholder=" …")


def _spread(numbers: "Numbers") -> str:
    """One number, or the least, the largest and the mean, with all digits."""
    import numpy as np

    if numbers.size == 1:
        return exact(numbers.item())
    with np.errstate(invalid="ignore"):  # of ∞ and −∞
        mean = float((numbers / numbers.size).sum())  # divided first: the sum does not overflow
    low, high = float(numbers.min()), float(numbers.max())
    return f"from {exact(low)} to {exact(high)}, mean {exact(mean)}"
