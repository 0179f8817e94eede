"""The live page of backprop: it computes, so that everything on it follows the reader's numbers."""

from collections.abc import Sequence
from typing import Any

from micrograd_like.draw import GRADIENTS, NOTHING, RANGE, Outline
from micrograd_like.engine import Value
from micrograd_like.notation import template
from micrograd_like.steps.graph_data import graph_data, rules_script
from micrograd_like.steps.pages import PLAYING, PageData, scripts
from micrograd_like.steps.sequence import Steps
from micrograd_like.steps.views import views
from micrograd_like.steps.words import ORDINALS, WORDS

__all__ = ["live_page"]

VALUES = (
    "groups", "things", "cells", "knob", "lines", "about_value", "about_several", "value_panel",
    "python_panel", "edits", "address",
)  # fmt: skip
LEARNING = (
    "shared/axes", "log_field", "chart", "learner_list", "loss_chart",
    "learn_panel", "nudge", "nudge_words", "nudge_charts", "nudge_panel", "ways", "question",
    "unanswered", "predict_panel",
)  # fmt: skip
STYLES = "tools", "value", "learning"
COMPUTING = (
    "inflate", "numbers", "shared/values", "graph", "board", "scenes", "live", "descent", "hook",
)  # fmt: skip
PHASES = "forward", "backward"


def live_page(
    steps: Steps,
    outline: Outline,
    name: str = "",
    rankdir: str = "LR",
    theme: str = "auto",
    learn: Sequence[Value] | None = None,
) -> PageData:
    """The page of a graph's steps, that begins with an outline, the view of a name.

    ``learn`` are the leaves that learn, None for the usual ones.
    """
    pictures, svg = views(steps, outline, name, rankdir, theme)
    title = f"Backprop of {steps.name(steps.root)}"
    content = {
        "title": title,
        "graph": graph_data(steps, learn),
        "words": board_words(),
        "sum": template("x + y"),
        "phases": PHASES,
        "views": pictures,
        "groups": groups(outline),
        "unnamed": [k for k, v in enumerate(steps.order) if not (v.rule or steps.labels[id(v)])],
    }
    written = [
        rules_script(steps),
        *scripts(*COMPUTING, *PLAYING, *VALUES, *LEARNING, "start_live"),
    ]
    return PageData(title, svg, content, written, theme, styles=STYLES)


def groups(outline: Outline) -> dict[str, list[Any]]:
    """The names of groups, and for each value the place of the one that it is in, or -1."""
    names = sorted({*outline.groups.values()})
    places = {name: k for k, name in enumerate(names)}
    return {
        "names": names,
        "of": [places.get(outline.groups.get(id(v), ""), -1) for v in outline.order],
    }


def board_words() -> dict[str, str]:
    """What the board says, for a page."""
    gradient, length = GRADIENTS
    ends = {"unknown": NOTHING, "range": RANGE, "gradient": gradient, "length": length}
    return {**WORDS, **ends, "ordinals": " ".join(ORDINALS)}
