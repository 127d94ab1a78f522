"""The matrix slab by slab: time over building it whole, and peak over two slabs."""

from __future__ import annotations

import argparse
from itertools import pairwise
from statistics import median

import numpy as np
from bench_matrix import CASES, Case, forget
from scipy.sparse import csr_array
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

from convmat import conv_matrix, geometry
from convmat.matrix import matrix_bytes, matrix_rows, matrix_slab, row_ranges

EXAMPLES = """\
examples:
  python tests/bench/bench_rows.py                    about 3 minutes
  python tests/bench/bench_rows.py --only reflect --mib 1
  python tests/bench/bench_rows.py --seconds 0        the fewest rounds: a quick look
"""

MODES = [
    Case(
        f"3->16 64x64 k5 p2 {mode}",
        (3, 64, 64),
        (16, 3, 5, 5),
        {"padding": 2, "padding_mode": mode},
    )
    for mode in ("circular", "reflect", "replicate", "symmetric")
]

HUGE = [
    Case("64->64 224x224 k3 p1", (64, 224, 224), (64, 64, 3, 3), {"padding": 1}),
    Case("1-D 1,000,000,000 k5 p2", (10**9,), (5,), {"padding": 2}),
    Case(
        "64->64 224x224 k3 p1 reflect",
        (64, 224, 224),
        (64, 64, 3, 3),
        {"padding": 1, "padding_mode": "reflect"},
    ),
]


def measure(case: Case, dtype: str, seconds: float, mib: float) -> list[object]:
    """One row of the table of matrices that fit."""
    kernel = np.random.default_rng(0).standard_normal(case.kernel_shape).astype(dtype)
    g = geometry(case.input_shape, case.kernel_shape, **case.keywords)
    whole = matrix_bytes(g, dtype)
    block = max(1, int(g.matrix_shape[0] * mib * 2**20 / whole))

    def build() -> object:
        return conv_matrix(kernel, case.input_shape, **case.keywords)

    def stream() -> list[int]:
        slabs = matrix_rows(kernel, case.input_shape, block=block, **case.keywords)
        return [size_of(slab) for slab in slabs]

    streamed, built = interleaved([stream, build], seconds, forget)
    forget()
    sizes = stream()
    two = max(map(sum, pairwise([0, *sizes])))  # the loop holds one, the next is built
    return [
        case.name,
        f"{whole / 1e6:.0f}",
        len(sizes),
        median(streamed) * 1e3,
        ratio(streamed, built),
        (peak_bytes(stream) - kernel.nbytes) / two,
    ]


def size_of(slab: csr_array) -> int:
    """Bytes of its three arrays."""
    return slab.data.nbytes + slab.indices.nbytes + slab.indptr.nbytes


def beyond(case: Case, dtype: str) -> list[object]:
    """One row of the table of matrices that do not fit: their first slabs."""
    kernel = np.random.default_rng(0).standard_normal(case.kernel_shape).astype(dtype)
    g = geometry(case.input_shape, case.kernel_shape, **case.keywords)
    ranges = [rows for _, rows in zip(range(12), row_ranges(g, dtype), strict=False)]

    def one(rows: range) -> csr_array:
        return matrix_slab(kernel, case.input_shape, rows, **case.keywords)

    def each() -> None:
        for rows in ranges:
            one(rows)

    size = size_of(one(ranges[5]))
    (times,) = interleaved([each], 2.0)
    return [
        case.name,
        f"{matrix_bytes(g, dtype) / 1e9:.0f}",
        f"{size / 1e6:.1f}",
        median(times) / len(ranges) * 1e3,
        size * len(ranges) / median(times) / 1e9,
        peak_bytes(each) / size,
    ]


def main() -> None:
    """Read the options and print everything."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float64")
    parser.add_argument("--only", default="", help="cases with this text in their name")
    parser.add_argument("--mib", type=float, default=8.0, help="of a slab, default 8")
    parser.add_argument(
        "--seconds", type=float, default=8.0, help="time for each case, by default 8"
    )
    parser.add_argument(
        "--pages",
        choices=["fresh", "kept"],
        default="kept",
        help="arrays in memory freed before (default), or new from the system",
    )
    options = parser.parse_args()
    print(machine("numpy", "scipy"))
    settled = settle_pages(options.pages == "fresh")
    print(f"pages: {options.pages if settled else 'as they come'}", end="\n\n")
    chosen = [case for case in [*CASES, *MODES] if options.only in case.name]
    rows = [
        measure(case, options.dtype, options.seconds, options.mib) for case in chosen
    ]
    header = (options.dtype, "MB", "slabs", "ms", "/ whole", "peak / two")
    print(table(header, rows))
    if rows:
        over, peaks = ([row[number] for row in rows] for number in (4, 5))
        print(f"streaming over building, geometric mean: {geometric_mean(over):.3g}")
        print(verdict("highest peak over two slabs", max(peaks), 1.2))
    rows = [beyond(case, options.dtype) for case in HUGE if options.only in case.name]
    header = (f"\n{options.dtype}", "GB", "slab MB", "ms a slab", "GB/s", "peak / slab")
    print(table(header, rows))


if __name__ == "__main__":
    main()
