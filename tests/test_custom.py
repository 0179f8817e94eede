"""Operations of one's own: one function, and everything reads it."""

import math
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from conftest import of, unlisted

import micrograd_like as mg
from micrograd_like import Backprop, Value, derivative, gradcheck, rule
from micrograd_like.compile.source import source
from micrograd_like.custom import check_texts
from micrograd_like.elementary import FLOAT_COMPOSED, of_math
from micrograd_like.engine import apply
from micrograd_like.rules import RULES, bind, elementary, m
from micrograd_like.strategies import graphs


@unlisted
@rule("softsign", "x / (1 + abs(x))", "1 / (1 + abs(x))**2")
def softsign(x: Any) -> Any:
    """A rule with a kink in its second derivative."""
    below = 1 + m.abs(x)
    return x / below, 1 / (below * below)


@unlisted
@rule("hypot", "sqrt(x**2 + y**2)", "x / sqrt(x**2 + y**2)", "y / sqrt(x**2 + y**2)")
def hypot(x: Any, y: Any = 1.0) -> Any:
    """A rule of two inputs, the second with a default."""
    length = m.sqrt(x * x + y * y)
    return length, x / length, y / length


@unlisted
@rule("ln", "log(x)", "1 / x", domain="x > 0")
def ln(x: Any) -> Any:
    """A rule with a domain."""
    return m.log(x), 1 / x


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules of this file in the table again."""
    for function in (softsign, hypot, ln):
        monkeypatch.setitem(RULES, of(function).name, of(function))


def test_it_is_a_function_of_numbers_and_values_and_a_method() -> None:
    """Floats in, a float out; Values in, a Value out, with local derivatives."""
    assert softsign(1.0) == 0.5
    assert hypot(3.0, 4.0) == 5.0
    x = Value(3.0, "x")
    assert hypot(x, 4).local_grads == (0.6, None)
    assert hypot(4, x).local_grads == (None, 0.6)
    assert x.hypot().data == math.sqrt(10)
    assert (x.softsign().op, x.softsign().data) == ("softsign", 0.75)


def test_it_is_differentiated_to_any_order() -> None:
    """Its derivative is recorded on Values, too."""
    assert derivative(softsign, 2)(1.0) == pytest.approx(-0.25)
    assert derivative(ln, 3)(2.0) == pytest.approx(0.25)
    assert gradcheck(hypot, 3.0, 4.0, order=2).ok
    assert gradcheck(hypot, 3.0, 4.0, order=2, reference="mpmath").ok


def test_it_is_checked_exactly() -> None:
    """By its formula, at hundreds of digits."""
    assert all(c.ulps < 4 for c in gradcheck(hypot, 3.0, 0.1, reference="mpmath").checks)


@pytest.mark.usefixtures("listed")
def test_it_is_drawn_by_the_strategies() -> None:
    """By its name, with its domain kept."""
    from hypothesis import find

    graph = find(graphs(["ln", "hypot"]), lambda g: any(n == "ln" for n, _, _ in g.operations))
    assert graph.record().op == "ln"


def test_its_steps_are_written() -> None:
    """The board shows its formula with the operands' names."""
    a = Value(3.0, "a")
    assert "= 1 / a · 1 = " in str(Backprop(a.ln())[-1]).replace("(1 / a)", "1 / a")


def test_its_domain_is_told_in_the_users_words() -> None:
    """The error names the operation, the value and the condition."""
    with pytest.raises(ValueError, match=r"ln\(-1.0\): needs x > 0 \(x is 'p' = -1.0\)"):
        ln(Value(-1.0, "p"))


def test_it_compiles() -> None:
    """Numba takes the function as it stands."""
    numba = pytest.importorskip("numba")

    def compiled(function: Any) -> Any:
        return numba.njit(function, error_model="numpy")

    functions = elementary(of_math, FLOAT_COMPOSED, compiled)
    for rule_of in map(of, (softsign, hypot, ln)):
        function = rule_of.function
        point = (0.5, 0.25)[: rule_of.arity]
        assert compiled(bind(function, functions))(*point) == pytest.approx(function(*point))


@pytest.mark.usefixtures("listed")
def test_its_graphs_are_pickled_by_its_name() -> None:
    """A pickle holds the name; the rule must be defined where it is loaded."""
    copied = pickle.loads(pickle.dumps(Value(3.0).hypot(4)))
    assert (copied.op, copied.data) == ("hypot", 5.0)


def test_a_cell_of_a_notebook_can_be_run_again() -> None:
    """The same function defined anew takes its own place; graphs made before keep the old one."""

    def define(factor: float) -> Callable[..., Any]:
        @rule("×k", f"x * {factor}", f"{factor}")
        def scaled(x: Any) -> Any:
            return factor * x, factor

        return scaled

    first = define(2.0)(Value(1.0))
    again = define(3.0)
    second = again(Value(1.0))
    assert (first.data, second.data, apply(RULES["scaled"], 1.0)) == (2.0, 3.0, 3.0)
    unlisted(again)
    assert Value(1.0).scaled().data == 3.0
    for root, slope in ((first, 2.0), (second, 3.0)):
        root.backward(create_graph=True)
        assert root.inputs[0].grad.data == slope


def test_a_redefinition_that_fails_leaves_the_rule_as_it_was() -> None:
    """Neither the table nor the method is changed by half."""

    def define(formula: str, factor: float) -> Callable[..., Any]:
        @rule("k", formula, "2")
        def stretched(x: Any) -> Any:
            return factor * x, factor

        return stretched

    first = define("2 * x", 2.0)
    with pytest.raises(ValueError, match="FloorDiv"):
        define("x // 1", 3.0)
    assert Value(1.0).stretched().data == 2.0
    assert apply(RULES["stretched"], 1.0) == 2.0
    unlisted(first)


def test_a_graph_of_a_rule_that_was_defined_again_is_neither_pickled_nor_written_out() -> None:
    """Both know rules by their names, and the name means another function now."""

    def define(factor: float) -> Callable[..., Any]:
        @rule("k", f"{factor} * x", f"{factor}")
        def defined_twice(x: Any) -> Any:
            return factor * x, factor

        return defined_twice

    x = Value(1.0, "x")
    old = define(2.0)(x)
    again = define(3.0)
    for call in (lambda: pickle.dumps(old), lambda: source([old], [x])):
        with pytest.raises(LookupError, match="'defined_twice' has been defined again"):
            call()
    unlisted(again)


def test_functions_in_a_function_find_their_m() -> None:
    """``m`` may be imported where the rule is defined, not at the top of the file."""
    from micrograd_like.rules import m as local

    m = local

    @rule("e^", "exp(x)", "exp(x)")
    def exponential(x: Any) -> Any:
        return m.exp(x), m.exp(x)

    assert derivative(unlisted(exponential), 3)(0.0) == 1.0


def test_a_function_of_no_module_can_be_a_rule() -> None:
    """As where a program is run by ``exec``."""
    scope: dict[str, Any] = {}
    exec("def of_no_module(x):\n    return x / 2, 0.5", scope)
    halved = rule("½", "x / 2", "1 / 2")(scope["of_no_module"])
    assert unlisted(halved)(Value(3.0)).data == 1.5


def defined(*words: str, function: Callable[..., Any], **options: str) -> Callable[[], Any]:
    """A definition to try."""
    return lambda: rule(*words, **options)(function)


def tahn(x: Any) -> Any:
    """A function to define rules with."""
    return x, 1.0


def of_floats(x: Any) -> Any:
    """Floats only."""
    return math.exp(x), math.exp(x)


def of_methods(x: Any) -> Any:
    """Values only."""
    return x.exp(), x.exp()


def bare(x: Any) -> Any:
    """The value alone."""
    return 2 * x


def grad(x: Any) -> Any:
    """A name that Values need."""
    return x, 1.0


def power_slope(x: Any) -> Any:
    """A name that the rules need."""
    return x, 1.0


def e(x: Any) -> Any:
    """A name that formulas have for a number."""
    return x, 1.0


def tanh(x: Any) -> Any:
    """A rule that there is."""
    return x, 1.0


def of_t(t: Any) -> Any:
    """An input with a name that formulas do not know."""
    return t, 1.0


def mean(x: Any) -> Any:
    """A name that the package has for something else."""
    return x, 1.0


def complex_below_zero(x: Any) -> Any:
    """Python's power gives a complex number there."""
    return x**0.5, 0.5 / x**0.5


def gelu_of_erf(x: Any) -> Any:
    """A function of math that is no rule."""
    return x * m.erf(x), m.erf(x)


def defaults(x: Any = 1.0, y: Any = 2.0) -> Any:
    """A default for x."""
    return x * y, y, x


def of_any_number(*x: Any) -> Any:
    """More inputs than there can be."""
    return x[0], 1.0


def failing(x: Any) -> Any:
    """Fails on Values in a way of its own."""
    if isinstance(x, Value):
        raise KeyError("no Values here")
    return x, 1.0


MISTAKES = [
    (
        defined("f", "x * erf(x)", "1", function=gelu_of_erf),
        TypeError,
        "'erf'.*define a rule of",
    ),
    (defined("f", "x", "1", "1", function=defaults), TypeError, "x has a default; only y"),
    (defined("f", "x", "1", function=of_any_number), TypeError, "its inputs are x, or x and y"),
    (defined("f", "x", "1", function=failing), KeyError, "no Values here"),
    (defined("f", "x // 1", "1", function=tahn), ValueError, "a formula has no FloorDiv"),
    (defined("f", "x", "1", function=tahn, domain="sigmoid(x) > 0"), ValueError, "unknown names"),
    (defined("f", "max(x)", "1", function=tahn), ValueError, "max does not take 1 number"),
    (defined("f", "log(x, 2)", "1", function=tahn), ValueError, "log does not take 2 numbers"),
    (defined("f", "log(x, base=2)", "1", function=tahn), ValueError, "no 'log.x, base=2.'"),
    (defined("f", "max(x, *x)", "1", function=tahn), ValueError, r"a formula has no '\*x'"),
    (defined("f", "'x'", "1", function=tahn), ValueError, "a formula has no \"'x'\""),
    (defined("f", "x", "None", function=tahn), ValueError, "a formula has no 'None'"),
    (defined("f", "2j * x", "1", function=tahn), ValueError, "a formula has no '2j'"),
    (defined("f", "x and 1", "1", function=tahn), ValueError, "a formula has no 'x and 1'"),
    (defined("f", "x", "x > 0", function=tahn), ValueError, "a formula has no 'x > 0'"),
    (defined("f", "x if x else 0", "1", function=tahn), ValueError, "'x' is no condition"),
    (defined("f", "x", "1", function=tahn, domain="x"), ValueError, "'x' is no condition"),
    (defined("f", "m.exp(x)", "1", function=tahn), ValueError, r"a formula has no 'm.exp\(x\)'"),
    (defined("f", "x * m", "1", function=tahn), ValueError, r"unknown names: \['m'\]"),
    (defined("f", "x * exp", "1", function=tahn), ValueError, r"unknown names: \['exp'\]"),
    (defined("f", "x * tau", "1", function=tahn), ValueError, r"unknown names: \['tau'\]"),
    (defined("f", "2 * tahn(x)", "1", function=tahn), ValueError, r"unknown names: \['tahn'\]"),
    (
        defined("f", "x", "1", function=tahn, arrays="tahn(x)"),
        ValueError,
        r"unknown names: \['tahn'\]",
    ),
    (defined("f", "", "1", function=tahn), ValueError, "no Python expression"),
    (defined("f", b"x", "1", function=tahn), TypeError, "formulas are texts"),  # type: ignore[arg-type]
    (defined("f", "x", "1", function=e), ValueError, "'e': the name means something else"),
    (defined("f", "x", "1", function=mean), ValueError, "'mean': the name means something else"),
    (defined("f", "x", "1", function=lambda x: (x, 1.0)), TypeError, "has no name to be called by"),
    (defined("f", "x", "1", function=3), TypeError, "takes a plain Python function, not 3"),  # type: ignore[arg-type]
    (defined("f", "x * y", "1", function=tahn), ValueError, r"uses unknown names: \['y'\]"),
    (defined("√", "sqrt(x)", "1", function=complex_below_zero), TypeError, "say with domain="),
    (defined("f", "x", "1", function=of_floats), TypeError, "'of_floats': works on floats only"),
    (defined("f", "x", "1", function=of_floats), TypeError, r"as in m.exp\(x\)"),
    (defined("f", "x", "1", function=of_methods), AttributeError, "'float' .* 'exp'"),
    (defined("f", "x", "1", function=bare), TypeError, "its value and 1 derivatives, not 1.0"),
    (defined("f", "x", function=tahn), TypeError, "1 inputs need as many derivatives'.*, not 0"),
    (defined("f", "x", "1", "1", function=tahn), TypeError, "not 2"),
    (defined("f", "t", "1", function=tahn), ValueError, r"'t' uses unknown names: \['t'\]"),
    (defined("f", "x +", "1", function=tahn), ValueError, "'x .' is no Python expression"),
    (defined("f", "x", "1", function=tahn, domain="y >"), ValueError, "no Python expression"),
    (defined("", "x", "1", function=tahn), TypeError, "needs a symbol"),
    (defined("f", "x", "1", function=of_t), TypeError, r"its inputs are x, or x and y, not \('t'"),
    (defined("f", "x", "1", function=math.exp), TypeError, "takes a plain Python function"),
    (defined("f", "x", "1", function=grad), ValueError, "'grad': the name means something else"),
    (defined("f", "x", "1", function=power_slope), ValueError, "the name means something else"),
    (defined("f", "x", "1", function=tanh), ValueError, "'tanh': the table has one already"),
]


@pytest.mark.parametrize(("define", "error", "message"), MISTAKES)
def test_mistakes_are_told_where_the_rule_is_defined(
    define: Callable[[], Any], error: type[Exception], message: str
) -> None:
    """Each says what is wrong, and leaves the table and Value as they were."""
    before, methods = dict(RULES), set(dir(Value))
    with pytest.raises(error, match=message):
        define()
    assert before == RULES
    assert methods == set(dir(Value))
    assert mg.tanh(0.5) == math.tanh(0.5)


@pytest.mark.parametrize("name", RULES)
def test_the_rules_of_the_package_are_written_in_the_language_of_formulas(name: str) -> None:
    """What a definition of one's own is read for, the built-in ones keep, too."""
    check_texts(RULES[name])


def test_every_reader_takes_the_whole_language() -> None:
    """Constants, min and max, a condition that calls functions, the rule's own derivative."""
    numpy = pytest.importorskip("numpy")

    @rule(
        "s",
        "e * x**2 if x > 0 and not x > inf else max(x, -x, pi)",
        "2 * stretch(x) / x if x > 0 else 0",
        domain="min(x, 9) > -3 and floor(max(x, 1)) < 1e9",
        arrays="e * x * x if not x <= 0 else logaddexp(pi, x - 1e3)",
    )
    def stretch(x: Any) -> Any:
        if x <= -3 or x >= 1e9:
            raise ValueError("out of reach")
        if x > 0:
            return m.e * x * x, 2 * m.e * x
        return m.pi + 0 * x, 0.0

    root = unlisted(stretch)(Value(2.0, "x"))
    RULES["stretch"] = root.rule
    try:
        assert "2 · stretch(x) / x" in (stretch.__doc__ or "")
        assert gradcheck(stretch, 2.0, reference="mpmath").ok
        assert gradcheck(stretch, -0.5, reference="mpmath").ok
        assert not of(stretch).is_defined(-4.0)
        x = root.inputs[0]
        row = numpy.array([[2.0]])
        assert mg.to_function(root, [x], numpy)(row) == pytest.approx(4 * math.e)
        pytest.importorskip("numba")
        assert mg.Tape(root, [x]).forward(row) == pytest.approx(4 * math.e)
    finally:
        del RULES["stretch"]
