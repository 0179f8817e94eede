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

    Signs = dict[str, str]


__all__ = [
    "OPERATORS",
    "SIGNS",
    "SUBSCRIPTS",
    "TIMES",
    "Term",
    "Written",
    "apart",
    "code",
    "condition",
    "exact",
    "factors",
    "formula",
    "gradient",
    "listed",
    "number",
    "one_line",
    "operation",
    "partial",
    "plural",
    "python",
    "readable",
    "symbol",
    "syntax",
    "template",
    "undefined",
]

# The rules that are Python's operators, and the special methods of these.
OPERATORS = {
    "add": "__add__", "sub": "__sub__", "mul": "__mul__", "div": "__truediv__", "mod": "__mod__",
    "pow": "__pow__", "neg": "__neg__", "abs": "__abs__",
}  # fmt: skip
SIGNS = tuple(name for name in OPERATORS if name != "abs")  # abs is written as a function
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
RAISED = str.maketrans("0123456789", SUPERSCRIPTS)
MINUS, TIMES = "−", " · "
MARK = "\ue000"
# How strongly a term holds together.
CHOICE, OR, AND, NOT, COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(10)
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
# What needs no brackets, a name, a number, a function's call; all else that a label can be does.
SOLID = r"[\w.′'…₀-₉∞]*(?:\([^()]*\)|(?:\[\d+\])+)?"  # a name, f(…), w[0]
PARTIAL = r"∂[\w.₀-₉]+(?:\[\d+\])*/∂[\w.₀-₉]+(?:\[\d+\])*"  # is a factor
LONGEST = 8  # operands that are written
# Control characters, halves, and what turns the text after it round: b · a would read as a · b.
UNREADABLE = "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066\u2067\ud800-\udfff\ufffe\uffff]"
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


class Slot(Term):
    """An operand that is filled in later: it stands as a mark where it needs brackets or not."""

    __slots__ = ("place",)

    def __init__(self, place: int) -> None:
        super().__init__(self.mark(place, CHOICE, 1))
        self.place = place

    @staticmethod
    def mark(*parts: int) -> str:
        """A text that no formula has: private characters around numbers."""
        return f"{MARK}{','.join(map(str, parts))}{MARK}"

    def within(self, least: int, first: bool = True) -> str:
        """The mark of the operand among others, as `Term.within` would write its text."""
        return self.mark(self.place, least, int(first))

    def raised(self, less: int) -> str:
        """The mark of the operand, less a whole number, as an exponent."""
        return self.mark(self.place, ATOM, 1, less)


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
    if re.fullmatch(PARTIAL, text):
        return Term(text, SIGN)
    solid = re.fullmatch(SOLID, text) and not set(text) & {*SUPERSCRIPTS}
    return Term(text, ATOM if solid else CHOICE)


# --- numbers and names -----------------------------------------------------------------------


def number(x: float, digits: int = 4, sign: bool = False) -> str:
    """A number for a page: four decimals at most, or four digits if it is small or large.

    >>> [number(x) for x in (2.0, -0.5, 0.00123456, 123456.0, math.inf)]
    ['2', '−0.5', '0.001235', '1.235e5', '∞']
    >>> number(5410.0, 0), number(0.6, 0)
    ('5410', '1')
    """
    import re

    if math.isnan(x):
        return "nan"
    size = abs(x)
    if math.isinf(x):
        text = "∞"
    elif 0.1 <= size < 1e5 - 0.5 * 10.0**-digits:  # which would be rounded up to 1e5
        text = f"{size:.{digits}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        text = re.sub(r"e\+?(-?)0?", r"e\1", f"{size:.{digits}g}").replace("-", MINUS)
    return (MINUS if x < 0 else "+" if sign and x > 0 else "") + text


def exact(x: float) -> str:
    """A number with all its digits.

    >>> exact(-0.1), exact(2.0)
    ('−0.1', '2.0')
    """
    import re

    return re.sub(r"e\+?(-?)0?", r"e\1", repr(float(x))).replace("-", MINUS).replace("inf", "∞")


def plural(many: int, thing: str, things: str = "") -> str:
    """How many things there are.

    >>> plural(1, "step"), plural(1500, "step"), plural(2, "leaf", "leaves")
    ('1 step', '1,500 steps', '2 leaves')
    """
    return f"{many:,} {thing if many == 1 else things or f'{thing}s'}"


def listed(choices: Iterable[str], most: int = 20) -> str:
    """What there is to choose from, in an error.

    >>> listed([]), listed(["light", "dark"])
    ('none', 'light, dark')
    """
    names = list(choices)
    return ", ".join([*names[:most], *(["…"] if len(names) > most else [])]) or "none"


def apart(names: Iterable[str]) -> list[str]:
    """Names of which no two are the same: where one is there already it gets a number behind it.

    >>> apart(["w", "b", "w", "w"])
    ['w', 'b', 'w_2', 'w_3']
    """
    found: dict[str, None] = {}  # a set with an order
    counts: dict[str, int] = {}
    for name in names:
        new = name
        while new in found:
            counts[name] = counts.get(name, 1) + 1
            new = f"{name}_{counts[name]}"
        found[new] = None
    return list(found)


def one_line(text: str, most: int = 40) -> str:
    """A text of a user's in one line that is not too long.

    >>> one_line(" two   words "), len(one_line("x" * 1000))
    ('two words', 40)
    """
    words = " ".join(readable(text).split())
    return words if len(words) <= most else words[: most - 3] + "..."


def readable(name: str) -> str:
    """A text without what no picture can show: control characters, halves, turned directions."""
    import re

    return re.sub(UNREADABLE, "�", name)


# --- operations and formulas -----------------------------------------------------------------


def operation(
    rule: Rule, *operands: Operand, numbers: Callable[[float], str] | None = None
) -> Term:
    """An operation on named operands, as on a blackboard.

    >>> from micrograd_like.rules import RULES
    >>> print(operation(RULES["sub"], "a", -3.0), "|", operation(RULES["tanh"], "a"))
    a − (−3) | tanh(a)
    """
    return _operation(rule, operands, numbers, BOARD)


def formula(text: str, *operands: Operand, numbers: Callable[[float], str] | None = None) -> Term:
    """A rule's formula, or one of its derivatives', on named operands.

    >>> print(formula("-x / y**2", "a", "b"), "|", formula("y * x**(y - 1)", "a", 3.0))
    −a / b² | 3 · a²
    """
    return _write(syntax(text), _named(operands, numbers), BOARD)


def template(text: str | Rule, least: int = 0) -> list[str | list[int]]:
    """A formula, or a rule's operation, whose operands are filled in later, by a page.

    Its pieces are texts, and places of operands: which of them, how strongly it has to hold
    together to stand without brackets, and whether it comes first, where a minus sign needs none.
    A fourth number makes it an exponent, less this number.  ``least`` is what the whole has to be
    to stand without brackets.

    >>> from micrograd_like.rules import RULES
    >>> template("x * y"), template(RULES["tanh"])
    ([[0, 6, 1], ' · ', [1, 7, 0]], ['tanh(', [0, 0, 1], ')'])
    >>> template("x**y")
    [[0, 9, 1], [1, 9, 1, 0]]
    """
    slots = Slot(0), Slot(1)
    if not isinstance(text, str):
        written = _operation(text, slots[: text.arity], None, BOARD)
    else:
        written = _write(syntax(text), _named(slots, None), BOARD)
    # Every second piece is a mark's content.
    pieces = written.within(least).split(MARK)
    return [
        [*map(int, piece.split(","))] if k % 2 else piece for k, piece in enumerate(pieces) if piece
    ]


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
    return str(_operation(rule, operands, None, PYTHON))


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


def _operation(
    rule: Rule, operands: Sequence[Operand], numbers: Callable[[float], str] | None, signs: Signs
) -> Term:
    """An operation's term: an operator's is its formula, all others are functions."""
    if rule.formula and rule.name in SIGNS:
        return _write(syntax(rule.formula), _named(operands, numbers), signs)
    if len(operands) > LONGEST:  # of an operation by hand
        operands = (*operands[: LONGEST - 1], "…", operands[-1])
    terms = [term(x, numbers) for x in operands]
    name = one_line(rule.name)
    if rule.formula or name.isidentifier() or not terms:
        return Term(f"{name}({', '.join(x.text for x in terms)})")
    # An operation by hand, whose name may be any text: a sign, a power, or a function after all.
    first, *others = (x.within(ATOM) for x in terms)
    if others and name in ("+", "-", "*", "/", "**"):
        return Term(f" {name} ".join((first, *others)), SUM)
    if not others and name.startswith("**"):
        return Term(first + name, POWER)
    return Term(f"{name}({', '.join(x.text for x in terms)})", SUM)


def _named(
    operands: Sequence[Operand], numbers: Callable[[float], str] | None
) -> dict[str, tuple[Term, float | None]]:
    """For x and y the term, and the number if it is one."""
    return {
        name: (term(x, numbers), x if isinstance(x, float | int) else None)
        for name, x in zip("xy", operands, strict=False)
    }


def _write(node: ast.expr, named: dict[str, tuple[Term, float | None]], signs: Signs) -> Term:
    """The term of a syntax tree, with operands in the places of x and y."""
    return _Writer(named, signs).term(node)


class _Writer:
    """Writes a syntax tree with the signs of the board, or of Python: a method for each node."""

    def __init__(self, named: dict[str, tuple[Term, float | None]], signs: Signs) -> None:
        self.named, self.signs = named, signs

    def term(self, node: Any) -> Term:
        """The term of any node; a ValueError tells what has no notation."""
        write = getattr(self, f"of_{type(node).__name__}", None)
        if write is None:
            what = type(node).__name__
            raise ValueError(f"a formula has no {what}; it has numbers, x, y and functions")
        found: Term = write(node)
        return found

    def sign(self, op: Any) -> str:
        """The sign of an operator."""
        name = type(op).__name__
        if name not in self.signs:
            raise ValueError(f"a formula has no {name}; it has + - * / ** % and comparisons")
        return self.signs[name]

    def of_Constant(self, node: Any) -> Term:  # noqa: N802 - ast's names
        return term(repr(node.value))

    def of_Name(self, node: Any) -> Term:  # noqa: N802
        if node.id in self.named:
            return self.named[node.id][0]
        return Term("∞" if node.id == "inf" and self.signs is BOARD else node.id)

    def of_UnaryOp(self, node: Any) -> Term:  # noqa: N802
        sign, operand = self.sign(node.op), self.term(node.operand)
        if type(node.op).__name__ == "Not":
            return Term(sign + operand.within(NOT), NOT)
        return Term(sign + operand.within(POWER), SIGN)

    def of_BinOp(self, node: Any) -> Term:  # noqa: N802
        name = type(node.op).__name__
        if name == "Pow":
            return self.power(node)
        sign, strength = self.sign(node.op), STRENGTHS.get(name, SUM)
        left, right = self.term(node.left).within(strength), self.term(node.right)
        least = POWER if name == "Div" else strength + 1  # 1 / (∂E/∂w)
        return Term(left + sign + right.within(least, first=False), strength)

    def of_Call(self, node: Any) -> Term:  # noqa: N802
        return Term(f"{node.func.id}({', '.join(self.term(x).text for x in node.args)})")

    def of_Compare(self, node: Any) -> Term:  # noqa: N802
        import ast

        if ast.unparse(node) in ("x % 1 == 0", "y % 1 == 0") and self.signs is BOARD:
            return Term(f"a whole {self.term(node.left.left)}", COMPARISON)
        terms = [self.term(x).within(SUM) for x in (node.left, *node.comparators)]
        signs = [*map(self.sign, node.ops), ""]
        return Term("".join(a + b for a, b in zip(terms, signs, strict=True)), COMPARISON)

    def of_BoolOp(self, node: Any) -> Term:  # noqa: N802
        strength = AND if type(node.op).__name__ == "And" else OR
        parts = [self.term(x).within(strength + 1) for x in node.values]
        return Term(self.sign(node.op).join(parts), strength)

    def of_IfExp(self, node: Any) -> Term:  # noqa: N802
        body, test = (self.term(x).within(OR) for x in (node.body, node.test))
        return Term(f"{body} if {test} else {self.term(node.orelse)}", CHOICE)

    def power(self, node: Any) -> Term:
        """A power: on the board with its exponent raised, if it is a whole number."""
        base, exponent = self.term(node.left).within(ATOM), self.term(node.right)
        if "Pow" in self.signs:
            return Term(base + self.signs["Pow"] + exponent.within(SIGN), POWER)
        slot, less = self.slot(node.right)
        if slot is not None:
            return Term(base + slot.raised(less), POWER)
        power = self.constant(node.right)
        if power == 1 and type(node.right).__name__ != "Name":  # what y - 1 has come to
            return self.term(node.left)
        if power is not None and 0 <= power < 1000 and power == int(power):
            return Term(base + str(int(power)).translate(RAISED), POWER)
        if power is not None and type(node.right).__name__ != "Name":
            exponent = term(power)
        return Term(f"{base}^{exponent.within(ATOM)}", POWER)

    def slot(self, node: Any) -> tuple[Slot | None, int]:
        """The operand of an exponent that is filled in later, y or y - 1, and what is taken off."""
        kind, less = type(node).__name__, 0
        if kind == "BinOp" and type(node.op).__name__ == "Sub":
            amount = self.constant(node.right)
            node, less = node.left, int(amount) if amount is not None else 0
            kind = type(node).__name__
        found = self.term(node) if kind == "Name" else None
        return (found, less) if isinstance(found, Slot) else (None, 0)

    def constant(self, node: Any) -> float | None:
        """The number of an exponent, as far as it is one: y, y - 1, or 2."""
        kind = type(node).__name__
        if kind == "Constant":
            return float(node.value)
        if kind == "Name":
            return self.named[node.id][1] if node.id in self.named else None
        if kind == "BinOp" and type(node.op).__name__ == "Sub":
            left, right = self.constant(node.left), self.constant(node.right)
            return None if left is None or right is None else left - right
        return None
