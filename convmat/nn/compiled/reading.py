"""Which models have a plan, and what a plan takes for granted of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias, TypeGuard

import numpy as np

from convmat.arrays import Shape
from convmat.nn.composite import Part
from convmat.nn.convolutions import Conv
from convmat.nn.global_pooling import GlobalAvgPool
from convmat.nn.layers import Flatten, Layer, LeakyReLU, Linear, ReLU
from convmat.nn.models import Sequential
from convmat.nn.norm import BatchNorm
from convmat.nn.pooling import AvgPool, MaxPool

__all__ = ["Mark", "fits", "layers_of", "mark_of", "obstacle", "watched"]

_ACTIVATIONS: frozenset[type[Part]] = frozenset({ReLU, LeakyReLU})
_POOLS: frozenset[type[Part]] = frozenset({MaxPool, AvgPool, GlobalAvgPool})
_KINDS = _ACTIVATIONS | _POOLS | {Conv, Linear, BatchNorm, Flatten}

_SETTINGS: Mapping[type[Layer], tuple[str, ...]] = MappingProxyType(
    {
        Conv: ("keywords",),
        MaxPool: ("pool_size", "settings"),
        AvgPool: ("pool_size", "settings", "count_include_pad", "divisor_override"),
    }
)
"""What a plan is made by, beside the shapes of parameters."""

Mark: TypeAlias = tuple[Layer, list[Any], list[tuple[Shape, np.dtype[Any]]]]


def layers_of(model: Part) -> list[Layer]:
    """The layers of a model in their order; none where a plan can't hold them."""
    return _read(model)[0]


def obstacle(model: Part) -> str:
    """The first part of a model that a plan can't hold; empty where it holds all.

    Whether somebody watches a layer is another question: it may change at any time.
    """
    return _read(model)[1]


def watched(layer: Layer) -> bool:
    """Whether somebody has put another pass in place of a layer's own, to look on."""
    return "forward" in vars(layer) or "backward" in vars(layer)


def fits(layer: Layer, dtype: np.dtype[Any]) -> bool:
    """Whether a layer computes in one dtype only."""
    arrays = list(layer.parameters.values())
    if not layer.training:  # else buffers are written only
        arrays += [a for a in layer.buffers.values() if a.dtype.kind == "f"]
    return all(array.dtype == dtype for array in arrays)


def mark_of(layer: Layer) -> Mark:
    """What must not change while a plan is in use.

    That is the layer, its settings, and shapes and dtypes of its arrays; buffers are
    among them in eval mode only, where they are read.
    """
    settings = [getattr(layer, name) for name in _SETTINGS.get(type(layer), ())]
    arrays = [(a.shape, a.dtype) for a in layer.parameters.values()]
    if not layer.training:
        arrays += [(a.shape, a.dtype) for a in layer.buffers.values()]
    return layer, settings, arrays


def _read(model: Part) -> tuple[list[Layer], str]:
    """The layers of a model, or what stands in the way of a plan.

    An activation has to come after a layer that it is not one of: its input is not
    kept.
    """
    layers: list[Layer] = []
    follows = steps = False  # whether a step comes before; whether there is one at all
    for name, part in _parts("", model):
        if not _supported(part):
            return [], f"layer {name} ({type(part).__name__})"
        layers.append(part)
        if type(part) is Flatten:
            continue
        acts = type(part) in _ACTIVATIONS
        if acts and not follows:
            told = f"layer {name} ({type(part).__name__})"
            return [], f"{told}, whose input another one reads"
        follows, steps = not acts, True
    return (layers, "") if steps else ([], "a model that computes nothing")


def _parts(name: str, part: Part) -> Iterator[tuple[str, Part]]:
    """What plain sequences consist of, with names."""
    if type(part) is not Sequential:
        yield name, part
        return
    for own, inner in part.parts.items():
        yield from _parts(f"{name}.{own}" if name else own, inner)


def _supported(part: Part) -> TypeGuard[Layer]:
    """Whether there is a step for just this layer; not for what is derived from it."""
    kind, own = type(part), vars(part)
    if kind not in _KINDS:
        return False
    if kind is Conv:
        mode: str = own["keywords"].get("padding_mode", "zeros")
        route: str = own["route"]
        return mode == "zeros" and route == "fast"
    return kind is not LeakyReLU or bool(0 < own["slope"] <= 1)
