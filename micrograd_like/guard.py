"""Locks that a child process finds open, and those of what all threads have in common.

One backward pass at a time, of all threads: a pass leaves its marks in the nodes it visits.

>>> with ONE_PASS:                      # gradients read here are those of whole passes
...     pass
"""

from __future__ import annotations

import os
from _thread import RLock  # what threading has, which would be loaded for this alone
from _weakref import ref
from collections.abc import Callable

TYPE_CHECKING = False  # typing itself would take most of the time of the import
if TYPE_CHECKING:
    from typing import Any, TypeVar

    Lock = TypeVar("Lock")

__all__ = ["BACKWARD", "ONE_DIGITS", "ONE_OUTPUT", "ONE_PASS", "open_in_child"]

_OPENED: set[Any] = set()  # weak references to locks that a child process is to find open


def open_in_child(lock: Lock) -> Lock:
    """The lock, which a fork opens in the child: a thread that held it is not there to let it go.

    What the thread that forks holds, it goes on to hold in the child.

    >>> from _thread import allocate_lock
    >>> lock = open_in_child(allocate_lock())
    """
    _OPENED.add(ref(lock, _OPENED.discard))
    return lock


def _open_all() -> None:
    for reference in list(_OPENED):
        lock = reference()
        if lock is not None and not (hasattr(lock, "_is_owned") and lock._is_owned()):
            lock._at_fork_reinit()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_open_all)


# What threads have in common, and must not change at once: where print writes to, and the number of
# digits that mpmath computes with.
ONE_OUTPUT: Any = open_in_child(RLock())
ONE_DIGITS: Any = open_in_child(RLock())

# The lock itself, as entering and leaving what C has written is one: Ctrl-C comes before or after.
ONE_PASS: Any = open_in_child(RLock())  # held while gradients are computed, or read together


class _Backward:
    """Whether a backward pass is under way, in the thread that holds the lock."""

    def __init__(self) -> None:
        self.under_way = False

    def refuse_second(self) -> None:
        """Tell a pass within another of the same thread: in a ``__del__``, or a signal."""
        if self.under_way:
            raise RuntimeError(
                "backward: this thread is going backward already, and was interrupted by a signal "
                "or a __del__; begin the other pass when it is done"
            )

    def call(self, closure: Callable[[], None]) -> None:
        """A program's closure in a pass; it may go backward over a graph of its own."""
        self.under_way = False
        try:
            closure()
        finally:
            self.under_way = True

    def _is_owned(self) -> bool:
        owned: bool = ONE_PASS._is_owned()
        return owned

    def _at_fork_reinit(self) -> None:
        self.under_way = False


BACKWARD = open_in_child(_Backward())
