"""The matrix and the equation as text for terminals, without matplotlib."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence

import numpy.typing as npt

from convmat import sliding
from convmat.arrays import Array
from convmat.errors import ShapeError
from convmat.figures.content import (
    dense_matrix,
    flat_input,
    flat_kernel,
    number,
    sums_told,
)
from convmat.figures.corner import corner
from convmat.figures.entries import Entries, entry_texts
from convmat.figures.terminal import ZERO, painted, wants_color
from convmat.geometry import Geometry
from convmat.labels import Labels, labels

__all__ = ["equation_text", "matrix_text", "wants_color"]

_MOST = 32  # rows and columns of an equation that a reader can still follow


def matrix_text(
    geometry: Geometry,
    kernel: npt.ArrayLike | None = None,
    *,
    color: bool = False,
    names: Labels | None = None,
    width: int | None = None,
    max_rows: int = 40,
    transposed: bool = False,
) -> str:
    """The matrix of a geometry as text: one row an output, one column an input.

    Parameters
    ----------
    geometry : Geometry
    kernel : array_like, optional
        Its values are shown; without it, the letter of each tap is.
    color : bool
        Whether terminal codes colour the taps. They are all that it changes.
    names : Labels, optional
        Names of taps, inputs and outputs; by default `convmat.labels.labels`.
    width : int, optional
        Characters in a line; by default the width of the terminal.
    max_rows : int
        Rows to show at most.
    transposed : bool
        Whether the transposed matrix is shown: one row an input, one column an output.

    Returns
    -------
    str
        A structural zero is `·`, so that a tap whose value is 0 stays a `0`. Entries
        that are sums of taps, such as `α+γ`, are underlined in colour, and counted.
        Names of columns stand upright where that makes room. Columns and rows
        that do not fit even so are left out and counted in a last line; nothing wraps.
        The cost is that of what is shown, however large the matrix is.

    Raises
    ------
    ShapeError
        When the kernel is not of this geometry.

    Examples
    --------
    >>> from convmat import geometry
    >>> print(matrix_text(geometry((3, 3), (2, 2)), width=80))
      A B C D E F G H J
    P α β · γ δ · · · ·
    Q · α β · γ δ · · ·
    R · · · α β · γ δ ·
    S · · · · α β · γ δ
    """
    known = names or labels(geometry)
    taps = None if kernel is None else flat_kernel(geometry, kernel)
    rows, columns = geometry.matrix_shape
    down, across = known.outputs, known.inputs
    if transposed:
        rows, columns, down, across = columns, rows, across, down
    high = min(rows, max_rows)
    heads = down[:high]
    margin = max(map(len, heads), default=0)
    room = (shutil.get_terminal_size().columns if width is None else width) - margin
    most = min(columns, max(1, room // 2))  # a cell is a space and a letter at least
    entries = corner(geometry, high, most, transposed=transposed)
    texts = entry_texts(entries, taps, known.letter)
    cell = 1 + max(map(len, texts), default=1)
    wide = max(cell, 1 + max(map(len, across[:most])))
    # Upright names take several lines: they must make room for all, or for many more.
    upright = wide * columns > room and (cell * columns <= room or 2 * cell <= wide)
    cell = cell if upright else wide
    shown = min(columns, max(1, room // cell))
    lines = _heading(across[:shown], margin, cell, upright)
    for head, cells in zip(heads, _cells(entries, texts, high, shown), strict=True):
        lines.append(head.rjust(margin) + painted(cells, cell, color))
    lines += _sums(entries, shown)
    if shown < columns or high < rows:
        lines.append(_left_out(columns - shown, columns, rows - high, rows))
    return "\n".join(lines)


def equation_text(
    geometry: Geometry,
    kernel: npt.ArrayLike,
    x: npt.ArrayLike,
    *,
    color: bool = False,
    names: Labels | None = None,
) -> str:
    """`W @ x` beside the result of the sliding window, as lines of text.

    Parameters
    ----------
    geometry : Geometry
    kernel, x : array_like
        Numbers; one input, no batch.
    color : bool
        Whether terminal codes colour the taps.
    names : Labels, optional
        Names of inputs and outputs; by default `convmat.labels.labels`.

    Returns
    -------
    str
        Rows of the matrix, `x` as a column, the product, and what the window gives.
        Entries that are sums of taps are underlined in colour, and counted.

    Raises
    ------
    ShapeError
        When an array is not of this geometry, or the matrix has more than 32 rows or
        columns.

    Examples
    --------
    >>> from convmat import geometry
    >>> print(equation_text(geometry(3, 2), [1, 2], [5, 6, 7]))
               W       x     W @ x    window
          A  B  C
       P  1  2  ·    A 5        17        17
       Q  ·  1  2  @ B 6  =     20  =     20
                     C 7
    """
    rows, columns = geometry.matrix_shape
    if max(rows, columns) > _MOST:
        rule = f"must have at most {_MOST} rows and columns to be written out"
        remedy = "matrix_text and matrix_plot show matrices of any size"
        raise ShapeError("geometry.matrix_shape", rule, (rows, columns), remedy)
    known = names or labels(geometry)
    taps, inputs = flat_kernel(geometry, kernel), flat_input(geometry, x)
    product = dense_matrix(geometry, taps) @ inputs
    window = _window(geometry, taps, inputs)

    entries = corner(geometry, rows, columns)
    texts = entry_texts(entries, taps, known.letter)
    cell = 2 + max(map(len, (*map(number, taps), *texts, *known.inputs)))
    margin = 3 + max(map(len, known.outputs))
    label = 1 + max(map(len, known.inputs))
    values = _aligned(map(number, inputs))
    products = _aligned(map(number, product), least=6)
    windows = _aligned(map(number, window), least=6)
    middle = (rows - 1) // 2 + (rows > 1)
    patterns = _cells(entries, texts, rows, columns)
    head = " " * margin + "".join(name.rjust(cell) for name in known.inputs)
    title = "W".rjust((margin + len(head)) // 2).ljust(len(head))
    x_title = "x".rjust(4 + label + len(values[0]))
    product_title = "W @ x".rjust(4 + len(products[0]))
    window_title = "window".rjust(4 + len(windows[0]))
    lines = [f"{title}{x_title}{product_title}{window_title}", head]
    for line in range(max(rows, columns)):
        signs = ("@", "=", "=") if line == middle else (" ", " ", " ")
        text = " " * len(head)
        if line < rows:
            cells = painted(patterns[line], cell, color)
            text = known.outputs[line].rjust(margin) + cells
        text += f"  {signs[0]} "
        if line < columns:
            text += known.inputs[line].ljust(label) + values[line]
        else:
            text += " " * (label + len(values[0]))
        if line < rows:
            text += f"  {signs[1]} {products[line]}  {signs[2]} {windows[line]}"
        lines.append(text)
    lines += _sums(entries, columns)
    return "\n".join(line.rstrip() for line in lines)


def _cells(
    entries: Entries, texts: list[str], rows: int, columns: int
) -> list[list[tuple[str, int, bool]]]:
    """Text, tap (or -1) and whether it is a sum, of each position shown."""
    zero = ZERO, -1, False
    cells = [[zero] * columns for _ in range(rows)]
    looks = zip(texts, entries.taps.tolist(), entries.sums.tolist(), strict=True)
    places = zip(entries.rows.tolist(), entries.cols.tolist(), strict=True)
    for (row, column), look in zip(places, looks, strict=True):
        if column < columns:
            cells[row][column] = look
    return cells


def _sums(entries: Entries, columns: int) -> list[str]:
    """A line about the sums among the entries shown, where there are any."""
    count = int(entries.sums[entries.cols < columns].sum())
    return [sums_told(count)] if count else []


def _heading(names: Sequence[str], margin: int, cell: int, upright: bool) -> list[str]:
    """The names of columns: side by side in one line, or each from top to bottom."""
    height = max(map(len, names)) if upright else 1
    lines = []
    for line in range(height):
        parts = [name.rjust(height)[line] if upright else name for name in names]
        lines.append(" " * margin + "".join(part.rjust(cell) for part in parts))
    return lines


def _left_out(columns: int, of_columns: int, rows: int, of_rows: int) -> str:
    parts = []
    if columns:
        parts.append(f"{columns:,} of {of_columns:,} columns")
    if rows:
        parts.append(f"{rows:,} of {of_rows:,} rows")
    return f"... {' and '.join(parts)} left out"


def _window(geometry: Geometry, taps: Array, inputs: Array) -> Array:
    """What the sliding window gives, flat."""
    batch = inputs.reshape(1, geometry.in_channels, *geometry.input_size)
    kernel = taps.reshape(geometry.weight_shape)
    return sliding.forward(batch, kernel, geometry).reshape(-1)


def _aligned(texts: Iterable[str], least: int = 0) -> list[str]:
    """The texts at equal width, to the right."""
    known = list(texts)
    width = max(least, *map(len, known))
    return [text.rjust(width) for text in known]
