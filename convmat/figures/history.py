"""The losses of a training run."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.arrays import Array
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.figures.canvas import widest
from convmat.figures.chart import SIZE, draw_curve, gaps, name_ends, panel, plain_log
from convmat.figures.content import many, number
from convmat.figures.lines import last_points
from convmat.figures.sheet import Sheet
from convmat.figures.style import FONT, Theme, theme_of
from convmat.nn.recorder import Recorder

__all__ = ["losses"]

_LEFT, _WIDE, _HIGH = 0.8, 5.0, 3.0  # inches of the axes, and around them
_RIGHT, _BOTTOM, _TOP = 0.3, 0.6, 0.5
_NAMES = {"train": "train (smooth)", "valid": "valid"}
_LABELS = 12  # epochs that are numbered at most


def losses(
    recorder: Recorder,
    *,
    log: bool = False,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """The smooth training loss at each batch, and the held-out loss at each epoch.

    Parameters
    ----------
    recorder : Recorder
    log : bool
        Whether the loss axis is logarithmic; all losses must then be positive.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        Against the batches done: the loss of a batch lies where those before it are
        done, the held-out loss of an epoch where its last one is. Ids of the artists:
        `curve[train]`, with a gap (NaN) before each later fit, where the smooth loss
        starts anew; `curve[valid]`, where there are held-out losses; `epoch[e]` the
        line at the end of epoch `e`, with its number under `.text`.

    Raises
    ------
    ConvmatTypeError
        For what is no recorder.
    ConvmatError
        For one without a step, a loss that is not positive on a logarithmic axis, and
        an unknown theme.

    Examples
    --------
    >>> from convmat.nn import Epoch
    >>> recorder = Recorder(fits=[0])
    >>> for loss in (1.0, 0.5):
    ...     recorder.add(loss, lr=0.1, momentum=0.9)
    >>> recorder.epochs.append(Epoch(0, 2, recorder.smooth_losses[-1], 0.4))
    >>> print(losses(recorder).convmat["alt"])
    Losses over 2 batches and 1 epoch. The smooth training loss goes from 1 to 0.7475.
    Held-out loss after each epoch: 0.4.
    """
    if not isinstance(recorder, Recorder):
        remedy = "learner.fit returns one"
        raise ConvmatTypeError("recorder", "must be a Recorder", recorder, remedy)
    if not recorder.steps:
        rule, remedy = "must hold at least one step", "train first: learner.fit(1)"
        raise ConvmatError("recorder", rule, "Recorder()", remedy)
    places, curves = _curves(recorder)
    for name, values in curves.items():
        if log and (values <= 0).any():
            rule = "must have positive losses on a logarithmic axis"
            told = f"{name} loss {number(float(np.nanmin(values)))}"
            raise ConvmatError("recorder", rule, told, "draw with log=False")
    sheet = Sheet.blank(theme_of(theme), ax)
    right = _RIGHT + widest(_NAMES.values(), 9.0) + 0.1
    sheet.cut(_LEFT + _WIDE + right, _TOP + _HIGH + _BOTTOM)
    box, look = (_LEFT, _TOP, _WIDE, _HIGH), sheet.theme
    ax = panel(sheet, box, "losses", x="batches done", y="loss", whole=True)
    for index, name in enumerate(curves):
        gid = f"curve[{name}]"
        line = draw_curve(ax, places[name], curves[name], index, look, gid)
        # Each held-out loss is a measurement; of the others only the curve is seen.
        line.set(marker="o" if index or len(recorder.steps) == 1 else "")
        line.set(markevery=None, linewidth=1.8)
    if log:
        ax.set_yscale("log")
        seen = np.concatenate(list(curves.values()))
        plain_log(ax.yaxis, float(np.nanmin(seen)), float(np.nanmax(seen)))
    total = max(len(recorder.steps), 1)
    ax.set_xlim(-0.02 * total, 1.02 * total)
    every = -(-len(recorder.epochs) // _LABELS)
    for place, epoch in enumerate(recorder.epochs):
        dots: Any = {
            "color": look.muted,
            "linestyle": ":",
            "linewidth": 1.0,
            "zorder": 0.5,
        }
        ax.axvline(epoch.steps, gid=f"epoch[{place}]", **dots)
        if place % every and place != len(recorder.epochs) - 1:
            continue
        ax.annotate(
            f"{epoch.number}" if place else f"epoch {epoch.number}",
            (epoch.steps, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            color=look.muted,
            family=FONT,
            fontsize=SIZE,
            gid=f"epoch[{place}].text",
        )
    ends = last_points(places, curves)
    name_ends(ax, {_NAMES[name]: end for name, end in ends.items()}, _HIGH, look)
    params = {
        "steps": len(recorder.steps),
        "epochs": len(recorder.epochs),
        "fits": list(recorder.fits),
        "log": log,
        "theme": look.name,
    }
    return sheet.finish("losses", params, _alt(recorder))


def _curves(recorder: Recorder) -> tuple[dict[str, Array], dict[str, Array]]:
    """Where the points of both curves lie, and how high."""
    smooth = np.array(recorder.smooth_losses)
    done = np.arange(float(len(smooth)))
    x, y = gaps(done, smooth, recorder.fits)
    places, curves = {"train": x}, {"train": y}
    held = [
        (e.steps, e.valid_loss) for e in recorder.epochs if e.valid_loss is not None
    ]
    if held:
        places["valid"], curves["valid"] = np.array(held, np.float64).T
    return places, curves


def _alt(recorder: Recorder) -> str:
    smooth, epochs = recorder.smooth_losses, len(recorder.epochs)
    told = [f"Losses over {len(smooth)} batches and {many(epochs, 'epoch')}."]
    ends = f"from {number(smooth[0])} to {number(smooth[-1])}"
    told.append(f"The smooth training loss goes {ends}.")
    held = [number(float(v)) for v in recorder.valid_losses if v is not None]
    if held:
        shown = held if len(held) <= _LABELS else [*held[:3], "…", *held[-3:]]
        told.append(f"Held-out loss after each epoch: {', '.join(shown)}.")
    return " ".join(told)
