"""Functions of numbers and Values alike."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import micrograd_like as mg
from micrograd_like import Value, hessian
from micrograd_like.functions import FUNCTIONS
from micrograd_like.rules import RULES

numbers = st.lists(st.floats(-700, 700), min_size=1, max_size=6)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_takes_numbers_and_values_alike(name: str) -> None:
    """A float in gives the float that a Value in holds, as a method and as a function."""
    operands = [0.5, 0.25][: RULES[name].arity]
    function = getattr(mg.functions, name)
    number = function(*operands)
    assert type(number) is float
    value = function(Value(operands[0]), *operands[1:])
    assert value.data == getattr(Value(operands[0]), name)(*operands[1:]).data == number
    if len(operands) == 2:
        assert function(operands[0], Value(operands[1])).data == number


def test_leaky_relu_has_a_slope_unless_told_otherwise() -> None:
    """The negative slope is 0.01 by default, in every way of calling it."""
    assert mg.leaky_relu(-2.0) == Value(-2.0).leaky_relu().data == -0.02
    assert mg.leaky_relu(-2.0, 0.5) == Value(-2.0).leaky_relu(0.5).data == -1.0


def test_the_names_that_the_design_promises_are_there() -> None:
    """Every function that people know by name is a method and a function."""
    promised = (
        "exp log log1p expm1 sqrt sin cos tan sinh cosh tanh asin acos atan sigmoid relu "
        "leaky_relu softplus gelu silu abs maximum minimum"
    )
    for name in promised.split():
        assert hasattr(Value(0.5), name)
        assert hasattr(mg.functions, name)


@given(numbers)
def test_softmax_sums_to_one_and_is_the_gradient_of_logsumexp(data: list[float]) -> None:
    """At any logits, without overflow."""
    values = [Value(x) for x in data]
    mg.logsumexp(values).backward()
    shares = mg.softmax(data)
    assert math.fsum(shares) == pytest.approx(1.0)
    assert [v.grad for v in values] == pytest.approx(shares, rel=1e-9, abs=1e-300)


def test_the_hessian_of_logsumexp_is_that_of_its_formula() -> None:
    """Shifting by the largest value leaves no trace in second derivatives."""
    p, q = mg.softmax([0.3, 1.1])
    ours = hessian(lambda a, b: mg.logsumexp([a, b]))(0.3, 1.1)
    assert ours[0] == pytest.approx([p * q, -p * q])
    assert ours[1] == pytest.approx([-p * q, p * q])


def test_nan_in_logsumexp_does_not_depend_on_the_order() -> None:
    """One NaN makes the result NaN, wherever it stands."""
    assert math.isnan(mg.logsumexp([math.nan, math.inf]))
    assert math.isnan(mg.logsumexp([math.inf, math.nan]))


def test_mean_has_equal_gradients() -> None:
    """Each of n values has the gradient 1/n, and one value has 1."""
    values = [Value(x) for x in (1.0, 2.0, 6.0, 7.0)]
    mean = mg.mean(values)
    mean.backward()
    assert (mean.data, [v.grad for v in values]) == (4.0, [0.25] * 4)


@pytest.mark.parametrize("function", [mg.mean, mg.softmax, mg.logsumexp])
def test_an_empty_list_and_a_single_value_are_refused(function) -> None:  # type: ignore[no-untyped-def]
    """Each says that it takes a list, and of what."""
    with pytest.raises(ValueError, match="needs at least one value"):
        function([])
    with pytest.raises(TypeError, match=r"takes a list, not Value\(data=1"):
        function(Value(1.0))


def test_softmax_of_an_infinite_value_is_refused() -> None:
    """inf - inf would be NaN; the error says what is needed."""
    with pytest.raises(ValueError, match="softmax: needs finite values"):
        mg.softmax([math.inf, 0.0])
