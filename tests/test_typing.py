"""What type checkers say of a user's code, and the stubs that tell them of the table of rules."""

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import BUILT_IN
from tools.write_stubs import PACKAGE, STUBS, formatted

import micrograd_like
from micrograd_like.notation import OPERATORS

USER_CODE = Path(__file__).parent / "typing" / "user_code.py"
ROOT = PACKAGE.parent


@pytest.mark.parametrize("name", STUBS)
def test_the_stubs_are_written_from_the_table(name: str) -> None:
    """A rule that is added or changed needs no second edit: the script writes its types."""
    pytest.importorskip("ruff")
    assert (PACKAGE / name).read_text("utf-8") == formatted(STUBS[name]())


def test_the_stub_of_the_package_names_what_it_offers() -> None:
    """Each public name is found where the table of places says, and nothing is left out."""
    stub = (PACKAGE / "__init__.pyi").read_text("utf-8")
    for name in micrograd_like.__all__:
        assert f" import {name} as {name}\n" in stub, name
        assert getattr(micrograd_like, name) is not None
    assert BUILT_IN.keys() - OPERATORS.keys() <= {*micrograd_like.__all__}


@pytest.mark.slow
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_a_users_code_is_checked_as_it_says(checker: str) -> None:
    """Types are those asserted in the file, and each line marked as wrong is an error.

    A mark that is not needed is an error, too, so that no misspelling passes unseen.
    """
    pytest.importorskip(checker)
    command = [sys.executable, "-m", checker, str(USER_CODE)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_the_checkers_see_misspellings(checker: str, tmp_path: Path) -> None:
    """Without the marks every marked line is told."""
    pytest.importorskip(checker)
    lines = USER_CODE.read_text("utf-8").splitlines()
    wrong = [k for k, line in enumerate(lines, 1) if "# pyright: ignore" in line]
    path = tmp_path / "user_code.py"
    path.write_text("\n".join(line.partition("  # type: ignore")[0] for line in lines), "utf-8")
    command = [sys.executable, "-m", checker, str(path)]
    if checker == "mypy":
        command[3:3] = ["--config-file", str(ROOT / "pyproject.toml")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout
    assert all(f"user_code.py:{k}:" in done.stdout for k in wrong), done.stdout


@pytest.mark.slow
def test_pyright_finds_nothing_wrong_in_the_package() -> None:
    """In the package as a whole, as mypy in strict mode does not, which CI runs by itself."""
    pytest.importorskip("pyright")
    command = [sys.executable, "-m", "pyright"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
