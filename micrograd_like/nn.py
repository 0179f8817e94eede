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

from micrograd_like._functions import function_of
from micrograd_like.arguments import choice, number, row, several, short, text, whole
from micrograd_like.compile import Tape, is_worth_a_tape
from micrograd_like.engine import Value
from micrograd_like.files import read_json, write
from micrograd_like.graph import NOT_COMPUTED
from micrograd_like.rules import RULES

if TYPE_CHECKING:
    from pathlib import Path

    class Outputs(Value):
        """What a layer gives, for type checkers: one Value, or several in a list, by its size."""

        def __getitem__(self, index: int) -> Value: ...
        def __iter__(self) -> Iterator[Value]: ...
        def __len__(self) -> int: ...


__all__ = ["MLP", "Layer", "Module", "Neuron"]

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

    def __call__(self, x: Sequence[Any]) -> "Outputs":
        """The outputs for one row of inputs: one Value, or a list of several."""
        raise NotImplementedError(f"{type(self).__name__} says what its output is, in __call__")

    def predict(self, X: Sequence[Sequence[float]], *, tape: bool | None = None) -> list[Any]:
        """The output for each row as a float, or as a list of floats where there are several.

        With ``tape`` the rows go through a `Tape` of the first one's graph, which needs Numba: a
        thousand times faster, and wrong for a model in which Python branches on the data.  None
        takes it where it is sure to apply, saves time, and is there.
        """
        for i, inputs in enumerate(several(X, "predict: X")):
            row(inputs, f"predict: row {i}")
        if tape is None:
            tape = is_worth_a_tape(len(X) * len(self.parameters())) and can_replay(self)
            tape = tape and not any(math.isnan(x) for inputs in X for x in inputs)  # a tape's error
        if tape and len(X):
            x = [Value(number) for number in X[0]]
            replayed: list[Any] = Tape(self(x), x).forward(X).tolist()
            return replayed
        outputs = [self(inputs) for inputs in X]
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
        numbers = {name: number(state[name], f"load_state_dict: {name}") for name in named}
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
        whole(nin, "Neuron: nin")
        draw = INITIALIZATIONS[choice(init, "Neuron: init", INITIALIZATIONS)]
        self.activation = _activation(activation)
        self.nonlin = nonlin and self.activation != LINEAR
        self.name = text(name, "Neuron: name")
        prefix = f"{name}." if name else ""
        self.w = [Value(draw(nin), f"{prefix}w{i}") for i in range(nin)]
        self.b = Value(0.0, f"{prefix}b")
        self._activate = function_of(RULES[self.activation]) if self.nonlin else None

    def __call__(self, x: Sequence[Any]) -> Value:  # type: ignore[override]  # never a list
        try:
            fits = len(x) == len(self.w)
        except TypeError:
            fits = bool(row(x, self.name or "Neuron"))  # which says what x is to be
        if not fits:
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
        whole(nout, "Layer: nout")
        self.name = text(name, "Layer: name")
        prefix = f"{name}." if name else ""
        self.neurons = [Neuron(nin, name=f"{prefix}neuron{i}", **kwargs) for i in range(nout)]

    def __call__(self, x: Sequence[Any]) -> "Outputs":
        out: Any = [n(x) for n in self.neurons]
        outputs: Outputs = out[0] if len(out) == 1 else out
        return outputs

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
        whole(nin, "MLP: nin")
        if not isinstance(nouts, Sequence) or isinstance(nouts, str) or not nouts:
            raise ValueError(
                f"MLP: nouts lists the sizes of the layers, as in [16, 1]; not {short(nouts)}"
            )
        activations = _for_each("activation", activation, len(nouts))
        inits = _for_each("init", init, len(nouts))
        if not isinstance(activation, list | tuple) and "nonlin" not in kwargs:
            activations[-1] = LINEAR
        self.name = text(name, "MLP: name")
        self.about: dict[str, Any] = {}  # what of JSON is to be saved along, such as inputs' names
        prefix = f"{name}." if name else ""
        sizes = zip([nin, *nouts], nouts, activations, inits, strict=False)
        self.layers = [
            Layer(n, nout, activation=a, init=i, name=f"{prefix}layer{k}", **kwargs)
            for k, (n, nout, a, i) in enumerate(sizes)
        ]

    def __call__(self, x: Sequence[Any]) -> "Outputs":
        out: Any = x
        for layer in self.layers:
            out = layer(out if isinstance(out, Sequence) or hasattr(out, "__len__") else [out])
        outputs: Outputs = out
        return outputs

    def parameters(self) -> list[Value]:
        return [p for layer in self.layers for p in layer.parameters()]

    def save(self, path: "str | Path") -> str:
        """Save the network as JSON, every weight exactly, and ``about``; returns the path."""
        state = self.state_dict()
        for name, x in state.items():
            if not math.isfinite(x):
                raise ValueError(f"save: {name} is {x}; a file holds finite numbers")
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

        content = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
        write(Path(path), content.encode())
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
        for name, x in state.items():
            if type(x) is not float or not math.isfinite(x):
                raise ValueError(f"{path}: {name} is {x!r:.40}, no finite float")
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


def _activation(wanted: Any) -> str:
    """The name of an activation: of a rule that takes one number, or "linear" for none."""
    name = getattr(wanted, "rule", None)
    takes_one = [
        name
        for name, rule in RULES.items()
        if name != "neg" and rule.arity == 1 + len(rule.function.__defaults__ or ())
    ]
    return choice(name.name if name else wanted, "Neuron: activation", [LINEAR, *takes_one])


def _for_each(name: str, given: Any, layers: int) -> list[Any]:
    choices = list(given) if isinstance(given, list | tuple) else [given] * layers
    if len(choices) != layers:
        raise ValueError(
            f"MLP: {name} lists {len(choices)} names; give one for each of {layers} layers"
        )
    return choices
