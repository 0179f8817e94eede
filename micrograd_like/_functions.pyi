# Written from the table of rules by tests/tools/write_stubs.py.

from collections.abc import Callable
from typing import Any, overload

from micrograd_like.engine import Value
from micrograd_like.rules import Rule

__all__ = [
    "FUNCTIONS",
    "function_of",
    "exp",
    "expm1",
    "log",
    "log1p",
    "xlogy",
    "logaddexp",
    "sqrt",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "sigmoid",
    "relu",
    "leaky_relu",
    "softplus",
    "silu",
    "normal_cdf",
    "log_ndtr",
    "gelu",
    "abs",
    "maximum",
    "minimum",
]

FUNCTIONS: list[str]

def function_of(rule: Rule) -> Callable[..., Any]: ...
def documentation(rule: Rule) -> str: ...
@overload
def exp(x: Value) -> Value:
    """The exponential, e to the power x."""

@overload
def exp(x: float) -> float:
    """The exponential, e to the power x."""

@overload
def expm1(x: Value) -> Value:
    """exp(x) - 1, with all its digits next to 0."""

@overload
def expm1(x: float) -> float:
    """exp(x) - 1, with all its digits next to 0."""

@overload
def log(x: Value) -> Value:
    """The natural logarithm."""

@overload
def log(x: float) -> float:
    """The natural logarithm."""

@overload
def log1p(x: Value) -> Value:
    """log(1 + x), with all its digits next to 0."""

@overload
def log1p(x: float) -> float:
    """log(1 + x), with all its digits next to 0."""

@overload
def xlogy(x: Value, y: Value | float) -> Value:
    """x times the logarithm of y, and 0 where both are 0: a term of an entropy."""

@overload
def xlogy(x: float, y: Value) -> Value:
    """x times the logarithm of y, and 0 where both are 0: a term of an entropy."""

@overload
def xlogy(x: float, y: float) -> float:
    """x times the logarithm of y, and 0 where both are 0: a term of an entropy."""

@overload
def logaddexp(x: Value, y: Value | float) -> Value:
    """log(exp(x) + exp(y)) without overflow: a sum of numbers given by their logarithms."""

@overload
def logaddexp(x: float, y: Value) -> Value:
    """log(exp(x) + exp(y)) without overflow: a sum of numbers given by their logarithms."""

@overload
def logaddexp(x: float, y: float) -> float:
    """log(exp(x) + exp(y)) without overflow: a sum of numbers given by their logarithms."""

@overload
def sqrt(x: Value) -> Value:
    """The square root."""

@overload
def sqrt(x: float) -> float:
    """The square root."""

@overload
def sin(x: Value) -> Value:
    """The sine of an angle in radians."""

@overload
def sin(x: float) -> float:
    """The sine of an angle in radians."""

@overload
def cos(x: Value) -> Value:
    """The cosine of an angle in radians."""

@overload
def cos(x: float) -> float:
    """The cosine of an angle in radians."""

@overload
def tan(x: Value) -> Value:
    """The tangent of an angle in radians."""

@overload
def tan(x: float) -> float:
    """The tangent of an angle in radians."""

@overload
def asin(x: Value) -> Value:
    """The inverse of the sine, in radians from -π/2 to π/2."""

@overload
def asin(x: float) -> float:
    """The inverse of the sine, in radians from -π/2 to π/2."""

@overload
def acos(x: Value) -> Value:
    """The inverse of the cosine, in radians from 0 to π."""

@overload
def acos(x: float) -> float:
    """The inverse of the cosine, in radians from 0 to π."""

@overload
def atan(x: Value) -> Value:
    """The inverse of the tangent, in radians from -π/2 to π/2."""

@overload
def atan(x: float) -> float:
    """The inverse of the tangent, in radians from -π/2 to π/2."""

@overload
def sinh(x: Value) -> Value:
    """The hyperbolic sine."""

@overload
def sinh(x: float) -> float:
    """The hyperbolic sine."""

@overload
def cosh(x: Value) -> Value:
    """The hyperbolic cosine."""

@overload
def cosh(x: float) -> float:
    """The hyperbolic cosine."""

@overload
def tanh(x: Value) -> Value:
    """The hyperbolic tangent, an activation between -1 and 1."""

@overload
def tanh(x: float) -> float:
    """The hyperbolic tangent, an activation between -1 and 1."""

@overload
def sigmoid(x: Value) -> Value:
    """The logistic function, an activation between 0 and 1."""

@overload
def sigmoid(x: float) -> float:
    """The logistic function, an activation between 0 and 1."""

@overload
def relu(x: Value) -> Value:
    """Rectified linear unit: x where it is positive, else 0 (Nair and Hinton, 2010)."""

@overload
def relu(x: float) -> float:
    """Rectified linear unit: x where it is positive, else 0 (Nair and Hinton, 2010)."""

@overload
def leaky_relu(x: Value, y: Value | float = ...) -> Value:
    """A ReLU with the slope y below 0 (Maas, Hannun and Ng, 2013)."""

@overload
def leaky_relu(x: float, y: Value) -> Value:
    """A ReLU with the slope y below 0 (Maas, Hannun and Ng, 2013)."""

@overload
def leaky_relu(x: float, y: float = ...) -> float:
    """A ReLU with the slope y below 0 (Maas, Hannun and Ng, 2013)."""

@overload
def softplus(x: Value) -> Value:
    """A smooth ReLU (Dugas and others, 2001)."""

@overload
def softplus(x: float) -> float:
    """A smooth ReLU (Dugas and others, 2001)."""

@overload
def silu(x: Value) -> Value:
    """Sigmoid linear unit, also called swish (Elfwing, Uchibe and Doya, 2017)."""

@overload
def silu(x: float) -> float:
    """Sigmoid linear unit, also called swish (Elfwing, Uchibe and Doya, 2017)."""

@overload
def normal_cdf(x: Value) -> Value:
    """How probable it is that a standard normal variable is below x."""

@overload
def normal_cdf(x: float) -> float:
    """How probable it is that a standard normal variable is below x."""

@overload
def log_ndtr(x: Value) -> Value:
    """The logarithm of normal_cdf(x), also where that underflows."""

@overload
def log_ndtr(x: float) -> float:
    """The logarithm of normal_cdf(x), also where that underflows."""

@overload
def gelu(x: Value) -> Value:
    """Gaussian error linear unit: x times normal_cdf(x) (Hendrycks and Gimpel, 2016)."""

@overload
def gelu(x: float) -> float:
    """Gaussian error linear unit: x times normal_cdf(x) (Hendrycks and Gimpel, 2016)."""

@overload
def abs(x: Value) -> Value:
    """The absolute value."""

@overload
def abs(x: float) -> float:
    """The absolute value."""

@overload
def maximum(x: Value, y: Value | float) -> Value:
    """The larger of two numbers; of equal ones each has half the slope."""

@overload
def maximum(x: float, y: Value) -> Value:
    """The larger of two numbers; of equal ones each has half the slope."""

@overload
def maximum(x: float, y: float) -> float:
    """The larger of two numbers; of equal ones each has half the slope."""

@overload
def minimum(x: Value, y: Value | float) -> Value:
    """The smaller of two numbers; of equal ones each has half the slope."""

@overload
def minimum(x: float, y: Value) -> Value:
    """The smaller of two numbers; of equal ones each has half the slope."""

@overload
def minimum(x: float, y: float) -> float:
    """The smaller of two numbers; of equal ones each has half the slope."""
