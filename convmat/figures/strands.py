"""Wires: each in the look of its tap, or grey; and the legend to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.lines import Line2D

from convmat.figures.canvas import cell, widest
from convmat.figures.content import cell_id
from convmat.figures.sheet import Sheet
from convmat.figures.style import Mark, tap_mark
from convmat.geometry import Geometry

__all__ = ["Legend", "draw_wire", "draw_zero"]

_DASHES = ((), (4, 1.6), (1.2, 1.2), (5, 1.4, 1.2, 1.4), (2.4, 1.2))
_WIDTH, _EDGE = 1.7, 3.0  # points: a wire, and the ink that it lies on
_ENTRY = 0.22  # inches from one line of the legend to the next
_SMALL = 7.0  # points


def draw_wire(
    sheet: Sheet,
    ends: tuple[float, float, float, float],
    tap: int,
    gid: str,
    *,
    is_sum: bool = False,
    thick: float = 1.0,
) -> None:
    """A wire in the colour and the dashes of its tap, on a thin line of ink.

    The ink, which keeps light colours in sight, has the id with `.edge`. A sum of taps
    has a square in its middle.
    """
    theme, (a, b, c, d) = sheet.theme, ends
    xs, ys = (a, (a + c) / 2, c), (b, (b + d) / 2, d)
    for name, color, width, depth in (
        (f"{gid}.edge", theme.ink, _EDGE, 0.4),
        (gid, tap_mark(tap, theme).fill, _WIDTH, 0.5),
    ):
        looks: dict[str, Any] = {"color": color, "linewidth": thick * width}
        wire = Line2D(xs, ys, gid=name, zorder=depth, **looks)
        wire.set_solid_capstyle("butt")
        dashes = _DASHES[tap % len(_DASHES)]
        if dashes and name == gid:
            wire.set_linestyle((0, dashes))
        sheet.ax.add_artist(wire)
    if is_sum:
        wire.set(
            marker="s", markevery=[1], markersize=3.2 * thick, markeredgecolor=theme.ink
        )
        wire.set_markerfacecolor(theme.ink)


class Legend:
    """Each tap with its letter or value, its wire, and how many wires have it.

    Ids are those of the taps, `w[u,v]`, with `.wire` and `.count` added; for zeros
    `zero[untouched]` and `zero[dropped]`.

    Parameters
    ----------
    sheet : Sheet
    geometry : Geometry
    texts : sequence of str
        What each tap says.
    uses, zeros : sequence of int
        How many wires each tap has, and each kind of zero: untouched, and dropped.
    """

    def __init__(
        self,
        sheet: Sheet,
        geometry: Geometry,
        texts: Sequence[str],
        uses: Sequence[int],
        zeros: tuple[int, int] = (0, 0),
    ) -> None:
        self.sheet, theme = sheet, sheet.theme
        self.entries = [
            (
                tap_mark(tap, theme),
                text,
                count,
                cell_id("w", geometry.kernel_shape, tap),
            )
            for tap, (text, count) in enumerate(zip(texts, uses, strict=True))
        ]
        marks = (theme.untouched, "0", "untouched"), (theme.dropped, "×", "dropped")
        for (mark, text, name), count in zip(marks, zeros, strict=True):
            if count:
                self.entries.append((mark, text, count, f"zero[{name}]"))
        words = [text for _, text, _, _ in self.entries]
        self.chip = max(0.19, widest(words, _SMALL) + 0.08)
        counts = [f"×{count}" for _, _, count, _ in self.entries]
        self.across = self.chip + 0.45 + widest(counts, _SMALL) + 0.14

    def rows(self, room: float) -> int:
        """Lines that it takes in a room of so many inches."""
        return -(-len(self.entries) // max(1, int((room + 0.14) / self.across)))

    def height(self, room: float) -> float:
        """Inches that it takes."""
        return self.rows(room) * _ENTRY

    def draw(self, corner: tuple[float, float], room: float) -> None:
        """Draw it, in lines of about as many entries each."""
        columns = -(-len(self.entries) // self.rows(room))
        for number, (mark, text, count, gid) in enumerate(self.entries):
            row, column = divmod(number, columns)
            left, top = corner[0] + column * self.across, corner[1] + row * _ENTRY
            size, points = (self.chip, 0.17), _SMALL
            cell(self.sheet.ax, (left, top), size, mark, gid, text=text, points=points)
            middle, start = top + 0.085, left + self.chip + 0.06
            ends = start, middle, start + 0.34, middle
            if gid.startswith("zero"):
                draw_zero(self.sheet, ends, mark, f"{gid}.wire")
            else:
                draw_wire(self.sheet, ends, number, f"{gid}.wire")
            looks: dict[str, Any] = {"fontsize": _SMALL, "ha": "left"}
            place = start + 0.39, middle
            self.sheet.write(*place, f"×{count}", f"{gid}.count", **looks)


def draw_zero(
    sheet: Sheet, ends: tuple[float, float, float, float], mark: Mark, gid: str
) -> None:
    """A wire without a tap: grey, dotted or dashed; or of a weight of its own."""
    wire = Line2D(ends[::2], ends[1::2], color=mark.edge, linewidth=0.8, gid=gid)
    dashes = {"dotted": (0, (1, 1.8)), "dashed": (0, (4, 3))}
    wire.set(linestyle=dashes.get(mark.line, "-"), zorder=0.3)
    sheet.ax.add_artist(wire)
