"""The network of a model as plain data: circles in columns, and lines that are weights.

>>> from micrograd_like.nn import MLP
>>> network = network_data(Forward(MLP(2, [1]), ["x0", "x1"], [[0.5, 1.0]]))
>>> [unit["name"] for unit in network["units"]], network["links"]
(['x0', 'x1', 'layer0.neuron0'], [[0, 2, 0], [1, 2, 1]])
"""

from collections.abc import Mapping, Sequence
from typing import Any

from micrograd_like.draw import Network
from micrograd_like.steps.forward import Forward

__all__ = ["network_data"]

MOST_UNITS = 12  # circles in a column
MOST_LINKS = 1200


def network_data(forward: Forward) -> dict[str, Any] | None:
    """The neurons and their connections, with the places of their values and weights.

    None where there are no neurons, or so many connections that nobody could tell them apart.
    """
    if not forward.outputs:
        return None
    try:
        network = Network.of(forward.outputs, forward.x)
    except ValueError:
        return None
    weights = {id(p): k for k, p in enumerate(forward.parameters)}
    columns: dict[int, list[int]] = {}
    for k, unit in enumerate(network.units):
        columns.setdefault(unit.column, []).append(k)
    shown = [k for column in columns.values() for k in _ends(column)]
    place = {k: new for new, k in enumerate(shown)}
    links = [
        [place[link.source], place[link.target], weights[id(link.weight.parameter)]]
        for link in network.connections
        if link.weight and link.source in place and link.target in place
    ]
    if len(links) > MOST_LINKS:
        return None
    return {
        "units": [_unit(network.units[k], forward, weights) for k in shown],
        "hidden": [len(of) - len(_ends(of)) for of in columns.values()],
        "links": links,
    }


def _unit(unit: Any, forward: Forward, weights: Mapping[int, int]) -> dict[str, Any]:
    values = [] if forward.problem else forward.places(unit.values[:1])
    return {
        "kind": unit.kind,
        "name": unit.name or unit.symbol,
        "block": unit.block,
        "symbol": unit.symbol,
        "column": unit.column,
        "value": values[0] if values else -1,
        "biases": [weights[id(of.parameter)] for of in unit.parameters],
    }


def _ends(column: Sequence[int]) -> list[int]:
    """The units of a column that are drawn: of many the first and the last."""
    half = MOST_UNITS // 2
    return [*column] if len(column) <= MOST_UNITS else [*column[:half], *column[1 - half :]]
