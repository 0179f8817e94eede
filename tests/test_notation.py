"""What people read of a calculation is right: read back, it gives the same number."""

import math
import re
from typing import Any

import pytest
from conftest import BUILT_IN
from hypothesis import given
from hypothesis import strategies as st

from micrograd_like import MLP, Backprop, Value, gradcheck, mse, topological_order
from micrograd_like.check.blame import local_checks
from micrograd_like.check.inputs import RecordedGraph
from micrograd_like.cli.formula import parse
from micrograd_like.draw.names import Expressions
from micrograd_like.draw.outline import groups_of
from micrograd_like.graph import names_of
from micrograd_like.notation import (
    Term,
    code,
    condition,
    exact,
    factors,
    formula,
    number,
    operation,
    plural,
    python,
    symbol,
    undefined,
)
from micrograd_like.rules import RULES
from micrograd_like.strategies import Graph, graphs

OPERATIONS = ["add", "sub", "mul", "div", "neg", "pow", "tanh", "abs", "maximum", "relu"]


def same(a: float, b: float) -> bool:
    """Equal in every bit, or both NaN."""
    return a == b or (math.isnan(a) and math.isnan(b))


def numbers_of(order: list[Value]) -> dict[str, float]:
    """The leaves' numbers by their labels."""
    return {v.label: v.data for v in order if v.rule is None}


def has(name: str, text: str) -> bool:
    """Whether a name stands in a text as a word of its own."""
    return re.search(rf"(?<![\w.]){re.escape(name)}(?![^\W⁰¹²³⁴⁵⁶⁷⁸⁹]|\.)", text) is not None


def read(text: str, numbers: dict[str, float]) -> float:
    """The number of a text, with those variables that it has."""
    used = {name: x for name, x in numbers.items() if has(name, text)}
    return parse(f"{text} + 0 * any", used | {"any": 0.0}).data


def names_are_right(root: Value) -> None:
    """Every whole name of a picture, read with the leaves' and the labelled values' numbers."""
    order = topological_order(root)
    unique = names_of(order)
    names = Expressions(order, longest=10**6, exact=True)
    for k, v in enumerate(order):
        text = names[id(v)].text
        # What a name may be made of: leaves, and values that have a label themselves.
        known = {unique[id(u)]: u.data for u in order[:k] if u.rule is None or u.label}
        if v.rule is not None and not v.label and len(text) <= 900:
            assert same(read(text, known), v.data), text


@given(graphs(max_nodes=14), st.lists(st.sampled_from(["", "a", "b", "layer0.neuron1.w0"])))
def test_names_in_pictures_evaluate_to_their_values(graph: Graph, labels: list[str]) -> None:
    """Of all rules, with labels that come again, inner labels, and names with dots."""
    root = graph.record()
    root = (root * -2.5 - 0.1) ** 2 / (1e-7 + root * root)
    for v, label in zip(topological_order(root)[:-1], labels, strict=False):
        v.label = label if v.rule is not None or label else "leaf"
    names_are_right(root)


def test_names_in_pictures_of_networks_are_those_of_one_value_each() -> None:
    """Two rows through a network: every whole name evaluates, whichever neuron it is of."""
    model = MLP(2, [2, 1], activation="tanh")
    rows = [[Value(0.5, "x0"), Value(-1.0, "x1")], [Value(0.25, "x0"), Value(2.0, "x1")]]
    names_are_right(mse([model(row) for row in rows], [1.0, -1.0]))


def test_short_names_within_a_neuron_leave_out_its_name() -> None:
    """A weight is w0 in its own neuron, and has its whole name anywhere else."""
    model = MLP(1, [1, 1], activation="tanh")
    root = model([Value(2.0, "x")]) + model.layers[0].neurons[0].w[0] * 3
    order = topological_order(root)
    titles = {str(name) for name in Expressions(order, groups_of(order), longest=99).values()}
    assert {"w0 · x", "b + w0 · x", "layer0.neuron0.w0 · 3"} <= titles
    assert "w0 · layer0.neuron0" in titles


@given(graphs(OPERATIONS, max_nodes=12))
def test_steps_are_a_program_that_gives_the_root(graph: Graph) -> None:
    """The lines of the forward steps, with names for operands, compute every value."""
    root = graph.record()
    steps = [step for step in Backprop(root) if step.phase == "forward"]
    numbers = numbers_of(topological_order(root))
    for k, step in enumerate(steps, 1):
        lines = [f"{s.equation[0]} = {s.equation[1]}" for s in steps[:k]]
        used = {name: x for name, x in numbers.items() if any(name in line for line in lines)}
        assert same(parse("; ".join(lines), used).data, step.node.data), lines[-1]


@given(graphs(OPERATIONS, max_nodes=12))
def test_calls_in_reports_evaluate_to_their_values(graph: Graph) -> None:
    """What gradcheck calls an operation gives its value, from the operands' names and numbers."""
    root = graph.record()
    for check in local_checks(RecordedGraph(root), "differences"):
        operands = dict(zip(check.operands, check.point, strict=True))
        value = check.rule.function(*check.point)[0]
        known = {name: x for name, x in operands.items() if name != exact(x)}
        assert same(read(check.call, known), value)


def test_brackets_stand_where_precedence_asks_for_them() -> None:
    """Products in powers, differences of differences, quotients of products, signs in powers."""
    a, b = Value(2.0, "a"), Value(3.0, "b")
    cases = {
        "(a · b)²": (a * b) ** 2,
        "a / (b · a)": a / (b * a),
        "a − (b − a)": a - (b - a),
        "(−a)²": (-a) ** 2,
        "−a²": -(a**2),
        "(a²)²": (a**2) ** 2,
        "a^(b + 1)": a ** (b + 1),
        "a · (−b)": a * -b,
        "a + (b + a)": a + (b + a),
        "a + b + a": a + b + a,
        "2^a": 2**a,
        "(−2)^a": (-2) ** Value(2.0, "a"),
        "a^(−1)": a**-1,
        "a^0.5": a**0.5,
        "tanh(a + b) · a": (a + b).tanh() * a,
        "1 / (∂E/∂w)": 1 / Value(2.0, "∂E/∂w"),
        "(∂E/∂w)²": Value(2.0, "∂E/∂w") ** 2,
        "a · ∂E/∂w": a * Value(2.0, "∂E/∂w"),
    }
    for text, root in cases.items():
        order = topological_order(root)
        assert str(Expressions(order)[id(root)]) == text


def test_labels_that_are_formulas_stand_in_brackets() -> None:
    """A label x+y is not torn apart by what is done with it; a name with dots is one word."""
    x = Value(2.0, "x+y")
    root = x * Value(3.0, "layer0.neuron2.w1")
    names = Expressions(topological_order(root), longest=99)
    assert str(names[id(root)]) == "(x+y) · layer0.neuron2.w1"
    assert "(x+y) · layer0.neuron2.w1" in Backprop(root)[0].line


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (2.0, "2"),
        (0.00123456, "0.001235"),
        (-0.00123456, "−0.001235"),
        (0.1, "0.1"),
        (1 / 3, "0.3333"),
        (12345.678949, "12345.6789"),
        (123456.0, "1.235e5"),
        (1e5, "1e5"),
        (1e-7, "1e−7"),
        (-1.5e300, "−1.5e300"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "nan"),
    ],
)
def test_numbers_have_one_format(x: float, text: str) -> None:
    """Four decimals at most, four digits where they are small or large, and real minus signs."""
    assert number(x) == text


@given(st.floats())
def test_numbers_are_read_back(x: float) -> None:
    """The exact form in every bit, the short one to four digits or decimals."""
    assert same(float(python(exact(x))), x)
    short = float(python(number(x)))
    close = math.isclose(short, x, rel_tol=5.1e-4, abs_tol=0) or abs(short - x) <= 5.1e-5
    assert same(short, x) or close or abs(x) > 1e308


def test_formulas_are_written_on_operands() -> None:
    """Operands called y and x are kept apart; exponents of numbers are computed."""
    assert str(formula("x - y", "y", "x")) == "y − x"
    assert str(formula("y * x**(y - 1)", "a", 2.0)) == "2 · a"
    assert str(formula("y * x**(y - 1)", "a", 13.0)) == "13 · a¹²"
    assert str(formula("y * x**(y - 1)", "a", "n")) == "n · a^(n − 1)"
    assert str(formula("x**y", -2.0, 3.0)) == "(−2)³"
    assert str(formula("x + y", -3.0, -1.0)) == "−3 + (−1)"
    assert str(formula("exp(x)", -1.0)) == "exp(−1)"
    assert str(formula("-x / y**2", operation(RULES["add"], "a", "b"), "c")) == "−(a + b) / c²"
    assert str(formula("1 if x > 0 else 0", "a")) == "1 if a > 0 else 0"


def test_conditions_keep_their_brackets() -> None:
    """What is or, and, not, a comparison or a choice holds together as in Python."""
    cases = {
        "(x > 0 or y > 0) and x < 1": "(x > 0 or y > 0) and x < 1",
        "x > 0 or y > 0 and x < 1": "x > 0 or y > 0 and x < 1",
        "not (x > 0 and y > 0)": "not (x > 0 and y > 0)",
        "not x > 0": "not x > 0",
        "(1 if x > 0 else 2) if y > 0 else 3": "(1 if x > 0 else 2) if y > 0 else 3",
        "1 if x > 0 else 2 if y > 0 else 3": "1 if x > 0 else 2 if y > 0 else 3",
        "(1 if x > 0 else 2) + y": "(1 if x > 0 else 2) + y",
        "x % 2 == 0": "x % 2 = 0",
        "y % 1 == 0": "a whole y",
    }
    for text, board in cases.items():
        assert str(formula(text, "x", "y")) == board


def test_what_has_no_notation_is_told() -> None:
    """An operator or a form that formulas do not have is named."""
    with pytest.raises(ValueError, match="a formula has no FloorDiv"):
        formula("x // 2", "x")
    with pytest.raises(ValueError, match="a formula has no List"):
        formula("[x]", "x")


def test_every_rule_has_a_notation() -> None:
    """Operation, formulas and domain of each, as text that no reader stumbles over."""
    for rule in BUILT_IN.values():
        operands = ("a", "b")[: rule.arity]
        texts = [operation(rule, *operands)]
        texts += [formula(text, *operands) for text in (rule.formula, *rule.derivatives)]
        assert all(isinstance(text, Term) and "**" not in text.text for text in texts)
        assert "==" not in condition(rule.domain or "x > 0")


def test_python_code_is_python() -> None:
    """An operation's code, evaluated, is the operation; with methods, too."""
    a, b = Value(1.5, "a"), Value(0.5, "b")
    scope: dict[str, Any] = {"a": a, "b": b, "m2": -2.0}
    for rule in BUILT_IN.values():
        if rule.is_defined(1.5, 0.5):
            right = rule.function(*(1.5, 0.5)[: rule.arity])[0]
            text = code(rule, *("a", "b")[: rule.arity], methods=True)
            found = eval(text, dict(scope))
            assert same(found.data, right), text
    assert code(RULES["pow"], "-2.0", "a") == "(-2.0) ** a"
    assert code(RULES["sub"], "a", "-2.0") == "a - (-2.0)"
    assert code(RULES["maximum"], "a", "1.0") == "maximum(a, 1.0)"


def test_circles_show_constants_beside_the_symbol() -> None:
    """A factor, a power, a base, and several constants as one dot."""
    assert symbol(RULES["mul"], [(1, 2.0)]) == "× 2"
    assert symbol(RULES["sub"], [(0, 1.0)]) == "1 −"
    assert symbol(RULES["pow"], [(1, 2.0)]) == "x²"
    assert symbol(RULES["pow"], [(1, -0.5)]) == "x^(−0.5)"
    assert symbol(RULES["pow"], [(0, 2.0)]) == "2^x"
    assert symbol(RULES["pow"], [(1, None)]) == "x^…"
    assert symbol(RULES["tanh"], []) == "tanh"


def test_words_around_numbers() -> None:
    """Counts, factors of a product, and the error of an operation."""
    assert (plural(1, "step"), plural(0, "step"), plural(1200, "step")) == (
        "1 step",
        "0 steps",
        "1,200 steps",
    )
    assert factors("a", -3.0, formula("1 / x", "b")) == ["a", "(−3)", "(1 / b)"]
    told = undefined(ValueError(), RULES["pow"], Value(-8.0, "p"), 0.5)
    needs = "needs x > 0 or x = 0 and y ≥ 0 or x < 0 and a whole y"
    assert str(told) == f"(-8.0) ** 0.5: {needs} (x is 'p' = -8.0)"


def test_all_numbers_of_a_report_have_one_format() -> None:
    """Real minus signs and one form of powers of ten in the table of a check."""
    table = str(gradcheck(lambda x: x * -1e-7, 2e-8))
    assert "−1e−7" in table
    assert "e-" not in table


def test_names_of_values_are_those_of_steps() -> None:
    """names_of is what Backprop calls values by."""
    root = Value(1.0, "a") * 2 + 1
    steps = Backprop(root)
    order = topological_order(root)
    assert [steps.name(v) for v in order] == list(names_of(order).values())
