"""A chain of layers from a file of weights: each on what the one before gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import Any

from convmat.arrays import Shape
from convmat.errors import ConvmatError
from convmat.geometry import geometry, transposed_geometry
from convmat.inspect.facts import (
    conv_layer,
    diagonal_layer,
    full_layer,
    pool_layer,
    transposed_layer,
)
from convmat.inspect.files import Tensor
from convmat.inspect.reach import Reach, begin, everything, through, through_transposed
from convmat.inspect.spelled import Spelled
from convmat.inspect.value import LayerMatrix
from convmat.linear.windows import read_windows

__all__ = ["Chain"]

_POOLS = {"maxpool": ("MaxPool", False), "avgpool": ("AveragePool", True)}


class Chain:
    """Layers one after another, each on what the one before gives.

    Parameters
    ----------
    known : mapping of str to mapping of str to Tensor
        The layers of the file, by their names and parts.
    input_shape : tuple of int, optional
        `(channels, *spatial)`: what the first of them reads.
    """

    def __init__(
        self, known: Mapping[str, Mapping[str, Tensor]], input_shape: Shape | None
    ) -> None:
        self.known = known
        self.shape = input_shape
        self.reach: Reach | None = None
        if input_shape is not None:
            self.reach = begin("input", input_shape[1:])

    def step(self, one: Spelled) -> LayerMatrix:
        """The row of the next layer."""
        parts = self.known.get(one.name)
        if parts is None and one.name not in _POOLS:
            names = ", ".join(self.known) or "none"
            rule = f"must name layers of the file ({names}), maxpool or avgpool"
            raise ConvmatError("layers", rule, one.name)
        if parts is None:
            row = self._pool(one)
        else:
            rank = len(parts["weight"].shape)
            more = {
                "itemsize": parts["weight"].itemsize,
                "bias": prod(parts["bias"].shape) if "bias" in parts else 0,
            }
            weight = parts["weight"].shape
            if rank >= 3:
                row = self._conv(one, weight, more)
            elif rank == 2:
                row = self._full(one, weight, more)
            else:
                row = self._norm(one, weight, more)
        self.shape = row.output_shape
        if self.reach is not None:
            row = replace(row, field=self.reach.size, jump=self.reach.jump)
        return row

    def _reads(self, one: Spelled, channels: int | None) -> Shape:
        """`(channels, *spatial)` that the layer reads."""
        own = one.settings.get("input")
        if own is not None:
            self.reach = None  # nobody says what lies before it
            if channels is None and self.shape is None:
                rule = "must read a known number of channels: give input_shape"
                raise ConvmatError("layers", rule, one.name)
            return (channels or (self.shape or ())[0], *own)
        if self.shape is None:
            rule = (
                f"must be given for {one.name}, or the size it reads: {one.name}:i32x32"
            )
            raise ConvmatError("input_shape", rule, None)
        return self.shape

    def _conv(self, one: Spelled, weight: Shape, more: dict[str, Any]) -> LayerMatrix:
        groups = one.settings.get("groups", (None,))[0]
        keywords = one.keywords(len(weight) - 2)
        if one.transposed:
            shape = self._reads(one, weight[0])
            g = transposed_geometry(shape, weight, groups=groups or 1, **keywords)
            self.reach = through_transposed(self.reach, g)
            return transposed_layer(one.name, g, **more)
        shape = self._reads(one, weight[1] * (groups or 1))
        if groups is None and len(shape) == len(weight) - 1:
            groups = shape[0] // weight[1] if shape[0] % weight[1] == 0 else 1
        g = geometry(shape, weight, groups=groups or 1, **keywords)
        self.reach = through(self.reach, g)
        return conv_layer(one.name, g, **more)

    def _full(self, one: Spelled, weight: Shape, more: dict[str, Any]) -> LayerMatrix:
        if self.shape is not None and prod(self.shape) != weight[1]:
            rule = f"must read {weight[1]} numbers in {one.name}, and there are"
            raise ConvmatError("layers", rule, "x".join(map(str, self.shape)))
        self.reach = everything(self.reach)
        return full_layer(one.name, "Linear", (weight[0], weight[1]), **more)

    def _norm(self, one: Spelled, weight: Shape, more: dict[str, Any]) -> LayerMatrix:
        shape = self._reads(one, weight[0])
        if shape[:1] != weight:
            rule = f"must have {weight[0]} channels before {one.name}"
            raise ConvmatError("layers", rule, "x".join(map(str, shape)))
        return diagonal_layer(one.name, "BatchNormalization", shape, **more)

    def _pool(self, one: Spelled) -> LayerMatrix:
        kind, linear = _POOLS[one.name]
        shape = self._reads(one, None)
        pool = one.settings.get("pool_size")
        rank = len(shape) - 1
        if pool is None or len(pool) not in (1, rank):
            rule = f"must say the window of a pooling, like {one.name}:k2"
            raise ConvmatError("layers", rule, one.name)
        keywords = one.keywords(rank)
        windows = read_windows(
            shape,
            pool * rank if len(pool) == 1 else pool,
            keywords.get("stride"),
            keywords.get("padding", 0),
            keywords.get("dilation", 1),
            ceil_mode=False,
        )
        self.reach = through(self.reach, windows.geometry)
        notes = () if linear else ("not linear: the pattern of its windows",)
        return pool_layer(
            one.name, kind, windows.geometry, 4, linear=linear, notes=notes
        )
