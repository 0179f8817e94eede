"""Our picture and our player's page of a network at one point, every value open."""

import math
import random
import time
from collections.abc import Callable

from micrograd_like import MLP, Backprop, Value, draw_dot, topological_order

NETWORKS = {"small": [8, 7, 1], "moons": [16, 16, 1]}


def least(show: Callable[[], object], rounds: int) -> float:
    """The least of the seconds that something takes."""
    seconds = math.inf
    for _ in range(rounds):
        start = time.perf_counter()
        show()
        seconds = min(seconds, time.perf_counter() - start)
    return seconds


def of_network(name: str, rounds: int) -> dict[str, float | None]:
    """The number of values; seconds of the picture and of the page; the page's bytes.

    The picture is None where Graphviz is not installed.
    """
    random.seed(1337)
    root = MLP(2, NETWORKS[name])([Value(0.5), Value(-0.2)])
    root.backward()
    picture, steps = draw_dot(root, expand="all"), Backprop(root, expand="all")
    drawn: float | None
    try:
        drawn = least(lambda: picture.pipe("svg"), rounds)
    except (ImportError, OSError, RuntimeError):
        drawn = None
    return {
        "values": len(topological_order(root)),
        "picture": drawn,
        "page": least(steps.page, rounds),
        "bytes": len(steps.page().encode()),
    }
