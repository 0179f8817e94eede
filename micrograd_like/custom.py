"""Operations of one's own, defined as the built-in ones are: by one function each."""

from collections.abc import Callable, Collection, Sequence
from types import FunctionType
from typing import Any

from micrograd_like import functions, notation
from micrograd_like._functions import documentation, function_of
from micrograd_like.agreement import check_words
from micrograd_like.arguments import short
from micrograd_like.elementary import COMPOSED
from micrograd_like.engine import Value, add_method, on_values
from micrograd_like.higher_order import ON_VALUES
from micrograd_like.rules import RULES, Rule
from micrograd_like.table import BUILTINS, CONSTANTS, MATH, ON_ARRAYS
from micrograd_like.table import rule as entered

__all__ = ["forget", "rule"]

# Names that the rules' readers need.
TAKEN = (*COMPOSED, *BUILTINS, *CONSTANTS, "m", "chain_product")
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
    `to_function`, where another is better for arrays.  In formulas are numbers, pi, e, inf and nan,
    + - * / ** %, ``a if condition else b``, and calls of rules, of ``math``'s functions, and of
    abs, min and max; a domain calls no rules.  The rule itself is called in its derivatives.  Where
    no formula can say what it computes it is its own, as in ``"lambertw(x)"``.

    The texts are compared with the function at some points of several sizes, to 1e-6 of a number.
    Its domain is where it raises no ValueError.  What a function takes from around it is to stay as
    it is: define the rule again if it has changed.

    A TypeError or a ValueError tells what is wrong with a definition; nothing is changed then.

    >>> from micrograd_like import gradcheck
    >>> from micrograd_like.rules import m
    >>> @rule("∛", "x**(1/3)", "x**(-2/3) / 3", domain="x > 0")
    ... def cube_root(x):
    ...     root = m.pow(x, 1 / 3)
    ...     return root, root / (3 * x)
    >>> cube_root(8.0), Value(8.0).cube_root()
    (2.0, Value(data=2.0, grad=0.0))
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
        new, before = Rule(function, symbol, formula, derivatives, domain, arrays), RULES.get(name)
        check_texts(new)
        _try_floats(new)
        documentation(new)  # all that is written of it can be written
        try:
            entered(symbol, formula, *derivatives, domain=domain, arrays=arrays)(function)
            add_method(RULES[name])
            _try_values(RULES[name])
            check_words(RULES[name])
            return function_of(RULES[name])
        except BaseException:
            _put_back(name, before)
            raise

    return define


def forget(name: str) -> None:
    """Take a rule out of the table, and its method from Value; graphs that have it keep it.

    >>> @rule("k", "2 * x", "2")
    ... def twice(x):
    ...     return 2 * x, 2.0
    >>> forget("twice")
    >>> hasattr(Value, "twice")
    False
    """
    RULES[name]  # a KeyError tells that there is none
    try:
        _put_back(name, None)
    except KeyboardInterrupt:  # all of it, or nothing
        _put_back(name, None)
        raise


def _put_back(name: str, before: Rule | None) -> None:
    """Have a name mean the rule that it meant before, or nothing."""
    if before:
        RULES[name] = before
        add_method(before)
        return
    for of in (Value, on_values):  # an interrupted definition may be in one alone
        if name in vars(of):
            delattr(of, name)
    RULES.pop(name, None)


def check_texts(of: Rule) -> None:
    """A TypeError or a ValueError if a rule's inputs or texts are not as all readers need them."""
    name, function = of.name, of.function
    code = function.__code__
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    several = code.co_kwonlyargcount or code.co_flags & (CO_VARARGS | CO_VARKEYWORDS)
    if parameters not in (("x",), ("x", "y")) or several:
        raise TypeError(f"rule {name!r}: its inputs are x, or x and y, not {parameters}")
    if len(function.__defaults__ or ()) >= len(parameters):
        raise TypeError(f"rule {name!r}: x has a default; only y may have one")
    if of.arity != len(parameters):
        raise TypeError(
            f"rule {name!r}: {len(parameters)} inputs need as many derivatives' formulas, "
            f"not {of.arity}"
        )
    if not isinstance(of.symbol, str) or not of.symbol:
        raise TypeError(f"rule {name!r}: needs a symbol to show in pictures, not {of.symbol!r}")
    rules = {*MATH, *RULES}
    others = rules - ({name} - {*MATH})  # a formula cannot call what it is the formula of
    own = isinstance(of.formula, str) and of.is_its_own_formula
    _Reader(name, parameters, {*others, name} if own else others).read(of.formula)
    for slope in of.derivatives:
        _Reader(name, parameters, {*rules, name}).read(slope)
    if of.arrays != of.formula:
        _Reader(name, parameters, {*others, *ON_ARRAYS}).read(of.arrays)
    if of.domain:
        _Reader(name, parameters, MATH).read(of.domain, condition=True)


class _Reader:
    """Reads a formula for what some reader of it could not take: a ValueError tells that.

    Its names are parameters, constants, and of what it calls, ``called``.
    """

    def __init__(self, rule: str, parameters: Sequence[str], called: Collection[str]) -> None:
        self.rule, self.parameters, self.called = rule, parameters, called
        self.unknown: set[str] = set()

    def read(self, text: str, condition: bool = False) -> None:
        """Read a formula, or a condition."""
        about = f"rule {self.rule!r}: {text!r}"
        if not isinstance(text, str):
            raise TypeError(f"{about}: formulas are texts, as 'x + 1'")
        try:
            tree = notation.syntax(text)
        except (SyntaxError, ValueError) as error:
            raise ValueError(f"{about} is no Python expression: {error}") from None
        try:
            (self.condition if condition else self.number)(tree)
            notation.formula(text, *self.parameters)
        except ValueError as error:
            raise ValueError(f"{about}: {error}") from None
        if self.unknown:
            raise ValueError(f"{about} uses unknown names: {sorted(self.unknown)}")

    def number(self, node: Any) -> None:
        """Read what is a number."""
        import ast

        match node:
            case ast.Constant(value=int() | float() as x) if not isinstance(x, bool):
                pass
            case ast.Name(id=name):
                self.unknown |= {name} - {*self.parameters, *CONSTANTS}
            case ast.UnaryOp(op=ast.USub(), operand=part):
                self.number(part)
            case ast.BinOp(left=left, right=right):
                self.number(left)
                self.number(right)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.condition(test)
                self.number(body)
                self.number(orelse)
            case ast.Call(func=ast.Name(id=name), args=parts, keywords=[]):
                self.call(name, parts)
            case _:
                raise ValueError(
                    f"a formula has no {ast.unparse(node)!r}; it has numbers, x, y, + - * / ** % "
                    "and functions"
                )

    def condition(self, node: Any) -> None:
        """Read what is true or false."""
        import ast

        match node:
            case ast.BoolOp(values=parts):
                for part in parts:
                    self.condition(part)
            case ast.UnaryOp(op=ast.Not(), operand=part):
                self.condition(part)
            case ast.Compare(left=left, comparators=others):
                for part in (left, *others):
                    self.number(part)
            case _:
                raise ValueError(
                    f"{ast.unparse(node)!r} is no condition; compare numbers, as in x > 0"
                )

    def call(self, name: str, parts: Sequence[Any]) -> None:
        """Read a function's call, with as many numbers as it takes."""
        if name not in self.called:
            self.unknown.add(name)
        least, most = 1, len(parts)
        if name in ("min", "max"):
            least = 2
        elif name in RULES and name != self.rule:
            most = RULES[name].arity
            least = most - len(RULES[name].function.__defaults__ or ())
        if not least <= len(parts) <= most:
            raise ValueError(f"{name} does not take {notation.plural(len(parts), 'number')}")
        for part in parts:
            self.number(part)


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
