"""Which parameters have the largest gradients."""

from typing import NamedTuple

from micrograd_like.arguments import methods, number, whole
from micrograd_like.nn import Module

__all__ = ["TopGradient", "top_gradients"]


class TopGradient(NamedTuple):
    """A parameter's name and its gradient.

    >>> TopGradient("w0", -2.0).direction
    'up'
    """

    name: str
    gradient: float

    @property
    def direction(self) -> str:
        """Where learning moves the parameter: against the sign of its gradient."""
        return "down" if self.gradient > 0 else "up" if self.gradient < 0 else "stays"


def top_gradients(model: Module, k: int = 5) -> list[TopGradient]:
    """The k parameters whose gradients are largest in size: these change the loss most.

    A TypeError tells what is no model, a ValueError a ``k`` that is no count.

    >>> from micrograd_like.nn import Neuron
    >>> neuron = Neuron(2, nonlin=False)
    >>> neuron([3.0, 0.5]).backward()
    >>> [(name, gradient) for name, gradient in top_gradients(neuron, k=2)]
    [('w0', 3.0), ('b', 1.0)]
    """
    methods(model, "top_gradients: model", ["named_parameters"], "a model, as MLP(2, [4, 1])")
    whole(k, "top_gradients: k")
    named = [
        TopGradient(name, number(p.grad, f"top_gradients: the gradient of {name}"))
        for name, p in model.named_parameters()
    ]
    return sorted(named, key=lambda top: -abs(top.gradient))[:k]
