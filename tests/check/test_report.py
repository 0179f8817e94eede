"""Reports: the line, the message, the table and the picture, of whatever was checked."""

import math
import pickle
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from browsing import Watched, chromium
from hypothesis import given
from hypothesis import strategies as st

import micrograd_like as mg
from micrograd_like import Value, assert_gradients, gradcheck
from micrograd_like.check import Check, Report
from micrograd_like.check.ladder import Sample
from micrograd_like.check.picture import HEIGHT, WIDTH, drawn, scene_of, words

HOSTILE = "</svg><script>alert(1)</script>\n\x1b[2J\u202e" + "模" * 99
FLOATS = st.floats() | st.sampled_from([0.0, math.nan, math.inf, -1e308, 5e-324])
OUTCOMES = st.sampled_from(["pass", "fail", "kink", "inconclusive"])
CHECKS = st.builds(
    Check, st.text(), *[FLOATS] * 4, OUTCOMES, st.just("why"), *[FLOATS] * 3, st.none()
)
SAMPLES = st.lists(
    st.builds(
        Sample,
        st.floats(1e-300, 1e300),
        *[st.none() | st.floats(allow_nan=False, allow_infinity=False)] * 2,
        *[st.floats(1e-300, 1e300)] * 2,
    ),
    max_size=9,
).map(lambda samples: sorted(samples, reverse=True, key=lambda s: s.step))


def wrong_square() -> Report:
    """The report of a gradient that is off by 1."""
    return gradcheck(lambda x: x * x, 3.0, gradient=[7.0])


def svg_of(report: Report) -> str:
    """The picture in a report's HTML."""
    found = re.search(r'src="data:image/svg\+xml,([^"]*)"', report._repr_html_())
    return canonical(unquote(unescape(found[1]))) if found else ""


def canonical(svg: str) -> str:
    """An SVG in one of its ways of writing: with quotation marks, and no space around texts."""
    return ElementTree.canonicalize(svg, strip_text=True)


@given(st.lists(CHECKS, max_size=30), st.booleans())
def test_the_line_is_one_line(checks: list[Check], strict: bool) -> None:
    """Whatever an input is called, and whatever its numbers are; the message begins with it."""
    report = Report(checks, strict=strict)
    assert len(report.line.splitlines()) == 1
    assert report.line.startswith("gradcheck passed" if report.ok else "gradcheck failed: ")
    told_open = " open" in report.line.partition(";")[0]
    assert not report.ok or told_open == any(c.outcome == "inconclusive" for c in checks)
    assert report.message.splitlines()[0] == report.line
    assert len(report.message.splitlines()) <= 23
    assert len(report.line) < 250
    assert "<table" in report._repr_html_()


def test_the_line_says_whose_gradient_is_wrong() -> None:
    """And what it should be: a number, or between two; of the value, that it is that."""
    assert "gradient of x is 1.5, should be between the slopes 0 and 1 (" in (
        gradcheck(mg.relu, 0.0, gradient=1.5).line
    )
    assert "gradient of x is nan, should be 6 ±" in (
        gradcheck(lambda x: x * x, 3.0, gradient=math.nan).line
    )
    line = gradcheck(lambda x: (1.0 + x) - 1.0, 1e-17, reference="mpmath").line
    assert line.startswith("gradcheck failed: value is 0, should be 1e−17")
    line = gradcheck(lambda x: math.log(x), -1.0, gradient=1.0).line
    assert "x is 1, the function is undefined here: it raises ValueError: " in line


def test_an_error_has_the_line_and_then_what_did_not_pass() -> None:
    """Of a thousand inputs not the 998 that passed."""
    point = [float(k) for k in range(1000)]
    with pytest.raises(AssertionError) as error:
        assert_gradients(
            lambda *x: sum(v * v for v in x), *point, gradient=[2 * x + (x > 997) for x in point]
        )
    lines = str(error.value).splitlines()
    assert lines[0].startswith("gradcheck failed: gradient of x998 is 1997, should be 1996 ±")
    assert [line.split()[0] for line in lines[1:]] == ["input", "x998", "x999", "and"]
    assert lines[-1] == "and 998 more inputs: 998 pass"


def test_a_check_that_passes_keeps_nothing_for_a_picture() -> None:
    """No sample; and neither a pass nor a kink that is right has a picture."""
    for f in (mg.sin, mg.relu):
        report = gradcheck(f, 0.0)
        assert report.ok
        assert "<img" not in report._repr_html_()
    assert gradcheck(mg.sin, 0.0).checks[0].asked is None
    assert repr(wrong_square().checks[0]).endswith("asked=<the function at 26 steps>)")


def test_a_check_loads_no_pictures() -> None:
    """A test run that passes pays for none: they are imported when one is drawn."""
    program = (
        "import sys; from micrograd_like import assert_gradients, tanh; "
        "assert_gradients(tanh, 0.5).line; "
        "sys.exit(any(name.startswith('micrograd_like.draw') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_picture_tells_what_differences_agree_on() -> None:
    """In its words, for those who do not see it, and in its lines; the report can be pickled."""
    report = wrong_square()
    svg = svg_of(report)
    told = "x: differences agree on 6 ± 7e−15; the claim is 7, off by 1"
    assert f'aria-label="{told}"' in svg
    assert f'alt="{told}"' in report._repr_html_()
    texts = [text.text for text in ElementTree.fromstring(svg).iter() if text.tag.endswith("text")]
    assert "here the differences agree on 6 ± 7e−15" in texts
    assert "x: the claim is 7, off by 1" in texts
    assert svg_of(pickle.loads(pickle.dumps(report))) == svg


def test_the_first_failure_is_drawn_or_else_what_is_open() -> None:
    """Of two inputs that which fails; of one that is open, why that may be."""
    report = gradcheck(lambda x, y: x * y, 2.0, 5.0, gradient=[5.0, 3.0])
    assert 'aria-label="y: ' in svg_of(report)
    report = gradcheck(mg.normal_cdf, 9.0, reference="differences")
    assert report.ok
    assert "the claim is 1.027977357e−18, off by 1e−18" in svg_of(report)


def test_a_failure_found_with_digits_has_a_picture() -> None:
    """Where differences left the input open; they are drawn beside what the digits say."""
    pytest.importorskip("mpmath")
    report = gradcheck(mg.normal_cdf, 9.0, gradient=1e-17)
    assert report.checks[0].ulps > 1
    assert "differences agree on 1.027977357e−18" in svg_of(report)


@pytest.mark.parametrize(
    ("f", "x", "claim", "side", "slope"),
    [
        (abs, 0.0, 1.5, 1, 1.0),
        (abs, 0.0, -1.5, -1, -1.0),
        (lambda x: math.sqrt(x) ** 4, 0.0, 1.0, 1, 0.0),
        (lambda x: math.sqrt(-x) ** 4, 0.0, 1.0, -1, 0.0),
        (math.sin, 0.0, 2.0, 0, 1.0),
    ],
)
def test_the_side_that_tells_is_drawn(
    f: Any, x: float, claim: float, side: int, slope: float
) -> None:
    """At a kink the one with the nearer slope, at the end of a domain the one inside."""
    check = gradcheck(f, x, gradient=claim).checks[0]
    assert check.outcome == "fail"
    assert check.asked is not None
    kink = check.reason.startswith("slopes")
    scene = scene_of(*check.asked, check.numeric, check.bar, claim, kink)
    assert scene.side == side
    assert scene.slope == pytest.approx(slope, abs=1e-9)
    assert scene.off == pytest.approx(abs(claim - slope))


@given(st.floats(-2, 2), st.floats(1e-8, 2))  # plain differences are good to 1e-10 here
def test_differences_agree_where_they_tell_the_slope_from_the_claim(x: float, off: float) -> None:
    """At each step of the plateau the difference is ten times nearer to the slope."""
    check = gradcheck(math.exp, x, gradient=math.exp(x) + off).checks[0]
    assert check.outcome == "fail"
    assert check.asked is not None
    scene = scene_of(*check.asked, check.numeric, check.bar, check.gradient)
    inside = [error for h, error in scene.errors if scene.first <= h <= scene.last]
    assert inside
    assert max(inside) <= off / 9


@given(st.text(), SAMPLES, *[FLOATS] * 4, st.booleans())
def test_any_picture_is_well_formed(
    name: str,
    samples: list[Sample],
    center: float,
    slope: float,
    bar: float,
    claim: float,
    kink: bool,
) -> None:
    """Of any name and any numbers: nothing leaves the picture, nothing is not a number."""
    scene = scene_of(samples, center, slope, abs(bar), claim, kink)
    svg = drawn(name, scene)
    assert len(words(name, scene).splitlines()) == 1
    for part in ElementTree.fromstring(svg).iter():
        for key, limit in (("x", WIDTH), ("cx", WIDTH), ("y", HEIGHT), ("cy", HEIGHT)):
            assert 0 <= float(part.get(key, 0)) <= limit
    assert not re.search("nan|inf", re.sub(r">[^<]*<|aria-label=\"[^\"]*\"", "><", svg))


def test_a_picture_is_saved(tmp_path: Path) -> None:
    """As SVG; where there is none, or under another ending, that is told and nothing is written."""
    path = tmp_path / "square.svg"
    assert wrong_square().save(path) == str(path)
    assert canonical(path.read_text("utf-8")) == svg_of(wrong_square())
    with pytest.raises(ValueError, match=r"the ending of .*square.png is '.png'"):
        wrong_square().save(tmp_path / "square.png")
    with pytest.raises(TypeError, match=r"Report.save is 3; it is to be a file's name"):
        wrong_square().save(3)
    with pytest.raises(ValueError, match=r"nothing to draw; gradcheck passed: 1 input: 1 pass"):
        gradcheck(math.sin, 0.0, gradient=1.0).save(tmp_path / "none.svg")
    assert [file.name for file in tmp_path.iterdir()] == ["square.svg"]


def test_a_report_fits_its_page(tmp_path: Path) -> None:
    """In Chromium, light and dark: on a phone the text is 9 pixels high; none leaves its SVG."""
    v = Value(2.0, HOSTILE)
    hostile = gradcheck(v * v)
    check = hostile.checks[0]._replace(outcome="fail", gradient=-1.234567891e-300)
    check = check._replace(asked=wrong_square().checks[0].asked, numeric=-9.87654321e-200)
    reports = [wrong_square(), gradcheck(mg.relu, 0.0, gradient=[1.5]), Report([check])]
    page = tmp_path / "reports.html"
    body = "".join(report._repr_html_() for report in reports)
    page.write_text(
        "<!doctype html><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        f"<meta name='color-scheme' content='light dark'>{body}",
        encoding="utf-8",
    )
    with chromium() as browser:
        for width, scheme in ((1100, "light"), (390, "dark")):
            watched = Watched(browser, width=width, color_scheme=scheme)
            opened = watched.open(page)
            assert opened.evaluate("document.documentElement.scrollWidth") <= width
            sizes = opened.evaluate("[...document.images].map((it) => [it.width, it.naturalWidth])")
            assert all(12 * shown / natural >= 9 for shown, natural in sizes)
            assert len(sizes) == len(reports)
            for k, report in enumerate(reports):
                path = tmp_path / f"{k}.svg"
                report.save(path)
                within = watched.open(path).evaluate(
                    "[...document.querySelectorAll('text')].map((it) => it.getBBox())"
                    ".every((it) => it.x >= 0 && it.x + it.width <= " + f"{WIDTH})"
                )
                assert within
            watched.close()
