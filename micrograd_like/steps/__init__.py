"""Backprop, gradient descent and training step by step, and the pages that play the steps."""

from typing import TYPE_CHECKING

from micrograd_like.steps.backprop import Backprop
from micrograd_like.steps.paths import paths

if TYPE_CHECKING:
    from micrograd_like.steps.descent import Descent
    from micrograd_like.steps.magic import load_ipython_extension, unload_ipython_extension
    from micrograd_like.steps.training import Training
else:
    # What learns and the plots, which backprop's steps do without; and what only notebooks load.
    LATER = {
        "Descent": "descent",
        "Training": "training",
        "load_ipython_extension": "magic",
        "unload_ipython_extension": "magic",
    }

    def __getattr__(name):
        if name not in LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(f"{__name__}.{LATER[name]}"), name)


__all__ = [
    "Backprop",
    "Descent",
    "Training",
    "load_ipython_extension",
    "paths",
    "unload_ipython_extension",
]
