"""Rendering: with dot, without it, without anything; files whole or not at all."""

import sys
from pathlib import Path
from typing import Any

import pytest

from micrograd_like import Value, draw_dot, files
from micrograd_like.draw import render


@pytest.fixture
def picture() -> render.Picture:
    """A picture of two values."""
    return draw_dot(Value(2.0, "x") * 3)


def test_render_works_as_in_graphviz(picture: render.Picture, tmp_path: Path) -> None:
    """The DOT text and the picture beside it; cleanup removes the text."""
    assert picture.render("g", tmp_path) == str(tmp_path / "g.svg")
    assert {p.name for p in tmp_path.iterdir()} == {"g", "g.svg"}
    assert picture.render("h", tmp_path, format="png", cleanup=True) == str(tmp_path / "h.png")
    assert {p.name for p in tmp_path.iterdir()} == {"g", "g.svg", "h.png"}
    picture.render(outfile=tmp_path / "o.svg")
    assert (tmp_path / "o.svg").read_bytes().startswith(b"<?xml")


def test_notebooks_get_an_svg_with_a_png_beside_it(picture: render.Picture) -> None:
    """Both in one bundle: readers that show no SVG show the PNG."""
    bundle = picture._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<?xml")
    assert bundle["image/png"].startswith(b"\x89PNG")
    assert set(picture._repr_mimebundle_(include=["image/png"])) == {"image/png"}
    assert set(picture._repr_mimebundle_(exclude=["image/png"])) == {"image/svg+xml"}


def test_values_stay_text_in_notebooks() -> None:
    """A Value has no picture of its own."""
    for method in ("_repr_svg_", "_repr_html_", "_repr_mimebundle_"):
        assert not hasattr(Value(1.0), method)


def test_without_dot_pygraphviz_takes_over(
    picture: render.Picture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Silently, for pipe, save and notebooks alike."""
    pytest.importorskip("pygraphviz")
    monkeypatch.setattr(render, "which", lambda name: None)
    assert b"<svg" in picture.pipe("svg")
    assert picture.pipe("svg", encoding="utf-8").startswith("<?xml")
    picture.save(tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert "image/png" in picture._repr_mimebundle_()


def test_without_any_graphviz_the_error_names_both_ways(
    picture: render.Picture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One line; the DOT text is there all the same."""
    monkeypatch.setattr(render, "which", lambda name: None)
    monkeypatch.setattr(render, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"install Graphviz, or .*: pip install .*\[render\]"):
        picture.save(tmp_path / "a.svg")
    picture.save(tmp_path / "a.dot")
    assert [p.name for p in tmp_path.iterdir()] == ["a.dot"]
    assert "install Graphviz" in picture._repr_mimebundle_()["text/plain"]


def test_a_missing_folder_and_an_unknown_format_leave_nothing(
    picture: render.Picture, tmp_path: Path
) -> None:
    """The error names the folder, or the formats there are."""
    for name in ("a.svg", "a.dot"):
        with pytest.raises(
            FileNotFoundError, match=r"there is no folder .*missing.*; make it first"
        ):
            picture.save(tmp_path / "missing" / name)
    with pytest.raises(ValueError, match=r"ending of .*bmp is 'bmp'; .* one of svg, png"):
        picture.save(tmp_path / "a.bmp")
    assert not list(tmp_path.iterdir())


def fake_dot(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """A program called dot that does something else."""
    program = folder / "bin" / "dot"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\n{body}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))


def test_a_program_that_fails_is_quoted(
    picture: render.Picture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its last line of error is in ours, and the file of before is as it was."""
    fake_dot(
        tmp_path,
        monkeypatch,
        "import sys; print('trouble in init_rank', file=sys.stderr); sys.exit(1)",
    )
    (tmp_path / "a.svg").write_text("before")
    with pytest.raises(RuntimeError, match="dot failed: trouble in init_rank"):
        picture.save(tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_text() == "before"
    assert {p.name for p in tmp_path.iterdir()} == {"a.svg", "bin"}


def test_a_program_that_hangs_is_stopped(
    picture: render.Picture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """After the limit there is an error that says what to do."""
    fake_dot(tmp_path, monkeypatch, "import time; time.sleep(60)")
    monkeypatch.setattr(render, "TIME_LIMIT", 0.3)
    with pytest.raises(RuntimeError, match=r"dot took longer than 0.3 s; draw less, with depth="):
        picture.pipe("svg")


def test_what_cannot_be_written_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure between writing and naming removes the temporary file."""

    def fail(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(files.os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        files.write(tmp_path / "a", b"content")
    assert not list(tmp_path.iterdir())
