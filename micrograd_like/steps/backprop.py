"""Backprop to look at: its steps played on the picture of the graph.

>>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
>>> loss = a * b + a
>>> Backprop(loss)                       # at the end of a notebook's cell: the player
<Backprop of v2: 7 steps>
>>> Backprop(loss).save("backprop.html")                                     # doctest: +SKIP
'backprop.html'
"""

from collections.abc import Iterable, Iterator, Sequence

from micrograd_like.arguments import choice
from micrograd_like.draw import (
    DIRECTIONS,
    THEMES,
    check_groups,
    groups_of,
    names_to_open,
    picture_bytes,
)
from micrograd_like.engine import Value
from micrograd_like.graph import edges
from micrograd_like.notation import plural
from micrograd_like.steps.animation import Animation
from micrograd_like.steps.player import AUTO, PageData, Player
from micrograd_like.steps.sequence import Steps

__all__ = ["Backprop"]

FEW = 150  # values that a player shows one by one
LONG = 1000  # operations that edges lead past: with more, a layout takes seconds, and is a tangle


class Backprop(Steps, Player):
    """The steps of backprop, as data and as a player.

    A sequence of `Step`: the forward steps, one an operation, then the backward steps, one a
    product of the chain rule.  A slice is a Backprop of those steps alone.  ``print(step)`` is the
    line for the board, ``save`` writes a page or a GIF, and at the end of a notebook's cell the
    player shows.

    ``order="naive"`` passes gradients on before all of them are there, which can be wrong where a
    value is used twice.  ``order="depth-first"`` is a recursion without sorting: ``backward`` is
    ``self._backward()``, and then ``operand.backward()`` for each operand in turn.  It is wrong
    where it comes to an operation's value more than once: gradients that were passed on before are
    passed on again.

    In the player of a graph with more than 150 values, those alike, neurons and layers are one node
    each, as in `draw_dot`; ``expand`` names those to open, or is ``"all"``.  ``rankdir`` is the
    picture's direction as in `draw_dot`.  ``theme`` is ``"light"``, ``"dark"``, or ``"auto"``: a
    page then is as its reader prefers, and a GIF is light.

    >>> x = Value(3.0, label="x")
    >>> steps = Backprop(x * x)
    >>> len(steps), steps[-1].after
    (4, 6.0)
    >>> print(steps[0])
    1/4  v1 = x · x = 3 · 3 = 9

    Raises a TypeError where the root is no Value, and a ValueError for an argument that is none of
    those there are, and where the depth-first order has more than 10,000 products.
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
        return sum(
            depth[id(v)] - starts[id(x)] - 1 for v in self.operations for _, x, _ in edges(v)
        )

    def _animation(self) -> Animation:
        return Animation(self, self.expand, self.rankdir, self.theme)

    def page_data(self) -> PageData:
        """The picture of the graph, and what each step shows on it."""
        return self._animation().page_data()

    def still(self) -> bytes:
        """The picture at the end, as PNG."""
        png: bytes = self._animation().final_picture().pipe("png")
        return png

    def frames(self) -> tuple[int, Iterator[bytes]]:
        """The picture before the first step and after each, as PNG; and how many they are.

        Raises a ValueError if there are more than 400 steps, of which a slice is a part.
        """
        animation = self._animation()
        self.check_frames(len(animation.wanted()), "take a slice, as in Backprop(loss)[-100:]")
        sources = list(animation.sources())
        return len(sources), _pngs(sources)


def _pngs(sources: Sequence[str]) -> Iterator[bytes]:
    from concurrent.futures import ThreadPoolExecutor

    yield picture_bytes(sources[0], "png")  # before all the work, in case that one is enough
    with ThreadPoolExecutor(2) as several:
        yield from several.map(lambda source: picture_bytes(source, "png"), sources[1:])
