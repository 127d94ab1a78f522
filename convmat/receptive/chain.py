"""Reading a chain of layers: geometries, layers, or short texts such as `k3s2p1`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import prod
from typing import Any, TypeAlias

import numpy as np

from convmat.arrays import Shape
from convmat.errors import ConvmatError, ConvmatTypeError, GeometryError, ShapeError
from convmat.geometry import (
    Geometry,
    IntOrInts,
    geometry,
    transposed_geometry,
)
from convmat.geometry.shorthand import read_shape
from convmat.memory import refuse_beyond
from convmat.receptive.layers import Layer

__all__ = [
    "Spec",
    "counting",
    "layer_from",
    "most_paths",
    "read_chain",
    "refuse_map",
    "text_of",
]

Spec: TypeAlias = Geometry | Layer | str
"""One layer, as callers may write it."""

_NAMES = {"k": "kernel", "s": "stride", "p": "padding", "d": "dilation"}
_NAMES["o"] = "output_padding"
_PART = re.compile(r"([kspdo])(same_lower|same|valid|full|\d+(?:[x,]\d+)*)")


def layer_from(text: str, input_shape: Shape) -> Layer:
    """The layer that a short text names, on an input of a shape.

    Parameters
    ----------
    text : str
        `k3` taps, `s2` stride, `p1` padding, `d2` dilation, in any order; `k3x5` with
        one number per axis, `p1,2` before and after. `t` in front is a transposed
        convolution, whose `o1` is the output padding. A pooling is written like a
        convolution: it reads the same cells.
    input_shape : tuple of int
        `(*spatial)`.

    Returns
    -------
    Layer

    Raises
    ------
    ConvmatError
        For a text that says something else.
    GeometryError, ShapeError
        For a layer that does not fit; the text is told.

    Examples
    --------
    >>> layer_from("k3s2p1", (28, 28)).geometry
    geometry((28, 28), (3, 3), stride=2, padding=1)
    >>> layer_from("tk4s2p1", (7,)).output_shape
    (14,)
    """
    transposed = text.startswith("t")
    rest = text[transposed:]
    found: dict[str, Any] = {}
    place = 0
    while place < len(rest) and (part := _PART.match(rest, place)):
        name = _NAMES[part[1]]
        if name in found:
            break
        found[name] = _setting(name, part[2], text)
        place = part.end()
    if place < len(rest) or "kernel" not in found:
        rule = "must be like k3, k3s2p1, k3x5p1x2d2 or, transposed, tk4s2p1o1"
        raise ConvmatError("layer", rule, text)
    if "output_padding" in found and not transposed:
        rule = "must have o only beside t, for a transposed convolution"
        raise ConvmatError("layer", rule, text)
    kernel = found.pop("kernel")
    rank = len(input_shape)
    kernel = (kernel,) * rank if isinstance(kernel, int) else kernel
    if len(kernel) != rank:
        rule = f"must have one number of taps, or one per axis: {rank}"
        raise ConvmatError("layer", rule, text)
    read = transposed_geometry if transposed else geometry
    try:
        return Layer(read(input_shape, kernel, **found), transposed)
    except (GeometryError, ShapeError) as error:
        rule = f"must name a layer that fits: its {error.argument} {error.rule}"
        raise type(error)("layer", rule, text, error.remedy) from None


def text_of(layer: Layer) -> str:
    """A layer as `layer_from` reads it; channels and modes are not told.

    Examples
    --------
    >>> text_of(layer_from("p1,0x0s2k3x5", (28, 28)))
    'k3x5s2p1,0x0,0'
    >>> text_of(layer_from("tk4s2p1o1", (7,)))
    'tk4s2p1o1'
    """
    g = layer.geometry
    even = all(before == after for before, after in g.padding)
    pads: list[Any] = [pair[0] if even else pair for pair in g.padding]
    told: list[tuple[str, list[Any]]] = [
        ("k", list(g.kernel_size)),
        ("s", list(g.stride)),
        ("p", pads),
        ("d", list(g.dilation)),
    ]
    if layer.transposed:
        spare = [(axis.padded_size - axis.span) % axis.stride for axis in g.axes]
        told.append(("o", spare))
    text = "t" if layer.transposed else ""
    for letter, values in told:
        default = 0 if letter in "po" else 1
        if letter != "k" and all(value == default for value in values):
            continue
        alike = all(value == values[0] for value in values)
        some = values[:1] if alike and not isinstance(values[0], tuple) else values
        text += letter + "x".join(
            ",".join(map(str, one)) if isinstance(one, tuple) else f"{one}"
            for one in some
        )
    return text


def _setting(name: str, value: str, text: str) -> Any:
    """`3`, `3x5`, and for padding `1,2` or `1,2x0,1` or a name."""
    if value[0].isalpha():
        if name != "padding":
            rule = f"must have numbers for {name}"
            raise ConvmatError("layer", rule, text)
        return value
    entries = [tuple(map(int, part.split(","))) for part in value.split("x")]
    pairs = any(len(entry) > 1 for entry in entries)
    if pairs and (name != "padding" or any(len(entry) > 2 for entry in entries)):
        rule = "must have a comma in the padding only, between before and after"
        raise ConvmatError("layer", rule, text)
    listed = [entry if len(entry) > 1 else entry[0] for entry in entries]
    return listed[0] if len(listed) == 1 and not pairs else tuple(listed)


def read_chain(
    layers: Spec | Iterable[Spec], input_shape: IntOrInts | None = None
) -> tuple[Layer, ...]:
    """The layers of a chain, each on what the one before gives.

    Raises
    ------
    ShapeError
        For layers that do not follow each other, and texts without an input shape.
    ConvmatError
        For an empty chain, or a text that names no layer.
    ConvmatTypeError
        For what is no layer.

    Examples
    --------
    >>> chain = read_chain(["k3s2p1", "k3s2p1"], (28, 28))
    >>> chain[1].input_shape, chain[1].output_shape
    ((14, 14), (7, 7))
    """
    given = [layers] if isinstance(layers, Geometry | Layer | str) else layers
    if not isinstance(given, Iterable):
        rule = "must be a list of geometries, layers or texts such as 'k3s2p1'"
        raise ConvmatTypeError("layers", rule, layers)
    shape = None if input_shape is None else read_shape("input_shape", input_shape)
    if shape is not None and (not shape or min(shape) < 1):
        rule = "must have at least one axis, and at least 1 on every axis"
        raise ShapeError("input_shape", rule, shape)
    chain: list[Layer] = []
    for number, one in enumerate(given):
        name = f"layers[{number}]"
        if isinstance(one, str):
            if shape is None:
                remedy = "say input_shape=(28, 28), without channels"
                rule = "must know its input_shape, as it is a text"
                raise ShapeError(name, rule, one, remedy)
            if chain and chain[-1].geometry.has_channels:
                rule = "must be a geometry behind one with channels"
                raise ShapeError(name, rule, one)
            layer = layer_from(one, shape)
        elif isinstance(one, Geometry | Layer):
            layer = one if isinstance(one, Layer) else Layer(one)
        else:
            rule = "must be a Geometry, a Layer or a text such as 'k3s2p1'"
            remedy = "convmat.experiments.chain_of reads the layers of a network"
            raise ConvmatTypeError(name, rule, one, remedy)
        if shape is not None and layer.input_shape != shape:
            rule = f"must read {shape}, what stands before it"
            raise ShapeError(f"{name}.input_shape", rule, layer.input_shape)
        chain.append(layer)
        shape = layer.output_shape
    if not chain:
        raise ConvmatError("layers", "must be at least one", given)
    return tuple(chain)


def counting(chain: tuple[Layer, ...]) -> type:
    """The dtype that holds every number of paths: int64, or integers of any size."""
    return np.int64 if most_paths(chain) < 1 << 63 else object


def refuse_map(chain: tuple[Layer, ...], shape: Shape) -> None:
    """Refuse a map of counts that does not fit, before anything is made.

    Raises
    ------
    MatrixTooLargeError
        When the map, or an axis on the way, would take more than half of the memory.
    """
    longest = max(n for layer in chain for n in (*layer.input_size, *layer.output_size))
    needed = 8 * (prod(shape) + 4 * longest)
    remedy = "along counts one axis, and a smaller input has the same fields inside"
    refuse_beyond("the map of", shape, needed, None, remedy)


def most_paths(chain: tuple[Layer, ...]) -> int:
    """A bound on the paths between the two ends of a chain, and on their sums."""
    ways = prod(layer.most_paths for layer in chain)
    return ways * max(prod(chain[0].input_shape), prod(chain[-1].output_shape))
