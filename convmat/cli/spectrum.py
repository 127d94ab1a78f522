"""`convmat spectrum`: singular values, and the estimates of the largest."""

from __future__ import annotations

import argparse
import json
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
from convmat.errors import ConvmatError
from convmat.geometry import Geometry

if TYPE_CHECKING:
    from convmat.spectrum import BoundTable, Spectrum

__all__ = ["add_to"]

_EXAMPLES = """\
examples:
  convmat spectrum --input 3x32x32 --kernel 16x3x3x3 --padding 1 --seed 0
  convmat spectrum --input 8x8 --kernel 3x3 --values -1,-2,-1,0,0,0,1,2,1
  convmat spectrum --input 64x64x64 --kernel 64x64x3x3 --padding 1 \\
      --mode circular --seed 0
  convmat spectrum --input 16x16 --kernel 5x5 --values KERNEL.npy --count 20
  convmat spectrum --input 8x8 --kernel 3x3 --padding 1 --seed 0 --format json
  convmat spectrum --input 3x8x8 --kernel 4x3x3x3 --padding 1 --seed 0 \\
      --picture spectrum.svg

labels:
  upper    at least the norm, for every kernel of this geometry
  lower    at most the norm, for every kernel of this geometry
  neither  may be on either side

--count:
  how many values are shown. All are computed where the matrix falls into blocks
  or is small; else the largest ones only, by iteration, and the smallest value,
  the rank and the condition number are not known
"""

_SMALL = 1024  # shorter side of the largest matrix of a group that is decomposed


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
    add("--format", choices=["text", "json"], default="text", help="(default: text)")
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
    from convmat.spectrum import compare_bounds

    suffix = Path(options.picture or "none.svg").suffix.lower()
    if suffix not in (".svg", ".png", ".pdf"):
        rule = "must end in .svg, .png or .pdf"
        raise ConvmatError("--picture", rule, options.picture)
    g = read_geometry(options)
    kernel = read_values(options, g)
    if kernel is None:
        rule = "must be given, or --seed: a spectrum is that of numbers"
        raise ConvmatError("--values", rule, None)
    if options.count < 1:
        raise ConvmatError("--count", "must be at least 1", options.count)
    if not 0 < options.tol < 1:
        rule = "must be more than 0 and less than 1"
        raise ConvmatError("--tol", rule, options.tol)
    if options.max_steps < 1:
        raise ConvmatError("--max-steps", "must be at least 1", options.max_steps)
    limits = {"tol": options.tol, "max_steps": options.max_steps}
    with in_options(options):
        spectrum = _values(kernel, g, options.count, limits)
        table = compare_bounds(kernel, g.input_shape, **limits, **g.keywords)
    write = _json if options.format == "json" else _text
    told = write(kernel, spectrum, table, options.count)
    with text_output(None if options.out == "-" else options.out) as file:
        print(told, file=file)
    if options.picture is not None:
        _draw(options.picture, spectrum, table)
    return 0


def _values(kernel: Array, g: Geometry, count: int, limits: dict[str, Any]) -> Spectrum:
    """All values where that is quick, else the largest."""
    from convmat.spectrum import singular_values
    from convmat.spectrum.axes import blocks_of

    small = min(g.matrix_shape) // g.groups <= _SMALL
    some = None if small or blocks_of(g) else min(count, *g.matrix_shape)
    return singular_values(kernel, g.input_shape, count=some, **limits, **g.keywords)


def _text(kernel: Array, spectrum: Spectrum, table: BoundTable, count: int) -> str:
    lines = [table.geometry.summary(), "", repr(spectrum)]
    shown = spectrum.values[:count]
    values = " ".join(f"{value:.6g}" for value in shown)
    rest = len(spectrum) - len(shown)
    more = f" ... {spectrum.values[-1]:.6g}, {rest:,} not shown" if rest else ""
    lines += ["", f"largest: {values}{more}"]
    lines += [f"{name}: {told}" for name, told in _facts(kernel, spectrum, table)]
    lines += ["", str(table)]
    return "\n".join(lines)


def _facts(
    kernel: Array, spectrum: Spectrum, table: BoundTable
) -> list[tuple[str, str]]:
    """What follows from the values, each with what makes it trustworthy."""
    from convmat.spectrum import squared_frobenius

    g = table.geometry
    exact = squared_frobenius(kernel, g.input_shape, **g.keywords)
    if not spectrum.complete:
        known = "not known: the smallest values were not computed"
        return [("condition number, rank", known)]
    sum_of_squares = float((spectrum.values**2).sum())
    least, error = float(spectrum.values[-1]), float(spectrum.errors[-1])
    kept = int((spectrum.values > error).sum())
    condition = (
        f"{spectrum.values[0] / least:.6g}"
        if least > error
        else "infinite, or beyond what rounding lets one see"
    )
    return [
        ("condition number", condition),
        ("rank", f"{kept:,}, of values beyond their rounding, {error:.2g}"),
        (
            "sum of squares",
            f"{sum_of_squares:.10g}; of all matrix entries {float(exact):.10g}",
        ),
    ]


def _json(kernel: Array, spectrum: Spectrum, table: BoundTable, count: int) -> str:
    """All that was computed, not only what a line has room for."""
    from convmat.spectrum import squared_frobenius

    g = table.geometry
    total = squared_frobenius(kernel, g.input_shape, **g.keywords)
    return json.dumps(
        {
            "geometry": repr(g),
            "shape": list(g.matrix_shape),
            "how": spectrum.how,
            "complete": spectrum.complete,
            "steps": spectrum.steps,
            "values": spectrum.values.tolist(),
            "errors": spectrum.errors.tolist(),
            "squared_frobenius": float(total),
            "norm": {
                "value": table.truth.value,
                "how": table.truth.how,
                "error": table.truth.error,
                "steps": table.truth.steps,
            },
            "bounds": [
                {
                    "name": bound.name,
                    "value": bound.value,
                    "label": bound.label,
                    "source": bound.source,
                    "when": bound.when,
                    "error": bound.error,
                }
                for bound in table.bounds
            ],
        },
        indent=2,
    )


def _draw(path: str, spectrum: Spectrum, table: BoundTable) -> None:
    from convmat.figures import save, spectrum_bounds

    with about_out(path, "--picture") as target:
        save(spectrum_bounds(spectrum, table), target)
