"""The pictures of a live page: the graph as it is folded, and with one group after the other open.

Each view is a layout, and what on it stands for what: the page computes all numbers.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from micrograd_like.draw import (
    Frame,
    Node,
    Outline,
    drawn_theme,
    gradient_text,
    in_threads,
    node_ids,
    spread,
)
from micrograd_like.groups import prefixes
from micrograd_like.steps.animation import Animation, width_of
from micrograd_like.steps.graph_data import edge_places
from micrograd_like.steps.pages import packed, page_svg
from micrograd_like.steps.sequence import Steps

__all__ = ["ALL", "outlines", "view_data", "views"]

ALL = "all"
MOST_NODES, MOST_LINKS = 150, 500  # of a view that a reader can open
MOST_VALUES = 60_000  # of all views together, which take time to lay out
# Bytes of a node and a link, in the first view's picture, and packed in the others; of all views.
FIRST, OTHER, MOST_BYTES = (1200, 300), (350, 50), 480_000
ROOM = width_of("−0.1234")  # of a cell, for numbers that are still to come
HIDDEN, SEVERAL, VALUE, LEAF = range(4)


class View(NamedTuple):
    """One layout of a graph."""

    name: str  # "" for the graph as it is folded, "all", or the group that is open
    animation: Animation


def outlines(first: Outline, name: str) -> Iterator[tuple[str, Outline]]:
    """The outlines of all views: the first, everything if it is small, and each group open."""
    yield name, first
    folded = first if name == "" else first.opened((), _fits)
    known = [_shape(first)]
    groups = sorted({path for group in first.groups.values() for path in prefixes(group)})
    others = ["", ALL, *sorted(groups, key=lambda path: (len(prefixes(path)), path))]
    values, room = MOST_VALUES - len(first.order), MOST_BYTES - _bytes(first, FIRST)
    for other in others:
        if other == name or (other == ALL and len(first.order) > MOST_NODES):
            continue
        outline = folded if other == "" else folded.opened([other], _fits)
        if outline.hides or _shape(outline) in known or not _fits(outline):
            continue
        values, room = values - len(first.order), room - _bytes(outline, OTHER)
        if min(values, room) < 0:
            return
        known.append(_shape(outline))
        yield other, outline


def _fits(outline: Outline) -> bool:
    return len(outline.nodes) <= MOST_NODES and len(outline.links) <= MOST_LINKS


def _bytes(outline: Outline, each: tuple[int, int]) -> int:
    return each[0] * len(outline.nodes) + each[1] * len(outline.links)


def _shape(outline: Outline) -> list[tuple[str, str, int]]:
    """What is one node each: two outlines that have it in common are the same."""
    return [(node.kind, node.name, len(node.members)) for node in outline.nodes]


def views(
    steps: Steps, first: Outline, name: str, rankdir: str, theme: str
) -> tuple[list[dict[str, Any]], str]:
    """The views as `ViewData` in page/live.js has them, and the SVG of the first."""
    found = [
        View(other, Animation(steps, outline, rankdir, theme))
        for other, outline in outlines(first, name)
    ]
    pictures = [view.animation.drawn(rooms(view.animation)) for view in found]
    frame = Frame(found[0].animation.last)
    drawn = in_threads(lambda picture: picture.picture(frame).pipe("svg", heads=False), pictures)
    svgs = [page_svg(svg.decode(), drawn_theme(theme)) for svg in drawn]
    edges = edge_places(steps.order)
    content: list[dict[str, Any]] = []
    for view, svg in zip(found, svgs, strict=True):
        data = view_data(view.animation, edges)
        opened = [*view.animation.outline.parents]
        own = {"svg": packed(svg)} if content else {}  # the first is on the page
        content.append({"name": view.name, "open": opened, "view": data, **own})
    return content, svgs[0]


def view_data(animation: Animation, edges: Mapping[tuple[int, int], int]) -> dict[str, Any]:
    """What on a picture stands for what, as `View` in page/scenes.js has it."""
    outline, scenes = animation.outline, animation.scenes
    places = {id(v): k for k, v in enumerate(outline.order)}
    drawing = animation.drawn({})
    data: dict[str, Any] = {
        "nodes": [
            [
                scenes.name(node),
                [places[id(v)] for v in node.outputs],
                kind_of(node),
                [places[id(v)] for v in node.parameters],
            ]
            for node in outline.nodes
        ],
        "links": [
            [
                link.source,
                link.target,
                [edges[edge.place] for edge in link.edges],
                int(bool(drawing.local(link))),
            ]
            for link in outline.links
        ],
        "steps": [[k, *scenes.places[k], scenes.counts[scenes.places[k]]] for k in scenes.plan],
        "thinnest": animation.scales.thinnest,
        "widest": animation.scales.widest,
    }
    wanted = {*animation.steps.places}
    shown = [place for place, k in enumerate(scenes.plan) if k in wanted]
    if len(shown) < len(scenes.plan):
        data["shown"] = shown
    return data


def kind_of(node: Node) -> int:
    """Whether a node is an input, one value, several or a group, or hidden."""
    if node.kind == "hidden":
        return HIDDEN
    if node.value is None:
        return SEVERAL
    return VALUE if node.value.rule else LEAF


def rooms(animation: Animation) -> dict[str, float]:
    """How wide each cell has to be for the numbers at the end, and for those of edits."""
    widths: dict[str, float] = {}
    for k, node in enumerate(animation.outline.nodes):
        its, least = node_ids(k), ROOM if node.output is not None else 2 * ROOM
        texts = {
            its.data: spread(animation.last.data_of(node)),
            its.gradient: gradient_text(animation.last.gradient_of(node)),
            its.parameters: gradient_text(animation.last.parameter_gradient_of(node)),
        }
        widths |= {cell: max(width_of(text), least) for cell, text in texts.items()}
    return widths
