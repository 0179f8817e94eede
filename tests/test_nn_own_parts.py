"""Neurons, layers and activations of a user's own: replaced, derived, or given to a network."""

import itertools
import random
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from micrograd_like import MLP, SGD, Layer, Module, Neuron, Tape, Value, fit, mse, nn
from micrograd_like.compile import tape
from micrograd_like.modules import can_replay

passes = import_module("micrograd_like.learn.passes")  # its door has a function of that name
ROWS = [[1.0, -2.0], [-0.5, 0.25], [3.0, 1.5]]


def leaky(self: Value) -> Value:
    """An activation that branches on the data, which no tape can follow."""
    return self if self.data > 0 else self * 0.1


def numbers(model: Any) -> list[float]:
    """What a model gives for each row, called by itself."""
    return [model(row).data for row in ROWS]


@pytest.fixture
def always_taped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are always worth a tape, so that what must not be replayed would show."""
    pytest.importorskip("numba")
    monkeypatch.setattr(tape, "MUCH", -1)


# --- what is replaced on a class or in the module -------------------------------------------------


@pytest.mark.usefixtures("always_taped")
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_replaced_activation_is_that_of_every_neuron(
    monkeypatch: pytest.MonkeyPatch, activation: str
) -> None:
    """In neurons made before and after, called and in predict, classify, accuracy and fit."""
    random.seed(3)
    before = MLP(2, [4, 1], activation=activation)
    plain = before.predict(ROWS)
    monkeypatch.setattr(Value, activation, leaky)
    after = MLP(2, [4, 1], activation=activation)
    after.load_state_dict(before.state_dict())
    assert numbers(before) == numbers(after) == before.predict(ROWS) != pytest.approx(plain)
    assert before.classify(ROWS) == [int(x > 0) for x in numbers(before)]
    assert before.accuracy(ROWS, before.classify(ROWS)) == 1.0
    settings: dict[str, Any] = {"epochs": 2, "lr": 0.1, "seed": None, "progress": False}
    by_itself = fit(before, ROWS, [1, 2, 3], **settings)
    assert by_itself.loss == fit(after, ROWS, [1, 2, 3], **settings, tape=False).loss
    assert before.state_dict() == after.state_dict()


@pytest.mark.parametrize("name", ["relu", "__mul__", "__add__", "__rmul__", "exp", "log"])
def test_no_tape_is_taken_while_an_operation_is_replaced(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Models and losses are made of all of them; afterwards tapes are taken again."""
    model = MLP(2, [4, 1])
    assert can_replay(model)
    with monkeypatch.context() as patch:
        old = getattr(Value, name)
        patch.setattr(Value, name, lambda *operands: old(*operands))
        assert not can_replay(model)
        assert not passes._is_sure(model, mse)
    assert can_replay(model)


def test_a_replaced_activation_made_by_hand_goes_backward(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closure as in the lecture, set on the class, is what a network learns through."""

    def step(self: Value) -> Value:
        out = Value(float(self.data > 0), (self,), "step")

        def _backward() -> None:
            self.grad += 0.5 * out.grad

        out._backward = _backward
        return out

    neuron = Neuron(1, init="zeros")
    neuron.b.data = 1.0
    monkeypatch.setattr(Value, "relu", step)
    neuron([2.0]).backward()
    assert (neuron.w[0].grad, neuron.b.grad) == (1.0, 0.5)


class Plain:
    """A neuron that knows nothing of this package, as a course has it."""

    def __init__(self, nin: int, nonlin: bool = True) -> None:
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(0.5)
        self.nonlin = nonlin

    def __call__(self, x: Any) -> Value:
        act: Value = sum((wi * xi for wi, xi in zip(self.w, x, strict=True)), self.b)
        return act.tanh() if self.nonlin else act

    def parameters(self) -> list[Value]:
        return [*self.w, self.b]


def test_a_neuron_class_that_is_replaced_in_the_module_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Layers and networks are made of it, and its weights get the usual names."""
    usual = [name for name, _ in MLP(2, [3, 1]).named_parameters()]
    monkeypatch.setattr(nn, "Neuron", Plain)
    model = MLP(2, [3, 1])
    assert all(type(n) is Plain for layer in model.layers for n in layer.neurons)
    assert [n.nonlin for layer in model.layers for n in layer.neurons] == [True] * 3 + [False]
    assert [name for name, _ in model.named_parameters()] == usual
    assert [p.label for p in model.parameters()] == usual
    assert model.predict(ROWS) == numbers(model)
    assert not can_replay(model)


def test_a_layer_class_that_is_replaced_in_the_module_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With micrograd's arguments, a network's layers are of it."""

    class Doubling(nn.Layer):
        def __init__(self, nin: int, nout: int, **kwargs: Any) -> None:
            self.neurons = [Neuron(nin, **kwargs) for _ in range(nout)]
            self.scale = Value(2.0)

        def __call__(self, x: Any) -> Any:
            out: Any = super().__call__(x)
            return [v * self.scale for v in out] if isinstance(out, list) else out * self.scale

        def parameters(self) -> list[Value]:
            return [*super().parameters(), self.scale]

    random.seed(4)
    usual = MLP(2, [3, 1])
    monkeypatch.setattr(nn, "Layer", Doubling)
    random.seed(4)
    model = MLP(2, [3, 1])
    assert numbers(model) == pytest.approx([4 * x for x in numbers(usual)])
    names = [name for name, _ in model.named_parameters()]
    assert len(set(names)) == len(model.parameters()) == 15
    assert "layer1.scale" in names
    assert model([1.0, 2.0]).label == ""


@pytest.mark.parametrize("takes_nonlin", [True, False])
def test_a_replaced_constructor_is_used(
    monkeypatch: pytest.MonkeyPatch, takes_nonlin: bool
) -> None:
    """One with micrograd's arguments, and one of the number of inputs alone, in a layer."""

    def with_nonlin(self: Any, nin: int, nonlin: bool = True) -> None:
        self.w, self.b, self.nonlin = [Value(0.5) for _ in range(nin)], Value(1.0), nonlin

    def without(self: Any, nin: int) -> None:
        self.w, self.b = [Value(0.5) for _ in range(nin)], Value(1.0)

    monkeypatch.setattr(Neuron, "__init__", with_nonlin if takes_nonlin else without)
    layer = Layer(2, 2)
    assert [v.data for v in layer([1.0, 2.0])] == [2.5, 2.5]
    assert [name for name, _ in layer.named_parameters()][:3] == [
        "neuron0.w0", "neuron0.w1", "neuron0.b",
    ]  # fmt: skip
    assert repr(layer) == "Layer of [ReLUNeuron(2), ReLUNeuron(2)]"
    if takes_nonlin:
        model = MLP(2, [2, 1])
        assert model([1.0, -9.0]).data == 1.0
        assert repr(model.layers[1]) == "Layer of [LinearNeuron(2)]"
        assert model([1.0, 2.0]).label == "layer1.neuron0"


def test_a_layer_passes_on_what_it_was_given_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keywords of a user's neuron go through; a network adds ``nonlin``, as in micrograd."""
    given: list[dict[str, Any]] = []

    class Watched(Neuron):
        def __init__(self, nin: int, **options: Any) -> None:
            given.append(options)
            self.w, self.b = [Value(1.0) for _ in range(nin)], Value(0.0)

    monkeypatch.setattr(nn, "Neuron", Watched)
    Layer(2, 1)
    Layer(2, 1, nonlin=True)
    Layer(2, 1, False)
    Layer(2, 1, slope=0.1)  # type: ignore[call-arg]
    MLP(2, [1, 1])
    MLP(2, [1, 1], activation="tanh", init="he")
    tanh = {"activation": "tanh", "init": "he"}
    assert given == [
        {}, {"nonlin": True}, {"nonlin": False}, {"slope": 0.1},
        {"nonlin": True}, {"nonlin": False},
        {"nonlin": True, **tanh}, {"nonlin": False, **tanh},
    ]  # fmt: skip


@pytest.mark.usefixtures("always_taped")
def test_a_replaced_call_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Neuron, Layer or MLP, whatever a tape would replay."""
    random.seed(5)
    model = MLP(2, [3, 1])
    for kind in (Neuron, Layer, MLP):
        with monkeypatch.context() as patch:
            old: Callable[..., Any] = kind.__call__

            def call(self: Any, x: Any, old: Callable[..., Any] = old) -> Any:
                out = old(self, x)
                values = out if isinstance(out, list) else [out]
                values = [leaky(v - 0.3) for v in values]
                return values if isinstance(out, list) else values[0]

            patch.setattr(kind, "__call__", call)
            assert model.predict(ROWS) == numbers(model)
            assert not can_replay(model)
    assert can_replay(model)


def test_replaced_parameters_are_what_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Layers, networks, names, zero_grad and fit go by them: here the biases stand still."""
    random.seed(6)
    model = MLP(2, [3, 1])
    biases = [n.b.data for layer in model.layers for n in layer.neurons]
    monkeypatch.setattr(Neuron, "parameters", lambda self: self.w)
    assert len(model.parameters()) == 9
    assert not any(name.endswith("b") for name in model.state_dict())
    fit(model, ROWS, [1, 2, 3], epochs=2, progress=False)
    assert [n.b.data for layer in model.layers for n in layer.neurons] == biases
    model.zero_grad()
    assert not any(p.grad for p in model.parameters())


def test_a_program_with_parts_of_its_own_prints_what_it_prints_with_micrograd() -> None:
    """A replaced activation, a replaced constructor and a derived network, on either engine."""
    theirs = pytest.importorskip("micrograd.nn")
    outcomes = []
    for module, value in ((theirs, pytest.importorskip("micrograd.engine").Value), (nn, Value)):
        with pytest.MonkeyPatch.context() as patch:
            outcomes.append(list(own_program(module, value, patch)))
    assert outcomes[1][0] == outcomes[0][0]
    assert outcomes[1][1:] == pytest.approx(outcomes[0][1:], rel=1e-12)


def own_program(module: Any, value: Any, patch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A user's program: what it prints."""

    def squared(self: Any) -> Any:
        return self * self if self.data > 0 else self * 0.01

    def constructor(self: Any, nin: int, nonlin: bool = True) -> None:
        self.w = [value(random.gauss(0, 1)) for _ in range(nin)]
        self.b = value(random.random())
        self.nonlin = nonlin

    class Net(module.MLP):  # type: ignore[misc]
        def __init__(self, sizes: list[int]) -> None:
            self.layers = [module.Layer(n, m) for n, m in itertools.pairwise(sizes)]
            self.shift = value(0.25)

        def __call__(self, x: Any) -> Any:
            return super().__call__(x) - self.shift

        def parameters(self) -> Any:
            return [*super().parameters(), self.shift]

    patch.setattr(value, "relu", squared)
    patch.setattr(module.Neuron, "__init__", constructor)
    random.seed(7)
    net = Net([2, 3, 1])
    yield repr(net)
    for _ in range(3):
        loss = sum((net(row) - 1) ** 2 for row in ROWS)
        net.zero_grad()
        loss.backward()
        for p in net.parameters():
            p.data -= 0.001 * p.grad
        yield loss.data


# --- subclasses with an ``__init__`` of their own -------------------------------------------------


class Bare(Neuron):
    """A neuron that sets its weights alone."""

    def __init__(self, nin: int) -> None:
        self.w = [Value(0.5) for _ in range(nin)]
        self.b = Value(-1.0)


class Sloped(Neuron):
    """A neuron with a slope that learns."""

    def __init__(self, nin: int) -> None:
        super().__init__(nin)
        self.slope = Value(0.1)

    def __call__(self, x: Any) -> Value:
        act: Value = sum((wi * xi for wi, xi in zip(self.w, x, strict=True)), self.b)
        return act if act.data > 0 else act * self.slope

    def parameters(self) -> list[Value]:
        return [*super().parameters(), self.slope]


def test_a_subclass_sets_only_what_it_wants(tmp_path: Path) -> None:
    """Calls, representations, parameters, names, files and copies need no call of super."""
    neuron = Bare(2)
    assert (neuron([3.0, 4.0]).data, neuron([0.0, 0.0]).data) == (2.5, 0.0)
    assert repr(neuron) == "ReLUNeuron(2)"
    assert neuron.state_dict() == {"w0": 0.5, "w1": 0.5, "b": -1.0}
    other = Bare(2)
    other.b.data = 7.0
    neuron.load_weights(other.save(tmp_path / "bare.json"))
    assert neuron.b.data == 7.0
    neuron.nonlin = False
    assert repr(neuron) == "LinearNeuron(2)"
    assert neuron.predict([[1.0, 2.0]]) == [8.5]
    neuron.nonlin, neuron.activation = True, Value.tanh
    assert neuron([1.0, 2.0]).data == Value(8.5).tanh().data
    assert repr(neuron) == "tanhNeuron(2)"
    assert not can_replay(neuron)


def test_layers_and_networks_may_set_only_what_they_call(tmp_path: Path) -> None:
    """A Layer of neurons of one's own, and an MLP of such layers, without a call of super."""

    class Row(Layer):
        def __init__(self, nin: int, nout: int) -> None:
            self.neurons = [Bare(nin) for _ in range(nout)]

    class Net(MLP):
        def __init__(self) -> None:
            self.layers = [Row(2, 3), Row(3, 1)]

    net = Net()
    assert net([4.0, 2.0]).data == 2.0
    assert repr(net) == (
        "MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2), ReLUNeuron(2)], Layer of [ReLUNeuron(3)]]"
    )
    assert list(net.state_dict())[:3] == [f"layers.0.neurons.0.{end}" for end in ("w0", "w1", "b")]
    assert len(net.state_dict()) == len(net.parameters()) == 13
    other = Net()
    other.layers[1].neurons[0].b.data = 3.0
    net.load_weights(other.save(tmp_path / "net.json"))
    assert net.state_dict() == other.state_dict()


@pytest.mark.usefixtures("always_taped")
def test_a_subclass_that_calls_what_its_class_calls_is_replayed() -> None:
    """A tape is taken for what it stands for: the functions called, not the names of classes."""

    class Named(MLP):
        """A network with something to tell."""

        creator = "someone"

    random.seed(8)
    model = Named(2, [3, 1])
    assert can_replay(model)
    assert model.predict(ROWS) == pytest.approx(numbers(model), rel=1e-12)
    model.layers[0].neurons[1] = Sloped(2)
    assert not can_replay(model)
    assert model.predict(ROWS) == numbers(model)
    shared = Neuron(2)
    shared.w[0] = shared.w[1] * 2  # computed once, when it was made; a tape would do it again
    assert not can_replay(shared)


def test_parameters_of_a_neuron_of_ones_own_are_kept_and_learned() -> None:
    """A slope beside weights and bias has a name, forgets its gradient, and is fitted."""
    random.seed(9)
    model = MLP(2, [2, 1])
    model.layers[0].neurons = [Sloped(2), Sloped(2)]
    names = list(model.state_dict())
    assert len(set(names)) == len(model.parameters()) == 11
    assert "layers.0.neurons.1.slope" in names
    before = model.state_dict()
    history = fit(model, ROWS, [1.0, 2.0, 3.0], epochs=20, lr=0.02, progress=False)
    assert history.loss[-1] < history.loss[0]
    moved = [name for name, number in model.state_dict().items() if number != before[name]]
    assert any(name.endswith("slope") for name in moved)
    model.load_state_dict(before)
    assert model.state_dict() == before
    model.zero_grad()
    assert not any(p.grad for p in model.parameters())


# --- inputs -------------------------------------------------------------------------------------


def arrays(library: str) -> list[Any]:
    """Inputs as a library has them, all of them 1 and 2."""
    module = pytest.importorskip(library)
    if library == "numpy":
        return [
            module.array([1.0, 2.0]), module.array([[1, 2], [3, 4]])[0],
            [module.float32(1), module.array(2.0)], module.array([Value(1.0), 2.0], dtype=object),
        ]  # fmt: skip
    return [module.tensor([1.0, 2.0]), [module.tensor(1.0), 2], module.tensor([[1, 2]])[0]]


ONE_AND_TWO: dict[str, Callable[[], list[Any]]] = {
    "sequences": lambda: [(1, 2), range(1, 3), {"a": 1, "b": 2}.values()],
    "keys": lambda: [{1: "a", 2: "b"}, {1: 0, 2: 0}.keys(), {Value(1.0): 0, Value(2.0): 0}],
    "iterators": lambda: [(x for x in (1, 2)), map(float, ["1", "2"]), iter([1, 2])],
    "values": lambda: [[Value(1.0), 2], (Value(1.0), Value(2.0))],
    "numpy": lambda: arrays("numpy"),
    "torch": lambda: arrays("torch"),
}


@pytest.mark.parametrize("kind", ONE_AND_TWO)
@pytest.mark.parametrize("make", [lambda: Neuron(2), lambda: Layer(2, 3), lambda: MLP(2, [3, 1])])
def test_inputs_are_whatever_can_be_gone_through(kind: str, make: Callable[[], Any]) -> None:
    """A dict gives its keys, as to any loop; every neuron of a layer sees all of a generator."""
    random.seed(10)
    model = make()

    def outputs(x: Any) -> list[float]:
        out = model(x)
        return [v.data for v in (out if isinstance(out, list) else [out])]

    for x in ONE_AND_TWO[kind]():
        assert outputs(x) == outputs([1.0, 2.0])


def test_columns_go_through_linear_neurons() -> None:
    """Arrays for inputs give arrays of Values, one for each element."""
    np = pytest.importorskip("numpy")
    layer = Layer(2, 2, nonlin=False)
    columns = layer([np.array([1.0, 3.0]), np.array([2.0, 4.0])])
    expected = [[v.data for v in layer(row)] for row in ([1.0, 2.0], [3.0, 4.0])]
    assert [[v.data for v in row] for row in zip(*columns, strict=True)] == expected


def test_an_activation_may_give_a_plain_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """As micrograd lets it: the next layer takes numbers as well as Values."""
    model = MLP(2, [3, 1])
    monkeypatch.setattr(Value, "relu", lambda self: max(0.0, self.data))
    assert all(type(out) is float for out in model.layers[0]([1.0, 2.0]))
    assert isinstance(model([1.0, 2.0]), Value)


def test_a_class_of_values_that_is_replaced_in_the_module_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One with micrograd's arguments, and operations of its own, is what weights are made of."""

    class Counted(Value):
        count = 0

        def __init__(self, data: float, _children: Any = (), _op: str = "") -> None:
            super().__init__(data, _children, _op)
            Counted.count += 1

    monkeypatch.setattr(nn, "Value", Counted)
    model = MLP(2, [3, 1])
    assert Counted.count == 13
    assert all(type(p) is Counted for p in model.parameters())
    assert next(iter(model.state_dict())) == "layer0.neuron0.w0"


@pytest.mark.parametrize("make", [lambda: Neuron(2), lambda: Layer(2, 3), lambda: MLP(2, [3, 1])])
def test_a_wrong_number_of_inputs_is_told_of_every_kind(make: Callable[[], Any]) -> None:
    """Of generators, ranges and arrays as of lists; texts, sets and numbers are none."""
    model = make()
    for x in ((v for v in [1.0]), map(float, range(3)), range(1), (1, 2, 3)):
        with pytest.raises(
            ValueError, match=r"takes 2 inputs, not [13]; make the network with nin"
        ):
            model(x)
    for wrong in ("ab", {1, 2}, {"a": 2, "b": 4}):
        with pytest.raises(TypeError, match=r"takes a list of numbers, as in \[1.0, 2.0\], not "):
            model(wrong)


def test_rows_to_predict_are_of_any_kind() -> None:
    """Arrays, and generators of generators; an array goes to a model of one's own as it is."""
    np = pytest.importorskip("numpy")
    model = MLP(2, [3, 1])
    expected = model.predict(ROWS, tape=False)
    assert model.predict(np.array(ROWS), tape=False) == expected
    assert model.predict((iter(row) for row in ROWS), tape=False) == expected  # type: ignore[arg-type]
    assert model.accuracy(map(iter, ROWS), [x > 0 for x in expected]) == 1.0  # type: ignore[arg-type]

    class OfArrays(Module):
        def __call__(self, x: Any) -> Any:
            return Value(x.sum())

    assert OfArrays().predict(np.array(ROWS)) == [sum(row) for row in ROWS]


# --- a network of given layers --------------------------------------------------------------------


class Scaled(Module):
    """A layer of one's own: a matrix of weights and a scale that the user named."""

    def __init__(self, nin: int, nout: int) -> None:
        self.weight = [[Value(random.uniform(-1, 1)) for _ in range(nin)] for _ in range(nout)]
        self.scale = Value(2.0, label="my scale")

    def __call__(self, x: Any) -> list[Value]:
        sums: Any = (sum(w * v for w, v in zip(row, x, strict=True)) for row in self.weight)
        return [total * self.scale for total in sums]


def test_a_network_is_made_of_given_layers(tmp_path: Path) -> None:
    """Layers, Modules of one's own and functions; weights are named by their layer."""
    random.seed(11)

    def halves(values: list[Value]) -> Iterator[Value]:
        return (v / 2 for v in values)

    def make() -> MLP:
        return MLP(layers=[Layer(2, 3), Scaled(3, 2), halves, Layer(2, 1, nonlin=False)])

    model = make()
    hidden = [v.data / 2 for v in Scaled.__call__(model.layers[1], model.layers[0]([1.0, 2.0]))]  # type: ignore[arg-type]
    assert model([1.0, 2.0]).data == model.layers[3](hidden).data
    names = list(model.state_dict())
    assert names[:3] == ["layer0.neuron0.w0", "layer0.neuron0.w1", "layer0.neuron0.b"]
    assert names[9:12] == ["layer1.weight.0.0", "layer1.weight.0.1", "layer1.weight.0.2"]
    assert names[15:] == ["my scale", "layer3.neuron0.w0", "layer3.neuron0.w1", "layer3.neuron0.b"]
    assert model([1.0, 2.0]).label == "layer3.neuron0"
    assert repr(model).endswith("halves, Layer of [LinearNeuron(2)]]")
    assert not can_replay(model)
    model.about = {"columns": ["size", "age"]}
    other = make()
    other.load_weights(model.save(tmp_path / "own.json"))
    assert other.predict(ROWS) == model.predict(ROWS) == numbers(model)
    assert other.about == model.about


def test_the_layers_of_a_network_may_be_exchanged() -> None:
    """A layer put in afterwards counts, and every parameter keeps a name of its own."""
    model = MLP(2, [4, 1])
    model.layers = [Layer(2, 3), Scaled(3, 1)]  # type: ignore[list-item]
    assert len(model([1.0, 2.0])) == 1
    names = list(model.state_dict())
    assert len(set(names)) == len(model.parameters()) == 13
    assert names[0] == "layers.0.neuron0.w0"
    assert names[-2:] == ["layers.1.weight.0.2", "layers.1.my scale"]
    learner = SGD(model.parameters(), lr=0.1)
    model([1.0, 2.0])[0].backward()
    learner.step()
    model.layers = [Layer(2, 2), Layer(2, 1)]
    assert can_replay(model)


def test_names_that_layers_have_stay_in_a_network() -> None:
    """A named Layer keeps its name; a layer that stands twice is learned once under one name."""
    shared = Layer(2, 2)
    model = MLP(layers=[Layer(2, 2, name="encoder"), shared, shared], name="net")
    assert [layer.name for layer in model.layers] == ["encoder", "net.layer1", "net.layer1"]
    assert list(model.state_dict())[5:7] == ["encoder.neuron1.b", "net.layer1.neuron0.w0"]
    assert len(model.state_dict()) == 12


def test_a_weight_that_neurons_share_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the first that has it."""
    bias = Value(1.0)

    class Sharing(Neuron):
        def __init__(self, nin: int, nonlin: bool = True) -> None:
            self.w, self.b, self.nonlin = [Value(1.0) for _ in range(nin)], bias, nonlin

    monkeypatch.setattr(nn, "Neuron", Sharing)
    layer = Layer(1, 2)
    assert list(layer.state_dict()) == ["neuron0.w0", "neuron0.b", "neuron1.w0"]
    assert bias.label == "neuron0.b"


def test_only_networks_that_sizes_describe_are_saved_as_such(tmp_path: Path) -> None:
    """A given Layer is described; other neurons, names or mixed activations are not."""
    file = tmp_path / "model.json"
    described = MLP(layers=[Layer(2, 3, activation="tanh"), Layer(3, 1, nonlin=False)])
    loaded = MLP.load(described.save(file))
    assert repr(loaded) == repr(described)
    assert loaded.state_dict() == described.state_dict()
    changes: list[Callable[[MLP], Any]] = [
        lambda model: setattr(model.layers[0].neurons[0], "nonlin", False),
        lambda model: setattr(model.layers[0].neurons[0].b, "label", "offset"),
        lambda model: setattr(model.layers[0], "neurons", [Sloped(2), Sloped(2), Sloped(2)]),
        lambda model: setattr(model, "layers", []),
    ]
    for change in changes:
        model = MLP(2, [3, 1])
        change(model)
        model.save(file)
        with pytest.raises(
            ValueError, match=r"has the weights of a model, .* load_weights\(path\)"
        ):
            MLP.load(file)
        state = model.state_dict()
        for p in model.parameters():
            p.data = 0.0
        model.load_weights(file)
        assert model.state_dict() == state


def test_the_weights_of_a_networks_file_go_into_one_that_is_there(tmp_path: Path) -> None:
    """load_weights reads what a network saved, too; another's weights change nothing."""
    one, other = MLP(2, [3, 1]), MLP(2, [3, 1], activation="tanh")
    path = one.save(tmp_path / "model.json")
    other.load_weights(path)
    assert other.state_dict() == one.state_dict()
    small = MLP(2, [1])
    before = small.state_dict()
    with pytest.raises(ValueError, match=r"model.json: load_state_dict: missing .*, unknown "):
        small.load_weights(path)
    assert small.state_dict() == before


WRONG: list[tuple[Callable[[], Any], str]] = [
    (lambda: MLP(), "MLP: nin is 0; it is to be a whole number from 1 up"),
    (lambda: MLP(2), "MLP: nouts is (); it is to be the sizes of the layers, as in [16, 1]"),
    (lambda: MLP(layers=[]), "MLP: layers is []; give at least one, as in [Layer(2, 1)]"),
    (lambda: MLP(layers=3), "MLP: layers: takes a list of layers, as in [Layer(2, 3), Layer(3, 1)"),  # type: ignore[arg-type]
    (lambda: MLP(layers=[3]), "MLP: layers[0] is 3; it is to be a function of a list of Values"),  # type: ignore[list-item]
    (
        lambda: MLP(2, [1], layers=[Layer(2, 1)]),
        "MLP: layers have sizes and activations; give only",
    ),
    (
        lambda: MLP(layers=[Layer(2, 1)], activation="tanh"),
        "MLP: layers have sizes and activations",
    ),
]


@pytest.mark.parametrize(("mistake", "message"), WRONG, ids=[message for _, message in WRONG])
def test_wrong_layers_are_told(mistake: Callable[[], Any], message: str) -> None:
    """Nothing given, nothing to call, or sizes beside layers."""
    with pytest.raises((TypeError, ValueError)) as caught:
        mistake()
    assert message in str(caught.value)


def test_one_output_goes_on_as_a_list() -> None:
    """Between layers of one neuron, and to a user's layer, which sees lists alone."""
    seen: list[Any] = []

    def watch(x: Any) -> Any:
        seen.append(x)
        return x[0] * 2

    model = MLP(layers=[Layer(1, 1), watch, Layer(1, 1, nonlin=False)])
    assert isinstance(model([2.0]), Value)
    assert [type(x) for x in seen] == [list]
    pytest.importorskip("numba")
    assert Tape(model([x := Value(2.0)]), [x]).forward([[2.0]]).tolist() == [model([2.0]).data]


def test_a_weight_with_a_hook_is_learned_by_the_engine() -> None:
    """A tape would not run the hook, which may freeze the weight."""
    random.seed(1)
    model: Any = MLP(2, [3, 1])
    assert can_replay(model)
    w = model.layers[0].neurons[0].w[0]
    w._backward = lambda: setattr(w, "grad", 0.0)
    assert not can_replay(model)
    before = w.data
    fit(model, [[0.0, 1.0], [1.0, 0.5]], [1.0, 0.0], epochs=3, lr=0.1, progress=False)
    assert w.data == before
