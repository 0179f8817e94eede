"""A course's own page that has the page of backprop in a frame, and drives it."""

import inspect
import threading
from functools import partial
from html import escape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from browsing import Watched

from micrograd_like import MLP, Backprop, Value, mse

FRAME = 'src="backprop.html"'


class Quiet(SimpleHTTPRequestHandler):
    """A server that tells nothing of what it was asked."""

    def log_message(self, *_: Any) -> None:
        pass


def tanh_of_line() -> Backprop:
    a, b, c = Value(2.0, "a"), Value(-1.5, "b"), Value(2.4, "c")
    loss = (a * b + c).tanh()
    loss.label = "L"
    return Backprop(loss)


def example() -> str:
    """The page that `Backprop` shows in its documentation."""
    text = inspect.getdoc(Backprop)
    assert text is not None
    lines = text[text.index("<iframe") : text.index("</script>")].splitlines()
    return "<!doctype html>\n" + "\n".join(line.strip() for line in lines) + "</script>"


def driven(page: Any) -> float:
    """The number that the example gives to a, read when it has it."""
    frame = "document.getElementById('page').contentWindow"
    page.wait_for_function(f"{frame}.backprop?.get('a').data === 1.4")
    gradient: float = page.evaluate(f"{frame}.backprop.get('b').grad")
    return gradient


def gradient_of_b() -> float:
    a, b = Value(1.4), Value(-1.5)
    (a * b + 2.4).tanh().backward()
    return b.grad


def test_the_documented_page_works_from_a_server(browser: Any, tmp_path: Path) -> None:
    """The example of the docstring, beside the page that it frames: the gradient is Python's."""
    tanh_of_line().save(tmp_path / "backprop.html")
    (tmp_path / "course.html").write_text(example(), "utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/course.html")
        assert driven(page) == gradient_of_b()
        page.close()
        server.shutdown()


def test_the_documented_page_works_from_disk_with_the_page_in_it(
    browser: Any, tmp_path: Path
) -> None:
    """A file is an origin of its own, which a frame's `srcdoc` shares."""
    course, inside = example(), escape(tanh_of_line().page())
    assert course.count(FRAME) == 1
    path = tmp_path / "course.html"
    path.write_text(course.replace(FRAME, f'srcdoc="{inside}"'), "utf-8")
    watched = Watched(browser)
    assert driven(watched.open(path)) == gradient_of_b()
    watched.close()


def test_all_that_is_documented_can_be_called(browser: Any, tmp_path: Path) -> None:
    """Every call in the table of the docstring does what stands beside it."""
    text = inspect.getdoc(Backprop) or ""
    table = text[text.index('set("a", 1.4)') : text.index("<iframe")]
    model = MLP(2, [3, 3, 1], activation="tanh")
    loss = mse([model([0.5 * k, 1.0]) for k in range(8)], [1.0] * 8)
    path = tmp_path / "page.html"
    Backprop(loss).save(path)
    watched = Watched(browser)
    page = watched.open(path)
    page.wait_for_function("window.backprop")
    hook = page.evaluate(
        "Object.getOwnPropertyNames(Object.getPrototypeOf(backprop))"
        ".filter((name) => name !== 'constructor')"
    )
    told = [name for name in hook if f"{name}(" in table]
    # The rest is for tests, which compare the page with Python.
    assert {*hook} - {*told} == {"views", "points", "scene", "looks", "labels"}
    w = "layer0.neuron0.w0"
    assert page.evaluate(f"backprop.learners(['{w}'])") == [w]
    page.evaluate(f"backprop.set({{ '{w}': 0.25 }}); backprop.select('{w}')")
    assert page.evaluate(f"backprop.get('{w}').data") == 0.25
    nudged = page.evaluate(f"backprop.nudge('{w}', 1e-6)")
    assert nudged["central"] == pytest.approx(nudged["gradient"], rel=1e-6)
    assert page.evaluate("backprop.learn(0.01, 3)") == page.evaluate("backprop.losses()[3]")
    page.evaluate("backprop.epoch(0.01); backprop.open('layer0'); backprop.step(7)")
    assert page.evaluate("backprop.problem()") == ""
    page.evaluate("backprop.undo(); backprop.reset(); backprop.open('')")
    assert page.evaluate(f"backprop.get('{w}').data") == model.layers[0].neurons[0].w[0].data
    watched.close()


def test_all_keys_that_are_documented_are_listed(browser: Any, tmp_path: Path) -> None:
    """The page's own list of keys has those that the docstring tells, for the same things."""
    text = " ".join((inspect.getdoc(Backprop) or "").split())
    told = ["Shift ← →", "Space plays", "← → Home End go", "f b to a phase", "u undoes", "r resets"]
    tools = "v l n p c open value, learn, nudge, predict, and the leaves as Python"
    assert [words for words in [*told, tools, "? lists all keys"] if words not in text] == []
    path = tmp_path / "page.html"
    tanh_of_line().save(path)
    watched = Watched(browser)
    page = watched.open(path)
    page.wait_for_selector("#toolbar")
    page.keyboard.press("?")
    names, acts = (page.locator(f"#keys {kind}").all_text_contents() for kind in ("dt", "dd"))
    listed = dict(zip(names, acts, strict=True))
    wanted = {"space": "play", "← →": "step", "Home End": "step", "f": "forward", "b": "backward"}
    wanted |= {"v": "value", "l": "learn", "n": "nudge", "p": "predict", "c": "Python"}
    wanted |= {"Shift ← →": "turn", "u, Ctrl Z": "undo", "r": "start", "?": "keys"}
    assert {key: listed[key] for key in wanted if wanted[key] not in listed[key]} == {}
    watched.close()
