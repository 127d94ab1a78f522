"""Layers that multiply by weights: both convolutions, and the dense matrix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np

from convmat import sliding
from convmat.arrays import Array
from convmat.geometry import Axis, Geometry
from convmat.nn.convolutions import Conv
from convmat.nn.layers import Layer, Linear
from convmat.nn.transposed import ConvTranspose
from convmat.verify.rounding.rules import Pass, through
from convmat.verify.rounding.units import OWN, Gapped, Gaps, Unit

__all__ = ["most_reads"]


@dataclass(frozen=True)
class _Sums:
    """Three bilinear maps, and of how many products their sums are.

    `forward` and `input_grad` take the weight first, `weight_grad` the gradient.
    """

    forward: Callable[[Array, Array], Array]
    input_grad: Callable[[Array, Array], Array]
    weight_grad: Callable[[Array, Array], Array]
    terms: tuple[int, int, int]


@through.register
def _(layer: Conv, unit: Unit, x: Gapped, own: Gaps) -> Pass:
    g = layer.geometry(x.values.shape[1:])
    sums = _Sums(
        lambda w, v: sliding.forward(v, w, g),
        lambda w, d: sliding.input_grad(d, w, g),
        lambda d, v: sliding.kernel_grad(d, v, g),
        (g.taps_per_row, _read_by(g), len(x.values) * prod(g.output_size)),
    )
    return _weighted(layer, unit, x, own, sums)


@through.register
def _(layer: ConvTranspose, unit: Unit, x: Gapped, own: Gaps) -> Pass:
    g = layer.geometry(x.values.shape[1:])  # of the paired convolution
    sums = _Sums(
        lambda w, v: sliding.input_grad(v, w, g),
        lambda w, d: sliding.forward(d, w, g),
        lambda d, v: sliding.kernel_grad(v, d, g),
        (_read_by(g), g.taps_per_row, len(x.values) * prod(g.output_size)),
    )
    return _weighted(layer, unit, x, own, sums)


@through.register
def _(layer: Linear, unit: Unit, x: Gapped, own: Gaps) -> Pass:
    batch, inputs = x.values.shape
    sums = _Sums(
        lambda w, v: v @ w.T,
        lambda w, d: d @ w,
        lambda d, v: d.T @ v,
        (inputs, len(layer.parameters["weight"]), batch),
    )
    return _weighted(layer, unit, x, own, sums)


def _weighted(layer: Layer, unit: Unit, x: Gapped, own: Gaps, sums: _Sums) -> Pass:
    weight = Gapped(layer.parameters["weight"], own["weight"])
    out_of, into, over = sums.terms
    terms = out_of + 1  # the bias
    gap = unit.product(sums.forward, weight, x, terms)
    if "bias" in layer.parameters:
        bias = Gapped(layer.parameters["bias"], own["bias"])
        bias = bias.reshape((-1, *(1,) * (gap.ndim - 2)))
        gap = gap + bias.gap + unit.rounding(bias.size, terms)
    y = Gapped(layer.forward(x.values), OWN * gap)

    def back(grad: Gapped) -> tuple[Gapped, dict[str, Array]]:
        x_gap = unit.product(sums.input_grad, weight, grad, into)
        gaps = {"weight": OWN * unit.product(sums.weight_grad, grad, x, over)}
        if "bias" in layer.parameters:
            but_channels = (0, *range(2, grad.values.ndim))
            gaps["bias"] = OWN * unit.total(grad, but_channels).gap
        return Gapped(layer.backward(grad.values), OWN * x_gap), gaps

    return Pass(y, back)


def _read_by(g: Geometry) -> int:
    """The largest number of products that the gradient by one input is summed of."""
    return g.out_channels // g.groups * prod(map(most_reads, g.axes))


def most_reads(axis: Axis) -> int:
    """The largest number of `(output, tap)` that read one input of the axis.

    Examples
    --------
    >>> most_reads(Axis(size=4, kernel=3, stride=2, before=0, after=1, dilation=1))
    2
    """
    sources = axis.sources()  # (outs, taps), -1 where none is read
    return int(np.bincount(sources[sources >= 0]).max(initial=0))
