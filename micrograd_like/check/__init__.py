"""Gradients against finite differences and hundreds of digits, and engines against the rules."""

from micrograd_like.check.engines import EngineReport, Fault, check_engine
from micrograd_like.check.gradcheck import assert_gradients, gradcheck
from micrograd_like.check.report import Check, LocalCheck, Report

__all__ = [
    "Check", "EngineReport", "Fault", "LocalCheck", "Report", "assert_gradients", "check_engine",
    "gradcheck",
]  # fmt: skip
