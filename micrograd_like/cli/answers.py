"""A network that takes and gives numbers in the units of a table, and the lines of its answers."""

import argparse
import re
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple
from unicodedata import normalize

from micrograd_like.classes import class_of
from micrograd_like.cli.terminal import counting, escaped, in_one_line
from micrograd_like.functions import softmax
from micrograd_like.learn import Encoding, read_rows
from micrograd_like.nn import MLP
from micrograd_like.notation import plural

__all__ = ["Answering", "csv_line", "predict"]

FORMULA = {"=", "+", "-", "@", "\t", "\r", "\n"}  # begins one, in a spreadsheet
PLAIN = r"[^\s,;|\"]+"
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:inf|nan)"


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


def predict(options: argparse.Namespace) -> None:
    """Print a saved model's answer for each row of a file, as CSV; of classes, how probable all."""
    try:
        model = MLP.load(options.model)
    except ValueError as error:
        raise ValueError(f"{error}; give a file that train --save wrote") from None
    encoding = Encoding.from_about(model.about, options.model)
    first, last = model.layers[0].neurons, model.layers[-1].neurons
    if (len(first[0].w), len(last)) != (len(encoding.columns), len(encoding.classes) or 1):
        raise ValueError(
            f"{options.model}: its network is of {plural(len(first[0].w), 'column')} and "
            f"{plural(len(last), 'output')}, and its columns and classes are not; train it again"
        )
    with counting(f"reading {options.data}") as progress:
        rows, actual, notes = read_rows(options.data, encoding, progress)
    for note in notes:
        print(in_one_line(note), file=sys.stderr)
    probable = [f"P({name})" for name in encoding.classes]
    print(csv_line(encoding.target, *([] if actual is None else ["actual"]), *probable))
    try:
        outputs = Answering(model, encoding).predict(rows)
    except (ValueError, ArithmeticError) as error:  # of an activation that takes not all numbers
        problem = re.sub(r"^predict: row (\d+)", lambda at: f"row {int(at[1]) + 1}", str(error))
        raise ValueError(f"{options.data}: {problem}") from None
    for k, output in enumerate(outputs):
        cells = [] if actual is None else [actual[k]]
        if encoding.classes:
            answer = encoding.classes[class_of(output)]
            cells += [f"{p:.4f}" for p in softmax(output)]
        else:
            answer = f"{output:.6g}"
        print(csv_line(answer, *cells))


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
