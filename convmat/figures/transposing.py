"""The transposed convolution: its matrix, one input scattered, a direct one beside."""

from __future__ import annotations

import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.errors import ShapeError
from convmat.figures.article import given
from convmat.figures.chosen import middle_of, middle_row, output_number, read_output
from convmat.figures.content import flat_kernel
from convmat.figures.sheet import Sheet
from convmat.figures.style import Theme, theme_of
from convmat.figures.transpose_page import TransposePage
from convmat.geometry import Geometry, IntOrInts

__all__ = ["transpose"]

_MOST, _LONGEST = 400, 40  # positions of a matrix, and rows or columns of it


def transpose(
    geometry: Geometry | None = None,
    kernel: npt.ArrayLike | None = None,
    *,
    column: IntOrInts | None = None,
    row: IntOrInts | None = None,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """A matrix and its transpose, and two ways to apply that without a matrix.

    Above, `W` and `Wᵀ`. In the middle, what one column of `Wᵀ` does: it *scatters* its
    input, times the kernel, over the result. Below, the ordinary convolution that does
    the same: the flipped kernel on the input with zeros between its cells (where the
    stride is above 1) and around them.

    Parameters
    ----------
    geometry : Geometry, optional
        The paired convolution, whose transpose is meant, as
        `convmat.transposed_geometry` gives it; of at most 400 matrix positions, and 40
        rows and columns. By default a 3×3 input and a 2×2 kernel.
    kernel : array_like, optional
        Numbers in place of the letters of the taps.
    column, row : int or tuple of int, optional
        Of `Wᵀ`, or positions: the input that is scattered, and the cell of the result
        whose window is shown below; by default the middle ones.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        Ids of its artists: `W[r,c]`, and in the transpose `W[r,c]@T`; in the middle
        `w[u,v]`, `y[r]@scatter` and `x[i,j]@scatter`; below `w[u,v]@direct`, which are
        the same taps in flipped places, `s[i,j]` for the padded and stretched input
        and `x[i,j]@direct`. `column` and `column@T` frame the entries of that input.

    Raises
    ------
    ShapeError
        For a larger matrix, and a kernel that is not of this geometry.
    ConvmatError
        For a column or a row that there is not, and an unknown theme.
    ConvmatTypeError
        For what is no geometry.

    Examples
    --------
    >>> from convmat import transposed_geometry
    >>> figure = transpose(transposed_geometry(3, 2, stride=2), column=1)
    >>> print(figure.convmat["alt"])
    The 3×6 matrix of geometry((6,), (2,), stride=2), and its transpose. Input Q is
    scattered: α to C, β to D. The same by an ordinary convolution: the kernel flipped,
    β α, on the input with zeros between and around, 0 P 0 Q 0 R 0, at stride 1; cell D
    of the result reads Q through β.
    """
    g = given(geometry)
    rows, columns = g.matrix_shape
    if rows * columns > _MOST or max(rows, columns) > _LONGEST:
        rule = f"must have at most {_MOST} matrix positions, and {_LONGEST} rows and "
        rule += f"columns, not {rows}×{columns}"
        raise ShapeError("geometry", rule, g, "matrix_plot draws any matrix")
    if g.rank > 2:
        rule = "must have one or two spatial axes"
        raise ShapeError("geometry", rule, g, "matrix_plot draws any matrix")
    chosen = (
        middle_row(g) if column is None else read_output(g, column, "column"),
        middle_of(g.input_size)
        if row is None
        else output_number(row, g.input_shape, "row"),
    )
    taps = None if kernel is None else flat_kernel(g, kernel)
    sheet = Sheet.blank(theme_of(theme), ax)
    page = TransposePage(sheet, g, taps, chosen)
    stored = page.draw()
    params = {
        "geometry": repr(g),
        "kernel": None if kernel is None else page.texts,
        "column": chosen[0],
        "row": chosen[1],
        "theme": sheet.theme.name,
    }
    ids = {"x": page.reached, "y": [f"y[{chosen[0]}]@scatter"]}
    return sheet.finish("transpose", params, page.alt(), W=stored, **ids)
