"""Whether a rule's words say what its function computes: tried at some points when it is defined.

Pictures, steps and references show and compute the texts, gradients come from the function.  The
points have several sizes and both signs, and lie on both sides of the numbers that stand in the
texts or in the function, where branches may begin.
"""

from __future__ import annotations

import ast
import copy
import math
from collections.abc import Iterator
from itertools import islice, pairwise
from types import CodeType
from typing import Any

from micrograd_like.notation import one_line, syntax
from micrograd_like.rules import RULES, Rule
from micrograd_like.table import SCOPE

__all__ = ["check_words"]

NUMBERS = (0.83, -0.61, 2.7, -3.1, 0.037, -0.0123, 17.3, -11.9, 5.0, -2.0, 127.1, -143.7, 1.4e3)
MOST, OUTSIDE = 20, 6  # points
SEAMS = 6  # numbers in texts and function beside which there are points
ORDINARY = 6.0  # further out a text may be undefined where a number in it is rounded to 0
TOLERANCE = 1e-6  # relative: of a text that has fewer digits
ROUNDING = 2.0**-50  # by which results are moved, to see what is lost where terms cancel
TINY = 1e-300
# What is raised where a function is not defined; a table may have no entry there.
UNDEFINED = (ValueError, ArithmeticError, LookupError)
Point = tuple[float, ...]


def check_words(rule: Rule) -> None:
    """A ValueError if a formula, a derivative's or the domain contradicts the rule's function.

    The numbers may differ by 1e-6 of their size, and by what rounding takes from a text whose
    terms cancel.  Where a text overflows, or is rounded to something
    undefined far out, nothing is compared.

    >>> def double(x):
    ...     return 2 * x, 2.0
    >>> check_words(Rule(double, "2×", "2 * x", ("2",)))
    >>> check_words(Rule(double, "2×", "x", ("2",)))
    Traceback (most recent call last):
    ValueError: rule 'double': its formula 'x' gives 0.83 at x = 0.83, its function gives 1.66; ...
    """
    points = [(point, _outputs(rule, point)) for point in _points(rule)]
    for position, text in enumerate((rule.formula, *rule.derivatives)):
        _compare(rule, text, position, points)
    if rule.arrays != rule.formula:
        _compare(rule, rule.arrays, 0, points)


def _outputs(rule: Rule, point: Point) -> tuple[Any, ...]:
    """What the function gives at a point; nothing where it raises.

    A ValueError tells where domain and function contradict each other.
    """
    has = rule.is_defined(*point)
    try:
        found = rule.function(*point)
    except UNDEFINED as error:
        if has and rule.domain:
            raise ValueError(
                f"rule {rule.name!r}: its domain {one_line(rule.domain)!r} has {_at(point)}, where "
                f"its function raises {type(error).__name__}: {error}; correct one of them"
            ) from None
        return ()
    outputs = found if isinstance(found, tuple) else (found,)
    if not has and not (isinstance(outputs[0], float) and math.isnan(outputs[0])):
        raise ValueError(
            f"rule {rule.name!r}: its domain {one_line(rule.domain)!r} leaves out {_at(point)}, "
            f"where its function gives {_number(outputs[0])}; raise a ValueError there, or "
            "correct the domain"
        )
    return outputs if has else ()


def _compare(rule: Rule, text: str, position: int, points: list[tuple[Point, Any]]) -> None:
    """A ValueError if a text contradicts the function's output of a position at a point."""
    code = compile(ast.Expression(syntax(text)), text, "eval")
    scope = {name: _meaning(name, rule) for name in code.co_names if name not in ("x", "y")}
    for point, outputs in points:
        if position >= len(outputs):
            continue
        got = outputs[position]
        try:
            said: Any = _said(code, scope, point)
        except OverflowError:
            continue
        except UNDEFINED as error:
            if max(map(abs, point)) > ORDINARY:
                continue
            said = error
        if _agree(said, got) or _agree_but_for_rounding(text, scope, point, said, got):
            continue
        which = "formula" if position == 0 else "derivative"
        which += f" for {'xy'[position - 1]}" * (position > 0 and rule.arity == 2)
        which += " for arrays" * (position == 0 and text != rule.formula)
        gives = f"fails ({said})" if isinstance(said, Exception) else f"gives {_number(said)}"
        raise ValueError(
            f"rule {rule.name!r}: its {which} {one_line(text)!r} {gives} at {_at(point)}, its "
            f"function gives {_number(got)}; correct one of them, or say where the text holds, as "
            "in 'x if x > 0 else 0'"
        )


def _said(code: CodeType, scope: dict[str, Any], point: Point) -> Any:
    return eval(code, scope, dict(zip("xy", point, strict=False)))


def _agree(said: Any, got: Any) -> bool:
    """Whether both are one number, or both none: infinite, complex, NaN, not defined."""
    known = [isinstance(x, int | float) and math.isfinite(x) for x in (said, got)]
    if not all(known):
        return not any(known)
    return bool(abs(said - got) <= TOLERANCE * max(abs(said), abs(got)) + TINY)


def _agree_but_for_rounding(
    text: str, scope: dict[str, Any], point: Point, said: Any, got: Any
) -> bool:
    """Whether rounding in a text, whose terms may cancel, explains how far it is off."""
    if not all(isinstance(x, int | float) and math.isfinite(x) for x in (said, got)):
        return False
    tree = ast.fix_missing_locations(ast.Expression(_Moved().visit(copy.deepcopy(syntax(text)))))
    code, spread = compile(tree, text, "eval"), 0.0
    for signs in (0b0110, 0b0011, 0b0101, 0b1111):
        count = iter(range(1 << 20))

        def moved(result: Any, signs: int = signs, count: Iterator[int] = count) -> Any:
            up = signs >> next(count) % 4 & 1
            return result * (1 + (ROUNDING if up else -ROUNDING))

        try:
            spread = max(spread, abs(_said(code, {**scope, "moved": moved}, point) - said))
        except UNDEFINED:
            return True  # rounded out of its domain
    return bool(abs(said - got) <= 4 * spread + TOLERANCE * max(abs(said), abs(got)))


class _Moved(ast.NodeTransformer):
    """Has the result of every operation and function moved by a function of that name."""

    def visit_BinOp(self, node: ast.expr) -> ast.expr:
        self.generic_visit(node)
        return ast.Call(ast.Name("moved", ast.Load()), [node], [])

    visit_Call = visit_BinOp  # noqa: N815 - ast's name


def _meaning(name: str, rule: Rule) -> Any:
    """What a name means in a formula: a constant, a function of ``math``, or a rule."""
    if name in SCOPE:
        return SCOPE[name]
    function = (rule if name == rule.name else RULES[name]).function
    return lambda *operands: function(*operands)[0]


# --- points ----------------------------------------------------------------------------------


def _points(rule: Rule) -> list[Point]:
    """Points to try: those in the domain, as many as there may be, then some outside."""
    numbers = [*NUMBERS, *_beside(_written(rule))]
    inside = (point for point in _tuples(numbers, rule.arity) if rule.is_defined(*point))
    found = [*islice(inside, MOST)]
    if rule.domain:
        outside = (p for p in _tuples(numbers, rule.arity) if not rule.is_defined(*p))
        found += islice(outside, OUTSIDE)
    return found


def _tuples(numbers: list[float], arity: int) -> Iterator[Point]:
    """The numbers; or pairs of different ones, each number being in several."""
    if arity == 1:
        yield from ((x,) for x in numbers)
        return
    for shift in (1, 2, 5, 9):
        for k, x in enumerate(numbers):
            y = numbers[(k + shift) % len(numbers)]
            if x != y:
                yield x, y


def _written(rule: Rule) -> list[float]:
    """The sizes of numbers in a rule's texts and in its function."""
    texts = (rule.domain, rule.formula, *rule.derivatives)
    parts = [part for text in texts if text for part in ast.walk(syntax(text))]
    found = [part.value for part in parts if isinstance(part, ast.Constant)]
    sizes = [
        abs(x)
        for x in (*rule.function.__code__.co_consts, *found)
        if isinstance(x, int | float) and 0 < abs(x) < 1e12
    ]
    return sorted(dict.fromkeys(map(float, sizes)))[-SEAMS:]


def _beside(sizes: list[float]) -> Iterator[float]:
    """Numbers on both sides of some sizes, and between them."""
    for size in sizes:
        yield from (1.07 * size, 0.93 * size, -1.07 * size, -0.93 * size)
    for low, high in pairwise(sizes):
        yield from (0.5 * (low + high), -0.5 * (low + high))


def _number(x: Any) -> str:
    return f"{x:.10g}" if isinstance(x, float) else one_line(repr(x))


def _at(point: Point) -> str:
    return ", ".join(f"{name} = {x!r}" for name, x in zip("xy", point, strict=False))
