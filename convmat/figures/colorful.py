"""The colourful dimension: histograms of a layer's outputs, batch by batch."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import FuncNorm
from matplotlib.figure import Figure

from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.figures.activations import layer_name, one_layer
from convmat.figures.canvas import wrapped
from convmat.figures.chart import LINE, SIZE, panel, paragraph
from convmat.figures.content import number
from convmat.figures.sheet import Sheet
from convmat.figures.style import FONT, Theme, theme_of
from convmat.nn import ActivationStats
from convmat.nn.stats import LayerStats

__all__ = ["color_dim"]

_LEFT, _WIDE, _RIGHT, _TOP, _BOTTOM = 0.85, 5.4, 0.3, 0.4, 0.55  # inches
_IMAGE, _BAR, _KEY = 2.5, 0.16, 0.75  # inches: height of the image, its colour bar


def color_dim(
    stats: ActivationStats | LayerStats,
    layer: int | None = None,
    *,
    span: tuple[float, float] | None = None,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """The histograms of a layer's outputs as colours, one column for each batch.

    It is fastai's colourful dimension, with its axes and a key to its colours: dark
    where few outputs fell, light where many did, by the logarithm of one more than
    their number. Smooth bands say that training goes well; bands that rise and then
    break down say that it starts anew.

    Parameters
    ----------
    stats : ActivationStats or LayerStats
    layer : int, optional
        Place among the layers that were watched, -1 for the last, when `stats` are of
        all layers.
    span : (float, float), optional
        Where the lowest bin begins and the highest ends, for the statistics of one
        layer that do not know.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        The image has the id `counts`; its data are the counts themselves, `(bins,
        batches)`, with the lowest bin in row 0, which is below. Its key is `key`.

    Raises
    ------
    ShapeError
        For statistics that are not as many of each kind.
    ConvmatTypeError, ConvmatError
        As `layer_stats`; and for a `span` beside statistics that have their own, none
        beside those that have none, and one that does not go from low to high.

    References
    ----------
    fastai 2, `color_dim`; the idea is Stefano Giomo's.

    Examples
    --------
    >>> counts = [np.array([4, 0]), np.array([1, 3])]
    >>> seen = LayerStats("2", "Conv", [0.1, 0.2], [1, 1], [0, 0], counts)
    >>> print(color_dim(seen, span=(0.0, 10.0)).convmat["alt"])
    Histograms of the outputs of layer 2 (Conv) over 2 batches, as colours: 2 bins from
    0 to 10; what is below 0 or above 10 is dropped. At most 4 outputs are in one bin.
    """
    seen = one_layer(stats, layer)
    low, high = _span(stats.span, span)
    if len(seen.histograms) != len(seen.means):
        rule = f"must hold {len(seen.means)} histograms, one for each batch"
        raise ShapeError("stats", rule, len(seen.histograms))
    counts = seen.histogram()
    bins, batches = counts.shape
    look = theme_of(theme)
    sheet = Sheet.blank(look, ax)
    dropped = f"what is below {number(low)} or above {number(high)} is dropped"
    most = int(counts.max())
    note = (
        f"Colour: outputs in a bin, by the logarithm of one more. {bins} bins from "
        f"{number(low)} to {number(high)}; {dropped}."
    )
    lines = len(wrapped(note, SIZE, _WIDE + _KEY))
    sheet.cut(
        _LEFT + _WIDE + _KEY + _RIGHT,
        _TOP + _IMAGE + _BOTTOM + lines * LINE + 0.1,
    )
    ax = panel(
        sheet,
        (_LEFT, _TOP, _WIDE, _IMAGE),
        "color_dim",
        x="batches done",
        y=f"output (drops below {number(low)})",
        title=f"outputs of {layer_name(seen)}",
        whole=True,
    )
    ax.title.set_fontsize(SIZE + 2)
    ax.grid(visible=False)
    scale = FuncNorm((np.log1p, np.expm1), 0, max(most, 1))
    ax.imshow(
        counts,
        origin="lower",
        extent=(-0.5, batches - 0.5, low, high),
        aspect="auto",
        interpolation="nearest",
        norm=scale,
        cmap="viridis",
        gid="counts",
    )
    box = _LEFT + _WIDE + 0.12, _TOP, _BAR, _IMAGE
    key = panel(sheet, box, "key", name="[key]")
    bar = sheet.figure.colorbar(ScalarMappable(scale, "viridis"), cax=key)
    bar.outline.set(edgecolor=look.muted, gid="key.edge")
    for part, artist in (("colors", bar.solids), ("dividers", bar.dividers)):
        if artist is not None:
            artist.set_gid(f"key.{part}")
    ticks = [0, *(10**power for power in range(12) if 10**power <= max(most, 1))]
    bar.set_ticks(ticks, labels=[_count(tick) for tick in ticks])
    bar.minorticks_off()
    key.tick_params(colors=look.ink, labelfontfamily=FONT, labelsize=SIZE - 1)
    paragraph(sheet, note, (_LEFT, _TOP + _IMAGE + _BOTTOM), _WIDE + _KEY)
    params = {
        "layer": seen.name,
        "bins": bins,
        "batches": batches,
        "span": [low, high],
        "theme": look.name,
    }
    alt = (
        f"Histograms of the outputs of {layer_name(seen)} over {batches} batches, as "
        f"colours: {bins} bins from {number(low)} to {number(high)}; {dropped}. "
        f"At most {most:,} outputs are in one bin."
    )
    return sheet.finish("color_dim", params, alt)


def _count(outputs: int) -> str:
    return f"{outputs:,}" if outputs < 10**6 else number(float(outputs))


def _span(
    own: tuple[float, float] | None, span: tuple[float, float] | None
) -> tuple[float, float]:
    if own is not None:
        if span is not None:
            rule = f"must be None where the statistics have their own, {own}"
            raise ConvmatError("span", rule, span)
        return own
    if span is None:
        rule = "must be given beside the statistics of one layer that have none"
        raise ConvmatError("span", rule, span)
    if not isinstance(span, tuple) or len(span) != 2:
        raise ConvmatTypeError("span", "must be a pair of numbers", span)
    low, high = map(float, span)
    if not low < high:
        raise ConvmatError("span", "must go from low to high", span)
    return low, high
