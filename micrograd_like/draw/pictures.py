"""Pictures of computation graphs, with the gradient flowing back through them.

>>> a, b = Value(2.0, "a"), Value(-3.0, "b")
>>> loss = (a * b + 1).tanh()
>>> loss.backward()
>>> picture = draw_dot(loss)
>>> picture.save("loss.svg")                                    # doctest: +SKIP
'loss.svg'
"""

from collections.abc import Iterable, Sequence

from micrograd_like.arguments import choice, expect, graph, whole
from micrograd_like.draw.dot import DIRECTIONS, Drawing, Frame, Style
from micrograd_like.draw.numbers import Numbers, Scales
from micrograd_like.draw.outline import Outline
from micrograd_like.draw.render import DRAWN, Picture
from micrograd_like.draw.theme import THEMES
from micrograd_like.draw.words import WHOLE, Words, expressions
from micrograd_like.engine import Value

__all__ = ["draw_difference", "draw_dot"]


def draw_dot(
    root: Value | Sequence[Value],
    format: str = "svg",  # noqa: A002 - as in micrograd and graphviz
    rankdir: str = "LR",
    *,
    expand: str | Iterable[str] | None = (),
    depth: int | None = None,
    flow: str = "backward",
    theme: str = "light",
) -> Picture:
    """A ``graphviz.Digraph`` of the graph that led to a root, or to several.

    Past 50 values, values that are made alike are drawn as one with their count; past that, neurons
    and then layers are.  ``expand`` names those to open, or is ``"all"``.  ``depth`` leaves out
    what is more operations away from the root.  ``flow="forward"`` draws the calculation, without
    gradients.  ``rankdir`` is its direction, from left to right (``"LR"``), from the top
    (``"TB"``), or ``"RL"`` or ``"BT"``; ``theme`` is ``"light"`` or ``"dark"``, ``format`` what the
    picture is drawn as unless it is told otherwise.

    >>> x = Value(3.0, "x")
    >>> "x = 3" in draw_dot(x * x).source
    True

    Raises a TypeError where the root is no Value, and a ValueError for an argument that is none of
    those there are, such as the name of a group that is not in the graph.
    """
    given = [root] if isinstance(root, str) or not isinstance(root, Sequence) else list(root)
    roots: list[Value] = [graph(v, "draw_dot") for v in given]
    if not roots:
        raise ValueError("draw_dot: the list of roots is empty; give a Value, such as the loss")
    choice(format, "draw_dot: format", DRAWN)
    choice(rankdir, "draw_dot: rankdir", DIRECTIONS)
    choice(flow, "draw_dot: flow", ("backward", "forward"))
    choice(theme, "draw_dot: theme", THEMES)
    if depth is not None:
        whole(depth, "draw_dot: depth")
    outline = Outline(roots, expand, depth)
    numbers = Numbers.of(outline.order)
    titles = expressions(outline.order, outline.groups)
    words = Words(outline, expressions(outline.order, longest=WHOLE, exact=True), titles)
    style = Style(rankdir, THEMES[theme], format, flow == "backward")
    return Drawing(outline, words, Scales.of(outline, numbers), style).picture(Frame(numbers))


def draw_difference(before: Picture, after: Picture, theme: str = "light") -> Picture:
    """What moved between two pictures of the same calculation, and how far.

    The first was drawn before a step of learning and the second after it; each remembers the
    numbers of its time.  The colour of a move is its sign, the strongest that of the largest.

    >>> w = Value(1.0, "w")
    >>> before = draw_dot(w * 2)
    >>> w.data = 1.5
    >>> "moved" in draw_difference(before, draw_dot(w * 2)).source
    True

    Raises a TypeError for what :func:`draw_dot` has not made, and a ValueError for pictures of
    different graphs, or of one in which other groups are open, and for a deep copy or a pickle.
    """
    (first, was), (second, now) = (
        _drawing_of(picture, f"draw_difference: {name}")
        for name, picture in (("before", before), ("after", after))
    )
    choice(theme, "draw_difference: theme", THEMES)
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
    style = second.style._replace(theme=THEMES[theme], backward=False)
    return second._replace(scales=scales, style=style).picture(Frame(now.numbers, earlier))


def _drawing_of(picture: object, where: str) -> tuple[Drawing, Frame]:
    drawing, frame = (getattr(picture, name, None) for name in ("drawing", "frame"))
    expect(isinstance(drawing, Drawing), picture, where, "a picture that draw_dot made")
    assert isinstance(drawing, Drawing)
    assert isinstance(frame, Frame)
    if id(drawing.outline.order[0]) not in frame.numbers.data:
        raise ValueError(f"{where} is a copy, which has lost its numbers; give the picture itself")
    return drawing, frame
