"""The rules in JavaScript, for a page that computes: one more reader of the one function a rule is.

Nothing is differentiated or declared again.  The functions of the rules, and the Python functions
that they call, are written in JavaScript's words (`translation.py`); what ``m`` has from C is in
`elementary.js`.
"""

import ast
import inspect
import math
import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from micrograd_like.elementary import m
from micrograd_like.notation import condition, one_line, plural, syntax
from micrograd_like.rules import Rule
from micrograd_like.steps.translation import Writer, indented, quoted
from micrograd_like.table import BUILTINS, CONSTANTS, MATH

__all__ = ["UntranslatableError", "script", "translated"]

FILE = Path(__file__).parent / "elementary.js"
HEAD = """\
/**
 * A rule: the value and the local derivatives at a point, or an error where it has none; whether
 * its domain has the point; and its domain in words, empty if that is everything.
 *
 * @typedef {object} Rule
 * @property {(...point: number[]) => number[]} function
 * @property {(...point: number[]) => boolean} isDefined
 * @property {string} needs
 */

/** @type {Map<string, Rule>} */
const rules = new Map();"""
RULE = """\
rules.set({name}, {{
  function: {function},
  isDefined: {domain},
  needs: {needs},
}});"""
PYTHONS = ((pow, "power"), (abs, "abs"), (min, "min"), (max, "max"))


class UntranslatableError(ValueError):
    """There is no JavaScript of a rule: it says of which, and what stands in the way."""


def translated(rule: Rule) -> str:
    """A rule's function in JavaScript: from one or two numbers to the value and its derivatives.

    It throws a RangeError where Python raises.  An UntranslatableError names what there is no
    JavaScript for: a rule may consist of assignments, if, while, for, return, arithmetic,
    comparisons, and calls of m's functions and of functions made of the same.

    >>> from micrograd_like.rules import RULES
    >>> print(translated(RULES["log"]))
    (x) => {
      return [m.log(x), m.quotient(1, x)];
    }
    """
    return _Library(rule.name).rule(rule)


def script(rules: Iterable[Rule]) -> str:
    """JavaScript's ``rules``, a map from their names, and those functions ``m`` that they need.

    An UntranslatableError tells which rule is in the way, as for :func:`translated`.

    >>> from micrograd_like.rules import RULES
    >>> print(script([RULES["log"]]).partition("new Map();")[2].strip())
    rules.set("log", {
      function: (x) => {
        return [m.log(x), m.quotient(1, x)];
      },
      isDefined: (x) => Number.isNaN(x) || x > 0,
      needs: "x > 0",
    });
    """
    library = _Library("")
    written: dict[str, str] = {}
    for rule in rules:
        library.name = rule.name
        text = RULE.format(
            name=quoted(rule.name),
            function=indented(library.rule(rule)),
            domain=library.domain(rule),
            needs=quoted(condition(rule.domain) if rule.domain else ""),
        )
        if written.setdefault(rule.name, text) != text:
            raise library.error("another of the same name is beside it; compute the graph again")
    return "\n\n".join([*library.texts(), HEAD, *written.values()]) + "\n"


class _Library:
    """The functions that rules call: of `elementary.js`, and Python's own, each written once."""

    def __init__(self, name: str) -> None:
        self.name = name  # of the rule that is being read, for errors
        self.called: set[str] = set()  # of `elementary.js`
        self.names: dict[FunctionType, str] = {}  # of Python's
        self.composed: dict[str, str] = {}

    def error(self, why: str) -> UntranslatableError:
        return UntranslatableError(f"rule {one_line(self.name)!r} has no JavaScript: {why}")

    def rule(self, rule: Rule) -> str:
        """A rule's function in JavaScript."""
        if not rule.formula:
            raise self.error("it was made by hand; define it with @rule")
        return self.function(rule.function)

    def function(self, function: Any) -> str:
        """A Python function in JavaScript."""
        tree = _tree(function)
        if tree is None:
            raise self.error(
                f"the source text of {function.__name__} is not there, or has changed since it was "
                "read; define it in a cell or a file, and run that again"
            )
        free = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        scope = function.__globals__ | {name: cell.cell_contents for name, cell in free}
        return Writer(self, scope).function(tree, function.__defaults__ or ())

    def domain(self, rule: Rule) -> str:
        """A function that tells whether a rule's domain has a point: as `Rule.is_defined`."""
        if not rule.domain:
            return "() => true"
        scope = {name: getattr(m, name, f) for name, f in MATH.items()} | CONSTANTS | BUILTINS
        operands = "xy"[: rule.arity]
        tests = [f"Number.isNaN({name})" for name in rule.asked]
        tests.append(str(Writer(self, scope, operands).condition(syntax(rule.domain))))
        return f"({', '.join(operands)}) => {' || '.join(tests)}"

    def elementary(self, name: str, given: int) -> str:
        """A function of `elementary.js`, if it takes so many numbers."""
        least, most = _elementary()[name].takes
        if not least <= given <= most:
            raise self.error(f"{name} does not take {plural(given, 'number')} here")
        self.called.add(name)
        return name

    def name_of(self, function: Any, written: str, given: int) -> str:
        """What ``m`` calls a function that Python calls; it is there from now on."""
        for name in (written, getattr(function, "__name__", "")):
            if name in _elementary() and getattr(m, name, None) is function:
                return self.elementary(name, given)
        for pythons, name in PYTHONS:
            if function is pythons:
                return self.elementary(name, given)
        if not isinstance(function, FunctionType):
            raise self.error(f"it calls {written}, which is none of m's functions here")
        if function not in self.names:
            ours = getattr(m, written, None) is function
            # Python's names have no $.
            name = written if ours else f"{written}${len(self.composed)}"
            self.names[function], self.composed[name] = name, ""  # it may call itself
            self.composed[name] = self._composed(function)
        return self.names[function]

    def _composed(self, function: FunctionType) -> str:
        """A function of numbers; that of a rule gives the value alone."""
        rule = getattr(function, "rule", None)
        if isinstance(rule, Rule):
            return f"(...point) => ({self.rule(rule)})(...point)[0]"
        return self.function(function)

    def texts(self) -> Iterator[str]:
        """The paragraphs of ``m``: those that are called, and what these call."""
        todo, needed = [*self.called], set[str]()
        while todo:
            name = todo.pop()
            if name not in needed:
                needed.add(name)
                todo += re.findall(r"\bm\.(\w+)\(", _elementary()[name].text)
        yield _head()
        yield from dict.fromkeys(f.text for name, f in _elementary().items() if name in needed)
        yield from (f"m.{name} = {text};" for name, text in self.composed.items())


# --- where functions are found ----------------------------------------------------------------


class _Elementary(NamedTuple):
    """A function of `elementary.js`: its paragraph, and the least and most numbers it takes."""

    text: str
    takes: tuple[int, float]


@cache
def _head() -> str:
    """What `elementary.js` begins with."""
    return FILE.read_text("utf-8").partition("\n\nm.")[0]


@cache
def _elementary() -> dict[str, _Elementary]:
    """The functions of `elementary.js` by their names."""
    found = {}
    for text in FILE.read_text("utf-8").strip().split("\n\n"):
        for names in re.findall(r"^(?:m\.\w+ = )+", text, re.MULTILINE):
            arrow = re.search(r" = \(([^()]*)\) =>", text)
            takes = arrow[1].split(", ") if arrow else ["x"]
            most = math.inf if takes[-1].startswith("...") else len(takes)
            for name in re.findall(r"\w+(?= =)", names):
                found[name] = _Elementary(text, (len(takes), most))
    return found


def _tree(function: FunctionType) -> ast.FunctionDef | None:
    """The syntax tree of a function; None if its source is not there, or says another by now."""
    code = function.__code__
    try:
        found = _functions("".join(inspect.findsource(code)[0]))
    except (OSError, SyntaxError):
        return None
    return next((tree for each, tree in found if _are_alike(each, code)), None)


@lru_cache(8)
def _functions(text: str) -> list[tuple[CodeType, ast.FunctionDef]]:
    """All functions of a file or a cell: compiled, and as syntax trees."""
    module = ast.parse(text)
    trees = {}
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef):
            first = node.decorator_list[0] if node.decorator_list else node
            trees[node.name, first.lineno] = node
    compiled = _codes(compile(module, "", "exec", dont_inherit=True))
    places = [(code, (code.co_name, code.co_firstlineno)) for code in compiled]
    return [(code, trees[place]) for code, place in places if place in trees]


def _codes(code: CodeType) -> Iterator[CodeType]:
    """The code of a module, and of all functions in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _are_alike(one: CodeType, other: CodeType) -> bool:
    """Whether two functions do the same; what stands inside them is not looked at."""

    def content(code: CodeType) -> tuple[Any, ...]:
        names = code.co_qualname, code.co_names, code.co_varnames, code.co_freevars
        constants = [repr(x) for x in code.co_consts if not isinstance(x, CodeType)]
        return code.co_code, constants, names

    return content(one) == content(other)
