"""Where the parts of a network's picture stand: columns of circles, cut in the middle if too many.

Positions are in pixels, to the right and upwards, as Graphviz has them.

>>> from micrograd_like import MLP
>>> layout = Layout.of(Network.of(MLP(64, [16, 10])([0.5] * 64)))
>>> [(word.words, word.y) for word in layout.notes if "more" in word.words]
[('… 50 more', 0.0)]
>>> len(layout.spots)
40
"""

from collections.abc import Iterable, Sequence
from itertools import chain, groupby
from typing import NamedTuple

from micrograd_like.draw.legend import text_width
from micrograd_like.draw.names import cut
from micrograd_like.draw.network import Network, Unit
from micrograd_like.draw.theme import FONT
from micrograd_like.notation import number, plural

__all__ = ["Layout", "Note", "input_name", "own_name", "short"]

WIDTH = 1060.0  # of a picture, at most, with its margins left out
MOST = 16  # circles in a column
BLOCKS = 4  # layers in a column, one above the other
LEAST = 3  # circles of a layer
ROOMY = 10  # circles in a column, for which there is more room
NARROWEST, WIDEST = 84.0, 190.0  # from a column to the next
STEEPEST = 0.45  # the distance of columns, at least, of the height of the highest
TITLE, ABOVE = 22.0, 46.0  # from a circle's room to the title above it, and to another layer


class Note(NamedTuple):
    """Words in a picture."""

    x: float
    y: float
    words: str
    below: str = ""  # a second line
    names: str = ""  # the whole of it


class Layout(NamedTuple):
    """Where units stand; those that are left out stand nowhere."""

    spots: dict[int, tuple[float, float]]
    notes: list[Note]
    diameter: float  # of circles
    apart: float  # from a circle to the next, below it
    left: float
    right: float
    bottom: float
    alone: set[int]  # units that are the only ones in their layer

    @classmethod
    def of(cls, network: Network) -> "Layout":
        """The layout of a network."""
        columns = _columns(network)
        own = any(link.source == link.target for link in network.connections)
        roomy = max(sum(map(_rows, column)) for column in columns) <= ROOMY
        apart = (52.0 if roomy else 44.0) + (14.0 if own else 0.0)
        diameter = 36.0 if roomy else 31.0
        left = max(_wide(network.units[k]) for block in columns[0] for k in block.shown)
        right = max(_wide(network.units[k]) for block in columns[-1] for k in block.shown)
        left, right = left + diameter / 2 + 8, right + diameter / 2
        most = int((WIDTH - left - right) / NARROWEST) + 1
        shown, hidden = _cut(list(columns), most)
        gap = (WIDTH - left - right) / max(len(shown) - 1, 1)
        top = max(_height(column, apart) for column in shown) / 2
        gap = max(NARROWEST, min(gap, max(WIDEST, STEEPEST * 2 * top)))
        xs = [k * gap for k in range(len(shown))]
        spots: dict[int, tuple[float, float]] = {}
        notes = []
        for x, column in zip(xs, shown, strict=True):
            if not column:
                notes.append(Note(x, 0.0, f"… {hidden:,} more", "columns"))
                continue
            y = _height(column, apart) / 2
            for block in column:
                title = top if block is column[0] else y
                notes.append(_title(network, block, x, title + TITLE, gap))
                y = block.place(spots, notes, x, y, apart) - ABOVE
        alone = {of.units[0] for column in columns for of in column if len(of.units) == 1}
        bottom = -top - apart / 2
        return cls(spots, notes, diameter, apart, -left, xs[-1] + right, bottom, alone)


class _Block(NamedTuple):
    """A layer, or what else stands together in a column: the units at its top and its bottom."""

    units: list[int]
    top: list[int]
    bottom: list[int]

    @classmethod
    def of(cls, units: Iterable[int], most: int) -> "_Block":
        """These units, not more than there is room for."""
        found = list(units)
        if len(found) <= most:
            return cls(found, found, [])
        half = (most - 1) // 2
        return cls(found, found[:half], found[-half:])

    @property
    def shown(self) -> list[int]:
        """The units that are drawn."""
        return self.top + self.bottom

    def place(
        self,
        spots: dict[int, tuple[float, float]],
        notes: list[Note],
        x: float,
        y: float,
        apart: float,
    ) -> float:
        """Give each unit its spot, from a height down; returns the height below them."""
        hidden = len(self.units) - len(self.shown)
        for k in self.top:
            spots[k] = x, y - apart / 2
            y -= apart
        if hidden:
            notes.append(Note(x, y - apart / 2, f"… {hidden:,} more"))
            y -= apart
        for k in self.bottom:
            spots[k] = x, y - apart / 2
            y -= apart
        return y


def _rows(block: _Block) -> int:
    return len(block.shown) + (len(block.shown) < len(block.units))


def _height(column: Sequence[_Block], apart: float) -> float:
    return sum(map(_rows, column)) * apart + ABOVE * (len(column) - 1)


def _columns(network: Network) -> list[list[_Block]]:
    """The blocks of each column, cut where they are too many."""
    units = network.units
    columns = []
    for _, column in groupby(range(len(units)), lambda k: units[k].column):
        blocks = [[*of] for _, of in groupby(column, lambda k: (units[k].kind, units[k].block))]
        if len(blocks) > BLOCKS:
            blocks = [[*of] for _, of in groupby(chain(*blocks), lambda k: units[k].kind)]
        most = max(LEAST, MOST // len(blocks))
        columns.append([_Block.of(block, most) for block in blocks])
    return columns


def _cut(columns: list[list[_Block]], most: int) -> tuple[list[list[_Block]], int]:
    """As many columns as there is room for, with an empty one for those left out in the middle."""
    hidden = len(columns) - most + 1
    if hidden < 2:
        return columns, 0
    first = (most - 1) // 2
    return [*columns[:first], [], *columns[first + hidden :]], hidden


def _title(network: Network, block: _Block, x: float, y: float, gap: float) -> Note:
    """What stands over a block: its name, how many units it has, and their activation."""
    units = [network.units[k] for k in block.units]
    first, count = units[0], len(units)
    if first.kind == "result":
        return Note(x, y, "")
    names = {unit.block for unit in units}
    title = first.block if len(names) == 1 and first.block else f"{first.kind}s"
    if first.kind == "neuron" and count == 1 and not own_name(first).isdigit():
        title = first.name
    activations = {unit.symbol for unit in units if unit.kind == "neuron"}
    below = f"{count:,}" if title == f"{first.kind}s" else plural(count, first.kind)
    if len(activations) == 1 and (word := activations.pop()):
        below += f" · {word}"
    most = int(gap / (0.55 * FONT))
    return Note(x, y, title if len(title) <= most else title[: most - 1] + "…", below, title)


def own_name(unit: Unit) -> str:
    """What a unit is called in its layer: a neuron of a `Layer` by its number.

    >>> own_name(Unit("neuron", "layer0.neuron2", [0.0], block="layer0"))
    '2'
    """
    if unit.kind == "operation":
        name = unit.name or ("" if unit.block else unit.symbol)
    else:
        name = unit.name.removeprefix(f"{unit.block}.")
        number = name.removeprefix("neuron")
        name = number if number.isdigit() else name
    return name if len(name) < 10 else name[:8] + "…"


def input_name(unit: Unit) -> str:
    """What stands beside an input."""
    return cut(unit.name)


def short(x: float) -> str:
    """A number for a circle: of about five characters.

    >>> [short(x) for x in (-0.4567, 12.345, 1234.5, -0.00001234)]
    ['−0.46', '12.3', '1234', '−1e−5']
    """
    size = abs(x)
    if size < 0.1:
        return number(x, 1)
    return number(x, 2 if size < 10 else 1 if size < 100 else 0)


def _wide(unit: Unit) -> float:
    """How far what is beside a unit's spot reaches, beyond a circle."""
    if unit.kind == "input":
        return text_width(input_name(unit), FONT)
    if unit.kind == "result":
        return text_width(cut(unit.name), FONT) / 2
    return 0.0
