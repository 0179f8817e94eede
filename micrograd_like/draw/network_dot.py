"""The network view: neurons as circles in columns, every weight an edge.

Positions are given, and Graphviz draws at them.  Over a batch numbers are means.

>>> from micrograd_like import MLP
>>> picture(MLP(2, [3, 1])([1.0, -2.0])).title
'network: 2 inputs, 4 neurons'
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from micrograd_like.draw.dot import faintly, html, quote
from micrograd_like.draw.layout import Layout, Note, input_name, own_name, short
from micrograd_like.draw.legend import Entry, fills, parameters, signs, widths
from micrograd_like.draw.legend import legend as legend_table
from micrograd_like.draw.names import cut
from micrograd_like.draw.network import Connection, Network, Unit, Weight, mean
from micrograd_like.draw.numbers import strength
from micrograd_like.draw.render import Picture
from micrograd_like.draw.theme import EDGE_FONT, FONT, FONT_NAME, THEMES, Theme
from micrograd_like.draw.words import NO_GRADIENT
from micrograd_like.engine import Value
from micrograd_like.notation import exact, number, plural

__all__ = ["picture"]

THINNEST, WIDEST = 0.5, 4.0  # pixels, of edges
DENSE, WIDEST_DENSE = 120, 2.5  # of more edges than these
PALEST = 0.4  # of an edge's colour, how much the smallest number has
LEGEND = 600.0  # pixels: a legend in one line
LINE = 24.0  # pixels, from what is said below the network to the legend
BELOW = 20.0  # the network: edges that lead back
AROUND = 46.0  # pixels, from edge to edge where several lead from a unit to another
NO_GRADIENTS = "no gradients yet: call backward() on the root, then draw again"


def picture(
    roots: Value | Sequence[Value],
    inputs: Iterable[str | Value] = (),
    *,
    labels: Mapping[int, str] | None = None,
    flow: str = "backward",
    theme: Theme = THEMES["light"],
    format: str = "svg",  # noqa: A002 - Graphviz's word
    legend: bool = True,
) -> Picture:
    """The picture of the network in the graph that led to a root, or to several.

    ``inputs`` are names for inputs without a label, or leaves with labels, and ``labels`` what
    values are called, if not by their own labels.  Edges show weights where ``flow`` is
    ``"forward"``, and the weights' gradients where it is ``"backward"``.

    A ValueError tells that the graph has no neurons, or that there are not as many names as inputs.
    """
    network = Network.of([roots] if isinstance(roots, Value) else roots, inputs, labels)
    return _Writer(network, flow == "backward", theme, format, legend).picture()


class _Writer:
    """One picture being written."""

    def __init__(
        self,
        network: Network,
        backward: bool,
        theme: Theme,
        ending: str,
        legend: bool,
    ) -> None:
        self.network, self.backward, self.theme = network, backward, theme
        self.format, self.legend = ending, legend
        self.layout = Layout.of(network)
        self.shown = [
            link
            for link in network.connections
            if link.source in self.layout.spots and link.target in self.layout.spots
        ]
        sizes = (abs(self.number(link.weight) or 0.0) for link in network.connections)
        self.largest = max((size for size in sizes if size < math.inf), default=0.0)
        self.is_blank = all(math.isnan(x) for unit in network.units for x in unit.data)
        self.fills: dict[int, float] = {}  # the largest size in each column
        for unit in network.units:
            size = abs(mean(unit.data))
            if size < math.inf:
                self.fills[unit.column] = max(size, self.fills.get(unit.column, 0.0))

    def number(self, weight: Weight | None) -> float | None:
        """What an edge shows of its weight."""
        if weight is None:
            return None
        return weight.grad if self.backward else weight.data

    def picture(self) -> Picture:
        t, kinds = self.theme, Counter(unit.kind for unit in self.network.units)
        picture = Picture(
            format=self.format,
            graph_attr={
                "layout": "nop2", "bgcolor": t.background, "outputorder": "edgesfirst",
                "pad": "0.1", "fontname": FONT_NAME,
            },
            node_attr={
                "fontname": FONT_NAME, "fontsize": f"{EDGE_FONT}", "fontcolor": t.text,
                "shape": "plain",
            },
            edge_attr={"arrowsize": "0.5", "dir": "none"},
            title=f"network: {plural(kinds['input'], 'input')}, "
            f"{plural(kinds['neuron'], 'neuron')}",
        )  # fmt: skip
        for k in self.layout.spots:
            self.add_unit(picture, k, self.network.units[k])
        for k, note in enumerate(self.layout.notes):
            self.add_note(picture, f"t{k}", note)
        self.add_edges(picture)
        self.add_foot(picture)
        return picture

    # --- units and words

    def add_unit(self, picture: Any, k: int, unit: Unit) -> None:
        """A circle with what is beside it, or a box."""
        t, (x, y) = self.theme, self.layout.spots[k]
        about = quote(self.about(unit))
        if unit.kind == "result":
            self.add_label(picture, f"u{k}", x, y, self.result(unit), about)
            return
        size, value = self.layout.diameter, mean(unit.data)
        looks = {"shape": "circle", "style": "filled"}
        if unit.kind == "operation":
            looks = {"shape": "box", "style": "filled,rounded"}
        picture.node(
            f"u{k}", id=f"u{k}", fixedsize="true", pos=_point(x, y), tooltip=about,
            width=_inches(size), height=_inches(size), color=t.faint,
            label="" if self.is_blank else quote(short(value)),
            fillcolor=t.tint(strength(value, self.fills.get(unit.column, 0.0))) or t.box,
            **looks, **{"class": unit.kind},
        )  # fmt: skip
        if unit.kind == "input":
            room = -self.layout.left - size / 2 - 8
            name = (
                f'<table border="0" cellspacing="0" cellpadding="0"><tr><td width="{room:.0f}" '
                f'align="right"><font point-size="{FONT}">{html(input_name(unit))}</font></td>'
                "</tr></table>"
            )
            self.add_label(picture, f"n{k}", self.layout.left + room / 2, y, name, about)
        elif caption := self.caption(unit, k in self.layout.alone):
            self.add_label(picture, f"n{k}", x, y - size / 2 - 7, caption, about)

    def add_label(
        self, picture: Any, name: str, x: float, y: float, label: str, about: str = ""
    ) -> None:
        picture.node(name, id=name, pos=_point(x, y), label=f"<{label}>", tooltip=about or " ")

    def caption(self, unit: Unit, alone: bool) -> str:
        """What stands below a circle: its number or name in its layer, and its bias."""
        t, cells = self.theme, ""
        name = "" if alone and unit.kind == "neuron" else own_name(unit)
        if name:
            cells = f'<td bgcolor="{t.box}">&#160;{faintly(html(name), self.theme)}&#160;</td>'
        if unit.parameters:
            bias = unit.parameters[0]
            x, sign = self.number(bias), bias.name.rpartition(".")[2]
            words = html(f"∂{sign[:4]}" if self.backward else sign[:4])
            colour, said = t.signed(x) if x else t.text, "·" if x is None else short(x)
            cells += (
                f'<td bgcolor="{t.parameter}">&#160;{words} '
                f'<font color="{colour}">{said}</font>&#160;</td>'
            )
        table = f'<table border="0" cellspacing="0" cellpadding="0"><tr>{cells}</tr></table>'
        return table if cells else ""

    def result(self, unit: Unit) -> str:
        """The box of a result, with the group that it is of."""
        t, name = self.theme, html(cut(unit.name))
        of = unit.symbol not in ("", unit.name)
        group = f"<br/>{faintly(html(cut(unit.symbol)), self.theme)}" if of else ""
        return (
            f'<table border="0" cellborder="1" cellspacing="0" cellpadding="4" color="{t.faint}" '
            f'bgcolor="{t.box}"><tr><td bgcolor="{t.root}"><font point-size="{FONT}"><b>{name}</b>'
            f'</font>{group}</td></tr><tr><td><font point-size="{FONT}">'
            f"{number(mean(unit.data))}</font></td></tr></table>"
        )

    def add_note(self, picture: Any, name: str, note: Note) -> None:
        if note.words:
            below = f"<br/>{faintly(html(note.below), self.theme)}" if note.below else ""
            words = f'<font point-size="{FONT}">{html(note.words)}</font>{below}'
            self.add_label(picture, name, note.x, note.y, words, quote(note.names))

    def about(self, unit: Unit) -> str:
        """The tooltip of a unit: whole names and numbers."""
        data = exact(mean(unit.data))
        if len(unit.data) > 1:
            data = (
                f"{data}, the mean of {len(unit.data):,} "
                f"from {exact(min(unit.data))} to {exact(max(unit.data))}"
            )
        name = unit.name or unit.symbol
        words = [name if self.is_blank else f"{name} = {data}"]
        words += [_with_gradient(weight) for weight in unit.parameters]
        return "; ".join(words)

    # --- edges

    def add_edges(self, picture: Any) -> None:
        """All edges, those of small numbers below those of large ones."""
        together = Counter((link.source, link.target) for link in self.shown)
        met: Counter[tuple[int, int]] = Counter()
        drawn: list[tuple[float, int, Connection, float]] = []
        for link in self.shown:
            ends = link.source, link.target
            aside = met[ends] - (together[ends] - 1) / 2
            met[ends] += 1
            size = abs(self.number(link.weight) or 0.0)
            drawn.append((0.0 if math.isnan(size) else size, len(drawn), link, aside))
        for _, k, link, aside in sorted(drawn, key=lambda edge: edge[:2]):
            picture.edge(
                f"u{link.source}", f"u{link.target}", id=f"w{k}",
                tooltip=quote(self.why(link)), **self.line(link), **self.way(link, aside),
            )  # fmt: skip

    def line(self, link: Connection) -> dict[str, str]:
        """How an edge shows its number: by width, colour and dashes."""
        x = self.number(link.weight)
        line = {"color": self.theme.faint, "penwidth": f"{2 * THINNEST:g}"}
        if link.weight is not None and (x is None or math.isnan(x)):
            line["penwidth"] = f"{THINNEST:g}"
        elif x == 0:
            line |= {"penwidth": f"{THINNEST:g}", "style": "dotted"}
        elif x is not None:
            size = min(abs(x) / self.largest, 1.0) if self.largest else 1.0
            widest = WIDEST_DENSE if len(self.shown) > DENSE else WIDEST
            width = THINNEST + (widest - THINNEST) * size
            style = "solid" if x > 0 else "dashed"
            colour = self.theme.signed(x) + f"{round(255 * (PALEST + (1 - PALEST) * size)):02x}"
            line |= {"color": colour, "penwidth": f"{width:.2f}", "style": style}
        return line

    def way(self, link: Connection, aside: float) -> dict[str, str]:
        """The points of an edge: straight to the next column, else around what is between."""
        spots, r = self.layout.spots, self.layout.diameter / 2
        (x, y), (u, v) = spots[link.source], spots[link.target]
        ahead = self.ahead(link)
        if link.source == link.target:
            wide = 16 + 8 * aside
            points = [(x - 6, y + r - 2), (x - wide, y + r + 22), (x + wide, y + r + 22)]
            return _arrow([*points, (x + 7, y + r + 3)], (x + 6, y + r - 2))
        if ahead == 0:
            far = x + r + min(24 + abs(v - y) / 5, 60) + 6 * aside
            return _arrow([(x + r, y), (far, y), (far, v), (u + r + 5, v)], (u + r, v))
        if ahead < 0:
            low = self.layout.bottom - BELOW - 6 * aside
            return _arrow([(x, y - r), (x, low), (u, low), (u, v - r - 5)], (u, v - r))
        bow = aside * 14 + (0 if ahead == 1 else math.copysign(AROUND, y + v or 1.0))
        third = (u - x) / 3, (v - y) / 3
        points = [
            (x + k * third[0], y + k * third[1] + (bow if k in (1, 2) else 0)) for k in range(4)
        ]
        return {"pos": " ".join(_point(*point) for point in points)}

    def ahead(self, link: Connection) -> int:
        """How many columns an edge leads on; below 0 for one that leads back."""
        units = self.network.units
        return units[link.target].column - units[link.source].column

    def why(self, link: Connection) -> str:
        """The tooltip of an edge: the weight, what it is multiplied with, and the product."""
        source, target = (self.network.units[k] for k in (link.source, link.target))
        name = source.name or source.symbol
        if link.weight is None:
            return f"{name} is in {target.name or target.symbol}"
        if self.is_blank:
            return f"{_with_gradient(link.weight)}; times {name}"
        given = f"{'the mean of ' if link.calls > 1 else ''}{name} = {exact(link.given)}"
        return f"{_with_gradient(link.weight)}; times {given} is {exact(link.product or 0.0)}"

    # --- what is below the network

    def add_foot(self, picture: Any) -> None:
        """What is not in the picture, and the legend."""
        middle, y = (self.layout.left + self.layout.right) / 2, self.layout.bottom - 14
        if any(self.ahead(link) < 0 for link in self.shown):
            y -= BELOW
        told = ". ".join(words[0].upper() + words[1:] for words in self.remarks())
        if told:
            self.add_label(picture, "remarks", middle, y, faintly(html(told), self.theme))
            y -= LINE
        if self.legend:
            width = max(self.layout.right - self.layout.left, LEGEND)
            table = legend_table(self.theme, [*self.entries()], width)
            self.add_label(picture, "legend", middle, y, table)

    def entries(self) -> Iterator[Entry]:
        """The legend's entries."""
        t, what = self.theme, "gradient" if self.backward else "weight"
        yield from signs(t, what)
        yield widths(t, what)
        if not self.is_blank:
            yield fills(t, "activation")
        sign = "∂b" if self.backward else "b"
        yield parameters(t, sign, "bias's gradient" if self.backward else "bias")

    def remarks(self) -> Iterator[str]:
        """What a reader would otherwise take for something else."""
        network = self.network
        neurons = [unit for unit in network.units if unit.kind == "neuron"]
        calls = {len(unit.data) for unit in neurons}
        rows = calls | {len(unit.data) for unit in network.units if unit.kind == "input"}
        if len(rows) == 1 and max(calls) > 1:
            yield f"means over {max(calls):,} rows"
        elif max(calls) > 1:
            least = f"{min(calls):,} to " if len(calls) > 1 else ""
            yield f"means over the calls of each neuron, {least}{max(calls):,}"
        count, weights = len(network.connections), [link.weight for link in network.connections]
        if len(self.shown) < count:
            yield f"{count - len(self.shown):,} of {count:,} connections are not drawn"
        if network.elsewhere:
            yield f"{plural(network.elsewhere, 'parameter')} used outside of neurons, too"
        if network.leaves:
            yield f"{plural(network.leaves, 'further leaf', 'further leaves')} not drawn"
        if self.backward and not any(weight and weight.grad is not None for weight in weights):
            yield NO_GRADIENTS


def _with_gradient(weight: Weight) -> str:
    grad = NO_GRADIENT if weight.grad is None else f"grad {exact(weight.grad)}"
    return f"{weight.name} = {exact(weight.data)}, {grad}"


def _inches(pixels: float) -> str:
    return f"{pixels / 72:.4f}"


def _point(x: float, y: float) -> str:
    return f"{x:.2f},{y:.2f}"


def _arrow(points: Sequence[tuple[float, float]], tip: tuple[float, float]) -> dict[str, str]:
    """A curve with an arrowhead, for what goes back or stays in its column."""
    return {
        "pos": f"e,{_point(*tip)} " + " ".join(_point(*point) for point in points),
        "dir": "forward",
    }
