"""Tensors of a safetensors file, from its header.

A file may be hostile: every size that it declares is held against the size of the file
before anything is read or allocated for it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from convmat.arrays import Array
from convmat.inspect.files import Tensor, count_of, is_size
from convmat.memory import refuse_beyond
from convmat.nn.data.files import DataError, opened

__all__ = ["safetensors_tensors"]

_MOST_HEADER = 100_000_000  # bytes; the format's own limit
# Of safetensors: a dtype of NumPy, or the bytes of a number that NumPy has not.
_KINDS: dict[str, str | int] = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
    "I8": "i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1", "BOOL": "?",
    "C64": "<c8", "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1,
}  # fmt: skip
_FLOATING = ("F", "BF", "C")


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
    if isinstance(places, list) and len(places) == 2 and all(map(is_size, places)):
        return int(places[0])
    rule = "must hold a whole safetensors file"
    raise DataError(path, rule, f"it does not say where {name!r} lies")


def _declared(
    path: Path, name: str, entry: Any, start: int, size: int
) -> tuple[Tensor, int]:
    """A tensor as the header declares it, held against the size of the file."""
    rule = "must hold a whole safetensors file"
    kind, shape = entry.get("dtype"), entry.get("shape")
    known = _KINDS.get(kind) if isinstance(kind, str) else None
    if known is None:
        raise DataError(path, rule, f"{name!r} has numbers of the kind {kind!r}")
    if not isinstance(shape, list) or not all(map(is_size, shape)):
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
