"""Networks for tables: ``train`` makes one and tells how good it is, ``predict`` asks it."""

import argparse
import random
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unicodedata import normalize

from micrograd_like.arguments import above_zero, choice, whole
from micrograd_like.cli.report import (
    Answering,
    check_plot,
    plot,
    print_classes,
    print_gradients,
    print_predictions,
)
from micrograd_like.cli.terminal import escaped, safe_name
from micrograd_like.draw import FORMATS, draw_dot
from micrograd_like.engine import Value
from micrograd_like.learn import Encoding, Table, cross_entropy, fit, mse, read_rows
from micrograd_like.nn import MLP
from micrograd_like.notation import listed, number, plural

__all__ = ["predict", "train"]

HELD_BACK = 0.2  # of the rows, for testing
MOST_HIDDEN = 10_000  # neurons
FORMULA = {"=", "+", "-", "@", "\t", "\r", "\n"}  # begins one, in a spreadsheet
PLAIN = r"[^\s,;|\"]+"
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:inf|nan)"
BATCH = 100  # rows, at most, of the graph whose gradients are told and drawn


def train(table: Table, options: argparse.Namespace) -> None:
    """Train a network on four fifths of the table and report how it does on the rest."""
    for name, least, most in (("seed", 0, None), ("hidden", 1, MOST_HIDDEN), ("epochs", 1, None)):
        whole(getattr(options, name), f"train: --{name}", least, most)
    above_zero(options.lr, "train: --lr")
    if options.plot:
        check_plot(options.plot)
    if options.draw:
        choice(
            Path(options.draw).suffix[1:].lower(), f"train: the ending of {options.draw}", FORMATS
        )
    training, testing = _split(len(table.rows), options.seed)
    encoding = Encoding.of(table, training)
    rows = [encoding.inputs(table.rows[i]) for i in training]
    targets = [encoding.target_scale.standardize(table.targets[i]) for i in training]

    random.seed(options.seed)
    sizes = [options.hidden, len(table.classes) or 1]
    model = MLP(len(table.columns), sizes, activation="tanh", init="xavier")
    model.about = encoding.about()
    loss, name = (cross_entropy, "cross-entropy") if table.classes else (mse, "mean of squares")
    weights = plural(len(model.parameters()), "weight")
    columns = listed(map(safe_name, table.columns))
    print(f"{safe_name(table.target)} from {columns}: MLP of {weights},", end=" ")
    print(f"{plural(len(training), 'row')} to learn, {len(testing)} to test")
    history = fit(
        model, rows, targets, loss, epochs=options.epochs, lr=options.lr, seed=options.seed,
        progress=sys.stderr.isatty(),
    )  # fmt: skip
    if not history.loss:  # Ctrl-C came in the first epoch: there is nothing to tell
        raise KeyboardInterrupt
    print(f"loss ({name}) in epoch 1: {number(history.loss[0])},", end=" ")
    print(f"in epoch {len(history.loss)}: {number(history.loss[-1])}\n")

    answering = Answering(model, encoding)
    answers = answering.answers([table.rows[i] for i in testing])
    report = print_classes if table.classes else print_predictions
    report(table, dict(zip(testing, answers, strict=True)), training)
    if options.save:  # first: what comes after it may fail
        print(f"\nthe model, for the predict command: {model.save(options.save)}")
    root = _batch_loss(model, rows, targets, loss)
    if options.draw:
        print("\nthe network, and the gradient that flows back through it:", end=" ")
        print(draw_dot(root, inputs=table.columns).save(options.draw))
    if options.plot:
        print("the training, and how it does:", end=" ")
        print(plot(history, answering, table, testing, options.plot))


def _batch_loss(
    model: MLP, rows: list[list[float]], targets: list[float], loss: Callable[..., Value]
) -> Value:
    """The loss of one batch, after backward: a graph of all rows may be too large to draw."""
    batch = rows[:BATCH]  # by chance, as the rows are in the order of the split
    model.zero_grad()
    root = loss([model(row) for row in batch], targets[:BATCH])
    root.label = "loss"
    root.backward()
    some = f"{len(batch)} of the {plural(len(rows), 'row')}"
    print_gradients(model, some if len(batch) < len(rows) else f"all {plural(len(rows), 'row')}")
    return root


def predict(options: argparse.Namespace) -> None:
    """Print a saved model's answer for each row of a file, as CSV."""
    model = MLP.load(options.model)
    encoding = Encoding.from_about(model.about, options.model)
    first, last = model.layers[0].neurons, model.layers[-1].neurons
    if (len(first[0].w), len(last)) != (len(encoding.columns), len(encoding.classes) or 1):
        raise ValueError(
            f"{options.model}: its network is of {plural(len(first[0].w), 'column')} and "
            f"{plural(len(last), 'output')}, and its columns and classes are not; train it again"
        )
    rows, actual = read_rows(options.data, encoding)
    print(csv_line(encoding.target, *(["actual"] if actual else [])))
    answers: list[Any] = Answering(model, encoding).answers(rows)
    for k, answer in enumerate(answers):
        cell = encoding.classes[int(answer)] if encoding.classes else f"{answer:.6g}"
        print(csv_line(cell, *([actual[k]] if actual else [])))


def csv_line(*cells: str) -> str:
    r"""A line of CSV that is safe to open in a spreadsheet, as OWASP describes it (CSV injection).

    Text that would be a formula gets an apostrophe before it, and what could end a cell, in any
    country's separators, is in quotation marks.  Numbers stay numbers.

    >>> print(csv_line("-1.5", "-A1", "a;=A1", "fig", "\t@A1"))
    -1.5,'-A1,"a;=A1",fig,'\t@A1
    """
    return ",".join(map(_csv_cell, cells))


def _csv_cell(text: str) -> str:
    first = normalize("NFKC", text[:1])  # signs of full width, too
    if first in FORMULA and not re.fullmatch(NUMBER, text):
        text = f"'{text}"
    text = escaped(text)
    quoted = text.replace('"', '""')
    return text if re.fullmatch(rf"(?:{PLAIN}(?: {PLAIN})*)?", text) else f'"{quoted}"'


def _split(count: int, seed: int) -> tuple[list[int], list[int]]:
    """The places of the rows to learn from, and of those to test on."""
    order = list(range(count))
    random.Random(seed).shuffle(order)
    held_back = max(1, round(HELD_BACK * count))
    return order[held_back:], order[:held_back]
