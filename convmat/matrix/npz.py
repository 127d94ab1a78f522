"""The `.npz` files of `scipy.sparse`: written in passes over slabs, read by SciPy.

A file holds one array after another: all of `indptr`, all of `indices`, all of `data`.
So a matrix that is larger than memory is written in three passes over its slabs. SciPy
reads the file, and what it does not know, the geometry, it leaves alone.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np

from convmat.arrays import Array
from convmat.matrix.bars import Counted, bar
from convmat.matrix.source import AT_ONCE, Source, arguments

__all__ = ["npz_bytes", "npz_geometry", "read_npz", "write_npz"]

_ARRAYS = ("indptr", "indices", "data")
_GEOMETRY = "geometry"


def write_npz(
    file: IO[bytes], source: Source, name: str, *, hidden: bool | None
) -> None:
    """Write the matrix to an open file; the same matrix gives the same bytes.

    Parameters
    ----------
    file : binary file
    source : Source
    name : str
        Of the file, for the bar.
    hidden : bool or None
        Whether no bar is shown; None hides it outside a terminal.
    """
    index = source.index_dtype
    lengths = {
        "indptr": (source.shape[0] + 1, index),
        "indices": (source.nnz, index),
        "data": (source.nnz, source.dtype),
    }
    total = sum(length for length, _ in lengths.values())
    shown = bar(name, total, " entries", hidden=hidden)
    with shown, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        small: dict[str, Array] = {
            "format": np.array(b"csr"),
            "shape": np.array(source.shape, dtype=np.int64),
            "_is_array": np.ones((), dtype=bool),
        }
        if source.geometry is not None:
            small[_GEOMETRY] = np.array(json.dumps(arguments(source.geometry)))
        for key, array in small.items():
            with archive.open(f"{key}.npy", "w") as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
        for key, (length, dtype) in lengths.items():
            with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
                header = {
                    "descr": np.lib.format.dtype_to_descr(dtype),
                    "fortran_order": False,
                    "shape": (length,),
                }
                np.lib.format.write_array_header_1_0(member, header)
                for part in _parts(source, key):
                    for first in range(0, len(part), AT_ONCE):
                        chunk = part[first : first + AT_ONCE].astype(dtype, copy=False)
                        member.write(chunk.tobytes())
                        shown.update(len(chunk))


def _parts(source: Source, name: str) -> Iterator[Array]:
    """One of the three arrays of the whole matrix, slab by slab."""
    if name != "indptr":
        yield from source.arrays(name)
        return
    before = 0
    yield np.zeros(1, source.index_dtype)
    for indptr in source.arrays(name):
        yield indptr[1:].astype(source.index_dtype) + before
        before += int(indptr[-1])


def npz_bytes(path: Path) -> int:
    """Bytes of the three arrays that a file declares, before any of them is read.

    Raises
    ------
    KeyError, ValueError
        For a file that holds no CSR matrix.
    """
    with zipfile.ZipFile(path) as archive:
        return sum(_declared(archive, f"{name}.npy") for name in _ARRAYS)


def _declared(archive: zipfile.ZipFile, name: str) -> int:
    with archive.open(name) as member:
        version = np.lib.format.read_magic(member)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, _, dtype = read(member)
    return prod(shape) * dtype.itemsize


def read_npz(path: Path, *, hidden: bool | None) -> Any:
    """The CSR matrix of a file, as SciPy reads it: never by pickle.

    Raises
    ------
    ValueError
        For another form: its conversion would trust the indices in the file.
    """
    from scipy.sparse import load_npz

    with (
        path.open("rb") as file,
        bar(path.name, path.stat().st_size, "B", hidden=hidden) as shown,
    ):
        matrix = load_npz(file if shown.disable else Counted(file, shown))
    if matrix.format != "csr":
        message = f"it holds a matrix in {matrix.format.upper()} form"
        raise ValueError(message)
    return matrix


def npz_geometry(path: Path) -> Any:
    """What the file says about the geometry, unchecked; None where it says nothing."""
    with np.load(path, allow_pickle=False) as arrays:
        return json.loads(str(arrays[_GEOMETRY])) if _GEOMETRY in arrays else None
