"""Layers that work entry by entry, and the one that only moves entries."""

from __future__ import annotations

import numpy as np

from convmat.arrays import Array
from convmat.nn.dropout import Dropout
from convmat.nn.layers import Flatten, Layer, LeakyReLU, ReLU
from convmat.verify.rounding.rules import Pass, through
from convmat.verify.rounding.units import OWN, Gapped, Gaps, Unit

__all__: list[str] = []


@through.register
def _(layer: ReLU, unit: Unit, x: Gapped, own: Gaps) -> Pass:
    return _bent(layer, unit, x, slope=0.0)


@through.register
def _(layer: LeakyReLU, unit: Unit, x: Gapped, own: Gaps) -> Pass:
    slope = float(unit.dtype.type(float(layer.slope)))
    return _bent(layer, unit, x, slope)


def _bent(layer: Layer, unit: Unit, x: Gapped, slope: float) -> Pass:
    """`x` where it is positive and `slope * x` where not, which is not rounded at 0.

    Where the sign is within the gap, the two runs may take different branches: forward
    they meet at 0, so the steeper one bounds both; backward the gradient itself may
    pass by one and not by the other.
    """
    unsure = np.abs(x.values) <= x.gap
    positive = (x.values > 0) & ~unsure
    terms = 1 if slope else 0
    steeper = max(1.0, abs(slope))
    low = abs(slope) * x.gap + unit.rounding(abs(slope) * x.size, terms)
    met = steeper * x.gap + unit.rounding(abs(slope) * x.size, terms)
    gap = np.where(positive, x.gap, np.where(unsure, met, low))
    y = Gapped(layer.forward(x.values), OWN * gap)

    def back(grad: Gapped) -> tuple[Gapped, dict[str, Array]]:
        rounds = unit.rounding(abs(slope) * grad.size, terms)
        low = abs(slope) * grad.gap + rounds
        parted = abs(1 - slope) * np.abs(grad.values) + steeper * grad.gap + rounds
        gap = np.where(positive, grad.gap, np.where(unsure, parted, low))
        return Gapped(layer.backward(grad.values), OWN * gap), {}

    return Pass(y, back)


@through.register
def _(layer: Dropout, unit: Unit, x: Gapped, own: Gaps) -> Pass:
    y = layer.forward(x.values)
    # Entry by entry what both runs multiply by: 0 where dropped.
    factor = np.float64(layer.backward(np.ones_like(y)))
    terms = 1 if layer.training else 0

    def kept(values: Array, one: Gapped) -> Gapped:
        gap = factor * one.gap + unit.rounding(factor * one.size, terms)
        return Gapped(values, OWN * np.where(factor == 0, 0, gap))

    def back(grad: Gapped) -> tuple[Gapped, dict[str, Array]]:
        return kept(layer.backward(grad.values), grad), {}

    return Pass(kept(y, x), back)


@through.register
def _(layer: Flatten, unit: Unit, x: Gapped, own: Gaps) -> Pass:
    y = layer.forward(x.values)

    def back(grad: Gapped) -> tuple[Gapped, dict[str, Array]]:
        return grad.reshape(x.values.shape), {}

    return Pass(Gapped(y, x.gap.reshape(y.shape)), back)
