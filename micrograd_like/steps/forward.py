"""A model's graph, recorded once on its inputs: what a page computes predictions with.

>>> from micrograd_like.nn import Neuron
>>> forward = Forward(Neuron(1, activation="tanh"), ["x0"], [[1.0]])
>>> forward.predict([2.0, 1.0], [[0.0], [1.0]])
[[0.7615941559557649], [0.9950547536867305]]
>>> forward.data()
{'values': [0.0, ..., 1.0, [0, 1, 2], [1, 0, 3], [2, 4]], 'rules': ['mul', 'add', 'tanh'], \
'inputs': [2], 'weights': [1, 0], 'outputs': [5]}
"""

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from micrograd_like.arguments import is_list
from micrograd_like.compile import graph_of, recording
from micrograd_like.engine import Value
from micrograd_like.graph import topological_order
from micrograd_like.modules import can_replay
from micrograd_like.steps.epochs import put
from micrograd_like.steps.graph_data import values_data
from micrograd_like.steps.javascript import script
from micrograd_like.table import Rule

__all__ = ["Forward"]

Rows = Sequence[Sequence[float]]
LONGEST = 50_000  # operations that a page computes with


class Forward:
    """The graph of a model's outputs, and why a page cannot compute with it, if it cannot.

    The model is a copy that nobody else has: its weights become those that are asked for.  A model
    of a user's own may branch in Python; its graph is compared at several rows, and with the
    ``last`` weights.
    """

    def __init__(
        self, model: Any, names: Sequence[str], rows: Rows, last: Sequence[float] = ()
    ) -> None:
        self.model, self.parameters = model, list(model.parameters())
        self.x = [Value(0.0, name) for name in names]
        self.problem = self.script = ""
        self.outputs: list[Value] = []
        self.order: list[Value] = []
        self._latest: tuple[Any, Any, dict[int, list[float]]] | None = None
        try:
            self.outputs = self._recorded(rows, last)
            self.order = topological_order(*self.outputs)
            if len(self.order) > LONGEST:
                raise ValueError(f"the model has more than {LONGEST:,} operations")
            self.script = script({v.rule: None for v in self.order if v.rule})
        except (ArithmeticError, ValueError) as error:
            self.problem = " ".join(str(error).split())

    def _recorded(self, rows: Rows, last: Sequence[float]) -> list[Value]:
        """The outputs; a ValueError tells that Python branches on the inputs or the weights."""

        def record() -> list[Value]:
            outputs = self.model(self.x)
            return list(outputs) if is_list(outputs) else [outputs]

        is_sure = can_replay(self.model)
        kept = None if is_sure else [*self.x, *self.parameters]
        outputs: list[Value] = recording("Training", record, self.x, rows, kept)
        if kept is not None and last:
            put(self.model, last)
            if graph_of(record(), kept) != graph_of(outputs, kept):
                raise ValueError("Python branches on the weights")
        return outputs

    def places(self, values: Sequence[Value]) -> list[int]:
        """Where values are in the graph that a page has; -1 for those that are not in it."""
        return [self._places.get(id(v), -1) for v in values]

    @cached_property
    def _places(self) -> dict[int, int]:
        return {id(v): k for k, v in enumerate(self.order)}

    def data(self) -> dict[str, Any]:
        """The graph for a page, with the places of inputs, weights and outputs in it."""
        values, rules = values_data(self.order)
        return {
            "values": values, "rules": [rule.name for rule in rules],
            "inputs": self.places(self.x), "weights": self.places(self.parameters),
            "outputs": self.places(self.outputs),
        }  # fmt: skip

    def predict(self, weights: Sequence[float], rows: Rows) -> list[list[float]]:
        """The outputs at each row with such weights; NaN where they are not defined."""
        if self.problem:
            put(self.model, weights)
            return [self._at(row) for row in rows]
        found = self.compute(weights, rows)
        return [list(row) for row in zip(*(found[id(v)] for v in self.outputs), strict=True)]

    def compute(self, weights: Sequence[float], rows: Rows) -> dict[int, list[float]]:
        """A number for each row of each value of the graph, by its id, as a page computes them."""
        if self._latest and self._latest[0] is weights and self._latest[1] is rows:
            return self._latest[2]
        known = {id(v): [v.data] * len(rows) for v in self.order if v.rule is None}
        known |= {id(p): [x] * len(rows) for p, x in zip(self.parameters, weights, strict=True)}
        known |= {id(v): list(of) for v, of in zip(self.x, zip(*rows, strict=True), strict=True)}
        for v in self.order:
            if v.rule is not None:
                operands = (
                    known[id(x)] if isinstance(x, Value) else [x] * len(rows) for x in v.inputs
                )
                known[id(v)] = _values_at(v.rule, [*zip(*operands, strict=True)])
        self._latest = weights, rows, known
        return known

    def _at(self, row: Sequence[float]) -> list[float]:
        try:
            outputs = self.model(row)
        except (ArithmeticError, ValueError):
            return [math.nan] * max(len(self.outputs), 1)
        return [float(v.data) for v in (outputs if is_list(outputs) else [outputs])]


def _values_at(rule: Rule, points: list[tuple[Any, ...]]) -> list[float]:
    function = rule.function
    try:
        if not rule.domain:
            return [function(*point)[0] for point in points]
    except (ArithmeticError, ValueError):
        pass  # at some of them, which are found one by one
    return [_value_at(rule, point) for point in points]


def _value_at(rule: Rule, point: tuple[Any, ...]) -> float:
    try:
        value: float = rule.function(*point)[0] if rule.is_defined(*point) else math.nan
    except (ArithmeticError, ValueError):
        return math.nan
    return value
