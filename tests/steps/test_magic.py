"""`%%backprop` in a shell: an ordinary cell, and the player of its last Value after it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from traitlets.config import Config

import micrograd_like
from micrograd_like import Backprop, Value

START = "%load_ext micrograd_like\nfrom micrograd_like import Value, group"
VALUES = "a, b = Value(2.0), Value(3.0)\n"


class Ran(NamedTuple):
    """What a cell did."""

    result: Any
    success: bool
    out: str
    error: str


class Notebook:
    """A shell, whose cells are run and kept as a notebook's are."""

    def __init__(self, folder: Path) -> None:
        config = Config({"HistoryManager": {"hist_file": ":memory:"}})
        self.shell = InteractiveShell(config=config, ipython_dir=str(folder), colors="nocolor")
        # Nothing is drawn here: an output is its text.
        self.shell.display_formatter.active_types = ["text/plain"]
        self.shell.display_formatter.mimebundle_formatter.enabled = False
        self.names = self.shell.user_ns

    def __call__(self, cell: str) -> Ran:
        """Run a cell."""
        with capture_output() as captured:
            ran = self.shell.run_cell(cell, store_history=True)
        return Ran(ran.result, ran.success, captured.stdout, captured.stderr)

    def shown(self, cell: str) -> Backprop:
        """What a cell that runs to its end shows last."""
        ran = self(cell)
        assert ran.success, ran
        assert isinstance(ran.result, Backprop), ran
        return ran.result


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notebook]:
    """A notebook for all tests; what a shell does to this Python is undone."""
    before = sys.modules["__main__"], sys.displayhook, sys.excepthook, [*sys.path]
    notebook = Notebook(tmp_path_factory.mktemp("ipython"))
    yield notebook
    notebook.shell.history_manager.end_session()
    sys.modules["__main__"], sys.displayhook, sys.excepthook, sys.path[:] = before


@pytest.fixture
def bare(kept: Notebook) -> Iterator[Notebook]:
    """A notebook in which nothing has run."""
    for name in {*kept.names} - {*kept.shell.user_ns_hidden}:
        del kept.names[name]
    yield kept
    kept("%unload_ext micrograd_like")
    kept.shell.ast_node_interactivity = "last_expr"


@pytest.fixture
def notebook(bare: Notebook) -> Notebook:
    """A notebook with the magic."""
    assert bare(START) == Ran(None, True, "", "")
    return bare


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("loss = a * b\nloss", "loss"),
        ("loss = a * b", "loss"),
        ("loss: Value = a * b", "loss"),
        ("loss: Value\na = a * b", "a"),
        ("loss = a\nloss += b", "loss"),
        ("c, loss = a + b, a * b", "loss"),
        ("c, *loss = a + b, a * b, 3", "c"),
        ("loss = other = a * b", "loss"),
        ("print(loss := a * b)", "loss"),
        ("[loss := loss * a if k else a for k in range(2)]", "loss"),
        ("loss = a * b\nrate = 0.1\nloss.backward()", "loss"),
        ("loss = a * b\nloss.data", "loss"),
        ("loss = a * b\ndel loss\nc = a + b\nd = c * 2\ndel d", "c"),
        ("with group('loss'):\n    loss = a * b", "loss"),
        ("if True:\n    loss = a * b\nelse:\n    never = a", "loss"),
        ("loss = a * b\nfor p in [a, b]:\n    p.data -= 0.1", "loss"),
        ("def f():\n    x = a * 2\n    return a * b\nloss = f()\nclass C:\n    of = a", "loss"),
        ("loss = a * b\nf = lambda: (x := a)\nprint(f())", "loss"),
        ("%%time\nloss = a * b", "loss"),
        ("loss = a * b\n%timeit -n1 -r1 -q a * b", "loss"),
        ("loss = a * b\nlines = !echo 1", "loss"),
        ("a * b", "v1"),
        ("loss = a * b\na + b", "v1"),
        ("loss = a * b\n# the end", "loss"),
        ("# first\n\n'text'\nloss = a * b", "loss"),
    ],
)
def test_the_last_value_is_shown(notebook: Notebook, cell: str, name: str) -> None:
    """The last expression, or else the last assignment of any kind, of what is there in the end."""
    notebook(VALUES)
    steps = notebook.shown(f"%%backprop\n{cell}")
    assert repr(steps).startswith(f"<Backprop of {name}: ")


def test_variables_are_names_and_labels_stay_as_they_are(notebook: Notebook) -> None:
    """Those of this cell, then of others; all digits of the user's values are untouched."""
    notebook(f"{VALUES}c = Value(1.0, 'C')\na.grad = 5.0")
    steps = notebook.shown("%%backprop\nd = a * b\nloss = (d + c).tanh()")
    assert [s.line.split(" =")[0] for s in steps[:3]] == ["d", "v1", "loss"]
    assert [steps.name(v) for v in steps.order] == ["a", "b", "d", "C", "v1", "loss"]
    assert [v.label for v in steps.order] == ["", "", "", "C", "", ""]
    assert notebook.names["a"].grad == 5.0
    assert type(notebook.names["loss"]) is Value
    assert steps.root is notebook.names["loss"]
    assert not [name for name in notebook.names if "backprop" in name.lower()]


def test_the_cells_own_names_come_first(notebook: Notebook) -> None:
    """Of two names for one value that of this cell, of two of this cell the first."""
    notebook(VALUES)
    steps = notebook.shown("%%backprop\nw = again = a\n_ = _hidden = c = w * b")
    assert [steps.name(v) for v in steps.order] == ["w", "b", "c"]


def test_variables_of_loops_name_nothing(notebook: Notebook) -> None:
    """Unless they are assigned, too; lists name what is in them."""
    cell = "%%backprop\nxs = [a, b]\nloss = 0\nfor x, k in [(b * 2, 1)]:\n    loss += x * xs[0]"
    notebook(VALUES)
    steps = notebook.shown(cell)
    assert [steps.name(v) for v in steps.order] == ["xs[1]", "v1", "xs[0]", "v2", "loss"]
    steps = notebook.shown(f"{cell}\nx = x")
    assert steps.name(steps.order[1]) == "x"


def test_a_cell_that_is_run_again_names_its_new_values(notebook: Notebook) -> None:
    """The names are those of the newest variables: an older value of a name has none."""
    cell = "%%backprop\na = Value(2.0)\na = a * 3\nloss = a * a"
    for _ in range(2):
        steps = notebook.shown(cell)
        assert [steps.name(v) for v in steps.order] == ["v1", "a", "loss"]
        assert steps.root is notebook.names["loss"]


def test_it_stops_where_a_gradient_is_complete(notebook: Notebook) -> None:
    """At a variable's name, a label, a name of the steps, or a variable whose label is another."""
    notebook(f"{VALUES}w = Value(1.0, 'weight one')\nxs = [Value(4.0)]")
    for asked, last in [
        ("until a", "a.grad"),
        ("until v1", "v1.grad"),
        ('until "weight one"', "(weight one).grad"),
        ("until w", "(weight one).grad"),
        ("until xs[0]", "xs[0].grad"),
        ("order=naive until b  theme=dark", "b.grad"),
    ]:
        steps = notebook.shown(f"%%backprop {asked}\nloss = (a * w + b) * a * xs[0]")
        assert steps[-1].line.startswith(f"{last} += "), asked
        assert len(steps) <= len(notebook.shown("%%backprop\nloss"))


def test_options_are_backprops(notebook: Notebook) -> None:
    """Order, theme, direction, and what is open."""
    notebook(f"{VALUES}with group('g'):\n    c = a * b\nwith group('h'):\n    d = c + 1")
    steps = notebook.shown("%%backprop order=depth-first theme=light rankdir=TB expand=g,h\nd")
    assert (steps.theme, steps.rankdir) == ("light", "TB")
    assert [*map(str, steps)][1:] == [*map(str, Backprop(steps.root, "depth-first", names={
        "a": steps.order[0], "b": steps.order[1], "c": steps.order[2], "d": steps.root,
    }))][1:]  # fmt: skip


def test_what_learns_is_a_model_or_are_leaves(notebook: Notebook) -> None:
    """By the variable of the model, and by the names of variables."""
    notebook(f"{VALUES}from micrograd_like import Neuron\nmodel = Neuron(2)")
    steps = notebook.shown("%%backprop learn=model\nloss = model([a, b])")
    assert {*map(id, steps.learn or [])} == {*map(id, notebook.names["model"].parameters())}
    steps = notebook.shown("%%backprop learn=b,a theme=dark\nloss = a * b")
    assert steps.learn == [notebook.names["a"], notebook.names["b"]]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("untill w", "takes until NAME, order=…, learn=…, expand=…, .*, not 'untill'"),
        ("until", "until needs a name, as in until w"),
        ("size=3", "takes until NAME, .*, not 'size=3'"),
        ("order=random", "order is 'random'; it is to be one of topological, naive, depth-first"),
        ("theme=red", "theme is 'red'; it is to be one of auto, light, dark"),
        ("until a b", "takes .*, not 'b'"),
    ],
)
def test_a_wrong_first_line_is_told_before_anything_runs(
    notebook: Notebook, line: str, message: str
) -> None:
    """In one line, and no statement of the cell has run."""
    ran = notebook(f"%%backprop {line}\nprint('ran')\nran = True")
    assert (ran.success, ran.out) == (False, "")
    assert re.fullmatch(rf"UsageError: %%backprop: {message}\n", ran.error)
    assert "ran" not in notebook.names


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("until c", "no value is called 'c'; there are a, b, loss"),
        ("until other", "Value.* is not in the graph, so no gradient reaches it; .*"),
        ("learn=c", "no value is called 'c'; there are a, b, loss"),
        ("learn=loss", "learn: loss is computed, and only leaves learn; there are a, b"),
        ("expand=g", "expand has no group 'g' to open; there are none"),
    ],
)
def test_what_only_the_graph_can_tell_is_told_after_the_cell(
    notebook: Notebook, line: str, message: str
) -> None:
    """In one line, too; what the cell did is there."""
    ran = notebook(f"%%backprop {line}\n{VALUES}other = Value(1.0)\nprint('ran')\nloss = a * b")
    assert (ran.success, ran.out) == (False, "ran\n")
    assert re.fullmatch(rf"UsageError: %%backprop: {message}\n", ran.error)
    assert "loss" in notebook.names


@pytest.mark.parametrize("cell", ["x = 3", "import math", "# nothing", "", "\n\n", "def f(): pass"])
def test_a_cell_without_a_value_says_so_in_one_line(notebook: Notebook, cell: str) -> None:
    """Also where one is in the notebook, which is not the cell's."""
    notebook(VALUES)
    ran = notebook(f"%%backprop\n{cell}")
    assert not ran.success
    assert ran.error.startswith("UsageError: %%backprop: this cell has no Value to show")
    assert ran.error.count("\n") == 1


ORDINARY = [
    "print('x'); loss",
    "import sys\nprint('e', file=sys.stderr)\nloss",
    "loss\n1 / 0\nloss",
    "loss = loss * 2\n\n\ndef f():\n    return loss.log() / 0\n\nf()",
    "loss\n(-1 *\n loss).log()",
    "loss\n    bad indent",
    "loss +",
    "def f(:",
    "return loss",
    "nowhere",
    "raise KeyboardInterrupt",
    "!echo shell\nloss",
    "files = !echo one\nprint(files)\nloss",
    "%timeit -n1 -r1 -q pass\nloss",
    "%nowhere\nloss",
    "%%time\nloss",
    "%%capture kept\nprint('kept')\nloss = loss * 2",
    "from __future__ import annotations\nloss",
    "import asyncio\nawait asyncio.sleep(0)\nloss",
    "import asyncio\nloss = await asyncio.sleep(0, loss * 2)\nloss",
    "async def f():\n    yield loss\nasync for x in f():\n    print(x)\nloss",
    "assert loss, 'no'\nassert not loss, 'yes'",
    "{1: 'a text over\\\nlines'}\nloss",
    "loss?\nloss",
    "if loss:\n    print(1)\nloss",
    "a = b = c = loss",
]


@pytest.mark.parametrize("cell", ORDINARY)
def test_the_cell_runs_as_an_ordinary_one(notebook: Notebook, cell: str) -> None:
    """Its output, errors, lines of errors and variables are those of the same cell without it."""
    ran = []
    for first in ("" if cell.startswith("%%") else "'%%backpro'", "%%backprop"):
        notebook(f"{VALUES}loss = a * b")
        did = notebook(f"{first}\n{cell}")
        out = re.sub(r"^(?:CPU times|Wall time):.*\n", "", did.out, flags=re.MULTILINE)
        out = re.sub(r"Out\[\d+\]: .*\n", "", out.replace("backprop'", "backpro'"))
        out = re.sub(r"ipython-input-\d+-\w+|0x\w+", "", out)
        names = {k: repr(v) for k, v in notebook.names.items() if not k.startswith("_")}
        for name in ("In", "Out", "f", "kept"):
            names.pop(name, None)
        ran.append((did.success, out, did.error, names))
    assert ran[0] == ran[1]


def test_an_output_of_the_cells_own_comes_before_the_player(notebook: Notebook) -> None:
    """The last expression where it is no Value, then the player of the last Value."""
    ran = notebook(f"%%backprop\n{VALUES}loss = a * b\nloss.data")
    assert re.fullmatch(r"Out\[(\d+)\]: 6.0\nOut\[\1\]: <Backprop of loss: 4 steps>\n", ran.out)


@pytest.mark.parametrize("end", ["loss;", "loss ; # quiet", "loss = a * b;", "loss.data;"])
def test_a_semicolon_keeps_the_player_away(notebook: Notebook, end: str) -> None:
    """As it keeps any output away."""
    ran = notebook(f"%%backprop\n{VALUES}loss = a * b\n{end}")
    assert ran == Ran(None, True, "", "")


@pytest.mark.parametrize("shows", ["all", "last", "last_expr", "last_expr_or_assign"])
def test_what_a_shell_shows_is_its_own_setting(notebook: Notebook, shows: str) -> None:
    """Where IPython shows each expression, it does so here, and the last is the player."""
    notebook.shell.ast_node_interactivity = shows
    ran = notebook(f"%%backprop\n{VALUES}'between'\nloss = a * b\nloss")
    assert isinstance(ran.result, Backprop)
    assert ran.out.count("between") == (shows == "all")
    assert ran.out.count("<Backprop of loss") == 1


def test_other_magics_may_stand_around_it(notebook: Notebook) -> None:
    """A cell's magic before it, and after it."""
    notebook(VALUES)
    for cell in ("%%time\n%%backprop until a\na * b", "%%backprop until a\n%%time\na * b"):
        ran = notebook(cell)
        assert ran.result[-1].line.startswith("a.grad")
        assert "Wall time" in ran.out
    notebook("%%capture kept\n%%backprop\nloss = a * b")
    assert "<Backprop of loss" in notebook.names["kept"].stdout


def test_a_deep_expression_is_no_problem(notebook: Notebook) -> None:
    """A sum of hundreds of terms is as deep; IPython itself gives up at about a thousand."""
    notebook(VALUES)
    assert len(notebook.shown(f"%%backprop\nloss = {' + '.join(['a'] * 700)}").operations) == 699


def test_history_and_completion_take_it_for_a_cells_magic(notebook: Notebook) -> None:
    """In a terminal it goes on until a blank line; the history has what was typed."""
    complete = notebook.shell.check_complete
    assert complete("%%backprop until w") == complete("%%time") == ("incomplete", "")
    assert complete("%%backprop\nloss = a\n\n")[0] == "complete"
    notebook(f"%%backprop\n{VALUES}")
    assert notebook.shell.history_manager.input_hist_raw[-1] == f"%%backprop\n{VALUES}".rstrip()
    assert "until w" in notebook("%%backprop?").out
    assert "backprop" in notebook.shell.magics_manager.lsmagic()["cell"]


def test_texts_that_look_like_it_are_texts(notebook: Notebook) -> None:
    """A longer name, a line further down, a text in a cell of its own."""
    notebook(VALUES)
    assert "Cell magic `%%backprops` not found" in notebook("%%backprops\na").error
    assert not notebook("a\n%%backprop\nb").success
    assert notebook("x = '%%backprop'\na").result is notebook.names["a"]


def test_it_is_loaded_once_and_unloaded_whole(bare: Notebook) -> None:
    """Nothing of it is there before and after; loading twice, and again, is loading it once."""
    shell = bare.shell

    def hooks() -> list[int]:
        lines = shell.input_transformer_manager.line_transforms
        return [len(lines), len(shell.ast_transformers), len(shell.magics_manager.magics["cell"])]

    before = hooks()
    assert not bare("%%backprop\n1").success
    for command in ("%load_ext", "%load_ext", "%reload_ext"):
        bare(f"{command} micrograd_like")
        micrograd_like.load_ipython_extension(shell)
        assert hooks() == [n + 1 for n in before]
    bare(START)
    bare.shown(f"%%backprop\n{VALUES}a * b")
    bare("%unload_ext micrograd_like")
    assert hooks() == before
    micrograd_like.unload_ipython_extension(shell)
    assert hooks() == before
    assert "not found" in bare("%%backprop\n1").error


def test_a_script_of_a_notebook_runs_it() -> None:
    """nbconvert writes a cell's magic as a call; an error in the cell ends the script."""
    script = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance(colors='nocolor')\n"
        "shell.run_cell('''%load_ext micrograd_like\nfrom micrograd_like import Value''')\n"
        "for last in ('a * b', '1 / 0'):\n"
        "    cell = f'a, b = Value(1.0), Value(2.0)\\n{last}\\n'\n"
        '    done = shell.run_cell(f\'get_ipython().run_cell_magic("backprop", "", {cell!r})\')\n'
        "    print(done.success)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "<Backprop of v1: 4 steps>\nTrue" in done.stdout
    assert done.stdout.endswith("False\n")
    assert "%%backprop: the cell raised the error above" in done.stderr


def test_the_package_knows_the_magic_only_when_it_is_asked_for() -> None:
    """Importing the package, and Backprop, loads neither it nor IPython; `*` does not bring it."""
    program = (
        "import sys; from micrograd_like import Backprop; print(*sys.modules);"
        "import micrograd_like; print(*micrograd_like.__all__);"
        "micrograd_like.load_ipython_extension"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    found = set(done.stdout.split())
    assert not found & {"IPython", "micrograd_like.steps.magic", "load_ipython_extension"}


def test_a_kernel_runs_it(tmp_path: Path) -> None:
    """With a real await; the page has the names; an error and a cell without a Value stop it."""
    wait = "import asyncio\nawait asyncio.sleep(0.01)\n"
    cells = [START, f"%%backprop until a\n{VALUES}{wait}loss = a * b + a"]

    def run(*cells: str) -> Any:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        NotebookClient(notebook, kernel_name="python3").execute(cwd=str(tmp_path))
        return notebook

    (output,) = run(*cells).cells[1].outputs
    assert output.output_type == "execute_result"
    assert output.data["text/plain"] == "<Backprop of loss: 6 steps>"
    assert "Backprop of loss" in output.data["text/html"]
    for cell, error in [("1 / 0", "ZeroDivisionError"), ("x = 1", "no Value to show")]:
        with pytest.raises(CellExecutionError, match=error):
            run(START, f"%%backprop\n{wait}{cell}")
