"""A person's own CSV through ``train`` and ``predict``: what is read, said, scored and refused."""

import csv
import os
import random
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from micrograd_like.cli import plots, training
from micrograd_like.cli.commands import main
from micrograd_like.cli.report import _print_confusion, print_curve
from micrograd_like.learn import History, Table, read_csv

pytestmark = pytest.mark.usefixtures("in_a_folder_of_its_own")
Printed = pytest.CaptureFixture[str]
GOOD = "size,rooms,price\n" + "".join(f"{k},{k % 3},{2 * k + k % 3}\n" for k in range(30))
FAST = ["--epochs", "2", "--hidden", "2"]
ISLANDS = {"Adelie": ["Torgersen", "Biscoe", "Dream"], "Chinstrap": ["Dream"], "Gentoo": ["Biscoe"]}
MEANS = {"Adelie": (39, 18, 190), "Chinstrap": (49, 18, 196), "Gentoo": (47, 15, 217)}


def penguins() -> str:
    """Birds as in palmerpenguins: text columns, NA in two rows of numbers and in ten sexes."""
    chance = random.Random(1)
    lines = ["species,island,bill_length_mm,bill_depth_mm,flipper_length_mm,sex"]
    for k in range(150):
        species = ["Adelie", "Chinstrap", "Gentoo"][k % 3]
        numbers = [f"{chance.gauss(mean, 0.05 * mean):.1f}" for mean in MEANS[species]]
        sex = "NA" if k % 15 == 0 else chance.choice(["male", "female"])
        numbers = ["NA"] * 3 if k in (30, 45) else numbers
        lines.append(",".join([species, chance.choice(ISLANDS[species]), *numbers, sex]))
    return "\n".join(lines)


def write_data(name: str) -> list[str]:
    """A data set as a CSV file, and the words with which it is learned."""
    path = Path(f"{name}.csv")
    if name == "penguins":
        path.write_text(penguins())
        return [str(path), "--target", "species", "--task", "classify"]
    datasets = pytest.importorskip("sklearn.datasets")
    load = getattr(datasets, f"load_{name}")
    data = load(scaled=False) if name == "diabetes" else load()
    targets = data.target if name == "diabetes" else data.target_names[data.target]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*data.feature_names, "answer"])
        writer.writerows([*row, target] for row, target in zip(data.data, targets, strict=True))
    task = [] if name == "diabetes" else ["--task", "classify"]
    return [str(path), "--target", "answer", *task]


def scores(out: str) -> dict[str, float]:
    """The number by which models are compared, by their names."""
    names = "network|linear regression|logistic regression|always .*?"
    lines = re.findall(rf"^({names})  +(\S.*)$", out, re.MULTILINE)
    return {
        name: float(cells.rstrip("%") if "%" in cells else cells.split()[1])
        for name, cells in lines
    }


@pytest.mark.parametrize("name", ["breast_cancer", "wine", "diabetes", "penguins"])
def test_real_data_is_learned_raw(name: str, capsys: Printed) -> None:
    """No worse than the regression, or the output says that the regression is better."""
    pytest.importorskip("numba")
    words = write_data(name)
    assert main(["train", *words, "--save", "model.json"]) == 0
    out = capsys.readouterr().out
    found = scores(out)
    mine, (other, theirs), (_, trivial) = found.pop("network"), *found.items()
    assert other == ("linear" if name == "diabetes" else "logistic") + " regression"
    sign = -1 if name == "diabetes" else 1
    assert sign * mine > sign * trivial
    if mine == theirs:
        assert f"the network is as good as {other}" in out
    else:
        better = ("the network", other) if sign * mine > sign * theirs else (other, "the network")
        assert "{} is better than {}".format(*better) in out
    assert abs(mine - theirs) < 0.06 * theirs
    assert main(["predict", "model.json", words[0]]) == 0
    answers = [*csv.DictReader(capsys.readouterr().out.splitlines())]
    target = words[2]
    if name == "diabetes":
        errors = [abs(float(row[target]) - float(row["actual"])) for row in answers]
        assert sum(errors) / len(errors) < 45
    else:
        right = [row[target] == row["actual"] for row in answers]
        assert sum(right) / len(right) > 0.95
        assert all(row[f"P({row[target]})"] == max(list(row.values())[2:]) for row in answers)


def test_what_is_done_with_the_data_is_said(capsys: Printed) -> None:
    """Gaps dropped or filled, texts one-hot; predict answers every row and says what it filled."""
    words = ["train", *write_data("penguins"), *FAST]
    assert main([*words, "--save", "model.json"]) == 0
    out = capsys.readouterr().out
    assert "11 rows with gaps, left out: bill_length_mm 2" not in out
    assert "10 rows with gaps, left out: bill_length_mm 2, " in out
    assert "sex 10 (--gaps fill keeps them)" in out
    assert "texts, one input for each (one-hot): island (3), sex (2)" in out
    assert "8 inputs, standardized; batches of 16" in out
    assert main([*words, "--gaps", "fill"]) == 0
    out = capsys.readouterr().out
    assert "120 rows to learn, 30 to test" in out
    assert "gaps filled with the column's mean, in texts with none: bill_length_mm 2" in out
    assert main([*words, "--gaps", "refuse"]) == 2
    assert (
        "row 1, column 'sex': 'NA' is a gap; fill it in or drop the row" in capsys.readouterr().err
    )
    assert main(["predict", "model.json", "penguins.csv"]) == 0
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 151
    assert told.err.startswith("gaps filled with the mean of learning, in texts with none: bill")
    text = "island,sex,bill_length_mm,bill_depth_mm,flipper_length_mm\nElba,male,39,18,190\n"
    Path("new.csv").write_text(text)
    assert main(["predict", "model.json", "new.csv"]) == 0
    line = "new.csv: row 1, column 'island': 'Elba' was not learned, and counts as none of Biscoe"
    assert line in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--columns", "rooms"], "price from rooms: MLP of 7 weights, 24 rows to learn, 6 to test"),
        (["--drop", "rooms, size", "--columns", "rooms,size"], ""),
        (["--drop", "rooms"], "price from size: MLP of 7 weights"),
        (["--text", "rooms"], "texts, one input for each (one-hot): rooms (3)"),
        (["--hidden", "4,3", "--activation", "relu"], "MLP of 31 weights"),
        (["--no-standardize"], "2 inputs, as they are"),
        (["--batch-size", "5"], "batches of 5"),
        (["--validation", "0.25"], "  validation  "),
        (["--splits", "3"], "RMSE in 3 splits (seeds 0 to 2), ± spread"),
        (
            ["--splits", "2", "--seed", "7", "--validation", "0.2", "--drop", "size"],
            "(seeds 7 to 8)",
        ),
    ],
)
def test_options_say_what_is_learned_and_how(
    options: list[str], told: str, capsys: Printed
) -> None:
    """Each by itself, and together; a file without a column left is refused."""
    Path("data.csv").write_text(GOOD)
    status = main(["train", "data.csv", "--target", "price", *FAST, *options])
    out = capsys.readouterr()
    assert status == (0 if told else 2)
    assert told in out.out
    assert bool(told) or "has no column beside 'price'" in out.err


def test_validation_ends_the_training(capsys: Printed) -> None:
    """Twenty epochs after its least loss, which a noisy target rises from."""
    chance = random.Random(0)
    rows = "".join(f"{chance.random()},{chance.random()},{chance.random()}\n" for _ in range(60))
    Path("data.csv").write_text("a,b,y\n" + rows)
    words = ["train", "data.csv", "--target", "y", "--epochs", "300", "--lr", "0.1"]
    assert main([*words, "--hidden", "16", "--validation", "0.3"]) == 0
    out = capsys.readouterr().out
    found = re.search(r"ended in epoch (\d+), by patience", out)
    least = re.search(r"validation .* in epoch (\d+)", out)
    assert found
    assert least
    assert int(found[1]) == int(least[1]) + 20


def test_classes_that_are_confused_are_in_a_table(capsys: Printed) -> None:
    """Its cells are the test rows, its diagonal the right answers; of many classes, mistakes."""
    words = write_data("penguins")
    assert main(["train", *words, *FAST]) == 0
    out = capsys.readouterr().out
    lines = out[out.index("actual      predicted: Adelie  Chinstrap  Gentoo") :].splitlines()[1:4]
    counts = [[int(cell) for cell in line.split()[1:]] for line in lines]
    assert sum(map(sum, counts)) == 28
    right = sum(counts[k][k] for k in range(3)) / 28
    assert scores(out)["network"] == pytest.approx(100 * right, abs=0.06)
    Path("many.csv").write_text("a,k\n" + "".join(f"{i % 7},c{i % 12}\n" for i in range(120)))
    assert main(["train", "many.csv", "--target", "k", "--task", "classify", *FAST]) == 0
    assert " taken for c" in capsys.readouterr().out


@pytest.mark.parametrize(("step", "rows"), [(10.0, 40), (1000.0, 40), (1e6, 2), (3e10, 40)])
def test_numbers_that_are_told_are_the_true_ones(
    step: float, rows: int, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row numbers and targets exactly, answers and scores to four digits, in splits, too."""
    told = Told(monkeypatch)
    targets = [step * (k % rows) for k in range(40)]
    text = "".join(f"{k % 7},{k % 5},{y}\n" for k, y in enumerate(targets))
    Path("data.csv").write_text("a,b,y\n" + text)
    assert main(["train", "data.csv", "--target", "y", *FAST, "--splits", "2"]) == 0
    out = capsys.readouterr().out.replace("−", "-")
    answers = dict(zip(told.testing, told.answers, strict=True))
    shown = re.findall(r"^ +(\d+) +(\S+) +(\S+)$", out, re.MULTILINE)
    assert len(shown) == 6
    for number, actual, predicted in shown:
        assert float(actual) == targets[int(number) - 1]
        assert float(predicted) == pytest.approx(answers[int(number) - 1], rel=5e-4)
    for name, numbers in told.scores[0].of_model.items():
        cells = re.findall(rf"^{name} +(\S+) +(\S+) +(\S+)$", out, re.MULTILINE)[0]
        assert [*map(float, cells)] == pytest.approx(numbers, rel=5e-4, abs=5e-4)
        mean = sum(scores.main(name) for scores in told.scores) / 2
        (cell,) = re.findall(rf"^{name} +(\S+) ±", out, re.MULTILINE)
        assert float(cell) == pytest.approx(mean, rel=5e-4)


class Told:
    """What the report is told, with all digits."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        show, splits = training.print_scores, training.print_splits

        def print_scores(table: Any, scores: Any, answers: Any, testing: Any) -> None:
            self.answers, self.testing = answers, testing
            show(table, scores, answers, testing)

        def print_splits(table: Any, scores: Any, seed: int) -> None:
            self.scores = scores
            splits(table, scores, seed)

        monkeypatch.setattr(training, "print_scores", print_scores)
        monkeypatch.setattr(training, "print_splits", print_splits)


def test_the_loss_is_said_to_be_of_a_standardized_target(capsys: Printed) -> None:
    """A loss of 0.5 beside an RMSE of 50 is else a riddle; that of classes has no unit."""
    Path("data.csv").write_text(GOOD)
    assert main(["train", "data.csv", "--target", "price", *FAST]) == 0
    told = "(of price standardized: always the mean has a loss of about 1)"
    assert told in capsys.readouterr().out
    assert main(["train", "data.csv", "--target", "rooms", "--task", "classify", *FAST]) == 0
    assert "standardized:" not in capsys.readouterr().out


def test_a_loss_still_falls_where_its_least_is_at_the_end(capsys: Printed) -> None:
    """Two epochs alone compare by chance, where the loss is flat."""
    table = Table(["x"], [[0.0]], "y", [1.0])
    flat = [1.0, 0.5, *[0.6] * 17, 0.52]
    for losses, falls in (([2 / k for k in range(1, 21)], True), (flat, False)):
        print_curve(History(loss=losses, validation_loss=losses), table, validation=True)
        assert ("still falling" in capsys.readouterr().out) == falls


def test_counts_stand_under_their_classes(capsys: Printed) -> None:
    """Wider than the names, and of names that are too long to stand beside each other."""
    names = ["a very long name of a class", "a very long name of another", "no", "0"]
    actual = [k % 4 for k in range(4000)]
    table = Table(["x"], [[0.0]] * 4000, "y", actual, classes=names)
    _print_confusion(table, actual, range(4000))
    head, *lines = capsys.readouterr().out[1:].splitlines()
    start = head.index("a very")
    for k, name in enumerate(["a very long n...", "a very long n..._2", "no", "0"]):
        end = head.index(name, start) + len(name)
        counts = [line[start:end].strip() for line in lines]
        assert counts == ["1000" if j == k else "0" for j in range(4)]
        start = end


def test_weights_have_the_names_of_columns(capsys: Printed) -> None:
    """In the gradients and in the largest weights, texts' columns too."""
    assert main(["train", *write_data("penguins"), *FAST]) == 0
    out = capsys.readouterr().out
    assert re.search(r"largest weights, of a column into all of layer0: \w+.* \d", out)
    columns = re.findall(r"layer0\.neuron\d\.w\d \((.*?)\)", out)
    assert set(columns) <= {
        "island=Biscoe", "island=Dream", "island=Torgersen", "bill_length_mm", "bill_depth_mm",
        "flipper_length_mm", "sex=female", "sex=male",
    }  # fmt: skip
    assert columns


def test_without_scikit_learn_the_mean_is_the_baseline(
    capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else needs it."""
    monkeypatch.setattr("micrograd_like.learn.metrics.find_spec", lambda _: None)
    Path("data.csv").write_text(GOOD)
    assert main(["train", "data.csv", "--target", "price", *FAST]) == 0
    out = capsys.readouterr().out
    assert "always the mean" in out
    assert "regression" not in out


def test_without_numba_a_long_training_says_what_would_help(
    capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it begins."""
    monkeypatch.setattr(training, "find_spec", lambda _: None)
    monkeypatch.setattr(training, "LONG", 10)
    Path("data.csv").write_text(GOOD)
    assert main(["train", "data.csv", "--target", "price", *FAST]) == 0
    assert "pip install 'micrograd_like[tape]' trains this many times" in capsys.readouterr().out


ROWS = "".join(f"{k},{k % 4},{k}\n" for k in range(20))
BAD: dict[str, tuple[str | bytes, list[str], str]] = {
    "one row": ("a,y\n1,2\n", [], "has 1 row of data; it needs at least 5"),
    "header only": ("a,y\n", [], "has 0 rows of data"),
    "one column": ("y\n" + "1\n" * 9, [], "has no column beside 'y' to predict it from"),
    "constant": ("a,y\n" + "1,2\n" * 9, [], "column 'y' is the same in all rows; there is nothing"),
    "same": ("a,y\n1,1\n1,2\n1,3\n1,4\n1,5\n", [], "each column is the same in all rows"),
    "binary": (bytes(range(256)) * 9, [], "is not UTF-8 text: line 2 has the byte 0x80; save it"),
    "utf-16": (GOOD.encode("utf-16"), [], "is not UTF-8 text: line 1 has the byte 0xff; save it"),
    "no header": (ROWS, [], "the first line has numbers alone; put the columns' names into a line"),
    "two names": ("a,a,y\n" + ROWS, [], "two columns have the same name, 'a'; rename one"),
    "text": (
        "a,y\n" + "1,x\n2,z\n" * 5,
        [],
        "row 1, column 'y': 'x' is no finite number; fill it in or drop the row (or learn ",
    ),
    "a text": (
        "a,b,y\n" + ROWS + "?,two,3\n",
        [],
        "row 21, column 'b': 'two' is no finite number; fill it in or drop the row (or take the ",
    ),
    "a text first": (
        "a,b,y\n1,two,3\n" + ROWS,
        [],
        "row 1, column 'b': 'two' is no number, as the others are; correct it or empty the cell",
    ),
    "ids": (
        "a,id,y\n" + "".join(f"{k},n{k},{k}\n" for k in range(60)),
        [],
        "column 'id' has more than 50 different texts, as 'n50' in row 51; leave it out",
    ),
    "gaps": (
        "a,b,y\n" + "".join(f"{k},,{k}\n,{k},{k}\n" for k in range(9)),
        [],
        "has 0 rows without a gap; it needs at least 5: fill gaps (--gaps fill), or leave columns",
    ),
    "two commas": (
        "a;y\n1,5;2\n2;3\n1.250;4\n",
        [],
        "row 1, column 'a': the number has a decimal comma, and that of row 3, column 'a', a point",
    ),
    "columns": ("a,b,y\n" + ROWS, ["--columns", "a,c"], "has no column 'c'; there are a, b, y"),
    "drop": ("a,b,y\n" + ROWS, ["--drop", "y"], "column 'y' is the target; do not drop it"),
    "inputs": (
        "a,a=x,y\n" + "".join(f"{'xz'[k % 2]},{k},{k}\n" for k in range(9)),
        [],
        "two inputs have the same name, 'a=x'; rename a column",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_data_is_one_line_with_the_file_and_a_remedy(name: str, capsys: Printed) -> None:
    """Status 2, before any training."""
    data, options, message = BAD[name]
    Path("bad.csv").write_bytes(data if isinstance(data, bytes) else data.encode())
    assert main(["train", "bad.csv", "--target", "y", *FAST, *options]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"micrograd-like: bad.csv: {message}")
    assert told.err.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--batch-size", "0"], "train: --batch-size is 0; it is to be a whole number from 1 up"),
        (["--splits", "101"], "train: --splits is 101; it is to be a whole number from 1 to 100"),
        (["--validation", "1"], "train: --validation is 1.0; it is to be from 0 up to below 1"),
        (["--activation", "tahn"], "train: --activation is 'tahn'; it is to be one of "),
        (["--hidden", "4,0"], "train: --hidden is 0; it is to be a whole number from 1 to 10,000"),
        (
            ["--hidden", "4,x"],
            "argument --hidden: '4,x' is no whole number, nor several, as in 16,8",
        ),
        (["--gaps", "keep"], "argument --gaps: invalid choice: 'keep'"),
        (
            ["--validation", "0.001"],
            "train: --validation is 0.001 of 24 rows to learn from, which leaves none on one side",
        ),
        (["--nope"], "train: unrecognized arguments: --nope; see micrograd-like train --help"),
        (["--columns", "rooms", "--drop", "rooms"], "'rooms' is to be a column and to be dropped"),
    ],
)
def test_options_that_are_none_are_told(options: list[str], message: str, capsys: Printed) -> None:
    """In one line, with status 2 and what they are to be."""
    Path("data.csv").write_text(GOOD)
    try:
        status: Any = main(["train", "data.csv", "--target", "price", *options])
    except SystemExit as stopped:
        status = stopped.code
    told = capsys.readouterr().err
    assert (status, told.count("\n")) == (2, 1)
    assert message in told


@pytest.mark.parametrize(
    ("activation", "problem"), [("log", "needs x > 0"), ("exp", "try a learning rate below 3")]
)
def test_an_activation_that_fails_is_named(activation: str, problem: str, capsys: Printed) -> None:
    """In training, and in the answers of a model that was made with another one."""
    Path("data.csv").write_text(GOOD)
    words = ["train", "data.csv", "--target", "price", "--lr", "3"]
    assert main([*words, "--activation", activation]) == 2
    told = capsys.readouterr().err
    assert re.match(rf"micrograd-like: train: --activation {activation}: .*{problem}", told)
    assert told.endswith("; better take tanh or relu\n")
    if activation == "log":
        assert main([*words[:-1], "0.1", "--save", "model.json"]) == 0
        Path("log.json").write_text(Path("model.json").read_text().replace('"tanh"', '"log"'))
        assert main(["predict", "log.json", "data.csv"]) == 2
        assert "micrograd-like: data.csv: row 1: log(" in capsys.readouterr().err


@pytest.mark.parametrize("column", ["size", "price"])
def test_numbers_too_large_for_a_spread_name_their_column(column: str, capsys: Printed) -> None:
    """And the file, in one line before anything is learned."""
    other = {"size": "price", "price": "size"}[column]
    rows = "".join(f"{(-1) ** k * 1.7e308},{k}\n" for k in range(30))
    Path("data.csv").write_text(f"{column},{other}\n{rows}")
    assert main(["train", "data.csv", "--target", "price"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == (
        f"micrograd-like: data.csv: column '{column}': the numbers go up to 1.7e+308, and their "
        "spread beyond all floats; give the column a larger unit\n"
    )


def test_predict_answers_each_row_of_the_file(capsys: Printed) -> None:
    """An empty one, too, as the mean of what was learned, which is said."""
    Path("data.csv").write_text("size,y\n" + "".join(f"{k},{k}\n" for k in range(30)))
    assert main(["train", "data.csv", "--target", "y", *FAST, "--save", "model.json"]) == 0
    Path("new.csv").write_text('size\n1\n2\n""\n\n5\n\n')
    capsys.readouterr()
    assert main(["predict", "model.json", "new.csv"]) == 0
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 1 + 5
    assert "gaps filled with the mean of learning, in texts with none: size 2" in told.err


def test_what_is_no_model_is_told_with_what_makes_one(capsys: Printed) -> None:
    """A table in the model's place, and JSON of something else."""
    Path("data.csv").write_text(GOOD)
    Path("empty.json").write_text("{}")
    for name in ("data.csv", "empty.json"):
        assert main(["predict", name, "data.csv"]) == 2
        told = capsys.readouterr().err
        assert told.startswith(f"micrograd-like: {name}: ")
        assert told.endswith("; give a file that train --save wrote\n")


def test_a_long_training_tells_its_progress_where_there_is_no_bar(
    capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line every few seconds on the error stream, and not of the last epoch; the same is told."""
    Path("data.csv").write_text(GOOD)
    words = ["train", "data.csv", "--target", "price", "--epochs", "4"]
    assert main(words) == 0
    quick = capsys.readouterr()
    assert quick.err == ""
    monkeypatch.setattr(training, "SECONDS", 0.0)
    assert main(words) == 0
    told = capsys.readouterr()
    assert told.out == quick.out
    lines = told.err.splitlines()
    assert [re.sub("loss .*", "loss", line) for line in lines] == [
        f"training: epoch {k} of 4, loss" for k in (1, 2, 3)
    ]


@pytest.mark.parametrize("classes", [3, 8, 20, 30])
@pytest.mark.parametrize("columns", [2, 3])
def test_long_names_leave_room_in_a_plot(
    classes: int, columns: int, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No legend covers another or leaves the picture; a dollar begins no formula."""
    pytest.importorskip("matplotlib")
    figures = []

    def figure_axes(count: int = 1) -> Any:
        axes = learn_axes(count)
        figures.append(axes[0].figure if count > 1 else None)
        return axes

    learn_axes = plots.figure_axes
    monkeypatch.setattr(plots, "figure_axes", figure_axes)
    head = ",".join(f"column ${k} with the name of a long measurement" for k in range(columns))
    rows = [
        ",".join(
            [*(f"{(k * j) % 17}" for j in range(1, columns + 1)), f"{k % classes} $ {'n' * 40}"]
        )
        for k in range(20 * classes)
    ]
    Path("data.csv").write_text("\n".join([f"{head},kind", *rows]))
    words = ["train", "data.csv", "--target", "kind", "--task", "classify", *FAST]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert main([*words, "--plot", "plot.svg"]) == 0
    assert capsys.readouterr().err == ""
    (figure,) = filter(None, figures)
    left, right, *_ = figure.axes
    legends = [ax.get_legend() for ax in (left, right)]
    boxes = [legend.get_window_extent() for legend in legends if legend]
    assert len(boxes) == 1 + (columns == 2 and classes <= 20)
    assert all(box.x1 <= 1.02 * figure.bbox.x1 for box in boxes)
    assert boxes[0].x1 <= boxes[-1].x0 or len(boxes) == 1
    assert min(ax.get_window_extent().height for ax in (left, right)) > 100
    repeat = "colours repeat after 5 classes" in right.get_xlabel()
    assert repeat == (columns == 2 and classes > 5)


def test_reading_a_long_file_is_shown_to_who_looks(
    capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a terminal alone, in one line that goes; columns take eight bytes a cell meanwhile."""
    Path("data.csv").write_text("a,y\n" + "1,2\n3,4\n" * 15_000)
    counts: list[int] = []
    table = read_csv("data.csv", "y", progress=counts.append)
    assert len(table.rows) == 30_000
    assert counts == [0, 10_000, 20_000, 30_000]
    words = ["train", "data.csv", "--target", "y", "--epochs", "1", "--batch-size", "1000"]
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert main(words) == 0
    assert "\rreading data.csv: 20,000 rows" in capsys.readouterr().err


@pytest.mark.slow
def test_a_million_rows_are_learned_in_bounded_memory() -> None:
    """One epoch; what is kept of a cell is less than a spreadsheet needs."""
    resource = pytest.importorskip("resource")
    with Path("million.csv").open("w") as file:
        file.write("x,kind,y\n")
        file.writelines(f"{k % 1009},{'ab'[k % 2]},{k % 1009 + k % 2}\n" for k in range(10**6))
    words = ["train", "million.csv", "--target", "y", "--epochs", "1", "--batch-size", "1000"]
    program = f"from micrograd_like.cli import main; raise SystemExit(main({words!r}))"
    path = str(Path(training.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "800,000 rows to learn, 200,000 to test" in done.stdout
    kilobytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert kilobytes < 1.6e6 * (1024 if sys.platform == "darwin" else 1)  # there it is in bytes
