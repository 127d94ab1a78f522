"""What batch norm does to the numbers of a channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.arrays import Array
from convmat.errors import ConvmatTypeError, ShapeError
from convmat.figures.canvas import wrapped
from convmat.figures.chart import LINE, SIZE, panel, paragraph
from convmat.figures.content import number
from convmat.figures.shades import reals
from convmat.figures.sheet import Sheet
from convmat.figures.style import Theme, theme_of
from convmat.nn import BatchNorm
from convmat.nn.counts import count

__all__ = ["batchnorm"]

_BINS = 40
_LEFT, _WIDE, _HIGH = 0.8, 2.4, 1.3  # inches of and around a panel
_GAP, _HEAD, _BOTTOM, _RIGHT, _TOP = 0.95, 0.5, 0.55, 0.25, 0.1


@dataclass(frozen=True)
class _Panel:
    """One histogram: its id, what it shows, and its numbers."""

    key: str
    title: str
    values: Array

    @property
    def center(self) -> tuple[float, float]:
        """Mean, and the standard deviation that normalises: by the mean square."""
        return float(self.values.mean()), float(self.values.std())


def batchnorm(
    before: npt.ArrayLike,
    after: npt.ArrayLike,
    layer: BatchNorm | None = None,
    *,
    normalised: npt.ArrayLike | None = None,
    evaluated: npt.ArrayLike | None = None,
    channel: int = 0,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """Histograms of a channel before batch norm and after it, in training and eval.

    `convmat.experiments.normed` computes all the arrays from a layer and a batch.

    Parameters
    ----------
    before, after : array_like, `(batch, channels, *spatial)`
        What came into a batch norm in training, and what it made of that.
    layer : BatchNorm, optional
        Its gamma, beta and remembered statistics are told and marked.
    normalised : array_like, optional
        What it was before gamma and beta acted.
    evaluated : array_like, optional
        What the layer makes of `before` in eval mode.
    channel : int
        The one that is shown.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        A panel for each array, `before`, `normalised`, `after` and `evaluated`; all but
        the first have one range. Ids of the artists in each: `hist[before]`, its
        outline `mean[before]` at the mean, and `std[before]` from one standard
        deviation below it to one above. With a layer, `running.mean` and `running.std`
        are what it remembers, in the first panel.

    Raises
    ------
    ShapeError
        For arrays of other axes or unequal shapes, or with a value that is not finite;
        a layer of another number of channels.
    ConvmatTypeError
        For what are no real numbers, and for what is no batch norm.
    ConvmatError
        For a channel that there is not, and an unknown theme.

    Examples
    --------
    >>> from convmat.experiments import normed
    >>> layer = BatchNorm(1)
    >>> seen = normed(layer, [[1.0], [2.0], [6.0]])
    >>> figure = batchnorm(seen.before, seen.after, layer, evaluated=seen.evaluated)
    >>> print(figure.convmat["alt"])
    Batch norm of channel 0. Before: mean 3, standard deviation 2.16. After γ
    and β, in training: mean 0, standard deviation 1. The same in eval mode: mean 3,
    standard deviation 2.16. gamma is 1, beta 0. The layer remembers mean 0 and
    standard deviation 1.
    """
    given = {
        "before": before,
        "normalised": normalised,
        "after": after,
        "evaluated": evaluated,
    }
    panels, channels = _read(given, channel)
    if layer is not None and not isinstance(layer, BatchNorm):
        raise ConvmatTypeError("layer", "must be a BatchNorm", layer)
    if layer is not None and len(layer.parameters["weight"]) != channels:
        rule = f"must have {channels} channels, as the arrays"
        raise ShapeError("layer", rule, len(layer.parameters["weight"]))
    held = None if layer is None else _Held.of(layer, channel)
    sheet = Sheet.blank(theme_of(theme), ax)
    note = _note(held)
    wide = _LEFT + 2 * _WIDE + _GAP + _RIGHT
    lines = wrapped(note, SIZE, wide - 2 * _RIGHT)
    rows = -(-len(panels) // 2)
    high = _TOP + rows * (_HEAD + _HIGH + _BOTTOM) + 0.1
    sheet.cut(wide, high + len(lines) * LINE + 0.1)
    rest = np.concatenate([one.values for one in panels[1:]])
    for place, one in enumerate(panels):
        ends = one.values if one.key == "before" else rest
        low, top = float(ends.min()), float(ends.max())
        if held and one.key == "before":
            low, top = min(low, held.mean - held.std), max(top, held.mean + held.std)
        _draw(sheet, one, place, (low, top), held)
    paragraph(sheet, note, (_RIGHT, high), wide - 2 * _RIGHT)
    params = {
        "panels": [one.key for one in panels],
        "channel": channel,
        "numbers": len(panels[0].values),
        "theme": sheet.theme.name,
    }
    return sheet.finish("batchnorm", params, _alt(panels, channel, held))


@dataclass(frozen=True)
class _Held:
    """What a layer holds for one channel."""

    gamma: float
    beta: float
    mean: float
    std: float

    @classmethod
    def of(cls, layer: BatchNorm, channel: int) -> _Held:
        gamma, beta = layer.parameters["weight"], layer.parameters["bias"]
        mean, var = layer.buffers["running_mean"], layer.buffers["running_var"]
        own = [float(part[channel]) for part in (gamma, beta, mean, var)]
        return cls(own[0], own[1], own[2], own[3] ** 0.5)


def _read(
    given: dict[str, npt.ArrayLike | None], channel: int
) -> tuple[list[_Panel], int]:
    """The panels of a channel, and the number of channels."""
    titles = {
        "before": "Before",
        "normalised": "Normalised by the batch",
        "after": "After γ and β, in training",
        "evaluated": "The same in eval mode",
    }
    arrays = {k: reals(k, v) for k, v in given.items() if v is not None}
    shape = arrays["before"].shape
    if len(shape) < 2 or not arrays["before"].size:
        rule = "must be (batch, channels, *spatial), without an axis of 0"
        raise ShapeError("before.shape", rule, shape)
    count("channel", channel, 0, shape[1] - 1)
    for key, array in arrays.items():
        if array.shape != shape:
            raise ShapeError(f"{key}.shape", f"must be {shape}, as before", array.shape)
        if not np.isfinite(array).all():
            raise ShapeError(key, "must be finite", array)
    panels = [
        _Panel(key, titles[key], array[:, channel].reshape(-1))
        for key, array in arrays.items()
    ]
    return panels, shape[1]


def _draw(
    sheet: Sheet,
    one: _Panel,
    place: int,
    ends: tuple[float, float],
    held: _Held | None,
) -> None:
    """One histogram under its heading, with mean and standard deviation."""
    look, key = sheet.theme, one.key
    row, column = divmod(place, 2)
    left = _LEFT + column * (_WIDE + _GAP)
    top = _TOP + row * (_HEAD + _HIGH + _BOTTOM)
    ax = panel(
        sheet,
        (left, top + _HEAD, _WIDE, _HIGH),
        key,
        x="value",
        y="count",
        name=f"[{key}]",
    )
    for label in (ax.xaxis.label, ax.yaxis.label):
        label.set_fontsize(SIZE)
    ax.locator_params(axis="y", nbins=4)
    counts, edges = np.histogram(one.values, _BINS, ends)
    fill: Any = {"facecolor": look.lines[0], "alpha": 0.55, "edgecolor": "none"}
    ax.stairs(counts, edges, fill=True, gid=f"hist[{key}]", **fill)
    ax.set_ylim(0, 1.35 * max(int(counts.max()), 1))
    mean, std = one.center
    _mark(ax, one.center, (f"mean[{key}]", f"std[{key}]"), look, 0)
    if held and key == "before":
        running = held.mean, held.std
        _mark(ax, running, ("running.mean", "running.std"), look, 1)
    sheet.write(left, top + 0.12, one.title, f"head[{key}]", ha="left", fontsize=9.0)
    text = f"mean {_mean(mean, std)}, std {number(std, 3)}"
    looks = {"ha": "left", "fontsize": SIZE, "color": look.muted}
    sheet.write(left, top + 0.12 + LINE, text, f"told[{key}]", **looks)


def _mark(
    ax: Axes, center: tuple[float, float], ids: tuple[str, str], look: Theme, index: int
) -> None:
    """A mean as a line, and a bar from a deviation below it to one above."""
    mean, std = center
    height = ax.get_ylim()[1] * (0.83, 0.94)[index]
    dashes: Any = {"color": look.lines[1 + index], "linestyle": ("-", "--")[index]}
    ax.axvline(mean, linewidth=1.6, gid=ids[0], **dashes)
    bar = [mean - std, mean + std], [height, height]
    ax.plot(*bar, marker="|", markersize=7.0, linewidth=1.6, gid=ids[1], **dashes)


def _mean(mean: float, std: float) -> str:
    """0 for what rounding leaves of a mean of 0."""
    return number(mean if abs(mean) > 5e-4 * std else 0.0, 3)


def _note(held: _Held | None) -> str:
    note = "Line: the mean. Bar: one standard deviation to each side."
    if held is None:
        return note
    parts = f"γ = {number(held.gamma, 3)}, β = {number(held.beta, 3)}."
    return (
        f"{note} Dashed, before: what the layer remembers for eval mode, mean "
        f"{number(held.mean, 3)} and standard deviation {number(held.std, 3)}. {parts} "
        "They make β the mean and |γ| the standard deviation after it in training."
    )


def _alt(panels: list[_Panel], channel: int, held: _Held | None) -> str:
    told = [f"Batch norm of channel {channel}."]
    for one in panels:
        mean, std = _mean(*one.center), number(one.center[1], 3)
        told.append(f"{one.title}: mean {mean}, standard deviation {std}.")
    if held:
        gamma, beta, mean, std = (
            number(n, 3) for n in (held.gamma, held.beta, held.mean, held.std)
        )
        told.append(f"gamma is {gamma}, beta {beta}.")
        told.append(f"The layer remembers mean {mean} and standard deviation {std}.")
    return " ".join(told)
