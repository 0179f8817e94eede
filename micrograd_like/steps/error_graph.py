"""The graph of a descent's error, recorded once: what a page computes its steps with."""

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from micrograd_like.compile import graph_of
from micrograd_like.engine import Value
from micrograd_like.graph import topological_order
from micrograd_like.learn import between
from micrograd_like.steps.graph_data import graph_data, rules_script
from micrograd_like.steps.sequence import Steps
from micrograd_like.steps.trajectory import Trajectory

__all__ = ["error_graph"]

LARGEST = 5000  # values of a graph that a page computes at each step
Window = tuple[float, float]
TRIED = 61, 9  # points of a curve, and of each side of a surface, at which the graph is compared
FAR = -1000.0, -1.0, 0.0, 1.0, 1000.0


def error_graph(steps: Trajectory, windows: Sequence[Window]) -> tuple[dict[str, Any], str]:
    """The graph as `ErrorData` in page/descent/walk.js, and its rules in JavaScript.

    ``windows`` are what the picture shows of each weight's axis.  A ValueError tells why no page
    can compute with it.
    """
    weights = [Value(x, name) for x, name in zip(steps.start, steps.names, strict=True)]
    first: list[Any] | None = None
    for point in (steps.start, *_points(steps, windows)):
        for w, x in zip(weights, point, strict=True):
            w.data = x
        try:
            graph = graph_of(steps.error(*weights), weights)
        except (ArithmeticError, ValueError):  # not defined there, which the page will tell
            continue
        first = graph if first is None else first
        if graph != first:
            raise ValueError("Python branches on the weights, or on chance")
    for w, x in zip(weights, steps.start, strict=True):
        w.data = x
    root = steps.error(*weights)
    order = topological_order(root)
    if len(order) > LARGEST:
        raise ValueError(f"the error has more than {LARGEST:,} values")
    places = {id(v): k for k, v in enumerate(order)}
    recorded = Steps(root)
    data = graph_data(recorded, [w for w in weights if id(w) in places])
    if data["frozen"]:
        raise ValueError(data["frozen"])
    return {**data, "weights": [places.get(id(w), -1) for w in weights]}, rules_script(recorded)


def _points(steps: Trajectory, windows: Sequence[Window]) -> Iterator[tuple[float, ...]]:
    """Where the graph is compared: on the way, all over the picture, and far around it."""
    yield from (step.moved for step in steps if math.isfinite(step.then))
    count = TRIED[len(windows) - 1]
    for wide in (0, 3):
        ends = [(low - wide * (high - low), high + wide * (high - low)) for low, high in windows]
        yield from product(*(between(low, high, count) for low, high in ends))
    yield from product(FAR, repeat=len(windows))
