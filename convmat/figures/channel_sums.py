"""Channels: each plane has a kernel of its own, and the products are summed."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat import sliding
from convmat.errors import ShapeError
from convmat.figures.article import KLEINSMITH, given
from convmat.figures.chosen import middle_row, read_output
from convmat.figures.content import flat_input, flat_kernel, number, padded_counts
from convmat.figures.plane_rows import PlaneRows
from convmat.figures.sheet import Sheet
from convmat.figures.style import Theme, theme_of
from convmat.figures.sums import Sums
from convmat.geometry import Geometry, IntOrInts

__all__ = ["channels"]

_RGB = replace(KLEINSMITH, in_channels=3, out_channels=2, has_channels=True)
_KERNEL = (-1, 0, 1, 0, 0, 2, 0, -1, 1, 1, 0, 0, 0, 1, 0, 2, -1, 0, 0, 1, 1, 0, 0, -1)
_X = (1, 0, 2, 3, 1, 0, 0, 2, 1, 2, 1, 0, 0, 1, 3, 1, 0, 2, 0, 1, 1, 2, 0, 1, 3, 1, 0)
_BIAS = (1, -2)

_MOST_CHANNELS, _MOST_CELLS = 8, 600  # channels of a side; cells of all planes


def channels(
    geometry: Geometry | None = None,
    kernel: npt.ArrayLike | None = None,
    x: npt.ArrayLike | None = None,
    *,
    bias: str | npt.ArrayLike | None = None,
    output: IntOrInts | None = None,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """One output of a convolution with channels, plane by plane, and the matrix.

    Each input channel is convolved with a kernel of its own; the products are added,
    with the bias, into one output channel. The matrix below has a block for each pair
    of channels.

    Parameters
    ----------
    geometry : Geometry, optional
        One or two spatial axes, at most 8 channels on each side and 600 cells of all
        planes; by default 3 channels of 3×3, 2×2 kernels and 2 output channels, with
        numbers.
    kernel, x : array_like, optional
        Numbers in place of names; with both, products and outputs are numbers too.
    bias : str or array_like, optional
        One symbol, or one number per output channel.
    output : int or tuple of int, optional
        The output that is shown, a row of the matrix or a position in the output; by
        default the one in the middle of the first channel.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        Cells under the window have the colour of the tap that reads them. Planes that
        another group reads have no kernel. Ids of its artists: `x[c,i,j]`, `pad[n]` by
        the cell of the padded input, `w[o,c,u,v]`, the products `p[c,i,j]`, the outputs
        `y[r]`, and the matrix `W[r,c]`, whose names end in `@W`; the rows of the output
        channel have the frame `rows`. A matrix whose cells would be too small is left
        out.

    Raises
    ------
    ShapeError
        For other axes, too many channels or cells, an array that is not of this
        geometry, and an output that there is not.
    ConvmatError
        For an unknown theme.
    ConvmatTypeError
        For what is no geometry.

    Examples
    --------
    >>> print(channels(output=3).convmat["alt"])
    Output y₀₁₁ of geometry((3, 3, 3), (2, 3, 2, 2)), channel by channel. Channel 0:
    (-1)·1 + 0·0 + 1·2 + 0·1 = 1. Channel 1: 0·1 + 2·3 + 0·0 + (-1)·2 = 4. Channel 2:
    1·0 + 1·1 + 0·1 + 0·0 = 1. The products and the bias 1 are added to 7.
    """
    if geometry is None and kernel is None and x is None and bias is None:
        shapes = _RGB.kernel_shape, _RGB.input_shape
        kernel, x = np.reshape(_KERNEL, shapes[0]), np.reshape(_X, shapes[1])
        bias = _BIAS
    g = _readable(_RGB if geometry is None else given(geometry))
    row = middle_row(g) if output is None else read_output(g, output)
    sheet = Sheet.blank(theme_of(theme), ax)
    sums = Sums.of(g, kernel, x, bias)
    planes = PlaneRows(sheet, sums, row, _products(g, kernel, x, row))
    stored = planes.draw()
    params = {
        "geometry": repr(g),
        "kernel": None if kernel is None else sums.taps,
        "x": None if x is None else sums.inputs,
        "bias": sums.bias or None,
        "output": row,
        "theme": sheet.theme.name,
    }
    ids = {"x": planes.read, "W": stored, "y": [f"y[{row}]"]}
    return sheet.finish("channels", params, planes.alt(), **ids)


def _readable(g: Geometry) -> Geometry:
    """`g`, when its planes can be drawn."""
    remedy = "matrix_plot draws any geometry"
    if g.rank > 2:
        raise ShapeError("geometry", "must have one or two spatial axes", g, remedy)
    cells, _ = padded_counts(g)
    most = max(g.in_channels, g.out_channels)
    if most > _MOST_CHANNELS or cells > _MOST_CELLS:
        rule = (
            f"must have at most {_MOST_CHANNELS} channels on each side and "
            f"{_MOST_CELLS} cells of padded input, not {most} and {cells}"
        )
        raise ShapeError("geometry", rule, g, remedy)
    return g


def _products(
    g: Geometry, kernel: npt.ArrayLike | None, x: npt.ArrayLike | None, row: int
) -> list[list[str]]:
    """Entry `[c][p]` is place `p` of what channel `c` of the group adds, as text."""
    if kernel is None or x is None:
        return []
    out, per_group = row // prod(g.output_size), g.weight_shape[1]
    first = out * g.groups // g.out_channels * per_group
    planes = flat_input(g, x).reshape(1, g.in_channels, *g.input_size)
    taps = flat_kernel(g, kernel).reshape(g.weight_shape)
    one = replace(g, in_channels=1, out_channels=1, groups=1)
    found = []
    for channel in range(per_group):
        plane = planes[:, first + channel][:, None]
        weights = taps[out, channel][None, None]
        found.append([number(v) for v in sliding.forward(plane, weights, one).flat])
    return found
