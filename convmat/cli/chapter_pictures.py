"""The figures that `convmat fastbook` leaves: those of the chapter, and some beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from convmat import figures
from convmat.cli.pictures import told_in
from convmat.experiments import EDGES, descend_valley, normed
from convmat.nn import BatchNorm, Conv, mnist10k
from convmat.sliding import conv

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from convmat.cli.pictures import Pictures
    from convmat.experiments import Chapter, Trained

__all__ = ["of_chapter"]

_THREE = 12  # of mnist10k: the digit that the chapter convolves
_STATS = (("B", 1, 0), ("B", 4, -2), ("C", 4, -2), ("D", 4, -2))
"""Runs, convolutions, and their places among the layers that are watched."""
_COLORS = (("D", 4, -2), ("E", 4, -4))
_SEEN = 256  # digits that batch norm is shown on


def of_chapter(chapter: Chapter, theme: str = "light") -> Pictures:
    """The figures of the runs that came to their end, in the chapter's order.

    Its layers -2 of B, C and D, and -4 of E, are their fourth convolutions: it counts
    layers with parameters from the end.
    """
    drawn = _of_the_three(theme)
    for run in chapter.runs:
        if run.recorder.steps:
            drawn[f"losses-{run.name}"] = (
                figures.losses(run.recorder, theme=theme),
                f"losses of run {run.name}",
            )
    planned = [run for run in chapter.runs if run.setting.one_cycle]
    if planned:
        run = chapter["D"] if "D" in chapter else planned[0]
        drawn["schedule"] = (
            figures.schedule(run.recorder, theme=theme),
            f"learning rate and momentum of run {run.name}",
        )
    for run in chapter.runs:
        drawn |= _of_layers(run, theme)
    for run in chapter.runs:
        if run.finding:
            drawn["lr-find"] = (
                figures.lr_find(run.finding, theme=theme),
                f"losses of run {run.name} at growing learning rates",
            )
    last = chapter.runs[-1]
    drawn |= _of_network(last, theme)
    if last.setting.batch_norm:
        drawn["batch-norm"] = _of_norm(last, theme)
    drawn["momentum"] = (
        figures.momentum(descend_valley(), theme=theme),
        "what momentum does: ways down a valley",
    )
    return told_in(drawn)


def _of_the_three(theme: str) -> dict[str, tuple[Figure, str]]:
    """Of the chapter's own digit, before anything is trained."""
    three = mnist10k().images[_THREE, 0]
    names = [f"{name} edge" for name in ("top", "left")] + ["diagonal 1", "diagonal 2"]
    kernels = [np.array(kernel) for kernel in EDGES.values()]
    maps = [conv(three, kernel) for kernel in kernels]
    return {
        "pixels": (
            figures.pixel_table(three[:10, :20], theme=theme),
            "the top of the digit, with its numbers",
        ),
        "edges": (
            figures.feature_maps(three, maps, names, kernels=kernels, theme=theme),
            "what the four kernels of the chapter make of the digit",
        ),
    }


def _of_layers(run: Trained, theme: str) -> dict[str, tuple[Figure, str]]:
    """Statistics of the layers that the chapter looks at."""
    drawn: dict[str, tuple[Figure, str]] = {}
    if run.stats is None or not run.recorder.steps:
        return drawn
    for name, number, place in _STATS:
        if name == run.name:
            drawn[f"layer-stats-{name}-{number}"] = (
                figures.layer_stats(run.stats, place, theme=theme),
                f"outputs of convolution {number} of run {name}",
            )
    for name, number, place in _COLORS:
        if name == run.name:
            drawn[f"color-dim-{name}-{number}"] = (
                figures.color_dim(run.stats, place, theme=theme),
                f"outputs of convolution {number} of run {name} as colours",
            )
    return drawn


def _of_network(run: Trained, theme: str) -> dict[str, tuple[Figure, str]]:
    """What a trained network has learned, and what it makes of the digit."""
    three = mnist10k().images[_THREE : _THREE + 1]
    layers, outputs = run.learner.model.layers, run.outputs(three)
    first = layers[0].parameters["weight"]
    drawn = {
        f"kernels-{run.name}": (
            figures.kernel_tiles(first, theme=theme),
            f"kernels of convolution 1 of run {run.name}, trained",
        )
    }
    places = [place for place, layer in enumerate(layers) if isinstance(layer, Conv)]
    for number, place in enumerate(places[:2], 1):
        maps = outputs[place][0]
        drawn[f"maps-{run.name}-{number}"] = (
            figures.feature_maps(
                three[0, 0],
                list(maps),
                [f"map {channel}" for channel in range(len(maps))],
                kernels=list(first[:, 0]) if number == 1 else (),
                theme=theme,
            ),
            f"what convolution {number} of run {run.name} makes of the digit",
        )
    return drawn


def _of_norm(run: Trained, theme: str) -> tuple[Figure, str]:
    """The batch norm of the fourth convolution, whose colours the chapter draws."""
    layers, outputs = run.learner.model.layers, run.outputs(mnist10k().images[:_SEEN])
    place = [p for p, layer in enumerate(layers) if isinstance(layer, BatchNorm)][-2]
    layer = layers[place]
    assert isinstance(layer, BatchNorm)
    seen = normed(layer, outputs[place - 1])
    figure = figures.batchnorm(
        seen.before,
        seen.after,
        layer,
        normalised=seen.normalised,
        evaluated=seen.evaluated,
        theme=theme,
    )
    return figure, f"a channel of run {run.name} before and after batch norm"
