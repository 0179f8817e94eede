"""The command line: the tour; ``step``, ``draw``, ``check`` a formula; ``train``, ``predict``."""

import argparse
import csv
import io
import math
import os
import random
import re
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from micrograd_like.check import gradcheck
from micrograd_like.cli.formula import parse, variables
from micrograd_like.draw import draw_dot
from micrograd_like.engine import Value
from micrograd_like.files import write
from micrograd_like.learn import (
    Encoding,
    History,
    Table,
    cross_entropy,
    figure_axes,
    fit,
    house_prices,
    mse,
    plot_boundary,
    plot_fit,
    plot_weights,
    read_csv,
    read_rows,
    top_gradients,
)
from micrograd_like.nn import MLP, class_of
from micrograd_like.steps import Backprop

__all__ = ["main"]

HELD_BACK = 0.2  # of the rows, for testing
DEFAULTS = {
    "epochs": 100, "lr": 0.005, "hidden": 8, "seed": 0, "picture": "gradient_flow.svg",
    "task": "regress", "plot": None, "save": None,
}  # fmt: skip
PAGE, PLOT = "backprop.html", "training.png"  # of the tour


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status, 2 for an error in what the user gave."""
    given = sys.argv[1:] if arguments is None else arguments
    # A formula may begin with a minus sign; with a space before it, it is not taken for an option.
    given = [f" {word}" if re.match(r"-[\w.(]+[^\w=.]|-[\d.(]", word) else word for word in given]
    options = _parser().parse_args(given)
    try:
        if options.command == "train":
            train(read_csv(options.data, options.target, options.task == "classify"), options)
        elif options.command == "predict":
            predict(options)
        elif options.command in ("step", "draw", "check"):
            root = parse(options.formula, variables(options.variables))
            {"step": step, "draw": draw, "check": check}[options.command](root, options)
        else:
            tour(options)
    except BrokenPipeError:  # whoever reads has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
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
    commands = parser.add_subparsers(
        dest="command", metavar="step | draw | check | train | predict"
    )
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
    command.add_argument(
        "--task",
        choices=["regress", "classify"],
        help="a number (the default), or a class, by name",
    )
    command.add_argument("--epochs", type=int, help="passes over the data (100)")
    command.add_argument("--lr", type=float, help="learning rate (0.005)")
    command.add_argument("--hidden", type=int, help="neurons in the hidden layer (8)")
    command.add_argument("--seed", type=int, help="of the split and of the first weights (0)")
    command.add_argument("--picture", help="of the gradient flow, a file (gradient_flow.svg)")
    command.add_argument("--plot", help="of losses and answers, a file: .png, .svg or .pdf")
    command.add_argument("--save", metavar="MODEL.json", help="the model, for the predict command")
    command.set_defaults(**DEFAULTS)
    command = commands.add_parser("predict", help="print a saved model's answers for a CSV file")
    command.add_argument("model", type=Path, metavar="MODEL.json")
    command.add_argument("data", type=Path, metavar="DATA.csv", help="with the model's columns")
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
    options.plot = PLOT if find_spec("matplotlib") else None
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


def train(table: Table, options: argparse.Namespace) -> None:
    """Train a network on four fifths of the table and report how it does on the rest."""
    if options.seed < 0 or options.hidden < 1:
        raise ValueError("train: --seed is from 0 up, and --hidden from 1 up")
    order = list(range(len(table.rows)))
    random.Random(options.seed).shuffle(order)
    held_back = max(1, round(HELD_BACK * len(order)))
    testing, training = order[:held_back], order[held_back:]
    encoding = Encoding.of(table, training)
    rows = [encoding.inputs(row) for row in table.rows]
    targets = [encoding.target_scale.standardize(t) for t in table.targets]

    random.seed(options.seed)
    outputs = len(table.classes) or 1
    sizes = [options.hidden, outputs]
    model = MLP(len(table.columns), sizes, activation="tanh", init="xavier")
    model.about = encoding.about()
    loss, name = (cross_entropy, "cross-entropy") if table.classes else (mse, "mean of squares")
    print(
        f"{table.target} from {', '.join(table.columns)}: MLP of {len(model.parameters())}", end=" "
    )
    print(f"weights, {len(training)} rows to learn, {held_back} to test")
    history = fit(
        model,
        [rows[i] for i in training],
        [targets[i] for i in training],
        loss,
        epochs=options.epochs,
        lr=options.lr,
        seed=options.seed,
    )
    print(f"error ({name}) in epoch 1: {history.loss[0]:.4f},", end=" ")
    print(f"in epoch {len(history.loss)}: {history.loss[-1]:.4f}\n")

    answering = Answering(model, encoding)
    answers = answering.answers([table.rows[i] for i in testing])
    report = _print_classes if table.classes else _print_predictions
    report(table, dict(zip(testing, answers, strict=True)), training)
    model.zero_grad()
    error = loss([model(rows[i]) for i in training], [targets[i] for i in training])
    error.label = "error"
    error.backward()
    print("\nlargest gradients, and which way learning moves these weights:")
    for top in top_gradients(model):
        print(f"  {top.name:<20} gradient {top.gradient:+.4f}  {top.direction}")
    print("\nthe gradient flow, from the error back to every neuron:", end=" ")
    print(draw_dot(error).save(options.picture))
    if options.plot:
        print("the training, and how it does:", end=" ")
        print(plot(history, answering, table, testing, options.plot))
    if options.save:
        print(f"the model, for the predict command: {model.save(options.save)}")


class Answering(NamedTuple):
    """A network that takes and gives numbers in the units of the table."""

    model: MLP
    encoding: Encoding

    def predict(self, rows: Sequence[Sequence[float]]) -> list[Any]:
        """For each row the answer in its unit, or the outputs for all classes."""
        outputs = self.model.predict([self.encoding.inputs(row) for row in rows])
        if self.encoding.classes:
            return outputs
        return [self.encoding.target_scale.restore(output) for output in outputs]

    def answers(self, rows: Sequence[Sequence[float]]) -> list[Any]:
        """For each row the number, or the place of the class."""
        return [class_of(x) if self.encoding.classes else x for x in self.predict(rows)]


def plot(
    history: History, answering: Answering, table: Table, testing: Sequence[int], path: str
) -> str:
    """Write the losses of the epochs, and beside them how it does on rows it has not seen."""
    kind = Path(path).suffix[1:].lower()
    left, right = figure_axes(2)
    kinds = left.figure.canvas.get_supported_filetypes()
    if kind not in kinds:
        raise ValueError(
            f"{path}: no picture format {kind!r}; there are {', '.join(sorted(kinds))}"
        )
    history.plot(left)
    rows, targets = [table.rows[i] for i in testing], [table.targets[i] for i in testing]
    if not table.classes:
        plot_fit(answering, rows, targets, right)
    elif len(table.columns) == 2:
        plot_boundary(answering, rows, [int(t) for t in targets], right)
    else:
        plot_weights(answering.model.layers[0], right)
    file = io.BytesIO()
    left.figure.savefig(file, format=kind, dpi=144)
    write(Path(path), file.getvalue())
    return path


def predict(options: argparse.Namespace) -> None:
    """Print a saved model's answer for each row of a file, as CSV."""
    model = MLP.load(options.model)
    encoding = Encoding.from_about(model.about, options.model)
    rows, actual = read_rows(options.data, encoding)
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow([encoding.target, *(["actual"] if actual else [])])
    for k, answer in enumerate(Answering(model, encoding).answers(rows)):
        shown = encoding.classes[answer] if encoding.classes else f"{answer:.6g}"
        table.writerow([shown, *([actual[k]] if actual else [])])


def _print_predictions(table: Table, predicted: dict[int, float], training: Sequence[int]) -> None:
    def shown(number: float) -> str:
        return f"{table.unit}{number * table.scale:,.0f}" if table.unit else f"{number:,.4g}"

    print(f"{'row':>5} {'actual':>12} {'predicted':>12}   of rows it has never seen")
    for i in list(predicted)[:6]:
        print(f"{i + 1:>5} {shown(table.targets[i]):>12} {shown(predicted[i]):>12}")
    mean = math.fsum(table.targets[i] for i in training) / len(training)
    errors = [abs(predicted[i] - table.targets[i]) for i in predicted]
    baseline = [abs(mean - table.targets[i]) for i in predicted]
    print(f"\ntest error, on average: {shown(sum(errors) / len(errors))}", end=" ")
    print(f"(always predicting the mean: {shown(sum(baseline) / len(baseline))})")


def _print_classes(table: Table, predicted: dict[int, float], training: Sequence[int]) -> None:
    width = max(9, *map(len, table.classes))
    print(f"{'row':>5} {'actual':>{width}} {'predicted':>{width}}   of rows it has never seen")
    for i in list(predicted)[:6]:
        actual, answer = (table.classes[int(k)] for k in (table.targets[i], predicted[i]))
        print(f"{i + 1:>5} {actual:>{width}} {answer:>{width}}")
    learned = [table.targets[i] for i in training]
    usual = max(set(learned), key=learned.count)
    right = [predicted[i] == table.targets[i] for i in predicted]
    baseline = [usual == table.targets[i] for i in predicted]
    print(f"\nright answers on test rows: {sum(right) / len(right):.0%}", end=" ")
    name = table.classes[int(usual)]
    print(f"(always answering {name}: {sum(baseline) / len(baseline):.0%})")
