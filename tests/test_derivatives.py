"""grad, derivative, jacobian and hessian."""

import math

import pytest

import micrograd_like as mg
from micrograd_like import Value, derivative, grad, hessian, jacobian
from micrograd_like.engine import NOT_COMPUTED


def test_derivatives_of_every_order() -> None:
    """sin goes round in four, and a polynomial ends in 0."""
    for order in range(1, 9):
        right = [math.cos(1), -math.sin(1), -math.cos(1), math.sin(1)][(order - 1) % 4]
        assert derivative(mg.sin, order)(1.0) == pytest.approx(right, rel=1e-14)
    assert [derivative(lambda x: x**3, n)(2.0) for n in range(1, 6)] == [12, 12, 6, 0, 0]


def test_grad_nests_without_confusing_its_variables() -> None:
    """An inner gradient takes a captured outer variable as a constant."""
    assert grad(grad(lambda x: x**3))(2.0) == 12.0
    assert grad(lambda x: x * grad(lambda y: x * y)(3.0))(2.0) == 4.0
    assert grad(lambda x: x * grad(lambda y: x * y)(x))(2.0) == 4.0
    assert grad(lambda x: grad(lambda y: y * y * x)(x))(3.0) == 12.0


def test_grad_leaves_the_gradients_of_captured_values_alone() -> None:
    """A model's parameters that f reads have the gradients they had."""
    w, fresh = Value(2.0), Value(5.0)
    w.grad = 7.0
    assert grad(lambda x: w * x * fresh)(3.0) == 10.0
    assert w.grad == 7.0
    assert fresh.grad is NOT_COMPUTED


def test_gradients_of_unused_inputs_are_zero() -> None:
    """An input that f ignores has the derivative 0, at any order."""
    assert grad(lambda x, y: x * 2)(1.0, 2.0) == (2.0, 0.0)
    assert hessian(lambda x, y: x * 2)(1.0, 2.0) == [[0.0, 0.0], [0.0, 0.0]]


def test_jacobian_and_hessian() -> None:
    """Rows are outputs, columns inputs; the hessian is the jacobian of the gradient."""

    def f(x: Value, y: Value) -> Value:
        return mg.exp(x * y) + x / y

    assert jacobian(lambda x, y: [x * y, x + y])(2.0, 3.0) == [[3.0, 2.0], [1.0, 1.0]]
    ours, again = hessian(f)(0.5, 1.5), jacobian(grad(f))(0.5, 1.5)
    for row, twin in zip(ours, again, strict=True):
        assert row == pytest.approx(twin, rel=1e-14)
    assert ours[0][1] == pytest.approx(ours[1][0], rel=1e-14)


def test_a_power_with_both_sides_variable_has_a_symmetric_hessian() -> None:
    """Also at exponent 0, where one slope is 0 but its derivative is not."""
    for y in (0.0, 1.0, 2.5):
        (_, xy), (yx, _) = hessian(lambda x, y: x**y)(2.0, y)
        assert xy == pytest.approx(yx)
    assert all(math.isnan(row[1]) for row in hessian(lambda x, y: x**y)(-2.0, 3.0))


def test_values_in_give_values_out() -> None:
    """With a Value for input the derivative can be differentiated."""
    x = Value(2.0)
    slope = derivative(lambda x: x**3)(x)
    slope.backward()
    assert (slope.data, x.grad) == (12.0, 12.0)


def test_mistakes_are_told() -> None:
    """A lost graph, no input, a wrong order, a scalar for a jacobian."""
    with pytest.raises(TypeError, match=r"grad: f returned 2\.0, not a Value: its graph was lost"):
        grad(lambda x: x.data)(2.0)
    with pytest.raises(TypeError, match="needs at least one number"):
        grad(lambda: Value(1.0))()
    with pytest.raises(ValueError, match="order is 0; it is to be a whole number from 1 up"):
        derivative(mg.sin, 0)
    with pytest.raises(TypeError, match="jacobian: f returns a list of Values"):
        jacobian(lambda x: x)(1.0)
    with pytest.raises(TypeError, match="not the str"):
        grad(mg.sin)("1")
