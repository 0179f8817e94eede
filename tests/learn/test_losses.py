"""Losses: against their definitions with mpmath, against PyTorch, and at their mistakes."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd_like import (
    Value,
    assert_gradients,
    binary_cross_entropy,
    cross_entropy,
    hinge,
    huber,
    mae,
    max_margin,
    mse,
)

floats = st.floats(-1e4, 1e4)
ROWS = st.lists(
    st.tuples(st.lists(floats, min_size=3, max_size=3), st.integers(0, 2)), min_size=1, max_size=4
)
Loss = Callable[..., Any]


def exact(x: float) -> Any:
    """A number for mpmath."""
    return mpmath.mpf(x)


def log_softmax_of(outputs: list[float], k: int) -> Any:
    """The definition, at many digits."""
    return exact(outputs[k]) - mpmath.log(sum(mpmath.exp(exact(z)) for z in outputs))


# For each loss of one prediction its definition, on mpmath numbers, and the targets it takes.
SINGLE: dict[str, tuple[Loss, Loss, st.SearchStrategy[Any]]] = {
    "mse": (mse, lambda p, t: (p - t) ** 2, floats),
    "mae": (mae, lambda p, t: abs(p - t), floats),
    "huber": (
        huber,
        lambda p, t: (p - t) ** 2 / 2 if abs(p - t) <= 1 else abs(p - t) - mpmath.mpf(1) / 2,
        floats,
    ),
    "huber, delta 3": (
        partial(huber, delta=3.0),
        lambda p, t: (p - t) ** 2 / 2 if abs(p - t) <= 3 else 3 * (abs(p - t) - mpmath.mpf(3) / 2),
        floats,
    ),
    "binary_cross_entropy": (
        binary_cross_entropy,
        lambda z, t: t * mpmath.log1p(mpmath.exp(-z)) + (1 - t) * mpmath.log1p(mpmath.exp(z)),
        st.sampled_from([0, 1, 0.25]),
    ),
    "hinge": (hinge, lambda s, t: max(mpmath.mpf(0), 1 - t * s), st.sampled_from([-1, 1])),
}


@pytest.mark.parametrize("name", SINGLE)
def test_losses_of_one_output_are_their_definitions(name: str) -> None:
    """For logits up to 10⁴ in size the value is that of mpmath, to 1e-12 of it."""
    loss, definition, targets = SINGLE[name]

    @given(floats, targets)
    def check(p: float, t: float) -> None:
        with mpmath.workdps(60):
            expected = float(definition(exact(p), exact(t)))
        assert loss(p, t) == pytest.approx(expected, rel=1e-12, abs=1e-300)
        assert loss(Value(p), t).data == loss(p, t)

    check()


@given(ROWS)
def test_losses_of_several_outputs_are_their_definitions(rows: list[Any]) -> None:
    """cross_entropy and max_margin against mpmath, for logits up to 10⁴ in size."""
    outputs, classes = [row for row, _ in rows], [k for _, k in rows]
    with mpmath.workdps(50):
        entropies = [-log_softmax_of(row, k) for row, k in rows]
        margins = [
            sum(max(0, 1 - exact(row[k]) + exact(z)) for j, z in enumerate(row) if j != k) / 3
            for row, k in rows
        ]
    for loss, expected in ((cross_entropy, entropies), (max_margin, margins)):
        assert loss(outputs, classes, reduction="none") == pytest.approx(
            [float(x) for x in expected], rel=1e-12, abs=1e-11
        )


@given(ROWS)
def test_classes_as_numbers_and_as_weights_are_one(rows: list[Any]) -> None:
    """A class by its number, as a list with a 1, and as such a list of Values, is the same."""
    outputs, classes = [row for row, _ in rows], [k for _, k in rows]
    hot = [[float(j == k) for j in range(3)] for k in classes]
    values = [[Value(w) for w in row] for row in hot]
    for loss in (cross_entropy, max_margin):
        expected = loss(outputs, classes)
        assert loss(outputs, hot) == pytest.approx(expected, rel=1e-12, abs=1e-11)
        assert loss(outputs, values).data == pytest.approx(expected, rel=1e-12, abs=1e-11)


@given(st.floats(-30, 30), st.sampled_from([-1.0, 0.0, 1.0]))
def test_targets_may_be_values(z: float, t: float) -> None:
    """A recorded target, as a tape has it, gives the loss that its number gives."""
    for loss in (mse, mae, huber, *([hinge] if t else []), *([binary_cross_entropy] * (t >= 0))):
        expected = loss(z, t)
        assert loss(Value(z), Value(t)).data == pytest.approx(expected, rel=1e-12, abs=1e-12)


TORCH: dict[str, tuple[Loss, str, str]] = {
    "mse": (mse, "mse_loss", "number"),
    "mae": (mae, "l1_loss", "number"),
    "huber": (partial(huber, delta=0.7), "huber_loss", "number"),
    "binary_cross_entropy": (
        binary_cross_entropy,
        "binary_cross_entropy_with_logits",
        "probability",
    ),
    "cross_entropy": (cross_entropy, "cross_entropy", "class"),
    "max_margin": (max_margin, "multi_margin_loss", "class"),
    "hinge": (hinge, "margin_ranking_loss", "sign"),
}


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("name", TORCH)
def test_losses_and_their_gradients_are_those_of_pytorch(name: str, reduction: str) -> None:
    """On random input, value and gradient agree to 1e-12 with PyTorch's function of that name."""
    torch = pytest.importorskip("torch")
    loss, theirs_name, kind = TORCH[name]
    theirs = getattr(torch.nn.functional, theirs_name)
    generator = torch.Generator().manual_seed(5)
    shape = (6, 4) if kind == "class" else (6,)
    for scale in (1.0, 30.0, 1e4):
        x = torch.randn(shape, generator=generator, dtype=torch.float64) * scale
        targets = {
            "number": torch.randn(6, generator=generator, dtype=torch.float64) * scale,
            "probability": torch.rand(6, generator=generator, dtype=torch.float64),
            "class": torch.randint(0, 4, (6,), generator=generator),
            "sign": torch.randint(0, 2, (6,), generator=generator, dtype=torch.float64) * 2 - 1,
        }[kind]
        leaf = x.clone().requires_grad_()
        options: dict[str, Any] = {"reduction": reduction}
        if name == "huber":
            options["delta"] = 0.7
        if name == "hinge":
            expected = theirs(leaf, torch.zeros(6), targets, margin=1.0, **options)
        else:
            expected = theirs(leaf, targets, **options)
        expected.sum().backward()
        rows = x.tolist()
        values = [[Value(z) for z in row] if kind == "class" else Value(row) for row in rows]
        found = loss(values, targets.tolist(), reduction=reduction)
        total = sum(found) if reduction == "none" else found
        total.backward()
        flat = [v for row in values for v in (row if isinstance(row, list) else [row])]
        assert total.data == pytest.approx(expected.sum().item(), rel=1e-12, abs=1e-12)
        assert [v.grad for v in flat] == pytest.approx(
            leaf.grad.flatten().tolist(), rel=1e-12, abs=1e-12
        )


def test_confident_logits_keep_their_small_gradients() -> None:
    """Where the answer is nearly certain the gradient is tiny and right, not 0."""
    z = Value(40.0)
    binary_cross_entropy(z, 1).backward()
    assert z.grad == pytest.approx(-math.exp(-40), rel=1e-12)
    logits = [Value(0.0), Value(60.0)]
    cross_entropy(logits, 1).backward()
    assert logits[0].grad == pytest.approx(math.exp(-60), rel=1e-12)


def test_gradients_of_losses_agree_with_differences() -> None:
    """Every loss at a point without a kink, by gradcheck."""
    assert_gradients(lambda p: mse(p, 2.0), 0.5)
    assert_gradients(lambda p: mae(p, 2.0), 0.5)
    assert_gradients(lambda p: huber(p, 2.0), 0.5)
    assert_gradients(lambda p: huber(p, 2.0), 1.75)
    assert_gradients(lambda z: binary_cross_entropy(z, 0.3), 0.5)
    assert_gradients(lambda s: hinge(s, 1), 0.5)
    for loss in (cross_entropy, max_margin):
        assert_gradients(lambda a, b, c, loss=loss: loss([a, b, c], 1), 0.5, -0.25, 0.125)


@given(st.lists(st.tuples(floats, floats), min_size=1, max_size=8))
def test_mse_is_the_mean_of_squares_and_so_is_its_gradient(
    pairs: list[tuple[float, float]],
) -> None:
    """The gradient for each prediction is 2(p - t)/n."""
    predictions = [Value(p) for p, _ in pairs]
    error = mse(predictions, [t for _, t in pairs])
    error.backward()
    n = len(pairs)
    assert error.data == pytest.approx(sum((p - t) ** 2 for p, t in pairs) / n, rel=1e-12, abs=1e-9)
    slopes = [2 * (p - t) / n for p, t in pairs]
    assert [v.grad for v in predictions] == pytest.approx(slopes, rel=1e-12, abs=1e-9)


def test_hinge_is_zero_beyond_the_margin() -> None:
    """A score beyond its label's margin adds neither error nor gradient."""
    near, far = Value(0.25), Value(-3.0)
    error = hinge([near, far], [1, -1])
    error.backward()
    assert (error.data, near.grad, far.grad) == (0.375, -0.5, 0.0)


def test_losses_take_one_prediction_or_rows_of_several() -> None:
    """A number, a list, and a list of lists of outputs."""
    assert mse(1.0, 3.0) == 4.0
    assert mse([[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 6.0]]) == 1.0
    assert mse(Value(1.0), 3.0).data == 4.0
    assert cross_entropy([0.0, 0.0], 1) == cross_entropy([[0.0, 0.0]], [1]) == math.log(2)


ITSELF: list[Any] = [1.0]
ITSELF.append(ITSELF)
WRONG: list[tuple[Callable[[], Any], str]] = [
    (lambda: mse([1.0, 2.0], [1.0]), "mse: 2 predictions and 1 target do not pair up"),
    (lambda: mse([], []), "mse: the data is empty; it needs at least one prediction"),
    (lambda: mse(1.0, 2.0, reduction="max"), "mse: reduction is 'max'; it is to be one of mean,"),
    (lambda: huber(1.0, 2.0, delta=0), "huber: delta is 0; it is to be a finite number above 0"),
    (lambda: hinge([1.0], [0]), "hinge: each label is -1 or 1, not 0"),
    (lambda: binary_cross_entropy(1.0, 2), "binary_cross_entropy: target 0 is 2"),
    (lambda: binary_cross_entropy(1.0, "red"), "target 0: takes a number, not the str 'red'"),
    (lambda: cross_entropy([[1.0, 2.0]] * 4, [0, 1, 1, 2]), "target 3 is 2; the classes of 2"),
    (lambda: cross_entropy([1.0, 2.0], -1), "the classes of 2 outputs are 0 to 1"),
    (lambda: cross_entropy([1.0, 2.0], 0.5), "target 0 is 0.5"),
    (lambda: cross_entropy([1.0, 2.0], math.nan), "target 0 is nan"),
    (lambda: cross_entropy([1.0, 2.0], "red"), "target 0 is 'red'"),
    (lambda: cross_entropy([1.0, 2.0], [0.5, 0.6]), "its numbers are to be from 0 to 1, of sum 1"),
    (lambda: cross_entropy([1.0, 2.0], [1.0]), "target 0 has 1 number, for 2 outputs"),
    (lambda: cross_entropy([[1.0]], [0]), "needs an output for each class"),
    (lambda: cross_entropy(Value(1.0), 0), "takes a list with an output for each class"),
    (lambda: max_margin([[1.0, 2.0]], [0, 1]), "max_margin: 1 prediction and 2 targets"),
    (lambda: mse(None, 1), "mse: prediction 0: takes a number, not the NoneType None"),
    (lambda: mse(1.0, None), "mse: target 0: takes a number, not the NoneType None"),
    (lambda: mse([1.0], ["a"]), "mse: target 0: takes a number, not the str 'a': convert it with"),
    (lambda: mse(1.0, {1: 2.0}), "mse: target 0: takes a number, not the dict {1: 2.0}"),
    (lambda: mse(1.0, 2.0, reduction=3), "mse: reduction is 3; it is to be one of mean, sum, none"),
    (lambda: mae((x for x in [1.0]), 1.0), "mae: prediction 0: takes a number, not the generator"),
    (lambda: huber(1.0, 2.0, delta="x"), "huber: delta: takes a number, not the str 'x'"),
    (lambda: binary_cross_entropy(1.0, None), "target 0: takes a number, not the NoneType None"),
    (lambda: hinge(1.0, "red"), "hinge: target 0: takes a number, not the str 'red'"),
    (lambda: cross_entropy(3, 0), "takes a list with an output for each class, not 3"),
    (lambda: cross_entropy(None, 0), "takes a list with an output for each class, not None"),
    (lambda: cross_entropy([[1.0, 2.0], 3.0], [0, 1]), "prediction 1: takes a list of numbers"),
    (lambda: cross_entropy([1.0, "a"], 0), "prediction 0 1: takes a number, not the str 'a'"),
    (
        lambda: cross_entropy([1.0, 2.0], [None, 1.0]),
        "target 0 0: takes a number, not the NoneType",
    ),
    (lambda: mse(ITSELF, ITSELF), "mse: lists within lists go 32 deep, or one holds itself"),
    (lambda: cross_entropy([[1.0, 2.0]], {0: 1}), "targets is {0: 1}; it is to be a list with a"),
    (lambda: max_margin([1.0, 2.0], 0, margin="x"), "max_margin: margin: takes a number, not"),
]


@pytest.mark.parametrize(("mistake", "message"), WRONG, ids=[message for _, message in WRONG])
def test_mistakes_are_told(mistake: Callable[[], Any], message: str) -> None:
    """In one line, with the loss, the value and what is allowed."""
    with pytest.raises((TypeError, ValueError), match=r"^\w+: ") as caught:
        mistake()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
