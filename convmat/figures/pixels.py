"""An image as the table of numbers that it is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from convmat.errors import ShapeError
from convmat.figures.canvas import cell, fitting_size, widest, wrapped
from convmat.figures.chart import LINE, SIZE, paragraph
from convmat.figures.content import number
from convmat.figures.shades import Shades, read_picture
from convmat.figures.sheet import Sheet
from convmat.figures.style import Mark, Theme, best_ink, theme_of

__all__ = ["pixel_table"]

_MOST = 32  # rows, and columns
_WIDE, _LARGEST, _LOW = 6.4, 0.5, 0.8  # inches of all, of a cell; its height over width
_MARGIN, _NAMES = 0.2, 0.28  # inches
_SMALLEST, _SMALL = 4.5, 6.5  # points of numbers in cells, and of those around them


def pixel_table(
    image: npt.ArrayLike, *, ax: Axes | None = None, theme: str | Theme = "light"
) -> Figure:
    """An image as a table: each pixel's number, on the grey that it stands for.

    Parameters
    ----------
    image : array_like, `(high, wide)`
        At most 32 on each side.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        White is 0 and black the largest value; where any is negative, 0 is mid-grey.
        Ids of its artists: the cells `x[i,j]`, their numbers with `.text`, and
        `row[i]` and `column[j]` around them. Where some number fits no cell, none is
        written.

    Raises
    ------
    ShapeError
        For an image of other axes, one that is larger, or one with a value that is not
        finite.
    ConvmatTypeError
        For what are no real numbers.
    ConvmatError
        For an unknown theme.

    Examples
    --------
    >>> figure = pixel_table([[0, 29], [254, 109]])
    >>> print(figure.convmat["alt"])
    A table of the pixels of an image, 2 rows of 2. Values from 0 to 254: white is 0,
    black the largest value.
    """
    array = read_picture("image", image)
    rows, columns = array.shape
    if max(rows, columns) > _MOST:
        rule = f"must be at most {_MOST} on each side"
        remedy = f"show a part of it, such as image[:{_MOST}, :{_MOST}]"
        raise ShapeError("image.shape", rule, array.shape, remedy)
    shades = Shades.of([array], "Greys")
    colored = shades.image(array)
    texts = {place: number(value, 2) for place, value in np.ndenumerate(array)}
    if (array == np.rint(array)).all():
        texts = {place: number(int(value)) for place, value in np.ndenumerate(array)}
    wide = min(_LARGEST, _WIDE / columns, max(0.24, 0.1 + widest(texts.values(), SIZE)))
    high = max(_LOW * wide, min(wide, 0.24))
    points = fitting_size(list(texts.values()), wide, high, SIZE)
    sheet = Sheet.blank(theme_of(theme), ax)
    left = top = _MARGIN + _NAMES
    for (row, column), text in texts.items():
        red, green, blue = colored[row, column].tolist()
        fill = to_hex((red, green, blue))
        mark = Mark(fill, best_ink(fill), sheet.theme.muted)
        cell(
            sheet.ax,
            (left + column * wide, top + row * high),
            (wide, high),
            mark,
            f"x[{row},{column}]",
            text=text if points >= _SMALLEST else "",
            points=points,
        )
    around = min(_SMALL, fitting_size(["00"], wide, high, _SMALL))
    looks = {"fontsize": around, "color": sheet.theme.muted}
    for row in range(rows):
        y = top + (row + 0.5) * high
        sheet.write(left - 0.07, y, f"{row}", f"row[{row}]", ha="right", **looks)
    for column in range(columns):
        x = left + (column + 0.5) * wide
        sheet.write(x, top - 0.1, f"{column}", f"column[{column}]", **looks)
    room = max(3.0, _NAMES + columns * wide)
    below = top + rows * high + 0.12
    lines = len(wrapped(shades.note, SIZE, room))
    paragraph(sheet, shades.note, (_MARGIN, below), room)
    sheet.cut(room + 2 * _MARGIN, below + lines * LINE + 0.1)
    params = {
        "shape": list(array.shape),
        "signed": shades.signed,
        "numbers": points >= _SMALLEST,
        "theme": sheet.theme.name,
    }
    size = f"{rows} rows of {columns}"
    alt = f"A table of the pixels of an image, {size}. {shades.note}"
    return sheet.finish("pixel_table", params, alt)
