"""The embedded digits: 1,797 handwritten ones of 8x8 pixels, real and small."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, IntArray

__all__ = ["Digits", "load_digits"]

_HELD_OUT = 360  # a fifth of the 1,797


@dataclass(frozen=True, eq=False)
class Digits:
    """Images and labels, in a training part and a held-out part.

    Attributes
    ----------
    train_images, test_images : ndarray of shape (n, 1, 8, 8)
        Grey values from 0 (paper) to 1 (ink).
    train_labels, test_labels : ndarray of int, shape (n,)
        Digits 0 to 9.
    """

    train_images: Array
    train_labels: IntArray
    test_images: Array
    test_labels: IntArray


def load_digits(*, seed: int | None = 0, dtype: npt.DTypeLike = np.float64) -> Digits:
    """The digits "optdigits" of Alpaydin and Kaynak (UCI, CC BY 4.0).

    Parameters
    ----------
    seed : int or None
        Shuffles the 1,797 digits before 360 of them are held out; the file is ordered
        by writers. None keeps the order of the file, and so holds out writers that are
        not seen in training, which is harder.
    dtype : dtype
        Of the images. An integer dtype gives the stored values, 0 to 16.

    Returns
    -------
    Digits

    Examples
    --------
    >>> digits = load_digits()
    >>> digits.train_images.shape, digits.test_labels.shape
    ((1437, 1, 8, 8), (360,))
    """
    source = files("convmat.nn.data") / "optdigits.npz"
    with source.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        images, labels = stored["images"], stored["labels"].astype(np.int64)
    dtype = np.dtype(dtype)
    pixels = images[:, None].astype(dtype)
    if dtype.kind == "f":
        pixels /= dtype.type(16)
    if seed is not None:
        order = np.random.default_rng(seed).permutation(len(labels))
        pixels, labels = pixels[order], labels[order]
    return Digits(
        pixels[:-_HELD_OUT],
        labels[:-_HELD_OUT],
        pixels[-_HELD_OUT:],
        labels[-_HELD_OUT:],
    )
