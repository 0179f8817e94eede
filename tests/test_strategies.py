"""The strategies: they find planted bugs, shrink them, and print them as programs."""

import subprocess
import sys
from typing import Any

import pytest
from conftest import examples
from hypothesis import Phase, find, given, seed, settings
from hypothesis import strategies as st
from tools.far_errors import FAR_ERRORS, SEEDS, FarError, found_after
from tools.planted_bugs import BUGS, corrupted, planted

from micrograd_like import Value, assert_gradients, gradcheck, topological_order
from micrograd_like.engine import apply
from micrograd_like.rules import RULES
from micrograd_like.strategies import Graph, finite_values, graphs
from micrograd_like.turns import LARGEST

QUICK = settings(
    max_examples=100,
    database=None,
    derandomize=False,
    phases=[Phase.generate, Phase.shrink],
    report_multiple_bugs=False,
)


def leaves_of(root: Value) -> list[Value]:
    """The leaves that a root depends on, in the checker's order."""
    return [v for v in topological_order(root) if v.rule is None]


@pytest.mark.parametrize(
    "seeds",
    [(1,), pytest.param((0, *range(2, 12)), marks=pytest.mark.slow)],
    ids=["one", "eleven"],
)
@pytest.mark.parametrize("bug", BUGS)
def test_planted_bugs_are_found_and_shrunk(bug: str, seeds: tuple[int, ...]) -> None:
    """Each wrong engine fails within 200 examples, for 12 seeds of 12, at 4 nodes or fewer.

    A hundred are too few for one seed of some hundred.
    """
    last: list[Graph] = []

    def gradients_are_right(graph: Graph) -> None:
        last[:] = [graph]
        root = graph.record()
        root.backward()
        root.backward()
        report = gradcheck(root, gradient=[v.grad / 2 for v in leaves_of(root)])
        assert report.ok, report

    for number in seeds:
        many = settings(QUICK, max_examples=200)
        test = seed(number)(many(given(graphs())(gradients_are_right)))
        with planted(bug), pytest.raises(AssertionError):
            test()
        assert len(last[0].leaves) + len(last[0].operations) <= 4, (number, last[0])


def some_rules(*first: str) -> list[Any]:
    """The names of all rules, of which a newcomer's run tries some."""
    return [pytest.param(name, marks=[pytest.mark.slow] * (name not in first)) for name in RULES]


def smallest_wrong_graph(name: str, position: int, phases: list[Phase]) -> Graph:
    """The graph that a test fails with, where one derivative of a rule is a thousandth off."""
    last: list[Graph] = []

    def gradients_are_right(graph: Graph) -> None:
        last[:] = [graph]
        assert_gradients(graph.record())

    given_graphs = given(graphs(["add", "mul", name]))(gradients_are_right)
    test = seed(1)(settings(QUICK, phases=phases)(given_graphs))
    blamed = rf"wrong operation: .*\b{name}\b.* at .*: ∂/∂{'xy'[position]} is"
    with corrupted(RULES[name], position), pytest.raises(AssertionError, match=blamed):
        test()
    return last[0]


@pytest.mark.parametrize("name", some_rules("add", "mul", "pow", "tanh", "relu", "maximum"))
def test_a_wrong_derivative_of_any_rule_is_found_and_named(name: str) -> None:
    """A factor of 1.001 in any derivative fails, and the rule is blamed."""
    for position in range(RULES[name].arity):
        smallest_wrong_graph(name, position, [Phase.generate])


@pytest.mark.parametrize("name", some_rules("mul"))
def test_a_wrong_derivative_of_any_rule_is_shrunk(name: str) -> None:
    """The graph that is shown has few nodes, at a far kink of two large values some more."""
    for position in range(RULES[name].arity):
        graph = smallest_wrong_graph(name, position, [Phase.generate, Phase.shrink])
        most = 16 if name in ("minimum", "maximum") else 8
        assert len(graph.leaves) + len(graph.operations) <= most, graph


NEWCOMERS = [error for error in FAR_ERRORS if error.rule in ("softplus", "log", "asin")]


@pytest.mark.parametrize(
    ("error", "number"),
    [
        pytest.param(
            error, number, marks=[pytest.mark.slow] * (number > 1 or error not in NEWCOMERS)
        )
        for error in FAR_ERRORS
        for number in SEEDS
    ],
    ids=str,
)
def test_a_derivative_that_is_wrong_in_a_far_region_only_is_found(
    error: FarError, number: int
) -> None:
    """Past saturation, next to an end, tiny or huge: within 600 graphs, mostly 200."""
    assert found_after(error, number, ["add", "mul", error.rule])


@given(graphs(max_nodes=40))
def test_all_that_is_drawn_leads_to_the_root(graph: Graph) -> None:
    """No leaf and no operation is dead, and each operation depends on a Value."""
    order = topological_order(graph.record())
    assert len(order) == len(graph.leaves) + len(graph.operations)


@pytest.mark.parametrize(
    "wanted",
    [
        lambda x, y: isinstance(x, float) and isinstance(y, int),
        lambda x, y: isinstance(x, int) and isinstance(y, float),
        lambda x, y: isinstance(x, int) and x == y,
    ],
    ids=["number first", "number second", "a value twice"],
)
def test_operands_are_numbers_on_either_side_and_values_twice(wanted: Any) -> None:
    """Such as `2 - x`, `x ** 2` and `x * x`, shrunk to one operation, or to a few by chance."""
    found = find(
        graphs(["sub", "pow", "mul"]),
        lambda graph: any(wanted(x, y) for _, x, y in graph.operations),
        settings=settings(max_examples=300, database=None),
    )
    assert len(found.leaves) <= 2
    assert len(found.operations) <= 6


@given(graphs())
@settings(max_examples=examples(60))
def test_gradients_of_random_graphs_agree_with_finite_differences(graph: Graph) -> None:
    """No false alarm on the right engine, over all rules."""
    root = graph.record()
    report = gradcheck(root)
    assert report.ok, (graph, report)


@given(graphs(max_nodes=200))
def test_graphs_are_defined_and_of_ordinary_size(graph: Graph) -> None:
    """No operation is undefined, no number beyond the limit, every operand comes before."""
    values = graph.values([Value(x) for x in graph.leaves])
    assert len(values) <= 200
    for v in values[len(graph.leaves) :]:
        slopes = [slope for slope in v.local_grads if slope is not None]
        assert all(abs(number) <= LARGEST for number in (v.data, *slopes))


@given(graphs())
def test_a_graph_runs_on_numbers_and_values_alike(graph: Graph) -> None:
    """Python's operators and methods compute what the rules do."""
    root = graph.record()
    assert graph(*graph.leaves) == root.data
    assert graph(*map(Value, graph.leaves)).data == root.data


@given(graphs())
def test_a_graph_prints_as_a_program_that_gives_its_gradients(graph: Graph) -> None:
    """What a failing test shows can be pasted and run."""
    scope: dict[str, Any] = {}
    exec(repr(graph), scope)
    root = graph.record()
    root.backward()
    for leaf in leaves_of(root):
        assert repr(scope[leaf.label].grad) == repr(leaf.grad)


def test_the_programs_of_small_graphs() -> None:
    """Operators, methods, and both kinds of sharing, as one would write them."""
    operations = [("mul", 0, 0), ("neg", 2, 0), ("maximum", 3, 1), ("tanh", 4, 4)]
    graph = Graph([2.0, 3.0], [*operations, ("sub", 3.0, 5), ("pow", 6, 2.0), ("pow", -2.0, 7)])
    assert repr(graph).splitlines() == [
        "from micrograd_like import Value",
        "x0 = Value(2.0, 'x0')",
        "x1 = Value(3.0, 'x1')",
        "v1 = x0 * x0",
        "v2 = -v1",
        "v3 = v2.maximum(x1)",
        "v4 = v3.tanh()",
        "v5 = 3.0 - v4",
        "v6 = v5 ** 2.0",
        "v7 = (-2.0) ** v6",
        "v7.backward()",
    ]


def test_a_failing_graph_is_printed_by_hypothesis_as_a_program() -> None:
    """The note on the error holds the program, a line a value."""

    @given(graphs(["mul", "add"]))
    @settings(database=None, derandomize=True)
    def no_squares(graph: Graph) -> None:
        assert all(name != "mul" for name, _, _ in graph.operations)

    with pytest.raises(AssertionError) as caught:
        no_squares()
    note = "\n".join(caught.value.__notes__)
    assert "x0 = Value(0.0, 'x0')\n" in note
    assert "v1 = x0 * x0\n" in note


def test_the_rules_leaves_and_sizes_are_the_users_choice() -> None:
    """Only these rules, no more nodes than told, leaves from any strategy."""

    @given(graphs(["add", "log"], max_nodes=5, leaves=st.sampled_from([0.5, 2.0])))
    @settings(database=None)
    def check(graph: Graph) -> None:
        assert {name for name, _, _ in graph.operations} <= {"add", "log"}
        assert len(graph.leaves) + len(graph.operations) <= 5
        assert set(graph.leaves) <= {0.5, 2.0}

    check()
    assert find(graphs(["log"]), lambda graph: not graph.operations).leaves == [0.0]


def test_mistakes_in_the_choice_are_told() -> None:
    """An unknown rule lists the known ones; nothing to draw is an error."""
    with pytest.raises(
        ValueError, match="graphs: rule is 'tahn'; it is to be one of add, sub, mul"
    ):
        graphs(["tahn"])
    with pytest.raises(ValueError, match="graphs: rules is empty"):
        graphs([])
    with pytest.raises(ValueError, match="graphs: max_nodes is 0; it is to be a whole number"):
        graphs(max_nodes=0)
    with pytest.raises(ValueError, match="graphs: max_leaves is 0; it is to be a whole number"):
        graphs(max_leaves=0)
    with pytest.raises(ValueError, match=r"min_value is 4\.0, above max_value, -1\.0; swap them"):
        finite_values(4, -1)


@given(finite_values(-1, 4, "w"))
def test_finite_values_are_leaves_between_bounds(value: Value) -> None:
    """Labelled leaves, with no gradient yet."""
    assert -1 <= value.data <= 4
    assert (value.label, value.rule, value.grad) == ("w", None, 0.0)


@given(...)
def test_types_are_enough_to_draw_values_and_graphs(value: Value, graph: Graph) -> None:
    """Hypothesis knows both types by itself."""
    assert isinstance(value, Value)
    assert apply(RULES["mul"], value, 0.0).data == 0
    assert graph.leaves


def test_the_entry_point_registers_values_without_importing_the_strategies() -> None:
    """`st.from_type(Value)` works in a program that never imports them, and importing is lazy."""
    program = (
        "import sys; from hypothesis import find, strategies as st\n"
        "assert 'micrograd_like.strategies' not in sys.modules\n"
        "from micrograd_like import Value\n"
        "print(find(st.from_type(Value), lambda v: v > 1))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "Value(data=2, grad=0)\n"
