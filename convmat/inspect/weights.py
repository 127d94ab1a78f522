"""Layers of a file of weights alone: what shapes tell, and what a caller adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from pathlib import Path

import numpy as np

from convmat.arrays import Shape
from convmat.inspect.facts import full_layer
from convmat.inspect.files import Tensor
from convmat.inspect.npz_file import npz_tensors
from convmat.inspect.safetensors_file import safetensors_tensors
from convmat.inspect.spelled import Spelled
from convmat.inspect.value import Inspection, LayerMatrix
from convmat.inspect.weights_chain import Chain
from convmat.matrix.bars import bar

__all__ = ["inspect_weights"]

_MISSING = "its matrix needs the size it reads, stride and padding: name it in layers"
_LOOK = 1 << 30  # bytes of values that are looked at without being asked
_MOST_TOLD = 5  # tensors of no layer


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
    chain = Chain(known, input_shape)
    rows = []
    held = {id(t): t for parts in known.values() for t in parts.values()}
    size = sum(prod(t.shape) * t.itemsize for t in held.values())
    look = norms or size <= _LOOK
    with bar(path.name, len(known), " layers", hidden=hidden) as shown:
        for one in layers:
            rows.append(chain.step(one))
        named = {one.name for one in layers}
        rows += [_alone(n, parts) for n, parts in known.items() if n not in named]
        for place, row in enumerate(rows):
            parts = known.get(row.name, {})
            row = _looked_at(row, parts, look=look)
            rows[place] = _normed(row, parts) if norms else row
            shown.update(1)
    inputs = {} if input_shape is None else {"input": input_shape}
    left = [tensor for tensor in tensors if id(tensor) not in held]
    others = {"tensors of no layer": len(left)} if left else {}
    notes = []
    if any(row.matrix_shape is None for row in rows):
        notes.append(
            "weights alone do not tell size, stride and padding: say them in layers "
            "and input_shape (--layer and --input), or take an ONNX file"
        )
    if not look:
        notes.append(f"values not looked at: {size:,} bytes; norms look at them")
    if not rows and left:
        notes.append(f"the file holds {_told(left)}")
    return Inspection(
        path.name, form, inputs, tuple(rows), others, {}, tuple(notes), norms
    )


def _told(tensors: Sequence[Tensor]) -> str:
    """Tensors by name, shape and kind; of many the first."""
    some = [
        f"{t.name} ({'x'.join(map(str, t.shape)) or 'one number'}, "
        f"{'floating' if t.floating else 'not floating'})"
        for t in tensors[:_MOST_TOLD]
    ]
    more = len(tensors) - len(some)
    return ", ".join(some) + (f" and {more:,} more" if more else "")


def _looked_at(
    row: LayerMatrix, parts: dict[str, Tensor], *, look: bool
) -> LayerMatrix:
    """The row with how many of its numbers are not finite, if they can be read."""
    if not look or not all(tensor.readable for tensor in parts.values()):
        return replace(row, not_finite=None if parts else 0)
    bad = 0
    for tensor in parts.values():
        values = tensor.read()
        bad += values.size - int(np.count_nonzero(np.isfinite(values)))
    return replace(row, not_finite=bad)


def _normed(row: LayerMatrix, parts: dict[str, Tensor]) -> LayerMatrix:
    """The row with its norm, where the values tell it."""
    from convmat.inspect.norms import with_norms

    if row.kind == "BatchNormalization":
        note = "norm not known: a file of weights does not hold epsilon"
        return replace(row, notes=(*row.notes, note))
    if row.matrix_shape is None:
        return row
    if parts and not parts["weight"].readable:
        note = "norm not known: NumPy has no such numbers"
        return replace(row, notes=(*row.notes, note))
    weight = parts["weight"].read().astype(np.float64) if parts else None
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
