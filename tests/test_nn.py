"""Neurons, layers and networks."""

import copy
import json
import math
import pickle
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from micrograd_like import MLP, Layer, Module, Neuron, Tape, Value, modules, rule, tanh
from micrograd_like.compile import tape
from micrograd_like.draw import render
from micrograd_like.nn import activations
from micrograd_like.rules import RULES


def test_the_numbers_are_those_of_micrograd_under_the_same_seed() -> None:
    """The same draws, the same sums: outputs, losses and gradients agree to rounding."""
    theirs_engine = pytest.importorskip("micrograd.engine")
    theirs_nn = pytest.importorskip("micrograd.nn")
    outcomes = []
    for network, value in ((theirs_nn.MLP, theirs_engine.Value), (MLP, Value)):
        random.seed(1337)
        model: Any = network(3, [4, 4, 1])
        points = [[0.5, -1.0, 2.0], [1.5, 0.25, -0.5]]
        scores = [model(list(map(value, p))) for p in points]
        losses = [(1 + -y * s).relu() for y, s in zip([1, -1], scores, strict=True)]
        total = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters())
        model.zero_grad()
        total.backward()
        outcomes.append([total.data, *(p.grad for p in model.parameters())])
    assert outcomes[1] == pytest.approx(outcomes[0], rel=1e-12, abs=1e-15)


def test_representations_are_those_of_micrograd() -> None:
    """What prints there prints here."""
    assert repr(MLP(2, [2, 1])) == (
        "MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(2)]]"
    )


def test_every_parameter_and_every_neuron_has_a_name() -> None:
    """Names tell layer, neuron and weight; a neuron's output carries the neuron's."""
    model = MLP(2, [3, 1])
    names = [name for name, _ in model.named_parameters()]
    assert names[:4] == [f"layer0.neuron0.{end}" for end in ("w0", "w1", "b")] + [
        "layer0.neuron1.w0"
    ]
    assert names[-1] == "layer1.neuron0.b"
    assert len(set(names)) == len(names) == 13
    assert model([1.0, 2.0]).label == "layer1.neuron0"
    assert [v.label for v in model.layers[0]([1.0, 2.0])][2] == "layer0.neuron2"
    assert [p.label for p in Neuron(1).parameters()] == ["w0", "b"]


def test_a_neuron_is_its_formula() -> None:
    """activation(w·x + b), for each activation by name."""
    neuron = Neuron(2, activation="tanh")
    x = [0.5, -1.5]
    z = neuron.b.data + neuron.w[0].data * x[0] + neuron.w[1].data * x[1]
    assert neuron(x).data == Value(z).tanh().data
    assert Neuron(2, activation="leaky_relu", init="zeros")([1.0, 2.0]).data == 0.0
    line = Neuron(2, nonlin=False, init="zeros")
    line.b.data = -1.0
    assert line([1.0, 2.0]).data == -1.0
    line.nonlin = True
    assert line([1.0, 2.0]).data == 0.0


def test_a_network_of_other_activation_has_a_linear_output() -> None:
    """The choice of activation is for the hidden layers."""
    model = MLP(1, [2, 1], activation="tanh", init="xavier")
    assert [n.nonlin for layer in model.layers for n in layer.neurons] == [True, True, False]


def test_the_same_seed_gives_the_same_network() -> None:
    """Initialization draws from the random module alone."""
    states = []
    for _ in range(2):
        random.seed(5)
        states.append(MLP(2, [3, 1], init="he").state_dict())
    assert states[0] == states[1]


@pytest.mark.parametrize("x", [[1.0], [1.0, 2.0, 3.0], []])
def test_a_wrong_number_of_inputs_is_an_error(x: list[float]) -> None:
    """Never a truncated sum."""
    with pytest.raises(ValueError, match=f"takes 2 inputs, not {len(x)}"):
        MLP(2, [2, 1])(x)


def test_impossible_architectures_are_refused() -> None:
    """Each says what is allowed."""
    for make in (lambda: MLP(0, [1]), lambda: Neuron(-1), lambda: Layer(1, 0), lambda: MLP(1, [])):
        with pytest.raises(ValueError, match=r"from 1 up|sizes of the layers"):
            make()
    with pytest.raises(ValueError, match="activation is 'tan_h'; it is to be one of linear, "):
        Neuron(1, activation="tan_h")
    with pytest.raises(ValueError, match="Neuron: init is 'random'; it is to be one of uniform"):
        Neuron(1, init="random")


def test_a_state_goes_out_and_in() -> None:
    """state_dict and load_state_dict are inverse."""
    one, other = MLP(2, [2, 1]), MLP(2, [2, 1])
    other.load_state_dict(one.state_dict())
    assert other.state_dict() == one.state_dict()
    assert other([1.0, 2.0]).data == one([1.0, 2.0]).data


def test_a_state_that_does_not_fit_changes_nothing() -> None:
    """A name too few, a name too many, or text for a number: no parameter is changed."""
    model = MLP(1, [1])
    before = model.state_dict()
    wrong: list[dict[str, Any]] = [{}, {**before, "more": 1.0}, {**before, "layer0.neuron0.b": "1"}]
    for state in wrong:
        with pytest.raises((KeyError, TypeError), match="load_state_dict"):
            model.load_state_dict(state)
        assert model.state_dict() == before


def test_a_network_is_pickled_and_copied() -> None:
    """Its numbers, its names and its activation come along."""
    model = MLP(2, [3, 1], activation="tanh")
    for copied in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert copied.state_dict() == model.state_dict()
        assert copied([1.0, 2.0]).data == model([1.0, 2.0]).data


def test_zero_grad_forgets_gradients() -> None:
    """After zero_grad every gradient is 0."""
    model = MLP(1, [1])
    model([2.0]).backward()
    assert any(p.grad for p in model.parameters())
    model.zero_grad()
    assert not any(p.grad for p in model.parameters())
    assert Module().parameters() == []


def test_a_program_written_for_micrograd_gives_the_same_numbers() -> None:
    """Every operator that micrograd has, with shared nodes, on either engine."""
    theirs = pytest.importorskip("micrograd.engine")
    outcomes = []
    for value in (theirs.Value, Value):
        p, q = value(1.5), value(-0.75)
        r = p * q - q**3 + 2
        s = (r + 1.5 * p).relu() - (q - r).relu() + 3 / (p - q)
        s += s * 0.5 + (-r) / 4
        t = (s - 1) ** 2 + 1 - q
        t.backward()
        outcomes.append([t.data, p.grad, q.grad, r.grad, s.grad])
    assert outcomes[1] == pytest.approx(outcomes[0], rel=1e-12)


def test_a_name_is_a_prefix() -> None:
    """A named network keeps its parameters apart from another's."""
    model = MLP(2, [2, 1], name="net")
    assert len(model.state_dict()) == 9
    assert next(model.named_parameters())[0] == "net.layer0.neuron0.w0"
    assert [n.name for n in Layer(1, 2, name="head").neurons] == ["head.neuron0", "head.neuron1"]


TORCH_NAMES = {"asin": (-0.9, 0.9), "acos": (-0.9, 0.9), "log": (0.1, 4.0), "sqrt": (0.1, 4.0)}


@pytest.mark.parametrize("name", [n for n in sorted(activations()) if n != "log1p"])
def test_activations_and_their_gradients_are_those_of_pytorch(name: str) -> None:
    """A neuron's output and its weight's gradient agree to 1e-12 on random input."""
    torch = pytest.importorskip("torch")
    functions = torch.nn.functional
    theirs = (
        {
            "normal_cdf": torch.special.ndtr,
            "log_ndtr": torch.special.log_ndtr,
            "softplus": lambda z: functions.softplus(z, threshold=1e9),  # theirs gives up at 20
        }.get(name)
        or getattr(torch, name, None)
        or getattr(functions, name)
    )
    low, high = TORCH_NAMES.get(name, (-4.0, 4.0))
    chance = random.Random(7)
    neuron = Neuron(1, activation=name)
    for _ in range(50):
        x, w = 1.25, chance.uniform(low, high) / 1.25
        neuron.load_state_dict({"w0": w, "b": 0.0})
        neuron.zero_grad()
        out = neuron([x])
        out.backward()
        leaf = torch.tensor(w, dtype=torch.float64, requires_grad=True)
        expected = theirs(leaf * x)
        expected.backward()
        assert out.data == pytest.approx(expected.item(), rel=1e-12, abs=1e-15)
        assert neuron.w[0].grad == pytest.approx(leaf.grad.item(), rel=1e-12, abs=1e-15)


def bent(slope: float) -> Callable[..., Any]:
    """A rule of a user's own, to be taken out of the table again by `without`."""

    @rule("bent", f"x if x > 0 else {slope} * x", f"1 if x > 0 else {slope}")
    def bent(x: Any) -> Any:
        """The number, below 0 a part of it."""
        return (x, 1.0) if x > 0 else (slope * x, slope)

    return bent


@pytest.fixture
def without() -> Iterator[None]:
    """The table has no rule of this file after a test."""
    yield
    del RULES["bent"]
    delattr(Value, "bent")


@pytest.mark.usefixtures("without")
def test_a_rule_of_ones_own_is_an_activation(tmp_path: Path) -> None:
    """By its name or as the function itself, in a neuron and a network, saved and loaded."""
    for activation in (bent(0.5), "bent"):
        neuron = Neuron(1, activation=activation, init="zeros")
        neuron.load_state_dict({"w0": 1.0, "b": 0.0})
        assert (neuron([-2.0]).data, neuron([2.0]).data) == (-1.0, 2.0)
        assert repr(neuron) == "bentNeuron(1)"
        model = MLP(1, [2, 1], activation=activation)
        assert [v.op for v in model.layers[0]([1.0])] == ["bent", "bent"]
        path = model.save(tmp_path / "model.json")
        assert MLP.load(path).predict([[1.0], [-1.0]]) == model.predict([[1.0], [-1.0]])
    assert MLP(1, [1, 1], activation=[tanh, "bent"]).layers[1].neurons[0].activation == "bent"


@pytest.mark.usefixtures("without")
def test_an_activation_is_looked_up_when_it_is_used() -> None:
    """A rule that is defined again, as in a notebook's cell, is that of neurons made before."""
    bent(0.5)
    neuron = Neuron(1, activation="bent", init="zeros")
    neuron.b.data = -1.0
    assert neuron([0.0]).data == -0.5
    bent(0.25)
    assert neuron([0.0]).data == -0.25


def test_each_layer_may_have_its_own_activation_and_initialization() -> None:
    """A list names those of all layers, the last included; one name leaves the last linear."""
    model = MLP(2, [3, 2, 1], activation=["tanh", "linear", "sigmoid"], init=["he", "zeros", "he"])
    kinds = [(n.activation, n.nonlin) for n in (layer.neurons[0] for layer in model.layers)]
    assert kinds == [("tanh", True), ("linear", False), ("sigmoid", True)]
    assert repr(model.layers[1]) == "Layer of [LinearNeuron(3), LinearNeuron(3)]"
    assert not any(p.data for p in model.layers[1].parameters())
    assert 0 < model([1.0, 2.0]).data < 1
    assert MLP(1, [1, 1], nonlin=True).layers[1].neurons[0].nonlin
    with pytest.raises(ValueError, match="MLP: activation lists 2 names for 3 layers"):
        MLP(2, [3, 2, 1], activation=["tanh", "relu"])


def test_predictions_are_numbers_and_classes() -> None:
    """The most activated output neuron is the answer; one output is above 0 or not."""
    model = MLP(1, [3], init="zeros")
    for neuron, (w, b) in zip(model.layers[0].neurons, [(1, 0), (0, 0.5), (-1, 0)], strict=True):
        neuron.load_state_dict({f"{neuron.name}.w0": float(w), f"{neuron.name}.b": float(b)})
    assert model.predict([[2.0], [0.0]]) == [[2.0, 0.5, -2.0], [0.0, 0.5, 0.0]]
    assert model.classify([[2.0], [0.0], [-2.0]]) == [0, 1, 2]
    assert model.accuracy([[2.0], [0.0], [-2.0]], [0, 1, 0]) == 2 / 3
    assert model.accuracy([[2.0], [0.0]], [[1, 0, 0], [0, 1, 0]]) == 1.0
    line = Neuron(1, nonlin=False, init="zeros")
    line.load_state_dict({"w0": 2.0, "b": 1.0})
    assert line.predict([[1.0], [-1.0]]) == [3.0, -1.0]
    assert line.accuracy([[1.0], [-1.0]], [1, -1]) == line.accuracy([[1.0], [-1.0]], [1, 0]) == 1.0


def test_mistakes_in_predicting_are_told() -> None:
    """One row for several, classes that there are not, too few of them, an output that is nan."""
    line, model = Neuron(1, nonlin=False), MLP(1, [2])
    with pytest.raises(TypeError, match=r"^predict: row 0: takes a list of numbers, as in"):
        line.predict([1.0])  # type: ignore[list-item]
    with pytest.raises(ValueError, match=r"^predict: row 1: Neuron: takes 1 input, not 2; make"):
        line.predict([[1.0], [1.0, 2.0]])
    log = Neuron(1, activation="log", init="zeros")
    log.b.data = -1.0
    with pytest.raises(ValueError, match=r"^predict: row 0: log\(-1.0\): needs x > 0"):
        log.predict([[1.0]])
    with pytest.raises(ValueError, match="class 2; there are -1, 0, 1"):
        line.accuracy([[1.0]], [2])
    with pytest.raises(ValueError, match="class 'red'; there are 0, 1"):
        model.accuracy([[1.0]], ["red"])
    with pytest.raises(ValueError, match="accuracy: 1 row and 2 targets do not pair up"):
        model.accuracy([[1.0]], [1, 0])
    with pytest.raises(ValueError, match="an output is nan"):
        model.classify([[float("nan")]])


MODEL: Any = MLP(2, [2, 1])
WRONG: list[tuple[Callable[[], Any], str]] = [
    (lambda: Neuron("2"), "Neuron: nin is '2'; it is to be a whole number from 1 up"),
    (lambda: Neuron(2, "tanh"), "Neuron: nonlin is 'tanh'; it is to be True or False"),
    (lambda: Neuron(2, activation=math.tanh), "Neuron: activation is <built-in function tanh>; it"),
    (lambda: Neuron(2, activation="maximum"), "activation is 'maximum'; it is to be one of linear"),
    (lambda: Neuron(2, init=None), "Neuron: init is None; it is to be one of uniform, xavier, he"),
    (lambda: Neuron(2, name=3), "Neuron: name is 3; it is to be a text, in quotation marks"),
    (lambda: Neuron(1)(3.0), "Neuron: takes a list of numbers, as in [1.0, 2.0], not 3.0"),
    (lambda: Neuron(1)({"a": 1.0}), "Neuron: takes a list of numbers, as in [1.0, 2.0], not {'a'"),
    (lambda: Neuron(1)(["a"]), "takes a number, not the str 'a': convert it with float() first"),
    (lambda: Layer(2, None), "Layer: nout is None; it is to be a whole number from 1 up"),
    (lambda: Layer("2", 1), "Layer: nin is '2'; it is to be a whole number from 1 up"),
    (lambda: Layer(2, 1, colour="red"), "got an unexpected keyword argument 'colour'"),
    (lambda: MLP(2, 3), "MLP: nouts is 3; it is to be the sizes of the layers, as in [16, 1]"),
    (lambda: MLP("2", [1]), "MLP: nin is '2'; it is to be a whole number from 1 up"),
    (lambda: MLP(2, [3, None]), "MLP: nouts[1] is None; it is to be a whole number from 1 up"),
    (lambda: MLP(2, [3], activation="tahn"), "MLP: activation is 'tahn'; it is to be one of"),
    (lambda: MLP(2, [3], nonlin="no"), "MLP: nonlin is 'no'; it is to be True or False"),
    (lambda: MLP(2, [3], colour="red"), "got an unexpected keyword argument 'colour'"),
    (lambda: MODEL.predict(3), "predict: takes a list of rows, as in [[1.0, 2.0]], not 3"),
    (lambda: MODEL.predict([[1.0, 2.0]], tape="no"), "predict: tape is 'no'; it is to be True or"),
    (lambda: MODEL.classify(None), "predict: takes a list of rows, as in [[1.0, 2.0]], not None"),
    (lambda: MODEL.accuracy([], []), "accuracy: the data is empty; it needs at least one row"),
    (lambda: MODEL.accuracy([[1.0, 2.0]], 3), "accuracy: y: takes a list of classes, not 3"),
    (lambda: MODEL.accuracy([[1.0, 2.0]], [None]), "accuracy: class None; there are -1, 0, 1"),
    (lambda: MODEL.accuracy([[1.0, 2.0]], [["a"]]), "accuracy: a target: takes a number, not the"),
    (lambda: MODEL.load_state_dict(3), "load_state_dict: the state is 3; it is to be a dict from"),
    (lambda: MLP.load(3), "load: path is 3; it is to be a file's name"),  # type: ignore[arg-type]
    (lambda: MODEL.save(3), "save: path is 3; it is to be a file's name"),
]


@pytest.mark.parametrize(("mistake", "message"), WRONG, ids=[message for _, message in WRONG])
def test_wrong_arguments_are_told(mistake: Callable[[], Any], message: str) -> None:
    """In one line that names the function, the value and the remedy."""
    with pytest.raises((TypeError, ValueError)) as caught:
        mistake()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_model_that_gives_no_values_is_told() -> None:
    """A float where a Value is needed."""

    class Constant(Module):
        """A model that computes nothing."""

        def __call__(self, x: Any) -> Any:
            """A number."""
            return 3.0

    with pytest.raises(TypeError, match=r"predict: the model returned 3\.0, not a Value: its"):
        Constant().predict([[1.0]])


def test_a_saved_network_comes_back_bit_for_bit(tmp_path: Path) -> None:
    """Architecture, name, notes and every weight, the oddest ones included; random is not drawn."""
    random.seed(2)
    model = MLP(3, [4, 2], activation=["tanh", "sigmoid"], init="xavier", name="net")
    numbers = [5e-324, -0.0, 1.7976931348623157e308, 0.1, 1 / 3, -math.pi]
    for p, number in zip(model.parameters(), numbers, strict=False):
        p.data = number
    model.about = {"columns": ["größe", "<script>"], "scale": [1.5, None]}
    before = random.getstate()
    path = model.save(tmp_path / "model.json")
    loaded = MLP.load(path)
    assert random.getstate() == before
    assert repr(loaded) == repr(model)
    assert [p.label for p in loaded.parameters()] == [p.label for p in model.parameters()]
    assert [p.data.hex() for p in loaded.parameters()] == [p.data.hex() for p in model.parameters()]
    assert loaded.about == model.about
    again = loaded.save(tmp_path / "again.json")
    assert Path(again).read_bytes() == Path(path).read_bytes()


def damaged(text: str) -> dict[str, str]:
    """Files that are not what `save` wrote."""
    document = json.loads(text)

    def but(**changes: Any) -> str:
        return json.dumps({**document, **changes})

    state = document["parameters"]
    return {
        "is not JSON": text[: len(text) // 2],
        "is not JSON, or cut short: nested too deeply": "[" * 100_000,
        "holds a list": "[1, 2]",
        "is not UTF-8": "\udcff",
        "its format is None, not 'micrograd_like MLP'": "{}",
        "its version is 2, not 1; save it again": but(version=2),
        "its format is 'x'": but(format="x"),
        "has 17 weights; layers of these sizes need 4000000001": but(nouts=[10**9, 1]),
        "has 0 layers; a file has 1 to 10,000": but(nouts=[]),
        "its nouts is '41'; it is to be a list": but(nouts="41"),
        "its nouts[0] is 4.0; it is to be 1, 2, 3 or more": but(nouts=[4.0, 1]),
        "its parameters is [1.0]; it is to be an object": but(parameters=[1.0]),
        "its nin is True; it is to be a whole number": but(nin=True),
        "layer0.neuron0.w0 is '1', no finite float": but(
            parameters={**state, "layer0.neuron0.w0": "1"}
        ),
        "w0 is nan, no finite float": but(parameters={**state, "layer0.neuron0.w0": math.nan}),
        "w0 is inf": but(parameters={**state, "layer0.neuron0.w0": math.inf}),
        "w0 is None": but(parameters={**state, "layer0.neuron0.w0": None}),
        "the state is that of another network": but(
            parameters={("x" if k == "layer0.neuron0.b" else k): v for k, v in state.items()}
        ),
        "activation is '__import__'": but(activation=["__import__", "linear"]),
        "activation lists 1 name for 2 layers": but(activation=["tanh"]),
        "activation is 5; it is to be one of": but(activation=[5, 5]),
        "its activation is None; it is to be a list": json.dumps(
            {k: v for k, v in document.items() if k != "activation"}
        ),
        "its name is [1]; it is to be a text": but(name=[1]),
        "its about is [1]; it is to be an object": but(about=[1]),
    }


def test_files_that_are_no_networks_are_refused(tmp_path: Path) -> None:
    """Each in one line with the path, and nothing is changed."""
    model = MLP(2, [4, 1])
    text = Path(model.save(tmp_path / "model.json")).read_text()
    for message, content in damaged(text).items():
        path = tmp_path / "damaged.json"
        path.write_bytes(content.encode(errors="surrogateescape"))
        with pytest.raises(ValueError, match=r"damaged.json: ") as caught:
            MLP.load(path)
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)
    with pytest.raises(FileNotFoundError, match="there is no such file; check its name"):
        MLP.load(tmp_path / "none.json")
    huge = tmp_path / "huge.json"
    with huge.open("wb") as file:
        file.truncate(101 * 2**20)
    with pytest.raises(ValueError, match="has 105,906,176 bytes; at most"):
        MLP.load(huge)


def test_what_cannot_be_saved_leaves_the_file_that_is_there(tmp_path: Path) -> None:
    """A weight that is not finite, notes that are no JSON, a folder that is not there."""
    path = tmp_path / "model.json"
    model = MLP(1, [1])
    model.save(path)
    before = path.read_bytes()
    w = model.parameters()[0]
    w.data, number = math.inf, w.data
    with pytest.raises(ValueError, match=r"save: layer0.neuron0.w0 is inf"):
        model.save(path)
    w.data = number
    model.about = {"set": {1, 2}}
    with pytest.raises(TypeError, match="save: about holds what JSON has not: "):
        model.save(path)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        MLP(1, [1]).save(tmp_path / "no" / "model.json")
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["model.json"]


@pytest.mark.parametrize("nouts", [[5, 1], [4, 3]])
def test_predict_through_the_tape_gives_the_engines_numbers(nouts: list[int]) -> None:
    """One output or several; classes and the share of right ones with them."""
    pytest.importorskip("numba")
    random.seed(6)
    model = MLP(2, nouts, activation="tanh")
    X = [[random.uniform(-2, 2), random.uniform(-2, 2)] for _ in range(300)]
    eager, taped = model.predict(X, tape=False), model.predict(X, tape=True)
    flat = [
        [v for row in rows for v in (row if isinstance(row, list) else [row])]
        for rows in (eager, taped)
    ]
    assert flat[0] == pytest.approx(flat[1], rel=1e-12, abs=1e-13)
    assert type(flat[1][0]) is float
    assert model.predict([], tape=True) == []


class Rectifier(Module):
    """A model with a branch on its data."""

    def parameters(self) -> list[Value]:
        """None."""
        return []

    def __call__(self, x: Any) -> Any:
        """The number, or zero."""
        return Value(x[0]) if x[0] > 0 else Value(0.0)


def test_predict_takes_the_tape_by_itself_where_it_is_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks of this package's neurons, where it is worth it; no other model."""
    pytest.importorskip("numba")
    taken: list[Any] = []

    class Watched(Tape):
        """A tape that is seen."""

        def __init__(self, *arguments: Any) -> None:
            taken.append(arguments)
            super().__init__(*arguments)

    monkeypatch.setattr(modules, "Tape", Watched)
    mixed = MLP(1, [2, 1])
    mixed.layers[0].neurons[0] = Rectifier()  # type: ignore[call-overload]
    for much, count in ((-1, 3), (10**9, 0)):
        monkeypatch.setattr(tape, "MUCH", much)
        taken.clear()
        for model in (MLP(1, [2, 1]), Layer(1, 2), Neuron(1), Rectifier(), mixed):
            model.predict([[1.0], [-1.0]])
        assert len(taken) == count
    monkeypatch.setattr(tape, "MUCH", -1)
    taken.clear()
    assert math.isnan(MLP(1, [2, 1]).predict([[1.0], [math.nan]])[1])  # which a tape refuses
    assert not taken


def test_predict_leaves_what_is_no_table_of_numbers_to_the_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rows of Values, of other lengths, of texts: the answers and the errors of the engine."""
    pytest.importorskip("numba")
    model = MLP(2, [2, 1])
    numbers = model.predict([[1.0, 2.0], [3.0, 4.0]], tape=False)
    monkeypatch.setattr(tape, "MUCH", -1)
    assert model.predict([[Value(1.0), 2.0], [3, 4]]) == numbers  # type: ignore[list-item]
    assert model.predict([]) == []
    for rows, message in (
        ([[1.0, 2.0], [3.0]], "predict: row 1: .*takes 2 inputs, not 1"),
        ([[1.0, 2.0], [3.0, "a"]], "predict: row 1: .*not the str 'a'"),
    ):
        with pytest.raises((TypeError, ValueError), match=message):
            model.predict(rows)  # type: ignore[arg-type]


def test_a_model_shows_its_network() -> None:
    """A notebook has a picture of it, for LaTeX too, and its text; a Neuron and a Layer as well."""
    for model, title in [
        (MLP(2, [4, 1]), "network: 2 inputs, 5 neurons"),
        (Layer(3, 2, name="h"), "network: 3 inputs, 2 neurons"),
        (Neuron(2), "network: 2 inputs, 1 neuron"),
    ]:
        data, sizes = model._repr_mimebundle_()
        assert data["text/plain"] == str(model)
        assert title in data["text/html"]
        assert data["image/png"].startswith(b"\x89PNG")
        assert sizes["image/png"]["width"] <= 1100


def test_a_model_of_ones_own_shows_its_network_and_stays_as_it_is() -> None:
    """Its code is run, on a copy: what it keeps, its gradients, and random numbers stay."""

    class Recurrent(Module):
        def __init__(self) -> None:
            self.cell, self.state, self.calls = Neuron(2, activation="tanh"), Value(0.5), 0

        def __call__(self, x: Any) -> Value:
            self.calls += 1
            self.state = self.cell([x[0] + random.random(), self.state])
            return self.state

    model = Recurrent()
    model([1.0]).backward()
    kept, grads, drawn = model.state, [p.grad for p in model.parameters()], random.getstate()
    data, _ = model._repr_mimebundle_()
    assert "image/png" in data
    assert (model.state, model.calls, random.getstate()) == (kept, 1, drawn)
    assert [p.grad for p in model.parameters()] == grads


@pytest.mark.filterwarnings("error")
def test_showing_a_model_is_not_noticed(capfd: pytest.CaptureFixture[str]) -> None:
    """NumPy's random numbers go on as before; nothing is printed, and no warning comes through."""
    np = pytest.importorskip("numpy")

    class Loud(Module):
        def __init__(self) -> None:
            self.neuron, self.data, self.log = Neuron(2), [[0.0, 1.0], [2.0, 3.0]], ["made"]

        def __call__(self, x: Any) -> Value:
            print("called")
            print("called", file=sys.stderr)
            warnings.warn("called", stacklevel=1)
            self.data[0][0] += np.random.rand()
            self.log.append("called")
            return self.neuron(x)

    model = Loud()
    np.random.seed(1)
    first = np.random.rand(2).tolist()
    np.random.seed(1)
    assert "image/png" in model._repr_mimebundle_()[0]
    assert np.random.rand(2).tolist() == first
    assert (model.data, model.log) == ([[0.0, 1.0], [2.0, 3.0]], ["made"])
    assert capfd.readouterr() == ("", "")


def test_showing_a_model_ends_no_program_and_can_be_interrupted() -> None:
    """sys.exit in a model gives its text; a reader's interruption comes through."""

    class Ends(Module):
        def __init__(self, by: type[BaseException]) -> None:
            self.neuron, self.by = Neuron(2), by

        def __call__(self, x: Any) -> Value:
            raise self.by

    assert Ends(SystemExit)._repr_mimebundle_() == ({"text/plain": "<Ends of 3 parameters>"}, {})
    with pytest.raises(KeyboardInterrupt):
        Ends(KeyboardInterrupt)._repr_mimebundle_()


def test_a_data_set_in_a_model_is_not_copied_number_by_number() -> None:
    """The lists of numbers in it, however deep, are copied whole, each once."""
    row = [1.0, 2.0]
    model = MLP(2, [1])
    held = {"rows": [row, row, [3, True]], "pair": (1.0, "a"), "own": [Value(1.0), [4.0]]}
    vars(model)["held"], vars(model)["self"] = held, model
    memo = modules._copies_of_data(model)
    assert {id(row), id(held["pair"])} <= set(memo)
    twin = copy.deepcopy(model, memo)
    assert repr(vars(twin)["held"]) == repr(held)
    assert vars(twin)["held"]["rows"][0] is vars(twin)["held"]["rows"][1] is not row
    assert vars(twin)["self"] is twin


def test_what_has_no_picture_shows_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """No neurons, no call, an error in one, too many weights, no Graphviz: text, and no address."""

    class Scale(Module):
        def __init__(self) -> None:
            self.scale = Value(2.0)

    class Broken(Module):
        def __init__(self) -> None:
            self.neuron = Neuron(2)

        def __call__(self, x: Any) -> Value:
            raise RuntimeError(f"no {x}")

    for model, text in [
        (Module(), "<Module of 0 parameters>"),
        (Scale(), "<Scale of 1 parameter>"),
        (Broken(), "<Broken of 3 parameters>"),
        (Scale.__new__(Scale), "<Scale of 0 parameters>"),
        (Neuron(30_000), "ReLUNeuron(30000)"),
    ]:
        assert model._repr_mimebundle_() == ({"text/plain": text}, {})
    monkeypatch.setattr(render, "which", lambda name: None)
    monkeypatch.setattr(render, "find_spec", lambda name: None)
    assert Neuron(2)._repr_mimebundle_() == ({"text/plain": "ReLUNeuron(2)"}, {})

    class Unfinished(Module):
        def parameters(self) -> list[Value]:
            raise AttributeError("w")

    assert repr(Unfinished()) == "<Unfinished>"
