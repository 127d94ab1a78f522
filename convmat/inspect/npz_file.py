"""Arrays of an npz file, from the headers of its members; nothing is unpickled.

A file may be hostile: every size that it declares is held against the size of the file
before anything is read or allocated for it.
"""

from __future__ import annotations

import io
import tokenize
import zipfile
import zlib
from collections import Counter
from pathlib import Path

import numpy as np

from convmat.arrays import Array
from convmat.inspect.files import Tensor, count_of
from convmat.memory import refuse_beyond
from convmat.nn.data.files import DEFLATE_MOST, DataError, opened

__all__ = ["npz_tensors"]

_NPY_HEADER = 1 << 16  # bytes in which the header of an array ends, with room to spare
_NPY = ".npy"


def npz_tensors(path: Path) -> list[Tensor]:
    """The arrays of an `.npz` file, in its order; nothing is unpickled.

    Raises
    ------
    DataError
        When it is no such file, is damaged, or declares what does not fit it.
    """
    with opened(path) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                members = [i for i in archive.infolist() if i.filename.endswith(_NPY)]
                names = Counter(info.filename for info in members)
                if len(names) < len(members):
                    told = f"it holds {names.most_common(1)[0][0]!r} twice"
                    raise DataError(path, "must hold each array once", told)
                return [_member(path, archive, info) for info in members]
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            rule = "must be a whole .npz file"
            told = f"it is damaged or another kind of file ({error})"
            raise DataError(path, rule, told) from None


def _member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Tensor:
    name = info.filename.removesuffix(_NPY)
    with archive.open(info) as member:
        head = io.BytesIO(member.read(_NPY_HEADER))
    try:
        version = np.lib.format.read_magic(head)
        readers = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        shape, _, dtype = readers[version](head)
    except (KeyError, ValueError, TypeError, SyntaxError, tokenize.TokenError):
        rule = f"must hold an array in {name}{_NPY}"
        raise DataError(path, rule, "its header can't be read") from None
    if dtype.hasobject:
        rule = f"must hold numbers in {name}"
        raise DataError(path, rule, "it holds objects, and nothing is unpickled")
    needed = count_of(path, name, shape) * dtype.itemsize
    there = info.file_size - head.tell()
    if needed != there:
        rule = f"must hold {needed:,} bytes in {name} ({dtype} of {shape})"
        raise DataError(path, rule, f"it holds {there:,}")
    if info.file_size > DEFLATE_MOST * max(1, info.compress_size):
        rule = f"must hold {info.file_size:,} bytes in {name}"
        raise DataError(path, rule, f"{info.compress_size:,} bytes can't make so many")

    def read() -> Array:
        refuse_beyond(f"array {name} in", str(path), needed, None, "")
        try:
            with np.load(path, allow_pickle=False) as arrays:
                array: Array = arrays[name]
                return array
        except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise DataError(path, "must be a whole .npz file", str(error)) from None

    return Tensor(name, tuple(shape), dtype.itemsize, dtype.kind in "fc", read)
