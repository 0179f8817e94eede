"""Gradients against finite differences, and against hundreds of digits."""

from micrograd_like.check.gradcheck import assert_gradients, gradcheck
from micrograd_like.check.report import Check, LocalCheck, Report

__all__ = ["Check", "LocalCheck", "Report", "assert_gradients", "gradcheck"]
