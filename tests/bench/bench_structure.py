"""recognize: time over one pass over the arrays of a matrix of 1,000,000 entries."""

from __future__ import annotations

import argparse
from statistics import median

import numpy as np
from scipy.sparse import csr_array
from timing import interleaved, machine, ratio, table, verdict

from convmat import conv_matrix, geometry
from convmat.structure import recognize

EXAMPLES = """\
examples:
  python tests/bench/bench_structure.py              about a minute
  python tests/bench/bench_structure.py --seconds 0  the fewest rounds: a quick look
"""

CASES = {
    "2-D 3->16 30x30 k5 p2": ((3, 30, 30), (16, 3, 5, 5), {"padding": 2}),
    "2-D 340x340 k3 p1": ((340, 340), (3, 3), {"padding": 1}),
    "1-D 200,000 k5": ((200_000,), (5,), {}),
    "depthwise 64 42x42 k3 stride 1": ((64, 42, 42), (64, 1, 3, 3), {"groups": 64}),
    "2-D 8->16 64x64 k3 stride 2": ((8, 64, 64), (16, 8, 3, 3), {"stride": 2}),
    "2-D 340x340 k3 p1 circular": (
        (340, 340),
        (3, 3),
        {"padding": 1, "padding_mode": "circular"},
    ),
}


def one_pass(matrix: csr_array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each of the three arrays, read and written once."""
    return matrix.data.copy(), matrix.indices.copy(), matrix.indptr.copy()


def main() -> None:
    """Read the options and print everything."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seconds", type=float, default=4.0, help="time for each case")
    options = parser.parse_args()
    print(machine("numpy", "scipy"))
    rows = []
    for name, (shape, kernel_shape, keywords) in CASES.items():
        kernel = np.random.default_rng(0).standard_normal(kernel_shape)
        g = geometry(shape, kernel_shape, **keywords)
        matrix = conv_matrix(kernel, shape, **keywords)

        def given(matrix=matrix, g=g):
            return recognize(
                matrix,
                g.input_shape,
                output_shape=g.output_shape,
                channels=g.has_channels,
            )

        def searched(matrix=matrix, g=g):
            return recognize(matrix, g.input_shape)

        functions = [lambda matrix=matrix: one_pass(matrix), given, searched]
        found = given(), searched()
        right = all(each and each.geometry == g for each in found)
        times = interleaved(functions, options.seconds, rounds=(3, 50))
        passed, known, unknown = times
        rows.append(
            [
                name,
                f"{matrix.nnz:,}",
                median(passed) * 1e3,
                ratio(known, passed),
                ratio(unknown, passed),
                right,
            ]
        )
    header = ("case", "entries", "ms a pass", "/ pass", "outputs searched", "right")
    print(table(header, rows))
    for column, what in ((3, "shapes given"), (4, "outputs searched for")):
        print(verdict(f"worst, {what}", max(row[column] for row in rows), 10))


if __name__ == "__main__":
    main()
