"""`read_npz`: a data set from two arrays of an .npz file."""

from __future__ import annotations

import io
import math
import os
import tokenize
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from convmat.arrays import Array
from convmat.memory import refuse_beyond
from convmat.nn.data.dataset import Dataset
from convmat.nn.data.files import DEFLATE_MOST, DataError, as_path, fill, opened

__all__ = ["read_npz"]

_USUAL = (("images", "labels"), ("x_train", "y_train"), ("x", "y"), ("X", "y"))
_NPY = ".npy"  # each array is a file of that kind in the archive
_HEADER = 1 << 16  # bytes in which a header ends, with room to spare
_MOST = {zipfile.ZIP_STORED: 1, zipfile.ZIP_DEFLATED: DEFLATE_MOST}
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_npz(
    path: str | os.PathLike[str],
    images: str | None = None,
    labels: str | None = None,
    *,
    classes: int | Sequence[str] | None = None,
    pixel_range: tuple[float, float] | None = None,
    channels: str | None = None,
    max_bytes: int | None = None,
) -> Dataset:
    """The data set in an `.npz` file, as `numpy.savez` writes it.

    Nothing is unpickled: an array of objects is refused.

    Parameters
    ----------
    path : path
        Of the file.
    images, labels : str, optional
        Names of the two arrays. By default the first of these pairs that is there:
        images and labels, x_train and y_train (Keras), x and y, X and y.
    classes, pixel_range, channels
        As in `Dataset.of`.
    max_bytes : int or None
        Bytes that each array may take; None means half of the physical memory.

    Returns
    -------
    Dataset

    Raises
    ------
    DataError
        When the file is missing, damaged or no `.npz` file, or has no such arrays.
    ConvmatError, ConvmatTypeError, ShapeError
        Where `Dataset.of` says so.
    MatrixTooLargeError
        When an array would take more than `max_bytes`.

    Examples
    --------
    >>> import numpy as np
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "two.npz"
    ...     np.savez(path, x=np.zeros((2, 4, 4)), y=[1, 0])
    ...     print(read_npz(path).counts)
    {'0': 1, '1': 1}
    """
    where = as_path(path)
    with opened(where) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                pair = _pair(where, archive, images, labels)
                pixels, numbers = (
                    _member(where, archive, name, max_bytes) for name in pair
                )
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            rule = "must be a whole .npz file"
            remedy = f"it is damaged or another kind of file ({error})"
            raise DataError(where, rule, remedy) from None
    if numbers.ndim == 2 and numbers.shape[1] == 1:  # CIFAR of Keras has such a column
        numbers = numbers[:, 0]
    return Dataset.of(
        pixels,
        numbers,
        classes=classes,
        pixel_range=pixel_range,
        channels=channels,
        source=str(where),
        assumed=() if images and labels else (f"arrays {pair[0]} and {pair[1]}",),
    )


def _pair(
    path: Path, archive: zipfile.ZipFile, images: str | None, labels: str | None
) -> tuple[str, str]:
    """Names of the arrays of images and of labels."""
    names = [n.removesuffix(_NPY) for n in archive.namelist() if n.endswith(_NPY)]
    for usual in _USUAL:
        pair = images or usual[0], labels or usual[1]
        if names.count(pair[0]) == names.count(pair[1]) == 1:
            return pair
    wanted = [name for name in (images, labels) if name and name not in names]
    rule = "must hold arrays of images and of labels"
    if wanted:
        rule = f"must hold an array {wanted[0]!r}"
    remedy = f"it holds {', '.join(sorted(names)) or 'none'}; name two of them"
    raise DataError(path, rule, remedy)


def _member(
    path: Path, archive: zipfile.ZipFile, name: str, max_bytes: int | None
) -> Array:
    """The array of that name; its sizes are held together before it is read."""
    info = archive.getinfo(name + _NPY)
    if info.flag_bits & 1:
        raise DataError(path, "must not be encrypted", f"its array {name} is")
    size = info.file_size
    refuse_beyond(f"array {name} in", str(path), size, max_bytes, "read it in parts")
    most = _MOST.get(info.compress_type, math.inf)
    if size > most * info.compress_size:
        rule = f"must hold {size:,} bytes in {name}"
        raise DataError(path, rule, f"{info.compress_size:,} bytes can't make so many")
    content = bytearray(size)
    with archive.open(info) as file:
        left = fill(memoryview(content), file)
        file.read(1)  # at the end the sum is checked
    if left:
        rule = f"must hold {size:,} bytes in {name}"
        raise DataError(path, rule, f"it holds {size - left:,}: it is damaged")
    return _array(path, name, content)


def _array(path: Path, name: str, content: bytearray) -> Array:
    """The array whose header and values `content` holds."""
    file = io.BytesIO(memoryview(content)[:_HEADER])
    try:
        shape, fortran, dtype = _HEADERS[np.lib.format.read_magic(file)](file)
    except (KeyError, ValueError, TypeError, SyntaxError, tokenize.TokenError):
        rule = f"must hold an array in {name}{_NPY}"
        raise DataError(path, rule, "its header can't be read") from None
    if dtype.hasobject or dtype.kind not in "buif":
        rule = f"must hold real numbers in {name}"
        raise DataError(path, rule, f"it holds {dtype}, and nothing is unpickled")
    needed, there = math.prod(shape) * dtype.itemsize, len(content) - file.tell()
    if needed != there or min(shape, default=0) < 0:
        rule = f"must hold {needed:,} bytes in {name} ({dtype} of {shape})"
        raise DataError(path, rule, f"it holds {there:,}")
    array = np.frombuffer(content, dtype, math.prod(shape), file.tell())
    array = array.reshape(shape, order="F" if fortran else "C")
    return array if dtype.isnative else array.astype(dtype.newbyteorder("="))
