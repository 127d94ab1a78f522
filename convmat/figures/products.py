"""One line an output: each weight times what it reads, the bias, and the result."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.errors import ShapeError
from convmat.figures.canvas import text_width
from convmat.figures.channel_planes import HEAD
from convmat.figures.reads import Reads
from convmat.figures.sheet import Sheet
from convmat.figures.style import Theme, theme_of
from convmat.figures.written import Form, Written
from convmat.geometry import Geometry, require_geometry
from convmat.geometry import geometry as geometry_of

__all__ = ["equations"]

_MOST_LINES, _MOST_TERMS, _MOST_CELLS = 36, 600, 2_500
_ROOM = 8.6  # inches of a line: nine terms in boxes
_MARGIN, _TOP = 0.25, 0.45  # inches


def equations(
    geometry: Geometry | None = None,
    kernel: npt.ArrayLike | None = None,
    x: npt.ArrayLike | None = None,
    *,
    bias: str | npt.ArrayLike | None = "b",
    form: Form = "boxes",
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """The sum of each output in a line of its own, as Kleinsmith writes them.

    Unlike `matrix_equation` it has no zero terms but those that padding drops: a term
    is a tap and the cell under it.

    Parameters
    ----------
    geometry : Geometry, optional
        Any number of axes and channels, as long as there are at most 36 lines, 600
        terms and 2,500 cells of padded input; by default a 3×3 input and a 2×2 kernel.
    kernel, x : array_like, optional
        Numbers in place of letters.
    bias : str or array_like, optional
        One symbol for all outputs, or one number per output channel; None for none.
    form : {"boxes", "compact"}
        Both factors in boxes; or only the weight on its colour, and the rest as text.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        A tap that falls on a zero of the padding is grey, and stands beside its 0; what
        padding repeats is dashed. Terms of one tap stand below each other. Ids in the
        line of output `r`: `w[u,v]@y[r]`, `x[i,j]@y[r]`, `pad[i,j]@y[r]` (a position in
        the padded input), `b[r]`, `y[r]`, and `row[r]`, its name where its result is a
        number.

    Raises
    ------
    ShapeError
        For too many lines, terms or cells, or an array that is not of this geometry.
    ConvmatError
        For an unknown form or theme.
    ConvmatTypeError
        When `geometry` is no `Geometry`.

    References
    ----------
    M. Kleinsmith, "CNNs from different viewpoints", 2017: the equation view, and the
    compact one.

    Examples
    --------
    >>> figure = equations()
    >>> print(figure.convmat["alt"].splitlines()[1])
    P = αA + βB + γD + δE + b
    """
    if geometry is None:
        geometry = geometry_of((3, 3), (2, 2))
    require_geometry(geometry)
    rows = geometry.matrix_shape[0]
    _require_few(geometry, rows)
    _require_short(geometry)
    reads = Reads.of(geometry, kernel, x, bias)
    written = Written.of(reads, range(rows), form, _ROOM)
    _require_few(geometry, rows * written.lines)
    sheet = Sheet.blank(theme_of(theme), ax)
    places = written.heads()
    room = sum(text_width(name, HEAD) for name in places) + 0.3
    left = _MARGIN + max(0.0, (room - written.wide) / 2)
    looks: dict[str, Any] = {"fontsize": HEAD}
    at = _MARGIN
    for name, middle in places.items():
        half = text_width(name, HEAD) / 2
        at = max(at + half, left + middle)  # none reaches into the one before
        sheet.write(at, _TOP - 0.2, name, f"heading.{name.split()[0]}", **looks)
        at += half + 0.12
    for row in range(rows):
        corner = left, _TOP + row * written.high
        written.draw(sheet, corner, row, repeated=True)
    sheet.cut(
        max(left + written.wide, at - 0.12) + _MARGIN,
        _TOP + rows * written.high + 0.12,
    )
    params = {
        "geometry": repr(geometry),
        "kernel": None if kernel is None else reads.sums.taps,
        "x": None if x is None else reads.sums.inputs,
        "bias": reads.sums.bias or None,
        "form": form,
        "theme": sheet.theme.name,
    }
    terms = [(row, term) for row in range(rows) for term in reads.terms(row)]
    read = [f"{term.gid}@y[{row}]" for row, term in terms if term.kind != "zero"]
    filled = [f"y[{row}]" for row in range(rows)]
    return sheet.finish("equations", params, _alt(reads, terms), x=read, y=filled)


def _require_few(geometry: Geometry, lines: int) -> None:
    """Refuse what nobody reads.

    Raises
    ------
    ShapeError
        For more than 36 lines or 600 terms.
    """
    terms = geometry.matrix_shape[0] * geometry.taps_per_row
    if lines > _MOST_LINES or terms > _MOST_TERMS:
        rule = (
            f"must have at most {_MOST_LINES} lines and {_MOST_TERMS} terms to be "
            f"read (here {lines} and {terms})"
        )
        remedy = "apply_once writes the sum of one output, matrix_plot draws them all"
        raise ShapeError("geometry", rule, geometry, remedy)


def _require_short(geometry: Geometry) -> None:
    """Refuse an input of which the outputs read next to nothing.

    Raises
    ------
    ShapeError
        For more than 2,500 cells of padded input, all of which have names.
    """
    cells = geometry.in_channels * prod(axis.padded_size for axis in geometry.axes)
    if cells > _MOST_CELLS:
        rule = f"must have at most {_MOST_CELLS:,} cells of padded input"
        remedy = "convmat.matrix_rows gives rows of any matrix"
        raise ShapeError("geometry", f"{rule} (here {cells:,})", geometry, remedy)


def _alt(reads: Reads, terms: list[Any]) -> str:
    """A sentence, and one line for each output."""
    rows = reads.geometry.matrix_shape[0]
    head = f"The sums of {reads.geometry!r}, one line for each of its outputs."
    zeros = sum(term.kind == "zero" for _, term in terms)
    if zeros:
        taps = "tap falls on a zero" if zeros == 1 else "taps fall on zeros"
        head += f" {zeros} {taps} of the padding."
    return "\n".join([head, *(reads.told(row) for row in range(rows))])
