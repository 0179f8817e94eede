"""Scores of answers, and simpler models to compare with: as scikit-learn has them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from micrograd_like.learn import Table, accuracy, baselines, confusion, regression_scores

PAIRS = st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=2)
CLASSES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1)


@given(PAIRS)
def test_scores_are_those_of_scikit_learn(pairs: list[tuple[float, float]]) -> None:
    """MAE, RMSE and R²; the last is NaN where all actual numbers are the same."""
    metrics = pytest.importorskip("sklearn.metrics")
    actual, predicted = [a for a, _ in pairs], [p for _, p in pairs]
    found = regression_scores(actual, predicted)
    assert found.mae == pytest.approx(metrics.mean_absolute_error(actual, predicted))
    assert found.rmse == pytest.approx(metrics.root_mean_squared_error(actual, predicted))
    spread = max(actual) - min(actual)
    if spread == 0:
        assert math.isnan(found.r2)
    elif spread > 1e-3:
        assert found.r2 == pytest.approx(metrics.r2_score(actual, predicted), rel=1e-6, abs=1e-9)


@given(CLASSES)
def test_confusion_is_that_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    """Rows are actual classes; the diagonal's share is the accuracy."""
    metrics = pytest.importorskip("sklearn.metrics")
    actual, predicted = [a for a, _ in pairs], [p for _, p in pairs]
    found = confusion(actual, predicted, 4)
    assert found == metrics.confusion_matrix(actual, predicted, labels=range(4)).tolist()
    assert accuracy(actual, predicted) == sum(found[k][k] for k in range(4)) / len(pairs)


def test_baselines_learn_from_the_training_rows_alone() -> None:
    """A line is found exactly; the commonest class is that of the training rows."""
    line = Table(["x"], [[float(k)] for k in range(6)], "y", [2.0 * k + 1 for k in range(6)])
    found = baselines(line, [0, 1, 2, 3], [4, 5])
    assert found["always the mean"] == [4.0, 4.0]
    kinds = line._replace(targets=[0.0, 0.0, 1.0, 0.0, 1.0, 1.0], classes=["no", "yes"])
    usual = baselines(kinds, [0, 1, 2, 3], [4, 5])
    assert usual["always no"] == [0.0, 0.0]
    one = kinds._replace(targets=[1.0] * 4 + [0.0] * 2)
    assert [*baselines(one, [0, 1, 2, 3], [4, 5])] == ["always yes"]  # nothing to regress
    pytest.importorskip("sklearn")
    assert found["linear regression"] == pytest.approx([9.0, 11.0])
    assert set(usual["logistic regression"]) <= {0.0, 1.0}


def test_what_does_not_pair_up_is_told() -> None:
    """In one line that names the function."""
    for call in (regression_scores, accuracy):
        with pytest.raises(ValueError, match=rf"^{call.__name__}: 2 answers and 1 target do not"):
            call([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="confusion: the data is empty"):
        confusion([], [], 2)
    with pytest.raises(
        ValueError, match="confusion: count is 0; it is to be a whole number from 1"
    ):
        confusion([1], [1], 0)
