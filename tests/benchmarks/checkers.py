"""Hard points and hard functions put to gradient checkers: false alarms, misses, what is left open.

``python tests/benchmarks/checkers.py [--write]`` prints a table of the checkers that are installed,
each with its defaults in float64, or writes it into the README beside this file; ``--times`` prints
how long ours takes for many inputs.  The points are those of `tools/hard_points.py`; the functions,
each with a right slope and a wrong one, those of `check/hard_functions.py`.
"""

import sys
import warnings
from datetime import date
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.checker_times import time_lines
from benchmarks.peer_checkers import PEERS, Checker, Claim
from check.hard_functions import HARD_FUNCTIONS
from tools.hard_points import HARD_POINTS

from micrograd_like import gradcheck

Judged = tuple[bool, Claim]  # whether it is right, and what is claimed
POINTS: list[Judged] = [(p.right, Claim(p.f, p.x, p.gradient)) for p in HARD_POINTS]
FUNCTIONS: list[Judged] = [
    (right, Claim(f.f, f.x, slope))
    for f in HARD_FUNCTIONS
    for right, slope in ((True, f.right), (False, f.wrong))
]
README = Path(__file__).with_name("README.md")
COLUMNS = ["false alarms", "misses", "left open"]


def ours(reference: str) -> Checker:
    """The one of this package, with digits from mpmath where a graph is left open, or without."""

    def check(claim: Claim) -> bool | None:
        report = gradcheck(claim.f, claim.x, gradient=[claim.slope], reference=reference)
        if any(c.outcome == "inconclusive" for c in report.checks):
            return None
        return report.ok

    return check


OURS = {
    "micrograd_like": ours("auto"),
    'micrograd_like, `reference="differences"`': ours("differences"),
}


def counts(check: Checker, asked: list[Judged]) -> list[str]:
    """How often a checker is wrong in each way, of how many."""
    verdicts = [(right, check(claim)) for right, claim in asked]
    rights = sum(right for right, _ in asked)
    return [
        f"{verdicts.count((True, False))} of {rights}",
        f"{verdicts.count((False, True))} of {len(asked) - rights}",
        f"{sum(verdict is None for _, verdict in verdicts)}",
    ]


def line(cells: list[str]) -> str:
    """A line of a markdown table."""
    return f"| {' | '.join(cells)} |"


def row(name: str, check: Checker) -> str:
    """A checker's line of the table."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return line([name, *counts(check, POINTS), *counts(check, FUNCTIONS)])


def head() -> list[str]:
    """The table's first two lines."""
    titles = [f"points: {COLUMNS[0]}", *COLUMNS[1:], f"functions: {COLUMNS[0]}", *COLUMNS[1:]]
    return [
        line([f"checker, {date.today():%B %Y}", *titles]),
        line(["---", *["---:"] * len(titles)]),
    ]


def peers() -> tuple[list[str], list[str]]:
    """The lines of other checkers, and the names of those that are not installed."""
    lines, missing = [], []
    for name, (package, load) in PEERS.items():
        try:
            check = load()
        except ImportError:
            missing.append(name)
            continue
        release = version(package).partition("+")[0]
        library, comma, function = name.partition(",")
        lines.append(row(f"{library} {release}{comma}{function}", check))
    return lines, missing


def written(readme: str, lines: list[str]) -> str:
    """The README with another table of checkers: the one with misses in its head."""
    before, _, rest = readme.partition(_table(readme))
    return before + "\n".join(lines) + rest


def _table(readme: str) -> str:
    """The table of checkers that a README has."""
    tables = [block for block in readme.split("\n\n") if block.startswith("| ")]
    (found,) = (table for table in tables if "| misses |" in table.partition("\n")[0])
    return found


def main() -> None:
    """Print the table, or write it; or print times."""
    if sys.argv[1:] == ["--times"]:
        for told in time_lines():
            print(told, flush=True)
        return
    lines, missing = peers()
    lines = [*head(), *(row(name, check) for name, check in OURS.items()), *lines]
    if sys.argv[1:] == ["--write"]:
        README.write_text(written(README.read_text("utf-8"), lines), "utf-8")
    else:
        print("\n".join(lines))
    if missing:
        print(f"left out, as they are not installed: {', '.join(missing)}", file=sys.stderr)


if __name__ == "__main__":
    main()
