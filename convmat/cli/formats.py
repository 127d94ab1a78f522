"""What `convmat matrix` writes, one function for each format."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from shutil import get_terminal_size
from textwrap import fill
from typing import TypeAlias

from convmat.arrays import Array, IntArray
from convmat.cli.asked import Asked
from convmat.cli.files import about_out, progress, text_output
from convmat.cli.kernel import as_json_numbers, as_numbers
from convmat.errors import ConvmatError, MatrixTooLargeError
from convmat.matrix import save_matrix, save_rows
from convmat.matrix.source import arguments
from convmat.memory import refuse_beyond
from convmat.transposed import conv_transpose_matrix

__all__ = ["FORMATS", "Writer", "write_latex", "write_text"]

Writer: TypeAlias = Callable[[Asked, str | None], None]
"""Writes a matrix to a file, or to the terminal."""

_MOST = 10**6  # positions of a text file; a reader is lost long before
_AT_ONCE = 1 << 16  # numbers of a JSON array that are written together
_STREAMED = "--format csv lists the entries in bounded memory, at any size"


def write_text(asked: Asked, out: str | None, *, color: bool = False) -> None:
    """A picture of the matrix: its corner on a terminal, all of it in a file.

    Raises
    ------
    ConvmatError
        When a file would be too large to be read.
    """
    from convmat.cli.picture import corner_text, whole_text

    if out is None:
        width = get_terminal_size().columns
        picture = corner_text(asked, width, color=color)
        words = fill(asked.summary(), width)
    else:
        _refuse_beyond(asked, _MOST, "a text file")
        picture, words = whole_text(asked), asked.summary()
    with text_output(out) as file:
        print(picture, words, sep="\n\n", file=file)


def write_latex(asked: Asked, out: str | None, *, color: bool = False) -> None:
    """A `bmatrix`, of letters or of the kernel's values, with or without colours."""
    from convmat.symbolic import LIMIT, symbolic_matrix

    _refuse_beyond(asked, LIMIT, "LaTeX")
    if color:
        from convmat.figures.latex import latex_matrix

        colored = latex_matrix(
            asked.geometry, asked.kernel, transposed=asked.transposed
        )
        with text_output(out) as file:
            print(colored, file=file)
        return
    matrix = symbolic_matrix(asked.geometry, asked.kernel)
    from sympy import latex

    # Beyond ten columns SymPy would turn to another environment.
    matrix = matrix.T if asked.transposed else matrix
    text = latex(matrix, mat_str="bmatrix", mat_delim="")
    with text_output(out) as file:
        print(text, file=file)


def write_csv(asked: Asked, out: str | None) -> None:
    """One line for each tap of each row; memory does not grow with the matrix."""
    values = None
    if asked.kernel is not None:
        flat = asked.kernel.reshape(-1).tolist()
        values = [str(value).strip("()") for value in flat]
    entries = asked.geometry.contributions
    with text_output(out) as file, progress(entries, out) as shown:
        file.write("row,column,tap,value\n")
        for rows, cols, taps in asked.blocks():
            file.writelines(
                f"{row},{column},{tap},{values[tap] if values else tap + 1}\n"
                for row, column, tap in zip(
                    rows.tolist(), cols.tolist(), taps.tolist(), strict=True
                )
            )
            shown.update(len(rows))


def write_json(asked: Asked, out: str | None) -> None:
    """One object: the geometry, the shape, and the three arrays of the CSR form.

    Raises
    ------
    ConvmatError
        For complex numbers.
    """
    _refuse_memory(asked)
    numbers = as_json_numbers(asked.kernel, asked.geometry)
    if numbers.dtype.kind == "c":
        rule = "must be real in JSON, which has no complex numbers"
        remedy = "use --format npz, mtx or csv"
        raise ConvmatError("--values", rule, str(numbers.dtype), remedy)
    arrays = asked.arrays(numbers)
    with (
        text_output(out) as file,
        progress(sum(map(len, arrays.values())), out) as shown,
    ):
        settings = json.dumps(arguments(asked.geometry))
        file.write(f'{{"geometry": {settings},\n')
        if asked.transposed:
            file.write(' "transposed": true,\n')
        file.write(f' "shape": {json.dumps(asked.shape)}')
        for name, array in arrays.items():
            file.write(f',\n "{name}": [')
            for first in range(0, len(array), _AT_ONCE):
                part: Array | IntArray = array[first : first + _AT_ONCE]
                file.write(", " * bool(first) + json.dumps(part.tolist())[1:-1])
                shown.update(len(part))
            file.write("]")
        file.write("}\n")


def write_npz(asked: Asked, out: str | None) -> None:
    """A file for `scipy.sparse.load_npz`, slab by slab."""
    _save("npz", asked, out)


def write_mtx(asked: Asked, out: str | None) -> None:
    """A Matrix Market file, for `scipy.io.mmread`, slab by slab."""
    _save("mtx", asked, out)


def _save(name: str, asked: Asked, out: str | None) -> None:
    """A file of `convmat.matrix`; the transposed matrix is built as a whole for it."""
    if out is None or Path(out).suffix != f".{name}":
        rule = f"must name a file that ends in .{name} beside --format {name}"
        raise ConvmatError("--out", rule, out)
    g = asked.geometry
    numbers = as_numbers(asked.kernel, g)
    with about_out(out) as target:
        try:
            if asked.transposed:
                matrix = conv_transpose_matrix(
                    numbers, asked.reads, output_shape=asked.gives, **g.keywords
                )
                save_matrix(target, matrix)
            else:
                save_rows(target, numbers, g.input_shape, **g.keywords)
        except MatrixTooLargeError as error:
            needed, allowed = error.needed, error.allowed
            raise MatrixTooLargeError(
                "the matrix" if asked.transposed else "a row of the matrix",
                needed,
                allowed,
                _STREAMED,
            ) from None


def _refuse_memory(asked: Asked) -> None:
    """Before anything is allocated, with what the command line can do instead."""
    # The paired matrix is held while it is transposed.
    needed = asked.bytes * (2 if asked.transposed else 1)
    try:
        refuse_beyond("the matrix of", asked.geometry, needed, None, _STREAMED)
    except MatrixTooLargeError as error:
        raise MatrixTooLargeError(
            "the matrix", error.needed, error.allowed, _STREAMED
        ) from None


def _refuse_beyond(asked: Asked, most: int, what: str) -> None:
    rows, columns = asked.shape
    if rows * columns > most:
        rule = f"must have at most {most:,} positions to be written as {what}"
        raise ConvmatError("the matrix", rule, f"{rows} x {columns}", _STREAMED)


FORMATS: dict[str, Writer] = {
    "text": write_text,
    "latex": write_latex,
    "npz": write_npz,
    "mtx": write_mtx,
    "csv": write_csv,
    "json": write_json,
}
"""The writers by the name of their format."""
