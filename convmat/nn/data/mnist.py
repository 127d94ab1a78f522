"""`load_mnist`: the four IDX files of MNIST, or of a set in its form, from a folder."""

from __future__ import annotations

import os
from pathlib import Path

from convmat.arrays import Array
from convmat.nn.data.dataset import Dataset, Parts
from convmat.nn.data.files import DataError, as_folder
from convmat.nn.data.idx import read_idx, spellings

__all__ = ["load_mnist"]

_NAMES = (
    ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
)
_DIGITS = tuple("0123456789")


def load_mnist(
    folder: str | os.PathLike[str], *, max_bytes: int | None = None
) -> Parts:
    """The training digits and the test digits of MNIST, from its four IDX files.

    Parameters
    ----------
    folder : path
        With `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`,
        `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, each also as
        `train-images.idx3-ubyte` and also with `.gz`. Any set in this form will do,
        such as Fashion-MNIST. Nothing is downloaded.
    max_bytes : int or None
        Bytes that each array may take; None means half of the physical memory.

    Returns
    -------
    Parts
        `train` and `test`, in the order of the files, in the classes "0" to "9".

    Raises
    ------
    DataError
        When a file is missing or damaged, when images and labels lie in each other's
        file or are not equally many, when the two parts differ in their image size, or
        when a label is no digit.
    MatrixTooLargeError
        When an array would take more than `max_bytes`.

    Examples
    --------
    >>> load_mnist("no-such-folder")
    Traceback (most recent call last):
        ...
    convmat.nn.data.files.DataError: path must name a folder that exists, got
    path='no-such-folder'
    """
    where = as_folder(folder)
    # All four are looked for before the first is read.
    paths = [
        (_place(where, images), _place(where, labels)) for images, labels in _NAMES
    ]
    train, test = (_part(images, labels, max_bytes) for images, labels in paths)
    if train.shape != test.shape:
        rule = f"must hold images of {train.shape[1:]}, as {train.source} does"
        raise DataError(Path(test.source), rule, f"its images are {test.shape[1:]}")
    return Parts(train, test)


def _place(folder: Path, name: str) -> Path:
    """The file of that name in any of its spellings."""
    names = spellings(folder / name)
    for path in names:
        if path.is_file():
            return path
    rule = (
        f"must hold a file {name}, written with - or . before idx, with or without .gz"
    )
    raise DataError(folder, rule, "it has none of the four")


def _part(images: Path, labels: Path, max_bytes: int | None) -> Dataset:
    """The images and labels of one part, held against each other."""
    pixels, digits = (read_idx(path, max_bytes=max_bytes) for path in (images, labels))
    if pixels.ndim == 1 and digits.ndim == 3:
        remedy = f"those are in {labels.name}: exchange the names of the two"
        raise DataError(images, "must hold images", remedy)
    _check_array(images, pixels, 3, "images: bytes of (number, height, width)")
    _check_array(labels, digits, 1, "labels: bytes of (number,)")
    if len(pixels) != len(digits):
        rule = f"must hold a label for each of {len(pixels)} images in {images.name}"
        raise DataError(
            labels, rule, f"it holds {len(digits)}: the two are of two sets"
        )
    if digits.max() > 9:
        place = int((digits > 9).argmax())
        rule = "must hold labels from 0 to 9"
        raise DataError(labels, rule, f"label {place} is {digits[place]}")
    return Dataset(
        images=pixels[:, None],
        labels=digits,
        classes=_DIGITS,
        pixel_range=(0, 255),
        source=str(images),
        assumed=("bytes taken as 0 to 255",),
    )


def _check_array(path: Path, array: Array, axes: int, what: str) -> None:
    if array.ndim != axes or array.dtype != "uint8" or array.size == 0:
        remedy = f"it holds {array.dtype} of {array.shape}"
        raise DataError(path, f"must hold {what}", remedy)
