"""The picture of a computation graph, with the gradient flowing back through it.

A value is a small table: its name, its data, its gradient.  An operation is a circle, constants
folded into it.  The gradient flows along the edges, against the arrows of the calculation: an edge
is labelled with the local derivative, and is the wider, the larger the product of the local
derivative and the gradient it comes from.  Its colour is the sign, red for positive and blue for
negative; negative edges are dashed, too, with a hollow arrowhead, for readers who see no colours.

>>> a, b = Value(2.0, "a"), Value(-3.0, "b")
>>> loss = (a * b + 1).tanh()
>>> loss.backward()
>>> picture = draw_dot(loss)
>>> picture.save("loss.svg")                                    # doctest: +SKIP
'loss.svg'
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from micrograd_like import notation
from micrograd_like.arguments import choice, whole
from micrograd_like.draw.outline import Link, Node, Outline, prefixes
from micrograd_like.engine import Value
from micrograd_like.graph import NOT_COMPUTED, chain_product, edges
from micrograd_like.notation import Term, number, readable

if TYPE_CHECKING:
    from micrograd_like.draw.render import Picture

__all__ = ["THEMES", "Drawing", "Numbers", "Theme", "draw_difference", "draw_dot"]

LONGEST = 24  # characters of a name in a picture; the tooltip has all of them
DENSE = 20  # edges between groups: with more of them, labels would be most of the picture
MOST = 1000  # characters of a tooltip
SEARCH = "4"  # of a layout, rounds: usual graphs need fewer; one node used often, minutes
NOTHING = "·"  # where a number is not known yet
WIDEST = 4.5  # points, of the edge with the largest product
DIRECTIONS = {  # where edges leave and enter a value's table
    "LR": ("e", "w"),
    "RL": ("w", "e"),
    "TB": ("s", "n"),
    "BT": ("n", "s"),
}


class Theme(NamedTuple):
    """The colours of a picture."""

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


THEMES = {
    "light": Theme(
        *("#ffffff", "#111827", "#6b7280", "#ffffff", "#e8eff7", "#fdf0cd", "#dff2dd"),
        *("#e5e7eb", "#f8fafc", "#b2182b", "#2166ac", "#f59e0b"),
    ),
    "dark": Theme(
        *("#0f172a", "#f1f5f9", "#94a3b8", "#1e293b", "#22344f", "#4a3d17", "#1c4532"),
        *("#334155", "#151f35", "#f4777f", "#6cb4ee", "#fbbf24"),
    ),
}


class Numbers(NamedTuple):
    """What is known at a moment of the values and edges of a graph, by their ids."""

    data: dict[int, float]
    grads: dict[int, float]
    products: dict[tuple[int, int], float]  # the chain rule's, by the value it is from and position

    @classmethod
    def of(cls, order: Iterable[Value]) -> "Numbers":
        """All that a graph's values hold now."""
        now = cls({}, {}, {})
        for v in order:
            now.data[id(v)] = v.data
            if v.grad is NOT_COMPUTED:
                continue
            now.grads[id(v)] = grad = v.grad.data if isinstance(v.grad, Value) else v.grad
            for position, _, local in edges(v):
                now.products[id(v), position] = chain_product(grad, local)
        return now


def draw_dot(
    root: Value | Sequence[Value],
    format: str = "svg",  # noqa: A002 - as in micrograd and graphviz
    rankdir: str = "LR",
    *,
    expand: Iterable[str] | None = (),
    depth: int | None = None,
    flow: str = "backward",
    theme: str = "light",
) -> "Picture":
    """A ``graphviz.Digraph`` of the graph that led to a root, or to several.

    Past 50 values, values that are made alike are drawn as one with their count; past that, neurons
    and then layers are.  ``expand`` names those to open, or is ``"all"``.  ``depth`` leaves out
    what is more operations away from the root.  ``flow="forward"`` draws the calculation, without
    gradients.  ``rankdir`` is its direction, ``theme`` is ``"light"`` or ``"dark"``.

    >>> x = Value(3.0, "x")
    >>> "x = 3" in draw_dot(x * x).source
    True
    """
    from micrograd_like.draw.render import FORMATS

    roots = list(root) if isinstance(root, Sequence) else [root]
    if not roots:
        raise ValueError("draw_dot: needs a Value to draw; the list of roots is empty")
    for v in roots:
        if not isinstance(v, Value):
            raise TypeError(f"draw_dot: draws Values, not {v!r}; give the result, such as the loss")
    choice(format, "draw_dot: format", [f for f in FORMATS if f != "html"])
    choice(rankdir, "draw_dot: rankdir", DIRECTIONS)
    choice(flow, "draw_dot: flow", ("backward", "forward"))
    if depth is not None:
        whole(depth, "draw_dot: depth")
    outline = Outline(roots, expand, depth)
    numbers = Numbers.of(outline.order)
    return Drawing(outline, numbers, format, rankdir, theme, flow == "backward").picture()


def draw_difference(before: "Picture", after: "Picture", theme: str = "light") -> "Picture":
    """What moved between two pictures of the same calculation, and how far.

    The first was drawn before a step of learning and the second after it; each remembers the
    numbers of its time.

    >>> w = Value(1.0, "w")
    >>> before = draw_dot(w * 2)
    >>> w.data = 1.5
    >>> "moved" in draw_difference(before, draw_dot(w * 2)).source
    True
    """
    first, second = (getattr(picture, "drawing", None) for picture in (before, after))
    if not isinstance(first, Drawing) or not isinstance(second, Drawing):
        raise TypeError("draw_difference: takes two pictures that draw_dot made")
    if first.shape() != second.shape():
        raise ValueError("draw_difference: the pictures are of different graphs; draw the same one")
    drawing = Drawing(
        second.outline, second.numbers, second.format, second.rankdir, theme, backward=False
    )
    drawing.before = {
        id(v): first.numbers.data[id(u)]
        for was, now in zip(first.outline.nodes, second.outline.nodes, strict=True)
        for u, v in zip(was.members, now.members, strict=True)
    }
    moves = [abs(second.numbers.data[place] - was) for place, was in drawing.before.items()]
    drawing.largest_move = max((m for m in moves if m < math.inf), default=0.0)
    return drawing.picture()


class Drawing:
    """An outline being written as DOT text, and the numbers that it shows.

    A picture is of its time, whatever becomes of the graph: ``numbers`` were taken then.  Colours
    and widths are relative to the largest of ``finally_``, which are those numbers unless more are
    to come.
    """

    def __init__(
        self,
        outline: Outline,
        numbers: Numbers,
        format: str = "svg",  # noqa: A002
        rankdir: str = "LR",
        theme: str = "light",
        backward: bool = True,
        finally_: Numbers | None = None,
    ) -> None:
        choice(theme, "draw_dot: theme", THEMES)
        self.outline, self.numbers, self.backward = outline, numbers, backward
        self.format, self.rankdir, self.theme = format, rankdir, THEMES[theme]
        self.names: dict[int, Any] = expressions(outline.order, outline.groups)
        self.before: dict[int, float] | None = None
        self.largest_move = 0.0
        self.widths: dict[str, float] = {}  # of cells that have ids, in points: at least so wide
        self.lit: set[str] = set()  # the ids of what a step is about
        self.partial: set[int] = set()  # the ids of values whose gradients are not complete yet
        self.heads = True  # of arrows
        self.caption = ""
        self.tooltips = True
        self.clusters: dict[str, list[str]] = {}
        for node in outline.nodes:
            around = prefixes(node.group)
            for parent, name in zip(["", *around], around, strict=False):
                if name not in self.clusters.setdefault(parent, []):
                    self.clusters[parent].append(name)
        self.parents = {name: parent for parent, names in self.clusters.items() for name in names}
        self._clusters = 0
        between = [link for link in outline.links if outline.nodes[link.target].kind == "group"]
        self.dense = len(between) > DENSE
        self.ranksep = "2" if self.dense else "1" if between else "0.42"
        self.thin, self.wide = (0.4, 2.0) if self.dense else (1.2, WIDEST)
        last = finally_ or numbers
        self.largest_grad = _largest(last.grads.values())
        self.largest_product = _largest(product(link, last)[0] for link in outline.links)

    def shape(self) -> list[Any]:
        """What two pictures of the same calculation have in common."""
        return [
            [(n.kind, n.name, len(n.members), n.group) for n in self.outline.nodes],
            [(link.source, link.target, link.position) for link in self.outline.links],
        ]

    def picture(self) -> "Picture":
        """The picture, for Graphviz."""
        from micrograd_like.draw.render import Picture

        t = self.theme
        picture = Picture(
            format=self.format,
            graph_attr={
                "rankdir": self.rankdir, "newrank": "true", "bgcolor": t.background,
                "nodesep": "0.28",
                "nslimit": SEARCH, "ranksep": self.ranksep, "pad": "0.15", "fontname": "Helvetica",
            },
            node_attr={"fontname": "Helvetica", "fontsize": "11", "fontcolor": t.text},
            edge_attr={"fontname": "Helvetica", "fontsize": "9", "arrowsize": "0.6"},
        )  # fmt: skip
        if self.caption:
            picture.attr(
                label=f"<{self.caption}>", labelloc="t", labeljust="l", fontsize="13",
                fontcolor=t.text,
            )  # fmt: skip
        picture.title = ", ".join(str(self.names[id(root)]) for root in self.outline.roots)
        picture.background, picture.drawing = t.background, self
        self._add_group(picture, "")
        for k, link in enumerate(self.outline.links):
            self._add_link(picture, k, link)
        for k, node in enumerate(self.outline.nodes):
            if self.has_circle(node):
                self._add_result(picture, k, node)
        return picture

    def _add_group(self, graph: Any, group: str) -> None:
        """The nodes of an open group, and the groups within it, each a cluster."""
        for k, node in enumerate(self.outline.nodes):
            if node.group == group:
                self._add_node(graph, k, node)
        for name in self.clusters.get(group, []):
            self._clusters += 1
            title = text(self._within(name, group))
            with graph.subgraph(name=f"cluster_{self._clusters}") as cluster:
                cluster.attr(
                    id=f"c{self._clusters}", label=f"<{title}>", labeljust="l",
                    style="rounded,filled", fontsize="12", fillcolor=self.theme.cluster,
                    color=self.theme.faint, fontcolor=self.theme.faint,
                )  # fmt: skip
                self._add_group(cluster, name)

    # --- values and groups

    def _add_node(self, graph: Any, k: int, node: Node) -> None:
        rows = "".join(self._rows(k, node))
        style = ' style="dashed"' if node.kind == "hidden" else ""
        border = self.theme.lit if f"n{k}" in self.lit else self.theme.faint
        table = (
            f'<table border="0" cellborder="1" cellspacing="0" cellpadding="4"{style} '
            f'color="{border}" bgcolor="{self.theme.box}">{rows}</table>'
        )
        graph.node(
            f"n{k}", id=f"n{k}", shape="plain", label=f"<{table}>",
            tooltip=self._about(k, node) if self.tooltips else None,
            **{"class": node.kind},
        )  # fmt: skip
        if self.has_circle(node):
            self._add_circle(graph, k, node)

    def _rows(self, k: int, node: Node) -> Iterable[str]:
        t = self.theme
        heads = {"leaf": t.leaf, "parameter": t.parameter, "root": t.root, "group": t.cluster}
        head = f' bgcolor="{heads[node.kind]}"' if node.kind in heads else ""
        yield f'<tr><td port="t" colspan="2"{head}>{self._title(node)}</td></tr>'
        if node.kind == "group":
            outputs = [v.label for v in node.members if v.label == self.outline.groups[id(v)]]
            inside = {
                "neurons": len(set(outputs)),
                "parameters": sum(v.rule is None for v in node.members),
                "calls": len(outputs) // len(set(outputs)),
                "values inside": len(node.members),
            }
            for word, count in inside.items():
                if count > 1:
                    yield self._row(word, f"{count:,}")
        if node.kind != "hidden":
            word = "output" if node.kind == "group" else "data"
            yield self._row(word, self.data(node), ports="cd", name=f"d{k}")
        if self.before is not None:
            yield from self._moved(node)
        elif self.backward and node.kind != "hidden":
            word, grad, strength = self.gradient(node)
            if id(node.value) in self.partial:
                grad = f"<i>{grad}</i>"
            yield self._row(word, grad, self._tint(strength), ports="hg", name=f"g{k}")

    def _title(self, node: Node) -> str:
        times = f" × {len(node.members):,}" if len(node.members) > 1 else ""
        if node.kind == "hidden":
            return self._faint(f"<i>… {len(node.members):,} values hidden</i>")
        if node.kind == "group":
            return f"<b>{text(self._within(node.name, node.group))}</b>"
        if node.name:
            around = node.group
            if node.name == node.group:  # its neuron's output
                around = self.parents.get(node.group, "")
            name = str(self.names[id(node.value)]) if node.value else node.name
            return f"<b>{text(self._within(name, around))}</b>{times}"
        name = text(
            str(self.names[id(node.first)]) if node.value else self._in_common(node.members)
        )
        return self._faint(f"<i>{name}</i>{times}")

    def _within(self, name: str, group: str) -> str:
        """A name without that of the cluster that it stands in."""
        return name.removeprefix(f"{group}.") if group else name

    def _in_common(self, members: Sequence[Value]) -> str:
        """How values are made that are drawn as one: what differs between them is left open."""
        first = members[0]
        if first.rule is None:
            return "values"
        operands = []
        for place in range(first.rule.arity):
            names = {
                (y.label and str(self.names[id(y)])) if isinstance(y, Value) else number(y)
                for y in (v.inputs[place] for v in members)
            }
            operands.append((names.pop() if len(names) == 1 else "") or "…")
        return str(notation.operation(first.rule, *operands))

    def _row(self, word: str, content: str, tint: str = "", ports: str = "", name: str = "") -> str:
        left, right = (f' port="{port}"' for port in ports) if ports else ("", "")
        right += f' bgcolor="{tint}"' if tint else ""
        if name in self.widths:  # an id is only drawn where there is a link
            right += f' id="{name}" href="#" width="{self.widths[name]:g}"'
        return (
            f'<tr><td{left} align="left">{self._faint(word)}</td>'
            f'<td{right} align="right">{content}</td></tr>'
        )

    def data(self, node: Node) -> str:
        """The data that a node shows, as far as it is known; of a group its outputs'."""
        known = self._of_outputs(node, self.numbers.data)
        return spread(known) if known else NOTHING

    def _of_outputs(self, node: Node, numbers: Mapping[int, float]) -> list[float]:
        members = node.members
        if node.kind == "group":
            groups = self.outline.groups
            members = [v for v in members if v.rule and v.label == groups[id(v)]] or members
        return [numbers[id(v)] for v in members if id(v) in numbers]

    def gradient(self, node: Node) -> tuple[str, str, float]:
        """What it is called, itself, and how strongly it is tinted, negative for blue.

        Of several gradients it is their length, which has no sign.
        """
        grads = self.numbers.grads
        if node.value is not None:
            grad = grads.get(id(node.value))
            if grad is None:
                return "grad", NOTHING, 0.0
            return "grad", number(grad), self._strength(grad, self.largest_grad)
        members = node.members
        if node.kind == "group":
            members = [v for v in members if v.rule is None] or members
        known = [grads[id(v)] for v in members if id(v) in grads]
        return "|grad|", number(math.hypot(*known)) if known else NOTHING, 0.0

    def _moved(self, node: Node) -> Iterable[str]:
        assert self.before is not None
        was, now = (self._of_outputs(node, of) for of in (self.before, self.numbers.data))
        moves = [b - a for a, b in zip(was, now, strict=True)]
        if node.kind != "hidden":
            yield self._row("before", spread(was))
        if len(moves) == 1:
            tint = self._tint(self._strength(moves[0], self.largest_move))
            yield self._row("moved", number(moves[0], sign=True), tint, ports="hg")
        else:
            yield self._row("|moved|", number(math.hypot(*moves)), ports="hg")

    def _strength(self, x: float, scale: float) -> float:
        """How strongly a number is coloured, as large as it is among those of its kind."""
        if not x or math.isnan(x):
            return 0.0
        size = math.sqrt(min(abs(x) / scale, 1.0)) if scale else 1.0
        return math.copysign(0.12 + 0.48 * size, x)

    def _tint(self, strength: float) -> str:
        if not strength:
            return ""
        return mixed(self.theme.box, self._colour(strength), abs(strength))

    def _colour(self, x: float) -> str:
        return self.theme.positive if x > 0 else self.theme.negative

    def _about(self, k: int, node: Node) -> str:
        """The tooltip of a node: whole names and numbers."""
        v = node.value
        if v is None:
            return plain(f"{node.name or node.kind}: {len(node.members):,} values")
        data, grad = (of.get(id(v)) for of in (self.numbers.data, self.numbers.grads))
        words = [f"{v.label or self.names[id(v)]} = {data!r}"]
        if v.label and v.rule:
            words[0] = f"{v.label} = {self.names_of_operands(v)} = {data!r}"
        if self.backward:
            words.append("no gradient yet" if grad is None else f"grad {grad!r}")
        return plain(", ".join(words))

    def names_of_operands(self, v: Value) -> str:
        """The operation that made a value, on its operands' names."""
        assert v.rule is not None
        return str(notation.operation(v.rule, *map(self._operand, v.inputs)))

    def _operand(self, x: Any) -> Any:
        return self.names[id(x)] if isinstance(x, Value) else x

    # --- operations and edges

    def has_circle(self, node: Node) -> bool:
        """Whether the operation that makes a node's values is drawn in front of it."""
        return node.kind in ("value", "root") and node.members[0].rule is not None

    def _add_circle(self, graph: Any, k: int, node: Node) -> None:
        label = plain(_symbol(node.members))
        small = len(label) < 3
        graph.node(
            f"o{k}", id=f"o{k}", label=label, shape="circle" if small else "box",
            style="filled" if small else "filled,rounded",
            fillcolor=self.theme.lit if f"o{k}" in self.lit else self.theme.operation,
            color=self.theme.faint, fontsize="13", margin="0.06,0.03", width="0.36",
            height="0.36", fixedsize="true" if small else "false",
            tooltip=label if self.tooltips else None,
            **{"class": "operation"},
        )  # fmt: skip

    def _add_link(self, picture: Any, k: int, link: Link) -> None:
        target = self.outline.nodes[link.target]
        leave, enter = DIRECTIONS[self.rankdir]
        tail = f"n{link.source}:{'g' if self.backward else 'd'}:{leave}"
        if self.outline.nodes[link.source].kind == "hidden":
            tail = f"n{link.source}:t:{leave}"
        head = f"o{link.target}" if self.has_circle(target) else f"n{link.target}:t:{enter}"
        locals_ = {v.local_grads[position] or 0.0 for v, position in link.edges}
        label = number(locals_.pop()) if len(locals_) == 1 else f"× {len(link.edges):,}"
        if not self.backward or self.dense:  # labels take up room, which means detours
            label = ""
        known = any(id(v) in self.numbers.data for v, _ in link.edges)
        # What is not known yet takes up its room all the same: a moving picture must not shake.
        faint, colour = (
            (self.theme.faint, self.theme.text) if known else 2 * [self.theme.background]
        )
        labelled = {"label": f'<<font color="{faint}">∂</font> {label}>'} if label else {}
        flow = self._flow(f"e{k}", *product(link, self.numbers))
        picture.edge(
            tail, head, id=f"e{k}", **labelled,
            fontcolor=colour, **flow,
            tooltip=self._why(link) if self.tooltips else None,
        )  # fmt: skip

    def _faint(self, words: str) -> str:
        return f'<font color="{self.theme.faint}">{words}</font>'

    def _add_result(self, picture: Any, k: int, node: Node) -> None:
        _, enter = DIRECTIONS[self.rankdir]
        port = "t" if enter in "ns" else "h" if self.backward or self.before is not None else "c"
        flow = self._flow(f"r{k}", *self.result(node))
        picture.edge(f"o{k}", f"n{k}:{port}:{enter}", id=f"r{k}", **flow)

    def result(self, node: Node) -> tuple[float, bool]:
        """What flows into a node's operation: its gradient, if there is one."""
        grads = [self.numbers.grads[id(v)] for v in node.members if id(v) in self.numbers.grads]
        return sum(grads), bool(grads)

    def width(self, product: float) -> float:
        """How wide an edge is, in points, by what flows along it."""
        if not product:
            return self.thin
        size = min(abs(product) / self.largest_product, 1.0) if self.largest_product else 1.0
        return self.thin + (self.wide - self.thin) * math.sqrt(1.0 if math.isnan(size) else size)

    def _flow(self, name: str, product: float, known: bool) -> dict[str, str]:
        """How an edge shows what flows along it: by width, colour, dashes and arrowhead."""
        flow = {"color": self.theme.faint, "penwidth": f"{self.thin}"}
        if self.backward:
            flow["dir"] = "back" if self.heads else "none"
        if self.backward and known:
            flow["style"] = "dotted" if not product else "solid" if product > 0 else "dashed"
        if self.backward and known and product:
            flow |= {"color": self._colour(product), "penwidth": f"{self.width(product):.2f}"}
            flow["arrowtail"] = "normal" if product > 0 else "empty"
        if name in self.lit:
            flow["color"] = self.theme.lit
        return flow

    def _why(self, link: Link) -> str:
        """The tooltip of an edge: the chain rule, in names and numbers."""
        (v, position), many = link.edges[0], len(link.edges)
        assert v.rule is not None
        source, made = self._operand(v.inputs[position]), self.names[id(v)]
        if not self.backward:
            return plain(f"{source} is in {made} = {self.names_of_operands(v)}")
        if many > 1:
            total, known = product(link, self.numbers)
            return plain(f"{many:,} edges" + (f", together {total!r}" if known else ""))
        local = v.local_grads[position] or 0.0
        rule = f"∂({self.names_of_operands(v)})/∂{source} = {local!r}"
        grad = self.numbers.grads.get(id(v))
        if grad is None:
            return plain(rule)
        return plain(f"{rule}; times the gradient {grad!r} = {chain_product(grad, local)!r}")


# --- numbers and words -----------------------------------------------------------------------


def product(link: Link, numbers: Numbers) -> tuple[float, bool]:
    """The sum of a link's chain-rule products, as far as they are known, and whether any is."""
    places = [(id(v), position) for v, position in link.edges]
    terms = [numbers.products[place] for place in places if place in numbers.products]
    return math.fsum(terms) if all(map(math.isfinite, terms)) else sum(terms), bool(terms)


def _largest(numbers: Iterable[float]) -> float:
    """The largest size of a number that is finite."""
    return max((abs(x) for x in numbers if abs(x) < math.inf), default=0.0)


def spread(numbers: Sequence[float]) -> str:
    """A number, or the least and the largest of several."""
    low, high = min(numbers), max(numbers)
    return number(low) if low == high else f"{number(low)} … {number(high)}"


def mixed(ground: str, colour: str, part: float) -> str:
    """A colour laid over a ground."""
    pairs = zip(bytes.fromhex(ground[1:]), bytes.fromhex(colour[1:]), strict=True)
    return "#" + bytes(round(a + (b - a) * part) for a, b in pairs).hex()


def text(name: str) -> str:
    """A name in an HTML-like label: cut if long, and with nothing in it that is markup."""
    short = name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
    return escape(readable(short).replace("\n", " ")).replace("\\", "\\\\") or "&#160;"


def plain(words: str) -> str:
    """Words in a quoted string of DOT, where backslashes and entities mean something."""
    cut = words if len(words) <= MOST else words[: MOST - 1] + "…"
    safe = readable(cut).replace("&", "&amp;").replace("\\", "\\\\")
    return safe if not safe.startswith("<") else " " + safe


def expressions(
    order: Iterable[Value], groups: Mapping[int, str], longest: int = LONGEST, exact: bool = False
) -> dict[int, Term]:
    """What each value is called, by its id: its label, or how it was computed, in short.

    A parameter, which is drawn within its neuron, goes without the neuron's name.  With ``exact``
    constants have all their digits.
    """
    numbers = notation.exact if exact else number
    names: dict[int, Term] = {}
    for v in order:
        label = v.label.removeprefix(f"{groups.get(id(v))}.") if v.rule is None else v.label
        if label or v.rule is None:
            names[id(v)] = notation.term(label or v.data, numbers)
            continue
        operands = [names[id(x)] if isinstance(x, Value) else x for x in v.inputs]
        expression = notation.operation(v.rule, *operands, numbers=numbers)
        if len(expression.text) > longest:
            short = [
                x if isinstance(x, float) or len(x.text) <= longest // 3 else "…" for x in operands
            ]
            expression = notation.operation(v.rule, *short, numbers=numbers)
        names[id(v)] = expression
    return names


def _symbol(members: Sequence[Value]) -> str:
    """What stands in an operation's circle: its symbol, with a constant that all of them share."""
    rule = members[0].rule
    assert rule is not None
    constants = {
        (place, x) for v in members for place, x in enumerate(v.inputs) if not isinstance(x, Value)
    }
    several = len(constants) > 1
    return notation.symbol(rule, [(place, None if several else x) for place, x in constants][:1])
