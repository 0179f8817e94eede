"""Draw the README's pictures again: python tests/tools/draw_pictures.py."""

import json
import random
import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from micrograd_like import (
    MLP,
    Adam,
    Backprop,
    Training,
    Value,
    binary_cross_entropy,
    draw_dot,
    mse,
)
from micrograd_like.learn.tables import Scale, house_prices

sys.path.insert(0, str(Path(__file__).parents[1]))

from browsing import Watched, chromium

FOLDER = Path(__file__).parents[2] / "notebooks" / "pictures"


def tanh_expression() -> Value:
    """L = tanh(a·b + c)."""
    a, b, c = Value(2.0, "a"), Value(-1.5, "b"), Value(2.4, "c")
    d = a * b
    e = d + c
    loss = e.tanh()
    d.label, e.label, loss.label = "d", "e", "L"
    loss.backward()
    return loss


def house_error() -> tuple[Value, list[str]]:
    """The error of an untrained network on the prices of 88 houses, and its inputs' names."""
    table = house_prices()
    scales = [Scale.of([row[j] for row in table.rows]) for j in range(len(table.columns))]
    price = Scale.of(table.targets)
    random.seed(0)
    model = MLP(4, [8, 1], activation="tanh", init="xavier")
    rows = [[s.standardize(x) for s, x in zip(scales, row, strict=True)] for row in table.rows]
    error = mse([model(row) for row in rows], [price.standardize(t) for t in table.targets])
    error.label = "error"
    error.backward()
    return error, table.columns


def two_moons() -> Training:
    """A network learns to tell two half circles apart."""
    moons = json.loads((Path(__file__).parents[1] / "moons.json").read_text())
    random.seed(4)
    model = MLP(2, [8, 8, 1], activation="tanh")
    labels = [int(label > 0) for label in moons["labels"]]
    return Training(
        model, moons["points"], labels, binary_cross_entropy,
        epochs=20, lr=0.05, batch_size=10, optimizer=Adam,
    )  # fmt: skip


WIDTH, HEIGHT = 840, 440  # pixels: what a README has
COLOURS = 128  # of a GIF
HAND = """
const hand = document.createElement("div");
hand.style = "position: fixed; width: 14px; height: 20px; pointer-events: none; z-index: 99;"
  + "background: #111827;"
  + "clip-path: polygon(0 0, 0 80%, 30% 62%, 52% 100%, 70% 92%, 50% 56%, 95% 52%)";
document.body.append(hand);
addEventListener("pointermove", (event) => {
  hand.style.left = `${event.clientX}px`;
  hand.style.top = `${event.clientY}px`;
}, true);
"""


class Film:
    """Pictures of a page, one after the other, each shown for some milliseconds."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.frames: list[Image.Image] = []
        self.times: list[int] = []

    def shoot(self, time: int) -> None:
        """Take a picture."""
        self.page.wait_for_timeout(80)  # until it is painted
        image = Image.open(BytesIO(self.page.screenshot())).convert("RGB")
        self.frames.append(image)
        self.times.append(time)

    def save(self, path: Path) -> None:
        """Write it as a GIF whose frames share their colours."""
        palette = self.frames[-1].quantize(COLOURS)
        first, *others = (
            frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in self.frames
        )
        first.save(
            path, save_all=True, append_images=others, duration=self.times, loop=0, optimize=True
        )


def live_page(path: Path) -> None:
    """A leaf is dragged on the live page, in a browser, and everything follows."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        watched = Watched(browser, WIDTH, HEIGHT, reduced_motion="reduce")
        page = watched.open(Path(Backprop(tanh_expression()).save(Path(folder) / "page.html")))
        page.wait_for_selector("#toolbar")
        page.keyboard.press("End")
        page.evaluate(HAND)
        film = Film(page)
        box = page.locator("#d0 rect").first.bounding_box()
        x, y = box["x"] + 16, box["y"] + box["height"] - 6
        page.mouse.move(x, y)
        film.shoot(1200)
        page.mouse.down()
        far = [*range(0, 66, 6), *range(60, -66, -6), *range(-54, 6, 6)]
        for k in far:
            page.mouse.move(x + k, y)
            film.shoot(900 if k in (max(far), min(far)) else 120)
        page.mouse.up()
        film.shoot(1000)
        film.save(path)
        watched.close()


def main() -> None:
    """Write the pictures; the network's follows its reader's light or dark."""
    FOLDER.mkdir(exist_ok=True)
    houses, columns = house_error()
    draw_dot(houses, view="network", inputs=columns).save(FOLDER / "houses.svg")
    live_page(FOLDER / "live.gif")
    two_moons().save(FOLDER / "training.gif", width=WIDTH)
    print(*sorted(path.name for path in FOLDER.iterdir()))


if __name__ == "__main__":
    main()
