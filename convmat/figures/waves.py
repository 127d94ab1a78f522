"""A kernel beside what it does to each wave."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.arrays import Array
from convmat.errors import ShapeError
from convmat.figures.canvas import (
    fitting_size,
    widest,
)
from convmat.figures.chart import LINE, SIZE, paragraph
from convmat.figures.content import number
from convmat.figures.shades import (
    KEY,
    Shades,
    draw_key,
    framed_picture,
    read_picture,
)
from convmat.figures.sheet import Sheet
from convmat.figures.style import Theme, theme_of

__all__ = ["frequencies"]

_MARGIN = 0.25  # inches
_PICTURE = 2.2  # inches of the picture of all frequencies
_CROSS = "#D55E00"  # seen on white and on black
_TAPS = 7  # along a kernel that is drawn with numbers


def frequencies(
    norms: npt.ArrayLike,
    kernel: npt.ArrayLike | None = None,
    *,
    ax: Axes | None = None,
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
    ax : Axes, optional
        Where to draw; by default a figure of its own.
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
    sheet = Sheet.blank(theme_of(theme), ax)
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
    if taps is not None:
        note += " In the kernel mid-grey is 0, lighter negative, darker positive."
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
    return sheet.finish("frequencies", params, alt)


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
