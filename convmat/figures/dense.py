"""A dense layer and a convolution side by side: the same nodes, other parameters."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.costs import costs
from convmat.figures.article import given
from convmat.figures.chart import LINE, SIZE
from convmat.figures.content import many
from convmat.figures.network_parts import MARGIN, finish_below, read, refuse_large, uses
from convmat.figures.sheet import Sheet
from convmat.figures.strands import Legend
from convmat.figures.style import Theme, theme_of
from convmat.figures.wiring import Wiring
from convmat.geometry import Geometry

__all__ = ["dense_vs_conv"]

_GAP, _PANEL = 0.5, 1.75  # inches; the second from inputs to outputs


def dense_vs_conv(
    geometry: Geometry | None = None,
    kernel: npt.ArrayLike | None = None,
    *,
    bias: bool = True,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """A dense layer and a convolution of the same sizes, with what each has to learn.

    Parameters
    ----------
    geometry : Geometry, optional
        Of at most 64 inputs, 64 outputs and 400 pairs of them; by default a 3×3 input
        and a 2×2 kernel.
    kernel : array_like, optional
        Numbers in place of the letters of the taps.
    bias : bool
        Whether both have biases: a dense layer one for each output, a convolution one
        for each output channel.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        Ids on the right as in `wires`; those of the dense layer, on the left, end in
        `@dense`.

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
    >>> print(dense_vs_conv().convmat["alt"])
    A dense layer and the convolution of geometry((3, 3), (2, 2)), both from 9 inputs to
    4 outputs. The dense layer has 36 weights and 4 biases: 40 parameters; 36
    multiplications. The convolution has 4 weights and 1 bias: 5 parameters; 16
    multiplications.
    """
    g = given(geometry)
    refuse_large(g, every=True)
    grid, words, texts = read(g, kernel)
    sheet = Sheet.blank(theme_of(theme), ax)
    counts = _counts(g, bias=bias)
    panels = [Wiring(sheet, grid, _PANEL, suffix) for suffix in ("@dense", "")]
    top = MARGIN + 3.4 * LINE
    left = MARGIN
    titles = "dense layer", "convolution"
    note = (
        "On the left every wire has a weight of its own. On the right wires of one "
        "look have one weight, and where no wire is the weight is 0 for ever."
    )
    ids = []
    for number, panel in enumerate(panels):
        lines = titles[number], *counts[number]
        for depth, line in enumerate(lines):
            looks: dict[str, Any] = {"ha": "left", "fontsize": SIZE + (not depth)}
            gid = f"title[{number}]" + (f".{depth}" if depth else "")
            sheet.write(left, MARGIN + depth * LINE, line, gid, **looks)
        drawn = panel.draw((left, top)) if number else panel.draw_own((left, top))
        ids.append(drawn)
        left += panel.width + _GAP
    panels[1].letter(words)
    wide = left - _GAP + MARGIN
    legend = Legend(sheet, g, texts, uses(grid))
    finish_below(sheet, legend, note, top + panels[0].height, wide)
    params = {
        "geometry": repr(g),
        "kernel": None if kernel is None else texts,
        "bias": bias,
        "theme": sheet.theme.name,
    }
    rows, columns = g.matrix_shape
    told = [f"{'; '.join(lines)}." for lines in counts]
    alt = (
        f"A dense layer and the convolution of {g!r}, both from "
        f"{many(columns, 'input')} to {many(rows, 'output')}. The dense layer has "
        f"{told[0]} The convolution has {told[1]}"
    )
    return sheet.finish("dense_vs_conv", params, alt, W=ids[1])


def _counts(g: Geometry, *, bias: bool) -> list[tuple[str, str]]:
    """What a dense layer and the convolution have to learn, and to multiply."""
    rows, columns = g.matrix_shape
    cost = costs(g)
    told = []
    for weights, biases, count in (
        (rows * columns, rows, cost.dense.effective),
        (g.free_parameters, g.out_channels, cost.sparse.effective),
    ):
        both = many(weights, "weight")
        if bias:
            both += f" and {biases:,} bias{'' if biases == 1 else 'es'}"
            both += f": {weights + biases:,} parameters"
        told.append((both, many(count, "multiplication")))
    return told
