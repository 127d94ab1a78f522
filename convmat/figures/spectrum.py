"""A spectrum beside the estimates of its norm, and a kernel beside its frequencies."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.arrays import Array
from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.figures.canvas import fitting_size, widest
from convmat.figures.chart import LINE, SIZE, panel, paragraph, plain_log
from convmat.figures.content import number
from convmat.figures.shades import (
    KEY,
    Shades,
    draw_key,
    framed_picture,
    read_picture,
)
from convmat.figures.sheet import Sheet, describe
from convmat.figures.style import FONT, Theme, theme_of
from convmat.spectrum import BoundTable, Spectrum

__all__ = ["frequencies", "spectrum_bounds"]

_WIDE, _HIGH, _ROW = 3.6, 1.9, 0.24  # inches of both panels, and of one estimate
_MARGIN, _TOP, _BETWEEN, _BOTTOM = 0.25, 0.45, 0.95, 0.5  # inches around them
_MARKS = {"upper": "<", "lower": ">", "neither": "D"}  # they point at the truth
_COLORS = {"upper": 1, "lower": 0, "neither": 3}  # of the theme's lines
_PICTURE = 2.2  # inches of the picture of all frequencies
_CROSS = "#D55E00"  # seen on white and on black
_TAPS = 7  # along a kernel that is drawn with numbers


def spectrum_bounds(
    spectrum: Spectrum, table: BoundTable, *, theme: str | Theme = "light"
) -> Figure:
    """The singular values of a layer, and below them every estimate of the largest.

    Parameters
    ----------
    spectrum : Spectrum
        As `convmat.singular_values` returns it.
    table : BoundTable
        Of the same layer, as `convmat.spectrum.compare_bounds` returns it.
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
    All 64 singular values of a 81x64 matrix, from 9.729 to ... The norm is 9.729, exact
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
    sheet = Sheet.blank(theme_of(theme))
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
    return describe(sheet.figure, "spectrum_bounds", params, _alt(spectrum, table))


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
        f"{many} {len(spectrum)} singular values of a {rows}x{columns} matrix, "
        f"from {first} to {last}. The norm is {number(table.truth.value)}, "
        f"{table.truth.told}. Estimates of it: {estimates}."
    )


def frequencies(
    norms: npt.ArrayLike,
    kernel: npt.ArrayLike | None = None,
    *,
    theme: str | Theme = "light",
) -> Figure:
    """How much a kernel lengthens each wave, as a picture, and the kernel beside it.

    Parameters
    ----------
    norms : array_like, `(high, wide)`
        As `convmat.spectrum.frequency_norms` returns them: the constant wave is in the
        middle.
    kernel : array_like, `(high, wide)`, optional
        A kernel of one channel.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        Grey from 0 (white) to the largest norm (black). Ids of its artists: `norms` the
        picture, `middle` the mark of the constant wave, `w[u,v]` the cells of a small
        kernel, `w` the picture of a large one.

    Raises
    ------
    ShapeError
        For arrays of other axes, or with a value that is not finite or, of the norms,
        negative.
    ConvmatTypeError
        For what are no real numbers.
    ConvmatError
        For an unknown theme.

    Examples
    --------
    >>> from convmat.spectrum import frequency_norms
    >>> kernel = [[2, 1], [0, 0]]
    >>> print(frequencies(frequency_norms(kernel, (8, 8)), kernel).convmat["alt"])
    The norm at each of 8×8 frequencies, from 1 to 3: the constant wave has 3, the
    fastest on both axes 1. Beside it the kernel, 2×2, from 0 to 2.
    """
    sizes = read_picture("norms", norms)
    if (sizes < 0).any():
        remedy = "norms are lengths; for other arrays use kernel_grid"
        raise ShapeError("norms", "must be at least 0", norms, remedy)
    taps = None if kernel is None else read_picture("kernel", kernel)
    sheet = Sheet.blank(theme_of(theme))
    left, head = _MARGIN + 0.25, _MARGIN + 2 * LINE
    shades = Shades.of([sizes], "Greys")
    wide = _kernel(sheet, taps, (left - 0.25, head)) if taps is not None else 0.0
    left += wide
    scale = _PICTURE / max(sizes.shape)
    high, across = len(sizes) * scale, sizes.shape[1] * scale
    framed_picture(sheet, shades.image(sizes), (left, head), (across, high), "norms")
    sheet.write(
        left, head - LINE, "norm at each frequency", "title", fontsize=SIZE, ha="left"
    )
    row, column = len(sizes) // 2, sizes.shape[1] // 2
    middle = left + (column + 0.5) * scale, head + (row + 0.5) * scale
    # The picture is white to black in both themes, and so is what lies on it.
    sheet.ax.plot(*middle, marker="+", color=_CROSS, markersize=7, gid="middle")
    foot = head + high + 0.12
    for share, text, side in ((0.0, "−π", "left"), (1.0, "π", "right")):
        x = left + share * across
        sheet.write(x, foot, text, f"across[{text}]", fontsize=7.0, ha=side)
    sheet.write(middle[0], foot, "0", "across[0]", fontsize=7.0)
    for text, y in (("−π", head + 0.06), ("0", middle[1]), ("π", head + high - 0.06)):
        sheet.write(left - 0.06, y, text, f"down[{text}]", fontsize=7.0, ha="right")
    foot += 0.2
    draw_key(sheet, shades.strips, shades.ends, (left, foot))
    foot += KEY[1] + 0.3
    note = f"{shades.note} The cross marks the constant wave."
    right = max(left + across, 3.4)
    foot += paragraph(sheet, note, (_MARGIN, foot), right - _MARGIN)
    sheet.cut(right + _MARGIN, foot + 0.1)
    ends = f"from {number(float(sizes.min()))} to {number(float(sizes.max()))}"
    alt = (
        f"The norm at each of {len(sizes)}×{sizes.shape[1]} frequencies, {ends}: the "
        f"constant wave has {number(float(sizes[row, column]))}, the fastest on both "
        f"axes {number(float(sizes[0, 0]))}."
    )
    if taps is not None:
        low, most = number(float(taps.min())), number(float(taps.max()))
        size = f"{len(taps)}×{taps.shape[1]}"
        alt += f" Beside it the kernel, {size}, from {low} to {most}."
    params = {
        "norms": list(sizes.shape),
        "kernel": None if taps is None else taps.tolist(),
        "theme": sheet.theme.name,
    }
    return describe(sheet.figure, "frequencies", params, alt)


def _kernel(sheet: Sheet, taps: Array, corner: tuple[float, float]) -> float:
    """The kernel, with its numbers where they fit; the inches that it takes."""
    left, top = corner
    side = min(0.42, 1.6 / max(taps.shape))
    wide, high = float(taps.shape[1] * side), len(taps) * side
    shades = Shades.of([taps], "Greys", signed=True)
    top += (_PICTURE - high) / 2
    framed_picture(sheet, shades.image(taps), (left, top), (wide, high), "w")
    sheet.write(left, top - LINE, "kernel", "w.title", fontsize=SIZE, ha="left")
    texts = [number(float(value), 2) for value in taps.reshape(-1)]
    points = fitting_size(texts, side, side, SIZE)
    if max(taps.shape) <= _TAPS and points >= 5.0:
        for text, (u, v) in zip(texts, np.ndindex(taps.shape), strict=True):
            shade = float(shades.image(taps)[u, v].mean())
            x, y = left + (v + 0.5) * side, top + (u + 0.5) * side
            ink = "#000000" if shade > 0.45 else "#FFFFFF"
            sheet.write(x, y, text, f"w[{u},{v}]", fontsize=points, color=ink)
    return max(wide, widest(["kernel"], SIZE)) + 0.3
