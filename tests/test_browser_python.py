"""What is otherwise in a browser's Python, as far as any Python can try it."""

import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import micrograd_like
from micrograd_like import Backprop, Value
from micrograd_like.browser import let_go, remedy
from micrograd_like.cli import main
from micrograd_like.draw import load_graphviz
from micrograd_like.graph import Rest
from micrograd_like.strategies import Graph, graphs


@pytest.fixture(scope="module", autouse=True)
def freed_one_by_one() -> Iterator[None]:
    """Values are freed as in a browser."""
    assert not hasattr(Value, "__del__")
    Value.__del__ = let_go  # type: ignore[attr-defined]
    yield
    del Value.__del__  # type: ignore[attr-defined]


def state(v: Value) -> tuple[Any, ...]:
    return v.data, v.grad, v.inputs, v.local_grads


@given(graphs(), st.data())
def test_what_somebody_holds_stays_whole_and_nothing_else_stays(
    graph: Graph, data: st.DataObject
) -> None:
    """Of a graph that is let go, held values and what they were computed from are as before."""
    values = graph.values([Value(x) for x in graph.leaves])
    values[-1].backward()
    held = {k: values[k] for k in data.draw(st.sets(st.integers(0, len(values) - 1)))}
    kept = {id(v) for v in micrograd_like.topological_order(*held.values())} if held else set()
    before = {id(v): state(v) for v in values if id(v) in kept}
    alive = [(id(v) in kept, weakref.ref(v)) for v in values]
    del values
    for is_kept, ref in alive:
        v = ref()
        assert (v is not None) == is_kept
        if v is not None:
            assert repr(state(v)) == repr(before[id(v)])


def test_a_chain_is_freed_without_a_recursion(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it is: a node is freed while its holder is, and none while that one is."""
    depth, deepest, count = 0, 0, 0

    def counted(node: Value) -> None:
        nonlocal depth, deepest, count
        depth, count = depth + 1, count + 1
        deepest = max(deepest, depth)
        let_go(node)
        depth -= 1

    root = Value(1.0)
    for _ in range(10_000):
        root = root * 1.5
    monkeypatch.setattr(Value, "__del__", counted)
    del root
    assert (deepest, count) == (2, 10_001)


def test_sums_of_many_and_gradients_with_graphs_are_freed() -> None:
    """What hangs on a node by a sum's further terms, or by its gradient, goes with it."""
    xs = [Value(float(k)) for k in range(9)]
    y = xs[0] * xs[1]
    y._x = Rest([(x, 1.0) for x in xs])  # as of an operation with nine operands
    xs[0].backward(create_graph=True)
    refs = [weakref.ref(x) for x in xs]
    del xs, y
    assert not [ref for ref in refs if ref()]


def test_half_a_value_is_freed_in_silence() -> None:
    """An error while a Value is made leaves nothing to let go, and complains of nothing else."""
    with pytest.raises(TypeError, match="not the str"):
        Value("1")  # type: ignore[arg-type]
    let_go(object.__new__(Value))


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("PIL.Image", "import micropip; await micropip.install('pillow')"),
        ("numba", "no browser has it; use Python outside of one: pip install 'micrograd_like[x]'"),
    ],
)
def test_what_is_missing_is_told_with_what_helps_in_a_browser(module: str, words: str) -> None:
    """A package by its own name, and of one that is compiled that no browser has it."""
    assert remedy(module, "x", in_browser=True) == words


async def no_browser() -> None:
    await load_graphviz("viz-global.js")


def test_graphviz_is_loaded_in_browsers_only() -> None:
    """Elsewhere the remedy is Graphviz itself."""
    with pytest.raises(ImportError, match=r"this is no browser; install Graphviz"):
        no_browser().send(None)


def nothing_draws(*_: object) -> bytes:
    raise ImportError("there is nothing to draw with")


def test_without_graphviz_steps_show_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook then has the lines of the board under what is missing, all of a short graph's."""
    monkeypatch.setattr("micrograd_like.draw.render.picture_bytes", nothing_draws)
    a = Value(2.0, "a<b")
    steps = Backprop(a * a)
    html = steps._repr_html_()
    assert html.startswith("<p>there is nothing to draw with</p><pre>1/4 ")
    assert html.count("\n") == len(steps) - 1
    assert "a&lt;b" in html
    for _ in range(99):
        a = a * 1.0
    assert Backprop(a)._repr_html_().endswith("\n...</pre>")


def test_the_tour_goes_on_without_graphviz_and_data(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    """It tells in a line each what it leaves out, learns, and leaves no file."""

    def no_data() -> None:
        raise ImportError("there is no data")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("micrograd_like.draw.render.picture_bytes", nothing_draws)
    monkeypatch.setattr("micrograd_like.cli.commands.house_prices", no_data)
    monkeypatch.setattr("micrograd_like.cli.commands.find_spec", lambda name: None)
    assert main([]) == 0
    told = capsys.readouterr().out
    assert "left out: the page, as there is nothing to draw with\n" in told
    assert "left out: the prices of houses, as there is no data\n" in told
    assert "65 rows to learn, 16 to test" in told
    assert not list(tmp_path.iterdir())
