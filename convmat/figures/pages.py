"""The page of a drawn matrix: sizes that fit the text, names, key, caption, blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from convmat.figures.canvas import (
    POINT,
    fitting_size,
    text_width,
    widest,
    wrapped,
    write,
)
from convmat.figures.grid import Grid
from convmat.figures.style import FONT, Theme
from convmat.figures.tiles import draw_kernel, kernel_extent
from convmat.geometry import Geometry

__all__ = [
    "Page",
    "annotate",
    "fits_cells",
    "new_page",
    "page_within",
    "shows_texts",
]

_SMALLEST = 5.0  # points: smaller text is not read, so small cells go without
_MOST_CELLS = 2_500  # each is two artists
_LONGEST, _PICTURE, _LEAST = 11.0, 6.5, 1.2  # inches of a side: cells, picture, strip
_MOST_KEY = 64  # taps
_NAME, _CAPTION, _TITLE = 8.0, 8.0, 10.0  # points
_LINE = 0.16  # inches from one line of the caption to the next


@dataclass(frozen=True)
class Page:
    """Axes for one matrix.

    Attributes
    ----------
    figure : Figure
    ax : Axes
    side : (float, float)
        Width and height of a cell, in inches.
    points : float
        Font size in the cells; 0 where they are too small for text.
    room : float
        Inches that a line of the caption may take.
    """

    figure: Figure
    ax: Axes
    side: tuple[float, float]
    points: float
    room: float


def shows_texts(grid: Grid) -> bool:
    """Whether cells or key may show the texts of taps; else nobody need write them."""
    return fits_cells(grid) or grid.geometry.free_parameters <= _MOST_KEY


def fits_cells(grid: Grid) -> bool:
    """Whether the matrix may be drawn cell by cell, if its texts fit."""
    return grid.shape[0] * grid.shape[1] <= _MOST_CELLS


def page_within(ax: Axes, grid: Grid, words: list[str]) -> Page:
    """The caller's axes, as large as they are now."""
    box, dpi = ax.get_window_extent(), ax.figure.dpi
    high, wide = grid.shape
    sides = box.width / dpi / wide, box.height / dpi / high
    side = min(sides)
    points = _points(grid, words, side)
    figure = ax.figure.canvas.figure  # the whole one, also where ax is in a part of it
    return Page(figure, ax, (side, side) if points else sides, points, box.width / dpi)


def new_page(grid: Grid, texts: list[str], words: list[str], theme: Theme) -> Page:
    """A new figure, just large enough for the matrix, its names, key and caption.

    Parameters
    ----------
    grid : Grid
    texts : list of str
        What the taps say, in the key.
    words : list of str
        What the entries say, in the cells.
    theme : Theme
    """
    high, wide = grid.shape
    wished = max(0.3, 0.12 + widest([*texts, *words], 9.0))
    side = min(wished, _LONGEST / max(high, wide))
    points = _points(grid, [*texts, *words], side)
    sides = side, side
    if not points:
        scale = _PICTURE / max(high, wide)
        sides = max(scale, _LEAST / wide), max(scale, _LEAST / high)
    body = wide * sides[0], high * sides[1]
    left, top = _margins(grid, sides, points)
    lines = grid.caption(bool(points))
    bottom = 0.3 + _LINE * (len(lines) + (not points))
    key_side = _key_side(grid.geometry, texts, max(body[1], 2.0))
    key = tuple(key_side * extent for extent in kernel_extent(grid.geometry))
    title = repr(grid.geometry)
    width = max(
        left + body[0] + 0.45 + (key[0] + 0.3 if key_side else 0.0),
        left + 1.02 * widest(lines, _CAPTION) + 0.3,  # what `wrapped` leaves free
        text_width(title, _TITLE) + 0.4,
    )
    height = top + max(body[1], key[1]) + bottom

    figure = Figure(figsize=(width, height), facecolor=theme.background)
    looks: dict[str, Any] = {"family": FONT, "color": theme.ink, "parse_math": False}
    above = 1 - 0.12 / height
    figure.text(0.15 / width, above, title, size=_TITLE, va="top", gid="title", **looks)

    def place(x: float, y: float, size: tuple[float, ...]) -> Axes:
        box = x / width, 1 - (y + size[1]) / height, size[0] / width, size[1] / height
        return figure.add_axes(box)

    ax = place(left, top, body)
    if key_side:
        beside = place(left + body[0] + 0.45, top, key)
        beside.set(xlim=(0, key[0]), ylim=(key[1], 0), gid="key")
        beside.set_axis_off()
        size = fitting_size(texts, key_side, key_side, 9.0)
        legible = texts if size >= _SMALLEST else [""] * len(texts)
        draw_kernel(beside, (0.0, 0.0), key_side, grid.geometry, legible, theme, size)
        above_key = {"color": theme.ink, "fontsize": _NAME, "va": "bottom"}
        write(beside, key[0] / 2, -0.06, "kernel", "key.title", **above_key)
    return Page(figure, ax, sides, points, width - left)


def annotate(page: Page, grid: Grid, lines: list[str], theme: Theme) -> None:
    """Names or numbers along both sides, blocks of channels, and the caption."""
    ax = page.ax
    high, wide = grid.shape
    ax.set(xlim=(-0.5, wide - 0.5), ylim=(high - 0.5, -0.5))
    ax.set_facecolor(theme.background)
    ax.tick_params(
        top=not page.points,
        labeltop=True,
        bottom=False,
        labelbottom=False,
        left=not page.points,
        length=2.0 if not page.points else 0.0,
        pad=3.0,
        colors=theme.ink,
        labelsize=_NAME,
        labelfontfamily=FONT,
    )
    for spine in ax.spines.values():
        spine.set(visible=not page.points, color=theme.muted)
    if page.points:
        _name(page, grid, theme)
    else:
        ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
        ax.yaxis.set_major_locator(MaxNLocator("auto", integer=True))
    looks: dict[str, Any] = {"family": FONT, "color": theme.ink, "size": _NAME}
    unit = "" if page.points else ", counted from 0"
    ax.xaxis.set_label_position("top")
    padded = "padded input" if grid.padding else "input"
    # Beside a short side a label starts at the corner, or the two would meet there.
    along: Literal["left", "center"] = "left" if wide * page.side[0] < 1 else "center"
    down: Literal["top", "center"] = "top" if high * page.side[1] < 1 else "center"
    ax.set_xlabel(f"{padded} (columns{unit})", loc=along, gid="label.x", **looks)
    ax.set_ylabel(f"output (rows{unit})", loc=down, gid="label.y", **looks)
    below = _draw_blocks(page, grid, theme)
    told = [part for line in lines for part in wrapped(line, _CAPTION, page.room)]
    for number, line in enumerate(told):
        ax.annotate(
            line,
            (0, 0),
            xycoords="axes fraction",
            xytext=(0, -(below + number * _LINE / POINT)),
            textcoords="offset points",
            va="top",
            gid=f"caption[{number}]",
            parse_math=False,
            **{**looks, "size": _CAPTION},
        )


def _points(grid: Grid, words: list[str], side: float) -> float:
    """Font size for cells of that side, or 0."""
    if not fits_cells(grid):
        return 0.0
    size = fitting_size([*words, "0"], side, side, 9.0)
    return size if size >= _SMALLEST else 0.0


def _name_size(grid: Grid, side: tuple[float, float]) -> tuple[float, bool]:
    """Font size of the names, and whether those of columns stand upright."""
    size = min(_NAME, 0.72 * min(side) / POINT)
    broadest = widest((name for name, _ in grid.column_names()), size)
    return size, broadest > 0.85 * side[0]


def _margins(
    grid: Grid, side: tuple[float, float], points: float
) -> tuple[float, float]:
    """Inches left of the matrix and above it."""
    if not points:
        return 0.85, 0.8
    size, upright = _name_size(grid, side)
    left = widest((name for name, _ in grid.row_names()), size)
    broadest = widest((name for name, _ in grid.column_names()), size)
    return 0.42 + left, 0.65 + (broadest if upright else 0.12)


def _name(page: Page, grid: Grid, theme: Theme) -> None:
    size, upright = _name_size(grid, page.side)
    columns, rows = grid.column_names(), grid.row_names()
    page.ax.set_xticks(range(len(columns)), [name for name, _ in columns])
    page.ax.set_yticks(range(len(rows)), [name for name, _ in rows])
    turned = {"rotation": 90} if upright else {}
    pairs = zip(page.ax.get_xticklabels(), columns, strict=True)
    for label, (_, gid) in pairs:
        label.set(gid=gid, size=size, **turned)
        if gid.startswith("pad"):
            label.set_color(theme.muted)
    for label, (_, gid) in zip(page.ax.get_yticklabels(), rows, strict=True):
        label.set(gid=gid, size=size)


def _draw_blocks(page: Page, grid: Grid, theme: Theme) -> float:
    """Lines between channels with their numbers; points that they take below."""
    rows, columns = grid.blocks()
    high, wide = grid.shape
    line: dict[str, Any] = {
        "color": theme.ink,
        "linewidth": 1.8 if page.points else 0.8,
    }
    for number, row in enumerate(rows[1:], 1):
        page.ax.axhline(row - 0.5, gid=f"block.row[{number}]", **line)
    for number, column in enumerate(columns[1:], 1):
        page.ax.axvline(column - 0.5, gid=f"block.column[{number}]", **line)
    size: dict[str, Any] = {"fontsize": 7.0, "color": theme.muted}
    tall, broad = high // len(rows), wide // len(columns)
    if len(rows) > 1 and _fits("output channel 0", tall * page.side[1]):
        gap = 0.09 / page.side[0]
        for number, row in enumerate(rows):
            place = wide - 0.5 + gap, row + (tall - 1) / 2
            gid, text = f"block.output[{number}]", f"output channel {number}"
            write(page.ax, *place, text, gid, rotation=270, va="center", **size)
    if len(columns) > 1 and _fits("input channel 0", broad * page.side[0]):
        gap = 0.1 / page.side[1]
        for number, column in enumerate(columns):
            place = column + (broad - 1) / 2, high - 0.5 + gap
            gid = f"block.input[{number}]"
            write(page.ax, *place, f"input channel {number}", gid, **size)
        return 17.0
    return 7.0


def _fits(text: str, inches: float) -> bool:
    return text_width(text, 7.0) < 0.95 * inches


def _key_side(geometry: Geometry, texts: list[str], most: float) -> float:
    """Inches of a cell of the key; 0 where the kernel is too large for one."""
    if geometry.free_parameters > _MOST_KEY:
        return 0.0
    wide, high = kernel_extent(geometry)
    wished = max(0.3, 0.12 + widest(texts, 9.0))
    return min(wished, 4.0 / wide, most / high)
