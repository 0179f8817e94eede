"""What several test files share."""

from collections.abc import Callable
from typing import Any

from hypothesis import settings

from micrograd_like.engine import Value
from micrograd_like.rules import RULES, Rule
from micrograd_like.strategies import Graph

# A slow machine is no fault of the package: no test of Hypothesis has a limit of time.
settings.register_profile("without deadline", deadline=None)
settings.load_profile("without deadline")

BUILT_IN = dict(RULES)  # without those that examples in docstrings define
SMOOTH = [name for name in RULES if name not in ("relu", "leaky_relu", "abs", "maximum", "minimum")]


def recorded(graph: Graph) -> list[Value]:
    """All values of a graph, recorded by the engine, leaves first."""
    return graph.values([Value(x, f"x{i}") for i, x in enumerate(graph.leaves)])


def unlisted(function: Callable[..., Any]) -> Callable[..., Any]:
    """A rule of a test's own, out of the table again, so that no other test meets it there.

    Its method of Value stays.
    """
    del RULES[of(function).name]
    return function


def of(function: Callable[..., Any]) -> Rule:
    """The rule of a function that the decorator made."""
    found: Rule = function.rule  # type: ignore[attr-defined]
    return found
