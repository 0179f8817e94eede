"""The live page of backprop: it computes, so that everything on it follows the reader's numbers."""

import re
from collections import Counter
from collections.abc import Sequence
from keyword import iskeyword
from typing import Any

from micrograd_like.draw import GRADIENTS, NOTHING, RANGE, Outline
from micrograd_like.engine import Value
from micrograd_like.notation import one_line, readable, template
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
LONGEST = 200  # characters of a title


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
    title = one_line(f"Backprop of {steps.name(steps.root)}", LONGEST)
    content = {
        "title": title,
        "graph": graph_data(steps, learn),
        "words": board_words(),
        "sum": template("x + y"),
        "phases": PHASES,
        "views": pictures,
        "groups": groups(outline),
        "variables": [
            k for k, v in enumerate(steps.order) if not v.rule and is_variable(steps.name(v))
        ],
        "nameless": nameless(steps),
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


def nameless(steps: Steps) -> dict[int, str]:
    """The leaves that no program can call by their names, by their places: what is said of each.

    >>> nameless(Steps(Value(1.0) + Value(2.0, "a") * Value(3.0, "a")))
    {0: 'which has no name', 1: 'whose label is not its alone', 2: 'whose label is not its alone'}
    """
    leaves = {k: steps.labels[id(v)] for k, v in enumerate(steps.order) if v.rule is None}
    counts = Counter(leaves.values())
    found = {}
    for k, label in leaves.items():
        if not label:
            found[k] = "which has no name"
        elif counts[label] > 1:
            found[k] = "whose label is not its alone"
        elif readable(label) != label:
            found[k] = "whose label has characters that no text shows"
    return found


def is_variable(name: str) -> bool:
    """Whether a name is that of a variable in Python, or of something in a list.

    >>> [is_variable(name) for name in ("x1", "xs[0][1]", "a₂", "class", "layer0.w1")]
    [True, True, False, False, False]
    """
    variable = re.sub(r"(\[\d+\])+$", "", name)
    return variable.isidentifier() and not iskeyword(variable)


def board_words() -> dict[str, str]:
    """What the board says, for a page."""
    gradient, length = GRADIENTS
    ends = {"unknown": NOTHING, "range": RANGE, "gradient": gradient, "length": length}
    return {**WORDS, **ends, "ordinals": " ".join(ORDINALS)}
