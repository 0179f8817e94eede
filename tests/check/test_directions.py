"""Many inputs: random directions decide, and halving finds the wrong ones."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd_like import Value, gradcheck

SIZE = 200
RNG = np.random.default_rng(3)
ROWS, TARGETS = RNG.normal(size=(30, SIZE)) / SIZE**0.5, RNG.normal(size=30)
POINT = RNG.normal(size=SIZE)


def loss(w: Any) -> float:
    """A neuron's error on thirty rows."""
    return float(np.mean((np.tanh(ROWS @ w) - TARGETS) ** 2))


def gradient(w: Any) -> Any:
    """Of the loss, by hand."""
    t = np.tanh(ROWS @ w)
    return ROWS.T @ ((t - TARGETS) * (1 - t * t) * 2 / 30)


def test_a_right_gradient_of_many_inputs_needs_few_calls() -> None:
    """A few hundred, not a hundred for each input; `every` takes those."""
    calls = [0]

    def counted(w: Any) -> float:
        calls[0] += 1
        return loss(w)

    report = gradcheck(counted, POINT, gradient=gradient)
    assert {c.outcome for c in report.checks} == {"pass"}
    assert report.checks[0].reason == "along 2 directions"
    assert calls[0] < 4 * SIZE
    calls[0] = 0

    def of_twenty(w: Any) -> float:
        return counted(np.append(w, POINT[20:]))

    report = gradcheck(of_twenty, POINT[:20], gradient=gradient(POINT)[:20], every=True)
    assert {c.outcome for c in report.checks} == {"pass"}
    assert calls[0] > 1000


@given(st.sets(st.integers(0, SIZE - 1), min_size=1, max_size=3))
@settings(max_examples=examples(6), deadline=None)
def test_the_wrong_inputs_are_found(wrong: set[int]) -> None:
    """All of them, and no other, wrong by a thousandth."""
    slopes = gradient(POINT)
    slopes[list(wrong)] *= 1.001
    report = gradcheck(loss, POINT, gradient=slopes)
    found = {c.input for c in report.checks if c.outcome == "fail"}
    assert found == {f"w[{i}]" for i in wrong}
    assert all(c.outcome == "pass" for c in report.checks if c.input not in found)


def test_a_recorded_graph_of_many_leaves() -> None:
    """Its own gradient is right; one that is given is not; a kink is found among the others."""
    leaves = [Value(float(x), f"w{k}") for k, x in enumerate(POINT)]
    leaves[50].data = 0.0
    root = leaves[0] * 2 + sum((a * b).tanh() for a, b in pairwise(leaves))
    root = root + leaves[50].relu()
    report = gradcheck(root)
    assert report.ok
    assert [c.input for c in report.checks if c.outcome == "kink"] == ["w50"]


def test_an_input_that_is_infinitely_steep_is_checked_by_itself() -> None:
    """No sum has it."""
    leaves = [Value(float(k), f"w{k}") for k in range(20)]
    report = gradcheck(sum((leaf.sqrt() for leaf in leaves), Value(0.0, "start")))
    assert report.ok
    assert {c.input: c.reason for c in report.checks}["w0"] == "vertical tangent"


def test_a_gradient_that_is_wrong_everywhere_is_told_soon() -> None:
    """After twenty failures the rest is left open, which the line says; right ones still pass."""
    calls = [0]

    def counted(w: Any) -> float:
        calls[0] += 1
        return loss(w)

    slopes = gradient(POINT) * (1 + 1e-6)
    report = gradcheck(counted, POINT, gradient=slopes)
    assert calls[0] < 6000
    outcomes = [c.outcome for c in report.checks]
    assert outcomes.count("fail") == 20
    assert not report.ok
    assert "180 not checked: 20 inputs failed before; every=True checks each)" in report.line
    slopes[100:] = gradient(POINT)[100:]
    report = gradcheck(loss, POINT, gradient=slopes)
    assert [c.outcome for c in report.checks].count("fail") >= 20
    assert all(c.outcome != "fail" for c in report.checks[100:])
    assert all(c.outcome != "pass" for c in report.checks[:100])


def test_many_wrong_infinite_slopes_are_told_soon() -> None:
    """Each is checked by itself, and after twenty no more are."""
    report = gradcheck(loss, POINT, gradient=[float("nan")] * SIZE)
    assert [c.outcome for c in report.checks].count("fail") == 20


@pytest.mark.parametrize(("factor", "rtol"), [(1.5, 0.05), (1.05, 0.01), (2.0, 0.5)])
def test_what_a_user_allows_is_for_each_input(factor: float, rtol: float) -> None:
    """One slope that is farther off than `rtol` fails among a thousand; many near ones pass."""

    def wrong(x: Any) -> Any:
        slopes = 2 * x
        slopes[7] *= factor
        return slopes

    def squares(x: Any) -> float:
        return float((x**2).sum())

    ones = np.ones(1000)
    report = gradcheck(squares, ones, gradient=wrong, rtol=rtol)
    assert [c.input for c in report.checks if c.outcome == "fail"] == ["x[7]"]
    near = 2 * ones * (1 + 0.9 * rtol * RNG.uniform(-1, 1, 1000))
    assert gradcheck(squares, ones, gradient=near, rtol=rtol).ok
    assert gradcheck(squares, ones, gradient=near, atol=2 * rtol).ok


def test_many_weights_in_single_precision_are_told_soon() -> None:
    """What rounding hides along a direction is left open, with a remedy, and not halved."""
    calls = [0]
    rows = ROWS.astype(np.float32)

    def counted(w: Any) -> Any:
        calls[0] += 1
        return np.mean(np.tanh(rows @ w) ** 2)

    def slopes(w: Any) -> Any:
        t = np.tanh(rows @ w)
        return rows.T @ (2 * t * (1 - t * t)) / 30

    report = gradcheck(counted, POINT.astype(np.float32), gradient=slopes)
    assert report.ok
    assert calls[0] < 20_000
    rest = {c.reason for c in report.checks if c.outcome == "inconclusive"}
    assert any(reason.endswith("compute in float64, or give rtol") for reason in rest)
    assert gradcheck(counted, POINT.astype(np.float32), gradient=slopes, rtol=0.01).ok
