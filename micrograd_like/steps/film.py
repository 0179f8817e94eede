"""The frames of a moving picture of a graph: laid out once, then drawn where they change.

Each frame is DOT text of the same graph.  Graphviz lays out one of them; the others are drawn with
its places written into their text, and of each only the boxes in which something is new.

>>> changes(["a", "n0 [label=1]"], ["b", "n0 [label=2]"])
{'', 'n0'}
"""

import io
import re
from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from micrograd_like.draw import are_over_borders, edge_drawn_back, in_threads, picture_bytes
from micrograd_like.steps.movie import Image, Part, pillow

__all__ = ["Film"]

EDGE = re.compile(r"^\s*n\d+:.*? -> n\d+:\S+ \[(?=.*\bid=(e\d+)\b)")  # of a line of DOT
NODE = re.compile(r"^\s*(n\d+) \[")
OPENED = re.compile(r"^\s*subgraph (cluster\w+) {")
AROUND = re.compile(r"^\s*(?:\w+=|(?:graph|node|edge) \[|})")  # of the graph or a cluster
HEADS = re.compile(r"\s*n\d+:.*\bdir=back\b")  # of an edge with an arrowhead
STATEMENT = re.compile(  # of laid-out DOT text: a node or an edge, from its name to its last line
    r"^\t+(n\d+)(?::.* -> .*)?\t\[(?:.*\n)*?.*\];\n", re.MULTILINE
)
EDGE_ID = re.compile(r"^\t+id=(e\d+)\b", re.MULTILINE)
CLUSTER = re.compile(r"^\t+subgraph (cluster\w+) {\n\t+graph \[(?:.*\n)*?\t+\];\n", re.MULTILINE)
PLACE = re.compile(r'^\t+(?:graph \[)?((?:pos|lp|bb)="[^"]*")', re.MULTILINE)  # and a label's
OF_GRAPH = r'^\s*(?:graph \[)?{}="?([-+\d.e,]+)'  # a number or several, in laid-out DOT text
INCH = 72.0  # points
PART = re.compile(
    r'<g id="([ne]\d+)" class="(?:node|edge).*?(?=<g id="[nec]\d+" class|$)', re.DOTALL
)
LABEL = re.compile(r'<text[^>]* x="([^"]+)" y="([^"]+)"[^>]* font-size="([^"]+)"[^>]*>([^<]*)')
PNG = b"\x89PNG\r\n\x1a\n"
LETTER = 0.8  # of a font's size: the width of its letters, at most
MARGIN = 8.0  # points around what changes: for the width of lines
SPARE = 16.0  # points more that are drawn, and cut off: for lines that pass just outside
TOGETHER = 16  # boxes that one run of Graphviz draws
EXTRA = 80_000  # pixels that take as long as another box does


class Box(NamedTuple):
    """A part of a picture, in pixels from its upper left corner."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def corner(self) -> tuple[int, int]:
        """Where it begins."""
        return self.left, self.top

    @property
    def size(self) -> tuple[int, int]:
        """How large it is."""
        return self.right - self.left, self.bottom - self.top

    @property
    def area(self) -> int:
        """How many pixels it has."""
        return (self.right - self.left) * (self.bottom - self.top)

    def meets(self, other: "Box") -> bool:
        """Whether two have pixels in common."""
        return all(a < b for a, b in zip(self[:2] + other[:2], other[2:] + self[2:], strict=True))

    def around(self, other: "Box") -> "Box":
        """The box around two."""
        least, most = map(min, self[:2], other[:2]), map(max, self[2:], other[2:])
        return Box(*least, *most)

    def within(self, other: "Box") -> "Box":
        """What of it is in another."""
        least, most = map(max, self[:2], other[:2]), map(min, self[2:], other[2:])
        return Box(*least, *most)

    def wider(self, pixels: int) -> "Box":
        """With so many pixels around it."""
        corner = self.left - pixels, self.top - pixels
        return Box(*corner, self.right + pixels, self.bottom + pixels)


class Layout(NamedTuple):
    """Where Graphviz puts what a frame shows.

    The size is what the frame has where it is drawn alone.  Graphviz takes another one for a layout
    that it is given, and so each picture made of it says which part of the plane it shows.
    """

    marks: dict[str, str]  # of nodes, edges, clusters, and the graph, "": attributes, their places
    size: tuple[float, float]  # points
    origin: tuple[float, float]  # how far it is from the upper left corner to the point 0, 0
    places: dict[str, tuple[float, float, float, float]]  # of nodes, of edges, of the board: ""
    over: bool  # whether arrowheads would end inside of cells

    @classmethod
    def of(cls, source: str) -> "Layout":
        """The layout of a frame."""
        text = picture_bytes(source, "dot").decode()
        left, low, right, high = numbers_of(text, "bb")
        (x, y), (height,) = numbers_of(text, "lp"), numbers_of(text, "lheight")
        pad = INCH * numbers_of(text, "pad")[0]
        marks = {"": f'lp="{x},{y}" layout=nop2 notranslate=true'}
        for statement in STATEMENT.finditer(text):
            edge = EDGE_ID.search(statement[0])
            marks[edge[1] if edge else statement[1]] = " ".join(PLACE.findall(statement[0]))
        for cluster in CLUSTER.finditer(text):
            marks[cluster[1]] = " ".join(PLACE.findall(cluster[0]))
        size = right - left + 2 * pad, high - low + 2 * pad
        over = are_over_borders(source)
        layout = cls(marks, size, (pad - left, pad + high), {}, over)
        svg = picture_bytes(layout.source(drawn_lines(source), marks, []), "svg").decode()
        half = INCH * height / 2
        layout.places.update(extents(svg), **{"": (left, -y - half, right, -y + half)})
        return layout

    def source(self, lines: Sequence[str], wanted: Container[str], words: Sequence[str]) -> str:
        """DOT text of a frame with these nodes and edges, each where it is in this layout."""
        text = ["digraph {"]
        for line in lines:
            name = name_of(line)
            if name and name in wanted:
                start = line.index("[") + 1
                placed = f"{line[:start]}{self.marks[name]} {line[start:]}"
                text.append(edge_drawn_back(placed) if self.over and "dir=back" in line else placed)
            elif name[:1] == "n":  # it has a place, as edges may mention it
                text.append(f"{name} [{self.marks[name]} shape=point style=invis]")
            elif not name:
                cluster = OPENED.match(line)
                text += [line, self.marks[cluster[1]]] if cluster else [line]
        return "\n".join([*text, self.marks[""], *words, "}"])


class Film:
    """Frames as images of one size, from the DOT texts of one graph.

    The last frame decides where everything stands.  In all of them the same is drawn, in cells of
    the same widths, and its looks and numbers alone are others.
    """

    def __init__(self, sources: Sequence[str]) -> None:
        self.frames = [drawn_lines(source) for source in sources]
        self.heads = [any(map(HEADS.match, lines)) for lines in self.frames]
        # Of those with arrowheads and of those without, the last.
        last = dict(zip(self.heads, sources, strict=True))
        self.layouts = {heads: Layout.of(source) for heads, source in last.items()}
        self.natural = self.layouts[self.heads[-1]].size  # points
        self.scale = 1.0  # pixels for a point

    @property
    def size(self) -> tuple[int, int]:
        """The size of the frames in pixels."""
        width, height = self.natural
        return round(width * self.scale), round(height * self.scale)

    @property
    def last(self) -> Image:
        """The last frame."""
        (image,) = self._images([(-1, self._whole)])
        return image

    def parts(self) -> Iterator[list[Part]]:
        """Of each frame what is new in it."""
        boxes = [[self._whole], *map(self._boxes, range(1, len(self.frames)))]
        images = self._images([(k, box) for k, each in enumerate(boxes) for box in each])
        for each in boxes:
            yield [Part(box.corner, next(images)) for box in each]

    @property
    def _whole(self) -> Box:
        return Box(0, 0, *self.size)

    def _boxes(self, k: int) -> list[Box]:
        """What has to be drawn of a frame: the line above the picture, and a part of the rest."""
        if self.heads[k - 1] != self.heads[k]:
            return [self._whole]
        layout = self.layouts[self.heads[k]]
        changed = sorted(changes(*self.frames[k - 1 : k + 1]) & set(layout.places))
        return joined([self._box(layout, name) for name in changed])

    def _box(self, layout: Layout, name: str) -> Box:
        """Whole pixels around a node or an edge."""
        sides = (-MARGIN, -MARGIN, MARGIN, MARGIN)
        corners = [
            round((corner + start + side) * self.scale)
            for corner, start, side in zip(
                layout.places[name], layout.origin * 2, sides, strict=True
            )
        ]
        return Box(*corners).within(self._whole)

    def _images(self, parts: Sequence[tuple[int, Box]]) -> Iterator[Image]:
        """The parts of frames that are in these boxes."""
        image = pillow()
        runs = [parts[k : k + TOGETHER] for k in range(0, len(parts), TOGETHER)]
        for run, drawn in zip(runs, in_threads(self._pngs, runs), strict=True):
            for (_, box), png in zip(run, drawn, strict=True):
                part = image.open(io.BytesIO(png)).convert("RGB")
                x, y = self._drawn(box).corner
                left, top = box.left - x, box.top - y
                yield part.crop((left, top, left + box.size[0], top + box.size[1]))

    def _drawn(self, box: Box) -> Box:
        """What is drawn to have a box, whole."""
        return box.wider(round(SPARE * self.scale)).within(self._whole)

    def _pngs(self, parts: Sequence[tuple[int, Box]]) -> list[bytes]:
        """As PNG.  The Graphviz of a Python package draws only the first of several graphs."""
        sources = [self.source(k, self._drawn(box)) for k, box in parts]
        drawn = picture_bytes("\n".join(sources), "png").split(PNG)[1:]
        drawn = [PNG + png for png in drawn]
        if len(drawn) < len(sources):
            drawn[1:] = [picture_bytes(source, "png") for source in sources[1:]]
        return drawn

    def source(self, k: int, box: Box | None = None) -> str:
        """The DOT text of a frame in its layout, or of what of it is in a box."""
        layout = self.layouts[self.heads[k]]
        if box is None:
            return layout.source(self.frames[k], layout.marks, [])
        (width, height), (x, y) = box.size, layout.origin
        across = (box.left + width / 2) / self.scale - x
        up = y - (box.top + height / 2) / self.scale
        view = f"{width / self.scale!r},{height / self.scale!r},1,{across!r},{up!r}"
        near = {name for name in layout.places if self._box(layout, name).meets(box)}
        words = [f'viewport="{view}"', f"dpi={INCH * self.scale!r}"]
        return layout.source(self.frames[k], near, words)


def joined(boxes: Sequence[Box]) -> list[Box]:
    """Boxes that cover these, two in one where that takes less time to draw.

    >>> joined([Box(0, 0, 9, 9), Box(5, 5, 20, 20), Box(9000, 0, 9100, 900)])
    [Box(left=0, top=0, right=20, bottom=20), Box(left=9000, top=0, right=9100, bottom=900)]
    """
    apart: list[Box] = []
    for box in boxes:
        new = box
        while near := [b for b in apart if b.around(new).area < b.area + new.area + EXTRA]:
            apart.remove(near[0])
            new = near[0].around(new)
        apart.append(new)
    return apart


def drawn_lines(source: str) -> list[str]:
    """The lines between a graph's braces of what is drawn, without what only orders the nodes."""
    lines, ordering = [], False
    for line in source.strip().split("\n")[1:-1]:
        if ordering or line.strip() == "{":
            ordering = line.strip() != "}"
        elif name_of(line) or OPENED.match(line) or AROUND.match(line):
            lines.append(line)
    return lines


def name_of(line: str) -> str:
    """The id of the node or the edge that a line is about; "" for the graph as a whole."""
    if edge := EDGE.match(line):
        return edge[1]
    node = NODE.match(line)
    return node[1] if node else ""


def changes(earlier: Sequence[str], lines: Sequence[str]) -> set[str]:
    """The ids of the nodes and edges that two frames show differently; "" for the line above."""
    return {name_of(b) for a, b in zip(earlier, lines, strict=True) if a != b}


def numbers_of(text: str, name: str) -> list[float]:
    """What an attribute of the graph says in laid-out DOT text.

    >>> numbers_of('graph [bb="0,0,90,54.5",', "bb")
    [0.0, 0.0, 90.0, 54.5]
    """
    found = re.search(OF_GRAPH.format(name), text, re.MULTILINE)
    assert found is not None
    return [float(number) for number in found[1].rstrip(",").split(",")]


def extents(svg: str) -> Iterator[tuple[str, tuple[float, float, float, float]]]:
    """The places of nodes and edges by their ids: left, top, right, bottom."""
    for part in PART.finditer(svg):
        outlines = re.findall(r' (?:points|d)="([^"]*)"', part[0])
        points = [
            (float(x), float(y))
            for line in outlines
            for x, y in re.findall(r"([-\d.]+),([-\d.]+)", line)
        ]
        for x, y, size, words in LABEL.findall(part[0]):
            points += [
                (float(x), float(y) - float(size)),
                (float(x) + LETTER * float(size) * len(words), float(y) + float(size) / 2),
            ]
        if points:
            xs, ys = zip(*points, strict=True)
            yield part[1], (min(xs), min(ys), max(xs), max(ys))
