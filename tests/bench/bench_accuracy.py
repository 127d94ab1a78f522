"""Accuracies on the test digits of MNIST, for several seeds: runs E and F, and few.

E and F are those of fastbook's chapter 13. "few" trains on the 10,000 embedded digits
with shifts of one pixel.
"""

from __future__ import annotations

import argparse
import time
from statistics import mean

from timing import machine, table

from convmat.experiments.chapter13 import BOOK, run
from convmat.experiments.few_digits import EPOCHS, LR, few_digits
from convmat.nn import Parts, load_mnist

EXAMPLES = """\
examples:
  python tests/bench/bench_accuracy.py FOLDER             3 seeds, about 3 minutes
  python tests/bench/bench_accuracy.py FOLDER --seeds 10 --only few
"""

GOALS = {"E": 0.984, "F": 0.990, "few": 0.985}


def accuracy(name: str, data: Parts, seed: int) -> float:
    """After the last epoch."""
    if name == "few":
        learner = few_digits(data.test, seed=seed)
        return learner.fit_one_cycle(EPOCHS, LR, progress=False).accuracies[-1]
    return run(name, data, seed=seed, progress=False).accuracies[-1]


def main() -> None:
    """Print a row for each run."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", help="with the four IDX files of MNIST")
    parser.add_argument("--seeds", type=int, default=3, help="from 0 (default: 3)")
    parser.add_argument("--only", choices=GOALS, help="one of the runs")
    options = parser.parse_args()
    data = load_mnist(options.folder)
    print(machine("numpy", "scipy"))
    header = ("run", "mean", "goal", "book", "each seed", "s / seed")
    rows = []
    for name in [options.only] if options.only else GOALS:
        start = time.perf_counter()
        found = [accuracy(name, data, seed) for seed in range(options.seeds)]
        seconds = (time.perf_counter() - start) / options.seeds
        book = f"{BOOK[name][-1][-1]:.4f}" if name in BOOK else ""
        each = " ".join(f"{a:.4f}" for a in found)
        goal = f"{GOALS[name]:.3f}"
        rows.append((name, f"{mean(found):.4f}", goal, book, each, f"{seconds:.0f}"))
    print(table(header, rows))


if __name__ == "__main__":
    main()
