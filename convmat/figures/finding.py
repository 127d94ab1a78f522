"""Losses at growing learning rates, and what they suggest."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.figures.canvas import widest
from convmat.figures.chart import LINE, SIZE, apart, panel, paragraph
from convmat.figures.content import number
from convmat.figures.sheet import Sheet
from convmat.figures.style import FONT, Theme, theme_of
from convmat.nn import LRFinding

__all__ = ["lr_find"]

_LEFT, _WIDE, _HIGH, _RIGHT = 0.75, 5.7, 2.8, 0.3  # inches of and around the axes
_TOP, _BOTTOM = 0.8, 0.6
_NAMES = ("valley", "slide", "minimum", "steep")
_SKIP = 5  # steps at the end that no suggestion looks at, where all breaks down
_DASHES = ("-", "--", "-.", ":")


def lr_find(
    finding: LRFinding, *, ax: Axes | None = None, theme: str | Theme = "light"
) -> Figure:
    """The loss against the learning rate, with the suggestions by name and value.

    Parameters
    ----------
    finding : LRFinding
        What `learner.lr_find()` returns.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        The rates are on a logarithmic axis. Ids of the artists: `curve[loss]`; for each
        suggestion a line such as `suggestion[valley]`, with its name and value under
        `.text` and the line between them under `.leader`. The axis ends where the loss
        does without the last five steps, at which it breaks down. The caption tells
        how far it goes, and which suggestions there are not.

    Raises
    ------
    ConvmatTypeError
        For what is no finding.
    ConvmatError
        For one without a step, with rates that are not positive or not as many as
        losses, and for an unknown theme.

    Examples
    --------
    >>> from convmat.nn import LRFinding
    >>> finding = LRFinding((0.1, 1, 10), (3, 1, 2), 0.1, None, 0.1, 0.1)
    >>> print(lr_find(finding).convmat["alt"])
    Loss against the learning rate from 0.1 to 10, on a logarithmic axis, over 3 steps.
    The loss is least, 1, at 1. Suggested: valley 0.1, minimum 0.1, steep 0.1. Too few
    steps for slide.
    """
    if not isinstance(finding, LRFinding):
        remedy = "learner.lr_find() returns one"
        raise ConvmatTypeError("finding", "must be an LRFinding", finding, remedy)
    if not finding.lrs:
        rule, remedy = "must hold at least one step", "start with a smaller rate"
        raise ConvmatError("finding", rule, finding, remedy)
    if len(finding.lrs) != len(finding.losses):
        told = f"{len(finding.lrs)} rates and {len(finding.losses)} losses"
        raise ConvmatError("finding", "must have a loss for each rate", told)
    found = {name: getattr(finding, name) for name in _NAMES}
    known = {name: float(rate) for name, rate in found.items() if rate is not None}
    if min((*finding.lrs, *known.values())) <= 0:
        raise ConvmatError("finding", "must have positive rates", finding)
    missing = [name for name, rate in found.items() if rate is None]
    sheet = Sheet.blank(theme_of(theme), ax)
    seen = finding.losses[:-_SKIP] or finding.losses
    notes = []
    if max(finding.losses) > (limit := max(seen) + 0.1 * (max(seen) - min(seen))):
        most = number(float(max(finding.losses)))
        notes.append(f"The last steps go up to {most}, beyond the axis.")
    if missing:
        notes.append(f"Too few steps for {', '.join(missing)}.")
    note = " ".join(notes)
    high = _TOP + _HIGH + _BOTTOM + (LINE + 0.1) * bool(notes)
    sheet.cut(_LEFT + _WIDE + _RIGHT, high)
    box = _LEFT, _TOP, _WIDE, _HIGH
    ax = panel(sheet, box, "lr_find", x="learning rate", y="smooth loss")
    ax.set_xscale("log")
    look = sheet.theme
    ax.plot(
        finding.lrs,
        finding.losses,
        color=look.ink,
        linewidth=1.8,
        marker="o" if len(finding.lrs) == 1 else "",
        zorder=2.5,
        gid="curve[loss]",
    )
    if max(finding.losses) > limit:
        low = min(seen) - (limit - max(seen))
        ax.set_ylim(low, limit)
    texts = {name: f"{name} {number(rate, 3)}" for name, rate in known.items()}
    for index, name in enumerate(_NAMES):
        if name in known:
            ax.axvline(
                known[name],
                color=look.lines[index],
                linestyle=_DASHES[index],
                linewidth=2.6 - 0.45 * index,  # equal suggestions all stay in sight
                zorder=1.5 + 0.01 * index,
                gid=f"suggestion[{name}]",
            )
    _name(sheet, known, texts, ax)
    if note:
        paragraph(sheet, note, (_LEFT, high - LINE - 0.1), _WIDE)
    params = {"steps": len(finding.lrs), "suggestions": found, "theme": look.name}
    return sheet.finish("lr_find", params, _alt(finding, texts, note))


def _name(
    sheet: Sheet, known: dict[str, float], texts: dict[str, str], ax: Axes
) -> None:
    """Names and values above the axes, moved where two would meet."""
    look = sheet.theme
    ax.set_xlim(ax.get_xlim())  # settled, before places are told
    slot = (widest(texts.values(), SIZE) + 0.15) / _WIDE
    to_axes = ax.transData + ax.transAxes.inverted()
    shares = {
        name: float(to_axes.transform((rate, 1.0))[0]) for name, rate in known.items()
    }
    room = 1 - slot  # of the left ends
    wanted = {
        name: min(max((share - slot / 2) / room, 0.0), 1.0)
        for name, share in shares.items()
    }
    for name, place in apart(wanted, slot / room).items():
        middle = place * room + slot / 2
        label = ax.annotate(
            texts[name],
            (shares[name], 1.0),
            xycoords="axes fraction",
            xytext=(middle, 1 + 0.28 / _HIGH),
            textcoords="axes fraction",
            ha="center",
            va="bottom",
            color=look.ink,
            family=FONT,
            fontsize=SIZE,
            parse_math=False,
            gid=f"suggestion[{name}].text",
            arrowprops={
                "arrowstyle": "-",
                "color": look.muted,
                "linewidth": 0.8,
                "shrinkA": 1.0,
                "shrinkB": 0.0,
            },
        )
        if label.arrow_patch is not None:
            label.arrow_patch.set_gid(f"suggestion[{name}].leader")


def _alt(finding: LRFinding, texts: dict[str, str], note: str) -> str:
    lrs, seen = finding.lrs, finding.losses
    least = int(np.argmin(seen))
    ends = f"from {number(float(lrs[0]))} to {number(float(lrs[-1]))}"
    best = f"{number(float(seen[least]))}, at {number(float(lrs[least]))}"
    over = f"on a logarithmic axis, over {len(lrs)} steps"
    told = [f"Loss against the learning rate {ends}, {over}."]
    told.append(f"The loss is least, {best}.")
    if texts:
        told.append(f"Suggested: {', '.join(texts.values())}.")
    return " ".join([*told, note] if note else told)
