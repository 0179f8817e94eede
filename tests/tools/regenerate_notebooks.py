"""Run every notebook from top to bottom and keep its outputs.

``python tests/tools/regenerate_notebooks.py [NAME ...]`` runs those of these names, or all.  A
second run changes no byte.  The links at the end of each, and what becomes a slide, are written
here too, from the order and the headings of the notebooks.
"""

import re
import sys
from base64 import b64decode, b64encode
from io import BytesIO
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from PIL import Image

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


COLOURS, FEW = 64, 16  # of a kept PNG, and of one that stands beside HTML
CONTENTS = "00_contents.ipynb"
HEADING = re.compile(r"^(?=## )", re.MULTILINE)
LINKS = "**Go on**: "  # begins the last cell
SHOWN = {"text/html", "image/png"}  # what needs a slide of its own


def smaller(png: str, colours: int, size: dict[str, int]) -> str:
    """A PNG in few colours, of a pixel for a pixel of the page: a fifth of the bytes."""
    image = Image.open(BytesIO(b64decode(png))).convert("RGB")
    if size and size["width"] < image.width:
        image = image.resize((size["width"], size["height"]), Image.Resampling.BOX)
    content = BytesIO()
    image.quantize(colours).save(content, "PNG", optimize=True)
    return b64encode(content.getvalue()).decode()


def shrink(output: Any) -> None:
    """Make an output's PNG smaller; one beside HTML is seen only by readers without HTML."""
    data = output.get("data", {})
    if "image/png" in data:
        beside = "text/html" in data
        size = output.metadata.get("image/png", {}) if beside else {}
        data["image/png"] = smaller(data["image/png"], FEW if beside else COLOURS, size)


def title(path: Path) -> str:
    """The heading of a notebook."""
    first = nbformat.read(path, as_version=4).cells[0].source
    return str(first.partition("\n")[0].removeprefix("# "))


def links(path: Path) -> str:
    """The way on from a notebook: to the next one, the one before, and the contents."""
    position = NOTEBOOKS.index(path)
    ways = []
    if position + 1 < len(NOTEBOOKS):
        after = NOTEBOOKS[position + 1]
        ways.append(f"[{title(after)} →]({after.name})")
    if position:
        before = NOTEBOOKS[position - 1]
        ways.append(f"[← {title(before)}]({before.name})")
        if before.name != CONTENTS:
            ways.append(f"[Contents]({CONTENTS})")
    return LINKS + " · ".join(ways)


def arranged(cells: list[Any], path: Path) -> list[Any]:
    """The cells with a heading at the top of each that has one, and the links at the end."""
    arranged = []
    for cell in cells:
        if cell.cell_type == "code":
            arranged.append(cell)
        elif not cell.source.startswith(LINKS):
            parts = [part.strip() for part in HEADING.split(cell.source)]
            arranged += [nbformat.v4.new_markdown_cell(part) for part in parts if part]
    return [*arranged, nbformat.v4.new_markdown_cell(links(path))]


def slide(cell: Any) -> dict[str, Any]:
    """A heading begins a slide; other text, and code that shows a page or a picture, one below it.

    Code that prints stands below its text.  The links at the end are no slide.
    """
    if cell.source.startswith(LINKS):
        kind = "skip"
    elif cell.cell_type == "code":
        if not any(SHOWN & set(output.get("data", ())) for output in cell.outputs):
            return {}
        kind = "subslide"
    else:
        kind = "slide" if cell.source.startswith("#") else "subslide"
    return {"slideshow": {"slide_type": kind}}


def regenerated(path: Path) -> str:
    """The text of a notebook file, run in a new kernel, without what differs between machines."""
    notebook = nbformat.read(path, as_version=4)
    notebook.nbformat_minor = 5  # the first with cell ids
    notebook.cells = arranged(notebook.cells, path)
    for i, cell in enumerate(notebook.cells):
        cell.id = f"cell-{i}"
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    NotebookClient(
        notebook,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        timeout=300,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict(slide(cell))
        for output in cell.get("outputs", []):
            shrink(output)
    notebook.metadata = nbformat.from_dict(METADATA)
    return nbformat.writes(notebook, indent=1, ensure_ascii=False).rstrip("\n") + "\n"


if __name__ == "__main__":
    for notebook_path in NOTEBOOKS:
        if sys.argv[1:] and notebook_path.stem not in sys.argv[1:]:
            continue
        notebook_path.write_text(regenerated(notebook_path), encoding="utf-8", newline="\n")
        print(notebook_path.name)
