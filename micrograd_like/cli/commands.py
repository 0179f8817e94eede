"""The commands: a tour; ``step``, ``draw`` and ``check`` a formula; ``train`` and ``predict``."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec

from micrograd_like.check import gradcheck
from micrograd_like.cli.answers import predict
from micrograd_like.cli.formula import parse, variables
from micrograd_like.cli.outputs import check_outputs, free_name
from micrograd_like.cli.parser import options_of
from micrograd_like.cli.terminal import flush, in_one_line, readable_output, unguarded
from micrograd_like.cli.training import read_table, train
from micrograd_like.draw import draw_dot
from micrograd_like.engine import Value
from micrograd_like.learn import Table, house_prices
from micrograd_like.notation import number
from micrograd_like.steps import Backprop

__all__ = ["main"]

PAGE, PICTURE, PLOT = "backprop.html", "gradient_flow.svg", "training.png"  # of the tour
# What Python has for a remedy and the command line has not, and what it has.
REMEDIES = {
    "the DOT text is there, as .source": "draw -o graph.dot and train --draw graph.dot need none",
    ", or take a slice, or a smaller width=": "",
}
STOPPED = 130  # the exit status of what was interrupted, as shells have it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status, 2 for an error in what the user gave.

    >>> main(["step", "a*b", "a=2", "b=-3"])
    1/4  L = a · b = 2 · (−3) = −6
    ...
    0
    """
    with readable_output():
        try:
            run(options_of(sys.argv[1:] if arguments is None else arguments))
            flush()
        except BrokenPipeError:  # whoever reads has read enough
            return 0
        except KeyboardInterrupt:
            return complain("stopped", STOPPED)
        except MemoryError:
            return complain("there is not enough memory for this; use less data")
        except (ValueError, ArithmeticError, OSError, ImportError, RuntimeError) as error:
            return complain(str(error))
    return 0


def complain(problem: str, status: int = 2) -> int:
    """Tell in one line what is wrong; returns the exit status."""
    for python, here in REMEDIES.items():
        problem = problem.replace(python, here)
    with suppress(OSError):  # after what was printed before it
        flush()
    with suppress(OSError):  # nobody listens
        print(f"micrograd-like: {in_one_line(problem)}", file=sys.stderr)
    return status


def run(options: argparse.Namespace) -> None:
    """Do what the words of the command line say."""
    check_outputs(options)
    if options.command == "train":
        train(read_table(options), options)
    elif options.command == "predict":
        predict(options)
    elif options.command:
        root = parse(options.formula, variables(options.variables))
        {"step": step, "draw": draw, "check": check}[options.command](root, options)
    else:
        tour(options)


def tour(options: argparse.Namespace) -> None:
    """A small expression step by step, then a network that learns the prices of real houses.

    What needs something that is not there is left out, and one line says so.
    """
    a, b, c = Value(2.0, label="a"), Value(-1.5, label="b"), Value(2.4, label="c")
    d = a * b
    e = d + c
    loss = e.tanh()
    d.label, e.label, loss.label = "d", "e", "L"
    print("Backprop, one step at a time: L = tanh(a·b + c)\n")
    steps = Backprop(loss)
    print_steps(steps, indent=2)
    with unless_missing("the page"):
        print(f"\nthe steps, to play: {steps.save(free_name(PAGE))}")
        options.draw = free_name(PICTURE)
    loss.backward()
    print(
        "\nwhat backward() finds:",
        ", ".join(f"∂L/∂{v.label} = {number(v.grad)}" for v in (a, b, c)),
    )
    table, about = saddle(), "a saddle, z = x · y, at 81 points"
    with unless_missing("the prices of houses"):
        table, about = house_prices(), "the prices of 88 houses in Boston, from hprice1"
    print(f"\nThe same, many times over: {about}\n")
    options.plot = free_name(PLOT) if find_spec("matplotlib") else None
    train(table, options)


@contextmanager
def unless_missing(what: str) -> Iterator[None]:
    """Go on where something is not installed, and say in one line what is left out for that."""
    try:
        yield
    except ImportError as error:
        print(f"\nleft out: {what}, as {error}")


def saddle() -> Table:
    """What is learned where no real data is installed."""
    points = [(x / 4, y / 4) for x in range(-4, 5) for y in range(-4, 5)]
    return Table(["x", "y"], [[x, y] for x, y in points], "z", [x * y for x, y in points])


def step(root: Value, options: argparse.Namespace) -> None:
    """Print every step, forward and backward, and write the page that plays them."""
    if options.blanks and options.output is None:
        raise ValueError("step: --blanks is for a file to print; give one, as in -o handout.pdf")
    steps = Backprop(root)
    saved = None if options.output is None else steps.save(options.output, blanks=options.blanks)
    print_steps(steps)
    if saved:
        print(saved)


def print_steps(steps: Backprop, indent: int = 0) -> None:
    """Print steps, with colours if this is a terminal and rich is there."""
    if sys.stdout.isatty() and find_spec("rich"):
        from rich.console import Console

        console = Console(file=unguarded(sys.stdout), highlight=False)
        for each in steps:
            console.print(" " * indent, each.__rich__(), sep="", soft_wrap=True)
    else:
        for each in steps:
            print(f"{' ' * indent}{each}")


def draw(root: Value, options: argparse.Namespace) -> None:
    """Write the picture."""
    root.backward()
    looks = {"view": options.view, "theme": options.theme, "legend": options.legend}
    print(draw_dot(root, **looks).save(options.output))


def check(root: Value, options: argparse.Namespace) -> None:
    """Print the report, with the errors in units of the last place where mpmath is there."""
    reference = "mpmath" if find_spec("mpmath") else "differences"
    report = gradcheck(root, reference=reference)
    print(report)
    if not report.ok:
        raise ArithmeticError("a gradient is wrong")
