"""The commands, and the formulas that a person types."""

from micrograd_like.cli.commands import main

__all__ = ["main"]
