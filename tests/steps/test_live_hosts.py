"""The live page computes wherever it is shown; where no script may run, a picture is left.

From disk, from servers with policies of their own, in JupyterLab, Notebook, marimo and exports.
What is not installed is skipped: none of them is needed for the package.
"""

import math
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
import pytest
from browsing import Watched
from hosting import jupyter, marimo, pages
from live_page import tanh_of_line
from nbclient import NotebookClient

from micrograd_like import Backprop

pytestmark = pytest.mark.slow
PROGRAM = """\
from micrograd_like import Backprop, Value
a, b, c = Value(2.0, "a"), Value(-1.5, "b"), Value(2.4, "c")
L = (a * b + c).tanh()
L.label = "L"
Backprop(L)"""
KEYS = [  # in JupyterLab: run, insert, delete, cut, change and restart, among others
    *("Space", "Space", "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "Enter", "Shift+Enter"),
    *("Control+Enter", "a", "b", "d", "d", "x", "y", "m", "0", "0", "Escape", "Tab", "Escape"),
]
# What a webview of an editor lets its outputs do, as in VS Code.
WEBVIEW = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'unsafe-inline'; img-src https: http: data:; connect-src https:; child-src data:"
)


class Host:
    """A page in a browser that may have a frame with ours, and what ours asks for or says."""

    def __init__(self, browser: Any, **options: Any) -> None:
        self.context = browser.new_context(viewport={"width": 1300, "height": 900}, **options)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.page.on("console", lambda it: self.hear(it.location["url"], it.text))
        self.page.on("pageerror", lambda it: self.hear(str(it.stack), str(it)))
        self.page.on("request", self.ask)
        self.frame = self.page.frame_locator("iframe").first

    def hear(self, where: str, text: str) -> None:
        if "about:srcdoc" in where:
            self.said.append(text)

    def ask(self, request: Any) -> None:
        if request.frame.parent_frame and not request.url.startswith(("about:", "data:")):
            self.said.append(request.url)

    def close(self) -> None:
        self.context.close()
        assert self.said == []


@pytest.fixture
def host(browser: Any) -> Iterator[Host]:
    """A host that can reach this machine's servers."""
    made = Host(browser)
    yield made
    made.close()


@pytest.fixture
def offline(browser: Any) -> Iterator[Host]:
    """A host without a network."""
    made = Host(browser, offline=True)
    yield made
    made.close()


def steps() -> Backprop:
    return Backprop(tanh_of_line()[1]())


def computes(where: Any, page: Any) -> None:
    """Steps are played; edits by typing, by keys and by dragging are followed; undo, too."""
    where.locator("#last").click(timeout=60_000)
    where.locator("#count", has_text="step 9 of 9").wait_for()
    where.locator("#n0 text").first.click()
    field = where.locator(".knob [type=text]")
    for a in (1.25, -0.5):
        field.fill(str(a))
        page.keyboard.press("Enter")
        loss = float(where.locator(".outcome").inner_text()[4:].replace("−", "-"))
        assert loss == math.tanh(a * -1.5 + 2.4)
    where.locator("#n0").focus()
    page.keyboard.press("Shift+ArrowRight")
    assert field.input_value() == "−0.49"
    box = where.locator("#d1 rect").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 10, y)
    page.mouse.move(x + 40, y)
    page.mouse.up()
    assert where.locator("#d1 text").last.text_content() == "−0.5"
    for _ in range(4):
        page.keyboard.press("u")
    assert where.locator("#d0 text").last.text_content() == "2"
    assert where.locator("#equation").inner_text().split()[-1] == "1.4232"


# --- files and servers


def test_it_computes_from_disk(browser: Any, tmp_path: Path) -> None:
    """A file, without a server: nothing is asked for, nothing complained about."""
    watched = Watched(browser, reduced_motion="reduce")
    path = tmp_path / "page.html"
    steps().save(path)
    computes(watched.open(path), watched.page)
    watched.close()


@pytest.mark.parametrize("styles", ["; style-src 'unsafe-inline'", ""])
def test_it_computes_under_a_servers_strict_policy(
    browser: Any, tmp_path: Path, styles: str
) -> None:
    """Its scripts alone may run, without an origin; where styles are forbidden it brings them."""
    path = tmp_path / "page.html"
    steps().save(path)
    match = re.search(r"script-src [^\";]*", path.read_text("utf-8"))
    assert match
    policy = f"default-src 'none'; {match[0]}{styles}; sandbox allow-scripts"
    watched = Watched(browser, reduced_motion="reduce")
    with pages(tmp_path, policy) as address:
        watched.page.goto(f"{address}page.html")
        computes(watched.page, watched.page)
        assert watched.requests == [f"{address}page.html"]
        style = "getComputedStyle(document.querySelector('#toolbar')).display"
        assert watched.page.evaluate(style) == "flex"
        assert watched.page.evaluate("getComputedStyle(document.body).fontSize") == "15px"
    watched.context.close()
    if styles:
        assert watched.complaints == []
    assert all("Applying inline style" in text for text in watched.complaints)


def framed(folder: Path) -> None:
    """A page of somebody's with the player in it."""
    text = f'<!doctype html><meta charset="utf-8"><title>notes</title>{steps()._repr_html_()}'
    (folder / "notes.html").write_text(text, "utf-8")


def test_it_computes_in_an_editors_webview(host: Host, tmp_path: Path) -> None:
    """Whose policy the frame inherits."""
    framed(tmp_path)
    with pages(tmp_path, WEBVIEW) as address:
        host.page.goto(f"{address}notes.html")
        computes(host.frame, host.page)


NO_SCRIPT = pytest.mark.parametrize("policy", ["script-src 'none'", "sandbox"])


def does_not_play(where: Any) -> None:
    """The words say so, and there are no controls that would do nothing."""
    words = where.locator(".words:visible")
    words.wait_for()
    assert words.inner_text().startswith("The last step of Backprop of L.")
    assert where.locator("#controls").is_hidden()


@NO_SCRIPT
def test_where_no_script_may_run_a_picture_is_left(
    browser: Any, tmp_path: Path, policy: str
) -> None:
    """A page that was saved shows its last step."""
    steps().save(tmp_path / "page.html")
    made = Host(browser)
    with pages(tmp_path, policy) as address:
        made.page.goto(f"{address}page.html")
        assert made.page.locator("#g1 text").last.text_content() == "1.4232"
        does_not_play(made.page)
        made.context.close()


@NO_SCRIPT
def test_a_frame_where_no_script_may_run_says_so(browser: Any, tmp_path: Path, policy: str) -> None:
    """Its picture is packed; where the page around has no scripts either, one stands beside it."""
    framed(tmp_path)
    made = Host(browser)
    with pages(tmp_path, policy) as address:
        made.page.goto(f"{address}notes.html")
        does_not_play(made.frame)
        assert made.page.locator("img").count() == (policy == "sandbox")
        made.context.close()
    assert all(re.match("Executing|Blocked script", text) for text in made.said)


# --- exports of notebooks


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A notebook that was run elsewhere."""
    path = tmp_path_factory.mktemp("notebook") / "play.ipynb"
    made = written(path)
    NotebookClient(made, kernel_name="python3").execute()
    nbformat.write(made, path)
    return path


def written(path: Path) -> Any:
    """A notebook with a cell that plays, a text, and another cell."""
    cells = [
        nbformat.v4.new_code_cell(PROGRAM, metadata={"slideshow": {"slide_type": "slide"}}),
        nbformat.v4.new_markdown_cell("text"),
        nbformat.v4.new_code_cell("1 + 1"),
    ]
    made = nbformat.v4.new_notebook(cells=cells)
    made.metadata["kernelspec"] = {
        "display_name": "Python 3", "language": "python", "name": "python3",
    }  # fmt: skip
    nbformat.write(made, path)
    return made


def converted(notebook: Path, *options: str) -> None:
    command = [sys.executable, "-m", "nbconvert", *options, str(notebook)]
    subprocess.run(command, check=True, capture_output=True, cwd=notebook.parent)


@pytest.mark.parametrize("kind", ["lab", "classic", "basic", "slides"])
def test_it_computes_in_an_export(offline: Host, notebook: Path, kind: str) -> None:
    """Of nbconvert, as a page in each of its styles and as slides, without a network."""
    form = ["--to", "slides"] if kind == "slides" else ["--to", "html", "--template", kind]
    converted(notebook, *form, "--output", kind)
    end = ".slides.html" if kind == "slides" else ".html"
    offline.page.goto((notebook.parent / f"{kind}{end}").as_uri())
    computes(offline.frame, offline.page)


def test_latex_has_a_picture(notebook: Path) -> None:
    """Beside the text, as large as the page allows; no page that plays."""
    made = nbformat.read(notebook, as_version=4)
    made.cells = [cell for cell in made.cells if cell.cell_type == "code"]  # as text needs Pandoc
    path = notebook.with_name("code.ipynb")
    nbformat.write(made, path)
    converted(path, "--to", "latex")
    text = path.with_suffix(".tex").read_text("utf-8")
    match = re.search(r"\{(code_files/\S+\.png)\}", text)
    assert match
    assert (notebook.parent / match[1]).read_bytes().startswith(b"\x89PNG")
    assert "iframe" not in text


# --- notebooks


@pytest.fixture(scope="module", params=["jupyterlab", "notebook"])
def server(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of notebooks on a server, and their folder."""
    folder = tmp_path_factory.mktemp(request.param)
    with jupyter(request.param, folder) as address:
        yield f"{address}{'lab/tree' if request.param == 'jupyterlab' else 'notebooks'}/", folder


def opened(host: Host, address: str) -> None:
    """Open a notebook; where it is asked which kernel it has, the right one is chosen already."""
    question = host.page.locator(".jp-Dialog .jp-mod-accept").last
    host.page.add_locator_handler(question, lambda: question.click())
    host.page.goto(f"{address}?reset")  # other notebooks are closed
    host.page.locator(".jp-CodeCell .cm-content").first.wait_for(timeout=90_000)
    host.frame = host.page.frame_locator(".jp-OutputArea-output iframe")


def run(host: Host, cell: str, key: str) -> None:
    """Run the first cell; a notebook that is still being set up may not listen."""
    for _ in range(6):
        host.page.locator(cell).first.click(timeout=90_000)
        host.page.keyboard.press(key)
        for _ in range(30):
            host.page.wait_for_timeout(500)
            if host.frame.locator("#toolbar").count():
                return
    raise AssertionError("the cell did not run")


def state(host: Host) -> Any:
    """What keys change in a notebook: its cells, what was run, which cell is chosen, the focus."""
    return host.page.evaluate(
        "[[...document.querySelectorAll('.jp-Cell')].map((cell) => cell.className),"
        "[...document.querySelectorAll('.jp-InputPrompt')].map((it) => it.textContent),"
        "document.activeElement.tagName, document.querySelector('.jp-Dialog')]"
    )


def test_it_computes_in_a_notebook(host: Host, server: tuple[str, Path]) -> None:
    """Keys stay in the page; what it copies arrives; afterwards the notebook has its keys."""
    address, folder = server
    written(folder / "play.ipynb")
    opened(host, f"{address}play.ipynb")
    run(host, ".jp-CodeCell .cm-content", "Shift+Enter")
    computes(host.frame, host.page)
    host.frame.locator("#stage").click(position={"x": 5, "y": 5})
    before = state(host)
    for key in KEYS:
        host.page.keyboard.press(key)
        assert (key, state(host)) == (key, before)

    host.frame.locator("#stage").click(position={"x": 5, "y": 5})
    host.page.keyboard.press("c")
    told = host.frame.locator("#python [role=status]")
    assert told.inner_text() in ("copied", "it is selected: copy it with Ctrl or ⌘ and C")
    if told.inner_text() != "copied":
        host.page.keyboard.press("Control+c")
    text = host.frame.locator("#python textarea").input_value()
    host.page.locator(".jp-CodeCell .cm-content").last.click()
    host.page.keyboard.press("Control+a")
    host.page.keyboard.press("Control+v")
    pasted = host.page.locator(".jp-CodeCell .cm-content").last.locator(".cm-line")
    assert "\n".join(pasted.all_inner_texts()).strip() == text.strip()

    cells = host.page.locator(".jp-Cell").count()
    host.page.keyboard.press("Escape")
    host.page.keyboard.press("b")  # of the notebook: one more cell, below
    host.page.locator(".jp-Cell").nth(cells).wait_for()


def test_a_saved_notebook_plays_where_it_was_run_and_is_a_picture_elsewhere(
    host: Host, browser: Any, server: tuple[str, Path]
) -> None:
    """Opened again it computes; changed by someone else it is not trusted, and no script runs."""
    address, folder = server
    path = folder / "saved.ipynb"
    written(path)
    opened(host, f"{address}saved.ipynb")
    run(host, ".jp-CodeCell .cm-content", "Shift+Enter")
    host.page.locator(".jp-CodeCell .cm-content").first.click()
    host.page.keyboard.press("Control+s")
    until_saved(path)
    again = Host(browser)
    opened(again, f"{address}saved.ipynb")
    computes(again.frame, again.page)
    again.close()

    other = nbformat.read(path, as_version=4)
    other.cells.append(nbformat.v4.new_code_cell("2"))
    nbformat.write(other, folder / "other.ipynb")
    strange = Host(browser)
    opened(strange, f"{address}other.ipynb")
    picture = strange.page.locator(".jp-OutputArea-output img[alt='step 9/9 of L']")
    picture.wait_for(timeout=60_000)
    assert picture.evaluate("it => it.complete && it.naturalWidth") > 300
    assert strange.page.locator(".jp-OutputArea-output iframe").count() == 0
    strange.close()


def until_saved(path: Path) -> None:
    for _ in range(200):
        with suppress(ValueError):  # while it is written
            if nbformat.read(path, as_version=4).cells[0].outputs:
                return
        time.sleep(0.1)
    raise AssertionError("it was not saved")


def test_it_computes_in_marimo(host: Host, tmp_path: Path) -> None:
    """As an output of a cell, which may be narrow; its keys run and change nothing there."""
    cell = "\n    ".join(PROGRAM.splitlines())
    program = (
        f"import marimo\n\napp = marimo.App()\n\n\n@app.cell\ndef _():\n    {cell}\n    return\n"
    )
    path = tmp_path / "play.py"
    path.write_text(program, "utf-8")
    with marimo(path) as address:
        host.page.goto(address)
        run(host, ".cm-content", "Control+Enter")
        computes(host.frame, host.page)
        before = host.page.locator(".cm-content").all_inner_texts()
        for key in KEYS:
            host.page.keyboard.press(key)
        assert host.page.locator(".cm-content").all_inner_texts() == before
        assert host.frame.locator("#toolbar").is_visible()
