"""The table of checkers beside the benchmarks, and the reading of checkers that only estimate."""

import math

import pytest
from benchmarks.checkers import OURS, README, head, row, written
from benchmarks.peer_checkers import PEERS, Claim, near


@pytest.mark.parametrize("name", OURS)
def test_the_readme_tells_what_the_checker_does_today(name: str) -> None:
    """A row that fails here is remade by `python tests/benchmarks/checkers.py --write`."""
    assert row(name, OURS[name]) in README.read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", PEERS)
def test_the_readme_has_every_checker(name: str) -> None:
    """The table was written where all of them are installed."""
    library, _, function = name.partition(", ")
    rows = [line for line in README.read_text("utf-8").splitlines() if line.startswith("| ")]
    assert any(line.startswith(f"| {library} ") and function in line for line in rows)


def test_only_the_table_is_written() -> None:
    """Of the README's other lines none is changed, and a second time nothing is."""
    before = README.read_text("utf-8")
    after = written(before, [*head(), "| a checker | 0 |"])
    assert written(after, [*head(), "| a checker | 0 |"]) == after
    gone = set(before.splitlines()) - set(after.splitlines())
    assert all(line.startswith("| ") for line in gone)
    assert any(line.startswith("| PyTorch ") for line in gone)


def test_an_estimate_is_compared_within_its_error() -> None:
    """One that is no number, or has no error, says nothing of a claim."""
    claim = Claim(math.sin, 1.0, 0.5403)
    assert near(claim, 0.5404, 1e-3)
    assert near(claim, 0.5404, 1e-6) is False
    assert near(claim, math.nan, 1e-3) is None
    assert near(claim, 0.5404, math.inf) is None
    assert near(Claim(math.sin, 1.0, math.nan), 0.5404, 1e-3) is False
