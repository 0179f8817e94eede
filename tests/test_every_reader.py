"""An operation is defined in one place, and everything reads it there.

Each reader is tried with every rule of the table and with two rules defined as a user would define
them: ``erf``, whose function is new to the package, and ``geometric_mean``, of two inputs and with
a domain.  Nothing but the one function is written for them.
"""

import math
import pickle
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import Phase, find, settings

import micrograd_like as mg
from micrograd_like import MLP, Backprop, Tape, Value, draw_dot, gradcheck, hessian, rule
from micrograd_like._functions import function_of
from micrograd_like.check.reference import exactly
from micrograd_like.cli.formula import parse
from micrograd_like.custom import forget
from micrograd_like.notation import SIGNS, code, formula, operation
from micrograd_like.rules import RULES, Rule, m
from micrograd_like.strategies import graphs

OWN = ("erf", "geometric_mean")
LEFT_OPEN = ("maximum", "minimum", "mod")
EVERY = [*RULES, *OWN]
every_rule = pytest.mark.parametrize("name", EVERY)


@pytest.fixture(scope="module", autouse=True)
def own_rules() -> Iterator[None]:
    """The user's two rules, while the tests of this file run."""

    @rule("erf", "erf(x)", "2 / sqrt(pi) * exp(-x**2)")
    def erf(x: Any) -> Any:
        """The error function."""
        return m.erf(x), 2.0 / m.sqrt(m.pi) * m.exp(-x * x)

    @rule("⟨⟩", "sqrt(x * y)", "y / (2 * sqrt(x * y))", "x / (2 * sqrt(x * y))", domain="x*y > 0")
    def geometric_mean(x: Any, y: Any) -> Any:
        """The geometric mean of two numbers of one sign."""
        mean = m.sqrt(x * y)
        return mean, 0.5 * y / mean, 0.5 * x / mean

    assert (erf(0.5), geometric_mean(1.0, 4.0)) == (math.erf(0.5), 2.0)
    yield
    for name in OWN:
        forget(name)


def point_of(of: Rule) -> tuple[float, ...]:
    """Numbers at which the operation is defined and smooth."""
    return next(
        point for x, y in ((0.6, 1.7), (1.6, 2.3)) if of.is_defined(*(point := (x, y)[: of.arity]))
    )


def recorded(of: Rule) -> tuple[list[Value], Value]:
    """Leaves x and y, and the operation on them, as the user writes it."""
    leaves = [Value(x, name) for x, name in zip(point_of(of), "xy", strict=False)]
    return leaves, function_of(of)(*leaves)


@every_rule
def test_it_is_recorded_and_goes_backward(name: str) -> None:
    """Function and method give a Value with the rule's numbers, which backward hands on."""
    of = RULES[name]
    leaves, root = recorded(of)
    data, *slopes = of.function(*point_of(of))
    assert (root.data, list(root.local_grads), root.op) == (data, slopes, of.symbol)
    assert getattr(leaves[0], name)(*leaves[1:]).data == data
    assert function_of(of)(*point_of(of)) == data
    root.backward()
    assert [v.grad for v in leaves] == slopes


@every_rule
@pytest.mark.parametrize("reference", ["differences", "mpmath"])
def test_it_is_checked(name: str, reference: str) -> None:
    """First and second derivatives, against differences and against its formulas at 120 digits."""
    of = RULES[name]
    for order in (1, 2):
        report = gradcheck(function_of(of), *point_of(of), order=order, reference=reference)
        assert report.ok, report
        # Differences may leave open what a kink or a pole nearby hides, and a slope of 0.
        if reference == "mpmath" or (order == 1 and name not in LEFT_OPEN):
            assert all(check.outcome == "pass" for check in report.checks), report


@every_rule
def test_its_second_derivatives_are_those_of_its_formulas(name: str) -> None:
    """The engine's hessian is the slope of the written derivatives."""
    import mpmath

    of, point = RULES[name], point_of(RULES[name])
    for i, row in enumerate(hessian(function_of(of))(*point)):
        for j, found in enumerate(row):

            def slope(x: Any, i: int = i, j: int = j) -> Any:
                return exactly(
                    of, *(x if k == j else at for k, at in enumerate(point)), output=i + 1
                )

            with mpmath.workdps(40):
                right = mpmath.diff(slope, mpmath.mpf(point[j]))
            assert found == pytest.approx(float(right), rel=1e-9, abs=1e-12)


@every_rule
def test_it_is_drawn_and_stepped_through(name: str) -> None:
    """Its symbol stands in the picture, its operation and derivatives on the board."""
    of = RULES[name]
    _, root = recorded(of)
    root.backward()
    operands = "xy"[: of.arity]
    assert re.sub(r"\\", "", of.symbol) in draw_dot(root).source
    lines = [str(step) for step in Backprop(root)]
    assert str(operation(of, *operands)) in lines[0]
    for k, slope in enumerate(of.derivatives):
        assert str(formula(slope, *operands)) in lines[2 + k]


@every_rule
def test_it_is_read_from_a_typed_formula_and_written_as_code(name: str) -> None:
    """What notation and code write of it can be read back."""
    of = RULES[name]
    names = "xy"[: of.arity]
    numbers = dict(zip(names, point_of(of), strict=True))
    data = of.function(*point_of(of))[0]
    assert parse(str(operation(of, *names)), numbers).data == data
    scope = {word: Value(x) for word, x in numbers.items()}
    assert eval(code(of, *names, methods=True), {}, dict(scope)).data == data


@every_rule
def test_it_is_drawn_by_the_strategies(name: str) -> None:
    """A random graph has it, and runs it on plain numbers, too."""
    drawn = settings(phases=[Phase.generate])  # as it comes: the smallest takes its time
    graph = find(graphs([name]), lambda g: len(g.operations) > 0, settings=drawn)
    assert RULES[name].symbol in [v.op for v in mg.topological_order(graph.record())]
    assert name in repr(graph) or name in SIGNS


@every_rule
def test_it_is_pickled(name: str) -> None:
    """By its name."""
    _, root = recorded(RULES[name])
    again = pickle.loads(pickle.dumps(root))
    assert (again.rule, again.data, again.local_grads) == (root.rule, root.data, root.local_grads)


@every_rule
def test_its_help_reads_like_documentation(name: str) -> None:
    """What it is, its formula, its derivatives, and where it is not defined."""
    of = RULES[name]
    text = function_of(of).__doc__ or ""
    assert text.splitlines()[0] == (of.function.__doc__ or "").splitlines()[0]
    assert str(formula(of.formula, "x", "y")) in text
    assert ("derivative is" in text) or ("derivative for x" in text and "derivative for y" in text)
    assert ("ValueError" in text) == bool(of.domain)


@pytest.mark.parametrize("name", [n for n in RULES if RULES[n].arity == 1 and n != "neg"] + ["erf"])
def test_it_is_an_activation_by_its_name(name: str) -> None:
    """A network with it learns, and is saved and loaded."""
    model = MLP(2, [3, 1], activation=name, init="xavier")
    for parameter in model.parameters():
        parameter.data = 0.4
    model([0.5, 0.25]).backward()
    assert all(math.isfinite(p.grad) for p in model.parameters())
    assert RULES[name].symbol in repr(model)


def on_arrays(xp: Any, name: str) -> tuple[Any, float]:
    """The exported function's value at a point, and the rule's."""
    of = RULES[name]
    leaves, root = recorded(of)
    function = mg.to_function(root, leaves, xp)
    row = xp.asarray([point_of(of)], dtype=xp.float64)
    return function(row)[0], root.data


@every_rule
def test_it_is_exported_to_numpy(name: str) -> None:
    """The written function gives the rule's number."""
    found, right = on_arrays(pytest.importorskip("numpy"), name)
    assert float(found) == pytest.approx(right, rel=1e-14)


@every_rule
def test_it_is_exported_to_pytorch(name: str) -> None:
    """The written function gives the rule's number, and PyTorch its derivatives."""
    torch = pytest.importorskip("torch")
    of = RULES[name]
    leaves, root = recorded(of)
    row = torch.tensor([point_of(of)], dtype=torch.float64, requires_grad=True)
    found = mg.to_function(root, leaves, torch)(row)[0]
    found.backward()
    assert float(found.detach()) == pytest.approx(root.data, rel=1e-14)
    assert row.grad[0].tolist() == pytest.approx(root.local_grads, rel=1e-12)


def test_they_are_written_in_javascript() -> None:
    """All of them, the user's with them, give a browser the rule's numbers."""
    from browsing import chromium

    from micrograd_like.steps.javascript import script

    points = {name: point_of(RULES[name]) for name in EVERY}
    text = script(RULES[name] for name in EVERY)
    run = "([name, point]) => rules.get(name).function(...point)"
    with chromium() as browser:
        page = browser.new_page()
        found = page.evaluate(
            f"(points) => {{ {text} return Object.entries(points).map({run}); }}", points
        )
    for name, outputs in zip(EVERY, found, strict=True):
        assert outputs == pytest.approx(RULES[name].function(*points[name]), rel=1e-15), name


@pytest.mark.slow
def test_they_are_exported_to_jax() -> None:
    """In 64 bits, in a process of its own, as JAX keeps its settings."""
    import subprocess
    import sys
    from pathlib import Path

    pytest.importorskip("jax")
    program = (
        "import jax; jax.config.update('jax_enable_x64', True); import jax.numpy as jnp\n"
        "import test_every_reader as t\n"
        "rules = t.own_rules.__wrapped__(); next(rules)\n"
        "for name in t.EVERY:\n"
        "    found, right = t.on_arrays(jnp, name)\n"
        "    assert abs(float(found) - right) <= 1e-13 * abs(right), name\n"
        "print('all of', len(t.EVERY))\n"
    )
    command = [sys.executable, "-c", program]
    folder = Path(__file__).parent
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.stdout == f"all of {len(EVERY)}\n", done.stderr


@pytest.mark.slow
def test_they_are_compiled_for_the_tape() -> None:
    """One tape of all of them, the user's with them: values and gradients of the engine."""
    pytest.importorskip("numba")
    leaves = [[Value(x) for x in point_of(RULES[name])] for name in EVERY]
    roots = [function_of(RULES[n])(*operands) for n, operands in zip(EVERY, leaves, strict=True)]
    flat = [v for operands in leaves for v in operands]
    tape = Tape(roots, flat)
    row = [[v.data for v in flat]]
    assert tape.forward(row)[0].tolist() == pytest.approx([v.data for v in roots], rel=1e-14)
    slopes = tape.backward(input_gradients=True)[0]
    for root in roots:
        root.backward()
    assert slopes.tolist() == pytest.approx([v.grad for v in flat], rel=1e-13)


def test_nothing_of_them_is_left() -> None:
    """A rule that is taken back leaves neither method nor function; graphs that have it stay."""

    @rule("½", "x / 2", "1/2")
    def half_of(x: Any) -> Any:
        return 0.5 * x, 0.5

    half = half_of(Value(3.0))
    forget("half_of")
    assert "half_of" not in RULES
    assert not hasattr(Value, "half_of")
    half.backward()
    assert half.inputs[0].grad == 0.5  # type: ignore[union-attr]
