"""Stacks of planes: the channels of a small array, drawn one below the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from convmat.arrays import Shape
from convmat.figures.canvas import text_width
from convmat.figures.sheet import Sheet
from convmat.figures.style import Look
from convmat.figures.tiles import draw_tiles, tiled_shape

__all__ = ["HEAD", "LABEL", "Looks", "Planes"]

HEAD = 8.0
"""Points of a heading."""

LABEL = 0.2
"""Inches above a plane for its name."""

_NAME = 7.0  # points
_APART = 0.1  # inches between a plane and the name of the next

Looks = Callable[[int], Look]
"""Mark, text and id of a cell by its flat number."""


@dataclass(frozen=True, slots=True)
class Planes:
    """How large the planes of an array are drawn, and how far apart.

    Attributes
    ----------
    title : str
        The heading.
    count : int
        How many planes there are. More than one are named by their channels.
    size : (int, int)
        Rows and columns of a plane.
    side : float
        Inches of a cell.
    points : float
        Font size in the cells; 0 where they are too small for text.
    step : float
        Inches from the top of a plane to that of the next.

    Examples
    --------
    >>> planes = Planes.of("input", 2, (3, 4), 0.5, 9.0)
    >>> round(planes.wide, 3), round(planes.high, 3)
    (2.0, 3.5)
    """

    title: str
    count: int
    size: tuple[int, int]
    side: float
    points: float
    step: float

    @classmethod
    def of(
        cls, title: str, count: int, size: Shape, side: float, points: float
    ) -> Planes:
        """Planes as near as their names allow."""
        rows, columns = tiled_shape(size)
        step = rows * side + LABEL + _APART
        return cls(title, count, (rows, columns), side, points, step)

    @property
    def names(self) -> list[str]:
        """One a plane; none for a plane alone."""
        return [f"channel {n}" for n in range(self.count)] if self.count > 1 else []

    @property
    def cells(self) -> float:
        """Inches across the cells."""
        return self.size[1] * self.side

    @property
    def wide(self) -> float:
        """Inches across, with the heading and the names."""
        names = (text_width(name, _NAME) for name in self.names)
        return max(self.cells, text_width(self.title, HEAD), *names)

    @property
    def high(self) -> float:
        """Inches down, with the names but without the heading."""
        return self.corner((0.0, 0.0), self.count - 1)[1] + self.size[0] * self.side

    def corner(self, place: tuple[float, float], plane: int) -> tuple[float, float]:
        """Left and top of the cells of a plane, in planes that begin at `place`."""
        label = LABEL if self.count > 1 else 0.0
        left = place[0] + (self.wide - self.cells) / 2
        return left, place[1] + label + plane * self.step

    def draw(
        self, sheet: Sheet, place: tuple[float, float], look: Looks, suffix: str = ""
    ) -> None:
        """All planes, with their names but without the heading.

        Names have ids such as `input.channel[0]`, each with `suffix`.
        """

        def shown(plane: int) -> Looks:
            def one(flat: int) -> Look:
                mark, text, gid = look(plane * self.size[0] * self.size[1] + flat)
                return mark, text if self.points else "", gid

            return one

        for plane in range(self.count):
            corner, own = self.corner(place, plane), shown(plane)
            draw_tiles(sheet.ax, corner, self.side, self.size, own, self.points)
        for plane, name in enumerate(self.names):
            x, y = place[0] + self.wide / 2, self.corner(place, plane)[1] - LABEL / 2
            looks: dict[str, Any] = {"fontsize": _NAME, "color": sheet.theme.muted}
            gid = f"{self.title.replace(' ', '-')}.channel[{plane}]{suffix}"
            sheet.write(x, y, name, gid, **looks)

    def head(
        self, sheet: Sheet, place: tuple[float, float], above: float, suffix: str = ""
    ) -> None:
        """The heading, so many inches above `place`."""
        gid = f"{self.title.replace(' ', '-')}{suffix}"
        middle = place[0] + self.wide / 2, place[1] - above
        sheet.write(*middle, self.title, gid, fontsize=HEAD)
