"""The page that computes against Python, in Chromium: the same words, numbers and looks, in every
field of every scene, after edits.
"""

import json
import math
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from browsing import chromium
from conftest import recorded
from hypothesis import given, settings
from hypothesis import strategies as st
from playing import played

from micrograd_like import MLP, Backprop, Value, cross_entropy, mse
from micrograd_like.engine import apply
from micrograd_like.graph import topological_order
from micrograd_like.notation import formula, operation, template
from micrograd_like.rules import RULES
from micrograd_like.steps.graph_data import edge_places, graph_data
from micrograd_like.steps.javascript import script
from micrograd_like.steps.live import board_words
from micrograd_like.steps.pages import scripts
from micrograd_like.steps.sequence import ORDERS
from micrograd_like.steps.views import view_data
from micrograd_like.strategies import Graph, graphs

# What the page shows of a graph: before the first scene, at each scene, and on the edges.
SHOWN = """
({ graph, view, words, sum, edits }) => {
  const computed = new Graph(graph);
  const board = new Board(computed, words, sum);
  for (const [leaf, x] of edits) computed.data[leaf] = Number(x);
  if (edits.length) computed.compute();
  const scenes = new Scenes(board, view);
  let last = new Map();
  const changes = (looks) => {
    const isOther = ([id, look]) => JSON.stringify(look) !== JSON.stringify(last.get(id));
    const changed = [...looks].filter(isOther);
    last = looks;
    return Object.fromEntries(changed);
  };
  const start = changes(scenes.looks(0));
  const all = [...Array(scenes.count).keys()];
  return {
    problem: board.problem,
    start,
    steps: all.map((k) => ({ ...scenes.scene(k), looks: changes(scenes.looks(k + 1)) })),
    labels: Object.fromEntries(scenes.labels()),
  };
}
"""
POINTS = (
    0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0, -2.5, 0.1, 1e-4, 0.00012345, 0.03125, 1 / 3, 99999.99996,
    1e5, 123456.0, 1e-310, 5e-324, 1e22, 1.7e308, -1e308, math.inf, -math.inf, math.nan, 2**-13,
    1.00005, 0.12345, 0.99995, 40.0, -40.0,
)  # fmt: skip


@pytest.fixture(scope="module")
def page() -> Iterator[Callable[..., Any]]:
    """What a page shows of a graph, after edits of leaves by their places."""
    names = ("numbers", "formulas", "shared/values", "graph", "board", "scenes")
    with chromium() as browser:
        blank = browser.new_page()
        text = "\n".join([script(RULES.values()), *scripts(*names)])
        shown = blank.evaluate_handle(
            f"(() => {{ 'use strict';\n{text}\nreturn {{ shown: {SHOWN.strip()} }}; }})()"
        )

        def run(steps: Backprop, edits: Sequence[tuple[int, float]] = ()) -> Any:
            content = {
                "graph": graph_data(steps),
                "view": view_data(steps._animation(), edge_places(steps.order)),
                "words": board_words(),
                "sum": template("x + y"),
                "edits": [(leaf, as_text(x)) for leaf, x in edits],
            }
            return shown.evaluate(
                "(it, content) => it.shown(content)", json.loads(json.dumps(content))
            )

        yield run


def as_text(x: float) -> str:
    """A number as JavaScript reads it."""
    return "NaN" if math.isnan(x) else repr(x).replace("inf", "Infinity")


def expected(steps: Backprop) -> Any:
    """What Python shows: of the looks of a scene, those that are others than before."""
    data = played(steps)
    looks = dict(data["start"])
    scenes = []
    for scene in data["steps"]:
        changed = {
            name: look for name, look in scene.pop("set", {}).items() if looks.get(name) != look
        }
        looks |= changed
        usual = {"relation": "=", "sum": "", "remark": "", "lit": [], "way": [], "back": False}
        scenes.append({**usual, **scene, "looks": changed})
    drawing = steps._animation().drawn({})
    labels = {f"e{k}": drawing.local(link) for k, link in enumerate(drawing.outline.links)}
    return {
        "problem": "",
        "start": data["start"],
        "steps": scenes,
        "labels": {name: label for name, label in labels.items() if label},
    }


def places_of(root: Value) -> dict[int, int]:
    """The places of a graph's values, by their ids."""
    return {id(v): k for k, v in enumerate(topological_order(root))}


def again(root: Value, numbers: dict[int, float]) -> Value:
    """The graph, recorded anew with other numbers of leaves, by their places."""
    made: dict[int, Value] = {}
    for k, v in enumerate(topological_order(root)):
        if v.rule is None:
            made[id(v)] = Value(numbers.get(k, v.data))
        else:
            try:
                made[id(v)] = apply(v.rule, *[made.get(id(x), x) for x in v.inputs])
            except (ArithmeticError, ValueError):
                raise Undefined(v) from None
        vars(made[id(v)]).update(vars(v))  # its label, and the groups that it is in
        made[id(v)].label = v.label
    return made[id(root)]


class Undefined(Exception):  # noqa: N818 - is what a page shows, too
    """An operation is not defined on its operands: the value that it made."""


def check(
    page: Callable[..., Any],
    steps: Backprop,
    edits: Sequence[tuple[int, float]],
    **options: Any,
) -> int:
    """The page shows the same as Python's steps of the graph with these numbers."""
    try:
        other = again(steps.root, dict(edits))
    except Undefined as error:
        (v,) = error.args
        assert v.rule
        words = operation(v.rule, *(steps.name(x) for x in v.inputs))
        shown = page(steps, edits)
        assert shown["problem"].startswith(f"{words} is not defined at ")
        needs = f"; it needs {formula(v.rule.domain, *(steps.name(x) for x in v.inputs))}"
        assert not v.rule.domain or shown["problem"].endswith(needs)
        return 1
    return compare(page(steps, edits), expected(Backprop(other, **options)))


def compare(shown: Any, wanted: Any) -> int:
    """Every field is the same; returns how many scenes there were."""
    assert shown["problem"] == wanted["problem"]
    assert shown["start"] == wanted["start"]
    assert shown["labels"] == wanted["labels"]
    assert len(shown["steps"]) == len(wanted["steps"])
    for one, other in zip(shown["steps"], wanted["steps"], strict=True):
        assert one == other
    return len(wanted["steps"])


@pytest.mark.parametrize("order", ORDERS)
@given(graph=graphs(max_nodes=12), data=st.data())
@settings(deadline=None, max_examples=60)
def test_the_page_shows_what_python_shows_after_edits(
    page: Callable[..., Any], order: str, graph: Graph, data: st.DataObject
) -> None:
    """Random graphs with sharing, of all rules, in the right order and in the wrong ones."""
    *_, root = recorded(graph)
    steps = Backprop(root, order)
    compare(page(steps), expected(steps))
    number = st.one_of(st.sampled_from(POINTS), st.floats(-4, 4), st.floats(allow_nan=False))
    leaves = [data.draw(number) for _ in graph.leaves]
    places = places_of(root)
    names = {v.label: places[id(v)] for v in steps.order if not v.rule}
    edits = [(names[f"x{k}"], x) for k, x in enumerate(leaves) if f"x{k}" in names]
    check(page, steps, edits, order=order)


def model_error(kind: str) -> Value:
    """An error of a model, of which much is shown as one."""
    random.seed(7)
    if kind == "rows":
        model = MLP(2, [3, 1], activation="tanh")
        return mse([model([0.5, -0.2]), model([1.0, 2.0]), model([-1.5, 0.3])], [1.0, 0.0, -1.0])
    if kind == "classes":
        scores = MLP(2, [3, 3], activation="relu")
        return cross_entropy([scores([0.1 * k, 1.0 - k]) for k in range(4)], [0, 1, 2, 0])
    sizes, rows = ([7, 7, 1], 1) if kind == "deep" else ([6, 6, 1], 20)
    model = MLP(2, sizes, activation="tanh")
    data = [[random.uniform(-2, 2) for _ in range(2)] for _ in range(rows)]
    return mse([model(row) for row in data], [1.0] * rows)


@pytest.mark.parametrize("kind", ["rows", "classes", "deep", "many"])
@pytest.mark.parametrize("expand", [(), "all", "layer0.neuron1"])
def test_groups_show_what_python_shows(page: Callable[..., Any], kind: str, expand: Any) -> None:
    """Values in groups, rows that are shown as one, and groups that are open, after edits."""
    if kind == "many" and expand == "all":
        pytest.skip("too large to show one by one")
    root = model_error(kind)
    steps = Backprop(root, expand=expand)
    assert compare(page(steps), expected(steps)) > 5
    leaves = [k for k, v in enumerate(steps.order) if v.rule is None]
    for seed in range(3):
        rng = random.Random(seed)
        numbers = [rng.choice([rng.uniform(-3, 3), 0.0, rng.randint(-64, 64) / 32]) for _ in leaves]
        edits = [(leaf, x) for leaf, x in zip(leaves, numbers, strict=True) if rng.random() < 0.5]
        check(page, steps, edits, expand=expand)


@pytest.mark.parametrize("name", list(RULES))
def test_each_rule_at_its_hard_points(page: Callable[..., Any], name: str) -> None:
    """Ends of domains, kinks, zeros, huge, tiny and no numbers, in both operands."""
    rule = RULES[name]
    ordinary = (0.7, 1.3)[: rule.arity]
    a, *others = (Value(x, label) for x, label in zip(ordinary, "ab", strict=False))
    root = apply(rule, a, *others)
    steps = Backprop(root * a)
    places = places_of(steps.root)
    for x in POINTS:
        check(page, steps, [(places[id(a)], x)])
        for b in others:
            check(page, steps, [(places[id(b)], x)])
            check(page, steps, [(places[id(a)], -x), (places[id(b)], x)])


def test_slices_and_recorded_numbers(page: Callable[..., Any]) -> None:
    """A slice begins after what was before it; numbers that cannot be computed stay as recorded."""
    root = model_error("rows")
    steps = Backprop(root)
    for part in (steps[20:60], steps[::7], steps[-1:], steps[5:5]):
        assert compare(page(part), expected(part)) == len(part)
    a = Value(2.0, "a")
    changed = a * a + a.tanh()
    a.data = 3.0  # the graph has the numbers of before
    compare(page(Backprop(changed)), expected(Backprop(changed)))

    by_hand = Value(10.0, (a, changed), "f", "made")
    by_hand._backward = lambda: None
    compare(page(Backprop(by_hand * a)), expected(Backprop(by_hand * a)))


def test_an_input_of_many_places_is_told_by_ordinals(page: Callable[..., Any]) -> None:
    """Of an operation by hand that has one input 23 times each product says which one it is."""
    a = Value(2.0, "a")
    steps = Backprop(Value(46.0, (a,) * 23, [1.0] * 23, "sum"))
    compare(page(steps), expected(steps))
    remarks = " ".join(str(step) for step in steps)
    for which in ("first", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd"):
        assert f"{which} a" in remarks
