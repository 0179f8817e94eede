"""The words of a picture: names of values, titles, rows, tooltips.

What is cut short in a picture stands whole, with all digits, in its tooltip.

>>> a, b = Value(2.0, "a"), Value(3.0, "b")
>>> v = (a + b) * a
>>> [str(name) for name in Expressions([a, b, v.inputs[0], v]).values()]
['a', 'b', 'a + b', '(a + b) · a']
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from micrograd_like import notation
from micrograd_like.draw.numbers import Numbers, total
from micrograd_like.draw.outline import Link, Node, Outline
from micrograd_like.draw.units import POW, SUMS, Term, rows_of
from micrograd_like.engine import Value
from micrograd_like.graph import chain_product, edges, names_of, operands_by
from micrograd_like.notation import MINUS, exact, number, plural

__all__ = [
    "NOTHING", "WHOLE", "Expressions", "Words", "cut", "gradient_text", "gradient_word", "spread",
]  # fmt: skip

SUM = "Σ"
PATTERN = 5  # operations, one in the other, of an expression with constants left open
SHORTEST = 3  # characters that an operation adds to a name, about
LONGEST = 24  # characters of a name in a picture
WHOLE = 200  # characters of a name in a tooltip
NOTHING = "·"  # where a number is not known yet
Names = Mapping[int, notation.Term | str]  # of values, by their ids


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


class Expressions(Mapping[int, notation.Term]):
    """What each value is called, by its id: its label, or how it was computed, in short.

    Of several values with one label the second has a ₂ after it, as in steps.  Operands are left
    open, as …, where the whole would be longer than ``longest``.  With ``groups``, those that
    values are in, a value is called as within its own group: a neuron's weight goes without the
    neuron's name there.  With ``exact`` constants have all their digits.

    A name is made when it is asked for: a picture of a large graph shows few of them.

    >>> a = Value(2.0, "a")
    >>> list(map(str, Expressions([a, a * a, Value(3.0, "a")]).values()))
    ['a', 'a · a', 'a₂']
    """

    def __init__(
        self,
        order: Sequence[Value],
        groups: Mapping[int, str] | None = None,
        longest: int = LONGEST,
        exact: bool = False,
    ) -> None:
        self.values_by_id = {id(v): v for v in order}
        self.groups, self.longest = groups or {}, longest
        self.numbers = notation.exact if exact else number
        self.labels = names_of(order)
        self.whole = Expressions(order, None, longest, exact) if groups else self
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
        if v.label or v.rule is None:
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
                if not x.label and x.rule is not None:
                    count += 1
                    stack += (operand for _, operand, _ in edges(x))
            self.long[id(v)] = count * SHORTEST > self.longest
        return self.long[id(v)]

    def name(self, v: Value) -> notation.Term:
        """The name of a value whose operands have theirs."""
        group = self.groups.get(id(v), "")
        if v.label or v.rule is None:
            label = self.labels[id(v)]
            name = _within(label, group) if label != group else label
            return notation.term(name if v.label else v.data, self.numbers)
        operands: list[notation.Term | float] = []
        for x in v.inputs:
            if not isinstance(x, Value):
                operands.append(x)
            elif self.is_long(x):
                operands.append(notation.term("…"))
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
        self._drawn = {id(unit.value) for unit in outline.units}
        self._known: dict[
            int, list[notation.Term | str | float]
        ] = {}  # operands: a node may have thousands

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
            name, labels = _within(node.name, node.group), {v.label for v in node.outputs}
            own = labels.pop() if len(labels) == 1 else ""
            own = "" if own.startswith(node.name) or node.name.endswith(own) else own
            return cut(f"{own} = {name}" if own else name)
        own = str(self.titles[id(node.value)]) if node.value else ""
        if not node.name:
            return cut(own or self._in_common(node.outputs))
        # The output of a neuron, which has its name, stands in the neuron's own cluster.
        parents = self.outline.parents
        around = parents.get(node.group, "") if node.name == node.group else node.group
        return cut(_within(own or node.name, around))

    def counts(self, node: Node) -> Iterator[tuple[str, int]]:
        """What a group is made of."""
        parameters = sum(v.rule is None for v in node.members)
        outputs, kinds = len(node.outputs), len({v.label for v in node.outputs})
        inside = {
            "neurons": kinds if parameters else 1,
            "parameters": parameters,
            "calls": outputs // kinds if parameters else 1,
            "values inside": len(node.members),
        }
        yield from ((word, count) for word, count in inside.items() if count > 1)

    def symbol(self, node: Node) -> str:
        """The sign of a node's operation, with a constant that all its values share."""
        rule = node.first.rule
        if rule is None or node.kind in ("group", "hidden"):
            return ""
        if node.folds:
            return SUM if node.terms or (len(node.outputs) > 1 and rule in SUMS) else ""
        constants = {
            (place, x)
            for v in node.outputs
            for place, x in enumerate(v.inputs)
            if not isinstance(x, Value)
        }
        several = len(constants) > 1
        return notation.symbol(rule, [(k, None if several else x) for k, x in constants][:1])

    def formula(self, node: Node) -> str:
        """What is computed in a node with a name that has several operations, but no terms."""
        if node.value is None or not (node.folds and node.name) or node.terms:
            return ""
        return cut(self._operation(node.value, self.titles))

    def terms(self, node: Node, numbers: Numbers) -> list[tuple[str, str]]:
        """The rows of a sum: terms and their numbers; of several in a row how many, and the sum."""
        rows = []
        for row in rows_of(node.terms):
            sizes = [self._size(term, numbers) for term in row]
            known = [x for x in sizes if x is not None]
            alike = len({term.pattern for term in row}) == 1
            if len(row) == 1:
                words = self._signed(row[0], self._label_or_title(row[0].operand))
            elif alike:
                pattern = str(self._pattern(row[0].operand, PATTERN))
                words = f"{self._signed(row[0], pattern)} × {len(row)}"
            else:
                words = f"… {plural(len(row), 'term')} more"
            rows.append((words, number(total(known)) if known else NOTHING))
        return rows

    def _signed(self, term: Term, name: str) -> str:
        return f"{MINUS} {cut(name)}" if term.sign < 0 else cut(name)

    def _label_or_title(self, x: Value | float) -> str:
        return str(self.titles[id(x)]) if isinstance(x, Value) else number(x)

    def _pattern(self, x: Value | float, depth: int) -> notation.Term:
        """A folded expression in which constants, and what lies deep, are left open."""
        if not isinstance(x, Value) or not depth:
            return notation.term("…")
        if x.label or x.rule is None or id(x) in self._drawn:
            return notation.term(cut(str(self.titles[id(x)])))
        of: list[notation.Term | float] = [self._pattern(y, depth - 1) for y in x.inputs]
        if x.rule is POW and not isinstance(x.inputs[1], Value):
            of[1] = x.inputs[1]
        return notation.operation(x.rule, *of)

    def _size(self, term: Term, numbers: Numbers) -> float | None:
        x = term.operand
        size = numbers.data.get(id(x)) if isinstance(x, Value) else x
        return None if size is None else term.sign * size

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
        (v, position, _), many = link.edges[0], len(link.edges)
        source, made = self._operands(v)[position], self.names[id(v)]
        if not backward:
            return f"{source} is in {made} = {self._operation(v)}"
        if many > 1:
            total = numbers.product_of(link)
            together = "" if total is None else f", together {exact(total)}"
            return plural(many, "edge") + together
        local = (
            v.local_grads[position] or 0.0
        )  # of its own operation, not of what it is folded into
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

    def _operation(self, v: Value, names: Names | None = None) -> str:
        """The operation that made a value, on its operands' names: whole, with all digits."""
        assert v.rule is not None
        if names:
            return str(notation.operation(v.rule, *operands_by(v, names)))
        return str(notation.operation(v.rule, *self._operands(v), numbers=exact))

    def _operands(self, v: Value) -> list[notation.Term | str | float]:
        found = self._known.get(id(v))
        if found is None:
            found = self._known[id(v)] = operands_by(v, self.names)
        return found


def _within(name: str, group: str) -> str:
    """A name without that of the cluster that it stands in."""
    return name.removeprefix(f"{group}.") if group else name
