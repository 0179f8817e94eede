"""Gradient checkers of other libraries, each asked in the way that its documentation shows.

Every one gets the same function of floats and the same claimed derivative.  PyTorch, JAX and HIPS
autograd check an operation of their own kind with their own defaults.  SciPy and numdifftools
estimate a derivative and leave the verdict to their user: a claim is accepted as near to the
estimate as the estimate's own error, or 1e-6 for the one that tells none, and 1e-6 of its size.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

Function = Callable[[float], float]
NEAR = 1e-6  # what is left to an estimate, beside its own error


class Claim(NamedTuple):
    """A function, a point, and what its derivative there is claimed to be."""

    f: Function
    x: float
    slope: float


Checker = Callable[[Claim], bool | None]  # whether it accepts the claim; None: left open


def number(f: Function, x: float) -> float:
    """The function's value; NaN where it is undefined, as arrays have it."""
    try:
        return float(f(float(x)))  # not an array's number, which has rules of its own
    except (ValueError, ArithmeticError):
        return math.nan


def elementwise(f: Function) -> Callable[[Any], Any]:
    """The function for arrays, with the array's shape."""
    import numpy as np

    return lambda x: np.reshape([number(f, v) for v in np.ravel(x)], np.shape(x))


def near(claim: Claim, estimate: float, error: float) -> bool | None:
    """Whether the claim is the estimate within its error; open where that is no number."""
    if not (math.isfinite(estimate) and math.isfinite(error)):
        return None
    return abs(claim.slope - estimate) <= error + NEAR * abs(estimate)


def pytorch() -> Checker:
    """torch.autograd.gradcheck."""
    import torch

    def check(claim: Claim) -> bool:
        class Custom(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                return torch.tensor(number(claim.f, x), dtype=torch.float64)

            @staticmethod
            def backward(ctx: Any, upstream: Any) -> Any:
                return upstream * claim.slope

        x = torch.tensor(claim.x, dtype=torch.float64, requires_grad=True)
        return bool(torch.autograd.gradcheck(Custom.apply, (x,), raise_exception=False))

    return check


def jax() -> Checker:
    """jax.test_util.check_grads, first order, forward and reverse."""
    import jax
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)

    def check(claim: Claim) -> bool:
        shape = jax.ShapeDtypeStruct((), "float64")

        @jax.custom_jvp
        def custom(x: Any) -> Any:
            return jax.pure_callback(lambda v: jax.numpy.float64(number(claim.f, v)), shape, x)

        custom.defjvp(lambda xs, moved: (custom(*xs), moved[0] * claim.slope))
        try:
            check_grads(custom, (claim.x,), order=1)
        except AssertionError:
            return False
        return True

    return check


def hips() -> Checker:
    """autograd.test_util.check_grads, first order; its directions are random, so 11 are tried."""
    import numpy as np
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    def check(claim: Claim) -> bool:
        custom = primitive(lambda x: number(claim.f, x))
        defvjp(custom, lambda value, x: lambda upstream: upstream * claim.slope)
        accepted = 0
        for seed in range(11):
            np.random.seed(seed)  # the generator that it uses
            try:
                check_grads(custom, modes=["rev"], order=1)(claim.x)
                accepted += 1
            except AssertionError:
                pass
        return accepted > 5

    return check


def scipy_check_grad() -> Checker:
    """scipy.optimize.check_grad, which tells the distance from a forward difference."""
    from scipy.optimize import check_grad

    def check(claim: Claim) -> bool | None:
        distance = check_grad(lambda x: number(claim.f, x[0]), lambda x: [claim.slope], [claim.x])
        return near(claim, claim.slope + distance, NEAR)

    return check


def scipy_derivative() -> Checker:
    """scipy.differentiate.derivative, with its error; open where it says that it failed."""
    from scipy.differentiate import derivative

    def check(claim: Claim) -> bool | None:
        found = derivative(elementwise(claim.f), claim.x)
        return near(claim, float(found.df), float(found.error)) if found.success else None

    return check


def numdifftools() -> Checker:
    """numdifftools.Derivative, with its estimate of the error."""
    from numdifftools import Derivative

    def check(claim: Claim) -> bool | None:
        found = Derivative(elementwise(claim.f), full_output=True)(claim.x)
        return near(claim, float(found.estimate), float(found.error_estimate))

    return check


# Each with the package that it is in.
PEERS: dict[str, tuple[str, Callable[[], Checker]]] = {
    "PyTorch": ("torch", pytorch),
    "JAX": ("jax", jax),
    "HIPS autograd": ("autograd", hips),
    "SciPy, `check_grad`": ("scipy", scipy_check_grad),
    "SciPy, `derivative`": ("scipy", scipy_derivative),
    "numdifftools": ("numdifftools", numdifftools),
}
