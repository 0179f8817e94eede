"""The rules in loops over arrays: value and slopes of every element, as machine code.

The loop of a rule calls the rule's own function, as the kernel does, and is kept on disk like it.

Arrays round otherwise than the engine, as they add up in another order.  Where that may decide, at
a kink or at the border of a domain, an element counts as unfit, and the engine's order is for
scalars to follow.  How far off an array may be, and how large its numbers are, is in its line of
``sizes``: loops write those of their results, and `grow` those of sums.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from micrograd_like.compile.kernel import machine_code
from micrograd_like.rules import Rule
from micrograd_like.table import CONSTANTS

__all__ = ["Loop", "grow", "has_edges", "largest", "loop_of"]

HEAD = '''"""From micrograd_like.compile.loops: {title}."""

from math import {constants}

from numba import njit


@njit(cache=True, error_model="numpy", fastmath={{"nnan", "nsz"}}, forceinline=True)
def larger(x, y):
    """The larger of two numbers; several rows are compared at once."""
    return x if x > y else y
'''
SIZES = '''

@njit(cache=True, error_model="numpy", no_cfunc_wrapper=True)
def grow(steps, sizes):
    """How large the terms of sums are, and how far off: a step for each part of a sum."""
    for k in range(len(steps)):
        out, left, right, first, exact = steps[k]
        size, off = sizes[left, 0], sizes[left, 1]
        if right >= 0:
            off = larger(off * sizes[right, 0], size * sizes[right, 1])
            size *= sizes[right, 0]
        if not exact:
            off = larger(off, size * {rounding})
        if not first:
            size, off = larger(size, sizes[out, 0]), larger(off, sizes[out, 1])
        sizes[out, 0], sizes[out, 1] = size, off


@njit(cache=True, error_model="numpy", no_cfunc_wrapper=True)
def largest(numbers):
    """The largest absolute value."""
    size = 0.0
    for r in range(len(numbers)):
        size = larger(size, abs(numbers[r]))
    return size
'''
# Of the largest term: a thousand times what the sums of some thousand terms may be off.
ROUNDING = 2.0**-40
PLAIN = '''

@njit(cache=True, error_model="numpy", nogil=True, no_cfunc_wrapper=True)
def loop({operands}, values, {slopes}):
    """Values and slopes; returns how often the rule is undefined, or a number is not finite.

    An operand of one element is that for all.
    """
    bad = 0
    for r in range(len(values)):
{reading}
        value, {numbers} = {name}({names})
        values[r] = value
{writing}
        bad += not (({domain}) and {finite})
    return bad
'''
CAREFUL = '''

@njit(cache=True, error_model="numpy", forceinline=True)
def defined({names}):
    """The rule's domain."""
    return {domain}


@njit(cache=True, error_model="numpy", nogil=True, no_cfunc_wrapper=True)
def loop({operands}, values, {slopes}, sizes, out, {sources}):
    """As the plain one; an element next to a kink or to the border of the domain is unfit, too."""
    bad = 0
    {offs} = {zeros}
{offs_reading}
    size, {tops} = 0.0, {zeros}
    for r in range(len(values)):
{reading}
        value, {numbers} = {name}({names})
        values[r] = value
{writing}
        size = larger(size, abs(value))
{measuring}
        bad += not (defined({names}) and {finite}){near}
    sizes[out, 0] = size
    sizes[out, 1] = {off}
    return bad
'''


class Loop:
    """A rule's loop over operands and an array of the same number of elements, with its slopes.

    With ``sizes``, and the lines there of the array and of the operands, it is a careful one.
    """

    def __init__(
        self,
        rule: Rule,
        operands: Sequence[Any],
        values: Any,
        sizes: Any = None,
        lines: Sequence[int] = (),
    ) -> None:
        self.slopes = [np.empty(values.shape) for _ in operands]
        self._arguments = [x.reshape(-1) for x in (*operands, values, *self.slopes)]
        if sizes is not None:
            self._arguments += [sizes, *lines]
        self._loop, self._bad = loop_of(rule, sizes is not None), 0

    def run(self) -> None:
        """Compute the values and slopes."""
        self._bad = self._loop(*self._arguments)

    def bad(self) -> bool:
        """Whether an operation was undefined, or a number not finite."""
        return self._bad > 0


def has_edges(rule: Rule) -> bool:
    """Whether a rule has a kink or is not defined everywhere.

    >>> from micrograd_like.rules import RULES
    >>> [name for name in ("add", "relu", "log", "tanh") if has_edges(RULES[name])]
    ['relu', 'log']
    """
    return bool(rule.domain) or _has_kink(rule)


def _has_kink(rule: Rule) -> bool:
    return re.search(r"\b(if|abs|max|min)\b", rule.formula) is not None


@cache
def _sizes() -> Any:
    title = "how large arrays are, and how far off"
    text = HEAD.format(title=title, constants=", ".join(CONSTANTS))
    return machine_code(text + SIZES.format(rounding=ROUNDING), "sizes", {})


def grow(steps: Any, sizes: Any) -> None:
    """The sizes of sums, from those of what they add up."""
    _sizes().grow(steps, sizes)


def largest(numbers: Any) -> float:
    """The largest absolute value of a flat array."""
    size: float = _sizes().largest(numbers)
    return size


@cache
def loop_of(rule: Rule, careful: bool = False) -> Callable[..., int]:
    """The compiled loop of a rule.

    >>> from micrograd_like.rules import RULES
    >>> values, slopes = np.zeros(2), np.zeros(2)
    >>> loop_of(RULES["relu"])(np.array([2.0, -2.0]), values, slopes), values, slopes
    (0, array([2., 0.]), array([1., 0.]))
    """
    names = ("x", "y")[: rule.arity]
    slopes = [f"d{name}" for name in names]
    words = {
        "operands": ", ".join(f"{name}s" for name in names),
        "slopes": ", ".join(f"{slope}s" for slope in slopes),
        "reading": "\n".join(f"        {x} = {x}s[r if len({x}s) > 1 else 0]" for x in names),
        "domain": rule.domain or "True",
        "numbers": ", ".join(slopes),
        "name": "_rule",
        "names": ", ".join(names),
        "writing": "\n".join(f"        {slope}s[r] = {slope}" for slope in slopes),
        "finite": " and ".join(f"{x} - {x} == 0" for x in (*names, "value", *slopes)),
    }
    head = HEAD.format(title=f"{rule.name} in a loop", constants=", ".join(CONSTANTS))
    text = CAREFUL if careful else PLAIN
    text = head + text.format(**words, **(_careful(rule, names) if careful else {}))
    loop: Callable[..., int] = machine_code(text, "loop", {rule: "_rule"}).loop
    return loop


def _careful(rule: Rule, names: Sequence[str]) -> dict[str, str]:
    """What the careful loop does more: it measures, and looks around the operands."""
    near = []
    for k, x in enumerate(names):
        around = [f"{x} - off_{x}", f"{x} + off_{x}", f"(0.0 if abs({x}) < off_{x} else {x})"]
        points = [[*names[:k], other, *names[k + 1 :]] for other in around]
        if rule.domain:
            near += [f" or not defined({', '.join(point)})" for point in points]
    if rule.arity == 2 and _has_kink(rule):
        near.append(" or abs(x - y) < off_x + off_y")
    if _has_kink(rule):
        near.append(" or abs(x) < off_x" if rule.name not in ("maximum", "minimum") else "")
    tops = [f"top_{x}" for x in names]
    off = " + ".join(f"top_{x} * off_{x}" for x in names)
    return {
        "sources": ", ".join(f"of_{x}" for x in names),
        "offs": ", ".join(f"off_{x}" for x in names),
        "offs_reading": "\n".join(f"    off_{x} = sizes[of_{x}, 1]" for x in names),
        "tops": ", ".join(tops),
        "zeros": ", ".join("0.0" for _ in names),
        "measuring": "\n".join(f"        top_{x} = larger(top_{x}, abs(d{x}))" for x in names),
        "near": "".join(near),
        "off": off,
    }
