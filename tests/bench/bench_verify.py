"""`verify.exact` and the checks, over the calls that they cannot do without.

Convmat's own maps stand for the black box. A certificate is compared with one call of
the forward map on all unit inputs, and with `prove`, which reads the same entries of
convmat's routes one unit kernel at a time.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from statistics import median

from timing import interleaved, machine, ratio, table, verdict

from convmat import conv, conv_input_grad, conv_kernel_grad, geometry
from convmat.verify import (
    CHECKS,
    ROUTES,
    Implementation,
    Supports,
    exact,
    prove,
    trials,
)
from convmat.verify.readings import units, x_shape

EXAMPLES = """\
examples:
  python tests/bench/bench_verify.py                  about 30 seconds
  python tests/bench/bench_verify.py --seconds 20     for a quiet answer
"""

GEOMETRIES = {
    "8x8, 2 channels": geometry((2, 8, 8), (2, 2, 3, 3)),
    "8x8, 2 to 3, stride, pads": geometry(
        (2, 8, 8), (3, 2, 3, 3), padding=1, stride=(1, 2)
    ),
    "5x6, depthwise": geometry((4, 5, 6), (4, 1, 3, 3), groups=4, padding=1),
}


def ours(*dtypes: str) -> Implementation:
    """Convmat's own maps as a black box."""
    maps = conv, conv_input_grad, conv_kernel_grad
    return Implementation("convmat", *maps, Supports(dtypes=dtypes))


def every_check(examples: int) -> Callable[[], object]:
    """All checks on so many trials."""
    black_box = ours("float64", "float32", "int64")
    many = trials(black_box.supports, examples=examples)

    def run() -> object:
        return [
            check(black_box, trial)
            for trial in many
            for check in CHECKS.values()
            if check.applies(black_box, trial.geometry)
        ]

    return run


def main() -> None:
    """Read the options and print everything."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seconds", type=float, default=3.0, help="for each line")
    seconds = parser.parse_args().seconds
    print(machine("numpy"), end="\n\n")
    float64, objects = ours("float64"), ours("float64", "object")
    rows, certificates = [], []
    for name, g in GEOMETRIES.items():
        inputs = units(g.matrix_shape[1], x_shape(g)).astype(float)
        kernel = units(g.free_parameters, g.weight_shape)[0].astype(float)
        functions = {
            "call": lambda: conv(inputs, kernel, **g.keywords),  # noqa: B023 - this round's
            "exact": lambda: exact(float64, g),  # noqa: B023 - this round's
            "thorough": lambda: exact(float64, g, thorough=True),  # noqa: B023 - this round's
            "symbols": lambda: exact(objects, g),  # noqa: B023 - this round's
            "prove": lambda: prove(g, routes=[ROUTES["fast"]]),  # noqa: B023 - this round's
        }
        times = dict(
            zip(
                functions,
                interleaved([*functions.values()], seconds, rounds=(3, 50)),
                strict=True,
            )
        )
        certificates.append(times["exact"])
        rows += [
            [
                name if how == "call" else "",
                how,
                median(column) * 1e3,
                ratio(column, times["call"]),
                ratio(column, times["prove"]),
            ]
            for how, column in times.items()
        ]
    print(table(["", "", "ms", "/ call", "/ prove"], rows))
    print(verdict("exact, ms", median(certificates[0]) * 1e3, 50))
    whole = interleaved([every_check(100)], seconds, rounds=(1, 3))[0]
    print(verdict("all checks on 100 trials, s", median(whole), 20))


if __name__ == "__main__":
    main()
