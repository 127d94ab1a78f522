"""`Composition`: two layers in a row, merged into one, and where that is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, Shape
from convmat.composition.border import border_of, differing
from convmat.composition.constants import constants_of, uneven_of, usual_of
from convmat.composition.links import Link, alike
from convmat.geometry import Geometry

__all__ = ["Composition"]


@dataclass(frozen=True, eq=False)
class Composition:
    """Two layers in a row, merged into one.

    Attributes
    ----------
    kernel : ndarray
        The merged kernel, of the shape `geometry.kernel_shape`.
    geometry : Geometry
        Of the merged convolution: input of the first, output of the second. Of a merged
        transposed convolution the paired one.
    first, second : Geometry
        Of the two; of a transposed convolution the paired one.
    kernels : tuple of ndarray
        Of the two, in that order.
    transposed : bool
        Whether the merged one is a transposed convolution.
    biases : tuple of ndarray or None
        Of the two, `(channels,)` each; None where neither was given.
    are_transposed : tuple of bool
        Which of the two are transposed convolutions.

    Examples
    --------
    >>> from convmat import geometry
    >>> from convmat.composition import compose
    >>> merged = compose([1, 2], geometry(5, 2), [1, 10], geometry(4, 2))
    >>> merged.kernel, merged.geometry, merged.output_shape
    (array([ 1, 12, 20]), geometry((5,), (3,)), (3,))
    """

    kernel: Array
    geometry: Geometry
    first: Geometry
    second: Geometry
    kernels: tuple[Array, Array]
    transposed: bool = False
    biases: tuple[Array, Array] | None = None
    are_transposed: tuple[bool, bool] = (False, False)

    @property
    def output_shape(self) -> Shape:
        """Of what the two give, and the merged one."""
        g = self.geometry
        return g.input_shape if self.transposed else g.output_shape

    @cached_property
    def bias(self) -> Array | None:
        """What the merged one adds to each channel; None without biases.

        Returns
        -------
        ndarray, `(out_channels,)`
            The constant away from the ends: `b2` plus all taps of the second layer
            times `b1`. Behind a transposed second layer with a stride outputs differ in
            turns; it is that of the output in the middle.
        """
        if self.biases is None:
            return None
        return usual_of(self._links[1], *self.biases)

    @cached_property
    def constants(self) -> Array | None:
        """What the biases of the two really add to each output; None without biases.

        Returns
        -------
        ndarray, of shape `output_shape`
            Entry `[o, *out]` is what the two give there for an input of zeros.
        """
        if self.biases is None:
            return None
        return constants_of(self._links[1], *self.biases).reshape(self.output_shape)

    @cached_property
    def border(self) -> npt.NDArray[np.bool_]:
        """Where the merged layer may differ, whatever the kernels.

        Returns
        -------
        ndarray of bool, `(*outs)`
            Entry `[*out]` says whether the second layer reads a zero of its padding
            there, beside the end of the first one's output, while the merged one reads
            input. With biases, also whether other taps of the second layer meet the
            first one's bias than away from the ends. Elsewhere the two are equal for
            all kernels and biases.
        """
        first, second = self._alike
        found = border_of(first.geometry, second.geometry, columns=self.transposed)
        if self.biases is not None:
            found = found | uneven_of(self._links[1])
        return found

    @cached_property
    def differs(self) -> npt.NDArray[np.bool_]:
        """Where the merged layer does differ, with these kernels and biases.

        Returns
        -------
        ndarray of bool, of shape `output_shape`
            Entry `[*out]` says whether its row of the merged matrix is another one than
            that of the product of the two matrices, or its bias another constant. Sums
            of floats are rounded, so that one which is 0 in theory may count.

        Raises
        ------
        MatrixTooLargeError
            When the rows at the border would not fit into memory.
        ConvmatError
            When a sum of integers does not fit int64.
        """
        first, second = self._alike
        kernels = first.kernel, second.kernel
        found = differing(
            first.geometry, second.geometry, kernels, columns=self.transposed
        ).reshape(self.output_shape)
        if self.bias is None or self.constants is None:
            return found
        wide = self.constants.reshape(len(self.bias), -1)
        other = np.asarray(wide != self.bias[:, None], dtype=np.bool_)
        return found | other.reshape(self.output_shape)

    @property
    def exact(self) -> bool:
        """Whether the merged layer equals the two, in every output."""
        return not self.differs.any()

    @cached_property
    def _links(self) -> tuple[Link, Link]:
        """The two layers as they were given."""
        geometries = self.first, self.second
        parts = zip(self.kernels, geometries, self.are_transposed, strict=True)
        one, other = (Link(*part) for part in parts)
        return one, other

    @cached_property
    def _alike(self) -> tuple[Link, Link]:
        """The two convolutions whose product is the merged one, first to be applied.

        Of transposed layers these are the paired ones, and the second stands first.
        """
        one, other = alike(*self._links)
        return (other, one) if self.transposed else (one, other)

    def _repr_html_(self) -> str:
        from convmat.composition.display import composition_html

        return composition_html(self)

    def __str__(self) -> str:
        """What became of the two, in words."""
        kind = "transposed convolution, paired with" if self.transposed else ""
        told = f"one {kind or 'convolution:'} {self.geometry!r}"
        wrong, rows = int(self.differs.sum()), self.differs.size
        if not wrong:
            return f"{told}; equal in all {rows:,} outputs"
        equal = f"{told}; equal in {rows - wrong:,} of {rows:,} outputs"
        if not any(self.are_transposed):
            return (
                f"{equal}, and not in {wrong:,} at the border, where the second one "
                "reads zeros in place of outputs"
            )
        why = "what lies between the two is cut off there"
        if self.biases is not None:
            why += ", or the first bias meets other taps"
        return f"{equal}, and not in {wrong:,}: {why}"
