"""The equation `W x + b = y` drawn in full: sums with zero terms, then without."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.errors import ConvmatError, ShapeError
from convmat.figures.content import cell_id
from convmat.figures.equation_page import write_equation
from convmat.figures.sheet import Sheet
from convmat.figures.style import Theme, theme_of
from convmat.figures.sums import Sums
from convmat.geometry import Geometry

__all__ = ["matrix_equation"]

_MOST = 16  # rows, and columns


def matrix_equation(
    geometry: Geometry,
    kernel: npt.ArrayLike | None = None,
    x: npt.ArrayLike | None = None,
    *,
    bias: str | npt.ArrayLike | None = None,
    width: float = 6.5,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """`W x + b` as its sums, once with all zero terms (grey) and once without them.

    Parameters
    ----------
    geometry : Geometry
        At most 16 outputs and 16 inputs.
    kernel, x : array_like, optional
        Numbers in place of the symbols of taps and input.
    bias : str or array_like, optional
        One symbol for all outputs, or one number per output channel.
    width : float
        Inches of a page. What does not fit on one line goes on below, before an equals
        sign; `math.inf` keeps it all on one.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        Ids of its artists: `W[r,c]`, `x[i,j]`, `b[r]`, `y[r]`; `sum[r,c]` the terms of
        the full sums and `term[r,c]` those that remain. The results are numbers where
        all that stands before them is. An entry that is a sum of taps has a filled
        corner: the id of its cell with `.sum`.

    Raises
    ------
    ShapeError
        When the matrix is too large to be read, or an array not of this geometry.
    ConvmatError
        When `width` is not greater than 0.

    Examples
    --------
    >>> from convmat import geometry
    >>> figure = matrix_equation(geometry((3, 3), (2, 2)), bias="b")
    >>> print(figure.convmat["alt"].splitlines()[1])
    P = αA + βB + 0C + γD + δE + 0F + 0G + 0H + 0J + b = αA + βB + γD + δE + b
    """
    rows, columns = geometry.matrix_shape
    if max(rows, columns) > _MOST:
        rule = f"must have at most {_MOST} rows and columns to be read as an equation"
        remedy = "matrix_plot draws a matrix of any size"
        raise ShapeError("geometry.matrix_shape", rule, (rows, columns), remedy)
    if not width > 0:
        raise ConvmatError("width", "must be greater than 0", width)
    look = theme_of(theme)
    sums = Sums.of(geometry, kernel, x, bias)
    sheet = Sheet.blank(look, ax)
    write_equation(sheet, sums, width)
    ids = {
        "x": [cell_id("x", geometry.input_shape, column) for column in range(columns)],
        "W": [f"W[{row},{column}]" for row, column in np.argwhere(sums.pattern >= 0)],
        "y": [f"y[{row}]" for row in range(rows)],
    }
    params = {
        "geometry": repr(geometry),
        "kernel": None if kernel is None else sums.taps,
        "x": None if x is None else sums.inputs,
        "bias": sums.bias or None,
        "theme": look.name,
    }
    return sheet.finish("matrix_equation", params, sums.in_words(), **ids)
