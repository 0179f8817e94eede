"""Tables at the end of a notebook's cell: all that is in them, harmless, on narrow pages too."""

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from browsing import Watched, chromium
from hypothesis import given
from hypothesis import strategies as st
from nbclient import NotebookClient

from micrograd_like.display import Table, shown

TAGS = {"div", "table", "thead", "tbody", "tr", "th", "td", "p", "strong", "wbr"}
HOSTILE = [
    "</td></table><script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "&lt;b&gt; & {{x}}",
    "x" * 10_000,
    "\x1b[2J\x00\ud800\u202egnp.exe\u2069",
    "משקל",
    "two\nlines\u2028three",
]
PROGRAM = [
    "from micrograd_like import History, Value, gradcheck, paths\n"
    "a, b = Value(2.0, 'a'), Value(-3.0, '<i>b</i>')\n"
    "paths(a * b + b, b)",
    "gradcheck(lambda x, y: x * y, 1.0, 2.0)",
    "History(loss=[2.0, 0.5])",
]


class Reader(HTMLParser):
    """The tags and the text of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.words += " "
        assert {name for name, _ in attributes} <= {"style", "dir"}

    def handle_data(self, data: str) -> None:
        self.words += data


def test_the_text_is_in_columns() -> None:
    """Under their words, without spaces at the end; rows of other lengths are no error."""
    table = Table([["a", "1"], ["long", "2", "x"], []], ["name", "n"], ["a note"])
    assert str(table).splitlines() == ["name  n", "a     1", "long  2  x", "", "a note"]
    assert str(Table([])) == ""


@given(st.lists(st.lists(st.sampled_from(HOSTILE) | st.text(), max_size=3), max_size=3))
def test_whatever_is_written_is_text(rows: list[list[str]]) -> None:
    """No tag, no attribute and no control character comes from the cells, the title, or a note."""
    words = [cell for row in rows for cell in row]
    html = Table(rows, words, words).html(" ".join(words))
    read = Reader(html)
    assert read.tags <= TAGS
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]", html)
    assert max(map(len, read.words.split()), default=0) <= 20


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_short_and_in_one_line(name: str) -> None:
    """As they are read beside others; a name that turns round what follows is kept apart."""
    told = shown(name)
    assert 0 < len(told) <= 42
    assert told.splitlines() == [told]
    assert not re.search("[\x00-\x1f\ud800-\udfff\u202a-\u202e]", told)
    assert (told[0] == "\u2068" and told[-1] == "\u2069") == (name == "משקל")


def test_a_table_fits_its_page(tmp_path: Path) -> None:
    """In Chromium, with the longest words there are: the page does not scroll, and no script runs.

    A table of more columns than fit scrolls by itself.
    """
    path = tmp_path / "table.html"
    tables = [Table([[name, "0.4199743416 ± 2e−14"]]) for name in HOSTILE]
    tables += [Table([["0.4199743416"] * 8]), Table([], notes=HOSTILE)]
    body = "".join(table.html("title " + "t" * 1000) for table in tables)
    path.write_text(f"<!doctype html><meta charset='utf-8'>{body}", encoding="utf-8")
    wide = "[...document.querySelectorAll('div')].map((it) => it.scrollWidth > it.clientWidth)"
    with chromium() as browser:
        for width in (1100, 390):
            watched = Watched(browser, width=width)
            page = watched.open(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            right = [width == 390 and table.rows == tables[-2].rows for table in tables]
            assert page.evaluate(wide) == right
            watched.close()


@pytest.mark.slow
def test_notebooks_show_tables_and_latex_the_text(tmp_path: Path) -> None:
    """Run, then exported by nbconvert as a page, as slides and as LaTeX: nowhere an address."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in PROGRAM])
    NotebookClient(notebook, kernel_name="python3").execute()
    path = tmp_path / "shown.ipynb"
    nbformat.write(notebook, path)
    for cell in notebook.cells:
        data = cell.outputs[0].data
        assert set(data) == {"text/plain", "text/html"}
        assert "<table" in data["text/html"]
        assert "0x" not in data["text/plain"] + data["text/html"]
    for kind, ending, wanted in [
        ("html", "html", "&lt;i&gt;b&lt;/i&gt; → v1 → v2"),
        ("slides", "slides.html", "&lt;i&gt;b&lt;/i&gt; → v1 → v2"),
        ("latex", "tex", "input  point  gradient  numeric ± bar  outcome"),
    ]:
        command = [sys.executable, "-m", "nbconvert", "--to", kind, str(path)]
        subprocess.run(command, check=True, capture_output=True)
        assert wanted in path.with_suffix(f".{ending}").read_text("utf-8")
