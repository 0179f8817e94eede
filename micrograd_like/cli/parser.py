"""The words of the command line: commands, options, what they are by default."""

import argparse
import csv
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from micrograd_like import __version__
from micrograd_like.cli.terminal import in_one_line
from micrograd_like.draw import AUTO, FORMATS, THEMES, VIEWS
from micrograd_like.learn import GAPS_ARE
from micrograd_like.nn import activations

__all__ = ["options_of"]

DEFAULTS: dict[str, Any] = {
    "task": "regress", "columns": None, "drop": [], "text": [], "gaps": "drop",
    "hidden": [8], "activation": "tanh", "standardize": True, "epochs": 100, "lr": 0.02,
    "batch_size": 16, "validation": 0.0, "splits": 1, "seed": 0,
    "draw": None, "plot": None, "save": None, "force": False,
}  # fmt: skip
ENDINGS = " ".join(f".{ending}" for ending in FORMATS)


def options_of(words: Sequence[str]) -> argparse.Namespace:
    """The command and its options; a word that is none ends the program with status 2.

    >>> options_of(["step", "-a*b", "a=1", "b=2"]).variables
    ['a=1', 'b=2']
    """
    # A formula may begin with a minus sign; with a space before it, it is not taken for an option.
    minus = re.compile(r"-[\w.(]+[^\w=.]|-[\d.(]")
    parser = _parser()
    options, unknown = parser.parse_known_args(
        [f" {word}" if minus.match(word) else word for word in words]
    )
    if unknown:
        command = _Parser(prog=" ".join(filter(None, (parser.prog, options.command))))
        command.error(f"unrecognized arguments: {' '.join(unknown)}")
    return options


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong in one line, as all commands do, and where to read more."""

    def error(self, message: str) -> NoReturn:
        told = in_one_line(f"{self.prog}: {message}")
        print(f"{told}; see {self.prog} --help", file=sys.stderr)
        raise SystemExit(2)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="micrograd-like",
        description="Backprop you can look inside. Without a command: a tour on real data.",
    )
    parser.add_argument("--version", action="version", version=f"micrograd_like {__version__}")
    parser.set_defaults(**DEFAULTS)
    commands = parser.add_subparsers(
        dest="command", metavar="step | draw | check | train | predict"
    )
    for name, words in (
        ("step", "print the steps of backprop through a formula"),
        ("draw", "draw a formula's graph and its gradient flow"),
        ("check", "check a formula's gradients against finite differences"),
    ):
        _add_formula(commands.add_parser(name, help=words), name)
    _add_training(
        commands.add_parser(
            "train",
            help="train a network to predict a column of a CSV file",
            usage="%(prog)s DATA.csv --target NAME [options]",
        )
    )
    command = commands.add_parser(
        "predict",
        help="print a saved model's answers for a CSV file",
        description="Print a saved model's answers for the rows of a CSV file, as CSV.  Text that "
        "a spreadsheet would take for a formula, such as =A1, gets an apostrophe before it; "
        "numbers get none.  Control characters are escaped.  Of classes P(name) is the "
        "probability; gaps are filled with the mean of the rows that were learned.",
    )
    command.add_argument("model", type=Path, metavar="MODEL.json")
    command.add_argument("data", type=Path, metavar="DATA.csv", help="with the model's columns")
    return parser


def _add_formula(command: argparse.ArgumentParser, name: str) -> None:
    """The arguments of a command on a formula."""
    command.add_argument(
        "formula", metavar="FORMULA", help='such as "tanh(a*b + c)", or "d = a*b; d**2 + d"'
    )
    command.add_argument("variables", nargs="*", metavar="NAME=NUMBER", help="such as a=2 b=-3")
    if name != "check":
        kinds = {
            "step": ".html: a page that plays the steps; .gif, .mp4: a moving picture; .svg, .png: "
            "the picture at the end; .pdf: a handout to print, with the picture and all steps; "
            ".tex: the steps as LaTeX"
        }
        command.add_argument(
            *("-o", "--output"),
            metavar="FILE",
            required=name == "draw",
            help=kinds.get(name, ENDINGS),
        )
        _add_force(command)
    if name == "step":
        command.add_argument(
            "--blanks", action="store_true",
            help="in a .pdf or .tex: lines to write the numbers on, then the solution",
        )  # fmt: skip
    if name == "draw":
        command.add_argument("--view", metavar=" | ".join(VIEWS), help="by size")
        command.add_argument("--theme", default=AUTO, metavar=" | ".join((AUTO, *THEMES)))
        command.add_argument("--no-legend", dest="legend", action="store_false")


def _add_training(command: argparse.ArgumentParser) -> None:
    """The arguments of the train command."""
    command.add_argument("data", type=Path, metavar="DATA.csv", help="with a header line of names")
    data = command.add_argument_group("data", "NAMES are separated by commas.")
    data.add_argument("--target", required=True, metavar="NAME", help="the column to predict")
    data.add_argument(
        "--task", choices=["regress", "classify"], metavar="TASK",
        help="regress: a number (the default); classify: a class by name",
    )  # fmt: skip
    data.add_argument("--columns", type=_names, metavar="NAMES", help="to predict it from (all)")
    data.add_argument("--drop", type=_names, metavar="NAMES", help="columns to leave out")
    data.add_argument("--text", type=_names, metavar="NAMES", help="columns of names, as codes are")
    data.add_argument(
        "--gaps", choices=GAPS_ARE, metavar="HOW",
        help="empty cells, NA: drop the row (the default), fill, or refuse",
    )  # fmt: skip
    network = command.add_argument_group("network and training")
    hidden = ",".join(map(str, DEFAULTS["hidden"]))
    network.add_argument(
        "--hidden", type=_sizes, metavar="N,N", help=f"neurons of each layer ({hidden})"
    )
    names = f"of hidden neurons (%(default)s): {', '.join(activations())}"
    network.add_argument("--activation", metavar="NAME", help=names)
    network.add_argument(
        "--standardize", action=argparse.BooleanOptionalAction, help="inputs (yes)"
    )
    for word, kind, metavar, what in (
        ("--epochs", int, "N", "passes over the data"),
        ("--lr", float, "X", "learning rate"),
        ("--batch-size", int, "N", "rows in each step"),
        ("--validation", float, "SHARE", "of rows that tell when to stop"),
        ("--splits", int, "N", "of learning and test rows"),
        ("--seed", int, "N", "of split and first weights"),
    ):
        network.add_argument(word, type=kind, metavar=metavar, help=f"{what} (%(default)g)")
    files = command.add_argument_group("files to write")
    files.add_argument("--save", metavar="MODEL.json", help="the model, for the predict command")
    files.add_argument("--draw", metavar="FILE", help=f"network, gradients: {ENDINGS}")
    files.add_argument("--plot", metavar="FILE", help="losses and answers: .png .svg .pdf")
    _add_force(files)
    command.set_defaults(**DEFAULTS)


def _names(text: str) -> list[str]:
    """Names between commas; one with a comma in it stands in quotation marks, as in CSV.

    >>> _names('size,"a, b"')
    ['size', 'a, b']
    """
    return [name.strip() for line in csv.reader([text], skipinitialspace=True) for name in line]


def _sizes(text: str) -> list[int]:
    """How many neurons each hidden layer has.

    >>> _sizes("16,8")
    [16, 8]
    """
    try:
        return [int(size) for size in text.split(",")]
    except ValueError:
        problem = f"{text!r} is no whole number, nor several, as in 16,8"
        raise argparse.ArgumentTypeError(problem) from None


def _add_force(command: argparse._ActionsContainer) -> None:
    """What a command that writes files has, without which it replaces none."""
    command.add_argument("--force", action="store_true", help="replace files that are there")
