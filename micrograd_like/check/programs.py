"""Small programs for any engine: what they are, how they are written, and their right numbers.

A program is leaves and steps; it runs on the Values of whatever engine its operations belong to.
Its right numbers come from the rules, each with a bar: how far an engine may be off by rounding,
measured by nudging all numbers on the way a little.

>>> import operator
>>> from micrograd_like.rules import RULES
>>> mul = Operation("mul", operator.mul, "{} * {}", RULES["mul"].function, RULES["mul"])
>>> square = Program((3.0,), (Step(mul, (0, 0)),))
>>> str(square), square.right(2.0**-40).gradient
('x * x at x = 3', [6.0])
"""

import math
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from micrograd_like.rules import Rule

__all__ = [
    "NUMBERS",
    "Constant",
    "Form",
    "Operation",
    "Program",
    "Right",
    "Step",
    "bends",
    "draw",
    "shrink",
    "singles",
]

NUMBERS = (2.0, 3.0, 0.5, 1.5, -1.0, -2.0, 0.25, 1.0, -0.5, -1.5, 0.75)  # exact in any precision
POINTS = (2.0, 3.0, 0.5, -1.5, 1.0, -1.0, -0.5, 0.25, -3.0, 0.75, 4.0, 0.0, -5.0, 20.0, -20.0)
PAIRS = ((2.0, 3.0), (3.0, -2.0), (-1.5, 0.5), (0.25, 4.0), (-3.0, -2.0), (1.0, 1.0), (0.5, 0.75))
SIMPLE = 2
LARGEST = 40.0  # of the values and slopes in a drawn program: little is lost to rounding
NEAR = 1e-5  # within this distance a slope must not jump
DRAWS = 4  # of nudges
SAFETY = 8.0  # times what nudging moves
TELLS = 1e-3, 32  # a bar above this part of a number, or so many units, tells nothing
TRIALS = 400  # of smaller programs


class Operation(NamedTuple):
    """An operation of an engine, and the numbers that it should give."""

    name: str
    call: Callable[..., Any]  # on the engine's Values
    text: str  # how it is written, with {} for each operand
    function: Callable[..., Any]  # on floats: the value, then the slopes
    rule: Rule | None = None  # None: the value is the engine's own

    @property
    def arity(self) -> int:
        """The number of operands, as it is written."""
        return self.text.count("{}")


class Constant(NamedTuple):
    """A plain number among the operands."""

    number: float


class Step(NamedTuple):
    """An operation on places among the values before it, and on plain numbers."""

    operation: Operation
    operands: tuple["int | Constant", ...]

    @property
    def form(self) -> str:
        """What it is on: ``"x"``, ``"xy"``, ``"xx"``, or with a plain number ``"xc"``, ``"cx"``."""
        if len(self.operands) == 2 and self.operands[0] == self.operands[1]:
            return "xx"
        names = iter("xy")
        return "".join("c" if isinstance(p, Constant) else next(names) for p in self.operands)

    def numbers(self, values: Sequence[float]) -> tuple[float, ...] | None:
        """The value and the slopes, that of a plain number as 0; None where they are undefined."""
        operands, rule = _filled(self.operands, values), self.operation.rule
        if rule and not rule.is_defined(*operands):
            return None
        try:
            value, *slopes = self.operation.function(*operands)
        except (ValueError, ArithmeticError):
            return None
        # x ** 2 has no slope by 2 where x < 0, which matters to none.  0 ** 0, where that slope is
        # infinite, is left out: engines differ.
        pairs = zip(self.operands, slopes, strict=False)
        asked = (0.0 if isinstance(p, Constant) and not math.isinf(s) else s for p, s in pairs)
        found = (value, *asked)
        return found if all(map(math.isfinite, found)) else None


class Form(NamedTuple):
    """An operation with what it may be on, and the plain numbers that it takes."""

    operation: Operation
    on: str  # as Step.form
    constants: tuple[float, ...] = ()


class Right(NamedTuple):
    """The right value of a program and the gradients of its leaves, each with its bar."""

    value: float
    value_bar: float
    gradient: list[float]
    bars: list[float]


class Program(NamedTuple):
    """Leaves, and steps of which the last is the root."""

    leaves: tuple[float, ...]
    steps: tuple[Step, ...]

    def run(self, leaves: Sequence[Any]) -> list[Any]:
        """All values on an engine, the leaves first."""
        values = list(leaves)
        for operation, operands in self.steps:
            values.append(operation.call(*_filled(operands, values)))
        return values

    def right(self, unit: float, largest: float = math.inf) -> Right | None:
        """What an engine should give whose operations are right to a ``unit``.

        None where an operation is undefined, or next to a kink or a pole, where rounding could
        move the gradient too far to tell, and where a number or a slope is above the ``largest``.
        """
        numbers = list(self.leaves)
        for step in self.steps:
            found = _settled(step, numbers)
            if found is None or max(map(abs, found)) > largest:
                return None
            numbers.append(found[0])
        value, gradient = self._pass(lambda x: x)
        if max(map(abs, gradient)) > largest:
            return None
        rng = random.Random(0)
        tells = max(TELLS[0], TELLS[1] * unit)
        bars = [unit * (1 + abs(x)) for x in (value, *gradient)]
        for _ in range(DRAWS):
            try:
                other, slopes = self._pass(
                    lambda x: x + rng.choice((-unit, unit)) * max(1.0, abs(x))
                )
            except (TypeError, ValueError, ArithmeticError):  # out of a domain
                return None
            for k, (x, y) in enumerate(zip((value, *gradient), (other, *slopes), strict=True)):
                bars[k] = max(bars[k], SAFETY * abs(x - y))
        told = all(b <= tells * (1 + abs(x)) for b, x in zip(bars, (value, *gradient), strict=True))
        return Right(value, bars[0], gradient, bars[1:]) if told else None

    def _pass(self, nudge: Callable[[float], float]) -> tuple[float, list[float]]:
        """The value and the gradient by the chain rule, with a nudge to every number on the way."""
        numbers, slopes = list(self.leaves), list[tuple[float, ...]]()
        for step in self.steps:
            value, *found = map(nudge, step.numbers(numbers) or ())
            numbers.append(value)
            slopes.append(tuple(found))
        gradients = [0.0] * (len(numbers) - 1) + [1.0]
        for k in range(len(self.steps) - 1, -1, -1):
            for place, slope in zip(self.steps[k].operands, slopes[k], strict=True):
                if not isinstance(place, Constant):
                    gradients[place] += gradients[len(self.leaves) + k] * slope
        return numbers[-1], gradients[: len(self.leaves)]

    def until(self, place: int) -> "Program":
        """The program with another value as its root, and no step that does not lead there."""
        needed = {place}
        first = len(self.leaves)
        for k in range(place, first - 1, -1):
            if k in needed:
                needed.update(p for p in self.steps[k - first].operands if isinstance(p, int))
        kept = [k for k in range(first + len(self.steps)) if k < first or k in needed]
        places = {old: new for new, old in enumerate(kept)}
        steps = (self.steps[k - first] for k in kept[first:])
        return Program(self.leaves, tuple(s._replace(operands=_moved(s, places)) for s in steps))

    @property
    def names(self) -> list[str]:
        """What its leaves are called."""
        return list("xyz"[: len(self.leaves)])

    def lines(self) -> list[str]:
        """The program in Python: a line for each value that is used more than once, and the root.

        >>> Program((2.0,), ()).lines()
        ['x']
        """
        texts, lines = self.names, list[str]()
        used = [p for step in self.steps for p in step.operands if isinstance(p, int)]
        for k, (operation, operands) in enumerate(self.steps, len(self.leaves)):
            operator = not operation.text.endswith(")")
            filled = (_operand(p, texts, operator) for p in operands)
            text = operation.text.format(*filled)
            if k < len(self.leaves) + len(self.steps) - 1 and used.count(k) > 1:
                lines.append(f"{'abcdefghijklmnopqrstuvw'[len(lines) % 23]} = {text}")
                text = lines[-1].partition(" ")[0]
            texts.append(text)
        return [*lines, texts[-1]]

    def __str__(self) -> str:
        used = {p for step in self.steps for p in step.operands} or {0}
        at = [f"{n} = {x:g}" for k, (n, x) in enumerate(zip(self.names, self.leaves, strict=True))
              if k in used]  # fmt: skip
        return f"{'; '.join(self.lines())} at {', '.join(at)}"


def _filled(operands: Sequence["int | Constant"], values: Sequence[Any]) -> list[Any]:
    return [p.number if isinstance(p, Constant) else values[p] for p in operands]


def _moved(step: Step, places: dict[int, int]) -> tuple["int | Constant", ...]:
    return tuple(p if isinstance(p, Constant) else places[p] for p in step.operands)


def _operand(place: "int | Constant", texts: Sequence[str], bracketed: bool) -> str:
    text = f"{place.number:g}" if isinstance(place, Constant) else texts[place]
    solid = text.isidentifier() or text.replace(".", "").isdigit() or text.endswith(")")
    return text if (solid and not text.startswith(("(", "-"))) or not bracketed else f"({text})"


def _nearby(step: Step, numbers: Sequence[float], leaf: int) -> Iterator[tuple[float, ...] | None]:
    """The step's numbers with one place moved a little up, and a little down."""
    for side in (NEAR, -NEAR):
        moved = list(numbers)
        moved[leaf] += side * (1 + abs(moved[leaf]))
        yield step.numbers(moved)


def _settled(step: Step, numbers: Sequence[float]) -> tuple[float, ...] | None:
    """The step's value and slopes, if they are about the same at all points around."""
    found = step.numbers(numbers)
    if found is None:
        return None
    for place in {p for p in step.operands if not isinstance(p, Constant)}:
        for other in _nearby(step, numbers, place):
            if other is None or any(
                abs(a - b) > 0.01 * (1 + abs(a)) for a, b in zip(found, other, strict=True)
            ):
                return None
    return found


def bends(program: Program) -> list[tuple[float, float]] | None:
    """At the kink of its one operation: between which slopes each leaf's gradient is right."""
    step, numbers = program.steps[0], program.leaves
    if step.operation.rule is None or step.numbers(numbers) is None or _settled(step, numbers):
        return None
    found = []
    for leaf in range(len(numbers)):
        sides = []
        for near in _nearby(step, numbers, leaf):
            if near is None or max(map(abs, near)) > LARGEST:
                return None
            pairs = zip(step.operands, near[1:], strict=True)
            sides.append(math.fsum(slope for place, slope in pairs if place == leaf))
        found.append((min(sides), max(sides)))
    return found


def singles(form: Form) -> Iterator[Program]:
    """Programs of one operation, at simple points first."""
    points: Sequence[tuple[float, ...]] = [(x,) for x in POINTS]
    if form.on != "x":
        points = PAIRS if "y" in form.on else points[:6]
    if form.operation.rule is None:  # finite differences take their time
        points = points[:4]
    for constant in form.constants or (0,):
        places: dict[str, int | Constant] = {"x": 0, "y": 1, "c": Constant(constant)}
        step = Step(form.operation, tuple(places[name] for name in form.on))
        yield from (Program(point, (step,)) for point in points)


# --- drawing and shrinking ---------------------------------------------------------------------


def draw(rng: random.Random, forms: Sequence[Form], size: int) -> Program | None:
    """A program with sharing, of so many steps or a few more, in which all but leaves is used.

    None if no operation fits what was drawn.
    """
    allowed = {(form.operation, form.on) for form in forms}
    leaves = [rng.choice(NUMBERS) for _ in range(rng.choice((1, 2, 2, 3)))]
    if rng.random() < 0.3:  # equal numbers, which an engine may take for one
        leaves = leaves[:1] * len(leaves)
    numbers, steps = list(leaves), list[Step]()
    pairs = [form for form in forms if form.on == "xy"]
    loose = list(range(len(leaves)))  # places that nothing uses
    for k in range(20 * size):
        if len(steps) >= size and (len(loose) < 2 or not pairs):
            break
        form = rng.choice(pairs if len(steps) >= size or (pairs and k % 2) else forms)
        step = Step(form.operation, _operands(rng, form, loose, len(numbers)))
        # A form "xy" becomes "xx" where there is one value alone.
        found = _settled(step, numbers) if (step.operation, step.form) in allowed else None
        if found and max(map(abs, found)) <= LARGEST:
            loose = [p for p in loose if p not in step.operands] + [len(numbers)]
            steps.append(step)
            numbers.append(found[0])
    return Program(tuple(leaves), tuple(steps)).until(len(numbers) - 1) if steps else None


def _operands(
    rng: random.Random, form: Form, loose: Sequence[int], count: int
) -> tuple[int | Constant, ...]:
    places: dict[str, int | Constant] = {"c": Constant(rng.choice(form.constants or (2,)))}
    places["x"] = rng.choice(loose) if rng.random() < 0.6 else rng.randrange(count)
    others = [p for p in range(count) if p != places["x"]] or [0]
    places["y"] = others[-1] if rng.random() < 0.3 else rng.choice(others)
    operands = [places[name] for name in form.on]
    return tuple(operands[:: rng.choice((1, -1))] if form.on == "xy" else operands)


def shrink(program: Program, fails: Callable[[Program], Any], forms: Sequence[Form]) -> Program:
    """The smallest program that was found to fail still; ``fails`` is asked of smaller ones."""
    trials = TRIALS
    candidates = _smaller(program, forms)
    while trials:
        candidate = next(candidates, None)
        if candidate is None:
            break
        trials -= 1
        if fails(candidate):
            program, candidates = candidate, _smaller(candidate, forms)
    return program


def _smaller(program: Program, forms: Sequence[Form]) -> Iterator[Program]:
    """Programs with fewer steps or leaves, then those with simpler operations and numbers."""
    leaves, steps = program
    first, end = len(leaves), len(leaves) + len(steps)
    yield from (program.until(k) for k in range(first, end - 1))
    for k, step in enumerate(steps[:-1], first):
        yield from (_substituted(program, k, p) for p in step.operands if isinstance(p, int))
    yield from (_substituted(program, leaf, 0) for leaf in range(1, first))
    order = list(dict.fromkeys(form.operation for form in forms if form.on in ("x", "xy")))
    for k, (operation, operands) in enumerate(steps):
        if len({*operands}) == operation.arity and all(isinstance(p, int) for p in operands):
            for simpler in order[: order.index(operation)] if operation in order else ():
                if simpler.arity == operation.arity:
                    step = Step(simpler, operands)
                    yield Program(leaves, (*steps[:k], step, *steps[k + 1 :]))
        for place, constant in enumerate(operands):
            if isinstance(constant, Constant) and constant.number != SIMPLE:
                simple = (*operands[:place], Constant(SIMPLE), *operands[place + 1 :])
                yield Program(leaves, (*steps[:k], Step(operation, simple), *steps[k + 1 :]))
    for leaf, x in enumerate(leaves):
        simpler_numbers = NUMBERS[: NUMBERS.index(x)] if x in NUMBERS else ()
        for number in simpler_numbers:
            yield Program((*leaves[:leaf], number, *leaves[leaf + 1 :]), steps)


def _substituted(program: Program, old: int, new: int) -> Program:
    """Another value in the place of one below the root: a leaf or a step less."""
    leaves, steps = program
    end = len(leaves) + len(steps)
    is_leaf = old < len(leaves)
    places = {k: k - (is_leaf and k > old) for k in range(end)} | {old: new}
    steps = tuple(s._replace(operands=_moved(s, places)) for s in steps)
    left = leaves[:old] + leaves[old + 1 :]
    return Program(left, steps) if is_leaf else Program(leaves, steps).until(end - 1)
