"""What a kernel does to each frequency: the picture of it."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.errors import ShapeError
from convmat.geometry import IntOrInts
from convmat.geometry.integers import positive
from convmat.geometry.keywords import known_keywords
from convmat.memory import refuse_beyond
from convmat.spectrum.fourier import blocks_at
from convmat.spectrum.published import circles
from convmat.spectrum.reading import read

__all__ = ["frequency_norms"]


@known_keywords
def frequency_norms(
    kernel: npt.ArrayLike, size: IntOrInts, *, dilation: IntOrInts = 1, groups: int = 1
) -> Array:
    """How much a kernel can lengthen each wave, with stride 1 around a circle.

    Parameters
    ----------
    kernel : array_like
        `(*kernel)`, or `(out_channels, in_channels // groups, *kernel)`: as many
        spatial axes as `size` has entries.
    size : int or tuple of int
        Cells of the circle along each spatial axis, and frequencies as well.
    dilation, groups
        As in `convmat.geometry`.

    Returns
    -------
    ndarray of float64, shape `size`
        Entry `[k, l]` is the norm of the block of the wave with `k - size // 2` and
        `l - size // 2` turns along the two axes: the constant wave is in the middle.
        The largest is the norm of the circular layer.

    Raises
    ------
    ShapeError
        For a kernel with other axes.
    ConvmatError, ConvmatTypeError
        As `convmat.singular_values`.

    References
    ----------
    H. Sedghi, V. Gupta, P. M. Long, "The singular values of convolutional layers",
    2019.

    Examples
    --------
    A mean of two neighbours keeps the constant wave and loses the fastest one:

    >>> frequency_norms([0.5, 0.5], 4).round(6).tolist()
    [0.0, 0.707107, 1.0, 0.707107]
    """
    shape: Any = np.shape(kernel)
    entries = (size,) if isinstance(size, int) else size
    sizes = positive("size", entries, len(tuple(entries)))
    if len(shape) not in (len(sizes), len(sizes) + 2):
        rule = f"must have {len(sizes)} axes, or two more for channels"
        raise ShapeError("kernel.shape", rule, shape)
    channels = len(shape) == len(sizes) + 2
    spans = [n + 2 * k for n, k in zip(sizes, shape[-len(sizes) :], strict=True)]
    whole = [n * _dilation(dilation, place) for place, n in enumerate(spans)]
    inputs = (shape[1] * groups, *whole) if channels else tuple(whole)
    given = read(kernel, inputs, {"dilation": dilation, "groups": groups})
    pairs = prod(given.by_group.shape[:3])
    needed = 32 * prod(sizes) * pairs
    refuse_beyond("the frequencies of", sizes, needed, None, "use a smaller size")
    blocks = blocks_at(given, circles(given.geometry, sizes))
    norms = np.linalg.norm(blocks, 2, axis=(1, 2)).reshape(*sizes, -1).max(axis=-1)
    centred: Array = np.fft.fftshift(norms) * given.scale
    return centred


def _dilation(dilation: IntOrInts, place: int) -> int:
    return dilation if isinstance(dilation, int) else tuple(dilation)[place]
