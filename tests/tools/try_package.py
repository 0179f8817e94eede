"""Try an installed package: python tests/tools/try_package.py CHECKOUT, outside of CHECKOUT.

Every file of the checkout's package is there, and it works with what it depends on alone: a
gradient, a picture's text, steps, the page that plays them, and a command.
"""

import subprocess
import sys
from pathlib import Path

import micrograd_like
from micrograd_like import Backprop, Value, draw_dot

CHECKOUT = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else Path(__file__).parents[2]


def files_of(package: Path) -> set[Path]:
    """The files of a package, those aside that Python makes itself."""
    files = {path.relative_to(package) for path in package.rglob("*") if path.is_file()}
    return {path for path in files if "__pycache__" not in path.parts}


def main() -> None:
    """Raise an error if something is missing, or does not work."""
    package = Path(micrograd_like.__file__).parent
    assert CHECKOUT not in package.parents, f"{package} is not installed, but the checkout"
    missing = files_of(CHECKOUT / "micrograd_like") - files_of(package)
    assert not missing, f"not in the installed package: {sorted(map(str, missing))}"
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    loss = a * b + a
    loss.backward()
    assert (a.grad, b.grad) == (-2.0, 2.0)
    assert draw_dot(loss).source.startswith("digraph")
    steps = Backprop(loss)
    assert any("a.grad" in str(step) for step in steps)
    assert "<script" in steps._repr_html_()
    command = [sys.executable, "-m", "micrograd_like", "step", "tanh(a*b + c)", "a=2", "b=3", "c=1"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    assert "c.grad" in done.stdout, done.stdout
    print(f"{len(files_of(package))} files, installed in {package}")


if __name__ == "__main__":
    main()
