"""Paths: what a gradient is the sum of."""

import math
from itertools import pairwise

import pytest
from conftest import recorded
from hypothesis import given, settings

from micrograd_like import Backprop, Value, paths
from micrograd_like.strategies import Graph, graphs


def all_paths(root: Value, leaf: Value) -> list[float]:
    """The products of all paths, by enumeration."""
    if root is leaf:
        return [1.0]
    return [
        product * d if product and d else 0.0
        for v, d in zip(root.inputs, root.local_grads, strict=True)
        if isinstance(v, Value) and d is not None
        for product in all_paths(v, leaf)
    ]


@given(graphs(["add", "mul", "tanh", "sub", "relu"], max_nodes=12))
@settings(deadline=None, max_examples=80)
def test_paths_are_all_there_are_and_sum_to_the_gradient(graph: Graph) -> None:
    """Every product once, largest first, against enumeration; their sum is the gradient."""
    *_, root = values = recorded(graph)
    leaf = values[0]
    expected = all_paths(root, leaf)
    if not expected:
        with pytest.raises(ValueError, match="there is no path from"):
            paths(root, leaf)
        return
    found = paths(root, leaf, most=len(expected))
    sizes = [abs(path.product) for path in found.listed]
    assert found.total == len(expected)
    assert sizes == sorted(sizes, reverse=True)
    assert sorted(p.product for p in found.listed) == pytest.approx(sorted(expected))
    total = math.fsum(p.product for p in found.listed)
    assert total == pytest.approx(found.gradient, rel=1e-9, abs=1e-9 * math.fsum(sizes))
    for path in found.listed:
        assert (path.values[0], path.values[-1]) == (leaf, root)
        for (a, b), d in zip(pairwise(path.values), path.local_grads, strict=True):
            assert any(v is a and e == d for v, e in zip(b.inputs, b.local_grads, strict=True))


def test_a_few_of_very_many_paths_are_found_at_once() -> None:
    """2⁵⁰ paths: the largest first, and the sum of all the others."""
    x = Value(1.0, "x")
    y = x
    for _ in range(50):
        y = y * 0.5 + y * 0.25
    found = paths(y, x, most=3)
    assert found.total == 2**50
    assert [p.product for p in found.listed] == [0.5**50, 0.5**51, 0.5**51]
    assert found.rest == pytest.approx(0.75**50 - 2 * 0.5**50, rel=1e-12)
    assert str(found).splitlines()[-2].startswith("and 1,125,899,906,842,621 more paths, together ")


def test_the_text_names_the_ways_and_their_products() -> None:
    """Aligned, with the sum in the last line."""
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    root = a * a * b
    root.label = "L"
    assert str(paths(root, a)).splitlines() == [
        "first a → v1 → L    2 · (−3) = −6",
        "second a → v1 → L   2 · (−3) = −6",
        "∂L/∂a is the sum of 2 paths: −12",
    ]
    assert str(paths(root, b)).splitlines()[-1] == "∂L/∂b is the product on one path: 4"


def test_values_between_have_paths_too() -> None:
    """And the root has one to itself."""
    a = Value(2.0, "a")
    b = a * 3
    root = b * b
    assert paths(root, b).gradient == 12.0
    assert (paths(root, root).total, paths(root, root).gradient) == (1, 1.0)


def test_deep_graphs_need_no_recursion() -> None:
    """A chain of fifty thousand values has one path."""
    x = Value(1.0, "x")
    y = x
    for _ in range(50_000):
        y = y + 1
    found = paths(y, x)
    assert len(found.listed[0].values) == 50_001
    assert "…" in str(found)
    assert found.gradient == Backprop(y).gradients[id(x)] == 1.0


def test_mistakes_are_told() -> None:
    """A value of another graph, a number, no paths asked for."""
    x = Value(1.0, "x")
    with pytest.raises(ValueError, match="paths: there is no path from y to v1"):
        paths(x * 2, Value(1.0, "y"))
    with pytest.raises(TypeError, match=r"paths: leaf: takes a Value, such as the loss, not 1.0"):
        paths(x * 2, 1.0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="most is 0; it is to be a whole number from 1 up"):
        paths(x * 2, x, most=0)


def test_paths_asked_for_the_wrong_way_round() -> None:
    """The error says so."""
    a = Value(1.0, "a")
    root = a * 2
    root.label = "L"
    with pytest.raises(ValueError, match="no path from L to a; it is the other way round"):
        paths(a, root)


def test_one_path_that_is_left_out_and_rounding_noise() -> None:
    """One path is no paths, and what rounding leaves of nothing is 0."""
    a, b = Value(0.1, "a"), Value(0.3, "b")
    root = a * b + a * 0.7
    assert "and 1 more path: 0.3" in str(paths(root, a, most=1))
    root = a * 0.1 + a * 0.2 + a * 0.0
    assert paths(root, a, most=2).rest == 0.0


def test_paths_show_themselves() -> None:
    """A notebook has a table and the same text; the repr is short, and nothing has an address."""
    a = Value(2.0, "<b>")
    found = paths(a * a, a)
    assert repr(found) == "<Paths: ∂v1/∂(<b>) is the sum of 2 paths: 4>"
    html = found._repr_html_()
    assert "second &lt;b&gt; → v1" in html
    assert "is the sum of 2 paths: 4</p>" in html


def test_long_and_hostile_names_stay_in_their_lines() -> None:
    """Ten thousand characters, control characters, and names that are read from right to left."""
    a, b = Value(2.0, "x" * 10_000), Value(3.0, "\x1b[2J\u202e\nב")
    root = a * b + a
    root.label = "א"
    for leaf in (a, b):
        text = str(paths(root, leaf))
        assert max(map(len, text.splitlines())) < 140
        assert not {*text} & {"\x1b", "\u202e"}
    assert str(paths(b * 1.0, b)).startswith("\u2068�[2J� ב\u2069 → v1")
    with pytest.raises(ValueError, match=r"no path from the leaf to x{37}\.\.\.; it is"):
        paths(a, a * 2)


def test_the_middle_of_a_long_way_is_left_out() -> None:
    """Four values and four factors at each end."""
    x = Value(1.0, "x")
    y = x
    for k in range(9):
        y = y * (k + 2)
    way, product = str(paths(y, x)).splitlines()[0].split("   ")
    assert way == "x → v1 → v2 → v3 → … → v6 → v7 → v8 → v9"
    assert product == "2 · 3 · 4 · 5 · … · 7 · 8 · 9 · 10 = 3.629e6"
