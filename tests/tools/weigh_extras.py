"""What each extra installs, in MB: python tests/tools/weigh_extras.py [EXTRA ...] prints a table.

Each extra gets a fresh environment; what an empty environment weighs is taken off.  Byte code is
not counted, as pip writes it and Python would anyway.
"""

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def weight(folder: Path) -> float:
    """The MB of the files in a folder."""
    sizes = [f.lstat().st_size for f in folder.rglob("*") if f.is_file() and f.suffix != ".pyc"]
    return sum(sizes) / 1e6


def installed(what: str) -> float:
    """The MB that pip adds to an empty environment."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        empty = weight(Path(folder))
        pip = [f"{folder}/bin/python", "-m", "pip", "install", "--quiet", "--no-compile"]
        subprocess.run([*pip, what], check=True)
        return weight(Path(folder)) - empty


def main() -> None:
    """Print a row for each extra, the package by itself first."""
    print("| extra | installs, MB |\n|---|---|")
    for extra in sys.argv[1:] or ["", *PROJECT["optional-dependencies"]]:
        what = f"{CHECKOUT}[{extra}]" if extra else str(CHECKOUT)
        print(f"| {f'`{extra}`' if extra else 'none'} | {installed(what):,.0f} |", flush=True)


if __name__ == "__main__":
    main()
