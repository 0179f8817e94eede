"""How good answers are, and how good those of simpler models are on the same rows.

>>> regression_scores([0.0, 4.0], [1.0, 3.0])
RegressionScores(mae=1.0, rmse=1.0, r2=0.75)
"""

import math
import warnings
from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

from micrograd_like.arguments import one_for_each, whole
from micrograd_like.learn.tables import Encoding, Table

__all__ = ["RegressionScores", "accuracy", "baselines", "confusion", "regression_scores"]


class RegressionScores(NamedTuple):
    """Mean absolute error, root of the mean squared error, and R², the share of the variance.

    The errors are in the target's unit.  R² is 1 for right answers, 0 for the mean of the actual
    numbers, less for worse ones, and NaN where all actual numbers are the same.
    """

    mae: float
    rmse: float
    r2: float


def regression_scores(actual: Sequence[float], predicted: Sequence[float]) -> RegressionScores:
    """The errors of numbers that were predicted; a ValueError tells what does not pair up.

    >>> regression_scores([0.0, 2.0], [1.0, 1.0]).r2
    0.0
    """
    count = len(actual)
    one_for_each(len(predicted), count, "regression_scores", "answer")
    errors = [p - a for a, p in zip(actual, predicted, strict=True)]
    mean = math.fsum(actual) / count
    length = math.hypot(*errors)
    spread = math.hypot(*(a - mean for a in actual))
    share = 1 - (length / spread) ** 2 if spread else math.nan
    return RegressionScores(math.fsum(map(abs, errors)) / count, length / math.sqrt(count), share)


def accuracy(actual: Sequence[Any], predicted: Sequence[Any]) -> float:
    """The share of answers that are right; a ValueError tells what does not pair up.

    >>> accuracy([0, 1, 1, 2], [0, 1, 2, 2])
    0.75
    """
    one_for_each(len(predicted), len(actual), "accuracy", "answer")
    right = sum(bool(a == p) for a, p in zip(actual, predicted, strict=True))
    return right / len(actual)


def confusion(actual: Sequence[float], predicted: Sequence[float], count: int) -> list[list[int]]:
    """How often each of so many classes, a row, got which answer, a column: right ones diagonal.

    A ValueError tells what does not pair up.

    >>> confusion([0, 1, 1, 1], [0, 1, 1, 0], 2)
    [[1, 0], [1, 2]]
    """
    one_for_each(len(predicted), len(actual), "confusion", "answer")
    classes = range(whole(count, "confusion: count"))
    met = Counter((int(a), int(p)) for a, p in zip(actual, predicted, strict=True))
    return [[met[a, p] for p in classes] for a in classes]


def baselines(
    table: Table, training: Sequence[int], testing: Sequence[int]
) -> dict[str, list[float]]:
    """What simpler models answer on the testing rows after the training ones, by their names.

    The mean of all numbers or the commonest class, and, where scikit-learn is there, linear or
    logistic regression on standardized inputs.

    >>> table = Table(["x"], [[0.0], [1.0], [2.0]], "y", [1.0, 3.0, 5.0])
    >>> baselines(table, [0, 1], [2])["always the mean"]
    [2.0]
    """
    learned = [table.targets[i] for i in training]
    if table.classes:
        ((usual, _),) = Counter(learned).most_common(1)
        found = {f"always {table.classes[int(usual)]}": [usual] * len(testing)}
    else:
        found = {"always the mean": [math.fsum(learned) / len(learned)] * len(testing)}
    if find_spec("sklearn") and len({*learned}) > 1:
        name = "logistic regression" if table.classes else "linear regression"
        found = {name: _regression(table, training, testing), **found}
    return found


def _regression(table: Table, training: Sequence[int], testing: Sequence[int]) -> list[float]:
    linear: Any = import_module("sklearn.linear_model")  # which has no types
    encoding = Encoding.of(table, training)
    model = linear.LogisticRegression(max_iter=1000) if table.classes else linear.LinearRegression()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not quite converged
        model.fit(
            [encoding.inputs(table.rows[i]) for i in training],
            [encoding.target_scale.standardize(table.targets[i]) for i in training],
        )
        answers = model.predict([encoding.inputs(table.rows[i]) for i in testing])
    return [encoding.target_scale.restore(float(x)) for x in answers]
