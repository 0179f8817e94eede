"""Backprop to look at: its steps played on the picture of the graph.

>>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
>>> loss = a * b + a
>>> Backprop(loss)                       # at the end of a notebook's cell: the player
<Backprop of v2: 7 steps>
>>> Backprop(loss).save("backprop.html")                                     # doctest: +SKIP
'backprop.html'
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from micrograd_like.arguments import choice
from micrograd_like.draw import (
    DIRECTIONS,
    THEMES,
    Drawing,
    Frame,
    Node,
    Numbers,
    Outline,
    Scales,
    Style,
    Words,
    check_groups,
    edge_id,
    gradient_text,
    gradient_word,
    groups_of,
    names_to_open,
    node_ids,
    picture_bytes,
    spread,
    strength,
)
from micrograd_like.engine import Value
from micrograd_like.graph import edges
from micrograd_like.notation import number, plural, readable
from micrograd_like.steps.player import (
    AUTO,
    MOST_FRAMES,
    Attributes,
    PageData,
    PageStep,
    Player,
    drawn_theme,
    page_svg,
)
from micrograd_like.steps.sequence import Steps

if TYPE_CHECKING:
    from micrograd_like.draw import Picture

__all__ = ["Backprop"]

FEW = 150  # values that a player shows one by one
LONG = 1000  # operations that edges lead past: with more, a layout takes seconds, and is a tangle
LETTER = 7.2  # points, at most, of a digit in a picture
Place = tuple[str, int]  # what a step is of: "node" or "inside" a node, or a "link", and its place


class Backprop(Steps, Player):
    """The steps of backprop, as data and as a player.

    A sequence of `Step`: the forward steps, one an operation, then the backward steps, one an edge.
    A slice is a Backprop of those steps alone.  ``print(step)`` is the line for the board, ``save``
    writes a page or a GIF, and at the end of a notebook's cell the player shows.

    ``order="naive"`` passes gradients on before all of them are there, which is wrong where a value
    is used twice.  In the player of a graph with more than 150 values, those alike, neurons and
    layers are one node each, as in `draw_dot`; ``expand`` names those to open, or is ``"all"``.
    ``rankdir`` is the picture's direction as in `draw_dot`.  ``theme`` is ``"light"``, ``"dark"``,
    or ``"auto"``: a page then is as its reader prefers, and a GIF is light.

    >>> x = Value(3.0, label="x")
    >>> steps = Backprop(x * x)
    >>> len(steps), steps[-1].after
    (4, 6.0)
    >>> print(steps[0])
    1/4  v1 = x · x = 3 · 3 = 9

    Raises a TypeError where the root is no Value, and a ValueError for an argument that is none of
    those there are.
    """

    def __init__(
        self,
        root: Value,
        order: str = "topological",
        *,
        rankdir: str = "LR",
        expand: str | Iterable[str] | None = (),
        theme: str = AUTO,
    ) -> None:
        super().__init__(root, order)
        self.rankdir = choice(rankdir, "Backprop: rankdir", DIRECTIONS)
        self.theme = choice(theme, "Backprop: theme", (AUTO, *THEMES))
        few = len(self.order) <= FEW and self._passed() <= LONG
        names = names_to_open(expand, "Backprop")
        if names:
            check_groups(names, "Backprop", groups_of(self.order))
        self.expand = ["all"] if few else names

    def __repr__(self) -> str:
        return f"<Backprop of {self.name(self.root)}: {plural(len(self), 'step')}>"

    def _passed(self) -> int:
        """How many operations there are between the ends of all edges."""
        depth: dict[int, int] = {}
        first: dict[int, int] = {}  # where a leaf, which can stand anywhere, is used first
        for v in self.operations:
            inputs = [x for _, x, _ in edges(v)]
            depth[id(v)] = 1 + max((depth.get(id(x), 0) for x in inputs), default=0)
            for x in inputs:
                first[id(x)] = min(first.get(id(x), depth[id(v)]), depth[id(v)])
        starts = {place: depth.get(place, at - 1) for place, at in first.items()}
        return sum(depth[id(e.node)] - starts[id(e.input)] - 1 for e in self.edges)

    def page_data(self) -> PageData:
        """The picture of the graph, and what each step shows on it."""
        return _Animation(self).page_data()

    def still(self) -> bytes:
        """The picture at the end, as PNG."""
        png: bytes = _Animation(self).final_picture().pipe("png")
        return png

    def frames(self) -> tuple[int, Iterator[bytes]]:
        """The picture before the first step and after each, as PNG; and how many they are.

        Raises a ValueError if there are more than 400 steps, of which a slice is a part.
        """
        sources = list(_Animation(self).sources())
        return len(sources), _pngs(sources)


def _pngs(sources: Sequence[str]) -> Iterator[bytes]:
    from concurrent.futures import ThreadPoolExecutor

    yield picture_bytes(sources[0], "png")  # before all the work, in case that one is enough
    with ThreadPoolExecutor(2) as several:
        yield from several.map(lambda source: picture_bytes(source, "png"), sources[1:])


class _Animation:
    """The steps on the picture: for each node and each link of it one step of the page.

    A node that stands for one value has the step that computes it, a link that stands for one edge
    has its product; where several are shown as one, their steps are, too, at the last of them.
    """

    def __init__(self, steps: Backprop) -> None:
        self.steps = steps
        self.outline = Outline([steps.root], steps.expand, where="Backprop")
        self.last = Numbers(
            {id(v): v.data for v in steps.order},
            steps.gradients,
            {(id(edge.node), edge.position): edge.product for edge in steps.edges},
        )
        self.scales = Scales.of(self.outline, self.last)
        nodes, links = self.outline.nodes, self.outline.links
        self.home = {id(v): k for k, node in enumerate(nodes) for v in node.members}
        self.into: list[list[int]] = [[] for _ in nodes]  # for each node, the links into it
        self.link_of: dict[tuple[int, int], int] = {}  # for each edge
        for k, link in enumerate(links):
            self.into[link.target].append(k)
            self.link_of |= {(id(v), position): k for v, position in link.edges}
        self.uses = Counter(id(edge.input) for edge in steps.edges)
        self.numbers = self.last  # at the moment
        self.arrived: Counter[int] = Counter()  # products, at the moment, by where they go
        self.start: dict[str, Attributes] = {}
        self.on_page: dict[int, PageStep] = {}  # by the place of their steps in the whole
        self._make_page_steps()
        words = Words(self.outline, {id(v): steps.name(v) for v in steps.order})
        theme = THEMES[drawn_theme(steps.theme)]
        style = Style(steps.rankdir, theme, tooltips=False, widths=self._widths())
        self.drawing = Drawing(self.outline, words, self.scales, style)

    def _widths(self) -> dict[str, float]:
        """How wide each cell has to be for all the texts that it will have, in points."""
        widths: dict[str, float] = {}
        for changes in (self.start, *(step.set for step in self.on_page.values())):
            for name, attributes in changes.items():
                if "text" in attributes:
                    width = LETTER * len(attributes["text"]) + 10
                    widths[name] = max(width, widths.get(name, 0.0))
        return widths

    def page_data(self) -> PageData:
        """What the page is made of; a slice starts with what was before its steps."""
        steps: list[PageStep] = []
        start, since = dict(self.start), dict[str, Attributes]()
        wanted = set(self.steps.places)
        for place, step in self.on_page.items():
            since |= step.set
            if place in wanted:
                steps.append(step._replace(set=since))
                since = {}
            elif not steps:
                start |= since
                since = {}
        theme = self.steps.theme
        svg = page_svg(self.final_picture().pipe("svg").decode(), drawn_theme(theme))
        nodes = {}
        for k, node in enumerate(self.outline.nodes):
            if node.kind != "hidden":
                its = node_ids(k)
                cells = {"data": its.data, "gradient": its.gradient}
                nodes[its.node] = {"name": self._name(node), **cells}
        title = f"Backprop of {self.steps.name(self.steps.root)}"
        return PageData(title, svg, start, steps, ("forward", "backward"), nodes, theme)

    def final_picture(self) -> "Picture":
        """The picture at the end."""
        return self.drawing.picture(Frame(self.last))

    def sources(self) -> Iterator[str]:
        """The DOT text of each frame of a moving picture."""
        wanted = set(self.steps.places) & set(self.on_page)
        if len(wanted) > MOST_FRAMES:
            raise ValueError(
                f"Backprop: a moving picture of {len(wanted):,} steps is too long, it may have "
                f"{MOST_FRAMES}; take a slice, as in Backprop(loss)[-100:]"
            )
        lines = {
            place: f"{self.on_page[place].which}  {self.on_page[place].line}" for place in wanted
        }
        wide = LETTER * 1.2 * max(map(len, lines.values()), default=0)
        before = min(wanted, default=0) - 1
        for place in self._moments():
            if place == before:
                yield self._frame("", (), wide)
            elif place in wanted:
                yield self._frame(lines[place], self.on_page[place].lit, wide)

    def _frame(self, line: str, lit: Iterable[str], wide: float) -> str:
        frame = Frame(
            self.numbers,
            lit=frozenset(lit),
            partial={place for place, count in self.arrived.items() if count < self.uses[place]},
            heads=bool(self.numbers.grads),
            caption=f'<table border="0" cellspacing="0"><tr><td width="{wide:g}" height="30" '
            f'align="left">{escape(readable(line)) or " "}</td></tr></table>',
        )
        return str(self.drawing.picture(frame).source)

    def _name(self, node: Node) -> str:
        return self.steps.name(node.value) if node.value else node.name or "values"

    # --- the steps, one after the other

    def _moments(self) -> Iterator[int]:
        """Takes one step after the other and says which, from -1: the inputs are known."""
        steps, backward = self.steps, len(self.steps.operations) + 1
        self.numbers = Numbers({id(v): v.data for v in steps.order if not v.inputs}, {}, {})
        self.arrived = Counter()
        yield -1
        for k, v in enumerate(steps.operations):
            self.numbers.data[id(v)] = v.data
            yield k
        self.numbers.grads[id(steps.root)] = 1.0
        yield backward - 1
        for k, edge in enumerate(steps.edges, backward):
            self.numbers.grads[id(edge.input)] = edge.after
            self.numbers.products[id(edge.node), edge.position] = edge.product
            self.arrived[id(edge.input)] += 1
            yield k

    def _places(self) -> Iterator[Place]:
        """For each step, what on the picture it is a step of."""
        for v in self.steps.operations:
            yield "node", self.home[id(v)]
        yield "start", self.home[id(self.steps.root)]
        for edge in self.steps.edges:
            link = self.link_of.get((id(edge.node), edge.position))
            yield ("inside", self.home[id(edge.node)]) if link is None else ("link", link)

    def _make_page_steps(self) -> None:
        places = list(self._places())
        last = {place: k for k, place in enumerate(places)}
        count = Counter(places)
        for k in self._moments():
            if k < 0:
                for node in range(len(self.outline.nodes)):
                    self.start |= self._data(node) | self._gradient(node)
            elif last[places[k]] == k:
                make = self._backward if places[k][0] == "link" else self._at_node
                self.on_page[k] = make(k, places[k], count[places[k]])

    def _words(self, k: int, place: Place, count: int) -> PageStep:
        """The words: of one step its own, of several in one what they come to."""
        kind, at = place
        phase = {"node": "forward", "start": "start"}.get(kind, "backward")
        if count == 1:
            step = self.steps.step(k)
            return PageStep(
                step.number, step.total, phase, step.equation, step.relation, step.sum, step.remark
            )
        node = self.outline.nodes[self.outline.links[at].source if kind == "link" else at]
        equation = (
            f"{gradient_word(node)} of {self._name(node)}",
            gradient_text(self.numbers.gradient_of(node)),
        )
        remark = f"{plural(count, 'product')} inside"
        if kind == "node":
            equation = (self._name(node), spread(self.numbers.data_of(node)))
            remark = plural(count, "value")
        elif kind == "link":
            target = self.outline.nodes[self.outline.links[at].target]
            remark = f"{plural(count, 'product')} of the chain rule, from {self._name(target)}"
        total = len(self.steps.operations) + 1 + len(self.steps.edges)
        return PageStep(k + 1, total, phase, equation, remark=remark)

    def _at_node(self, k: int, place: Place, count: int) -> PageStep:
        """A node's data are computed, or its first gradient is there, or those inside it."""
        kind, at = place
        node, its, step = self.outline.nodes[at], node_ids(at), self._words(k, place, count)
        if kind != "node":
            lit = [its.node, *self._cells(at, its.gradient)]
            return step._replace(lit=lit, set=self._gradient(at))
        into = [edge_id(link) for link in self.into[at]]
        changes = self._data(at) | {edge: {"class": "known"} for edge in into}
        lit = [its.node, *self._cells(at, its.data), *into]
        way = [[(edge_id(link), self._given(link)) for link in self.into[at]]]
        if node.has_operation:
            lit += [its.operation, its.result]
            way.append([(its.result, spread(self.numbers.data_of(node)))])
        return step._replace(lit=lit, way=[leg for leg in way if leg], set=changes)

    def _given(self, link: int) -> str:
        source = self.outline.nodes[self.outline.links[link].source]
        return spread(self.numbers.data_of(source))

    def _backward(self, k: int, place: Place, count: int) -> PageStep:
        """A gradient goes back along a link: through the operation, and on to the input."""
        _, at = place
        link, edge = self.outline.links[at], edge_id(at)
        source, target = node_ids(link.source), node_ids(link.target)
        total = self.numbers.product_of(link) or 0.0
        lit, way = [source.node, *self._cells(link.source, source.gradient), edge], []
        if self.outline.nodes[link.target].has_operation:
            lit += [target.operation, target.result, target.gradient]
            upstream = number(self.steps.step(k).upstream) if count == 1 else ""
            way.append([(target.result, upstream)])
        way.append([(edge, number(total))])
        changes = self._gradient(link.source) | {edge: self._flow(total)}
        return self._words(k, place, count)._replace(lit=lit, way=way, back=True, set=changes)

    # --- how elements look

    def _cells(self, at: int, name: str) -> list[str]:
        """A cell's id, if the node has cells."""
        return [] if self.outline.nodes[at].kind == "hidden" else [name]

    def _data(self, at: int) -> dict[str, Attributes]:
        text = spread(self.numbers.data_of(self.outline.nodes[at]))
        return {name: {"text": text} for name in self._cells(at, node_ids(at).data)}

    def _gradient(self, at: int) -> dict[str, Attributes]:
        """The gradient's cell, and what it sends into the node's own operation."""
        node, its = self.outline.nodes[at], node_ids(at)
        changes: dict[str, Attributes] = {}
        gradient = self.numbers.gradient_of(node)
        tint = strength(gradient, self.scales.gradient) if node.value else 0.0
        for name in self._cells(at, its.gradient):
            attributes = {"text": gradient_text(gradient)}
            if tint:
                sign = "positive" if tint > 0 else "negative"
                attributes |= {"--tint": f"var(--{sign})", "--strength": f"{abs(tint):.0%}"}
            if 0 < self.arrived[id(node.value)] < self.uses[id(node.value)]:
                attributes["class"] = "partial"
            changes[name] = attributes
        total = self.numbers.into_operation(node)
        if total is not None and node.has_operation:
            changes[its.result] = self._flow(total)
        return changes

    def _flow(self, total: float) -> Attributes:
        if not total:
            return {"class": "known nothing"}
        sign = "negative" if total < 0 else "positive"
        return {"class": f"known {sign}", "--width": f"{self.scales.width(total):.2f}px"}
