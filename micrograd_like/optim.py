"""Optimizers: how far each parameter moves against its gradient."""

import math
from collections.abc import Iterable
from typing import Any

from micrograd_like.engine import NOT_COMPUTED, Value

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
        """Move every parameter once, by the gradients it has."""
        for i, p in enumerate(self.parameters):
            self._velocity[i] = self.momentum * self._velocity[i] + p.grad
            p.data -= self.lr * self._velocity[i]

    def zero_grad(self) -> None:
        """Forget the gradient of every parameter."""
        for p in self.parameters:
            p.grad = NOT_COMPUTED


def check_rate(name: str, rate: Any) -> float:
    """A learning rate: a finite number above 0."""
    if not isinstance(rate, int | float) or not 0 < rate < math.inf:
        raise ValueError(f"{name} is a finite number above 0, not {rate!r}")
    return float(rate)
