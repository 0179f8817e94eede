"""A lesson for its tests: what its notebook says, has shown, and does when it is run."""

from collections.abc import Sequence
from typing import Any

from conftest import cells_of


def shown_by(cell: dict[str, Any], kind: str = "") -> str:
    """What a cell has printed, or shown of a kind such as text/html."""
    outputs = cell.get("outputs", [])
    found = [o.get("data", {}).get(kind, "") if kind else o.get("text", "") for o in outputs]
    return "".join(line for lines in found for line in lines)


def changed(program: str, *changes: tuple[str, str]) -> str:
    """A program with new texts in place of old ones, all of which it must have."""
    for old, new in changes:
        assert old in program, f"there is no {old!r} that could be changed"
        program = program.replace(old, new)
    return program


def before(program: str, end: str) -> str:
    """A program up to a text, which it must have; all of it if the text is empty."""
    assert end in program, f"there is no {end!r} to stop at"
    return program.partition(end)[0] if end else program


class Lesson:
    """A notebook by its name; where there are no notebooks, the file of tests is skipped."""

    def __init__(self, name: str) -> None:
        self.cells = cells_of(name)
        sources = [(cell["cell_type"], "".join(cell["source"])) for cell in self.cells]
        self.code = [source for kind, source in sources if kind == "code"]
        self.text = "\n".join(source for kind, source in sources if kind == "markdown")
        self.printed = "".join(map(shown_by, self.cells))

    def cell(self, text: str) -> dict[str, Any]:
        """The first code cell that has a text."""
        codes = [cell for cell in self.cells if cell["cell_type"] == "code"]
        return next(cell for cell in codes if text in "".join(cell["source"]))

    def source(self, text: str, end: str = "") -> str:
        """The code of the cell with a text, up to another text of it."""
        return before("".join(self.cell(text)["source"]), end)

    def shown(self, text: str, kind: str = "") -> str:
        """What the cell with a text has printed, or shown of a kind."""
        return shown_by(self.cell(text), kind)

    def run(
        self, *changes: tuple[str, str], without: Sequence[str] = (), end: str = ""
    ) -> dict[str, Any]:
        """The names after the code that comes before `end`, with some texts changed.

        Cells with a text of `without` are left out.
        """
        for text in without:
            assert any(text in code for code in self.code), f"no cell has {text!r}"
        kept = [code for code in self.code if not any(text in code for text in without)]
        names: dict[str, Any] = {}
        exec(changed(before("\n".join(kept), end), *changes), names)
        return names
