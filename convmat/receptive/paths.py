"""Paths from the cells of the input to one output: how many, and through what."""

from __future__ import annotations

from functools import reduce
from typing import TypeAlias

import numpy as np

from convmat.arrays import Array, Shape
from convmat.receptive.chain import counting, refuse_map
from convmat.receptive.layers import Layer

__all__ = ["Read", "along_of", "outer", "precedents_of", "visits_of"]

Read: TypeAlias = tuple[int, int, bool]
"""An output, a cell that it reads, and whether that is a cell of the input."""


def visits_of(layers: tuple[Layer, ...], channel: int, spatial: Shape) -> Array:
    """How often an output sees each cell, of the shape of the first layer's input.

    Raises
    ------
    MatrixTooLargeError
        When so many counts would not fit into memory.
    """
    shape = layers[0].input_shape
    refuse_map(layers, shape)
    counts = [along_of(layers, axis, place) for axis, place in enumerate(spatial)]
    maps: Array = np.zeros(layers[-1].channels[1], counting(layers))
    maps[channel] = 1
    for layer in reversed(layers):
        maps = layer.pull_channels(maps)
    return outer([maps, *counts]).reshape(shape)


def along_of(layers: tuple[Layer, ...], axis: int, place: int) -> Array:
    """How often an output sees each cell along one axis, `(cells,)`.

    Examples
    --------
    >>> from convmat.receptive import read_chain
    >>> along_of(read_chain(["k3p1", "k2"], 4), 0, 1)
    array([1, 2, 2, 1])
    """
    counts: Array = np.zeros(layers[-1].output_size[axis], counting(layers))
    counts[place] = 1
    for layer in reversed(layers):
        counts = layer.pull(axis, counts)
    return counts


def precedents_of(
    layers: tuple[Layer, ...], axis: int, place: int
) -> tuple[tuple[Read, ...], ...]:
    """What an output depends on in each layer along one axis, from the input on."""
    found: list[tuple[Read, ...]] = []
    seen = {place}
    for layer in reversed(layers):
        reads = [
            (out, cell, inside)
            for out in sorted(seen)
            for cell, inside in layer.reads(axis, out)
        ]
        found.insert(0, tuple(reads))
        seen = {cell for _, cell, inside in reads if inside}
    return tuple(found)


def outer(parts: list[Array]) -> Array:
    """The outer product of vectors, each an axis of the result."""
    return reduce(np.multiply.outer, parts)
