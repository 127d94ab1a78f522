"""Which route suits which sizes: the thresholds, and where they come from.

They were found by timing every route over the shapes of `tests/bench/bench_apply.py`.
A threshold that is off by a factor of two costs little: routes are close to each other
where they meet.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from convmat.fast import adjoint, flat, lines, lines_grad, tiles
from convmat.fast.adjoint import gathers
from convmat.fast.blocks import UNPACKED
from convmat.geometry import Geometry
from convmat.geometry.checks import MOST_AXES

__all__ = ["Choice", "forward", "input_grad", "kernel_grad"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A route and the reason for it."""

    route: str
    why: str


_SHORT_LINE = 10  # outputs along the innermost axis: shorter copies are slow
_MANY_IMAGES = 16  # that make an innermost axis worth having
_CHANNELS = 64  # in and out, from which on the GEMM takes nearly all the time
_MANY_TAPS = 25  # along space, from which on columns cost more than shifted sums
_FEW_PAIRS = 4  # of input and output channels, for which a tile is small
_LARGE = 1 << 16  # outputs of an image that pay for making a tile
_FEW_TO_MANY = 8  # output channels over input channels: the shares of taps are few
_WASTE = 1.3  # products at the ends of lines that may be computed in vain
_TILE_ZEROS = 4.0  # products over those wanted, where a GEMM of many lines does them
_ZEROS = 2.0  # products over those wanted, where remainders have unequal taps

_LONG_LINE = 32  # outputs from which on the GEMM of a line is at full speed
_FEW_OUT = 16  # output channels, for which copying takes longer than the GEMM:
_LINE_OF_FEW = 24  # then shorter lines will do
_ENOUGH_TAPS = 32  # channels and taps along a line, for a GEMM at full speed

_LINES = "neighbouring outputs share their lines"
_COLUMNS = "suits any geometry"


def forward(g: Geometry, batch: int) -> Choice:
    """The route of the convolution."""
    if _small(g, batch):
        return Choice("batch-last", _images(g, batch))
    many = prod(g.kernel_size) >= _MANY_TAPS
    if tiles.fits(g) and many and _few_on_large(g) and _tiles_pay(g):
        return Choice("tiles", _pairs(g))
    if lines.fits(g) and _lines_pay(g):
        return Choice("lines", _LINES)
    least = min(g.in_channels, g.out_channels) // g.groups
    if _shifts(g) and many and least >= _CHANNELS:
        return Choice("shifted", "many channels and taps at stride 1")
    return Choice("columns", _COLUMNS)


def input_grad(g: Geometry, batch: int) -> Choice:
    """The route of the gradient by the input."""
    if _shifts(g) and g.out_channels >= _FEW_TO_MANY * g.in_channels:
        return Choice("shifted", "few input channels take back few shares")
    if gathers(g) and _gathering_pays(g):
        return Choice("gathered", "the transpose is a convolution at stride 1")
    if _small(g, batch):
        return Choice("batch-last", _images(g, batch))
    return Choice("columns", _COLUMNS)


def _tiles_pay(g: Geometry) -> bool:
    """Whether the zeros are few enough, and the columns less than the image."""
    return tiles.waste(g) <= _TILE_ZEROS and tiles.lines_held(g) <= g.output_size[0]


def _gathering_pays(g: Geometry) -> bool:
    """Whether the products with zeros cost less than scattering does."""
    into, out_of = g.in_channels // g.groups, g.out_channels // g.groups
    zeros = adjoint.waste(g)
    return zeros == 1 or (zeros <= _ZEROS and into > 1 and out_of < _CHANNELS)


def kernel_grad(g: Geometry, batch: int) -> Choice:
    """The route of the gradient by the kernel."""
    if _small(g, batch):
        return Choice("batch-last", _images(g, batch))
    if _shifts(g) and _few_on_large(g):
        return Choice("shifted", _pairs(g))
    if lines_grad.fits(g) and _line_gradients_pay(g):
        return Choice("lines", _LINES)
    return Choice("columns", _COLUMNS)


def _lines_pay(g: Geometry) -> bool:
    """Whether a line is long enough for a GEMM, and short enough for a fast one."""
    if max(g.kernel_size) == 1 or lines.products(g) > UNPACKED:
        return False
    few = g.out_channels // g.groups <= _FEW_OUT
    return lines.length(g) >= (_LINE_OF_FEW if few else _LONG_LINE)


def _line_gradients_pay(g: Geometry) -> bool:
    into, out_of = g.in_channels // g.groups, g.out_channels // g.groups
    taps = g.taps_per_row // g.kernel_size[0]
    if max(g.kernel_size) == 1 or max(into, out_of) >= _CHANNELS:
        return False
    return taps >= _ENOUGH_TAPS


def _small(g: Geometry, batch: int) -> bool:
    short = g.output_size[-1] < _SHORT_LINE
    more = g.rank < MOST_AXES  # the batch is an axis more
    return short and batch >= _MANY_IMAGES and g.in_channels > 1 and more


def _images(g: Geometry, batch: int) -> str:
    return f"{batch} images with lines of {g.output_size[-1]} outputs"


def _few_on_large(g: Geometry) -> bool:
    pairs = g.in_channels * g.out_channels
    return pairs <= _FEW_PAIRS and prod(g.output_size) >= _LARGE


def _pairs(g: Geometry) -> str:
    pairs = g.in_channels * g.out_channels
    return f"{pairs} channel pair(s) on {prod(g.output_size):,} outputs"


def _shifts(g: Geometry) -> bool:
    return flat.fits(g) and flat.waste(g) <= _WASTE
