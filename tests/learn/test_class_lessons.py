"""09_red_or_green.ipynb and 11_which_digit.ipynb: what their words promise is so."""

import math
import random
import re
from typing import Any

import pytest
from lessons import Lesson, changed

from micrograd_like import (
    MLP,
    Adam,
    Value,
    binary_cross_entropy,
    cross_entropy,
    fit,
    hinge,
    plot_boundary,
)

MOONS = Lesson("09_red_or_green")
DIGITS = Lesson("11_which_digit")


def page(lesson: Lesson, *changes: tuple[str, str]) -> dict[str, Any]:
    """The names of the live page's cell after backward, with some text replaced."""
    shown = "Backprop(E, names=locals())"
    code = changed(lesson.source(shown), (shown, "E.backward()"), *changes)
    names: dict[str, Any] = {}
    exec("from micrograd_like import Value, softmax\n" + code, names)
    return names


def moons() -> tuple[Any, Any, Any, Any]:
    """The points of the notebook: those to learn from, and the test."""
    names: dict[str, Any] = {}
    pytest.importorskip("sklearn")
    exec(MOONS.source("make_moons"), names)
    return names["X_train"], names["y_train"], names["X_test"], names["y_test"]


def trained(X: Any, y: Any, sizes: list[int], loss: Any, seed: int = 4, **options: Any) -> MLP:
    """A network that has learned as in the notebook."""
    activation = options.pop("activation", "tanh")
    random.seed(seed)
    model = MLP(2, sizes, activation=activation, init="xavier")
    fit(model, X, y, loss, **{"lr": 0.3, "tape": True, "progress": False, **options})
    return model


def test_the_squared_error_is_flat_where_the_answer_is_wrong() -> None:
    """The printed gradients are 2 (p − 1) · p (1 − p) and p − 1, as the text says."""
    table = MOONS.shown("def squared(score)")
    rows = [[float(x) for x in line.split()] for line in table.splitlines()[1:]]
    assert [row[0] for row in rows] == [-8, -4, 0, 4]
    for score, square, its, entropy, other in rows:
        p = 1 / (1 + math.exp(-score))
        found = [(p - 1) ** 2, 2 * (p - 1) * p * (1 - p), -math.log(p), p - 1]
        assert [square, its, entropy, other] == pytest.approx(found, abs=5.1e-5)


def test_one_point_with_either_error() -> None:
    """∂E/∂s of the live page at the start, at −8 and at 4, and with the squared error."""
    square = ("E = -p.log()", "E = (p - 1) ** 2")
    for b, gradient, small in ("0.0", -0.982, -0.035), ("-4.0", -0.9997, -0.0007):
        start = ("Value(2.0), Value(0.0)", f"Value(2.0), Value({b})")
        names = page(MOONS, start)
        assert names["s"].grad == pytest.approx(gradient, abs=5e-4)
        assert page(MOONS, start, square)["s"].grad == pytest.approx(small, abs=5e-4)
    assert names["p"].grad == pytest.approx(-3000, rel=0.01)
    right = page(MOONS, ("Value(2.0), Value(0.0)", "Value(2.0), Value(8.0)"))
    assert right["s"].grad == pytest.approx(-0.018, abs=5e-4)


def test_the_border_is_straight_and_then_bends() -> None:
    """The titles are those of the text, and tell the border below them; epoch 10 has only 66 %."""
    pytest.importorskip("matplotlib")
    pytest.importorskip("sklearn")
    bends, shares = {}, {}

    def height(model: MLP, x0: float) -> float:
        """Where the border is at x0."""
        grid = [k / 50 for k in range(-150, 151)]
        scores = model.predict([[x0, x1] for x1 in grid])
        return min(zip(grid, scores, strict=True), key=lambda pair: abs(float(pair[1])))[0]

    def look(epoch: int, model: MLP, history: Any) -> None:
        if epoch in (1, 10, 27, 44, 60):
            left, middle, right = (height(model, x0) for x0 in (-1, 0, 1))
            bends[epoch] = abs(left - 2 * middle + right)
            shares[epoch] = round(model.accuracy(names["X_train"], names["y_train"]), 2)

    names: dict[str, Any] = {"look": look, "plot_boundary": plot_boundary}
    for text in "make_moons", "random.seed(4)":
        exec(MOONS.source(text), names)
    both = ("callbacks=[keep]", "callbacks=[keep, look], tape=True")
    exec(changed(MOONS.source("shown = ["), both), names)
    titles = [ax.get_title() for ax in names["axes"].values()]
    told = {1: 0.84, 27: 0.84, 44: 0.94, 60: 1.0}
    assert titles == [f"after epoch {k}: {share:.0%} right" for k, share in told.items()]
    assert shares == {**told, 10: 0.66}
    assert max(bends[1], bends[27]) < 0.1
    assert min(bends[44], bends[60]) > 0.9


def test_the_bad_start_hurts_the_squared_error() -> None:
    """It hardly matters for the cross-entropy; the squared error needs over three times as long."""
    text = MOONS.shown("def shares_right")
    first, epochs = zip(
        *re.findall(r"(\d+)% right after epoch 1, 95% after epoch (\d+)\n", text), strict=True
    )
    entropy, entropy_bad, squared, squared_bad = map(int, epochs)
    assert abs(entropy - entropy_bad) <= 3
    assert 3 * squared < squared_bad
    assert int(first[3]) < 55  # all answers are of one kind


@pytest.mark.slow
def test_the_answers_about_moons() -> None:
    """Hinge, relu, and noise give what the hidden answers say."""
    X, y, X_test, y_test = moons()
    labels = [2 * kind - 1 for kind in y]
    model = trained(X, labels, [8, 8, 1], hinge, epochs=200)
    assert all(
        label * float(model.predict([x])[0]) >= 1 for x, label in zip(X, labels, strict=True)
    )
    relu = trained(X, y, [8, 8, 1], binary_cross_entropy, activation="relu", lr=0.1, epochs=60)
    assert relu.accuracy(X, y) == 1
    assert relu.accuracy(X_test, y_test) == 1
    dead = trained(X, y, [8, 8, 1], binary_cross_entropy, activation="relu", epochs=200)
    assert dead.accuracy(X, y) < 0.6


@pytest.mark.slow
def test_two_neurons_can_part_the_moons_and_three_do() -> None:
    """Two do it from one of twenty starts, with another training, and with the lesson's never."""
    X, y, X_test, y_test = moons()

    def right(count: int, seed: int) -> float:
        model = trained(X, y, [count, 1], binary_cross_entropy, seed, epochs=300)
        return round(model.accuracy(X, y), 2)

    assert [right(count, 4) for count in (1, 3, 4)] == [0.83, 1, 1]
    assert [right(2, seed) for seed in range(20)] == [0.83] * 20
    other: dict[str, Any] = {"optimizer": Adam, "lr": 0.05, "batch_size": 70, "epochs": 1500}
    models = [trained(X, y, [2, 1], binary_cross_entropy, seed, **other) for seed in range(20)]
    assert [seed for seed in range(20) if models[seed].accuracy(X, y) == 1] == [8]
    assert models[8].accuracy(X_test, y_test) == 1


def test_the_gradient_of_a_score_is_probability_minus_target() -> None:
    """On the live page, at the start, at the turns that the text names, and at equal scores."""
    turns = {
        (1.0, 0.0, 2.0): (-0.755, 0.090, 0.665),
        (1.0, 0.0, 5.0): (-0.98, 0.01, 0.98),
        (10.0, 0.0, 5.0): (-0.01, 0.0, 0.01),
        (3.0, 3.0, 3.0): (-2 / 3, 1 / 3, 1 / 3),
    }
    start = "Value(1.0), Value(0.0), Value(2.0)"
    for scores, gradients in turns.items():
        names = page(DIGITS, (start, ", ".join(f"Value({s})" for s in scores)))
        found = [names[name].grad for name in ("s0", "s1", "s2")]
        assert found == pytest.approx(gradients, abs=0.01)
        assert sum(found) == pytest.approx(0, abs=1e-12)
        values = [Value(s) for s in scores]
        cross_entropy(values, 0).backward()  # the library's loss has the same gradient
        assert found == pytest.approx([v.grad for v in values], rel=1e-9, abs=1e-12)
    assert "0.245 0.090 0.665" in DIGITS.shown("Backprop(E")


def test_thirteen_people_wrote_the_digits() -> None:
    """scikit-learn has only the test set of the whole, as its own text says."""
    datasets = pytest.importorskip("sklearn.datasets")
    told = " ".join(datasets.load_digits().DESCR.split())
    assert "This is a copy of the test set" in told
    assert "30 contributed to the training set and different 13 to the test set" in told
    assert "1,797 digits, written by 13 people" in DIGITS.text


def test_the_confusion_table_is_that_of_the_test() -> None:
    """Its rows add up to 360, with 12 beside the diagonal, and one of them is 2."""
    rows = [
        [0 if n == "·" else int(n) for n in line.split()[1:]]
        for line in DIGITS.shown("table = confusion").splitlines()[1:]
    ]
    wrong = [row[k] for row in rows for k in range(10) if row is not rows[k] and row[k]]
    assert sum(map(sum, rows)) == 360
    assert sum(wrong) == 12
    assert sorted(wrong) == [1] * 10 + [2]
    assert rows[3][8] == 2
    assert [k for k, row in enumerate(rows) if sum(row) == row[k]] == [0, 1, 2, 6]


def test_mistakes_are_where_it_is_least_sure() -> None:
    """Eleven of twelve are in the last quarter."""
    right = [int(n) for n in re.findall(r": (\d+) of 90 right", DIGITS.shown("surest = sorted"))]
    assert right == [90, 90, 89, 79]


def test_a_gradient_is_no_importance() -> None:
    """The pixel with the largest gradient has no ink, and the score rises there as promised."""
    text = DIGITS.shown("more_ink = ")
    told = re.findall(r"(?:gradient:|rises by|ink there:|falls by) (\d\.\d\d)", text)
    gradient, rise, ink, fall = map(float, told)
    assert rise == pytest.approx(0.1 * gradient, abs=0.01)
    assert ink == fall == 0
    assert "learned from: [3, 8, 5, 8, 8]\n" in text


@pytest.mark.slow
def test_the_answers_about_digits() -> None:
    """The second score, the white pixel, no hidden layer, and one output."""
    pytest.importorskip("sklearn")
    names: dict[str, Any] = {}
    for text in ("load_digits", "random.seed(0)", "history = fit", "answers = model"):
        exec(DIGITS.source(text), names)
    X, y, test, train = (names[name] for name in ("X", "y", "test", "train"))
    second = 0
    for i, _ in names["wrong"]:
        (scores,) = names["model"].predict([X[i]])
        second += sorted(range(10), key=lambda k: -scores[k])[1] == y[i]
    assert (second, len(names["wrong"])) == (6, 12)
    assert all(x[0] == 0 for x in X)
    random.seed(1)
    start = MLP(64, [32, 10], activation="tanh", init="xavier")
    both = zip(start.layers[0].neurons, names["model"].layers[0].neurons, strict=True)
    assert all(before.w[0].data == after.w[0].data for before, after in both)
    code = DIGITS.source("history = fit", end="for epoch")
    random.seed(1)
    names["model"] = MLP(64, [10], init="xavier")
    exec(code, names)
    share = names["model"].accuracy([X[i] for i in test], [y[i] for i in test])
    assert share == pytest.approx(0.94, abs=0.01)
    random.seed(1)
    names["model"] = MLP(64, [32, 1], activation="tanh", init="xavier")
    exec("from micrograd_like import mse\n" + changed(code, ("cross_entropy", "mse")), names)
    told = [round(a) for a in names["model"].predict([X[i] for i in test])]
    off = [abs(a - y[i]) for a, i in zip(told, test, strict=True)]
    assert off.count(0) / 360 == pytest.approx(0.5, abs=0.05)
    assert off.count(1) / 360 == pytest.approx(1 / 3, abs=0.05)
    assert len(train) == 1437
