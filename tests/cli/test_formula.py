"""Formulas: what is read, and all that is refused."""

import contextlib
import math
import re

import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd_like import Value, topological_order
from micrograd_like.cli.formula import MOST, parse, variables


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a", 2.0),
        ("a*b + c", 4.0),
        ("a - b/c", 2.3),
        ("-a**2", -4.0),
        ("(-a)**2", 4.0),
        ("+a", 2.0),
        ("2**-a", 0.25),
        ("tanh(a*b + c)", math.tanh(4)),
        ("maximum(a, b)", 2.0),
        ("leaky_relu(b)", -0.03),
        ("sin(pi*a) + e*a", math.sin(2 * math.pi) + 2 * math.e),
        ("d = a*b; d*d + c", 46.0),
        ("d = 3; d*a", 6.0),
        (" a * 1_000 ", 2000.0),
        ("c % b + 5 % a * b", -5.0),
        ("a^2", 4.0),
        ("−(a · b)² / c^2", -0.36),
        ("a × b ÷ c − a", -2.6),
        ("b³ + a¹⁰", 997.0),
        ("a^(−1)", 0.5),
        ("tanh(a · b − (−6))", 0.0),
    ],
)
def test_formulas_compute_what_they_say(text: str, value: float) -> None:
    """Operators with Python's precedence, functions, constants, and names for parts."""
    numbers = {"a": 2.0, "b": -3.0, "c": 10.0}
    names = re.findall(r"(?<![a-z_])[abc](?![a-z_])", text)
    used = {name: x for name, x in numbers.items() if name in names}
    assert parse(text, used).data == pytest.approx(value)


def test_the_graph_has_the_names_of_the_formula() -> None:
    """Variables and named parts are labels; the root is L unless it has a name."""
    root = parse("d = a*b; e = d + a; tanh(e)", {"a": 2.0, "b": -3.0})
    assert [v.label for v in topological_order(root)] == ["a", "b", "d", "e", "L"]
    assert parse("y = a*a", {"a": 2.0}).label == "y"
    assert parse("a", {"a": 2.0}).label == "a"
    assert [v.label for v in topological_order(parse("d = a; d*a", {"a": 2.0}))] == ["a", "d", "L"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("__import__('os').system('true')", "a formula has numbers, variables"),
        ("__import__(a)", "__import__: no such function; there are exp, expm1"),
        ("a.data", "'a.data': a formula has numbers, variables, . - . / % .. and functions only"),
        ("a[0]", "a formula has"),
        ("[a for a in a]", "a formula has"),
        ("lambda: a", "a formula has"),
        ("a if a else a", "a formula has"),
        ("a < 2", "a formula has"),
        ("a and a", "a formula has"),
        ("a // 2", "a formula has"),
        ("a @ a", "a formula has"),
        ("not a", "a formula has"),
        ("f'{a}'", "a formula has"),
        ("'text'", "a formula has"),
        ("1j * a", "a formula has"),
        ("True * a", "a formula has"),
        ("tanh(x=a)", "a formula has"),
        ("tanh(*a)", "a formula has"),
        ("(b := a)", "a formula has"),
        ("import os", "a formula has"),
        ("a += 1", "a formula has"),
        ("a.b = 1", "a formula has"),
        ("a = 1; a", "'a = 1': a has a number already"),
        ("x * a", "x has no number: give it one, as in x=2"),
        ("tahn(a)", "tahn: no such function; there are exp"),
        ("tanh(a, a)", "tanh: takes 1 inputs, not 2"),
        ("tanh()", "tanh: takes 1 inputs, not 0"),
        ("a +", "is no formula: invalid syntax"),
        ("a\x00", "is no formula"),
        ("", "has no a, which was given a number"),
        ("2 + 3", "has no a, which was given a number"),
        ("(" * 400 + "a" + ")" * 400, "is no formula: too many nested parentheses"),
        ("tanh(" * 150 + "a.b" + ")" * 150, "'a.b': a formula has"),
        ("a+" * 500 + "a", "the formula has 1,001 characters; it may have 1,000"),
        ("sqrt(a - 9)", r"sqrt\(-7.0\): needs x ≥ 0"),
    ],
)
def test_everything_else_is_refused(text: str, message: str) -> None:
    """In one line, by a ValueError: no code runs, no attribute is read."""
    with pytest.raises(ValueError, match=message) as caught:
        parse(text, {"a": 2.0})
    assert "\n" not in str(caught.value)


def test_the_depth_of_a_formula_is_no_matter() -> None:
    """A thousand characters of signs, or of sums, are read with little of the caller's stack left.

    Python's own parser needs a part of it, which grows with the depth of the formula.
    """

    def read(left: int, text: str) -> float:
        return read(left - 1, text) if left else parse(text, {"a": 2.0}).data

    for deep in (0, 500):
        assert read(deep, "-" * 600 + "a") == 2.0
        assert read(deep, "a+" * 499 + "a") == 1000.0


def test_a_formula_without_variables_has_no_gradient() -> None:
    """It says so."""
    with pytest.raises(ValueError, match="has no variable in it"):
        parse("2 + 3", {})


def test_huge_powers_are_floats_at_once() -> None:
    """9**9**9 is infinity, not a number of 369 million digits."""
    assert parse("9**9**9 * a", {"a": 2.0}).data == math.inf


@given(st.text(max_size=MOST))
@settings(max_examples=examples(300))
def test_no_text_breaks_the_reader(text: str) -> None:
    """Any text is a formula or a ValueError (or a division by zero)."""
    with contextlib.suppress(ValueError, ZeroDivisionError):
        assert isinstance(parse(text, {"a": 1.0}), Value)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["a"], "'a': give each variable as NAME=NUMBER"),
        (["=2"], "give each variable as NAME=NUMBER"),
        (["a b=2"], "give each variable as NAME=NUMBER"),
        (["a=2", "a=3"], "'a=3': a is given twice"),
        (["a=two"], "'a=two': 'two' is no number"),
    ],
)
def test_wrong_variables_are_told(texts: list[str], message: str) -> None:
    """What was typed, and what is wrong with it."""
    with pytest.raises(ValueError, match=message):
        variables(texts)
