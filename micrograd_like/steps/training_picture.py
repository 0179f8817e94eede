"""A training drawn with matplotlib: the answers, the network, the losses and numbers of an epoch.

What stays is drawn once, and what moves again for each epoch.
"""

from typing import Any

from micrograd_like.arguments import extra
from micrograd_like.draw import THEMES
from micrograd_like.learn import along_epochs, is_wide, styled
from micrograd_like.steps.answers import Answers
from micrograd_like.steps.drawn_answers import drawn_answers
from micrograd_like.steps.drawn_network import DrawnNetwork
from micrograd_like.steps.epochs import Epochs
from micrograd_like.steps.figures import figure_file, points_of
from micrograd_like.steps.forward import Forward
from micrograd_like.steps.training_network import network_data

__all__ = ["POINTS", "TrainingPicture"]

SIZE = 10.8, 5.6  # inches
POINTS = points_of(SIZE)


class TrainingPicture:
    """The picture of a training, which can go from epoch to epoch."""

    def __init__(self, training: Epochs, forward: Forward, answers: Answers, theme: str) -> None:
        extra("matplotlib", "demo", "this picture needs matplotlib")
        from matplotlib.figure import Figure

        self.training, self.theme, self.colours = training, theme, THEMES[theme]
        self.figure = Figure(figsize=SIZE, dpi=72, facecolor=self.colours.background)
        grid = self.figure.add_gridspec(
            2, 2, height_ratios=[1.8, 1], width_ratios=[1, 1.15],
            left=0.07, right=0.975, top=0.85, bottom=0.1, wspace=0.19, hspace=0.2,
        )  # fmt: skip
        network = network_data(forward)
        left, _ = styled(self.figure.add_subplot(grid[:, 0]), theme)
        shown = drawn_answers(training, forward, answers, left, self.colours)
        self.parts: list[Any] = [shown]
        if network:
            right = self.figure.add_subplot(grid[0, 1])
            rows = shown.grid or shown.rows
            self.parts.append(DrawnNetwork(training, forward, network, rows, right, self.colours))
        self.below, _ = styled(self.figure.add_subplot(grid[1 if network else 0 :, 1]), theme)
        self.moving: list[Any] = []
        self._draw_losses()

    def at(self, place: int) -> "TrainingPicture":
        """Draw the epoch at a place among those that are kept."""
        for artist in self.moving:
            artist.remove()
        epoch, text = self.training[place], self.colours.text
        mark: Any = {"color": self.colours.lit}
        words = "      ".join(f"{name} {text}" for name, text in epoch.words().items())
        self.moving = [
            self.figure.text(
                0.07, 0.93, f"epoch {epoch.number} of {epoch.total}", fontsize=16, color=text
            ),
            self.figure.text(0.07, 0.875, words, fontsize=11.5, color=text),
            self.below.axvline(epoch.number, clip_on=False, linewidth=1.4, **mark),
            *self.below.plot(epoch.number, epoch.loss, "o", clip_on=False, **mark),
        ]
        for part in self.parts:
            self.moving += part.at(epoch.weights)
        return self

    def file(self, ending: str, scale: float) -> bytes:
        """The picture as a file of a kind, such as "png", with so many pixels for a point."""
        return figure_file(self.figure, self.theme, ending, scale)

    def _draw_losses(self) -> None:
        numbers = [epoch.number for epoch in self.training]
        learned = [epoch.loss for epoch in self.training]
        held = [x for epoch in self.training if (x := epoch.validation_loss) is not None]
        self.below.plot(numbers, learned, color=self.colours.text, linewidth=1.6, label="loss")
        if held:
            self.below.plot(
                numbers, held, "--", color=self.colours.local, linewidth=1.6,
                label="validation loss",
            )  # fmt: skip
            self.below.legend(frameon=False, labelcolor=self.colours.text, loc="upper right")
        if is_wide(learned + held):
            self.below.set_yscale("log")
        else:
            self.below.set_ylim(bottom=0)
        self.below.set_ylabel("loss", color=self.colours.text)
        self.below.set_xlim(0, max(1, numbers[-1]))
        along_epochs(self.below, self.colours, labelpad=1)
