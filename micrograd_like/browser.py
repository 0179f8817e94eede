"""What Python in a browser (Pyodide) has in another way: how packages come, how objects go.

>>> remedy("mpmath", "check")
"pip install 'micrograd_like[check]'"
>>> remedy("mpmath", "check", in_browser=True)
"import micropip; await micropip.install('mpmath')"
>>> remedy("numba", "tape", in_browser=True)
"no browser has it; use Python outside of one: pip install 'micrograd_like[tape]'"
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # typing itself would take most of the time of the import
if TYPE_CHECKING:
    from typing import Any

__all__ = ["IN_BROWSER", "let_go", "remedy"]

IN_BROWSER = sys.platform == "emscripten"
COMPILED = ("av", "numba")  # packages that run in no browser
PACKAGES = {"PIL": "pillow", "sklearn": "scikit-learn"}  # that are called otherwise


def remedy(module: str, extra: str, in_browser: bool = IN_BROWSER) -> str:
    """How to get a module that an extra brings, here."""
    name = module.partition(".")[0]
    command = f"pip install 'micrograd_like[{extra}]'"
    if not in_browser:
        return command
    if name in COMPILED:
        return f"no browser has it; use Python outside of one: {command}"
    package = PACKAGES.get(name, name)
    return f"import micropip; await micropip.install({package!r})"


def let_go(node: Any) -> None:
    """Free what only a node holds, one by one: the ``__del__`` of Values in a browser.

    There Python would free a long chain by a recursion that ends the browser's stack; elsewhere
    Python takes care of that itself, faster.
    """
    stack = _taken(node)
    while stack:
        if _holders(stack) == ALONE and hasattr(stack[-1], "_rule"):
            stack += _taken(stack.pop())
        else:
            stack.pop()


def _taken(node: Any) -> list[Any]:
    """What a node holds, which it holds no longer; nothing of a leaf, or of half a node."""
    try:
        if node._x is None and node._y is None:
            return []
        taken = [node._x, node._y, node._dx, node._dy, node.grad]
    except AttributeError:  # an error came while it was made
        return []
    node._x = node._y = node._dx = node._dy = node.grad = None
    return [held for held in taken if type(held) is not float]


def _holders(stack: list[Any]) -> int:
    return sys.getrefcount(stack[-1])


ALONE = _holders([object()])  # the count of what only the list holds
