"""`ReceptiveField`: what the outputs of a chain of layers see, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, IntArray, Shape
from convmat.errors import ShapeError
from convmat.geometry import IntOrInts
from convmat.geometry.integers import integer
from convmat.geometry.shorthand import read_shape
from convmat.receptive.ends import Ends, ends_of
from convmat.receptive.extents import extents_of
from convmat.receptive.layers import Layer
from convmat.receptive.paths import Read, along_of, precedents_of, visits_of
from convmat.receptive.recurrence import Field
from convmat.receptive.windows import Cells

__all__ = ["ReceptiveField"]


@dataclass(frozen=True)
class ReceptiveField:
    """What the outputs of a chain see: by the recurrence, and exactly.

    Attributes
    ----------
    layers : tuple of Layer
        From the input on.

    Examples
    --------
    >>> from convmat import receptive_field
    >>> field = receptive_field(["k3p1", "k3p1"], 4)
    >>> field.visits((0,)), field.support((0,))
    (array([2, 2, 1, 0]), array([ True,  True,  True, False]))
    >>> field.ends((0,))
    (Ends(first=-2, last=2, whole=False),)
    """

    layers: tuple[Layer, ...]

    @property
    def input_shape(self) -> Shape:
        """Of the first layer's input, as its geometry writes it."""
        return self.layers[0].input_shape

    @property
    def output_shape(self) -> Shape:
        """Of the last layer's output."""
        return self.layers[-1].output_shape

    @cached_property
    def behind(self) -> tuple[tuple[Field, ...], ...]:
        """The fields behind each layer, along each axis, by the recurrence."""
        fields = tuple(map(Field.of_input, self.layers[0].input_size))
        found = []
        for layer in self.layers:
            moves = zip(fields, layer.windows, layer.output_size, strict=True)
            fields = tuple(field.through(w, count) for field, w, count in moves)
            found.append(fields)
        return tuple(found)

    @property
    def axes(self) -> tuple[Field, ...]:
        """The fields of the outputs, along each axis, by the recurrence."""
        return self.behind[-1]

    @property
    def size(self) -> tuple[Cells, ...]:
        """Cells of a field along each axis, those beside the input included."""
        return tuple(field.size for field in self.axes)

    @property
    def jump(self) -> tuple[Cells, ...]:
        """Cells between the fields of neighbouring outputs, along each axis."""
        return tuple(field.jump for field in self.axes)

    @property
    def start(self) -> tuple[Cells, ...]:
        """Where the field of output 0 begins along each axis."""
        return tuple(field.start for field in self.axes)

    def ends(self, out: IntOrInts) -> tuple[Ends, ...]:
        """The first and last cell that an output sees along each axis.

        They are found layer by layer, down from the output, and at each layer rounded
        inwards to whole cells. That is what the recurrence says, and where it speaks of
        parts of cells, behind a transposed convolution, it is narrower. Where `whole`,
        they are the ends of `support`, unless a transposed convolution leaves out cells
        by its dilation, or has fewer taps than its stride.

        Parameters
        ----------
        out : int or tuple of int
            An output, `(*spatial)` or with its channel in front.
        """
        _, spatial = self._output(out)
        return tuple(
            ends_of(self.layers, axis, place) for axis, place in enumerate(spatial)
        )

    def visits(self, out: IntOrInts) -> Array:
        """How often an output sees each cell of the input.

        Parameters
        ----------
        out : int or tuple of int
            An output, `(*spatial)` or with its channel in front. Without a channel it
            is channel 0.

        Returns
        -------
        ndarray of int64 or object, of shape `input_shape`
            Entry `[*cell]` is the number of paths from the cell to the output: in each
            layer, one tap. It is the value of the gradient by that cell where every
            weight is 1. Python integers where int64 might not hold them.

        Raises
        ------
        ShapeError
            For an output that there is not.
        MatrixTooLargeError
            When so many counts would not fit into memory.
        """
        return visits_of(self.layers, *self._output(out))

    def along(self, axis: int, place: int) -> Array:
        """How often an output sees each cell along one axis, `(cells,)`.

        `visits` is the outer product of these, and of one for the channels.

        Raises
        ------
        ShapeError
            For an axis or an output that there is not.
        """
        _below("place", place, self._outs(axis))
        return along_of(self.layers, axis, place)

    def precedents(self, axis: int, place: int) -> tuple[tuple[Read, ...], ...]:
        """What an output depends on in each layer, along one axis: arrows downwards.

        Returns
        -------
        tuple of tuple of (int, int, bool)
            For each layer, from the input on, an output that the chosen one depends on,
            a cell that it reads, and whether that is a cell of the layer's input; else
            it is a zero beside it.

        Raises
        ------
        ShapeError
            For an axis or an output that there is not.

        Examples
        --------
        >>> from convmat import receptive_field
        >>> receptive_field(["k2p1", "k2s2"], 4).precedents(0, 0)
        (((0, -1, False), (0, 0, True), (1, 0, True), (1, 1, True)),
         ((0, 0, True), (0, 1, True)))
        """
        _below("place", place, self._outs(axis))
        return precedents_of(self.layers, axis, place)

    def support(self, out: IntOrInts) -> npt.NDArray[np.bool_]:
        """Whether an output depends on each cell of the input, holes included.

        Returns
        -------
        ndarray of bool, of shape `input_shape`
            Entry `[*cell]` says whether a path leads from the cell to the output. A tap
            whose weight happens to be 0 counts: values never change the pattern.
        """
        return np.asarray(self.visits(out) != 0, dtype=np.bool_)

    def extents(self, axis: int = 0) -> IntArray:
        """The first and the last cell that each output really sees along an axis.

        Returns
        -------
        ndarray of int64, `(outs, 2)`
            -1 and -1 for an output that sees nothing.

        Raises
        ------
        ShapeError
            For an axis that there is not.
        """
        self._outs(axis)
        layers = self.layers
        return extents_of(layers, axis, lambda out: ends_of(layers, axis, out).whole)

    def seen(self, axis: int = 0) -> int:
        """Cells from the first to the last of the widest field, ends cut off."""
        extents = self.extents(axis)
        widths = np.where(extents[:, 0] < 0, 0, extents[:, 1] - extents[:, 0] + 1)
        return int(widths.max())

    def up_to(self, layer: int) -> ReceptiveField:
        """The same for the outputs of one of the layers, 0 for the first.

        Raises
        ------
        ShapeError
            For a layer that there is not.
        """
        _below("layer", layer, len(self.layers))
        return ReceptiveField(self.layers[: layer + 1])

    def steps(self) -> Iterator[ReceptiveField]:
        """The same for the outputs of each layer, from the first on."""
        return (self.up_to(number) for number in range(len(self.layers)))

    def _outs(self, axis: int) -> int:
        """Outputs along an axis, if there is one."""
        sizes = self.layers[-1].output_size
        _below("axis", axis, len(sizes))
        return sizes[axis]

    def _output(self, out: IntOrInts) -> tuple[int, Shape]:
        """Channel and spatial place of an output."""
        place = read_shape("out", out)
        sizes = self.layers[-1].output_size
        channels = self.layers[-1].channels[1]
        full = place if len(place) == len(sizes) + 1 else (0, *place)
        limits = (channels, *sizes)
        if len(full) != len(limits) or not all(
            0 <= n < most for n, most in zip(full, limits, strict=True)
        ):
            rule = f"must be an output of shape {self.output_shape}"
            raise ShapeError("out", rule, place, "count from 0")
        return full[0], full[1:]


def _below(name: str, value: int, count: int) -> None:
    """Refuse a number that counts none of `count` things.

    Raises
    ------
    ShapeError
        For one that is negative or too large.
    ConvmatTypeError
        For what is no integer.
    """
    if not 0 <= integer(name, value, value) < count:
        raise ShapeError(name, f"must be from 0 to {count - 1}", value)
