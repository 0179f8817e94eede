"""A rule's words are compared with what its function gives."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from conftest import BUILT_IN, unlisted
from hypothesis import given
from hypothesis import strategies as st

from micrograd_like import Backprop, Value, gradcheck, rule, to_function
from micrograd_like.agreement import check_words
from micrograd_like.custom import forget
from micrograd_like.engine import add_method
from micrograd_like.rules import RULES, Rule, m


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_words_of_the_rules_of_the_package_are_true(name: str) -> None:
    """They are not compared when the package is imported; here they are."""
    check_words(BUILT_IN[name])


def words(
    function: Callable[..., Any],
    formula: str,
    *derivatives: str,
    domain: str = "",
    arrays: str = "",
) -> Rule:
    """A rule outside the table."""
    return Rule(function, "f", formula, derivatives, domain, arrays)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_slip_in_any_word_of_any_rule_is_seen(name: str) -> None:
    """Each formula and derivative of the package, 1 % too large or with another sign."""
    of = BUILT_IN[name]
    texts = of.formula, *of.derivatives
    for place, text in enumerate(texts):
        for slip in ("1.01 * ({})", "-({})"):
            wrong = [*texts]
            wrong[place] = slip.format(text)
            if text == "0":
                continue
            slipped = Rule(
                of.function, of.symbol, wrong[0], tuple(wrong[1:]), of.domain, of.formula
            )
            with pytest.raises(
                ValueError, match=f"rule '{name}': its (formula|derivative)"
            ) as told:
                check_words(slipped)
            assert "\n" not in str(told.value)


def square(x: Any) -> Any:
    return x * x, 2 * x


def triple(x: Any) -> Any:
    return 2 * x, 2.0


def root(x: Any) -> Any:
    return m.sqrt(x), 0.5 / m.sqrt(x)


def steep(x: Any) -> Any:
    return (x, 1.0) if x < 5000 else (x + 1, 1.0)


def product(x: Any, y: Any) -> Any:
    return x * y, y, y


def size(x: Any) -> Any:
    return m.abs(x), 1.0 if x > 0 else -1.0


def between(x: Any) -> Any:
    if not 100 < x < 100.5:
        raise ValueError("out of range")
    return x, 1.0


def nothing(x: Any) -> Any:
    return x, m.nan


def complex_below(x: Any) -> Any:
    return x**0.5, 0.5 * x**-0.5


CONTRADICTIONS = [
    (
        words(triple, "2 * x", "3 * x"),
        r"its derivative '3 \* x' gives 2.49 at x = 0.83, its fun.* 2",
    ),
    (
        words(triple, "3 * x", "2"),
        r"its formula '3 \* x' gives 2.49 at x = 0.83, its function gives",
    ),
    (words(triple, "2 * x", "2", arrays="x + 2"), r"its formula for arrays 'x \+ 2' gives"),
    (
        words(product, "x * y", "y", "x"),
        "its derivative for y 'x' gives 0.83 at x = 0.83, y = -0.61",
    ),
    (words(steep, "x", "1"), "its formula 'x' gives 5350 at x = 5350.0, its function gives 5351"),
    (words(size, "sqrt(x)**2", "1"), r"'sqrt\(x\)\*\*2' fails \(.*\) at x = -0.61"),
    (
        words(size, "x", "1"),
        "gives -0.61 at x = -0.61, its function gives 0.61; .* as in 'x if x > 0",
    ),
    (words(size, "(x**6)**(1/6)", "x**0.5"), r"its derivative 'x\*\*0.5' gives 0.91"),
    (words(nothing, "x", "1"), "its derivative '1' gives 1 at x = 0.83, its function gives nan"),
    (
        words(root, "sqrt(x)", "1 / sqrt(x) / 2", domain="x > -1"),
        "domain 'x > -1' has x = -0.61, wh",
    ),
    (words(square, "x**2", "2 * x", domain="x > 0"), "domain 'x > 0' leaves out x = -0.61, where"),
    (
        words(complex_below, "x**0.5", "0.5 * x**-0.5", domain="x > 0"),
        "leaves out x = -0.61, where its .* .4",
    ),
    (words(between, "2 * x", "1", domain="100 < x < 100.5"), "at x = 100.25, its function gives"),
]


@pytest.mark.parametrize(("of", "message"), CONTRADICTIONS)
def test_what_contradicts_is_told_in_one_line(of: Rule, message: str) -> None:
    """The rule, the text, the point, and what each of the two gives."""
    with pytest.raises(ValueError, match=message) as told:
        check_words(of)
    assert str(told.value).startswith(f"rule '{of.name}': ")
    assert "\n" not in str(told.value)


def stable_softplus(x: Any) -> Any:
    if x > 20:
        return x, 1.0
    return m.log1p(m.exp(x)), m.sigmoid(x)


def tail(x: Any) -> Any:
    return m.exp(-x) if x > 15 else 1.0 - m.tanh(x), m.nan


def gelu_by_tanh(x: Any) -> Any:
    inner = 0.7978845608028654 * (x + 0.044715 * x * x * x)
    t = m.tanh(inner)
    bent = 0.7978845608028654 * (1 + 3 * 0.044715 * x * x)
    return 0.5 * x * (1 + t), 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * bent


def logit(x: Any) -> Any:
    return m.log(x / (1 - x)), 1 / (x * (1 - x))


def sinc(x: Any) -> Any:
    if x < 0 or x > 0:
        return m.sin(x) / x, (m.cos(x) - m.sin(x) / x) / x
    return 1.0, 0.0


def looked_up(x: Any) -> Any:
    if x < 0:
        raise ValueError("no such place")
    return [1.0, 2.0, 4.0][int(x)] + 0 * x, 0.0


AGREE = [
    words(stable_softplus, "log(1 + exp(x))", "exp(x) / (1 + exp(x))"),
    words(stable_softplus, "log(1 + exp(x))", "1 - 1 / (1 + exp(x))"),
    words(
        gelu_by_tanh,
        "x / 2 * (1 + tanh(0.7978846 * (x + 0.044715 * x**3)))",
        "(1 + tanh(0.7978846 * (x + 0.044715 * x**3))) / 2 + x / 2 * 0.7978846 * "
        "(1 - tanh(0.7978846 * (x + 0.044715 * x**3))**2) * (1 + 3 * 0.044715 * x**2)",
    ),
    words(logit, "log(x) - log(1 - x)", "1 / x + 1 / (1 - x)", domain="0 < x < 1"),
    words(sinc, "sin(x) / x", "(x * cos(x) - sin(x)) / x**2"),
    words(looked_up, "1 if x < 1 else 2 if x < 2 else 4 if x < 3 else 1", "0"),
]


@pytest.mark.parametrize("of", AGREE, ids=lambda of: of.formula[:20])
def test_what_is_right_is_let_be(of: Rule) -> None:
    """Stable code under a text that cancels or overflows; fewer digits; a hole; a small domain."""
    check_words(of)


def test_a_definition_that_contradicts_itself_changes_nothing() -> None:
    """No board can print 3a = 2; the function may be defined again."""
    with pytest.raises(ValueError, match=r"^rule 'doubled': its derivative '3 \* x' gives 2.49 at"):

        @rule("2×", "2 * x", "3 * x")
        def doubled(x: Any) -> Any:
            return 2 * x, 2.0

    assert "doubled" not in RULES
    assert not hasattr(Value, "doubled")


@given(st.floats(0.5, 2), st.floats(-3, 3), st.sampled_from(["{a} * x + {b}", "{b} - x * -{a}"]))
def test_right_words_of_random_functions_agree(a: float, b: float, text: str) -> None:
    """Whatever the numbers in them: cancellation is no contradiction."""

    def line(x: Any) -> Any:
        return a * x + b, a

    check_words(words(line, text.format(a=a, b=b), repr(a)))


def test_a_function_that_no_formula_says_is_its_own_formula() -> None:
    """It is drawn, stepped through and differentiated; what needs a formula says so."""

    @unlisted
    @rule("W", "lambert(x)", "lambert(x) / (x * (1 + lambert(x)))", domain="x > 0")
    def lambert(x: Any) -> Any:
        """The w with w·exp(w) = x, by Newton's method."""
        if not x > 0:
            raise ValueError("needs x > 0")
        w = m.log(1 + x)
        for _ in range(20):
            e = m.exp(w)
            w = w - (w * e - x) / (e * (1 + w))
        return w, w / (x * (1 + w))

    of: Rule = lambert.rule  # type: ignore[attr-defined]
    RULES["lambert"] = of
    try:
        a = Value(math.e, "a")
        assert lambert(a).data == pytest.approx(1)
        assert gradcheck(lambert, 2.0, order=2).ok
        assert "lambert(a) / (a · (1 + lambert(a)))" in str(Backprop(lambert(a))[-1])
        with pytest.raises(AttributeError, match="mpmath has no lambert, which a formula needs"):
            gradcheck(lambert, 2.0, reference="mpmath")
        with pytest.raises(ValueError, match=r"of lambert is its name alone; .* arrays="):
            to_function(lambert(a), [a], pytest.importorskip("numpy"))
    finally:
        del RULES["lambert"]


def test_a_rule_that_is_put_into_the_table_by_hand_is_not_compared() -> None:
    """So tests can plant wrong ones, and the package's are not compared at each import."""
    RULES["triple"] = words(triple, "3 * x", "3")
    try:
        add_method(RULES["triple"])
        assert Value(1.0).triple().data == 2.0
    finally:
        forget("triple")
