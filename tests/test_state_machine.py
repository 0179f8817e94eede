"""The engine under random use, against an oracle that keeps its own books."""

import math

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tools.planted_bugs import BUGS, planted

from micrograd_like import Value
from micrograd_like.engine import apply
from micrograd_like.rules import RULES

places = st.integers(0, 5)  # of a value, counted from the newest
numbers = st.integers(-3, 3).map(float)


class Record:
    """What the oracle knows of a value: how it was made, and its books."""

    def __init__(self, data: float, sources: list[tuple["Record", float]]) -> None:
        self.data = data
        self.sources = sources  # what it was made of, with the local derivatives at that time
        self.grad = 0.0

    def slope_for(self, source: "Record", known: dict[tuple[int, int], float]) -> float:
        """The derivative for another value: the sum over all paths, by recursion."""
        key = id(self), id(source)
        if key not in known:
            terms = [d * v.slope_for(source, known) for v, d in self.sources]
            known[key] = float(self is source) + math.fsum(terms)
        return known[key]


class Engine(RuleBasedStateMachine):
    """Values in step with their records, under everything that is done to graphs."""

    def __init__(self) -> None:
        super().__init__()
        self.pairs = [(Value(2.0), Record(2.0, []))]

    def pair(self, place: int) -> tuple[Value, Record]:
        """A value and its record, counted from the newest."""
        return self.pairs[-1 - place % len(self.pairs)]

    @rule(data=numbers)
    def leaf(self, data: float) -> None:
        """A new leaf."""
        self.pairs.append((Value(data), Record(data, [])))

    @rule(name=st.sampled_from(["add", "mul", "sub", "maximum"]), i=places, j=places)
    def operation(self, name: str, i: int, j: int) -> None:
        """An operation on two values, or on one twice."""
        (x, of_x), (y, of_y) = self.pair(i), self.pair(j)
        data, dx, dy = RULES[name].function(x.data, y.data)
        if abs(data) < 1e6:
            self.pairs.append((apply(RULES[name], x, y), Record(data, [(of_x, dx), (of_y, dy)])))

    @rule(name=st.sampled_from(["tanh", "neg", "relu"]), i=places)
    def function(self, name: str, i: int) -> None:
        """An operation on one value."""
        x, of_x = self.pair(i)
        data, dx = RULES[name].function(x.data)
        self.pairs.append((apply(RULES[name], x), Record(data, [(of_x, dx)])))

    @rule(i=places)
    def backward(self, i: int) -> None:
        """A backward pass from any value: leaves add up, the others show this pass."""
        root, of_root = self.pair(i)
        root.backward()
        known: dict[tuple[int, int], float] = {}
        reached = {id(of_root)}
        stack = [of_root]
        while stack:
            for source, _ in stack.pop().sources:
                if id(source) not in reached:
                    reached.add(id(source))
                    stack.append(source)
        for _, record in self.pairs:
            if id(record) in reached:
                slope = of_root.slope_for(record, known)
                record.grad = slope if record.sources else record.grad + slope

    @rule(i=places, j=places)
    def two_losses(self, i: int, j: int) -> None:
        """Two losses that share nodes, one after the other."""
        self.backward(i)
        self.backward(j)

    @rule()
    def zero_grad(self) -> None:
        """All gradients are set to zero, as before a step of learning."""
        for value, record in self.pairs:
            value.grad, record.grad = 0.0, 0.0

    @rule(i=places, data=numbers)
    def change_data(self, i: int, data: float) -> None:
        """New data: what was recorded before keeps its derivatives."""
        value, record = self.pair(i)
        value.data = record.data = data

    @rule(i=places)
    def detach(self, i: int) -> None:
        """A leaf with the same number, outside the graph."""
        value, record = self.pair(i)
        self.pairs.append((value.detach(), Record(record.data, [])))

    @precondition(lambda self: len(self.pairs) > 1)
    @rule()
    def forget(self) -> None:
        """The newest value goes; its graph stays as long as others need it."""
        self.pairs.pop()

    @invariant()
    def books_agree(self) -> None:
        """Data and gradients are those of the oracle."""
        for value, record in self.pairs:
            assert value.data == record.data
            assert value.grad == pytest.approx(record.grad, rel=1e-9, abs=1e-9)


SETTINGS = settings(max_examples=60, stateful_step_count=40)
TestEngine = Engine.TestCase
TestEngine.settings = SETTINGS


@pytest.mark.parametrize("bug", BUGS)
def test_the_machine_finds_planted_bugs(bug: str) -> None:
    """The oracle is worth something: a wrong engine does not get past it."""

    class Tried(Engine.TestCase):  # type: ignore[name-defined,misc]
        settings = settings(
            SETTINGS, max_examples=300, database=None, derandomize=True, phases=[Phase.generate]
        )

    with planted(bug), pytest.raises(AssertionError):
        Tried("runTest").runTest()
