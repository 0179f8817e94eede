"""What a user writes, for mypy and pyright: both check this file in `test_typing.py`.

Each line that is wrong has a comment that makes it right for a checker; a checker that finds
nothing wrong there says that the comment is not needed, and the test fails.
"""

from typing import assert_type

import micrograd_like
from micrograd_like import (
    MLP,
    Neuron,
    Value,
    cross_entropy,
    log_ndtr,
    logsumexp,
    maximum,
    mean,
    mse,
    rule,
    softmax,
    tanh,
    xlogy,
)

a, b = Value(2.0, label="a"), Value(-3.0)

# Operators and methods give Values; numbers may stand on both sides.
assert_type(a + b, Value)
assert_type(2 * a - 1.0, Value)
assert_type((a / b) ** 2, Value)
assert_type(-abs(a), Value)
assert_type(a % b + a % 2 - 3.0 % a, Value)
assert_type(a.tanh(), Value)
assert_type(a.maximum(1), Value)
assert_type(a.leaky_relu(), Value)

# Functions give what they are given.
assert_type(tanh(a), Value)
assert_type(tanh(0.5), float)
assert_type(maximum(1.0, a), Value)
assert_type(maximum(1.0, 2), float)
assert_type(xlogy(a, 2), Value)
assert_type(log_ndtr(-50), float)
assert_type(mean([a, b]), Value)
assert_type(mean([1.0, 2.0]), float)
assert_type(logsumexp([a, b]), Value)
assert_type(softmax([a, b]), list[Value])

# Losses of Values are Values, of numbers numbers, and lists of them without a reduction.
model = MLP(2, [4, 1], activation="tanh")
assert_type(Neuron(2)([1.0, a]), Value)
assert_type(mse(a, 1.0), Value)
assert_type(mse([a, b], [1.0, 2.0]), Value)
assert_type(mse([1.0], [2.0]), float)
assert_type(mse([a], [2.0], reduction="none"), list[Value])
assert_type(mse(model([1.0, 2.0]), 1.0), Value)
assert_type(mse([model(row) for row in [[1.0, 2.0]]], [1.0]), Value)
assert_type(cross_entropy([a, b], 1), Value)
model([1.0, 2.0]).backward()
first, second = MLP(2, [2])([1.0, 2.0])
assert_type(first, Value)


@rule("sq", "x**2", "2 * x")
def square(x):  # type: ignore[no-untyped-def]
    """A rule of one's own is a function of numbers and Values."""
    return x * x, 2 * x


square(a)

# What is misspelled, or called in a wrong way, is an error.
a.tanhh()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
a.maximum(1, 2, 3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
micrograd_like.tahn  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
tanh("0.5")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
Value("2")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
mse(a, 1.0).bakward()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
model([1.0]).bakward()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
