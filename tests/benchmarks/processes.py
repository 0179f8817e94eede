"""Pythons of their own to measure in, so that what one imports does not slow another down."""

import json
import os
import subprocess
import sys
from importlib import import_module
from threading import Timer
from types import TracebackType
from typing import Any, Self


class WorkerError(Exception):
    """What a function raised in a worker: ``kind`` is the name of the exception."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(f"{kind}: {text}")
        self.kind = kind


class Worker:
    """A new Python that imports one of the modules beside this one and calls its functions.

    ``environment`` is added to the variables of this process.  The worker waits, without taking any
    time of the processor, until it is asked, so that several can measure in turns.

    >>> with Worker("math") as worker:
    ...     worker.ask("hypot", 3, 4)
    5.0
    """

    def __init__(self, module: str, environment: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | (environment or {}),
        )

    def ask(self, function: str, *arguments: Any, limit: float | None = None) -> Any:
        """What the function returns; arguments and result are what JSON can hold.

        A WorkerError tells what it raised; its kind is ``"TimeoutError"`` if there was no answer
        after ``limit`` seconds, and the worker is of no use from there on.
        """
        assert self.process.stdin
        assert self.process.stdout
        timer = Timer(limit or 3600, self.process.kill)
        timer.daemon = True
        timer.start()
        try:
            print(json.dumps([function, arguments]), file=self.process.stdin, flush=True)
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        expired = not timer.is_alive()
        timer.cancel()
        if not line:
            kind = "TimeoutError" if expired else "ended"
            raise WorkerError(kind, f"{function}: no answer; exit code {self.process.wait()}")
        reply = json.loads(line)
        if "error" in reply:
            raise WorkerError(*reply["error"])
        return reply["result"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.communicate()


def serve(name: str) -> None:
    """Call what the lines of the standard input ask for, and print what it returns."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what else is printed goes with the errors
    module = import_module(name)
    for line in sys.stdin:
        function, arguments = json.loads(line)
        try:
            reply = {"result": getattr(module, function)(*arguments)}
        except Exception as error:
            reply = {"error": [type(error).__name__, str(error)[:500]]}
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
