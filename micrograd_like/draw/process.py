"""A program that draws, as a process of its own: with a limit of time, and of what it may print."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any

__all__ = ["TIME_LIMIT", "ended_by", "run"]

TIME_LIMIT = 60.0  # seconds, for one picture
MOST_DRAWN = 200_000_000  # bytes of a picture; of 50,000 values it has a fifth of that
MOST_TOLD = 1_000_000  # bytes of complaints, the last ones
PIECE = 65_536  # bytes that are read at once
Job = tuple[Callable[..., None], Any, Any]  # what is done with a pipe, and with what
LESS = "draw less, with depth=, with a coarser view=, or without expand="


def run(command: list[str], text: bytes) -> tuple[int, bytes, bytes]:
    """Run a program that draws, in the time that it has: its exit status, output and complaints.

    A RuntimeError tells that it cannot be started, that it takes too long, or prints without end.
    """
    until = time.monotonic() + TIME_LIMIT
    own = os.name == "posix"  # a group of processes, to be ended together
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, start_new_session=own
        )
    except OSError as error:
        raise RuntimeError(f"{command[0]} failed: {error.strerror}") from None

    def end() -> None:
        # With all that it has started: a child that is left would keep the output open.
        if own:
            with suppress(ProcessLookupError, PermissionError):  # it has ended by itself
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()

    drawn, told = bytearray(), bytearray()

    def keep_drawn(piece: bytes) -> None:
        drawn.extend(piece)
        if len(drawn) > MOST_DRAWN:
            end()

    def keep_told(piece: bytes) -> None:
        told.extend(piece)
        del told[:-MOST_TOLD]

    jobs: list[Job] = [
        (_give, process.stdin, text),
        (_take, process.stdout, keep_drawn),
        (_take, process.stderr, keep_told),
    ]
    with process:
        try:
            _together(jobs, until)
            code = process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            end()
            problem = f"took longer than {TIME_LIMIT:g} s"
            raise RuntimeError(f"{command[0]} {problem}; {LESS}") from None
        except BaseException:
            end()
            raise
    if len(drawn) > MOST_DRAWN:
        problem = f"printed more than {MOST_DRAWN / 1e6:g} MB"
        raise RuntimeError(f"{command[0]} {problem}; {LESS}")
    return code, bytes(drawn), bytes(told)


def ended_by(code: int) -> str:
    """What an exit status says, where a program says nothing.

    >>> ended_by(3)
    'it ended with status 3'
    """
    with suppress(ValueError):
        if code < 0:
            return f"it was ended by {signal.Signals(-code).name}"
    return f"it ended with status {code}"


def _together(jobs: list[Job], until: float) -> None:
    """What goes into a program and out of it, at once: else one would wait for the other."""
    threads = [Thread(target=job, args=(pipe, what), daemon=True) for job, pipe, what in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
        if thread.is_alive():
            raise subprocess.TimeoutExpired("", TIME_LIMIT)


def _give(pipe: Any, text: bytes) -> None:
    """All of a text, as far as the program reads it."""
    with suppress(OSError, ValueError), pipe:  # it has ended, or the pipe is closed meanwhile
        rest = memoryview(text)
        while rest:
            rest = rest[pipe.write(rest) :]


def _take(pipe: Any, keep: Callable[[bytes], None]) -> None:
    """All that a program prints, piece by piece."""
    with suppress(OSError, ValueError):
        while piece := pipe.read(PIECE):
            keep(piece)
