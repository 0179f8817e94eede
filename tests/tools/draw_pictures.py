"""Draw the README's pictures again: python tests/tools/draw_pictures.py."""

import random
from pathlib import Path

from micrograd_like import MLP, Backprop, Neuron, Value, draw_difference, draw_dot, mse
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


def house_error() -> Value:
    """The error of an untrained network on the prices of 88 houses."""
    table = house_prices()
    scales = [Scale.of([row[j] for row in table.rows]) for j in range(len(table.columns))]
    price = Scale.of(table.targets)
    random.seed(0)
    model = MLP(4, [8, 1], activation="tanh", init="xavier")
    rows = [[s.standardize(x) for s, x in zip(scales, row, strict=True)] for row in table.rows]
    error = mse([model(row) for row in rows], [price.standardize(t) for t in table.targets])
    error.label = "error"
    error.backward()
    return error


def main() -> None:
    """Write the pictures, light and dark."""
    FOLDER.mkdir(exist_ok=True)
    random.seed(3)
    neuron, x = Neuron(2, activation="tanh", name="neuron"), [Value(1.0, "x0"), Value(-0.6, "x1")]

    def neuron_error() -> Value:
        error = (neuron(x) - 1) ** 2
        error.label = "error"
        error.backward()
        return error

    first = neuron_error()
    roots = {"expression": tanh_expression(), "neuron": first, "houses": house_error()}
    for name, root in roots.items():
        draw_dot(root).save(FOLDER / f"{name}.svg")
        draw_dot(root, theme="dark").save(FOLDER / f"{name}_dark.svg")
    random.seed(1)
    model = MLP(2, [10, 8, 1], activation="tanh")
    error = (model([Value(1.0, "x0"), Value(-0.6, "x1")]) - 1) ** 2
    error.label = "error"
    error.backward()
    draw_dot(error).save(FOLDER / "layers.svg")
    before = draw_dot(first)
    for p in neuron.parameters():
        p.data -= 0.1 * p.grad
    draw_difference(before, draw_dot(neuron_error())).save(FOLDER / "step.svg")
    Backprop(used_twice()).save(FOLDER / "used_twice.gif")
    print(*sorted(path.name for path in FOLDER.iterdir()))


if __name__ == "__main__":
    main()
