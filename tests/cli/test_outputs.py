"""What the commands write: only what was asked for, and over nothing."""

import os
import re
from pathlib import Path
from typing import Any

import pytest

from micrograd_like import Value
from micrograd_like.cli import training
from micrograd_like.cli.commands import main
from micrograd_like.graph import topological_order
from micrograd_like.learn import Table

pytestmark = pytest.mark.usefixtures("in_a_folder_of_its_own")
STEP = ["step", "a*b", "a=2", "b=-3"]


def table(rows: int) -> list[str]:
    """The command that learns a table of so many rows, in one epoch, for what options follow."""
    lines = [f"{k},{k % 3},{2 * k + 1}" for k in range(rows)]
    Path("data.csv").write_text("\n".join(["size,rooms,price", *lines]))
    return ["train", "data.csv", "--target", "price", "--epochs", "1", "--hidden", "2"]


def files() -> set[str]:
    """The names of all files in the folder."""
    return {path.name for path in Path().iterdir()}


class Drawn:
    """In place of a picture: what it would have been of."""

    def __init__(self, root: Value, **looks: Any) -> None:
        self.root, self.looks = root, looks
        drawings.append(self)

    def save(self, path: str) -> str:
        """As if it were written."""
        return path


drawings: list[Drawn] = []


@pytest.fixture(name="drawn")
def fixture_drawn(monkeypatch: pytest.MonkeyPatch) -> list[Drawn]:
    """The pictures that train draws, which are not drawn."""
    drawings.clear()
    monkeypatch.setattr(training, "draw_dot", Drawn)
    return drawings


def test_train_writes_nothing_unasked(drawn: list[Drawn]) -> None:
    """No picture, no plot, no model, and nothing is drawn that is thrown away."""
    assert main(table(20)) == 0
    assert files() == {"data.csv"}
    assert drawn == []


def test_a_picture_is_of_one_batch_and_names_the_columns(
    drawn: list[Drawn], capsys: pytest.CaptureFixture[str]
) -> None:
    """Of 125 rows all 100 to learn from are in the graph; of 1,000 rows there are no more."""
    sizes = {}
    for rows in (50, 125, 1000):
        assert main([*table(rows), "--draw", "flow.svg"]) == 0
        (picture,) = drawn
        assert picture.looks["inputs"] == ["size", "rooms"]
        assert picture.root.label == "loss"
        assert picture.root.grad == 1.0
        sizes[rows] = len(topological_order(picture.root))
        drawn.clear()
    assert sizes[50] < sizes[125] == sizes[1000]
    out = capsys.readouterr().out
    told = re.findall(r"largest gradients over (.*?),? and", out)
    assert told == ["all 40 rows", "all 100 rows", "100 of the 800 rows"]
    assert out.count("through it: flow.svg\n") == 3


def test_train_writes_what_it_is_asked_for() -> None:
    """The picture, the plot and the model, by the names given."""
    pytest.importorskip("matplotlib")
    names = {"flow.svg", "plot.png", "model.json"}
    options = ["--draw", "flow.svg", "--plot", "plot.png", "--save", "model.json"]
    assert main([*table(20), *options]) == 0
    assert files() == {"data.csv", *names}
    assert all(Path(name).stat().st_size > 500 for name in names)


def test_an_unknown_ending_is_told_before_any_training(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of a picture as of a plot."""
    for option in ("--draw", "--plot"):
        assert main([*table(20), option, "flow.bmp2"]) == 2
        told = capsys.readouterr()
        assert "the ending of flow.bmp2 is 'bmp2'" in told.err
        assert not told.out


WRITING = [
    ([*STEP, "-o"], "page.html"),
    (["draw", *STEP[1:], "-o"], "flow.svg"),
    (["draw", *STEP[1:], "-o"], "flow.dot"),
    (["train", "--draw"], "flow.svg"),
    (["train", "--plot"], "plot.png"),
    (["train", "--save"], "model.json"),
]


@pytest.mark.parametrize(("command", "name"), WRITING)
def test_a_file_that_is_there_is_kept(
    command: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2, one line with the way out and nothing done; ``--force`` replaces the file."""
    if name == "plot.png":
        pytest.importorskip("matplotlib")
    words = [*table(20), *command[1:]] if command[0] == "train" else command
    Path(name).write_text("days of work")
    assert main([*words, name]) == 2
    told = capsys.readouterr()
    assert told.err == (
        f"micrograd-like: {name}: is there already; give another name, or --force to replace it\n"
    )
    assert told.out == ""
    assert Path(name).read_text() == "days of work"
    assert main([*words, name, "--force"]) == 0
    assert Path(name).read_bytes() != b"days of work"
    assert main([*words, f"other_{name}"]) == 0


def test_a_link_that_leads_nowhere_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """It is somebody's, as a file is."""
    Path("flow.svg").symlink_to("on_a_disk_that_is_away.svg")
    assert main(["draw", *STEP[1:], "-o", "flow.svg"]) == 2
    assert "flow.svg: is there already" in capsys.readouterr().err
    assert Path("flow.svg").is_symlink()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--save", "data.csv", "--force"], "train: DATA.csv and --save are one file, data.csv; "),
        (["--draw", "a.svg", "--plot", "./a.svg"], "train: --draw and --plot are one file, a.svg"),
        (["--draw", "none/a.svg"], "none/a.svg: there is no folder 'none'; make it first"),
        (["--save", "."], ".: is a folder; give the name of a file"),
        (["--save", ""], ".: is a folder; give the name of a file"),
        (["--plot", "a.xyz"], "train: the ending of a.xyz is 'xyz'; it is to be one of"),
    ],
)
def test_names_that_cannot_be_written_are_told_before_the_training(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, status 2, no training for nothing, and the data is never written over."""
    if "--plot" in options:
        pytest.importorskip("matplotlib")
    words = table(20)
    before = Path("data.csv").read_bytes()
    assert main([*words, *options]) == 2
    told = capsys.readouterr()
    assert message in told.err
    assert told.err.count("\n") == 1
    assert told.out == ""
    assert files() == {"data.csv"}
    assert Path("data.csv").read_bytes() == before


def test_a_model_is_saved_before_a_picture_fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is nothing to draw with, the training is not lost."""

    def fails(*_: Any, **__: Any) -> Any:
        raise ImportError("there is no 'dot' to draw with")

    monkeypatch.setattr(training, "draw_dot", fails)
    assert main([*table(20), "--draw", "flow.svg", "--save", "model.json"]) == 2
    assert "there is no 'dot'" in capsys.readouterr().err
    assert files() == {"data.csv", "model.json"}


def test_the_tour_finds_names_of_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It asks for a picture, keeps files of the names that it would take, and says its own."""
    pytest.importorskip("matplotlib")
    houses = Table(["size"], [[float(k)] for k in range(10)], "price", [2.0 * k for k in range(10)])
    monkeypatch.setattr("micrograd_like.cli.commands.house_prices", lambda: houses)
    mine = ["backprop.html", "gradient_flow.svg", "gradient_flow_2.svg"]
    for name in mine:
        Path(name).write_text("mine")
    assert main([]) == 0
    out = capsys.readouterr().out
    made = {"backprop_2.html", "gradient_flow_3.svg", "training.png"}
    assert files() == {*mine, *made}
    assert all(f": {name}\n" in out for name in made)
    assert all(Path(name).read_text() == "mine" for name in mine)


def test_the_look_of_a_picture_is_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    """View, theme and legend; words that are none, and a view that a formula cannot have."""
    draw = ["draw", *STEP[1:], "-o"]
    assert main([*draw, "a.svg", "--view", "values", "--theme", "dark"]) == 0
    assert main([*draw, "b.svg", "--view", "values", "--theme", "dark", "--no-legend"]) == 0
    assert os.path.getsize("a.svg") > os.path.getsize("b.svg")
    for options, message in (
        (["--view", "side"], "draw_dot: view is 'side'; it is to be one of values, sums"),
        (["--theme", "blue"], "draw_dot: theme is 'blue'; it is to be one of"),
        (["--view", "network"], "neuron"),
    ):
        capsys.readouterr()
        assert main([*draw, "c.svg", *options]) == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
    assert files() == {"a.svg", "b.svg"}
