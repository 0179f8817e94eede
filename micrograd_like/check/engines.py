"""An engine that somebody else wrote against the rules: small programs, run on both.

>>> from micrograd_like import Value
>>> print(check_engine(Value, examples=20))
Value: right in ... checks of +, -, *, /, %, **, -x, abs, exp, ...
"""

import math
import random
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from micrograd_like.arguments import flag, function, text, whole
from micrograd_like.check.foreign import Engine, RefusedError, forms_of
from micrograd_like.check.gradcheck import gradcheck
from micrograd_like.check.inputs import quietly
from micrograd_like.check.programs import Form, Program, Right, bends, draw, shrink, singles
from micrograd_like.display import Table
from micrograd_like.notation import listed, number, plural

__all__ = ["EngineReport", "Fault", "check_engine"]

LARGEST_SIZE = 8  # steps of a drawn program
MOST_SHOWN = 5  # faults in a report
JUMPING = ("%", "mod")
FINE = 2.0**-10  # a larger unit takes x % y over its jumps
SECOND = " after a second backward()"
CLEARED = " after backward() again, the leaves' gradients set to 0,"
KEPT = (
    "values between seem to keep their gradients from the pass before: set them to 0 where "
    "backward() begins, or leave this out with repeated=False"
)


class Fault(NamedTuple):
    """One thing that an engine does wrong, on the smallest program that was found to show it.

    >>> print(Fault("x * x at x = 3", "x.grad", 3.0, 6.0))
    x * x at x = 3: x.grad is 3, should be 6
    """

    program: str
    what: str  # "value", or a leaf's gradient; what it raises otherwise
    got: float | None = None
    right: float | None = None
    after: str = ""
    hint: str = ""
    also: tuple[str, ...] = ()  # other programs with the same fault

    def __str__(self) -> str:
        words = self.what
        if self.got is not None and self.right is not None:
            words += f"{self.after} is {number(self.got, 10)}, should be {number(self.right, 10)}"
        words += f" ({self.hint})" if self.hint else ""
        also = f"; so it is with {listed(self.also, 3)}" if self.also else ""
        return f"{self.program}: {words}{also}"


class EngineReport(NamedTuple):
    """What an engine does wrong, the smallest programs first; its ``str`` is a line for each.

    >>> from micrograd_like import Value
    >>> report = check_engine(Value, examples=20)
    >>> report.ok, report.faults
    (True, [])
    """

    engine: str
    checks: int
    operations: list[str]
    faults: list[Fault]
    notes: list[str]  # what the engine does not have, or refuses

    @property
    def ok(self) -> bool:
        """Whether no fault was found."""
        return not self.faults

    def __repr__(self) -> str:
        return f"<EngineReport {self}>"

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def _repr_html_(self) -> str:
        """In a notebook: a paragraph for each fault."""
        title, *lines = self._lines()
        return Table([], notes=lines).html(title)

    def _lines(self) -> list[str]:
        found = plural(len(self.faults), "fault") if self.faults else "right"
        counts = f"{found} in {plural(self.checks, 'check')} of {', '.join(self.operations)}"
        lines = [f"{self.engine}: {counts}", *map(str, self.faults[:MOST_SHOWN])]
        if self.faults[MOST_SHOWN:]:
            lines.append(f"and {len(self.faults) - MOST_SHOWN} more")
        if any(f.after in (SECOND, CLEARED) for f in self.faults):
            lines.append(KEPT)
        return [*lines, *self.notes]


def check_engine(
    engine: Callable[[float], Any],
    operations: Mapping[str, str | Callable[..., Any] | None] | None = None,
    *,
    data: str = "data",
    grad: str = "grad",
    backward: str | Callable[[Any], Any] = "backward",
    constants: bool = True,
    repeated: bool = True,
    examples: int = 200,
    seed: int = 0,
) -> EngineReport:
    """Check a class of scalar Values that somebody wrote: its values, gradients and passes.

    ``engine`` makes a Value of a float.  Its operators, and its methods with the names of rules,
    are found by themselves; ``operations`` tells other names, as in ``{"relu": "ReLU"}``, functions
    instead of methods, as in ``{"tanh": my_tanh}``, and with None what to leave out.  An operation
    that is no rule is checked against finite differences of the engine's own values; so is a
    leaky_relu, a gelu or a ``%`` of another kind than the rule, which is noted.  ``data``, ``grad``
    and ``backward`` are names of attributes, ``backward`` may be a function of the root.  What the
    engine prints is not shown.

    Each operation is tried by itself, on Values and, unless ``constants`` is False, with a plain
    number on either side; then ``examples`` programs with sharing are drawn, and run once, built
    anew, and, unless ``repeated`` is False, gone backward through again: a second pass may add up
    or begin anew.  At kinks any slope between the two sides is right, and rounding is allowed for,
    in the precision that the engine's numbers have.  A ``seed`` gives the same programs again.

    A TypeError or a ValueError tells wrong arguments, and an engine without these attributes.

    >>> class Wrong:
    ...     def __init__(self, data, parents=()):
    ...         self.data, self.grad, self.parents = data, 0.0, parents
    ...     def __mul__(self, other):
    ...         return Wrong(self.data * other.data, ((self, other.data), (other, self.data)))
    ...     def backward(self, grad=1.0):
    ...         self.grad = grad
    ...         for parent, slope in self.parents:
    ...             parent.backward(grad * slope)
    >>> print(check_engine(Wrong, constants=False).faults[0])
    x * x at x = 2: x.grad is 2, should be 4
    """
    function(engine, "check_engine: engine", "a float, to a Value, such as the class")
    text(data, "check_engine: data")
    text(grad, "check_engine: grad")
    count = whole(examples, "check_engine: examples")
    start = whole(seed, "check_engine: seed", 0)
    plain = flag(constants, "check_engine: constants")
    again = flag(repeated, "check_engine: repeated")
    with quietly():
        made = Engine(engine, data, grad, backward)
        forms, notes = forms_of(made, operations or {}, plain)
        search = _Search(made, forms, count, start)
        faults = search.alone() + search.together(again)
    shown = list(dict.fromkeys(form.operation.name for form in forms))
    return EngineReport(made.name, search.checks, shown, faults, [*notes, *made.notes])


class _Search:
    """The search for faults, which counts what it tried and remembers which forms are wrong."""

    def __init__(self, engine: Engine, forms: list[Form], examples: int, seed: int) -> None:
        self.engine, self.forms, self.examples = engine, forms, examples
        self.rng = random.Random(seed)
        self.checks = 0
        self._right: dict[Program, Right | None] = {}

    def right(self, program: Program) -> Right | None:
        """The right numbers of a program, computed once."""
        if program not in self._right:
            self._right[program] = program.right(self.engine.unit, self.engine.largest)
        return self._right[program]

    # --- each operation by itself --------------------------------------------------------------

    def alone(self) -> list[Fault]:
        """The faults of single operations; one stands for others of its kind."""
        found: dict[object, list[Fault]] = {}
        sound = []
        for form in self.forms:
            fault = next(filter(None, map(self._single, singles(form))), None)
            if fault is None:
                sound.append(form)
                continue
            name: object = (form.operation.name,)
            if fault.got is None:
                name = fault.what.partition(":")[0]
            elif form.on == "xx" and name not in found:
                name = "xx"
            found.setdefault(name, []).append(fault)
        self.forms = sound
        return [
            first._replace(also=tuple(f.program.partition(" at ")[0] for f in others))
            for first, *others in found.values()
        ]

    def _single(self, program: Program) -> Fault | None:
        """The fault of a program of one operation, at a kink too."""
        if program.steps[0].operation.rule is None:
            return self._by_differences(program)
        if self.right(program):
            return self.once(program)
        slopes = bends(program)
        return self._at_kink(program, slopes) if slopes else None

    def _at_kink(self, program: Program, slopes: list[tuple[float, float]]) -> Fault | None:
        self.checks += 1
        try:
            leaves, root = self.engine.run(program)
            self.engine.backward(root)
            gradients = [self.engine.gradient(leaf) for leaf in leaves]
        except Exception as error:
            return _raised(program, error)
        for name, got, sides in zip(program.names, gradients, slopes, strict=True):
            low, high = (round(slope, 3) for slope in sides)
            if not low - 0.01 <= got <= high + 0.01:
                hint = f"at a kink, from {number(low)} to {number(high)}" if low < high else ""
                right = low if got < low else high
                return Fault(str(program), f"{name}.grad", got, right, "", hint)
        return None

    def _by_differences(self, program: Program) -> Fault | None:
        """The fault of an operation that is no rule, by its own values next to the point."""
        if program.steps[0].operation.name in JUMPING and (
            self.engine.unit > FINE or not self.right(program)
        ):
            return None  # at a jump, to which differences with few digits are blind

        def value(*point: float) -> float:
            _, root = self.engine.run(program._replace(leaves=point))
            return self.engine.number(root)

        self.checks += 1
        try:
            leaves, root = self.engine.run(program)
            self.engine.backward(root)
            gradients = [self.engine.gradient(leaf) for leaf in leaves]
            report = gradcheck(value, *program.leaves, gradient=gradients)
        except (ValueError, ArithmeticError):  # outside of its domain
            return None
        except Exception as error:
            return _raised(program, error)
        for name, check in zip(program.names, report.checks, strict=True):
            if check.outcome != "fail":
                continue
            if not math.isnan(check.numeric):
                return Fault(str(program), f"{name}.grad", check.gradient, check.numeric)
            known = f"is {number(check.gradient, 10)}, which differences of its own values refute"
            return Fault(str(program), f"{name}.grad {known}", check.gradient, hint=check.reason)
        return None

    # --- programs --------------------------------------------------------------------------------

    def together(self, repeated: bool) -> list[Fault]:
        """The first fault of passes through programs of operations that are right by themselves."""
        if self.engine.unit > FINE:
            self.forms = [f for f in self.forms if f.operation.name not in JUMPING]
        if not self.forms:
            return []
        sizes = (2 + k * LARGEST_SIZE // self.examples for k in range(self.examples))
        drawn = [p for p in (draw(self.rng, self.forms, size) for size in sizes) if p]
        passes = [self.once, self.anew]
        if repeated:
            passes += [self.again, self.leaves_cleared, self.from_within]
        for check in passes:
            fault = self._smallest(drawn, check)
            if fault:  # further ones may be its consequences
                return [fault]
        return self._leaf()

    def _leaf(self) -> list[Fault]:
        """The fault of a leaf that is gone backward from: its gradient is 1."""
        leaf = self.engine.make(2.0)
        try:
            self.engine.backward(leaf)
            got = self.engine.gradient(leaf)
        except Exception as error:
            self.engine.note("backward() of a leaf is refused", error)
            return []
        hint = "after backward() of the leaf itself"
        return [] if got == 1 else [Fault("x at x = 2", "x.grad", got, 1.0, hint=hint)]

    def _smallest(
        self, programs: list[Program], check: Callable[[Program], Fault | None]
    ) -> Fault | None:
        allowed = {(form.operation, form.on) for form in self.forms}

        def fails(program: Program) -> bool:
            if any((step.operation, step.form) not in allowed for step in program.steps):
                return False
            return bool(check(program)) and (check == self.once or not self.once(program))

        found = next(filter(check, programs), None)
        return check(shrink(found, fails, self.forms)) if found else None

    def once(self, program: Program) -> Fault | None:
        """One pass through a program: its value and the gradients of its leaves."""
        return self._compared(program, lambda leaves, root: None, "", (1,))

    def anew(self, program: Program) -> Fault | None:
        """The program built again on leaves that have been set to zero, as training does."""

        def build(leaves: list[Any], _: list[Any]) -> None:
            self.engine.clear(leaves)
            self.engine.backward(program.run(leaves)[-1])

        return self._compared(program, build, " of the graph built anew, gradients set to 0,", (1,))

    def again(self, program: Program) -> Fault | None:
        """A second pass through the same graph: gradients are added up, or begun anew."""

        def go(_: list[Any], values: list[Any]) -> None:
            self.engine.backward_again(values[-1])

        return self._compared(program, go, SECOND, (2, 1))

    def leaves_cleared(self, program: Program) -> Fault | None:
        """A second pass after the leaves' gradients have been set to zero."""

        def go(leaves: list[Any], values: list[Any]) -> None:
            self.engine.clear(leaves)
            self.engine.backward_again(values[-1])

        return self._compared(program, go, CLEARED, (1,))

    def from_within(self, program: Program) -> Fault | None:
        """A pass from a value within, and then from the root."""
        if len(program.steps) < 2:
            return None

        def go(leaves: list[Any], values: list[Any]) -> None:
            self.engine.backward_again(values[-2])
            self.engine.clear(leaves)
            self.engine.backward_again(values[-1])

        after = " after backward() from within, the leaves' gradients set to 0,"
        return self._compared(program, go, after, (1,))

    def _compared(
        self,
        program: Program,
        then: Callable[[list[Any], list[Any]], None],
        after: str,
        times: tuple[int, ...],
    ) -> Fault | None:
        """The fault after a pass and what is done then; gradients may be ``times`` the right."""
        engine, right = self.engine, self.right(program)
        if right is None:
            return None
        self.checks += 1
        try:
            leaves = engine.leaves(program)
            values = program.run(leaves)
            value = engine.number(values[-1])
            engine.backward(values[-1])
            then(leaves, values)
            gradients = [engine.gradient(leaf) for leaf in leaves]
            changed = [engine.number(leaf) for leaf in leaves]
        except RefusedError:
            return None
        except Exception as error:
            return _raised(program, error)
        if not abs(value - right.value) <= right.value_bar:
            return Fault(str(program), "value", value, right.value)
        for name, x, now in zip(program.names, program.leaves, changed, strict=True):
            if now != x:
                return Fault(str(program), f"{name}.{engine.data}", now, x, after)
        return _wrong_gradient(program, right, gradients, after, times)


def _wrong_gradient(
    program: Program, right: Right, gradients: list[float], after: str, times: tuple[int, ...]
) -> Fault | None:
    """The fault of gradients that are no multiple of the right ones, the same for all leaves."""
    triples = list(zip(gradients, right.gradient, right.bars, strict=True))
    multiples = [{n for n in times if abs(got - n * due) <= n * bar} for got, due, bar in triples]
    if set.intersection(*multiples):
        return None
    # A leaf whose gradient is none, or one that is begun anew where others are added up.
    wrong = [not found for found in multiples]
    k = wrong.index(True) if any(wrong) else [times[0] in of for of in multiples].index(False)
    got, due, _ = triples[k]
    hint = f"added up, or {number(due, 10)} begun anew" if due and times[1:] else ""
    return Fault(str(program), f"{program.names[k]}.grad", got, times[0] * due, after, hint)


def _raised(program: Program, error: Exception) -> Fault:
    message = " ".join(str(error).split())[:120]
    return Fault(str(program), f"raises {type(error).__name__}: {message}")
