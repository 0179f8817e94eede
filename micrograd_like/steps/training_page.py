"""The page of a training: what Python sends, from which the page computes the rest.

It sends the model's graph, the weights of each epoch, the data, and the numbers that were measured;
where the page cannot compute with the graph, it sends what the model answered, coarser.
"""

import math
import sys
from array import array
from base64 import b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from micrograd_like.draw import (
    AUTO,
    THEMES,
    document,
    drawn_theme,
    in_function,
    page_colours,
    scripts_of,
)
from micrograd_like.learn import is_wide, spread
from micrograd_like.notation import plural
from micrograd_like.parameters import with_names
from micrograd_like.steps.answers import Answers
from micrograd_like.steps.epochs import Epochs
from micrograd_like.steps.forward import Forward
from micrograd_like.steps.graph_data import as_json
from micrograd_like.steps.pages import PageData, scripts
from micrograd_like.steps.training_network import network_data

__all__ = ["page_data", "training_page"]

FOLDER = Path(__file__).parent / "page" / "training"
SHARED = "shared/elements", "shared/axes", "shared/values"  # with the page of steps
START = 'startTraining(JSON.parse(document.getElementById("training").textContent ?? ""));\n'
MOST_POINTS = 500  # of the data
CALLS = 600_000  # of rules, that a page makes in some 20 milliseconds
GIVEN_EPOCHS, GIVEN_SIDE, GIVEN_SAMPLES = 25, 24, 61  # where Python computes the map
COLOURS = ("box", "text", "positive", "negative", "classes")  # that the page mixes itself


def page_data(
    training: Epochs, forward: Forward, answers: Answers, title: str, theme: str
) -> PageData:
    """What the page of a training is made of."""
    content = _Content(training, forward, answers).of(title, theme)
    parts = forward.script, *scripts("numbers", *SHARED), scripts_of(FOLDER), START
    return PageData(title, "", content, parts, theme)


def training_page(data: PageData) -> str:
    """The page, which needs nothing else, as text."""
    import json

    text = json.dumps(data.content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    script = in_function(*data.scripts)
    style = [
        page_colours(data.theme),
        _class_colours(data.theme),
        (FOLDER / "training.css").read_text("utf-8"),
    ]
    content = text.replace("<", "\\u003c")
    return document(FOLDER / "training.html", data.title, style, [script], content=content)


class _Content:
    """What the page is sent."""

    def __init__(self, training: Epochs, forward: Forward, answers: Answers) -> None:
        self.training, self.forward, self.answers = training, forward, answers
        points = [*training.points, *training.held_back]
        shown = [*range(0, len(points), -(-len(points) // MOST_POINTS))]
        self.held = sum(k >= len(training.points) for k in shown)
        self.points, self.shown = [points[k] for k in shown], shown

    def of(self, title: str, theme: str) -> dict[str, Any]:
        """All of it, as `TrainingData` in page/training/data.js has it."""
        training, answers = self.training, self.answers
        of_shown = [answers.places[k] for k in self.shown] if answers.classes else []
        return {
            "title": title,
            "notes": self.notes(),
            "epochs": [epoch.number for epoch in training],
            "words": [epoch.words() for epoch in training],
            "losses": [as_json(epoch.loss) for epoch in training],
            "validation": [as_json(x) for e in training if (x := e.validation_loss) is not None],
            "logarithmic": is_wide([x for x in self.losses() if math.isfinite(x)]),
            "names": [name for name, _ in with_names(self.forward.parameters, self.forward.model)],
            "weights": floats(x for epoch in training for x in epoch.weights),
            "graph": None if self.forward.problem else self.forward.data(),
            "given": self.given() if self.forward.problem else None,
            "network": network_data(self.forward),
            "inputs": [v.label for v in self.forward.x],
            "points": {
                "count": len(self.points),
                "held": self.held,
                "rows": floats(x for point in self.points for x in point.row),
                "targets": [answers.targets[k] for k in self.shown],
                "places": of_shown,
            },
            "answers": {
                "kind": answers.kind, "labels": answers.labels, "squashed": answers.squashed,
                "level": answers.level, "centre": answers.centre, "half": answers.half,
                "window": answers.window, "outputs": training.outputs,
                "side": answers.side(len(self.forward.order), CALLS),
            },
            "theme": theme,
            "colours": {
                name: {key: getattr(colours, key) for key in COLOURS}
                for name, colours in THEMES.items()
                if theme in (AUTO, name) or name == drawn_theme(theme)
            },
        }  # fmt: skip

    def losses(self) -> list[float]:
        """All losses that are shown."""
        learned = [epoch.loss for epoch in self.training]
        return learned + [x for e in self.training if (x := e.validation_loss) is not None]

    def notes(self) -> list[str]:
        """What a reader of the page is to know besides."""
        training, found = self.training, []
        if training.ended:
            found.append(f"The training ended early: {training.ended}.")
        last = training[-1].number
        if len(training) <= last:
            found.append(f"Of {plural(last, 'epoch')} {len(training) - 1} are shown.")
        count = len(training.points) + len(training.held_back)
        if len(self.points) < count:
            found.append(f"Of {plural(count, 'point')} {len(self.points)} are shown.")
        if self.forward.problem:
            epochs = len(self.given_epochs())
            found.append(
                f"The predictions were computed in Python, for {plural(epochs, 'epoch')}, and are "
                f"coarse: {self.forward.problem}."
            )
        return found

    # --- where the page cannot compute

    def given_epochs(self) -> list[int]:
        """The places of the epochs whose predictions Python computes."""
        return spread(len(self.training), GIVEN_EPOCHS)

    def given(self) -> dict[str, Any]:
        """The answers at some epochs: on the grid, and at the points."""
        side = GIVEN_SIDE if self.answers.kind == "map" else GIVEN_SAMPLES
        grid, rows = self.answers.grid(side), [point.row for point in self.points]
        outputs = [
            self.forward.predict(self.training[k].weights, [*grid, *rows])
            for k in self.given_epochs()
        ]
        return {
            "epochs": self.given_epochs(),
            "side": side,
            "grid": floats(x for of in outputs for row in of[: len(grid)] for x in row),
            "points": floats(x for of in outputs for row in of[len(grid) :] for x in row),
        }


def _class_colours(theme: str) -> str:
    """Style rules for the colours of classes, as variables."""
    rules = [
        ":root { " + "".join(f"--class{k}:{c};" for k, c in enumerate(THEMES[name].classes)) + " }"
        for name in ((drawn_theme(theme), "dark") if theme == AUTO else (theme,))
    ]
    return "\n@media screen and (prefers-color-scheme: dark) { ".join(rules) + " }" * (
        len(rules) - 1
    )


def floats(numbers: Iterable[float]) -> str:
    """Floats to the last bit, in a text: the page unpacks them with `unpacked`.

    >>> floats([1.0])
    'AAAAAAAA8D8='
    """
    found = array("d", numbers)
    if sys.byteorder == "big":
        found.byteswap()
    return b64encode(found.tobytes()).decode()
