"""Layers of a file of weights alone: what shapes tell, and what a caller adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

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
from convmat.inspect.files import Tensor, npz_tensors, safetensors_tensors
from convmat.inspect.reach import Reach, begin, everything, through, through_transposed
from convmat.inspect.spelled import Spelled
from convmat.inspect.value import Inspection, LayerMatrix
from convmat.linear.windows import read_windows
from convmat.matrix.bars import bar

__all__ = ["inspect_weights"]

_MISSING = "its matrix needs the size it reads, stride and padding: name it in layers"
_POOLS = {"maxpool": ("MaxPool", False), "avgpool": ("AveragePool", True)}


def inspect_weights(
    path: Path,
    input_shape: Shape | None,
    layers: Sequence[Spelled],
    *,
    norms: bool,
    hidden: bool | None,
) -> Inspection:
    """The layers of a safetensors or npz file.

    Parameters
    ----------
    path : Path
    input_shape : tuple of int, optional
        `(channels, *spatial)`: what the first of `layers` reads.
    layers : sequence of Spelled
        In the order of the network: each reads what the one before gives, or the size
        that it says itself.
    norms : bool
        Whether norms and condition numbers are computed.
    hidden : bool or None
        Whether no bar is shown; None hides it outside a terminal.

    Raises
    ------
    ConvmatError
        For a file that can't be read, and layers that do not fit it.
    """
    form = path.suffix[1:]
    tensors = npz_tensors(path) if form == "npz" else safetensors_tensors(path)
    known = _layers(tensors)
    chain = _Chain(known, input_shape)
    rows = []
    with bar(path.name, len(known), " layers", hidden=hidden) as shown:
        for one in layers:
            rows.append(chain.step(one))
        named = {one.name for one in layers}
        rows += [_alone(n, parts) for n, parts in known.items() if n not in named]
        for place, row in enumerate(rows):
            rows[place] = _normed(row, known.get(row.name)) if norms else row
            shown.update(1)
    inputs = {} if input_shape is None else {"input": input_shape}
    held = {id(t) for parts in known.values() for t in parts.values()}
    left = sum(id(tensor) not in held for tensor in tensors)
    others = {"tensors of no layer": left} if left else {}
    notes = []
    if any(row.matrix_shape is None for row in rows):
        notes.append(
            "weights alone do not tell size, stride and padding: say them in layers "
            "and input_shape, or take an ONNX file"
        )
    return Inspection(path.name, form, inputs, tuple(rows), others, {}, tuple(notes))


def _normed(row: LayerMatrix, parts: dict[str, Tensor] | None) -> LayerMatrix:
    """The row with its norm, where the values tell it."""
    from convmat.inspect.norms import with_norms

    if row.kind == "BatchNormalization":
        note = "norm not known: a file of weights does not hold epsilon"
        return replace(row, notes=(*row.notes, note))
    if row.matrix_shape is None:
        return row
    weight = None if parts is None else parts["weight"].read().astype(np.float64)
    return with_norms(row, weight)


def _layers(tensors: Sequence[Tensor]) -> dict[str, dict[str, Tensor]]:
    """Tensors by layer and part: `conv1.weight` is the part `weight` of `conv1`."""
    found: dict[str, dict[str, Tensor]] = {}
    for tensor in tensors:
        cut = max(tensor.name.rfind("."), tensor.name.rfind("/"))
        layer, part = tensor.name[: max(cut, 0)], tensor.name[cut + 1 :]
        if not layer:
            layer, part = tensor.name, "weight"
        if tensor.floating and part in _PARTS:
            found.setdefault(layer, {})[_PARTS[part]] = tensor
    return {name: p for name, p in found.items() if "weight" in p and _is_layer(p)}


_PARTS = {
    "weight": "weight",
    "kernel": "weight",
    "scale": "weight",
    "bias": "bias",
    "shift": "bias",
    "running_mean": "mean",
    "mean": "mean",
    "running_var": "var",
    "var": "var",
}


def _is_layer(parts: dict[str, Tensor]) -> bool:
    rank = len(parts["weight"].shape)
    return 2 <= rank <= 32 if rank != 1 else "var" in parts


def _alone(name: str, parts: dict[str, Tensor]) -> LayerMatrix:
    """What the shapes of the weights tell without any input."""
    weight = parts["weight"]
    shape, bias = weight.shape, prod(parts["bias"].shape) if "bias" in parts else 0
    if len(shape) == 2:
        return full_layer(
            name, "Linear", (shape[0], shape[1]), weight.itemsize, bias=bias
        )
    kind = "BatchNormalization" if len(shape) == 1 else "Conv"
    settings = "" if len(shape) == 1 else f"k{'x'.join(map(str, shape[2:]))}"
    return LayerMatrix(
        name=name,
        kind=kind,
        settings=settings,
        itemsize=weight.itemsize,
        parameters=prod(shape),
        bias=bias,
        notes=(_MISSING,),
    )


class _Chain:
    """Layers one after another, each on what the one before gives."""

    def __init__(
        self, known: dict[str, dict[str, Tensor]], input_shape: Shape | None
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
