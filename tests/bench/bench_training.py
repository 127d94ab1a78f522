"""Training the matrix: a constrained step over the same step by `conv` and gradients.

The step of the kernel is a loop by hand on `convmat.fast`: outputs, errors, loss,
gradient by the kernel, SGD with momentum. `train_matrix` does the same on the CSR
values, and checks the ties of every entry after each step; `free` is `store="free"`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np
from timing import (
    interleaved,
    machine,
    peak_bytes,
    ratio,
    settle_pages,
    table,
    verdict,
)

from convmat import ConvConstraint, Geometry, fast, geometry
from convmat.arrays import Array
from convmat.constraints import train_matrix
from convmat.optim import SGD

EXAMPLES = """\
examples:
  python tests/bench/bench_training.py                  everything, about 3 minutes
  python tests/bench/bench_training.py --only 28x28 --batch 64
  python tests/bench/bench_training.py --seconds 0      the fewest rounds: a quick look
"""

RATE = 1e-9  # no run may diverge, however many steps it takes


@dataclass(frozen=True)
class Case:
    """A name, two shapes, and keywords of `geometry`."""

    name: str
    input_shape: tuple[int, ...]
    kernel_shape: tuple[int, ...]
    keywords: dict[str, Any]

    @property
    def geometry(self) -> Geometry:
        """What is trained."""
        return geometry(self.input_shape, self.kernel_shape, **self.keywords)


CASES = [
    Case("8x8 k3 p1", (8, 8), (3, 3), {"padding": 1}),
    Case("28x28 k3 p1", (28, 28), (3, 3), {"padding": 1}),
    Case("28x28 k5 s2 p2", (28, 28), (5, 5), {"padding": 2, "stride": 2}),
    Case("28x28 k3 valid", (28, 28), (3, 3), {}),
    Case("40x40 k3 p1", (40, 40), (3, 3), {"padding": 1}),
    Case("1-D 4000 k3 p1", (4000,), (3,), {"padding": 1}),
    Case("3->8 8x8 k3 p1", (3, 8, 8), (8, 3, 3, 3), {"padding": 1}),
    Case("8->8 8x8 k3 p1 g2", (8, 8, 8), (8, 4, 3, 3), {"padding": 1, "groups": 2}),
    Case(
        "depthwise 24 8x8 k3 p1",
        (24, 8, 8),
        (24, 1, 3, 3),
        {"padding": 1, "groups": 24},
    ),
    Case("75x75 k3 p1", (75, 75), (3, 3), {"padding": 1}),
    Case("3->8 16x16 k3 p1", (3, 16, 16), (8, 3, 3, 3), {"padding": 1}),
    Case("8->8 10x10 k3 p1", (8, 10, 10), (8, 8, 3, 3), {"padding": 1}),
    Case("16->32 10x10 k1", (16, 10, 10), (32, 16, 1, 1), {}),
]

DENSE = [
    Case("8x8 k3 p1", (8, 8), (3, 3), {"padding": 1}),
    Case("28x28 k3 p1", (28, 28), (3, 3), {"padding": 1}),
    Case("3->8 16x16 k3 p1", (3, 16, 16), (8, 3, 3, 3), {"padding": 1}),
    Case("32x32 k7 p3", (32, 32), (7, 7), {"padding": 3}),
    Case("16->32 8x8 k1", (16, 8, 8), (32, 16, 1, 1), {}),
    Case("64x64 k3 p1", (64, 64), (3, 3), {"padding": 1}),
    Case("8->8 6x6 k5 p2", (8, 6, 6), (8, 8, 5, 5), {"padding": 2}),
    Case("16->64 6x6 k6", (16, 6, 6), (64, 16, 6, 6), {}),
]

LARGE = Case("3->16 64x64 k3 p1", (3, 64, 64), (16, 3, 3, 3), {"padding": 1})


def data(g: Geometry, samples: int, dtype: str) -> tuple[Array, Array, Array]:
    """Flat parameters, inputs and wanted outputs."""
    rng = np.random.default_rng(0)
    theta = rng.standard_normal(g.free_parameters)
    x = rng.standard_normal((samples, g.in_channels, *g.input_size))
    y = rng.standard_normal((samples, g.out_channels, *g.output_size))
    return theta.astype(dtype), x.astype(dtype), y.astype(dtype)


def kernel_steps(
    g: Geometry, theta: Array, x: Array, y: Array, batch: int
) -> Iterator[object]:
    """The loss of each step of the kernel."""
    kernel = theta.reshape(g.weight_shape).copy()
    rule, rng = SGD(RATE, 0.9), np.random.default_rng(0)
    while True:
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch):
            part = order[start : start + batch]
            inputs, wanted = (x, y) if batch == len(x) else (x[part], y[part])
            errors = fast.forward(inputs, kernel, g) - wanted
            loss = (errors * errors).sum() / batch / 2
            grad = fast.kernel_grad(errors * (1 / batch), inputs, g)
            rule.step({"kernel": kernel}, {"kernel": grad})
            yield loss


def runs(case: Case, batch: int, epoch: int, dtype: str) -> list[Callable[[], object]]:
    """One step by the kernel, on the CSR values in two ways, and by the maps alone."""
    g = case.geometry
    theta, x, y = data(g, batch * epoch, dtype)

    def matrix(way: str, store: str) -> Iterator[object]:
        return train_matrix(
            g,
            theta,
            x,
            y,
            SGD(RATE, 0.9),
            steps=10**9,
            way=way,
            store=store,
            batch_size=batch,
        )

    steps: list[Iterator[object]] = [
        kernel_steps(g, theta, x, y, batch),
        matrix("sum", "pattern"),
        matrix("reparametrise", "pattern"),
        matrix("reparametrise", "free"),
    ]
    return [each.__next__ for each in steps]


def measure(case: Case, batch: int, dtype: str, seconds: float) -> list[object]:
    """One row of the table; ratios of the least times of many rounds."""
    same = interleaved(runs(case, batch, 1, dtype), seconds / 2)
    drawn = interleaved(runs(case, batch, 4, dtype), seconds / 2)
    least = [min(times) for times in same]
    return [
        f"{case.name} x{batch}",
        case.geometry.nnz,
        least[0] * 1e6,
        least[1] / least[0],
        least[2] / least[0],
        min(drawn[1]) / min(drawn[0]),
        median(a / b for a, b in zip(same[1], same[0], strict=True)),
        least[3] / least[0],
    ]


def steps(options: argparse.Namespace) -> None:
    """Table and verdicts of the steps."""
    rows = [
        measure(case, batch, options.dtype, options.seconds)
        for case in CASES
        if options.only in case.name
        for batch in options.batch
    ]
    if not rows:
        return
    header = ("", "stored", "kernel us", "sum", "repar.", "drawn", "median", "free")
    print(table(header, rows))
    small = [row for row in rows if row[1] <= 15_600]
    middle = [row for row in rows if row[1] > 15_600]
    for name, part, goal in (
        ("up to 15,600 stored entries", small, 1.8),
        ("about 50,000 stored entries", middle, 3),
    ):
        if part:
            print(verdict(f"sum, {name}", max(row[3] for row in part), goal))
            print(verdict(f"drawn batches, {name}", max(r[5] for r in part), goal))
    print(verdict("free, slowest", max(row[7] for row in rows), 1.2))
    print(verdict("free, median of all", median(r[7] for r in rows), 1.2), end="\n\n")


def dense(options: argparse.Namespace) -> None:
    """Pulling back a dense gradient, over one read of it."""
    rows: list[list[object]] = []
    for case in DENSE:
        if options.only not in case.name:
            continue
        g = case.geometry
        constraint = ConvConstraint(g)
        gradient = np.random.default_rng(0).standard_normal(g.matrix_shape)
        gradient = gradient.astype(options.dtype)

        def pull(c: ConvConstraint = constraint, d: Array = gradient) -> object:
            return c.pull_back(d)

        pull()
        pulled, read = interleaved([pull, gradient.sum], options.seconds / 2)
        rows.append(
            [
                case.name,
                f"{gradient.nbytes / 1e6:.2f}",
                g.nnz / gradient.size,
                min(read) * 1e6,
                min(pulled) / min(read),
                ratio(pulled, read),
            ]
        )
    if rows:
        print(table(("", "MB", "density", "read us", "pull / read", "median"), rows))
        sparse = [row[4] for row in rows if row[2] <= 0.1 and row[3] > 10]
        if sparse:
            name = "pull back, density up to 0.1, beyond 10 us"
            print(verdict(name, max(sparse), 2))
        print(verdict("pull back, worst", max(row[4] for row in rows), 2), end="\n\n")


def large(options: argparse.Namespace) -> None:
    """A step of 1.7 million entries: time, and memory beside the data."""
    if options.only not in LARGE.name:
        return
    g = LARGE.geometry
    theta, x, y = data(g, 16, options.dtype)
    entries = g.nnz * x.itemsize
    rows = []
    for way, store in (
        ("sum", "pattern"),
        ("mean", "pattern"),
        ("project", "pattern"),
        ("reparametrise", "pattern"),
        ("reparametrise", "free"),
    ):

        def train(way: str = way, store: str = store) -> list[float]:
            times = [time.perf_counter()]
            for _ in train_matrix(
                g, theta, x, y, SGD(RATE, 0.9), steps=4, way=way, store=store
            ):
                times.append(time.perf_counter())
            return times

        times = train()
        later = min(b - a for a, b in pairwise(times[1:]))
        peak = peak_bytes(train)
        rows.append([f"{way}, {store}", later * 1e3, peak / 1e6, peak / entries])
    header = (f"{LARGE.name} x16", "ms a step", "peak MB", "peak / values")
    print(table(header, rows))
    print(f"values {entries / 1e6:.0f} MB, outputs {y.nbytes / 1e6:.0f} MB", end="\n\n")


def main() -> None:
    """Read the options and print everything."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float64")
    parser.add_argument("--only", default="", help="cases with this text in their name")
    parser.add_argument(
        "--batch",
        type=int,
        nargs="+",
        default=[16, 64],
        help="samples of a step, by default 16 and 64",
    )
    parser.add_argument(
        "--seconds", type=float, default=4.0, help="time for each case, by default 4"
    )
    parser.add_argument(
        "--pages",
        choices=["fresh", "kept"],
        default="kept",
        help="large arrays in memory freed before (default), or new from the system",
    )
    options = parser.parse_args()
    print(machine("numpy", "scipy"))
    settled = settle_pages(options.pages == "fresh")
    print(f"pages: {options.pages if settled else 'as they come'}", end="\n\n")
    steps(options)
    dense(options)
    large(options)


if __name__ == "__main__":
    main()
