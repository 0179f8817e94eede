"""A function for every rule, by the table; their types are in the stub beside this file."""

from collections.abc import Callable
from typing import Any

from micrograd_like.engine import apply
from micrograd_like.notation import SIGNS, code, condition, formula
from micrograd_like.rules import RULES, Rule

__all__ = ["FUNCTIONS", "function_of"]


def function_of(rule: Rule) -> Callable[..., Any]:
    """A rule as a function of numbers and Values alike.

    >>> function_of(RULES["exp"])(0.0)
    1.0
    """

    def of_one(x: Any) -> Any:
        return apply(rule, x)

    def of_two(x: Any, y: Any) -> Any:
        return apply(rule, x, y)

    function: Any = of_one if rule.arity == 1 else of_two
    function.__name__ = function.__qualname__ = rule.name
    function.__defaults__ = rule.function.__defaults__
    function.__doc__ = documentation(rule)
    own = rule.function.__module__  # None where its namespace has no __name__
    is_ours = own is not None and own.startswith("micrograd_like.")
    function.__module__ = "micrograd_like" if is_ours else own
    kinds = dict.fromkeys([*"xy"[: rule.arity], "return"], "Value | float")
    function.__annotations__ = kinds
    function.rule = rule
    return function


def documentation(rule: Rule) -> str:
    """What ``help`` shows of a rule's function: the docstring, the formulas, the domain.

    >>> for line in documentation(RULES["log"]).splitlines():
    ...     print(f"| {line}".rstrip())
    | The natural logarithm.
    |
    | Of a number a float, of a Value a Value: log(x).
    | Its derivative is 1 / x.
    | A ValueError tells where it is not defined: it needs x > 0.
    |
    | >>> log(0.5)
    | -0.6931471805599453
    """
    lines = [rule.function.__doc__ or rule.symbol, ""]
    kinds = "a number" if rule.arity == 1 else "numbers"
    lines.append(f"Of {kinds} a float, of a Value a Value: {formula(rule.formula, 'x', 'y')}.")
    slopes = [str(formula(slope, "x", "y")) for slope in rule.derivatives]
    if rule.arity == 1:
        lines.append(f"Its derivative is {slopes[0]}.")
    else:
        lines += [
            f"Its derivative for {name} is {slope}."
            for name, slope in zip("xy", slopes, strict=True)
        ]
    if rule.domain:
        needs = condition(rule.domain)
        lines.append(f"A ValueError tells where it is not defined: it needs {needs}.")
    for point in ((0.5, 2.0)[: rule.arity], (2.0, 0.5)[: rule.arity]):
        if rule.is_defined(*point):
            lines += ["", f">>> {code(rule, *map(repr, point))}", repr(rule.function(*point)[0])]
            break
    return "\n".join(lines)


FUNCTIONS = [name for name in RULES if name not in SIGNS]
globals().update({name: function_of(RULES[name]) for name in FUNCTIONS})
__all__ += FUNCTIONS  # noqa: PLE0605 - names from the table
