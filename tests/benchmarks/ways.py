"""Ways to compute a step, forward and backward, for many rows at once, each in its best form.

A way takes a `Network` and gives a function of `Data` that gives the step, and how to put the
gradient that the step returns in the order of the parameters.  Everything is in float64.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from networks import PENALTY, Data, Floats, Network, model_of, recorded, vector

from micrograd_like import Tape

OURS, INTO_VALUES, BY_HAND = "micrograd_like", "micrograd_like, into Values", "NumPy by hand"
HELD = 15 * 10**6  # numbers, of which some form several arrays
Step = Callable[[], tuple[Any, Any]]  # the loss, and its gradient
On = Callable[[Data], tuple[Step, Callable[[Any], Floats]]]
Way = Callable[[Network], On]


def tape(network: Network) -> On:
    """The tape of one row's loss, with parameters and gradients in arrays."""
    model = model_of(network)
    loss, x, target = recorded(network, model)
    replayed = Tape(loss, [*x, *target])
    places = {id(p): k for k, p in enumerate(replayed.parameters)}
    order = [places[id(p)] for p in model.parameters()]
    numbers = np.array([p.data for p in replayed.parameters])

    def on(data: Data) -> tuple[Step, Callable[[Any], Floats]]:
        rows = np.hstack([data.X, data.T])
        upstream = np.full((len(rows), 1), 1 / len(rows))

        def step() -> tuple[Any, Any]:
            losses, gradient = replayed.outputs_and_gradients(rows, numbers, upstream)
            return losses.mean(), gradient

        return step, lambda gradient: gradient[order]

    return on


def into_values(network: Network) -> On:
    """The same, with parameters and gradients in Values."""
    model = model_of(network)
    loss, x, target = recorded(network, model)
    replayed = Tape(loss, [*x, *target])
    parameters = model.parameters()

    def on(data: Data) -> tuple[Step, Callable[[Any], Floats]]:
        rows = np.hstack([data.X, data.T])

        def step() -> tuple[Any, Any]:
            model.zero_grad()
            return replayed.gradient(rows).mean(), parameters

        return step, lambda values: np.array([p.grad for p in values])

    return on


class ByHand:
    """The chain rule written by hand on NumPy's matrices: one product a layer and direction.

    A column of ones beside each layer's values makes the bias a row of its matrix.  All parameters
    are views of one vector, ``numbers``, and so are their gradients.  Memory is kept.
    """

    def __init__(self, data: Data) -> None:
        self.numbers = np.concatenate([layer.ravel() for layer in data.layers])
        self.gradient = np.empty_like(self.numbers)
        self.sizes = data.sizes
        self.weights, self.slopes = self.views(self.numbers), self.views(self.gradient)
        self.memory: dict[int, tuple[list[Floats], list[Floats]]] = {}  # by the number of rows

    def views(self, numbers: Floats) -> list[Floats]:
        """A matrix (inputs + 1, outputs) for each layer."""
        found, at = [], 0
        for n, nout in zip(self.sizes, self.sizes[1:], strict=False):
            end = at + (n + 1) * nout
            found.append(numbers[at:end].reshape(n + 1, nout))
            at = end
        return found

    def buffers(self, count: int) -> tuple[list[Floats], list[Floats]]:
        """The hidden layers' values with ones beside them, and every layer's gradients."""
        if count not in self.memory:
            hidden = [np.ones((count, n + 1)) for n in self.sizes[1:-1]]
            self.memory[count] = hidden, [np.empty((count, n)) for n in self.sizes[1:]]
        return self.memory[count]

    def step(self, X: Floats, T: Floats) -> tuple[float, list[Floats]]:
        """The mean loss and its gradient; ``X`` has a column of ones at its end."""
        hidden, backs = self.buffers(len(X))
        layers, last = [X, *hidden], len(self.weights) - 1
        for k in range(last):
            h = layers[k + 1][:, :-1]
            np.matmul(layers[k], self.weights[k], out=h)
            np.maximum(h, 0.0, out=h)
        back = np.matmul(layers[last], self.weights[last], out=backs[last])
        loss = cross_entropy(back, T) if T.shape[1] > 1 else hinge(back, T)
        for k in range(last, -1, -1):
            np.matmul(layers[k].T, back, out=self.slopes[k])
            if k:
                before = np.matmul(back, self.weights[k][:-1].T, out=backs[k - 1])
                before *= layers[k][:, :-1] > 0
                back = before
        if T.shape[1] == 1:
            loss += PENALTY * float(self.numbers @ self.numbers)
            self.gradient += 2 * PENALTY * self.numbers
        return loss, self.slopes


def cross_entropy(z: Floats, T: Floats) -> float:
    """The mean loss; the logits are overwritten with its gradient for them."""
    z -= z.max(axis=1, keepdims=True)
    right = np.vdot(z, T)
    np.exp(z, out=z)
    total = z.sum(axis=1, keepdims=True)
    z /= total
    z -= T
    z /= len(z)
    return float(np.log(total).sum() - right) / len(z)


def hinge(z: Floats, T: Floats) -> float:
    """The mean loss; the scores are overwritten with its gradient for them."""
    margin = 1 - T * z
    np.multiply(T, margin > 0, out=z)
    z /= -len(z)
    return float(np.maximum(margin, 0.0).mean())


def by_hand(network: Network) -> On:
    """NumPy's matrices, the chain rule written by hand."""

    def on(data: Data) -> tuple[Step, Callable[[Any], Floats]]:
        X, written = np.column_stack([data.X, np.ones(len(data.X))]), ByHand(data)
        return lambda: written.step(X, data.T), vector

    return on


def pytorch(network: Network) -> On:
    """PyTorch's matrices on one thread."""
    torch = import_module("torch")
    torch.set_num_threads(1)

    def on(data: Data) -> tuple[Step, Callable[[Any], Floats]]:
        weights = [
            (
                torch.tensor(layer[:-1], requires_grad=True),
                torch.tensor(layer[-1], requires_grad=True),
            )
            for layer in data.layers
        ]
        leaves = [part for layer in weights for part in layer]
        X, T, classes = map(torch.tensor, (data.X, data.T, data.classes))

        def step() -> tuple[Any, Any]:
            out = X
            for W, b in weights[:-1]:
                out = torch.addmm(b, out, W).relu_()
            out = torch.addmm(weights[-1][1], out, weights[-1][0])
            if network.has_classes:
                loss = torch.nn.functional.cross_entropy(out, classes)
            else:
                numbers = torch.cat([leaf.view(-1) for leaf in leaves])
                loss = (1 - T * out).relu_().mean() + PENALTY * torch.dot(numbers, numbers)
            found = torch.autograd.grad(loss, leaves)
            return loss.detach(), found

        return step, lambda found: vector(zip(found[::2], found[1::2], strict=True))

    return on


def jitted(network: Network) -> On:
    """JAX's matrices, value and gradient compiled together."""
    jax = import_module("jax")
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy

    def loss_of(weights: Any, X: Any, T: Any) -> Any:
        out = X
        for k, (W, b) in enumerate(weights):
            out = out @ W + b
            out = jnp.maximum(out, 0.0) if k < len(weights) - 1 else out
        if network.has_classes:
            return (jax.nn.logsumexp(out, axis=1) - (out * T).sum(axis=1)).mean()
        size = sum((part * part).sum() for layer in weights for part in layer)
        return jnp.maximum(1 - T * out, 0.0).mean() + PENALTY * size

    compiled = jax.jit(jax.value_and_grad(loss_of))

    def on(data: Data) -> tuple[Step, Callable[[Any], Floats]]:
        weights = [(jnp.asarray(layer[:-1]), jnp.asarray(layer[-1])) for layer in data.layers]
        X, T = jnp.asarray(data.X), jnp.asarray(data.T)
        return lambda: jax.block_until_ready(compiled(weights, X, T)), vector

    return on


def casadi(network: Network) -> On:
    """CasADi's graph of scalars for one row, mapped over the rows and summed, with its buffers."""
    ca = import_module("casadi")
    nin, nout = network.sizes[0], network.sizes[-1]
    count = sum((n + 1) * m for n, m in zip(network.sizes, network.sizes[1:], strict=False))
    x, t, p = ca.SX.sym("x", nin), ca.SX.sym("t", nout), ca.SX.sym("p", count)
    outputs = casadi_outputs(ca, network, x, p)
    if network.has_classes:
        loss = ca.logsumexp(outputs) - ca.dot(t, outputs)
    else:
        loss = ca.fmax(1 - t * outputs, 0)
    each = ca.Function("each", [x, t, p], [loss, ca.gradient(loss, p)])
    penalty = 0.0 if network.has_classes else PENALTY

    def on(data: Data) -> tuple[Step, Callable[[Any], Floats]]:
        rows = len(data.X)
        if rows * count > HELD:
            raise MemoryError(f"CasADi would hold {count} gradients of {rows} rows")
        X, T, P = ca.MX.sym("X", nin, rows), ca.MX.sym("T", nout, rows), ca.MX.sym("P", count)
        total, gradient = each.map("mapped", "serial", rows, [2], [0, 1])(X, T, P)
        results = [total / rows + penalty * ca.sumsqr(P), gradient / rows + 2 * penalty * P]
        buffer, trigger = ca.Function("whole", [X, T, P], results).buffer()
        held = [data.X.copy(), data.T.copy(), data.parameters.copy()]  # rows are its columns
        found = [np.zeros(1), np.zeros(count)]
        for k, array in enumerate(held):
            buffer.set_arg(k, array.ravel().data)
        for k, array in enumerate(found):
            buffer.set_res(k, array.data)

        def step() -> tuple[Any, Any]:
            trigger()
            return found[0][0], found[1]

        vars(step)["held"] = buffer, held  # as long as the step
        return step, np.asarray

    return on


def casadi_outputs(ca: Any, network: Network, x: Any, p: Any) -> Any:
    """The network's outputs, scalar by scalar."""
    layer, at = [x[k] for k in range(network.sizes[0])], 0
    for k, nout in enumerate(network.sizes[1:]):
        outputs = []
        for _ in range(nout):
            out = p[at + len(layer)]
            for j, value in enumerate(layer):
                out = out + p[at + j] * value
            at += len(layer) + 1
            outputs.append(ca.fmax(out, 0) if k < len(network.sizes) - 2 else out)
        layer = outputs
    return ca.vertcat(*layer)


WAYS: dict[str, Way] = {
    OURS: tape,
    INTO_VALUES: into_values,
    BY_HAND: by_hand,
    "JAX, jitted": jitted,
    "PyTorch tensors": pytorch,
    "CasADi SX, mapped": casadi,
}
