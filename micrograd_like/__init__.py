"""A scalar autograd engine that you can look inside.

>>> from micrograd_like import Value
>>> x = Value(3.0, label="x")
>>> y = x * x + x.exp()
>>> y.backward()
>>> f"{x.grad:.4f}"                     # 2x + exp(x)
'26.0855'
"""

__version__ = "0.2.0"

# Names are looked up when they are first used, so that importing the package costs next to
# nothing.  What is not listed here is a rule's function.  Types are in the stub beside this file.
_PLACES = {
    "check": ("assert_gradients", "check_engine", "gradcheck"),
    "compile": ("Tape", "structure", "to_function"),
    "custom": ("rule",),
    "derivatives": ("derivative", "grad", "hessian", "jacobian"),
    "draw": ("draw_difference", "draw_dot"),
    "engine": ("Value", "replay", "topological_order"),
    "functions": ("logsumexp", "mean", "softmax"),
    "groups": ("group",),
    "learn": (
        "SGD", "Adam", "DivergenceError", "History", "binary_cross_entropy", "cross_entropy", "fit",
        "hinge", "huber", "mae", "max_margin", "mse", "plot_boundary", "plot_fit", "plot_weights",
        "top_gradients",
    ),
    "nn": ("MLP", "Layer", "Module", "Neuron"),
    "steps": ("Backprop", "Descent", "Training", "paths"),
}  # fmt: skip
_PLACE = {name: place for place, names in _PLACES.items() for name in names}
# What IPython asks for by name is no name for users.
_EXTENSION = {"load_ipython_extension": "steps", "unload_ipython_extension": "steps"}


def __getattr__(name: str) -> object:
    from importlib import import_module, util

    if name == "__all__":
        return _names()
    found: object = None
    place = _PLACE.get(name) or _EXTENSION.get(name)
    if place:
        found = getattr(import_module(f"{__name__}.{place}"), name)
    elif not name.startswith("_"):
        functions = import_module(f"{__name__}._functions")
        if name in functions.FUNCTIONS:
            found = getattr(functions, name)
        elif util.find_spec(f"{__name__}.{name}"):  # a module, such as nn
            found = import_module(f"{__name__}.{name}")
    if found is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_names()})


def _names() -> list[str]:
    """What ``from micrograd_like import *`` brings; operators, such as abs, are Python's."""
    from micrograd_like._functions import FUNCTIONS
    from micrograd_like.notation import OPERATORS

    return sorted({*_PLACE, *FUNCTIONS} - {*OPERATORS})
