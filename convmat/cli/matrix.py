"""`convmat matrix`: the matrix of a convolution, printed, written or counted."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

from convmat.cli.asked import Asked
from convmat.cli.files import text_output
from convmat.cli.formats import FORMATS, write_latex, write_text
from convmat.cli.info import info, info_json
from convmat.cli.kernel import add_values, read_values
from convmat.cli.options import (
    add_command,
    add_geometry,
    add_transposed,
    read_geometry,
)
from convmat.errors import ConvmatError

__all__ = ["add_to"]

_EXAMPLES = """\
examples:
  convmat matrix                       Kleinsmith's 3x3 image, 2x2 kernel
  convmat matrix --input 3x3 --kernel 2x2 --values 1,2,3,4
  convmat matrix --input 2x4x4 --kernel 3x2x2x2 --padding 0,1x1,0
  convmat matrix --input 7 --kernel 3 --padding same_lower --dilation 2
  convmat matrix --input 7 --kernel 4 --padding same:scipy
  convmat matrix --input 4x4 --kernel 3x3 --padding 1 --mode circular
  convmat matrix --input 2x2 --kernel 3x3 --stride 2 --transposed
  convmat matrix --input 5x5 --kernel 3x3 --stride 2 --padding 1 --info
  convmat matrix --input 4 --kernel 2 --format latex --color always
  convmat matrix --input 3x32x32 --kernel 16x3x3x3 --stride 2 \\
      --padding 1,2x0,1 --mode circular --seed 0 --out W.npz
  convmat matrix --input 8x8 --kernel 3x3 --values ones --out W.mtx
  convmat matrix --input 28x28 --kernel 5x5 --format csv --out W.csv

formats:
  text   one row an output; a structural zero is a dot. The terminal shows the
         corner that fits, or of many channels one block, a file all of it, up
         to a million positions
  latex  a bmatrix, up to 5,000 positions; needs the extra symbolic. With
         --color always each tap has its colour, by the package xcolor
  csv    row,column,tap,value: a line for each tap of each row, counted from 0.
         Where padding repeats the input, taps may share a position: add them.
         Memory does not grow with the matrix. With --transposed the lines go
         column by column
  json   one object: geometry, shape, and indptr, indices and data as in CSR;
         with --transposed the geometry is the paired one. Integers of any size
  npz    for scipy.sparse.load_npz; needs --out
  mtx    Matrix Market, for scipy.io.mmread; needs --out

Text and LaTeX show letters where no values are given; on the terminal taps are
numbered where letters would be long. Letters cannot go into the other formats:
there each tap holds its own number, from 1 on. Fractions such as 1/3 are for
text, LaTeX and CSV.

--info:
  multiplicity  how often a tap stands in the matrix, one number a tap
  padded        multiplications over the padded input, as most programs compute:
                a tap on a zero of the padding is multiplied like any other
  effective     multiplications without those
  estimated     by the textbook's radix-2 FFT, sizes filled up to powers of two;
                other FFTs take fewer

--transposed:
  the matrix is the transpose of the paired convolution's, which reads what this
  one gives. Letters are those of the paired matrix, at transposed places.
  --info counts for the paired one; its transpose takes as many multiplications
"""

_ENDINGS = {".txt": "text", ".tex": "latex"}


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "matrix",
        _run,
        "print or write the matrix of a convolution",
        "Rows are outputs, columns are inputs, both in C order of (channel, *spatial).",
        _EXAMPLES,
    )
    add_geometry(parser)
    add_transposed(parser)
    add_values(parser)
    parser.add_argument(
        "--info",
        action="store_true",
        help="print the numbers only, not the matrix: shape, bytes, multiplicities, "
        "and what a multiplication by it costs; as text or --format json",
    )
    parser.add_argument(
        "--format",
        choices=list(FORMATS),
        help="see below (default: by the ending of --out, else text)",
    )
    parser.add_argument(
        "--out",
        metavar="FILE",
        help="write to a file, which appears when it is whole; - is the terminal",
    )
    parser.add_argument(
        "--color",
        choices=["auto", "always", "never"],
        default="auto",
        help="of text and LaTeX. auto: text on a terminal, unless NO_COLOR is set "
        "(default: %(default)s)",
    )


def _run(options: argparse.Namespace) -> int:
    out = None if options.out == "-" else options.out
    name = _format(options, out)
    g = read_geometry(options)
    asked = Asked(g, None, options.transposed)
    if options.info:
        if name not in ("text", "json"):
            given = f"--format {name}"
            raise ConvmatError("--info", "prints text or json only", given)
        told = info_json(asked) if name == "json" else info(asked, _width(out))
        with text_output(out) as file:
            print(told, file=file)
        return 0
    asked = replace(asked, kernel=read_values(options, g))
    if name == "text":
        write_text(asked, out, color=_color(options))
    elif name == "latex":
        write_latex(asked, out, color=options.color == "always")
    else:
        FORMATS[name](asked, out)
    return 0


def _width(out: str | None) -> int:
    return get_terminal_size().columns if out is None else 80


def _format(options: argparse.Namespace, out: str | None) -> str:
    """The format that is named, or else that of the ending of `--out`."""
    if options.format is not None:
        return str(options.format)
    if out is None:
        return "text"
    ending = Path(out).suffix
    name = _ENDINGS.get(ending, ending[1:])
    if name not in FORMATS:
        rule = "must end in .txt, .tex, .npz, .mtx, .csv or .json"
        raise ConvmatError("--out", rule, out, "or name a --format")
    return name


def _color(options: argparse.Namespace) -> bool:
    from convmat.figures.text import wants_color

    chosen: str = options.color
    return chosen == "always" or (chosen == "auto" and wants_color(sys.stdout))
