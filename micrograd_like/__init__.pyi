# Written from the table of rules by tests/tools/write_stubs.py.

from micrograd_like.check import assert_gradients as assert_gradients
from micrograd_like.check import check_engine as check_engine
from micrograd_like.check import gradcheck as gradcheck
from micrograd_like.compile import Tape as Tape
from micrograd_like.compile import structure as structure
from micrograd_like.compile import to_function as to_function
from micrograd_like.custom import rule as rule
from micrograd_like.derivatives import derivative as derivative
from micrograd_like.derivatives import grad as grad
from micrograd_like.derivatives import hessian as hessian
from micrograd_like.derivatives import jacobian as jacobian
from micrograd_like.draw import draw_difference as draw_difference
from micrograd_like.draw import draw_dot as draw_dot
from micrograd_like.engine import Value as Value
from micrograd_like.engine import replay as replay
from micrograd_like.engine import topological_order as topological_order
from micrograd_like.functions import logsumexp as logsumexp
from micrograd_like.functions import mean as mean
from micrograd_like.functions import softmax as softmax
from micrograd_like.groups import group as group
from micrograd_like.learn import SGD as SGD
from micrograd_like.learn import Adam as Adam
from micrograd_like.learn import DivergenceError as DivergenceError
from micrograd_like.learn import History as History
from micrograd_like.learn import binary_cross_entropy as binary_cross_entropy
from micrograd_like.learn import cross_entropy as cross_entropy
from micrograd_like.learn import fit as fit
from micrograd_like.learn import hinge as hinge
from micrograd_like.learn import huber as huber
from micrograd_like.learn import mae as mae
from micrograd_like.learn import max_margin as max_margin
from micrograd_like.learn import mse as mse
from micrograd_like.learn import plot_boundary as plot_boundary
from micrograd_like.learn import plot_fit as plot_fit
from micrograd_like.learn import plot_weights as plot_weights
from micrograd_like.learn import top_gradients as top_gradients
from micrograd_like.nn import MLP as MLP
from micrograd_like.nn import Layer as Layer
from micrograd_like.nn import Module as Module
from micrograd_like.nn import Neuron as Neuron
from micrograd_like.steps import Backprop as Backprop
from micrograd_like.steps import Descent as Descent
from micrograd_like.steps import Training as Training
from micrograd_like.steps import paths as paths
from micrograd_like._functions import exp as exp
from micrograd_like._functions import expm1 as expm1
from micrograd_like._functions import log as log
from micrograd_like._functions import log1p as log1p
from micrograd_like._functions import xlogy as xlogy
from micrograd_like._functions import logaddexp as logaddexp
from micrograd_like._functions import sqrt as sqrt
from micrograd_like._functions import sin as sin
from micrograd_like._functions import cos as cos
from micrograd_like._functions import tan as tan
from micrograd_like._functions import asin as asin
from micrograd_like._functions import acos as acos
from micrograd_like._functions import atan as atan
from micrograd_like._functions import sinh as sinh
from micrograd_like._functions import cosh as cosh
from micrograd_like._functions import tanh as tanh
from micrograd_like._functions import sigmoid as sigmoid
from micrograd_like._functions import relu as relu
from micrograd_like._functions import leaky_relu as leaky_relu
from micrograd_like._functions import softplus as softplus
from micrograd_like._functions import silu as silu
from micrograd_like._functions import normal_cdf as normal_cdf
from micrograd_like._functions import log_ndtr as log_ndtr
from micrograd_like._functions import gelu as gelu
from micrograd_like._functions import maximum as maximum
from micrograd_like._functions import minimum as minimum

__all__ = [
    "Adam",
    "Backprop",
    "Descent",
    "DivergenceError",
    "History",
    "Layer",
    "MLP",
    "Module",
    "Neuron",
    "SGD",
    "Tape",
    "Training",
    "Value",
    "acos",
    "asin",
    "assert_gradients",
    "atan",
    "binary_cross_entropy",
    "check_engine",
    "cos",
    "cosh",
    "cross_entropy",
    "derivative",
    "draw_difference",
    "draw_dot",
    "exp",
    "expm1",
    "fit",
    "gelu",
    "grad",
    "gradcheck",
    "group",
    "hessian",
    "hinge",
    "huber",
    "jacobian",
    "leaky_relu",
    "log",
    "log1p",
    "log_ndtr",
    "logaddexp",
    "logsumexp",
    "mae",
    "max_margin",
    "maximum",
    "mean",
    "minimum",
    "mse",
    "normal_cdf",
    "paths",
    "plot_boundary",
    "plot_fit",
    "plot_weights",
    "relu",
    "replay",
    "rule",
    "sigmoid",
    "silu",
    "sin",
    "sinh",
    "softmax",
    "softplus",
    "sqrt",
    "structure",
    "tan",
    "tanh",
    "to_function",
    "top_gradients",
    "topological_order",
    "xlogy",
]
__version__: str
