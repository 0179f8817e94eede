"""A recorded graph written out as a program: what backprop does, in straight-line Python.

>>> x, w = Value(3.0, "x"), Value(2.0, "w")
>>> print(source([w * x + w], [x]))
from micrograd_like.graph import chain_product
from micrograd_like.rules import RULES
<BLANKLINE>
<BLANKLINE>
def program(x, *, w):
    # forward
    v1 = w * x
    v2 = v1 + w
    # backward
    grad_v2 = 1.0
    grad_v1 = chain_product(grad_v2, 1)
    grad_w = chain_product(grad_v2, 1)
    grad_w += chain_product(grad_v1, x)
    grad_x = chain_product(grad_v1, w)
    return v2, {"x": grad_x, "w": grad_w}
"""

import math
import re
from collections.abc import Collection, Sequence
from keyword import iskeyword
from unicodedata import normalize

from micrograd_like.engine import Value
from micrograd_like.graph import edges, names_of, operands_by, topological_order
from micrograd_like.notation import OPERATORS, code
from micrograd_like.rules import RULES, Rule

__all__ = ["constant", "identifier", "identifiers", "source"]

HEAD = """\
from micrograd_like.graph import chain_product
from micrograd_like.rules import RULES
{rules}

def program({parameters}):
    # forward
"""
LONGEST = 40  # letters of a name; a label may have thousands
OURS = ("RULES", "chain_product", "float", "program")


def source(roots: Sequence[Value], inputs: Sequence[Value]) -> str:
    """Python text: the imports, and a function of one row's numbers and of the parameters.

    It returns the roots' values, and the gradients of their sum by the names of the leaves; the
    numbers are the engine's.  Values have their labels for names, as far as Python takes them.
    """
    order = topological_order(*roots)
    names = identifiers(order, OURS)
    operations = [v for v in order if v.rule is not None]
    for v in operations:
        if v.rule and RULES.get(v.rule.name) is not v.rule:
            raise LookupError(
                f"source: operation {v.rule.name!r} has been defined again since, or taken back; "
                "compute the graph again"
            )
    used = sorted({v.rule.name for v in operations if v.rule and not _is_plain(v.rule)})
    inside = {id(v) for v in inputs}
    leaves = [*inputs, *(v for v in order if v.rule is None and id(v) not in inside)]
    parameters = [names[id(v)] for v in leaves]
    if len(parameters) > len(inputs):
        parameters.insert(len(inputs), "*")
    lines = [_forward(v, names) for v in operations]
    lines.append("# backward")
    lines += _backward(roots, operations, names)
    gradients = ", ".join(f'"{names[id(v)]}": grad_{names[id(v)]}' for v in leaves)
    values = ", ".join(names[id(v)] for v in roots)
    lines.append(f"return {values}, {{{gradients}}}")
    head = HEAD.format(
        rules="".join(f'\n{name} = RULES["{name}"].function' for name in used) + "\n" * bool(used),
        parameters=", ".join(parameters),
    )
    return head + "\n".join(f"    {line}" for line in lines)


def _forward(v: Value, names: dict[int, str]) -> str:
    assert v.rule is not None
    name, operands = names[id(v)], operands_by(v, names, constant)
    if _is_plain(v.rule):
        return f"{name} = {code(v.rule, *operands)}"
    local = ["_" if d is None else f"d_{name}_{k}" for k, d in enumerate(v.local_grads, 1)]
    return f"{', '.join([name, *local])} = {v.rule.name}({', '.join(operands)})"


def _backward(
    roots: Sequence[Value], operations: Sequence[Value], names: dict[int, str]
) -> list[str]:
    lines: list[str] = []
    met: set[int] = set()

    def add(v: Value, product: str) -> None:
        lines.append(f"grad_{names[id(v)]} {'+=' if id(v) in met else '='} {product}")
        met.add(id(v))

    for root in roots:
        add(root, "1.0")
    for v in reversed(operations):
        assert v.rule is not None
        operands = operands_by(v, names, constant)
        for k, x, _ in edges(v):
            local = f"d_{names[id(v)]}_{k + 1}"
            if _is_plain(v.rule):
                text = v.rule.derivatives[k]
                local = dict(zip("xy", operands, strict=False)).get(text, text)
            add(x, f"chain_product(grad_{names[id(v)]}, {local})")
    return lines


def constant(x: float) -> str:
    """A number as Python reads it, infinity and NaN too.

    >>> constant(2.0), constant(-math.inf)
    ('2.0', 'float("-inf")')
    """
    text = repr(float(x))
    return text if math.isfinite(x) else f'float("{text}")'


def _is_plain(rule: Rule) -> bool:
    """Whether Python's operator does it, and the derivatives are an operand or one."""
    simple = all(re.fullmatch(r"-?1|x|y", text) for text in rule.derivatives)
    return simple and rule.name in OPERATORS


def identifiers(order: Sequence[Value], ours: Collection[str]) -> dict[int, str]:
    """The values' names as Python takes them, each another, and none of ours."""
    taken = dict.fromkeys(ours, 1)
    return {key: identifier(name, taken) for key, name in names_of(order).items()}


def identifier(name: str, taken: dict[str, int]) -> str:
    """A name as Python takes it, that is none of those taken; it is one of them then.

    ``taken`` has the last number that was put behind each, so that thousands of values with one
    label are named at once.

    >>> taken = {"float": 1}
    >>> [identifier(name, taken) for name in ("w", "w", "float", "lambda", "1 + 1", "é" * 1000)]
    ['w', 'w_2', 'float_2', 'v_lambda', 'v_1___1', 'éééééééééééééééééééééééééééééééééééééééé']
    """
    spelled = normalize("NFKC", name)[:LONGEST]  # as Python reads names
    word = "".join(c if f"_{c}".isidentifier() else "_" for c in spelled)
    meant = word in RULES or word.startswith(("grad_", "d_")) or word in ("_", "__debug__")
    if not word.isidentifier() or iskeyword(word) or meant:
        word = f"v_{word}"
    new = word
    while new in taken:
        taken[word] += 1
        new = f"{word}_{taken[word]}"
    taken[new] = 1
    return new
