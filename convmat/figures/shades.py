"""Colours for numbers: greys, or two colours about zero, and the key to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle

from convmat.arrays import Array
from convmat.dtypes import carried
from convmat.errors import ConvmatTypeError, ShapeError
from convmat.figures.content import number
from convmat.figures.sheet import Sheet

__all__ = [
    "KEY",
    "Shades",
    "draw_key",
    "draw_picture",
    "framed_picture",
    "read_picture",
    "read_pictures",
    "reals",
]

_STEPS = 65  # colours in a key: odd, so that 0 has one of its own
_SIZE = 7.0  # points of its numbers

KEY = 1.6, 0.12
"""Inches of a key, without its numbers."""


@dataclass(frozen=True, slots=True)
class Shades:
    """Which colour a number has.

    Attributes
    ----------
    colors : {"Greys", "PuOr"}
        White to black, or orange to purple with white in the middle.
    signed : bool
        Whether the range lies about 0, which then has the colour in the middle; if not,
        it begins at 0.
    low, high : float
        The least and the largest of the numbers.
    """

    colors: Literal["Greys", "PuOr"]
    signed: bool
    low: float
    high: float

    @classmethod
    def of(
        cls,
        arrays: Sequence[Array],
        colors: Literal["Greys", "PuOr"],
        *,
        signed: bool | None = None,
    ) -> Shades:
        """Those for some arrays; signed, unless told, where a number is negative."""
        low = min(float(array.min()) for array in arrays)
        high = max(float(array.max()) for array in arrays)
        return cls(colors, low < 0 if signed is None else signed, low, high)

    @property
    def most(self) -> float:
        """The largest size, at which the colours end; 1 where all numbers are 0."""
        return max(abs(self.low), abs(self.high)) or 1.0

    @property
    def meaning(self) -> str:
        """What the colours say, in words."""
        if not self.signed:
            return "white is 0, black the largest value"
        if self.colors == "PuOr":
            return "orange is negative, white 0, purple positive"
        return "mid-grey is 0, lighter is negative, darker positive"

    @property
    def note(self) -> str:
        """The range of the numbers, and what the colours say."""
        ends = f"from {number(self.low)} to {number(self.high)}"
        return f"Values {ends}: {self.meaning}."

    @property
    def ends(self) -> tuple[float, float]:
        """The numbers that have the first and the last colour."""
        return (-self.most if self.signed else 0.0), self.most

    @property
    def steps(self) -> Array:
        """Numbers from one end to the other, `(65,)`."""
        return np.linspace(-1.0 if self.signed else 0.0, 1.0, _STEPS) * self.most

    @property
    def strips(self) -> Array:
        """All colours in their order, `(1, 65, 3)`, for a key."""
        return self.image(self.steps[None])

    def image(self, array: Array) -> Array:
        """The colours of an array: one axis more, of red, green and blue in [0, 1].

        Examples
        --------
        >>> Shades("Greys", False, 0.0, 8.0).image(np.array([[0.0, 8.0]])).tolist()
        [[[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]]
        """
        scale = Normalize(-1.0 if self.signed else 0.0, 1.0)
        colored: Array = colormaps[self.colors](scale(array / self.most))
        return colored[..., :3]


def reals(argument: str, value: npt.ArrayLike) -> Array:
    """`value` as an array of float64: a figure draws real numbers.

    Raises
    ------
    ConvmatTypeError
        For complex numbers, symbols, and what is no array of numbers.

    Examples
    --------
    >>> reals("x", [1j])
    Traceback (most recent call last):
        ...
    convmat.errors.ConvmatTypeError: x must hold real numbers, got x='dtype complex128'
    """
    array = carried(argument, value)
    told = f"dtype {array.dtype}"
    if array.dtype.kind == "c":
        raise ConvmatTypeError(argument, "must hold real numbers", told)
    try:
        return array.astype(np.float64)
    except (TypeError, OverflowError) as error:  # symbols, integers beyond floats
        rule = "must hold real numbers within the range of floats"
        raise ConvmatTypeError(argument, rule, told, str(error)) from None


def read_picture(argument: str, value: npt.ArrayLike) -> Array:
    """An array of two axes with finite numbers.

    Raises
    ------
    ShapeError
        For another one.
    ConvmatTypeError
        For what are no real numbers.
    """
    array = reals(argument, value)
    if array.ndim != 2 or not array.size:
        rule = "must be (high, wide), without an axis of 0"
        raise ShapeError(f"{argument}.shape", rule, array.shape)
    if not np.isfinite(array).all():
        raise ShapeError(argument, "must be finite", value)
    return array


def read_pictures(argument: str, values: Sequence[npt.ArrayLike]) -> list[Array]:
    """Arrays of two axes with finite numbers, one at least.

    Raises
    ------
    ShapeError
        For no arrays, one of other axes, and one with a value that is not finite.
    ConvmatTypeError
        For what are no real numbers.
    """
    arrays = [reals(argument, value) for value in values]
    if not arrays or any(array.ndim != 2 or not array.size for array in arrays):
        shapes = [array.shape for array in arrays]
        raise ShapeError(argument, "must be arrays of two axes, one at least", shapes)
    return [read_picture(f"{argument}[{n}]", array) for n, array in enumerate(arrays)]


def draw_picture(
    sheet: Sheet,
    colored: Array,
    corner: tuple[float, float],
    size: tuple[float, float],
    gid: str,
) -> None:
    """Colours as one picture, each number a square of its own.

    Parameters
    ----------
    sheet : Sheet
    colored : ndarray, `(high, wide, 3)`
    corner, size : (float, float)
        Left and top, width and height, in inches.
    gid : str
    """
    left, top = corner
    extent = left, left + size[0], top + size[1], top
    sheet.ax.imshow(
        colored, extent=extent, interpolation="nearest", aspect="auto", gid=gid
    )


def framed_picture(
    sheet: Sheet,
    colored: Array,
    corner: tuple[float, float],
    size: tuple[float, float],
    gid: str,
) -> None:
    """As `draw_picture`, with a border: white does not end where the page begins."""
    draw_picture(sheet, colored, corner, size, gid)
    looks: Any = {"edgecolor": sheet.theme.muted, "linewidth": 0.6, "fill": False}
    sheet.ax.add_patch(Rectangle(corner, *size, gid=f"{gid}.edge", **looks))


def draw_key(
    sheet: Sheet, strips: Array, ends: tuple[float, float], corner: tuple[float, float]
) -> None:
    """The colours of a range from left to right, with its numbers.

    The strips have the id `key`, with their border under `.edge`; the numbers
    `key[low]`, `key[high]` and, where the range lies about 0, `key[zero]`.

    Parameters
    ----------
    sheet : Sheet
    strips : ndarray, `(strips, colours, 3)`
        Such as `Shades.strips`, one below the other.
    ends : (float, float)
        The numbers at both ends.
    corner : (float, float)
        Left and top, in inches.
    """
    (left, top), (wide, high) = corner, KEY
    framed_picture(sheet, strips, corner, KEY, "key")
    places = [("low", ends[0], 0.0, "left"), ("high", ends[1], 1.0, "right")]
    if ends[0] < 0:
        places.append(("zero", 0.0, 0.5, "center"))
    for name, value, share, side in places:
        gid, place = f"key[{name}]", (left + share * wide, top + high + 0.1)
        sheet.write(*place, number(value, 3), gid, fontsize=_SIZE, ha=side)
