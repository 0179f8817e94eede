"""The parameters of a model: found in its attributes, and each with a name of its own.

A model is anything with a method ``parameters``.  What stands in its attributes, and in lists,
tuples, dicts and models there, is a part of it; attributes that begin with ``_`` are not.  A place
is a path: the names of attributes, keys, and numbers in a list.

>>> from micrograd_like import Module, Neuron, Value
>>> class Pair(Module):
...     def __init__(self):
...         self.heads, self.scale = [Neuron(1), Neuron(1)], Value(2.0)
>>> pair = Pair()
>>> [name for name, _ in with_names(pair.parameters(), pair)]
['heads.0.w0', 'heads.0.b', 'heads.1.w0', 'heads.1.b', 'scale']
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from weakref import WeakValueDictionary

from micrograd_like.arguments import is_value
from micrograd_like.notation import apart

__all__ = ["keep_learner", "learned", "name_parts", "parameters_in", "parts_in", "with_names"]

Path = tuple[str, ...]
LEARNERS: WeakValueDictionary[int, Any] = WeakValueDictionary()  # by their ids


def keep_learner(learner: Any) -> None:
    """Remember a model or an optimizer as long as there is one: `learned` asks it."""
    LEARNERS[id(learner)] = learner


def learned() -> set[int]:
    """The ids of all leaves that are some model's parameters, or some optimizer's.

    >>> from micrograd_like import SGD, Value
    >>> w = Value(1.0)
    >>> sgd = SGD([w])
    >>> id(w) in learned()
    True
    """
    found: set[int] = set()
    for kept in LEARNERS.valuerefs():  # a list: other threads may make models
        learner = kept()
        try:
            parameters: Any = getattr(learner, "parameters", ())
            given: Any = parameters() if callable(parameters) else parameters
            found.update(map(id, given))
        except MemoryError:
            raise
        except Exception:
            continue
    return found


def parameters_in(model: Any, default: Callable[..., Any]) -> list[Any]:
    """The leaves in a model's attributes, each once, in the order in which they stand.

    Models among them say by their own ``parameters`` what is theirs, unless that is the ``default``
    method, which calls this function.
    """

    def has_own(part: Any) -> bool:
        return part is not model and getattr(type(part), "parameters", None) is not default

    listed: dict[int, Any] = {}
    for _, part in _walk(model, closed=has_own):
        of = [part] if is_value(part) else part.parameters() if has_own(part) else []
        listed |= {id(p): p for p in of if is_value(p) and p.rule is None}
    return list(listed.values())


def parts_in(model: Any) -> Iterator[Any]:
    """A model, and the models and Values in it, each once, in the order in which they stand.

    >>> from micrograd_like import Layer
    >>> [type(part).__name__ for part in parts_in(Layer(1, 1))]
    ['Layer', 'Neuron', 'Value', 'Value']
    """
    yield model
    yield from (part for _, part in _walk(model))


def with_names(parameters: Iterable[Any], model: Any) -> list[tuple[str, Any]]:
    """Each parameter once, with a name that no other has.

    Names are the labels if these tell all of them apart.  Otherwise the names of a model's parts
    are put before them, as deep as it needs: ``first.w0``, ``heads.0.b``.  A parameter whose label
    is empty, or another's, is called by its place: ``scale``, or ``w0`` in a list ``w``.
    """
    once = list({id(p): p for p in parameters}.values())
    if _tell_apart([p.label for p in once]):
        return [(p.label, p) for p in once]
    places = {id(part): path for path, part in _walk(model)}
    entries = [(places.get(id(p), (f"parameter{k}",)), p) for k, p in enumerate(once)]
    return list(zip(apart(_names(entries)), once, strict=True))


def name_parts(word: str, parts: Iterable[Any]) -> None:
    """Name parts after their places, as ``layer0``: the models that have no name, and their leaves.

    The labels in a part without a name get its name before them.  In a part that has a name, or
    that has none because it is a user's own, labels stay, and only empty ones are filled.

    >>> from micrograd_like import Neuron
    >>> neurons = [Neuron(1), Neuron(1)]
    >>> name_parts("unit", neurons)
    >>> neurons[1].name, neurons[1].b.label
    ('unit1', 'unit1.b')
    """
    met: set[int] = set()
    for k, part in enumerate(parts):
        name, inside = f"{word}{k}", [inner for _, inner in _walk(part)]
        nameless = getattr(part, "name", None) == ""
        leaves = [v for v in inside if is_value(v) and v.rule is None and id(v) not in met]
        met |= {id(v) for v in leaves}
        for own, leaf in with_names(leaves, part):
            if nameless or not leaf.label:
                leaf.label = f"{name}.{own}"
        if nameless:
            for model in (part, *inside):
                if isinstance(getattr(model, "name", None), str) and not is_value(model):
                    model.name = f"{name}.{model.name}".rstrip(".")


def _walk(
    model: Any, closed: Callable[[Any], bool] = lambda part: False
) -> Iterator[tuple[Path, Any]]:
    """The Values and models in a model with their places, each once, and not those in closed ones.

    A model may lead back to itself: what has been met is not entered again.
    """
    met: dict[int, Any] = {id(model): model}
    stack = list(reversed(_inside((), model)))
    while stack:
        path, part = stack.pop()
        if type(part) in (float, int, str) or id(part) in met:
            continue
        met[id(part)] = part  # which keeps it, so that no other gets its id
        if is_value(part):
            yield path, part
            continue
        if _is_model(part):
            yield path, part
            if closed(part):
                continue
        stack += reversed(_inside(path, part))


def _inside(path: Path, part: Any) -> list[tuple[Path, Any]]:
    """What a model, a list, a tuple, a dict or an array of objects holds, with its places."""
    if isinstance(part, dict):
        return [((*path, str(key)), inner) for key, inner in part.items()]
    if _is_model(part):
        return [((*path, key), inner) for key, inner in vars(part).items() if key[:1] != "_"]
    if getattr(getattr(part, "dtype", None), "kind", "") == "O":
        part = part.tolist()
    if not isinstance(part, list | tuple):
        return []
    # The Values of a list are numbered without a dot: w0, as in a Neuron.
    joined = bool(path) and not path[-1].isdigit()
    return [
        ((*path[:-1], f"{path[-1]}{k}") if joined and is_value(inner) else (*path, str(k)), inner)
        for k, inner in enumerate(part)
    ]


def _is_model(part: Any) -> bool:
    has_parameters = callable(getattr(part, "parameters", None)) and hasattr(part, "__dict__")
    return has_parameters and not isinstance(part, type)


def _tell_apart(labels: list[str]) -> bool:
    return all(labels) and len(set(labels)) == len(labels)


def _names(entries: list[tuple[Path, Any]]) -> list[str]:
    """Names for the parameters of a part, by their places in it, in the order given."""
    labels = [p.label for _, p in entries]
    if _tell_apart(labels):
        return labels
    counts = Counter(labels)
    names = [""] * len(entries)
    groups: dict[str, list[int]] = {}
    for k, (path, p) in enumerate(entries):
        if len(path) == 1:
            names[k] = p.label if counts[p.label] == 1 and p.label else path[0]
        else:
            groups.setdefault(path[0], []).append(k)
    for key, members in groups.items():
        inner = _names([(entries[k][0][1:], entries[k][1]) for k in members])
        for k, name in zip(members, inner, strict=True):
            names[k] = f"{key}.{name}"
    return names
