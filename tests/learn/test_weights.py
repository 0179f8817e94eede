"""fit on a tape: weights in one array, and the same numbers as one Value at a time."""

import math
import random
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib import import_module
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd_like import (
    MLP,
    SGD,
    Adam,
    DivergenceError,
    History,
    Module,
    Neuron,
    Tape,
    Value,
    binary_cross_entropy,
    cross_entropy,
    fit,
    hinge,
    huber,
    mae,
    max_margin,
    mse,
)
from micrograd_like.compile import tape as tape_module
from micrograd_like.learn import optim, weights

passes = import_module("micrograd_like.learn.passes")  # its door has a function of that name

pytest.importorskip("numba")

MOMENTUM = partial(SGD, momentum=0.9)
CHANCE = random.Random(11)
X = [[CHANCE.uniform(-1, 1), CHANCE.uniform(-1, 1)] for _ in range(23)]
NUMBERS = [math.sin(3 * a) - b for a, b in X]
CLASSES = [int(a * b > 0) for a, b in X]
SIGNS = [2 * k - 1 for k in CLASSES]
MAKERS: list[Callable[..., Any]] = [
    MOMENTUM,
    partial(SGD, momentum=0.5, weight_decay=0.1),
    SGD,
    partial(Adam, betas=(0.8, 0.95)),
    partial(Adam, eps=1e-3, weight_decay=0.2),
]


def network(outputs: int = 1, seed: int = 0) -> MLP:
    """The same weights for the same seed."""
    random.seed(seed)
    return MLP(2, [4, outputs], activation="tanh")


class Kept:
    """Makes an optimizer and keeps it."""

    def __init__(self, make: Callable[..., Any] = MOMENTUM) -> None:
        self.make = make

    def __call__(self, parameters: Any, lr: float) -> Any:
        self.optimizer = self.make(parameters, lr=lr)
        return self.optimizer


def state(model: Any, optimizer: Any = None) -> list[float]:
    """All that can be looked at: parameters, gradients, and what the optimizer remembers."""
    parameters = model.parameters()
    found = [p.data for p in parameters] + [float(p.grad) for p in parameters]
    for name in getattr(optimizer, "state", ()):
        column = getattr(optimizer, name)
        assert isinstance(column, list)
        found += column
    return [*found, getattr(optimizer, "count", 0)]


def both(run: Callable[[bool], Any], size: float = 0.1) -> None:
    """What a run gives on the tape is what it gives without, to rounding of numbers of a size."""
    assert run(True) == pytest.approx(run(False), rel=1e-12, abs=1e-12 * size)


def learned(
    taped: bool,
    make: Callable[..., Any] = MOMENTUM,
    callback: Callable[[MLP, Any], Any] | None = None,
    epochs: int = 3,
    **options: Any,
) -> list[float]:
    """All numbers after a training, and its history; the callback gets model and optimizer."""
    model, kept = network(), Kept(make)
    calls = [lambda epoch, model, history: callback(model, kept.optimizer)] if callback else []
    settings: dict[str, Any] = {
        "lr": 0.05,
        "batch_size": 5,
        "callbacks": calls,
        "progress": False,
    } | options
    history = fit(model, X, NUMBERS, epochs=epochs, tape=taped, optimizer=kept, **settings)
    return [*state(model, kept.optimizer), *history.loss, *history.gradient_norm]


# --- the numbers ----------------------------------------------------------------------------------

LOSSES = [
    (mse, NUMBERS, 1),
    (mae, NUMBERS, 1),
    (partial(huber, delta=0.3), NUMBERS, 1),
    (binary_cross_entropy, CLASSES, 1),
    (hinge, SIGNS, 1),
    (cross_entropy, CLASSES, 2),
    (partial(max_margin, margin=0.7), CLASSES, 3),
]


@given(
    st.sampled_from(LOSSES),
    st.sampled_from(MAKERS),
    st.integers(1, 25),
    st.integers(0, 10**6),
    st.sampled_from(["tanh", "sigmoid", "softplus", "gelu"]),
    st.sampled_from([0.0, 0.3]),
)
@settings(max_examples=20)
def test_a_tape_and_the_engine_learn_the_same(
    task: Any, make: Any, batch: int, seed: int, activation: str, validation: float
) -> None:
    """Weights, gradients, the optimizer's state and the history agree to 1e-12.

    Adam divides a gradient that cancels by as little as eps, and its rounding with it.
    """
    loss, y, outputs = task

    def run(taped: bool) -> list[float]:
        random.seed(seed)
        model, kept = MLP(2, [3, outputs], activation=activation), Kept(make)
        history = fit(
            model, X, y, loss, epochs=3, lr=lambda epoch: 0.05 / epoch, batch_size=batch,
            validation=validation, seed=seed, optimizer=kept, tape=taped, progress=False,
        )  # fmt: skip
        columns = vars(history)
        numbers = [x for name in columns if isinstance(columns[name], list) for x in columns[name]]
        return [*state(model, kept.optimizer), *numbers]

    both(run, size=1e4 if getattr(make, "func", None) is Adam else 0.1)


@given(
    st.sampled_from(MAKERS),
    st.lists(st.tuples(*[st.floats(-1e3, 1e3)] * 2), min_size=1, max_size=9),
    st.integers(1, 4),
)
def test_the_formula_of_an_optimizer_is_one_for_floats_and_arrays(
    make: Any, pairs: Any, steps: int
) -> None:
    """Some steps with the same gradients, from Value to Value and of whole arrays."""
    import numpy as np

    parameters = [Value(x) for x, _ in pairs]
    one = make(parameters, lr=0.1)
    data, gradients = np.array(pairs).T.copy()
    columns = [np.zeros(len(data)) for _ in one.state]
    for k in range(steps):
        for p, (_, g) in zip(parameters, pairs, strict=True):
            p.grad = g * (k + 1)
        one.step()
        data, *columns = one.moved(data, gradients * (k + 1), columns, k + 1)
    assert one.count == steps
    assert data.tolist() == pytest.approx([p.data for p in parameters], rel=1e-12)
    for name, column in zip(one.state, columns, strict=True):
        assert column.tolist() == pytest.approx(getattr(one, name), rel=1e-12)


# --- whenever anyone looks ------------------------------------------------------------------------


@pytest.mark.parametrize("make", MAKERS)
def test_callbacks_see_what_the_engine_would_show_them(make: Any) -> None:
    """After each epoch: parameters, gradients and the optimizer's state, as lists of floats."""

    def run(taped: bool) -> list[float]:
        seen: list[float] = []
        learned(taped, make, lambda model, optimizer: seen.extend(state(model, optimizer)))
        return seen

    both(run)


def test_a_learning_rate_that_looks_at_the_model_sees_it_as_it_is() -> None:
    """A function of the epoch is asked when the Values have their numbers, and may change them."""

    def run(taped: bool) -> list[float]:
        model, seen = network(), []

        def rate(epoch: int) -> float:
            seen.extend(state(model))
            model.parameters()[0].data += 0.5
            return 0.1 / epoch

        fit(model, X, NUMBERS, epochs=3, lr=rate, tape=taped, progress=False)
        return seen + state(model)

    both(run)


def clip(model: MLP, optimizer: Any) -> None:
    """Parameters are set."""
    for p in model.parameters():
        p.data = max(-0.3, min(0.3, p.data))


def slow(model: MLP, optimizer: Any) -> None:
    """The learning rate is."""
    optimizer.lr /= 3


def other_options(model: MLP, optimizer: Any) -> None:
    """The optimizer's settings are, and what it remembers."""
    optimizer.momentum, optimizer.weight_decay = 0.1, 0.5
    optimizer.velocity = [v / 2 + 0.01 for v in optimizer.velocity]


def freeze(model: MLP, optimizer: Any) -> None:
    """From here on only some parameters move; the gradients of the others add up."""
    optimizer.parameters = model.parameters()[3:7][::-1]
    optimizer.velocity = [0.0] * 4
    model.parameters()[0].grad = 10.0


def by_hand(model: MLP, optimizer: Any) -> None:
    """Its step is replaced, by one with a memory of Values."""
    step, taken = type(optimizer).step, count()

    def own_step() -> None:
        for p in model.parameters():
            p.grad *= 0.5
        next(taken)
        step(optimizer)

    optimizer.step = own_step


@pytest.mark.parametrize("change", [clip, slow, other_options, freeze, by_hand])
def test_what_a_callback_changes_is_what_training_goes_on_with(change: Any) -> None:
    """Parameters, learning rate, optimizer, gradients: as with the engine."""
    both(partial(learned, callback=change))


def widen(model: MLP, optimizer: Any) -> None:
    """A layer gets other weights, which nobody moves."""
    for neuron in model.layers[0].neurons:
        neuron.w[1] = Value(0.25)


def bend(model: MLP, optimizer: Any) -> None:
    """Another activation."""
    for neuron in model.layers[0].neurons:
        neuron.activation = "sigmoid"


def prune(model: MLP, optimizer: Any) -> None:
    """A neuron and its weights are deleted."""
    if len(model.layers[0].neurons) == 4:
        del model.layers[0].neurons[1]
        del model.layers[1].neurons[0].w[1]


@pytest.mark.parametrize("change", [widen, bend, prune])
def test_a_network_that_a_callback_changes_is_recorded_again(change: Any) -> None:
    """The next epoch is that of the new network."""
    both(partial(learned, callback=change))


def test_layers_that_a_callback_joins_are_recorded_again() -> None:
    """The same neurons, in the same order, in one layer instead of two."""

    def run(taped: bool) -> list[float]:
        random.seed(2)
        model = MLP(2, [2, 2], activation="tanh")

        def join(*_: Any) -> None:
            model.layers[0].neurons = [n for layer in model.layers for n in layer.neurons]
            del model.layers[1:]

        options: dict[str, Any] = {"callbacks": [join], "tape": taped, "progress": False}
        history = fit(model, X, CLASSES, cross_entropy, epochs=3, lr=0.05, **options)
        return [*state(model), *history.loss]

    both(run)


class Line(Module):
    """A model of a user's own: nothing is known of it but what it records."""

    def __init__(self) -> None:
        self.w, self.b, self.bends = [Value(0.5), Value(-0.2)], Value(0.1), False

    def __call__(self, x: Any) -> Value:
        out = self.w[0] * x[0] + self.w[1] * x[1] + self.b
        return out.tanh() if self.bends else out


def replace_a_weight(model: Line) -> None:
    """Another Value, which nobody moves."""
    model.w[1] = Value(2.0)


def delete_a_weight(model: Line) -> None:
    """One is used twice."""
    model.w = model.w[:1] * 2


def use_a_number(model: Line) -> None:
    """A weight becomes a constant, another one each time."""
    model.b = model.b + 1.0 if isinstance(model.b, float) else 0.5  # type: ignore[assignment]


def bend_the_line(model: Line) -> None:
    """Other operations of the same weights."""
    model.bends = True


@pytest.mark.parametrize("change", [replace_a_weight, delete_a_weight, use_a_number, bend_the_line])
@pytest.mark.parametrize("by", ["callback", "learning rate"])
def test_a_model_of_ones_own_that_changes_is_recorded_again(change: Any, by: str) -> None:
    """Whatever changes in its graph, by a callback, or by a rate from the first epoch on."""

    def run(taped: bool) -> list[float]:
        model = Line()
        used = [*model.w, model.b]

        def rate(epoch: int) -> float:
            change(model)
            return 0.05

        options: dict[str, Any] = {"callbacks": [lambda *_: change(model)], "lr": 0.05}
        if by == "learning rate":
            options = {"lr": rate}
        history = fit(model, X, NUMBERS, epochs=3, tape=taped, progress=False, **options)
        return [*history.loss, *(v.data for v in used), *(float(v.grad) for v in used)]

    both(run)


def test_a_loss_of_ones_own_that_changes_is_recorded_again() -> None:
    """As the model is: here its weight of a penalty."""

    def run(taped: bool) -> list[float]:
        model, strength = network(), [0.0]

        def loss(outputs: Any, targets: Any) -> Any:
            return mse(outputs, targets) * (1.0 + strength[0])

        def stronger(*_: Any) -> None:
            strength[0] += 1.0

        history = fit(
            model, X, NUMBERS, loss, epochs=3, tape=taped, callbacks=[stronger], progress=False
        )
        return history.loss + state(model)

    both(run)


@pytest.mark.parametrize("taped", [True, False])
def test_an_error_in_a_callback_leaves_the_last_whole_step(taped: bool) -> None:
    """It comes through as it is, and the Values are those of the epoch's end."""
    model, seen = network(), list[float]()

    def fails(epoch: int, *_: Any) -> None:
        if epoch == 2:
            seen.extend(state(model))
            raise LookupError("a callback's own")

    with pytest.raises(LookupError, match="a callback's own"):
        fit(model, X, NUMBERS, epochs=3, tape=taped, callbacks=[fails], progress=False)
    assert state(model) == seen


def test_hooks_on_weights_are_told_before_anything_changes() -> None:
    """A tape does not run them; without one they are run."""
    model = network()
    weight, calls = model.parameters()[0], list[float]()
    weight.grad = 5.0
    weight._backward = lambda: calls.append(weight.grad)
    before = state(model)
    with pytest.raises(TypeError, match="has a _backward of its own, which a tape does not run"):
        fit(model, X, NUMBERS, tape=True, progress=False)
    assert state(model) == before
    fit(model, X, NUMBERS, epochs=2, tape=False, progress=False)
    assert len(calls) == 2 * len(X)


@pytest.mark.parametrize("taped", [True, False])
@pytest.mark.parametrize(
    ("loss", "targets", "counted"),
    [
        (binary_cross_entropy, [0.3, 1.0, 0.0], False),
        (partial(binary_cross_entropy), [1.0, 0.5, 0.0], False),
        (binary_cross_entropy, [1.0, 1.0, 0.0], True),
        (cross_entropy, [[0.3, 0.7], [0.5, 0.5], [1.0, 0.0]], True),
        (cross_entropy, [1, 0, 1], True),
    ],
)
def test_targets_that_are_no_classes_are_learned_without_accuracy(
    taped: bool, loss: Any, targets: Any, counted: bool
) -> None:
    """Probabilities between 0 and 1 name no class; a list names its largest."""
    model = network(2 if loss is cross_entropy else 1)
    history = fit(
        model, X[:3], targets, loss, epochs=2, validation=(X[:3], targets), tape=taped,
        progress=False,
    )  # fmt: skip
    assert history.loss[1] < history.loss[0]
    assert len(history.accuracy) == len(history.validation_accuracy) == 2 * counted


def test_patience_brings_the_best_weights_back() -> None:
    """The same ones as with the engine, and the training ends in the same epoch."""

    def run(taped: bool) -> list[float]:
        model = network()
        history = fit(
            model, X, NUMBERS, epochs=40, validation=0.3, patience=2, tape=taped, progress=False,
            lr=lambda epoch: 0.05 if epoch < 4 else 2.0,
        )  # fmt: skip
        assert "patience" in history.ended
        return [p.data for p in model.parameters()] + history.validation_loss

    both(run)


@pytest.mark.parametrize("how", ["freeze", "reorder", "replace"])
def test_patience_brings_each_weight_its_own_number(how: str) -> None:
    """Also where a callback has changed which ones the optimizer moves, and in which order."""

    def run(taped: bool) -> list[float]:
        model, kept, best = network(), Kept(SGD), list[float]()

        def change(epoch: int, *_: Any) -> None:
            if epoch > 1:
                return
            best[:] = [p.data for p in model.parameters()]
            moving = kept.optimizer.parameters
            if how == "replace":
                model.layers[0].neurons[0].w[0] = Value(0.7)
                moving = model.parameters()
            moving = {"freeze": moving[3:], "reorder": moving[::-1], "replace": moving}[how]
            kept.optimizer.parameters = moving
            kept.optimizer.velocity = [0.0] * len(moving)

        history = fit(
            model, X, NUMBERS, epochs=10, lr=lambda epoch: 0.05 if epoch < 2 else 30.0,
            batch_size=23, optimizer=kept, validation=(X, NUMBERS), patience=2, callbacks=[change],
            tape=taped, progress=False,
        )  # fmt: skip
        assert history.ended == "in epoch 3, by patience"
        found = [p.data for p in model.parameters()]
        assert found[how == "replace" :] == best[how == "replace" :]
        return found

    both(run)


@pytest.mark.parametrize("taped", [False, True])
def test_patience_ends_where_no_validation_loss_is_a_number(taped: bool) -> None:
    """There are no best weights to come back then."""
    model = Neuron(1, nonlin=False, init="zeros")
    huge = [[1e200], [-1e200]]
    model.w[0].data = 1e200
    history = fit(
        model, [[0.0]] * 4, [1.0] * 4, validation=(huge, [0.0, 0.0]), patience=2, epochs=9,
        lr=0.1, tape=taped, progress=False, loss=lambda p, t: mse(p, t) * 0.0,
    )  # fmt: skip
    assert "patience" in history.ended
    assert all(map(math.isnan, history.validation_loss))


# --- what comes in between ------------------------------------------------------------------------


def after_steps(steps: int) -> list[float]:
    """The weights after so many batches of the engine."""
    model = network()
    rows = 5 * steps
    fit(
        model, X[:rows], NUMBERS[:rows], lr=0.05, epochs=1, batch_size=5, seed=None,
        optimizer=MOMENTUM, progress=False, tape=False,
    )  # fmt: skip
    return [p.data for p in model.parameters()]


def interrupted(function: Callable[..., Any], at: int) -> Callable[..., Any]:
    """Ctrl-C comes before a function is called so many times."""
    calls = count(1)

    def call(*arguments: Any) -> Any:
        if next(calls) == at:
            raise KeyboardInterrupt
        return function(*arguments)

    return call


@pytest.mark.parametrize("patience", [None, 2])
def test_an_interrupt_at_the_end_leaves_the_weights_that_are_to_be(
    monkeypatch: pytest.MonkeyPatch, patience: int | None
) -> None:
    """Ctrl-C while all weights are written for the last time, or while the best ones come back."""
    options: dict[str, Any] = {
        "epochs": 40, "validation": 0.3 if patience else 0.0, "patience": patience,
        "lr": 0.9, "batch_size": 5, "progress": False, "tape": True,
    }  # fmt: skip
    expected, model = network(), network()
    history = fit(expected, X, NUMBERS, **options)
    assert ("patience" in history.ended) == bool(patience)
    if patience:
        data: Any = Value.data
        monkeypatch.setattr(Value, "data", property(data.fget, interrupted(data.fset, 3)))
    else:
        listed = weights.ArrayWeights._listed
        monkeypatch.setattr(weights.ArrayWeights, "_listed", interrupted(listed, 1))
    with suppress(KeyboardInterrupt):
        fit(model, X, NUMBERS, **options)
    assert [p.data for p in model.parameters()] == [p.data for p in expected.parameters()]


@pytest.mark.parametrize("place", ["pass", "norm", "step", "write"])
def test_an_interrupt_leaves_the_last_whole_step(
    monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Ctrl-C while the tape runs, while arrays move, while Values are written."""
    of, name = {
        "pass": (Tape, "outputs_and_gradients"),
        "norm": (weights.ArrayWeights, "norm"),
        "step": (optim.Optimizer, "moved"),
        "write": (weights.ArrayWeights, "_listed"),
    }[place]
    original, calls = getattr(of, name), count(1)
    at = 2 if place == "write" else 4

    def interrupted(*arguments: Any) -> Any:
        found = original(*arguments)
        if next(calls) == at:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(of, name, interrupted)
    model, kept = network(), Kept()
    options: dict[str, Any] = {"callbacks": [lambda *_: None]} if place == "write" else {}
    history = fit(
        model, X[:20], NUMBERS[:20], epochs=2, lr=0.05, batch_size=5, seed=None, optimizer=kept,
        progress=False, tape=True, **options,
    )  # fmt: skip
    steps = 4 if place == "write" else 3
    assert history.ended == "in epoch 1, by an interrupt"
    assert [p.data for p in model.parameters()] == pytest.approx(after_steps(steps), rel=1e-12)
    assert kept.optimizer.count == steps


def test_an_interrupted_step_of_values_is_finished() -> None:
    """Ctrl-C between two parameters: the others move, too, and the state is that of the step."""

    class Interrupting(Value):
        armed = True

        def __setattr__(self, name: str, value: Any) -> None:
            super().__setattr__(name, value)
            if name == "_data" and self.armed and getattr(self, "grad", None):
                super().__setattr__("armed", False)
                raise KeyboardInterrupt

    parameters = [Value(1.0), Interrupting(1.0), Value(1.0)]
    optimizer = SGD(parameters, lr=0.5)
    for p in parameters:
        p.grad = 1.0
    with pytest.raises(KeyboardInterrupt):
        optimizer.step()
    assert [p.data for p in parameters] == [0.5, 0.5, 0.5]
    assert optimizer.velocity == [1.0, 1.0, 1.0]


def test_an_error_leaves_the_last_whole_step() -> None:
    """A row at which an operation is undefined; the callback's own error; a divergence."""

    def undefined(taped: bool) -> list[float]:
        model = Neuron(1, activation="log", init="zeros")
        model.b.data = model.w[0].data = 1.0
        with pytest.raises(ValueError, match=r"^fit: in epoch 1, at data point 2: .*log\(-"):
            fit(
                model, [[0.0], [1.0], [-2.5]], [0.0, 0.3, 1.0], lr=1e-3, seed=None, tape=taped,
                progress=False,
            )  # fmt: skip
        return state(model)

    def diverging(taped: bool) -> list[float]:
        line = Neuron(1, nonlin=False, init="zeros")
        with pytest.raises(DivergenceError, match="fit: in epoch 1, at data point"):
            fit(
                line, [[1.0], [1e200]], [1.0, 2.0], lr=1.0, epochs=9, seed=None, tape=taped,
                progress=False,
            )  # fmt: skip
        return [p.data for p in line.parameters()]

    def raising(taped: bool) -> list[float]:
        model = network()

        def callback(epoch: int, model: MLP, history: History) -> None:
            model.parameters()[0].data = 7.0
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fit(model, X, NUMBERS, tape=taped, callbacks=[callback], progress=False)
        assert model.parameters()[0].data == 7.0
        return state(model)

    for run in (undefined, diverging, raising):
        both(run)


def test_huge_and_tiny_gradients_have_their_norm() -> None:
    """Where the square of a norm leaves the floats it does not."""
    for scale in (1e200, 1e-200):

        def run(taped: bool, scale: float = scale) -> list[float]:
            line = Neuron(1, nonlin=False, init="zeros")
            history = fit(
                line, [[scale]], [1.0], mae, epochs=1, lr=1e-300, tape=taped, progress=False
            )
            return history.gradient_norm

        assert run(True) == pytest.approx(run(False), rel=1e-12)
        assert math.isfinite(run(True)[0])


def test_a_step_out_of_the_finite_numbers_changes_nothing() -> None:
    """On the tape as without: the error of a divergence, and the parameters as they were."""
    line = Neuron(1, nonlin=False, init="zeros")
    with pytest.raises(DivergenceError, match="leaves the finite numbers"):
        fit(line, [[1e150]], [1e153], lr=1e9, tape=True, progress=False)
    assert [p.data for p in line.parameters()] == [0.0, 0.0]


# --- which parameters -----------------------------------------------------------------------------


def test_frozen_parameters_stay_and_their_gradients_add_up() -> None:
    """The optimizer has only some of them, in an order of its own."""

    def some(parameters: list[Value], lr: float) -> SGD:
        return SGD([parameters[k] for k in (9, 2, 4)], lr=lr, momentum=0.5)

    def run(taped: bool) -> list[float]:
        model = network()
        before = [p.data for p in model.parameters()]
        model.parameters()[0].grad = 2.0
        fit(
            model, X, NUMBERS, epochs=2, lr=0.05, batch_size=5, optimizer=some, tape=taped,
            progress=False,
        )  # fmt: skip
        moved = [k for k, p in enumerate(model.parameters()) if p.data != before[k]]
        assert moved == [2, 4, 9]
        return state(model)

    both(run)


def test_parameters_may_be_shared_listed_twice_or_without_use() -> None:
    """Two layers with the same weights, and a decaying parameter that is in no graph."""

    def run(taped: bool) -> list[float]:
        random.seed(5)
        model, unused = MLP(2, [2, 2, 1], activation="tanh"), Value(1.0)
        model.layers[1].neurons = model.layers[0].neurons
        other = Neuron(2)
        other.w[0] = model.layers[0].neurons[0].w[0]
        unused.grad = 3.0
        fit(
            model, X, NUMBERS, epochs=2, lr=0.05, batch_size=5, tape=taped, progress=False,
            optimizer=lambda ps, lr: Adam([unused, *ps], lr=lr, weight_decay=0.1),
        )  # fmt: skip
        return [*state(model), *state(other), unused.data, float(unused.grad)]

    both(run)


# --- optimizers of a user's own -------------------------------------------------------------------


class SignDescent:
    """As people write them: a class with step and zero_grad, and nothing else."""

    def __init__(self, parameters: list[Value], lr: float) -> None:
        self.ps, self.lr = parameters, lr

    def step(self) -> None:
        """Each by lr."""
        for p in self.ps:
            p.data -= self.lr * math.copysign(1.0, p.grad)

    def zero_grad(self) -> None:
        """To a small number, which shows that it is called."""
        for p in self.ps:
            p.grad = 1e-3


class Clipped(SGD):
    """A step that looks at gradients first."""

    def step(self) -> None:
        """With gradients up to 0.1."""
        for p in self.parameters:
            p.grad = max(-0.1, min(0.1, p.grad))
        super().step()


@pytest.mark.parametrize("make", [SignDescent, Clipped])
def test_an_optimizer_of_ones_own_moves_the_values(make: Any) -> None:
    """Anything with step and zero_grad: it finds gradients in the Values, and moves these."""
    both(partial(learned, make=make))


class Replacing:
    """An optimizer of a user's own that also replaces a weight, in the middle of an epoch."""

    def __init__(self, parameters: Any, lr: float) -> None:
        self.inner, self.taken = SGD(parameters, lr=lr), count(1)
        self.model: Any = None

    def zero_grad(self) -> None:
        self.inner.zero_grad()

    def step(self) -> None:
        self.inner.step()
        if next(self.taken) == 2:
            self.replace(self.model)

    @staticmethod
    def replace(model: Any) -> None:
        if isinstance(model, MLP):
            model.layers[0].neurons[0].w[0] = Value(5.0)
            model.layers[0].neurons[1].activation = "relu"
        else:
            model.w[0] = Value(5.0)


@pytest.mark.parametrize("make", [network, lambda: Line()])
def test_what_an_optimizer_of_ones_own_replaces_counts_from_the_next_batch_on(make: Any) -> None:
    """Weights and activations; nobody else looks at the model."""

    def run(taped: bool) -> list[float]:
        model = make()

        def optimizer(parameters: Any, lr: float) -> Replacing:
            found = Replacing(parameters, lr)
            found.model = model
            return found

        history = fit(
            model, X, NUMBERS, epochs=3, batch_size=5, optimizer=optimizer, tape=taped,
            progress=False,
        )  # fmt: skip
        return [*state(model), *history.loss]

    both(run)


def assign_clipped(optimizer: Any) -> None:
    """Weights stay small, whenever they are set."""
    assign = optimizer.assign
    optimizer.assign = lambda parameters, data, state: assign(
        parameters, [max(-0.2, min(0.2, x)) for x in data], state
    )


def half_steps(optimizer: Any) -> None:
    """The formula of one optimizer is another, which takes floats alone."""
    optimizer.formula = lambda rows, count: (
        number for p, g, v in rows for number in (p - math.fsum([optimizer.lr * g / 2]), v)
    )


@pytest.mark.parametrize("change", [assign_clipped, half_steps])
def test_an_optimizer_with_a_method_of_its_own_moves_values(change: Any) -> None:
    """Its class is that of the package, and it does something else in a step."""

    def make(parameters: Any, lr: float) -> SGD:
        optimizer = SGD(parameters, lr=lr)
        change(optimizer)
        return optimizer

    assert optim.moves_arrays(SGD([Value(1.0)]))
    assert not optim.moves_arrays(make([Value(1.0)], 0.1))
    both(partial(learned, make=make))


@pytest.mark.parametrize("taped", [False, True])
def test_a_state_of_another_length_is_told(taped: bool) -> None:
    """By the optimizer, with what it has and what it needs."""

    def shorten(model: MLP, optimizer: Any) -> None:
        optimizer.parameters = optimizer.parameters[3:]

    message = "SGD: velocity has 17 numbers for 14 parameters; give it one for each"
    with pytest.raises(ValueError, match=f"^fit: in epoch 2, at data point .*: {message}$"):
        learned(taped, callback=shorten)


# --- numbers that are not finite ------------------------------------------------------------------


def test_a_row_that_overflows_is_no_recording_for_others() -> None:
    """There logsumexp takes a branch; the graph is recorded at another data point."""

    def run(taped: bool) -> list[float]:
        model = MLP(1, [2], init="zeros")
        model.layers[0].neurons[0].w[0].data = 1.8
        rows, targets = [[1e308], *[[0.5], [1.0], [2.0], [1.5]] * 2], [0, *[1] * 8]
        history = fit(
            model, rows, targets, cross_entropy, epochs=1, lr=0.3, seed=3, tape=taped,
            progress=False,
        )  # fmt: skip
        return [*state(model), *history.loss]

    both(run)
    assert run(True)[-1] == pytest.approx(0.549, abs=1e-3)


def masked(taped: bool | None, loss: Any, at: int, number: float) -> list[float]:
    """A training in which a class is masked by a frozen bias, from some epoch on."""
    model = network(3)
    mask = model.layers[1].neurons[2].b
    if at == 0:
        mask.data = number

    def optimizer(parameters: Any, lr: float) -> SGD:
        return SGD([p for p in parameters if p is not mask], lr=lr)

    def callback(epoch: int, *_: Any) -> None:
        if epoch == at:
            mask.data = number

    history = fit(
        model, X, CLASSES, loss, epochs=3, lr=0.05, batch_size=5, callbacks=[callback],
        optimizer=optimizer, tape=taped, progress=False, validation=(X, CLASSES),
    )  # fmt: skip
    assert history.how.startswith("a tape") == bool(taped)
    return [*state(model), *history.loss, *history.validation_loss, *history.accuracy]


@pytest.mark.parametrize("loss", [cross_entropy, max_margin])
def test_a_class_that_is_masked_is_the_engines(loss: Any) -> None:
    """A logit of -inf is a probability of 0, and no 0 · -inf; by itself no tape is taken for it."""
    both(partial(masked, loss=loss, at=1, number=-math.inf))
    assert masked(None, loss, 0, -math.inf) == masked(False, loss, 0, -math.inf)
    with pytest.raises(ValueError, match=r"^fit: a tape needs a graph of finite numbers"):
        masked(True, loss, 0, -math.inf)


def test_no_tape_is_taken_by_itself_for_infinite_parameters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same numbers as without, also where it would be worth it."""
    monkeypatch.setattr(tape_module, "MUCH", -1)
    found = masked(None, cross_entropy, 0, -math.inf)
    assert found == masked(False, cross_entropy, 0, -math.inf)


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan, 1e308])
@pytest.mark.parametrize("loss", [mse, huber, hinge, binary_cross_entropy])
def test_what_is_not_finite_is_told_as_by_the_engine(loss: Any, number: float) -> None:
    """The error, the numbers and the gradients it leaves, whatever a callback put in a weight."""

    def run(taped: bool) -> list[float]:
        model = network()

        def callback(epoch: int, *_: Any) -> None:
            model.layers[0].neurons[0].b.data = model.layers[1].neurons[0].b.data = number

        targets = {hinge: SIGNS, binary_cross_entropy: CLASSES}.get(loss, NUMBERS)
        try:
            fit(
                model, X, targets, loss, epochs=3, batch_size=5, callbacks=[callback], tape=taped,
                progress=False, lr=0.01,
            )  # fmt: skip
        except DivergenceError as error:
            said.append(str(error))
        return state(model)

    said: list[str] = []
    assert run(True) == pytest.approx(run(False), rel=1e-12, nan_ok=True)
    assert said[: len(said) // 2] == said[len(said) // 2 :]


# --- what Python does with the data ---------------------------------------------------------------


class Branching(Line):
    """Python looks at the data."""

    def __call__(self, x: Any) -> Value:
        out = super().__call__(x)
        return out * 2.0 if out.data > 0 else out


def test_graphs_that_differ_between_data_points_are_told() -> None:
    """A tape would take one branch for all; the engine takes each."""
    options: dict[str, Any] = {"epochs": 1, "progress": False}
    with pytest.raises(ValueError, match=r"the graphs of rows 0 and \d+ differ, as Python"):
        fit(Branching(), X, NUMBERS, tape=True, **options)
    assert fit(Branching(), X, NUMBERS, **options).how == "a graph recorded for each batch"


def test_a_leaf_made_in_each_call_is_the_same_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sum that begins with Value(0.0) is recorded once; another number is another graph."""

    class Summed(Line):
        start = 0.0

        def __call__(self, x: Any) -> Value:
            out = Value(self.start)
            for w, number in zip([*self.w, self.b], [*x, 1.0], strict=True):
                out = out + w * number
            return out

    def run(taped: bool) -> list[float]:
        model = Summed()

        def callback(epoch: int, *_: Any) -> None:
            model.start = epoch // 3 * 0.5

        history = fit(model, X, NUMBERS, epochs=6, callbacks=[callback], tape=taped, progress=False)
        return [*state(model), *history.loss]

    made: list[Any] = []
    original = passes.Replayed.__init__
    monkeypatch.setattr(
        passes.Replayed, "__init__", lambda *given: (made.append(1), original(*given))[1]
    )
    both(run)
    assert len(made) == 2  # the first, and where the sum begins elsewhere


# --- when a tape is taken, and when it cannot be --------------------------------------------------


def test_a_tape_is_taken_by_itself_and_the_history_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where it is worth it; ``tape=False`` turns it off, and a closure stays with the engine."""

    def how(model: Any, **options: Any) -> str:
        return fit(model, X, NUMBERS, epochs=1, progress=False, **options).how

    class Closure(Neuron):
        def __call__(self, x: Any) -> Value:
            weighted = [w * number for w, number in zip(self.w, x, strict=True)]
            out = Value(sum(v.data for v in weighted), tuple(weighted), "sum")

            def backward() -> None:
                for v in weighted:
                    v.grad += out.grad

            out._backward = backward
            return out

    assert how(network()) == "a graph recorded for each batch"
    monkeypatch.setattr(tape_module, "MUCH", -1)
    assert how(network()) == "a tape, by scalars"
    assert how(network(), tape=False) == "a graph recorded for each batch"
    assert how(Closure(2, nonlin=False)) == "a graph recorded for each batch"


def test_the_bar_says_what_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the loss."""
    tqdm = pytest.importorskip("tqdm.auto")
    said: list[str] = []
    monkeypatch.setattr(tqdm.tqdm, "set_postfix_str", lambda self, text: said.append(text))
    fit(network(), X, NUMBERS, epochs=1, tape=True)
    assert said[0].startswith("loss ")
    assert said[0].endswith(", a tape, by scalars")


def test_nobody_meets_a_value_between_two_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without callbacks the Values are read once and written once, at the end."""
    calls: list[str] = []
    for name in ("_arrange", "_listed"):
        original = getattr(weights.ArrayWeights, name)

        def watched(self: Any, x: Any, name: str = name, original: Any = original) -> Any:
            calls.append(name)
            return original(self, x)

        monkeypatch.setattr(weights.ArrayWeights, name, watched)
    model = network()
    fit(model, X, NUMBERS, epochs=7, batch_size=2, tape=True, progress=False)
    assert calls == ["_arrange", "_listed", "_listed"]  # velocities, parameters


def test_a_tape_refuses_a_loss_that_is_no_mean() -> None:
    """A sum, or the worst point: the error says what was found, before anything changes."""
    for loss in (
        partial(mse, reduction="sum"),
        lambda p, t: max((a - b) ** 2 for a, b in zip(p, t, strict=True)),
    ):
        model = network()
        before = model.state_dict()
        with pytest.raises(ValueError, match=r"^fit: the loss of two data points is .*tape=False$"):
            fit(model, X, NUMBERS, loss, tape=True, progress=False)
        assert model.state_dict() == before


def test_a_tape_takes_a_mean_of_ones_own() -> None:
    """With methods of Values, which floats have not."""

    def own(predictions: list[Value], targets: list[Any]) -> Value:
        terms = [(p - t).abs().sqrt() for p, t in zip(predictions, targets, strict=True)]
        return sum(terms, Value(0.0)) * (1 / len(terms))

    def run(taped: bool) -> list[float]:
        model = network()
        fit(model, X, NUMBERS, own, epochs=2, batch_size=5, tape=taped, progress=False)
        return state(model)

    both(run)


def test_a_tape_needs_targets_of_one_length() -> None:
    """An own loss of some outputs cannot be told which ones by the target."""

    def first(predictions: Any, targets: Any) -> Any:
        return mse([p[0] for p in predictions], [t[0] for t in targets])

    with pytest.raises(ValueError, match="fit: a tape needs targets of one length"):
        fit(network(2), X[:2], [[1.0], [1.0, 2.0]], first, tape=True, progress=False)


def test_predictions_that_are_nan_are_told_in_validation() -> None:
    """Weights that overflow there, one up and one down: the error of a classification."""
    for taped in (True, False):
        model = MLP(2, [2], init="zeros")
        for neuron in model.layers[0].neurons:
            neuron.w[0].data, neuron.w[1].data = 1e308, -1e308
        with pytest.raises(ValueError, match="an output is nan, or there is none"):
            fit(
                model, [[0.0, 0.0]], [0], cross_entropy, tape=taped, progress=False, lr=1e-9,
                validation=([[10.0, 10.0]], [0]),
            )  # fmt: skip


class Pair(Module):
    """A model of one's own."""

    def __init__(self) -> None:
        self.one, self.two = network(seed=1), network(seed=2)

    def __call__(self, x: Any) -> Value:
        """The product of two networks."""
        return self.one(x) * self.two(x)


def test_models_of_ones_own_learn_on_a_tape_when_asked() -> None:
    """The same numbers, and their shape is not looked at again."""

    def run(taped: bool) -> list[float]:
        model = Pair()
        fit(
            model, X, NUMBERS, epochs=2, batch_size=4, tape=taped, progress=False,
            callbacks=[lambda *_: None],
        )  # fmt: skip
        return state(model)

    both(run)
