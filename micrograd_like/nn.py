"""Neural networks built from Values: :class:`Neuron`, :class:`Layer`, :class:`MLP`.

As in micrograd: the same constructor arguments, the same order of additions, and the same draws
from the ``random`` module, so that a program written for it gives the same numbers.

>>> neuron = Neuron(2, nonlin=False)
>>> [p.label for p in neuron.parameters()]
['w0', 'w1', 'b']
"""

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from micrograd_like.engine import NOT_COMPUTED, Value, to_number
from micrograd_like.files import read_json, write
from micrograd_like.functions import FUNCTIONS, function_of
from micrograd_like.rules import RULES
from micrograd_like.tape import Tape, is_worth_a_tape

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MLP", "Layer", "Module", "Neuron"]

ACTIVATIONS = [name for name in FUNCTIONS if RULES[name].arity == 1] + ["leaky_relu"]
LINEAR = "linear"
FORMAT = {"format": "micrograd_like MLP", "version": 1}  # of a saved network
CONTENT = {
    "name": str, "nin": int, "nouts": list, "activation": list, "about": dict, "parameters": dict,
}  # fmt: skip
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

    def __call__(self, x: Sequence[Any]) -> Any:
        """The outputs for one row of inputs."""
        raise NotImplementedError(f"{type(self).__name__} says what its output is, in __call__")

    def predict(self, X: Sequence[Sequence[float]], *, tape: bool | None = None) -> list[Any]:
        """The output for each row as a float, or as a list of floats where there are several.

        With ``tape`` the rows go through a `Tape` of the first one's graph, which needs Numba: a
        thousand times faster, and wrong for a model in which Python branches on the data.  None
        takes it where it is sure to apply, saves time, and is there.
        """
        for i, row in enumerate(X):
            if not hasattr(row, "__len__"):
                raise TypeError(f"predict: row {i} is {row!r}; rows are lists, as in [[1.0, 2.0]]")
        if tape is None:
            tape = is_worth_a_tape(len(X) * len(self.parameters())) and can_replay(self)
            tape = tape and not any(math.isnan(x) for row in X for x in row)  # a tape's error
        if tape and len(X):
            x = [Value(number) for number in X[0]]
            replayed: list[Any] = Tape(self(x), x).forward(X).tolist()
            return replayed
        outputs = [self(row) for row in X]
        return [[v.data for v in out] if isinstance(out, list) else out.data for out in outputs]

    def classify(self, X: Sequence[Sequence[float]]) -> list[int]:
        """The class of each row: the most activated output neuron; of one, whether it is above 0.

        >>> model = MLP(1, [2], init="zeros")
        >>> model.layers[0].neurons[1].b.data = 0.5
        >>> model.classify([[1.0], [2.0]])
        [1, 1]
        """
        return [class_of(outputs) for outputs in self.predict(X)]

    def accuracy(self, X: Sequence[Sequence[float]], y: Sequence[Any]) -> float:
        """The share of rows classified right; of one output, classes are 0 and 1, or -1 and 1."""
        if len(X) != len(y) or not len(X):
            raise ValueError(
                f"accuracy: {len(X)} rows and {len(y)} classes; takes one for each row"
            )
        right = [
            is_right(outputs, target) for outputs, target in zip(self.predict(X), y, strict=True)
        ]
        return sum(right) / len(right)

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
    (``"relu"``, ``"tanh"``, …), or is ``"linear"`` for none, and ``init`` how weights are drawn:
    ``"uniform"`` in [-1, 1], ``"xavier"`` or ``"he"`` by the number of inputs, ``"zeros"``.  The
    bias starts at 0.
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
        self.activation = _choice("Neuron", "activation", activation, [LINEAR, *ACTIVATIONS])
        self.nonlin = nonlin and activation != LINEAR
        self.name = name
        prefix = f"{name}." if name else ""
        self.w = [Value(draw(nin), f"{prefix}w{i}") for i in range(nin)]
        self.b = Value(0.0, f"{prefix}b")
        self._activate = None if activation == LINEAR else function_of(RULES[activation])

    def __call__(self, x: Sequence[Any]) -> Value:
        if len(x) != len(self.w):
            raise ValueError(
                f"{self.name or 'Neuron'}: takes {len(self.w)} inputs, not {len(x)}; "
                f"make the network with nin={len(x)} or give it {len(self.w)} numbers"
            )
        act = self.b
        for wi, xi in zip(self.w, x, strict=True):
            act = act + wi * xi
        if self.nonlin and self._activate:
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
    """A multi-layer perceptron: ``nin`` inputs and layers of ``nouts`` neurons.

    ``activation`` names the function of the hidden layers, the last one being linear; a list names
    that of each layer, the last included, as in ``["tanh", "linear"]``.  ``init`` is one name or a
    list, too.  A call takes ``nin`` numbers or Values and returns one Value, or a list for several
    outputs.

    >>> model = MLP(2, [4, 1])
    >>> len(model.parameters())
    17
    >>> next(model.named_parameters())[0]
    'layer0.neuron0.w0'
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        *,
        activation: str | Sequence[str] = "relu",
        init: str | Sequence[str] = "uniform",
        name: str = "",
        **kwargs: Any,
    ) -> None:
        _check_size("MLP", "nin", nin)
        if not isinstance(nouts, Sequence) or isinstance(nouts, str) or not nouts:
            raise ValueError(
                f"MLP: nouts lists the sizes of the layers, as in [16, 1]; not {nouts!r}"
            )
        activations = _for_each("activation", activation, len(nouts))
        inits = _for_each("init", init, len(nouts))
        if isinstance(activation, str) and "nonlin" not in kwargs:
            activations[-1] = LINEAR
        self.name = name
        self.about: dict[str, Any] = {}  # what of JSON is to be saved along, such as inputs' names
        prefix = f"{name}." if name else ""
        sizes = zip([nin, *nouts], nouts, activations, inits, strict=False)
        self.layers = [
            Layer(n, nout, activation=a, init=i, name=f"{prefix}layer{k}", **kwargs)
            for k, (n, nout, a, i) in enumerate(sizes)
        ]

    def __call__(self, x: Sequence[Any]) -> Any:
        out: Any = x
        for layer in self.layers:
            out = layer(out if isinstance(out, Sequence) or hasattr(out, "__len__") else [out])
        return out

    def parameters(self) -> list[Value]:
        return [p for layer in self.layers for p in layer.parameters()]

    def save(self, path: "str | Path") -> str:
        """Save the network as JSON, every weight exactly, and ``about``; returns the path."""
        state = self.state_dict()
        for name, number in state.items():
            if not math.isfinite(number):
                raise ValueError(f"save: {name} is {number}; a file holds finite numbers")
        neurons = [layer.neurons[0] for layer in self.layers]
        document = {
            **FORMAT,
            "name": self.name,
            "nin": len(neurons[0].w),
            "nouts": [len(layer.neurons) for layer in self.layers],
            "activation": [n.activation if n.nonlin else LINEAR for n in neurons],
            "about": self.about,
            "parameters": state,
        }
        import json
        from pathlib import Path

        text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
        write(Path(path), text.encode())
        return str(path)

    @classmethod
    def load(cls, path: "str | Path") -> "MLP":
        """The network of a file that `save` wrote; a file of anything else is refused."""
        from pathlib import Path

        path = Path(path)
        document = read_json(path)
        for key, expected in FORMAT.items():
            if document.get(key) != expected:
                found = f"{document.get(key)!r:.40}"
                raise ValueError(f"{path}: its {key} is {found}, not {expected!r}")
        for key, kind in CONTENT.items():
            if type(document.get(key)) is not kind:
                raise ValueError(f"{path}: its {key} is to be of type {kind.__name__}")
        state = document["parameters"]
        sizes = [document["nin"], *document["nouts"]]
        whole = all(type(size) is int and size > 0 for size in sizes)
        needed = sum((n + 1) * nout for n, nout in pairwise(sizes)) if whole else 0
        if len(state) != needed or not needed:
            raise ValueError(f"{path}: has no layers, or not as many weights as they need")
        for name, number in state.items():
            if type(number) is not float or not math.isfinite(number):
                raise ValueError(f"{path}: {name} is {number!r:.40}, no finite float")
        try:
            made = {key: document[key] for key in ("nin", "nouts", "activation", "name")}
            model = cls(**made, init="zeros")
            model.load_state_dict(state)
        except (KeyError, ValueError) as error:
            raise ValueError(f"{path}: {error.args[0]}") from None
        model.about = document["about"]
        return model

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(str(layer) for layer in self.layers)}]"


def can_replay(model: Module) -> bool:
    """Whether nothing in the model can branch on the data, as it is made of this module's parts."""
    if type(model) is MLP:
        return all(map(can_replay, model.layers))
    if type(model) is Layer:
        return all(map(can_replay, model.neurons))
    return type(model) is Neuron


def class_of(outputs: Any) -> int:
    """The class that a network's outputs, floats or Values, tell; the first of equal ones."""
    several = isinstance(outputs, list)
    numbers = [float(getattr(v, "data", v)) for v in (outputs if several else [outputs])]
    if any(map(math.isnan, numbers)):
        raise ValueError("classify: an output is nan; look for nan in the inputs and the weights")
    return numbers.index(max(numbers)) if several else int(numbers[0] > 0)


def is_right(outputs: Any, target: Any) -> bool:
    """Whether the outputs tell the target: the number of a class, or a list with 1 for it."""
    classes = range(len(outputs)) if isinstance(outputs, list) else (-1, 0, 1)
    if hasattr(target, "__len__") and not isinstance(target, str):
        target = class_of(list(target))
    if target not in classes:
        raise ValueError(f"accuracy: class {target!r}; there are {', '.join(map(str, classes))}")
    return class_of(outputs) == max(int(target), 0)


def _check_size(kind: str, name: str, size: Any) -> None:
    if not hasattr(size, "__index__") or isinstance(size, bool) or size < 1:
        raise ValueError(f"{kind}: {name} is a whole number from 1 up, not {size!r}")


def _for_each(name: str, choice: str | Sequence[str], layers: int) -> list[str]:
    choices = [choice] * layers if isinstance(choice, str) else list(choice)
    if len(choices) != layers:
        raise ValueError(f"MLP: {len(choices)} names for {name}, and {layers} layers")
    return choices


def _choice(kind: str, name: str, choice: str, choices: list[str]) -> str:
    if choice not in choices:
        raise ValueError(f"{kind}: no {name} {choice!r}; there are {', '.join(choices)}")
    return choice
