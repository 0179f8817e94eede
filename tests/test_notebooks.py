"""The notebooks: each runs from top to bottom and gives the outputs that are kept in it."""

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import cells_of
from nbconvert import SlidesExporter
from tools.regenerate_notebooks import NOTEBOOKS, regenerated, slide

from micrograd_like.steps.pages import unpacked

FAST = "01_first_steps.ipynb"
cells_of(Path(FAST).stem)  # skips these tests where the notebooks are not

IMAGE = re.compile(r'(?:width="\d+" height="\d+" )?src="data:image/[^"]*"')


def without_pictures(text: str) -> list[dict[str, Any]]:
    """A notebook's cells without the bytes of pictures, which differ with the versions of tools."""
    cells: list[dict[str, Any]] = json.loads(text)["cells"]
    for cell in cells:
        for output in cell.get("outputs", []):
            for kind in output.get("data", {}):
                if kind.startswith("image/"):
                    output["data"][kind] = "a picture"
                    output["metadata"].pop(kind, None)  # its size
                elif "srcdoc=" in "".join(output["data"][kind]):
                    output["data"][kind] = told("".join(output["data"][kind]))
                elif kind == "text/html":
                    text = "".join(output["data"][kind])
                    output["data"][kind] = IMAGE.sub('src="a picture"', text)
    return cells


PLACED = {"style", "svg", "set", "start", "place"}  # pictures, and where things are on them


def told(player: str) -> dict[str, Any]:
    """What a page is about, without its pictures' layouts, and without how its steps look."""
    script = unpacked(player.partition('id="packed">')[2].partition("<")[0])
    start = script.partition("const CONTENT = ")[2]
    content, _ = json.JSONDecoder(object_hook=unplaced).raw_decode(start)
    about: dict[str, Any] = content
    return about


def unplaced(part: dict[str, Any]) -> dict[str, Any]:
    """A part of a page's content without what depends on a layout."""
    return {key: x for key, x in part.items() if key not in PLACED}


each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, marks=[pytest.mark.slow] if path.name != FAST else [], id=path.name)
        for path in NOTEBOOKS
    ],
)
def test_kept_outputs_are_what_the_notebook_computes(path: Path) -> None:
    """A notebook runs from top to bottom without an error and gives its kept outputs again."""
    fresh = without_pictures(regenerated(path))
    kept = without_pictures(path.read_text("utf-8"))
    assert fresh == kept


@each_notebook
def test_cells_were_run_in_order(path: Path) -> None:
    """The code cells of a notebook were run once each, from top to bottom, in a new kernel."""
    cells = nbformat.read(path, as_version=4).cells
    counts = [cell.execution_count for cell in cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert counts


def kinds(path: Path) -> list[tuple[Any, str]]:
    """The cells of a notebook, and how each begins a slide."""
    cells = nbformat.read(path, as_version=4).cells
    return [(cell, cell.metadata.get("slideshow", {}).get("slide_type", "")) for cell in cells]


@each_notebook
def test_each_heading_begins_a_slide(path: Path) -> None:
    """All slides begin with a heading, no heading stands in one, and the metadata is the tool's."""
    for cell, kind in kinds(path):
        assert cell.metadata == slide(cell)
        begins = cell.cell_type == "markdown" and cell.source.startswith("#")
        assert (kind == "slide") == begins
        if cell.cell_type == "markdown":
            assert "\n## " not in cell.source


def test_slides_are_one_column_for_each_heading() -> None:
    """nbconvert makes a column of slides of each heading, and none of the links at the end."""
    path = next(path for path in NOTEBOOKS if path.name == FAST)
    html, _ = SlidesExporter().from_filename(str(path))
    shown = [kind for _, kind in kinds(path)]
    assert html.count("<section><section>") == shown.count("slide")
    assert len(re.findall("<section>", html)) == 2 * shown.count("slide") + shown.count("subslide")
    assert "Go on</strong>" not in html


@each_notebook
def test_each_page_has_a_picture_for_paper(path: Path) -> None:
    """What plays in HTML has a PNG beside it, which is all that nbconvert's LaTeX shows of it."""
    for cell, _ in kinds(path):
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            assert "<iframe" not in data.get("text/html", "") or data.get("image/png")
