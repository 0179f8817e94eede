"""Run every notebook from top to bottom and keep its outputs.

``python tests/tools/regenerate_notebooks.py [NAME ...]`` runs those of these names, or all.  A
second run changes no byte, but of the pictures that show times.
"""

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


COLOURS = 64  # of a PNG that stands beside HTML


def smaller(png: str, size: dict[str, int]) -> str:
    """A PNG that only readers without HTML see: a pixel for a pixel of the page, in few colours.

    It takes a tenth of the bytes; the picture in the HTML has all the details.
    """
    image = Image.open(BytesIO(b64decode(png))).convert("RGB")
    if size and size["width"] < image.width:
        image = image.resize((size["width"], size["height"]), Image.Resampling.BOX)
    content = BytesIO()
    image.quantize(COLOURS).save(content, "PNG", optimize=True)
    return b64encode(content.getvalue()).decode()


def shrink(output: Any) -> None:
    """Make the PNG beside an output's HTML smaller, if there are both."""
    data = output.get("data", {})
    if {"text/html", "image/png"} <= data.keys():
        size = output.metadata.get("image/png", {})
        data["image/png"] = smaller(data["image/png"], size)


def regenerated(path: Path) -> str:
    """The text of a notebook file, run in a new kernel, without what differs between machines."""
    notebook = nbformat.read(path, as_version=4)
    notebook.nbformat_minor = 5  # the first with cell ids
    for i, cell in enumerate(notebook.cells):
        cell.id = f"cell-{i}"
        cell.metadata = nbformat.from_dict({})
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    NotebookClient(
        notebook,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        timeout=120,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    for cell in notebook.cells:
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
