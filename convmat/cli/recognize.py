"""`convmat recognize`: whether the matrix in a file is a convolution, and which."""

from __future__ import annotations

import argparse
import json
import textwrap
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convmat.cli.options import add_command
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.shorthand import read_shape

if TYPE_CHECKING:
    from convmat.structure import Family, Recognition

__all__ = ["add_to"]

_EXAMPLES = """\
examples:
  convmat matrix --input 9x9 --kernel 3x3 --values ones --out W.npz
  convmat recognize W.npz                    the input shape is searched for
  convmat recognize W.npz --input 9x9
  convmat recognize W.npz --input 9x9 --output 7x7 --format json
  convmat recognize W.npz --family 10        other geometries that have the matrix
  convmat recognize W.npy --tolerance 0.01   entries of a measured matrix

files:
  .npz  as convmat matrix --out and scipy.sparse.save_npz write them
  .npy  a dense array of NumPy
  .mtx  Matrix Market, sparse or dense

Ends with 1 when the matrix is no convolution, or only in the sense in which any
matrix is one: with so many taps that none stands in two entries, or that a plainer
convolution with a few entries off tells it in fewer numbers. The nearest convolution
that was found is told then.
"""


def add_to(commands: Any) -> None:
    """Add the command."""
    parser = add_command(
        commands,
        "recognize",
        _run,
        "is the matrix in a file a convolution, and which?",
        "Prints the geometry and the kernel, or the nearest convolution and the first "
        "entry that is off.",
        _EXAMPLES,
    )
    add = parser.add_argument
    add("file", metavar="FILE", help="a matrix: .npz, .npy or .mtx")
    add("--input", metavar="SHAPE", help="3x3, or with channels 3x32x32")
    add("--output", metavar="SHAPE", help="what the rows count (default: searched for)")
    add(
        "--tolerance",
        metavar="N",
        help="entries that differ by no more are equal (default: 0 for integers, else "
        "64 roundings of the largest)",
    )
    add(
        "--format",
        choices=["text", "json"],
        default="text",
        help="(default: %(default)s)",
    )
    add(
        "--family",
        metavar="N",
        help="tell up to N other geometries that have the very same matrix",
    )
    add("--no-progress", action="store_true", help="show no progress bars")


def _run(options: argparse.Namespace) -> int:
    from convmat.structure import recognize

    shapes = {
        name: None if given is None else read_shape(f"--{name}", given)
        for name, given in (("input", options.input), ("output", options.output))
    }
    tolerance = _number(options.tolerance)
    progress = False if options.no_progress else None
    matrix = _load(options.file, progress)
    try:
        found = recognize(
            matrix,
            shapes["input"],
            output_shape=shapes["output"],
            tolerance=tolerance,
            progress=progress,
        )
    except (ConvmatError, ConvmatTypeError) as error:
        argument = _OPTIONS.get(error.argument, error.argument)
        raise type(error)(argument, error.rule, error.value, error.remedy) from None
    family = None
    if options.family is not None:
        try:
            family = found.family(_count(options.family))
        except ConvmatError as error:
            raise type(error)("--family", error.rule, error.value) from None
    if options.format == "json":
        print(json.dumps(_facts(found, family)))
    else:
        print(found)
        if family is not None:
            print(f"as well, {len(family)} in all:")
            print(textwrap.indent(str(family), "  "))
    return 0 if found else 1


_OPTIONS = {
    "input_shape": "--input",
    "output_shape": "--output",
    "tolerance": "--tolerance",
    "matrix": "FILE",
    "matrix.shape": "FILE",
}


def _count(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ConvmatError("--family", "must be an integer", text) from None


def _number(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return float(text)
    except ValueError:
        raise ConvmatError("--tolerance", "must be a number", text) from None


def _load(name: str, progress: bool | None) -> Any:
    """The matrix of a file; never by pickle.

    Raises
    ------
    ConvmatError
        When there is no such file, or it holds no matrix.
    """
    from convmat.matrix import load_matrix

    path = Path(name)
    if not path.is_file():
        raise ConvmatError("FILE", "must be a file that exists", name)
    dense = _dense_market(path)
    if path.suffix.lower() != ".npy" and not dense:
        try:
            return load_matrix(path, progress=progress)
        except ConvmatError as error:
            what = "FILE" if error.argument == "path" else error.argument
            raise type(error)(what, error.rule, name, error.remedy) from None
    try:
        if dense:
            from scipy.io import mmread

            return np.asarray(mmread(path))
        return np.load(path, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        rule = "must hold one array of numbers"
        raise ConvmatError("FILE", rule, name, str(error)) from None


def _dense_market(path: Path) -> bool:
    """Whether a Matrix Market file says that it holds a dense array."""
    if path.suffix.lower() != ".mtx":
        return False
    with path.open("rb") as file:
        words = file.readline(200).lower().split()
    return words[:1] == [b"%%matrixmarket"] and b"array" in words


def _facts(found: Recognition, family: Family | None) -> dict[str, Any]:
    """What is told, as JSON can hold it: numbers that are no integers as text."""
    from convmat.matrix.source import arguments

    g, kernel, near = found.geometry, found.kernel, found.nearest
    return {
        "convolution": bool(found),
        "trivial": found.trivial,
        "overfitted": found.overfitted,
        "evidence": None if found.evidence is None else asdict(found.evidence),
        "transposed": found.transposed,
        "row_order": found.row_order,
        "column_order": found.column_order,
        "tolerance": float(found.tolerance),
        "geometry": None if g is None else arguments(g),
        "kernel": None if kernel is None else _listed(kernel),
        "freedoms": list(found.freedoms),
        "unknown_taps": list(found.unknown_taps),
        "family": None
        if family is None
        else {
            "members": [
                {"geometry": arguments(each.geometry), "kernel": _listed(each.kernel)}
                for each in family
            ],
            "more": list(family.more),
        },
        "nearest": None
        if near is None
        else {
            "geometry": arguments(near.geometry),
            "kernel": _listed(near.kernel),
            "distance": near.distance,
            "relative": near.relative,
            "wrong": near.wrong,
            "broken": None if near.broken is None else str(near.broken),
        },
        "searched": found.searched,
    }


def _listed(kernel: Any) -> Any:
    if kernel.dtype.kind not in "if":
        kernel = np.array([str(v) for v in kernel.flat]).reshape(kernel.shape)
    return kernel.tolist()
