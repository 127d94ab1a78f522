"""Arrows from the cells that an output depends on, layer by layer."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.figures.content import cell_id
from convmat.figures.precedent_trace import Trace
from convmat.figures.sheet import Sheet
from convmat.figures.style import Theme, theme_of
from convmat.geometry import IntOrInts
from convmat.receptive import ReceptiveField, Spec, receptive_field, text_of

__all__ = ["precedents"]

_DEFAULT = "k3s2", "k3s2"


def precedents(
    layers: ReceptiveField | Spec | Iterable[Spec] | None = None,
    output: IntOrInts | None = None,
    *,
    input_shape: IntOrInts | None = None,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """An output, the cells that it depends on, and those that these depend on.

    As a spreadsheet traces precedents: arrows lead from cells that are read to the
    cell that reads them. The numbers say on how many paths a cell reaches the output.

    Parameters
    ----------
    layers : ReceptiveField, Geometry, Layer, str, or an iterable of these, optional
        From the input on, as `convmat.receptive_field` takes them; on one or two axes,
        and so small that cells are 0.1 inches wide beside each other. By default
        `"k3s2"` twice, on 7×7 cells.
    output : int or tuple of int, optional
        Its place, `(*spatial)`, or its flat number; by default the middle one.
    input_shape : int or tuple of int, optional
        `(*spatial)`, where the first layer is a text.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        A frame is around the cells of a layer that are seen. On one axis an arrow leads
        from each cell to those that read it, on two axes one from each window to the
        cell that reads it. Ids: `x[i,j]`, `h1[i,j]` and so on, `y[r]`; `pad0[i,j]` for
        zeros of the padding that are read; `wire[level,out,cell]` on one axis,
        `wire[level,i,j]` on two, each with `head[level,...]`; `range[level]` around
        what is seen, `window[level]` around the first window in a layer below the last.

    Raises
    ------
    ShapeError
        For other axes, layers that are too large, or that do not follow each other, and
        an output that there is not.
    ConvmatError, ConvmatTypeError
        For what is no layer, and an unknown theme.

    Examples
    --------
    >>> figure = precedents(["k3", "k2s2"], 0, input_shape=6)
    >>> print(figure.convmat["alt"])
    Precedents of output 0 through k3, k2s2. It depends on 2 of the 4 cells behind k3,
    and on 4 of the 6 cells of the input, on 6 paths.
    """
    if layers is None:
        layers, input_shape = _DEFAULT, input_shape or (7, 7)
    field = layers
    if not isinstance(field, ReceptiveField):
        field = receptive_field(field, input_shape)
    trace = Trace(Sheet.blank(theme_of(theme), ax), field, output)
    trace.draw()
    params = {
        "layers": [text_of(layer) for layer in field.layers],
        "output": trace.place,
        "theme": trace.sheet.theme.name,
    }
    sizes = field.layers[0].input_size
    seen = [cell_id("x", sizes, int(own)) for own in np.flatnonzero(trace.paths[0])]
    tip = [f"y[{trace.number}]"]
    return trace.sheet.finish("precedents", params, trace.told(), x=seen, y=tip)
