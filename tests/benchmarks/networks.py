"""The networks and the rows of data that every way of computing gets."""

import random
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from micrograd_like import MLP, Value, cross_entropy

Floats = NDArray[np.float64]
PENALTY = 1e-4  # for large weights, in the loss of micrograd's demo


class Network(NamedTuple):
    """An MLP of rectified layers and its loss.

    With one output the loss is the hinge of a label of -1 or 1, and the penalty; with several it is
    the cross entropy.
    """

    sizes: tuple[int, ...]

    @property
    def has_classes(self) -> bool:
        """Whether there is an output for each class."""
        return self.sizes[-1] > 1

    def __str__(self) -> str:
        nin, *nouts = self.sizes
        return f"MLP({nin}, {nouts})"


NETWORKS = {
    "moons": Network((2, 16, 16, 1)),
    "digits": Network((64, 16, 10)),
    "deep": Network((64, 64, 64, 10)),
}


class Data(NamedTuple):
    """Parameters, neuron by neuron, and a batch."""

    sizes: tuple[int, ...]
    parameters: Floats
    X: Floats  # (rows, inputs)
    T: Floats  # a label of each row, (rows, 1), or 1 in the column of its class
    classes: NDArray[np.int64]  # their numbers

    @property
    def layers(self) -> list[Floats]:
        """A matrix for each layer, (inputs + 1, outputs), with the bias for its last row."""
        found, at = [], 0
        for n, nout in zip(self.sizes, self.sizes[1:], strict=False):
            end = at + (n + 1) * nout
            found.append(self.parameters[at:end].reshape(nout, n + 1).T.copy())
            at = end
        return found


def vector(layers: Iterable[Any]) -> Floats:
    """Matrices, or pairs of matrix and bias, as one vector in the order of the parameters."""
    return np.concatenate([np.vstack(tuple(map(np.atleast_2d, part))).T.ravel() for part in layers])


def data_of(network: Network, count: int) -> Data:
    """So many rows, drawn at random, and parameters as our networks draw them."""
    rng, nout = np.random.default_rng(0), network.sizes[-1]
    parameters = np.array([p.data for p in model_of(network).parameters()])
    X = rng.normal(size=(count, 2)) if network.sizes[0] == 2 else rng.random((count, 64))
    classes = rng.integers(0, max(nout, 2), count)
    T = np.eye(nout)[classes] if network.has_classes else 2.0 * classes[:, None] - 1
    return Data(network.sizes, parameters, X, T.astype(np.float64), classes)


def model_of(network: Network) -> MLP:
    """Our network."""
    random.seed(1337)
    return MLP(network.sizes[0], list(network.sizes[1:]), init="xavier")


def recorded(network: Network, model: MLP) -> tuple[Value, list[Value], list[Value]]:
    """The graph of one row's loss, its inputs and its targets."""
    x = [Value(0.1 * k, f"x{k}") for k in range(network.sizes[0])]
    if network.has_classes:
        target = [Value(float(k == 0), f"t{k}") for k in range(network.sizes[-1])]
        return cross_entropy([model(x)], [target]), x, target
    label = Value(1.0, "label")
    hinge = (1 + -label * model(x)).relu()
    return hinge + PENALTY * sum(p * p for p in model.parameters()), x, [label]
