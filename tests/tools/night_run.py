"""Random graphs by the thousand through the gradient check, right and with a planted mistake.

``nice python tests/tools/night_run.py --graphs 100000 --seed 1`` prints how many right gradients
were called wrong, with a program for each, how many were left open, and how many mistakes were
missed: one derivative of one operation is 0.1 % too large.  A mistake counts where it changes the
gradient of a leaf by half of that at least, and by more than rounding may, as far as a first-order
analysis or 120 digits tell; at a kink of its operation it is none.  ``--hours`` ends the run
earlier.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from hypothesis import HealthCheck, Phase, given, seed, settings
from tools.planted_bugs import corrupted

from micrograd_like import Value, gradcheck, topological_order
from micrograd_like.check.blame import local_checks
from micrograd_like.check.inputs import RecordedGraph
from micrograd_like.graph import edges, operands_of
from micrograd_like.strategies import Graph, graphs

BATCH = 200  # graphs from one seed of Hypothesis
PROGRESS = 60.0  # seconds from one line of counts to the next
FACTOR = 1.001
VISIBLE = 0.5  # of the planted part
SMALLEST = 1e-290  # of a gradient: below, floats have fewer digits


def drawn(number: int) -> list[Graph]:
    """The graphs of one seed."""
    found: list[Graph] = []

    @seed(number)
    @settings(
        max_examples=BATCH,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(graphs())
    def draw(graph: Graph) -> None:
        found.append(graph)

    draw()
    return found


def gradients(order: list[Value], wrong: tuple[int, int] | None = None) -> list[float]:
    """The leaves' gradients by the chain rule, with one derivative too large: node's, operand's."""
    sums = {id(v): 0.0 for v in order}
    sums[id(order[-1])] = 1.0
    for k in range(len(order) - 1, -1, -1):
        node = order[k]
        if node.rule is None:
            continue
        for place, v, slope in edges(node):
            factor = FACTOR if (k, place) == wrong else 1.0
            sums[id(v)] += sums[id(node)] * slope * factor
    return [sums[id(v)] for v in order if v.rule is None]


def mistakes(root: Value) -> Iterator[tuple[Value, int, list[int]]]:
    """Derivatives, by operation and operand, and the leaves where a mistake in one shows."""
    order = topological_order(root)
    right = gradients(order)
    recorded = RecordedGraph(root)
    rounding, _ = recorded.rounding()
    alone = local_checks(recorded, "differences")
    kinks = {(one.rule, one.point) for one in alone if one.check.outcome == "kink"}
    for k, node in enumerate(order):
        if (node.rule, operands_of(node)) in kinks:
            continue  # other slopes are right, too
        for place, _, _ in edges(node):
            wrong = gradients(order, (k, place))
            least = VISIBLE * (FACTOR - 1)
            seen = [
                i
                for i, (a, b, due) in enumerate(zip(right, wrong, rounding, strict=True))
                if abs(a) > SMALLEST and abs(b - a) >= max(least * abs(a), due)
            ]
            if seen:
                yield node, place, seen


class Night:
    """The counts of a run."""

    def __init__(self, number: int) -> None:
        self.rng = random.Random(number)
        self.counts = Counter[str]()
        self.start = time.time()

    def check(self, graph: Graph) -> None:
        """One graph, as it is and with a mistake."""
        self.counts["graphs"] += 1
        try:
            root = graph.record()
            report = gradcheck(root)
        except Exception as error:
            self.counts["raised"] += 1
            return self.show(graph, f"raised {type(error).__name__}: {error}")
        self.counts["inputs"] += len(report.checks)
        is_open = any(check.outcome == "inconclusive" for check in report.checks)
        self.counts["open"] += is_open
        if not report.ok:
            self.counts["false alarms"] += 1
            self.show(graph, f"false alarm\n{report}")
        # and so at a kink of the whole
        smooth = [check.outcome != "kink" for check in report.checks]
        found = [mistake for mistake in mistakes(root) if all(smooth[i] for i in mistake[2])]
        if not found:
            return None
        node, place, seen = self.rng.choice(found)
        here = operands_of(node)
        assert node.rule is not None
        with corrupted(node.rule, place, lambda *point: point == here, FACTOR):
            report = gradcheck(graph.record())
            exact = gradcheck(graph.record(), reference="mpmath").checks if report.ok else []
        if exact and all(exact[i].outcome == "pass" for i in seen):
            return None  # rounding may do that
        self.counts["planted"] += 1
        if report.ok:
            outcomes = {report.checks[i].outcome for i in seen}
            what = "left open" if "inconclusive" in outcomes else "missed"
            self.counts[what] += 1
            if what == "missed":
                self.show(graph, f"missed, in {node} by operand {place}\n{report}")
        return None

    def show(self, graph: Graph, what: str) -> None:
        """What happened, and a program that shows it."""
        *lines, last = repr(graph).splitlines()
        root = last.removesuffix(".backward()")
        lines += ["from micrograd_like import gradcheck", f"print(gradcheck({root}))"]
        print("\n" + "\n".join(lines) + f"\n{what}".replace("\n", "\n# "), flush=True)

    def __str__(self) -> str:
        c, planted = self.counts, max(1, self.counts["planted"])
        lost = c["missed"] + c["left open"]
        return (
            f"{c['graphs']:,} graphs, {c['inputs']:,} inputs, {time.time() - self.start:,.0f} s: "
            f"{c['false alarms']} false alarms, {c['open']} graphs with an open input "
            f"({c['open'] / max(1, c['graphs']):.2%}), {c['raised']} raised; "
            f"{c['planted']:,} mistakes planted, {c['missed']} missed, {c['left open']} left open "
            f"({lost / planted:.2%})"
        )


def main() -> None:
    """Run until the graphs or the hours are used up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--graphs", type=int, default=100_000)
    parser.add_argument("--hours", type=float, default=12.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    night = Night(options.seed)
    told, end = night.start, night.start + 3600 * options.hours
    for number in count(1000 * options.seed):
        for graph in drawn(number):
            night.check(graph)
            over = night.counts["graphs"] >= options.graphs or time.time() > end
            if over or time.time() > told + PROGRESS:
                print(f"seed {options.seed}, batch {number}: {night}", flush=True)
                told = time.time()
            if over:
                raise SystemExit(night.counts["false alarms"] > 0)


if __name__ == "__main__":
    main()
