"""The DOT text of a picture: its tables, circles, edges and clusters, in a theme's colours.

A value is a small table: the operation that makes it, constants folded in, and its name; its data;
its gradient.  A sum has a row for each term.  The gradient flows along the edges, against the
arrows of the calculation: an edge is labelled with the local derivative, and is the wider, the
larger the product of the local derivative and the gradient it comes from.  Its colour is the sign,
red for positive and blue for negative; negative edges are dashed, too, with a hollow arrowhead, for
readers who see no colours.
"""

import math
from collections.abc import Iterator, Mapping, Set
from typing import Any, NamedTuple

from micrograd_like.draw.ids import cluster_id, edge_id, node_ids
from micrograd_like.draw.legend import (
    cells,
    legend,
    local_derivatives,
    parameters,
    signs,
    widths,
)
from micrograd_like.draw.numbers import Numbers, Scales, strength
from micrograd_like.draw.order import Row, keep_in_column, keep_in_order, rows_in_order
from micrograd_like.draw.outline import Link, Node, Outline
from micrograd_like.draw.render import Picture
from micrograd_like.draw.size import extent
from micrograd_like.draw.svg import markup
from micrograd_like.draw.theme import EDGE_FONT, FONT, FONT_NAME, THEMES, Theme
from micrograd_like.draw.words import GRADIENTS, Words, gradient_text, gradient_word, spread
from micrograd_like.engine import Value
from micrograd_like.notation import number, readable

__all__ = ["DIRECTIONS", "Drawing", "Frame", "Style", "faintly", "html", "quote"]

MOST = 1000  # characters of a tooltip
NARROWEST, WIDEST = 300.0, 800.0  # pixels, of a legend
SEARCH = "4"  # of a layout, rounds: usual graphs need fewer; one node used often, minutes
DIRECTIONS = {  # where edges leave and enter a value's table
    "LR": ("e", "w"),
    "RL": ("w", "e"),
    "TB": ("s", "n"),
    "BT": ("n", "s"),
}


class Style(NamedTuple):
    """How a graph is drawn, in all its pictures."""

    rankdir: str = "LR"
    theme: Theme = THEMES["light"]
    format: str = "svg"
    backward: bool = True  # whether gradients are drawn
    tooltips: bool = True
    legend: bool = False
    widths: Mapping[str, float] = {}  # of cells that get ids, in points: at least so wide


class Frame(NamedTuple):
    """What one picture of a graph shows; a moving picture has many."""

    numbers: Numbers
    before: Mapping[int, float] | None = None  # data to compare with, by the values' ids
    lit: Set[str] = frozenset()  # the ids of what a step is about
    partial: Set[int] = frozenset()  # the ids of values whose gradients are not complete yet
    heads: bool = True  # of arrows
    caption: str = ""  # an HTML-like label


class Drawing(NamedTuple):
    """An outline with its words, scales and style: what all its pictures have in common."""

    outline: Outline
    words: Words
    scales: Scales
    style: Style

    def picture(self, frame: Frame | None = None) -> Picture:
        """The picture of a moment; without one, of now."""
        return _Writer(self, frame or Frame(Numbers.of(self.outline.order))).picture()

    def local(self, link: Link) -> str:
        """The local derivative that a link's edges share, or how many edges they are."""
        if not self.style.backward or self.scales.dense:  # labels take room, which means detours
            return ""
        if self.outline.nodes[link.target].kind in ("group", "hidden"):
            return ""  # it would be the derivative of what is inside, which nobody sees
        locals_ = {edge.local for edge in link.edges}
        return number(locals_.pop()) if len(locals_) == 1 else f"× {len(link.edges):,}"

    def shape(self) -> list[Any]:
        """What two drawings of the same calculation have in common."""
        return [
            [(n.kind, n.name, n.group, [*map(_made, n.members)]) for n in self.outline.nodes],
            [(link.source, link.target, link.position) for link in self.outline.links],
        ]


def _made(v: Value) -> Any:
    """How a value is made: by a rule, with constants."""
    return v.rule and (v.rule.name, *(x for x in v.inputs if not isinstance(x, Value)))


class _Writer:
    """One picture being written."""

    def __init__(self, drawing: Drawing, frame: Frame) -> None:
        self.drawing, self.frame = drawing, frame
        self.outline, self.words, self.scales, self.style = drawing
        self.theme, self.numbers = self.style.theme, frame.numbers
        self.places = {name: k for k, name in enumerate(self.outline.parents, 1)}
        self.sides = DIRECTIONS[self.style.rankdir]
        self.is_upright = self.sides[0] in "ns"
        self.rows = rows_in_order(self.outline)
        # The first that is declared is drawn above all others, or, in an upright picture, behind.
        self.row_of: dict[str, tuple[int, Row]] = {
            name: (-place if self.is_upright else place, row)
            for row in self.rows
            for place, (name, _) in enumerate(row.groups)
        }

    def picture(self) -> Picture:
        t, dense, between = self.theme, self.scales.dense, self.scales.between
        picture = Picture(
            format=self.style.format,
            graph_attr={
                "rankdir": self.style.rankdir, "newrank": "true", "bgcolor": t.background,
                "nodesep": "0.12", "nslimit": SEARCH,
                "ranksep": "2" if dense else "0.6" if between else "0.3",
                "pad": "0.1", "fontname": FONT_NAME,
            },
            node_attr={"fontname": FONT_NAME, "fontsize": f"{FONT}", "fontcolor": t.text},
            edge_attr={"fontname": FONT_NAME, "fontsize": f"{EDGE_FONT}", "arrowsize": "0.6"},
            title=self.words.picture(),
            drawing=self.drawing, frame=self.frame,
        )  # fmt: skip
        if self.frame.caption:
            picture.attr(
                label=f"<{self.frame.caption}>", labelloc="t", labeljust="l", fontsize="13",
                fontcolor=t.text,
            )  # fmt: skip
        elif self.style.legend:
            picture.attr(
                label=f"<{self.legend()}>", labelloc="b", labeljust="l", fontsize=f"{EDGE_FONT}",
            )  # fmt: skip
        self.add_group(picture, "")
        for k, link in enumerate(self.outline.links):
            self.add_link(picture, k, link)
        for row in self.rows:
            keep_in_order(picture, row, sideways=self.is_upright, side=self.sides[1])
        return picture

    def legend(self) -> str:
        """What the colours, signs and numbers of this picture mean, as wide as the picture."""
        t, backward = self.theme, self.style.backward and self.frame.before is None
        kinds = {node.kind for node in self.outline.nodes}
        entries = cells(t, backward)
        if backward and not self.scales.dense:
            entries.append(local_derivatives(t))
        if backward:
            entries += [*signs(t, "gradient"), widths(t, "gradient")]
        if "parameter" in kinds:
            entries.append(parameters(t))
        many, shown = len(self.outline.order), self.outline.shown
        if shown < many:
            count = faintly(f"{shown:,} of {many:,}", self.theme)
            entries.append((count, "values have their own tables"))
        size = extent(self.outline, self.words)
        width = size[1] if self.is_upright else size[0]
        return legend(t, entries, min(max(width, NARROWEST), WIDEST))

    def add_group(self, graph: Any, group: str) -> None:
        """The nodes of an open group, and the groups within it, each a cluster, in their order."""
        closed = {}
        for k, node in enumerate(self.outline.nodes):
            if node.group == group and node.kind == "group" and node.name in self.row_of:
                closed[node.name] = k
            elif node.group == group:
                self.add_node(graph, k, node)
        inside = [*closed, *self.outline.clusters.get(group, [])]
        for name in sorted(inside, key=lambda name: self.row_of.get(name, (0,))[0]):
            if name in closed:
                k = closed[name]
                with graph.subgraph(name=f"cluster_of_{k}") as own:
                    keep_in_column(own, k, self.row_of[name][1])
                    self.add_node(own, k, self.outline.nodes[k])
            else:
                self.add_cluster(graph, name, group)

    def add_cluster(self, graph: Any, name: str, group: str) -> None:
        """An open group within another."""
        place, title = self.places[name], html(self.words.cluster(name, group))
        with graph.subgraph(name=f"cluster_{place}") as cluster:
            cluster.attr(
                id=cluster_id(place), label=f"<{title}>", labeljust="l", labelloc="t",
                style="rounded,filled", fontsize="12", fillcolor=self.theme.cluster,
                color=self.theme.faint, fontcolor=self.theme.faint,
            )  # fmt: skip
            self.add_group(cluster, name)

    # --- values and groups

    def add_node(self, graph: Any, k: int, node: Node) -> None:
        name = node_ids(k).node
        rows = "".join(self.table_rows(k, node))
        style = ' style="dashed"' if node.kind == "hidden" else ""
        border = self.theme.lit if name in self.frame.lit else self.theme.faint
        table = (
            f'<table border="0" cellborder="1" cellspacing="0" cellpadding="2"{style} '
            f'color="{border}" bgcolor="{self.theme.box}">{rows}</table>'
        )
        about = quote(self.words.about(node, self.numbers, self.style.backward))
        graph.node(
            name, id=name, shape="plain", label=f"<{table}>",
            tooltip=about if self.style.tooltips else None,
            **{"class": node.kind},
        )  # fmt: skip

    def table_rows(self, k: int, node: Node) -> Iterator[str]:
        yield self.head(node)
        if node.kind == "group":
            for word, count in self.words.counts(node):
                yield self.row(word, f"{count:,}")
        for place, (term, amount) in enumerate(self.words.terms(node, self.numbers)):
            yield self.row(term, amount, ports=f"{place}", strong=True)
        if node.kind != "hidden":
            word, data = "output" if node.kind == "group" else "data", self.numbers.data_of(node)
            yield self.row(word, spread(data), ports="cd", name=node_ids(k).data)
        if self.frame.before is not None:
            yield from self.moves(node, self.frame.before)
        elif self.style.backward and node.kind != "hidden":
            gradient = self.numbers.gradient_of(node)
            shown = gradient_text(gradient)
            if id(node.value) in self.frame.partial:
                shown = f"<i>{shown}</i>"
            tint = strength(gradient, self.scales.gradient) if node.output else 0.0
            word, name = gradient_word(node), node_ids(k).gradient
            yield self.row(word, shown, self.theme.tint(tint), ports="hg", name=name)
            inside = self.numbers.parameter_gradient_of(node)
            moves = bool(self.style.widths)  # then what is not known yet has its cell
            if inside is not None or (node.parameters and moves):
                of = f"{GRADIENTS[1]} of parameters"
                yield self.row(of, gradient_text(inside), name=node_ids(k).parameters)

    def head(self, node: Node) -> str:
        """The first rows: the operation's sign, if there is one, and the title; what is folded."""
        t, sign = self.theme, self.words.symbol(node)
        heads = {"leaf": t.leaf, "parameter": t.parameter, "root": t.root, "group": t.cluster}
        kind = "root" if self.outline.is_root(node) else node.kind
        colour = f' bgcolor="{heads[kind]}"' if kind in heads else ""
        title = "" if node.terms and not node.name else self.title(node)
        if sign and title:
            head = (
                f'<tr><td port="t" bgcolor="{t.operation}">{html(sign)}</td>'
                f"<td{colour}>{title}</td></tr>"
            )
        else:
            colour = colour or (f' bgcolor="{t.operation}"' if sign else "")
            head = f'<tr><td port="t" colspan="2"{colour}>{title or html(sign)}</td></tr>'
        formula = self.words.formula(node)
        if formula:
            words = faintly(f"<i>{html(formula)}</i>", self.theme)
            head += f'<tr><td colspan="2">{words}</td></tr>'
        return head

    def title(self, node: Node) -> str:
        """The title, bold where it is a name, with how many values it stands for."""
        title, many = self.words.title(node), len(node.outputs)
        several = many > 1 and node.kind not in ("group", "hidden")
        if not title:
            return faintly(f"{many:,} values", self.theme) if several else ""
        title, times = html(title), f" × {many:,}" if several else ""
        if node.kind == "group" or (node.name and node.kind != "hidden"):
            return f"<b>{title}</b>{times}"
        return faintly(f"<i>{title}</i>{times}", self.theme)

    def row(
        self, word: str, content: str, tint: str = "", ports: str = "", name: str = "",
        strong: bool = False,
    ) -> str:  # fmt: skip
        left, right = (f' port="{port}"' if port else "" for port in (ports[:1], ports[1:]))
        right += f' bgcolor="{tint}"' if tint else ""
        if name in self.style.widths:  # an id is only drawn where there is a link
            right += f' id="{name}" href="#" width="{self.style.widths[name]:g}"'
        return (
            f'<tr><td{left} align="left">{html(word) if strong else faintly(word, self.theme)}</td>'
            f'<td{right} align="right">{content}</td></tr>'
        )

    def moves(self, node: Node, before: Mapping[int, float]) -> Iterator[str]:
        """How far a node's data are from what they were; of several, the length of the way."""
        was, now = Numbers(dict(before), {}, {}).data_of(node), self.numbers.data_of(node)
        moves = [b - a for a, b in zip(was, now, strict=True)]
        if node.kind != "hidden":
            yield self.row("before", spread(was))
        if len(moves) == 1:
            tint = self.theme.tint(strength(moves[0], self.scales.move))
            yield self.row("moved", number(moves[0], sign=True), tint, ports="hg")
        else:
            yield self.row("|moved|", number(math.hypot(*moves)), ports="hg")

    # --- edges

    def add_link(self, picture: Any, k: int, link: Link) -> None:
        """The edge from a value into an operation, labelled with the local derivative."""
        source, target = (self.outline.nodes[at] for at in (link.source, link.target))
        from_, to = node_ids(link.source), node_ids(link.target)
        leave, enter = self.sides
        # The cells at the side of the table that an edge ends at; or else it would cross others.
        row = "hg" if self.style.backward else "cd"
        port = {"w": f"{row[0]}:", "n": ""}.get(leave, f"{row[1]}:")
        port = "t:" if source.kind == "hidden" and port else port
        into = f"{link.position}:" if target.terms and source.kind != "hidden" else "t:"
        into = into if enter in "wn" else ""
        # What is not known yet takes up its room all the same: a moving picture must not shake.
        t, known = self.theme, self.numbers.is_known(link)
        faint, colour = (t.faint, t.text) if known else (t.background, t.background)
        label = self.drawing.local(link)
        sign = f'<font color="{faint}">∂</font>&#160;' if label[:1] != "×" else ""
        labelled = {"label": f"<{sign}{label}>"} if label else {}
        why = quote(self.words.why(link, self.numbers, self.style.backward))
        picture.edge(
            f"{from_.node}:{port}{leave}",
            f"{to.node}:{into}{enter}",
            id=edge_id(k), **labelled, fontcolor=colour,
            **self.flow(edge_id(k), self.numbers.product_of(link)),
            tooltip=why if self.style.tooltips else None,
        )  # fmt: skip

    def flow(self, name: str, product: float | None) -> dict[str, str]:
        """How an edge shows what flows along it: by width, colour, dashes and arrowhead."""
        flow = {"color": self.theme.faint, "penwidth": f"{self.scales.thinnest}"}
        if self.style.backward:
            flow["dir"] = "back" if self.frame.heads else "none"
        if not self.style.backward or product is None or math.isnan(product):
            product = None
        if product is not None:
            flow["style"] = "dotted" if not product else "solid" if product > 0 else "dashed"
        if product:
            flow["color"] = self.theme.signed(product)
            flow["penwidth"] = f"{self.scales.width(product):.2f}"
            flow["arrowtail"] = "normal" if product > 0 else "empty"
        if name in self.frame.lit:
            flow["color"] = self.theme.lit
        return flow


def html(words: str) -> str:
    """Words in an HTML-like label, with nothing in them that is markup.

    A text that is ]] alone would end up in the cell behind its own: Graphviz takes it for markup.
    """
    safe = markup(words.replace("\n", " ")).replace("]", "&#93;")
    return safe.replace("\\", "\\\\") or "&#160;"


def faintly(words: str, theme: Theme) -> str:
    """Words in an HTML-like label that are less than others."""
    return f'<font color="{theme.faint}">{words}</font>'


def quote(words: str) -> str:
    """Words in a quoted string of DOT, where backslashes and entities mean something."""
    cut = words if len(words) <= MOST else words[: MOST - 1] + "…"
    safe = readable(cut).replace("&", "&amp;").replace("\\", "\\\\")
    return safe if not safe.startswith("<") else " " + safe
