"""Ctrl-C at any moment of what is done, one that is chosen by its number.

Python looks for a signal when a function begins and when one that is written in C has returned, and
so that is where a profiler raises the KeyboardInterrupt: at the same place each time.  A ``with``
that has just taken a lock is left out: Python 3.14 looks there, too, before the block has begun,
and no program can do anything about it.  So are moments inside of Numba and llvmlite: a lock of
llvmlite's stays shut where it is interrupted, and other threads wait for it for ever.
"""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

__all__ = ["interrupted", "moments"]

SIGNALS_COME = ("call", "c_return")  # the events of sys.setprofile
LEFT_OUT = ("llvmlite", "numba")


def moments(action: Callable[[], Any]) -> int:
    """How many moments there are at which Ctrl-C may come; the action is done."""
    return _run(action, -1)[0]


def interrupted(action: Callable[[], Any], at: int) -> tuple[bool, str]:
    """Whether the KeyboardInterrupt came out of the action, and the function that it came into.

    The action is done without an interrupt where it has fewer moments.
    """
    _, came, where = _run(action, at)
    return came, where


def _run(action: Callable[[], Any], at: int) -> tuple[int, bool, str]:
    count, where, came = 0, "", False

    def look(frame: FrameType, event: str, function: Any) -> None:
        nonlocal count, where
        if event not in SIGNALS_COME or getattr(function, "__name__", "") == "__enter__":
            return
        if frame.f_globals.get("__name__", "").partition(".")[0] in LEFT_OUT:
            return
        if count == at:
            sys.setprofile(None)
            before = f"{function.__qualname__} in " if event == "c_return" else ""
            where = f"{before}{frame.f_code.co_qualname}, line {frame.f_lineno}"
            count += 1
            raise KeyboardInterrupt
        count += 1

    before, hook = sys.getprofile(), sys.unraisablehook
    sys.unraisablehook = lambda _: None  # an interrupt within a __del__, which Python drops
    sys.setprofile(look)
    try:
        action()
    except KeyboardInterrupt:
        came = True
    finally:
        sys.setprofile(before)
        sys.unraisablehook = hook
    return count, came, where
