"""Learning rate and momentum along a run."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.arrays import Array
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.figures.canvas import wrapped
from convmat.figures.chart import LINE, SIZE, gaps, panel, paragraph
from convmat.figures.content import number
from convmat.figures.sheet import Sheet
from convmat.figures.style import FONT, Theme, theme_of
from convmat.nn.counts import count
from convmat.nn.recorder import Recorder
from convmat.optim import Plan

__all__ = ["schedule"]

_LEFT, _WIDE, _HIGH, _RIGHT = 0.85, 5.4, 1.55, 0.3  # inches of and around a panel
_TOP, _BETWEEN, _BOTTOM = 0.35, 0.3, 0.55
_MOST = 1_000_000  # steps of a plan
_TOLD = 6  # boundaries of many


def schedule(
    what: Recorder | Plan,
    steps: int | None = None,
    *,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """Learning rate and momentum against the batches done, and where warm-up ends.

    Parameters
    ----------
    what : Recorder or Plan
        What was recorded, or what is planned.
    steps : int, optional
        Batches of the run, for a plan.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        Two panels, `lr` and `momentum`, with a curve in each: `curve[lr]` and
        `curve[momentum]`. Batch 0 is the first: rates are those of the step that
        follows so many batches. Where the learning rate grows at first in a fit,
        `warmup[f]` marks its top in fit `f`; later fits begin at `fit[f]`, after a gap
        (NaN) in the curve. These ids end in `.momentum` in the lower panel. A
        rate that a plan leaves to the rule is told in `left[lr]` or `left[momentum]`.

    Raises
    ------
    ConvmatTypeError
        For what is neither, and for `steps` that are no integer.
    ConvmatError
        For a recorder without a step, one beside `steps`, `steps` less than 1 or more
        than a million, and an unknown theme.

    Examples
    --------
    >>> from convmat.optim import OneCycle
    >>> figure = schedule(OneCycle(0.06), 117)
    >>> print(figure.convmat["alt"])
    Learning rate and momentum over 117 batches. Learning rate from 0.0024 to
    1.982e-05, at most 0.05999. Momentum from 0.95 to 0.95, at least 0.85. Dashed:
    warm-up ends at batch 29.
    """
    rates, starts = _read(what, steps)
    total = len(rates["lr"])
    tops = _tops(rates["lr"], starts)
    sheet = Sheet.blank(theme_of(theme), ax)
    note = _note(starts, tops)
    bottom = _TOP + 2 * _HIGH + _BETWEEN + _BOTTOM
    high = bottom + len(wrapped(note, SIZE, _WIDE)) * LINE + 0.1
    sheet.cut(_LEFT + _WIDE + _RIGHT, high)
    names = {"lr": "learning rate", "momentum": "momentum"}
    for place, (key, name) in enumerate(names.items()):
        _panel(sheet, key, name, place, rates[key], starts, tops)
    paragraph(sheet, note, (_LEFT, bottom), _WIDE)
    heads = [f"Learning rate and momentum over {total} batches."]
    for key, name in names.items():
        values = rates[key]
        if np.isnan(values).all():
            heads.append(f"The {name} is left to the rule.")
            continue
        ends = f"from {number(values[0])} to {number(values[-1])}"
        far, most = ("most", np.nanmax) if key == "lr" else ("least", np.nanmin)
        heads.append(f"{name.capitalize()} {ends}, at {far} {number(most(values))}.")
    params = {
        "steps": total,
        "fits": starts,
        "warmup": {str(fit): top for fit, top in tops.items()},
        "theme": sheet.theme.name,
    }
    return sheet.finish("schedule", params, " ".join([*heads, note]))


def _read(
    what: Recorder | Plan, steps: int | None
) -> tuple[dict[str, Array], list[int]]:
    """Rates of each step, NaN where they are the rule's, and where fits begin."""
    if isinstance(what, Recorder):
        if steps is not None:
            remedy = "a recorder has its own"
            raise ConvmatError("steps", "must be None for a recorder", steps, remedy)
        if not what.steps:
            rule, remedy = "must hold at least one step", "train first: learner.fit(1)"
            raise ConvmatError("what", rule, "Recorder()", remedy)
        rates = {
            "lr": np.array([float(lr) for lr in what.lrs]),
            "momentum": np.array([float(momentum) for momentum in what.momenta]),
        }
        return rates, [start for start in what.fits if start < len(what.steps)] or [0]
    if not callable(getattr(what, "rates", None)):
        raise ConvmatTypeError("what", "must be a Recorder or a Plan", what)
    if steps is None:
        rule = "must be the number of batches, for a plan"
        raise ConvmatTypeError("steps", rule, steps, "117 are an epoch of the book's")
    total = count("steps", steps, 1, _MOST)
    planned = [what.rates(done / total) for done in range(total)]
    return {
        "lr": np.array([np.nan if r.lr is None else float(r.lr) for r in planned]),
        "momentum": np.array(
            [np.nan if r.momentum is None else float(r.momentum) for r in planned]
        ),
    }, [0]


def _tops(lrs: Array, starts: list[int]) -> dict[int, int]:
    """The batch with the largest rate of each fit in which the rate grows at first."""
    tops = {}
    ends = [*starts[1:], len(lrs)]
    for fit, (start, end) in enumerate(zip(starts, ends, strict=True)):
        own = lrs[start:end]
        if len(own) and not np.isnan(own).any() and (top := int(own.argmax())):
            tops[fit] = start + top
    return tops


def _note(starts: list[int], tops: dict[int, int]) -> str:
    """The boundaries in words."""
    told = "The learning rate is largest at the start: no warm-up."
    if tops:
        told = f"Dashed: warm-up ends at {_batches(list(tops.values()))}."
    if len(starts) > 1:
        told += f" Dotted: a new fit begins at {_batches(starts[1:])}."
    return told


def _batches(numbers: list[int]) -> str:
    """Batches in words, the first few of many."""
    if len(numbers) == 1:
        return f"batch {numbers[0]}"
    *first, last = map(str, numbers[:_TOLD])
    if len(numbers) > _TOLD:
        return f"batches {', '.join([*first, last])} and {len(numbers) - _TOLD} more"
    return f"batches {', '.join(first)} and {last}"


def _panel(
    sheet: Sheet,
    key: str,
    name: str,
    place: int,
    values: Array,
    starts: list[int],
    tops: dict[int, int],
) -> None:
    """One rate, with the boundaries."""
    look, last = sheet.theme, place == 1
    box = _LEFT, _TOP + place * (_HIGH + _BETWEEN), _WIDE, _HIGH
    label = "batches done" if last else ""
    ax = panel(sheet, box, key, x=label, y=name, name=f"[{key}]", whole=True)
    ax.set_xlim(-0.02 * len(values), 1.02 * len(values))
    if not last:
        ax.tick_params(labelbottom=False)
    suffix = "" if key == "lr" else f".{key}"
    for fit, start in enumerate(starts):
        if fit:
            looks: Any = {"color": look.muted, "linestyle": ":", "linewidth": 1.0}
            ax.axvline(start, gid=f"fit[{fit}]{suffix}", **looks)
    if np.isnan(values).all():
        ax.set_yticks([])
        ax.text(
            0.5,
            0.5,
            "left to the rule",
            transform=ax.transAxes,
            ha="center",
            va="center",
            color=look.muted,
            family=FONT,
            fontsize=SIZE + 1,
            gid=f"left[{key}]",
        )
        return
    for fit, top in tops.items():
        dashes: Any = {"color": look.lines[1], "linestyle": "--", "linewidth": 1.3}
        ax.axvline(top, gid=f"warmup[{fit}]{suffix}", **dashes)
    done = np.arange(float(len(values)))
    ax.plot(
        *gaps(done, values, starts),
        color=look.lines[0],
        linewidth=2.0,
        gid=f"curve[{key}]",
    )
