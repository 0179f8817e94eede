"""Which class outputs tell, and whether it is the right one.

>>> class_of([0.1, 2.5, -1.0]), class_of(-0.5), is_right([0.1, 2.5], target=1)
(1, 0, True)
"""

import math
from typing import Any

from micrograd_like.arguments import is_list, operand, short
from micrograd_like.notation import listed

__all__ = ["class_of", "is_right", "place_of"]


def class_of(outputs: Any, where: str = "classify: an output") -> int:
    """The class that a network's outputs, floats or Values, tell; the first of equal ones."""
    several = isinstance(outputs, list)
    values = [operand(v, where) for v in (outputs if several else [outputs])]
    numbers: list[float] = [getattr(v, "data", v) for v in values]
    if not numbers or any(map(math.isnan, numbers)):
        raise ValueError(f"{where} is nan, or there is none; look for nan in inputs and weights")
    return numbers.index(max(numbers)) if several else int(numbers[0] > 0)


def place_of(target: Any, outputs: Any, where: str) -> int:
    """The place of a target's class: the number of it, or a list with 1 for it, or -1 for 0."""
    classes = range(len(outputs)) if isinstance(outputs, list) else (-1, 0, 1)
    if is_list(target):
        target = class_of(list(target), f"{where}: a target")
    if target not in classes:
        raise ValueError(f"{where}: class {short(target)}; there are {listed(map(str, classes))}")
    return max(int(target), 0)


def is_right(outputs: Any, target: Any) -> bool:
    """Whether the outputs tell the target: the number of a class, or a list with 1 for it."""
    return class_of(outputs) == place_of(target, outputs, "accuracy")
