"""Arguments at the public door: each check names the function, the value and the remedy.

``where`` is what the message begins with: a function's name, or a function and an argument of it.

>>> number("2", "Value(...)")
Traceback (most recent call last):
TypeError: Value(...): takes a number, not the str '2': convert it with float() first
>>> choice("blue", "draw_dot: theme", ["light", "dark"])
Traceback (most recent call last):
ValueError: draw_dot: theme is 'blue'; it is to be one of light, dark
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Set

from micrograd_like.browser import remedy
from micrograd_like.notation import listed, plural

TYPE_CHECKING = False  # typing itself would take most of the time of the import
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "above_zero", "choice", "elementwise", "expect", "extra", "file_name", "finite", "flag",
    "function", "graph", "is_array", "is_list", "is_value", "methods", "missing", "number",
    "one_for_each", "operand", "row", "rows", "several", "share", "short", "text", "values",
    "whole",
]  # fmt: skip


def short(value: Any) -> str:
    """What an error shows of something: its repr, or a Value's short text, in one line."""
    words = " ".join((str if is_value(value) else repr)(value).split())
    return words if len(words) <= 40 else words[:37] + "..."


def is_value(value: Any) -> bool:
    """Whether it is a node of a graph: this file stands below the engine, which defines them."""
    return hasattr(type(value), "local_grads")


def is_list(value: Any) -> bool:
    """Whether it has a length and an order: a list, a tuple, an array, but no text."""
    if not hasattr(value, "__len__") or getattr(value, "shape", None) == ():
        return False  # of no length: a Value, a number, an array of no dimension
    if not (hasattr(value, "__iter__") or hasattr(value, "__getitem__")):
        return False
    return not isinstance(value, str | bytes | Mapping | Set)


def is_array(value: Any) -> bool:
    """Whether it is an array, or a tensor, with elements to go through."""
    return bool(getattr(value, "shape", ())) and hasattr(value, "__array__")


def elementwise(function: Callable[[Any], Any], array: Any) -> Any:
    """The array of what a function makes of each element."""
    import numpy

    if not hasattr(array, "__array_ufunc__"):  # a tensor, of any kind of number
        array = numpy.array(array.tolist())
    return numpy.frompyfunc(function, 1, 1)(array)


def number(value: Any, where: object) -> float:
    """The one door for numbers: a float, or a TypeError that says what to do instead.

    An array or a tensor of no dimension is the number that it holds.
    """
    if type(value) is float:  # most are, and are asked nothing else
        return value
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        if type(value).__name__ == "MaskedConstant":
            raise TypeError(f"{where}: takes a number, not a masked element; fill it first")
        value = value.item()
    if type(value) in (float, int) or _is_real(value):
        try:
            return float(value)
        except OverflowError:
            raise OverflowError(f"{where}: {short(value)} is larger than any float") from None
    kind = type(value).__name__
    if is_value(value):
        remedy = "detach() gives a new Value with its number, .data the number itself"
    elif kind == "Value":
        remedy = f"it is of {type(value).__module__}; take that of micrograd_like.engine"
    elif isinstance(value, str):
        remedy = "convert it with float() first"
    elif isinstance(value, complex):
        remedy = "Values are real; take .real or .imag"
    elif hasattr(value, "__len__") or hasattr(value, "__array__"):
        remedy = "a Value holds one number; make a list of Values"
    else:
        remedy = "convert it with float() first" if value is not None else "give a number"
    raise TypeError(f"{where}: takes a number, not the {kind} {short(value)}: {remedy}")


def operand(value: Any, where: str) -> Any:
    """A Value as it is, or a number."""
    return value if type(value) is float or is_value(value) else number(value, where)


def _is_real(value: Any) -> bool:
    from numbers import Real

    return isinstance(value, Real) or type(value).__name__ in ("bool", "bool_")


def finite(value: Any, where: str) -> float:
    """A number that is neither infinite nor NaN."""
    x = number(value, where)
    if not math.isfinite(x):
        raise ValueError(f"{where} is {x}; it is to be a finite number")
    return x


def above_zero(value: Any, where: str, end: float = math.inf) -> float:
    """A number above 0 and below an end, such as a learning rate."""
    x = number(value, where)
    if not 0 < x < end:
        limit = "a finite number above 0" if end == math.inf else f"above 0 and below {end:g}"
        raise ValueError(f"{where} is {short(value)}; it is to be {limit}")
    return x


def share(value: Any, where: str, end: float = 1.0) -> float:
    """A number from 0 up to below an end, such as a momentum."""
    x = number(value, where)
    if not 0 <= x < end:
        limit = "a finite number from 0 up" if end == math.inf else f"from 0 up to below {end:g}"
        raise ValueError(f"{where} is {short(value)}; it is to be {limit}")
    return x


def whole(value: Any, where: str, least: int = 1, most: int | None = None) -> int:
    """A whole number, such as a count: a TypeError tells another type, a ValueError the range."""
    from operator import index

    end = "up" if most is None else f"to {most:,}"
    what = f"a whole number from {least} {end}"
    expect(hasattr(value, "__index__") and not isinstance(value, bool), value, where, what)
    number = index(value)
    if number < least or (most is not None and number > most):
        raise ValueError(f"{where} is {short(value)}; it is to be {what}")
    return number


def choice(value: Any, where: str, choices: Iterable[str]) -> str:
    """One of several words, all listed in the error: a TypeError of what is no text."""
    words = list(choices)
    what = f"one of {listed(words, len(words))}"
    expect(isinstance(value, str), value, where, what)
    if value not in words:
        raise ValueError(f"{where} is {short(value)}; it is to be {what}")
    return words[words.index(value)]


def flag(value: Any, where: str) -> bool:
    """True or False, or 1 or 0, which are equal to them."""
    kind = type(value).__name__
    right = kind in ("bool", "bool_", "int") and value in (0, 1)
    expect(right, value, where, "True or False")
    return bool(value)


def text(value: Any, where: str) -> str:
    """A text, such as a label."""
    expect(isinstance(value, str), value, where, "a text, in quotation marks")
    found: str = value
    return found


def file_name(value: Any, where: str) -> Any:
    """The name of a file: a text, or a path."""
    expect(isinstance(value, str) or hasattr(value, "__fspath__"), value, where, "a file's name")
    return value


def expect(right: bool, value: Any, where: str, what: str) -> None:
    """The check that has no function of its own: a TypeError says what the value is to be."""
    if not right:
        raise TypeError(f"{where} is {short(value)}; it is to be {what}")


def function(value: Any, where: str, of: str) -> Any:
    """Something to call; ``of`` says with what, and what is to come out of it."""
    expect(callable(value), value, where, f"a function of {of}")
    return value


def methods(value: Any, where: str, names: Iterable[str], what: str) -> Any:
    """Something that has these methods, such as a model; ``what`` says what has them."""
    right = all(callable(getattr(value, name, None)) for name in names)
    expect(right and not isinstance(value, type), value, where, what)
    return value


def graph(value: Any, where: str) -> Any:
    """A Value, the root of a recorded graph."""
    if not is_value(value):
        raise TypeError(f"{where}: takes a Value, such as the loss, not {short(value)}")
    return value


def several(value: Any, where: str, of: str = "") -> list[Any]:
    """A list of anything, of a list, a tuple, an array or a generator; ``of`` says of what."""
    if isinstance(value, str) or is_value(value) or not isinstance(value, Iterable):
        raise TypeError(f"{where}: takes a list{of and f' of {of}'}, not {short(value)}")
    return list(value)


def values(value: Any, where: str) -> list[Any]:
    """A list of Values; ``where`` ends with the word for one of them."""
    found = several(value, f"{where}s", "Values")
    for k, v in enumerate(found):
        if not is_value(v):
            raise TypeError(f"{where} {k}: takes a Value, not {short(v)}")
    return found


def row(value: Any, where: str) -> Any:
    """A row of inputs: a list, or anything else that has a length and an order."""
    if not is_list(value):
        raise TypeError(f"{where}: takes a list of numbers, as in [1.0, 2.0], not {short(value)}")
    return value


def rows(value: Any, where: str) -> list[Any]:
    """A list of rows of inputs."""
    given = several(value, where, "rows, as in [[1.0, 2.0]]")
    return [row(inputs, f"{where}: row {k}") for k, inputs in enumerate(given)]


def one_for_each(count: int, targets: int, where: str, of: str = "row") -> None:
    """There are as many targets as rows, or as whatever they belong to, and at least one."""
    if count != targets:
        counts = f"{plural(count, of)} and {plural(targets, 'target')}"
        raise ValueError(f"{where}: {counts} do not pair up; give one target for each {of}")
    if not count:
        raise ValueError(f"{where}: the data is empty; it needs at least one {of}")


def extra(module: str, name: str, what: str) -> Any:
    """A module of an optional package, or an ImportError with the command that installs it."""
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError as error:
        raise missing(name, what, module) from error


def missing(name: str, what: str, module: str = "") -> ImportError:
    """The error of a module, or more, that an extra brings: what needs it, and how to get it.

    >>> missing("render", "pictures need Graphviz")
    ImportError("pictures need Graphviz: pip install 'micrograd_like[render]'")
    """
    return ImportError(f"{what}: {remedy(module, name)}")
