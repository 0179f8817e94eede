"""Models of a user's own: their parameters are found, named, and kept in files."""

import copy
import json
import pickle
import random
from pathlib import Path
from typing import Any

import pytest

from micrograd_like import MLP, Adam, Layer, Module, Neuron, Value, fit, top_gradients


class Pair(Module):
    """Two neurons and a scale, with nothing said of parameters."""

    def __init__(self) -> None:
        self.first, self.second = Neuron(2), Neuron(2)
        self.scale = Value(1.0)

    def __call__(self, x: Any) -> Value:
        return (self.first(x) - self.second(x)) * self.scale


PAIR = ["first.w0", "first.w1", "first.b", "second.w0", "second.w1", "second.b", "scale"]


def names(model: Module) -> list[str]:
    """The names of a model's parameters."""
    found = [name for name, _ in model.named_parameters()]
    assert len(set(found)) == len(found)
    assert list(model.state_dict()) == found
    return found


def test_two_neurons_have_names_states_and_files(tmp_path: Path) -> None:
    """Each weight by its neuron's attribute; all of them go out and in, exactly."""
    model, other = Pair(), Pair()
    assert names(model) == PAIR
    model.scale.data = 1 / 3
    other.load_state_dict(model.state_dict())
    assert other.state_dict() == model.state_dict()
    third = Pair()
    path = model.save(tmp_path / "pair.json")
    third.load_weights(path)
    assert [p.data.hex() for p in third.parameters()] == [p.data.hex() for p in model.parameters()]
    assert [p.label for p in model.parameters()] == ["w0", "w1", "b"] * 2 + [""]
    for copied in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert copied.state_dict() == model.state_dict()


def test_a_model_of_ones_own_learns_by_what_its_attributes_hold() -> None:
    """Nothing is said of parameters, and fit, zero_grad and top_gradients know them."""
    random.seed(1)
    model = Pair()
    assert len(model.parameters()) == 7
    rows = [[1.0, 2.0], [2.0, 1.0]]
    history = fit(model, rows, [1.0, -1.0], epochs=30, optimizer=Adam, lr=0.05, progress=False)
    assert history.loss[-1] < history.loss[0]
    assert {top.name for top in top_gradients(model, k=7)} == set(PAIR)
    model.zero_grad()
    assert not any(p.grad for p in model.parameters())


def test_parameters_are_found_in_lists_tuples_dicts_arrays_and_models() -> None:
    """In the order in which they stand; names are paths, Values in a list are numbered at once."""
    np = pytest.importorskip("numpy")

    class Zoo(Module):
        def __init__(self) -> None:
            self.w = [Value(1.0), Value(2.0)]
            self.heads = [Neuron(1), Neuron(1)]
            self.pair = (Value(3.0), 4.0)
            self.table = {"bias": Value(5.0), "of": {"depth": Value(6.0)}}
            self.matrix = [[Value(7.0)], [Value(8.0)]]
            self.array = np.array([Value(9.0)], dtype=object)
            self.net = MLP(1, [1, 1])
            self.text, self.count, self.kind = "w0", 3, Neuron

    assert names(Zoo()) == [
        "w0", "w1", "heads.0.w0", "heads.0.b", "heads.1.w0", "heads.1.b", "pair0", "table.bias",
        "table.of.depth", "matrix.0.0", "matrix.1.0", "array0",
        "net.layer0.neuron0.w0", "net.layer0.neuron0.b",
        "net.layer1.neuron0.w0", "net.layer1.neuron0.b",
    ]  # fmt: skip


def test_what_is_no_parameter_is_not_found() -> None:
    """Results of operations, attributes that begin with an underscore, classes, torch's modules."""

    class Remembering(Module):
        def __init__(self) -> None:
            self.w = Value(2.0)
            self._rate = Value(0.1)
            self.out = self.w * 3
            self.history = [self.w * 2, 1.0, None]

    assert names(Remembering()) == ["w"]
    torch = pytest.importorskip("torch")
    model = Remembering()
    vars(model)["theirs"] = torch.nn.Linear(2, 1)
    assert names(model) == ["w"]


def test_a_parameter_in_two_places_is_one() -> None:
    """It is learned and kept once, under the first name; a model may lead back to itself."""

    class Tied(Module):
        def __init__(self) -> None:
            self.encoder, self.decoder = Neuron(1), Neuron(1)
            self.decoder.w = self.encoder.w
            self.again = [self.encoder, self.encoder.b]
            self.whole = self

    model = Tied()
    assert names(model) == ["encoder.w0", "encoder.b", "decoder.b"]
    assert len(model.parameters()) == 3


def test_models_within_say_what_is_theirs() -> None:
    """A part with parameters of its own decides, and need not be a Module."""

    class Frozen(Neuron):
        def parameters(self) -> list[Value]:
            return [self.b]

    class Gate:
        def __init__(self) -> None:
            self.w, self.fixed = Value(1.0), Value(2.0)

        def parameters(self) -> list[Value]:
            return [self.w]

    class Both(Module):
        def __init__(self) -> None:
            self.frozen, self.gate, self.inner = Frozen(2), Gate(), Pair()

    assert names(Both()) == ["frozen.b", "gate.w", *(f"inner.{name}" for name in PAIR)]


def test_labels_that_tell_all_apart_are_the_names() -> None:
    """What the user called a parameter stays, as far as no other is called so."""

    class Line(Module):
        def __init__(self, intercept: str) -> None:
            self.a, self.b = Value(1.0, label="slope"), Value(2.0, label=intercept)

    assert names(Line("height")) == ["slope", "height"]
    assert names(Line("")) == ["slope", "b"]
    assert names(Line("slope")) == ["a", "b"]

    class Lines(Module):
        def __init__(self) -> None:
            self.one, self.two = Line("height"), Line("slope")

    assert names(Lines()) == ["one.slope", "one.height", "two.a", "two.b"]


def test_names_that_would_be_equal_get_numbers() -> None:
    """Paths can read alike, and parameters can be nowhere in the attributes."""

    class Alike(Module):
        def __init__(self) -> None:
            self.w1 = [Value(1.0)]
            self.w = [Value(float(k)) for k in range(11)]

    assert names(Alike())[:2] == ["w10", "w0"]
    assert names(Alike())[-1] == "w10_2"

    leaves = [Value(1.0), Value(2.0, label="b"), Value(3.0, label="b")]

    class Elsewhere(Module):
        def parameters(self) -> list[Value]:
            return leaves

    assert names(Elsewhere()) == ["parameter0", "parameter1", "parameter2"]


def test_a_model_may_have_slots_and_give_its_parameters_one_by_one() -> None:
    """A generator for parameters, and no dictionary of attributes."""

    class Slots:
        __slots__ = ("w",)

        def __init__(self) -> None:
            self.w = Value(1.0)

    class Yielding(Module):
        def __init__(self) -> None:
            self.slots = Slots()

        def parameters(self) -> Any:
            yield self.slots.w

        def __call__(self, x: Any) -> Value:
            return self.slots.w * x[0]

    model = Yielding()
    assert names(model) == ["parameter0"]
    assert model.predict([[2.0]]) == [2.0]
    model([3.0]).backward()
    model.zero_grad()
    assert model.slots.w.grad == 0


def test_a_file_of_weights_is_checked(tmp_path: Path) -> None:
    """What is no such file, or another model's, changes nothing and is told with the path."""
    model, path = Pair(), tmp_path / "pair.json"
    vars(model)["about"] = {"columns": ["x", "y"]}
    document = json.loads(Path(model.save(path)).read_text())
    assert list(document) == ["format", "version", "about", "parameters"]
    state = model.state_dict()
    wrong = {
        "its format is 'x', not 'micrograd_like weights'": {**document, "format": "x"},
        "its version is 2, not 1": {**document, "version": 2},
        "its about is 3; it is to be an object": {**document, "about": 3},
        "its parameters is []; it is to be an object": {**document, "parameters": []},
        "first.w0 is '1', no finite float": {**document, "parameters": {**state, "first.w0": "1"}},
        "missing ['scale'], unknown []": {
            **document, "parameters": {k: v for k, v in state.items() if k != "scale"},
        },
    }  # fmt: skip
    for message, content in wrong.items():
        path.write_text(json.dumps(content))
        with pytest.raises(ValueError, match=r"pair.json: ") as caught:
            model.load_weights(path)
        assert message in str(caught.value)
        assert model.state_dict() == state
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        model.load_weights(tmp_path / "none.json")
    with pytest.raises(TypeError, match="load_weights: path is 3; it is to be a file's name"):
        model.load_weights(3)  # type: ignore[arg-type]
    model.scale.data = float("inf")
    with pytest.raises(ValueError, match="save: scale is inf; a file holds finite numbers"):
        model.save(path)


def test_a_model_that_needs_no_arguments_is_loaded_by_its_class(tmp_path: Path) -> None:
    """It is made and filled; a class that needs arguments is told with the remedy."""
    model = Pair()
    path = model.save(tmp_path / "pair.json")
    loaded = Pair.load(path)
    assert type(loaded) is Pair
    assert loaded.state_dict() == model.state_dict()
    with pytest.raises(TypeError, match=r"^Neuron.load: .* missing .*; make the model, then call"):
        Neuron.load(path)


def test_a_single_layer_and_neuron_are_saved(tmp_path: Path) -> None:
    """Every Module has these methods."""
    for make in (lambda: Neuron(2), lambda: Layer(2, 2)):
        one, other = make(), make()
        other.load_weights(one.save(tmp_path / "part.json"))
        assert other.state_dict() == one.state_dict()
