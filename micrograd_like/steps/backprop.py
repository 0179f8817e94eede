"""Backprop to look at: its steps played on the picture of the graph, or one of them drawn.

>>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
>>> loss = a * b + a
>>> Backprop(loss)                       # at the end of a notebook's cell: the player
<Backprop of v2: 7 steps>
>>> Backprop(loss).save("backprop.html")                                     # doctest: +SKIP
'backprop.html'
>>> Backprop(loss)[3:].save("backward.gif", width=840, speed=0.5)            # doctest: +SKIP
'backward.gif'
>>> Backprop(loss)[6].save("step7.svg", theme="dark")                        # doctest: +SKIP
'step7.svg'
>>> Backprop(loss).save("handout.pdf", blanks=True)                          # doctest: +SKIP
'handout.pdf'
"""

from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING, Any, Self, overload

from micrograd_like.arguments import choice
from micrograd_like.browser import IN_BROWSER
from micrograd_like.draw import (
    AUTO,
    DIRECTIONS,
    THEMES,
    Outline,
    check_groups,
    names_to_open,
    picture_bytes,
)
from micrograd_like.engine import Value
from micrograd_like.graph import edges
from micrograd_like.groups import groups_of
from micrograd_like.notation import one_line, plural
from micrograd_like.steps.animation import Animation
from micrograd_like.steps.film import Film
from micrograd_like.steps.learners import learners
from micrograd_like.steps.live import live_page
from micrograd_like.steps.movie import Reel, check_count, scale_of, seconds_each
from micrograd_like.steps.pages import PageData, svg_size
from micrograd_like.steps.player import Player
from micrograd_like.steps.sequence import Step as PlainStep
from micrograd_like.steps.sequence import Steps
from micrograd_like.steps.views import ALL

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Backprop", "Step"]

FEW = 150  # values that a player shows one by one
MOST_TOLD = 100  # steps as text, where nothing draws
PART = "take a slice, as in Backprop(loss)[-100:]"
LONG = 1000  # operations that edges lead past: with more, a layout takes seconds, and is a tangle


class Step(PlainStep):
    """A step of a `Backprop`, which can be drawn; equal to the plain data that it is.

    At the end of a notebook's cell it shows as the picture of the graph at this step: what is known
    after it, the line of the board above, and what the step is about lit.

    >>> x = Value(3.0, label="x")
    >>> step = Backprop(x * x)[3]
    >>> step.save("step4.png", width=840)                                    # doctest: +SKIP
    'step4.png'
    """

    steps: "Backprop | None" = None  # that it is of; a copy and a pickle are of none

    def save(
        self, path: "str | Path", *, theme: str | None = None, width: int | None = None
    ) -> str:
        """Save the picture at this step, ``.svg``, ``.png`` or ``.pdf``; returns the path.

        ``theme`` is another one, and ``width`` that of a PNG in pixels.  Raises what
        `Backprop.save` raises, and a ValueError for a step that is a copy.
        """
        return self._alone().save(path, theme=theme, width=width)

    def _alone(self) -> "Backprop":
        if self.steps is None:
            raise ValueError(
                "Step.save: this step is a copy, which has no graph; take it from a Backprop, as "
                "in Backprop(loss)[7]"
            )
        alone = self.steps.only(self.number - 1)
        alone.handouts = ()
        return alone

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> Any:
        if self.steps is None:
            return {"text/plain": str(self)}
        data, sizes = self._alone().shown()
        return data | {"text/plain": str(self)}, sizes

    def __reduce__(self) -> Any:
        return Step, tuple(self)


class Backprop(Steps, Player):
    """The steps of backprop, as data and as a player.

    A sequence of `Step`: the forward steps, one an operation, then the backward steps, one a
    product of the chain rule.  A slice is a Backprop of those steps alone.  ``print(step)`` is the
    line for the board, ``step.save("step.svg")`` draws it; ``save`` writes a page, a moving
    picture or a handout, and at the end of a notebook's cell the player shows.

    ``order="naive"`` passes gradients on before all of them are there, which can be wrong where a
    value is used twice.  ``order="depth-first"`` is a recursion without sorting: ``backward`` is
    ``self._backward()``, and then ``operand.backward()`` for each operand in turn.  It is wrong
    where it comes to an operation's value more than once: gradients that were passed on before are
    passed on again.

    In the player of a graph with more than 150 values, those alike, neurons and layers are one node
    each, as in `draw_dot`; ``expand`` names those to open, or is ``"all"``.  ``rankdir`` is the
    picture's direction as in `draw_dot`.  ``theme`` is ``"light"``, ``"dark"``, or ``"auto"``: a
    page then is as its reader prefers, and a GIF is light.  ``names`` are variables, as in
    ``names=locals()``: the first of them that holds a value without a label names it, here alone.

    The player is a page that computes.  Drag a leaf's number, or choose the leaf and type, or turn
    it with Shift ← →.  Space plays, ← → Home End go, f b to a phase; v l n p c open value, learn,
    nudge, predict, and the leaves as Python; u undoes, r resets; ? lists all keys.  What is chosen,
    a value, a group or an edge, tells its digits and steps.  ``backprop.html#7`` opens at step 7.

    On it leaves can learn: parameters of models and optimizers, or all if there are none.
    ``learn`` says which: a model, or one or several leaves, as Values or labels.

    A course's own page drives it by ``window.backprop``, with the names that the steps have::

        set("a", 1.4), set({a: 1.4, b: 2})      other numbers for leaves
        get("b")                                its {data, grad}
        step(7), count()                        show a step, 0 for before the first; how many
        learn(0.1, 20), epoch(0.1)              steps, or one for each data point: the loss then
        learners(["w", "b"]), losses()          what learns; the losses of all steps
        nudge("a", 1e-6)                        {forward, central, gradient, ...}
        select("a"), open("layer0"), open("")   choose a value or group; open a group, fold all
        undo(), reset(), names(), problem()     problem: what is not defined, or ""

        <iframe id="page" src="backprop.html"></iframe>
        <script>
        const frame = document.getElementById("page");
        frame.addEventListener("backprop", () => frame.contentWindow.backprop.set("a", 1.4));
        </script>

    The event comes when the page is ready.  Browsers allow this for two pages of one server; from
    disk, write the page into the frame: ``srcdoc="..."`` of ``html.escape(Backprop(loss).page())``.

    >>> x = Value(3.0, label="x")
    >>> steps = Backprop(x * x)
    >>> len(steps), steps[-1].after
    (4, 6.0)
    >>> print(steps[0])
    1/4  v1 = x · x = 3 · 3 = 9
    >>> w, b = Value(0.5, label="w"), Value(0.0, label="b")
    >>> Backprop((w * x + b - 1) ** 2, learn=["w", b])       # x is data, which stays
    <Backprop of v4: 11 steps>

    Raises a TypeError where the root is no Value, and a ValueError for an argument that is none of
    those there are, or a value to learn that is computed, and where the depth-first order has more
    than 10,000 products; a LookupError for a value to learn that is not in the graph.
    """

    handouts: tuple[str, ...] = (".tex", ".pdf")

    def __init__(
        self,
        root: Value,
        order: str = "topological",
        *,
        rankdir: str = "LR",
        expand: str | Iterable[str] | None = (),
        theme: str = AUTO,
        names: Mapping[str, Any] | None = None,
        learn: Any = None,
    ) -> None:
        super().__init__(root, order, names)
        self.learn = None if learn is None else learners(self, learn)
        self.rankdir = choice(rankdir, "Backprop: rankdir", DIRECTIONS)
        self.theme = choice(theme, "Backprop: theme", (AUTO, *THEMES))
        few = len(self.order) <= FEW and self._passed() <= LONG
        opened = names_to_open(expand, "Backprop")
        if opened:
            check_groups(opened, "Backprop", groups_of(self.order))
        self.expand = [ALL] if few else opened

    def __repr__(self) -> str:
        return f"<Backprop of {one_line(self.name(self.root))}: {plural(len(self), 'step')}>"

    def text(self) -> str:
        """The steps as HTML without a picture, the first of them where there are many."""
        lines = [str(step) for step in self[:MOST_TOLD]]
        lines += ["..."] * (len(self) > MOST_TOLD)
        return f"<pre>{escape(chr(10).join(lines))}</pre>"

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
        return Animation(self, self._outline(), self.rankdir, self.theme)

    def _outline(self) -> Outline:
        return Outline([self.root], self.expand, where="Backprop", labels=self.labels)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...

    def __getitem__(self, index: int | slice) -> Step | Self:
        found = super().__getitem__(index)
        if isinstance(found, Backprop):
            return found
        step = Step(*found)
        step.steps = self
        return step

    def only(self, k: int) -> Self:
        """The step at a place of the whole, alone."""
        return self._part(range(k, k + 1))

    def page_data(self) -> PageData:
        """The graph, its pictures, and what a page computes with."""
        name = ALL if ALL in self.expand else " ".join(self.expand)
        return live_page(self, self._outline(), name, self.rankdir, self.theme, self.learn)

    def still(self, ending: str = ".png", width: int | None = None) -> bytes:
        """The picture at the last step, as a file of an ending: .svg, .png or .pdf."""
        picture = self._animation().still()
        if width:
            natural, _ = svg_size(picture_bytes(picture.source, "svg").decode())
            picture.attr(dpi=f"{72 * width / natural!r}")
            return picture_bytes(picture.source, "png")
        drawn: bytes = picture.pipe(ending[1:])
        return drawn

    def handout(self, ending: str, blanks: bool = False) -> bytes:
        """The steps for paper, as LaTeX source or as PDF.

        Raises a ValueError if there are more than 400 steps, of which a slice is a part.
        """
        from micrograd_like.steps.handout import pdf, tex

        check_count(len(self), "Backprop.save", PART, "a handout")
        if ending == ".tex":
            return tex(self, blanks)
        animation = self._animation()
        pictures = [animation.first_picture()] * blanks + [animation.final_picture()]
        return pdf(self, pictures, blanks)

    def shown(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The picture at the last step, for a notebook."""
        return self._animation().still().shown()

    def reel(self, width: int | None = None, speed: float | None = None) -> Reel:
        """The picture before the first step and after each, as a moving picture's frames.

        Raises a ValueError if there are more than 400 steps, of which a slice is a part, or if they
        are too large.
        """
        if IN_BROWSER:
            raise ImportError(
                "Backprop.save: a browser draws no moving picture; save .html, which plays, or use "
                "Python outside of one"
            )
        animation = self._animation()
        where, count = "Backprop.save", len(animation.wanted())
        check_count(count, where, PART)
        film = Film(list(animation.sources()))
        film.scale = scale_of(film.natural, count + 1, width, where)
        each = seconds_each(speed, count + 1, where)
        return Reel(count + 1, film.parts(), film.last, each)
