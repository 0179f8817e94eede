"""All that people read of a calculation is written here: operations, formulas, numbers, errors.

Pictures, steps, checks, exports and errors call these functions, and the reader of typed formulas
takes back what they write (:func:`python`).  A piece of a formula is a :class:`Term`: its text and
how strongly it holds together, which decides where brackets go.

>>> from micrograd_like.rules import RULES
>>> ab = operation(RULES["mul"], "a", "b")
>>> print(operation(RULES["pow"], ab, 2.0), "|", operation(RULES["div"], "a", ab))
(a · b)² | a / (a · b)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

from micrograd_like.table import Rule

TYPE_CHECKING = False  # typing itself would take most of the time of the import
if TYPE_CHECKING:
    import ast
    from typing import Any


__all__ = [
    "OPERATORS",
    "SUBSCRIPTS",
    "TIMES",
    "Term",
    "Written",
    "code",
    "condition",
    "exact",
    "factors",
    "formula",
    "gradient",
    "listed",
    "number",
    "operation",
    "partial",
    "plural",
    "python",
    "readable",
    "symbol",
    "syntax",
    "undefined",
]

# The rules that are Python's operators, and the special methods of these.
OPERATORS = {
    "add": "__add__", "sub": "__sub__", "mul": "__mul__", "div": "__truediv__", "pow": "__pow__",
    "neg": "__neg__", "abs": "__abs__",
}  # fmt: skip
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
RAISED = str.maketrans("0123456789", SUPERSCRIPTS)
MINUS, TIMES = "−", " · "
CHOICE, SUM, PRODUCT, SIGN, POWER, ATOM = range(6)  # how strongly a term holds together
STRENGTHS = {"Add": SUM, "Sub": SUM, "Mult": PRODUCT, "Div": PRODUCT, "Mod": PRODUCT}
BOARD = {
    "Add": " + ", "Sub": f" {MINUS} ", "Mult": TIMES, "Div": " / ", "Mod": " % ", "USub": MINUS,
    "Eq": " = ", "NotEq": " ≠ ", "LtE": " ≤ ", "GtE": " ≥ ", "Lt": " < ", "Gt": " > ",
    "And": " and ", "Or": " or ", "Not": "not ",
}  # fmt: skip
PYTHON = BOARD | {
    "Sub": " - ", "Mult": " * ", "Pow": " ** ", "USub": "-",
    "Eq": " == ", "NotEq": " != ", "LtE": " <= ", "GtE": " >= ",
}  # fmt: skip
# What needs no brackets, a name, a number, a function's call, ∂E/∂w; all else that a label is does.
SOLID = r"[\w.′'…₀-₉]*(?:\([^()]*\))?|∂[\w.₀-₉]+/∂[\w.₀-₉]+"
TREES: dict[str, ast.expr] = {}  # of formulas that were read before


class Term:
    """A piece of a formula: its text, and how strongly it holds together."""

    __slots__ = ("strength", "text")

    def __init__(self, text: str, strength: int = ATOM) -> None:
        self.text, self.strength = text, strength

    def __repr__(self) -> str:
        return f"Term({self.text!r}, {self.strength})"

    def __str__(self) -> str:
        return self.text

    def within(self, least: int, first: bool = True) -> str:
        """The text among others, in brackets if it is weaker, or if a minus sign would follow."""
        weak = self.strength < least or (not first and self.text.startswith(("-", MINUS)))
        return f"({self.text})" if weak else self.text


if TYPE_CHECKING:
    Operand = Term | str | float


def term(operand: Operand, numbers: Callable[[float], str] | None = None) -> Term:
    """A term of a name, or of a number as ``numbers`` writes it (:func:`number` unless told)."""
    import re

    if isinstance(operand, Term):
        return operand
    text = operand if isinstance(operand, str) else (numbers or number)(operand)
    if re.fullmatch(rf"[-{MINUS}][\d.∞einf]+(?:e[-{MINUS}+]?\d+)?", text):
        return Term(text, SIGN)
    if re.fullmatch(rf"[\d.]+e[-{MINUS}+]?\d+", text):
        return Term(text, POWER)
    return Term(
        text, ATOM if re.fullmatch(SOLID, text) and not set(text) & {*SUPERSCRIPTS} else CHOICE
    )


# --- numbers and names -----------------------------------------------------------------------


def number(x: float, digits: int = 4, sign: bool = False) -> str:
    """A number for a page: four decimals at most, or four digits if it is small or large.

    >>> [number(x) for x in (2.0, -0.5, 0.00123456, 123456.0, math.inf)]
    ['2', '−0.5', '0.001235', '1.235e5', '∞']
    """
    import re

    if math.isnan(x):
        return "nan"
    size = abs(x)
    if math.isinf(x):
        text = "∞"
    elif 0.1 <= size < 1e5:
        text = f"{size:.{digits}f}".rstrip("0").rstrip(".")
    else:
        text = re.sub(r"e\+?(-?)0?", r"e\1", f"{size:.{digits}g}").replace("-", MINUS)
    return (MINUS if x < 0 else "+" if sign and x > 0 else "") + text


def exact(x: float) -> str:
    """A number with all its digits.

    >>> exact(-0.1), exact(2.0)
    ('−0.1', '2.0')
    """
    return repr(float(x)).replace("-", MINUS).replace("inf", "∞")


def plural(many: int, thing: str) -> str:
    """How many things there are.

    >>> plural(1, "step"), plural(1500, "step")
    ('1 step', '1,500 steps')
    """
    return f"{many:,} {thing}" + ("s" if many != 1 else "")


def listed(choices: Iterable[str], most: int = 20) -> str:
    """What there is to choose from, in an error.

    >>> listed([]), listed(["light", "dark"])
    ('none', 'light, dark')
    """
    names = list(choices)
    return ", ".join([*names[:most], *(["…"] if len(names) > most else [])]) or "none"


def readable(name: str) -> str:
    """A text without control characters and half characters, which no picture can show."""
    import re

    return re.sub("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", "�", name)


# --- operations and formulas -----------------------------------------------------------------


def operation(
    rule: Rule, *operands: Operand, numbers: Callable[[float], str] | None = None
) -> Term:
    """An operation on named operands, as on a blackboard.

    >>> from micrograd_like.rules import RULES
    >>> print(operation(RULES["sub"], "a", -3.0), "|", operation(RULES["tanh"], "a"))
    a − (−3) | tanh(a)
    """
    return _write(_shape(rule), _named(operands, numbers), BOARD)


def formula(text: str, *operands: Operand, numbers: Callable[[float], str] | None = None) -> Term:
    """A rule's formula, or one of its derivatives', on named operands.

    >>> print(formula("-x / y**2", "a", "b"), "|", formula("y * x**(y - 1)", "a", 3.0))
    −a / b² | 3 · a²
    """
    return _write(syntax(text), _named(operands, numbers), BOARD)


def factors(*operands: Operand) -> list[str]:
    """The factors of a product, in brackets where they need them.

    >>> factors(formula("1 - x", "a"), -2.0)
    ['(1 − a)', '(−2)']
    """
    return [term(x).within(SIGN, first=k == 0) for k, x in enumerate(operands)]


def gradient(name: str) -> str:
    """What a value's gradient is called.

    >>> gradient("a"), gradient("x+y")
    ('a.grad', '(x+y).grad')
    """
    return f"{term(name).within(ATOM)}.grad"


def partial(of: str, by: str) -> str:
    """What a partial derivative is called.

    >>> partial("loss", "a"), partial("a · b", "x+y")
    ('∂loss/∂a', '∂(a · b)/∂(x+y)')
    """
    return "/".join(f"∂{term(name).within(ATOM)}" for name in (of, by))


def condition(domain: str) -> str:
    """A rule's domain in words.

    >>> condition("x > 0 or x == 0 and y >= 0 or x < 0 and y % 1 == 0")
    'x > 0 or x = 0 and y ≥ 0 or x < 0 and a whole y'
    """
    return str(formula(domain, "x", "y"))


def symbol(rule: Rule, constants: Sequence[tuple[int, float | None]]) -> str:
    """What stands in an operation's circle: its symbol, with its constant if it has one.

    A constant comes with its place among the operands; None stands for several numbers.

    >>> from micrograd_like.rules import RULES
    >>> symbol(RULES["mul"], [(1, 2.0)]), symbol(RULES["pow"], [(1, 2.0)]), symbol(RULES["exp"], [])
    ('× 2', 'x²', 'exp')
    """
    if not constants:
        return rule.symbol
    place, x = constants[0]
    shown = "…" if x is None else number(x)
    if rule.name == "pow":
        return str(operation(rule, *("x", term(shown) if x is None else x)[:: 1 if place else -1]))
    return f"{rule.symbol} {shown}" if place else f"{shown} {rule.symbol}"


def code(rule: Rule, *operands: str, methods: bool = False) -> str:
    """An operation as Python writes it, with a function or with a ``method`` where it is none.

    >>> from micrograd_like.rules import RULES
    >>> code(RULES["pow"], "-2.0", "b"), code(RULES["tanh"], "a", methods=True)
    ('(-2.0) ** b', 'a.tanh()')
    """
    if methods and rule.name not in OPERATORS:
        return f"{term(operands[0]).within(ATOM)}.{rule.name}({', '.join(operands[1:])})"
    return str(_write(_shape(rule), _named(operands, None), PYTHON))


class Written:
    """An operation as code, written when an error needs it.

    >>> from micrograd_like.rules import RULES
    >>> str(Written(RULES["add"], "Value", "..."))
    'Value + ...'
    """

    def __init__(self, rule: Rule, *operands: str) -> None:
        self.rule, self.operands = rule, operands

    def __str__(self) -> str:
        return code(self.rule, *self.operands)


def undefined(error: Exception, rule: Rule, *operands: Any) -> Exception:
    """The error of an operation in the user's words: operation, value, remedy, label.

    The operands are floats, and Values, which are told by their labels.

    >>> from micrograd_like.rules import RULES
    >>> undefined(ValueError(), RULES["log"], -1.0)
    ValueError('log(-1.0): needs x > 0')
    """
    data = [getattr(x, "data", x) for x in operands]
    labels = [getattr(x, "label", "") for x in operands]
    named = [
        f"{name} is {label!r} = {x!r}"
        for name, label, x in zip("xy", labels, data, strict=False)
        if label
    ]
    needs = f"needs {condition(rule.domain)}" if rule.domain else str(error)
    told = f" ({', '.join(named)})" if named else ""
    return type(error)(f"{code(rule, *map(repr, data))}: {needs}{told}")


def python(text: str) -> str:
    """What is written here, in Python's characters: for the reader of typed formulas.

    >>> python("−(a · b)² / c^2")
    '-(a * b)**2 / c**2'
    """
    import re

    signs = {BOARD[name].strip(): PYTHON[name].strip() for name in ("Sub", "Mult")}
    for sign, plain in (signs | {"×": "*", "÷": "/", "^": "**", "∞": "inf"}).items():
        text = text.replace(sign, plain)
    digits = str.maketrans(SUPERSCRIPTS, "0123456789")
    return re.sub(f"[{SUPERSCRIPTS}]+", lambda match: f"**{match[0].translate(digits)}", text)


# --- from syntax trees to text ---------------------------------------------------------------


def syntax(text: str) -> ast.expr:
    """The syntax tree of a formula.

    >>> type(syntax("x * y").op).__name__
    'Mult'
    """
    import ast

    if text not in TREES:
        TREES[text] = ast.parse(text, mode="eval").body
    return TREES[text]


def _shape(rule: Rule) -> ast.expr:
    """An operation's tree: an operator's is its formula, all others are functions."""
    if rule.name in OPERATORS and rule.name != "abs":
        return syntax(rule.formula)
    return syntax(f"{rule.name}({', '.join('xy'[: rule.arity])})")


def _named(
    operands: Sequence[Operand], numbers: Callable[[float], str] | None
) -> dict[str, tuple[Term, float | None]]:
    """For x and y the term, and the number if it is one."""
    return {
        name: (term(x, numbers), x if isinstance(x, float | int) else None)
        for name, x in zip("xy", operands, strict=False)
    }


def _write(node: Any, named: dict[str, tuple[Term, float | None]], signs: dict[str, str]) -> Term:
    """The term of a syntax tree, with operands in the places of x and y."""
    kind = type(node).__name__
    sign = type(getattr(node, "op", None)).__name__

    def write(part: Any) -> Term:
        return _write(part, named, signs)

    if kind == "Constant":
        return term(repr(node.value))
    if kind == "Name":
        if node.id in named:
            return named[node.id][0]
        return Term("∞" if node.id == "inf" and signs is BOARD else node.id)
    if kind == "UnaryOp":
        return Term(signs[sign] + write(node.operand).within(POWER), SIGN)
    if kind == "BinOp" and sign == "Pow":
        return _write_power(node, named, signs)
    if kind == "BinOp":
        strength = STRENGTHS[sign]
        left, right = write(node.left), write(node.right)
        text = left.within(strength) + signs[sign] + right.within(strength + 1, first=False)
        return Term(text, strength)
    if kind == "Call":
        return Term(f"{node.func.id}({', '.join(write(x).text for x in node.args)})")
    if kind == "Compare":
        if type(getattr(node.left, "op", None)).__name__ == "Mod":
            return Term(f"a whole {write(node.left.left)}", CHOICE)
        ops = [signs[type(op).__name__] for op in node.ops]
        terms = [write(x).within(SUM) for x in (node.left, *node.comparators)]
        return Term("".join(a + b for a, b in zip(terms, [*ops, ""], strict=True)), CHOICE)
    if kind == "BoolOp":
        return Term(signs[sign].join(write(x).text for x in node.values), CHOICE)
    if kind == "IfExp":
        body, test, other = (write(x).text for x in (node.body, node.test, node.orelse))
        return Term(f"{body} if {test} else {other}", CHOICE)
    raise ValueError(f"no notation for {kind} in a formula; it has numbers, x, y and functions")


def _write_power(
    node: Any, named: dict[str, tuple[Term, float | None]], signs: dict[str, str]
) -> Term:
    base, exponent = (_write(part, named, signs) for part in (node.left, node.right))
    if "Pow" in signs:
        return Term(base.within(ATOM) + signs["Pow"] + exponent.within(SIGN), POWER)
    power = _constant(node.right, named)
    if power == 1:
        return base
    if power is not None and 0 <= power < 1000 and power == int(power):
        return Term(base.within(ATOM) + str(int(power)).translate(RAISED), POWER)
    if power is not None and node.right.__class__.__name__ != "Name":
        exponent = term(power)
    return Term(f"{base.within(ATOM)}^{exponent.within(ATOM)}", POWER)


def _constant(node: Any, named: dict[str, tuple[Term, float | None]]) -> float | None:
    """The number of an exponent, as far as it is one: y, y - 1, or 2."""
    kind = type(node).__name__
    if kind == "Constant":
        return float(node.value)
    if kind == "Name":
        return named[node.id][1] if node.id in named else None
    if kind == "BinOp" and type(node.op).__name__ == "Sub":
        left, right = _constant(node.left, named), _constant(node.right, named)
        return None if left is None or right is None else left - right
    return None
