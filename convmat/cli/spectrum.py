"""`convmat spectrum`: singular values, and the estimates of the largest."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convmat.arrays import Array
from convmat.cli.files import about_out, text_output
from convmat.cli.kernel import add_values, read_values
from convmat.cli.options import (
    add_command,
    add_geometry,
    add_transposed,
    read_geometry,
)
from convmat.cli.spoken import in_options
from convmat.errors import ConvmatError, NotConvergedError
from convmat.geometry import Geometry

if TYPE_CHECKING:
    from convmat.cli.spectrum_facts import Facts

__all__ = ["add_to"]

_EXAMPLES = """\
examples:
  convmat spectrum --input 3x32x32 --kernel 16x3x3x3 --padding 1 --seed 0
  convmat spectrum --input 8x8 --kernel 3x3 --values -1,-2,-1,0,0,0,1,2,1
  convmat spectrum --input 64x64x64 --kernel 64x64x3x3 --padding 1 \\
      --mode circular --seed 0
  convmat spectrum --input 16x16 --kernel 5x5 --values KERNEL.npy --count 20
  convmat spectrum --input 16x32x32 --kernel 16x16x3x3 --padding 1 --seed 0 \\
      --smallest
  convmat spectrum --input 8x8 --kernel 3x3 --padding 1 --seed 0 --format json
  convmat spectrum --input 3x8x8 --kernel 4x3x3x3 --padding 1 --seed 0 \\
      --picture spectrum.svg

labels:
  upper    at least the norm, for every kernel of this geometry
  lower    at most the norm, for every kernel of this geometry
  neither  may be on either side

formats:
  text, markdown  everything, for people
  json            everything, with all values that were computed
  csv             the norm and its estimates, a line each

--count:
  how many values are shown. All are computed where the matrix falls into blocks
  or is small; else the largest ones, by iteration. The smallest value, the rank
  and the condition number of such a matrix follow from a factorization, which is
  done where it takes a few seconds, and for any that fits memory by --smallest

Whole numbers and fractions of --values have an exact rank, and an exact
determinant where the matrix is square, as long as they take a few seconds.
"""


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "spectrum",
        _run,
        "the singular values of a convolution's matrix, and bounds on the largest",
        "Prints how each number was obtained and how far off it may be, and every "
        "published estimate of the norm beside the truth.",
        _EXAMPLES,
    )
    add_geometry(parser)
    add_transposed(parser)
    add_values(parser)
    add = parser.add_argument
    add(
        "--count",
        type=int,
        default=5,
        metavar="N",
        help="values to show (default: %(default)s)",
    )
    add(
        "--smallest",
        action="store_true",
        help="the smallest value, condition number and rank, too, of a large matrix",
    )
    add(
        "--tol",
        type=float,
        default=1e-6,
        metavar="T",
        help="residual of an iteration over the norm, at most (default: %(default)s)",
    )
    add(
        "--max-steps",
        type=int,
        default=2000,
        metavar="N",
        help="steps of an iteration at most (default: %(default)s)",
    )
    add(
        "--format",
        choices=("text", "markdown", "json", "csv"),
        default="text",
        help="(default: %(default)s)",
    )
    add(
        "--out",
        metavar="FILE",
        help="write to a file, which appears when it is whole; - is the terminal",
    )
    add(
        "--picture",
        metavar="FILE",
        help="draw it, too, as .svg, .png or .pdf; needs the extra figures",
    )


def _run(options: argparse.Namespace) -> int:
    from convmat.cli.spectrum_formats import FORMATS

    g, kernel = _asked(options)
    with in_options(options):
        facts = _facts(kernel, g, options)
    with text_output(None if options.out == "-" else options.out) as file:
        print(FORMATS[options.format](facts, options.count), file=file)
    if options.picture is not None:
        _draw(options.picture, facts)
    return 0


def _asked(options: argparse.Namespace) -> tuple[Geometry, Array]:
    """What is to be computed, once every option was looked at."""
    suffix = Path(options.picture or "none.svg").suffix.lower()
    if suffix not in (".svg", ".png", ".pdf"):
        rule = "must end in .svg, .png or .pdf"
        raise ConvmatError("--picture", rule, options.picture)
    if options.count < 1:
        raise ConvmatError("--count", "must be at least 1", options.count)
    if not 0 < options.tol < 1:
        rule = "must be more than 0 and less than 1"
        raise ConvmatError("--tol", rule, options.tol)
    if options.max_steps < 1:
        raise ConvmatError("--max-steps", "must be at least 1", options.max_steps)
    g = read_geometry(options)
    kernel = read_values(options, g)
    if kernel is None:
        rule = "must be given, or --seed: a spectrum is that of numbers"
        raise ConvmatError("--values", rule, None)
    return g, kernel


def _facts(kernel: Array, g: Geometry, options: argparse.Namespace) -> Facts:
    from convmat.cli.spectrum_facts import facts_of

    try:
        return facts_of(
            kernel,
            g,
            count=options.count,
            smallest=options.smallest,
            tol=options.tol,
            max_steps=options.max_steps,
        )
    except NotConvergedError as error:
        rule = (
            f"must be more: the {error.argument} had a residual of "
            f"{error.residual:.3g} after {error.steps} steps, and "
            f"at most {error.tol:.3g} was asked for"
        )
        steps, remedy = options.max_steps, "or name a larger --tol"
        raise ConvmatError("--max-steps", rule, steps, remedy) from None


def _draw(path: str, facts: Facts) -> None:
    from convmat.figures import save, spectrum_bounds

    with about_out(path, "--picture") as target:
        save(spectrum_bounds(facts.spectrum, facts.table), target)
