"""The file of a saved network: JSON with its sizes, activations and weights, checked when read.

A network is plain data here, a dict; `MLP.save` and `MLP.load` make the dict and the network.
"""

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from micrograd_like.arguments import file_name, short
from micrograd_like.files import read_json, write

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_model", "write_model"]

FORMAT = {"format": "micrograd_like MLP", "version": 1}
CONTENT = {
    "name": str, "nin": int, "nouts": list, "activation": list, "about": dict, "parameters": dict,
}  # fmt: skip


def write_model(path: "str | Path", model: dict[str, Any]) -> str:
    """Write a network's data, which has the keys of `CONTENT`; returns the path.

    A ValueError tells a weight that is not finite, a TypeError that ``about`` is no JSON, an
    OSError what is wrong with the path.  The file is written whole or not at all.

    >>> import tempfile
    >>> from pathlib import Path
    >>> weights = {"w0": 0.5, "b": 0.0}
    >>> model = {"name": "", "nin": 1, "nouts": [1], "activation": ["tanh"], "about": {}}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_model(Path(folder) / "model.json", {**model, "parameters": weights})
    ...     read_model(path)["parameters"]
    {'w0': 0.5, 'b': 0.0}
    """
    import json
    from pathlib import Path

    file = Path(file_name(path, "save: path"))
    for name, x in model["parameters"].items():
        if not math.isfinite(x):
            raise ValueError(f"save: {name} is {x}; a file holds finite numbers")
    try:
        content = json.dumps({**FORMAT, **model}, ensure_ascii=False, allow_nan=False, indent=1)
    except (TypeError, ValueError, RecursionError) as error:
        raise type(error)(f"save: about holds what JSON has not: {error}") from None
    write(file, content.encode())
    return str(path)


def read_model(path: "str | Path") -> dict[str, Any]:
    """The data of a network that `write_model` wrote: all of it, each of its type.

    A ValueError tells what in a file is not as it is written, an OSError what is wrong with the
    path.  There is an example at `write_model`.
    """
    from pathlib import Path

    file = Path(file_name(path, "load: path"))
    document = read_json(file)
    for key, expected in FORMAT.items():
        if document.get(key) != expected:
            raise ValueError(f"{file}: its {key} is {short(document.get(key))}, not {expected!r}")
    for key, kind in CONTENT.items():
        if type(document.get(key)) is not kind:
            raise ValueError(f"{file}: its {key} is to be of type {kind.__name__}")
    model = {key: document[key] for key in CONTENT}
    _check_weights(model, file)
    return model


def _check_weights(model: dict[str, Any], path: "Path") -> None:
    """There are as many weights as the sizes of the layers need, all of them finite floats."""
    state = model["parameters"]
    sizes = [model["nin"], *model["nouts"]]
    right = all(type(size) is int and size > 0 for size in sizes)
    needed = sum((n + 1) * nout for n, nout in pairwise(sizes)) if right else 0
    if len(state) != needed or not needed:
        raise ValueError(f"{path}: has no layers, or not as many weights as they need")
    for name, x in state.items():
        if type(x) is not float or not math.isfinite(x):
            raise ValueError(f"{path}: {name} is {short(x)}, no finite float")
