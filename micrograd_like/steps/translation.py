"""A Python function of numbers in JavaScript: its own syntax tree, written in other words.

Numbers of the modules around it are taken as they are when the text is written.  What it calls is
named by a ``Library``, which `javascript.py` has.  Where Python would raise, JavaScript throws.
Two things differ: the sign of a NaN, and that of a zero from whole numbers alone, as in -k.
"""

import ast
import builtins
import json
import math
import operator
import re
from collections.abc import Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any, Protocol

from micrograd_like.notation import (
    AND,
    ATOM,
    CHOICE,
    COMPARISON,
    OR,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    Term,
    one_line,
    readable,
)

__all__ = ["Library", "Writer", "indented", "quoted"]

SIGNS: dict[type, tuple[str, int]] = {
    ast.Add: (" + ", SUM), ast.Sub: (" - ", SUM), ast.Mult: (" * ", PRODUCT),
    ast.Div: (" / ", PRODUCT),
}  # fmt: skip
CALLS: dict[type, str] = {ast.Div: "quotient", ast.Mod: "modulo", ast.Pow: "power"}  # may raise
COMPARISONS: dict[type, str] = {
    ast.Lt: " < ", ast.Gt: " > ", ast.LtE: " <= ", ast.GtE: " >= ", ast.Eq: " === ",
    ast.NotEq: " !== ",
}  # fmt: skip
CALCULATED: dict[type, Any] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: lambda x, y: x**y if abs(y) < 2000 else float(x) ** y,
}  # fmt: skip
ON_TRUTH = (float, int, bool)  # what may be called with a condition, to make it a number
ERRORS = (ValueError, ZeroDivisionError, OverflowError, ArithmeticError)
# What means something else in JavaScript, or to the functions that are written here.
MEANT = """
    Infinity Math NaN Number RangeError arguments case catch const debugger default delete do enum
    eval export extends function implements instanceof interface let m new null package private
    protected public static super switch this throw typeof undefined var void
""".split()  # noqa: SIM905


class Library(Protocol):
    """Where a function's calls lead."""

    def error(self, why: str) -> Exception:
        """The error that tells what stands in the way."""
        ...

    def elementary(self, name: str, given: int) -> str:
        """The name in ``m`` of a function that has no Python name."""
        ...

    def name_of(self, function: Any, written: str, given: int) -> str:
        """The name in ``m`` of a Python function that is called with so many numbers."""
        ...


class Writer:
    """Writes a function; its names are its own, or mean what they mean in ``scope``."""

    def __init__(
        self, library: Library, scope: Mapping[str, Any], local: Iterable[str] = ()
    ) -> None:
        self.library, self.scope, self.local = library, scope, {*local}

    def refused(self, node: ast.AST) -> Exception:
        """The error of what has no counterpart here."""
        return self.library.error(
            f"`{one_line(ast.unparse(node))}` ({type(node).__name__}) is none of assignment, if, "
            "while, for, return, arithmetic, comparison, call"
        )

    # --- statements

    def function(self, tree: ast.FunctionDef, defaults: Sequence[Any]) -> str:
        """The whole function."""
        taken = tree.args
        if taken.vararg or taken.kwonlyargs or taken.kwarg:
            raise self.refused(taken)
        names = [argument.arg for argument in (*taken.posonlyargs, *taken.args)]
        stored = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and _is_stored(n)]
        new = [name for name in dict.fromkeys(n.id for n in stored) if name not in names]
        self.local = {*names, *new}
        parameters = [*map(_own, names)]
        for k, default in enumerate(reversed(defaults), 1):
            parameters[-k] += f" = {self.literal(default, names[-k])}"
        lines = [f"let {', '.join(map(_own, new))};"] if new else []
        lines += self.statements(tree.body)
        return "\n".join([f"({', '.join(parameters)}) => {{", *(f"  {x}" for x in lines), "}"])

    def statements(self, body: list[ast.stmt]) -> list[str]:
        """The lines of several statements."""
        return [line for each in body for line in self.statement(each)]

    def block(self, head: str, body: list[ast.stmt], *first: str) -> list[str]:
        """The lines of statements with something before them, in braces."""
        return [f"{head} {{", *(f"  {line}" for line in (*first, *self.statements(body))), "}"]

    def statement(self, node: ast.stmt) -> list[str]:
        """The lines of a statement."""
        match node:
            case ast.Return(value=ast.expr() as value):
                return [f"return {self.value(value)};"]
            case ast.Assign(targets=targets, value=value):
                left = "".join(f"{self.target(target)} = " for target in targets)
                return [f"{left}{self.value(value)};"]
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                return [f"{self.target(target)} = {self.value(value)};"]
            case ast.AugAssign(target=ast.Name(id=name) as target, op=op, value=value):
                new = ast.BinOp(ast.Name(name, ast.Load()), op, value)
                return [f"{self.target(target)} = {self.value(new)};"]
            case ast.If(test=test, body=body, orelse=orelse):
                lines = self.block(f"if ({self.condition(test)})", body)
                if orelse:
                    lines[-1:] = self.block("} else", orelse)
                return lines
            case ast.While(test=test, body=body, orelse=[]):
                return self.block(f"while ({self.condition(test)})", body)
            case ast.For(target=ast.Name(), orelse=[]):
                return self.loop(node)
            case ast.Break() | ast.Continue():
                return [f"{type(node).__name__.lower()};"]
            case ast.Raise(exc=ast.expr() as error, cause=None):
                return [f"throw new RangeError({self.message(error)});"]
            case ast.Pass() | ast.Expr(value=ast.Constant()):  # a docstring
                return []
        raise self.refused(node)

    def target(self, node: ast.expr) -> str:
        """What is assigned to: a name, or several."""
        match node:
            case ast.Name(id=name):
                return _own(name)
            case ast.Tuple(elts=parts):
                return f"[{', '.join(map(self.target, parts))}]"
        raise self.refused(node)

    def loop(self, node: ast.For) -> list[str]:
        """A loop over a range, or over numbers that are written down."""
        name = self.target(node.target)
        match node.iter:
            case ast.Call(func=ast.Name(id="range") as called, args=[_] | [_, _], keywords=[]):
                if self.meaning(called) is not range:
                    raise self.refused(node.iter)
                start, stop = [ast.Constant(0), *node.iter.args][-2:]
                counts = f"at$ = {self.number(start)}, end$ = {self.number(stop)}"
                head = f"for (let {counts}; at$ < end$; at$ += 1)"
                return self.block(head, node.body, f"{name} = at$;")
            case ast.Tuple() | ast.List() | ast.Name():
                return self.block(f"for ({name} of {self.value(node.iter)})", node.body)
        raise self.refused(node.iter)

    def message(self, node: ast.expr) -> str:
        """What an error says that tells of an undefined point."""
        kind, said = (node.func, node.args) if isinstance(node, ast.Call) else (node, [])
        if isinstance(kind, ast.Name) and any(self.meaning(kind) is error for error in ERRORS):
            match said:
                case []:
                    return ""
                case [ast.Constant(value=str() as text)]:
                    return quoted(text)
        raise self.refused(node)

    # --- numbers, and what is true or false

    def value(self, node: ast.expr) -> str:
        """A number, or several."""
        if isinstance(node, ast.Tuple | ast.List):
            return f"[{', '.join(map(self.value, node.elts))}]"
        if self.is_outside(node):
            meant = self.meaning(node)
            if isinstance(meant, tuple | list):
                return f"[{', '.join(str(self.literal(x, ast.unparse(node))) for x in meant)}]"
        return str(self.number(node))

    def number(self, node: ast.expr) -> Term:
        """A number."""
        known = _calculated(node)
        if known is not None:
            return self.literal(known, ast.unparse(node))
        match node:
            case ast.Name(id=name) if name in self.local:
                return Term(_own(name))
            case ast.Name() | ast.Attribute():
                return self.literal(self.meaning(node), ast.unparse(node))
            case ast.UnaryOp(op=ast.USub(), operand=part):
                return Term("-" + self.number(part).within(POWER), SIGN)
            case ast.UnaryOp(op=ast.UAdd(), operand=part):
                return self.number(part)
            case ast.BinOp():
                return self.operation(node)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                chosen, otherwise = self.number(body), self.number(orelse)
                return Term(f"{self.condition(test)} ? {chosen} : {otherwise}", CHOICE)
            case ast.Call(func=called, args=given, keywords=[]):
                return self.call(called, given)
        if _is_condition(node):
            return Term(f"Number({self.condition(node)})")
        raise self.refused(node)

    def operation(self, node: ast.BinOp) -> Term:
        """An operator's number; division is a call where the divisor may be 0."""
        kind = type(node.op)
        left, right = self.number(node.left), self.number(node.right)
        if kind in SIGNS and (kind is not ast.Div or self.is_other_than_0(node.right)):
            sign, strength = SIGNS[kind]
            sides = left.within(strength), right.within(strength + 1, first=False)
            return Term(sign.join(sides), strength)
        if kind not in CALLS:
            raise self.refused(node)
        return Term(f"m.{self.library.elementary(CALLS[kind], 2)}({left}, {right})")

    def is_other_than_0(self, node: ast.expr) -> bool:
        """Whether a number is the same at every point, and not 0."""
        return bool(self.meaning(node) if self.is_outside(node) else _calculated(node))

    def call(self, called: ast.expr, given: list[ast.expr]) -> Term:
        """A function's number."""
        function, written = self.meaning(called), ast.unparse(called).rpartition(".")[2]
        if any(function is kind for kind in ON_TRUTH) and [*map(_is_condition, given)] == [True]:
            return self.number(given[0])
        name = self.library.name_of(function, written, len(given))
        return Term(f"m.{name}({', '.join(map(self.value, given))})")

    def condition(self, node: ast.expr) -> Term:
        """What is true or false; of numbers all but 0 are true, NaN too."""
        match node:
            case ast.Constant(value=bool() as truth):
                return Term(str(truth).lower())
            case ast.UnaryOp(op=ast.Not(), operand=part):
                return Term("!" + self.condition(part).within(ATOM), SIGN)
            case ast.BoolOp(op=op, values=values):
                strength, sign = (AND, " && ") if isinstance(op, ast.And) else (OR, " || ")
                parts = [self.condition(value).within(strength) for value in values]
                return Term(sign.join(parts), strength)
            case ast.Compare(left=left, ops=ops, comparators=others):
                if any(type(op) not in COMPARISONS for op in ops):
                    raise self.refused(node)
                sides = [self.number(part).within(SUM) for part in (left, *others)]
                triples = zip(sides, ops, sides[1:], strict=False)
                pairs = [f"{a}{COMPARISONS[type(op)]}{b}" for a, op, b in triples]
                return Term(" && ".join(pairs), AND if len(pairs) > 1 else COMPARISON)
        return Term(f"{self.number(node).within(SUM)} !== 0", COMPARISON)

    # --- what names and numbers mean

    def meaning(self, node: ast.expr) -> Any:
        """What a name outside the function, or one in a module, stands for."""
        if not self.is_outside(node):
            raise self.refused(node)
        match node:
            case ast.Name(id=name):
                if name not in self.scope and not hasattr(builtins, name):
                    raise self.library.error(f"{name} is not defined")
                return self.scope[name] if name in self.scope else getattr(builtins, name)
            case ast.Attribute(value=of, attr=name):
                module = self.meaning(of)
                if isinstance(module, ModuleType):
                    try:
                        return getattr(module, name)
                    except AttributeError as error:
                        raise self.library.error(str(error)) from None
        raise self.refused(node)

    def is_outside(self, node: ast.expr) -> bool:
        """Whether it is a name, or an attribute of a name, and that is not the function's own."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id not in self.local

    def literal(self, x: Any, written: str) -> Term:
        """A number as JavaScript writes it, which has floats alone."""
        try:
            data = float(x) if isinstance(x, int | float) else None
        except OverflowError:
            data = None
        if data is None or (data != x and not math.isnan(data)):
            raise self.library.error(f"{one_line(written)} is {one_line(repr(x))}, no float")
        if math.isnan(data):
            return Term("NaN")
        text = repr(abs(data)).removesuffix(".0").replace("inf", "Infinity")
        return Term(f"-{text}", SIGN) if math.copysign(1, data) < 0 else Term(text)


def _is_stored(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _own(name: str) -> str:
    """A local name; Python's have no $."""
    return f"{name}$" if name in MEANT else name


def _is_condition(node: ast.expr) -> bool:
    match node:
        case ast.BoolOp(values=values):
            return all(map(_is_condition, values))
        case ast.Constant(value=bool()) | ast.Compare() | ast.UnaryOp(op=ast.Not()):
            return True
    return False


def _calculated(node: ast.expr) -> float | None:
    """What is the same at every point, calculated as Python does, whose whole numbers are exact."""
    match node:
        case ast.Constant(value=int() | float() as x):
            return x
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=part):
            known = _calculated(part)
            return known if known is None or isinstance(sign, ast.UAdd) else -known
        case ast.BinOp(left=left, op=op, right=right) if type(op) in CALCULATED:
            parts = _calculated(left), _calculated(right)
            try:
                found = None if None in parts else CALCULATED[type(op)](*parts)
            except ArithmeticError:
                return None  # so that it is raised where it is called
            return None if isinstance(found, complex) else found
    return None


def quoted(text: str) -> str:
    r"""A text in JavaScript, in which no tag of HTML begins.

    >>> print(quoted("0 < x, </script>"))
    "0 < x, \u003c/script>"
    """
    return re.sub(r"<(?=[\w/!?])", r"\\u003c", json.dumps(readable(text), ensure_ascii=False))


def indented(text: str) -> str:
    r"""All lines but the first, two further in.

    >>> indented("() => {\n}")
    '() => {\n  }'
    """
    return text.replace("\n", "\n  ")
