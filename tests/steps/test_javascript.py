"""The rules in JavaScript, in a real browser, against the same rules in Python.

It needs Chromium and Playwright's package; without them these tests are skipped, but under CI=true.
"""

import base64
import itertools
import linecache
import math
import random
import re
import struct
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import mpmath
import pytest
from browsing import Watched, chromium
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from test_edge_cases import BEYOND_THE_CHAIN_RULE, CASES, LOST_IN_THE_FORWARD_PASS, UNDEFINED
from tools.accuracy import anywhere, largest_term, points_of
from tools.hard_points import HARD_POINTS

import micrograd_like as mg
from micrograd_like import Value, topological_order
from micrograd_like.rules import RULES, Rule, m
from micrograd_like.steps.javascript import UntranslatableError, script, translated
from micrograd_like.steps.translation import indented

Point = tuple[float, ...]
MOST = 4  # ulp
inf, nan = math.inf, math.nan
# All about which a rule, or an elementary function, makes a difference; and their neighbours.
SEAMS = [
    *(0.0, 5e-324, 2.2250738585072014e-308, 1e-200, 1e-17, 1e-8, 0.01, 0.1, 1 / 3, 0.46875, 0.5),
    *(1.0, math.pi / 2, 2.0, 2.5, 3.0, math.pi, 4.0, 5.656854249492381, 20.0, 26.5, 36.0, 37.0),
    *(38.5, 40.0, 709.782712893384, 710.4758600739439, 745.1332191019411, 1023.0, 1074.0, 1500.0),
    *(2.0**53, 1e16, 1e22, 1e154, 1e160, 1e200, 1e300, 1.7976931348623157e308, inf),
]
NEIGHBOURS = [f(x) for x in SEAMS for f in (lambda x: math.nextafter(x, 0), lambda x: x)]
ENDS = [*NEIGHBOURS, *(-x for x in NEIGHBOURS), math.nextafter(1, 2), -math.nextafter(1, 2), nan]
RUN = """([texts, name, arity, numbers]) => texts.map((text) => {
  const rules = new Function(`"use strict"; ${text}; return rules;`)();
  const of = rules.get(name);
  const bytes = Uint8Array.from(atob(numbers), (letter) => letter.charCodeAt(0));
  const flat = new Float64Array(bytes.buffer);
  const found = [], where = [];
  for (let k = 0; k < flat.length; k += arity) {
    const point = flat.slice(k, k + arity);
    let outputs = null;
    try {
      outputs = of.function(...point);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
    }
    if (outputs) found.push(...outputs);
    where.push((outputs ? 1 : 0) + (of.isDefined(...point) ? 2 : 0));
  }
  const letters = Array.from(new Uint8Array(new Float64Array(found).buffer), (byte) =>
    String.fromCharCode(byte));
  return [btoa(letters.join("")), where];
})"""


class Outcome:
    """What came of one point: the outputs, or None where it raised; and what the domain says."""

    def __init__(self, outputs: Sequence[float] | None, is_defined: bool) -> None:
        self.outputs, self.is_defined = outputs, is_defined


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    """An empty page in the one browser of this file."""
    with chromium() as browser:
        watched = Watched(browser)
        yield watched.page
        watched.close()


def in_javascript(page: Any, text: str, of: Rule, points: Sequence[Point]) -> list[Outcome]:
    """What a script's rule makes of the points."""
    return next(of_each(page, [text], of, points))


def of_each(
    page: Any, texts: Sequence[str], of: Rule, points: Sequence[Point]
) -> Iterator[list[Outcome]]:
    """The same of several scripts, of which the page is asked once."""
    numbers = base64.b64encode(array("d", itertools.chain(*points)).tobytes()).decode()
    for outputs, where in page.evaluate(RUN, [texts, of.name, of.arity, numbers]):
        flat = array("d", base64.b64decode(outputs))
        groups = iter(zip(*[iter(flat)] * (of.arity + 1), strict=True))
        yield [Outcome(next(groups) if w & 1 else None, w >= 2) for w in where]


def in_python(of: Rule, points: Sequence[Point]) -> list[Outcome]:
    """What the rule itself makes of them."""

    def at(point: Point) -> Sequence[float] | None:
        try:
            outputs: Sequence[float] = of.function(*point)
        except (ValueError, ArithmeticError):
            return None
        return outputs

    return [Outcome(at(point), of.is_defined(*point)) for point in points]


def ordinal(x: float) -> int:
    """The number's place among all floats in their order."""
    bits: int = struct.unpack("<q", struct.pack("<d", x))[0]
    return bits if bits >= 0 else -(bits & 0x7FFFFFFFFFFFFFFF)


def ulps(one: float, other: float) -> float:
    """How many floats apart they are; infinitely many for NaN and a number, and for 0 and -0."""
    if math.isnan(one) or math.isnan(other):
        return 0.0 if math.isnan(one) and math.isnan(other) else inf
    if one == other == 0 and math.copysign(1, one) != math.copysign(1, other):
        return inf
    return float(abs(ordinal(one) - ordinal(other)))


def apart(of: Rule, point: Point, position: int, one: float, other: float) -> float:
    """How far apart an output is in ulp: of its largest term, if it is a sum with zeros."""
    found = ulps(one, other)
    if MOST < found < inf:
        with mpmath.workprec(60):
            scale = float(largest_term(of, position, [mpmath.mpf(x) for x in point]))
        found = min(found, abs(one - other) / math.ulp(scale)) if scale else found
    return found


def distances(
    of: Rule, points: Sequence[Point], javascript: list[Outcome], python: list[Outcome]
) -> Iterator[tuple[float, str]]:
    """How far JavaScript and Python are apart, and where; infinitely if one of them raises."""
    for point, one, other in zip(points, javascript, python, strict=True):
        where = f"{of.name}{point}: {one.outputs} for {other.outputs}"
        if (one.outputs is None) != (other.outputs is None) or one.is_defined != other.is_defined:
            yield inf, f"{where}, defined {one.is_defined}, {other.is_defined}"
            continue
        for k, pair in enumerate(zip(one.outputs or (), other.outputs or (), strict=True)):
            yield apart(of, point, k, *pair), where


def worst(
    of: Rule, points: Sequence[Point], javascript: list[Outcome], python: list[Outcome]
) -> tuple[float, str]:
    """The most that JavaScript and Python are apart, and where."""
    return max(distances(of, points, javascript, python), default=(0.0, ""))


def random_points(of: Rule, count: int) -> list[Point]:
    """Points of the domain, and a quarter of all sizes anywhere."""
    rng = random.Random(of.name)
    outside = [tuple(anywhere(rng) for _ in range(of.arity)) for _ in range(count // 4)]
    return [*points_of(of, count - len(outside)), *outside]


def hard_points(of: Rule) -> list[Point]:
    """Kinks, seams, ends of domains and of the range; and all that the hard points compute."""
    cases = [*CASES, *BEYOND_THE_CHAIN_RULE, *LOST_IN_THE_FORWARD_PASS]
    tried = [(case.f, case.point) for case in cases] + [(f, at) for _, f, at, _ in UNDEFINED]
    tried += [(hard.f, (hard.x,)) for hard in HARD_POINTS]
    points = [*itertools.product(ENDS, repeat=of.arity)]
    for f, point in tried:
        points += itertools.product(point, repeat=of.arity)
        try:
            root = f(*map(Value, point))
        except (ValueError, ZeroDivisionError):
            continue
        for v in topological_order(root):
            if v.rule is of:
                points.append(tuple(getattr(x, "data", x) for x in v.inputs))
    return points


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(
    ("count", "hard"), [(200, 600), pytest.param(10_000, 10**9, marks=pytest.mark.slow)]
)
def test_values_and_derivatives_are_those_of_python(
    page: Any, name: str, count: int, hard: int
) -> None:
    """Within 4 ulp at random points of all sizes and at hard ones, raising where Python does."""
    of = RULES[name]
    points = random_points(of, count)
    extreme = hard_points(of)
    points += extreme if len(extreme) <= hard else random.Random(1).sample(extreme, hard)
    found = in_javascript(page, script([of]), of, points)
    most, where = worst(of, points, found, in_python(of, points))
    print(f"{name:<12}{most:4.1f} ulp at {len(points):,} points; {where}")
    assert most <= MOST, where


# --- rules of one's own ------------------------------------------------------------------------

NUMBERS = itertools.count()
HALF, COEFFICIENTS = 0.5, (0.25, -1.5, 3)


def polynomial(x: float) -> float:
    """A function that rules call, and that calls another."""
    total = 0.0
    for c in COEFFICIENTS:
        total = total * x + c
    return total + doubled(x)


def doubled(x: float) -> float:
    return x + x


def countdown(x: float) -> float:
    """A function that calls itself."""
    return x if x < 1 else countdown(x / 1e20)


def rule_of(source: str, arity: int = 1, domain: str = "", **scope: Any) -> Rule:
    """A rule of a function's text, which is kept where a notebook keeps a cell's."""
    name = f"<cell {next(NUMBERS)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    names = {**globals(), "m": m, "mg": mg, "math": math, **scope}
    exec(compile(source, name, "exec"), names)
    function = names["f"]
    return Rule(function, "f", "x", ("1",) * arity, domain)


def same_everywhere(page: Any, of: Rule, most: float = 0.0) -> None:
    """JavaScript and Python agree at all ends and seams, to so many ulp."""
    points: list[Point] = [
        *itertools.product(ENDS[::3] if of.arity == 2 else ENDS, repeat=of.arity)
    ]
    found = in_javascript(page, script([of]), of, points)
    distance, where = worst(of, points, found, in_python(of, points))
    assert distance <= most, where


OWN = {
    "constants of the module, and of the language": "return HALF * x + math.pi, -2**3 / 7 * m.inf",
    "names that mean something in JavaScript": """
    new = x * 2
    let, m_, Math, arguments = new + 1, 1, new, x
    return let - Math, arguments""",
    "a function of the name that it calls": "exp = m.exp(x)\n    return exp, exp",
    "a choice in a choice": "return (x if x > 1 else -x if not -1 < x <= 1 else 0) * 2, x",
    "conditions as numbers": "return 1.0 * (x > 0) + float(x < 1 and x > -1), (x >= 0) - (x <= 0)",
    "a number as a condition": "return 1 if x and not x - 1 else 2, 0 if x or x > 1 else 1",
    "a Newton iteration": """
    w = 1.0
    for _ in range(4):
        w = w - (w * w - x) / (2 * w)
    return w, 0.5 / w""",
    "loops that are left and gone on with": """
    total = 0
    for k in range(2, 9):
        if k == 3:
            continue
        if k > 6:
            break
        total += k * x
    while 1 < total < m.inf:
        total /= 2
        if total < 0.75:
            break
    return total, k""",
    "functions of functions": "return polynomial(x), countdown(x) if x < m.inf else 0.0",
    "Python's own functions": "return max(x, 1, -x) + min(x, 0.0), abs(x) * pow(2, 3)",
    "a public function": "return mg.relu(x) - mg.relu(-x), 1.0",
    "an error of its own": """
    if not x > 0:
        raise ValueError("needs a positive number, </script><script>")
    return x, 1.0""",
    "an error of division": "return 1 / x, -1 / (x * x)",
    "several names at once": "a, b = x, 1\n    a, b = b, a\n    c = d = a - b\n    return c, d",
    "signs": "return -(-x) - -x + +x - (x - (1 - x)) / (x * 2 / (3 / 4)), -(x + 1) * -2",
    "whole numbers, exact": "return x * (10**17 + 1 - 10**17), 1 / 3 + 2**0.5",
    "a number with a type": "y: float = x % 3\n    return y, -x % -2.5",
}


@pytest.mark.parametrize("body", OWN.values(), ids=OWN)
def test_a_rule_of_ones_own_is_translated(page: Any, body: str) -> None:
    """Whatever of Python's language it uses, to the last bit."""
    same_everywhere(page, rule_of(f"def f(x):\n    {body.strip()}\n"), most=1.0 * ("exp" in body))


ELEMENTARY = """
    abs acos acosh asin asinh atan atanh cbrt cos cosh erf erfc exp exp2 expm1 fabs log log10 log1p
    log2 sin sinh sqrt tan tanh sigmoid normal_cdf normal_pdf asin_slope
"""


@pytest.mark.parametrize("count", [200, pytest.param(1500, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ELEMENTARY.split())
def test_an_elementary_function_is_that_of_python(page: Any, name: str, count: int) -> None:
    """Within 4 ulp, and it throws where Python's raises."""
    of = rule_of(f"def f(x):\n    return m.{name}(x), 1.0\n")
    rng = random.Random(name)
    points = [
        (x,) for _ in range(count) for x in (anywhere(rng), rng.uniform(-30, 30), rng.random())
    ]
    points += [(x,) for x in ENDS]
    found = in_javascript(page, script([of]), of, points)
    distance, where = worst(of, points, found, in_python(of, points))
    assert distance <= MOST, where


@pytest.mark.parametrize("name", ["atan2", "copysign", "hypot", "pow", "divide", "power_slope"])
def test_an_elementary_function_of_two_is_that_of_python(page: Any, name: str) -> None:
    """At all pairs of ends and seams."""
    same_everywhere(page, rule_of(f"def f(x, y):\n    return m.{name}(x, y), 1, 1\n", 2), most=2)


@pytest.mark.parametrize("formula", ["x % y", "x ** y", "x / y", "max(x, y)", "min(x, y)"])
def test_an_operator_is_that_of_python(page: Any, formula: str) -> None:
    """At all pairs of ends and seams, zeros with their signs, errors included."""
    body = f"    if x < 0 and not y % 1 == 0:\n        return x, y, 1\n    return {formula}, 1, 1\n"
    same_everywhere(page, rule_of("def f(x, y):\n" + body, 2), most=1.0 * ("**" in formula))


@pytest.mark.parametrize(
    "domain", ["sqrt(abs(x)) < 5 or not x < y % 2", "min(x, y) == x != 0", "pi if x > y else x"]
)
def test_a_domain_may_have_functions_and_choices(page: Any, domain: str) -> None:
    """And what it says is what Python says, NaN included."""
    same_everywhere(page, rule_of("def f(x, y):\n    return x, 1, 1\n", 2, domain))


# --- expressions that nobody thought of ---------------------------------------------------------

# Whole numbers of Python have no -0, which JavaScript's have: these are none.
LEAVES = ("x", "y", "a", "1.5", "-0.5", "2.0", "1e300", "HALF", "m.inf", "(1 - 3.0)")
numbers = st.recursive(
    st.sampled_from(LEAVES),
    lambda part: st.one_of(
        st.builds("({} {} {})".format, part, st.sampled_from(["+", "-", "*", "/", "%"]), part),
        st.builds("{} {} {}".format, part, st.sampled_from(["+", "-", "*"]), part),
        st.builds("-{}".format, part),
        st.builds("({} if {} {} {} else {})".format, part, part, st.sampled_from("<>"), part, part),
        st.builds("{}({})".format, st.sampled_from(["abs", "m.fabs", "doubled"]), part),
        st.builds("{}({}, {})".format, st.sampled_from(["min", "max"]), part, part),
    ),
    max_leaves=8,
)
comparisons = st.builds("{} {} {}".format, numbers, st.sampled_from(["<", ">=", "!="]), numbers)
conditions = st.recursive(
    comparisons | st.builds("{} < {} <= {}".format, numbers, numbers, numbers),
    lambda part: st.one_of(
        st.builds("({} {} {})".format, part, st.sampled_from(["and", "or"]), part),
        st.builds("not {}".format, part),
    ),
    max_leaves=3,
)


def block(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def flat(parts: Sequence[list[str]]) -> list[str]:
    return [line for part in parts for line in part]


statements = st.recursive(
    st.builds(lambda to, n: [f"{to} = {n}"], st.sampled_from("axy"), numbers)
    | st.builds(
        lambda to, by, n: [f"{to} {by}= {n}"],
        st.sampled_from("ax"),
        st.sampled_from("+-*/"),
        numbers,
    )
    | st.builds(lambda n, p: [f"a, y = {n}, {p}"], numbers, numbers)
    | st.builds(lambda n: [f"return {n}, x, y"], numbers),
    lambda part: st.one_of(
        st.builds(
            lambda c, p, q: [f"if {c}:", *block(p), "else:", *block(q)], conditions, part, part
        ),
        st.builds(lambda c, p: [f"if {c}:", *block(p)], conditions, part),
        st.builds(
            lambda n, p: [f"for k in range({n}):", *block(["a = 1.0 * k", *p])],
            st.integers(-1, 3),
            part,
        ),
        st.lists(part, min_size=1, max_size=3).map(flat),
    ),
    max_leaves=5,
)


@given(lines=statements, last=numbers)
@settings(max_examples=examples(150))
def test_any_function_is_translated_to_the_last_bit(page: Any, lines: list[str], last: str) -> None:
    """Of arithmetic, choices, loops and calls, however nested: the bits of Python, or its error."""
    source = (
        "\n".join(["def f(x, y):", *block(["a = 0.25", *lines, f"return {last}, a, x"])]) + "\n"
    )
    of = rule_of(source, 2)
    few = [0.0, -0.0, 1.0, -0.75, 3.0, 1e200, -5e-324, inf, -inf, nan]
    points: list[Point] = [*itertools.product(few, repeat=2)]
    text = script([of])
    assert text == script([of])
    distance, where = worst(
        of, points, in_javascript(page, text, of, points), in_python(of, points)
    )
    assert distance == 0, f"{source}{text}{where}"


# --- what cannot be translated ------------------------------------------------------------------

REFUSED = {
    "return x.real, 1.0": "`x.real` (Attribute)",
    "return math.exp(x), 1.0": "calls exp, which is none of m's functions here",
    "return m.gamma(x), 1.0": "calls gamma, which is none",
    "return m.bessel(x), 1.0": "m has no function 'bessel'",
    "return m.log(x, 2), 1.0": "log does not take 2 numbers here",
    "return x, 1 if 'a' else 2": "`'a'` (Constant)",
    "return [x for _ in range(2)]": "(ListComp)",
    "try:\n        return x, 1.0\n    except ValueError:\n        return 1.0, 1.0": "(Try)",
    "import math as n\n    return n.pi, 1.0": "`import math as n` (Import)",
    "return (lambda: x)(), 1.0": "(Lambda)",
    "return x or 1.0, 1.0": "`x or 1.0` (BoolOp)",
    "return x * 10**400, 1.0": "no float",
    "return x * (2**53 + 1), 1.0": "9007199254740993, no float",
    "return TEXT, 1.0": "TEXT is 'half', no float",
    "return unknown(x), 1.0": "unknown is not defined",
    "return x // 2, 1.0": "`x // 2` (BinOp)",
    "return x, 1.0 if x is None else 2.0": "`x is None` (Compare)",
    "x[0] = 1\n    return x, 1.0": "`x[0]` (Subscript)",
    "return": "`return` (Return)",
    "assert x\n    return x, 1.0": "`assert x` (Assert)",
    "raise KeyError\n    return x, 1.0": "`KeyError` (Name)",
    "for k in range(0, 4, 2):\n        x += k\n    return x, 1.0": "`range(0, 4, 2)` (Call)",
    "while x:\n        x = 0\n    else:\n        x = 1\n    return x, 1.0": "(While)",
    "return m.exp(x=x), 1.0": "`m.exp(x=x)` (Call)",
    "return hidden(x), 1.0": "the source text of hidden is not there",
    "return math.floor(x), 1.0": "calls floor",
}


@pytest.mark.parametrize(("body", "told"), REFUSED.items(), ids=REFUSED.values())
def test_what_cannot_be_translated_is_told(body: str, told: str) -> None:
    """In one line, with the rule's name and the construct."""
    scope: dict[str, Any] = {}
    exec("def hidden(x):\n    return x", scope)
    of = rule_of(f"def f(x):\n    {body}\n", TEXT="half", hidden=scope["hidden"])
    for read in (translated, lambda of: script([RULES["exp"], of])):
        with pytest.raises(UntranslatableError) as caught:
            read(of)
        message = str(caught.value)
        assert message.startswith("rule 'f' has no JavaScript: ")
        assert told in message
        assert "\n" not in message
        assert len(message) < 200


def test_an_operation_made_by_hand_has_no_javascript() -> None:
    """It is a word, and no function."""
    by_hand = Value(1.0, (Value(2.0),), "twice").rule
    assert by_hand
    with pytest.raises(UntranslatableError, match=r"rule 'twice' .* made by hand"):
        script([by_hand])


def test_a_text_that_has_changed_since_is_not_taken_for_the_function(tmp_path: Path) -> None:
    """Somebody edits a file after it was imported: the page would compute something else."""
    path = tmp_path / "own.py"
    path.write_text("def f(x):\n    return x + 1, 1.0\n")
    scope: dict[str, Any] = {}
    exec(compile(path.read_text(), str(path), "exec"), scope)
    of = Rule(scope["f"], "f", "x + 1", ("1",))
    assert "x + 1" in translated(of)
    for changed in ("def f(x):\n    return x - 1, 1.0\n", "\n\n", "def f(x:\n"):
        path.write_text(changed)
        linecache.clearcache()
        with pytest.raises(UntranslatableError, match="has changed since"):
            translated(of)
    path.write_text("# a line more\n\ndef f(x):\n    return x + 1, 1.0\n")
    linecache.clearcache()
    assert "x + 1" in translated(of)


def test_two_rules_of_one_name_are_told() -> None:
    """A graph may have a rule as it was, and as it is now."""
    one, other = (rule_of(f"def f(x):\n    return {k} * x, {k}\n") for k in (2, 3))
    assert script([one, one]) == script([one])
    with pytest.raises(UntranslatableError, match="another of the same name"):
        script([one, other])


def test_a_page_carries_what_it_needs_alone() -> None:
    """A sum takes no more than the sum; all rules together are small; no tag is begun."""
    assert len(script([RULES["add"]])) < 1200
    everything = script(RULES.values())
    assert len(everything.encode()) < 500 * len(RULES)
    assert everything == script(RULES.values())
    hostile = rule_of(f"def f(x):\n    {OWN['an error of its own'].strip()}\n", domain="x < 1")
    assert "<script" not in script([hostile])
    assert "</script" not in script([hostile])


# --- that a slip would show ---------------------------------------------------------------------

# An operator, a sign, a call, or a number that nothing is compared with.
CORRUPTIBLE = "|".join(
    [
        r" [-+*/] ",
        r"(?<=[ (\[])-(?=[\w(])",
        r"m\.\w+(?=\()",
        r"(?<![<=>] )(?<![\w.])\d[\d.]*(?:e[-+]\d+)?(?! [<=>])",
    ]
)


SAME = ("0 + m.sqrt(x)", "0 - Math.max(x)")  # in a power of 0: x is 0 there


def corrupted(text: str) -> Iterator[str]:
    """The function with one thing wrong in what it assigns or returns, NaN aside."""
    wrong = {" + ": " - ", " - ": " + ", " * ": " + ", " / ": " * ", "-": ""}
    lines = text.splitlines()
    for k, line in enumerate(lines):
        if (" = " not in line[4:] and "return" not in line) or "NaN" in line or "=>" in line:
            continue
        for found in re.finditer(CORRUPTIBLE, line):
            old = found[0]
            new = wrong.get(old, "Math.max" if old.startswith("m.") else f"(1.5 * {old} + 1e-9)")
            changed = f"{line[: found.start()]}{new}{line[found.end() :]}"
            yield "\n".join([*lines[:k], changed, *lines[k + 1 :]])


@pytest.mark.parametrize("name", RULES)
def test_a_corrupted_translation_is_caught(page: Any, name: str) -> None:
    """Whatever sign, number or call of a rule's text is changed, the comparison shows it."""
    of = RULES[name]
    right, whole = indented(translated(of)), script([of])
    few = itertools.product([nan, 0.0, 1.0, 2.0, -3.0, inf], repeat=of.arity)
    points = [*random_points(of, 300), *hard_points(of)[:3000:7], *few]
    python = in_python(of, points)
    assert right in whole
    assert worst(of, points, in_javascript(page, whole, of, points), python)[0] <= MOST
    wrongs = [wrong for wrong in corrupted(right) if not any(same in wrong for same in SAME)]
    assert wrongs
    texts = [whole.replace(right, wrong) for wrong in wrongs]
    for wrong, found in zip(wrongs, of_each(page, texts, of, points), strict=True):
        assert any(by > MOST for by, _ in distances(of, points, found, python)), wrong
