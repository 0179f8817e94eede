"""Points as people write them: numbers, lists, arrays, dicts and what holds these, taken apart.

>>> point = Point(lambda w, b: w[0] * b, ([1.0, 2.0], 3.0))
>>> point.names, point.numbers
(['w[0]', 'w[1]', 'b'], [1.0, 2.0, 3.0])
>>> point.rebuild([5.0, 6.0, 7.0])
[[5.0, 6.0], 7.0]
"""

import copy
import inspect
import math
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from itertools import product
from typing import Any

from micrograd_like.arguments import finite, is_array, is_list, is_value, number, short
from micrograd_like.notation import listed, one_line

__all__ = ["Point", "dense", "flat", "is_plain", "is_sequence", "leaves", "shape_of"]


class Point:
    """The arguments of a function, as one list of numbers with names, and back."""

    def __init__(self, f: Callable[..., Any], arguments: Sequence[Any]) -> None:
        self.arguments = list(arguments)
        self.parameters = _parameters(f, len(self.arguments))
        try:
            pairs = [
                pair
                for name, part in zip(self.parameters, self.arguments, strict=True)
                for pair in leaves(part, name)
            ]
        except RecursionError:
            raise ValueError("gradcheck: the point contains itself; give numbers") from None
        self.names = [name for name, _ in pairs]
        self.numbers = [finite(_data(x), f"gradcheck: {name}") for name, x in pairs]

    @property
    def of_arrays(self) -> bool:
        """Whether all arguments are NumPy's arrays of floats in double precision."""
        kinds = {
            (type(part).__module__, str(getattr(part, "dtype", ""))) for part in self.arguments
        }
        return kinds == {("numpy", "float64")} and all(map(is_array, self.arguments))

    def rebuild(self, numbers: Sequence[Any], exactly: bool = False) -> list[Any]:
        """The arguments with other numbers in their places, or with Values.

        Arrays have the point's precision, or hold the numbers themselves, if asked ``exactly``.
        """
        rest = iter(numbers)
        return [_rebuilt(part, rest, exactly) for part in self.arguments]

    def again(self) -> list[Any]:
        """The arguments once more, PyTorch's as leaves of their own that record if these do."""
        made = self.rebuild(self.numbers)
        for before, after in zip(self.arguments, made, strict=True):
            _recording(before, after)
        return made

    def numbers_of(self, tree: Any, where: str) -> list[float]:
        """The numbers of a tree that has the arguments' shape: of a gradient, or of bounds.

        A ValueError names both shapes where they differ.
        """
        arguments, tree = self.arguments, dense(tree)
        alone = len(arguments) == 1 and not (
            is_sequence(tree) and len(tree) == 1 and shape_of(tree) != shape_of(arguments[0])
        )
        if alone:
            tree = [tree]
        elif not is_sequence(tree) or len(tree) != len(arguments):
            raise ValueError(
                f"{where} is {short(tree)}; it is to have {len(arguments)} parts, one for each "
                "argument"
            )
        return [
            number(x, where)
            for part, other, name in zip(arguments, tree, self.parameters, strict=True)
            for x in _matched(part, other, name, where)
        ]


def is_plain(arguments: Sequence[Any]) -> bool:
    """Whether all arguments are numbers, or what `number` takes for one; PyTorch's stay tensors."""
    return not any(isinstance(x, Mapping) or is_sequence(x) or _is_tensor(x) for x in arguments)


def is_sequence(x: Any) -> bool:
    """A list, a tuple, or an array with an axis."""
    return isinstance(x, (list, tuple)) or is_array(x)


def shape_of(x: Any) -> str:
    """The shape of an array, of nested lists, or a dict's keys, as people write it.

    >>> shape_of([[1, 2, 3], [4, 5, 6]]), shape_of({"w": 1.0}), shape_of(1.0)
    ('shape (2, 3)', 'the keys w', 'one number')
    """
    if isinstance(x, Mapping):
        return f"the keys {listed((one_line(str(key)) for key in x), 8)}"
    sizes: list[int] = []
    if _ragged(x):
        return f"{len(x)} parts of unlike shapes"
    while is_list(x):
        if hasattr(x, "shape"):
            sizes += map(int, x.shape)
            break
        sizes.append(len(x))
        if not len(x):
            break
        x = x[0]
    if isinstance(x, Mapping):
        return f"{len(sizes) and sizes[0]} dicts"
    return (
        f"shape ({', '.join(map(str, sizes))}{',' * (len(sizes) == 1)})" if sizes else "one number"
    )


def _is_tensor(x: Any) -> bool:
    """Whether it is PyTorch's, of any number of dimensions: its functions take nothing else."""
    return hasattr(x, "new_tensor")


def flat(x: Any, keep: bool = False) -> list[Any]:
    """The numbers of an array, of nested lists or of dicts, in order; Values are kept if asked."""
    return [leaf if keep else _data(leaf) for _, leaf in leaves(x, "")]


def _data(leaf: Any) -> Any:
    """The number of a Value; anything else as it is."""
    return leaf.data if is_value(leaf) else leaf


def dense(x: Any) -> Any:
    """A sparse array with all of its zeros, pandas' as NumPy's; anything else as it is."""
    if not isinstance(x, float):  # most are
        for name in ("toarray", "to_dense", "to_numpy"):
            if hasattr(x, name):
                return getattr(x, name)()
    return x


def _is_sparse(x: Any) -> bool:
    """Whether it is an array of SciPy or PyTorch that leaves out zeros."""
    return hasattr(x, "toarray") or "sparse" in str(getattr(x, "layout", ""))


def _as_array(x: Any) -> Any:
    """A PyTorch, JAX, NumPy or pandas array as one of NumPy's; a TypeError tells a mask."""
    import numpy as np

    if np.ma.is_masked(x):
        raise TypeError("gradcheck: an array has masked elements; fill them first, by .filled(0.0)")
    if not hasattr(x, "detach"):
        return np.asarray(x)
    tensor = x.detach().cpu()  # NumPy does not have all of PyTorch's kinds, but doubles
    return np.asarray(tensor.double() if tensor.is_floating_point() else tensor)


def _parameters(f: Callable[..., Any], count: int) -> list[str]:
    """What a function calls its arguments; x, or x0, x1, …, where it does not say."""
    try:
        kinds = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        kinds = []  # type: ignore[assignment]
    names = [p.name for p in kinds if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if len(names) >= count:
        return names[:count]
    rest = [p.name for p in kinds if p.kind is p.VAR_POSITIONAL]
    if names and rest:
        return [*names, *(f"{rest[0]}[{i}]" for i in range(count - len(names)))]
    return ["x"] if count == 1 else [f"x{i}" for i in range(count)]


def leaves(part: Any, name: str) -> Iterator[tuple[str, Any]]:
    """The numbers and Values of a tree, each with its name."""
    if isinstance(part, Mapping):
        for key, inner in part.items():
            yield from leaves(inner, f"{name}[{key!r}]")
    elif isinstance(part, (list, tuple)):
        for i, inner in enumerate(part):
            yield from leaves(inner, f"{name}[{i}]")
    elif isinstance(part, float):
        yield name, part
    elif _is_sparse(part):
        raise TypeError("gradcheck: takes no sparse array; give it with its zeros, by .toarray()")
    elif is_array(part):
        array = _as_array(part)
        places = product(*map(range, array.shape))
        for place, x in zip(places, array.reshape(-1).tolist(), strict=True):
            yield f"{name}[{', '.join(map(str, place))}]", x
    else:
        yield name, part


def _rebuilt(part: Any, rest: Iterator[Any], exactly: bool = False) -> Any:
    """A tree with the next numbers in its places."""
    if isinstance(part, Mapping):
        made = {key: _rebuilt(inner, rest, exactly) for key, inner in part.items()}
        if type(part) is dict or not isinstance(part, MutableMapping):
            return made
        copied = copy.copy(part)  # with the default of a defaultdict, and what others have
        copied.update(made)
        return copied
    if isinstance(part, (list, tuple)):
        inner = [_rebuilt(x, rest, exactly) for x in part]
        if isinstance(part, list):
            return inner
        return type(part)(*inner) if hasattr(part, "_fields") else tuple(inner)
    if not is_array(part):
        inner = next(rest)
        return inner if exactly or not _is_tensor(part) or is_value(inner) else _alike(part, inner)
    return _array_like(part, [next(rest) for _ in range(math.prod(part.shape))], exactly)


def _array_like(part: Any, numbers: list[Any], exactly: bool) -> Any:
    """An array of the kind and shape of another, of other numbers; of Values one of objects.

    Whole numbers and booleans are not kept to: a step from them is none.
    """
    import numpy as np

    shape, of_floats = tuple(part.shape), not exactly and not any(map(is_value, numbers))
    if of_floats and _is_tensor(part):
        return _alike(part, numbers).reshape(shape)
    kind: Any = getattr(part, "dtype", None)
    if of_floats and type(part).__module__.startswith("jax"):
        import jax.numpy as jnp

        floating = jnp.issubdtype(kind, jnp.floating)
        return jnp.asarray(numbers, dtype=kind if floating else None).reshape(shape)
    is_float = isinstance(kind, np.dtype) and kind.kind == "f"
    array = np.empty(len(numbers), (kind if is_float else np.float64) if of_floats else object)
    array[:] = numbers
    array = array.reshape(shape)
    if isinstance(part, np.ndarray):
        return array.view(type(part))  # of a matrix, * is another product
    if not hasattr(part, "iloc"):
        return array
    made = part.astype(array.dtype)  # with its labels
    made.iloc[:] = array
    return made


def _alike(part: Any, numbers: Any) -> Any:
    """A tensor of a number, or of several, of the kind of another; doubles for whole numbers."""
    part = part.detach()
    return (part if part.is_floating_point() else part.double()).new_tensor(numbers)


def _recording(before: Any, after: Any) -> None:
    """Let the tensors of a tree record where those of another of its shape do."""
    if isinstance(before, Mapping):
        for key, inner in before.items():
            _recording(inner, after[key])
    elif isinstance(before, (list, tuple)):
        for inner, other in zip(before, after, strict=True):
            _recording(inner, other)
    elif getattr(before, "requires_grad", False) and hasattr(after, "requires_grad_"):
        after.requires_grad_()


def _matched(part: Any, tree: Any, name: str, where: str) -> Iterator[Any]:
    """The numbers of a tree of the same shape as a part of the point."""
    tree = dense(tree)
    if isinstance(part, Mapping):
        if not isinstance(tree, Mapping) or set(tree) != set(part):
            raise _differs(part, tree, name, where)
        for key, inner in part.items():
            yield from _matched(inner, tree[key], f"{name}[{key!r}]", where)
    elif is_array(part):
        theirs = _as_array(tree) if is_sequence(tree) and not _ragged(tree) else None
        if theirs is None or tuple(theirs.shape) != tuple(part.shape):
            raise _differs(part, tree, name, where)
        yield from theirs.reshape(-1).tolist()
    elif isinstance(part, (list, tuple)):
        if not is_sequence(tree) or len(tree) != len(part):
            raise _differs(part, tree, name, where)
        for i, (inner, other) in enumerate(zip(part, tree, strict=True)):
            yield from _matched(inner, other, f"{name}[{i}]", where)
    elif isinstance(tree, Mapping) or is_sequence(tree):
        if is_sequence(tree) and len(tree) == 1 and not isinstance(tree[0], Mapping):
            yield from _matched(part, tree[0], name, where)
        else:
            raise _differs(part, tree, name, where)
    else:
        yield _data(tree)


def _ragged(tree: Any) -> bool:
    """Whether nested lists are no array."""
    if not isinstance(tree, (list, tuple)):
        return False
    shapes = {shape_of(x) for x in tree}
    return len(shapes) > 1 or any(map(_ragged, tree)) or any(isinstance(x, Mapping) for x in tree)


def _differs(part: Any, tree: Any, name: str, where: str) -> ValueError:
    known = isinstance(tree, Mapping) or is_list(tree) or hasattr(tree, "__float__")
    theirs = f"has {shape_of(tree)}" if known else f"is {short(tree)}"
    return ValueError(f"{where} {theirs} for {one_line(name)}, which has {shape_of(part)}")
