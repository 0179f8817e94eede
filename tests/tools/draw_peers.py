"""Draw one network as others draw it: python tests/tools/draw_peers.py.

torchviz, torchview and torchvista draw it where they are installed, beside PyTorch; the others are
named and left out.  torchvista makes a page, of which Chromium takes the picture.  The pictures are
shown beside ours in ``03_gradient_flow.ipynb``.
"""

import re
import shutil
import tempfile
from contextlib import redirect_stdout
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "notebooks" / "pictures"
POINT, KIND = [-0.2, -0.32], 1  # a flower of the notebook
LEFT_OUT = re.compile(r"\s*<title>.*?</title>|<!--.*?-->\n?", re.DOTALL)  # addresses in memory
VIEWPORT = {"width": 260, "height": 520}


def network() -> tuple[Any, Any, Any]:
    """PyTorch's MLP(2, [5, 3]), one row of data, and the error of it."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 3)).eval()
    x = torch.tensor([POINT])
    return model, x, nn.functional.cross_entropy(model(x), torch.tensor([KIND]))


def torchviz() -> Path:
    """The operations that PyTorch keeps for going backward."""
    from torchviz import make_dot

    model, _, error = network()
    return _svg(make_dot(error, params=dict(model.named_parameters())), "torchviz")


def torchview() -> Path:
    """The modules that are called, and the shapes of what goes through."""
    from torchview import draw_graph

    model, x, _ = network()
    return _svg(draw_graph(model, input_data=x, device="cpu").visual_graph, "torchview")


def torchvista() -> Path:
    """The same on a page, where modules open; as it is before anyone touches it."""
    from torchvista import trace_model

    model, x, _ = network()
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()):
        page = Path(folder) / "page.html"
        height = VIEWPORT["height"]
        trace_model(model, x, height=height, export_format="html", export_path=str(page))
        return _photograph(page, "torchvista")


def _svg(graph: Any, name: str) -> Path:
    path = FOLDER / f"{name}.svg"
    svg = LEFT_OUT.sub("", graph.pipe("svg").decode())
    path.write_text(svg, encoding="utf-8", newline="\n")
    return path


def _photograph(page: Path, name: str) -> Path:
    from PIL import Image
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        raise ImportError("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        view = browser.new_page(viewport=VIEWPORT, device_scale_factor=2)
        view.goto(page.as_uri())
        view.get_by_text("output_0").wait_for()
        view.wait_for_timeout(1000)  # it moves into its place
        png = view.screenshot()
        browser.close()
    path = FOLDER / f"{name}.png"
    Image.open(BytesIO(png)).convert("RGB").quantize(32).save(path, optimize=True)
    return path


def main() -> None:
    """Write a picture of each that is there."""
    for draw in (torchviz, torchview, torchvista):
        try:
            print(f"{draw.__name__}: {draw().name}")
        except ImportError as error:
            print(f"{draw.__name__} is left out: {error}")


if __name__ == "__main__":
    main()
