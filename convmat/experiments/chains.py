"""`chain_of`: the layers of a network, as `convmat.receptive_field` takes them."""

from __future__ import annotations

from math import prod

from convmat.arrays import Shape
from convmat.errors import ConvmatError, ConvmatTypeError
from convmat.geometry import geometry
from convmat.geometry.shorthand import IntOrInts, read_shape
from convmat.nn import (
    Conv,
    ConvTranspose,
    Flatten,
    GlobalAvgPool,
    Layer,
    Linear,
    Sequential,
)
from convmat.nn.pooling import PoolLayer
from convmat.receptive import Layer as Link
from convmat.receptive import ReceptiveField, receptive_field

__all__ = ["chain_of"]


def chain_of(network: Sequential | Layer, input_shape: IntOrInts) -> ReceptiveField:
    """The receptive field of a network's outputs, exactly.

    Layers that work cell by cell are left out. Flattened features that a linear layer
    reads are the windows of a convolution with as many taps as there are cells.

    Parameters
    ----------
    network : Sequential or Layer
        Layers one after the other.
    input_shape : tuple of int
        `(channels, *spatial)`.

    Raises
    ------
    ConvmatTypeError
        For a network that branches, and for layers that do not say what they read.
    ConvmatError
        For a network of which every layer works cell by cell.

    Examples
    --------
    >>> from convmat.experiments.chapter13 import RUNS, network
    >>> field = chain_of(network(RUNS["F"]), (1, 28, 28))
    >>> field.size, field.seen(), field.output_shape
    ((65, 65), 28, (10, 1, 1))
    """
    shape = read_shape("input_shape", input_shape)
    links: list[Link] = []
    flat = False
    for layer in _layers(network):
        if isinstance(layer, Flatten):
            flat = True
            continue
        if flat and not isinstance(layer, Linear):
            if layer.facts((prod(shape),)).reads != "cell":
                rule = "must be linear behind the layer that flattens"
                raise ConvmatTypeError("network", rule, type(layer).__name__)
            continue
        link = _link(layer, shape)
        if link is None:
            continue
        links.append(link)
        shape = link.output_shape
    if not links:
        rule = "must have a layer that reads more than a cell"
        raise ConvmatError("network", rule, network)
    return receptive_field(links)


def _layers(part: object) -> list[Layer]:
    """The layers in their order; sequences may stand in sequences."""
    if isinstance(part, Sequential):
        return [layer for inner in part.layers for layer in _layers(inner)]
    if isinstance(part, Layer):
        return [part]
    rule = "must be layers one after the other"
    remedy = "its summary has the sizes of fields along branches"
    raise ConvmatTypeError("network", rule, type(part).__name__, remedy)


def _link(layer: Layer, shape: Shape) -> Link | None:
    """What a layer reads; None where that is each cell for itself."""
    if isinstance(layer, ConvTranspose):
        return Link(layer.geometry(shape), transposed=True)
    if isinstance(layer, Conv):
        return Link(layer.geometry(shape))
    if isinstance(layer, PoolLayer):
        return Link(layer.windows(shape).geometry)
    channels, *size = shape
    if isinstance(layer, GlobalAvgPool):
        return Link(geometry(shape, (channels, 1, *size), groups=channels))
    if isinstance(layer, Linear):
        outs, ins = layer.parameters["weight"].shape
        if ins != prod(shape):
            rule = f"must have {prod(shape)} inputs, as many as stand before it"
            raise ConvmatError("network", rule, ins)
        return Link(geometry(shape, (outs, *shape)))
    if layer.facts(shape).reads == "cell":
        return None
    rule = "must be made of layers that say what they read"
    raise ConvmatTypeError("network", rule, type(layer).__name__)
