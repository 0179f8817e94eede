"""The leaves that learn in a live page: a model's parameters, or those that are chosen.

>>> w, x = Value(0.5, label="w"), Value(3.0, label="x")
>>> [v.label for v in learners(Steps(w * x), "w")]
['w']
"""

from collections.abc import Sequence
from typing import Any

from micrograd_like.arguments import several, short
from micrograd_like.engine import Value
from micrograd_like.notation import listed
from micrograd_like.parameters import learned
from micrograd_like.steps.sequence import Steps

__all__ = ["learners", "usual_learners"]

WHERE = "Backprop: learn"


def learners(steps: Steps, learn: Any) -> list[Value]:
    """The leaves of a graph that are chosen to learn, in its order; the usual ones for None.

    ``learn`` is a model, or one or several leaves, each a Value or a label.  What a model has
    beside the graph's leaves is left out.

    Raises a ValueError for a value that is computed, a LookupError for one that is not in the
    graph, and a TypeError for what is no Value, no label, and no model.
    """
    if learn is None:
        return usual_learners(steps.order)
    if callable(getattr(learn, "parameters", None)):
        return _of_model(steps, learn)
    one = isinstance(learn, str | Value)
    chosen = [learn] if one else several(learn, WHERE, "leaves or a model")
    found = {id(v) for word in chosen for v in _leaves_called(steps, word)}
    return [v for v in steps.order if id(v) in found]


def usual_learners(order: Sequence[Value]) -> list[Value]:
    """The leaves that learn if none are chosen: parameters of models and optimizers, or all."""
    leaves = [v for v in order if v.rule is None]
    known = learned()
    return [v for v in leaves if id(v) in known] or leaves


def _of_model(steps: Steps, model: Any) -> list[Value]:
    own = {id(p) for p in model.parameters()}
    found = [v for v in steps.order if v.rule is None and id(v) in own]
    if not found:
        raise LookupError(
            f"{WHERE}: no parameter of {short(model)} is in the graph; take a model that "
            f"{steps.name(steps.root)} depends on"
        )
    return found


def _leaves_called(steps: Steps, word: str | Value) -> list[Value]:
    """The leaves with a label, or the one that is given."""
    ids = steps._called(word, "learn")
    called = [v for v in steps.order if id(v) in ids]
    leaves = [v for v in called if v.rule is None]
    if not leaves:
        name, there = steps.name(called[0]), [steps.name(v) for v in steps.order if not v.rule]
        raise ValueError(
            f"{WHERE}: {name} is computed, and only leaves learn; there are {listed(there)}"
        )
    return leaves
