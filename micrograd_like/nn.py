"""Neural networks built from Values: :class:`Neuron`, :class:`Layer`, :class:`MLP`.

As in micrograd: the same constructor arguments, the same order of additions, and the same draws
from the ``random`` module, so that a program written for it gives the same numbers.  Classes of
this module, their methods and those of Value are looked up when they are used: one that is replaced
counts everywhere, and what a subclass does not set in its own ``__init__`` has a default.

>>> neuron = Neuron(2, nonlin=False)
>>> [p.label for p in neuron.parameters()]
['w0', 'w1', 'b']
"""

import random
from collections.abc import Callable, Iterable, Iterator, KeysView, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self, TypedDict, Unpack

from micrograd_like.arguments import (
    choice,
    flag,
    function,
    is_value,
    row,
    several,
    short,
    text,
    whole,
)
from micrograd_like.engine import Value
from micrograd_like.groups import mark
from micrograd_like.models import read_model, write_model
from micrograd_like.modules import Module, calls_only, neurons_of
from micrograd_like.notation import plural
from micrograd_like.parameters import name_parts
from micrograd_like.rules import RULES, Rule

if TYPE_CHECKING:
    from pathlib import Path

    class Outputs(Value):
        """What a layer gives, for type checkers: one Value, or several in a list, by its size."""

        def __getitem__(self, index: int) -> Value: ...
        def __iter__(self) -> Iterator[Value]: ...
        def __len__(self) -> int: ...


__all__ = ["MLP", "Layer", "Module", "Neuron", "Value"]

Activation = str | Callable[..., Any]
LINEAR = "linear"
INITIALIZATIONS: dict[str, Callable[[int], float]] = {
    "uniform": lambda nin: random.uniform(-1, 1),
    "xavier": lambda nin: random.gauss(0, (1 / nin) ** 0.5),
    "he": lambda nin: random.gauss(0, (2 / nin) ** 0.5),
    "zeros": lambda nin: 0.0,
}


class Options(TypedDict, total=False):
    """What a layer passes on to its neurons; it is described at `Neuron`."""

    activation: Activation
    init: str


class Neuron(Module):
    """activation(w·x + b): ``nin`` weights and a bias.

    ``nonlin`` false leaves the activation away.  ``activation`` names a function of one input
    (``"relu"``, ``"tanh"``, …, or that of a `rule` of one's own), is such a function itself, or is
    ``"linear"`` for none.

    ``init`` says how weights are drawn: ``"uniform"`` in [-1, 1], as in micrograd; ``"zeros"``; or
    from a normal distribution, ``"xavier"`` of the variance 1/nin, which keeps the size of what
    goes forward (Glorot and Bengio, 2010, with as many outputs as inputs), and ``"he"`` of 2/nin,
    as relu takes half of it away (He et al., 2015).  The bias starts at 0.

    A call takes ``nin`` numbers or Values: a list, an array, or what else can be gone through.  A
    ValueError or a TypeError tells a number of inputs, an activation or an ``init`` that is none.

    A subclass with an ``__init__`` of its own sets ``w`` and ``b``, and what else it wants.

    >>> neuron = Neuron(2, activation="tanh", init="zeros")
    >>> neuron.b.data = 0.5
    >>> print(neuron([1.0, 2.0]))
    Value(data=0.462117, grad=0)
    """

    activation: Activation = "relu"
    nonlin: bool = True
    name: str = ""

    def __init__(
        self,
        nin: int,
        nonlin: bool = True,
        *,
        activation: Activation = "relu",
        init: str = "uniform",
        name: str = "",
    ) -> None:
        whole(nin, "Neuron: nin")
        draw = INITIALIZATIONS[choice(init, "Neuron: init", INITIALIZATIONS)]
        self.activation = _activation(activation, "Neuron")
        self.nonlin = flag(nonlin, "Neuron: nonlin") and self.activation != LINEAR
        self.name = text(name, "Neuron: name")
        prefix = f"{name}." if name else ""
        self.w = [Value(draw(nin)) for _ in range(nin)]
        self.b = Value(0.0)
        for i, w in enumerate(self.w):
            w.label = f"{prefix}w{i}"
        self.b.label = f"{prefix}b"

    @calls_only("")
    def __call__(self, x: Iterable[Any]) -> Value:
        if type(x) is not list:
            x = _inputs(x, self.name or "Neuron")
        w, b = self.w, self.b
        if len(x) != len(w):
            raise ValueError(
                f"{self.name or 'Neuron'}: takes {plural(len(w), 'input')}, not {len(x)}; "
                f"make the network with nin={len(x)} or give it {plural(len(w), 'number')}"
            )
        act = b
        try:
            for wi, xi in zip(w, x, strict=True):
                act = act + wi * xi
        except TypeError as error:
            raise TypeError(f"{self.name or 'Neuron'}: an input: {error}") from None
        f = self.activation
        if self.nonlin and f != LINEAR:
            act = getattr(act, f)() if isinstance(f, str) else f(act)
        if act is not b and (type(act) is Value or is_value(act)):  # no array
            act.label = self.name
            if not self.name:  # a name is all that a group needs
                mark(act, "neuron", x, [*w, b])
        return act

    def parameters(self) -> list[Value]:
        return [*self.w, self.b]

    def __repr__(self) -> str:
        f = self.activation if self.nonlin else LINEAR
        kind = str(getattr(RULES.get(str(f)), "symbol", getattr(f, "__name__", f)))
        return f"{'Linear' if kind == LINEAR else kind}Neuron({len(self.w)})"


class Layer(Module):
    """``nout`` neurons with the same ``nin`` inputs; other arguments are passed on to `Neuron`.

    A call takes ``nin`` numbers or Values and returns a list of ``nout`` Values, or one Value.

    A ValueError or a TypeError tells a size, an activation or an ``init`` that is none.

    >>> layer = Layer(3, 2, nonlin=False)
    >>> [v.op for v in layer([1.0, 2.0, 3.0])]
    ['+', '+']
    """

    name: str = ""

    def __init__(
        self,
        nin: int,
        nout: int,
        nonlin: bool | None = None,
        *,
        name: str = "",
        **options: Unpack[Options],
    ) -> None:
        whole(nin, "Layer: nin")
        whole(nout, "Layer: nout")
        self.name = text(name, "Layer: name")
        given: dict[str, Any] = {**options} if nonlin is None else {**options, "nonlin": nonlin}
        self.neurons = [Neuron(nin, **given) for _ in range(nout)]
        name_parts(f"{name}.neuron" if name else "neuron", self.neurons)

    @calls_only("neurons")
    def __call__(self, x: Iterable[Any]) -> "Outputs":
        if type(x) is not list and hasattr(x, "__next__"):
            x = list(x)  # each neuron is to see all of it
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

    ``layers`` gives the layers themselves instead: a `Layer`, a `Module` of one's own, or any
    function of a list of Values.  Those without a name are called ``layer0`` and so on.  The list
    ``model.layers`` may also be changed afterwards.

    A ValueError or a TypeError tells sizes, an activation or an ``init`` that are none.

    >>> model = MLP(2, [4, 1])
    >>> len(model.parameters())
    17
    >>> next(model.named_parameters())[0]
    'layer0.neuron0.w0'
    >>> model = MLP(layers=[Layer(2, 3), lambda h: [v / 2 for v in h], Layer(3, 1, nonlin=False)])
    >>> [name for name in model.state_dict() if name.endswith("b")]
    ['layer0.neuron0.b', 'layer0.neuron1.b', 'layer0.neuron2.b', 'layer2.neuron0.b']
    """

    name: str = ""

    def __init__(
        self,
        nin: int = 0,
        nouts: Sequence[int] = (),
        *,
        layers: Iterable[Callable[..., Any]] | None = None,
        nonlin: bool | None = None,
        activation: Activation | Sequence[Activation] = "relu",
        init: str | Sequence[str] = "uniform",
        name: str = "",
    ) -> None:
        self.name = text(name, "MLP: name")
        self.about: dict[str, Any] = {}  # what of JSON is to be saved along, such as inputs' names
        settings = (nin, nouts, nonlin, activation, init)
        self.layers: list[Layer] = (
            _layers(*settings) if layers is None else _given_layers(layers, settings)
        )
        name_parts(f"{name}.layer" if name else "layer", self.layers)

    @calls_only("layers")
    def __call__(self, x: Iterable[Any]) -> "Outputs":
        out: Any = x
        for layer in self.layers:
            out = layer(out if hasattr(out, "__iter__") or hasattr(out, "__len__") else [out])
        outputs: Outputs = out
        return outputs

    def parameters(self) -> list[Value]:
        learning = [layer for layer in self.layers if hasattr(layer, "parameters")]
        return [p for layer in learning for p in layer.parameters()]

    def save(self, path: "str | Path") -> str:
        """Save the network as JSON, every weight exactly, and ``about``; returns the path.

        `load` makes the network again.  Of one with layers or neurons of one's own the file has
        only the weights, for `load_weights`.

        A ValueError tells a weight that is not finite, a TypeError that ``about`` is no JSON, an
        OSError what is wrong with the path.  The file is written whole or not at all.

        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     saved = MLP(2, [4, 1]).save(Path(folder) / "model.json")
        ...     MLP.load(saved)
        MLP of [Layer of [ReLUNeuron(2), ...], Layer of [LinearNeuron(4)]]
        """
        state, network = self.state_dict(), _network(self)
        if network is None:
            return super().save(path)
        return write_model(path, {**network, "about": self.about, "parameters": state})

    @classmethod
    def load(cls, path: "str | Path") -> Self:
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
            hint = "" if cls is MLP else "; make the model, then call its load_weights(path)"
            raise ValueError(f"{path}: {error.args[0]}{hint}") from None
        model.about = saved["about"]
        return model

    def __repr__(self) -> str:
        names = [getattr(layer, "__name__", None) or str(layer) for layer in self.layers]
        return f"MLP of [{', '.join(names)}]"


def _network(model: MLP) -> dict[str, Any] | None:
    """What an MLP is made of, for its file; None if it has other parts, or other names."""
    neurons, layers = neurons_of(model), [getattr(layer, "neurons", []) for layer in model.layers]
    if not neurons or neurons != [n for layer in layers for n in layer]:
        return None
    kinds = [[n.activation if n.nonlin else LINEAR for n in layer] for layer in layers]
    nin, nouts = len(neurons[0].w), [len(layer) for layer in layers]
    prefix = f"{model.name}." if model.name else ""
    names = [
        f"{prefix}layer{k}.neuron{i}.{own}"
        for k, (n, nout) in enumerate(pairwise([nin, *nouts]))
        for i in range(nout)
        for own in (*(f"w{j}" for j in range(n)), "b")
    ]
    alike = all(kind == of[0] and isinstance(kind, str) for of in kinds for kind in of)
    if not alike or names != [name for name, _ in model.named_parameters()]:
        return None
    return {"name": model.name, "nin": nin, "nouts": nouts, "activation": [of[0] for of in kinds]}


def _given_layers(layers: Any, settings: tuple[Any, ...]) -> Any:
    """Layers that a user made; sizes and activations are theirs."""
    if settings != (0, (), None, "relu", "uniform"):
        raise TypeError("MLP: layers have sizes and activations; give only name= with layers=[...]")
    of = several(layers, "MLP: layers", "layers, as in [Layer(2, 3), Layer(3, 1)]")
    if not of:
        raise ValueError("MLP: layers is []; give at least one, as in [Layer(2, 1)]")
    return [function(part, f"MLP: layers[{k}]", "a list of Values") for k, part in enumerate(of)]


def _layers(nin: Any, nouts: Any, nonlin: Any, activation: Any, init: Any) -> list[Layer]:
    """Layers of these sizes.  As replaced classes may not know them, defaults are not passed on."""
    whole(nin, "MLP: nin")
    if not isinstance(nouts, Sequence) or isinstance(nouts, str) or not nouts:
        raise ValueError(
            f"MLP: nouts is {short(nouts)}; it is to be the sizes of the layers, as in [16, 1]"
        )
    for k, nout in enumerate(nouts):
        whole(nout, f"MLP: nouts[{k}]")
    activations = [_activation(a, "MLP") for a in _for_each("activation", activation, nouts)]
    inits = _for_each("init", init, nouts)
    bent = [nonlin is None or flag(nonlin, "MLP: nonlin")] * len(nouts)
    if nonlin is None and not isinstance(activation, list | tuple):
        bent[-1] = False
    layers = []
    for k, (n, nout) in enumerate(pairwise([nin, *nouts])):
        options: Options = {}
        if activations[k] != "relu":
            options["activation"] = activations[k]
        if inits[k] != "uniform":
            options["init"] = inits[k]
        layers.append(Layer(n, nout, nonlin=bent[k], **options))
    return layers


def _inputs(x: Any, where: str) -> list[Any]:
    """A row of inputs as a list: of an array its numbers, of a dict its keys."""
    if isinstance(x, Mapping | KeysView) and not any(isinstance(key, str) for key in x):
        return list(x)  # in their order, as any loop over it goes
    if hasattr(x, "__len__") or not hasattr(x, "__iter__"):
        row(x, where)
    as_list: Any = getattr(x, "tolist", None)
    return as_list() if as_list is not None else list(x)


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
