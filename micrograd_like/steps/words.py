"""The words of the board: what the steps say in Python, and what a page fills with its own numbers.

>>> WORDS["early"].format(gradient="a.grad", number="3")
'; too early: a.grad will be 3'
"""

from types import MappingProxyType

from micrograd_like.draw import LONGEST_NAME
from micrograd_like.notation import one_line

__all__ = ["DESCENT_WORDS", "ORDINALS", "WORDS", "literal", "ordinal"]

WORDS = MappingProxyType({
    # Remarks on an operation that goes forward, and on a product of the chain rule.
    "records": "records {derivatives}",
    "changed": "; the inputs' numbers have changed since then",
    "made": "{name} = {operation}",
    "use": ", {use} {name}",
    "again": "; again: {gradient} was passed on before",
    "early": "; too early: {gradient} will be {number}",
    "end": "; in the end {gradient} is {number}, and should be {right}",
    # Of several steps that are shown as one.
    "of": "{gradient} of {name}",
    "parameters": "{gradient} of the parameters of {name}",
    "values": "{count} values",
    "inside": "{count} products inside",
    "products": "{count} products of the chain rule, from {name}",
    # Where an operation has no value.
    "undefined": "{operation} is not defined at {numbers}",
    "needs": "; it needs {domain}",
})  # fmt: skip
DESCENT_WORDS = MappingProxyType({
    "title": "Gradient descent, learning rate {rate}",
    "number": "{name} = {number}",
    # Remarks on the slope at a point, and on the step against it.
    "slope": "at {at}, where E = {error}; against the slope: {ways}",
    "down": "{name} goes down",
    "up": "{name} goes up",
    "stays": "{name} stays",
    "became": "E = {error}, then {after}",
    "nowhere": "undefined",
    "rate": "; the learning rate is {rate}",
    "ends": "; it ends here: {why}",
    # Why it ends early, if not for an operation that is not defined.
    "infinite": "the error is {error}",
    "leaves": "a step of learning rate {rate} leaves the finite numbers",
    # Of the whole way.
    "whole": "{count} from {at}: E from {error} to {after}",
    "early": "; it ended early: {why}",
    "outside": "; the start is outside of the picture",
})  # fmt: skip
ORDINALS = ("first", "second", "third")
ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def ordinal(count: int) -> str:
    """Which one it is, counted from 0.

    >>> ordinal(1), ordinal(5), ordinal(10), ordinal(20)
    ('second', '6th', '11th', '21st')
    """
    if count < len(ORDINALS):
        return ORDINALS[count]
    tens, ones = divmod(count + 1, 10)
    return f"{count + 1}{ENDINGS.get(ones, 'th') if tens % 10 != 1 else 'th'}"


def literal(name: str) -> str:
    r"""A name as matplotlib draws it: as it is, with no formula of TeX in it, but not too long.

    >>> print(literal("$x$"), len(literal("x" * 1000)))
    \$x\$ 24
    """
    return one_line(name, LONGEST_NAME).replace("$", r"\$")
