"""Gradients against finite differences, and against hundreds of digits."""

from micrograd_like.check.differences import Check
from micrograd_like.check.gradcheck import LocalCheck, Report, assert_gradients, gradcheck

__all__ = ["Check", "LocalCheck", "Report", "assert_gradients", "gradcheck"]
