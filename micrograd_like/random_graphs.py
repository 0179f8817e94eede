"""Graphs as programs, and how one grows from random choices.

>>> grow(["mul"], [3.0], [Choice("mul", "same", "same", 0)], most=9)
from micrograd_like import Value
x0 = Value(3.0, 'x0')
v1 = x0 * x0
v1.backward()
"""

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from micrograd_like.engine import Value, apply
from micrograd_like.notation import OPERATORS, code
from micrograd_like.rules import RULES, Rule
from micrograd_like.turns import LARGEST, is_straight, turns

__all__ = ["KINDS", "Choice", "Graph", "grow"]

Operand = int | float  # a place among the values before, or a plain number
Operation = tuple[str, Operand, Operand]
CONSTANTS = (2.0, 3.0, 0.5, -1.0, 1.0, -2.0, 10.0, 0.1, -0.5)
NEARBY = 1e-12  # of an operand, or of 1: as far around it an operation must not end, or jump
STRAIGHT = 8  # one of so many operands of a product or a sum is far; others follow it there
# What an operand may be: a value that nothing uses yet, a plain number, one that is used already,
# the same value as the other operand, or whatever is far: moved to where the rule turns.
KINDS = ("unused",) * 7 + ("constant",) * 2 + ("used",) * 2 + ("same",) + ("far",) * 11


class Graph(NamedTuple):
    """A computation graph as a program: its leaves, then an operation a value.

    An operation is (rule's name, x, y).  An operand that is an int is a place among the values
    before it, one that is a float is a plain number; y means nothing to a rule of one input.  The
    last value is the root.

    >>> graph = Graph([2.0], [("mul", 0, 0), ("sub", 3.0, 1), ("tanh", 2, 2)])
    >>> graph
    from micrograd_like import Value
    x0 = Value(2.0, 'x0')
    v1 = x0 * x0
    v2 = 3.0 - v1
    v3 = v2.tanh()
    v3.backward()
    >>> graph.record()
    Value(data=-0.7615941559557649, grad=0.0)
    """

    leaves: list[float]
    operations: list[Operation]

    def __call__(self, *leaves: Any) -> Any:
        """The root computed from other leaves, of any kind that has operators and methods.

        >>> Graph([2.0], [("mul", 0, 0)])(5.0)
        25.0
        """
        return self.values(leaves, _python)[-1]

    def record(self) -> Value:
        """The root as this engine records it, with leaves labelled x0, x1 and so on."""
        root: Value = self.values([Value(x, f"x{i}") for i, x in enumerate(self.leaves)])[-1]
        return root

    def values(self, leaves: Sequence[Any], call: Callable[..., Any] = apply) -> list[Any]:
        """All values, the leaves first, each operation computed by ``call(rule, *operands)``."""
        values = list(leaves)
        for name, *operands in self.operations:
            rule = RULES[name]
            values.append(call(rule, *_filled(operands[: rule.arity], values)))
        return values

    def without_unused(self) -> "Graph":
        """The graph without leaves and operations that do not lead to the root."""
        first, count = len(self.leaves), len(self.leaves) + len(self.operations)
        needed = {count - 1}
        for k in range(count - 1, first - 1, -1):
            if k in needed:
                name, *operands = self.operations[k - first]
                needed.update(_places(operands[: RULES[name].arity]))
        places = {old: new for new, old in enumerate(sorted(needed))}

        def moved(p: Operand) -> Operand:
            return places.get(p, 0) if isinstance(p, int) else p

        leaves = [x for k, x in enumerate(self.leaves) if k in needed]
        kept = [step for k, step in enumerate(self.operations, first) if k in needed]
        return Graph(leaves, [(name, moved(x), moved(y)) for name, x, y in kept])

    def __repr__(self) -> str:
        """The graph as a short program."""
        lines = ["from micrograd_like import Value"]
        lines += [f"x{i} = Value({_number(x)}, 'x{i}')" for i, x in enumerate(self.leaves)]
        names = [f"x{i}" for i in range(len(self.leaves))]
        for k, (name, *operands) in enumerate(self.operations, 1):
            rule = RULES[name]
            used = operands[: rule.arity]
            texts = [_number(p) if isinstance(p, float) else names[p] for p in used]
            lines.append(f"v{k} = {code(rule, *texts, methods=True)}")
            names.append(f"v{k}")
        return "\n".join([*lines, f"{names[-1]}.backward()"])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """For Hypothesis and IPython: the program, indented below the name it has there."""
        with printer.group(indent=4):
            for line in repr(self).splitlines():
                printer.break_()
                printer.text(line)


def _filled(operands: Sequence[Operand], values: Sequence[Any]) -> list[Any]:
    return [p if isinstance(p, float) else values[p] for p in operands]


def _number(x: float) -> str:
    return repr(x) if math.isfinite(x) else f"float('{x}')"


def _python(rule: Rule, *operands: Any) -> Any:
    """An operation as Python writes it: an operator, a method, or a function of plain numbers."""
    if rule.name in OPERATORS:
        return getattr(operator, OPERATORS[rule.name])(*operands)
    method = getattr(operands[0], rule.name, None)
    return method(*operands[1:]) if method else apply(rule, *operands)


class Choice(NamedTuple):
    """An operation as it is drawn: a rule's name, what its operands are, and a number for both."""

    name: str
    x: str  # one of KINDS
    y: str
    number: int


def grow(
    names: Sequence[str],
    leaves: Sequence[float],
    chosen: Sequence[Choice],
    most: int,
    max_leaves: int = 1,
    fixed: bool = False,
) -> Graph:
    """The graph of what was drawn, with so many values at most, all of which lead to the root.

    An operation that does not fit its operands gives way to the next of the names that does.
    Unless the numbers of the leaves are ``fixed``, those of far operands take their place, or are
    further leaves.
    """
    spare = 0 if fixed else max(0, max_leaves - len(leaves))
    growing = _Growing(names, leaves, spare, most, fixed)
    first = len(growing.values)
    for choice in chosen:
        start = names.index(choice.name)
        for name in (*names[start:], *names[:start]):
            if growing.add(RULES[name], choice):
                break
    if not growing.operations:
        return Graph(growing.values[len(leaves) - 1 : len(leaves)], [])
    return Graph(growing.values[:first], growing.operations).without_unused()


class _Growing:
    """A graph that grows by one operation after the other, with the number of each value."""

    def __init__(
        self, names: Sequence[str], leaves: Sequence[float], spare: int, most: int, fixed: bool
    ) -> None:
        self.values = [float(x) for x in leaves]
        self.operations: list[Operation] = []
        self.left, self.names = most - len(leaves), names
        self.unused = list(range(len(leaves)))
        self.used: list[int] = []  # the latest last, as in all lists: places are counted from the
        # end, so that they keep their meaning when the shrinker removes others
        self.spare = [len(leaves) + k for k in range(spare)]  # leaves for far numbers
        self.movable = range(0 if fixed else len(leaves))
        self.values += [0.0] * spare

    def add(self, rule: Rule, choice: Choice) -> bool:
        """Add an operation, if it fits the operands that were drawn."""
        operands = self._operands(rule, choice)
        for place, kind in enumerate((choice.x, choice.y)[: rule.arity]):
            if kind == "far" and self._add_far(rule, operands, place, choice.number):
                return True
        return self._add_all((rule, operands))

    def _operands(self, rule: Rule, choice: Choice) -> list[Operand]:
        """The places and the plain numbers for a rule; one of them is a place."""
        number = choice.number // 4
        x = self._operand(choice.x, number, -1)
        if isinstance(x, float) and not _takes_number(rule, 0):
            x = self._operand("unused", number, -1)
        if rule.arity == 1:
            return [x]
        other = choice.y if isinstance(x, int) or choice.y != "constant" else "unused"
        y = self._operand(other, number // 3, x if isinstance(x, int) else -1)
        return [x, y]

    def _operand(self, kind: str, number: int, other: int) -> Operand:
        if kind == "constant":
            return CONSTANTS[number % len(CONSTANTS)]
        if kind == "same" and other >= 0:
            return other
        unused = [p for p in self.unused if p != other]
        places = unused if (kind != "used" and unused) or not self.used else self.used
        return places[-1 - number % len(places)] if places else other

    def _add_far(self, rule: Rule, operands: list[Operand], place: int, number: int) -> bool:
        """Add an operation with one operand where the rule turns, in one way or another."""
        old, other = operands[place], operands[1 - place] if rule.arity == 2 else None
        if isinstance(old, float) or (rule.arity == 2 and _places(operands) == [old, old]):
            return False
        numbers = _filled(operands, self.values)[1 - place : rule.arity - place]
        targets = turns(rule, place, *numbers)
        if not targets or (number // 4 % STRAIGHT and is_straight(rule, place, *numbers)):
            return False
        target, way = targets[number // 4 % len(targets)], number % 4
        if way == 1 and isinstance(other, int) and _takes_number(rule, place):
            return self._add_all((rule, _replaced(operands, place, _short(target))))
        if way != 2:  # each way depends on the number alone, so that graphs shrink step by step
            return self._add_leaf(rule, operands, place, target)
        moved = _replaced(operands, place, len(self.values))
        return any(
            name in self.names and self._add_all((RULES[name], [old, constant]), (rule, moved))
            for name, constant in _moves(self.values[old], target)
        )

    def _add_leaf(self, rule: Rule, operands: list[Operand], place: int, target: float) -> bool:
        """Add an operation on a leaf that has no other use, with the target as its number."""
        old = operands[place]
        leaf = self.spare[0] if self.spare else old
        if not self.spare and not (old in self.unused and old in self.movable):
            return False
        assert isinstance(leaf, int)
        before, self.values[leaf] = self.values[leaf], target
        if self._add_all((rule, _replaced(operands, place, leaf)), new=len(self.spare[:1])):
            self.spare = self.spare[1:]
            return True
        self.values[leaf] = before
        return False

    def _add_all(self, *steps: tuple[Rule, list[Operand]], new: int = 0) -> bool:
        """Add operations, if all are defined and of ordinary size, and ``new`` leaves with them."""
        values = list(self.values)
        for rule, operands in steps:
            value = _value_of(rule, operands, values)
            if value is None:
                return False
            values.append(value)
        if len(steps) + new > self.left:
            return False
        for place, (rule, operands) in enumerate(steps, len(self.values)):
            self.operations.append((rule.name, operands[0], operands[-1]))
            taken = [p for p in self.unused if p in _places(operands)]
            self.used += taken
            self.unused = [p for p in self.unused if p not in taken] + [place]
        self.left -= len(steps) + new
        self.values = values
        return True


def _places(operands: Sequence[Operand]) -> list[int]:
    return [p for p in operands if isinstance(p, int)]


def _takes_number(rule: Rule, place: int) -> bool:
    """Whether an operand may be a plain number: one is a Value, and a method is called on one."""
    return place == 1 or (rule.arity == 2 and rule.name in OPERATORS)


def _replaced(operands: Sequence[Any], place: int, new: Any) -> list[Any]:
    return [new if k == place else old for k, old in enumerate(operands)]


def _moves(start: float, target: float) -> Iterator[tuple[str, float]]:
    """The operations with a plain number that lead from one number to another."""
    if 1e-3 < abs(start) < 1e3:
        yield "mul", _short(target / start)
    if abs(target) > 1e-3 * abs(start):
        yield "add", _short(target - start)


def _short(x: float) -> float:
    """The number with as many digits as people read."""
    return float(f"{x:.4g}")


def _value_of(rule: Rule, operands: Sequence[Operand], values: Sequence[float]) -> float | None:
    """The operation's value; None where it, or a derivative, is undefined or large.

    None at the end of its domain, too, and where it jumps: what a slope is there is for tests of
    their own.
    """
    numbers = _filled(operands, values)
    variable = [k for k, p in enumerate(operands) if isinstance(p, int)]
    found = _numbers_of(rule, numbers)
    if found is None or max(abs(found[0]), *(abs(found[1 + k]) for k in variable)) > LARGEST:
        return None
    for k in variable if rule.domain else ():
        step = NEARBY * max(1.0, abs(numbers[k]))
        for x in (numbers[k] + step, numbers[k] - step):
            beside = _numbers_of(rule, _replaced(numbers, k, x))
            if beside is None:
                return None
            rise = max(abs(found[1 + k]), abs(beside[1 + k])) * step
            if not abs(beside[0] - found[0]) <= 2 * rise + 1e-9 * abs(found[0]):
                return None
    return found[0]


def _numbers_of(rule: Rule, numbers: Sequence[float]) -> tuple[float, ...] | None:
    """What a rule's function gives; None where it is undefined."""
    if not rule.is_defined(*numbers):
        return None
    try:
        found: tuple[float, ...] = rule.function(*numbers)
    except (ValueError, ArithmeticError):
        return None
    return found
