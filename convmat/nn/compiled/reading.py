"""Which models have a plan, and what a plan takes for granted of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from types import MappingProxyType
from typing import Any

import numpy as np

from convmat.arrays import Shape
from convmat.nn.composite import Part
from convmat.nn.convolutions import Conv
from convmat.nn.global_pooling import GlobalAvgPool
from convmat.nn.layers import Flatten, Layer, LeakyReLU, Linear, ReLU
from convmat.nn.models import Sequential
from convmat.nn.norm import BatchNorm
from convmat.nn.pooling import AvgPool, MaxPool

__all__ = ["fits", "layers_of", "mark_of", "obstacle"]

_POOLS = MaxPool, AvgPool, GlobalAvgPool
_SETTINGS: Mapping[type[Layer], tuple[str, ...]] = MappingProxyType(
    {
        Conv: ("keywords",),
        MaxPool: ("pool_size", "settings"),
        AvgPool: ("pool_size", "settings", "count_include_pad", "divisor_override"),
    }
)
"""What a plan is made by, beside the shapes of parameters."""

_WITHOUT_CONDITIONS = {ReLU, Flatten, Linear, BatchNorm, *_POOLS}


def layers_of(model: Part) -> list[Layer] | None:
    """The layers of a model in their order; None where a plan can't hold them."""
    if obstacle(model):
        return None
    return [part for _, part in _parts("", model) if isinstance(part, Layer)]


def obstacle(model: Part) -> str:
    """The first part of a model that a plan can't hold; empty where it holds all.

    An activation has to come after a layer that it is not one of: its input is not
    kept.
    """
    follows = False  # whether there is a step before, and it is no activation
    steps = False
    for name, part in _parts("", model):
        told = f"layer {name} ({type(part).__name__})"
        if not isinstance(part, Layer) or not _supported(part):
            return told
        if isinstance(part, Flatten):
            continue
        acts = isinstance(part, (ReLU, LeakyReLU))
        if acts and not follows:
            return f"{told}, whose input another one reads"
        follows, steps = not acts, True
    return "" if steps else "a model that computes nothing"


def fits(layer: Layer, dtype: np.dtype[Any]) -> bool:
    """Whether a layer computes in one dtype only."""
    arrays = list(layer.parameters.values())
    if not layer.training:  # else buffers are written only
        arrays += [a for a in layer.buffers.values() if a.dtype.kind == "f"]
    return all(array.dtype == dtype for array in arrays)


def mark_of(layer: Layer) -> tuple[Layer, bool, list[Any], list[Shape]]:
    """What must not change while a plan is in use: layer, mode, settings, shapes."""
    settings = [copy(getattr(layer, name)) for name in _SETTINGS.get(type(layer), ())]
    shapes = [array.shape for array in layer.parameters.values()]
    return layer, layer.training, settings, shapes


def _parts(name: str, part: Part) -> Iterator[tuple[str, Part]]:
    """What plain sequences consist of, with names."""
    if type(part) is not Sequential:
        yield name, part
        return
    for own, inner in part.parts.items():
        yield from _parts(f"{name}.{own}" if name else own, inner)


def _supported(layer: Layer) -> bool:
    """Whether there is a step for just this layer; not for what is derived from it."""
    kind, own = type(layer), vars(layer)
    if "forward" in own or "backward" in own:  # somebody listens
        return False
    if isinstance(layer, Conv):
        zeros = layer.keywords.get("padding_mode", "zeros") == "zeros"
        return kind is Conv and layer.route == "fast" and zeros
    if isinstance(layer, LeakyReLU):
        return kind is LeakyReLU and 0 < layer.slope <= 1
    return kind in _WITHOUT_CONDITIONS
