"""Draw the README's pictures again: python tests/tools/draw_pictures.py."""

import json
import random
from pathlib import Path

from micrograd_like import (
    MLP,
    Adam,
    Backprop,
    Neuron,
    Training,
    Value,
    binary_cross_entropy,
    draw_difference,
    draw_dot,
    mse,
)
from micrograd_like.draw import Picture
from micrograd_like.learn.tables import Scale, house_prices

FOLDER = Path(__file__).parents[2] / "notebooks" / "pictures"


def tanh_expression() -> Value:
    """L = tanh(a·b + c)."""
    a, b, c = Value(2.0, "a"), Value(-1.5, "b"), Value(2.4, "c")
    d = a * b
    e = d + c
    loss = e.tanh()
    d.label, e.label, loss.label = "d", "e", "L"
    loss.backward()
    return loss


def used_twice() -> Value:
    """L = a·b, where b is made of a."""
    a = Value(2.0, "a")
    b = a + 3
    loss = a * b
    b.label, loss.label = "b", "L"
    return loss


def neuron_error(neuron: Neuron) -> Value:
    """How far a neuron is from 1, squared."""
    error = (neuron([Value(1.0, "x0"), Value(-0.6, "x1")]) - 1) ** 2
    error.label = "error"
    error.backward()
    return error


def step_of_learning() -> Picture:
    """What a step against the gradient moves in a neuron."""
    neuron = seeded_neuron()
    error = neuron_error(neuron)
    before = draw_dot(error, view="sums")
    for p in neuron.parameters():
        p.data -= 0.1 * p.grad
    return draw_difference(before, draw_dot(neuron_error(neuron), view="sums"))


def seeded_neuron() -> Neuron:
    """The same neuron each time."""
    random.seed(3)
    return Neuron(2, activation="tanh", name="neuron")


def house_error() -> tuple[Value, list[str]]:
    """The error of an untrained network on the prices of 88 houses, and its inputs' names."""
    table = house_prices()
    scales = [Scale.of([row[j] for row in table.rows]) for j in range(len(table.columns))]
    price = Scale.of(table.targets)
    random.seed(0)
    model = MLP(4, [8, 1], activation="tanh", init="xavier")
    rows = [[s.standardize(x) for s, x in zip(scales, row, strict=True)] for row in table.rows]
    error = mse([model(row) for row in rows], [price.standardize(t) for t in table.targets])
    error.label = "error"
    error.backward()
    return error, table.columns


def two_moons() -> Training:
    """A network learns to tell two half circles apart."""
    moons = json.loads((Path(__file__).parents[1] / "moons.json").read_text())
    random.seed(4)
    model = MLP(2, [8, 8, 1], activation="tanh")
    labels = [int(label > 0) for label in moons["labels"]]
    return Training(
        model, moons["points"], labels, binary_cross_entropy,
        epochs=30, lr=0.04, batch_size=10, optimizer=Adam,
    )  # fmt: skip


def main() -> None:
    """Write the pictures, each of which follows its reader's light or dark."""
    FOLDER.mkdir(exist_ok=True)
    houses, columns = house_error()
    pictures = {
        "expression": draw_dot(tanh_expression(), view="values"),
        "neuron": draw_dot(neuron_error(seeded_neuron()), view="sums"),
        "houses": draw_dot(houses, view="network", inputs=columns),
        "arrays": draw_dot(houses, view="arrays"),
        "step": step_of_learning(),
    }
    for name, picture in pictures.items():
        picture.save(FOLDER / f"{name}.svg")
    Backprop(used_twice()).save(FOLDER / "used_twice.gif")
    two_moons().save(FOLDER / "training.gif", width=640)
    print(*sorted(path.name for path in FOLDER.iterdir()))


if __name__ == "__main__":
    main()
