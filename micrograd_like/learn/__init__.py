"""What a network learns with: losses, optimizers, training, tables of data, plots."""

from micrograd_like.learn.csv_tables import GAPS_ARE, NewRows, read_csv, read_rows
from micrograd_like.learn.data import Point, points_of, split
from micrograd_like.learn.gradients import top_gradients
from micrograd_like.learn.history import DivergenceError, History, percent, spread
from micrograd_like.learn.losses import (
    binary_cross_entropy,
    cross_entropy,
    hinge,
    huber,
    mae,
    max_margin,
    mse,
)
from micrograd_like.learn.metrics import (
    RegressionScores,
    accuracy,
    baselines,
    confusion,
    regression_scores,
)
from micrograd_like.learn.optim import SGD, Adam
from micrograd_like.learn.passes import has_classes, passes
from micrograd_like.learn.plots import (
    MARGIN,
    SIZE,
    along_epochs,
    between,
    figure_axes,
    is_wide,
    lead,
    plot_boundary,
    plot_fit,
    plot_weights,
    styled,
)
from micrograd_like.learn.tables import Encoding, Scale, Table, house_prices
from micrograd_like.learn.training import fit

__all__ = [
    "GAPS_ARE",
    "MARGIN",
    "SGD",
    "SIZE",
    "Adam",
    "DivergenceError",
    "Encoding",
    "History",
    "NewRows",
    "Point",
    "RegressionScores",
    "Scale",
    "Table",
    "accuracy",
    "along_epochs",
    "baselines",
    "between",
    "binary_cross_entropy",
    "confusion",
    "cross_entropy",
    "figure_axes",
    "fit",
    "has_classes",
    "hinge",
    "house_prices",
    "huber",
    "is_wide",
    "lead",
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
    "regression_scores",
    "split",
    "spread",
    "styled",
    "top_gradients",
]
