"""One backward pass at a time, of all threads: a pass leaves its marks in the nodes it visits.

>>> with ONE_PASS:                      # gradients read here are those of whole passes
...     pass
"""

from __future__ import annotations

import os
from _thread import RLock  # what threading has, which would be loaded for this alone
from collections.abc import Callable

__all__ = ["ONE_PASS"]


class OnePass:
    """A lock that a thread holds while gradients are computed, added to, or read together."""

    def __init__(self) -> None:
        self.backward = _Backward(self)
        self.reset()
        if hasattr(os, "register_at_fork"):  # a child has no thread that could let go of the lock
            os.register_at_fork(after_in_child=self.reset)

    def reset(self) -> None:
        """Nobody holds the lock."""
        self.lock, self.under_way = RLock(), False

    def __enter__(self) -> None:
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()


class _Backward:
    """Holds the lock for a pass, and refuses one within another: in a ``__del__``, or a signal."""

    def __init__(self, guard: OnePass) -> None:
        self.guard = guard

    def __enter__(self) -> None:
        self.guard.lock.acquire()
        if self.guard.under_way:
            self.guard.lock.release()
            raise RuntimeError(
                "backward: this thread is going backward already, and was interrupted by a signal "
                "or a __del__; begin the other pass when it is done"
            )
        self.guard.under_way = True

    def __exit__(self, *_: object) -> None:
        self.guard.under_way = False
        self.guard.lock.release()

    def call(self, closure: Callable[[], None]) -> None:
        """A program's closure in a pass; it may go backward over a graph of its own."""
        self.guard.under_way = False
        try:
            closure()
        finally:
            self.guard.under_way = True


ONE_PASS = OnePass()
