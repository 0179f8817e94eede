"""The live page in another browser than the one that the other tests have: Firefox, where it is."""

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import BUILT_IN
from hosting import Firefox
from live_page import tanh_of_line
from test_javascript import MOST, hard_points, in_javascript, in_python, random_points, worst

from micrograd_like import Backprop
from micrograd_like.steps.javascript import script

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def firefox() -> Iterator[Firefox]:
    """A Firefox for all tests of this file."""
    started = Firefox()
    yield started
    started.close()


def test_it_computes_in_firefox(firefox: Firefox, tmp_path: Path) -> None:
    """From disk: it unpacks, its policy lets it run, edits are followed, and nobody complains."""
    path = tmp_path / "page.html"
    Backprop(tanh_of_line()[1]()).save(path)
    firefox.open(path.as_uri())
    for _ in range(200):
        if firefox.evaluate("typeof backprop === 'object'"):
            break
        time.sleep(0.05)
    firefox.evaluate("backprop.set('a', 1.25)")
    assert firefox.evaluate("backprop.get('L').data") == math.tanh(1.25 * -1.5 + 2.4)
    firefox.press("\ue010")  # End
    assert firefox.evaluate("document.getElementById('count').textContent") == "step 9 of 9"
    firefox.press("u")
    assert firefox.evaluate("backprop.get('a').data") == 2
    firefox.press("l")
    assert firefox.evaluate("document.querySelector('#learn .chart').clientWidth") > 100
    logged = [it for it in firefox.events if it["method"] == "log.entryAdded"]
    asked = [it["params"]["request"]["url"] for it in firefox.events if it not in logged]
    assert logged == []
    assert all(url.startswith(("file:", "data:")) for url in asked)


class Evaluating:
    """What the rules' own tests take for a page."""

    def __init__(self, firefox: Firefox) -> None:
        self.firefox = firefox

    def evaluate(self, function: str, argument: Any) -> Any:
        return self.firefox.evaluate(f"({function})({json.dumps(argument)})")


def test_the_rules_are_those_of_python_in_firefox(firefox: Firefox) -> None:
    """Another browser has other elementary functions: values and derivatives within 4 ulp, too."""
    for rule in BUILT_IN.values():
        points = [*random_points(rule, 200), *hard_points(rule)[:300]]
        found = in_javascript(Evaluating(firefox), script([rule]), rule, points)
        off, where = worst(rule, points, found, in_python(rule, points))
        assert off <= MOST, where
