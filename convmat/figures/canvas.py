"""What every figure is drawn with: cells, and text that was measured."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Polygon, Rectangle
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.textpath import TextPath

from convmat.figures.style import FONT, Mark, mixed

__all__ = [
    "cell",
    "fitting_size",
    "text_width",
    "widest",
    "wrapped",
    "write",
]

POINT = 1 / 72
"""One point in inches."""

_SLACK = 1.02  # text that is fitted to the dots of a screen is wider than its outline
_SUM = 0.28  # of a cell's side: the filled corner, which stays clear of the text


@lru_cache(maxsize=4096)
def text_width(text: str, size: float) -> float:
    """Width of `text` in inches, at `size` points.

    Examples
    --------
    >>> text_width("WW", 10) > text_width("W", 10) > 0
    True
    """
    if not text.strip():
        return 0.3 * size * POINT * len(text)
    path = TextPath((0, 0), text, size=size, prop=FontProperties(family=FONT))
    # Curves of letters have points at their ends, so no curve goes beyond its points;
    # asking the curves themselves takes ten times as long.
    across = path.vertices[path.codes != Path.CLOSEPOLY, 0]
    return float(np.ptp(across)) * POINT


def widest(texts: Iterable[str], size: float) -> float:
    """Width in inches of the widest text; of very many, only the longest are measured.

    Examples
    --------
    >>> widest(["W", "WW"], 10) == text_width("WW", 10)
    True
    """
    longest = sorted(set(texts), key=len)[-100:]
    return max((text_width(text, size) for text in longest), default=0.0)


def wrapped(text: str, size: float, inches: float) -> list[str]:
    """`text` in lines of at most that width; a word that is longer stands alone.

    Examples
    --------
    >>> wrapped("one two", 10, 9.0), wrapped("one two", 10, 0.4)
    (['one two'], ['one', 'two'])
    """
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _SLACK * text_width(longer, size) <= inches:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def fitting_size(texts: list[str], wide: float, high: float, most: float) -> float:
    """The font size, at most `most`, at which each text fits a cell of that size.

    Parameters
    ----------
    texts : list of str
    wide, high : float
        Inches.
    most : float
        Points.
    """
    width = widest(texts, 10.0)
    by_width = 10.0 * 0.86 * wide / width if width else most
    return min(most, by_width, 0.62 * high / POINT)


def write(ax: Axes, x: float, y: float, text: str, gid: str, **looks: Any) -> Text:
    """One text, centred unless `looks` says otherwise, in the one font."""
    looks = {"ha": "center", "va": "center_baseline", **looks}
    return ax.text(
        x, y, text, gid=gid, family=FONT, parse_math=False, clip_on=False, **looks
    )


def cell(
    ax: Axes,
    corner: tuple[float, float],
    size: tuple[float, float],
    mark: Mark,
    gid: str,
    *,
    text: str = "",
    points: float = 9.0,
) -> Rectangle:
    """One cell with its text; the text's id is the cell's with `.text` added.

    The hatch has the id with `.hatch`, the filled corner of a sum the one with `.sum`.

    Parameters
    ----------
    ax : Axes
        With y pointing down.
    corner, size : (float, float)
        Left and top, width and height, in the units of `ax`.
    mark : Mark
    gid : str
    text : str
    points : float
        Font size.
    """
    patch = Rectangle(
        corner,
        *size,
        facecolor=mark.fill,
        edgecolor=mark.edge,
        linestyle=mark.line,
        linewidth=0.8,
        clip_on=False,  # or the last row and column lose half their border
        gid=gid,
        zorder=1.0 if mark.line == "solid" else 0.9,  # whole borders over broken ones
    )
    ax.add_artist(patch)  # as `add_patch`, without a look at limits that are set
    if mark.hatch:
        faint = mixed(mark.fill, mark.ink, 0.3)  # the text stays readable over it
        outline: Any = {"edgecolor": faint, "hatch": mark.hatch, "linewidth": 0.0}
        over = Rectangle(corner, *size, fill=False, gid=f"{gid}.hatch", **outline)
        ax.add_artist(over)
    if mark.is_sum:
        right, low = corner[0] + size[0], corner[1] + size[1]
        side = _SUM * min(size)
        ends = (right, low), (right - side, low), (right, low - side)
        ax.add_artist(
            Polygon(
                ends, color=mark.ink, linewidth=0.0, clip_on=False, gid=f"{gid}.sum"
            )
        )
    if text:
        middle = corner[0] + size[0] / 2, corner[1] + size[1] / 2
        write(ax, *middle, text, f"{gid}.text", color=mark.ink, fontsize=points)
    return patch
