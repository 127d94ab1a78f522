"""Which models have a plan, and what a plan takes for granted of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from convmat.arrays import Shape
from convmat.nn.composite import Part
from convmat.nn.convolutions import Conv
from convmat.nn.layers import Flatten, Layer, LeakyReLU, Linear, ReLU
from convmat.nn.models import Sequential
from convmat.nn.norm import BatchNorm

__all__ = ["fits", "layers_of", "mark_of"]

_SUMS = Conv, Linear, BatchNorm
_WITHOUT_CONDITIONS = {ReLU, Flatten, Linear, BatchNorm}


def layers_of(model: Part) -> list[Layer] | None:
    """The layers of a model in their order; None where a plan can't hold them.

    An activation has to come after a layer that it is not one of: its input is not
    kept.
    """
    layers = _listed(model)
    if layers is None:
        return None
    summed = steps = False  # whether the last step was a sum; whether there is one
    for layer in layers:
        if isinstance(layer, Flatten):
            continue
        sums = isinstance(layer, _SUMS)
        if not sums and not summed:
            return None
        summed, steps = sums, True
    return layers if steps else None


def fits(layer: Layer, dtype: np.dtype[Any]) -> bool:
    """Whether a layer is in training and has parameters of one dtype only."""
    arrays = layer.parameters.values()
    return layer.training and all(array.dtype == dtype for array in arrays)


def mark_of(layer: Layer) -> tuple[Layer, dict[str, Any], dict[str, Shape]]:
    """What must not change while a plan is in use: layer, settings and shapes."""
    shapes = {name: array.shape for name, array in layer.parameters.items()}
    return layer, dict(getattr(layer, "keywords", {})), shapes


def _listed(model: Part) -> list[Layer] | None:
    if isinstance(model, Layer):
        return [model] if _supported(model) else None
    if type(model) is not Sequential:
        return None
    listed: list[Layer] = []
    for part in model.layers:
        layers = _listed(part)
        if layers is None:
            return None
        listed += layers
    return listed


def _supported(layer: Layer) -> bool:
    """Whether there is a step for just this layer; not for what is derived from it."""
    kind, own = type(layer), vars(layer)
    if "forward" in own or "backward" in own:  # somebody listens
        return False
    if isinstance(layer, Conv):
        zeros = layer.keywords.get("padding_mode", "zeros") == "zeros"
        one_group = layer.in_channels == layer.weight_shape[1]
        return kind is Conv and layer.route == "fast" and zeros and one_group
    if isinstance(layer, LeakyReLU):
        return kind is LeakyReLU and 0 < layer.slope <= 1
    return kind in _WITHOUT_CONDITIONS
