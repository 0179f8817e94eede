"""A recorded graph run over many rows of data: compiled by Numba, or as a function over arrays."""

from micrograd_like.compile.export import to_function
from micrograd_like.compile.structure import structure
from micrograd_like.compile.tape import Tape, is_worth_a_tape

__all__ = ["Tape", "is_worth_a_tape", "structure", "to_function"]
