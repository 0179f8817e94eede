"""The weights while they are learned: in their Values, or all of them in one array."""

import math
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

from micrograd_like.engine import Value
from micrograd_like.graph import NOT_COMPUTED
from micrograd_like.guard import ONE_PASS
from micrograd_like.learn.optim import finished, moves_arrays

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["ArrayWeights", "Weights"]

Data = list[tuple[Value, float]]
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

    def data(self) -> Data:
        """What the optimizer moves, each with its number, for `restore`."""
        return [(p, p.data) for p in self.moving()]

    def restore(self, data: Data) -> None:
        """Set these numbers again, whatever the optimizer moves now."""

        def set_all() -> None:
            for p, x in data:
                p.data = float(x)

        finished(set_all)

    def read(self) -> bool:
        """Take the weights from their Values, if they can be in an array; whether they are."""
        return False

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
        self._moving: list[Value] = []
        self._gradients: NDArray[np.float64] | None = None  # from the first zero_grad on

    def read(self) -> bool:
        """Take the weights and the optimizer's state, if that is one for arrays."""
        if self.held:
            return True
        if not moves_arrays(self.optimizer):
            return False
        import numpy as np

        moving = self.optimizer.parameters
        columns = [getattr(self.optimizer, name) for name in self.optimizer.state]
        if any(len(column) != len(moving) for column in columns):
            return False  # step says it
        if self._moving != moving:
            self._arrange(list(moving))
        self._before = [v.grad for v, _ in self._frozen]
        self._gradients = None
        numbers = np.array([v._data for v in self._values], dtype=np.float64)
        arrays = [np.array(column, dtype=np.float64)[self._order] for column in columns]
        self.held = _Held(numbers, arrays, self.optimizer.count)
        return True

    def _arrange(self, moving: list[Value]) -> None:
        """Find a place in the array for each weight: those of the tape come first.

        Where each of them moves, once, as is usual, a step is one of the whole array, and the
        optimizer's state is brought into its order.  Otherwise it takes some places.
        """
        import numpy as np

        place = {v: k for k, v in enumerate(dict.fromkeys([*self.used, *moving]))}
        places = np.array([place[p] for p in moving])
        moves = {*moving}
        self._frozen = [(v, k) for v, k in place.items() if v not in moves]
        self._moving, self._values = moving, list(place)
        whole = len(moving) == len(place) and not self._frozen
        self._places: Any = slice(None) if whole else places
        self._order: Any = np.argsort(places) if whole else slice(None)

    def _listed(self, column: "NDArray[np.float64]") -> list[float]:
        """A number for each of the optimizer's parameters, in their order."""
        listed = column.copy()
        listed[self._order] = column
        numbers: list[float] = listed.tolist()
        return numbers

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
                for (v, k), before in zip(self._frozen, self._before, strict=True):
                    v.grad = before + gradients[k]
        state: dict[str, Any] = {"count": steps}
        for name, column in zip(self.optimizer.state, columns, strict=True):
            state[name] = self._listed(column)
        self.optimizer.assign(self._moving, self._listed(numbers[self._places]), state)
        self.held = None  # last: after an interrupt all of it is written again

    def numbers(self) -> "NDArray[np.float64]":
        """Those of the tape's parameters."""
        import numpy as np

        if self.held is None:
            return np.array([v._data for v in self.used], dtype=np.float64)
        return self.held.numbers[: len(self.used)]

    def add(self, gradients: "NDArray[np.float64]") -> None:
        """What a pass adds to the gradients of the tape's parameters."""
        if self.held is not None and self._gradients is not None:
            self._gradients[: len(self.used)] += gradients
            return
        with ONE_PASS:
            for v, gradient in zip(self.used, gradients.tolist(), strict=True):
                v.grad += gradient

    def zero_grad(self) -> None:
        """Forget the gradients of what the optimizer moves; frozen ones stay."""
        if self.held is None:
            super().zero_grad()
        elif self._gradients is not None and self._frozen:
            self._gradients[self._places] = 0.0
        else:  # a new one: the old may be the velocity
            import numpy as np

            self._gradients = np.zeros(len(self._values))

    def norm(self) -> float:
        """The length of the gradient, also where its square would be 0 or infinite."""
        if self.held is None or self._gradients is None:
            return super().norm()
        gradient = self._gradients[self._places]
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
            numbers[places], self._gradients[places], columns, steps + 1
        )
        numbers = numbers.copy()
        numbers[places] = moved
        self.held = _Held(numbers, columns, steps + 1)

    def data(self) -> Data:
        """What the optimizer moves, each with its number, for `restore`."""
        if self.held is None:
            return super().data()
        numbers = self._listed(self.held.numbers[self._places])
        return list(zip(self._moving, numbers, strict=True))

    def restore(self, data: Data) -> None:
        """Set these numbers again, in the Values."""
        self.write()
        super().restore(data)

    def quiet(self) -> AbstractContextManager[Any]:
        """Infinities are told by the error of a divergence."""
        import numpy as np

        return np.errstate(all="ignore")
