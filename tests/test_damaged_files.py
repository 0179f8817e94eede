"""Tables and models that are damaged: one line that names the file, or the right thing, always."""

import contextlib
import io
import json
import random
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd_like import MLP, models
from micrograd_like.cli.commands import main
from micrograd_like.learn import Encoding, Table, read_csv, read_rows

TABLE = Table(["size", "rooms"], [[1.0, 2.0], [3.0, 4.0]], "kind", [0.0, 1.0], classes=["a", "b"])
ENCODING = Encoding.of(TABLE, [0, 1])
CSV = "size,rooms,kind\n" + "".join(f"{k},{k / 4},{'ab'[k % 2]}\n" for k in range(6))
# What hostile or careless people put into files.
PIECES = [
    "", ",", '"', '""', "\n", "\r", "\r\n", "\0", " ", "\t", ";", "nan", "inf", "-inf", "1e999",
    "1e308", "5e-324", "0x10", "1_0", "١", "=1+1", "\x1b[2J", "\u202e", "\ufeff", "\u2028", "学",
    "size", "kind", "9" * 5000, "x" * 140_000, "\x85", "\udcff", "{}", "[" * 2000, "null", "true",
    "{", "]", ":", "1e400",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 10**9, 10**400, 0.0, -0.0, 1.5, 1e308, 5e-324, float("nan"),
    float("inf"), "", "x", "linear", "tanh", "__class__", "\x1b[2J", "a\nb", "\ud800", "x" * 2000,
    [], [[]], [1], [1e9, 1e9], [-1], [1] * 20_000, ["tanh"], {}, {"w0": 1.0}, {"": None},
]  # fmt: skip


def model_file(path: Path) -> Path:
    """A saved network of this table."""
    random.seed(0)
    model = MLP(2, [2, 2], activation="tanh")
    model.about = ENCODING.about()
    return Path(model.save(path))


@pytest.fixture(name="folder", scope="module")
def fixture_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a whole model and a whole table."""
    folder = tmp_path_factory.mktemp("damaged")
    model_file(folder / "good.json")
    (folder / "good.csv").write_text(CSV)
    return folder


def is_told(error: Exception, path: Path) -> None:
    """An error that is a person's, in one line with the name of the file."""
    assert isinstance(error, ValueError | TypeError | OSError), repr(error)
    line = str(error)
    assert line.startswith(f"{path}: ")
    assert "\n" not in line
    assert len(line) < len(str(path)) + 1500
    line.encode()  # no half characters


def status(*words: Any) -> int:
    """The status of a command: 2 with one printable line, or 0 without errors."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        found = main([str(word) for word in words])
    said = errors.getvalue()
    notes = said.count("\n") if words[0] == "predict" else 0  # of gaps, and of texts not learned
    assert (found, said.count("\n")) in ((0, notes), (2, 1)), said
    assert all(line.isprintable() for line in said.split("\n"))
    assert all(line.isprintable() for line in out.getvalue().split("\n"))
    return found


changes = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(0, 30), st.sampled_from(PIECES)), max_size=4
)


def changed(text: str, edits: list[tuple[int, int, str]]) -> bytes:
    """The text with some pieces taken out and others put in, as bytes."""
    for place, length, piece in edits:
        at = place % (len(text) + 1)
        text = text[:at] + piece + text[at + length :]
    return text.encode("utf-8", "surrogateescape")


@settings(max_examples=examples(500))
@given(changes, st.booleans())
def test_any_table_is_read_or_told(
    folder: Path, edits: list[tuple[int, int, str]], classify: bool
) -> None:
    """A whole table with changes anywhere: by its functions and by the commands."""
    path = folder / "odd.csv"
    path.write_bytes(changed(CSV, edits))
    for read in (
        lambda: read_csv(path, "kind", classify),
        lambda: read_csv(path, "rooms", classify),
        lambda: read_rows(path, ENCODING),
    ):
        try:
            read()
        except Exception as error:
            is_told(error, path)
    status("predict", folder / "good.json", path)
    task = ["--task", "classify"] if classify else []
    status("train", path, "--target", "rooms", "--epochs", "1", "--hidden", "1", *task)


@settings(max_examples=examples(500))
@given(changes)
def test_any_text_of_a_model_is_read_or_told(
    folder: Path, edits: list[tuple[int, int, str]]
) -> None:
    """The text of a file with changes anywhere."""
    is_read_or_told(folder, changed((folder / "good.json").read_text(), edits))


def places(part: Any) -> list[tuple[Any, Any]]:
    """Each list or object in JSON, with each key or place in it."""
    inside = list(part.items() if isinstance(part, dict) else enumerate(part))
    found = [(part, key) for key, _ in inside]
    for _, value in inside:
        if isinstance(value, dict | list):
            found += places(value)
    return found


@settings(max_examples=examples(1000))
@given(st.lists(st.tuples(st.integers(0, 10**6), st.sampled_from(VALUES)), max_size=3))
def test_any_content_of_a_model_is_read_or_told(folder: Path, edits: list[tuple[int, Any]]) -> None:
    """JSON with other values anywhere, or without a value."""
    document = json.loads((folder / "good.json").read_text())
    for place, value in edits:
        found = places(document)
        part, key = found[place % len(found)]
        if value == "" and isinstance(part, dict):
            del part[key]
        else:
            part[key] = deepcopy(value)
    is_read_or_told(folder, json.dumps(document).encode())


def is_read_or_told(folder: Path, data: bytes) -> None:
    """As a network, as weights and by the command; a model of before stays as it is."""
    path = folder / "odd.json"
    path.write_bytes(data)
    model = MLP(2, [2, 2])
    before = model.state_dict()
    for load in (MLP.load, model.load_weights):
        try:
            load(path)
        except Exception as error:
            is_told(error, path)
            assert model.state_dict() == before
    status("predict", path, folder / "good.csv")


def test_a_model_that_is_cut_anywhere_is_told(folder: Path) -> None:
    """After each byte of it."""
    data = (folder / "good.json").read_bytes()
    path = folder / "cut.json"
    for size in range(len(data)):
        path.write_bytes(data[:size])
        with pytest.raises(ValueError, match="is not JSON, or cut short") as caught:
            MLP.load(path)
        is_told(caught.value, path)


def test_a_table_that_is_cut_anywhere_is_read_or_told(folder: Path) -> None:
    """After each byte of it: what is whole may still be a table."""
    data, path = CSV.encode(), folder / "cut.csv"
    for size in range(len(data)):
        path.write_bytes(data[:size])
        try:
            assert len(read_csv(path, "kind", classify=True).rows) >= 5
        except ValueError as error:
            is_told(error, path)


def changed_model(folder: Path, **content: Any) -> Path:
    """A model's file with other content."""
    path = folder / "other.json"
    path.write_text(json.dumps({**json.loads((folder / "good.json").read_text()), **content}))
    return path


ABOUT = ENCODING.about()
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"version": 2}, "its version is 2, not 1; save it again with this micrograd_like"),
    ({"version": True}, "its version is True, not 1"),
    ({"version": 1.0}, "its version is 1.0, not 1"),
    ({"nouts": [1] * 10**6}, "has 1,000,000 layers; a file has 1 to 10,000"),
    ({"nouts": [10**9, 10**9]}, "has 12 weights; layers of these sizes need 100000000400"),
    ({"nouts": [1e9, 1e9]}, "its nouts[0] is 1000000000.0; it is to be 1, 2, 3 or more"),
    ({"nouts": [10**400, 1]}, "has 12 weights; layers of these sizes need "),
    ({"nouts": [-2, 2]}, "its nouts[0] is -2; it is to be 1, 2, 3 or more"),
    ({"nin": 0}, "its nin is 0; it is to be 1, 2, 3 or more"),
    ({"nin": "2"}, "its nin is '2'; it is to be a whole number"),
    ({"activation": ["tahn", "linear"]}, "activation is 'tahn'; it is to be one of"),
    ({"name": "n" * 10**6}, "its name has 1,000,000 characters; a file has at most 1,000"),
    ({"parameters": {"p" * 5000: 0.5} | {f"p{k}": 0.5 for k in range(11)}}, "ppp..., 'p0', 'p1'];"),
    ({"parameters": {"a\x1b": [1]}}, "a\\x1b is [1], no finite float"),
    ({"about": 3}, "its about is 3; it is to be an object"),
    ({"about": {**ABOUT, "scales": [[1, 0]] * 3}}, "tells no columns; save it with the train"),
    ({"about": {**ABOUT, "scales": [[float("nan"), 1]] * 3}}, "tells no columns"),
    ({"about": {**ABOUT, "columns": "ab"}}, "tells no columns"),
    ({"about": {**ABOUT, "classes": {"a": 1, "b": 2}}}, "tells no columns"),
    ({"about": {**ABOUT, "classes": ["a"]}}, "its network is of 2 columns and 2 outputs, and its"),
    ({"about": {**ABOUT, "classes": []}}, "its network is of 2 columns and 2 outputs, and its"),
]


@pytest.mark.parametrize(("content", "message"), WRONG)
def test_a_model_of_others_is_told(
    folder: Path, content: dict[str, Any], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another version, a million layers, huge sizes and names, what does not fit together."""
    path = changed_model(folder, **content)
    assert main(["predict", str(path), str(folder / "good.csv")]) == 2
    error = capsys.readouterr().err
    assert f"micrograd-like: {path}: " in error
    assert message in error
    assert error.count("\n") == 1


def test_a_key_that_is_there_twice_is_told(folder: Path) -> None:
    """Python would take the last one, other programs the first."""
    text, path = (folder / "good.json").read_text(), folder / "other.json"
    for key in ("nin", "layer0.neuron0.b", "columns"):
        path.write_text(text.replace(f'"{key}"', f'"{key}": 0.5, "{key}"'))
        with pytest.raises(ValueError, match=f"other.json: .* it has '{key}' twice; take one of"):
            MLP.load(path)


def test_what_would_not_be_loaded_is_not_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name without an end, too many layers; half characters are saved and come back."""
    with pytest.raises(ValueError, match="save: the network: its name has 1,001 characters"):
        MLP(1, [1], name="n" * 1001).save(tmp_path / "model.json")
    monkeypatch.setattr(models, "MOST_LAYERS", 100)
    with pytest.raises(ValueError, match="save: the network: has 101 layers; a file has 1 to 100"):
        MLP(1, [1] * 101).save(tmp_path / "model.json")
    assert not list(tmp_path.iterdir())
    model = MLP(1, [1], name="a\ud800b")
    assert MLP.load(model.save(tmp_path / "model.json")).name == "a\ud800b"


def test_numbers_whose_spread_no_float_holds_are_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a column of the table, before any training."""
    path = folder / "large.csv"
    path.write_text("x,y\n" + "1.7e308,1\n1.6e308,2\n-1.7e308,3\n" * 4)
    assert main(["train", str(path), "--target", "y"]) == 2
    error = capsys.readouterr().err
    assert "the numbers go up to 1.7e+308, and their spread beyond all floats; give the" in error
