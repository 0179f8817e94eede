"""Second derivatives against first ones: their own rounding accuses nobody."""

import math
import random

import pytest

import micrograd_like as mg
from micrograd_like import gradcheck


@pytest.mark.parametrize("seed", range(20))
def test_a_right_zero_that_rounding_moves_is_not_accused(seed: int) -> None:
    """The second derivative of log(exp(x)) is 0, computed as 2e-16; so are others that cancel."""
    rng = random.Random(seed)
    x, a, b = rng.uniform(0.1, 20), rng.uniform(0.1, 5), rng.uniform(1e-6, 5)
    assert gradcheck(lambda x: mg.log(mg.exp(x)), x, order=2).ok
    assert gradcheck(lambda a, b: mg.log(a * mg.log(1 + b)), a, b, order=2).ok


def test_a_right_second_derivative_next_to_an_end_is_not_accused() -> None:
    """Where one is 5e14, the rounding of the others is told by the operations."""
    report = gradcheck(lambda a, b: mg.log(mg.gelu(mg.xlogy(a, b))), -2.04226, 1e-8, order=2)
    assert report.ok, report


def test_a_wrong_second_derivative_fails() -> None:
    """A Hessian by hand that is a thousandth off is called wrong."""
    second = -math.sin(0.7)
    right = gradcheck(math.sin, 0.7, gradient=(math.cos, second), order=2)
    wrong = gradcheck(math.sin, 0.7, gradient=(math.cos, 1.001 * second), order=2)
    assert right.ok
    assert not wrong.ok


def test_a_hessian_that_the_engine_refuses_is_open() -> None:
    """At a kink there is a verdict, in one line, and no exception."""
    report = gradcheck(lambda x, y: mg.leaky_relu(x, y), 0.0, 0.5, order=2)
    assert report.ok
    assert "the engine refuses it: hessian: at (0.0, 0.5)" in report.line
    assert not gradcheck(lambda x, y: mg.leaky_relu(x, y), 0.0, 0.5, order=2, strict=True).ok
