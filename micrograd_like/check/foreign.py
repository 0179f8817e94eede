"""An engine that somebody else wrote: how to speak to it, and which operations it has.

>>> from micrograd_like import Value
>>> engine = Engine(Value)
>>> forms, notes = forms_of(engine, {}, constants=True)
>>> [form.on for form in forms if form.operation.name == "-"], notes
(['xy', 'xx', 'xc', 'cx'], [])
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from functools import partial
from typing import Any

from micrograd_like.arguments import expect, short
from micrograd_like.check.programs import NUMBERS, Form, Operation, Program
from micrograd_like.notation import OPERATORS, SIGNS, code, listed, one_line
from micrograd_like.rules import RULES

__all__ = ["Engine", "RefusedError", "forms_of"]

OTHER_NAMES = {
    "log": "ln", "sigmoid": "logistic", "silu": "swish", "asin": "arcsin", "acos": "arccos",
    "atan": "arctan",
}  # fmt: skip
CONVENTIONS = ("leaky_relu", "gelu", "mod")  # of which there are several: checked only when named
CONSTANTS = (2, 3, 0.5, -1, 1, 4, -2, 1.5, 0)
ALIKE = 0.8  # how like a rule's name another is that may be meant for it
SINGLE, HALF = 1e-9, 1e-5  # what is lost of a third above these is lost by fewer digits


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

    def _refuse(self, what: str, error: Exception) -> None:
        note = f"{what}: {type(error).__name__}: {one_line(str(error))}"
        if note not in self.notes:
            self.notes.append(note)
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
        if operation.arity == 1:
            forms.append(Form(operation, "x"))
        elif name == "pow" and name not in given:
            powers, refused = _powers(engine, operation, constants)
            forms += powers
            notes += [f"left out, as it is refused: {listed(refused)}"] if refused else []
        elif name in given and (plain := _plain_numbers(engine, operation)):
            forms += [Form(operation, "xc", plain)] if constants else []
            notes.append(f"left out, as it is refused: {operation.text.format('x', 'y')}")
        else:
            sides = ("xc", "cx") if constants and "(" not in operation.text else ()
            forms += [Form(operation, on, CONSTANTS) for on in ("xy", "xx", *sides)]
    for name in given:
        close = get_close_matches(name, RULES, 1, ALIKE) if str(name).isalpha() else []
        if name not in RULES and close:
            notes.append(f"{name} is the name of no rule: did you mean {close[0]}?")
    expect(bool(forms), engine.name, "check_engine: engine", "a class with operations, such as +")
    return forms, notes


def _found(engine: Engine, name: str) -> Operation | None:
    """An operator, or a method with a rule's name, if the engine has it."""
    if name in CONVENTIONS:
        return None
    rule, sample = RULES[name], engine.sample
    special = OPERATORS.get(name)
    if special and hasattr(sample, special):
        pattern = code(rule, *"XY"[: rule.arity]).replace("X", "{}").replace("Y", "{}")
        sign = code(rule, *("", "") if rule.arity == 2 else "x").strip() if name in SIGNS else name
        return Operation(sign, getattr(operator, special), pattern, rule.function, rule)
    wanted = (name, OTHER_NAMES.get(name))
    methods = [m for m in dir(sample) if m.lower().replace("_", "") in wanted and m[0] != "_"]
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
    operation = Operation(name, function, _pattern(name, call, count), len)
    return operation._replace(function=partial(_own_numbers, engine, function))


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


def _gives_value(engine: Engine, operation: Operation, *operands: Any) -> bool:
    with suppress(Exception):
        engine.number(operation.call(*operands))
        return True
    return False


def _powers(engine: Engine, operation: Operation, constants: bool) -> tuple[list[Form], list[str]]:
    """Which powers there are, and which are refused: many engines have plain exponents alone."""
    x, y = engine.make(2.0), engine.make(3.0)
    forms, refused = list[Form](), list[str]()
    for on, written in (("xy", "x ** y"), ("xx", ""), ("xc", "x ** 2"), ("cx", "2 ** x")):
        taken = list[float]()
        for c in CONSTANTS if "c" in on else (1,):
            operands = {"xy": (x, y), "xx": (x, x), "xc": (x, c), "cx": (c, x)}[on]
            if on == "cx" and c <= 0:
                continue
            if _gives_value(engine, operation, *operands):
                taken.append(c)
        if "c" in on and not constants:
            continue
        if taken:
            forms.append(Form(operation, on, tuple(taken)))
        elif written:
            refused.append(written)
    return forms, refused
