"""What the figures of networks share: limits, what their wires say, legend, caption."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from convmat.errors import ShapeError
from convmat.figures.chart import paragraph
from convmat.figures.content import flat_kernel, many, padded_counts, short, tap_texts
from convmat.figures.entries import entry_texts
from convmat.figures.grid import Grid
from convmat.figures.sheet import Sheet
from convmat.figures.strands import Legend
from convmat.geometry import Geometry
from convmat.labels import labels

__all__ = [
    "MARGIN",
    "carried",
    "finish_below",
    "read",
    "refuse_large",
    "uses",
    "zeros",
]

MARGIN = 0.25
"""Inches around a network."""

_MOST_NODES, _MOST_WIRES, _MOST_TAPS = 64, 400, 64


def refuse_large(g: Geometry, *, padding: bool = False, every: bool = False) -> None:
    """Refuse what could not be read, before anything is built.

    Raises
    ------
    ShapeError
        For too many nodes, wires or taps.
    """
    rows, columns = g.matrix_shape
    count = g.nnz
    if padding:
        columns, _ = padded_counts(g)
        count = rows * g.taps_per_row
    count = rows * columns if every else count
    if max(rows, columns) > _MOST_NODES or count > _MOST_WIRES:
        rule = (
            f"must have at most {_MOST_NODES} inputs, {_MOST_NODES} outputs and "
            f"{_MOST_WIRES} wires, not {columns}, {rows} and {count}"
        )
        raise ShapeError("geometry", rule, g, "matrix_plot draws any geometry")
    if g.free_parameters > _MOST_TAPS:
        rule = f"must have at most {_MOST_TAPS} taps, not {g.free_parameters}"
        raise ShapeError("geometry", rule, g, "matrix_plot draws any geometry")


def read(
    g: Geometry, kernel: npt.ArrayLike | None, *, padding: bool = False
) -> tuple[Grid, list[str], list[str]]:
    """The grid, what each entry says, and what each tap says."""
    taps = None if kernel is None else flat_kernel(g, kernel)
    grid = Grid.of(g, padding)
    known = labels(g)
    words = entry_texts(grid.entries, taps, lambda tap: short(known.letter(tap)))
    return grid, words, tap_texts(g, taps)


def finish_below(
    sheet: Sheet, legend: Legend, note: str, below: float, wide: float
) -> None:
    """The legend and the caption, and the sheet cut to its size."""
    room = wide - 2 * MARGIN
    place = MARGIN, below + 0.15
    legend.draw(place, room)
    below = place[1] + legend.height(room) + 0.06
    below += paragraph(sheet, note, (MARGIN, below), room)
    sheet.cut(wide, below + 0.12)


def uses(grid: Grid) -> list[int]:
    """How many wires each tap has a part in."""
    free = grid.geometry.free_parameters
    counts: list[int] = np.bincount(grid.entries.terms, minlength=free).tolist()
    return counts


def zeros(grid: Grid) -> tuple[int, int]:
    """Positions that no tap reaches, and those that padding drops."""
    rows, columns = grid.shape
    dropped = len(grid.dropped_rows)
    return rows * columns - len(grid.entries.rows) - dropped, dropped


def carried(grid: Grid) -> str:
    """How many wires have how many weights."""
    entries, free = len(grid.entries.rows), grid.geometry.free_parameters
    told = f"{many(entries, 'wire')} for {many(free, 'weight')}"
    dead = uses(grid).count(0)
    return f"{told}, {dead} of which no output uses" if dead else told
