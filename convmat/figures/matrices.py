"""The matrix of a convolution, drawn: every tap in its colour, zeros of both kinds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.figures.canvas import cell, describe
from convmat.figures.content import caption, flat_kernel, tap_texts
from convmat.figures.grid import Grid
from convmat.figures.pages import Page, annotate, new_page, page_within, shows_texts
from convmat.figures.style import Theme, tap_mark, theme_of
from convmat.geometry import Geometry

__all__ = ["matrix_plot"]

_TOLD = 64  # entries that the alt text names one by one


def matrix_plot(
    geometry: Geometry,
    kernel: npt.ArrayLike | None = None,
    *,
    ax: Axes | None = None,
    theme: str | Theme = "light",
    padding: bool = False,
) -> Figure:
    """The matrix of a geometry: rows are outputs, columns are inputs.

    Parameters
    ----------
    geometry : Geometry
    kernel : array_like, optional
        Its values are written into the cells; without it, the letters of the taps.
    ax : Axes, optional
        Where to draw; by default a new figure, with the kernel beside it as the key.
    theme : str or Theme
        `"light"` or `"dark"`.
    padding : bool
        Whether to draw the matrix over the padded input. There the taps that padding
        drops have a position (×, dashed), and are told apart from untouched zeros.

    Returns
    -------
    Figure
        Ids of its artists: `W[r,c]`; `x[i,j]` and `y[r]` for the names of columns and
        rows, `pad[c]` for columns of padding; `w[u,v]` in the key; a text in a cell has
        the cell's id with `.text`. Cells too small for text become one image, `W`.

    Raises
    ------
    ShapeError
        When the kernel is not of this geometry.

    Examples
    --------
    >>> from convmat import geometry
    >>> figure = matrix_plot(geometry((3, 3), (2, 2)))
    >>> len(figure.convmat["highlighted"]["W"])
    16
    """
    look = theme_of(theme)
    grid = Grid.of(geometry, padding)
    taps = None if kernel is None else flat_kernel(geometry, kernel)
    texts = tap_texts(geometry, taps) if shows_texts(grid) else []
    page = new_page(grid, texts, look) if ax is None else page_within(ax, grid, texts)
    lines = caption(geometry, padding, bool(page.points))
    stored: list[str] = []
    if page.points:
        page.ax.set_aspect("equal")
        stored = _draw_cells(page, grid, texts, look)
    else:
        dots = _draw_picture(page, grid, look)
        lines.append(_dots_note(grid, dots))
    annotate(page, grid, lines, look)
    params = {
        "geometry": repr(geometry),
        "kernel": None if taps is None else texts,
        "theme": look.name,
        "padding": padding,
    }
    alt = " ".join([_shape(grid), *_entries(grid, texts), *(f"{t}." for t in lines)])
    return describe(page.figure, "matrix_plot", params, alt, W=stored)


def _draw_cells(page: Page, grid: Grid, texts: list[str], look: Theme) -> list[str]:
    """Every position as a cell; the ids of the stored ones."""
    stored = []
    for (row, column), tap in np.ndenumerate(grid.marks()):
        gid = f"W[{row},{column}]"
        if tap >= 0:
            mark, text = tap_mark(int(tap), look), texts[tap]
            stored.append(gid)
        else:
            mark, text = (look.untouched, "0") if tap == -1 else (look.dropped, "×")
        corner = column - 0.5, row - 0.5
        cell(page.ax, corner, (1, 1), mark, gid, text=text, points=page.points)
    return stored


def _draw_picture(page: Page, grid: Grid, look: Theme) -> tuple[int, int]:
    """The matrix as one image; its rows and columns of dots."""
    high, wide = grid.shape
    dpi = page.figure.dpi
    room = int(high * page.side[1] * dpi), int(wide * page.side[0] * dpi)
    image = grid.picture(look, (max(1, room[0]), max(1, room[1])))
    page.ax.imshow(
        image,
        extent=(-0.5, wide - 0.5, high - 0.5, -0.5),
        interpolation="nearest",  # every dot is drawn, none is blended with another
        aspect="auto",
        gid="W",
    )
    return image.shape[0], image.shape[1]


def _dots_note(grid: Grid, dots: tuple[int, int]) -> str:
    if dots == grid.shape:
        return "one dot a position; colour tells the tap"
    high, wide = (-(-n // d) for n, d in zip(grid.shape, dots, strict=True))
    return f"a dot stands for up to {high}×{wide} positions, in the colour of one tap"


def _shape(grid: Grid) -> str:
    rows, columns = grid.shape
    over = "the padded input" if grid.padding else "the input"
    return (
        f"The matrix of {grid.geometry!r}: {rows} rows, one an output, by "
        f"{columns} columns, one a cell of {over}."
    )


def _entries(grid: Grid, texts: list[str]) -> list[str]:
    """A sentence for each row of a small matrix."""
    if len(grid.taps) > _TOLD:
        return []
    columns, rows = grid.column_names(), grid.row_names()
    sentences = []
    for row, (name, _) in enumerate(rows):
        mine = grid.rows == row
        pairs = zip(grid.taps[mine].tolist(), grid.cols[mine].tolist(), strict=True)
        told = ", ".join(f"{texts[tap]} at {columns[col][0]}" for tap, col in pairs)
        sentences.append(f"Row {name}: {told or 'zeros only'}.")
    return sentences
