"""The kernel: Numba's machine code of the rules, for graphs that are replayed over many rows.

The rules' own functions are compiled; nothing is differentiated or declared again here.  What is
written below, as Python text, is the loops around them.  A rule has loops over the rows of a block:
for its values, and for the gradients of its operands.  Each is compiled when a graph first needs
it, and kept on disk: no other graph compiles it again, whatever other rules it has.  The kernel, a
loop over a graph's operations, calls them by their addresses, so that it knows no rule.

An operand is a row of a block (``v``) or one number for all rows (``s``: a parameter, a constant).
"""

import os
import sys
from _thread import RLock
from collections.abc import Callable, Mapping
from functools import cache
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from micrograd_like import rules
from micrograd_like.arguments import extra
from micrograd_like.elementary import FLOAT_COMPOSED, bind, elementary, of_math
from micrograd_like.graph import chain_product
from micrograd_like.rules import RULES, Rule
from micrograd_like.table import BUILTINS, CONSTANTS

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "BUILT_IN",
    "LOCK",
    "Kernel",
    "cache_folder",
    "kernel",
    "loop",
    "machine_code",
    "numba_is_ready",
]

BUILT_IN = frozenset(rule for rule in RULES.values() if rule.function.__module__ == rules.__name__)
LOCK = RLock()  # one thread compiles, the others find what it made
_PROCESS = os.urandom(8).hex()
_LOOPS: dict[tuple[str, str], Any] = {}  # by module and name: their machine code is to stay
SHORT = 40  # bytes of a rule's code, up to which a single row is faster without a loop
KERNEL = '''"""From micrograd_like.compile.kernel: the loop over a graph's operations."""

from numba import intp, njit


@njit(cache=True, error_model="numpy", nogil=True, no_cfunc_wrapper=True)
def forward(X, table, loops, roots, S, Y, V, bad, size):
    """Some rows X, to outputs Y by way of the values V; bad marks rows to look at again."""
    n = len(X)
    v, s, marks = intp(V.ctypes.data), intp(S.ctypes.data), intp(bad.ctypes.data)
    for k in range(X.shape[1]):
        for r in range(n):
            V[k * size + r] = X[r, k]
    after = loops[table[0, 0]]  # each is read before the one ahead of it is called: the processor
    for k in range(len(table) - 1):  # then knows where to go on, which saves a fifth of one row
        loop, after = after, loops[table[k + 1, 0]]
        i, j = table[k, 1], table[k, 2]
        x = v + 8 * i * size if i >= 0 else s + 8 * ~i
        y = v + 8 * j * size if j >= 0 else s + 8 * ~j
        if call_forward(loop, x, y, v + 8 * table[k, 3] * size, marks, n):
            return False
    for k in range(len(roots)):
        for r in range(n):
            Y[r, k] = V[roots[k] * size + r]
    return True


@njit(cache=True, error_model="numpy", nogil=True, no_cfunc_wrapper=True)
def backward(U, table, loops, roots, S, D, V, G, H, size):
    """From the outputs' gradients U to those of parameters, H, and of inputs, D.

    All of G is zero, and is so again afterwards: what was handed on leaves its place.
    """
    n = len(U)
    v, s = intp(V.ctypes.data), intp(S.ctypes.data)
    g, h = intp(G.ctypes.data), intp(H.ctypes.data)
    for k in range(len(roots)):
        if roots[k] >= 0:
            for r in range(n):
                G[roots[k] * size + r] += U[r, k]
    after = loops[table[0, 0]]
    for k in range(len(table) - 1):
        loop, after = after, loops[table[k + 1, 0]]
        i, j, p, q = table[k, 1], table[k, 2], table[k, 4], table[k, 5]
        x = v + 8 * i * size if i >= 0 else s + 8 * ~i
        y = v + 8 * j * size if j >= 0 else s + 8 * ~j
        dx = g + 8 * p * size if p >= 0 else h + 8 * ~p
        dy = g + 8 * q * size if q >= 0 else h + 8 * ~q
        start = table[k, 3] * size
        if call_backward(loop, x, y, g + 8 * start, dx, dy, n):
            return False
        if table[k, 6]:
            for r in range(n):
                G[start + r] = 0.0
    for k in range(D.shape[1]):
        for r in range(n):
            D[r, k] = G[k * size + r]
            G[k * size + r] = 0.0
    return True
'''
LOOPS = '''"""From micrograd_like.compile.kernel: the loops over rows of the rule {name}."""

from math import {constants}
'''


class Kernel(NamedTuple):
    """The loops over a graph's operations; they return False where a rule raised an error."""

    forward: Callable[..., bool]
    backward: Callable[..., bool]


@cache
def numba_is_ready() -> None:
    """An ImportError that tells how to get Numba, or a RuntimeError that it does not compile.

    From here on a fork waits until no thread compiles: a child process would wait for ever for what
    a thread of its parent holds.
    """
    numba = extra("numba", "tape", "the tape is compiled by Numba")
    if numba.config.DISABLE_JIT:
        raise RuntimeError(
            "Tape: NUMBA_DISABLE_JIT is set, and a tape is compiled by Numba; unset it, or take "
            "tape=False"
        )
    if hasattr(os, "register_at_fork"):
        compiling = numba.core.compiler_lock.global_compiler_lock

        def hold() -> None:
            LOCK.acquire()
            compiling.acquire()

        def let_go() -> None:
            compiling.release()
            LOCK.release()

        os.register_at_fork(before=hold, after_in_parent=let_go, after_in_child=let_go)


@cache
def kernel() -> Kernel:
    """The kernel, for all graphs."""
    module = machine_code(KERNEL, "operations", {})
    return Kernel(module.forward, module.backward)


def loop(rule: Rule, kinds: str, operands: str = "") -> int:
    """The address of a rule's loop over rows: of its values, or of the gradients of operands."""
    name = f"backward_{kinds}_{operands}" if operands else f"forward_{kinds}"
    with LOCK:
        module = _built_in(rule) if rule in BUILT_IN else _module(rule)
        key = module.__name__, name
        if key not in _LOOPS:
            _LOOPS[key] = _with_addresses(getattr(module, name), 5 if operands else 4)
        code = _LOOPS[key]
        address: int = code.library.get_pointer_to_function(code.fndesc.llvm_func_name)
        return address


def _with_addresses(function: Callable[..., None], places: int) -> Any:
    """What Numba compiles of a loop that takes so many addresses of numbers, and a count."""
    from numba import types

    pointer: Any = types.CPointer  # type: ignore[attr-defined,unused-ignore]
    signature = types.void(*[pointer(types.float64)] * places, types.int64)
    (code,) = _compiled(function, signature, cache=cache_folder() is not None).overloads.values()
    return code


def _module(rule: Rule) -> ModuleType:
    """A module of a rule's loops."""
    text = LOOPS.format(name=rule.name, constants=", ".join(CONSTANTS))
    for kinds in ("v",) if rule.arity == 1 else ("vv", "vs", "sv"):
        text += _forward(rule, kinds)
        for operands in ("x",) if rule.arity == 1 else ("x", "y", "xy"):
            text += _backward(rule, kinds, operands)
    return machine_code(text, rule.name, {rule: "_rule"})


_built_in = cache(_module)  # a rule of one's own may read what has changed since


def _forward(rule: Rule, kinds: str) -> str:
    lines = [f"def forward_{kinds}(xs, ys, out, bad, n):", *_numbers(kinds)]
    if rule.domain:
        asked = " and ".join(f"{name} == {name}" for name in rule.asked)
        lines += [
            *_rows(kinds),
            f"        if not ({rule.domain}) and {asked or True}:  # NaN is allowed",
            "            put(bad, r, 1.0)",
        ]
    value = f"{_call(rule)}[0]"
    if len(rule.function.__code__.co_code) <= SHORT:
        lines += ["    if n == 1:", *_reading(kinds, "0")]
        lines += [f"        put(out, 0, {value})", "        return"]
    return "\n".join(["", "", *lines, *_rows(kinds), f"        put(out, r, {value})", ""])


def _backward(rule: Rule, kinds: str, operands: str) -> str:
    """The chain rule, in which zero times infinity is zero.

    The gradient of a single number is a sum over rows, in any order.
    """
    lines = [f"def backward_{kinds}_{operands}(xs, ys, grads, dx, dy, n):", *_numbers(kinds)]
    steps, ends = [f"        d = {_call(rule)}"], []
    for place, (x, kind) in enumerate(zip("xy", kinds, strict=False), 1):
        if x not in operands:
            continue
        product = f"chain_product(get(grads, r), d[{place}])"
        if kind == "v":
            steps += [f"        add_to(d{x}, r, {product})"]
        else:
            lines += [f"    total_{x} = 0.0"]
            steps += [f"        total_{x} = plus(total_{x}, {product})"]
            ends += [f"    add_to(d{x}, 0, total_{x})"]
    return "\n".join(["", "", *lines, *_rows(kinds), *steps, *ends, ""])


def _call(rule: Rule) -> str:
    return f"_rule({', '.join('xy'[: rule.arity])})"


def _numbers(kinds: str) -> list[str]:
    return [f"    {x} = get({x}s, 0)" for x, kind in zip("xy", kinds, strict=False) if kind == "s"]


def _rows(kinds: str) -> list[str]:
    return ["    for r in range(n):", *_reading(kinds, "r")]


def _reading(kinds: str, row: str) -> list[str]:
    rows = [x for x, kind in zip("xy", kinds, strict=False) if kind == "v"]
    return [f"        {x} = get({x}s, {row})" for x in rows]


@cache
def _shared() -> tuple[dict[str, Any], ModuleType]:
    """What texts call, and the elementary functions for machine code."""
    found = {"chain_product": _compiled(chain_product, forceinline=True), "plus": _plus()}
    return found | _memory() | _calls(), elementary(of_math, FLOAT_COMPOSED, _compiled)


def _compiled(function: Callable[..., Any], signature: Any = None, **options: Any) -> Any:
    """A function that only machine code calls: Python and C get no way to call it."""
    import numba

    njit: Any = numba.njit
    options |= {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return njit(signature, error_model="numpy", **options)(function)


def _functions(rules: Mapping[Rule, str]) -> dict[str, Any]:
    """The rules as functions that Numba puts into loops, and what their domains may call."""
    from numba import float64
    from numba.core.errors import NumbaError

    shared, m = _shared()
    found = shared.copy()
    for rule, name in rules.items():
        for called in compile(rule.domain or "0", "domain", "eval").co_names:
            if called not in ("x", "y", *CONSTANTS, *BUILTINS):
                found[called] = getattr(m, called)
        found[name] = _compiled(bind(rule.function, m), forceinline=True)
        if rule in BUILT_IN:
            continue
        try:
            found[name].compile((float64,) * rule.arity)
        except NumbaError as error:
            said = [line for line in str(error).splitlines() if line and "pipeline" not in line]
            raise TypeError(
                f"Tape: the rule {rule.name} takes more than numbers and m, and Numba cannot "
                f"compile it: {said[0].strip()}"
            ) from None
    return found


def _plus() -> Any:
    """A sum of two, one of many that may be taken in any order: several rows are summed at once."""
    from numba import types
    from numba.extending import intrinsic

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fadd(*arguments, flags=("reassoc", "nsz"))

    def plus(context: Any, a: Any, b: Any) -> Any:
        return types.float64(types.float64, types.float64), generate

    return intrinsic(plus)


def _memory() -> dict[str, Any]:
    """Reading, writing and adding to the number k from a pointer on: Numba compiles these faster
    than the elements of its arrays, and machine code is the same.
    """
    from numba import types
    from numba.extending import intrinsic

    def get(context: Any, pointer: Any, k: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.load(builder.gep(arguments[0], [arguments[1]]))

        return pointer.dtype(pointer, types.int64), generate

    def put(context: Any, pointer: Any, k: Any, x: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            builder.store(arguments[2], builder.gep(arguments[0], [arguments[1]]))
            return context.get_dummy_value()

        return types.void(pointer, types.int64, types.float64), generate

    def add_to(context: Any, pointer: Any, k: Any, x: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            place = builder.gep(arguments[0], [arguments[1]])
            builder.store(builder.fadd(builder.load(place), arguments[2]), place)
            return context.get_dummy_value()

        return types.void(pointer, types.int64, types.float64), generate

    return {function.__name__: intrinsic(function) for function in (get, put, add_to)}


def _calls() -> dict[str, Any]:
    """The calls of loops over rows by their addresses; they are true where a rule raised."""
    from llvmlite import ir  # type: ignore[import-untyped,unused-ignore]
    from numba import types
    from numba.extending import intrinsic

    pointer, count = ir.IntType(8).as_pointer(), ir.IntType(64)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loop, *places, n = arguments
        with builder.goto_entry_block():  # Numba's functions write what they return and raise
            results = [builder.bitcast(builder.alloca(pointer), pointer) for _ in range(2)]
        places = results + [builder.inttoptr(place, pointer) for place in places]
        function = ir.FunctionType(ir.IntType(32), [*[pointer] * len(places), count])
        return builder.call(builder.inttoptr(loop, function.as_pointer()), [*places, n])

    def forward(context: Any, loop: Any, x: Any, y: Any, out: Any, bad: Any, n: Any) -> Any:
        return types.int32(*[types.int64] * 6), generate

    def backward(
        context: Any, loop: Any, x: Any, y: Any, grads: Any, dx: Any, dy: Any, n: Any
    ) -> Any:
        return types.int32(*[types.int64] * 7), generate

    return {"call_forward": intrinsic(forward), "call_backward": intrinsic(backward)}


def machine_code(
    text: str,
    name: str,
    rules: Mapping[Rule, str],
    others: Callable[[], dict[str, Any]] | None = None,
) -> ModuleType:
    """A module of this text, in a file of its own, beside which Numba keeps what it compiles.

    The text calls the rules by the names that are given for them, and ``others`` by theirs.
    """
    from hashlib import sha256

    marks = [text, _surroundings(), *(_mark(rule.function) for rule in rules)]
    marks += [_mark(others.__code__)] if others else []
    digest = sha256("\n".join(marks).encode()).hexdigest()[:24]
    name = f"micrograd_like_{name}_{digest}"
    with LOCK:
        if name in sys.modules:
            return sys.modules[name]
        code = _code(text, name)
        module = ModuleType(name)
        module.__file__ = code.co_filename
        vars(module).update(_functions(rules), **others() if others else {})
        exec(code, vars(module))
        sys.modules[name] = module
        return module


def _code(text: str, name: str) -> CodeType:
    """A module's code, in a file if there may be one: Numba keeps what it compiles beside it."""
    from micrograd_like.files import write

    folder = cache_folder()
    if folder is None:
        return compile(text.replace("cache=True", "cache=False"), name, "exec")
    path = folder / f"{name}.py"
    if not path.exists() or path.read_text("utf-8") != text:
        write(path, text.encode())
    return compile(text, str(path), "exec")


@cache
def _surroundings() -> str:
    """What all compiled code depends on, as text."""
    import numba

    shared = (
        chain_product,
        *FLOAT_COMPOSED.values(),
        _plus.__code__,
        _memory.__code__,
        _calls.__code__,
    )
    return "\n".join([numba.__version__, sys.version, *map(_mark, shared)])


@cache
def cache_folder() -> "Path | None":
    """Where what is compiled is kept, in the user's cache; None where nothing can be written."""
    from pathlib import Path
    from tempfile import TemporaryFile

    try:
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folder = Path(home) / "micrograd_like"
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder) as file:  # what the system says of permissions is not all
            file.write(b" " * 2**16)
    except (OSError, RuntimeError):  # a RuntimeError tells that there is no home
        return None
    return folder


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
