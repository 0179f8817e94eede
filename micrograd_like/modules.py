"""Models: the base class :class:`Module`, which finds, names and keeps parameters and predicts."""

import math
import random
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from copy import deepcopy
from io import StringIO
from typing import TYPE_CHECKING, Any, Self, TypeVar

from micrograd_like.arguments import (
    expect,
    flag,
    is_list,
    number,
    one_for_each,
    rows,
    several,
    short,
)
from micrograd_like.classes import class_of, is_right
from micrograd_like.compile import NoRecordingError, Tape, is_worth_a_tape, recording
from micrograd_like.derivatives import checked
from micrograd_like.engine import METHODS, REFLECTED, Value
from micrograd_like.graph import NOT_COMPUTED
from micrograd_like.guard import ONE_OUTPUT
from micrograd_like.models import read_weights, write_weights
from micrograd_like.notation import OPERATORS, plural
from micrograd_like.parameters import keep_learner, parameters_in, parts_in, with_names
from micrograd_like.rules import RULES

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["PARTS", "Module", "calls_only", "can_replay", "neurons_of"]

Call = TypeVar("Call", bound=Callable[..., Any])
MOST_DRAWN = 20_000  # parameters of a network that a notebook shows as a picture
PARTS: dict[Any, str] = {}  # of a ``__call__``, the attribute with all that it calls


class Module:
    """Anything with parameters: a base class for models of one's own.

    A model says in ``__call__`` what its output is, and may say in `parameters` what it learns; the
    other methods, and `fit`, are made of these two.  In a notebook it shows its network, if neurons
    are a part of it: the outputs at inputs of 0.

    A NotImplementedError tells that a subclass has no ``__call__``.

    >>> class Parabola(Module):
    ...     def __init__(self):
    ...         self.a = Value(2.0, label="a")
    ...     def __call__(self, x):
    ...         return self.a * x[0] ** 2
    >>> Parabola().predict([[1.0], [3.0]])
    [2.0, 18.0]
    """

    def __new__(cls, *args: Any, **options: Any) -> Self:
        """A model whose parameters pictures know, though it may call no ``__init__`` of ours."""
        make = super().__new__
        model = make(cls) if make is object.__new__ else make(cls, *args, **options)
        keep_learner(model)
        return model

    def parameters(self) -> list[Value]:
        """The values that learning changes, in a fixed order.

        Where a model does not say what they are, they are the leaves in its attributes, and in
        lists, tuples, dicts and models there, in the order in which they stand.  An attribute that
        is to be none begins with ``_``.

        >>> from micrograd_like.nn import Neuron
        >>> [p.label for p in Neuron(1, init="zeros").parameters()]
        ['w0', 'b']
        """
        return parameters_in(self, Module.parameters)

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """Each parameter once, with a name of its own.

        Names are the labels; where two are the same, or one is empty, the names of attributes are
        put before them.

        >>> from micrograd_like.nn import Neuron
        >>> class Pair(Module):
        ...     def __init__(self):
        ...         self.first, self.heads = Neuron(1), [Neuron(1), Neuron(1)]
        >>> [name for name, _ in Pair().named_parameters()][:4]
        ['first.w0', 'first.b', 'heads.0.w0', 'heads.0.b']
        """
        return iter(with_names(self.parameters(), self))

    def __repr__(self) -> str:
        try:
            of = f" of {plural(len(self.parameters()), 'parameter')}"
        except Exception:  # a debugger shows models that are not made yet
            of = ""
        return f"<{type(self).__name__}{of}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> Any:
        """In a notebook a picture of the network, or else the text."""
        shown = _picture(self, include, exclude)
        data, sizes = shown if isinstance(shown, tuple) else (shown, {})
        return {**data, "text/plain": str(self)}, sizes

    def zero_grad(self) -> None:
        """Forget the gradient of every parameter.

        >>> from micrograd_like.nn import Neuron
        >>> neuron = Neuron(1, nonlin=False, init="zeros")
        >>> neuron([3.0]).backward()
        >>> neuron.w[0].grad
        3.0
        >>> neuron.zero_grad()
        >>> neuron.w[0].grad
        0.0
        """
        for p in self.parameters():
            p.grad = NOT_COMPUTED

    def __call__(self, x: Sequence[Any]) -> Value | list[Value]:
        """The outputs for one row of inputs: one Value, or a list of several."""
        raise NotImplementedError(f"{type(self).__name__} says what its output is, in __call__")

    def predict(self, X: Sequence[Sequence[float]], *, tape: bool | None = None) -> list[Any]:
        """The output for each row as a float, or as a list of floats where there are several.

        With ``tape`` the rows go through a `Tape` of one row's graph, which needs Numba: a thousand
        times faster, and wrong for a model in which Python branches on the data.  None takes it
        where it is sure to apply, saves more than the second it takes to begin, and is there.
        Where ``X`` is no table of numbers without NaN, the engine computes all of it, with
        ``tape``, too.

        A TypeError tells that ``X`` is no list of rows, a ValueError the row that has not as many
        numbers as the model has inputs, or at which an operation is undefined; and, with ``tape``,
        that the graphs of two rows differ, as far as a few are compared.

        >>> from micrograd_like.nn import MLP
        >>> MLP(2, [3], init="zeros").predict([[1.0, 2.0]])
        [[0.0, 0.0, 0.0]]
        """
        inputs = _rows(X, "predict")
        if tape is None:
            tape = is_worth_a_tape(len(inputs) * len([*self.parameters()])) and can_replay(self)
        table = _as_array(inputs) if flag(tape, "predict: tape") and inputs else None
        if table is not None:
            with suppress(NoRecordingError):
                return self._replayed(table)
        return [_data_of(self._output(row, k)) for k, row in enumerate(inputs)]

    def _replayed(self, table: "NDArray[np.float64]") -> list[Any]:
        """The outputs by a tape; those that are not finite by the engine, if Python may branch."""
        import numpy as np

        x, is_sure = [Value(0.0) for _ in table[0]], can_replay(self)
        kept = None if is_sure else [*x, *self.parameters()]

        def record() -> Any:
            outputs = self._output(x, 0)
            _data_of(outputs)  # tells what is no output
            return outputs

        outputs = recording("predict", record, x, table.tolist(), kept)
        try:
            replayed = Tape(outputs, x).forward(table)
        except (ValueError, ArithmeticError) as error:
            raise type(error)(str(error).replace("Tape:", "predict:", 1)) from error
        found: list[Any] = replayed.tolist()
        left = np.isfinite(replayed.reshape(len(table), -1)).all(axis=1)
        for k in [] if is_sure else np.flatnonzero(~left).tolist():
            found[k] = _data_of(self._output(table[k].tolist(), k))
        return found

    def _output(self, x: Any, k: int) -> Any:
        """The output for a row; what is wrong with it is told with its number."""
        try:
            return self(x)
        except (TypeError, ValueError, ArithmeticError) as error:
            raise type(error)(f"predict: row {k}: {error}") from error

    def classify(self, X: Sequence[Sequence[float]]) -> list[int]:
        """The class of each row: the most activated output neuron; of one, whether it is above 0.

        A ValueError tells that an output is NaN; others are those of `predict`.

        >>> from micrograd_like.nn import MLP
        >>> model = MLP(1, [2], init="zeros")
        >>> model.layers[0].neurons[1].b.data = 0.5
        >>> model.classify([[1.0], [2.0]])
        [1, 1]
        """
        return [class_of(outputs) for outputs in self.predict(X)]

    def accuracy(self, X: Sequence[Sequence[float]], y: Sequence[Any]) -> float:
        """The share of rows classified right, from 0 to 1.

        A class is its number, or a list with 1 for it; of one output classes are 0 and 1, or -1
        and 1.  A ValueError tells a class that there is not, and rows and classes that do not pair
        up.

        >>> from micrograd_like.nn import MLP
        >>> MLP(1, [2], init="zeros").accuracy([[1.0], [2.0]], [0, 1])
        0.5
        """
        inputs, targets = _rows(X, "accuracy"), several(y, "accuracy: y", "classes")
        one_for_each(len(inputs), len(targets), "accuracy")
        pairs = zip(self.predict(inputs), targets, strict=True)
        return sum(is_right(outputs, target) for outputs, target in pairs) / len(inputs)

    def state_dict(self) -> dict[str, float]:
        """The number of every parameter by its name in `named_parameters`.

        >>> from micrograd_like.nn import Neuron
        >>> Neuron(1, init="zeros").state_dict()
        {'w0': 0.0, 'b': 0.0}
        """
        return {name: p.data for name, p in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Set every parameter from a mapping as ``state_dict`` gives it; all of them or none.

        A KeyError tells names that are missing or too many, a TypeError what is no number.

        >>> from micrograd_like.nn import Neuron
        >>> neuron = Neuron(1)
        >>> neuron.load_state_dict({"w0": 2.0, "b": -1.0})
        >>> neuron.b.data
        -1.0
        """
        what = "a dict from names to numbers, as state_dict() gives"
        expect(isinstance(state, Mapping), state, "load_state_dict: the state", what)
        parameters = dict(self.named_parameters())
        missing = [name for name in parameters if name not in state]
        unknown = [name for name in state if name not in parameters]
        if missing or unknown:
            few = [", ".join(map(short, names[:3])) for names in (missing, unknown)]
            raise KeyError(
                f"load_state_dict: missing [{few[0]}], unknown [{few[1]}]; "
                "the state is that of another network"
            )
        numbers = {name: number(state[name], f"load_state_dict: {name}") for name in parameters}
        for name, p in parameters.items():
            p.data = numbers[name]

    def save(self, path: "str | Path") -> str:
        """Save every parameter by name, exactly, and ``about`` if there is one; returns the path.

        The file is JSON, for `load` and `load_weights`.  A ValueError tells a parameter that is not
        finite, a TypeError that ``about`` is no JSON, an OSError what is wrong with the path.  The
        file is written whole or not at all.
        """
        return write_weights(path, self.state_dict(), getattr(self, "about", {}))

    def load_weights(self, path: "str | Path") -> None:
        """Set every parameter from a file that `save` wrote; all of them or none.

        A ValueError tells what in a file is not as `save` writes it, or is that of another model,
        an OSError what is wrong with the path.

        >>> from micrograd_like.nn import Neuron
        >>> import tempfile
        >>> from pathlib import Path
        >>> neuron, other = Neuron(3), Neuron(3)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     other.load_weights(neuron.save(Path(folder) / "neuron.json"))
        >>> other.state_dict() == neuron.state_dict()
        True
        """
        saved = read_weights(path)
        try:
            self.load_state_dict(saved["parameters"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path}: {error.args[0]}") from None
        if saved["about"]:
            vars(self)["about"] = saved["about"]

    @classmethod
    def load(cls, path: "str | Path") -> Self:
        """A model of this class, made without arguments, with the parameters of a file.

        A TypeError tells a class that needs arguments: make the model, then call `load_weights`,
        whose errors are those of `load`, too.

        >>> import tempfile
        >>> from pathlib import Path
        >>> class Scale(Module):
        ...     def __init__(self):
        ...         self.scale = Value(1.0)
        >>> model = Scale()
        >>> model.scale.data = 3.0
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     Scale.load(model.save(Path(folder) / "scale.json")).state_dict()
        {'scale': 3.0}
        """
        try:
            model = cls()
        except TypeError as error:
            raise TypeError(
                f"{cls.__name__}.load: {error}; make the model, then call its load_weights(path)"
            ) from None
        model.load_weights(path)
        return model


def _picture(model: Module, include: Any, exclude: Any) -> Any:
    """What a notebook shows of the network of a model that was not called; {} if it has none.

    A copy is called, with NaN, which the picture leaves out: showing a model does not change it.
    """
    from micrograd_like.draw import draw_dot

    try:
        widths = [len(part.w) for part in parts_in(model) if is_list(getattr(part, "w", None))]
        if not widths or sum(widths) > MOST_DRAWN:
            return {}
        with _unnoticed():
            copied = deepcopy(model, _copies_of_data(model))
            outputs = copied([Value(math.nan, f"x{k}") for k in range(widths[0])])
        picture = draw_dot(outputs, view="network", flow="forward")
        return picture._repr_mimebundle_(include, exclude)
    except (Exception, SystemExit):  # a model of one's own may raise anything
        return {}


@contextmanager
def _unnoticed() -> Iterator[None]:
    """What runs here prints and warns nowhere, and random numbers then go on as before."""
    numpy_random = sys.modules.get("numpy.random")
    state, numpy_state = random.getstate(), numpy_random and numpy_random.get_state()
    try:
        with (
            ONE_OUTPUT,
            redirect_stdout(StringIO()),
            redirect_stderr(StringIO()),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        random.setstate(state)
        if numpy_random:
            numpy_random.set_state(numpy_state)


def _copies_of_data(model: Module) -> dict[int, Any]:
    """Copies of the lists of plain numbers in a model, as a memo for deepcopy.

    It would copy a data set number by number, which takes seconds.
    """
    copies: dict[int, Any] = {}
    met: set[int] = set()
    stack: list[Any] = [model]
    while stack:
        part = stack.pop()
        if id(part) in met:
            continue
        met.add(id(part))
        if isinstance(part, Module):
            stack += vars(part).values()
        elif type(part) is dict:
            stack += part.values()
        elif type(part) in (list, tuple):
            if set(map(type, part)) <= {float, int, bool, str}:
                copies[id(part)] = part[:]
            else:
                stack += part
    return copies


def calls_only(parts: str) -> Callable[[Call], Call]:
    """Mark the ``__call__`` of a class that calls the parts in an attribute, and nothing else.

    That of a neuron, which calls none but operations, has the attribute "".
    """

    def mark(call: Call) -> Call:
        PARTS[call] = parts
        return call

    return mark


def neurons_of(model: Any) -> list[Any] | None:
    """The neurons of a model made of neurons alone; None if anything else is called in it.

    It is known by the functions that are called, whatever classes have been put in their places.
    """
    parts = PARTS.get(type(model).__call__) if callable(model) else None
    if not parts:
        return None if parts is None else [model]
    inner = [neurons_of(part) for part in getattr(model, parts)]
    return None if None in inner else [n for neurons in inner for n in neurons or ()]


def can_replay(model: Any) -> bool:
    """Whether nothing in a model can branch on the data: its neurons call nothing but rules."""
    neurons = neurons_of(model)
    return neurons is not None and _are_rules() and all(map(_is_plain, neurons))


def _is_plain(neuron: Any) -> bool:
    """Whether a neuron's weights are leaves, and its activation is a rule."""
    leaves = all(type(v) is Value and v.rule is None for v in (*neuron.w, neuron.b))
    leaves = leaves and not any(hasattr(v, "_leafs") for v in (*neuron.w, neuron.b))  # hooks
    return leaves and (neuron.activation in ("linear", *RULES) or not neuron.nonlin)


def _are_rules() -> bool:
    """Whether no operation of Values has been replaced, as in ``Value.relu = ...``."""
    for name, rule in list(RULES.items()):  # another thread may define one
        special = OPERATORS.get(name, name)
        methods = {name: METHODS[rule], special: METHODS[rule]}
        if rule.arity == 2 and name in OPERATORS:
            methods[f"__r{special[2:]}"] = REFLECTED[rule]
        if any(getattr(Value, key, None) is not method for key, method in methods.items()):
            return False
    return True


def _rows(X: Any, where: str) -> list[Any]:
    """Rows of inputs; a generator among them becomes a list, as it can be gone through once."""
    given = several(X, where, "rows, as in [[1.0, 2.0]]")
    return rows([list(x) if hasattr(x, "__next__") else x for x in given], where)


def _data_of(outputs: Any) -> Any:
    """The numbers of a model's outputs."""
    several = is_list(outputs)
    values = [checked(v, "predict", "the model") for v in (outputs if several else [outputs])]
    return [v.data for v in values] if several else values[0].data


def _as_array(inputs: list[Any]) -> "NDArray[np.float64] | None":
    """The rows as an array for a tape, if they are nothing but numbers, as many in each."""
    import numpy as np

    if any(np.ma.is_masked(row) for row in inputs):
        return None
    try:
        array = np.asarray(inputs)
    except ValueError:  # rows of different lengths
        return None
    right = array.ndim == 2 and array.dtype.kind in "biuf"
    return None if not right or np.isnan(array).any() else array.astype(np.float64)
