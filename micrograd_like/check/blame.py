"""Which operation is to blame for a wrong gradient: each node of a graph checked by itself.

>>> from micrograd_like import Value
>>> a = Value(0.5, "a")
>>> graph = RecordedGraph((a * a).tanh())
>>> [(local.call, local.check.outcome) for local in local_checks(graph, "differences")]
[('a · a', 'pass'), ('a · a', 'pass'), ('tanh(v1)', 'pass')]
"""

import math
from functools import partial
from typing import Any

from micrograd_like.check.differences import VERTICAL, check_slope, is_rough
from micrograd_like.check.inputs import (
    PythonFunction,
    RecordedGraph,
    Subject,
    check_inputs,
    follows,
)
from micrograd_like.check.report import NOT_CHECKED, Check, LocalCheck
from micrograd_like.engine import Value, apply
from micrograd_like.graph import dependents, names_of, operands_by, operands_of
from micrograd_like.notation import exact, listed, operation

__all__ = ["by_operations", "first_failures", "hint", "local_checks", "open_at_kinks"]

RIGHT = "each operation on its way is right"
WRONG = "an operation on its way is wrong"


def local_checks(graph: RecordedGraph, reference: str) -> list[LocalCheck]:
    """Every operation of a graph by itself, at the numbers that it had."""
    names = names_of(graph.order)
    found: dict[tuple[Any, ...], list[LocalCheck]] = {}
    for node in graph.order:
        point = operands_of(node)
        if node.rule is None or (node.rule, *point) in found or not all(map(math.isfinite, point)):
            continue
        if not node.rule.formula:  # made by hand: nothing to run at other numbers
            continue
        operands = tuple(operands_by(node, names, exact))
        found[(node.rule, *point)] = [
            LocalCheck(node.rule, operands, point, check)
            for check in _check_alone(node, point, reference)
        ]
    return [check for checks in found.values() for check in checks]


def _check_alone(node: Value, point: tuple[float, ...], reference: str) -> list[Check]:
    """Each derivative of an operation, and with an exact reference its value, as input ``""``."""
    assert node.rule is not None
    subject = PythonFunction(partial(apply, node.rule), point, names="xy"[: node.rule.arity])
    claims = [(0.0 if slope is None else slope, 0.0, 0.0) for slope in node.local_grads]
    constant = [n for n, slope in zip("xy", node.local_grads, strict=False) if slope is None]
    return [
        check._replace(input="") if check.input == "value" else check
        for check in check_inputs(subject, claims, reference)
        if check.input not in constant
    ]


def first_failures(local: list[LocalCheck]) -> list[LocalCheck]:
    """The wrong operations, each derivative of each rule at the first place where it is wrong."""
    wrong = [b for b in local if b.check.outcome == "fail"]
    firsts = {(b.rule, b.check.input): b for b in reversed(wrong)}.values()
    return [b for b in wrong if b in firsts]


def open_at_kinks(
    checks: list[Check], graph: RecordedGraph, local: list[LocalCheck]
) -> list[Check]:
    """The checks, without failures that the chain rule itself may be to blame for.

    It needs smooth operations: a failure becomes inconclusive where the input leads to an operation
    that is at a kink, or has an infinite slope.
    """
    bends = {
        (b.rule, *b.point): b
        for b in reversed(local)
        if b.check.outcome == "kink" or b.check.reason == VERTICAL
    }
    outcomes = list(checks)
    for i, leaf in enumerate(graph.leaves):
        bend = _first_bend(leaf, graph, bends) if checks[i].outcome == "fail" else None
        if bend:
            what = "has an infinite slope" if bend.check.reason == VERTICAL else "is at its kink"
            reason = f"{bend.call} {what}, where the chain rule need not hold"
            outcomes[i] = checks[i]._replace(outcome="inconclusive", reason=reason)
    return outcomes


def by_operations(
    checks: list[Check], subject: Subject, graph: RecordedGraph, local: list[LocalCheck]
) -> list[Check]:
    """The checks, what is open decided by the operations that the input leads to.

    Where rounding hides the change of the whole function, each operation by itself may be clear; if
    all are right, so is what the chain rule makes of them, and what failed by a rough estimate is
    open.  That holds for the chain rule's own gradients alone, and where the function does what its
    graph does.
    """
    if math.isfinite(subject.limits.calls.most):
        return checks
    found: dict[tuple[Any, ...], set[str]] = {}
    for b in local:
        found.setdefault((b.rule, *b.point), set()).add(b.check.outcome)
    decided = list(checks)
    for i, leaf in enumerate(graph.leaves):
        is_open = checks[i].outcome == "inconclusive"
        if not (is_open or is_rough(checks[i])) or checks[i].reason.startswith(NOT_CHECKED):
            continue
        if not follows(subject, graph, i):
            continue
        nodes = dependents([leaf], graph.order)
        outcomes = [found.get((v.rule, *operands_of(v)), {"unknown"}) for v in nodes]
        are_right = all(of_one == {"pass"} for of_one in outcomes)
        if are_right and is_open:
            decided[i] = checks[i]._replace(outcome="pass", reason=RIGHT)
        elif are_right:
            reason = f"{checks[i].reason}, but {RIGHT}"
            decided[i] = checks[i]._replace(outcome="inconclusive", reason=reason)
        elif any("fail" in of_one for of_one in outcomes):
            decided[i] = checks[i]._replace(
                outcome="fail", reason=WRONG, numeric=math.nan, bar=math.inf
            )
    return decided


def _first_bend(
    leaf: Value, graph: RecordedGraph, bends: dict[tuple[Any, ...], LocalCheck]
) -> LocalCheck | None:
    """The first operation that depends on a leaf and bends where it is."""
    along = (bends.get((v.rule, *operands_of(v))) for v in dependents([leaf], graph.order))
    return next(filter(None, along), None)


def hint(subject: Subject, graph: RecordedGraph, checks: list[Check]) -> str:
    """What is wrong where no operation is."""
    wrong = [i for i, c in enumerate(checks) if c.outcome == "fail" and c.input != "value"]
    if not wrong:
        return "every operation is right by itself: digits cancel between them"
    names = names_of(graph.order)
    by_hand = [
        str(operation(v.rule, *operands_by(v, names, exact)))
        for v in graph.order
        if v.rule and not v.rule.formula
    ]
    if by_hand:
        return f"every rule is right by itself; what is made by hand is left: {listed(by_hand, 3)}"
    i = wrong[0]
    again = check_slope("", graph.along(i), graph.point[i], checks[i].gradient)
    if again.outcome == "fail" or subject is graph:
        return "every operation is right by itself: digits cancel, or products are added up wrongly"
    return (
        "every operation is right, and so is the gradient of the recorded graph: a part of f has "
        "left it (.data, detach(), or a plain number made of a Value)"
    )
