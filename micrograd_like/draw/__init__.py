"""Pictures of a computation graph: what of it is shown, as DOT text, rendered, in two themes."""

from micrograd_like.draw.dot import (
    THEMES,
    Drawing,
    Numbers,
    Theme,
    draw_difference,
    draw_dot,
    product,
)
from micrograd_like.draw.outline import Node, Outline
from micrograd_like.draw.render import Picture, rendered

__all__ = [
    "THEMES",
    "Drawing",
    "Node",
    "Numbers",
    "Outline",
    "Picture",
    "Theme",
    "draw_difference",
    "draw_dot",
    "product",
    "rendered",
]
