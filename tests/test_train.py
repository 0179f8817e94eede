"""fit: what it learns, what it reports, where it stops."""

import math
import random
from functools import partial
from typing import Any

import pytest

from micrograd_like import MLP, SGD, Neuron, fit, hinge, mse, top_gradients

LINE = [[x / 4] for x in range(-8, 9)]
HEIGHTS = [2 * x - 1 for (x,) in LINE]


def seeded(seed: int = 0) -> Neuron:
    """A line with a first guess."""
    random.seed(seed)
    return Neuron(1, nonlin=False)


def test_fit_finds_the_line() -> None:
    """A linear neuron on points of a line finds its slope and height, and the loss falls."""
    line = seeded()
    history = fit(line, LINE, HEIGHTS, epochs=60, lr=0.05, progress=False)
    assert (line.w[0].data, line.b.data) == pytest.approx((2.0, -1.0), abs=1e-6)
    assert len(history.loss) == len(history.gradient_norm) == 60
    assert history.loss[-1] < 1e-9 < history.loss[0]


def test_an_epoch_by_hand_is_an_epoch_of_fit() -> None:
    """One data point at a time: forward, backward, step, in the order given."""
    by_hand, by_fit = seeded(), seeded()
    for x, t in zip(LINE, HEIGHTS, strict=True):
        by_hand.zero_grad()
        mse(by_hand(x), t).backward()
        for p in by_hand.parameters():
            p.data -= 0.1 * p.grad
    fit(by_fit, LINE, HEIGHTS, epochs=1, lr=0.1, seed=None, progress=False)
    assert by_fit.state_dict() == by_hand.state_dict()


def test_a_batch_of_all_is_gradient_descent() -> None:
    """With all points in a batch an epoch is one step, and the order does not matter."""
    one, other = seeded(), seeded()
    fit(one, LINE, HEIGHTS, epochs=3, lr=0.1, batch_size=100, seed=1, progress=False)
    fit(other, LINE, HEIGHTS, epochs=3, lr=0.1, batch_size=100, seed=2, progress=False)
    assert one.w[0].data == pytest.approx(other.w[0].data, rel=1e-12)


def test_the_same_seed_gives_the_same_training() -> None:
    """Histories agree in every bit, and another seed gives another."""
    histories = [
        fit(seeded(), LINE, HEIGHTS, epochs=3, seed=s, progress=False).loss for s in (4, 4, 5)
    ]
    assert histories[0] == histories[1] != histories[2]


def test_classification_with_several_outputs() -> None:
    """Networks with two outputs and targets with two numbers, and hinge on one output."""
    random.seed(0)
    model = MLP(2, [4, 2], activation="tanh")
    X, y = [[0.0, 1.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]
    assert fit(model, X, y, epochs=200, lr=0.1, progress=False).loss[-1] < 0.01
    judge = MLP(2, [4, 1], activation="tanh")
    fit(judge, X, [1, -1], hinge, epochs=100, lr=0.1, progress=False)
    assert judge(X[0]).data > 0 > judge(X[1]).data


def test_a_diverging_loss_stops_with_a_clear_error() -> None:
    """The first loss that is not finite ends the training, before parameters become NaN."""
    line = seeded()
    with pytest.raises(ArithmeticError, match=r"in epoch .* try a learning rate below 50"):
        fit(line, LINE, HEIGHTS, epochs=1000, lr=50, progress=False)
    assert all(map(math.isfinite, line.state_dict().values()))


NAN = float("nan")
WRONG: list[tuple[Any, Any, dict[str, Any], str]] = [
    ([], [], {}, "the data is empty"),
    ([[1.0]], [1.0, 2.0], {}, "1 rows and 2 targets do not pair up"),
    ([[1.0], [1.0, 2.0]], [1.0, 2.0], {}, "row 1 has 2 numbers and row 0 has 1"),
    ([[1.0], [NAN]], [1.0, 2.0], {}, "row 1, column 0 is nan"),
    ([[1.0], ["a"]], [1.0, 2.0], {}, "row 1, column 0 is 'a'"),
    ([[1.0]], [NAN], {}, "target 0 is nan"),
    ([[1.0]], ["red"], {}, "target 0 is 'red'"),
    ([1.0], [1.0], {}, "row 0 is 1.0; each row is a list"),
    ([[1.0, 2.0]], [1.0], {}, "takes 1 inputs, not 2"),
    ([[1.0]], [1.0], {"epochs": 0}, "epochs is a whole number from 1 up"),
    ([[1.0]], [1.0], {"batch_size": 0}, "batch_size is a whole number from 1 up"),
    ([[1.0]], [1.0], {"lr": -1}, "lr is a finite number above 0"),
    ([[1.0]], [1.0], {"optimizer": partial(SGD, momentum=2)}, "momentum is from 0"),
]


@pytest.mark.parametrize(("X", "y", "options", "message"), WRONG)
def test_wrong_data_is_refused_before_anything_changes(
    X: Any, y: Any, options: dict[str, Any], message: str
) -> None:
    """Each is a one-line error, and the parameters are as they were."""
    line = seeded()
    before = line.state_dict()
    with pytest.raises(ValueError, match=r"fit|Neuron|SGD") as caught:
        fit(line, X, y, progress=False, **options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert line.state_dict() == before


def test_numpy_arrays_are_data_too() -> None:
    """Rows and targets may be arrays."""
    numpy = pytest.importorskip("numpy")
    history = fit(seeded(), numpy.array(LINE), numpy.array(HEIGHTS), epochs=1, progress=False)
    assert history.loss == fit(seeded(), LINE, HEIGHTS, epochs=1, progress=False).loss


def test_top_gradients_are_the_largest_in_size_by_name() -> None:
    """Sorted by size, sign kept."""
    model = MLP(1, [1])
    w, b = model.parameters()
    w.grad, b.grad = 0.5, -2.0
    assert top_gradients(model, 1) == [("layer0.neuron0.b", -2.0)]
    assert [name for name, _ in top_gradients(model)] == ["layer0.neuron0.b", "layer0.neuron0.w0"]
