"""The player's page, as text: what it says, that it is always the same, that labels are text."""

import json
import math
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from conftest import recorded, reused
from hypothesis import given, settings
from PIL import Image
from playing import played

from micrograd_like import MLP, Backprop, Value, mse
from micrograd_like.draw import THEMES
from micrograd_like.notation import number
from micrograd_like.steps import pages
from micrograd_like.steps.sequence import ORDERS
from micrograd_like.strategies import Graph, graphs

HOSTILE = "</script><script>alert(1)</script>"


def names_of(data: dict[str, Any]) -> dict[str, str]:
    """The names of what can be asked about, by its element's id."""
    return {place: node["name"] for place, node in data["nodes"].items()}


def network(sizes: list[int], inputs: int, rows: int) -> Value:
    """The error of a network that knows nothing yet."""
    model = MLP(inputs, sizes, activation="tanh")
    for k, p in enumerate(model.parameters()):
        p.data = ((k * 7919) % 200 - 100) / 100
    data = [[((i * 31 + j * 17) % 20 - 10) / 10 for j in range(inputs)] for i in range(rows)]
    error = mse([model(row) for row in data], [1.0] * rows)
    error.label = "error"
    return error


@pytest.mark.parametrize("order", ["topological", "depth-first"])
@given(graph=graphs(max_nodes=12))
@settings(deadline=None, max_examples=15)
def test_a_page_says_what_the_steps_say(order: str, graph: Graph) -> None:
    """Each scene has its step's equation, and its cells the engine's numbers after that step."""
    *_, root = recorded(graph)
    steps = Backprop(root, order)
    data = played(steps)
    assert len(data["steps"]) == len(steps)
    names = {name: place for place, name in names_of(data).items()}
    for scene, step in zip(data["steps"], steps, strict=True):
        sides = [side if isinstance(side, str) else " · ".join(side) for side in scene["equation"]]
        first, *others = sides
        relation = scene.get("relation", "=")
        now = f", now {scene['sum']}" if "sum" in scene else ""
        line = f"{first} {relation} {' = '.join(others)}{now}"
        assert line == step.line
        shown = names[steps.name(step.node if step.input is None else step.input)]
        if step.phase == "forward":
            assert scene["set"][f"d{shown[1:]}"]["text"] == number(step.node.data)
        else:
            assert scene["set"][f"g{shown[1:]}"]["text"] == number(step.after)


@given(graphs(max_nodes=12))
@settings(deadline=None, max_examples=10)
def test_the_last_scenes_show_the_gradients_of_backward(graph: Graph) -> None:
    """What the page shows at the end is what the engine computes, in the same digits."""
    *_, root = values = recorded(graph)
    steps = Backprop(root)
    data = played(steps)
    looks = dict(data["start"])
    for scene in data["steps"]:
        looks |= scene["set"]
    root.backward()
    inside = {id(v) for v in steps.order}
    for v in values:
        if id(v) in inside:
            (place,) = [k for k, name in names_of(data).items() if name == steps.name(v)]
            assert looks[f"d{place[1:]}"]["text"] == number(v.data)
            known = looks[f"g{place[1:]}"]["text"]
            assert known == number(v.grad) or (known == "·" and v.grad == 0)


def test_the_same_steps_give_the_same_page_byte_for_byte() -> None:
    """Nothing in a page comes from the clock, from chance or from an address."""
    assert Backprop(reused()).page() == Backprop(reused()).page()
    assert Backprop(network([4, 1], 2, 3)).page() == Backprop(network([4, 1], 2, 3)).page()


def test_a_gradient_in_parts_is_marked_until_it_is_complete() -> None:
    """b is used three times: its gradient is said to be partial after the first two."""
    data = played(Backprop(reused()))
    (b,) = [place for place, name in names_of(data).items() if name == "b"]
    looks = [s["set"][f"g{b[1:]}"] for s in data["steps"] if f"g{b[1:]}" in s["set"]]
    assert [look["text"] for look in looks] == ["1", "7", "13"]
    assert [look.get("class") for look in looks] == ["partial", "partial", None]


def test_a_slice_plays_its_steps_from_where_they_begin() -> None:
    """Before its first step the page shows all that happened before it."""
    steps = Backprop(reused())
    data = played(steps[4:7])
    assert [scene["number"] for scene in data["steps"]] == [5, 6, 7]
    whole = played(steps)
    looks = dict(whole["start"])
    for scene in whole["steps"][:4]:
        looks |= scene["set"]
    assert data["start"] == looks
    assert played(steps[::-1])["steps"] == whole["steps"]
    every_other = played(steps[::2])["steps"]
    assert every_other[1]["set"] == whole["steps"][1]["set"] | whole["steps"][2]["set"]


def test_a_leaf_has_a_page_with_one_step() -> None:
    """Its gradient is 1."""
    data = played(Backprop(Value(2.0, "x")))
    (scene,) = data["steps"]
    assert scene["equation"] == ["x.grad", "∂x/∂x", "1"]
    assert data["start"]["d0"]["text"] == "2"


def test_a_large_graph_opens_with_neurons_as_nodes() -> None:
    """Past 150 values what the picture shows as one is one step, with the number of its values."""
    error = network([16, 16, 1], 2, 20)
    steps = Backprop(error)
    data = played(steps)
    assert len(steps.order) > 10_000
    assert len(names_of(data)) <= 50
    assert len(data["steps"]) < 600
    assert data["total"] == len(steps)
    neurons = [scene for scene in data["steps"] if scene["equation"][0] == "layer1.neuron3"]
    assert neurons[0]["remark"] == "660 values"
    looks = dict(data["start"])
    for scene in data["steps"]:
        looks |= scene["set"]
    assert all(look.get("text") != "·" for look in looks.values())
    error.backward()
    (place,) = [k for k, name in names_of(data).items() if name == "layer2.neuron0"]
    outputs = [v.grad for v in steps.order if v.label == "layer2.neuron0"]
    assert looks[f"g{place[1:]}"]["text"] == number(math.hypot(*outputs))


def test_a_value_that_is_used_everywhere_does_not_hold_up_the_page() -> None:
    """A layout with a hundred long edges takes minutes: such graphs collapse sooner."""
    x = Value(1.0, "x")
    y = x
    for _ in range(100):
        y = y + x
    assert len(names_of(played(Backprop(y)))) < 10
    for _ in range(40):
        y = y.tanh()
    assert len(names_of(played(Backprop(y.tanh())))) < 10


def test_groups_open_by_name() -> None:
    """The player's expand is the picture's."""
    error = network([16, 16, 1], 2, 1)
    closed, opened, everything = (
        played(Backprop(error, expand=expand)) for expand in ((), "layer2.neuron0", "all")
    )
    assert len(names_of(closed)) < len(names_of(opened)) < len(names_of(everything))
    assert "layer2.neuron0.w3" in names_of(opened).values()
    assert len(everything["steps"]) == len(Backprop(error))
    with pytest.raises(ValueError, match="no group 'layer9'"):
        Backprop(error, expand="layer9").page()


def test_pages_are_small() -> None:
    """6 values in 80 KB; 250 in 600 KB and 950 in 2 MB, though every one is shown."""
    a, b, c = (Value(x, name) for x, name in ((2.0, "a"), (-3.0, "b"), (10.0, "c")))
    assert len(Backprop((a * b + c).tanh()).page().encode()) < 80e3
    middle, large = network([7, 7, 1], 2, 1), network([16, 16, 1], 2, 1)
    for error, count, most in ((middle, 240, 600e3), (large, 950, 2e6)):
        steps = Backprop(error, expand="all")
        assert len(steps.order) >= count
        assert len(steps.page().encode()) < most


@pytest.mark.slow
def test_a_page_of_thirteen_thousand_values_is_small() -> None:
    """Those alike and those of a neuron are one node each; some groups can be opened."""
    steps = Backprop(network([16, 16, 1], 2, 20))
    assert len(steps.order) > 13_000
    assert len(steps.page().encode()) < 900e3
    views = steps.page_data().content["views"]
    assert len(views) > 1


def test_labels_are_text() -> None:
    """Markup, quotes, line ends, half characters and emoji do not become part of the page."""
    labels = [HOSTILE, "\"'><b>", "😀 \ud800\x00", "line\nend", "{{script}}", "&lt;", "-->", "]]>"]
    root = sum((Value(float(k), label) for k, label in enumerate(labels)), start=Value(0.0, "x"))
    page = Backprop(root).page()
    assert page.encode()
    assert page.count("<script") == 2
    assert "alert(1)</script>" not in page
    content = Backprop(root).page_data().content
    assert {HOSTILE, "{{script}}"} <= set(content["graph"]["names"])
    shown = Backprop(root)._repr_html_()
    assert shown.count("<iframe") == 1
    assert "<b>" not in shown.replace('<b id="phase">', "")


def test_nothing_on_a_page_is_fetched() -> None:
    """No address but the names of XML, and a policy that forbids all others."""
    page = Backprop(reused()).page()
    assert set(re.findall(r"https?://[^\"' ]*", page)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "default-src 'none'" in page
    assert "script-src 'sha256-" in page


def test_a_notebook_shows_the_page_and_keeps_a_picture() -> None:
    """A sandboxed frame with the page in it, and a picture for readers that run no script."""
    steps = Backprop(reused())
    html = steps._repr_html_()
    found = re.fullmatch(
        r"<iframe sandbox='allow-scripts' .* srcdoc='(.*)'></iframe>"
        r'<noscript><img alt="step 9/9 of L" .* src="data:image/svg\+xml,(.*)"></noscript>',
        html,
        re.DOTALL,
    )
    assert found
    data, framed = steps.page_data(), unescape(found[1])
    assert "'" not in found[1]
    # Its picture lies with the scripts; but for that it is the page that is saved.
    script = pages.unpacked(framed.partition('id="packed">')[2].partition("<")[0])
    assert json.dumps(data.svg, ensure_ascii=False) in script
    assert data.svg not in framed
    assert framed == pages.page(data, is_packed=True)
    assert pages.page(data) == steps.page()
    assert repr(steps) == "<Backprop of L: 9 steps>"
    assert repr(steps[2:3]) == "<Backprop of L: 1 step>"


def test_without_graphviz_a_notebook_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The error is the output, and is text."""
    monkeypatch.setattr("micrograd_like.draw.render.which", lambda name: None)
    monkeypatch.setattr("micrograd_like.draw.render.find_spec", lambda name: None)
    assert "pip install &#x27;micrograd_like[render]&#x27;" in Backprop(reused())._repr_html_()


def test_a_moving_picture_has_a_frame_a_step(tmp_path: Path) -> None:
    """All of one size, none of which is like another, and they end with the finished graph."""
    path = tmp_path / "backprop.gif"
    assert Backprop(reused()).save(path) == str(path)
    frames = []
    with Image.open(path) as picture:
        assert picture.n_frames == 10
        for k in range(10):
            picture.seek(k)
            frames.append(picture.convert("RGB").tobytes())
    assert len(set(frames)) == 10
    assert len(set(map(len, frames))) == 1
    assert len({image.size for image in Backprop(reused()).reel().images()}) == 1


def test_a_moving_picture_of_too_many_steps_is_refused() -> None:
    """And the error says how to take a part."""
    x = Value(1.0, "x")
    y = x
    for _ in range(140):
        y = y * y
    with pytest.raises(ValueError, match=r"421 steps is too long, it may have 400; take a slice"):
        Backprop(y).reel()
    assert Backprop(y)[-3:].reel(width=2000).total == 4


def test_files_are_written_by_their_ending(tmp_path: Path) -> None:
    """A page is a page; other endings, and folders that are not there, are told."""
    path = tmp_path / "steps.html"
    assert Backprop(reused()).save(path) == str(path)
    assert path.read_text("utf-8") == Backprop(reused()).page()
    with pytest.raises(ValueError, match=r"ending of .* is .\.mov.; .* one of \.html, \.svg"):
        Backprop(reused()).save(tmp_path / "steps.mov")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        Backprop(reused()).save(tmp_path / "none" / "steps.html")
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(IsADirectoryError):
        Backprop(reused()).save(tmp_path / "folder.html")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder.html", "steps.html"]


def test_the_naive_order_plays_its_own_numbers() -> None:
    """The page of the wrong order shows the wrong gradient, and says where it goes wrong."""
    data = played(Backprop(reused(), order="naive"))
    assert sum("too early" in scene.get("remark", "") for scene in data["steps"]) == 1
    (a,) = [place for place, name in names_of(data).items() if name == "a"]
    (look,) = [s["set"][f"g{a[1:]}"] for s in data["steps"] if f"g{a[1:]}" in s["set"]]
    assert look["text"] == "3"


def test_the_depth_first_order_plays_each_time_that_a_gradient_is_passed_on() -> None:
    """An edge has a step for each product that goes along it, and is as wide as their sum."""
    steps = Backprop(reused(), order="depth-first")
    data = played(steps)
    (a,) = [place for place, name in names_of(data).items() if name == "a"]
    scenes = [s for s in data["steps"] if f"g{a[1:]}" in s["set"]]
    assert [s["set"][f"g{a[1:]}"]["text"] for s in scenes] == ["39", "78", "117"]
    assert [s["set"][f"g{a[1:]}"].get("class") for s in scenes] == ["partial", "partial", None]
    assert [s["way"] for s in scenes] == [scenes[0]["way"]] * 3
    assert scenes[0]["way"][-1][0][1] == "39"
    assert ["again: b.grad was" in s["remark"] for s in scenes] == [False, True, True]
    edge = scenes[0]["way"][-1][0][0]
    widths = [float(s["set"][edge]["--width"].removesuffix("px")) for s in scenes]
    assert widths == sorted(set(widths))
    last = steps._animation().last
    assert {product for (_, _), product in last.products.items()} >= {117.0}
    assert steps.reel().total == len(steps) + 1 == 12


def test_a_large_graph_in_depth_first_order_has_a_step_for_what_is_shown_as_one() -> None:
    """Past 150 values the products inside a neuron are one step, those of an edge alone are not."""
    error = network([6, 6, 1], 2, 2)
    steps = Backprop(error, order="depth-first")
    data = played(steps)
    assert len(names_of(data)) == len(names_of(played(Backprop(error))))
    looks = dict(data["start"])
    for scene in data["steps"]:
        looks |= scene["set"]
    assert data["total"] == len(steps) > 10 * len(data["steps"])
    (place,) = [k for k, name in names_of(data).items() if name == "layer1.neuron0"]
    outputs = [steps.gradients[id(v)] for v in steps.order if v.label == "layer1.neuron0"]
    assert looks[f"g{place[1:]}"]["text"] == number(math.hypot(*outputs))
    assert not any(look.get("class") == "partial" for look in looks.values())


def test_the_order_of_the_steps_does_not_change_the_picture() -> None:
    """What is shown as one is a matter of the graph, however often its edges are gone along."""
    v = Value(1.0, "x")
    for _ in range(8):
        v = v.tanh() + v
    names = [names_of(played(Backprop(v, order))) for order in ORDERS]
    assert names[0] == names[1] == names[2]
    assert len(names[0]) == 17


def test_a_page_writes_numbers_in_one_way() -> None:
    """Cells, board and what travels: ∞, and powers of ten of one form."""
    x, y = Value(0.00123456, "x"), Value(123456.0, "y")
    data = played(Backprop(x * y * 1e-7 / Value(float("inf"), "z")))
    shown = json.dumps([data["start"], data["steps"]], ensure_ascii=False)
    assert {"0.001235", "1.235e5", "∞", "1e−7"} <= set(re.split(r'[" ]', shown))
    assert not re.search(r"\binf\b|e[+-]0?\d|0\.0012\b", shown)


def test_a_theme_and_a_direction_are_the_pictures() -> None:
    """A dark page stays dark and is drawn so, one that is as its reader prefers has both."""
    auto, dark, light = (
        Backprop(reused(), theme=theme).page() for theme in ("auto", "dark", "light")
    )
    assert "prefers-color-scheme: dark" in auto
    for page, theme, other in ((dark, "dark", "light"), (light, "light", "dark")):
        assert "prefers-color-scheme" not in page
        assert f"--background:{THEMES[theme].background}" in page
        assert THEMES[other].negative not in page
    assert f'bgcolor="{THEMES["dark"].background}"' in next(
        Backprop(reused(), theme="dark")._animation().sources()
    )
    assert Backprop(reused()).still() == Backprop(reused(), theme="light").still()
    assert Backprop(reused()).still() != Backprop(reused(), theme="dark").still()
    sizes = [
        re.findall(r'<svg width="(\d+)" height="(\d+)"', Backprop(reused(), rankdir=d).page())[0]
        for d in ("LR", "TB")
    ]
    assert int(sizes[0][0]) > int(sizes[0][1])
    assert int(sizes[1][0]) < int(sizes[1][1])


BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"theme": {}}, TypeError, "Backprop: theme is {}; .* auto, light, dark"),
    ({"theme": "blue"}, ValueError, "Backprop: theme is 'blue'; .* auto, light, dark"),
    ({"rankdir": None}, TypeError, "Backprop: rankdir is None; .* LR, RL, TB, BT"),
    ({"expand": True}, TypeError, "Backprop: expand: takes a list of names .*, not True"),
    ({"expand": 3}, TypeError, "Backprop: expand: takes a list of names .*, not 3"),
    ({"expand": "layer9"}, ValueError, "Backprop: expand has no group 'layer9' to open; .* none"),
    (
        {"order": "random"},
        ValueError,
        "Backprop: order is 'random'; .* topological, naive, depth-first",
    ),
]


@pytest.mark.parametrize(("options", "error", "message"), BAD)
def test_mistakes_are_told(options: Any, error: type[Exception], message: str) -> None:
    """One line that names the argument and what there is to choose from, when it is made."""
    with pytest.raises(error, match=message) as told:
        Backprop(reused(), **options)
    assert "\n" not in str(told.value)


def test_infinite_and_undefined_numbers_have_pages() -> None:
    """Overflow and NaN are shown as they are, and are no markup or broken data."""
    x = Value(800.0, "x")
    data = played(Backprop(x.exp() * 2))
    texts = [
        look["text"] for scene in data["steps"] for look in scene["set"].values() if "text" in look
    ]
    assert "∞" in texts
    assert played(Backprop(Value(float("nan"), "y") * 2))["start"]


@pytest.mark.slow
def test_a_moving_picture_that_nobody_could_look_at_is_refused_before_it_is_drawn(
    tmp_path: Path,
) -> None:
    """A network at four points: hundreds of large frames, which would fill the memory."""
    with pytest.raises(ValueError, match=r"frames of [\d,]+×[\d,]+ pixels is too large"):
        Backprop(network([4, 1], 2, 4)).save(tmp_path / "large.gif")
    assert not list(tmp_path.iterdir())


def test_going_through_the_steps_again_changes_nothing() -> None:
    """Two moving pictures at once and the page between them are each as if they were alone."""
    animation = Backprop(reused())._animation()
    scenes, alone = animation.scenes.selected(), list(animation.sources())
    one, other = animation.sources(), animation.sources()
    both = [next(one), next(one), *other, animation.scenes.selected(), *one]
    assert both == [*alone[:2], *alone, scenes, *alone[2:]]


def test_frames_say_what_the_page_says() -> None:
    """Going forward there are no arrowheads; a gradient in parts is in italics."""
    sources = list(Backprop(reused())._animation().sources())
    forward = [source for source in sources if "dir=none" in source]
    assert 0 < len(forward) < len(sources)
    assert all("dir=back" not in source for source in forward)
    partial = [source.count("<i>") - sources[-1].count("<i>") for source in sources]
    assert partial[0] == partial[-1] == 0 < max(partial)
