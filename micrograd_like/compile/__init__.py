"""A recorded graph run over many rows of data: compiled by Numba, or as a function over arrays."""

from micrograd_like.compile.array_text import ArrayText
from micrograd_like.compile.export import to_function
from micrograd_like.compile.graph_arrays import roots_and_inputs
from micrograd_like.compile.layout import CONSTANTS, Array, Layout
from micrograd_like.compile.recording import NoRecordingError, graph_of, recording
from micrograd_like.compile.structure import regular_structure, structure
from micrograd_like.compile.tape import Tape, is_worth_a_tape

__all__ = [
    "CONSTANTS",
    "Array",
    "ArrayText",
    "Layout",
    "NoRecordingError",
    "Tape",
    "graph_of",
    "is_worth_a_tape",
    "recording",
    "regular_structure",
    "roots_and_inputs",
    "structure",
    "to_function",
]
