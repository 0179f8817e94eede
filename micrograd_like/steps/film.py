"""The frames of a moving picture of a graph: laid out once, then drawn where they change.

Each frame is DOT text of the same graph.  Graphviz lays out one of them; what the others say is
added to that layout, and of each only the boxes are drawn in which something is new.

>>> changes(["a", "n0 [label=1]"], ["b", "n0 [label=2]"])
{'', 'n0'}
"""

import io
import re
from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from micrograd_like.arguments import extra
from micrograd_like.draw import picture_bytes
from micrograd_like.steps.movie import Image, Part

__all__ = ["Film"]

EDGE = re.compile(r"^(\s*n\d+:.*? -> n\d+:\S+ \[)(?=.*\bid=(e\d+)\b)")  # of a line of DOT
USUAL = "style=solid arrowtail=normal"  # of an edge that does not say what it looks like
STATEMENT = re.compile(  # of laid-out DOT text: a node or an edge, from its name to its last line
    r"^\t+(n\d+)(?::.* -> .*)?\t\[(?:.*\n)*?.*\];\n", re.MULTILINE
)
HEADS = re.compile(r"\s*n\d+:.*\bdir=back\b")  # of an edge with an arrowhead
NODE = re.compile(r"^\s*(n\d+) \[")
SIZE = re.compile(r'viewBox="\S+ \S+ (\S+) (\S+)".*?translate\((\S+) (\S+)\)', re.DOTALL)
PART = re.compile(
    r'<g id="([ne]\d+)" class="(?:node|edge).*?(?=<g id="[nec]\d+" class|$)', re.DOTALL
)
LABEL = re.compile(r'<text[^>]* x="([^"]+)" y="([^"]+)"[^>]* font-size="([^"]+)"[^>]*>([^<]*)')
PNG = b"\x89PNG\r\n\x1a\n"
LETTER = 0.8  # of a font's size: the width of its letters, at most
MARGIN = 8.0  # points around what changes: for the width of lines
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


class Piece(NamedTuple):
    """A statement of laid-out DOT text, or several of the graph as a whole."""

    text: str
    name: str = ""  # the id of a node or an edge
    hidden: str = ""  # the text where the node or the edge is not to be drawn


class Layout(NamedTuple):
    """A frame's lines, and what Graphviz makes of them: the same with all places."""

    lines: Sequence[str]
    pieces: Sequence[Piece]

    @classmethod
    def of(cls, lines: Sequence[str]) -> "Layout":
        """The layout of a frame."""
        text = picture_bytes("\n".join(["digraph {", *lines, "}"]), "dot").decode()
        pieces, at = [], 0
        for match in STATEMENT.finditer(text):
            pieces.append(Piece(text[at : match.start()]))
            if edge := re.search(r"\bkey=(e\d+)", match[0]):
                pieces.append(Piece(match[0], edge[1]))
            else:  # a node has a place, as others may mention it
                place = re.findall(r"^\t*pos=\"[^\"]*\"", match[0], re.MULTILINE)[0]
                hidden = f"{match[1]} [style=invis shape=point {place.strip()}]\n"
                pieces.append(Piece(match[0], match[1], hidden))
            at = match.end()
        pieces.append(Piece(text[at : text.rindex("}")]))
        return cls(lines, pieces)

    def source(self, lines: Sequence[str], wanted: Container[str], words: Sequence[str]) -> str:
        """DOT text with these nodes and edges, as the lines of another frame have them."""
        new = [b for a, b in zip(self.lines, lines, strict=True) if a != b and name_of(b) in wanted]
        kept = [piece.text if piece.name in wanted else piece.hidden for piece in self.pieces]
        return "\n".join(["".join(kept), *new, "layout=nop2", *words, "}"])


class Film:
    """Frames as images of one size, from the DOT texts of one graph.

    The last frame decides where everything stands.  In all of them the same is drawn, in cells of
    the same widths, and its looks and numbers alone are others.
    """

    def __init__(self, sources: Sequence[str]) -> None:
        self.frames = [keyed(source) for source in sources]
        self.heads = [any(map(HEADS.match, lines)) for lines in self.frames]
        # Of those with arrowheads and of those without, the last.
        last = dict(zip(self.heads, self.frames, strict=True))
        self.layouts = {heads: Layout.of(lines) for heads, lines in last.items()}
        svg = picture_bytes(self.source(-1), "svg").decode()
        found = SIZE.search(svg)
        assert found is not None
        width, height, *self.origin = map(float, found.groups())
        self.natural = width, height  # points
        self.places = dict(extents(svg))
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
        changed = sorted(changes(*self.frames[k - 1 : k + 1]) & set(self.places))
        return joined([self._box(self.places[name]) for name in changed])

    def _box(self, corners: Sequence[float]) -> Box:
        """Whole pixels around a place that is in points."""
        sides = (-MARGIN, -MARGIN, MARGIN, MARGIN)
        x, y = self.origin
        left, top, right, bottom = (
            round((corner + start + side) * self.scale)
            for corner, start, side in zip(corners, (x, y, x, y), sides, strict=True)
        )
        width, height = self.size
        return Box(max(left, 0), max(top, 0), min(right, width), min(bottom, height))

    def _images(self, parts: Sequence[tuple[int, Box]]) -> Iterator[Image]:
        """The parts of frames that are in these boxes."""
        from concurrent.futures import ThreadPoolExecutor

        image = extra("PIL.Image", "demo", "a moving picture needs Pillow")
        runs = [parts[k : k + TOGETHER] for k in range(0, len(parts), TOGETHER)]
        with ThreadPoolExecutor(2) as several:
            for run, drawn in zip(runs, several.map(self._pngs, runs), strict=True):
                for (_, box), png in zip(run, drawn, strict=True):
                    part = image.open(io.BytesIO(png)).convert("RGB")
                    # A pixel more or less, where Graphviz rounds in another way.
                    yield part if part.size == box.size else part.crop((0, 0, *box.size))

    def _pngs(self, parts: Sequence[tuple[int, Box]]) -> list[bytes]:
        """As PNG.  The Graphviz of a Python package draws only the first of several graphs."""
        sources = [self.source(k, box) for k, box in parts]
        drawn = picture_bytes("\n".join(sources), "png").split(PNG)[1:]
        drawn = [PNG + png for png in drawn]
        if len(drawn) < len(sources):
            drawn[1:] = [picture_bytes(source, "png") for source in sources[1:]]
        return drawn

    def source(self, k: int, box: Box | None = None) -> str:
        """The DOT text of a frame in its layout, or of what of it is in a box."""
        layout = self.layouts[self.heads[k]]
        if box is None:
            everything = {piece.name for piece in layout.pieces}
            return layout.source(self.frames[k], everything, [])
        (width, height), (x, y) = box.size, self.origin
        across = (box.left + width / 2) / self.scale - x
        up = y - (box.top + height / 2) / self.scale
        view = f"{width / self.scale!r},{height / self.scale!r},1,{across!r},{up!r}"
        near = {name for name, place in self.places.items() if self._box(place).meets(box)}
        words = [f'viewport="{view}"', f"dpi={72 * self.scale!r}"]
        return layout.source(self.frames[k], {*near, ""}, words)


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


def keyed(source: str) -> list[str]:
    """The lines of a graph, between its braces; edges have keys, so that a line can change one."""
    lines = source.strip().split("\n")[1:-1]
    return [EDGE.sub(rf"\1{USUAL} key=\2 ", line) for line in lines]


def name_of(line: str) -> str:
    """The id of the node or the edge that a line is about; "" for the graph as a whole."""
    if edge := EDGE.match(line):
        return edge[2]
    node = NODE.match(line)
    return node[1] if node else ""


def changes(earlier: Sequence[str], lines: Sequence[str]) -> set[str]:
    """The ids of the nodes and edges that two frames show differently; "" for the line above."""
    return {name_of(b) for a, b in zip(earlier, lines, strict=True) if a != b}


def extents(svg: str) -> Iterator[tuple[str, tuple[float, float, float, float]]]:
    """The places of nodes and edges by their ids, and of the line above by "": its corners."""
    parts = [
        ("", svg[: svg.find('<g id="', svg.index("<polygon"))]),
        *((part[1], part[0]) for part in PART.finditer(svg)),
    ]
    for name, part in parts:
        outlines = re.findall(r' (?:points|d)="([^"]*)"', part) if name else []
        points = [
            (float(x), float(y))
            for line in outlines
            for x, y in re.findall(r"([-\d.]+),([-\d.]+)", line)
        ]
        for x, y, size, words in LABEL.findall(part):
            points += [
                (float(x), float(y) - float(size)),
                (float(x) + LETTER * float(size) * len(words), float(y) + float(size) / 2),
            ]
        if points:
            xs, ys = zip(*points, strict=True)
            yield name, (min(xs), min(ys), max(xs), max(ys))
