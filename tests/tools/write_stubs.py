"""Write the stubs of what the table of rules makes: python tests/tools/write_stubs.py.

A type checker cannot see methods and functions that are made by a loop.  The stubs tell it of them,
and of the names that the package looks up when they are used.  A test compares them with the table.
"""

import subprocess
import sys
from pathlib import Path

import micrograd_like
from micrograd_like._functions import FUNCTIONS
from micrograd_like.notation import OPERATORS
from micrograd_like.rules import RULES, Rule

PACKAGE = Path(micrograd_like.__file__).parent
HEAD = "# Written from the table of rules by tests/tools/write_stubs.py.\n"


def summary(rule: Rule) -> str:
    """The first line of a rule's docstring."""
    return (rule.function.__doc__ or rule.formula).splitlines()[0]


def methods() -> str:
    """The methods and operators of Value."""
    lines = [
        HEAD,
        "from micrograd_like.engine import Value\n",
        "class Methods:",
        "    __slots__ = ()",
    ]
    for name, rule in RULES.items():
        y = ", y: Value | float" + (" = ..." if rule.function.__defaults__ else "")
        lines.append(f"    def {name}(self{y if rule.arity == 2 else ''}) -> Value:")
        lines.append(f'        """{summary(rule)}"""')
    for name, special in OPERATORS.items():
        if RULES[name].arity == 1:
            lines.append(f"    def {special}(self) -> Value: ...")
            continue
        lines.append(f"    def {special}(self, y: Value | float) -> Value: ...")
        lines.append(f"    def __r{special[2:]}(self, x: float) -> Value: ...")
    return "\n".join(lines) + "\n"


def functions() -> str:
    """A function for each rule: of Values a Value, of numbers a float."""
    lines = [
        HEAD,
        "from collections.abc import Callable",
        "from typing import Any, overload\n",
        "from micrograd_like.engine import Value",
        "from micrograd_like.rules import Rule\n",
        f"__all__ = {['FUNCTIONS', 'function_of', *FUNCTIONS]!r}".replace("'", '"') + "\n",
        "FUNCTIONS: list[str]\n",
        "def function_of(rule: Rule) -> Callable[..., Any]: ...",
        "def documentation(rule: Rule) -> str: ...",
    ]
    for name in FUNCTIONS:
        rule = RULES[name]
        default = " = ..." if rule.function.__defaults__ else ""
        takes = {"x: Value": "Value", "x: float": "float"}
        if rule.arity == 2:
            takes = {
                f"x: Value, y: Value | float{default}": "Value",
                "x: float, y: Value": "Value",
                f"x: float, y: float{default}": "float",
            }
        for parameters, result in takes.items():
            lines.append(f"@overload\ndef {name}({parameters}) -> {result}:")
            lines.append(f'    """{summary(rule)}"""')
    return "\n".join(lines) + "\n"


def package() -> str:
    """The names of the package, where they are defined."""
    lines = [HEAD]
    for place, names in micrograd_like._PLACES.items():
        lines += [f"from micrograd_like.{place} import {name} as {name}" for name in names]
    public = [name for name in FUNCTIONS if name not in OPERATORS]
    lines += [f"from micrograd_like._functions import {name} as {name}" for name in public]
    listed = ", ".join(f'"{name}"' for name in micrograd_like.__all__)
    return "\n".join([*lines, "", f"__all__ = [{listed}]", "__version__: str"]) + "\n"


def formatted(text: str) -> str:
    """The text as ruff formats it."""
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", "stub.pyi", "-"]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=True)
    return done.stdout.decode()


STUBS = {"_methods.pyi": methods, "_functions.pyi": functions, "__init__.pyi": package}

if __name__ == "__main__":
    for name, write in STUBS.items():
        (PACKAGE / name).write_text(formatted(write()), encoding="utf-8", newline="\n")
        print(name)
