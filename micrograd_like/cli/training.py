"""Networks for tables: ``train`` makes one and tells how good it is beside simpler models."""

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from micrograd_like.arguments import above_zero, choice, share, whole
from micrograd_like.cli.answers import Answering
from micrograd_like.cli.plots import check_plot, plot
from micrograd_like.cli.report import (
    NETWORK,
    Scores,
    print_answers,
    print_curve,
    print_gradients,
    print_scores,
    print_splits,
    print_weights,
)
from micrograd_like.cli.terminal import counting, safe_name
from micrograd_like.draw import FORMATS, draw_dot
from micrograd_like.engine import Value
from micrograd_like.learn import (
    Encoding,
    History,
    Table,
    baselines,
    cross_entropy,
    fit,
    mse,
    read_csv,
)
from micrograd_like.nn import MLP, activations
from micrograd_like.notation import listed, number, plural

__all__ = ["read_table", "train"]

HELD_BACK = 0.2  # of the rows, for testing
MOST_HIDDEN, MOST_SPLITS = 10_000, 100  # neurons in a layer, trainings
PATIENCE = 20  # epochs without a lower validation loss
BATCH = 100  # rows, at most, of the graph whose gradients are told and drawn
SECONDS = 5.0  # between two lines of progress, where there is no bar
SAFE = "tanh", "relu"  # activations that take any number and do not grow beyond it
LONG = 4_000_000  # weights to meet, in all epochs, which take a quarter of a minute without Numba


def read_table(options: argparse.Namespace) -> Table:
    """The CSV file that the options name, as they say."""
    with counting(f"reading {options.data}") as progress:
        return read_csv(
            options.data, options.target, options.task == "classify", columns=options.columns,
            drop=options.drop, texts=options.text, gaps=options.gaps, progress=progress,
        )  # fmt: skip


def train(table: Table, options: argparse.Namespace) -> None:
    """Train a network on four fifths of the table and report how it does on the rest."""
    _check(table, options)
    first = _learn(table, options, options.seed, _print_data)
    learned = first.answering
    print_curve(first.history, table, bool(options.validation))
    print_answers(table, first.answers, first.testing)
    scores = [_scores(table, first)]
    print_scores(table, scores[0], first.answers, first.testing)
    if options.save:  # first: what comes after it may fail
        print(f"\nthe model, for the predict command: {learned.model.save(options.save)}")
    for seed in range(options.seed + 1, options.seed + options.splits):
        scores.append(_scores(table, _learn(table, options, seed)))
    if len(scores) > 1:
        print_splits(table, scores, options.seed)
    if options.standardize:
        print_weights(learned)
    root = _batch_loss(table, first)
    if options.draw:
        print("\nthe network, and the gradient that flows back through it:", end=" ")
        print(draw_dot(root, inputs=table.columns).save(options.draw))
    if options.plot:
        print("the training, and how it does:", end=" ")
        held_back = "validation" if options.validation else "test"
        print(plot(first.history, learned, table, first.testing, options.plot, held_back))


class Trained(NamedTuple):
    """A network, how its training went, on which rows, and what it answers for the others."""

    answering: Answering
    history: History
    training: list[int]
    testing: list[int]
    answers: list[Any]


def _check(table: Table, options: argparse.Namespace) -> None:
    """Tell, before any work, an option that is none, and data from which nothing is learned."""
    for name, least, most in (
        ("seed", 0, None), ("epochs", 1, None), ("batch_size", 1, None), ("splits", 1, MOST_SPLITS),
    ):  # fmt: skip
        whole(getattr(options, name), f"train: --{name.replace('_', '-')}", least, most)
    for size in options.hidden:
        whole(size, "train: --hidden", 1, MOST_HIDDEN)
    above_zero(options.lr, "train: --lr")
    share(options.validation, "train: --validation")
    count = len(_split(len(table.rows), options.seed)[0])
    if options.validation and not 0 < round(options.validation * count) < count:
        raise ValueError(
            f"train: --validation is {options.validation:g} of {plural(count, 'row')} to learn "
            "from, which leaves none on one side; take another share, as 0.2"
        )
    choice(options.activation, "train: --activation", activations())
    if options.plot:
        check_plot(options.plot)
    if options.draw:
        choice(
            Path(options.draw).suffix[1:].lower(), f"train: the ending of {options.draw}", FORMATS
        )
    file = getattr(options, "data", "train")
    if min(table.targets) == max(table.targets):
        raise ValueError(
            f"{file}: column {safe_name(table.target)!r} is the same in all rows; there is nothing "
            "to learn"
        )
    if len(_same(table)) == len(table.columns):
        raise ValueError(
            f"{file}: each column is the same in all rows; there is nothing to predict from"
        )


def _same(table: Table) -> list[str]:
    """The columns whose numbers are all the same."""
    first = table.rows[0]
    left = set(range(len(first)))
    for row in table.rows:  # few are needed, as most columns vary soon
        left = {j for j in left if row[j] == first[j]}
        if not left:
            break
    return [table.columns[j] for j in sorted(left)]


def _print_data(
    table: Table, options: argparse.Namespace, answering: Answering, rows: tuple[int, int]
) -> None:
    """What is learned from what, and what was done with the data."""
    model, encoding = answering
    columns = listed(map(safe_name, encoding.sources))
    weights = plural(len(model.parameters()), "weight")
    print(f"{safe_name(table.target)} from {columns}: MLP of {weights},", end=" ")
    print(f"{plural(rows[0], 'row')} to learn, {rows[1]:,} to test")
    same = _same(table)
    for note in table.notes:
        print(f"  {note}")
    if same:
        print(f"  the same in all rows: {listed(map(safe_name, same))}")
    scaled = "standardized" if options.standardize else "as they are"
    print(f"  {plural(len(table.columns), 'input')}, {scaled}; batches of {options.batch_size}")
    if options.epochs * rows[0] * len(model.parameters()) > LONG and not find_spec("numba"):
        print("  pip install 'micrograd_like[tape]' trains this many times faster")


def _learn(
    table: Table, options: argparse.Namespace, seed: int, tell: Callable[..., None] | None = None
) -> Trained:
    """Train a network on the split of a seed."""
    training, testing = _split(len(table.rows), seed)
    try:
        encoding = Encoding.of(table, training, options.standardize)
    except ValueError as error:  # of a column, which it names
        raise ValueError(f"{getattr(options, 'data', 'train')}: {error}") from None
    random.seed(seed)
    sizes = [*options.hidden, len(table.classes) or 1]
    model = MLP(len(table.columns), sizes, activation=options.activation, init="xavier")
    model.about = encoding.about()
    answering = Answering(model, encoding)
    if tell:
        tell(table, options, answering, (len(training), len(testing)))
    rows, targets = _encoded(table, encoding, training)
    watched = options.validation or _encoded(table, encoding, testing)
    has_bar = sys.stderr.isatty() and find_spec("tqdm") is not None
    with _naming(options.activation):
        history = fit(
            model, rows, targets, _loss(table), epochs=options.epochs, lr=options.lr,
            batch_size=options.batch_size, validation=watched, seed=seed,
            patience=PATIENCE if options.validation else None, progress=has_bar,
            callbacks=[] if has_bar else [_progress(options.epochs)],
        )  # fmt: skip
    if not history.loss:  # Ctrl-C came in the first epoch: there is nothing to tell
        raise KeyboardInterrupt
    with _naming(options.activation):
        answers = answering.answers([table.rows[i] for i in testing])
    return Trained(answering, history, training, testing, answers)


@contextmanager
def _naming(activation: str) -> Iterator[None]:
    """An error of numbers names the activation, unless it is one that is safe."""
    try:
        yield
    except (ValueError, ArithmeticError) as error:
        if activation in SAFE:
            raise
        safe = " or ".join(SAFE)
        raise ValueError(f"train: --activation {activation}: {error}; better take {safe}") from None


def _progress(epochs: int) -> Callable[[int, Any, History], None]:
    """What says every few seconds how far the training is, to who sees no bar."""
    told = time.monotonic()

    def tell(epoch: int, _: Any, history: History) -> None:
        nonlocal told
        if epoch < epochs and time.monotonic() - told >= SECONDS:
            told = time.monotonic()
            loss = number(history.loss[-1])
            with suppress(OSError):  # nobody listens
                line = f"training: epoch {epoch} of {epochs}, loss {loss}"
                print(line, file=sys.stderr, flush=True)

    return tell


def _loss(table: Table) -> Callable[..., Value]:
    return cross_entropy if table.classes else mse


def _encoded(
    table: Table, encoding: Encoding, places: list[int]
) -> tuple[list[list[float]], list[float]]:
    """Rows and targets as the network takes them."""
    rows = [encoding.inputs(table.rows[i]) for i in places]
    return rows, [encoding.target_scale.standardize(table.targets[i]) for i in places]


def _scores(table: Table, trained: Trained) -> Scores:
    """Those of the network and of simpler models, on the same rows."""
    others = baselines(table, trained.training, trained.testing)
    return Scores.of(table, {NETWORK: trained.answers, **others}, trained.testing)


def _batch_loss(table: Table, trained: Trained) -> Value:
    """The loss of one batch, after backward: a graph of all rows may be too large to draw."""
    model, encoding = trained.answering
    batch = trained.training[:BATCH]  # by chance, as the rows are in the order of the split
    rows, targets = _encoded(table, encoding, batch)
    model.zero_grad()
    with _naming(str(model.layers[0].neurons[0].activation)):
        root = _loss(table)([model(row) for row in rows], targets)
        root.label = "loss"
        root.backward()
    every = plural(len(trained.training), "row")
    some = len(batch) < len(trained.training)
    print_gradients(trained.answering, f"{len(batch)} of the {every}" if some else f"all {every}")
    return root


def _split(count: int, seed: int) -> tuple[list[int], list[int]]:
    """The places of the rows to learn from, and of those to test on."""
    order = list(range(count))
    random.Random(seed).shuffle(order)
    held_back = max(1, round(HELD_BACK * count))
    return order[held_back:], order[:held_back]
