"""Kernels and images side by side, as tiles of grey or of two colours about zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from convmat.arrays import Array
from convmat.errors import ShapeError
from convmat.figures.canvas import cell, fitting_size, widest, wrapped
from convmat.figures.content import number
from convmat.figures.shades import Shades, draw_picture, read_pictures
from convmat.figures.sheet import Sheet
from convmat.figures.style import Mark, Theme, best_ink, theme_of

__all__ = ["kernel_grid"]

_CELLS = 8  # along the longer side of an array that is drawn cell by cell
_SMALLEST, _SIZE = 5.0, 8.0  # points
_PICTURE, _LONGEST = 1.5, 10.0  # inches of a picture, and of a row of them
_GAP, _MARGIN, _LINE = 0.3, 0.25, 0.17  # inches


def kernel_grid(
    kernels: Sequence[npt.ArrayLike],
    titles: Sequence[str] = (),
    *,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """Two-dimensional arrays as pictures, all on one range of values.

    Parameters
    ----------
    kernels : sequence of array_like
        Arrays of two axes: kernels, images, feature maps.
    titles : sequence of str, optional
        One for each.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        Grey from 0 (white) to the largest value (black); where any value is negative,
        orange below zero and purple above, with white at 0. Ids of its artists:
        `w[k,u,v]` the cells of a small array `k`, each with its number where that fits,
        `w[k]` the picture of a large one.

    Raises
    ------
    ShapeError
        For no arrays, an array of other axes or with a value that is not finite, or
        titles that are not as many.

    Examples
    --------
    >>> figure = kernel_grid([[[1, 0, -1]] * 3], ["left edge"])
    >>> print(figure.convmat["alt"])
    left edge, 3×3. Values from -1 to 1: orange is negative, white 0, purple positive.
    """
    arrays = read_pictures("kernels", kernels)
    if titles and len(titles) != len(arrays):
        rule = f"must be {len(arrays)}, one for each array"
        raise ShapeError("titles", rule, tuple(titles))
    known = list(titles) or [f"{index}" for index in range(len(arrays))]
    shades = Shades.of(arrays, "Greys")
    if shades.signed:
        shades = replace(shades, colors="PuOr")
    images = [shades.image(array) for array in arrays]

    sheet = Sheet.blank(theme_of(theme), ax)
    _lay_out(sheet, arrays, images, known, shades.note)
    told = [
        f"{title}, {len(array)}×{array.shape[1]}"
        for title, array in zip(known, arrays, strict=True)
    ]
    params = {"titles": known, "theme": sheet.theme.name}
    alt = f"{'; '.join(told)}. {shades.note}"
    return sheet.finish("kernel_grid", params, alt)


def _lay_out(
    sheet: Sheet, arrays: list[Array], images: list[Array], titles: list[str], note: str
) -> None:
    """Pictures under their titles from left to right, in as many rows as they need."""
    texts = [[[number(v, 3) for v in row] for row in array] for array in arrays]
    longest = max(max(array.shape) for array in arrays)
    side, size = _PICTURE / longest, 0.0
    if longest <= _CELLS:
        flat = [text for rows in texts for row in rows for text in row]
        side = min(0.6, max(0.32, 0.12 + widest(flat, _SIZE)))
        size = fitting_size(flat, side, side, _SIZE)
    room = max(side * longest, 1.1)  # of each picture, so that they stand in columns
    lines = [wrapped(title, _SIZE, room) for title in titles]
    head = _LINE * max(map(len, lines)) + 0.05
    room = max(room, widest((line for some in lines for line in some), _SIZE))
    columns = max(1, int((_LONGEST + _GAP) // (room + _GAP)))
    high = head + side * max(len(array) for array in arrays) + _GAP
    for index, array in enumerate(arrays):
        row, column = divmod(index, columns)
        left, top = _MARGIN + column * (room + _GAP), _MARGIN + row * high
        for depth, line in enumerate(lines[index]):
            y = top + head - 0.05 - (len(lines[index]) - depth - 0.5) * _LINE
            gid = f"title[{index}]" if not depth else f"title[{index}].{depth}"
            sheet.write(left, y, line, gid, fontsize=_SIZE, ha="left")
        corner = left, top + head
        if longest <= _CELLS:
            _cells(sheet, index, texts[index], images[index], corner, side, size)
        else:
            wide, deep = array.shape[1] * side, len(array) * side
            draw_picture(sheet, images[index], corner, (wide, deep), f"w[{index}]")
    rows = -(-len(arrays) // columns)
    bottom = _MARGIN + rows * high
    width = min(len(arrays), columns) * (room + _GAP) - _GAP
    parts = wrapped(note, _SIZE, max(width, 3.0))
    for depth, part in enumerate(parts):
        place = _MARGIN, bottom + depth * _LINE
        sheet.write(*place, part, f"caption[{depth}]", fontsize=_SIZE, ha="left")
    sheet.cut(
        2 * _MARGIN + max(width, widest(parts, _SIZE)),
        bottom + len(parts) * _LINE + 0.1,
    )


def _cells(
    sheet: Sheet,
    index: int,
    texts: list[list[str]],
    image: Array,
    corner: tuple[float, float],
    side: float,
    size: float,
) -> None:
    """One small array, each cell with its number where all of them fit."""
    for (row, column), _ in np.ndenumerate(image[..., 0]):
        red, green, blue = image[row, column].tolist()
        fill = to_hex((red, green, blue))
        mark = Mark(fill, best_ink(fill), sheet.theme.muted)
        place = corner[0] + column * side, corner[1] + row * side
        text = texts[row][column] if size >= _SMALLEST else ""
        gid = f"w[{index},{row},{column}]"
        cell(sheet.ax, place, (side, side), mark, gid, text=text, points=size)
