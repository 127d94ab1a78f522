"""A step of each update rule over the bare NumPy expression for it.

    python tests/bench/bench_optim.py
    python tests/bench/bench_optim.py --entries 8000000 --rounds 20

Both are called in turn, in one process; a ratio is the median over all rounds. The bare
expressions make new arrays, as one would write them in a notebook.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median

import numpy as np

from convmat.optim import SGD, Adam, Rule

Arrays = dict[str, np.ndarray]


def plain(a: Arrays) -> None:
    a["p"] -= 0.01 * a["g"]


def momentum(a: Arrays) -> None:
    a["v"] = 0.9 * a["v"] + a["g"]
    a["p"] -= 0.01 * a["v"]


def nesterov(a: Arrays) -> None:
    a["v"] = 0.9 * a["v"] + a["g"]
    a["p"] -= 0.01 * (a["g"] + 0.9 * a["v"])


def adam(a: Arrays) -> None:
    a["v"] = 0.9 * a["v"] + 0.1 * a["g"]
    a["s"] = 0.999 * a["s"] + 0.001 * a["g"] * a["g"]
    a["p"] -= 0.01 * a["v"] / (np.sqrt(a["s"]) / 0.9 + 1e-8)


CASES = {
    "SGD": (plain, SGD(0.01)),
    "SGD, momentum": (momentum, SGD(0.01, 0.9)),
    "SGD, Nesterov": (nesterov, SGD(0.01, 0.9, nesterov=True)),
    "Adam": (adam, Adam(0.01)),
}


def in_turn(
    rule: Rule, bare: Callable[[Arrays], None], arrays: Arrays, rounds: int
) -> list[tuple[float, float]]:
    """Seconds of a step and of the bare expression, round by round."""
    parameters, gradients = {"p": arrays["p"].copy()}, {"p": arrays["g"]}
    times = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        rule.step(parameters, gradients)
        middle = time.perf_counter()
        bare(arrays)
        times.append((middle - start, time.perf_counter() - middle))
    return times[1:]  # the first makes what the rule remembers


def main() -> None:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    start = {
        "p": rng.normal(size=options.entries).astype(np.float32),
        "g": rng.normal(size=options.entries).astype(np.float32),
        "v": np.zeros(options.entries, np.float32),
        "s": np.zeros(options.entries, np.float32),
    }
    print(f"{options.entries:,} entries of float32\n\nrule / bare")
    for name, (bare, rule) in CASES.items():
        arrays = {key: array.copy() for key, array in start.items()}
        times = in_turn(rule, bare, arrays, options.rounds)
        ratio = median(ours / theirs for ours, theirs in times)
        ours, theirs = (1e3 * median(column) for column in zip(*times, strict=True))
        print(f"{name:15} {ratio:5.2f}     {ours:7.3f} ms over {theirs:7.3f} ms")


if __name__ == "__main__":
    main()
