"""Operations of one's own, defined as the built-in ones are: by one function each."""

import math
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

from micrograd_like import functions
from micrograd_like._functions import documentation, function_of
from micrograd_like.arguments import short
from micrograd_like.elementary import COMPOSED
from micrograd_like.engine import ON_VALUES, Value, add_method, on_values
from micrograd_like.rules import RULES, Rule
from micrograd_like.table import rule as entered

__all__ = ["forget", "rule"]

BUILTINS = ("min", "max", "pi", "inf", "nan")
TAKEN = (*COMPOSED, *BUILTINS, "m", "chain_product")  # names that the rules' readers need
CO_VARARGS, CO_VARKEYWORDS = 4, 8  # flags of a function's code, as in inspect


def rule(
    symbol: str, formula: str, *derivatives: str, domain: str = "", arrays: str = ""
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Define an operation of one's own: a function from numbers to value and local derivatives.

    The function takes x, or x and y, and returns its value followed by a derivative for each.  It
    becomes a function of numbers and Values, and a method of Value, that is recorded,
    differentiated to any order, drawn, stepped through, checked and compiled like the others.  For
    all of these to read the one definition, exp, log and their kin come from ``m``
    (``from micrograd_like.rules import m``), and conditions use ``<`` and ``>``.  On floats ``m``
    has all functions of Python's ``math``; on Values, for derivatives of derivatives, those that
    are rules, this one included.

    ``symbol`` is what pictures show.  ``formula`` and ``derivatives``, Python expressions in x and
    y, are what people and ``gradcheck(..., reference="mpmath")`` read; ``domain`` is a condition on
    x and y, where the operation is not defined everywhere.  ``arrays`` is a formula for
    `to_function`, where another is better for arrays.

    A TypeError or a ValueError tells what is wrong with a definition; nothing is changed then.

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
    >>> forget("cube_root")                  # takes it back
    """

    def define(function: Callable[..., Any]) -> Callable[..., Any]:
        if not isinstance(function, FunctionType):
            raise TypeError(f"rule: takes a plain Python function, not {short(function)}; use def")
        name = function.__name__
        if not name.isidentifier():
            raise TypeError(f"rule: {name!r} has no name to be called by; use def")
        taken = hasattr(Value, name) or name in (*TAKEN, *functions.__all__)
        if name not in RULES and taken:
            raise ValueError(f"rule {name!r}: the name means something else; choose another")
        texts = (formula, *derivatives, arrays or formula)
        _check_texts(name, function, symbol, texts, domain)
        new, before = Rule(function, symbol, formula, derivatives, domain, arrays), RULES.get(name)
        _try_floats(new)
        documentation(new)  # all that is written of it can be written
        entered(symbol, formula, *derivatives, domain=domain, arrays=arrays)(function)
        try:
            add_method(RULES[name])
            _try_values(RULES[name])
        except BaseException:
            forget(name)
            if before:
                RULES[name] = before
                add_method(before)
            raise
        return function_of(RULES[name])

    return define


def forget(name: str) -> None:
    """Take a rule out of the table, and its method from Value; graphs that have it keep it.

    >>> @rule("k", "2 * x", "2")
    ... def doubled(x):
    ...     return 2 * x, 2.0
    >>> forget("doubled")
    >>> hasattr(Value, "doubled")
    False
    """
    del RULES[name]
    delattr(Value, name)
    delattr(on_values, name)


def _check_texts(
    name: str, function: Any, symbol: str, formulas: Sequence[str], domain: str
) -> None:
    code = function.__code__
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    several = code.co_kwonlyargcount or code.co_flags & (CO_VARARGS | CO_VARKEYWORDS)
    if parameters not in (("x",), ("x", "y")) or several:
        raise TypeError(f"rule {name!r}: its inputs are x, or x and y, not {parameters}")
    if len(function.__defaults__ or ()) >= len(parameters):
        raise TypeError(f"rule {name!r}: x has a default; only y may have one")
    if len(formulas) != 2 + len(parameters):
        raise TypeError(
            f"rule {name!r}: {len(parameters)} inputs need as many derivatives' formulas, "
            f"not {len(formulas) - 2}"
        )
    if not isinstance(symbol, str) or not symbol:
        raise TypeError(f"rule {name!r}: needs a symbol to show in pictures, not {symbol!r}")
    for text in (*formulas, domain or "True"):
        try:
            names = compile(text, "formula", "eval").co_names
        except (SyntaxError, TypeError) as error:
            raise ValueError(f"rule {name!r}: {text!r} is no Python expression: {error}") from None
        known = {*parameters, *BUILTINS, "logaddexp"}
        known |= set() if text == domain else {*RULES, name}  # which conditions cannot call
        unknown = sorted(word for word in names if word not in known and not hasattr(math, word))
        if unknown:
            raise ValueError(f"rule {name!r}: {text!r} uses unknown names: {unknown}")


def _points(of: Rule) -> list[tuple[float, ...]]:
    """Points of the domain to try, not at its end."""
    return [(x, 2.0)[: of.arity] for x in (0.5, 2.0, -0.5) if of.is_defined(x, 2.0)]


def _try_floats(of: Rule) -> None:
    """Call the function on numbers, so that a slip shows where it was made."""
    for point in _points(of):
        try:
            outcome = of.function(*point)
        except (ValueError, ArithmeticError):
            continue  # outside its domain
        numbers = outcome if isinstance(outcome, tuple) else (outcome,)
        if len(numbers) != 1 + of.arity:
            raise TypeError(
                f"rule {of.name!r}: returns a tuple of its value and {of.arity} derivatives, "
                f"not {outcome!r}"
            )
        if not all(isinstance(number, float | int) for number in numbers):
            raise TypeError(
                f"rule {of.name!r}: returns real numbers, not {outcome!r} as at x = {point[0]}; "
                "say with domain= where it is defined"
            )


def _try_values(of: Rule) -> None:
    """Call the function on Values, as derivatives of derivatives do."""
    for point in _points(of):
        try:
            ON_VALUES[of](*map(Value, point))
        except (ValueError, ArithmeticError):
            continue  # outside its domain
        except AttributeError as error:
            raise TypeError(
                f"rule {of.name!r}: {error}, which derivatives of derivatives need: take functions "
                "that are rules, as m.exp, or define a rule of that name before"
            ) from None
        except TypeError as error:
            raise TypeError(
                f"rule {of.name!r}: works on floats only ({error}): take functions from m, "
                "as in m.exp(x), after `from micrograd_like.rules import m`"
            ) from None
