"""Whatever a graph is made of: the live page says what it cannot do, and nothing on it breaks."""

import linecache
import math
from collections.abc import Callable
from typing import Any

import pytest
from conftest import unlisted

from micrograd_like import Backprop, Value, rule
from micrograd_like.rules import m

NAMES = [
    "</script><img src=x onerror=alert(1)>", "{{title}} {{script}} {{packed}}", "$& $1 $`",
    "a\u2028b\u2029c", "\ud800 half", "<!--<script>", "'\"`${alert(1)}", "x" * 10_000, "\0\1\x1b",
    "line\nbreak", " ", "constructor", "__proto__", "class", "a.data = 1 #", "\u202eright to left",
]  # fmt: skip
NUMBERS = "[0, -0, -1, 1e308, -1e308, 5e-324, NaN, Infinity, -Infinity, 0.5]"

# Edits, undo and a step of everything that can be edited, at the first and the last step.
TURNED = f"""
() => {{
  const leaves = backprop.learners(backprop.names().filter((name) => {{
    try {{ backprop.set(name, backprop.get(name).data); return true; }} catch {{ return false; }}
  }}));
  for (const step of [0, 1e9]) {{
    backprop.step(step);
    for (const name of leaves.slice(0, 5)) {{
      for (const x of {NUMBERS}) {{ backprop.set(name, x); backprop.nudge(name, 0.1); }}
      backprop.undo();
    }}
    backprop.learn(0.1, 2);
    if (backprop.points().length) backprop.epoch(0.1);
    backprop.reset();
  }}
  return leaves.length;
}}
"""


def labelled(root: Value, label: str = "L") -> Value:
    root.label = label
    return root


def drawn(page: Any) -> None:
    """Waits until what is drawn in the next frame is drawn."""
    page.evaluate("() => new Promise((seen) => requestAnimationFrame(() => setTimeout(seen)))")


def panel(page: Any, key: str) -> str:
    """What the panel of a key says."""
    page.keyboard.press(key)
    drawn(page)
    said = str(page.inner_text("#tools"))
    page.keyboard.press("Escape")
    return said


def use(page: Any) -> int:
    """Everything that a page can do, once; returns how many leaves can be turned."""
    count = int(page.evaluate(TURNED))
    for key in "vlnpc?":
        assert panel(page, key)
    for key in ("Home", "ArrowRight", "End", "ArrowLeft"):
        page.keyboard.press(key)
    return count


def hostile() -> Value:
    values = [Value(1 + k / 10, label) for k, label in enumerate(NAMES)]
    total = values[0]
    for v in values[1:]:
        total = total * 0.9 + v.tanh()
    return labelled(total, "<b>root</b>{{title}}")


def reused(times: int) -> Value:
    a = Value(1.01, "a")
    total = a
    for k in range(times - 1):
        total = total + a * (k / times)
    return total


class Own(Value):
    """A subclass, whose values do what those of Value do."""


def not_finite() -> Value:
    a, b, c = Value(math.nan, "a"), Value(math.inf, "b"), Value(-math.inf, "c")
    return a * b + c.tanh() + b * c


def huge() -> Value:
    a, b = Value(1e308, "a"), Value(5e-324, "b")
    return a * 10 * b + a * a


def own() -> Value:
    a, b = Own(2.0, "a"), Own(3.0, "b")
    return (a * b + a).tanh()


GRAPHS: dict[str, tuple[Callable[[], Value], int]] = {
    "one leaf": (lambda: Value(2.0, "a"), 1),
    "one leaf without a name": (lambda: Value(2.0), 1),
    "constants": (lambda: (Value(2.0) * 3 + 1) * Value(0.0), 2),
    "no finite numbers": (not_finite, 3),
    "zeros": (lambda: Value(0.0, "a") * Value(0.0, "b"), 2),
    "no gradient": (lambda: (Value(-2.0, "a") * Value(3.0, "b")).relu() * 2, 2),
    "the ends of all floats": (huge, 2),
    "a value used 300 times": (lambda: reused(300), 1),
    "a subclass": (own, 2),
    "a domain": (lambda: Value(0.5, "p").log() + Value(2.0, "q") ** Value(0.5, "r"), 3),
    "hostile labels": (hostile, len(NAMES)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", list(GRAPHS))
def test_any_graph_can_be_played_with(opened: Callable[[Backprop], Any], name: str) -> None:
    """Every number, every tool, back and forth: no complaint; reset gives back what there was."""
    make, leaves = GRAPHS[name]
    root = make()
    page = opened(Backprop(root))
    before = page.evaluate("Object.fromEntries(backprop.names().map((v) => [v, backprop.get(v)]))")
    assert use(page) == leaves
    page.evaluate("backprop.reset()")
    after = page.evaluate("Object.fromEntries(backprop.names().map((v) => [v, backprop.get(v)]))")
    assert repr(after) == repr(before)
    assert page.locator("img, #stage script, b:text-is('root')").count() == 0


@pytest.mark.parametrize("order", ["naive", "depth-first"])
def test_wrong_orders_can_be_played_with(opened: Callable[[Backprop], Any], order: str) -> None:
    """Their gradients follow edits, too, wrong as they are."""
    a = Value(2.0, "a")
    b = labelled(a * 3, "b")
    page = opened(Backprop(labelled(b * b + b), order))
    use(page)
    page.evaluate("backprop.set('a', 1)")
    wrong = Backprop(labelled(again(1.0)), order)
    assert page.evaluate("backprop.get('a').grad") == wrong.gradients[id(wrong.order[0])]


def again(x: float) -> Value:
    b = labelled(Value(x, "a") * 3, "b")
    return b * b + b


@pytest.mark.parametrize("part", [slice(3, 9), slice(4, 4), slice(None, None, 2), slice(7, 8)])
def test_a_slice_computes(opened: Callable[[Backprop], Any], part: slice) -> None:
    """Its steps alone are played, and all numbers follow."""
    steps = Backprop(labelled(again(2.0)))[part]
    page = opened(steps)
    assert page.evaluate("backprop.count()") == len(steps)
    use(page)
    page.evaluate("backprop.set('a', 1)")
    assert page.evaluate("[backprop.get('L').data, backprop.get('a').grad]") == [12, 21]


def test_until_stops_where_a_gradient_is_complete(opened: Callable[[Backprop], Any]) -> None:
    """The last step that is played is the last product of that gradient, after an edit, too."""
    page = opened(Backprop(labelled(again(2.0))).until("b"))
    page.evaluate("backprop.set('a', 1)")
    page.keyboard.press("End")
    assert page.inner_text("#count").startswith("step 8 of 9, here ")
    assert page.inner_text("#equation").split()[-1] == "7"
    use(page)


@pytest.mark.slow
@pytest.mark.parametrize("make", ["one leaf", "many"])
def test_a_chain_of_5000_values(opened: Callable[[Backprop], Any], make: str) -> None:
    """No recursion anywhere; an edit goes through all of it."""
    x = first = Value(0.5, "x")
    for k in range(2500):
        x = x * (Value(0.999, f"w{k}") if make == "many" else 0.999) + 0.001
    page = opened(Backprop(labelled(x)))
    page.evaluate("backprop.set('x', 0.25)")
    first.data, y = 0.25, 0.25
    for _ in range(2500):
        y = y * 0.999 + 0.001
    assert page.evaluate("backprop.get('L').data") == y
    use(page)
    page.keyboard.press("v")
    page.keyboard.press("/")
    page.keyboard.type("L")
    assert page.inner_text("#value h3") == "L"


def test_the_rounding_of_many_operations_is_no_curvature(opened: Callable[[Backprop], Any]) -> None:
    """A product of 2,000 numbers is a straight line along the first, however rounded."""
    x = Value(0.5, "x")
    for _ in range(2000):
        x = x * 0.999
    page = opened(Backprop(labelled(x)))
    assert "The curve is a straight line" in panel(page, "n")


# --- what cannot be computed, or not yet


def kept(source: str, name: str) -> Callable[..., Any]:
    """A function of a text, which is kept where a notebook keeps a cell's."""
    file = f"<cell of {name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    scope: dict[str, Any] = {"__name__": "cell", "m": m, "table": {1: 2.0}}
    exec(compile(source, file, "exec"), scope)
    made: Callable[..., Any] = scope[name]
    return made


def test_a_rule_of_ones_own_is_computed(opened: Callable[[Backprop], Any]) -> None:
    """Translated, its domain included."""
    text = "def cube_root(x):\n    root = m.pow(x, 1 / 3)\n    return root, root / (3 * x)\n"
    define = rule("∛", "x**(1/3)", "x**(-2/3) / 3", domain="x > 0")
    cube_root = unlisted(define(kept(text, "cube_root")))
    p = Value(8.0, "p")
    page = opened(Backprop(labelled(cube_root(p) * p)))
    page.evaluate("backprop.set('p', 27)")
    assert page.evaluate("backprop.get('L').data") == pytest.approx(81, rel=1e-15)
    page.evaluate("backprop.set('p', -1)")
    assert page.inner_text("#equation") == "cube_root(p) is not defined at p = −1; it needs p > 0"
    assert use(page) == 1


def test_a_page_that_cannot_compute_says_why(opened: Callable[[Backprop], Any]) -> None:
    """Before the first step, and in each tool: which rule, and what stands in the way; it plays."""
    text = "def looked_up(x):\n    return x * table[1], 2.0\n"
    looked_up = unlisted(rule("look", "2 * x", "2")(kept(text, "looked_up")))
    p = Value(8.0, "p")
    page = opened(Backprop(labelled(looked_up(p) * p)))
    why = "rule 'looked_up' has no JavaScript: `table[1]`"
    assert why in page.inner_text("#remark")
    assert "press play" in page.inner_text("#remark")
    assert use(page) == 0
    for key in "vlnp":
        assert why in panel(page, key)
    page.keyboard.press("End")
    assert page.inner_text("#equation").split()[-1] == "32"
    assert page.locator("[data-leaf]").count() == 0
    assert "p.data = 8.0" in page.input_value("#python textarea")


def test_closures_by_hand_play_and_say_so(opened: Callable[[Backprop], Any]) -> None:
    """What a program's ``_backward`` does is recorded, and not computed."""
    a, b = Value(2.0, "a"), Value(3.0, "b")
    made = Value(6.0, (a, b), "mine", "made")

    def backward() -> None:
        a.grad += b.data * made.grad
        b.grad += a.data * made.grad

    made._backward = backward
    page = opened(Backprop(labelled(made * a)))
    assert "'mine' has no JavaScript: it was made by hand" in page.inner_text("#remark")
    assert use(page) == 0
    assert page.evaluate("backprop.get('a').grad") == 12


def test_numbers_that_have_changed_since_are_told(opened: Callable[[Backprop], Any]) -> None:
    """A page of what was recorded; an edit or reset computes from the leaves; undo goes back."""
    a, b = Value(2.0, "a"), Value(3.0, "b")
    root = labelled(a * b + a)
    a.data = 10.0
    page = opened(Backprop(root))
    numbers = "['a', 'b', 'L'].map((name) => backprop.get(name).data)"
    told = "other numbers by now than when the graph was recorded"
    assert page.evaluate(numbers) == [10, 3, 8]
    assert told in page.inner_text("#remark")
    for key in "vnp":  # nothing is measured with numbers of two times
        assert told in panel(page, key)
    page.keyboard.press("r")
    assert page.evaluate(numbers) == [10, 3, 40]
    assert told not in panel(page, "v") + panel(page, "n")
    assert page.locator("#toolbar button", has_text="reset").is_disabled()
    page.keyboard.press("u")
    assert page.evaluate(numbers) == [10, 3, 8]
    page.evaluate("backprop.set('b', 4)")
    assert page.evaluate(numbers) == [10, 4, 50]
    page.keyboard.press("u")
    assert page.evaluate(numbers) == [10, 3, 8]
    page.keyboard.press("End")
    assert "changed since then" in page.inner_text("#remark")
    assert use(page) == 2


# --- the program, the charts


def test_the_program_is_one_whatever_leaves_are_called(opened: Callable[[Backprop], Any]) -> None:
    """Keywords and other texts are no variables; what equal labels do not tell apart is not set."""
    page = opened(Backprop(hostile()))
    page.keyboard.press("c")
    scope = Variables(model=Model([]))
    exec(page.input_value("#python textarea"), {}, scope)
    assert scope["constructor"].data == 1 + NAMES.index("constructor") / 10
    assert len(scope["x" * 10_000].label) == 10_000
    assert scope["numbers"][NAMES[0]] == 1
    assert "class" in scope["numbers"]

    a, b, c = Value(2.0, "a"), Value(3.0, "a"), Value(5.0, "lambda")
    page = opened(Backprop(labelled(a * b + c)))
    page.evaluate("backprop.set('lambda', 7)")
    page.keyboard.press("c")
    text = page.input_value("#python textarea")
    assert "# a₂, whose label is not its alone: 3.0" in text
    exec(text, {"model": Model([a, b, c])})
    assert [v.data for v in (a, b, c)] == [2, 3, 7]


class Variables(dict[str, Any]):
    """Variables of a program, each a Value that has its name until it is something else."""

    def __missing__(self, name: str) -> Value:
        return self.setdefault(name, Value(0.0, name))


class Model:
    """What a program calls a model."""

    def __init__(self, leaves: list[Value]) -> None:
        self.leaves = leaves

    def parameters(self) -> list[Value]:
        return self.leaves


def test_charts_are_drawn_at_the_ends_of_all_floats(opened: Callable[[Backprop], Any]) -> None:
    """A loss of 1 that changes in its last digit, or by more than a float holds."""
    a, b = Value(9.0, "a"), Value(2.0, "b")
    page = opened(Backprop(labelled((a * b).tanh())))
    page.keyboard.press("l")
    page.evaluate("backprop.learn(1e12, 3)")
    for x in ("8.9", "9.1", "1e308", "-1e308", "NaN", "1e-320"):
        page.evaluate(f"backprop.set('a', {x})")
    a, b = Value(1e300, "a"), Value(1.0, "b")
    page = opened(Backprop(labelled(a * b * b)))
    for key in "nl":
        page.keyboard.press(key)
        for x in ("1e8", "-1e8", "1e4", "-1.3e4", "1e-320", "Infinity", "1"):
            page.evaluate(f"backprop.set('b', {x})")
            drawn(page)
        page.evaluate("backprop.learn(1e-300, 3)")
        ticks = page.locator(".chart:visible .axes text").all_text_contents()
        assert ticks
        assert not any("nan" in text for text in ticks)
