"""Optimizers: how far each parameter moves against its gradient.

Definitions are those of PyTorch's optimizers of like names.  Each is one loop over rows with the
numbers of a parameter.  `step` gives it a row for each; `fit` on a tape a single one, of arrays.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from micrograd_like.arguments import above_zero, number, several, share, values
from micrograd_like.engine import Value
from micrograd_like.graph import NOT_COMPUTED
from micrograd_like.guard import ONE_PASS
from micrograd_like.notation import number as number_text
from micrograd_like.notation import plural
from micrograd_like.parameters import keep_learner

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["SGD", "Adam", "Optimizer", "finished", "moves_arrays"]

Rows = Iterable[tuple[Any, ...]]  # of floats, or of arrays


class Optimizer(ABC):
    """Parameters, a learning rate ``lr``, which may be changed between steps, and `step`.

    With a ``weight_decay`` d, d · parameter is added to each gradient, which pulls towards 0 (Krogh
    and Hertz, 1992).  A ValueError tells a number that is out of its range, a TypeError what is no
    number, and no list of parameters.
    """

    #: The attributes that remember a number for each parameter.
    state: tuple[str, ...] = ()

    def __init__(self, parameters: Iterable[Value], lr: float, weight_decay: float) -> None:
        self.name = type(self).__name__
        self.parameters: list[Value] = values(parameters, f"{self.name}: parameter")
        if not self.parameters:
            raise ValueError(f"{self.name}: there are no parameters; pass model.parameters()")
        self.lr = lr
        self.weight_decay = share(weight_decay, f"{self.name}: weight_decay", math.inf)
        self.count = 0  # of the steps taken
        for name in self.state:
            setattr(self, name, [0.0] * len(self.parameters))
        keep_learner(self)

    def __repr__(self) -> str:
        count = plural(len(self.parameters), "parameter")
        return f"<{self.name} of {count}, lr {number_text(self.lr)}>"

    @property
    def lr(self) -> float:
        """The learning rate."""
        return self._lr

    @lr.setter
    def lr(self, rate: float) -> None:
        self._lr = above_zero(rate, f"{self.name}: lr")

    def step(self) -> None:
        """Move every parameter once, by the gradient it has; all of them or none.

        An ArithmeticError tells that a parameter would not be finite any more, a ValueError that
        what is remembered has not a number for each parameter.
        """
        with ONE_PASS:  # the gradients of whole passes
            gradients = [p.grad for p in self.parameters]
        if set(map(type, gradients)) != {float}:
            gradients = [number(g, f"{self.name}: a gradient") for g in gradients]
        # _data without the property's way round, which would take most of the time
        data = [p._data for p in self.parameters]
        columns = [getattr(self, name) for name in self.state]
        for name, column in zip(self.state, columns, strict=True):
            if len(column) != len(data):
                raise ValueError(
                    f"{self.name}: {name} has {plural(len(column), 'number')} for "
                    f"{plural(len(data), 'parameter')}; give it one for each"
                )
        rows, width = zip(data, gradients, *columns, strict=True), 1 + len(columns)
        found = [*self.formula(rows, self.count + 1)]
        moved, *columns = [found[k::width] for k in range(width)]
        # where the sum is finite all of them are, which is seen much faster
        if not math.isfinite(sum(moved)) and not all(map(math.isfinite, moved)):
            raise self._left()
        state = dict(zip(self.state, columns, strict=True), count=self.count + 1)
        self.assign(self.parameters, moved, state)

    def moved(
        self,
        data: "NDArray[np.float64]",
        gradients: "NDArray[np.float64]",
        columns: "Sequence[NDArray[np.float64]]",
        count: int,
    ) -> "list[NDArray[np.float64]]":
        """Step ``count`` as one of arrays: the parameters moved, and the columns of ``state``.

        The optimizer stays as it is.  An ArithmeticError is that of `step`, and NumPy may warn.
        """
        import numpy as np

        moved, *columns = self.formula([(data, gradients, *columns)], count)
        if not math.isfinite(moved.sum()) and not np.isfinite(moved).all():
            raise self._left()
        return [moved, *columns]

    def assign(self, parameters: list[Value], data: list[float], state: dict[str, Any]) -> None:
        """Set parameters and attributes; all of them, also where Ctrl-C comes in between."""

        def set_all() -> None:
            vars(self).update(state)
            for p, x in zip(parameters, data, strict=True):
                p._data = x

        finished(set_all)

    @abstractmethod
    def formula(self, rows: Rows, count: int) -> Iterator[Any]:
        """Step ``count``, from 1: from each parameter, its gradient and its state to new ones.

        A row is (parameter, gradient, state...); of each the new parameter and state are yielded,
        one after the other.
        """

    def _left(self) -> ArithmeticError:
        rate = number_text(self.lr)
        return ArithmeticError(f"{self.name}: a step of lr {rate} leaves the finite numbers")

    def zero_grad(self) -> None:
        """Forget the gradient of every parameter."""
        for p in self.parameters:
            p.grad = NOT_COMPUTED


class SGD(Optimizer):
    """Stochastic gradient descent: each parameter moves by -lr · gradient (Robbins, Monro, 1951).

    With ``momentum`` m, from 0 to below 1, it moves by -lr · velocity, where velocity = m ·
    velocity + gradient (Polyak, 1964).

    A ValueError tells a setting out of its range, a TypeError parameters that are no Values.

    >>> w = Value(1.0)
    >>> (w * w).backward()
    >>> SGD([w], lr=0.25).step()
    >>> w.data
    0.5
    """

    state = ("velocity",)
    velocity: list[float]

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float = 0.01,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        self.momentum = share(momentum, "SGD: momentum")

    def formula(self, rows: Rows, count: int) -> Iterator[Any]:
        """A row is of a parameter, its gradient, and its velocity."""
        lr, momentum, decay = self.lr, self.momentum, self.weight_decay
        for p, gradient, velocity in rows:
            g = gradient + decay * p if decay else gradient
            v = momentum * velocity + g if momentum else g
            yield p - lr * v
            yield v


class Adam(Optimizer):
    """Steps of about lr for every parameter, however large its gradients are.

    Two running means are kept for each parameter, of its gradient and of the gradient's square,
    with weights ``betas`` for what was before; the step is lr · mean / (√mean square + eps), where
    both means are corrected for having begun at 0 (Kingma and Ba, 2015, algorithm 1).

    A ValueError tells a setting out of its range, a TypeError parameters that are no Values.

    >>> w = Value(1.0)
    >>> (w * w).backward()
    >>> Adam([w], lr=0.25).step()
    >>> round(w.data, 6)
    0.75
    """

    state = ("mean", "square")
    mean: list[float]
    square: list[float]

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        weights = several(betas, "Adam: betas", "two numbers, as in (0.9, 0.999)")
        if len(weights) != 2:
            raise ValueError(f"Adam: betas has {plural(len(weights), 'number')}; it is to have two")
        self.betas = tuple(share(beta, "Adam: a beta") for beta in weights)
        self.eps = above_zero(eps, "Adam: eps")

    def formula(self, rows: Rows, count: int) -> Iterator[Any]:
        """A row is of a parameter, its gradient, and the two means."""
        (one, two), lr, eps, decay = self.betas, self.lr, self.eps, self.weight_decay
        a, b = 1 - one**count, 1 - two**count
        for p, gradient, mean, square in rows:
            g = gradient + decay * p if decay else gradient
            m = one * mean + (1 - one) * g
            s = two * square + (1 - two) * g * g
            yield p - lr * (m / a) / ((s / b) ** 0.5 + eps)
            yield m
            yield s


def finished(change: Callable[[], None]) -> None:
    """Change something whole: where Ctrl-C comes in between, it is done once more from the start.

    >>> w = Value(1.0)
    >>> finished(lambda: setattr(w, "data", 2.0))
    >>> w.data
    2.0
    """
    try:
        change()
    except KeyboardInterrupt:
        change()
        raise


def moves_arrays(optimizer: Any) -> bool:
    """Whether a step is the formula and nothing else: of SGD and Adam as they are here.

    >>> moves_arrays(SGD([Value(1.0)]))
    True
    """
    kind = type(optimizer)
    if kind not in _AS_MADE or not vars(optimizer).keys().isdisjoint(_METHODS):
        return False
    return [getattr(kind, name) for name in _METHODS] == _AS_MADE[kind]


_METHODS = "step", "formula", "assign", "zero_grad"
_AS_MADE = {kind: [getattr(kind, name) for name in _METHODS] for kind in (SGD, Adam)}
