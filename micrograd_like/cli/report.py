"""What is told of a network that was trained on a table: curve, answers, scores, weights."""

import math
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from micrograd_like.cli.answers import Answering
from micrograd_like.cli.terminal import safe_name
from micrograd_like.learn import (
    History,
    Table,
    accuracy,
    confusion,
    regression_scores,
    top_gradients,
)
from micrograd_like.notation import apart, number

__all__ = [
    "NETWORK", "Scores", "print_answers", "print_curve", "print_gradients", "print_scores",
    "print_splits", "print_weights",
]  # fmt: skip

NETWORK = "network"
SHOWN = 6  # answers, one by one
MOST_CLASSES = 10  # of a confusion table; of more the commonest mistakes are told
MISTAKES = 5
LONGEST_HEAD = 16  # characters of a class above its column
LONGEST_WEIGHTS = 5


class Scores(NamedTuple):
    """By the name of each model its numbers on the test rows, by the names of these.

    >>> table = Table(["x"], [[0.0], [1.0]], "y", [1.0, 3.0])
    >>> scores = Scores.of(table, {"network": [1.0], "always the mean": [2.0]}, [0])
    >>> scores.main("network"), scores.best_other()
    (0.0, 'always the mean')
    """

    columns: tuple[str, ...]
    of_model: Mapping[str, tuple[float, ...]]

    @classmethod
    def of(cls, table: Table, answers: dict[str, Sequence[float]], rows: Sequence[int]) -> "Scores":
        """The scores of answers to these rows."""
        actual = [table.targets[i] for i in rows]
        if table.classes:
            return cls(("accuracy",), {m: (accuracy(actual, a),) for m, a in answers.items()})
        return cls(
            ("MAE", "RMSE", "R²"), {m: regression_scores(actual, a) for m, a in answers.items()}
        )

    @property
    def is_share(self) -> bool:
        """Whether more is better: of the accuracy, as opposed to an error."""
        return len(self.columns) == 1

    def main(self, model: str) -> float:
        """The number by which models are compared: the accuracy, or the RMSE."""
        return self.of_model[model][0 if self.is_share else 1]

    def best_other(self) -> str:
        """The best model but the network."""
        others = [name for name in self.of_model if name != NETWORK]
        return (max if self.is_share else min)(others, key=self.main)


def print_curve(history: History, table: Table, validation: bool) -> None:
    """The loss in the first epoch and in the last, of the rows to learn and of others."""
    loss = "cross-entropy" if table.classes else "mean of squares"
    others = history.validation_loss
    last = min(len(history.loss), len(others))  # Ctrl-C may come between the two
    if not last:
        return
    least = min(range(last), key=others.__getitem__)
    name = "validation" if validation else "test"
    print(f"\nloss ({loss})   epoch 1   epoch {last:<5} least")
    print(_row("training", [number(history.loss[0]), number(history.loss[last - 1])]))
    ends = [number(others[0]), number(others[-1]), f"{number(others[least])} in epoch {least + 1}"]
    print(_row(name, ends))
    if not table.classes:
        target = safe_name(table.target)
        print(f"  (of {target} standardized: always the mean has a loss of about 1)")
    if history.ended:
        print(f"ended {history.ended}")
    elif not validation and others[-1] > 1.1 * others[least] and least < 0.9 * last:
        print("the test loss rises again (overfitting): --validation 0.2 stops before that")
    elif least >= 0.9 * last and others[-1] < 0.98 * others[int(0.9 * last) - 1]:
        print(f"the {name} loss is still falling: take more --epochs, or a larger --lr")


def _row(name: str, cells: Iterable[str]) -> str:
    return f"  {name:<22} " + " ".join(f"{cell:<11}" for cell in cells).rstrip()


def print_answers(table: Table, answers: Sequence[float], testing: Sequence[int]) -> None:
    """Some answers beside the actual numbers or classes."""
    cells = [
        (
            str(table.numbers[i] if table.numbers else i + 1),
            _cell(table, table.targets[i]),
            _cell(table, answer),
        )
        for i, answer in [*zip(testing, answers, strict=True)][:SHOWN]
    ]
    width = max(9, *(len(cell) for row in cells for cell in row[1:]))
    print(f"\n{'row':>7} {'actual':>{width}} {'predicted':>{width}}   of rows it has never seen")
    for row, actual, predicted in cells:
        print(f"{row:>7} {actual:>{width}} {predicted:>{width}}")


def _cell(table: Table, x: float) -> str:
    return safe_name(table.classes[int(x)]) if table.classes else _in_unit(table, x)


def _in_unit(table: Table, x: float) -> str:
    if table.unit:
        return f"{table.unit}{x * table.scale:,.0f}"
    size = abs(x)
    if 1e3 <= size < 1e9:  # a price is read more easily whole than as 3.25e5
        return f"{x:.0f}".replace("-", "−")
    return number(x, 3 - int(math.log10(size)) if 1 <= size < 1e3 else 4)


def print_scores(
    table: Table, scores: Scores, answers: Sequence[float], testing: Sequence[int]
) -> None:
    """The network beside simpler models, which of them is best, and which classes it confuses."""
    width = _width(scores)
    heads = "".join(f"{name:>12}" for name in scores.columns)
    print(f"\n{'':<{width}}{heads}   of {len(testing):,} test rows")
    for name, numbers in scores.of_model.items():
        cells = (_score(table, x, k) for k, x in enumerate(numbers))
        print(f"{safe_name(name):<{width}}" + "".join(f"{cell:>12}" for cell in cells))
    mine, best = scores.main(NETWORK), scores.best_other()
    print(_verdict(table, scores, mine, scores.main(best), best))
    if table.classes:
        _print_confusion(table, answers, testing)


def _width(scores: Scores) -> int:
    return 2 + max(len(safe_name(name)) for name in scores.of_model)


def _score(table: Table, x: float, column: int) -> str:
    if table.classes:
        return f"{x:.1%}"
    if column < 2:
        return _in_unit(table, x)
    return "–" if math.isnan(x) else f"{x + 0.0:.3f}".replace("-0.000", "0.000").replace("-", "−")


def _verdict(table: Table, scores: Scores, mine: float, other: float, name: str) -> str:
    """Which one is better; as good is what is the same in the digits that are told, of four up."""
    column = 0 if scores.is_share else 1
    ours, theirs = _score(table, mine, column), _score(table, other, column)
    by, name = scores.columns[column], safe_name(name)
    if ours == theirs:
        return f"the network is as good as {name}: {by} {ours}"
    if (mine > other) == scores.is_share:
        return f"the network is better than {name}: {by} {ours}, not {theirs}"
    return (
        f"{name} is better than the network: {by} {theirs}, not {ours}; take it, or try other "
        "values of --hidden, --epochs, --validation"
    )


def _print_confusion(table: Table, answers: Sequence[float], testing: Sequence[int]) -> None:
    """How often which class got which answer, or the commonest mistakes among many classes."""
    names = [safe_name(name) for name in table.classes]
    counts = confusion([table.targets[i] for i in testing], answers, len(names))
    if len(names) > MOST_CLASSES:
        wrong = [(n, a, p) for a, row in enumerate(counts) for p, n in enumerate(row) if a != p]
        for n, a, p in sorted(wrong, reverse=True)[:MISTAKES]:
            print(f"  {names[a]} taken for {names[p]}: {n}" if n else "", end="\n" if n else "")
        return
    width = max(6, *map(len, names))
    heads = apart(safe_name(name, LONGEST_HEAD) for name in table.classes)
    rows = [heads, *([str(n) for n in row] for row in counts)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    print()
    for name, cells in zip(["actual", *names], rows, strict=True):
        told = "  ".join(f"{cell:>{w}}" for cell, w in zip(cells, widths, strict=True))
        print(f"{name:<{width}}   {'predicted:' if cells is heads else '':<10} {told}")


def print_splits(table: Table, scores: Sequence[Scores], seed: int) -> None:
    """The mean score of each model over several splits, its spread, and who is how often better."""
    first, width = scores[0], _width(scores[0])
    column = 0 if first.is_share else 1
    last = seed + len(scores) - 1
    print(f"\n{first.columns[column]} in {len(scores)} splits (seeds {seed} to {last}), ± spread")
    means = {}
    common = [name for name in first.of_model if all(name in s.of_model for s in scores)]
    for name in common:
        found = [s.main(name) for s in scores]
        means[name] = statistics.fmean(found)
        spread = _spread(table, statistics.stdev(found))
        line = f"{safe_name(name):<{width}}{_score(table, means[name], column):>12} ± {spread}"
        if name != NETWORK:
            more = sum(s.main(NETWORK) > s.main(name) for s in scores)
            less = sum(s.main(NETWORK) < s.main(name) for s in scores)
            better, worse = (more, less) if first.is_share else (less, more)
            line += f"   the network is better in {better}, worse in {worse}"
        print(line)
    best = (max if first.is_share else min)(common[1:], key=means.__getitem__)
    print(_verdict(table, first, means[NETWORK], means[best], best))


def _spread(table: Table, x: float) -> str:
    if table.classes:
        return f"{x:.1%}"
    return _in_unit(table, x if table.unit else float(f"{x:.2g}"))


def print_weights(answering: Answering) -> None:
    """The columns with the longest weights, which compare as the inputs are standardized."""
    columns, neurons = answering.encoding.columns, answering.model.layers[0].neurons
    lengths = [math.hypot(*(n.w[j].data for n in neurons)) for j in range(len(columns))]
    order = sorted(range(len(columns)), key=lambda j: -lengths[j])[:LONGEST_WEIGHTS]
    told = ", ".join(f"{safe_name(columns[j])} {number(lengths[j], 2)}" for j in order)
    print(f"\nlargest weights, of a column into all of layer0: {told}")


def print_gradients(answering: Answering, over: str) -> None:
    """The largest gradients of the weights, and over which rows they are."""
    print(f"\nlargest gradients over {over}, and which way learning moves these weights:")
    top = top_gradients(answering.model)
    names = [_with_column(each.name, answering.encoding.columns) for each in top]
    width = max(20, *map(len, names))
    for name, each in zip(names, top, strict=True):
        gradient = number(each.gradient, sign=True)
        print(f"  {name:<{width}} gradient {gradient:<9} {each.direction}")


def _with_column(weight: str, columns: Sequence[str]) -> str:
    """A weight's name with the column that it belongs to.

    >>> _with_column("layer0.neuron2.w1", ["size", "rooms"])
    'layer0.neuron2.w1 (rooms)'
    """
    match = re.fullmatch(r"layer0\.neuron\d+\.w(\d+)", weight)
    return f"{weight} ({safe_name(columns[int(match[1])])})" if match else weight
