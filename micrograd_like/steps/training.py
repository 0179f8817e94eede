"""Training to look at: the model after each epoch, as a page that moves, and as pictures.

>>> from micrograd_like.nn import MLP
>>> model = MLP(2, [4, 1], activation="tanh")
>>> training = Training(model, [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], epochs=60)
>>> training                            # at the end of a notebook's cell: the page
<Training of 60 epochs: loss from ... to ...>
>>> training.save("training.html")                                           # doctest: +SKIP
'training.html'
"""

import io
from collections.abc import Callable, Sequence
from typing import Any

from micrograd_like.arguments import choice, several, text
from micrograd_like.draw import AUTO, THEMES, drawn_theme, markup
from micrograd_like.learn import SGD, mse, spread
from micrograd_like.notation import number, plural
from micrograd_like.steps.answers import Answers
from micrograd_like.steps.epochs import Epochs
from micrograd_like.steps.forward import Forward
from micrograd_like.steps.movie import SHARP, Part, Reel, pillow, scale_of, seconds_each
from micrograd_like.steps.pages import PageData, framed
from micrograd_like.steps.player import Player, png_shown
from micrograd_like.steps.training_page import page_data, training_page
from micrograd_like.steps.training_picture import POINTS, TrainingPicture

__all__ = ["Training"]

MOST_FRAMES, PACE = 60, 0.12  # of a moving picture, and the seconds of each
HEIGHT = 640  # pixels that the page has in a notebook


class Training(Epochs, Player):
    """A model's training, epoch by epoch, and the page on which it can be watched.

    The model is trained in place by `fit`, which explains the arguments; 100 epochs and a learning
    rate of 0.1 are other defaults.  ``names`` are those of the inputs.

    It is a sequence of epochs, the start first: each has its ``number``, the ``weights`` after it,
    and ``loss``, ``gradient_norm`` and ``accuracy``, measured with these weights on all points that
    are learned from.  (`fit` measures while it learns: ``history`` is what it reports.)  Of more
    than 200 epochs, or of many weights, some are kept, evenly, and the last.  A training that
    diverges, or that patience or Ctrl-C ends, is kept up to there; ``ended`` says why.

    In a notebook it shows as a page, ``save`` writes that page, a picture or a moving picture.
    With an epoch's slider all moves together: of two inputs the map of the answers with its border,
    of one the fitted curve; the network, whose lines are the weights; the loss; the numbers.  The
    page computes what it shows from the weights.  ``training.html#30`` begins at epoch 30, and the
    page's ``window.training`` has ``go(epoch)``, ``epoch()``, ``predict(row)``, ``weight(name)``.

    >>> from micrograd_like.nn import Neuron
    >>> line = Neuron(1, nonlin=False, init="zeros")
    >>> training = Training(line, [[0.0], [1.0]], [1.0, 3.0], epochs=200)
    >>> print(training[1])
      1/200  loss 1.44, gradient 2.5512
    >>> [round(x, 3) for x in training[-1].weights]
    [2.0, 1.0]

    Raises what `fit` raises, a divergence aside, and a ValueError for a model without parameters,
    with more than 20,000, or that cannot be copied.
    """

    def __init__(
        self,
        model: Any,
        X: Sequence[Sequence[float]],
        y: Sequence[Any],
        loss: Any = mse,
        *,
        epochs: int = 100,
        lr: float | Callable[[int], float] = 0.1,
        batch_size: int = 1,
        optimizer: Callable[..., Any] = SGD,
        validation: float | tuple[Any, Any] = 0.0,
        patience: int | None = None,
        tape: bool | None = None,
        seed: int | None = 0,
        names: Sequence[str] = (),
        theme: str = AUTO,
    ) -> None:
        self.theme = choice(theme, "Training: theme", (AUTO, *THEMES))
        given = [text(name, "Training: names") for name in several(names, "Training: names")]
        super().__init__(
            model, X, y, loss, epochs=epochs, lr=lr, validation=validation, seed=seed, tape=tape,
            batch_size=batch_size, optimizer=optimizer, patience=patience,
        )  # fmt: skip
        width = len(self.points[0].row)
        if given and len(given) != width:
            raise ValueError(
                f"Training: names has {plural(len(given), 'name')}, and a row {width} numbers; "
                "give one for each"
            )
        self.names = given or [f"x{k}" for k in range(width)]
        rows = [point.row for point in self.points]
        self._forward = Forward(self.at(0), self.names, rows, self[-1].weights)
        self._answers = Answers.of(self)

    def __repr__(self) -> str:
        losses = f"loss from {number(self[0].loss)} to {number(self[-1].loss)}"
        return f"<Training of {plural(self[-1].number, 'epoch')}: {losses}>"

    @property
    def title(self) -> str:
        """What is shown."""
        weights = plural(len(self[0].weights), "weight")
        learned = plural(len(self.points), "point")
        return f"{type(self.model).__name__} of {weights} learning from {learned}"

    def page(self) -> str:
        """An HTML page on which the training can be watched, and which needs nothing else."""
        return training_page(self.page_data())

    def page_data(self) -> PageData:
        """What the page is made of."""
        return page_data(self, self._forward, self._answers, self.title, self.theme)

    def reel(self, width: int | None = None, speed: float | None = None) -> Reel:
        """The epochs, or some of many, as a moving picture's frames."""
        image = pillow()
        places = spread(len(self), MOST_FRAMES)
        scale = scale_of(POINTS, len(places), width, "Training.save")
        picture = self._picture()

        def frame(place: int) -> Any:
            png = picture.at(place).file("png", scale)
            return image.open(io.BytesIO(png)).convert("RGB")

        last = frame(len(self) - 1)
        # A GIF has the colours of this image, and little of it is the mark of the epoch.
        mark = THEMES[drawn_theme(self.theme)].lit
        last.paste(mark, (last.width // 2, 0, last.width, last.height // 20))
        each = seconds_each(PACE if speed is None else speed, len(places), "Training.save")
        return Reel(len(places), ([Part((0, 0), frame(k))] for k in places), last, each)

    def still(self, ending: str = ".png", width: int | None = None) -> bytes:
        """The last epoch, as a file of an ending: .svg, .png or .pdf."""
        scale = width / POINTS[0] if width else SHARP
        return self._picture().at(len(self) - 1).file(ending[1:], scale)

    def shown(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The last epoch, for a notebook; without matplotlib, the words that say so."""
        try:
            return png_shown(self.still(), self.title, POINTS)
        except ImportError as error:
            return {"text/html": f"<p>{markup(str(error))}</p>"}, {}

    def in_frame(self, still: str) -> str:
        """The page in a frame of a notebook, and beside it a picture where nothing plays."""
        return framed(self.page(), self.title, HEIGHT, still)

    def _picture(self) -> TrainingPicture:
        return TrainingPicture(self, self._forward, self._answers, drawn_theme(self.theme))
