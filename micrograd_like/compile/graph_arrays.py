"""A recorded graph as arrays of numbers: all that the compiler has to know of its Values.

Inputs and operations have the numbers 0, 1, 2, …, the inputs first.  What depends on no input is
one number for all rows, a scalar; scalars have the numbers -1, -2, ….

>>> x, w = Value(3.0, "x"), Value(2.0, "w")
>>> root = w * x + 1.0
>>> graph = graph_arrays([root], [x], topological_order(root))
>>> graph.rules, graph.rule_of.tolist(), graph.operands.tolist()
([Rule(mul), Rule(add)], [0, 1], [[-1, 1], [0, -2]])
>>> graph.scalars.leaves, graph.scalars.constants
({0: Value(data=2.0, grad=0.0, label='w')}, {1: 1.0})
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from micrograd_like.arguments import short, values
from micrograd_like.engine import Value
from micrograd_like.graph import topological_order
from micrograd_like.rules import Rule

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["GraphArrays", "Scalars", "graph_arrays", "independent", "roots_and_inputs"]

Kind = TypeVar("Kind")


class Scalars:
    """The numbers that are the same for all rows, by their places: the scalar ~k has place k."""

    def __init__(self) -> None:
        self.leaves: dict[int, Value] = {}
        self.operations: dict[int, Value] = {}  # on other scalars
        self.constants: dict[int, float] = {}
        self.count = 0
        self._number_of: dict[str, int] = {}  # of the constants

    def leaf(self, v: Value) -> int:
        """The number of a new leaf."""
        return self._add(self.leaves, v)

    def operation(self, v: Value) -> int:
        """The number of a new operation."""
        return self._add(self.operations, v)

    def constant(self, x: float) -> int:
        """The number of a constant; one bit pattern has one place, so that 0.0 is not -0.0."""
        key = float(x).hex()
        if key not in self._number_of:
            self._number_of[key] = self._add(self.constants, float(x))
        return self._number_of[key]

    def _add(self, kind: dict[int, Kind], x: Kind) -> int:
        kind[self.count] = x
        self.count += 1
        return -self.count


class GraphArrays(NamedTuple):
    """A graph of n operations on rows.

    Where an operation is done on the same operands a second time, ``same`` has the number of the
    first.
    """

    inputs: int  # how many there are
    scalars: Scalars
    rules: list[Rule]
    rule_of: "NDArray[np.int64]"  # of each operation, its place in rules: (n,)
    operands: "NDArray[np.int64]"  # numbers: (2, n); an operation on one has it twice
    same: "NDArray[np.int64]"  # of each input and operation: (inputs + n,)
    learns: "NDArray[np.bool_]"  # whether it depends on a parameter: (inputs + n,)
    roots: "NDArray[np.int64]"  # numbers


def graph_arrays(
    roots: Sequence[Value], inputs: Sequence[Value], order: Sequence[Value]
) -> GraphArrays:
    """The arrays of a graph whose values are in topological order.

    A ValueError tells a root that depends on none of the inputs.
    """
    import numpy as np

    scalars, rules = Scalars(), dict[Rule, int]()
    number = {id(v): k for k, v in enumerate(inputs)}
    done: dict[int, int] = {}  # what an operation does, as one integer
    same, learns = list(range(len(inputs))), [False] * len(inputs)
    left, right, rule_of = list[int](), list[int](), list[int]()
    for v in order:  # in few steps each, as a graph may have millions
        rule, x, y = v._rule, v._x, v._y
        if rule is None:
            if id(v) not in number:
                number[id(v)] = scalars.leaf(v)
            continue
        a = number[id(x)] if isinstance(x, Value) else scalars.constant(x)
        b = a if y is None else number[id(y)] if isinstance(y, Value) else scalars.constant(y)
        if a < 0 and b < 0:
            number[id(v)] = scalars.operation(v)
            continue
        code = rules.setdefault(rule, len(rules))
        key = (code << 80) + ((same[a] if a >= 0 else a) << 40) + (same[b] if b >= 0 else b)
        k = number[id(v)] = len(same)
        same.append(done.setdefault(key, k))
        learns.append(
            (learns[a] if a >= 0 else isinstance(x, Value))
            or (learns[b] if b >= 0 else isinstance(y, Value))
        )
        left.append(a)
        right.append(b)
        rule_of.append(code)
    ends = np.array([number[id(v)] for v in roots], dtype=np.int64)
    for k in np.flatnonzero(ends < 0).tolist():
        raise independent("Tape", k, roots[k])
    of, operands = np.array(rule_of, dtype=np.int64), np.array([left, right], dtype=np.int64)
    arrays = of, operands, np.array(same, dtype=np.int64), np.array(learns, dtype=np.bool_)
    return GraphArrays(len(inputs), scalars, list(rules), *arrays, ends)


def independent(caller: str, k: int, root: Value) -> ValueError:
    """The error of a root that is the same for all rows."""
    return ValueError(
        f"{caller}: root {k}, {short(root)}, depends on none of the inputs; leave it out"
    )


def roots_and_inputs(
    caller: str, roots: Value | Sequence[Value], inputs: Sequence[Value]
) -> tuple[list[Value], list[Value], list[Value]]:
    """Roots, inputs, and the graph's values in topological order, if they are what they can be.

    A TypeError or a ValueError in the caller's name tells what is none: of the roots a Value, of
    the inputs a leaf of the graph, given once.
    """
    roots = [roots] if isinstance(roots, Value) else values(roots, f"{caller}: root")
    inputs = values(inputs, f"{caller}: input")
    if not roots:
        raise ValueError(f"{caller}: there is no root to compute; give it a Value")
    order = topological_order(*roots)
    for v in order:
        if v.rule and not v.rule.formula:  # made by hand: the function tells that it is not known
            v.rule.function(caller)
    leaves = {id(v) for v in order if v.rule is None}
    seen: set[int] = set()
    for k, v in enumerate(inputs):
        if id(v) not in leaves:
            what = "is no leaf" if v.rule else "is not in the graph"
            raise ValueError(
                f"{caller}: input {k}, {short(v)}, {what}; inputs are leaves of the graph"
            )
        if id(v) in seen:
            raise ValueError(f"{caller}: input {k}, {short(v)}, is given twice; give it once")
        seen.add(id(v))
    return roots, inputs, order
