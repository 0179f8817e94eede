"""Corrupts every derivative of every rule in turn and shows which test catches it, by name.

``python tests/tools/mutate_rules.py`` prints a line for each mutant; its exit status is 1 if one
survives.
A mutant changes one derivative in one ``return`` of one rule: its sign, a factor of 1.001, or a
term or factor left out of one of its operations.
"""

import ast
import copy
import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType

sys.path.insert(0, str(Path(__file__).parents[1]))

import test_rules as tests

from micrograd_like import rules
from micrograd_like.rules import RULES, Rule


def corrupted(expression: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """The derivative with one thing wrong, each with what is wrong.

    Left out are those that compute the same: infinities times 1.001, also where only the slope is
    infinite, zeros and NaN of any sign.
    """
    if "nan" in ast.unparse(expression):
        return
    if ast.unparse(expression) != "0.0":
        yield "sign", ast.UnaryOp(ast.USub(), expression)
        if "inf" not in ast.unparse(expression) and "0.0 - " not in ast.unparse(expression):
            yield "factor", ast.BinOp(ast.Constant(1.001), ast.Mult(), expression)
    for place, node in enumerate(ast.walk(expression)):
        if isinstance(node, ast.BinOp):
            for side in ("left", "right"):
                mutant = copy.deepcopy(ast.Expr(expression))
                inner = list(ast.walk(mutant.value))[place]
                replaced = Replacing(inner, getattr(inner, side)).visit(mutant)
                yield f"only the {side} of {ast.unparse(node)}", replaced.value


class Replacing(ast.NodeTransformer):
    """Puts one node of a tree in the place of another."""

    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


def returns(tree: ast.AST) -> list[ast.Return]:
    """The return statements that hold a value and its derivatives, NaN fall-through aside."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Return)]
    return [node for node in found if not is_nan_branch(node)]


def is_nan_branch(node: ast.Return) -> bool:
    """Whether all that is returned are names or constants that hold NaN there."""
    return ast.unparse(node) in ("return (x, x)", "return (x, x, x)") or (
        ast.unparse(node).startswith("return (value, 0.0 if y <= 0 <= y")
    )


def mutants(rule: Rule) -> Iterator[tuple[str, Callable[..., object]]]:
    """Every corrupted form of a rule, with what was done to it."""
    tree = ast.parse(inspect.getsource(rule.function))
    tree.body[0].decorator_list = []  # type: ignore[attr-defined]
    for place in range(len(returns(tree))):
        outputs = returns(tree)[place].value
        for k in range(1, len(outputs.elts)):  # type: ignore[union-attr]
            for what, expression in corrupted(outputs.elts[k]):  # type: ignore[union-attr]
                mutant = copy.deepcopy(tree)
                returns(mutant)[place].value.elts[k] = expression  # type: ignore[union-attr]
                code = compile(ast.fix_missing_locations(mutant), "<mutant>", "exec")
                scope: dict[str, object] = {}
                exec(code, {**vars(rules)}, scope)
                function = scope[rule.function.__name__]
                assert isinstance(function, FunctionType)
                function.__globals__["m"] = rules.m
                yield f"return {place}, derivative {k}: {what}", function


def caught_by(rule: Rule) -> str:
    """The first test that fails for the rule as it is now, or nothing."""
    checks: list[Callable[[], None]] = [
        lambda: tests.test_the_formulas_that_people_read_are_the_numbers_that_the_rule_returns(
            rule.name
        ),
        tests.test_kinks_take_the_subgradient_of_least_norm,
        tests.test_a_power_of_zero_has_the_slopes_of_its_limits,
        tests.test_ends_of_domains_have_infinite_slopes_of_the_right_sign,
        tests.test_xlogy_is_0_where_both_are,
        tests.test_logaddexp_is_stable_and_takes_infinities,
        lambda: tests.test_every_rule_is_within_4_ulp_of_mpmath_over_the_whole_exponent_range(
            rule.name, 40
        ),
    ]
    for check in checks:
        try:
            check()
        except Exception as error:
            return f"{type(error).__name__}: {' '.join(str(error).split())}"[:90]
    return ""


def survivors(names: list[str], report: Callable[[str], object] = print) -> list[str]:
    """Mutate the rules of these names; returns the mutants that no test caught."""
    alive = []
    for name in names:
        rule = RULES[name]
        original = rule.function
        for what, function in mutants(rule):
            rule.function = function
            try:
                caught = caught_by(rule)
            finally:
                rule.function = original
            report(f"{name:<11} {what:<70} {caught or 'SURVIVED'}")
            if not caught:
                alive.append(f"{name}, {what}")
    return alive


if __name__ == "__main__":
    alive = survivors(sys.argv[1:] or list(RULES))
    print(f"{len(alive)} survived", *alive, sep="\n  ")
    raise SystemExit(bool(alive))
