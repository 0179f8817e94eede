"""Formulas that a person types: read by a whitelist of syntax, never run as Python.

>>> parse("d = a*b; tanh(d + c)", {"a": 2.0, "b": -3.0, "c": 5.5})
Value(data=-0.46211715726000974, grad=0.0, label='L')
"""

import ast
import re
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from micrograd_like.engine import Value, apply
from micrograd_like.notation import SIGNS, listed, python, syntax
from micrograd_like.rules import RULES
from micrograd_like.table import CONSTANTS

__all__ = ["parse", "variables"]

MOST = 1000  # characters of a formula
# Python's operators between two operands, by the formulas of the rules.
BINARY: dict[Any, str] = {
    type(tree.op): name
    for name in SIGNS
    if isinstance(tree := syntax(RULES[name].formula), ast.BinOp)
}


def variables(assignments: Iterable[str]) -> dict[str, float]:
    """The numbers of variables, from texts such as ``a=2``; a ValueError tells what is none.

    >>> variables(["a=2", "b=-3e-2"])
    {'a': 2.0, 'b': -0.03}
    """
    numbers: dict[str, float] = {}
    for assignment in assignments:
        name, equals, text = (part.strip() for part in assignment.partition("="))
        if not equals or not name.isidentifier():
            raise ValueError(f"{assignment!r}: give each variable as NAME=NUMBER, as in a=2")
        if name in numbers:
            raise ValueError(f"{assignment!r}: {name} is given twice")
        try:
            numbers[name] = float(text)
        except ValueError:
            raise ValueError(f"{assignment!r}: {text!r} is no number") from None
    return numbers


def parse(text: str, numbers: Mapping[str, float]) -> Value:
    """The root of a formula's graph, with the variables, labelled, for its leaves.

    The formula is one expression, or several with names before it, as in ``d = a*b; tanh(d + c)``.
    Its root is called L unless it has a name.  It may be written as pictures and steps write it,
    with names that Python has none for, such as ``layer0.neuron1.w0`` or ``a₂``.
    A ValueError tells what is no formula, and where an operation is undefined; a division by zero
    is a ZeroDivisionError.

    >>> parse("−(a · b)²", {"a": 2.0, "b": 0.5}).data
    -1.0
    """
    if len(text) > MOST:
        raise ValueError(f"the formula has {len(text):,} characters; it may have {MOST:,}")
    words = {name: f"_{k}_" for k, name in enumerate(numbers) if not name.isidentifier()}
    for name in sorted(words, key=len, reverse=True):
        text = re.sub(rf"(?<![\w.]){re.escape(name)}(?![^\W⁰¹²³⁴⁵⁶⁷⁸⁹]|\.)", words[name], text)
    try:
        with warnings.catch_warnings():  # of Python, about 2(a) or 1if: the error tells it
            warnings.simplefilter("ignore")
            statements = ast.parse(python(text.strip())).body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        reason = getattr(error, "msg", str(error))
        raise ValueError(f"{text!r}: is no formula: {reason}") from None
    reader = _Reader({words.get(name, name): Value(x, name) for name, x in numbers.items()})
    try:
        root = [reader.statement(statement) for statement in statements][-1:]
    except RecursionError:
        raise ValueError(f"{text!r}: is nested too deeply") from None
    unused = [name for name in numbers if words.get(name, name) not in reader.used]
    if unused:
        raise ValueError(f"{text!r}: has no {unused[0]}, which was given a number")
    if not root or not isinstance(root[0], Value):
        raise ValueError(f"{text!r}: has no variable in it, so that it has no gradient")
    root[0].label = root[0].label or "L"
    return root[0]


class _Reader:
    """Reads the syntax tree of a formula: what is not named here is refused."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self.values: dict[str, Any] = dict(values)
        self.used: set[str] = set()

    def statement(self, node: ast.stmt) -> Any:
        if isinstance(node, ast.Expr):
            return self.read(node.value)
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            (target,) = node.targets
            if isinstance(target, ast.Name):
                if target.id in self.values:
                    raise ValueError(f"{ast.unparse(node)!r}: {target.id} has a number already")
                value = self.read(node.value)
                if isinstance(value, Value):
                    value = value if value.rule and not value.label else value * 1.0
                    value.label = target.id
                self.values[target.id] = value
                return value
        raise _refused(node)

    def read(self, node: ast.expr) -> Any:
        """The number or Value of an expression, without recursion: it may be nested deeply."""
        order, stack = list[ast.expr](), [node]
        while stack:
            order.append(stack.pop())
            stack += _operands(order[-1])
        known: dict[int, Any] = {}
        for part in reversed(order):
            known[id(part)] = self.compute(part, *(known[id(x)] for x in _operands(part)))
        return known[id(node)]

    def compute(self, node: ast.expr, *operands: Any) -> Any:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name):
                return self.named(name)
            case ast.UnaryOp(op=op):
                return -operands[0] if isinstance(op, ast.USub) else operands[0]
            case ast.BinOp(op=op):
                return apply(RULES[BINARY[type(op)]], *operands)
            case ast.Call(func=ast.Name(id=name)):
                try:
                    return apply(RULES[name], *operands)
                except TypeError as error:  # too many inputs, or too few
                    raise ValueError(str(error)) from None
        raise _refused(node)

    def named(self, name: str) -> Any:
        if name in self.values:
            self.used.add(name)
            return self.values[name]
        if name in CONSTANTS:
            return CONSTANTS[name]
        raise ValueError(f"{name} has no number: give it one, as in {name}=2")


def _operands(node: ast.expr) -> list[ast.expr]:
    """The parts that an expression is computed of; a ValueError for what no formula has."""
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return []
        case ast.Name():
            return []
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return [operand]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in BINARY:
            return [left, right]
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            known = [n for n in list(RULES) if n not in SIGNS]  # a thread may define one
            if name not in known:
                raise ValueError(f"{name}: no such function; there are {listed(known, 99)}")
            return arguments
    raise _refused(node)


def _refused(node: ast.AST) -> ValueError:
    has = "numbers, variables, + - * / % ** and functions only"
    return ValueError(f"{ast.unparse(node)!r}: a formula has {has}")
