"""The graph of a live page: as plain data, with the rules in JavaScript and the words of the board.

Any page that computes has its values from here; that of backprop computes everything else: numbers,
steps, widths, colours, lines of the board.

>>> a = Value(2.0, label="a")
>>> graph_data(Steps(a * a + 1))["values"]
[2.0, [0, 0, 0], [1, 1, '1.0']]
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from micrograd_like.engine import Value
from micrograd_like.graph import edges, topological_order
from micrograd_like.notation import ATOM, SIGN, operation, template, term
from micrograd_like.steps.javascript import UntranslatableError, script
from micrograd_like.steps.learners import usual_learners
from micrograd_like.steps.sequence import Steps, has_changed
from micrograd_like.table import Rule

__all__ = ["as_json", "edge_places", "graph_data", "rules_script", "values_data"]


def graph_data(steps: Steps, learn: Sequence[Value] | None = None) -> dict[str, Any]:
    """The recorded graph of some steps, as `GraphData` in page/graph.js has it."""
    order = steps.order
    learning = usual_learners(order) if learn is None else learn
    places = {id(v): k for k, v in enumerate(order)}
    values, rules = values_data(order)
    names = [steps.name(v) for v in order]
    strengths = {k: term(name).strength for k, name in enumerate(names)}
    frozen = why_frozen(rules)
    changed = [k for k, v in enumerate(order) if v.rule and has_changed(v)]
    data: dict[str, Any] = {
        "values": values,
        "names": names,
        "strengths": {k: strength for k, strength in strengths.items() if strength != ATOM},
        "rules": [rule_words(rule) for rule in rules],
        "byHand": {
            k: str(operation(v.rule, *(steps.name(x) for x in v.inputs)))
            for k, v in enumerate(order)
            if v.rule and not v.rule.formula
        },
        "frozen": frozen,
        "learn": [places[id(v)] for v in learning],
        "points": [places[id(v)] for v in points_of(steps.root, learning)],
    }
    known = edge_places(order)
    sequence = [known[id(e.node), e.position] for e in steps.edges]
    if sequence != [*range(len(known))]:
        data["sequence"] = sequence
    if frozen or changed:
        data["recorded"] = recorded(order, changed)
    return data


def values_data(order: Sequence[Value]) -> tuple[list[Any], list[Rule]]:
    """The values of a graph, as `ValuesData` in page/shared/values.js, and the rules they name.

    ``order`` has inputs before what is made of them.

    >>> a = Value(2.0)
    >>> b = a**3
    >>> values_data([a, b, a * b])[0]
    [2.0, [0, 0, '3.0'], [1, 0, 1]]
    """
    places = {id(v): k for k, v in enumerate(order)}
    rules = list({v.rule: None for v in order if v.rule})
    numbers = {rule: k for k, rule in enumerate(rules)}

    def value(v: Value) -> float | str | list[Any]:
        if v.rule is None:
            return as_json(v.data)
        operands = [places[id(x)] if isinstance(x, Value) else f"{as_json(x)}" for x in v.inputs]
        return [numbers[v.rule], *operands]

    return [value(v) for v in order], rules


def edge_places(order: Sequence[Value]) -> dict[tuple[int, int], int]:
    """The places of all edges on the way back, by their operations' ids and positions."""
    found = [(id(v), position) for v in reversed(order) for position, _, _ in edges(v)]
    return {edge: place for place, edge in enumerate(found)}


def as_json(x: float) -> float | str:
    """A number for JSON, which has none that is not finite: as JavaScript calls them.

    >>> as_json(0.5), as_json(-math.inf)
    (0.5, '-Infinity')
    """
    if math.isfinite(x):
        return x
    return "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"


def rules_script(steps: Steps) -> str:
    """The rules of some steps in JavaScript; where one has none, what they all need and no rule."""
    rules = {v.rule: None for v in steps.order if v.rule}
    return script(() if why_frozen(rules) else rules)


def why_frozen(rules: Iterable[Rule]) -> str:
    """Why a page cannot compute these rules, if it cannot."""
    try:
        script(rules)
    except UntranslatableError as error:
        return str(error)
    return ""


def rule_words(rule: Rule) -> dict[str, Any]:
    """What is written of a rule, with places for the operands."""
    if not rule.formula:  # made by hand
        return {"name": rule.name, "operation": [], "formula": [], "derivatives": [], "domain": []}
    return {
        "name": rule.name,
        "operation": template(rule),
        "formula": template(rule.formula),
        "derivatives": [template(text, SIGN) if text else [] for text in rule.derivatives],
        "domain": template(rule.domain) if rule.domain else [],
    }


def recorded(order: Sequence[Value], changed: list[int]) -> dict[str, Any]:
    """The numbers that were recorded, for a page that does not compute them."""
    locals_: list[list[Any]] = []
    for v in order:
        found: list[Any] = [None] * len(v.inputs)
        for position, _, local in edges(v):
            found[position] = as_json(local)
        locals_.append(found)
    return {"data": [as_json(v.data) for v in order], "locals": locals_, "changed": changed}


def points_of(root: Value, learning: Iterable[Value]) -> list[Value]:
    """The losses of single data points, of which a root is the sum or the mean; none if it is not.

    They are computed in the same way, and some leaf that learns is in all of them.
    """
    terms = terms_of(root)
    shapes = {(v.rule, *(x.rule for _, x, _ in edges(v))) for v in terms}
    if len(terms) < 2 or len(shapes) > 1:
        return []
    shared = {id(v) for v in learning}
    for v in terms:
        shared &= {id(x) for x in topological_order(v)}
        if not shared:
            return []
    return terms


def terms_of(root: Value) -> list[Value]:
    """What a sum, or a mean, adds up."""
    node = root
    while node.rule and node.rule.name in ("mul", "div") and len(edges(node)) == 1:
        node = edges(node)[0][1]
    terms: list[Value] = []
    stack, met = [node], set[int]()
    while stack:
        v = stack.pop()
        if id(v) in met:  # what is added twice is no data point's
            return []
        met.add(id(v))
        if v.rule and v.rule.name == "add":
            stack += [x for _, x, _ in reversed(edges(v))]
        else:
            terms.append(v)
    return terms
