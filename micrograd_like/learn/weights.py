"""The weights while they are learned: in their Values, or all of them in one array."""

import math
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

from micrograd_like.engine import Value
from micrograd_like.graph import NOT_COMPUTED
from micrograd_like.guard import ONE_PASS
from micrograd_like.learn.optim import moves_arrays

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["ArrayWeights", "Weights"]

SAFE = 1e-290, 1e300  # squares of a norm, between which no rounding to 0 or to infinity matters


class Weights:
    """Weights in their Values, moved by any optimizer that has ``step`` and ``zero_grad``."""

    def __init__(self, model: Any, optimizer: Any) -> None:
        self.model, self.optimizer = model, optimizer

    def moving(self) -> list[Value]:
        """What the optimizer moves: its ``parameters``, or the model's if it does not say."""
        own = getattr(self.optimizer, "parameters", None)
        found: list[Value] = own if isinstance(own, list) else list(self.model.parameters())
        return found

    def zero_grad(self) -> None:
        """Forget the gradients of what the optimizer moves."""
        self.optimizer.zero_grad()

    def norm(self) -> float:
        """The length of the gradient."""
        return math.hypot(*(p.grad for p in self.moving()))

    def step(self) -> None:
        """Move the weights once; an ArithmeticError tells that they would not be finite."""
        self.optimizer.step()

    def data(self) -> Any:
        """The numbers of what the optimizer moves, for `restore`."""
        return [p.data for p in self.moving()]

    def restore(self, data: Any) -> None:
        """Set these numbers again."""
        for p, x in zip(self.moving(), data, strict=True):
            p.data = float(x)

    def read(self) -> None:
        """Take the weights from their Values: here they are in them."""

    def write(self) -> None:
        """Bring the weights back to their Values: here they are in them."""

    def quiet(self) -> AbstractContextManager[Any]:
        """What passes and steps are done in: in arrays, without NumPy's warnings of infinity."""
        return nullcontext()


class _Held(NamedTuple):
    """What a step changes, all of it at once: Ctrl-C leaves the old or the new."""

    numbers: "NDArray[np.float64]"  # of all weights
    columns: "list[NDArray[np.float64]]"  # of the optimizer's state
    steps: int  # taken so far


class ArrayWeights(Weights):
    """Weights of a tape in one array, from `read` to `write`; otherwise in their Values.

    ``used`` are the tape's parameters.  What the optimizer does not move is frozen: its gradient
    sums up over the steps, as that of any leaf does.  An optimizer of a user's own moves Values.
    """

    def __init__(self, model: Any, optimizer: Any, used: list[Value]) -> None:
        super().__init__(model, optimizer)
        self.used = used
        self.held: _Held | None = None

    def read(self) -> None:
        """Take the weights and the optimizer's state, if that is one for arrays."""
        if self.held or not moves_arrays(self.optimizer):
            return
        import numpy as np

        self._moving = list(self.optimizer.parameters)
        columns = [getattr(self.optimizer, name) for name in self.optimizer.state]
        if any(len(column) != len(self._moving) for column in columns):
            return  # step says it
        places = {v: k for k, v in enumerate(dict.fromkeys([*self.used, *self._moving]))}
        self._values, moving = list(places), set(self._moving)
        self._places = np.array([places[p] for p in self._moving])
        self._frozen = [(v, k, v.grad) for v, k in places.items() if v not in moving]
        self._gradients: NDArray[np.float64] | None = None  # until the first zero_grad
        numbers = np.array([v._data for v in self._values], dtype=np.float64)
        arrays = [np.array(column, dtype=np.float64) for column in columns]
        self.held = _Held(numbers, arrays, self.optimizer.count)

    def write(self) -> None:
        """Bring weights, gradients and the optimizer's state back to where people look."""
        if self.held is None:
            return
        numbers, columns, steps = self.held
        if self._gradients is not None:
            gradients = self._gradients.tolist()
            with ONE_PASS:
                for v, g in zip(self.used, gradients, strict=False):
                    v.grad = g
                for v in self._values[len(self.used) :]:
                    v.grad = NOT_COMPUTED
                for v, k, before in self._frozen:
                    v.grad = before + gradients[k]
        state: dict[str, Any] = dict(zip(self.optimizer.state, columns, strict=True))
        state = {name: column.tolist() for name, column in state.items()}
        data = numbers.take(self._places).tolist()
        self.optimizer.assign(self._moving, data, state | {"count": steps})
        self.held = None  # last: after an interrupt all of it is written again

    def numbers(self) -> "NDArray[np.float64] | None":
        """Those of the tape's parameters; None while they are in the Values."""
        return self.held and self.held.numbers[: len(self.used)]

    def add(self, gradients: "NDArray[np.float64]") -> None:
        """What a pass adds to the gradients of the tape's parameters."""
        assert self._gradients is not None
        self._gradients[: len(self.used)] += gradients

    def zero_grad(self) -> None:
        """Forget the gradients of what the optimizer moves; frozen ones stay."""
        if self.held is None:
            super().zero_grad()
        elif self._gradients is None:
            import numpy as np

            self._gradients = np.zeros_like(self.held.numbers)
        else:
            self._gradients[self._places] = 0.0

    def norm(self) -> float:
        """The length of the gradient, also where its square would be 0 or infinite."""
        if self.held is None or self._gradients is None:
            return super().norm()
        gradient = self._gradients.take(self._places)
        square = float(gradient @ gradient)
        if SAFE[0] < square < SAFE[1]:
            return math.sqrt(square)
        return math.hypot(*gradient.tolist())

    def step(self) -> None:
        """Move the weights once, or an ArithmeticError; they are in new arrays then."""
        if self.held is None or self._gradients is None:
            super().step()
            return
        numbers, columns, steps = self.held
        places = self._places
        moved, *columns = self.optimizer.moved(
            numbers.take(places), self._gradients.take(places), columns, steps + 1
        )
        numbers = numbers.copy()
        numbers[places] = moved
        self.held = _Held(numbers, columns, steps + 1)

    def data(self) -> Any:
        """The numbers of what the optimizer moves; nobody changes this array."""
        return super().data() if self.held is None else self.held.numbers.take(self._places)

    def restore(self, data: Any) -> None:
        """Set these numbers again, in the Values."""
        self.write()
        super().restore(data)

    def quiet(self) -> AbstractContextManager[Any]:
        """Infinities are told by the error of a divergence."""
        if self.held is None:
            return nullcontext()
        import numpy as np

        return np.errstate(all="ignore")
