"""Backprop and gradient descent step by step, and the page that plays the steps."""

from micrograd_like.steps.backprop import Backprop
from micrograd_like.steps.descent import Descent
from micrograd_like.steps.paths import paths

__all__ = ["Backprop", "Descent", "paths"]
