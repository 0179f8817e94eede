"""The elementary functions of a kind of number: what the rules call ``m``.

A rule is read with floats, Values, mpmath's numbers and machine code, each of which has an ``exp``
of its own.  :func:`elementary` makes the ``m`` of a kind from a library that has the primitive
functions, such as Python's ``math``, and from the functions below that are composed of them.
:func:`bind` gives a rule another ``m`` to read.  On floats some functions take more care, of the
last digits and of the ends of the range.

>>> m.sigmoid(0.0), m.exp(1000.0)
(0.5, inf)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import CellType, FunctionType, ModuleType

TYPE_CHECKING = False  # typing itself would take most of the time of the import
if TYPE_CHECKING:
    from typing import Any

    Function = Callable[..., Any]
    Library = Callable[[str], Any]


__all__ = ["COMPOSED", "FLOAT_COMPOSED", "bind", "elementary", "m", "of_math"]


inf, nan = math.inf, math.nan
SMALLEST_NORMAL = 2.2250738585072014e-308
SPLIT = 1.5 * 2.0**36  # adding it leaves multiples of 2^-16
SQRT_HALF = math.sqrt(0.5)
# √½ in two parts, of which the first is short enough for products with it to be exact
SQRT_HALF_HIGH = SQRT_HALF - math.fmod(SQRT_HALF, 2.0**-30)
SQRT_HALF_LOW = (SQRT_HALF - SQRT_HALF_HIGH) - 4.833646656726457e-17


def bind(function: Function, functions: ModuleType) -> Function:
    """The same function, reading its ``m`` from other elementary functions.

    >>> import cmath
    >>> def rule(x):
    ...     return m.exp(x)
    >>> bind(rule, cmath)(0.0)
    (1+0j)
    """
    if not isinstance(function, FunctionType):
        raise TypeError(
            f"bind: takes a plain Python function, not {function!r}; write one with def"
        )
    scope = {**function.__globals__, "m": functions}
    free = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    cells = tuple(CellType(functions) if name == "m" else cell for name, cell in free)
    name, defaults = function.__name__, function.__defaults__
    return FunctionType(function.__code__, scope, name, defaults, cells)


def elementary(
    library: Library,
    composed: Mapping[str, Function] | None = None,
    compiled: Callable[[Function], Any] = lambda function: function,
) -> ModuleType:
    """The ``m`` of a kind of number.

    ``library(name)`` gives a function of that name, or None; where it has none, the function is
    composed of others.  The result is a module because Numba reads constants and functions from
    modules; ``compiled`` is there for Numba, too.
    """
    functions = ModuleType("m")
    bodies = COMPOSED if composed is None else composed

    def find(name: str) -> Any:
        found = None if name.startswith("_") else library(name)
        if found is None and name in bodies:
            found = compiled(bind(bodies[name], functions))
        if found is None:
            raise AttributeError(f"m has no function {name!r} on these numbers")
        setattr(functions, name, found)
        return found

    functions.__getattr__ = find  # type: ignore[method-assign]
    return functions


# --- composed of others, on any numbers -------------------------------------------------------


def _sigmoid(x):
    if x >= 0:
        return 1.0 / (1.0 + m.exp(-x))
    e = m.exp(x)
    return e / (1.0 + e)


def _normal_pdf(x):
    return m.exp(-0.5 * (x * x)) / m.sqrt(2.0 * m.pi)


def _normal_cdf(x):
    return 0.5 * m.erfc(-x * m.sqrt(0.5))


def _power_slope(x, y):
    return y * m.pow(x, y - 1.0)


def _asin_slope(x):
    if -0.5 < x < 0.5:
        return 1.0 / m.sqrt(1.0 - x * x)
    return m.divide(1.0, m.sqrt((1.0 - x) * (1.0 + x)))  # 1 - x² loses digits next to 1


def _divide(x, y):
    return x / y if y > 0 or y < 0 else inf


def _times(x, y):
    """How often y goes into x: floor(x / y), also where x / y is rounded to a whole number."""
    rest = x % y
    if rest >= inf or rest <= -inf:  # so is y, and x has the other sign
        return -1.0
    near = x / y - rest / y + 0.5
    if near >= inf or near <= -inf:
        return near
    return near - near % 1.0  # the slope of this is 0, whatever the numbers are


def _share(x, y):
    """exp(x) / (exp(x) + exp(y))."""
    return m.sigmoid(x - y)


def _normal_tail(x):
    """-x times normal_cdf(x) / normal_pdf(x), for x below -36."""
    u = 1.0 / (x * x)
    tail = 1.0 - 7.0 * u * (1.0 - 9.0 * u * (1.0 - 11.0 * u))
    return 1.0 - u * (1.0 - 3.0 * u * (1.0 - 5.0 * u * tail))


COMPOSED: dict[str, Function] = {
    "sigmoid": _sigmoid,
    "normal_pdf": _normal_pdf,
    "normal_cdf": _normal_cdf,
    "power_slope": _power_slope,
    "asin_slope": _asin_slope,
    "divide": _divide,
    "times": _times,
    "share": _share,
    "normal_tail": _normal_tail,
}


# --- on floats, where the last digits and the ends of the range matter ------------------------


def _float_power_slope(x, y):
    """y·x^(y-1) to 3 ulp, where x^(y-1) is out of range or y-1 is rounded, too."""
    exponent = y - 1.0
    power = m.pow(x, exponent)
    size = -power if power < 0 else power
    base = -x if x < 0 else x
    if SMALLEST_NORMAL <= size < inf:
        slope = y * power
    else:  # two halves, of which neither leaves the range unless the product does
        half = m.pow(base, 0.5 * exponent)
        slope = y * half * half
        if x < 0 and exponent % 2 == 1:
            slope = -slope
    step = exponent - y  # -1, but for rounding
    lost = (y - (exponent - step)) - (1.0 + step)  # what rounding took from the exponent
    if (lost < 0 or lost > 0) and 0 < base < inf:
        slope *= m.exp(lost * m.log(base))
    return slope


def _float_normal_pdf(x):
    """exp(-x²/2)/√(2π), with x² split so that its rounding is not multiplied by x²."""
    if x > 40 or x < -40:
        return 0.0
    high = (x + SPLIT) - SPLIT  # rounded, to few enough bits for its square to be exact
    low = x - high
    return m.exp(-0.5 * (high * high)) * m.exp(-0.5 * low * (x + high)) * 0.3989422804014327


def _float_normal_cdf(x):
    """erfc(-x/√2)/2, corrected to first order for the rounding of x/√2."""
    if x > 40 or x < -40:
        return 1.0 if x > 0 else 0.0
    high = (x + SPLIT) - SPLIT
    low = x - high
    scaled = x * SQRT_HALF
    lost = (high * SQRT_HALF_HIGH - scaled) + (high * SQRT_HALF_LOW + low * SQRT_HALF)
    return 0.5 * m.erfc(-scaled) + m.normal_pdf(x) * lost / SQRT_HALF


def _float_divide(x, y):
    return x / y if y > 0 or y < 0 else math.copysign(inf, x) if y <= 0 else nan


def _float_share(x, y):
    """exp(x) / (exp(x) + exp(y)), corrected to first order for the rounding of x - y."""
    apart = x - y
    share = m.sigmoid(apart)
    moved = apart - x  # -y, but for rounding
    lost = (x - (apart - moved)) - (y + moved)
    return share + share * m.sigmoid(-apart) * lost if lost > 0 or lost < 0 else share


FLOAT_COMPOSED = COMPOSED | {
    "normal_pdf": _float_normal_pdf,
    "normal_cdf": _float_normal_cdf,
    "power_slope": _float_power_slope,
    "divide": _float_divide,
    "share": _float_share,
}


def _overflowing(function: Callable[[float], float]) -> Callable[[float], float]:
    """The function with IEEE's infinity in place of an OverflowError."""

    def ieee(x: float) -> float:
        try:
            return function(x)
        except OverflowError:
            return math.copysign(inf, x)

    return ieee


def _cosh(x: float) -> float:
    try:
        return math.cosh(x)
    except OverflowError:
        return inf


def _pow(x: float, y: float) -> float:
    """x^y over the reals: where math.pow is not defined, or takes a limit, it raises."""
    if x < 0 and not (math.isnan(y) or y % 1 == 0):  # of an infinite y, too: (-2)^∞ has no sign
        raise ValueError("a negative base needs a whole exponent")
    if x == 0 and y < 0:
        raise ZeroDivisionError("0 to a negative power")
    try:
        return math.pow(x, y)
    except OverflowError:
        return -inf if x < 0 and y % 2 == 1 else inf


def of_math(name: str) -> Any:
    """A function of Python's ``math``, or None."""
    return math.fabs if name == "abs" else getattr(math, name, None)


ON_FLOATS: dict[str, Function] = {
    "exp": _overflowing(math.exp),
    "expm1": _overflowing(math.expm1),
    "sinh": _overflowing(math.sinh),
    "cosh": _cosh,
    "pow": _pow,
}

m = elementary(lambda name: ON_FLOATS.get(name) or of_math(name), FLOAT_COMPOSED)
