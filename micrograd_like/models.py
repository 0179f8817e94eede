"""Files of saved models, as JSON that is checked when it is read.

The file of a network has its sizes, activations and weights: the network is made from it.  That of
any other model has the parameters by name, for a model that is there.  Models are plain data here,
dicts; the classes of `nn` make the dicts and the models.
"""

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from micrograd_like.arguments import file_name, short
from micrograd_like.files import read_json, write
from micrograd_like.notation import plural

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_model", "read_weights", "write_model", "write_weights"]

FORMAT = {"format": "micrograd_like MLP", "version": 1}
WEIGHTS = {"format": "micrograd_like weights", "version": 1}
CONTENT = {
    "name": str, "nin": int, "nouts": list, "activation": list, "about": dict, "parameters": dict,
}  # fmt: skip
KINDS = {str: "a text", int: "a whole number", list: "a list", dict: "an object"}
MOST_LAYERS, LONGEST_NAME = 10_000, 1000  # which a file may have


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
    _check_layers(model, "save: the network")
    return _write(path, {**FORMAT, **model})


def write_weights(path: "str | Path", parameters: dict[str, float], about: Any) -> str:
    """Write a model's parameters, and what of JSON is to be saved along; returns the path.

    Errors are those of `write_model`.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_weights(Path(folder) / "pair.json", {"first.w0": 0.5}, about={})
    ...     read_weights(path)
    {'about': {}, 'parameters': {'first.w0': 0.5}}
    """
    return _write(path, {**WEIGHTS, "about": about, "parameters": parameters})


def _write(path: "str | Path", document: dict[str, Any]) -> str:
    import json
    from pathlib import Path

    file = Path(file_name(path, "save: path"))
    for name, x in document["parameters"].items():
        if not math.isfinite(x):
            raise ValueError(f"save: {name} is {x}; a file holds finite numbers")
    try:
        content = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    except (TypeError, ValueError, RecursionError) as error:
        raise type(error)(f"save: about holds what JSON has not: {error}") from None
    write(file, content.encode("utf-8", "backslashreplace"))  # half characters, as JSON has them
    return str(path)


def read_model(path: "str | Path") -> dict[str, Any]:
    """The data of a network that `write_model` wrote: all of it, each of its type.

    A ValueError tells what in a file is not as it is written, an OSError what is wrong with the
    path.  There is an example at `write_model`.
    """
    from pathlib import Path

    file = Path(file_name(path, "load: path"))
    document = read_json(file)
    if document.get("format") == WEIGHTS["format"]:
        raise ValueError(
            f"{file}: has the weights of a model, and not of what it is made; make the model, "
            "then call its load_weights(path)"
        )
    model = _checked(document, FORMAT, CONTENT, file)
    _check_sizes(model, file)
    return model


def read_weights(path: "str | Path") -> dict[str, Any]:
    """The parameters of any model's file, a network's too, and ``about``.

    Errors are those of `read_model`.  There is an example at `write_weights`.
    """
    from pathlib import Path

    file = Path(file_name(path, "load_weights: path"))
    document = read_json(file)
    header = FORMAT if document.get("format") == FORMAT["format"] else WEIGHTS
    return _checked(document, header, {"about": dict, "parameters": dict}, file)


def _checked(
    document: dict[str, Any], header: dict[str, Any], content: dict[str, type], path: "Path"
) -> dict[str, Any]:
    """What a document holds besides its header: each of its type, and all weights finite floats."""
    for key, expected in header.items():
        found = document.get(key)
        if type(found) is not type(expected) or found != expected:
            remedy = "; save it again with this micrograd_like" if key == "version" else ""
            raise ValueError(f"{path}: its {key} is {short(found)}, not {expected!r}{remedy}")
    for key, kind in content.items():
        found = document.get(key)
        if type(found) is not kind:
            raise ValueError(f"{path}: its {key} is {short(found)}; it is to be {KINDS[kind]}")
    for name, x in document["parameters"].items():
        if type(x) is not float or not math.isfinite(x):
            raise ValueError(f"{path}: {short(name)[1:-1]} is {short(x)}, no finite float")
    return {key: document[key] for key in content}


def _check_sizes(model: dict[str, Any], path: "Path") -> None:
    """The sizes of layers are whole numbers, and there are as many weights as these need.

    What is made of them is then no larger than the file.
    """
    sizes, count = [model["nin"], *model["nouts"]], len(model["parameters"])
    _check_layers(model, str(path))
    for k, size in enumerate(sizes):
        if type(size) is not int or size < 1:
            name = f"nouts[{k - 1}]" if k else "nin"
            raise ValueError(f"{path}: its {name} is {short(size)}; it is to be 1, 2, 3 or more")
    needed = sum((n + 1) * nout for n, nout in pairwise(sizes))
    if count != needed:
        raise ValueError(
            f"{path}: has {plural(count, 'weight')}; layers of these sizes need {short(needed)}"
        )


def _check_layers(model: dict[str, Any], where: str) -> None:
    """There are layers, no more than can be made in seconds, and their names are no longer."""
    layers, name = len(model["nouts"]), len(model["name"])
    if not 0 < layers <= MOST_LAYERS:
        raise ValueError(f"{where}: has {plural(layers, 'layer')}; a file has 1 to {MOST_LAYERS:,}")
    if name > LONGEST_NAME:
        raise ValueError(
            f"{where}: its name has {name:,} characters; a file has at most {LONGEST_NAME:,}"
        )
