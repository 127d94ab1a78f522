"""What a kernel does to each frequency: the picture of it."""

from __future__ import annotations

from math import prod

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array
from convmat.dtypes import carried
from convmat.errors import ShapeError
from convmat.geometry import IntOrInts
from convmat.geometry.integers import listed, positive
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
    shape = carried("kernel", kernel).shape
    entries = listed(size)
    sizes = positive("size", size, 1 if entries is None else len(entries))
    if len(shape) not in (len(sizes), len(sizes) + 2):
        rule = f"must have {len(sizes)} axes, or two more for channels"
        raise ShapeError("kernel.shape", rule, shape)
    steps = positive("dilation", dilation, len(sizes))
    # Any input that the kernel fits: only taps and their distances matter here.
    inputs = [d * k for d, k in zip(steps, shape[-len(sizes) :], strict=True)]
    if len(shape) > len(sizes):
        inputs.insert(0, shape[1] * positive("groups", groups, 1)[0])
    given = read(kernel, inputs, {"dilation": dilation, "groups": groups})
    pairs = prod(given.by_group.shape[:3])
    needed = 32 * prod(sizes) * pairs
    refuse_beyond("the frequencies of", sizes, needed, None, "use a smaller size")
    blocks = blocks_at(given, circles(given.geometry, sizes))
    norms = np.linalg.norm(blocks, 2, axis=(1, 2)).reshape(*sizes, -1).max(axis=-1)
    centred: Array = given.unscaled(np.fft.fftshift(norms))
    return centred
