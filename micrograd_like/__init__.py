"""A scalar autograd engine that you can look inside.

>>> from micrograd_like import Value
>>> x = Value(3.0, label="x")
>>> y = x * x + x.exp()
>>> y.backward()
>>> f"{x.grad:.4f}"                     # 2x + exp(x)
'26.0855'
"""

from typing import Any

from micrograd_like import functions
from micrograd_like.arrays import to_function
from micrograd_like.backprop import Backprop
from micrograd_like.custom import rule
from micrograd_like.derivatives import derivative, grad, hessian, jacobian
from micrograd_like.descent import Descent
from micrograd_like.draw import draw_difference, draw_dot
from micrograd_like.engine import Value, replay, topological_order
from micrograd_like.functions import *  # noqa: F403 - one function for every rule
from micrograd_like.gradcheck import assert_gradients, gradcheck
from micrograd_like.losses import (
    binary_cross_entropy,
    cross_entropy,
    hinge,
    huber,
    mae,
    max_margin,
    mse,
)
from micrograd_like.nn import MLP, Layer, Module, Neuron
from micrograd_like.optim import SGD, Adam
from micrograd_like.paths import paths
from micrograd_like.plots import plot_boundary, plot_fit, plot_weights
from micrograd_like.tape import Tape
from micrograd_like.train import DivergenceError, History, fit, top_gradients

__version__ = "0.1.0"
__all__ = [
    "MLP",
    "SGD",
    "Adam",
    "Backprop",
    "Descent",
    "DivergenceError",
    "History",
    "Layer",
    "Module",
    "Neuron",
    "Tape",
    "Value",
    "assert_gradients",
    "binary_cross_entropy",
    "cross_entropy",
    "derivative",
    "draw_difference",
    "draw_dot",
    "fit",
    "grad",
    "gradcheck",
    "hessian",
    "hinge",
    "huber",
    "jacobian",
    "mae",
    "max_margin",
    "mse",
    "paths",
    "plot_boundary",
    "plot_fit",
    "plot_weights",
    "replay",
    "rule",
    "to_function",
    "top_gradients",
    "topological_order",
]
__all__ += [name for name in functions.__all__ if name != "abs"]  # Python's abs takes Values, too


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'micrograd_like' has no attribute {name!r}")
