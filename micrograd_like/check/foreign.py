"""An engine that somebody else wrote: how to speak to it, and which operations it has.

>>> from micrograd_like import Value
>>> engine = Engine(Value)
>>> forms, notes = forms_of(engine, {}, constants=True)
>>> [form.on for form in forms if form.operation.name == "-"], notes
(['xy', 'xx', 'xc', 'cx'], [])
"""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from functools import partial
from typing import Any

from micrograd_like.arguments import expect, short
from micrograd_like.check.programs import NUMBERS, Form, Operation, Program, singles
from micrograd_like.notation import OPERATORS, SIGNS, code, listed, number, one_line
from micrograd_like.rules import RULES

__all__ = ["Engine", "RefusedError", "forms_of"]

OTHER_NAMES = {
    "log": "ln", "sigmoid": "logistic", "silu": "swish", "asin": "arcsin", "acos": "arccos",
    "atan": "arctan",
}  # fmt: skip
CONVENTIONS = ("leaky_relu", "gelu", "mod")  # of which there are several
LEAK = "0.1"  # the slope of a leaky ReLU that has none by itself
CONSTANTS = (2, 3, 0.5, -1, 1, 4, -2, 1.5, 0)
ALIKE = 0.8  # how like a rule's name another is that may be meant for it
SINGLE, HALF = 1e-9, 1e-5  # what is lost of a third above these is lost by fewer digits
HALFS_LARGEST = 65504.0  # of the numbers with half of the usual precision


class RefusedError(Exception):
    """The engine does not go backward a second time, or its gradients are not to be set."""


class Engine:
    """A class of Values by the names of its parts."""

    def __init__(
        self,
        make: Callable[[float], Any],
        data: str = "data",
        grad: str = "grad",
        backward: str | Callable[[Any], Any] = "backward",
    ) -> None:
        self.make, self.data, self.grad = make, data, grad
        self.name = getattr(make, "__name__", type(make).__name__)
        self.notes: list[str] = []
        self._backward = backward
        self.sample = self._sample()
        third = abs(self.number(make(1 / 3)) * 3 - 1)
        # Sixteen digits are kept to twelve, seven to five, and three to two.
        self.unit = 2.0**-40 if third < SINGLE else 2.0**-17 if third < HALF else 2.0**-7
        self.largest = math.inf if self._holds(2 * HALFS_LARGEST) else HALFS_LARGEST

    def _holds(self, x: float) -> bool:
        with suppress(Exception):  # too large
            return math.isfinite(self.number(self.make(x)))
        return False

    def _sample(self) -> Any:
        """A Value, or a TypeError that says what it lacks."""
        where = f"check_engine: {self.name}(2.0)"
        try:
            sample = self.make(2.0)
        except Exception as error:
            kind = type(error).__name__
            raise TypeError(f"{where} raises {kind}: {error}; it is to make a Value") from error
        words = {"data": self.data, "grad": self.grad}
        if isinstance(self._backward, str):
            words["backward"] = self._backward
        else:
            expect(callable(self._backward), self._backward, "check_engine: backward", "a function")
        for what, name in words.items():
            if not hasattr(sample, name):
                has = listed((n for n in dir(sample) if not n.startswith("_")), 8)
                raise TypeError(f"{where} has no {name!r}; it has {has}; name it, as in {what}=...")
        try:
            self.number(sample)
        except Exception as error:
            has = short(getattr(sample, self.data))
            raise ValueError(f"{where}.{self.data} is {has}; it is to be a real number") from error
        return sample

    def leaves(self, program: Program) -> list[Any]:
        """New Values of a program's numbers."""
        return [self.make(x) for x in program.leaves]

    def run(self, program: Program) -> tuple[list[Any], Any]:
        """The leaves and the root of a program."""
        leaves = self.leaves(program)
        return leaves, program.run(leaves)[-1]

    def number(self, value: Any) -> float:
        """A Value's number."""
        if not hasattr(value, self.data):
            raise TypeError(f"gives the {type(value).__name__} {short(value)}, which is no Value")
        return self._float(getattr(value, self.data))

    def gradient(self, value: Any) -> float:
        """A Value's gradient; 0 if it has none."""
        return self._float(getattr(value, self.grad))

    def _float(self, x: Any) -> float:
        if x is None:
            return 0.0
        x = x() if callable(x) else x
        if hasattr(x, "item"):
            x = x.item()
        if isinstance(x, complex):  # outside of its domain, as of a power
            raise ValueError(f"gives the complex number {short(x)}")
        return self._float(getattr(x, self.data)) if hasattr(x, self.data) else float(x)

    def clear(self, values: Sequence[Any]) -> None:
        """Set gradients to what they are at first, each of its own: it may be changed in place."""
        for value in values:
            blank = getattr(self.make(2.0), self.grad)
            try:
                if callable(blank):
                    raise AttributeError("it is a method")
                setattr(value, self.grad, blank)
            except AttributeError as error:
                self._refuse(f"{self.grad} cannot be set to 0", error)

    def backward(self, root: Any) -> None:
        """Go backward from a root."""
        back = self._backward
        if isinstance(back, str):
            getattr(root, back)()
        else:
            back(root)

    def backward_again(self, root: Any) -> None:
        """Go backward through a graph where this was done before."""
        try:
            self.backward(root)
        except Exception as error:
            self._refuse("a second backward() is refused", error)

    def note(self, what: str, error: Exception) -> None:
        """Note once what the engine refuses."""
        note = f"{what}: {type(error).__name__}: {one_line(str(error))}"
        if note not in self.notes:
            self.notes.append(note)

    def _refuse(self, what: str, error: Exception) -> None:
        self.note(what, error)
        raise RefusedError from error


def forms_of(
    engine: Engine, given: Mapping[str, Any], constants: bool
) -> tuple[list[Form], list[str]]:
    """The operations of an engine with what they may be on, and words on what is left out."""
    expect(isinstance(given, Mapping), given, "check_engine: operations", "a dict of names")
    forms, notes = list[Form](), list[str]()
    for name in dict.fromkeys((*OPERATORS, *RULES, *given)):
        if name in given:
            operation = _given(engine, name, given[name]) if given[name] is not None else None
        else:
            operation = _found(engine, name)
        if operation is None:
            continue
        found, refused = _forms(engine, operation, name, name in given, constants)
        notes += [f"left out, as it is refused: {listed(refused)}"] if refused else []
        if name in CONVENTIONS and (other := _other_values(engine, found)):
            found = [form._replace(operation=_own(engine, form.operation)) for form in found]
            notes.append(other)
        forms += found
    for name, call in given.items():
        close = get_close_matches(name, RULES, 1, ALIKE) if str(name).isalpha() else []
        is_meant = callable(call) or hasattr(engine.sample, str(name))
        if name not in RULES and close and not is_meant:
            notes.append(f"{name} is the name of no rule: did you mean {close[0]}?")
    expect(bool(forms), engine.name, "check_engine: engine", "a class with operations, such as +")
    return forms, notes


def _forms(
    engine: Engine, operation: Operation, name: str, is_given: bool, constants: bool
) -> tuple[list[Form], list[str]]:
    """What an operation may be on, and what of it the engine refuses."""
    if operation.arity == 1:
        operation = _with_slope(engine, operation) if name == "leaky_relu" else operation
        if is_given or name not in CONVENTIONS or _takes(engine, operation):
            return [Form(operation, "x")], []
        return [], [operation.text.format("x")]
    if name in ("pow", "mod") and not is_given:
        return _taken(engine, operation, constants)
    if is_given and (plain := _plain_numbers(engine, operation)):
        refused = [operation.text.format("x", "y")]
        return [Form(operation, "xc", plain)] if constants else [], refused
    sides = ("xc", "cx") if constants and "(" not in operation.text else ()
    return [Form(operation, on, CONSTANTS) for on in ("xy", "xx", *sides)], []


def _found(engine: Engine, name: str) -> Operation | None:
    """An operator, or a method with a rule's name, if the engine has it."""
    rule, sample = RULES[name], engine.sample
    special = OPERATORS.get(name)
    if special and hasattr(sample, special):
        pattern = code(rule, *"XY"[: rule.arity]).replace("X", "{}").replace("Y", "{}")
        sign = code(rule, *("", "") if rule.arity == 2 else "x").strip() if name in SIGNS else name
        return Operation(sign, getattr(operator, special), pattern, rule.function, rule)
    wanted = (name, OTHER_NAMES.get(name))
    plain = [w.replace("_", "") for w in wanted if w]
    methods = [m for m in dir(sample) if m.lower().replace("_", "") in plain and m[0] != "_"]
    methods = [m for m in (*wanted, *methods) if m and callable(getattr(sample, m, None))]
    return _method(methods[0], name) if methods else None


def _method(method: str, name: str) -> Operation:
    rule = RULES[name]
    count = rule.arity - len(rule.function.__defaults__ or ())
    pattern = f"{{}}.{method}({', '.join(['{}'] * (count - 1))})"
    return Operation(name, partial(_call_method, method), pattern, rule.function, rule)


def _call_method(method: str, x: Any, *others: Any) -> Any:
    return getattr(x, method)(*others)


def _given(engine: Engine, name: str, call: Any) -> Operation:
    """An operation that was named: a method's name, or a function."""
    where = f"check_engine: operations[{name!r}]"
    expect(isinstance(call, str) or callable(call), call, where, "a method's name, or a function")
    if isinstance(call, str) and not callable(getattr(engine.sample, call, None)):
        raise TypeError(f"{where}: {engine.name} has no method {call!r}")
    if isinstance(call, str) and name in RULES:
        return _method(call, name)
    function = partial(_call_method, call) if isinstance(call, str) else call
    if name in RULES:
        rule = RULES[name]
        count = rule.arity - len(rule.function.__defaults__ or ())
        return Operation(name, function, _pattern(name, call, count), rule.function, rule)
    count = 1 if _runs(engine, function, 1) else 2
    return _own(engine, Operation(name, function, _pattern(name, call, count), len))


def _own(engine: Engine, operation: Operation) -> Operation:
    """An operation whose right value is the engine's own."""
    return operation._replace(function=partial(_own_numbers, engine, operation.call), rule=None)


def _other_values(engine: Engine, forms: list[Form]) -> str:
    """Where the values of an operation are not those of the rule of its name; "" if nowhere."""
    for program in (p for form in forms for p in singles(form)):
        right = program.right(engine.unit, engine.largest)
        with suppress(Exception):  # a fault to tell
            value = engine.number(engine.run(program)[1])
            if right and not abs(value - right.value) <= right.value_bar:
                due = f"{number(value, 10)}, by the rule of that name {number(right.value, 10)}"
                return f"{program} is {due}: it is checked against differences of its own values"
    return ""


def _with_slope(engine: Engine, operation: Operation) -> Operation:
    """A leaky ReLU with its slope, if it takes none for granted."""
    slope = float(LEAK)
    text = operation.text.replace("()", f"({LEAK})").replace("({})", f"({{}}, {LEAK})")
    leaky = operation._replace(
        call=lambda x: operation.call(x, slope),
        function=lambda x: operation.function(x, slope),
        text=text,
    )
    return leaky if not _takes(engine, operation) and _takes(engine, leaky) else operation


def _takes(engine: Engine, operation: Operation) -> bool:
    return _gives_value(engine, operation, *map(engine.make, NUMBERS[: operation.arity]))


def _pattern(name: str, call: Any, count: int) -> str:
    if isinstance(call, str):
        return f"{{}}.{call}({', '.join(['{}'] * (count - 1))})"
    return f"{name}({', '.join(['{}'] * count)})"


def _runs(engine: Engine, function: Callable[..., Any], count: int) -> bool:
    try:
        function(*(engine.make(x) for x in NUMBERS[:count]))
    except TypeError:
        return False
    except Exception:
        return True
    return True


def _own_numbers(
    engine: Engine, function: Callable[..., Any], *operands: float
) -> tuple[float, ...]:
    """What an engine's own operation gives by itself: right ones, once it has been checked."""
    leaves = [engine.make(x) for x in operands]
    try:
        root = function(*leaves)
        engine.backward(root)
    except Exception as error:  # outside of its domain
        raise ValueError(str(error)) from error
    return (engine.number(root), *map(engine.gradient, leaves))


def _plain_numbers(engine: Engine, operation: Operation) -> tuple[float, ...]:
    """The plain numbers that an operation takes second, where it takes no Value there; else ()."""
    x = engine.make(2.0)
    with suppress(Exception):  # of any other kind: that is a fault to tell
        try:
            operation.call(x, engine.make(3.0))
        except (TypeError, AttributeError, NotImplementedError):
            return tuple(c for c in CONSTANTS if _gives_value(engine, operation, x, c))
    return ()


def _gives_value(engine: Engine, operation: Operation, *operands: Any, back: bool = False) -> bool:
    with suppress(Exception):
        root = operation.call(*operands)
        engine.number(root)
        if back:
            engine.backward(root)
        return True
    return False


def _taken(engine: Engine, operation: Operation, constants: bool) -> tuple[list[Form], list[str]]:
    """Which forms there are, and which are refused: many powers have plain exponents alone."""
    x, y = engine.make(2.0), engine.make(3.0)
    back = operation.rule is RULES["mod"]  # PyTorch has no slope of x % y by y
    forms, refused = list[Form](), list[str]()
    for on, written in (("xy", "xy"), ("xx", ""), ("xc", "x2"), ("cx", "2x")):
        taken = list[float]()
        for c in CONSTANTS if "c" in on else (1,):
            operands = {"xy": (x, y), "xx": (x, x), "xc": (x, c), "cx": (c, x)}[on]
            if on == "cx" and c <= 0:
                continue
            if _gives_value(engine, operation, *operands, back=back):
                taken.append(c)
        if "c" in on and not constants:
            continue
        if taken:
            forms.append(Form(operation, on, tuple(taken)))
        elif written:
            refused.append(operation.text.format(*written))
    return forms, refused
