"""Error functions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd_like import Value, hinge, mse

floats = st.floats(-1e4, 1e4)


@given(st.lists(st.tuples(floats, floats), min_size=1, max_size=8))
def test_mse_is_the_mean_of_squares_and_so_is_its_gradient(
    pairs: list[tuple[float, float]],
) -> None:
    """The gradient for each prediction is 2(p - t)/n."""
    predictions = [Value(p) for p, _ in pairs]
    error = mse(predictions, [t for _, t in pairs])
    error.backward()
    n = len(pairs)
    assert error.data == pytest.approx(sum((p - t) ** 2 for p, t in pairs) / n, rel=1e-12, abs=1e-9)
    slopes = [2 * (p - t) / n for p, t in pairs]
    assert [v.grad for v in predictions] == pytest.approx(slopes, rel=1e-12, abs=1e-9)


def test_hinge_is_zero_beyond_the_margin() -> None:
    """A score beyond its label's margin adds neither error nor gradient."""
    near, far = Value(0.25), Value(-3.0)
    error = hinge([near, far], [1, -1])
    error.backward()
    assert (error.data, near.grad, far.grad) == (0.375, -0.5, 0.0)


def test_losses_take_one_prediction_or_rows_of_several() -> None:
    """A number, a list, and a list of lists of outputs."""
    assert mse(1.0, 3.0) == 4.0
    assert mse([[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 6.0]]) == 1.0
    assert mse(Value(1.0), 3.0).data == 4.0


def test_mistakes_are_told() -> None:
    """Lists that do not pair up, and labels that are none."""
    with pytest.raises(ValueError, match="mse: 2 predictions and 1 targets do not pair up"):
        mse([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="hinge: each label is -1 or 1, not 0"):
        hinge([1.0], [0])
    with pytest.raises(ValueError, match="mse: there are no predictions"):
        mse([], [])


def test_text_is_no_prediction() -> None:
    """A string is refused, not taken apart for ever."""
    with pytest.raises(TypeError):
        mse([1.0], ["a"])
