"""The embedded digits: 1,797 of 8x8 pixels, and 10,000 of MNIST. Real, and at hand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from convmat.arrays import Array, IntArray
from convmat.nn.data.dataset import Dataset, Parts

__all__ = ["Digits", "load_digits", "load_mnist10k", "mnist10k", "optdigits"]

_HELD_OUT = 360  # a fifth of the 1,797
_HELD_OUT_MNIST = 2_000  # a fifth of the 10,000


@dataclass(frozen=True, eq=False)
class Digits:
    """Images and labels, in a training part and a held-out part.

    Attributes
    ----------
    train_images, test_images : ndarray of shape (n, 1, 8, 8)
        Grey values from 0 (paper) to 1 (ink).
    train_labels, test_labels : ndarray of int, shape (n,)
        Digits 0 to 9.

    Examples
    --------
    >>> digits = load_digits()
    >>> digits.train_images.shape, digits.test_images.shape
    ((1437, 1, 8, 8), (360, 1, 8, 8))
    >>> digits.test_labels[:5]
    array([0, 8, 8, 9, 8])
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
    train, test = optdigits().split(_HELD_OUT, seed=seed)
    dtype = np.dtype(dtype)

    def pixels(part: Dataset) -> Array:
        return part.inputs(dtype) if dtype.kind == "f" else part.images.astype(dtype)

    # Copies of the labels: those of a data set are read-only.
    return Digits(pixels(train), train.labels.copy(), pixels(test), test.labels.copy())


def load_mnist10k(*, seed: int | None = 0) -> Parts:
    """The first 10,000 training digits of MNIST, 2,000 of them held out.

    Parameters
    ----------
    seed : int or None
        Shuffles the digits before the last 2,000 are held out. None keeps the original
        order: the digits 0 to 7,999 to train on, 8,000 to 9,999 held out.

    Returns
    -------
    Parts
        `train` and `test`, images (8000, 1, 28, 28) and (2000, 1, 28, 28) of uint8.

    Examples
    --------
    >>> train, test = load_mnist10k()
    >>> train.images.shape, test.labels.shape
    ((8000, 1, 28, 28), (2000,))
    """
    return mnist10k().split(_HELD_OUT_MNIST, seed=seed)


def mnist10k() -> Dataset:
    """The first 10,000 training digits of MNIST, all of them in the original order.

    By Y. LeCun, C. Cortes and C. Burges, usually cited as CC BY-SA 3.0. Digit 12 is the
    "3" that chapter 13 of fastbook convolves.

    References
    ----------
    J. Howard, S. Gugger, *Deep Learning for Coders with fastai and PyTorch* (2020),
    chapter 13: `apply_kernel` with the centre at row 5, column 7 gives 762.

    Examples
    --------
    >>> import numpy as np
    >>> from convmat import conv
    >>> three = mnist10k().images[12, 0]
    >>> top_edge = np.array([[-1, -1, -1], [0, 0, 0], [1, 1, 1]])
    >>> conv(three, top_edge, padding=1)[5, 7]
    np.int64(762)
    """
    return _stored("mnist10k", 255)


def optdigits() -> Dataset:
    """The 1,797 digits "optdigits" of Alpaydin and Kaynak, in the order of the file.

    Examples
    --------
    >>> print(optdigits())
    1797 images of (1, 8, 8) in 10 classes from optdigits
    """
    return _stored("optdigits", 16)


def _stored(name: str, high: int) -> Dataset:
    from importlib.resources import files  # it loads a dozen modules

    place = files("convmat.nn.data") / f"{name}.npz"
    with place.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        images, labels = stored["images"], stored["labels"]
    classes = tuple("0123456789")
    return Dataset(images[:, None], labels, classes, (0, high), name)
