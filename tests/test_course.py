"""The notebooks as a course: an order, a contents page, links, and what each lesson has."""

import re
from pathlib import Path
from typing import Any

import pytest
from conftest import cells_of
from tools.regenerate_notebooks import CONTENTS, LINKS, NOTEBOOKS, title

cells_of("00_contents")  # skips these tests where the notebooks are not
LESSONS = [path for path in NOTEBOOKS if path.name != CONTENTS]
MOST_BYTES = 3_000_000  # of all together
each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
LINK = re.compile(r"\]\(([^)#\s]+\.ipynb)(?:#[^)]*)?\)")
FOLDER = NOTEBOOKS[0].parent


def texts(path: Path) -> list[str]:
    """The texts of a notebook."""
    cells = cells_of(path.stem)
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]


def pages(path: Path) -> int:
    """How many live pages a notebook keeps."""
    outputs: list[dict[str, Any]] = [
        output for cell in cells_of(path.stem) for output in cell.get("outputs", [])
    ]
    return sum("srcdoc=" in "".join(o.get("data", {}).get("text/html", "")) for o in outputs)


def test_they_are_numbered_without_a_gap() -> None:
    """The order of the files is the order to read them in."""
    assert [int(path.name[:2]) for path in NOTEBOOKS] == list(range(len(NOTEBOOKS)))


def test_the_contents_and_the_readme_name_every_lesson_in_order() -> None:
    """By links; no lesson is left out."""
    (table,) = (text for text in texts(FOLDER / CONTENTS) if text.startswith("## The lessons"))
    assert LINK.findall(table) == [path.name for path in LESSONS]
    readme = (FOLDER.parent / "README.md").read_text("utf-8")
    course = readme.partition("## The course")[2].partition("\n## ")[0]
    linked = [name.partition("/")[2] for name in LINK.findall(course)]
    assert linked == [path.name for path in NOTEBOOKS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_links_lead_somewhere(path: Path) -> None:
    """To a notebook that is there; at the end one leads to the next and to the one before."""
    found = texts(path)
    assert all((FOLDER / name).exists() for text in found for name in LINK.findall(text))
    position = NOTEBOOKS.index(path)
    around = [*NOTEBOOKS[position + 1 : position + 2], *NOTEBOOKS[max(0, position - 1) : position]]
    assert found[-1].startswith(LINKS)
    assert LINK.findall(found[-1])[: len(around)] == [near.name for near in around]
    assert all(title(near) in found[-1] for near in around)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_has_something_to_turn(path: Path) -> None:
    """A live page is kept in it."""
    assert pages(path) >= 1


@each_lesson
def test_each_question_has_a_hidden_answer(path: Path) -> None:
    """Under the heading of questions; at least four, numbered without a gap."""
    (questions,) = (text for text in texts(path) if re.match(r"## (\d+\. )?Questions", text))
    numbers = [int(n) for n in re.findall(r"^(\d+)\. ", questions, re.MULTILINE)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 4
    parts = re.split(r"^\d+\. ", questions, flags=re.MULTILINE)[1:]
    for part in parts:
        answer = re.search(
            r"<details><summary>Answer</summary>\n\n(.+?)\n\n\s*</details>", part, re.DOTALL
        )
        assert answer
        assert len(answer[1].split()) >= 3


@each_lesson
def test_each_says_how_long_it_takes(path: Path) -> None:
    """At most 25 minutes; how to install is said in the contents alone."""
    first = texts(path)[0]
    minutes = re.search(r"\*\*(\d+) minutes\.\*\*", first)
    assert minutes
    assert int(minutes[1]) <= 25
    assert f"]({CONTENTS})" in first
    assert not any("pip install -e" in text for text in texts(path))


def test_together_they_are_small() -> None:
    """At most 3 MB to fetch."""
    assert sum(path.stat().st_size for path in NOTEBOOKS) <= MOST_BYTES
