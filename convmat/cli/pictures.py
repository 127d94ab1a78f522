"""The figures that `convmat constrain` leaves, and what each one shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from convmat import figures
from convmat.arrays import Array
from convmat.figures.gallery.matrices import seeded_gradient
from convmat.geometry import geometry

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from convmat.experiments import Climb, Found

    Pictures: TypeAlias = Mapping[str, tuple[Figure, str]]
    """Figures and their meaning in a few words, by the names of their files."""

__all__ = ["of_kernel", "of_ladder", "of_tying", "told_in"]

_SHOWN = 5  # maps of each rung: a row of the figure


def of_ladder(climbs: dict[str, Climb]) -> Pictures:
    """Accuracies and distances by epoch; the matrices, and rows of them as pictures."""
    told = {name: name.replace("_", " ") for name in climbs}
    g = next(iter(climbs.values())).rung.geometry
    outputs = prod(g.output_size)
    middle = outputs // 2 + g.output_size[1] // 2  # row of the output in the middle
    maps = min(_SHOWN, g.out_channels)
    wraps = told | {"circulant": "circulant: what wraps"}

    def by_epoch(
        ylabel: str,
        title: str,
        values: Callable[[Climb], Sequence[float]],
        names: Mapping[str, str] = told,
    ) -> Figure:
        series = {names[name]: values(climb) for name, climb in climbs.items()}
        return figures.curves(series, xlabel="epoch", ylabel=ylabel, title=title)

    pictures = {
        "ladder-held-out": (
            by_epoch(
                "held-out digits read right, %",
                "Digits where the network has learned them",
                lambda climb: _percent(climb.accuracies),
            ),
            "accuracy after each epoch",
        ),
        "ladder-moved": (
            by_epoch(
                "moved digits read right, %",
                "The same digits, moved by a pixel",
                lambda climb: _percent(climb.moved_accuracies),
            ),
            "what sharing buys",
        ),
        "ladder-distance": (
            by_epoch(
                "distance over the matrix's own size",
                "How far from the nearest convolution",
                lambda climb: climb.distances[1:],
                wraps,
            ),
            "untied entries drift apart; all begin as one kernel",
        ),
        "ladder-matrices": (
            figures.kernel_grid(
                [_scaled(climb.matrix[:outputs]) for climb in climbs.values()],
                titles=[f"{told[name]}, map 1" for name in climbs],
            ),
            "the rows of one map, over their largest entry",
        ),
        "ladder-windows": (
            figures.kernel_grid(
                [
                    _scaled(window).reshape(g.input_size)
                    for climb in climbs.values()
                    for window in climb.matrix[middle::outputs][:maps]
                ],
                titles=[f"{told[n]}, map {k + 1}" for n in climbs for k in range(maps)],
            ),
            "what the middle output reads, each over its largest entry",
        ),
    }
    return told_in(pictures)


def _percent(shares: Sequence[float]) -> list[float]:
    return [100 * share for share in shares]


def _scaled(array: Array) -> Array:
    """With 1 as the largest value, so that matrices of all sizes show."""
    return array / (np.abs(array).max() or 1)


def of_kernel(found: Found) -> Pictures:
    """The kernel at some steps, and its distance from the secret one at all."""
    steps = len(found.losses)
    shown = sorted({min(steps, 10**power) for power in range(6)} | {0, steps})
    taps = found.kernels.reshape(steps + 1, -1)
    off = np.abs(taps - found.secret.reshape(-1)).max(axis=1)
    floor = float(np.finfo(float).eps)  # 0 has no logarithm
    pictures = {
        "kernel-learned": (
            figures.kernel_grid(
                [*(found.kernels[step] for step in shown), found.secret],
                titles=[*(f"step {step:,}" for step in shown), "the secret"],
            ),
            "the kernel on its way",
        ),
        "kernel-distance": (
            figures.curves(
                {"the farthest tap": [max(float(v), floor) for v in off[1:]]},
                xlabel="step",
                ylabel="distance from the secret tap",
                log=True,
                title="Descent from 0 to the secret kernel",
            ),
            "how it closes in",
        ),
    }
    return told_in(pictures)


def of_tying(seed: int) -> Pictures:
    """The gradient by the matrix of Kleinsmith's case, for numbers of a seed."""
    g = geometry((3, 3), (2, 2))
    figure = figures.gradient_tying(g, seeded_gradient(g, seed))
    return told_in({"gradient-tying": (figure, "why zeros stay 0 and ties stay tied")})


def told_in(pictures: Pictures) -> Pictures:
    """The meaning of each, at the head of its alt text too."""
    for figure, meaning in pictures.values():
        sheet = figure.convmat  # type: ignore[attr-defined]  # the figure's own note
        sheet["alt"] = f"{meaning[0].upper()}{meaning[1:]}. {sheet['alt']}"
    return pictures
