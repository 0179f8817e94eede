"""The numbers that a picture shows: what is known at a moment, and how large it is drawn.

A picture is of its time, whatever becomes of the graph: its numbers were taken then.

>>> x = Value(3.0)
>>> y = x * x
>>> y.backward()
>>> Numbers.of([x, y]).grads[id(x)]
6.0
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

from micrograd_like.draw.outline import Link, Node, Outline
from micrograd_like.engine import Value
from micrograd_like.graph import NOT_COMPUTED, chain_product, edges
from micrograd_like.guard import ONE_PASS

__all__ = ["Numbers", "Scales", "strength", "total"]

DENSE = 20  # edges between groups: with more of them, labels would be most of the picture
WIDEST = 4.5  # points, of the edge with the largest product


class Numbers(NamedTuple):
    """What is known at a moment of the values and edges of a graph, by their ids."""

    data: dict[int, float]
    grads: dict[int, float]
    products: dict[tuple[int, int], float]  # the chain rule's, by the value it is from and position

    @classmethod
    def of(cls, order: Iterable[Value]) -> "Numbers":
        """All that a graph's values hold now."""
        now = cls({}, {}, {})
        with ONE_PASS:  # the gradients of whole passes
            gradients = [(v, v.grad) for v in order]
        for v, gradient in gradients:
            now.data[id(v)] = v.data
            if gradient is NOT_COMPUTED:
                continue
            now.grads[id(v)] = grad = gradient.data if isinstance(gradient, Value) else gradient
            for position, _, local in edges(v):
                now.products[id(v), position] = chain_product(grad, local)
        return now

    def data_of(self, node: Node) -> list[float]:
        """The data that a node shows, as far as they are known; of a group its outputs'."""
        return [self.data[id(v)] for v in node.outputs if id(v) in self.data]

    def gradient_of(self, node: Node) -> float | None:
        """The gradient at a node's output, None if it is not known yet; of several its length."""
        if node.output is not None:
            return self.grads.get(id(node.output))
        return self._length(node.outputs)

    def parameter_gradient_of(self, node: Node) -> float | None:
        """The length of the gradients of the parameters in a group; None if it has none."""
        return self._length(node.parameters)

    def _length(self, values: list[Value]) -> float | None:
        known = [self.grads[id(v)] for v in values if id(v) in self.grads]
        return math.hypot(*known) if known else None

    def product_of(self, link: Link) -> float | None:
        """The sum of a link's chain-rule products, as far as they are known; None if none is."""
        places = (edge.place for edge in link.edges)
        terms = [self.products[place] for place in places if place in self.products]
        return total(terms) if terms else None

    def is_known(self, link: Link) -> bool:
        """Whether a link's local derivatives are: those of a value that has been computed."""
        return any(id(edge.node) in self.data for edge in link.edges)


class Scales(NamedTuple):
    """How colours and widths show sizes: relative to the largest number of a kind."""

    gradient: float
    product: float
    move: float
    dense: bool  # whether there are too many edges for labels
    between: bool  # whether there are edges into groups

    @classmethod
    def of(cls, outline: Outline, last: Numbers, moves: Iterable[float] = ()) -> "Scales":
        """The scales of all pictures of an outline, of which ``last`` has the final numbers."""
        into_groups = sum(outline.nodes[link.target].kind == "group" for link in outline.links)
        products = (last.product_of(link) for link in outline.links)
        return cls(
            _largest(last.grads.values()),
            _largest(product for product in products if product is not None),
            _largest(moves),
            into_groups > DENSE,
            into_groups > 0,
        )

    @property
    def thinnest(self) -> float:
        """The width of an edge along which nothing flows, in points."""
        return 0.4 if self.dense else 1.2

    @property
    def widest(self) -> float:
        """The width of the edge with the largest product, in points."""
        return 2.0 if self.dense else WIDEST

    def width(self, product: float | None) -> float:
        """How wide an edge is, in points, by what flows along it."""
        if not product:
            return self.thinnest
        size = min(abs(product) / self.product, 1.0) if self.product else 1.0
        more = math.sqrt(1.0 if math.isnan(size) else size)
        return self.thinnest + (self.widest - self.thinnest) * more


def total(numbers: Iterable[float]) -> float:
    """The sum of numbers, to the last digit, or of any size.

    >>> total([1e308, 1e308]), total([0.1] * 10)
    (inf, 1.0)
    """
    listed = list(numbers)
    try:
        return math.fsum(listed)
    except (OverflowError, ValueError):
        return sum(listed)


def strength(x: float | None, largest: float) -> float:
    """How strongly a number is coloured, as large as it is among those of its kind.

    >>> strength(-4.0, largest=4.0), strength(0.0, largest=4.0)
    (-0.6, 0.0)
    """
    if not x or math.isnan(x):
        return 0.0
    size = math.sqrt(min(abs(x) / largest, 1.0)) if largest else 1.0
    return math.copysign(0.12 + 0.48 * size, x)


def _largest(numbers: Iterable[float]) -> float:
    """The largest size of a number that is finite."""
    return max((abs(x) for x in numbers if abs(x) < math.inf), default=0.0)
