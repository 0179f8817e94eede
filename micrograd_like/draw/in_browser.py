"""Graphviz in a browser's Python (Pyodide): Viz.js, which the page brings, lays pictures out.

Viz.js is Graphviz as WebAssembly, one file of 1.3 MB: ``dist/viz-global.js`` of the npm package
``@viz-js/viz``.  It draws SVG, and no PNG or PDF.

A course that serves notebooks with JupyterLite puts that file beside them, and builds its site with
the wheels of this package and of ``graphviz``::

    jupyter lite build --contents notebooks --piplite-wheels A.whl --piplite-wheels B.whl

A notebook there begins with ``%pip install micrograd_like`` and `load_graphviz`.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

from micrograd_like.arguments import file_name
from micrograd_like.files import check_file, read_text

__all__ = ["draw", "load_graphviz"]

DRAWN = ("svg", "dot", "json")
_found: list[Any] = []  # the Viz.js that was loaded


async def load_graphviz(path: str | Path) -> None:
    """Load Viz.js from a file; from then on pictures are drawn and live pages made in a browser.

    The file is ``viz-global.js``, put beside the notebook.  Raises an OSError where it is not
    there, a ValueError for another file, and an ImportError outside of a browser, where Graphviz is
    installed instead.

    >>> await load_graphviz("viz-global.js")                                     # doctest: +SKIP
    """
    where = Path(file_name(path, "load_graphviz"))
    try:
        js, code = map(import_module, ("js", "pyodide.code"))
    except ImportError:
        raise ImportError(
            "load_graphviz: this is no browser; install Graphviz, or the extra that brings one: "
            "pip install 'micrograd_like[render]'"
        ) from None
    check_file(where)
    text = "".join(read_text(where))
    if "graphviz" not in text:
        raise ValueError(f"{where}: is not Viz.js; take dist/viz-global.js of npm's @viz-js/viz")
    code.run_js(text)
    _found[:] = [await js.Viz.instance()]


def draw(source: str, format: str, engine: str) -> bytes:  # noqa: A002 - Graphviz's word
    """A picture of DOT text; an ImportError where there is nothing to draw it with."""
    if not _found:
        raise ImportError(
            "a browser has no Graphviz to draw with; put viz-global.js of npm's @viz-js/viz beside "
            "the notebook: from micrograd_like.draw import load_graphviz; "
            "await load_graphviz('viz-global.js')"
        )
    if format not in DRAWN:
        raise ImportError(
            f"a browser draws no {format.upper()}; save .svg or .html, or use Python outside of one"
        )
    try:
        drawn = _found[0].renderString(source, format=format, engine=engine)
    except import_module("pyodide.ffi").JsException as error:
        raise RuntimeError(f"{engine} failed: {error}") from None
    return str(drawn).encode()
