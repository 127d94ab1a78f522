"""Axes with numbers on them: one look for all charts, and curves named at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from convmat.arrays import Array
from convmat.figures.canvas import wrapped
from convmat.figures.sheet import Sheet
from convmat.figures.style import FONT, Theme

__all__ = [
    "LINE",
    "SIZE",
    "apart",
    "draw_curve",
    "gaps",
    "name_ends",
    "panel",
    "paragraph",
    "plain_log",
]

LINE = 0.17
"""Inches from one line of text to the next."""

SIZE = 8.0
"""Points of text beside charts."""

_DASHES = ("-", "--", "-.", ":")
_MARKERS = "os^Dv"


def panel(
    sheet: Sheet,
    box: tuple[float, float, float, float],
    gid: str,
    *,
    x: str = "",
    y: str = "",
    title: str = "",
    name: str = "",
    whole: bool = False,
) -> Axes:
    """Axes on a sheet that was cut to its size.

    Parameters
    ----------
    sheet : Sheet
    box : (float, float, float, float)
        Left, top, width and height, in inches.
    gid : str
        Of the axes.
    x, y, title : str
        What the axes show, and the heading; their ids are `label.x`, `label.y` and
        `title`, each followed by `name`.
    name : str
    whole : bool
        Whether numbers on the x axis are whole ones.
    """
    look = sheet.theme
    ax = sheet.panel(box, gid)
    looks: dict[str, Any] = {"color": look.ink, "family": FONT, "parse_math": False}
    ax.set_xlabel(x, gid=f"label.x{name}", **looks)
    ax.set_ylabel(y, gid=f"label.y{name}", **looks)
    ax.set_title(title, gid=f"title{name}", loc="left", **looks)
    ax.tick_params(which="both", colors=look.ink, labelfontfamily=FONT, labelsize=SIZE)
    ax.grid(color=look.muted, alpha=0.25, linewidth=0.6)
    for side, spine in ax.spines.items():
        spine.set(visible=side in ("left", "bottom"), color=look.muted)
    if whole:
        ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    return ax


def draw_curve(
    ax: Axes, x: Sequence[float] | Array, y: Array, index: int, look: Theme, gid: str
) -> Line2D:
    """Curve number `index`, told apart by colour, dashes, marker and width."""
    (line,) = ax.plot(
        x,
        y,
        color=look.lines[index % len(look.lines)],
        linestyle=_DASHES[index % len(_DASHES)],
        marker=_MARKERS[index % len(_MARKERS)],
        markevery=_marked(len(y), index),
        markersize=5.0,
        linewidth=max(1.2, 3.4 - 0.9 * index),  # equal curves both stay in sight
        gid=gid,
    )
    return line


def gaps(x: Array, y: Array, starts: Sequence[int]) -> tuple[Array, Array]:
    """A curve with a gap (NaN) before each of some points, but for the first.

    Examples
    --------
    >>> x, y = gaps(np.array([0.0, 1.0]), np.array([5.0, 6.0]), [0, 1])
    >>> x.tolist(), y.tolist()
    ([0.0, 1.0, 1.0], [5.0, nan, 6.0])
    """
    inner = [start for start in starts if 0 < start < len(y)]
    return np.insert(x, inner, x[inner]), np.insert(y, inner, np.nan)


def plain_log(axis: Axis, low: float, high: float) -> None:
    """Numbers along a logarithmic axis, written out; over few decades 2 and 5 too.

    Parameters
    ----------
    axis : Axis
    low, high : float
        The least and the largest number, greater than 0.
    """
    near = high < 300 * low

    def text(value: float, _: object) -> str:
        digit = f"{value:e}"[0]
        return f"{value:g}" if digit == "1" or (near and digit in "25") else ""

    axis.set_major_formatter(FuncFormatter(text))
    axis.set_minor_formatter(FuncFormatter(text))


def apart(wanted: Mapping[str, float], gap: float) -> dict[str, float]:
    """Places in [0, 1] for names, as wanted where no two are nearer than `gap`.

    Examples
    --------
    >>> apart({"a": 0.5, "b": 0.5, "c": 0.0}, 0.25)
    {'c': 0.0, 'a': 0.5, 'b': 0.75}
    """
    places = {}
    place = -gap
    ordered = sorted(wanted, key=wanted.__getitem__)
    for rank, name in enumerate(ordered):
        after = (len(ordered) - 1 - rank) * gap  # what those still to come need
        place = max(place + gap, min(wanted[name], 1.0 - after))
        places[name] = place
    return places


def name_ends(
    ax: Axes, ends: Mapping[str, tuple[float, float]], high: float, look: Theme
) -> None:
    """Each name beside the end of its curve, moved where two would meet.

    Parameters
    ----------
    ax : Axes
    ends : mapping of str to (float, float)
        The last point of each curve, in its own numbers.
    high : float
        Inches that `ax` is high.
    look : Theme
    """
    limits = ax.get_ylim()
    to_axes = ax.transData + ax.transAxes.inverted()
    heights = {n: float(to_axes.transform(end)[1]) for n, end in ends.items()}
    for name, place in apart(heights, LINE / high).items():
        label = ax.annotate(
            name,
            ends[name],
            xytext=(1.04, place),
            textcoords="axes fraction",
            va="center",
            fontsize=9.0,
            family=FONT,
            color=look.ink,
            parse_math=False,
            gid=f"name[{name}]",
            arrowprops={"arrowstyle": "-", "color": look.muted, "linewidth": 0.7},
        )
        if label.arrow_patch is not None:
            label.arrow_patch.set_gid(f"leader[{name}]")
    ax.set_ylim(limits)


def paragraph(
    sheet: Sheet, text: str, corner: tuple[float, float], wide: float
) -> float:
    """`text` in lines below each other; their height in inches.

    The ids of the lines are `caption[0]`, `caption[1]`, ...
    """
    lines = wrapped(text, SIZE, wide)
    for depth, line in enumerate(lines):
        y = corner[1] + (depth + 0.5) * LINE
        sheet.write(corner[0], y, line, f"caption[{depth}]", fontsize=SIZE, ha="left")
    return len(lines) * LINE


def _marked(points: int, index: int) -> list[int]:
    """About ten points to mark, others for each curve: equal curves show both."""
    step = max(1, points // 10)
    first = int(step * (0.0, 0.5, 0.25, 0.75, 0.1)[index % len(_MARKERS)])
    return list(range(min(first, points - 1), points, step))
