"""A recorded graph as arrays, which the kernel replays over blocks of rows."""

import os
from collections.abc import Sequence
from functools import cache
from typing import Any

from micrograd_like.arguments import short, values
from micrograd_like.compile.kernel import Kernel, kinds
from micrograd_like.engine import Value
from micrograd_like.graph import topological_order

__all__ = ["Program", "checked"]

CACHED = 2**22  # bytes of values that a block of rows should have
ROWS = 16, 256  # of a block, at least, and what they are a multiple of, and at most
WAVE = 16  # blocks at a time, on several threads


class Program:
    """Operations as arrays: for each its code, and the places of its operands and of its result.

    ``order`` has the operations, each after what it needs.  Those that depend on one of the
    ``inputs`` are done for every row.  What they read else is one number for all rows, a single:
    leaves, constants, and what depends on no input.  A single that meets an operation which takes
    rows only is spread over a row first.  Where an operation is done on the same operands a second
    time, its value has the place of the first; gradients have places of their own, and are summed
    as the engine sums them.
    """

    def __init__(
        self,
        roots: Sequence[Value],
        inputs: Sequence[Value],
        order: Sequence[Value],
        kernel: Kernel,
    ) -> None:
        import numpy as np

        self.inputs, self.outputs = len(inputs), len(roots)
        # What the singles are, by their places: leaves, operations, and the constants' numbers.
        self.leaves: dict[int, Value] = {}
        self.still: dict[int, Value] = {}
        self.constants: dict[int, float] = {}
        self.singles = 0
        self._kernel = kernel
        # Inputs and operations have numbers from 0, singles -1, -2, …
        self._number = {id(v): k for k, v in enumerate(inputs)}
        self._read(order)
        self._ends = numbers = [self._number[id(v)] for v in roots]
        if numbers and min(numbers) < 0:
            k = next(k for k, number in enumerate(numbers) if number < 0)
            raise ValueError(f"Tape: root {k}, {roots[k]!r}, depends on none of the inputs")
        self.leaf_places = np.array(list(self.leaves), dtype=np.int64)
        self.still_places = np.array(list(self.still), dtype=np.int64)
        self._constants = np.zeros(self.singles)
        self._constants[list(self.constants)] = list(self.constants.values())
        self._place()
        self._forth = self._forward_program(), self._at[numbers].astype(np.int32)
        self._back: dict[bool, Any] = {}  # with and without the inputs' gradients
        self._values: list[Any] = []
        self._gradients: list[Any] = []
        del self._number

    def run(
        self,
        rows: Any,
        leaves: Any = (),
        still: Any = (),
        seeds: Any = None,
        *,
        input_gradients: bool = False,
        parallel: bool = False,
        kept: bool = False,
    ) -> Any:
        """Outputs, the singles' gradients, the inputs', and the numbers of rows to look at again.

        ``leaves`` and ``still`` are the numbers of those singles.  With ``seeds``, the gradients of
        the outputs in their shape, there is a way back.  With ``kept`` the values of the run before
        are still there: so they are after rows that made one block.
        """
        import numpy as np

        count = len(rows)
        few, many = ROWS
        size = min(count, many, max(few, CACHED // (8 * self.values) // few * few))
        wave = WAVE if parallel and count > size else 1
        if seeds is not None and input_gradients not in self._back:
            self._back[input_gradients] = self._backward_program(input_gradients)
        outputs = np.empty((count, self.outputs))
        slopes = np.empty((count, self.inputs if input_gradients else 0))
        numbers = self._constants.copy()
        numbers[self.leaf_places], numbers[self.still_places] = leaves, still
        sums, wrong = np.zeros(self.singles), np.zeros(count, dtype=np.uint8)
        values, gradients = self._memory(size, wave)

        def compute(start: int, place: int) -> None:
            part = slice(start, start + size)
            V = values[place]
            if not kept:
                self._kernel.forward(
                    rows[part], *self._forth, numbers, outputs[part], V, wrong[part]
                )
            if seeds is not None:
                back = self._back[input_gradients]
                self._kernel.backward(
                    seeds[part], *back, numbers, slopes[part], V, *gradients[place]
                )

        for first in range(0, count, size * wave):
            starts = range(first, min(count, first + size * wave), size)
            if wave > 1:
                tasks = [
                    _threads().submit(compute, *work)
                    for work in zip(starts, range(wave), strict=False)
                ]
                for task in tasks:
                    task.exception()  # waits: none works on when an error is raised
                for task in tasks:
                    task.result()
            else:
                compute(first, 0)
            for place in range(len(starts) if seeds is not None else 0):
                sums += gradients[place][1]  # in the order of the rows, whoever was first
        return outputs, sums, slopes, np.flatnonzero(wrong)

    def _memory(self, size: int, wave: int) -> Any:
        """Room for the values and gradients of blocks; kept, as getting it costs as much as use."""
        import numpy as np

        if len(self._values) < wave or self._values[0].shape[1] < size:
            self._values = [np.empty((self.values, size)) for _ in range(wave)]
        shape = np.array([self.gradients, size])
        if len(self._gradients) < wave or (self._gradients[0][0].shape < shape).any():
            self._gradients = [
                (np.zeros(shape), np.zeros(self.singles), np.empty(size)) for _ in range(wave)
            ]
        return self._values, self._gradients

    def _read(self, order: Sequence[Value]) -> None:
        """Operations and their operands by number, and which does what another has done."""
        import numpy as np

        number, constants = self._number, dict[str, int]()
        rules: dict[Any, int] = {}
        done: dict[int, int] = {}
        same = list(range(self.inputs))  # the first that does the same
        learning = [False] * self.inputs  # depends on a single that is a Value
        left, right, of = [], [], []

        def single(kind: dict[int, Any], x: Value | float) -> int:
            place = self.singles
            kind[place] = x
            self.singles += 1
            return ~place

        def constant(x: float) -> int:
            key = float(x).hex()
            if key not in constants:
                constants[key] = single(self.constants, float(x))
            return constants[key]

        for v in order:  # in few steps each, as a graph may have millions
            rule, x, y = v._rule, v._x, v._y
            if rule is None:
                if id(v) not in number:
                    number[id(v)] = single(self.leaves, v)
                continue
            a = number[id(x)] if isinstance(x, Value) else constant(x)
            b = a if y is None else number[id(y)] if isinstance(y, Value) else constant(y)
            if a < 0 and b < 0:
                number[id(v)] = single(self.still, v)
                continue
            code = rules.setdefault(rule, len(rules))
            key = (code << 80) + ((same[a] if a >= 0 else a) << 40) + (same[b] if b >= 0 else b)
            k = number[id(v)] = len(same)
            same.append(done.setdefault(key, k))
            learning.append(
                (learning[a] if a >= 0 else isinstance(x, Value))
                or (learning[b] if b >= 0 else isinstance(y, Value))
            )
            left.append(a)
            right.append(b)
            of.append(code)
        self._rules = list(rules)
        self._operands = np.array([left, right], dtype=np.int64)
        self._of = np.array(of, dtype=np.int64)
        self._same = np.array(same, dtype=np.int64)
        self._learning = np.array(learning, dtype=np.bool_)

    def _place(self) -> None:
        """The places of everything in a block, or among the singles."""
        import numpy as np

        operands, of, inputs = self._operands, self._of, self.inputs
        short = np.array([len(kinds(rule)) > 1 for rule in self._rules], dtype=np.bool_)
        alone = operands < 0
        self._spread = np.unique(~operands[alone & ~short[of]])  # singles that become rows
        start = inputs + len(self._spread)
        spread = np.full(self.singles, -1)
        spread[self._spread] = np.arange(inputs, start)
        fresh = self._same == np.arange(len(self._same))
        self._first = fresh[inputs:]
        self._at = np.arange(len(self._same))
        self._at[fresh] = np.cumsum(fresh)[fresh] - 1
        self._at = self._at[self._same]
        self._at[inputs:] += start - inputs
        self.values = start + int(self._first.sum())
        self.gradients = 0  # places for them, as many as are needed so far
        numbers, single = np.where(alone, 0, operands), np.where(alone, ~operands, 0)
        as_row = spread[single] if self.singles else single
        places = np.where(as_row >= 0, as_row, single)
        self._alone, self._targets = alone, places
        places = np.where(alone, places, self._at[numbers])
        row = ~alone | (as_row >= 0)
        codes = self._kernel.codes
        by_kind = [
            [codes.get((rule, kind), -1) for kind in ("ss", "sv", "vs", "vv")]
            if rule.arity == 2
            else [-1, codes[rule, "v"], -1, codes[rule, "v"]]
            for rule in self._rules
        ]
        code = np.array(by_kind, dtype=np.int64).reshape(-1, 4)[of, 2 * row[0] + row[1]]
        self._table = np.stack([code, *places, self._at[inputs:]])

    def _forward_program(self) -> Any:
        """The way forward: codes, the operands' places, the results'."""
        import numpy as np

        spread = np.zeros((4, len(self._spread)), dtype=np.int64)
        spread[1], spread[3] = self._spread, self.inputs + np.arange(len(self._spread))
        return _array(spread, self._table[:, self._first])

    def _backward_program(self, input_gradients: bool) -> Any:
        """The way back, in forward order: the same, with the places of the operands' gradients.

        And the places of the outputs' gradients.
        """
        import numpy as np

        needed = self._learning | input_gradients
        learned = np.ones(self.singles, dtype=np.bool_)
        learned[list(self.constants)] = False
        known = np.concatenate([needed, learned[::-1]])  # a single's number counts from the end
        wanted = known[self._operands]
        unary = np.array([rule.arity == 1 for rule in self._rules], dtype=np.bool_)
        wanted[1, unary[self._of]] = False
        into = self._gradient_places(needed, np.where(wanted, self._operands, -1))
        targets = np.where(
            self._alone, self._targets, into[np.where(self._alone, 0, self._operands)]
        )
        table = np.stack([*self._table[:3], into[self.inputs :], *np.where(wanted, targets, -1)])
        places = np.flatnonzero(learned[self._spread])
        spread = np.zeros((6, len(places)), dtype=np.int64)
        spread[3], spread[4] = self.inputs + places, self._spread[places]
        program = _array(spread, table[:, needed[self.inputs :]])
        ends = np.where(needed[self._ends], into[self._ends], -1)  # elsewhere nobody clears up
        return program, ends.astype(np.int32)

    def _gradient_places(self, needed: Any, operands: Any) -> Any:
        """Where the gradients of inputs and operations are summed.

        An operation's has its place from the first that adds to it to when it is handed on; then
        another's can have it.  A block has a place for each value, but few for gradients.
        """
        import numpy as np

        inputs, free = self.inputs, list[int]()
        top = inputs + len(self._spread)
        into = [*range(inputs), *([-1] * len(self._of))]

        def give(number: int) -> None:
            nonlocal top
            if free:
                into[number] = free.pop()
            else:
                into[number] = top
                top += 1

        for number in self._ends:
            if needed[number] and into[number] < 0:
                give(number)
        one, two = operands.tolist()
        for k in np.flatnonzero(needed[inputs:])[::-1].tolist():
            for number in (one[k], two[k]):
                if number >= 0 and into[number] < 0:
                    give(number)
            free.append(into[inputs + k])
        self.gradients = max(self.gradients, top + 1)  # into the last goes what nobody reads
        return np.array(into, dtype=np.int64)


def checked(
    caller: str, roots: Value | Sequence[Value], inputs: Sequence[Value]
) -> tuple[list[Value], list[Value], list[Value]]:
    """Roots, inputs, and the graph's values in order, if they are what they can be."""
    roots = [roots] if isinstance(roots, Value) else values(roots, f"{caller}: root")
    inputs = values(inputs, f"{caller}: input")
    if not roots:
        raise ValueError(f"{caller}: there is no root to compute; give it a Value")
    order = topological_order(*roots)
    leaves = {id(v) for v in order if v.rule is None}
    seen: set[int] = set()
    for k, v in enumerate(inputs):
        if id(v) not in leaves:
            what = "is no leaf" if v.rule else "is not in the graph"
            raise ValueError(
                f"{caller}: input {k}, {short(v)}, {what}; inputs are leaves of the graph"
            )
        if id(v) in seen:
            raise ValueError(f"{caller}: input {k}, {v!r}, is given twice")
        seen.add(id(v))
    return roots, inputs, order


def _array(spread: Any, table: Any) -> Any:
    """The program for the kernel, in which every column lies in one piece."""
    import numpy as np

    return np.ascontiguousarray(np.concatenate([spread, table], axis=1), dtype=np.int32)


@cache
def _threads() -> Any:
    """One thread for each processor; the kernel lets go of Python's lock."""
    from concurrent.futures import ThreadPoolExecutor

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_threads.cache_clear)  # there they are not
    return ThreadPoolExecutor(os.cpu_count())
