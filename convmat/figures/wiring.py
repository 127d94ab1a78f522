"""One layer as a network: a node for each input and output, a wire for each entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.patches import Circle

from convmat.arrays import Array
from convmat.figures.canvas import POINT, cell, fitting_size, text_width, widest
from convmat.figures.grid import Grid
from convmat.figures.sheet import Sheet
from convmat.figures.strands import draw_wire, draw_zero
from convmat.figures.style import Mark, tap_mark

__all__ = ["HEAD", "Wiring"]

HEAD = 0.3
"""Inches above the nodes, for what they are."""

_PITCH, _TALLEST = 0.42, 6.4  # inches from node to node at most, and of all nodes
_BETWEEN = 0.7  # of a pitch, between the channels of a column
_SIZE, _SMALL, _LETTER = 8.0, 7.0, 6.5  # points
_CHIP = 0.14  # inches that the letter of a wire is high
_MOST_LETTERS = 50  # wires that may have one


class Wiring:
    """The nodes of one layer in two columns, and their places, in inches.

    Parameters
    ----------
    sheet : Sheet
    grid : Grid
        Inputs are its columns, so with padding there are nodes of padding too.
    across : float
        Inches from the inputs to the outputs.
    suffix : str
        Of all ids.

    Attributes
    ----------
    width, height : float
        Of all that is drawn, with `HEAD` above the nodes.
    """

    def __init__(
        self, sheet: Sheet, grid: Grid, across: float = 0.0, suffix: str = ""
    ) -> None:
        self.sheet, self.grid, self.suffix = sheet, grid, suffix
        g = grid.geometry
        rows, columns = grid.shape
        gaps = _BETWEEN * (g.out_channels - 1), _BETWEEN * (g.in_channels - 1)
        lengths = rows + gaps[0], columns + gaps[1]
        pitch = min(_PITCH, _TALLEST / max(lengths))
        self.tall = pitch * max(lengths)
        self.thick = min(1.0, max(0.45, pitch / 0.2))
        self.radius = 0.36 * pitch
        self.names = grid.column_names(), grid.row_names()
        texts = [name for named in self.names for name, _ in named]
        room = 1.4 * self.radius, 2 * self.radius
        self.points = fitting_size(texts, *room, _SIZE)
        self.inside = self.points >= 5.5
        if not self.inside:
            self.points = min(_SMALL, 0.72 * pitch / POINT)
        beside = [
            self.radius
            + (0 if self.inside else 0.05 + widest((n for n, _ in some), self.points))
            for some in self.names
        ]
        words = text_width(self.titles[0], _SIZE), text_width(self.titles[1], _SIZE)
        self.left = max(beside[0], words[0] / 2)
        self.across = across or min(3.8, max(2.6, 0.85 * self.tall))
        self.width = self.left + self.across + max(beside[1], words[1] / 2)
        self.height = HEAD + self.tall
        self.at = 0.0, 0.0
        self.heights = (
            _spread(columns, g.in_channels, self.tall / lengths[1]),
            _spread(rows, g.out_channels, self.tall / lengths[0]),
        )

    @property
    def titles(self) -> tuple[str, str]:
        """What the two columns are."""
        return "padded input x" if self.grid.padding else "input x", "output y"

    def draw(self, corner: tuple[float, float], *, zeros: bool = False) -> list[str]:
        """Nodes and wires, each in the look of its entry; the ids of those wires.

        Parameters
        ----------
        corner : (float, float)
            Left and top.
        zeros : bool
            Whether positions without an entry have a wire too, a grey one.
        """
        self.at = corner
        theme, grid = self.sheet.theme, self.grid
        drawn = []
        for (row, column), entry in np.ndenumerate(grid.numbers()):
            gid = f"wire[{row},{column}]{self.suffix}"
            ends = self.ends(row, column)
            if entry >= 0:
                tap, is_sum = (
                    int(grid.entries.taps[entry]),
                    bool(grid.entries.sums[entry]),
                )
                looks: dict[str, Any] = {"is_sum": is_sum, "thick": self.thick}
                draw_wire(self.sheet, ends, tap, gid, **looks)
                drawn.append(gid)
            elif zeros or entry == -2:
                mark = theme.untouched if entry == -1 else theme.dropped
                draw_zero(self.sheet, ends, mark, gid)
        self._nodes()
        return drawn

    def draw_own(self, corner: tuple[float, float]) -> list[str]:
        """Nodes, and a wire for every position: each has a weight of its own."""
        self.at = corner
        drawn = []
        for row, column in np.ndindex(self.grid.shape):
            gid = f"wire[{row},{column}]{self.suffix}"
            mark = Mark("", "", self.sheet.theme.muted)
            draw_zero(self.sheet, self.ends(row, column), mark, gid)
            drawn.append(gid)
        self._nodes()
        return drawn

    def letter(self, words: Sequence[str]) -> int:
        """A letter on each wire where there is room for it; how many there are.

        Parameters
        ----------
        words : sequence of str
            What each entry says.
        """
        entries = self.grid.entries
        if not 0 < len(words) <= _MOST_LETTERS:
            return 0
        places = zip(entries.rows.tolist(), entries.cols.tolist(), strict=True)
        ends = np.array([self.ends(row, column) for row, column in places])
        sizes = [text_width(word, _LETTER) + 0.07 for word in words]
        chosen = _apart(ends, sizes)
        for number, middle in chosen.items():
            tap, is_sum = int(entries.taps[number]), bool(entries.sums[number])
            mark = tap_mark(tap, self.sheet.theme, is_sum=is_sum)
            row, column = int(entries.rows[number]), int(entries.cols[number])
            gid = f"wire[{row},{column}]{self.suffix}.tap"
            size = sizes[number], _CHIP
            corner = middle[0] - size[0] / 2, middle[1] - size[1] / 2
            looks: dict[str, Any] = {"text": words[number], "points": _LETTER}
            cell(self.sheet.ax, corner, size, mark, gid, **looks)
        return len(chosen)

    def ends(self, row: int, column: int) -> tuple[float, float, float, float]:
        """Where a wire leaves its input and meets its output: x, y, x, y."""
        start = np.array(self.place(0, column))
        stop = np.array(self.place(1, row))
        along = (stop - start) * self.radius / float(np.hypot(*(stop - start)))
        (a, b), (c, d) = (start + along).tolist(), (stop - along).tolist()
        return a, b, c, d

    def place(self, side: int, number: int) -> tuple[float, float]:
        """The middle of a node, of the inputs (0) or the outputs (1)."""
        x = self.at[0] + self.left + side * self.across
        return x, self.at[1] + HEAD + self.heights[side][number]

    def _nodes(self) -> None:
        theme = self.sheet.theme
        for side, named in enumerate(self.names):
            for number, (name, gid) in enumerate(named):
                mark = (theme.plain, theme.output)[side]
                if gid.startswith("pad"):
                    mark = Mark(theme.background, theme.muted, theme.muted, "dashed")
                self._node(side, number, name, mark, gid + self.suffix)
            x = self.place(side, 0)[0]
            gid = f"heading.{'xy'[side]}{self.suffix}"
            self.sheet.write(
                x, self.at[1] + 0.1, self.titles[side], gid, fontsize=_SIZE
            )

    def _node(self, side: int, number: int, name: str, mark: Mark, gid: str) -> None:
        x, y = self.place(side, number)
        looks: dict[str, Any] = {"facecolor": mark.fill, "edgecolor": mark.edge}
        looks |= {"linestyle": mark.line, "linewidth": 0.9, "clip_on": False}
        node = Circle((x, y), self.radius, gid=gid, zorder=1.2, **looks)
        self.sheet.ax.add_artist(node)
        words: dict[str, Any] = {"fontsize": self.points, "color": mark.ink}
        if not self.inside:
            x += (1 if side else -1) * (self.radius + 0.04)
            words |= {"ha": ("right", "left")[side], "color": self.sheet.theme.ink}
        self.sheet.write(x, y, name, f"{gid}.text", **words)


def _spread(count: int, channels: int, pitch: float) -> list[float]:
    """Inches from the top of each node, with a gap between channels."""
    inner = count // channels
    return [
        (number + 0.5 + _BETWEEN * (number // inner)) * pitch for number in range(count)
    ]


def _apart(ends: Array, sizes: Sequence[float]) -> dict[int, tuple[float, float]]:
    """Where letters lie on their wires, as far as possible from all other wires.

    No two letters meet; a wire on which there is no such place is left out.
    """
    steps = np.linspace(0.14, 0.86, 25)[:, None]
    starts, ways = ends[:, :2], ends[:, 2:] - ends[:, :2]
    chosen: dict[int, tuple[float, float]] = {}
    for number, size in enumerate(sizes):
        points = starts[number] + steps * ways[number]  # (25, 2)
        gaps = points[:, None] - np.delete(starts, number, 0)  # (25, others, 2)
        others = np.delete(ways, number, 0)
        share = (gaps * others).sum(-1) / (others**2).sum(-1)
        near = gaps - np.clip(share, 0, 1)[..., None] * others
        clear = np.hypot(*np.moveaxis(near, -1, 0)).min(1, initial=9.0)
        for best in np.argsort(-clear, kind="stable"):
            x, y = points[best].tolist()
            if all(
                abs(x - other[0]) >= (size + sizes[n]) / 2 + 0.02
                or abs(y - other[1]) >= _CHIP + 0.02
                for n, other in chosen.items()
            ):
                chosen[number] = x, y
                break
    return chosen
