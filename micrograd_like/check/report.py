"""The verdicts of a check, and the table that people read.

>>> import math
>>> right = Check("x", 3.0, 6.0, 6.0, 4e-14, "pass", "", 0.01, math.inf)
>>> print(Report([right]))
input  point  gradient  numeric ± bar  outcome  step  kink at
x      3      6         6 ± 4e−14      pass     0.01  –
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from micrograd_like.display import Table, shown
from micrograd_like.notation import exact, formula, number, operation, plural
from micrograd_like.rules import Rule

__all__ = ["Asked", "Check", "LocalCheck", "Report"]

MOST_SHOWN = 20  # inputs in a notebook


class Asked(NamedTuple):
    """What a function gave when it was asked: at the point, and at the steps around it."""

    value: float
    samples: Sequence[Any]  # of `ladder.py`, from the largest step down

    def __repr__(self) -> str:
        return f"<the function at {plural(len(self.samples), 'step')}>"


class Check(NamedTuple):
    """The verdict on the gradient of one input.

    ``outcome`` is one of four: ``"pass"``; ``"fail"``; ``"kink"``, where the slopes to the two
    sides differ and the gradient lies between them, which is right; and ``"inconclusive"``, where
    differences cannot tell.  ``ulps``, the error in units in the last place, is known with an exact
    reference only, and NaN otherwise.

    >>> from micrograd_like import gradcheck
    >>> check = gradcheck(abs, 0.0).checks[0]
    >>> check.input, check.gradient, check.outcome, check.reason
    ('x', 0.0, 'kink', 'slopes −1 and 1')
    """

    input: str
    point: float
    gradient: float  # what is being checked
    numeric: float  # what the differences say, NaN if they say nothing
    bar: float  # the error bar of `numeric`
    outcome: str
    reason: str
    step: float  # the step that gave `numeric`
    kink: float  # the distance to the nearest place where the slope breaks, inf if none was met
    ulps: float = math.nan
    asked: Asked | None = None  # what a picture is drawn from, unless the check passed


class LocalCheck(NamedTuple):
    """The verdict on one derivative of one operation of a graph, or on its value, by itself.

    ``check.input`` is ``"x"`` or ``"y"`` for a derivative, and empty for the operation's value.

    >>> from micrograd_like.rules import RULES
    >>> wrong = Check("y", 2.0, 3.1, 3.0, 1e-15, "fail", "off by 0.1", 0.1, math.inf)
    >>> LocalCheck(RULES["mul"], ("a", "b"), (3.0, 2.0), wrong).call
    'a · b'
    """

    rule: Rule
    operands: tuple[str, ...]  # as the graph names them
    point: tuple[float, ...]
    check: Check

    @property
    def call(self) -> str:
        """The operation on its operands' names."""
        return str(operation(self.rule, *map(shown, self.operands)))

    def __str__(self) -> str:
        code = self.rule.function.__code__
        pairs = dict(zip(map(shown, self.operands), map(exact, self.point), strict=True))
        at = ", ".join(name if name == x else f"{name} = {x}" for name, x in pairs.items())
        c = self.check
        what = f"∂/∂{c.input}" if c.input else "the value"
        text = self.rule.derivatives["xy".index(c.input)] if c.input else self.rule.formula
        name = "" if self.rule.name in self.call else f" ({self.rule.name})"
        return (
            f"wrong operation: {self.call}{name} at {at}: {what} is {number(c.gradient, 10)}, "
            f"should be {_with_bar(c)}; its formula is {formula(text, 'x', 'y')}, its code "
            f"{code.co_filename}:{code.co_firstlineno}"
        )


class Report(NamedTuple):
    """The verdicts on all inputs; its ``str`` is a table, and below it what is to blame.

    >>> from micrograd_like import gradcheck
    >>> report = gradcheck(lambda x: x * x, 3.0, gradient=[7.0])
    >>> report.ok, report.checks[0].outcome, report.checks[0].reason
    (False, 'fail', 'off by 1')
    """

    checks: list[Check]
    blame: Sequence[LocalCheck] = ()
    hint: str = ""  # where a gradient is wrong and no operation is
    strict: bool = False  # whether what is left open has failed

    @property
    def ok(self) -> bool:
        """Whether nothing failed; what is inconclusive has not, unless the check is strict."""
        bad = ("fail", "inconclusive") if self.strict else ("fail",)
        return all(check.outcome not in bad for check in self.checks)

    @property
    def line(self) -> str:
        """All of it in one line, as for the log of a test run: the counts, and the first failure.

        >>> from micrograd_like import gradcheck
        >>> gradcheck(lambda x: x * x, 3.0, gradient=[7.0]).line
        'gradcheck failed: 1 input: 1 fail; x is 7, should be 6 ± 7e−15: off by 1'
        """
        bad = ("fail", "inconclusive") if self.strict else ("fail",)
        first = next((c for c in self.checks if c.outcome in bad), None)
        told = f"gradcheck {'passed' if self.ok else 'failed'}: {self._counts(self.checks)}"
        if first is None:
            return told
        due = "" if math.isnan(first.numeric) else f", should be {_with_bar(first)}"
        return f"{told}; {shown(first.input)} is {number(first.gradient, 10)}{due}: {first.reason}"

    def __repr__(self) -> str:
        return f"<Report of {self._counts(self.checks)}>"

    def __str__(self) -> str:
        return str(self._table(self.checks))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        """In a notebook as a table; of very many inputs it has those that did not pass first."""
        order = sorted(range(len(self.checks)), key=lambda k: self.checks[k].outcome == "pass")
        told = [self.checks[k] for k in sorted(order[:MOST_SHOWN])]
        left = [self.checks[k] for k in order[MOST_SHOWN:]]
        table = self._table(told)
        if left:
            table = table._replace(notes=[f"and {self._counts(left, 'more ')}", *table.notes])
        return table.html(self._counts(self.checks))

    def _counts(self, checks: Sequence[Check], more: str = "") -> str:
        """How many inputs there are, and how many of each outcome."""
        outcomes = Counter(check.outcome for check in checks)
        found = ", ".join(f"{count:,} {outcome}" for outcome, count in sorted(outcomes.items()))
        return plural(len(checks), f"{more}input") + (f": {found}" if found else "")

    def _table(self, checks: Sequence[Check]) -> Table:
        columns = ["input", "point", "gradient", "numeric ± bar", "outcome"]
        exactly = any(not math.isnan(c.ulps) for c in self.checks)
        columns += ["off by"] if exactly else ["step", "kink at"]
        notes = [*map(str, self.blame), *([self.hint] if self.hint else [])]
        return Table([_row(c, exactly) for c in checks], columns, notes)


def _row(c: Check, exactly: bool) -> list[str]:
    row = [
        shown(c.input),
        _unless_nan(c.point, number),
        number(c.gradient, 10),
        _unless_nan(c.numeric, lambda _: _with_bar(c)),
        f"{c.outcome}: {c.reason}" if c.reason else c.outcome,
    ]
    if exactly:
        return [*row, _unless_nan(c.ulps, lambda ulps: f"{number(ulps, 2)} ulp")]
    kink = "–" if math.isinf(c.kink) else f"± {number(c.kink, 2)}"
    return [*row, number(c.step, 1) if c.step else "–", kink]


def _with_bar(c: Check) -> str:
    return f"{number(c.numeric, 10)} ± {number(c.bar, 1)}"


def _unless_nan(x: float, write: Callable[[float], str]) -> str:
    return "–" if math.isnan(x) else write(x)
