"""A training as data and as pictures: what is kept of it, what it is worth, how it is drawn."""

import io
import itertools
import json
import math
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from micrograd_like import (
    MLP,
    SGD,
    Adam,
    Module,
    Value,
    binary_cross_entropy,
    cross_entropy,
    fit,
    hinge,
    mse,
    rule,
)
from micrograd_like.custom import forget
from micrograd_like.draw import THEMES
from micrograd_like.learn import max_margin, spread
from micrograd_like.notation import SIGNS
from micrograd_like.rules import RULES
from micrograd_like.steps import Training
from micrograd_like.steps.answers import Answers
from micrograd_like.steps.epochs import MOST
from micrograd_like.steps.forward import Forward
from micrograd_like.steps.training_network import MOST_UNITS, network_data

ACTIVATIONS = [
    name for name, of in RULES.items() if of.arity == 1 and not of.domain and name not in SIGNS
]
LOSSES: dict[Any, tuple[int, Callable[[random.Random], Any]]] = {  # outputs, and a target
    mse: (1, lambda chance: chance.uniform(-1, 1)),
    binary_cross_entropy: (1, lambda chance: chance.randrange(2)),
    hinge: (1, lambda chance: chance.choice([-1, 1])),
    cross_entropy: (3, lambda chance: chance.randrange(3)),
    max_margin: (2, lambda chance: chance.randrange(2)),
}


def model_of(nin: int, outputs: int, seed: int = 0, activation: str = "tanh") -> MLP:
    """The same network each time."""
    random.seed(seed)
    return MLP(nin, [3, outputs], activation=activation)


def data_of(loss: Any, nin: int, count: int, seed: int = 0) -> tuple[list[list[float]], list[Any]]:
    """Rows and targets for a loss."""
    chance = random.Random(seed)
    rows = [[chance.uniform(-1, 1) for _ in range(nin)] for _ in range(count)]
    return rows, [LOSSES[loss][1](chance) for _ in range(count)]


def trained(loss: Any = mse, nin: int = 2, count: int = 12, **settings: Any) -> Training:
    """A short training."""
    model = model_of(nin, LOSSES[loss][0])
    return Training(model, *data_of(loss, nin, count), loss, **({"epochs": 4} | settings))


# --- what is kept


@given(
    loss=st.sampled_from([*LOSSES]),
    nin=st.integers(1, 3),
    epochs=st.integers(1, 6),
    batch_size=st.integers(1, 9),
    optimizer=st.sampled_from([SGD, Adam, partial(SGD, momentum=0.5)]),
    validation=st.sampled_from([0.0, 0.25]),
    seed=st.sampled_from([0, 7, None]),
)
@settings(max_examples=40, deadline=None)
def test_it_is_the_training_of_fit(
    loss: Any, nin: int, epochs: int, batch_size: int, optimizer: Any, validation: float, seed: Any
) -> None:
    """To the last bit: the weights after each epoch, the history, and the model at the end."""
    rows, targets = data_of(loss, nin, 12)
    options = {"epochs": epochs, "lr": 0.05, "batch_size": batch_size, "optimizer": optimizer}
    kept = []
    known = model_of(nin, LOSSES[loss][0])
    training = Training(
        model_of(nin, LOSSES[loss][0]), rows, targets, loss, validation=validation, seed=seed,
        **options,
    )  # fmt: skip
    held: Any = validation
    if seed is None and validation:  # drawn anew each time
        held = [p.row for p in training.held_back], [p.target for p in training.held_back]
    history = fit(
        known, rows, targets, loss, validation=held, seed=seed, progress=False,
        callbacks=[lambda *_: kept.append(tuple(p.data for p in known.parameters()))], **options,
    )  # fmt: skip
    assert [epoch.weights for epoch in training[1:]] == kept
    assert training.history.loss == history.loss
    assert training.history.validation_loss == history.validation_loss
    assert training.model.state_dict() == known.state_dict()
    assert [epoch.number for epoch in training] == [*range(epochs + 1)]
    assert len(training.points) + len(training.held_back) == 12


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("tape", [True, False])
def test_the_numbers_are_those_of_the_weights(loss: Any, tape: bool) -> None:
    """Loss, gradient and accuracy are measured with the weights of the epoch, on all points."""
    training = trained(loss, validation=0.25, tape=tape, epochs=3)
    rows, targets = ([getattr(p, name) for p in training.points] for name in ("row", "target"))
    held = [p.row for p in training.held_back], [p.target for p in training.held_back]
    for epoch in training:
        model = training.at(epoch.number)
        assert tuple(p.data for p in model.parameters()) == epoch.weights
        model.zero_grad()
        value = loss([model(row) for row in rows], targets)
        value.backward()
        assert epoch.loss == pytest.approx(value.data, rel=1e-12)
        norm = math.hypot(*(p.grad for p in model.parameters()))
        assert epoch.gradient_norm == pytest.approx(norm, rel=1e-10)
        outside = loss([model(row) for row in held[0]], held[1]).data
        assert epoch.validation_loss == pytest.approx(outside, rel=1e-12)
        shares = epoch.accuracy, epoch.validation_accuracy
        if loss is mse:
            assert shares == (None, None)
        else:
            assert shares == (model.accuracy(rows, targets), model.accuracy(*held))


def test_a_model_is_trained_and_its_copies_are_their_own() -> None:
    """The model has the last weights; a copy of an epoch can be changed, and trained on."""
    training = trained()
    assert tuple(p.data for p in training.model.parameters()) == training[-1].weights
    copy = training.at(2)
    assert copy is not training.model
    assert type(copy) is MLP
    for p in copy.parameters():
        p.data = 0.0
    assert tuple(p.data for p in training.at(2).parameters()) == training[2].weights
    assert tuple(p.data for p in training.model.parameters()) == training[-1].weights
    with pytest.raises(ValueError, match=r"^Training.at: epoch 9 is not kept; the nearest .* 4$"):
        training.at(9)


def test_of_many_epochs_some_are_kept() -> None:
    """At even distances, with the start and the last; fewer of a model with many weights."""
    training = trained(epochs=450, count=3)
    numbers = [epoch.number for epoch in training]
    assert numbers == [*range(0, 450, 3), 450]
    assert len(numbers) <= MOST + 1
    assert training.at(447)
    odd = [epoch.number for epoch in trained(epochs=401, count=3)]
    assert odd == [*range(0, 400, 3), 401]
    large = Training(MLP(40, [100]), [[0.1] * 40], [[0.0] * 100], epochs=60)
    assert [epoch.number for epoch in large] == [*range(0, 60, 3), 60]


@given(st.integers(1, 500), st.integers(2, 100))
def test_spread_has_both_ends_and_no_place_twice(count: int, most: int) -> None:
    """As many places as there may be."""
    places = spread(count, most)
    assert places == sorted({*places})
    assert len(places) == min(count, most)
    assert (places[0], places[-1]) == (0, count - 1)


def test_each_epoch_is_a_line() -> None:
    """For the terminal: its number, and what it was worth, in words."""
    training = trained(binary_cross_entropy, validation=0.25)
    assert str(training[4]).startswith("4/4  loss 0.")
    assert " accuracy " in str(training[4])
    assert [*training[4].words()] == [
        "loss", "validation loss", "accuracy", "validation accuracy", "gradient",
    ]  # fmt: skip
    assert repr(training).startswith("<Training of 4 epochs: loss from 0.")


# --- trainings that end early, and what cannot be trained


def test_a_training_that_diverges_is_kept_up_to_there() -> None:
    """It is no error: what is there can be looked at, and why it ended is told."""
    rows, targets = data_of(mse, 1, 8)
    model = MLP(1, [1])
    training = Training(model, [[9 * x] for (x,) in rows], targets, epochs=500, lr=2.0)
    assert 1 < len(training) < 100
    assert training.ended.startswith("in epoch ")
    assert "try a learning rate below 2" in training.ended
    assert training[-1].number == len(training.history.loss)
    assert all(math.isfinite(x) for epoch in training for x in epoch.weights)
    at_once = Training(MLP(1, [1]), [[1e200]], [-1e200], epochs=5, lr=1.0)
    assert [epoch.number for epoch in at_once] == [0]
    assert str(at_once[0]) == "0/0  loss ∞, gradient ∞"


def test_patience_and_interrupts_end_it() -> None:
    """The last epoch is kept, whatever its number."""
    early = trained(epochs=900, patience=2, validation=0.5, lr=0.3)
    assert early.ended == f"in epoch {early[-1].number}, by patience"
    assert early[-1].number == len(early.history.loss) < 900

    class Interrupted(SGD):
        def step(self) -> None:
            if self.count == 30:
                raise KeyboardInterrupt
            super().step()

    ended = trained(epochs=900, optimizer=Interrupted)
    assert ended.ended == "in epoch 3, by an interrupt"
    assert [epoch.number for epoch in ended] == [0, 2]


class Nothing(Module):
    """A model that learns nothing."""

    def __call__(self, x: Any) -> Value:
        return Value(1.0) * x[0]


class Growing(Module):
    """A model that gets one more parameter with every call."""

    def __init__(self) -> None:
        self.all = [Value(1.0)]

    def __call__(self, x: Any) -> Value:
        self.all.append(Value(0.5))
        return self.all[0] * x[0]


class Locked(Module):
    """A model that holds what cannot be copied."""

    def __init__(self) -> None:
        import threading

        self.w, self._lock = Value(1.0), threading.Lock()

    def __call__(self, x: Any) -> Value:
        return self.w * x[0]


ROW: Any = ([[1.0]], [1.0])
WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "no parameters": (lambda: Training(Nothing(), *ROW), "the model has no parameters to learn"),
    "rows": (lambda: Training(MLP(1, [1]), [[1.0]], [1.0, 2.0]), "1 row and 2 targets"),
    "widths": (lambda: Training(MLP(2, [1]), *ROW), "takes 2 inputs, not 1"),
    "loss": (lambda: Training(MLP(1, [1]), *ROW, "mse"), "loss is 'mse'; it is to be a function"),
    "model": (lambda: Training(MLP, *ROW), "model is <class"),
    "epochs": (lambda: Training(MLP(1, [1]), *ROW, epochs=0), "Training: epochs is 0"),
    "rate": (lambda: Training(MLP(1, [1]), *ROW, lr=-1.0), "lr is -1.0"),
    "names": (lambda: Training(MLP(1, [1]), *ROW, names=["a", "b"]), "names has 2 names"),
    "theme": (lambda: Training(MLP(1, [1]), *ROW, theme="red"), "theme is 'red'"),
    "many": (lambda: Training(MLP(200, [200]), [[0.0] * 200], [[0.0] * 200]), "40,200 parameters"),
    "growing": (lambda: Training(Growing(), *ROW), "had 1 parameter, and now has 3"),
    "locked": (lambda: Training(Locked(), *ROW), "the model cannot be copied: "),
    "text": (lambda: Training(MLP(1, [1]), [["a"]], [1.0]), "row 0, column 0 is 'a'"),
}


@pytest.mark.parametrize(("call", "told"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_in_one_line(call: Callable[[], Any], told: str) -> None:
    """With the value and the remedy, before there is a page."""
    with pytest.raises((ValueError, TypeError)) as caught:
        call()
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


# --- the graph that a page computes with


@given(
    activation=st.sampled_from(ACTIVATIONS),
    nin=st.integers(1, 3),
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_predictions_are_those_of_the_model(
    activation: str, nin: int, sizes: list[int], seed: int
) -> None:
    """To the last bit, with any weights: the recorded graph computes what the model does."""
    random.seed(seed)
    model = MLP(nin, sizes, activation=activation)
    rows = [[random.uniform(-2, 2) for _ in range(nin)] for _ in range(5)]
    forward = Forward(MLP(nin, sizes, activation=activation), [f"x{k}" for k in range(nin)], rows)
    assert forward.problem == ""
    found = forward.predict([p.data for p in model.parameters()], rows)
    expected = model.predict(rows, tape=False)
    assert found == [out if isinstance(out, list) else [out] for out in expected]


def interpreted(data: dict[str, Any], weights: list[float], row: list[float]) -> list[float]:
    """The outputs, by what a page gets."""
    given = dict(zip(data["weights"], weights, strict=True))
    given |= dict(zip(data["inputs"], row, strict=True))
    known: list[float] = []
    for place, value in enumerate(data["values"]):
        if isinstance(value, list):
            operands = (float(x) if isinstance(x, str) else known[x] for x in value[1:])
            known.append(RULES[data["rules"][value[0]]].function(*operands)[0])
        else:
            known.append(given.get(place, float(value)))
    return [known[place] for place in data["outputs"]]


class Own(Module):
    """A model of one's own: with constants, leaves that do not learn, and weights that idle."""

    def __init__(self) -> None:
        self.w, self.idle, self._fixed = Value(2.0, "w"), Value(1.0, "idle"), Value(0.25)

    def __call__(self, x: Any) -> Any:
        return [2 * self.w * x[0] - self._fixed / 4, self.w]


def test_the_graph_is_plain_data() -> None:
    """Constants and other leaves are in it, an idle weight is not, and an output may be a leaf."""
    data = json.loads(json.dumps(Forward(Own(), ["x0"], [[1.0]]).data(), allow_nan=False))
    assert data["weights"].count(-1) == 1
    data["weights"] = [k if k >= 0 else 1000 for k in data["weights"]]
    assert interpreted(data, [3.0, 1.0], [5.0]) == [2 * 3 * 5 - 0.25 / 4, 3.0]
    model = model_of(2, 3, activation="sigmoid")
    weights = [p.data for p in model.parameters()]
    data = Forward(model_of(2, 3, 9, "sigmoid"), ["a", "b"], [[0.0, 0.0]]).data()
    assert interpreted(data, weights, [0.5, -1.0]) == model.predict([[0.5, -1.0]])[0]


class Branching(Module):
    """A model in which Python branches on what it is given, or on a weight."""

    def __init__(self, on: str) -> None:
        self.w, self.on = Value(1.0, "w"), on

    def __call__(self, x: Any) -> Value:
        number = {"input": x[0], "weight": self.w}[self.on]
        return self.w * x[0] if getattr(number, "data", number) > 0.5 else self.w - x[0]


def test_a_model_that_branches_is_not_replayed() -> None:
    """Its graph is not that of other rows or weights: Python predicts, and the page says so."""
    rows = [[0.0], [1.0], [2.0]]
    on_input = Forward(Branching("input"), ["x0"], rows)
    assert "the graphs of rows 0 and" in on_input.problem
    assert on_input.predict([3.0], rows) == [[3.0], [3.0], [6.0]]
    on_weight = Forward(Branching("weight"), ["x0"], rows, last=[0.25])
    assert on_weight.problem == "Python branches on the weights"
    assert on_weight.predict([0.25], rows) == [[0.25], [-0.75], [-1.75]]
    assert Forward(Branching("weight"), ["x0"], rows, last=[0.75]).problem == ""


def test_where_an_answer_is_not_defined_it_is_nan() -> None:
    """At the points where that is so, and at no other."""

    class Logarithm(Module):
        def __init__(self) -> None:
            self.w = Value(1.0)

        def __call__(self, x: Any) -> Value:
            return (self.w * x[0]).log()

    forward = Forward(Logarithm(), ["x0"], [[1.0]])
    assert forward.problem == ""
    (one,), (none,), (two,) = forward.predict([2.0], [[0.5], [-1.0], [1.0]])
    assert (one, two) == (0.0, math.log(2.0))
    assert math.isnan(none)


def test_a_rule_without_javascript_is_told() -> None:
    """With its name; the predictions are Python's."""

    @rule("untranslatable", "x", "1")
    def untranslatable(x: Any) -> Any:
        return [x][0], 1.0

    try:
        forward = Forward(model_of(2, 1, activation="untranslatable"), ["a", "b"], [[0.0, 1.0]])
        assert forward.problem.startswith("rule 'untranslatable' has no JavaScript")
        assert "\n" not in forward.problem
        weights = [p.data for p in forward.parameters]
        assert forward.predict(weights, [[0.5, 1.0]]) == [forward.model.predict([[0.5, 1.0]])]
    finally:
        forget("untranslatable")


# --- how answers are looked at


def test_what_is_looked_at_depends_on_the_inputs() -> None:
    """A map of two, a curve of one, else classes in a table or predictions by targets."""
    kinds = {
        (loss, nin): Answers.of(trained(loss, nin)).kind
        for loss in (mse, cross_entropy)
        for nin in (1, 2, 3)
    }
    assert kinds == {
        (mse, 1): "fit", (mse, 2): "map", (mse, 3): "scatter",
        (cross_entropy, 1): "fit", (cross_entropy, 2): "map", (cross_entropy, 3): "table",
    }  # fmt: skip


def test_borders_and_colours() -> None:
    """Logits have their border at 0; two targets in their middle; any others have none."""
    logits = Answers.of(trained(hinge))
    assert (logits.level, logits.strength(0.0), logits.labels) == (0.0, 0.0, ["-1", "1"])
    assert [round(logits.strength(x), 2) for x in (-9.0, 0.5, 9.0)] == [-1.0, 0.46, 1.0]
    two = Answers.of(Training(MLP(2, [1]), [[0, 1], [1, 0]], [2.0, 4.0], epochs=1))
    assert (two.level, two.classes, two.strength(4.0), two.strength(9.0)) == (3.0, 0, 1.0, 1.0)
    more = Answers.of(trained(mse))
    assert more.level is None
    assert math.isnan(more.strength(math.nan))
    same = Answers.of(Training(MLP(2, [1]), [[0, 1], [1, 0]], [2.0, 2.0], epochs=1))
    assert same.strength(2.0) == 0.0
    several = Answers.of(trained(cross_entropy))
    assert (several.classes, several.labels, several.level) == (3, ["0", "1", "2"], None)
    probable = Training(MLP(2, [1]), [[0, 1]], [0.3], binary_cross_entropy, epochs=1)
    assert Answers.of(probable).classes == 0  # no class, and a logit all the same
    assert Answers.of(probable).level == 0.0
    hot = Training(MLP(2, [2]), [[0, 1], [1, 1]], [[0, 1], [1, 0]], cross_entropy, epochs=1)
    assert Answers.of(hot).places == [1, 0]


@given(st.integers(1, 100_000), st.integers(1, 2))
def test_a_large_model_is_computed_at_fewer_places(operations: int, nin: int) -> None:
    """As many as there is time for, and always enough to see something."""
    answers = Answers.of(trained(mse, nin))
    side = answers.side(operations, 600_000)
    assert answers.side(operations + 1, 600_000) <= side
    assert answers.side(1, 600_000) == (201, 49)[nin - 1]
    assert side**nin * operations <= 600_000 or side == (41, 21)[nin - 1]
    assert len(answers.grid(side)) == side**nin


@given(st.integers(1, 3), st.lists(st.integers(1, 20), min_size=1, max_size=3))
@settings(max_examples=30, deadline=None)
def test_each_weight_is_a_line_or_a_bias(nin: int, sizes: list[int]) -> None:
    """Once; in columns with too many units the first and the last are shown."""
    model = MLP(nin, sizes)
    network = network_data(Forward(model, [f"x{k}" for k in range(nin)], [[0.5] * nin]))
    assert network is not None
    found = [link[2] for link in network["links"]]
    found += [k for unit in network["units"] for k in unit["biases"]]
    assert len(found) == len({*found})
    count = len(model.parameters())
    assert {*found} <= {*range(count)}
    if max(sizes) <= MOST_UNITS:
        assert len(found) == count
    widths = [nin, *sizes]
    columns = [sum(u["column"] == c for u in network["units"]) for c in range(len(widths))]
    assert [a + b for a, b in zip(columns, network["hidden"], strict=True)] == widths
    assert max(columns) <= MOST_UNITS
    values = [unit["value"] for unit in network["units"]]
    assert len({*values}) == len(values)


def test_without_neurons_there_is_no_network() -> None:
    """A parabola's weights are no lines."""
    assert network_data(Forward(Branching("weight"), ["x0"], [[1.0]], [1.0])) is None


# --- pictures


@pytest.mark.parametrize(
    ("loss", "nin"),
    [(mse, 1), (mse, 2), (mse, 3), (hinge, 2), (cross_entropy, 1), (cross_entropy, 2),
     (cross_entropy, 4), (binary_cross_entropy, 3)],
)  # fmt: skip
def test_each_kind_is_drawn(loss: Any, nin: int) -> None:
    """With points held back, in the dark, of the width that is asked for."""
    training = trained(loss, nin, validation=0.25, epochs=2, theme="dark")
    with Image.open(io.BytesIO(training.still(".png", 400))) as picture:
        assert picture.width == 400
        ground = tuple(bytes.fromhex(THEMES["dark"].background[1:]))
        assert picture.convert("RGB").getpixel((1, 1)) == ground


def test_a_map_has_the_colours_of_its_answers() -> None:
    """On the side of a class the ground is its colour."""
    training = trained(hinge, epochs=200, lr=0.2, count=30)
    picture = training._picture().at(len(training) - 1)
    axes, drawn = picture.parts[0].ax, picture.parts[0]
    image = axes.images[-1].get_array()
    xs, ys = drawn.axes
    model = training.at(200)
    for j, i in ((0, 0), (20, 20), (40, 3), (7, 33)):
        output = model.predict([[xs[i], ys[j]]])[0]
        assert image[j][i] == pytest.approx(math.tanh(output), abs=1e-12)


def test_a_moving_picture_goes_through_the_epochs(tmp_path: Path) -> None:
    """From the start to the last, each another picture; of many epochs some."""
    training = trained(count=6, epochs=5)
    training.save(tmp_path / "way.gif", width=360, speed=0.1, theme="dark")
    with Image.open(tmp_path / "way.gif") as picture:
        assert (picture.width, picture.n_frames, picture.info["duration"]) == (360, 6, 100)
    frames = list(training.reel(300).images())
    assert all(a.tobytes() != b.tobytes() for a, b in itertools.pairwise(frames))
    with pytest.raises(ValueError, match=r"^Training.save: speed is 0"):
        training.save(tmp_path / "way.gif", speed=0.0)
    with pytest.raises(ValueError, match=r"^Training.save: the ending"):
        training.save(tmp_path / "way.txt")


def test_files_are_the_same_each_time(tmp_path: Path) -> None:
    """Pages and stills of two trainings alike, byte by byte."""
    one, other = trained(), trained()
    for ending in (".png", ".svg", ".pdf", ".html"):
        names = [each.save(tmp_path / f"{k}{ending}") for k, each in enumerate((one, other))]
        assert Path(names[0]).read_bytes() == Path(names[1]).read_bytes()


def test_a_notebook_shows_the_page_and_a_picture_beside_it() -> None:
    """The page in a frame, the picture where nothing plays and for LaTeX; both from one object."""
    data, sizes = trained()._repr_mimebundle_()
    assert data["text/html"].startswith("<iframe sandbox='allow-scripts'")
    assert "<noscript><img alt=" in data["text/html"]
    assert data["image/png"].startswith(b"\x89PNG")
    assert sizes["image/png"]["width"] > 500
