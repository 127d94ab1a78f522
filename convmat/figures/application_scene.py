"""One application of a kernel as a picture: kernel, input with the window, output."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.patches import Rectangle

from convmat.figures.canvas import POINT, fitting_size, widest
from convmat.figures.channel_planes import HEAD, Looks, Planes
from convmat.figures.content import cell_id
from convmat.figures.reads import Reads
from convmat.figures.sheet import Sheet
from convmat.figures.style import Look, Mark, Theme, mixed, tap_mark
from convmat.geometry import Geometry

__all__ = ["HEADING", "LEGIBLE", "Scene"]

LEGIBLE = 6.0
"""Points: smaller text is not read, so smaller cells go without."""

HEADING = 0.17
"""Inches from the middle of a heading to what it stands above."""

_SIZE = 9.0  # points
_WITH_TEXT, _BARE, _LARGEST = 0.32, 0.2, 0.7  # inches of a cell
_DOWN = 0.42  # inches from one strip to the next, with the heading between
_FRAME = 2.2  # points
_HALVINGS = 12  # of the range in which the side of a cell is sought
_FLAT = 0.6  # inches that such a kernel may have at least
_KEY = 1.2  # inches across a kernel beside cells without text
_DONE = 0.2  # share of the output's colour in outputs that came before


@dataclass(frozen=True, eq=False)
class Scene:
    """Where everything of one picture stands: the same places for each output.

    Attributes
    ----------
    reads : Reads
    parts : dict of str to Planes
        `kernel`, `input` and `output`, or some of them, in the order of the picture.
    gap : float
        Inches between two parts.
    words : tuple of str
        One for each gap.
    down : bool
        Whether the parts stand one below the other, as is good for one axis.
    """

    reads: Reads
    parts: Mapping[str, Planes]
    gap: float
    words: tuple[str, ...]
    down: bool

    @classmethod
    def of(
        cls,
        reads: Reads,
        order: tuple[str, ...],
        room: tuple[float, float],
        *,
        gap: float = 0.4,
        words: tuple[str, ...] = (),
        down: bool = False,
    ) -> Scene:
        """The largest picture in `room` (inches), with text in the cells if it fits."""
        texts = [*reads.sums.inputs, *reads.sums.results, *reads.sums.taps]
        broadest = widest(texts, _SIZE)
        legible = max(broadest * LEGIBLE / _SIZE / 0.86, LEGIBLE * POINT / 0.62)
        wished = min(_LARGEST, max(_WITH_TEXT, 0.12 + broadest))

        def laid(side: float, points: float = LEGIBLE) -> Scene:
            parts = _parts(reads, order, side, points, down)
            return cls(reads, parts, gap, words, down)

        def bare(side: float) -> Scene:
            return laid(side, 0.0)

        if legible <= wished and laid(legible).fits(room):
            side = _largest(legible, wished, lambda side: laid(side).fits(room))
            return laid(side, max(LEGIBLE, fitting_size(texts, side, side, _SIZE)))
        return bare(_largest(0.0, _BARE, lambda side: bare(side).fits(room)))

    def fits(self, room: tuple[float, float]) -> bool:
        """Whether the picture is no larger than `room`."""
        wide, high = self.size
        return wide <= room[0] and high <= room[1]

    @property
    def points(self) -> float:
        """Font size in the cells of the input; 0 where there is no text."""
        return self.parts["input"].points

    @property
    def size(self) -> tuple[float, float]:
        """Inches across and down, without the headings above."""
        wide = [part.wide for part in self.parts.values()]
        high = [part.high for part in self.parts.values()]
        if self.down:
            return max(wide), sum(high) + _DOWN * (len(high) - 1)
        return sum(wide) + self.gap * (len(wide) - 1), max(high)

    def places(self) -> dict[str, tuple[float, float]]:
        """Left and top of each part, from the corner of the picture."""
        at, places, high = 0.0, {}, self.size[1]
        for name, part in self.parts.items():
            if self.down:
                places[name] = 0.0, at
                at += part.high + _DOWN
            else:
                places[name] = at, (high - part.high) / 2
                at += part.wide + self.gap
        if "kernel" in self.parts and _level(self.reads.geometry, self.down):
            kernel, own = self.parts["kernel"], self.parts["input"]
            lower = (own.size[0] * own.side - kernel.size[0] * kernel.side) / 2
            places["kernel"] = places["kernel"][0], places["input"][1] + lower
        return places

    def draw(
        self,
        sheet: Sheet,
        corner: tuple[float, float],
        row: int,
        *,
        repeated: bool = False,
        headings: bool = True,
        done: bool = False,
        boxed: bool = True,
    ) -> list[str]:
        """The picture of one output; the ids of the cells that it reads.

        Parameters
        ----------
        sheet : Sheet
        corner : (float, float)
            Left and top, in inches; headings stand above the top.
        row : int
            The output.
        repeated : bool
            Whether there are pictures of other outputs on the sheet: all ids but that
            of the output end in `@y[r]` then.
        headings : bool
            Whether each part has its heading.
        done : bool
            Whether the outputs before this one are filled too.
        boxed : bool
            Whether a frame is drawn about the window.
        """
        suffix = f"@y[{row}]" if repeated else ""
        under, theme = self.reads.under(row), sheet.theme

        def input_look(cell: int) -> Look:
            mark, text, gid = self.reads.look(under, cell, theme)
            return mark, text, gid + suffix

        looks: dict[str, Looks] = {
            "kernel": lambda flat: self._kernel_look(row, flat, theme, suffix),
            "input": input_look,
            "output": lambda cell: self._output_look(row, cell, theme, suffix, done),
        }
        places = {
            name: (corner[0] + left, corner[1] + top)
            for name, (left, top) in self.places().items()
        }
        for name, part in self.parts.items():
            part.draw(sheet, places[name], looks[name], suffix)
            if headings:
                below = places[name] if self.down else (places[name][0], corner[1])
                part.head(sheet, below, HEADING, suffix)
        self._write_words(sheet, corner, suffix)
        if boxed:
            self._draw_box(sheet, places["input"], row, suffix)
        held = [cell for cell in under if self.reads.grid.held[cell] >= 0]
        return [self.reads.cell_gid(cell) + suffix for cell in held]

    def _kernel_look(self, row: int, flat: int, theme: Theme, suffix: str) -> Look:
        tap = self.reads.taps(row)[flat]
        gid = cell_id("w", self.reads.geometry.kernel_shape, tap)
        return tap_mark(tap, theme), self.reads.sums.taps[tap], gid + suffix

    def _output_look(
        self, row: int, cell: int, theme: Theme, suffix: str, done: bool
    ) -> Look:
        """One output is filled; those before it are too where they are `done`."""
        result = self.reads.sums.results[cell]
        if cell == row:
            return theme.output, result, f"y[{cell}]"
        gid = f"y[{cell}]{suffix}"
        if done and cell < row:
            fill = mixed(theme.background, theme.output.fill, _DONE)
            return Mark(fill, theme.ink, theme.muted), result, gid
        return theme.plain, "", gid

    def _write_words(
        self, sheet: Sheet, corner: tuple[float, float], suffix: str
    ) -> None:
        """What stands between two parts, halfway down."""
        places, middle = self.places(), corner[1] + self.size[1] / 2
        for word, (name, part) in zip(self.words, self.parts.items(), strict=False):
            x = corner[0] + places[name][0] + part.wide + self.gap / 2
            gid = f"{word.replace(' ', '-')}{suffix}"
            sheet.write(x, middle, word, gid, fontsize=HEAD)

    def _draw_box(
        self, sheet: Sheet, place: tuple[float, float], row: int, suffix: str
    ) -> None:
        """A frame about the window, on each plane that it lies on."""
        g, part = self.reads.geometry, self.parts["input"]
        _, *outs = np.unravel_index(row, (g.out_channels, *g.output_size))
        starts = [
            axis.window(int(out)).start + axis.before
            for axis, out in zip(g.axes, outs, strict=True)
        ]
        (top, left), (high, wide) = ([0, *starts][-2:], [1, *g.span][-2:])
        per_group = g.weight_shape[1]
        first = self.reads.channel(row) * g.groups // g.out_channels * per_group
        width = min(_FRAME, 0.25 * part.side / POINT)  # of small cells it hides little
        looks: dict[str, Any] = {"edgecolor": sheet.theme.ink, "linewidth": width}
        for plane in range(first, first + per_group):
            x, y = part.corner(place, plane)
            frame = Rectangle(
                (x + left * part.side, y + top * part.side),
                wide * part.side,
                high * part.side,
                fill=False,
                clip_on=False,
                zorder=3,
                gid=f"window[{plane}]{suffix}",
                **looks,
            )
            sheet.ax.add_patch(frame)


def _level(geometry: Geometry, down: bool) -> bool:
    """Whether each plane of the kernel stands level with the one plane it reads."""
    return not down and geometry.groups == 1


def _parts(
    reads: Reads, order: tuple[str, ...], side: float, points: float, down: bool
) -> dict[str, Planes]:
    """Kernel, input and output in cells of that side; 0 points are no text."""
    g = reads.geometry
    known = {
        "kernel": ("kernel", g.weight_shape[1], g.kernel_size),
        "input": (reads.input_name, g.in_channels, reads.padded),
        "output": ("output", g.out_channels, g.output_size),
    }
    parts = {name: Planes.of(*known[name], side, points) for name in order}
    if "kernel" in parts and not points:
        own = _key(reads.sums.taps, parts, down)
        parts["kernel"] = Planes.of(*known["kernel"], *own)
    if "kernel" in parts and _level(g, down):
        step = parts["input"].step
        parts["kernel"] = replace(parts["kernel"], step=step)
    return parts


def _key(
    taps: list[str], parts: Mapping[str, Planes], down: bool
) -> tuple[float, float]:
    """Side and font size of a kernel beside cells without text: it tells the colours.

    It is no larger than the input beside it, so that it finds room; a single plane may
    be higher than a flat input.
    """
    (high, wide), own = parts["kernel"].size, parts["input"]
    wished = min(_LARGEST, max(_WITH_TEXT, 0.12 + widest(taps, _SIZE)))
    level = own.size[0] * own.side
    tall = max(level, _FLAT) if own.count == 1 else level
    beside = wished if down else min(tall / high, _KEY / wide)
    across = own.cells if down else max(own.cells, _FLAT)
    side = max(own.side, min(wished, across / wide, beside))
    points = fitting_size(taps, side, side, _SIZE) if side else 0.0
    return side, points if points >= LEGIBLE else 0.0


def _largest(low: float, high: float, fits: Callable[[float], bool]) -> float:
    """The largest number up to `high` that fits, when smaller ones do."""
    if fits(high):
        return high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
