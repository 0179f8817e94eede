"""Neurons, layers and networks."""

import random
from typing import Any

import pytest

from micrograd_like import MLP, Layer, Module, Neuron, Value


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
    assert Neuron(2, nonlin=False)._activate is not None


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
    with pytest.raises(ValueError, match="no activation 'tan_h'; there are linear, "):
        Neuron(1, activation="tan_h")
    with pytest.raises(ValueError, match="no init 'random'; there are uniform"):
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


def test_a_name_is_a_prefix_and_equal_labels_are_refused() -> None:
    """A named network keeps its parameters apart; labels that collide lose no weight silently."""
    model = MLP(2, [2, 1], name="net")
    assert len(model.state_dict()) == 9
    assert next(model.named_parameters())[0] == "net.layer0.neuron0.w0"

    class Pair(Module):
        def __init__(self) -> None:
            self.neurons = [Neuron(1), Neuron(1)]

        def parameters(self) -> list[Value]:
            return [p for n in self.neurons for p in n.parameters()]

    with pytest.raises(ValueError, match="two parameters have the same label"):
        Pair().state_dict()
