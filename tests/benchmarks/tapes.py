"""One step of learning through the tape, beside other ways to compute it for many rows at once.

Every way gets the same network, the same rows and the same parameters, and returns the loss and the
gradient; they are compared before anything is measured.  ``compare.py`` prints and draws this.
"""

import gc
import math
import random
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from micrograd_like import MLP, SGD, Tape, Value, cross_entropy

SIZES = (1, 8, 32, 128, 1024, 10**4, 10**5)  # of batches
LENGTHS = (10**3, 10**4, 10**5, 10**6)  # operations of a graph
TICKS = {1e-9: "1 ns", 1e-8: "10 ns", 1e-7: "100 ns", 1e-6: "1 µs", 1e-5: "10 µs"}
TICKS |= {1e-4: "100 µs", 1e-3: "1 ms", 1e-2: "10 ms"}
PENALTY = 1e-4
OURS = "micrograd_like"
Step = Callable[[], tuple[float, Any]]  # the loss, and its gradient by parameter


class Data(NamedTuple):
    """A network's shape, its parameters neuron by neuron, and a batch."""

    sizes: list[int]
    parameters: list[float]
    X: Any
    y: Any  # labels of -1 and 1, or the numbers of classes


def matrices(data: Data) -> list[tuple[Any, Any]]:
    """The parameters as a matrix and a vector for each layer."""
    found, at = [], 0
    for n, nout in zip(data.sizes, data.sizes[1:], strict=False):
        block = np.array(data.parameters[at : at + (n + 1) * nout]).reshape(nout, n + 1)
        found.append((block[:, :-1].T.copy(), block[:, -1].copy()))
        at += (n + 1) * nout
    return found


def flat(gradients: Any) -> Any:
    """Matrices and vectors as one vector in the order of the parameters."""
    return np.concatenate([np.vstack([W, b]).T.ravel() for W, b in gradients])


def network_of(data: Data, seed: int = 0) -> MLP:
    """Our network with the data's parameters."""
    random.seed(seed)
    model = MLP(data.sizes[0], data.sizes[1:])
    for p, number in zip(model.parameters(), data.parameters, strict=True):
        p.data = number
    return model


def moons_data(count: int) -> Data:
    """micrograd's demo: MLP(2, [16, 16, 1]), points of two classes."""
    rng = np.random.default_rng(0)
    random.seed(1337)
    parameters = [p.data for p in MLP(2, [16, 16, 1]).parameters()]
    X = rng.normal(size=(count, 2))
    return Data([2, 16, 16, 1], parameters, X, np.where(rng.random(count) < 0.5, -1.0, 1.0))


def tape_moons(data: Data) -> Step:
    """The tape of one point's loss and the penalty."""
    model = network_of(data)
    x, label = [Value(0.1), Value(0.2)], Value(1.0)
    loss = (1 + -label * model(x)).relu() + PENALTY * sum(p * p for p in model.parameters())
    tape, rows = Tape(loss, [*x, label]), np.column_stack([data.X, data.y])
    parameters = model.parameters()

    def step() -> tuple[float, Any]:
        """Zero the gradients, forward, backward."""
        model.zero_grad()
        return tape.gradient(rows).mean(), parameters

    return step


def casadi_moons(data: Data) -> Step:
    """A symbolic function of one point, mapped over the points and summed, with its buffers."""
    ca = import_module("casadi")
    x, label = ca.SX.sym("x", 2), ca.SX.sym("label")
    p = ca.SX.sym("p", len(data.parameters))
    layer, at = [x[0], x[1]], 0
    for k, nout in enumerate(data.sizes[1:]):
        outputs = []
        for _ in range(nout):
            out = p[at + len(layer)]
            for j, value in enumerate(layer):
                out = out + p[at + j] * value
            at += len(layer) + 1
            outputs.append(ca.fmax(out, 0) if k < len(data.sizes) - 2 else out)
        layer = outputs
    loss = ca.fmax(1 - label * layer[0], 0)
    each = ca.Function("each", [x, label, p], [loss, ca.gradient(loss, p)])
    count = len(data.X)
    mapped = each.map("mapped", "serial", count, [2], [0, 1])
    X, labels, P = ca.MX.sym("X", 2, count), ca.MX.sym("y", 1, count), ca.MX.sym("p", p.numel())
    total, gradient = mapped(X, labels, P)
    whole = ca.Function(
        "whole",
        [X, labels, P],
        [total / count + PENALTY * ca.sumsqr(P), gradient / count + 2 * PENALTY * P],
    )
    buffer, trigger = whole.buffer()
    held = [np.asfortranarray(data.X.T), data.y.copy(), np.array(data.parameters)]
    results = [np.zeros(1), np.zeros(len(data.parameters))]
    for k, array in enumerate(held):
        buffer.set_arg(k, memoryview(array.ravel(order="K")))
    for k, array in enumerate(results):
        buffer.set_res(k, memoryview(array))
    held.append(buffer)

    def step() -> tuple[float, Any]:
        """Evaluate into the results."""
        trigger()
        return results[0][0], results[1]

    step.keeps = held  # type: ignore[attr-defined]
    return step


def torch_moons(data: Data) -> Step:
    """PyTorch's matrices in float64, one thread."""
    torch = import_module("torch")
    torch.set_num_threads(1)
    weights = [
        tuple(torch.tensor(part, requires_grad=True) for part in layer) for layer in matrices(data)
    ]
    leaves = [part for layer in weights for part in layer]
    X, y = torch.tensor(data.X), torch.tensor(data.y)

    def step() -> tuple[float, Any]:
        """Zero the gradients, forward, backward."""
        for leaf in leaves:
            leaf.grad = None
        out = X
        for k, (W, b) in enumerate(weights):
            out = out @ W + b
            out = out.relu() if k < len(weights) - 1 else out
        loss = (1 - y * out[:, 0]).relu().mean()
        loss = loss + PENALTY * sum((leaf * leaf).sum() for leaf in leaves)
        loss.backward()
        return loss.detach(), [(W.grad, b.grad) for W, b in weights]

    return step


def jax_moons(data: Data) -> Step:
    """JAX's matrices in float64, value and gradient jitted together."""
    jax = import_module("jax")
    jax.config.update("jax_enable_x64", True)
    jnp = jax.numpy

    def loss_of(weights: Any, X: Any, y: Any) -> Any:
        """The mean loss and the penalty."""
        out = X
        for k, (W, b) in enumerate(weights):
            out = out @ W + b
            out = jnp.where(out > 0, out, 0.0) if k < len(weights) - 1 else out
        margin = 1 - y * out[:, 0]
        size = sum((part * part).sum() for layer in weights for part in layer)
        return jnp.where(margin > 0, margin, 0.0).mean() + PENALTY * size

    compiled = jax.jit(jax.value_and_grad(loss_of))
    weights = [tuple(map(jnp.asarray, layer)) for layer in matrices(data)]
    X, y = jnp.asarray(data.X), jnp.asarray(data.y)
    return lambda: jax.block_until_ready(compiled(weights, X, y))


def numpy_moons(data: Data) -> Step:
    """The chain rule written by hand on NumPy's matrices: the limit for Python."""
    weights, X, y = matrices(data), data.X, data.y

    def step() -> tuple[float, Any]:
        """Forward, backward."""
        layers = [X]
        for W, b in weights[:-1]:
            layers.append(np.maximum(layers[-1] @ W + b, 0.0))
        W, b = weights[-1]
        margin = 1 - y * (layers[-1] @ W + b)[:, 0]
        loss = np.maximum(margin, 0.0).mean()
        back = np.where(margin > 0, -y / len(y), 0.0)[:, None]
        gradients = []
        for k in range(len(weights) - 1, -1, -1):
            W, b = weights[k]
            loss += PENALTY * ((W * W).sum() + (b * b).sum())
            gradients.append(
                (layers[k].T @ back + 2 * PENALTY * W, back.sum(axis=0) + 2 * PENALTY * b)
            )
            back = (back @ W.T) * (layers[k] > 0)
        return loss, gradients[::-1]

    return step


WAYS: dict[str, Callable[[Data], Step]] = {
    OURS: tape_moons,
    "CasADi SX, mapped": casadi_moons,
    "PyTorch tensors": torch_moons,
    "JAX, jitted": jax_moons,
    "NumPy by hand": numpy_moons,
}


def available() -> dict[str, Callable[[Data], Step]]:
    """The ways whose packages are installed."""
    found = {}
    for name, way in WAYS.items():
        try:
            way(moons_data(2))
        except ImportError:
            continue
        found[name] = way
    return found


def numbers_of(outcome: tuple[Any, Any]) -> Any:
    """A step's loss and gradient as one vector."""
    loss, gradient = outcome
    if isinstance(gradient, list) and isinstance(gradient[0], Value):
        gradient = np.array([p.grad for p in gradient])
    elif isinstance(gradient, list | tuple):
        gradient = flat([tuple(map(np.asarray, layer)) for layer in gradient])
    return np.array([float(loss), *gradient])


def seconds_of(step: Callable[[], Any], enough: float = 0.02) -> float:
    """The time of one call, averaged over as many as take a moment."""
    start = time.perf_counter()
    step()
    count = max(1, min(1000, int(enough / (time.perf_counter() - start + 1e-9))))
    start = time.perf_counter()
    for _ in range(count):
        step()
    return (time.perf_counter() - start) / count


def in_turns(steps: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """The least time of each: what others do on the machine only adds to such short ones."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():
        step()
    for _ in range(rounds):
        for name, step in steps.items():
            gc.collect()
            times[name].append(seconds_of(step))
    return {name: min(measured) for name, measured in times.items()}


def moons_step(rounds: int, count: int = 100) -> tuple[dict[str, float], float]:
    """The seconds of a step by each way, and how far their losses and gradients are apart."""
    data = moons_data(count)
    steps = {name: way(data) for name, way in available().items()}
    outcomes = [numbers_of(step()) for step in steps.values()]
    scale = np.abs(outcomes[0]).max()
    apart = max(float(np.abs(other - outcomes[0]).max() / scale) for other in outcomes)
    return in_turns(steps, rounds), apart


def digits_by_hand(data: Data, classes: Any, starts: range) -> Callable[[], float]:
    """An epoch of digits on matrices, and its last loss."""
    (W1, b1), (W2, b2) = matrices(data)

    def epoch() -> float:
        for start in starts:
            X, t = data.X[start : start + starts.step], classes[start : start + starts.step]
            hidden = np.maximum(X @ W1 + b1, 0.0)
            logits = hidden @ W2 + b2
            logits -= logits.max(axis=1, keepdims=True)
            exponentials = np.exp(logits)
            total = exponentials.sum(axis=1, keepdims=True)
            loss = (np.log(total[:, 0]) - (logits * t).sum(axis=1)).mean()
            back = (exponentials / total - t) / len(X)
            behind = (back @ W2.T) * (hidden > 0)
            for part, gradient in (
                (W2, hidden.T @ back), (b2, back.sum(axis=0)),
                (W1, X.T @ behind), (b1, behind.sum(axis=0)),
            ):  # fmt: skip
                np.subtract(part, 0.05 * gradient, out=part)
        return float(loss)

    return epoch


def digits_epoch(rounds: int, batch: int = 32) -> dict[str, float]:
    """The seconds of one epoch of MLP(64, [16, 10]) on the 1,797 digits, with its updates."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    random.seed(1)
    sizes = [64, 16, 10]
    model = MLP(64, sizes[1:], init="xavier")
    data = Data(sizes, [p.data for p in model.parameters()], digits.data / 16, digits.target)
    classes = np.eye(10)[data.y]
    rows, starts = np.hstack([data.X, classes]), range(0, len(data.X), batch)
    x, target = [Value(0.5) for _ in range(64)], [Value(0.0) for _ in range(10)]
    target[0].data = 1.0
    tape = Tape(cross_entropy([model(x)], [target]), [*x, *target])
    optimizer = SGD(model.parameters(), lr=0.05)

    def taped() -> float:
        """An epoch; the last loss."""
        for start in starts:
            optimizer.zero_grad()
            loss = tape.gradient(rows[start : start + batch]).mean()
            optimizer.step()
        return float(loss)

    by_hand = digits_by_hand(data, classes, starts)
    apart = abs(taped() / by_hand() - 1)
    if apart > 1e-9:
        raise ValueError(f"the digits' losses differ by {apart:.1g}")
    return in_turns({OURS: taped, "NumPy by hand": by_hand}, rounds)


def by_batch(rounds: int) -> dict[str, list[float]]:
    """The seconds of a moons step per row, by each way, at each size of a batch."""
    found: dict[str, list[float]] = {}
    for count in SIZES:
        measured, _ = moons_step(rounds, count)
        for name, seconds in measured.items():
            found.setdefault(name, []).append(seconds / count)
    return found


def mixed_graph(length: int) -> tuple[Value, list[Value]]:
    """A graph of so many operations on ten leaves, of products and sums in turns."""
    leaves = [Value(0.1 * k) for k in range(10)]
    root = leaves[0]
    for k in range(length):
        root = root * leaves[k % 10] if k % 2 else root + leaves[7 * k % 10]
    return root, leaves


def by_length(rounds: int) -> dict[str, list[float]]:
    """The seconds per operation: recorded and backward by the engine, and replayed by the tape."""
    found: dict[str, list[float]] = {"Values": [], "making the tape, once": []}
    for length in LENGTHS:
        times = []
        for _ in range(min(rounds, 3)):
            start = time.perf_counter()
            root, leaves = mixed_graph(length)
            root.backward()
            times.append((time.perf_counter() - start) / length)
        found["Values"].append(min(times))
        start = time.perf_counter()
        tape = Tape(root, leaves[:3])
        found["making the tape, once"].append((time.perf_counter() - start) / length)
        for rows in (1, 128):
            X = np.full((rows, 3), 0.3)
            seconds = in_turns({"": lambda tape=tape, X=X: tape.gradient(X)}, rounds)[""]
            name = "tape, 1 row" if rows == 1 else f"tape, each of {rows} rows"
            found.setdefault(name, []).append(seconds / length / rows)
    return found


def picture(path: Path, theme: str, batches: Any, lengths: Any, eager: dict[str, float]) -> None:
    """Both costs on logarithmic axes, with each line's name at its end."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    from micrograd_like.learn.plots import styled

    figure, axes = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
    flat = {name: [seconds] * len(SIZES) for name, seconds in eager.items()}
    for ax, lines, xs, head, across in (
        (axes[0], batches | flat, SIZES, "a step of MLP(2, [16, 16, 1]), per row", "batch"),
        (axes[1], lengths, LENGTHS, "forward and backward, per operation", "operations"),
    ):  # fmt: skip
        _, colours = styled(ax, theme)
        ax.set_facecolor("none")
        ax.loglog()
        ax.set_title(head, color=colours.text, fontsize=11, loc="left")
        ax.set_xlabel(across, color=colours.text)
        styles = {}
        for name, values in lines.items():
            ours = name == OURS or name.startswith("tape")
            styles[name] = colour = colours.positive if ours else colours.negative
            dashes = "-" if ours else ("-", "--", ":", "-.")[len(styles) % 4]
            ax.plot(xs, values, dashes, color=colour, lw=2.4 if ours else 1.4)
        ax.set_xlim(xs[0], xs[-1])
        low, high = ax.get_ylim()
        ticks = [tick for tick in TICKS if low <= tick <= high]
        ax.set_yticks(ticks, [TICKS[tick] for tick in ticks])
        ax.minorticks_off()
        place = -math.inf  # names from the lowest line up, each clear of the one below
        for name in sorted(lines, key=lambda name: lines[name][-1]):
            at = math.log(lines[name][-1] / low) / math.log(high / low)
            place = max(at, place + 0.055)
            ax.text(
                1.02, place, "the tape" if name == OURS else name, transform=ax.transAxes,
                va="center", color=styles[name], fontsize=9,
            )  # fmt: skip
    figure.set_facecolor("none")
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
