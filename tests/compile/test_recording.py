"""Recordings for a tape: of finite numbers, and the same at several rows; and what predict does."""

import math
from typing import Any

import pytest

from micrograd_like import MLP, Module, Value, logsumexp
from micrograd_like.compile import NoRecordingError, graph_of, recording

np = pytest.importorskip("numpy")
pytest.importorskip("numba")


def test_the_first_row_of_finite_numbers_is_recorded() -> None:
    """Infinite numbers within the graph count, too; the inputs have the numbers of the row."""
    x = Value(0.0, "x")
    root = recording("fit", lambda: (x * 1e308).tanh(), [x], [[9.0], [-9.0], [0.5], [1.0]])
    assert (x.data, root.data) == (0.5, 1.0)
    with pytest.raises(NoRecordingError, match=r"^fit: a tape needs .* and the first 2 rows tried"):
        recording("fit", lambda: x * math.inf, [x], [[9.0], [-9.0]])


def test_branches_on_the_data_are_told_by_their_rows() -> None:
    """Rows at which numbers are infinite, or an operation is undefined, are left to the passes."""
    x = Value(0.0, "x")

    def branching() -> Value:
        return x * 2.0 if x.data > 0 else x + 1.0

    with pytest.raises(ValueError, match=r"^predict: the graphs of rows 0 and 2 differ, as Python"):
        recording("predict", branching, [x], [[1.0], [2.0], [-1.0]], [x])
    rows = [[1.0], [1e308], [-1.0]]
    root = recording("predict", lambda: logsumexp([x * 2.0, x]), [x], rows[:2], [x])
    assert root.data == logsumexp([2.0, 1.0])
    assert recording("predict", lambda: x.log(), [x], rows, [x]).data == 0.0
    assert x.data == 1.0


def test_graphs_are_the_same_by_their_kept_leaves() -> None:
    """Of the others the number counts, or that it is the same leaf."""
    x, y, half = Value(1.0), Value(1.0), Value(0.5)
    assert graph_of(x * y, [x, y]) != graph_of(x * x, [x, y])
    assert graph_of(x * y, [x]) == graph_of(x * Value(1.0), [x])
    assert graph_of(x * y, [x, y]) != graph_of(x * Value(1.0), [x, y])
    before = graph_of(x * half, [x])
    half.data = 0.7
    assert graph_of(x * half, [x]) == before
    assert graph_of([x * half, x], [x]) != graph_of([x, x * half], [x])


class LogSum(Module):
    """A model in which logsumexp branches where a number is infinite."""

    def __init__(self) -> None:
        self.w = [Value(2.0), Value(1.0)]

    def __call__(self, x: Any) -> Value:
        return logsumexp([w * x[0] for w in self.w])


class Branching(LogSum):
    """A model in which Python branches on the data."""

    def __call__(self, x: Any) -> Value:
        out = super().__call__(x)
        return out if out.data > 0 else out * 2.0


def test_predictions_are_the_engines_where_numbers_are_infinite() -> None:
    """The row that overflows is not the one whose graph is replayed for others."""
    model, rows = LogSum(), [[1e308], [1.0], [-2.0], [-1e308], [0.5]]
    for order in (rows, rows[::-1]):
        assert model.predict(order, tape=True) == pytest.approx(model.predict(order), rel=1e-12)
    model.w[0].data = math.inf
    assert model.predict(rows[:3], tape=True) == model.predict(rows[:3])
    with pytest.raises(ValueError, match=r"^predict: the graphs of rows 0 and 1 differ, as Python"):
        Branching().predict([[1.0], [-3.0]], tape=True)


ROWS: list[Any] = [
    [[2**70, 1]],
    [[True, False]],
    [[1.0, math.inf]],
    [[math.nan, 1.0], [1.0, 2.0]],
    np.asfortranarray(np.ones((3, 2), np.float32)),
    np.array([[1, 2.5]], dtype=object),
    ((1.0, 2.0), (3.0, 4.0)),
    [[Value(1.0), 2.0]],
    [],
    [[1.0, 2.0], [3.0]],
    [["1", 2]],
    [[10**400, 1]],
    [[None, 1.0]],
    np.ma.array([[1.0, 2.0]], mask=[[False, True]]),
    [1.0, 2.0],
]


@pytest.mark.parametrize("rows", ROWS, ids=[str(k) for k in range(len(ROWS))])
@pytest.mark.parametrize("outputs", [1, 2])
def test_predict_takes_and_tells_the_same_with_a_tape(rows: Any, outputs: int) -> None:
    """The same numbers, or the same error in the same words."""
    model = MLP(2, [3, outputs])

    def predicted(taped: bool) -> Any:
        try:
            return np.array(model.predict(rows, tape=taped))
        except (TypeError, ValueError, OverflowError) as error:
            return f"{type(error).__name__}: {error}"

    with_tape, without = predicted(True), predicted(False)
    if isinstance(without, str):
        assert with_tape == without
        assert "\n" not in without
    else:
        assert with_tape.shape == without.shape
        np.testing.assert_allclose(with_tape, without, rtol=1e-12)


def test_an_undefined_row_is_told_as_by_the_engine() -> None:
    """With its number in the batch."""

    class Log(Module):
        def __call__(self, x: Any) -> Value:
            return (x[0] * Value(1.0)).log()

    for taped in (True, False):
        with pytest.raises(ValueError, match=r"^predict: row 2: log\(-1.0\): needs x > 0"):
            Log().predict([[1.0], [2.0], [-1.0]], tape=taped)
