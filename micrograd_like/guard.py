"""Locks that a child process finds open, and the one of backward passes.

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

__all__ = ["ONE_PASS", "open_in_child"]

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


class OnePass:
    """A lock that a thread holds while gradients are computed, added to, or read together."""

    def __init__(self) -> None:
        self.lock: Any = RLock()
        self.under_way = False
        self.backward = _Backward(self)

    def __enter__(self) -> None:
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()

    def _is_owned(self) -> bool:
        owned: bool = self.lock._is_owned()
        return owned

    def _at_fork_reinit(self) -> None:
        self.lock._at_fork_reinit()
        self.under_way = False


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


ONE_PASS = open_in_child(OnePass())
