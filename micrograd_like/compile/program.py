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

        ``needed`` tells whose gradients.  A step hands on the gradient in one place: it has the
        operation, the operands that it is for, as a place in OPERANDS, the result's place, those of
        the operands, and whether the result's is then free.  A sum's gradient serves for its
        operands, too, if nothing else adds to theirs: there is no step for them.

        >>> import numpy
        >>> from micrograd_like.compile.graph_arrays import graph_arrays
        >>> from micrograd_like.graph import topological_order
        >>> from micrograd_like.engine import Value
        >>> x = Value(0.5, "x")
        >>> root = (x * x + x.exp()).tanh()           # the operations *, exp, +, tanh
        >>> program = Program(graph_arrays([root], [x], topological_order(root)))
        >>> steps, roots, places = program._way_back(numpy.ones(5, dtype=bool))
        >>> roots, places                             # the input's place is 0
        ([1], 3)
        >>> for step in steps.T.tolist():             # that of + serves for * and exp
        ...     print(step)
        [3, 1, 1, 2, 0, 1]
        [1, 1, 2, 0, 0, 0]
        [0, 1, 2, 0, 0, 0]
        [0, 2, 2, 0, 0, 1]
        """
        import numpy as np

        inputs, wanted = self.graph.inputs, self._wanted(needed)
        serves = self._serves(wanted)
        places = _GradientPlaces(inputs, len(needed))
        roots = [places.open(k) if needed[k] else -1 for k in self.graph.roots.tolist()]
        columns = [*self.graph.operands.tolist(), *serves.tolist(), *(wanted & ~serves).tolist()]
        steps = list[tuple[int, int, int, int, int, bool]]()
        for k in np.flatnonzero(needed[inputs:])[::-1].tolist():
            x, y, serves_x, serves_y, to_x, to_y = (column[k] for column in columns)
            place = places.of[inputs + k]
            if serves_x:
                places.share(place, x)
            if serves_y:
                places.share(place, y)
            targets = places.open(x) if to_x else 0, places.open(y) if to_y else 0
            is_last = places.hand_on(place)
            if to_x and to_y and x == y:  # in turns, as both add to one place
                steps.append((k, 1, place, *targets, False))
                to_x = False
            if to_x or to_y:
                steps.append((k, to_x + 2 * to_y, place, *targets, is_last))
        return np.array(steps, dtype=np.int64).reshape(-1, 6).T, roots, places.count

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


class _GradientPlaces:
    """A gradient has a place from the first that adds to it to when it is handed on."""

    def __init__(self, inputs: int, count: int) -> None:
        # Of each input and operation, -1 before it has one.
        self.of: list[int] = [*range(inputs), *[-1] * (count - inputs)]
        self.count, self._free = inputs, list[int]()
        self._waiting = dict[int, int]()  # for each place the operations that are to hand it on

    def open(self, number: int) -> int:
        """The place of a gradient that is added to; that of a scalar is its number."""
        if number < 0:
            return number
        if self.of[number] < 0:
            if not self._free:
                self._free.append(self.count)
                self.count += 1
            place = self.of[number] = self._free.pop()
            self._waiting[place] = 1
        return self.of[number]

    def share(self, place: int, number: int) -> None:
        """Let the gradient in a place be that of another operation, too."""
        self.of[number] = place
        self._waiting[place] += 1

    def hand_on(self, place: int) -> bool:
        """An operation hands on what is in a place; whether it is the last, and the place free."""
        self._waiting[place] -= 1
        if self._waiting[place]:
            return False
        self._free.append(place)
        return True


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
