"""Neural networks built from Values: :class:`Neuron`, :class:`Layer`, :class:`MLP`.

As in micrograd: the same constructor arguments, the same order of additions, and the same draws
from the ``random`` module, so that a program written for it gives the same numbers.

>>> neuron = Neuron(2, nonlin=False)
>>> [p.label for p in neuron.parameters()]
['w0', 'w1', 'b']
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from micrograd_like.engine import NOT_COMPUTED, Value, to_number
from micrograd_like.functions import FUNCTIONS, function_of
from micrograd_like.rules import RULES

__all__ = ["MLP", "Layer", "Module", "Neuron"]

ACTIVATIONS = [name for name in FUNCTIONS if RULES[name].arity == 1] + ["leaky_relu"]
INITIALIZATIONS: dict[str, Callable[[int], float]] = {
    "uniform": lambda nin: random.uniform(-1, 1),
    "xavier": lambda nin: random.gauss(0, (1 / nin) ** 0.5),
    "he": lambda nin: random.gauss(0, (2 / nin) ** 0.5),
    "zeros": lambda nin: 0.0,
}


class Module:
    """Anything with parameters."""

    def parameters(self) -> list[Value]:
        """The values that learning changes, in a fixed order."""
        return []

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Each parameter with its name, such as ``layer0.neuron2.w1``."""
        return ((p.label, p) for p in self.parameters())

    def zero_grad(self) -> None:
        """Forget the gradient of every parameter."""
        for p in self.parameters():
            p.grad = NOT_COMPUTED

    def state_dict(self) -> dict[str, float]:
        """The number of every parameter by name."""
        return {name: p.data for name, p in self._by_name().items()}

    def _by_name(self) -> dict[str, Value]:
        named = dict(self.named_parameters())
        if len(named) < len(self.parameters()):
            raise ValueError("state_dict: two parameters have the same label; label them apart")
        return named

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Set every parameter from a mapping as ``state_dict`` gives it; all of them or none."""
        named = self._by_name()
        missing = [name for name in named if name not in state]
        unknown = [name for name in state if name not in named]
        if missing or unknown:
            raise KeyError(
                f"load_state_dict: missing {missing[:3]}, unknown {unknown[:3]}; "
                "the state is that of another network"
            )
        numbers = {name: to_number(state[name], f"load_state_dict: {name}") for name in named}
        for name, p in named.items():
            p.data = numbers[name]


class Neuron(Module):
    """activation(w·x + b): ``nin`` weights and a bias.

    ``nonlin`` false leaves the activation away.  ``activation`` names a function of one input
    (``"relu"``, ``"tanh"``, …) and ``init`` how weights are drawn: ``"uniform"`` in [-1, 1],
    ``"xavier"`` or ``"he"`` by the number of inputs, ``"zeros"``.  The bias starts at 0.
    """

    def __init__(
        self,
        nin: int,
        nonlin: bool = True,
        *,
        activation: str = "relu",
        init: str = "uniform",
        name: str = "",
    ) -> None:
        _check_size("Neuron", "nin", nin)
        draw = INITIALIZATIONS[_choice("Neuron", "init", init, list(INITIALIZATIONS))]
        self.activation = _choice("Neuron", "activation", activation, ACTIVATIONS)
        self.nonlin = nonlin
        self.name = name
        prefix = f"{name}." if name else ""
        self.w = [Value(draw(nin), f"{prefix}w{i}") for i in range(nin)]
        self.b = Value(0.0, f"{prefix}b")
        self._activate = function_of(RULES[activation])

    def __call__(self, x: Sequence[Any]) -> Value:
        if len(x) != len(self.w):
            raise ValueError(
                f"{self.name or 'Neuron'}: takes {len(self.w)} inputs, not {len(x)}; "
                f"make the network with nin={len(x)} or give it {len(self.w)} numbers"
            )
        act = self.b
        for wi, xi in zip(self.w, x, strict=True):
            act = act + wi * xi
        if self.nonlin:
            act = self._activate(act)
        if act is not self.b:
            act.label = self.name
        return act

    def parameters(self) -> list[Value]:
        return [*self.w, self.b]

    def __repr__(self) -> str:
        kind = RULES[self.activation].symbol if self.nonlin else "Linear"
        return f"{kind}Neuron({len(self.w)})"


class Layer(Module):
    """``nout`` neurons with the same ``nin`` inputs; other arguments go to the neurons."""

    def __init__(self, nin: int, nout: int, *, name: str = "", **kwargs: Any) -> None:
        _check_size("Layer", "nout", nout)
        prefix = f"{name}." if name else ""
        self.name = name
        self.neurons = [Neuron(nin, name=f"{prefix}neuron{i}", **kwargs) for i in range(nout)]

    def __call__(self, x: Sequence[Any]) -> Any:
        out = [n(x) for n in self.neurons]
        return out[0] if len(out) == 1 else out

    def parameters(self) -> list[Value]:
        return [p for n in self.neurons for p in n.parameters()]

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(str(n) for n in self.neurons)}]"


class MLP(Module):
    """A multi-layer perceptron: ``nin`` inputs and layers of ``nouts`` neurons, the last linear.

    A call takes ``nin`` numbers or Values and returns one Value, or a list for several outputs.

    >>> model = MLP(2, [4, 1])
    >>> len(model.parameters())
    17
    >>> next(model.named_parameters())[0]
    'layer0.neuron0.w0'
    """

    def __init__(self, nin: int, nouts: Sequence[int], *, name: str = "", **kwargs: Any) -> None:
        _check_size("MLP", "nin", nin)
        if not isinstance(nouts, Sequence) or not nouts:
            raise ValueError(
                f"MLP: nouts lists the sizes of the layers, as in [16, 1]; not {nouts!r}"
            )
        prefix = f"{name}." if name else ""
        sizes = [nin, *nouts]
        self.layers = [
            Layer(
                sizes[i],
                sizes[i + 1],
                **{"nonlin": i != len(nouts) - 1, "name": f"{prefix}layer{i}", **kwargs},
            )
            for i in range(len(nouts))
        ]

    def __call__(self, x: Sequence[Any]) -> Any:
        out: Any = x
        for layer in self.layers:
            out = layer(out if isinstance(out, Sequence) or hasattr(out, "__len__") else [out])
        return out

    def parameters(self) -> list[Value]:
        return [p for layer in self.layers for p in layer.parameters()]

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(str(layer) for layer in self.layers)}]"


def _check_size(kind: str, name: str, size: Any) -> None:
    if not hasattr(size, "__index__") or isinstance(size, bool) or size < 1:
        raise ValueError(f"{kind}: {name} is a whole number from 1 up, not {size!r}")


def _choice(kind: str, name: str, choice: str, choices: list[str]) -> str:
    if choice not in choices:
        raise ValueError(f"{kind}: no {name} {choice!r}; there are {', '.join(choices)}")
    return choice
