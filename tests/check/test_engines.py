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


class Rounded(Squares):
    """Its own operation passes gradients straight through, as if it changed nothing."""

    def rounded(self) -> Scalar:
        return self.new(round(self.data), (self, 1))


class Others(Scalar):
    """A right engine with a leaky ReLU, a GELU and a remainder of other kinds than the rules."""

    def leaky_relu(self) -> Scalar:
        return self.new(max(self.data, self.data / 4), (self, 1 if self.data > 0 else 0.25))

    def gelu(self) -> Scalar:
        s = 1 / (1 + math.exp(-1.702 * self.data))
        return self.new(self.data * s, (self, s + 1.702 * self.data * s * (1 - s)))

    def __mod__(self, other: Any) -> Scalar:
        y = self.wrap(other)
        rest = math.fmod(self.data, y.data)
        return self.new(rest, (self, 1), (y, -int(self.data / y.data)))


class OthersSingle(Others, Single):
    """The same of numbers with seven digits."""


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


@pytest.mark.parametrize("seed", range(5))
def test_micrograd_is_right_at_negative_bases_and_at_0(seed: int) -> None:
    """Its x ** n is, at whole n; 0 ** 0, whose slope it cannot tell, is left out."""
    report = check_engine(Micrograd, repeated=False, seed=seed)
    assert report.ok, report


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


@pytest.mark.parametrize("seed", range(5))
def test_one_mistake_is_told_once(seed: int) -> None:
    """No drawn program repeats what is wrong by itself, even if it has one leaf alone."""
    report = check_engine(engine_with("x * x has half of its slope"), seed=seed)
    assert list(map(str, report.faults)) == ["x * x at x = 2: x.grad is 2, should be 4"]


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


def test_a_slope_that_differences_refute_without_a_number_of_their_own_is_told() -> None:
    """Not as "should be nan"."""
    report = check_engine(Rounded, {"rounded": "rounded"}, examples=FEW)
    words = "x.grad is 1, which differences of its own values refute (off by 1)"
    assert str(report.faults[0]) == f"x.rounded() at x = 2: {words}"


@pytest.mark.parametrize("engine", [Others, OthersSingle])
def test_operations_of_which_there_are_several_kinds_are_checked_by_their_own_values(
    engine: Any,
) -> None:
    """Where these are not the rule's, which a note tells; a wrong slope is found all the same."""
    report = check_engine(engine, examples=FEW)
    assert report.ok, report
    assert {"leaky_relu", "gelu", "%"} <= set(report.operations)
    text = str(report)
    assert "x.leaky_relu() at x = -1.5 is −0.375, by the rule of that name −0.015" in text
    assert "x.gelu() at x = 2 is 1.93" in text
    assert "x % y at x = 3, y = -2 is 1, by the rule of that name −1" in text
    assert "left out, as it is refused: 2 % x" in text
    named = check_engine(engine, {"gelu": "gelu", "leaky_relu": Others.leaky_relu}, examples=FEW)
    assert named.ok, named
    parts = {"gelu": planted.unary(lambda x: x, lambda x, y: 9)}
    parts["leaky_relu"] = planted.unary(lambda x: max(x, x / 4), lambda x, y: 0.01 + 0.99 * (x > 0))
    report = check_engine(type("Wrong", (engine,), parts), examples=FEW)
    assert [(fault.program, fault.what) for fault in report.faults] == [
        ("x.leaky_relu() at x = -1.5", "x.grad"),
        ("x.gelu() at x = 2", "x.grad"),
    ]
    assert [fault.right for fault in report.faults] == pytest.approx([0.25, 1.0], rel=1e-5)


@pytest.mark.parametrize("wrong", [0, 1])
def test_a_leaky_relu_may_ask_for_its_slope(wrong: float) -> None:
    """It is given 0.1, whether it is found as a method or named."""

    def leaky(x: Scalar, slope: float) -> Scalar:
        return x.new(max(x.data, slope * x.data), (x, 1 if x.data > 0 else slope + wrong))

    for engine in (type("Leaky", (Scalar,), {"leaky_relu": leaky}), Scalar):
        given = {"leaky_relu": leaky} if engine is Scalar else {}
        report = check_engine(engine, given, examples=FEW)
        assert report.ok == (not wrong), report
        assert "leaky_relu" in report.operations
        assert report.notes[-1].startswith("left out, as it is refused: x ** y")
        if wrong:
            assert "(0.1) at x = -1.5: x.grad is 1.1, should be 0.1" in str(report).replace(
                "x, ", ""
            )


def test_what_an_engine_prints_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """It would be a line for each of some thousand passes."""

    def telling(self: Scalar) -> None:
        print("backward")
        Scalar.backward(self)

    assert check_engine(type("Telling", (Scalar,), {"backward": telling}), examples=FEW).ok
    assert capsys.readouterr().out == ""


def test_a_leaf_that_refuses_to_go_backward_is_no_fault() -> None:
    """It is told."""

    def refusing(self: Scalar) -> None:
        if not self.parents:
            raise ValueError("a leaf")
        Scalar.backward(self)

    report = check_engine(type("Refusing", (Scalar,), {"backward": refusing}), examples=FEW)
    assert report.ok
    assert "backward() of a leaf is refused: ValueError: a leaf" in str(report)


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


@pytest.mark.parametrize("precision", ["float64", "float32", "float16", "bfloat16"])
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
        (
            (lambda x: Scalar(complex(x)),),
            {},
            r"\(2.0\).data is \(2\+0j\); it is to be a real number",
        ),
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
    assert "did you mean sigmoid?" in str(check_engine(Powers, {"sigmod": None}, examples=FEW))
    assert "did you mean" not in str(check_engine(Squares, {"square": "square"}, examples=FEW))


def test_an_operation_of_ones_own_is_not_taken_for_a_slip() -> None:
    """A function, and a method of just that name, are meant, however like a rule's it is."""
    elu = planted.unary(
        lambda x: x if x > 0 else math.exp(x) - 1, lambda x, y: 1 if x > 0 else math.exp(x)
    )
    for engine, call in ((type("Elu", (Scalar,), {"elu": elu}), "elu"), (Scalar, elu)):
        report = check_engine(engine, {"elu": call}, examples=FEW)
        assert report.ok, report
        assert "did you mean" not in str(report)
