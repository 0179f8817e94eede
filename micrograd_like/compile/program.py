"""A graph's operations for the kernel: what it does first, next, last, and where everything lies.

A block of rows has places for values and for gradients.  A value has its place as long as it is
read: by later operations, by the roots, and on the way back by local derivatives, of which those of
a sum read nothing.  Then another value has the place, so that a long graph stays in the cache.  An
operation done a second time has its value in the place of the first.  Gradients are summed as the
engine sums them.
"""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from micrograd_like.compile.graph_arrays import GraphArrays
from micrograd_like.compile.kernel import BUILT_IN, loop
from micrograd_like.rules import Rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
    Booleans = NDArray[np.bool_]

__all__ = ["Pass", "Passes", "Program"]

KINDS = "ss", "sv", "vs", "vv"  # of two operands: a scalar, a row
OPERANDS = "", "x", "y", "xy"  # whose gradients a step is for


class Pass(NamedTuple):
    """What the kernel reads for the way forward, or for the way back."""

    # A line for each step, in their order: its loop, its two operands, and the place of its result;
    # on the way back that of the result's gradient, then those of the operands', and whether the
    # result's is handed on for the last time.  Scalars have negative numbers.  The last line is no
    # step.
    table: "NDArray[np.int32]"
    loops: "Numbers"  # their addresses
    roots: "NDArray[np.int32]"  # the places of the roots' values, or of their gradients


class Passes(NamedTuple):
    """The way forward and back, and how many places for values and gradients a block has."""

    forward: Pass
    backward: Pass | None
    values: int
    gradients: int


class Program:
    """A graph's operations, each with the loop that computes it.

    ``passes`` takes whether gradients go back to the parameters only, False, or to the inputs, too,
    True; for None there is no way back, and fewer values are kept.
    """

    def __init__(self, graph: GraphArrays) -> None:
        import numpy as np

        self.graph = graph
        first = graph.same == np.arange(len(graph.same))
        self._first = np.flatnonzero(first[graph.inputs :])  # the operations done the first time
        self._operands = _by_number(graph.same, graph.operands)
        self._loops_forward = self._loops(self._first)
        self.passes: Callable[[bool | None], Passes] = cache(self._passes)

    def _passes(self, input_gradients: bool | None) -> Passes:
        import numpy as np

        graph = self.graph
        kept = np.zeros(len(graph.same), dtype=np.bool_)
        kept[graph.same[graph.roots]] = True
        if input_gradients is None:
            places, values = self._value_places(kept)
            return Passes(self._forward(places), None, values, 0)
        (operation, operands, *columns), roots, gradients = self._way_back(
            graph.learns | input_gradients
        )
        reads = np.array([_reads(rule) for rule in graph.rules], dtype=np.bool_).reshape(-1, 2, 4)
        for k, numbers in enumerate(self._operands[:, operation]):
            read = reads[graph.rule_of[operation], k, operands]
            kept[numbers[read & (numbers >= 0)]] = True
        places, values = self._value_places(kept)
        # From the end down, so that the way back reads upwards: processors read ahead that way,
        # which halves the time of what has left the cache.
        places = np.where(places < graph.inputs, places, graph.inputs + values - 1 - places)
        codes, loops = self._loops(operation, operands)
        table = _table(codes, *_by_number(places, self._operands[:, operation]), *columns)
        back = Pass(table, loops, np.array(roots, dtype=np.int32))
        return Passes(self._forward(places), back, values, gradients)

    def _forward(self, places: "Numbers") -> Pass:
        import numpy as np

        graph, (codes, loops) = self.graph, self._loops_forward
        operands = _by_number(places, self._operands[:, self._first])
        table = _table(codes, *operands, places[graph.inputs + self._first])
        return Pass(table, loops, places[graph.same[graph.roots]].astype(np.int32))

    def _loops(
        self, operations: "Numbers", operands: "Numbers | int" = 0
    ) -> "tuple[Numbers, Numbers]":
        """The loop of each operation, for its value or its operands' gradients; and all of them."""
        import numpy as np

        rows = self._operands[:, operations] >= 0
        keys = 16 * self.graph.rule_of[operations] + 8 * rows[0] + 4 * rows[1] + operands
        keys, codes = np.unique(keys, return_inverse=True)
        addresses = []
        for key in keys.tolist():
            rule = self.graph.rules[key // 16]
            kinds = "v" if rule.arity == 1 else KINDS[key // 4 % 4]
            addresses.append(loop(rule, kinds, OPERANDS[key % 4]))
        return codes, np.array(addresses or [0], dtype=np.int64)

    def _value_places(self, kept: "Booleans") -> "tuple[Numbers, int]":
        """The place of each value, and how many there are.  Some are kept to the end.

        A result has another place than its operands, even if they are read for the last time:
        machine code does several rows at once where it does not write to what it reads.
        """
        import numpy as np

        inputs, step = self.graph.inputs, np.arange(len(self._first))
        operands = self._operands[:, self._first]
        last = np.full(len(kept), -1)  # the step that reads a value last
        for numbers in operands:
            np.maximum.at(last, numbers[numbers >= 0], step[numbers >= 0])
        last[kept] = len(step)
        ends = (operands >= 0) & (last[np.maximum(operands, 0)] == step)
        ends[1] &= operands[0] != operands[1]
        places, free, top = [-1] * len(kept), list[int](), inputs
        places[:inputs] = range(inputs)
        columns = (inputs + self._first).tolist(), *operands.tolist(), *ends.tolist()
        for number, x, y, x_ends, y_ends in zip(*columns, strict=True):
            if free:
                places[number] = free.pop()
            else:
                places[number] = top
                top += 1
            if x_ends:
                free.append(places[x])
            if y_ends:
                free.append(places[y])
        return np.array(places, dtype=np.int64), top

    def _way_back(self, needed: "Booleans") -> "tuple[Numbers, list[int], int]":
        """The steps as columns, the places of the roots' gradients, and how many places there are.

        ``needed`` tells whose gradients.  One has its place from the first that adds to it to when
        it is handed on.  A sum's gradient serves for its operands, too, if nothing else adds to
        theirs: there is nothing to do.
        """
        import numpy as np

        inputs = self.graph.inputs
        wanted = self._wanted(needed)
        into, free, top = [-1] * len(needed), list[int](), inputs
        into[:inputs] = range(inputs)
        waiting = dict[int, int]()  # the operations that are still to hand on what is in a place
        steps = list[tuple[int, int, int, int, int, bool]]()

        def give(number: int) -> int:
            nonlocal top
            if number < 0 or into[number] >= 0:
                return number if number < 0 else into[number]
            if free:
                place = free.pop()
            else:
                place, top = top, top + 1
            into[number], waiting[place] = place, 1
            return place

        roots = [give(number) if needed[number] else -1 for number in self.graph.roots.tolist()]
        columns = [*self.graph.operands.tolist(), *wanted.tolist(), *self._serves(wanted).tolist()]
        for k in np.flatnonzero(needed[inputs:])[::-1].tolist():
            x, y, to_x, to_y, serves_x, serves_y = (column[k] for column in columns)
            place = into[inputs + k]
            for number, serves in ((x, serves_x), (y, serves_y)):
                if serves:
                    into[number] = place
                    waiting[place] += 1
            operands = (to_x and not serves_x) + 2 * (to_y and not serves_y)
            targets = give(x) if operands & 1 else 0, give(y) if operands & 2 else 0
            waiting[place] -= 1
            is_last = not waiting[place]
            if is_last:
                free.append(place)
            if operands == 3 and x == y:  # in turns, as both add to one place
                steps.append((k, 1, place, *targets, False))
                operands = 2
            if operands:
                steps.append((k, operands, place, *targets, is_last))
        return np.array(steps, dtype=np.int64).reshape(-1, 6).T, roots, top

    def _wanted(self, needed: "Booleans") -> "Booleans":
        """The operands that gradients are handed on to."""
        import numpy as np

        graph = self.graph
        learns = np.ones(graph.scalars.count, dtype=np.bool_)
        learns[list(graph.scalars.constants)] = False
        wanted = np.concatenate([needed, learns[::-1]])[graph.operands]  # -1 counts from the end
        unary = np.array([rule.arity == 1 for rule in graph.rules], dtype=np.bool_)
        wanted[1, unary[graph.rule_of]] = False
        return wanted & needed[graph.inputs :]

    def _serves(self, wanted: "Booleans") -> "Booleans":
        """The operands that a result's gradient serves for: its derivative is 1, they get no other.

        Inputs have places of their own.
        """
        import numpy as np

        graph, is_row = self.graph, self.graph.operands >= 0
        times = np.bincount(graph.operands[wanted & is_row], minlength=len(graph.same))
        np.add.at(times, graph.roots, 1)
        times[: graph.inputs] = 0
        ones = [[d == "1" and rule in BUILT_IN for d in rule.derivatives] for rule in graph.rules]
        one = np.array([(row * 2)[:2] for row in ones], dtype=np.bool_).reshape(-1, 2)
        once: Booleans = _by_number(times, graph.operands) == 1
        return wanted & is_row & once & one[graph.rule_of].T


@cache
def _reads(rule: Rule) -> list[list[bool]]:
    """Whether an operand, the first index, is read for the gradients of OPERANDS, the second.

    The built-in rules' formulas tell; nobody vouches for those of rules of one's own.
    """
    names = [compile(formula, "derivative", "eval").co_names for formula in rule.derivatives]
    x, y = [[name in found or rule not in BUILT_IN for name in "xy"] for found in (names * 2)[:2]]
    return [[False, x[k], y[k], x[k] or y[k]] for k in range(2)]


def _by_number(values: "Numbers", numbers: "Numbers") -> "Numbers":
    """What inputs and operations have, by their numbers; a scalar has its number itself."""
    import numpy as np

    return np.where(numbers < 0, numbers, values[np.maximum(numbers, 0)])


def _table(*columns: Any) -> "NDArray[np.int32]":
    """Columns as lines, and one more of zeros."""
    import numpy as np

    table = np.zeros((len(columns[0]) + 1, len(columns)), dtype=np.int32)
    table[:-1] = np.stack(columns, axis=1)
    return table
