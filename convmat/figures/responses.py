"""An image and the maps that kernels make of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from convmat.arrays import Array
from convmat.errors import ShapeError
from convmat.figures.canvas import cell, fitting_size, wrapped
from convmat.figures.chart import LINE, SIZE, paragraph
from convmat.figures.content import number
from convmat.figures.shades import (
    KEY,
    Shades,
    draw_key,
    framed_picture,
    read_picture,
    read_pictures,
)
from convmat.figures.sheet import Sheet
from convmat.figures.style import Mark, Theme, best_ink, theme_of

__all__ = ["feature_maps"]

_PICTURE, _KERNEL, _WIDE = 1.3, 0.75, 6.9  # inches of a map, a kernel, the whole
_MARGIN, _GAP, _ARROW = 0.25, 0.22, 0.45  # inches
_TAPS, _SMALLEST = 5, 5.0  # along a kernel that is drawn with numbers, points of those
_MOST = 64  # maps


def feature_maps(
    image: npt.ArrayLike,
    maps: Sequence[npt.ArrayLike],
    titles: Sequence[str] = (),
    *,
    kernels: Sequence[npt.ArrayLike] = (),
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """An image, and beside it what a layer or some kernels make of it, in greys.

    Parameters
    ----------
    image : array_like, `(high, wide)`
    maps : sequence of array_like, two axes each
        Feature maps, 64 at most. They share one range of greys: white to black from 0
        on, and where any value is negative, mid-grey at 0.
    titles : sequence of str, optional
        One for each map.
    kernels : sequence of array_like, two axes each, optional
        One for each map, drawn beside it.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        Ids of its artists: `x` the image, `y[k]` map `k`, each with its border under
        `.edge`, `title[k]`, and of its kernel the cells `w[k,u,v]`, or the picture
        `w[k]` of one with more than 5 taps along an axis.

    Raises
    ------
    ShapeError
        For arrays of other axes or with a value that is not finite; no maps, or more
        than 64; titles or kernels that are not as many.
    ConvmatTypeError
        For what are no real numbers.
    ConvmatError
        For an unknown theme.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat import conv
    >>> image, kernel = np.eye(6), [[1, 0], [0, -1]]
    >>> figure = feature_maps(image, [conv(image, kernel)], ["diagonal"])
    >>> print(figure.convmat["alt"])
    An image of 6×6, and 1 map of it: diagonal, 5×5. Values from 0 to 0: white is 0,
    black the largest value.
    """
    pixels = read_picture("image", image)
    arrays = read_pictures("maps", maps)
    if len(arrays) > _MOST:
        remedy = f"draw some of them: maps[:{_MOST}]"
        raise ShapeError("maps", f"must be at most {_MOST}", len(arrays), remedy)
    for name, given in (("titles", titles), ("kernels", kernels)):
        if len(given) not in (0, len(arrays)):
            rule = f"must be {len(arrays)}, one for each map"
            raise ShapeError(name, rule, len(given))
    known = list(titles) or [f"map {place}" for place in range(len(arrays))]
    taps = read_pictures("kernels", kernels) if len(kernels) else []
    shades = Shades.of(arrays, "Greys")
    sheet = Sheet.blank(theme_of(theme), ax)
    _Maps(sheet, shades, arrays, known, taps).draw(pixels)
    many = "1 map" if len(arrays) == 1 else f"{len(arrays)} maps"
    told = "; ".join(
        f"{title}, {_size(array)}" for title, array in zip(known, arrays, strict=True)
    )
    alt = f"An image of {_size(pixels)}, and {many} of it: {told}. {shades.note}"
    params = {
        "image": list(pixels.shape),
        "maps": [list(array.shape) for array in arrays],
        "titles": known,
        "kernels": [array.tolist() for array in taps],
        "signed": shades.signed,
        "theme": sheet.theme.name,
    }
    ids = [f"y[{place}]" for place in range(len(arrays))]
    return sheet.finish("feature_maps", params, alt, x=["x"], y=ids)


def _size(array: Array) -> str:
    return f"{len(array)}×{array.shape[1]}"


class _Maps:
    """The image on the left, an arrow, and the maps in rows; in inches."""

    def __init__(
        self,
        sheet: Sheet,
        shades: Shades,
        maps: list[Array],
        titles: list[str],
        kernels: list[Array],
    ) -> None:
        self.sheet, self.shades, self.maps, self.kernels = sheet, shades, maps, kernels
        self.beside = _KERNEL + 0.12 if kernels else 0.0
        room = self.beside + _PICTURE
        self.left = _MARGIN + _PICTURE + _ARROW
        fits = int((_WIDE - _MARGIN - self.left + _GAP) // (room + _GAP))
        self.columns = min(len(maps), fits)
        texts = [
            f"{title}, {_size(array)}"
            for title, array in zip(titles, maps, strict=True)
        ]
        self.lines = [wrapped(text, SIZE, room) for text in texts]
        self.head = LINE * max(map(len, self.lines)) + 0.05
        self.pitch = room + _GAP, self.head + _PICTURE + _GAP
        self.rows = -(-len(maps) // self.columns)
        self.right = self.left + self.columns * self.pitch[0] - _GAP

    def draw(self, image: Array) -> None:
        high = self.rows * self.pitch[1] - _GAP
        top = _MARGIN + (high - self.head - _PICTURE) / 2  # beside the middle of them
        own = Shades.of([image], "Greys")
        corner = _MARGIN, top + self.head
        size = self._picture(own.image(image), corner, "x")
        name = _MARGIN, top + self.head - 0.05 - LINE / 2
        text = f"image, {_size(image)}"
        self.sheet.write(*name, text, "x.title", fontsize=SIZE, ha="left")
        x = _MARGIN + _PICTURE + _ARROW / 2
        y = corner[1] + size[1] / 2
        self.sheet.write(x, y, "→", "arrow", fontsize=16.0)
        for index in range(len(self.maps)):
            row, column = divmod(index, self.columns)
            left = self.left + column * self.pitch[0]
            self._map(index, left, _MARGIN + row * self.pitch[1])
        below = _MARGIN + high + 0.2
        draw_key(self.sheet, self.shades.strips, self.shades.ends, (self.left, below))
        wide = max(self.right - _MARGIN, 4.0)
        below += KEY[1] + 0.28
        notes = ("Image", own.note), ("Maps", self.shades.note)
        note = " ".join(f"{what}: {n[0].lower()}{n[1:]}" for what, n in notes)
        below += paragraph(self.sheet, note, (_MARGIN, below), wide)
        self.sheet.cut(wide + 2 * _MARGIN, below + 0.12)

    def _map(self, index: int, left: float, top: float) -> None:
        for depth, line in enumerate(self.lines[index]):
            y = top + self.head - 0.05 - (len(self.lines[index]) - depth - 0.5) * LINE
            gid = f"title[{index}]" if not depth else f"title[{index}].{depth}"
            self.sheet.write(left, y, line, gid, fontsize=SIZE, ha="left")
        corner = left + self.beside, top + self.head
        colored = self.shades.image(self.maps[index])
        size = self._picture(colored, corner, f"y[{index}]")
        if self.kernels:
            self._kernel(index, left, corner[1], size[1])

    def _picture(
        self, colored: Array, corner: tuple[float, float], gid: str
    ) -> tuple[float, float]:
        """A picture with its border; the inches that it takes."""
        high, wide = colored.shape[:2]
        scale = _PICTURE / max(high, wide)
        size = wide * scale, high * scale
        framed_picture(self.sheet, colored, corner, size, gid)
        return size

    def _kernel(self, index: int, left: float, top: float, beside: float) -> None:
        """A kernel beside the middle of its map, with its numbers where they fit."""
        kernel = self.kernels[index]
        colored = Shades.of([kernel], "Greys", signed=True).image(kernel)
        side = _KERNEL / max(kernel.shape)
        top += (beside - side * len(kernel)) / 2
        if max(kernel.shape) > _TAPS:
            size = kernel.shape[1] * side, len(kernel) * side
            framed_picture(self.sheet, colored, (left, top), size, f"w[{index}]")
            return
        texts = [number(value, 2) for value in kernel.reshape(-1)]
        points = fitting_size(texts, side, side, SIZE)
        for flat, (u, v) in enumerate(np.ndindex(kernel.shape)):
            red, green, blue = colored[u, v].tolist()
            fill = to_hex((red, green, blue))
            mark = Mark(fill, best_ink(fill), self.sheet.theme.muted)
            cell(
                self.sheet.ax,
                (left + v * side, top + u * side),
                (side, side),
                mark,
                f"w[{index},{u},{v}]",
                text=texts[flat] if points >= _SMALLEST else "",
                points=points,
            )
