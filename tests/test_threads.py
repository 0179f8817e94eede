"""Threads and processes that share things: each gets the right numbers, or is told why not."""

import multiprocessing
import pickle
import random
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from conftest import loss_of
from test_graph import together

from micrograd_like import (
    MLP,
    SGD,
    Backprop,
    Tape,
    Value,
    draw_dot,
    fit,
    gradcheck,
    group,
    hessian,
    mse,
    tanh,
    to_function,
    topological_order,
)
from micrograd_like.cli.formula import parse
from micrograd_like.custom import forget, rule
from micrograd_like.groups import groups_of
from micrograd_like.rules import RULES

X = [[0.1, 0.2], [0.3, -0.4], [-0.5, 0.6]]
Y = [1.0, -1.0, 0.5]


def network(seed: int = 0) -> MLP:
    """A small network, the same for a seed."""
    chance, model = random.Random(seed), MLP(2, [3, 1], activation="tanh")
    for p in model.parameters():
        p.data = chance.uniform(-1, 1)
    return model


def complaint(action: Callable[[], Any]) -> str:
    """What is said of a name that means nothing."""
    try:
        action()
    except (LookupError, ValueError) as error:
        return str(error.args[0])
    return ""


@contextmanager
def meanwhile(work: Callable[[], Any]) -> Iterator[list[BaseException]]:
    """Something is done again and again by another thread, with its errors; switched all the time.

    It is done once at least.
    """
    errors: list[BaseException] = []
    done, over = threading.Event(), threading.Event()

    def again() -> None:
        while not over.is_set():
            try:
                work()
            except BaseException as error:
                errors.append(error)
            done.set()

    interval = sys.getswitchinterval()
    thread = threading.Thread(target=again)
    sys.setswitchinterval(1e-6)
    thread.start()
    try:
        yield errors
        done.wait()
    finally:
        over.set()
        thread.join()
        sys.setswitchinterval(interval)


@pytest.mark.parametrize("by", ["arrays", "scalars"])
def test_eight_threads_share_a_tape(by: str) -> None:
    """Each has its own rows' outputs and gradients; the parameters' sums lose nothing."""
    pytest.importorskip("numba")
    x, w = Value(1.0, "x"), Value(3.0, "w")
    tape = Tape(x * w + x * x * (w * w), [x], by=by)

    def work(thread: int) -> bool:
        k = float(thread + 1)
        right = 3 * k + 9 * k * k
        forward = tape.forward([[k], [k]]).tolist()
        slopes = tape.backward("sum", input_gradients=True)
        assert slopes is not None
        return forward == [right, right] and slopes.tolist() == [[3 + 18 * k]] * 2

    w.grad = 0.0
    assert together(work, 8, 40) == [True] * 320
    assert w.grad == 40 * sum(2 * (k + 6 * k * k) for k in range(1, 9))


def test_eight_threads_ask_one_model() -> None:
    """Forward alone changes nothing; every answer is that of one thread alone."""
    model = network()
    right = [model(row).data for row in X]
    found = together(lambda thread: model(X[thread % 3]).data, 8, 50)
    assert sorted(found) == sorted(right[thread % 3] for thread in range(8) for _ in range(50))


def test_gradients_of_one_model_add_up() -> None:
    """Forward and backward in eight threads: the sums are those of one after the other."""
    model = network()
    loss_of(model).backward()
    right = [200 * p.grad for p in model.parameters()]
    model.zero_grad()
    together(lambda thread: loss_of(model).backward(), 8, 25)
    assert [p.grad for p in model.parameters()] == pytest.approx(right, rel=1e-9)


TRAIN: dict[str, Any] = {"epochs": 20, "lr": 0.1, "progress": False}


@pytest.mark.parametrize("tape", [False, True])
def test_one_model_is_trained_by_one_thread_at_a_time(tape: bool) -> None:
    """A second fit at the same time is told so; the first goes on as if there were none."""
    if tape:
        pytest.importorskip("numba")
    model, alone = network(), network()
    right = fit(alone, X, Y, tape=tape, **TRAIN).loss
    refused: list[str] = []

    def second(*_: Any) -> None:
        def work() -> None:
            with pytest.raises(RuntimeError) as caught:
                fit(model, X, Y, tape=tape, **TRAIN)
            refused.append(str(caught.value))

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    assert fit(model, X, Y, tape=tape, callbacks=[second], **TRAIN).loss == right
    assert model.state_dict() == alone.state_dict()
    assert len(refused) == 20
    assert refused[0] == (
        "fit: another thread is training 'layer0.neuron0.w0' already; wait for it, or train a copy"
    )
    fit(model, X, Y, **TRAIN)  # it is free again


def test_a_training_within_a_training_of_the_same_thread() -> None:
    """A callback may train the model further; then others may, too."""
    model = network()
    fit(model, X, Y, callbacks=[lambda *_: fit(model, X, Y, epochs=1, progress=False)], **TRAIN)
    assert len(together(lambda thread: fit(network(thread), X, Y, **TRAIN).loss[-1], 4, 2)) == 8
    fit(model, X, Y, **TRAIN)


def test_models_of_their_own_learn_in_threads_as_alone() -> None:
    """Losses and weights agree in every bit."""
    right = [fit(network(k), X, Y, **TRAIN).loss for k in range(4)]
    found = together(lambda thread: fit(network(thread), X, Y, **TRAIN).loss, 4, 5)
    assert sorted(found) == sorted(right * 5)


def test_gradient_checks_in_threads() -> None:
    """Also at the many digits of mpmath, whose precision all threads share; output comes back."""
    pytest.importorskip("mpmath")
    stdout = sys.stdout

    def check(thread: int) -> str:
        x, y = Value(0.9, "x"), Value(-30.0 * (thread + 1), "y")
        return str(gradcheck((x * x).tanh() * y.exp() + y.normal_cdf(), reference="mpmath"))

    right = [check(thread) for thread in range(4)]
    assert sorted(together(check, 4, 3)) == sorted(right * 3)
    assert sys.stdout is stdout


def test_what_others_print_during_a_check_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Only what the function prints that is checked is left out."""

    def f(x: float) -> float:
        print("inside")
        thread = threading.Thread(target=print, args=["outside"])
        thread.start()
        thread.join()
        return x * x

    assert gradcheck(f, 3.0, gradient=[6.0]).ok
    said = capsys.readouterr().out
    assert said.count("inside") <= 2  # at the point itself
    assert said.count("outside") > 5


def test_groups_and_names_in_threads() -> None:
    """Each thread's operations are in its own groups, and models get the names that they get."""

    def work(thread: int) -> Any:
        @group(f"inner{thread}")
        def inner(x: Value) -> Value:
            return x.tanh() * 2

        with group(f"outer{thread}"):
            root = inner(Value(0.5) * 2) + 1
        order = topological_order(root)
        names = groups_of(order)
        model = MLP(2, [2, 1])
        return (
            [names.get(id(v), "") for v in order],
            [p.label for p in model.parameters()],
            draw_dot(loss_of(network())).source,
        )

    right = [work(thread) for thread in range(4)]
    assert sorted(map(repr, together(work, 4, 5))) == sorted(map(repr, right * 5))


READERS: dict[str, Callable[[], Any]] = {
    "record": lambda: (Value(0.5) * 2).tanh().exp().data,
    "formula": lambda: parse("tanh(a*b) + log(a)", {"a": 2.0, "b": 3.0}).data,
    "formula that is none": lambda: complaint(lambda: parse("tahn(a)", {"a": 2.0}))[:30],
    "check": lambda: str(gradcheck(lambda x: x.tanh() * x, 0.5)),
    "hessian": lambda: hessian(lambda x, y: (x * y).tanh())(0.1, 0.2),
    "picture": lambda: draw_dot(loss_of(network())).source,
    "page": lambda: Backprop(Value(0.5, "x").tanh() * 2).page(),
    "model": lambda: fit(network(), X, Y, epochs=2, progress=False).loss,
    "activation": lambda: MLP(1, [1], activation="sigmoid")([1.0]).op,
    "activation that is none": lambda: complaint(lambda: MLP(1, [1], activation="tahn"))[:30],
    "pickle": lambda: pickle.loads(pickle.dumps(loss_of(network()))).data,
    "numpy": lambda: repr(to_function(*with_inputs(), pytest.importorskip("numpy"))),
}


def with_inputs() -> tuple[Value, list[Value]]:
    """A root and its inputs."""
    x = [Value(0.5, "x")]
    return x[0].tanh() * 2, x


@pytest.mark.parametrize("name", READERS)
def test_rules_are_defined_while_others_read_them(name: str) -> None:
    """The table of rules changes all the time: every reader finds what it finds alone."""
    read, count = READERS[name], iter(range(10**6))
    before, right = dict(RULES), read()

    def define() -> None:
        space: dict[str, Any] = {}
        own = f"threaded{next(count)}"
        exec(f"def {own}(x):\n    return 3.0 * x, 3.0", space)
        function = rule("3×", "3.0 * x", "3.0")(space[own])
        try:
            assert function(Value(2.0)).data == 6.0
        finally:
            forget(own)

    with meanwhile(define) as errors:
        found = [read() for _ in range(10)]
    assert not errors
    assert repr(found) == repr([right] * 10)
    assert before == RULES


def test_rules_of_two_threads_do_not_meet() -> None:
    """Each defines one of its own, uses it, and takes it back."""

    def work(thread: int) -> float:
        space: dict[str, Any] = {}
        name = f"times{thread + 2}"
        exec(f"def {name}(x):\n    return {thread + 2}.0 * x, {thread + 2}.0", space)
        function = rule("k", f"{thread + 2}.0 * x", f"{thread + 2}.0")(space[name])
        x = Value(1.0)
        (function(x).tanh() * getattr(x, name)()).backward()
        forget(name)
        return float(x.grad)

    right = [work(thread) for thread in range(4)]
    assert sorted(together(work, 4, 10)) == sorted(right * 10)


@pytest.mark.parametrize("tape", [False, True])
def test_a_model_is_drawn_while_another_thread_trains_it(tape: bool) -> None:
    """A picture and a page of what was recorded before: there they are, or the change is told."""
    if tape:
        pytest.importorskip("numba")
    model = network()
    train = partial(fit, model, X, Y, epochs=3, lr=0.01, progress=False, tape=tape)
    root = loss_of(model)
    told = set[str]()
    with meanwhile(train) as errors:
        for _ in range(20):
            for draw in (
                lambda: draw_dot(root).source,
                lambda: draw_dot(loss_of(model), view="network").source,
                lambda: Backprop(loss_of(model)).page(),
                lambda: repr(model) + str(model._repr_mimebundle_()),
                lambda: model.state_dict(),
                lambda: gradcheck(loss_of(model)),
            ):
                try:
                    assert draw()
                except RuntimeError as error:
                    told.add(str(error))
    assert not errors
    for line in told:
        assert "changed after it was computed" in line
        assert "\n" not in line


def test_files_are_saved_by_threads(tmp_path: Path) -> None:
    """Several save to one name: the file is that of one of them, whole, and nothing beside it."""
    path = tmp_path / "model.json"
    models = [network(thread) for thread in range(4)]
    together(lambda thread: models[thread].save(path), 4, 10)
    assert MLP.load(path).state_dict() in [model.state_dict() for model in models]
    assert list(tmp_path.iterdir()) == [path]


# --- processes ------------------------------------------------------------------------------------


def in_child(things: dict[str, Any]) -> dict[str, Any]:
    """What a process finds with what it is given."""
    root, model = things["root"], things["model"]
    root.backward()
    return {
        "grads": [v.grad for v in topological_order(root) if v.rule is None],
        "answers": [model(row).data for row in X],
        "page": things["steps"].page(),
        "report": str(things["report"]),
        "picture": things["picture"].source,
        "fit": fit(model, X, Y, **TRAIN).loss,
        "function": things["function"](0.5),
        "lr": things["optimizer"].lr,
        "tape": things["tape"].gradient(X).tolist(),
    }


def to_send() -> dict[str, Any]:
    """Things to give to another process."""
    model, inputs = network(), [Value(0.5, "x"), Value(-1.0, "y")]
    root = mse(model(inputs), 1.0)
    found = {
        "root": loss_of(network(1)), "model": model, "steps": Backprop(loss_of(network(2))),
        "report": gradcheck(loss_of(network(3))), "picture": draw_dot(loss_of(network(4))),
        "function": tanh, "optimizer": SGD(model.parameters(), lr=0.5),
    }  # fmt: skip
    return found | {"tape": Tape(root, inputs)}


@pytest.mark.slow
@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_processes_get_what_they_are_given(method: str) -> None:
    """Graphs, models, tapes, steps, reports and pictures are the same there, for every start."""
    pytest.importorskip("numba")
    right = in_child(to_send())
    with multiprocessing.get_context(method).Pool(2) as pool:
        found = pool.map(in_child, [to_send(), to_send()])
    assert repr(found) == repr([right, right])


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_an_operation_of_ones_own_has_to_be_defined_there(method: str) -> None:
    """A pickle holds a rule's name: a process that has none of that name says so in one line."""

    @rule("q", "x * x", "2 * x")
    def square_elsewhere(x: float) -> tuple[float, float]:
        return x * x, 2 * x

    try:
        data = pickle.dumps(square_elsewhere(Value(3.0)))
    finally:
        forget("square_elsewhere")
    with multiprocessing.get_context(method).Pool(1) as pool:
        said = pool.apply(complaint, [partial(pickle.loads, data)])
    assert said == "unknown operation 'square_elsewhere': define its rule before loading"
