"""Operations of one's own, defined as the built-in ones are: by one function each."""

import math
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

from micrograd_like.engine import Value, add_method, on_values
from micrograd_like.functions import __all__ as PUBLIC  # noqa: N812
from micrograd_like.functions import function_of
from micrograd_like.rules import COMPOSED, PRIMITIVES, RULES, bind
from micrograd_like.rules import rule as entered

__all__ = ["rule"]

BUILTINS = ("min", "max", "pi", "inf", "nan")
READABLE = {*PRIMITIVES, *COMPOSED, *BUILTINS}  # in a formula


def rule(
    symbol: str, formula: str, *derivatives: str, domain: str = ""
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Define an operation of one's own: a function from numbers to value and local derivatives.

    The function takes x, or x and y, and returns its value followed by a derivative for each.  It
    becomes a function of numbers and Values, and a method of Value, that is recorded,
    differentiated to any order, drawn, stepped through, checked and compiled like the others.  For
    all of these to read the one definition, exp, log and their kin come from ``m``
    (``from micrograd_like.rules import m``), and conditions use ``<`` and ``>``.

    ``symbol`` is what pictures show.  ``formula`` and ``derivatives``, Python expressions in x and
    y, are what people and ``gradcheck(..., reference="mpmath")`` read; ``domain`` is a condition on
    x and y, where the operation is not defined everywhere.

    >>> from micrograd_like import gradcheck
    >>> from micrograd_like.rules import m
    >>> @rule("∛", "x**(1/3)", "x**(-2/3) / 3", domain="x > 0")
    ... def cube_root(x):
    ...     root = m.pow(x, 1 / 3)
    ...     return root, root / (3 * x)
    >>> cube_root(8.0), Value(8.0).cube_root()
    (2.0, Value(data=2, grad=0))
    >>> gradcheck(cube_root, 8.0).ok
    True
    """

    def define(function: Callable[..., Any]) -> Callable[..., Any]:
        if not isinstance(function, FunctionType):
            raise TypeError(f"rule: takes a plain Python function, not {function!r}")
        name = function.__name__
        if not name.isidentifier():
            raise TypeError(f"rule: {name!r} has no name to be called by; use def")
        taken = (*COMPOSED, *BUILTINS, *PUBLIC)
        if name not in RULES and (hasattr(Value, name) or name in taken):
            raise ValueError(f"rule {name!r}: the name means something else; choose another")
        _check_texts(name, function, symbol, (formula, *derivatives), domain)
        _try(name, function, len(derivatives), domain)
        entered(symbol, formula, *derivatives, domain=domain)(function)
        add_method(RULES[name])
        return function_of(RULES[name])

    return define


def _check_texts(
    name: str, function: Any, symbol: str, formulas: Sequence[str], domain: str
) -> None:
    code = function.__code__
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    if parameters not in (("x",), ("x", "y")) or code.co_kwonlyargcount:
        raise TypeError(f"rule {name!r}: its inputs are x, or x and y, not {parameters}")
    if len(formulas) != 1 + len(parameters):
        raise TypeError(
            f"rule {name!r}: {len(parameters)} inputs need as many derivatives' formulas, "
            f"not {len(formulas) - 1}"
        )
    if not isinstance(symbol, str) or not symbol:
        raise TypeError(f"rule {name!r}: needs a symbol to show in pictures, not {symbol!r}")
    for text in (*formulas, domain or "True"):
        try:
            unknown = set(compile(text, "formula", "eval").co_names) - READABLE.union(parameters)
        except (SyntaxError, TypeError) as error:
            raise ValueError(f"rule {name!r}: {text!r} is no Python expression: {error}") from None
        if unknown:
            raise ValueError(f"rule {name!r}: {text!r} uses unknown names: {sorted(unknown)}")


def _try(name: str, function: Callable[..., Any], arity: int, domain: str) -> None:
    """Call the function on numbers and on Values, so that a slip shows where it was made."""
    for x in (0.5, 2.0, -0.5):
        if domain and not eval(domain, {"x": x, "y": 2.0, "inf": math.inf}):
            continue
        try:
            outcome = function(*(x, 2.0)[:arity])
        except (ValueError, ArithmeticError):
            continue  # outside its domain
        numbers = outcome if isinstance(outcome, tuple) else (outcome,)
        if len(numbers) != 1 + arity:
            raise TypeError(
                f"rule {name!r}: returns a tuple of its value and {arity} derivatives, "
                f"not {outcome!r}"
            )
        if not all(isinstance(number, float | int) for number in numbers):
            raise TypeError(
                f"rule {name!r}: returns real numbers, not {outcome!r} as at x = {x}; "
                "say with domain= where it is defined"
            )
        try:
            bind(function, on_values)(*(Value(x), Value(2.0))[:arity])
        except (TypeError, AttributeError) as error:
            raise TypeError(
                f"rule {name!r}: works on floats only ({error}): take functions from m, "
                "as in m.exp(x), after `from micrograd_like.rules import m`"
            ) from None
