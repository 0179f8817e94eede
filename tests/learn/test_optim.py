"""Optimizers."""

import math
from typing import Any

import pytest

from micrograd_like import SGD, Adam, Neuron, Value


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
    with pytest.raises((TypeError, ValueError), match=r"^SGD: lr(: takes a number| is .* above 0)"):
        SGD([Value(1.0)], lr=lr)  # type: ignore[arg-type]


def test_no_parameters_and_a_wrong_momentum_are_refused() -> None:
    """Each says what is allowed."""
    with pytest.raises(ValueError, match=r"pass model.parameters\(\)"):
        SGD([])
    with pytest.raises(ValueError, match=r"momentum is 1\.0; it is to be from 0 up to below 1"):
        SGD([Value(1.0)], momentum=1.0)


def test_an_optimizer_says_what_it_moves() -> None:
    """In one line, without addresses."""
    assert repr(SGD([Value(1.0)], lr=0.5)) == "<SGD of 1 parameter, lr 0.5>"
    assert repr(Adam(Neuron(2).parameters())) == "<Adam of 3 parameters, lr 0.001>"


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


OPTIMIZERS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.5, "weight_decay": 0.3}),
    ("Adam", {"lr": 0.1}),
    ("Adam", {"lr": 0.01, "betas": (0.5, 0.75), "eps": 1e-3, "weight_decay": 0.2}),
]


@pytest.mark.parametrize(("name", "options"), OPTIMIZERS)
def test_ten_steps_lead_where_pytorchs_do(name: str, options: dict[str, Any]) -> None:
    """On a bowl with a bend, every parameter after every step agrees to 1e-12."""
    torch = pytest.importorskip("torch")
    ours = [Value(1.0), Value(-2.0)]
    theirs = [torch.tensor(v.data, dtype=torch.float64, requires_grad=True) for v in ours]

    def error(a: Any, b: Any) -> Any:
        return 0.1 * (a * a * b - 1) ** 2 + 0.3 * (b + a) ** 2

    one = {"SGD": SGD, "Adam": Adam}[name](ours, **options)
    other = getattr(torch.optim, name)(theirs, **options)
    for _ in range(10):
        for optimizer, parameters in ((one, ours), (other, theirs)):
            optimizer.zero_grad()
            error(*parameters).backward()
            optimizer.step()
        assert [v.data for v in ours] == pytest.approx([t.item() for t in theirs], rel=1e-12)


def test_adam_moves_every_parameter_by_about_lr_at_first() -> None:
    """However large the gradients, and a parameter without one stays."""
    parameters = [Value(0.0) for _ in range(3)]
    optimizer = Adam(parameters, lr=0.5)
    parameters[0].grad, parameters[1].grad = 1e-4, -1e4
    optimizer.step()
    assert [p.data for p in parameters] == pytest.approx([-0.5, 0.5, 0.0], rel=1e-3)


def test_the_learning_rate_may_change_between_steps() -> None:
    """A schedule sets lr; what is none is refused."""
    w = Value(0.0)
    optimizer = SGD([w], lr=1.0)
    w.grad = 1.0
    optimizer.step()
    optimizer.lr = 0.25
    optimizer.step()
    assert w.data == -1.25
    with pytest.raises(ValueError, match="SGD: lr is -1; it is to be a finite number above 0"):
        optimizer.lr = -1


def test_what_optimizers_refuse() -> None:
    """Numbers and parameters that are none; and a step of Adam that fails changes no state."""
    w = Value(1.0)
    for make, message in (
        (
            lambda: SGD([w], weight_decay=-1),
            "SGD: weight_decay is -1; it is to be a finite number from 0 up",
        ),
        (
            lambda: Adam([w], betas=(0.9, 1.0)),
            "Adam: a beta is 1.0; it is to be from 0 up to below 1",
        ),
        (lambda: Adam([w], eps=0), "Adam: eps is 0; it is to be a finite number above 0"),
        (lambda: Adam([]), "Adam: there are no parameters"),
        (lambda: Adam([w], betas=(0.9,)), "Adam: betas has 1 number; it is to have two"),
        (lambda: Adam([w], betas=0.9), "Adam: betas: takes a list of two numbers"),
        (lambda: Adam([1.0]), "Adam: parameter 0: takes a Value"),
        (lambda: SGD(3), "SGD: parameters: takes a list of Values, not 3"),
        (lambda: SGD(Neuron(1)), "SGD: parameters: takes a list of Values, not ReLUNeuron"),
        (lambda: SGD([w], momentum=None), "SGD: momentum: takes a number, not the NoneType None"),
    ):
        with pytest.raises((TypeError, ValueError), match=message):
            make()
    optimizer = Adam([w], lr=0.1)
    w.grad = math.nan
    with pytest.raises(ArithmeticError, match="leaves the finite numbers"):
        optimizer.step()
    assert (w.data, optimizer.count, optimizer.mean) == (1.0, 0, [0.0])
