"""Optimizers."""

import pytest

from micrograd_like import SGD, Value


def test_a_step_goes_against_the_gradient() -> None:
    """w moves by -lr · gradient."""
    w, still = Value(1.0), Value(5.0)
    optimizer = SGD([w, still], lr=0.1)
    (w * 3).backward()
    optimizer.step()
    assert w.data == pytest.approx(0.7)
    assert still.data == 5.0
    optimizer.zero_grad()
    assert w.grad == 0.0


def test_momentum_sums_a_velocity() -> None:
    """The second step of a constant gradient is (1 + momentum) as long."""
    w = Value(0.0)
    optimizer = SGD([w], lr=1.0, momentum=0.5)
    w.grad = 1.0
    optimizer.step()
    optimizer.step()
    assert w.data == -2.5


@pytest.mark.parametrize("lr", [0, -1.0, float("nan"), float("inf"), "0.1", None])
def test_a_learning_rate_that_is_none_is_refused(lr: object) -> None:
    """The error says what a learning rate is."""
    with pytest.raises(ValueError, match="lr is a finite number above 0"):
        SGD([Value(1.0)], lr=lr)  # type: ignore[arg-type]


def test_no_parameters_and_a_wrong_momentum_are_refused() -> None:
    """Each says what is allowed."""
    with pytest.raises(ValueError, match=r"pass model.parameters\(\)"):
        SGD([])
    with pytest.raises(ValueError, match="momentum is from 0 up to below 1"):
        SGD([Value(1.0)], momentum=1.0)


def test_a_step_moves_all_parameters_or_none() -> None:
    """A gradient that is a Value, or a step out of the finite numbers, changes nothing."""
    w, far = Value(1.0), Value(1.0)
    optimizer = SGD([w, far], lr=0.1, momentum=0.5)
    (w * 2).backward()
    (far * far).backward(create_graph=True)
    with pytest.raises(TypeError, match="SGD: a gradient: takes a number"):
        optimizer.step()
    far.grad = 1e308
    far.data = -1.7e308
    with pytest.raises(ArithmeticError, match="leaves the finite numbers"):
        SGD([w, far], lr=10).step()
    assert (w.data, far.data) == (1.0, -1.7e308)
    far.grad = 0.0
    optimizer.step()
    assert w.data == 0.8
