"""A spectrum beside the estimates of its norm."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.figures.canvas import (
    widest,
)
from convmat.figures.chart import LINE, SIZE, panel, paragraph, plain_log
from convmat.figures.content import number
from convmat.figures.sheet import Sheet
from convmat.figures.style import FONT, Theme, theme_of
from convmat.spectrum import BoundTable, Spectrum

__all__ = ["spectrum_bounds"]

_WIDE, _HIGH, _ROW = 3.6, 1.9, 0.24  # inches of both panels, and of one estimate
_MARGIN, _TOP, _BETWEEN, _BOTTOM = 0.25, 0.45, 0.95, 0.5  # inches around them
_MARKS = {"upper": "<", "lower": ">", "neither": "D"}  # they point at the truth
_COLORS = {"upper": 1, "lower": 0, "neither": 3}  # of the theme's lines


def spectrum_bounds(
    spectrum: Spectrum,
    table: BoundTable,
    *,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """The singular values of a layer, and below them every estimate of the largest.

    Parameters
    ----------
    spectrum : Spectrum
        As `convmat.singular_values` returns it.
    table : BoundTable
        Of the same layer, as `convmat.spectrum.compare_bounds` returns it.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        Ids of its artists: `values` the curve of singular values, `truth` the line at
        the largest of them; for each estimate `bound[name]` its mark, `name[name]` its
        name and `told[name]` its label with the value over the truth.

    Raises
    ------
    ConvmatTypeError
        For what is no spectrum, or no table of bounds.
    ConvmatError
        For a norm of 0, which has no ratios; two layers that are not the same; an
        unknown theme.

    Examples
    --------
    >>> from convmat import singular_values
    >>> from convmat.spectrum import compare_bounds
    >>> kernel = [[1, 2], [3, 4]]
    >>> figure = spectrum_bounds(
    ...     singular_values(kernel, (8, 8), padding=1),
    ...     compare_bounds(kernel, (8, 8), padding=1),
    ... )
    >>> print(figure.convmat["alt"])
    All 64 singular values of a 81×64 matrix, from 9.729 to ... The norm is 9.729, exact
    up to rounding, by a dense decomposition: ... Estimates of it: reshaped kernel
    5.477, lower; ...
    """
    if not isinstance(spectrum, Spectrum):
        remedy = "convmat.singular_values returns one"
        raise ConvmatTypeError("spectrum", "must be a Spectrum", spectrum, remedy)
    if not isinstance(table, BoundTable):
        remedy = "convmat.spectrum.compare_bounds returns one"
        raise ConvmatTypeError("table", "must be a BoundTable", table, remedy)
    truth = table.truth.value
    if truth <= 0:
        raise ConvmatError("table", "must have a norm that is not 0", table.truth)
    shape = table.geometry.matrix_shape
    if shape != spectrum.matrix_shape:
        rule = f"must be of the same layer, with a matrix of {shape}"
        raise ConvmatError("spectrum", rule, spectrum)
    sheet = Sheet.blank(theme_of(theme), ax)
    names = [bound.name for bound in table.bounds]
    left = _MARGIN + max(widest(names, SIZE) + 0.15, 0.6)
    told = {
        bound.name: f"{bound.label}, ×{number(bound.value / truth, 3)}"
        for bound in table.bounds
    }
    right = widest(told.values(), SIZE) + 0.25
    below = _TOP + _HIGH + _BETWEEN
    rows = _ROW * len(names)
    wide = left + _WIDE + right + _MARGIN
    caption = below + rows + _BOTTOM + 0.15
    note = (
        "Marks point at the side on which the truth must lie: ◀ upper, ▶ lower, "
        f"◆ neither. Truth: {number(truth)}, {table.truth.told}."
    )
    sheet.cut(wide, caption + 5 * LINE)  # its width is needed to fill lines
    caption += paragraph(sheet, note, (_MARGIN, caption), wide - 2 * _MARGIN)
    sheet.cut(wide, caption + 0.1)
    _values(sheet, spectrum, (left, _TOP, _WIDE, _HIGH))
    ax = _estimates(sheet, table, (left, below, _WIDE, rows))
    for row, bound in enumerate(table.bounds):
        y = below + (row + 0.5) * _ROW
        gid = f"name[{bound.name}]"
        sheet.write(left - 0.1, y, bound.name, gid, fontsize=SIZE, ha="right")
        gid, x = f"told[{bound.name}]", left + _WIDE + 0.12
        sheet.write(x, y, told[bound.name], gid, fontsize=SIZE, ha="left")
    ax.tick_params(labelleft=False, left=False)
    params = {
        "matrix": list(shape),
        "values": len(spectrum),
        "truth": truth,
        "bounds": {bound.name: [bound.value, bound.label] for bound in table.bounds},
        "theme": sheet.theme.name,
    }
    return sheet.finish("spectrum_bounds", params, _alt(spectrum, table))


def _values(
    sheet: Sheet, spectrum: Spectrum, box: tuple[float, float, float, float]
) -> None:
    """The values by rank, the largest first."""
    many = "All" if spectrum.complete else "The largest"
    count = len(spectrum)
    title = f"{many} {count:,} singular values" if count > 1 else "The singular value"
    y, x = "value", "rank, largest first"
    ax = panel(sheet, box, "spectrum", x=x, y=y, title=title, whole=True)
    ranks = np.arange(1, count + 1)
    looks: Any = {"color": sheet.theme.lines[0], "linewidth": 2.0, "gid": "values"}
    ax.plot(ranks, spectrum.values, marker="o" if count <= 12 else "", **looks)
    ax.set_ylim(0, 1.08 * float(spectrum.values[0]))


def _estimates(
    sheet: Sheet, table: BoundTable, box: tuple[float, float, float, float]
) -> Axes:
    """One row an estimate, its mark at its value; the truth a line through all."""
    look, truth = sheet.theme, table.truth.value
    title = "Estimates of the largest, beside the truth"
    ax = panel(sheet, box, "bounds", x="value", title=title, name="[bounds]")
    sizes = [bound.value for bound in table.bounds if bound.value > 0]
    low, high = 0.8 * min(sizes), 1.25 * max(sizes)
    ax.set(xscale="log", xlim=(low, high), ylim=(len(table.bounds) - 0.5, -0.5))
    ax.set_yticks(range(len(table.bounds)))
    plain_log(ax.xaxis, low, high)
    ax.axvline(truth, color=look.ink, linewidth=1.4, gid="truth", zorder=1.5)
    for row, bound in enumerate(table.bounds):
        color = look.lines[_COLORS[bound.label]]
        looks: Any = {"color": color, "markersize": 6.0, "linestyle": ""}
        ax.plot(
            [max(bound.value, low)],
            [row],
            marker=_MARKS[bound.label],
            gid=f"bound[{bound.name}]",
            zorder=2.5,
            **looks,
        )
    ax.annotate(
        f"truth {number(truth)}",
        (truth, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(0, 3),
        textcoords="offset points",
        ha="center",
        va="bottom",
        color=look.ink,
        family=FONT,
        fontsize=SIZE,
        gid="truth.text",
    )
    ax.set_title(ax.get_title(loc="left"), loc="left", pad=18.0, **_title(look))
    return ax


def _title(look: Theme) -> dict[str, Any]:
    return {"color": look.ink, "family": FONT, "parse_math": False}


def _alt(spectrum: Spectrum, table: BoundTable) -> str:
    rows, columns = spectrum.matrix_shape
    many = "All" if spectrum.complete else "The largest"
    first, last = (number(float(spectrum.values[place])) for place in (0, -1))
    estimates = "; ".join(
        f"{bound.name} {number(bound.value)}, {bound.label}" for bound in table.bounds
    )
    return (
        f"{many} {len(spectrum)} singular values of a {rows}×{columns} matrix, "
        f"from {first} to {last}. The norm is {number(table.truth.value)}, "
        f"{table.truth.told}. Estimates of it: {estimates}."
    )
