"""What several test files share."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import chromium
from hypothesis import settings
from live_page import openings

from micrograd_like import MLP, Value, mse
from micrograd_like.rules import RULES, Rule
from micrograd_like.strategies import Graph

# A slow machine is no fault of the package: no test of Hypothesis has a limit of time.  The first
# run draws a fifth of the examples; CI draws all: -m hypothesis --hypothesis-profile many.
settings.register_profile("many", deadline=None, max_examples=100)
settings.register_profile("few", deadline=None, max_examples=20)
settings.load_profile("few")


def examples(many: int) -> int:
    """The examples of a test that needs more of them than others, in the profile that is loaded."""
    return many * settings().max_examples // 100


BUILT_IN = dict(RULES)  # without those that examples in docstrings define
SMOOTH = [name for name in RULES if name not in ("relu", "leaky_relu", "abs", "maximum", "minimum")]


def recorded(graph: Graph) -> list[Value]:
    """All values of a graph, recorded by the engine, leaves first."""
    return graph.values([Value(x, f"x{i}") for i, x in enumerate(graph.leaves)])


def reused() -> Value:
    """L = b·b + b with b = 3a: b is used three times, on ways of different lengths."""
    a = Value(2.0, "a")
    b = a * 3
    root = b * b + b
    b.label, root.label = "b", "L"
    return root


def loss_of(model: MLP) -> Value:
    """The loss of a model with two inputs, at one point: a small graph."""
    return mse(model([Value(0.5, "x"), Value(-1.0, "y")]), 1.0)


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


def cells_of(notebook: str) -> list[dict[str, Any]]:
    """The cells of a notebook; a file of tests is skipped where the notebooks are not."""
    path = Path(__file__).parents[1] / "notebooks" / f"{notebook}.ipynb"
    if not path.exists():  # the sdist has none
        pytest.skip("the notebooks are not here", allow_module_level=True)
    cells: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))["cells"]
    return cells


@pytest.fixture
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that a test reads and writes by their names alone are in a temporary folder."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser for all tests of a file."""
    with chromium() as started:
        yield started


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Opens the live page of some steps; nobody may have complained at the end."""
    with openings(browser, tmp_path) as opening:
        yield opening
