"""Random graphs for the property tests."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

from micrograd_like.engine import Value, apply
from micrograd_like.rules import RULES

DOMAINS: dict[str, Callable[..., bool]] = {
    name: eval(  # the rules' own conditions on x and y
        f"lambda x, y=0.0: {rule.domain or True}", {"inf": math.inf}
    )
    for name, rule in RULES.items()
}
SMOOTH = [name for name in RULES if name not in ("relu", "leaky_relu", "abs", "maximum", "minimum")]


class Graph(NamedTuple):
    """A graph as a program: leaves, then (rule, operand, operand) with places of earlier values."""

    leaves: list[float]
    operations: list[tuple[str, int, int]]

    def run(self, leaves: list[Any], call: Callable[..., Any]) -> list[Any]:
        """All values of the graph, with other leaves and by other means of calling a rule."""
        values = list(leaves)
        for name, i, j in self.operations:
            operands = [values[i], values[j]][: RULES[name].arity]
            values.append(call(RULES[name], *operands))
        return values

    def record(self) -> list[Value]:
        """The graph recorded by the engine."""
        return self.run([Value(x, f"x{i}") for i, x in enumerate(self.leaves)], apply)


def fits(name: str, operands: list[float]) -> bool:
    """Whether a rule is defined, and of ordinary size with ordinary slopes, at these operands."""
    if not DOMAINS[name](*operands):
        return False
    outcome = RULES[name].function(*operands)
    return all(math.isfinite(number) and abs(number) < 1e4 for number in outcome[:2])


@st.composite
def graphs(draw: st.DrawFn, names: tuple[str, ...] = tuple(RULES), most: int = 200) -> Graph:
    """Random graphs with sharing: each operand is an earlier value, counted from the newest.

    An operation that is not defined at its operands gives way to the next one that is.
    """
    leaves = draw(st.lists(st.floats(-3, 3, width=32), min_size=1, max_size=4))
    chosen = draw(
        st.lists(
            st.tuples(st.sampled_from(names), st.integers(0, 9), st.integers(0, 9)),
            min_size=1,
            max_size=most,
        )
    )
    values, operations = list(leaves), []
    for name, back, further in chosen:
        i, j = (len(values) - 1 - k % len(values) for k in (back, further))
        start = names.index(name)
        for candidate in (*names[start:], *names[:start], "neg"):
            operands = [values[i], values[j]][: RULES[candidate].arity]
            if fits(candidate, operands):
                operations.append((candidate, i, j))
                values.append(RULES[candidate].function(*operands)[0])
                break
    return Graph(leaves, operations)
