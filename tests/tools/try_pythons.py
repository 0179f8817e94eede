"""Run the fast tests on each Python that is here: python tests/tools/try_pythons.py [--lowest] ...

Each interpreter gets a fresh environment with the ``test`` extra.  ``--lowest`` takes the lowest
version that pyproject.toml allows of each requirement, with the first interpreter that is found.
Words after ``--`` go to pytest: ``python tests/tools/try_pythons.py --lowest -- tests/check``.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CLASSIFIER = "Programming Language :: Python :: 3."
VERSIONS = [
    f"3.{line.removeprefix(CLASSIFIER)}"
    for line in PROJECT["classifiers"]
    if line.startswith(CLASSIFIER)
]


def interpreters() -> dict[str, str]:
    """The Pythons on the path and of pyenv, by version; this one counts as well."""
    found = {f"{sys.version_info.major}.{sys.version_info.minor}": sys.executable}
    for version in VERSIONS:
        places = [*(Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python{version}")]
        on_path = shutil.which(f"python{version}")
        for place in [*places, *([on_path] if on_path else [])]:
            told = subprocess.run([place, "--version"], capture_output=True, check=False)
            if told.returncode == 0:  # a shim of pyenv may have nothing behind it
                found.setdefault(version, str(place))
    return {version: found[version] for version in VERSIONS if version in found}


def lowest(extra: str) -> list[str]:
    """The requirements of an extra, and of those that it names, at their lowest versions."""
    pinned = [line.replace(">=", "==") for line in PROJECT["dependencies"]]
    for line in PROJECT["optional-dependencies"][extra]:
        if line.startswith(PROJECT["name"]):
            inner = line.partition("[")[2].rstrip("]").split(",")
            pinned += [each for name in inner for each in lowest(name)]
        else:
            pinned.append(line.replace(">=", "=="))
    return pinned


def run(python: str, requirements: list[str], words: list[str]) -> str:
    """The last line of pytest in a fresh environment, or of what failed before it."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([python, "-m", "venv", folder], check=True)
        own = f"{folder}/bin/python"
        install = [own, "-m", "pip", "install", "--quiet", "-e", f"{CHECKOUT}[test]", *requirements]
        for command in (install, [own, "-m", "pytest", "--quiet", *words]):
            done = subprocess.run(
                command, cwd=CHECKOUT, capture_output=True, encoding="utf-8", check=False
            )
            if done.returncode != 0:
                print(done.stdout[-4000:], done.stderr[-4000:], sep="\n")
                break
    lines = [*done.stderr.splitlines(), *done.stdout.splitlines()]
    return lines[-1] if lines else ""


def main() -> None:
    """Print a line for each Python; the exit status is 1 if a test failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lowest", action="store_true", help="the lowest versions allowed")
    parser.add_argument("--only", metavar="3.12", help="this Python alone")
    parser.add_argument("words", nargs="*", help="what pytest is told, after --")
    told = parser.parse_args()
    found = {v: p for v, p in interpreters().items() if told.only in (None, v)}
    if told.lowest:
        found = dict([next(iter(found.items()))])
    lines = {}
    for version, python in found.items():
        lines[version] = run(python, lowest("test") if told.lowest else [], told.words)
        print(f"{version}: {lines[version]}", flush=True)
    for version in sorted({*VERSIONS} - {*found}):
        print(f"{version}: not found")
    sys.exit(any(" passed" not in line or " failed" in line for line in lines.values()))


if __name__ == "__main__":
    main()
