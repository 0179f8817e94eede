"""Optimizers: how far each parameter moves against its gradient.

Definitions are those of PyTorch's optimizers of like names.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any

from micrograd_like.arguments import above_zero, number, several, share, values
from micrograd_like.engine import Value
from micrograd_like.graph import NOT_COMPUTED
from micrograd_like.guard import ONE_PASS
from micrograd_like.notation import number as number_text
from micrograd_like.notation import plural

__all__ = ["SGD", "Adam", "Optimizer"]


class Optimizer(ABC):
    """Parameters, a learning rate ``lr``, which may be changed between steps, and `step`.

    With a ``weight_decay`` d, d · parameter is added to each gradient, which pulls towards 0 (Krogh
    and Hertz, 1992).  A ValueError tells a number that is out of its range, a TypeError what is no
    number, and no list of parameters.
    """

    def __init__(self, parameters: Iterable[Value], lr: float, weight_decay: float) -> None:
        self.name = type(self).__name__
        self.parameters: list[Value] = values(parameters, f"{self.name}: parameter")
        if not self.parameters:
            raise ValueError(f"{self.name}: there are no parameters; pass model.parameters()")
        self.lr = lr
        self.weight_decay = share(weight_decay, f"{self.name}: weight_decay", math.inf)

    def __repr__(self) -> str:
        count = plural(len(self.parameters), "parameter")
        return f"<{self.name} of {count}, lr {number_text(self.lr)}>"

    @property
    def lr(self) -> float:
        """The learning rate."""
        return self._lr

    @lr.setter
    def lr(self, rate: float) -> None:
        self._lr = above_zero(rate, f"{self.name}: lr")

    def step(self) -> None:
        """Move every parameter once, by the gradient it has; all of them or none.

        An ArithmeticError tells that a parameter would not be finite any more.
        """
        with ONE_PASS:  # the gradients of whole passes
            gradients = [p.grad for p in self.parameters]
        if set(map(type, gradients)) != {float}:
            gradients = [number(g, f"{self.name}: a gradient") for g in gradients]
        if decay := self.weight_decay:
            gradients = [
                g + decay * p._data for g, p in zip(gradients, self.parameters, strict=True)
            ]
        steps, state = self._steps(gradients)
        # _data without the property's way round, which would take most of the time
        moved = [p._data - step for p, step in zip(self.parameters, steps, strict=True)]
        if not all(map(math.isfinite, moved)):
            raise ArithmeticError(
                f"{self.name}: a step of lr {number_text(self.lr)} leaves the finite numbers"
            )
        vars(self).update(state)
        for p, data in zip(self.parameters, map(float, moved), strict=True):
            p._data = data

    @abstractmethod
    def _steps(self, gradients: list[float]) -> tuple[list[float], dict[str, Any]]:
        """How far each parameter is to go down, and the attributes to remember if it does."""

    def zero_grad(self) -> None:
        """Forget the gradient of every parameter."""
        for p in self.parameters:
            p.grad = NOT_COMPUTED


class SGD(Optimizer):
    """Stochastic gradient descent: each parameter moves by -lr · gradient (Robbins, Monro, 1951).

    With ``momentum`` m, from 0 to below 1, it moves by -lr · velocity, where velocity = m ·
    velocity + gradient (Polyak, 1964).

    A ValueError tells a setting out of its range, a TypeError parameters that are no Values.

    >>> w = Value(1.0)
    >>> (w * w).backward()
    >>> SGD([w], lr=0.25).step()
    >>> w.data
    0.5
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float = 0.01,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        self.momentum = share(momentum, "SGD: momentum")
        self.velocity = [0.0] * len(self.parameters)

    def _steps(self, gradients: list[float]) -> tuple[list[float], dict[str, Any]]:
        velocity = gradients
        if self.momentum:
            pairs = zip(self.velocity, gradients, strict=True)
            velocity = [self.momentum * v + g for v, g in pairs]
        lr = self.lr  # once: the property costs more than the product
        return [lr * v for v in velocity], {"velocity": velocity}


class Adam(Optimizer):
    """Steps of about lr for every parameter, however large its gradients are.

    Two running means are kept for each parameter, of its gradient and of the gradient's square,
    with weights ``betas`` for what was before; the step is lr · mean / (√mean square + eps), where
    both means are corrected for having begun at 0 (Kingma and Ba, 2015, algorithm 1).

    A ValueError tells a setting out of its range, a TypeError parameters that are no Values.

    >>> w = Value(1.0)
    >>> (w * w).backward()
    >>> Adam([w], lr=0.25).step()
    >>> round(w.data, 6)
    0.75
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        weights = several(betas, "Adam: betas", "two numbers, as in (0.9, 0.999)")
        if len(weights) != 2:
            raise ValueError(f"Adam: betas has {plural(len(weights), 'number')}; it is to have two")
        self.betas = tuple(share(beta, "Adam: a beta") for beta in weights)
        self.eps = above_zero(eps, "Adam: eps")
        self.count = 0  # of the steps taken
        self.mean = self.square = [0.0] * len(self.parameters)

    def _steps(self, gradients: list[float]) -> tuple[list[float], dict[str, Any]]:
        one, two = self.betas
        count = self.count + 1
        mean = [one * m + (1 - one) * g for m, g in zip(self.mean, gradients, strict=True)]
        square = [two * s + (1 - two) * g * g for s, g in zip(self.square, gradients, strict=True)]
        a, b, lr, eps = 1 - one**count, 1 - two**count, self.lr, self.eps
        steps = [lr * (m / a) / (math.sqrt(s / b) + eps) for m, s in zip(mean, square, strict=True)]
        return steps, {"mean": mean, "square": square, "count": count}
