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

from micrograd_like.draw import Drawing, Node, Numbers, Outline, product
from micrograd_like.engine import Value
from micrograd_like.graph import edges
from micrograd_like.notation import number, plural, readable
from micrograd_like.steps.player import MOST_FRAMES, Look, Play, Player, Scene, inlined
from micrograd_like.steps.sequence import Steps

if TYPE_CHECKING:
    from micrograd_like.draw import Picture

__all__ = ["Backprop"]

FEW = 150  # values that a player shows one by one
LONG = 1000  # operations that edges lead past: with more, a layout takes seconds, and is a tangle
LETTER = 7.2  # points, at most, of a digit in a picture
Place = tuple[str, int]  # what a scene is of: "node" or "inside" a node, or a "link", and its place


class Backprop(Steps, Player):
    """The steps of backprop, as data and as a player.

    A sequence of `Step`: the forward steps, one an operation, then the backward steps, one an edge.
    A slice is a Backprop of those steps alone.  ``print(step)`` is the line for the board, ``save``
    writes a page or a GIF, and at the end of a notebook's cell the player shows.

    ``order="naive"`` passes gradients on before all of them are there, which is wrong where a value
    is used twice.  In the player of a graph with more than 150 values, those alike, neurons and
    layers are one node each, as in `draw_dot`; ``expand`` names those to open, or is ``"all"``.
    """

    def __init__(
        self, root: Value, order: str = "topological", *, expand: Iterable[str] | None = ()
    ) -> None:
        super().__init__(root, order)
        few = len(self.order) <= FEW and self._passed() <= LONG
        self.expand = "all" if few else expand

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

    def play(self) -> Play:
        """The picture of the graph, and what each step shows on it."""
        return _Stage(self).play()

    def still(self) -> bytes:
        """The picture at the end, as PNG."""
        png: bytes = _Stage(self).final_picture().pipe("png")
        return png

    def frames(self) -> tuple[int, Iterator[bytes]]:
        """The picture before the first step and after each, as PNG; and how many they are."""
        sources = list(_Stage(self).sources())
        return len(sources), _rendered(sources)


def _rendered(sources: Sequence[str]) -> Iterator[bytes]:
    from concurrent.futures import ThreadPoolExecutor

    from micrograd_like.draw import rendered

    yield rendered(sources[0], "png")  # before all the work, in case that one is enough
    with ThreadPoolExecutor(2) as several:
        yield from several.map(lambda source: rendered(source, "png"), sources[1:])


class _Stage:
    """The steps on the picture: for each node and each link of it one scene.

    A node that stands for one value has the step that computes it, a link that stands for one edge
    has its product; where several are shown as one, their steps are, too, at the last of them.
    """

    def __init__(self, steps: Backprop) -> None:
        self.steps = steps
        self.outline = Outline([steps.root], steps.expand)
        self.last = Numbers(
            {id(v): v.data for v in steps.order},
            steps.gradients,
            {(id(edge.node), edge.position): edge.product for edge in steps.edges},
        )
        self.drawing = Drawing(self.outline, self.last)
        self.drawing.tooltips = False
        self.drawing.names = {id(v): steps.name(v) for v in steps.order}
        nodes, links = self.outline.nodes, self.outline.links
        self.home = {id(v): k for k, node in enumerate(nodes) for v in node.members}
        self.into: list[list[int]] = [[] for _ in nodes]  # for each node, the links into it
        self.link_of: dict[tuple[int, int], int] = {}  # for each edge
        for k, link in enumerate(links):
            self.into[link.target].append(k)
            self.link_of |= {(id(v), position): k for v, position in link.edges}
        self.uses = Counter(id(edge.input) for edge in steps.edges)
        self.start: dict[str, Look] = {}
        self.scenes: dict[int, Scene] = {}  # by the place of their steps in the whole
        self._make_scenes()
        for looks in (self.start, *(scene.set for scene in self.scenes.values())):
            for name, look in looks.items():
                width = LETTER * len(look.get("text", "")) + 10
                if name[0] in "dg" and width > self.drawing.widths.get(name, 0.0):
                    self.drawing.widths[name] = width

    def play(self) -> Play:
        """What the page is made of; a slice starts with what was before its steps."""
        scenes: list[Scene] = []
        start, since = dict(self.start), dict[str, Look]()
        shown = set(self.steps.shown)
        for place, scene in self.scenes.items():
            since |= scene.set
            if place in shown:
                scenes.append(scene._replace(set=since))
                since = {}
            elif not scenes:
                start |= since
                since = {}
        svg = self.final_picture().pipe("svg").decode()
        nodes = enumerate(self.outline.nodes)
        names = {f"n{k}": self._name(node) for k, node in nodes if node.kind != "hidden"}
        title = f"Backprop of {self.steps.name(self.steps.root)}"
        return Play(title, inlined(svg), start, scenes, ("forward", "backward"), names)

    def final_picture(self) -> "Picture":
        """The picture at the end."""
        self.drawing.numbers = self.last
        return self.drawing.picture()

    def sources(self) -> Iterator[str]:
        """The DOT text of each frame of a moving picture."""
        shown = set(self.steps.shown) & set(self.scenes)
        if len(shown) > MOST_FRAMES:
            raise ValueError(
                f"a moving picture of {len(shown):,} steps: it may have {MOST_FRAMES}; take a "
                "slice, as in Backprop(loss)[-100:]"
            )
        lines = {
            place: f"{self.scenes[place].counted}  {self.scenes[place].line}" for place in shown
        }
        wide = LETTER * 1.2 * max(map(len, lines.values()), default=0)
        before = min(shown, default=0) - 1
        for place in self._moments():
            if place == before:
                yield self._frame("", (), wide)
            elif place in shown:
                yield self._frame(lines[place], self.scenes[place].lit, wide)

    def _frame(self, line: str, lit: Iterable[str], wide: float) -> str:
        self.drawing.lit = set(lit)
        self.drawing.heads = bool(self.numbers.grads)
        self.drawing.partial = {
            place for place, count in self.arrived.items() if count < self.uses[place]
        }
        self.drawing.caption = (
            f'<table border="0" cellspacing="0"><tr><td width="{wide:g}" height="30" '
            f'align="left">{escape(readable(line)) or " "}</td></tr></table>'
        )
        return str(self.drawing.picture().source)

    def _name(self, node: Node) -> str:
        return self.steps.name(node.value) if node.value else node.name or "values"

    # --- the steps, one after the other

    def _moments(self) -> Iterator[int]:
        """Takes one step after the other and says which, from -1: the inputs are known."""
        steps, backward = self.steps, len(self.steps.operations) + 1
        self.numbers = Numbers({id(v): v.data for v in steps.order if not v.inputs}, {}, {})
        self.arrived: Counter[int] = Counter()
        self.drawing.numbers = self.numbers
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

    def _make_scenes(self) -> None:
        places = list(self._places())
        last = {place: k for k, place in enumerate(places)}
        count = Counter(places)
        for k in self._moments():
            if k < 0:
                for node in range(len(self.outline.nodes)):
                    self.start |= self._data(node) | self._gradient(node)
            elif last[places[k]] == k:
                make = self._backward if places[k][0] == "link" else self._at_node
                self.scenes[k] = make(k, places[k], count[places[k]])

    def _scene(self, k: int, place: Place, count: int) -> Scene:
        """The words: of one step its own, of several in one what they come to."""
        kind, at = place
        phase = {"node": "forward", "start": "start"}.get(kind, "backward")
        if count == 1:
            step = self.steps.step(k)
            return Scene(
                step.number, step.total, phase, step.equation, step.relation, step.sum, step.remark
            )
        total = len(self.steps.operations) + 1 + len(self.steps.edges)
        if kind == "node":
            node = self.outline.nodes[at]
            equation = (self._name(node), self.drawing.data(node))
            return Scene(k + 1, total, phase, equation, remark=f"{count:,} values")
        if kind == "inside":
            node = self.outline.nodes[at]
            word, grad, _ = self.drawing.gradient(node)
            equation = (f"{word} of {self._name(node)}", grad)
            return Scene(k + 1, total, phase, equation, remark=f"{count:,} products inside")
        link = self.outline.links[at]
        source, target = (self.outline.nodes[n] for n in (link.source, link.target))
        word, grad, _ = self.drawing.gradient(source)
        equation = (f"{word} of {self._name(source)}", grad)
        return Scene(
            k + 1, total, phase, equation,
            remark=f"{count:,} products of the chain rule, from {self._name(target)}",
        )  # fmt: skip

    def _at_node(self, k: int, place: Place, count: int) -> Scene:
        """A node's data are computed, or its first gradient is there, or those inside it."""
        kind, at = place
        node, scene = self.outline.nodes[at], self._scene(k, place, count)
        if kind != "node":
            return scene._replace(lit=[f"n{at}", *self._cell("g", at)], set=self._gradient(at))
        into = [f"e{link}" for link in self.into[at]]
        looks = self._data(at) | {edge: {"class": "known"} for edge in into}
        lit = [f"n{at}", *self._cell("d", at), *into]
        way = [[(f"e{link}", self._given(link)) for link in self.into[at]]]
        if self.drawing.has_circle(node):
            lit += [f"o{at}", f"r{at}"]
            way.append([(f"r{at}", self.drawing.data(node))])
        return scene._replace(lit=lit, way=[leg for leg in way if leg], set=looks)

    def _given(self, link: int) -> str:
        return self.drawing.data(self.outline.nodes[self.outline.links[link].source])

    def _backward(self, k: int, place: Place, count: int) -> Scene:
        """A gradient goes back along a link: through the operation, and on to the input."""
        _, at = place
        link = self.outline.links[at]
        total, _ = product(link, self.numbers)
        lit, way = [f"n{link.source}", *self._cell("g", link.source), f"e{at}"], []
        if self.drawing.has_circle(self.outline.nodes[link.target]):
            lit += [f"o{link.target}", f"r{link.target}", f"g{link.target}"]
            step = self.steps.step(k)
            way.append([(f"r{link.target}", number(step.upstream) if count == 1 else "")])
        way.append([(f"e{at}", number(total))])
        looks = self._gradient(link.source) | {f"e{at}": self._flow(total)}
        return self._scene(k, place, count)._replace(lit=lit, way=way, back=True, set=looks)

    # --- how elements look

    def _cell(self, kind: str, at: int) -> list[str]:
        return [] if self.outline.nodes[at].kind == "hidden" else [f"{kind}{at}"]

    def _data(self, at: int) -> dict[str, Look]:
        return {
            name: {"text": self.drawing.data(self.outline.nodes[at])}
            for name in self._cell("d", at)
        }

    def _gradient(self, at: int) -> dict[str, Look]:
        """The gradient's cell, and what it sends into the node's own operation."""
        node = self.outline.nodes[at]
        looks: dict[str, Look] = {}
        _, text, strength = self.drawing.gradient(node)
        for name in self._cell("g", at):
            look = {"text": text}
            if strength:
                sign = "positive" if strength > 0 else "negative"
                look |= {"--tint": f"var(--{sign})", "--strength": f"{abs(strength):.0%}"}
            if 0 < self.arrived[id(node.value)] < self.uses[id(node.value)]:
                look["class"] = "partial"
            looks[name] = look
        total, known = self.drawing.result(node)
        if known and self.drawing.has_circle(node):
            looks[f"r{at}"] = self._flow(total)
        return looks

    def _flow(self, total: float) -> Look:
        if not total:
            return {"class": "known nothing"}
        sign = "negative" if total < 0 else "positive"
        return {"class": f"known {sign}", "--width": f"{self.drawing.width(total):.2f}px"}
