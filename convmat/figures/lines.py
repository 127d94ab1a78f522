"""Curves: told apart by colour, marker and dashes, and named where they end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.arrays import Array
from convmat.errors import ConvmatError, ShapeError
from convmat.figures.canvas import widest
from convmat.figures.chart import draw_curve, name_ends, panel
from convmat.figures.content import ends_told
from convmat.figures.shades import reals
from convmat.figures.sheet import Sheet
from convmat.figures.style import Theme, theme_of

__all__ = ["curves", "last_points"]

Places: TypeAlias = dict[str, Array]
_WIDE, _HIGH = 5.2, 3.2  # inches of the axes
_LEFT, _RIGHT, _BOTTOM, _TOP = 0.8, 0.35, 0.6, 0.5  # inches around them


def curves(
    series: Mapping[str, Sequence[float]],
    *,
    xlabel: str,
    ylabel: str,
    x: Mapping[str, Sequence[float]] | None = None,
    log: bool = False,
    title: str = "",
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """Several sequences of numbers as curves, such as losses over training steps.

    Parameters
    ----------
    series : mapping of str to sequence of float
        Entry `i` of a sequence is drawn at `i + 1`, unless `x` says otherwise: the
        first step is step 1.
    xlabel, ylabel, title : str
        What the axes show, with units, and the heading.
    x : mapping of str to sequence of float, optional
        Where the points of a series lie, for those that don't start at 1, or not in
        steps of 1.
    log : bool
        Whether the y axis is logarithmic; all values must then be positive.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        Ids of its artists: `curve[name]`, and `name[name]` for the name at its end.

    Raises
    ------
    ShapeError
        For no series, an empty one, or one that is no flat sequence, and for `x` of
        another length.
    ConvmatError
        For a value that is not positive on a logarithmic axis, and for `x` of a series
        that there is not.
    ConvmatTypeError
        For what are no real numbers.

    Examples
    --------
    >>> figure = curves({"train": [4, 2, 1]}, xlabel="step", ylabel="loss")
    >>> print(figure.convmat["alt"])
    Curves of loss over step. train: 3 points, from 4 to 1.
    """
    arrays = _read(series, log)
    places = _places(x or {}, arrays)
    sheet = Sheet.blank(theme_of(theme), ax)
    right = _RIGHT + widest(arrays, 9.0) + 0.1
    sheet.cut(_LEFT + _WIDE + right, _TOP + _HIGH + _BOTTOM)
    whole = all((place == np.rint(place)).all() for place in places.values())
    box = _LEFT, _TOP, _WIDE, _HIGH
    ax = panel(sheet, box, "curves", x=xlabel, y=ylabel, title=title, whole=whole)
    for index, (name, values) in enumerate(arrays.items()):
        draw_curve(ax, places[name], values, index, sheet.theme, f"curve[{name}]")
    if log:
        ax.set_yscale("log")
    name_ends(ax, last_points(places, arrays), _HIGH, sheet.theme)
    params = {
        "series": {name: len(values) for name, values in arrays.items()},
        "log": log,
        "theme": sheet.theme.name,
    }
    heading = f"{title}: curves" if title else "Curves"
    scale = ", on a logarithmic axis" if log else ""
    told = [f"{heading} of {ylabel} over {xlabel}{scale}."]
    for name, values in arrays.items():
        told.append(f"{name}: {len(values)} points, {ends_told(values)}.")
    return sheet.finish("curves", params, " ".join(told))


def _read(series: Mapping[str, Sequence[float]], log: bool) -> dict[str, Array]:
    """The series as arrays of floats, checked."""
    if not series:
        raise ShapeError("series", "must hold at least one series", dict(series))
    arrays = {}
    for name, values in series.items():
        array = reals(f"series[{name!r}]", values)
        if array.ndim != 1 or not np.isfinite(array).any():
            rule = "must be a flat sequence with at least one finite number"
            raise ShapeError(f"series[{name!r}]", rule, values)
        if log and (array <= 0).any():
            rule = "must be positive throughout on a logarithmic axis"
            low = float(np.nanmin(array))
            raise ConvmatError(f"series[{name!r}]", rule, low, "draw with log=False")
        arrays[name] = array
    return arrays


def _places(x: Mapping[str, Sequence[float]], arrays: dict[str, Array]) -> Places:
    """Where the points of each series lie, checked."""
    if strangers := [name for name in x if name not in arrays]:
        raise ConvmatError("x", f"must have names of series, {list(arrays)}", strangers)
    places = {}
    for name, values in arrays.items():
        given = np.arange(1.0, len(values) + 1)
        if name in x:
            given = reals(f"x[{name!r}]", x[name])
            if given.shape != values.shape or not np.isfinite(given).all():
                rule = f"must be {len(values)} finite numbers, one for each point"
                raise ShapeError(f"x[{name!r}]", rule, x[name])
        places[name] = given
    return places


def last_points(places: Places, arrays: Places) -> dict[str, tuple[float, float]]:
    """The last finite point of each series that has one.

    Examples
    --------
    >>> last_points({"a": np.arange(3.0)}, {"a": np.array([4.0, 5.0, np.nan])})
    {'a': (1.0, 5.0)}
    """
    ends = {}
    for name, values in arrays.items():
        for last in np.flatnonzero(np.isfinite(values))[-1:]:
            ends[name] = float(places[name][last]), float(values[last])
    return ends
