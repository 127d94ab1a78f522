"""The matrix of a convolution, drawn: every tap in its colour, zeros of both kinds."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.figures.canvas import cell
from convmat.figures.content import flat_kernel, short, tap_texts
from convmat.figures.entries import entry_texts
from convmat.figures.grid import Grid
from convmat.figures.pages import (
    Page,
    annotate,
    fits_cells,
    new_page,
    page_within,
    shows_texts,
)
from convmat.figures.sheet import describe
from convmat.figures.style import Theme, theme_of
from convmat.geometry import Geometry
from convmat.labels import labels

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
        drops have a position (×, dashed), and are told apart from untouched zeros. Taps
        on padding that repeats the input have one too (dashed, in their colour), under
        the name of the input.

    Returns
    -------
    Figure
        Ids of its artists: `W[r,c]`; `x[i,j]` and `y[r]` for the names of columns and
        rows, `pad[c]` for columns of padding; `w[u,v]` in the key; a text in a cell has
        the cell's id with `.text`. A cell where taps share an input shows their sum, in
        the colour of the first, with a filled corner `W[r,c].sum`. Cells too small for
        text become one image, `W`.

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
    known = labels(geometry)
    words = []
    if fits_cells(grid):
        words = entry_texts(grid.entries, taps, lambda tap: short(known.letter(tap)))
    if ax is None:
        page = new_page(grid, texts, words, look)
    else:
        page = page_within(ax, grid, words)
    lines = grid.caption(bool(page.points))
    stored: list[str] = []
    if page.points:
        page.ax.set_aspect("equal")
        stored = _draw_cells(page, grid, words, look)
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
    alt = " ".join([_shape(grid), *_entries(grid, words), *(f"{t}." for t in lines)])
    return describe(page.figure, "matrix_plot", params, alt, W=stored)


def _draw_cells(page: Page, grid: Grid, words: list[str], look: Theme) -> list[str]:
    """Every position as a cell; the ids of the stored ones."""
    stored = []
    for (row, column), number in np.ndenumerate(grid.numbers()):
        gid = f"W[{row},{column}]"
        if number >= 0:
            mark, text = grid.mark(int(number), column, look), words[number]
            stored.append(gid)
        else:
            mark, text = (look.untouched, "0") if number == -1 else (look.dropped, "×")
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


def _entries(grid: Grid, words: list[str]) -> list[str]:
    """A sentence for each row of a small matrix."""
    if not words or len(words) > _TOLD:
        return []
    columns = [name for name, _ in grid.column_names()]
    told: list[list[str]] = [[] for _ in range(grid.shape[0])]
    places = zip(grid.entries.rows.tolist(), grid.entries.cols.tolist(), strict=True)
    for (row, column), word in zip(places, words, strict=True):
        again = "repeated " if grid.is_padding[column] else ""
        told[row].append(f"{word} at {again}{columns[column]}")
    names = [name for name, _ in grid.row_names()]
    return [
        f"Row {name}: {', '.join(parts) or 'zeros only'}."
        for name, parts in zip(names, told, strict=True)
    ]
