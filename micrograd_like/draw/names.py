"""What each value of a graph is called in pictures: its label, or how it was computed, in short.

>>> a, b = Value(2.0, "a"), Value(3.0, "b")
>>> v = (a + b) * a
>>> [str(name) for name in Expressions([a, b, v.inputs[0], v]).values()]
['a', 'b', 'a + b', '(a + b) · a']
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from micrograd_like import notation
from micrograd_like.engine import Value
from micrograd_like.graph import edges, labels_of, names_of
from micrograd_like.notation import number

__all__ = ["LONGEST_NAME", "OPEN", "WHOLE", "Expressions", "Names", "cut", "within"]

OPEN = "…"  # an operand that is not written
SHORTEST = 3  # characters that an operation adds to a name, about
LONGEST_NAME = 24  # characters of a name in a picture
WHOLE = 200  # characters of a name in a tooltip
Names = Mapping[int, notation.Term | str]  # of values, by their ids


def cut(name: str) -> str:
    """A name that is not too long, or its beginning.

    >>> cut("x" * 100)
    'xxxxxxxxxxxxxxxxxxxxxxx…'
    """
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def within(name: str, group: str) -> str:
    """A name without that of the group that it stands in.

    >>> within("layer0.neuron2", "layer0")
    'neuron2'
    """
    return name.removeprefix(f"{group}.") if group else name


class Expressions(Mapping[int, notation.Term]):
    """What each value is called, by its id: its label, or how it was computed, in short.

    Of several values with one label the second has a ₂ after it, as in steps.  Operands are left
    open, as …, where the whole would be longer than ``longest``.  With ``groups``, those that
    values are in, a value is called as within its own group: a neuron's weight goes without the
    neuron's name there.  With ``exact`` constants have all their digits.  ``labels`` are what
    values are called, if not by their own labels.

    A name is made when it is asked for: a picture of a large graph shows few of them.

    >>> a = Value(2.0, "a")
    >>> list(map(str, Expressions([a, a * a, Value(3.0, "a")]).values()))
    ['a', 'a · a', 'a₂']
    """

    def __init__(
        self,
        order: Sequence[Value],
        groups: Mapping[int, str] | None = None,
        longest: int = LONGEST_NAME,
        exact: bool = False,
        labels: Mapping[int, str] | None = None,
    ) -> None:
        self.values_by_id = {id(v): v for v in order}
        self.groups, self.longest = groups or {}, longest
        self.numbers = notation.exact if exact else number
        self.labels = labels_of(order) if labels is None else labels
        self.known = names_of(order, self.labels)
        self.whole = Expressions(order, None, longest, exact, self.labels) if groups else self
        self.made: dict[int, notation.Term] = {}
        self.long: dict[int, bool] = {}

    def __len__(self) -> int:
        return len(self.values_by_id)

    def __iter__(self) -> Iterator[int]:
        return iter(self.values_by_id)

    def __getitem__(self, key: int) -> notation.Term:
        stack = [key]
        while stack:
            v = self.values_by_id[stack[-1]]
            missing = [place for place in self.read(v) if place not in self.made]
            if not missing:
                self.made.setdefault(stack.pop(), self.name(v))
            stack += missing
        return self.made[key]

    def read(self, v: Value) -> list[int]:
        """The ids of the operands whose names are in a value's name."""
        if self.labels[id(v)] or v.rule is None:
            return []
        short = (id(x) for _, x, _ in edges(v) if not self.is_long(x))
        own = self.groups.get(id(v), "")
        return [place for place in short if self.groups.get(place, "") == own]

    def is_long(self, v: Value) -> bool:
        """Whether a name would be too long by its operations alone, with nothing left open."""
        if id(v) not in self.long:
            count, stack = 0, [v]
            while stack and count * SHORTEST <= self.longest:
                x = stack.pop()
                if not self.labels[id(x)] and x.rule is not None:
                    count += 1
                    stack += (operand for _, operand, _ in edges(x))
            self.long[id(v)] = count * SHORTEST > self.longest
        return self.long[id(v)]

    def name(self, v: Value) -> notation.Term:
        """The name of a value whose operands have theirs."""
        group = self.groups.get(id(v), "")
        if self.labels[id(v)] or v.rule is None:
            known = self.known[id(v)]
            name = within(known, group) if known != group else known
            return notation.term(name if self.labels[id(v)] else v.data, self.numbers)
        operands: list[notation.Term | float] = []
        for x in v.inputs:
            if not isinstance(x, Value):
                operands.append(x)
            elif self.is_long(x):
                operands.append(notation.term(OPEN))
            else:
                near = self.groups.get(id(x), "") == group
                operands.append(self.made[id(x)] if near else self.whole[id(x)])
        return _short_operation(v, operands, self.longest, self.numbers)


def _short_operation(
    v: Value, operands: list[notation.Term | float], longest: int, numbers: Callable[[float], str]
) -> notation.Term:
    """An operation, of which the longest operands are left open until it is short enough."""
    assert v.rule is not None
    expression = notation.operation(v.rule, *operands, numbers=numbers)
    long = [(len(x.text), k) for k, x in enumerate(operands) if isinstance(x, notation.Term)]
    for _, k in sorted(long, reverse=True):
        if len(expression.text) > longest:
            operands[k] = notation.term(OPEN)
            expression = notation.operation(v.rule, *operands, numbers=numbers)
    return expression
