"""Playing steps: a page to go through them, in a notebook too; a moving picture; a still one.

`backprop.py`, `descent.py` and `training.py` say what their steps look like, and `pages.py` how a
page is made.
"""

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from micrograd_like.arguments import choice, file_name, flag, whole
from micrograd_like.draw import AUTO, THEMES, markup
from micrograd_like.files import check_place, write
from micrograd_like.notation import listed
from micrograd_like.steps.movie import MOVIES, Reel, seconds_each
from micrograd_like.steps.pages import PageData, in_notebook, page

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Player", "png_shown"]

STILLS = (".svg", ".png", ".pdf")
ENDINGS = (".html", *STILLS, *MOVIES)
WIDTHS = 16, 4000  # pixels


class Player(ABC):
    """Steps that play: in a notebook, as a page of their own, as a moving picture."""

    theme: str = AUTO
    handouts: tuple[str, ...] = ()  # the endings of files that are handouts of the steps

    @abstractmethod
    def page_data(self) -> PageData:
        """The picture and the steps on it."""

    @abstractmethod
    def reel(self, width: int | None = None, speed: float | None = None) -> Reel:
        """The picture before the first step and after each, for a moving picture.

        Raises a ValueError if it would be too long or too large to look at.
        """

    @abstractmethod
    def still(self, ending: str = ".png", width: int | None = None) -> bytes:
        """The picture at the last step, as a file of one of the endings in `STILLS`."""

    def handout(self, ending: str, blanks: bool = False) -> bytes:
        """The steps for paper, as a file of one of the endings in ``handouts``."""
        raise NotImplementedError

    @abstractmethod
    def shown(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """That picture for a notebook, for readers in which nothing plays, and its size."""

    def text(self) -> str:
        """The steps as HTML without a picture, for where nothing draws it."""
        return ""

    def page(self) -> str:
        """An HTML page that plays the steps and needs nothing else, as text.

        Raises an ImportError where what draws is missing.
        """
        return page(self.page_data())

    def in_frame(self, still: str) -> str:
        """The page in a frame of a notebook, and beside it a picture where nothing plays."""
        return in_notebook(self.page_data(), still)

    def save(
        self,
        path: "str | Path",
        *,
        theme: str | None = None,
        width: int | None = None,
        speed: float | None = None,
        blanks: bool = False,
    ) -> str:
        """Save the steps as a file, by its ending; returns the path.

        ``.html`` is the page; ``.gif`` or ``.mp4`` a moving picture; ``.svg``, ``.png`` or ``.pdf``
        the picture at the last step.  ``theme`` is another one, ``width`` that of a moving picture
        or a PNG in pixels, ``speed`` the seconds that each step of a moving picture is shown.

        Of `Backprop`, ``.pdf`` is a handout to print, on A4 or Letter: the picture, and all steps
        as a table; ``.tex`` is that table as LaTeX.  With ``blanks`` the numbers are left out, for
        students to fill in, and a second sheet has the solution.

        Raises a ValueError for another ending or theme, for a size or a speed that the file cannot
        have, and for a moving picture that would be too long or too large to look at; a TypeError
        for what is no number; an OSError where the file cannot be written; and an ImportError where
        what draws is missing.  A file that was there before is then as it was.
        """
        from pathlib import Path

        where = f"{type(self).__name__}.save"
        path = Path(file_name(path, where))
        endings = dict.fromkeys((*ENDINGS, *self.handouts))
        ending = choice(path.suffix.lower(), f"{where}: the ending of {path}", endings)
        player = self if theme is None else copy.copy(self)
        if theme is not None:
            player.theme = choice(theme, f"{where}: theme", (AUTO, *THEMES))
        if width is not None:
            _only_for(ending, (".png", *MOVIES), f"{where}: width")
            whole(width, f"{where}: width", *WIDTHS)
        if speed is not None:
            _only_for(ending, tuple(MOVIES), f"{where}: speed")
            seconds_each(speed, 1, where)
        if flag(blanks, f"{where}: blanks"):
            _only_for(ending, self.handouts, f"{where}: blanks")
        check_place(path)
        write(path, player._file(ending, width, speed, blanks))
        return str(path)

    def _file(
        self, ending: str, width: int | None, speed: float | None, blanks: bool = False
    ) -> bytes:
        if ending in self.handouts:
            return self.handout(ending, blanks)
        if ending in STILLS:
            return self.still(ending, width)
        if ending in MOVIES:
            return MOVIES[ending](self.reel(width, speed))
        return self.page().encode()

    def _repr_html_(self) -> str:
        html: str = self._bundle()[0]["text/html"]
        return html

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> Any:
        data, sizes = self._bundle()
        shown = set(include or data) - set(exclude or ())
        return {mime: content for mime, content in data.items() if mime in shown}, sizes

    def _bundle(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The player, with the picture in it, and the picture beside it, as LaTeX wants it."""
        try:
            still, sizes = self.shown()
            html = self.in_frame(still["text/html"])
        except (ImportError, RuntimeError) as error:  # no Graphviz, or a graph too large for it
            return {"text/html": f"<p>{markup(str(error))}</p>{self.text()}"}, {}
        return still | {"text/html": html}, sizes


def png_shown(
    png: bytes, title: str, size: tuple[float, float]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A picture for a notebook, as HTML and as it is, and its size."""
    from base64 import b64encode

    width, height = map(round, size)
    src = f"data:image/png;base64,{b64encode(png).decode()}"
    style = "max-width:100%;height:auto"
    html = f'<img alt="{markup(title)}" style="{style}" width="{width}" src="{src}">'
    return {"text/html": html, "image/png": png}, {"image/png": {"width": width, "height": height}}


def _only_for(ending: str, endings: Sequence[str], where: str) -> None:
    if ending not in endings:
        raise ValueError(f"{where} is for {listed(endings)}, not for {ending}; leave it out")
