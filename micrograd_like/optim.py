"""Optimizers: how far each parameter moves against its gradient."""

import math
from collections.abc import Iterable
from typing import Any

from micrograd_like.engine import NOT_COMPUTED, Value, to_number

__all__ = ["SGD"]


class SGD:
    """Stochastic gradient descent: each parameter moves by -lr · gradient.

    With ``momentum`` m it moves by -lr · velocity, where velocity = m · velocity + gradient.

    >>> w = Value(1.0)
    >>> (w * w).backward()
    >>> SGD([w], lr=0.25).step()
    >>> w.data
    0.5
    """

    def __init__(
        self, parameters: Iterable[Value], lr: float = 0.01, momentum: float = 0.0
    ) -> None:
        self.parameters = list(parameters)
        if not self.parameters:
            raise ValueError("SGD: there are no parameters to learn; pass model.parameters()")
        self.lr = check_rate("SGD: lr", lr)
        if not 0 <= momentum < 1:
            raise ValueError(f"SGD: momentum is from 0 up to below 1, not {momentum!r}")
        self.momentum = momentum
        self._velocity = [0.0] * len(self.parameters)

    def step(self) -> None:
        """Move every parameter once, by the gradients it has; all of them or none."""
        pairs = zip(self._velocity, self.parameters, strict=True)
        velocity = [self.momentum * v + to_number(p.grad, "SGD: a gradient") for v, p in pairs]
        moved = [p.data - self.lr * v for v, p in zip(velocity, self.parameters, strict=True)]
        if not all(map(math.isfinite, moved)):
            raise ArithmeticError(f"SGD: a step of lr {self.lr:g} leaves the finite numbers")
        self._velocity = velocity
        for p, data in zip(self.parameters, moved, strict=True):
            p.data = data

    def zero_grad(self) -> None:
        """Forget the gradient of every parameter."""
        for p in self.parameters:
            p.grad = NOT_COMPUTED


def check_rate(name: str, rate: Any) -> float:
    """A learning rate: a finite number above 0."""
    if not isinstance(rate, int | float) or not 0 < rate < math.inf:
        raise ValueError(f"{name} is a finite number above 0, not {rate!r}")
    return float(rate)
