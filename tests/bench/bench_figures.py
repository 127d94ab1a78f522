"""Each figure of the gallery, drawn and saved, over one second; and all of them."""

from __future__ import annotations

import argparse
import io
import time
from statistics import median
from typing import Any

from timing import machine, table, verdict

EXAMPLES = """\
examples:
  python tests/bench/bench_figures.py                 3 rounds of all, 2 minutes
  python tests/bench/bench_figures.py --only losses   one of them
"""

ONE, ALL = 1.0, 60.0  # seconds: the goals


def drawn(name: str) -> Any:
    """A figure of the gallery; of a film, every frame."""
    from convmat.figures import gallery
    from convmat.figures.film import Film
    from convmat.figures.gallery import trained

    trained._trained.cache_clear()  # each figure pays for its own training
    figure = gallery.draw(name)
    return list(figure) if isinstance(figure, Film) else [figure]


def seconds(name: str) -> tuple[float, float]:
    """What drawing takes, and what writing it as SVG takes."""
    start = time.perf_counter()
    figures = drawn(name)
    between = time.perf_counter()
    for figure in figures:
        figure.savefig(io.BytesIO(), format="svg")
    return between - start, time.perf_counter() - between


def main() -> None:
    """Read the options and print everything."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rounds", type=int, default=3, help="by default 3")
    parser.add_argument("--only", metavar="NAME", help="one figure")
    options = parser.parse_args()
    from convmat.figures import gallery

    names = [options.only] if options.only else gallery.names()
    print(machine("numpy", "matplotlib"), end="\n\n")
    for name in names:
        drawn(name)  # which imports what it needs
    rows, total = [], 0.0
    slowest = 0.0
    for name in names:
        times = [seconds(name) for _ in range(options.rounds)]
        draw, save = (median(part) for part in zip(*times, strict=True))
        moves = gallery.entry(name).animated
        rows.append([name + (" (all frames)" if moves else ""), draw, save, draw / ONE])
        total += draw + save
        slowest = slowest if moves else max(slowest, draw)
    print(table(["", "draw, s", "as SVG, s", "/ 1 s"], rows))
    print(verdict("slowest figure / 1 s", slowest / ONE, 1))
    print(verdict(f"all, {total:.0f} s, / 60 s", total / ALL, 1))


if __name__ == "__main__":
    main()
