"""The words of a picture: titles, rows of tables, tooltips.

What is cut short in a picture stands whole, with all digits, in its tooltip.

>>> from micrograd_like.draw.names import Expressions
>>> a, b = Value(2.0, "a"), Value(3.0, "b")
>>> outline = Outline([a * b])
>>> words = Words(outline, Expressions(outline.order))
>>> words.about(outline.nodes[-1], Numbers.of(outline.order))
'a · b = 6.0, no gradient yet'
"""

import math
from collections.abc import Iterator, Sequence

from micrograd_like import notation
from micrograd_like.draw.names import OPEN, Names, cut, within
from micrograd_like.draw.numbers import Numbers, total
from micrograd_like.draw.outline import Link, Node, Outline
from micrograd_like.draw.units import MUL, POW, SUB, Term, rows_of
from micrograd_like.engine import Value
from micrograd_like.graph import chain_product, operands_by
from micrograd_like.notation import TIMES, exact, number, plural
from micrograd_like.rules import SUMS

__all__ = [
    "GRADIENTS",
    "NOTHING",
    "NO_GRADIENT",
    "RANGE",
    "Words",
    "gradient_text",
    "gradient_word",
    "spread",
]

SUM = "Σ"
PATTERN = 5  # operations, one in the other, of an expression with constants left open
NOTHING = "·"  # where a number is not known yet
NO_GRADIENT = "no gradient yet"
RANGE = "{low} … {high}"  # of several numbers
GRADIENTS = "grad", "|grad|"  # of one value; of several their length, which has no sign


def spread(numbers: Sequence[float]) -> str:
    """A number, the least and the largest of several, NaN if any is, or a dot for none.

    >>> spread([2.0, -1.5]), spread([]), spread([2.0, math.nan])
    ('−1.5 … 2', '·', 'nan')
    """
    if not numbers:
        return NOTHING
    if any(map(math.isnan, numbers)):
        return number(math.nan)
    low, high = number(min(numbers)), number(max(numbers))
    return low if low == high else RANGE.format(low=low, high=high)


def gradient_word(node: Node) -> str:
    """What a node's gradient is called."""
    return GRADIENTS[node.output is None]


def gradient_text(gradient: float | None) -> str:
    """A gradient, or a dot if it is not known yet."""
    return NOTHING if gradient is None else number(gradient)


class Words:
    """What is said of the nodes and links of an outline, given the names of its values.

    ``titles`` are the names in short, as they stand in the picture; ``names`` if not given.
    """

    def __init__(self, outline: Outline, names: Names, titles: Names | None = None) -> None:
        self.outline, self.names = outline, names
        self.titles = names if titles is None else titles
        self._labels = outline.labels
        self._drawn = {id(unit.value) for unit in outline.units}
        # The names of a value's operands: there may be thousands, and each has its own tooltip.
        self._known: dict[int, list[notation.Term | str | float]] = {}

    def picture(self) -> str:
        """What the picture is of: its roots, or the groups whose results they are, or how much."""
        roots = (self._root(root) for root in self.outline.roots)
        return ", ".join(dict.fromkeys(roots))

    def _root(self, root: Value) -> str:
        name, group = str(self.titles[id(root)]), self.outline.groups.get(id(root), "")
        if OPEN not in name or self._labels[id(root)]:
            return name
        return cut(group) or f"graph of {plural(len(self.outline.order), 'value')}"

    def cluster(self, name: str, group: str) -> str:
        """The title of an open group within another."""
        return cut(within(name, group))

    def title(self, node: Node) -> str:
        """What a node is called: where it has a name, without that of the cluster around it.

        An expression of which nothing is left but its operation's sign is no title.
        """
        if node.kind == "hidden":
            return f"… {plural(len(node.members), 'value')} hidden"
        if node.kind == "group":
            name, labels = within(node.name, node.group), self._labels_of(node)
            own = labels.pop() if len(labels) == 1 else ""
            own = "" if own.startswith(node.name) or node.name.endswith(own) else own
            return cut(f"{own} = {name}" if own else name)
        own = str(self.titles[id(node.value)]) if node.value else ""
        if not node.name:
            made = own or self._in_common(node.outputs)
            return "" if self.symbol(node) and _is_open(made, node.first) else cut(made)
        # The output of a neuron, which has its name, stands in the neuron's own cluster.
        parents = self.outline.parents
        around = parents.get(node.group, "") if node.name == node.group else node.group
        return cut(within(own or node.name, around))

    def _labels_of(self, node: Node) -> set[str]:
        return {self._labels[id(v)] for v in node.outputs}

    def counts(self, node: Node) -> Iterator[tuple[str, int]]:
        """What a group is made of."""
        parameters = sum(v.rule is None for v in node.members)
        outputs, kinds = len(node.outputs), len(self._labels_of(node))
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
                words = _signed(row[0], self._label_or_title(row[0].operand))
            elif alike:
                words = f"{_signed(row[0], _factor(self._pattern(row[0].operand, PATTERN)))} × "
                words += f"{len(row):,}"
            else:
                words = f"{OPEN} {len(row):,} more terms"
            rows.append((words, number(total(known)) if known else NOTHING))
        return rows

    def _label_or_title(self, x: Value | float) -> notation.Term | str | float:
        return self.titles[id(x)] if isinstance(x, Value) else x

    def _pattern(self, x: Value | float, depth: int) -> notation.Term:
        """A folded expression in which constants, and what lies deep, are left open."""
        if not isinstance(x, Value) or not depth:
            return notation.term(OPEN)
        if self._labels[id(x)] or x.rule is None or id(x) in self._drawn:
            return _short(self.titles[id(x)])
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
        if self._labels[id(v)] and v.rule:
            sides.append(self._operation(v))
        if data is not None:
            sides.append(exact(data))
        words = [" = ".join(sides)]
        if backward:
            words.append(NO_GRADIENT if grad is None else f"grad {exact(grad)}")
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
        # Of the value's own operation, not of the sum that it is folded into.
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
            operands.append(names.pop() if len(names) == 1 else OPEN)
        return str(notation.operation(rule, *operands))

    def _label(self, x: Value | float) -> str:
        if isinstance(x, Value):
            return str(self.names[id(x)]) if self._labels[id(x)] else OPEN
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


def _is_open(name: str, v: Value) -> bool:
    """Whether a name says of a value's operands nothing but numbers, if that."""
    inside = name.removeprefix(v.rule.name if v.rule else "")
    return OPEN in name and not any(letter.isalpha() for letter in inside)


def _short(name: notation.Term | str | float) -> notation.Term:
    """A name as long as pictures have it."""
    whole = notation.term(name)
    return notation.Term(cut(whole.text), whole.strength)


def _signed(term: Term, name: notation.Term | str | float) -> str:
    """A term of a sum with its sign, in brackets where a minus needs them."""
    short = _short(name)
    return str(notation.operation(SUB, "", short)).lstrip() if term.sign < 0 else str(short)


def _factor(name: notation.Term) -> notation.Term:
    """A name in brackets where a product needs them."""
    return notation.Term(str(notation.operation(MUL, _short(name), "")).removesuffix(TIMES))
