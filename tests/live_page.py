"""What tests of the live page share: graphs, a browser, and what a reader sees and does."""

import html
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browsing import Watched

from micrograd_like import MLP, Value, mse
from micrograd_like.steps.player import Player

PHONE = {"width": 390, "height": 800}


@contextmanager
def openings(browser: Any, folder: Path) -> Iterator[Callable[..., Any]]:
    """What opens the page of some steps, or one that was saved; nobody may have complained."""
    pages: list[Watched] = []

    def opening(steps: Player | Path, end: str = "", **options: Any) -> Any:
        watched = Watched(browser, reduced_motion="reduce", **options)
        pages.append(watched)
        path = steps if isinstance(steps, Path) else Path(steps.save(folder / "page.html"))
        watched.page.goto(path.as_uri() + end)
        watched.page.wait_for_selector("#toolbar")
        return watched.page

    yield opening
    for watched in pages:
        watched.close()


@contextmanager
def kept_page(browser: Any, folder: Path, shown: str) -> Iterator[Any]:
    """The live page in what a notebook's cell has shown; nobody may have complained at the end."""
    match = re.search(r"srcdoc='([^']*)'", shown)
    assert match
    path = folder / "page.html"
    path.write_text(html.unescape(match[1]), "utf-8")
    watched = Watched(browser, reduced_motion="reduce")
    opened = watched.open(path)
    opened.wait_for_function("window.backprop || window.descent")
    yield opened
    watched.close()


def tanh_of_line() -> tuple[list[Value], Callable[[], Value]]:
    """L = tanh(a·b + c), and what records it again."""
    a, b, c = Value(2.0, "a"), Value(-1.5, "b"), Value(2.4, "c")

    def record() -> Value:
        loss = (a * b + c).tanh()
        loss.label = "L"
        return loss

    return [a, b, c], record


ROWS, TARGETS = ([0.5, -0.2], [1.0, 0.3]), [1.0, -1.0]


def network(
    sizes: Sequence[int] = (8, 1),
    rows: Sequence[Sequence[float]] = ROWS,
    targets: Sequence[float] = TARGETS,
    label: str = "L",
) -> tuple[MLP, Callable[[], Value]]:
    """The error of a network, whose neurons are folded if they are many, and what records it."""
    model = MLP(2, [*sizes], activation="tanh")
    for k, p in enumerate(model.parameters()):
        p.data = ((k * 7919) % 200 - 100) / 100

    def record() -> Value:
        loss = mse([model(row) for row in rows], targets)
        loss.label = label
        return loss

    return model, record


def until(true: Callable[[], bool]) -> None:
    """Waits for something to become true, some seconds at most."""
    for _ in range(400):
        if true():
            return
        time.sleep(0.025)
    raise AssertionError("it did not become true")


def place(page: Any) -> int:
    """Which step the page is at."""
    return int(page.locator("#slider").input_value())


def title(page: Any) -> str:
    """What the panel is about, "" if it is closed."""
    if page.locator("#value").is_hidden():
        return ""
    return str(page.inner_text("#value h3"))


def as_float(text: str) -> float:
    return float(text.replace("−", "-").replace("∞", "inf"))


def shown(page: Any, name: str) -> float:
    """A number of the panel, with all its digits."""
    row = page.locator(f"#value .digits dt:text-is('{name}') + dd")
    return as_float(row.inner_text())


def data(page: Any, name: str) -> float:
    return float(page.evaluate("name => backprop.get(name).data", name))


def seen(page: Any) -> str:
    """All that board and picture show."""
    both = "['board', 'stage'].map((id) => document.getElementById(id).outerHTML).join()"
    return re.sub(r' (?:style|class)=""| data-size="\w*"', "", page.evaluate(both))


def cell(page: Any, number: int, letter: str = "d") -> Any:
    return page.locator(f"#{letter}{number} rect").first


def drag(page: Any, box: Any, far: int) -> None:
    """A drag from the middle of something, to the right."""
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for k in range(1, 5):
        page.mouse.move(x + far * k / 4, y)
    page.mouse.up()


def apart(one: Any, other: Any) -> bool:
    """Whether two boxes have nothing in common."""
    return bool(
        one["x"] + one["width"] <= other["x"] + 1
        or other["x"] + other["width"] <= one["x"] + 1
        or one["y"] + one["height"] <= other["y"] + 1
        or other["y"] + other["height"] <= one["y"] + 1
    )
