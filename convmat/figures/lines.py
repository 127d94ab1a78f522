"""Curves: told apart by colour, marker and dashes, and named where they end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from convmat.arrays import Array
from convmat.dtypes import carried
from convmat.errors import ConvmatError, ShapeError
from convmat.figures.canvas import describe, widest
from convmat.figures.content import number
from convmat.figures.style import FONT, Theme, theme_of

__all__ = ["curves"]

_DASHES = ("-", "--", "-.", ":")
_MARKERS = "os^Dv"
_WIDE, _HIGH = 5.2, 3.2  # inches of the axes
_LEFT, _RIGHT, _BOTTOM, _TOP = 0.8, 0.35, 0.6, 0.5  # inches around them
_LINE = 0.17  # inches between two names at least


def curves(
    series: Mapping[str, Sequence[float]],
    *,
    xlabel: str,
    ylabel: str,
    log: bool = False,
    title: str = "",
    theme: str | Theme = "light",
) -> Figure:
    """Several sequences of numbers as curves, such as losses over training steps.

    Parameters
    ----------
    series : mapping of str to sequence of float
        Entry `i` of a sequence is drawn at `i + 1`: the first step is step 1.
    xlabel, ylabel, title : str
        What the axes show, with units, and the heading.
    log : bool
        Whether the y axis is logarithmic; all values must then be positive.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        Ids of its artists: `curve[name]`, and `name[name]` for the name at its end.

    Raises
    ------
    ShapeError
        For no series, an empty one, or one that is no flat sequence.
    ConvmatError
        For a value that is not positive on a logarithmic axis.

    Examples
    --------
    >>> figure = curves({"train": [4, 2, 1]}, xlabel="step", ylabel="loss")
    >>> print(figure.convmat["alt"])
    Curves of loss over step. train: 3 points, from 4 to 1.
    """
    look = theme_of(theme)
    arrays = _read(series, log)
    right = _RIGHT + widest(arrays, 9.0) + 0.1
    size = _LEFT + _WIDE + right, _TOP + _HIGH + _BOTTOM
    figure = Figure(figsize=size, facecolor=look.background)
    box = _LEFT / size[0], _BOTTOM / size[1], _WIDE / size[0], _HIGH / size[1]
    ax = figure.add_axes(box, gid="curves", facecolor=look.background)
    for index, (name, values) in enumerate(arrays.items()):
        ax.plot(
            np.arange(1, len(values) + 1),
            values,
            color=look.lines[index % len(look.lines)],
            linestyle=_DASHES[index % len(_DASHES)],
            marker=_MARKERS[index % len(_MARKERS)],
            markevery=_marked(len(values), index),
            markersize=5.0,
            linewidth=max(1.2, 3.4 - 0.9 * index),  # equal curves both stay in sight
            gid=f"curve[{name}]",
        )
    if log:
        ax.set_yscale("log")
    looks: dict[str, Any] = {"color": look.ink, "family": FONT, "parse_math": False}
    ax.set_xlabel(xlabel, gid="label.x", **looks)
    ax.set_ylabel(ylabel, gid="label.y", **looks)
    ax.set_title(title, gid="title", loc="left", **looks)
    ax.tick_params(which="both", colors=look.ink, labelfontfamily=FONT, labelsize=8)
    ax.grid(color=look.muted, alpha=0.25, linewidth=0.6)
    for side, spine in ax.spines.items():
        spine.set(visible=side in ("left", "bottom"), color=look.muted)
    ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    _name_ends(ax, arrays, look)
    params = {
        "series": {name: len(values) for name, values in arrays.items()},
        "log": log,
        "theme": look.name,
    }
    heading = f"{title}: curves" if title else "Curves"
    scale = ", on a logarithmic axis" if log else ""
    told = [f"{heading} of {ylabel} over {xlabel}{scale}."]
    for name, values in arrays.items():
        ends = f"from {number(values[0])} to {number(values[-1])}"
        told.append(f"{name}: {len(values)} points, {ends}.")
    return describe(figure, "curves", params, " ".join(told))


def _read(series: Mapping[str, Sequence[float]], log: bool) -> dict[str, Array]:
    """The series as arrays of floats, checked."""
    if not series:
        raise ShapeError("series", "must hold at least one series", dict(series))
    arrays = {}
    for name, values in series.items():
        array = carried(f"series[{name!r}]", values).astype(float)
        if array.ndim != 1 or not np.isfinite(array).any():
            rule = "must be a flat sequence with at least one finite number"
            raise ShapeError(f"series[{name!r}]", rule, values)
        if log and (array <= 0).any():
            rule = "must be positive throughout on a logarithmic axis"
            low = float(np.nanmin(array))
            raise ConvmatError(f"series[{name!r}]", rule, low, "draw with log=False")
        arrays[name] = array
    return arrays


def _marked(points: int, index: int) -> list[int]:
    """About ten points to mark, others for each curve: equal curves show both."""
    step = max(1, points // 10)
    first = int(step * (0.0, 0.5, 0.25, 0.75, 0.1)[index % len(_MARKERS)])
    return list(range(min(first, points - 1), points, step))


def _name_ends(ax: Axes, arrays: dict[str, Array], look: Theme) -> None:
    """Each name beside the end of its curve, moved where two would meet."""
    low, high = ax.get_ylim()
    to_axes = ax.transData + ax.transAxes.inverted()
    ends = {}
    for name, values in arrays.items():
        last = int(np.flatnonzero(np.isfinite(values))[-1])
        ends[name] = last + 1, float(values[last])
    heights = {n: float(to_axes.transform(end)[1]) for n, end in ends.items()}
    ordered = sorted(heights, key=heights.__getitem__)
    gap = _LINE / _HIGH
    place = -gap
    for rank, name in enumerate(ordered):
        above = (len(ordered) - 1 - rank) * gap  # what those still to come need
        place = max(place + gap, min(heights[name], 1.0 - above))
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
    ax.set_ylim(low, high)
