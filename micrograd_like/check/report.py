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

from micrograd_like.arguments import choice, file_name
from micrograd_like.display import Table, shown
from micrograd_like.files import write
from micrograd_like.notation import exact, formula, number, operation, plural
from micrograd_like.rules import Rule

__all__ = ["NOT_CHECKED", "SLOPES", "Asked", "Check", "LocalCheck", "Report"]

SLOPES = "slopes "  # what the reason of a kink begins with
NOT_CHECKED = "not checked"  # what the reason of such a row begins with
MOST_SHOWN = 20  # rows in a notebook, and in an error


class Asked(NamedTuple):
    """What a function gave when it was asked: at the point, and at the steps around it."""

    samples: Sequence[Any]  # of `ladder.py`, from the largest step down
    value: float

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
        return not any(map(self._is_bad, self.checks))

    @property
    def line(self) -> str:
        """All of it in one line, as for a log: the first that failed or is open, and the counts.

        >>> from micrograd_like import gradcheck
        >>> gradcheck(lambda x: x * x, 3.0, gradient=[7.0]).line
        'gradcheck failed: gradient of x is 7, should be 6 ± 7e−15: off by 1 (1 input: 1 fail)'
        """
        counts = self._counts(self.checks)
        first = next(filter(self._is_bad, self.checks), None)
        if first is not None:
            claim = f"{_whose(first)} is {number(first.gradient, 10)}"
            skipped = [c.reason for c in self.checks if c.reason.startswith(NOT_CHECKED)]
            others = f"; {len(skipped):,} {skipped[0]}" if skipped else ""
            return f"gradcheck failed: {claim}, {_due(first)} ({counts}{others})"
        left = [c for c in self.checks if c.outcome == "inconclusive"]
        if not left:
            return f"gradcheck passed: {counts}"
        n, what = len(left), f"{_whose(left[0])} is {_due(left[0])}"
        if n == len(self.checks):
            return f"gradcheck passed nothing: {plural(n, 'input')} open; {what}"
        return f"gradcheck passed, {n:,} open ({counts}); {what}"

    @property
    def message(self) -> str:
        r"""What `assert_gradients` raises: the line, and below it the table.

        Of very many inputs the table has the first of those that did not pass.

        >>> from micrograd_like import gradcheck
        >>> report = gradcheck(lambda x: x * x, 3.0, gradient=[7.0])
        >>> report.message == f"{report.line}\n{report}"
        True
        """
        return f"{self.line}\n{self._short_table()}"

    def save(self, filename: Any) -> str:
        """Save the picture that a notebook shows, as an SVG file; returns its name.

        It has the error of the differences against the step, and the claim, of the first input that
        failed, or else of the first that is left open.  A ValueError tells that there is none, as
        where the check passed or took digits; or that the name does not end in .svg.

        >>> from micrograd_like import gradcheck
        >>> report = gradcheck(lambda x: x * x, 3.0, gradient=[7.0])
        >>> report.save("square.svg")                                 # doctest: +SKIP
        'square.svg'
        """
        from pathlib import Path

        path = Path(file_name(filename, "Report.save"))
        choice(path.suffix.lower(), f"Report.save: the ending of {path}", (".svg",))
        drawn = self._picture()
        if drawn is None:
            raise ValueError(f"Report.save: there is nothing to draw; {self.line}")
        write(path, drawn[0].encode())
        return str(path)

    def __repr__(self) -> str:
        return f"<Report of {self._counts(self.checks)}>"

    def __str__(self) -> str:
        return str(self._table(self.checks))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        """In a notebook a picture and a table, of very many inputs of those that did not pass."""
        from micrograd_like.draw import image_of

        drawn = self._picture()
        picture = f"<div>{image_of(*drawn)}</div>" if drawn else ""
        return self._short_table().html(self._counts(self.checks), picture)

    def _is_bad(self, check: Check) -> bool:
        return check.outcome == "fail" or (self.strict and check.outcome == "inconclusive")

    def _picture(self) -> tuple[str, str] | None:
        """The picture of the first failure, or else of the first open check, and its words."""
        from micrograd_like.check.picture import drawn, scene_of, words

        for outcome in ("fail", "inconclusive"):
            for c in self.checks:
                if c.outcome == outcome and c.asked and not math.isnan(c.numeric):
                    scene = scene_of(*c.asked, c.numeric, c.bar, c.gradient, _at_kink(c))
                    return drawn(c.input, scene), words(c.input, scene)
        return None

    def _short_table(self) -> Table:
        """The table, of very many inputs the first of those that did not pass."""
        told = list(self.checks)
        if len(told) > MOST_SHOWN:
            told = [c for c in told if c.outcome != "pass"][:MOST_SHOWN] or told[:MOST_SHOWN]
        table = self._table(told)
        if len(told) == len(self.checks):
            return table
        kept = {id(c) for c in told}
        left = [c for c in self.checks if id(c) not in kept]
        return table._replace(notes=[f"and {self._counts(left, 'more ')}", *table.notes])

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


def _whose(c: Check) -> str:
    """What a row is about."""
    name = shown(c.input)
    return name if name == "value" or name.startswith("∂") else f"gradient of {name}"


def _due(c: Check) -> str:
    """What a claim that is not right should be."""
    if c.outcome != "fail":
        return f"left open: {c.reason}"
    if _at_kink(c):
        return f"should be between the {c.reason}"
    return c.reason if math.isnan(c.numeric) else f"should be {_with_bar(c)}: {c.reason}"


def _at_kink(c: Check) -> bool:
    return c.reason.startswith(SLOPES)


def _with_bar(c: Check) -> str:
    return f"{number(c.numeric, 10)} ± {number(c.bar, 1)}"


def _unless_nan(x: float, write: Callable[[float], str]) -> str:
    return "–" if math.isnan(x) else write(x)
