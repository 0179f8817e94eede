"""The rules in loops over arrays: value and slopes of every element, as machine code.

The loop of a rule calls the rule's own function, as the kernel does, and is kept on disk like it.

Arrays round otherwise than the engine, as they add up in another order.  Where that may decide, at
a kink or at the border of a domain, an element counts as unfit, and the engine's order is for
scalars to follow.  How large an array's numbers are, and how far off they may be, is in its line of
``sizes``.
"""

import re
from collections.abc import Sequence
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

from micrograd_like.compile.kernel import BUILT_IN, LOCK, cache_folder, machine_code
from micrograd_like.rules import Rule
from micrograd_like.table import CONSTANTS

__all__ = ["ROUNDING", "Kind", "address_of", "compiled_address", "has_edges", "intrinsics"]

# Of the largest term: a thousand times what the sums of some thousand terms may be off.
ROUNDING = 2.0**-40
TEXT = '''"""From micrograd_like.compile.loops: {rule} in a loop over the elements of arrays."""

from math import {constants}

from numba import njit


@njit(error_model="numpy", forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)
def defined({names}):
    """The rule's domain."""
    return {domain}


def loop(address):
    """Values and slopes; returns how often an element is not fit to go on with.

    An operand may be one number for all.
    """
    line = integers(address)
    n = get(line, 2)
{reading}
    out = floats(get(line, 5))
{before}
    bad = 0
    for r in range(n):
{elements}
        value, {slopes} = _rule({names})
        put(out, r, value)
{writing}
        bad += 1 if {unfit} else 0  # with |, as it has no branches
{after}
    return bad
'''


class Kind(NamedTuple):
    """What a loop does: for each operand whether it is many numbers, and its slope is wanted."""

    rows: tuple[bool, ...]
    wanted: tuple[bool, ...]
    careful: bool


def address_of(rule: Rule, kind: Kind) -> int:
    """The address of a rule's compiled loop."""
    module = (_built_in if rule in BUILT_IN else _module)(rule, kind)
    return compiled_address(module, "loop")


def _module(rule: Rule, kind: Kind) -> ModuleType:
    return machine_code(_text(rule, kind), f"loop_{rule.name}", {rule: "_rule"}, intrinsics)


_built_in = cache(_module)  # a rule of one's own may read what has changed since
_COMPILED: dict[tuple[str, str], Any] = {}  # their machine code is to stay


def compiled_address(module: ModuleType, name: str) -> int:
    """The address of what is compiled of a module's function of the address of a line."""
    from numba import njit, types

    key = module.__name__, name
    with LOCK:
        if key not in _COMPILED:
            compiler: Any = njit
            make = compiler(
                types.int64(types.int64), cache=cache_folder() is not None,
                error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True,
            )  # fmt: skip
            (_COMPILED[key],) = make(getattr(module, name)).overloads.values()
    code = _COMPILED[key]
    address: int = code.library.get_pointer_to_function(code.fndesc.llvm_func_name)
    return address


def has_edges(rule: Rule) -> bool:
    """Whether a rule has a kink or is not defined everywhere.

    >>> from micrograd_like.rules import RULES
    >>> [name for name in ("add", "relu", "log", "tanh") if has_edges(RULES[name])]
    ['relu', 'log']
    """
    return bool(rule.domain) or _has_kink(rule)


def _has_kink(rule: Rule) -> bool:
    return re.search(r"\b(if|abs|max|min)\b", rule.formula) is not None


def _text(rule: Rule, kind: Kind) -> str:
    names = ("x", "y")[: rule.arity]
    asked = [f"d{x}" for x, wants in zip(names, kind.wanted, strict=True) if wants]
    unfit = [f"({x} - {x} != 0)" for x in (*names, "value", *asked)]
    unfit += [f"(not defined({', '.join(names)}))"] if rule.domain else []
    before, after, measuring = [], [], []
    if kind.careful:
        unfit += [f"({near})" for near in _near(rule, names)]
        before = ["sizes = floats(get(line, 8))", "size = 0.0"]
        before += [
            f"off_{x} = get(sizes, 2 * get(line, {10 + k}) + 1)" for k, x in enumerate(names)
        ]
        before += [f"top_{x} = 0.0" for x in names]
        measuring = ["size = larger(size, abs(value))"]
        measuring += [f"top_{x} = larger(top_{x}, abs(d{x}))" for x in names]
        off = " + ".join(f"top_{x} * off_{x}" for x in names)
        after = ["row = 2 * get(line, 9)", "put(sizes, row, size)", f"put(sizes, row + 1, {off})"]
    reading = [f"{x}s = floats(get(line, {3 + k}))" for k, x in enumerate(names)]
    reading += [f"{d}s = floats(get(line, {6 + 'xy'.index(d[1])}))" for d in asked]
    are_rows = dict(zip(names, kind.rows, strict=True))
    reading += [f"{x} = get({x}s, 0)" for x in names if not are_rows[x]]
    lines = {
        "reading": _lines(4, reading),
        "before": _lines(4, before),
        "elements": _lines(8, [f"{x} = get({x}s, r)" for x in names if are_rows[x]]),
        "writing": _lines(8, [*(f"put({d}s, r, {d})" for d in asked), *measuring]),
        "after": _lines(4, after),
    }
    return TEXT.format(
        rule=rule.name,
        constants=", ".join(CONSTANTS),
        names=", ".join(names),
        domain=rule.domain or "True",
        slopes=", ".join(f"d{x}" for x in names),
        unfit=" | ".join(unfit),
        **lines,
    )


def _near(rule: Rule, names: Sequence[str]) -> list[str]:
    """What is true where rounding may decide: around the operands the rule is another one."""
    near = []
    for k, x in enumerate(names):
        if rule.domain:
            for point in (
                f"{x} - off_{x}",
                f"{x} + off_{x}",
                f"0.0 if abs({x}) < off_{x} else {x}",
            ):
                near.append(f"not defined({', '.join([*names[:k], point, *names[k + 1 :]])})")
        if _has_kink(rule) and rule.name not in ("maximum", "minimum"):
            near.append(f"abs({x}) < off_{x}")
    if rule.arity == 2 and _has_kink(rule):
        near.append("abs(x - y) < off_x + off_y")
    return near


def _lines(depth: int, lines: Sequence[str]) -> str:
    return "\n".join(" " * depth + line for line in lines)


def intrinsics() -> dict[str, Any]:
    """Numbers at an address, the larger number, and the call of a loop with its line's address."""
    from llvmlite import ir  # type: ignore[import-untyped,unused-ignore]
    from numba import types
    from numba.extending import intrinsic

    pointer_to: Any = types.CPointer  # type: ignore[attr-defined,unused-ignore]
    integer, pointer, status = ir.IntType(64), ir.IntType(8).as_pointer(), ir.IntType(32)

    def floats(context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], ir.DoubleType().as_pointer())

        return pointer_to(types.float64)(types.int64), generate

    def integers(context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], integer.as_pointer())

        return pointer_to(types.int64)(types.int64), generate

    def larger(context: Any, x: Any, y: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            flags = ["nnan", "nsz"]  # several rows are compared at once
            test = builder.fcmp_ordered(">", *arguments, flags=flags)
            return builder.select(test, *arguments, flags=flags)

        return types.float64(types.float64, types.float64), generate

    def call(context: Any, loop: Any, line: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            with builder.goto_entry_block():
                result, error = builder.alloca(integer), builder.alloca(pointer)
            function = ir.FunctionType(
                status, [integer.as_pointer(), pointer.as_pointer(), integer]
            )
            loop = builder.inttoptr(arguments[0], function.as_pointer())
            raised = builder.call(loop, [result, error, arguments[1]])
            ok = builder.icmp_signed("==", raised, status(0))
            return builder.select(ok, builder.load(result), integer(1))

        return types.int64(types.int64, types.int64), generate

    functions = floats, integers, larger, call
    return {function.__name__: intrinsic(function) for function in functions}
