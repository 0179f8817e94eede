"""The table of rules: what an operation is made of, and how a function becomes one."""

from __future__ import annotations

import math
from collections.abc import Callable

TYPE_CHECKING = False  # typing itself would take most of the time of the import
if TYPE_CHECKING:
    from typing import Any

    Function = Callable[..., Any]


__all__ = ["BUILTINS", "CONSTANTS", "MATH", "ON_ARRAYS", "RULES", "Rule", "rule"]

# The language of formulas: numbers, x and y, + - * / ** %, `a if condition else b`, the constants
# and functions here, and the functions of the rules; conditions compare numbers, with and, or, not.
CONSTANTS = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}
BUILTINS: dict[str, Function] = {"abs": abs, "min": min, "max": max}  # Python's own
MATH: dict[str, Function] = {k: f for k, f in vars(math).items() if k[0] != "_" and callable(f)}
MATH |= BUILTINS
SCOPE: dict[str, Any] = {**MATH, **CONSTANTS}  # of conditions
# Rules that are functions of the libraries of arrays, too, and have no other formula there.
ON_ARRAYS = ("logaddexp", "log_ndtr", "xlogy")


class Rule:
    """An operation: its function on numbers, and the words that people read.

    ``formula`` and ``derivatives`` are Python expressions in x and y; ``domain`` is a condition on
    x and y, or empty where the operation is defined everywhere; ``symbol`` is what pictures show.
    ``arrays`` is the formula for arrays, where another than people's is better next to the ends of
    the range, or at a kink.  ``arity`` is the number of inputs, one or two.  An operation that was
    made by hand has no formula (`micrograd_like.micrograd`).

    >>> from micrograd_like.rules import RULES
    >>> RULES["tanh"].derivatives, RULES["tanh"].arity
    (('1 - tanh(x)**2',), 1)
    """

    __slots__ = (
        "_condition", "arity", "arrays", "derivatives", "domain", "formula", "function", "name",
        "symbol",
    )  # fmt: skip

    def __init__(
        self,
        function: Function,
        symbol: str,
        formula: str,
        derivatives: tuple[str, ...],
        domain: str = "",
        arrays: str = "",
    ) -> None:
        self.name = function.__name__
        self.function = function
        self.symbol = symbol
        self.formula = formula
        self.derivatives = derivatives
        self.domain = domain
        self.arrays = arrays or formula
        self.arity = len(derivatives)
        self._condition: Any = None

    def is_defined(self, x: float, y: float = 0.0) -> bool:
        """Whether the operation is defined at a point, by its domain.

        A NaN that the domain asks of is allowed: it goes through the operation.

        >>> from micrograd_like.rules import RULES
        >>> RULES["log"].is_defined(2.0), RULES["log"].is_defined(-2.0)
        (True, False)
        """
        if not self.domain:
            return True
        point = {"x": x, "y": y}
        if any(math.isnan(point[name]) for name in self.asked):
            return True
        return bool(eval(self._condition, SCOPE, point))

    @property
    def asked(self) -> list[str]:
        """The operands that the domain asks of, by their names."""
        if self._condition is None:
            self._condition = compile(self.domain or "True", f"domain of {self.name}", "eval")
        return [name for name in self._condition.co_names if name in ("x", "y")]

    @property
    def is_its_own_formula(self) -> bool:
        """Whether its formula is its name alone, which says nothing in other words.

        >>> from micrograd_like.rules import RULES
        >>> RULES["exp"].is_its_own_formula, RULES["sigmoid"].is_its_own_formula
        (True, False)
        """
        return self.formula.replace(" ", "") == f"{self.name}({','.join('xy'[: self.arity])})"

    def __repr__(self) -> str:
        return f"Rule({self.name})"

    def __reduce__(self) -> tuple[Any, ...]:
        if RULES.get(self.name) is not self:
            raise LookupError(
                f"operation {self.name!r} has been defined again since, or taken back: a pickle "
                "holds its name only; compute the graph again"
            )
        return rule_named, (self.name,)


RULES: dict[str, Rule] = {}


def rule_named(name: str) -> Rule:
    """The rule of a name, for pickles; a LookupError if the table has none."""
    if name not in RULES:
        raise LookupError(f"unknown operation {name!r}: define its rule before loading")
    return RULES[name]


def rule(
    symbol: str, formula: str, *derivatives: str, domain: str = "", arrays: str = ""
) -> Callable[[Function], Function]:
    """Enter the decorated function into the table of rules, under its own name."""

    def enter(function: Function) -> Function:
        name, old = function.__name__, RULES.get(function.__name__)
        if old and old.function.__module__ + old.function.__qualname__ != (
            function.__module__ + function.__qualname__  # the same cell of a notebook, run again
        ):
            raise ValueError(f"rule {name!r}: the table has one already; choose another name")
        RULES[name] = Rule(function, symbol, formula, derivatives, domain, arrays)
        return function

    return enter
