"""A recorded graph as a plain function over arrays: NumPy's, JAX's, PyTorch's.

>>> import numpy
>>> from micrograd_like import Layer
>>> x = [Value(0.0, "x0"), Value(0.0, "x1")]
>>> f = to_function(Layer(2, 3)(x), x, numpy)
>>> print(f.source)
import numpy as xp
<BLANKLINE>
<BLANKLINE>
def program(X, parameters):
    # parameters: of the shapes (2, 3), (3,)
    w, b = parameters
    v1 = X @ w + b
    neuron = xp.where(v1 <= 0, 0.0, v1)
    return neuron
>>> f(numpy.array([[1.0, 2.0], [0.0, 0.0]]), f.weights()).shape
(2, 3)
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from micrograd_like.arguments import expect, number
from micrograd_like.compile.array_formulas import Library, array_formula
from micrograd_like.compile.array_text import stem
from micrograd_like.compile.graph_arrays import independent, roots_and_inputs
from micrograd_like.compile.layout import CONSTANTS, INPUTS, LEAVES, Array, Layout, Part, step_of
from micrograd_like.compile.source import identifier
from micrograd_like.compile.structure import structure
from micrograd_like.engine import Value
from micrograd_like.notation import apart, plural

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Places = NDArray[np.int64]

__all__ = ["ArrayFunction", "to_function"]

# What a program calls by these names, and what a reader takes for a number.
OURS = ("xp", "special", "X", "parameters", "program", "float", "inf", "nan", "pi")


def to_function(
    roots: Value | Sequence[Value], inputs: Sequence[Value], xp: Any
) -> "ArrayFunction":
    """The graph as a function ``f(X, parameters)`` over the arrays of the namespace ``xp``.

    The program has a line for each array of the graph's `structure`: ten lines for a network, not
    thousands.  ``xp`` is one of the Array API's kind: ``numpy`` (2 or later), ``jax.numpy``,
    ``torch``, …; ``X`` has a column for each of the inputs, its last axis.  The result has the
    shape of ``X`` without its last axis, or, of several roots, with a column for each in that
    axis's place.  ``f.source`` is the program as text, which runs without this package.

    ``parameters`` are the other leaves' numbers: a matrix for each layer's weights, of the shape
    (inputs, outputs), a vector for its biases, as a dict by their names, a list in the order of
    ``f.shapes``, or one flat array in the order of ``f.parameters``, which holds the leaves.
    ``f.weights()`` has the numbers of the leaves as they are now, and ``f.load(weights)`` takes
    numbers, from wherever they were learned, back into the leaves.

    Nothing of it is ours from there on: derivatives, compilers, processors are the namespace's, as
    are precision, what happens where an operation is undefined (NaN, as a rule), and the
    derivative of abs, maximum and minimum at a tie.  As in a `Tape`, Python's branches are those
    taken when the graph was recorded; sums are taken in the namespace's order.

    A TypeError or a ValueError tells an input that is no leaf of the graph, a root that depends on
    none of the inputs, and a function that the namespace does not have.

    >>> import numpy
    >>> x, w = Value(0.0, "x"), Value(3.0, "w")
    >>> f = to_function([w * x, x * x], [x], numpy)
    >>> f(numpy.array([[2.0], [4.0]]), {"w": [3.0]})
    array([[ 6.,  4.],
           [12., 16.]])
    """
    single = isinstance(roots, Value)
    is_module = isinstance(getattr(xp, "__name__", None), str) and hasattr(xp, "asarray")
    expect(is_module, xp, "to_function: xp", "a module of arrays, such as numpy")
    ends, inputs, _ = roots_and_inputs("to_function", roots, inputs)
    found = structure(ends, inputs)
    for k, (source, _) in enumerate(found.roots):
        if not found.arrays[source].moves:
            raise independent("to_function", k, ends[k])
    return ArrayFunction(found, Library(xp), single)


class _Blocks:
    """The leaves in named matrices and vectors, each in the shape in which a program uses it."""

    def __init__(self, found: Layout) -> None:
        import numpy as np

        self.names: list[str] = []
        self.places: list[Places] = []  # of each block: the rows of the leaves, in its shape
        self.block_of: dict[bytes, int] = {}  # by the rows that a part takes
        leaves, met = found.arrays[LEAVES].members, np.zeros(found.arrays[LEAVES].size, dtype=bool)
        for places in _uses_of_leaves(found):
            different = np.unique(places)
            if len(different) == places.size and not met[different].any():
                met[different] = True
                self._add(places, leaves)
        left = np.flatnonzero(~met)
        if len(left):
            self._add(left, leaves)

    def _add(self, places: "Places", leaves: list[Value]) -> None:
        self.block_of[_key(places)] = len(self.places)
        name = stem([leaves[k].label for k in places.ravel().tolist()])
        self.names.append(name or ("W" if places.ndim > 1 else "b"))
        self.places.append(places.T)


def _key(places: "Places") -> bytes:
    return repr(places.shape).encode() + places.tobytes()


def _uses_of_leaves(found: Layout) -> Iterator["Places"]:
    """The rows of leaves that parts take: the weights of products as matrices, others as lists."""
    for array in found.arrays:
        for part in array.parts:
            if part.product and part.right == LEAVES:
                yield part.product.right
            if part.product and part.left == LEAVES:
                yield part.product.left.ravel()
            if part.product is None:
                sides = ((part.left, part.rows), (part.right, part.others))
                yield from (_once(rows) for k, rows in sides if k == LEAVES and rows is not None)


def _once(places: "Places") -> "Places":
    """The rows as a list; one row, if it is the same for all members."""
    flat = places.ravel()
    return flat[:1] if (flat == flat[0]).all() else flat


class _Writer:
    """The lines of a program: arrays have members on their last axis, rows of data before it."""

    def __init__(self, found: Layout, library: Library) -> None:
        import numpy as np

        self.found, self.library = found, library
        self.blocks = _Blocks(found)
        taken: set[str] = {*OURS}

        def free(name: str) -> str:
            return identifier(name, taken)

        self.block_names = [free(name) for name in self.blocks.names]
        self.names = {INPUTS: "X"}
        for k, array in enumerate(found.arrays[3:], 3):
            self.names[k] = free(stem([v.label for v in array.members]) or f"v{k - 2}")
        self.flat = free("p")  # all parameters in one array, if any line needs them
        of = [places.ravel() for places in self.blocks.places]
        self.flat_of = np.concatenate(of or [np.empty(0, dtype=np.int64)])
        self.in_flat = np.argsort(self.flat_of)  # where each leaf is there
        self.uses_flat = False
        self.free, self.lines = free, list[str]()
        self.largest = "amax" if library.xp.__name__ == "torch" else "max"
        for k, array in enumerate(found.arrays[3:], 3):
            self.array(k, array)

    def head(self) -> list[str]:
        """The lines that take the parameters apart."""
        if not self.block_names:
            return []
        shapes = ", ".join(str(places.shape) for places in self.blocks.places)
        comma = "," if len(self.block_names) == 1 else ""
        lines = [f"# parameters: of the shapes {shapes}"]
        lines.append(f"{', '.join(self.block_names)}{comma} = parameters")
        if self.uses_flat:
            flat = ", ".join(f"xp.reshape({name}, (-1,))" for name in self.block_names)
            lines.append(f"{self.flat} = xp.concat([{flat}])")
        return lines

    def array(self, k: int, array: Array) -> None:
        """The lines of one array."""
        name = self.names[k]
        if array.rule is None:
            terms = [(part.sign, self.part(part)) for part in array.parts]
            terms.sort(key=lambda term: -term[0])
            text = ("-" if terms[0][0] < 0 else "") + terms[0][1]
            text += "".join(f" {'+' if s > 0 else '-'} {term}" for s, term in terms[1:])
            self.lines.append(f"{name} = {text}")
        elif array.parts[0].rows.shape[1] > 1:
            part = array.parts[0]
            self.lines.append(f"{name} = {self.over(self.largest, part.left, part.rows)}")
        else:
            operands = [self.operand(part.left, part.rows[:, 0]) for part in array.parts]
            self.lines.append(f"{name} = {array_formula(array.rule, operands, self.library)}")

    def part(self, part: Part) -> str:
        """A term of a sum."""
        if part.right is None or part.others is None:
            if part.rows.shape[1] == 1:
                return _text(self.operand(part.left, part.rows[:, 0]))
            return self.over("sum", part.left, part.rows)
        if part.product is not None:
            return self.product(part)
        if part.rows.shape[1] == 1:
            a, b = (
                self.operand(part.left, part.rows[:, 0]),
                self.operand(part.right, part.others[:, 0]),
            )
            return f"{_text(a)} * {_text(b)}"
        a, b = self.lists(part.left, part.rows), self.lists(part.right, part.others)
        return f"xp.sum({a} * {b}, axis=-1)"

    def product(self, part: Part) -> str:
        """A matrix product; its members are laid out in one axis again."""
        assert part.right is not None
        assert part.product is not None
        left, right = part.product
        moves = self.found.arrays[part.right].moves
        if len(left) == 1 and not moves:
            return f"{self.vector(part.left, left[0])} @ {self.weights(part.right, right)}"
        if len(left) == len(right) == 1:
            a, b = self.vector(part.left, left[0]), self.vector(part.right, right[0])
            return f"xp.sum({_text(a)} * {_text(b)}, axis=-1, keepdims=True)"
        made = self.free("m")
        self.lines.append(
            f"{made} = {self.lists(part.left, left)} @ {self.weights(part.right, right)}"
        )
        return f"xp.reshape({made}, (*{made}.shape[:-2], -1))"

    def over(self, function: str, source: int, rows: "Places") -> str:
        """A function of the values in each list of rows."""
        if len(rows) == 1:
            return f"xp.{function}({self.vector(source, rows[0])}, axis=-1, keepdims=True)"
        return f"xp.{function}({self.lists(source, rows)}, axis=-1)"

    def operand(self, source: int, places: "Places") -> str | float:
        """Some rows of an array: a name, with an index where it needs one, or a number."""
        if source == CONSTANTS:
            numbers = [self.found.arrays[CONSTANTS].members[k] for k in places.tolist()]
            same = all(x.hex() == numbers[0].hex() for x in numbers)
            return numbers[0] if same else self.constants(places)
        if source == LEAVES:
            block = self.blocks.block_of.get(_key(_once(places)))
            if block is not None:
                return self.block_names[block]
        name, rows = self.at(source, places)
        step = step_of(rows)
        if step is None:
            return _gathered(name, rows)
        count = len(rows) if step else 1
        whole = count == self.found.arrays[source].size
        return name if whole else f"{name}[..., {rows[0]}:{rows[0] + count}]"

    def vector(self, source: int, places: "Places") -> str:
        """The same, with each of the rows."""
        if source == CONSTANTS:
            return self.constants(places)
        if step_of(places) == 0:
            return _gathered(*self.at(source, places))
        return str(self.operand(source, places))

    def lists(self, source: int, places: "Places") -> str:
        """Lists of rows, on the last two axes."""
        if source == CONSTANTS:
            return self.constants(places)
        name, rows = self.at(source, places)
        if rows.size == self.found.arrays[source].size and step_of(rows) == 1:
            return f"xp.reshape({name}, (*{name}.shape[:-1], {rows.shape[0]}, {rows.shape[1]}))"
        return _gathered(name, rows)

    def at(self, source: int, places: "Places") -> tuple[str, "Places"]:
        """The name of an array, of leaves that of all in one, and where rows are in that."""
        if source != LEAVES:
            return self.names[source], places
        self.uses_flat = True
        return self.flat, self.in_flat[places]

    def weights(self, source: int, places: "Places") -> str:
        """A matrix of the shape (terms, members)."""
        block = self.blocks.block_of.get(_key(places)) if source == LEAVES else None
        if block is not None:
            return self.block_names[block]
        return (
            self.constants(places.T) if source == CONSTANTS else f"{self.lists(source, places)}.mT"
        )

    def constants(self, places: "Places") -> str:
        """Constants as an array of the kind of the data."""
        import numpy as np

        numbers = np.array(self.found.arrays[CONSTANTS].members)[places].tolist()
        text = repr(numbers).replace("inf", "float('inf')").replace("nan", "float('nan')")
        return f"xp.asarray({text}, dtype=X.dtype)"

    def result(self, single: bool) -> str:
        """The roots."""
        (source, first), *_ = roots = self.found.roots
        rows = [row for k, row in roots if k == source]
        if single:
            return f"return {self.names[source]}[..., {first}]"
        if rows == list(range(self.found.arrays[source].size)) and len(rows) == len(roots):
            return f"return {self.names[source]}"
        columns = ", ".join(f"{self.names[k]}[..., {row}]" for k, row in roots)
        return f"return xp.stack([{columns}], axis=-1)"


class ArrayFunction:
    """The function that `to_function` returns.

    ``inputs`` and ``parameters`` are the leaves; ``shapes`` has the shape of each of the matrices
    and vectors in which the parameters are, by name; ``source`` is the program as text.
    """

    def __init__(self, found: Layout, library: Library, single: bool) -> None:

        written = _Writer(found, library)
        self.inputs: list[Value] = found.arrays[INPUTS].members
        leaves = found.arrays[LEAVES].members
        self.parameters: list[Value] = [leaves[k] for k in written.flat_of.tolist()]
        names = apart(written.blocks.names)
        shapes = [places.shape for places in written.blocks.places]
        self.shapes: dict[str, tuple[int, ...]] = dict(zip(names, shapes, strict=True))
        ends = [0, *accumulate(math.prod(shape) for shape in shapes)]
        self._parts = [slice(a, b) for a, b in pairwise(ends)]
        self._asarray = library.xp.asarray
        head = [f"import {library.xp.__name__} as xp"]
        if library.special:
            head.append(f"import {library.home} as special")
        lines = [*written.head(), *written.lines, written.result(single)]
        body = ["def program(X, parameters):", *(f"    {line}" for line in lines)]
        self.source = "\n".join([*head, "", "", *body])
        scope: dict[str, Any] = {"xp": library.xp, "special": library.special}
        exec(compile("\n".join(body), "to_function", "exec"), scope)
        self._program: Callable[..., Any] = scope["program"]

    def weights(self) -> dict[str, "NDArray[np.float64]"]:
        """The parameters' numbers as they are now, in their matrices and vectors.

        >>> import numpy
        >>> x, w = Value(0.0, "x"), Value(3.0, "w")
        >>> to_function(w * x, [x], numpy).weights()
        {'w': array([3.])}
        """
        import numpy as np

        numbers = np.array([v.data for v in self.parameters])
        pairs = zip(self.shapes.items(), self._parts, strict=True)
        return {name: numbers[part].reshape(shape) for (name, shape), part in pairs}

    def load(self, weights: Any) -> None:
        """Take numbers into the leaves: a dict as `weights` gives, a list, or one flat array.

        A ValueError tells names and shapes that are not the function's; nothing changes then.

        >>> import numpy
        >>> x, w = Value(0.0, "x"), Value(3.0, "w")
        >>> to_function(w * x, [x], numpy).load({"w": [5.0]})
        >>> w.data
        5.0
        """
        import numpy as np

        given = [
            part.detach().cpu() if hasattr(part, "detach") else part
            for part in self._split(weights)
        ]
        parts = [np.asarray(part, dtype=np.float64).ravel() for part in given]
        numbers = np.concatenate(parts).tolist() if parts else []
        for v, x in zip(self.parameters, numbers, strict=True):
            v.data = x

    def __call__(self, X: Any, parameters: Any = ()) -> Any:
        """The roots' numbers for an array of rows; a TypeError or a ValueError tells other shapes.

        >>> import numpy
        >>> x = Value(2.0, "x")
        >>> to_function(x * x, [x], numpy)(numpy.array([[3.0]]))
        array([9.])
        """
        expect(hasattr(X, "shape"), X, "to_function: X", "an array with a column for each input")
        if not X.shape or X.shape[-1] != len(self.inputs):
            raise ValueError(
                f"to_function: X has a column for each of {len(self.inputs)} inputs, "
                f"not the shape {tuple(X.shape)}"
            )
        if "float" not in str(X.dtype):
            X = X * 1.0
        foreign = type(X).__module__.split(".")[0] != "numpy"  # whose arrays are no NumPy's
        parts = [
            self._asarray(part, dtype=X.dtype)
            if not hasattr(part, "shape") or (foreign and type(part).__module__ == "numpy")
            else part
            for part in self._split(parameters)
        ]
        return self._program(X, parts)

    def _split(self, parameters: Any) -> list[Any]:
        """The matrices and vectors of parameters in any of their forms."""
        if isinstance(parameters, Mapping):
            if list(parameters) != list(self.shapes):
                missing = [name for name in self.shapes if name not in parameters]
                unknown = [name for name in parameters if name not in self.shapes]
                if missing or unknown:
                    raise ValueError(
                        f"to_function: parameters lack {missing[:3]}, and {unknown[:3]} are "
                        "unknown; start with f.weights()"
                    )
            parameters = [parameters[name] for name in self.shapes]
        is_list = hasattr(parameters, "__len__") and getattr(parameters, "shape", (0,)) != ()
        expect(is_list, parameters, "to_function: parameters", "a dict, a list or an array")
        if self._is_flat(parameters):
            if len(parameters) != len(self.parameters):
                raise ValueError(
                    f"to_function: {len(parameters)} parameters, and there are "
                    f"{len(self.parameters)}; start with f.weights()"
                )
            if not hasattr(parameters, "reshape"):
                import numpy as np

                flat = np.array([number(p, "to_function: a parameter") for p in parameters])
                pairs = zip(self.shapes.values(), self._parts, strict=True)
                return [flat[part].reshape(shape).tolist() for shape, part in pairs]
            pairs = zip(self.shapes.values(), self._parts, strict=True)
            return [parameters[part].reshape(shape) for shape, part in pairs]
        for part, (name, shape) in zip(parameters, self.shapes.items(), strict=True):
            found = _shape_of(part)
            if found != shape:
                raise ValueError(
                    f"to_function: {name} has the shape {found}, and it is to have {shape}"
                )
        return list(parameters)

    def _is_flat(self, parameters: Any) -> bool:
        """Whether numbers are given one by one, and not a list of matrices and vectors."""
        if hasattr(parameters, "shape"):
            return True
        return len(parameters) != len(self.shapes) or not any(map(_shape_of, parameters))

    def __repr__(self) -> str:
        return (
            f"<function of {plural(len(self.inputs), 'input')} and "
            f"{plural(len(self.parameters), 'parameter')}: f(X, parameters)>"
        )


def _gathered(name: str, rows: "Places") -> str:
    return f"{name}[..., xp.asarray({rows.tolist()})]"


def _text(x: str | float) -> str:
    if isinstance(x, str):
        return x
    text = repr(float(x))
    return f"float('{text}')" if text.strip("-") in ("inf", "nan") else text


def _shape_of(part: Any) -> tuple[int, ...]:
    import numpy as np

    return tuple(part.shape) if hasattr(part, "shape") else np.shape(part)
