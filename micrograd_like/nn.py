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
from typing import TYPE_CHECKING, Any

from micrograd_like.arguments import (
    choice,
    expect,
    flag,
    is_value,
    number,
    one_for_each,
    row,
    rows,
    several,
    short,
    text,
    whole,
)
from micrograd_like.classes import class_of, is_right
from micrograd_like.compile import Tape, is_worth_a_tape
from micrograd_like.derivatives import checked
from micrograd_like.engine import Value
from micrograd_like.graph import NOT_COMPUTED
from micrograd_like.models import read_model, write_model
from micrograd_like.notation import plural
from micrograd_like.rules import RULES, Rule

if TYPE_CHECKING:
    from pathlib import Path

    class Outputs(Value):
        """What a layer gives, for type checkers: one Value, or several in a list, by its size."""

        def __getitem__(self, index: int) -> Value: ...
        def __iter__(self) -> Iterator[Value]: ...
        def __len__(self) -> int: ...


__all__ = ["MLP", "Layer", "Module", "Neuron"]

LINEAR = "linear"
INITIALIZATIONS: dict[str, Callable[[int], float]] = {
    "uniform": lambda nin: random.uniform(-1, 1),
    "xavier": lambda nin: random.gauss(0, (1 / nin) ** 0.5),
    "he": lambda nin: random.gauss(0, (2 / nin) ** 0.5),
    "zeros": lambda nin: 0.0,
}


class Module:
    """Anything with parameters: a base class for models of one's own.

    A model says in `parameters` what it learns and in ``__call__`` what its output is; the other
    methods, and `fit`, are made of these two.

    A NotImplementedError tells that a subclass has no ``__call__``.

    >>> class Parabola(Module):
    ...     def __init__(self):
    ...         self.a = Value(2.0, label="a")
    ...     def parameters(self):
    ...         return [self.a]
    ...     def __call__(self, x):
    ...         return self.a * x[0] ** 2
    >>> Parabola().predict([[1.0], [3.0]])
    [2.0, 18.0]
    """

    def parameters(self) -> list[Value]:
        """The values that learning changes, in a fixed order.

        >>> Neuron(1, init="zeros").parameters()
        [Value(data=0, grad=0, label='w0'), Value(data=0, grad=0, label='b')]
        """
        return []

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Each parameter with its name.

        >>> [name for name, _ in MLP(1, [1, 1]).named_parameters()][:2]
        ['layer0.neuron0.w0', 'layer0.neuron0.b']
        """
        return ((p.label, p) for p in self.parameters())

    def zero_grad(self) -> None:
        """Forget the gradient of every parameter.

        >>> neuron = Neuron(1, nonlin=False, init="zeros")
        >>> neuron([3.0]).backward()
        >>> neuron.w[0].grad
        3.0
        >>> neuron.zero_grad()
        >>> neuron.w[0].grad
        0.0
        """
        for p in self.parameters():
            p.grad = NOT_COMPUTED

    def __call__(self, x: Sequence[Any]) -> Value | list[Value]:
        """The outputs for one row of inputs: one Value, or a list of several."""
        raise NotImplementedError(f"{type(self).__name__} says what its output is, in __call__")

    def predict(self, X: Sequence[Sequence[float]], *, tape: bool | None = None) -> list[Any]:
        """The output for each row as a float, or as a list of floats where there are several.

        With ``tape`` the rows go through a `Tape` of the first one's graph, which needs Numba: a
        thousand times faster, and wrong for a model in which Python branches on the data.  None
        takes it where it is sure to apply, saves time, and is there.

        A TypeError tells that ``X`` is no list of rows, a ValueError the row that has not as many
        numbers as the model has inputs, or at which an operation is undefined.

        >>> MLP(2, [3], init="zeros").predict([[1.0, 2.0]])
        [[0.0, 0.0, 0.0]]
        """
        inputs = rows(X, "predict")
        if tape is None:
            tape = is_worth_a_tape(len(inputs) * len(self.parameters())) and can_replay(self)
            tape = tape and not any(_is_nan(x) for row in inputs for x in row)  # a tape's error
        if flag(tape, "predict: tape") and inputs:
            x = [Value(number) for number in inputs[0]]
            replayed: list[Any] = Tape(self._output(x, 0), x).forward(inputs).tolist()
            return replayed
        return [_data_of(self._output(row, k)) for k, row in enumerate(inputs)]

    def _output(self, x: Any, k: int) -> Any:
        """The output for a row; what is wrong with it is told with its number."""
        try:
            return self(x)
        except (TypeError, ValueError, ArithmeticError) as error:
            raise type(error)(f"predict: row {k}: {error}") from error

    def classify(self, X: Sequence[Sequence[float]]) -> list[int]:
        """The class of each row: the most activated output neuron; of one, whether it is above 0.

        A ValueError tells that an output is NaN; others are those of `predict`.

        >>> model = MLP(1, [2], init="zeros")
        >>> model.layers[0].neurons[1].b.data = 0.5
        >>> model.classify([[1.0], [2.0]])
        [1, 1]
        """
        return [class_of(outputs) for outputs in self.predict(X)]

    def accuracy(self, X: Sequence[Sequence[float]], y: Sequence[Any]) -> float:
        """The share of rows classified right, from 0 to 1.

        A class is its number, or a list with 1 for it; of one output classes are 0 and 1, or -1
        and 1.  A ValueError tells a class that there is not, and rows and classes that do not pair
        up.

        >>> MLP(1, [2], init="zeros").accuracy([[1.0], [2.0]], [0, 1])
        0.5
        """
        inputs, targets = rows(X, "accuracy"), several(y, "accuracy: y", "classes")
        one_for_each(len(inputs), len(targets), "accuracy")
        pairs = zip(self.predict(inputs), targets, strict=True)
        return sum(is_right(outputs, target) for outputs, target in pairs) / len(inputs)

    def state_dict(self) -> dict[str, float]:
        """The number of every parameter by name.

        A ValueError tells that two parameters have one name.

        >>> Neuron(1, init="zeros").state_dict()
        {'w0': 0.0, 'b': 0.0}
        """
        return {name: p.data for name, p in self._by_name().items()}

    def _by_name(self) -> dict[str, Value]:
        named = dict(self.named_parameters())
        if len(named) < len(self.parameters()):
            raise ValueError("state_dict: two parameters have the same label; label them apart")
        return named

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Set every parameter from a mapping as ``state_dict`` gives it; all of them or none.

        A KeyError tells names that are missing or too many, a TypeError what is no number.

        >>> neuron = Neuron(1)
        >>> neuron.load_state_dict({"w0": 2.0, "b": -1.0})
        >>> neuron.b.data
        -1.0
        """
        what = "a dict from names to numbers, as state_dict() gives"
        expect(isinstance(state, Mapping), state, "load_state_dict: the state", what)
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
    (``"relu"``, ``"tanh"``, …, or that of a `rule` of one's own), is such a function itself, or is
    ``"linear"`` for none.

    ``init`` says how weights are drawn: ``"uniform"`` in [-1, 1], as in micrograd; ``"zeros"``; or
    from a normal distribution, ``"xavier"`` of the variance 1/nin, which keeps the size of what
    goes forward (Glorot and Bengio, 2010, with as many outputs as inputs), and ``"he"`` of 2/nin,
    as relu takes half of it away (He et al., 2015).  The bias starts at 0.

    A call takes ``nin`` numbers or Values.  A ValueError or a TypeError tells a number of inputs,
    an activation or an ``init`` that is none.

    >>> neuron = Neuron(2, activation="tanh", init="zeros")
    >>> neuron.b.data = 0.5
    >>> neuron([1.0, 2.0])
    Value(data=0.462117, grad=0)
    """

    def __init__(
        self,
        nin: int,
        nonlin: bool = True,
        *,
        activation: str | Callable[..., Any] = "relu",
        init: str = "uniform",
        name: str = "",
    ) -> None:
        whole(nin, "Neuron: nin")
        draw = INITIALIZATIONS[choice(init, "Neuron: init", INITIALIZATIONS)]
        self.activation = _activation(activation, "Neuron")
        self.nonlin = flag(nonlin, "Neuron: nonlin") and self.activation != LINEAR
        self.name = text(name, "Neuron: name")
        prefix = f"{name}." if name else ""
        self.w = [Value(draw(nin), f"{prefix}w{i}") for i in range(nin)]
        self.b = Value(0.0, f"{prefix}b")

    def __call__(self, x: Sequence[Any]) -> Value:
        if type(x) is not list:
            row(x, self.name or "Neuron")
        if len(x) != len(self.w):
            raise ValueError(
                f"{self.name or 'Neuron'}: takes {plural(len(self.w), 'input')}, not {len(x)}; "
                f"make the network with nin={len(x)} or give it {plural(len(self.w), 'number')}"
            )
        act = self.b
        try:
            for wi, xi in zip(self.w, x, strict=True):
                act = act + wi * xi
        except TypeError as error:
            raise TypeError(f"{self.name or 'Neuron'}: an input: {error}") from None
        if self.nonlin and self.activation != LINEAR:
            act = getattr(act, self.activation)()
        if act is not self.b:
            act.label = self.name
        return act

    def parameters(self) -> list[Value]:
        return [*self.w, self.b]

    def __repr__(self) -> str:
        linear = not self.nonlin or self.activation == LINEAR
        kind = "Linear" if linear else RULES[self.activation].symbol
        return f"{kind}Neuron({len(self.w)})"


class Layer(Module):
    """``nout`` neurons with the same ``nin`` inputs; other arguments are those of `Neuron`.

    A call takes ``nin`` numbers or Values and returns a list of ``nout`` Values, or one Value.

    A ValueError or a TypeError tells a size, an activation or an ``init`` that is none.

    >>> layer = Layer(3, 2, nonlin=False)
    >>> [v.op for v in layer([1.0, 2.0, 3.0])]
    ['+', '+']
    """

    def __init__(
        self,
        nin: int,
        nout: int,
        nonlin: bool = True,
        *,
        activation: str | Callable[..., Any] = "relu",
        init: str = "uniform",
        name: str = "",
    ) -> None:
        whole(nin, "Layer: nin")
        whole(nout, "Layer: nout")
        self.name = text(name, "Layer: name")
        prefix = f"{name}." if name else ""
        self.neurons = [
            Neuron(nin, nonlin, activation=activation, init=init, name=f"{prefix}neuron{i}")
            for i in range(nout)
        ]

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

    ``activation`` is that of the hidden layers, the last one being linear; a list has that of each
    layer, the last included, as in ``["tanh", "linear"]``.  ``init`` is one name or a list, too;
    both are described at `Neuron`.  A call takes ``nin`` numbers or Values and returns one Value,
    or a list for several outputs.

    A ValueError or a TypeError tells sizes, an activation or an ``init`` that are none.

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
        nonlin: bool | None = None,
        activation: str | Callable[..., Any] | Sequence[str | Callable[..., Any]] = "relu",
        init: str | Sequence[str] = "uniform",
        name: str = "",
    ) -> None:
        whole(nin, "MLP: nin")
        if not isinstance(nouts, Sequence) or isinstance(nouts, str) or not nouts:
            raise ValueError(
                f"MLP: nouts is {short(nouts)}; it is to be the sizes of the layers, as in [16, 1]"
            )
        for k, nout in enumerate(nouts):
            whole(nout, f"MLP: nouts[{k}]")
        self.name = text(name, "MLP: name")
        activations = [_activation(a, "MLP") for a in _for_each("activation", activation, nouts)]
        inits = _for_each("init", init, nouts)
        if nonlin is None and not isinstance(activation, list | tuple):
            activations[-1] = LINEAR
        bent = nonlin is None or flag(nonlin, "MLP: nonlin")
        self.about: dict[str, Any] = {}  # what of JSON is to be saved along, such as inputs' names
        prefix = f"{name}." if name else ""
        sizes = zip([nin, *nouts], nouts, activations, inits, strict=False)
        self.layers = [
            Layer(n, nout, bent, activation=a, init=i, name=f"{prefix}layer{k}")
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
        """Save the network as JSON, every weight exactly, and ``about``; returns the path.

        A ValueError tells a weight that is not finite, a TypeError that ``about`` is no JSON, an
        OSError what is wrong with the path.  The file is written whole or not at all.

        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     saved = MLP(2, [4, 1]).save(Path(folder) / "model.json")
        ...     MLP.load(saved)
        MLP of [Layer of [ReLUNeuron(2), ...], Layer of [LinearNeuron(4)]]
        """
        neurons = [layer.neurons[0] for layer in self.layers]
        model = {
            "name": self.name,
            "nin": len(neurons[0].w),
            "nouts": [len(layer.neurons) for layer in self.layers],
            "activation": [n.activation if n.nonlin else LINEAR for n in neurons],
            "about": self.about,
            "parameters": self.state_dict(),
        }
        return write_model(path, model)

    @classmethod
    def load(cls, path: "str | Path") -> "MLP":
        """The network of a file that `save` wrote.

        A ValueError tells what in a file is not as `save` writes it, an OSError what is wrong with
        the path.  There is an example at `save`.
        """
        saved = read_model(path)
        try:
            sizes = {key: saved[key] for key in ("nin", "nouts", "activation", "name")}
            model = cls(**sizes, init="zeros")
            model.load_state_dict(saved["parameters"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path}: {error.args[0]}") from None
        model.about = saved["about"]
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


def _data_of(outputs: Any) -> Any:
    """The numbers of a model's outputs."""
    several = isinstance(outputs, list)
    values = [checked(v, "predict", "the model") for v in (outputs if several else [outputs])]
    return [v.data for v in values] if several else values[0].data


def _is_nan(x: Any) -> bool:
    return math.isnan(number(x, "predict: an input"))


def _activation(wanted: Any, where: str) -> str:
    """The name of an activation: of a rule that takes one number, or "linear" for none."""
    of = None if is_value(wanted) else getattr(wanted, "rule", None)  # of a rule's function
    return choice(
        of.name if isinstance(of, Rule) else wanted,
        f"{where}: activation",
        [LINEAR, *activations()],
    )


def activations() -> list[str]:
    """The rules that take one number, as they are now: the others may have been added since."""
    return [
        name
        for name, rule in list(RULES.items())  # another thread may define one
        if name != "neg" and rule.arity == 1 + len(rule.function.__defaults__ or ())
    ]


def _for_each(name: str, given: Any, layers: Sequence[int]) -> list[Any]:
    """What is given for each layer, or for all of them."""
    choices = list(given) if isinstance(given, list | tuple) else [given] * len(layers)
    if len(choices) != len(layers):
        raise ValueError(
            f"MLP: {name} lists {plural(len(choices), 'name')} for {plural(len(layers), 'layer')}; "
            "give one for each, or one name for all"
        )
    return choices
