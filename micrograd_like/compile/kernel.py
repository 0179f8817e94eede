"""The kernel: Numba's machine code of every rule, for graphs that are replayed over many rows.

The rules' own functions are compiled; nothing is differentiated or declared again here.  What is
written below, as Python text, is the loop around them: over the operations of a recorded graph and,
inside, over the rows of a block, so that one decision what to do serves many rows.  The text is
compiled once for all graphs and kept on disk; only rules of one's own make another kernel.

An operand is a row of a block (``v``) or one number for all rows (``s``: a parameter, a constant).
Short rules have a loop for each kind of operands; for the others single numbers are first spread
over a row.  A gradient that nobody needs goes to place -1.
"""

import os
import sys
from _thread import allocate_lock
from collections.abc import Callable, Iterable
from functools import cache
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from micrograd_like.arguments import extra
from micrograd_like.elementary import FLOAT_COMPOSED, bind, elementary, of_math
from micrograd_like.graph import chain_product
from micrograd_like.rules import RULES, Rule
from micrograd_like.table import BUILTINS, CONSTANTS

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["BUILT_IN", "Codes", "Kernel", "kernel", "kinds"]

Codes = dict[tuple[Rule | None, str], int]  # by the rule and the kinds of its operands
BUILT_IN = tuple(RULES.values())  # the rules of every kernel
SPREAD = None, "s"  # the operation that copies a single number to all of a row
_LOCK = allocate_lock()
_PROCESS = os.urandom(8).hex()
SHORT = 40  # bytes of a rule's code, up to which it has loops for every kind of operands
TEXT = '''"""From micrograd_like.compile.kernel: the rules in a loop over operations and rows."""

from math import {constants}

from numba import njit


@njit(
    cache=True, error_model="numpy", fastmath={{"reassoc", "nsz"}},
    no_cpython_wrapper=True, no_cfunc_wrapper=True,
)
def total(row, n):
    s = 0.0
    for r in range(n):
        s += row[r]
    return s


@njit(cache=True, error_model="numpy", nogil=True, no_cfunc_wrapper=True)
def forward(X, program, roots, S, Y, V, bad):
    """Some rows X, to outputs Y by way of the values V; bad marks rows to look at again."""
    n = len(X)
    for k in range(X.shape[1]):
        for r in range(n):
            V[k, r] = X[r, k]
    for k in range(program.shape[1]):
        c, i, j, o = program[0, k], program[1, k], program[2, k], program[3, k]
        if c == 0:
            for r in range(n):
                V[o, r] = S[i]
{forward}
    for k in range(len(roots)):
        for r in range(n):
            Y[r, k] = V[roots[k], r]


@njit(cache=True, error_model="numpy", nogil=True, no_cfunc_wrapper=True)
def backward(U, program, roots, S, D, V, G, H, T):
    """From the outputs' gradients U to those of parameters, H, and of inputs, D.

    All of G is zero, and is so again afterwards: what was handed on leaves its place.
    """
    n = len(U)
    H[:] = 0.0
    for k in range(len(roots)):
        for r in range(n):
            G[roots[k], r] += U[r, k]
    for k in range(program.shape[1] - 1, -1, -1):
        c, i, j, o = program[0, k], program[1, k], program[2, k], program[3, k]
        p, q = program[4, k], program[5, k]
        if c == 0:
            H[p] += total(G[o], n)
{backward}
        for r in range(n):
            G[o, r] = 0.0
    for k in range(D.shape[1]):
        for r in range(n):
            D[r, k] = G[k, r]
            G[k, r] = 0.0
'''


class Kernel(NamedTuple):
    """The compiled loop, and the codes of its operations."""

    codes: Codes
    forward: Callable[..., None]
    backward: Callable[..., None]


def kinds(rule: Rule) -> tuple[str, ...]:
    """The kinds of operands that a rule has loops for."""
    if rule.arity == 1:
        return ("v",)
    return ("vv",) if len(rule.function.__code__.co_code) > SHORT else ("vv", "vs", "sv")


def kernel(rules: Iterable[Rule]) -> Kernel:
    """The kernel for graphs of these rules: the built-in ones, and those of one's own."""
    marked = [(rule.name, _mark(rule.function), rule) for rule in {*rules}.difference(BUILT_IN)]
    marked.sort(key=lambda mark: mark[:2])
    with _LOCK:  # one thread compiles, the others find what it made
        return _kernel(tuple((rule, mark) for _, mark, rule in marked))


@cache
def _kernel(custom: tuple[tuple[Rule, str], ...]) -> Kernel:
    from hashlib import sha256

    numba = extra("numba", "tape", "the tape is compiled by Numba")
    names = {
        rule: f"{rule.name}_{k}"
        for k, rule in enumerate([*BUILT_IN, *(rule for rule, _ in custom)])
    }
    codes: Codes = {SPREAD: 0}
    there, back = [""], [""]
    for rule, name in names.items():
        for kind in kinds(rule):
            codes[rule, kind] = code = len(codes)
            there.append(_forward(rule, name, kind, code))
            back.append(_backward(rule, name, kind, code))
    words = {"forward": "".join(there), "backward": "".join(back)}
    text = TEXT.format(constants=", ".join(CONSTANTS), **words)
    marks = [text, numba.__version__, sys.version]
    marks += [_mark(rule.function) for rule in BUILT_IN] + [mark for _, mark in custom]
    marks += [_mark(function) for function in (chain_product, *FLOAT_COMPOSED.values())]
    digest = sha256("\n".join(marks).encode()).hexdigest()[:24]
    module = _imported(text, f"micrograd_like_kernel_{digest}", names)
    return Kernel(codes, module.forward, module.backward)


def _forward(rule: Rule, name: str, kind: str, code: int) -> str:
    x, y = _operands(kind)
    lines = [
        f"        elif c == {code}:",
        *_single(kind),
        "            for r in range(n):",
        f"                V[o, r] = {name}({', '.join((x, y)[: rule.arity])})[0]",
    ]
    if rule.domain:
        numbers = " and ".join(f"{name} == {name}" for name in rule.asked)
        lines += [
            "            for r in range(n):",
            f"                x, y = {x}, {y}",
            f"                if not ({rule.domain}) and {numbers or True}:  # NaN is allowed",
            "                    bad[r] = 1",
        ]
    return "\n".join(lines) + "\n"


def _backward(rule: Rule, name: str, kind: str, code: int) -> str:
    """The chain rule, in which zero times infinity is zero."""
    call = f"{name}({', '.join(_operands(kind)[: rule.arity])})"
    loop = ["            for r in range(n):", "                g = G[o, r]"]
    lines = [f"        elif c == {code}:", *_single(kind)]
    if len(kinds(rule)) == 1:
        lines += [*loop, f"                d = {call}"]
        return "\n".join([*lines, *(_product(k, place) for place, k in enumerate(kind))]) + "\n"
    for place, k in enumerate(kind):  # short rules: a loop for each gradient that is needed
        lines.append(f"            if {'pq'[place]} >= 0:")
        inner = [*loop, f"                d = {call}", _product(k, place)]
        if k == "s":
            inner.append(f"            H[{'pq'[place]}] += total(T, n)")
        lines += ["    " + line for line in inner]
    return "\n".join(lines) + "\n"


def _product(kind: str, place: int) -> str:
    target = f"G[{'pq'[place]}, r] +=" if kind == "v" else "T[r] ="
    d = f"d[{place + 1}]"
    return f"                {target} chain_product(g, {d})"


def _operands(kind: str) -> tuple[str, str]:
    rows = ["V[i, r]", "V[j, r]"]
    x, y = (row if k == "v" else "s" for row, k in zip(rows, (kind + "v")[:2], strict=True))
    return (x, y) if len(kind) > 1 else (x, "0.0")


def _single(kind: str) -> list[str]:
    return [f"            s = S[{'ij'[kind.index('s')]}]"] if "s" in kind else []


def _compiled(names: dict[Rule, str]) -> dict[str, Any]:
    """The rules as functions that Numba puts into its loops, and what domains may call."""
    from numba import float64, njit
    from numba.core.errors import NumbaError

    def compiled(function: Callable[..., Any], **options: Any) -> Any:
        # Only machine code calls these: what Python or C would call them by need not be compiled.
        options |= {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
        return njit(function, error_model="numpy", **options)

    m = elementary(of_math, FLOAT_COMPOSED, compiled)
    ready: dict[str, Any] = {"chain_product": compiled(chain_product, forceinline=True)}
    for rule in names:  # what domains call
        for name in compile(rule.domain or "0", "domain", "eval").co_names:
            if name not in ("x", "y", *CONSTANTS, *BUILTINS):
                ready[name] = getattr(m, name)
    for rule, name in names.items():
        ready[name] = compiled(bind(rule.function, m), forceinline=True)
        if rule not in BUILT_IN:
            try:
                ready[name].compile((float64,) * rule.arity)
            except NumbaError as error:
                said = [line for line in str(error).splitlines() if line and "pipeline" not in line]
                raise TypeError(
                    f"Tape: the rule {rule.name} takes more than numbers and m, and Numba cannot "
                    f"compile it: {said[0].strip()}"
                ) from None
    return ready


def _imported(text: str, name: str, names: dict[Rule, str]) -> ModuleType:
    """A module of this text, in a file of its name, beside which Numba keeps what it compiles.

    The text calls the rules by ``names``.
    """
    import importlib.util

    from micrograd_like.files import write

    if name in sys.modules:
        return sys.modules[name]
    path = _folder() / f"{name}.py"
    if not path.exists() or path.read_text("utf-8") != text:
        write(path, text.encode())
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    vars(module).update(_compiled(names))
    spec.loader.exec_module(module)
    sys.modules[name] = module
    return module


@cache
def _folder() -> "Path":
    """Where compiled kernels are kept: the user's cache, or a new folder if that cannot be used."""
    from pathlib import Path

    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    try:
        folder = Path(home) / "micrograd_like"
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except (OSError, RuntimeError):  # no home
        pass
    import tempfile

    return Path(tempfile.mkdtemp(prefix="micrograd_like_"))


def _mark(function: Any) -> str:
    """What a function compiles to, as text: its code, and the numbers and functions it reads."""
    seen: list[Any] = []

    def mark(thing: Any) -> str:
        if isinstance(thing, FunctionType):
            if thing in seen:
                return "again"
            seen.append(thing)
            code = thing.__code__
            read = [thing.__globals__[n] for n in code.co_names if n in thing.__globals__]
            read += [cell.cell_contents for cell in thing.__closure__ or ()]
            return " ".join(map(mark, [code, thing.__defaults__, *read]))
        if isinstance(thing, CodeType):
            return f"{thing.co_code.hex()} {thing.co_names} {' '.join(map(mark, thing.co_consts))}"
        if isinstance(thing, ModuleType):
            return thing.__name__
        if isinstance(thing, str | int | float | tuple | None):
            return repr(thing)
        return f"{type(thing)} {_PROCESS} {id(thing)}"  # nobody knows what it does elsewhere

    return mark(function)
