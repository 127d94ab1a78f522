"""What `convmat matrix` writes, one function for each format."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from shutil import get_terminal_size
from textwrap import fill
from typing import TypeAlias

from convmat.arrays import Array, IntArray
from convmat.cli.entries import blocks
from convmat.cli.files import bar, text_output
from convmat.cli.kernel import as_numbers
from convmat.errors import ConvmatError
from convmat.geometry import Geometry
from convmat.matrix import conv_matrix, matrix_bytes, save_rows
from convmat.memory import refuse_beyond

__all__ = ["FORMATS", "Writer", "write_text"]

Writer: TypeAlias = Callable[[Geometry, Array | None, str | None], None]
"""Writes the matrix of a geometry and a kernel to a file, or to the terminal."""

_MOST = 10**6  # positions of a text file; a reader is lost long before
_AT_ONCE = 1 << 16  # numbers of a JSON array that are written together
_STREAMED = "--format csv lists the entries in bounded memory, at any size"


def write_text(
    g: Geometry, kernel: Array | None, out: str | None, *, color: bool = False
) -> None:
    """A picture of the matrix: its corner on a terminal, all of it in a file.

    Raises
    ------
    ConvmatError
        When a file would be too large to be read.
    """
    from convmat.figures.text import matrix_text

    if out is None:
        picture = matrix_text(g, kernel, color=color)
        words = fill(g.summary(), get_terminal_size().columns)
    else:
        rows, columns = g.matrix_shape
        _refuse_beyond(g, _MOST, "a text file")
        widest = 64 * columns  # no cell is as wide
        picture = matrix_text(g, kernel, width=widest, max_rows=rows)
        words = g.summary()
    with text_output(out) as file:
        print(picture, words, sep="\n\n", file=file)


def write_latex(g: Geometry, kernel: Array | None, out: str | None) -> None:
    """A `bmatrix`, of letters or of the kernel's values."""
    from convmat.symbolic import LIMIT, symbolic_matrix

    _refuse_beyond(g, LIMIT, "LaTeX")
    matrix = symbolic_matrix(g, kernel)
    from sympy import latex

    # Beyond ten columns SymPy would turn to another environment.
    text = latex(matrix, mat_str="bmatrix", mat_delim="")
    with text_output(out) as file:
        print(text, file=file)


def write_csv(g: Geometry, kernel: Array | None, out: str | None) -> None:
    """One line for each tap of each row; memory does not grow with the matrix."""
    values = None
    if kernel is not None:
        values = [str(value).strip("()") for value in kernel.reshape(-1).tolist()]
    with text_output(out) as file, bar(g.contributions, "entries", out) as progress:
        file.write("row,column,tap,value\n")
        for rows, cols, taps in blocks(g):
            file.writelines(
                f"{row},{column},{tap},{values[tap] if values else tap + 1}\n"
                for row, column, tap in zip(
                    rows.tolist(), cols.tolist(), taps.tolist(), strict=True
                )
            )
            progress.update(len(rows))


def write_json(g: Geometry, kernel: Array | None, out: str | None) -> None:
    """One object: the geometry, the shape, and the three arrays of the CSR form.

    Raises
    ------
    ConvmatError
        For complex numbers.
    """
    _refuse_memory(g)
    numbers = as_numbers(kernel, g)
    if numbers.dtype.kind == "c":
        rule = "must be real in JSON, which has no complex numbers"
        remedy = "use --format npz, mtx or csv"
        raise ConvmatError("--values", rule, str(numbers.dtype), remedy)
    matrix = conv_matrix(numbers, g.input_shape, **g.keywords)
    settings = {
        "input_shape": g.input_shape,
        "kernel_shape": g.kernel_shape,
        **g.keywords,
    }
    arrays = {name: getattr(matrix, name) for name in ("indptr", "indices", "data")}
    with (
        text_output(out) as file,
        bar(sum(map(len, arrays.values())), "numbers", out) as progress,
    ):
        file.write(f'{{"geometry": {json.dumps(settings)},\n')
        file.write(f' "shape": {json.dumps(g.matrix_shape)}')
        for name, array in arrays.items():
            file.write(f',\n "{name}": [')
            for first in range(0, len(array), _AT_ONCE):
                part: Array | IntArray = array[first : first + _AT_ONCE]
                file.write(", " * bool(first) + json.dumps(part.tolist())[1:-1])
                progress.update(len(part))
            file.write("]")
        file.write("}\n")


def write_npz(g: Geometry, kernel: Array | None, out: str | None) -> None:
    """A file for `scipy.sparse.load_npz`, slab by slab."""
    _save("npz", g, kernel, out)


def write_mtx(g: Geometry, kernel: Array | None, out: str | None) -> None:
    """A Matrix Market file, for `scipy.io.mmread`, slab by slab."""
    _save("mtx", g, kernel, out)


def _save(name: str, g: Geometry, kernel: Array | None, out: str | None) -> None:
    if out is None or Path(out).suffix != f".{name}":
        rule = f"must name a file that ends in .{name} beside --format {name}"
        raise ConvmatError("--out", rule, out)
    numbers = as_numbers(kernel, g)
    try:
        save_rows(out, numbers, g.input_shape, **g.keywords)
    except ConvmatError as error:
        if error.argument != "path":
            raise
        raise ConvmatError("--out", error.rule, out, error.remedy) from None
    except OSError as error:
        rule = "must name a file that can be written"
        raise ConvmatError("--out", rule, out, str(error.strerror)) from None


def _refuse_memory(g: Geometry) -> None:
    """Before anything is allocated, with what the command line can do instead."""
    refuse_beyond("the matrix of", g, matrix_bytes(g), None, _STREAMED)


def _refuse_beyond(g: Geometry, most: int, what: str) -> None:
    rows, columns = g.matrix_shape
    if rows * columns > most:
        rule = f"must have at most {most:,} positions to be written as {what}"
        raise ConvmatError("matrix", rule, f"{rows} x {columns}", _STREAMED)


FORMATS: dict[str, Writer] = {
    "text": write_text,
    "latex": write_latex,
    "npz": write_npz,
    "mtx": write_mtx,
    "csv": write_csv,
    "json": write_json,
}
"""The writers by the name of their format."""
