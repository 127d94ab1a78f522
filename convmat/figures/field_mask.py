"""The cells of the input that one output sees, by how many paths."""

from __future__ import annotations

from typing import Any

from matplotlib.patches import Rectangle

from convmat.arrays import Array, Shape
from convmat.figures.canvas import cell, fitting_size
from convmat.figures.chart import SIZE
from convmat.figures.content import number
from convmat.figures.sheet import Sheet
from convmat.figures.style import Mark, best_ink, mixed
from convmat.receptive import ReceptiveField

__all__ = ["MASK", "draw_mask"]

MASK = 3.2
"""Inches across."""

_HEAD = 0.24  # inches between its title and the cells
_SMALLEST = 5.5  # points


def draw_mask(
    sheet: Sheet, field: ReceptiveField, place: Shape, corner: tuple[float, float]
) -> float:
    """The input with the paths from each cell; where it ends, from the top."""
    theme = sheet.theme
    visits = field.visits(place)
    counts: Array = visits if visits.ndim == 2 else visits.sum(axis=0)
    rows, columns = counts.shape
    side = min(MASK / columns, 3.2 / rows, 0.4)
    left, top = corner[0], corner[1] + _HEAD
    texts = {at: number(n) if n else "" for at, n in _items(counts)}
    points = fitting_size([*texts.values(), "0"], side, side, SIZE)
    ways = [n for _, n in _items(counts)]
    most, total = max(ways) or 1, sum(ways)
    for (row, column), n in _items(counts):
        mark = theme.untouched
        if n:
            fill = mixed(theme.background, theme.lines[0], 0.2 + 0.8 * n / most)
            mark = Mark(fill, best_ink(fill), theme.muted)
        at = left + column * side, top + row * side
        text = texts[row, column] if points >= _SMALLEST else ""
        gid = f"mask[{row},{column}]"
        cell(sheet.ax, at, (side, side), mark, gid, text=text, points=points)
    _frame(sheet, field, place, (left, top), side)
    seen = sum(n > 0 for n in ways)
    told = f"Output {','.join(map(str, place))}: {seen} of {len(ways)} cells, "
    told += f"{total:,} paths"
    points = fitting_size([told], MASK, 0.4, SIZE)
    looks: dict[str, Any] = {"fontsize": points, "ha": "left"}
    sheet.write(corner[0], corner[1], told, "title[1]", **looks)
    return float(top + rows * side)


def _items(counts: Array) -> list[tuple[tuple[int, int], int]]:
    rows, columns = counts.shape
    return [
        ((row, column), int(counts[row, column]))
        for row in range(rows)
        for column in range(columns)
    ]


def _frame(
    sheet: Sheet,
    field: ReceptiveField,
    place: Shape,
    corner: tuple[float, float],
    side: float,
) -> None:
    """The recurrence's field, cut off where the input ends."""
    spans = []
    for ends, size in zip(field.ends(place), field.layers[0].input_size, strict=True):
        spans.append((max(0, ends.first), min(size, ends.last + 1)))
    (top, low), (left, right) = spans
    if top >= low or left >= right:
        return
    frame = Rectangle(
        (corner[0] + left * side, corner[1] + top * side),
        (right - left) * side,
        (low - top) * side,
        fill=False,
        edgecolor=sheet.theme.lines[1],
        linestyle=(0, (3, 2)),
        linewidth=1.8,
        gid="frame",
        clip_on=False,
        zorder=3,
    )
    sheet.ax.add_patch(frame)
