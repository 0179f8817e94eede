"""Numbers that stand in Python and in the pages' JavaScript: they are the same."""

import re
from typing import Any

import pytest

from micrograd_like import notation
from micrograd_like.draw import strength
from micrograd_like.steps import animation, descent_page, views
from micrograd_like.steps.pages import FOLDER


def in_javascript(file: str, pattern: str) -> str:
    """What the one place in a page's file has where the pattern has its brackets."""
    (found,) = re.findall(pattern, (FOLDER / file).read_text("utf-8"))
    return str(found)


@pytest.mark.parametrize(
    ("file", "name", "number"),
    [
        ("formulas.js", "SUM", notation.SUM),
        ("formulas.js", "SIGN", notation.SIGN),
        ("formulas.js", "POWER", notation.POWER),
        ("formulas.js", "ATOM", notation.ATOM),
        ("formulas.js", "TIMES", notation.TIMES),
        ("formulas.js", "SUPERSCRIPTS", notation.SUPERSCRIPTS),
        ("descent/scenes.js", "PRODUCT", notation.PRODUCT),
        ("stage.js", "LETTER", animation.LETTER),
        ("descent/place.js", "FURTHEST", descent_page.FURTHEST),
        ("scenes.js", "HIDDEN", views.HIDDEN),
        ("scenes.js", "SEVERAL", views.SEVERAL),
    ],
)
def test_a_constant_is_the_same_on_both_sides(file: str, name: str, number: Any) -> None:
    """A constant that a page's script has too has Python's value there."""
    found = in_javascript(file, rf"(?m)^ *(?:const|static) {name} = (.+?);")
    assert (found.strip('"') if isinstance(number, str) else float(found)) == number


def test_colours_are_as_strong_on_both_sides() -> None:
    """The least and the largest strength of a colour are those that the page computes."""
    least, more = in_javascript("numbers.js", r"\(([\d.]+ \+ [\d.]+) \* size\)").split(" + ")
    assert strength(5e-324, largest=1.0) == float(least)
    assert strength(1.0, largest=1.0) == float(least) + float(more)
