"""Graphs written out as programs."""

import math
from typing import Any

from hypothesis import given

from micrograd_like import MLP, Value, tanh
from micrograd_like.compile.source import source
from micrograd_like.strategies import Graph, graphs


def run(text: str, *row: float, **parameters: float) -> Any:
    """What a written program returns."""
    scope: dict[str, Any] = {}
    exec(text, scope)
    return scope["program"](*row, **parameters)


@given(graphs())
def test_the_written_program_gives_the_engines_numbers(graph: Graph) -> None:
    """Value and gradient of every leaf, in every bit."""
    values = [Value(x, f"x{k}") for k, x in enumerate(graph.leaves)]
    root = graph.values(values)[-1]
    root.backward()
    text = source([root], [])
    inside = {v.label for v in values if f'"{v.label}": ' in text}
    found, gradients = run(text, **{v.label: v.data for v in values if v.label in inside})
    assert found == root.data or math.isnan(found)
    assert gradients == {v.label: v.grad for v in values if v.label in inside}


def test_a_network_is_written_with_its_names() -> None:
    """Labels that are no names of Python become ones; inputs come first, parameters by name."""
    model = MLP(2, [2, 1], activation="tanh")
    x = [Value(0.5, "x"), Value(-0.5, "lambda")]
    root = model(x)
    root.backward()
    text = source([root], x)
    assert "def program(x, v_lambda, *, layer" in text
    assert 'tanh = RULES["tanh"].function' in text
    assert "layer0_neuron0, d_layer0_neuron0_1 = tanh(" in text
    names = {p.label.replace(".", "_"): p for p in model.parameters()}
    found, gradients = run(text, 0.5, -0.5, **{name: p.data for name, p in names.items()})
    assert found == root.data
    assert all(gradients[name] == p.grad for name, p in names.items())


def test_names_that_collide_or_attack_are_kept_apart() -> None:
    """Labels that differ in signs only, our own names, and a label that is a program."""
    labels = [
        "a.b",
        "a b",
        "a_b",
        "times",
        "program",
        "RULES",
        "tanh",
        "grad_times",
        "d_tanh_1",
        "_",
        "1x",
        "",
        "x\n    import os",
        "é₁",
    ]
    values = [Value(float(k), label) for k, label in enumerate(labels, 1)]
    root = values[0]
    for v in values[1:]:
        root = root * v
    text = source([root], values)
    assert "import os" not in text
    found, gradients = run(text, *(v.data for v in values))
    assert found == math.factorial(14)
    assert len(gradients) == 14


def test_constants_and_several_roots() -> None:
    """Negative constants stand in brackets; the gradient is that of the roots' sum."""
    x = Value(2.0, "x")
    text = source([x * -3 + math.inf, tanh(x), x], [x])
    assert "x * (-3.0)" in text
    one, two, three, gradients = run(text, 2.0)
    assert (one, two, three) == (math.inf, math.tanh(2.0), 2.0)
    assert gradients["x"] == -3 + Value(2.0).tanh().local_grads[0] + 1.0


def test_names_that_python_reads_as_others_keep_apart() -> None:
    """Letters that Python takes for one, digits that are none to it, its own words and ours."""
    for one, two in (("µ", "μ"), ("x²", "½"), ("__debug__", "float"), ("x₂", "x2"), ("_", "𐄇")):
        a, b = Value(3.0, one), Value(5.0, two)
        scope: dict[str, Any] = {}
        exec(source([a * b * math.inf + a], [a, b]), scope)
        assert scope["program"](3.0, 5.0)[0] == math.inf
        exec(source([a - b], [a, b]), scope)
        value, gradients = scope["program"](3.0, 5.0)
        assert (value, sorted(gradients.values())) == (-2.0, [-1.0, 1.0])
