"""The notebook 06_batches_and_optimizers.ipynb: what its words and answers promise is so."""

import re
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from lessons import Lesson
from live_page import kept_page

from micrograd_like import SGD, Adam, Descent

LESSON = Lesson("06_batches_and_optimizers")


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    """The names of the lesson; pictures are left out."""
    return LESSON.run(("\nDescent(", "\n# Descent("), without=["pyplot"])


def steps(names: dict[str, Any], kind: Any, **options: Any) -> int | str:
    """How many an optimizer needs in the valley."""
    needed: int | str = names["needed"](names["way"](kind, **options)[1])
    return needed


def test_the_spread_of_a_batch_falls_with_the_root_of_its_size(names: dict[str, Any]) -> None:
    """Spread · √size stays at about 8, and all rows have none."""
    spread = {size: names["pstdev"](values) for size, values in names["drawn"].items()}
    assert spread.pop(256) == 0
    assert all(7.9 < of * size**0.5 < 8.5 for size, of in spread.items())


def test_the_gradient_of_all_rows_is_the_mean_of_those_of_single_rows(
    names: dict[str, Any],
) -> None:
    """About -9; of single rows nine in ten have its sign, of batches of 16 all."""
    mean = names["fmean"](names["one_by_one"])
    assert names["gradient"](names["rows"])[0] == pytest.approx(mean)
    assert mean == pytest.approx(-9.1, abs=0.1)
    right = [g < 0 for g in names["one_by_one"]]
    assert 0.89 < sum(right) / len(right) < 0.95
    assert max(names["drawn"][16]) < 0


def test_small_batches_are_ahead_for_the_same_rows_and_stay_unsteady(
    names: dict[str, Any],
) -> None:
    """After an epoch 1 and 16 are near the end; 1 goes on between 1.03 and 3.7."""
    curves = names["curves"]
    assert max(curves[1][256], curves[16][16]) < 1.1
    assert curves[256][1] > 8
    assert min(curves[1][256:]) == pytest.approx(1.03, abs=0.005)
    assert max(curves[1][256:]) == pytest.approx(3.7, abs=0.05)
    assert max(curves[16][16:]) < 1.1
    assert curves[16][5] == pytest.approx(curves[256][5], rel=0.15)
    assert curves[1][5] > 2 * curves[256][5]


def test_no_line_has_a_smaller_loss_than_the_lesson_says(names: dict[str, Any]) -> None:
    """The line of least squares has 1.03."""
    rows, mean = names["rows"], names["fmean"]
    x0, y0 = mean(x for x, _ in rows), mean(y for _, y in rows)
    w = sum((x - x0) * (y - y0) for x, y in rows) / sum((x - x0) ** 2 for x, _ in rows)
    assert names["loss"](w, y0 - w * x0) == pytest.approx(1.03, abs=0.005)


def test_a_step_multiplies_the_weights_by_the_factors_of_the_table(names: dict[str, Any]) -> None:
    """Each row of the table, and what it says that one sees."""
    rows = re.findall(r"^\| (0\.\d+) \| (−?[\d.]+) \| ([\d.]+) \|", LESSON.text, re.MULTILINE)
    assert len(rows) == 5
    for lr, one, two in rows:
        way = Descent(names["valley"], 1.0, 4.0, lr=float(lr), steps=3)
        for step in way:
            factors = float(one.replace("−", "-")), float(two)
            found = [x * factor for x, factor in zip(step.point, factors, strict=True)]
            assert step.moved == pytest.approx(found, abs=1e-12)


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Any:
    """The live page of the notebook."""
    with kept_page(browser, tmp_path, LESSON.shown("Descent(valley", "text/html")) as opened:
        yield opened


def test_the_live_page_does_what_its_text_says(page: Any) -> None:
    """Rates too large climb, smaller ones fall; without w1 a rate of 0.5 arrives."""

    def errors(**to: Any) -> list[float]:
        page.evaluate("to => descent.set(to)", to)
        made = page.evaluate("descent.get().steps")
        return [made[0]["error"], *(step["after"] for step in made)]

    for rate in 0.005, 0.01, 0.019:
        assert all(after < before for before, after in pairwise(errors(rate=rate)))
    assert errors(rate=0.02)[-1] > 50
    assert errors(rate=0.021)[-1] > 1e4
    assert errors(rate=0.5, start=[0, 4])[-1] == pytest.approx(0, abs=1e-20)
    assert errors(rate=0.5, start=[1e-6, 4])[-1] > 1e9


def test_adam_moves_all_weights_by_the_rate_at_first() -> None:
    """As is printed: 0.3 each, though the gradients are 100 and 4."""
    printed = LESSON.shown("Adam([w1, w2]")
    assert re.match(r"step 1: +gradients +100\.00 +4\.00 +now +0\.700 +3\.700", printed)


def test_each_optimizer_needs_the_steps_of_the_text(names: dict[str, Any]) -> None:
    """235 for gradient descent, twice as many at half the rate; about 100 for the others."""
    assert steps(names, partial(SGD, lr=0.019)) == 235
    assert steps(names, partial(SGD, lr=0.0095)) == 471
    assert steps(names, partial(SGD, lr=0.021)) == "–"
    momentum = [steps(names, partial(SGD, lr=lr, momentum=0.9)) for lr in (0.005, 0.01, 0.03)]
    adam = [steps(names, partial(Adam, lr=lr)) for lr in (0.1, 0.3, 1.0)]
    assert all(95 < int(count) < 120 for count in momentum + adam)


def test_momentum_runs_beyond_the_end_and_adam_makes_even_steps(names: dict[str, Any]) -> None:
    """What one sees in the three pictures."""
    points, _ = names["way"](partial(SGD, lr=0.019), steps=60)
    assert all(before[0] * after[0] < 0 for before, after in pairwise(points))
    points, _ = names["way"](partial(SGD, lr=0.005, momentum=0.9), steps=60)
    assert -0.3 < min(w2 for _, w2 in points) < -0.1
    points, _ = names["way"](partial(Adam, lr=0.3), steps=60)
    moves = [before[1] - after[1] for before, after in pairwise(points[:9])]
    assert all(0.26 < move < 0.31 for move in moves)
    assert max(map(abs, points[15])) < 0.2
    assert min(w2 for _, w2 in points) < -0.5
    assert max(map(abs, points[-1])) < 0.2


def test_a_turned_valley_is_harder_for_adam_alone(names: dict[str, Any]) -> None:
    """The second answer: 235 and 102 as before, 162 for Adam instead of 99."""

    def turned(w1: Any, w2: Any) -> Any:
        return names["valley"]((w1 + w2) / 2**0.5, (w1 - w2) / 2**0.5)

    at: dict[str, Any] = {"error": turned, "start": (3.54, -2.12)}
    assert steps(names, partial(SGD, lr=0.019), **at) == 235
    assert steps(names, partial(SGD, lr=0.005, momentum=0.9), **at) == 102
    assert steps(names, partial(Adam, lr=0.3), **at) == 162
    assert steps(names, partial(Adam, lr=0.3)) == 99
    assert steps(names, partial(SGD, lr=0.005, momentum=0.9)) == 102


def test_a_small_rate_has_little_noise_and_starts_slowly(names: dict[str, Any]) -> None:
    """The third answer."""
    losses = names["train"](1, lr=0.01)
    assert [losses[256], losses[-1]] == pytest.approx([1.04, 1.03], abs=0.006)
    assert losses[20] == pytest.approx(4.0, abs=0.05)
    assert names["curves"][1][20] == pytest.approx(1.1, abs=0.05)
    assert max(losses[256:]) < 1.2


def test_a_better_momentum_and_one_that_is_too_much(names: dict[str, Any]) -> None:
    """The fifth answer: 35, and 1084."""
    assert steps(names, partial(SGD, lr=0.03, momentum=0.7)) == 35
    much = partial(SGD, lr=0.005, momentum=0.99)
    assert steps(names, much) == "–"
    assert steps(names, much, steps=2000) == 1084


def test_adam_leaves_the_lowest_point_again(names: dict[str, Any]) -> None:
    """The sixth answer: below 1e-40 for thousands of steps, and then above 1."""
    _, errors = names["way"](partial(Adam, lr=0.3), steps=5000)
    assert max(errors[1500:3500]) < 1e-40
    assert max(errors[3500:]) > 1


def test_columns_make_a_valley_that_standardizing_takes_away(names: dict[str, Any]) -> None:
    """Hundreds of millions of times as steep; then all columns have a curvature of 2."""
    columns = [*zip(*names["houses"].rows, strict=True)]
    curvature = [2 * names["fmean"](x**2 for x in column) for column in columns]
    assert 1e8 < max(curvature) / min(curvature) < 1e9
    assert LESSON.printed.count("standardized 2.0") == len(columns)
