"""Backprop and gradient descent step by step, and the page that plays the steps."""

from typing import TYPE_CHECKING

from micrograd_like.steps.backprop import Backprop
from micrograd_like.steps.paths import paths

if TYPE_CHECKING:
    from micrograd_like.steps.descent import Descent
else:

    def __getattr__(name):
        # A descent takes the optimizer and the plots, which backprop's steps do without.
        if name != "Descent":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from micrograd_like.steps.descent import Descent

        return Descent


__all__ = ["Backprop", "Descent", "paths"]
