"""Pictures of computation graphs, with the gradient flowing back through them.

>>> a, b = Value(2.0, "a"), Value(-3.0, "b")
>>> loss = (a * b + 1).tanh()
>>> loss.backward()
>>> picture = draw_dot(loss)
>>> picture.save("loss.svg")                                    # doctest: +SKIP
'loss.svg'
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from micrograd_like.arguments import choice, expect, flag, graph, several, whole
from micrograd_like.draw.dot import DIRECTIONS, Drawing, Frame, Style
from micrograd_like.draw.names import WHOLE, Expressions
from micrograd_like.draw.numbers import Numbers, Scales
from micrograd_like.draw.outline import FEW, Outline, names_to_open
from micrograd_like.draw.render import DRAWN, Picture
from micrograd_like.draw.size import HIGH, PAGE, extent
from micrograd_like.draw.theme import AUTO, THEMES, drawn_theme
from micrograd_like.draw.words import Words
from micrograd_like.engine import Value
from micrograd_like.graph import GROUPS, labels_of, topological_order

__all__ = ["VIEWS", "draw_difference", "draw_dot"]

OUTLINES = ("values", "sums")
COARSE = ("network", "arrays")
VIEWS = (*OUTLINES, *COARSE)
FEW_ARRAYS = 16  # that are shown unasked


def draw_dot(
    root: Value | Sequence[Value],
    format: str = "svg",  # noqa: A002 - as in micrograd and graphviz
    rankdir: str = "LR",
    *,
    view: str | None = None,
    expand: str | Iterable[str] | None = (),
    depth: int | None = None,
    flow: str = "backward",
    theme: str = AUTO,
    legend: bool = True,
    inputs: Sequence[str | Value] = (),
    names: Mapping[str, Any] | None = None,
) -> Picture:
    """A ``graphviz.Digraph`` of the graph that led to a root, or to several.

    There are four views, and the finest that fits a page 1,100 pixels wide is chosen unless
    ``view`` says which: ``"values"``, each a small table; ``"sums"``, each with its terms and
    without the unnamed results in between; ``"network"``, neurons as circles in columns; and
    ``"arrays"``, the matrices that `structure` finds.

    In the first two a large `group`, such as a neuron, is one node.  Past 50 nodes, values that are
    made alike are one with their count, and so is every group.  ``expand`` names those to open, or
    is ``"all"``; ``depth`` leaves out what is more operations away from the root.  ``inputs`` names
    the network's inputs, or the columns of data, and chooses the network where there is one; in the
    arrays, it has the leaves that stand for them.

    ``flow="forward"`` draws the calculation, without gradients.  ``rankdir`` is its direction, from
    left to right (``"LR"``), from the top (``"TB"``), or ``"RL"`` or ``"BT"``; ``theme`` is
    ``"light"``, ``"dark"``, or ``"auto"``, as the reader prefers; ``legend=False`` leaves out what
    explains colours and signs; ``format`` is what the picture is drawn as unless it is told
    otherwise.

    ``names`` are variables, as in ``names=locals()``, and in every view but the arrays the first of
    them that holds a value without a label names it; the label stays as it is.

    >>> x = Value(3.0, "x")
    >>> "x = 3" in draw_dot(x * x).source
    True
    >>> square = x * x
    >>> draw_dot(square, names=locals())
    <Picture of square>

    Raises a TypeError where the root is no Value, and a ValueError for an argument that is none of
    those there are, such as the name of a group that is not in the graph, and for a network without
    neurons.
    """
    given = [root] if isinstance(root, str) or not isinstance(root, Sequence) else list(root)
    roots: list[Value] = [graph(v, "draw_dot") for v in given]
    if not roots:
        raise ValueError("draw_dot: the list of roots is empty; give a Value, such as the loss")
    choice(format, "draw_dot: format", DRAWN)
    choice(rankdir, "draw_dot: rankdir", DIRECTIONS)
    choice(flow, "draw_dot: flow", ("backward", "forward"))
    choice(theme, "draw_dot: theme", (AUTO, *THEMES))
    flag(legend, "draw_dot: legend")
    if view is not None:
        choice(view, "draw_dot: view", VIEWS)
    if depth is not None:
        whole(depth, "draw_dot: depth")
    columns = several(inputs, "draw_dot: inputs", "names of columns, or Values")
    opened = names_to_open(expand, "draw_dot")
    coarse = _is_coarse(view, columns, bool(opened) or depth is not None)
    labels = labels_of(topological_order(*roots), names, "draw_dot")
    style = Style(rankdir, THEMES[drawn_theme(theme)], format, flow == "backward", legend=legend)
    fine = None if coarse else _fine(roots, opened, depth, style, view, labels)
    picture = fine or _coarse(roots, columns, style, view, labels)
    picture.theme = theme
    return picture


def _is_coarse(view: str | None, columns: list[Any], opens: bool) -> bool:
    """Whether arguments ask for a network or arrays; a ValueError tells those that do not agree."""
    if opens and view in COARSE:
        raise ValueError(
            f"draw_dot: expand and depth are of values and sums, and the view is {view!r}: leave "
            "them out, or take view='sums'"
        )
    if columns and (opens or view in OUTLINES):
        raise ValueError(
            "draw_dot: inputs are of networks and arrays; values and sums have no columns to name: "
            "leave them out, or give the Values labels"
        )
    return bool(columns) or view in COARSE


def _fine(
    roots: list[Value],
    expand: list[str],
    depth: int | None,
    style: Style,
    view: str | None,
    labels: Mapping[int, str],
) -> Picture | None:
    """The picture of values or of sums; None if another view is wanted, or none of these fits."""
    if view is None and "all" not in expand:
        order = topological_order(*roots)
        named = sum(v.rule is None or bool(labels[id(v)]) for v in order)
        for fine, most in zip(OUTLINES, (FEW, FEW * FEW), strict=True):
            if named <= FEW and len(order) <= most:
                outline = Outline(roots, expand, depth, sums=fine == "sums", labels=labels)
                words = _words(outline)
                if outline.is_whole and _fits(outline, words, style):
                    return _drawn(outline, words, style)
    if view in OUTLINES or expand or depth is not None:
        sums = view == "sums" or (view is None and "all" not in expand)
        outline = Outline(roots, expand, depth, sums=sums, labels=labels)
        return _drawn(outline, _words(outline), style)
    return None


def _fits(outline: Outline, words: Words, style: Style) -> bool:
    """Whether a picture will fit a page, and a window without scrolling far."""
    along, across = extent(outline, words)
    wide, high = (along, across) if style.rankdir in ("LR", "RL") else (across, along)
    return wide <= PAGE and high <= HIGH


def _words(outline: Outline) -> Words:
    titles = Expressions(outline.order, outline.groups, labels=outline.labels)
    names = Expressions(outline.order, longest=WHOLE, exact=True, labels=outline.labels)
    return Words(outline, names, titles)


def _drawn(outline: Outline, words: Words, style: Style) -> Picture:
    numbers = Numbers.of(outline.order)
    return Drawing(outline, words, Scales.of(outline, numbers), style).picture(Frame(numbers))


def _coarse(
    roots: list[Value],
    columns: list[str | Value],
    style: Style,
    view: str | None,
    labels: Mapping[int, str],
) -> Picture:
    """The picture of the network, or of the arrays; of a graph with neither, of its sums."""
    # The other views are loaded when they are asked for, and what finds arrays with them.
    from micrograd_like.draw.arrays import picture as arrays_picture
    from micrograd_like.draw.network_dot import picture as network_picture
    from micrograd_like.draw.neurons import Graph, neurons_of

    options: dict[str, Any] = {
        "flow": "backward" if style.backward else "forward",
        "theme": style.theme, "format": style.format, "legend": style.legend,
    }  # fmt: skip
    # A neuron's leaves have its name and a dot before theirs, or else its result has a mark.
    marked = any("." in v.label or hasattr(v, GROUPS) for v in topological_order(*roots))
    if view == "network" or (view is None and marked):
        try:
            return network_picture(roots, columns, labels=labels, **options)
        except ValueError:
            if view == "network" or neurons_of(Graph.of(roots)):
                raise
    words: list[Words] = []

    def fits(outline: Outline) -> bool:
        words[:] = words or [_words(outline)]
        return _fits(outline, words[0], style)

    if view is None and not columns:
        outline = Outline(roots, sums=True, fits=fits, labels=labels)
        # Where something must be hidden, arrays are better if all of it is in a few.
        if not outline.hides or not _has_few_arrays(roots):
            return _drawn(outline, words[0] if words else _words(outline), style)
    leaves = [v for v in columns if isinstance(v, Value)]
    return arrays_picture(roots, leaves, rankdir=style.rankdir, **options)


def _has_few_arrays(roots: list[Value]) -> bool:
    """Whether a graph is a handful of arrays; without NumPy nobody knows."""
    from micrograd_like.draw.array_boxes import boxes_of

    try:
        boxes, rest = boxes_of(roots)
    except (ImportError, ValueError):
        return False
    return not rest.arrays and len(boxes) <= FEW_ARRAYS


def draw_difference(before: Picture, after: Picture, theme: str = AUTO) -> Picture:
    """What moved between two pictures of the same calculation, and how far.

    Both are of the same view, ``"values"`` or ``"sums"``: the first was drawn before a step of
    learning and the second after it, and each remembers the numbers of its time.  The colour of a
    move is its sign, the strongest that of the largest.

    >>> w = Value(1.0, "w")
    >>> before = draw_dot(w * 2)
    >>> w.data = 1.5
    >>> "moved" in draw_difference(before, draw_dot(w * 2)).source
    True

    Raises a TypeError for what is no such picture, and a ValueError for pictures of different
    graphs, of other operations or constants, or of one in which other groups are open, and for a
    deep copy or a pickle.
    """
    (first, was), (second, now) = (
        _drawing_of(picture, f"draw_difference: {name}")
        for name, picture in (("before", before), ("after", after))
    )
    choice(theme, "draw_difference: theme", (AUTO, *THEMES))
    if first.shape() != second.shape():
        raise ValueError(
            "draw_difference: the pictures are of different graphs; draw the same one twice"
        )
    earlier = {
        id(v): was.numbers.data[id(u)]
        for node, same in zip(first.outline.nodes, second.outline.nodes, strict=True)
        for u, v in zip(node.members, same.members, strict=True)
    }
    moves = (now.numbers.data[place] - x for place, x in earlier.items())
    scales = Scales.of(second.outline, now.numbers, moves)
    style = second.style._replace(theme=THEMES[drawn_theme(theme)], backward=False)
    picture = second._replace(scales=scales, style=style).picture(Frame(now.numbers, earlier))
    picture.theme = theme
    return picture


def _drawing_of(picture: object, where: str) -> tuple[Drawing, Frame]:
    drawing, frame = (getattr(picture, name, None) for name in ("drawing", "frame"))
    expect(
        isinstance(drawing, Drawing),
        picture,
        where,
        "a picture of values or sums that draw_dot made",
    )
    assert isinstance(drawing, Drawing)
    assert isinstance(frame, Frame)
    if id(drawing.outline.order[0]) not in frame.numbers.data:
        raise ValueError(f"{where} is a copy, which has lost its numbers; give the picture itself")
    return drawing, frame
