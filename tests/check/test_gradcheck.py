"""The checker: what it must pass, fail, call a kink, or leave open."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from conftest import examples, of, unlisted
from hypothesis import given, settings
from tools.hard_points import HARD_POINTS, HardPoint
from tools.planted_bugs import planted

import micrograd_like as mg
from micrograd_like import Value, assert_gradients, gradcheck, rule
from micrograd_like.check import Report
from micrograd_like.rules import m
from micrograd_like.strategies import Graph, graphs


def outcome(f: Callable[[float], float], x: float, slope: float) -> str:
    """The checker's word on one slope of one function, without digits."""
    return gradcheck(f, x, gradient=[slope], reference="differences").checks[0].outcome


def word_of(report: Report) -> str:
    """One word for a report: inconclusive if a row is, else whether it is ok."""
    outcomes = {check.outcome for check in report.checks}
    return "inconclusive" if "inconclusive" in outcomes else "pass" if report.ok else "fail"


@pytest.mark.parametrize("reference", ["auto", "differences", "mpmath"])
@pytest.mark.parametrize("point", HARD_POINTS, ids=lambda point: point.name)
def test_no_right_gradient_fails_and_no_wrong_one_passes(point: HardPoint, reference: str) -> None:
    """At each hard point the verdict is right; it may be left open without the exact reference."""
    word = word_of(gradcheck(point.f, point.x, gradient=[point.gradient], reference=reference))
    left_open = {"inconclusive"} if reference != "mpmath" else set()
    assert word in {"pass" if point.right else "fail"} | left_open


@pytest.mark.parametrize(("reference", "most"), [("differences", 6), ("auto", 1)])
def test_few_hard_points_are_left_open(reference: str, most: int) -> None:
    """Of the 55, 6 are inconclusive by differences, and one where digits are taken as well."""
    reports = [gradcheck(p.f, p.x, gradient=[p.gradient], reference=reference) for p in HARD_POINTS]
    assert len(reports) == 55
    assert [word_of(report) for report in reports].count("inconclusive") <= most


def raising(x: float) -> float:
    """2x, with an error of its own below 0."""
    if x < 0:
        raise LookupError("no such number")
    return 2 * x


ONE_STEP_AWAY: list[tuple[str, Callable[[float], float], float, float, str]] = [
    ("smooth", math.cos, 0.0, 0.0, "pass"),
    ("smooth, off in the ninth digit", math.cos, 0.0, 1e-9, "fail"),
    ("between the slopes of a kink", abs, 0.0, 0.999, "kink"),
    ("outside them", abs, 0.0, 1.001, "fail"),
    ("next to the kink", abs, 1e-3, 0.999, "fail"),
    ("vertical tangent", math.sqrt, 0.0, math.inf, "pass"),
    ("vertical tangent, finite slope", math.sqrt, 0.0, 1e9, "fail"),
    ("end of a domain", lambda x: math.sqrt(x) ** 4, 0.0, 0.0, "pass"),
    ("end of a domain, wrong", lambda x: math.sqrt(x) ** 4 + x, 0.0, 0.0, "fail"),
    ("two vertical tangents that part", lambda x: math.sqrt(abs(x)), 0.0, 0.0, "kink"),
    ("two that do not", lambda x: math.copysign(math.sqrt(abs(x)), x), 0.0, 0.0, "fail"),
    ("complex beyond the end", lambda x: (x**0.5) ** 4, 0.0, 0.0, "pass"),
    ("raising whatever it likes beyond the end", raising, 0.0, 2.0, "pass"),
    ("the same, wrong", raising, 0.0, 2.1, "fail"),
    ("undefined", math.log, -1.0, 0.0, "fail"),
    ("constant everywhere", lambda x: 5.0, 1.0, 0.0, "pass"),
    ("a scale below all steps", lambda x: (x + 1e-38) ** (x + 1e-38), 0.0, -86.3, "inconclusive"),
    ("a slope that no scale explains", lambda x: (x + 1) ** (x + 1), 0.0, -86.3, "fail"),
    ("a staircase", lambda x: (1 + x) - 1, 0.0, 1.0, "pass"),
    ("a staircase, wrong", lambda x: (1 + x) - 1, 0.0, 0.99, "fail"),
    ("a stair wider than x", lambda x: (1 + x) - 1, 1e-17, 1.0, "inconclusive"),
    ("a flat piece, no stair", lambda x: max(x - 1e-9, 0.0), 0.0, 0.0, "pass"),
    ("a flat piece, wrong", lambda x: max(x - 1e-9, 0.0), 0.0, 1.0, "fail"),
    ("a jump at the point", lambda x: x + 1 if x >= 1 else x, 1.0, 1.0, "inconclusive"),
    ("away from the jump", lambda x: x + 1 if x > 1 else x, 0.9, -77.0, "fail"),
    ("kink closer than the smallest step", lambda x: max(x - 1, 0), 1 + 1e-13, 1.0, "pass"),
    ("the same, wrong sign", lambda x: max(x - 1, 0), 1 + 1e-13, -1.0, "fail"),
    ("flat, then steep", lambda x: math.sqrt(max(x, 0)), 0.0, 5.0, "kink"),
    ("flat, then steep, outside", lambda x: math.sqrt(max(x, 0)), 0.0, -5.0, "fail"),
    ("next to a pole", lambda x: math.log(1 - x), 1 - 1e-15, -1e15, "inconclusive"),
    ("farther from it", lambda x: math.log(1 - x), 1 - 1e-3, -1e3, "pass"),
    ("farther from it, wrong", lambda x: math.log(1 - x), 1 - 1e-3, -1.001e3, "fail"),
    ("the last float of a domain", math.asin, 1 - 2**-53, 1.0, "inconclusive"),
    ("underflow", lambda x: x * x, 1e-200, 2e-200, "inconclusive"),
    ("before underflow", lambda x: x * x, 1e-120, 2e-120, "pass"),
    ("overflow", lambda x: math.inf * x, 1.0, math.inf, "inconclusive"),
    ("a slope that vanishes slowly", lambda x: x**1.004 + 2, 0.0, 0.0, "inconclusive"),
    ("lost in rounding", math.erf, 7.0, 0.0, "inconclusive"),
    ("a tail that rounding hides", math.tanh, 30.0, 4 * math.exp(-60), "pass"),
    ("a tail that rounding hides, wrong", math.tanh, 30.0, 0.0, "fail"),
    ("a tail that is cut off", lambda x: math.tanh(min(x, 12)), 30.0, 0.0, "inconclusive"),
    ("not lost yet", math.tanh, 3.0, 0.0, "fail"),
    ("NaN is no gradient", math.sin, 1.0, math.nan, "fail"),
]


@pytest.mark.parametrize(
    ("f", "x", "slope", "right"),
    [row[1:] for row in ONE_STEP_AWAY],
    ids=[row[0] for row in ONE_STEP_AWAY],
)
def test_each_outcome_and_a_case_one_step_away(
    f: Callable[[float], float], x: float, slope: float, right: str
) -> None:
    """Every outcome has a case that must give it, and a neighbour that must not."""
    assert outcome(f, x, slope) == right


def network(*w: Any) -> Any:
    """A smooth function of ten inputs through a thousand nodes."""
    total = w[0]
    for k in range(330):
        total = mg.tanh(total * w[k % 10]) + w[(3 * k) % 10]
    return total


def test_ten_inputs_through_a_thousand_nodes() -> None:
    """All ten gradients of a deep graph pass."""
    point = [0.1 * k - 0.45 for k in range(10)]
    report = gradcheck(network, *point)
    assert report.ok
    assert {check.outcome for check in report.checks} == {"pass"}


def test_a_recorded_value_is_checked_at_its_leaves() -> None:
    """The graph itself is the function; labels name the rows."""
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    report = gradcheck((a * b + a).tanh() + a)
    assert [(c.input, c.point, c.outcome) for c in report.checks] == [
        ("a", 2.0, "pass"),
        ("b", -3.0, "pass"),
    ]
    assert a.grad == 0.0


def test_second_derivatives_are_checked_against_first_ones() -> None:
    """Each entry of the hessian has its row."""
    report = gradcheck(lambda x, y: mg.exp(x) * y * y, 0.5, 1.5, order=2)
    assert [c.outcome for c in report.checks] == ["pass"] * 4
    assert report.checks[1].input == "∂/∂y of ∂f/∂x"


def test_assert_gradients_raises_with_the_table() -> None:
    """The error holds the report: input, point, both slopes, outcome."""
    with pytest.raises(AssertionError, match=r"(?s)x is 7, .*\ninput +point .*x +3 +7 +6 ±"):
        assert_gradients(lambda x: x * x, 3.0, gradient=[7.0])
    assert assert_gradients(mg.sin, 1.0).ok


def test_the_nearest_kink_is_reported() -> None:
    """A ladder that stops agreeing says how far away."""
    check = gradcheck(mg.relu, 1e-3).checks[0]
    assert check.outcome == "pass"
    assert 1e-3 <= check.kink <= 1.0


def test_mistakes_are_told() -> None:
    """A lost graph, a random function, a point that is none."""
    numbers = iter(range(1000))
    with pytest.raises(TypeError, match="its graph was lost"):
        gradcheck(lambda x: x.data, 1.0)
    with pytest.raises(ValueError, match="is it random"):
        gradcheck(lambda x: float(next(numbers)), 1.0, gradient=[0.0])
    with pytest.raises(ValueError, match="gradcheck: x is nan; it is to be a finite number"):
        gradcheck(mg.sin, math.nan)
    with pytest.raises(ValueError, match="needs at least one input"):
        gradcheck(lambda: Value(1.0))
    with pytest.raises(ValueError, match=r"has shape \(2,\) for a point of 1 number"):
        gradcheck(mg.sin, 1.0, gradient=[1.0, 2.0])
    with pytest.raises(TypeError, match="has its point"):
        gradcheck(Value(1.0), 1.0)
    with pytest.raises(ValueError, match="order is 3; it is to be a whole number from 1 to 2"):
        gradcheck(mg.sin, 1.0, order=3)
    with pytest.raises(ValueError, match="with order=2 gradient is to be a pair"):
        gradcheck(mg.sin, 1.0, order=2, gradient=[1.0])
    with pytest.raises(TypeError, match=r"gradcheck: f is 3\.0; it is to be a function of"):
        gradcheck(3.0, 1.0)  # type: ignore[arg-type]


# --- with the exact reference ----------------------------------------------------------------

EXACTLY: list[tuple[str, Callable[[Any], Any], float, float, str]] = [
    ("the last digit", mg.sin, 1.0, math.cos(1.0), "pass"),
    ("eleven digits", mg.sin, 1.0, math.cos(1.0) * (1 + 1e-11), "fail"),
    ("tanh where it is flat", mg.tanh, 300.0, mg.grad(mg.tanh)(300.0), "pass"),
    ("tanh where it is flat, 0", mg.tanh, 300.0, 0.0, "fail"),
    ("constant", lambda x: x * 0, 1.0, 0.0, "pass"),
    ("constant, wrong", lambda x: x * 0, 1.0, 1e-300, "fail"),
    ("kink", mg.relu, 0.0, 1.0, "kink"),
    ("beyond the kink", mg.relu, 0.0, 1.0 + 1e-9, "fail"),
    ("next to the kink", mg.relu, -5e-324, 1.0, "fail"),
    ("vertical tangent", mg.sqrt, 0.0, math.inf, "pass"),
    ("vertical tangent, downwards", mg.sqrt, 0.0, -math.inf, "fail"),
    ("two vertical tangents that part", lambda x: mg.sqrt(abs(x)), 0.0, 0.0, "kink"),
    ("end of a domain", lambda x: mg.sqrt(x) ** 3, 0.0, 0.0, "pass"),
    ("end of a domain, wrong", lambda x: mg.sqrt(x) ** 3 + x, 0.0, 0.0, "fail"),
    ("a single point", lambda x: mg.sqrt(-x * x), 0.0, 0.0, "inconclusive"),
    ("undefined", mg.log, 0.0, math.inf, "fail"),
    ("rounding before the sine", lambda x: mg.sin(x * 1e9), 0.1, 8.37887e8, "fail"),
    ("NaN", mg.sin, 1.0, math.nan, "fail"),
]


@pytest.mark.parametrize(
    ("f", "x", "slope", "right"), [row[1:] for row in EXACTLY], ids=[row[0] for row in EXACTLY]
)
def test_each_outcome_of_the_reference_and_a_case_one_step_away(
    f: Callable[[Any], Any], x: float, slope: float, right: str
) -> None:
    """With hundreds of digits nothing is left open that has a slope."""
    check = gradcheck(f, x, gradient=[slope], reference="mpmath").checks[0]
    assert check.outcome == right, check


@given(graphs())
@settings(max_examples=examples(40))
def test_the_engine_is_right_to_the_last_digits_on_random_graphs(graph: Graph) -> None:
    """No gradient of any rule is farther from the exact one than rounding explains."""
    report = gradcheck(graph.record(), reference="mpmath")
    assert all(c.outcome != "fail" for c in report.checks if c.input != "value"), (graph, report)


def test_the_reference_tells_the_errors_in_ulp() -> None:
    """Of each gradient, and in the last row of the value."""
    report = gradcheck(lambda x, y: mg.tanh(x) * y, 0.5, 3.0, reference="mpmath")
    assert [c.input for c in report.checks] == ["x", "y", "value"]
    assert all(c.ulps <= 4 for c in report.checks)
    assert str(report).splitlines()[0].endswith("off by")
    assert str(report).splitlines()[1].endswith("ulp")


def test_a_value_that_lost_half_of_its_digits_fails() -> None:
    """Cancellation is told, unless rounding the inputs does the same."""
    lost = gradcheck(lambda x: mg.exp(x) - 1, 1e-12, reference="mpmath")
    assert (lost.checks[-1].input, lost.checks[-1].outcome) == ("value", "fail")
    assert "digits cancel" in lost.hint
    root = gradcheck(lambda x: x * x - 2, math.sqrt(2), reference="mpmath")
    assert root.checks[-1].outcome == "pass"
    assert gradcheck(mg.expm1, 1e-12, reference="mpmath").ok


def test_a_function_that_leaves_its_graph_is_checked_by_differences() -> None:
    """What the graph does not hold, the reference cannot see: the ladder takes its place."""
    report = gradcheck(lambda x: x * x.data, 3.0, reference="mpmath")
    assert report.checks[0].outcome == "fail"
    assert report.checks[0].numeric == pytest.approx(6)
    assert "has left it" in report.hint


def test_second_derivatives_are_checked_exactly() -> None:
    """The recorded gradients of gradients, to a few ulp."""
    report = gradcheck(lambda x, y: mg.tanh(x * y), 0.5, 0.25, order=2, reference="mpmath")
    assert [c.outcome for c in report.checks] == ["pass"] * 4
    assert all(c.ulps < 20 for c in report.checks)


def test_an_input_that_does_not_matter_has_gradient_zero() -> None:
    """A leaf that is in no graph is checked, too."""
    for reference in ("differences", "mpmath"):
        report = gradcheck(lambda x, y: x * 2, 1.0, 5.0, reference=reference)
        assert [c.outcome for c in report.checks[:2]] == ["pass", "pass"]


# --- blame -----------------------------------------------------------------------------------


@unlisted
@rule("cube", "x**3", "3 * x**2 if x < 1 else 2 * x**2")
def wrong_cube(x: Any) -> Any:
    """A derivative with a slip that shows above 1 only."""
    return x * x * x, 3 * x * x if x < 1 else 2 * x * x


@unlisted
@rule("half", "x / (1 + y * y)", "1 / (1 + y * y)", "-x * y / (1 + y * y)**2")
def wrong_half(x: Any, y: Any) -> Any:
    """A wrong derivative for the second input."""
    return x / (1 + y * y), 1 / (1 + y * y), -x * y / (1 + y * y) / (1 + y * y)


@unlisted
@rule("off", "0.3 * exp(x)", "0.3 * exp(x)")
def wrong_everywhere(x: Any) -> Any:
    """A value that its formula contradicts, with the derivative of that value."""
    return 0.3 * m.exp(x), 0.3 * m.exp(x)


of(wrong_everywhere).formula = "exp(x) / 3"  # since it was defined


@pytest.mark.parametrize("reference", ["differences", "mpmath"])
def test_the_wrong_operation_is_named(reference: str) -> None:
    """Among many right ones: with its operands, both slopes, its formula and where its code is."""

    def f(x: Any, y: Any) -> Any:
        return mg.tanh(wrong_half(mg.exp(x), y + 1) * x - wrong_cube(x))

    report = gradcheck(f, 0.5, -0.25, reference=reference)
    (blame,) = report.blame
    assert (blame.rule.name, blame.operands, blame.check.input) == ("wrong_half", ("v1", "v2"), "y")
    text = str(report).splitlines()[-1]
    assert text.startswith(
        f"wrong operation: wrong_half(v1, v2) at v1 = {math.exp(0.5)}, v2 = 0.75"
    )
    assert "∂/∂y is −0.50648" in text
    assert "should be −1.01297" in text
    assert "its formula is −x · y / (1 + y · y)²" in text
    assert "test_gradcheck.py:" in text


@pytest.mark.parametrize("reference", ["differences", "mpmath"])
def test_an_operation_is_blamed_where_it_is_wrong_only(reference: str) -> None:
    """Used twice, it is wrong at one of its operands: that one is shown, once."""
    report = gradcheck(lambda x: wrong_cube(x) + wrong_cube(x + 1), 0.5, reference=reference)
    assert [(b.operands, b.point) for b in report.blame] == [(("v2",), (1.5,))]


def test_all_wrong_operations_are_named() -> None:
    """Two wrong rules in one graph are both in the report."""
    report = gradcheck(lambda x: wrong_cube(x) * wrong_half(1.0, x), 2.0)
    assert [b.rule.name for b in report.blame] == ["wrong_cube", "wrong_half"]


def test_a_value_that_contradicts_its_formula_is_blamed_by_the_reference() -> None:
    """The derivative fits the code, so differences pass; the formula says that both are wrong."""
    assert gradcheck(wrong_everywhere, 1.0).ok
    report = gradcheck(wrong_everywhere, 1.0, reference="mpmath")
    assert [b.check.input for b in report.blame] == ["x", ""]
    assert "the value is 0.815" in str(report.blame[1])


def test_where_no_operation_is_wrong_the_report_says_where_to_look() -> None:
    """A lost part of the function, and an engine that adds up wrongly."""
    report = gradcheck(lambda x: mg.exp(x) * x.detach(), 1.0)
    assert (list(report.blame), report.ok) == ([], False)
    assert "a part of f has left it (.data, detach()" in str(report)
    with planted("overwriting"):
        report = gradcheck(lambda x: x * x + x, 3.0)
    assert str(report).splitlines()[-1].endswith("or products are added up wrongly")


def test_a_recorded_graph_is_blamed_by_its_labels() -> None:
    """The names that the user gave are the names in the report."""
    a = Value(2.0, "a")
    b = a * a
    b.label = "b"
    text = str(gradcheck(wrong_cube(b)))
    assert "wrong_cube(b) at b = 4.0" in text


def test_blame_in_a_large_graph_is_found_quickly() -> None:
    """A thousand operations are checked by themselves, one of them wrong."""

    def f(*w: Any) -> Any:
        return network(*w) + wrong_cube(w[0] + 2)

    report = gradcheck(f, *[0.1 * k - 0.45 for k in range(10)])
    assert [b.rule.name for b in report.blame] == ["wrong_cube"]


BENT: list[tuple[Callable[[Any], Any], str]] = [
    (lambda x: mg.minimum(mg.relu(x), x), "relu(x) is at its kink"),
    (lambda x: mg.relu(x) - mg.relu(-x), "relu(x) is at its kink"),
    (lambda x: mg.sqrt(x) ** 2, "sqrt(x) has an infinite slope"),
]


@pytest.mark.parametrize(("f", "reason"), BENT)
@pytest.mark.parametrize("reference", ["differences", "mpmath"])
def test_a_chain_rule_through_a_kink_is_left_open(
    f: Callable[[Any], Any], reason: str, reference: str
) -> None:
    """Where an operation inside bends, its slope may be any of several: the report names it."""
    check = gradcheck(f, 0.0, reference=reference).checks[0]
    assert (check.outcome, check.reason.startswith(reason)) == ("inconclusive", True)
    assert not gradcheck(f, 0.0, reference=reference, gradient=[check.gradient]).ok


def test_a_wrong_gradient_through_a_kink_fails_all_the_same() -> None:
    """What the engine's rules do not give is not excused, nor is a wrong rule."""
    x = Value(0.0, "x")
    root = mg.minimum(mg.relu(x), x)
    assert not gradcheck(root, gradient=[1.5]).ok
    assert gradcheck(root, gradient=[0.5]).checks[0].outcome == "inconclusive"
    assert gradcheck(root, gradient=[1.0]).checks[0].outcome == "pass"
    assert not gradcheck(lambda x: wrong_cube(x + 2) + mg.minimum(mg.relu(x), x), 0.0).ok


def test_excuses_are_for_inputs_that_lead_to_the_kink() -> None:
    """A kink on one input's way excuses no other."""
    report = gradcheck(lambda x, y: abs(y) + x * x.data, 3.0, 0.0)
    assert [c.outcome for c in report.checks] == ["fail", "kink"]


def test_rounding_inside_a_graph_is_known() -> None:
    """What no difference next to the point shows: a term that is rounded away, a staircase."""
    for f, *point in (
        (lambda a, b: ((b + a) - b) * (b * b) - (b + a), -1.3125, 0.689453125),
        (lambda x: (x * x + 2e-14) - x, 2e-14),
        (lambda x: x**3, 1e-103),
    ):
        report = gradcheck(f, *point)
        assert report.ok, report


def test_second_derivatives_need_right_first_ones() -> None:
    """A wrong rule is blamed before its derivative is differentiated; a kink is left open."""
    report = gradcheck(wrong_cube, 2.0, order=2)
    assert [b.rule.name for b in report.blame] == ["wrong_cube"]
    for reference in ("differences", "mpmath"):
        check = gradcheck(abs, 0.0, order=2, reference=reference).checks[0]
        assert check.outcome == "inconclusive"


def test_the_reference_grants_the_rounding_of_the_input() -> None:
    """Next to its minimum the slope of GELU is the difference of two terms."""
    assert gradcheck(lambda x: x.gelu(), -0.7517, reference="mpmath").ok
    assert gradcheck(lambda x: x.acos().sin(), 0.0, reference="mpmath").ok
    assert not gradcheck(mg.cos, 0.0, gradient=[6e-17], reference="mpmath").ok
    report = gradcheck(
        lambda x: (1 - mg.cos(x)) / (x * x), 1e-5, gradient=[0.99], reference="mpmath"
    )
    assert report.checks[0].outcome == "inconclusive"


def test_data_that_was_changed_after_recording_is_told() -> None:
    """The graph belongs to the numbers it was recorded with."""
    x = Value(2.0, "x")
    for root in (x * x, x.log()):
        x.data = -5.0
        with pytest.raises(RuntimeError, match=r"gradcheck: .* changed after it was computed"):
            gradcheck(root)


@pytest.mark.parametrize(
    ("f", "gradient", "message"),
    [
        (lambda x: None, [1.0], "f returned None, not a number or a Value"),
        (lambda x: x * 1j, [1.0], "f returned 2j, not a number"),
        (lambda x: x, ["1"], "gradient: takes a number, not the str '1'"),
        (lambda x: x, [None], "gradient: takes a number, not the NoneType"),
    ],
)
def test_what_is_no_number_is_told(f: Any, gradient: Any, message: str) -> None:
    """One line, with the value."""
    with pytest.raises(TypeError, match=message):
        gradcheck(f, 2.0, gradient=gradient)


def test_a_single_gradient_needs_no_list() -> None:
    """A number will do for one input."""
    assert gradcheck(mg.sin, 1.0, gradient=math.cos(1.0)).ok


def test_an_unknown_reference_is_told() -> None:
    """The two that there are."""
    with pytest.raises(
        ValueError, match="reference is 'exact'; it is to be one of auto, differences, mpmath"
    ):
        gradcheck(mg.sin, 1.0, reference="exact")


def test_a_report_shows_itself() -> None:
    """A notebook has the table, below a line that counts; the repr is that line."""
    report = gradcheck(lambda x, y: wrong_cube(x) * y, 2.0, 3.0)
    assert repr(report) == "<Report of 2 inputs: 1 fail, 1 pass>"
    html = report._repr_html_()
    assert "<strong>2 inputs: 1 fail, 1 pass</strong>" in html
    assert html.count("<tr>") == 3
    assert "wrong operation: " in html
    assert repr(Report([])) == "<Report of 0 inputs>"
    assert "<table" in Report([])._repr_html_()


def test_a_notebook_has_what_failed_among_many_inputs() -> None:
    """As rows of the table, twenty at most; the text has all inputs."""

    def f(*x: Any) -> Any:
        return sum(v * v for v in x)

    point = [float(k) for k in range(300)]
    report = gradcheck(f, *point, gradient=[2 * x + (x > 297) for x in point])
    html = report._repr_html_()
    assert html.count("<tr>") == 3
    assert html.count("fail: off by 1") == 2
    assert '<p style="margin:4px 0">and 298 more inputs: 298 pass</p>' in html
    assert gradcheck(f, *point)._repr_html_().count("<tr>") == 21
    assert len(str(report).splitlines()) > 300


def test_hostile_names_of_inputs_and_operands_stay_in_their_lines() -> None:
    """Of leaves of a graph: in the table, and in what is blamed."""
    x = Value(2.0, "<script>\x1b\u202e" + "x" * 10_000)
    report = gradcheck(wrong_cube(x))
    for text in (str(report), report._repr_html_()):
        assert not {*text} & {"\x1b", "\u202e"}
        assert "x" * 41 not in text
    assert "<script" not in report._repr_html_()


def test_a_function_that_is_flat_at_its_end_is_decided() -> None:
    """One side of a bound, or of a domain's end, tells a slope of 0 from others."""
    bound = gradcheck(lambda x, y: y * y, 0.5, 1.0, gradient=[0.0, 2.0], lower=0.5)
    assert [c.outcome for c in bound.checks] == ["pass", "pass"]
    assert not gradcheck(lambda x, y: y * y, 0.5, 1.0, gradient=[0.1, 2.0], lower=0.5).ok
    end = gradcheck(lambda x: 3 + 0 * math.sqrt(x), 0.0, gradient=0.0)
    assert end.checks[0].outcome == "pass"


def test_a_bound_that_is_no_number_is_told() -> None:
    """Else every point would be out of it, and a right slope called wrong."""
    with pytest.raises(ValueError, match=r"^gradcheck: lower of x is nan; give a number"):
        gradcheck(lambda x: x * x, 1.0, gradient=2.0, lower=math.nan)


def test_stairs_that_rounding_made_are_no_wrong_slope_by_hand() -> None:
    """(1e16 + x) - 1e16 goes up in steps of two: a slope by hand that is right does not fail."""
    report = gradcheck(lambda x: (1e16 + x) - 1e16, 1.3, gradient=1.0)
    assert report.checks[0].outcome == "inconclusive"
    assert gradcheck(lambda x: (1e16 + x) - 1e16, 1.3).ok
