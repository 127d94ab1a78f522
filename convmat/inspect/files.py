"""Tensors in safetensors and npz files: names, shapes and kinds, from the headers.

A file may be hostile: every size that it declares is held against the size of the file
before anything is read or allocated for it.
"""

from __future__ import annotations

import io
import json
import os
import tokenize
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from convmat.arrays import Array, Shape
from convmat.memory import refuse_beyond
from convmat.nn.data.files import DEFLATE_MOST, DataError, opened

__all__ = ["Tensor", "count_of", "npz_tensors", "safetensors_tensors"]

_MOST_HEADER = 100_000_000  # bytes; the format's own limit
_NPY_HEADER = 1 << 16  # bytes in which the header of an array ends, with room to spare
_NPY = ".npy"
_MOST_AXES = 64  # of an array of NumPy
_BEYOND = 1 << 63
# Of safetensors: a dtype of NumPy, or the bytes of a number that NumPy has not.
_KINDS: dict[str, str | int] = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
    "I8": "i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?",
    "C64": "<c8", "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1,
}  # fmt: skip
_FLOATING = ("F", "BF", "C")


@dataclass(frozen=True, eq=False)
class Tensor:
    """One tensor of a file, whose values are read when they are asked for.

    Attributes
    ----------
    name : str
    shape : tuple of int
    itemsize : int
        Bytes of one number.
    floating : bool
        Whether the numbers are floats: weights, not counters.
    read : callable
        `read()` gives the values.
    readable : bool
        Whether NumPy has such numbers.
    """

    name: str
    shape: Shape
    itemsize: int
    floating: bool
    read: Callable[[], Array]
    readable: bool = True


def count_of(path: Path, name: str, shape: Iterable[int]) -> int:
    """Numbers that a declared shape has, which may be anything in a hostile file.

    Raises
    ------
    DataError
        When a size is negative, there are more axes than NumPy has, or more numbers
        than 64 bits count.
    """
    sizes = tuple(shape)
    sound = len(sizes) <= _MOST_AXES and all(map(_is_size, sizes))
    count = prod(sizes) if sound else _BEYOND
    if count >= _BEYOND:
        rule = f"must hold a shape that memory could hold in {name!r}"
        raise DataError(path, rule, "it is negative, or has too many axes or numbers")
    return count


def safetensors_tensors(path: Path) -> list[Tensor]:
    """The tensors of a safetensors file, in the order in which they lie there.

    Raises
    ------
    DataError
        When it is no such file, is cut off, or declares what does not fit it.

    References
    ----------
    Hugging Face, "safetensors, format", https://github.com/huggingface/safetensors:
    eight bytes with the length of a JSON header, the header, the values, without gaps.
    """
    rule = "must hold a whole safetensors file"
    with opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        length = int.from_bytes(file.read(8), "little")
        if size < 8:
            raise DataError(path, rule, f"it has {size} bytes")
        if length > min(size - 8, _MOST_HEADER):
            told = f"its header would have {length:,} bytes, and the file has {size:,}"
            raise DataError(path, rule, told)
        text = file.read(length)
    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=_once)
    except _TwiceError as error:
        told = f"its header says {error.args[0]!r} twice"
        raise DataError(path, rule, told) from None
    except (ValueError, RecursionError):
        raise DataError(path, rule, "its header is no JSON") from None
    if not isinstance(header, dict):
        raise DataError(path, rule, "its header is no object")
    start, found = 8 + length, []
    for name, entry in header.items():
        if name != "__metadata__":
            found.append((_begin(path, name, entry), name, entry))
    found.sort(key=lambda item: item[0])
    tensors, end = [], 0
    for begin, name, entry in found:
        tensor, stop = _declared(path, name, entry, start, size)
        if begin < end:
            raise DataError(path, rule, f"{name!r} overlaps what lies before it")
        if begin > end:
            told = f"{begin - end:,} bytes before {name!r} belong to no tensor"
            raise DataError(path, rule, told)
        end = stop
        tensors.append(tensor)
    if left := size - start - end:
        raise DataError(path, rule, f"its last {left:,} bytes belong to no tensor")
    return tensors


class _TwiceError(Exception):
    """A name that stands twice, of which JSON would keep the last."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _TwiceError(name)
        found[name] = value
    return found


def _begin(path: Path, name: str, entry: Any) -> int:
    """Where the values of a tensor begin, behind the header."""
    places = entry.get("data_offsets") if isinstance(entry, dict) else None
    if isinstance(places, list) and len(places) == 2 and all(map(_is_size, places)):
        return int(places[0])
    rule = "must hold a whole safetensors file"
    raise DataError(path, rule, f"it does not say where {name!r} lies")


def _is_size(value: object) -> bool:
    return type(value) is int and 0 <= value < _BEYOND


def _declared(
    path: Path, name: str, entry: Any, start: int, size: int
) -> tuple[Tensor, int]:
    """A tensor as the header declares it, held against the size of the file."""
    rule = "must hold a whole safetensors file"
    kind, shape = entry.get("dtype"), entry.get("shape")
    known = _KINDS.get(kind) if isinstance(kind, str) else None
    if known is None:
        raise DataError(path, rule, f"{name!r} has numbers of the kind {kind!r}")
    if not isinstance(shape, list) or not all(map(_is_size, shape)):
        raise DataError(path, rule, f"{name!r} has no shape")
    item = known if isinstance(known, int) else np.dtype(known).itemsize
    first, stop = entry["data_offsets"]
    needed = count_of(path, name, shape) * item
    if stop - first != needed:
        told = f"{name!r} declares {needed:,} bytes in {stop - first:,}"
        raise DataError(path, rule, told)
    if start + stop > size:
        told = f"{name!r} ends at byte {start + stop:,} of {size:,}: it is cut off"
        raise DataError(path, rule, told)

    def read() -> Array:
        refuse_beyond(f"tensor {name} in", str(path), stop - first, None, "")
        with opened(path) as file:
            file.seek(start + first)
            content = file.read(stop - first)
        if kind == "BF16":  # the upper half of a float32
            halves = np.frombuffer(content, "<u2").astype(np.uint32) << 16
            return halves.view(np.float32).reshape(shape)
        if isinstance(known, int):
            raise DataError(
                path, "must hold numbers that NumPy has", f"{name} is {kind}"
            )
        values: Array = np.frombuffer(content, np.dtype(known)).reshape(shape)
        return values

    floating = str(kind).startswith(_FLOATING)
    readable = kind == "BF16" or not isinstance(known, int)
    return Tensor(name, tuple(shape), item, floating, read, readable), stop


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
