"""What a network learns with: losses, optimizers, training, tables of data, plots."""

from micrograd_like.learn.gradients import top_gradients
from micrograd_like.learn.history import DivergenceError, History
from micrograd_like.learn.losses import (
    binary_cross_entropy,
    cross_entropy,
    hinge,
    huber,
    mae,
    max_margin,
    mse,
)
from micrograd_like.learn.optim import SGD, Adam
from micrograd_like.learn.plots import (
    SIZE,
    figure_axes,
    plot_boundary,
    plot_fit,
    plot_weights,
    styled,
)
from micrograd_like.learn.tables import Encoding, Scale, Table, house_prices, read_csv, read_rows
from micrograd_like.learn.training import fit

__all__ = [
    "SGD",
    "SIZE",
    "Adam",
    "DivergenceError",
    "Encoding",
    "History",
    "Scale",
    "Table",
    "binary_cross_entropy",
    "cross_entropy",
    "figure_axes",
    "fit",
    "hinge",
    "house_prices",
    "huber",
    "mae",
    "max_margin",
    "mse",
    "plot_boundary",
    "plot_fit",
    "plot_weights",
    "read_csv",
    "read_rows",
    "styled",
    "top_gradients",
]
