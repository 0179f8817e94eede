"""The words of the command line: commands, options, what they are by default."""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from micrograd_like import __version__
from micrograd_like.cli.terminal import in_one_line

__all__ = ["options_of"]

DEFAULTS = {
    "epochs": 100, "lr": 0.005, "hidden": 8, "seed": 0, "task": "regress",
    "draw": None, "plot": None, "save": None, "force": False,
}  # fmt: skip


def options_of(words: Sequence[str]) -> argparse.Namespace:
    """The command and its options; a word that is none ends the program with status 2.

    >>> options_of(["step", "-a*b", "a=1", "b=2"]).variables
    ['a=1', 'b=2']
    """
    # A formula may begin with a minus sign; with a space before it, it is not taken for an option.
    minus = re.compile(r"-[\w.(]+[^\w=.]|-[\d.(]")
    return _parser().parse_args([f" {word}" if minus.match(word) else word for word in words])


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
        commands.add_parser("train", help="train a network to predict a column of a CSV file")
    )
    command = commands.add_parser(
        "predict",
        help="print a saved model's answers for a CSV file",
        description="Print a saved model's answers for the rows of a CSV file, as CSV.  Text that "
        "a spreadsheet would take for a formula, such as =A1, gets an apostrophe before it; "
        "numbers get none.  Control characters are escaped.",
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
        kinds = {"step": "a page, .html, moving, .gif or .mp4, or of the end, .svg, .png or .pdf"}
        command.add_argument(
            *("-o", "--output"),
            required=name == "draw",
            help=kinds.get(name, ".svg, .png, .pdf, .html or .dot"),
        )
        _add_force(command)
    if name == "draw":
        command.add_argument("--view", metavar="values | sums | network | arrays", help="by size")
        command.add_argument("--theme", default="auto", metavar="auto | light | dark")
        command.add_argument("--no-legend", dest="legend", action="store_false")


def _add_training(command: argparse.ArgumentParser) -> None:
    """The arguments of the train command."""
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
    command.add_argument(
        "--draw", metavar="FILE", help="the network and its gradients: .svg, .png, .pdf or .html"
    )
    command.add_argument("--plot", metavar="FILE", help="losses and answers: .png, .svg or .pdf")
    command.add_argument("--save", metavar="MODEL.json", help="the model, for the predict command")
    _add_force(command)
    command.set_defaults(**DEFAULTS)


def _add_force(command: argparse.ArgumentParser) -> None:
    """What a command that writes files has, without which it replaces none."""
    command.add_argument("--force", action="store_true", help="replace files that are there")
