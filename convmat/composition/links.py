"""`Link`: one layer of two, a convolution or a transposed one, and how they meet.

With stride 1 a transposed convolution is a convolution too, and a convolution is a
transposed one: of the kernel flipped, its channels swapped, with as much padding as is
missing to `span - 1`. So two layers of which one has stride 1 can be made alike.
"""

from __future__ import annotations

from dataclasses import dataclass

from convmat.arrays import Array
from convmat.errors import GeometryError
from convmat.geometry import Geometry
from convmat.transposed import stretched

__all__ = ["Link", "alike"]


@dataclass(frozen=True, eq=False)
class Link:
    """A layer: its kernel, its geometry, and whether it is the transpose of that.

    Attributes
    ----------
    kernel : ndarray
        Of the shape `geometry.weight_shape`.
    geometry : Geometry
        Of a transposed convolution the paired one.
    transposed : bool
    """

    kernel: Array
    geometry: Geometry
    transposed: bool

    @property
    def turned(self) -> Link | None:
        """The same map as the other kind of layer; None where there is none.

        Examples
        --------
        >>> import numpy as np
        >>> from convmat import geometry
        >>> link = Link(np.array([[[1, 2, 3]]]), geometry(5, 3, padding=1), False)
        >>> link.turned.kernel, link.turned.geometry, link.turned.transposed
        (array([[[3, 2, 1]]]), geometry((5,), (3,), padding=1), True)
        """
        g = self.geometry
        if set(g.stride) != {1} or (
            g.padding_mode != "zeros" and any(map(any, g.padding))
        ):
            return None
        other = stretched(g)
        if any(map(any, other.crop)):
            return None
        kernel = other.kernel(self.kernel).reshape(other.geometry.weight_shape)
        return Link(kernel, other.geometry, not self.transposed)


def alike(first: Link, second: Link) -> tuple[Link, Link]:
    """Both as convolutions, or both as transposed ones.

    Raises
    ------
    GeometryError
        Where neither can be turned into the other kind.
    """
    if first.transposed == second.transposed:
        return first, second
    # The convolution stays one where it can: that is what most callers mean.
    for turns_first in (first.transposed, not first.transposed):
        one = first.turned if turns_first else first
        other = second if turns_first else second.turned
        if one is not None and other is not None:
            return one, other
    raise GeometryError(
        "stride",
        "must be 1, with padding of zeros below the span of the kernel, in the "
        "convolution or in the transposed one",
        (first.geometry.stride, second.geometry.stride),
        "otherwise no single layer does what the two do",
    )
