"""What rounding hides in a whole function is decided by its operations, each by itself."""

from typing import Any

import pytest
from tools.planted_bugs import corrupted

from micrograd_like import Value, gradcheck
from micrograd_like.check.gradcheck import MOST_ALONE
from micrograd_like.rules import RULES

LOST = "the change of the function is lost in its rounding"


def lost(x: Any) -> Any:
    """A logarithm of 1 - 4e-15, a number of which few digits are left."""
    return (1.0 - 1e-15 * (x * x)).log() * 3.0


def outcomes(f: Any, **options: Any) -> list[tuple[str, str]]:
    """The outcome of each input at 2, and its reason."""
    return [(check.outcome, check.reason) for check in gradcheck(f, 2.0, **options).checks]


def test_right_operations_decide() -> None:
    """Neither differences nor digits can tell the whole; all of its operations are right."""
    assert outcomes(lost) == [("pass", "each operation on its way is right")]


@pytest.mark.parametrize("name", ["log", "mul"])
def test_a_wrong_operation_decides_and_is_named(name: str) -> None:
    """A derivative that is 0.1 % too large fails, where rounding alone moves the whole by more."""
    with corrupted(RULES[name], 0):
        report = gradcheck(lost, 2.0)
    assert report.checks[0].reason == "an operation on its way is wrong"
    assert report.line.startswith("gradcheck failed: gradient of x is ")
    assert [local.rule.name for local in report.blame] == [name]
    assert "should be" not in report.line


def test_what_others_wrote_stays_open() -> None:
    """The operations tell nothing of a gradient that is not made of theirs."""
    right = gradcheck(lost, 2.0).checks[0].gradient
    assert outcomes(lost, gradient=1.001 * right)[0][0] == "inconclusive"


def test_a_small_gradient_by_hand_is_not_taken_for_the_engines() -> None:
    """Six hundredths off is off, however small the gradient is."""
    x = Value(20.0)
    right = gradcheck(x.tanh(), reference="differences").checks[0].gradient
    wrong = gradcheck(x.tanh(), gradient=1.06 * right, reference="differences")
    assert 0 < right < 2e-17
    assert wrong.checks[0].outcome == "inconclusive"
    assert not gradcheck(x.tanh(), gradient=1.06 * right).ok


def test_a_function_that_does_more_than_its_graph_stays_open() -> None:
    """Right operations of a graph do not tell of a number that has left it."""
    (found,) = outcomes(lambda x: lost(x) + x.data * 1e-15, reference="differences")
    assert found[0] != "pass"


def test_a_kink_on_the_way_stays_open() -> None:
    """There the chain rule need not hold, whatever each operation is."""
    (found,) = outcomes(lambda x: lost(x).maximum(lost(x)), reference="differences")
    assert found == ("inconclusive", LOST)


def test_other_inputs_are_as_they_were() -> None:
    """Only what is open is decided so."""
    report = gradcheck(lambda x, y: lost(x) * 1e-3 + y, 2.0, 3.0)
    assert [check.reason for check in report.checks][1] == ""


def test_a_large_graph_is_left_open_rather_than_gone_through() -> None:
    """The operations of thousands of values would take long."""
    x = Value(2.0, "x")
    y = lost(x)
    for _ in range(MOST_ALONE):
        y = y + 1e-20
    assert gradcheck(y, reference="differences").checks[0].outcome == "inconclusive"


def test_numbers_below_the_smallest_float_accuse_nobody() -> None:
    """A slope that underflows on its way is not wrong by what is lost there."""
    x, y, z, w = (Value(number) for number in (1.637308955192566, 1.39, 1.39, 40.0))
    root = (w - z).log_ndtr() / y * x.atan() ** 300.0
    assert gradcheck(root).ok
    assert gradcheck(root, reference="mpmath").ok


def test_a_tail_of_the_smallest_floats_has_their_rounding() -> None:
    """There is no float between 3 and 4 times the smallest: tanh at 372 may have either slope."""
    x = Value(372.32944375364576)
    assert gradcheck(x.tanh(), gradient=2e-323, reference="differences").ok
    assert gradcheck(x.tanh(), gradient=1.5e-323, reference="differences").ok
    assert not gradcheck(x.tanh(), gradient=1e-300, reference="differences").ok
