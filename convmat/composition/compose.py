"""`compose`: two layers in a row as one, and the outputs where that is wrong."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.composition.blocks import finite, read_kernel
from convmat.composition.links import Link, alike
from convmat.composition.merging import merged_of
from convmat.composition.result import Composition
from convmat.dtypes import carried
from convmat.errors import ConvmatTypeError, ShapeError
from convmat.geometry import Geometry, require_geometry

__all__ = ["Composition", "compose"]


def compose(
    kernel_a: npt.ArrayLike,
    geometry_a: Geometry,
    kernel_b: npt.ArrayLike,
    geometry_b: Geometry,
    *,
    bias_a: npt.ArrayLike | None = None,
    bias_b: npt.ArrayLike | None = None,
    transposed_a: bool = False,
    transposed_b: bool = False,
) -> Composition:
    """Two layers in a row as one: first `a`, then `b`.

    Parameters
    ----------
    kernel_a, kernel_b : array_like
        Of the shapes that their geometries say. Integers and Fractions stay exact.
    geometry_a, geometry_b : Geometry
        What `b` reads is what `a` gives. Of a transposed convolution the paired one, as
        `convmat.transposed_geometry` gives it.
    bias_a, bias_b : array_like, `(channels,)`, optional
        What the layers add; one that is left out beside another is 0.
    transposed_a, transposed_b : bool
        Which of the layers are transposed convolutions. Two of them make a third. One
        beside a convolution makes one where either has stride 1.

    Returns
    -------
    Composition
        Its kernel is the sum over all pairs of taps: tap `t1 * d1 + t2 * d2 * s1`,
        divided by the merged dilation, holds `b[o, :, t2] @ a[:, i, t1]`. Its groups
        are those that both have. The matrices are equal where `b` has no padding; where
        it has, `differs` tells the rows where they are not. Of transposed ones, the
        matrices are equal where nothing is cut off the result of `a`.

    Raises
    ------
    ShapeError
        For kernels, biases and geometries that do not follow each other.
    GeometryError
        For a convolution and a transposed one that both have a stride.
        Where the padding of either is filled from the input, unless `b` has none, or
        both are circular and `a` keeps the size: then no convolution equals the two.
    ConvmatError
        When a sum of integers does not fit int64, and for numbers that are not finite.
    ConvmatTypeError
        For what is no geometry, and no kernel of numbers.

    Examples
    --------
    >>> from convmat import geometry
    >>> first = geometry(9, 3, stride=2)
    >>> second = geometry(first.output_shape, 2)
    >>> merged = compose([1, 2, 1], first, [1, -1], second)
    >>> merged.kernel, merged.geometry
    (array([ 1,  2,  0, -2, -1]), geometry((9,), (5,), stride=2))
    >>> padded = geometry(5, 3, padding=1)
    >>> print(compose([1, 1, 1], padded, [1, 1, 1], padded))
    one convolution: geometry((5,), (5,), padding=2); equal in 3 of 5 outputs, and not
    in 2 at the border, where the second one reads zeros in place of outputs

    Biases go through the second layer. At its padding they meet fewer taps:

    >>> affine = compose(
    ...     [1],
    ...     geometry(4, 1),
    ...     [1, 1, 1],
    ...     geometry(4, 3, padding=1),
    ...     bias_a=[5],
    ...     bias_b=[100],
    ... )
    >>> affine.bias, affine.constants, affine.differs
    (array([115]), array([110, 115, 115, 110]), array([ True, False, False,  True]))
    """
    a = _link("a", kernel_a, geometry_a, transposed_a)
    b = _link("b", kernel_b, geometry_b, transposed_b)
    given = geometry_a.input_shape if transposed_a else geometry_a.output_shape
    reads = geometry_b.output_shape if transposed_b else geometry_b.input_shape
    if reads != given:
        side = "output_shape" if transposed_b else "input_shape"
        rule = f"must be {given}, what geometry_a gives"
        raise ShapeError(f"geometry_b.{side}", rule, reads)
    one, other = alike(a, b)
    transposed = one.transposed
    if transposed:  # the product of the matrices is that of the paired ones, transposed
        one, other = other, one
    kernel, merged = merged_of(one.kernel, one.geometry, other.kernel, other.geometry)
    biases = None
    if bias_a is not None or bias_b is not None:
        biases = _bias("bias_a", bias_a, a), _bias("bias_b", bias_b, b)
    return Composition(
        kernel,
        merged,
        geometry_a,
        geometry_b,
        (a.kernel, b.kernel),
        transposed,
        biases,
        (a.transposed, b.transposed),
    )


def _link(name: str, kernel: npt.ArrayLike, g: Geometry, transposed: bool) -> Link:
    """A layer, checked."""
    require_geometry(g)
    if not isinstance(transposed, bool):
        rule = "must be True or False"
        raise ConvmatTypeError(f"transposed_{name}", rule, transposed)
    array = read_kernel(f"kernel_{name}", kernel, g)
    return Link(finite(f"kernel_{name}", array), g, transposed)


def _bias(name: str, value: npt.ArrayLike | None, link: Link) -> Array:
    """One number for each channel that a layer gives.

    Raises
    ------
    ShapeError
        For any other shape.
    """
    g = link.geometry
    channels = g.in_channels if link.transposed else g.out_channels
    if value is None:
        return np.zeros(channels, np.int64)
    array = carried(name, value)
    if not array.ndim and not g.has_channels:
        array = array.reshape(1)
    if array.shape != (channels,):
        rule = f"must be ({channels},), one number per output channel"
        raise ShapeError(f"{name}.shape", rule, array.shape)
    return finite(name, array)
