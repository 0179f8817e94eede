"""What a network learns with: losses, optimizers, training, tables of data, plots."""

from micrograd_like.learn.data import Point, points_of, split
from micrograd_like.learn.gradients import top_gradients
from micrograd_like.learn.history import DivergenceError, History, percent
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
from micrograd_like.learn.passes import has_classes, passes
from micrograd_like.learn.plots import (
    SIZE,
    figure_axes,
    is_wide,
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
    "Point",
    "Scale",
    "Table",
    "binary_cross_entropy",
    "cross_entropy",
    "figure_axes",
    "fit",
    "has_classes",
    "hinge",
    "house_prices",
    "huber",
    "is_wide",
    "mae",
    "max_margin",
    "mse",
    "passes",
    "percent",
    "plot_boundary",
    "plot_fit",
    "plot_weights",
    "points_of",
    "read_csv",
    "read_rows",
    "split",
    "styled",
    "top_gradients",
]
