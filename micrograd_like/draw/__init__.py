"""Pictures of a computation graph: what of it is shown, as DOT text, rendered, in two themes."""

from typing import TYPE_CHECKING

from micrograd_like.draw.dot import DIRECTIONS, Drawing, Frame, Style, html
from micrograd_like.draw.heads import edge_drawn_back
from micrograd_like.draw.ids import (
    CELL_ID,
    FRAME_ID,
    HEAD_ID,
    HERE_ID,
    SLOPE_ID,
    edge_id,
    hop_id,
    node_ids,
)
from micrograd_like.draw.in_browser import load_graphviz
from micrograd_like.draw.names import LONGEST_NAME, Expressions
from micrograd_like.draw.numbers import Numbers, Scales, strength
from micrograd_like.draw.outline import Node, Outline, check_groups, names_to_open
from micrograd_like.draw.page import (
    document,
    image_of,
    in_function,
    look_script,
    look_style,
    scripts_of,
)
from micrograd_like.draw.pictures import VIEWS, draw_difference, draw_dot
from micrograd_like.draw.render import FORMATS, Picture, are_over_borders, in_threads, picture_bytes
from micrograd_like.draw.svg import framed, markup
from micrograd_like.draw.theme import (
    AUTO,
    EDGE_FONT,
    FONT,
    TERMINAL,
    THEMES,
    Theme,
    drawn_theme,
    mix,
    page_colours,
    sign_name,
)
from micrograd_like.draw.words import (
    GRADIENTS,
    NOTHING,
    RANGE,
    Words,
    gradient_text,
    gradient_word,
    spread,
)

if TYPE_CHECKING:
    from micrograd_like.draw.network import Network
else:

    def __getattr__(name):
        # The network view is loaded when it is asked for.
        if name != "Network":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from micrograd_like.draw.network import Network

        return Network


__all__ = [
    "AUTO",
    "CELL_ID",
    "DIRECTIONS",
    "EDGE_FONT",
    "FONT",
    "FORMATS",
    "FRAME_ID",
    "GRADIENTS",
    "HEAD_ID",
    "HERE_ID",
    "LONGEST_NAME",
    "NOTHING",
    "RANGE",
    "SLOPE_ID",
    "TERMINAL",
    "THEMES",
    "VIEWS",
    "Drawing",
    "Expressions",
    "Frame",
    "Network",
    "Node",
    "Numbers",
    "Outline",
    "Picture",
    "Scales",
    "Style",
    "Theme",
    "Words",
    "are_over_borders",
    "check_groups",
    "document",
    "draw_difference",
    "draw_dot",
    "drawn_theme",
    "edge_drawn_back",
    "edge_id",
    "framed",
    "gradient_text",
    "gradient_word",
    "hop_id",
    "html",
    "image_of",
    "in_function",
    "in_threads",
    "load_graphviz",
    "look_script",
    "look_style",
    "markup",
    "mix",
    "names_to_open",
    "node_ids",
    "page_colours",
    "picture_bytes",
    "scripts_of",
    "sign_name",
    "spread",
    "strength",
]
