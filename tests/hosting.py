"""Hosts of the live page, for tests: servers on this machine, and a Firefox where there is one."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from socket import socket
from threading import Thread
from typing import Any
from urllib.request import urlopen

import pytest

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox") or ""
QUIET = ["--no-browser", "--allow-root", "--ip=127.0.0.1", "--IdentityProvider.token="]
NO_NEWS = ["--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]


@contextmanager
def pages(folder: Path, policy: str) -> Iterator[str]:
    """The address of a server that sends the files of a folder under a policy."""

    class Handler(SimpleHTTPRequestHandler):
        def end_headers(self) -> None:
            self.send_header("Content-Security-Policy", policy)
            super().end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def process(command: list[str], folder: Path, **more: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A program that runs in a folder, with that as its home, until it is not needed any more."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    places = {name: str(home) for name in ("HOME", "JUPYTER_CONFIG_DIR", "XDG_CONFIG_HOME")}
    with (home / "log").open("w") as log:
        running = subprocess.Popen(
            command, cwd=folder, env=os.environ | places | more, stdout=log, stderr=log
        )
        try:
            yield running
        finally:
            running.terminate()
            try:
                running.wait(30)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


@contextmanager
def jupyter(app: str, folder: Path) -> Iterator[str]:
    """The address of a JupyterLab, or a Notebook, in a folder; skipped where it is not there."""
    if not find_spec(app):
        pytest.skip(f"needs pip install {app}")
    home = folder / "home"
    places = {
        "JUPYTER_DATA_DIR": str(home / "data"), "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
    }  # fmt: skip
    command = [sys.executable, "-m", app, *QUIET, *NO_NEWS, "--port=8900", "--port-retries=90"]
    with process(command, folder, **places) as running:

        def address() -> str | None:
            for path in (home / "runtime").glob("jpserver-*.json"):
                try:
                    found: str = json.loads(path.read_text())["url"]
                    return found if answers(f"{found}api/status") else None
                except (OSError, ValueError):
                    pass
            return None

        yield started(running, address)


@contextmanager
def marimo(program: Path) -> Iterator[str]:
    """The address of a marimo that edits a program; skipped where it is not there."""
    if not find_spec("marimo"):
        pytest.skip("needs pip install marimo")
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]  # which is free now
    command = [
        sys.executable, "-m", "marimo", "-q", "edit", str(program), "--headless", "--no-token",
        "--port", f"{port}", "--skip-update-check",
    ]  # fmt: skip
    address = f"http://127.0.0.1:{port}/"
    with process(command, program.parent) as running:
        yield started(running, lambda: address if answers(f"{address}health") else None)


def answers(address: str) -> bool:
    try:
        with urlopen(address):
            return True
    except OSError:
        return False


def started(running: "subprocess.Popen[bytes]", address: Callable[[], str | None]) -> str:
    """The address, once there is one."""
    for _ in range(480):
        assert running.poll() is None, "it ended"
        found = address()
        if found:
            return found
        time.sleep(0.25)
    raise AssertionError("it did not start")


class Firefox:
    """A Firefox that is driven by WebDriver BiDi; skipped where there is none."""

    def __init__(self) -> None:
        if not FIREFOX or not find_spec("websocket"):
            pytest.skip("needs Firefox, a system package, and pip install websocket-client")
        from websocket import create_connection

        self.folder = tempfile.TemporaryDirectory()
        offline = 'user_pref("services.settings.server", "data:,#remote-settings-dummy/v1");\n'
        Path(self.folder.name, "user.js").write_text(offline, "utf-8")
        command = [
            FIREFOX, "--headless", "--no-remote", "--profile", self.folder.name,
            "--remote-debugging-port", "0", "about:blank",
        ]  # fmt: skip
        log = Path(self.folder.name, "log")
        with log.open("w") as said:
            self.running = subprocess.Popen(command, stdout=said, stderr=said)

        def listens() -> str | None:
            found = re.search(r"BiDi listening on (\S+)", log.read_text("utf-8"))
            return found and found[1]

        address = started(self.running, listens)
        self.socket = create_connection(f"{address}/session", suppress_origin=True, timeout=60)
        self.count = 0
        self.events: list[Any] = []
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
        self.tab = self.ask("browsingContext.getTree")["contexts"][0]["context"]

    def ask(self, method: str, **params: Any) -> Any:
        self.count += 1
        asked = {"id": self.count, "method": method, "params": params}
        self.socket.send(json.dumps(asked))
        while True:
            told = json.loads(self.socket.recv())
            if told.get("id") == self.count:
                assert told["type"] == "success", told
                return told["result"]
            self.events.append(told)

    def open(self, address: str) -> None:
        self.ask("browsingContext.navigate", context=self.tab, url=address, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """What JavaScript's expression, or its promise, comes to."""
        found = self.ask(
            "script.evaluate",
            expression=f"(async () => JSON.stringify([await ({expression})]))()",
            target={"context": self.tab}, awaitPromise=True,
        )  # fmt: skip
        assert found["type"] == "success", found
        return json.loads(found["result"]["value"])[0]

    def press(self, *keys: str) -> None:
        acts = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        actions = [{"type": "key", "id": "keyboard", "actions": acts}]
        self.ask("input.performActions", context=self.tab, actions=actions)

    def close(self) -> None:
        self.ask("browser.close")
        self.socket.close()
        self.running.wait(30)
        self.folder.cleanup()
