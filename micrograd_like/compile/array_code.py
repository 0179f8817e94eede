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
WIDTH = 24  # numbers in a line
TEXT = '''"""From micrograd_like.compile.array_code: operations on arrays, one after the other."""

from numba import carray, intp, njit

MANY = 1 << 40  # numbers from an address on; nobody counts them


@njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
def multiply_row(first, sign, n, out, step, left, x_step, right, y_step):
    """Add the products of two rows to a third one, or, the first time, write them there.

    Steps are from number to number; a row of step 0 is one number.
    """
    o, xs, ys = carray(floats(out), MANY), carray(floats(left), MANY), carray(floats(right), MANY)
    if step == 1 and x_step == 1 and y_step == 1:
        if first:
            for r in range(n):
                o[r] = sign * (xs[r] * ys[r])
        else:
            for r in range(n):
                o[r] += sign * (xs[r] * ys[r])
    elif step == 1 and x_step == 1 and y_step == 0:
        factor = sign * ys[0]
        if first:
            for r in range(n):
                o[r] = xs[r] * factor
        else:
            for r in range(n):
                o[r] += xs[r] * factor
    elif step == 1 and x_step == 0 and y_step == 0:
        product = sign * (xs[0] * ys[0])
        if first:
            for r in range(n):
                o[r] = product
        else:
            for r in range(n):
                o[r] += product
    elif step == 0 and x_step == 1:
        total = 0.0
        if y_step == 1:
            for r in range(n):
                total = plus(total, xs[r] * ys[r])
        elif y_step == 0:
            for r in range(n):
                total = plus(total, xs[r])
            total *= ys[0]
        else:
            for r in range(n):
                total += xs[r] * ys[r * y_step]
        o[0] = sign * total if first else o[0] + sign * total
    else:
        if first and step == 0:
            o[0] = 0.0
        for r in range(n):
            product = sign * (xs[r * x_step] * ys[r * y_step])
            if first and step:
                o[r * step] = product
            else:
                o[r * step] += product


@njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
def multiply_four(sign, n, out, left, x_step, right, y_step, is_row):
    """Add the products of four pairs of rows, or of rows and numbers, to a row."""
    o = carray(floats(out), n)
    a, b = carray(floats(left), n), carray(floats(left + x_step), n)
    c, d = carray(floats(left + 2 * x_step), n), carray(floats(left + 3 * x_step), n)
    e, f = carray(floats(right), n), carray(floats(right + y_step), n)
    g, h = carray(floats(right + 2 * y_step), n), carray(floats(right + 3 * y_step), n)
    if is_row:
        for r in range(n):
            o[r] += sign * (a[r] * e[r] + b[r] * f[r] + c[r] * g[r] + d[r] * h[r])
    else:
        e0, f0, g0, h0 = sign * e[0], sign * f[0], sign * g[0], sign * h[0]
        for r in range(n):
            o[r] += a[r] * e0 + b[r] * f0 + c[r] * g0 + d[r] * h0


def multiply(address):
    """Products of two arrays, of up to four axes, added to a third."""
    line = carray(integers(address), {width})
    first, sign, n = line[1], 1.0 * line[2], line[6]
    fours = 0
    if line[10] == 0 and line[11] == 1 and line[16] == 1 and line[21] <= 1:
        fours = line[5] // 4 * 4
    for i in range(line[3]):
        for j in range(line[4]):
            out = line[7] + 8 * (i * line[8] + j * line[9])
            x = line[12] + 8 * (i * line[13] + j * line[14])
            y = line[17] + 8 * (i * line[18] + j * line[19])
            for k in range(0, fours, 4):
                x_at, y_at = x + 8 * k * line[15], y + 8 * k * line[20]
                multiply_four(sign, n, out, x_at, 8 * line[15], y_at, 8 * line[20], line[21])
            for k in range(fours, line[5]):
                out = line[7] + 8 * (i * line[8] + j * line[9] + k * line[10])
                x = line[12] + 8 * (i * line[13] + j * line[14] + k * line[15])
                y = line[17] + 8 * (i * line[18] + j * line[19] + k * line[20])
                multiply_row(first, sign, n, out, line[11], x, line[16], y, line[21])
    return 0


def maximum(address):
    """The largest of several rows, and where it is; returns where it cannot be told."""
    line = carray(integers(address), {width})
    members, terms, n = line[1], line[2], line[3]
    xs, o = carray(floats(line[4]), MANY), carray(floats(line[5]), MANY)
    mask, sizes = carray(floats(line[6]), MANY), carray(floats(line[7]), MANY)
    number, source = line[8], line[9]
    sizes[2 * number], off = sizes[2 * source], sizes[2 * source + 1]
    sizes[2 * number + 1] = off
    bad = 0
    for i in range(members):
        for r in range(n):
            top = xs[i * terms * n + r]
            for k in range(1, terms):
                at = (i * terms + k) * n + r
                top = xs[at] if xs[at] > top else top
            count = 0
            for k in range(terms):
                at = (i * terms + k) * n + r
                is_largest = xs[at] >= top - off
                mask[at] = 1.0 if is_largest else 0.0
                count += is_largest
                bad += xs[at] - xs[at] != 0
            o[i * n + r] = top
            bad += count != 1
    return bad


def measure(address):
    """How large the numbers of an array are."""
    line = carray(integers(address), {width})
    xs, sizes = carray(floats(line[2]), MANY), carray(floats(line[3]), MANY)
    size = 0.0
    for r in range(line[1]):
        size = larger(size, abs(xs[r]))
    sizes[2 * line[4]] = size
    return 0


def grow(address):
    """How large the terms of a sum are, and how far off, with one part of it more."""
    line = carray(integers(address), {width})
    sizes = carray(floats(line[1]), MANY)
    out, left, right, first, exact = line[2], line[3], line[4], line[5], line[6]
    size, off = sizes[2 * left], sizes[2 * left + 1]
    if right >= 0:
        off = max(off * sizes[2 * right], size * sizes[2 * right + 1])
        size *= sizes[2 * right]
    if not exact:
        off = max(off, size * ROUNDING)
    if not first:
        size, off = max(size, sizes[2 * out]), max(off, sizes[2 * out + 1])
    sizes[2 * out], sizes[2 * out + 1] = size, off
    return 0


def take(address):
    """Some rows of an array."""
    line = carray(integers(address), {width})
    n, index = line[2], carray(integers(line[5]), MANY)
    for i in range(line[1]):
        o = carray(floats(line[3] + 8 * i * n), n)
        xs = carray(floats(line[4] + 8 * index[i] * n), n)
        for r in range(n):
            o[r] = xs[r]
    return 0


def add_at(address):
    """Add to some rows of an array, to some perhaps several times."""
    line = carray(integers(address), {width})
    n, index = line[2], carray(integers(line[5]), MANY)
    for i in range(line[1]):
        o = carray(floats(line[3] + 8 * index[i] * n), n)
        xs = carray(floats(line[4] + 8 * i * n), n)
        for r in range(n):
            o[r] += xs[r]
    return 0


def check(address):
    """How many numbers of an array are not finite."""
    line = carray(integers(address), {width})
    xs, bad = carray(floats(line[2]), MANY), 0
    for r in range(line[1]):
        bad += 1 if xs[r] - xs[r] != 0 else 0
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
    text = TEXT.replace("ROUNDING", repr(ROUNDING)).replace("{width}", str(WIDTH))
    return machine_code(text, "arrays", {}, intrinsics)


def _run() -> Callable[[Any], int]:
    run: Callable[[Any], int] = _module().run
    return run


@cache
def _operation(name: str) -> int:
    """The address of an operation, compiled when it is first used."""
    return compiled_address(_module(), name)
