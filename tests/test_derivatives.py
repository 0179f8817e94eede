"""grad, derivative, jacobian and hessian."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import micrograd_like as mg
from micrograd_like import Value, derivative, grad, hessian, jacobian
from micrograd_like.engine import NOT_COMPUTED


def test_derivatives_of_every_order() -> None:
    """sin goes round in four, and a polynomial ends in 0."""
    for order in range(1, 9):
        right = [math.cos(1), -math.sin(1), -math.cos(1), math.sin(1)][(order - 1) % 4]
        assert derivative(mg.sin, order)(1.0) == pytest.approx(right, rel=1e-14)
    assert [derivative(lambda x: x**3, n)(2.0) for n in range(1, 6)] == [12, 12, 6, 0, 0]


def test_grad_nests_without_confusing_its_variables() -> None:
    """An inner gradient takes a captured outer variable as a constant."""
    assert grad(grad(lambda x: x**3))(2.0) == 12.0
    assert grad(lambda x: x * grad(lambda y: x * y)(3.0))(2.0) == 4.0
    assert grad(lambda x: x * grad(lambda y: x * y)(x))(2.0) == 4.0
    assert grad(lambda x: grad(lambda y: y * y * x)(x))(3.0) == 12.0


def test_grad_leaves_the_gradients_of_captured_values_alone() -> None:
    """A model's parameters that f reads have the gradients they had."""
    w, fresh = Value(2.0), Value(5.0)
    w.grad = 7.0
    assert grad(lambda x: w * x * fresh)(3.0) == 10.0
    assert w.grad == 7.0
    assert fresh.grad is NOT_COMPUTED


def test_gradients_of_unused_inputs_are_zero() -> None:
    """An input that f ignores has the derivative 0, at any order."""
    assert grad(lambda x, y: x * 2)(1.0, 2.0) == (2.0, 0.0)
    assert hessian(lambda x, y: x * 2)(1.0, 2.0) == [[0.0, 0.0], [0.0, 0.0]]


def test_jacobian_and_hessian() -> None:
    """Rows are outputs, columns inputs; the hessian is the jacobian of the gradient."""

    def f(x: Value, y: Value) -> Value:
        return mg.exp(x * y) + x / y

    assert jacobian(lambda x, y: [x * y, x + y])(2.0, 3.0) == [[3.0, 2.0], [1.0, 1.0]]
    ours, again = hessian(f)(0.5, 1.5), jacobian(grad(f))(0.5, 1.5)
    for row, twin in zip(ours, again, strict=True):
        assert row == pytest.approx(twin, rel=1e-14)
    assert ours[0][1] == pytest.approx(ours[1][0], rel=1e-14)


def test_a_power_with_both_sides_variable_has_a_symmetric_hessian() -> None:
    """Also at exponent 0, where one slope is 0 but its derivative is not."""
    for y in (0.0, 1.0, 2.5):
        (_, xy), (yx, _) = hessian(lambda x, y: x**y)(2.0, y)
        assert xy == pytest.approx(yx)
    assert all(math.isnan(row[1]) for row in hessian(lambda x, y: x**y)(-2.0, 3.0))


HESSIANS: list[tuple[Any, tuple[float, float], list[list[float]]]] = [
    (lambda x, y: x**y, (0.0, 1.0), [[0.0, -math.inf], [-math.inf, 0.0]]),
    (lambda x, y: x**y, (0.0, 1.5), [[math.inf, 0.0], [0.0, 0.0]]),
    (lambda x, y: x**y, (0.0, 2.0), [[2.0, 0.0], [0.0, 0.0]]),
    (lambda x, y: y * x**1.5, (0.0, 1.0), [[math.inf, 0.0], [0.0, 0.0]]),
    (lambda x, y: mg.leaky_relu(x, y), (-1.0, 0.5), [[0.0, 1.0], [1.0, 0.0]]),
    (lambda x, y: mg.leaky_relu(x, y), (0.0, -0.5), [[0.0, 0.0], [0.0, 0.0]]),
    (lambda x, y: abs(x) * y, (0.0, 1.0), [[0.0, 0.0], [0.0, 0.0]]),
    (lambda x, y: mg.maximum(x, y) ** 2, (1.0, 1.0), [[0.5, 0.5], [0.5, 0.5]]),
    (lambda x, y: mg.relu(y) * mg.sqrt(x), (0.0, -1.0), [[0.0, 0.0], [0.0, 0.0]]),
    (lambda x, y: mg.sqrt(x * x + y * y), (3.0, 4.0), [[0.128, -0.096], [-0.096, 0.072]]),
]


@pytest.mark.parametrize(("f", "point", "right"), HESSIANS)
def test_hessians_at_hard_points(f: Any, point: tuple[float, float], right: Any) -> None:
    """Infinite in both orders where it is, and at a kink that of the rules' pieces."""
    for row, expected in zip(hessian(f)(*point), right, strict=True):
        assert row == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("y", [0.0, 0.5, 1.0])
def test_a_second_derivative_that_depends_on_the_order_is_refused(y: float) -> None:
    """Across the kink of a leaky_relu: its slope there is y, which x does not move."""
    words = rf"at \(0.0, {y}\) entry \[0\]\[1\] is 1.0 and \[1\]\[0\] is 0.0: there is no second"
    for x in (0.0, Value(0.0)):
        with pytest.raises(ValueError, match=words):
            hessian(lambda x, y: mg.leaky_relu(x, y))(x, y)


@pytest.mark.parametrize(
    ("f", "point"),
    [
        (lambda x, y: x**y, (0.0, 0.5)),
        (lambda x, y: x**y, (0.0, 0.0)),
        (lambda x, y: x**x + y, (0.0, 1.0)),
        (lambda x, y: mg.sqrt(x) * y, (0.0, 1.0)),
        (lambda x, y: mg.sqrt(x) * y, (0.0, 0.0)),
        (lambda x, y: x**2 * y**0.5, (0.0, 0.0)),
        (lambda x, y: mg.asin(x) * y, (1.0, 0.0)),
        (lambda x, y: mg.sqrt(x * x + y * y), (0.0, 0.0)),
    ],
)
def test_an_infinite_slope_is_refused_in_a_hessian(f: Any, point: tuple[float, float]) -> None:
    """Also times a zero that an input moves: what it comes to one order on is not known."""
    with pytest.raises(ZeroDivisionError, match="its derivative is infinite here, and cannot be"):
        hessian(f)(*point)


ONE = (mg.tanh, mg.sin, mg.exp, mg.gelu, mg.silu, mg.softplus, mg.atan, lambda v: 1 / (v * v + 1))
TWO = (lambda a, b: a * b, lambda a, b: a - b, lambda a, b: a / (b * b + 1), mg.maximum)


@given(
    st.lists(
        st.tuples(st.sampled_from(TWO), st.sampled_from(ONE), *[st.integers(0, 9)] * 2),
        min_size=1,
        max_size=9,
    ),
    st.tuples(*[st.floats(-1, 1)] * 3),
    st.tuples(*[st.integers(-2, 2)] * 3),
)
def test_a_hessian_is_symmetric_and_bends_every_line_rightly(
    program: list[tuple[Any, Any, int, int]], point: Any, direction: Any
) -> None:
    """On random graphs of three inputs: dᵀHd is the second derivative along the line d."""

    def f(*inputs: Any) -> Any:
        values = list(inputs)
        for two, one, i, j in program:
            values.append(mg.sin(one(two(values[-1 - i % len(values)], values[j % len(values)]))))
        return values[-1]

    rows = hessian(f)(*point)
    size = max(1.0, *(abs(x) for row in rows for x in row))
    for i in range(3):
        for j in range(3):
            assert rows[i][j] == pytest.approx(rows[j][i], rel=1e-10, abs=1e-10 * size)

    def along(t: Any) -> Any:
        return f(*(p + t * d for p, d in zip(point, direction, strict=True)))

    if any(direction):
        bend = sum(rows[i][j] * direction[i] * direction[j] for i in range(3) for j in range(3))
        assert derivative(along, 2)(0.0) == pytest.approx(bend, rel=1e-9, abs=1e-9 * size)


def test_rounding_is_no_asymmetry() -> None:
    """Where the entries cancel to nothing, the two orders may differ by what rounding leaves."""
    ours = hessian(lambda x, y: mg.log(x * y))(1e8, 3e-8)
    assert ours[0][1] == pytest.approx(ours[1][0], abs=1e-15)
    assert ours[0][0] == pytest.approx(-1e-16)


def test_values_in_give_values_out() -> None:
    """With a Value for input the derivative can be differentiated."""
    x = Value(2.0)
    slope = derivative(lambda x: x**3)(x)
    slope.backward()
    assert (slope.data, x.grad) == (12.0, 12.0)


def test_mistakes_are_told() -> None:
    """A lost graph, no input, a wrong order, a scalar for a jacobian."""
    with pytest.raises(TypeError, match=r"grad: f returned 2\.0, not a Value: its graph was lost"):
        grad(lambda x: x.data)(2.0)
    with pytest.raises(TypeError, match="needs at least one number"):
        grad(lambda: Value(1.0))()
    with pytest.raises(ValueError, match="order is 0; it is to be a whole number from 1 to 1,000"):
        derivative(mg.sin, 0)
    with pytest.raises(TypeError, match="jacobian: f returns a list of Values"):
        jacobian(lambda x: x)(1.0)
    with pytest.raises(TypeError, match="not the str"):
        grad(mg.sin)("1")
