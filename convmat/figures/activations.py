"""How the outputs of a layer were spread while it was trained."""

from __future__ import annotations

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import FuncNorm
from matplotlib.figure import Figure

from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.figures.canvas import Sheet, describe, wrapped
from convmat.figures.chart import LINE, SIZE, panel, paragraph
from convmat.figures.content import number
from convmat.figures.style import FONT, Theme, theme_of
from convmat.nn import ActivationStats
from convmat.nn.stats import NEAR_ZERO, LayerStats

__all__ = ["color_dim", "layer_stats"]

_LEFT, _WIDE, _RIGHT, _TOP = 0.85, 5.4, 0.3, 0.4  # inches of and around a panel
_HIGH, _BETWEEN, _BOTTOM = 1.15, 0.16, 0.55
_IMAGE, _BAR, _KEY = 2.5, 0.16, 0.75  # inches: height of the image, its colour bar


def layer_stats(
    stats: ActivationStats | LayerStats,
    layer: int | None = None,
    *,
    theme: str | Theme = "light",
) -> Figure:
    """Mean, standard deviation and share near zero of a layer, batch by batch.

    Parameters
    ----------
    stats : ActivationStats or LayerStats
    layer : int, optional
        Place among the layers that were watched, -1 for the last, when `stats` are of
        all layers.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        Three panels, one below the other: `mean`, `std` and `near_zero`, with a curve
        in each: `curve[mean]`, `curve[std]` and `curve[near_zero]`. A standard
        deviation that is NaN is a gap.

    Raises
    ------
    ConvmatTypeError
        For what are no statistics, and a `layer` that is no integer.
    ConvmatError
        For a `layer` that there is not, one beside a single layer's statistics, none
        beside those of all, a layer that has seen no batch, and an unknown theme.

    Examples
    --------
    >>> seen = LayerStats("2", "Conv", means=[0.5, 0.2], stds=[1, 2], near_zeros=[0, 1])
    >>> print(layer_stats(seen).convmat["alt"])
    Outputs of layer 2 (Conv) over 2 batches. Mean from 0.5 to 0.2. Standard deviation
    from 1 to 2. Share at most 0.05 from 0 to 1.
    """
    seen = _one(stats, layer)
    look = theme_of(theme)
    shown = {
        "mean": ("mean", "Mean", seen.means),
        "std": ("standard deviation", "Standard deviation", seen.stds),
        "near_zero": (
            f"share ≤ {NEAR_ZERO}",
            f"Share at most {NEAR_ZERO}",
            seen.near_zeros,
        ),
    }
    sheet = Sheet.blank(look)
    sheet.cut(_LEFT + _WIDE + _RIGHT, _TOP + 3 * _HIGH + 2 * _BETWEEN + _BOTTOM)
    told = [f"Outputs of {_name(seen)} over {len(seen.means)} batches."]
    for place, (key, (label, name, values)) in enumerate(shown.items()):
        last = place == len(shown) - 1
        ax = panel(
            sheet,
            (_LEFT, _TOP + place * (_HIGH + _BETWEEN), _WIDE, _HIGH),
            key,
            x="batches done" if last else "",
            y=label,
            title="" if place else f"outputs of {_name(seen)}",
            name=f"[{key}]",
            whole=True,
        )
        ax.yaxis.label.set_fontsize(SIZE + 1)
        ax.title.set_fontsize(SIZE + 2)
        ax.plot(values, color=look.lines[0], linewidth=1.6, gid=f"curve[{key}]")
        if len(values) == 1:
            ax.lines[-1].set_marker("o")
        if key == "near_zero":
            ax.set_ylim(-0.05, 1.05)
        if not last:
            ax.tick_params(labelbottom=False)
        told.append(f"{name} from {number(values[0])} to {number(values[-1])}.")
    params = {"layer": seen.name, "batches": len(seen.means), "theme": look.name}
    return describe(sheet.figure, "layer_stats", params, " ".join(told))


def color_dim(
    stats: ActivationStats | LayerStats,
    layer: int | None = None,
    *,
    span: tuple[float, float] | None = None,
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
        Where the lowest bin begins and the highest ends, when `stats` are of one layer:
        it does not know.
    theme : str or Theme
        `"light"` or `"dark"`.

    Returns
    -------
    Figure
        The image has the id `counts`; its data are the counts themselves, `(bins,
        batches)`, with the lowest bin in row 0, which is below. Its key is `key`.

    Raises
    ------
    ConvmatTypeError, ConvmatError
        As `layer_stats`; and for a `span` beside the statistics of all layers, none
        beside those of one, and one that does not go from low to high.

    References
    ----------
    S. Giomo, "The colorful dimension", 2018, as in fastai 2's `color_dim`.

    Examples
    --------
    >>> counts = [np.array([4, 0]), np.array([1, 3])]
    >>> seen = LayerStats("2", "Conv", [0.1, 0.2], [1, 1], [0, 0], counts)
    >>> print(color_dim(seen, span=(0.0, 10.0)).convmat["alt"])
    Histograms of the outputs of layer 2 (Conv) over 2 batches, as colours: 2 bins from
    0 to 10; what is below 0 or above 10 is dropped. At most 4 outputs are in one bin.
    """
    seen = _one(stats, layer)
    low, high = _span(stats, span)
    counts = seen.histogram()
    bins, batches = counts.shape
    look = theme_of(theme)
    sheet = Sheet.blank(look)
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
        title=f"outputs of {_name(seen)}",
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
    bar.outline.set_edgecolor(look.muted)
    ticks = [0, *(10**power for power in range(12) if 10**power <= max(most, 1))]
    bar.set_ticks(ticks, labels=[f"{tick:,}" for tick in ticks])
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
        f"Histograms of the outputs of {_name(seen)} over {batches} batches, as "
        f"colours: {bins} bins from {number(low)} to {number(high)}; {dropped}. "
        f"At most {most:,} outputs are in one bin."
    )
    return describe(sheet.figure, "color_dim", params, alt)


def _name(seen: LayerStats) -> str:
    return f"layer {seen.name} ({seen.kind})"


def _one(stats: ActivationStats | LayerStats, layer: int | None) -> LayerStats:
    """The statistics of one layer that has seen a batch."""
    if isinstance(stats, LayerStats):
        if layer is not None:
            rule = "must be None where stats are of one layer"
            raise ConvmatError("layer", rule, layer)
        seen = stats
    elif isinstance(stats, ActivationStats):
        known = [f"{place}: {_name(one)}" for place, one in enumerate(stats.layers)]
        told = f"the layers are {', '.join(known)}" if known else "fit a learner first"
        if layer is None:
            raise ConvmatError("layer", "must say which one", layer, told)
        if isinstance(layer, bool) or not hasattr(layer, "__index__"):
            raise ConvmatTypeError("layer", "must be an integer", layer)
        if not -len(known) <= layer < len(known):
            raise ConvmatError("layer", "must be one that was watched", layer, told)
        seen = stats[layer]
    else:
        rule = "must be ActivationStats, or the LayerStats of one layer"
        raise ConvmatTypeError("stats", rule, stats)
    if not seen.means:
        rule, remedy = "must have seen a batch", "fit a learner with these callbacks"
        raise ConvmatError("stats", rule, seen, remedy)
    return seen


def _span(
    stats: ActivationStats | LayerStats, span: tuple[float, float] | None
) -> tuple[float, float]:
    if isinstance(stats, ActivationStats):
        if span is not None:
            rule = "must be None where stats are of all layers"
            raise ConvmatError("span", rule, span, "they have their own")
        return stats.span
    if span is None:
        rule = "must be given beside the statistics of one layer"
        remedy = "use stats.span, or color_dim(stats, layer)"
        raise ConvmatError("span", rule, span, remedy)
    if not isinstance(span, tuple) or len(span) != 2:
        raise ConvmatTypeError("span", "must be a pair of numbers", span)
    low, high = map(float, span)
    if not low < high:
        raise ConvmatError("span", "must go from low to high", span)
    return low, high
