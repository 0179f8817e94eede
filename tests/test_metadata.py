"""What the project says of itself: its version, changes, Pythons and extras."""

import re
import tomllib
from pathlib import Path

import pytest

import micrograd_like
from micrograd_like.cli import main

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def test_the_version_is_the_newest_of_the_changes(capsys: pytest.CaptureFixture[str]) -> None:
    """And the command line's; pyproject.toml reads it from the package."""
    changes = Path(micrograd_like.__file__).with_name("CHANGELOG.md").read_text("utf-8")
    assert re.findall(r"^## (.*)", changes, re.MULTILINE)[0] == micrograd_like.__version__
    assert PROJECT["dynamic"] == ["version"]
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"micrograd_like {micrograd_like.__version__}\n"


def test_the_classifiers_name_the_pythons_that_may_install_it() -> None:
    """From the lowest on, without a gap."""
    minors = [
        int(line.rpartition(".")[2])
        for line in PROJECT["classifiers"]
        if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", line)
    ]
    assert PROJECT["requires-python"] == f">=3.{minors[0]}"
    assert minors == list(range(minors[0], minors[-1] + 1))


def test_every_requirement_has_a_lowest_version() -> None:
    """It is what `tests/tools/try_pythons.py --lowest` installs."""
    for line in [*PROJECT["dependencies"], *(line for lines in EXTRAS.values() for line in lines)]:
        assert re.fullmatch(r"micrograd_like\[[a-z,]+\]|[\w-]+>=[\d.]+", line), line


def test_the_readme_tells_what_each_extra_weighs() -> None:
    """And names no other; `all` has all of them."""
    readme = (ROOT / "README.md").read_text("utf-8")
    rows = re.findall(r"`(\w+)`\s[\d,]+ MB", readme)
    assert sorted(rows) == sorted(EXTRAS)
    (everything,) = EXTRAS["all"]
    assert sorted(everything[15:-1].split(",")) == sorted(
        {*EXTRAS} - {"all", "check", "demo", "tape"}  # which others bring
    )


def test_the_readme_is_read_in_five_minutes() -> None:
    """At most 1,200 words, code and tables included."""
    assert len((ROOT / "README.md").read_text("utf-8").split()) <= 1200


def test_the_pictures_of_the_readme_are_there() -> None:
    """Each with words for who does not see it; no other file or picture is linked in vain."""
    for page in ("README.md", "micrograd_like/README.md", "tests/benchmarks/README.md"):
        text = (ROOT / page).read_text("utf-8")
        assert all(words for words, _ in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", text))
        for link in re.findall(r"\]\(([^)#:]+)\)", text):
            path = (ROOT / page).parent / link
            if "notebooks/" not in link or (ROOT / "notebooks").exists():  # the sdist has none
                assert path.exists(), link
