"""The command line: each command is one library call."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

import numpy as np

from convmat import __version__
from convmat.arrays import Array, Shape
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.figures.text import matrix_text, wants_color
from convmat.geometry import Geometry, geometry
from convmat.matrix import matrix_bytes

__all__ = ["main"]

_TOUR = """\
examples:
  convmat tour
  convmat tour --out pictures
  NO_COLOR=1 convmat tour > tour.txt
"""

_MATRIX = """\
examples:
  convmat matrix                                  Kleinsmith's 3x3 image, 2x2 kernel
  convmat matrix --input 3x3 --kernel 2x2 --values 1,2,3,4
  convmat matrix --input 5x5 --kernel 3x3 --stride 2 --padding 1 --info
  convmat matrix --input 2x4x4 --kernel 3x2x2x2 --padding 0,1x1,0
  convmat matrix --input 7 --kernel 3 --padding same_lower --dilation 2
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        0 when all is well, 1 when the tour has a FAIL, 2 for a bad argument, 130 after
        Ctrl-C.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a console without Greek prints "?"
    parser = _parser()
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given:
        parser.print_help()
        return 2
    options = parser.parse_args(_with_negative_values(given))
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except (ConvmatError, ConvmatTypeError, ModuleNotFoundError) as error:
        print(f"convmat: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader has seen enough: convmat matrix | head
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        print("convmat: stopped", file=sys.stderr)
        return 130


def _with_negative_values(given: list[str]) -> list[str]:
    """`--values -1,0,1` as `--values=-1,0,1`, which argparse does not take for options.

    Kernels that find edges begin with negative numbers.
    """
    for place, word in enumerate(given[:-1]):
        value = given[place + 1]
        if word in ("--values", "--padding") and value[:1] == "-" and value[1:2] != "-":
            return [
                *given[:place],
                f"{word}={value}",
                *_with_negative_values(given[place + 2 :]),
            ]
    return given


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="convmat",
        description="The convolution as a matrix: built, explained, trained, proved.",
        epilog="convmat COMMAND --help shows examples",
    )
    parser.add_argument("--version", action="version", version=f"convmat {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    tour = _command(
        commands, "tour", _tour, "the whole idea in one run, on real digits", _TOUR
    )
    tour.add_argument(
        "--out",
        default="convmat-tour",
        metavar="DIR",
        help="folder for the figures (default: %(default)s)",
    )
    tour.add_argument(
        "--no-progress", action="store_true", help="show no progress bars"
    )
    matrix = _command(
        commands, "matrix", _matrix, "print the matrix of a convolution", _MATRIX
    )
    _add_geometry(matrix)
    matrix.add_argument(
        "--values",
        metavar="A,B,...",
        help="values of the taps in C order; letters are shown without",
    )
    matrix.add_argument(
        "--info", action="store_true", help="print the numbers only, not the matrix"
    )
    matrix.add_argument(
        "--color",
        choices=["auto", "always", "never"],
        default="auto",
        help="auto: on a terminal, unless NO_COLOR is set (default: %(default)s)",
    )
    return parser


def _command(
    commands: Any,
    name: str,
    function: Callable[[argparse.Namespace], int],
    summary: str,
    examples: str,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=function)
    return parser


def _add_geometry(parser: argparse.ArgumentParser) -> None:
    """The arguments that make a geometry; axes are separated by `x`."""
    add = parser.add_argument
    add(
        "--input",
        default="3x3",
        metavar="SHAPE",
        help="3x3, or with channels 3x32x32 (default: %(default)s)",
    )
    add(
        "--kernel",
        default="2x2",
        metavar="SHAPE",
        help="2x2, or with channels OUTxINx2x2 (default: %(default)s)",
    )
    add("--stride", default="1", metavar="N", help="2, or per axis 2x1")
    add(
        "--padding",
        default="0",
        metavar="PADS",
        help="1, per axis 1x0, (before,after) per axis 1,2x0,1, or valid, same, "
        "same_lower, full",
    )
    add("--dilation", default="1", metavar="N", help="2, or per axis 2x1")
    add("--groups", default=1, type=int, metavar="N", help="blocks of channels")


def _tour(options: argparse.Namespace) -> int:
    from convmat.tour import run

    return 0 if run(options.out, progress=not options.no_progress).passed else 1


def _matrix(options: argparse.Namespace) -> int:
    g = _geometry(options)
    if options.info:
        print(_info(g))
        return 0
    color = options.color == "always" or (
        options.color == "auto" and wants_color(sys.stdout)
    )
    print(matrix_text(g, _values(options.values, g), color=color))
    print()
    print(g.summary())
    return 0


def _info(g: Geometry) -> str:
    """The numbers of a geometry, one a line."""
    rows, columns = g.matrix_shape
    lines = {
        "geometry": repr(g),
        "in words": g.summary(),
        "matrix": f"{rows:,} x {columns:,}",
        "stored entries": f"{g.nnz:,}",
        "density": f"{g.nnz / (rows * columns):.4%}",
        "structural zeros": f"{g.untouched:,} untouched",
        "taps dropped by padding": f"{g.dropped:,}",
        "free parameters": f"{g.free_parameters:,}, of which {g.dead_taps:,} dead",
        "bytes as CSR": f"{matrix_bytes(g):,} in float64",
    }
    width = max(map(len, lines))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in lines.items())


def _geometry(options: argparse.Namespace) -> Geometry:
    padding: object = options.padding
    if not options.padding.isidentifier():
        padding = _per_axis("padding", options.padding)
    return geometry(
        _shape("input", options.input),
        _shape("kernel", options.kernel),
        stride=_shorter(_shape("stride", options.stride)),
        padding=padding,  # type: ignore[arg-type]  # geometry() checks what came
        dilation=_shorter(_shape("dilation", options.dilation)),
        groups=options.groups,
    )


def _shape(name: str, text: str) -> Shape:
    """`3x32x32` as a tuple."""
    try:
        return tuple(int(part) for part in text.split("x"))
    except ValueError:
        rule = "must be integers with x between them, such as 3x32x32"
        raise ConvmatError(f"--{name}", rule, text) from None


def _shorter(values: Shape) -> int | Shape:
    """One number stands for all axes."""
    return values[0] if len(values) == 1 else values


def _per_axis(name: str, text: str) -> object:
    """`1`, `1x0` or `1,2x0,1`: one entry for all axes, or one per axis."""
    try:
        entries = [tuple(map(int, part.split(","))) for part in text.split("x")]
    except ValueError:
        rule = "must be like 1, 1x0, 1,2x0,1, or one of valid, same, same_lower, full"
        raise ConvmatError(f"--{name}", rule, text) from None
    if len(entries) == 1 and len(entries[0]) == 1:
        return entries[0][0]
    return [entry[0] if len(entry) == 1 else entry for entry in entries]


def _values(text: str | None, g: Geometry) -> Array | None:
    """The kernel that `--values` gives, as objects: integers of any size stay exact."""
    if text is None:
        return None
    try:
        numbers = [_number(part) for part in text.replace(";", ",").split(",")]
    except ValueError:
        rule = "must be finite numbers with commas between them"
        raise ConvmatError("--values", rule, text) from None
    if len(numbers) != g.free_parameters:
        rule = f"must give one number per tap, {g.free_parameters} in all"
        raise ConvmatError("--values", rule, text)
    return np.array(numbers, object).reshape(g.kernel_shape)


def _number(text: str) -> int | float:
    """`text` as an integer, or else as a float.

    Raises
    ------
    ValueError
        When it is neither, or not finite.
    """
    try:
        return int(text)
    except ValueError:
        number = float(text)
    if not isfinite(number):
        raise ValueError(text)
    return number
