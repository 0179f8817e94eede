"""Walking a recorded graph: its order, its edges, what values are called, running it again.

A node is known by its ``inputs`` and its ``local_grads``: an input that has a local derivative is a
node itself, any other is a plain number.  The engine builds on this file, and so does everything
that reads what the engine recorded.

>>> from micrograd_like import Value
>>> a = Value(2.0, label="a")
>>> [(position, v.label, local) for position, v, local in edges(a * a)]
[(0, 'a', 2.0), (1, 'a', 2.0)]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from micrograd_like.arguments import expect, graph, is_value, short
from micrograd_like.notation import SUBSCRIPTS, code

TYPE_CHECKING = False  # typing itself would take most of the time of the import
if TYPE_CHECKING:
    from typing import Any, TypeVar

    Node = TypeVar("Node")

__all__ = [
    "CLOSURES",
    "GROUPS",
    "NOT_COMPUTED",
    "ON_LEAVES",
    "Closure",
    "NotComputed",
    "as_function_of",
    "backward_edges",
    "begin_pass",
    "chain_product",
    "check_assigned",
    "closure_of",
    "connect",
    "connect_closure",
    "data_changed",
    "dependents",
    "described",
    "edges",
    "evaluated",
    "gradients_of",
    "inputs_of",
    "labels_of",
    "names_of",
    "operands_by",
    "operands_of",
    "put_back",
    "recorded",
    "replay",
    "topological_order",
]


class NotComputed(float):
    """The zero of a gradient that no backward pass has computed: equal to 0.0, drawn as a dot."""

    __slots__ = ()


NOT_COMPUTED = NotComputed()


GROUPS = "_groups"  # the attribute of a group's result, which keeps the group's values
HIDDEN = "hidden"  # the rule of what stands between a node and its operands
CLOSURES: list[Any] = []  # that the pass under way has met
ON_LEAVES: list[Any] = []  # weak references to leaves that have one


class Rest:
    """The further operands of a node that has more than two: no value, and no reader meets it.

    The engine goes through it as through a node whose result is passed on unchanged.
    """

    __slots__ = ("_dx", "_dy", "_x", "_y", "grad")
    _rule = HIDDEN

    def __init__(self, edges: list[tuple[Any, Any]]) -> None:
        _connect(self, edges)
        self.grad = NOT_COMPUTED


class Closure:
    """What stands between a node and its operands where the program passes the gradient on.

    It is run when the node's gradient arrives here; the operands behind it get nothing else, and
    come after it in a pass.  ``local_grads`` gives the derivatives to readers.
    """

    __slots__ = ("_dx", "_dy", "_grad", "_x", "_y", "inputs", "local_grads", "run")
    _rule = HIDDEN

    def __init__(
        self,
        inputs: Sequence[Any],
        run: Any,  # without arguments
        local_grads: Callable[[], list[float | None]],
    ) -> None:
        _connect(self, [(x, 0.0) for x in inputs if hasattr(x, "_rule")])
        self.inputs, self.run, self.local_grads = inputs, run, local_grads
        self._grad: float = NOT_COMPUTED

    @property
    def grad(self) -> float:
        """The node's gradient, in a pass."""
        return self._grad

    @grad.setter
    def grad(self, grad: float) -> None:
        self._grad = grad
        if type(grad) is NotComputed:  # the mark of a pass that begins
            CLOSURES.append(self)
        elif type(grad) is float:
            self.run()


def connect(node: Any, rule: Any, inputs: Iterable[Any], local_grads: Iterable[Any]) -> None:
    """Make a node the result of an operation on any number of inputs, or a leaf if it has none."""
    node._rule = rule
    _connect(node, list(zip(inputs, local_grads, strict=True)))


def _connect(node: Any, edges: list[tuple[Any, Any]]) -> None:
    while len(edges) > 2:
        edges[-2:] = [(Rest(edges[-2:]), 1.0)]
    (x, dx), (y, dy) = (*edges, (None, None), (None, None))[:2]
    node._x, node._dx, node._y, node._dy = x, dx, y, dy


def connect_closure(node: Any, rule: Any, closure: Closure) -> None:
    """Make a node the result of an operation whose gradient a closure passes on."""
    node._rule = rule
    _connect(node, [(closure, 1.0)])


def closure_of(node: Any) -> Closure | None:
    """What passes a node's gradient on, if that is a closure."""
    found = node._x
    return found if type(found) is Closure else None


def recorded(node: Any) -> list[tuple[Any, float | None]]:
    """The inputs of a node and their local derivatives, of which a constant has none."""
    if node._rule is None:
        return []
    if type(node._x) is Closure:
        return list(zip(node._x.inputs, node._x.local_grads(), strict=True))
    rest, found = node, []
    while type(rest._y) is Rest:
        found.append((rest._x, rest._dx))
        rest = rest._y
    found += [(rest._x, rest._dx), (rest._y, rest._dy)]
    return found[: node._rule.arity]


def inputs_of(node: Any) -> list[Any]:
    """The inputs of a node; no closure is asked."""
    if type(node._x) is Closure:
        return list(node._x.inputs)
    return [v for v, _ in recorded(node)]


FEW = 50
_UNSEEN: list[Any] = []  # weak references to nodes whose operands were assigned by hand


def check_assigned(node: Any, inputs: Iterable[Any]) -> None:
    """A ValueError if a node is among the values that it is to be made of.

    Only some of them are looked at now; `refuse_cycles` goes on before the next walk.
    """
    from _weakref import ref

    stack = list(inputs)
    for _ in range(FEW):
        if not stack:
            return
        v = stack.pop()
        if v is node:
            raise cycle(node)
        stack += (x for x in inputs_of(v) if hasattr(x, "_rule"))
    _UNSEEN.append(ref(node))


def cycle(node: Any) -> ValueError:
    """The error of operands that lead back to where they are assigned."""
    return ValueError(
        f"Value._prev = ...: {short(node)} is among the values that it is made of, and a graph has "
        "no cycles; the operands are not taken"
    )


def put_back(before: Iterable[tuple[Any, Any]]) -> None:
    """Give nodes the gradients that they had."""
    for v, grad in before:
        v.grad = grad


def begin_pass() -> None:
    """What comes before a pass: no closure has been met, and there is no cycle."""
    CLOSURES.clear()
    refuse_cycles()


def refuse_cycles() -> None:
    """A ValueError if operands that were assigned by hand make a cycle; they are taken back then.

    It is looked for before the next walk, once for all assignments.
    """
    if not _UNSEEN:
        return
    assigned = [node for ref in _UNSEEN if (node := ref()) is not None]
    _UNSEEN.clear()
    is_open: dict[int, bool] = {}  # False once all that a node is made of has been seen
    for root in assigned:
        stack = [root]
        while stack:
            node = stack[-1]
            if id(node) in is_open:
                is_open[id(stack.pop())] = False
                continue
            is_open[id(node)] = True
            for v in inputs_of(node):
                if not hasattr(v, "_rule"):  # a constant
                    continue
                if is_open.get(id(v)):
                    _take_back(assigned, [*stack, v], is_open)
                if id(v) not in is_open:
                    stack.append(v)


def _take_back(assigned: list[Any], stack: list[Any], is_open: dict[int, bool]) -> None:
    """Make a leaf of the node by whose assigned operands a walk has come back to where it was."""
    path = [v for v in stack if is_open.get(id(v))]
    circle = {id(v) for v in path[path.index(stack[-1]) :]}
    node = next(v for v in assigned if id(v) in circle)
    connect(node, None, (), ())
    raise cycle(node)


def topological_order(*roots: Node) -> list[Node]:
    """Every value that the roots depend on, each once, inputs before what is made of them.

    Of two inputs the first comes first.  There is no recursion: a graph may be of any depth.

    A TypeError tells a root that is no Value.

    >>> from micrograd_like import Value
    >>> a = Value(2.0, label="a")
    >>> [v.op or v.label for v in topological_order((a * a).exp())]
    ['a', '×', 'exp']
    """
    for root in roots:
        graph(root, "topological_order")
    refuse_cycles()
    order: list[Any] = []
    met: set[int] = set()
    stack: list[Any] = list(reversed(roots))
    while stack:
        node = stack.pop()
        if node is None:  # the inputs of the next one are in the order
            node = stack.pop()
            if node._rule is not HIDDEN:
                order.append(node)
        elif id(node) not in met:
            met.add(id(node))
            stack += (node, None)
            for v, d in ((node._y, node._dy), (node._x, node._dx)):
                if d is not None and id(v) not in met:
                    stack.append(v)
    return order


def edges(node: Node) -> list[tuple[int, Node, float]]:
    """The edges into a node: the input's position, the input, the local derivative."""
    return [
        (position, v, local)
        for position, (v, local) in enumerate(recorded(node))
        if local is not None
    ]


def operands_of(node: Any) -> tuple[float, ...]:
    """The numbers of a node's operands, as they are now."""
    return tuple(x if local is None else x.data for x, local in recorded(node))


def operands_by(
    node: Any, known: Mapping[int, Any], constant: Callable[[float], Any] = float
) -> list[Any]:
    """What stands for a node's operands: for its inputs what is known by their ids, and constants.

    >>> from micrograd_like import Value
    >>> v = Value(2.0, "a") * 3
    >>> operands_by(v, names_of(topological_order(v)), str)
    ['a', '3.0']
    """
    return [constant(x) if local is None else known[id(x)] for x, local in recorded(node)]


def data_changed(caller: str, node: Any) -> RuntimeError:
    """The error of a node whose inputs' numbers are others than when it was computed.

    >>> from micrograd_like import Value
    >>> data_changed("backward", Value(2.0) * 3)
    RuntimeError('backward: the data of 2.0 * 3.0 changed after it was computed; compute it again')
    """
    return RuntimeError(
        f"{caller}: the data of {described(node)} changed after it was computed; compute it again"
    )


def described(node: Any) -> str:
    """A node in an error: the operation on the numbers of its inputs, and its label.

    >>> from micrograd_like import Value
    >>> described(Value(2.0) * 3)
    '2.0 * 3.0'
    """
    words = code(node.rule, *map(repr, operands_of(node)))
    return words + (f" (in {node.label!r})" if node.label else "")


def chain_product(upstream: float, local: float) -> float:
    """A product of the chain rule, in which zero times infinity is zero.

    >>> chain_product(3.0, -2.0), chain_product(0.0, float("inf"))
    (-6.0, 0.0)
    """
    return upstream * local if upstream != 0 and local != 0 else 0.0


def gradients_of(order: Sequence[Any], root: Any) -> dict[int, float]:
    """The gradient of the root for each value by its id: the chain rule, apart from the engine."""
    found = {id(v): 0.0 for v in order}
    found[id(root)] = 1.0
    for _ in backward_edges(order, found):
        pass
    return found


def backward_edges(
    order: Sequence[Node], gradients: dict[int, float]
) -> Iterator[tuple[Node, int, Node, float, float, float, float]]:
    """The edges from the last node of an order back, each product added to its input's gradient.

    Yields the node, the input's position, the input, the local derivative, the node's gradient, and
    the input's gradient before and after.  ``gradients`` has a number for each node by its id.
    """
    for node in reversed(order):
        upstream = gradients[id(node)]
        for position, v, local in edges(node):
            before = gradients[id(v)]
            after = gradients[id(v)] = before + chain_product(upstream, local)
            yield node, position, v, local, upstream, before, after


def labels_of(
    order: Iterable[Any], variables: Mapping[str, Any] | None = None, where: str = ""
) -> dict[int, str]:
    """What a user calls each value, by its id: its label, or a variable that holds it, or "".

    ``variables`` are such as ``locals()`` has; the first that holds a value names it, and what is
    in a list is called "xs[0]".  None is named by a variable that begins with a _, or that has
    another's label.  A TypeError tells, for the function ``where``, what has no variables.

    >>> from micrograd_like import Value
    >>> a, b = Value(2.0, "A"), Value(3.0)
    >>> list(labels_of([a, b, a * b], locals()).values())
    ['A', 'b', '']
    """
    labels = {id(node): node.label for node in order}
    if variables is not None:
        what = "a dict of variables, such as locals()"
        expect(isinstance(variables, Mapping), variables, f"{where}: names", what)
        taken = {*labels.values()}
        for name, thing in list(variables.items()):  # a notebook may add some meanwhile
            expect(isinstance(name, str), name, f"{where}: a key of names", "a variable's name")
            for held, value in _held(name, thing) if name[:1] != "_" else ():
                if held not in taken and labels.get(id(value)) == "":
                    labels[id(value)] = held
    return labels


def _held(name: str, thing: Any, deep: int = 2) -> Iterator[tuple[str, Any]]:
    """The values that a variable holds: itself, or in a list, or in a list of lists; no data."""
    if is_value(thing):
        yield name, thing
    elif deep and type(thing) in (list, tuple) and thing and type(thing[0]) is not float:
        for k, x in enumerate(thing):
            yield from _held(f"{name}[{k}]", x, deep - 1)


def names_of(order: Iterable[Any], labels: Mapping[int, str] | None = None) -> dict[int, str]:
    """What steps and reports call each value, by its id: its label, or v1, v2, … in their order.

    Of several values with one label the second has a ₂ after it, and so on.  ``labels`` are those
    that :func:`labels_of` finds.
    """
    nodes = list(order)
    known = labels_of(nodes) if labels is None else labels
    taken = {*known.values()}
    used: dict[str, int] = {}
    given: set[str] = set()
    names = {}
    for node in nodes:
        label = name = known[id(node)]
        while not name or name in given:
            used[label] = n = used.get(label, 0) + 1
            name = label + str(n + 1).translate(SUBSCRIPTS) if label else f"v{n}"
            if name in taken:
                name = ""
        given.add(name)
        names[id(node)] = name
    return names


def replay(root: Any, numbers: Mapping[Any, Any], call: Callable[..., Any] | None = None) -> Any:
    """Run a recorded graph again with other numbers for some of its values.

    ``numbers`` maps Values of the graph to floats or Values; the other leaves keep their data.
    ``call(rule, *operands)`` computes an operation, of any kind of number; without it, operations
    are recorded again where an operand is a Value.  A ValueError tells a Value that is not in the
    graph.

    >>> from micrograd_like import Value
    >>> x = Value(3.0)
    >>> replay(x * x + 1, {x: 5.0})
    26.0
    """
    order = topological_order(graph(root, "replay"))
    if not isinstance(numbers, Mapping):
        raise TypeError(f"replay: takes a dict from Values to numbers, not {short(numbers)}")
    there = {id(v) for v in order}
    for v in numbers:
        if id(v) not in there:
            raise ValueError(f"replay: {short(v)} is not in the graph; give Values that are")
    compute = call or type(root)._apply
    known = {id(v): x for v, x in numbers.items()}
    return evaluated(order, known, lambda v, *of: compute(v.rule, *of))[id(root)]


def evaluated(
    order: Iterable[Any], known: dict[int, Any], call: Callable[..., Any]
) -> dict[int, Any]:
    """The numbers of nodes by their ids: those known, and the others by ``call(node, *operands)``.

    A leaf that is not known has its data; ``order`` leads from inputs to what is made of them.
    """
    for node in order:
        if id(node) not in known:
            known[id(node)] = call(node, *operands_by(node, known)) if node.rule else node.data
    return known


def as_function_of(
    leaf: Any, order: Sequence[Any], base: Mapping[int, Any], call: Callable[..., Any]
) -> Callable[[Any], Any]:
    """The last node of an order as a function of one leaf: only what depends on it is computed.

    ``base`` has every node's number by its id, at the point from which the leaf moves.
    """
    nodes = list(dependents([leaf], order))
    root = id(order[-1])

    def at(x: Any) -> Any:
        moved = {id(leaf): x}
        for node in nodes:
            known = {id(v): moved.get(id(v), base[id(v)]) for _, v, _ in edges(node)}
            moved[id(node)] = call(node, *operands_by(node, known))
        return moved.get(root, base[root])

    return at


def dependents(leaves: Iterable[Node], order: Iterable[Node]) -> Iterator[Node]:
    """The values of an order that depend on any of the leaves, one after the other.

    >>> from micrograd_like import Value
    >>> a, b = Value(2.0, "a"), Value(3.0, "b")
    >>> [v.op for v in dependents([a], topological_order(a * b + b * b))]
    ['×', '+']
    """
    reached = {id(leaf) for leaf in leaves}
    for node in order:
        if any(id(v) in reached for _, v, _ in edges(node)):
            reached.add(id(node))
            yield node
