"""Colours for numbers: greys, or two colours about zero, and the key to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from matplotlib import colormaps
from matplotlib.colors import Normalize

from convmat.arrays import Array
from convmat.dtypes import carried
from convmat.errors import ConvmatTypeError, ShapeError
from convmat.figures.canvas import Sheet
from convmat.figures.content import number

__all__ = ["KEY", "Shades", "draw_key", "draw_picture", "read_pictures", "reals"]

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
    for index, array in enumerate(arrays):
        if not np.isfinite(array).all():
            raise ShapeError(f"{argument}[{index}]", "must be finite", values[index])
    return arrays


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


def draw_key(sheet: Sheet, shades: Shades, corner: tuple[float, float]) -> None:
    """The colours of a range from left to right, with its numbers.

    The strip has the id `key`; the numbers `key[low]`, `key[zero]` and `key[high]`.
    """
    left, top = corner
    steps = np.linspace(-shades.most if shades.signed else 0.0, shades.most, _STEPS)
    draw_picture(sheet, shades.image(steps[None]), corner, KEY, "key")
    ends = [("low", 0.0, "left", steps[0]), ("high", 1.0, "right", shades.most)]
    if shades.signed:
        ends.append(("zero", 0.5, "center", 0.0))
    for name, share, side, value in ends:
        place = left + share * KEY[0], top + KEY[1] + 0.1
        text = number(float(value), 3)
        sheet.write(*place, text, f"key[{name}]", fontsize=_SIZE, ha=side)
