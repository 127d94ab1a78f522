"""How often each input is read, and how often each output is written to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from convmat.arrays import Array
from convmat.errors import ConvmatTypeError
from convmat.geometry import Geometry, IntOrInts
from convmat.receptive.chain import Spec, counting, read_chain, refuse_map
from convmat.receptive.layers import Layer
from convmat.receptive.paths import outer

__all__ = ["Overlap", "overlap", "overlap_map", "usage_map"]


def usage_map(
    layers: Spec | Iterable[Spec], input_shape: IntOrInts | None = None
) -> Array:
    """How often each cell of the input is read, `W.T @ 1` with every weight 1.

    Parameters
    ----------
    layers, input_shape
        As in `convmat.receptive_field`.

    Returns
    -------
    ndarray of int64 or object, of the input's shape
        Entry `[*cell]` is the number of paths from the cell to all outputs together:
        for one layer, the number of windows that read it. 0 for a cell that no window
        reads. Python integers where int64 might not hold them.

    Raises
    ------
    ShapeError, ConvmatError, ConvmatTypeError
        As `convmat.receptive_field`.
    MatrixTooLargeError
        When the map would not fit into memory.

    Examples
    --------
    >>> usage_map("k3", (4, 4))
    array([[1, 2, 2, 1],
           [2, 4, 4, 2],
           [2, 4, 4, 2],
           [1, 2, 2, 1]])
    >>> usage_map("k2s3", 7)
    array([1, 1, 0, 1, 1, 0, 0])
    """
    chain = read_chain(layers, input_shape)
    refuse_map(chain, chain[0].input_shape)
    last = chain[-1]
    kind = counting(chain)
    ends = last.channels[1], *last.output_size
    parts: list[Array] = [np.ones(n, kind) for n in ends]
    for layer in reversed(chain):
        channels, *axes = parts
        moved = [layer.pull(number, counts) for number, counts in enumerate(axes)]
        parts = [layer.pull_channels(channels), *moved]
    return outer(parts).reshape(chain[0].input_shape)


def overlap_map(
    layers: Spec | Iterable[Spec], input_shape: IntOrInts | None = None
) -> Array:
    """How often each output is written to, `W @ 1` with every weight 1.

    A transposed convolution whose windows overlap unevenly paints a checkerboard.

    Parameters
    ----------
    layers, input_shape
        As in `convmat.receptive_field`.

    Returns
    -------
    ndarray of int64 or object, of the output's shape
        Entry `[*out]` is the number of paths from all inputs together to the output:
        for one layer, the number of pairs of an input and a tap that meet in it.

    Raises
    ------
    ShapeError, ConvmatError, ConvmatTypeError
        As `convmat.receptive_field`.
    MatrixTooLargeError
        When the map would not fit into memory.

    References
    ----------
    A. Odena, V. Dumoulin and C. Olah, "Deconvolution and checkerboard artifacts",
    Distill 2016.

    Examples
    --------
    >>> overlap_map("tk3s2", 4)
    array([1, 1, 2, 1, 2, 1, 2, 1, 1])
    """
    chain = read_chain(layers, input_shape)
    refuse_map(chain, chain[-1].output_shape)
    first = chain[0]
    kind = counting(chain)
    ends = first.channels[0], *first.input_size
    parts: list[Array] = [np.ones(n, kind) for n in ends]
    for layer in chain:
        channels, *axes = parts
        moved = [layer.push(number, counts) for number, counts in enumerate(axes)]
        parts = [layer.push_channels(channels), *moved]
    return outer(parts).reshape(chain[-1].output_shape)


@dataclass(frozen=True)
class Overlap:
    """How the windows of a transposed convolution overlap away from its ends.

    Attributes
    ----------
    counts : tuple of tuple of int
        For each axis, how often a cell is written to, for each remainder of the cell
        (with the padding before it) by the stride.

    Examples
    --------
    >>> from convmat import transposed_geometry
    >>> overlap(transposed_geometry((7, 7), (4, 3), stride=2))
    Overlap(counts=((2, 2), (2, 1)))
    """

    counts: tuple[tuple[int, ...], ...]

    @property
    def even(self) -> bool:
        """Whether every cell is written to equally often: no checkerboard.

        So it is exactly where on every axis the stride divides the number of taps, and
        has no factor in common with the dilation.
        """
        return all(len(set(axis)) == 1 for axis in self.counts)

    @property
    def ratio(self) -> float:
        """The most over the least, of all axes together; infinite where some is 0."""
        most = least = 1
        for axis in self.counts:
            most, least = most * max(axis), least * min(axis)
        return most / least if least else float("inf")


def overlap(geometry: Geometry | Layer) -> Overlap:
    """How the windows of a transposed convolution overlap away from its ends.

    Parameters
    ----------
    geometry : Geometry or Layer
        The paired one, as `convmat.transposed_geometry` gives it.

    Raises
    ------
    ConvmatTypeError
        For what is no geometry, and a layer that is not transposed.

    References
    ----------
    A. Odena, V. Dumoulin and C. Olah, "Deconvolution and checkerboard artifacts",
    Distill 2016, for dilation 1.

    Examples
    --------
    >>> from convmat import transposed_geometry
    >>> overlap(transposed_geometry((7, 7), (3, 3), stride=2)).ratio
    4.0
    """
    layer = (
        geometry if isinstance(geometry, Layer) else Layer(geometry, transposed=True)
    )
    if not layer.transposed:
        rule = "must be a transposed convolution"
        raise ConvmatTypeError("geometry", rule, geometry, "give its paired geometry")
    found = []
    for axis in layer.geometry.axes:
        rests = [tap * axis.dilation % axis.stride for tap in range(axis.kernel)]
        found.append(tuple(map(rests.count, range(axis.stride))))
    return Overlap(tuple(found))
