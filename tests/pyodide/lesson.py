"""What a learner does, as one program: run by Python and in a browser's, it finds the same."""

import io
import random
import sys
from contextlib import redirect_stderr, redirect_stdout, suppress
from importlib import import_module
from typing import Any

from micrograd_like import (
    MLP,
    SGD,
    Adam,
    Backprop,
    Descent,
    Training,
    Value,
    assert_gradients,
    derivative,
    draw_dot,
    fit,
    gradcheck,
    hessian,
    mse,
    paths,
    top_gradients,
)

X = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
Y = [0.0, 1.0, 1.0, 0.0]


def expression() -> tuple[Value, ...]:
    a, b = Value(2.0, "a"), Value(-1.5, "b")
    return a, b, (a * b + a.exp() / 3 + 2.4).tanh() * a


def engine() -> dict[str, Any]:
    """Values, gradients, those of gradients, and higher derivatives."""
    a, b, root = expression()
    root.backward(create_graph=True)
    first = a.grad
    found = {"root": repr(root.data), "gradients": f"{a.grad.data!r} {b.grad.data!r}"}
    a.grad = b.grad = 0.0
    first.backward()
    found["second"] = f"{a.grad!r} {b.grad!r}"
    found["third"] = repr(derivative(lambda x: x.tanh() * x**2, order=3)(0.5))
    found["hessian"] = repr(hessian(lambda x, y: x**2 * y.sin())(3.0, 5.0))
    return found


def steps() -> dict[str, Any]:
    """The lines of the board, and why a gradient is what it is."""
    a, _, root = expression()
    naive = Backprop(root, order="naive")
    lines = [str(step) for order in (Backprop(root), naive) for step in order]
    return {"lines": lines, "paths": str(paths(root, a))}


def checks() -> dict[str, Any]:
    """Gradients against finite differences."""
    assert_gradients(lambda x, y: (x * y).tanh() + x.sqrt(), 0.5, 1.5)
    right = gradcheck(lambda x: x.tanh() * x, 0.5)
    wrong = gradcheck(lambda x: x * x, 3.0, gradient=[7.0])
    return {"right": str(right), "wrong": str(wrong), "html": right._repr_html_()}


def dot() -> dict[str, Any]:
    """The text of pictures, of each view that needs no NumPy."""
    *_, root = expression()
    root.backward()
    loss, _ = network("relu")
    sources = {view: draw_dot(root, view=view).source for view in ("values", "sums")}
    return sources | {"network": draw_dot(loss, view="network").source}


def network(activation: str = "tanh") -> tuple[Value, MLP]:
    """A network and its loss; with relu, its numbers are the same bits everywhere."""
    random.seed(1)
    model = MLP(2, [3, 1], activation=activation)
    loss = mse([model(row) for row in X], Y)
    loss.backward()
    return loss, model


def training() -> dict[str, Any]:
    """Losses, weights and answers, by both optimizers, and a model that is saved."""
    found: dict[str, Any] = {}
    for name, optimizer in (("sgd", SGD), ("adam", Adam)):
        _, model = network()
        model.zero_grad()
        history = fit(model, X, Y, epochs=30, lr=0.1, optimizer=optimizer, progress=False)
        found[name] = history.loss
        path = model.save(f"{name}.json")
        with open(path, encoding="utf-8") as file:
            found[f"{name}.json"] = file.read()
        assert MLP.load(path).predict(X) == model.predict(X)
        found[f"{name} top"] = repr(top_gradients(model, 2))
    return found


def commands() -> dict[str, Any]:
    """What the command line prints."""
    formula = ["tanh(a*b + c)", "a=2", "b=-1.5", "c=2.4"]
    with open("points.csv", "w", encoding="utf-8") as file:
        file.write("x,y,z\n" + "".join(f"{x},{y},{x * y}\n" for x in range(6) for y in range(6)))
    learn = ["train", "points.csv", "--target", "z", "--epochs", "5", "--save", "points.json"]
    told = command(*learn)
    return {
        "step": command("step", *formula),
        "check": command("check", *formula),
        "train": told.partition("\n")[0],  # the rest has more with scikit-learn
        "predict": command("predict", "points.json", "points.csv"),
        "no formula": command("step", "a +"),
    }


def command(*words: str) -> str:
    """All that a command prints, to either stream."""
    before, out = sys.argv, io.StringIO()
    sys.argv = ["micrograd-like", *words]
    with redirect_stdout(out), redirect_stderr(out), suppress(SystemExit):
        import_module("micrograd_like.__main__")  # as runpy does not, where pytest rewrites asserts
    sys.argv = before
    return out.getvalue()


def pages() -> dict[str, str]:
    """The live page, alone and in a notebook, and that of a training; all numbers are exact."""
    a = Value(2.0, "a")
    root = (a * Value(-1.5, "b") + 4.0).relu() * a
    loss, model = network("relu")
    steps = Backprop(root, learn=[a])
    watched = Training(model, X, Y, epochs=5, lr=0.1)
    return {
        "page": steps.page(),
        "network": Backprop(loss).page(),
        "training": watched.page(),
        "picture": draw_dot(root).page(),
        "frame": steps._repr_html_().partition("<noscript>")[0],
        "step": str(steps[3]._repr_mimebundle_()[0]["text/html"]),
    }


def descent() -> dict[str, Any]:
    """Gradient descent, step by step."""
    return {"lines": [str(step) for step in Descent(lambda x: x * x - x, 3.0, lr=0.1)]}


PARTS = {part.__name__: part for part in (engine, steps, checks, dot, training, commands, descent)}
