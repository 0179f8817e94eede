"""Backprop on the picture of the graph: what each step changes, for the page and for pictures.

`moments` goes through the steps and tells what is known after each; `Looks` says how an element of
the picture looks at a moment, `Scenes` what each step of the page shows, and `Animation` draws.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import compress
from textwrap import wrap
from typing import NamedTuple

from micrograd_like.draw import (
    GRADIENTS,
    THEMES,
    Drawing,
    Frame,
    Node,
    Numbers,
    Outline,
    Picture,
    Scales,
    Style,
    Words,
    drawn_theme,
    edge_id,
    gradient_text,
    gradient_word,
    html,
    node_ids,
    sign_name,
    spread,
    strength,
)
from micrograd_like.notation import number
from micrograd_like.steps.pages import Attributes, PageStep
from micrograd_like.steps.sequence import Steps
from micrograd_like.steps.words import WORDS

__all__ = ["TOGETHER", "Animation", "width_of"]

LETTER = 7.2  # points, at most, of a digit in a picture
MARGIN = 10  # points, on both sides of a number in its cell
LONGEST, MOST_LINES = 110, 3  # characters of a line of the board, and lines that it has
# What is said of several steps of a place.
TOGETHER = {"node": "values", "inside": "inside", "start": "inside", "link": "products"}
Place = tuple[str, int]  # what a step is of: "node" or "inside" a node, or a "link", and its place


class Moment(NamedTuple):
    """What is known between two steps."""

    numbers: Numbers
    arrived: Counter[int]  # how many products there are in each gradient, by the values' ids


def moments(steps: Steps) -> Iterator[tuple[int, Moment]]:
    """The place of each step and the moment after it, from -1, when the inputs alone are known.

    A moment is the one before it with what the step adds, in the same tables, as a copy for each
    step would take the square of their number: it is to be read before the next.  An edge along
    which several products have gone, as in the depth-first order, has their sum.
    """
    moment = Moment(
        Numbers({id(v): v.data for v in steps.order if not v.inputs}, {}, {}), Counter()
    )
    numbers = moment.numbers
    yield -1, moment
    for k, v in enumerate(steps.operations):
        numbers.data[id(v)] = v.data
        yield k, moment
    start = len(steps.operations)
    numbers.grads[id(steps.root)] = 1.0
    yield start, moment
    for k, edge in enumerate(steps.edges, start + 1):
        numbers.grads[id(edge.input)] = edge.after
        place = id(edge.node), edge.position
        earlier = numbers.products.get(place)
        numbers.products[place] = edge.product if earlier is None else earlier + edge.product
        moment.arrived[id(edge.input)] += 1
        yield k, moment


class Looks:
    """How the elements of an outline look on the page, at a moment."""

    def __init__(self, outline: Outline, scales: Scales, steps: Steps) -> None:
        self.outline, self.scales = outline, scales
        self.uses = Counter(id(edge.input) for edge in steps.edges)

    def partial(self, moment: Moment) -> set[int]:
        """The ids of the values whose gradients have some of their products, and not all."""
        return {place for place, count in moment.arrived.items() if count < self.uses[place]}

    def cells(self, at: int, name: str) -> list[str]:
        """A cell's id, if the node has cells."""
        return [] if self.outline.nodes[at].kind == "hidden" else [name]

    def data(self, moment: Moment, at: int) -> dict[str, Attributes]:
        """The cell of a node's data."""
        text = spread(moment.numbers.data_of(self.outline.nodes[at]))
        return {name: {"text": text} for name in self.cells(at, node_ids(at).data)}

    def gradient(self, moment: Moment, at: int) -> dict[str, Attributes]:
        """The cell of a node's gradient."""
        node, its = self.outline.nodes[at], node_ids(at)
        changes: dict[str, Attributes] = {}
        gradient = moment.numbers.gradient_of(node)
        tint = strength(gradient, self.scales.gradient) if node.output else 0.0
        for name in self.cells(at, its.gradient):
            attributes = {"text": gradient_text(gradient)}
            if tint:
                attributes |= {
                    "--tint": f"var(--{sign_name(tint)})",
                    "--strength": f"{abs(tint):.0%}",
                }
            if 0 < moment.arrived[id(node.value)] < self.uses[id(node.value)]:
                attributes["class"] = "partial"
            changes[name] = attributes
        return changes

    def parameters(self, moment: Moment, at: int) -> dict[str, Attributes]:
        """The cell of a group's parameters."""
        node = self.outline.nodes[at]
        if not node.parameters:
            return {}
        text = gradient_text(moment.numbers.parameter_gradient_of(node))
        return {node_ids(at).parameters: {"text": text}}

    def gradients(self, moment: Moment, at: int) -> dict[str, Attributes]:
        """The cells of all gradients of a node."""
        return self.gradient(moment, at) | self.parameters(moment, at)

    def flow(self, total: float) -> Attributes:
        """An edge along which a gradient has gone: its width is the size, its colour the sign."""
        if not total:
            return {"class": "known nothing"}
        width = f"{self.scales.width(total):.2f}px"
        return {"class": f"known {sign_name(total)}", "--width": width}


class Scenes:
    """The steps of the page: one for each node and each link of the picture.

    A node that stands for one value has the step that computes it, a link that stands for one edge
    has its product, and each of them if there are several, as in the depth-first order; where
    several values or edges are shown as one, their steps are, too, at the last of them.
    """

    def __init__(self, steps: Steps, looks: Looks) -> None:
        self.steps, self.looks, self.outline = steps, looks, looks.outline
        nodes, links = self.outline.nodes, self.outline.links
        self.home = {id(v): k for k, node in enumerate(nodes) for v in node.members}
        self.into: list[list[int]] = [[] for _ in nodes]  # for each node, the links into it
        self.link_of: dict[tuple[int, int], int] = {}  # for each edge
        for k, link in enumerate(links):
            self.into[link.target].append(k)
            self.link_of |= {edge.place: k for edge in link.edges}
        self.places = list(self._places())
        self.counts = self._counts(self.places)

    def name(self, node: Node) -> str:
        """What the page calls a node."""
        return self.steps.name(node.value) if node.value else node.name or "values"

    def selected(self) -> tuple[dict[str, Attributes], list[PageStep]]:
        """What a slice starts with, of what was before its steps, and these."""
        selected: list[PageStep] = []
        start, since = dict(self.start), dict[str, Attributes]()
        wanted = set(self.steps.places)
        for place, step in self.by_place.items():
            since |= step.set
            if place in wanted:
                selected.append(step._replace(set=since))
                since = {}
            elif not selected:
                start |= since
                since = {}
        return start, selected

    def alone(self, moment: Moment, k: int) -> PageStep:
        """The step at a place, even where the page shows it and others as one."""
        make = self._backward if self.places[k][0] == "link" else self._at_node
        return make(moment, k, self.places[k], 1)

    def widths(self) -> dict[str, float]:
        """How wide each cell has to be for all the texts that it will have, in points."""
        widths: dict[str, float] = {}
        for changes in (self.start, *(step.set for step in self.by_place.values())):
            for name, attributes in changes.items():
                if "text" in attributes:
                    width = width_of(attributes["text"])
                    widths[name] = max(width, widths.get(name, 0.0))
        return widths

    def _places(self) -> Iterator[Place]:
        """For each step, what on the picture it is a step of."""
        for v in self.steps.operations:
            yield "node", self.home[id(v)]
        yield "start", self.home[id(self.steps.root)]
        for edge in self.steps.edges:
            link = self.link_of.get((id(edge.node), edge.position))
            yield ("inside", self.home[id(edge.node)]) if link is None else ("link", link)

    @cached_property
    def plan(self) -> list[int]:
        """The places of the steps that are shown: of several that are shown as one the last."""
        last = {place: k for k, place in enumerate(self.places)}
        return [
            k for k, place in enumerate(self.places) if self.counts[place] == 1 or last[place] == k
        ]

    @cached_property
    def start(self) -> dict[str, Attributes]:
        """How elements look before the first step."""
        _, moment = next(moments(self.steps))
        start: dict[str, Attributes] = {}
        for node in range(len(self.outline.nodes)):
            start |= self.looks.data(moment, node) | self.looks.gradients(moment, node)
        return start

    @cached_property
    def by_place(self) -> dict[int, PageStep]:
        """The steps that are shown, by their places."""
        planned, shown = set(self.plan), {}
        for k, moment in moments(self.steps):
            if k in planned:
                place = self.places[k]
                make = self._backward if place[0] == "link" else self._at_node
                shown[k] = make(moment, k, place, self.counts[place])
        return shown

    def _counts(self, places: list[Place]) -> dict[Place, int]:
        """How many steps are shown as one at each place: 1 where all of them are of one edge."""
        new = [True] * (len(self.steps.operations) + 1) + [not e.again for e in self.steps.edges]
        shown = Counter(compress(places, new))
        return {place: n if shown[place] > 1 else 1 for place, n in Counter(places).items()}

    def _words(self, moment: Moment, k: int, place: Place, count: int) -> PageStep:
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
            WORDS["of"].format(gradient=gradient_word(node), name=self.name(node)),
            gradient_text(moment.numbers.gradient_of(node)),
        )
        target = ""
        if kind == "inside" and node.parameters:
            equation = (
                WORDS["parameters"].format(gradient=GRADIENTS[1], name=self.name(node)),
                gradient_text(moment.numbers.parameter_gradient_of(node)),
            )
        elif kind == "node":
            equation = (self.name(node), spread(moment.numbers.data_of(node)))
        elif kind == "link":
            target = self.name(self.outline.nodes[self.outline.links[at].target])
        remark = WORDS[TOGETHER[kind]].format(count=f"{count:,}", name=target)
        total = len(self.steps.operations) + 1 + len(self.steps.edges)
        return PageStep(k + 1, total, phase, equation, remark=remark)

    def _at_node(self, moment: Moment, k: int, place: Place, count: int) -> PageStep:
        """A node's data are computed, or its first gradient is there, or those inside it."""
        kind, at = place
        its, step = node_ids(at), self._words(moment, k, place, count)
        if kind != "node":
            inside = kind == "inside" and self.outline.nodes[at].parameters
            lit = [its.node, *self.looks.cells(at, its.parameters if inside else its.gradient)]
            return step._replace(lit=lit, set=self.looks.gradients(moment, at))
        into = [edge_id(link) for link in self.into[at]]
        changes = self.looks.data(moment, at) | {edge: {"class": "known"} for edge in into}
        lit = [its.node, *self.looks.cells(at, its.data), *into]
        way = [(edge_id(link), self._given(moment, link)) for link in self.into[at]]
        return step._replace(lit=lit, way=[way] if way else [], set=changes)

    def _given(self, moment: Moment, link: int) -> str:
        source = self.outline.nodes[self.outline.links[link].source]
        return spread(moment.numbers.data_of(source))

    def _backward(self, moment: Moment, k: int, place: Place, count: int) -> PageStep:
        """A gradient goes back along a link, to the input."""
        _, at = place
        link, edge = self.outline.links[at], edge_id(at)
        source, target = node_ids(link.source), node_ids(link.target)
        total = moment.numbers.product_of(link) or 0.0
        step = self.steps.edges[k - len(self.steps.operations) - 1]
        lit = [source.node, *self.looks.cells(link.source, source.gradient), edge]
        lit += self.looks.cells(link.target, target.gradient)
        way = [[(edge, number(step.product if count == 1 else total))]]
        changes = self.looks.gradients(moment, link.source) | {edge: self.looks.flow(total)}
        return self._words(moment, k, place, count)._replace(
            lit=lit, way=way, back=True, set=changes
        )


class Animation:
    """The picture of a graph, moving through its steps."""

    def __init__(self, steps: Steps, outline: Outline, rankdir: str, theme: str) -> None:
        self.steps, self.outline, self.rankdir, self.theme = steps, outline, rankdir, theme
        *_, (_, end) = moments(steps)
        self.last = end.numbers
        self.scales = Scales.of(self.outline, self.last)
        self.looks = Looks(self.outline, self.scales, steps)
        self.scenes = Scenes(steps, self.looks)

    @cached_property
    def drawing(self) -> Drawing:
        """The picture at all steps, with room for their numbers."""
        return self.drawn(self.scenes.widths())

    def drawn(self, widths: Mapping[str, float]) -> Drawing:
        """The picture, with cells that are at least so wide."""
        words = Words(self.outline, {id(v): self.steps.name(v) for v in self.steps.order})
        colours = THEMES[drawn_theme(self.theme)]
        style = Style(self.rankdir, colours, tooltips=False, widths=widths)
        return Drawing(self.outline, words, self.scales, style)

    def first_picture(self) -> Picture:
        """The picture before the first step."""
        _, moment = next(moments(self.steps))
        return self.drawing.picture(Frame(moment.numbers, heads=False))

    def final_picture(self) -> Picture:
        """The picture at the end."""
        return self.drawing.picture(Frame(self.last))

    def still(self) -> Picture:
        """The picture at the last of the steps, and before the first where there are none."""
        at = self.steps.places[-1] if self.steps.places else -1
        moment = next(moment for place, moment in moments(self.steps) if place == at)
        step = self.scenes.alone(moment, at) if at >= 0 else None
        picture = self._frame(moment, step)
        picture.title = f"step {step.which} of {picture.title}" if step else picture.title
        picture.theme = self.theme
        return picture

    def wanted(self) -> list[int]:
        """The places of the steps that a moving picture has frames for, after a first one."""
        return sorted(set(self.steps.places) & set(self.scenes.plan))

    def sources(self) -> Iterator[str]:
        """The DOT text of each frame of a moving picture."""
        wanted = self.wanted()
        before = min(wanted, default=0) - 1
        for place, moment in moments(self.steps):
            if place == before:
                yield str(self._frame(moment, None).source)
            elif place in wanted:
                yield str(self._frame(moment, self.scenes.by_place[place]).source)

    def _frame(self, moment: Moment, step: PageStep | None) -> Picture:
        frame = Frame(
            moment.numbers,
            lit=frozenset(step.lit) if step else frozenset(),
            partial=self.looks.partial(moment),
            heads=bool(moment.numbers.grads),
            caption=self._board(step),
        )
        return self.drawing.picture(frame)

    def _board(self, step: PageStep | None) -> str:
        """The line of the board as an HTML-like label, of one size for all steps."""
        lines = board_lines(step)
        width, height = self._board_size
        rows = "".join(f'{html(line)}<br align="left"/>' for line in lines)
        return (
            f'<table border="0" cellspacing="0"><tr><td width="{width:g}" height="{height:g}" '
            f'align="left" balign="left">{rows or " "}</td></tr></table>'
        )

    @cached_property
    def _board_size(self) -> tuple[float, float]:
        boards = [board_lines(step) for step in self.scenes.by_place.values()]
        longest = max(len(line) for lines in boards for line in lines)
        most = max(map(len, boards))
        return LETTER * 1.2 * longest, 14 + 16 * most


def width_of(text: str) -> float:
    """How wide a cell is for a text, in points."""
    return LETTER * len(text) + MARGIN


def board_lines(step: PageStep | None) -> list[str]:
    """What stands on the board at a step, which one it is before it.

    >>> board_lines(PageStep(1, 4, "forward", ("d", "a · b", "6")))
    ['1/4  d = a · b = 6']
    """
    if step is None:
        return []
    return wrap(
        f"{step.which}  {step.line}", LONGEST, max_lines=MOST_LINES, placeholder=" …",
        break_on_hyphens=False,
    )  # fmt: skip
