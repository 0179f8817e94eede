"""The hard points put to several gradient checkers: false alarms, misses, points left open.

``python tests/benchmarks/checkers.py`` prints a table of the checkers that are installed, each with
its defaults in float64.  Every checker gets the same function of floats and the same claimed
gradient, as a custom operation of its own library.
"""

import math
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tools.hard_points import HARD_POINTS, HardPoint

from micrograd_like import gradcheck

Checker = Callable[[HardPoint], bool | None]  # whether it accepts the gradient; None: left open


def ours(reference: str) -> Checker:
    """The one of this package, against differences or hundreds of digits."""

    def check(p: HardPoint) -> bool | None:
        report = gradcheck(p.f, p.x, gradient=[p.gradient], reference=reference)
        if any(c.outcome == "inconclusive" for c in report.checks):
            return None
        return report.ok

    return check


def number(p: HardPoint, x: float) -> float:
    """The function; NaN where it is undefined, as arrays have it."""
    try:
        return float(p.f(x))
    except (ValueError, ArithmeticError):
        return math.nan


def pytorch() -> Checker:
    """torch.autograd.gradcheck."""
    import torch

    def check(p: HardPoint) -> bool:
        class Custom(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return torch.tensor(number(p, x.item()), dtype=torch.float64)

            @staticmethod
            def backward(ctx, upstream):
                return upstream * p.gradient

        x = torch.tensor(p.x, dtype=torch.float64, requires_grad=True)
        return bool(torch.autograd.gradcheck(Custom.apply, (x,), raise_exception=False))

    return check


def jax() -> Checker:
    """jax.test_util.check_grads, first order, forward and reverse."""
    import jax
    from jax.test_util import check_grads

    jax.config.update("jax_enable_x64", True)

    def check(p: HardPoint) -> bool:
        shape = jax.ShapeDtypeStruct((), "float64")

        @jax.custom_jvp
        def custom(x):
            return jax.pure_callback(lambda v: jax.numpy.float64(number(p, float(v))), shape, x)

        custom.defjvp(lambda xs, moved: (custom(*xs), moved[0] * p.gradient))
        try:
            check_grads(custom, (p.x,), order=1)
        except AssertionError:
            return False
        return True

    return check


def hips() -> Checker:
    """autograd.test_util.check_grads, first order; its directions are random, so 11 are tried."""
    import numpy as np
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    def check(p: HardPoint) -> bool:
        custom = primitive(lambda x: number(p, x))
        defvjp(custom, lambda value, x: lambda upstream: upstream * p.gradient)
        accepted = 0
        for seed in range(11):
            np.random.seed(seed)  # the generator that it uses
            try:
                check_grads(custom, modes=["rev"], order=1)(p.x)
                accepted += 1
            except AssertionError:
                pass
        return accepted > 5

    return check


CHECKERS: dict[str, Callable[[], Checker]] = {
    "micrograd_like": lambda: ours("differences"),
    "micrograd_like, mpmath": lambda: ours("mpmath"),
    "PyTorch": pytorch,
    "JAX": jax,
    "HIPS autograd": hips,
}


def row(name: str, check: Checker) -> str:
    """A checker's line of the table."""
    verdicts = [(p.right, check(p)) for p in HARD_POINTS]
    alarms, misses = verdicts.count((True, False)), verdicts.count((False, True))
    left_open = sum(verdict is None for _, verdict in verdicts)
    return f"| {name} | {alarms} of 29 | {misses} of 26 | {left_open} |"


def main() -> None:
    """Print the table."""
    print("| checker | false alarms | misses | left open |\n| --- | ---: | ---: | ---: |")
    for name, load in CHECKERS.items():
        try:
            check = load()
        except ImportError:
            print(f"| {name} | not installed | | |")
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            print(row(name, check))


if __name__ == "__main__":
    main()
