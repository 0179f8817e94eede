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
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from micrograd_like.arguments import expect, is_list, number
from micrograd_like.compile.array_formulas import Library
from micrograd_like.compile.array_source import ArraySource
from micrograd_like.compile.graph_arrays import independent, roots_and_inputs
from micrograd_like.compile.layout import INPUTS, LEAVES, Layout
from micrograd_like.compile.structure import structure
from micrograd_like.engine import Value
from micrograd_like.notation import plural

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["ArrayFunction", "to_function"]

SHOWN = 4  # names in an error


def to_function(
    roots: Value | Sequence[Value], inputs: Sequence[Value], xp: Any
) -> "ArrayFunction":
    """The graph as a function ``f(X, parameters)`` over the arrays of the namespace ``xp``.

    The program has a line for each array of the graph's `structure`: ten lines for a network, not
    thousands.  ``f.source`` is its text, which runs without this package.

    ``xp`` is a namespace of the Array API's kind: ``numpy`` (2 or later), ``jax.numpy``,
    ``torch``, ….  ``X`` is an array of the shape (..., inputs): a column for each of the inputs,
    rows on any number of axes before it.  The result has the shape (...) for one root, and
    (..., roots) for a list of them.

    ``parameters`` are the other leaves' numbers: a matrix of the shape (inputs, outputs) for each
    layer's weights, a vector (outputs,) for its biases; of one output (inputs,) and a number.  They
    are in the arrays, with the names and shapes, that ``print(structure(roots, inputs))`` shows,
    which says what labels give a name.  They are a dict by name, a list in the order of
    ``f.shapes``, or one flat array in the order of ``f.parameters``, which holds the leaves.
    ``f.weights()`` has their numbers as they are now, float64 arrays of NumPy whatever ``xp`` is,
    and ``f.load(weights)`` takes numbers, from wherever they were learned, back into the leaves.
    PyTorch learns tensors that ask for gradients::

        weights = {k: torch.tensor(v, requires_grad=True) for k, v in f.weights().items()}

    The numbers are the engine's up to rounding: sums are taken in the namespace's order and the
    formulas are its own functions, so that the last digits may differ, those of a small difference
    of large numbers more; on the way such a sum may overflow.  Precision is that of ``X`` and the
    parameters; JAX's and PyTorch's is single unless asked for.  Where the engine raises an error
    the result is NaN or infinite, and NaN, too, where the engine knows a limit of a formula, that
    of gelu and silu at -inf.  Derivatives are the namespace's: at a tie, those of abs, maximum and
    minimum, and those of a saturated function, such as 1 - tanh² at -30, which is 0 there and
    3.5e-26 in the engine.  As in a `Tape`, Python's branches are those taken when the graph was
    recorded.

    A TypeError or a ValueError tells an input that is no leaf of the graph, a root that depends on
    none of the inputs, and a function that the namespace does not have.

    >>> import numpy
    >>> x, w = Value(0.0, "x"), Value(3.0, "w")
    >>> f = to_function([w * x, x * x], [x], numpy)
    >>> f(numpy.array([[2.0], [4.0]]), {"w": 3.0})
    array([[ 6.,  4.],
           [12., 16.]])

    In JAX, rows that are spread over devices stay there, and ``jax.jit`` of a step on them runs on
    all of these at once::

        mesh = jax.make_mesh((jax.device_count(),), ("rows",))
        X = jax.device_put(X, NamedSharding(mesh, PartitionSpec("rows")))  # of jax.sharding
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


class ArrayFunction:
    """The function that `to_function` returns.

    ``inputs`` and ``parameters`` are the leaves; ``shapes`` has the shape of each of the matrices
    and vectors in which the parameters are, by name; ``source`` is the program as text.
    """

    def __init__(self, found: Layout, library: Library, single: bool) -> None:
        written = ArraySource(found, library)
        places = written.blocks.places
        leaves = found.arrays[LEAVES].members
        self.inputs: list[Value] = found.arrays[INPUTS].members
        self.parameters: list[Value] = [leaves[k] for of in places for k in of.ravel().tolist()]
        names, shapes = written.blocks.names, [of.shape for of in places]
        self.shapes: dict[str, tuple[int, ...]] = dict(zip(names, shapes, strict=True))
        ends = [0, *accumulate(math.prod(shape) for shape in shapes)]
        self._parts = [slice(a, b) for a, b in pairwise(ends)]
        self._xp = library.xp
        text = written.text(single)
        head = [f"import {library.xp.__name__} as xp"]
        if library.special:
            head.append(f"import {library.home} as special")
        self.source = "\n".join([*head, "", "", text])
        scope: dict[str, Any] = {"xp": library.xp, "special": library.special}
        exec(compile(text, "to_function", "exec"), scope)
        self._program: Callable[..., Any] = scope["program"]

    def weights(self) -> dict[str, "NDArray[np.float64]"]:
        """The parameters' numbers as they are now, in their matrices and vectors.

        >>> import numpy
        >>> x, w = Value(0.0, "x"), Value(3.0, "w")
        >>> to_function(w * x, [x], numpy).weights()
        {'w': array(3.)}
        """
        import numpy as np

        numbers = np.array([v.data for v in self.parameters])
        pairs = zip(self.shapes.items(), self._parts, strict=True)
        return {name: numbers[part].reshape(shape) for (name, shape), part in pairs}

    def load(self, weights: Any) -> None:
        """Take numbers into the leaves: a dict as `weights` gives, a list, or one flat array.

        A ValueError tells names and shapes that are not the function's, and numbers that are NaN
        or infinite: as with a file of weights, what comes from elsewhere is to be finite.  (A leaf
        that is itself not finite, such as a mask of -inf, takes any number.)  A TypeError tells
        what are no numbers.  Nothing changes then.

        >>> import numpy
        >>> x, w = Value(0.0, "x"), Value(3.0, "w")
        >>> to_function(w * x, [x], numpy).load({"w": 5.0})
        >>> w.data
        5.0
        """
        import numpy as np

        arrays = map(_floats, self._split(weights, "load"), self.shapes)
        numbers = np.concatenate([np.empty(0), *(array.ravel() for array in arrays)])
        for k in np.flatnonzero(~np.isfinite(numbers)).tolist():
            if math.isfinite(self.parameters[k].data):
                raise ValueError(
                    f"load: {self._place(k)} is {numbers[k]}, and it was "
                    f"{self.parameters[k].data:g}; load weights that are finite"
                )
        for v, x in zip(self.parameters, numbers.tolist(), strict=True):
            v.data = x

    def _place(self, k: int) -> str:
        """The name of a block and the place in it of a parameter: ``layer0.w[2, 1]``."""
        import numpy as np

        for (name, shape), part in zip(self.shapes.items(), self._parts, strict=True):
            if k < part.stop:
                index = [int(i) for i in np.unravel_index(k - part.start, shape)]
                return f"{name}{index}" if index else name
        raise AssertionError(k)

    def __call__(self, X: Any, parameters: Any = ()) -> Any:
        """The roots' numbers for an array of rows; a TypeError or a ValueError tells other shapes.

        >>> import numpy
        >>> x = Value(2.0, "x")
        >>> to_function(x * x, [x], numpy)(numpy.array([[3.0]]))
        array([9.])
        """
        is_array = hasattr(X, "shape") and hasattr(X, "dtype")
        expect(is_array, X, "to_function: X", "an array with a column for each input")
        if not X.shape or X.shape[-1] != len(self.inputs):
            raise ValueError(
                f"to_function: X has a column for each of {len(self.inputs)} inputs, "
                f"not the shape {tuple(X.shape)}"
            )
        kind = str(X.dtype)
        is_real = any(word in kind for word in ("float", "int", "bool"))
        expect(is_real, kind, "to_function: the type of X", "one of real numbers, such as float64")
        if "float" not in kind:
            X = X * 1.0
        parts = self._split(parameters, "to_function")
        return self._program(X, [self._as_array(part, X) for part in parts])

    def _as_array(self, part: Any, X: Any) -> Any:
        """Parameters as an array where they are none, or are NumPy's and the rows are not."""
        is_foreign = type(X).__module__.split(".")[0] != "numpy"
        if hasattr(part, "shape") and not (is_foreign and type(part).__module__ == "numpy"):
            return part
        if self._xp.__name__ == "torch":
            return self._xp.asarray(part, dtype=X.dtype, device=X.device)
        return self._xp.asarray(part, dtype=X.dtype)

    def _split(self, parameters: Any, caller: str) -> list[Any]:
        """The matrices and vectors of parameters in any of their forms, in the order of shapes."""
        if isinstance(parameters, Mapping):
            missing = [name for name in self.shapes if name not in parameters]
            unknown = [name for name in parameters if name not in self.shapes]
            faults = [f"lack {_listed(missing)}"] * bool(missing)
            faults += [f"have no {_listed(unknown)}"] * bool(unknown)
            if faults:
                raise ValueError(
                    f"{caller}: parameters {', and '.join(faults)}; start with f.weights()"
                )
            parts = [parameters[name] for name in self.shapes]
        else:
            right = is_list(parameters)
            expect(right, parameters, f"{caller}: parameters", "a dict, a list or an array")
            is_array = hasattr(parameters, "shape")
            same = not is_array and len(parameters) == len(self.shapes)
            if not (same and any(hasattr(p, "shape") or _shape_of(p) for p in parameters)):
                return self._split_flat(parameters, caller)
            parts = list(parameters)
        for part, (name, shape) in zip(parts, self.shapes.items(), strict=True):
            found = _shape_of(part)
            if found != shape:
                given = f"the shape {found}" if found is not None else "rows of several lengths"
                raise ValueError(f"{caller}: {name} has {given}, and it is to have {shape}")
        return parts

    def _split_flat(self, parameters: Any, caller: str) -> list[Any]:
        """The same of one flat array, or of a list of all numbers."""
        count = len(self.parameters)
        of = tuple(getattr(parameters, "shape", (len(parameters),)))
        if len(of) != 1:
            raise ValueError(
                f"{caller}: parameters has the shape {of}, and one flat array has ({count},); "
                "take parameters.reshape(-1), or start with f.weights()"
            )
        if len(parameters) != count:
            arrays = plural(len(self.shapes), "array")
            given, there = plural(len(parameters), "number"), f"{count} in {arrays}"
            if any(map(_shape_of, parameters)):
                given = plural(len(parameters), "array")
                there = f"{len(self.shapes)}: {_listed(list(self.shapes))}"
            raise ValueError(f"{caller}: {given}, and there are {there}; start with f.weights()")
        pairs = zip(self.shapes.values(), self._parts, strict=True)
        if hasattr(parameters, "reshape"):
            return [parameters[part].reshape(shape) for shape, part in pairs]
        import numpy as np

        flat = np.array([number(p, f"{caller}: a parameter") for p in parameters])
        return [flat[part].reshape(shape).tolist() for shape, part in pairs]  # of no type yet

    def __repr__(self) -> str:
        return (
            f"<function of {plural(len(self.inputs), 'input')} and "
            f"{plural(len(self.parameters), 'parameter')}: f(X, parameters)>"
        )


def _listed(names: Sequence[Any]) -> str:
    """Some names, and how many more there are.

    >>> _listed(["w", "b"]), _listed(list("abcdef"))
    ('w, b', 'a, b, c, d and 2 more')
    """
    left = len(names) - SHOWN
    return ", ".join(map(str, names[:SHOWN])) + (f" and {left} more" if left > 0 else "")


def _shape_of(part: Any) -> tuple[int, ...] | None:
    """The shape of an array, or of a list of lists; None if its rows are of several lengths."""
    import numpy as np

    try:
        return tuple(part.shape) if hasattr(part, "shape") else np.shape(part)
    except ValueError:
        return None


def _floats(part: Any, name: str) -> "NDArray[np.float64]":
    """Numbers of any kind of array as NumPy's; a TypeError tells what are none."""
    import numpy as np

    if hasattr(part, "detach"):  # PyTorch's: of any precision, and on any device
        part = part.detach().tolist()
    if isinstance(part, np.ma.MaskedArray):  # what is masked is no weight
        part = np.ma.filled(part.astype(np.float64), np.nan)
    array = np.asarray(part)
    right = array.dtype.kind in "biuf" or "float" in str(array.dtype)  # JAX's bfloat16 is a V
    expect(right, str(array.dtype), f"load: the type of {name}", "one of real numbers")
    return array.astype(np.float64)
