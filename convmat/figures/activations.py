"""Mean and spread of the outputs of a layer while it was trained."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from convmat.errors import ConvmatError, ConvmatTypeError, ShapeError
from convmat.figures.chart import SIZE, panel
from convmat.figures.content import ends_told
from convmat.figures.sheet import Sheet
from convmat.figures.style import Theme, theme_of
from convmat.nn import ActivationStats
from convmat.nn.stats import NEAR_ZERO, LayerStats

__all__ = ["layer_name", "layer_stats", "one_layer"]

_LEFT, _WIDE, _RIGHT, _TOP = 0.85, 5.4, 0.3, 0.4  # inches of and around a panel
_HIGH, _BETWEEN, _BOTTOM = 1.2, 0.2, 0.55


def layer_stats(
    stats: ActivationStats | LayerStats,
    layer: int | None = None,
    *,
    ax: Axes | None = None,
    theme: str | Theme = "light",
) -> Figure:
    """Mean, standard deviation and share near zero of a layer, batch by batch.

    Parameters
    ----------
    stats : ActivationStats or LayerStats
    layer : int, optional
        Place among the layers that were watched, -1 for the last, when `stats` are of
        all layers.
    ax : Axes, optional
        Where to draw; by default a figure of its own.
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
    ShapeError
        For statistics that are not as many of each kind.

    Examples
    --------
    >>> seen = LayerStats("2", "Conv", means=[0.5, 0.2], stds=[1, 2], near_zeros=[0, 1])
    >>> print(layer_stats(seen).convmat["alt"])
    Outputs of layer 2 (Conv) over 2 batches. Mean from 0.5 to 0.2. Standard deviation
    from 1 to 2. Share at most 0.05 from 0 to 1.
    """
    seen = one_layer(stats, layer)
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
    sheet = Sheet.blank(look, ax)
    sheet.cut(_LEFT + _WIDE + _RIGHT, _TOP + 3 * _HIGH + 2 * _BETWEEN + _BOTTOM)
    told = [f"Outputs of {layer_name(seen)} over {len(seen.means)} batches."]
    for place, (key, (label, name, values)) in enumerate(shown.items()):
        last = place == len(shown) - 1
        ax = panel(
            sheet,
            (_LEFT, _TOP + place * (_HIGH + _BETWEEN), _WIDE, _HIGH),
            key,
            x="batches done" if last else "",
            y=label,
            title="" if place else f"outputs of {layer_name(seen)}",
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
        told.append(f"{name} {ends_told(values)}.")
    params = {"layer": seen.name, "batches": len(seen.means), "theme": look.name}
    return sheet.finish("layer_stats", params, " ".join(told))


def one_layer(stats: ActivationStats | LayerStats, layer: int | None) -> LayerStats:
    """The statistics of one layer that has seen a batch.

    Raises
    ------
    ConvmatTypeError
        As `layer_stats`.
    ConvmatError
        As `layer_stats`.
    ShapeError
        As `layer_stats`.
    """
    if isinstance(stats, LayerStats):
        if layer is not None:
            rule = "must be None where stats are of one layer"
            raise ConvmatError("layer", rule, layer)
        seen = stats
    elif isinstance(stats, ActivationStats):
        known = [
            f"{place}: {layer_name(one)}" for place, one in enumerate(stats.layers)
        ]
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
    if {len(seen.stds), len(seen.near_zeros)} != {len(seen.means)}:
        raise ShapeError("stats", "must have as many numbers of each kind", seen)
    return seen


def layer_name(seen: LayerStats) -> str:
    """Its name and kind, in words."""
    return f"layer {seen.name} ({seen.kind})"
