"""How the axes of an array are read: batch, channels, space.

Arrays come as `(*spatial)`, `(channels, *spatial)` or `(batch, channels, *spatial)`;
the routes compute on the last form only. `Layout` brings an array there and back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convmat.arrays import Array, Shape
from convmat.errors import GeometryError, ShapeError
from convmat.geometry.keywords import known_keywords
from convmat.geometry.readings import other_reading, refuse_with
from convmat.geometry.shorthand import IntOrInts, read_geometry, read_shape
from convmat.geometry.value import Geometry

__all__ = ["Layout", "read_beside"]


@dataclass(frozen=True, slots=True)
class Layout:
    """The axes that one array has before its spatial ones.

    Attributes
    ----------
    leading : int
        0 for `(*spatial)`, 1 for `(channels, *spatial)`, 2 with a batch axis first.

    Examples
    --------
    >>> import numpy as np
    >>> layout, batch = Layout.of("x", np.zeros((3, 3)), channels=1, size=(3, 3))
    >>> batch.shape, layout.restore(batch).shape
    ((1, 1, 3, 3), (3, 3))
    """

    leading: int

    @classmethod
    def of(
        cls, argument: str, array: Array, channels: int, size: Shape
    ) -> tuple[Layout, Array]:
        """The layout of `array`, and a view of it as `(batch, channels, *size)`.

        Raises
        ------
        ShapeError
            When the axes of `array` fit none of the three forms.
        """
        shape = (channels, *size)
        leading = array.ndim - len(size)
        fits = {
            0: channels == 1 and array.shape == size,
            1: array.shape == shape,
            2: array.shape[1:] == shape,
        }
        if not fits.get(leading, False):
            alone = f"{size}, " if channels == 1 else ""
            batch = f"(batch, {', '.join(map(str, shape))})"
            rule = f"must be {alone}{shape} or {batch}"
            remedy = _remedy(argument, array.shape, channels, size)
            raise ShapeError(f"{argument}.shape", rule, array.shape, remedy)
        return cls(leading), array if leading == 2 else array.reshape(1, *shape)

    def restore(self, array: Array, has_channels: bool = False) -> Array:
        """`array` of shape `(batch, channels, *spatial)` in this layout again.

        A kernel with channel axes gives its result a channel axis in any case.
        """
        leading = max(self.leading, int(has_channels))
        return array if leading == 2 else array[0] if leading == 1 else array[0, 0]


def _remedy(argument: str, shape: Shape, channels: int, size: Shape) -> str:
    """What to do about an array whose last axes alone are as they should be."""
    leading = len(shape) - len(size)
    if channels != 1 or leading not in (1, 2) or shape[leading:] != size:
        return ""
    if leading == 2:
        return (
            "a kernel without channel axes has one channel; with more it is "
            "(out_channels, in_channels // groups, *kernel)"
        )
    remedy = f"a batch has a channel axis: {argument}[:, None]"
    if argument != "x":
        return remedy
    if len(size) > 3:  # a kernel with channel axes may have been read as one without
        one = ", ".join(map(str, size[1:]))
        return f"{remedy}; two axes of batches are to be one: x.reshape(-1, {one})"
    return f"{remedy}; {shape[0]} channels want a kernel (out, {shape[0]}, *kernel)"


@known_keywords
def read_beside(x_shape: Shape, kernel_shape: IntOrInts, **keywords: Any) -> Geometry:
    """The geometry of a kernel beside an array that may have a batch axis.

    A kernel of rank 1 or 2 has no channel axes. From rank 3 on, the rank of `x` tells:
    one axis less than the kernel is `(channels, *spatial)`, two axes less `(*spatial)`,
    as many axes a batch of `(channels, *spatial)`, as in every deep learning
    framework. A kernel of three and more *spatial* axes therefore wants `x` with its
    channel axis: `x[None]`.

    Raises
    ------
    ShapeError
        When the two ranks fit no form.
    GeometryError
        For settings that give no convolution.

    Examples
    --------
    >>> read_beside((3, 3), (2, 2))
    geometry((3, 3), (2, 2))
    >>> read_beside((64, 3, 28, 28), (8, 3, 5, 5), stride=2)
    geometry((3, 28, 28), (8, 3, 5, 5), stride=2)
    """
    kernel_shape = read_shape("kernel_shape", kernel_shape)
    try:
        return _by_rank(x_shape, kernel_shape, **keywords)
    except (GeometryError, ShapeError) as error:
        other = other_reading(x_shape, kernel_shape, read_geometry, keywords)
        if other is None:
            raise
        refuse_with(error, other.of_arrays("x"))


def _by_rank(x_shape: Shape, kernel_shape: Shape, **keywords: Any) -> Geometry:
    """What `read_beside` says, with no word on what else may be meant."""
    extra = len(x_shape) - len(kernel_shape)
    with_channels = len(kernel_shape) >= 3
    if with_channels and extra == -2:
        return read_geometry((1, *x_shape), kernel_shape, **keywords)
    if with_channels and extra == -1:
        return read_geometry(x_shape, kernel_shape, **keywords)
    if with_channels and extra == 0:
        try:
            return read_geometry(x_shape[1:], kernel_shape, **keywords)
        except ShapeError as error:
            if error.argument != "kernel_shape":
                raise
            parts = error.argument, error.rule, error.value
            raise ShapeError(*parts, _NOT_A_BATCH) from None
    if kernel_shape and 0 <= extra <= 2:
        return read_geometry(x_shape[extra:], kernel_shape, **keywords)
    raise ShapeError(
        "x.shape",
        "must be (*spatial), (channels, *spatial) or (batch, channels, *spatial) "
        f"beside a kernel of shape {kernel_shape}",
        x_shape,
    )


_NOT_A_BATCH = (
    "x has as many axes as the kernel, so its first axis is read as the batch; for a "
    "kernel of spatial axes only, give x its channel axis: x[None]"
)
