"""The picture: what a step costs by the size of its batch, an operation by a graph's length."""

import math
from pathlib import Path
from typing import Any

LENGTHS = (10**3, 10**4, 10**5, 10**6)  # operations of a graph
TICKS = {1e-9: "1 ns", 1e-8: "10 ns", 1e-7: "100 ns", 1e-6: "1 µs", 1e-5: "10 µs"}
TICKS |= {1e-4: "100 µs", 1e-3: "1 ms", 1e-2: "10 ms"}
Lines = dict[str, dict[int, float]]  # of each name, the seconds by what lies across


def draw(path: Path, theme: str, batches: Lines, lengths: Lines) -> None:
    """Both costs on logarithmic axes, with each line's name at its end."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(11, 4.4), layout="constrained")
    first = "a step of MLP(2, [16, 16, 1]), per row"
    _lines(axes[0], theme, batches, first, "batch")
    _lines(axes[1], theme, lengths, "forward and backward, per operation", "operations")
    figure.set_facecolor("none")
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _lines(ax: Any, theme: str, lines: Lines, head: str, across: str) -> None:
    from micrograd_like.learn import styled

    _, colours = styled(ax, theme)
    ax.set_facecolor("none")
    ax.loglog()
    ax.set_title(head, color=colours.text, fontsize=11, loc="left")
    ax.set_xlabel(across, color=colours.text)
    styles = {}
    for name, values in lines.items():
        ours = name.startswith(("micrograd_like", "tape"))
        styles[name] = colour = colours.positive if ours else colours.negative
        dashes = "-" if ours else ("-", "--", ":", "-.")[len(styles) % 4]
        width = 2.4 if ours and "," not in name.removeprefix("tape,") else 1.4
        ax.plot(list(values), list(values.values()), dashes, color=colour, lw=width)
    xs = [x for values in lines.values() for x in values]
    ax.set_xlim(min(xs), max(xs))
    low, high = ax.get_ylim()
    ticks = [tick for tick in TICKS if low <= tick <= high]
    ax.set_yticks(ticks, [TICKS[tick] for tick in ticks])
    ax.minorticks_off()
    last = {name: values[max(values)] for name, values in lines.items()}
    place = -math.inf  # names from the lowest line up, each clear of the one below
    for name in sorted(lines, key=lambda name: last[name]):
        at = math.log(last[name] / low) / math.log(high / low)
        place = max(at, place + 0.055)
        ax.text(
            1.02, place, name, transform=ax.transAxes, va="center", color=styles[name], fontsize=9
        )
