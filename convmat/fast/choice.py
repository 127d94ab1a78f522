"""Which route suits which sizes: the thresholds, and where they come from.

They were found by timing every route over the shapes of `tests/bench/bench_apply.py`.
A threshold that is off by a factor of two costs little: routes are close to each other
where they meet.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from convmat.fast import shifted, tiles
from convmat.fast.adjoint import gathers
from convmat.geometry import Geometry

__all__ = ["Choice", "forward", "input_grad", "kernel_grad"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A route and the reason for it."""

    route: str
    why: str


_SMALL_LINE = 32  # outputs along the innermost axis: shorter copies are slow
_MANY = 8  # images that make an innermost axis worth having
_CHANNELS = 48  # in and out, from which on a GEMM a tap beats columns
_WASTE = 1.3  # sums over line ends that a shifted GEMM may compute in vain
_FEW = 4  # products of input and output channels for which a tile is small
_LARGE = 1 << 16  # outputs of an image that pay for making a tile


def forward(g: Geometry, batch: int) -> Choice:
    """The route of the convolution."""
    small = _small(g, batch)
    if small is not None:
        return small
    outs = prod(g.output_size)
    pairs = g.in_channels * g.out_channels
    if tiles.fits(g) and pairs <= _FEW and outs >= _LARGE and g.output_size[0] >= 64:
        return Choice("tiles", f"{pairs} channel pairs on {outs:,} outputs")
    if _many_channels(g):
        return Choice("shifted", "many channels at stride 1")
    return Choice("columns", "suits any geometry")


def input_grad(g: Geometry, batch: int) -> Choice:
    """The route of the gradient by the input."""
    small = _small(g, batch)
    if small is not None:
        return small
    if gathers(g):
        return Choice("gathered", "at stride 1 the transpose is a convolution")
    return Choice("columns", "suits any geometry")


def kernel_grad(g: Geometry, batch: int) -> Choice:
    """The route of the gradient by the kernel."""
    small = _small(g, batch)
    if small is not None:
        return small
    if shifted.fits(g) and shifted.waste(g) <= _WASTE:
        return Choice("shifted", "needs no columns at stride 1")
    return Choice("columns", "suits any geometry")


def _small(g: Geometry, batch: int) -> Choice | None:
    line = g.output_size[-1]
    if batch >= _MANY and line < _SMALL_LINE:
        return Choice("batch-last", f"{batch} images with lines of {line} outputs")
    return None


def _many_channels(g: Geometry) -> bool:
    least = min(g.in_channels, g.out_channels) // g.groups
    return shifted.fits(g) and least >= _CHANNELS and shifted.waste(g) <= _WASTE
