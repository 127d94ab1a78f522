"""A convolution as a network: its wires, and the ones of a dense layer it lacks."""

from __future__ import annotations

import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.figures.article import given
from convmat.figures.content import many, sums_told
from convmat.figures.grid import Grid
from convmat.figures.network_parts import (
    MARGIN,
    carried,
    finish_below,
    read,
    refuse_large,
    uses,
    zeros,
)
from convmat.figures.sheet import Sheet
from convmat.figures.strands import Legend
from convmat.figures.style import Theme, theme_of
from convmat.figures.wiring import Wiring
from convmat.geometry import Geometry

__all__ = ["wires", "wires_dense"]


def wires(
    geometry: Geometry | None = None,
    kernel: npt.ArrayLike | None = None,
    *,
    padding: bool = False,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """The convolution as a sparse network: a wire for each entry of the matrix.

    Parameters
    ----------
    geometry : Geometry, optional
        Of at most 64 inputs, 64 outputs and 400 wires; by default a 3×3 input and a 2×2
        kernel.
    kernel : array_like, optional
        Numbers in place of the letters of the taps.
    padding : bool
        Whether cells of the padding are nodes too. A tap that falls on a zero of the
        padding has a grey, dashed wire there; padding that repeats the input has wires
        in the look of their tap.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        Inputs on the left, outputs on the right. Wires of one tap have one colour and
        one pattern of dashes, and its letter where there is room; a sum of taps has
        those of its first one, and a square in its middle. Ids: `wire[r,c]`, with
        `.edge` for the ink below it and `.tap` for its letter; the nodes `x[i,j]`,
        `pad[c]` and `y[r]`; in the legend `w[u,v]`.

    Raises
    ------
    ShapeError
        When there are too many nodes, wires or taps, or the kernel is not of this
        geometry.
    ConvmatTypeError
        For what is no geometry.
    ConvmatError
        For an unknown theme.

    Examples
    --------
    >>> figure = wires()
    >>> print(figure.convmat["alt"].splitlines()[1])
    P reads A through α, B through β, D through γ, E through δ.
    >>> len(figure.convmat["highlighted"]["W"])
    16
    """
    return _network("wires", given(geometry), kernel, padding, ax, theme)


def wires_dense(
    geometry: Geometry | None = None,
    kernel: npt.ArrayLike | None = None,
    *,
    padding: bool = False,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """The same network with every wire of a dense layer: those of zeros are grey.

    Parameters
    ----------
    geometry : Geometry, optional
        Of at most 64 inputs, 64 outputs and 400 wires, those of zeros included; by
        default a 3×3 input and a 2×2 kernel.
    kernel : array_like, optional
        Numbers in place of the letters of the taps.
    padding : bool
        Whether cells of the padding are nodes too.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        As `wires`, with a grey wire for each structural zero: dotted where no tap
        reaches, dashed where one was dropped by padding.

    Raises
    ------
    ShapeError
        When there are too many nodes, wires or taps, or the kernel is not of this
        geometry.
    ConvmatTypeError
        For what is no geometry.
    ConvmatError
        For an unknown theme.

    Examples
    --------
    >>> print(wires_dense().convmat["alt"].splitlines()[0])
    The network of geometry((3, 3), (2, 2)): 9 inputs and 4 outputs; 16 wires for 4
    weights, and 20 for structural zeros.
    """
    return _network("wires_dense", given(geometry), kernel, padding, ax, theme)


def _network(
    kind: str,
    g: Geometry,
    kernel: npt.ArrayLike | None,
    padding: bool,
    ax: Axes | None,
    theme: str | Theme,
) -> Figure:
    """The figure of either view."""
    every = kind == "wires_dense"
    refuse_large(g, padding=padding, every=every)
    grid, words, texts = read(g, kernel, padding=padding)
    sheet = Sheet.blank(theme_of(theme), ax)
    wiring = Wiring(sheet, grid)
    stored = wiring.draw((MARGIN, MARGIN), zeros=every)
    wiring.letter(words)
    wide = max(wiring.width + 2 * MARGIN, 3.4)
    untouched, dropped = zeros(grid)
    legend = Legend(sheet, g, texts, uses(grid), (untouched * every, dropped))
    note = _told(grid, every)
    finish_below(sheet, legend, f"{note}.", MARGIN + wiring.height, wide)
    params = {
        "geometry": repr(g),
        "kernel": None if kernel is None else texts,
        "padding": padding,
        "theme": sheet.theme.name,
    }
    columns, rows = grid.column_names(), grid.row_names()
    seen = sorted(set(grid.entries.cols.tolist()))
    ids = {"x": [columns[c][1] for c in seen], "y": [gid for _, gid in rows]}
    return sheet.finish(kind, params, _alt(grid, words, every), W=stored, **ids)


def _told(grid: Grid, every: bool) -> str:
    """The counts of a network, in words."""
    untouched, dropped = zeros(grid)
    told = carried(grid)
    sums = int(grid.entries.sums.sum())
    if every:
        told += f"; {untouched} for structural zeros (grey, dotted), which stay 0"
    else:
        told += f" where a dense layer has {grid.shape[0] * grid.shape[1]:,}"
    if dropped:
        told += f"; {dropped} dropped by padding (grey, dashed)"
    if sums:
        told += f"; {sums_told(sums)} (a square)"
    return told


def _alt(grid: Grid, words: list[str], every: bool) -> str:
    """A sentence of counts, and one for each output."""
    rows, columns = grid.shape
    untouched, dropped = zeros(grid)
    over = "padded input" if grid.padding else "input"
    nodes = f"{many(columns, over)} and {many(rows, 'output')}"
    head = f"The network of {grid.geometry!r}: {nodes}; {carried(grid)}"
    head += f", and {untouched} for structural zeros" if every else ""
    head += f", and {dropped} dropped by padding" if dropped else ""
    lines = [f"{head}."]
    names = [name for name, _ in grid.column_names()]
    told: list[list[str]] = [[] for _ in range(rows)]
    pairs = zip(grid.entries.rows.tolist(), grid.entries.cols.tolist(), strict=True)
    for (row, column), word in zip(pairs, words, strict=True):
        again = "repeated " if grid.is_padding[column] else ""
        told[row].append(f"{again}{names[column]} through {word}")
    for (name, _), parts in zip(grid.row_names(), told, strict=True):
        lines.append(f"{name} reads {', '.join(parts) or 'nothing'}.")
    return "\n".join(lines)
