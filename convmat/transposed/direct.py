"""The transposed convolution as a direct one: flipped kernel, stretched input."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, Pads, Shape
from convmat.dtypes import carried
from convmat.errors import GeometryError, ShapeError
from convmat.geometry import Geometry, require_geometry
from convmat.memory import refuse_beyond

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["Direct", "stretched"]


@dataclass(frozen=True, slots=True)
class Direct:
    """The ordinary convolution that does what a transposed one does.

    The input is *stretched*: `stride - 1` zeros between neighbours, `output_padding`
    zeros after the last. The kernel is flipped on every spatial axis, and inside each
    group its channel axes change places. The stride is 1, and the padding is what the
    paired convolution left out of `span - 1`; where it had more, the stretched input is
    cropped.

    Attributes
    ----------
    paired : Geometry
        The convolution whose transpose is meant.
    geometry : Geometry
        The direct convolution: it reads the stretched input.
    crop : tuple of (int, int)
        Cells cut off the stretched input, before and after, per axis.

    Examples
    --------
    >>> from convmat import conv
    >>> from convmat.geometry import transposed_geometry
    >>> paired = transposed_geometry(2, 3, stride=2, padding=1, output_padding=1)
    >>> direct = stretched(paired)
    >>> direct.input([1, 10]), direct.kernel([1, 2, 3]), direct.keywords["padding"]
    (array([ 1,  0, 10,  0]), array([3, 2, 1]), ((1, 1),))
    >>> conv(direct.input([1, 10]), direct.kernel([1, 2, 3]), **direct.keywords)
    array([ 2, 13, 20, 30])
    """

    paired: Geometry
    geometry: Geometry
    crop: Pads

    @property
    def keywords(self) -> dict[str, Any]:
        """The settings of the direct convolution, as keywords of `conv`."""
        return self.geometry.keywords

    def input(self, y: npt.ArrayLike) -> Array:
        """The stretched input, cropped.

        Parameters
        ----------
        y : array_like, `(..., *paired.output_size)`
            What the transposed convolution reads; axes before the spatial ones stay.

        Returns
        -------
        ndarray, `(..., *geometry.input_size)`

        Raises
        ------
        ShapeError
            When the last axes of `y` are not the paired convolution's outputs.
        MatrixTooLargeError
            When it would take more than half of the physical memory.
        """
        y = carried("y", y)
        rank, size = self.paired.rank, self.paired.output_size
        if y.ndim < rank or y.shape[y.ndim - rank :] != size:
            rule = f"must end in {size}, the outputs of the paired convolution"
            raise ShapeError("y.shape", rule, y.shape)
        lead = y.shape[: y.ndim - rank]
        whole = _stretched_size(self.paired)
        needed = prod(lead) * prod(whole) * y.dtype.itemsize
        refuse_beyond("the stretched input of", self.paired, needed, None, _REMEDY)
        wide: Array = np.zeros((*lead, *whole), y.dtype)
        ends = zip(size, self.paired.stride, strict=True)
        every = (slice(None),) * len(lead)
        wide[*every, *(slice(0, (n - 1) * s + 1, s) for n, s in ends)] = y
        kept = zip(whole, self.crop, strict=True)
        return wide[*every, *(slice(before, n - after) for n, (before, after) in kept)]

    def kernel(self, kernel: npt.ArrayLike) -> Array:
        """The flipped kernel, of shape `geometry.kernel_shape`.

        Parameters
        ----------
        kernel : array_like of shape `paired.kernel_shape`

        Raises
        ------
        ShapeError
            For any other shape.
        """
        g, kernel = self.paired, carried("kernel", kernel)
        if kernel.shape not in (g.kernel_shape, g.weight_shape):
            raise ShapeError("kernel.shape", f"must be {g.kernel_shape}", kernel.shape)
        # (groups, outputs of a group, inputs of a group, *kernel)
        banks = kernel.reshape(g.groups, -1, *g.weight_shape[1:]).swapaxes(1, 2)
        flipped: Array = np.flip(banks, tuple(range(3, 3 + g.rank)))
        return flipped.reshape(self.geometry.kernel_shape)

    def matrix(self) -> csr_array[np.int64, tuple[int, int]]:
        """The matrix that stretches: `matrix @ y.ravel() == input(y).ravel()`.

        Entry `[r, c]` is 1 where cell `r` of the stretched input holds input `c`. With
        `conv_matrix` of the direct convolution it makes the transposed one's matrix:
        `conv_transpose_matrix == conv_matrix @ matrix`.

        Raises
        ------
        MatrixTooLargeError
            When it would take more than half of the physical memory.
        """
        from scipy.sparse import csr_array

        columns, rows = self.paired.matrix_shape[0], self.geometry.matrix_shape[1]
        refuse_beyond(
            "the stretching matrix of",
            self.paired,
            8 * (4 * columns + 2 * rows),
            None,
            _REMEDY,
        )
        numbers = np.arange(1, columns + 1).reshape(-1, *self.paired.output_size)
        cells = self.input(numbers).ravel()  # the input of each cell, counted from 1
        starts = np.append(0, np.cumsum(cells > 0))
        inputs = cells[cells > 0] - 1
        ones = np.ones(len(inputs), np.int64)
        return csr_array((ones, inputs, starts), shape=(rows, columns))


def stretched(paired: Geometry) -> Direct:
    """The direct convolution that is the transpose of `paired`.

    Only with zeros in the padding. In the other modes the paired convolution reads its
    padding from the input, so its transpose adds what falls on a cell of padding back
    to the cell that it repeats. That is the direct convolution for no padding, whose
    result is the padded one, and then a fold that no window does.

    Parameters
    ----------
    paired : Geometry
        As `convmat.geometry.transposed_geometry` gives it.

    Returns
    -------
    Direct
        With `conv(direct.input(y), direct.kernel(kernel), **direct.keywords)` equal to
        `conv_transpose(y, kernel, ...)`.

    Raises
    ------
    GeometryError
        For any padding mode but `zeros`, with padding.
    ConvmatTypeError
        When `paired` is no geometry.

    References
    ----------
    V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep learning",
    arXiv:1603.07285, relationship 14. There the kernel is flipped without a word.

    Examples
    --------
    >>> from convmat.geometry import transposed_geometry
    >>> stretched(transposed_geometry((2, 2), (3, 3), stride=2)).geometry
    geometry((3, 3), (3, 3), padding=2)
    """
    require_geometry(paired)
    if paired.padding_mode != "zeros" and any(map(any, paired.padding)):
        remedy = (
            "stretch the one without padding, and add the padding of its result back "
            "to the cells that it repeats"
        )
        rule = "must be 'zeros' for a direct convolution to do the same"
        raise GeometryError("padding_mode", rule, paired.padding_mode, remedy)
    most = [span - 1 for span in paired.span]
    padding = tuple(
        (max(0, reach - before), max(0, reach - after))
        for reach, (before, after) in zip(most, paired.padding, strict=True)
    )
    crop = tuple(
        (max(0, before - reach), max(0, after - reach))
        for reach, (before, after) in zip(most, paired.padding, strict=True)
    )
    cells = zip(_stretched_size(paired), crop, strict=True)
    direct = replace(
        paired,
        input_size=tuple(n - before - after for n, (before, after) in cells),
        stride=(1,) * paired.rank,
        padding=padding,
        padding_mode="zeros",
        in_channels=paired.out_channels,
        out_channels=paired.in_channels,
    )
    return Direct(paired, direct, crop)


def _stretched_size(paired: Geometry) -> Shape:
    """Cells of the stretched input per axis, before it is cropped."""
    return tuple(
        (axis.out_size - 1) * axis.stride
        + 1
        + (axis.padded_size - axis.span) % axis.stride  # the output padding
        for axis in paired.axes
    )


_REMEDY = "conv_transpose needs no stretched input"
