"""Wrong arguments of every public function: one line that names the function and the remedy.

Each function is called with one argument after the other replaced by values that do not fit.  A
call may succeed, as some values fit; what it may not do is to speak of the inside.
"""

import inspect
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import BUILT_IN

import micrograd_like as mg
from micrograd_like import MLP, Layer, Neuron, Value


class Sized:
    """Something that has a length and nothing in it."""

    def __len__(self) -> int:
        return 2

    def __repr__(self) -> str:
        return "Sized()"


ITSELF: list[Any] = [1.0]
ITSELF.append(ITSELF)
ZOO: list[Any] = [
    None, "text", 3, -1, 0.5, math.nan, True, 1j, b"x", [], {}, [None], [[]], ["a"], {"a": 1},
    object(), (1, 2, 3), range(2), lambda: None,
    Sized(), ITSELF,
]  # fmt: skip
# Words of a message that speak of the inside: of Python's own errors, or of private names.
INSIDE = re.compile(
    r"_unary|_binary|NoneType' object|has no attribute '(?!text)|unhashable|"
    r"is not (?:callable|iterable|subscriptable)|object is not|not supported between|unpack|"
    r"len\(\)|"
    r"positional argument.*<|(?<!\w)_[a-z]+\(\)|must be real number|unsupported operand|"
    r"indices must|"
    r"can't multiply|could not convert string|bad operand|out of range|JSON object must be"
)
# What a function is made of, which may tell a mistake by its own name.
PARTS = {
    "assert_gradients": ("gradcheck",), "Layer": ("Neuron",), "MLP": ("Layer", "Neuron"),
    "Layer()": ("neuron",), "MLP()": ("neuron",), "MLP.classify": ("predict",),
    "MLP.accuracy": ("predict",), "Training": ("fit",),
}  # fmt: skip
# Python's words for a user's function called with too much, and those of what it calls itself.
USERS_OWN = r"(?:\S*<lambda>|sin)\(\) |sin\(\.\.\.\): "


def graph() -> Value:
    """A small graph with a gradient."""
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    loss = (a * b).tanh() + a
    loss.backward()
    return loss


def leaf_of(root: Value) -> Value:
    """The value a of the graph."""
    return next(v for v in mg.topological_order(root) if v.label == "a")


def calls(folder: Path) -> dict[str, tuple[Callable[..., Any], list[Any], dict[str, Any]]]:
    """For each public function and class a call that is right."""
    root = graph()
    leaf, model = leaf_of(root), MLP(2, [2, 1])
    X, y = [[0.0, 1.0], [1.0, 0.0]], [0.0, 1.0]
    found: dict[str, tuple[Callable[..., Any], list[Any], dict[str, Any]]] = {
        "Value": (Value, [1.0], {"label": "x"}),
        "replay": (mg.replay, [root, {leaf: 1.0}], {}),
        "topological_order": (mg.topological_order, [root], {}),
        "mean": (mg.mean, [[1.0]], {}),
        "group": (mg.group, ["loss"], {}),
        "softmax": (mg.softmax, [[1.0, 2.0]], {}),
        "logsumexp": (mg.logsumexp, [[1.0, 2.0]], {}),
        "derivative": (mg.derivative, [mg.sin], {"order": 1}),
        "grad": (mg.grad(mg.sin), [1.0], {}),
        "hessian": (mg.hessian(mg.sin), [1.0], {}),
        "jacobian": (mg.jacobian(lambda x: [mg.sin(x)]), [1.0], {}),
        "rule": (mg.rule, ["s", "x", "1"], {"domain": ""}),
        "gradcheck": (mg.gradcheck, [mg.sin, 1.0], {"order": 1, "reference": "differences"}),
        "assert_gradients": (mg.assert_gradients, [mg.sin, 1.0], {}),
        "draw_dot": (
            mg.draw_dot,
            [root],
            {
                "format": "svg", "rankdir": "LR", "expand": (), "depth": 3, "flow": "forward",
                "theme": "dark",
            },
        ),
        "check_engine": (
            mg.check_engine, [Value, {"tanh": "tanh"}],
            {
                "data": "data", "grad": "grad", "backward": "backward", "constants": True,
                "repeated": True, "examples": 1, "seed": 1,
            },
        ),
        "draw_difference": (
            mg.draw_difference, [mg.draw_dot(root), mg.draw_dot(root)], {"theme": "light"},
        ),
        "Backprop": (
            mg.Backprop, [root],
            {"order": "naive", "expand": (), "rankdir": "LR", "theme": "auto"},
        ),
        "Backprop.at": (mg.Backprop(root).at, ["a"], {}),
        "Backprop.save": (mg.Backprop(root).save, [folder / "steps.html"], {}),
        "Backprop.beside": (mg.Backprop(root).beside, [mg.Backprop(root, "naive")], {}),
        "paths": (mg.paths, [root, leaf], {"most": 2}),
        "Descent": (mg.Descent, [lambda w: w * w, 1.0], {"lr": 0.1, "steps": 2}),
        "Training": (
            mg.Training, [MLP(2, [1]), X, y, mg.mse],
            {
                "epochs": 1, "lr": 0.1, "batch_size": 1, "optimizer": mg.SGD, "validation": 0.5,
                "patience": 1, "tape": False, "seed": 0, "names": ["a", "b"], "theme": "dark",
            },
        ),
        "Training.at": (mg.Training(MLP(2, [1]), X, y, epochs=1).at, [1], {}),
        "Tape": (mg.Tape, [root, [leaf]], {"parallel": False, "by": "scalars"}),
        "Tape.forward": (mg.Tape(root, [leaf]).forward, [[[1.0]]], {}),
        "structure": (mg.structure, [root, [leaf]], {}),
        "to_function": (mg.to_function, [root, [leaf], pytest.importorskip("numpy")], {}),
        "Neuron": (Neuron, [2], {"nonlin": True, "activation": "tanh", "init": "he", "name": "n"}),
        "Neuron()": (Neuron(2), [[1.0, 2.0]], {}),
        "Layer": (Layer, [2, 2], {"name": "l", "activation": "tanh"}),
        "Layer()": (Layer(2, 2), [[1.0, 2.0]], {}),
        "MLP": (MLP, [2, [2, 1]], {"activation": "tanh", "init": "he", "name": "m"}),
        "MLP()": (model, [[1.0, 2.0]], {}),
        "MLP.predict": (model.predict, [X], {"tape": False}),
        "MLP.classify": (model.classify, [X], {}),
        "MLP.accuracy": (model.accuracy, [X, [0, 1]], {}),
        "MLP.load_state_dict": (model.load_state_dict, [model.state_dict()], {}),
        "MLP.save": (model.save, [folder / "model.json"], {}),
        "MLP.load": (MLP.load, [model.save(folder / "a.json")], {}),
        "SGD": (mg.SGD, [model.parameters()], {"lr": 0.1, "momentum": 0.1, "weight_decay": 0.0}),
        "Adam": (mg.Adam, [model.parameters()], {"lr": 0.1, "betas": (0.9, 0.99), "eps": 1e-8}),
        "fit": (
            mg.fit, [MLP(2, [1]), X, y, mg.mse],
            {
                "epochs": 1, "lr": 0.1, "batch_size": 1, "optimizer": mg.SGD, "validation": 0.5,
                "patience": 1, "callbacks": (), "tape": False, "seed": 0, "progress": False,
            },
        ),
        "top_gradients": (mg.top_gradients, [model], {"k": 2}),
        "plot_boundary": (mg.plot_boundary, [model, X, [0, 1]], {"theme": "dark"}),
        "plot_fit": (mg.plot_fit, [model, X, y], {"theme": "dark"}),
        "plot_weights": (mg.plot_weights, [model.layers[0]], {"theme": "dark", "of": "grad"}),
        "History": (mg.History, [[1.0]], {}),
        "History.plot": (mg.History([1.0]).plot, [], {"theme": "dark"}),
    }  # fmt: skip
    for name in ("mse", "mae", "huber", "binary_cross_entropy", "hinge"):
        target = 1 if name == "hinge" else 0.5
        found[name] = (getattr(mg, name), [[leaf], [target]], {"reduction": "sum"})
    for name in ("cross_entropy", "max_margin"):
        found[name] = (getattr(mg, name), [[[leaf, leaf]], [1]], {"reduction": "sum"})
    for name, of in BUILT_IN.items():
        if hasattr(mg, name):
            found[name] = (getattr(mg, name), [Value(0.5, "a"), 0.5][: of.arity], {})
        found[f"Value.{name}"] = (getattr(Value(0.5), name), [2.0][: of.arity - 1], {})
    return found


NAMES = [
    name
    for name in mg.__all__
    if name not in ("DivergenceError", "Module") and callable(getattr(mg, name))
]


def told(call: Callable[[], Any]) -> str:
    """The error of a call, or nothing if it succeeds or is refused by a warning."""
    try:
        call()
    except (TypeError, ValueError, ArithmeticError, OSError, LookupError, RuntimeError) as error:
        return f"{error}" or repr(error)
    return ""


def problems(name: str, given: tuple[Callable[..., Any], list[Any], dict[str, Any]]) -> list[str]:
    """What is wrong with the messages of a function's errors."""
    function, arguments, options = given
    short = name.partition(".")[2].strip("()") or name.strip("()")
    owner = name.partition(".")[0].strip("()")
    tries: list[tuple[str, list[Any], dict[str, Any]]] = []
    for wrong in ZOO:
        for k in range(len(arguments)):
            tries.append((repr(wrong), [*arguments[:k], wrong, *arguments[k + 1 :]], options))
        for key in options:
            tries.append((f"{key}={wrong!r}", arguments, options | {key: wrong}))
    tries.append(("an unknown keyword", arguments, options | {"colour": 1}))
    tries.append(("too many arguments", [*arguments, *([1.0] * 12)], options))
    tries.append(("no argument", [], {}))
    found = []
    for what, args, kwargs in tries:
        message = told(lambda args=args, kwargs=kwargs: function(*args, **kwargs))  # type: ignore[misc]
        if not message:
            continue
        names = (short, owner, *PARTS.get(name, ()))
        named = any(word.lower() in message.lower() for word in names)
        named = named or re.match(USERS_OWN, message) is not None
        if INSIDE.search(message) or "\n" in message.strip("\n") or not named:
            found.append(f"{what}: {message}")
    return found


@pytest.fixture(scope="module")
def right_calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """The table, with a folder for files, in which names of files are looked up, too."""
    pytest.importorskip("matplotlib").use("agg")
    folder = tmp_path_factory.mktemp("files")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield calls(folder)


def test_every_public_function_is_tried(right_calls: dict[str, Any]) -> None:
    """The table has a call for each, and each call is right."""
    assert set(NAMES) <= right_calls.keys()
    for name, (function, arguments, options) in right_calls.items():
        assert told(lambda f=function, a=arguments, o=options: f(*a, **o)) == "", name  # type: ignore[misc]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [*NAMES, "Neuron()", "MLP()", "Layer()", "Tape.forward"])
def test_wrong_arguments_are_told_in_the_users_words(
    name: str, right_calls: dict[str, Any]
) -> None:
    """No message of a public function speaks of the inside; each is one line that names it."""
    assert problems(name, right_calls[name]) == []
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.close("all")


METHODS = [
    "MLP.predict", "MLP.classify", "MLP.accuracy", "MLP.load_state_dict", "MLP.save", "MLP.load",
    "Backprop.at", "Backprop.save", "Backprop.beside", "History.plot",
    *(f"Value.{name}" for name in BUILT_IN),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", METHODS)
def test_wrong_arguments_of_methods_are_told_in_the_users_words(
    name: str, right_calls: dict[str, Any]
) -> None:
    """The same of methods."""
    assert problems(name, right_calls[name]) == []


def test_python_tells_wrong_counts_by_the_methods_own_name() -> None:
    """Methods made from the table are called by their names in Python's errors."""
    for name, of in BUILT_IN.items():
        method = getattr(Value(0.5), name)
        assert inspect.signature(method).parameters.keys() == {*("y",)[: of.arity - 1]}
        with pytest.raises(TypeError, match=rf"^Value\.{name}\(\) takes"):
            method(1.0, 2.0, 3.0)
        with pytest.raises(TypeError, match=rf"^Value\.{name}\(\) got an unexpected keyword"):
            method(z=1.0)


FAULTS: list[tuple[Callable[[], Any], str]] = [
    (lambda: mg.fit(MLP(1, [1]), [[1.0]], [1.0], 10), "fit: loss is 10; it is to be a function of"),  # type: ignore[arg-type]
    (lambda: Neuron(1)(3.0), "Neuron: takes a list of numbers, as in [1.0, 2.0], not 3.0"),  # type: ignore[arg-type]
    (lambda: mg.draw_dot(graph(), theme={}), "draw_dot: theme is {}; it is to be one of auto,"),  # type: ignore[arg-type]
    (lambda: mg.Backprop(graph(), theme="x"), "Backprop: theme is 'x'; it is to be one of"),
    (lambda: mg.Backprop(graph(), rankdir="x"), "Backprop: rankdir is 'x'; it is to be one of"),
    (lambda: mg.draw_dot(graph(), expand=True), "draw_dot: expand: takes a list of names"),  # type: ignore[arg-type]
    (lambda: mg.Backprop(graph(), expand=True), "Backprop: expand: takes a list of names"),  # type: ignore[arg-type]
    (
        lambda: mg.Backprop(graph(), expand="no"),
        "Backprop: expand has no group 'no' to open; there are none",
    ),
    (lambda: MLP(2, [1], activation="tahn"), "activation is 'tahn'; it is to be one of linear,"),
]


@pytest.mark.parametrize(("call", "message"), FAULTS)
def test_mistakes_that_users_made_are_told(call: Callable[[], Any], message: str) -> None:
    """Each was once told in words of the inside."""
    assert message in told(call)
