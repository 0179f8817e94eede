"""Arrays computed by machine code: one call goes through many operations on arrays.

A call from Python costs as much as thousands of additions, so what is done between two matrix
products is written as a table, a line for each operation with the addresses of its numbers, and one
compiled loop goes through the lines.  It calls operations by their addresses, as it does the loops
of rules: each is compiled when it is first needed.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from micrograd_like.compile.kernel import machine_code
from micrograd_like.compile.loops import ROUNDING, Kind, address_of, compiled_address, intrinsics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from micrograd_like.rules import Rule

    Numbers = NDArray[np.float64]
    Places = NDArray[np.int64]

__all__ = ["Code"]

Step = list[int] | Callable[[], None]  # a line, or a call of NumPy's
# What is in a line after the address of its operation: addresses of numbers, how many there are,
# steps from one to the next, in numbers, along four axes; rows of ``sizes``, which tell how large
# the numbers of an array are, and how far off they may be.
#
#            1        2      3      4       5       6      7        8      9      10      11
# multiply   first    sign   shape: i       j       k      n    out and its steps: i, j, k, n
#            (12 to 16: x and its steps; 17 to 21: y and its steps)
# a rule     0        n      x      y       out     dx     dy       sizes  and rows: out, x, y
# maximum    members  terms  n      x       out     mask   sizes    and rows: out, x
# measure    n        x      sizes  and a row
# grow       sizes    and rows: out, left, right    first  exact
# take       rows     n      out    x       index
# add_at     rows     n      out    x       index
# check      n        x
WIDTH = 24  # numbers in a line
TEXT = '''"""From micrograd_like.compile.array_code: operations on arrays, one after the other."""

from numba import intp, njit


@njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
def multiply_row(first, sign, n, out, step, left, x_step, right, y_step):
    """Add the products of two rows to a third one, or, the first time, write them there.

    A row of step 0 is one number.
    """
    o, xs, ys = floats(out), floats(left), floats(right)
    if step == 1 and x_step == 1 and y_step == 1:
        for r in range(n):
            product = sign * (get(xs, r) * get(ys, r))
            put(o, r, product if first else get(o, r) + product)
    elif step == 1 and x_step == 1 and y_step == 0:
        factor = sign * get(ys, 0)
        for r in range(n):
            product = get(xs, r) * factor
            put(o, r, product if first else get(o, r) + product)
    elif step == 1 and x_step == 0 and y_step == 0:
        product = sign * (get(xs, 0) * get(ys, 0))
        for r in range(n):
            put(o, r, product if first else get(o, r) + product)
    elif step == 0 and x_step == 1 and y_step <= 1:
        total = 0.0
        if y_step:
            for r in range(n):
                total = plus(total, get(xs, r) * get(ys, r))
        else:
            for r in range(n):
                total = plus(total, get(xs, r))
            total *= get(ys, 0)
        put(o, 0, sign * total if first else get(o, 0) + sign * total)
    else:
        if first and step == 0:
            put(o, 0, 0.0)
        for r in range(n):
            product = sign * (get(xs, r * x_step) * get(ys, r * y_step))
            put(o, r * step, product if first and step else get(o, r * step) + product)


@njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
def multiply_four(sign, n, out, left, x_step, right, y_step, is_row):
    """Add the products of four pairs of rows, or of rows and numbers, to a row."""
    o = floats(out)
    a, b = floats(left), floats(left + x_step)
    c, d = floats(left + 2 * x_step), floats(left + 3 * x_step)
    e, f = floats(right), floats(right + y_step)
    g, h = floats(right + 2 * y_step), floats(right + 3 * y_step)
    if is_row:
        for r in range(n):
            first = get(a, r) * get(e, r) + get(b, r) * get(f, r)
            add_to(o, r, sign * (first + get(c, r) * get(g, r) + get(d, r) * get(h, r)))
    else:
        e0, f0, g0, h0 = sign * get(e, 0), sign * get(f, 0), sign * get(g, 0), sign * get(h, 0)
        for r in range(n):
            add_to(o, r, get(a, r) * e0 + get(b, r) * f0 + get(c, r) * g0 + get(d, r) * h0)


def multiply(address):
    """Products of two arrays, of up to four axes, added to a third."""
    line = integers(address)
    first, sign, terms, n = get(line, 1), 1.0 * get(line, 2), get(line, 5), get(line, 6)
    o_k, x_k, y_k = 8 * get(line, 10), 8 * get(line, 15), 8 * get(line, 20)
    o_step, x_step, y_step = get(line, 11), get(line, 16), get(line, 21)
    fours = 0
    if o_k == 0 and o_step == 1 and x_step == 1 and y_step <= 1:
        fours = terms & -4
    for i in range(get(line, 3)):
        for j in range(get(line, 4)):
            out = get(line, 7) + 8 * (i * get(line, 8) + j * get(line, 9))
            x = get(line, 12) + 8 * (i * get(line, 13) + j * get(line, 14))
            y = get(line, 17) + 8 * (i * get(line, 18) + j * get(line, 19))
            for k in range(0, fours, 4):
                multiply_four(sign, n, out, x + k * x_k, x_k, y + k * y_k, y_k, y_step)
            for k in range(fours, terms):
                multiply_row(
                    first, sign, n, out + k * o_k, o_step, x + k * x_k, x_step, y + k * y_k, y_step
                )
    return 0


def maximum(address):
    """The largest of several rows, and where it is; returns where it cannot be told."""
    line = integers(address)
    terms, n = get(line, 2), get(line, 3)
    out, sizes = floats(get(line, 5)), floats(get(line, 7))
    row, source = 2 * get(line, 8), 2 * get(line, 9)
    off = get(sizes, source + 1)
    put(sizes, row, get(sizes, source))
    put(sizes, row + 1, off)
    bad = 0
    for i in range(get(line, 1)):
        xs = floats(get(line, 4) + 8 * i * terms * n)
        mask = floats(get(line, 6) + 8 * i * terms * n)
        for r in range(n):
            top, count = get(xs, r), 0
            for k in range(1, terms):
                x = get(xs, k * n + r)
                top = x if x > top else top
            for k in range(terms):
                x = get(xs, k * n + r)
                is_largest = x >= top - off
                put(mask, k * n + r, 1.0 * is_largest)
                count += is_largest
                bad += x - x != 0
            put(out, i * n + r, top)
            bad += count != 1
    return bad


def measure(address):
    """How large the numbers of an array are."""
    line = integers(address)
    xs, size = floats(get(line, 2)), 0.0
    for r in range(get(line, 1)):
        size = larger(size, abs(get(xs, r)))
    put(floats(get(line, 3)), 2 * get(line, 4), size)
    return 0


def grow(address):
    """How large the terms of a sum are, and how far off, with one part of it more."""
    line = integers(address)
    sizes, right = floats(get(line, 1)), 2 * get(line, 4)
    out, left = 2 * get(line, 2), 2 * get(line, 3)
    size, off = get(sizes, left), get(sizes, left + 1)
    if right >= 0:
        factor = get(sizes, right)
        off = max(off * factor, size * get(sizes, right + 1))
        size *= factor
    if not get(line, 6):
        off = max(off, size * ROUNDING)
    if not get(line, 5):
        size, off = max(size, get(sizes, out)), max(off, get(sizes, out + 1))
    put(sizes, out, size)
    put(sizes, out + 1, off)
    return 0


def take(address):
    """Some rows of an array."""
    line = integers(address)
    n, index = get(line, 2), integers(get(line, 5))
    for i in range(get(line, 1)):
        o, xs = floats(get(line, 3) + 8 * i * n), floats(get(line, 4) + 8 * get(index, i) * n)
        for r in range(n):
            put(o, r, get(xs, r))
    return 0


def add_at(address):
    """Add to some rows of an array, to some perhaps several times."""
    line = integers(address)
    n, index = get(line, 2), integers(get(line, 5))
    for i in range(get(line, 1)):
        o, xs = floats(get(line, 3) + 8 * get(index, i) * n), floats(get(line, 4) + 8 * i * n)
        for r in range(n):
            add_to(o, r, get(xs, r))
    return 0


def check(address):
    """How many numbers of an array are not finite."""
    line = integers(address)
    xs, bad = floats(get(line, 2)), 0
    for r in range(get(line, 1)):
        bad += 1 if get(xs, r) - get(xs, r) != 0 else 0
    return bad


@njit(cache=True, error_model="numpy", nogil=True, no_cfunc_wrapper=True)
def run(table):
    """Go through the lines; returns how often a number was not fit to go on with."""
    bad = 0
    start = intp(table.ctypes.data)
    for k in range(len(table)):
        bad += call(table[k, 0], start + 8 * k * table.shape[1])
    return bad
'''


class Code:
    """A list of operations, as it is made: tables for machine code, and calls of NumPy's.

    Arrays are NumPy's and views, whose numbers are where they were when they were given.
    """

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._calls: list[Callable[[], int | None]] | None = None  # with tables
        self._kept: list[Any] = []  # whose addresses are in the lines
        self._one = np.ones(1)

    def run(self) -> int:
        """Do it all; returns how often a number was not fit to go on with."""
        if self._calls is None:
            self._calls = [*_calls(self._steps)]
        bad = 0
        for call in self._calls:
            bad += call() or 0
        return bad

    def begin_with(self, other: "Code") -> None:
        """Put other code before this one."""
        self._steps = other._steps + self._steps
        self._kept += other._kept

    def _add(self, *numbers: int, keep: Sequence[Any]) -> None:
        self._steps.append([int(number) for number in numbers])
        self._kept += keep

    def multiply(
        self, out: "Numbers", x: "Numbers", y: "Numbers | None" = None, *, sign: int, first: bool
    ) -> None:
        """Add the products to ``out``, or write them there; arrays are broadcast as by NumPy.

        Where ``out`` has length 1 and the others more, the products are summed up.
        """
        y = self._one if y is None else y
        shape = np.broadcast_shapes(out.shape, x.shape, y.shape)
        steps = [
            [s // 8 if n > 1 else 0 for s, n in zip(a.strides, a.shape, strict=True)]
            for a in (out, x, y)
        ]
        steps = [[0] * (len(shape) - len(s)) + s for s in steps]
        axes = _merged([axis for axis in zip(shape, *steps, strict=True) if axis[0] > 1])
        axes = [(1, 0, 0, 0)] * (4 - len(axes)) + axes
        if first and any(n > 1 and step == 0 for n, step, _, _ in axes[:3]):
            self.multiply(out, np.zeros(1), sign=1, first=True)
            first = False
        columns = list(zip(*axes, strict=True))
        addresses = [a.ctypes.data for a in (out, x, y)]
        if axes[3][2] == 0 and axes[3][3] > 0:
            columns[2], columns[3] = columns[3], columns[2]
            addresses[1:] = addresses[:0:-1]
        places = [n for a, column in zip(addresses, columns[1:], strict=True) for n in (a, *column)]
        self._add(_operation("multiply"), first, sign, *columns[0], *places, keep=(out, x, y))

    def matmul(self, x: "Numbers", y: "Numbers", out: "Numbers") -> None:
        """The matrix product of the last two axes, by NumPy."""
        self._steps.append(partial(_matmul, x, y, out))

    def rule(
        self,
        rule: "Rule",
        operands: Sequence["Numbers"],
        out: "Numbers",
        slopes: Sequence["Numbers | None"],
        sizes: "Numbers | None",
        lines: Sequence[int],
    ) -> None:
        """A rule's values and slopes, where slopes are wanted; carefully, if there are sizes."""
        rows, wanted = [x.size > 1 for x in operands], [slope is not None for slope in slopes]
        if not any(rows):
            rows = [True for _ in rows]  # of one number each
        address = address_of(rule, Kind(tuple(rows), tuple(wanted), sizes is not None))
        x, y = (a.ctypes.data for a in (*operands, out)[:2])
        dx, dy = (0 if a is None else a.ctypes.data for a in (*slopes, None)[:2])
        size = 0 if sizes is None else sizes.ctypes.data
        places = x, y, out.ctypes.data, dx, dy, size
        kept = [*operands, out, *slopes, sizes]
        self._add(address, 0, out.size, *places, *lines, keep=kept)

    def maximum(
        self, x: "Numbers", out: "Numbers", mask: "Numbers", sizes: "Numbers", lines: Sequence[int]
    ) -> None:
        """The largest along the second of three axes, and a mask of where it is."""
        places = [a.ctypes.data for a in (x, out, mask, sizes)]
        self._add(_operation("maximum"), *x.shape, *places, *lines, keep=(x, out, mask, sizes))

    def measure(self, x: "Numbers", sizes: "Numbers", line: int) -> None:
        """How large the numbers of an array are."""
        self._add(
            _operation("measure"), x.size, x.ctypes.data, sizes.ctypes.data, line, keep=(x, sizes)
        )

    def grow(self, sizes: "Numbers", *step: int) -> None:
        """How large a sum's terms are: lines of it and the factors, whether first, exact."""
        self._add(_operation("grow"), sizes.ctypes.data, *step, keep=(sizes,))

    def check(self, x: "Numbers") -> None:
        """Whether all numbers are finite."""
        self._add(_operation("check"), x.size, x.ctypes.data, keep=(x,))

    def take(self, x: "Numbers", index: "Places", out: "Numbers") -> None:
        """Some rows of a matrix."""
        places = [a.ctypes.data for a in (out, x, index)]
        self._add(_operation("take"), len(index), x.shape[1], *places, keep=(out, x, index))

    def add_at(self, out: "Numbers", index: "Places", x: "Numbers") -> None:
        """Add the rows of a matrix to some rows of another."""
        places = [a.ctypes.data for a in (out, x, index)]
        self._add(_operation("add_at"), len(index), out.shape[1], *places, keep=(out, x, index))


def _calls(steps: Sequence[Step]) -> Iterator[Callable[[], int | None]]:
    """Calls, with the lines between them as tables."""
    lines: list[list[int]] = []
    for step in [*steps, None]:
        if isinstance(step, list):
            lines.append(step)
            continue
        if lines:
            table = np.zeros((len(lines), WIDTH), dtype=np.int64)
            for row, line in zip(table, lines, strict=True):
                row[: len(line)] = line
            lines = []
            yield partial(_run(), table)
        if step:
            yield step


def _matmul(x: Any, y: Any, out: Any) -> None:
    np.matmul(x, y, out)


def _merged(axes: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Axes that lie one behind the other in all arrays as one."""
    found: list[tuple[int, ...]] = []
    for n, *steps in axes:
        if found and all(a == n * b for a, b in zip(found[-1][1:], steps, strict=True)):
            found[-1] = (found[-1][0] * n, *steps)
        else:
            found.append((n, *steps))
    return found


@cache
def _module() -> ModuleType:
    text = TEXT.replace("ROUNDING", repr(ROUNDING))
    return machine_code(text, "arrays", {}, intrinsics)


def _run() -> Callable[[Any], int]:
    run: Callable[[Any], int] = _module().run
    return run


@cache
def _operation(name: str) -> int:
    """The address of an operation, compiled when it is first used."""
    return compiled_address(_module(), name)
