"""A graph's operations for the kernel: what it does first, next, last, and where everything lies.

A block of rows has a place for each value: inputs, scalars that some operation takes as a row,
then the operations' results.  An operation done a second time has its value in the place of the
first.  Gradients have places of their own, and are summed as the engine sums them.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from micrograd_like.compile.graph_arrays import GraphArrays
from micrograd_like.compile.kernel import Codes, kinds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Pass", "Program"]


class Pass(NamedTuple):
    """What the kernel reads for the way forward, or for the way back."""

    # A column for each operation, in the order of the way forward: its code, the places of its two
    # operands and of its result; on the way back also where the operands' gradients are summed.
    table: "NDArray[np.int32]"
    roots: "NDArray[np.int32]"  # the places of the roots' values, or of their gradients


class Program:
    """A graph's operations, each with its code and its places.

    A scalar is read from its own place by the operations that have a loop for that, and is spread
    over a row first for the others.
    """

    def __init__(self, graph: GraphArrays, codes: Codes) -> None:
        import numpy as np

        self.graph = graph
        scalar = graph.operands < 0
        strict = np.array([len(kinds(rule)) == 1 for rule in graph.rules], dtype=np.bool_)
        self._spread = np.unique(~graph.operands[scalar & strict[graph.rule_of]])
        self._top = graph.inputs + len(self._spread)  # the place of the first result
        is_row = np.zeros(graph.scalars.count, dtype=np.bool_)
        is_row[self._spread] = True
        self._scalar_places = np.arange(graph.scalars.count)
        self._scalar_places[self._spread] = np.arange(graph.inputs, self._top)
        self._first = graph.same == np.arange(len(graph.same))
        self._places = (np.cumsum(self._first) - 1)[graph.same]
        self._places[graph.inputs :] += len(self._spread)
        #: How many places a block of rows needs for values, and for gradients so far.
        self.values = int(self._first.sum()) + len(self._spread)
        self.gradients = 0
        row = _by_number(np.ones_like(self._first), is_row)[graph.operands]
        places = _by_number(self._places, self._scalar_places)[graph.operands]
        self._table = np.stack([self._codes(codes, row), *places, self._places[graph.inputs :]])
        self.forward = self._forward()
        self._backward: dict[bool, Pass] = {}

    def backward(self, input_gradients: bool) -> Pass:
        """The way back to the parameters, and to the inputs if their gradients are asked for."""
        if input_gradients not in self._backward:
            self._backward[input_gradients] = self._way_back(input_gradients)
        return self._backward[input_gradients]

    def _codes(self, codes: Codes, row: "NDArray[np.bool_]") -> Any:
        """The kernel's code for each operation, by its rule and the kinds of its operands."""
        import numpy as np

        by_kind = [
            [codes.get((rule, kind), -1) for kind in ("ss", "sv", "vs", "vv")]
            if rule.arity == 2
            else [-1, -1, -1, codes[rule, "v"]]
            for rule in self.graph.rules
        ]
        table = np.array(by_kind, dtype=np.int64).reshape(-1, 4)
        return table[self.graph.rule_of, 2 * row[0] + row[1]]

    def _forward(self) -> Pass:
        import numpy as np

        spread = np.zeros((4, len(self._spread)), dtype=np.int64)
        spread[1], spread[3] = self._spread, self._scalar_places[self._spread]
        operations = self._table[:, self._first[self.graph.inputs :]]
        return _pass(spread, operations, self._places[self.graph.roots])

    def _way_back(self, input_gradients: bool) -> Pass:
        import numpy as np

        graph = self.graph
        needed = graph.learns | input_gradients
        learns = np.ones(graph.scalars.count, dtype=np.bool_)
        learns[list(graph.scalars.constants)] = False
        wanted = _by_number(needed, learns)[graph.operands]
        unary = np.array([rule.arity == 1 for rule in graph.rules], dtype=np.bool_)
        wanted[1, unary[graph.rule_of]] = False
        into, count = _gradient_places(
            graph, needed, np.where(wanted, graph.operands, -1), self._top
        )
        self.gradients = max(self.gradients, count)
        targets = _by_number(into, self._scalar_places)[graph.operands]
        table = np.stack([*self._table[:3], into[graph.inputs :], *np.where(wanted, targets, -1)])
        places = self._spread[learns[self._spread]]
        spread = np.zeros((6, len(places)), dtype=np.int64)
        spread[3], spread[4] = self._scalar_places[places], places
        roots = np.where(needed[graph.roots], into[graph.roots], -1)  # elsewhere nobody clears up
        return _pass(spread, table[:, needed[graph.inputs :]], roots)


def _by_number(values: "NDArray[Any]", scalars: "NDArray[Any]") -> "NDArray[Any]":
    """What inputs, operations and scalars have, by their numbers: Python counts -1 from the end."""
    import numpy as np

    return np.concatenate([values, scalars[::-1]])


def _gradient_places(
    graph: GraphArrays, needed: "NDArray[np.bool_]", operands: "NDArray[np.int64]", top: int
) -> "tuple[NDArray[np.int64], int]":
    """Where the gradients of inputs and operations are summed, and how many places that takes.

    An operation's has its place from the first that adds to it to when it is handed on; then
    another's can have it.  A block has a place for each value, but few for gradients.
    """
    import numpy as np

    free: list[int] = []
    into = [*range(graph.inputs), *([-1] * len(graph.rule_of))]

    def give(number: int) -> None:
        nonlocal top
        if free:
            into[number] = free.pop()
        else:
            into[number] = top
            top += 1

    for number in graph.roots.tolist():
        if needed[number] and into[number] < 0:
            give(number)
    one, two = operands.tolist()
    for k in np.flatnonzero(needed[graph.inputs :])[::-1].tolist():
        for number in (one[k], two[k]):
            if number >= 0 and into[number] < 0:
                give(number)
        free.append(into[graph.inputs + k])
    return np.array(into, dtype=np.int64), top + 1  # into the last goes what nobody reads


def _pass(spread: "NDArray[Any]", operations: "NDArray[Any]", roots: "NDArray[Any]") -> Pass:
    """Scalars are spread first, then come the operations; each row of the table is in one piece."""
    import numpy as np

    table = np.concatenate([spread, operations], axis=1)
    return Pass(np.ascontiguousarray(table, dtype=np.int32), roots.astype(np.int32))
