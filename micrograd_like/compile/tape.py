"""The tape: a recorded graph, compiled once and replayed over many rows of data.

>>> x, target = Value(0.0, "x"), Value(0.0, "target")
>>> w, b = Value(2.0, "w"), Value(1.0, "b")
>>> tape = Tape((w * x + b - target) ** 2, inputs=[x, target])
>>> tape.forward([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])
array([4., 0., 4.])
>>> tape.backward()                     # of the mean of the three
>>> w.grad, b.grad
(2.666666666666667, 0.0)
"""

import os
from _thread import RLock, _local
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from micrograd_like.arguments import choice, flag, short, whole
from micrograd_like.compile.batch import batch, seeds
from micrograd_like.compile.blocks import Outcome
from micrograd_like.compile.graph_arrays import independent, roots_and_inputs
from micrograd_like.compile.kernel import numba_is_ready
from micrograd_like.compile.scalars import ScalarRunner
from micrograd_like.compile.source import source
from micrograd_like.compile.structure import regular_structure
from micrograd_like.engine import Value, apply
from micrograd_like.graph import ON_LEAVES, evaluated, topological_order
from micrograd_like.guard import ONE_PASS, open_in_child
from micrograd_like.notation import plural

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from micrograd_like.compile.arrays import ArrayRunner

__all__ = ["Tape", "is_worth_a_tape"]

# Parameters met from which a tape is worth its first use.  The engine takes 2 to 5 µs for the loss
# and the gradient of each parameter at each row, and 1 µs for a prediction: a second and more.  A
# first use takes 0.6 s with the kernel on disk, most of it Numba's import, and some seconds, once,
# where the kernel is to be compiled.
MUCH = 10**6
REGULAR = 0.25  # arrays for an operation, up to which a graph is worth the search for them
# Microseconds of forward and backward by scalars, as measured: of any pass, of one for what is the
# same for all rows, of an operation; for each row of an operation, and of a function, such as exp,
# more than by arrays, as it is computed again on the way back.
PASS, ONCE, OPERATION, OPERATION_OF_A_ROW, FUNCTION_OF_A_ROW = 9.0, 14.0, 0.007, 0.00022, 0.006


class Tape:
    """A graph, recorded at one data point, that is replayed at others.

    ``roots`` is a Value, or several; ``inputs`` are the leaves that a row of data has the numbers
    for.  All other leaves are ``parameters``: they are read at every `forward`, and `backward` adds
    to their ``grad``, so that any optimizer can go on from there.  Without inputs, as of a loss
    that was recorded over a whole batch, the graph is replayed as it is, with new parameters.

    There are two ways to replay a graph.  ``"arrays"`` computes the arrays and matrix products of
    its `structure`.  ``"scalars"`` computes one operation after the other, each for a block of
    rows.  The tape takes the way that should be faster for the graph and the number of rows, which
    `plan` tells; ``by`` chooses one.  Arrays leave to scalars the rows, with others of their block,
    at which an operation is undefined or overflows, maxima tie, or rounding may decide: next to a
    kink, as that of relu, and to the border of a domain.

    A branch that Python took while the graph was recorded, as in ``if x.data > 0``, is taken for
    every row; `logsumexp` has one, where the largest number is infinite.  Values and gradients are
    those of the engine, up to rounding: arrays add up in another order, which may change the last
    digits of the largest term of a sum, as of an addition by hand.  Scalars give every bit where a
    graph has only ``+ - * /``, maximum, minimum, abs and relu, and differ by a few units in the
    last place where the compiled exp, say, rounds differently.  (Sums over rows are taken block by
    block, and what depends on no input is computed once for all rows and comes last in a sum: these
    round as they do.)

    With ``parallel`` scalars compute blocks of rows on several threads; the results are the same in
    every bit.  A tape may be used by several threads: one at a time computes, and each goes
    backward from its own latest forward pass; a RuntimeError refuses a pass that begins within one
    of the same thread, in a signal handler.  A copy of a tape is another one of the same graph,
    without a forward pass.

    A TypeError or a ValueError tells an input that is no leaf of the graph, a root that depends on
    none of the inputs, and a leaf with a ``_backward`` of its own, which would not be run; an
    ImportError says how to get Numba, the ``tape`` extra, a RuntimeError that it does not compile.

    >>> x, w = Value(0.0, "x"), Value(3.0, "w")
    >>> tape = Tape([w * x, x * x], inputs=[x])
    >>> tape, tape.parameters
    (<Tape of 2 operations, 1 input>, [Value(data=3.0, grad=0.0, label='w')])
    """

    def __init__(
        self,
        roots: Value | Sequence[Value],
        inputs: Sequence[Value] = (),
        *,
        parallel: bool = False,
        by: str = "auto",
    ) -> None:
        self.single = isinstance(roots, Value)
        self.roots, self.inputs, self._order = roots_and_inputs("Tape", roots, inputs)
        self.parallel = flag(parallel, "Tape: parallel")
        self.by = choice(by, "Tape: by", ("auto", "arrays", "scalars"))
        inside = {id(v) for v in self.inputs}
        self.parameters = [v for v in self._order if v.rule is None and id(v) not in inside]
        self._count = len(self._order) - len(self.inputs) - len(self.parameters)
        self._leaves = {id(v) for v in (*self.inputs, *self.parameters)}
        self._refuse_hooks()
        for v in self.parameters:
            for name in ("grad", "__setattr__"):
                if type(v) is not Value and getattr(type(v), name) is not getattr(Value, name):
                    raise _own(v, name)
        numba_is_ready()
        self._scalars: ScalarRunner | None = None  # compiled when rows need it
        self._arrays = None if by == "scalars" else self._by_arrays()
        if self._arrays is None or self.plan(1) == "scalars":
            self._by_scalars()
        else:
            self._arrays.compile_rules()
        self._in_vain = self._rest = 0  # passes by arrays before, and passes without them to come
        self._lock: Any = open_in_child(RLock())  # of the memory of both
        self._thread = _local()  # .latest: the rows of its latest forward, and the parameters

    def _by_arrays(self) -> "ArrayRunner | None":
        from micrograd_like.compile.arrays import ArrayRunner  # which imports NumPy

        share = 1.0 if self.by == "arrays" else REGULAR
        found = regular_structure(self.roots, self.inputs, self._order, share)
        if found is None:
            return None
        for k, (number, _) in enumerate(found.roots):
            if self.inputs and not found.arrays[number].moves:
                raise independent("Tape", k, self.roots[k])
        return ArrayRunner(found, self.parameters)

    def _by_scalars(self) -> ScalarRunner:
        if self._scalars is None:
            self._scalars = ScalarRunner(self.roots, self.inputs, self.parameters, self._order)
        return self._scalars

    def plan(self, rows: int = 1) -> str:
        """The way that so many rows take: ``"arrays"`` or ``"scalars"``.

        A TypeError or a ValueError tells what is no number of rows.

        >>> from micrograd_like import MLP
        >>> x = [Value(0.0) for _ in range(64)]
        >>> Tape(MLP(64, [64, 10])(x), x).plan(32), Tape(x[0] * x[1], x[:2]).plan(32)
        ('arrays', 'scalars')
        """
        whole(rows, "Tape.plan: rows")
        if self._arrays is None or self.by != "auto":
            return "scalars" if self._arrays is None else "arrays"
        each = OPERATION_OF_A_ROW * self._count + FUNCTION_OF_A_ROW * self._arrays.functions
        if self.parallel:
            each /= max(1, min(os.cpu_count() or 1, rows // 64))
        scalars = PASS + OPERATION * self._count + each * rows
        scalars += ONCE if self._arrays.has_invariants else 0.0
        return "arrays" if self._arrays.cost(rows) < scalars else "scalars"

    def __repr__(self) -> str:
        count = plural(self._count, "operation")
        return f"<Tape of {count}, {plural(len(self.inputs), 'input')}>"

    def __reduce__(self) -> tuple[Any, ...]:
        roots = self.roots[0] if self.single else self.roots
        return _tape, (type(self), roots, self.inputs, self.parallel, self.by)

    def forward(self, X: "ArrayLike | None" = None) -> "NDArray[np.float64]":
        """The roots' data for every row of ``X``.

        ``X`` has the shape (rows, inputs); of a tape without inputs there is none, and the result
        is that of one row.  The result has the shape (rows,), or, of several roots,
        (rows, roots).  A TypeError or a ValueError tells what in ``X`` is no batch of numbers; a
        row at which an operation is undefined raises what the engine would, with the row's number.

        >>> x = Value(1.0, "x")
        >>> tape = Tape(x.log(), [x])
        >>> tape.forward([[1.0], [4.0]])
        array([0.        , 1.38629436])
        >>> tape.forward([[1.0], [-4.0]])
        Traceback (most recent call last):
        ValueError: Tape: row 1: log(-4.0): needs x > 0 (x is 'x' = -4.0)
        """
        self._thread.latest = None
        rows, numbers = self._rows(X), self._numbers()
        outcome = self._pass(rows, numbers)
        self._thread.latest = rows, numbers
        return self._outputs(outcome)

    def backward(
        self,
        reduction: str = "mean",
        *,
        upstream: "ArrayLike | None" = None,
        input_gradients: bool = False,
    ) -> "NDArray[np.float64] | None":
        """Add to the parameters' ``grad`` the gradient of the mean, or ``"sum"``, over the rows.

        The rows are those of the thread's latest `forward`, with the parameters as they were then;
        a RuntimeError tells that there was none.  Of several roots it is the gradient of the sum of
        their means.  ``upstream`` gives the gradient of each output instead, in the shape that
        `forward` returned, and the reduction then counts for nothing; a ValueError tells another
        shape.  With ``input_gradients`` the gradients for the inputs are returned, in the shape of
        the batch.  Gradients are summed over the rows before a chain of what depends on no input
        is gone back through, so that a sum may overflow where no row's own gradient does.

        >>> x, w = Value(0.0, "x"), Value(3.0, "w")
        >>> tape = Tape(w * x, [x])
        >>> tape.forward([[1.0], [4.0]])
        array([ 3., 12.])
        >>> tape.backward("sum", input_gradients=True)
        array([[3.],
               [3.]])
        >>> w.grad
        5.0
        """
        latest = getattr(self._thread, "latest", None)
        if latest is None:
            raise RuntimeError(
                "Tape.backward: there was no forward pass in this thread; call forward(X) first"
            )
        rows, numbers = latest
        upstream = self._seeds("Tape.backward", len(rows), reduction, upstream)
        flag(input_gradients, "Tape.backward: input_gradients")
        outcome = self._pass(rows, numbers, upstream, input_gradients)
        self._add(outcome.leaves)
        return outcome.inputs if input_gradients else None

    def gradient(
        self,
        X: "ArrayLike | None" = None,
        reduction: str = "mean",
        *,
        upstream: "ArrayLike | None" = None,
    ) -> "NDArray[np.float64]":
        """`forward` and `backward` in one pass over the rows; returns and raises what they do.

        >>> x, w = Value(0.0, "x"), Value(3.0, "w")
        >>> Tape(w * x, [x]).gradient([[1.0], [4.0]])
        array([ 3., 12.])
        >>> w.grad
        2.5
        """
        self._thread.latest = None
        rows, numbers = self._rows(X), self._numbers()
        upstream = self._seeds("Tape.gradient", len(rows), reduction, upstream)
        outcome = self._pass(rows, numbers, upstream)
        self._thread.latest = rows, numbers
        self._add(outcome.leaves)
        return self._outputs(outcome)

    def outputs_and_gradients(
        self,
        rows: "NDArray[np.float64]",
        numbers: "NDArray[np.float64]",
        upstream: "NDArray[np.float64] | None" = None,
    ) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
        """A pass for loops that keep the parameters in an array: no Value is read or changed.

        ``rows`` are floats in C order, without NaN, of the shape (rows, inputs), ``numbers`` one
        for each of ``parameters``, ``upstream`` the gradient of each output, (rows, roots); none of
        this is checked.  The outputs have the shape (rows, roots), also of one root; the gradients
        of the parameters are 0 without upstream.  What raises is as in `forward`.

        >>> import numpy
        >>> x, w = Value(0.0, "x"), Value(3.0, "w")
        >>> tape = Tape(w * x, [x])
        >>> rows, upstream = numpy.array([[1.0], [4.0]]), numpy.array([[0.5], [0.5]])
        >>> tape.outputs_and_gradients(rows, numpy.array([2.0]), upstream)
        (array([[2.],
               [8.]]), array([2.5]))
        >>> w
        Value(data=3.0, grad=0.0, label='w')
        """
        outcome = self._pass(rows, numbers, upstream)
        return outcome.outputs, outcome.leaves

    def source(self) -> str:
        """The graph as Python text, forward and backward, for one row.

        It has one line for each operation, whichever way `plan` tells; `structure` shows the arrays
        and matrix products.

        >>> x, w = Value(0.0, "x"), Value(3.0, "w")
        >>> print(Tape(w * x, [x]).source())
        from micrograd_like.graph import chain_product
        ...
        def program(x, *, w):
            # forward
            v1 = w * x
            # backward
            grad_v1 = 1.0
            grad_w = chain_product(grad_v1, x)
            grad_x = chain_product(grad_v1, w)
            return v1, {"x": grad_x, "w": grad_w}
        """
        return source(self.roots, self.inputs)

    def _rows(self, X: Any) -> "NDArray[np.float64]":
        import numpy as np

        if not self.inputs:
            if X is not None:
                raise ValueError("Tape: there are no inputs, and so no rows; leave X out")
            return np.empty((1, 0))
        if X is None:
            raise TypeError(
                f"Tape: give X, rows of {plural(len(self.inputs), 'number')}, one for each input"
            )
        return batch(X, self.inputs)

    def _outputs(self, outcome: Outcome) -> "NDArray[np.float64]":
        return outcome.outputs[:, 0] if self.single else outcome.outputs

    def _seeds(self, caller: str, count: int, reduction: str, upstream: Any) -> Any:
        shape = (count,) if self.single else (count, len(self.roots))
        return seeds(caller, shape, reduction, upstream).reshape(count, len(self.roots))

    def _numbers(self) -> "NDArray[np.float64]":
        """The parameters' data, as they are now."""
        import numpy as np

        return np.fromiter([v._data for v in self.parameters], np.float64, len(self.parameters))

    def _add(self, sums: "NDArray[np.float64]") -> None:
        with ONE_PASS:
            for v, gradient in zip(self.parameters, sums.tolist(), strict=True):
                v.grad += gradient

    def _refuse_hooks(self) -> None:
        """Tell a leaf with a closure that the engine would run at the end of a pass."""
        for v in [reference() for reference in ON_LEAVES]:
            if id(v) in self._leaves and hasattr(v, "_leafs"):
                raise _own(v, "_backward")

    def _pass(
        self, rows: Any, numbers: Any, upstream: Any = None, input_gradients: bool = False
    ) -> Outcome:
        """Outputs, the parameters' gradients and the inputs', of all rows."""
        if ON_LEAVES and upstream is not None:
            self._refuse_hooks()
        if self._lock._is_owned():
            raise RuntimeError(
                "Tape: this thread is computing with the tape already, and was interrupted by a "
                "signal or a __del__; begin the other pass when it is done"
            )
        try:
            with self._lock:
                outcome = self._run(rows, numbers, upstream, input_gradients)
        except (ValueError, ArithmeticError):  # a rule of one's own raised it, in some row
            self._explain(rows, numbers, range(len(rows)))
            raise
        if outcome.suspects:
            self._explain(rows, numbers, outcome.suspects)
        return outcome

    def _run(self, rows: Any, numbers: Any, upstream: Any, input_gradients: bool) -> Outcome:
        if self._arrays is None or self.plan(len(rows)) == "scalars" or self._rests():
            return self._by_scalars().run(
                rows, numbers, upstream, input_gradients=input_gradients, parallel=self.parallel
            )
        import numpy as np

        found = self._arrays.run(rows, numbers, upstream, input_gradients=input_gradients)
        outputs, leaves, inputs, left, size = found
        suspects = []
        for part in left:
            seeds = None if upstream is None else upstream[part]
            outcome = self._by_scalars().run(
                rows[part], numbers, seeds, input_gradients=input_gradients, parallel=self.parallel
            )
            outputs[part] = outcome.outputs
            if input_gradients:
                inputs[part] = outcome.inputs
            if upstream is not None:
                with np.errstate(all="ignore"):  # what is infinite may meet its opposite
                    leaves = leaves + outcome.leaves
            suspects += [part.start + k for k in outcome.suspects]
        self._in_vain = self._in_vain + 1 if len(left) > len(rows) / size / 2 else 0
        self._rest = 2 ** min(self._in_vain, 6) - 1
        return Outcome(outputs, leaves, leaves[:0], inputs, suspects)

    def _rests(self) -> bool:
        """Whether arrays are not tried, as the passes before left most rows to scalars."""
        if self.by != "auto" or not self._rest:
            return False
        self._rest -= 1
        return True

    def _explain(self, rows: Any, numbers: Any, suspects: Sequence[int]) -> None:
        """Raise what the engine raises at the first row at which an operation is undefined."""
        order = topological_order(*self.roots)
        parameters = dict(zip(self.parameters, numbers.tolist(), strict=True))
        for row in suspects:
            point = parameters | dict(zip(self.inputs, rows[row].tolist(), strict=True))
            leaves = {id(v): Value(number, v.label) for v, number in point.items()}
            try:
                evaluated(order, leaves, lambda v, *operands: apply(v.rule, *operands))
            except (ValueError, ArithmeticError) as error:
                raise type(error)(f"Tape: row {row}: {error}") from None


def _own(leaf: Value, name: str) -> TypeError:
    """The error of a leaf that does more with a gradient than to have it added to its own."""
    return TypeError(
        f"Tape: {short(leaf)} has a {name} of its own, which a tape does not run; use backward() "
        "of a recorded graph, or tape=False"
    )


def _tape(kind: type[Tape], roots: Any, inputs: list[Value], parallel: bool, by: str) -> Tape:
    return kind(roots, inputs, parallel=parallel, by=by)


def is_worth_a_tape(count: int) -> bool:
    """Whether so many parameters to meet, over all rows and epochs, take time, and Numba is there.

    It depends on the count alone, not on what was compiled before: the same program takes the same
    way, and its sums round in the same order.

    >>> is_worth_a_tape(1000)
    False
    """
    if count <= MUCH or find_spec("numba") is None:
        return False
    import numba

    settings: Any = vars(numba)["config"]
    return not settings.DISABLE_JIT
