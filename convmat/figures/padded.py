"""One channel of an input with its padding, drawn as upright cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.patches import Rectangle

from convmat.arrays import IntArray, Shape
from convmat.errors import ShapeError
from convmat.figures.canvas import fitting_size
from convmat.figures.content import cell_id, short
from convmat.figures.sheet import Sheet
from convmat.figures.style import Look, Mark, Theme
from convmat.figures.tiles import draw_tiles, tiled_shape
from convmat.figures.tints import FRAME, INPUT, cased, tinted
from convmat.geometry import Geometry, require_geometry
from convmat.labels import labels

__all__ = ["Padded", "draw_frame", "draw_grid", "plane_of", "text_size"]

_FRAME = 2.0  # points
_LEGIBLE = 5.5  # points: smaller texts are left out
_MOST = 40  # cells of a padded axis


def plane_of(geometry: Geometry) -> Geometry:
    """One channel of a geometry that can be drawn cell by cell.

    Raises
    ------
    ShapeError
        For more than two spatial axes, or an axis of more than 40 cells.
    ConvmatTypeError
        For what is no geometry.
    """
    require_geometry(geometry)
    sizes = [axis.padded_size for axis in geometry.axes]
    if geometry.rank > 2 or max(sizes) > _MOST:
        rule = f"must have one or two axes of at most {_MOST} cells with padding"
        remedy = "matrix_plot draws the matrix of any geometry"
        raise ShapeError("geometry", rule, geometry, remedy)
    return replace(
        geometry, in_channels=1, out_channels=1, groups=1, has_channels=False
    )


@dataclass(frozen=True, eq=False)
class Padded:
    """The cells of a padded input, in C order.

    Attributes
    ----------
    geometry : Geometry
        Of one channel.

    Examples
    --------
    >>> from convmat import geometry
    >>> g = geometry(3, 2, padding=[(0, 2)], stride=2, padding_mode="reflect")
    >>> cells = Padded(g)
    >>> cells.held, cells.inside.astype(int), cells.read.astype(int)
    (array([0, 1, 2, 1, 0]), array([1, 1, 1, 0, 0]), array([1, 1, 1, 1, 0]))
    """

    geometry: Geometry

    @property
    def size(self) -> Shape:
        """Cells along each axis."""
        return tuple(axis.padded_size for axis in self.geometry.axes)

    @cached_property
    def held(self) -> IntArray:
        """Entry `[c]` is the input that stands in cell `c`, or -1 for a zero."""
        held: IntArray = np.zeros(1, np.int64)
        for axis in self.geometry.axes:
            own = axis.fold(np.arange(-axis.before, axis.size + axis.after))
            both = held[:, None] * axis.size + own
            held = np.where((held[:, None] < 0) | (own < 0), -1, both).ravel()
        return held

    @cached_property
    def inside(self) -> npt.NDArray[np.bool_]:
        """Whether each cell is one of the input."""
        ends = ((axis.before, axis.before + axis.size) for axis in self.geometry.axes)
        return self._where(np.arange(*pair) for pair in ends)

    @cached_property
    def read(self) -> npt.NDArray[np.bool_]:
        """Whether any window reads each cell."""
        return self._where(axis.padded_cells() for axis in self.geometry.axes)

    def under(self, output: int) -> IntArray:
        """Entry `[t]` is the cell under tap `t` of an output."""
        outs = np.unravel_index(output, self.geometry.output_size)
        cells: IntArray = np.zeros(1, np.int64)
        for axis, out in zip(self.geometry.axes, outs, strict=True):
            own = axis.padded_cells()[out]
            cells = (cells[:, None] * axis.padded_size + own).ravel()
        return cells

    def id(self, cell: int) -> str:
        """`x[i,j]` for a cell of the input, `pad[i,j]` in the padded one beside it."""
        if self.inside[cell]:
            return cell_id("x", self.geometry.input_size, int(self.held[cell]))
        return cell_id("pad", self.size, cell)

    @cached_property
    def texts(self) -> list[str]:
        """The input that stands in each cell, or 0."""
        names = labels(self.geometry).inputs
        return [short(names[own]) if own >= 0 else "0" for own in self.held.tolist()]

    def look(self, cell: int, theme: Theme, *, faint: bool = False) -> Look:
        """A cell that no window lies on; with `faint`, dotted where none ever does."""
        outside, text, gid = not self.inside[cell], self.texts[cell], self.id(cell)
        if faint and not self.read[cell]:
            return theme.untouched, text, gid
        if outside and self.held[cell] < 0:
            mark = Mark(theme.background, theme.muted, theme.muted, "dashed")
            return mark, text, gid
        share = 0.1 if outside else 0.26
        return tinted(theme, INPUT, share, dashed=outside), text, gid

    def box(self, output: int) -> tuple[float, float, float, float]:
        """Left, top, width and height of the window of an output, in cells."""
        cells = self.under(output)
        rows, columns = np.divmod(cells, self.size[-1])
        left, top = int(columns[0]), int(rows[0])
        return left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top

    def _where(self, parts: Iterable[IntArray]) -> npt.NDArray[np.bool_]:
        found = np.ones(1, bool)
        for count, own in zip(self.size, parts, strict=True):
            along = np.isin(np.arange(count), own)
            found = (found[:, None] & along).ravel()
        return found


def text_size(texts: Iterable[str], side: float, most: float = 8.0) -> float:
    """The font size for cells of that side; 0 where a text would be too small."""
    points = fitting_size([*set(texts), "0"], side, side, most)
    return points if points >= _LEGIBLE else 0.0


def draw_grid(
    sheet: Sheet,
    corner: tuple[float, float],
    side: float,
    size: Shape,
    look: Callable[[int], Look],
    points: float,
) -> tuple[float, float]:
    """Cells of an array laid flat, without texts at 0 points; inches it takes."""

    def shown(flat: int) -> Look:
        mark, text, gid = look(flat)
        return mark, text if points else "", gid

    draw_tiles(sheet.ax, corner, side, size, shown, points)
    rows, columns = tiled_shape(size)
    return columns * side, rows * side


def draw_frame(
    sheet: Sheet,
    corner: tuple[float, float],
    side: float,
    box: tuple[float, float, float, float],
    gid: str,
    *,
    dashed: bool = False,
) -> None:
    """A strong frame around cells: left, top, width and height count cells."""
    left, top, wide, high = (part * side for part in box)
    looks: Any = {"edgecolor": sheet.theme.lines[FRAME], "linewidth": _FRAME}
    looks |= {"fill": False, "path_effects": cased(sheet.theme, _FRAME)}
    looks["linestyle"] = (0, (3, 2)) if dashed else "solid"
    place = corner[0] + left, corner[1] + top
    frame = Rectangle(place, wide, high, gid=gid, zorder=2.0, clip_on=False, **looks)
    sheet.ax.add_patch(frame)
