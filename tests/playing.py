"""What a player shows, as plain data, for tests: Python's scenes, which a page computes anew."""

import json
from typing import Any

from micrograd_like import Backprop
from micrograd_like.draw import node_ids
from micrograd_like.steps.pages import short


def played(steps: Backprop) -> dict[str, Any]:
    """How elements look before the first scene, the scenes, and the names of what has cells."""
    scenes = steps._animation().scenes
    start, shown = scenes.selected()
    nodes = {
        node_ids(k).node: {
            "name": scenes.name(node), "data": node_ids(k).data, "gradient": node_ids(k).gradient,
        }
        for k, node in enumerate(scenes.outline.nodes)
        if node.kind != "hidden"
    }  # fmt: skip
    total = len(steps.operations) + 1 + len(steps.edges)
    shown_as = {"start": start, "steps": [short(s) for s in shown], "nodes": nodes, "total": total}
    data: dict[str, Any] = json.loads(json.dumps(shown_as))
    return data
