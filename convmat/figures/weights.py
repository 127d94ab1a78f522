"""The weights of a layer as tiles: one for each kernel, on one range about 0."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.arrays import Array
from convmat.errors import ConvmatError, ShapeError
from convmat.figures.canvas import wrapped
from convmat.figures.chart import LINE, SIZE, paragraph
from convmat.figures.content import number
from convmat.figures.shades import KEY, Shades, draw_key, framed_picture, reals
from convmat.figures.sheet import Sheet
from convmat.figures.style import Theme, theme_of

__all__ = ["kernel_tiles"]

Colors = Literal["auto", "rgb", "diverging", "grey"]

_MOST = 16  # tiles along a row, and rows
_WIDE, _HIGH, _LARGEST = 6.0, 7.0, 0.8  # inches of all tiles, and of one
_MARGIN, _GAP, _NAMES = 0.25, 0.08, 0.5  # inches
_SMALL = 7.0  # points


def kernel_tiles(
    weights: npt.ArrayLike,
    *,
    colors: Colors = "auto",
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """The kernels of a layer as tiles, all on one range of colours about 0.

    A layer that reads one channel has a tile for each output channel. One that reads
    three, red, green and blue say, has those as the colours of its tiles. Any other has
    a row of tiles for each output channel, with one for each input channel.

    Parameters
    ----------
    weights : array_like, `(out, in, high, wide)` or `(out, in, wide)`
        Entry `[o, i, u, v]` is what output channel `o` makes of input channel `i`
        through tap `[u, v]`.
    colors : {"auto", "rgb", "diverging", "grey"}
        "diverging" is orange below zero and purple above, "grey" has 0 as mid-grey.
        "auto" is "rgb" for three input channels, and "diverging" otherwise; "rgb" can't
        be read without all three kinds of cones.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        Of the first 256 tiles, 16 rows of 16; its caption says how many are left out.
        Ids of its artists: the tiles are `w[o,i]`, or `w[o]` where colours are input
        channels, with their borders under `.edge`; `out[o]` and `in[i]` are the numbers
        of channels.

    Raises
    ------
    ShapeError
        For weights of other axes, without numbers, or with one that is not finite.
    ConvmatTypeError
        For what are no real numbers.
    ConvmatError
        For an unknown theme or colours, and "rgb" for other than three input channels.

    Examples
    --------
    >>> figure = kernel_tiles([[[[-1, -1], [1, 1]]], [[[0, 2], [0, 2]]]])
    >>> print(figure.convmat["alt"])
    Kernels of 2 output and 1 input channels, 2×2 taps each. Values from -1 to 2: orange
    is negative, white 0, purple positive.
    """
    array = _read(weights)
    outs, ins, high, wide = array.shape
    if colors not in get_args(Colors):
        known = ", ".join(map(repr, get_args(Colors)))
        raise ConvmatError("colors", f"must be one of {known}", colors)
    if colors == "rgb" and ins != 3:
        remedy = "use colors='diverging'"
        rule = f"must not be 'rgb' for {ins} input channels"
        raise ConvmatError("colors", rule, colors, remedy)
    rgb = colors == "rgb" or (colors == "auto" and ins == 3)
    name: Literal["Greys", "PuOr"] = "Greys" if colors == "grey" or rgb else "PuOr"
    shades = Shades.of([array], name, signed=True)
    sheet = Sheet.blank(theme_of(theme), ax)
    told = f"Kernels of {outs} output and {ins} input channels, {high}×{wide} taps each"
    note = shades.note
    if rgb:
        ends = f"from {number(shades.low)} to {number(shades.high)}"
        note = f"Red, green and blue are input channels 0, 1 and 2. Values {ends}: "
        note += "mid-grey is 0 in all of them."
    drawn = _Tiles(sheet, array, shades, rgb)
    left_out = outs * (1 if rgb else ins) - len(drawn.places)
    if left_out:
        told += f"; the first {len(drawn.places)} are drawn, {left_out} are left out"
    drawn.draw(note if not left_out else f"{told}. {note}")
    params = {
        "shape": list(array.shape),
        "drawn": len(drawn.places),
        "colors": "rgb" if rgb else "grey" if colors == "grey" else "diverging",
        "theme": sheet.theme.name,
    }
    return sheet.finish("kernel_tiles", params, f"{told}. {note}")


def _read(weights: npt.ArrayLike) -> Array:
    array = reals("weights", weights)
    if array.ndim not in (3, 4) or not array.size:
        rule = "must be (out, in, high, wide) or (out, in, wide), without an axis of 0"
        raise ShapeError("weights.shape", rule, array.shape)
    if not np.isfinite(array).all():
        raise ShapeError("weights", "must be finite", weights)
    return array if array.ndim == 4 else array[:, :, None]


class _Tiles:
    """Where the tiles stand, in rows and columns."""

    def __init__(self, sheet: Sheet, array: Array, shades: Shades, rgb: bool) -> None:
        self.sheet, self.array, self.shades, self.rgb = sheet, array, shades, rgb
        outs, ins, high, wide = array.shape
        self.single = rgb or ins == 1
        if self.single:
            columns = min(_MOST, max(8, int(np.ceil(np.sqrt(outs)))), outs)
            shown = range(min(outs, _MOST * columns))
            self.places = {(o, 0): divmod(o, columns) for o in shown}
        else:
            columns = min(ins, _MOST)
            rows = range(min(outs, _MOST))
            self.places = {(o, i): (o, i) for o in rows for i in range(columns)}
        self.columns = columns
        self.rows = 1 + max(row for row, _ in self.places.values())
        longest = max(high, wide)
        between = _GAP + LINE * self.single
        side = min(_LARGEST, (_WIDE + _GAP) / columns - _GAP)
        side = min(side, (_HIGH + between) / self.rows - between)
        self.size = side * wide / longest, side * high / longest
        # A number above each tile, or names of rows and columns around them all.
        self.pitch = self.size[0] + _GAP, self.size[1] + between
        self.left = _MARGIN + (0.0 if self.single else _NAMES)
        self.top = _MARGIN + LINE * (1 if self.single else 2)

    def draw(self, note: str) -> None:
        for (out, channel), place in self.places.items():
            self._tile(out, channel, place)
        wide = self.left - _MARGIN + self.columns * self.pitch[0] - _GAP
        if self.single:
            self._say(_MARGIN, _MARGIN + LINE / 2, "output channel", "out", ha="left")
        else:
            self._names(wide)
        room = max(wide, 3.2)
        key = _MARGIN, self.top + self.rows * self.pitch[1] + 0.12
        top = key[1]
        draw_key(self.sheet, self._strips(), self.shades.ends, key)
        top += KEY[1] + 0.28
        lines = len(wrapped(note, SIZE, room))
        paragraph(self.sheet, note, (_MARGIN, top), room)
        self.sheet.cut(room + 2 * _MARGIN, top + lines * LINE + 0.12)

    def _mixed(self, taps: Array) -> Array:
        """Red, green and blue from the first axis of three; 0 is half of the light."""
        light: Array = 0.5 + np.moveaxis(taps, 0, -1) / self.shades.most / 2
        return light

    def _strips(self) -> Array:
        """The colours of the key: for channels as colours, a strip for each."""
        if not self.rgb:
            return self.shades.strips
        return self._mixed(np.eye(3)[:, :, None] * self.shades.steps)

    def _tile(self, out: int, channel: int, place: tuple[int, int]) -> None:
        row, column = place
        corner = (
            self.left + column * self.pitch[0],
            self.top + row * self.pitch[1] + LINE * self.single,
        )
        if self.rgb:
            colored, gid = self._mixed(self.array[out]), f"w[{out}]"
        else:
            colored = self.shades.image(self.array[out, channel])
            gid = f"w[{out},{channel}]"
        framed_picture(self.sheet, colored, corner, self.size, gid)
        if self.single:
            middle = corner[0] + self.size[0] / 2, corner[1] - LINE / 2
            self._say(*middle, f"{out}", f"out[{out}]")

    def _names(self, wide: float) -> None:
        """The numbers of input channels above, those of output channels on the left."""
        middle = (self.left + _MARGIN + wide) / 2
        self._say(middle, _MARGIN + LINE / 2, "input channel", "in")
        for column in range(self.columns):
            x = self.left + column * self.pitch[0] + self.size[0] / 2
            self._say(x, self.top - LINE / 2, f"{column}", f"in[{column}]")
        high = self.rows * self.pitch[1] - _GAP
        y = self.top + high / 2
        self._say(_MARGIN + LINE / 2, y, "output channel", "out", rotation=90)
        for row in range(self.rows):
            y = self.top + row * self.pitch[1] + self.size[1] / 2
            self._say(self.left - 0.06, y, f"{row}", f"out[{row}]", ha="right")

    def _say(self, x: float, y: float, text: str, gid: str, **looks: object) -> None:
        self.sheet.write(x, y, text, gid, **{"fontsize": _SMALL, **looks})
