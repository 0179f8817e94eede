"""The package in unusual surroundings: options of Python, no home, nothing that may be written."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import micrograd_like

PACKAGE = Path(micrograd_like.__file__).parent
# Everything a learner does, in one program; what it prints does not depend on where it runs.
PROGRAM = """
import os
import random
import sys
from pathlib import Path
from micrograd_like import MLP, SGD, Backprop, Value, draw_dot, fit, gradcheck, tanh
a, b = Value(2.0, "a"), Value(-1.5, "b")
loss = tanh(a * b + a)
loss.backward()
print(a.grad, b.grad)
print(len(draw_dot(loss).source) > 100, len(list(Backprop(loss))))
print("</script>" in Backprop(loss)._repr_html_())
print(gradcheck(lambda x: x.exp() * x, 0.5).ok)
try:
    a.log().sqrt() + (a - 3).log()
except ValueError as error:
    print(error)
random.seed(1)
model = MLP(2, [3, 1])
is_compiled = HAS_NUMBA and "SCALARS" not in os.environ
rows, targets = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [1.0, 0.0, 1.0]
fit(model, rows, targets, epochs=3, tape=is_compiled, progress=False)
folder = Path(sys.argv[1])
model.save(folder / "model.json")
again = MLP.load(folder / "model.json")
print(again([0.0, 1.0]).data == model([0.0, 1.0]).data, round(model([0.0, 1.0]).data, 6))
print(SGD.__name__)
""".replace("HAS_NUMBA", str(find_spec("numba") is not None))


def output(
    folder: Path, *options: str, prefix: tuple[str, ...] = (), cwd: Path | None = None, **env: str
) -> str:
    """What the program prints in a Python of its own, which must not complain about anything."""
    surroundings = {k: v for k, v in os.environ.items() if env.get(k) != "-"}
    surroundings |= {k: v for k, v in env.items() if v != "-"}
    done = subprocess.run(
        [*prefix, sys.executable, *options, "-c", PROGRAM, str(folder)],
        cwd=cwd, env=surroundings, capture_output=True, encoding="utf-8", errors="replace",
        check=False,
    )  # fmt: skip
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the program prints when nothing is special."""
    return output(tmp_path_factory.mktemp("usual"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [["-O"], ["-OO"], ["-X", "dev", "-W", "error"], ["-b", "-b"], ["-X", "utf8=0"], ["-P", "-s"]],
    ids=" ".join,
)
def test_options_of_python_change_nothing(options: list[str], tmp_path: Path, usual: str) -> None:
    """Neither without asserts, nor without docstrings, nor where warnings are errors."""
    assert output(tmp_path, *options) == usual


@pytest.mark.slow
@pytest.mark.parametrize(
    "env",
    [
        # Numba itself leaves an encoding out.
        {"PYTHONWARNDEFAULTENCODING": "1", "PYTHONWARNINGS": "error", "SCALARS": "1"},
        {"HOME": "-", "XDG_CACHE_HOME": "-"},
        {"HOME": "/nowhere", "XDG_CACHE_HOME": "-"},
        {"HOME": "relative home", "XDG_CACHE_HOME": ""},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"PYTHONHASHSEED": "12345"},
    ],
    ids=str,
)
def test_the_environment_changes_nothing(env: dict[str, str], tmp_path: Path, usual: str) -> None:
    """Neither a home that is not there nor a language of the terminal."""
    assert output(tmp_path, cwd=tmp_path, **env) == usual


def plain_user() -> tuple[str, ...]:
    """What comes before a command for permissions to count, which they do not for root."""
    if os.name != "posix":
        pytest.skip("there are no permissions of this kind")
    if os.geteuid() != 0:
        return ()
    if not shutil.which("setpriv"):
        pytest.skip("root may write everywhere, and there is no setpriv to give that up")
    bounds = "--bounding-set=-dac_override,-dac_read_search,-fowner"
    return "setpriv", bounds, "--inh-caps=-all"


@pytest.mark.slow
def test_a_package_home_and_folder_that_nobody_may_write(tmp_path: Path, usual: str) -> None:
    """In a path with spaces and letters of other languages; what is compiled stays in memory."""
    prefix = plain_user()
    place = tmp_path / "ein Ordner, ελληνικά"
    shutil.copytree(PACKAGE, place / "micrograd_like", ignore=shutil.ignore_patterns("__pycache__"))
    home, out = place / "home", tmp_path / "out"
    home.mkdir()
    out.mkdir()
    folders = [path for path in (place, *place.rglob("*")) if path.is_dir()]
    for path in folders:
        path.chmod(0o555)
    try:
        names = {"PYTHONPATH": str(place), "HOME": str(home), "XDG_CACHE_HOME": str(home)}
        found = output(out, prefix=prefix, cwd=place, **names)
        where = subprocess.run(
            [sys.executable, "-c", "import micrograd_like as m; print(m.__file__)"],
            cwd=place, env=os.environ | names, capture_output=True, encoding="utf-8", check=True,
        ).stdout  # fmt: skip
    finally:
        for path in folders:
            path.chmod(0o755)
    assert found == usual
    assert where.startswith(str(place))
    assert {path.name for path in place.iterdir()} == {"micrograd_like", "home"}
    assert not list(home.iterdir())


@pytest.mark.slow
def test_a_folder_that_is_gone_is_no_obstacle(tmp_path: Path, usual: str) -> None:
    """Where the shell stands may have been removed."""
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"cd '{gone}' && rmdir '{gone}' && exec \"$@\""
    if os.name != "posix":
        pytest.skip("there a folder in use stays")
    assert output(tmp_path, prefix=("sh", "-c", script, "sh")) == usual
