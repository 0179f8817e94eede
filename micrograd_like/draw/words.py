"""The words of a picture: names of values, titles, rows, tooltips.

What is cut short in a picture stands whole, with all digits, in its tooltip.

>>> a, b = Value(2.0, "a"), Value(3.0, "b")
>>> v = (a + b) * a
>>> [str(name) for name in expressions([a, b, v.inputs[0], v]).values()]
['a', 'b', 'a + b', '(a + b) · a']
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from micrograd_like import notation
from micrograd_like.draw.numbers import Numbers
from micrograd_like.draw.outline import Link, Node, Outline
from micrograd_like.engine import Value
from micrograd_like.graph import chain_product, names_of, operands_by
from micrograd_like.notation import Term, exact, number, plural

__all__ = [
    "NOTHING", "WHOLE", "Words", "cut", "expressions", "gradient_text", "gradient_word", "spread",
]  # fmt: skip

LONGEST = 24  # characters of a name in a picture
WHOLE = 200  # characters of a name in a tooltip
NOTHING = "·"  # where a number is not known yet
Names = Mapping[int, Term | str]  # of values, by their ids


def cut(name: str) -> str:
    """A name that is not too long."""
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"


def spread(numbers: Sequence[float]) -> str:
    """A number, the least and the largest of several, or a dot for none.

    >>> spread([2.0, -1.5]), spread([])
    ('−1.5 … 2', '·')
    """
    if not numbers:
        return NOTHING
    low, high = min(numbers), max(numbers)
    return number(low) if low == high else f"{number(low)} … {number(high)}"


def gradient_word(node: Node) -> str:
    """What a node's gradient is called: of several it is their length, which has no sign."""
    return "|grad|" if node.value is None else "grad"


def gradient_text(gradient: float | None) -> str:
    """A gradient, or a dot if it is not known yet."""
    return NOTHING if gradient is None else number(gradient)


def expressions(
    order: Sequence[Value],
    groups: Mapping[int, str] | None = None,
    longest: int = LONGEST,
    exact: bool = False,
) -> dict[int, Term]:
    """What each value is called, by its id: its label, or how it was computed, in short.

    Of several values with one label the second has a ₂ after it, as in steps.  Operands are left
    open, as …, where the whole would be longer than ``longest``.  With ``groups``, those that
    values are in, a value is called as within its own group: a neuron's weight goes without the
    neuron's name there.  With ``exact`` constants have all their digits.

    >>> a = Value(2.0, "a")
    >>> list(map(str, expressions([a, a * a, Value(3.0, "a")]).values()))
    ['a', 'a · a', 'a₂']
    """
    numbers, labels = notation.exact if exact else number, names_of(order)
    whole = expressions(order, None, longest, exact) if groups else {}
    inside: dict[int, Term] = {}
    for v in order:
        group = groups.get(id(v), "") if groups else ""
        if v.label or v.rule is None:
            label = labels[id(v)]
            name = _within(label, group) if label != group else label
            inside[id(v)] = notation.term(name if v.label else v.data, numbers)
            continue
        operands: list[Term | float] = []
        for x in v.inputs:
            if isinstance(x, Value):
                near = not groups or groups.get(id(x), "") == group
                operands.append((inside if near else whole)[id(x)])
            else:
                operands.append(x)
        inside[id(v)] = _short_operation(v, operands, longest, numbers)
    return inside


def _short_operation(
    v: Value, operands: list[Term | float], longest: int, numbers: Callable[[float], str]
) -> Term:
    """An operation, of which the longest operands are left open until it is short enough."""
    assert v.rule is not None
    expression = notation.operation(v.rule, *operands, numbers=numbers)
    long = [(len(x.text), k) for k, x in enumerate(operands) if isinstance(x, Term)]
    for _, k in sorted(long, reverse=True):
        if len(expression.text) > longest:
            operands[k] = notation.term("…")
            expression = notation.operation(v.rule, *operands, numbers=numbers)
    return expression


class Words:
    """What is said of the nodes and links of an outline, given the names of its values.

    ``titles`` are the names in short, as they stand in the picture; ``names`` if not given.
    """

    def __init__(self, outline: Outline, names: Names, titles: Names | None = None) -> None:
        self.outline, self.names = outline, names
        self.titles = names if titles is None else titles
        self._known: dict[int, list[Term | str | float]] = {}  # operands: a node may have thousands

    def picture(self) -> str:
        """What the picture is of: its roots."""
        return ", ".join(str(self.titles[id(root)]) for root in self.outline.roots)

    def cluster(self, name: str, group: str) -> str:
        """The title of an open group within another."""
        return cut(_within(name, group))

    def title(self, node: Node) -> str:
        """What a node is called: where it has a name, without that of the cluster around it."""
        if node.kind == "hidden":
            return f"… {plural(len(node.members), 'value')} hidden"
        if node.kind == "group":
            return cut(_within(node.name, node.group))
        own = str(self.titles[id(node.value)]) if node.value else ""
        if not node.name:
            return cut(own or self._in_common(node.members))
        # The output of a neuron, which has its name, stands in the neuron's own cluster.
        parents = self.outline.parents
        around = parents.get(node.group, "") if node.name == node.group else node.group
        return cut(_within(own or node.name, around))

    def counts(self, node: Node) -> Iterator[tuple[str, int]]:
        """What a group is made of."""
        outputs, kinds = len(node.outputs), len({v.label for v in node.outputs})
        inside = {
            "neurons": kinds,
            "parameters": sum(v.rule is None for v in node.members),
            "calls": outputs // kinds,
            "values inside": len(node.members),
        }
        yield from ((word, count) for word, count in inside.items() if count > 1)

    def symbol(self, node: Node) -> str:
        """What stands in an operation's circle, with a constant that all its values share."""
        rule = node.first.rule
        assert rule is not None
        constants = {
            (place, x)
            for v in node.members
            for place, x in enumerate(v.inputs)
            if not isinstance(x, Value)
        }
        several = len(constants) > 1
        return notation.symbol(rule, [(k, None if several else x) for k, x in constants][:1])

    def about(self, node: Node, numbers: Numbers, backward: bool = True) -> str:
        """The tooltip of a node: whole names and numbers."""
        v = node.value
        if v is None:
            return f"{node.name or node.kind}: {plural(len(node.members), 'value')}"
        data, grad = (of.get(id(v)) for of in (numbers.data, numbers.grads))
        sides = [str(self.names[id(v)])]
        if v.label and v.rule:
            sides.append(self._operation(v))
        if data is not None:
            sides.append(exact(data))
        words = [" = ".join(sides)]
        if backward:
            words.append("no gradient yet" if grad is None else f"grad {exact(grad)}")
        return ", ".join(words)

    def why(self, link: Link, numbers: Numbers, backward: bool = True) -> str:
        """The tooltip of an edge: the chain rule, in names and numbers."""
        (v, position), many = link.edges[0], len(link.edges)
        source, made = self._operands(v)[position], self.names[id(v)]
        if not backward:
            return f"{source} is in {made} = {self._operation(v)}"
        if many > 1:
            total = numbers.product_of(link)
            together = "" if total is None else f", together {exact(total)}"
            return plural(many, "edge") + together
        local = v.local_grads[position] or 0.0
        rule = f"{notation.partial(self._operation(v), str(source))} = {exact(local)}"
        grad = numbers.grads.get(id(v))
        if grad is None:
            return rule
        return f"{rule}; times the gradient {exact(grad)} = {exact(chain_product(grad, local))}"

    def _in_common(self, members: Sequence[Value]) -> str:
        """How values are made that are drawn as one: what differs between them is left open."""
        rule = members[0].rule
        if rule is None:
            return "values"
        operands = []
        for place in range(rule.arity):
            names = {self._label(v.inputs[place]) for v in members}
            operands.append(names.pop() if len(names) == 1 else "…")
        return str(notation.operation(rule, *operands))

    def _label(self, x: Value | float) -> str:
        if isinstance(x, Value):
            return str(self.names[id(x)]) if x.label else "…"
        return number(x)

    def _operation(self, v: Value) -> str:
        """The operation that made a value, on its operands' names."""
        assert v.rule is not None
        return str(notation.operation(v.rule, *self._operands(v), numbers=exact))

    def _operands(self, v: Value) -> list[Term | str | float]:
        found = self._known.get(id(v))
        if found is None:
            found = self._known[id(v)] = operands_by(v, self.names)
        return found


def _within(name: str, group: str) -> str:
    """A name without that of the cluster that it stands in."""
    return name.removeprefix(f"{group}.") if group else name
