"""Engines of others against the rules."""

import math
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import planted_engines as planted
import pytest
from hypothesis import given
from hypothesis import strategies as st
from micrograd.engine import Value as Micrograd
from planted_engines import MISTAKES, BegunAnew, Scalar, engine_with

from micrograd_like import Value, check_engine
from micrograd_like.check.engines import EngineReport
from micrograd_like.check.foreign import Engine, forms_of
from micrograd_like.check.programs import draw

FEW = 50  # programs: enough for every mistake here, in each of five seeds


class Renamed:
    """A right engine whose parts have other names, and which has + and * of Values alone."""

    def __init__(self, value: float, parents: Any = ()) -> None:
        self.value, self.slope, self.parents = value, 0.0, parents

    def __add__(self, other: "Renamed") -> "Renamed":
        return Renamed(self.value + other.value, ((self, 1.0), (other, 1.0)))

    def times(self, other: "Renamed") -> "Renamed":
        return Renamed(self.value * other.value, ((self, other.value), (other, self.value)))

    def go(self, gradient: float = 1.0) -> None:
        self.slope += gradient
        for parent, slope in self.parents:
            parent.go(gradient * slope)


class Single(Scalar):
    """A right engine of numbers with seven digits."""

    def __init__(self, data: float, parents: Any = ()) -> None:
        numpy = pytest.importorskip("numpy")
        super().__init__(numpy.float32(data), [(v, numpy.float32(s)) for v, s in parents])


class Squares(Scalar):
    """A right engine with operations that are no rules."""

    def square(self) -> Scalar:
        return self.new(self.data**2, (self, 2 * self.data))

    def hypot(self, other: Scalar) -> Scalar:
        length = math.hypot(self.data, other.data)
        return self.new(length, (self, self.data / length), (other, other.data / length))


class WrongSquares(Squares):
    """Its own operation has a wrong slope."""

    def square(self) -> Scalar:
        return self.new(self.data**2, (self, self.data))


class OverwritingSquares(Squares):
    """Its own operation forgets what was there, which shows where its operand is shared."""

    def square(self) -> Scalar:
        result = self.new(self.data**2, (self, 2 * self.data))
        result.pass_on = planted.overwriting.__get__(result)  # type: ignore[method-assign]
        return result

    def backward(self) -> None:
        order = self.order()
        self.start(order)
        for v in reversed(order):
            for parent, slope in v.parents:
                v.pass_on(parent, slope * v.grad)


class InPlace(Scalar):
    """A right engine whose gradients are arrays that are added to in place."""

    def __init__(self, data: float, parents: Any = ()) -> None:
        super().__init__(data, parents)
        self.grad: Any = pytest.importorskip("numpy").zeros(())


class Asked(Scalar):
    """A right engine whose gradient is told by a method."""

    def gradient(self) -> float:
        return self.grad


class Once(Scalar):
    """A right engine that goes backward once."""

    def backward(self) -> None:
        if self.visited:
            raise RuntimeError("the graph has been freed")
        for v in self.order():
            v.visited = bool(v.parents)
        super().backward()


@pytest.mark.parametrize("engine", [Value, Scalar, BegunAnew, Single, InPlace, Once])
def test_right_engines_are_not_accused(engine: Any) -> None:
    """Whether they add up or begin anew, with sixteen digits or seven."""
    report = check_engine(engine)
    assert report.ok, report
    assert report.checks > 1000


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 40))
def test_right_engines_are_not_accused_with_other_programs(seed: int) -> None:
    """The same of many more programs."""
    for engine in (Value, Scalar, BegunAnew, Single):
        report = check_engine(engine, seed=seed)
        assert report.ok, report


def test_micrograd_is_right_but_for_a_second_pass() -> None:
    """The values between keep their gradients there, which the report says how to mend."""
    assert check_engine(Micrograd, repeated=False, examples=FEW).ok
    report = check_engine(Micrograd, examples=FEW)
    assert len(report.faults) == 1
    assert "after a second backward()" in str(report.faults[0])
    assert "set them to 0" in str(report)
    assert "left out, as it is refused: x ** y, 2 ** x" in str(report)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_is_found_and_named(mistake: str) -> None:
    """The first fault tells the operation, or the pass, that is wrong, in one short line."""
    report = check_engine(engine_with(mistake), examples=FEW)
    assert not report.ok
    first = str(report.faults[0])
    assert MISTAKES[mistake][0] in first
    assert len(first) < 250
    assert "\n" not in first


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
@pytest.mark.parametrize("mistake", MISTAKES)
def test_each_mistake_is_found_with_other_programs(mistake: str, seed: int) -> None:
    """The same in five of five seeds."""
    report = check_engine(engine_with(mistake), examples=FEW, seed=seed)
    assert not report.ok
    assert MISTAKES[mistake][0] in str(report.faults[0])


def test_what_is_found_is_made_small() -> None:
    """A fault of sharing is shown on a few operations, however large the program was."""
    for mistake in ("no topological order", "shared values are visited twice"):
        program = check_engine(engine_with(mistake)).faults[0].program
        assert sum(map(program.count, "+-*/(")) <= 5, program


@pytest.mark.parametrize("slope", [0, 1])
def test_at_a_kink_any_slope_between_the_sides_is_right(slope: int) -> None:
    """relu' and abs' at 0 are a matter of taste."""
    relu = planted.unary(lambda x: max(x, 0), lambda x, y: 1 if x > 0 else 0 if x < 0 else slope)
    size = planted.unary(abs, lambda x, y: 1 if x > 0 else -1 if x < 0 else slope)
    assert check_engine(type("Taste", (Scalar,), {"relu": relu, "__abs__": size})).ok


def test_parts_and_operations_may_have_other_names() -> None:
    """Names and functions are taken; what the engine does not have is not asked of it."""
    report = check_engine(
        Renamed,
        {"mul": "times"},
        data="value",
        grad="slope",
        backward=lambda root: root.go(),
        constants=False,
        repeated=False,
        examples=FEW,
    )
    assert report.ok, report
    assert report.operations == ["+", "mul"]
    report = check_engine(
        Renamed, {"mul": "__add__"}, data="value", grad="slope", backward="go", constants=False
    )
    assert str(report.faults[0]).startswith("x.__add__(y) at x = 2, y = 3: value is 5, should be 6")


def test_plain_numbers_are_asked_of_an_engine_unless_it_is_said_not_to() -> None:
    """One line tells all of them that are refused."""
    report = check_engine(Renamed, data="value", grad="slope", backward="go", repeated=False)
    assert len(report.faults) == 2
    assert "x + 2 at x = 2: raises AttributeError" in str(report.faults[0])
    assert "2 + x at x = 2: raises TypeError" in str(report.faults[1])


def test_operations_can_be_left_out() -> None:
    """None takes one out, wrong or not."""
    wrong = engine_with("exp' is x")
    report = check_engine(wrong, {"exp": None}, examples=FEW)
    assert report.ok, report
    assert "exp" not in report.operations


def test_operations_that_are_no_rules_are_checked_by_their_own_values() -> None:
    """By finite differences alone, and by themselves in programs with sharing."""
    own = {"square": "square", "length": lambda x, y: x.hypot(y)}
    assert check_engine(Squares, own, examples=FEW).ok
    report = check_engine(WrongSquares, own, examples=FEW)
    assert "x.square() at x = 2: x.grad is 2, should be 4" in str(report.faults[0])
    report = check_engine(OverwritingSquares, own, examples=FEW)
    assert "square()" in report.faults[0].program
    assert "+" in report.faults[0].program or "length" in report.faults[0].program


def test_a_refused_second_pass_is_no_fault() -> None:
    """It is told, as an error is no wrong number."""
    report = check_engine(Once, examples=FEW)
    assert report.ok
    assert "a second backward() is refused: RuntimeError: the graph has been freed" in str(report)


def test_gradients_that_cannot_be_set_are_no_fault() -> None:
    """A method, and a property, are read; what needs them set is left out, and told."""
    told = property(lambda self: self.grad)
    for engine in (Asked, type("Property", (Scalar,), {"gradient": told})):
        report = check_engine(engine, grad="gradient", examples=FEW)
        assert report.ok, report
        assert "gradient cannot be set to 0: AttributeError" in str(report)
    wrong = type("Wrong", (Asked,), {"pass_on": planted.overwriting})
    assert not check_engine(wrong, grad="gradient", examples=FEW).ok


@pytest.mark.parametrize("precision", ["float64", "float32", "bfloat16"])
def test_tensors_of_no_dimension_are_values(precision: str) -> None:
    """PyTorch is right, in each of its precisions, with functions beside methods."""
    torch = pytest.importorskip("torch")

    def tensor(x: float) -> Any:
        return torch.tensor(x, dtype=getattr(torch, precision), requires_grad=True)

    report = check_engine(tensor, {"softplus": torch.nn.functional.softplus}, examples=10)
    assert report.ok, report
    assert {"**", "tanh", "softplus", "maximum"} <= set(report.operations)
    wrong = {"tanh": torch.sigmoid}
    assert "value is 0.8" in str(check_engine(tensor, wrong, examples=1).faults[0])


def test_a_seed_gives_the_same_report_again() -> None:
    """The programs are drawn by it, and by nothing else."""
    wrong = engine_with("gradients between are kept")
    assert check_engine(wrong, examples=FEW) == check_engine(wrong, examples=FEW)


@given(st.integers(0, 10**6), st.integers(1, 12))
def test_the_right_numbers_are_those_of_this_engine(seed: int, size: int) -> None:
    """Drawn programs have the value and the gradients that Values give, and little is unused."""
    forms, _ = forms_of(Engine(Value), {}, constants=True)
    program = draw(random.Random(seed), forms, size)
    assert program
    right = program.right(2.0**-40)
    if right:
        leaves = [Value(x) for x in program.leaves]
        root = program.run(leaves)[-1]
        root.backward()
        assert root.data == pytest.approx(right.value, rel=1e-12, abs=1e-12)
        for leaf, due, bar in zip(leaves, right.gradient, right.bars, strict=True):
            assert abs(leaf.grad - due) <= bar
    used = {p for step in program.steps for p in step.operands}
    unused = set(range(len(program.leaves), len(program.leaves) + len(program.steps) - 1)) - used
    assert not unused


def test_a_report_shows_itself() -> None:
    """In a terminal, in a notebook, and in an assertion that failed; at most five faults."""
    parts = {"__sub__": Scalar.__add__, "__neg__": Scalar.__abs__, "relu": Scalar.exp}
    parts |= {"exp": Scalar.sin, "log": Scalar.tanh, "sin": Scalar.exp, "tanh": Scalar.exp}
    report = check_engine(type("Bad", (Scalar,), parts), examples=FEW)
    assert isinstance(report, EngineReport)
    lines = str(report).splitlines()
    assert lines[0].startswith("Bad: 7 faults in ")
    assert "and 2 more" in lines
    assert "x − y" not in report._repr_html_()
    assert "<strong>Bad: 7 faults" in report._repr_html_()
    assert repr(report).startswith("<EngineReport Bad: 7 faults")


def test_the_fixture_fails_a_test_with_the_report(tmp_path: Path) -> None:
    """Only with the report: no line of the fixture stands above it."""
    tests = (
        "from micrograd.engine import Value\n"
        "def test_right(check_engine):\n"
        "    assert check_engine(Value, repeated=False, examples=5).ok\n"
        "def test_wrong(check_engine):\n"
        "    check_engine(Value, {'neg': 'relu'}, examples=5)\n"
    )
    (tmp_path / "test_mine.py").write_text(tests, encoding="utf-8")
    command = ["pytest", "-q", "-c", os.devnull, "--rootdir", ".", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", *command, "-p", "micrograd_like._pytest", "test_mine.py"],
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONIOENCODING": "utf-8"},
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert "x.relu() at x = 2: value is 2, should be −2" in done.stdout
    assert "_pytest.py" not in done.stdout


class NoData:
    """It has no number."""

    def __init__(self, x: float) -> None:
        self.value, self.grad = x, 0.0


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((3,), {}, "engine is 3; it is to be a function"),
        ((NoData,), {}, r"NoData\(2.0\) has no 'data'; it has grad, value; name it, as in data="),
        ((NoData,), {"data": "value"}, r"has no 'backward'"),
        ((NoData,), {"data": "value", "backward": abs}, "a class with operations"),
        ((lambda x: x.real.foo,), {}, "raises AttributeError: .* it is to make a Value"),
        ((Scalar, {"relu": "ReLU"}), {}, r"operations\['relu'\]: Scalar has no method 'ReLU'"),
        ((Scalar, {"relu": 3}), {}, r"operations\['relu'\] is 3; it is to be a method's name"),
        ((Scalar, ["relu"]), {}, "operations is .*; it is to be a dict"),
        ((Scalar,), {"examples": 0}, "examples is 0; it is to be a whole number from 1 up"),
        ((Scalar,), {"backward": 3}, "backward is 3; it is to be a function"),
        ((Scalar,), {"data": 3}, "data is 3; it is to be a text"),
    ],
)
def test_wrong_arguments_are_told_in_one_line(
    arguments: Any, options: dict[str, Any], message: str
) -> None:
    """Each names check_engine, what is wrong, and what to give instead."""
    with pytest.raises((TypeError, ValueError), match=f"^check_engine: .*{message}") as caught:
        check_engine(*arguments, **options)
    assert "\n" not in str(caught.value)


class Powers(Scalar):
    """A right engine with a power of plain exponents, which has a name."""

    def power(self, n: float) -> Scalar:
        return self.new(self.data**n, (self, n * self.data ** (n - 1)))

    def twice(self, n: float) -> Scalar:
        return self.new(self.data**n, (self, 2 * n * self.data ** (n - 1)))

    def none(self, n: float) -> Scalar:
        raise TypeError("not yet")

    def logistic(self) -> Scalar:
        y = 1 / (1 + math.exp(-self.data))
        return self.new(y, (self, y * (1 - y)))


@pytest.mark.parametrize("name", ["pow", "raised"])
def test_a_named_operation_of_plain_numbers_is_not_accused(name: str) -> None:
    """As `**` is not: two Values are left out, and told; with plain ones it is checked."""
    for call in ("power", Powers.power):
        report = check_engine(Powers, {name: call}, examples=FEW)
        assert report.ok, report
        assert name in report.operations
        assert any(n.startswith("left out, as it is refused: ") for n in report.notes)
    wrong = check_engine(Powers, {name: "twice"}, examples=FEW)
    assert str(wrong.faults[0]).startswith("x.twice(")
    assert "x.grad" in str(wrong.faults[0])
    assert "raises TypeError: not yet" in str(check_engine(Powers, {name: "none"}, examples=FEW))


def test_a_name_that_is_almost_a_rules_is_asked_about() -> None:
    """It is checked all the same; other names are not asked about."""
    report = check_engine(Powers, {"sigmod": "logistic"}, examples=FEW)
    assert report.ok
    assert "did you mean sigmoid?" in str(report)
    assert "did you mean" not in str(check_engine(Squares, {"square": "square"}, examples=FEW))
