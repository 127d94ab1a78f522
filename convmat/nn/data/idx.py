"""`read_idx`: one array from a file in the format of MNIST, packed by gzip or plain."""

from __future__ import annotations

import gzip
import math
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from convmat.arrays import Array, Shape
from convmat.memory import refuse_beyond
from convmat.nn.data.files import DEFLATE_MOST, DataError, as_path, fill, opened

__all__ = ["read_idx", "spellings"]

_DTYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
_MOST_AXES = 64  # NumPy's own limit
_CHUNK = 1 << 20  # bytes that are unpacked at a time
_GZIP = b"\x1f\x8b"
_NAME = re.compile(r"(?P<stem>.+)[-.](?P<kind>idx\d+-[a-z]+)(?P<packed>\.gz)?")


def read_idx(path: str | os.PathLike[str], *, max_bytes: int | None = None) -> Array:
    """The array in an IDX file, which is how MNIST is distributed.

    The header is held against the size of the file before anything is allocated, also
    where the file is packed.

    Parameters
    ----------
    path : path
        Of a plain file or one packed by gzip; the content tells, not the name. Where
        there is no such file, the same name in the other spelling and with or without
        `.gz` is tried: `train-images-idx3-ubyte`, `train-images.idx3-ubyte.gz`.
    max_bytes : int or None
        Bytes that the array may take; None means half of the physical memory.

    Returns
    -------
    ndarray
        Of the shape and the type that the header says (8, 16 or 32 bit integers, 32 or
        64 bit floats), in native byte order.

    Raises
    ------
    DataError
        When the file is missing, no IDX file, cut short, longer than its header says,
        or its packing is damaged.
    MatrixTooLargeError
        When the array would take more than `max_bytes`.

    References
    ----------
    Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits",
    section "File formats".

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "three-labels-idx1-ubyte"
    ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 5, 0, 4]))
    ...     read_idx(path)
    array([5, 0, 4], dtype=uint8)
    """
    found = _found(as_path(path))
    with opened(found) as file, _unpacked(found, file) as content:
        dtype, shape = _header(found, content)
        start, needed = 4 + 4 * len(shape), math.prod(shape) * dtype.itemsize
        _check_size(found, file, content, start + needed, f"{dtype.name} of {shape}")
        # A shape with a 0 in it holds nothing, and may still be too much for NumPy.
        if math.prod(filter(None, shape)) * dtype.itemsize >= 1 << 63:
            rule = "must have a shape that an array can have"
            raise DataError(found, rule, f"its header says {shape}")
        refuse_beyond("the array in", str(found), needed, max_bytes, "read less of it")
        array = np.empty(shape, dtype)
        _fill(found, content, array, start)
    if array.dtype.isnative:
        return array
    return array.byteswap(inplace=True).view(array.dtype.newbyteorder())


def spellings(path: Path) -> list[Path]:
    """The names under which the file may lie, `path` itself first."""
    parts = _NAME.fullmatch(path.name)
    if parts is None:
        return [path]
    stem, kind, packed = parts["stem"], parts["kind"], parts["packed"]
    ends = (".gz", "") if packed else ("", ".gz")
    names = [f"{stem}{joint}{kind}{end}" for end in ends for joint in "-."]
    return [path, *(path.with_name(name) for name in names if name != path.name)]


def _found(path: Path) -> Path:
    """The first of the spellings that is a file; `path` where none is."""
    return next((other for other in spellings(path) if other.is_file()), path)


# ---------------------------------------------------------------------------- content


@contextmanager
def _unpacked(path: Path, file: BinaryIO) -> Iterator[BinaryIO]:
    """The content of `file`, through gzip where its first bytes say so."""
    packed = file.read(2) == _GZIP
    file.seek(0)
    if not packed:
        yield file
        return
    try:
        with gzip.GzipFile(fileobj=file) as content:
            yield content  # type: ignore[misc] # GzipFile is a BinaryIO in all but name
    except EOFError:
        remedy = "it is cut short; copy it again"
        raise DataError(path, "must hold a whole gzip stream", remedy) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        remedy = f"it is damaged ({error}); copy it again"
        raise DataError(
            path, "must hold a gzip stream and nothing else", remedy
        ) from None


def _header(path: Path, content: BinaryIO) -> tuple[np.dtype[Any], Shape]:
    """`(dtype, shape)`, from 4 bytes and 4 more for each axis."""
    magic = content.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        rule = "must begin as an IDX file does: two zero bytes, a type, the axes"
        raise DataError(
            path, rule, f"its first bytes are {magic.hex(' ') or 'missing'}"
        )
    kind, axes = magic[2], magic[3]
    if kind not in _DTYPES:
        known = ", ".join(f"{code:02x}" for code in _DTYPES)
        rule = f"must be of an IDX type ({known})"
        raise DataError(path, rule, f"its header says {kind:02x}")
    if not 1 <= axes <= _MOST_AXES:
        rule = f"must hold an array of 1 to {_MOST_AXES} axes"
        raise DataError(path, rule, f"its header says {axes}")
    sizes = content.read(4 * axes)
    if len(sizes) < 4 * axes:
        rule = f"must have a header of {4 + 4 * axes} bytes for {axes} axes"
        raise DataError(path, rule, f"it holds {4 + len(sizes)} bytes; copy it again")
    return _DTYPES[kind], tuple(np.frombuffer(sizes, ">u4").tolist())


def _check_size(
    path: Path, file: BinaryIO, content: BinaryIO, expected: int, what: str
) -> None:
    """Return silently when the content is `expected` bytes long, header included."""
    place = file.tell()
    stored = file.seek(0, os.SEEK_END)
    rule = f"must hold {expected:,} bytes ({what} and its header)"
    if content is file:
        size = stored
    elif expected > DEFLATE_MOST * stored:
        raise DataError(path, rule, f"{stored:,} packed bytes can't hold so many")
    else:
        file.seek(-4, os.SEEK_END)
        told = int.from_bytes(file.read(4), "little")
        file.seek(place)
        # A gzip file ends with the size of its content modulo 2**32. Where that agrees
        # the content is not unpacked twice; reading it will tell if the file lies.
        size = expected if told == expected % (1 << 32) else _counted(content, expected)
    if size != expected:
        raise DataError(path, rule, _told(size, expected))


def _counted(content: BinaryIO, expected: int) -> int:
    """Bytes of `content`; beyond `expected` some number above it."""
    content.seek(0)
    size = 0
    while size <= expected and (chunk := content.read(_CHUNK)):
        size += len(chunk)
    return size


def _fill(path: Path, content: BinaryIO, array: Array, start: int) -> None:
    """Read all of `array` from `content`, which must end there."""
    content.seek(start)
    left = fill(array.reshape(-1).view(np.uint8).data, content)
    # For gzip, the last read also checks the sum at the end. A plain file comes here
    # wrong only if it was written to since its size was asked.
    more = len(content.read(1))
    if left or more:
        rule = f"must hold {array.nbytes:,} bytes after its header"
        size = array.nbytes - left + more
        raise DataError(path, rule, _told(size, array.nbytes))


def _told(size: int, expected: int) -> str:
    if size < expected:
        return f"it holds {size:,}: it is cut short, copy it again"
    return "it holds more: its header and its content are not of one file"
