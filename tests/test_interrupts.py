"""Ctrl-C at random moments, signals and full disks: what is there is whole, and of use."""

import contextlib
import io
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from conftest import examples, loss_of
from interrupting import interrupted, moments
from test_environments import plain_user

import micrograd_like
from micrograd_like import (
    MLP,
    SGD,
    Adam,
    Backprop,
    Tape,
    Value,
    draw_dot,
    fit,
    gradcheck,
    group,
    hessian,
    mse,
)
from micrograd_like.cli.commands import main
from micrograd_like.custom import forget, rule
from micrograd_like.files import write
from micrograd_like.groups import OPEN, RECORDER
from micrograd_like.guard import BACKWARD, ONE_DIGITS, ONE_OUTPUT, ONE_PASS
from micrograd_like.rules import RULES

X = [[0.1, 0.2], [0.3, -0.4], [-0.5, 0.6]]
Y = [1.0, -1.0, 0.5]
SEED = 20  # of the moments that are chosen; a failure tells its number


def network() -> MLP:
    """The same network each time."""
    random.seed(0)
    return MLP(2, [2, 1])


def chosen(action: Callable[[], Any], most: int = 100) -> list[int]:
    """Moments of an action, by chance; all of them if they are few."""
    count = moments(action)
    return sorted(random.Random(SEED).sample(range(count), min(count, most)))


def free() -> bool:
    """Whether another thread could go backward, check and print, and nothing is open."""
    found: list[bool] = []

    def other() -> None:
        for lock in (ONE_PASS, ONE_OUTPUT, ONE_DIGITS):
            found.append(lock.acquire(blocking=False))
            if found[-1]:
                lock.release()

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    return all(found) and not (BACKWARD.under_way or OPEN.get() or RECORDER.count)


# --- calculations ---------------------------------------------------------------------------------


def train(model: MLP, tape: bool, optimizer: Any) -> Any:
    """A short training."""
    return fit(
        model, X, Y, epochs=3, lr=0.1, batch_size=2, seed=None, optimizer=optimizer, tape=tape,
        progress=False,
    )  # fmt: skip


@pytest.mark.parametrize("tape", [False, True])
@pytest.mark.parametrize("optimizer", [partial(SGD, momentum=0.9), Adam])
def test_fit_is_interrupted_at_a_hundred_moments(tape: bool, optimizer: Any) -> None:
    """The weights are those after some whole step, locks are free, and the next fit is as ever."""
    if tape:
        pytest.importorskip("numba")
    states: list[list[float]] = [[p.data for p in network().parameters()]]

    class Watched(type(optimizer(network().parameters()))):  # type: ignore[misc]
        def step(self) -> None:
            super().step()
            states.append([p.data for p in self.parameters])

    options = getattr(optimizer, "keywords", {})
    train(network(), tape, lambda parameters, lr: Watched(parameters, lr=lr, **options))
    assert len(states) == 7
    for at in chosen(lambda: train(network(), tape, optimizer)):
        model = network()
        came, where = interrupted(partial(train, model, tape, optimizer), at)
        about = f"moment {at} of seed {SEED}, in {where}, which {'ended' if came else 'went on'}"
        found = [p.data for p in model.parameters()]
        assert any(found == pytest.approx(state, rel=1e-12) for state in states), about
        assert free(), about
        again, other = network(), network()
        again.load_state_dict(model.state_dict())
        other.load_state_dict(model.state_dict())
        assert train(model, tape, optimizer).loss == train(other, tape, optimizer).loss, about
        assert model.state_dict() == other.state_dict(), about


ROOT = loss_of(network())
INPUTS = [Value(0.5, "x"), Value(-1.0, "y")]


@group("tanh of a product")
def in_a_group(x: Value) -> Value:
    """Some operations that are a group."""
    return (x * 2.0).tanh()


CALCULATIONS: dict[str, Callable[[], Any]] = {
    "backward": ROOT.backward,
    "create_graph": lambda: loss_of(network()).backward(create_graph=True),
    "hessian": lambda: hessian(lambda x, y: (x * y).tanh())(0.1, 0.2),
    "gradcheck": lambda: gradcheck(lambda x, y: (x * y).tanh(), 0.1, 0.2),
    "group": lambda: in_a_group(INPUTS[0]),
    "steps": lambda: list(Backprop(ROOT)),
}


@pytest.mark.parametrize("name", CALCULATIONS)
def test_calculations_are_interrupted(name: str) -> None:
    """No lock stays shut, no pass under way, no group open, wherever Ctrl-C came."""
    action, stdout = CALCULATIONS[name], sys.stdout
    for at in chosen(action):
        _, where = interrupted(action, at)
        assert free(), f"moment {at} of seed {SEED}, in {where}"
        assert sys.stdout is stdout, f"moment {at} of seed {SEED}, in {where}"
    action()


@pytest.mark.parametrize("by", ["arrays", "scalars"])
def test_a_tape_is_interrupted(by: str) -> None:
    """A gradient is added whole or not at all, and the next pass is right."""
    pytest.importorskip("numba")
    model = network()
    tape = Tape(mse(model(INPUTS), 1.0), INPUTS, by=by)
    model.zero_grad()
    outputs = tape.gradient(X[:2])
    right = [p.grad for p in model.parameters()]
    for at in chosen(lambda: tape.gradient(X[:2])):
        model.zero_grad()
        _, where = interrupted(lambda: tape.gradient(X[:2]), at)
        about = f"moment {at} of seed {SEED}, in {where}"
        assert [p.grad for p in model.parameters()] in (right, [0.0] * len(right)), about
        model.zero_grad()
        assert (tape.gradient(X[:2]) == outputs).all(), about
        assert [p.grad for p in model.parameters()] == right, about
        assert free(), about


def test_a_definition_is_interrupted() -> None:
    """The rule is there with its method, or neither is; an older one of the name stays."""

    def define() -> Any:
        @rule("q", "x * x", "2 * x")
        def interrupted_square(x: float) -> tuple[float, float]:
            return x * x, 2 * x

        return interrupted_square

    name = "interrupted_square"
    define()
    forget(name)
    try:
        for at in chosen(define):
            for old in (False, True):
                if name in RULES:
                    forget(name)
                if old:
                    define()
                before = RULES.get(name)
                came, where = interrupted(define, at)
                about = f"moment {at} of seed {SEED}, in {where}"
                assert (name in RULES) == hasattr(Value, name), about
                assert not came or RULES.get(name) is before, about
                if name in RULES:
                    assert getattr(Value(3.0), name)().data == 9.0, about
    finally:
        if name in RULES:
            forget(name)


# --- files ----------------------------------------------------------------------------------------

SAVED: dict[str, Callable[[MLP, Path], Any]] = {
    "model.json": lambda model, path: model.save(path),
    "weights.json": lambda model, path: model.layers[0].save(path),
    "graph.dot": lambda model, path: draw_dot(loss_of(model)).save(path),
    "graph.svg": lambda model, path: draw_dot(loss_of(model)).save(path),
    "page.html": lambda model, path: Backprop(INPUTS[0] * model.parameters()[0]).save(path),
    "steps.gif": lambda model, path: Backprop(INPUTS[0] * model.parameters()[0]).save(path),
}


@pytest.mark.parametrize("name", SAVED)
def test_saves_are_interrupted(tmp_path: Path, name: str) -> None:
    """The old file or the new one, and nothing beside it; then it is saved as ever."""
    path, save = tmp_path / name, SAVED[name]
    if name.endswith(".gif"):
        pytest.importorskip("PIL")
    model = network()
    save(model, path)
    old = path.read_bytes()
    model.parameters()[0].data = 0.75
    save(model, path)
    new = path.read_bytes()
    assert old != new
    for at in chosen(lambda: save(model, path), examples(25 if name.endswith(".gif") else 100)):
        path.write_bytes(old)
        came, where = interrupted(lambda: save(model, path), at)
        about = f"moment {at} of seed {SEED}, in {where}"
        assert path.read_bytes() in ((old, new) if came else (new,)), about
        assert [each.name for each in tmp_path.iterdir()] == [name], about
        assert free(), about


def test_every_moment_of_writing(tmp_path: Path) -> None:
    """All of them, of a file that is there, of a new one, and through a link."""
    path, link = tmp_path / "a", tmp_path / "link"
    link.symlink_to("a")
    for place, there in ((path, True), (path, False), (link, True)):
        action = partial(write, place, b"new")
        path.write_bytes(b"old")
        for at in range(moments(action)):
            path.unlink(missing_ok=True)
            if there:
                path.write_bytes(b"old")
            came, where = interrupted(action, at)
            assert came or not where, where
            if there or path.exists():
                assert path.read_bytes() in (b"old", b"new"), where
            assert {each.name for each in tmp_path.iterdir()} <= {"a", "link"}, where


def test_commands_are_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The status is 130 and one line is said, or the training ends early and is told."""
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{k},{k % 3},{2 * k}\n" for k in range(12))
    Path("t.csv").write_text(f"a,b,y\n{rows}", encoding="utf-8")
    saved = Path(network().save("m.json"))
    whole = {len(saved.read_bytes())}
    words = "train t.csv --target y --epochs 2 --hidden 2 --force --save m.json"
    assert run(words) == (0, "")
    whole.add(len(saved.read_bytes()))
    for command in (words, "predict m.json t.csv", "step a*b a=2 b=3"):
        for at in chosen(lambda command=command: run(command), 34):  # type: ignore[misc]
            found: list[tuple[int, str]] = []
            came, where = interrupted(
                lambda command=command, found=found: found.append(run(command)),  # type: ignore[misc]
                at,
            )
            about = f"{command}: moment {at} of seed {SEED}, in {where}: {found}"
            assert came or found[0] in ((0, ""), (130, "micrograd-like: stopped\n")), about
            assert MLP.load(saved), about
            assert {each.name for each in tmp_path.iterdir()} == {"t.csv", "m.json"}, about
            assert free(), about


def run(command: str) -> tuple[int, str]:
    """The status of a command, and what it complains of."""
    said = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        status = main(command.split())
    return status, said.getvalue()


PROGRAM = """
import sys
from micrograd_like import MLP
from micrograd_like.files import write
one, two = (bytes([k]) * 3_000_000 for k in b"12")
print("begun", flush=True)
try:
    while True:
        write(__import__("pathlib").Path(sys.argv[1]), one)
        write(__import__("pathlib").Path(sys.argv[1]), two)
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.skipif(os.name != "posix", reason="there are no signals of this kind")
@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", -15), ("SIGKILL", -9)])
def test_a_process_that_writes_is_ended(tmp_path: Path, name: str, status: int) -> None:
    """The file is whole.  What is killed may leave a part beside it, which nobody reads."""
    path, rng = tmp_path / "a", random.Random(SEED)
    environment = {**os.environ, "PYTHONPATH": str(Path(micrograd_like.__file__).parents[1])}
    for _ in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(path)], env=environment, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout
            process.stdout.readline()
            while not path.exists():
                time.sleep(0.001)
            time.sleep(rng.uniform(0, 0.05))
            process.send_signal(getattr(signal, name))
            assert process.wait() == status
        content = path.read_bytes()
        assert content[:1] * 3_000_000 == content
        left = [each.name for each in tmp_path.iterdir() if each != path]
        assert all(each.startswith(".micrograd_like-") for each in left)
        assert name != "SIGINT" or not left


@pytest.fixture(name="full")
def fixture_full(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    options = ["-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    try:
        subprocess.run(["mount", *options], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root mounts a disk, and not everywhere")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_keeps_what_is_there(full: Path) -> None:
    """One line with the file's name; the old file; no part of the new one."""
    path = full / "model.json"
    network().save(path)
    old = path.read_bytes()
    large = MLP(100, [100, 1])
    for save, place in (
        (large.save, path),
        (large.save, full / "new.json"),
        (Backprop(ROOT).save, full / "page.html"),
    ):
        with pytest.raises(OSError, match=": cannot be written: No space left on device; ") as told:
            save(place)
        assert str(told.value).startswith(f"{place}: ")
        assert "\n" not in str(told.value)
        assert [each.name for each in full.iterdir()] == ["model.json"]
        assert path.read_bytes() == old


def test_a_folder_that_nobody_may_write_to(tmp_path: Path) -> None:
    """The same, of a folder without permission; and of a path that is a folder."""
    prefix, path = plain_user(), tmp_path / "model.json"
    network().save(path)
    old = path.read_bytes()
    program = "import micrograd_like as m, sys\ntry: m.MLP(1, [1]).save(sys.argv[1])\n"
    program += "except OSError as error: print(error)"
    environment = {**os.environ, "PYTHONPATH": str(Path(micrograd_like.__file__).parents[1])}
    tmp_path.chmod(0o555)
    try:
        said = subprocess.run(
            [*prefix, sys.executable, "-c", program, str(path)],
            env=environment, capture_output=True, encoding="utf-8", check=True,
        ).stdout  # fmt: skip
    finally:
        tmp_path.chmod(0o755)
    assert said.startswith(f"{path}: cannot be written: Permission denied; check the disk")
    assert said.count("\n") == 1
    assert path.read_bytes() == old
    with pytest.raises(IsADirectoryError, match="is a folder; give the name of a file"):
        network().save(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["model.json"]
