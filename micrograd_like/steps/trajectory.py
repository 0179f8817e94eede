"""Gradient descent on an error of one weight or two, as data.

>>> way = Trajectory(lambda w: (w - 2)**2, 6.0, lr=0.25, steps=3)
>>> [(step.point, step.error) for step in way]
[((6.0,), 16.0), ((4.0,), 4.0), ((3.0,), 1.0)]
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, overload

from micrograd_like import arguments
from micrograd_like.engine import Value
from micrograd_like.learn import SGD
from micrograd_like.notation import formula, number, partial
from micrograd_like.steps.sequence import equation_line
from micrograd_like.steps.words import DESCENT_WORDS

__all__ = ["MOST", "DescentStep", "Error", "Trajectory", "slopes_of", "vector"]

MOST = 1000  # steps
Error = Callable[..., Value]


class DescentStep(NamedTuple):
    """One step: the slope where the weights are, and where they are after going against it."""

    number: int  # from 1
    total: int
    names: tuple[str, ...]
    point: tuple[float, ...]
    error: float
    gradient: tuple[float, ...]
    lr: float
    moved: tuple[float, ...]  # point - lr · gradient
    then: float  # the error there; NaN where it has none

    @property
    def equation(self) -> tuple[str, ...]:
        """What is equal on the board."""
        slopes = slopes_of(self.names)
        numbers = [tuple(map(number, each)) for each in (self.point, self.gradient, self.moved)]
        rows = [(self.names, slopes), (numbers[0], numbers[1])]
        return (
            vector(self.names),
            *(_rule(vector(at), self.lr, vector(slope)) for at, slope in rows),
            vector(numbers[2]),
        )

    @property
    def remark(self) -> str:
        """What became of the error."""
        return DESCENT_WORDS["became"].format(error=number(self.error), after=self.arrived)

    @property
    def arrived(self) -> str:
        """The error after the step, if it is defined there."""
        return DESCENT_WORDS["nowhere"] if math.isnan(self.then) else number(self.then)

    @property
    def line(self) -> str:
        """The equation as one line."""
        return equation_line(self.equation, "←")

    def __str__(self) -> str:
        return f"{self.number:>{len(str(self.total))}}/{self.total}  {self.line}  ({self.remark})"


class Trajectory(Sequence[DescentStep]):
    """The steps of gradient descent from a start, and why they ended."""

    def __init__(self, error: Error, *start: float, lr: float = 0.1, steps: int = 20) -> None:
        if len(start) not in (1, 2):
            raise ValueError(
                f"Descent: draws an error of 1 or 2 weights, not of {len(start)}: "
                "give a number for each"
            )
        # How many steps there are, if it does not end early.
        self.most = arguments.whole(steps, "Descent: steps", most=MOST)
        _check_function(error, len(start))
        self.error, self.lr = error, arguments.above_zero(lr, "Descent: lr")
        self.start = tuple(arguments.number(x, "Descent: a weight") for x in start)
        self.names = _names(error, len(start))
        self.ended = ""  # why, if it ended early
        self._steps: list[DescentStep] = []
        self._walk(steps)

    def _walk(self, most: int) -> None:
        weights = [Value(x, name) for x, name in zip(self.start, self.names, strict=True)]
        optimizer = SGD(weights, self.lr)
        error = self._error_at(weights)  # an error at the start is the caller's
        for k in range(1, most + 1):
            optimizer.zero_grad()
            error.backward()
            gradient = tuple(arguments.number(w.grad, "Descent: a gradient") for w in weights)
            point, before = tuple(w.data for w in weights), error.data
            after = self._after_step(optimizer, weights)
            then = math.nan if after is None else after.data
            moved = tuple(w.data for w in weights)
            self._steps.append(
                DescentStep(k, most, self.names, point, before, gradient, self.lr, moved, then)
            )
            if after is None or self.ended:
                break
            error = after
        self._steps = [step._replace(total=len(self._steps)) for step in self._steps]

    def _after_step(self, optimizer: SGD, weights: Sequence[Value]) -> Value | None:
        """The error after a step, None if there is none; `ended` tells why it is the last."""
        try:
            optimizer.step()
        except ArithmeticError:
            self.ended = DESCENT_WORDS["leaves"].format(rate=number(self.lr))
            return None
        try:
            error = self._error_at(weights)
        except (ArithmeticError, ValueError) as problem:
            self.ended = str(problem)
            return None
        if not math.isfinite(error.data):
            self.ended = DESCENT_WORDS["infinite"].format(error=number(error.data))
        return error

    def _error_at(self, weights: Sequence[Value]) -> Value:
        error = self.error(*weights)
        if not isinstance(error, Value):
            raise TypeError(
                f"Descent: the error is to return a Value, not {arguments.short(error)}; "
                "calculate with the weights that it is given"
            )
        return error

    def __len__(self) -> int:
        return len(self._steps)

    @overload
    def __getitem__(self, index: int) -> DescentStep: ...
    @overload
    def __getitem__(self, index: slice) -> list[DescentStep]: ...

    def __getitem__(self, index: int | slice) -> DescentStep | list[DescentStep]:
        return self._steps[index]


def _check_function(error: Error, count: int) -> None:
    arguments.function(error, "Descent: error", "the weights that returns a Value")
    import inspect

    try:
        inspect.signature(error).bind(*range(count))
    except TypeError:
        raise TypeError(
            f"Descent: starts from {count} numbers, and the error does not take so many weights; "
            "the learning rate is given by name, as in lr=0.1"
        ) from None
    except ValueError:  # of a function that tells no signature
        pass


def _names(error: Error, count: int) -> tuple[str, ...]:
    """The names of the function's arguments, or w and w1, w2 where it has none to tell."""
    import inspect

    usual = ("w",) if count == 1 else ("w1", "w2")
    try:
        given = list(inspect.signature(error).parameters.values())[:count]
    except (TypeError, ValueError):
        return usual
    if len(given) < count or any(each.kind > each.POSITIONAL_OR_KEYWORD for each in given):
        return usual
    return tuple(each.name for each in given)


def slopes_of(names: Sequence[str]) -> list[str]:
    """What the derivatives of the error are called.

    >>> slopes_of(["w1", "w2"])
    ['∂E/∂w1', '∂E/∂w2']
    """
    return [partial("E", name) for name in names]


def vector(parts: Sequence[str]) -> str:
    """A number on its own, or several in brackets.

    >>> vector(["2"]), vector(["2", "-1"])
    ('2', '(2, -1)')
    """
    return parts[0] if len(parts) == 1 else f"({', '.join(parts)})"


def _rule(at: str, lr: float, slope: str) -> str:
    return str(formula("x - y", at, formula("x * y", lr, slope)))
