"""Functions that mislead a ladder of differences: none is judged wrongly, and few are left open."""

import math
from collections import Counter
from typing import Any

import pytest
from conftest import examples
from hard_functions import HARD_FUNCTIONS, KINDS, HardFunction
from hypothesis import given, settings
from hypothesis import strategies as st

import micrograd_like as mg
from micrograd_like import gradcheck
from micrograd_like.check.differences import EPSILON, check_slope

SCALES = st.sampled_from([1.0, -1.0, 3.0, 0.1, 1e3, -7e-5])
WIDTHS = st.sampled_from([1.0, 0.5, 2.0, -1.0, 4.0])  # powers of two, for x to be exact
SHIFTS = st.sampled_from([0.0, 1.0, -2.0, 0.3])


def word(f: HardFunction, slope: float, reference: str) -> str:
    """pass, fail, or inconclusive: a kink that holds the slope is a pass."""
    outcome = gradcheck(f.f, f.x, gradient=[slope], reference=reference).checks[0].outcome
    return "pass" if outcome == "kink" else outcome


@pytest.mark.parametrize("f", HARD_FUNCTIONS, ids=lambda f: f"{f.kind}: {f.name}")
def test_a_right_slope_does_not_fail_and_a_wrong_one_does_not_pass(f: HardFunction) -> None:
    """Left open at worst."""
    assert word(f, f.right, "differences") != "fail"
    assert word(f, f.wrong, "differences") != "pass"


@pytest.mark.parametrize("calls", [5, 18, 24, 60, 100])
def test_few_calls_make_no_verdict_wrong(calls: int) -> None:
    """They leave more open."""
    for f in HARD_FUNCTIONS:
        for slope, wrong in ((f.right, "fail"), (f.wrong, "pass")):
            report = gradcheck(f.f, f.x, gradient=slope, reference="differences", calls=calls)
            assert report.checks[0].outcome != wrong, f.name


@given(st.sampled_from(HARD_FUNCTIONS), SCALES, WIDTHS, SHIFTS)
@settings(max_examples=examples(100))
def test_nor_does_one_that_is_scaled_and_shifted(
    f: HardFunction, scale: float, width: float, shift: float
) -> None:
    """Neither the sizes of x and f nor a constant make a verdict wrong."""
    shift *= abs(scale)
    moved = f._replace(f=lambda x: scale * f.f(x * width) + shift, x=f.x / width)
    assert word(moved, f.right * scale * width, "differences") != "fail"
    assert word(moved, f.wrong * scale * width, "differences") != "pass"


@pytest.mark.parametrize(
    ("reference", "part", "of_a_kind"),
    [
        ("differences", 1 / 6, 1 / 6),
        ("auto", 1 / 20, 1 / 7),
    ],
)
def test_few_are_left_open(reference: str, part: float, of_a_kind: float) -> None:
    """One in six of each kind by differences; in all one in twenty where digits are taken, too.

    What leaves a Value's graph, as steps do, has no digits.
    """
    words = {f: [word(f, s, reference) for s in (f.right, f.wrong)] for f in HARD_FUNCTIONS}
    assert all(right != "fail" and wrong != "pass" for right, wrong in words.values())
    opened = Counter(dict.fromkeys(KINDS, 0))
    for f, pair in words.items():
        opened[f.kind] += pair.count("inconclusive")
    assert opened.total() <= 2 * len(HARD_FUNCTIONS) * part
    assert all(opened[kind] <= 2 * len(rows) * of_a_kind for kind, rows in KINDS.items())


@pytest.mark.parametrize("times", [1e3, 1e6, 1e9, 1e12])
def test_a_bound_that_is_far_above_the_rounding_accuses_nobody(times: float) -> None:
    """What is known of a graph's rounding is a bound; a right slope does not fail by its excess."""
    for f in HARD_FUNCTIONS:

        def number(x: float, f: HardFunction = f) -> float:
            y = f.f(x)
            return float(getattr(y, "data", y))

        noise = times * EPSILON * (abs(number(f.x)) or 1.0)
        assert check_slope("x", number, f.x, f.right, noise=noise).outcome != "fail", f.name


@pytest.mark.parametrize("size", [1e9, 1e11, 1e12])
def test_a_wave_beside_large_terms_that_cancel_is_not_accused(size: float) -> None:
    """Its change is seen at small steps alone, where the bound of the rounding is far larger."""

    def f(x: Any) -> Any:
        wave = mg.cos(x * 1e7)
        large = wave * size
        return wave + large - large

    report = gradcheck(f, 0.7794, reference="differences")
    assert report.ok
    slope = report.checks[0].gradient
    assert not gradcheck(f, 0.7794, gradient=1.5 * slope, reference="differences").ok


@pytest.mark.parametrize("k", range(0, 200, 5))
def test_beyond_a_hole_in_the_domain_lies_another_function(k: int) -> None:
    """A slope is not called wrong by what the function does on another island of its domain."""

    def f(x: Any) -> Any:
        return mg.log(mg.sin(x)) * 1e-6 + 1e8

    x = 1e7 + 1234.5 * k
    if math.sin(x) > 0:
        report = gradcheck(f, x, reference="differences")
        assert report.ok, report
        wrong = 1.5 * report.checks[0].gradient
        assert gradcheck(f, x, gradient=wrong, reference="differences").checks[0].outcome != "pass"


def hidden(x: Any) -> Any:
    """A wave that is smaller than the last place of what is added to it."""
    return mg.sin(x * 3e4) ** 2 * 5e-9 + 5e8


def test_what_no_difference_can_show_is_told_by_digits() -> None:
    """Differences call it flat, and its slope wrong; digits know better, and by hand as well."""
    assert gradcheck(hidden, 0.63, reference="auto").checks[0].outcome == "pass"
    slope = gradcheck(hidden, 0.63).checks[0].gradient
    assert gradcheck(hidden, 0.63, gradient=slope).ok
    assert not gradcheck(hidden, 0.63, gradient=1.1 * slope).ok


def test_a_rough_estimate_accuses_no_right_operations() -> None:
    """Without digits the engine's own gradient stays open where differences see too little."""

    def f(x: Any) -> Any:
        return mg.sin(x * 19692.4) ** 2 * 3e-9 + 197324.4

    (check,) = gradcheck(f, 0.946, reference="differences").checks
    assert check.outcome == "inconclusive"
    assert check.reason.endswith(", but each operation on its way is right")
    slope = check.gradient
    assert gradcheck(f, 0.946, gradient=slope, reference="differences").checks[0].outcome == "fail"
    assert gradcheck(f, 0.946, gradient=slope).ok


def test_the_table_is_of_slopes() -> None:
    """At least twenty-five functions of each kind, and no wrong slope is the right one."""
    assert min(map(len, KINDS.values())) >= 25
    assert all(math.isnan(f.wrong) or f.wrong != f.right for f in HARD_FUNCTIONS)
