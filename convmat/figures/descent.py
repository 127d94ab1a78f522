"""What momentum does: ways down a long valley."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from convmat.arrays import Array
from convmat.errors import ConvmatTypeError, ShapeError
from convmat.experiments import Descents
from convmat.figures.canvas import widest
from convmat.figures.chart import SIZE, draw_curve, name_ends, panel, plain_log
from convmat.figures.content import number
from convmat.figures.lines import last_points
from convmat.figures.shades import reals
from convmat.figures.sheet import Sheet
from convmat.figures.style import Theme, theme_of

__all__ = ["momentum"]

_LEFT, _WIDE, _RIGHT, _TOP = 0.75, 5.2, 0.3, 0.1  # inches of and around a panel
_HEAD, _BETWEEN, _BOTTOM = 0.3, 0.12, 0.55
_LOW, _TALL, _DISTANCE = 0.5, 1.5, 2.0  # inches: a valley, and the last panel
_LEVELS = (1.0, 0.5, 0.2, 0.05, 0.005)  # of the loss at the start
_MOST = 5  # momenta: as many as there are colours


def momentum(
    descents: Descents, *, ax: Axes | None = None, theme: str | Theme = "light"
) -> Figure:
    """Ways down a valley with several momenta, and how far from its lowest point.

    Parameters
    ----------
    descents : Descents
        What `convmat.experiments.descend_valley` returns, with 5 momenta at most.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        A panel for each momentum, `valley[m]`, and below them the distance from the
        lowest point against the steps, on a logarithmic axis. Ids of the artists:
        `path[m]`, a point for each step; `start[m]` and `goal[m]`; `level[m,k]` the
        lines of equal loss; `curve[momentum m]` the distances, a gap where one is 0.

    Raises
    ------
    ConvmatTypeError
        For what are no descents.
    ShapeError
        For none or more than 5, paths that are not `(steps + 1, 2)` of finite numbers,
        and one that is at the lowest point throughout.
    ConvmatError
        For an unknown theme.

    Examples
    --------
    >>> from convmat.experiments import descend_valley
    >>> figure = momentum(descend_valley((0, 0.9)))
    >>> print(figure.convmat["alt"])
    Ways down a long valley, 100 times as curved across as along, in steps of learning
    rate 0.018. Momentum 0: 120 steps, distance from the lowest point from 10.11 to
    1.131. Momentum 0.9: 120 steps, distance from the lowest point from 10.11 to
    0.01413.
    """
    paths = _read(descents)
    distances = {
        name: np.where(values > 0, values, np.nan)
        for name, values in zip(paths, descents.distances.values(), strict=True)
    }
    look = theme_of(theme)
    sheet = Sheet.blank(look, ax)
    reach = 1.08 * np.abs(np.concatenate(list(paths.values()))).max(axis=0)
    reach = np.where(reach > 0, reach, reach.max())
    tall = float(np.clip(_WIDE * reach[1] / reach[0], _LOW, _TALL))
    names = [f"momentum {name}" for name in paths]
    wide = _LEFT + _WIDE + _RIGHT + widest(names, 9.0) + 0.1
    pitch = _HEAD + tall + _BETWEEN
    below = _TOP + len(paths) * pitch + _BOTTOM - _BETWEEN
    sheet.cut(wide, below + _HEAD + _DISTANCE + _BOTTOM)
    for place, (name, path) in enumerate(paths.items()):
        top = _TOP + place * pitch + _HEAD
        box = _LEFT, top, _WIDE, tall
        _valley(sheet, name, path, place, box, reach, descents)
    _distances(sheet, distances, below)
    a, b = descents.curvatures
    steps = {name: len(path) - 1 for name, path in paths.items()}
    params = {
        "momenta": list(paths),
        "curvatures": [number(a), number(b)],
        "lr": number(descents.lr),
        "steps": steps,
        "theme": look.name,
    }
    shape = f"{number(float(b / a))} times as curved across as along"
    rate = number(float(descents.lr))
    told = [f"Ways down a long valley, {shape}, in steps of learning rate {rate}."]
    for name, values in zip(paths, descents.distances.values(), strict=True):
        ends = f"from {number(values[0])} to {number(values[-1])}"
        way = f"{steps[name]} steps, distance from the lowest point {ends}"
        told.append(f"Momentum {name}: {way}.")
    return sheet.finish("momentum", params, " ".join(told))


def _read(descents: Descents) -> dict[str, Array]:
    """The paths by the names of their momenta."""
    if not isinstance(descents, Descents):
        remedy = "convmat.experiments.descend_valley() makes some"
        raise ConvmatTypeError("descents", "must be Descents", descents, remedy)
    if not 1 <= len(descents.paths) <= _MOST:
        rule = f"must hold from 1 to {_MOST} paths"
        raise ShapeError("descents", rule, list(descents.paths))
    paths = {}
    for factor, path in descents.paths.items():
        array = reals(f"descents.paths[{factor}]", path)
        fits = array.ndim == 2 and array.shape[1] == 2 and len(array)
        if not fits or not np.isfinite(array).all() or not array.any():
            rule = "must be (steps + 1, 2), finite and not at (0, 0) throughout"
            raise ShapeError(f"descents.paths[{factor}]", rule, path)
        paths[number(factor)] = array
    return paths


def _valley(
    sheet: Sheet,
    name: str,
    path: Array,
    place: int,
    box: tuple[float, float, float, float],
    reach: Array,
    descents: Descents,
) -> None:
    """One path over the lines of equal loss."""
    look, last = sheet.theme, place == len(descents.paths) - 1
    label = "along the valley" if last else ""
    gid = f"valley[{name}]"
    ax = panel(sheet, box, gid, x=label, y="across", name=f"[{name}]")
    ax.set(xlim=(-reach[0], reach[0]), ylim=(-reach[1], reach[1]))
    ax.grid(visible=False)
    ax.yaxis.label.set_fontsize(SIZE)
    if not last:
        ax.tick_params(labelbottom=False)
    (first, *_) = list(descents.losses.values())[place]
    for level, part in enumerate(_LEVELS):
        # The loss is `c` where x is sqrt(2 c / a), and where y is sqrt(2 c / b).
        sides = [2 * float(2 * first * part / c) ** 0.5 for c in descents.curvatures]
        looks: Any = {
            "fill": False,
            "edgecolor": look.muted,
            "alpha": 0.6,
            "linewidth": 0.7,
        }
        ax.add_patch(Ellipse((0, 0), *sides, gid=f"level[{name},{level}]", **looks))
    color = look.lines[place % len(look.lines)]
    ax.plot(
        *path.T, color=color, linewidth=1.1, marker=".", ms=3.5, gid=f"path[{name}]"
    )
    spots = {"start": (path[0], "o"), "goal": ((0.0, 0.0), "x")}
    for spot, ((x, y), marker) in spots.items():
        ax.plot(x, y, marker, color=look.ink, ms=6, mew=1.6, gid=f"{spot}[{name}]")
    sheet.write(
        box[0],
        box[1] - 0.12,
        f"momentum {name}",
        f"head[{name}]",
        ha="left",
        fontsize=SIZE + 1,
    )


def _distances(sheet: Sheet, distances: dict[str, Array], below: float) -> None:
    """How far the paths are from the lowest point after each step."""
    look = sheet.theme
    box = _LEFT, below + _HEAD, _WIDE, _DISTANCE
    labels = {"x": "steps", "y": "distance"}
    ax = panel(sheet, box, "distance", name="[distance]", whole=True, **labels)
    ax.set_yscale("log")
    seen = np.concatenate(list(distances.values()))
    plain_log(ax.yaxis, float(np.nanmin(seen)), float(np.nanmax(seen)))
    curves = {f"momentum {name}": values for name, values in distances.items()}
    places = {name: np.arange(float(len(v))) for name, v in curves.items()}
    for index, (name, values) in enumerate(curves.items()):
        draw_curve(ax, places[name], values, index, look, f"curve[{name}]")
    name_ends(ax, last_points(places, curves), _DISTANCE, look)
    text = "distance from the lowest point, on a logarithmic axis"
    place = _LEFT, below + _HEAD - 0.12
    sheet.write(*place, text, "head[distance]", ha="left", fontsize=SIZE + 1)
