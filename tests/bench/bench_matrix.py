"""Building the matrix: against copying it, against COO -> CSR, and at 28x28.

In every padding mode too, for every rank, with groups and without.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from timing import (
    geometric_mean,
    interleaved,
    machine,
    peak_bytes,
    ratio,
    settle_pages,
    table,
    verdict,
)

from convmat import conv_matrix, geometry, tie_map
from convmat.arrays import IntArray
from convmat.geometry import PADDING_MODES, shorthand
from convmat.tie import pattern_of, ties

EXAMPLES = """\
examples:
  python tests/bench/bench_matrix.py                    everything, about 7 minutes
  python tests/bench/bench_matrix.py --dtype float32 --only depthwise
  python tests/bench/bench_matrix.py --part modes       every padding mode
  python tests/bench/bench_matrix.py --seconds 0        the fewest rounds: a quick look
"""


@dataclass(frozen=True)
class Case:
    """A name, two shapes, and keywords of `conv_matrix`."""

    name: str
    input_shape: tuple[int, ...]
    kernel_shape: tuple[int, ...]
    keywords: dict[str, Any]


CASES = [
    Case("512x512 k3 p1", (512, 512), (3, 3), {"padding": 1}),
    Case("1024x1024 k5 p2", (1024, 1024), (5, 5), {"padding": 2}),
    Case("3->16 64x64 k3 p1", (3, 64, 64), (16, 3, 3, 3), {"padding": 1}),
    Case(
        "16->32 64x64 k3 s2 p1",
        (16, 64, 64),
        (32, 16, 3, 3),
        {"stride": 2, "padding": 1},
    ),
    Case("1-D 1,000,000 k3 p1", (10**6,), (3,), {"padding": 1}),
    Case("3-D 64x64x64 k3 p1", (64, 64, 64), (3, 3, 3), {"padding": 1}),
    Case("64->64 28x28 k1", (64, 28, 28), (64, 64, 1, 1), {}),
    Case(
        "depthwise 256 56x56 k3 p1",
        (256, 56, 56),
        (256, 1, 3, 3),
        {"padding": 1, "groups": 256},
    ),
    Case("512->128 7x7 k3 p1", (512, 7, 7), (128, 512, 3, 3), {"padding": 1}),
    # Awkward on purpose: all border, and next to no space per channel.
    Case("60x60 k40 full", (60, 60), (40, 40), {"padding": "full"}),
    Case(
        "depthwise 20,000 4x4 k3 p1",
        (20_000, 4, 4),
        (20_000, 1, 3, 3),
        {"padding": 1, "groups": 20_000},
    ),
]


# A usual size for each rank, with one group and with several.
USUAL = [
    Case("1-D 300,000 k5", (300_000,), (5,), {}),
    Case("1-D 8->8 20,000 k5 g4", (8, 20_000), (8, 2, 5), {"groups": 4}),
    Case("2-D 512x512 k3", (512, 512), (3, 3), {}),
    Case("2-D 16->32 64x64 k3", (16, 64, 64), (32, 16, 3, 3), {}),
    Case("2-D 64->64 56x56 k3 g64", (64, 56, 56), (64, 1, 3, 3), {"groups": 64}),
    Case("2-D 32->32 28x28 k5 g4", (32, 28, 28), (32, 8, 5, 5), {"groups": 4}),
    Case("3-D 48x48x48 k3", (48, 48, 48), (3, 3, 3), {}),
    Case("3-D 8->8 16x16x16 k3 g2", (8, 16, 16, 16), (8, 4, 3, 3, 3), {"groups": 2}),
]
# Awkward on purpose: next to nothing to copy; every row at a border, and most taps
# sharing entries; windows that are laid one by one across the ends.
AWKWARD = [
    Case("2-D 1->1 28x28 k3", (1, 28, 28), (1, 1, 3, 3), {}),
    Case("2-D 8->8 7x7 k7", (8, 7, 7), (8, 8, 7, 7), {}),
    Case("1-D 40,000 k9 d1,000", (40_000,), (9,), {"dilation": 1_000}),
]


def forget() -> None:
    """Empty every cache, so that the next call is a first call."""
    pattern_of.cache_clear()
    ties._cached.cache_clear()
    shorthand._shared.cache_clear()


def measure(case: Case, dtype: str, seconds: float) -> list[object]:
    """One row of the table."""
    rng = np.random.default_rng(0)
    kernel = rng.standard_normal(case.kernel_shape).astype(dtype)
    g = geometry(case.input_shape, case.kernel_shape, **case.keywords)
    ties = tie_map(g)
    values = kernel.reshape(-1)[ties.taps]
    wide = ties.rows, ties.cols
    narrow = ties.rows.astype(np.int32), ties.cols.astype(np.int32)
    done = conv_matrix(kernel, case.input_shape, **case.keywords)
    arrays = done.data, done.indices, done.indptr
    result_bytes = sum(array.nbytes for array in arrays)

    def build() -> object:
        return conv_matrix(kernel, case.input_shape, **case.keywords)

    def copy() -> object:
        return [array.copy() for array in arrays]

    def convert(places: tuple[IntArray, IntArray]) -> object:
        return coo_array((values, places), shape=g.matrix_shape).tocsr()

    functions = [build, copy, partial(convert, wide), partial(convert, narrow)]
    built, copied, from_wide, from_narrow = interleaved(functions, seconds, forget)
    forget()
    return [
        case.name,
        f"{result_bytes / 1e6:.0f}",
        median(built) * 1e3,
        ratio(built, copied),
        ratio(from_wide, built),
        ratio(from_narrow, built),
        peak_bytes(build) / result_bytes,
    ]


def large(dtype: str, only: str, seconds: float) -> None:
    """Table and verdicts of the large cases."""
    rows = [measure(case, dtype, seconds) for case in CASES if only in case.name]
    header = (dtype, "MB", "ms", "/ copy", "COO64 /", "COO32 /", "peak / result")
    print(table(header, rows))
    over_copy, under_coo, peaks = (
        [row[number] for row in rows] for number in (3, 4, 6)
    )
    print(verdict("slowest over copying", max(over_copy), 1.5))
    mean = geometric_mean(under_coo)
    print(verdict("COO -> CSR over it, geometric mean", mean, 20, at_most=False))
    print(verdict("COO -> CSR over it, least", min(under_coo), 8, at_most=False))
    print(verdict("highest peak over the result", max(peaks), 1.2), end="\n\n")


def modes(dtype: str, only: str, seconds: float) -> None:
    """Build over copy for every padding mode, and what shared entries cost.

    Padding keeps the size. `/ copy` is a first call over copying the arrays, `kept` a
    later one, with the geometry and its pattern known; `shared` is the share of taps
    that share the entry of an earlier one.
    """
    header = ("mode", "MB", "shared", "ms", "/ copy", "kept", "/ zeros")
    for kind, cases in (("usual", USUAL), ("awkward", AWKWARD)):
        rows: list[list[object]] = []
        for case in cases:
            for mode in PADDING_MODES if only in case.name else ():
                keywords = {**case.keywords, "padding": "same", "padding_mode": mode}
                rows.append(in_mode(case, keywords, dtype, seconds))
        if not rows:
            continue
        print(table((f"{dtype}, {kind}, padding same", *header), rows))
        for number, name in ((5, "first call"), (6, "later call")):
            over_copy: list[Any] = [row[number] for row in rows]
            mean = geometric_mean(over_copy)
            print(verdict(f"{name} over copying, geometric mean", mean, 1.5))
            print(verdict(f"{name} over copying, slowest", max(over_copy), 1.5))
        print()


def in_mode(
    case: Case, keywords: dict[str, Any], dtype: str, seconds: float
) -> list[object]:
    """One row of the table of modes."""
    kernel = np.random.default_rng(0).standard_normal(case.kernel_shape).astype(dtype)
    zeros = {**keywords, "padding_mode": "zeros"}
    g = geometry(case.input_shape, case.kernel_shape, **keywords)
    done = conv_matrix(kernel, case.input_shape, **keywords)
    arrays = done.data, done.indices, done.indptr

    def build() -> object:
        return conv_matrix(kernel, case.input_shape, **keywords)

    def plain() -> object:
        return conv_matrix(kernel, case.input_shape, **zeros)

    def copy() -> object:
        return [array.copy() for array in arrays]

    cold, copied, plainly = interleaved([build, copy, plain], seconds / 2, forget)
    kept, copied_again = interleaved([build, copy], seconds / 4)
    return [
        case.name,
        str(keywords["padding_mode"]),
        f"{sum(array.nbytes for array in arrays) / 1e6:.2g}",
        f"{g.shared / g.contributions:.1%}",
        median(cold) * 1e3,
        ratio(cold, copied),
        ratio(kept, copied_again),
        ratio(cold, plainly),
    ]


def small(seconds: float) -> None:
    """28x28 with a 3x3 kernel, first call and later calls, in every mode."""
    kernel = np.random.default_rng(0).standard_normal((3, 3))
    for mode in PADDING_MODES:

        def build(mode: str = mode) -> object:
            return conv_matrix(kernel, (28, 28), padding=1, padding_mode=mode)

        (cold,) = interleaved([build], seconds / 8, forget)
        (cached,) = interleaved([build], seconds / 8)
        name = f"28x28 k3 p1 {mode}"
        print(verdict(f"{name}, cold, ms", median(cold) * 1e3, 0.3))
        print(verdict(f"{name}, geometry cached, ms", median(cached) * 1e3, 0.05))


def main() -> None:
    """Read the options and print everything."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    dtypes = ["float32", "float64"]
    parser.add_argument("--dtype", choices=dtypes, help="by default both")
    parser.add_argument("--only", default="", help="cases with this text in their name")
    parser.add_argument(
        "--part", choices=["large", "modes"], help="of the tables, by default both"
    )
    parser.add_argument(
        "--seconds", type=float, default=8.0, help="time for each case, by default 8"
    )
    parser.add_argument(
        "--pages",
        choices=["fresh", "kept"],
        default="fresh",
        help="large arrays new from the system (default), or in memory freed before",
    )
    options = parser.parse_args()
    print(machine("numpy", "scipy"))
    settled = settle_pages(options.pages == "fresh")
    print(f"pages: {options.pages if settled else 'as they come'}", end="\n\n")
    for dtype in [options.dtype] if options.dtype else dtypes:
        if options.part != "modes":
            large(dtype, options.only, options.seconds)
        if options.part != "large":
            modes(dtype, options.only, options.seconds / 4)
    small(options.seconds)


if __name__ == "__main__":
    main()
