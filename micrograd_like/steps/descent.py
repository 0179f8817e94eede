"""Gradient descent as steps: on an error of one weight, or of two, with its picture.

>>> for step in Descent(lambda w: (w - 2)**2, 5.0, lr=0.4, steps=3):
...     print(step)
1/3  w ← w − 0.4 · ∂E/∂w = 5 − 0.4 · 6 = 2.6  (E = 9, then 0.36)
2/3  w ← w − 0.4 · ∂E/∂w = 2.6 − 0.4 · 1.2 = 2.12  (E = 0.36, then 0.0144)
3/3  w ← w − 0.4 · ∂E/∂w = 2.12 − 0.4 · 0.24 = 2.024  (E = 0.0144, then 0.000576)
"""

import io
import re
from textwrap import wrap
from typing import Any

from micrograd_like.draw import THEMES, drawn_theme, image_of
from micrograd_like.learn import figure_axes, styled
from micrograd_like.notation import number
from micrograd_like.steps.descent_page import POINTS, descent_page
from micrograd_like.steps.figures import figure_file, figure_svg
from micrograd_like.steps.landscape import Landscape
from micrograd_like.steps.movie import (
    MOST_FRAMES,
    SHARP,
    Part,
    Reel,
    check_count,
    pillow,
    scale_of,
    seconds_each,
)
from micrograd_like.steps.pages import PageData, framed
from micrograd_like.steps.player import Player
from micrograd_like.steps.trajectory import Error, Trajectory
from micrograd_like.steps.words import DESCENT_WORDS

__all__ = ["Descent"]

HEIGHT = 668  # pixels that the page has in a notebook: all of the picture in its own size
LINE = 84  # characters above a frame of a moving picture


class Descent(Trajectory, Player):
    """The steps of gradient descent from a start, and their player.

    ``error`` takes one Value or two, the weights, and returns one; ``start`` are their numbers, and
    ``lr`` the learning rate.  The weights have the names of the function's arguments.  The descent
    ends early where the error or its gradient is no finite number.  In a notebook it shows as a
    page that plays the steps, and `save` writes that page, a picture, or a moving picture; all need
    matplotlib.

    The page computes the steps: drag the start, or type it, turn the learning rate and the number
    of steps, and the whole way is another at once; the picture's axes stay.  It replays one graph;
    where Python branches on the weights, at some points of the picture or the way that are tried,
    or a rule has no JavaScript, it plays the steps as they are, and says why.  ``window.descent``
    has ``set({start: [1.5], rate: 0.2, steps: 30})``, ``get()``, ``reset()`` and ``go(scene)``.

    >>> steps = Descent(lambda w1, w2: w1**2 + 3 * w2**2, 2.0, 1.0, lr=0.1)
    >>> len(steps), steps[0].gradient
    (20, (4.0, 6.0))

    Raises a TypeError where ``error`` is no function of so many weights or returns no Value, and a
    ValueError for other than one or two weights, for a rate that is not above 0, for other than 1
    to 1,000 steps, and where the error is not defined at the start.
    """

    def __init__(self, error: Error, *start: float, lr: float = 0.1, steps: int = 20) -> None:
        super().__init__(error, *start, lr=lr, steps=steps)

    def __repr__(self) -> str:
        last = self._steps[-1]
        return f"<Descent of {len(self)} steps: E from {number(self[0].error)} to {last.arrived}>"

    def plot(self, ax: Any = None, theme: str = "light", *, upto: int | None = None) -> Any:
        """The way down, drawn on matplotlib's axes, all of it or the first steps; returns the axes.

        Of one weight it is on the error's curve, of two on its surface, as lines of equal error.
        Raises an ImportError without matplotlib, and a ValueError for an unknown theme.
        """
        ax, colours = styled(ax, theme)
        landscape = Landscape(self)
        landscape.draw(ax, colours)
        landscape.draw_way(ax, colours, upto)
        return ax

    def still(self, ending: str = ".png", width: int | None = None) -> bytes:
        """The whole way, as a file of an ending: .svg, .png or .pdf."""
        theme = drawn_theme(self.theme)
        scale = width / POINTS[0] if width else SHARP
        return figure_file(self.plot(figure_axes(), theme).figure, theme, ending[1:], scale)

    def shown(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The whole way, for a notebook, as an SVG in HTML, which is small, and as a PNG."""
        theme = drawn_theme(self.theme)
        ground = THEMES[theme].background
        svg = figure_svg(self.plot(figure_axes(), theme).figure, ground, dpi=72 * SHARP)
        width, height = map(round, POINTS)
        svg = re.sub(r' (?:width|height)="[\d.]+pt"', "", svg[svg.index("<svg") :], count=2)
        svg = svg.replace("<svg", f'<svg width="{width}" height="{height}"', 1)
        size = {"width": width, "height": height}
        html = image_of(svg, self.title)
        return {"text/html": html, "image/png": self.still()}, {"image/png": size}

    def in_frame(self, still: str) -> str:
        """The page in a frame of a notebook, and beside it a picture where nothing plays."""
        return framed(self.page(), self.title, HEIGHT, still)

    def reel(self, width: int | None = None, speed: float | None = None) -> Reel:
        """The way up to each step, as a moving picture's frames.

        Raises a ValueError if there are more than 400 steps, or if they are too large.
        """
        image = pillow()
        where, count = "Descent.save", len(self) + 1
        check_count(len(self), where, f"give fewer, as in steps={MOST_FRAMES}")
        scale = scale_of(POINTS, count, width, where)

        theme = drawn_theme(self.theme)
        ax, colours = styled(figure_axes(), theme)
        landscape = Landscape(self)
        landscape.draw(ax, colours)
        ground = len(ax.lines)  # what stays as it is

        def frame(upto: int) -> Any:
            for line in ax.lines[ground:]:
                line.remove()
            landscape.draw_way(ax, colours, upto)
            lines = wrap(str(self[upto - 1]), LINE, max_lines=2, placeholder=" …") if upto else []
            title = "\n".join([*lines, " ", " "][:2])  # of one height in all frames
            ax.set_title(title, loc="left", fontsize=9, color=colours.text)
            png = figure_file(ax.figure, theme, "png", scale)
            return image.open(io.BytesIO(png)).convert("RGB")

        last = frame(len(self))
        each = seconds_each(speed, count, where)
        return Reel(count, ([Part((0, 0), frame(k))] for k in range(count)), last, each)

    @property
    def title(self) -> str:
        """What is shown."""
        return DESCENT_WORDS["title"].format(rate=number(self.lr))

    def page_data(self) -> PageData:
        """Two scenes for each step: the slope, and the step against it."""
        return descent_page(self, self.title, self.theme)
